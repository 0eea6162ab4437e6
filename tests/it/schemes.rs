//! More than one rule book: a second pilot beside the first, the yearly change of HS codes, and rules that two
//! administrators change.

use crate::lookups::{ENT_01, ENT_03, ENT_05, ask, faults, number_of, question, said, verdict};
use crate::matrix::issuer;
use crate::support::app::{Actor, TestApp};
use crate::support::client::Response;
use crate::support::on_both;
use serde_json::{Value, json};
use std::process::{Command, Output};
use whitelist::app::tariff::{self, TariffImport};
use whitelist::domain::actor::Role;
use whitelist::domain::code::Uscc;
use whitelist::domain::revision::Revision;
use whitelist::store::{Author, Context, DatabaseUrl, Recorded};

const GUANGZHOU: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/samples/schemes/guangzhou-2024.toml");
const TARIFF_2027: &[u8] = include_bytes!("../../samples/tariff-2027.csv");

/// Adopts a scheme file with the binary while the service stands still.
pub fn adopt(app: &mut TestApp, file: &str) -> Output {
    app.halt();
    let database = match &app.database {
        DatabaseUrl::Sqlite(path) => format!("sqlite://{}", path.display()),
        DatabaseUrl::Postgres(url) => url.clone(),
    };
    let command = Command::new(env!("CARGO_BIN_EXE_whitelist"))
        .args(["scheme", "adopt", "--database", &database, "--data"])
        .arg(&app.folder)
        .arg(file)
        .env_clear()
        .output()
        .unwrap();
    app.restart();
    command
}

fn adopted(app: &mut TestApp) {
    let output = adopt(app, GUANGZHOU);
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
}

fn newcomer() -> String {
    (1000..9999)
        .flat_map(|serial| {
            "0123456789ABCDEFGHJKLMNPQRTUWXY".chars().map(move |check| format!("91440101XFXTR{serial}{check}"))
        })
        .find(|code| Uscc::parse(code).is_ok_and(|code| code.organisation_check_holds()))
        .unwrap()
}

fn codes(app: &TestApp) -> Vec<String> {
    let schemes = app.customs().get("/v1/schemes").json();
    schemes["items"].as_array().unwrap().iter().map(|scheme| scheme["code"].as_str().unwrap().to_owned()).collect()
}

