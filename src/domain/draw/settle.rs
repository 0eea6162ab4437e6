//! What ends or mends a reservation: release, cancellation, lapse, and what puts a release right.

use super::decide::{Decided, Desk, measured, next_version, steps};
use super::events::Setting;
use super::ledger::{Share, Shares};
use super::{Head, KeptLine, LapseCode, LineQuantity, Refusal, RefusedLine, State, Verb};
use crate::domain::code::UnitCode;
use crate::domain::fault::FaultCode;
use crate::domain::listing_number::ListingNumber;
use crate::domain::quantity::{Measure, Quantity};
use crate::domain::reason::{Reason, Reasons};
use crate::domain::reservations::Outcome as Word;
use crate::domain::revision::Revision;
use crate::domain::validity::LegalDay;
use std::collections::BTreeMap;

impl Desk<'_, '_, '_> {
    pub(super) fn release(&self, lines: Option<&[LineQuantity]>, head: &Head) -> Result<Decided, Refusal> {
        let day = self.when.day();
        let known = if self.command.occurred_at.is_some() { self.list.then } else { self.list.at };
        let setting = Setting { schemes: self.list.schemes, stops: self.list.stops, day, at: known };
        let stated = lines.map(|lines| match_lines(lines, head)).transpose()?;
        let mut refused: Vec<RefusedLine> = Vec::new();
        let mut kept = head.lines.clone();
        let mut totals: BTreeMap<ListingNumber, i64> = BTreeMap::new();
        for line in &mut kept {
            let reserved = Measure { quantity: line.quantity, unit: line.unit };
            let measure = match &stated {
                None => Some(reserved),
                Some(stated) => stated.get(&line.line).copied(),
            };
            line.released = measure.or(Some(Measure { quantity: Quantity::ZERO, unit: line.unit }));
            let Some(listing) = line.listing else { continue };
            let mut reasons = Reasons::default();
            let fits = measure.is_none_or(|measure| UnitCode::comparable(measure.unit, line.unit));
            if !fits {
                reasons.insert(Reason::UnitNotComparable);
            }
            let (taken, held) = (measure.map_or(Some(0), steps).unwrap_or(i64::MAX), steps(reserved).unwrap_or(0));
            if let Some((enterprise, found)) = self.found(head.enterprise, listing) {
                for event in setting.events(head.enterprise, enterprise, found, (self.ledger)(listing)) {
                    if event.outcome != Word::Honour && taken > 0 {
                        reasons.insert(event.reason);
                    }
                }
                let permille = setting.scheme(found).map_or(0, |(scheme, _)| {
                    let fitting = scheme.tolerances.iter().filter(|known| known.covers(line.hs_code, line.cas));
                    fitting.map(|known| known.permille).max().unwrap_or(0)
                });
                let most = i128::from(held) * (1000 + i128::from(permille)) / 1000;
                if fits && i128::from(taken) > most {
                    reasons.insert(Reason::QuantityExceedsRemaining);
                }
            }
            let total = totals.entry(listing).or_default();
            *total = total.saturating_add(taken);
            if !reasons.is_empty() {
                let remaining = head.shares.get(&listing).map(|share| measured(share.reserved, line.unit));
                refused.push(RefusedLine { line: line.line, listing: Some(listing), reasons, was: None, remaining });
            }
        }
        let mut shares = self.emptied(Some(head));
        for (listing, total) in totals {
            let before = head.shares.get(&listing).copied().unwrap_or_default();
            let granted = self.granted(head.enterprise, listing, day).unwrap_or(before.granted);
            let room = granted.saturating_sub(self.others(Some(head), listing).taken());
            // What is reserved may be released even where the grant was varied below it; more must be free.
            if refused.is_empty() && total > before.reserved && total > room {
                let lines = kept.iter().filter(|line| line.listing == Some(listing));
                refused.extend(lines.map(|line| RefusedLine {
                    line: line.line,
                    listing: Some(listing),
                    reasons: Reasons::only(Reason::QuantityExceedsRemaining),
                    was: None,
                    remaining: Some(measured(room.max(0), line.unit)),
                }));
            }
            shares.insert(listing, Share { granted, reserved: 0, confirmed: total, excess: 0 });
        }
        if !refused.is_empty() {
            return Err(Refusal::Lines(refused));
        }
        Ok(self.next(head, kept, shares, State::Released, Verb::Released, None, known))
    }

    pub(super) fn correct(&self, lines: &[LineQuantity], reason: &str, head: &Head) -> Result<Decided, Refusal> {
        let stated = match_lines(lines, head)?;
        let mut kept = head.lines.clone();
        let mut totals: BTreeMap<ListingNumber, i64> = BTreeMap::new();
        let mut refused = Vec::new();
        for line in &mut kept {
            let measure = stated.get(&line.line).copied();
            line.released = measure.or(Some(Measure { quantity: Quantity::ZERO, unit: line.unit }));
            let Some(listing) = line.listing else { continue };
            if measure.is_some_and(|measure| !UnitCode::comparable(measure.unit, line.unit)) {
                let reasons = Reasons::only(Reason::UnitNotComparable);
                let (listing, was, remaining) = (Some(listing), None, None);
                refused.push(RefusedLine { line: line.line, listing, reasons, was, remaining });
            }
            let total = totals.entry(listing).or_default();
            *total = total.saturating_add(measure.map_or(Some(0), steps).unwrap_or(i64::MAX));
        }
        let mut shares = self.emptied(Some(head));
        for (listing, total) in totals {
            let before = head.shares.get(&listing).copied().unwrap_or_default();
            let granted = self.granted(head.enterprise, listing, self.when.day()).unwrap_or(before.granted);
            let room = granted.saturating_sub(self.others(Some(head), listing).taken()).max(before.confirmed);
            let confirmed = total.min(room);
            let excess = total.saturating_sub(confirmed);
            if excess > before.excess {
                let lines = kept.iter().filter(|line| line.listing == Some(listing));
                refused.extend(lines.map(|line| RefusedLine {
                    line: line.line,
                    listing: Some(listing),
                    reasons: Reasons::only(Reason::QuantityExceedsRemaining),
                    was: None,
                    remaining: Some(measured(room.saturating_add(before.excess), line.unit)),
                }));
            }
            shares.insert(listing, Share { granted, reserved: 0, confirmed, excess });
        }
        if !refused.is_empty() {
            return Err(Refusal::Lines(refused));
        }
        let reason = Some(reason.to_owned());
        Ok(self.next(head, kept, shares, State::Released, Verb::Corrected, reason, self.list.at))
    }

    /// Says why the service gives back what a declaration holds, by the list and the books of the transaction.
    pub(super) fn lapse(&self, begun: LegalDay, head: &Head) -> Option<LapseCode> {
        let (day, at) = (self.when.day(), self.list.at);
        let setting = Setting { schemes: self.list.schemes, stops: self.list.stops, day, at };
        let enterprise = (self.list.enterprise)(head.enterprise)?;
        setting.due(enterprise, head, begun, self.ledger).lapse
    }

    pub(super) fn returned(&self, head: &Head, state: State, verb: Verb, reason: Option<LapseCode>) -> Decided {
        let reason = reason.map(|code| code.as_str().to_owned());
        self.next(head, head.lines.clone(), self.emptied(Some(head)), state, verb, reason, self.list.at)
    }

    #[allow(clippy::too_many_arguments, reason = "one version, its members named once")]
    fn next(
        &self,
        before: &Head,
        lines: Vec<KeptLine>,
        shares: Shares,
        state: State,
        verb: Verb,
        reason: Option<String>,
        judged_at: Revision,
    ) -> Decided {
        let lapse = verb == Verb::Lapsed;
        let head = Head {
            version: next_version(Some(before)),
            state,
            verb,
            sequence: if lapse { before.sequence } else { self.command.sequence },
            digest: if lapse { before.digest } else { self.command.digest },
            lines,
            shares,
            reason,
            ..before.clone()
        };
        let units = self.units(&head, BTreeMap::new());
        Decided { head, judged_at, units, moved: None, shadowed: None, overridden: Vec::new() }
    }
}

/// Finds the lines that are stated among those of the position.
fn match_lines(lines: &[LineQuantity], head: &Head) -> Result<BTreeMap<u16, Measure>, Refusal> {
    let known = |line: u16| head.lines.iter().any(|known| known.line == line);
    let strangers = lines.iter().enumerate().filter(|(_, line)| !known(line.line));
    let faults: Vec<_> = strangers.map(|(place, _)| (format!("/lines/{place}/line"), FaultCode::LineUnknown)).collect();
    if faults.is_empty() {
        Ok(lines.iter().map(|line| (line.line, line.measure)).collect())
    } else {
        Err(Refusal::Faults(faults))
    }
}
