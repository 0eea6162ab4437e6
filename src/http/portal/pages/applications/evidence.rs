//! Files that come into an application: evidence, and items as a spreadsheet.

use super::super::super::acts::{Offer, offered};
use super::super::super::fields::{Choice, FormView};
use super::super::super::frame::Frame;
use super::super::super::gateway::Asked;
use super::super::super::json::Json;
use super::super::super::visit::{Answer, Failure, Visit, see_other};
use crate::http::problem::{Problem, ProblemType};
use actix_multipart::Multipart;
use actix_web::FromRequest as _;
use actix_web::http::Method;
use askama::Template;
use futures_util::StreamExt as _;

/// Largest document with its form, as the endpoint takes it.
const UPLOAD: usize = 21 * 1024 * 1024;

#[derive(Template)]
#[template(path = "portal/application_documents.html")]
struct Documents<'a> {
    f: Frame,
    offers: Vec<Vec<Offer>>,
    form: FormView<'a>,
    id: &'a str,
    checklist: Json<'a>,
    list: Json<'a>,
    kinds: Vec<Choice>,
}

/// Shows the evidence: what is needed, what is there.
///
/// # Errors
/// What the endpoints refuse.
pub async fn documents(visit: &Visit) -> Answer {
    let id = visit.part("id");
    let checklist = visit.get(format!("/v1/applications/{id}/checklist")).await?.view;
    let list = visit.get(format!("/v1/applications/{id}/documents")).await?.view;
    let kinds = Json(&checklist)
        .each("documents")?
        .into_iter()
        .map(|kind| Ok((kind.text("code")?.into_owned(), kind.text("name")?.into_owned())))
        .collect::<Result<_, askama::Error>>()?;
    visit.render(&Documents {
        f: Frame::new(visit, visit.t("证明材料", "Evidence")),
        offers: Json(&list)
            .each("items")?
            .into_iter()
            .map(|file| Ok(offered(visit, "document", &file.text("id")?, file)))
            .collect::<Result<_, askama::Error>>()?,
        form: visit.form_view(Json::NOTHING, None),
        id,
        checklist: Json(&checklist),
        list: Json(&list),
        kinds,
    })
}

/// What a form with a file brought: its kind if it names one, the name of the file and its bytes.
struct Brought {
    kind: String,
    name: String,
    bytes: Vec<u8>,
}

/// Reads a form with a file: the token first, so that a stranger's file is not taken in.
async fn brought(visit: &Visit) -> Result<Brought, Failure> {
    let broken = || Failure::from(Problem::new(ProblemType::InvalidRequest));
    let mut payload = visit.payload()?.into_inner();
    let mut form = Multipart::from_request(&visit.request, &mut payload).await.map_err(|_| broken())?;
    let (mut token, mut brought) =
        (String::new(), Brought { kind: String::new(), name: String::new(), bytes: Vec::new() });
    let mut received = 0_usize;
    while let Some(field) = form.next().await {
        let mut field = field.map_err(|_| broken())?;
        let name = field.name().unwrap_or_default().to_owned();
        let file_name = field.content_disposition().and_then(|it| it.get_filename()).map(str::to_owned);
        if name == "file" {
            visit.check_token(&token)?;
        }
        let mut bytes = Vec::new();
        while let Some(chunk) = field.next().await {
            let chunk = chunk.map_err(|_| broken())?;
            received = received.saturating_add(chunk.len());
            if received > UPLOAD {
                return Err(ProblemType::PayloadTooLarge.into());
            }
            bytes.extend_from_slice(&chunk);
        }
        match name.as_str() {
            "_csrf" => token = String::from_utf8_lossy(&bytes).into_owned(),
            "_seen" => visit.saw(String::from_utf8_lossy(&bytes).into_owned()),
            "/kind" => brought.kind = String::from_utf8_lossy(&bytes).into_owned(),
            "file" => (brought.name, brought.bytes) = (file_name.unwrap_or_default(), bytes),
            _ => {}
        }
    }
    visit.check_token(&token)?;
    Ok(brought)
}

/// Takes a document, which goes on to the endpoint as it came.
///
/// # Errors
/// `forbidden` without the token; what the endpoint refuses.
pub async fn attach(visit: &Visit) -> Answer {
    let Brought { kind, name, bytes } = brought(visit).await?;
    let id = visit.part("id");
    match visit.ask(upload(&format!("/v1/applications/{id}/documents"), &kind, &name, &bytes)).await {
        Ok(_) => Ok(see_other(&format!("/applications/{id}/documents?done=attached"))),
        Err(refused) => {
            visit.refuse(refused)?;
            documents(visit).await
        }
    }
}

#[derive(Template)]
#[template(path = "portal/application_import.html")]
struct Import<'a> {
    f: Frame,
    form: FormView<'a>,
    id: &'a str,
    faults: Json<'a>,
}

/// Shows how to bring items as a spreadsheet, and what was wrong with one that was brought.
///
/// # Errors
/// What the endpoint refuses.
pub async fn import(visit: &Visit) -> Answer {
    let id = visit.part("id");
    let seen = visit.get(format!("/v1/applications/{id}")).await?.etag;
    let refusal = visit.refusal();
    visit.render(&Import {
        f: Frame::new(visit, visit.t("导入物品", "Items from a spreadsheet")),
        form: visit.form_view(Json::NOTHING, seen.as_deref()),
        id,
        faults: Json(&refusal),
    })
}

/// Takes items from a spreadsheet: all of them, or none and every fault.
///
/// # Errors
/// `forbidden` without the token; what the endpoint refuses.
pub async fn import_items(visit: &Visit) -> Answer {
    let Brought { name, bytes, .. } = brought(visit).await?;
    let id = visit.part("id");
    let csv = name.to_ascii_lowercase().ends_with(".csv");
    let workbook = "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet";
    let asked = Asked {
        method: Method::POST,
        target: format!("/v1/applications/{id}/items/import"),
        body: bytes.into(),
        media: Some(if csv { "text/csv" } else { workbook }.to_owned()),
        seen: visit.seen(),
        ..Asked::default()
    };
    match visit.ask(asked).await {
        Ok(_) => Ok(see_other(&format!("/applications/{id}/items?done=saved"))),
        Err(refused) => {
            visit.refuse(refused)?;
            import(visit).await
        }
    }
}

/// Makes the form of the endpoint (RFC 7578) anew, so that nothing else of what came goes along.
fn upload(target: &str, kind: &str, name: &str, bytes: &[u8]) -> Asked {
    let boundary = uuid::Uuid::new_v4().simple().to_string();
    let quoted: String = name.chars().filter(|letter| !letter.is_control() && !matches!(letter, '"' | '\\')).collect();
    let head = format!(
        "--{boundary}\r\nContent-Disposition: form-data; name=\"kind\"\r\n\r\n{kind}\r\n--{boundary}\r\nContent-Disposition: form-data; name=\"file\"; filename=\"{quoted}\"\r\nContent-Type: application/octet-stream\r\n\r\n"
    );
    let tail = format!("\r\n--{boundary}--\r\n");
    Asked {
        method: Method::POST,
        target: target.to_owned(),
        body: [head.as_bytes(), bytes, tail.as_bytes()].concat().into(),
        media: Some(format!("multipart/form-data; boundary={boundary}")),
        ..Asked::default()
    }
}
