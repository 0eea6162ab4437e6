//! QR codes as SVG: one path of squares, black on white in every theme, so that scanners read them.

use super::visit::Visit;
use askama::Template;
use askama::filters::HtmlSafe;
use qrcodegen::{QrCode, QrCodeEcc};
use std::fmt::Write as _;

/// Quiet modules around a code (ISO/IEC 18004 asks for four).
const QUIET: i32 = 4;

/// A code with the words that say what it leads to.
#[derive(Template)]
#[template(
    source = r##"<svg class="qr" viewBox="0 0 {{ side }} {{ side }}" role="img" aria-label="{{ says }}" width="168" height="168"><rect width="{{ side }}" height="{{ side }}" fill="#fff"/><path d="{{ path }}" fill="#000"/></svg>"##,
    ext = "html"
)]
pub struct Qr {
    says: String,
    side: i32,
    path: String,
}

impl HtmlSafe for Qr {}

impl Qr {
    /// Draws the address at which people reach a path of this site; none when it is too long for a code.
    #[must_use]
    pub fn to(visit: &Visit, path: &str, says: &str) -> Option<Self> {
        let known = visit.edge.portal.public_url.as_deref().map(|url| url.trim_end_matches('/').to_owned());
        let site = known.unwrap_or_else(|| format!("http://{}", visit.request.connection_info().host()));
        Self::of(&format!("{site}{path}"), says)
    }

    /// Draws an address; none when it is too long for a code.
    #[must_use]
    pub fn of(address: &str, says: &str) -> Option<Self> {
        let code = QrCode::encode_text(address, QrCodeEcc::Medium).ok()?;
        let mut path = String::new();
        for y in 0..code.size() {
            for x in (0..code.size()).filter(|x| code.get_module(*x, y)) {
                // Writing into a string does not fail.
                let _ = write!(path, "M{} {}h1v1h-1z", x + QUIET, y + QUIET);
            }
        }
        Some(Self { says: says.to_owned(), side: code.size() + 2 * QUIET, path })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_address_becomes_squares_inside_their_quiet_zone() {
        let qr = Qr::of("https://whitelist.example/check?number=BJ-2026-000123-3", "核对").unwrap();
        assert!(qr.path.starts_with("M4 4h1v1h-1z"), "the finder pattern begins in the corner: {}", qr.path);
        assert!(qr.side > 21 + 2 * QUIET && qr.render().unwrap().contains("role=\"img\""));
        assert!(Qr::of(&"x".repeat(4000), "").is_none());
    }
}
