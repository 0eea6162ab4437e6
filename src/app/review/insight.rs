//! What a case tells those who work on it: timeline and clocks, notes, decisions, precedents, automatic checks.

use super::{Case, Clocks, clocks, frozen, refused, telling, turns, views};
use crate::app::notices::tell;
use crate::app::repeat::{Repeat, Written};
use crate::app::report::own;
use crate::app::screening::{Registered, registration, screen};
use crate::app::{App, AppError};
use crate::domain::actor::Caller;
use crate::domain::application::State;
use crate::domain::application::event::EventKind;
use crate::domain::calendar::WorkingCalendar;
use crate::domain::case_clock::{Span, spans};
use crate::domain::case_rule::CaseRule;
use crate::domain::code::{Cas, HsCode, Uscc};
use crate::domain::id::{ApplicationId, PersonId};
use crate::domain::lang::Lang;
use crate::domain::notice::{Addressee, NoticeKind};
use crate::domain::revision::Revision;
use crate::domain::stop::ItemClass;
use crate::domain::terms_json::Item;
use crate::domain::validity::{Instant, LegalDay};
use crate::store::application_rows::{ApplicationRow, CaseEventRow};
use crate::store::applications::{self, NewEvent};
use crate::store::decisions::DecisionRow;
use crate::store::keep::people;
use crate::store::{AnyConnection, StoreError, Tx, appeals, decisions, enterprises, listings, log, rulebook};
use crate::tlog::entry::Entry;
use serde_json::{Value, json};
use std::collections::{BTreeMap, HashMap};
use std::sync::Arc;

/// Decisions named as precedents.
const MOST_PRECEDENTS: i64 = 20;

/// A timeline with the clocks derived from it.
#[derive(Debug, Clone)]
pub struct Timeline {
    /// The case.
    pub application: String,
    /// What happened, as far as the reader may see it.
    pub events: Vec<CaseEventRow>,
    /// Its clocks.
    pub clocks: Clocks,
    /// Its stages.
    pub spans: Vec<Span>,
    /// The day they are read on.
    pub today: LegalDay,
    /// Working days before the due day from which it is due soon.
    pub soon: u16,
}

/// A note as it is written.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct NewNote {
    /// What it says.
    pub text: String,
    /// Whether the applicant sees it.
    pub visible: bool,
    /// Whether it cannot wait.
    pub urgent: bool,
    /// Who is to see it: ids of people, codes of offices of the case.
    pub mentions: Vec<String>,
}

/// A note that was written.
#[derive(Debug, Clone)]
pub struct Note(pub CaseEventRow);

impl App {
    /// Returns the working-day calendar as this node knows it.
    #[must_use]
    pub fn working_calendar(&self) -> Arc<WorkingCalendar> {
        Arc::clone(self.index.load().calendar())
    }

    /// Reads the timeline of a case as it was known at a revision, its clocks as of that day; the applicant sees what is meant
    /// for it.
    ///
    /// # Errors
    /// [`AppError::NotFound`]; [`AppError::NotYetCurrent`] for a revision still to come.
    pub fn timeline(
        &self,
        caller: &Caller,
        id: ApplicationId,
        only: Option<EventKind>,
        as_of: Option<Revision>,
    ) -> Result<Timeline, AppError> {
        self.is_known(as_of)?;
        let (today, calendar) = (self.clock.now().day(), self.working_calendar());
        self.store.read(|conn| {
            let case = Case::known(conn, caller, id, as_of)?;
            let events = case.events(conn, as_of)?;
            let today = match as_of {
                Some(at) => recorded_on(conn, at)?.unwrap_or(today),
                None => today,
            };
            let turns = turns(&events)?;
            let everything = own(caller).is_none();
            let shown = |row: &CaseEventRow| {
                (everything || row.visible_to_applicant == 1) && only.is_none_or(|kind| row.kind == kind.as_str())
            };
            Ok(Timeline {
                clocks: clocks(&turns, &case.scheme, &calendar, today),
                spans: spans(&turns, &calendar, today),
                events: events
                    .into_iter()
                    .filter(shown)
                    .map(|row| if everything { row } else { outside(row) })
                    .collect(),
                application: case.row.id,
                today,
                soon: case.scheme.casework.due_soon_days,
            })
        })
    }

