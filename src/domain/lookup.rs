//! The main job: is this declaration line covered, today, at this office, for this quantity?
//!
//! One pure function from the list to an answer. It knows no database, no clock and no network; who asks "today"
//! passes the day. The order of the checks is the order of the contract; uncertain is never allowed.

use super::code::{Cas, CiqCode, CustomsOffice, DeclarationNumber, DocumentSet, HsCode, TradeMode, Uscc};
use super::enterprise::Enterprise;
use super::listing::{Listing, ListingVersion, Standing, Status};
use super::listing_number::ListingNumber;
pub use super::match_levels::{CodeMatch, MatchLevels, QuantityMatch, UnitMatch};
use super::quantity::{Measure, Quantity};
use super::reason::{Reason, Reasons, Verdict};
use super::revision::Revision;
use super::scheme::{IdentifyBy, Scheme, SchemeHistory};
use super::stop::Stop;
use super::tariff::TariffHistory;
use super::validity::LegalDay;
use std::cmp::Reverse;

/// What all lines of a question share.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Declaration {
    /// Number, once there is one.
    pub number: Option<DeclarationNumber>,
    /// Office of declaration (申报地海关).
    pub customs_office: CustomsOffice,
    /// Legal day by which it is judged.
    pub declared_on: LegalDay,
    /// Trade mode (监管方式).
    pub trade_mode: Option<TradeMode>,
}

/// One line of a declaration.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Line {
    /// Number on the declaration, 1 to 9999.
    pub line: u16,
    /// The importer.
    pub enterprise: Uscc,
    /// Classification.
    pub hs_code: HsCode,
    /// Inspection code.
    pub ciq_code: Option<CiqCode>,
    /// The listing the declarant names.
    pub listing: Option<ListingNumber>,
    /// Substance.
    pub cas: Option<Cas>,
    /// Quantity with its unit.
    pub measure: Option<Measure>,
}

/// What the list holds that concerns every line.
#[derive(Clone, Copy)]
pub struct Rules<'a> {
    /// All schemes.
    pub schemes: &'a [SchemeHistory],
    /// All stops of item classes.
    pub stops: &'a [Stop],
    /// What is taken of a listing at a revision: lookups ask the list in memory, draws the transaction that books.
    pub taken: &'a dyn Fn(&Listing, Revision) -> i64,
}

/// What is taken as the list in memory knows it.
pub const AS_REMEMBERED: &dyn Fn(&Listing, Revision) -> i64 = &|listing, at| listing.taken_at(at);

/// What the list holds about one line.
#[derive(Debug, Clone, Copy)]
pub struct Facts<'a> {
    /// Rows of the tariff table for its HS code.
    pub tariff: Option<&'a TariffHistory>,
    /// Its enterprise with its listings.
    pub enterprise: Option<&'a Enterprise>,
}

/// The listing that a line was judged by.
#[derive(Debug, Clone, Copy)]
pub struct Candidate<'a> {
    /// The listing.
    pub listing: &'a Listing,
    /// Number of the version that holds on the day.
    pub version_number: u32,
    /// The version.
    pub version: &'a ListingVersion,
    /// How well the line fits.
    pub levels: MatchLevels,
    /// What is taken of it, steps of the finer unit.
    pub taken: i64,
}

impl Candidate<'_> {
    /// Granted quantity in the listing's unit.
    #[must_use]
    pub fn approved(&self) -> Measure {
        Quantity::in_unit_or_finer(i128::from(self.version.terms.granted), self.version.terms.unit)
    }

    /// What is left before this question, never below zero.
    #[must_use]
    pub fn remaining(&self) -> Measure {
        Quantity::in_unit_or_finer(self.remaining_steps().max(0), self.version.terms.unit)
    }

    fn remaining_steps(&self) -> i128 {
        i128::from(self.version.terms.granted).saturating_sub(i128::from(self.taken))
    }
}

/// The answer to one line.
#[derive(Debug, Clone, Copy)]
pub struct LineAnswer<'a> {
    /// The line's number.
    pub line: u16,
    /// The verdict.
    pub verdict: Verdict,
    /// Scheme version by which it was judged.
    pub scheme: Option<&'a Scheme>,
    /// Documents that need not be shown.
    pub waived: DocumentSet,
    /// Import documents that still must be shown.
    pub required: DocumentSet,
    /// Why, in list order.
    pub reasons: Reasons,
    /// The listing, where exactly one was judged.
    pub candidate: Option<Candidate<'a>>,
}

