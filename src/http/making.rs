//! Makes the reports that are waited for: one after the other, from one node at a time, beside everything else.
//!
//! A report is made by asking the export that it names, inside the process, as whoever wants it; so it holds no rules of its own,
//! and says what they would be told. Invariant: a maker that lost its lease, or whose job was removed, writes nothing any more.

use super::blocking::be_patient;
use super::edge::Edge;
use super::portal::gateway::{Asked, Gateway, Sender};
use crate::app::report_jobs::{Made, ReportJobRow, asker};
use crate::app::worker::Worker;
use crate::app::{App, AppError};
use crate::domain::lang::Lang;
use crate::domain::validity::Instant;
use actix_web::body::MessageBody as _;
use actix_web::http::StatusCode;
use actix_web::http::header::{CONTENT_DISPOSITION, CONTENT_TYPE, HeaderName};
use actix_web::{rt, web};
use serde_json::Value;
use std::future::{Future, poll_fn};
use std::pin::pin;
use std::sync::Arc;
use std::time::Duration;
use tokio::sync::oneshot;

/// How often it is looked whether somebody waits.
const LOOK: Duration = Duration::from_secs(1);

/// How long one node may make reports before it has to ask again.
const LEASE: Duration = Duration::from_secs(60);

/// How often it asks while it makes one.
const RENEW: Duration = Duration::from_secs(20);

/// Bytes of a file that are written together.
const PIECE: usize = 256 * 1024;

/// How much of reports is kept, and for how long.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct ReportLimits {
    /// How long a file is kept.
    pub kept: Duration,
    /// Most bytes of a file.
    pub most: u64,
}

impl Default for ReportLimits {
    fn default() -> Self {
        Self { kept: Duration::from_secs(7 * 86_400), most: 64 * 1024 * 1024 }
    }
}

/// Makes reports.
pub struct Maker {
    edge: web::Data<Edge>,
    gateway: Gateway,
    holder: String,
}

impl Maker {
    /// Makes what makes reports; nothing is made yet.
    #[must_use]
    pub fn new(edge: Arc<Edge>) -> Self {
        let holder = uuid::Uuid::new_v4().simple().to_string();
        Self { edge: web::Data::from(edge), gateway: Gateway::default(), holder }
    }

