//! People and their roles.

use super::super::acts::{NEW, Offer, offered};
use super::super::frame::Frame;
use super::super::json::Json;
use super::super::visit::{Answer, Failure, Visit};
use askama::Template;

#[derive(Template)]
#[template(path = "portal/people.html")]
struct People<'a> {
    f: Frame,
    list: Json<'a>,
    more: Option<String>,
    makes: Vec<Offer>,
    /// What is offered while nobody is registered.
    begins: Vec<Offer>,
}

/// Lists people and their roles.
///
/// # Errors
/// What the endpoint refuses.
pub async fn list(visit: &Visit) -> Answer {
    let list = visit.get(visit.endpoint("/v1/people", &["org", "after"])).await?.view;
    visit.render(&People {
        f: Frame::new(visit, visit.t("人员与角色", "People and roles")),
        more: visit.next_page(&list),
        list: Json(&list),
        makes: offered(visit, "people+", NEW, Json::NOTHING),
        begins: if Json(&list).has("items") { Vec::new() } else { offered(visit, "nobody+", NEW, Json::NOTHING) },
    })
}

#[derive(Template)]
#[template(path = "portal/person.html")]
struct Person<'a> {
    f: Frame,
    person: Json<'a>,
    offers: Vec<Offer>,
    grants: Vec<(Json<'a>, Vec<Offer>)>,
}

/// Shows a person with accounts and roles.
///
/// # Errors
/// What the endpoints refuse.
pub async fn show(visit: &Visit) -> Answer {
    let id = visit.part("id");
    let person = visit.get(format!("/v1/people/{id}")).await?.view;
    let grants = visit.get(format!("/v1/people/{id}/grants")).await?.view;
    let grant =
        |grant| -> Result<_, Failure> { Ok((grant, offered(visit, "grant", &Json::text(grant, "id")?, grant))) };
    visit.render(&Person {
        f: Frame::new(visit, Json(&person).text("name")?.into_owned()),
        offers: offered(visit, "person", id, Json(&person)),
        grants: Json(&grants).each("items")?.into_iter().map(grant).collect::<Result<_, _>>()?,
        person: Json(&person),
    })
}
