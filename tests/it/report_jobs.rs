//! Reports made in the background: asked for, made once by one node, told of, handed out to who may still have them, forgotten.

use crate::lookups::{ENT_05, faults};
use crate::support::app::{Actor, Database, TestApp};
use crate::support::client::Response;
use crate::support::on_both;
use crate::support::visitor::Visitor;
use serde_json::{Value, json};
use std::time::Duration;
use whitelist::domain::actor::Role;
use whitelist::domain::validity::Instant;
use whitelist::http::making::ReportLimits;

const MINUTE: i64 = 60_000_000;
const DAY: i64 = 1_440 * MINUTE;
const LISTINGS: &str = "/v1/listings.csv?status=in_force";

fn ask(actor: &Actor, target: &str) -> Value {
    let asked = actor.post("/v1/report-jobs", &json!({ "target": target }));
    assert_eq!(asked.status, 201, "{}", asked.text());
    asked.json()
}

fn place(job: &Value) -> String {
    format!("/v1/report-jobs/{}", job["id"].as_str().unwrap())
}

fn file(actor: &Actor, job: &Value) -> Response {
    actor.get(&format!("{}/file", place(job)))
}

fn shown(actor: &Actor, job: &Value) -> Value {
    actor.get(&place(job)).json()
}

fn turn(app: &TestApp, micros: i64) {
    app.clock.set(Instant::from_micros(app.clock.now().micros() + micros));
}

on_both! {
    fn a_report_is_made_told_of_and_handed_out_to_its_owner_alone(app) {
        let officer = app.officer();
        for (target, expected) in [
            ("/v1/listings", vec![("/target", "value_unknown")]),
            ("/v1/people", vec![("/target", "value_unknown")]),
            ("https://example.cn/v1/listings.csv", vec![("/target", "value_unknown")]),
        ] {
            let refused = officer.post("/v1/report-jobs", &json!({ "target": target }));
            assert_eq!((refused.status, faults(&refused.json())), (400, expected), "{target}");
        }
        assert_eq!(officer.post("/v1/report-jobs", &json!({ "target": "/v1/log/export.tar" })).status, 403);

        // What waits is made in order; each is what the export itself answers.
        let first = ask(&officer, LISTINGS);
        let second = ask(&officer, "/v1/reports/figures/received/rows.xlsx");
        assert_eq!((first["state"].clone(), second["report"].clone()), (json!("waiting"), json!("export_figure_rows_xlsx")));
        assert_eq!(file(&officer, &first).status, 404);
        assert_eq!(app.make_reports(), 2);
        assert_eq!(app.make_reports(), 0);
        let made = shown(&officer, &first);
        assert_eq!((made["state"].clone(), made["file"].clone(), made["attempts"].clone()), (json!("done"), json!("listings.csv"), json!(1)));
        let (handed, direct) = (file(&officer, &first), officer.get(LISTINGS));
        assert_eq!((handed.status, &handed.body), (200, &direct.body));
        assert_eq!(json!(handed.body.len()), made["bytes"]);
        for name in ["content-disposition", "content-type"] {
            assert_eq!(handed.header(name), direct.header(name));
        }
        assert_eq!(handed.header("cache-control"), Some("no-store"));
        assert!(file(&officer, &second).body.starts_with(b"PK"));
        let notice = officer.get("/v1/inbox").json()["items"][0].clone();
        assert_eq!(notice["kind"], "report_made");
        assert_eq!(officer.get("/v1/report-jobs").json()["items"].as_array().unwrap().len(), 2);

        // Nobody else sees it, and who lost the role under which it was asked for has it no more.
        let other = app.actor(Role::BureauOfficer, "bj-commerce", "officer-2");
        assert_eq!((other.get(&place(&first)).status, file(&other, &first).status), (404, 404));
        assert_eq!(other.get("/v1/report-jobs").json()["items"], json!([]));
        let now_district = app.actor(Role::DistrictOfficer, "bj-commerce", "officer-1");
        assert_eq!((now_district.get(&place(&first)).status, file(&now_district, &first).status), (200, 403));
        let elsewhere = app.actor(Role::BureauOfficer, "110114", "officer-1");
        assert_eq!(file(&elsewhere, &first).status, 404);

        // An enterprise has its own listings in it only, as it would be told directly.
        let applicant = app.actor(Role::EnterpriseApplicant, ENT_05, "applicant-1");
        let own = ask(&applicant, "/v1/listings.csv");
        app.make_reports();
        assert_eq!(file(&applicant, &own).body, applicant.get("/v1/listings.csv").body);
        assert_ne!(file(&applicant, &own).body, officer.get("/v1/listings.csv").body);

        // Removed by its owner it is gone; the others go when their time is over.
        let removed = officer.send("POST", &format!("{}/remove", place(&first)), &[], b"");
        assert_eq!(removed.status, 200, "{}", removed.text());
        assert_eq!(file(&officer, &first).status, 404);
        turn(app, 8 * DAY);
        let officer = app.officer();
        assert_eq!(file(&officer, &second).status, 200);
        assert_eq!(app.make_reports(), 0);
        assert_eq!(officer.get("/v1/report-jobs").json()["items"], json!([]));
    }
}

