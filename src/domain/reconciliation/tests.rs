//! Comparison: what matches, what each difference is called and proposed for it, and that order and doubles say nothing.

use super::*;
use crate::domain::code::UnitCode;
use crate::domain::quantity::Quantity;
use proptest::prelude::*;

const USCC: &str = "91110302XFXTR0033P";

fn number(serial: u32) -> DeclarationNumber {
    DeclarationNumber::parse(&format!("010120261{serial:09}")).unwrap()
}

fn measure(quantity: &str, unit: &str) -> Measure {
    Measure { quantity: Quantity::parse(quantity).unwrap(), unit: UnitCode::parse(unit).unwrap() }
}

fn row(serial: u32, sequence: i64, kind: Booked, line: u16, quantity: &str) -> Movement {
    Movement {
        place: 0,
        declaration: number(serial),
        sequence,
        kind,
        line,
        measure: measure(quantity, "036"),
        enterprise: Uscc::parse(USCC).ok(),
        listing: None,
        hs_code: HsCode::parse("2941500000").ok(),
        ciq_code: None,
        cas: None,
        trade_mode: None,
        declared_on: LegalDay::parse("2026-08-12").ok(),
        occurred_at: None,
    }
}

fn side(sequence: i64, state: State, lines: &[(u16, &str)]) -> Side {
    let lines =
        lines.iter().map(|(line, quantity)| HeldLine { line: *line, listing: None, measure: measure(quantity, "036") });
    Side { sequence, state, enterprise: Uscc::parse(USCC).ok(), lines: lines.collect() }
}

/// Compares one declaration.
fn find(here: Option<Side>, rows: Vec<Movement>) -> Option<Finding> {
    let books = Books::new(rows).unwrap();
    let ours = here.map(|side| Ours { number: number(1), side });
    let theirs = books.declarations().next();
    Finding::of(ours.as_ref(), theirs.as_ref())
}

fn steps(finding: &Finding) -> Vec<(&'static str, i64)> {
    finding.correction.iter().map(|step| (step.verb(), step.sequence())).collect()
}

#[test]
fn an_importer_that_differs_is_said_before_anything_is_proposed() {
    let other = Movement { enterprise: Uscc::parse("91110302XFXTR00172").ok(), ..row(1, 2, Booked::Reserved, 1, "4") };
    let found = find(Some(side(1, State::Reserved, &[(1, "5")])), vec![other]).unwrap();
    let whats: Vec<What> = found.differences.iter().map(|difference| difference.what).collect();
    assert_eq!((found.kind, whats), (FindingKind::Different, vec![What::Importer, What::Quantity]));
    assert_eq!((steps(&found), found.advice), (Vec::new(), Some(Advice::ImporterFixed)));
    let unstated = Movement { enterprise: None, ..row(1, 2, Booked::Confirmed, 1, "5") };
    let found = find(Some(side(1, State::Reserved, &[(1, "5")])), vec![unstated]).unwrap();
    assert_eq!((steps(&found), found.advice), (vec![("release", 2)], None), "what is not stated does not differ");
}

#[test]
fn a_kilogram_is_a_thousand_grams() {
    let mut stated = row(1, 1, Booked::Reserved, 1, "0.5");
    stated.measure = measure("0.5", "035");
    let found = find(Some(side(1, State::Reserved, &[(1, "500")])), vec![stated]).unwrap();
    assert_eq!((found.kind, found.advice, steps(&found)), (FindingKind::Matched, None, Vec::new()));
}

