//! Confirming a reconciliation: its corrections become ordinary commands about declarations, judged and booked as if
//! customs had sent them, in the name of whoever confirms.
//!
//! The commands carry fixed sequences and digests, so that a confirmation that is asked for again after an unknown
//! outcome books nothing twice.

use super::{Booking, Kept, ReconciliationRow, digest, everything, pages, set};
use crate::app::App;
use crate::app::error::AppError;
use crate::app::people::persons::person_id;
use crate::app::repeat::{Repeat, Written};
use crate::domain::actor::Caller;
use crate::domain::adjustment::four_eyes;
use crate::domain::code::DeclarationNumber;
use crate::domain::draw::{
    Act, Command, CorrectionCode, DrawReason, DrawnLine, LineQuantity, Position, REPORTED_WITHIN, Refusal,
};
use crate::domain::error::Rule;
use crate::domain::fault::FaultCode;
use crate::domain::id::ReconciliationId;
use crate::domain::reconciliation::{Finding, HeldLine, PutLine, Step};
use crate::domain::revision::Revision;
use crate::domain::validity::Instant;
use crate::store::desk::Draw;
use crate::store::keep::reconciliation_pages;
use crate::store::{Context, StoreError, reconciliations, register};
use sha2::{Digest as _, Sha256};

/// Corrections booked at once: enough to fill the groups of the writer.
const AT_ONCE: usize = 32;

impl App {
    /// Books corrections of a reconciliation that the caller saw at a revision: those of the declarations named, or all.
    ///
    /// # Errors
    /// [`AppError::Refused`] by four eyes, [`AppError::NotFound`], [`AppError::StaleVersion`] when it moved on, [`AppError::Conflict`] when it is confirmed,
    /// [`AppError::Faults`] for a declaration without a correction; the store's failure.
    pub fn confirm_reconciliation(
        &self,
        caller: &Caller,
        request_id: Option<String>,
        id: ReconciliationId,
        seen: Revision,
        chosen: Option<Vec<DeclarationNumber>>,
        repeat: Repeat<ReconciliationRow>,
    ) -> Result<Written<ReconciliationRow>, AppError> {
        if let Some((key, _)) = &repeat {
            match self.kept_response(key)? {
                Some(Written::Before(response)) => return Ok(Written::Before(response)),
                Some(Written::Mismatch) => return Ok(Written::Mismatch),
                Some(Written::Now(_)) | None => {}
            }
        }
        let row = self.reconciliation(caller, id)?;
        still(&row, seen)?;
        // Whoever handed the books in does not confirm what they say.
        let (handed_in, by) = self.store.read(|conn| {
            let handed_in = register::person_behind(conn, person_id(&row.compared_by)?)?;
            Ok::<_, StoreError>((handed_in, register::person_of(conn, &caller.issuer, &caller.subject)?))
        })?;
        by.map_or(Ok(()), |by| four_eyes(handed_in, by)).map_err(AppError::refused)?;
        let mut all = self.store.read(|conn| everything(conn, &row.id))?;
        if digest(&all)? != row.findings_digest {
            return Err(StoreError::Damaged(format!("what {} found is not what was recorded", row.id)).into());
        }
        let chosen = named(&all, chosen)?;
        let context = self.context(caller, request_id);
        self.book(&context, &row.id, &mut all, chosen.as_ref().map(|numbers| set(numbers)).as_ref())?;
        self.repeatable(context, repeat, move |tx| {
            let row = reconciliations::find(tx.conn(), &row.id)?.ok_or(AppError::NotFound)?;
            still(&row, seen)?;
            let count = |booked: bool| {
                let outcomes = all.iter().filter_map(|kept| kept.outcome.as_ref());
                i32::try_from(outcomes.filter(|outcome| outcome.booked == booked).count()).ok()
            };
            let confirmed = ReconciliationRow {
                version: row.version.saturating_add(1),
                revision: tx.next_revision().0,
                state: "confirmed".to_owned(),
                confirmed_by: Some(tx.person()?.to_string()),
                confirmed_at: Some(tx.context().at.micros()),
                booked: count(true),
                refused: count(false),
                ..row.clone()
            };
            reconciliation_pages::replace(tx.conn(), &row.id, &pages(&row.id, &all)?)?;
            tx.save(confirmed.clone(), Some(&row), "reconciliation.confirmed")?;
            Ok(confirmed)
        })
    }

    /// Books the corrections of the declarations chosen, many at once; those of one declaration in their order.
    fn book(
        &self,
        context: &Context,
        id: &str,
        all: &mut [Kept],
        chosen: Option<&std::collections::BTreeSet<&str>>,
    ) -> Result<(), StoreError> {
        let wanted = |kept: &&mut Kept| {
            let number = kept.finding.declaration.to_string();
            !kept.finding.correction.is_empty() && chosen.is_none_or(|chosen| chosen.contains(number.as_str()))
        };
        let mut wanted: Vec<&mut Kept> = all.iter_mut().filter(wanted).collect();
        let share = wanted.len().div_ceil(AT_ONCE).max(1);
        std::thread::scope(|scope| {
            let threads: Vec<_> = wanted
                .chunks_mut(share)
                .map(|kept| {
                    scope.spawn(move || {
                        kept.iter_mut().try_for_each(|kept| {
                            kept.outcome = Some(self.carry_out(context, id, &kept.finding)?);
                            Ok::<_, StoreError>(())
                        })
                    })
                })
                .collect();
            threads.into_iter().try_for_each(|thread| thread.join().map_err(|_| StoreError::Broken)?)
        })
    }

