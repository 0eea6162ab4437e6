//! SM2 signatures over SM3 digests (GB/T 32918.2, GB/T 32905): keys, and the further line that they write under a signed note.
//!
//! Not the keeping of keys. C2SP `signed-note` assigns no type to SM2: the line is of the unassigned type `0xff` with a name of its own behind
//! it, and whoever does not know the key passes it over. Invariant: a line is judged only by the key that its name and id say.

use base64::{
    Engine as _,
    engine::general_purpose::{STANDARD, URL_SAFE_NO_PAD},
};
use der::{Decode as _, Encode as _, asn1::UintRef};
use serde_json::{Value, json};
use sha2::{Digest as _, Sha256};
use sm2::dsa::signature::{Signer as _, Verifier as _};
use sm2::dsa::{Signature, SigningKey, VerifyingKey};

/// Who signs, as it enters the digest `Z` where parties have agreed on nothing else (GM/T 0009-2012, section 10).
pub const USER_ID: &str = "1234567812345678";

/// How a JWS or JWK names the algorithm. JOSE registers none for SM2.
pub const ALGORITHM: &str = "SM2SM3";

/// How a JWK names the curve. JOSE registers none.
const CURVE: &str = "SM2";

/// The type of the signature in a key id: `0xff`, unassigned, and the name of RFC 8998.
const TYPE: &[u8] = b"\xffsm2sig_sm3";

/// Bytes of a coordinate, and of each half of a signature.
const HALF: usize = 32;

/// What stands before the coordinates of a point that is written whole (SEC 1, section 2.3.3).
const WHOLE: u8 = 4;

/// A private key.
pub struct Sm2Key {
    key: SigningKey,
    public: Sm2Public,
}

/// A public key.
#[derive(Clone, Debug)]
pub struct Sm2Public {
    point: Vec<u8>,
    key: VerifyingKey,
}

/// A signature as GM/T 0009-2012, section 7.3, writes it.
#[derive(der::Sequence)]
struct Pair<'a> {
    r: UintRef<'a>,
    s: UintRef<'a>,
}

impl std::fmt::Debug for Sm2Key {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Sm2Key").field("kid", &self.public.kid()).finish_non_exhaustive()
    }
}

impl PartialEq for Sm2Public {
    fn eq(&self, other: &Self) -> bool {
        self.point == other.point
    }
}

impl Eq for Sm2Public {}

impl Sm2Key {
    /// Makes a key from its number; none for a number that is none, which no random one is.
    #[must_use]
    pub fn from_bytes(bytes: &[u8; HALF]) -> Option<Self> {
        let secret = sm2::SecretKey::from_slice(bytes).ok()?;
        let key = SigningKey::new(USER_ID, &secret).ok()?;
        let public = Sm2Public::of(&secret.public_key())?;
        Some(Self { key, public })
    }

    /// Returns its public half.
    #[must_use]
    pub fn public(&self) -> &Sm2Public {
        &self.public
    }

    /// Signs bytes: `r` and `s`, 32 bytes each.
    #[must_use]
    pub fn sign(&self, message: &[u8]) -> [u8; HALF * 2] {
        self.key.sign(message).to_bytes()
    }

    /// Writes a line under a signed note of the log that its first line names.
    #[must_use]
    pub fn beside(&self, note: &str) -> String {
        let name = note.lines().next().unwrap_or_default();
        let signature = self.sign(text_of(note).as_bytes());
        let (r, s) = signature.split_at(HALF);
        let written = UintRef::new(r).and_then(|r| Pair { r, s: UintRef::new(s)? }.to_der());
        // Two numbers of 32 bytes can always be written.
        let bytes = [self.public.key_id(name).as_slice(), &written.unwrap_or_default()].concat();
        format!("{note}\u{2014} {name} {}\n", STANDARD.encode(bytes))
    }
}

/// The text of a note that is signed, with its last line break.
fn text_of(note: &str) -> String {
    let text = note.split_once("\n\n").map_or(note, |(text, _)| text);
    format!("{text}\n")
}

impl Sm2Public {
    /// Reads a point, written whole or short (SEC 1, section 2.3.4).
    #[must_use]
    pub fn from_point(point: &[u8]) -> Option<Self> {
        Self::of(&sm2::PublicKey::from_sec1_bytes(point).ok()?)
    }

