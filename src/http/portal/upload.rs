//! Forms with a file: read part by part, the token first, so that a stranger's file is not taken in.

use super::visit::{Failure, Visit};
use crate::http::problem::{Problem, ProblemType};
use actix_multipart::Multipart;
use actix_web::FromRequest as _;
use futures_util::StreamExt as _;

/// Largest file with its form, as the endpoints take it.
const UPLOAD: usize = 21 * 1024 * 1024;

/// What a form with a file brought.
#[derive(Debug, Default)]
pub struct Brought {
    /// Kind of document, if it names one.
    pub kind: String,
    /// Scheme, if it names one.
    pub scheme: String,
    /// First day, if it names a period.
    pub from: String,
    /// Last day of it.
    pub to: String,
    /// Key under which the request may be repeated.
    pub key: String,
    /// Name of the file.
    pub name: String,
    /// The file.
    pub bytes: Vec<u8>,
}

/// Reads a form with a file.
///
/// # Errors
/// `forbidden` without the token before the file; `payload-too-large`; `invalid-request` for what is no such form.
pub async fn brought(visit: &Visit) -> Result<Brought, Failure> {
    let broken = || Failure::from(Problem::new(ProblemType::InvalidRequest));
    let mut payload = visit.payload()?.into_inner();
    let mut form = Multipart::from_request(&visit.request, &mut payload).await.map_err(|_| broken())?;
    let (mut token, mut brought) = (String::new(), Brought::default());
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
        let text = || String::from_utf8_lossy(&bytes).into_owned();
        match name.as_str() {
            "_csrf" => token = text(),
            "_seen" => visit.saw(text()),
            "_key" => brought.key = text(),
            "/kind" => brought.kind = text(),
            "/scheme" => brought.scheme = text(),
            "/from" => brought.from = text(),
            "/to" => brought.to = text(),
            "file" => (brought.name, brought.bytes) = (file_name.unwrap_or_default(), bytes),
            _ => {}
        }
    }
    visit.check_token(&token)?;
    Ok(brought)
}
