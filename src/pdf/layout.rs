//! Where everything stands on the pages: lines broken as Chinese and Latin are, a page after another, each piece with the element of the
//! structure that it belongs to.

use super::font::{Font, Glyph};
use super::{Part, PdfFault, Sheet, squares};

/// A4, in points.
pub const WIDTH: f32 = 595.0;
/// A4, in points.
pub const HEIGHT: f32 = 842.0;

const MARGIN: f32 = 56.0;
/// Where what a fact is begins.
const FACT: f32 = 176.0;
const BOTTOM: f32 = 72.0;
/// Distance of lines, by their size.
const STEP: f32 = 1.5;
const TITLE: f32 = 17.0;
const TEXT: f32 = 10.5;
const SMALL: f32 = 9.0;
/// Side of a code.
const CODE: f32 = 112.0;

/// Marks that begin no line.
const NOT_FIRST: &str = "，。、；：？！）》」』】〉”’,.;:?!)]}%％·…—";
/// Marks that end no line.
const NOT_LAST: &str = "（《「『【〈“‘([{";

/// What an element of the structure is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Role {
    /// All of it.
    Document,
    /// The heading.
    Heading,
    /// Facts.
    Table,
    /// A fact.
    Row,
    /// Its name.
    Name,
    /// What it is.
    Cell,
    /// A code.
    Figure,
    /// A remark.
    Paragraph,
}

/// An element of the structure.
pub struct Element {
    /// What it is.
    pub role: Role,
    /// What it is part of.
    pub parent: usize,
    /// Instead of the picture.
    pub alt: Option<String>,
}

/// A line of text.
pub struct Line {
    /// Left end.
    pub x: f32,
    /// Foot of the letters.
    pub y: f32,
    /// Size.
    pub size: f32,
    /// How light it is: 0 is black.
    pub grey: f32,
    /// Its glyphs.
    pub glyphs: Vec<Glyph>,
}

/// What stands on a page.
pub enum Mark {
    /// Text of an element.
    Text(usize, Vec<Line>),
    /// Squares of an element: left end, foot, side of one, and which.
    Squares(usize, Squares),
    /// What is on every page and no part of the text.
    Foot(Line),
    /// A thin line across, no part of the text either.
    Rule(f32),
}

/// The dark squares of a code.
pub struct Squares {
    /// Left end.
    pub x: f32,
    /// Upper end.
    pub top: f32,
    /// Side of one.
    pub side: f32,
    /// Which, by column and row.
    pub dark: Vec<(f32, f32)>,
}

/// The pages.
pub struct Laid {
    /// What stands on each.
    pub pages: Vec<Vec<Mark>>,
    /// The structure; the first is all of it, and whatever is part of another comes behind it.
    pub elements: Vec<Element>,
}

struct Pen<'f, 'a> {
    font: &'f mut Font<'a>,
    laid: Laid,
    page: Vec<Mark>,
    y: f32,
}

/// Lays a sheet out.
///
/// # Errors
/// [`PdfFault::Code`].
pub fn lay(sheet: &Sheet, font: &mut Font<'_>) -> Result<Laid, PdfFault> {
    let whole = Element { role: Role::Document, parent: 0, alt: None };
    let laid = Laid { pages: Vec::new(), elements: vec![whole] };
    let mut pen = Pen { font, laid, page: Vec::new(), y: HEIGHT - MARGIN };
    let heading = pen.element(Role::Heading, 0);
    pen.write(heading, &sheet.title, MARGIN, TITLE, 0.0);
    pen.y -= 6.0;
    pen.page.push(Mark::Rule(pen.y));
    pen.y -= 10.0;
    for part in &sheet.parts {
        match part {
            Part::Facts(facts) => pen.facts(facts),
            Part::Code { address, alt, caption } => pen.code(address, alt, caption)?,
            Part::Note(note) => {
                let paragraph = pen.element(Role::Paragraph, 0);
                pen.write(paragraph, note, MARGIN, SMALL, 0.3);
                pen.y -= 6.0;
            }
        }
    }
    Ok(pen.finish(&sheet.foot))
}

impl Pen<'_, '_> {
    fn element(&mut self, role: Role, parent: usize) -> usize {
        self.laid.elements.push(Element { role, parent, alt: None });
        self.laid.elements.len().saturating_sub(1)
    }

    fn turn(&mut self) {
        self.laid.pages.push(std::mem::take(&mut self.page));
        self.y = HEIGHT - MARGIN;
    }

    /// Writes a text in as many lines as it needs, over as many pages.
    fn write(&mut self, element: usize, text: &str, x: f32, size: f32, grey: f32) {
        self.write_by(size * STEP, element, text, x, size, grey);
    }

