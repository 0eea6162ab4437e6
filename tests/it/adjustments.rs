//! How the list changes: every kind of change from proposal to the answer that customs gets, the preview between, and
//! what the rules refuse. Who may decide, and what may be sent twice, stands in `decisions`.

mod decisions;

use crate::lookups::{ENT_01, ENT_03, ENT_05, ENT_10, ask, faults, number_of, question, said, verdict};
use crate::support::app::TestApp;
use crate::support::client::Response;
use crate::support::on_both;
use serde_json::{Value, json};
use whitelist::domain::listing_number::ListingNumber;
use whitelist::store::{StoreError, rulebook};

const TODAY: &str = "2026-08-12";
/// Barred in the sample data.
const ENT_09: &str = "91110115XFXTR0092B";

fn on_listing(kind: &str, listing: &str, day: &str, reason: &str) -> Value {
    json!({ "kind": kind, "listing": listing, "effective_on": day, "reason": { "code": reason } })
}

fn on_enterprise(kind: &str, enterprise: &str, day: &str) -> Value {
    json!({ "kind": kind, "enterprise": enterprise, "effective_on": day, "reason": { "code": "breach" } })
}

fn vary(listing: &str, day: &str, set: Value, reason: &str) -> Value {
    json!({ "kind": "vary", "listing": listing, "effective_on": day, "set": set, "reason": { "code": reason } })
}

fn add(enterprise: &str, name_zh: &str, hs_code: &str) -> Value {
    json!({
        "kind": "add", "enterprise": enterprise, "item": { "name_zh": name_zh, "hs_code": hs_code }, "quantity": "10", "unit": "036",
        "valid_from": TODAY, "valid_to": "2027-08-11", "reason": { "code": "joint_recognition", "basis": "联合认定会议纪要" }
    })
}

fn propose(app: &TestApp, changes: &Value) -> Response {
    app.officer().post("/v1/adjustments", &json!({ "scheme": "beijing-2022", "changes": changes }))
}

/// Proposes what must be refused; returns pointers and rules. Nothing may have changed.
fn refused(app: &TestApp, changes: Value) -> Vec<(String, String)> {
    let before = app.inside().head().unwrap();
    let response = propose(app, &changes);
    let problem = response.json();
    assert_eq!((response.status, problem["type"].as_str()), (422, Some("/problems/rule-refused")), "{problem}");
    assert_eq!(problem["rule"], problem["faults"][0]["code"], "the rule of the whole is that of the first");
    assert_eq!(app.inside().head().unwrap(), before, "a refusal is no entry");
    assert_eq!(response.header("whitelist-revision").unwrap(), before.to_string());
    faults(&problem).into_iter().map(|(pointer, code)| (pointer.to_owned(), code.to_owned())).collect()
}

fn rule(app: &TestApp, change: Value) -> String {
    let mut refused = refused(app, json!([change]));
    assert_eq!((refused.len(), refused[0].0.as_str()), (1, "/changes/0"));
    refused.remove(0).1
}

fn listing(app: &TestApp, number: &str, query: &str) -> Value {
    app.auditor().get(&format!("/v1/listings/{number}{query}")).json()
}

