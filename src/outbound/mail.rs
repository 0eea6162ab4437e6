//! Notices by e-mail: takes letters from the outbox, hands them to a mail server, and says what became of each.
//!
//! A letter holds the notice's few words and a link, no attachment and no other reader's address. Invariant: every attempt
//! of a letter carries the same Message-ID, so that a server which took it twice shows it once.

use crate::app::neighbours::Neighbour;
use crate::app::notices::{Fate, Letter};
use crate::app::{App, AppError};
use crate::config::mail::MailSettings;
use crate::domain::lang::Lang;
use crossbeam_channel::{RecvTimeoutError, Sender, bounded};
use lettre::message::header::{ContentType, Header, HeaderName, HeaderValue};
use lettre::message::{Mailbox, Message};
use lettre::{SmtpTransport, Transport as _};
use std::sync::Arc;
use std::thread::JoinHandle;
use std::time::Duration;

/// How often the outbox is looked through.
const EVERY: Duration = Duration::from_secs(10);

/// Longest wait for a mail server's word.
const PATIENCE: Duration = Duration::from_secs(20);

/// Letters sent at one look, so that a stop is heeded between looks.
const AT_ONCE: usize = 50;

/// Status of an address that is none (RFC 5321 section 4.2.3: syntax error in parameters).
const NO_ADDRESS: u16 = 501;

/// A connection to the mail server of the installation.
pub struct Mailer {
    transport: SmtpTransport,
    from: Mailbox,
    public_url: String,
}

/// What one look through the outbox came to.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Delivered {
    /// Taken by the server.
    pub sent: usize,
    /// To be tried again.
    pub later: usize,
    /// Set aside, because the address is bad.
    pub refused: usize,
}

impl Mailer {
    /// Makes a mailer; nothing is connected before the first letter.
    ///
    /// # Errors
    /// What is wrong with the settings, in words.
    pub fn new(settings: &MailSettings) -> Result<Self, String> {
        let transport = SmtpTransport::from_url(&settings.url).map_err(|error| error.to_string())?;
        let from = settings.from.parse().map_err(|_| format!("`{}` is no e-mail address", settings.from))?;
        let public_url = settings.public_url.trim_end_matches('/').to_owned();
        Ok(Self { transport: transport.timeout(Some(PATIENCE)).build(), from, public_url })
    }

    /// Sends a letter.
    #[must_use]
    pub fn send(&self, letter: &Letter) -> Fate {
        let Some(message) = self.message(letter) else { return Fate::BadAddress(NO_ADDRESS) };
        match self.transport.send(&message) {
            Ok(_) => Fate::Sent,
            Err(error) => match error.status().map(u16::from) {
                Some(status) if is_about_the_address(status) => Fate::BadAddress(status),
                status => {
                    tracing::warn!(letter = letter.id, status, "a letter could not be sent: {error}");
                    Fate::Later
                }
            },
        }
    }

    fn message(&self, letter: &Letter) -> Option<Message> {
        let to: Mailbox = letter.address.parse().ok()?;
        let text = format!("{}\n\n{}{}\n", letter.content.text, self.public_url, letter.about);
        let host = self.from.email.domain();
        Message::builder()
            .from(self.from.clone())
            .to(to)
            .subject(letter.content.title.clone())
            .message_id(Some(format!("<{}@{host}>", letter.id)))
            .header(Language(letter.lang))
            .header(ContentType::TEXT_PLAIN)
            .body(text)
            .ok()
    }
}

/// The language of a letter (RFC 3282).
#[derive(Clone)]
struct Language(Lang);

impl Header for Language {
    fn name() -> HeaderName {
        HeaderName::new_from_ascii_str("Content-Language")
    }

    fn parse(word: &str) -> Result<Self, Box<dyn std::error::Error + Send + Sync>> {
        Ok(Self(if word == "en" { Lang::En } else { Lang::Zh }))
    }

    fn display(&self) -> HeaderValue {
        HeaderValue::new(Self::name(), self.0.pick("zh-CN", "en").to_owned())
    }
}

/// Whether a server's refusal is about the recipient, not about us or the moment (RFC 5321 section 4.2.3).
fn is_about_the_address(status: u16) -> bool {
    matches!(status, NO_ADDRESS | 510 | 511 | 513 | 550 | 551 | 553 | 556)
}

/// Looks through the outbox once: makes letters, then sends those that are due.
///
/// # Errors
/// The store's failure.
pub fn deliver(app: &App, mailer: &Mailer) -> Result<Delivered, AppError> {
    app.make_letters(app.clock.now())?;
    let mut delivered = Delivered::default();
    for _ in 0..AT_ONCE {
        // While the server counts as away, letters stay where they are.
        if !app.neighbours.may_ask(Neighbour::Mail, app.clock.uptime()) {
            break;
        }
        let Some(letter) = app.take_letter(app.clock.now())? else { break };
        let fate = mailer.send(&letter);
        app.neighbours.note(Neighbour::Mail, fate != Fate::Later, app.clock.uptime());
        let count = match fate {
            Fate::Sent => &mut delivered.sent,
            Fate::Later => &mut delivered.later,
            Fate::BadAddress(_) => &mut delivered.refused,
        };
        *count = count.saturating_add(1);
        app.settle_letter(letter, fate, app.clock.now())?;
    }
    Ok(delivered)
}

/// The thread that delivers.
pub struct Courier {
    thread: Option<JoinHandle<()>>,
    stop: Sender<()>,
}

impl Courier {
    /// Starts the thread.
    ///
    /// # Errors
    /// When no thread can be started.
    pub fn start(app: Arc<App>, mailer: Mailer) -> std::io::Result<Self> {
        let (stop, stopped) = bounded(1);
        let thread = std::thread::Builder::new().name("courier".to_owned()).spawn(move || {
            loop {
                if let Err(error) = deliver(&app, &mailer) {
                    tracing::error!(%error, "notices could not be delivered");
                }
                if stopped.recv_timeout(EVERY) != Err(RecvTimeoutError::Timeout) {
                    break;
                }
            }
        })?;
        Ok(Self { thread: Some(thread), stop })
    }
}

impl Drop for Courier {
    fn drop(&mut self) {
        // A full channel has been told already; a thread that panicked has nothing more to wait for.
        let _ = self.stop.try_send(());
        if let Some(thread) = self.thread.take() {
            let _ = thread.join();
        }
    }
}
