//! Fixed roles with their duties, and roles of organisations' own: listed, made, changed with their consequences in sight.

use super::super::acts::{Offer, offered};
use super::super::fields::{Choice, FormView};
use super::super::frame::Frame;
use super::super::json::Json;
use super::super::visit::{Answer, Failure, Visit, see_other};
use super::super::words::choices;
use crate::domain::actor::{Role, RoleSet};
use crate::domain::duty::{Duty, DutySet};
use crate::domain::lang::Lang;
use crate::domain::register::MACHINES;
use crate::http::endpoints::{GOVERN_PEOPLE, duties_of};
use actix_web::http::Method;
use askama::Template;
use serde_json::{Value, json};

/// Where roles of organisations' own are.
const OWN: &str = "/v1/custom-roles";

/// The field that says that the consequences were seen.
const SURE: &str = "_sure";

/// A duty, and whether each role includes it.
struct Line {
    name: &'static str,
    about: &'static str,
    held: Vec<bool>,
}

#[derive(Template)]
#[template(path = "portal/roles.html")]
struct Roles<'a> {
    f: Frame,
    list: Json<'a>,
    more: Option<String>,
    makes: bool,
    fixed: Vec<&'static str>,
    duties: Vec<Line>,
}

/// Says duties, parted as the language parts them.
fn said(lang: Lang, duties: DutySet) -> String {
    duties.iter().map(|duty| duty.name(lang)).collect::<Vec<_>>().join(lang.pick("、", ", "))
}

/// Reads the duties of a role as an endpoint shows it.
fn duties(role: Json<'_>) -> Result<DutySet, Failure> {
    Ok(role.each("duties")?.into_iter().filter_map(|duty| Duty::parse(&duty.word()).ok()).collect())
}

/// Names a role as an endpoint shows it; one that has no name in English is named in Chinese.
fn name(lang: Lang, role: Json<'_>) -> String {
    let names = [lang.pick("name/zh", "name/en"), "name/zh"];
    names.into_iter().find_map(|path| role.maybe(path)).map(|name| name.word().into_owned()).unwrap_or_default()
}

impl Roles<'_> {
    fn name(&self, role: &Json<'_>) -> String {
        name(self.f.lang, *role)
    }

    fn said(&self, role: &Json<'_>) -> Result<String, askama::Error> {
        let duties = role.each("duties")?.into_iter().filter_map(|duty| Duty::parse(&duty.word()).ok());
        Ok(said(self.f.lang, duties.collect()))
    }
}

/// The fixed roles of people; customs systems are none.
fn fixed() -> impl Iterator<Item = Role> {
    RoleSet::ALL.without(MACHINES).iter()
}

/// Lists fixed roles with their duties, and those of organisations' own.
///
/// # Errors
/// What the endpoint refuses.
pub async fn list(visit: &Visit) -> Answer {
    let list = visit.get(visit.endpoint(OWN, &["org", "after"])).await?.view;
    let lang = visit.lang;
    let line = |duty: &Duty| Line {
        name: duty.name(lang),
        about: duty.about(lang),
        held: fixed().map(|role| duties_of(role).contains(*duty)).collect(),
    };
    let of_people = |line: &Line| line.held.iter().any(|held| *held);
    visit.render(&Roles {
        f: Frame::new(visit, visit.t("角色与职责", "Roles and duties")).naming(&list).await?,
        more: visit.next_page(&list),
        list: Json(&list),
        makes: visit.may(GOVERN_PEOPLE, Duty::People),
        fixed: fixed().map(|role| role.name(lang)).collect(),
        duties: Duty::ALL.iter().map(line).filter(of_people).collect(),
    })
}

#[derive(Template)]
#[template(path = "portal/role.html")]
struct Shown<'a> {
    f: Frame,
    role: Json<'a>,
    name: String,
    duties: Vec<(&'static str, &'static str)>,
    lacks: String,
    offers: Vec<Offer>,
    changes: bool,
}

