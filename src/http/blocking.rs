//! The one hop from async to blocking code, with the deadline of a handler.

use super::problem::{Faults, Problem, ProblemType};
use crate::app::{AppError, give_way};
use crate::domain::draw::{Conflict, LapseCode, Refusal};
use crate::domain::error::Rule;
use crate::domain::revision::Revision;
use crate::sheet;
use actix_web::http::header::{ETAG, HeaderValue};
use actix_web::web;
use std::cell::Cell;
use std::time::Duration;
use tokio::sync::oneshot;

/// Time a use case may take (security limits: handler time).
const DEADLINE: Duration = Duration::from_secs(10);

/// Time it may take where nobody waits for the answer.
const PATIENT: Duration = Duration::from_secs(30 * 60);

thread_local! {
    static IS_PATIENT: Cell<bool> = const { Cell::new(false) };
}

/// Says that nobody waits for what the calling thread asks: its use cases may take long.
pub fn be_patient() {
    IS_PATIENT.set(true);
}

/// Runs a use case on a blocking thread.
///
/// # Errors
/// What the use case answers as a problem; `unavailable` past the deadline, when the outcome is unknown.
pub async fn hop<T: Send + 'static>(work: impl FnOnce() -> Result<T, AppError> + Send + 'static) -> Result<T, Problem> {
    hop_for(DEADLINE, work).await
}

/// The same with a longer deadline, for imports and exports.
///
/// # Errors
/// As [`hop`].
pub async fn hop_for<T: Send + 'static>(
    deadline: Duration,
    work: impl FnOnce() -> Result<T, AppError> + Send + 'static,
) -> Result<T, Problem> {
    let deadline = if IS_PATIENT.get() { PATIENT } else { deadline };
    match tokio::time::timeout(deadline, web::block(behind(work))).await {
        Ok(Ok(outcome)) => outcome.map_err(Problem::from),
        Ok(Err(error)) => Err(Problem::new(ProblemType::Internal).caused_by(error)),
        Err(_) => Err(late()),
    }
}

/// Waits for what another thread will tell, without a thread that waits.
///
/// # Errors
/// As [`hop`]; also when it ends without a word, and the outcome is unknown.
pub async fn told<T>(telling: oneshot::Receiver<Result<T, AppError>>) -> Result<T, Problem> {
    match tokio::time::timeout(DEADLINE, telling).await {
        Ok(Ok(outcome)) => outcome.map_err(Problem::from),
        Ok(Err(_)) => Err(AppError::outcome_unknown().into()),
        Err(_) => Err(late()),
    }
}

/// The work goes on; whoever asked learns the outcome by asking again.
fn late() -> Problem {
    Problem::new(ProblemType::Unavailable).caused_by("the deadline of the handler passed")
}

/// Work on a thread of its own gives way to the threads that answer lookups.
fn behind<T>(work: impl FnOnce() -> T) -> impl FnOnce() -> T {
    thread_local! {
        static GIVEN_WAY: () = give_way();
    }
    move || {
        GIVEN_WAY.with(|()| {});
        work()
    }
}

/// Writes the entity tag of a revision.
#[must_use]
pub fn etag(revision: Revision) -> HeaderValue {
    HeaderValue::from_str(&format!("\"{revision}\"")).unwrap_or_else(|_| HeaderValue::from_static("\"0\""))
}

impl From<AppError> for Problem {
    fn from(error: AppError) -> Self {
        match error {
            AppError::NotFound => Self::new(ProblemType::NotFound),
            AppError::Forbidden => Self::new(ProblemType::Forbidden),
            AppError::Faults(faults) => faults
                .into_iter()
                .map(|(pointer, code)| super::problem::Fault { pointer, code })
                .collect::<Vec<_>>()
                .into(),
            AppError::Refused(refusals) => refused(refusals),
            AppError::Explained(refusals, zh, en) => refused(refusals).with_detail(zh, en),
            AppError::Sheet(faults) => faults.iter().map(sheet_fault).collect::<Vec<_>>().into(),
            AppError::StaleVersion(revision) | AppError::StaleDraft(revision) => stale(revision),
            AppError::Overtaken(revision, steps) => Self { faults: Faults::Overtaken(steps), ..stale(revision) },
            AppError::Conflict(revision) => Self::new(ProblemType::Conflict).with_header(ETAG, etag(revision)),
            AppError::Draw(refusal) => draw_refused(refusal),
            AppError::StaleNode => Self::new(ProblemType::StaleNode),
            AppError::NotYetCurrent => Self::new(ProblemType::NotYetCurrent),
            AppError::Unrecorded => Self::new(ProblemType::Unavailable).with_detail(
                "暂时无法记录答复，因此不作答复；请立即改向另一节点核验，或稍后重试。",
                "The answer cannot be put on record now, so none is given; ask another node at once, or this one again in a moment.",
            ),
            AppError::NoFont(why) => Self::new(ProblemType::NoFont).caused_by(why),
            AppError::Store(ref failure) if failure.is_ours() => {
                Self::new(ProblemType::Internal).caused_by(error_chain(&error))
            }
            AppError::Store(ref failure) if failure.is_frozen() => Self::new(ProblemType::Unavailable)
                .with_detail(
                    "变更日志已公布的部分与数据库不符（数据库由备份恢复，或日志已换分片），服务不再接受变更；查询照常。管理员须查明后运行 `whitelist log reshard --reason …` 并重新启动服务。",
                    "What was published of the log is not in this database: it was restored from a backup, or the log has gone on in another shard. Changes are refused, lookups go on. The operator must find out why, run `whitelist log reshard --reason …` and start the service again.",
                )
                .caused_by(error_chain(&error)),
            AppError::Store(_) => Self::new(ProblemType::Unavailable).caused_by(error_chain(&error)),
        }
    }
}