    async fn beside<T: Send + 'static>(
        &self,
        work: impl FnOnce(&App) -> Result<T, AppError> + Send + 'static,
    ) -> Result<T, AppError> {
        let app = Arc::clone(&self.edge.app);
        web::block(move || work(&app)).await.map_err(AppError::unwritable)?
    }

    /// Takes or keeps the lease for a time; says whether this node may make reports.
    async fn lease(&self, time: Duration) -> Result<bool, AppError> {
        // No time at all ends before now, so that it is free at once.
        let micros = i64::try_from(time.as_micros()).unwrap_or(i64::MAX);
        let (holder, micros) = (self.holder.clone(), if micros == 0 { -1 } else { micros });
        self.beside(move |app| app.lease_reports(&holder, micros)).await
    }

    /// Lets go of the work, so that another node, or this one after its start, need not wait.
    ///
    /// # Errors
    /// The store's failure.
    pub async fn let_go(&self) -> Result<(), AppError> {
        self.lease(Duration::ZERO).await.map(drop)
    }

    fn kept_until(&self) -> Instant {
        let kept = i64::try_from(self.edge.reports.kept.as_micros()).unwrap_or(i64::MAX);
        Instant::from_micros(self.edge.app.clock.now().micros().saturating_add(kept))
    }

    /// Makes every report that is waited for, where this node may; returns how many it took up.
    ///
    /// # Errors
    /// The store's failure.
    pub async fn round(&self) -> Result<usize, AppError> {
        let mut taken = 0_usize;
        if !self.beside(App::report_is_due).await? {
            return Ok(taken);
        }
        while self.lease(LEASE).await? {
            let kept_until = self.kept_until();
            let Some(row) = self.beside(move |app| app.take_report(kept_until)).await? else { break };
            taken = taken.saturating_add(1);
            let id = row.id.clone();
            let Some((row, made)) = self.held(self.make(row)).await?.transpose()?.flatten() else { continue };
            if let Made::Refused(reason) | Made::Later(reason) = &made {
                tracing::warn!(job = %id, reason, "a report was not made");
            }
            let later = matches!(made, Made::Later(_));
            let kept_until = self.kept_until();
            self.beside(move |app| app.settle_report(row, made, kept_until)).await?;
            if later {
                break;
            }
        }
        Ok(taken)
    }

    /// Does something while the lease is kept; none when it was lost.
    async fn held<T>(&self, work: impl Future<Output = T>) -> Result<Option<T>, AppError> {
        let mut work = pin!(work);
        loop {
            tokio::select! {
                done = &mut work => return Ok(Some(done)),
                () = tokio::time::sleep(RENEW) => {
                    if !self.lease(LEASE).await? {
                        return Ok(None);
                    }
                }
            }
        }
    }

    /// Asks the export and keeps what it answers. None when the job was removed meanwhile.
    async fn make(&self, mut row: ReportJobRow) -> Result<Option<(ReportJobRow, Made)>, AppError> {
        let lang = if row.lang == "zh" { Lang::Zh } else { Lang::En };
        let id = row.request_id.clone().into_boxed_str();
        let sender = Sender { caller: Some(asker(&row)), lang, id: id.clone(), peer: None, host: None };
        let asked = Asked::get(row.target.clone());
        let response = match self.gateway.forward(self.edge.clone(), &sender, asked).await {
            Ok(response) => response,
            Err(problem) => return Ok(Some((row, refused(&problem.view(lang, &id), problem.kind.status())))),
        };
        let status = response.status();
        let header = |name: HeaderName| {
            let value = response.headers().get(name).and_then(|value| value.to_str().ok());
            value.unwrap_or_default().to_owned()
        };
        let (media, disposition) = (header(CONTENT_TYPE), header(CONTENT_DISPOSITION));
        if !status.is_success() {
            let body = actix_web::body::to_bytes(response.into_body()).await.unwrap_or_default();
            let problem: Value = serde_json::from_slice(&body).unwrap_or_default();
            return Ok(Some((row, refused(&problem, status))));
        }
        let file = disposition.split('"').nth(1).unwrap_or("report").to_owned();
        let mut body = pin!(response.into_body());
        let (mut piece, mut size, most) = (Vec::new(), 0_u64, self.edge.reports.most);
        loop {
            let chunk = match poll_fn(|context| body.as_mut().poll_next(context)).await {
                Some(Ok(chunk)) => chunk,
                Some(Err(error)) => return Ok(Some((row, Made::Later(error.to_string())))),
                None => break,
            };
            size = size.saturating_add(u64::try_from(chunk.len()).unwrap_or(u64::MAX));
            if size > most {
                return Ok(Some((row, Made::Refused(too_large(lang, most)))));
            }
            for part in chunk.chunks(PIECE) {
                piece.extend_from_slice(part);
                if piece.len() >= PIECE {
                    let Some(next) = self.write(row, std::mem::take(&mut piece)).await? else { return Ok(None) };
                    row = next;
                }
            }
        }
        if !piece.is_empty() {
            let Some(next) = self.write(row, piece).await? else { return Ok(None) };
            row = next;
        }
        Ok(Some((row, Made::Whole(media, file))))
    }

    async fn write(&self, row: ReportJobRow, piece: Vec<u8>) -> Result<Option<ReportJobRow>, AppError> {
        self.beside(move |app| app.add_report_part(row, piece)).await
    }

    /// Makes reports until it is stopped; what is under way then is made anew by whoever comes next.
    async fn run(&self, mut stopped: oneshot::Receiver<()>) {
        loop {
            let round = async {
                if let Err(error) = self.round().await {
                    tracing::warn!(%error, "reports could not be made");
                }
                tokio::time::sleep(LOOK).await;
            };
            tokio::select! {
                () = round => {}
                _ = &mut stopped => break,
            }
        }
        if let Err(error) = self.let_go().await {
            tracing::debug!(%error, "the lease of reports was not let go");
        }
    }
}

/// Says in words why an export refused; what may be otherwise in a moment is tried again.
fn refused(problem: &Value, status: StatusCode) -> Made {
    let text = |member: &str| problem.get(member).and_then(Value::as_str).unwrap_or_default();
    let faults = problem.get("faults").and_then(Value::as_array);
    let faults = faults.into_iter().flatten().filter_map(|fault| {
        let text = |member: &str| fault.get(member).and_then(Value::as_str);
        Some(format!("{} {}", text("pointer")?, text("detail")?))
    });
    let parts = [text("title").to_owned(), text("detail").to_owned()].into_iter().chain(faults);
    let reason = parts.filter(|part| !part.is_empty()).collect::<Vec<_>>().join(" · ");
    let passing = matches!(status, StatusCode::SERVICE_UNAVAILABLE | StatusCode::TOO_MANY_REQUESTS);
    if passing { Made::Later(reason) } else { Made::Refused(reason) }
}

fn too_large(lang: Lang, most: u64) -> String {
    let most = most.checked_div(1024 * 1024).unwrap_or(0);
    match lang {
        Lang::Zh => format!("文件超过 {most} MB 的上限；请缩小范围后重新要求。"),
        Lang::En => format!("The file is larger than the {most} MB that are kept; ask for less of it."),
    }
}

/// The thread that makes reports. Hanging up stops it, so that it is hung up before it is waited for.
pub struct Making {
    _stop: oneshot::Sender<()>,
    _thread: Worker,
}

impl Making {
    /// Starts making reports.
    ///
    /// # Errors
    /// When no thread can be started.
    pub fn start(edge: Arc<Edge>) -> std::io::Result<Self> {
        let (stop, stopped) = oneshot::channel();
        let thread = Worker::start("reports", move || {
            be_patient();
            rt::System::new().block_on(async move { Maker::new(edge).run(stopped).await });
        })?;
        Ok(Self { _stop: stop, _thread: thread })
    }
}
