//! A copy of the list that somebody else keeps: lines in order of revision, what adds to it, and the digest that proves it.
//!
//! A line is one recorded version in its canonical form (RFC 8785), made elsewhere. Invariant: a copy never holds a revision
//! twice and never passes over one that it was not told of: what does not follow is refused, and the copy stays as it was.

use super::revision::Revision;
use serde::{Deserialize, Serialize};
use sha2::{Digest as _, Sha256};

/// The form of the lines; another form gives other digests.
pub const FORM: u32 = 1;

/// One recorded version, as a line.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Line {
    /// At which it was recorded.
    pub revision: Revision,
    /// Its canonical JSON, without a line end.
    pub text: String,
}

/// Everything that was recorded behind one revision and up to another.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Stretch {
    /// It begins behind this revision.
    pub after: Revision,
    /// It is complete up to this one.
    pub next: Revision,
    /// What lies between them, in order of revision.
    pub lines: Vec<Line>,
}

/// What a stretch did to a copy.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Took {
    /// It brought the copy forward, by so many lines.
    New(usize),
    /// The copy held all of it already.
    Known,
}

/// Why a stretch, or a file, is not taken.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum Broken {
    /// Something between the copy and the stretch is missing.
    #[error("the copy stands at revision {have}, what came begins behind {after}: something is missing")]
    Gap {
        /// Where the copy stands.
        have: Revision,
        /// Where the stretch begins.
        after: Revision,
    },
    /// Its lines are out of order or outside of what it says it covers.
    #[error("what came is not in order of revision")]
    Order,
    /// A file that is none, or not whole.
    #[error("line {0} of the file is not what stands there in a snapshot")]
    Form(usize),
    /// The lines are not those that the digest was made of.
    #[error("the digest of the lines is {found}, not {stated}")]
    Digest {
        /// What the lines come to.
        found: String,
        /// What was stated.
        stated: String,
    },
}

/// The first line of a snapshot. Its members stand in the order of their names, so that it is written canonically.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Head {
    /// Form of the lines.
    pub form: u32,
    /// Only lines of this kind; none for all.
    pub kind: Option<String>,
    /// Shard of the log.
    pub log: String,
    /// Only listings that this customs office may clear; none for all.
    pub office: Option<String>,
    /// Up to which everything is in it.
    pub revision: Revision,
}

/// The last line of a snapshot.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Tail {
    /// SHA-256 over the lines between head and tail, each with its line end, `sha256:` and hex.
    pub digest: String,
    /// How many they are.
    pub lines: u64,
}

/// A digest that goes on with every line.
#[derive(Debug, Clone, Default)]
pub struct Running {
    hash: Sha256,
    lines: u64,
}

impl Running {
    /// Goes on with a line.
    pub fn add(&mut self, text: &str) {
        self.hash.update(text.as_bytes());
        self.hash.update(b"\n");
        self.lines = self.lines.saturating_add(1);
    }

    /// Returns what the lines so far come to.
    #[must_use]
    pub fn tail(&self) -> Tail {
        let bytes = self.hash.clone().finalize();
        let hex: String = bytes.iter().map(|byte| format!("{byte:02x}")).collect();
        Tail { digest: format!("sha256:{hex}"), lines: self.lines }
    }
}

/// A copy of the list.
#[derive(Debug, Clone)]
pub struct Mirror {
    head: Head,
    lines: Vec<Line>,
    running: Running,
}

impl Mirror {
    /// Begins an empty copy.
    #[must_use]
    pub fn empty(log: &str, office: Option<String>, kind: Option<String>) -> Self {
        let head = Head { form: FORM, kind, log: log.to_owned(), office, revision: Revision(0) };
        Self { head, lines: Vec::new(), running: Running::default() }
    }

    /// Returns what it is a copy of, and up to where.
    #[must_use]
    pub fn head(&self) -> &Head {
        &self.head
    }

    /// Returns its lines.
    #[must_use]
    pub fn lines(&self) -> &[Line] {
        &self.lines
    }

    /// Returns the digest of its lines.
    #[must_use]
    pub fn tail(&self) -> Tail {
        self.running.tail()
    }