on_both! {
    fn two_schemes_live_beside_each_other(app) {
        assert_eq!(codes(app), ["beijing-2022"]);
        assert_eq!(app.customs().get("/v1/schemes/guangzhou-2024").status, 404);
        let before = app.inside().head().unwrap().0;
        adopted(app);
        assert_eq!((codes(app), app.inside().head().unwrap().0), (vec!["beijing-2022".to_owned(), "guangzhou-2024".to_owned()], before + 1));
        let scheme = app.customs().get("/v1/schemes/guangzhou-2024").json();
        assert_eq!((&scheme["number_prefix"], &scheme["validity_months"], &scheme["lead_agency"]), (&json!("GZ"), &json!(6), &json!("gz-market")));
        // The same version once more is known already.
        adopted(app);
        assert_eq!(app.inside().head().unwrap().0, before + 1);

        let uscc = newcomer();
        let proposal = json!({ "scheme": "guangzhou-2024", "changes": [
            { "kind": "register_enterprise", "uscc": uscc, "name_zh": "广州样例企业（合成）", "district": "440112", "reason": { "code": "joint_recognition" } },
            { "kind": "add", "enterprise": uscc, "item": { "name_zh": "氢化可的松", "cas": "50-23-7", "hs_code": "2937210000" }, "quantity": "10", "unit": "036",
              "valid_from": "2026-08-12", "valid_to": "2027-02-11", "reason": { "code": "joint_recognition" } }
        ]});
        let proposed = app.officer().post("/v1/adjustments", &proposal);
        assert_eq!(proposed.status, 201, "{}", proposed.text());
        let confirm = format!("{}/confirm", proposed.header("location").unwrap());
        assert_eq!(app.approver().act(&confirm, proposed.header("etag").unwrap()).status, 200);
        let number = number_of(app, &uscc, "2937210000");
        assert!(number.starts_with("GZ-2026-000001-"), "{number}: each scheme counts for itself");

        let at = |office: &str, enterprise: &str, hs_code: &str| ask(app, &question(enterprise, hs_code).replace("=0101", &format!("={office}")));
        for (office, enterprise, hs_code, expected, scheme) in [
            ("5101", uscc.as_str(), "2937210000", "allowed listed", json!("guangzhou-2024")),
            ("5201", uscc.as_str(), "2937210000", "allowed listed", json!("guangzhou-2024")),
            ("0101", uscc.as_str(), "2937210000", "denied customs_office_not_permitted", json!("guangzhou-2024")),
            ("0101", ENT_01, "3004909099", "allowed listed", json!("beijing-2022")),
            ("5101", ENT_01, "3004909099", "denied customs_office_not_permitted", json!("beijing-2022")),
            // Without a listing: the scheme of the office, else of the district, else none.
            ("5101", ENT_01, "2937210000", "denied no_listing", json!("guangzhou-2024")),
            ("0101", uscc.as_str(), "2941500000", "denied no_listing", json!("beijing-2022")),
            ("9401", uscc.as_str(), "2941500000", "denied no_listing", json!("guangzhou-2024")),
            ("9401", ENT_01, "2937210000", "denied no_listing", json!("beijing-2022")),
        ] {
            let answer = at(office, enterprise, hs_code);
            assert_eq!((said(&answer).as_str(), &answer["scheme"]), (expected, &scheme), "{office} {enterprise} {hs_code}");
        }
        // Before the younger scheme was in force its offices had none.
        let early = ask(app, &format!("{}&declared_on=2024-07-09", question(ENT_01, "2937210000").replace("=0101", "=5101")));
        assert_eq!((said(&early).as_str(), &early["required_documents"]), ("denied no_listing", &json!(["Q"])));

        let foreign = json!({ "scheme": "guangzhou-2024", "changes": [
            { "kind": "suspend", "listing": number_of(app, ENT_01, "3004909099"), "effective_on": "2026-08-12", "reason": { "code": "breach" } }
        ]});
        let refused = app.officer().post("/v1/adjustments", &foreign);
        assert_eq!((refused.status, faults(&refused.json())), (422, vec![("/changes/0", "other_scheme")]));
        let mut unknown = foreign;
        unknown["scheme"] = json!("shanghai-2024");
        let refused = app.officer().post("/v1/adjustments", &unknown);
        assert_eq!((refused.status, faults(&refused.json())), (422, vec![("/scheme", "scheme_unknown")]));
        // With two schemes in force an import must say which it means.
        let csv = app.officer().get("/v1/listings.csv?enterprise=91110302XFXTR00172");
        let import = |query: &str| app.officer().send("POST", &format!("/v1/adjustments/import?dry_run=true{query}"), &[("Content-Type", "text/csv")], &csv.body);
        assert_eq!(import("").status, 400, "{}", import("").text());
        assert_eq!(import("&scheme=beijing-2022").json()["changes"], 0);
    }
}

on_both! {
    fn versions_of_a_scheme_follow_each_other(app) {
        adopted(app);
        let text = std::fs::read_to_string(GUANGZHOU).unwrap();
        let file = app.folder.join("scheme.toml");
        let adopt_text = |app: &mut TestApp, text: &str| {
            std::fs::write(&file, text).unwrap();
            adopt(app, file.to_str().unwrap())
        };
        let before = app.inside().head().unwrap();
        for (faulty, expected) in [
            (text.replace("version = 1", "version = 3"), "versions rise by one"),
            (text.replace("lead_agency = \"gz-market\"", "lead_agency = \"bj-drug\""), "lead_agency"),
            (text.replace("number_prefix = \"GZ\"", "number_prefix = \"gz\""), "number_prefix"),
            (text.replace("validity_months", "validity_weeks"), "validity_weeks"),
        ] {
            let output = adopt_text(app, &faulty);
            let said = String::from_utf8_lossy(&output.stderr).into_owned();
            assert_eq!(output.status.code(), Some(1), "{said}");
            assert!(said.contains(expected), "{said}");
        }
        assert_eq!(app.inside().head().unwrap(), before);
        let second = text.replace("version = 1", "version = 2").replace("\"52\"", "\"52\", \"53\"");
        assert!(adopt_text(app, &second).status.success());
        assert_eq!(app.inside().head().unwrap().0, before.0 + 1);
        let office = |revision: &str| ask(app, &format!("enterprise={ENT_01}&hs_code=2937210000&customs_office=5301{revision}"));
        assert_eq!((&office("")["scheme"], &office("")["scheme_version"]), (&json!("guangzhou-2024"), &json!(2)));
        assert_eq!(office(&format!("&as_of_revision={before}"))["scheme"], "beijing-2022", "as it was known then");
    }
}

