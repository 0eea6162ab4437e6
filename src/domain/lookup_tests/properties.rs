//! Properties of the lookup over lists drawn at random, first of them that it allows exactly what the plain statement of
//! the rules allows. Invariant: the draw reaches every verdict and reason, which a test proves, so no property holds
//! for want of examples.

use std::collections::BTreeSet;

use proptest::option::weighted;
use proptest::prelude::*;
use proptest::sample::{Index, select};
use proptest::strategy::ValueTree;
use proptest::test_runner::TestRunner;

use super::super::code::{CustomsOffice, DistrictCode, DocumentSet, HsCode, TradeMode, Uscc};
use super::super::eligibility::Eligibility;
use super::super::enterprise::EnterpriseVersion;
use super::super::id::StopId;
use super::super::listing::{Listing, ListingVersion, Standing, Terms};
use super::super::listing_number::ListingNumber;
use super::super::lookup::{Declaration, Line};
use super::super::purpose::Purpose;
use super::super::quantity::{GRANT_LIMIT, Measure, Quantity};
use super::super::reason::{Reason, Verdict};
use super::super::revision::Revision;
use super::super::scheme::{Caps, IdentifyBy, Scheme};
use super::super::stop::{ItemClass, Stop, StopStage, StopVersion};
use super::super::taken::Taken;
use super::super::tariff::TariffRow;
use super::super::validity::{LegalDay, Validity};
use super::plain::Plain;
use super::{List, Question, Told, World, districts, scheme};

const HS_CODES: [&str; 2] = ["2941500000", "3002410090"];
const CAS: [&str; 2] = ["114-07-8", "58-08-2"];
const CIQ_CODES: [&str; 2] = ["101", "102"];
const UNITS: [&str; 3] = ["036", "035", "012"];
const OFFICES: [&str; 3] = ["0101", "5101", "9901"];
const TRADE_MODES: [&str; 2] = ["0110", "3010"];
const ENTERPRISES: [&str; 3] = ["91110302XFXTR0033P", "91440112XFXTR013XK", "91110115XFXTR0121N"];
const DISTRICTS: [&str; 3] = ["110302", "440112", "310115"];

/// One of the texts, parsed.
fn one_of<T: std::str::FromStr<Err: std::fmt::Debug> + std::fmt::Debug>(
    texts: &'static [&'static str],
) -> impl Strategy<Value = T> {
    select(texts).prop_map(|text| text.parse().unwrap())
}

/// Mostly one of ten days in a row, so that records meet; sometimes an end of time.
fn day() -> impl Strategy<Value = LegalDay> {
    let first = LegalDay::parse("2025-12-28").unwrap();
    prop_oneof![40 => (0..10).prop_map(move |days| first.add_days(days)), 1 => Just(LegalDay::MIN), 1 => Just(LegalDay::MAX)]
}

/// The first day of something that mostly began long ago.
fn since() -> impl Strategy<Value = LegalDay> {
    prop_oneof![2 => LegalDay::parse("2025-01-01").map_or(Just(LegalDay::MIN), Just), 1 => day()]
}

fn until() -> impl Strategy<Value = LegalDay> {
    prop_oneof![3 => Just(LegalDay::MAX), 1 => day()]
}

fn revision() -> impl Strategy<Value = Revision> {
    prop_oneof![2 => Just(Revision(1)), 1 => (1_i64..=5).prop_map(Revision)]
}

/// Versions in order of recording.
fn recorded<T: std::fmt::Debug>(
    version: impl Strategy<Value = T>,
    most: usize,
    revision: impl Fn(&T) -> Revision,
) -> impl Strategy<Value = Vec<T>> {
    prop::collection::vec(version, 1..=most).prop_map(move |mut versions| {
        versions.sort_by_key(&revision);
        versions
    })
}

fn schemes(
    code: &'static str,
    prefix: &'static str,
    district: &'static str,
) -> impl Strategy<Value = Vec<(Revision, Scheme)>> {
    let version = (
        revision(),
        since(),
        weighted(0.2, day()),
        select(&["Q", "Q", "QS"][..]),
        weighted(0.3, one_of::<TradeMode>(&TRADE_MODES)),
        select(&[IdentifyBy::HsCode, IdentifyBy::HsCode, IdentifyBy::Cas][..]),
        any::<bool>(),
    );
    let version =
        version.prop_map(move |(revision, from, to, waived, mode, identify_by, quantity_required_with_cap)| {
            let version = Scheme {
                districts: districts([DistrictCode::parse(district).unwrap()]),
                waived_documents: DocumentSet::parse(waived).unwrap(),
                customs_prefixes: vec![prefix.to_owned(), "99".to_owned()],
                trade_modes: mode.map(|mode| vec![mode]),
                identify_by,
                caps: Caps { listings_per_enterprise: None, quantity_required_with_cap },
                eligibility: Eligibility::default(),
                ..scheme(code, 1, from, to)
            };
            (revision, version)
        });
    recorded(version, 2, |(revision, _)| *revision)
}

