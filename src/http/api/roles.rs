//! Fixed roles with their duties, and roles that organisations make for themselves.
//!
//! What a duty is and which operations belong to it is read from the endpoint table, so this page of the contract cannot say
//! anything else than what is done.

use super::json;
use super::lookups::json_bytes;
use super::parameters::{PageAsked, if_match, no_query, page, path, read_query};
use super::people::{page_of, shown};
use super::people_body::{ORG, read};
use super::write::{Shown, write};
use crate::app::AppError;
use crate::app::people::roles::{Holder, RoleStated, RoleView};
use crate::domain::actor::Role;
use crate::domain::duty::{Duty, DutySet};
use crate::domain::fault::FaultCode;
use crate::domain::id::CustomRoleId;
use crate::domain::lang::Lang;
use crate::domain::revision::Revision;
use crate::http::blocking::hop;
use crate::http::edge::{asked, edge};
use crate::http::endpoints::{Access, ENDPOINTS, duties_of};
use crate::http::fields::{Fields, JSON_DEPTH, Members as _, parse_json, text};
use crate::http::problem::{Fault, Problem};
use actix_web::http::StatusCode;
use actix_web::web::Payload;
use actix_web::{HttpRequest, HttpResponse};
use serde_json::{Value, json as object};
use std::sync::Arc;

/// Longest name of a role.
const NAME: usize = 40;

fn both(name: impl Fn(Lang) -> &'static str) -> Value {
    object!({ "zh": name(Lang::Zh), "en": name(Lang::En) })
}

fn words(duties: DutySet) -> Vec<&'static str> {
    duties.iter().map(Duty::as_str).collect()
}

/// Reads duties; one that is not known is a fault of its place.
fn duties(fields: &mut Fields<'_, '_>) -> Option<DutySet> {
    let duties = fields.list("duties", Duty::ALL.len(), |item, pointer, faults| {
        let duty = item.as_str().and_then(|word| Duty::parse(word).ok());
        if duty.is_none() {
            faults.push(Fault::new(pointer, FaultCode::ValueUnknown));
        }
        duty
    });
    Some(duties?.into_iter().collect())
}

fn stated(fields: &mut Fields<'_, '_>) -> Option<RoleStated> {
    let name_zh = fields.required("name_zh", text(NAME));
    let name_en = fields.optional("name_en", text(NAME));
    let duties = duties(fields);
    Some(RoleStated { name_zh: name_zh?, name_en, duties: duties? })
}

fn holder(holder: &Holder) -> Value {
    let grant = &holder.grant;
    object!({ "person": grant.person, "name": holder.name, "grant": grant.id, "state": grant.state })
}

/// Shows a role as it stands in a list: how many hold it, not who.
fn line(view: &RoleView) -> Value {
    let row = &view.row;
    object!({
        "id": row.id, "version": row.version, "org": row.org, "base": row.base,
        "name": { "zh": row.name_zh, "en": row.name_en },
        "duties": words(DutySet::read(&row.duties)), "state": row.state, "held": view.holders.len(),
        "revision": row.revision,
    })
}

impl Shown for RoleView {
    fn revision(&self) -> Revision {
        Revision(self.row.revision)
    }

    fn location(&self) -> String {
        format!("/v1/custom-roles/{}", self.row.id)
    }

    fn view(&self, _: Lang) -> Result<Value, AppError> {
        let mut view = line(self);
        if let Some(members) = view.as_object_mut() {
            members.insert("holders".to_owned(), self.holders.iter().map(holder).collect());
        }
        Ok(view)
    }
}