/// The fixed role that a role of an organisation's own rests on.
fn base(role: Json<'_>) -> Result<Option<Role>, Failure> {
    Ok(Role::parse(&role.text("base")?))
}

/// Shows a role of an organisation's own with who holds it.
///
/// # Errors
/// What the endpoint refuses.
pub async fn show(visit: &Visit) -> Answer {
    let id = visit.part("id");
    let view = visit.get(format!("/v1/custom-roles/{id}")).await?.view;
    let (role, lang) = (Json(&view), visit.lang);
    let held = duties(role)?;
    let whole = base(role)?.map(duties_of).unwrap_or_default();
    let name = name(lang, role);
    visit.render(&Shown {
        f: Frame::new(visit, name.clone()).naming(&view).await?,
        name,
        duties: held.iter().map(|duty| (duty.name(lang), duty.about(lang))).collect(),
        lacks: said(lang, whole.without(held)),
        offers: offered(visit, "role", id, role),
        changes: role.is("state", "active") && visit.may(GOVERN_PEOPLE, Duty::People),
        role,
    })
}

#[derive(Template)]
#[template(path = "portal/role_form.html")]
struct RoleForm<'a> {
    f: Frame,
    form: FormView<'a>,
    title: &'static str,
    /// Fixed roles that one can begin with; none once one was chosen.
    bases: Vec<Choice>,
    org: String,
    base: String,
    choices: Vec<Choice>,
    /// Where the form goes.
    action: String,
    back: String,
    /// How many hold the role, so that it only loses duties.
    held: i64,
}

/// The duties of a fixed role that can be left out: all but the one that everybody has.
fn offered_by(lang: Lang, role: Role) -> Vec<Choice> {
    let choice = |duty: Duty| {
        let words = lang.pick(
            format!("{}：{}", duty.name(lang), duty.about(lang)),
            format!("{}: {}", duty.name(lang), duty.about(lang)),
        );
        (duty.as_str().to_owned(), words)
    };
    duties_of(role).without(DutySet::least()).iter().map(choice).collect()
}

/// Fixed roles that who is there may build on.
fn bases(visit: &Visit) -> Vec<Choice> {
    let own = !visit.roles().contains(Role::BureauAdmin);
    let enterprise = |code: &str| code.starts_with("enterprise.");
    let mut bases = choices(visit.lang, "role");
    bases.retain(|(code, _)| {
        let machine = Role::parse(code).is_none_or(|role| RoleSet::of(&[role]).intersects(MACHINES));
        !machine && (!own || enterprise(code))
    });
    bases
}

fn new_form<'a>(visit: &'a Visit, known: &'a Value) -> RoleForm<'a> {
    let chosen = |name: &str| Some(visit.form.get(name)).filter(|it| !it.is_empty()).map(str::to_owned);
    let org = chosen("/org").unwrap_or_else(|| visit.query.get("org").to_owned());
    let base = chosen("/base").unwrap_or_else(|| visit.query.get("base").to_owned());
    let role = Role::parse(&base).filter(|_| !org.is_empty());
    RoleForm {
        f: Frame::new(visit, visit.t("设立角色", "Make a role")),
        form: visit.form_view(Json(known), None),
        title: visit.t("设立角色", "Make a role"),
        bases: if role.is_some() { Vec::new() } else { bases(visit) },
        org,
        base,
        choices: role.map(|role| offered_by(visit.lang, role)).unwrap_or_default(),
        action: "/roles/new".to_owned(),
        back: "/roles".to_owned(),
        held: 0,
    }
}

/// Shows the form of a new role: first what it rests on, then its name and duties.
///
/// # Errors
/// As rendering.
pub async fn new(visit: &Visit) -> Answer {
    let caller = visit.caller()?;
    let org = Some(visit.query.get("org")).filter(|org| !org.is_empty()).unwrap_or(&*caller.org);
    let known = json!({ "org": org });
    visit.render(&new_form(visit, &known))
}

