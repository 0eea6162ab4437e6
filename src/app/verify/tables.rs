//! Every table of facts, and how its rows are held against the entries that recorded them.
//!
//! A table of versions keeps one row per entry; a table of standing rows keeps each thing as it stands, and is held
//! against the last entry about it. A table that is not named in [`Tables::new`] is not verified: name it.

use super::balances::Balances;
use super::{Kept, Problems, STRIDE};
use crate::store::answer_keys::{self, AnswerKeyRow};
use crate::store::appeals::{self, AppealRow};
use crate::store::application_rows::{ApplicationRow, CaseEventRow, ContentRow};
use crate::store::batches::{self, BatchRow};
use crate::store::certificate_files::{self, CertificateFileRow};
use crate::store::decisions::{self, DecisionRow};
use crate::store::declarations::DeclarationRow;
use crate::store::document_keys::{self, DocumentKeyRow};
use crate::store::documents::DocumentRow;
use crate::store::erasures::{self, ErasureRow};
use crate::store::fact::{Fact, compare, compare_erased};
use crate::store::findings::FindingRow;
use crate::store::items::ItemRow;
use crate::store::manual_releases::ManualReleaseRow;
use crate::store::national_keys::{self, NationalKeyRow};
use crate::store::opinions::{self, OpinionRow};
use crate::store::pauses::PauseRow;
use crate::store::reconciliations::ReconciliationRow;
use crate::store::rows::{AdjustmentRow, EnterpriseRow, ListingRow, SchemeRow, StopRow, TariffRow};
use crate::store::rule_changes::{self, RuleChangeRow};
use crate::store::screening::ScreeningRow;
use crate::store::seals::{AccessSealRow, AnswerSealRow, Seal as _};
use crate::store::shards::{self, ShardRow};
use crate::store::tx::Queued;
use crate::store::usage_returns::ReturnRow;
use crate::store::webhooks::WebhookRow;
use crate::store::{
    AnyConnection, StoreError, adjustments, applications, declarations, documents, enterprises, findings, items,
    listings, manual_releases, pauses, reconciliations, register, rulebook, screening, usage_returns, webhooks,
};
use crate::tlog::entry::Entry;
use serde::de::DeserializeOwned;
use serde_json::Value;
use std::cell::RefCell;
use std::collections::{BTreeMap, VecDeque};
use std::rc::Rc;

/// All tables of facts.
pub(super) struct Tables {
    held: Vec<Box<dyn Held>>,
    balances: Rc<RefCell<Balances>>,
}

/// A table of facts.
trait Held {
    /// Kind of entity that it holds.
    fn kind(&self) -> &'static str;
    /// Holds an entry of its kind against its row.
    fn entry(
        &mut self,
        conn: &mut AnyConnection,
        revision: i64,
        entry: Entry,
        private: Kept,
        problems: &mut Problems,
    ) -> Result<(), StoreError>;
    /// Finds what is left over behind the last entry.
    fn finish(&mut self, conn: &mut AnyConnection, problems: &mut Problems) -> Result<(), StoreError>;
    /// Writes out a row as the log tells it, with what was never said.
    fn whole(&self, row: Value) -> Result<Value, StoreError>;
    /// Writes a row as the log tells it into another database.
    fn rebuild(&self, into: &mut AnyConnection, row: Value) -> Result<(), StoreError>;
    /// Hands the bytes of every row to `each`, in order.
    fn rows(&self, conn: &mut AnyConnection, each: &mut dyn FnMut(&[u8])) -> Result<(), StoreError>;
}