    fn of(public: &sm2::PublicKey) -> Option<Self> {
        use sm2::elliptic_curve::sec1::ToEncodedPoint as _;
        let point = public.to_encoded_point(false).as_bytes().to_vec();
        let key = VerifyingKey::from_sec1_bytes(USER_ID, &point).ok()?;
        Some(Self { point, key })
    }

    /// Reads a JWK as [`jwk`](Self::jwk) writes it.
    #[must_use]
    pub fn from_jwk(jwk: &Value) -> Option<Self> {
        let text = |name: &str| jwk.get(name).and_then(Value::as_str);
        if (text("kty"), text("crv")) != (Some("EC"), Some(CURVE)) {
            return None;
        }
        let coordinate = |name: &str| {
            let bytes = URL_SAFE_NO_PAD.decode(text(name)?).ok()?;
            <[u8; HALF]>::try_from(bytes).ok()
        };
        Self::from_point(&[[WHOLE].as_slice(), &coordinate("x")?, &coordinate("y")?].concat())
    }

    fn coordinates(&self) -> (String, String) {
        let (x, y) = self.point.get(1..).and_then(|point| point.split_at_checked(HALF)).unwrap_or_default();
        (URL_SAFE_NO_PAD.encode(x), URL_SAFE_NO_PAD.encode(y))
    }

    /// Returns its id: the thumbprint of RFC 7638.
    #[must_use]
    pub fn kid(&self) -> String {
        let (x, y) = self.coordinates();
        let members = format!(r#"{{"crv":"{CURVE}","kty":"EC","x":"{x}","y":"{y}"}}"#);
        URL_SAFE_NO_PAD.encode(Sha256::digest(members))
    }

    /// Writes it as a JWK (RFC 7517), with names that JOSE does not register.
    #[must_use]
    pub fn jwk(&self) -> Value {
        let (x, y) = self.coordinates();
        json!({ "kty": "EC", "crv": CURVE, "x": x, "y": y, "use": "sig", "alg": ALGORITHM, "kid": self.kid() })
    }

    /// Whether a signature, `r` and `s`, holds over bytes.
    #[must_use]
    pub fn verify(&self, message: &[u8], signature: &[u8]) -> bool {
        Signature::from_slice(signature).is_ok_and(|signature| self.key.verify(message, &signature).is_ok())
    }

    /// Returns the id under a name (C2SP `signed-note`, section Signatures).
    fn key_id(&self, name: &str) -> [u8; 4] {
        signed_note::key_id(name, &[TYPE, &self.point].concat()).to_be_bytes()
    }

    /// Writes it in the text form of verifier keys (C2SP `signed-note`) under the name of a log.
    #[must_use]
    pub fn vkey(&self, name: &str) -> String {
        let key = STANDARD.encode([TYPE, &self.point].concat());
        format!("{name}+{}+{key}", hex::encode(self.key_id(name)))
    }

    /// Says whether its line under a note holds; none without such a line.
    #[must_use]
    pub fn signed(&self, note: &str) -> Option<bool> {
        let name = note.lines().next().unwrap_or_default();
        let start = format!("\u{2014} {name} ");
        let (_, lines) = note.split_once("\n\n")?;
        lines.lines().find_map(|line| {
            let bytes = STANDARD.decode(line.strip_prefix(&start)?).ok()?;
            let (id, written) = bytes.split_first_chunk::<4>()?;
            (*id == self.key_id(name))
                .then(|| raw(written).is_some_and(|signature| self.verify(text_of(note).as_bytes(), &signature)))
        })
    }
}

/// Reads a signature as GM/T 0009-2012 writes it.
fn raw(written: &[u8]) -> Option<[u8; HALF * 2]> {
    let pair = Pair::from_der(written).ok()?;
    let mut signature = [0; HALF * 2];
    let (first, second) = signature.split_at_mut(HALF);
    for (half, number) in [(first, pair.r), (second, pair.s)] {
        let bytes = number.as_bytes();
        half.get_mut(HALF.checked_sub(bytes.len())?..)?.copy_from_slice(bytes);
    }
    Some(signature)
}

#[cfg(test)]
mod tests {
    use super::*;
    use sm3::Sm3;

    const NOTE: &str = "example.com/log\n3\nAAAA\n\n\u{2014} example.com/log AAAA\n";

    fn key(seed: u8) -> Sm2Key {
        Sm2Key::from_bytes(&[seed; 32]).unwrap()
    }

