//! Records every answer given to customs, in batches, off the lookup path.
//!
//! A lookup only puts its facts into a bounded queue; who asked is turned into a pseudonymous id by the thread that
//! writes. Only the question is kept, with a digest of the lines given: answers are judged again from their revision
//! when reopened. Invariant: a record has exactly one leaf, in canonical JSON, which the log's seals cover.

use super::answer_json::wording;
use super::border::What;
use super::lookup::{Account, Answered, Asker};
use super::receipts::question::{Question, canonical};
use crate::domain::code::{Cas, CiqCode, CustomsOffice, DeclarationNumber, HsCode, TradeMode, Uscc};
use crate::domain::id::{LookupId, PersonId};
use crate::domain::lang::Lang;
use crate::domain::listing_number::ListingNumber;
use crate::domain::lookup::{Declaration, Line};
use crate::domain::quantity::Measure;
use crate::domain::reason::{Reasons, Verdict};
use crate::domain::revision::Revision;
use crate::domain::validity::{Instant, LegalDay};
use crate::store::keep::answers::{self, AboutDeclaration, BatchRow};
use crate::store::keep::border_counts::{Kind, Tally};
use crate::store::keep::people;
use crate::store::{Store, StoreError, register};
use crate::tlog::Hash;
use serde::{Deserialize, Serialize};
use smallvec::SmallVec;
use std::collections::HashMap;
use std::time::Duration;

/// Answers written together at most.
pub const BATCH: usize = 4_096;

/// How long recorded answers are kept when nothing else is set: five years, beyond the three in which customs may look
/// back (海关稽查条例 art. 2).
pub const KEPT: Duration = Duration::from_secs(1_826 * 86_400);

/// Form of a stored batch.
const FORM: u8 = 2;

/// An answer on its way to the record.
#[derive(Debug, Clone)]
pub struct Record {
    id: LookupId,
    at: Instant,
    revision: Revision,
    asker: Asker,
    declaration: Declaration,
    /// One line needs no memory of its own.
    lines: SmallVec<[(Line, Reasons); 1]>,
    digest: [u8; 32],
    took: Duration,
}

/// An answer as it is stored.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
struct Stored {
    id: u128,
    /// Microseconds.
    at: i64,
    revision: i64,
    org: String,
    /// Pseudonymous id of who asked.
    asker: Option<u128>,
    english: bool,
    /// Microseconds from the question to the answer.
    took: u32,
    /// SHA-256 of the lines given.
    digest: [u8; 32],
    /// Wording of the texts in them.
    wording: u32,
    number: Option<DeclarationNumber>,
    customs_office: u16,
    declared_on: i32,
    trade_mode: Option<u16>,
    lines: Vec<StoredLine>,
}

#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
struct StoredLine {
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
    /// Organisation that asked.
    pub org: String,
    /// Pseudonymous id of who asked.
    pub asker: Option<PersonId>,
    /// Language of the answer.
    pub lang: Lang,
    /// How long the answer took.
    pub took: Duration,
    /// SHA-256 of the lines given.
    pub digest: Hash,
    /// Wording of the texts in them.
    pub wording: u32,
    /// The declaration.
    pub declaration: Declaration,
    /// The lines asked.
    pub lines: Vec<Line>,
    /// The reasons given, line by line.
    pub reasons: Vec<Reasons>,
}

/// What is hashed for a recorded answer; members stand in the order of their names.
#[derive(Serialize)]
struct Leaf<'a> {
    answer: Hash,
    answered_at: Instant,
    asked_by: Option<PersonId>,
    id: LookupId,
    lang: &'static str,
    org: &'a str,
    question: Question,
    reasons: Vec<Vec<&'static str>>,
    revision: Revision,
    took_micros: u64,
    v: u8,
}

impl Recorded {
    /// Writes the bytes that its seal covers (RFC 8785).
    #[must_use]
    pub fn leaf(&self) -> Vec<u8> {
        let words = |reasons: &Reasons| reasons.iter().map(|reason| reason.as_str()).collect();
        canonical(&Leaf {
            answer: self.digest,
            answered_at: self.answered_at,
            asked_by: self.asker,
            id: self.id,
            lang: self.lang.pick("zh", "en"),
            org: &self.org,
            question: Question::new(&self.declaration, &self.lines),
            reasons: self.reasons.iter().map(words).collect(),
            revision: self.revision,
            took_micros: u64::try_from(self.took.as_micros()).unwrap_or(u64::MAX),
            v: 1,
        })
    }
}

fn narrow(value: u64) -> u16 {
    u16::try_from(value).unwrap_or(u16::MAX)
}

impl Record {
    /// Copies what must be kept of an answer.
    #[must_use]
    pub fn new(
        answered: &Answered<'_>,
        asker: &Asker,
        declaration: &Declaration,
        lines: &[Line],
        digest: [u8; 32],
        took: Duration,
    ) -> Self {
        Self {
            id: answered.id,
            at: answered.answered_at,
            revision: answered.revision,
            asker: asker.clone(),
            declaration: *declaration,
            lines: lines.iter().zip(answered.lines).map(|(line, answer)| (*line, answer.reasons)).collect(),
            digest,
            took,
        }
    }