/// The body that the form states: nobody is without the everyday duty.
fn body(visit: &Visit) -> Value {
    let mut body = visit.form.body();
    if let Some(members) = body.as_object_mut() {
        let duties = members.entry("duties").or_insert_with(|| json!([]));
        if let Some(duties) = duties.as_array_mut() {
            duties.push(Duty::Everyday.as_str().into());
        }
    }
    body
}

/// Makes a role.
///
/// # Errors
/// What the endpoint refuses.
pub async fn define(visit: &Visit) -> Answer {
    let Some(reply) = visit.send(Method::POST, OWN, body(visit)).await? else {
        return visit.render(&new_form(visit, &Value::Null));
    };
    Ok(see_other(&format!("/roles/{}?done=saved", Json(&reply.view).text("id")?)))
}

/// Shows the form of a role as it stands.
///
/// # Errors
/// What the endpoint refuses.
pub async fn edit(visit: &Visit) -> Answer {
    let reply = visit.get(format!("/v1/custom-roles/{}", visit.part("id"))).await?;
    edit_form(visit, &reply.view, reply.etag.as_deref())
}

fn edit_form(visit: &Visit, role: &Value, seen: Option<&str>) -> Answer {
    let (view, id) = (Json(role), visit.part("id"));
    let names = view.at("name")?;
    let known = json!({
        "name_zh": names.text("zh")?, "name_en": names.text("en")?, "duties": view.at("duties")?.0,
    });
    let held = view.whole("held")?;
    let mut choices = base(view)?.map(|base| offered_by(visit.lang, base)).unwrap_or_default();
    let now = duties(view)?;
    // What a held role of an office has not, it does not get: its holders were not granted that.
    let office = view.text("base")?.starts_with("enterprise.");
    choices.retain(|(code, _)| held == 0 || office || Duty::parse(code).is_ok_and(|duty| now.contains(duty)));
    visit.render(&RoleForm {
        f: Frame::new(visit, visit.t("修改角色", "Change the role")),
        form: visit.form_view(Json(&known), seen).beside_theirs(),
        title: visit.t("修改角色", "Change the role"),
        bases: Vec::new(),
        org: view.text("org")?.into_owned(),
        base: view.text("base")?.into_owned(),
        choices,
        action: format!("/roles/{id}/change"),
        back: format!("/roles/{id}"),
        held,
    })
}

#[derive(Template)]
#[template(path = "portal/role_consequences.html")]
struct Consequences<'a> {
    f: Frame,
    form: FormView<'a>,
    role: Json<'a>,
    id: &'a str,
    /// Fields of the form, as they were sent.
    sent: Vec<(&'a str, &'a str)>,
    loses: String,
    gains: String,
}

/// Changes a role; where somebody holds it and its duties change, what that comes to is shown first.
///
/// # Errors
/// What the endpoints refuse.
pub async fn change(visit: &Visit) -> Answer {
    let id = visit.part("id");
    let reply = visit.get(format!("/v1/custom-roles/{id}")).await?;
    let role = Json(&reply.view);
    let stated = body(visit);
    let (before, after) = (duties(role)?, duties(Json(&stated))?);
    if role.whole("held")? > 0 && before != after && !visit.form.sent(SURE) {
        return visit.render(&Consequences {
            f: Frame::new(visit, visit.t("保存之前", "Before it is saved")),
            form: visit.form_view(Json::NOTHING, Some(visit.form.get("_seen"))),
            role,
            id,
            sent: visit.form.fields("/").collect(),
            loses: said(visit.lang, before.without(after)),
            gains: said(visit.lang, after.without(before)),
        });
    }
    if visit.send(Method::PUT, format!("/v1/custom-roles/{id}"), stated).await?.is_none() {
        return edit_form(visit, &reply.view, reply.etag.as_deref());
    }
    Ok(see_other(&format!("/roles/{id}?done=saved")))
}
