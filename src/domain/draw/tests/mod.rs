//! Proof of the draws: who may do what in which state, and properties over random messages.
//!
//! The books here are kept the simplest way there is, so that nothing the rules compute leaks into what is expected.

mod happenings;
mod properties;

use std::collections::BTreeMap;
use std::sync::Arc;

use super::*;
use crate::domain::bilingual::Bilingual;
use crate::domain::code::{DistrictCode, DocumentSet};
use crate::domain::enterprise::{Enterprise, EnterpriseVersion};
use crate::domain::listing::{Listing, ListingVersion, Standing, Terms};
use crate::domain::lookup::{Facts, Line};
use crate::domain::reason::Reason;
use crate::domain::reservations::{Outcome as Word, Reservations, Shadow, Tolerance};
use crate::domain::scheme::{Caps, Clocks, IdentifyBy, Scheme, SchemeHistory};
use crate::domain::stop::{ItemClass, Stop, StopStage, StopVersion};
use crate::domain::supervision::Supervision;
use crate::domain::taken::Taken;
use crate::domain::tariff::{TariffHistory, TariffRow};
use crate::domain::validity::Validity;

const ENTERPRISE: &str = "91110302XFXTR0033P";
const HS: [&str; 2] = ["2941500000", "2937500000"];
/// Granted of each listing, steps.
const GRANTED: i64 = 100;

fn day(text: &str) -> LegalDay {
    LegalDay::parse(text).unwrap()
}

fn now() -> Instant {
    Instant::parse("2026-08-12T04:00:00Z").unwrap()
}

fn listing_number(serial: u32) -> ListingNumber {
    ListingNumber::new("BJ", 2026, serial).unwrap()
}

/// What a test changes of the list.
#[derive(Clone)]
struct Setup {
    words: Reservations,
    standing: Standing,
    to: LegalDay,
    granted: i64,
    scheme_to: Option<LegalDay>,
    suspended: bool,
    stopped: bool,
    tolerance: u16,
    shadow: Shadow,
}

impl Default for Setup {
    fn default() -> Self {
        Self {
            words: Reservations::default(),
            standing: Standing::Listed,
            to: day("2027-01-01"),
            granted: GRANTED,
            scheme_to: None,
            suspended: false,
            stopped: false,
            tolerance: 0,
            shadow: Shadow::default(),
        }
    }
}

/// A list with two listings, the books, and the declarations.
struct World {
    schemes: Vec<SchemeHistory>,
    shadows: Option<Vec<SchemeHistory>>,
    tariff: TariffHistory,
    stops: Vec<Stop>,
    enterprise: Enterprise,
    heads: BTreeMap<DeclarationNumber, Head>,
    balances: BTreeMap<ListingNumber, Balance>,
    refused: Vec<(DeclarationNumber, i64)>,
    booked: Vec<(ListingNumber, Booking)>,
}

