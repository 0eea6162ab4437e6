//! "Is it allowed", stated a second time: as plainly as the contract, slow, and sharing no rule with the first statement.
//! It says nothing about reasons. Invariant: it reads what was recorded, never a way to find things that the lookup uses.

use super::super::code::{Cas, CiqCode, UnitCode, Uscc};
use super::super::enterprise::EnterpriseVersion;
use super::super::listing::{Listing, ListingVersion, Standing, Terms};
use super::super::lookup::{Declaration, Line};
use super::super::revision::Revision;
use super::super::scheme::{IdentifyBy, Scheme};
use super::super::stop::{ItemClass, StopStage};
use super::super::validity::LegalDay;
use super::World;

/// What a dated record says on a day: of those known, the latest begun, of two begun together the later recorded.
fn holding<T>(versions: &[T], at: Revision, day: LegalDay, key: impl Fn(&T) -> (Revision, LegalDay)) -> Option<&T> {
    let mut holding: Option<&T> = None;
    for version in versions {
        let (revision, from) = key(version);
        let later = match holding {
            None => true,
            Some(known) => from >= key(known).1,
        };
        if revision <= at && from <= day && later {
            holding = Some(version);
        }
    }
    holding
}

/// One question to one list at one revision.
pub(super) struct Plain<'a> {
    pub(super) world: &'a World,
    pub(super) declaration: &'a Declaration,
    pub(super) at: Revision,
}

impl<'a> Plain<'a> {
    fn day(&self) -> LegalDay {
        self.declaration.declared_on
    }

    /// The version of a listing on the day, and whether any holds by then: one still to come is known by its first.
    fn version(&self, listing: &'a Listing) -> Option<(&'a ListingVersion, bool)> {
        if let Some(version) =
            holding(&listing.versions, self.at, self.day(), |version| (version.revision, version.effective_on))
        {
            return Some((version, true));
        }
        let mut first: Option<&ListingVersion> = None;
        for version in listing.versions.iter().filter(|version| version.revision <= self.at) {
            if first.is_none_or(|known| version.effective_on <= known.effective_on) {
                first = Some(version);
            }
        }
        first.map(|version| (version, false))
    }

    fn in_force(&self, listing: &'a Listing) -> bool {
        self.version(listing).is_some_and(|(version, begun)| {
            begun
                && version.standing == Standing::Listed
                && version.terms.period.from() <= self.day()
                && self.day() <= version.terms.period.to()
        })
    }

