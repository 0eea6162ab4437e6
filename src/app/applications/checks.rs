//! Gathers what an application is judged by, and lets the domain judge it.

use super::draft::{kind, well_formed};
use crate::app::App;
use crate::app::adjust::scheme_in_force;
use crate::app::error::{AppError, Refusal};
use crate::app::plan::{dated, dated_enterprise};
use crate::app::report::own_or_fault;
use crate::app::screening::{registration, screen};
use crate::domain::actor::Caller;
use crate::domain::adjustment::ReasonCode;
use crate::domain::application::check::{Circumstances, Finding, Found, HandedIn, Holding, Pending, check};
use crate::domain::application::content::{self, Content};
use crate::domain::application::{Kind, State};
use crate::domain::code::{DocumentSet, HsCode, Uscc};
use crate::domain::enterprise::EnterpriseState;
use crate::domain::error::Rule;
use crate::domain::fault::Fault;
use crate::domain::id::ApplicationId;
use crate::domain::lang::Lang;
use crate::domain::listing_number::ListingNumber;
use crate::domain::scheme::Scheme;
use crate::domain::screening::ScreeningList;
use crate::domain::timeline::timeline;
use crate::domain::validity::LegalDay;
use crate::store::applications::{self, Narrowing};
use crate::store::documents::{self, DocumentRow};
use crate::store::keep::drafts;
use crate::store::rows::{EnterpriseRow, ListingRow};
use crate::store::{AnyConnection, StoreError, enterprises, listings, rulebook};

/// What is judged.
pub struct Judged<'a> {
    /// Application or draft.
    pub id: &'a str,
    /// Its enterprise.
    pub enterprise: &'a str,
    /// What it asks for.
    pub kind: Kind,
    /// What it says.
    pub content: &'a Content,
}

/// Judges a content as of a day, against the list as it stands.
///
/// # Errors
/// The store's failure.
pub fn findings(
    conn: &mut AnyConnection,
    judged: &Judged<'_>,
    scheme: &Scheme,
    today: LegalDay,
) -> Result<Vec<Finding>, StoreError> {
    let applicant = applicant(conn, judged.enterprise, today)?;
    let holdings = holdings(conn, judged.enterprise)?;
    let pending = pending(conn, judged.enterprise, judged.id)?;
    let documents: Vec<HandedIn> = handed_in(conn, judged.id)?
        .into_iter()
        .map(|row| HandedIn { infected: row.scan == "infected", kind: row.kind })
        .collect();
    let tariff = tariff(conn, judged.content, today)?;
    let uscc = Uscc::parse(judged.enterprise).map_err(|_| StoreError::damaged("a USCC"))?;
    let screened: Vec<ScreeningList> =
        screen(conn, uscc, today)?.iter().filter_map(|hit| ScreeningList::parse(hit.list).ok()).collect();
    let stated = applicant.as_ref().map(|state| state.particulars.name_zh.as_str());
    let registration = registration(conn, uscc, stated, today)?.registration;
    Ok(check(
        judged.content,
        &Circumstances {
            kind: judged.kind,
            today,
            scheme,
            applicant: applicant.as_ref(),
            registration,
            screened: &screened,
            holdings: &holdings,
            pending: &pending,
            documents: &documents,
            tariff: &tariff,
        },
    ))
}

/// Returns the documents of an application that were not removed.
///
/// # Errors
/// The store's failure.
pub fn handed_in(conn: &mut AnyConnection, application: &str) -> Result<Vec<DocumentRow>, StoreError> {
    let mut rows = documents::of_application(conn, application)?;
    rows.retain(|row| row.removed == 0);
    Ok(rows)
}

/// Returns an enterprise on a day; none when it is not registered.
///
/// # Errors
/// [`StoreError::Damaged`] when a code is none.
pub fn applicant(
    conn: &mut AnyConnection,
    enterprise: &str,
    today: LegalDay,
) -> Result<Option<EnterpriseState>, StoreError> {
    let rows = enterprises::versions(conn, enterprise)?;
    Ok(holding_on(&rows, today).map(dated_enterprise).transpose()?.map(|(_, state)| state))
}