fn tariff() -> impl Strategy<Value = (HsCode, TariffRow)> {
    let documents =
        select(&["Q", "Q", "ABQ", "3BEQV", "QS", "S", "A", ""][..]).prop_map(|text| DocumentSet::parse(text).unwrap());
    (one_of(&HS_CODES), revision(), since(), weighted(0.1, day()), documents).prop_map(
        |(hs_code, revision, valid_from, valid_to, documents)| {
            (hs_code, TariffRow { revision, valid_from, valid_to, documents })
        },
    )
}

fn enterprise() -> impl Strategy<Value = Vec<EnterpriseVersion>> {
    let version = (revision(), since(), one_of(&DISTRICTS), prop::bool::weighted(0.1)).prop_map(
        |(revision, effective_on, district, suspended)| EnterpriseVersion {
            revision,
            effective_on,
            district,
            suspended,
        },
    );
    recorded(version, 2, |version| version.revision)
}

fn terms() -> impl Strategy<Value = Terms> {
    let granted = select(&[GRANT_LIMIT, GRANT_LIMIT, 2_000_000, 500_000, 100_000, 1, 0, i64::MAX][..]);
    let cap = weighted(0.3, select(&[0, 100_000, 1_000_000, i64::MAX][..]));
    let offices =
        weighted(0.2, prop::collection::vec(one_of::<CustomsOffice>(&OFFICES), 0..=2).prop_map(Vec::into_boxed_slice));
    let purpose = weighted(0.5, select(&Purpose::ALL[..]));
    let period = (since(), until()).prop_map(|(a, b)| Validity::new(a.min(b), a.max(b)).unwrap());
    let codes = (one_of(&HS_CODES), weighted(0.3, one_of(&CIQ_CODES)), weighted(0.5, one_of(&CAS)));
    (codes, one_of(&UNITS), granted, cap, period, offices, purpose).prop_map(
        |((hs_code, ciq_code, cas), unit, granted, consignment_cap, period, customs_offices, purpose)| Terms {
            hs_code,
            ciq_code,
            cas,
            unit,
            granted,
            consignment_cap,
            period,
            customs_offices,
            purpose,
            conditions: None,
        },
    )
}

fn listing() -> impl Strategy<Value = (Uscc, u16, i64, Box<[ListingVersion]>)> {
    let standing = select(
        &[
            Standing::Listed,
            Standing::Listed,
            Standing::Listed,
            Standing::Listed,
            Standing::Suspended,
            Standing::Removed,
        ][..],
    );
    let version = (revision(), since(), standing, terms()).prop_map(|(revision, effective_on, standing, terms)| {
        ListingVersion { revision, effective_on, standing, terms }
    });
    let versions = recorded(version, 3, |version| version.revision).prop_map(Vec::into_boxed_slice);
    let scheme = select(&[0, 0, 0, 1, 1, 7][..]);
    let used = select(&[0, 0, 0, 0, 50_000, 500_000, i64::MAX][..]);
    (one_of(&ENTERPRISES[..2]), scheme, used, versions)
}

fn stop() -> impl Strategy<Value = (ItemClass, Vec<StopVersion>)> {
    let class = prop_oneof![
        one_of(&CAS).prop_map(ItemClass::Cas),
        select(&["29", "300241", "2941500000"][..]).prop_map(|digits| ItemClass::HsPrefix(digits.to_owned())),
        select(&Purpose::ALL[..]).prop_map(ItemClass::Purpose),
        (1..4_u32).prop_map(|serial| ItemClass::Listing(ListingNumber::new("BJ", 2026, serial).unwrap())),
        one_of(&ENTERPRISES[..2]).prop_map(ItemClass::Enterprise),
    ];
    let stages = select(&StopStage::ALL[..]);
    let version = (revision(), day(), stages).prop_map(|(revision, effective_on, stage)| StopVersion {
        revision,
        effective_on,
        stage,
    });
    (class, recorded(version, 2, |version| version.revision))
}