/// Lists the fixed roles with their duties, and the duties with their operations.
pub async fn list_roles(request: HttpRequest) -> Result<HttpResponse, Problem> {
    no_query(&request)?;
    let role = |role: &Role| {
        object!({
            "role": role.as_str(), "name": both(|lang| role.name(lang)), "duties": words(duties_of(*role)),
        })
    };
    let operations = |duty: Duty| {
        let of_duty = ENDPOINTS.iter().filter(|endpoint| matches!(endpoint.access, Access::Roles(_, of) if of == duty));
        of_duty.map(|endpoint| endpoint.operation).collect::<Vec<_>>()
    };
    let duty = |duty: &Duty| {
        object!({
            "duty": duty.as_str(), "name": both(|lang| duty.name(lang)), "about": both(|lang| duty.about(lang)),
            "operations": operations(*duty),
        })
    };
    let roles: Vec<Value> = Role::ALL.iter().map(role).collect();
    let duties: Vec<Value> = Duty::ALL.iter().map(duty).collect();
    json(StatusCode::OK, &object!({ "roles": roles, "duties": duties }))
}

/// Lists roles of organisations' own.
pub async fn list_custom_roles(request: HttpRequest) -> Result<HttpResponse, Problem> {
    let (edge, asked) = (edge(&request)?, asked(&request)?);
    let (org, PageAsked { after, limit }) =
        read_query(&request, |query| Some((query.optional("org", text(ORG)), page(query))))?;
    let (app, caller) = (Arc::clone(&edge.app), asked.caller()?);
    let found = hop(move || app.custom_roles(&caller, org.as_deref(), &after, limit)).await?;
    page_of(&found, line)
}

/// Shows a role of an organisation's own with who holds it.
pub async fn get_custom_role(request: HttpRequest) -> Result<HttpResponse, Problem> {
    let (edge, asked) = (edge(&request)?, asked(&request)?);
    no_query(&request)?;
    let id = path(&request, "id", CustomRoleId::parse)?;
    let (app, caller) = (Arc::clone(&edge.app), asked.caller()?);
    shown(&hop(move || app.custom_role(&caller, id)).await?, asked.lang)
}

/// Makes a role of an organisation's own.
pub async fn define_custom_role(request: HttpRequest, payload: Payload) -> Result<HttpResponse, Problem> {
    no_query(&request)?;
    let bytes = json_bytes(&request, payload, edge(&request)?).await?;
    let (org, base, stated) = read(&parse_json(&bytes, JSON_DEPTH)?, |body| {
        let org = body.required("org", text(ORG));
        let base = body.required("base", |word| Role::parse(word).ok_or(FaultCode::ValueUnknown));
        let stated = stated(body);
        Some((org?, base?, stated?))
    })?;
    write(&request, &bytes, StatusCode::CREATED, move |app, asked| {
        let made = (org, base, duties_of(base));
        app.define_custom_role(&asked.caller, Some(asked.request_id), made, stated, asked.repeat)
    })
    .await
}

/// States a role of an organisation's own anew; what it rests on stays.
pub async fn change_custom_role(request: HttpRequest, payload: Payload) -> Result<HttpResponse, Problem> {
    no_query(&request)?;
    let id = path(&request, "id", CustomRoleId::parse)?;
    let seen = if_match(&request)?;
    let bytes = json_bytes(&request, payload, edge(&request)?).await?;
    let stated = read(&parse_json(&bytes, JSON_DEPTH)?, stated)?;
    write(&request, &bytes, StatusCode::OK, move |app, asked| {
        let offered: fn(Role) -> DutySet = duties_of;
        app.change_custom_role(&asked.caller, Some(asked.request_id), (id, seen), (stated, offered), asked.repeat)
    })
    .await
}

/// Retires a role of an organisation's own that nobody holds.
pub async fn retire_custom_role(request: HttpRequest) -> Result<HttpResponse, Problem> {
    no_query(&request)?;
    let id = path(&request, "id", CustomRoleId::parse)?;
    let seen = if_match(&request)?;
    write(&request, b"", StatusCode::OK, move |app, asked| {
        app.retire_custom_role(&asked.caller, Some(asked.request_id), (id, seen), asked.repeat)
    })
    .await
}
