//! Pictures: a walk over the parts of the file to its own end, so that nothing can stand behind it.

use crate::domain::fault::FaultCode;

/// The first bytes of a PNG (ISO/IEC 15948 section 5.2).
pub(super) const PNG: &[u8] = b"\x89PNG\r\n\x1a\n";

/// Walks the chunks of a PNG from `IHDR` to `IEND`.
pub(super) fn png(bytes: &[u8]) -> Result<(), FaultCode> {
    let mut rest = bytes.get(PNG.len()..).unwrap_or_default();
    let mut first = true;
    loop {
        let (length, after) = rest.split_first_chunk::<4>().ok_or(FaultCode::DocumentDamaged)?;
        let length = usize::try_from(u32::from_be_bytes(*length)).map_err(|_| FaultCode::DocumentDamaged)?;
        let (kind, after) = after.split_first_chunk::<4>().ok_or(FaultCode::DocumentDamaged)?;
        // The chunk's data and its check sum.
        rest = after.get(length.saturating_add(4)..).ok_or(FaultCode::DocumentDamaged)?;
        if first != (kind == b"IHDR") {
            return Err(FaultCode::DocumentDamaged);
        }
        first = false;
        if kind == b"IEND" {
            return if rest.is_empty() { Ok(()) } else { Err(FaultCode::DocumentPolyglot) };
        }
    }
}

/// Walks the segments of a JPEG (ITU-T T.81 annex B) and its scans to the end mark.
pub(super) fn jpeg(bytes: &[u8]) -> Result<(), FaultCode> {
    let mut rest = bytes.get(2..).unwrap_or_default();
    let mut scanned = false;
    loop {
        let (mark, after) = rest.split_first_chunk::<2>().ok_or(FaultCode::DocumentDamaged)?;
        match mark {
            [0xFF, 0xD9] if !scanned => return Err(FaultCode::DocumentDamaged),
            [0xFF, 0xD9] => {
                let padding = after.iter().all(|byte| *byte == 0);
                return if padding { Ok(()) } else { Err(FaultCode::DocumentPolyglot) };
            }
            // Fill bytes before a mark.
            [0xFF, 0xFF] => rest = rest.get(1..).unwrap_or_default(),
            [0xFF, 0x01 | 0xD0..=0xD8] | [0xFF, 0x00] => return Err(FaultCode::DocumentDamaged),
            [0xFF, kind] => {
                let (length, _) = after.split_first_chunk::<2>().ok_or(FaultCode::DocumentDamaged)?;
                let length = usize::from(u16::from_be_bytes(*length));
                rest = after.get(length.max(2)..).ok_or(FaultCode::DocumentDamaged)?;
                if *kind == 0xDA {
                    scanned = true;
                    rest = rest.get(entropy_coded(rest)..).unwrap_or_default();
                }
            }
            [_, _] => return Err(FaultCode::DocumentDamaged),
        }
    }
}

/// Length of the entropy-coded data: up to a mark that is neither a stuffed byte nor a restart.
fn entropy_coded(bytes: &[u8]) -> usize {
    let ends = |pair: &[u8]| matches!(pair, [0xFF, mark] if !matches!(mark, 0x00 | 0xD0..=0xD7));
    bytes.windows(2).position(ends).unwrap_or(bytes.len())
}

#[cfg(test)]
mod tests {
    use super::super::inspect;
    use crate::domain::document::Media;
    use crate::domain::fault::FaultCode;

    fn chunk(kind: &[u8], data: &[u8]) -> Vec<u8> {
        let length = u32::try_from(data.len()).unwrap().to_be_bytes();
        [length.as_slice(), kind, data, &[1, 2, 3, 4]].concat()
    }

    fn png() -> Vec<u8> {
        [super::PNG, &chunk(b"IHDR", &[0; 13]), &chunk(b"IDAT", b"data"), &chunk(b"IEND", b"")].concat()
    }

    fn jpeg() -> Vec<u8> {
        let app0 = [0xFF, 0xE0, 0, 4, b'J', b'F'];
        let scan = [0xFF, 0xDA, 0, 3, 1, 0x12, 0xFF, 0x00, 0x34, 0xFF, 0xD0, 0x56, 0xFF, 0xD9];
        [[0xFF, 0xD8].as_slice(), &app0, &scan].concat()
    }

    #[test]
    fn pictures_are_walked_to_their_end() {
        assert_eq!(inspect(&png()), Ok(Media::Png));
        assert_eq!(inspect(&jpeg()), Ok(Media::Jpeg));
    }

    #[test]
    fn what_stands_behind_a_picture_is_told() {
        for picture in [png(), jpeg()] {
            for tail in [b"PK\x03\x04".as_slice(), b"<script>", b"x"] {
                assert_eq!(inspect(&[&picture, tail].concat()), Err(FaultCode::DocumentPolyglot));
            }
        }
    }

    #[test]
    fn a_picture_that_breaks_off_is_damaged() {
        for picture in [png(), jpeg()] {
            for end in 9..picture.len() {
                let found = inspect(picture.get(..end).unwrap());
                assert!(found.is_err(), "{end} of {}", picture.len());
            }
        }
        let headless = [super::PNG, &chunk(b"IEND", b"")].concat();
        assert_eq!(inspect(&headless), Err(FaultCode::DocumentDamaged));
    }
}