    fn scheme(&self, listing: &Listing) -> Option<&'a Scheme> {
        let versions = self.world.schemes.get(usize::from(listing.scheme))?;
        let known = versions.iter().filter(|(revision, _)| *revision <= self.at).map(|(_, scheme)| scheme);
        known
            .rev()
            .find(|scheme| scheme.valid_from <= self.day())
            .filter(|scheme| scheme.valid_to.is_none_or(|last| self.day() <= last))
    }

    /// The one listing in force that a line means.
    fn listing(&self, line: &Line) -> Option<&'a Listing> {
        let registered = |(uscc, versions): &&(Uscc, Vec<EnterpriseVersion>)| {
            *uscc == line.enterprise && versions.iter().any(|version| version.revision <= self.at)
        };
        self.world.enterprises.iter().find(registered)?;
        let differs =
            |stated: Option<u64>, listed: Option<u64>| stated.is_some() && listed.is_some() && stated != listed;
        let mut same_substance = Vec::new();
        let mut other_substance = Vec::new();
        for (uscc, listing) in &self.world.listings {
            let Some((version, _)) = self.version(listing) else { continue };
            let meant = match line.listing {
                Some(number) => number == listing.number,
                None => version.terms.hs_code == line.hs_code,
            };
            let other_ciq = differs(line.ciq_code.map(CiqCode::value), version.terms.ciq_code.map(CiqCode::value));
            if *uscc != line.enterprise || !meant || other_ciq {
                continue;
            }
            if differs(line.cas.map(Cas::value), version.terms.cas.map(Cas::value)) {
                other_substance.push(listing);
            } else {
                same_substance.push(listing);
            }
        }
        let mut candidates = if same_substance.is_empty() { other_substance } else { same_substance };
        candidates.retain(|listing| self.in_force(listing));
        if candidates.len() == 1 { candidates.pop() } else { None }
    }

    /// Whether the line needs a document that the listing's scheme waives.
    fn needed(&self, line: &Line, listing: &Listing) -> bool {
        match (self.world.imports(line.hs_code, self.day(), self.at), self.scheme(listing)) {
            (Some(documents), Some(scheme)) => {
                documents.iter().any(|document| scheme.waived_documents.contains(document))
            }
            _ => false,
        }
    }

    fn steps(&self, line: &Line, terms: &Terms) -> Option<i128> {
        let measure = line.measure?;
        let factor = |unit: UnitCode| match unit.value() {
            35 => (36, 1000),
            95 => (96, 1000),
            other => (other, 1),
        };
        (factor(measure.unit).0 == factor(terms.unit).0).then(|| measure.quantity.steps() * factor(measure.unit).1)
    }

    fn total(&self, lines: &[Line], listing: &Listing, terms: &Terms) -> i128 {
        let mut total = 0;
        for line in lines {
            let on_it =
                self.listing(line).is_some_and(|other| other.number == listing.number) && self.needed(line, listing);
            if on_it {
                total += self.steps(line, terms).unwrap_or(0);
            }
        }
        total
    }

    /// Tells whether a line is allowed, seen with all lines of its declaration.
    pub(super) fn allowed(&self, lines: &[Line], line: &Line) -> bool {
        let Some(listing) = self.listing(line) else { return false };
        let Some((version, _)) = self.version(listing) else { return false };
        let Some(scheme) = self.scheme(listing) else { return false };
        let terms = &version.terms;
        let office = self.declaration.customs_office;

        let suspended =
            self.world.enterprises.iter().filter(|(uscc, _)| *uscc == line.enterprise).any(|(_, versions)| {
                let key = |version: &EnterpriseVersion| (version.revision, version.effective_on);
                let first = || {
                    versions
                        .iter()
                        .filter(|version| version.revision <= self.at)
                        .rev()
                        .min_by_key(|version| version.effective_on)
                };
                holding(versions, self.at, self.day(), key).or_else(first).is_some_and(|version| version.suspended)
            });
        let stopped = self.world.stops.iter().any(|stop| {
            let covered = match &stop.class {
                ItemClass::Cas(cas) => terms.cas == Some(*cas),
                ItemClass::HsPrefix(digits) => terms.hs_code.to_string().starts_with(digits.as_str()),
                ItemClass::Purpose(purpose) => terms.purpose == Some(*purpose),
                ItemClass::Listing(number) => listing.number == *number,
                ItemClass::Enterprise(uscc) => line.enterprise == *uscc,
            };
            let holds =
                holding(&stop.versions, self.at, self.day(), |version| (version.revision, version.effective_on));
            let held_back = [StopStage::Emergency, StopStage::Confirmed];
            covered && holds.is_some_and(|version| held_back.contains(&version.stage))
        });
        let office_permitted = match &terms.customs_offices {
            Some(own) => own.contains(&office),
            None => scheme.customs_prefixes.iter().any(|prefix| office.to_string().starts_with(prefix.as_str())),
        };
        let mode_permitted = match &scheme.trade_modes {
            Some(modes) => self.declaration.trade_mode.is_some_and(|mode| modes.contains(&mode)),
            None => true,
        };
        let same_item =
            terms.hs_code == line.hs_code && !(line.cas.is_some() && terms.cas.is_some() && line.cas != terms.cas);
        let identified = scheme.identify_by == IdentifyBy::HsCode
            || terms.cas.is_none()
            || line.cas.is_some()
            || line.listing.is_some();
        let quantity_fits = match line.measure {
            None => terms.consignment_cap.is_none() || !scheme.caps.quantity_required_with_cap,
            Some(_) if self.steps(line, terms).is_none() => false,
            Some(_) => {
                let total = self.total(lines, listing, terms);
                total + i128::from(listing.used) <= i128::from(terms.granted)
                    && terms.consignment_cap.is_none_or(|cap| total <= i128::from(cap))
            }
        };
        self.needed(line, listing)
            && !suspended
            && !stopped
            && office_permitted
            && mode_permitted
            && same_item
            && identified
            && quantity_fits
    }
}