    fn stored(&self, people: &HashMap<Account, PersonId>) -> Stored {
        let line = |(line, reasons): &(Line, Reasons)| StoredLine {
            line: line.line,
            enterprise: line.enterprise,
            hs_code: line.hs_code.value(),
            ciq_code: line.ciq_code.map(|code| narrow(code.value())),
            listing: line.listing,
            cas: line.cas.map(Cas::value),
            measure: line.measure,
            reasons: reasons.bits(),
        };
        Stored {
            id: self.id.value(),
            at: self.at.micros(),
            revision: self.revision.0,
            org: self.asker.org.to_string(),
            asker: self.asker.account.as_ref().and_then(|account| people.get(account)).map(|person| person.value()),
            english: self.asker.lang == Lang::En,
            took: u32::try_from(self.took.as_micros()).unwrap_or(u32::MAX),
            digest: self.digest,
            wording: wording(self.asker.lang),
            number: self.declaration.number,
            customs_office: narrow(self.declaration.customs_office.value()),
            declared_on: self.declaration.declared_on.value(),
            trade_mode: self.declaration.trade_mode.map(|mode| narrow(mode.value())),
            lines: self.lines.iter().map(line).collect(),
        }
    }
}

impl Stored {
    fn read(self) -> Option<Recorded> {
        let declaration = Declaration {
            number: self.number,
            customs_office: CustomsOffice::from_value(self.customs_office.into())?,
            declared_on: LegalDay::from_value(self.declared_on)?,
            trade_mode: self.trade_mode.and_then(|mode| TradeMode::from_value(mode.into())),
        };
        let reasons = self.lines.iter().map(|line| Reasons::from_bits(line.reasons)).collect();
        let line = |line: &StoredLine| {
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
            asker: self.asker.map(PersonId::new),
            lang: if self.english { Lang::En } else { Lang::Zh },
            took: Duration::from_micros(self.took.into()),
            digest: Hash(self.digest),
            wording: self.wording,
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
    let records: Vec<Stored> = postcard::from_bytes(body).map_err(|_| damaged())?;
    records.into_iter().map(|record| record.read().ok_or_else(damaged)).collect()
}

/// Finds out who stands behind the accounts of a batch: few, however many answers.
fn people_of(store: &Store, records: &[Record]) -> Result<HashMap<Account, PersonId>, StoreError> {
    let mut people = HashMap::new();
    for account in records.iter().filter_map(|record| record.asker.account.as_ref()) {
        if people.contains_key(account) {
            continue;
        }
        let (issuer, subject) = account.clone();
        let known = store.read(|conn| register::person_of(conn, &issuer, &subject))?;
        let at = records.last().map_or(Instant::from_micros(0), |record| record.at);
        let person = match known {
            Some(person) => person,
            None => store.keep(at, move |conn| people::find_or_make(conn, &issuer, &subject, at))?,
        };
        people.insert(account.clone(), person);
    }
    Ok(people)
}

/// Counts answers, their lines by verdict, and why lines were denied.
fn tally(records: &[Record]) -> Tally {
    let mut tally = Tally::default();
    for record in records {
        let (at, office) = (record.at.micros(), record.declaration.customs_office.to_string());
        tally.add(at, &office, Kind::Event, What::Lookups.as_str());
        for (_, reasons) in &record.lines {
            tally.add(at, &office, Kind::Event, What::of(reasons.verdict()).as_str());
            for reason in reasons.iter().filter(|reason| reason.verdict() == Verdict::Denied) {
                tally.add(at, &office, Kind::Reason, reason.as_str());
            }
        }
    }
    tally
}

/// Writes answers that are queued.
///
/// # Errors
/// The store's failure.
pub fn write(store: &Store, mut records: Vec<Record>) -> Result<(), StoreError> {
    records.sort_unstable_by_key(|record| record.id);
    let people = people_of(store, &records)?;
    let id = |record: Option<&Record>| record.map_or(LookupId::new(0), |record| record.id).to_string();
    let last_at = records.iter().map(|record| record.at.micros()).max().unwrap_or_default();
    let declarations: Vec<AboutDeclaration> = records
        .iter()
        .filter_map(|record| {
            let declaration = record.declaration.number?.to_string();
            Some(AboutDeclaration { declaration, answer: record.id.to_string() })
        })
        .collect();
    let tally = tally(&records);
    let stored: Vec<Stored> = records.iter().map(|record| record.stored(&people)).collect();
    let mut body = vec![FORM];
    body.extend(postcard::to_allocvec(&stored).map_err(StoreError::damaged)?);
    let batch = BatchRow {
        first_id: id(records.first()),
        last_id: id(records.last()),
        last_at,
        answers: i32::try_from(records.len()).map_err(StoreError::damaged)?,
        body,
        seal: None,
    };
    store.keep(Instant::from_micros(last_at), move |conn| answers::insert(conn, &batch, &declarations, &tally))
}