fn import_2027(app: &TestApp) -> Recorded<TariffImport> {
    let by = Author::Caller {
        issuer: "urn:whitelist:command-line".to_owned(),
        subject: "tariff import".to_owned(),
        org: "beijing-2022".to_owned(),
    };
    let context = Context { at: app.clock.now(), by, request_id: None };
    let lines = tariff::read(TARIFF_2027).unwrap();
    let imported = tariff::import(&app.inside().store, context, "beijing-2022".to_owned(), lines).unwrap();
    assert!(app.inside().index.wait_for(Revision(imported.revision.0), std::time::Duration::from_secs(10)));
    imported
}

on_both! {
    fn the_yearly_change_of_hs_codes_is_one_adjustment(app) {
        let before = app.inside().head().unwrap();
        let imported = import_2027(app).value;
        assert_eq!(imported.recorded, 7);
        let proposed = imported.proposed.unwrap();
        let target = format!("/v1/adjustments/{}", proposed.id);
        let seen = app.approver().get(&target);
        let changes = seen.json()["changes"].as_array().unwrap().clone();
        let found: Vec<(&str, &str)> = changes.iter().map(|change| (change["set"]["hs_code"].as_str().unwrap(), change["effective_on"].as_str().unwrap())).collect();
        // Four listings of erythromycin get the first of its two successors, one of tetracycline its own.
        assert_eq!(found.iter().filter(|found| **found == ("2941500010", "2027-01-01")).count(), 4, "{found:?}");
        assert_eq!((found.iter().filter(|found| **found == ("2941301290", "2027-01-01")).count(), found.len()), (1, 5));
        assert!(changes.iter().all(|change| change["kind"] == "vary" && change["reason"]["code"] == "hs_revision"));

        let on = |hs_code: &str, day: &str| verdict(app, &format!("{}&declared_on={day}", question(ENT_05, hs_code)));
        let (old, new) = ("2941500000", "2941500010");
        assert_eq!(on(new, "2027-01-01"), "denied no_listing", "the table is new, the listing not yet");
        let confirmed = app.approver().act(&format!("{target}/confirm"), seen.header("etag").unwrap());
        assert_eq!(confirmed.status, 200, "{}", confirmed.text());
        for (hs_code, day, expected) in [
            (old, "2026-08-12", "allowed listed"),
            (old, "2026-12-31", "allowed listed"),
            (old, "2027-01-01", "manual_check hs_code_unknown"),
            (new, "2026-12-31", "manual_check hs_code_unknown"),
            (new, "2027-01-01", "allowed listed"),
            (new, "2027-07-11", "allowed listed"),
            (new, "2027-07-12", "denied expired"),
            ("2941500090", "2027-01-01", "denied no_listing"),
        ] {
            assert_eq!(on(hs_code, day), expected, "{hs_code} on {day}");
        }
        assert_eq!(verdict(app, &format!("{}&declared_on=2027-01-14", question(ENT_03, new))), "allowed listed");
        let tetracycline = format!("{}&declared_on=2027-01-01", question("91110115XFXTR0121N", "2941301290"));
        assert_eq!(verdict(app, &tetracycline), "not_applicable document_not_required");
        assert_eq!(verdict(app, &format!("{}&declared_on=2027-01-01&as_of_revision={before}", question(ENT_05, old))), "allowed listed", "as it was known then");

        let tariff = |hs_code: &str, on: &str| app.customs().get(&format!("/v1/tariff/{hs_code}?on={on}")).json();
        assert_eq!((&tariff(old, "2026-12-31")["known"], &tariff(old, "2027-01-01")["known"]), (&json!(true), &json!(false)));
        assert_eq!((&tariff(new, "2027-01-01")["documents"][0]["code"], &tariff(new, "2026-12-31")["known"]), (&json!("Q"), &json!(false)));
        let again = import_2027(app).value;
        assert_eq!((again.recorded, again.proposed.map(|row| row.id)), (0, None), "a second import changes nothing");
        let listing: Value = app.auditor().get(&format!("/v1/listings/{}", number_of(app, ENT_03, old))).json();
        assert_eq!(listing["item"]["hs_code"], old, "until the day comes");
    }
}

