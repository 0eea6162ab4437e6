//! Entries are found by event, thing, actor, organisation and time, whether they stand in the index or are too young for it.

use super::read::told;
use crate::support::app::TestApp;
use crate::support::on_both;
use serde_json::Value;

/// Every entry that a query finds, page by page.
fn all(app: &TestApp, query: &str, limit: usize) -> Vec<Value> {
    let (auditor, mut items, mut after) = (app.auditor(), Vec::new(), String::new());
    loop {
        let page = auditor.get(&format!("/v1/log/entries?limit={limit}{query}{after}"));
        assert_eq!(page.status, 200, "{}", page.text());
        let page = page.json();
        let found = page["items"].as_array().unwrap();
        assert!(found.len() <= limit);
        items.extend(found.iter().cloned());
        match page["next"].as_str() {
            Some(next) => after = format!("&after={next}"),
            None => return items,
        }
    }
}

on_both! {
    fn entries_are_found_with_and_without_the_index(app) {
        let suspended = told(app);
        let everything = all(app, "", 200);
        assert_eq!(i64::try_from(everything.len()).unwrap(), app.inside().head().unwrap().0);
        let places: Vec<i64> = everything.iter().map(|entry| entry["index"].as_i64().unwrap()).collect();
        assert!(places.iter().copied().eq(0..places.last().unwrap() + 1), "oldest first, each once");
        let suspension = everything.iter().find(|entry| entry["type"] == "listing.suspended" && entry["entity"]["id"] == suspended.as_str()).unwrap().clone();
        assert!(suspension["changes"].as_array().unwrap().iter().any(|change| change["path"] == "/standing" && change["new"]["p"] == "suspended"));
        let actor = suspension["actor"]["ref"].as_str().unwrap();
        let thing = format!("listing:{suspended}");
        let fits = |query: &str, entry: &Value| match query {
            "type" => entry["type"] == "listing.suspended",
            "thing" => entry["entity"]["kind"] == "listing" && entry["entity"]["id"] == suspended.as_str(),
            "kind" => entry["entity"]["kind"] == "enterprise",
            "actor" => entry["actor"]["ref"] == actor,
            "org" => entry["actor"]["org"] == "bj-commerce",
            "both" => entry["type"] == "listing.varied" && entry["actor"]["ref"] == actor,
            "until" => entry["at"].as_str().unwrap() < "2026-08-12T04:00:00.000000Z",
            _ => entry["at"].as_str().unwrap() >= "2026-08-12T04:00:00.000000Z",
        };
        let queries = [
            ("type", "&type=listing.suspended".to_owned()),
            ("thing", format!("&entity={thing}")),
            ("kind", "&entity=enterprise".to_owned()),
            ("actor", format!("&actor={actor}")),
            ("org", "&org=bj-commerce".to_owned()),
            ("both", format!("&type=listing.varied&actor={actor}")),
            ("until", "&to=2026-08-12T04:00:00.000000Z".to_owned()),
            ("from", "&from=2026-08-12T12:00:00%2B08:00".to_owned()),
        ];
        let judge = |app: &TestApp, when: &str| {
            for (name, query) in &queries {
                let expected: Vec<&Value> = everything.iter().filter(|entry| fits(name, entry)).collect();
                let found = all(app, query, 7);
                assert_eq!(found.iter().collect::<Vec<_>>(), expected, "{when}: {query}");
            }
            assert_eq!(all(app, "", 200), everything, "{when}");
            assert!(all(app, "&type=nothing.such", 7).is_empty());
        };
        judge(app, "nothing indexed");
        let indexed = app.inside().index_log(app.clock.now()).unwrap();
        assert_eq!(indexed, everything.len());
        judge(app, "everything indexed");
        assert_eq!(app.inside().index_log(app.clock.now()).unwrap(), 0);
        let before = app.inside().head().unwrap().0;
        app.change(serde_json::json!([{ "kind": "vary", "listing": suspended, "effective_on": "2026-08-12", "set": { "note": "x" }, "reason": { "code": "other", "basis": "演练" } }]));
        let found = all(app, &format!("&entity={thing}"), 2);
        assert_eq!(found.last().unwrap()["type"], "listing.varied", "the index is behind, the search is not");
        assert!(found.last().unwrap()["revision"].as_i64().unwrap() > before);

        let auditor = app.auditor();
        let faulty = auditor.get("/v1/log/entries?from=yesterday&to=&limit=0&after=a&kind=x");
        assert_eq!(faulty.status, 400);
        assert_eq!(faulty.json()["faults"].as_array().unwrap().len(), 4, "{}", faulty.text());
        assert_eq!(auditor.get("/v1/log/entries?after=x").status, 400);
        assert_eq!(app.officer().get("/v1/log/entries").status, 403);
    }
}
