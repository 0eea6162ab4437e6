//! Bodies about people, organisations, grants, mandates and enterprises: read with every fault, and written.

use crate::app::broadcasts::{BroadcastRow, BroadcastStated};
use crate::app::holders::{NamedPerson, ResponsiblePersonRow};
use crate::app::mandates::{MandateRow, MandateStated};
use crate::app::people::grants::{GrantStated, RoleNamed};
use crate::app::people::organisations::{KINDS, OrganisationStated};
use crate::app::people::persons::{Account, PersonStated, PersonView};
use crate::app::people::{GrantRow, OrganisationRow};
use crate::domain::actor::Role;
use crate::domain::code::{CustomsRegistration, DistrictCode, Uscc};
use crate::domain::enterprise::Particulars;
use crate::domain::fault::FaultCode;
use crate::domain::id::{CustomRoleId, PersonId};
use crate::domain::lang::Lang;
use crate::domain::mandate::Scope;
use crate::domain::validity::{Instant, LegalDay};
use crate::http::fields::{Fields, Members as _, text};
use crate::http::problem::Fault;
use serde_json::{Value, json};

const NAME: usize = 200;
const PHONE: usize = 40;
const MAIL: usize = 254;
const ACCOUNT: usize = 256;
/// Longest code of an organisation.
pub const ORG: usize = 256;
const CODE: usize = 64;
const BODY: usize = 20_000;

/// Accounts of one person.
const MOST_ACCOUNTS: usize = 20;

/// Reads a body with every fault of it.
pub fn read<T>(body: &Value, read: impl FnOnce(&mut Fields<'_, '_>) -> Option<T>) -> Result<T, Vec<Fault>> {
    let mut faults = Vec::new();
    let value = Fields::read(body, "", &mut faults, read);
    value.filter(|_| faults.is_empty()).ok_or(faults)
}

/// Reads an e-mail address, as far as its form tells (RFC 5321 section 4.1.2).
fn mail(given: &str) -> Result<String, FaultCode> {
    let given = text(MAIL)(given)?;
    let plain = given.bytes().all(|byte| byte.is_ascii_graphic() && !b"<>()[],;:\\\"".contains(&byte));
    let parts = given.split_once('@').is_some_and(|(local, domain)| {
        !local.is_empty() && domain.contains('.') && !domain.contains('@') && !domain.starts_with('.')
    });
    if plain && parts { Ok(given) } else { Err(FaultCode::MailFormat) }
}

fn code(given: &str) -> Result<String, FaultCode> {
    let fits =
        (1..=CODE).contains(&given.len()) && given.bytes().all(|byte| byte.is_ascii_alphanumeric() || byte == b'-');
    if fits { Ok(given.to_owned()) } else { Err(FaultCode::ValueUnknown) }
}

fn language(word: &str) -> Result<Lang, FaultCode> {
    match word {
        "zh" => Ok(Lang::Zh),
        "en" => Ok(Lang::En),
        _ => Err(FaultCode::ValueUnknown),
    }
}

/// Reads the text of an announcement: paragraphs, without other control characters.
fn paragraphs(given: &str) -> Result<String, FaultCode> {
    let lines: Vec<&str> = given.trim().lines().map(str::trim_end).collect();
    let joined = lines.join("\n");
    if lines.iter().any(|line| line.chars().any(char::is_control)) {
        Err(FaultCode::TextNotPrintable)
    } else if joined.is_empty() {
        Err(FaultCode::Required)
    } else if joined.chars().count() > BODY {
        Err(FaultCode::TextTooLong)
    } else {
        Ok(joined)
    }
}

/// Reads an organisation; its code stands in the path when it is stated anew.
pub fn organisation(fields: &mut Fields<'_, '_>, known: Option<String>) -> Option<OrganisationStated> {
    let code = match known {
        Some(code) => Some(code),
        None => fields.required("code", code),
    };
    let kind =
        fields.required("kind", |word| KINDS.iter().copied().find(|kind| *kind == word).ok_or(FaultCode::ValueUnknown));
    let name_zh = fields.required("name_zh", text(NAME));
    let name_en = fields.optional("name_en", text(NAME));
    let mail = fields.optional("mail", mail);
    let active = fields.flag("active").unwrap_or(true);
    Some(OrganisationStated { code: code?, kind: kind?, name_zh: name_zh?, name_en, mail, active })
}