impl World {
    fn new(setup: &Setup) -> Self {
        let scheme = Scheme {
            code: "beijing-2022".into(),
            version: 1,
            name: Bilingual { zh: "试点".into(), en: "Pilot".into() },
            legal_basis: String::new(),
            number_prefix: "BJ".into(),
            valid_from: day("2022-01-01"),
            valid_to: setup.scheme_to,
            lead_agency: String::new(),
            member_agencies: Vec::new(),
            districts: Vec::new(),
            waived_documents: DocumentSet::parse("Q").unwrap(),
            excluded_classes: Vec::new(),
            customs_prefixes: vec!["01".into()],
            trade_modes: None,
            identify_by: IdentifyBy::HsCode,
            validity_months: 12,
            bar_months: 24,
            clocks: Clocks {
                correction_notice_days: 5,
                district_review_days: 20,
                opinion_days: 15,
                recognition_days: 45,
                extension_days: 15,
            },
            caps: Caps::default(),
            casework: crate::domain::casework::Casework::default(),
            eligibility: crate::domain::eligibility::Eligibility::default(),
            supervision: Supervision::default(),
            reservations: setup.words,
            tolerances: vec![Tolerance { hs_prefix: Some("2941".into()), cas: None, permille: setup.tolerance }],
            shadow: setup.shadow.clone(),
        };
        let mut history = SchemeHistory::default();
        history.push(Revision(1), scheme);
        let (shadow, any) = history.with_shadow();
        let mut tariff = TariffHistory::default();
        let documents = DocumentSet::parse("Q").unwrap();
        tariff.push(TariffRow { revision: Revision(1), valid_from: day("2026-01-01"), valid_to: None, documents });
        let stage = if setup.stopped { StopStage::Confirmed } else { StopStage::Lifted };
        let stop = StopVersion { revision: Revision(9), effective_on: day("2026-01-01"), stage };
        let class = ItemClass::HsPrefix("29".into());
        let mut enterprise = Enterprise::default();
        enterprise.versions.push(EnterpriseVersion {
            revision: Revision(2),
            effective_on: day("2026-01-01"),
            district: DistrictCode::parse("110108").unwrap(),
            suspended: setup.suspended,
        });
        let listing = |serial: u32, hs: &str| {
            let version = ListingVersion {
                revision: Revision(3),
                effective_on: day("2026-01-01"),
                standing: setup.standing,
                terms: Terms {
                    hs_code: HsCode::parse(hs).unwrap(),
                    ciq_code: None,
                    cas: None,
                    unit: UnitCode::GRAM,
                    granted: setup.granted,
                    consignment_cap: None,
                    period: Validity::new(day("2026-01-01"), setup.to).unwrap(),
                    customs_offices: None,
                    purpose: None,
                    conditions: None,
                },
            };
            let (number, versions) = (listing_number(serial), Box::new([version]));
            Arc::new(Listing { number, scheme: 0, used: 0, versions, taken: Taken::default() })
        };
        enterprise.put_listings([listing(1, HS[0]), listing(2, HS[1])]);
        Self {
            schemes: vec![history],
            shadows: any.then(|| vec![shadow]),
            tariff,
            stops: vec![Stop { id: crate::domain::id::StopId::new(1), class, versions: vec![stop] }],
            enterprise,
            heads: BTreeMap::new(),
            balances: BTreeMap::new(),
            refused: Vec::new(),
            booked: Vec::new(),
        }
    }

    /// The same declarations and books on a list where something has happened.
    fn after(self, setup: &Setup) -> Self {
        let Self { heads, balances, refused, booked, .. } = self;
        Self { heads, balances, refused, booked, ..Self::new(setup) }
    }

    fn send(&mut self, command: &Command) -> Result<Outcome, Refusal> {
        let uscc = Uscc::parse(ENTERPRISE).unwrap();
        let facts = |line: &Line| Facts {
            tariff: Some(&self.tariff),
            enterprise: Some(&self.enterprise).filter(|_| line.enterprise == uscc),
        };
        let enterprise = |asked: Uscc| Some(&self.enterprise).filter(|_| asked == uscc);
        let list = List {
            schemes: &self.schemes,
            shadows: self.shadows.as_deref(),
            stops: &self.stops,
            facts: &facts,
            enterprise: &enterprise,
            at: Revision(100),
            then: Revision(100),
        };
        let ledger = |number: ListingNumber| self.balances.get(&number).copied().unwrap_or_default();
        let refused: Vec<i64> =
            self.refused.iter().filter(|(number, _)| *number == command.number).map(|(_, known)| *known).collect();
        let head = self.heads.get(&command.number);
        let decided = decide(command, now(), head, &list, &ledger, &refused);
        match &decided {
            Ok(Outcome::Applied(decided)) => {
                let before = head.map(|head| head.shares.clone()).unwrap_or_default();
                let after = &decided.head.shares;
                for number in before.keys().chain(after.keys()).collect::<std::collections::BTreeSet<_>>() {
                    let old = before.get(number).copied().unwrap_or_default();
                    let new = after.get(number).copied().unwrap_or_default();
                    for booking in bookings(old, new, decided.head.verb == Verb::Corrected) {
                        let balance = self.balances.entry(*number).or_default();
                        *balance = balance.moved(booking).expect("no account falls below zero");
                        self.booked.push((*number, booking));
                    }
                }
                self.heads.insert(command.number, decided.head.clone());
            }
            Ok(Outcome::Again | Outcome::Superseded) => {}
            Err(Refusal::Lines(_) | Refusal::Faults(_) | Refusal::OtherImporter) => {
                self.refused.push((command.number, command.sequence))
            }
            Err(Refusal::Unknown | Refusal::Conflict(_) | Refusal::Mismatch) => {}
        }
        decided
    }