    fn carry_out(&self, context: &Context, id: &str, finding: &Finding) -> Result<Booking, StoreError> {
        let mut revision = None;
        for step in &finding.correction {
            let command = command(id, finding.declaration, step, context.at)?;
            match self.store.draw(Draw { context: context.clone(), command })? {
                Ok(drawn) => revision = Some(drawn.row.revision),
                Err(refusal) => return Ok(Booking { booked: false, revision, refused: Some(refused(&refusal)) }),
            }
        }
        Ok(Booking { booked: true, revision, refused: None })
    }
}

fn still(row: &ReconciliationRow, seen: Revision) -> Result<(), AppError> {
    if row.revision != seen.0 {
        return Err(AppError::StaleVersion(Revision(row.revision)));
    }
    if row.state == "compared" { Ok(()) } else { Err(AppError::Conflict(Revision(row.revision))) }
}

/// Checks that every declaration named has a correction.
fn named(all: &[Kept], chosen: Option<Vec<DeclarationNumber>>) -> Result<Option<Vec<String>>, AppError> {
    let Some(chosen) = chosen else { return Ok(None) };
    let bookable: std::collections::BTreeSet<DeclarationNumber> =
        all.iter().filter(|kept| !kept.finding.correction.is_empty()).map(|kept| kept.finding.declaration).collect();
    let strangers = chosen.iter().enumerate().filter(|(_, number)| !bookable.contains(number));
    let faults: Vec<_> =
        strangers.map(|(place, _)| (format!("/corrections/{place}"), FaultCode::ValueUnknown)).collect();
    if faults.is_empty() {
        Ok(Some(chosen.iter().map(ToString::to_string).collect()))
    } else {
        Err(AppError::Faults(faults))
    }
}

/// Writes a step as the command that customs would have sent.
fn command(id: &str, number: DeclarationNumber, step: &Step, now: Instant) -> Result<Command, StoreError> {
    let mut digest = Sha256::new();
    digest.update(id.as_bytes());
    digest.update(serde_json::to_vec(step).map_err(StoreError::damaged)?);
    let quantities = |lines: &[HeldLine]| {
        lines.iter().map(|held| LineQuantity { line: held.line, measure: held.measure }).collect::<Vec<_>>()
    };
    // What is longer ago than may be reported is booked as of now.
    let reported =
        |at: Option<Instant>| at.filter(|at| (0..=REPORTED_WITHIN).contains(&now.micros().saturating_sub(at.micros())));
    let (occurred_at, act) = match step {
        Step::Put(put) => {
            let line = |line: &PutLine| DrawnLine {
                line: line.line,
                listing: line.listing,
                hs_code: line.hs_code,
                ciq_code: line.ciq_code,
                cas: line.cas,
                measure: line.measure,
            };
            let position = Position {
                enterprise: put.enterprise,
                customs_office: put.customs_office,
                declared_on: put.declared_on,
                trade_mode: put.trade_mode,
                looked_up_at: None,
                lines: put.lines.iter().map(line).collect(),
            };
            (reported(put.occurred_at), Act::Put(position))
        }
        Step::Release { position, lines, occurred_at, .. } => {
            let lines = lines.as_deref().map(quantities);
            (reported(*occurred_at), Act::Release { position: Some(*position), lines })
        }
        Step::Cancel { .. } => (None, Act::Cancel),
        Step::Correct { lines, .. } => {
            let reason =
                DrawReason { code: CorrectionCode::ClericalError.as_str(), basis: Some(format!("对账 {id}")) };
            (None, Act::Correct { lines: quantities(lines), reason })
        }
    };
    Ok(Command { number, sequence: step.sequence(), digest: digest.finalize().into(), occurred_at, act })
}

/// Says in codes why a command was refused.
fn refused(refusal: &Refusal) -> String {
    match refusal {
        Refusal::Unknown => "unknown".to_owned(),
        Refusal::Conflict(_) => "conflict".to_owned(),
        Refusal::Mismatch => "sequence_taken".to_owned(),
        Refusal::Faults(_) => "faulty".to_owned(),
        Refusal::OtherImporter => Rule::ImporterFixed.as_str().to_owned(),
        Refusal::Lines(lines) => {
            let said = lines.iter().map(|line| {
                let reasons: Vec<&str> = line.reasons.iter().map(|reason| reason.as_str()).collect();
                format!("{}: {}", line.line, reasons.join(" "))
            });
            said.collect::<Vec<String>>().join("; ")
        }
    }
}