/// Reads the particulars of a person; `org` is given where the token says it.
pub fn person(fields: &mut Fields<'_, '_>, org: Option<&str>) -> Option<PersonStated> {
    let name = fields.required("name", text(NAME));
    let org = match org {
        Some(org) => Some(org.to_owned()),
        None => fields.required("org", text(ORG)),
    };
    let phone = fields.optional("phone", text(PHONE));
    let mail = fields.optional("mail", mail);
    let lang = fields.optional("language", language).unwrap_or_default();
    Some(PersonStated { name: name?, org: org?, phone, mail, lang })
}

/// Reads one account.
pub fn account(fields: &mut Fields<'_, '_>) -> Option<Account> {
    let issuer = fields.required("issuer", text(ACCOUNT));
    let subject = fields.required("subject", text(ACCOUNT));
    Some(Account { issuer: issuer?, subject: subject? })
}

/// Reads the accounts of a person.
pub fn accounts(fields: &mut Fields<'_, '_>) -> Option<Vec<Account>> {
    fields.list("accounts", MOST_ACCOUNTS, |item, pointer, faults| Fields::read(item, pointer, faults, account))
}

fn period(fields: &mut Fields<'_, '_>) -> (Option<LegalDay>, Option<LegalDay>) {
    let from = fields.optional("valid_from", LegalDay::parse);
    let to = fields.optional("valid_to", LegalDay::parse);
    if from.zip(to).is_some_and(|(from, to)| to < from) {
        fields.fault("valid_to", FaultCode::PeriodReversed);
    }
    (from, to)
}

/// Reads a role to be granted: the word of a fixed one, or the id of one of the organisation's own.
fn role(given: &str) -> Result<RoleNamed, FaultCode> {
    if given.starts_with(CustomRoleId::PREFIX) {
        return CustomRoleId::parse(given).map(RoleNamed::Own);
    }
    Role::parse(given).map(RoleNamed::Fixed).ok_or(FaultCode::ValueUnknown)
}

/// Reads a grant.
pub fn grant(fields: &mut Fields<'_, '_>) -> Option<GrantStated> {
    let org = fields.required("org", text(ORG));
    let role = fields.required("role", role);
    let (valid_from, valid_to) = period(fields);
    Some(GrantStated { org: org?, role: role?, valid_from, valid_to })
}

/// Reads a mandate.
pub fn mandate(fields: &mut Fields<'_, '_>) -> Option<MandateStated> {
    let agent_org = fields.required("agent_org", text(ORG));
    let agent_person = fields.optional("agent_person", PersonId::parse);
    let scopes = fields.list("scopes", Scope::ALL.len(), |item, pointer, faults| {
        let scope = item.as_str().and_then(Scope::parse);
        if scope.is_none() {
            faults.push(Fault::new(pointer, FaultCode::ValueUnknown));
        }
        scope
    });
    let (valid_from, valid_to) = period(fields);
    Some(MandateStated { agent_org: agent_org?, agent_person, scopes: scopes?, valid_from, valid_to })
}

/// Reads what an enterprise states about itself.
pub fn particulars(fields: &mut Fields<'_, '_>) -> Option<Particulars> {
    let name_zh = fields.required("name_zh", text(NAME));
    let name_en = fields.optional("name_en", text(NAME));
    let district = fields.required("district", DistrictCode::parse);
    let customs_registration = fields.optional("customs_registration", CustomsRegistration::parse);
    Some(Particulars { name_zh: name_zh?, name_en, district: district?, customs_registration })
}

