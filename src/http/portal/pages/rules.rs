//! Changes of the rules: forms for the next version of a rule book, a year of the calendar and rows of the tariff, and the
//! page on which the other administrator sees what differs.
//!
//! Long tables are typed as lines of text; a fault in one of them is said beside the text, with the number of its line.

use super::super::acts::{Offer, offered, schemes};
use super::super::fields::{Choice, FormView};
use super::super::form::FieldFault;
use super::super::frame::Frame;
use super::super::gateway::Refused;
use super::super::json::Json;
use super::super::visit::{Answer, Failure, Visit, see_other};
use crate::app::sentence::rule_place;
use crate::domain::lang::Lang;
use crate::domain::rule_change::RuleTable;
use crate::http::problem::ProblemType;
use actix_web::http::{Method, StatusCode};
use askama::Template;
use serde_json::{Map, Value, json};

/// Members of a rule book that have a field of their own; all others stand in the text of the rest.
const FIELDS: [&str; 10] = [
    "code",
    "version",
    "valid_from",
    "valid_to",
    "legal_basis",
    "validity_months",
    "bar_months",
    "clocks",
    "customs_prefixes",
    "waived_documents",
];

/// Time limits, in the order of a case.
const CLOCKS: [&str; 5] =
    ["correction_notice_days", "district_review_days", "opinion_days", "recognition_days", "extension_days"];

/// The day on which every version has begun.
const LAST_DAY: &str = "2199-12-31";

/// Field with the rest of a rule book.
const REST: &str = "_rest";
/// Field with days, a line each.
const DAYS: &str = "_days";
/// Field with the notices, a line each.
const NOTICES: &str = "_notices";
/// Field with rows of the tariff, a line each.
const ROWS: &str = "_rows";

#[derive(Template)]
#[template(path = "portal/rules_new.html")]
struct NewRules<'a> {
    f: Frame,
    form: FormView<'a>,
    table: RuleTable,
    about: &'a str,
    /// Names of the fields, and the time limits they hold.
    clocks: Vec<(String, &'static str)>,
    schemes: Vec<Choice>,
}

fn table(visit: &Visit) -> Result<RuleTable, Failure> {
    RuleTable::parse(visit.part("table")).map_err(|_| ProblemType::NotFound.into())
}

/// Reads what a form begins with: what stands now, ready to be changed.
async fn standing(visit: &Visit, table: RuleTable) -> Result<Value, Failure> {
    match table {
        RuleTable::Scheme => {
            let code: String = url::form_urlencoded::byte_serialize(visit.query.get("scheme").as_bytes()).collect();
            let mut scheme = visit.get(format!("/v1/schemes/{code}?valid_on={LAST_DAY}")).await?.view;
            let version = Json(&scheme).whole("version")?.saturating_add(1);
            let rest: Map<String, Value> = scheme.as_object().map(rest_of).unwrap_or_default();
            let text = serde_json::to_string_pretty(&rest).map_err(|_| ProblemType::Internal)?;
            if let Some(members) = scheme.as_object_mut() {
                members.insert("version".to_owned(), version.into());
                members.insert("valid_from".to_owned(), Value::Null);
            }
            Ok(json!({ "rules": scheme, REST: text }))
        }
        RuleTable::Calendar => {
            let year = visit.query.get("year");
            let calendar = visit.get("/v1/calendar").await?.view;
            let years = Json(&calendar).each("years")?;
            let known = years.into_iter().find(|known| known.text("year").is_ok_and(|text| text == year));
            let Some(known) = known else { return Ok(json!({ "_year": year })) };
            let line = |day: Json<'_>| -> Result<String, Failure> {
                let word = if day.has("off") { visit.t("休", "off") } else { visit.t("班", "worked") };
                Ok(format!("{} {word} {}", day.text("date")?, day.text("name")?).trim_end().to_owned())
            };
            let days = known.each("days")?.into_iter().map(line).collect::<Result<Vec<_>, _>>()?;
            let notices: Vec<String> = known.each("notices")?.into_iter().map(|it| it.word().into_owned()).collect();
            Ok(json!({ "_year": year, DAYS: days.join("\n"), NOTICES: notices.join("\n") }))
        }
        RuleTable::Tariff => {
            let first = schemes(visit).await?.into_iter().next().map(|(code, _)| code);
            Ok(json!({ "rules": { "scheme": first } }))
        }
    }
}

fn rest_of(scheme: &Map<String, Value>) -> Map<String, Value> {
    let rest = scheme.iter().filter(|(name, _)| !FIELDS.contains(&name.as_str()));
    rest.map(|(name, value)| (name.clone(), value.clone())).collect()
}

async fn page(visit: &Visit, table: RuleTable) -> Answer {
    let known = standing(visit, table).await?;
    let form = visit.form_view(Json(&known), None);
    let faults = form.faults.into_iter().map(|fault| beside(visit.lang, table, fault)).collect();
    let title = match table {
        RuleTable::Scheme => visit.t("提出试点方案新版本", "Next version of a rule book"),
        RuleTable::Calendar => visit.t("提出年度放假安排", "Holidays of a year"),
        RuleTable::Tariff => visit.t("提出税则变更", "Rows of the tariff"),
    };
    visit.render(&NewRules {
        f: Frame::new(visit, title),
        form: FormView { faults, ..form },
        table,
        about: visit.query.get("scheme"),
        clocks: CLOCKS.iter().map(|clock| (format!("/rules/clocks/{clock}:int"), *clock)).collect(),
        schemes: if table == RuleTable::Tariff { schemes(visit).await? } else { Vec::new() },
    })
}

