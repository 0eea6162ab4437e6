//! Who may decide on an adjustment, on what he saw, and what a request that is sent twice is answered.

use super::{TODAY, add, on_enterprise, on_listing, propose};
use crate::lookups::{ENT_01, ENT_03, faults, number_of, question, verdict};
use crate::support::app::{Actor, TestApp};
use crate::support::client::Response;
use crate::support::on_both;
use serde_json::{Value, json};
use std::sync::Barrier;
use whitelist::domain::actor::Role;

/// A proposed suspension: where it is, and what its proposer saw of it.
fn proposed(app: &TestApp) -> (String, String) {
    let number = number_of(app, ENT_01, "3004909099");
    let response = propose(app, &json!([on_listing("suspend", &number, TODAY, "risk_found")]));
    assert_eq!((response.status, response.json()["state"].as_str()), (201, Some("proposed")));
    (response.header("location").unwrap().to_owned(), response.header("etag").unwrap().to_owned())
}

fn send(actor: &Actor, target: &str, headers: &[(&str, &str)], body: &Value) -> Response {
    let all: Vec<_> = headers.iter().copied().chain([("Content-Type", "application/json")]).collect();
    actor.send("POST", target, &all, body.to_string().as_bytes())
}

fn reject(actor: &Actor, place: &str, etag: &str) -> Response {
    send(
        actor,
        &format!("{place}/reject"),
        &[("If-Match", etag)],
        &json!({ "reason": { "code": "other", "basis": "依据不足" } }),
    )
}

fn slug(response: &Response) -> (u16, String) {
    (response.status, response.json()["type"].as_str().unwrap_or_default().trim_start_matches("/problems/").to_owned())
}

fn head(app: &TestApp) -> i64 {
    app.inside().head().unwrap().0
}

on_both! {
    fn two_people_change_the_list_never_one(app) {
        let both = Actor { client: app.client(), token: app.token(&[Role::BureauOfficer, Role::BureauApprover], "bj-commerce", "both-1") };
        let number = number_of(app, ENT_01, "3004909099");
        let body = json!({ "scheme": "beijing-2022", "changes": [on_listing("suspend", &number, TODAY, "risk_found")] });
        let mine = both.post("/v1/adjustments", &body);
        let (place, etag) = (mine.header("location").unwrap().to_owned(), mine.header("etag").unwrap().to_owned());
        let before = head(app);
        for refused in [both.act(&format!("{place}/confirm"), &etag), reject(&both, &place, &etag)] {
            assert_eq!((refused.status, refused.json()["rule"].as_str()), (422, Some("four_eyes")), "{}", refused.text());
        }
        let officer = app.officer();
        assert_eq!(officer.act(&format!("{place}/confirm"), &etag).status, 403);
        assert_eq!(reject(&officer, &place, &etag).status, 403);
        assert_eq!(app.approver().post("/v1/adjustments", &body).status, 403);
        assert_eq!(app.approver().act(&format!("{place}/withdraw"), &etag).status, 403);
        let foreign = officer.act(&format!("{place}/withdraw"), &etag);
        assert_eq!((foreign.status, foreign.json()["rule"].as_str()), (422, Some("not_the_proposer")));
        assert_eq!((head(app), verdict(app, &question(ENT_01, "3004909099")).as_str()), (before, "allowed listed"));

        let taken_back = both.act(&format!("{place}/withdraw"), &etag);
        assert_eq!((taken_back.status, taken_back.json()["state"].as_str()), (200, Some("withdrawn")));
        assert_eq!(head(app), before + 1);
    }
}

on_both! {
    fn a_rejection_says_why_and_is_final(app) {
        let (place, etag) = proposed(app);
        let rejected = reject(&app.approver(), &place, &etag);
        assert_eq!((rejected.status, rejected.json()["state"].as_str()), (200, Some("rejected")));
        assert_eq!(rejected.json()["decision_reason"], json!({ "code": "other", "basis": "依据不足" }));
        assert_eq!(verdict(app, &question(ENT_01, "3004909099")), "allowed listed");
        let (fresh, before) = (rejected.header("etag").unwrap(), head(app));
        let (approver, officer) = (app.approver(), app.officer());
        for late in [approver.act(&format!("{place}/confirm"), fresh), reject(&approver, &place, fresh), officer.act(&format!("{place}/withdraw"), fresh)] {
            assert_eq!(slug(&late), (409, "conflict".to_owned()));
            assert_eq!(late.header("etag"), Some(fresh), "a conflict names the present state");
        }
        for stale in [approver.act(&format!("{place}/confirm"), &etag), reject(&approver, &place, &etag)] {
            assert_eq!((slug(&stale), stale.header("etag")), ((412, "stale-version".to_owned()), Some(fresh)));
            let body = stale.json();
            let [change] = body["changes"].as_array().unwrap().as_slice() else { panic!("{body}") };
            assert_eq!((&change["event"], change["revision"].to_string()), (&json!("adjustment.rejected"), fresh.trim_matches('"').to_owned()));
            let members: Vec<&str> = change["members"].as_array().unwrap().iter().map(|member| member.as_str().unwrap()).collect();
            assert!(members.contains(&"/state"), "{members:?}");
            assert!(!stale.text().contains("依据不足"), "members are named, values are read");
        }
        assert_eq!(head(app), before);
        let seen = app.auditor().get(&place);
        assert_eq!((seen.header("etag"), &seen.json()), (Some(fresh), &rejected.json()));
    }
}

