//! Files made to do harm: each is refused by name, and nothing changes.

use super::{CSV, IMPORT, XLSX, codes, send};
use crate::support::app::{Database, TestApp};
use std::io::{Cursor, Write as _};
use std::path::Path;
use std::process::Stdio;
use std::time::{Duration, Instant};
use whitelist::sheet::child;
use zip::write::{SimpleFileOptions, ZipWriter};

fn zipped(parts: &[(&str, &[u8])]) -> Vec<u8> {
    let mut zip = ZipWriter::new(Cursor::new(Vec::new()));
    for (name, bytes) in parts {
        zip.start_file(*name, SimpleFileOptions::default()).unwrap();
        zip.write_all(bytes).unwrap();
    }
    zip.finish().unwrap().into_inner()
}

/// A workbook of one sheet with this markup, and more parts.
fn workbook(sheet: &str, more: &[(&str, &[u8])]) -> Vec<u8> {
    const MAIN: &str = "http://schemas.openxmlformats.org/spreadsheetml/2006/main";
    const LINKS: &str = "http://schemas.openxmlformats.org/officeDocument/2006/relationships";
    const PACKAGE: &str = "http://schemas.openxmlformats.org/package/2006/relationships";
    let root = format!(
        r#"<Relationships xmlns="{PACKAGE}"><Relationship Id="rId1" Type="{LINKS}/officeDocument" Target="xl/workbook.xml"/></Relationships>"#
    );
    let book = format!(
        r#"<workbook xmlns="{MAIN}" xmlns:r="{LINKS}"><sheets><sheet name="名单" sheetId="1" r:id="rId1"/></sheets></workbook>"#
    );
    let links = format!(
        r#"<Relationships xmlns="{PACKAGE}"><Relationship Id="rId1" Type="{LINKS}/worksheet" Target="worksheets/sheet1.xml"/></Relationships>"#
    );
    let sheet = format!(r#"<worksheet xmlns="{MAIN}"><sheetData>{sheet}</sheetData></worksheet>"#);
    let mut parts: Vec<(&str, &[u8])> = vec![
        ("[Content_Types].xml", b"<Types/>"),
        ("_rels/.rels", root.as_bytes()),
        ("xl/workbook.xml", book.as_bytes()),
        ("xl/_rels/workbook.xml.rels", links.as_bytes()),
        ("xl/worksheets/sheet1.xml", sheet.as_bytes()),
    ];
    parts.extend_from_slice(more);
    zipped(&parts)
}

const HEADER: [&str; 7] = ["统一社会信用代码", "物品名称", "商品编号", "批准数量", "计量单位", "有效期起", "有效期止"];
const GOOD: [&str; 7] = ["91110114XFXTR005XC", "红霉素", "2941500000", "50", "克", "2026-09-01", "2027-08-31"];

fn row(number: u32, cells: &[&str]) -> String {
    let cell = |(place, text): (u8, &&str)| {
        format!(r#"<c r="{}{number}" t="inlineStr"><is><t>{text}</t></is></c>"#, char::from(b'A' + place))
    };
    format!(r#"<row r="{number}">{}</row>"#, (0..).zip(cells).map(cell).collect::<String>())
}

fn list(more: &str) -> String {
    format!("{}{}{more}", row(1, &HEADER), row(2, &GOOD))
}

fn compound(content: &str) -> Vec<u8> {
    let mut file = vec![0xD0, 0xCF, 0x11, 0xE0, 0xA1, 0xB1, 0x1A, 0xE1];
    file.resize(512, 0);
    file.extend(content.encode_utf16().flat_map(u16::to_le_bytes));
    file.resize(2048, 0);
    file
}

#[test]
fn hostile_files_are_refused_by_name_and_change_nothing() {
    let app = TestApp::start(Database::Sqlite);
    let before = app.inside().head().unwrap();
    let good = workbook(&list(""), &[]);
    let accepted = send(&app, &format!("{IMPORT}?dry_run=true"), XLSX, &good);
    assert_eq!(
        (accepted.status, accepted.json()["changes"].as_u64()),
        (201, Some(1)),
        "what is refused below differs from this by its hostility: {}",
        accepted.text()
    );

    let zeros = vec![0; 120 << 20];
    let entities = r#"<!DOCTYPE a [<!ENTITY b "bbbbbbbbbb"><!ENTITY c "&b;&b;&b;&b;&b;&b;&b;&b;"><!ENTITY d SYSTEM "file:///etc/passwd">]><sst><si><t>&c;&d;</t></si></sst>"#;
    let many: String = std::iter::once(HEADER.join(","))
        .chain(
            (0..20_001)
                .map(|number| format!("91110114XFXTR005XC,红霉素{number},2941500000,1,克,2026-09-01,2027-08-31")),
        )
        .collect::<Vec<_>>()
        .join("\n");
    let wide = format!(
        "{}\n",
        (0..65).map(|number| format!("列{number}")).chain(HEADER.map(str::to_owned)).collect::<Vec<_>>().join(",")
    );
    let link = r#"<Relationships xmlns="http://schemas.openxmlformats.org/package/2006/relationships"><Relationship Id="rId9" Type="http://schemas.openxmlformats.org/officeDocument/2006/relationships/externalLinkPath" Target="file:///etc/passwd" TargetMode="External"/></Relationships>"#;
    let files: Vec<(&str, &str, Vec<u8>, &str)> = vec![
        ("a zip bomb", XLSX, workbook(&list(""), &[("xl/media/a.bin", &zeros)]), "file_too_large"),
        (
            "a bomb of markup",
            XLSX,
            workbook(
                &list(""),
                &[("xl/sharedStrings.xml", &[b"<sst>".as_slice(), &zeros[..8 << 20], b"</sst>"].concat())],
            ),
            "file_too_large",
        ),
        (
            "two million rows",
            XLSX,
            workbook(&format!("{}{}", row(1, &HEADER), "<row><c/></row>".repeat(2_000_000)), &[]),
            "file_too_large",
        ),
        (
            "a cell in the last column of the last row",
            XLSX,
            workbook(&list(r#"<row r="1048576"><c r="XFD1048576" t="inlineStr"><is><t>x</t></is></c></row>"#), &[]),
            "too_many_columns",
        ),
        (
            "a formula",
            XLSX,
            workbook(
                &format!(
                    r#"{}<row r="3"><c r="A3" t="inlineStr"><is><t>91110114XFXTR005XC</t></is></c><c r="D3"><f>HYPERLINK("http://example.org")</f><v>5</v></c></row>"#,
                    list("")
                ),
                &[],
            ),
            "cell_formula",
        ),
        (
            "an external link",
            XLSX,
            workbook(&list(""), &[("xl/externalLinks/externalLink1.xml", b"<externalLink/>")]),
            "file_external_link",
        ),
        (
            "a relationship out of the file",
            XLSX,
            workbook(&list(""), &[("xl/worksheets/_rels/sheet1.xml.rels", link.as_bytes())]),
            "file_external_link",
        ),
        ("entities", XLSX, workbook(&list(""), &[("xl/sharedStrings.xml", entities.as_bytes())]), "file_unreadable"),
        ("a password", XLSX, compound("EncryptedPackage"), "file_encrypted"),
        ("a workbook of old", XLSX, compound("Workbook"), "file_not_a_spreadsheet"),
        ("half a workbook", XLSX, good[..good.len() / 2].to_vec(), "file_unreadable"),
        (
            "a document",
            XLSX,
            zipped(&[("[Content_Types].xml", b"<Types/>"), ("word/document.xml", b"<document/>")]),
            "file_not_a_spreadsheet",
        ),
        ("an empty archive", XLSX, zipped(&[]), "file_not_a_spreadsheet"),
        ("a picture", XLSX, b"\x89PNG\r\n\x1a\n\0\0\0\rIHDR".to_vec(), "file_not_a_spreadsheet"),
        ("a picture called csv", CSV, b"\x89PNG\r\n\x1a\n\0\0\0\rIHDR".to_vec(), "file_not_a_spreadsheet"),
        ("nothing", XLSX, Vec::new(), "header_missing"),
        ("nothing called csv", CSV, Vec::new(), "header_missing"),
        ("a poem", CSV, "床前明月光\n疑是地上霜\n".as_bytes().to_vec(), "header_missing"),
        ("20,001 rows", CSV, many.into_bytes(), "too_many_rows"),
        ("72 columns", CSV, wide.into_bytes(), "too_many_columns"),
        (
            "a formula in csv",
            CSV,
            format!("{}\n91110114XFXTR005XC,红霉素,2941500000,=1+1,克,2026-09-01,2027-08-31\n", HEADER.join(","))
                .into_bytes(),
            "quantity_format",
        ),
    ];
    for (what, kind, bytes, code) in files {
        for dry_run in ["", "?dry_run=true"] {
            let refused = send(&app, &format!("{IMPORT}{dry_run}"), kind, &bytes);
            assert_eq!(refused.status, 422, "{what}: {:.600}", refused.text());
            let found = codes(&refused);
            assert!(found.iter().any(|found| found == code), "{what}: {code} is not among {found:?}");
            for word in ["calamine", "quick", "zip", "serde", "Error", "panicked", "/etc/passwd"] {
                assert!(!refused.text().contains(word), "{what}: {:.600}", refused.text());
            }
        }
    }
    for (what, kind) in
        [("11 MiB", XLSX), ("11 MiB of csv", CSV), ("11 MiB in a form", "multipart/form-data; boundary=b")]
    {
        let refused = send(&app, IMPORT, kind, &vec![b'a'; 11 << 20]);
        assert_eq!(
            (refused.status, refused.json()["type"].as_str()),
            (413, Some("/problems/payload-too-large")),
            "{what}"
        );
    }
    for kind in [
        "application/json",
        "application/octet-stream",
        "application/vnd.ms-excel",
        "text/plain",
        "",
        "text/csv; charset=gbk",
    ] {
        let refused = send(&app, IMPORT, kind, &good);
        assert_eq!(
            (refused.status, refused.json()["type"].as_str()),
            (415, Some("/problems/unsupported-media-type")),
            "{kind:?}"
        );
    }
    assert_eq!(send(&app, IMPORT, CSV, &good).status, 415, "a workbook that calls itself csv");
    for query in ["dry_run=yes", "dry_run=", "scheme=", "more=1", "dry_run=true&dry_run=true", "scheme=%00"] {
        assert_eq!(send(&app, &format!("{IMPORT}?{query}"), XLSX, &good).status, 400, "{query}");
    }
    assert_eq!(send(&app, &format!("{IMPORT}?scheme=nowhere-1999"), XLSX, &good).status, 422);
    assert_eq!(app.inside().head().unwrap(), before, "nothing was recorded");
    assert_eq!(app.client().send("GET", "/health/ready", &[], b"").status, 200, "the service lives");
}

/// A figure of `/proc/<child>/<file>` in bytes; none while it is not said.
fn said(child: u32, file: &str, line: &str, unit: u64) -> Option<u64> {
    let text = std::fs::read_to_string(format!("/proc/{child}/{file}")).unwrap();
    let rest = text.lines().find_map(|found| found.strip_prefix(line))?;
    rest.split_whitespace().next()?.parse::<u64>().ok().map(|figure| figure * unit)
}

#[test]
fn a_reader_has_most_of_its_memory_left_when_it_is_confined() {
    let program = Path::new(env!("CARGO_BIN_EXE_whitelist"));
    let mut child = child(program).stdin(Stdio::piped()).stdout(Stdio::null()).spawn().unwrap();
    let deadline = Instant::now() + Duration::from_secs(60);
    // It waits for its file, and confines itself before.
    let allowed = loop {
        match said(child.id(), "limits", "Max address space", 1) {
            Some(allowed) => break allowed,
            None => assert!(Instant::now() < deadline, "the reader is not confined"),
        }
        std::thread::yield_now();
    };
    let reserved = said(child.id(), "status", "VmSize:", 1024).unwrap();
    child.kill().unwrap();
    child.wait().unwrap();
    assert!(reserved <= allowed / 2, "{reserved} of {allowed} bytes are gone before the first byte of a file");
}