impl Tables {
    pub(super) fn new() -> Self {
        let balances = Rc::new(RefCell::new(Balances::default()));
        let opened = Rc::clone(&balances);
        let held: Vec<Box<dyn Held>> = vec![
            Versions::<SchemeRow>::held(rulebook::schemes_since),
            Versions::<ShardRow>::held(shards::since),
            Versions::<AnswerKeyRow>::held(answer_keys::since),
            Versions::<NationalKeyRow>::held(national_keys::since),
            Versions::<DocumentKeyRow>::held(document_keys::since),
            Versions::<CertificateFileRow>::held(|conn, after| certificate_files::since(conn, after, STRIDE)),
            Versions::<AccessSealRow>::held(AccessSealRow::since),
            Versions::<AnswerSealRow>::held(AnswerSealRow::since),
            Versions::<TariffRow>::held(|conn, after| rulebook::tariff_since(conn, after, STRIDE)),
            Versions::<EnterpriseRow>::held(|conn, after| enterprises::since(conn, after, STRIDE)),
            Versions::<ListingRow>::each(
                |conn, after| listings::since(conn, after, STRIDE),
                move |row| opened.borrow_mut().listing(row),
            ),
            Versions::<StopRow>::held(rulebook::stops_since),
            Versions::<ScreeningRow>::held(|conn, after| screening::since(conn, after, STRIDE)),
            Versions::<ReturnRow>::held(|conn, after| usage_returns::since(conn, after, STRIDE)),
            Versions::<FindingRow>::held(|conn, after| findings::since(conn, after, STRIDE)),
            Versions::<DeclarationRow>::held(|conn, after| declarations::since(conn, after, STRIDE)),
            Standing::<ManualReleaseRow>::held(|conn, after| manual_releases::list(conn, None, None, after, 100)),
            Versions::<OpinionRow>::held(|conn, after| opinions::since(conn, after, STRIDE)),
            Versions::<DecisionRow>::held(|conn, after| decisions::since(conn, after, STRIDE)),
            Versions::<AppealRow>::held(|conn, after| appeals::since(conn, after, STRIDE)),
            Standing::<BatchRow>::held(|conn, after| batches::all(conn, after, 100)),
            Standing::<ReconciliationRow>::held(reconciliations::all),
            Standing::<AdjustmentRow>::held(|conn, after| adjustments::all(conn, after, 100)),
            Standing::<ApplicationRow>::held(|conn, after| applications::all(conn, after, STRIDE)),
            Versions::<ContentRow>::held(|conn, after| applications::contents_since(conn, after, 100)),
            Versions::<CaseEventRow>::held(|conn, after| applications::events_since(conn, after, STRIDE)),
            Versions::<DocumentRow>::held(|conn, after| documents::since(conn, after, STRIDE)),
            Versions::<ItemRow>::held(|conn, after| items::since(conn, after, STRIDE)),
            Versions::<RuleChangeRow>::held(|conn, after| rule_changes::since(conn, after, 100)),
            Versions::<ErasureRow>::held(|conn, after| erasures::since(conn, after, 100)),
            Versions::<register::OrganisationRow>::held(|conn, after| {
                register::organisations_since(conn, after, STRIDE)
            }),
            Versions::<register::PersonRow>::held(|conn, after| register::people_since(conn, after, STRIDE)),
            Versions::<register::AccountRow>::held(|conn, after| register::accounts_since(conn, after, STRIDE)),
            Versions::<register::GrantRow>::held(|conn, after| register::grants_since(conn, after, STRIDE)),
            Versions::<register::CustomRoleRow>::held(|conn, after| register::custom_roles_since(conn, after, STRIDE)),
            Versions::<register::ResponsiblePersonRow>::held(|conn, after| {
                register::responsible_people_since(conn, after, STRIDE)
            }),
            Versions::<register::MandateRow>::held(|conn, after| register::mandates_since(conn, after, STRIDE)),
            Versions::<register::CalendarYearRow>::held(|conn, after| {
                register::calendar_years_since(conn, after, STRIDE)
            }),
            Versions::<WebhookRow>::held(|conn, after| webhooks::since(conn, after, STRIDE)),
            Versions::<PauseRow>::held(|conn, after| pauses::since(conn, after, STRIDE)),
            Versions::<register::BroadcastRow>::held(|conn, after| register::broadcasts_since(conn, after, STRIDE)),
        ];
        Self { held, balances }
    }

    /// Holds an entry against the row it recorded.
    pub(super) fn entry(
        &mut self,
        conn: &mut AnyConnection,
        revision: i64,
        entry: Entry,
        private: Kept,
        problems: &mut Problems,
    ) -> Result<(), StoreError> {
        match self.held.iter_mut().find(|table| table.kind() == entry.entity.kind) {
            Some(table) => table.entry(conn, revision, entry, private, problems),
            None => {
                let detail = format!("no table holds `{}`", entry.entity.kind);
                problems.add("entity-unknown", format!("entry {revision}"), detail);
                Ok(())
            }
        }
    }

    /// Writes a row of a kind as the log tells it into another database.
    ///
    /// # Errors
    /// [`StoreError::Damaged`] for a kind that no table holds and a row that is none; the database's failure.
    pub(super) fn rebuild(&self, into: &mut AnyConnection, kind: &str, row: Value) -> Result<(), StoreError> {
        let table = self.held.iter().find(|table| table.kind() == kind);
        table.ok_or_else(|| StoreError::Damaged(format!("no table holds `{kind}`")))?.rebuild(into, row)
    }