on_both! {
    fn a_suspension_waits_for_its_day_and_a_reinstatement_ends_it(app) {
        let (asked, number) = (question(ENT_01, "3004909099"), number_of(app, ENT_01, "3004909099"));
        app.change(json!([on_listing("suspend", &number, "2026-09-01", "risk_found")]));
        assert_eq!((verdict(app, &asked).as_str(), &listing(app, &number, "")["status"]), ("allowed listed", &json!("in_force")));
        assert_eq!(verdict(app, &format!("{asked}&declared_on=2026-08-31")), "allowed listed");
        assert_eq!(verdict(app, &format!("{asked}&declared_on=2026-09-01")), "denied suspended");
        assert_eq!(listing(app, &number, "?valid_on=2026-09-01")["status"], "suspended");
        // The day changes at midnight in Shanghai.
        app.set_time("2026-08-31T15:59:59.999999Z");
        assert_eq!((verdict(app, &asked).as_str(), &listing(app, &number, "")["status"]), ("allowed listed", &json!("in_force")));
        app.set_time("2026-08-31T16:00:00.000000Z");
        assert_eq!((verdict(app, &asked).as_str(), &listing(app, &number, "")["status"]), ("denied suspended", &json!("suspended")));

        assert_eq!(rule(app, on_listing("suspend", &number, "2026-09-02", "risk_found")), "already_suspended");
        app.change(json!([on_listing("reinstate", &number, "2026-09-05", "rectified")]));
        assert_eq!(verdict(app, &format!("{asked}&declared_on=2026-09-04")), "denied suspended");
        assert_eq!(verdict(app, &format!("{asked}&declared_on=2026-09-05")), "allowed listed");
        assert_eq!(rule(app, on_listing("reinstate", &number, "2026-09-05", "rectified")), "not_suspended");
    }
}

on_both! {
    fn an_extension_lengthens_the_same_listing(app) {
        let (asked, number) = (question(ENT_03, "2941500000"), number_of(app, ENT_03, "2941500000"));
        let extend = |to: &str| json!({ "kind": "extend", "listing": number, "valid_to": to, "reason": { "code": "enterprise_request" } });
        assert_eq!(rule(app, extend("2027-01-14")), "not_later");
        app.change(json!([extend("2027-03-31")]));
        assert_eq!(verdict(app, &format!("{asked}&declared_on=2027-03-31")), "allowed listed");
        assert_eq!(verdict(app, &format!("{asked}&declared_on=2027-04-01")), "denied expired");
        let seen = listing(app, &number, "");
        assert_eq!((&seen["version"], &seen["valid_from"], &seen["valid_to"]), (&json!(2), &json!("2026-01-15"), &json!("2027-03-31")));
        let ended = number_of(app, ENT_03, "2937500000");
        let late = json!({ "kind": "extend", "listing": ended, "valid_to": "2027-03-31", "reason": { "code": "enterprise_request" } });
        assert_eq!(rule(app, late), "listing_expired");
    }
}

on_both! {
    fn a_variation_changes_what_it_names_and_keeps_the_rest(app) {
        let (asked, number) = (question(ENT_01, "3004909099"), number_of(app, ENT_01, "3004909099"));
        let before = listing(app, &number, "");
        app.change(json!([vary(&number, TODAY, json!({ "quantity": "50.5", "customs_offices": ["0107"], "note": "减量" }), "quantity_changed")]));
        let after = listing(app, &number, "");
        assert_eq!((&after["approved"], &after["remaining"]), (&json!({ "quantity": "50.5", "unit": "142" }), &json!({ "quantity": "50.5", "unit": "142" })));
        assert_eq!((&after["customs_offices"], &after["note"]), (&json!(["0107"]), &json!("减量")));
        for member in ["item", "valid_from", "valid_to", "consignment_cap", "batch", "enterprise", "status"] {
            assert_eq!(after[member], before[member], "{member}");
        }
        assert_eq!(verdict(app, &asked), "denied customs_office_not_permitted");
        let there = asked.replace("0101", "0107");
        assert_eq!(verdict(app, &format!("{there}&quantity=50.5&unit=142")), "allowed listed");
        assert_eq!(verdict(app, &format!("{there}&quantity=50.50001&unit=142")), "denied quantity_exceeds_remaining");
        assert_eq!(rule(app, vary(&number, TODAY, json!({ "quantity": "1", "unit": "036" }), "quantity_changed")), "unit_fixed");
        assert_eq!(rule(app, vary(&number, TODAY, json!({ "quantity": "50.5" }), "quantity_changed")), "nothing_changes");
    }
}

