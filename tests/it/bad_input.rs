//! Bad input of every kind: a coded 4xx that says where and what, in our own words, and nothing changes.

use crate::support::app::{Actor, Database, TestApp, Tuning};
use crate::support::client::Response;
use crate::support::on_both;
use serde_json::{Value, json};
use std::io::{Read as _, Write as _};
use std::net::{Shutdown, TcpStream};
use std::time::Duration;
use whitelist::http::limits::LimitSettings;

const QUERY: [(&str, &str); 11] = [
    ("enterprise", "91110302XFXTR0033P"),
    ("hs_code", "2941500000"),
    ("customs_office", "0101"),
    ("declared_on", "2026-08-12"),
    ("listing", "BJ-2026-000123-3"),
    ("cas", "101666-68-6"),
    ("ciq_code", "999"),
    ("quantity", "0.0008"),
    ("unit", "035"),
    ("trade_mode", "0110"),
    ("as_of_revision", "1"),
];

/// Words that only a library or a debugger says.
const FOREIGN: [&str; 14] = [
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
fn faulty(name: &str) -> (Vec<String>, &'static [&'static str]) {
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

fn fits(code: &str, codes: &[&str]) -> bool {
    code == "required"
        || code == "text_too_long"
        || code == "text_not_printable"
        || codes.iter().any(|fits| code.starts_with(fits))
}

/// What stands before and must stand after.
struct Watch<'a> {
    app: &'a TestApp,
    head: i64,
}

impl<'a> Watch<'a> {
    fn over(app: &'a TestApp) -> Self {
        Self { app, head: app.inside().head().unwrap().0 }
    }

