//! Emergency stops: one officer stops at once, a second person confirms in time or lifts; what nobody confirmed lapses.

use super::adjust::scheme_in_force;
use super::error::AppError;
use super::follow::stage;
use super::found::system;
use super::people::persons::behind;
use super::repeat::{Repeat, Written};
use super::view::Page;
use super::{App, SUPERVISION, telling};
use crate::domain::actor::Caller;
use crate::domain::adjustment::ChangeReason;
use crate::domain::error::Rule;
use crate::domain::id::{StopId, time_ordered};
use crate::domain::notice::NoticeKind;
use crate::domain::revision::Revision;
use crate::domain::stop::{ItemClass, StopStage, StopVerb, second};
use crate::domain::validity::{Instant, LegalDay};
use crate::index::Snapshot;
use crate::store::private::random;
pub use crate::store::rows::StopRow;
use crate::store::{AnyConnection, StoreError, Tx, enterprises, listings, rulebook};

/// Microseconds of an hour.
const HOUR: i64 = 3_600_000_000;

/// A stop as it was asked for.
#[derive(Debug, Clone)]
pub struct NewStop {
    /// Scheme whose hours hold.
    pub scheme: String,
    /// What is stopped.
    pub class: ItemClass,
    /// Why.
    pub reason: ChangeReason,
}

/// What a second person does with an emergency stop.
#[derive(Debug, Clone)]
pub enum Second {
    /// It becomes an ordinary stop with a day of review.
    Confirm,
    /// It ends.
    Lift(ChangeReason),
}

impl App {
    /// Stops at once, for every day.
    ///
    /// # Errors
    /// [`AppError::Refused`] for a listing or an enterprise that does not exist, or a reason without its basis; the
    /// store's failure.
    pub fn make_stop(
        &self,
        caller: &Caller,
        request_id: Option<String>,
        new: NewStop,
        repeat: Repeat<StopRow>,
    ) -> Result<Written<StopRow>, AppError> {
        let list = self.index.snapshot();
        self.repeatable(self.context(caller, request_id), repeat, move |tx| make(tx, new, &list))
    }

    /// Confirms or lifts an emergency stop, as another person than the one who made it.
    ///
    /// # Errors
    /// [`AppError::NotFound`], [`AppError::StaleVersion`], [`AppError::Refused`]; the store's failure.
    pub fn second_stop(
        &self,
        caller: &Caller,
        request_id: Option<String>,
        id: StopId,
        seen: Revision,
        what: Second,
        repeat: Repeat<StopRow>,
    ) -> Result<Written<StopRow>, AppError> {
        let list = self.index.snapshot();
        self.repeatable(self.context(caller, request_id), repeat, move |tx| decide(tx, id, seen, what, &list))
    }

    /// Finds a stop as it stands.
    ///
    /// # Errors
    /// [`AppError::NotFound`].
    pub fn stop(&self, id: StopId) -> Result<StopRow, AppError> {
        self.store.read(|conn| rulebook::stop(conn, &id.to_string()))?.pop().ok_or(AppError::NotFound)
    }

    /// Lists stops, oldest first, if asked only those of a stage.
    ///
    /// # Errors
    /// The store's failure.
    pub fn stops(&self, wanted: Option<StopStage>, after: &str, limit: usize) -> Result<Page<StopRow>, AppError> {
        let size = i64::try_from(limit.max(1)).unwrap_or(200);
        self.store.read(|conn| {
            let (mut items, mut cursor) = (Vec::new(), after.to_owned());
            loop {
                let rows = rulebook::stops(conn, &cursor, size)?;
                let short = i64::try_from(rows.len()).unwrap_or(size) < size;
                for row in rows {
                    cursor.clone_from(&row.id);
                    if wanted.is_none_or(|wanted| stage(&row).is_ok_and(|stage| stage == wanted)) {
                        items.push(row);
                    }
                    if items.len() == limit {
                        return Ok(Page { items, next: Some(cursor) });
                    }
                }
                if short {
                    return Ok(Page { items, next: None });
                }
            }
        })
    }

    /// Records the lapse of every emergency stop that nobody confirmed by an instant, and raises an alarm for each.
    ///
    /// # Errors
    /// The store's failure.
    pub fn lapse_stops(&self, at: Instant) -> Result<usize, AppError> {
        if self.store.read(|conn| rulebook::stops_expired(conn, at.micros()))?.is_empty() {
            return Ok(0);
        }
        let list = self.index.snapshot();
        let lapsed = self.store.write(system(SUPERVISION, at), move |tx| {
            let mut lapsed = Vec::new();
            for row in rulebook::stops_expired(tx.conn(), at.micros())? {
                let next = StopRow { stage: word(StopStage::Lapsed), stopped: 0, ..row.clone() };
                let row = save(tx, &row, next, "stop.lapsed")?;
                telling::of_stop(tx, &row, NoticeKind::StopLifted, &list)?;
                telling::stop_lapsed(tx, &row)?;
                lapsed.push(row.id);
            }
            Ok::<_, AppError>(lapsed)
        })?;
        for id in &lapsed.value {
            tracing::error!(stop = %id, "an emergency stop was confirmed by nobody and has been lifted");
        }
        Ok(lapsed.value.len())
    }
}

