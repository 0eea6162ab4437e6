//! Work lists over 500 open applications with 50 items each, on both databases.
//!
//! Every list is read as its people read it, clocks derived and all; opinions are given on half of the cases of the round.

use serde_json::{Value, json};
use std::path::Path;
use std::sync::Arc;
use std::time::Instant;
use whitelist::app::App;
use whitelist::app::review::worklists::{Worklist, WorklistQuery};
use whitelist::domain::actor::{Caller, Role, RoleSet};
use whitelist::domain::application::State;
use whitelist::domain::application::event::EventKind;
use whitelist::domain::id::{ApplicationId, time_ordered};
use whitelist::domain::lang::Lang;
use whitelist::store::application_rows::{ApplicationRow, ContentRow};
use whitelist::store::applications::{NewEvent, append_event, freeze, record};
use whitelist::store::opinions::OpinionRow;
use whitelist::store::private::random;
use whitelist::store::{Author, Context, StoreError, Tx};

use super::Outcome;
use super::list::Sample;
use super::postgres::Postgres;
use super::report::{Goal, Report, length, tell};

/// Open applications.
const CASES: usize = 500;
/// Items of each.
const ITEMS: i32 = 50;
/// Readings of each list.
const READINGS: usize = 100;
/// Stages that the cases are in, in turn.
pub const STAGES: [State; 6] =
    [State::Lodged, State::Accepted, State::InOpinion, State::Deciding, State::Proposed, State::Asked];
/// Goal at p95, milliseconds.
const GOAL: f64 = 50.0;

/// Measures both databases.
pub fn measure(folder: &Path, report: &mut Report) -> Outcome<()> {
    tell("work lists on SQLite …");
    let data = folder.join("worklists");
    let opened = Sample::founded_on(&data, 100, &super::list::database_of(&data))?;
    on_database("SQLite", &opened.app, report)?;
    opened.close();
    let Some(server) = Postgres::start()? else {
        tell("PostgreSQL is not installed: its work lists are not measured");
        return Ok(());
    };
    tell("work lists on PostgreSQL …");
    let opened = Sample::founded_on(&folder.join("pg-worklists"), 100, &server.database("worklists")?)?;
    on_database("PostgreSQL", &opened.app, report)?;
    opened.close();
    Ok(())
}

fn on_database(name: &str, app: &Arc<App>, report: &mut Report) -> Outcome<()> {
    let start = Instant::now();
    for place in 0..CASES {
        let stage = STAGES.get(place % STAGES.len()).copied().unwrap_or(State::Lodged);
        case(app, ENTERPRISE, place, stage, ITEMS)?;
    }
    report.once(
        &format!("{name}: {CASES} applications of {ITEMS} items written"),
        "s",
        start.elapsed().as_secs_f64(),
        Goal::None,
    );
    for list in Worklist::ALL {
        let Some(caller) = reader(*list) else { continue };
        let mut took = Vec::new();
        for _ in 0..READINGS {
            let start = Instant::now();
            app.worklist(&caller, *list, &WorklistQuery::default(), "", 50)?;
            took.push(start.elapsed().as_secs_f64() * 1000.0);
        }
        report.once(&format!("{name}: work list {list}, p95"), "ms", p95(&mut took), Goal::AtMost(GOAL));
    }
    let caller = caller(Role::BureauOfficer, "bj-commerce");
    let mut took = Vec::new();
    for _ in 0..READINGS {
        let start = Instant::now();
        app.worklists(&caller, Lang::Zh)?;
        took.push(start.elapsed().as_secs_f64() * 1000.0);
    }
    report.once(&format!("{name}: counts of every list of an officer, p95"), "ms", p95(&mut took), Goal::None);
    Ok(())
}

/// Returns the time within which 95 % lie; the times are put in order.
pub fn p95(took: &mut [f64]) -> f64 {
    took.sort_by(f64::total_cmp);
    let place = (length(took) * 0.95).ceil();
    took.iter().copied().zip(1_u32..).find(|(_, nth)| f64::from(*nth) >= place).map_or(f64::NAN, |(time, _)| time)
}

fn caller(role: Role, org: &str) -> Caller {
    Caller {
        issuer: "urn:bench".into(),
        subject: format!("{role}@{org}").into(),
        org: org.into(),
        roles: RoleSet::of(&[role]),
        acting_for: None,
    }
}

