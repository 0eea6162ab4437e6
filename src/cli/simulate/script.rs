//! What a customs system does with one declaration: its messages, worked out from a seed.
//!
//! Pure: the same seed and world give the same messages. It knows what customs knows, which is the list as it was told
//! at the start, and not what others do meanwhile.

use crate::domain::code::UnitCode;
use crate::domain::quantity::Quantity;
use serde_json::{Value, json};
use std::collections::BTreeMap;

/// A repeatable source of choices (SplitMix64, Steele, Lea and Flood 2014).
#[derive(Debug, Clone)]
pub struct Seeded(u64);

impl Seeded {
    /// Starts from a seed and a number, so that each declaration has choices of its own.
    #[must_use]
    pub fn new(seed: u64, nth: u64) -> Self {
        let mut mixed = Self(seed ^ nth.wrapping_mul(0x9E37_79B9_7F4A_7C15));
        mixed.next();
        mixed
    }

    fn next(&mut self) -> u64 {
        self.0 = self.0.wrapping_add(0x9E37_79B9_7F4A_7C15);
        let mixed = (self.0 ^ self.0 >> 30).wrapping_mul(0xBF58_476D_1CE4_E5B9);
        let mixed = (mixed ^ mixed >> 27).wrapping_mul(0x94D0_49BB_1331_11EB);
        mixed ^ mixed >> 31
    }

    /// Chooses a number below a bound.
    pub fn below(&mut self, bound: u64) -> u64 {
        self.next().checked_rem(bound).unwrap_or(0)
    }

    /// Says yes so many times in a thousand.
    pub fn chance(&mut self, permille: u64) -> bool {
        self.below(1000) < permille
    }

    /// Chooses one of several.
    pub fn pick<'a, T>(&mut self, things: &'a [T]) -> Option<&'a T> {
        let place = self.below(u64::try_from(things.len()).unwrap_or(1));
        things.get(usize::try_from(place).unwrap_or(0))
    }

    /// Brings things into another order.
    pub fn shuffle<T>(&mut self, things: &mut [T]) {
        for last in (1..things.len()).rev() {
            let other = self.below(u64::try_from(last).unwrap_or(0).saturating_add(1));
            things.swap(last, usize::try_from(other).unwrap_or(0));
        }
    }
}

/// A listing that may be drawn on.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Listed {
    /// Its number.
    pub number: String,
    /// Classification.
    pub hs_code: String,
    /// Inspection code.
    pub ciq_code: Option<String>,
    /// Substance.
    pub cas: Option<String>,
    /// Unit of its quantity.
    pub unit: UnitCode,
    /// What was left at the start, in steps of the finer unit.
    pub room: i128,
    /// Most of one consignment, in steps of the finer unit.
    pub cap: Option<i128>,
}

/// An importer with its listings.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Importer {
    /// USCC.
    pub uscc: String,
    /// Listings.
    pub listings: Vec<Listed>,
}

/// A line of a position.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct DrawnLine {
    /// Number on the declaration.
    pub line: u16,
    /// The listing.
    pub listing: Listed,
    /// How much, in steps of the finer unit.
    pub steps: i128,
    /// Whether it is written in the coarser unit of the pair.
    pub coarse: bool,
}

impl DrawnLine {
    fn measure(&self, steps: i128) -> (String, String) {
        let finer = self.listing.unit.finer().0;
        let coarse = match finer {
            UnitCode::GRAM => UnitCode::KILOGRAM,
            UnitCode::MILLILITRE => UnitCode::LITRE,
            other => other,
        };
        if self.coarse && coarse != finer && steps % 1000 == 0 {
            (Quantity::from_steps(steps / 1000).to_string(), coarse.to_string())
        } else {
            (Quantity::from_steps(steps).to_string(), finer.to_string())
        }
    }

    fn stated(&self) -> Value {
        let (quantity, unit) = self.measure(self.steps);
        json!({
            "line": self.line, "listing": self.listing.number, "hs_code": self.listing.hs_code,
            "ciq_code": self.listing.ciq_code, "cas": self.listing.cas, "quantity": quantity, "unit": unit,
        })
    }

    /// Writes the line with another quantity.
    fn measured(&self, steps: i128) -> Value {
        let (quantity, unit) = self.measure(steps);
        json!({ "line": self.line, "quantity": quantity, "unit": unit })
    }
}

/// What a message asks for.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Act {
    /// Reserve: the whole position.
    Put(Vec<DrawnLine>),
    /// Write off what the PUT of a sequence states; steps by line when it is less.
    Release(i64, Option<BTreeMap<u16, i128>>),
    /// Give back.
    Cancel,
    /// Put right after release of the PUT of a sequence: steps by line.
    Correct(i64, BTreeMap<u16, i128>),
}

/// A message about a declaration.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Message {
    /// Its number.
    pub sequence: i64,
    /// What it asks for.
    pub act: Act,
}

/// All messages about one declaration, in the order in which customs decides them.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Script {
    /// Number of the declaration.
    pub number: String,
    /// The importer.
    pub uscc: String,
    /// The messages.
    pub messages: Vec<Message>,
}

