//! The look at a workbook before any library trusts what it says of itself: sizes while inflating, because headers
//! lie, and the few pieces of markup with which a small file makes a reader allocate or reach out. It reads no
//! cells. Invariant: a file that passes has bounded parts, no document type, no foreign entity, no link to other
//! files, and counts that a reader may believe.

use std::cell::Cell;
use std::io::{self, BufReader, Cursor, Read};

use quick_xml::Reader;
use quick_xml::events::{BytesStart, Event};
use zip::ZipArchive;

use super::Limits;
use crate::domain::fault::FaultCode;

/// Refuses a workbook that would cost too much or reaches out of itself.
///
/// # Errors
/// `file_unreadable`, `file_too_large`, `file_encrypted`, `file_external_link`, `file_not_a_spreadsheet`.
pub(super) fn check(bytes: &[u8], limits: &Limits) -> Result<(), FaultCode> {
    let mut archive = ZipArchive::new(Cursor::new(bytes)).map_err(|_| FaultCode::FileUnreadable)?;
    if archive.len() > limits.zip_entries {
        return Err(FaultCode::FileTooLarge);
    }
    let mut unpacked = 0;
    let mut has_workbook = false;
    for index in 0..archive.len() {
        if archive.by_index_raw(index).is_ok_and(|part| part.encrypted()) {
            return Err(FaultCode::FileEncrypted);
        }
        let part = archive.by_index(index).map_err(|_| FaultCode::FileUnreadable)?;
        let name = String::from_utf8_lossy(part.name_raw()).to_ascii_lowercase();
        if name.starts_with("xl/externallinks/") || name == "xl/connections.xml" {
            return Err(FaultCode::FileExternalLink);
        }
        let meter = Meter {
            inflated: Cell::new(0),
            since_markup: Cell::new(0),
            most: limits.unpacked_bytes.saturating_sub(unpacked),
            most_by_ratio: part.compressed_size().saturating_mul(limits.ratio).max(limits.ratio_free_bytes),
            most_markup: limits.markup_bytes,
            refused: Cell::new(false),
        };
        let metered = Metered { part, meter: &meter };
        let is_markup = [".xml", ".rels", ".vml"].iter().any(|ending| name.ends_with(ending));
        let found = if is_markup {
            check_markup(metered, &meter, limits).map(|root_is_workbook| has_workbook |= root_is_workbook)
        } else {
            skim(metered, &meter)
        };
        // An inflater that is stopped reports damage; the reason for the stop is the truth.
        if meter.refused.get() {
            return Err(FaultCode::FileTooLarge);
        }
        found?;
        unpacked = unpacked.saturating_add(meter.inflated.get());
    }
    if has_workbook { Ok(()) } else { Err(FaultCode::FileNotASpreadsheet) }
}

/// Counts what comes out of a part and stops it at its bounds.
struct Meter {
    inflated: Cell<u64>,
    since_markup: Cell<u64>,
    most: u64,
    most_by_ratio: u64,
    most_markup: u64,
    refused: Cell<bool>,
}

struct Metered<'m, R> {
    part: R,
    meter: &'m Meter,
}

impl<R: Read> Read for Metered<'_, R> {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        let read = self.part.read(buffer)?;
        let grown = |counter: &Cell<u64>| {
            counter.set(counter.get().saturating_add(u64::try_from(read).unwrap_or(u64::MAX)));
            counter.get()
        };
        let meter = self.meter;
        let inflated = grown(&meter.inflated);
        if inflated > meter.most.min(meter.most_by_ratio) || grown(&meter.since_markup) > meter.most_markup {
            meter.refused.set(true);
            return Err(io::Error::other("the part is too large"));
        }
        Ok(read)
    }
}

/// Inflates a part that is not markup, for its size only.
fn skim<R: Read>(mut part: Metered<'_, R>, meter: &Meter) -> Result<(), FaultCode> {
    let mut buffer = vec![0; 64 * 1024];
    loop {
        meter.since_markup.set(0);
        match part.read(&mut buffer) {
            Ok(0) => return Ok(()),
            Ok(_) => {}
            Err(_) => return Err(FaultCode::FileUnreadable),
        }
    }
}

/// Walks through the markup of a part with the settings of the reader that comes after, so that both see the same;
/// answers whether the part is a workbook.
fn check_markup<R: Read>(part: Metered<'_, R>, meter: &Meter, limits: &Limits) -> Result<bool, FaultCode> {
    let mut reader = Reader::from_reader(BufReader::new(part));
    let config = reader.config_mut();
    config.check_end_names = false;
    config.check_comments = false;
    config.expand_empty_elements = true;
    let mut buffer = Vec::new();
    let mut root: Option<bool> = None;
    let mut entries = 0_u64;
    loop {
        buffer.clear();
        meter.since_markup.set(0);
        match reader.read_event_into(&mut buffer).map_err(|_| FaultCode::FileUnreadable)? {
            Event::Start(element) | Event::Empty(element) => {
                match element.local_name().as_ref() {
                    "sst" => check_shared_strings(&element, limits)?,
                    // Shared strings and cell formats are all kept in memory.
                    "si" | "xf" => entries = entries.saturating_add(1),
                    "Relationship" => check_relationship(&element)?,
                    _ => {}
                }
                root.get_or_insert(element.local_name().as_ref() == "workbook");
            }
            Event::GeneralRef(entity) => {
                let predefined = ["amp", "lt", "gt", "quot", "apos"].contains(&entity.as_ref());
                if !predefined && !entity.is_char_ref() {
                    return Err(FaultCode::FileUnreadable);
                }
            }
            Event::DocType(_) => return Err(FaultCode::FileUnreadable),
            Event::Eof => break,
            Event::End(_) | Event::Text(_) | Event::CData(_) | Event::Comment(_) | Event::Decl(_) | Event::PI(_) => {}
        }
        if entries > limits.table_entries {
            return Err(FaultCode::FileTooLarge);
        }
    }
    Ok(root == Some(true))
}