on_both! {
    fn a_decision_says_what_it_saw(app) {
        let (place, etag) = proposed(app);
        let (approver, before) = (app.approver(), head(app));
        let confirm = format!("{place}/confirm");
        assert_eq!(slug(&approver.send("POST", &confirm, &[], b"")), (428, "precondition-required".to_owned()));
        for stale in ["\"1\"", "\"999999\"", "*", "W/\"1\"", "1", "\"\"", "\"-1\"", "nonsense"] {
            assert_eq!(slug(&approver.act(&confirm, stale)), (412, "stale-version".to_owned()), "{stale}");
        }
        for unknown in ["/v1/adjustments/adj_00000000000000000000000000000000/confirm", "/v1/adjustments/nonsense/confirm"] {
            assert_eq!(approver.act(unknown, &etag).status, 404);
        }
        assert_eq!(head(app), before);
        let confirmed = approver.act(&confirm, &etag);
        assert_eq!(confirmed.status, 200);
        assert_eq!(confirmed.header("etag").unwrap(), format!("\"{}\"", confirmed.json()["revision"]));
        assert_eq!((confirmed.json()["revision"].as_i64(), head(app)), (Some(before + 2), before + 2));
    }
}

on_both! {
    fn of_two_approvers_with_the_same_view_one_confirms(app) {
        for _ in 0..3 {
            let (place, etag) = proposed(app);
            let approvers: Vec<Actor> = (1..=4).map(|n| app.actor(Role::BureauApprover, "bj-commerce", &format!("approver-{n}"))).collect();
            let together = Barrier::new(approvers.len());
            let mut statuses: Vec<u16> = std::thread::scope(|scope| {
                let threads: Vec<_> = approvers
                    .into_iter()
                    .map(|approver| {
                        let (place, etag, together) = (&place, &etag, &together);
                        scope.spawn(move || {
                            together.wait();
                            approver.act(&format!("{place}/confirm"), etag).status
                        })
                    })
                    .collect();
                threads.into_iter().map(|thread| thread.join().unwrap()).collect()
            });
            statuses.sort_unstable();
            assert_eq!(statuses, [200, 412, 412, 412]);
            let number = number_of(app, ENT_01, "3004909099");
            app.change(json!([on_listing("reinstate", &number, TODAY, "rectified")]));
        }
    }
}

on_both! {
    fn a_repeated_request_is_answered_as_before(app) {
        let number = number_of(app, ENT_01, "3004909099");
        let body = json!({ "scheme": "beijing-2022", "changes": [on_listing("suspend", &number, TODAY, "risk_found")], "note": "一次" });
        let officer = app.officer();
        let first = send(&officer, "/v1/adjustments", &[("Idempotency-Key", "k-1")], &body);
        assert_eq!((first.status, first.header("idempotency-replayed")), (201, None));
        let after = head(app);
        let again = send(&officer, "/v1/adjustments", &[("Idempotency-Key", "k-1")], &body);
        assert_eq!((again.status, again.header("idempotency-replayed")), (201, Some("true")));
        assert_eq!((&again.body, again.header("etag"), again.header("location")), (&first.body, first.header("etag"), first.header("location")));
        let other = send(&officer, "/v1/adjustments", &[("Idempotency-Key", "k-1")], &json!({ "scheme": "beijing-2022", "changes": body["changes"] }));
        assert_eq!(slug(&other), (422, "idempotency-mismatch".to_owned()));
        assert_eq!(head(app), after, "one request, one effect");

        let (place, etag) = (first.header("location").unwrap(), first.header("etag").unwrap());
        let approver = app.approver();
        let confirm = |etag: &str| approver.send("POST", &format!("{place}/confirm"), &[("If-Match", etag), ("Idempotency-Key", "k-1")], b"");
        let confirmed = confirm(etag);
        assert_eq!((confirmed.status, confirmed.header("idempotency-replayed")), (200, None), "a key belongs to caller and path");
        let (repeated, after) = (confirm(etag), head(app));
        assert_eq!((repeated.status, repeated.header("idempotency-replayed"), &repeated.body), (200, Some("true"), &confirmed.body));
        assert_eq!(repeated.header("etag"), confirmed.header("etag"));
        assert_eq!(slug(&confirm("\"1\"")), (422, "idempotency-mismatch".to_owned()));
        assert_eq!(head(app), after);
        // The proposal is still answered as it was, though it has been confirmed since.
        assert_eq!(send(&officer, "/v1/adjustments", &[("Idempotency-Key", "k-1")], &body).body, first.body);
        // A restart forgets nothing.
        app.restart();
        assert_eq!(send(&app.officer(), "/v1/adjustments", &[("Idempotency-Key", "k-1")], &body).body, first.body);
    }
}