fn reader(list: Worklist) -> Option<Caller> {
    use whitelist::domain::application::machine::Who;
    list.of().first().map(|who| match who {
        Who::District => caller(Role::DistrictOfficer, "110108"),
        Who::Agency => caller(Role::AgencyReviewer, "bj-drug"),
        Who::BureauApprover => caller(Role::BureauApprover, "bj-commerce"),
        Who::Enterprise | Who::BureauOfficer | Who::System => caller(Role::BureauOfficer, "bj-commerce"),
    })
}

fn body(items: i32) -> Value {
    let item = |line: i32| {
        json!({
            "line": line,
            "item": { "name_zh": format!("研发用物品{line}"), "hs_code": "2937210000", "cas": "50-23-7", "purpose": "preclinical_item" },
            "quantity": "5",
            "unit": "036",
        })
    };
    json!({ "items": (1..=items).map(item).collect::<Vec<_>>(), "contact": { "name": "联系人（合成）" } })
}

/// Writes a case as far as a stage, with a correction behind it.
pub fn case(app: &Arc<App>, enterprise: &str, place: usize, stage: State, items: i32) -> Outcome<()> {
    let enterprise = enterprise.to_owned();
    let at = app.clock.now();
    let by = Author::Caller {
        issuer: "urn:bench".to_owned(),
        subject: format!("writer-{}", place % 20),
        org: "bench".to_owned(),
    };
    let context = Context { at, by, request_id: None };
    app.store.write::<_, StoreError>(context, move |tx| {
        let id = ApplicationId::new(time_ordered(at, random()?)).to_string();
        let person = tx.person()?.to_string();
        let content = ContentRow {
            application: id.clone(),
            version: 0,
            revision: 0,
            enterprise: enterprise.clone(),
            digest: "0".repeat(64),
            body: body(items).to_string(),
            item_count: items,
            lodged_by: person.clone(),
            recorded_at: 0,
        };
        freeze(tx, content, None)?;
        let mut row = ApplicationRow {
            id,
            version: 0,
            revision: 0,
            kind: "add".to_owned(),
            enterprise,
            scheme: "beijing-2022".to_owned(),
            scheme_version: 1,
            district: "110108".to_owned(),
            state: State::Lodged.as_str().to_owned(),
            asked_in: None,
            needs_evaluation: 0,
            opinions: 1,
            fast_track: 0,
            content: 1,
            digest: "0".repeat(64),
            item_count: items,
            lodged_by: person,
            lodged_at: at.micros(),
            state_since: at.micros(),
        };
        row = record(tx, None, row, EventKind::Lodged, NewEvent::default())?;
        let way = [
            (State::Asked, EventKind::Asked),
            (State::Lodged, EventKind::Corrected),
            (State::Accepted, EventKind::Accepted),
            (State::InOpinion, EventKind::Recommended),
            (State::Deciding, EventKind::Consolidated),
            (State::Proposed, EventKind::Proposed),
        ];
        for (state, kind) in way {
            let asked = state == State::Asked;
            let before = row.clone();
            let after = ApplicationRow {
                state: state.as_str().to_owned(),
                asked_in: asked.then(|| State::Lodged.as_str().to_owned()),
                ..row
            };
            let event = NewEvent { working_days: asked.then_some(15), ..NewEvent::default() };
            row = record(tx, Some(&before), after, kind, event)?;
            if state == stage {
                break;
            }
        }
        if stage == State::InOpinion && place.is_multiple_of(2) {
            opinions(tx, &row, items)?;
        }
        append_event(
            tx,
            &row,
            EventKind::Noted,
            NewEvent { note: Some("备注".to_owned()), hidden: true, ..NewEvent::default() },
        )?;
        Ok(())
    })?;
    Ok(())
}

/// An enterprise that applies.
pub const ENTERPRISE: &str = "91110108XFXTR0105W";

/// The lead agency speaks on all items but the last.
fn opinions(tx: &mut Tx<'_>, row: &ApplicationRow, items: i32) -> Result<(), StoreError> {
    for line in 1..items {
        let opinion = OpinionRow {
            application: row.id.clone(),
            line,
            agency: "bj-drug".to_owned(),
            version: 1,
            revision: tx.next_revision().0,
            enterprise: row.enterprise.clone(),
            content: 1,
            item_digest: "0".repeat(64),
            stance: "agree".to_owned(),
            grounds: String::new(),
            conditions: None,
            note: None,
            reviewer: tx.person()?.to_string(),
            recorded_at: row.lodged_at,
        };
        tx.save(opinion, None, "opinion.given")?;
    }
    Ok(())
}
