//! The joint review: from lodging to a listing, with everybody who has a hand in it.

mod checks;
mod clocks;
mod notes;
mod races;
pub mod ratings;
mod story;

use crate::lookups::{ask, question};
use crate::support::app::{Actor, TestApp};
use crate::support::casework::{Standing, addition, applicant, line, lodged};
use crate::support::client::Response;
use crate::support::on_both;
use serde_json::{Value, json};
use whitelist::domain::actor::Role;

/// A case as the last step left it.
pub struct Case(pub Standing);

impl Case {
    /// Carries out a step as `actor`, whatever comes of it.
    pub fn try_step(&self, actor: &Actor, verb: &str, body: &Value) -> Response {
        let target = format!("{}/{verb}", self.0.path);
        if body.is_null() {
            actor.act(&target, &self.0.etag)
        } else {
            actor.change("POST", &target, &self.0.etag, body)
        }
    }

    /// Carries out a step that goes through.
    pub fn step(&mut self, actor: &Actor, verb: &str, body: &Value) -> Value {
        let response = self.try_step(actor, verb, body);
        assert_eq!(response.status, 200, "{verb}: {}", response.text());
        self.0.etag = response.header("etag").unwrap().to_owned();
        response.json()
    }

    /// A step that a rule refuses.
    pub fn refused(&self, actor: &Actor, verb: &str, body: &Value, rule: &str) {
        let response = self.try_step(actor, verb, body);
        assert_eq!(
            (response.status, response.json()["rule"].as_str()),
            (422, Some(rule)),
            "{verb}: {}",
            response.text()
        );
    }

    /// Reads something of the case.
    pub fn read(&self, actor: &Actor, what: &str) -> Value {
        let response = actor.get(&format!("{}/{what}", self.0.path));
        assert_eq!(response.status, 200, "{what}: {}", response.text());
        response.json()
    }
}

pub fn district(app: &TestApp) -> Actor {
    app.actor(Role::DistrictOfficer, "110114", "district-1")
}

pub fn reviewer(app: &TestApp, agency: &str) -> Actor {
    app.actor(Role::AgencyReviewer, agency, &format!("reviewer-{agency}"))
}

/// An enterprise that holds no listing, so that every agency is asked.
pub const NEWCOMER: &str = "12110114XFXTR0041R";

/// A case of two items that its district has recommended.
pub fn recommended(app: &TestApp) -> Case {
    recommended_for(app, NEWCOMER)
}

/// The same for an enterprise of the same district.
pub fn recommended_for(app: &TestApp, uscc: &str) -> Case {
    let items = json!([line(1, "氢化可的松", "2937210000"), line(2, "葡聚糖40", "2941301200")]);
    let mut case = Case(lodged(&applicant(app, uscc), &addition(items)));
    case.step(&district(app), "accept", &Value::Null);
    case.step(&district(app), "recommend", &json!({ "recommended": true }));
    case
}

/// The agencies that are asked in a case.
pub fn asked_agencies(case: &Case, app: &TestApp) -> Vec<String> {
    let opinions = case.read(&app.officer(), "opinions");
    opinions["agencies"].as_array().unwrap().iter().map(|code| code.as_str().unwrap().to_owned()).collect()
}

/// Every asked agency agrees to every item.
pub fn all_agree(case: &mut Case, app: &TestApp, lines: &[u16]) {
    let items: Vec<Value> = lines.iter().map(|line| json!({ "line": line, "stance": "agree" })).collect();
    for agency in asked_agencies(case, app) {
        case.step(&reviewer(app, &agency), "opinions", &json!({ "items": items }));
    }
}

