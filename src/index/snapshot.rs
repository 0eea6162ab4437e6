//! One state of the list with all versions up to a revision, and how the next state comes from it.
//!
//! Enterprises stand in shards behind `Arc`: a change copies one shard, not the list. Building the list whole is one
//! large step from nothing, so that there is one way of building it.

use crate::domain::calendar::WorkingCalendar;
use crate::domain::code::{HsCode, Uscc};
use crate::domain::draw::List;
use crate::domain::enterprise::{Enterprise, EnterpriseVersion};
use crate::domain::id::StopId;
use crate::domain::listing::Listing;
use crate::domain::listing_number::ListingNumber;
use crate::domain::lookup::{AS_REMEMBERED, Declaration, Facts, Line, LineAnswer, Rules, judge, judge_one};
use crate::domain::pause::Pause;
use crate::domain::register::Register;
use crate::domain::revision::Revision;
use crate::domain::scheme::{Scheme, SchemeHistory};
use crate::domain::stop::{ItemClass, Stop, StopVersion};
use crate::domain::tariff::{TariffHistory, TariffRow};
use rustc_hash::{FxBuildHasher, FxHashMap};
use std::hash::BuildHasher as _;
use std::sync::Arc;

/// Shards of the map; a power of two. At a million listings of ten thousand enterprises a shard holds ten.
const SHARDS: usize = 1024;

type Shard = FxHashMap<Uscc, Arc<Enterprise>>;

/// One state of the list.
#[derive(Clone)]
pub struct Snapshot {
    revision: Revision,
    schemes: Arc<Vec<SchemeHistory>>,
    /// The schemes as if their rules in shadow counted; none when none has any.
    shadows: Option<Arc<Vec<SchemeHistory>>>,
    tariff: Arc<FxHashMap<HsCode, TariffHistory>>,
    stops: Arc<Vec<Stop>>,
    shards: Arc<Vec<Arc<Shard>>>,
    register: Arc<Register>,
    calendar: Arc<WorkingCalendar>,
    pause: Option<Arc<Pause>>,
}

/// What was recorded since a snapshot.
#[derive(Debug, Default)]
pub struct Delta {
    /// Head at which the rows were read.
    pub revision: Revision,
    /// Scheme versions in order of recording.
    pub schemes: Vec<(Revision, Scheme)>,
    /// Tariff rows in order of recording.
    pub tariff: Vec<(HsCode, TariffRow)>,
    /// Enterprise versions in order of recording.
    pub enterprises: Vec<(Uscc, EnterpriseVersion)>,
    /// Every listing that has a new version, whole.
    pub listings: Vec<(Uscc, Listing)>,
    /// Stop versions in order of recording.
    pub stops: Vec<(StopId, ItemClass, StopVersion)>,
    /// What was taken of listings, in order of revision.
    pub taken: Vec<(Uscc, ListingNumber, Revision, i64)>,
    /// The register of people, whole, when something in it was recorded.
    pub register: Option<Register>,
    /// The calendar, whole, when a year of it was recorded.
    pub calendar: Option<WorkingCalendar>,
    /// The pause that holds, or that none does, when one was begun or ended.
    pub pause: Option<Option<Pause>>,
}

impl Snapshot {
    /// Returns the state before the first entry.
    #[must_use]
    pub fn empty() -> Self {
        Self {
            revision: Revision(0),
            schemes: Arc::default(),
            shadows: None,
            tariff: Arc::default(),
            stops: Arc::default(),
            shards: Arc::new(vec![Arc::default(); SHARDS]),
            register: Arc::default(),
            calendar: Arc::default(),
            pause: None,
        }
    }

    /// Returns the revision that the state stands at.
    #[must_use]
    pub fn revision(&self) -> Revision {
        self.revision
    }

    /// Returns the place of a scheme among all.
    #[must_use]
    pub fn scheme_place(&self, code: &str) -> Option<u16> {
        self.schemes.iter().position(|history| history.code() == code).and_then(|place| u16::try_from(place).ok())
    }

    /// Returns all schemes in order of their first recording.
    #[must_use]
    pub fn schemes(&self) -> &[SchemeHistory] {
        &self.schemes
    }

