//! PDF files of one kind: a titled sheet of facts with a code to scan, tagged, in the glyphs of a font that it embeds, with room for one
//! signature, which is put in without moving a byte.
//!
//! It knows nothing of the list and of keys: whoever signs hands in what signs. Invariant: what is read out of the file by a program is what
//! stands on the page.

pub mod cms;
pub mod font;
mod layout;
pub mod signed;
mod write;
pub mod x509;

pub use font::{Font, FontFault};
pub use signed::Unsigned;

use crate::domain::lang::Lang;
use qrcodegen::{QrCode, QrCodeEcc};
use thiserror::Error;

/// Why a file could not be made.
#[derive(Debug, Error)]
pub enum PdfFault {
    /// The font cannot be used.
    #[error(transparent)]
    Font(#[from] FontFault),
    /// Certificate or signature cannot be written.
    #[error("the signature: {0}")]
    Der(#[from] der::Error),
    /// The key did not sign.
    #[error("the key did not sign")]
    Key,
    /// The signature is longer than the room for it.
    #[error("the signature does not fit")]
    Room,
    /// The address is too long for a code.
    #[error("the address is too long for a code")]
    Code,
}

/// One part of a sheet.
#[derive(Debug, Clone)]
pub enum Part {
    /// Names with what they are.
    Facts(Vec<(String, String)>),
    /// A code that leads to an address, with what it is for.
    Code {
        /// The address.
        address: String,
        /// Instead of the picture.
        alt: String,
        /// Beside it.
        caption: String,
    },
    /// A remark.
    Note(String),
}

/// What a file shows.
#[derive(Debug, Clone)]
pub struct Sheet {
    /// Its language.
    pub lang: Lang,
    /// The heading, and the title of the file.
    pub title: String,
    /// Who made it.
    pub author: String,
    /// What stands under every page, besides its number.
    pub foot: String,
    /// Why it is signed.
    pub reason: String,
    /// What follows the heading.
    pub parts: Vec<Part>,
    /// When it is made, seconds since 1970.
    pub at: i64,
}

impl Sheet {
    /// Writes the file, with room for a signature.
    ///
    /// # Errors
    /// [`PdfFault::Font`], and [`PdfFault::Code`] for an address that no code holds.
    pub fn write(&self, font: Font<'_>) -> Result<Unsigned, PdfFault> {
        let mut font = font;
        let laid = layout::lay(self, &mut font)?;
        write::write(self, font, laid)
    }
}

/// The dark squares of a code, by row.
fn squares(address: &str) -> Result<(i32, Vec<(i32, i32)>), PdfFault> {
    let code = QrCode::encode_text(address, QrCodeEcc::Medium).map_err(|_| PdfFault::Code)?;
    let all = (0..code.size()).flat_map(|y| (0..code.size()).map(move |x| (x, y)));
    Ok((code.size(), all.filter(|(x, y)| code.get_module(*x, *y)).collect()))
}