on_both! {
    fn a_new_hs_code_holds_from_its_day_and_the_old_one_before_it(app) {
        let (old, new) = (question(ENT_03, "2941500000"), question(ENT_03, "2937900090"));
        let number = number_of(app, ENT_03, "2941500000");
        app.change(json!([vary(&number, "2026-09-01", json!({ "hs_code": "2937900090" }), "hs_revision")]));
        for (question, day, expected) in [
            (&old, "2026-08-31", "allowed listed"),
            (&old, "2026-09-01", "denied no_listing"),
            (&new, "2026-08-31", "denied no_listing"),
            (&new, "2026-09-01", "allowed listed"),
        ] {
            assert_eq!(verdict(app, &format!("{question}&declared_on={day}")), expected, "{question} on {day}");
        }
        assert_eq!(verdict(app, &format!("{old}&declared_on=2026-09-01&listing={number}")), "denied hs_code_mismatch");
        let versions = app.auditor().get(&format!("/v1/listings/{number}/versions")).json();
        let codes: Vec<&str> = versions["items"].as_array().unwrap().iter().map(|version| version["item"]["hs_code"].as_str().unwrap()).collect();
        assert_eq!(codes, ["2941500000", "2937900090"]);
    }
}

on_both! {
    fn a_removal_is_final(app) {
        let (asked, number) = (question(ENT_01, "3004909099"), number_of(app, ENT_01, "3004909099"));
        app.change(json!([on_listing("suspend", &number, "2026-09-01", "risk_found")]));
        app.change(json!([on_listing("remove", &number, TODAY, "off_purpose_use")]));
        for day in [TODAY, "2026-09-01", "2027-02-28"] {
            assert_eq!(verdict(app, &format!("{asked}&declared_on={day}")), "denied removed");
        }
        assert_eq!(listing(app, &number, "")["status"], "removed");
        for kind in ["reinstate", "suspend", "remove"] {
            assert_eq!(rule(app, on_listing(kind, &number, "2026-09-02", "rectified")), "listing_removed");
        }
        assert_eq!(rule(app, vary(&number, TODAY, json!({ "quantity": "1" }), "quantity_changed")), "listing_removed");
        app.change(json!([add(ENT_01, "左布比卡因混悬液", "3004909099")]));
        let answer = ask(app, &asked);
        assert_eq!(said(&answer), "allowed listed", "the same item may come back as another listing");
        assert_ne!(answer["listing"]["number"], number.as_str());
    }
}

on_both! {
    fn a_suspended_enterprise_holds_back_all_its_listings(app) {
        let state = || app.auditor().get(&format!("/v1/enterprises/{ENT_05}")).json()["status"].as_str().unwrap().to_owned();
        let asked = [question(ENT_05, "2937210000") + "&cas=53-06-5", question(ENT_05, "2941500000"), question(ENT_05, "3002410090")];
        app.change(json!([on_enterprise("suspend_enterprise", ENT_05, TODAY)]));
        assert_eq!(state(), "suspended");
        assert!(asked.iter().all(|asked| verdict(app, asked) == "denied enterprise_suspended"));
        assert_eq!(verdict(app, &format!("{}&declared_on=2026-08-11", asked[1])), "allowed listed");
        assert_eq!(verdict(app, &question(ENT_10, "3004101290")), "allowed listed", "others are not concerned");
        assert_eq!(rule(app, on_enterprise("suspend_enterprise", ENT_05, TODAY)), "enterprise_unchanged");
        app.change(json!([on_enterprise("reinstate_enterprise", ENT_05, TODAY)]));
        assert_eq!(state(), "active");
        assert!(asked.iter().all(|asked| verdict(app, asked) == "allowed listed"));
    }
}

