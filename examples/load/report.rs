//! The table of figures: each with the spread of its rounds, its goal, and whether that is met.
//!
//! It measures nothing. Invariant: a figure is printed in the order it was measured, whatever it says.

use serde_json::{Value, json};
use std::io::Write as _;
use std::path::Path;

use super::Outcome;
use super::machine;

/// What a figure should be.
#[derive(Debug, Clone, Copy)]
pub enum Goal {
    /// Only told, not judged.
    None,
    /// This or more.
    AtLeast(f64),
    /// This or less.
    AtMost(f64),
}

impl Goal {
    fn met_by(self, value: f64) -> Option<bool> {
        match self {
            Self::None => None,
            Self::AtLeast(least) => Some(value >= least),
            Self::AtMost(most) => Some(value <= most),
        }
    }

    fn text(self) -> String {
        match self {
            Self::None => String::new(),
            Self::AtLeast(least) => format!("≥ {}", short(least)),
            Self::AtMost(most) => format!("≤ {}", short(most)),
        }
    }
}

/// The figures of one run.
pub struct Report {
    head: Vec<(&'static str, String)>,
    figures: Vec<Value>,
}

impl Report {
    /// Opens the report with the machine and the command, and prints them.
    pub fn start() -> Self {
        let head = machine::description();
        for (name, value) in &head {
            say(&format!("{name:<9} {value}"));
        }
        say("");
        say(&format!("{:<64} {:>14} {:>19} {:>11}", "figure", "median", "lowest–highest", "goal"));
        Self { head, figures: Vec::new() }
    }

    /// Adds the median of the rounds.
    pub fn rounds(&mut self, name: &str, unit: &str, rounds: &[f64], goal: Goal) {
        let mut sorted = rounds.to_vec();
        sorted.sort_by(f64::total_cmp);
        let (Some(low), Some(high)) = (sorted.first().copied(), sorted.last().copied()) else { return };
        let value = median(rounds);
        let result = goal.met_by(value).map_or("", |met| if met { "ok" } else { "SHORT" });
        let spread = if sorted.len() > 1 { format!("{}–{}", short(low), short(high)) } else { String::new() };
        let shown = format!("{} {unit}", short(value));
        say(&format!("{name:<64} {shown:>14} {spread:>19} {:>11} {result}", goal.text()));
        self.figures.push(json!({
            "name": name, "unit": unit, "median": value, "lowest": low, "highest": high, "rounds": rounds.len(), "goal": goal.text(), "met": goal.met_by(value),
        }));
    }

    /// Adds a figure that was measured once.
    pub fn once(&mut self, name: &str, unit: &str, value: f64, goal: Goal) {
        self.rounds(name, unit, &[value], goal);
    }

    /// Ends the report and writes the file, if one is asked for.
    pub fn finish(self, file: Option<&Path>) -> Outcome<()> {
        let met = |met: bool| self.figures.iter().filter(|figure| figure.get("met") == Some(&Value::Bool(met))).count();
        say(&format!("\n{} goals met, {} short", met(true), met(false)));
        let Some(file) = file else { return Ok(()) };
        let head: serde_json::Map<String, Value> =
            self.head.iter().map(|(name, value)| ((*name).to_owned(), json!(value))).collect();
        std::fs::write(file, serde_json::to_string_pretty(&json!({ "run": head, "figures": self.figures }))? + "\n")?;
        Ok(())
    }
}

/// Returns the middle of the rounds; the mean of the middle two of an even number.
pub fn median(rounds: &[f64]) -> f64 {
    let mut sorted = rounds.to_vec();
    sorted.sort_by(f64::total_cmp);
    let at = |place: usize| sorted.get(place).copied().unwrap_or(f64::NAN);
    (at(sorted.len().saturating_sub(1) / 2) + at(sorted.len() / 2)) / 2.0
}

/// Returns a count as a number to divide by.
pub fn real(count: u64) -> f64 {
    let half = |bits: u64| f64::from(u32::try_from(bits & u64::from(u32::MAX)).unwrap_or(u32::MAX));
    half(count >> 32) * 4_294_967_296.0 + half(count)
}

/// Returns the length of a collection as a number to divide by.
pub fn length<T>(items: &[T]) -> f64 {
    real(u64::try_from(items.len()).unwrap_or(u64::MAX))
}

/// Writes a number with three to four digits that count.
fn short(value: f64) -> String {
    match value.abs() {
        size if size >= 100.0 => format!("{value:.0}"),
        size if size >= 10.0 => format!("{value:.1}"),
        size if size >= 1.0 || size == 0.0 => format!("{value:.2}"),
        _ => format!("{value:.3}"),
    }
}

/// Prints a line of the table.
pub fn say(line: &str) {
    // A closed pipe ends the reading, not the work.
    let _ = writeln!(std::io::stdout(), "{line}");
}

/// Prints a line for whoever waits.
pub fn tell(line: &str) {
    let _ = writeln!(std::io::stderr(), "{line}");
}