    /// Checks what must hold after every command.
    fn check(&self, granted: i64) {
        for serial in 1..=2 {
            let number = listing_number(serial);
            let balance = self.balances.get(&number).copied().unwrap_or_default();
            assert!(balance.taken() <= granted, "overdrawn: {balance:?}");
            let sum = |account: Account| {
                let of = self.booked.iter().filter(|(known, _)| *known == number).map(|(_, booking)| booking);
                of.map(|booking| {
                    let come = if booking.credit == account { booking.quantity } else { 0 };
                    let gone = if booking.debit == account { booking.quantity } else { 0 };
                    come - gone
                })
                .sum::<i64>()
            };
            let sums = (sum(Account::Reserved), sum(Account::Confirmed), sum(Account::Excess));
            assert_eq!(sums, (balance.reserved, balance.confirmed, balance.excess), "movements sum to the balance");
            assert_eq!(sum(Account::Free) + balance.taken(), 0);
            let held = |pick: fn(&Share) -> i64| {
                self.heads.values().filter_map(|head| head.shares.get(&number)).map(pick).sum::<i64>()
            };
            assert_eq!(held(|share| share.reserved), balance.reserved, "shares sum to the balance");
            assert_eq!(held(|share| share.confirmed), balance.confirmed);
        }
    }
}

fn number(serial: u32) -> DeclarationNumber {
    DeclarationNumber::parse(&format!("010120261{serial:09}")).unwrap()
}

fn measure(steps: i64) -> Measure {
    Measure { quantity: Quantity::from_steps(steps.into()), unit: UnitCode::GRAM }
}

fn stated(lines: &[(usize, i64)]) -> Position {
    let line = |(place, (hs, steps)): (usize, &(usize, i64))| DrawnLine {
        line: u16::try_from(place + 1).unwrap(),
        listing: None,
        hs_code: HsCode::parse(HS[*hs]).unwrap(),
        ciq_code: None,
        cas: None,
        measure: measure(*steps),
    };
    Position {
        enterprise: Uscc::parse(ENTERPRISE).unwrap(),
        customs_office: CustomsOffice::parse("0101").unwrap(),
        declared_on: None,
        trade_mode: None,
        looked_up_at: None,
        lines: lines.iter().enumerate().map(line).collect(),
    }
}

fn command(serial: u32, sequence: i64, act: Act) -> Command {
    // The digest of a real message covers its body; here its debug form does.
    let text = format!("{act:?}");
    let mut digest = [0_u8; 32];
    for (place, byte) in text.bytes().enumerate() {
        digest[place % 32] = byte.wrapping_add(digest[place % 32].wrapping_mul(31));
    }
    Command { number: number(serial), sequence, digest, occurred_at: None, act }
}

fn put(serial: u32, sequence: i64, lines: &[(usize, i64)]) -> Command {
    command(serial, sequence, Act::Put(stated(lines)))
}

fn release(serial: u32, sequence: i64) -> Command {
    command(serial, sequence, Act::Release { position: None, lines: None })
}

fn correct(serial: u32, sequence: i64, lines: &[(u16, i64)]) -> Command {
    let lines = lines.iter().map(|(line, steps)| LineQuantity { line: *line, measure: measure(*steps) }).collect();
    let reason = DrawReason { code: "weighing", basis: None };
    command(serial, sequence, Act::Correct { lines, reason })
}