    /// Returns the rows of one HS code.
    #[must_use]
    pub fn tariff(&self, hs_code: HsCode) -> Option<&TariffHistory> {
        self.tariff.get(&hs_code)
    }

    /// Returns an enterprise with its listings.
    #[must_use]
    pub fn enterprise(&self, uscc: Uscc) -> Option<&Arc<Enterprise>> {
        self.shards.get(shard_of(uscc)).and_then(|shard| shard.get(&uscc))
    }

    /// Returns all stops.
    #[must_use]
    pub fn stops(&self) -> &[Stop] {
        &self.stops
    }

    /// Visits every listing with its enterprise, in no order.
    pub fn each_listing(&self) -> impl Iterator<Item = (Uscc, &Arc<Listing>)> {
        let enterprises = self.shards.iter().flat_map(|shard| shard.iter());
        enterprises.flat_map(|(uscc, enterprise)| enterprise.listings.iter().map(move |listing| (*uscc, listing)))
    }

    /// Returns the register of people.
    #[must_use]
    pub fn register(&self) -> &Register {
        &self.register
    }

    /// Returns the working days that are known.
    #[must_use]
    pub fn calendar(&self) -> &Arc<WorkingCalendar> {
        &self.calendar
    }

    /// Returns the pause that holds, if one does.
    #[must_use]
    pub fn pause(&self) -> Option<&Arc<Pause>> {
        self.pause.as_ref()
    }

    /// Counts listings.
    #[must_use]
    pub fn listings(&self) -> usize {
        self.shards.iter().flat_map(|shard| shard.values()).map(|enterprise| enterprise.listings.len()).sum()
    }