fn stale(now: Revision) -> Problem {
    Problem::new(ProblemType::StaleVersion).with_header(ETAG, etag(now))
}

fn refused(refusals: Vec<crate::app::error::Refusal>) -> Problem {
    let refusal = |it: crate::app::error::Refusal| super::problem::Refusal { pointer: it.pointer, rule: it.rule };
    refusals.into_iter().map(refusal).collect::<Vec<_>>().into()
}

fn error_chain(error: &dyn std::error::Error) -> String {
    let mut text = error.to_string();
    let mut source = error.source();
    while let Some(error) = source {
        text.push_str(": ");
        text.push_str(&error.to_string());
        source = error.source();
    }
    text
}

fn sheet_fault(fault: &sheet::SheetFault) -> super::problem::SheetFault {
    use crate::domain::bilingual::Bilingual;
    use crate::domain::lang::Lang;
    super::problem::SheetFault {
        sheet: fault.sheet.clone(),
        row: fault.row,
        column: fault.column.clone(),
        value: fault.value.clone(),
        code: fault.code,
        detail: Bilingual { zh: fault.detail(Lang::Zh), en: fault.detail(Lang::En) },
    }
}

/// Says why a draw was refused.
fn draw_refused(refusal: Refusal) -> Problem {
    match refusal {
        Refusal::Unknown => Problem::new(ProblemType::NotFound).with_detail(
            "没有这份报关单；请先发送核注（PUT），再重发本条报文。",
            "There is no such declaration; send its PUT first, then this message again.",
        ),
        Refusal::Mismatch => Problem::new(ProblemType::IdempotencyMismatch).with_detail(
            "该 sequence 已用于另一条内容不同的报文；请查询报关单现状，以更高的 sequence 重新发送。",
            "This sequence belongs to another message; read the declaration and send the message under a higher sequence.",
        ),
        Refusal::Faults(faults) => AppError::Faults(faults).into(),
        Refusal::OtherImporter => Rule::ImporterFixed.into(),
        Refusal::Lines(lines) => lines.into(),
        Refusal::Conflict(conflict) => {
            let (zh, en) = conflict_text(conflict);
            Problem::new(ProblemType::Conflict).with_detail(zh, en)
        }
    }
}

fn conflict_text(conflict: Conflict) -> (String, String) {
    match conflict {
        Conflict::State(state) => (
            format!("报关单的状态为 {}，不允许此操作；请先查询报关单现状。", state.as_str()),
            format!("The declaration is `{}`, which does not allow this; read it first.", state.as_str()),
        ),
        Conflict::Lapsed(why) => {
            let code = why.map_or("lapsed", LapseCode::as_str);
            (
                format!("核注已由系统返还（{code}）；如仍需进口，请重新核注（PUT）。"),
                format!("The reservation has lapsed ({code}); if the goods still come, state it anew with PUT."),
            )
        }
        Conflict::MessagesMissing { from, to } => (
            format!("sequence {from} 至 {to} 的报文尚未收到；请先发送，或在 position 中指明所核销的核注。"),
            format!("Messages {from} to {to} have not come; send them first, or name the PUT in `position`."),
        ),
        Conflict::OtherPosition { stands } => (
            format!("现有核注的 sequence 为 {stands}，与 position 不符；请待该核注送达后重发，或查询报关单现状。"),
            format!(
                "The PUT that stands has sequence {stands}, not the one in `position`; send this again after that PUT, or read the declaration."
            ),
        ),
    }
}
