//! A ring of parts with their sum in the middle, and a line so small that it stands beside a number.

use super::bars::entry;
use super::scale::{lines, share};
use super::{Chart, Tone, Words, escape, picture, table};
use std::fmt::Write as _;

/// Units around a ring.
const AROUND: u64 = 1000;

/// Parts of a whole around a ring, such as cases by stage.
#[derive(Debug, Clone)]
pub struct Donut<'a> {
    /// What it says in words.
    pub words: Words<'a>,
    /// Heading of the numbers.
    pub unit: &'a str,
    /// What the sum in the middle is.
    pub sum: &'a str,
    /// The parts with their numbers, and where their lists can be seen.
    pub parts: Vec<(String, u64, Option<String>)>,
}

impl Donut<'_> {
    /// Draws it.
    #[must_use]
    pub fn draw(&self) -> Chart {
        let sum = self.parts.iter().fold(0_u64, |sum, (_, count, _)| sum.saturating_add(*count));
        let mut svg = picture("donut", (160, 160), &self.words);
        svg.push_str("<circle class=\"rest\" cx=\"80\" cy=\"80\" r=\"62\" fill=\"none\" stroke-width=\"24\"/><g transform=\"rotate(-90 80 80)\">");
        let mut before = 0_u64;
        for (place, (name, count, _)) in self.parts.iter().enumerate() {
            let from = share(before, sum, AROUND);
            before = before.saturating_add(*count);
            // A gap of six units parts neighbours, unless there is only one.
            let length = share(before, sum, AROUND) - from;
            let drawn = if length > 8 && length < AROUND { length - 6 } else { length };
            if drawn > 0 {
                let _ = write!(
                    svg,
                    "<circle class=\"{}\" cx=\"80\" cy=\"80\" r=\"62\" fill=\"none\" stroke=\"currentColor\" stroke-width=\"24\" pathLength=\"{AROUND}\" stroke-dasharray=\"{drawn} {}\" stroke-dashoffset=\"-{from}\"><title>{} {count}</title></circle>",
                    Tone::part(place).class(),
                    AROUND - drawn,
                    escape(name)
                );
            }
        }
        let _ = write!(
            svg,
            "</g><text class=\"sum\" x=\"80\" y=\"84\" text-anchor=\"middle\">{sum}</text><text class=\"axis\" x=\"80\" y=\"104\" text-anchor=\"middle\">{}</text></svg>",
            escape(self.sum)
        );
        let legend: String = self
            .parts
            .iter()
            .enumerate()
            .map(|(place, (name, count, link))| {
                entry(Some(Tone::part(place)), name, &count.to_string(), link.as_deref())
            })
            .collect();
        let rows: Vec<Vec<String>> =
            self.parts.iter().map(|(name, count, _)| vec![name.clone(), count.to_string()]).collect();
        Chart(format!(
            "<figure class=\"chart-box ring\">{svg}<dl class=\"parts\">{legend}</dl>{}</figure>",
            table(&self.words, &[self.unit], &rows)
        ))
    }
}

/// A line beside a number: how it came to be.
#[derive(Debug, Clone)]
pub struct Spark<'a> {
    /// What it says in words; there is no table, so the sentence names first, last, least and most.
    pub words: Words<'a>,
    /// The values from the left.
    pub values: Vec<u64>,
}

impl Spark<'_> {
    /// Draws it.
    #[must_use]
    pub fn draw(&self) -> Chart {
        let top = lines(self.values.iter().copied().max().unwrap_or(0)).last().copied().unwrap_or(1);
        let gaps = u64::try_from(self.values.len().saturating_sub(1)).unwrap_or(1);
        let points: Vec<(u64, u64)> = (0_u64..)
            .zip(&self.values)
            .map(|(place, value)| (4 + share(place, gaps, 112), 28 - share(*value, top, 24)))
            .collect();
        let path: Vec<String> = points.iter().map(|(x, y)| format!("{x},{y}")).collect();
        let mut svg = picture("spark", (120, 32), &self.words);
        let _ = write!(
            svg,
            "<polyline class=\"t2\" fill=\"none\" stroke=\"currentColor\" stroke-width=\"2\" points=\"{}\"/>",
            path.join(" ")
        );
        if let Some((x, y)) = points.last() {
            let _ = write!(svg, "<circle class=\"t2\" fill=\"currentColor\" cx=\"{x}\" cy=\"{y}\" r=\"3\"/>");
        }
        svg.push_str("</svg>");
        Chart(svg)
    }
}
