//! Lookups as customs sees them: declarations, single lines, any revision, both languages; the dry run of an
//! enterprise; answers reopened. What each reason needs is the decision table's matter, not this file's.

use crate::support::app::{Actor, TestApp};
use crate::support::on_both;
use serde_json::{Value, json};
use whitelist::domain::actor::Role;
use whitelist::domain::code::Uscc;

/// Holds levobupivacaine, 200 bottles.
pub const ENT_01: &str = "91110302XFXTR00172";
/// Holds an erythromycin derivative, 100 g.
pub const ENT_03: &str = "91110302XFXTR0033P";
/// Holds six sample listings.
pub const ENT_05: &str = "91110114XFXTR005XC";
/// Holds six sample listings, some with caps and offices.
pub const ENT_10: &str = "91110108XFXTR0105W";

/// Writes the query of a lookup at an office of Beijing.
pub fn question(enterprise: &str, hs_code: &str) -> String {
    format!("enterprise={enterprise}&hs_code={hs_code}&customs_office=0101")
}

/// Asks as customs.
pub fn ask(app: &TestApp, question: &str) -> Value {
    let response = app.customs().get(&format!("/v1/lookup?{question}"));
    assert_eq!(response.status, 200, "{question}: {}", response.text());
    response.json()
}

/// Writes verdict and reasons of a line in one text, such as `denied suspended`.
pub fn said(line: &Value) -> String {
    let reasons = line["reasons"].as_array().unwrap().iter().map(|reason| reason["code"].as_str().unwrap());
    std::iter::once(line["verdict"].as_str().unwrap()).chain(reasons).collect::<Vec<_>>().join(" ")
}

/// Asks as customs and tells verdict and reasons.
pub fn verdict(app: &TestApp, question: &str) -> String {
    said(&ask(app, question))
}

/// Finds the number of an enterprise's listing of an HS code.
pub fn number_of(app: &TestApp, enterprise: &str, hs_code: &str) -> String {
    let page = app.officer().get(&format!("/v1/listings?enterprise={enterprise}&hs_code={hs_code}")).json();
    page["items"][0]["number"].as_str().unwrap_or_else(|| panic!("{page}")).to_owned()
}

/// Writes the pointers and codes of a problem's faults.
pub fn faults(problem: &Value) -> Vec<(&str, &str)> {
    let faults = problem["faults"].as_array().map(Vec::as_slice).unwrap_or_default();
    faults.iter().map(|fault| (fault["pointer"].as_str().unwrap(), fault["code"].as_str().unwrap())).collect()
}

