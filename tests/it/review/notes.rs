//! Notes that somebody is asked to see, and the texts that an office uses again and again.

use super::{NEWCOMER, asked_agencies, district, recommended, reviewer};
use crate::support::app::Actor;
use crate::support::casework::applicant;
use crate::support::on_both;
use serde_json::{Value, json};
use whitelist::domain::actor::Role;

/// Kinds of what a caller was told about notes, by name.
fn told(actor: &Actor) -> Vec<String> {
    let inbox = actor.get("/v1/inbox").json();
    let kinds = inbox["items"].as_array().unwrap().iter().map(|notice| notice["kind"].as_str().unwrap().to_owned());
    let mut kinds: Vec<String> = kinds.filter(|kind| kind.starts_with("note_")).collect();
    kinds.sort();
    kinds
}

on_both! {
    fn whoever_a_note_mentions_is_told_and_an_urgent_one_finds_who_has_the_case(app) {
        let mut case = recommended(app);
        let (officer, two) = (app.officer(), app.actor(Role::DistrictOfficer, "110114", "district-2"));
        let notes = format!("{}/notes", case.0.path);
        // Somebody is known here once they have worked here.
        let me = two.send("POST", &format!("{}/claim", case.0.path), &[], b"").json()["claimed_by"].as_str().unwrap().to_owned();
        let agencies = asked_agencies(&case, app);
        let (asked, other) = (agencies[0].clone(), agencies[1].clone());

        for unknown in ["per_019ff3c0da4b7e0d9c55e1f20a6b7c05", "tj-drug", NEWCOMER] {
            let refused = officer.post(&notes, &json!({ "note": "请阅", "visible_to_applicant": false, "mentions": [unknown] }));
            assert_eq!((refused.status, refused.json()["rule"].as_str()), (422, Some("mention_unknown")), "{unknown}");
        }
        assert_eq!(case.read(&officer, "notes")["items"], json!([]), "what is refused leaves nothing");

        let written = officer.post(&notes, &json!({ "note": "请核对数量", "visible_to_applicant": false, "mentions": [me, asked, asked] }));
        assert_eq!(written.status, 201, "{}", written.text());
        assert_eq!(written.json()["detail"]["urgent"], false);
        assert_eq!((told(&two), told(&reviewer(app, &asked)), told(&reviewer(app, &other))), (vec!["note_for_you".to_owned()], vec!["note_for_you".to_owned()], vec![]));

        // The agencies have the case in hand; the applicant reads what is meant for it, and not whom it mentions.
        let urgent = json!({ "note": "货物已在机场", "visible_to_applicant": true, "urgent": true, "mentions": [me] });
        assert_eq!(officer.post(&notes, &urgent).status, 201);
        assert_eq!(told(&reviewer(app, &other)), ["note_urgent"]);
        assert_eq!(told(&two), ["note_for_you", "note_urgent"]);
        assert_eq!(told(&applicant(app, NEWCOMER)), ["note_added"]);
        let seen = case.read(&applicant(app, NEWCOMER), "notes");
        assert_eq!((seen["items"][0]["note"].as_str(), &seen["items"][0]["detail"], seen["items"].as_array().unwrap().len()), (Some("货物已在机场"), &Value::Null, 1));
        assert_eq!(case.read(&officer, "notes")["items"][1]["detail"]["mentions"], json!([me]));

        // While the enterprise has the case in hand, it is told of nothing that is between colleagues.
        let findings = json!({ "findings": [{ "pointer": "/items/1/quantity", "reason": "quantity_unexplained" }] });
        case.step(&reviewer(app, &asked), "ask", &findings);
        assert_eq!(officer.post(&notes, &json!({ "note": "内部", "visible_to_applicant": false, "urgent": true })).status, 201);
        assert_eq!(told(&applicant(app, NEWCOMER)), ["note_added"]);
    }
}

on_both! {
    fn an_office_keeps_its_own_texts(app) {
        let (one, two) = (district(app), app.actor(Role::DistrictOfficer, "110114", "district-2"));
        let elsewhere = app.actor(Role::DistrictOfficer, "110108", "district-3");
        let empty = json!({ "items": [], "next": null });
        assert_eq!(one.get("/v1/texts").json(), empty);
        let faulty = one.post("/v1/texts", &json!({ "purpose": "poem", "title": "", "more": 1 }));
        assert_eq!((faulty.status, faulty.json()["faults"].as_array().unwrap().len()), (400, 4), "{}", faulty.text());

        let text = |purpose: &str, zh: &str| json!({ "purpose": purpose, "title": "常用", "text_zh": zh });
        let kept = one.post("/v1/texts", &text("note", "请补充说明。"));
        assert_eq!((kept.status, kept.header("etag")), (201, Some("\"1\"")), "{}", kept.text());
        let place = kept.header("location").unwrap().to_owned();
        assert_eq!(one.post("/v1/texts", &text("refusal", "证据不足。")).status, 201);
        assert_eq!(two.get(&place).json(), kept.json(), "colleagues share it");
        assert_eq!((elsewhere.get(&place).status, elsewhere.get("/v1/texts").json()), (404, empty));
        let some = two.get("/v1/texts?purpose=refusal").json();
        assert_eq!((some["items"].as_array().unwrap().len(), some["items"][0]["text_zh"].as_str()), (1, Some("证据不足。")));
        let page = two.get("/v1/texts?limit=1").json();
        let rest = two.get(&format!("/v1/texts?limit=1&after={}", page["next"].as_str().unwrap())).json();
        let both = [&page, &rest].map(|page| page["items"][0]["purpose"].as_str().unwrap().to_owned());
        assert!(both.contains(&"note".to_owned()) && both.contains(&"refusal".to_owned()) && rest["next"].is_null(), "{both:?}");

        assert_eq!(two.change("PUT", &place, "\"1\"", &text("note", "请说明用途。")).header("etag"), Some("\"2\""));
        assert_eq!(one.change("PUT", &place, "\"1\"", &text("note", "…")).status, 412, "a colleague was faster");
        assert_eq!(elsewhere.act(&format!("{place}/remove"), "\"2\"").status, 404);
        assert_eq!(one.act(&format!("{place}/remove"), "\"2\"").json()["text_zh"], "请说明用途。");
        assert_eq!(one.get(&place).status, 404);
        assert_eq!(applicant(app, NEWCOMER).get("/v1/texts").status, 403);
    }
}
