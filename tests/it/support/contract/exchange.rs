//! Judges every exchange of the tests against the contract.
//!
//! A drift of either side is a failing test. Invariant: what it lets pass has a known path, a documented status, the
//! required headers, a documented media type and a body that fits its schema. A request is judged only where it was
//! answered with success: a faulty one may be sent on purpose.

use super::{Contract, Node, places};
use serde_json::Value;

/// A request and its response.
#[derive(Debug)]
pub struct Exchange<'a> {
    pub method: &'a str,
    pub path_and_query: &'a str,
    pub request_content_type: Option<&'a str>,
    pub request_body: &'a [u8],
    pub status: u16,
    /// Headers of the response.
    pub headers: &'a [(String, String)],
    pub response_body: &'a [u8],
}

impl Contract {
    /// Judges an exchange.
    ///
    /// # Errors
    /// Everything in which it breaks the contract, in words.
    pub fn check(&self, exchange: &Exchange<'_>) -> Result<(), Vec<String>> {
        let mut faults = Vec::new();
        let (path, query) = exchange.path_and_query.split_once('?').unwrap_or((exchange.path_and_query, ""));
        let found = self.path(path);
        let operation = found.as_ref().and_then(|(_, item)| Some((item, item.get(&exchange.method.to_lowercase())?)));
        let status = exchange.status;
        let response = match (&found, &operation) {
            (None, _) => (status == 404).then(|| Node::at(&self.document, "/components/responses/NotFound")),
            (Some(_), None) => {
                (status == 405).then(|| Node::at(&self.document, "/components/responses/MethodNotAllowed"))
            }
            (Some(_), Some((_, operation))) => {
                operation.get("responses").and_then(|responses| responses.get(&status.to_string()))
            }
        };
        if let (Some((template, _)), Some((item, operation)), 200..=299) = (&found, &operation, status) {
            self.judge_parameters(&parameters(item, operation), &places(template, path), query, &mut faults);
            self.judge_request(operation, exchange, &mut faults);
        }
        match response {
            Some(response) => self.judge_response(&response, exchange, &mut faults),
            None => faults.push(format!("status {status} is not documented; body {}", shown(exchange.response_body))),
        }
        if faults.is_empty() {
            return Ok(());
        }
        let request = format!("{} {} -> {status}", exchange.method, exchange.path_and_query);
        Err(faults.into_iter().map(|fault| format!("{request}: {fault}")).collect())
    }

