//! Drafts: begun, changed with whatever is in them, copied from an earlier application, thrown away.
//!
//! A draft is working state of its enterprise: nobody else sees it and no entry of the log knows it. Its entity tag
//! counts its versions.

use super::after_id;
use crate::app::App;
use crate::app::error::AppError;
use crate::app::repeat::{Repeat, Written};
use crate::app::report::own_or_fault;
use crate::domain::actor::Caller;
use crate::domain::application::content::{self, Content};
use crate::domain::application::{Kind, State};
use crate::domain::error::Rule;
use crate::domain::fault::Fault;
use crate::domain::id::{ApplicationId, time_ordered};
use crate::domain::revision::Revision;
use crate::store::applications::{self, Narrowing};
use crate::store::keep::drafts::{self, DraftRow};
use crate::store::private::random;
use crate::store::{AnyConnection, StoreError, Tx};
use serde_json::{Map, Value};

/// Drafts and open applications that one enterprise may have at once.
const MOST_OPEN: usize = 200;

/// Members of a draft that its writer may set.
pub const MEMBERS: [&str; 4] = ["items", "answers", "reason", "contact"];

/// A draft with everything that is wrong with its form.
#[derive(Debug, Clone)]
pub struct Draft {
    /// Its row.
    pub row: DraftRow,
    /// Its content as its writer left it.
    pub content: Value,
    /// What is wrong with it.
    pub faults: Vec<Fault>,
}

impl Draft {
    /// Opens a stored draft.
    ///
    /// # Errors
    /// [`StoreError::Damaged`] when it is no JSON.
    pub fn open(row: DraftRow) -> Result<Self, StoreError> {
        let content: Value = serde_json::from_str(&row.body).map_err(StoreError::damaged)?;
        let faults = content::read(&content, kind(&row)?).err().unwrap_or_default();
        Ok(Self { row, content, faults })
    }
}

/// Reads the kind of a draft.
///
/// # Errors
/// [`StoreError::Damaged`] when it is none.
pub fn kind(row: &DraftRow) -> Result<Kind, StoreError> {
    Kind::parse(&row.kind).ok_or_else(|| StoreError::Damaged(format!("the kind of {}", row.id)))
}

/// What a draft is begun with.
#[derive(Debug, Clone)]
pub struct Begun {
    /// What it is to ask for.
    pub kind: Kind,
    /// Under which scheme.
    pub scheme: String,
    /// Its members.
    pub members: Map<String, Value>,
}

impl App {
    /// Begins a draft of the caller's enterprise.
    ///
    /// # Errors
    /// [`AppError::Refused`] when the scheme is not in force or too much is open.
    pub fn begin_application(
        &self,
        caller: &Caller,
        request_id: Option<String>,
        begun: Begun,
        repeat: Repeat<Draft>,
    ) -> Result<Written<Draft>, AppError> {
        let enterprise = own_or_fault(caller)?.to_string();
        self.repeatable(self.context(caller, request_id), repeat, move |tx| begin(tx, enterprise, begun))
    }

    /// Begins a draft with the items, reason and contact of an earlier application; its answers are given anew.
    ///
    /// # Errors
    /// [`AppError::NotFound`] also for applications of others; as [`App::begin_application`].
    pub fn copy_application(
        &self,
        caller: &Caller,
        request_id: Option<String>,
        id: ApplicationId,
        repeat: Repeat<Draft>,
    ) -> Result<Written<Draft>, AppError> {
        let enterprise = own_or_fault(caller)?.to_string();
        self.repeatable(self.context(caller, request_id), repeat, move |tx| {
            let id = id.to_string();
            let (kind, scheme, body) = match drafts::find(tx.conn(), &id)? {
                Some(draft) if draft.enterprise == enterprise => (kind(&draft)?, draft.scheme, draft.body),
                Some(_) => return Err(AppError::NotFound),
                None => {
                    let row = applications::find(tx.conn(), &id)?;
                    let row = row.filter(|row| row.enterprise == enterprise).ok_or(AppError::NotFound)?;
                    let content = applications::content(tx.conn(), &id, row.content)?.ok_or(AppError::NotFound)?;
                    (row.kind()?, row.scheme.clone(), content.body)
                }
            };
            let earlier: Map<String, Value> = serde_json::from_str(&body).map_err(StoreError::damaged)?;
            let kept = |name: &str| ["items", "reason", "contact"].contains(&name);
            let members = earlier.into_iter().filter(|(name, _)| kept(name)).collect();
            begin(tx, enterprise, Begun { kind, scheme, members })
        })
    }

    /// Changes members of a draft that the caller saw in a version; a null member is removed.
    ///
    /// # Errors
    /// [`AppError::NotFound`], [`AppError::StaleVersion`]; [`AppError::Conflict`] once it is lodged.
    pub fn change_draft(
        &self,
        caller: &Caller,
        request_id: Option<String>,
        id: ApplicationId,
        seen: Revision,
        members: Map<String, Value>,
        repeat: Repeat<Draft>,
    ) -> Result<Written<Draft>, AppError> {
        let enterprise = own_or_fault(caller)?.to_string();
        self.repeatable(self.context(caller, request_id), repeat, move |tx| {
            let row = open(tx.conn(), &enterprise, id, seen)?;
            change(tx, row, members)
        })
    }

