//! Changes of the rules: proposed by one administrator, confirmed or rejected by another, withdrawn by the proposer.

use super::lookups::json_bytes;
use super::parameters::{PageAsked, if_match, no_query, page, path, read_query};
use super::people::{page_of, shown};
use super::people_body::read;
use super::write::{Shown, write};
use crate::app::AppError;
use crate::app::found::faults_of;
use crate::app::rules::{RuleChange, RuleChangeRow, RuleDecision, Rules, TariffRules};
use crate::domain::actor::Role;
use crate::domain::calendar::Published;
use crate::domain::fault::FaultCode;
use crate::domain::id::RuleChangeId;
use crate::domain::lang::Lang;
use crate::domain::revision::Revision;
use crate::domain::rule_change::{RuleChangeState, RuleTable};
use crate::domain::scheme::Scheme;
use crate::domain::terms_json::NOTE;
use crate::domain::validity::{Instant, LegalDay};
use crate::http::blocking::hop;
use crate::http::edge::{asked, edge};
use crate::http::fields::{JSON_DEPTH, Members as _, parse_json, step, text};
use crate::http::problem::{Fault, Problem};
use actix_web::http::StatusCode;
use actix_web::web::Payload;
use actix_web::{HttpRequest, HttpResponse};
use serde::de::DeserializeOwned;
use serde_json::{Value, json};
use serde_path_to_error::Segment;
use std::sync::Arc;

/// Most rows of the tariff in one change.
const MOST_ROWS: usize = 2000;

impl Shown for RuleChange {
    fn revision(&self) -> Revision {
        Revision(self.row.revision)
    }

    fn location(&self) -> String {
        format!("/v1/rule-changes/{}", self.row.id)
    }

    fn view(&self, lang: Lang) -> Result<Value, AppError> {
        let mut view = head(&self.row, lang);
        if let Some(members) = view.as_object_mut() {
            members.insert("rules".to_owned(), self.rules.clone());
            let differences = serde_json::to_value(&self.differences).map_err(AppError::unwritable)?;
            members.insert("differences".to_owned(), differences);
            members.insert("proposed_by_text".to_owned(), administrator(self.proposed_by.as_ref(), lang).into());
            let decided = self.row.decided_by.as_ref().map(|_| administrator(self.decided_by.as_ref(), lang));
            members.insert("decided_by_text".to_owned(), decided.into());
        }
        Ok(view)
    }
}

/// Says who changes rules, without who they are: their role, and their organisation where they are registered.
fn administrator(office: Option<&(String, String)>, lang: Lang) -> String {
    let role = Role::BureauAdmin.name(lang);
    match office {
        Some((zh, en)) => lang.pick(format!("{role}（{zh}）"), format!("{role} ({en})")),
        None => role.to_owned(),
    }
}

fn head(row: &RuleChangeRow, lang: Lang) -> Value {
    let table = RuleTable::parse(&row.rule_table).map_or(row.rule_table.as_str(), |table| table.name(lang));
    let state = RuleChangeState::parse(&row.state).map_or(row.state.as_str(), |state| state.name(lang));
    json!({
        "id": row.id, "table": row.rule_table, "table_text": table, "about": row.about,
        "valid_from": LegalDay::from_value(row.valid_from), "state": row.state, "state_text": state, "note": row.note,
        "reason": row.reason, "proposed_by": row.proposed_by, "decided_by": row.decided_by,
        "recorded_at": Instant::from_micros(row.recorded_at), "revision": row.revision,
    })
}

/// Lists changes of the rules.
pub async fn list_rule_changes(request: HttpRequest) -> Result<HttpResponse, Problem> {
    let (edge, asked) = (edge(&request)?, asked(&request)?);
    let PageAsked { after, limit } = read_query(&request, |query| Some(page(query)))?;
    let (app, lang) = (Arc::clone(&edge.app), asked.lang);
    let found = hop(move || app.rule_changes(&after, limit)).await?;
    page_of(&found, |row| head(row, lang))
}

/// Shows a change of the rules with what differs.
pub async fn get_rule_change(request: HttpRequest) -> Result<HttpResponse, Problem> {
    let (edge, asked) = (edge(&request)?, asked(&request)?);
    no_query(&request)?;
    let id = path(&request, "id", RuleChangeId::parse)?;
    let app = Arc::clone(&edge.app);
    shown(&hop(move || app.rule_change(id)).await?, asked.lang)
}