on_both! {
    fn what_fails_says_why_and_what_broke_off_is_taken_up_again(app) {
        app.retune(|tuning| tuning.reports = ReportLimits { kept: Duration::from_secs(86_400), most: 4_000 });
        app.restart();
        let officer = app.officer();
        let (faulty, large) = (ask(&officer, "/v1/listings.csv?status=nonsense"), ask(&officer, "/v1/listings.xlsx"));
        app.make_reports();
        for (job, why) in [(&faulty, "status"), (&large, "MB")] {
            let seen = shown(&officer, job);
            assert_eq!((seen["state"].clone(), seen["bytes"].clone()), (json!("failed"), json!(0)), "{seen}");
            assert!(seen["error"].as_str().unwrap().contains(why), "{seen}");
            assert_eq!(file(&officer, job).status, 404);
        }
        assert_eq!(officer.get("/v1/inbox").json()["items"][0]["kind"], "report_failed");

        // A node begins one and is gone: nobody else makes it while it may still be there, then another does, after a restart.
        app.retune(|tuning| tuning.reports = ReportLimits::default());
        let begun = ask(&officer, LISTINGS);
        let until = Instant::from_micros(app.clock.now().micros() + DAY);
        assert!(app.inside().lease_reports("gone", MINUTE).unwrap());
        let row = app.inside().take_report(until).unwrap().unwrap();
        assert!(app.inside().add_report_part(row.clone(), b"half".to_vec()).unwrap().is_some());
        assert_eq!(shown(&officer, &begun)["state"], "running");
        app.restart();
        assert_eq!(app.make_reports(), 0);
        turn(app, 2 * MINUTE);
        assert_eq!(app.make_reports(), 1);
        let officer = app.officer();
        let seen = shown(&officer, &begun);
        assert_eq!((seen["state"].clone(), seen["attempts"].clone()), (json!("done"), json!(2)));
        assert_eq!(file(&officer, &begun).body, officer.get(LISTINGS).body);
        // The one that was thought gone writes nothing any more.
        assert!(app.inside().add_report_part(row, b"late".to_vec()).unwrap().is_none());

        // Begun three times in vain it is given up; as many as may be waited for are waited for.
        let vain = ask(&officer, LISTINGS);
        for _ in 0..3 {
            assert!(app.inside().take_report(until).unwrap().is_some());
        }
        assert!(app.inside().take_report(until).unwrap().is_none());
        assert_eq!(shown(&officer, &vain)["state"], "failed");
        for _ in 0..20 {
            ask(&officer, LISTINGS);
        }
        assert_eq!(officer.get(&place(&vain)).status, 404, "the oldest that ended made room");
        let refused = officer.post("/v1/report-jobs", &json!({ "target": LISTINGS }));
        assert_eq!((refused.status, refused.json()["rule"].clone()), (422, json!("too_many_reports")));
    }
}

/// In forms, without script: asked for beside an export, looked at again by a link, taken away, removed.
#[test]
fn people_ask_for_reports_in_the_portal() {
    let app = TestApp::start(Database::Sqlite);
    let officer = Visitor::signed_in(&app, "demo.officer").in_english();
    let listings = officer.get("/listings?status=in_force");
    let asked = officer.submit(&listings, "/report-jobs", &[("target", LISTINGS)]);
    asked.is(200).says("It is being made").says("Waiting").says("White list (CSV)");
    assert_eq!(asked.link("Look again"), "/registers/report-jobs");
    assert!(!asked.said().contains("Download"));
    assert_eq!(app.make_reports(), 1);
    let made = officer.get("/registers/report-jobs");
    made.is(200).says("Ready");
    assert!(!made.said().contains("Look again"));
    let file = officer.get(&made.link("Download"));
    assert_eq!(file.response.header("content-disposition"), Some("attachment; filename=\"listings.csv\""));
    officer.get("/inbox").says("Report ready: listings.csv");
    let remove = made.link("Remove the report");
    officer.fill(&remove, &[]).is(200).says("There is none yet");
    for page in ["/reports", "/reports/received", "/listings"] {
        officer.get(page).is(200).says("Make in the background Excel");
    }
    Visitor::signed_in(&app, "demo.auditor").get("/log").says("后台生成");
}