    /// Writes a note on a case, for colleagues or for the applicant as well; whoever it mentions is told, and if it is urgent
    /// whoever has the case in hand.
    ///
    /// # Errors
    /// [`AppError::NotFound`], [`AppError::Refused`] when it mentions whom nobody knows; the store's failure.
    pub fn note(
        &self,
        caller: &Caller,
        request_id: Option<String>,
        id: ApplicationId,
        note: NewNote,
        repeat: Repeat<Note>,
    ) -> Result<Written<Note>, AppError> {
        let caller = caller.clone();
        self.repeatable(self.context(&caller, request_id), repeat, move |tx| {
            let case = Case::open(tx.conn(), &caller, id)?;
            let NewNote { text, visible, urgent, mentions } = note;
            if visible {
                let to = telling::enterprise(&case.row)?;
                tell(tx, &telling::about(&case.row, to, NoticeKind::NoteAdded))?;
            }
            for to in readers(tx, &case, &mentions, urgent)? {
                let kind = if urgent { NoticeKind::NoteUrgent } else { NoticeKind::NoteForYou };
                tell(tx, &telling::about(&case.row, to, kind))?;
            }
            let detail = json!({ "urgent": urgent, "mentions": mentions });
            let event = NewEvent { detail: Some(detail), note: Some(text), hidden: !visible, ..NewEvent::default() };
            Ok(Note(applications::append_event(tx, &case.row, EventKind::Noted, event)?))
        })
    }

    /// Shows the decisions on a case as they were known at a revision; the applicant sees what was decided, not what is
    /// proposed.
    ///
    /// # Errors
    /// [`AppError::NotFound`]; [`AppError::NotYetCurrent`] for a revision still to come.
    pub fn case_decisions(
        &self,
        caller: &Caller,
        id: ApplicationId,
        as_of: Option<Revision>,
        lang: Lang,
    ) -> Result<(Revision, Value), AppError> {
        self.is_known(as_of)?;
        let known = |revision: i64| as_of.is_none_or(|at| revision <= at.0);
        let follows = as_of.unwrap_or_else(|| self.index.load().revision());
        self.store.read(|conn| {
            let case = Case::known(conn, caller, id, as_of)?;
            let applicant = own(caller).is_some();
            let rows = decisions::versions(conn, &case.row.id)?.into_iter().filter(|row| known(row.revision));
            let rows: BTreeMap<i32, DecisionRow> = rows.map(|row| (row.line, row)).collect();
            let mut items = Vec::new();
            for row in rows.values().filter(|row| !applicant || row.decided_by.is_some()) {
                let mut view = views::decision(row, follows, lang)?;
                if let (true, Some(members)) = (applicant, view.as_object_mut()) {
                    // Who proposed and decided is the bureau's own business; the letter names the office.
                    members.insert("proposed_by".to_owned(), Value::Null);
                    members.insert("decided_by".to_owned(), Value::Null);
                }
                items.push(view);
            }
            let mut latest = BTreeMap::new();
            for row in appeals::versions(conn, &case.row.id)?.into_iter().filter(|row| known(row.revision)) {
                latest.insert(row.id.clone(), row);
            }
            let appeals: Vec<Value> = latest.values().map(views::appeal).collect();
            let view =
                json!({ "application": case.row.id, "state": case.row.state, "items": items, "appeals": appeals });
            Ok((Revision(case.row.revision), view))
        })
    }