on_both! {
    fn a_bar_stops_new_listings_until_it_is_lifted(app) {
        let until = |uscc: &str| app.auditor().get(&format!("/v1/enterprises/{uscc}")).json()["barred_until"].clone();
        assert_eq!((until(ENT_09), until(ENT_01)), (json!("2028-04-09"), Value::Null));
        assert_eq!(rule(app, add(ENT_09, "氢化可的松", "2937210000")), "barred");
        let mut bar = on_enterprise("bar_enterprise", ENT_01, TODAY);
        bar["until"] = json!("2026-08-20");
        app.change(json!([bar]));
        assert_eq!(until(ENT_01), "2026-08-20");
        assert_eq!(verdict(app, &question(ENT_01, "3004909099")), "allowed listed", "a bar is about new listings");
        assert_eq!(rule(app, add(ENT_01, "氢化可的松", "2937210000")), "barred");
        app.set_time("2026-08-19T16:00:00.000000Z");
        assert_eq!((rule(app, add(ENT_01, "氢化可的松", "2937210000")).as_str(), until(ENT_01)), ("past_date", json!("2026-08-20")));
        let from = |enterprise: &str, day: &str| {
            let mut change = add(enterprise, "氢化可的松", "2937210000");
            change["valid_from"] = json!(day);
            change
        };
        assert_eq!(rule(app, from(ENT_01, "2026-08-20")), "barred", "the last day of the bar");
        let lift = |enterprise: &str| on_enterprise("lift_bar", enterprise, "2026-08-20");
        app.change(json!([lift(ENT_09), from(ENT_09, "2026-08-20")]));
        assert_eq!((until(ENT_09), verdict(app, &question(ENT_09, "2937210000")).as_str()), (Value::Null, "allowed listed"));
        app.set_time("2026-08-20T16:00:00.000000Z");
        assert_eq!(until(ENT_01), Value::Null);
        app.change(json!([from(ENT_01, "2026-08-21")]));
        assert_eq!(verdict(app, &question(ENT_01, "2937210000")), "allowed listed");
    }
}

on_both! {
    fn an_enterprise_is_registered_and_renamed(app) {
        let uscc = (1000..9999)
            .flat_map(|serial| "0123456789ABCDEFGHJKLMNPQRTUWXY".chars().map(move |check| format!("91110108XFXTR{serial}{check}")))
            .find(|code| whitelist::domain::code::Uscc::parse(code).is_ok_and(|code| code.organisation_check_holds()))
            .unwrap();
        let register = |name: &str, day: &str| json!({
            "kind": "register_enterprise", "uscc": uscc, "name_zh": name, "name_en": "Newcomer (synthetic)", "district": "110108",
            "customs_registration": "1108369F99", "effective_on": day, "reason": { "code": "joint_recognition" }
        });
        let view = || app.auditor().get(&format!("/v1/enterprises/{uscc}"));
        assert_eq!(view().status, 404);
        assert_eq!(rule(app, add(&uscc, "氢化可的松", "2937210000")), "enterprise_unknown");
        // One adjustment may register an enterprise and list it.
        let revision = app.change(json!([register("北京样例新企业（合成）", TODAY), add(&uscc, "氢化可的松", "2937210000")]));
        assert_eq!(verdict(app, &question(&uscc, "2937210000")), "allowed listed");
        let seen = view();
        assert_eq!((&seen.json()["name_zh"], &seen.json()["listings"]), (&json!("北京样例新企业（合成）"), &json!(1)));
        assert_eq!(seen.header("etag").unwrap(), format!("\"{}\"", revision - 2), "two facts, then the confirmation");
        app.change(json!([register("北京样例改名企业（合成）", "2026-09-01")]));
        assert_eq!(view().json()["name_zh"], "北京样例新企业（合成）");
        app.set_time("2026-09-01T04:00:00.000000Z");
        let names: Vec<Value> = view().json()["names"].as_array().unwrap().iter().map(|name| name["from"].clone()).collect();
        assert_eq!((&view().json()["name_zh"], names), (&json!("北京样例改名企业（合成）"), vec![json!(TODAY), json!("2026-09-01")]));
        assert_eq!(rule(app, register("北京样例改名企业（合成）", "2026-09-01")), "enterprise_unchanged");
    }
}

