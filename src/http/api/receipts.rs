//! Receipts beside answers, and the public keys they are checked with.

use super::json;
use super::parameters::no_query;
use crate::app::receipts::signed::{JOSE_JSON, Signed, Signers};
use crate::app::receipts::{JOSE, Receipt};
use crate::http::blocking::hop;
use crate::http::edge::{Edge, edge};
use crate::http::problem::{Problem, ProblemType};
use actix_web::http::StatusCode;
use actix_web::http::header::{ACCEPT, CACHE_CONTROL, ContentType, HeaderValue};
use actix_web::{HttpRequest, HttpResponse, web};
use std::sync::Arc;

/// In which form an answer is wanted.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Form {
    /// JSON.
    Plain,
    /// JSON with a member `receipt`.
    WithReceipt,
    /// The receipt alone.
    Receipt,
    /// The receipt alone, with every signature in one piece.
    General,
}

impl Form {
    /// Reads which form a request wants: `Accept: application/jose` or `application/jose+json`, else `receipt=true`, else
    /// plain JSON.
    #[must_use]
    pub fn wanted(request: &HttpRequest, receipt: bool) -> Self {
        let accept = request.headers().get(ACCEPT).and_then(|accept| accept.to_str().ok()).unwrap_or_default();
        let wanted = |media: &str| {
            accept.split(',').any(|range| {
                let mut parts = range.split(';').map(str::trim);
                parts.next().is_some_and(|name| name.eq_ignore_ascii_case(media)) && !parts.any(|part| part == "q=0")
            })
        };
        match (wanted(JOSE), wanted(JOSE_JSON), receipt) {
            (true, ..) => Self::Receipt,
            (false, true, _) => Self::General,
            (false, false, true) => Self::WithReceipt,
            (false, false, false) => Self::Plain,
        }
    }

    /// Takes the keys that sign, before the question is answered: an answer that was to be signed is not given unsigned.
    ///
    /// # Errors
    /// `unavailable` while this node has not every key.
    pub fn signers(self, edge: &Edge) -> Result<Option<Signers>, Problem> {
        match self {
            Self::Plain => Ok(None),
            Self::WithReceipt | Self::Receipt | Self::General => edge.app.signers().map(Some).ok_or_else(|| {
                Problem::new(ProblemType::Unavailable).with_detail(
                    "本节点目前没有签名密钥，不能出具签名答复；可去掉签名要求核验，或改向另一节点。",
                    "This node has no key to sign with now; ask without a receipt, or ask another node.",
                )
            }),
        }
    }

    /// Answers, with the receipt signed on a thread that nobody's lookup waits for.
    ///
    /// # Errors
    /// `internal` when it cannot be signed.
    pub async fn respond(
        self,
        mut body: Vec<u8>,
        signers: Option<Signers>,
        receipt: Option<Receipt>,
    ) -> Result<HttpResponse, Problem> {
        let internal = |error: &dyn std::fmt::Display| Problem::new(ProblemType::Internal).caused_by(error);
        if body.pop() != Some(b'}') {
            return Err(internal(&"an answer without lines"));
        }
        let signed = match signers.zip(receipt) {
            None => None,
            Some((signers, receipt)) => {
                let signed = web::block(move || signers.sign(&receipt)).await.map_err(|error| internal(&error))?;
                Some(signed.map_err(|error| internal(&error))?)
            }
        };
        match (self, signed) {
            (Self::Receipt, Some(signed)) => Ok(HttpResponse::Ok().content_type(JOSE).body(signed.compact)),
            (Self::General, Some(signed)) => {
                let general = serde_json::to_vec(&signed.general()).map_err(|error| internal(&error))?;
                Ok(HttpResponse::Ok().content_type(JOSE_JSON).body(general))
            }
            (_, signed) => {
                if let Some(Signed { compact, beside }) = signed {
                    body.extend_from_slice(b",\"receipt\":\"");
                    body.extend_from_slice(compact.as_bytes());
                    body.push(b'"');
                    if !beside.is_empty() {
                        body.extend_from_slice(b",\"receipt_signatures\":");
                        serde_json::to_writer(&mut body, &beside).map_err(|error| internal(&error))?;
                    }
                }
                body.push(b'}');
                Ok(HttpResponse::Ok().content_type(ContentType::json()).body(body))
            }
        }
    }
}

/// Lists the public keys of signed answers, retired ones too.
pub async fn get_answer_keys(request: HttpRequest) -> Result<HttpResponse, Problem> {
    no_query(&request)?;
    let app = Arc::clone(&edge(&request)?.app);
    let view = hop(move || app.answer_key_set()).await?;
    let mut response = json(StatusCode::OK, &view)?;
    response.headers_mut().insert(CACHE_CONTROL, HeaderValue::from_static("public, max-age=60"));
    Ok(response)
}
