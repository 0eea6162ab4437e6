//! What a stated position comes to: every line judged as a lookup judges it, then booked whole or refused whole.

use super::decide::{Decided, Desk, next_version, steps};
use super::ledger::{Share, Shares};
use super::{DrawnLine, Head, KeptLine, Moved, Position, Refusal, RefusedLine, Shadowed, State, Verb};
use crate::domain::code::{UnitCode, Uscc};
use crate::domain::listing::Listing;
use crate::domain::listing_number::ListingNumber;
use crate::domain::lookup::{AS_REMEMBERED, Declaration, Facts, Line, LineAnswer, Rules, judge};
use crate::domain::quantity::Measure;
use crate::domain::reason::{Reason, Reasons, Verdict};
use crate::domain::revision::Revision;
use crate::domain::scheme::SchemeHistory;
use crate::domain::validity::LegalDay;
use std::collections::BTreeMap;

/// A position that was judged.
struct Judged {
    declared_on: LegalDay,
    judged_at: Revision,
    lines: Vec<KeptLine>,
    /// Steps by line, of the listing's finer unit; none where the units cannot be compared.
    steps: Vec<Option<i64>>,
    granted: BTreeMap<ListingNumber, i64>,
    units: BTreeMap<ListingNumber, UnitCode>,
    refused: Vec<RefusedLine>,
    moved: Option<Vec<Moved>>,
    shadowed: Option<Vec<Shadowed>>,
}

impl<'a> Desk<'_, '_, 'a> {
    fn judge(&self, position: &Position, head: Option<&Head>) -> Judged {
        let declared_on = position.declared_on.unwrap_or_else(|| self.when.day());
        let declaration = Declaration {
            number: Some(self.command.number),
            customs_office: position.customs_office,
            declared_on,
            trade_mode: position.trade_mode,
        };
        let lines: Vec<Line> = position.lines.iter().map(|line| asked(position.enterprise, line)).collect();
        let judged_at = if self.command.occurred_at.is_some() { self.list.then } else { self.list.at };
        // The present books, whatever revision is asked: what is gone cannot be taken, and what the declaration holds
        // itself is free for its next position.
        let others = |listing: &Listing, _: Revision| self.others(head, listing.number).taken();
        let answers = self.answers(self.list.schemes, &others, &declaration, &lines, judged_at);
        let then = position.looked_up_at.map(|revision| {
            let at = revision.min(self.list.at);
            let answers = self.answers(self.list.schemes, AS_REMEMBERED, &declaration, &lines, at);
            answers.iter().map(|answer| answer.verdict).collect::<Vec<Verdict>>()
        });
        let shadowed = self.list.shadows.map(|schemes| {
            let shadow = self.answers(schemes, &others, &declaration, &lines, judged_at);
            let more = |(counting, shadow): (&LineAnswer<'_>, &LineAnswer<'_>)| {
                let only = shadow.reasons.bits() & !counting.reasons.bits();
                let reasons = Reasons::from_bits(only & !Reasons::only(Reason::Listed).bits());
                (!reasons.is_empty()).then_some(Shadowed { line: counting.line, reasons })
            };
            answers.iter().zip(&shadow).filter_map(more).collect()
        });
        let mut judged = Judged {
            declared_on,
            judged_at,
            lines: Vec::new(),
            steps: Vec::new(),
            granted: BTreeMap::new(),
            units: BTreeMap::new(),
            refused: Vec::new(),
            moved: then.as_ref().map(|then| {
                let pairs = answers.iter().zip(then).filter(|(now, was)| now.verdict != **was);
                pairs.map(|(now, was)| Moved { line: now.line, was: *was, now: now.verdict }).collect()
            }),
            shadowed,
        };
        for (place, (line, answer)) in position.lines.iter().zip(&answers).enumerate() {
            let listing = answer.candidate.map(|candidate| candidate.listing.number);
            if let Some(candidate) = answer.candidate {
                let terms = &candidate.version.terms;
                judged.granted.insert(candidate.listing.number, terms.granted);
                judged.units.insert(candidate.listing.number, terms.unit);
            }
            if answer.verdict != Verdict::Allowed {
                judged.refused.push(RefusedLine {
                    line: line.line,
                    listing,
                    reasons: answer.reasons,
                    was: then.as_ref().and_then(|then| then.get(place)).copied(),
                    remaining: answer.candidate.map(|candidate| candidate.remaining()),
                });
            }
            let comparable = answer
                .candidate
                .filter(|candidate| UnitCode::comparable(candidate.version.terms.unit, line.measure.unit));
            judged.steps.push(comparable.and_then(|_| steps(line.measure)));
            judged.lines.push(kept(line, listing));
        }
        judged
    }

