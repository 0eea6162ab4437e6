//! One page for every act that changes the state of a thing: what it does, what it needs, and a button that names it.
//!
//! The table below says which endpoint an act is and what people fill in for it; the endpoint decides. A page that was
//! opened before somebody else acted says what happened meanwhile.

mod cases;
mod list;
mod operations;
mod oversight;
mod people;
mod places;
mod rules;
mod webhooks;

use super::super::endpoints::{APPROVER, WORKERS};
use super::duties::duty_of;
use super::fields::{Field, FormView};
use super::form::Form;
use super::frame::Frame;
use super::gateway::Asked;
use super::json::Json;
use super::sign_in;
use super::visit::{Answer, Failure, Visit, see_other};
use super::words::choices;
use crate::domain::actor::RoleSet;
use crate::http::problem::ProblemType;
use crate::http::standing::lacking;
use actix_web::HttpResponse;
use actix_web::http::{Method, StatusCode};
use askama::Template;
pub use places::schemes;
use serde_json::{Value, json};

/// A text in both languages.
type Both = (&'static str, &'static str);

/// What is filled in for an act.
#[derive(Clone, Copy)]
struct Needed {
    name: &'static str,
    label: Both,
    hint: Both,
    kind: Kind,
    may_be_empty: bool,
}

/// How it is filled in.
#[derive(Clone, Copy)]
enum Kind {
    /// Several lines.
    Area,
    /// A line.
    Line,
    /// A legal day.
    Day,
    /// A word of a family.
    Word(&'static str),
    /// Words of a family.
    Words(&'static str),
    /// A scheme.
    Scheme,
    /// A place in the content of a case, or a document of it.
    Place,
    /// A line of the content of a case.
    ItemLine,
    /// Lines of it.
    ItemLines,
    /// A colleague by name.
    Colleague,
    /// Colleagues by name.
    Colleagues,
    /// Something that is or is not so.
    Check,
    /// A fixed role, or one of an organisation's own.
    Role,
}

const fn needed(name: &'static str, zh: &'static str, en: &'static str, kind: Kind) -> Needed {
    Needed { name, label: (zh, en), hint: NONE, kind, may_be_empty: false }
}

const fn line(name: &'static str, zh: &'static str, en: &'static str) -> Needed {
    needed(name, zh, en, Kind::Line)
}

const fn area(name: &'static str, zh: &'static str, en: &'static str) -> Needed {
    needed(name, zh, en, Kind::Area)
}

const fn day(name: &'static str, zh: &'static str, en: &'static str) -> Needed {
    needed(name, zh, en, Kind::Day)
}

const fn word(name: &'static str, zh: &'static str, en: &'static str, family: &'static str) -> Needed {
    needed(name, zh, en, Kind::Word(family))
}

impl Needed {
    const fn hint(self, zh: &'static str, en: &'static str) -> Self {
        Self { hint: (zh, en), ..self }
    }

    const fn optional(self) -> Self {
        Self { may_be_empty: true, ..self }
    }
}

/// An act.
struct Act {
    slug: &'static str,
    roles: RoleSet,
    /// Where the thing is read, for its entity tag; nothing where it is named on the page before, or does not exist yet.
    read: &'static str,
    /// The endpoint.
    target: &'static str,
    /// Whether it states the thing anew (`PUT`), so that what is known stands in the fields.
    replaces: bool,
    /// Pages that offer it: kinds of things, or registers for what is made anew.
    on: &'static [&'static str],
    /// Whether a thing is in a state for it.
    when: fn(Json<'_>) -> bool,
    /// Members that the act itself fixes; `{id}` and `{scheme}` are the thing's.
    fixed: &'static [(&'static str, &'static str)],
    needed: &'static [Needed],
    /// What is seldom filled in, folded away in groups: what a group is about, its fields.
    more: &'static [(Both, &'static [Needed])],
    /// Fields that begin with what a member of the thing says: pointer of the field, path of the member.
    known: &'static [(&'static str, &'static str)],
    /// Members of what offers it that its address carries, and its fields begin with.
    carried: &'static [&'static str],
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
const NOTE: Needed = area("/note", "说明", "Note").optional();
const CASE: &str = "/v1/applications/{id}";
const CASE_PAGE: &str = "/cases/{id}";

/// What is alike in the acts on a case.
const STEP: Act = Act {
    slug: "",
    roles: WORKERS,
    read: CASE,
    target: "",
    replaces: false,
    on: &[],
    when: |_| true,
    fixed: &[],
    needed: &[NOTE],
    more: &[],
    known: &[],
    carried: &[],
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
    let of_things = cases::ACTS.iter().chain(list::ACTS).chain(oversight::ACTS).chain(people::ACTS);
    of_things.chain(webhooks::ACTS).chain(operations::ACTS).chain(rules::ACTS)
}

/// Fields that are folded away together.
struct Group {
    title: &'static str,
    fields: Vec<Field>,
    /// Whether one of them says something.
    opened: bool,
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
    /// What it is about in words, and its id where it has no name.
    about: String,
    id: &'a str,
    action: String,
    back: String,
    fields: Vec<Field>,
    more: Vec<Group>,
    meanwhile: Json<'a>,
}