on_both! {
    fn a_refusal_is_repeated_even_when_its_cause_is_gone(app) {
        // The id of the exchange stands in the kept problem, so both exchanges carry the same one.
        let headers = |key: &'static str| [("Idempotency-Key", key), ("X-Request-Id", "r-1")];
        let officer = app.officer();
        let number = number_of(app, ENT_01, "3004909099");
        let body = json!({ "scheme": "beijing-2022", "changes": [on_listing("reinstate", &number, TODAY, "rectified")] });
        let refused = send(&officer, "/v1/adjustments", &headers("k-2"), &body);
        assert_eq!((slug(&refused), refused.header("idempotency-replayed")), ((422, "rule-refused".to_owned()), None));
        app.change(json!([on_listing("suspend", &number, TODAY, "risk_found")]));
        let again = send(&officer, "/v1/adjustments", &headers("k-2"), &body);
        assert_eq!((again.status, again.header("idempotency-replayed"), &again.body), (422, Some("true"), &refused.body));
        let other = json!({ "scheme": "beijing-2022", "changes": [on_listing("remove", &number, TODAY, "breach")] });
        assert_eq!(slug(&send(&officer, "/v1/adjustments", &headers("k-2"), &other)), (422, "idempotency-mismatch".to_owned()));
        assert_eq!(send(&officer, "/v1/adjustments", &headers("k-3"), &body).status, 201);

        let approver = app.approver();
        let acted = |place: &str, etag: &str, key: &'static str| {
            let all: Vec<_> = headers(key).into_iter().chain([("If-Match", etag)]).collect();
            approver.send("POST", &format!("{place}/confirm"), &all, b"")
        };
        let proposal = propose(app, &json!([on_enterprise("suspend_enterprise", ENT_03, TODAY)]));
        let (place, etag) = (proposal.header("location").unwrap(), proposal.header("etag").unwrap());
        let stale = acted(place, "\"1\"", "k-4");
        assert_eq!(slug(&stale), (412, "stale-version".to_owned()));
        let fresh = acted(place, etag, "k-5").header("etag").unwrap().to_owned();
        let late = acted(place, &fresh, "k-6");
        assert_eq!(slug(&late), (409, "conflict".to_owned()));
        let before = head(app);
        for (first, again) in [(&stale, acted(place, "\"1\"", "k-4")), (&late, acted(place, &fresh, "k-6"))] {
            assert_eq!((again.status, again.header("idempotency-replayed"), &again.body), (first.status, Some("true"), &first.body));
            assert_eq!(again.header("etag"), first.header("etag"));
        }
        assert_eq!(head(app), before);
    }
}

