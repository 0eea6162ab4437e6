//! A command's view of the database inside the group's transaction: reads, and [`Tx::save`], the only way a fact
//! comes into being.

use super::conn::AnyConnection;
use super::dialect::run;
use super::error::StoreError;
use super::fact::{Circumstances, Fact, Previous, encode};
use super::keep::people;
use super::log::{self, EntryRow};
use super::private::{self, PrivateRow, SubjectKeys, random, seal};
use super::register;
use crate::domain::happening::is_known;
use crate::domain::id::{EventId, PersonId, time_ordered};
use crate::domain::revision::Revision;
use crate::domain::validity::Instant;
use crate::tlog::Hash;
use crate::tlog::entry::{Actor, Entry};
use crate::tlog::merkle::leaf_hash;
use std::any::Any;
use std::collections::HashMap;

/// Who changes the list, when, and in which request.
#[derive(Debug, Clone)]
pub struct Context {
    /// The instant of the command.
    pub at: Instant,
    /// Who.
    pub by: Author,
    /// The request that caused it.
    pub request_id: Option<String>,
}

/// Who stands behind a command.
#[derive(Debug, Clone)]
pub enum Author {
    /// A person or machine client, as its token says.
    Caller {
        /// Issuer of the token.
        issuer: String,
        /// Subject of the token.
        subject: String,
        /// Organisation.
        org: String,
    },
    /// The service itself.
    System(&'static str),
}

/// A fact that knows its table.
pub trait Queued: Fact + 'static {
    /// Writes the rows that one command saved, in the order in which it saved them.
    ///
    /// # Errors
    /// The database's failure.
    fn insert(conn: &mut AnyConnection, rows: &[Self]) -> Result<(), StoreError>;
}

/// Says that rows of a kind are appended to a table and never change.
macro_rules! appended {
    ($($row:ty => $table:ident),+ $(,)?) => { $(
        impl $crate::store::tx::Queued for $row {
            fn insert(
                conn: &mut $crate::store::AnyConnection,
                rows: &[Self],
            ) -> Result<(), $crate::store::StoreError> {
                $crate::store::dialect::insert_all!(conn, $crate::store::schema::$table::table, rows);
                Ok(())
            }
        }
    )+ };
}
pub(crate) use appended;

/// Rows that wait for the end of their command, so that many go in one statement.
#[derive(Default)]
struct PendingRows(Vec<Box<dyn Waiting>>);

/// Rows of one kind.
trait Waiting: Any {
    fn write(&self, conn: &mut AnyConnection) -> Result<(), StoreError>;
    fn any(&mut self) -> &mut dyn Any;
}

impl<F: Queued> Waiting for Vec<F> {
    fn write(&self, conn: &mut AnyConnection) -> Result<(), StoreError> {
        F::insert(conn, self)
    }

    fn any(&mut self) -> &mut dyn Any {
        self
    }
}

impl PendingRows {
    fn queue<F: Queued>(&mut self, row: F) {
        match self.0.iter_mut().find_map(|rows| rows.any().downcast_mut::<Vec<F>>()) {
            Some(rows) => rows.push(row),
            None => self.0.push(Box::new(vec![row])),
        }
    }
}

/// A command's view of the database inside the group's transaction.
pub struct Tx<'g> {
    conn: &'g mut AnyConnection,
    group: &'g mut Group,
    context: &'g Context,
    rows: PendingRows,
    person: Option<PersonId>,
}

impl<'g> Tx<'g> {
    pub(super) fn new(conn: &'g mut AnyConnection, group: &'g mut Group, context: &'g Context) -> Self {
        Self { conn, group, context, rows: PendingRows::default(), person: None }
    }

    /// Returns the last revision so far, that of this transaction included.
    #[must_use]
    pub fn last_revision(&self) -> Revision {
        Revision(self.group.next_revision().saturating_sub(1))
    }
}

/// What was looked up and does not change behind the writer's back: it holds for the next group as well while nobody else
/// has written.
#[derive(Default)]
pub(super) struct Seen {
    /// Keys of subjects.
    pub(super) keys: SubjectKeys,
    /// People by issuer and subject.
    pub(super) people: HashMap<(String, String), PersonId>,
}