    fn judge_parameters(&self, known: &[Node<'_>], places: &[(&str, &str)], query: &str, faults: &mut Vec<String>) {
        let query: Vec<_> = url::form_urlencoded::parse(query.as_bytes()).collect();
        for (name, _) in &query {
            if !known
                .iter()
                .any(|parameter| parameter.text("in") == Some("query") && parameter.text("name") == Some(name))
            {
                faults.push(format!("the query parameter `{name}` is not documented, and it was accepted"));
            }
        }
        for parameter in known {
            let name = parameter.text("name").unwrap_or_default();
            let values: Vec<&str> = match parameter.text("in") {
                Some("query") => {
                    query.iter().filter(|(given, _)| given == name).map(|(_, value)| value.as_ref()).collect()
                }
                Some("path") => places.iter().filter(|(given, _)| *given == name).map(|(_, value)| *value).collect(),
                _ => continue,
            };
            if values.len() > 1 || values.is_empty() && parameter.is_true("required") {
                faults.push(format!("the parameter `{name}` was accepted {} times", values.len()));
            }
            for value in values {
                self.judge_text(parameter, value, &format!("parameter `{name}`"), faults);
            }
        }
    }

    fn judge_request(&self, operation: &Node<'_>, exchange: &Exchange<'_>, faults: &mut Vec<String>) {
        let Some(body) = operation.get("requestBody") else {
            if !exchange.request_body.is_empty() {
                faults.push("a request body was accepted, and none is documented".to_owned());
            }
            return;
        };
        if exchange.request_body.is_empty() && !body.is_true("required") {
            return;
        }
        self.judge_content("request", &body, exchange.request_content_type, exchange.request_body, faults);
    }

    fn judge_response(&self, response: &Node<'_>, exchange: &Exchange<'_>, faults: &mut Vec<String>) {
        let header = |name: &str| {
            let mut headers = exchange.headers.iter();
            headers.find(|(given, _)| given.eq_ignore_ascii_case(name)).map(|(_, value)| value.as_str())
        };
        for (name, known) in response.get("headers").iter().flat_map(Node::members) {
            match header(name) {
                Some(value) => self.judge_text(&known, value, &format!("response header `{name}`"), faults),
                None if known.is_true("required") => faults.push(format!("the response header `{name}` is missing")),
                None => {}
            }
        }
        if exchange.method == "HEAD" {
            return;
        }
        if response.get("content").is_none() {
            if !exchange.response_body.is_empty() {
                faults.push("the response has a body, and none is documented".to_owned());
            }
            return;
        }
        let body = self.judge_content("response", response, header("content-type"), exchange.response_body, faults);
        let problem = body
            .filter(|_| header("content-type").is_some_and(|given| media_type(given) == "application/problem+json"));
        if let Some(problem) = problem {
            if problem["status"] != exchange.status {
                faults.push(format!("the problem says status {}", problem["status"]));
            }
            if problem["request_id"].as_str() != header("x-request-id") {
                faults.push(format!(
                    "the problem says request_id {}, the header {:?}",
                    problem["request_id"],
                    header("x-request-id")
                ));
            }
        }
    }

    /// Judges a body by its media type and returns it when it is JSON.
    fn judge_content(
        &self,
        side: &str,
        owner: &Node<'_>,
        content_type: Option<&str>,
        body: &[u8],
        faults: &mut Vec<String>,
    ) -> Option<Value> {
        let given = media_type(content_type.unwrap_or_default());
        let Some(media) = owner.get("content").and_then(|content| content.get(&given)) else {
            faults.push(format!("the media type {content_type:?} of the {side} is not documented"));
            return None;
        };
        if given == "application/x-ndjson" {
            for line in body.split_inclusive(|byte| *byte == b'\n') {
                match serde_json::from_slice(line) {
                    Ok(value) => self.judge_value(&media, &value, &format!("{side} line"), faults),
                    Err(error) => faults.push(format!("a {side} line is not JSON: {error}: {}", shown(line))),
                }
            }
        } else if given.ends_with("json") {
            match serde_json::from_slice(body) {
                Ok(value) => {
                    self.judge_value(&media, &value, &format!("{side} body"), faults);
                    return Some(value);
                }
                Err(error) => faults.push(format!("the {side} body is not JSON: {error}: {}", shown(body))),
            }
        } else if given.starts_with("text/") && side == "response" && std::str::from_utf8(body).is_err() {
            faults.push("the response body is not UTF-8".to_owned());
        }
        None
    }

    /// Judges a text that may stand for a number or a boolean.
    fn judge_text(&self, owner: &Node<'_>, text: &str, what: &str, faults: &mut Vec<String>) {
        let scalar = serde_json::from_str(text).ok().filter(|value: &Value| value.is_number() || value.is_boolean());
        let fits = |value: &Value| self.validator(owner).is_none_or(|validator| validator.is_valid(value));
        let literal = Value::String(text.to_owned());
        if !fits(&literal) && !scalar.is_some_and(|value| fits(&value)) {
            self.judge_value(owner, &literal, what, faults);
        }
    }

    fn judge_value(&self, owner: &Node<'_>, value: &Value, what: &str, faults: &mut Vec<String>) {
        let Some(validator) = self.validator(owner) else { return };
        for error in validator.iter_errors(value) {
            let place = error.instance_path().to_string();
            faults.push(format!("{what} at `{place}`: {}", shown(error.to_string().as_bytes())));
        }
    }
}

fn parameters<'a>(item: &Node<'a>, operation: &Node<'a>) -> Vec<Node<'a>> {
    [item, operation]
        .into_iter()
        .filter_map(|owner| owner.get("parameters"))
        .flat_map(|list| list.items().collect::<Vec<_>>())
        .collect()
}

fn media_type(content_type: &str) -> String {
    content_type.split(';').next().unwrap_or_default().trim().to_lowercase()
}

fn shown(body: &[u8]) -> String {
    String::from_utf8_lossy(body).chars().take(400).collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    const ADJUSTMENT: &str = "/v1/adjustments/adj_019ff3c0da4b7e0d9c55e1f20a6b7c01";

    struct Answered {
        method: &'static str,
        target: String,
        sent: Option<Value>,
        status: u16,
        headers: Vec<(String, String)>,
        body: Vec<u8>,
    }

    impl Answered {
        fn new(method: &'static str, target: &str, status: u16, body: &Value) -> Self {
            let media = if status < 400 { "application/json" } else { "application/problem+json; charset=utf-8" };
            let headers = [
                ("whitelist-revision", "1234"),
                ("Whitelist-Log", "main"),
                ("x-request-id", "r-1"),
                ("content-type", media),
            ];
            let headers = headers.map(|(name, value)| (name.to_owned(), value.to_owned())).to_vec();
            Self { method, target: target.to_owned(), sent: None, status, headers, body: body.to_string().into_bytes() }
        }

        fn problem(method: &'static str, target: &str, status: u16, slug: &str) -> Self {
            let body = json!({ "type": format!("/problems/{slug}"), "title": "t", "status": status, "detail": "d", "request_id": "r-1" });
            Self::new(method, target, status, &body)
        }

        fn live() -> Self {
            Self::new("GET", "/health/live", 200, &json!({ "status": "live" }))
        }

        fn sent(mut self, body: Value) -> Self {
            self.sent = Some(body);
            self
        }

        fn with(mut self, name: &str, value: &str) -> Self {
            self = self.without(name);
            self.headers.push((name.to_owned(), value.to_owned()));
            self
        }

        fn without(mut self, name: &str) -> Self {
            self.headers.retain(|(given, _)| !given.eq_ignore_ascii_case(name));
            self
        }

        fn faults(&self) -> String {
            let sent = self.sent.as_ref().map(Value::to_string).unwrap_or_default();
            let exchange = Exchange {
                method: self.method,
                path_and_query: &self.target,
                request_content_type: self.sent.as_ref().map(|_| "application/json"),
                request_body: sent.as_bytes(),
                status: self.status,
                headers: &self.headers,
                response_body: &self.body,
            };
            Contract::get().check(&exchange).err().unwrap_or_default().join("\n")
        }

        fn holds(&self) {
            assert_eq!(self.faults(), "");
        }

        fn breaks(&self, part: &str) {
            let faults = self.faults();
            assert!(faults.contains(part), "expected `{part}` in {faults:?}");
        }
    }

    fn example(name: &str) -> Value {
        Node::at(&Contract::get().document, &format!("/components/examples/{name}")).get("value").unwrap().value.clone()
    }

    fn changed(mut value: Value, member: &str, to: Value) -> Value {
        value[member] = to;
        value
    }

    #[test]
    fn a_right_exchange_passes() {
        Answered::live().holds();
        Answered::new(
            "GET",
            "/v1/lookup?enterprise=91110302XFXTR0033P&hs_code=2941500000&customs_office=0101&as_of_revision=7",
            200,
            &example("AnswerAllowed"),
        )
        .holds();
        Answered::new("POST", "/v1/adjustments", 201, &example("AdjustmentProposed"))
            .with("etag", "\"1234\"")
            .sent(example("ProposeOthers"))
            .holds();
        Answered::new("GET", ADJUSTMENT, 200, &example("AdjustmentProposed")).with("etag", "\"1234\"").holds();
        Answered::problem("GET", "/v1/lookup?quantity=nonsense", 400, "invalid-request").holds();
    }

    #[test]
    fn the_shared_error_rules_hold() {
        Answered::problem("GET", "/v1/nothing/here", 404, "not-found").holds();
        Answered::problem("DELETE", "/v1/lookup", 405, "method-not-allowed").with("allow", "GET").holds();
        Answered::problem("DELETE", "/v1/lookup", 405, "method-not-allowed").breaks("`Allow` is missing");
        Answered::new("GET", "/v1/nothing/here", 200, &json!({})).breaks("status 200 is not documented");
        Answered::new("DELETE", "/v1/lookup", 200, &json!({})).breaks("status 200 is not documented");
        Answered::problem("GET", "/v1/lookup", 401, "unauthenticated").breaks("`WWW-Authenticate` is missing");
    }

    #[test]
    fn a_wrong_response_is_found() {
        let proposed = || example("AdjustmentProposed");
        let answered = |body: &Value| Answered::new("GET", ADJUSTMENT, 200, body).with("etag", "\"1234\"");
        answered(&changed(proposed(), "change_count", json!("1"))).breaks("`/change_count`");
        answered(&changed(proposed(), "proposed_at", json!("2026-02-30T00:00:00.000000Z"))).breaks("`/proposed_at`");
        answered(&changed(proposed(), "surprise", json!(1))).breaks("surprise");
        let mut missing = proposed();
        missing.as_object_mut().unwrap().remove("state");
        answered(&missing).breaks("\"state\" is a required property");
        answered(&proposed()).without("etag").breaks("`ETag` is missing");
        answered(&proposed()).with("etag", "1234").breaks("response header `ETag`");
        answered(&proposed()).without("whitelist-log").breaks("`Whitelist-Log` is missing");
        answered(&proposed()).with("whitelist-revision", "zero").breaks("response header `Whitelist-Revision`");
        answered(&proposed())
            .with("content-type", "text/html")
            .breaks("media type Some(\"text/html\") of the response");
        Answered::new("GET", "/health/live", 202, &json!({ "status": "live" })).breaks("status 202 is not documented");
        Answered { body: b"{".to_vec(), ..Answered::live() }.breaks("not JSON");
        Answered { status: 403, ..Answered::problem("GET", "/v1/lookup", 400, "forbidden") }
            .breaks("the problem says status 400");
        Answered::problem("GET", "/v1/lookup", 403, "forbidden")
            .with("x-request-id", "r-2")
            .breaks("the problem says request_id");
        Answered::problem("GET", "/v1/lookup", 403, "made-up").breaks("`/type`");
    }

    #[test]
    fn a_wrong_request_must_not_be_accepted() {
        Answered { target: "/health/live?surprise=1".to_owned(), ..Answered::live() }
            .breaks("`surprise` is not documented");
        let asked = |target: &str| Answered::new("GET", target, 200, &example("AnswerAllowed"));
        asked("/v1/lookup?enterprise=91110302XFXTR0033P&hs_code=2941500000")
            .breaks("`customs_office` was accepted 0 times");
        asked("/v1/lookup?enterprise=91110302XFXTR0033P&hs_code=29&customs_office=0101").breaks("parameter `hs_code`");
        asked("/v1/lookup?enterprise=91110302XFXTR0033P&hs_code=2941500000&customs_office=0101&customs_office=0102")
            .breaks("accepted 2 times");
        let proposed =
            || Answered::new("POST", "/v1/adjustments", 201, &example("AdjustmentProposed")).with("etag", "\"1\"");
        proposed().sent(json!({ "scheme": "beijing-2022", "changes": [] })).breaks("request body at `/changes`");
        proposed().breaks("media type None of the request");
        Answered::live().sent(json!({})).breaks("a request body was accepted");
    }
}