/// Judges all lines of one declaration together: their quantities on one listing add up.
pub fn judge<'a>(
    rules: Rules<'a>,
    declaration: &Declaration,
    lines: &[(Line, Facts<'a>)],
    at: Revision,
) -> Vec<LineAnswer<'a>> {
    let mut found: Vec<Found<'a>> =
        lines.iter().map(|(line, facts)| find(rules, declaration, line, *facts, at)).collect();
    // Totals by listing; a declaration has at most 200 lines, sorting them beats a map.
    let mut totals: Vec<(ListingNumber, i128)> =
        found.iter().filter_map(|found| Some((found.candidate?.listing.number, found.steps?))).collect();
    totals.sort_unstable_by_key(|(number, _)| *number);
    totals.dedup_by(|next, first| {
        let same = next.0 == first.0;
        if same {
            first.1 = first.1.saturating_add(next.1);
        }
        same
    });
    found
        .iter_mut()
        .zip(lines)
        .map(|(found, (line, _))| {
            let total = found.candidate.and_then(|candidate| {
                totals
                    .binary_search_by_key(&candidate.listing.number, |(number, _)| *number)
                    .ok()
                    .and_then(|place| totals.get(place))
            });
            conclude(rules, declaration, line, found, total.map_or(0, |(_, total)| *total), at)
        })
        .collect()
}

/// Judges a single line; the same as [`judge`] of a declaration with one line.
#[must_use]
pub fn judge_one<'a>(
    rules: Rules<'a>,
    declaration: &Declaration,
    line: &Line,
    facts: Facts<'a>,
    at: Revision,
) -> LineAnswer<'a> {
    let mut found = find(rules, declaration, line, facts, at);
    let total = found.steps.unwrap_or(0);
    conclude(rules, declaration, line, &mut found, total, at)
}

/// What the first steps found out about a line.
struct Found<'a> {
    scheme: Option<(&'a Scheme, bool)>,
    documents: DocumentSet,
    waivable: DocumentSet,
    enterprise_suspended: bool,
    candidate: Option<Candidate<'a>>,
    /// Quantity in steps of the candidate's finer unit, where comparable.
    steps: Option<i128>,
    reasons: Reasons,
}

fn find<'a>(rules: Rules<'a>, declaration: &Declaration, line: &Line, facts: Facts<'a>, at: Revision) -> Found<'a> {
    let day = declaration.declared_on;
    let enterprise =
        facts.enterprise.and_then(|enterprise| enterprise.on(day, at).map(|version| (enterprise, version)));
    let selection = enterprise.map_or(Selection::None, |(enterprise, _)| select(enterprise, line, day, at));
    let scheme = match &selection {
        Selection::One(candidate) => scheme_at(rules, candidate.listing.scheme, day, at),
        Selection::Several | Selection::OtherSubstance | Selection::None => {
            fallback_scheme(rules, declaration, enterprise.map(|(_, version)| version.district), at)
        }
    };
    let mut found = Found {
        scheme,
        documents: DocumentSet::default(),
        waivable: DocumentSet::default(),
        enterprise_suspended: enterprise.is_some_and(|(_, version)| version.suspended),
        candidate: None,
        steps: None,
        reasons: Reasons::default(),
    };
    let Some(row) = facts.tariff.and_then(|tariff| tariff.on(day, at)) else {
        found.reasons.insert(Reason::HsCodeUnknown);
        return found;
    };
    found.documents = row.documents.imports();
    found.waivable = found.documents.intersection(waivable_documents(rules, scheme, day, at));
    if found.waivable.is_empty() {
        found.reasons.insert(Reason::DocumentNotRequired);
        return found;
    }
    match selection {
        Selection::None => found.reasons.insert(Reason::NoListing),
        Selection::Several => found.reasons.insert(Reason::AmbiguousListing),
        Selection::OtherSubstance => found.reasons.insert(Reason::CasMismatch),
        Selection::One(mut candidate) => {
            candidate.taken = (rules.taken)(candidate.listing, at);
            found.steps = compare_unit(line, &mut candidate);
            found.candidate = Some(candidate);
        }
    }
    found
}

fn scheme_at(rules: Rules<'_>, place: u16, day: LegalDay, at: Revision) -> Option<(&Scheme, bool)> {
    rules.schemes.get(usize::from(place)).and_then(|history| history.on(day, at))
}

/// Without a listing: the scheme of the office, else that of the enterprise's district.
fn fallback_scheme<'a>(
    rules: Rules<'a>,
    declaration: &Declaration,
    district: Option<super::code::DistrictCode>,
    at: Revision,
) -> Option<(&'a Scheme, bool)> {
    let schemes = || rules.schemes.iter().filter_map(|history| history.on(declaration.declared_on, at));
    schemes()
        .find(|(scheme, _)| scheme.permits_office(declaration.customs_office))
        .or_else(|| schemes().find(|(scheme, _)| district.is_some_and(|code| scheme.district(code).is_some())))
}

