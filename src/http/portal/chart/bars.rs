//! Bars that lie: the parts of one whole, rows of a ranking, and the small meter of a time limit.

use super::scale::{amount, share};
use super::{Chart, Tone, Words, escape, picture, table};
use std::fmt::Write as _;

/// Units from end to end of a bar.
const LENGTH: u64 = 1000;

/// A part of a whole.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Share {
    /// Its name, such as 已使用.
    pub name: String,
    /// How much it is, as a decimal number.
    pub decimal: String,
    /// The same as it is shown.
    pub text: String,
    /// Its colour.
    pub tone: Tone,
}

impl Share {
    fn amount(&self) -> u64 {
        amount(&self.decimal)
    }
}

/// One whole and its parts: what was granted, and what became of it.
#[derive(Debug, Clone)]
pub struct Stack<'a> {
    /// What it says in words.
    pub words: Words<'a>,
    /// Heading of the numbers, with their unit.
    pub unit: &'a str,
    /// The parts from the left; what they leave of the whole stays empty.
    pub parts: Vec<Share>,
    /// The whole with its name; where the parts are more, all of them are drawn and end at the edge.
    pub whole: Share,
}

impl Stack<'_> {
    /// Draws it.
    #[must_use]
    pub fn draw(&self) -> Chart {
        let sum = self.parts.iter().fold(0_u64, |sum, part| sum.saturating_add(part.amount()));
        let whole = self.whole.amount().max(sum);
        let mut svg =
            picture("stack", (LENGTH, 28), &self.words).replacen(" role=", " preserveAspectRatio=\"none\" role=", 1);
        let _ = write!(svg, "<rect class=\"rest\" width=\"{LENGTH}\" height=\"28\"/>");
        let mut before = 0_u64;
        for part in &self.parts {
            let from = share(before, whole, LENGTH);
            before = before.saturating_add(part.amount());
            let to = share(before, whole, LENGTH);
            if to > from {
                let _ = write!(
                    svg,
                    "<g><title>{} {}</title><rect class=\"{}\" fill=\"currentColor\" x=\"{from}\" width=\"{}\" height=\"28\"/></g>",
                    escape(&part.name),
                    escape(&part.text),
                    part.tone.class(),
                    to - from
                );
                // A gap keeps neighbours apart for who does not tell their colours.
                if to < LENGTH {
                    let _ =
                        write!(svg, "<rect class=\"gap\" x=\"{}\" width=\"3\" height=\"28\"/>", to.saturating_sub(3));
                }
            }
        }
        svg.push_str("</svg>");
        let legend: String =
            self.parts.iter().map(|part| entry(Some(part.tone), &part.name, &part.text, None)).collect();
        let legend = entry(None, &self.whole.name, &self.whole.text, None) + &legend;
        let rows: Vec<Vec<String>> = std::iter::once(&self.whole)
            .chain(&self.parts)
            .map(|part| vec![part.name.clone(), part.text.clone()])
            .collect();
        Chart(format!(
            "<figure class=\"chart-box\">{svg}<dl class=\"parts\">{legend}</dl>{}</figure>",
            table(&self.words, &[self.unit], &rows)
        ))
    }
}

/// A name, or a link to its list, that is escaped.
pub(super) fn named(name: &str, link: Option<&str>) -> String {
    let name = escape(name);
    link.map_or_else(|| name.clone(), |link| format!("<a href=\"{}\">{name}</a>", escape(link)))
}

/// A name with its number, and its colour if it has one.
pub(super) fn entry(tone: Option<Tone>, name: &str, text: &str, link: Option<&str>) -> String {
    let swatch = tone.map_or_else(String::new, |tone| {
        format!(
            "<svg class=\"key {}\" viewBox=\"0 0 10 10\" aria-hidden=\"true\"><rect width=\"10\" height=\"10\" rx=\"2\" fill=\"currentColor\"/></svg> ",
            tone.class()
        )
    });
    format!("<div><dt>{swatch}{}</dt><dd>{}</dd></div>", named(name, link), escape(text))
}

/// A row of a ranking.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Row {
    /// What it is of.
    pub name: String,
    /// Where its list can be seen.
    pub link: Option<String>,
    /// How much.
    pub value: u64,
    /// The same as it is shown, such as 6.4 个工作日.
    pub text: String,
    /// Its colour.
    pub tone: Tone,
}

/// Rows with bars of one scale. It is a table that carries its bars, so it needs no other.
#[derive(Debug, Clone)]
pub struct Bars<'a> {
    /// What it says in words.
    pub words: Words<'a>,
    /// Heading of the numbers.
    pub unit: &'a str,
    /// The rows, as they are to stand.
    pub rows: Vec<Row>,
}

impl Bars<'_> {
    /// Draws it.
    #[must_use]
    pub fn draw(&self) -> Chart {
        self.draw_of(self.rows.iter().map(|row| row.value).max().unwrap_or(0))
    }

    /// Draws it with bars that end where the whole does, such as means of five.
    #[must_use]
    pub fn draw_of(&self, most: u64) -> Chart {
        let mut html = format!(
            "<table class=\"bars\"><caption><span class=\"unseen\">{} </span>{}</caption><thead><tr><th scope=\"col\">{}</th><th scope=\"col\" class=\"num\">{}</th></tr></thead><tbody>",
            escape(self.words.title),
            escape(self.words.about),
            escape(self.words.first),
            escape(self.unit)
        );
        for row in &self.rows {
            let _ = write!(
                html,
                "<tr><th scope=\"row\">{}{}</th><td class=\"num\">{}</td></tr>",
                named(&row.name, row.link.as_deref()),
                meter(row.value, most, row.tone),
                escape(&row.text)
            );
        }
        html.push_str("</tbody></table>");
        Chart(html)
    }
}

/// Draws a small bar beside a number that says the same.
#[must_use]
pub fn meter(value: u64, whole: u64, tone: Tone) -> Chart {
    let length = match share(value, whole, LENGTH) {
        // What is little is still seen.
        0 if value > 0 => 8,
        length => length,
    };
    Chart(format!(
        "<svg class=\"meter {}\" viewBox=\"0 0 {LENGTH} 8\" preserveAspectRatio=\"none\" aria-hidden=\"true\"><rect class=\"rest\" width=\"{LENGTH}\" height=\"8\"/><rect fill=\"currentColor\" width=\"{length}\" height=\"8\"/></svg>",
        tone.class()
    ))
}