impl Script {
    /// Finds the lines that the PUT of a sequence states.
    #[must_use]
    pub fn put(&self, sequence: i64) -> &[DrawnLine] {
        let put = self.messages.iter().find(|message| message.sequence == sequence).map(|message| &message.act);
        match put {
            Some(Act::Put(lines)) => lines,
            Some(Act::Release(..) | Act::Cancel | Act::Correct(..)) | None => &[],
        }
    }

    /// Writes the request of a message: method, path and body.
    #[must_use]
    pub fn request(&self, message: &Message, looked_up_at: Option<i64>) -> (&'static str, String, String) {
        let path = format!("/v1/declarations/{}", self.number);
        let sequence = message.sequence;
        let lines = |of: i64, steps: &BTreeMap<u16, i128>| -> Vec<Value> {
            let lines = self.put(of).iter().filter_map(|line| steps.get(&line.line).map(|steps| line.measured(*steps)));
            lines.collect()
        };
        match &message.act {
            Act::Put(drawn) => {
                let body = json!({
                    "sequence": sequence, "enterprise": self.uscc, "customs_office": self.number.get(..4),
                    "trade_mode": TRADE_MODE, "looked_up_at_revision": looked_up_at,
                    "lines": drawn.iter().map(DrawnLine::stated).collect::<Vec<_>>(),
                });
                ("PUT", path, body.to_string())
            }
            Act::Release(position, steps) => {
                let lines = steps.as_ref().map(|steps| lines(*position, steps));
                let body = json!({ "sequence": sequence, "position": position, "lines": lines });
                ("POST", format!("{path}/release"), body.to_string())
            }
            Act::Cancel => ("POST", format!("{path}/cancel"), json!({ "sequence": sequence }).to_string()),
            Act::Correct(position, steps) => {
                let body = json!({
                    "sequence": sequence, "reason": { "code": "weighing" }, "lines": lines(*position, steps),
                });
                ("POST", format!("{path}/correct"), body.to_string())
            }
        }
    }

    /// Goes on after a PUT was refused: what was about it is about the PUT before it, or is dropped when there is none.
    pub fn refused(&mut self, sequence: i64) {
        self.messages.retain(|message| message.sequence != sequence);
        let puts: Vec<i64> = self
            .messages
            .iter()
            .filter(|message| matches!(message.act, Act::Put(_)))
            .map(|message| message.sequence)
            .collect();
        let before = |at: i64| puts.iter().copied().filter(|put| *put < at).max();
        self.messages.retain_mut(|message| {
            let at = message.sequence;
            match &mut message.act {
                Act::Put(_) => true,
                Act::Cancel => before(at).is_some(),
                Act::Release(position, steps) if *position == sequence => {
                    // Less than all of another position would be lines that it does not have.
                    *steps = None;
                    before(at).map(|put| *position = put).is_some()
                }
                Act::Correct(position, _) if *position == sequence => false,
                Act::Release(..) | Act::Correct(..) => true,
            }
        });
    }
}

/// Trade mode of every declaration (0110, general trade).
pub const TRADE_MODE: &str = "0110";

/// Writes what customs does with one declaration. `share` is how many declarations a listing has to serve.
#[must_use]
pub fn script(rng: &mut Seeded, number: String, importers: &[Importer], share: i128) -> Script {
    let Some(importer) = rng.pick(importers) else {
        return Script { number, uscc: String::new(), messages: Vec::new() };
    };
    let mut script = Script { number, uscc: importer.uscc.clone(), messages: Vec::new() };
    let first = position(rng, importer, share, false);
    let say = |script: &mut Script, act: Act| {
        let sequence = script.messages.last().map_or(0, |message| message.sequence).saturating_add(1);
        script.messages.push(Message { sequence, act });
        sequence
    };
    match rng.below(100) {
        0..45 => {
            let put = say(&mut script, Act::Put(first));
            say(&mut script, Act::Release(put, None));
        }
        45..62 => {
            let put = say(&mut script, Act::Put(first.clone()));
            let less = lessened(rng, &first, true);
            say(&mut script, Act::Release(put, Some(less.clone())));
            if rng.chance(400) {
                let again = first.iter().map(|line| (line.line, less.get(&line.line).copied().unwrap_or(line.steps)));
                let again: BTreeMap<u16, i128> = again.map(|(line, steps)| (line, (steps / 2).max(1))).collect();
                say(&mut script, Act::Correct(put, again));
            }
        }
        62..76 => {
            say(&mut script, Act::Put(first));
            say(&mut script, Act::Cancel);
        }
        76..86 => {
            say(&mut script, Act::Put(first));
            let put = say(&mut script, Act::Put(position(rng, importer, share, false)));
            say(&mut script, Act::Release(put, None));
        }
        86..91 => {
            say(&mut script, Act::Put(first));
        }
        91..96 => {
            // More than there ever was: refused, then stated anew.
            say(&mut script, Act::Put(position(rng, importer, share, true)));
            let put = say(&mut script, Act::Put(first));
            say(&mut script, Act::Release(put, None));
        }
        _ => {
            say(&mut script, Act::Put(first.clone()));
            say(&mut script, Act::Put(first.into_iter().take(1).collect()));
            say(&mut script, Act::Cancel);
        }
    }
    script
}

