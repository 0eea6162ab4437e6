//! The font of a file: which glyphs it has for which letters, how wide they are, and those that were used as a font of its own.
//!
//! Outlines of TrueType and of CFF are both taken as they are. Invariant: a glyph stands for one letter, so that what is copied out of the
//! file is what was written into it.

use std::collections::BTreeMap;
use subsetter::{GlyphRemapper, subset};
use thiserror::Error;
use ttf_parser::{Face, GlyphId, Permissions, RawFace, Tag, fonts_in_collection, name_id};

/// What stands for a letter that the font does not have (GETA MARK, as in print), and for that the last resort.
const MISSING: [char; 2] = ['\u{3013}', '?'];

/// Why a font cannot be used.
#[derive(Debug, Error)]
pub enum FontFault {
    /// It is none.
    #[error("not a font: {0}")]
    Unreadable(String),
    /// Its maker does not allow that it is embedded.
    #[error("the font may not be embedded")]
    Forbidden,
    /// It has no Chinese.
    #[error("the font has no Chinese")]
    NoChinese,
}

/// A glyph of the file: its number there, and its width in thousandths of the size.
#[derive(Debug, Clone, Copy)]
pub struct Glyph {
    /// Its number.
    pub id: u16,
    /// Its width.
    pub width: f32,
}

/// Outlines as a PDF file holds them.
pub enum Outlines {
    /// A whole font.
    TrueType(Vec<u8>),
    /// The table of outlines alone.
    Cff(Vec<u8>),
}

/// What a font measures, in thousandths of the size.
#[derive(Debug, Clone, Copy)]
pub struct Measures {
    /// Left, lower, right, upper.
    pub bounds: [f32; 4],
    /// Height of the letters.
    pub ascent: f32,
    /// Depth of the letters, below zero.
    pub descent: f32,
    /// Height of capitals.
    pub capitals: f32,
}

/// A font with what was used of it.
pub struct Font<'a> {
    data: &'a [u8],
    index: u32,
    face: Face<'a>,
    unit: f32,
    used: GlyphRemapper,
    /// Letter and width by glyph of the file.
    letters: BTreeMap<u16, (char, f32)>,
    known: BTreeMap<char, Glyph>,
}

impl<'a> Font<'a> {
    /// Reads a font out of a file; of a collection the numbered one, else the one for simplified Chinese.
    ///
    /// # Errors
    /// [`FontFault`].
    pub fn read(data: &'a [u8], index: Option<u32>) -> Result<Self, FontFault> {
        let index = index.unwrap_or_else(|| simplified(data));
        let face = Face::parse(data, index).map_err(|error| FontFault::Unreadable(error.to_string()))?;
        let allowed = face.permissions().is_none_or(|permissions| permissions != Permissions::Restricted);
        if !allowed || !face.is_subsetting_allowed() {
            return Err(FontFault::Forbidden);
        }
        if !"凭证编号".chars().all(|letter| face.glyph_index(letter).is_some()) {
            return Err(FontFault::NoChinese);
        }
        let unit = 1000.0 / f32::from(face.units_per_em());
        let used = GlyphRemapper::new();
        Ok(Self { data, index, face, unit, used, letters: BTreeMap::new(), known: BTreeMap::new() })
    }

    /// Finds the glyph of a letter, and notes that it is used.
    pub fn glyph(&mut self, letter: char) -> Glyph {
        if let Some(known) = self.known.get(&letter) {
            return *known;
        }
        let found = self.face.glyph_index(letter).filter(|found| found.0 > 0).map(|found| (letter, found));
        let instead = || MISSING.iter().find_map(|other| self.face.glyph_index(*other).map(|found| (*other, found)));
        let (shown, found) = found.or_else(instead).unwrap_or(('?', GlyphId(0)));
        let width = f32::from(self.face.glyph_hor_advance(found).unwrap_or(0)) * self.unit;
        let glyph = Glyph { id: self.used.remap(found.0), width };
        self.letters.entry(glyph.id).or_insert((shown, width));
        self.known.insert(letter, glyph);
        glyph
    }

    /// How wide a text is at a size.
    pub fn width(&mut self, text: &str, size: f32) -> f32 {
        text.chars().map(|letter| self.glyph(letter).width * size / 1000.0).sum()
    }

    /// Returns the letter and the width of every glyph of the file.
    #[must_use]
    pub fn letters(&self) -> &BTreeMap<u16, (char, f32)> {
        &self.letters
    }

    /// Returns the name that a PDF file gives the font: six letters mark that only a part of it is there.
    #[must_use]
    pub fn name(&self) -> String {
        let names = self.face.names().into_iter().filter(|name| name.name_id == name_id::POST_SCRIPT_NAME);
        let name = names.filter_map(|name| name.to_string()).next().unwrap_or_else(|| "Font".to_owned());
        let plain: String = name.chars().filter(|letter| letter.is_ascii_alphanumeric() || *letter == '-').collect();
        format!("WLCERT+{plain}")
    }

    /// Returns what it measures.
    #[must_use]
    pub fn measures(&self) -> Measures {
        let thousandths = |value: i16| f32::from(value) * self.unit;
        let bounds = self.face.global_bounding_box();
        Measures {
            bounds: [bounds.x_min, bounds.y_min, bounds.x_max, bounds.y_max].map(thousandths),
            ascent: thousandths(self.face.ascender()),
            descent: thousandths(self.face.descender()),
            capitals: thousandths(self.face.capital_height().unwrap_or_else(|| self.face.ascender())),
        }
    }

    /// Makes a font of the glyphs that were used.
    ///
    /// # Errors
    /// [`FontFault::Unreadable`].
    pub fn outlines(&self) -> Result<Outlines, FontFault> {
        let unreadable = |error: &dyn std::fmt::Display| FontFault::Unreadable(error.to_string());
        let part = subset(self.data, self.index, &self.used).map_err(|error| unreadable(&error))?;
        let cff = RawFace::parse(&part, 0).map_err(|error| unreadable(&error))?.table(Tag::from_bytes(b"CFF "));
        let cff = cff.map(<[u8]>::to_vec);
        Ok(cff.map_or(Outlines::TrueType(part), Outlines::Cff))
    }
}

/// Finds the font for simplified Chinese in a collection: it names itself so; else the first.
fn simplified(data: &[u8]) -> u32 {
    let is_simplified = |index: u32| {
        let Ok(face) = Face::parse(data, index) else { return false };
        let families = face.names().into_iter().filter(|name| name.name_id == name_id::FULL_NAME);
        families.filter_map(|name| name.to_string()).any(|name| name.contains(" SC") && !name.contains("Mono"))
    };
    (0..fonts_in_collection(data).unwrap_or(1)).find(|index| is_simplified(*index)).unwrap_or(0)
}