on_both! {
    fn an_item_is_recognised_published_and_answered_at_customs(app) {
        let mut case = recommended(app);
        let (officer, approver, district) = (app.officer(), app.approver(), district(app));
        assert_eq!(case.try_step(&district, "recommend", &json!({ "recommended": true })).status, 409);
        let agencies = asked_agencies(&case, app);
        let last = agencies.last().unwrap().clone();
        for agency in &agencies {
            let second = if *agency == last { json!({ "line": 2, "stance": "object", "grounds": ["safety_risk"] }) } else { json!({ "line": 2, "stance": "agree" }) };
            case.refused(&officer, "consolidate", &json!({}), "silence_open");
            let given = case.step(&reviewer(app, agency), "opinions", &json!({ "items": [{ "line": 1, "stance": "agree" }, second] }));
            assert_eq!(given["state"], "in_opinion");
        }
        let stranger = app.actor(Role::AgencyReviewer, "tj-drug", "reviewer-tj");
        assert_eq!(case.try_step(&stranger, "opinions", &json!({ "items": [{ "line": 1, "stance": "agree" }] })).status, 404);
        assert_eq!(case.try_step(&reviewer(app, &last), "opinions", &json!({ "items": [{ "line": 1, "stance": "object" }] })).status, 400);
        case.step(&officer, "consolidate", &json!({ "note": "意见已齐" }));

        let both = json!({ "items": [{ "line": 1, "outcome": "recognise", "grant": { "quantity": "2", "months": 6 }, "conditions": "专库存放" }, { "line": 2, "outcome": "recognise" }] });
        case.refused(&officer, "decisions", &both, "unresolved_opinions");
        case.refused(&officer, "decisions", &json!({ "items": [{ "line": 1, "outcome": "recognise" }] }), "items_missing");
        let more = json!({ "items": [{ "line": 1, "outcome": "recognise", "grant": { "quantity": "6" } }, { "line": 2, "outcome": "refuse", "grounds": ["safety_risk"] }] });
        case.refused(&officer, "decisions", &more, "grants_more");
        let less = json!({ "items": [{ "line": 1, "outcome": "recognise", "grant": { "quantity": "2", "months": 6 }, "conditions": "专库存放" }, { "line": 2, "outcome": "refuse", "grounds": ["safety_risk"], "note": "风险未排除" }] });
        let reviewing = app.actor(Role::BureauOfficer, "bj-commerce", &format!("reviewer-{last}"));
        case.refused(&reviewing, "decisions", &less, "reviewer_decides");
        let applying = app.actor(Role::BureauOfficer, "bj-commerce", &format!("applicant-{NEWCOMER}"));
        case.refused(&applying, "decisions", &less, "own_application");
        case.step(&officer, "decisions", &less);
        let seen = case.read(&applicant(app, NEWCOMER), "decisions");
        assert_eq!(seen["items"], json!([]), "the applicant sees what is decided, not what is proposed");
        assert_eq!(applicant(app, NEWCOMER).get(&format!("{}/letters/recognition", case.0.path)).status, 404);

        let draft = approver.get(&format!("{}/letters/recognition?lang=zh", case.0.path));
        assert!(draft.status == 200 && draft.text().contains("拟稿") && draft.text().contains("专库存放"), "{}", draft.text());
        let same = app.actor(Role::BureauApprover, "bj-commerce", "officer-1");
        case.refused(&same, "decide", &json!({}), "four_eyes");
        let mut back = Case(Standing { path: case.0.path.clone(), etag: case.0.etag.clone() });
        back.step(&approver, "send-back", &json!({ "reason": "grant_unfitting", "note": "请再核" }));
        back.step(&officer, "decisions", &less);
        back.step(&approver, "decide", &json!({ "note": "同意" }));
        let case = back;
        let letter = applicant(app, NEWCOMER).get(&format!("{}/letters/refusal?lang=zh", case.0.path));
        assert!(letter.status == 200 && letter.text().contains("风险未排除") && letter.text().contains("申诉"), "{}", letter.text());
        let letter = applicant(app, NEWCOMER).get(&format!("{}/letters/recognition?lang=en", case.0.path));
        assert!(letter.text().contains("The joint mechanism recognises") && letter.text().contains("2937210000"), "{}", letter.text());
        assert!(letter.text().contains("2 gram"), "the unit in words: {}", letter.text());

        let batch = officer.post("/v1/batches", &json!({ "scheme": "beijing-2022" }));
        assert_eq!(batch.status, 201, "{}", batch.text());
        let mut batch = Case(Standing::of(&batch));
        let preview = batch.read(&approver, "preview");
        assert_eq!(preview["changes"].as_array().unwrap().len(), 1);
        let notice = json!({ "notice_number": "京药监发〔2026〕12号", "effective_on": "2026-08-12" });
        let same = app.actor(Role::BureauApprover, "bj-commerce", "officer-1");
        batch.refused(&same, "publish", &notice, "four_eyes");
        batch.refused(&approver, "publish", &json!({ "notice_number": "x", "effective_on": "2020-01-01" }), "past_date");
        let published = batch.step(&approver, "publish", &notice);
        assert_eq!(batch.try_step(&approver, "publish", &notice).status, 409);

        let decided = case.read(&applicant(app, NEWCOMER), "decisions");
        assert_eq!((decided["items"][0]["state"].as_str(), decided["items"][0]["effective_at_customs"].as_bool()), (Some("published"), Some(true)));
        let listing = decided["items"][0]["listing"].as_str().unwrap().to_owned();
        let answer = ask(app, &question(NEWCOMER, "2937210000"));
        assert_eq!((answer["verdict"].as_str(), answer["listing"]["number"].as_str()), (Some("allowed"), Some(listing.as_str())));
        assert_eq!((answer["listing"]["approved"]["quantity"].as_str(), answer["listing"]["conditions"].as_str()), (Some("2"), Some("专库存放")), "{answer}");
        let at_customs = app.actor(Role::CustomsOfficer, "0101", "customs-officer-1");
        assert_eq!(at_customs.get(&format!("/v1/listings/{listing}")).json()["conditions"], "专库存放");
        let clear = json!([{ "kind": "vary", "listing": listing, "effective_on": "2026-08-13", "clear": ["conditions"], "reason": { "code": "rectified" } }]);
        app.change(clear);
        let later = ask(app, &format!("{}&declared_on=2026-08-13", question(NEWCOMER, "2937210000")));
        assert_eq!((later["verdict"].as_str(), &later["listing"]["conditions"]), (Some("allowed"), &Value::Null));

        let number = "%E4%BA%AC%E8%8D%AF%E7%9B%91%E5%8F%91%E3%80%942026%E3%80%9512%E5%8F%B7";
        let public = app.client().send("GET", &format!("/v1/notices/{number}"), &[], b"");
        assert_eq!((public.status, &public.json()["digest"]), (200, &published["digest"]), "{}", public.text());
        let file = app.client().send("GET", &format!("/v1/notices/{number}/file"), &[], b"");
        let digest = { use sha2::Digest as _; hex::encode(sha2::Sha256::digest(&file.body)) };
        assert_eq!(digest, published["digest"].as_str().unwrap(), "the digest is that of the file");
        let page = app.client().send("GET", &format!("/v1/notices/{number}/page?lang=zh"), &[], b"");
        assert!(page.status == 200 && page.text().contains(&listing) && page.text().contains(&digest));
        assert!(page.text().contains("2 克"), "the unit in words: {}", page.text());
        assert_eq!(app.client().send("GET", "/v1/notices/unknown", &[], b"").status, 404);

        let next = recommended_again(app);
        let precedents = next.read(&officer, "precedents");
        assert_eq!(precedents["items"][0]["precedents"][0]["decision"]["state"], "refused");
    }
}

