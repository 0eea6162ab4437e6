//! Changes that may be asked for twice: the answer of the first time is kept with its effect (Idempotency-Key).

use super::App;
use super::error::AppError;
use crate::store::keep::responses;
pub use crate::store::keep::responses::Response;
use crate::store::{Context, Recorded, Tx};

/// Names a request that may be repeated, and its content.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct RepeatKey {
    /// SHA-256 over issuer, subject, method, path and key.
    pub scope: [u8; 32],
    /// SHA-256 over body and precondition.
    pub digest: [u8; 32],
}

/// How long responses are kept for repeated requests: 7 days, in microseconds.
const KEPT: i64 = 7 * 86_400_000_000;

/// What a state-changing request is answered.
#[derive(Debug)]
pub enum Written<T> {
    /// Carried out now.
    Now(Recorded<T>),
    /// Carried out before: the kept response.
    Before(Response),
    /// The key was used for another request.
    Mismatch,
}

/// Renders what is kept for a repeated request.
pub type Keep<T> = Box<dyn FnOnce(&T, &RepeatKey) -> Response + Send>;

/// The key of a request that may be repeated, and what is kept for it; none for a request without a key.
pub type Repeat<T> = Option<(RepeatKey, Keep<T>)>;

enum Outcome<T> {
    Now(T),
    Before(Response),
    Mismatch,
}

impl App {
    /// Runs a change once, however often it is asked for under the same key.
    ///
    /// # Errors
    /// What the work refuses; the store's failure.
    pub fn repeatable<T: Send + 'static>(
        &self,
        context: Context,
        repeat: Repeat<T>,
        work: impl FnOnce(&mut Tx<'_>) -> Result<T, AppError> + Send + 'static,
    ) -> Result<Written<T>, AppError> {
        let outcome = self.store.write(context, move |tx| {
            if let Some((key, _)) = &repeat
                && let Some(kept) = responses::find(tx.conn(), &key.scope)?
            {
                return Ok(if kept.request_digest == key.digest { Outcome::Before(kept) } else { Outcome::Mismatch });
            }
            let value = work(tx)?;
            if let Some((key, keep)) = repeat {
                let kept_at = tx.context().at.micros();
                let response = Response { kept_at, ..keep(&value, &key) };
                responses::insert(tx.conn(), &response, kept_at.saturating_sub(KEPT))?;
            }
            Ok::<_, AppError>(Outcome::Now(value))
        })?;
        Ok(match outcome.value {
            Outcome::Now(value) => Written::Now(Recorded { value, revision: outcome.revision }),
            Outcome::Before(kept) => Written::Before(kept),
            Outcome::Mismatch => Written::Mismatch,
        })
    }

    /// Finds the response kept for a request, or says that the key was used for another.
    ///
    /// # Errors
    /// The store's failure.
    pub fn kept_response(&self, key: &RepeatKey) -> Result<Option<Written<()>>, AppError> {
        let kept = self.store.read(|conn| responses::find(conn, &key.scope))?;
        Ok(kept.map(|kept| if kept.request_digest == key.digest { Written::Before(kept) } else { Written::Mismatch }))
    }

    /// Keeps the response of a refusal, so that a repeated request is refused the same way.
    ///
    /// # Errors
    /// The store's failure.
    pub fn keep_response(&self, response: Response) -> Result<(), AppError> {
        let at = self.clock.now();
        let response = Response { kept_at: at.micros(), ..response };
        self.store.keep(at, move |conn| {
            if responses::find(conn, &response.scope)?.is_none() {
                responses::insert(conn, &response, at.micros().saturating_sub(KEPT))?;
            }
            Ok(())
        })?;
        Ok(())
    }
}