/// More of the query, verdict and reasons, match levels.
type Case = (String, &'static str, Vec<(&'static str, &'static str)>);

fn unregistered() -> String {
    let letters = "0123456789ABCDEFGHJKLMNPQRTUWXY".chars();
    letters.map(|check| format!("91110108XFXTR9990{check}")).find(|code| Uscc::parse(code).is_ok()).unwrap()
}

fn line(line: u32, enterprise: &str, hs_code: &str, quantity: &str, unit: &str) -> Value {
    json!({ "line": line, "enterprise": enterprise, "hs_code": hs_code, "quantity": quantity, "unit": unit })
}

fn declaration(lines: Vec<Value>) -> Value {
    json!({ "declaration": { "customs_office": "0101", "declared_on": "2026-08-12" }, "lines": lines })
}

fn all_said(answer: &Value) -> Vec<String> {
    answer["lines"].as_array().unwrap().iter().map(said).collect()
}

on_both! {
    fn quantities_on_one_listing_add_up(app) {
        let customs = app.customs();
        let post = |lines: Vec<Value>| {
            let response = customs.post("/v1/lookups", &declaration(lines));
            assert_eq!(response.status, 200, "{}", response.text());
            response.json()
        };
        let grams = |number: u32, quantity: &str| line(number, ENT_03, "2941500000", quantity, "036");
        let exceeded = "denied quantity_exceeds_remaining";

        let answer = post(vec![grams(1, "60"), grams(2, "40")]);
        assert_eq!(all_said(&answer), ["allowed listed"; 2]);
        assert_eq!(answer["lines"][1]["listing"]["remaining"], json!({ "quantity": "100", "unit": "036" }), "a lookup takes nothing");
        assert_eq!(all_said(&post(vec![grams(1, "60"), grams(2, "40.00001")])), [exceeded; 2]);
        let kilograms = post(vec![line(1, ENT_03, "2941500000", "0.06", "035"), grams(2, "40")]);
        assert_eq!(all_said(&kilograms), ["allowed listed"; 2]);
        assert_eq!((&kilograms["lines"][0]["match"]["unit"], &kilograms["lines"][1]["match"]["unit"]), (&json!("converted"), &json!("equal")));
        let split: Vec<Value> = (1..=200).map(|number| grams(number, "0.5")).collect();
        assert_eq!(all_said(&post(split.clone())), ["allowed listed"; 200]);
        let mut too_much = split;
        too_much[199]["quantity"] = json!("0.50001");
        assert_eq!(all_said(&post(too_much)), [exceeded; 200]);

        // The cap of one consignment is one for the whole declaration; other listings do not count.
        let bottles = |number: u32, quantity: &str| line(number, ENT_10, "3004909099", quantity, "142");
        assert_eq!(all_said(&post(vec![bottles(1, "10"), bottles(2, "10"), grams(3, "100")])), ["allowed listed"; 3]);
        let capped = "denied quantity_exceeds_consignment_cap";
        assert_eq!(all_said(&post(vec![bottles(1, "10"), bottles(2, "11"), grams(3, "100")])), [capped, capped, "allowed listed"]);
    }
}

on_both! {
    fn a_declaration_has_1_to_200_lines_each_with_its_own_number(app) {
        let customs = app.customs();
        let grams = |number: u32| line(number, ENT_03, "2941500000", "0.1", "036");
        let cases = [
            (vec![grams(1), grams(2), grams(1)], vec![("/lines/2/line", "duplicate_line")]),
            (Vec::new(), vec![("/lines", "no_lines")]),
            ((1..=201).map(grams).collect(), vec![("/lines", "too_many_lines")]),
            (vec![grams(0), grams(10_000)], vec![("/lines/0/line", "line_out_of_range"), ("/lines/1/line", "line_out_of_range")]),
        ];
        for (lines, expected) in cases {
            let response = customs.post("/v1/lookups", &declaration(lines));
            assert_eq!((response.status, faults(&response.json())), (400, expected));
        }
        let answer = customs.post("/v1/lookups", &declaration(vec![grams(9999), grams(7), grams(1)])).json();
        let numbers: Vec<i64> = answer["lines"].as_array().unwrap().iter().map(|line| line["line"].as_i64().unwrap()).collect();
        assert_eq!(numbers, [9999, 7, 1], "answered in the order asked");
    }
}

on_both! {
    fn members_that_are_null_may_be_left_out(app) {
        let customs = app.customs();
        let absent = json!({ "declaration": { "customs_office": "0101" }, "lines": [{ "line": 1, "enterprise": ENT_03, "hs_code": "2941500000" }] });
        let null = json!({
            "declaration": { "number": null, "customs_office": "0101", "declared_on": null, "trade_mode": null },
            "lines": [{ "line": 1, "enterprise": ENT_03, "hs_code": "2941500000", "ciq_code": null, "listing": null, "cas": null, "quantity": null, "unit": null }]
        });
        let lines = |body: &Value| customs.post("/v1/lookups", body).json()["lines"].clone();
        assert_eq!(lines(&absent), lines(&null));
        let mut one = ask(app, &question(ENT_03, "2941500000"));
        assert_eq!(one["verdict"], "allowed");
        for member in ["id", "revision", "answered_at"] {
            assert!(!one.as_object_mut().unwrap().remove(member).unwrap().is_null());
        }
        let mut of_many = lines(&absent)[0].clone();
        of_many.as_object_mut().unwrap().remove("line");
        assert_eq!(one, of_many, "one line and a declaration of one line are answered alike");
    }
}

on_both! {
    fn every_optional_parameter_tells(app) {
        let base = question(ENT_03, "2941500000");
        let (own, other) = (number_of(app, ENT_03, "2941500000"), number_of(app, ENT_01, "3004909099"));
        let cases: Vec<Case> = vec![
            (String::new(), "allowed listed", vec![("listing", "not_given"), ("hs_code", "exact"), ("ciq_code", "not_given"), ("cas", "not_given"), ("unit", "not_given"), ("quantity", "not_given")]),
            (format!("&listing={own}"), "allowed listed", vec![("listing", "exact")]),
            (format!("&listing={other}"), "denied no_listing", vec![]),
            ("&cas=101666-68-6".into(), "allowed listed", vec![("cas", "exact")]),
            ("&cas=58-08-2".into(), "denied cas_mismatch", vec![("cas", "different")]),
            ("&ciq_code=999".into(), "allowed listed", vec![("ciq_code", "not_listed")]),
            ("&quantity=100&unit=036".into(), "allowed listed", vec![("unit", "equal"), ("quantity", "within")]),
            ("&quantity=0.1&unit=035".into(), "allowed listed", vec![("unit", "converted"), ("quantity", "within")]),
            ("&quantity=0.10001&unit=035".into(), "denied quantity_exceeds_remaining", vec![("unit", "converted"), ("quantity", "exceeds")]),
            ("&quantity=1&unit=142".into(), "manual_check unit_not_comparable", vec![("unit", "not_comparable"), ("quantity", "not_comparable")]),
            ("&trade_mode=0110".into(), "allowed listed", vec![]),
            ("&declared_on=2026-01-14".into(), "denied not_yet_effective", vec![]),
            ("&declared_on=2026-01-15".into(), "allowed listed", vec![]),
            ("&declared_on=2027-01-14".into(), "allowed listed", vec![]),
            ("&declared_on=2027-01-15".into(), "denied expired", vec![]),
            ("&as_of_revision=1".into(), "manual_check hs_code_unknown", vec![]),
        ];
        for (more, expected, levels) in cases {
            let answer = ask(app, &format!("{base}{more}"));
            assert_eq!(said(&answer), expected, "{more}: {answer}");
            for (level, word) in levels {
                assert_eq!(answer["match"][level], word, "{more}: {answer}");
            }
        }
        let named = ask(app, &format!("{}&listing={own}", question(ENT_03, "2937500000")));
        assert_eq!((said(&named).as_str(), named["match"]["hs_code"].as_str()), ("denied hs_code_mismatch", Some("different")));
        let none = ask(app, &question(&unregistered(), "2941500000"));
        assert_eq!((said(&none).as_str(), &none["match"], &none["listing"]), ("denied no_listing", &Value::Null, &Value::Null));
        let ambiguous = ask(app, &question(ENT_10, "2941500000"));
        assert_eq!(said(&ambiguous), "manual_check ambiguous_listing");
        assert_eq!(verdict(app, &format!("{}&cas=80214-83-1", question(ENT_10, "2941500000"))), "allowed listed");
    }
}

on_both! {
    fn every_revision_can_be_asked_and_none_that_is_still_to_come(app) {
        let (base, number) = (question(ENT_01, "3004909099"), number_of(app, ENT_01, "3004909099"));
        let asked = format!("{base}&quantity=150&unit=142");
        let before = ask(app, &asked)["revision"].as_i64().unwrap();
        let after = app.change(json!([{ "kind": "vary", "listing": number, "effective_on": "2026-08-12", "set": { "quantity": "100" }, "reason": { "code": "quantity_changed" } }]));
        assert_eq!(verdict(app, &asked), "denied quantity_exceeds_remaining");
        let old = ask(app, &format!("{asked}&as_of_revision={before}"));
        assert_eq!((said(&old).as_str(), &old["revision"]), ("allowed listed", &json!(before)));
        assert_eq!(old["listing"]["remaining"]["quantity"], "200");

        let customs = app.customs();
        let body = declaration(vec![line(1, ENT_01, "3004909099", "150", "142")]);
        let old = customs.post(&format!("/v1/lookups?as_of_revision={before}"), &body).json();
        assert_eq!((all_said(&old), &old["revision"]), (vec!["allowed listed".to_owned()], &json!(before)));
        for response in [
            customs.get(&format!("/v1/lookup?{asked}&as_of_revision={}", after + 1)),
            customs.post(&format!("/v1/lookups?as_of_revision={}", after + 1), &body),
        ] {
            assert_eq!((response.status, response.json()["type"].as_str()), (503, Some("/problems/not-yet-current")));
            assert!(response.header("retry-after").is_some());
        }
    }
}

on_both! {
    fn a_demanded_revision_is_waited_for_but_not_for_ever(app) {
        let number = number_of(app, ENT_01, "3004909099");
        let target = format!("/v1/lookup?{}", question(ENT_01, "3004909099"));
        let customs = app.customs();
        let demand = |customs: &Actor, headers: &[(&str, &str)]| customs.send("GET", &target, headers, b"");
        let first = customs.get(&target);
        let (now, log): (i64, String) = (first.header("whitelist-revision").unwrap().parse().unwrap(), first.header("whitelist-log").unwrap().to_owned());

        let changes = json!([{ "kind": "suspend", "listing": number, "effective_on": "2026-08-12", "reason": { "code": "risk_found" } }]);
        let proposed = app.officer().post("/v1/adjustments", &json!({ "scheme": "beijing-2022", "changes": changes }));
        let confirm = format!("{}/confirm", proposed.header("location").unwrap());
        let (waiting, approver) = (app.customs(), app.approver());
        let answered = std::thread::scope(|scope| {
            // The proposal is one entry, the suspension and the confirmation are two.
            let answered = scope.spawn(move || demand(&waiting, &[("Whitelist-Min-Revision", &(now + 3).to_string())]));
            assert_eq!(approver.act(&confirm, proposed.header("etag").unwrap()).status, 200);
            answered.join().unwrap()
        });
        assert_eq!((answered.status, said(&answered.json()).as_str()), (200, "denied suspended"), "{}", answered.text());

        let late = demand(&customs, &[("Whitelist-Min-Revision", &(now + 4).to_string())]);
        assert_eq!((late.status, late.json()["type"].as_str()), (503, Some("/problems/not-yet-current")));
        assert!(late.header("retry-after").is_some());
        let reached = demand(&customs, &[("Whitelist-Min-Revision", &(now + 3).to_string()), ("Whitelist-Log", &log)]);
        assert_eq!(reached.status, 200);
        for more in [vec![("Whitelist-Log", "elsewhere")], vec![("Whitelist-Log", "elsewhere"), ("Whitelist-Min-Revision", "1")]] {
            let other = demand(&customs, &more);
            assert_eq!((other.status, other.json()["type"].as_str()), (409, Some("/problems/other-log")));
        }
        for nonsense in ["0", "-1", "many", "1.5", "99999999999999999999"] {
            let response = demand(&customs, &[("Whitelist-Min-Revision", nonsense)]);
            assert_eq!((response.status, faults(&response.json())), (400, vec![("/Whitelist-Min-Revision", "number_out_of_range")]));
        }
    }
}

on_both! {
    fn texts_follow_the_language_and_codes_never_change(app) {
        let customs = app.customs();
        let expired = format!("/v1/lookup?{}", question(ENT_03, "2937500000"));
        let (mut zh, mut en) = (Value::Null, Value::Null);
        for (wanted, kept) in [("zh-CN", &mut zh), ("en-GB, zh;q=0.5", &mut en)] {
            let answer = customs.send("GET", &expired, &[("Accept-Language", wanted)], b"").json();
            assert_eq!(said(&answer), "denied expired");
            *kept = answer["reasons"][0].clone();
        }
        for member in ["text", "remedy"] {
            assert!(en[member].as_str().unwrap().is_ascii(), "{en}");
            assert!(!zh[member].as_str().unwrap().is_ascii(), "{zh}");
        }
        assert_eq!(customs.get(&expired).json()["reasons"][0], zh, "Chinese unless asked otherwise");
        let faulty = format!("{expired}&cas=58-08-3");
        for (wanted, ascii) in [("zh", false), ("en", true)] {
            let problem = customs.send("GET", &faulty, &[("Accept-Language", wanted)], b"").json();
            assert_eq!(faults(&problem), [("/cas", "cas_check_digit")]);
            for text in [&problem["title"], &problem["detail"], &problem["faults"][0]["detail"]] {
                assert_eq!(text.as_str().unwrap().is_ascii(), ascii, "{problem}");
            }
        }
    }
}

on_both! {
    fn an_enterprise_tries_its_own_declarations_only(app) {
        let applicant = app.actor(Role::EnterpriseApplicant, ENT_03, "ent-3");
        let agent = app.actor(Role::EnterpriseAgent, ENT_10, "agent-1");
        let mine = declaration(vec![line(1, ENT_03, "2941500000", "100", "036")]);
        let mixed = declaration(vec![line(1, ENT_03, "2941500000", "1", "036"), line(2, ENT_05, "2941500000", "1", "036")]);
        let unknown = declaration(vec![line(1, &unregistered(), "2941500000", "1", "036")]);

        let tried = applicant.post("/v1/lookups/dry-run", &mine);
        assert_eq!(tried.status, 200, "{}", tried.text());
        let asked = app.customs().post("/v1/lookups", &mine).json();
        assert_eq!((&tried.json()["lines"], &tried.json()["id"]), (&asked["lines"], &Value::Null), "judged alike, but no answer of customs");
        for body in [&mixed, &unknown] {
            let refused = applicant.post("/v1/lookups/dry-run", body);
            assert_eq!((refused.status, refused.json().get("faults")), (403, None), "known or not, it says nothing about others");
        }

        let as_agent = |headers: &[(&str, &str)], body: &Value| {
            let all: Vec<_> = headers.iter().copied().chain([("Content-Type", "application/json")]).collect();
            agent.send("POST", "/v1/lookups/dry-run", &all, body.to_string().as_bytes())
        };
        assert_eq!(as_agent(&[("Whitelist-Acting-For", ENT_03)], &mine).json()["lines"], asked["lines"]);
        assert_eq!(as_agent(&[("Whitelist-Acting-For", ENT_05)], &mine).status, 403);
        let nobody = as_agent(&[], &mine);
        assert_eq!((nobody.status, faults(&nobody.json())), (400, vec![("/Whitelist-Acting-For", "required")]));
        let faulty = as_agent(&[("Whitelist-Acting-For", "91110302XFXTR0033Q")], &mine);
        assert_eq!((faulty.status, faults(&faulty.json())), (400, vec![("/Whitelist-Acting-For", "uscc_check_digit")]));
        assert_eq!(app.customs().post("/v1/lookups/dry-run", &mine).status, 403);
        // The header is an agent's: it does not let an applicant act for another.
        let headers = [("Whitelist-Acting-For", ENT_05), ("Content-Type", "application/json")];
        let other = declaration(vec![line(1, ENT_05, "2941500000", "1", "036")]);
        assert_eq!(applicant.send("POST", "/v1/lookups/dry-run", &headers, other.to_string().as_bytes()).status, 403);
    }
}

on_both! {
    fn a_recorded_answer_is_reopened_as_it_was_given(app) {
        let number = number_of(app, ENT_01, "3004909099");
        let declared = "010120261012345678";
        let mut body = declaration(vec![line(1, ENT_01, "3004909099", "20", "142"), line(2, ENT_03, "2941500000", "0.0008", "035"), line(3, ENT_03, "2937500000", "1", "036")]);
        body["declaration"]["number"] = json!(declared);
        body["declaration"]["trade_mode"] = json!("0110");
        let given = app.customs().post("/v1/lookups", &body).json();
        assert_eq!(all_said(&given), ["allowed listed", "allowed listed", "denied expired quantity_exceeds_remaining"]);
        let single = ask(app, &question(ENT_05, "2937210000"));
        app.change(json!([
            { "kind": "remove", "listing": number, "effective_on": "2026-08-12", "reason": { "code": "off_purpose_use" } },
            { "kind": "suspend_enterprise", "enterprise": ENT_03, "effective_on": "2026-08-12", "reason": { "code": "breach" } }
        ]));
        let now = app.customs().post("/v1/lookups", &body).json();
        assert_ne!(now["lines"], given["lines"]);
        // What is recorded is written before the service has stopped.
        app.restart();

        let one = format!("/v1/answers/{}", given["id"].as_str().unwrap());
        let about = format!("/v1/answers?declaration={declared}");
        for reader in [app.customs(), app.officer(), app.approver(), app.auditor(), app.actor(Role::CustomsOfficer, "0101", "counter-1")] {
            let reopened = reader.get(&one).json();
            assert_eq!(reopened["lines"], given["lines"]);
            assert_eq!((&reopened["id"], &reopened["revision"], &reopened["answered_at"]), (&given["id"], &given["revision"], &given["answered_at"]));
            assert_eq!((reopened["org"].as_str(), &reopened["declaration"]), (Some("0101"), &body["declaration"]));
            assert_eq!(reopened["questions"][1]["quantity"], "0.0008");
            let page = reader.get(&about).json();
            let lines: Vec<&Value> = page["items"].as_array().unwrap().iter().map(|answer| &answer["lines"]).collect();
            assert_eq!(lines.len(), 2);
            assert!(lines.contains(&&given["lines"]) && lines.contains(&&now["lines"]));
        }
        let page = app.auditor().get(&format!("{about}&limit=1")).json();
        let rest = app.auditor().get(&format!("{about}&limit=1&after={}", page["next"].as_str().unwrap())).json();
        assert_ne!(page["items"][0]["id"], rest["items"][0]["id"]);
        assert_eq!(rest["next"], Value::Null);

        let elsewhere = app.actor(Role::CustomsLookup, "2233", "customs-2");
        assert_eq!(elsewhere.get(&one).status, 404);
        assert_eq!(elsewhere.get(&about).json()["items"], json!([]));
        assert_eq!(app.auditor().get("/v1/answers?declaration=010120261012345679").json()["items"], json!([]));
        for unknown in ["lkp_00000000000000000000000000000000", "nonsense"] {
            assert_eq!(app.auditor().get(&format!("/v1/answers/{unknown}")).status, 404);
        }
        let reopened = app.customs().get(&format!("/v1/answers/{}", single["id"].as_str().unwrap())).json();
        assert_eq!(said(&reopened["lines"][0]), said(&single));
        assert_eq!(reopened["declaration"], json!({ "number": null, "customs_office": "0101", "declared_on": "2026-08-12", "trade_mode": null }));
    }
}

on_both! {
    fn an_enterprise_that_does_not_exist_is_denied_not_refused(app) {
        let answer = ask(app, &question(&unregistered(), "2941500000"));
        assert_eq!((said(&answer).as_str(), &answer["required_documents"]), ("denied no_listing", &json!(["Q"])));
        // Its listing number does not help, nor does that of another enterprise.
        let number = number_of(app, ENT_03, "2941500000");
        assert_eq!(verdict(app, &format!("{}&listing={number}", question(&unregistered(), "2941500000"))), "denied no_listing");
    }
}
