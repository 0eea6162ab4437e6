//! What each kind of application is judged by: the listing it names, its days, and a bar.

use super::{faults, pairs};
use crate::lookups::{ENT_01, ENT_03, ENT_05, number_of};
use crate::support::app::TestApp;
use crate::support::casework::{addition, answers, applicant, draft, line};
use crate::support::client::Response;
use crate::support::on_both;
use serde_json::{Value, json};

fn lodge(app: &TestApp, uscc: &str, body: &Value) -> Response {
    let actor = applicant(app, uscc);
    let draft = draft(&actor, body);
    actor.act(&format!("{}/lodge", draft.path), &draft.etag)
}

fn about(kind: &str, item: Value) -> Value {
    json!({ "kind": kind, "scheme": "beijing-2022", "items": [item], "answers": answers(), "contact": { "name": "联系人（合成）" } })
}

fn renewal(listing: &str, name_zh: &str, hs_code: &str, unit: &str) -> Value {
    let mut item = line(1, name_zh, hs_code);
    item["listing"] = json!(listing);
    item["unit"] = json!(unit);
    about("renew", item)
}

on_both! {
    fn a_listing_that_is_named_must_be_the_enterprises_own_and_stand_so(app) {
        let (own, others) = (number_of(app, ENT_01, "3004909099"), number_of(app, ENT_05, "2937500000"));
        let vary = |listing: &str, set: Value| about("vary", json!({ "line": 1, "listing": listing, "set": set }));
        let surrender = |listing: &str| about("surrender", json!({ "line": 1, "listing": listing }));
        let unknown = (422, pairs(&[("/items/0/listing", "listing_unknown")]));
        assert_eq!(faults(&lodge(app, ENT_01, &vary(&others, json!({ "quantity": "1" })))), unknown, "another enterprise's is no listing");
        assert_eq!(faults(&lodge(app, ENT_01, &surrender(&others))), unknown);
        assert_eq!(faults(&lodge(app, ENT_01, &vary(&own, json!({ "unit": "036" })))), (422, pairs(&[("/items/0/set", "unit_fixed")])));
        assert_eq!(faults(&lodge(app, ENT_01, &vary(&own, json!({ "quantity": "200" })))), (422, pairs(&[("/items/0/set", "nothing_changes")])));
        let varied = lodge(app, ENT_01, &vary(&own, json!({ "quantity": "300" })));
        assert_eq!((varied.status, varied.json()["state"].as_str()), (200, Some("lodged")), "{}", varied.text());
        let given_up = lodge(app, ENT_01, &surrender(&own));
        assert_eq!((given_up.status, &given_up.json()["state"], &given_up.json()["with"]["who"]), (200, &json!("deciding"), &json!("bureau_officer")));
        app.change(json!([{ "kind": "remove", "listing": own, "effective_on": "2026-08-12", "reason": { "code": "breach" } }]));
        assert_eq!(faults(&lodge(app, ENT_01, &surrender(&own))), (422, pairs(&[("/items/0/listing", "listing_removed")])));
    }
}

on_both! {
    fn a_renewal_is_lodged_in_its_days(app) {
        let listing = number_of(app, ENT_03, "2941500000");
        let body = renewal(&listing, "红霉素衍生物", "2941500000", "036");
        let listed = applicant(app, ENT_03).get(&format!("/v1/listings/{listing}")).json();
        assert_eq!(listed["valid_to"], "2027-01-14");
        let early = (422, pairs(&[("/items/0/listing", "renewal_too_early")]));
        assert_eq!(faults(&lodge(app, ENT_03, &body)), early);
        app.set_time("2026-10-15T04:00:00.000000Z");
        assert_eq!(faults(&lodge(app, ENT_03, &body)), early, "91 days before");
        app.set_time("2026-10-16T04:00:00.000000Z");
        assert_eq!(lodge(app, ENT_03, &body).status, 200, "90 days before");
        app.set_time("2027-01-14T04:00:00.000000Z");
        assert_eq!(lodge(app, ENT_03, &body).status, 200, "the last day");
        app.set_time("2027-01-15T04:00:00.000000Z");
        assert_eq!(faults(&lodge(app, ENT_03, &body)), (422, pairs(&[("/items/0/listing", "renewal_too_late")])));
    }
}

on_both! {
    fn a_bar_keeps_an_enterprise_from_lodging_and_says_its_ground_and_end(app) {
        let bar = json!({ "kind": "bar_enterprise", "enterprise": ENT_05, "until": "2026-08-20", "effective_on": "2026-08-12", "reason": { "code": "off_purpose_use", "basis": "京药监函〔2026〕8号" } });
        app.change(json!([bar]));
        let body = addition(json!([line(1, "氢化可的松", "2937210000")]));
        let refused = lodge(app, ENT_05, &body);
        assert_eq!(faults(&refused), (422, pairs(&[("", "barred")])));
        let detail = refused.json()["detail"].as_str().unwrap().to_owned();
        assert!(["2026年8月20日的次日", "改变研发用途", "京药监函〔2026〕8号"].iter().all(|part| detail.contains(part)), "{detail}");
        let surrender = about("surrender", json!({ "line": 1, "listing": number_of(app, ENT_05, "2937500000") }));
        assert_eq!(lodge(app, ENT_05, &surrender).status, 200, "giving up is not applying");
        app.set_time("2026-08-20T16:00:00.000000Z");
        assert_eq!(lodge(app, ENT_05, &body).status, 200, "the day after");
    }
}

on_both! {
    fn an_applicant_from_outside_the_core_area_is_led_to_its_district(app) {
        let shunyi = "91110113XFXTR0076Q";
        let lodged = lodge(app, shunyi, &addition(json!([line(1, "氢化可的松", "2937210000")])));
        assert_eq!((lodged.status, &lodged.json()["district"], &lodged.json()["state"]), (200, &json!("110113"), &json!("lodged")));
    }
}