    /// Judges a refusal and returns its faults as pointer and code.
    fn refused(&self, what: &str, response: &Response, status: u16) -> Vec<(String, String)> {
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
    fn named(&self, what: &str, response: &Response, pointer: &str, codes: &[&str]) {
        let faults = self.refused(what, response, 400);
        let found = faults.iter().any(|(given, code)| given == pointer && fits(code, codes));
        assert!(found, "{}: {pointer} {codes:?} is not among {faults:?}", what.chars().take(300).collect::<String>());
    }

    fn nothing_changed(self) {
        assert_eq!(self.app.inside().head().unwrap().0, self.head, "something was recorded");
        assert_eq!(self.app.client().send("GET", "/health/live", &[], b"").status, 200, "the service lives");
    }
}

fn encoded(pairs: &[(&str, String)]) -> String {
    url::form_urlencoded::Serializer::new(String::new()).extend_pairs(pairs).finish()
}

on_both! {
    fn every_parameter_of_a_lookup_faulty_in_every_way(app) {
        let watch = Watch::over(app);
        let customs = app.customs();
        let good = QUERY.map(|(name, value)| (name, value.to_owned()));
        let answer = customs.get(&format!("/v1/lookup?{}", encoded(&good)));
        assert_eq!(answer.status, 200, "{}", answer.text());
        for (place, (name, _)) in QUERY.iter().enumerate() {
            let (values, codes) = faulty(name);
            for value in values {
                let mut pairs = good.clone();
                pairs[place].1.clone_from(&value);
                let query = encoded(&pairs);
                // Longer than a request line may be: refused as such elsewhere.
                watch.named(&query, &customs.get(&format!("/v1/lookup?{query}")), &format!("/{name}"), codes);
            }
            let mut without = good.to_vec();
            without.remove(place);
            let response = customs.get(&format!("/v1/lookup?{}", encoded(&without)));
            match *name {
                "enterprise" | "hs_code" | "customs_office" => watch.named(name, &response, &format!("/{name}"), &["required"]),
                "quantity" => watch.named(name, &response, "/quantity", &["quantity_missing"]),
                "unit" => watch.named(name, &response, "/unit", &["unit_missing"]),
                _ => assert_eq!(response.status, 200, "{name} may be left out: {}", response.text()),
            }
            let mut twice = good.to_vec();
            twice.push(good[place].clone());
            watch.refused(name, &customs.get(&format!("/v1/lookup?{}", encoded(&twice))), 400);
        }
        let good = encoded(&good);
        watch.named("unknown", &customs.get(&format!("/v1/lookup?{good}&verdict=allowed")), "/verdict", &["unknown_member"]);
        watch.named("unknown", &customs.get(&format!("/v1/lookup?{good}&Enterprise=x")), "/Enterprise", &["unknown_member"]);
        for broken in ["&cas=%zz", "&%", "&cas=%e4%b8", "&%00=1", "&=1"] {
            watch.refused(broken, &customs.get(&format!("/v1/lookup?{good}{broken}")), 400);
        }
        let all = customs.get("/v1/lookup?enterprise=x&hs_code=x&customs_office=x&declared_on=x&listing=x&cas=x&ciq_code=x&quantity=x&unit=x&trade_mode=x&as_of_revision=x&more=x");
        assert_eq!(watch.refused("all", &all, 400).len(), 12, "all faults at once: {}", all.text());
        watch.nothing_changed();
    }
}

/// Pointers to every member below a value, the containers included.
fn members(value: &Value, pointer: &str, found: &mut Vec<String>) {
    let below: Vec<(String, &Value)> = match value {
        Value::Object(members) => members.iter().map(|(name, value)| (name.clone(), value)).collect(),
        Value::Array(items) => items.iter().enumerate().map(|(place, value)| (place.to_string(), value)).collect(),
        _ => return,
    };
    for (name, value) in below {
        let pointer = format!("{pointer}/{name}");
        members(value, &pointer, found);
        found.push(pointer);
    }
}

fn name_of(pointer: &str) -> &str {
    let mut steps = pointer.rsplit('/');
    match (steps.next().unwrap(), steps.next()) {
        // An item of a list of offices has the form of an office.
        (number, Some("customs_offices")) if number.parse::<u32>().is_ok() => "customs_office",
        (name, _) => name,
    }
}

/// Spoils every member of a body in every way and judges what becomes of it.
fn spoil_every_member(watch: &Watch<'_>, actor: &Actor, path: &str, good: &Value, optional: &[&str]) {
    let mut pointers = Vec::new();
    members(good, "", &mut pointers);
    let with = |pointer: &str, value: Value| {
        let mut body = good.clone();
        *body.pointer_mut(pointer).unwrap() = value;
        body
    };
    for pointer in &pointers {
        let (parent, name) = pointer.rsplit_once('/').unwrap();
        let value = good.pointer(pointer).unwrap();
        // Every member in the wrong type.
        for wrong in [
            json!(1),
            json!(true),
            json!("x"),
            json!([]),
            json!([1]),
            json!({}),
            json!(1e300),
            json!(-1),
            json!({ "a": { "b": [null] } }),
        ] {
            let same = wrong.is_string() && value.is_string()
                || wrong.is_number() && value.is_number()
                || wrong.is_object() && value.is_object();
            if same || wrong.is_array() && value.is_array() {
                continue;
            }
            let faults =
                watch.refused(&format!("{pointer} = {wrong}"), &actor.post(path, &with(pointer, wrong.clone())), 400);
            assert!(
                faults.iter().any(|(given, _)| given.starts_with(pointer.as_str())),
                "{pointer} = {wrong}: {faults:?}"
            );
        }
        if let Value::String(_) = value {
            let (values, codes) = faulty(name_of(pointer));
            for value in values {
                watch.named(
                    &format!("{pointer} = {value:?}"),
                    &actor.post(path, &with(pointer, json!(value))),
                    pointer,
                    codes,
                );
            }
        }
        if value.is_array() {
            watch.named(pointer, &actor.post(path, &with(pointer, json!([]))), pointer, &["no_lines", "required"]);
        }
        // Every object with a member too many.
        if value.is_object() {
            let mut body = good.clone();
            body.pointer_mut(pointer).unwrap()["surprise"] = json!(null);
            watch.named(pointer, &actor.post(path, &body), &format!("{pointer}/surprise"), &["unknown_member"]);
        }
        // Every required member left out, or null.
        if name.parse::<u32>().is_err() && !optional.contains(&name) {
            let mut body = good.clone();
            let holder = if parent.is_empty() { &mut body } else { body.pointer_mut(parent).unwrap() };
            holder.as_object_mut().unwrap().remove(name);
            watch.named(
                &format!("without {pointer}"),
                &actor.post(path, &body),
                pointer,
                &["required", "unit_missing", "quantity_missing"],
            );
            watch.named(
                &format!("{pointer} = null"),
                &actor.post(path, &with(pointer, Value::Null)),
                pointer,
                &["required", "unit_missing", "quantity_missing", "wrong_type"],
            );
        }
    }
    let mut body = good.clone();
    body["surprise"] = json!(1);
    watch.named("surprise", &actor.post(path, &body), "/surprise", &["unknown_member"]);
}

fn declaration() -> Value {
    json!({
        "declaration": { "number": "010120261012345678", "customs_office": "0101", "declared_on": "2026-08-12", "trade_mode": "0110" },
        "lines": [{
            "line": 1, "enterprise": "91110302XFXTR0033P", "hs_code": "2941500000", "ciq_code": "999", "listing": "BJ-2026-000123-3",
            "cas": "101666-68-6", "quantity": "0.0008", "unit": "035"
        }]
    })
}

on_both! {
    fn every_member_of_a_declaration_faulty_in_every_way(app) {
        let watch = Watch::over(app);
        let applicant = app.actor(whitelist::domain::actor::Role::EnterpriseApplicant, "91110302XFXTR0033P", "applicant");
        let optional = ["number", "declared_on", "trade_mode", "ciq_code", "listing", "cas"];
        for (actor, path) in [(app.customs(), "/v1/lookups"), (applicant, "/v1/lookups/dry-run")] {
            let good = actor.post(path, &declaration());
            assert_eq!(good.status, 200, "{}", good.text());
            spoil_every_member(&watch, &actor, path, &declaration(), &optional);
            let line = |line: &str| {
                let text = declaration().to_string().replace("\"line\":1", &format!("\"line\":{line}"));
                actor.send("POST", path, &[("Content-Type", "application/json")], text.as_bytes())
            };
            for number in ["0", "10000", "-1", "1.5", "65537", "4294967297", "99999999999999999999999999", "-0.5"] {
                watch.named(number, &line(number), "/lines/0/line", &["line_out_of_range", "wrong_type"]);
            }
            for number in ["1e999999", "1e400", "-1e400"] {
                watch.refused(number, &line(number), 400);
            }
            let one = declaration()["lines"][0].clone();
            let of = |lines: Vec<Value>| { let mut body = declaration(); body["lines"] = json!(lines); actor.post(path, &body) };
            watch.named("doubled", &of(vec![one.clone(), one.clone()]), "/lines/1/line", &["duplicate_line"]);
            let numbered = |count: u32| (1..=count).map(|number| { let mut line = one.clone(); line["line"] = json!(number); line }).collect::<Vec<_>>();
            assert_eq!(of(numbered(200)).status, 200);
            watch.named("201 lines", &of(numbered(201)), "/lines", &["too_many_lines"]);
            let mut other = declaration();
            other["declaration"]["customs_office"] = json!("0105");
            watch.named("other office", &actor.post(path, &other), "/declaration/number", &["declaration_number_other_office"]);
            let everything = json!({ "declaration": { "number": "1", "customs_office": "1", "declared_on": "1", "trade_mode": "1" }, "lines": [{ "line": 0, "enterprise": "1", "hs_code": "1", "ciq_code": "1", "listing": "1", "cas": "1", "quantity": "x", "unit": "1" }, 7] });
            assert_eq!(watch.refused("everything", &actor.post(path, &everything), 400).len(), 13, "all faults at once");
        }
        watch.nothing_changed();
    }
}

fn changes() -> Vec<Value> {
    let reason = json!({ "code": "other", "basis": "依据" });
    let on_listing = |kind: &str| json!({ "kind": kind, "listing": "BJ-2026-000123-3", "effective_on": "2026-08-12", "reason": reason });
    let on_enterprise = |kind: &str| json!({ "kind": kind, "enterprise": "91110302XFXTR0033P", "effective_on": "2026-08-12", "reason": reason });
    let item = json!({ "name_zh": "肝素钠", "name_en": "Heparin", "cas": "9041-08-1", "hs_code": "3001901000", "ciq_code": "999", "specification": "1 g", "purpose": "excipient", "manufacturer": "M", "origin": "USA" });
    let mut set = item.clone();
    for (name, value) in [
        ("quantity", "5"),
        ("unit", "036"),
        ("consignment_cap", "1"),
        ("valid_from", "2026-09-01"),
        ("valid_to", "2027-08-31"),
        ("note", "注"),
    ] {
        set[name] = json!(value);
    }
    set["customs_offices"] = json!(["0101"]);
    let mut bar = on_enterprise("bar_enterprise");
    bar["until"] = json!("2027-08-12");
    let mut vary = on_listing("vary");
    vary["set"] = set;
    vec![
        json!({ "kind": "register_enterprise", "uscc": "91110302XFXTR0033P", "name_zh": "企业", "name_en": "E", "district": "110302", "customs_registration": "1115249F03", "effective_on": "2026-08-12", "reason": reason }),
        json!({ "kind": "add", "enterprise": "91110302XFXTR0033P", "item": item, "quantity": "5", "unit": "036", "valid_from": "2026-09-01", "valid_to": "2027-08-31", "customs_offices": ["0101"], "consignment_cap": "1", "used": "0", "batch": "2026-08", "note": "注", "reason": reason }),
        vary,
        json!({ "kind": "extend", "listing": "BJ-2026-000123-3", "valid_to": "2028-08-31", "effective_on": "2026-08-12", "reason": reason }),
        on_listing("suspend"),
        on_listing("reinstate"),
        on_listing("remove"),
        on_enterprise("suspend_enterprise"),
        on_enterprise("reinstate_enterprise"),
        bar,
        on_enterprise("lift_bar"),
        json!({ "kind": "stop_item_class", "class": { "kind": "cas", "value": "9041-08-1" }, "effective_on": "2026-08-12", "reason": reason }),
        json!({ "kind": "lift_stop", "stop": "stp_0190a0000000700080000000000000aa", "effective_on": "2026-08-12", "reason": reason }),
    ]
}

#[test]
fn every_member_of_every_change_faulty_in_every_way() {
    let app = TestApp::start(Database::Sqlite);
    let watch = Watch::over(&app);
    let officer = app.officer();
    let optional_everywhere = [
        "note",
        "name_en",
        "cas",
        "ciq_code",
        "specification",
        "purpose",
        "manufacturer",
        "origin",
        "customs_offices",
        "consignment_cap",
        "used",
        "batch",
        "basis",
        "customs_registration",
    ];
    for change in changes() {
        let kind = change["kind"].as_str().unwrap().to_owned();
        let mut optional = optional_everywhere.to_vec();
        match kind.as_str() {
            "register_enterprise" | "extend" => optional.push("effective_on"),
            "vary" => optional.extend(["quantity", "unit", "hs_code", "valid_from", "valid_to", "name_zh"]),
            _ => {}
        }
        let body = json!({ "scheme": "beijing-2022", "changes": [change], "note": "备注" });
        // A faulty member before it hides no fault, so that a body may be judged without being carried out.
        spoil_every_member(&watch, &officer, "/v1/adjustments", &body, &optional);
    }
    let change =
        |change: Value| officer.post("/v1/adjustments", &json!({ "scheme": "beijing-2022", "changes": [change] }));
    let [mut add, mut vary] = [changes()[1].clone(), changes()[2].clone()];
    add["valid_to"] = json!("2026-08-31");
    watch.named("reversed", &change(add.clone()), "/changes/0/valid_to", &["period_reversed"]);
    add["customs_offices"] = json!(["0101", "0101"]);
    assert!(!watch.refused("doubled offices", &change(add), 400).is_empty());
    vary["set"] = json!({});
    watch.named("nothing set", &change(vary.clone()), "/changes/0/set", &["required"]);
    vary["set"] = json!({ "note": null });
    watch.named("null set", &change(vary), "/changes/0/set/note", &["wrong_type"]);
    watch.nothing_changed();
}

on_both! {
    fn bodies_that_are_no_json(app) {
        let watch = Watch::over(app);
        let applicant = app.actor(whitelist::domain::actor::Role::EnterpriseApplicant, "91110302XFXTR0033P", "applicant");
        let good = declaration().to_string();
        let deep = |depth: usize| format!("{}{}", "[".repeat(depth), "]".repeat(depth));
        let texts: Vec<Vec<u8>> = [
            "", " ", "null", "true", "0", "\"x\"", "[]", "{}", "{", "}", "[", "{\"a\"", "{\"a\":}", "{a:1}", "{'a':1}", "{\"a\":1,}", "NaN", "nul", "//x", "{\"a\":01}", "{\"a\":1}{", "{\"a\":\"\\x\"}",
            "{\"lines\":\"\\ud800\"}", "{\"lines\":\"\\udc00\\ud800\"}", "{\"\\ud800\":1}", "{\"lines\":\"\u{0}\"}", "{\"lines\":\"\t\"}", "\u{feff}{}",
        ]
        .iter()
        .map(|text| text.as_bytes().to_vec())
        .chain([
            deep(33).into_bytes(), deep(10_000).into_bytes(), "[".repeat(500_000).into_bytes(), "{\"a\":".repeat(100_000).into_bytes(),
            format!("{{\"declaration\":{}}}", deep(40)).into_bytes(),
            b"\xff\xfe{\x00}\x00".to_vec(), b"{\"lines\":\"\xff\"}".to_vec(), b"{\"\xed\xa0\x80\":1}".to_vec(), b"\x1f\x8b\x08\x00".to_vec(), vec![0; 1000],
            good[..good.len() - 1].as_bytes().to_vec(), format!("{good} x").into_bytes(), format!("{good}{good}").into_bytes(),
            good.replacen("\"declaration\":{", "\"lines\":[],\"declaration\":{", 1).into_bytes(),
            good.replacen("\"line\":1", "\"line\":1,\"line\":1", 1).into_bytes(),
            good.replacen("\"customs_office\":\"0101\"", "\"customs_office\":\"0101\",\"customs_office\":\"0101\"", 1).into_bytes(),
            good.replacen("\"line\":1", &format!("\"line\":{}", "9".repeat(100_000)), 1).into_bytes(),
            good.replacen("0.0008", &"9".repeat(900_000), 1).into_bytes(),
            good.replacen("\"declaration\"", &format!("\"{}\":1,\"declaration\"", "x".repeat(500_000)), 1).into_bytes(),
        ])
        .collect();
        let json = [("Content-Type", "application/json")];
        for (actor, path) in [(app.customs(), "/v1/lookups"), (applicant, "/v1/lookups/dry-run"), (app.officer(), "/v1/adjustments")] {
            for text in &texts {
                let response = actor.send("POST", path, &json, text);
                let faults = watch.refused(&String::from_utf8_lossy(text), &response, 400);
                assert!(!faults.is_empty(), "{path} {:?}", String::from_utf8_lossy(&text[..text.len().min(100)]));
                assert!(response.body.len() < 20_000, "{path}: a refusal is short: {}", response.body.len());
            }
            for kind in ["text/plain", "application/xml", "application/jsonx", "application/json; charset=gbk", "multipart/form-data; boundary=x", "application/x-www-form-urlencoded", "json", "", ";", "application/json, text/plain"] {
                watch.refused(kind, &actor.send("POST", path, &[("Content-Type", kind)], good.as_bytes()), 415);
            }
            watch.refused("no type", &actor.send("POST", path, &[], good.as_bytes()), 415);
            watch.refused("two types", &actor.send("POST", path, &[json[0], json[0]], good.as_bytes()), 415);
            let mut large = good.clone().into_bytes();
            large.resize(1 << 20, b' ');
            assert_ne!(actor.send("POST", path, &json, &large).status, 413, "1 MiB is allowed");
            large.push(b' ');
            watch.refused("1 MiB and a byte", &actor.send("POST", path, &json, &large), 413);
            watch.refused("a stated terabyte", &actor.send("POST", path, &[json[0], ("Content-Length", "1099511627776")], b""), 413);
            let mut chunked = Vec::new();
            for chunk in large.chunks(60_000) {
                chunked.extend(format!("{:x}\r\n", chunk.len()).bytes());
                chunked.extend(chunk);
                chunked.extend(b"\r\n");
            }
            chunked.extend(b"0\r\n\r\n");
            watch.refused("1 MiB and a byte in chunks", &actor.send("POST", path, &[json[0], ("Transfer-Encoding", "chunked")], &chunked), 413);
        }
        watch.nothing_changed();
    }
}

on_both! {
    fn faulty_paths_pages_headers_and_decisions(app) {
        let watch = Watch::over(app);
        let (officer, approver, auditor, customs) = (app.officer(), app.approver(), app.auditor(), app.customs());
        for path in ["/v1/listings", "/v1/enterprises", "/v1/adjustments"] {
            for limit in ["0", "201", "-1", "x", "", "1.0", "01", "99999999999999999999"] {
                watch.named(limit, &auditor.get(&format!("{path}?limit={limit}")), "/limit", &["limit_out_of_range"]);
            }
            for after in ["%00", "%27", "%20", &"x".repeat(401), "%F0%9F%98%80", "..%2f"] {
                watch.named(after, &auditor.get(&format!("{path}?after={after}")), "/after", &["cursor_format"]);
            }
            watch.named(path, &auditor.get(&format!("{path}?unknown=1")), "/unknown", &["unknown_member"]);
        }
        for (query, pointer, codes) in [
            ("enterprise=x", "/enterprise", &["uscc_"]), ("hs_code=29", "/hs_code", &["hs_code_"]), ("status=gone", "/status", &["value_unknown"]),
            ("valid_on=0000-01-01", "/valid_on", &["date_"]), ("valid_on=9999-01-01", "/valid_on", &["date_"]), ("as_of_revision=0", "/as_of_revision", &["number_out_of_range"]),
        ] {
            watch.named(query, &auditor.get(&format!("/v1/listings?{query}")), pointer, codes);
        }
        watch.named("state", &auditor.get("/v1/adjustments?state=lost"), "/state", &["value_unknown"]);
        watch.named("declaration", &customs.get("/v1/answers?declaration=1"), "/declaration", &["declaration_number_"]);
        watch.named("declaration", &customs.get("/v1/answers"), "/declaration", &["required"]);
        for path in [
            "/v1/listings/BJ-2026-000123-4", "/v1/listings/x", "/v1/listings/%00", "/v1/listings/%zz", "/v1/listings/%ff%fe", "/v1/listings/..%2f..%2fetc%2fpasswd", "/v1/listings/BJ-2026-000123-3/",
            "/v1/enterprises/1", "/v1/adjustments/adj_1", "/v1/adjustments/adj_1/preview", "/v1/answers/lkp_%27", "/v1/schemes/%E4%B8%8D", "/v2/lookup", "/v1//lookup", "/v1/lookup/", "/", "/%", "//", "/problems/none",
        ] {
            watch.refused(path, &auditor.get(path), 404);
        }
        watch.named("tariff", &auditor.get("/v1/tariff/1"), "/hs_code", &["hs_code_"]);
        for path in ["/v1/adjustments/adj_1/confirm", "/v1/adjustments/adj_0190a0000000700080000000000000aa/confirm"] {
            watch.refused(path, &approver.act(path, "\"1\""), 404);
        }
        let proposed = officer.post("/v1/adjustments", &json!({ "scheme": "beijing-2022", "changes": [{ "kind": "suspend_enterprise", "enterprise": "91110302XFXTR00172", "effective_on": "2026-08-12", "reason": { "code": "risk_found" } }] }));
        assert_eq!(proposed.status, 201, "{}", proposed.text());
        let path = format!("/v1/adjustments/{}", proposed.json()["id"].as_str().unwrap());
        let watch = Watch::over(app);
        watch.refused("no If-Match", &approver.send("POST", &format!("{path}/confirm"), &[], b""), 428);
        for tag in ["1", "\"\"", "\"0\"", "*", "W/\"1\"", "\"-1\"", "\"99999999999999999999\"", "\"1\", \"2\"", "\u{4e2d}"] {
            watch.refused(tag, &approver.act(&format!("{path}/confirm"), tag), 412);
        }
        let etag = proposed.header("etag").unwrap();
        let long = "k".repeat(256);
        for key in ["", " ", "a b", "\u{4e2d}", &long] {
            let headers = [("If-Match", etag), ("Idempotency-Key", key)];
            watch.named(key, &approver.send("POST", &format!("{path}/confirm"), &headers, b""), "/Idempotency-Key", &["text_"]);
        }
        for body in [json!({}), json!({ "reason": {} }), json!({ "reason": { "code": "x" } }), json!({ "reason": { "code": "other", "more": 1 } }), json!([])] {
            let headers = [("If-Match", etag), ("Content-Type", "application/json")];
            watch.refused(&body.to_string(), &approver.send("POST", &format!("{path}/reject"), &headers, body.to_string().as_bytes()), 400);
        }
        for revision in ["0", "-1", "x", "", "1.5", "99999999999999999999"] {
            let response = customs.send("GET", "/v1/lookup?enterprise=91110302XFXTR00172&hs_code=3004909099&customs_office=0101", &[("Whitelist-Min-Revision", revision)], b"");
            watch.named(revision, &response, "/Whitelist-Min-Revision", &["number_out_of_range"]);
        }
        for id in ["", "a b", "\u{4e2d}", &"x".repeat(65), "<script>"] {
            let response = app.client().send("GET", "/health/live", &[("X-Request-Id", id)], b"");
            assert_eq!(response.status, 200);
            assert!(response.header("x-request-id").is_some_and(|given| given.len() == 32 && given != id), "{id:?} is not repeated");
        }
        watch.nothing_changed();
    }
}

/// What came back on a raw connection: status and text; none when the server closed it without a word.
fn raw(app: &TestApp, bytes: &[u8]) -> Option<(u16, String)> {
    let text = String::from_utf8_lossy(&app.client().raw(bytes, Duration::from_secs(20))).into_owned();
    let status = text.strip_prefix("HTTP/1.1 ").or_else(|| text.strip_prefix("HTTP/1.0 "))?.get(..3)?.parse().ok()?;
    Some((status, text))
}

#[test]
fn requests_that_are_no_http() {
    let app = TestApp::start(Database::Sqlite);
    let watch = Watch::over(&app);
    let token = app.token(&[whitelist::domain::actor::Role::CustomsLookup], "0101", "customs");
    let good = declaration().to_string();
    let post = |headers: &str, body: &str| {
        format!(
            "POST /v1/lookups HTTP/1.1\r\nHost: x\r\nAuthorization: Bearer {token}\r\nContent-Type: application/json\r\nConnection: close\r\n{headers}\r\n\r\n{body}"
        )
    };
    let length = good.len();
    let long = "x".repeat(20 * 1024);
    let requests = [
        ("chunks without sizes", post("Transfer-Encoding: chunked", "nonsense\r\n\r\n").into_bytes()),
        (
            "a chunk of a huge size",
            post("Transfer-Encoding: chunked", "ffffffffffffffffff\r\n{}\r\n0\r\n\r\n").into_bytes(),
        ),
        ("a chunk of a negative size", post("Transfer-Encoding: chunked", "-1\r\n{}\r\n0\r\n\r\n").into_bytes()),
        ("an unknown transfer encoding", post("Transfer-Encoding: gzip", "x").into_bytes()),
        ("two lengths", post(&format!("Content-Length: {length}\r\nContent-Length: 3"), &good).into_bytes()),
        ("two lengths in one", post(&format!("Content-Length: {length}, 3"), &good).into_bytes()),
        ("a negative length", post("Content-Length: -1", &good).into_bytes()),
        ("a length in words", post("Content-Length: many", &good).into_bytes()),
        ("a length beyond all bounds", post("Content-Length: 99999999999999999999999999", &good).into_bytes()),
        (
            "a length and chunks",
            post(&format!("Content-Length: {length}\r\nTransfer-Encoding: chunked"), "0\r\n\r\n").into_bytes(),
        ),
        ("headers of 20 KiB", format!("GET /v1/lookup HTTP/1.1\r\nHost: x\r\nX-Long: {long}\r\n\r\n").into_bytes()),
        (
            "many headers",
            format!("GET /v1/lookup HTTP/1.1\r\nHost: x\r\n{}\r\n", "X-A: b\r\n".repeat(500)).into_bytes(),
        ),
        ("a request line of 20 KiB", format!("GET /v1/lookup?{long} HTTP/1.1\r\nHost: x\r\n\r\n").into_bytes()),
        ("a path that is not UTF-8", b"GET /v1/\xff\xfe HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n".to_vec()),
        ("a path with NUL", b"GET /v1/\0 HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n".to_vec()),
        ("a path with a bad escape", b"GET /v1/listings/%zz HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n".to_vec()),
        ("a method that is none", b"G@T / HTTP/1.1\r\nHost: x\r\n\r\n".to_vec()),
        ("an unknown method", b"BREW /v1/lookup HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n".to_vec()),
        ("another protocol", b"GET / HTTP/3.0\r\nHost: x\r\n\r\n".to_vec()),
        ("TLS", b"\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03\r\n\r\n".to_vec()),
        ("a header without a name", b"GET / HTTP/1.1\r\n: x\r\n\r\n".to_vec()),
        ("a header with NUL", b"GET / HTTP/1.1\r\nHost: x\r\nX-A: \0\r\n\r\n".to_vec()),
        ("a folded header", b"GET / HTTP/1.1\r\nHost: x\r\nX-A: b\r\n c\r\n\r\n".to_vec()),
    ];
    for (what, bytes) in requests {
        let Some((status, text)) = raw(&app, &bytes) else { panic!("{what}: no answer") };
        assert!((400..500).contains(&status), "{what}: {text}");
        for word in FOREIGN {
            assert!(!text.contains(word), "{what}: `{word}` is not ours: {text}");
        }
        // What is no HTTP at all has no request that could be named; everything else is a problem like any other.
        let (head, body) = text.split_once("\r\n\r\n").unwrap();
        if !body.is_empty() {
            assert!(
                head.to_lowercase().contains("x-request-id: ") && head.contains("application/problem+json"),
                "{what}: {text}"
            );
        }
        println!("{what}: {status}{}", if body.is_empty() { ", without a body" } else { "" });
    }

    // A body that breaks off is no question.
    let mut stream = TcpStream::connect(app.address).unwrap();
    stream.write_all(post("Content-Length: 1000", &good[..20]).as_bytes()).unwrap();
    stream.shutdown(Shutdown::Write).unwrap();
    let mut answer = String::new();
    stream.read_to_string(&mut answer).unwrap();
    assert!(answer.is_empty() || answer.starts_with("HTTP/1.1 400"), "{answer}");
    watch.nothing_changed();
}

#[test]
fn a_slow_body_is_not_waited_for() {
    let quick = LimitSettings { base: Duration::from_millis(200), per_64_kib: Duration::from_millis(200) };
    let app = TestApp::start_tuned(Database::Sqlite, Tuning { bodies: quick, ..Tuning::default() });
    let watch = Watch::over(&app);
    let token = app.token(&[whitelist::domain::actor::Role::BureauOfficer], "bj-commerce", "officer");
    for (path, kind) in [
        ("/v1/adjustments", "application/json"),
        ("/v1/adjustments/import", "text/csv"),
        ("/v1/adjustments/import", "multipart/form-data; boundary=b"),
    ] {
        for framing in ["Content-Length: 1000\r\n\r\n{", "Transfer-Encoding: chunked\r\n\r\n5\r\n{"] {
            let request = format!(
                "POST {path} HTTP/1.1\r\nHost: x\r\nAuthorization: Bearer {token}\r\nContent-Type: {kind}\r\n{framing}"
            );
            let (status, text) = raw(&app, request.as_bytes()).unwrap();
            assert_eq!(status, 408, "{path}: {text}");
            let (head, body) = text.split_once("\r\n\r\n").unwrap();
            assert!(
                head.to_lowercase().contains("connection: close") && head.contains("application/problem+json"),
                "{text}"
            );
            assert_eq!(serde_json::from_str::<Value>(body).unwrap()["type"], "/problems/request-timeout");
        }
    }
    watch.nothing_changed();
}
