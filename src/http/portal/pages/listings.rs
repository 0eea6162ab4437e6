//! The white list: search, one listing with its history and use, its certificate, what changed, and files of it.

use super::super::frame::Frame;
use super::super::json::Json;
use super::super::table::{CASES, ENTERPRISE, OFFICER, READERS};
use super::super::visit::{Answer, Visit, see_other};
use crate::domain::code::{HsCode, Uscc};
use crate::domain::id::ApplicationId;
use crate::domain::listing_number::ListingNumber;
use crate::http::problem::ProblemType;
use askama::Template;
use serde_json::Value;

const FILTERS: [&str; 7] = ["enterprise", "hs_code", "status", "q", "batch", "valid_on", "as_of_revision"];

/// Searches everything: what is a number goes to its page, anything else to the list.
///
/// # Errors
/// As rendering.
pub async fn search(visit: &Visit) -> Answer {
    let q = visit.query.get("q").trim();
    let roles = visit.roles();
    let encoded: String = url::form_urlencoded::byte_serialize(q.as_bytes()).collect();
    if ListingNumber::parse(q).is_ok() && roles.intersects(READERS) {
        return Ok(see_other(&format!("/listings/{encoded}")));
    }
    if ApplicationId::parse(q).is_ok() && roles.intersects(CASES) {
        return Ok(see_other(&format!("/cases/{encoded}")));
    }
    if Uscc::parse(q).is_ok() && roles.intersects(READERS) {
        return Ok(see_other(&format!("/enterprises/{encoded}")));
    }
    if HsCode::parse(q).is_ok() {
        return Ok(see_other(&format!("/listings?hs_code={encoded}")));
    }
    Ok(see_other(&format!("/listings?q={encoded}")))
}

#[derive(Template)]
#[template(path = "portal/listings.html")]
struct Listings<'a> {
    f: Frame,
    list: Json<'a>,
    q: &'a str,
    enterprise: &'a str,
    hs_code: &'a str,
    status: &'a str,
    valid_on: &'a str,
    statuses: [&'static str; 5],
    exports: [(String, &'static str); 2],
    more: Option<String>,
}

/// Lists listings.
///
/// # Errors
/// What the endpoint refuses.
pub async fn list(visit: &Visit) -> Answer {
    let names: Vec<&str> = FILTERS.into_iter().chain(["after", "limit"]).collect();
    let list = visit.get(visit.endpoint("/v1/listings", &names)).await?.view;
    let file = |format| visit.endpoint(&format!("/listings.{format}"), &FILTERS);
    visit.render(&Listings {
        f: Frame::new(visit, visit.t("白名单", "White list")),
        list: Json(&list),
        q: visit.query.get("q"),
        enterprise: visit.query.get("enterprise"),
        hs_code: visit.query.get("hs_code"),
        status: visit.query.get("status"),
        valid_on: visit.query.get("valid_on"),
        statuses: ["in_force", "suspended", "future", "expired", "removed"],
        exports: [(file("xlsx"), "Excel"), (file("csv"), "CSV")],
        more: visit.next_page(&list),
    })
}

/// Hands out the list as a file.
///
/// # Errors
/// What the endpoint refuses.
pub async fn export(visit: &Visit) -> Answer {
    let format = match visit.part("format") {
        "xlsx" => "xlsx",
        "csv" => "csv",
        _ => return Err(ProblemType::NotFound.into()),
    };
    visit.hand_on(visit.endpoint(&format!("/v1/listings.{format}"), &FILTERS)).await
}

#[derive(Template)]
#[template(path = "portal/listing.html")]
struct Listing<'a> {
    f: Frame,
    listing: Json<'a>,
    versions: Json<'a>,
    balance: Json<'a>,
    movements: Json<'a>,
    shares: [(&'static str, &'static str, f64, f64); 3],
    own: bool,
    officer: bool,
}

/// Shows one listing.
///
/// # Errors
/// What the endpoints refuse.
pub async fn show(visit: &Visit) -> Answer {
    let number = visit.part("number");
    let listing =
        visit.get(visit.endpoint(&format!("/v1/listings/{number}"), &["as_of_revision", "valid_on"])).await?.view;
    let versions = visit.get(format!("/v1/listings/{number}/versions?limit=50")).await?.view;
    let balance = visit.find(format!("/v1/listings/{number}/balance")).await?;
    let movements = visit.find(format!("/v1/listings/{number}/movements?limit=20")).await?;
    visit.render(&Listing {
        f: Frame::new(visit, number.to_owned()),
        listing: Json(&listing),
        versions: Json(&versions),
        balance: Json(&balance),
        movements: Json(&movements),
        shares: shares(visit, Json(&balance)),
        own: visit.roles().intersects(ENTERPRISE),
        officer: visit.roles().intersects(OFFICER),
    })
}

/// Returns how much of what was granted is released, reserved and left, as places on a bar of a hundred. For the eye
/// alone: the figures stand beside it.
fn shares(visit: &Visit, balance: Json<'_>) -> [(&'static str, &'static str, f64, f64); 3] {
    let figure =
        |name: &str| -> f64 { balance.text(name).ok().and_then(|text| text.parse::<f64>().ok()).unwrap_or_default() };
    let confirmed = figure("confirmed/quantity");
    let reserved = figure("reserved/quantity");
    let left = figure("remaining/quantity");
    let whole = (confirmed + reserved + left).max(f64::MIN_POSITIVE);
    let part = |value: f64| (value / whole * 1000.0).round() / 10.0;
    let (used, held, free) = (part(confirmed), part(reserved), part(left));
    [
        ("p2", visit.t("已核销", "Released"), 0.0, used),
        ("p3", visit.t("已核注", "Reserved"), used, held),
        ("p1", visit.t("剩余", "Left"), used + held, free),
    ]
}

#[derive(Template)]
#[template(path = "portal/certificate.html")]
struct Certificate<'a> {
    f: Frame,
    listing: Json<'a>,
}