/// Another case that asks for what was refused.
fn recommended_again(app: &TestApp) -> Case {
    let mut case = Case(lodged(&applicant(app, NEWCOMER), &addition(json!([line(1, "葡聚糖40", "2941301200")]))));
    case.step(&district(app), "accept", &Value::Null);
    case
}

on_both! {
    fn what_is_corrected_must_be_spoken_on_again(app) {
        let mut case = recommended(app);
        let officer = app.officer();
        all_agree(&mut case, app, &[1, 2]);
        let agency = asked_agencies(&case, app).remove(0);
        let asked = json!({ "findings": [{ "pointer": "/items/1/quantity", "reason": "quantity_unexplained", "note": "依据" }] });
        case.step(&reviewer(app, &agency), "ask", &asked);
        let letter = applicant(app, NEWCOMER).get(&format!("{}/letters/correction?lang=zh", case.0.path));
        assert!(letter.text().contains("第 2 项：数量") && letter.text().contains("补正"), "{}", letter.text());
        let mut second = line(2, "葡聚糖40", "2941301200");
        second["quantity"] = json!("3");
        case.step(&applicant(app, NEWCOMER), "correct", &json!({ "items": [line(1, "氢化可的松", "2937210000"), second] }));
        let opinions = case.read(&officer, "opinions");
        assert_eq!((opinions["items"][0]["result"]["outcome"].as_str(), opinions["items"][1]["result"]["outcome"].as_str()), (Some("agreed"), Some("incomplete")));
        assert_eq!(opinions["items"][1]["opinions"][0]["counts"], false);
        case.refused(&officer, "consolidate", &json!({}), "silence_open");
        all_agree(&mut case, app, &[2]);
        case.step(&officer, "consolidate", &json!({}));
    }
}