    /// Takes a stretch: what is known is passed over, what does not follow is refused.
    ///
    /// # Errors
    /// [`Broken::Gap`] and [`Broken::Order`]; the copy is as it was.
    pub fn apply(&mut self, stretch: &Stretch) -> Result<Took, Broken> {
        let mut last = stretch.after;
        for line in &stretch.lines {
            if line.revision <= last || line.revision > stretch.next {
                return Err(Broken::Order);
            }
            last = line.revision;
        }
        let have = self.head.revision;
        if stretch.next <= have {
            return Ok(Took::Known);
        }
        if stretch.after > have {
            return Err(Broken::Gap { have, after: stretch.after });
        }
        let before = self.lines.len();
        for line in stretch.lines.iter().filter(|line| line.revision > have) {
            self.running.add(&line.text);
            self.lines.push(line.clone());
        }
        self.head.revision = stretch.next;
        Ok(Took::New(self.lines.len().saturating_sub(before)))
    }

    /// Reads a snapshot: its first line, its lines, and the last one with their digest.
    ///
    /// # Errors
    /// [`Broken`]: it is no snapshot, not whole, or not what its digest says.
    pub fn read(text: &str) -> Result<Self, Broken> {
        let all: Vec<&str> = text.strip_suffix('\n').ok_or(Broken::Form(1))?.split('\n').collect();
        let [first, lines @ .., last] = all.as_slice() else { return Err(Broken::Form(1)) };
        let head: Option<Head> = serde_json::from_str(first).ok();
        let head = head.filter(|head| head.form == FORM).ok_or(Broken::Form(1))?;
        let mut mirror = Self { head, lines: Vec::new(), running: Running::default() };
        let tail: Tail = serde_json::from_str(last).map_err(|_| Broken::Form(all.len()))?;
        for (number, line) in lines.iter().enumerate() {
            let line = read_line(line).ok_or(Broken::Form(number.saturating_add(2)))?;
            let follows = mirror.lines.last().is_none_or(|last| last.revision < line.revision);
            if !follows || line.revision > mirror.head.revision {
                return Err(Broken::Order);
            }
            mirror.running.add(&line.text);
            mirror.lines.push(line);
        }
        mirror.agrees(&tail)?;
        Ok(mirror)
    }

    /// Holds the copy against a digest that somebody else states.
    ///
    /// # Errors
    /// [`Broken::Digest`].
    pub fn agrees(&self, stated: &Tail) -> Result<(), Broken> {
        let found = self.tail();
        if found == *stated {
            return Ok(());
        }
        let shown = |tail: &Tail| format!("{} over {} lines", tail.digest, tail.lines);
        Err(Broken::Digest { found: shown(&found), stated: shown(stated) })
    }

    /// Writes it as a snapshot.
    #[must_use]
    pub fn write(&self) -> String {
        let mut text = first_line(&self.head);
        for line in &self.lines {
            text.push_str(&line.text);
            text.push('\n');
        }
        text.push_str(&last_line(&self.tail()));
        text
    }
}

/// Reads the revision out of a line.
fn read_line(text: &str) -> Option<Line> {
    #[derive(Deserialize)]
    struct Placed {
        revision: Revision,
    }
    let placed: Placed = serde_json::from_str(text).ok()?;
    Some(Line { revision: placed.revision, text: text.to_owned() })
}

/// Writes the first line of a snapshot, with its line end.
#[must_use]
pub fn first_line(head: &Head) -> String {
    format!("{}\n", serde_json::to_string(head).unwrap_or_default())
}

