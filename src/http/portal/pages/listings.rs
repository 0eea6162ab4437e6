//! The white list: search, one listing with its history and use, its certificate, what changed, and files of it.

use super::super::chart::{Chart, Share, Stack, Tone, Words};
use super::super::fields::FormView;
use super::super::frame::Frame;
use super::super::json::Json;
use super::super::qr::Qr;
use super::super::show;
use super::super::table::CUSTOMS;
use super::super::visit::{Answer, Visit, see_other};
use super::filters::{Filters, of_list};
use super::report_jobs::Later;
use crate::domain::code::{HsCode, Uscc};
use crate::domain::duty::Duty;
use crate::domain::id::ApplicationId;
use crate::domain::listing_number::ListingNumber;
use crate::http::endpoints::{CASES, ENTERPRISE, EVIDENCE, OFFICER, READERS};
use crate::http::problem::ProblemType;
use actix_web::http::Method;
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
    later: Later,
    filters: Filters,
    more: Option<String>,
}

/// Lists listings.
///
/// # Errors
/// What the endpoint refuses.
pub async fn list(visit: &Visit) -> Answer {
    let names: Vec<&str> = FILTERS.into_iter().chain(["after", "limit"]).collect();
    let list = visit.get(visit.endpoint("/v1/listings", &names)).await?.view;
    let later = |format| visit.endpoint(&format!("/v1/listings.{format}"), &FILTERS);
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
        later: Later::of(visit, [(later("xlsx"), "Excel"), (later("csv"), "CSV")]),
        filters: of_list(visit).await?,
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
    used: Option<Chart>,
    files: Json<'a>,
    own: bool,
    officer: bool,
    evidence: bool,
    may_issue: bool,
    form: FormView<'a>,
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
    let files = visit.find(format!("/v1/listings/{number}/certificate-files?limit=20")).await?;
    visit.render(&Listing {
        f: Frame::new(visit, number.to_owned()).naming(&files).await?,
        listing: Json(&listing),
        versions: Json(&versions),
        balance: Json(&balance),
        movements: Json(&movements),
        used: used(visit, Json(&balance)),
        files: Json(&files),
        may_issue: visit.may(CASES, Duty::List),
        form: visit.form_view(Json::NOTHING, None),
        own: visit.may(ENTERPRISE, Duty::Apply),
        officer: visit.may(OFFICER, Duty::Adjust),
        // Customs take the evidence of declarations.
        evidence: visit.may(EVIDENCE, Duty::Evidence) && !visit.roles().intersects(CUSTOMS),
    })
}

/// Draws what became of the quantity that was granted, where there is one.
fn used(visit: &Visit, balance: Json<'_>) -> Option<Chart> {
    let share = |member: &str, name: &str, tone: Tone| {
        let decimal = balance.text(&format!("{member}/quantity")).ok()?.into_owned();
        let unit = balance.text(&format!("{member}/unit")).ok()?;
        let text = show::quantity(visit.lang, &decimal, &unit);
        Some(Share { name: name.to_owned(), decimal, text, tone })
    };
    let parts = [
        share("confirmed", visit.t("已核销（已放行）", "Released"), Tone::P2),
        share("reserved", visit.t("已核注（未放行）", "Reserved, not released"), Tone::P3),
        share("remaining", visit.t("剩余", "Left"), Tone::P1),
    ];
    let stack = Stack {
        words: Words {
            title: visit.t("数量使用情况", "Use of the quantity"),
            about: visit.t(
                "批准的数量中，已放行、已核注与剩余各占多少。",
                "How much of the grant is released, reserved and left.",
            ),
            table: visit.t("查看数据表", "Show the numbers"),
            first: visit.t("用途", "What became of it"),
        },
        unit: visit.t("数量", "Quantity"),
        whole: share("approved", visit.t("批准", "Granted"), Tone::P4)?,
        parts: parts.into_iter().flatten().collect(),
    };
    Some(stack.draw())
}

#[derive(Template)]
#[template(path = "portal/certificate.html")]
struct Certificate<'a> {
    f: Frame,
    form: FormView<'a>,
    listing: Json<'a>,
    issued: Json<'a>,
    qr: Option<Qr>,
    may_issue: bool,
}

/// Shows a listing as a certificate to print.
///
/// # Errors
/// What the endpoint refuses.
pub async fn certificate(visit: &Visit) -> Answer {
    let number = visit.part("number");
    let listing = visit.get(format!("/v1/listings/{number}")).await?.view;
    let title = format!("{} {number}", visit.t("名单凭证", "Certificate"));
    let code = visit.query.get("code");
    let issued = if code.is_empty() { Value::Null } else { visit.get(checked(number, code)).await?.view };
    let check = format!("/check?number={number}&code={code}");
    visit.render(&Certificate {
        f: Frame::new(visit, title),
        form: visit.form_view(Json::NOTHING, None),
        listing: Json(&listing),
        issued: Json(&issued),
        qr: Qr::to(visit, &check, visit.t("核对此凭证", "Check this certificate")).filter(|_| !code.is_empty()),
        may_issue: visit.may(CASES, Duty::List),
    })
}

/// Hands out a certificate as a signed file.
///
/// # Errors
/// What the endpoint refuses.
pub async fn certificate_pdf(visit: &Visit) -> Answer {
    // `lang` is the language of the pages.
    let lang = if visit.query.get("language") == "en" { "en" } else { "zh" };
    visit.hand_on(format!("{}/pdf?lang={lang}", checked(visit.part("number"), visit.query.get("code")))).await
}

/// The endpoint that checks a certificate.
pub fn checked(number: &str, code: &str) -> String {
    let encoded =
        |text: &str| url::form_urlencoded::byte_serialize(text.as_bytes()).collect::<String>().replace('+', "%20");
    format!("/v1/listings/{}/certificates/{}", encoded(number), encoded(code))
}

/// Issues a certificate and shows it.
///
/// # Errors
/// What the endpoint refuses.
pub async fn issue(visit: &Visit) -> Answer {
    let number = visit.part("number");
    let issued = visit.send(Method::POST, format!("/v1/listings/{number}/certificates"), Value::Null).await?;
    let Some(issued) = issued else { return certificate(visit).await };
    let code = Json(&issued.view).text("code")?.into_owned();
    Ok(see_other(&format!("/listings/{number}/certificate?code={code}")))
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
            serde_json::json!({ "items": [], "enterprises": [], "next": null })
        }
    };
    let more = visit.next_page(&list);
    visit.render(&Changes {
        f: Frame::new(visit, visit.t("名单变化", "List changes")).naming(&list).await?,
        list: Json(&list),
        from,
        to,
        more,
    })
}
