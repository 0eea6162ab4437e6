//! The code on a certificate of a listing, and what becomes of what a certificate says. The code is sixty random bits as twelve letters of
//! Crockford's Base32, which has no letters that are mistaken for one another on paper.

use super::fault::FaultCode;
use super::words::words;
use std::fmt;

const ALPHABET: &[u8; 32] = b"0123456789ABCDEFGHJKMNPQRSTVWXYZ";
const LETTERS: usize = 12;

words! {
    /// What became of what the signed file of a certificate says.
    FileStanding {
        /// The listing stands as the file says.
        Stands "stands" "与文件一致" "as the file says";
        /// Its terms were changed since.
        Superseded "superseded" "名单内容已变更" "changed since";
        /// It is suspended, or held back at the border.
        HeldBack "held_back" "暂停，口岸不放行" "held back";
        /// Its last day has passed.
        Expired "expired" "已过有效期" "expired";
        /// It was removed from the list.
        Revoked "revoked" "已移出名单" "removed from the list";
    }
}

/// A code, written `XXXX-XXXX-XXXX`.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct CertificateCode([u8; LETTERS]);

impl CertificateCode {
    /// Makes a code of random bytes; five bits of each count.
    #[must_use]
    pub fn of(random: [u8; LETTERS]) -> Self {
        Self(random.map(|byte| ALPHABET.get(usize::from(byte % 32)).copied().unwrap_or(b'0')))
    }

    /// Reads what a person typed: in any case, with or without hyphens and blanks, `O` for nought, `I` and `L` for one.
    ///
    /// # Errors
    /// `value_unknown` for anything else.
    pub fn parse(text: &str) -> Result<Self, FaultCode> {
        let letters = text.bytes().filter(|letter| !matches!(letter, b'-' | b' '));
        let letters: Option<Vec<u8>> = letters
            .map(|letter| match letter.to_ascii_uppercase() {
                b'O' => Some(b'0'),
                b'I' | b'L' => Some(b'1'),
                letter => ALPHABET.contains(&letter).then_some(letter),
            })
            .collect();
        let letters = letters.and_then(|letters| letters.try_into().ok());
        letters.map(Self).ok_or(FaultCode::ValueUnknown)
    }
}

impl fmt::Display for CertificateCode {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for (place, letter) in self.0.iter().enumerate() {
            if place > 0 && place % 4 == 0 {
                f.write_str("-")?;
            }
            write!(f, "{}", char::from(*letter))?;
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_code_is_read_as_people_type_it() {
        let code = CertificateCode::of([0, 1, 2, 31, 32, 33, 10, 18, 19, 20, 21, 255]);
        assert_eq!(code.to_string(), "012Z-01AJ-KMNZ");
        for typed in ["012Z-01AJ-KMNZ", "o12z 0iaj kmnz", "O12Z0LAJKMNZ"] {
            assert_eq!(CertificateCode::parse(typed), Ok(code), "{typed}");
        }
        for wrong in ["", "012Z-01AJ-KMN", "012Z-01AJ-KMNZ0", "012Z-01AJ-KMNU", "012Z-01AJ-KMN一"] {
            assert_eq!(CertificateCode::parse(wrong), Err(FaultCode::ValueUnknown), "{wrong}");
        }
    }
}