on_both! {
    fn a_stopped_item_class_is_denied_until_the_stop_is_lifted(app) {
        let classes = [
            (json!({ "kind": "hs_prefix", "value": "294150" }), question(ENT_03, "2941500000"), question(ENT_05, "2937500000")),
            (json!({ "kind": "cas", "value": "745-65-3" }), question(ENT_05, "2937500000"), question(ENT_10, "2937500000")),
            (json!({ "kind": "purpose", "value": "process_material" }), question(ENT_10, "2937500000"), question(ENT_01, "3004909099")),
        ];
        for (class, covered, other) in classes {
            app.change(json!([{ "kind": "stop_item_class", "class": class, "effective_on": TODAY, "reason": { "code": "risk_found" } }]));
            assert_eq!((verdict(app, &covered), verdict(app, &other)), ("denied item_class_stopped".into(), "allowed listed".into()), "{class}");
            assert_eq!(verdict(app, &format!("{covered}&declared_on=2026-08-11")), "allowed listed");
            // No reader is shown the ids of stops yet; the log names them.
            let stops = app.inside().store.read::<_, StoreError>(|conn| rulebook::stops_since(conn, 0)).unwrap();
            let lift = |day: &str| json!({ "kind": "lift_stop", "stop": stops.last().unwrap().id, "effective_on": day, "reason": { "code": "rectified" } });
            app.change(json!([lift("2026-08-14")]));
            assert_eq!(verdict(app, &format!("{covered}&declared_on=2026-08-13")), "denied item_class_stopped");
            assert_eq!(verdict(app, &format!("{covered}&declared_on=2026-08-14")), "allowed listed");
            assert_eq!(rule(app, lift("2026-08-14")), "stop_unknown");
        }
    }
}

on_both! {
    fn a_past_date_is_for_taking_over_and_for_slips_of_the_pen(app) {
        let (asked, number) = (question(ENT_01, "3004909099"), number_of(app, ENT_01, "3004909099"));
        assert_eq!(rule(app, on_listing("suspend", &number, "2026-08-11", "risk_found")), "past_date");
        let proposed = propose(app, &json!([on_listing("suspend", &number, "2026-08-01", "take_over")]));
        let preview = app.approver().get(&format!("{}/preview", proposed.header("location").unwrap())).json();
        assert_eq!((&preview["changes"][0]["warnings"][0]["code"], &preview["totals"]["warnings"]), (&json!("past_date"), &json!(1)));
        let before = app.inside().head().unwrap().0;
        let confirm = format!("{}/confirm", proposed.header("location").unwrap());
        assert_eq!(app.approver().act(&confirm, proposed.header("etag").unwrap()).status, 200);
        assert_eq!(verdict(app, &format!("{asked}&declared_on=2026-07-31")), "allowed listed");
        assert_eq!(verdict(app, &format!("{asked}&declared_on=2026-08-01")), "denied suspended");
        let then = format!("{asked}&declared_on=2026-08-01&as_of_revision={before}");
        assert_eq!(verdict(app, &then), "allowed listed", "earlier revisions stay as they were");
        app.change(json!([on_listing("reinstate", &number, "2026-08-01", "clerical_error")]));
        assert_eq!(verdict(app, &format!("{asked}&declared_on=2026-08-01")), "allowed listed");
    }
}

