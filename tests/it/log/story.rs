//! Plays a story through HTTP, every proposal to the end that the story says.

use crate::support::app::TestApp;
use crate::support::client::Response;
use crate::support::story::{Chapter, Fate, Story, Wanted};
use serde_json::{Value, json};
use whitelist::store::rulebook::stops_since;

/// Plays so many chapters, each at noon in Beijing on its day.
pub fn play(app: &TestApp, story: &mut Story, chapters: usize) {
    let (mut officer, mut approver) = (app.officer(), app.approver());
    for _ in 0..chapters {
        let chapter = story.tell();
        app.set_time(&format!("{}T04:00:00.000000Z", chapter.day));
        // The clock may have passed the life of the tokens.
        officer.token = app.officer().token;
        approver.token = app.approver().token;
        let before = app.inside().index.load().revision().0;
        let proposed = officer.post("/v1/adjustments", &chapter.body);
        match chapter.fate {
            Fate::Faulty => {
                assert_eq!((proposed.status, revision(&proposed)), (400, before), "{}", shown(&chapter, &proposed));
                assert!(
                    proposed.json()["faults"].as_array().is_some_and(|faults| !faults.is_empty()),
                    "{}",
                    shown(&chapter, &proposed)
                );
            }
            Fate::Refused(rule) => {
                assert_eq!((proposed.status, revision(&proposed)), (422, before), "{}", shown(&chapter, &proposed));
                let problem = proposed.json();
                let named = problem["rule"] == rule
                    || problem["faults"]
                        .as_array()
                        .is_some_and(|faults| faults.iter().any(|fault| fault["code"] == rule));
                assert!(named, "{rule}: {}", shown(&chapter, &proposed));
            }
            Fate::Confirm | Fate::Reject | Fate::Withdraw => {
                assert_eq!(proposed.status, 201, "{}", shown(&chapter, &proposed));
                let id = proposed.json()["id"].as_str().unwrap().to_owned();
                let etag = proposed.header("etag").unwrap().to_owned();
                let decided = match chapter.fate {
                    Fate::Withdraw => officer.act(&format!("/v1/adjustments/{id}/withdraw"), &etag),
                    Fate::Reject => {
                        let headers = [("If-Match", etag.as_str()), ("Content-Type", "application/json")];
                        let body = json!({ "reason": { "code": "other", "basis": "材料不全" } }).to_string();
                        approver.send("POST", &format!("/v1/adjustments/{id}/reject"), &headers, body.as_bytes())
                    }
                    Fate::Confirm | Fate::Refused(_) | Fate::Faulty => {
                        approver.act(&format!("/v1/adjustments/{id}/confirm"), &etag)
                    }
                };
                assert_eq!(decided.status, 200, "{}", shown(&chapter, &decided));
                if chapter.fate == Fate::Confirm {
                    story.confirmed(chapter, |wanted| find(app, wanted));
                }
            }
        }
    }
}

fn find(app: &TestApp, wanted: Wanted<'_>) -> Option<String> {
    match wanted {
        Wanted::Listing { enterprise, name_zh } => {
            let page = app.auditor().get(&format!("/v1/listings?limit=200&enterprise={enterprise}"));
            let page = page.json();
            let mut items = page["items"].as_array().unwrap().iter();
            let found = items.find(|item| item["item"]["name_zh"] == name_zh);
            Some(
                found.unwrap_or_else(|| panic!("{enterprise} does not hold {name_zh}"))["number"]
                    .as_str()
                    .unwrap()
                    .to_owned(),
            )
        }
        Wanted::Stop { class } => {
            let stops = app.inside().store.read(|conn| stops_since(conn, 0)).unwrap();
            // The log alone names stops.
            let same = |text: &str| {
                serde_json::from_str::<Value>(text).is_ok_and(|known| known == *class) || named(class) == text
            };
            let found = stops.iter().rev().find(|stop| same(&stop.class));
            Some(found.unwrap_or_else(|| panic!("no stop of {class} in {stops:?}")).id.clone())
        }
    }
}

/// The class as `kind:value`.
fn named(class: &Value) -> String {
    format!("{}:{}", class["kind"].as_str().unwrap(), class["value"].as_str().unwrap())
}

fn revision(response: &Response) -> i64 {
    response.header("whitelist-revision").unwrap().parse().unwrap()
}

fn shown(chapter: &Chapter, response: &Response) -> String {
    format!("{chapter:#?}\nwas answered {} {}", response.status, response.text())
}
