//! The list for whoever keeps a copy of it: changes as pages and as events, snapshots, digests.

use super::json;
use super::listings::LAST_REVISION;
use super::parameters::read_query;
use crate::app::App;
use crate::app::AppError;
use crate::app::feed::{ChangePage, LineKind, ListSnapshot, Wanted};
use crate::domain::code::CustomsOffice;
use crate::domain::fault::FaultCode;
use crate::domain::revision::Revision;
use crate::http::blocking::{hop, hop_for};
use crate::http::edge::{Edge, asked, edge};
use crate::http::fields::{Members as _, Query, whole};
use crate::http::problem::{Fault, Problem, ProblemType};
use actix_http::encoding::Encoder;
use actix_web::body::BoxBody;
use actix_web::http::StatusCode;
use actix_web::http::header::{ACCEPT, AcceptEncoding, ContentEncoding, Encoding, Header as _, HeaderName};
use actix_web::web::Bytes;
use actix_web::{HttpRequest, HttpResponse};
use futures_util::stream::{self, Stream};
use std::sync::Arc;
use std::time::Duration;

/// Where a stream of events goes on (HTML Standard, 9.2).
const LAST_EVENT_ID: HeaderName = HeaderName::from_static("last-event-id");

/// Versions looked through for one page, and for one event.
const PAGE: i64 = 200;

/// The same at most.
const LARGEST_PAGE: i64 = 1_000;

/// How often an open stream looks whether there is something new; it reads memory only.
const LOOK: Duration = Duration::from_millis(50);

/// Time that a digest, or a piece of a snapshot, may take.
const PIECE: Duration = Duration::from_secs(60);

/// Reads a revision, or 0 for before the first.
fn revision_or_none(text: &str) -> Result<i64, FaultCode> {
    if text == "0" { Ok(0) } else { whole(1..=LAST_REVISION, FaultCode::NumberOutOfRange)(text) }
}

fn wanted(query: &mut Query<'_, '_>) -> Wanted {
    let kind = query.optional("kind", LineKind::parse);
    let office = query.optional("office", CustomsOffice::parse);
    Wanted { kind, office }
}

/// Lists what was recorded behind a revision: a page, or events without end.
pub async fn list_changes(request: HttpRequest) -> Result<HttpResponse, Problem> {
    let edge = edge(&request)?;
    let (after, limit, wanted) = read_query(&request, |query| {
        let after = query.optional("after", revision_or_none);
        let limit = query.optional("limit", whole(1..=LARGEST_PAGE, FaultCode::LimitOutOfRange)).unwrap_or(PAGE);
        Some((after, usize::try_from(limit).unwrap_or(1), wanted(query)))
    })?;
    let caller = asked(&request)?.caller()?;
    let who = format!("{} {}", caller.org, caller.subject);
    let streams = request.headers().get(ACCEPT).and_then(|value| value.to_str().ok());
    if !streams.is_some_and(|accepted| accepted.contains("text/event-stream")) {
        let app = Arc::clone(&edge.app);
        let after = Revision(after.unwrap_or(0));
        let page = hop(move || app.list_changes(after, limit, wanted)).await?;
        edge.app.readers.note(&who, page.next.0, edge.app.clock.uptime());
        return json(StatusCode::OK, &page);
    }
    let resumed = request.headers().get(LAST_EVENT_ID).map(|value| {
        let revision = value.to_str().map_err(|_| FaultCode::NumberOutOfRange).and_then(revision_or_none);
        revision.map_err(|code| Problem::from(Fault::new("/Last-Event-ID", code)))
    });
    let told = Revision(resumed.transpose()?.or(after).unwrap_or(0));
    let expires_at = asked(&request)?.expires_at().unwrap_or(i64::MAX);
    let edge = Arc::clone(edge);
    if told > edge.app.head_seen() {
        return Err(ProblemType::NotYetCurrent.into());
    }
    let following = Following { edge, who, wanted, limit, told, read: told, beaten: None, expires_at, ended: false };
    Ok(HttpResponse::Ok().content_type("text/event-stream").streaming(Box::pin(events(following))))
}

/// An open stream of events.
struct Following {
    edge: Arc<Edge>,
    /// Who reads.
    who: String,
    wanted: Wanted,
    limit: usize,
    /// Up to where the client was told everything.
    told: Revision,
    /// Up to where the list was read; what lies between is not wanted.
    read: Revision,
    /// When the last event went out, in the node's uptime.
    beaten: Option<Duration>,
    expires_at: i64,
    ended: bool,
}

/// What an open stream does next.
enum Step {
    Say(String),
    Wait,
}

