//! Evidence of an application: what is needed, what is there, and what is added.

use super::super::super::acts::{Offer, offered};
use super::super::super::fields::{Choice, FormView};
use super::super::super::frame::Frame;
use super::super::super::gateway::Asked;
use super::super::super::json::Json;
use super::super::super::upload::{Brought, brought};
use super::super::super::visit::{Answer, Visit, see_other};
use actix_web::http::Method;
use askama::Template;

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

/// Takes a document, which goes on to the endpoint as it came.
///
/// # Errors
/// `forbidden` without the token; what the endpoint refuses.
pub async fn attach(visit: &Visit) -> Answer {
    let Brought { kind, name, bytes, .. } = brought(visit).await?;
    let id = visit.part("id");
    match visit.ask(upload(&format!("/v1/applications/{id}/documents"), &kind, &name, &bytes)).await {
        Ok(_) => Ok(see_other(&format!("/applications/{id}/documents?done=attached"))),
        Err(refused) => {
            visit.refuse(refused)?;
            documents(visit).await
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