/// Proposes rules.
pub async fn propose_rule_change(request: HttpRequest, payload: Payload) -> Result<HttpResponse, Problem> {
    no_query(&request)?;
    let bytes = json_bytes(&request, payload, edge(&request)?).await?;
    let body = parse_json(&bytes, JSON_DEPTH)?;
    let (table, note) = read(&body, |fields| {
        let (table, note) = (fields.required("table", RuleTable::parse), fields.optional("note", text(NOTE)));
        let rules = fields.object("rules", |rules| {
            rules.accept_all();
            Some(())
        });
        rules.and(Some((table?, note)))
    })?;
    let rules = rules(table, body.get("rules").unwrap_or(&Value::Null))?;
    write(&request, &bytes, StatusCode::CREATED, move |app, asked| {
        app.propose_rules(&asked.caller, Some(asked.request_id), rules, note, asked.repeat)
    })
    .await
}

/// Confirms a change of the rules, which records it.
pub async fn confirm_rule_change(request: HttpRequest) -> Result<HttpResponse, Problem> {
    decide(&request, b"", RuleDecision::Confirm).await
}

/// Sends a change of the rules back.
pub async fn reject_rule_change(request: HttpRequest, payload: Payload) -> Result<HttpResponse, Problem> {
    let bytes = json_bytes(&request, payload, edge(&request)?).await?;
    let reason = read(&parse_json(&bytes, JSON_DEPTH)?, |body| body.required("reason", text(NOTE)))?;
    decide(&request, &bytes, RuleDecision::Reject(reason)).await
}

/// Takes a change of the rules back.
pub async fn withdraw_rule_change(request: HttpRequest) -> Result<HttpResponse, Problem> {
    decide(&request, b"", RuleDecision::Withdraw).await
}

async fn decide(request: &HttpRequest, bytes: &[u8], decision: RuleDecision) -> Result<HttpResponse, Problem> {
    no_query(request)?;
    let id = path(request, "id", RuleChangeId::parse)?;
    let seen = if_match(request)?;
    write(request, bytes, StatusCode::OK, move |app, asked| {
        app.decide_rules(&asked.caller, Some(asked.request_id), (id, seen), decision, asked.repeat)
    })
    .await
}

/// Reads rules of a table.
fn rules(table: RuleTable, value: &Value) -> Result<Rules, Vec<Fault>> {
    match table {
        RuleTable::Scheme => {
            let scheme: Scheme = typed(value)?;
            let faults: Vec<Fault> = faults_of(&scheme)
                .into_iter()
                .map(|(member, code, _)| Fault::new(format!("/rules/{member}"), code))
                .collect();
            if faults.is_empty() { Ok(Rules::Scheme(Box::new(scheme))) } else { Err(faults) }
        }
        RuleTable::Calendar => {
            let unknown = value.as_object().into_iter().flatten().find(|(name, _)| *name != "years");
            if let Some((name, _)) = unknown {
                return Err(vec![Fault::new(step("/rules", name), FaultCode::UnknownMember)]);
            }
            let published: Published = typed(value)?;
            let empty = published.years.iter().filter(|(_, year)| year.days.is_empty());
            let mut faults: Vec<Fault> =
                empty.map(|(year, _)| Fault::new(format!("/rules/years/{year}/days"), FaultCode::Required)).collect();
            if published.years.is_empty() {
                faults.push(Fault::new("/rules/years", FaultCode::Required));
            }
            if faults.is_empty() { Ok(Rules::Calendar(published)) } else { Err(faults) }
        }
        RuleTable::Tariff => {
            let tariff: TariffRules = typed(value)?;
            let reversed =
                tariff.rows.iter().enumerate().filter(|(_, row)| row.valid_to.is_some_and(|to| to < row.valid_from));
            let mut faults: Vec<Fault> = reversed
                .map(|(place, _)| Fault::new(format!("/rules/rows/{place}/valid_to"), FaultCode::PeriodReversed))
                .collect();
            match tariff.rows.len() {
                0 => faults.push(Fault::new("/rules/rows", FaultCode::NoLines)),
                1..=MOST_ROWS => {}
                _ => faults.push(Fault::new("/rules/rows", FaultCode::TooManyLines)),
            }
            if faults.is_empty() { Ok(Rules::Tariff(tariff)) } else { Err(faults) }
        }
    }
}

