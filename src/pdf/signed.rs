//! The room for a signature in a file: what of the file is signed, and how the signature is put in.
//!
//! Invariant: nothing but the room changes; everything before and behind it is what was signed.

use super::PdfFault;

/// Bytes of a signature at most. Ours, with its certificate, has about a thousand.
pub const ROOM: usize = 4096;

/// What fills the room until then: no text begins so.
pub const FILL: u8 = 0xff;

/// What stands for the numbers of the signed parts until they are known: as long as any.
pub const RANGE: [i32; 4] = [0, 2_000_000_000, 2_000_000_001, 2_000_000_002];

/// A file without its signature.
pub struct Unsigned {
    before: Vec<u8>,
    after: Vec<u8>,
}

impl Unsigned {
    /// Finds the room in a file that was just written, and writes down which parts are signed.
    ///
    /// # Errors
    /// [`PdfFault::Room`] for a file without one.
    pub fn of(mut file: Vec<u8>) -> Result<Self, PdfFault> {
        let room = format!("<{}>", "FF".repeat(ROOM));
        let start = last(&file, room.as_bytes()).ok_or(PdfFault::Room)?;
        let end = start.saturating_add(room.len());
        let rest = file.len().saturating_sub(end);
        let wanted = RANGE.map(|number| number.to_string()).join(" ");
        let known = format!("0 {start} {end} {rest}");
        let place = last(&file, wanted.as_bytes()).ok_or(PdfFault::Room)?;
        let numbers = file.get_mut(place..place.saturating_add(wanted.len())).ok_or(PdfFault::Room)?;
        let padded = format!("{known:<width$}", width = wanted.len());
        if padded.len() != numbers.len() {
            return Err(PdfFault::Room);
        }
        numbers.copy_from_slice(padded.as_bytes());
        let after = file.split_off(end);
        file.truncate(start);
        Ok(Self { before: file, after })
    }

    /// Returns what is signed, in its two parts.
    #[must_use]
    pub fn parts(&self) -> [&[u8]; 2] {
        [&self.before, &self.after]
    }

    /// Puts the signature in.
    ///
    /// # Errors
    /// [`PdfFault::Room`] for one that is too long.
    pub fn signed(self, signature: &[u8]) -> Result<Vec<u8>, PdfFault> {
        if signature.len() > ROOM {
            return Err(PdfFault::Room);
        }
        let text = format!("<{:0<width$}>", hex::encode(signature), width = ROOM.saturating_mul(2));
        Ok([self.before, text.into_bytes(), self.after].concat())
    }
}

fn last(file: &[u8], wanted: &[u8]) -> Option<usize> {
    file.windows(wanted.len()).rposition(|window| window == wanted)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn file() -> Vec<u8> {
        let range = RANGE.map(|number| number.to_string()).join(" ");
        format!("head [{range}] <{}> tail", "FF".repeat(ROOM)).into_bytes()
    }

    #[test]
    fn nothing_but_the_room_changes() {
        let unsigned = Unsigned::of(file()).unwrap();
        let [before, after] = unsigned.parts().map(<[u8]>::to_vec);
        let (start, whole) = (before.len(), file().len());
        let told = format!("[0 {start} {} {}", start + 2 * ROOM + 2, after.len());
        assert!(String::from_utf8_lossy(&before).contains(&told), "{}", String::from_utf8_lossy(&before));
        let signed = unsigned.signed(&[0x30, 0x01, 0xab]).unwrap();
        assert_eq!((signed.len(), &signed[..start]), (whole, &before[..]));
        assert_eq!((&signed[start..start + 9], &signed[whole - after.len()..]), (&b"<3001ab00"[..], &after[..]));
    }

    #[test]
    fn a_file_without_room_and_a_signature_that_is_too_long_are_refused() {
        assert!(matches!(Unsigned::of(b"nothing".to_vec()), Err(PdfFault::Room)));
        assert!(matches!(Unsigned::of(file()).unwrap().signed(&[0; ROOM + 1]), Err(PdfFault::Room)));
    }
}