    /// Throws a draft away.
    ///
    /// # Errors
    /// As [`App::change_draft`].
    pub fn discard_draft(
        &self,
        caller: &Caller,
        request_id: Option<String>,
        id: ApplicationId,
        seen: Revision,
        repeat: Repeat<Draft>,
    ) -> Result<Written<Draft>, AppError> {
        let enterprise = own_or_fault(caller)?.to_string();
        self.repeatable(self.context(caller, request_id), repeat, move |tx| {
            let row = open(tx.conn(), &enterprise, id, seen)?;
            drafts::remove(tx.conn(), &row.id)?;
            Ok(Draft::open(row)?)
        })
    }
}

/// Changes members of a draft inside a transaction.
///
/// # Errors
/// The store's failure.
pub fn change(tx: &mut Tx<'_>, row: DraftRow, members: Map<String, Value>) -> Result<Draft, AppError> {
    let mut body: Map<String, Value> = serde_json::from_str(&row.body).map_err(StoreError::damaged)?;
    for (name, value) in members {
        if value.is_null() {
            body.shift_remove(&name);
        } else {
            body.insert(name, value);
        }
    }
    let row = DraftRow {
        version: row.version.saturating_add(1),
        body: Value::Object(body).to_string(),
        updated_at: tx.context().at.micros(),
        ..row
    };
    drafts::save(tx.conn(), &row)?;
    Ok(Draft::open(row)?)
}

fn begin(tx: &mut Tx<'_>, enterprise: String, begun: Begun) -> Result<Draft, AppError> {
    let at = tx.context().at;
    crate::app::adjust::scheme_in_force(tx.conn(), &begun.scheme, at.day())?;
    if open_count(tx.conn(), &enterprise)? >= MOST_OPEN {
        return Err(AppError::refused(Rule::TooManyOpen));
    }
    let row = DraftRow {
        id: ApplicationId::new(time_ordered(at, random()?)).to_string(),
        version: 1,
        enterprise,
        kind: begun.kind.as_str().to_owned(),
        scheme: begun.scheme,
        body: Value::Object(begun.members).to_string(),
        created_by: tx.person()?.to_string(),
        created_at: at.micros(),
        updated_at: at.micros(),
    };
    drafts::save(tx.conn(), &row)?;
    Ok(Draft::open(row)?)
}

fn open_count(conn: &mut AnyConnection, enterprise: &str) -> Result<usize, StoreError> {
    let limit = i64::try_from(MOST_OPEN).unwrap_or(i64::MAX);
    let open = State::ALL.iter().copied().filter(|state| state.is_open() && *state != State::Draft).collect();
    let narrowing = Narrowing { enterprise: Some(enterprise.to_owned()), states: open, ..Narrowing::default() };
    let lodged = applications::list(conn, &narrowing, "", limit)?.len();
    Ok(lodged.saturating_add(drafts::list(conn, enterprise, "", limit)?.len()))
}

/// Finds a draft of an enterprise, in the version that the caller saw.
///
/// # Errors
/// [`AppError::NotFound`], [`AppError::StaleDraft`]; [`AppError::Conflict`] once it is lodged.
pub fn open(
    conn: &mut AnyConnection,
    enterprise: &str,
    id: ApplicationId,
    seen: Revision,
) -> Result<DraftRow, AppError> {
    let id = id.to_string();
    match drafts::find(conn, &id)?.filter(|row| row.enterprise == enterprise) {
        Some(row) if i64::from(row.version) == seen.0 => Ok(row),
        Some(row) => Err(AppError::StaleDraft(Revision(i64::from(row.version)))),
        None => {
            let lodged = applications::find(conn, &id)?.filter(|row| row.enterprise == enterprise);
            let row = lodged.ok_or(AppError::NotFound)?;
            super::unmoved(&row, seen)?;
            Err(AppError::Conflict(Revision(row.revision)))
        }
    }
}

/// Reads a content that must be well formed.
///
/// # Errors
/// [`AppError::Faults`] with every fault.
pub fn well_formed(body: &Value, kind: Kind) -> Result<Content, AppError> {
    content::read(body, kind)
        .map_err(|faults| AppError::Faults(faults.into_iter().map(|fault| (fault.pointer, fault.code)).collect()))
}

/// Lists the drafts of an enterprise.
///
/// # Errors
/// The store's failure.
pub fn list(
    conn: &mut AnyConnection,
    enterprise: &str,
    after: &str,
    limit: usize,
) -> Result<(Vec<DraftRow>, Option<String>), StoreError> {
    let most = i64::try_from(limit).unwrap_or(i64::MAX).saturating_add(1);
    let mut rows = drafts::list(conn, enterprise, after, most)?;
    let next = after_id(&mut rows, limit, |row| row.id.clone());
    Ok((rows, next))
}
