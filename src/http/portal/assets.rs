//! Style, script and pictures of the pages: in the binary, under names that change with their content.

use super::super::problem::{Problem, ProblemType};
use actix_web::http::header::{CACHE_CONTROL, CONTENT_TYPE, HeaderName, HeaderValue};
use actix_web::{HttpRequest, HttpResponse};
use sha2::{Digest as _, Sha256};
use std::sync::LazyLock;

struct Asset {
    stem: &'static str,
    ending: &'static str,
    media: &'static str,
    text: &'static str,
}

const ASSETS: [Asset; 3] = [
    Asset { stem: "portal", ending: "css", media: "text/css; charset=utf-8", text: include_str!("assets/portal.css") },
    Asset {
        stem: "portal",
        ending: "js",
        media: "text/javascript; charset=utf-8",
        text: include_str!("assets/portal.js"),
    },
    Asset { stem: "mark", ending: "svg", media: "image/svg+xml", text: include_str!("assets/mark.svg") },
];

static NAMES: LazyLock<[String; 3]> = LazyLock::new(|| {
    ASSETS.map(|asset| {
        let digest = hex::encode(Sha256::digest(asset.text.as_bytes()));
        format!("{}-{}.{}", asset.stem, digest.get(..12).unwrap_or_default(), asset.ending)
    })
});

/// Paths of style, script and mark.
#[derive(Debug, Clone, Copy)]
pub struct Paths {
    /// The style sheet.
    pub style: &'static str,
    /// The script.
    pub script: &'static str,
    /// The mark of the service.
    pub mark: &'static str,
}

/// Returns the names of the assets under `/assets/`.
#[must_use]
pub fn paths() -> Paths {
    let [style, script, mark] = &*NAMES;
    Paths { style, script, mark }
}

/// Serves an asset; its name never means anything else, so it may be kept for ever.
pub async fn serve(request: HttpRequest) -> HttpResponse {
    let name = request.match_info().query("name");
    let found = NAMES.iter().position(|known| known == name).and_then(|place| ASSETS.get(place));
    let Some(asset) = found else {
        return Problem::new(ProblemType::NotFound).respond(super::super::problem::language(request.headers()), "-");
    };
    HttpResponse::Ok()
        .insert_header((CONTENT_TYPE, asset.media))
        .insert_header((CACHE_CONTROL, "public, max-age=31536000, immutable"))
        .insert_header((HeaderName::from_static("x-content-type-options"), HeaderValue::from_static("nosniff")))
        .body(asset.text)
}
