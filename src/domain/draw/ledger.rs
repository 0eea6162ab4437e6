//! The accounts of a listing and how a change of a declaration's share is booked, double entry.
//!
//! A listing's grant lies on `free`, `reserved` and `confirmed`, which add up to it; what an officer released beyond
//! it lies on `excess`, against `beyond`. Invariant: nothing leaves `free` that is not there.

use serde::{Deserialize, Serialize};
use std::collections::BTreeMap;
use std::num::TryFromIntError;

use crate::domain::listing_number::ListingNumber;
use crate::domain::quantity::Quantity;

/// What a declaration takes of one listing, steps of the finer unit. Kept as four decimals in this order.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(into = "[Quantity; 4]", try_from = "[Quantity; 4]")]
pub struct Share {
    /// The grant that it was judged by.
    pub granted: i64,
    /// Held.
    pub reserved: i64,
    /// Written off.
    pub confirmed: i64,
    /// Written off beyond the grant.
    pub excess: i64,
}

impl From<Share> for [Quantity; 4] {
    fn from(share: Share) -> Self {
        [share.granted, share.reserved, share.confirmed, share.excess].map(|steps| Quantity::from_steps(steps.into()))
    }
}

impl TryFrom<[Quantity; 4]> for Share {
    type Error = TryFromIntError;

    fn try_from(quantities: [Quantity; 4]) -> Result<Self, TryFromIntError> {
        let [granted, reserved, confirmed, excess] = quantities.map(|quantity| i64::try_from(quantity.steps()));
        Ok(Self { granted: granted?, reserved: reserved?, confirmed: confirmed?, excess: excess? })
    }
}

impl Share {
    /// Whether it takes nothing.
    #[must_use]
    pub fn is_nothing(&self) -> bool {
        self.reserved == 0 && self.confirmed == 0 && self.excess == 0
    }
}

/// What a declaration takes, by listing.
pub type Shares = BTreeMap<ListingNumber, Share>;

/// What is taken of a listing by all declarations, steps of the finer unit.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Balance {
    /// Held.
    pub reserved: i64,
    /// Written off, with what was used before counting.
    pub confirmed: i64,
    /// Written off beyond the grant.
    pub excess: i64,
}

impl Balance {
    /// Returns what the grant has lost.
    #[must_use]
    pub fn taken(&self) -> i64 {
        self.reserved.saturating_add(self.confirmed)
    }
}

macro_rules! words {
    ($(#[$doc:meta])* $name:ident { $( $(#[$variant_doc:meta])* $variant:ident $word:literal ),+ $(,)? }) => {
        $(#[$doc])*
        #[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
        pub enum $name { $( $(#[$variant_doc])* $variant ),+ }

        impl $name {
            /// Every one.
            pub const ALL: &[Self] = &[$( Self::$variant ),+];

            /// Returns the word of the database and of the wire.
            #[must_use]
            pub const fn as_str(self) -> &'static str {
                match self { $( Self::$variant => $word ),+ }
            }

            /// Reads the word.
            #[must_use]
            pub fn parse(text: &str) -> Option<Self> {
                Self::ALL.iter().copied().find(|word| word.as_str() == text)
            }
        }
    };
}
pub(super) use words;

words! {
    /// Where quantity lies.
    Account {
        /// Granted and not taken.
        Free "free",
        /// Held by declarations not yet released.
        Reserved "reserved",
        /// Written off.
        Confirmed "confirmed",
        /// Written off beyond the grant.
        Excess "excess",
        /// Outside of the grant.
        Beyond "beyond",
    }
}

words! {
    /// What a movement is.
    Kind {
        /// The grant of a version of the listing.
        Granted "granted",
        /// Held (核注).
        Reserved "reserved",
        /// Written off (核销).
        Confirmed "confirmed",
        /// Returned (返还).
        GivenBack "given_back",
        /// Put right after release.
        Corrected "corrected",
    }
}

/// One movement from account to account.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Booking {
    /// What it is.
    pub kind: Kind,
    /// From where.
    pub debit: Account,
    /// To where.
    pub credit: Account,
    /// How much, above zero.
    pub quantity: i64,
}

/// Books the change of a share; `corrected` when it puts a release right.
#[must_use]
pub fn bookings(before: Share, after: Share, corrected: bool) -> Vec<Booking> {
    let up = |old: i64, new: i64| new.saturating_sub(old).max(0);
    let written_off = if corrected { Kind::Corrected } else { Kind::Confirmed };
    let returned = if corrected { Kind::Corrected } else { Kind::GivenBack };
    let through = up(after.reserved, before.reserved).min(up(before.confirmed, after.confirmed));
    let steps = [
        (written_off, Account::Reserved, Account::Confirmed, through),
        (
            Kind::GivenBack,
            Account::Reserved,
            Account::Free,
            up(after.reserved, before.reserved).saturating_sub(through),
        ),
        (returned, Account::Confirmed, Account::Free, up(after.confirmed, before.confirmed)),
        (returned, Account::Excess, Account::Beyond, up(after.excess, before.excess)),
        (Kind::Reserved, Account::Free, Account::Reserved, up(before.reserved, after.reserved)),
        (written_off, Account::Free, Account::Confirmed, up(before.confirmed, after.confirmed).saturating_sub(through)),
        (written_off, Account::Beyond, Account::Excess, up(before.excess, after.excess)),
    ];
    let booking = |(kind, debit, credit, quantity)| Booking { kind, debit, credit, quantity };
    steps.into_iter().map(booking).filter(|booking| booking.quantity > 0).collect()
}

impl Balance {
    /// Carries out a movement; none when an account would fall below zero.
    #[must_use]
    pub fn moved(self, booking: Booking) -> Option<Self> {
        let change = |account: Account, old: i64| {
            let gone = if booking.debit == account { booking.quantity } else { 0 };
            let come = if booking.credit == account { booking.quantity } else { 0 };
            old.checked_add(come)?.checked_sub(gone).filter(|new| *new >= 0)
        };
        Some(Self {
            reserved: change(Account::Reserved, self.reserved)?,
            confirmed: change(Account::Confirmed, self.confirmed)?,
            excess: change(Account::Excess, self.excess)?,
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    prop_compose! {
        fn share()(reserved in 0_i64..20, confirmed in 0_i64..20, excess in 0_i64..5) -> Share {
            Share { granted: 100, reserved, confirmed, excess }
        }
    }

    proptest! {
        #[test]
        fn movements_lead_from_one_share_to_the_other(before in share(), after in share(), corrected: bool) {
            let mut balance = Balance { reserved: before.reserved, confirmed: before.confirmed, excess: before.excess };
            for booking in bookings(before, after, corrected) {
                prop_assert!(booking.quantity > 0 && booking.debit != booking.credit);
                balance = balance.moved(booking).unwrap();
            }
            prop_assert_eq!(
                balance,
                Balance { reserved: after.reserved, confirmed: after.confirmed, excess: after.excess }
            );
            prop_assert!(bookings(after, after, corrected).is_empty());
        }
    }

    #[test]
    fn a_share_reads_as_decimals() {
        let share = Share { granted: 10_000_000, reserved: 80_000, confirmed: 0, excess: 1 };
        let text = serde_json::to_string(&share).unwrap();
        assert_eq!(text, r#"["100","0.8","0","0.00001"]"#);
        assert_eq!(serde_json::from_str::<Share>(&text).unwrap(), share);
    }
}