impl Following {
    /// Works out the next event.
    async fn step(&mut self) -> Result<Step, Problem> {
        let now = self.edge.app.clock.now().micros() / 1_000_000;
        let why = if self.edge.is_draining() {
            Some("shutdown")
        } else if now >= self.expires_at {
            Some("token_expired")
        } else {
            None
        };
        if let Some(why) = why {
            self.ended = true;
            return Ok(Step::Say(format!("event: end\ndata: {{\"reason\":\"{why}\"}}\n\n")));
        }
        if self.beaten.is_none() || self.edge.app.head_seen() > self.read {
            let (app, behind, limit, wanted) = (Arc::clone(&self.edge.app), self.read, self.limit, self.wanted);
            match hop(move || Ok(app.list_changes(behind, limit, wanted))).await? {
                Ok(page) => {
                    self.read = page.next;
                    if self.beaten.is_none() || !page.items.is_empty() {
                        return self.say(page);
                    }
                    if page.next < page.head {
                        return Ok(Step::Say(String::new()));
                    }
                }
                // A node that is not sure says nothing of the list; the connection stays for when it is.
                Err(AppError::StaleNode) => {}
                Err(error) => return Err(error.into()),
            }
        }
        let uptime = self.edge.app.clock.uptime();
        if self.beaten.is_none_or(|beaten| uptime.saturating_sub(beaten) < self.edge.beat) {
            return Ok(Step::Wait);
        }
        if self.edge.app.fresh().is_err() {
            self.beaten = Some(self.edge.app.clock.uptime());
            return Ok(Step::Say(": stale\n\n".to_owned()));
        }
        let (after, next) = (self.told, self.read);
        self.say(ChangePage { after, next, head: self.edge.app.head_seen().max(next), items: Vec::new() })
    }

    fn say(&mut self, page: ChangePage) -> Result<Step, Problem> {
        let page = ChangePage { after: self.told, ..page };
        self.told = page.next;
        self.beaten = Some(self.edge.app.clock.uptime());
        self.edge.app.readers.note(&self.who, page.next.0, self.edge.app.clock.uptime());
        let data =
            serde_json::to_string(&page).map_err(|error| Problem::new(ProblemType::Internal).caused_by(error))?;
        Ok(Step::Say(format!("event: changes\nid: {}\ndata: {data}\n\n", page.next)))
    }
}

/// Says what there is, else waits; ends where the stream ends.
fn events(following: Following) -> impl Stream<Item = Result<Bytes, Problem>> {
    stream::try_unfold(following, |mut following| async move {
        if following.ended {
            return Ok(None);
        }
        loop {
            match following.step().await? {
                Step::Say(text) if text.is_empty() => {}
                Step::Say(text) => return Ok(Some((Bytes::from(text), following))),
                Step::Wait => tokio::time::sleep(LOOK.min(following.edge.beat)).await,
            }
        }
    })
}

fn snapshot_query(request: &HttpRequest) -> Result<(Option<Revision>, Wanted), Problem> {
    read_query(request, |query| {
        let revision = query.optional("revision", whole(1..=LAST_REVISION, FaultCode::NumberOutOfRange));
        Some((revision.map(Revision), wanted(query)))
    })
}

/// Hands out the whole list, line by line.
pub async fn get_snapshot(request: HttpRequest) -> Result<HttpResponse, Problem> {
    let app: Arc<App> = Arc::clone(&edge(&request)?.app);
    let (revision, wanted) = snapshot_query(&request)?;
    let snapshot = hop(move || app.list_snapshot(revision, wanted)).await?;
    let response = HttpResponse::Ok().content_type("application/x-ndjson").streaming(Box::pin(pieces(snapshot)));
    Ok(packed(&request, response))
}

/// Packs a response by gzip for whoever takes that.
fn packed(request: &HttpRequest, response: HttpResponse) -> HttpResponse<BoxBody> {
    let offered = [Encoding::identity(), Encoding::gzip()];
    let accepted = AcceptEncoding::parse(request).ok();
    let chosen = accepted.and_then(|accepted| accepted.negotiate(offered.iter()));
    if chosen != Some(Encoding::gzip()) {
        return response;
    }
    response.map_body(|head, body| Encoder::response(ContentEncoding::Gzip, head, body)).map_into_boxed_body()
}

/// Makes each piece when the one before is on its way. A failure breaks the connection off, so that half a snapshot, which
/// lacks its last line, is never taken for a whole one.
fn pieces(snapshot: ListSnapshot) -> impl Stream<Item = Result<Bytes, Problem>> {
    stream::try_unfold(snapshot, |mut snapshot| async move {
        let (snapshot, piece) = hop_for(PIECE, move || {
            let piece = snapshot.piece()?;
            Ok((snapshot, piece))
        })
        .await?;
        Ok(piece.map(|piece| (Bytes::from(piece), snapshot)))
    })
}

/// Says what the digest of a snapshot is, without sending it.
pub async fn get_snapshot_digest(request: HttpRequest) -> Result<HttpResponse, Problem> {
    let app = Arc::clone(&edge(&request)?.app);
    let (revision, wanted) = snapshot_query(&request)?;
    json(StatusCode::OK, &hop_for(PIECE, move || app.list_digest(revision, wanted)).await?)
}
