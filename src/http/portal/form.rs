//! Forms: what a page sends becomes the body of an endpoint, and its faults come back to the fields.
//!
//! A field is named by the JSON pointer of the member that it fills, so form and contract cannot drift apart; what is not
//! text says so behind a colon: `/term_months:int`, `/urgent:bool`, `/customs_offices:list` (parted by commas or lines), `/lines:ints`.
//! A field left empty is a member left out, and an item of a list that is empty altogether is no item. Names that begin
//! otherwise are the form's own: `_seen` (entity tag), `_key` (repeated request), `_csrf`.

use super::gateway::Refused;
use super::json::Json;
use serde_json::{Map, Value};
use std::collections::BTreeMap;

/// Field of a form that was kept over the end of a session, and need not be kept any more.
pub const KEPT: &str = "_kept";

/// Boxes that are ticked where a colleague's value is to stand instead of one's own; what it is stands in [`THEIRS`] and the name.
pub const TAKE: &str = "_take";

/// Begins the names of the fields that hold a colleague's values.
pub const THEIRS: &str = "_theirs";

/// Most fields of a form.
const MOST: usize = 20_000;

/// What was sent.
#[derive(Debug, Clone, Default)]
pub struct Form {
    pairs: Vec<(String, String)>,
}

/// A fault beside its field.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct FieldFault {
    /// Name of the field; empty for the form as a whole.
    pub field: String,
    /// What is wrong, in the language of the page.
    pub text: String,
}

enum Node {
    Leaf(String, Value),
    Branch(BTreeMap<Step, Node>),
}

#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
enum Step {
    Place(usize),
    Name(String),
}

impl Form {
    /// Reads `application/x-www-form-urlencoded` bytes.
    #[must_use]
    pub fn read(bytes: &[u8]) -> Self {
        let pairs = url::form_urlencoded::parse(bytes).into_owned().take(MOST);
        Self { pairs: pairs.collect() }
    }

    /// Puts a colleague's values where the person chose them instead of their own.
    #[must_use]
    pub fn settled(mut self) -> Self {
        let taken: Vec<String> = self.all(TAKE).into_iter().map(str::to_owned).collect();
        for name in taken {
            let theirs = self.get(&format!("{THEIRS}{name}")).to_owned();
            self.pairs.retain(|(known, _)| *known != name);
            self.pairs.push((name, theirs));
        }
        self
    }

    /// Takes pairs as they are.
    #[must_use]
    pub fn of(pairs: Vec<(String, String)>) -> Self {
        Self { pairs }
    }

    /// Returns the last value of a field; empty when there is none.
    #[must_use]
    pub fn get(&self, name: &str) -> &str {
        self.pairs.iter().rev().find(|(known, _)| known == name).map_or("", |(_, value)| value)
    }

    /// Whether a field was sent at all.
    #[must_use]
    pub fn sent(&self, name: &str) -> bool {
        self.pairs.iter().any(|(known, _)| known == name)
    }

    /// Returns every value of a field.
    #[must_use]
    pub fn all(&self, name: &str) -> Vec<&str> {
        self.pairs.iter().filter(|(known, _)| known == name).map(|(_, value)| value.as_str()).collect()
    }

    /// Returns the fields whose names begin so, in order.
    pub fn fields(&self, beginning: &str) -> impl Iterator<Item = (&str, &str)> {
        let named = self.pairs.iter().filter(move |(name, _)| name.starts_with(beginning));
        named.map(|(name, value)| (name.as_str(), value.as_str()))
    }

    /// Returns the body for an endpoint.
    #[must_use]
    pub fn body(&self) -> Value {
        self.tree().map_or_else(|| Value::Object(Map::new()), |node| build(node, String::new(), &mut Vec::new()))
    }

    /// Puts what was sent onto what is known: a field left empty takes its member away, and what the form does not show stays.
    #[must_use]
    pub fn onto(&self, mut known: Value) -> Value {
        for (name, _) in self.fields("/") {
            let place = bare(name).rsplit_once('/');
            if let Some((Some(Value::Object(members)), member)) =
                place.map(|(at, member)| (known.pointer_mut(at), member))
            {
                members.shift_remove(member);
            }
        }
        overlay(&mut known, self.body());
        known
    }

