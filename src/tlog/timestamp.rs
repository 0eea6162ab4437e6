//! Time stamps over signed heads (RFC 3161): what an authority is asked, and what its answer says.
//!
//! Read is what ties a stamp to a head: digest, serial number, time. Whether the authority signed it is not judged here: that is a matter of
//! certificates, and openssl does it (docs/verify.md). Invariant: nothing is believed of an answer that is not about the bytes in question.

use super::Hash;
use der::asn1::{AnyRef, ObjectIdentifier, OctetStringRef, UintRef};
use der::{Decode as _, Encode as _, Reader as _, Sequence, SliceReader, Tag, Tagged as _};
use jiff::civil::DateTime;
use jiff::tz::TimeZone;
use sha2::{Digest as _, Sha256};

/// SHA-256 (RFC 5754).
const SHA256: ObjectIdentifier = ObjectIdentifier::new_unwrap("2.16.840.1.101.3.4.2.1");

/// Signed data (RFC 5652, section 5.1).
const SIGNED_DATA: ObjectIdentifier = ObjectIdentifier::new_unwrap("1.2.840.113549.1.7.2");

/// What a time stamp says (RFC 3161, section 2.4.2).
const TST_INFO: ObjectIdentifier = ObjectIdentifier::new_unwrap("1.2.840.113549.1.9.16.1.4");

#[derive(Sequence)]
struct Algorithm {
    oid: ObjectIdentifier,
}

#[derive(Sequence)]
struct Imprint<'a> {
    algorithm: Algorithm,
    digest: OctetStringRef<'a>,
}

/// A request (RFC 3161, section 2.4.1).
#[derive(Sequence)]
struct Query<'a> {
    version: u8,
    imprint: Imprint<'a>,
    nonce: UintRef<'a>,
    certificates: bool,
}

/// What a time stamp says.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Stamp {
    /// SHA-256 of what was stamped.
    pub imprint: Hash,
    /// Serial number at the authority, hexadecimal.
    pub serial: String,
    /// When it was stamped, microseconds since 1970.
    pub at: i64,
    /// The number that tells the answer to one request from another's.
    pub nonce: Vec<u8>,
}

/// Why an answer is no time stamp of what was asked.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum StampError {
    /// It is not the answer of an authority.
    #[error("not an answer of RFC 3161: {0}")]
    Malformed(String),
    /// The authority gave none.
    #[error("the authority gave no time stamp: status {0}")]
    Refused(u8),
    /// It is about something else.
    #[error("a time stamp over something else")]
    Imprint,
    /// It answers another request.
    #[error("a time stamp for another request")]
    Nonce,
}

impl From<der::Error> for StampError {
    fn from(error: der::Error) -> Self {
        Self::Malformed(error.to_string())
    }
}

/// Returns the digest that is stamped.
#[must_use]
pub fn imprint(bytes: &[u8]) -> Hash {
    Hash(Sha256::digest(bytes).into())
}

/// Writes a request for a stamp, with the certificate of the authority in it.
///
/// # Errors
/// [`StampError::Malformed`] for a nonce that cannot be written.
pub fn query(imprint: Hash, nonce: &[u8]) -> Result<Vec<u8>, StampError> {
    let imprint = Imprint { algorithm: Algorithm { oid: SHA256 }, digest: OctetStringRef::new(&imprint.0)? };
    Ok(Query { version: 1, imprint, nonce: UintRef::new(nonce)?, certificates: true }.to_der()?)
}

/// Reads what an answer says.
///
/// # Errors
/// [`StampError::Malformed`], [`StampError::Refused`], and [`StampError::Imprint`] for a digest other than SHA-256.
pub fn read(reply: &[u8]) -> Result<Stamp, StampError> {
    let answer = parts(AnyRef::from_der(reply)?.value())?;
    let status = parts(part(&answer, 0)?.value())?;
    let status: u8 = part(&status, 0)?.decode_as()?;
    // 0 is granted, 1 granted with changes.
    let token = answer.get(1).filter(|_| status <= 1).ok_or(StampError::Refused(status))?;
    let content = [(SIGNED_DATA, 2), (TST_INFO, 0)].into_iter().try_fold(*token, |outer, (kind, place)| {
        let within = parts(outer.value())?;
        if part(&within, 0)?.decode_as::<ObjectIdentifier>()? != kind {
            return Err(StampError::Malformed("not a time stamp".to_owned()));
        }
        // What an explicit tag holds: the signed data, of which the third part is the content, or the content itself.
        let inner = parts(part(&within, 1)?.value())?;
        match part(&inner, 0)? {
            whole if place == 0 => Ok(whole),
            data => part(&parts(data.value())?, place),
        }
    })?;
    let said = parts(AnyRef::from_der(content.decode_as::<OctetStringRef<'_>>()?.as_bytes())?.value())?;
    let (hash, time) = (parts(part(&said, 2)?.value())?, part(&said, 4)?);
    let algorithm = parts(part(&hash, 0)?.value())?;
    let digest: OctetStringRef<'_> = part(&hash, 1)?.decode_as()?;
    let sha256 = part(&algorithm, 0)?.decode_as::<ObjectIdentifier>()? == SHA256;
    let imprint = Hash::from_slice(digest.as_bytes()).filter(|_| sha256).ok_or(StampError::Imprint)?;
    let at = instant(time.value()).filter(|_| time.tag() == Tag::GeneralizedTime);
    let at = at.ok_or_else(|| StampError::Malformed("the time".to_owned()))?;
    // Behind the time the nonce is the only whole number.
    let nonce = said.iter().skip(5).find(|part| part.tag() == Tag::Integer);
    let nonce = nonce.map(|nonce| nonce.value().to_vec()).unwrap_or_default();
    Ok(Stamp { imprint, serial: hex::encode(part(&said, 3)?.value()), at, nonce })
}

/// Splits what stands within an element.
fn parts(content: &[u8]) -> der::Result<Vec<AnyRef<'_>>> {
    let (mut reader, mut parts) = (SliceReader::new(content)?, Vec::new());
    while !reader.is_finished() {
        parts.push(AnyRef::decode(&mut reader)?);
    }
    Ok(parts)
}

fn part<'a>(parts: &[AnyRef<'a>], place: usize) -> Result<AnyRef<'a>, StampError> {
    parts.get(place).copied().ok_or_else(|| StampError::Malformed("a part is missing".to_owned()))
}

