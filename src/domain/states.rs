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

/// Draws a table as a Mermaid state diagram.
pub fn mermaid<S: Copy, V: Copy>(
    table: &[Step<S, V>],
    state: impl Fn(S) -> &'static str,
    verb: impl Fn(V) -> &'static str,
) -> String {
    let mut drawing = "stateDiagram-v2\n".to_owned();
    for step in table {
        let from = step.from.map_or("[*]", &state);
        // Writing to a text cannot fail.
        let _ = writeln!(drawing, "    {from} --> {}: {} ({})", state(step.to), verb(step.verb), step.by);
    }
    drawing
}