/// Reads a document of many members into its type; the first fault stands where it was found.
fn typed<T: DeserializeOwned>(value: &Value) -> Result<T, Vec<Fault>> {
    serde_path_to_error::deserialize(value).map_err(|error| {
        let mut pointer = error.path().iter().fold("/rules".to_owned(), |at: String, segment| match segment {
            Segment::Seq { index } => format!("{at}/{index}"),
            Segment::Map { key } => step(&at, key),
            Segment::Enum { variant } => step(&at, variant),
            Segment::Unknown => at,
        });
        let said = error.inner().to_string();
        // Which member it is, the library says in its sentence only.
        let named = said.split('`').nth(1).unwrap_or_default();
        let code = if said.starts_with("missing field") {
            pointer = step(&pointer, named);
            FaultCode::Required
        } else if said.starts_with("unknown field") {
            if !pointer.ends_with(&format!("/{named}")) {
                pointer = step(&pointer, named);
            }
            FaultCode::UnknownMember
        } else if said.starts_with("invalid type") {
            FaultCode::WrongType
        } else {
            FaultCode::from_code(said.split(' ').next().unwrap_or_default()).unwrap_or(FaultCode::ValueUnknown)
        };
        vec![Fault::new(pointer, code)]
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn faults(table: RuleTable, value: &Value) -> Vec<(String, &'static str)> {
        let faults = rules(table, value).unwrap_err();
        faults.into_iter().map(|fault| (fault.pointer, fault.code.as_str())).collect()
    }

    fn beijing() -> Value {
        let text = include_str!("../../../samples/schemes/beijing-2022.toml");
        serde_json::to_value(crate::app::found::read_scheme(text).unwrap()).unwrap()
    }

    #[test]
    fn a_fault_stands_where_it_was_made() {
        let with = |pointer: &str, value: Value| {
            let mut scheme = beijing();
            let (at, member) = pointer.rsplit_once('/').unwrap();
            scheme.pointer_mut(at).unwrap().as_object_mut().unwrap().insert(member.to_owned(), value);
            faults(RuleTable::Scheme, &scheme)
        };
        let said = |pointer: &str, code: &'static str| vec![(format!("/rules{pointer}"), code)];
        assert!(rules(RuleTable::Scheme, &beijing()).is_ok());
        assert_eq!(with("/clocks/opinion_days", json!("ten")), said("/clocks/opinion_days", "wrong_type"));
        assert_eq!(with("/clocks/weeks", json!(1)), said("/clocks/weeks", "unknown_member"));
        assert_eq!(with("/districts/0/code", json!("11")), said("/districts/0/code", "district_code_format"));
        assert_eq!(with("/number_prefix", json!("bj")), said("/number_prefix", "value_unknown"));
        assert_eq!(with("/customs_prefixes", json!([])), said("/customs_prefixes", "required"));
        let mut without = beijing();
        without["clocks"].as_object_mut().unwrap().remove("recognition_days");
        assert_eq!(faults(RuleTable::Scheme, &without), said("/clocks/recognition_days", "required"));

        let years = |days: Value| json!({ "years": { "2027": { "notices": [], "days": days } } });
        assert!(
            rules(RuleTable::Calendar, &years(json!([{ "date": "2027-01-01", "name": "元旦", "off": true }]))).is_ok()
        );
        assert_eq!(faults(RuleTable::Calendar, &years(json!([]))), said("/years/2027/days", "required"));
        let day = years(json!([{ "date": "2027-02-30", "off": true }]));
        assert_eq!(faults(RuleTable::Calendar, &day), said("/years/2027/days/0/date", "date_format"));
        assert_eq!(faults(RuleTable::Calendar, &json!({ "years": {} })), said("/years", "required"));
        assert_eq!(
            faults(RuleTable::Calendar, &json!({ "years": {}, "source": "x" })),
            said("/source", "unknown_member")
        );

        let rows = |row: Value| json!({ "scheme": "beijing-2022", "rows": [row] });
        let row = json!({ "hs_code": "3002410090", "documents": ["Q"], "valid_from": "2027-01-01" });
        assert!(rules(RuleTable::Tariff, &rows(row.clone())).is_ok());
        let mut reversed = row;
        reversed["valid_to"] = json!("2026-01-01");
        assert_eq!(faults(RuleTable::Tariff, &rows(reversed)), said("/rows/0/valid_to", "period_reversed"));
        assert_eq!(
            faults(RuleTable::Tariff, &rows(json!({ "hs_code": "1" }))),
            said("/rows/0/hs_code", "hs_code_format")
        );
        assert_eq!(faults(RuleTable::Tariff, &json!({ "scheme": "x", "rows": [] })), said("/rows", "no_lines"));
    }
}
