//! Columns over time with a line across them: what came, and what was done.

use super::scale::{lines, share};
use super::{Chart, Linked, Tone, Words, escape, key, linked, picture};
use std::fmt::Write as _;

/// Widths of the picture: where it has the place of two, and beside another, so that its words are of one size.
const WIDTHS: [u64; 2] = [720, 480];
const HEIGHT: u64 = 260;
/// Where the drawing begins inside the picture and how far from its end it stops; around it stand the numbers and names of
/// the axes.
const LEFT: u64 = 44;
const MARGIN: u64 = 8;
const TOP: u64 = 26;
const FLOOR: u64 = 228;
/// Room of a name under the columns; those that do not fit are left to the table.
const NAME: u64 = 52;

/// What stands at one place of the axis.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Mark {
    /// Its name, such as `9/14`.
    pub name: String,
    /// Height of the column.
    pub column: u64,
    /// Height of the line.
    pub line: u64,
    /// Where the list behind it can be seen.
    pub link: Option<String>,
}

/// Columns and a line.
#[derive(Debug, Clone)]
pub struct Columns<'a> {
    /// What it says in words.
    pub words: Words<'a>,
    /// What is counted, such as 件/周.
    pub unit: &'a str,
    /// Whether it has the place of two.
    pub wide: bool,
    /// Names of the columns and of the line.
    pub series: [&'a str; 2],
    /// What stands where, from the left.
    pub marks: Vec<Mark>,
}

impl Columns<'_> {
    /// Draws it.
    #[must_use]
    pub fn draw(&self) -> Chart {
        let most = self.marks.iter().map(|mark| mark.column.max(mark.line)).max().unwrap_or(0);
        let axis = lines(most);
        let top = axis.last().copied().unwrap_or(1);
        let y = |value: u64| FLOOR - share(value, top, FLOOR - TOP);
        let right = self.right();
        let kind = if self.wide { "columns" } else { "columns narrow" };
        let mut svg = picture(kind, (right + MARGIN, HEIGHT), &self.words);
        let _ =
            write!(svg, "<text class=\"axis\" x=\"{LEFT}\" y=\"14\" text-anchor=\"end\">{}</text>", escape(self.unit));
        for value in &axis {
            let (at, class) = (y(*value), if *value == 0 { "floor" } else { "grid" });
            let _ = write!(
                svg,
                "<line class=\"{class}\" x1=\"{LEFT}\" y1=\"{at}\" x2=\"{right}\" y2=\"{at}\"/><text class=\"axis\" x=\"{}\" y=\"{}\" text-anchor=\"end\">{value}</text>",
                LEFT - 6,
                at + 4
            );
        }
        self.columns(&mut svg, y);
        self.line(&mut svg, y);
        svg.push_str("</svg>");
        let keys: String =
            [Tone::One, Tone::Two].into_iter().zip(self.series).map(|(tone, name)| key(tone, name)).collect();
        let row = |mark: &Mark| vec![mark.name.clone(), mark.column.to_string(), mark.line.to_string()];
        let rows: Vec<Linked> = self.marks.iter().map(|mark| (mark.link.clone(), row(mark))).collect();
        Chart(format!(
            "<figure class=\"chart-box\"><ul class=\"keys\">{keys}</ul>{svg}{}</figure>",
            linked(&self.words, &self.series, &rows)
        ))
    }

    fn right(&self) -> u64 {
        let [wide, narrow] = WIDTHS;
        if self.wide { wide - MARGIN } else { narrow - MARGIN }
    }

    fn slot(&self) -> u64 {
        let count = u64::try_from(self.marks.len()).unwrap_or(1).max(1);
        (self.right() - LEFT) / count
    }

    /// The middle of each place with what stands there.
    fn places(&self) -> impl Iterator<Item = (usize, u64, &Mark)> {
        let slot = self.slot();
        let middles = (0_u64..).map(move |place| LEFT + place * slot + slot / 2);
        self.marks.iter().zip(middles).enumerate().map(|(place, (mark, middle))| (place, middle, mark))
    }

    fn columns(&self, svg: &mut String, y: impl Fn(u64) -> u64) {
        let [name, other] = self.series.map(escape);
        let width = (self.slot() * 9 / 20).clamp(2, 48);
        let names = usize::try_from((self.right() - LEFT) / NAME).unwrap_or(1).max(1);
        let every = self.marks.len().div_ceil(names).max(1);
        for (place, middle, mark) in self.places() {
            let (from, label) = (y(mark.column), escape(&mark.name));
            let _ = write!(
                svg,
                "<g><title>{label} · {name} {} · {other} {}</title><rect class=\"t1\" fill=\"currentColor\" x=\"{}\" y=\"{from}\" width=\"{width}\" height=\"{}\" rx=\"2\"/></g>",
                mark.column,
                mark.line,
                middle - width / 2,
                FLOOR - from
            );
            if place % every == 0 {
                // Every second name gives way on a phone.
                let class = if place % (2 * every) == 0 { "axis" } else { "axis odd" };
                let _ = write!(
                    svg,
                    "<text class=\"{class}\" x=\"{middle}\" y=\"{}\" text-anchor=\"middle\">{label}</text>",
                    FLOOR + 18
                );
            }
        }
    }

    fn line(&self, svg: &mut String, y: impl Fn(u64) -> u64) {
        let points: Vec<(u64, u64)> = self.places().map(|(_, middle, mark)| (middle, y(mark.line))).collect();
        let path: Vec<String> = points.iter().map(|(x, y)| format!("{x},{y}")).collect();
        let path = path.join(" ");
        // The halo parts the line from the columns behind it.
        let _ = write!(
            svg,
            "<polyline class=\"halo\" fill=\"none\" stroke=\"currentColor\" stroke-width=\"6\" points=\"{path}\"/><polyline class=\"t2\" fill=\"none\" stroke=\"currentColor\" stroke-width=\"2.5\" points=\"{path}\"/>"
        );
        for (x, y) in points {
            let _ = write!(
                svg,
                "<circle class=\"t2 dot\" cx=\"{x}\" cy=\"{y}\" r=\"3.5\" stroke=\"currentColor\" stroke-width=\"2\"/>"
            );
        }
    }
}