fn find(visit: &Visit) -> Result<&'static Act, Failure> {
    let act = acts().find(|act| act.slug == visit.part("act"));
    let act = act.ok_or(ProblemType::NotFound)?;
    if !visit.roles().intersects(act.roles) {
        return Err(ProblemType::Forbidden.into());
    }
    match duty_of(act.method(), act.target).filter(|duty| !visit.may(act.roles, *duty)) {
        Some(duty) => Err(lacking(duty).into()),
        None => Ok(act),
    }
}

fn named(template: &str, id: &str) -> String {
    template.replace("{id}", id)
}

/// What is known about the thing before it is acted on.
struct Seen {
    thing: Value,
    tag: Option<String>,
}

async fn seen(visit: &Visit, act: &Act) -> Result<Seen, Failure> {
    if act.read.is_empty() {
        // What has no page of its own names its revision where it is listed.
        let tag = Some(visit.query.get("seen")).filter(|seen| !seen.is_empty()).map(|seen| format!("\"{seen}\""));
        return Ok(Seen { thing: Value::Null, tag });
    }
    match visit.ask(Asked::get(named(act.read, visit.part("id")))).await {
        Ok(reply) => Ok(Seen { thing: reply.view, tag: reply.etag }),
        // What is stated anew may not have been stated before.
        Err(refused) if act.replaces && refused.status == StatusCode::NOT_FOUND => {
            Ok(Seen { thing: Value::Null, tag: None })
        }
        Err(refused) => Err(refused.into()),
    }
}

async fn fields(visit: &Visit, form: &FormView<'_>, all: &[Needed], thing: Json<'_>) -> Result<Vec<Field>, Failure> {
    let mut fields = Vec::new();
    for needed in all {
        let (name, label, hint) =
            (needed.name, visit.t(needed.label.0, needed.label.1), visit.t(needed.hint.0, needed.hint.1));
        let field = match needed.kind {
            Kind::Area => form.area(name, label, hint),
            Kind::Line => form.input(name, label, hint),
            Kind::Day => form.date(name, label, hint),
            Kind::Word(family) => form.select(name, label, hint, choices(visit.lang, family)),
            Kind::Words(family) => form.ticks(name, label, hint, choices(visit.lang, family)),
            Kind::Scheme => form.select(name, label, hint, places::schemes(visit).await?),
            Kind::Place => form.select(name, label, hint, places::places(visit, thing).await?),
            Kind::ItemLine => form.select(name, label, hint, places::lines(visit, thing).await?),
            Kind::Colleague => match places::colleagues(visit).await? {
                // Where nobody is registered people are known by their ids only.
                nobody if nobody.is_empty() => form.input(name, label, hint),
                colleagues => form.select(name, label, "", colleagues),
            },
            Kind::Colleagues => match places::colleagues(visit).await? {
                // Where nobody is registered there is nobody to be told.
                nobody if nobody.is_empty() => continue,
                colleagues => form.ticks(name, label, hint, colleagues),
            },
            Kind::Check => form.check(name, label, hint),
            Kind::Role => form.select(name, label, hint, places::roles(visit).await?),
            Kind::ItemLines => form.ticks(name, label, hint, places::lines(visit, thing).await?),
        };
        fields.push(if needed.may_be_empty { field.optional() } else { field });
    }
    Ok(fields)
}

async fn page(visit: &Visit, act: &'static Act) -> Answer {
    let id = visit.part("id");
    let Seen { thing, tag } = seen(visit, act).await?;
    let today = visit.edge.app.clock.now().day().to_string();
    let mut days = json!({
        "effective_on": today, "found_on": today, "valid_from": today, "changes": [{ "effective_on": today }],
    });
    for (name, member) in act.known {
        if let (Some(members), Some(said)) = (days.as_object_mut(), Json(&thing).maybe(member)) {
            members.insert((*name).to_owned(), said.0.clone());
        }
    }
    for name in act.carried {
        if let Some(members) = days.as_object_mut() {
            members.insert((*name).to_owned(), visit.query.get(name).into());
        }
    }
    let known = if act.replaces { &thing } else { &days };
    let form = visit.form_view(Json(known), tag.as_deref());
    let form = if act.replaces { form.beside_theirs() } else { form };
    let fields = fields(visit, &form, act.needed, Json(&thing)).await?;
    let mut more = Vec::new();
    for (title, needed) in act.more {
        more.push(Group {
            title: visit.t(title.0, title.1),
            fields: self::fields(visit, &form, needed, Json(&thing)).await?,
            opened: needed.iter().any(|needed| !form.value(needed.name).is_empty()),
        });
    }
    let refusal = visit.refusal();
    let title = visit.t(act.title.0, act.title.1);
    let f = Frame::new(visit, title).naming(&thing).await?;
    let about = about(&f, Json(&thing))?;
    visit.render(&ActPage {
        title,
        says: visit.t(act.says.0, act.says.1),
        button: visit.t(act.button.0, act.button.1),
        grave: act.grave,
        id: if id == NEW { "" } else { id },
        about,
        action: match visit.query.get("to") {
            "" => format!("/do/{}/{id}", act.slug),
            to => format!("/do/{}/{id}?to={to}", act.slug),
        },
        back: back(visit, act),
        fields,
        more,
        meanwhile: Json(&refusal),
        form,
        f,
    })
}