    /// Writes out a row of a kind as the log tells it, with what was never said.
    ///
    /// # Errors
    /// [`StoreError::Damaged`] for a kind that no table holds and a row that is none.
    pub(super) fn whole(&self, kind: &str, row: Value) -> Result<Value, StoreError> {
        let table = self.held.iter().find(|table| table.kind() == kind);
        table.ok_or_else(|| StoreError::Damaged(format!("no table holds `{kind}`")))?.whole(row)
    }

    /// Hands the bytes of every row of a kind to `each`, in order.
    ///
    /// # Errors
    /// The database's failure.
    pub(super) fn rows(
        &self,
        conn: &mut AnyConnection,
        kind: &str,
        each: &mut dyn FnMut(&[u8]),
    ) -> Result<(), StoreError> {
        self.held.iter().filter(|table| table.kind() == kind).try_for_each(|table| table.rows(conn, each))
    }

    /// Names every kind.
    pub(super) fn kinds(&self) -> Vec<&'static str> {
        self.held.iter().map(|table| table.kind()).collect()
    }

    /// Finds what is left over, and counts the listings whose balances were checked.
    pub(super) fn finish(&mut self, conn: &mut AnyConnection, problems: &mut Problems) -> Result<usize, StoreError> {
        self.held.iter_mut().try_for_each(|table| table.finish(conn, problems))?;
        self.balances.take().check(conn, problems)
    }
}

/// Reads rows behind a revision (versions) or behind an id (standing rows), in order.
type Load<K, F> = fn(&mut AnyConnection, K) -> Result<Vec<F>, StoreError>;

/// A table of versions, read in order of revision, a stretch at a time.
struct Versions<F> {
    ready: VecDeque<F>,
    read_to: i64,
    load: Load<i64, F>,
    each: Box<dyn FnMut(F)>,
}

impl<F: Queued + DeserializeOwned> Versions<F> {
    fn held(load: Load<i64, F>) -> Box<dyn Held> {
        Self::each(load, drop)
    }

    /// The same, handing every row that an entry recorded to `each`.
    fn each(load: Load<i64, F>, each: impl FnMut(F) + 'static) -> Box<dyn Held> {
        // Below every revision: a row that claims none of the log's is one too many.
        Box::new(Self { ready: VecDeque::new(), read_to: i64::MIN, load, each: Box::new(each) })
    }

    fn peek(&mut self, conn: &mut AnyConnection) -> Result<Option<&F>, StoreError> {
        if self.ready.is_empty() {
            self.ready = (self.load)(conn, self.read_to)?.into();
            self.read_to = self.ready.back().map_or(i64::MAX, Fact::revision);
        }
        Ok(self.ready.front())
    }

    /// Takes the row of a revision; rows before it were recorded by no entry.
    fn take(
        &mut self,
        conn: &mut AnyConnection,
        revision: i64,
        problems: &mut Problems,
    ) -> Result<Option<F>, StoreError> {
        while let Some(row) = self.peek(conn)? {
            if row.revision() > revision {
                return Ok(None);
            }
            match self.ready.pop_front() {
                Some(row) if row.revision() == revision => return Ok(Some(row)),
                Some(row) => extra(&row, problems),
                None => return Ok(None),
            }
        }
        Ok(None)
    }
}

impl<F: Queued + DeserializeOwned> Held for Versions<F> {
    fn kind(&self) -> &'static str {
        F::KIND
    }

    fn entry(
        &mut self,
        conn: &mut AnyConnection,
        revision: i64,
        entry: Entry,
        private: Kept,
        problems: &mut Problems,
    ) -> Result<(), StoreError> {
        let row = self.take(conn, revision, problems)?;
        held_against(row.as_ref(), &entry, &private, problems);
        if let Some(row) = row {
            (self.each)(row);
        }
        Ok(())
    }

    fn finish(&mut self, conn: &mut AnyConnection, problems: &mut Problems) -> Result<(), StoreError> {
        self.take(conn, i64::MAX, problems).map(drop)
    }

    fn whole(&self, row: Value) -> Result<Value, StoreError> {
        serde_json::to_value(told::<F>(row)?).map_err(StoreError::damaged)
    }

    fn rebuild(&self, into: &mut AnyConnection, row: Value) -> Result<(), StoreError> {
        F::insert(into, &[told(row)?])
    }

    fn rows(&self, conn: &mut AnyConnection, each: &mut dyn FnMut(&[u8])) -> Result<(), StoreError> {
        let mut after = i64::MIN;
        loop {
            let rows = (self.load)(conn, after)?;
            let Some(last) = rows.last() else { return Ok(()) };
            after = last.revision();
            hand(&rows, each)?;
        }
    }
}