/// Entries of the group so far.
#[derive(Default)]
pub(super) struct Group {
    /// Size of the log before the group.
    pub(super) base: i64,
    /// Whether that head is the one which this writer committed last.
    pub(super) undisturbed: bool,
    /// New entries.
    pub(super) entries: Vec<EntryRow>,
    /// Their sealed values.
    pub(super) sealed: Vec<PrivateRow>,
    /// Who and what was looked up so far.
    pub(super) seen: Seen,
    /// Entries of the group, and those before it that were read ahead or are remembered, by revision.
    pub(super) previous: HashMap<i64, Previous>,
}

impl Group {
    /// Goes back to what was there before a command that was rolled back.
    pub(super) fn back_to(&mut self, (entries, sealed): (usize, usize)) {
        self.entries.truncate(entries);
        self.sealed.truncate(sealed);
        let kept = self.next_revision();
        self.previous.retain(|revision, _| *revision < kept);
        // What the command made may be gone; it is read again when it is needed.
        self.seen = Seen::default();
    }

    pub(super) fn next_revision(&self) -> i64 {
        let pending = i64::try_from(self.entries.len()).unwrap_or(i64::MAX);
        self.base.saturating_add(pending).saturating_add(1)
    }
}

impl<'g> Tx<'g> {
    /// Returns the connection, for reads and for working state.
    pub fn conn(&mut self) -> &mut AnyConnection {
        self.conn
    }

    /// Returns when, by whom, and in which request the command runs.
    #[must_use]
    pub fn context(&self) -> &Context {
        self.context
    }

    /// Says whether nobody else has written since this process committed last.
    #[must_use]
    pub fn undisturbed(&self) -> bool {
        self.group.undisturbed
    }

    /// Goes on for another command of the same transaction.
    pub fn act_for(&mut self, context: &'g Context) {
        self.context = context;
        self.person = None;
    }

    /// Reads ahead what saving needs: the entries of rows that will be followed, and the keys of subjects.
    ///
    /// # Errors
    /// The database's failure.
    pub fn read_ahead(&mut self, revisions: &[i64], subjects: &[String]) -> Result<(), StoreError> {
        for row in log::entries_of(self.conn, revisions)? {
            self.group.previous.insert(row.revision, previous_of(&row)?);
        }
        self.group.seen.keys.read_ahead(self.conn, subjects)
    }

    /// Returns the revision that the next saved fact gets.
    #[must_use]
    pub fn next_revision(&self) -> Revision {
        Revision(self.group.next_revision())
    }

    /// Returns the pseudonymous id of the caller, making one at first sight; several accounts of one person are one.
    ///
    /// # Errors
    /// The database's failure; [`StoreError::Broken`] for the service itself, which is no person.
    pub fn person(&mut self) -> Result<PersonId, StoreError> {
        if let Some(person) = self.person {
            return Ok(person);
        }
        let Author::Caller { issuer, subject, .. } = &self.context.by else { return Err(StoreError::Broken) };
        let account = (issuer.clone(), subject.clone());
        let person = match self.group.seen.people.get(&account) {
            Some(person) => *person,
            None => {
                let person = match register::person_of(self.conn, issuer, subject)? {
                    Some(person) => person,
                    None => people::find_or_make(self.conn, issuer, subject, self.context.at)?,
                };
                // A bound that no office's staff reaches and no memory feels.
                if self.group.seen.people.len() >= 4096 {
                    self.group.seen.people.clear();
                }
                self.group.seen.people.insert(account, person);
                person
            }
        };
        self.person = Some(person);
        Ok(person)
    }

    /// Forgets who stands behind which account, because that has just changed.
    pub fn forget_people(&mut self) {
        self.group.seen.people.clear();
    }

    fn actor(&mut self) -> Result<Actor, StoreError> {
        match &self.context.by {
            Author::Caller { org, .. } => {
                let org = Some(org.clone());
                Ok(Actor { kind: "person".to_owned(), org, reference: self.person()?.to_string() })
            }
            Author::System(name) => Ok(Actor { kind: "system".to_owned(), org: None, reference: (*name).to_owned() }),
        }
    }