#[test]
fn every_pair_of_positions_has_its_proposal() {
    use Booked::{Confirmed, Corrected, GivenBack, Reserved};
    use FindingKind::{Different, Matched, MissingHere, MissingThere};
    let put = |quantity: &str| row(1, 1, Reserved, 1, quantity);
    let with = |second: Movement| vec![put("5"), second];
    type Case = (Option<Side>, Vec<Movement>, Option<FindingKind>, Vec<(&'static str, i64)>, Option<Advice>);
    let cases: Vec<Case> = vec![
        (None, vec![put("5")], Some(MissingHere), vec![("put", 1)], None),
        (None, with(row(1, 2, Confirmed, 1, "4")), Some(MissingHere), vec![("put", 1), ("release", 2)], None),
        (None, vec![row(1, 2, Confirmed, 1, "4")], Some(MissingHere), vec![("put", 1), ("release", 2)], None),
        (None, with(row(1, 2, GivenBack, 1, "5")), Some(MissingHere), vec![], Some(Advice::NothingToBook)),
        (Some(side(3, State::Reserved, &[(1, "5")])), vec![], Some(MissingThere), vec![("cancel", 4)], None),
        (
            Some(side(3, State::Released, &[(1, "5")])),
            vec![],
            Some(MissingThere),
            vec![],
            Some(Advice::ReleasedHereOnly),
        ),
        (Some(side(3, State::Cancelled, &[])), vec![], None, vec![], None),
        (Some(side(3, State::Lapsed, &[(1, "5")])), vec![], None, vec![], None),
        (Some(side(1, State::Reserved, &[(1, "5")])), vec![put("5")], Some(Matched), vec![], None),
        (Some(side(1, State::Reserved, &[(1, "5")])), vec![put("6")], Some(Different), vec![("put", 2)], None),
        (
            Some(side(1, State::Reserved, &[(1, "5")])),
            vec![put("5"), row(1, 4, Reserved, 1, "6")],
            Some(Different),
            vec![("put", 4)],
            None,
        ),
        (
            Some(side(1, State::Reserved, &[(1, "5")])),
            with(row(1, 2, Confirmed, 1, "5")),
            Some(Different),
            vec![("release", 2)],
            None,
        ),
        (
            Some(side(1, State::Reserved, &[(1, "5")])),
            with(row(1, 2, Confirmed, 1, "6")),
            Some(Different),
            vec![("put", 2), ("release", 3)],
            None,
        ),
        (
            Some(side(1, State::Reserved, &[(1, "5")])),
            with(row(1, 2, Confirmed, 2, "5")),
            Some(Different),
            vec![("put", 2), ("release", 3)],
            None,
        ),
        (
            Some(side(1, State::Reserved, &[(1, "5")])),
            with(row(1, 2, GivenBack, 1, "5")),
            Some(Different),
            vec![("cancel", 2)],
            None,
        ),
        (
            Some(side(2, State::Released, &[(1, "5")])),
            with(row(1, 2, Confirmed, 1, "4")),
            Some(Different),
            vec![("correct", 3)],
            None,
        ),
        (
            Some(side(2, State::Released, &[(1, "5")])),
            with(row(1, 3, Corrected, 1, "4")),
            Some(Different),
            vec![("correct", 3)],
            None,
        ),
        (
            Some(side(2, State::Released, &[(1, "5")])),
            with(row(1, 3, Corrected, 1, "0")),
            Some(Different),
            vec![],
            Some(Advice::StateForbids),
        ),
        (
            Some(side(2, State::Released, &[(1, "5")])),
            with(row(1, 2, Confirmed, 2, "5")),
            Some(Different),
            vec![],
            Some(Advice::StateForbids),
        ),
        (Some(side(2, State::Released, &[(1, "5")])), vec![put("5")], Some(Different), vec![], Some(Advice::LaterHere)),
        (
            Some(side(2, State::Released, &[(1, "5")])),
            with(row(1, 2, GivenBack, 1, "5")),
            Some(Different),
            vec![],
            Some(Advice::StateForbids),
        ),
        (Some(side(2, State::Cancelled, &[])), with(row(1, 2, GivenBack, 1, "5")), Some(Matched), vec![], None),
        (Some(side(2, State::Lapsed, &[(1, "5")])), with(row(1, 2, GivenBack, 1, "5")), Some(Matched), vec![], None),
        (
            Some(side(2, State::Cancelled, &[])),
            with(row(1, 2, Confirmed, 1, "5")),
            Some(Different),
            vec![],
            Some(Advice::StateForbids),
        ),
        (Some(side(1, State::Lapsed, &[(1, "5")])), vec![put("5")], Some(Different), vec![("put", 2)], None),
        (
            Some(side(1, State::Lapsed, &[(1, "5")])),
            with(row(1, 2, Confirmed, 1, "5")),
            Some(Different),
            vec![("put", 2), ("release", 3)],
            None,
        ),
        (
            Some(side(2, State::Released, &[(1, "5"), (2, "0")])),
            with(row(1, 2, Confirmed, 1, "5")),
            Some(Matched),
            vec![],
            None,
        ),
    ];
    for (place, (here, rows, kind, correction, advice)) in cases.into_iter().enumerate() {
        let found = find(here, rows);
        assert_eq!(found.as_ref().map(|found| found.kind), kind, "case {place}");
        if let Some(found) = found {
            assert_eq!((steps(&found), found.advice), (correction, advice), "case {place}");
            assert_eq!(
                found.differences.is_empty(),
                found.kind == Matched || found.advice == Some(Advice::NothingToBook),
                "case {place}"
            );
        }
    }
}

#[test]
fn a_position_is_stated_with_everything_that_the_rows_say() {
    let mut put = row(1, 1, Booked::Reserved, 1, "5");
    put.cas = Cas::parse("101666-68-6").ok();
    put.occurred_at = Instant::parse("2026-08-11T01:00:00Z").ok();
    let mut released = row(1, 2, Booked::Confirmed, 1, "4");
    (released.hs_code, released.enterprise) = (None, None);
    let found = find(None, vec![released, put]).unwrap();
    let Step::Put(stated) = &found.correction[0] else { panic!("{:?}", found.correction) };
    assert_eq!((stated.enterprise.to_string().as_str(), stated.customs_office.to_string().as_str()), (USCC, "0101"));
    assert_eq!(
        (stated.lines[0].cas, stated.lines[0].measure, stated.occurred_at),
        (put.cas, released.measure, put.occurred_at)
    );
    released.sequence = 3;
    assert_eq!(find(None, vec![released]).unwrap().advice, Some(Advice::ParticularsMissing));
}

#[test]
fn rows_that_contradict_each_other_are_named() {
    let base = Movement { place: 7, ..row(1, 1, Booked::Reserved, 1, "5") };
    let clashes = |change: fn(&mut Movement)| {
        let mut other = Movement { place: 9, ..base };
        change(&mut other);
        Books::new(vec![other, base]).err().map(|clashes| (clashes[0].place, clashes[0].other))
    };
    assert_eq!(clashes(|_| {}), None);
    assert_eq!(clashes(|row| row.measure.quantity = Quantity::parse("6").unwrap()), Some((9, 7)));
    assert_eq!(clashes(|row| (row.line, row.kind) = (2, Booked::Confirmed)), Some((9, 7)));
    assert_eq!(clashes(|row| (row.line, row.declared_on) = (2, LegalDay::parse("2026-08-13").ok())), Some((9, 7)));
    assert_eq!(clashes(|row| row.line = 2), None);
    assert_eq!(clashes(|row| row.sequence = 2), None);
}

/// Declarations as they stand here, with the rows that customs has when both sides agree.
fn world() -> impl Strategy<Value = Vec<(Ours, Vec<Movement>)>> {
    let line = (1_u32..1000, any::<bool>());
    let lines = prop::collection::vec(line, 1..4);
    prop::collection::vec((lines, 0_usize..4), 1..20).prop_map(|declarations| {
        let agreed = |(serial, (lines, end)): (u32, (Vec<(u32, bool)>, usize))| {
            let rows = |sequence, kind| {
                let of_line = |(place, (quantity, kilogram)): (u16, &(u32, bool))| {
                    let mut row = row(serial, sequence, kind, place + 1, "1");
                    row.measure = if *kilogram {
                        Measure { quantity: Quantity::from_steps(i128::from(*quantity)), unit: UnitCode::KILOGRAM }
                    } else {
                        Measure { quantity: Quantity::from_steps(i128::from(*quantity) * 1000), unit: UnitCode::GRAM }
                    };
                    row
                };
                (0..).zip(&lines).map(of_line).collect::<Vec<Movement>>()
            };
            let (kind, state) = [
                (Booked::Reserved, State::Reserved),
                (Booked::Confirmed, State::Released),
                (Booked::GivenBack, State::Cancelled),
                (Booked::Corrected, State::Released),
            ][end];
            let mut stated = rows(1, Booked::Reserved);
            if end > 0 {
                stated.extend(rows(2, kind));
            }
            let held = |row: &Movement| HeldLine {
                line: row.line,
                listing: None,
                measure: Measure { quantity: row.measure.to_finer().unwrap().0, unit: UnitCode::GRAM },
            };
            let sequence = if end > 0 { 2 } else { 1 };
            let lines = rows(1, Booked::Reserved).iter().map(held).collect();
            (
                Ours {
                    number: number(serial),
                    side: Side { sequence, state, enterprise: Uscc::parse(USCC).ok(), lines },
                },
                stated,
            )
        };
        (0..).zip(declarations).map(agreed).collect()
    })
}

fn compare(ours: &[Ours], rows: Vec<Movement>) -> Vec<Finding> {
    let books = Books::new(rows).unwrap();
    let theirs: BTreeMap<_, _> = books.declarations().map(|theirs| (theirs.number, theirs)).collect();
    let ours: BTreeMap<_, _> = ours.iter().map(|ours| (ours.number, ours)).collect();
    let numbers: std::collections::BTreeSet<_> = theirs.keys().chain(ours.keys()).collect();
    numbers.into_iter().filter_map(|number| Finding::of(ours.get(number).copied(), theirs.get(number))).collect()
}

proptest! {
    #[test]
    fn agreeing_sides_match_in_any_order_and_with_doubles(world in world(), order in any::<u64>()) {
        let ours: Vec<Ours> = world.iter().map(|(ours, _)| ours.clone()).collect();
        let mut rows: Vec<Movement> = world.iter().flat_map(|(_, rows)| rows.clone()).collect();
        let plain = compare(&ours, rows.clone());
        prop_assert_eq!(plain.len(), ours.len());
        prop_assert!(plain.iter().all(|found| found.kind == FindingKind::Matched && found.correction.is_empty()));
        rows.extend(rows.clone());
        for (place, row) in (0..).zip(rows.iter_mut()) {
            row.place = place;
        }
        rows.sort_by_key(|row| (u64::from(row.place) + 1).wrapping_mul(order | 1));
        prop_assert_eq!(compare(&ours, rows), plain);
    }

    #[test]
    fn an_injected_difference_is_named_with_its_declaration(
        world in world(), victim in any::<prop::sample::Index>(), how in 0_usize..5,
    ) {
        let mut ours: Vec<Ours> = world.iter().map(|(ours, _)| ours.clone()).collect();
        let mut rows: Vec<Movement> = world.iter().flat_map(|(_, rows)| rows.clone()).collect();
        let place = victim.index(ours.len());
        let hit = ours[place].number;
        let holds = ours[place].side.holds();
        let last = rows.iter().rposition(|row| row.declaration == hit).unwrap();
        let (kind, one_line) = match how {
            0 => {
                rows.retain(|row| row.declaration != hit);
                (FindingKind::MissingThere, None)
            }
            1 => {
                ours.remove(place);
                (FindingKind::MissingHere, None)
            }
            2 => {
                rows[last].measure.quantity = rows[last].measure.quantity.checked_add(Quantity::from_steps(1)).unwrap();
                (FindingKind::Different, Some(rows[last].line))
            }
            3 => {
                let mut more = rows[last];
                more.line = 77;
                rows.push(more);
                (FindingKind::Different, Some(77))
            }
            _ => {
                ours[place].side.state = if holds { State::Cancelled } else { State::Reserved };
                (FindingKind::Different, None)
            }
        };
        let found: Vec<Finding> =
            compare(&ours, rows).into_iter().filter(|found| found.kind != FindingKind::Matched).collect();
        if holds || how == 1 || how == 4 {
            prop_assert_eq!(found.len(), 1);
            prop_assert_eq!((found[0].declaration, found[0].kind), (hit, kind));
            prop_assert!(!found[0].correction.is_empty() || found[0].advice.is_some());
            if let Some(line) = one_line {
                prop_assert!(found[0].differences.iter().all(|difference| difference.line == Some(line)));
            }
        } else {
            // What was given back holds nothing, so its quantities say nothing.
            prop_assert!(found.is_empty());
        }
    }
}