    fn tree(&self) -> Option<Node> {
        let mut root = BTreeMap::new();
        let mut lists: BTreeMap<&str, Vec<Value>> = BTreeMap::new();
        for (name, value) in self.pairs.iter().filter(|(name, _)| name.starts_with('/')) {
            if name.ends_with(":ints") {
                let words = value.split([' ', ',', '，', '、']).filter(|word| !word.is_empty());
                let numbers = words.map(|word| word.parse::<i64>().map_or_else(|_| word.into(), Value::from));
                lists.entry(name).or_default().extend(numbers);
            } else if name.ends_with(":list") {
                let words = value.split(['\n', ',', '，', '、', ';', '；']).map(str::trim);
                let words = words.filter(|word| !word.is_empty()).map(Value::from);
                lists.entry(name).or_default().extend(words);
            } else if let Some(leaf) = leaf(name, value) {
                insert(&mut root, name, leaf);
            }
        }
        for (name, words) in lists.into_iter().filter(|(_, words)| !words.is_empty()) {
            insert(&mut root, name, words.into());
        }
        (!root.is_empty()).then_some(Node::Branch(root))
    }

    /// Brings the faults of a refusal to the fields that were sent.
    #[must_use]
    pub fn faults(&self, refused: &Refused) -> Vec<FieldFault> {
        let mut places = Vec::new();
        if let Some(tree) = self.tree() {
            build(tree, String::new(), &mut places);
        }
        let problem = Json(&refused.problem);
        let said = |name: &str| problem.text(name).map(|text| text.into_owned()).unwrap_or_default();
        let listed = problem.each("faults").unwrap_or_default();
        let faults: Vec<FieldFault> = listed
            .into_iter()
            .map(|fault| {
                let pointer = fault.text("pointer").unwrap_or_default().into_owned();
                let text = fault.text("detail").unwrap_or_default().into_owned();
                FieldFault { field: self.field_of(&pointer, &places), text }
            })
            .collect();
        if faults.is_empty() { vec![FieldFault { field: String::new(), text: said("detail") }] } else { faults }
    }

    /// Names the field behind a pointer; that of a member left out is named like the pointer.
    fn field_of(&self, pointer: &str, places: &[(String, String)]) -> String {
        if let Some((_, field)) = places.iter().find(|(place, _)| place == pointer) {
            return field.clone();
        }
        let sent = self.pairs.iter().map(|(name, _)| name).find(|name| bare(name) == pointer);
        sent.cloned().unwrap_or_else(|| pointer.to_owned())
    }
}

/// Names a field without its type.
fn bare(name: &str) -> &str {
    name.split_once(':').map_or(name, |(name, _)| name)
}

fn overlay(known: &mut Value, sent: Value) {
    match (known, sent) {
        (Value::Object(known), Value::Object(sent)) => {
            for (name, value) in sent {
                overlay(known.entry(name).or_insert(Value::Null), value);
            }
        }
        (Value::Array(known), Value::Array(sent)) => {
            for (place, value) in sent.into_iter().enumerate() {
                match known.get_mut(place) {
                    Some(item) if item.is_object() => overlay(item, value),
                    Some(item) => *item = value,
                    None => known.push(value),
                }
            }
        }
        (known, sent) => *known = sent,
    }
}

fn leaf(name: &str, value: &str) -> Option<Value> {
    let kind = name.rsplit_once(':').map_or("", |(_, kind)| kind);
    let value = value.trim();
    if value.is_empty() {
        return None;
    }
    // What is no number stays text, and the endpoint says what is wrong with it.
    Some(match kind {
        "int" => value.parse::<i64>().map_or_else(|_| value.into(), Value::from),
        "bool" => Value::Bool(matches!(value, "true" | "on")),
        _ => value.replace("\r\n", "\n").into(),
    })
}

fn insert(root: &mut BTreeMap<Step, Node>, name: &str, value: Value) {
    let steps: Vec<Step> = bare(name).split('/').skip(1).map(step).collect();
    let Some((last, way)) = steps.split_last() else { return };
    let mut branch = root;
    for step in way {
        let next = branch.entry(step.clone()).or_insert_with(|| Node::Branch(BTreeMap::new()));
        match next {
            Node::Branch(further) => branch = further,
            Node::Leaf(..) => return,
        }
    }
    branch.insert(last.clone(), Node::Leaf(name.to_owned(), value));
}

