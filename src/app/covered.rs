//! Which listings a change holds back or frees without a new version of them: those of an enterprise, those under a stop.

use crate::domain::adjustment::ChangeKind;
use crate::domain::code::Uscc;
use crate::domain::id::StopId;
use crate::domain::listing::{Listing, Status};
use crate::domain::listing_number::ListingNumber;
use crate::domain::revision::Revision;
use crate::domain::stop::ItemClass;
use crate::domain::validity::LegalDay;
use crate::index::Snapshot;
use std::collections::{BTreeMap, BTreeSet};

/// Returns the numbers of the listings that a change touches so on a day; removed and expired ones are not counted.
#[must_use]
pub fn covered(snapshot: &Snapshot, kind: &ChangeKind, day: LegalDay) -> BTreeSet<String> {
    match kind {
        ChangeKind::SuspendEnterprise { enterprise, .. } | ChangeKind::ReinstateEnterprise { enterprise, .. } => {
            let listings = snapshot.enterprise(*enterprise).map(|enterprise| enterprise.listings.iter());
            listings.into_iter().flatten().filter(|listing| live(listing, day)).map(|listing| text(listing)).collect()
        }
        ChangeKind::StopItemClass { class, .. } => under(snapshot, class, day),
        ChangeKind::LiftStop { stop, .. } => stopped(snapshot, *stop, day),
        ChangeKind::RegisterEnterprise { .. }
        | ChangeKind::Add(_)
        | ChangeKind::Vary { .. }
        | ChangeKind::Extend { .. }
        | ChangeKind::Suspend { .. }
        | ChangeKind::Reinstate { .. }
        | ChangeKind::Remove { .. }
        | ChangeKind::BarEnterprise { .. }
        | ChangeKind::LiftBar { .. } => BTreeSet::new(),
    }
}

fn text(listing: &Listing) -> String {
    listing.number.to_string()
}

fn live(listing: &Listing, day: LegalDay) -> bool {
    let status = listing.on(day, Revision::NEWEST).map(|(_, version)| version.status(day));
    status.is_some_and(|status| !matches!(status, Status::Removed | Status::Expired))
}

/// Returns the enterprises with listings of a class on a day, each with those listings.
#[must_use]
pub fn holders(snapshot: &Snapshot, class: &ItemClass, day: LegalDay) -> BTreeMap<Uscc, BTreeSet<ListingNumber>> {
    let covers = |uscc: Uscc, listing: &Listing| {
        let version = listing.on(day, Revision::NEWEST);
        live(listing, day) && version.is_some_and(|(_, version)| class.covers(uscc, listing.number, &version.terms))
    };
    let mut found: BTreeMap<Uscc, BTreeSet<ListingNumber>> = BTreeMap::new();
    for (uscc, listing) in snapshot.each_listing().filter(|(uscc, listing)| covers(*uscc, listing)) {
        found.entry(uscc).or_default().insert(listing.number);
    }
    found
}

fn under(snapshot: &Snapshot, class: &ItemClass, day: LegalDay) -> BTreeSet<String> {
    holders(snapshot, class, day).values().flatten().map(ListingNumber::to_string).collect()
}

fn stopped(snapshot: &Snapshot, stop: StopId, day: LegalDay) -> BTreeSet<String> {
    let known = snapshot.stops().iter().find(|known| known.id == stop);
    known.map_or_else(BTreeSet::new, |known| under(snapshot, &known.class, day))
}