/// Returns the version of an enterprise that holds on a day; before the first day the first.
fn holding_on(rows: &[EnterpriseRow], today: LegalDay) -> Option<&EnterpriseRow> {
    let known = rows.iter().filter(|row| row.effective_on <= today.value());
    known.max_by_key(|row| (row.effective_on, row.version)).or_else(|| rows.first())
}

/// Says why and until when an enterprise may not apply, for people.
///
/// # Errors
/// The store's failure.
pub fn bar_in_words(
    conn: &mut AnyConnection,
    enterprise: &str,
    today: LegalDay,
) -> Result<Option<(String, String)>, StoreError> {
    let rows = enterprises::versions(conn, enterprise)?;
    let Some(until) = holding_on(&rows, today).and_then(|row| row.barred_until).and_then(LegalDay::from_value) else {
        return Ok(None);
    };
    let Some(bar) = rows.iter().rev().find(|row| row.kind == "barred") else { return Ok(None) };
    let basis = bar.reason_basis.as_deref();
    let (zh, en) = basis.map_or_else(Default::default, |basis| (format!("，依据：{basis}"), format!(" ({basis})")));
    let ground = |lang| ReasonCode::parse(&bar.reason_code).map_or(bar.reason_code.as_str(), |code| code.name(lang));
    Ok(Some((
        format!("企业自{}的次日起方可申请；限制事由：{}{zh}。", until.said(Lang::Zh), ground(Lang::Zh)),
        format!(
            "The enterprise may apply again after {}; ground of the bar: {}{en}.",
            until.said(Lang::En),
            ground(Lang::En)
        ),
    )))
}

fn holdings(conn: &mut AnyConnection, enterprise: &str) -> Result<Vec<Holding>, StoreError> {
    let rows = listings::versions_of_enterprises(conn, &[enterprise.to_owned()])?;
    let mut holdings: Vec<(ListingNumber, Vec<ListingRow>)> = Vec::new();
    for row in rows {
        let number = ListingNumber::parse(&row.number).map_err(|_| StoreError::damaged("a listing number"))?;
        match holdings.last_mut() {
            Some((known, versions)) if *known == number => versions.push(row),
            Some(_) | None => holdings.push((number, vec![row])),
        }
    }
    let holding = |(number, rows): (ListingNumber, Vec<ListingRow>)| {
        let last = rows.last().ok_or_else(|| StoreError::damaged("a listing without versions"))?;
        let (scheme, used) = (last.scheme.clone(), last.used);
        let states = rows.iter().map(dated).collect::<Result<Vec<_>, _>>()?;
        Ok(Holding { number, scheme, used, timeline: timeline(states) })
    };
    holdings.into_iter().map(holding).collect()
}

fn pending(conn: &mut AnyConnection, enterprise: &str, but: &str) -> Result<Vec<Pending>, StoreError> {
    let open = State::ALL.iter().copied().filter(|state| state.is_open()).collect();
    let narrowing = Narrowing { enterprise: Some(enterprise.to_owned()), states: open, ..Narrowing::default() };
    let mut pending = Vec::new();
    for row in applications::list(conn, &narrowing, "", 200)?.into_iter().filter(|row| row.id != but) {
        let Some(stored) = applications::content(conn, &row.id, row.content)? else { continue };
        let content = frozen(&stored.body, row.kind()?)?;
        let items = content.lines.iter().filter_map(|line| line.ask.terms()).map(|terms| terms.item.clone());
        pending.extend(items.map(|item| Pending { application: row.id.clone(), item }));
    }
    Ok(pending)
}

/// Reads a frozen content.
///
/// # Errors
/// [`StoreError::Damaged`] when it is not what was lodged.
pub fn frozen(body: &str, kind: Kind) -> Result<Content, StoreError> {
    let body = serde_json::from_str(body).map_err(StoreError::damaged)?;
    content::read(&body, kind).map_err(|_| StoreError::damaged("a frozen content"))
}

fn tariff(
    conn: &mut AnyConnection,
    content: &Content,
    today: LegalDay,
) -> Result<Vec<(HsCode, DocumentSet)>, StoreError> {
    let mut codes: Vec<HsCode> =
        content.lines.iter().filter_map(|line| line.ask.terms()).map(|terms| terms.item.hs_code).collect();
    codes.sort_unstable();
    codes.dedup();
    let mut known = Vec::new();
    for code in codes {
        let rows = rulebook::tariff_of(conn, i64::try_from(code.value()).map_err(StoreError::damaged)?)?;
        let holds =
            rows.iter().filter(|row| row.valid_from <= today.value()).max_by_key(|row| (row.valid_from, row.version));
        let holds = holds.filter(|row| row.valid_to.is_none_or(|last| today.value() <= last));
        if let Some(row) = holds {
            let documents =
                DocumentSet::parse(&row.documents).map_err(|_| StoreError::damaged("documents of a tariff row"))?;
            known.push((code, documents));
        }
    }
    Ok(known)
}

