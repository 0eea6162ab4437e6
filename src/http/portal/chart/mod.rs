//! Charts as pictures that the server draws: SVG with a title and a sentence, beside each the numbers as a table.
//!
//! They know no page and no language: words come with the data. Colours are classes, sizes are attributes, so that the
//! policy of the pages holds, and dark pages and print follow the style sheet. All is whole numbers; nothing is rounded
//! by a float. Invariant: every text is escaped, and what a picture shows its table says.

mod bars;
mod columns;
mod round;
mod scale;

pub use bars::{Bars, Row, Share, Stack, meter};
pub use columns::{Columns, Mark};
pub use round::{Donut, Spark};

use super::super::docs::render::escape;
use askama::filters::HtmlSafe;
use std::fmt;

/// A colour of the charts: a class of the style sheet, which sets `color`.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Tone {
    /// First of two: what came.
    One,
    /// Second of two: what was done.
    Two,
    /// Parts of a whole, in order.
    P1,
    /// Second part.
    P2,
    /// Third part.
    P3,
    /// Fourth part.
    P4,
    /// Well.
    Good,
    /// To be watched.
    Warn,
    /// Not well.
    Bad,
}

impl Tone {
    /// All of them.
    pub const ALL: [Self; 9] =
        [Self::One, Self::Two, Self::P1, Self::P2, Self::P3, Self::P4, Self::Good, Self::Warn, Self::Bad];

    /// Parts of a whole take these in turn.
    const PARTS: [Self; 4] = [Self::P1, Self::P2, Self::P3, Self::P4];

    /// Returns its class.
    #[must_use]
    pub const fn class(self) -> &'static str {
        match self {
            Self::One => "t1",
            Self::Two => "t2",
            Self::P1 => "p1",
            Self::P2 => "p2",
            Self::P3 => "p3",
            Self::P4 => "p4",
            Self::Good => "t-good",
            Self::Warn => "t-warn",
            Self::Bad => "t-bad",
        }
    }

    /// The tone of the part at a place.
    fn part(place: usize) -> Self {
        Self::PARTS.get(place % Self::PARTS.len()).copied().unwrap_or(Self::P1)
    }
}

/// What a chart says in words.
#[derive(Debug, Clone, Copy, Default)]
pub struct Words<'a> {
    /// What it is of; its name for who does not see it.
    pub title: &'a str,
    /// What it shows, in a sentence.
    pub about: &'a str,
    /// The words that open the table, such as 查看数据表.
    pub table: &'a str,
    /// Heading of the table's first column.
    pub first: &'a str,
}

/// A finished chart, which a template puts into a page as it is.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Chart(String);

impl fmt::Display for Chart {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

/// Every text in it went through `escape`.
impl HtmlSafe for Chart {}

/// Opens a picture of this many units, with its name and its sentence.
fn picture(kind: &str, (width, height): (u64, u64), words: &Words<'_>) -> String {
    format!(
        "<svg class=\"chart {kind}\" viewBox=\"0 0 {width} {height}\" role=\"img\"><title>{}</title><desc>{}</desc>",
        escape(words.title),
        escape(words.about)
    )
}

/// What stands beside a picture for a colour.
fn key(tone: Tone, label: &str) -> String {
    format!(
        "<li><svg class=\"key {}\" viewBox=\"0 0 10 10\" aria-hidden=\"true\"><rect width=\"10\" height=\"10\" rx=\"2\" fill=\"currentColor\"/></svg> {}</li>",
        tone.class(),
        escape(label)
    )
}

/// The numbers as a table, folded.
fn table(words: &Words<'_>, headings: &[&str], rows: &[Vec<String>]) -> String {
    let rows: Vec<Linked> = rows.iter().map(|row| (None, row.clone())).collect();
    linked(words, headings, &rows)
}

/// A row of a table, and where the list behind it can be seen.
type Linked = (Option<String>, Vec<String>);

/// The numbers as a table, folded, whose rows lead to their lists.
fn linked(words: &Words<'_>, headings: &[&str], rows: &[Linked]) -> String {
    let cells = |(link, row): &Linked| {
        let mut cells = row.iter();
        let first = cells
            .next()
            .map_or_else(String::new, |cell| format!("<th scope=\"row\">{}</th>", bars::named(cell, link.as_deref())));
        let rest: String = cells.map(|cell| format!("<td class=\"num\">{}</td>", escape(cell))).collect();
        format!("<tr>{first}{rest}</tr>")
    };
    let head: String =
        headings.iter().map(|text| format!("<th scope=\"col\" class=\"num\">{}</th>", escape(text))).collect();
    let body: String = rows.iter().map(cells).collect();
    format!(
        "<details class=\"data\"><summary>{}</summary><table><caption class=\"unseen\">{}</caption><thead><tr><th scope=\"col\">{}</th>{head}</tr></thead><tbody>{body}</tbody></table></details>",
        escape(words.table),
        escape(words.title),
        escape(words.first)
    )
}

#[cfg(test)]
mod tests;
