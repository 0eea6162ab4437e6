//! What an uploaded document is, told from its bytes alone.
//!
//! It decides what is taken, not what it says: no text is read, nothing is rendered or unpacked. Invariant: a document
//! that passes is of one kind from its first byte to its last, so that no other program sees another file in it.

mod container;
mod picture;

use crate::domain::document::{LARGEST, Media};
use crate::domain::fault::FaultCode;

/// Tells what a document is.
///
/// # Errors
/// `document_empty`, `document_too_large`, `document_kind`, and of a kind that is taken: `document_damaged`,
/// `document_encrypted`, `document_polyglot`, `document_active`.
pub fn inspect(bytes: &[u8]) -> Result<Media, FaultCode> {
    if bytes.is_empty() {
        return Err(FaultCode::DocumentEmpty);
    }
    if bytes.len() > LARGEST {
        return Err(FaultCode::DocumentTooLarge);
    }
    if bytes.starts_with(b"%PDF-") {
        pdf(bytes).map(|()| Media::Pdf)
    } else if bytes.starts_with(picture::PNG) {
        picture::png(bytes).map(|()| Media::Png)
    } else if bytes.starts_with(&[0xFF, 0xD8, 0xFF]) {
        picture::jpeg(bytes).map(|()| Media::Jpeg)
    } else if bytes.starts_with(b"PK\x03\x04") {
        container::of(bytes)
    } else if bytes.starts_with(&[0xD0, 0xCF, 0x11, 0xE0]) {
        Err(container::compound(bytes))
    } else {
        Err(FaultCode::DocumentKind)
    }
}

/// ISO 32000: begins with its header, ends with its end mark, hides no archive behind it and asks for no password.
fn pdf(bytes: &[u8]) -> Result<(), FaultCode> {
    let tail = bytes.get(bytes.len().saturating_sub(1024)..).unwrap_or(bytes);
    let Some(end) = last(tail, b"%%EOF") else { return Err(FaultCode::DocumentDamaged) };
    let behind = tail.get(end.saturating_add(5)..).unwrap_or_default();
    if !behind.iter().all(|byte| byte.is_ascii_whitespace() || *byte == 0) || container::hidden(bytes) {
        return Err(FaultCode::DocumentPolyglot);
    }
    if names(bytes, b"/Encrypt") {
        return Err(FaultCode::DocumentEncrypted);
    }
    if names(bytes, b"/JavaScript") || names(bytes, b"/Launch") {
        return Err(FaultCode::DocumentActive);
    }
    Ok(())
}

/// Whether a PDF name stands somewhere, whole: `/Encrypt` and not `/EncryptMetadata`.
fn names(bytes: &[u8], name: &[u8]) -> bool {
    let ends = |at: usize| bytes.get(at).is_none_or(|byte| !byte.is_ascii_alphanumeric());
    places(bytes, name).any(|at| ends(at.saturating_add(name.len())))
}

/// Every place at which `needle` begins.
fn places<'a>(bytes: &'a [u8], needle: &'a [u8]) -> impl Iterator<Item = usize> + 'a {
    bytes.windows(needle.len()).enumerate().filter(move |(_, window)| *window == needle).map(|(at, _)| at)
}

/// The last place at which `needle` begins.
fn last(bytes: &[u8], needle: &[u8]) -> Option<usize> {
    bytes.windows(needle.len()).rposition(|window| window == needle)
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    const PDF: &[u8] =
        b"%PDF-1.7\n1 0 obj<</EncryptMetadata false>>endobj\ntrailer<</Root 1 0 R>>\nstartxref\n9\n%%EOF\n";

    fn with(insert: &[u8]) -> Vec<u8> {
        [b"%PDF-1.7\n".as_slice(), insert, b"\nstartxref\n9\n%%EOF\r\n"].concat()
    }

    #[test]
    fn a_pdf_is_taken_as_it_is() {
        assert_eq!(inspect(PDF), Ok(Media::Pdf));
        assert_eq!(inspect(&with(b"plain")), Ok(Media::Pdf));
    }

    #[test]
    fn each_fault_of_a_pdf_has_its_code() {
        let behind = [PDF, b"<html><script>".as_slice()].concat();
        let archive = [PDF, b"PK\x05\x06".as_slice(), &[0; 18], b"%%EOF".as_slice()].concat();
        for (bytes, code) in [
            (b"%PDF-1.7 but no end".to_vec(), FaultCode::DocumentDamaged),
            (PDF.get(..60).unwrap().to_vec(), FaultCode::DocumentDamaged),
            (with(b"trailer<</Encrypt 5 0 R>>"), FaultCode::DocumentEncrypted),
            (with(b"<</S/JavaScript/JS(app.alert)>>"), FaultCode::DocumentActive),
            (with(b"<</S/Launch>>"), FaultCode::DocumentActive),
            (behind, FaultCode::DocumentPolyglot),
            (archive, FaultCode::DocumentPolyglot),
        ] {
            assert_eq!(inspect(&bytes), Err(code), "{}", String::from_utf8_lossy(&bytes));
        }
    }

    #[test]
    fn other_files_are_no_evidence() {
        assert_eq!(inspect(b""), Err(FaultCode::DocumentEmpty));
        assert_eq!(inspect(&vec![b'x'; LARGEST + 1]), Err(FaultCode::DocumentTooLarge));
        for bytes in [
            b"MZ\x90\0".as_slice(),
            b"<html>",
            b"GIF89a",
            b" %PDF-1.7 %%EOF",
            "\u{feff}%PDF".as_bytes(),
            b"#!/bin/sh",
            b"P",
        ] {
            assert_eq!(inspect(bytes), Err(FaultCode::DocumentKind), "{bytes:?}");
        }
    }

    proptest! {
        #[test]
        fn nothing_from_outside_breaks_it(
            start in prop::sample::select(vec![b"%PDF-".as_slice(), picture::PNG, &[0xFF, 0xD8, 0xFF], b"PK\x03\x04", &[0xD0, 0xCF, 0x11, 0xE0], b""]),
            rest in prop::collection::vec(any::<u8>(), 0..200),
        ) {
            let _ = inspect(&[start, &rest].concat());
        }
    }
}