/// Puts a fault beside the text in which it was made, with the place in words.
fn beside(lang: Lang, table: RuleTable, fault: FieldFault) -> FieldFault {
    let line = |pointer: &str| {
        let place = pointer.split('/').next().and_then(|place| place.parse::<usize>().ok());
        place.map_or_else(String::new, |place| {
            let place = place.saturating_add(1);
            lang.pick(format!("第 {place} 行："), format!("Line {place}: "))
        })
    };
    let put =
        |field: &str, place: String| FieldFault { field: field.to_owned(), text: format!("{place}{}", fault.text) };
    let Some(pointer) = fault.field.strip_prefix("/rules/") else { return fault };
    match table {
        RuleTable::Scheme => {
            let member = pointer.split(['/', ':']).next().unwrap_or_default();
            if FIELDS.contains(&member) {
                return fault;
            }
            put(REST, format!("{pointer}{}", lang.pick("：", ": ")))
        }
        RuleTable::Calendar => match pointer.split_once("/days") {
            Some((_, place)) => put(DAYS, line(place.trim_start_matches('/'))),
            None => put("_year", String::new()),
        },
        RuleTable::Tariff => match pointer.strip_prefix("rows") {
            Some(place) => put(ROWS, line(place.trim_start_matches('/'))),
            None => fault,
        },
    }
}

/// Shows the form of a change.
///
/// # Errors
/// `not-found` for no such table; what the endpoints refuse.
pub async fn new(visit: &Visit) -> Answer {
    page(visit, table(visit)?).await
}

/// Proposes a change.
///
/// # Errors
/// As [`new`].
pub async fn propose(visit: &Visit) -> Answer {
    let table = table(visit)?;
    let Some(rules) = stated(visit, table)? else { return page(visit, table).await };
    let note = Some(visit.form.get("/note").trim()).filter(|note| !note.is_empty());
    let body = json!({ "table": table, "rules": rules, "note": note });
    let Some(reply) = visit.send(Method::POST, "/v1/rule-changes", body).await? else {
        return page(visit, table).await;
    };
    Ok(see_other(&format!("/rule-changes/{}?done=proposed", Json(&reply.view).text("id")?)))
}

/// Reads the rules out of what was sent; none where a text does not read, which the page then says.
fn stated(visit: &Visit, table: RuleTable) -> Result<Option<Value>, Failure> {
    let form = &visit.form;
    Ok(Some(match table {
        RuleTable::Scheme => {
            let Ok(Value::Object(rest)) = serde_json::from_str::<Value>(form.get(REST)) else {
                let text = visit.t(
                    "这段文字不是有效的 JSON 对象；请核对引号、逗号和括号。",
                    "This text is no valid JSON object; check its quotes, commas and brackets.",
                );
                let problem = json!({ "detail": text, "faults": [{ "pointer": REST, "detail": text }] });
                visit.refuse(Refused { status: StatusCode::BAD_REQUEST, problem })?;
                return Ok(None);
            };
            form.onto(json!({ "rules": rest })).get("rules").cloned().unwrap_or_default()
        }
        RuleTable::Calendar => {
            let lines = |name: &str| {
                let lines: Vec<&str> = form.get(name).lines().map(str::trim).filter(|line| !line.is_empty()).collect();
                lines
            };
            let days: Vec<Value> = lines(DAYS).into_iter().map(day).collect();
            json!({ "years": { form.get("_year").trim(): { "notices": lines(NOTICES), "days": days } } })
        }
        RuleTable::Tariff => {
            let lines = form.get(ROWS).lines().map(str::trim).filter(|line| !line.is_empty());
            json!({ "scheme": form.get("/rules/scheme"), "rows": lines.map(row).collect::<Vec<_>>() })
        }
    }))
}

/// Reads a line such as `2027-01-01 休 元旦`; a word that is none of the known goes on as it is, and is refused.
fn day(line: &str) -> Value {
    let mut words = line.split_whitespace();
    let (date, word) = (words.next().unwrap_or_default(), words.next().unwrap_or_default());
    let off = match word {
        "休" | "off" => Value::Bool(true),
        "班" | "worked" => Value::Bool(false),
        other => other.into(),
    };
    json!({ "date": date, "off": off, "name": words.collect::<Vec<_>>().join(" ") })
}