/// Shows a listing as a certificate to print.
///
/// # Errors
/// What the endpoint refuses.
pub async fn certificate(visit: &Visit) -> Answer {
    let number = visit.part("number");
    let listing = visit.get(format!("/v1/listings/{number}")).await?.view;
    let title = format!("{} {number}", visit.t("名单凭证", "Certificate"));
    visit.render(&Certificate { f: Frame::new(visit, title), listing: Json(&listing) })
}

#[derive(Template)]
#[template(path = "portal/listing_changes.html")]
struct Changes<'a> {
    f: Frame,
    list: Json<'a>,
    from: String,
    to: String,
    more: Option<String>,
}

/// Shows what changed on the list between two revisions.
///
/// # Errors
/// What the endpoint refuses.
pub async fn changes(visit: &Visit) -> Answer {
    let now = visit.edge.app.index.load().revision().0;
    let given = |name: &str, or: i64| {
        Some(visit.query.get(name)).filter(|text| !text.is_empty()).map_or_else(|| or.to_string(), str::to_owned)
    };
    let (from, to) = (given("from", 1.max(now - 100)), given("to", now));
    let after = visit.endpoint("", &["after"]).replace('?', "&");
    let encoded = |text: &str| url::form_urlencoded::byte_serialize(text.as_bytes()).collect::<String>();
    let target = format!("/v1/listings/diff?from={}&to={}{after}", encoded(&from), encoded(&to));
    let list: Value = match visit.ask(super::super::gateway::Asked::get(target)).await {
        Ok(reply) => reply.view,
        Err(refused) => {
            visit.refuse(refused)?;
            serde_json::json!({ "items": [], "next": null })
        }
    };
    let more = visit.next_page(&list);
    visit.render(&Changes {
        f: Frame::new(visit, visit.t("名单变化", "List changes")),
        list: Json(&list),
        from,
        to,
        more,
    })
}
