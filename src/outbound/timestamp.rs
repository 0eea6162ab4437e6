//! Asks an authority to stamp the newest head of the log (RFC 3161 over HTTP, section 3.4), from a thread of its own.
//!
//! It keeps nothing itself and hurries nobody: an authority that is away or slow is asked again later. Invariant: what the authority fails to give
//! is counted and said, never passed over.

use super::rounds::Rounds;
use crate::app::neighbours::Neighbour;
use crate::app::{App, AppError};
use reqwest::header::CONTENT_TYPE;
use reqwest::{Response, StatusCode};
use std::sync::Arc;
use std::sync::atomic::Ordering;
use std::time::Duration;
use url::Url;

/// How often the newest head is looked at.
const EVERY: Duration = Duration::from_secs(60);

/// Longest wait for the authority's word.
const PATIENCE: Duration = Duration::from_secs(10);

/// Longest answer that is read, bytes: a stamp with its certificates has a few thousand.
const LONGEST: usize = 64 * 1024;

/// A time-stamping authority.
pub struct Authority {
    client: reqwest::Client,
    url: Url,
    name: String,
}

/// What one round came to.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Round {
    /// Nothing was to be stamped.
    Nothing,
    /// A head was stamped.
    Stamped,
    /// The authority gave no stamp.
    Failed,
}

impl Authority {
    /// Makes a client; nothing is sent.
    ///
    /// # Errors
    /// What is wrong with the address, in words.
    pub fn new(url: &Url) -> Result<Self, String> {
        let client = reqwest::Client::builder()
            .timeout(PATIENCE)
            .redirect(reqwest::redirect::Policy::none())
            .build()
            .map_err(|error| error.to_string())?;
        // Who may ask there is nobody else's business.
        let host = url.host_str().unwrap_or_default();
        let port = url.port().map(|port| format!(":{port}")).unwrap_or_default();
        let name = format!("{host}{port}{}", url.path());
        Ok(Self { client, url: url.clone(), name })
    }

    /// Asks for a stamp if one is due.
    ///
    /// # Errors
    /// The store's failure.
    pub async fn ask(&self, app: &App) -> Result<Round, AppError> {
        let Some(request) = app.stamp_due()? else { return Ok(Round::Nothing) };
        let reply = self.post(request.body.clone()).await;
        app.neighbours.note(Neighbour::TimeStamps, reply.is_ok(), app.clock.uptime());
        let why = match reply {
            Ok(reply) => match app.stamped(&self.name, &request, reply)? {
                Ok(()) => return Ok(Round::Stamped),
                Err(error) => error.to_string(),
            },
            Err(why) => why,
        };
        app.timestamped.failures.fetch_add(1, Ordering::Relaxed);
        tracing::error!(authority = self.name, size = request.size, why, "the head of the log got no time stamp");
        Ok(Round::Failed)
    }

    async fn post(&self, body: Vec<u8>) -> Result<Vec<u8>, String> {
        let request = self.client.post(self.url.clone()).header(CONTENT_TYPE, "application/timestamp-query").body(body);
        // The address may hold a password; the error would show it.
        let response = request.send().await.map_err(|error| error.without_url().to_string())?;
        match response.status() {
            StatusCode::OK => whole(response).await,
            status => Err(format!("answered with status {}", status.as_u16())),
        }
    }
}

async fn whole(mut response: Response) -> Result<Vec<u8>, String> {
    let mut bytes = Vec::new();
    while let Some(chunk) = response.chunk().await.map_err(|error| error.without_url().to_string())? {
        bytes.extend_from_slice(&chunk);
        if bytes.len() > LONGEST {
            return Err("an answer longer than 64 KiB".to_owned());
        }
    }
    Ok(bytes)
}

/// Starts the thread that asks.
///
/// # Errors
/// When no thread can be started.
pub fn stamping(app: Arc<App>, authority: Authority) -> std::io::Result<Rounds> {
    Rounds::start("timestamps", EVERY, move |runtime| {
        if let Err(error) = runtime.block_on(authority.ask(&app)) {
            tracing::error!(%error, "the authority of time stamps could not be asked");
        }
    })
}
