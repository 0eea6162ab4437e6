//! Documents that are ZIP archives (ofd, xlsx, docx), told by the parts they name; nothing is unpacked.

use super::last;
use crate::domain::document::Media;
use crate::domain::fault::FaultCode;
use std::io::Cursor;
use zip::ZipArchive;

/// Parts of one archive at most.
const MOST_PARTS: usize = 10_000;

/// Bytes that an archive may promise to unpack to: 500 MiB, and a hundred times its own size.
const MOST_UNPACKED: u64 = 500 * 1024 * 1024;

/// Opens an archive's list of parts and tells what it is.
pub(super) fn of(bytes: &[u8]) -> Result<Media, FaultCode> {
    let mut archive = ZipArchive::new(Cursor::new(bytes)).map_err(|_| FaultCode::DocumentDamaged)?;
    if archive.len() > MOST_PARTS {
        return Err(FaultCode::DocumentTooLarge);
    }
    // The end record is the last thing in the file: no comment, nothing behind.
    let end = last(bytes, b"PK\x05\x06").ok_or(FaultCode::DocumentDamaged)?;
    if archive.offset() != 0 || !archive.comment().is_empty() || end.saturating_add(22) != bytes.len() {
        return Err(FaultCode::DocumentPolyglot);
    }
    let (mut unpacked, mut names) = (0_u64, Vec::new());
    for index in 0..archive.len() {
        let part = archive.by_index_raw(index).map_err(|_| FaultCode::DocumentDamaged)?;
        if part.encrypted() {
            return Err(FaultCode::DocumentEncrypted);
        }
        unpacked = unpacked.saturating_add(part.size());
        names.push(String::from_utf8_lossy(part.name_raw()).to_ascii_lowercase());
    }
    let packed = u64::try_from(bytes.len()).unwrap_or(u64::MAX);
    if unpacked > MOST_UNPACKED.min(packed.saturating_mul(100).max(1024 * 1024)) {
        return Err(FaultCode::DocumentTooLarge);
    }
    if names.iter().any(|name| name.ends_with("vbaproject.bin")) {
        return Err(FaultCode::DocumentActive);
    }
    let has = |part: &str| names.iter().any(|name| name == part);
    let office = has("[content_types].xml");
    let found = [
        (has("ofd.xml"), Media::Ofd),
        (office && has("xl/workbook.xml"), Media::Xlsx),
        (office && has("word/document.xml"), Media::Docx),
    ];
    let mut kinds = found.iter().filter(|(is, _)| *is).map(|(_, media)| *media);
    match (kinds.next(), kinds.next()) {
        (Some(only), None) => Ok(only),
        (Some(_), Some(_)) => Err(FaultCode::DocumentPolyglot),
        (None, _) => Err(FaultCode::DocumentKind),
    }
}

/// Whether an archive hides behind another kind of file: its end record would be found by a program that unpacks.
pub(super) fn hidden(bytes: &[u8]) -> bool {
    // The record is 22 bytes, and a comment of up to 65,535 may follow it.
    let tail = bytes.get(bytes.len().saturating_sub(65_557)..).unwrap_or(bytes);
    last(tail, b"PK\x05\x06").is_some()
}

/// Tells why a compound file (the form before 2007, and that of encrypted documents) is not taken.
pub(super) fn compound(bytes: &[u8]) -> FaultCode {
    let name: Vec<u8> = "EncryptedPackage".encode_utf16().flat_map(u16::to_le_bytes).collect();
    if last(bytes, &name).is_some() { FaultCode::DocumentEncrypted } else { FaultCode::DocumentKind }
}

#[cfg(test)]
mod tests {
    use super::super::inspect;
    use super::*;
    use std::io::Write as _;
    use zip::ZipWriter;
    use zip::write::SimpleFileOptions;

    fn archive(parts: &[(&str, &[u8])]) -> Vec<u8> {
        let mut writer = ZipWriter::new(Cursor::new(Vec::new()));
        for (name, body) in parts {
            writer.start_file(*name, SimpleFileOptions::default()).unwrap();
            writer.write_all(body).unwrap();
        }
        writer.finish().unwrap().into_inner()
    }

    #[test]
    fn archives_are_told_by_their_parts() {
        let types: (&str, &[u8]) = ("[Content_Types].xml", b"<Types/>");
        for (parts, expected) in [
            (vec![("OFD.xml", b"<ofd/>".as_slice())], Ok(Media::Ofd)),
            (vec![types, ("xl/workbook.xml", b"<w/>")], Ok(Media::Xlsx)),
            (vec![types, ("word/document.xml", b"<w/>")], Ok(Media::Docx)),
            (
                vec![types, ("word/document.xml", b"<w/>"), ("word/vbaProject.bin", b"x")],
                Err(FaultCode::DocumentActive),
            ),
            (vec![types, ("xl/workbook.xml", b"<w/>"), ("OFD.xml", b"")], Err(FaultCode::DocumentPolyglot)),
            (vec![("xl/workbook.xml", b"<w/>".as_slice())], Err(FaultCode::DocumentKind)),
            (vec![("a.txt", b"x".as_slice())], Err(FaultCode::DocumentKind)),
        ] {
            assert_eq!(inspect(&archive(&parts)), expected, "{parts:?}");
        }
    }

    #[test]
    fn a_bomb_a_tail_and_a_broken_archive_are_refused() {
        let bomb = archive(&[("OFD.xml", &vec![0; 30 * 1024 * 1024])]);
        assert_eq!(inspect(&bomb), Err(FaultCode::DocumentTooLarge));
        let good = archive(&[("OFD.xml", b"<ofd/>")]);
        let tail = [good.as_slice(), b"<script>"].concat();
        assert!(matches!(inspect(&tail), Err(FaultCode::DocumentPolyglot | FaultCode::DocumentDamaged)));
        assert_eq!(inspect(good.get(..good.len() - 30).unwrap()), Err(FaultCode::DocumentDamaged));
    }

    #[test]
    fn an_encrypted_office_file_is_told_from_an_old_one() {
        let name: Vec<u8> = "EncryptedPackage".encode_utf16().flat_map(u16::to_le_bytes).collect();
        let old = [0xD0, 0xCF, 0x11, 0xE0, 0xA1, 0xB1, 0x1A, 0xE1];
        assert_eq!(inspect(&[old.as_slice(), &name].concat()), Err(FaultCode::DocumentEncrypted));
        assert_eq!(inspect(&old), Err(FaultCode::DocumentKind));
    }
}