    /// Saves a fact with its log entry: the only way a row of the list comes into being.
    ///
    /// `before` is the row that this one follows (its version is one less).
    ///
    /// # Errors
    /// [`StoreError::Damaged`] when the row's revision is not the next, or has no canonical form; else the
    /// database's failure.
    pub fn save<F: Queued>(&mut self, fact: F, before: Option<&F>, event: &str) -> Result<Revision, StoreError> {
        let revision = self.group.next_revision();
        if fact.revision() != revision || fact.version() != before.map_or(0, Fact::version).saturating_add(1) {
            return Err(StoreError::Damaged(format!("a `{event}` was built for another revision or version")));
        }
        if !is_known(event) {
            return Err(StoreError::Damaged(format!("nobody could read a `{event}`: it has no words")));
        }
        let previous = before.map(|row| self.previous(row.revision())).transpose()?;
        let id = EventId::new(time_ordered(self.context.at, random()?)).to_string();
        let circumstances = Circumstances {
            event,
            id,
            at: self.context.at.to_string(),
            actor: self.actor()?,
            request_id: self.context.request_id.clone(),
        };
        let encoded = encode(&fact, before.zip(previous), circumstances)?;
        let subject = fact.subject();
        let key = self.group.seen.keys.get_or_make(self.conn, &subject)?;
        self.group.sealed.push(seal(&key, revision, &subject, &encoded.private)?);
        let leaf_hash = push_entry(self.group, &encoded.entry)?;
        self.group.previous.insert(revision, Previous { leaf_hash, after: encoded.entry.after });
        self.rows.queue(fact);
        Ok(Revision(revision))
    }

    /// Destroys the sealed values of committed entries, with the keys that nothing else is sealed under.
    ///
    /// # Errors
    /// [`StoreError::Unreachable`] when an entry is of this very group: ask again; the database's failure.
    pub fn forget(&mut self, revisions: &[i64]) -> Result<(), StoreError> {
        if revisions.iter().any(|revision| *revision > self.group.base) {
            return Err(StoreError::Unreachable("what is to be erased was written a moment ago".to_owned()));
        }
        let kept: Vec<String> = self.group.sealed.iter().map(|row| row.subject.clone()).collect();
        private::forget(self.conn, revisions, &kept)?;
        self.group.seen.keys.forget();
        Ok(())
    }

    /// Appends an entry that no row stands behind: a fact about the log itself.
    ///
    /// # Errors
    /// [`StoreError::Damaged`] when the entry has no canonical form.
    pub fn append(&mut self, entry: &Entry) -> Result<Revision, StoreError> {
        let revision = self.next_revision();
        push_entry(self.group, entry).map(|_| revision)
    }

    fn previous(&mut self, revision: i64) -> Result<Previous, StoreError> {
        if let Some(previous) = self.group.previous.get(&revision) {
            return Ok(*previous);
        }
        let missing = || StoreError::Damaged(format!("entry {revision} is missing"));
        previous_of(&log::find_entry(self.conn, revision)?.ok_or_else(missing)?)
    }

    /// Returns what is known of the entry of a revision that this group made or read ahead.
    #[must_use]
    pub fn entry(&self, revision: i64) -> Option<Previous> {
        self.group.previous.get(&revision).copied()
    }

    /// Says what the entry of a revision was, so that it need not be read.
    pub fn remember(&mut self, revision: i64, entry: Previous) {
        self.group.previous.insert(revision, entry);
    }

    /// Writes the rows saved so far, so that later reads of the same command see them.
    ///
    /// # Errors
    /// The database's failure.
    pub fn flush(&mut self) -> Result<(), StoreError> {
        let rows = std::mem::take(&mut self.rows);
        rows.0.iter().try_for_each(|rows| rows.write(self.conn))
    }
}

fn previous_of(row: &EntryRow) -> Result<Previous, StoreError> {
    let after = Entry::from_leaf(&row.leaf).map_err(StoreError::damaged)?.after;
    let leaf_hash = Hash::from_slice(&row.leaf_hash).ok_or_else(|| StoreError::damaged("a leaf hash has 32 bytes"))?;
    Ok(Previous { leaf_hash, after })
}

fn push_entry(group: &mut Group, entry: &Entry) -> Result<Hash, StoreError> {
    let revision = group.next_revision();
    let leaf = entry.to_leaf().map_err(StoreError::damaged)?;
    let hash = leaf_hash(&leaf);
    group.entries.push(EntryRow { revision, leaf, leaf_hash: hash.0.to_vec() });
    Ok(hash)
}

/// Keeps what a command did, or goes back to what was there before it.
pub(super) fn end_savepoint(
    conn: &mut AnyConnection,
    group: &mut Group,
    done: bool,
    before: (usize, usize),
) -> Result<(), StoreError> {
    if done {
        return run(conn, "RELEASE SAVEPOINT command");
    }
    group.back_to(before);
    run(conn, "ROLLBACK TO SAVEPOINT command; RELEASE SAVEPOINT command")
}