/// A reader makes room for as many shared strings as the table announces.
fn check_shared_strings(table: &BytesStart<'_>, limits: &Limits) -> Result<(), FaultCode> {
    for attribute in table.attributes().with_checks(false) {
        let attribute = attribute.map_err(|_| FaultCode::FileUnreadable)?;
        if attribute.key.local_name().as_ref() == "uniqueCount" {
            let announced: u64 = attribute.value.trim().parse().map_err(|_| FaultCode::FileUnreadable)?;
            if announced > limits.table_entries {
                return Err(FaultCode::FileTooLarge);
            }
        }
    }
    Ok(())
}

/// A workbook may point out of itself by hyperlinks, which are only text until somebody follows them; anything else
/// (linked workbooks, images, templates, objects) is refused.
fn check_relationship(relationship: &BytesStart<'_>) -> Result<(), FaultCode> {
    let (mut external, mut hyperlink) = (false, false);
    for attribute in relationship.attributes().with_checks(false) {
        let attribute = attribute.map_err(|_| FaultCode::FileUnreadable)?;
        match attribute.key.local_name().as_ref() {
            "TargetMode" => external = attribute.value.trim().eq_ignore_ascii_case("external"),
            "Type" => hyperlink = attribute.value.trim().ends_with("/hyperlink"),
            _ => {}
        }
    }
    if external && !hyperlink { Err(FaultCode::FileExternalLink) } else { Ok(()) }
}

#[cfg(test)]
pub(super) mod tests {
    use std::io::Write;

    use zip::write::{SimpleFileOptions, ZipWriter};

    use super::*;

    pub(in crate::sheet) const ROOT_RELS: &str = r#"<Relationships xmlns="http://schemas.openxmlformats.org/package/2006/relationships"><Relationship Id="rId1" Type="http://schemas.openxmlformats.org/officeDocument/2006/relationships/officeDocument" Target="xl/workbook.xml"/></Relationships>"#;
    pub(in crate::sheet) const WORKBOOK: &str = r#"<workbook xmlns="http://schemas.openxmlformats.org/spreadsheetml/2006/main" xmlns:r="http://schemas.openxmlformats.org/officeDocument/2006/relationships"><sheets><sheet name="名单" sheetId="1" r:id="rId1"/></sheets></workbook>"#;
    pub(in crate::sheet) const WORKBOOK_RELS: &str = r#"<Relationships xmlns="http://schemas.openxmlformats.org/package/2006/relationships"><Relationship Id="rId1" Type="http://schemas.openxmlformats.org/officeDocument/2006/relationships/worksheet" Target="worksheets/sheet1.xml"/></Relationships>"#;

    /// Packs parts into an archive.
    pub(in crate::sheet) fn zipped(parts: &[(&str, &[u8])]) -> Vec<u8> {
        let mut zip = ZipWriter::new(Cursor::new(Vec::new()));
        for (name, bytes) in parts {
            zip.start_file(*name, SimpleFileOptions::default()).unwrap();
            zip.write_all(bytes).unwrap();
        }
        zip.finish().unwrap().into_inner()
    }

    /// Makes a workbook of one sheet with this data, and more parts.
    pub(in crate::sheet) fn workbook_with(sheet_data: &str, more: &[(&str, &[u8])]) -> Vec<u8> {
        let sheet = format!(
            r#"<worksheet xmlns="http://schemas.openxmlformats.org/spreadsheetml/2006/main">{sheet_data}</worksheet>"#
        );
        let mut parts: Vec<(&str, &[u8])> = vec![
            ("[Content_Types].xml", b"<Types/>"),
            ("_rels/.rels", ROOT_RELS.as_bytes()),
            ("xl/workbook.xml", WORKBOOK.as_bytes()),
            ("xl/_rels/workbook.xml.rels", WORKBOOK_RELS.as_bytes()),
            ("xl/worksheets/sheet1.xml", sheet.as_bytes()),
        ];
        parts.retain(|(name, _)| more.iter().all(|(other, _)| other != name));
        parts.extend_from_slice(more);
        zipped(&parts)
    }

    fn code_of(parts: &[(&str, &[u8])]) -> Result<(), FaultCode> {
        check(&workbook_with("<sheetData/>", parts), &Limits::STANDARD)
    }

