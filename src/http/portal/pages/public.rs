//! What everybody may read: notices of published batches, and whether a certificate is genuine.

use super::super::frame::Frame;
use super::super::gateway::Asked;
use super::super::json::Json;
use super::super::visit::{Answer, Failure, Visit};
use super::listings::checked;
use actix_web::http::StatusCode;
use askama::Template;
use serde_json::Value;

#[derive(Template)]
#[template(path = "portal/notice.html")]
struct Notice<'a> {
    f: Frame,
    number: &'a str,
    notice: Json<'a>,
}

/// Shows the notice of a published batch, with its digest.
///
/// # Errors
/// What the endpoint refuses.
pub async fn notice(visit: &Visit) -> Answer {
    let number = visit.part("number");
    let notice = visit.get(format!("/v1/notices/{number}")).await?.view;
    let title = format!("{} {number}", visit.t("公告", "Notice"));
    visit.render(&Notice { f: Frame::new(visit, title), number, notice: Json(&notice) })
}

#[derive(Template)]
#[template(path = "portal/check.html")]
struct Check<'a> {
    f: Frame,
    number: &'a str,
    code: &'a str,
    sha256: &'a str,
    file: Json<'a>,
    notice: Json<'a>,
    certificate: Json<'a>,
    asked: bool,
}

/// Finds a signed file by its hash, else a notice by its number, or a certificate by the number of its listing and its code.
///
/// # Errors
/// What the endpoint refuses otherwise.
pub async fn check(visit: &Visit) -> Answer {
    let number = visit.query.get("number").trim();
    let encoded: String = url::form_urlencoded::byte_serialize(number.as_bytes()).collect();
    let code = visit.query.get("code").trim();
    let hash = visit.query.get("sha256").trim().to_ascii_lowercase();
    let sha256 = hash.as_str();
    let number = if sha256.is_empty() { number } else { "" };
    let (wants_notice, wants_certificate) =
        (!number.is_empty() && code.is_empty(), !number.is_empty() && !code.is_empty());
    let file = if sha256.is_empty() { Value::Null } else { file(visit, sha256).await? };
    let notice = if wants_notice { visit.find(format!("/v1/notices/{encoded}")).await? } else { Value::Null };
    let certificate = if wants_certificate { found(visit, checked(number, code)).await? } else { Value::Null };
    let f = Frame::new(visit, visit.t("公众核对", "Public check"));
    let asked = !number.is_empty() || !sha256.is_empty();
    visit.render(&Check {
        f,
        number,
        code,
        sha256,
        file: Json(&file),
        notice: Json(&notice),
        certificate: Json(&certificate),
        asked,
    })
}

async fn file(visit: &Visit, sha256: &str) -> Result<Value, Failure> {
    let encoded: String = url::form_urlencoded::byte_serialize(sha256.as_bytes()).collect();
    found(visit, format!("/v1/certificate-files/{encoded}")).await
}

/// What is not even written like a number and a code belongs to no certificate.
async fn found(visit: &Visit, target: String) -> Result<Value, Failure> {
    match visit.ask(Asked::get(target)).await {
        Ok(reply) => Ok(reply.view),
        Err(refused) if matches!(refused.status, StatusCode::BAD_REQUEST | StatusCode::NOT_FOUND) => Ok(Value::Null),
        Err(refused) => Err(refused.into()),
    }
}
