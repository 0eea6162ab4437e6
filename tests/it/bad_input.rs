//! Bad input of every kind: a coded 4xx that says where and what, in our own words, and nothing changes.

mod watch;
mod wire;

use self::watch::{Watch, faulty};
use crate::support::app::{Actor, Database, TestApp};
use crate::support::on_both;
use serde_json::{Value, json};

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
        Value::Null | Value::Bool(_) | Value::Number(_) | Value::String(_) => return,
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

pub fn declaration() -> Value {
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
        for path in [
            "/v1/listings/BJ-2026-000123-4", "/v1/listings/x", "/v1/listings/%00", "/v1/listings/%zz", "/v1/listings/%ff%fe", "/v1/listings/..%2f..%2fetc%2fpasswd", "/v1/listings/BJ-2026-000123-3/",
            "/v1/enterprises/1", "/v1/adjustments/adj_1", "/v1/adjustments/adj_1/preview", "/v1/answers/lkp_%27", "/v1/schemes/%E4%B8%8D", "/v2/lookup", "/v1//lookup", "/v1/lookup/", "/%", "//", "/problems/none",
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