fn manual(serial: u32, sequence: i64, lines: &[(usize, i64)]) -> Command {
    let reason = DrawReason { code: "urgent_goods", basis: Some("冷链".into()) };
    command(serial, sequence, Act::Manual { position: stated(lines), reason })
}

fn applied(outcome: Result<Outcome, Refusal>) -> Box<Decided> {
    match outcome {
        Ok(Outcome::Applied(decided)) => decided,
        other => panic!("{other:?}"),
    }
}

fn reasons(outcome: Result<Outcome, Refusal>) -> Vec<Reason> {
    match outcome {
        Err(Refusal::Lines(lines)) => lines.iter().flat_map(|line| line.reasons.iter()).collect(),
        other => panic!("{other:?}"),
    }
}

#[test]
fn each_verb_in_each_state() {
    let ages = Reservations { expire_after_days: Some(1), ..Reservations::default() };
    let setup = Setup { words: ages, ..Setup::default() };
    let lapse = |version| command(1, 1, Act::Lapse { begun: now().day().add_days(-1), version });
    let reach: [(&str, Vec<Command>); 5] = [
        ("none", vec![]),
        ("reserved", vec![put(1, 1, &[(0, 10)])]),
        ("released", vec![put(1, 1, &[(0, 10)]), release(1, 2)]),
        ("cancelled", vec![put(1, 1, &[(0, 10)]), command(1, 2, Act::Cancel)]),
        ("lapsed", vec![put(1, 1, &[(0, 10)]), lapse(1)]),
    ];
    let table = [
        // none, reserved, released, cancelled, lapsed
        ("put", ["reserved", "reserved", "conflict", "conflict", "reserved"]),
        ("release", ["unknown", "released", "conflict", "conflict", "conflict"]),
        ("cancel", ["unknown", "cancelled", "conflict", "conflict", "conflict"]),
        ("correct", ["unknown", "conflict", "released", "conflict", "conflict"]),
        ("manual", ["released", "released", "conflict", "released", "released"]),
        ("lapse", ["unknown", "lapsed", "conflict", "conflict", "conflict"]),
    ];
    for (verb, expected) in table {
        for ((state, before), expected) in reach.iter().zip(expected) {
            let mut world = World::new(&setup);
            for command in before {
                applied(world.send(command));
            }
            let head = world.heads.get(&number(1));
            let (sequence, version) = (head.map_or(1, |head| head.sequence + 1), head.map_or(1, |head| head.version));
            let sent = match verb {
                "put" => put(1, sequence, &[(0, 20)]),
                "release" => release(1, sequence),
                "cancel" => command(1, sequence, Act::Cancel),
                "correct" => correct(1, sequence, &[(1, 5)]),
                "manual" => manual(1, sequence, &[(0, 5)]),
                _ => lapse(version),
            };
            let found = match world.send(&sent) {
                Ok(Outcome::Applied(decided)) => decided.head.state.as_str(),
                Err(Refusal::Unknown) => "unknown",
                Err(Refusal::Conflict(_)) => "conflict",
                other => panic!("{verb} when {state}: {other:?}"),
            };
            assert_eq!(found, expected, "{verb} when {state}");
            world.check(GRANTED);
        }
    }
}

#[test]
fn a_repeated_message_changes_nothing_and_another_body_is_no_repetition() {
    let mut world = World::new(&Setup::default());
    applied(world.send(&put(1, 5, &[(0, 10)])));
    assert_eq!(world.send(&put(1, 5, &[(0, 10)])), Ok(Outcome::Again));
    assert_eq!(world.send(&put(1, 5, &[(0, 11)])), Err(Refusal::Mismatch));
    assert_eq!(world.send(&put(1, 4, &[(0, 11)])), Ok(Outcome::Superseded));
    assert_eq!(world.send(&release(1, 3)), Ok(Outcome::Superseded));
}

