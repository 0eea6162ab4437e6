//! How the endpoints about webhooks are called: each on one that the caller's own organisation has, in the state that the
//! verb needs.

use super::cases::Prepared;
use crate::support::app::Actor;
use serde_json::{Value, json};
use whitelist::http::endpoints::Endpoint;

fn wanted() -> Value {
    json!({ "url": "https://hooks.example.cn/in", "events": ["listing.*"] })
}

/// Finds one in a state, or brings one there.
fn standing(actor: &Actor, state: &str) -> (String, String) {
    let items = actor.get("/v1/webhooks?limit=200").json()["items"].as_array().unwrap().clone();
    let org = items.iter().filter(|item| item["state"] == state).find(|item| item["url"] == wanted()["url"]);
    if let Some(known) = org {
        return (format!("/v1/webhooks/{}", known["id"].as_str().unwrap()), format!("\"{}\"", known["revision"]));
    }
    let made = actor.post("/v1/webhooks", &wanted());
    assert_eq!(made.status, 201, "{}", made.text());
    let (place, etag) = (made.header("location").unwrap().to_owned(), made.header("etag").unwrap().to_owned());
    if state == "active" {
        return (place, etag);
    }
    let paused = actor.act(&format!("{place}/pause"), &etag);
    (place, paused.header("etag").unwrap().to_owned())
}

/// Makes what an operation on webhooks needs; none for other operations.
pub fn prepare(endpoint: &Endpoint, actor: &Actor) -> Option<Prepared> {
    if !endpoint.path.starts_with("/v1/webhooks") {
        return None;
    }
    let json = |body: Value| Some(("application/json".to_owned(), body.to_string()));
    let state = if endpoint.operation == "resume_webhook" { "paused" } else { "active" };
    let (standing, body) = match endpoint.operation {
        "list_webhooks" => (None, None),
        "create_webhook" => (None, json(wanted())),
        "change_webhook" => (Some(standing(actor, state)), json(wanted())),
        "replay_webhook" => (Some(standing(actor, state)), json(json!({ "from": 1 }))),
        _ => (Some(standing(actor, state)), None),
    };
    let etag = standing.as_ref().map(|(_, etag)| etag.clone());
    let target = match &standing {
        Some((place, _)) => endpoint.path.replace("/v1/webhooks/{id}", place),
        None => endpoint.path.to_owned(),
    };
    let changes = endpoint.method != "GET" && endpoint.operation != "replay_webhook";
    Some(Prepared { target, etag: etag.filter(|_| changes), body })
}