    /// GB/T 32905-2016, annex A.
    #[test]
    fn sm3_is_that_of_the_standard() {
        assert_eq!(hex::encode(Sm3::digest("abc")), "66c7f0f462eeedd9d1f2d46bdc10e4e24167c4875cf2f7a2297da02b8f4ba8e0");
        assert_eq!(
            hex::encode(Sm3::digest("abcd".repeat(16))),
            "debe9ff92275b8a138604889c18e5a4d6fdb70e5387e5765293dcba39c0c5732"
        );
    }

    /// GB/T 32918.5-2017, annex A.2: key, message and signature of the example.
    #[test]
    fn sm2_is_that_of_the_standard() {
        let bytes = |text: &str| hex::decode(text).unwrap();
        let secret = bytes("3945208F7B2144B13F36E38AC6D39F95889393692860B51A42FB81EF4DF7C5B8");
        let key = Sm2Key::from_bytes(&secret.try_into().unwrap()).unwrap();
        let point = "0409F9DF311E5421A150DD7D161E4BC5C672179FAD1833FC076BB08FF356F35020CCEA490CE26775A52DC6EA718CC1AA600AED05FBF35E084A6632F6072DA9AD13";
        assert_eq!(key.public(), &Sm2Public::from_point(&bytes(point)).unwrap());
        let signature = "F5A03B0648D2C4630EEAC513E1BB81A15944DA3827D5B74143AC7EACEEE720B3B1B6AA29DF212FD8763182BC0D421CA1BB9038FD1F7F42D4840B69C485BBC1AA";
        assert!(key.public().verify(b"message digest", &bytes(signature)));
        assert!(!key.public().verify(b"message digesT", &bytes(signature)));
        assert!(key.public().verify(b"message digest", &key.sign(b"message digest")));
    }

    #[test]
    fn a_line_under_a_note_is_found_by_its_key_and_judged() {
        let key = key(7);
        let signed = key.beside(NOTE);
        assert!(signed.starts_with(NOTE) && signed.lines().count() == NOTE.lines().count() + 1);
        assert_eq!(key.public().signed(&signed), Some(true));
        assert_eq!(key.public().signed(NOTE), None);
        assert_eq!(self::key(8).public().signed(&signed), None, "another key");
        assert_eq!(key.public().signed(&signed.replace("\n3\n", "\n4\n")), Some(false), "over another head");
        assert_eq!(key.public().signed(&signed.replace("example.com/log", "example.com/lob")), None, "another name");
        let cut = signed.trim_end().get(..signed.len() - 9).unwrap();
        assert_ne!(key.public().signed(&format!("{cut}\n")), Some(true), "cut off");
        let vkey = key.public().vkey("example.com/log");
        assert_eq!(vkey.split('+').next(), Some("example.com/log"));
        let (_, id) = signed.trim_end().rsplit_once(' ').unwrap();
        assert_eq!(vkey.split('+').nth(1).unwrap(), hex::encode(&STANDARD.decode(id).unwrap()[..4]));
    }

    #[test]
    fn numbers_are_written_without_their_zeros_and_read_with_them() {
        let (mut r, s) = ([0x80; 32], [0x7f; 32]);
        r[..2].fill(0);
        let written = Pair { r: UintRef::new(&r).unwrap(), s: UintRef::new(&s).unwrap() }.to_der().unwrap();
        assert_eq!(written.len(), 2 + 2 + 31 + 2 + 32, "30 bytes behind a zero for the sign, and 32");
        assert_eq!(raw(&written), Some([r, s].concat().try_into().unwrap()));
        let long = Pair { r: UintRef::new(&[1; 33]).unwrap(), s: UintRef::new(&s).unwrap() }.to_der().unwrap();
        assert_eq!(raw(&long), None);
        assert_eq!(raw(&written[..20]), None);
    }

    #[test]
    fn a_key_is_read_back_from_its_jwk_and_no_other_is() {
        let public = key(1).public().clone();
        let jwk = public.jwk();
        assert_eq!((jwk["alg"].as_str(), jwk["kid"].as_str()), (Some(ALGORITHM), Some(public.kid().as_str())));
        assert_eq!(Sm2Public::from_jwk(&jwk), Some(public));
        for (member, other) in [("crv", "P-256"), ("kty", "OKP"), ("x", "AAAA"), ("y", "")] {
            let mut jwk = jwk.clone();
            jwk[member] = other.into();
            assert_eq!(Sm2Public::from_jwk(&jwk), None, "{member}");
        }
        assert!(Sm2Key::from_bytes(&[0; 32]).is_none() && Sm2Key::from_bytes(&[0xff; 32]).is_none());
    }
}