on_both! {
    fn what_the_sender_must_mend_is_not_kept(app) {
        let number = number_of(app, ENT_01, "3004909099");
        let good = json!({ "scheme": "beijing-2022", "changes": [on_listing("suspend", &number, TODAY, "risk_found")] });
        let mut faulty = good.clone();
        faulty["changes"][0]["listing"] = json!("BJ-2026-000001-0");
        let (officer, key) = (app.officer(), [("Idempotency-Key", "k-7")]);
        assert_eq!(send(&officer, "/v1/adjustments", &key, &faulty).status, 400);
        assert_eq!(send(&app.approver(), "/v1/adjustments", &key, &good).status, 403);
        assert_eq!(officer.send("POST", "/v1/adjustments", &[("Idempotency-Key", "k-7"), ("Content-Type", "text/plain")], b"x").status, 415);
        let accepted = send(&officer, "/v1/adjustments", &key, &good);
        assert_eq!((accepted.status, accepted.header("idempotency-replayed")), (201, None));
        let confirm = format!("{}/confirm", accepted.header("location").unwrap());
        let approver = app.approver();
        assert_eq!(approver.send("POST", &confirm, &key, b"").status, 428);
        assert_eq!(approver.send("POST", &confirm, &[key[0], ("If-Match", accepted.header("etag").unwrap())], b"").status, 200);

        let before = head(app);
        for nonsense in ["", "a b", "钥匙", &"k".repeat(256)] {
            let response = send(&officer, "/v1/adjustments", &[("Idempotency-Key", nonsense)], &good);
            assert_eq!((response.status, faults(&response.json())[0].0), (400, "/Idempotency-Key"), "{nonsense}");
        }
        assert_eq!(head(app), before);
        let longest = "k".repeat(255);
        let body = json!({ "scheme": "beijing-2022", "changes": [add(ENT_01, "全新物品", "2937210000")] });
        assert_eq!(send(&officer, "/v1/adjustments", &[("Idempotency-Key", &longest)], &body).status, 201);
        // Another person may use the same key: it is bound to who sends it.
        let colleague = app.actor(Role::BureauOfficer, "bj-commerce", "officer-2");
        let theirs = send(&colleague, "/v1/adjustments", &[("Idempotency-Key", &longest)], &body);
        assert_eq!((theirs.status, theirs.header("idempotency-replayed")), (201, None));
    }
}

on_both! {
    fn a_repeated_import_is_answered_as_before(app) {
        let csv = "uscc,item_name_zh,hs_code,quantity,unit,valid_from,valid_to\n91110302XFXTR00172,全新物品,2937210000,5,036,2026-09-01,2027-08-31\n";
        let officer = app.officer();
        let import = |csv: &str, key: &str| {
            let headers = [("Content-Type", "text/csv"), ("Idempotency-Key", key), ("X-Request-Id", "r-1")];
            officer.send("POST", "/v1/adjustments/import?scheme=beijing-2022", &headers, csv.as_bytes())
        };
        let first = import(csv, "k-8");
        assert_eq!(first.status, 201, "{}", first.text());
        let before = head(app);
        let again = import(csv, "k-8");
        assert_eq!((again.status, again.header("idempotency-replayed"), &again.body), (201, Some("true"), &first.body));
        assert_eq!(slug(&import(&csv.replace("全新", "另一"), "k-8")), (422, "idempotency-mismatch".to_owned()));
        assert_eq!(head(app), before);
        let faulty = csv.replace("2937210000", "293721");
        let refused = import(&faulty, "k-9");
        assert_eq!(slug(&refused), (422, "import-faults".to_owned()));
        let again = import(&faulty, "k-9");
        assert_eq!((again.status, again.header("idempotency-replayed"), &again.body), (422, Some("true"), &refused.body));

        let confirm = format!("{}/confirm", first.header("location").unwrap());
        assert_eq!(app.approver().act(&confirm, first.header("etag").unwrap()).status, 200);
        let late = import(csv, "k-8");
        assert_eq!((late.status, late.header("idempotency-replayed"), &late.body), (201, Some("true"), &first.body), "the list has it now; the answer stays");
    }
}

on_both! {
    fn adjustments_are_listed_by_state_in_pages(app) {
        let ids: Vec<String> = (0..5).map(|_| proposed(app).0.rsplit('/').next().unwrap().to_owned()).collect();
        let (place, etag) = proposed(app);
        assert_eq!(app.officer().act(&format!("{place}/withdraw"), &etag).status, 200);
        let auditor = app.auditor();
        let (mut seen, mut after) = (Vec::new(), String::new());
        loop {
            let page = auditor.get(&format!("/v1/adjustments?state=proposed&limit=2{after}")).json();
            seen.extend(page["items"].as_array().unwrap().iter().map(|item| item["id"].as_str().unwrap().to_owned()));
            let Some(next) = page["next"].as_str() else { break };
            after = format!("&after={next}");
        }
        let mut sorted = ids;
        sorted.sort();
        assert_eq!(seen, sorted);
        let withdrawn = auditor.get("/v1/adjustments?state=withdrawn").json();
        assert_eq!((withdrawn["items"].as_array().unwrap().len(), &withdrawn["next"]), (1, &Value::Null));
        assert_eq!(auditor.get("/v1/adjustments").json()["items"].as_array().unwrap().len(), 6);
        assert_eq!(faults(&auditor.get("/v1/adjustments?state=done").json()), [("/state", "value_unknown")]);
    }
}