/// Says what an act is about, beside its id: the item of a listing, the case of an enterprise, a name.
fn about(f: &Frame, thing: Json<'_>) -> Result<String, askama::Error> {
    let of = |zh: &str, en: &str| [f.lang.pick(zh, en), zh].into_iter().find_map(|path| thing.maybe(path));
    let name = |part: Option<Json<'_>>| part.map(|part| part.word().into_owned()).unwrap_or_default();
    let parts = if thing.has("item_count") && thing.has("kind") {
        let case = format!("{} · {}", f.word("kind", thing.text("kind")?), f.items(thing.whole("item_count")?));
        vec![case, f.org(thing.text("enterprise")?)]
    } else if thing.has("item/name_zh") {
        vec![name(of("item/name_zh", "item/name_en")), name(of("enterprise_name/zh", "enterprise_name/en"))]
    } else if thing.has("name_zh") {
        vec![name(of("name_zh", "name_en"))]
    } else {
        vec![name(thing.maybe("name")), name(thing.maybe("url"))]
    };
    Ok(parts.into_iter().filter(|part| !part.is_empty()).collect::<Vec<_>>().join(" · "))
}

/// Where an act leads back to: the page of the thing, or the one that offered it where the thing has none.
fn back(visit: &Visit, act: &Act) -> String {
    let to = visit.query.get("to");
    let local =
        to.starts_with('/') && to.bytes().all(|letter| letter.is_ascii_alphanumeric() || b"/-_".contains(&letter));
    if local { to.to_owned() } else { named(act.back, visit.part("id")) }
}

/// The id under which what does not exist yet is made.
pub const NEW: &str = "new";

/// An act as a page offers it.
pub struct Offer {
    /// Its page.
    pub href: String,
    /// Its name.
    pub words: &'static str,
    /// Whether it takes something away.
    pub grave: bool,
}

/// Lists the acts that a page offers this person on a thing, or for what is made anew.
#[must_use]
pub fn offered(visit: &Visit, on: &str, id: &str, thing: Json<'_>) -> Vec<Offer> {
    let fits = |act: &&Act| act.on.contains(&on) && act.is_for(visit) && (act.when)(thing);
    let revision = thing.whole("revision").map(|revision| format!("?seen={revision}")).unwrap_or_default();
    let carried = |act: &Act| {
        let mut query = url::form_urlencoded::Serializer::new(String::new());
        for name in act.carried {
            query.append_pair(name, &thing.text(name).unwrap_or_default());
        }
        let query = query.finish();
        if query.is_empty() { query } else { format!("?{query}") }
    };
    let offer = |act: &Act| Offer {
        href: format!("/do/{}/{id}{}", act.slug, if act.read.is_empty() { revision.clone() } else { carried(act) }),
        words: visit.t(act.title.0, act.title.1),
        grave: act.grave,
    };
    acts().filter(fits).map(offer).collect()
}

/// Whether an act, by its name in addresses, is offered to who is there.
#[must_use]
pub fn offers(visit: &Visit, slug: &str) -> bool {
    acts().any(|act| act.slug == slug && act.is_for(visit))
}

impl Act {
    const fn method(&self) -> &'static str {
        if self.replaces { "PUT" } else { "POST" }
    }

    /// Whether it is offered: to one of its roles, as far as this includes the duty of its endpoint.
    fn is_for(&self, visit: &Visit) -> bool {
        duty_of(self.method(), self.target).is_some_and(|duty| visit.may(self.roles, duty))
    }

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
    let method = if act.replaces { Method::PUT } else { Method::POST };
    if visit.send(method, named(act.target, id), body).await?.is_none() {
        return page(visit, act).await;
    }
    let after = if act.after.is_empty() { back(visit, act) } else { named(act.after, id) };
    Ok(see_other(&format!("{after}?done={}", act.done)))
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
            let method = act.method();
            let endpoint =
                ENDPOINTS.iter().find(|endpoint| endpoint.method == method && fits(endpoint.path, act.target));
            let endpoint = endpoint.unwrap_or_else(|| panic!("{}: no endpoint {}", act.slug, act.target));
            let crate::http::endpoints::Access::Roles(roles, duty) = endpoint.access else { panic!("{}", act.slug) };
            assert_eq!(duty_of(method, act.target), Some(duty), "{}", act.slug);
            assert!(act.roles.without(roles).is_empty(), "{}: offered to who may not", act.slug);
            for both in [act.title, act.says, act.button] {
                assert!(!both.0.is_empty() && !both.1.is_empty(), "{}", act.slug);
            }
            let twins = acts().filter(|other| other.slug == act.slug).count();
            assert_eq!(twins, 1, "{}", act.slug);
        }
    }
}