/// Reads a line such as `3002410090, QA, 2027-01-01, , 3002410000`: code, documents, first day, last day, replaced code.
fn row(line: &str) -> Value {
    let mut cells = line.split([',', '，', '\t']).map(str::trim);
    let mut next = || cells.next().filter(|cell| !cell.is_empty());
    let hs_code = next();
    let documents: Vec<String> =
        next().unwrap_or_default().chars().filter(|it| !it.is_whitespace()).map(String::from).collect();
    let (valid_from, valid_to, replaces) = (next(), next(), next());
    let mut row = json!({ "hs_code": hs_code, "documents": documents, "valid_from": valid_from });
    if let Some(members) = row.as_object_mut() {
        members.retain(|_, value| !value.is_null());
        members.extend(valid_to.map(|day| ("valid_to".to_owned(), day.into())));
        members.extend(replaces.map(|code| ("replaces".to_owned(), code.into())));
    }
    row
}

/// A difference as people read it: where, before, afterwards.
struct Told {
    place: String,
    before: String,
    after: String,
}

#[derive(Template)]
#[template(path = "portal/rules.html")]
struct Change<'a> {
    f: Frame,
    change: Json<'a>,
    differences: Vec<Told>,
    offers: Vec<Offer>,
}

fn told(lang: Lang, value: Json<'_>) -> String {
    match value.0 {
        Value::Null => String::new(),
        Value::Bool(true) => lang.pick("是", "yes").to_owned(),
        Value::Bool(false) => lang.pick("否", "no").to_owned(),
        Value::Object(members) => {
            let said = members.iter().filter(|(_, value)| !value.is_null());
            let pair = |(name, value): (&String, &Value)| {
                format!("{}{}{}", rule_place(name, lang), lang.pick("：", ": "), told(lang, Json(value)))
            };
            said.map(pair).collect::<Vec<_>>().join(lang.pick("；", "; "))
        }
        Value::Array(items) if items.is_empty() => lang.pick("（无）", "(none)").to_owned(),
        Value::Array(items) => {
            let part = if items.iter().any(Value::is_object) { "\n" } else { lang.pick("、", ", ") };
            items.iter().map(|item| told(lang, Json(item))).collect::<Vec<_>>().join(part)
        }
        Value::Number(_) | Value::String(_) => value.word().into_owned(),
    }
}

/// Shows a change with what differs.
///
/// # Errors
/// What the endpoint refuses.
pub async fn show(visit: &Visit) -> Answer {
    let id = visit.part("id");
    let change = visit.get(format!("/v1/rule-changes/{id}")).await?.view;
    let lang = visit.lang;
    let line = |it: Json<'_>| -> Result<Told, Failure> {
        let pointer = it.text("pointer")?;
        let place: Vec<String> = pointer.split('/').skip(1).map(|step| rule_place(step, lang)).collect();
        Ok(Told {
            place: place.join(" › "), before: told(lang, it.at("before")?), after: told(lang, it.at("after")?)
        })
    };
    visit.render(&Change {
        f: Frame::new(visit, visit.t("规则变更", "Change of the rules")).naming(&change).await?,
        differences: Json(&change).each("differences")?.into_iter().map(line).collect::<Result<_, _>>()?,
        offers: offered(visit, "rules", id, Json(&change)),
        change: Json(&change),
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn lines_of_text_become_days_and_rows() {
        assert_eq!(day("2027-01-01 休 元旦 假期"), json!({ "date": "2027-01-01", "off": true, "name": "元旦 假期" }));
        assert_eq!(day("2027-02-06 worked"), json!({ "date": "2027-02-06", "off": false, "name": "" }));
        assert_eq!(
            day("2027-02-06"),
            json!({ "date": "2027-02-06", "off": "", "name": "" }),
            "the endpoint refuses it"
        );
        let rows = [
            (
                "3002410090,QA,2027-01-01",
                json!({ "hs_code": "3002410090", "documents": ["Q", "A"], "valid_from": "2027-01-01" }),
            ),
            (
                "3002410090，Q, 2027-01-01, 2027-12-31, 3002410000",
                json!({ "hs_code": "3002410090", "documents": ["Q"], "valid_from": "2027-01-01", "valid_to": "2027-12-31", "replaces": "3002410000" }),
            ),
            ("3002410090", json!({ "hs_code": "3002410090", "documents": [] })),
        ];
        for (line, expected) in rows {
            assert_eq!(row(line), expected, "{line}");
        }
    }

    #[test]
    fn a_fault_stands_beside_the_text_it_was_made_in() {
        let put = |table, field: &str| {
            let fault = beside(Lang::En, table, FieldFault { field: field.to_owned(), text: "no.".to_owned() });
            (fault.field, fault.text)
        };
        let said = |field: &str, text: &str| (field.to_owned(), text.to_owned());
        assert_eq!(put(RuleTable::Scheme, "/rules/valid_from"), said("/rules/valid_from", "no."));
        assert_eq!(put(RuleTable::Scheme, "/rules/caps/x"), said(REST, "caps/x: no."));
        assert_eq!(put(RuleTable::Calendar, "/rules/years/2027/days/2/date"), said(DAYS, "Line 3: no."));
        assert_eq!(put(RuleTable::Calendar, "/rules/years"), said("_year", "no."));
        assert_eq!(put(RuleTable::Tariff, "/rules/rows/0/hs_code"), said(ROWS, "Line 1: no."));
        assert_eq!(put(RuleTable::Tariff, ""), said("", "no."));
    }
}