/// Reads a time, which RFC 3161 allows fractions of a second: `20260812040000.5Z`.
fn instant(text: &[u8]) -> Option<i64> {
    let text = std::str::from_utf8(text).ok()?.strip_suffix('Z')?;
    let (whole, fraction) = text.split_once('.').unwrap_or((text, "0"));
    let digits = |text: &str| text.bytes().all(|byte| byte.is_ascii_digit());
    if whole.len() != 14 || !digits(whole) || fraction.is_empty() || fraction.len() > 9 || !digits(fraction) {
        return None;
    }
    let number = |from: usize, to: usize| whole.get(from..to)?.parse::<i8>().ok();
    let nanoseconds: i32 = format!("{fraction:0<9}").parse().ok()?;
    let time = DateTime::new(
        whole.get(..4)?.parse().ok()?,
        number(4, 6)?,
        number(6, 8)?,
        number(8, 10)?,
        number(10, 12)?,
        number(12, 14)?,
        nanoseconds,
    );
    Some(time.ok()?.to_zoned(TimeZone::UTC).ok()?.timestamp().as_microsecond())
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Packs parts into an element.
    fn element(tag: u8, parts: &[Vec<u8>]) -> Vec<u8> {
        let content = parts.concat();
        let length = match u8::try_from(content.len()).unwrap() {
            short @ 0..=127 => vec![short],
            long => vec![0x81, long],
        };
        [vec![tag], length, content].concat()
    }

    fn oid(oid: ObjectIdentifier) -> Vec<u8> {
        oid.to_der().unwrap()
    }

    /// An answer without certificates and signatures.
    fn reply(status: u8, hash: ObjectIdentifier, digest: &[u8], time: &str, nonce: &[u8]) -> Vec<u8> {
        let imprint =
            element(0x30, &[element(0x30, &[oid(hash), vec![0x05, 0x00]]), element(0x04, &[digest.to_vec()])]);
        let accuracy = element(0x30, &[vec![0x02, 0x01, 0x01]]);
        let said = element(
            0x30,
            &[
                vec![0x02, 0x01, 0x01],
                oid(SHA256),
                imprint,
                vec![0x02, 0x02, 0x01, 0x02],
                element(0x18, &[time.as_bytes().to_vec()]),
                accuracy,
                element(0x02, &[nonce.to_vec()]),
            ],
        );
        let content = element(0x30, &[oid(TST_INFO), element(0xa0, &[element(0x04, &[said])])]);
        let data = element(0x30, &[vec![0x02, 0x01, 0x03], element(0x31, &[]), content, element(0x31, &[])]);
        let token = element(0x30, &[oid(SIGNED_DATA), element(0xa0, &[data])]);
        element(0x30, &[element(0x30, &[vec![0x02, 0x01, status]]), token])
    }

    #[test]
    fn an_answer_says_what_was_stamped_when() {
        let nonce = [0x41; 8];
        let stamp = read(&reply(0, SHA256, &[7; 32], "20260812040000.25Z", &nonce)).unwrap();
        assert_eq!(stamp.at, 1_786_507_200_250_000);
        assert_eq!((stamp.imprint, stamp.serial.as_str(), stamp.nonce), (Hash([7; 32]), "0102", nonce.to_vec()));
        assert_eq!(read(&reply(2, SHA256, &[7; 32], "20260812040000Z", &nonce)), Err(StampError::Refused(2)));
        let other = ObjectIdentifier::new_unwrap("1.3.14.3.2.26");
        assert_eq!(read(&reply(0, other, &[7; 20], "20260812040000Z", &nonce)), Err(StampError::Imprint));
        for time in ["20260812040000", "202608120400Z", "20261312040000Z", "20260812040000.Z", "2026081204000xZ"] {
            assert!(matches!(read(&reply(0, SHA256, &[7; 32], time, &nonce)), Err(StampError::Malformed(_))), "{time}");
        }
    }

    #[test]
    fn no_cut_or_changed_answer_makes_the_reader_fall_over() {
        let whole = reply(0, SHA256, &[7; 32], "20260812040000Z", &[0x41; 8]);
        for end in 0..whole.len() {
            assert!(read(&whole[..end]).is_err(), "{end} bytes");
        }
        for at in 0..whole.len() {
            for other in [0x00, 0x30, 0x80, 0xff] {
                let mut changed = whole.clone();
                changed[at] = other;
                let _ = read(&changed);
            }
        }
    }

    #[test]
    fn a_request_is_written_as_specified() {
        let query = query(Hash([7; 32]), &[0x41, 2]).unwrap();
        let digest = "07".repeat(32);
        assert_eq!(hex::encode(query), format!("303b020101302f300b06096086480165030402010420{digest}020241020101ff"));
    }
}
