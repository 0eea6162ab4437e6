//! The unified social credit code (统一社会信用代码), an enterprise's identity for ever: names, districts and
//! customs registration codes change, this does not. It is not a proof that the enterprise exists. Invariant: 18
//! characters of the standard's alphabet whose check character holds (GB 32100-2015 with amendment 1 of 2016).

use std::fmt;

use super::DistrictCode;
use crate::domain::fault::FaultCode;

/// Powers of 3 modulo 31 (GB 32100-2015); the check character itself counts once.
const WEIGHTS: [u32; 18] = [1, 3, 9, 27, 19, 26, 16, 17, 20, 29, 25, 13, 8, 24, 10, 30, 28, 1];

/// Weights of the organisation code within (GB 11714).
const ORGANISATION_WEIGHTS: [u32; 8] = [3, 7, 9, 10, 5, 8, 4, 2];

/// A unified social credit code in its canonical upper-case spelling.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Uscc([u8; 18]);

impl Uscc {
    /// Reads the canonical spelling: no spaces, no lower case.
    ///
    /// # Errors
    /// `uscc_length`, `uscc_alphabet`, `uscc_check_digit`.
    pub fn parse(text: &str) -> Result<Self, FaultCode> {
        if text.chars().count() != WEIGHTS.len() {
            return Err(FaultCode::UsccLength);
        }
        let bytes: [u8; 18] = text.as_bytes().try_into().map_err(|_| FaultCode::UsccAlphabet)?;
        let mut sum = 0;
        for (place, (&byte, weight)) in bytes.iter().zip(WEIGHTS).enumerate() {
            let fits = match place {
                0 => byte.is_ascii_digit() || matches!(byte, b'A' | b'N' | b'Y'),
                2..=7 => byte.is_ascii_digit(),
                _ => true,
            };
            let value = value(byte).filter(|_| fits).ok_or(FaultCode::UsccAlphabet)?;
            sum += u32::from(value) * weight;
        }
        if sum % 31 == 0 { Ok(Self(bytes)) } else { Err(FaultCode::UsccCheckDigit) }
    }

    /// Returns the code as text.
    pub fn as_str(&self) -> &str {
        // The bytes are ASCII by construction, so the default is never taken.
        std::str::from_utf8(&self.0).unwrap_or_default()
    }

    /// Returns the 18 ASCII bytes of the code.
    pub const fn as_bytes(&self) -> &[u8; 18] {
        &self.0
    }

    /// Returns the administrative area of the registering office (places 3 to 8, GB/T 2260); the enterprise may
    /// have moved since.
    pub fn area(&self) -> DistrictCode {
        let area = self.0.iter().skip(2).take(6).fold(0, |area, byte| area * 10 + u32::from(byte - b'0'));
        DistrictCode::from_digits(area)
    }

    /// Tells whether the organisation code within (places 9 to 17) passes its own check (GB 11714). Worth a
    /// warning only: genuine codes that fail it are not excluded by GB 32100.
    pub fn organisation_check_holds(&self) -> bool {
        let body = self.0.iter().skip(8).zip(ORGANISATION_WEIGHTS);
        let sum: u32 = body.map(|(&byte, weight)| organisation_value(byte) * weight).sum();
        let check = match 11 - sum % 11 {
            10 => Some('X'),
            11 => Some('0'),
            digit => char::from_digit(digit, 10),
        };
        self.0.get(16).map(|&byte| char::from(byte)) == check
    }
}

/// Returns the value of a character in the alphabet of GB 32100, which leaves out I, O, S, V and Z.
const fn value(byte: u8) -> Option<u8> {
    Some(match byte {
        b'0'..=b'9' => byte - b'0',
        b'A'..=b'H' => byte - b'A' + 10,
        b'J'..=b'N' => byte - b'J' + 18,
        b'P'..=b'R' => byte - b'P' + 23,
        b'T'..=b'U' => byte - b'T' + 26,
        b'W'..=b'Y' => byte - b'W' + 28,
        _ => return None,
    })
}

/// Returns the value of a character in GB 11714, which counts all 26 letters from A = 10.
fn organisation_value(byte: u8) -> u32 {
    char::from(byte).to_digit(36).unwrap_or_default()
}