    /// Finds how items with the same HS code or CAS number were decided before, item by item.
    ///
    /// # Errors
    /// [`AppError::NotFound`].
    pub fn precedents(&self, caller: &Caller, id: ApplicationId, lang: Lang) -> Result<Value, AppError> {
        let follows = self.index.load().revision();
        self.store.read(|conn| {
            let case = Case::open(conn, caller, id)?;
            let mut items = Vec::new();
            for line in case.content(conn)?.lines {
                let Some(terms) = line.ask.terms() else { continue };
                let hs_code = i64::try_from(terms.item.hs_code.value()).map_err(StoreError::damaged)?;
                let cas = terms.item.cas.map(|cas| i64::try_from(cas.value())).transpose().map_err(StoreError::damaged)?;
                let mut found = Vec::new();
                for row in decisions::precedents(conn, Some(hs_code), cas, MOST_PRECEDENTS)? {
                    if row.application != case.row.id {
                        found.push(precedent(&row, follows, lang)?);
                    }
                }
                items.push(json!({ "line": line.line, "hs_code": terms.item.hs_code, "cas": terms.item.cas, "precedents": found }));
            }
            Ok(json!({ "application": case.row.id, "items": items }))
        })
    }

    /// Runs the automatic checks of a case: none of them decides anything.
    ///
    /// # Errors
    /// [`AppError::NotFound`].
    pub fn case_checks(&self, caller: &Caller, id: ApplicationId, lang: Lang) -> Result<Value, AppError> {
        let today = self.clock.now().day();
        self.store.read(|conn| {
            let case = Case::open(conn, caller, id)?;
            let found = checks(conn, &case, today)?;
            let items: Vec<Value> = found
                .into_iter()
                .map(|(line, check, about)| {
                    json!({ "line": line, "code": check, "text": check.name(lang), "about": about })
                })
                .collect();
            Ok(json!({ "application": case.row.id, "checked_on": today, "items": items }))
        })
    }
}

/// Says on which legal day a revision was recorded.
fn recorded_on(conn: &mut AnyConnection, revision: Revision) -> Result<Option<LegalDay>, StoreError> {
    let Some(row) = log::find_entry(conn, revision.0)? else { return Ok(None) };
    let entry = Entry::from_leaf(&row.leaf).map_err(StoreError::damaged)?;
    Ok(Instant::parse(&entry.at).ok().map(Instant::day))
}

/// Leaves out of an event what is between colleagues: whom a note mentions.
fn outside(row: CaseEventRow) -> CaseEventRow {
    if row.kind == EventKind::Noted.as_str() { CaseEventRow { detail: None, ..row } } else { row }
}

/// Finds whom a note is for, each once: whom it mentions, and who has the case in hand when it cannot wait. What concerns the
/// applicant it is told as such, never through a mention.
fn readers(tx: &mut Tx<'_>, case: &Case, mentions: &[String], urgent: bool) -> Result<Vec<Addressee>, AppError> {
    let mut readers: Vec<Addressee> = Vec::new();
    let mut add = |reader: Addressee| {
        if !readers.contains(&reader) {
            readers.push(reader);
        }
    };
    for mention in mentions {
        let office = *mention == case.row.district || case.agencies().contains(mention);
        let person = PersonId::parse(mention).ok();
        match person {
            Some(person) if people::is_known(tx.conn(), person)? => add(Addressee::Person(person)),
            None if office => add(Addressee::Org(mention.clone())),
            Some(_) | None => return Err(refused(CaseRule::MentionUnknown)),
        }
    }
    if urgent {
        let stage = case.row.state()?;
        let in_hand = telling::in_hand(case, stage)?.into_iter();
        in_hand.filter(|to| !matches!(to, Addressee::Enterprise(_))).for_each(add);
    }
    Ok(readers)
}

fn precedent(row: &decisions::DecisionRow, follows: Revision, lang: Lang) -> Result<Value, StoreError> {
    let hs_code = row.hs_code.and_then(|code| u64::try_from(code).ok()).and_then(HsCode::from_value);
    let cas = row.cas.and_then(|cas| u64::try_from(cas).ok()).and_then(Cas::from_value);
    Ok(json!({
        "application": row.application,
        "enterprise": row.enterprise,
        "hs_code": hs_code,
        "cas": cas,
        "decision": views::decision(row, follows, lang)?,
    }))
}