    fn answers<'c>(
        &self,
        schemes: &'c [SchemeHistory],
        taken: &'c dyn Fn(&Listing, Revision) -> i64,
        declaration: &Declaration,
        lines: &[Line],
        at: Revision,
    ) -> Vec<LineAnswer<'c>>
    where
        'a: 'c,
    {
        let lines: Vec<(Line, Facts<'c>)> = lines.iter().map(|line| (*line, (self.list.facts)(line))).collect();
        judge(Rules { schemes, stops: self.list.stops, taken }, declaration, &lines, at)
    }

    pub(super) fn put(&self, position: &Position, head: Option<&Head>) -> Result<Decided, Refusal> {
        let judged = self.judge(position, head);
        if !judged.refused.is_empty() {
            return Err(Refusal::Lines(judged.refused));
        }
        let mut shares = self.emptied(head);
        for (line, steps) in judged.lines.iter().zip(&judged.steps) {
            let Some((listing, steps)) = line.listing.zip(*steps) else { continue };
            let share = shares.entry(listing).or_default();
            share.granted = judged.granted.get(&listing).copied().unwrap_or(share.granted);
            share.reserved = share.reserved.saturating_add(steps);
        }
        Ok(self.stated(position, judged, shares, State::Reserved, Verb::Put, head, None))
    }

    pub(super) fn manual(&self, position: &Position, reason: &str, head: Option<&Head>) -> Result<Decided, Refusal> {
        let mut judged = self.judge(position, head);
        let mut wanted: BTreeMap<ListingNumber, i64> = BTreeMap::new();
        for (line, steps) in judged.lines.iter_mut().zip(&judged.steps) {
            line.released = Some(Measure { quantity: line.quantity, unit: line.unit });
            match line.listing.zip(*steps) {
                Some((listing, steps)) => {
                    let total = wanted.entry(listing).or_default();
                    *total = total.saturating_add(steps);
                }
                // What cannot be counted in the listing's unit is on record but in no book.
                None => line.listing = None,
            }
        }
        let mut shares = self.emptied(head);
        for (listing, total) in wanted {
            let granted = judged.granted.get(&listing).copied().unwrap_or_default();
            let room = granted.saturating_sub(self.others(head, listing).taken()).max(0);
            let confirmed = total.min(room);
            let share = Share { granted, reserved: 0, confirmed, excess: total.saturating_sub(confirmed) };
            shares.insert(listing, share);
        }
        let overridden = judged.refused.iter().map(|refused| (refused.line, refused.reasons)).collect();
        let reason = Some(reason.to_owned());
        let decided = self.stated(position, judged, shares, State::Released, Verb::Manual, head, reason);
        Ok(Decided { overridden, ..decided })
    }

    #[allow(clippy::too_many_arguments, reason = "one version, its members named once")]
    fn stated(
        &self,
        position: &Position,
        judged: Judged,
        shares: Shares,
        state: State,
        verb: Verb,
        head: Option<&Head>,
        reason: Option<String>,
    ) -> Decided {
        let head = Head {
            version: next_version(head),
            state,
            verb,
            sequence: self.command.sequence,
            digest: self.command.digest,
            enterprise: position.enterprise,
            customs_office: position.customs_office,
            declared_on: judged.declared_on,
            trade_mode: position.trade_mode,
            lines: judged.lines,
            shares,
            reason,
        };
        Decided {
            units: self.units(&head, judged.units),
            head,
            judged_at: judged.judged_at,
            moved: judged.moved,
            shadowed: judged.shadowed,
            overridden: Vec::new(),
        }
    }
}

fn asked(enterprise: Uscc, line: &DrawnLine) -> Line {
    let DrawnLine { line, listing, hs_code, ciq_code, cas, measure } = *line;
    Line { line, enterprise, hs_code, ciq_code, listing, cas, measure: Some(measure) }
}

fn kept(line: &DrawnLine, listing: Option<ListingNumber>) -> KeptLine {
    let DrawnLine { line, hs_code, ciq_code, cas, measure, .. } = *line;
    KeptLine { line, listing, hs_code, ciq_code, cas, quantity: measure.quantity, unit: measure.unit, released: None }
}
