//! Time stamps over signed heads (RFC 3161): an authority outside says when a head was there at the latest.
//!
//! Nothing of it is in the way of a change or a lookup: heads are signed and served without stamps, which follow as they come. Invariant: only an
//! answer over the very head, for the very request, is kept.

use crate::app::view::Page;
use crate::app::{App, AppError};
use crate::domain::validity::Instant;
use crate::store::keep::timestamps::{self, TimestampRow, WithHead};
use crate::store::private::random;
use crate::store::{AnyConnection, StoreError, log};
use crate::tlog::Hash;
use crate::tlog::timestamp::{StampError, imprint, query, read};
use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use serde::Serialize;
use std::sync::atomic::{AtomicI64, AtomicU64, Ordering};
use std::time::Duration;

/// How far stamps are apart at least: each covers all that came before, and authorities count.
pub const APART: Duration = Duration::from_secs(3_600);

/// What came of asking the authority, for the figures.
#[derive(Debug, Default)]
pub struct Timestamped {
    /// Entries under the newest head that is stamped.
    pub entries: AtomicI64,
    /// When that was stamped, seconds since 1970; 0 without a stamp.
    pub at: AtomicI64,
    /// How often the authority gave none.
    pub failures: AtomicU64,
}

/// A request to the authority.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Request {
    /// Entries of the head that is to be stamped.
    pub size: i64,
    imprint: Hash,
    nonce: Vec<u8>,
    /// Body of the request (`application/timestamp-query`).
    pub body: Vec<u8>,
}

/// A time stamp as it is handed out.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct StampView {
    /// Entries of the head.
    pub size: u64,
    /// The head as the log signed it, byte for byte what was stamped; signatures of witnesses stand elsewhere.
    pub note: String,
    /// When it was stamped, as the authority says.
    pub stamped_at: Instant,
    /// Serial number at the authority, hexadecimal.
    pub serial: String,
    /// Who stamped.
    pub authority: String,
    /// The answer of the authority (`application/timestamp-reply`), in Base64.
    pub reply: String,
}

/// Reads stamps in order of their heads, from behind a size.
///
/// # Errors
/// The database's failure; [`StoreError::Damaged`] when the head of a stamp is gone.
pub fn stamps_behind(conn: &mut AnyConnection, after: i64, limit: i64) -> Result<Vec<StampView>, StoreError> {
    let view = |(row, note): WithHead| {
        let missing = || StoreError::damaged(format!("head {} of a time stamp is missing", row.size));
        let note = note.ok_or_else(missing)?;
        Ok(StampView {
            size: u64::try_from(row.size).map_err(StoreError::damaged)?,
            note,
            stamped_at: Instant::from_micros(row.stamped_at),
            serial: row.serial,
            authority: row.authority,
            reply: STANDARD.encode(row.reply),
        })
    };
    timestamps::behind(conn, after, limit)?.into_iter().map(view).collect()
}

impl App {
    /// Says what the authority is to be asked; nothing while the newest head is stamped, or the last stamp is young.
    ///
    /// # Errors
    /// The store's failure.
    pub fn stamp_due(&self) -> Result<Option<Request>, AppError> {
        let (head, last) =
            self.store.read(|conn| Ok::<_, StoreError>((log::newest_checkpoint(conn)?, timestamps::newest(conn)?)))?;
        if let Some(last) = &last {
            self.note_stamp(last.size, last.stamped_at);
        }
        let Some((size, note)) = head.filter(|(size, _)| last.as_ref().is_none_or(|last| last.size < *size)) else {
            return Ok(None);
        };
        let apart = i64::try_from(APART.as_micros()).unwrap_or(i64::MAX);
        let now = self.clock.now().micros();
        if last.is_some_and(|last| now.saturating_sub(last.kept_at) < apart) {
            return Ok(None);
        }
        let [first, rest @ ..]: [u8; 8] = random()?;
        // A whole number that is written in as many bytes as it has.
        let nonce: Vec<u8> = [first & 0x7f | 0x40].into_iter().chain(rest).collect();
        let imprint = imprint(note.as_bytes());
        let body = query(imprint, &nonce).map_err(StoreError::damaged)?;
        Ok(Some(Request { size, imprint, nonce, body }))
    }

    /// Keeps the answer of the authority.
    ///
    /// # Errors
    /// The store's failure. The inner error says that the answer is no stamp of what was asked.
    pub fn stamped(
        &self,
        authority: &str,
        request: &Request,
        reply: Vec<u8>,
    ) -> Result<Result<(), StampError>, AppError> {
        let stamp = match read(&reply) {
            Ok(stamp) if stamp.imprint != request.imprint => return Ok(Err(StampError::Imprint)),
            Ok(stamp) if stamp.nonce != request.nonce => return Ok(Err(StampError::Nonce)),
            Ok(stamp) => stamp,
            Err(error) => return Ok(Err(error)),
        };
        let now = self.clock.now();
        let row = TimestampRow {
            size: request.size,
            authority: authority.to_owned(),
            reply,
            serial: stamp.serial,
            stamped_at: stamp.at,
            kept_at: now.micros(),
        };
        self.store.keep(now, move |conn| timestamps::keep(conn, &row))?;
        self.note_stamp(request.size, stamp.at);
        Ok(Ok(()))
    }

    fn note_stamp(&self, size: i64, at: i64) {
        self.timestamped.entries.store(size, Ordering::Relaxed);
        self.timestamped.at.store(at / 1_000_000, Ordering::Relaxed);
    }

    /// Lists time stamps in order of their heads, from behind a size.
    ///
    /// # Errors
    /// The store's failure.
    pub fn log_timestamps(&self, after: i64, limit: usize) -> Result<Page<StampView>, AppError> {
        let most = i64::try_from(limit).unwrap_or(i64::MAX).saturating_add(1);
        let mut items = self.store.read(|conn| stamps_behind(conn, after, most))?;
        let more = items.len() > limit;
        items.truncate(limit);
        let next = items.last().filter(|_| more).map(|stamp| stamp.size.to_string());
        Ok(Page { items, next })
    }
}
