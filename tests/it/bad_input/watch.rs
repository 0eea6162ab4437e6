//! What is faulty in a member, and what a refusal must look like: a coded problem in our own words, and nothing changed.

use crate::support::app::TestApp;
use crate::support::client::Response;
use serde_json::Value;

/// Words that only a library or a debugger says.
pub const FOREIGN: [&str; 14] = [
    "serde",
    "expected",
    "at line",
    "actix",
    "diesel",
    "column ",
    "panicked",
    "Error",
    "unwrap",
    "invalid type",
    "missing field",
    "utf8",
    "sqlite",
    "src/",
];

/// Faulty values of a member by its name, and how the codes of their faults may begin.
pub fn faulty(name: &str) -> (Vec<String>, &'static [&'static str]) {
    let (values, codes): (&[&str], &[&str]) = match name {
        "enterprise" | "uscc" => (
            &[
                "91110302XFXTR0033",
                "91110302XFXTR0033PP",
                "91110302xfxtr0033p",
                "91110302XFXTR0033Q",
                "91110302IFXTR0033P",
                "９１１１０３０２ＸＦＸＴＲ００３３Ｐ",
                "9111030AXFXTR0033P",
            ],
            &["uscc_"],
        ),
        "hs_code" => (
            &[
                "294150000",
                "29415000000",
                "2941.50.0000",
                "9841500000",
                "0041500000",
                "29415O0000",
                "２９４１５０００００",
            ],
            &["hs_code_"],
        ),
        "customs_office" => (&["101", "01010", "010A", "+101", "０１０１"], &["customs_office_"]),
        "declared_on" | "effective_on" | "valid_from" | "valid_to" | "until" => (
            &[
                "2026-02-30",
                "2026-13-01",
                "2026-00-10",
                "2026-8-12",
                "20260812",
                "2026/08/12",
                "0000-01-01",
                "9999-12-31",
                "1899-12-31",
                "2200-01-01",
                "-2026-08-12",
                "2026-08-12T00:00:00Z",
                "明天",
            ],
            &["date_"],
        ),
        "listing" => (
            &[
                "BJ-2026-000123-4",
                "BJ-2026-000123",
                "bj-2026-000123-3",
                "BJ2026000123-3",
                "BJ-2026-000123-*",
                "BJ-2026-0000000000000000000123-3",
            ],
            &["listing_number_"],
        ),
        "cas" => (&["101666-68-7", "101666686", "1-68-6", "101666-6-68", "99999999-99-9", "101666–68–6"], &["cas_"]),
        "ciq_code" => (&["99", "9999", "99A", "-99"], &["ciq_code_"]),
        "quantity" | "consignment_cap" => (
            &[
                "0",
                "0.00000",
                "-1",
                "+1",
                "1e3",
                "1,000",
                ".5",
                "5.",
                "01",
                "0.000001",
                "123456789012345",
                "NaN",
                "Infinity",
                "１",
                "0x10",
                "1 000",
            ],
            &["quantity_"],
        ),
        "used" => (&["-1", "1e3", "0.000001", "123456789012345", "one"], &["quantity_"]),
        "unit" => (&["35", "0035", "abc", "999", "克", "KGM"], &["unit_"]),
        "trade_mode" => (&["110", "01100", "0A10"], &["trade_mode_"]),
        "as_of_revision" => (
            &["0", "-1", "1.5", "01", "99999999999999999999999", "9223372036854775808", "newest"],
            &["number_out_of_range"],
        ),
        "number" => (
            &[
                "01012026101234567",
                "0101202610123456789",
                "010120260012345678",
                "010520261012345678",
                "01012026101234567A",
            ],
            &["declaration_number_"],
        ),
        "scheme" => (
            &["Beijing 2022", "beijing_2022", "-", "../beijing-2022", "BEIJING-2022", "' OR 1=1 --", "😀"],
            &["scheme_", "text_"],
        ),
        "district" => (&["11010", "1101088", "11010A"], &["district_code_"]),
        "customs_registration" => (&["111524", "1115249F0", "11152-9F03", "1115249f03"], &["customs_registration_"]),
        "purpose" => (&["临床前研究", "PRECLINICAL_ITEM", "marketing"], &["value_unknown"]),
        "kind" => (&["abolish", "ADD", "add "], &["value_unknown"]),
        "code" => (&["because", "TAKE_OVER"], &["reason_"]),
        "stop" => {
            (&["stp_1", "adj_0190a0000000700080000000000000aa", "stp_0190A0000000700080000000000000AA"], &["id_"])
        }
        "value" => (&["58-08-3", "2", "29415000001", "2941x"], &["cas_", "hs_code_", "value_"]),
        "name_zh" | "name_en" | "manufacturer" | "origin" | "specification" | "basis" | "note" | "batch" => {
            (&["a\u{7}b", "a\nb", "\u{7f}"], &["text_"])
        }
        other => panic!("nobody has said what is faulty in `{other}`"),
    };
    let mut values: Vec<String> = values.iter().map(|value| (*value).to_owned()).collect();
    let is_text = codes == ["text_"];
    values.extend(["", " ", "\u{0}"].map(str::to_owned));
    values.push(if is_text { "长".repeat(2001) } else { "9".repeat(5000) });
    // What is well formed and names no scheme is a matter of the rules.
    if !is_text && name != "scheme" {
        values.extend(["x", "null", "' OR 1=1 --", "../../etc/passwd", "😀", "\u{202e}1"].map(str::to_owned));
    }
    (values, codes)
}

