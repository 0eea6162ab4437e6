//! Time in a case: clocks that stop, start and are extended; work that is due and overdue; silence; days for appeals, for
//! taking a decision up again, for taking a withdrawal back.

use super::{Case, NEWCOMER, all_agree, asked_agencies, district, recommended, reviewer};
use crate::lookups::ENT_05;
use crate::support::app::{Actor, TestApp};
use crate::support::casework::{Standing, addition, applicant, draft, line, lodged};
use crate::support::on_both;
use serde_json::{Value, json};
use whitelist::domain::actor::Role;

fn clock(case: &Case, actor: &Actor, which: &str) -> Value {
    case.read(actor, "events")[which].clone()
}

fn kinds(case: &Case, actor: &Actor) -> Vec<String> {
    let events = case.read(actor, "events");
    events["items"].as_array().unwrap().iter().map(|event| event["kind"].as_str().unwrap().to_owned()).collect()
}

/// A case of two items that is decided: one recognised, one refused.
fn decided(app: &TestApp) -> Case {
    let mut case = recommended(app);
    all_agree(&mut case, app, &[1, 2]);
    case.step(&app.officer(), "consolidate", &json!({}));
    let items = json!([{ "line": 1, "outcome": "recognise" }, { "line": 2, "outcome": "refuse", "grounds": ["evidence_lacking"] }]);
    case.step(&app.officer(), "decisions", &json!({ "items": items }));
    case.step(&app.approver(), "decide", &json!({}));
    case
}

on_both! {
    fn a_clock_stops_for_a_coded_reason_starts_again_and_is_extended_once(app) {
        let mut case = recommended(app);
        let before = clock(&case, &app.officer(), "recognition");
        assert_eq!((before["working_days"].as_i64(), before["due_on"].is_string()), (Some(45), true), "{before}");
        case.refused(&app.officer(), "resume", &json!({}), "clock_running");
        assert_eq!(case.try_step(&app.officer(), "pause", &json!({ "reason": "holiday" })).status, 400);
        case.step(&app.officer(), "pause", &json!({ "reason": "expert_review", "note": "专家会" }));
        case.refused(&app.officer(), "pause", &json!({ "reason": "hearing" }), "clock_stopped");
        let stopped = clock(&case, &app.officer(), "clock");
        assert_eq!((stopped["paused"].as_str(), &stopped["due_on"]), (Some("expert_review"), &Value::Null), "{stopped}");
        assert!(kinds(&case, &applicant(app, NEWCOMER)).contains(&"paused".to_owned()), "the applicant is told that days do not count");
        // A week in which nothing counts: five working days later the opinions are due five working days later.
        let due = |case: &Case| clock(case, &app.officer(), "clock")["due_on"].as_str().map(str::to_owned);
        app.set_time("2026-08-19T04:00:00Z");
        case.step(&app.officer(), "resume", &json!({}));
        assert_eq!(due(&case).as_deref(), Some("2026-09-09"), "fifteen working days from 08-12, five of them not counted");
        case.step(&app.officer(), "extend", &json!({ "note": "经批准延长" }));
        assert_eq!(clock(&case, &app.officer(), "recognition")["working_days"], 60);
        case.refused(&app.officer(), "extend", &json!({ "note": "再次" }), "extended_before");
        assert_eq!(case.try_step(&reviewer(app, "bj-drug"), "pause", &json!({ "reason": "hearing" })).status, 403);
    }
}

on_both! {
    fn work_lists_say_what_is_due_and_overdue(app) {
        let case = lodged(&applicant(app, NEWCOMER), &addition(json!([line(1, "氢化可的松", "2937210000")])));
        let counts = |due: &str| district(app).get(&format!("/v1/worklists/intake?due={due}")).json()["counts"]["total"].as_i64();
        assert_eq!((counts("due_soon"), counts("overdue")), (Some(0), Some(0)));
        // Lodged on Wednesday 08-12, five working days: due on 08-19.
        app.set_time("2026-08-17T02:00:00Z");
        assert_eq!((counts("due_soon"), counts("overdue")), (Some(1), Some(0)));
        app.set_time("2026-08-20T02:00:00Z");
        assert_eq!((counts("due_soon"), counts("overdue")), (Some(0), Some(1)));
        let shown = district(app).get("/v1/worklists/intake").json();
        assert_eq!((shown["items"][0]["clock"]["due_on"].as_str(), shown["items"][0]["clock"]["overdue"].as_bool()), (Some("2026-08-19"), Some(true)));
        // After its days the one notice may not be sent any more: the case counts as accepted (行政许可法第三十二条).
        let late = Case(case);
        late.refused(&district(app), "ask", &json!({ "findings": [{ "pointer": "/contact", "reason": "answer_unclear" }] }), "correction_notice_late");
    }
}