/// Reads a whole registration of an enterprise by itself.
pub fn registration(fields: &mut Fields<'_, '_>) -> Option<(Uscc, Particulars, NamedPerson)> {
    let uscc = fields.required("uscc", Uscc::parse);
    let particulars = particulars(fields);
    let named = fields.object("responsible_person", named);
    Some((uscc?, particulars?, named?))
}

/// Reads whom an enterprise names for its imports.
pub fn named(fields: &mut Fields<'_, '_>) -> Option<NamedPerson> {
    let name = fields.required("name", text(NAME));
    let position = fields.optional("position", text(NAME));
    let phone = fields.required("phone", text(PHONE));
    let mail = fields.optional("mail", mail);
    Some(NamedPerson { name: name?, position, phone: phone?, mail })
}

/// Reads an announcement.
pub fn broadcast(fields: &mut Fields<'_, '_>) -> Option<BroadcastStated> {
    let scheme = fields.required("scheme", super::change_body::scheme_code);
    let title_zh = fields.required("title_zh", text(NAME));
    let title_en = fields.required("title_en", text(NAME));
    let body_zh = fields.required("body_zh", paragraphs);
    let body_en = fields.required("body_en", paragraphs);
    Some(BroadcastStated { scheme: scheme?, title: (title_zh?, title_en?), body: (body_zh?, body_en?) })
}

fn day(days: i32) -> Option<LegalDay> {
    LegalDay::from_value(days)
}

/// Shows an organisation.
#[must_use]
pub fn organisation_view(row: &OrganisationRow) -> Value {
    json!({
        "code": row.code, "kind": row.kind, "name_zh": row.name_zh, "name_en": row.name_en, "mail": row.mail,
        "active": row.active != 0, "revision": row.revision,
    })
}

/// Shows a person with accounts and grants.
#[must_use]
pub fn person_view(view: &PersonView) -> Value {
    let accounts: Vec<Value> =
        view.accounts.iter().map(|account| json!({ "issuer": account.issuer, "subject": account.subject })).collect();
    let row = &view.row;
    json!({
        "id": row.id, "name": row.name, "org": row.org, "phone": row.phone, "mail": row.mail,
        "language": row.language, "active": row.active != 0, "accounts": accounts,
        "grants": view.grants.iter().map(grant_view).collect::<Vec<_>>(), "revision": row.revision,
    })
}

/// Shows a grant.
#[must_use]
pub fn grant_view(row: &GrantRow) -> Value {
    json!({
        "id": row.id, "person": row.person, "org": row.org, "role": row.role, "custom_role": row.custom_role,
        "valid_from": day(row.valid_from),
        "valid_to": row.valid_to.and_then(day), "state": row.state, "exempt": row.exempt,
        "proposed_by": row.proposed_by, "decided_by": row.decided_by, "ended_by": row.ended_by,
        "revision": row.revision,
    })
}

/// Shows a mandate.
#[must_use]
pub fn mandate_view(row: &MandateRow) -> Value {
    json!({
        "id": row.id, "enterprise": row.enterprise, "agent_org": row.agent_org, "agent_person": row.agent_person,
        "scopes": row.scopes.split(',').collect::<Vec<_>>(), "valid_from": day(row.valid_from),
        "valid_to": row.valid_to.and_then(day), "state": row.state, "revision": row.revision,
    })
}

/// Shows whom an enterprise names for its imports.
#[must_use]
pub fn named_view(row: &ResponsiblePersonRow) -> Value {
    json!({
        "enterprise": row.uscc, "name": row.name, "position": row.position, "phone": row.phone, "mail": row.mail,
        "since": Instant::from_micros(row.recorded_at), "revision": row.revision,
    })
}

/// Shows an announcement.
#[must_use]
pub fn broadcast_view(row: &BroadcastRow) -> Value {
    json!({
        "id": row.id, "version": row.version, "state": row.state, "scheme": row.scheme,
        "title": { "zh": row.title_zh, "en": row.title_en }, "body": { "zh": row.body_zh, "en": row.body_en },
        "published_at": Instant::from_micros(row.published_at), "told": row.told, "revision": row.revision,
    })
}
