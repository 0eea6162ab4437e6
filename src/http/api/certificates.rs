//! Certificates of listings: issued to whoever may see the listing, checked by anybody with number and code.

use super::json;
use super::parameters::{no_query, path};
use super::write::{Shown, write};
use crate::app::AppError;
use crate::app::certificates::{Certificate, Checked};
use crate::app::view::ListingView;
use crate::domain::certificate::CertificateCode;
use crate::domain::lang::Lang;
use crate::domain::listing_number::ListingNumber;
use crate::domain::revision::Revision;
use crate::domain::validity::Instant;
use crate::http::blocking::hop;
use crate::http::edge::{edge, visitor};
use crate::http::problem::Problem;
use actix_web::http::StatusCode;
use actix_web::{HttpRequest, HttpResponse};
use serde_json::{Value, json as object};
use std::sync::Arc;

impl Shown for Certificate {
    fn revision(&self) -> Revision {
        Revision(self.0.revision)
    }

    fn location(&self) -> String {
        format!("/v1/listings/{}/certificates/{}", self.0.listing, self.0.code)
    }

    fn view(&self, _: Lang) -> Result<Value, AppError> {
        Ok(object!({
            "code": self.0.code, "listing": self.0.listing, "revision": self.0.revision,
            "issued_at": Instant::from_micros(self.0.issued_at),
        }))
    }
}

/// What a certificate shows of a listing.
pub fn standing(listing: &ListingView) -> Value {
    let terms = &listing.terms;
    object!({
        "status": terms.status, "approved": terms.approved, "valid_from": terms.valid_from, "valid_to": terms.valid_to,
    })
}

fn view(checked: &Checked, lang: Lang) -> Result<Value, AppError> {
    let mut view = checked.certificate.view(lang)?;
    if let Some(members) = view.as_object_mut() {
        members.insert("enterprise".to_owned(), checked.then.enterprise.clone().into());
        members.insert("enterprise_name".to_owned(), object!(checked.then.enterprise_name));
        let item = &checked.then.terms.item;
        members.insert("item".to_owned(), object!(item));
        members.insert("then".to_owned(), standing(&checked.then));
        members.insert("now".to_owned(), standing(&checked.now));
        members.insert("held_back".to_owned(), checked.held_back.into());
    }
    Ok(view)
}

/// Issues a certificate.
pub async fn issue_certificate(request: HttpRequest) -> Result<HttpResponse, Problem> {
    no_query(&request)?;
    let number = path(&request, "number", ListingNumber::parse)?;
    write(&request, b"", StatusCode::CREATED, move |app, asked| {
        app.issue_certificate(&asked.caller, Some(asked.request_id), number, asked.repeat)
    })
    .await
}

/// Checks a certificate.
pub async fn check_certificate(request: HttpRequest) -> Result<HttpResponse, Problem> {
    no_query(&request)?;
    let edge = edge(&request)?;
    let number = path(&request, "number", ListingNumber::parse)?;
    let code = path(&request, "code", CertificateCode::parse)?;
    edge.checks.admit_from(visitor(edge, &request), edge.app.clock.uptime())?;
    let (app, lang) = (Arc::clone(&edge.app), Lang::Zh);
    let checked = hop(move || app.certificate(number, code)).await?;
    json(StatusCode::OK, &view(&checked, lang)?)
}