on_both! {
    fn silence_escalates_on_record_and_never_counts_as_agreement(app) {
        let mut case = recommended(app);
        let agencies = asked_agencies(&case, app);
        let (silent, others) = agencies.split_last().unwrap();
        for agency in others {
            case.step(&reviewer(app, agency), "opinions", &json!({ "items": [{ "line": 1, "stance": "agree" }, { "line": 2, "stance": "agree" }] }));
        }
        case.refused(&app.officer(), "consolidate", &json!({}), "silence_open");
        assert!(!kinds(&case, &app.officer()).contains(&"escalated".to_owned()));
        // Fifteen working days from 2026-08-12 end on 2026-09-02.
        app.day_comes("2026-09-02");
        assert!(!kinds(&case, &app.officer()).contains(&"escalated".to_owned()), "its last day is still its own");
        app.day_comes("2026-09-03");
        assert_eq!(app.day_comes("2026-09-03"), 0, "escalated once");
        let escalated = kinds(&case, &app.officer()).into_iter().filter(|kind| kind == "escalated").count();
        assert_eq!(escalated, 1);
        assert!(!kinds(&case, &applicant(app, NEWCOMER)).contains(&"escalated".to_owned()));
        for actor in [app.officer(), reviewer(app, silent)] {
            let inbox = actor.get("/v1/inbox?limit=200").json();
            let told = inbox["items"].as_array().unwrap().iter().filter(|item| item["kind"] == "opinion_overdue").count();
            assert_eq!(told, 1);
        }
        let opinions = case.read(&app.officer(), "opinions");
        assert_eq!((opinions["escalated"].as_bool(), opinions["items"][0]["result"]["silent"][0].as_str()), (Some(true), Some(silent.as_str())));
        case.0.etag = app.officer().get(&case.0.path).header("etag").unwrap().to_owned();
        case.step(&app.officer(), "consolidate", &json!({}));
        let both = json!({ "items": [{ "line": 1, "outcome": "recognise" }, { "line": 2, "outcome": "recognise" }] });
        case.refused(&app.officer(), "decisions", &both, "unresolved_opinions");
        let heard = |line: u16| json!({ "line": line, "resolution": "silent_agency_heard", "note": "电话同意，已记录" });
        case.step(&app.officer(), "resolve", &json!({ "items": [heard(1), heard(2)] }));
        case.step(&app.officer(), "decisions", &both);
    }
}

on_both! {
    fn a_correction_that_does_not_come_ends_the_case(app) {
        let case = lodged(&applicant(app, NEWCOMER), &addition(json!([line(1, "氢化可的松", "2937210000")])));
        let mut case = Case(case);
        case.step(&district(app), "ask", &json!({ "findings": [{ "pointer": "/items/0/quantity", "reason": "quantity_unexplained" }] }));
        let due = applicant(app, NEWCOMER).get(&case.0.path).json()["due_on"].as_str().unwrap().to_owned();
        assert_eq!(due, "2026-09-02");
        app.day_comes("2026-09-02");
        assert_eq!(applicant(app, NEWCOMER).get(&case.0.path).json()["state"], "asked");
        app.day_comes("2026-09-03");
        assert_eq!(applicant(app, NEWCOMER).get(&case.0.path).json()["state"], "lapsed");
        let late = case.try_step(&applicant(app, NEWCOMER), "correct", &json!({ "reason": "迟到" }));
        assert_eq!(late.status, 412);
        let tag = applicant(app, NEWCOMER).get(&case.0.path).header("etag").unwrap().to_owned();
        case.0.etag = tag;
        assert_eq!(case.try_step(&applicant(app, NEWCOMER), "correct", &json!({ "reason": "迟到" })).status, 409);
    }
}