fn waivable_documents(rules: Rules<'_>, scheme: Option<(&Scheme, bool)>, day: LegalDay, at: Revision) -> DocumentSet {
    match scheme {
        Some((scheme, _)) => scheme.waived_documents,
        None => rules
            .schemes
            .iter()
            .filter_map(|history| history.on(day, at))
            .filter(|(_, in_force)| *in_force)
            .fold(DocumentSet::default(), |all, (scheme, _)| all.union(scheme.waived_documents)),
    }
}

/// Which listing a line means.
enum Selection<'a> {
    None,
    One(Candidate<'a>),
    /// More than one in force.
    Several,
    /// More than one in force, all of another substance.
    OtherSubstance,
}

fn select<'a>(enterprise: &'a Enterprise, line: &Line, day: LegalDay, at: Revision) -> Selection<'a> {
    let on_day = |listing: &'a Listing| {
        let (version_number, version) = listing.on(day, at)?;
        let levels = MatchLevels {
            listing_named: line.listing.is_some(),
            hs_code_exact: version.terms.hs_code == line.hs_code,
            ciq_code: compare(line.ciq_code, version.terms.ciq_code),
            cas: compare(line.cas, version.terms.cas),
            unit: UnitMatch::NotGiven,
            quantity: QuantityMatch::NotGiven,
        };
        (levels.ciq_code != CodeMatch::Different).then_some(Candidate {
            listing,
            version_number,
            version,
            levels,
            taken: 0,
        })
    };
    if let Some(number) = line.listing {
        return enterprise.listing(number).and_then(|listing| on_day(listing)).map_or(Selection::None, Selection::One);
    }
    let mut same_substance = Choice::default();
    let mut other_substance = Choice::default();
    for listing in enterprise.with_hs_code(line.hs_code) {
        let Some(candidate) = on_day(listing).filter(|candidate| candidate.levels.hs_code_exact) else { continue };
        let choice =
            if candidate.levels.cas == CodeMatch::Different { &mut other_substance } else { &mut same_substance };
        choice.offer(candidate, day);
    }
    let other_substance = || match other_substance.made()? {
        Selection::Several => Some(Selection::OtherSubstance),
        made @ (Selection::None | Selection::One(_) | Selection::OtherSubstance) => Some(made),
    };
    same_substance.made().or_else(other_substance).unwrap_or(Selection::None)
}

fn compare<T: PartialEq>(stated: Option<T>, listed: Option<T>) -> CodeMatch {
    match (stated, listed) {
        (None, _) => CodeMatch::NotGiven,
        (Some(_), None) => CodeMatch::NotListed,
        (Some(stated), Some(listed)) if stated == listed => CodeMatch::Exact,
        (Some(_), Some(_)) => CodeMatch::Different,
    }
}

/// Candidates seen so far: the one in force, whether there are more, and the nearest of the others.
#[derive(Default)]
struct Choice<'a> {
    in_force: Option<Candidate<'a>>,
    several: bool,
    nearest: Option<Candidate<'a>>,
}

impl<'a> Choice<'a> {
    fn offer(&mut self, candidate: Candidate<'a>, day: LegalDay) {
        if candidate.version.status(day) == Status::InForce {
            match &self.in_force {
                None => self.in_force = Some(candidate),
                Some(_) => self.several = true,
            }
        } else if self.nearest.as_ref().is_none_or(|known| nearness(&candidate, day) < nearness(known, day)) {
            self.nearest = Some(candidate);
        }
    }

    fn made(self) -> Option<Selection<'a>> {
        match (self.several, self.in_force, self.nearest) {
            (true, _, _) => Some(Selection::Several),
            (false, Some(candidate), _) | (false, None, Some(candidate)) => Some(Selection::One(candidate)),
            (false, None, None) => None,
        }
    }
}

/// Nearest in time first; then what can still be mended before what cannot; then the younger listing.
fn nearness(candidate: &Candidate<'_>, day: LegalDay) -> impl Ord + use<> {
    let period = candidate.version.terms.period;
    let mendable = match candidate.version.standing {
        Standing::Listed => 0_u8,
        Standing::Suspended => 1,
        Standing::Removed => 2,
    };
    (period.distance(day), mendable, Reverse(period.from()), Reverse(candidate.listing.number))
}