fn rule(response: &Response) -> String {
    assert_eq!(response.status, 422, "{}", response.text());
    response.json()["rule"].as_str().unwrap().to_owned()
}

/// Proposes rules; returns where they are and their entity tag.
fn proposed_rules(admin: &Actor, table: &str, rules: &Value) -> (String, String, Value) {
    let made = admin.post("/v1/rule-changes", &json!({ "table": table, "rules": rules, "note": "会议纪要" }));
    assert_eq!(made.status, 201, "{}", made.text());
    (made.header("location").unwrap().to_owned(), made.header("etag").unwrap().to_owned(), made.json())
}

fn places(change: &Value) -> Vec<&str> {
    change["differences"].as_array().unwrap().iter().map(|it| it["pointer"].as_str().unwrap()).collect()
}

on_both! {
    fn rules_change_by_two_administrators(app) {
        let admin = |name: &str| app.actor(Role::BureauAdmin, "bj-commerce", name);
        let (first, second) = (admin("admin-1"), admin("admin-2"));
        let now = first.get("/v1/schemes/beijing-2022").json();
        let next = |set: &[(&str, Value)]| {
            let mut scheme = now.clone();
            scheme["version"] = json!(now["version"].as_i64().unwrap() + 1);
            scheme["valid_from"] = json!("2026-09-01");
            for (pointer, value) in set {
                *scheme.pointer_mut(pointer).unwrap() = value.clone();
            }
            scheme
        };
        let tighter = next(&[("/validity_months", json!(3)), ("/clocks/opinion_days", json!(9)), ("/customs_prefixes", json!(["01", "02"])), ("/districts/0/area", json!("not_evaluated"))]);
        let post = |rules: &Value| first.post("/v1/rule-changes", &json!({ "table": "scheme", "rules": rules }));
        // What could not be confirmed is refused when it is proposed.
        assert_eq!(rule(&post(&next(&[("/version", json!(7))]))), "version_not_next");
        assert_eq!(rule(&post(&next(&[("/valid_from", json!("2026-08-11")), ("/bar_months", json!(1))]))), "rules_from_today");
        assert_eq!(rule(&post(&next(&[]))), "nothing_changes");
        let faulty = post(&next(&[("/clocks/opinion_days", json!("nine"))]));
        assert_eq!((faulty.status, faults(&faulty.json())), (400, vec![("/rules/clocks/opinion_days", "wrong_type")]));

        let (path, etag, made) = proposed_rules(&first, "scheme", &tighter);
        let district = format!("/districts/{}/area", now["districts"][0]["code"].as_str().unwrap());
        let differs = ["/version", "/valid_from", &district, "/customs_prefixes", "/validity_months", "/clocks/opinion_days"];
        assert_eq!(places(&made), differs);
        assert_eq!((&made["differences"][5]["before"], &made["differences"][5]["after"]), (&now["clocks"]["opinion_days"], &json!(9)));
        assert_eq!(second.get("/v1/schemes/beijing-2022?valid_on=2026-09-01").json(), now, "nothing holds yet");
        assert_eq!(rule(&first.act(&format!("{path}/confirm"), &etag)), "four_eyes");
        assert_eq!(rule(&second.act(&format!("{path}/withdraw"), &etag)), "not_the_proposer");
        let (rival, rival_etag, _) = proposed_rules(&second, "scheme", &next(&[("/bar_months", json!(7))]));
        let confirmed = second.act(&format!("{path}/confirm"), &etag);
        assert_eq!((confirmed.status, &confirmed.json()["state"]), (200, &json!("confirmed")), "{}", confirmed.text());
        assert_eq!(second.act(&format!("{path}/confirm"), &etag).status, 412);
        assert_eq!(second.change("POST", &format!("{path}/reject"), confirmed.header("etag").unwrap(), &json!({})).status, 400, "a reason is asked for");
        let on = |day: &str| first.get(&format!("/v1/schemes/beijing-2022?valid_on={day}")).json();
        assert_eq!((&on("2026-08-31")["validity_months"], &on("2026-09-01")["validity_months"]), (&now["validity_months"], &json!(3)));
        assert_eq!(places(&app.auditor().get(&path).json()), differs, "as it differed when it was proposed");
        // Look-ups go on under either version.
        let at = |day: &str| verdict(app, &format!("{}&declared_on={day}", question(ENT_01, "3004909099")));
        assert_eq!((at("2026-08-31").as_str(), at("2026-09-01").as_str()), ("allowed listed", "allowed listed"));
        // The rival was made on top of a version that is no longer the newest.
        assert_eq!(rule(&first.act(&format!("{rival}/confirm"), &rival_etag)), "version_not_next");
        let back = first.change("POST", &format!("{rival}/reject"), &rival_etag, &json!({ "reason": "请按新版重新提出" }));
        assert_eq!((back.status, &back.json()["reason"]), (200, &json!("请按新版重新提出")));

        // A year of the calendar, and a day that would be both.
        let year = |off: bool| json!({ "years": { "2031": { "days": [{ "date": "2031-01-01", "off": off }] }, "2030": { "days": [{ "date": "2031-01-01", "off": true }] } } });
        let both = first.post("/v1/rule-changes", &json!({ "table": "calendar", "rules": year(false) }));
        assert_eq!(rule(&both), "days_contradict");
        let (path, etag, made) = proposed_rules(&first, "calendar", &year(true));
        assert_eq!((made["about"].as_str(), places(&made)), (Some("2030, 2031"), vec!["/years/2030", "/years/2031"]));
        assert_eq!(second.act(&format!("{path}/confirm"), &etag).status, 200);
        let years = first.get("/v1/calendar").json();
        assert!(years["years"].as_array().unwrap().iter().any(|known| known["year"] == 2031), "{years}");
        let same = first.post("/v1/rule-changes", &json!({ "table": "calendar", "rules": years_of(&years, 2031) }));
        assert_eq!(rule(&same), "nothing_changes");

        // A code that takes the place of another: the listings follow by an adjustment of their own.
        let row = json!({ "hs_code": "2941500010", "documents": ["Q"], "valid_from": "2027-01-01", "valid_to": null, "replaces": "2941500000" });
        let (path, etag, made) = proposed_rules(&first, "tariff", &json!({ "scheme": "beijing-2022", "rows": [row] }));
        assert_eq!(places(&made), ["/rows/2941500010 2027-01-01"]);
        assert_eq!(second.act(&format!("{path}/confirm"), &etag).status, 200);
        let adjustments = app.approver().get("/v1/adjustments?state=proposed").json();
        assert_eq!(adjustments["items"][0]["proposed_by"], made["proposed_by"], "{adjustments}");
        let (path, etag, _) = proposed_rules(&first, "calendar", &json!({ "years": { "2032": { "days": [{ "date": "2032-01-01", "off": true }] } } }));
        assert_eq!(first.act(&format!("{path}/withdraw"), &etag).json()["state"], "withdrawn");
        // Who proposed it is said by role, and by organisation once they are registered.
        let text = |path: &str| app.auditor().get(path).json()["proposed_by_text"].as_str().unwrap().to_owned();
        assert_eq!(text(&path), "市局管理员");
        let bureau = json!({ "code": "bj-commerce", "kind": "bureau", "name_zh": "市商务局", "name_en": "The bureau" });
        assert_eq!(first.post("/v1/organisations", &bureau).status, 201);
        let accounts = json!([{ "issuer": issuer(app), "subject": "admin-1" }]);
        assert_eq!(first.post("/v1/people", &json!({ "name": "何川", "org": "bj-commerce", "accounts": accounts })).status, 201);
        assert_eq!(text(&path), "市局管理员（市商务局）");
        let english = app.auditor().send("GET", &path, &[("Accept-Language", "en")], b"").json();
        assert_eq!(english["proposed_by_text"], "bureau administrator (The bureau)");
        assert_eq!(english["decided_by_text"], english["proposed_by_text"], "it was taken back by the same");
        let list = app.auditor().get("/v1/rule-changes?limit=2").json();
        assert_eq!(list["items"].as_array().unwrap().len(), 2);
        let rest = app.auditor().get(&format!("/v1/rule-changes?after={}", list["next"].as_str().unwrap())).json();
        assert_eq!((rest["items"].as_array().unwrap().len(), &rest["next"]), (3, &json!(null)));
    }
}

/// A year as the calendar shows it, in the form in which it is proposed.
fn years_of(calendar: &Value, year: u16) -> Value {
    let known = calendar["years"].as_array().unwrap().iter().find(|known| known["year"] == year).unwrap();
    json!({ "years": { year.to_string(): { "notices": known["notices"], "days": known["days"] } } })
}