on_both! {
    fn appeals_are_taken_within_the_days_of_the_scheme_and_not_after(app) {
        let mut case = decided(app);
        let appeal = json!({ "lines": [2], "grounds": "已补充证据" });
        app.set_time("2026-10-12T02:00:00Z");
        case.refused(&applicant(app, NEWCOMER), "appeals", &appeal, "appeal_closed");
        app.set_time("2026-10-11T02:00:00Z");
        let stranger = applicant(app, ENT_05);
        assert_eq!(case.try_step(&stranger, "appeals", &appeal).status, 404);
        case.step(&applicant(app, NEWCOMER), "appeals", &appeal);
        let other = app.actor(Role::BureauApprover, "bj-commerce", "approver-2");
        let outcome = json!({ "overturn": false, "reason": "other", "note": "理由不成立" });
        let judged = case.step(&other, "appeals/judge", &outcome);
        assert_eq!(judged["state"], "decided");
        let decisions = case.read(&applicant(app, NEWCOMER), "decisions");
        assert_eq!((decisions["appeals"][0]["state"].as_str(), decisions["items"][1]["state"].as_str()), (Some("upheld"), Some("refused")));
        case.refused(&other, "appeals/judge", &outcome, "no_appeal");
    }
}

on_both! {
    fn what_is_not_published_is_taken_up_again_within_the_days_of_the_scheme(app) {
        let mut case = decided(app);
        let reopen = json!({ "lines": [2], "reason": "new_facts", "note": "复核" });
        app.set_time("2026-09-12T02:00:00Z");
        case.refused(&app.officer(), "reopen", &reopen, "reopen_closed");
        app.set_time("2026-09-11T02:00:00Z");
        assert_eq!(case.step(&app.officer(), "reopen", &reopen)["state"], "deciding");
        let told = applicant(app, NEWCOMER).get("/v1/inbox?limit=200").json();
        assert!(told["items"].as_array().unwrap().iter().any(|item| item["kind"] == "application_reopened"));
    }
}

on_both! {
    fn a_withdrawal_is_taken_back_within_the_days_of_the_scheme_and_no_day_counted_meanwhile(app) {
        let mut case = recommended(app);
        let own = || applicant(app, NEWCOMER);
        let due = clock(&case, &app.officer(), "clock")["due_on"].clone();
        assert_eq!(due, "2026-09-02");
        let retract = |case: &Case, actor: &Actor| actor.act(&format!("{}/retract", case.0.path), &case.0.etag);
        assert_eq!(retract(&case, &own()).status, 409, "it was not withdrawn");
        case.step(&own(), "withdraw", &json!({ "reason": "项目暂停" }));
        assert_eq!(retract(&case, &applicant(app, ENT_05)).status, 404, "a forged id");
        app.set_time("2026-08-17T02:00:00Z");
        let back = retract(&case, &own());
        assert_eq!((back.status, back.json()["state"].as_str()), (200, Some("in_opinion")), "{}", back.text());
        case.0.etag = back.header("etag").unwrap().to_owned();
        // Three working days (08-13, 08-14, 08-17) did not count.
        assert_eq!(clock(&case, &app.officer(), "clock")["due_on"], "2026-09-07");
        assert_eq!(retract(&case, &own()).status, 409, "done once");
        all_agree(&mut case, app, &[1, 2]);

        // Withdrawn while a correction is waited for, it waits for it again.
        let asked = json!({ "findings": [{ "pointer": "/items/1/quantity", "reason": "quantity_unexplained" }] });
        case.step(&app.officer(), "ask", &asked);
        case.step(&own(), "withdraw", &json!({}));
        let back = retract(&case, &own());
        assert_eq!((back.json()["state"].as_str(), back.json()["asked_in"].as_str()), (Some("asked"), Some("in_opinion")), "{}", back.text());
        case.0.etag = back.header("etag").unwrap().to_owned();
        case.step(&own(), "correct", &json!({ "reason": "已说明" }));

        case.step(&own(), "withdraw", &json!({}));
        app.set_time("2026-08-23T02:00:00Z");
        let late = retract(&case, &own());
        assert_eq!((late.status, late.json()["rule"].as_str()), (422, Some("retract_closed")), "{}", late.text());
        // Barred meanwhile, it does not come back though its days are not over.
        app.set_time("2026-08-20T02:00:00Z");
        app.change(json!([{ "kind": "bar_enterprise", "enterprise": NEWCOMER, "until": "2028-08-19", "effective_on": "2026-08-20", "reason": { "code": "breach", "basis": "会议纪要" } }]));
        let barred = retract(&case, &own());
        assert_eq!((barred.status, barred.json()["rule"].as_str()), (422, Some("barred")), "{}", barred.text());
    }
}

