//! Receipts beside answers, and the public keys they are checked with.

use super::json;
use super::parameters::no_query;
use crate::app::receipts::keys::AnswerKey;
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
}

impl Form {
    /// Reads which form a request wants: `Accept: application/jose`, else `receipt=true`, else plain JSON.
    #[must_use]
    pub fn wanted(request: &HttpRequest, receipt: bool) -> Self {
        let accept = request.headers().get(ACCEPT).and_then(|accept| accept.to_str().ok()).unwrap_or_default();
        let jose = accept.split(',').any(|range| {
            let mut parts = range.split(';').map(str::trim);
            parts.next().is_some_and(|name| name.eq_ignore_ascii_case(JOSE)) && !parts.any(|part| part == "q=0")
        });
        match (jose, receipt) {
            (true, _) => Self::Receipt,
            (false, true) => Self::WithReceipt,
            (false, false) => Self::Plain,
        }
    }

    /// Takes the key that signs, before the question is answered: an answer that was to be signed is not given unsigned.
    ///
    /// # Errors
    /// `unavailable` while this node has no key.
    pub fn key(self, edge: &Edge) -> Result<Option<Arc<AnswerKey>>, Problem> {
        match self {
            Self::Plain => Ok(None),
            Self::WithReceipt | Self::Receipt => edge.app.answer_keys.current().map(Some).ok_or_else(|| {
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
        key: Option<Arc<AnswerKey>>,
        receipt: Option<Receipt>,
    ) -> Result<HttpResponse, Problem> {
        let internal = |error: &dyn std::fmt::Display| Problem::new(ProblemType::Internal).caused_by(error);
        if body.pop() != Some(b'}') {
            return Err(internal(&"an answer without lines"));
        }
        let signed = match key.zip(receipt) {
            None => None,
            Some((key, receipt)) => {
                let signed = web::block(move || key.sign(&receipt)).await.map_err(|error| internal(&error))?;
                Some(signed.map_err(|error| internal(&error))?)
            }
        };
        match (self, signed) {
            (Self::Receipt, Some(jws)) => Ok(HttpResponse::Ok().content_type(JOSE).body(jws)),
            (_, jws) => {
                if let Some(jws) = jws {
                    body.extend_from_slice(b",\"receipt\":\"");
                    body.extend_from_slice(jws.as_bytes());
                    body.push(b'"');
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
