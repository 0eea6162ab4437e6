//! One page for every act that changes the state of a thing: what it does, what it needs, and a button that names it.
//!
//! The table below says which endpoint an act is and what people fill in for it; the endpoint decides. A page that was
//! opened before somebody else acted says what happened meanwhile.

mod cases;
mod list;

use super::fields::{Choice, Field, FormView};
use super::form::Form;
use super::frame::Frame;
use super::gateway::Asked;
use super::json::Json;
use super::sign_in;
use super::table::WORKERS;
use super::visit::{Answer, Failure, Visit, see_other};
use super::words::choices;
use crate::domain::actor::{Role, RoleSet};
use crate::http::problem::ProblemType;
use actix_web::HttpResponse;
use actix_web::http::Method;
use askama::Template;
use serde_json::{Value, json};

/// A text in both languages.
type Both = (&'static str, &'static str);

/// What is filled in for an act.
struct Needed {
    name: &'static str,
    label: Both,
    hint: Both,
    kind: Kind,
}

/// How it is filled in.
enum Kind {
    /// Several lines that must be there.
    Area,
    /// Several lines that may be there.
    Note,
    /// A line that may be there.
    Line,
    /// A legal day.
    Day,
    /// A word of a family.
    Word(&'static str),
}

/// An act.
struct Act {
    slug: &'static str,
    roles: RoleSet,
    /// Where the thing is read, for its entity tag.
    read: &'static str,
    /// The endpoint.
    target: &'static str,
    /// Members that the act itself fixes; `{id}` and `{scheme}` are the thing's.
    fixed: &'static [(&'static str, &'static str)],
    needed: &'static [Needed],
    title: Both,
    says: Both,
    button: Both,
    /// Where it leads back to.
    back: &'static str,
    /// Where it leads afterwards, if not back.
    after: &'static str,
    done: &'static str,
    grave: bool,
}

const NONE: Both = ("", "");
const NOTE: Needed = Needed { name: "/note", label: ("说明", "Note"), hint: NONE, kind: Kind::Note };
const CASE: &str = "/v1/applications/{id}";
const CASE_PAGE: &str = "/cases/{id}";
const APPROVER: RoleSet = RoleSet::of(&[Role::BureauApprover]);

/// What is alike in the acts on a case.
const STEP: Act = Act {
    slug: "",
    roles: WORKERS,
    read: CASE,
    target: "",
    fixed: &[],
    needed: &[NOTE],
    title: NONE,
    says: NONE,
    button: NONE,
    back: CASE_PAGE,
    after: "",
    done: "done",
    grave: false,
};

/// Every act.
fn acts() -> impl Iterator<Item = &'static Act> {
    cases::ACTS.iter().chain(list::ACTS)
}

#[derive(Template)]
#[template(path = "portal/act.html")]
struct ActPage<'a> {
    f: Frame,
    form: FormView<'a>,
    title: &'static str,
    says: &'static str,
    button: &'static str,
    grave: bool,
    about: &'a str,
    action: String,
    back: String,
    fields: Vec<Field>,
    meanwhile: Json<'a>,
}

fn find(visit: &Visit) -> Result<&'static Act, Failure> {
    let act = acts().find(|act| act.slug == visit.part("act"));
    let act = act.ok_or(ProblemType::NotFound)?;
    if visit.roles().intersects(act.roles) { Ok(act) } else { Err(ProblemType::Forbidden.into()) }
}

fn named(template: &str, id: &str) -> String {
    template.replace("{id}", id)
}