on_both! {
    fn a_district_asks_once_and_hands_its_cases_over(app) {
        let items = json!([line(1, "氢化可的松", "2937210000")]);
        let mut case = Case(lodged(&applicant(app, NEWCOMER), &addition(items.clone())));
        let (one, two) = (district(app), app.actor(Role::DistrictOfficer, "110114", "district-2"));
        let claimed = one.send("POST", &format!("{}/claim", case.0.path), &[], b"");
        assert_eq!(claimed.status, 200, "{}", claimed.text());
        let me = claimed.json()["claimed_by"].as_str().unwrap().to_owned();
        case.refused(&two, "accept", &Value::Null, "claimed_by_other");
        let list = one.get("/v1/worklists/intake?claim=mine").json();
        assert_eq!((list["counts"]["total"].as_i64(), list["items"][0]["claimed_by"].as_str()), (Some(1), Some(me.as_str())));
        assert_eq!(two.get("/v1/worklists/intake?claim=nobody").json()["counts"]["total"], 0);
        let elsewhere = app.actor(Role::DistrictOfficer, "110108", "district-3");
        assert_eq!(elsewhere.get("/v1/worklists/intake").json()["counts"]["total"], 0, "another district's cases are not theirs");
        assert_eq!(case.try_step(&elsewhere, "accept", &Value::Null).status, 404);
        assert_eq!(one.get("/v1/worklists/approvals").status, 403);
        assert_eq!(two.send("POST", &format!("{}/release", case.0.path), &[], b"").status, 422);
        let known = two.send("POST", &format!("{}/claim", case.0.path), &[], b"");
        assert_eq!(known.status, 422);
        assert_eq!(one.send("POST", &format!("{}/release", case.0.path), &[], b"").status, 200);
        let taken = two.send("POST", &format!("{}/claim", case.0.path), &[], b"").json();
        let back = two.post(&format!("{}/reassign", case.0.path), &json!({ "person": me, "note": "休假" }));
        assert_eq!((back.status, back.json()["claimed_by"].as_str()), (200, Some(me.as_str())), "{taken}");

        let asked = json!({ "findings": [{ "pointer": "/contact", "reason": "answer_unclear" }] });
        case.step(&one, "ask", &asked);
        case.step(&applicant(app, NEWCOMER), "correct", &json!({ "reason": "已更正" }));
        case.refused(&one, "ask", &asked, "asked_before");
        let noted = one.post(&format!("{}/notes", case.0.path), &json!({ "note": "电话核实", "visible_to_applicant": false }));
        assert_eq!(noted.status, 201, "{}", noted.text());
        assert_eq!(case.read(&one, "notes")["items"].as_array().unwrap().len(), 1);
        assert_eq!(case.read(&applicant(app, NEWCOMER), "notes")["items"], json!([]));
        case.step(&one, "decline", &json!({ "ground": "other_district", "note": "请向海淀提交" }));
        let letter = applicant(app, NEWCOMER).get(&format!("{}/letters/declined", case.0.path));
        assert!(letter.status == 200 && letter.text().contains("请向海淀提交"));
        let kinds: Vec<String> = case.read(&one, "events")["items"].as_array().unwrap().iter().map(|event| event["kind"].as_str().unwrap().to_owned()).collect();
        assert_eq!(kinds.first().map(String::as_str), Some("lodged"));
        assert!(kinds.contains(&"handed_over".to_owned()) && kinds.contains(&"declined".to_owned()), "{kinds:?}");
    }
}

