//! Tables of states: what may become what, by which verb, by whom. The same table decides and is drawn.
//!
//! Each aggregate states its own table beside its type; here stands how a table is asked and drawn, nothing else.

use std::fmt::Write as _;

/// One step that an aggregate may take.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Step<S, V> {
    /// State before; none where it begins.
    pub from: Option<S>,
    /// What is done.
    pub verb: V,
    /// Who does it, in words of the contract.
    pub by: &'static str,
    /// State after.
    pub to: S,
}

/// Returns the state after a verb, if the table has such a step.
pub fn after<S: Copy + PartialEq, V: PartialEq>(table: &[Step<S, V>], from: Option<S>, verb: &V) -> Option<S> {
    table.iter().find(|step| step.from == from && step.verb == *verb).map(|step| step.to)
}

/// Draws a table as a Mermaid state diagram; where no step begins it, it begins in the state of its first step.
pub fn mermaid<S: Copy, V: Copy>(
    table: &[Step<S, V>],
    state: impl Fn(S) -> &'static str,
    verb: impl Fn(V) -> &'static str,
) -> String {
    let mut drawing = "stateDiagram-v2\n".to_owned();
    if let (Some(start), true) =
        (table.first().and_then(|step| step.from), table.iter().all(|step| step.from.is_some()))
    {
        // Writing to a text cannot fail.
        let _ = writeln!(drawing, "    [*] --> {}", state(start));
    }
    for step in table {
        let from = step.from.map_or("[*]", &state);
        let _ = writeln!(drawing, "    {from} --> {}: {} ({})", state(step.to), verb(step.verb), step.by);
    }
    drawing
}

/// Holds a table to what every table must be: one row per state and verb, every state within reach, every verb used.
#[cfg(test)]
pub fn assert_sound<S: Copy + PartialEq + std::fmt::Debug, V: PartialEq + std::fmt::Debug>(
    table: &[Step<S, V>],
    states: &[S],
    verbs: &[V],
) {
    for step in table {
        let same = table.iter().filter(|other| (other.from, &other.verb) == (step.from, &step.verb)).count();
        assert_eq!(same, 1, "{step:?}");
    }
    let mut reached: Vec<S> = table.iter().filter(|step| step.from.is_none()).map(|step| step.to).collect();
    if reached.is_empty() {
        reached.extend(table.first().and_then(|step| step.from));
    }
    let next = |reached: &[S]| {
        let leads = |step: &&Step<S, V>| step.from.is_some_and(|from| reached.contains(&from));
        table.iter().filter(leads).map(|step| step.to).find(|to| !reached.contains(to))
    };
    while let Some(state) = next(&reached) {
        reached.push(state);
    }
    assert!(states.iter().all(|state| reached.contains(state)), "{reached:?}");
    assert!(verbs.iter().all(|verb| table.iter().any(|step| step.verb == *verb)));
}
