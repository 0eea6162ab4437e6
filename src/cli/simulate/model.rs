//! What customs' own books hold of a declaration: the simulator's model, a second and plain statement of the semantics.
//!
//! Only what the service acknowledged counts. Invariant: the books follow the highest acknowledged sequence, whatever
//! order the answers come in.

use super::script::{Act, DrawnLine, Message, Script};
use std::collections::BTreeMap;

/// Where a declaration stands.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Stand {
    /// Nothing was acknowledged.
    Unknown,
    /// Holds quantity.
    Reserved,
    /// Has written it off.
    Released,
    /// Gave it back.
    Cancelled,
}

impl Stand {
    /// Returns the word of the wire; none for what the service does not know.
    #[must_use]
    pub const fn word(self) -> Option<&'static str> {
        match self {
            Self::Unknown => None,
            Self::Reserved => Some("reserved"),
            Self::Released => Some("released"),
            Self::Cancelled => Some("cancelled"),
        }
    }
}

/// The books of one declaration.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Model {
    /// Where it stands.
    pub stand: Stand,
    /// Highest acknowledged sequence.
    pub sequence: i64,
    /// Steps by line, with the listing that they are of.
    lines: BTreeMap<u16, (String, i128)>,
}

impl Model {
    /// Opens the books.
    #[must_use]
    pub const fn new() -> Self {
        Self { stand: Stand::Unknown, sequence: 0, lines: BTreeMap::new() }
    }

    /// Books an acknowledged message.
    pub fn acknowledged(&mut self, script: &Script, message: &Message) {
        if message.sequence <= self.sequence {
            return;
        }
        self.sequence = message.sequence;
        let all = |lines: &[DrawnLine]| -> BTreeMap<u16, (String, i128)> {
            lines.iter().map(|line| (line.line, (line.listing.number.clone(), line.steps))).collect()
        };
        let some = |lines: &[DrawnLine], steps: &BTreeMap<u16, i128>| {
            let kept = lines.iter().filter_map(|line| {
                let steps = steps.get(&line.line)?;
                Some((line.line, (line.listing.number.clone(), *steps)))
            });
            kept.collect::<BTreeMap<u16, (String, i128)>>()
        };
        (self.stand, self.lines) = match &message.act {
            Act::Put(lines) => (Stand::Reserved, all(lines)),
            Act::Release(position, None) => (Stand::Released, all(script.put(*position))),
            Act::Release(position, Some(steps)) | Act::Correct(position, steps) => {
                (Stand::Released, some(script.put(*position), steps))
            }
            Act::Cancel => (Stand::Cancelled, BTreeMap::new()),
        };
    }

    /// Returns what is reserved and what is confirmed, in steps, by listing.
    #[must_use]
    pub fn held(&self) -> BTreeMap<String, (i128, i128)> {
        let mut held: BTreeMap<String, (i128, i128)> = BTreeMap::new();
        for (listing, steps) in self.lines.values() {
            let (reserved, confirmed) = held.entry(listing.clone()).or_default();
            match self.stand {
                Stand::Reserved => *reserved = reserved.saturating_add(*steps),
                Stand::Released => *confirmed = confirmed.saturating_add(*steps),
                Stand::Unknown | Stand::Cancelled => {}
            }
        }
        held
    }
}

#[cfg(test)]
mod tests {
    use super::super::script::Listed;
    use super::*;
    use crate::domain::code::UnitCode;

    fn line(line: u16, steps: i128) -> DrawnLine {
        let listing = Listed {
            number: "L".to_owned(),
            hs_code: String::new(),
            ciq_code: None,
            cas: None,
            unit: UnitCode::GRAM,
            room: 100,
            cap: None,
        };
        DrawnLine { line, listing, steps, coarse: false }
    }

    #[test]
    fn the_highest_acknowledged_message_counts() {
        let acts = [
            Act::Put(vec![line(1, 5), line(2, 7)]),
            Act::Release(1, Some(BTreeMap::from([(1, 4)]))),
            Act::Correct(1, BTreeMap::from([(1, 3), (2, 1)])),
        ];
        let messages: Vec<Message> = (1..).zip(acts).map(|(sequence, act)| Message { sequence, act }).collect();
        let script = Script { number: String::new(), uscc: String::new(), messages: messages.clone() };
        let held = |order: &[usize]| {
            let mut model = Model::new();
            order.iter().for_each(|place| model.acknowledged(&script, &messages[*place]));
            (model.stand, model.held().get("L").copied().unwrap_or_default())
        };
        assert_eq!(held(&[]), (Stand::Unknown, (0, 0)));
        assert_eq!(held(&[0]), (Stand::Reserved, (12, 0)));
        assert_eq!(held(&[0, 1]), (Stand::Released, (0, 4)));
        assert_eq!(held(&[0, 1, 2]), (Stand::Released, (0, 4)));
        assert_eq!(held(&[1, 0]), (Stand::Released, (0, 4)));
        let cancel = Message { sequence: 9, act: Act::Cancel };
        let mut model = Model::new();
        model.acknowledged(&script, &messages[0]);
        model.acknowledged(&script, &cancel);
        assert_eq!((model.stand, model.held()), (Stand::Cancelled, BTreeMap::new()));
    }
}