/// Refuses what blocks.
///
/// # Errors
/// [`AppError::Refused`] with every blocking finding; [`AppError::Explained`] when a bar is among them.
pub fn unblocked(
    conn: &mut AnyConnection,
    enterprise: &str,
    today: LegalDay,
    findings: &[Finding],
) -> Result<(), AppError> {
    let refusals: Vec<Refusal> = findings
        .iter()
        .filter_map(|finding| match finding.found {
            Found::Blocks(rule) => Some(Refusal { pointer: finding.pointer.clone(), rule }),
            Found::Hint(_) => None,
        })
        .collect();
    if refusals.is_empty() {
        return Ok(());
    }
    let barred = refusals.iter().any(|refusal| refusal.rule == Rule::Barred);
    match bar_in_words(conn, enterprise, today)?.filter(|_| barred) {
        Some((zh, en)) => Err(AppError::Explained(refusals, zh, en)),
        None => Err(AppError::Refused(refusals)),
    }
}

/// What is still to be done before an application can be lodged, or what stands against one.
#[derive(Debug, Clone)]
pub struct Checklist {
    /// What is wrong with its form; findings are made only when nothing is.
    pub faults: Vec<Fault>,
    /// What was found.
    pub findings: Vec<Finding>,
    /// The scheme that asks.
    pub scheme: Scheme,
    /// What it asks for.
    pub kind: Kind,
    /// Its content as it stands.
    pub content: serde_json::Value,
    /// Kinds of the documents that are there.
    pub documents: Vec<String>,
}

impl App {
    /// Checks an application of the caller's enterprise without changing anything.
    ///
    /// # Errors
    /// [`AppError::NotFound`] also for those of others.
    pub fn checklist(&self, caller: &Caller, id: ApplicationId) -> Result<Checklist, AppError> {
        let enterprise = own_or_fault(caller)?.to_string();
        let today = self.clock.now().day();
        self.store.read(|conn| {
            let id = id.to_string();
            let (kind, scheme, body) = match drafts::find(conn, &id)?.filter(|row| row.enterprise == enterprise) {
                Some(draft) => (kind(&draft)?, draft.scheme, draft.body),
                None => {
                    let row = applications::find(conn, &id)?.filter(|row| row.enterprise == enterprise);
                    let row = row.ok_or(AppError::NotFound)?;
                    let content = applications::content(conn, &id, row.content)?.ok_or(AppError::NotFound)?;
                    (row.kind()?, row.scheme.clone(), content.body)
                }
            };
            let scheme = scheme_in_force(conn, &scheme, today)?;
            let body: serde_json::Value = serde_json::from_str(&body).map_err(StoreError::damaged)?;
            let documents = handed_in(conn, &id)?.into_iter().map(|row| row.kind).collect();
            let (faults, findings) = match content::read(&body, kind) {
                Err(faults) => (faults, Vec::new()),
                Ok(content) => {
                    let judged = Judged { id: &id, enterprise: &enterprise, kind, content: &content };
                    (Vec::new(), findings(conn, &judged, &scheme, today)?)
                }
            };
            Ok(Checklist { faults, findings, scheme, kind, content: body, documents })
        })
    }
}

/// Reads and judges a body that is about to be lodged.
///
/// # Errors
/// [`AppError::Faults`], [`AppError::Refused`].
pub fn accepted(
    conn: &mut AnyConnection,
    id: &str,
    enterprise: &str,
    kind: Kind,
    body: &serde_json::Value,
    scheme: &Scheme,
    today: LegalDay,
) -> Result<Content, AppError> {
    let content = well_formed(body, kind)?;
    let judged = Judged { id, enterprise, kind, content: &content };
    let found = findings(conn, &judged, scheme, today)?;
    unblocked(conn, enterprise, today, &found)?;
    Ok(content)
}
