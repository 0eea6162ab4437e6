//! Random messages: shuffled, repeated and lost, split and merged, sound and unsound.

use proptest::prelude::*;
use proptest::sample::select;

use super::super::*;
use super::{GRANTED, Setup, World, applied, command, manual, measure, put, stated};

/// A life of a declaration as customs means it: positions, then an end.
fn script() -> impl Strategy<Value = Vec<Act>> {
    let position = proptest::collection::vec((0..2_usize, 1..4_i64), 1..4).prop_map(|lines| Act::Put(stated(&lines)));
    let end = select(&["none", "release", "cancel", "correct"][..]);
    (proptest::collection::vec(position, 1..4), end).prop_map(|(mut acts, end)| {
        match end {
            "release" => acts.push(Act::Release { position: None, lines: None }),
            "cancel" => acts.push(Act::Cancel),
            "correct" => {
                acts.push(Act::Release { position: None, lines: None });
                let reason = DrawReason { code: "weighing", basis: None };
                acts.push(Act::Correct { lines: vec![LineQuantity { line: 1, measure: measure(1) }], reason });
            }
            _ => {}
        }
        acts
    })
}

proptest! {
    /// Messages shuffled, repeated and lost, each sent again until its answer is 2xx, end as if sent in order.
    #[test]
    fn shuffled_repeated_and_lost_messages_end_where_they_should(
        scripts in proptest::collection::vec(script(), 1..4),
        order in proptest::collection::vec((any::<prop::sample::Index>(), any::<bool>()), 0..40),
    ) {
        let messages: Vec<Command> = scripts
            .iter()
            .zip(1..)
            .flat_map(|(acts, serial)| acts.iter().zip(1..).map(move |(act, sequence)| command(serial, sequence, act.clone())))
            .collect();
        let mut expected = World::new(&Setup::default());
        for message in &messages {
            applied(expected.send(message));
        }
        let mut world = World::new(&Setup::default());
        // Any message at any time, some of their answers lost, so that it is sent once more.
        let mut waiting: Vec<Command> = messages.clone();
        for (which, lost) in order {
            if waiting.is_empty() { break; }
            let place = which.index(waiting.len());
            let done = world.send(&waiting[place]).is_ok();
            world.check(GRANTED);
            if done && !lost { waiting.remove(place); }
        }
        // In the end every message is sent until its answer is good, the latest first.
        let mut rounds = 0;
        while !waiting.is_empty() {
            waiting.reverse();
            waiting.retain(|message| world.send(message).is_err());
            rounds += 1;
            prop_assert!(rounds < 20, "messages that are never accepted: {waiting:?}");
        }
        world.check(GRANTED);
        // What a cancelled declaration stated last is of no account: it takes nothing.
        let shown = |head: &Head| if head.state == State::Cancelled { Vec::new() } else { head.lines.clone() };
        let ended = |world: &World| -> Vec<_> {
            world.heads.values().map(|head| (head.state, head.sequence, shown(head), live(head))).collect()
        };
        prop_assert_eq!(ended(&world), ended(&expected));
        prop_assert_eq!(&world.balances.values().map(|balance| balance.taken()).collect::<Vec<_>>().iter().sum::<i64>(),
            &expected.balances.values().map(|balance| balance.taken()).sum::<i64>());
    }

    /// However a quantity is split over lines and declarations, no more goes through than whole.
    #[test]
    fn splitting_or_merging_lets_no_more_through(parts in proptest::collection::vec(1..40_i64, 1..8)) {
        let total: i64 = parts.iter().sum();
        let whole = World::new(&Setup::default()).send(&put(1, 1, &[(0, total)])).is_ok();
        let lines: Vec<(usize, i64)> = parts.iter().map(|part| (0, *part)).collect();
        let split = World::new(&Setup::default()).send(&put(1, 1, &lines)).is_ok();
        prop_assert_eq!(whole, split);
        let mut over = World::new(&Setup::default());
        let through: Vec<bool> = parts.iter().zip(1..).map(|(part, serial)| over.send(&put(serial, 1, &[(0, *part)])).is_ok()).collect();
        prop_assert_eq!(through.iter().all(|through| *through), whole);
        over.check(GRANTED);
    }

    /// Whatever is sent, nothing is overdrawn and the books agree.
    #[test]
    fn no_commands_overdraw(
        sent in proptest::collection::vec((1..4_u32, 1..9_i64, 0..6_usize, proptest::collection::vec((0..2_usize, 1..70_i64), 1..3)), 1..60),
    ) {
        let mut world = World::new(&Setup { tolerance: 200, ..Setup::default() });
        for (serial, sequence, verb, lines) in sent {
            let quantities: Vec<LineQuantity> = lines.iter().zip(1..).map(|((_, steps), line)| LineQuantity { line, measure: measure(*steps) }).collect();
            let message = match verb {
                0 | 1 => put(serial, sequence, &lines),
                2 => command(serial, sequence, Act::Release { position: None, lines: Some(quantities) }),
                3 => command(serial, sequence, Act::Cancel),
                4 => command(serial, sequence, Act::Correct { lines: quantities, reason: DrawReason { code: "other", basis: None } }),
                _ => manual(serial, sequence, &lines),
            };
            let before = (world.balances.clone(), world.heads.clone());
            if !matches!(world.send(&message), Ok(Outcome::Applied(_))) {
                prop_assert_eq!(before, (world.balances.clone(), world.heads.clone()), "what is not applied changes nothing");
            }
            world.check(GRANTED);
        }
    }
}

/// What a declaration takes, without what it has given back.
fn live(head: &Head) -> Vec<(ListingNumber, Share)> {
    head.shares.iter().filter(|(_, share)| !share.is_nothing()).map(|(number, share)| (*number, *share)).collect()
}