fn word(stage: StopStage) -> Option<String> {
    Some(stage.as_str().to_owned())
}

fn make(tx: &mut Tx<'_>, new: NewStop, list: &Snapshot) -> Result<StopRow, AppError> {
    let at = tx.context().at;
    new.reason.check(at.day(), at.day()).map_err(AppError::refused)?;
    let scheme = scheme_in_force(tx.conn(), &new.scheme, at.day())?;
    covers_something(tx.conn(), &new.class)?;
    let hours = i64::from(scheme.supervision.stop_confirm_hours);
    let row = StopRow {
        id: StopId::new(time_ordered(at, random()?)).to_string(),
        version: 1,
        revision: tx.next_revision().0,
        // At once, for every day: a declaration of yesterday is held back too.
        effective_on: LegalDay::MIN.value(),
        stopped: 1,
        class: serde_json::to_string(&new.class).map_err(StoreError::damaged)?,
        reason_code: new.reason.code.as_str().to_owned(),
        reason_basis: new.reason.basis,
        adjustment: None,
        recorded_at: at.micros(),
        scheme: Some(scheme.code),
        stage: word(StopStage::Emergency),
        expires_at: Some(at.micros().saturating_add(hours.saturating_mul(HOUR))),
        review_on: None,
        made_by: Some(tx.person()?.to_string()),
        confirmed_by: None,
    };
    tx.save(row.clone(), None, "stop.made")?;
    telling::of_stop(tx, &row, NoticeKind::EmergencyStop, list)?;
    telling::stop_to_confirm(tx, &row)?;
    Ok(row)
}

fn covers_something(conn: &mut AnyConnection, class: &ItemClass) -> Result<(), AppError> {
    let (known, rule) = match class {
        ItemClass::Listing(number) => {
            (!listings::versions(conn, &number.to_string())?.is_empty(), Rule::ListingUnknown)
        }
        ItemClass::Enterprise(uscc) => {
            (!enterprises::versions(conn, uscc.as_str())?.is_empty(), Rule::EnterpriseUnknown)
        }
        ItemClass::Cas(_) | ItemClass::HsPrefix(_) | ItemClass::Purpose(_) => return Ok(()),
    };
    if known { Ok(()) } else { Err(AppError::refused(rule)) }
}

fn decide(tx: &mut Tx<'_>, id: StopId, seen: Revision, what: Second, list: &Snapshot) -> Result<StopRow, AppError> {
    let at = tx.context().at;
    let row = rulebook::stop(tx.conn(), &id.to_string())?.pop().ok_or(AppError::NotFound)?;
    if row.revision != seen.0 {
        return Err(AppError::StaleVersion(Revision(row.revision)));
    }
    let now = stage(&row)?;
    if !now.holds() {
        return Err(AppError::Conflict(Revision(row.revision)));
    }
    let person = tx.person()?;
    let made_by = row.made_by.as_deref().map(|person| behind(tx, person)).transpose()?;
    let verb = match &what {
        Second::Confirm if now == StopStage::Confirmed => return Err(AppError::Conflict(Revision(row.revision))),
        Second::Confirm => StopVerb::Confirm,
        Second::Lift(_) => StopVerb::Lift,
    };
    let next = second(now, verb, made_by, person).map_err(AppError::refused)?;
    let next = StopRow { stage: word(next), stopped: i32::from(next.holds()), ..row.clone() };
    let (next, event, told) = match what {
        Second::Confirm => {
            if row.expires_at.is_some_and(|expires_at| expires_at <= at.micros()) {
                return Err(AppError::refused(Rule::ConfirmTooLate));
            }
            let scheme = scheme_in_force(tx.conn(), row.scheme.as_deref().unwrap_or_default(), at.day())?;
            let review_on = at.day().add_days(i32::from(scheme.supervision.stop_review_days));
            let confirmed_by = Some(person.to_string());
            (
                StopRow { review_on: Some(review_on.value()), confirmed_by, ..next },
                "stop.confirmed",
                NoticeKind::StopConfirmed,
            )
        }
        Second::Lift(reason) => {
            reason.check(at.day(), at.day()).map_err(AppError::refused)?;
            let (reason_code, reason_basis) = (reason.code.as_str().to_owned(), reason.basis);
            (StopRow { reason_code, reason_basis, ..next }, "stop.lifted", NoticeKind::StopLifted)
        }
    };
    let row = save(tx, &row, next, event)?;
    telling::of_stop(tx, &row, told, list)?;
    Ok(row)
}

/// Saves what follows a version of a stop.
fn save(tx: &mut Tx<'_>, before: &StopRow, next: StopRow, event: &str) -> Result<StopRow, AppError> {
    let row = StopRow {
        version: before.version.saturating_add(1),
        revision: tx.next_revision().0,
        recorded_at: tx.context().at.micros(),
        ..next
    };
    tx.save(row.clone(), Some(before), event)?;
    Ok(row)
}