fn worlds() -> impl Strategy<Value = World> {
    let tariff = prop::collection::vec(tariff(), 1..=4);
    let listings = prop::collection::vec(listing(), 0..=6);
    let stops = prop::collection::vec(stop(), 0..=1);
    let schemes = (schemes("beijing", "01", DISTRICTS[0]), schemes("guangzhou", "51", DISTRICTS[1]));
    (schemes, tariff, (enterprise(), enterprise()), listings, stops).prop_map(
        |(schemes, tariff, enterprises, listings, stops)| {
            let number = |serial| ListingNumber::new("BJ", 2026, serial).unwrap();
            World {
                schemes: vec![schemes.0, schemes.1],
                tariff,
                enterprises: ENTERPRISES
                    .iter()
                    .map(|uscc| Uscc::parse(uscc).unwrap())
                    .zip([enterprises.0, enterprises.1])
                    .collect(),
                listings: (1..)
                    .zip(listings)
                    .map(|(serial, (uscc, scheme, used, versions))| {
                        (uscc, Listing { number: number(serial), scheme, used, versions, taken: Taken::default() })
                    })
                    .collect(),
                stops: (1..)
                    .zip(stops)
                    .map(|(id, (class, versions))| Stop { id: StopId::new(id), class, versions })
                    .collect(),
            }
        },
    )
}

fn line() -> impl Strategy<Value = Line> {
    const MOST: i128 = 100_000_000_000_000 * Quantity::STEPS - 1;
    let quantity =
        select(&[1, 2, 50_000, 50_000, 100_000, 100_000, 500_000, 1_000_000, MOST][..]).prop_map(Quantity::from_steps);
    let measure = (quantity, one_of(&UNITS)).prop_map(|(quantity, unit)| Measure { quantity, unit });
    let listing = weighted(0.3, (1_u32..=6).prop_map(|serial| ListingNumber::new("BJ", 2026, serial).unwrap()));
    let enterprise =
        prop_oneof![6 => one_of(&ENTERPRISES[..1]), 3 => one_of(&ENTERPRISES[1..2]), 1 => one_of(&ENTERPRISES[2..])];
    let codes = (one_of(&HS_CODES), weighted(0.2, one_of(&CIQ_CODES)), weighted(0.4, one_of(&CAS)));
    (enterprise, codes, listing, weighted(0.8, measure)).prop_map(
        |(enterprise, (hs_code, ciq_code, cas), listing, measure)| Line {
            line: 0,
            enterprise,
            hs_code,
            ciq_code,
            listing,
            cas,
            measure,
        },
    )
}

fn questions() -> impl Strategy<Value = Question> {
    let declaration = (one_of(&OFFICES), day(), weighted(0.7, one_of(&TRADE_MODES)));
    (declaration, prop::collection::vec(line(), 1..=5)).prop_map(
        |((customs_office, declared_on, trade_mode), lines)| Question {
            declaration: Declaration { number: None, customs_office, declared_on, trade_mode },
            lines: numbered(lines),
        },
    )
}

fn revisions() -> impl Strategy<Value = Revision> {
    prop_oneof![2 => Just(Revision::NEWEST), 1 => (0_i64..=5).prop_map(Revision)]
}

fn numbered(mut lines: Vec<Line>) -> Vec<Line> {
    (1..).zip(&mut lines).for_each(|(number, line)| line.line = number);
    lines
}

/// An answer without its match levels: how a quantity is written down may change those, and nothing else.
fn essence(told: &Told) -> Told {
    Told { levels: String::new(), ..told.clone() }
}

/// A line as two: the first part stated in the finer unit, where there is one.
fn split(line: &Line, share: &Index) -> Option<[Line; 2]> {
    let measure = line.measure?;
    let steps = measure.quantity.steps();
    let first = i128::try_from(share.index(usize::try_from(steps - 1).ok().filter(|choices| *choices > 0)?)).ok()? + 1;
    let (quantity, unit) = Measure { quantity: Quantity::from_steps(first), ..measure }.to_finer().ok()?;
    let rest = Measure { quantity: Quantity::from_steps(steps - first), ..measure };
    Some([Line { measure: Some(Measure { quantity, unit }), ..*line }, Line { measure: Some(rest), ..*line }])
}

