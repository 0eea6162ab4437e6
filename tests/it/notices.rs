//! What people are told: their list, letters through a mail server of the test, and the calendar's warning.

mod concerned;
mod server;

use self::server::MailServer;
use crate::support::app::TestApp;
use crate::support::on_both;
use serde_json::{Value, json};
use std::process::Command;
use whitelist::app::found::system;
use whitelist::app::notices::tell;
use whitelist::config::mail::MailSettings;
use whitelist::domain::actor::Role;
use whitelist::domain::code::Uscc;
use whitelist::domain::notice::{Addressee, Notice, NoticeKind};
use whitelist::outbound::mail::{Delivered, Mailer, deliver};
use whitelist::store::StoreError;
use whitelist::store::register::OrganisationRow;

const ENT_05: &str = "91110114XFXTR005XC";

fn tell_now(app: &TestApp, notice: Notice) {
    let context = system("test", app.clock.now());
    app.inside().store.write(context, move |tx| tell(tx, &notice)).unwrap();
}

fn expiring(to: Addressee) -> Notice {
    Notice::new(to, NoticeKind::ListingExpiring, "/v1/listings/BJ-2026-000016-9")
        .with("listing", "BJ-2026-000016-9")
        .with("valid_to", "2026-09-11")
        .with("days", 30)
}

/// Ids of what an actor was told.
fn told(response: &crate::support::client::Response) -> Vec<String> {
    assert_eq!(response.status, 200, "{}", response.text());
    let items = response.json()["items"].as_array().unwrap().clone();
    items.iter().map(|item| item["addressee"].as_str().unwrap().to_owned()).collect()
}

on_both! {
    fn everybody_finds_what_they_were_told_and_nothing_else(app) {
        let enterprise = Uscc::parse(ENT_05).unwrap();
        tell_now(app, expiring(Addressee::Enterprise(enterprise)));
        tell_now(app, expiring(Addressee::Org("110114".into())));
        tell_now(app, expiring(Addressee::Role(Role::BureauApprover)));
        let applicant = app.actor(Role::EnterpriseApplicant, ENT_05, "applicant-1");
        let colleague = app.actor(Role::EnterpriseApplicant, ENT_05, "applicant-2");
        let district = app.actor(Role::DistrictOfficer, "110114", "district-1");
        let elsewhere = app.actor(Role::DistrictOfficer, "110108", "district-2");
        assert_eq!(told(&applicant.get("/v1/inbox")), [format!("enterprise:{ENT_05}")]);
        assert_eq!(told(&district.get("/v1/inbox")), ["org:110114"]);
        assert_eq!(told(&elsewhere.get("/v1/inbox")), [""; 0]);
        assert_eq!(told(&app.approver().get("/v1/inbox")), ["role:bureau.approver"]);

        let seen = applicant.get("/v1/inbox").json()["items"][0].clone();
        assert_eq!(seen["title"], json!("名单条目即将到期：BJ-2026-000016-9"));
        assert_eq!(seen["text"].as_str().unwrap().matches("2026年9月11日").count(), 1);
        let english = applicant.send("GET", "/v1/inbox", &[("Accept-Language", "en")], b"").json()["items"][0].clone();
        assert_eq!(english["title"], json!("Listing expires soon: BJ-2026-000016-9"));

        let place = format!("/v1/inbox/{}/read", seen["id"].as_str().unwrap());
        let read = applicant.send("POST", &place, &[], b"");
        assert_eq!((read.status, read.json()["read_at"].as_str()), (200, Some("2026-08-12T04:00:00.000000Z")));
        app.set_time("2026-08-12T04:10:00.000000Z");
        let again = applicant.send("POST", &place, &[], b"");
        assert_eq!(again.json(), read.json(), "the first reading counts");
        assert_eq!(told(&applicant.get("/v1/inbox?unread=true")), [""; 0]);
        assert_eq!(told(&colleague.get("/v1/inbox?unread=true")).len(), 1, "what a colleague has read is theirs");
        assert_eq!(elsewhere.send("POST", &place, &[], b"").status, 404);
        assert_eq!(applicant.get("/v1/inbox?unread=perhaps").status, 400);
    }
}

