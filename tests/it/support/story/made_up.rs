//! Made-up codes whose checks hold, and numbers that look random.
//!
//! The codes name nobody and nothing; they only pass for codes. Invariant: the same input gives the same output, in every
//! release and on every machine.

/// A made-up USCC of a district; both check characters hold (GB 32100-2015, GB 11714).
pub fn uscc(district: &str, serial: u32) -> String {
    const ALPHABET: &[u8] = b"0123456789ABCDEFGHJKLMNPQRTUWXY";
    let organisation = format!("XFX{serial:05}");
    let letters = organisation.chars().filter_map(|letter| letter.to_digit(36));
    let check =
        match 11 - letters.zip([3, 7, 9, 10, 5, 8, 4, 2]).map(|(value, weight)| value * weight).sum::<u32>() % 11 {
            10 => "X".to_owned(),
            11 => "0".to_owned(),
            digit => digit.to_string(),
        };
    let body = format!("91{district}{organisation}{check}");
    let value = |byte: u8| ALPHABET.iter().position(|letter| *letter == byte).expect("a letter of the standard");
    let (sum, _) = body.bytes().fold((0, 1), |(sum, weight), byte| (sum + value(byte) * weight, weight * 3 % 31));
    format!("{body}{}", char::from(ALPHABET[(31 - sum % 31) % 31]))
}

/// A made-up CAS number whose check digit holds.
pub fn cas(serial: u32) -> String {
    let body = 9_000_000 + serial;
    let digits = body.to_string();
    let check = digits.bytes().rev().zip(1..).map(|(digit, place)| u32::from(digit - b'0') * place).sum::<u32>() % 10;
    format!("{}-{:02}-{check}", body / 100, body % 100)
}

/// A number that no list gives out in our time; its check character holds (ISO 7064 MOD 37-2).
pub fn listing_number(serial: u32) -> String {
    (serial..)
        .find_map(|serial| {
            let digits = format!("BJ2199{serial:06}");
            let sum =
                digits.chars().filter_map(|letter| letter.to_digit(36)).fold(0, |sum, value| (sum + value) * 2 % 37);
            // The check value 36 is `*`, which is never given out.
            let check = char::from_digit((38 - sum) % 37, 36)?;
            Some(format!("BJ-2199-{serial:06}-{}", check.to_ascii_uppercase()))
        })
        .expect("only one serial in 37 is left out")
}

/// SplitMix64: the same numbers from the same seed, in every release.
pub struct Random(pub u64);

impl Random {
    pub fn next(&mut self) -> u64 {
        self.0 = self.0.wrapping_add(0x9E37_79B9_7F4A_7C15);
        let mut word = self.0;
        word = (word ^ (word >> 30)).wrapping_mul(0xBF58_476D_1CE4_E5B9);
        word = (word ^ (word >> 27)).wrapping_mul(0x94D0_49BB_1331_11EB);
        word ^ (word >> 31)
    }

    pub fn below(&mut self, bound: u32) -> u32 {
        u32::try_from(self.next() % u64::from(bound)).expect("less than the bound")
    }

    pub fn choose<'a, T>(&mut self, from: &'a [T]) -> Option<&'a T> {
        let bound = u32::try_from(from.len()).ok().filter(|count| *count > 0)?;
        from.get(usize::try_from(self.below(bound)).ok()?)
    }

    pub fn pick<'a>(&mut self, from: &[&'a str]) -> &'a str {
        self.choose(from).expect("something to pick from")
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use whitelist::domain::code::{Cas, Uscc};
    use whitelist::domain::listing_number::ListingNumber;

    #[test]
    fn made_up_codes_hold_their_checks() {
        for serial in 1..500 {
            for district in ["110302", "110108", "310115"] {
                let code = Uscc::parse(&uscc(district, serial)).unwrap();
                assert!(code.organisation_check_holds(), "{code}");
            }
            Cas::parse(&cas(serial)).unwrap();
            ListingNumber::parse(&listing_number(serial)).unwrap();
        }
    }
}
