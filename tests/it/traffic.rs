//! What happened at the border by hour, day and week: counted as it happens, seen within one's own customs, on a page and as a table.

use crate::draws::{act, grams, manual, ok, place, position, reserve};
use crate::lookups::{ENT_03, ENT_05, ask, question};
use crate::support::app::TestApp;
use crate::support::on_both;
use crate::support::visitor::Visitor;
use serde_json::{Value, json};
use whitelist::domain::actor::Role;

/// Waits until what was queued is written.
fn settle(app: &TestApp) {
    app.inside().recorder.flush();
    app.inside().messages.flush();
}

fn report(app: &TestApp, query: &str) -> Value {
    ok(&app.officer().get(&format!("/v1/reports/border{query}")))
}

/// Counts that are not nought, as `name count`.
fn said(sums: &Value) -> String {
    let counts = sums.as_object().unwrap().iter().filter(|(_, count)| **count != 0);
    let mut counts: Vec<String> = counts.map(|(name, count)| format!("{name} {count}")).collect();
    counts.sort();
    counts.join(", ")
}

on_both! {
    fn what_happens_at_the_border_is_counted_by_step_and_office(app) {
        assert_eq!(said(&report(app, "")["sums"]), "");
        Visitor::signed_in(app, "demo.officer").get("/border").is(200).says("没有核验");

        assert_eq!(ask(app, &question(ENT_05, "2937500000"))["verdict"], "allowed");
        for _ in 0..2 {
            assert_eq!(ask(app, &question(ENT_03, "3002410090"))["reasons"][0]["code"], "no_listing");
        }
        let customs = app.drawing();
        reserve(&customs, 1, 1, &[grams(1, "10")]);
        act(&customs, 1, "release", &json!({ "sequence": 2 }));
        reserve(&customs, 2, 1, &[grams(1, "5")]);
        act(&customs, 2, "cancel", &json!({ "sequence": 2 }));
        assert_eq!(customs.put(&place(3), &position(1, &[grams(1, "1000")])).status, 422);
        let officer = app.actor(Role::CustomsOfficer, "0101", "officer-at-customs");
        ok(&officer.post(&format!("{}/manual-release", place(4)), &manual()));
        app.set_time("2026-08-12T05:30:00.000000Z");
        ask(app, &question(ENT_05, "2937500000"));
        // The same message again is an answer kept, and no draw.
        reserve(&app.drawing(), 2, 1, &[grams(1, "5")]);
        settle(app);

        let first = "allowed 1, cancelled 1, denied 2, lookups 3, manual 1, refused 1, released 1, reserved 2";
        let all = "allowed 2, cancelled 1, denied 2, lookups 4, manual 1, refused 1, released 1, reserved 2";
        let hours = report(app, "?interval=hour&from=2026-08-12");
        assert_eq!((&hours["to"], said(&hours["sums"]).as_str()), (&json!("2026-08-12"), all), "{hours}");
        let steps = hours["steps"].as_array().unwrap();
        assert_eq!(steps.len(), 14, "hours that have begun by half past one in Beijing");
        let busy: Vec<(&str, String)> = steps.iter().filter(|step| !said(&step["sums"]).is_empty()).map(|step| {
            (step["begins_at"].as_str().unwrap(), said(&step["sums"]))
        }).collect();
        assert_eq!(busy, [
            ("2026-08-12T04:00:00.000000Z", first.to_owned()),
            ("2026-08-12T05:00:00.000000Z", "allowed 1, lookups 1".to_owned()),
        ]);
        assert_eq!(hours["offices"].as_array().unwrap().len(), 1);
        assert_eq!((&hours["offices"][0]["customs_office"], said(&hours["offices"][0]["sums"]).as_str()), (&json!("0101"), all));
        assert_eq!((&hours["reasons"][0]["code"], &hours["reasons"][0]["count"]), (&json!("no_listing"), &json!(2)));

        let days = report(app, "");
        assert_eq!((&days["interval"], &days["from"], days["steps"].as_array().unwrap().len()), (&json!("day"), &json!("2026-07-30"), 14));
        assert_eq!(said(&days["steps"][13]["sums"]), all);
        let weeks = report(app, "?interval=week");
        assert_eq!((&weeks["from"], weeks["steps"].as_array().unwrap().len()), (&json!("2026-05-18"), 13));
        assert_eq!((&weeks["steps"][12]["begins_at"], said(&weeks["steps"][12]["sums"]).as_str()), (&json!("2026-08-09T16:00:00.000000Z"), all));
        assert_eq!(said(&report(app, "?to=2026-08-11")["sums"]), "");

        // A customs sees what happened at its own offices, whoever asks about which.
        let seen = |org: &str, query: &str| {
            said(&ok(&app.actor(Role::CustomsOfficer, org, org).get(&format!("/v1/reports/border{query}")))["sums"])
        };
        assert_eq!((seen("0101", ""), seen("0102", ""), seen("0201", "")), (all.to_owned(), all.to_owned(), String::new()));
        assert_eq!((seen("0102", "?customs_office=0101"), seen("0201", "?customs_office=0101")), (all.to_owned(), String::new()));
        assert_eq!(said(&report(app, "?customs_office=0101")["sums"]), all);
        assert_eq!(said(&report(app, "?customs_office=0102")["sums"]), "");

        for (query, code) in [
            ("?from=2026-08-12&to=2026-08-11", "period_reversed"),
            ("?interval=hour&from=2026-08-01&to=2026-08-08", "window_too_long"),
            ("?from=2026-05-01&to=2026-08-01", "window_too_long"),
            ("?interval=week&from=2025-08-01&to=2026-08-07", "window_too_long"),
            ("?interval=month", "value_unknown"),
        ] {
            let refused = app.officer().get(&format!("/v1/reports/border{query}"));
            assert_eq!((refused.status, refused.json()["faults"][0]["code"].as_str()), (400, Some(code)), "{query}");
        }
        assert_eq!(said(&report(app, "?interval=hour&from=2026-08-06&to=2026-08-12")["sums"]), all, "seven days by hours");

        let table = app.auditor().get("/v1/reports/border.csv?interval=hour");
        assert_eq!(table.text().lines().count(), 3, "{}", table.text());
        let book = app.officer().get("/v1/reports/border.xlsx");
        assert_eq!((book.status, &book.body[..2]), (200, b"PK".as_slice()));

        let page = Visitor::signed_in(app, "demo.officer").get("/border?interval=hour&from=2026-08-12&to=2026-08-12");
        page.is(200).says("口岸看板").says("该企业没有覆盖此物品的名单条目").says("0101").says("12:00").says("13:00");
    }
}
