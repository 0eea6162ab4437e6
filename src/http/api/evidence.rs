//! Evidence packs.

use super::parameters::{no_query, path};
use crate::app::evidence::About;
use crate::domain::code::DeclarationNumber;
use crate::domain::fault::FaultCode;
use crate::domain::id::ApplicationId;
use crate::domain::listing_number::ListingNumber;
use crate::http::blocking::hop_for;
use crate::http::edge::{asked, edge};
use crate::http::problem::{Problem, ProblemType};
use actix_web::http::header::CONTENT_DISPOSITION;
use actix_web::{HttpRequest, HttpResponse};
use std::sync::Arc;
use std::time::Duration;

/// Time a pack may take.
const LONG: Duration = Duration::from_secs(60);

/// Makes the evidence pack of a listing, an application or a declaration.
pub async fn get_evidence(request: HttpRequest) -> Result<HttpResponse, Problem> {
    no_query(&request)?;
    let about = match path(&request, "kind", kind)? {
        Kind::Listing => About::Listing(path(&request, "id", ListingNumber::parse)?),
        Kind::Application => About::Application(path(&request, "id", ApplicationId::parse)?),
        Kind::Declaration => About::Declaration(path(&request, "id", DeclarationNumber::parse)?),
    };
    let (edge, caller) = (edge(&request)?, asked(&request)?.caller()?);
    // A pack is made in memory: few at a time.
    let _permit = edge.imports.acquire().await.map_err(|_| ProblemType::Unavailable)?;
    let app = Arc::clone(&edge.app);
    let pack = hop_for(LONG, move || app.evidence(&caller, &about)).await?;
    Ok(HttpResponse::Ok()
        .content_type("application/zip")
        .insert_header((CONTENT_DISPOSITION, format!("attachment; filename=\"{}\"", pack.name)))
        .body(pack.bytes))
}

enum Kind {
    Listing,
    Application,
    Declaration,
}

fn kind(word: &str) -> Result<Kind, FaultCode> {
    match word {
        "listing" => Ok(Kind::Listing),
        "application" => Ok(Kind::Application),
        "declaration" => Ok(Kind::Declaration),
        _ => Err(FaultCode::ValueUnknown),
    }
}