#[test]
fn a_declaration_keeps_its_importer_whatever_becomes_of_it() {
    let other = Uscc::parse("91110108XFXTR0105W").unwrap();
    let foreign = || Position { enterprise: other, ..stated(&[(0, 1)]) };
    let by_hand = || Act::Manual { position: foreign(), reason: DrawReason { code: "other", basis: None } };
    let ages = Reservations { expire_after_days: Some(1), ..Reservations::default() };
    let mut world = World::new(&Setup { words: ages, ..Setup::default() });
    applied(world.send(&put(1, 1, &[(0, 10)])));
    let before = (world.heads.clone(), world.balances.clone());
    assert_eq!(world.send(&command(1, 2, Act::Put(foreign()))), Err(Refusal::OtherImporter));
    assert_eq!(world.send(&command(1, 2, by_hand())), Err(Refusal::OtherImporter));
    assert_eq!((world.heads.clone(), world.balances.clone()), before);
    // What lapsed or was cancelled is the same declaration still.
    applied(world.send(&command(1, 1, Act::Lapse { begun: now().day().add_days(-1), version: 1 })));
    assert_eq!(world.send(&command(1, 2, Act::Put(foreign()))), Err(Refusal::OtherImporter));
    applied(world.send(&put(2, 1, &[(0, 10)])));
    applied(world.send(&command(2, 2, Act::Cancel)));
    assert_eq!(world.send(&command(2, 3, by_hand())), Err(Refusal::OtherImporter));
    // An earlier message is overtaken whoever it names, and a later position of the importer goes through.
    applied(world.send(&put(1, 3, &[(0, 12)])));
    assert_eq!(world.send(&command(1, 2, Act::Put(foreign()))), Ok(Outcome::Superseded));
}

#[test]
fn a_lapse_is_judged_when_it_is_booked_not_when_it_was_thought_of() {
    let lapse = |version| command(1, 1, Act::Lapse { begun: now().day().add_days(-9), version });
    let held = Err(Refusal::Conflict(Conflict::State(State::Reserved)));
    let words =
        |days| Reservations { expire_after_days: days, on_variation: Word::GiveBack, ..Reservations::default() };
    let mut world = World::new(&Setup { words: words(None), ..Setup::default() });
    applied(world.send(&put(1, 1, &[(0, 40)])));
    applied(world.send(&put(2, 1, &[(0, 20)])));
    assert_eq!(world.send(&lapse(1)), held, "no scheme lets it lapse");
    let mut world = world.after(&Setup { words: words(Some(10)), ..Setup::default() });
    assert_eq!(world.send(&lapse(1)), held, "nine days are not ten");
    // A grant below what is taken: once the younger has gone, the older one fits again.
    let mut world = world.after(&Setup { words: words(None), granted: 40, ..Setup::default() });
    applied(world.send(&command(2, 2, Act::Cancel)));
    assert_eq!(world.send(&lapse(1)), held);
    let mut world = world.after(&Setup { words: words(None), granted: 39, ..Setup::default() });
    let decided = applied(world.send(&lapse(1)));
    assert_eq!((decided.head.state, decided.head.reason.as_deref()), (State::Lapsed, Some("varied")));
    // Another version than the one that was looked at is left alone.
    let mut world = world.after(&Setup { words: words(Some(9)), ..Setup::default() });
    applied(world.send(&put(1, 2, &[(0, 40)])));
    assert_eq!(world.send(&lapse(1)), held);
    applied(world.send(&lapse(3)));
}

#[test]
fn a_release_waits_for_the_messages_before_it() {
    let mut world = World::new(&Setup::default());
    applied(world.send(&put(1, 1, &[(0, 10)])));
    let missing = Err(Refusal::Conflict(Conflict::MessagesMissing { from: 2, to: 3 }));
    assert_eq!(world.send(&release(1, 4)), missing);
    assert_eq!(reasons(world.send(&put(1, 2, &[(0, 101)]))), [Reason::QuantityExceedsRemaining]);
    assert_eq!(world.send(&release(1, 4)), Err(Refusal::Conflict(Conflict::MessagesMissing { from: 3, to: 3 })));
    assert_eq!(reasons(world.send(&put(1, 3, &[(0, 102)]))), [Reason::QuantityExceedsRemaining]);
    applied(world.send(&release(1, 4)));
    applied(world.send(&put(2, 1, &[(0, 10)])));
    let named = |position| command(2, 9, Act::Release { position: Some(position), lines: None });
    assert_eq!(world.send(&named(2)), Err(Refusal::Conflict(Conflict::OtherPosition { stands: 1 })));
    applied(world.send(&named(1)));
}