fn position(rng: &mut Seeded, importer: &Importer, share: i128, too_much: bool) -> Vec<DrawnLine> {
    let count = 1 + rng.below(3);
    let lines = (1_u16..).take(usize::try_from(count).unwrap_or(1)).filter_map(|line| {
        let listing = rng.pick(&importer.listings)?.clone();
        // A quarter of a fair share, so that most find enough and some do not.
        let fair = (listing.room / share.max(1) / 4).max(1);
        let most = listing.cap.map_or(fair, |cap| fair.min(cap / 4)).max(1);
        let steps = 1 + i128::from(rng.below(u64::try_from(most).unwrap_or(u64::MAX)));
        let coarse = rng.chance(300) && steps >= 1000;
        let steps = if coarse { steps / 1000 * 1000 } else { steps };
        let steps = if too_much { listing.room.saturating_add(steps) } else { steps };
        Some(DrawnLine { line, listing, steps, coarse })
    });
    lines.collect()
}

/// Halves some lines; leaves others out if that is allowed and one stays.
fn lessened(rng: &mut Seeded, lines: &[DrawnLine], leave_out: bool) -> BTreeMap<u16, i128> {
    let mut less: BTreeMap<u16, i128> = BTreeMap::new();
    for line in lines {
        if leave_out && !less.is_empty() && rng.chance(200) {
            continue;
        }
        let steps = if rng.chance(500) { (line.steps / 2).max(1) } else { line.steps };
        less.insert(line.line, steps);
    }
    less
}

#[cfg(test)]
mod tests {
    use super::*;

    fn importer() -> Importer {
        let listed = |number: &str, unit: &str, cap| Listed {
            number: number.to_owned(),
            hs_code: "2941500000".to_owned(),
            ciq_code: None,
            cas: None,
            unit: UnitCode::parse(unit).unwrap(),
            room: 1_000_000_000,
            cap,
        };
        let listings = vec![listed("BJ-2026-000001-X", "035", None), listed("BJ-2026-000002-W", "142", Some(4_000))];
        Importer { uscc: "91110302XFXTR0033P".to_owned(), listings }
    }

    fn scripts(seed: u64) -> Vec<Script> {
        let importers = [importer()];
        (0..500).map(|nth| script(&mut Seeded::new(seed, nth), format!("010120261{nth:09}"), &importers, 500)).collect()
    }

    #[test]
    fn the_same_seed_plays_the_same() {
        assert_eq!(scripts(7), scripts(7));
        assert_ne!(scripts(7), scripts(8));
    }

    #[test]
    fn every_way_of_a_declaration_comes_up_and_counts_from_one() {
        let scripts = scripts(1);
        let has = |wanted: fn(&Act) -> bool| {
            scripts.iter().filter(|script| script.messages.iter().any(|message| wanted(&message.act))).count()
        };
        assert!(has(|act| matches!(act, Act::Release(_, None))) > 200);
        assert!(has(|act| matches!(act, Act::Release(_, Some(_)))) > 50);
        assert!(has(|act| matches!(act, Act::Cancel)) > 50);
        assert!(has(|act| matches!(act, Act::Correct(..))) > 10);
        for script in &scripts {
            let sequences: Vec<i64> = script.messages.iter().map(|message| message.sequence).collect();
            assert_eq!(sequences, (1..=i64::try_from(sequences.len()).unwrap()).collect::<Vec<_>>());
            for message in &script.messages {
                let (_, path, body) = script.request(message, None);
                assert!(path.contains(&script.number) && !body.contains("\"quantity\":\"0\""), "{body}");
            }
        }
    }

    #[test]
    fn a_quantity_is_the_same_in_either_unit() {
        let line = DrawnLine { line: 1, listing: importer().listings[0].clone(), steps: 5_000, coarse: true };
        assert_eq!(line.measure(5_000), ("0.00005".to_owned(), "035".to_owned()));
        assert_eq!(line.measure(5_001), ("0.05001".to_owned(), "036".to_owned()));
    }

    #[test]
    fn after_a_refusal_the_rest_is_about_what_stands() {
        let mut rng = Seeded::new(1, 1);
        let lines = position(&mut rng, &importer(), 500, false);
        let act = |act| act;
        let messages =
            [act(Act::Put(lines.clone())), Act::Put(lines), Act::Release(2, None), Act::Correct(2, BTreeMap::new())];
        let messages = (1..).zip(messages).map(|(sequence, act)| Message { sequence, act }).collect();
        let mut script = Script { number: String::new(), uscc: String::new(), messages };
        script.refused(2);
        assert_eq!(script.messages.len(), 2);
        assert_eq!(script.messages[1].act, Act::Release(1, None));
        script.refused(1);
        assert!(script.messages.is_empty());
    }
}
