//! Raw messages of the draw interface: what came and what was answered, refused ones too. They are written beside the
//! draws, not with them: what an investigator needs is no fact of the list, and the sequence keeps draws safe.

use super::super::view::Page;
use super::customs_of;
use crate::app::border::What;
use crate::app::report::{Seen, seen};
use crate::app::{App, AppError};
use crate::domain::actor::Caller;
use crate::domain::code::DeclarationNumber;
use crate::domain::id::{MessageId, time_ordered};
use crate::domain::validity::Instant;
use crate::store::keep::border_counts::{Kind, Tally};
use crate::store::keep::messages;
pub use crate::store::keep::messages::MessageRow;
use crate::store::private::random;
use crate::store::{Store, StoreError, declarations};
use std::time::Duration;

/// Messages written together at most, so that no draw waits long behind them.
pub const BATCH: usize = 512;

/// How long messages are kept when nothing else is set: two years.
pub const KEPT: Duration = Duration::from_secs(730 * 86_400);

/// Messages forgotten together at most.
const STRIDE: i64 = 2_000;

/// A message with its answer.
#[derive(Debug, Clone)]
pub struct Message {
    /// The declaration it is about.
    pub declaration: DeclarationNumber,
    /// What was asked for.
    pub verb: &'static str,
    /// Sequence, where the body could be read.
    pub sequence: Option<i64>,
    /// Who sent it.
    pub caller: Caller,
    /// When it came.
    pub received_at: Instant,
    /// HTTP status of the answer.
    pub status: u16,
    /// Revision it was answered with.
    pub revision: Option<i64>,
    /// Body of the request.
    pub request: Vec<u8>,
    /// Body of the answer.
    pub answer: Vec<u8>,
}

/// Writes messages.
///
/// # Errors
/// The store's failure.
pub fn write(store: &Store, batch: Vec<Message>) -> Result<(), StoreError> {
    let Some(last) = batch.last() else { return Ok(()) };
    let at = last.received_at;
    let mut refused = Tally::default();
    for message in batch.iter().filter(|message| (400..500).contains(&message.status)) {
        let (at, office) = (message.received_at.micros(), message.declaration.office().to_string());
        refused.add(at, &office, Kind::Event, What::Refused.as_str());
    }
    let rows = batch.into_iter().map(row).collect::<Result<Vec<_>, _>>()?;
    store.keep(at, move |conn| messages::insert(conn, &rows, &refused))
}

fn row(message: Message) -> Result<MessageRow, StoreError> {
    let Message { declaration, verb, sequence, caller, received_at, status, revision, request, answer, .. } = message;
    Ok(MessageRow {
        id: MessageId::new(time_ordered(received_at, random()?)).to_string(),
        declaration: declaration.to_string(),
        verb: verb.to_owned(),
        sequence,
        org: caller.org.to_string(),
        person: format!("{} {}", caller.issuer, caller.subject),
        received_at: received_at.micros(),
        status: i32::from(status),
        revision,
        request,
        answer,
    })
}

impl App {
    /// Deletes raw messages that were kept long enough, and refusals that nothing waits for; returns how many.
    ///
    /// # Errors
    /// The store's failure.
    pub fn forget_messages(&self, at: Instant) -> Result<usize, AppError> {
        let kept = i64::try_from(self.messages_kept.as_micros()).unwrap_or(i64::MAX);
        let oldest = Instant::from_micros(at.micros().saturating_sub(kept).max(0));
        let oldest = MessageId::new(time_ordered(oldest, [0; 10])).to_string();
        let mut forgotten = 0_usize;
        loop {
            let before = oldest.clone();
            // In strides, so that draws are not kept waiting.
            let gone = self.store.keep(at, move |conn| {
                let refused = declarations::refusals_done(conn, STRIDE)?;
                messages::forget_refused(conn, &refused)?;
                Ok(messages::forget(conn, &before, STRIDE)?.saturating_add(refused.len()))
            })?;
            if gone == 0 {
                return Ok(forgotten);
            }
            forgotten = forgotten.saturating_add(gone);
        }
    }

    /// Lists raw messages about a declaration in order of arrival.
    ///
    /// # Errors
    /// [`AppError::NotFound`] for a declaration of another customs; the store's failure.
    pub fn draw_messages(
        &self,
        caller: &Caller,
        declaration: DeclarationNumber,
        after: &str,
        limit: usize,
    ) -> Result<Page<MessageRow>, AppError> {
        let number = declaration.to_string();
        if !visible(&seen(caller)?, &number) {
            return Ok(Page { items: Vec::new(), next: None });
        }
        let most = i64::try_from(limit).unwrap_or(i64::MAX).saturating_add(1);
        let mut items = self.store.read(|conn| messages::about(conn, &number, after, most))?;
        let more = items.len() > limit;
        items.truncate(limit);
        let next = items.last().filter(|_| more).map(|row| row.id.clone());
        Ok(Page { items, next })
    }

    /// Finds a raw message.
    ///
    /// # Errors
    /// [`AppError::NotFound`], also for one of another customs.
    pub fn draw_message(&self, caller: &Caller, id: MessageId) -> Result<MessageRow, AppError> {
        let seen = seen(caller)?;
        let row = self.store.read(|conn| messages::find(conn, &id.to_string()))?;
        row.filter(|row| visible(&seen, &row.declaration)).ok_or(AppError::NotFound)
    }
}

fn visible(seen: &Seen, declaration: &str) -> bool {
    match seen {
        Seen::All => true,
        Seen::Customs(own) => declaration.get(..4).and_then(customs_of) == Some(own),
        Seen::Enterprise(_) => false,
    }
}