on_both! {
    fn more_time_for_a_listing_is_asked_for_as_a_variation(app) {
        let listing = crate::lookups::number_of(app, ENT_05, "2937500000");
        let last = app.auditor().get(&format!("/v1/listings/{listing}")).json()["valid_to"].as_str().unwrap().to_owned();
        let longer = format!("{}-12-31", &last[..4]);
        let answers = json!(["registered_in_area", "own_research_only"].map(|code| json!({ "question": code, "answer": true })));
        let vary = json!({ "kind": "vary", "scheme": "beijing-2022", "items": [{ "line": 1, "listing": listing, "set": { "valid_to": longer } }], "answers": answers, "contact": { "name": "联系人（合成）" } });
        let mut case = Case(lodged(&applicant(app, ENT_05), &vary));
        case.step(&district(app), "accept", &Value::Null);
        case.step(&district(app), "recommend", &json!({ "recommended": true }));
        all_agree(&mut case, app, &[1]);
        case.step(&app.officer(), "consolidate", &json!({}));
        case.step(&app.officer(), "decisions", &json!({ "items": [{ "line": 1, "outcome": "recognise" }] }));
        case.step(&app.approver(), "decide", &json!({}));
        let mut batch = Case(Standing::of(&app.officer().post("/v1/batches", &json!({ "scheme": "beijing-2022" }))));
        batch.step(&app.approver(), "publish", &json!({ "notice_number": "京药监发〔2026〕30号", "effective_on": "2026-08-12" }));
        assert_eq!(app.auditor().get(&format!("/v1/listings/{listing}")).json()["valid_to"], json!(longer));
    }
}

on_both! {
    fn forged_ids_of_others_are_not_found(app) {
        let case = recommended(app);
        let unknown = Case(Standing { path: "/v1/applications/app_00000000000000000000000000000009".to_owned(), etag: case.0.etag.clone() });
        let stranger = applicant(app, ENT_05);
        let elsewhere = app.actor(Role::DistrictOfficer, "110108", "district-3");
        let outside = app.actor(Role::AgencyReviewer, "tj-drug", "reviewer-tj");
        for case in [&case, &unknown] {
            assert_eq!(case.try_step(&stranger, "withdraw", &json!({})).status, 404);
            assert_eq!(case.try_step(&stranger, "appeals", &json!({ "lines": [1], "grounds": "x" })).status, 404);
            assert_eq!(case.try_step(&elsewhere, "recommend", &json!({ "recommended": true })).status, 404);
            assert_eq!(case.try_step(&elsewhere, "ask", &json!({ "findings": [{ "pointer": "/contact", "reason": "answer_unclear" }] })).status, 404);
            assert_eq!(case.try_step(&outside, "opinions", &json!({ "items": [{ "line": 1, "stance": "agree" }] })).status, 404);
            for what in ["events", "notes", "decisions", "letters/correction"] {
                assert_eq!(stranger.get(&format!("{}/{what}", case.0.path)).status, 404, "{what}");
            }
            for what in ["opinions", "checks", "precedents"] {
                assert_eq!(outside.get(&format!("{}/{what}", case.0.path)).status, 404, "{what}");
            }
            for verb in ["claim", "release"] {
                assert_eq!(elsewhere.send("POST", &format!("{}/{verb}", case.0.path), &[], b"").status, 404, "{verb}");
            }
        }
        assert_eq!(unknown.try_step(&app.officer(), "consolidate", &json!({})).status, 404);
        let theirs = draft(&applicant(app, ENT_05), &addition(json!([line(1, "葡聚糖40", "2941301200")])));
        assert_eq!(app.officer().get(&theirs.path).status, 404, "a draft is its writer's");
    }
}