    /// Judges all lines of one declaration as the list was known at a revision.
    #[must_use]
    pub fn judge<'a>(&'a self, declaration: &Declaration, lines: &[Line], at: Revision) -> Vec<LineAnswer<'a>> {
        let lines: Vec<(Line, Facts<'a>)> = lines.iter().map(|line| (*line, self.facts(line))).collect();
        judge(self.rules(), declaration, &lines, at)
    }

    /// Judges all lines of one declaration by other schemes than those on record, in the same order as those.
    #[must_use]
    pub fn judge_by<'a>(
        &'a self,
        schemes: &'a [SchemeHistory],
        declaration: &Declaration,
        lines: &[Line],
        at: Revision,
    ) -> Vec<LineAnswer<'a>> {
        let lines: Vec<(Line, Facts<'a>)> = lines.iter().map(|line| (*line, self.facts(line))).collect();
        judge(Rules { schemes, ..self.rules() }, declaration, &lines, at)
    }

    /// Judges a single line; the hot path, without allocation.
    #[must_use]
    pub fn judge_one<'a>(&'a self, declaration: &Declaration, line: &Line, at: Revision) -> LineAnswer<'a> {
        judge_one(self.rules(), declaration, line, self.facts(line), at)
    }

    fn rules(&self) -> Rules<'_> {
        Rules { schemes: &self.schemes, stops: &self.stops, taken: AS_REMEMBERED }
    }

    /// Hands out what draws are judged by; `at` is the head that their transaction holds, `then` the revision known
    /// when something happened that is reported afterwards.
    pub fn with_list<R>(&self, at: Revision, then: Revision, work: impl FnOnce(&List<'_, '_>) -> R) -> R {
        let facts = |line: &Line| self.facts(line);
        let enterprise = |uscc: Uscc| self.enterprise(uscc).map(Arc::as_ref);
        let shadows = self.shadows.as_ref().map(|shadows| shadows.as_slice());
        let (schemes, stops) = (self.schemes.as_slice(), self.stops.as_slice());
        work(&List { schemes, shadows, stops, facts: &facts, enterprise: &enterprise, at, then })
    }

    fn facts(&self, line: &Line) -> Facts<'_> {
        Facts { tariff: self.tariff.get(&line.hs_code), enterprise: self.enterprise(line.enterprise).map(Arc::as_ref) }
    }

    /// Makes the next state; what did not change is shared with this one.
    #[must_use]
    pub fn advanced(&self, delta: Delta) -> Self {
        let mut next = self.clone();
        next.revision = delta.revision.max(self.revision);
        if !delta.schemes.is_empty() {
            let schemes = Arc::make_mut(&mut next.schemes);
            for (revision, scheme) in delta.schemes {
                match schemes.iter_mut().find(|history| history.code() == scheme.code) {
                    Some(history) => history.push(revision, scheme),
                    None => {
                        let mut history = SchemeHistory::default();
                        history.push(revision, scheme);
                        schemes.push(history);
                    }
                }
            }
            let (shadows, any): (Vec<SchemeHistory>, Vec<bool>) =
                schemes.iter().map(SchemeHistory::with_shadow).unzip();
            next.shadows = any.contains(&true).then(|| Arc::new(shadows));
        }
        if !delta.tariff.is_empty() {
            let tariff = Arc::make_mut(&mut next.tariff);
            for (hs_code, row) in delta.tariff {
                tariff.entry(hs_code).or_default().push(row);
            }
        }
        if !delta.stops.is_empty() {
            let stops = Arc::make_mut(&mut next.stops);
            for (id, class, version) in delta.stops {
                match stops.iter_mut().find(|stop| stop.id == id) {
                    Some(stop) => stop.versions.push(version),
                    None => stops.push(Stop { id, class, versions: vec![version] }),
                }
            }
        }
        next.advance_enterprises(delta.enterprises, delta.listings);
        // Into cells that all states share: who reads at an earlier revision does not see it.
        for (uscc, number, revision, taken) in delta.taken {
            if let Some(listing) = next.enterprise(uscc).and_then(|enterprise| enterprise.listing(number)) {
                listing.taken.push(revision, taken);
            }
        }
        if let Some(register) = delta.register {
            next.register = Arc::new(register);
        }
        if let Some(calendar) = delta.calendar {
            next.calendar = Arc::new(calendar);
        }
        if let Some(pause) = delta.pause {
            next.pause = pause.map(Arc::new);
        }
        next
    }

    fn advance_enterprises(&mut self, versions: Vec<(Uscc, EnterpriseVersion)>, listings: Vec<(Uscc, Listing)>) {
        let carried = |(uscc, mut listing): (Uscc, Listing)| {
            if let Some(known) = self.enterprise(uscc).and_then(|enterprise| enterprise.listing(listing.number)) {
                listing.taken = known.taken.clone();
            }
            (uscc, listing)
        };
        let listings: Vec<(Uscc, Listing)> = listings.into_iter().map(carried).collect();
        let mut touched: FxHashMap<Uscc, (Vec<EnterpriseVersion>, Vec<Arc<Listing>>)> = FxHashMap::default();
        for (uscc, version) in versions {
            touched.entry(uscc).or_default().0.push(version);
        }
        for (uscc, listing) in listings {
            touched.entry(uscc).or_default().1.push(Arc::new(listing));
        }
        if touched.is_empty() {
            return;
        }
        let shards = Arc::make_mut(&mut self.shards);
        for (uscc, (versions, listings)) in touched {
            let Some(shard) = shards.get_mut(shard_of(uscc)) else { continue };
            let enterprise = Arc::make_mut(Arc::make_mut(shard).entry(uscc).or_default());
            enterprise.versions.extend(versions);
            enterprise.versions.shrink_to_fit();
            enterprise.put_listings(listings);
        }
    }

    /// Lists everything in a fixed order, so that two states can be compared.
    #[must_use]
    pub fn listed(&self) -> Vec<(Uscc, Vec<Listing>)> {
        let mut all: Vec<(Uscc, Vec<Listing>)> = self
            .shards
            .iter()
            .flat_map(|shard| shard.iter())
            .map(|(uscc, enterprise)| (*uscc, enterprise.listings.iter().map(|listing| (**listing).clone()).collect()))
            .collect();
        all.sort_by_key(|(uscc, _)| *uscc);
        all
    }
}

fn shard_of(uscc: Uscc) -> usize {
    // The upper half, because the map inside the shard uses the lower bits of the same hash.
    let hash = FxBuildHasher.hash_one(uscc) >> 32;
    usize::try_from(hash).unwrap_or(0) % SHARDS
}