#[test]
fn what_a_release_leaves_returns_and_more_needs_a_tolerance_and_room() {
    let lines = |all: &[(u16, i64)]| {
        Some(all.iter().map(|(line, steps)| LineQuantity { line: *line, measure: measure(*steps) }).collect())
    };
    let mut world = World::new(&Setup { tolerance: 100, ..Setup::default() });
    applied(world.send(&put(1, 1, &[(0, 40), (0, 20), (1, 10)])));
    let strange = world.send(&command(1, 2, Act::Release { position: None, lines: lines(&[(9, 1)]) }));
    assert_eq!(strange, Err(Refusal::Faults(vec![("/lines/0/line".to_owned(), FaultCode::LineUnknown)])));
    let most = command(1, 2, Act::Release { position: None, lines: lines(&[(1, 45), (3, 11)]) });
    assert_eq!(reasons(world.send(&most)), [Reason::QuantityExceedsRemaining; 2], "40 + 10 %, and none for the other");
    let fits = command(1, 3, Act::Release { position: Some(1), lines: lines(&[(1, 44), (3, 10)]) });
    let decided = applied(world.send(&fits));
    assert_eq!(decided.head.shares[&listing_number(1)].confirmed, 44, "line 2 was given back");
    // Within the tolerance, but nothing is left for it.
    applied(world.send(&put(2, 1, &[(0, 50)])));
    applied(world.send(&put(3, 1, &[(0, 6)])));
    let over = command(2, 2, Act::Release { position: None, lines: lines(&[(1, 51)]) });
    assert_eq!(reasons(world.send(&over)), [Reason::QuantityExceedsRemaining]);
    world.check(GRANTED);
}

#[test]
fn a_manual_release_books_what_is_left_and_the_rest_as_excess() {
    let mut world = World::new(&Setup { standing: Standing::Suspended, ..Setup::default() });
    let decided = applied(world.send(&manual(1, 1, &[(0, 130)])));
    let share = decided.head.shares[&listing_number(1)];
    assert_eq!((share.confirmed, share.excess), (100, 30));
    let overridden: Vec<Reason> = decided.overridden.iter().flat_map(|(_, reasons)| reasons.iter()).collect();
    assert_eq!(overridden, [Reason::Suspended, Reason::QuantityExceedsRemaining]);
    world.check(GRANTED);
    // Put right, excess goes first and never grows.
    assert_eq!(reasons(world.send(&correct(1, 2, &[(1, 131)]))), [Reason::QuantityExceedsRemaining]);
    let decided = applied(world.send(&correct(1, 3, &[(1, 110)])));
    assert_eq!(decided.head.shares[&listing_number(1)].excess, 10);
    world.check(GRANTED);
}

#[test]
fn a_rule_in_shadow_is_recorded_and_does_not_count() {
    let shadow = Shadow { customs_prefixes: Some(vec!["53".into()]), ..Shadow::default() };
    let mut world = World::new(&Setup { shadow, ..Setup::default() });
    let decided = applied(world.send(&put(1, 1, &[(0, 10), (1, 5)])));
    let shadowed = decided.shadowed.unwrap();
    assert_eq!(shadowed.len(), 2);
    assert!(shadowed.iter().all(|line| line.reasons == Reasons::only(Reason::CustomsOfficeNotPermitted)));
    let mut plain = World::new(&Setup::default());
    assert_eq!(applied(plain.send(&put(1, 1, &[(0, 10)]))).shadowed, None);
}
