//! Asks witnesses to sign the newest head of the log (C2SP `tlog-witness`, `add-checkpoint`), from a thread of its own.
//!
//! It keeps nothing itself and hurries nobody: a witness that is away is asked again later. Invariant: a witness that says
//! it saw another log is an error in the service's own log, never passed over.

use super::rounds::Rounds;
use crate::app::log::witness::{Asking, Quorum, Request, Witness};
use crate::app::neighbours::Neighbour;
use crate::app::{App, AppError};
use crate::config::witnesses::WitnessSettings;
use reqwest::StatusCode;
use reqwest::header::CONTENT_TYPE;
use std::sync::Arc;
use std::sync::atomic::Ordering;
use std::time::Duration;
use url::Url;

/// How often witnesses are asked.
const EVERY: Duration = Duration::from_secs(10);

/// Longest wait for a witness's word.
const PATIENCE: Duration = Duration::from_secs(5);

/// Longest answer that is read, bytes.
const LONGEST: usize = 64 * 1024;

/// Media type of the size that a witness signed last.
const SIZE: &str = "text/x.tlog.size";

/// The witnesses of an installation.
pub struct Witnesses {
    client: reqwest::Client,
    quorum: Quorum,
    urls: Vec<Url>,
}

/// What a witness said.
#[derive(Debug, PartialEq, Eq)]
enum Said {
    /// Lines of a signed note.
    Signed(String),
    /// It signed this size last.
    Knows(u64),
    /// It will not sign.
    Refused(StatusCode),
    /// Nothing.
    Away,
}

/// What one round came to.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Round {
    /// Witnesses that signed.
    pub signed: usize,
    /// Witnesses that would not, or whose signature does not hold.
    pub refused: usize,
    /// Whether enough witnesses have signed the newest head.
    pub quorum: bool,
}

impl Witnesses {
    /// Makes a client; nothing is sent.
    ///
    /// # Errors
    /// What is wrong with the settings, in words.
    pub fn new(settings: &WitnessSettings) -> Result<Self, String> {
        let client = reqwest::Client::builder()
            .timeout(PATIENCE)
            .redirect(reqwest::redirect::Policy::none())
            .build()
            .map_err(|error| error.to_string())?;
        let parsed = settings.witnesses.iter().map(|(vkey, _)| Witness::parse(vkey).map_err(|error| error.to_string()));
        let witnesses = parsed.collect::<Result<Vec<_>, _>>()?;
        let urls = settings.witnesses.iter().map(|(_, url)| url.clone()).collect();
        Ok(Self { client, quorum: Quorum { least: settings.quorum, witnesses }, urls })
    }

    /// Asks every witness once that has not signed the newest head.
    ///
    /// # Errors
    /// The store's failure.
    pub async fn ask(&self, app: &App) -> Result<Round, AppError> {
        let mut round = Round::default();
        for (witness, url) in self.quorum.witnesses.iter().zip(&self.urls) {
            match self.ask_one(app, witness, url).await? {
                Some(true) => round.signed = round.signed.saturating_add(1),
                Some(false) => {
                    round.refused = round.refused.saturating_add(1);
                    app.witnessed.refused.fetch_add(1, Ordering::Relaxed);
                }
                None => {}
            }
        }
        round.quorum = app.note_quorum(&self.quorum)?;
        Ok(round)
    }

    /// Asks one witness; says whether it signed, or nothing when it was not asked or is away.
    async fn ask_one(&self, app: &App, witness: &Witness, url: &Url) -> Result<Option<bool>, AppError> {
        let name = witness.name();
        let mut known = None;
        for _ in 0..2 {
            let request = match app.ask_witness(name, known)? {
                Asking::Nothing => return Ok(None),
                Asking::Sign(request) => request,
                Asking::Ahead => {
                    tracing::error!(witness = name, known, "a witness saw a later head: this log went back");
                    return Ok(Some(false));
                }
            };
            let said = self.post(url, &request).await;
            app.neighbours.note(Neighbour::Witness, !matches!(said, Said::Away), app.clock.uptime());
            match said {
                Said::Signed(lines) => {
                    let kept = app.cosigned(witness, &request, &lines)?;
                    if let Err(error) = kept {
                        tracing::error!(witness = name, size = request.size, %error, "a witness answered without its signature");
                    }
                    return Ok(Some(kept.is_ok()));
                }
                // It signed another size last than was known here: once more from there.
                Said::Knows(size) if known.is_none() => known = Some(size),
                Said::Knows(size) => {
                    tracing::error!(witness = name, size, "a witness saw another head of this size");
                    return Ok(Some(false));
                }
                Said::Refused(status) => {
                    tracing::error!(
                        witness = name,
                        size = request.size,
                        status = status.as_u16(),
                        "a witness refused to sign"
                    );
                    return Ok(Some(false));
                }
                Said::Away => {
                    tracing::warn!(witness = name, "a witness cannot be reached");
                    return Ok(None);
                }
            }
        }
        Ok(None)
    }

    async fn post(&self, url: &Url, request: &Request) -> Said {
        let target = format!("{}/add-checkpoint", url.as_str().trim_end_matches('/'));
        let Ok(response) = self.client.post(target).body(request.body.clone()).send().await else { return Said::Away };
        let status = response.status();
        let media = response.headers().get(CONTENT_TYPE).and_then(|value| value.to_str().ok()).map(str::to_owned);
        let Ok(bytes) = response.bytes().await else { return Said::Away };
        let text = std::str::from_utf8(&bytes).ok().filter(|text| text.len() <= LONGEST).unwrap_or_default();
        match status {
            StatusCode::OK => Said::Signed(text.to_owned()),
            StatusCode::CONFLICT if media.is_some_and(|media| media.starts_with(SIZE)) => {
                text.trim_end().parse().map_or(Said::Refused(status), Said::Knows)
            }
            status if status.is_server_error() || status == StatusCode::TOO_MANY_REQUESTS => Said::Away,
            status => Said::Refused(status),
        }
    }
}

/// Starts the thread that asks.
///
/// # Errors
/// When no thread can be started.
pub fn witnessing(app: Arc<App>, witnesses: Witnesses) -> std::io::Result<Rounds> {
    Rounds::start("witnesses", EVERY, move |runtime| {
        if let Err(error) = runtime.block_on(witnesses.ask(&app)) {
            tracing::error!(%error, "witnesses could not be asked");
        }
    })
}