pub fn fits(code: &str, codes: &[&str]) -> bool {
    code == "required"
        || code == "text_too_long"
        || code == "text_not_printable"
        || codes.iter().any(|fits| code.starts_with(fits))
}

/// What stands before and must stand after.
pub struct Watch<'a> {
    app: &'a TestApp,
    head: i64,
}

impl<'a> Watch<'a> {
    pub fn over(app: &'a TestApp) -> Self {
        Self { app, head: app.inside().head().unwrap().0 }
    }

    /// Judges a refusal and returns its faults as pointer and code.
    pub fn refused(&self, what: &str, response: &Response, status: u16) -> Vec<(String, String)> {
        let text = String::from_utf8_lossy(&response.body);
        let what: String = what.chars().take(300).collect();
        assert_eq!(response.status, status, "{what}: {text}");
        assert_eq!(response.header("content-type"), Some("application/problem+json"), "{what}: {text}");
        let problem = response.json();
        assert_eq!(problem["status"], status, "{what}");
        assert!(problem["type"].as_str().unwrap().starts_with("/problems/"), "{what}");
        assert_eq!(problem["request_id"].as_str(), response.header("x-request-id"), "{what}");
        assert!(response.header("x-request-id").is_some_and(|id| !id.is_empty()), "{what}");
        for word in FOREIGN {
            assert!(!text.contains(word), "{what}: `{word}` is not ours: {text}");
        }
        if let Some(revision) = response.header("whitelist-revision") {
            assert_eq!(revision, self.head.to_string(), "{what}");
        }
        let faults = problem["faults"].as_array().cloned().unwrap_or_default();
        let fault =
            |fault: &Value| (fault["pointer"].as_str().unwrap().to_owned(), fault["code"].as_str().unwrap().to_owned());
        faults.iter().map(fault).collect()
    }

    /// Judges a refusal that must name one member.
    pub fn named(&self, what: &str, response: &Response, pointer: &str, codes: &[&str]) {
        let faults = self.refused(what, response, 400);
        let found = faults.iter().any(|(given, code)| given == pointer && fits(code, codes));
        assert!(found, "{}: {pointer} {codes:?} is not among {faults:?}", what.chars().take(300).collect::<String>());
    }

    pub fn nothing_changed(self) {
        assert_eq!(self.app.inside().head().unwrap().0, self.head, "something was recorded");
        assert_eq!(self.app.client().send("GET", "/health/live", &[], b"").status, 200, "the service lives");
    }
}