crate::domain::application::words! {
    /// What an automatic check finds.
    Check {
        /// The enterprise already holds a listing for the item.
        Duplicate "duplicate" "企业已有同一物品的名单条目" "the enterprise already holds a listing for the item";
        /// Another open application asks for the same item.
        Pending "pending" "企业另有在办申请涉及同一物品" "another open application of the enterprise asks for the same item";
        /// The enterprise is barred.
        Barred "barred" "企业在限制申请期内" "the enterprise is barred";
        /// The enterprise stands on a list of dishonesty, of customs, or of bars elsewhere.
        ScreeningHit "screening_hit" "企业出现在失信、海关或其他限制名单中" "the enterprise stands on a list of dishonesty, of customs, or of bars elsewhere";
        /// The register of business entities does not know the enterprise under its code and name.
        RegistrationDoubtful "registration_doubtful" "与经营主体登记不符：查无此代码、登记已终止或名称不一致" "the register of business entities does not know the enterprise under its code and name";
        /// The enterprise is suspended.
        EnterpriseSuspended "enterprise_suspended" "企业名单已整体暂停" "the enterprise is suspended";
        /// The tariff does not know the HS code.
        HsUnknown "hs_code_unknown" "税则中没有该商品编号" "the tariff does not know the HS code";
        /// The tariff does not ask for the document that the list waives.
        DocumentNotRequired "document_not_required" "税则显示该商品编号不需要进口药品通关单" "by the tariff the item does not need the document that the list waives";
        /// The item is of an excluded class.
        ExcludedClass "excluded_class" "属于排除品类" "the item belongs to an excluded class";
        /// The item's class is stopped.
        ClassStopped "class_stopped" "该类物品已停止适用" "the class of the item is stopped";
        /// The enterprise would hold more listings than it may.
        CapExceeded "cap_exceeded" "超过每家企业的条目上限" "the enterprise would hold more listings than it may";
    }
}

/// A finding: line of the item, check, and what it is about.
type Checked = (Option<u16>, Check, Option<String>);

/// Finds what speaks against a case by itself.
fn checks(conn: &mut AnyConnection, case: &Case, today: LegalDay) -> Result<Vec<Checked>, AppError> {
    let mut found = Vec::new();
    let content = case.content(conn)?;
    let enterprise = enterprises::versions(conn, &case.row.enterprise)?;
    let standing = enterprise.iter().rfind(|row| row.effective_on <= today.value());
    let uscc = Uscc::parse(&case.row.enterprise).map_err(|_| StoreError::damaged("a USCC"))?;
    let stated = standing.map(|row| row.name_zh.as_str());
    let Registered { registration, name } = registration(conn, uscc, stated, today)?;
    if registration.doubtful() {
        found.push((None, Check::RegistrationDoubtful, Some(name.unwrap_or_else(|| registration.as_str().to_owned()))));
    }
    for hit in screen(conn, uscc, today)? {
        found.push(match hit.entry {
            None => (None, Check::Barred, hit.to.map(|day| day.to_string())),
            Some(entry) => (None, Check::ScreeningHit, Some(format!("{} {entry}", hit.list))),
        });
    }
    if standing.is_some_and(|row| row.suspended == 1) {
        found.push((None, Check::EnterpriseSuspended, None));
    }
    let mut newest = std::collections::BTreeMap::new();
    for row in listings::versions_of_enterprises(conn, std::slice::from_ref(&case.row.enterprise))? {
        newest.insert(row.number.clone(), row);
    }
    let held: Vec<_> =
        newest.values().filter(|row| row.standing != "removed" && row.valid_to >= today.value()).collect();
    let others = others(conn, case)?;
    let stops = active_stops(conn, today)?;
    let mut asked = 0_usize;
    for line in &content.lines {
        let Some(terms) = line.ask.terms() else { continue };
        asked = asked.saturating_add(1);
        let number = Some(line.line);
        let item = &terms.item;
        let hs_code = i64::try_from(item.hs_code.value()).map_err(StoreError::damaged)?;
        let cas = item.cas.map(|cas| i64::try_from(cas.value())).transpose().map_err(StoreError::damaged)?;
        let same = held.iter().find(|row| {
            let named = crate::domain::item_name::normalise_name(&row.name_zh)
                == crate::domain::item_name::normalise_name(&item.words.name_zh);
            row.hs_code == hs_code && if row.cas.is_some() && cas.is_some() { row.cas == cas } else { named }
        });
        if let Some(row) = same.filter(|row| line.ask.listing().is_none_or(|listing| listing.to_string() != row.number))
        {
            found.push((number, Check::Duplicate, Some(row.number.clone())));
        }
        let pending = others.iter().find(|(_, other)| {
            other.hs_code == item.hs_code && (other.cas == item.cas || other.words.name_zh == item.words.name_zh)
        });
        found.extend(pending.map(|(application, _)| (number, Check::Pending, Some(application.clone()))));
        let tariff = rulebook::tariff_of(conn, hs_code)?;
        let tariff = tariff
            .iter()
            .rfind(|row| row.valid_from <= today.value() && row.valid_to.is_none_or(|last| today.value() <= last));
        match tariff {
            None => found.push((number, Check::HsUnknown, Some(item.hs_code.to_string()))),
            Some(row) => {
                let documents = crate::domain::code::DocumentSet::parse(&row.documents)
                    .map_err(|_| StoreError::damaged("documents of a tariff row"))?;
                if documents.intersection(case.scheme.waived_documents).is_empty() {
                    found.push((number, Check::DocumentNotRequired, Some(item.hs_code.to_string())));
                }
            }
        }
        if case.scheme.casework.excludes(item.cas, item.hs_code) {
            found.push((number, Check::ExcludedClass, item.cas.map(|cas| cas.to_string())));
        }
        let stopped = stops.iter().find(|(_, class)| stops_item(class, item));
        found.extend(stopped.map(|(id, _)| (number, Check::ClassStopped, Some(id.clone()))));
    }
    if let Some(cap) = case.scheme.caps.listings_per_enterprise {
        let would_hold = held.len().saturating_add(asked);
        if u32::try_from(would_hold).is_ok_and(|would_hold| would_hold > cap) {
            found.push((None, Check::CapExceeded, Some(cap.to_string())));
        }
    }
    Ok(found)
}