/// A table of things as they stand, held against the last entry about each.
struct Standing<F> {
    last: BTreeMap<String, (Entry, Kept)>,
    load: for<'a> fn(&mut AnyConnection, &'a str) -> Result<Vec<F>, StoreError>,
}

impl<F: Queued + DeserializeOwned> Standing<F> {
    /// `load` reads rows in order of [`Fact::entity_id`], from behind a given one.
    fn held(load: for<'a> fn(&mut AnyConnection, &'a str) -> Result<Vec<F>, StoreError>) -> Box<dyn Held> {
        Box::new(Self { last: BTreeMap::new(), load })
    }
}

impl<F: Queued + DeserializeOwned> Held for Standing<F> {
    fn kind(&self) -> &'static str {
        F::KIND
    }

    fn entry(
        &mut self,
        _: &mut AnyConnection,
        _: i64,
        entry: Entry,
        private: Kept,
        _: &mut Problems,
    ) -> Result<(), StoreError> {
        self.last.insert(entry.entity.id.clone(), (entry, private));
        Ok(())
    }

    fn finish(&mut self, conn: &mut AnyConnection, problems: &mut Problems) -> Result<(), StoreError> {
        let mut after = String::new();
        loop {
            let rows = (self.load)(conn, &after)?;
            let Some(last) = rows.last() else { break };
            after = last.entity_id();
            for row in &rows {
                match self.last.remove(&row.entity_id()) {
                    Some((entry, private)) => held_against(Some(row), &entry, &private, problems),
                    None => extra(row, problems),
                }
            }
        }
        for (entry, private) in std::mem::take(&mut self.last).into_values() {
            held_against(None::<&F>, &entry, &private, problems);
        }
        Ok(())
    }

    fn whole(&self, row: Value) -> Result<Value, StoreError> {
        serde_json::to_value(told::<F>(row)?).map_err(StoreError::damaged)
    }

    fn rebuild(&self, into: &mut AnyConnection, row: Value) -> Result<(), StoreError> {
        F::insert(into, &[told(row)?])
    }

    fn rows(&self, conn: &mut AnyConnection, each: &mut dyn FnMut(&[u8])) -> Result<(), StoreError> {
        let mut after = String::new();
        loop {
            let rows = (self.load)(conn, &after)?;
            let Some(last) = rows.last() else { return Ok(()) };
            after = last.entity_id();
            hand(&rows, each)?;
        }
    }
}

fn told<F: Queued + DeserializeOwned>(row: Value) -> Result<F, StoreError> {
    let fault = |error| StoreError::Damaged(format!("what the log tells of a {} is no row: {error}", F::KIND));
    serde_json::from_value(row).map_err(fault)
}

fn hand<F: Fact>(rows: &[F], each: &mut dyn FnMut(&[u8])) -> Result<(), StoreError> {
    for row in rows {
        each(&serde_json::to_vec(row).map_err(StoreError::damaged)?);
    }
    Ok(())
}

fn extra<F: Fact>(row: &F, problems: &mut Problems) {
    let place = format!("{} {} version {}", F::KIND, row.entity_id(), row.version());
    problems.add("row-extra", place, "no entry of the log records it");
}

fn held_against<F: Fact>(row: Option<&F>, entry: &Entry, private: &Kept, problems: &mut Problems) {
    let place = format!("{} {} version {}", entry.entity.kind, entry.entity.id, entry.entity.version);
    let Some(row) = row else {
        problems.add("row-missing", place, "the log records it, the table does not hold it");
        return;
    };
    let same = row.entity_id() == entry.entity.id && u64::try_from(row.version()) == Ok(entry.entity.version);
    let compared = match private {
        Kept::Sealed(private) => compare(row, entry, private),
        Kept::Erased(kept) => compare_erased(row, entry, kept),
    };
    let difference = match compared {
        Ok(None) if same => return,
        Ok(None) => "it is another row than the log records".to_owned(),
        Ok(Some(difference)) => difference,
        Err(error) => error.to_string(),
    };
    problems.add("row-differs", place, difference);
}