impl fmt::Display for Uscc {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(self.as_str())
    }
}

super::text_form!(Uscc);

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    const ALPHABET: &[u8] = b"0123456789ABCDEFGHJKLMNPQRTUWXY";
    const VALID: [&str; 20] = [
        "91350100M000100Y43",
        "91110000600037341L",
        "91110000710926094P",
        "121200004013590816",
        "9144030071526726XG",
        "91310115MA1K3BTP2B",
        "91620105L015101280",
        "92340602MA2PBMEM24",
        "91110302XFXTR00172",
        "91110108XFXTR00259",
        "91110302XFXTR0033P",
        "12110114XFXTR0041R",
        "91110114XFXTR005XC",
        "91110115XFXTR0068T",
        "91110113XFXTR0076Q",
        "91110105XFXTR00841",
        "91110115XFXTR0092B",
        "91110108XFXTR0105W",
        "52110108XFXTR0113Q",
        "91110115XFXTR0121N",
    ];

    #[test]
    fn reads_the_valid_vectors() {
        for text in VALID {
            let code = Uscc::parse(text).unwrap();
            assert_eq!((code.as_str(), code.to_string().as_str()), (text, text));
            assert_eq!(code.as_bytes().as_slice(), text.as_bytes());
            assert_eq!(code.area().to_string(), text[2..8]);
        }
    }

    #[test]
    fn names_what_is_wrong() {
        for (text, fault) in [
            ("", FaultCode::UsccLength),
            ("91110000600037341", FaultCode::UsccLength),
            ("91110000600037341LL", FaultCode::UsccLength),
            ("9111000060003734１L", FaultCode::UsccAlphabet),
            ("91350100M000100Y4Z", FaultCode::UsccAlphabet),
            ("9111000060003IOZSV", FaultCode::UsccAlphabet),
            ("91110000600037341l", FaultCode::UsccAlphabet),
            ("B1110000600037341L", FaultCode::UsccAlphabet),
            ("911A0000600037341L", FaultCode::UsccAlphabet),
            ("91110000600037341N", FaultCode::UsccCheckDigit),
            ("91310115MA1H8R7C6D", FaultCode::UsccCheckDigit),
        ] {
            assert_eq!(Uscc::parse(text), Err(fault), "{text}");
        }
    }

    #[test]
    fn the_organisation_code_has_a_check_of_its_own() {
        for text in &VALID[1..] {
            assert!(Uscc::parse(text).unwrap().organisation_check_holds(), "{text}");
        }
        // 91110000 60003734 with the inner check 1 made 2, and the outer one made to fit again.
        let bent =
            ALPHABET.iter().find_map(|&last| Uscc::parse(&format!("91110000600037342{}", char::from(last))).ok());
        assert!(!bent.unwrap().organisation_check_holds());
    }

    #[test]
    fn values_follow_the_alphabet_of_the_standard() {
        for byte in 0..=u8::MAX {
            let expected = ALPHABET.iter().position(|&letter| letter == byte);
            assert_eq!(value(byte).map(usize::from), expected);
        }
    }

    #[test]
    fn every_substitution_and_adjacent_swap_is_found() {
        for text in VALID {
            for place in 0..18 {
                for &other in ALPHABET {
                    let mut bytes = text.as_bytes().to_vec();
                    if bytes[place] != other {
                        bytes[place] = other;
                        assert!(Uscc::parse(std::str::from_utf8(&bytes).unwrap()).is_err());
                    }
                }
            }
            for place in 0..17 {
                let mut bytes = text.as_bytes().to_vec();
                bytes.swap(place, place + 1);
                if bytes != text.as_bytes() {
                    assert!(Uscc::parse(std::str::from_utf8(&bytes).unwrap()).is_err(), "{text} {place}");
                }
            }
        }
    }

    proptest! {
        #[test]
        fn never_panics_and_round_trips(text in "\\PC{0,20}|[0-9A-Y]{18}") {
            if let Ok(code) = Uscc::parse(&text) {
                prop_assert_eq!(code.to_string(), text);
            }
        }
    }
}