/// Compares units and returns the line's quantity in steps of the listing's finer unit.
fn compare_unit(line: &Line, candidate: &mut Candidate<'_>) -> Option<i128> {
    let measure = line.measure?;
    let unit = candidate.version.terms.unit;
    let finer = measure.to_finer().ok().filter(|(_, finer)| *finer == unit.finer().0);
    candidate.levels.unit = match finer {
        None => UnitMatch::NotComparable,
        Some(_) if measure.unit == unit => UnitMatch::Equal,
        Some(_) => UnitMatch::Converted,
    };
    if finer.is_none() {
        candidate.levels.quantity = QuantityMatch::NotComparable;
    }
    finer.map(|(quantity, _)| quantity.steps())
}

fn conclude<'a>(
    rules: Rules<'a>,
    declaration: &Declaration,
    line: &Line,
    found: &mut Found<'a>,
    total: i128,
    at: Revision,
) -> LineAnswer<'a> {
    let mut reasons = found.reasons;
    let past_tariff = !reasons.contains(Reason::HsCodeUnknown) && !reasons.contains(Reason::DocumentNotRequired);
    if found.enterprise_suspended && past_tariff && !reasons.contains(Reason::NoListing) {
        reasons.insert(Reason::EnterpriseSuspended);
    }
    if let Some(candidate) = &mut found.candidate {
        check(rules, declaration, line, found.scheme, candidate, (found.steps.is_some(), total), at, &mut reasons);
    }
    if reasons.is_empty() {
        reasons.insert(Reason::Listed);
    }
    let verdict = reasons.verdict();
    let waived = if verdict == Verdict::Allowed { found.waivable } else { DocumentSet::default() };
    LineAnswer {
        line: line.line,
        verdict,
        scheme: found.scheme.map(|(scheme, _)| scheme),
        waived,
        required: found.documents.difference(waived),
        reasons,
        candidate: found.candidate,
    }
}

/// Runs every check of the candidate; none stops the others, so that all that is wrong is said at once.
#[allow(clippy::too_many_arguments, reason = "the facts of one check, named once")]
fn check(
    rules: Rules<'_>,
    declaration: &Declaration,
    line: &Line,
    scheme: Option<(&Scheme, bool)>,
    candidate: &mut Candidate<'_>,
    (comparable, total): (bool, i128),
    at: Revision,
    reasons: &mut Reasons,
) {
    let day = declaration.declared_on;
    let terms = &candidate.version.terms;
    let mut fail = |failed: bool, reason: Reason| {
        if failed {
            reasons.insert(reason);
        }
    };
    fail(day < terms.period.from().max(candidate.version.effective_on), Reason::NotYetEffective);
    fail(day > terms.period.to(), Reason::Expired);
    fail(candidate.version.standing == Standing::Suspended, Reason::Suspended);
    fail(candidate.version.standing == Standing::Removed, Reason::Removed);
    let covered = |stop: &Stop| stop.class.covers(line.enterprise, candidate.listing.number, terms);
    fail(rules.stops.iter().any(|stop| stop.holds(day, at) && covered(stop)), Reason::ItemClassStopped);
    let office_permitted = match (&terms.customs_offices, scheme) {
        (Some(offices), _) => offices.contains(&declaration.customs_office),
        (None, Some((scheme, _))) => scheme.permits_office(declaration.customs_office),
        (None, None) => false,
    };
    fail(!office_permitted, Reason::CustomsOfficeNotPermitted);
    fail(
        scheme.is_some_and(|(scheme, _)| !scheme.permits_trade_mode(declaration.trade_mode)),
        Reason::TradeModeNotPermitted,
    );
    fail(!candidate.levels.hs_code_exact, Reason::HsCodeMismatch);
    fail(candidate.levels.cas == CodeMatch::Different, Reason::CasMismatch);
    fail(!scheme.is_some_and(|(_, in_force)| in_force), Reason::SchemeNotInForce);
    if comparable {
        let over_remaining = total > candidate.remaining_steps();
        let over_cap = terms.consignment_cap.is_some_and(|cap| total > i128::from(cap));
        fail(over_remaining, Reason::QuantityExceedsRemaining);
        fail(over_cap, Reason::QuantityExceedsConsignmentCap);
        candidate.levels.quantity =
            if over_remaining || over_cap { QuantityMatch::Exceeds } else { QuantityMatch::Within };
    } else {
        fail(line.measure.is_some(), Reason::UnitNotComparable);
        let must_state = scheme.is_some_and(|(scheme, _)| scheme.caps.quantity_required_with_cap);
        fail(line.measure.is_none() && terms.consignment_cap.is_some() && must_state, Reason::QuantityNotGiven);
    }
    let by_cas = scheme.is_some_and(|(scheme, _)| scheme.identify_by == IdentifyBy::Cas);
    fail(by_cas && line.cas.is_none() && line.listing.is_none() && terms.cas.is_some(), Reason::CasNotGiven);
}
