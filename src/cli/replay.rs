//! `whitelist draws replay`: sends kept requests of the draw interface again to a copy of a database, and says which
//! answers differ from those given then.
//!
//! For investigation. What is named is never written to: it is copied once more before anything is sent (SQLite into a
//! folder, PostgreSQL into a database beside it, which the server refuses while a service is connected to the original),
//! and each message is sent at the instant at which it came.
//! Where a copy knows later messages, an earlier one is overtaken and says nothing. Against a backup of before, with
//! `--messages` from today, everything is decided anew.

use super::open::{Opened, Opening, open};
use super::{Failure, Place, say, tell};
use crate::clock::Clock;
use crate::domain::actor::{Caller, Role, RoleSet};
use crate::domain::code::DeclarationNumber;
use crate::domain::validity::Instant;
use crate::http::api::declarations::again;
use crate::store::keep::messages::{self, MessageRow};
use crate::store::scratch::Scratch;
use crate::store::{AnyConnection, DatabaseUrl, StoreError};
use clap::Args;
use serde_json::{Value, json};
use std::path::{Path, PathBuf};

/// Messages read together.
const STRIDE: i64 = 500;

/// Arguments of `draws replay`.
#[derive(Debug, Args)]
#[command(
    after_help = "Exit code 0: every answer is the same; 1: some differ, each is named. What is named stays as it is: the replay works on a copy of its own and drops it at the end. On PostgreSQL nobody may be connected to the database, so that a running service is refused: restore its backup under another name; the role needs CREATEDB. Keys are read from the data folder.\nExamples:\n  whitelist draws replay --data ./copy --declaration 010120261012345678\n  whitelist draws replay --data ./backup-of-monday --messages ./copy-of-today\n  whitelist draws replay --data ./copy --database postgres://auditor@db/monday --messages postgres://auditor@db/today"
)]
pub struct ReplayArgs {
    #[command(flatten)]
    place: Place,
    /// Folder or database URL of another copy whose messages are sent; it is only read [default: those of the copy itself]
    #[arg(long, value_name = "DIR|URL")]
    messages: Option<String>,
    /// Only messages about this declaration
    #[arg(long, value_name = "N")]
    declaration: Option<String>,
    /// Print the result as JSON
    #[arg(long)]
    json: bool,
}

/// What became of a message that was sent again.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Outcome {
    Same,
    Overtaken,
    Different,
}

/// Replays.
///
/// # Errors
/// [`Failure::Refused`] when answers differ or the database is no copy, [`Failure::Unreachable`] when it cannot be opened.
pub fn run(args: ReplayArgs) -> Result<(), Failure> {
    let wanted = args.declaration.as_deref().map(DeclarationNumber::parse).transpose();
    let wanted = wanted.map_err(|_| Failure::Usage("--declaration is a number of 18 digits".to_owned()))?;
    let opening = Opening::of(&args.place)?;
    let source = match args.messages {
        Some(url) if url.contains("://") => DatabaseUrl::parse(&url).map_err(Failure::Usage)?,
        Some(folder) => DatabaseUrl::Sqlite(Path::new(&folder).join("whitelist.db")),
        None => opening.database.clone(),
    };
    let kept = read(&source, wanted)?;
    let scratch = std::env::temp_dir().join(format!("whitelist-replay-{}", uuid::Uuid::new_v4()));
    let outcome = copy(&opening.database, &opening.data, &scratch).and_then(|copied| {
        let database = copied.url();
        let clock = Clock::fixed(Instant::from_micros(kept.first().map_or(0, |message| message.received_at)));
        let opened = open(Opening { data: scratch.clone(), database, clock, migrate: true, ..opening })?;
        let outcome = replay(&opened, &kept, args.json);
        opened.close();
        outcome
    });
    // What is left of it is of no interest.
    let _ = std::fs::remove_dir_all(&scratch);
    outcome
}

fn read(source: &DatabaseUrl, wanted: Option<DeclarationNumber>) -> Result<Vec<MessageRow>, Failure> {
    if matches!(source, DatabaseUrl::Sqlite(path) if !path.exists()) {
        return Err(Failure::Unreachable("there is no database there".to_owned()));
    }
    let mut conn: AnyConnection = source.open()?;
    let (mut kept, mut after) = (Vec::new(), String::new());
    loop {
        let page = messages::list(&mut conn, &after, STRIDE)?;
        let Some(last) = page.last() else { break };
        after.clone_from(&last.id);
        let about = |row: &MessageRow| wanted.is_none_or(|wanted| row.declaration == wanted.to_string());
        kept.extend(page.into_iter().filter(about));
    }
    // Ids order by the millisecond only.
    kept.sort_by_key(|message| (message.received_at, message.sequence));
    Ok(kept)
}

/// What the replay works on.
enum Copied {
    File(PathBuf),
    Database(Scratch),
}

impl Copied {
    fn url(&self) -> DatabaseUrl {
        match self {
            Self::File(path) => DatabaseUrl::Sqlite(path.clone()),
            Self::Database(scratch) => DatabaseUrl::Postgres(scratch.url().to_owned()),
        }
    }
}