on_both! {
    fn a_refusal_is_appealed_against_and_taken_up_again(app) {
        let mut case = recommended(app);
        let (officer, approver, enterprise) = (app.officer(), app.approver(), applicant(app, NEWCOMER));
        all_agree(&mut case, app, &[1, 2]);
        case.step(&officer, "consolidate", &json!({}));
        case.step(&officer, "decisions", &json!({ "items": [{ "line": 1, "outcome": "recognise" }, { "line": 2, "outcome": "refuse", "grounds": ["evidence_lacking"] }] }));
        case.step(&approver, "decide", &json!({}));
        case.refused(&enterprise, "appeals", &json!({ "lines": [1], "grounds": "不服" }), "nothing_to_appeal");
        case.step(&enterprise, "appeals", &json!({ "lines": [2], "grounds": "已补充证据" }));
        case.refused(&enterprise, "appeals", &json!({ "lines": [2], "grounds": "再次" }), "appeal_open");
        let list = approver.get("/v1/worklists/appeals").json();
        assert_eq!(list["counts"]["total"], 1);
        let outcome = json!({ "overturn": true, "reason": "new_facts", "note": "证据充分" });
        case.refused(&approver, "appeals/judge", &outcome, "appeal_own_decision");
        let other = app.actor(Role::BureauApprover, "bj-commerce", "approver-2");
        let back = case.step(&other, "appeals/judge", &outcome);
        assert_eq!(back["state"], "deciding");
        case.step(&officer, "decisions", &json!({ "items": [{ "line": 2, "outcome": "recognise" }] }));
        case.step(&approver, "decide", &json!({}));
        let decisions = case.read(&officer, "decisions");
        assert_eq!((decisions["items"][1]["state"].as_str(), decisions["appeals"][0]["state"].as_str()), (Some("recognised"), Some("overturned")));
        case.step(&officer, "reopen", &json!({ "lines": [1], "reason": "new_facts", "note": "复核" }));
        case.step(&officer, "return", &json!({ "reason": "opinions_unclear", "note": "请再议" }));
        assert_eq!(case.read(&officer, "opinions")["items"][0]["result"]["outcome"], "agreed");
        let checks = case.read(&officer, "checks");
        assert_eq!(checks["items"], json!([]), "{checks}");
        let overview = officer.get("/v1/worklists").json();
        let waiting = overview["items"].as_array().unwrap().iter().find(|list| list["name"] == "consolidation").unwrap();
        assert_eq!(waiting["counts"]["total"], 1);
        // Taken up again it is no decided case any more; its refused and recognised items count as they stand.
        let figures = officer.get("/v1/reports/figures?from=2026-08-01").json();
        let figure = |by: &str| figures["figures"].as_array().unwrap().iter().find(|figure| figure["by"] == by).unwrap().clone();
        assert_eq!((&figure("received")["sums"]["count"], &figure("decided")["sums"]["count"]), (&json!(1), &json!(0)), "{figures}");
        let agencies = figure("agency");
        let groups = agencies["groups"].as_array().unwrap();
        assert!(groups.iter().all(|group| group["sums"]["on_time"] == 1 && group["sums"]["late"] == 0), "{agencies}");
        let key = groups[0]["key"].as_str().unwrap();
        let rows = officer.get(&format!("/v1/reports/figures/agency?key={key}&from=2026-08-01")).json();
        assert_eq!((&rows["count"], &rows["items"][0]["application"]), (&json!(1), &json!(case.0.id())), "{rows}");
        let chapters = figure("hs_chapter");
        assert_eq!((&chapters["sums"]["recognised"], &chapters["sums"]["refused"]), (&json!(1), &json!(0)), "{chapters}");
        let used = figure("use")["sums"]["count"].as_u64().unwrap();
        assert!(used > 0 && figures["quantities"][0]["granted"].is_string(), "{figures}");
        let page = officer.get("/v1/reports/figures/use?limit=2").json();
        let next = officer.get(&format!("/v1/reports/figures/use?limit=2&after={}", page["next"].as_str().unwrap())).json();
        assert_eq!(page["count"], next["count"]);
        assert_ne!(page["items"][1]["listing"], next["items"][0]["listing"]);
        assert!(officer.get("/v1/reports/figures.csv").text().contains("会审单位"));
        assert_eq!(officer.get("/v1/reports/figures?from=2030-01-01").json()["figures"][0]["sums"]["count"], 0);
        let report = officer.get("/v1/reports/stages").json();
        assert!(report["stages"].as_array().unwrap().iter().any(|stage| stage["stage"] == "lodged"), "{report}");
    }
}