#[test]
fn the_draw_reaches_every_verdict_and_reason() {
    let mut runner = TestRunner::deterministic();
    let mut reached = BTreeSet::new();
    for _ in 0..4_000 {
        let (world, question) = (worlds(), questions()).new_tree(&mut runner).unwrap().current();
        for told in List::of(&world).judge(&question, Revision::NEWEST) {
            reached.insert(told.verdict);
            reached.extend(told.reasons);
        }
    }
    let verdicts = Verdict::ALL.iter().map(|verdict| verdict.as_str());
    let missing: Vec<&str> = Reason::ALL
        .iter()
        .map(|reason| reason.as_str())
        .chain(verdicts)
        .filter(|word| !reached.contains(*word))
        .collect();
    assert!(missing.is_empty(), "{missing:?}");
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 1_500, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn a_line_is_allowed_exactly_when_the_plain_rules_allow_it(world in worlds(), question in questions(), at in revisions()) {
        let plain = Plain { world: &world, declaration: &question.declaration, at };
        for (line, told) in question.lines.iter().zip(List::of(&world).judge(&question, at)) {
            prop_assert_eq!(told.allowed(), plain.allowed(&question.lines, line), "line {}: {:?}", line.line, told);
        }
    }

    #[test]
    fn the_documents_of_the_tariff_row_are_waived_or_required(world in worlds(), question in questions(), at in revisions()) {
        for (line, told) in question.lines.iter().zip(List::of(&world).judge(&question, at)) {
            let [waived, required] = [&told.waived, &told.required].map(|codes| DocumentSet::parse(codes).unwrap());
            let documents = world.imports(line.hs_code, question.declaration.declared_on, at).unwrap_or_default();
            prop_assert_eq!(waived.union(required), documents);
            prop_assert!(waived.intersection(required).is_empty());
            prop_assert_eq!(told.allowed(), !waived.is_empty());
        }
    }

    #[test]
    fn splitting_and_merging_lines_changes_nothing(world in worlds(), question in questions(), which in any::<Index>(), share in any::<Index>()) {
        let list = List::of(&world);
        let place = which.index(question.lines.len());
        let Some(parts) = split(&question.lines[place], &share) else { return Ok(()) };
        let mut lines = question.lines.clone();
        lines.splice(place..=place, parts);
        let parted = list.judge(&Question { lines: numbered(lines), ..question.clone() }, Revision::NEWEST);
        let mut whole = list.judge(&question, Revision::NEWEST);
        whole.insert(place, whole[place].clone());
        prop_assert_eq!(parted.iter().map(essence).collect::<Vec<_>>(), whole.iter().map(essence).collect::<Vec<_>>());
    }

    #[test]
    fn the_order_of_lines_does_not_matter(world in worlds(), question in questions(), turn in any::<Index>()) {
        let list = List::of(&world);
        let turn = turn.index(question.lines.len());
        let mut lines = question.lines.clone();
        lines.reverse();
        lines.rotate_left(turn);
        let mut expected = list.judge(&question, Revision::NEWEST);
        expected.reverse();
        expected.rotate_left(turn);
        prop_assert_eq!(list.judge(&Question { lines, ..question }, Revision::NEWEST), expected);
    }

    #[test]
    fn another_line_never_makes_a_line_allowed(world in worlds(), question in questions(), other in line()) {
        let list = List::of(&world);
        let mut lines = question.lines.clone();
        lines.push(other);
        let with = list.judge(&Question { lines: numbered(lines), ..question.clone() }, Revision::NEWEST);
        for (before, after) in list.judge(&question, Revision::NEWEST).iter().zip(&with) {
            prop_assert!(before.allowed() || !after.allowed());
            let kept = |code: &String| after.reasons.contains(code) || code == Reason::Listed.as_str();
            prop_assert!(before.reasons.iter().all(kept), "{:?} became {:?}", before, after);
        }
    }

    #[test]
    fn a_revision_answers_as_if_nothing_had_been_recorded_since(world in worlds(), question in questions(), at in 0_i64..=5) {
        let then = List::of(&world.truncated(Revision(at))).judge(&question, Revision::NEWEST);
        prop_assert_eq!(List::of(&world).judge(&question, Revision(at)), then);
    }

    #[test]
    fn a_single_line_is_judged_as_a_declaration_of_one(world in worlds(), question in questions(), at in revisions()) {
        let list = List::of(&world);
        for line in &question.lines {
            let alone = Question { lines: vec![*line], ..question.clone() };
            prop_assert_eq!(vec![list.judge_one(&question.declaration, line, at)], list.judge(&alone, at));
        }
    }
}