    #[test]
    fn a_plain_workbook_passes() {
        assert_eq!(code_of(&[]), Ok(()));
        let text = "<a>&amp;&lt;&#20013;&#x4e2d;</a>";
        assert_eq!(code_of(&[("xl/a.xml", text.as_bytes())]), Ok(()));
    }

    #[test]
    fn what_is_not_a_workbook_is_told_from_what_is_damaged() {
        let document = zipped(&[("[Content_Types].xml", b"<Types/>"), ("word/document.xml", b"<document/>")]);
        assert_eq!(check(&document, &Limits::STANDARD), Err(FaultCode::FileNotASpreadsheet));
        let whole = workbook_with("<sheetData/>", &[]);
        for length in [2, 30, 200, whole.len() / 2, whole.len() - 1] {
            assert_eq!(check(&whole[..length], &Limits::STANDARD), Err(FaultCode::FileUnreadable), "{length}");
        }
    }

    #[test]
    fn announced_and_real_counts_of_table_entries_are_bounded() {
        for count in ["4000000000", "200001", "99999999999999999999999"] {
            let table = format!(r#"<sst uniqueCount="{count}"><si><t>a</t></si></sst>"#);
            let answer = code_of(&[("xl/sharedStrings.xml", table.as_bytes())]);
            assert!(matches!(answer, Err(FaultCode::FileTooLarge | FaultCode::FileUnreadable)), "{count}");
        }
        let table: String = (0..200_001).fold("<sst>".to_owned(), |table, n| table + &format!("<si><t>{n:x}</t></si>"));
        assert_eq!(code_of(&[("xl/sharedStrings.xml", table.as_bytes())]), Err(FaultCode::FileTooLarge));
        let formats: String =
            (0..200_001).fold("<cellXfs>".to_owned(), |table, n| table + &format!("<xf numFmtId=\"{n}\"/>"));
        assert_eq!(code_of(&[("xl/styles.xml", formats.as_bytes())]), Err(FaultCode::FileTooLarge));
    }

    #[test]
    fn bombs_stop_at_ratio_size_number_and_length_of_markup() {
        let zeros = vec![b'0'; 8 << 20];
        assert_eq!(code_of(&[("xl/media/a.bin", &zeros)]), Err(FaultCode::FileTooLarge));
        let long = [
            b"<a>".as_slice(),
            &(0..700_000_u32).flat_map(|n| n.to_string().into_bytes()).collect::<Vec<_>>(),
            b"</a>",
        ]
        .concat();
        assert_eq!(code_of(&[("xl/a.xml", &long)]), Err(FaultCode::FileTooLarge));
        let names: Vec<String> = (0..200).map(|n| format!("xl/{n}.bin")).collect();
        let many: Vec<(&str, &[u8])> = names.iter().map(|name| (name.as_str(), b"".as_slice())).collect();
        assert_eq!(code_of(&many), Err(FaultCode::FileTooLarge));
        let small = Limits { unpacked_bytes: 1_000, ..Limits::STANDARD };
        let file = workbook_with("<sheetData/>", &[("xl/a.bin", &[7; 900])]);
        assert_eq!(check(&file, &small), Err(FaultCode::FileTooLarge));
    }

    #[test]
    fn document_types_and_foreign_entities_are_refused() {
        let bomb = r#"<!DOCTYPE a [<!ENTITY b "bb"><!ENTITY c SYSTEM "file:///etc/passwd">]><a>&b;&c;</a>"#;
        assert_eq!(code_of(&[("xl/sharedStrings.xml", bomb.as_bytes())]), Err(FaultCode::FileUnreadable));
        assert_eq!(code_of(&[("xl/a.xml", b"<a>&b;</a>")]), Err(FaultCode::FileUnreadable));
    }

    #[test]
    fn links_to_other_files_are_refused_and_hyperlinks_are_not() {
        let rels = |kind: &str| {
            format!(
                r#"<Relationships><Relationship Id="r" Type="http://x/{kind}" Target="http://e.org" TargetMode="External"/></Relationships>"#
            )
        };
        let answer = |kind: &str| code_of(&[("xl/worksheets/_rels/sheet1.xml.rels", rels(kind).as_bytes())]);
        assert_eq!(answer("hyperlink"), Ok(()));
        for kind in ["image", "externalLinkPath", "oleObject", "attachedTemplate"] {
            assert_eq!(answer(kind), Err(FaultCode::FileExternalLink), "{kind}");
        }
        for name in ["xl/externalLinks/externalLink1.xml", "xl/connections.xml"] {
            assert_eq!(code_of(&[(name, b"<a/>")]), Err(FaultCode::FileExternalLink), "{name}");
        }
    }

    #[test]
    fn a_part_with_a_password_is_an_encrypted_file() {
        // Bit 0 of the general purpose flags, in the local header and in the central directory.
        let mut file = workbook_with("<sheetData/>", &[]);
        let central = file.windows(4).position(|window| window == b"PK\x01\x02").unwrap();
        file[6] |= 1;
        file[central + 8] |= 1;
        assert_eq!(check(&file, &Limits::STANDARD), Err(FaultCode::FileEncrypted));
    }
}
