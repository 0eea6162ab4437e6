//! Keeps a file that is a copy of another service's list: takes what is new, holds its digest against the service's, and takes
//! the list anew where they differ.
//!
//! Invariant: the file is a whole snapshot whose digest was compared, or it is not replaced.

use super::log::LogClient;
use crate::app::feed::{DigestView, read_page};
use crate::domain::mirror::{Mirror, Took};
use crate::domain::revision::Revision;
use std::io::Write as _;
use std::path::{Path, PathBuf};

/// Versions asked for at once.
const LIMIT: u32 = 1_000;

/// A file that is kept level with a list.
pub struct Keeper {
    file: PathBuf,
    office: Option<String>,
    kind: Option<String>,
    copy: Option<Mirror>,
}

/// What one round came to.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Round {
    /// Where the copy stands.
    pub revision: Revision,
    /// Lines in it.
    pub lines: usize,
    /// Lines that came by this round.
    pub new: usize,
    /// Why the list was taken anew, where it was.
    pub repaired: Option<String>,
}

impl Keeper {
    /// Names the file, and which lines it holds; nothing is read.
    #[must_use]
    pub fn new(file: PathBuf, office: Option<String>, kind: Option<String>) -> Self {
        Self { file, office, kind, copy: None }
    }

    /// Brings the file level with the service once.
    ///
    /// # Errors
    /// A sentence that says what went wrong; the file is as it was.
    pub async fn round(&mut self, service: &LogClient) -> Result<Round, String> {
        let (copy, found) = match self.copy.take() {
            Some(copy) => (Some(copy), None),
            None => self.read()?,
        };
        let (mut copy, mut repaired) = match copy {
            Some(copy) => (copy, None),
            None => (self.snapshot(service).await?, found),
        };
        let before = copy.lines().len();
        let differs = match self.catch_up(service, &mut copy).await? {
            Some(broken) => Some(broken),
            None => self.differs(service, &copy).await?,
        };
        if let Some(why) = differs {
            copy = self.snapshot(service).await?;
            if let Some(why) = self.differs(service, &copy).await? {
                return Err(format!("the service's own snapshot does not agree with its digest: {why}"));
            }
            repaired = Some(why);
        }
        write_whole(&self.file, &copy.write())?;
        let (revision, lines) = (copy.head().revision, copy.lines().len());
        self.copy = Some(copy);
        Ok(Round { revision, lines, new: lines.saturating_sub(before), repaired })
    }

    /// Reads the file; says why it is not taken, where there is one.
    fn read(&self) -> Result<(Option<Mirror>, Option<String>), String> {
        let text = match std::fs::read_to_string(&self.file) {
            Ok(text) => text,
            Err(error) if error.kind() == std::io::ErrorKind::NotFound => return Ok((None, None)),
            Err(error) => return Err(format!("{}: {error}", self.file.display())),
        };
        Ok(match Mirror::read(&text) {
            Ok(copy) if copy.head().office == self.office && copy.head().kind == self.kind => (Some(copy), None),
            Ok(_) => (None, Some("the file was made for another office or kind".to_owned())),
            Err(broken) => (None, Some(broken.to_string())),
        })
    }

    /// Takes what is new; says what did not follow.
    async fn catch_up(&self, service: &LogClient, copy: &mut Mirror) -> Result<Option<String>, String> {
        loop {
            let path = format!("/v1/changes?after={}&limit={LIMIT}{}", copy.head().revision, self.filter("&"));
            let body = service.get(&path).await?.ok_or("there is no such service")?;
            let (stretch, head) = read_page(&body)?;
            match copy.apply(&stretch) {
                Ok(Took::New(_)) if copy.head().revision < head => {}
                Ok(Took::New(_) | Took::Known) => return Ok(None),
                Err(broken) => return Ok(Some(broken.to_string())),
            }
        }
    }

    /// Holds the copy against the service's digest; says how they differ.
    async fn differs(&self, service: &LogClient, copy: &Mirror) -> Result<Option<String>, String> {
        let path = format!("/v1/snapshot/digest?revision={}{}", copy.head().revision, self.filter("&"));
        let body = service.get(&path).await?.ok_or("there is no such service")?;
        let stated: DigestView = serde_json::from_slice(&body).map_err(|error| format!("no digest: {error}"))?;
        if stated.log != copy.head().log {
            return Ok(Some(format!("the log goes on as `{}`, the copy is of `{}`", stated.log, copy.head().log)));
        }
        Ok(copy.agrees(&stated.tail).err().map(|broken| broken.to_string()))
    }

    /// Takes the list whole.
    async fn snapshot(&self, service: &LogClient) -> Result<Mirror, String> {
        let filter = self.filter("?");
        let body = service.get(&format!("/v1/snapshot{filter}")).await?.ok_or("there is no such service")?;
        let text = String::from_utf8(body).map_err(|_| "the snapshot is not UTF-8")?;
        Mirror::read(&text).map_err(|broken| format!("the snapshot: {broken}"))
    }

    fn filter(&self, begin: &str) -> String {
        let office = self.office.iter().map(|office| format!("office={office}"));
        let kind = self.kind.iter().map(|kind| format!("kind={kind}"));
        let both: Vec<String> = office.chain(kind).collect();
        if both.is_empty() { String::new() } else { format!("{begin}{}", both.join("&")) }
    }
}

/// Replaces a file at once, whole or not at all.
fn write_whole(path: &Path, text: &str) -> Result<(), String> {
    let failed = |error: std::io::Error| format!("{}: {error}", path.display());
    let name = path.file_name().ok_or_else(|| format!("{} names no file", path.display()))?;
    let new = path.with_file_name(format!(".{}.new", name.to_string_lossy()));
    let mut file = std::fs::File::create(&new).map_err(failed)?;
    file.write_all(text.as_bytes()).and_then(|()| file.sync_data()).map_err(failed)?;
    std::fs::rename(&new, path).map_err(failed)
}
