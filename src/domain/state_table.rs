//! Explicit tables of transitions: what follows a verb in a state, and the picture of it.
//!
//! It knows no aggregate; each states its rows beside its states. Invariant: what is not in the table does not happen.

use std::fmt::Display;

/// Finds what follows a verb in a state; none when the table has no such row.
#[must_use]
pub fn next<S: Copy + PartialEq, V: Copy + PartialEq>(table: &[(S, V, S)], from: S, verb: V) -> Option<S> {
    table.iter().find(|(state, known, _)| *state == from && *known == verb).map(|(_, _, to)| *to)
}

/// Draws a table (Mermaid state diagram).
#[must_use]
pub fn picture<S: Copy + PartialEq + Display, V: Display>(table: &[(S, V, S)], first: S, all: &[S]) -> String {
    let mut picture = format!("stateDiagram-v2\n    [*] --> {first}\n");
    for (from, verb, to) in table {
        picture.push_str(&format!("    {from} --> {to}: {verb}\n"));
    }
    for state in all.iter().filter(|state| !table.iter().any(|(from, _, _)| from == *state)) {
        picture.push_str(&format!("    {state} --> [*]\n"));
    }
    picture
}

/// Holds a picture in the docs against the table it is drawn from; `UPDATE_GOLDEN=1` draws it anew.
#[cfg(test)]
pub fn assert_pictured(file: &str, title: &str, source: &str, picture: &str) {
    let path = format!("{}/docs/states/{file}.md", env!("CARGO_MANIFEST_DIR"));
    let page = format!(
        "# {title}\n\nDrawn from `{source}`; a test holds it against the table (`UPDATE_GOLDEN=1` draws it anew).\n\n```mermaid\n{picture}```\n"
    );
    if std::env::var_os("UPDATE_GOLDEN").is_some_and(|wanted| wanted == "1") {
        std::fs::write(&path, &page).unwrap();
    }
    assert_eq!(std::fs::read_to_string(&path).unwrap(), page);
}

/// Holds a table to what every table must be: one row per state and verb, every state within reach.
#[cfg(test)]
pub fn assert_sound<S: Copy + PartialEq + std::fmt::Debug, V: Copy + PartialEq + std::fmt::Debug>(
    table: &[(S, V, S)],
    first: S,
    states: &[S],
    verbs: &[V],
) {
    for (from, verb, _) in table {
        assert_eq!(table.iter().filter(|row| (row.0, row.1) == (*from, *verb)).count(), 1, "{from:?} {verb:?}");
    }
    let mut reached = vec![first];
    while let Some(row) = table.iter().find(|row| reached.contains(&row.0) && !reached.contains(&row.2)) {
        reached.push(row.2);
    }
    assert!(states.iter().all(|state| reached.contains(state)), "{reached:?}");
    assert!(verbs.iter().all(|verb| table.iter().any(|row| row.1 == *verb)));
}