fn step(text: &str) -> Step {
    text.parse::<usize>().map_or_else(|_| Step::Name(text.to_owned()), Step::Place)
}

/// Makes the value and notes which field stands at which pointer of it.
fn build(node: Node, at: String, places: &mut Vec<(String, String)>) -> Value {
    match node {
        Node::Leaf(field, value) => {
            places.push((at, field));
            value
        }
        Node::Branch(children) if children.keys().all(|step| matches!(step, Step::Place(_))) => {
            let children = children.into_values().enumerate();
            children.map(|(place, child)| build(child, format!("{at}/{place}"), places)).collect()
        }
        Node::Branch(children) => {
            let members = children.into_iter().map(|(step, child)| {
                let name = match step {
                    Step::Place(place) => place.to_string(),
                    Step::Name(name) => name,
                };
                let value = build(child, format!("{at}/{name}"), places);
                (name, value)
            });
            Value::Object(members.collect())
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use actix_web::http::StatusCode;
    use serde_json::json;

    #[test]
    fn fields_become_the_body_of_an_endpoint() {
        let form = Form::read(
            "_seen=x&/name=%E7%94%B2&/months:int=12&/bad:int=x&/urgent:bool=on&/offices:list=0101,0102&/offices:list=0103&/empty=&/items/0/a=&/items/4/a=1&/items/2/a=0"
                .as_bytes(),
        );
        let body = json!({
            "name": "甲", "months": 12, "bad": "x", "urgent": true, "offices": ["0101", "0102", "0103"],
            "items": [{ "a": "0" }, { "a": "1" }],
        });
        assert_eq!(form.body(), body);
        assert_eq!(Form::default().body(), json!({}));
        assert_eq!(form.get("_seen"), "x");
    }

    #[test]
    fn what_a_form_does_not_show_stays() {
        let known = json!({ "items": [{ "line": 3, "valid_from": "x", "item": { "a": "1", "b": "2" }, "offices": ["1", "2"] }], "reason": "r" });
        let form =
            Form::read(b"/items/0/line:int=3&/items/0/item/a=&/items/0/item/c=9&/items/0/offices:list=3&/reason=");
        let now =
            json!({ "items": [{ "line": 3, "valid_from": "x", "item": { "b": "2", "c": "9" }, "offices": ["3"] }] });
        assert_eq!(form.onto(known), now);
        assert_eq!(form.onto(json!({}))["items"][0]["item"], json!({ "c": "9" }));
    }

    #[test]
    fn faults_find_their_fields() {
        let form = Form::read(b"/items/2/a=0&/items/4/a=1&/b:int=x&/c=");
        let problem = json!({ "detail": "all", "faults": [
            { "pointer": "/items/1/a", "detail": "one" }, { "pointer": "/b", "detail": "two" },
            { "pointer": "/c", "detail": "three" }, { "pointer": "/d", "detail": "four" },
        ] });
        let refused = Refused { status: StatusCode::BAD_REQUEST, problem };
        let fields: Vec<String> = form.faults(&refused).into_iter().map(|fault| fault.field).collect();
        assert_eq!(fields, ["/items/4/a", "/b:int", "/c", "/d"]);
        let plain = Refused { status: StatusCode::CONFLICT, problem: json!({ "detail": "no" }) };
        assert_eq!(form.faults(&plain), [FieldFault { field: String::new(), text: "no".into() }]);
    }

    #[test]
    fn a_colleagues_value_is_taken_where_it_was_chosen() {
        let form = Form::read(b"/a=mine&_theirs/a=theirs&_take=/a&/b=mine&_theirs/b=theirs").settled();
        assert_eq!(form.body(), json!({ "a": "theirs", "b": "mine" }));
    }

    #[test]
    fn a_field_under_a_field_is_dropped() {
        assert_eq!(Form::read(b"/a=1&/a/b=2").body(), json!({ "a": "1" }));
    }
}