    /// The same with another distance of the lines.
    fn write_by(&mut self, step: f32, element: usize, text: &str, x: f32, size: f32, grey: f32) {
        let mut lines = Vec::new();
        for line in broken(self.font, text, size, WIDTH - MARGIN - x) {
            if self.y - step < BOTTOM {
                if !lines.is_empty() {
                    self.page.push(Mark::Text(element, std::mem::take(&mut lines)));
                }
                self.turn();
            }
            self.y -= step;
            let glyphs = line.chars().map(|letter| self.font.glyph(letter)).collect();
            lines.push(Line { x, y: self.y, size, grey, glyphs });
        }
        if !lines.is_empty() {
            self.page.push(Mark::Text(element, lines));
        }
    }

    fn facts(&mut self, facts: &[(String, String)]) {
        let table = self.element(Role::Table, 0);
        for (name, fact) in facts {
            if self.y - TEXT * STEP < BOTTOM {
                self.turn();
            }
            let row = self.element(Role::Row, table);
            let (heading, cell) = (self.element(Role::Name, row), self.element(Role::Cell, row));
            let top = self.y;
            self.write_by(TEXT * STEP, heading, name, MARGIN, SMALL, 0.35);
            let below = self.y;
            // The name stands in the margin: both begin on the same line, unless the name itself turned the page.
            self.y = if below < top { top } else { below + TEXT * STEP };
            let pages = self.laid.pages.len();
            self.write(cell, fact, FACT, TEXT, 0.0);
            if self.laid.pages.len() == pages {
                self.y = self.y.min(below);
            }
            self.y -= 5.0;
        }
        self.y -= 6.0;
    }

    fn code(&mut self, address: &str, alt: &str, caption: &str) -> Result<(), PdfFault> {
        let (size, dark) = squares(address)?;
        if self.y - CODE - 16.0 < BOTTOM {
            self.turn();
        }
        let figure = self.element(Role::Figure, 0);
        if let Some(element) = self.laid.elements.get_mut(figure) {
            element.alt = Some(alt.to_owned());
        }
        // Codes have at most 177 squares a side.
        let narrow = |number: i32| u16::try_from(number).map_or(0.0, f32::from);
        let side = CODE / narrow(size).max(1.0);
        let dark = dark.into_iter().map(|(x, y)| (narrow(x), narrow(y))).collect();
        // Scanners want some white around.
        let top = self.y - 8.0;
        self.page.push(Mark::Squares(figure, Squares { x: MARGIN, top, side, dark }));
        let paragraph = self.element(Role::Paragraph, 0);
        self.y = top - 4.0;
        self.write(paragraph, caption, FACT, TEXT, 0.0);
        self.y = self.y.min(top - CODE) - 14.0;
        Ok(())
    }

    /// Puts the foot under every page.
    fn finish(mut self, foot: &str) -> Laid {
        self.turn();
        let count = self.laid.pages.len();
        for (number, page) in self.laid.pages.iter_mut().enumerate() {
            let text = format!("{foot}  ·  {} / {count}", number.saturating_add(1));
            let glyphs = text.chars().map(|letter| self.font.glyph(letter)).collect();
            page.push(Mark::Rule(BOTTOM - 14.0));
            page.push(Mark::Foot(Line { x: MARGIN, y: BOTTOM - 30.0, size: 8.0, grey: 0.35, glyphs }));
        }
        self.laid
    }
}

/// Whether a line may be broken between two letters: between words, and beside letters of scripts that are written without blanks.
fn may_break(before: char, after: char) -> bool {
    if NOT_FIRST.contains(after) || NOT_LAST.contains(before) {
        return false;
    }
    let wide = |letter: char| matches!(u32::from(letter), 0x2e80..=0x9fff | 0xac00..=0xd7ff | 0xf900..=0xfaff | 0xff00..=0xffef | 0x20000..=0x3ffff);
    before == ' ' || wide(before) || wide(after)
}

/// Breaks a text into lines; a word that is longer than a line is cut.
fn broken(font: &mut Font<'_>, text: &str, size: f32, room: f32) -> Vec<String> {
    let mut lines = Vec::new();
    for paragraph in text.lines() {
        let mut line = String::new();
        let (mut width, mut safe) = (0.0, 0);
        for letter in paragraph.chars().filter(|letter| !letter.is_control()) {
            if line.chars().next_back().is_some_and(|before| may_break(before, letter)) {
                safe = line.len();
            }
            let wide = font.glyph(letter).width * size / 1000.0;
            if width + wide > room && !line.is_empty() && letter != ' ' {
                let cut = if safe == 0 { line.len() } else { safe };
                let rest = line.split_off(cut);
                lines.push(line.trim_end().to_owned());
                width = font.width(&rest, size);
                line = rest;
                safe = 0;
            }
            line.push(letter);
            width += wide;
        }
        lines.push(line.trim_end().to_owned());
    }
    lines
}
