//! Records every answer given to customs, in batches, off the lookup path.
//!
//! A lookup only puts its facts into a bounded queue. What does not fit is not waited for but counted, so that the
//! loss is seen; answers are re-judged from their revision when reopened, so that only the question is kept.

use super::lookup::Answered;
use crate::domain::code::{Cas, CiqCode, CustomsOffice, DeclarationNumber, HsCode, TradeMode, Uscc};
use crate::domain::id::LookupId;
use crate::domain::listing_number::ListingNumber;
use crate::domain::lookup::{Declaration, Line};
use crate::domain::quantity::Measure;
use crate::domain::reason::Reasons;
use crate::domain::revision::Revision;
use crate::domain::validity::{Instant, LegalDay};
use crate::store::keep::answers::{self, AboutDeclaration, BatchRow};
use crate::store::{Store, StoreError};
use serde::{Deserialize, Serialize};
use std::sync::Arc;

/// Answers written together at most.
pub const BATCH: usize = 4_096;

/// Form of a stored batch.
const FORM: u8 = 1;

/// An answer as it is recorded.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Record {
    /// Id.
    id: u128,
    /// Microseconds.
    at: i64,
    /// Revision it was answered from.
    revision: i64,
    /// Who asked.
    org: String,
    number: Option<DeclarationNumber>,
    customs_office: u16,
    declared_on: i32,
    trade_mode: Option<u16>,
    lines: Vec<RecordLine>,
}

#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
struct RecordLine {
    line: u16,
    enterprise: Uscc,
    hs_code: u64,
    ciq_code: Option<u16>,
    listing: Option<ListingNumber>,
    cas: Option<u64>,
    measure: Option<Measure>,
    reasons: u32,
}

/// A recorded answer as it is read.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Recorded {
    /// Id.
    pub id: LookupId,
    /// When.
    pub answered_at: Instant,
    /// Revision it was answered from.
    pub revision: Revision,
    /// Who asked.
    pub org: String,
    /// The declaration.
    pub declaration: Declaration,
    /// The lines asked.
    pub lines: Vec<Line>,
    /// The reasons given, line by line.
    pub reasons: Vec<Reasons>,
}

fn narrow(value: u64) -> u16 {
    u16::try_from(value).unwrap_or(u16::MAX)
}

impl Record {
    /// Copies what must be kept of an answer.
    #[must_use]
    pub fn new(answered: &Answered<'_>, org: &Arc<str>, declaration: &Declaration, lines: &[Line]) -> Self {
        let line = |(line, answer): (&Line, &crate::domain::lookup::LineAnswer<'_>)| RecordLine {
            line: line.line,
            enterprise: line.enterprise,
            hs_code: line.hs_code.value(),
            ciq_code: line.ciq_code.map(|code| narrow(code.value())),
            listing: line.listing,
            cas: line.cas.map(Cas::value),
            measure: line.measure,
            reasons: answer.reasons.bits(),
        };
        Self {
            id: answered.id.value(),
            at: answered.answered_at.micros(),
            revision: answered.revision.0,
            org: org.to_string(),
            number: declaration.number,
            customs_office: narrow(declaration.customs_office.value()),
            declared_on: declaration.declared_on.value(),
            trade_mode: declaration.trade_mode.map(|mode| narrow(mode.value())),
            lines: lines.iter().zip(answered.lines).map(line).collect(),
        }
    }

    fn read(self) -> Option<Recorded> {
        let declaration = Declaration {
            number: self.number,
            customs_office: CustomsOffice::from_value(self.customs_office.into())?,
            declared_on: LegalDay::from_value(self.declared_on)?,
            trade_mode: self.trade_mode.and_then(|mode| TradeMode::from_value(mode.into())),
        };
        let reasons = self.lines.iter().map(|line| Reasons::from_bits(line.reasons)).collect();
        let line = |line: &RecordLine| {
            Some(Line {
                line: line.line,
                enterprise: line.enterprise,
                hs_code: HsCode::from_value(line.hs_code)?,
                ciq_code: line.ciq_code.and_then(|code| CiqCode::from_value(code.into())),
                listing: line.listing,
                cas: line.cas.and_then(Cas::from_value),
                measure: line.measure,
            })
        };
        Some(Recorded {
            id: LookupId::new(self.id),
            answered_at: Instant::from_micros(self.at),
            revision: Revision(self.revision),
            org: self.org,
            declaration,
            lines: self.lines.iter().map(line).collect::<Option<_>>()?,
            reasons,
        })
    }
}

/// Reads a stored batch.
///
/// # Errors
/// [`StoreError::Damaged`] when it is none.
pub fn read_batch(row: &BatchRow) -> Result<Vec<Recorded>, StoreError> {
    let damaged = || StoreError::Damaged(format!("the recorded answers from {}", row.first_id));
    let body = row.body.strip_prefix(&[FORM]).ok_or_else(damaged)?;
    let records: Vec<Record> = postcard::from_bytes(body).map_err(|_| damaged())?;
    records.into_iter().map(|record| record.read().ok_or_else(damaged)).collect()
}

/// Writes answers that are queued.
///
/// # Errors
/// The store's failure.
pub fn write(store: &Store, mut records: Vec<Record>) -> Result<(), StoreError> {
    records.sort_unstable_by_key(|record| record.id);
    let id = |record: Option<&Record>| record.map_or(0, |record| record.id);
    let (first, last) = (id(records.first()), id(records.last()));
    let last_at = records.iter().map(|record| record.at).max().unwrap_or_default();
    let declarations: Vec<AboutDeclaration> = records
        .iter()
        .filter_map(|record| {
            let declaration = record.number?.to_string();
            Some(AboutDeclaration { declaration, answer: LookupId::new(record.id).to_string() })
        })
        .collect();
    let mut body = vec![FORM];
    body.extend(postcard::to_allocvec(&records).map_err(StoreError::damaged)?);
    let batch = BatchRow {
        first_id: LookupId::new(first).to_string(),
        last_id: LookupId::new(last).to_string(),
        last_at,
        answers: i32::try_from(records.len()).map_err(StoreError::damaged)?,
        body,
    };
    store.keep(Instant::from_micros(last_at), move |conn| answers::insert(conn, &batch, &declarations))
}
