//! What happens to a listing and what its scheme says of open reservations: every combination.

use super::super::events::Setting;
use super::super::*;
use super::{ENTERPRISE, Setup, World, applied, command, correct, day, listing_number, now, put, reasons, release};
use crate::domain::listing::Standing;
use crate::domain::reason::Reason;
use crate::domain::reservations::{Outcome as Word, Reservations};

/// A name, the list where it happened under a word of the scheme, and the reason it is told by.
type Happening = (&'static str, fn(Setup, Word) -> Setup, Reason);

/// What can happen to a listing, the list where it happened, and the reason it is told by.
fn happenings() -> Vec<Happening> {
    vec![
        (
            "suspended",
            |setup, word| Setup {
                standing: Standing::Suspended,
                words: Reservations { on_suspension: word, ..setup.words },
                ..setup
            },
            Reason::Suspended,
        ),
        (
            "enterprise suspended",
            |setup, word| Setup {
                suspended: true,
                words: Reservations { on_suspension: word, ..setup.words },
                ..setup
            },
            Reason::EnterpriseSuspended,
        ),
        (
            "class stopped",
            |setup, word| Setup { stopped: true, words: Reservations { on_suspension: word, ..setup.words }, ..setup },
            Reason::ItemClassStopped,
        ),
        (
            "removed",
            |setup, word| Setup {
                standing: Standing::Removed,
                words: Reservations { on_removal: word, ..setup.words },
                ..setup
            },
            Reason::Removed,
        ),
        (
            "expired",
            |setup, word| Setup {
                to: day("2026-08-11"),
                words: Reservations { on_expiry: word, ..setup.words },
                ..setup
            },
            Reason::Expired,
        ),
        (
            "varied",
            |setup, word| Setup { granted: 30, words: Reservations { on_variation: word, ..setup.words }, ..setup },
            Reason::QuantityExceedsRemaining,
        ),
        (
            "scheme ended",
            |setup, word| Setup {
                scheme_to: Some(day("2026-08-11")),
                words: Reservations { on_scheme_end: word, ..setup.words },
                ..setup
            },
            Reason::SchemeNotInForce,
        ),
    ]
}

#[test]
fn whatever_happens_to_a_listing_its_scheme_decides_about_the_reservation() {
    for (what, happen, reason) in happenings() {
        for word in Word::ALL {
            let mut world = World::new(&Setup::default());
            applied(world.send(&put(1, 1, &[(0, 40)])));
            let setup = happen(Setup::default(), word);
            let mut world = world.after(&setup);
            let setting = Setting { schemes: &world.schemes, stops: &world.stops, day: now().day(), at: Revision(100) };
            let listing = world.enterprise.listing(listing_number(1)).unwrap();
            let events = setting.events(
                Uscc::parse(ENTERPRISE).unwrap(),
                &world.enterprise,
                listing,
                world.balances[&listing_number(1)],
            );
            assert_eq!(events.iter().map(|event| (event.reason, event.outcome)).collect::<Vec<_>>(), [(reason, word)]);
            match word {
                Word::Honour => {
                    let decided = applied(world.send(&release(1, 2)));
                    assert_eq!(decided.head.shares[&listing_number(1)].confirmed, 40, "{what}");
                }
                Word::Hold | Word::GiveBack => assert_eq!(reasons(world.send(&release(1, 2))), [reason], "{what}"),
            }
            // A cancellation always goes through, and so does what puts a release right.
            let mut world = World::new(&Setup::default());
            applied(world.send(&put(1, 1, &[(0, 40)])));
            applied(world.send(&put(2, 1, &[(0, 20)])));
            applied(world.send(&release(2, 2)));
            let mut world = world.after(&setup);
            applied(world.send(&command(1, 2, Act::Cancel)));
            applied(world.send(&correct(2, 3, &[(1, 15)])));
            assert_eq!(world.balances[&listing_number(1)], Balance { reserved: 0, confirmed: 15, excess: 0 }, "{what}");
        }
    }
}