on_both! {
    fn the_list_pages_from_the_newest(app) {
        for day in 1..=5 {
            app.set_time(&format!("2026-08-1{day}T04:00:00.000000Z"));
            tell_now(app, expiring(Addressee::Org("110114".into())).with("days", day));
        }
        let district = app.actor(Role::DistrictOfficer, "110114", "district-1");
        let (mut days, mut target) = (Vec::new(), "/v1/inbox?limit=2".to_owned());
        loop {
            let page: Value = district.get(&target).json();
            for item in page["items"].as_array().unwrap() {
                days.push(item["told_at"].as_str().unwrap()[8..10].to_owned());
            }
            let Some(next) = page["next"].as_str() else { break };
            target = format!("/v1/inbox?limit=2&after={next}");
        }
        assert_eq!(days, ["15", "14", "13", "12", "11"]);
    }
}

on_both! {
    fn the_command_line_imports_years_once_and_names_what_is_wrong(app) {
        app.halt();
        let import = |file: &str| {
            let mut command = Command::new(env!("CARGO_BIN_EXE_whitelist"));
            command.env_clear().current_dir(&app.folder).args(["calendar", "import", file, "--data"]).arg(&app.folder);
            if let whitelist::store::DatabaseUrl::Postgres(url) = &app.database {
                command.args(["--database", url]);
            }
            let output = command.output().unwrap();
            (output.status.code(), String::from_utf8_lossy(&output.stdout).into_owned())
        };
        let samples = concat!(env!("CARGO_MANIFEST_DIR"), "/samples/holidays.json");
        let (code, said) = import(samples);
        assert_eq!((code, said.contains(" 0 new or changed")), (Some(0), true), "{said}");
        for (text, code) in [
            (r#"{"years":{"2027":{"days":[{"date":"2027-01-01","off":true}]}}}"#, 0),
            (r#"{"years":{"2027":{"days":[]}}}"#, 1),
            (r#"{"years":{"2027":{"days":[{"date":"2027-02-30","off":true}]}}}"#, 1),
            // The recorded notice of 2026 calls this day a holiday.
            (r#"{"years":{"2028":{"days":[{"date":"2026-01-01","off":false}]}}}"#, 1),
        ] {
            std::fs::write(app.folder.join("years.json"), text).unwrap();
            assert_eq!(import("years.json").0, Some(code), "{text}");
        }
    }
}

/// Records an organisation that is told things by e-mail.
fn office(app: &TestApp, code: &str, mail: &str) {
    let (code, mail, at) = (code.to_owned(), mail.to_owned(), app.clock.now());
    let record = move |tx: &mut whitelist::store::Tx<'_>| {
        let row = OrganisationRow {
            code,
            version: 1,
            revision: tx.next_revision().0,
            kind: "district".to_owned(),
            name_zh: "昌平区".to_owned(),
            name_en: None,
            mail: Some(mail),
            active: 1,
            recorded_at: at.micros(),
        };
        tx.save(row, None, "organisation.registered").map(drop)
    };
    app.inside().store.write(system("test", at), record).map_err(|error: StoreError| error).unwrap();
}

fn mailer(server: &MailServer) -> Mailer {
    let settings = MailSettings {
        url: format!("smtp://{}", server.address),
        from: "进口白名单 <whitelist@bureau.example>".to_owned(),
        public_url: "https://wl.example/".to_owned(),
    };
    Mailer::new(&settings).unwrap()
}

on_both! {
    fn a_letter_goes_once_and_says_where_to_look(app) {
        let server = MailServer::start(&[]);
        let mailer = mailer(&server);
        office(app, "110114", "office@district.example");
        tell_now(app, expiring(Addressee::Org("110114".into())));
        tell_now(app, expiring(Addressee::Org("110108".into())));
        assert_eq!(deliver(app.inside(), &mailer).unwrap(), Delivered { sent: 1, ..Delivered::default() });
        assert_eq!(deliver(app.inside(), &mailer).unwrap(), Delivered::default(), "each is sent once");
        let letters = server.letters();
        assert_eq!(letters.len(), 1);
        let (to, text) = &letters[0];
        assert_eq!(to, "office@district.example");
        assert!(text.contains("Message-ID: <ntc_") && text.contains("@bureau.example>"), "{text}");
        assert!(text.contains("Content-Language: zh-CN"), "{text}");
        assert_eq!(app.inside().letters().unwrap(), (0, 0));
        let metrics = app.client().send("GET", "/metrics", &[], b"");
        assert!(metrics.text().contains("whitelist_letters_waiting 0"), "{}", metrics.text());
    }
}

on_both! {
    fn a_server_that_is_busy_is_asked_again_and_later_each_time(app) {
        let server = MailServer::start(&[("office@district.example", 451), ("office@district.example", 451)]);
        let mailer = mailer(&server);
        office(app, "110114", "office@district.example");
        tell_now(app, expiring(Addressee::Org("110114".into())));
        let later = Delivered { later: 1, ..Delivered::default() };
        assert_eq!(deliver(app.inside(), &mailer).unwrap(), later);
        assert_eq!(deliver(app.inside(), &mailer).unwrap(), Delivered::default(), "not at once");
        app.set_time("2026-08-12T04:01:00.000000Z");
        assert_eq!(deliver(app.inside(), &mailer).unwrap(), later);
        app.set_time("2026-08-12T04:02:00.000000Z");
        assert_eq!(deliver(app.inside(), &mailer).unwrap(), Delivered::default(), "the second wait is longer");
        app.set_time("2026-08-12T04:03:00.000000Z");
        assert_eq!(deliver(app.inside(), &mailer).unwrap(), Delivered { sent: 1, ..Delivered::default() });
        assert_eq!(server.letters().len(), 1);
    }
}

on_both! {
    fn a_bad_address_is_set_aside(app) {
        let server = MailServer::start(&[("gone@district.example", 550)]);
        let mailer = mailer(&server);
        office(app, "110114", "gone@district.example");
        office(app, "110108", "no address at all");
        tell_now(app, expiring(Addressee::Org("110114".into())));
        tell_now(app, expiring(Addressee::Org("110108".into())));
        assert_eq!(deliver(app.inside(), &mailer).unwrap(), Delivered { refused: 2, ..Delivered::default() });
        assert_eq!(app.inside().letters().unwrap(), (0, 2));
        tell_now(app, expiring(Addressee::Org("110114".into())));
        assert_eq!(deliver(app.inside(), &mailer).unwrap(), Delivered::default(), "nothing more goes there");
        assert!(server.letters().is_empty());
        let district = app.actor(Role::DistrictOfficer, "110114", "district-1");
        assert_eq!(told(&district.get("/v1/inbox")).len(), 2, "the list has them all the same");
    }
}

on_both! {
    fn what_was_told_long_before_e_mail_was_turned_on_is_not_sent(app) {
        let server = MailServer::start(&[]);
        office(app, "110114", "office@district.example");
        tell_now(app, expiring(Addressee::Org("110114".into())));
        app.set_time("2026-08-20T04:00:00.000000Z");
        assert_eq!(deliver(app.inside(), &mailer(&server)).unwrap(), Delivered::default());
    }
}

on_both! {
    fn operators_are_told_once_in_december_that_the_next_year_is_missing(app) {
        let missing = |app: &TestApp| {
            let metrics = app.client().send("GET", "/metrics", &[], b"");
            let line = metrics.text().lines().find(|line| line.starts_with("whitelist_calendar_missing_year ")).unwrap();
            line.rsplit(' ').next().unwrap().to_owned()
        };
        for (now, year, notices) in [
            ("2026-11-30T15:59:59.000000Z", Value::Null, 0),
            ("2026-11-30T16:00:00.000000Z", json!(2027), 1),
            ("2026-12-15T04:00:00.000000Z", json!(2027), 1),
            ("2027-01-02T04:00:00.000000Z", json!(2027), 1),
        ] {
            app.set_time(now);
            app.inside().tick(app.clock.now()).unwrap();
            let operator = app.actor(Role::Operator, "operations", "operator-1");
            let calendar = operator.get("/v1/calendar").json();
            assert_eq!(calendar["missing"], year, "{now}");
            assert_eq!(missing(app), year.as_u64().unwrap_or(0).to_string(), "{now}");
            assert_eq!(told(&operator.get("/v1/inbox")).len(), notices, "{now}");
        }
        let operator = app.actor(Role::Operator, "operations", "operator-1");
        let years = operator.get("/v1/calendar").json()["years"].as_array().unwrap().len();
        let published = whitelist::app::calendar::read(
            r#"{"years":{"2027":{"notices":["https://example"],"days":[{"date":"2027-01-01","name":"元旦","off":true}]}}}"#,
        )
        .unwrap();
        for recorded in [1, 0] {
            let published = published.clone();
            let context = system("operator", app.clock.now());
            let outcome = app.inside().store.write(context, move |tx| whitelist::app::calendar::record(tx, published));
            assert_eq!(outcome.unwrap().value, recorded);
        }
        app.settle();
        let calendar = operator.get("/v1/calendar").json();
        assert_eq!((calendar["missing"].clone(), calendar["years"].as_array().unwrap().len()), (Value::Null, years + 1));
        assert_eq!(missing(app), "0");
    }
}