fn stops_item(class: &ItemClass, item: &Item) -> bool {
    if let ItemClass::Cas(cas) = class {
        item.cas == Some(*cas)
    } else if let ItemClass::HsPrefix(prefix) = class {
        item.hs_code.to_string().starts_with(prefix.as_str())
    } else if let ItemClass::Purpose(purpose) = class {
        item.purpose == Some(*purpose)
    } else {
        false
    }
}

/// Items of the enterprise's other open applications.
fn others(conn: &mut AnyConnection, case: &Case) -> Result<Vec<(String, Item)>, AppError> {
    let open = State::ALL.iter().copied().filter(|state| state.is_open()).collect();
    let narrowing =
        applications::Narrowing { enterprise: Some(case.row.enterprise.clone()), states: open, ..Default::default() };
    let rows: Vec<ApplicationRow> = applications::list(conn, &narrowing, "", 200)?;
    let present: HashMap<&str, &ApplicationRow> =
        rows.iter().filter(|row| row.id != case.row.id).map(|row| (row.id.as_str(), row)).collect();
    let ids: Vec<String> = present.keys().map(|id| (*id).to_owned()).collect();
    let mut found = Vec::new();
    for content in applications::contents_of(conn, &ids)? {
        let row = present.get(content.application.as_str()).filter(|row| row.content == content.version);
        let Some(row) = row else { continue };
        let lines = frozen(&content.body, row.kind()?)?.lines;
        let items = lines.iter().filter_map(|line| line.ask.terms());
        found.extend(items.map(|terms| (content.application.clone(), terms.item.clone())));
    }
    Ok(found)
}

fn active_stops(conn: &mut AnyConnection, today: LegalDay) -> Result<Vec<(String, ItemClass)>, AppError> {
    let mut newest = std::collections::BTreeMap::new();
    for row in rulebook::stops_since(conn, 0)? {
        if row.effective_on <= today.value() {
            newest.insert(row.id.clone(), row);
        }
    }
    let active = newest.into_values().filter(|row| row.stopped == 1);
    active
        .map(|row| {
            let class = serde_json::from_str(&row.class).map_err(|_| StoreError::damaged("a stop's class"))?;
            Ok((row.id, class))
        })
        .collect()
}