/// Copies the database, and the keys into a folder of their own.
fn copy(original: &DatabaseUrl, data: &Path, scratch: &Path) -> Result<Copied, Failure> {
    let failed = |error: std::io::Error| Failure::Unreachable(format!("{}: {error}", scratch.display()));
    std::fs::create_dir_all(scratch.join("keys")).map_err(failed)?;
    let copied = match original {
        DatabaseUrl::Sqlite(file) => {
            let database = scratch.join("whitelist.db");
            for suffix in ["", "-wal"] {
                let from = PathBuf::from(format!("{}{suffix}", file.display()));
                if from.exists() {
                    std::fs::copy(&from, format!("{}{suffix}", database.display())).map_err(failed)?;
                }
            }
            Copied::File(database)
        }
        DatabaseUrl::Postgres(url) => {
            let name = format!("whitelist_replay_{}", uuid::Uuid::new_v4().simple());
            Copied::Database(Scratch::of(url, name).map_err(not_copied)?)
        }
    };
    let keys = data.join("keys");
    if keys.is_dir() {
        for entry in std::fs::read_dir(&keys).map_err(failed)? {
            let entry = entry.map_err(failed)?;
            std::fs::copy(entry.path(), scratch.join("keys").join(entry.file_name())).map_err(failed)?;
        }
    }
    Ok(copied)
}

/// Says why PostgreSQL does not copy the database.
fn not_copied(error: StoreError) -> Failure {
    if let StoreError::Statement(error) = error {
        return Failure::Refused(format!(
            "the database cannot be copied ({error}); a replay needs a copy that nobody is connected to, and a role that may create databases"
        ));
    }
    error.into()
}

fn replay(opened: &Opened, kept: &[MessageRow], as_json: bool) -> Result<(), Failure> {
    let (mut same, mut overtaken, mut different) = (0_u64, 0_u64, Vec::new());
    for (nth, message) in (0_u64..).zip(kept) {
        if nth % 1_000 == 999 {
            tell(&format!("replay: {} of {} messages …", nth + 1, kept.len()));
        }
        opened.app.clock.set(Instant::from_micros(message.received_at));
        let number =
            DeclarationNumber::parse(&message.declaration).map_err(|_| StoreError::damaged("a declaration"))?;
        let (status, answer) = again(&opened.app, &caller(message), number, &message.verb, &message.request);
        match judge(message, status, &answer) {
            Outcome::Same => same += 1,
            Outcome::Overtaken => overtaken += 1,
            Outcome::Different => different.push((message, status, answer)),
        }
    }
    if as_json {
        let differing = different.iter().map(|(message, status, answer)| {
            json!({
                "id": message.id, "declaration": message.declaration, "verb": message.verb, "sequence": message.sequence,
                "was": { "status": message.status, "answer": String::from_utf8_lossy(&message.answer) },
                "now": { "status": status, "answer": String::from_utf8_lossy(answer) },
            })
        });
        let differing: Vec<Value> = differing.collect();
        say(&json!({ "messages": kept.len(), "same": same, "overtaken": overtaken, "different": differing })
            .to_string());
    } else {
        for (message, status, answer) in &different {
            let sequence = message.sequence.map(|sequence| sequence.to_string()).unwrap_or_default();
            say(&format!(
                "{} {} {} {sequence}: {} then, {status} now",
                message.id, message.declaration, message.verb, message.status
            ));
            say(&format!("  then {}", String::from_utf8_lossy(&message.answer)));
            say(&format!("  now  {}", String::from_utf8_lossy(answer)));
        }
        let count = different.len();
        say(&format!(
            "{} messages: {same} answered the same, {overtaken} overtaken by later ones, {count} different",
            kept.len()
        ));
    }
    if different.is_empty() { Ok(()) } else { Err(Failure::Refused(String::new())) }
}

/// Who sent it; what the sender may do was decided then.
fn caller(message: &MessageRow) -> Caller {
    let (issuer, subject) = message.person.split_once(' ').unwrap_or(("", &message.person));
    Caller {
        issuer: issuer.into(),
        subject: subject.into(),
        org: message.org.as_str().into(),
        roles: RoleSet::of(&[Role::CustomsDraw, Role::CustomsOfficer]),
        acting_for: None,
    }
}

fn judge(message: &MessageRow, status: u16, answer: &[u8]) -> Outcome {
    let read = |bytes: &[u8]| serde_json::from_slice::<Value>(bytes).unwrap_or_default();
    let (then, now) = (read(&message.answer), read(answer));
    let superseded = |answer: &Value| answer.get("superseded") == Some(&Value::Bool(true));
    if status == 200 && superseded(&now) && !superseded(&then) {
        return Outcome::Overtaken;
    }
    // Revisions and instants are those of the copy; what was decided is the rest.
    let told = |answer: &Value| {
        ["type", "rule", "faults", "lines", "state", "sequence", "positions"].map(|name| answer.get(name).cloned())
    };
    if i32::from(status) == message.status && told(&then) == told(&now) { Outcome::Same } else { Outcome::Different }
}