async fn page(visit: &Visit, act: &'static Act) -> Answer {
    let id = visit.part("id");
    let seen = if act.read.is_empty() {
        // What has no page of its own names its revision where it is listed.
        Some(visit.query.get("seen")).filter(|seen| !seen.is_empty()).map(|seen| format!("\"{seen}\""))
    } else {
        visit.get(named(act.read, id)).await?.etag
    };
    let today = visit.edge.app.clock.now().day().to_string();
    let today = json!({ "effective_on": today, "changes": [{ "effective_on": today }] });
    let form = visit.form_view(Json(&today), seen.as_deref());
    let field = |needed: &Needed| {
        let (label, hint) = (visit.t(needed.label.0, needed.label.1), visit.t(needed.hint.0, needed.hint.1));
        match needed.kind {
            Kind::Area => form.area(needed.name, label, hint),
            Kind::Note => form.area(needed.name, label, hint).optional(),
            Kind::Line => form.input(needed.name, label, hint),
            Kind::Day => form.date(needed.name, label, hint),
            Kind::Word(family) => {
                let words: Vec<Choice> = choices(visit.lang, family);
                form.select(needed.name, label, hint, words)
            }
        }
    };
    let fields = act.needed.iter().map(field).collect();
    let refusal = visit.refusal();
    let title = visit.t(act.title.0, act.title.1);
    visit.render(&ActPage {
        f: Frame::new(visit, title),
        title,
        says: visit.t(act.says.0, act.says.1),
        button: visit.t(act.button.0, act.button.1),
        grave: act.grave,
        about: id,
        action: format!("/do/{}/{id}", act.slug),
        back: named(act.back, id),
        fields,
        meanwhile: Json(&refusal),
        form,
    })
}

impl Act {
    /// Whoever confirms what others proposed, or stops and takes away, has proved lately who they are.
    fn first_prove(&self, visit: &Visit) -> Result<Option<HttpResponse>, Failure> {
        let is_final = self.grave || self.roles == APPROVER;
        if is_final { sign_in::first_prove(visit, visit.request.path()) } else { Ok(None) }
    }
}

/// Shows an act before it is carried out.
///
/// # Errors
/// `not-found` for no act; what the endpoints refuse.
pub async fn show(visit: &Visit) -> Answer {
    let act = find(visit)?;
    if let Some(first) = act.first_prove(visit)? {
        return Ok(first);
    }
    page(visit, act).await
}

/// Carries an act out.
///
/// # Errors
/// As [`show`].
pub async fn carry_out(visit: &Visit) -> Answer {
    let act = find(visit)?;
    if let Some(first) = act.first_prove(visit)? {
        return Ok(first);
    }
    let id = visit.part("id");
    let mut pairs: Vec<(String, String)> =
        visit.form.fields("/").map(|(name, value)| (name.to_owned(), value.to_owned())).collect();
    if !act.fixed.is_empty() {
        let thing = visit.ask(Asked::get(named(act.read, id))).await.map(|reply| reply.view).unwrap_or_default();
        let scheme = thing.get("scheme").and_then(Value::as_str).unwrap_or_default();
        let fixed = act.fixed.iter();
        pairs.extend(fixed.map(|(name, value)| ((*name).to_owned(), named(value, id).replace("{scheme}", scheme))));
    }
    let body = Form::of(pairs).body();
    if visit.send(Method::POST, named(act.target, id), body).await?.is_none() {
        return page(visit, act).await;
    }
    let after = if act.after.is_empty() { act.back } else { act.after };
    Ok(see_other(&format!("{}?done={}", named(after, id), act.done)))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::http::endpoints::ENDPOINTS;

    #[test]
    fn every_act_is_an_endpoint_that_its_people_may_call() {
        let fits = |pattern: &str, path: &str| {
            let (mut known, mut given) = (pattern.split('/'), path.split('/'));
            known
                .by_ref()
                .zip(given.by_ref())
                .all(|(known, given)| known == given || (known.starts_with('{') && given == "{id}"))
                && pattern.split('/').count() == path.split('/').count()
        };
        for act in acts() {
            let endpoint =
                ENDPOINTS.iter().find(|endpoint| endpoint.method == "POST" && fits(endpoint.path, act.target));
            let endpoint = endpoint.unwrap_or_else(|| panic!("{}: no endpoint {}", act.slug, act.target));
            let crate::http::endpoints::Access::Roles(roles) = endpoint.access else { panic!("{}", act.slug) };
            assert!(act.roles.without(roles).is_empty(), "{}: offered to who may not", act.slug);
            for both in [act.title, act.says, act.button] {
                assert!(!both.0.is_empty() && !both.1.is_empty(), "{}", act.slug);
            }
            let twins = acts().filter(|other| other.slug == act.slug).count();
            assert_eq!(twins, 1, "{}", act.slug);
        }
    }
}