on_both! {
    fn a_preview_names_the_recorded_answers_that_would_have_been_others(app) {
        let number = number_of(app, ENT_01, "3004909099");
        let lines = json!([
            { "line": 1, "enterprise": ENT_01, "hs_code": "3004909099", "quantity": "20", "unit": "142" },
            { "line": 2, "enterprise": ENT_03, "hs_code": "2941500000" }
        ]);
        let head = json!({ "number": "010120261012345678", "customs_office": "0101" });
        let declared = app.customs().post("/v1/lookups", &json!({ "declaration": head, "lines": lines })).json();
        assert_eq!(said(&declared["lines"][0]), "allowed listed");
        ask(app, &question(ENT_01, "3907299090"));
        ask(app, &question(ENT_05, "2937500000"));
        app.restart();

        let proposed = propose(app, &json!([
            on_listing("suspend", &number, "2026-08-20", "risk_found"),
            vary(&number_of(app, ENT_03, "2941500000"), TODAY, json!({ "quantity": "99" }), "quantity_changed")
        ]));
        assert_eq!(proposed.status, 201, "{}", proposed.text());
        let preview = app.approver().get(&format!("{}/preview", proposed.header("location").unwrap())).json();
        let (suspend, vary) = (&preview["changes"][0], &preview["changes"][1]);
        assert_eq!((&suspend["kind"], &suspend["subject"], &suspend["listings"]["count"]), (&json!("suspend"), &json!(number), &json!(1)));
        assert_eq!((&suspend["before"]["status"], &suspend["after"]["status"]), (&json!("in_force"), &json!("suspended")));
        assert_eq!((&suspend["lookups"]["examined"], &suspend["lookups"]["would_differ"]), (&json!(1), &json!(1)));
        let example = &suspend["lookups"]["examples"][0];
        assert_eq!((&example["answer"], &example["declaration"], &example["line"]), (&declared["id"], &json!("010120261012345678"), &json!(1)));
        assert_eq!((&example["was"], &example["would_be"]), (&json!("allowed"), &json!("denied")));
        assert_eq!((&vary["lookups"]["examined"], &vary["lookups"]["would_differ"]), (&json!(1), &json!(0)));
        assert_eq!((&vary["before"]["approved"]["quantity"], &vary["after"]["approved"]["quantity"]), (&json!("100"), &json!("99")));
        assert_eq!((&preview["totals"]["changes"], &preview["totals"]["lookups_would_differ"], &preview["totals"]["refused"]), (&json!(2), &json!(1), &json!(0)));

        // What another adjustment made impossible meanwhile stands in the preview and is refused at confirmation.
        app.change(json!([on_listing("remove", &number, TODAY, "breach")]));
        let preview = app.approver().get(&format!("{}/preview", proposed.header("location").unwrap())).json();
        assert_eq!((&preview["changes"][0]["refused"][0]["code"], &preview["totals"]["refused"]), (&json!("listing_removed"), &json!(1)));
        let before = app.inside().head().unwrap();
        let refused = app.approver().act(&format!("{}/confirm", proposed.header("location").unwrap()), proposed.header("etag").unwrap());
        assert_eq!((refused.status, faults(&refused.json())), (422, vec![("/changes/0", "listing_removed")]));
        assert_eq!(app.inside().head().unwrap(), before, "neither the one nor the other change was made");
        assert_eq!(listing(app, &number_of(app, ENT_03, "2941500000"), "")["approved"]["quantity"], "100");
    }
}

on_both! {
    fn all_refusals_are_told_at_once(app) {
        let number = number_of(app, ENT_01, "3004909099");
        let nobodys = (1..).find_map(|serial| ListingNumber::new("BJ", 2199, serial)).unwrap().to_string();
        let mut no_basis = on_listing("suspend", &number, TODAY, "other");
        let found = refused(app, json!([
            on_listing("reinstate", &number, TODAY, "rectified"),
            add(ENT_05, "全新物品", "2937210000"),
            add(ENT_09, "氢化可的松", "2937210000"),
            on_listing("suspend", &nobodys, TODAY, "breach"),
            on_enterprise("reinstate_enterprise", ENT_03, TODAY),
            no_basis.clone(),
            add(ENT_01, "左布比卡因混悬液", "3004909099")
        ]));
        let found: Vec<(&str, &str)> = found.iter().map(|(pointer, code)| (pointer.as_str(), code.as_str())).collect();
        assert_eq!(found, [
            ("/changes/0", "not_suspended"), ("/changes/2", "barred"), ("/changes/3", "listing_unknown"),
            ("/changes/4", "enterprise_unchanged"), ("/changes/5", "basis_required"), ("/changes/6", "already_listed"),
        ]);
        no_basis["reason"]["basis"] = json!("市局决定");
        assert_eq!(propose(app, &json!([no_basis])).status, 201);
        let response = propose(app, &json!([]));
        assert_eq!((response.status, faults(&response.json())), (400, vec![("/changes", "no_lines")]));
        let unknown = app.officer().post("/v1/adjustments", &json!({ "scheme": "nowhere-1999", "changes": [on_listing("suspend", &number, TODAY, "breach")] }));
        assert_eq!((unknown.status, faults(&unknown.json())), (422, vec![("/scheme", "scheme_unknown")]));
    }
}