/// Writes the last line of a snapshot, with its line end.
#[must_use]
pub fn last_line(tail: &Tail) -> String {
    format!("{}\n", serde_json::to_string(tail).unwrap_or_default())
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn line(revision: i64) -> Line {
        Line { revision: Revision(revision), text: format!("{{\"kind\":\"listing\",\"revision\":{revision}}}") }
    }

    fn copy_of(revisions: &[i64], at: i64) -> Mirror {
        let mut mirror = Mirror::empty("log", None, None);
        let lines = revisions.iter().copied().map(line).collect();
        assert!(mirror.apply(&Stretch { after: Revision(0), next: Revision(at), lines }).is_ok());
        mirror
    }

    /// Revisions of a list, and where a client stopped reading.
    fn history() -> impl Strategy<Value = (Vec<i64>, Vec<i64>)> {
        let revisions = proptest::collection::btree_set(1_i64..200, 0..40);
        let stops = proptest::collection::btree_set(1_i64..200, 0..8);
        (revisions, stops).prop_map(|(revisions, stops)| (revisions.into_iter().collect(), stops.into_iter().collect()))
    }

    fn stretches(revisions: &[i64], stops: &[i64]) -> Vec<Stretch> {
        let mut stretches = Vec::new();
        let mut after = 0;
        for next in stops.iter().copied().chain([200]) {
            let lines = revisions.iter().copied().filter(|revision| (after + 1..=next).contains(revision)).map(line);
            stretches.push(Stretch { after: Revision(after), next: Revision(next), lines: lines.collect() });
            after = next;
        }
        stretches
    }

    proptest! {
        #[test]
        fn a_snapshot_and_its_changes_are_the_later_snapshot((revisions, stops) in history()) {
            let mut mirror = Mirror::empty("log", None, None);
            for stretch in stretches(&revisions, &stops) {
                let known: Vec<i64> = revisions.iter().copied().filter(|known| *known <= stretch.next.0).collect();
                mirror.apply(&stretch).unwrap();
                let snapshot = copy_of(&known, stretch.next.0);
                prop_assert_eq!(mirror.tail(), snapshot.tail());
                prop_assert_eq!(mirror.write(), snapshot.write());
                let again = Mirror::read(&mirror.write()).unwrap();
                prop_assert_eq!(again.write(), mirror.write());
            }
        }

        /// Messages are lost, doubled and out of order; whoever asks again from where it stands ends with the same list.
        #[test]
        fn what_is_lost_doubled_or_out_of_order_is_found_and_repaired(
            (revisions, stops) in history(),
            order in proptest::collection::vec(any::<prop::sample::Index>(), 0..30),
        ) {
            let whole = stretches(&revisions, &stops);
            let mut mirror = Mirror::empty("log", None, None);
            for picked in order {
                let stretch = picked.get(&whole);
                let before = mirror.write();
                match mirror.apply(stretch) {
                    Ok(Took::New(_)) => prop_assert!(mirror.head().revision == stretch.next),
                    Ok(Took::Known) => prop_assert_eq!(before, mirror.write()),
                    Err(broken) => {
                        prop_assert_eq!(before, mirror.write());
                        let gap = Broken::Gap { have: mirror.head().revision, after: stretch.after };
                        prop_assert_eq!(broken, gap);
                    }
                }
            }
            let rest = revisions.iter().copied().filter(|revision| *revision > mirror.head().revision.0).map(line);
            let rest = Stretch { after: mirror.head().revision, next: Revision(200), lines: rest.collect() };
            mirror.apply(&rest).unwrap();
            prop_assert_eq!(mirror.write(), copy_of(&revisions, 200).write());
        }

        /// Whatever is changed in a file, it is no longer taken for what it was.
        #[test]
        fn a_damaged_file_is_not_taken((revisions, _) in history(), place in any::<prop::sample::Index>(), byte in any::<u8>()) {
            let mirror = copy_of(&revisions, 200);
            let mut bytes = mirror.write().into_bytes();
            let place = place.index(bytes.len());
            prop_assume!(bytes[place] != byte);
            bytes[place] = byte;
            if let Ok(text) = String::from_utf8(bytes)
                && let Ok(read) = Mirror::read(&text)
            {
                // What can change without the digest is the first line alone, which says what it is a copy of.
                prop_assert_eq!(read.tail(), mirror.tail());
                prop_assert_eq!(read.lines(), mirror.lines());
            }
        }
    }

    #[test]
    fn a_stretch_out_of_order_is_refused() {
        let mut mirror = copy_of(&[2, 4], 5);
        for (after, next, revisions) in [(5, 9, vec![7, 7]), (5, 9, vec![8, 6]), (5, 9, vec![10]), (5, 9, vec![5])] {
            let lines = revisions.into_iter().map(line).collect();
            let stretch = Stretch { after: Revision(after), next: Revision(next), lines };
            assert_eq!(mirror.apply(&stretch), Err(Broken::Order));
        }
        assert_eq!(mirror.head().revision, Revision(5));
    }

    #[test]
    fn a_file_cut_short_is_not_taken() {
        let text = copy_of(&[2, 4], 5).write();
        assert!(Mirror::read(&text).is_ok());
        for end in 0..text.len() {
            assert!(Mirror::read(&text[..end]).is_err(), "{end}");
        }
    }
}
