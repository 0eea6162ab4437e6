//! A command's view of the database inside the group's transaction: reads, and [`Tx::save`], the only way a fact
//! comes into being.

use super::conn::AnyConnection;
use super::dialect::run;
use super::error::StoreError;
use super::fact::{Circumstances, Fact, Previous, encode};
use super::keep::people;
use super::log::{self, EntryRow};
use super::private::{self, PrivateRow, SubjectKey, SubjectKeys, random, seal};
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
use std::sync::Arc;

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
pub trait Queued: Fact + Send + Sync + 'static {
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
    /// Facts behind the entries so far, in order of revision, whose own entries are still to be written.
    pub(super) unsealed: Vec<Box<dyn Unsealed>>,
}

/// A fact that has its revision and waits for its entry.
pub(super) trait Unsealed: Send {
    /// Writes the entry and seals the private values; `previous` knows the entry that it follows.
    fn seal(self: Box<Self>, previous: &HashMap<i64, Previous>) -> Result<Sealed, StoreError>;
}

/// What stands behind a fact once it is sealed.
pub(super) struct Sealed {
    entry: EntryRow,
    hidden: PrivateRow,
    previous: Previous,
}

/// All that the entry of a fact is made of.
struct Ready<F> {
    fact: Arc<F>,
    before: Option<Arc<F>>,
    circumstances: Circumstances,
    key: SubjectKey,
}

impl<F: Fact + Send + Sync> Unsealed for Ready<F> {
    fn seal(self: Box<Self>, previous: &HashMap<i64, Previous>) -> Result<Sealed, StoreError> {
        let revision = self.fact.revision();
        let before = self.before.as_deref().map(|row| {
            let missing = || StoreError::Damaged(format!("entry {} is missing", row.revision()));
            previous.get(&row.revision()).map(|previous| (row, *previous)).ok_or_else(missing)
        });
        let encoded = encode(self.fact.as_ref(), before.transpose()?, self.circumstances)?;
        let hidden = seal(&self.key, revision, &self.fact.subject(), &encoded.private)?;
        let after = encoded.entry.after;
        let leaf = encoded.entry.into_leaf().map_err(StoreError::damaged)?;
        let leaf_hash = leaf_hash(&leaf);
        let entry = EntryRow { revision, leaf, leaf_hash: leaf_hash.0.to_vec() };
        Ok(Sealed { entry, hidden, previous: Previous { leaf_hash, after } })
    }
}

/// Seals facts in their order: one may follow another.
fn seal_all(
    facts: Vec<Box<dyn Unsealed>>,
    previous: &mut HashMap<i64, Previous>,
) -> Result<(Vec<EntryRow>, Vec<PrivateRow>), StoreError> {
    let (mut entries, mut hidden) = (Vec::with_capacity(facts.len()), Vec::with_capacity(facts.len()));
    for fact in facts {
        let sealed = fact.seal(previous)?;
        previous.insert(sealed.entry.revision, sealed.previous);
        entries.push(sealed.entry);
        hidden.push(sealed.hidden);
    }
    Ok((entries, hidden))
}

impl Group {
    /// Goes back to what was there before a command that was rolled back.
    pub(super) fn back_to(&mut self, (entries, sealed): (usize, usize)) {
        self.unsealed.clear();
        self.entries.truncate(entries);
        self.sealed.truncate(sealed);
        let kept = self.next_revision();
        self.previous.retain(|revision, _| *revision < kept);
        // What the command made may be gone; it is read again when it is needed.
        self.seen = Seen::default();
    }

    /// Takes over what the facts that waited were sealed to.
    fn take(&mut self, entries: Vec<EntryRow>, sealed: Vec<PrivateRow>) {
        self.entries.extend(entries);
        self.sealed.extend(sealed);
    }

    pub(super) fn next_revision(&self) -> i64 {
        let pending = i64::try_from(self.entries.len().saturating_add(self.unsealed.len())).unwrap_or(i64::MAX);
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
        let revision = self.save_beside(Arc::new(fact), before.map(|row| Arc::new(row.clone())), event)?;
        self.seal()?;
        Ok(revision)
    }

    /// Saves a fact like [`save`](Self::save), but writes its entry with the others that wait at the next
    /// [`flush_with`](Self::flush_with), beside the statements of that time.
    ///
    /// # Errors
    /// As [`save`](Self::save), but for a row without a canonical form, which is found at the flush.
    pub fn save_beside<F: Queued>(
        &mut self,
        fact: Arc<F>,
        before: Option<Arc<F>>,
        event: &str,
    ) -> Result<Revision, StoreError> {
        let revision = self.group.next_revision();
        if fact.revision() != revision || fact.version() != before.as_deref().map_or(0, Fact::version).saturating_add(1)
        {
            return Err(StoreError::Damaged(format!("a `{event}` was built for another revision or version")));
        }
        if !is_known(event) {
            return Err(StoreError::Damaged(format!("nobody could read a `{event}`: it has no words")));
        }
        if let Some(row) = &before {
            self.know(row.revision())?;
        }
        let id = EventId::new(time_ordered(self.context.at, random()?)).to_string();
        let circumstances = Circumstances {
            event: event.to_owned(),
            id,
            at: self.context.at.to_string(),
            actor: self.actor()?,
            request_id: self.context.request_id.clone(),
        };
        let key = self.group.seen.keys.get_or_make(self.conn, &fact.subject())?;
        self.rows.queue(fact.as_ref().clone());
        self.group.unsealed.push(Box::new(Ready { fact, before, circumstances, key }));
        Ok(Revision(revision))
    }

    /// Writes the entries of the facts that wait for them.
    fn seal(&mut self) -> Result<(), StoreError> {
        let (entries, sealed) = seal_all(std::mem::take(&mut self.group.unsealed), &mut self.group.previous)?;
        self.group.take(entries, sealed);
        Ok(())
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
    pub fn append(&mut self, entry: Entry) -> Result<Revision, StoreError> {
        self.seal()?;
        let revision = self.next_revision();
        let leaf = entry.into_leaf().map_err(StoreError::damaged)?;
        let leaf_hash = leaf_hash(&leaf).0.to_vec();
        self.group.entries.push(EntryRow { revision: revision.0, leaf, leaf_hash });
        Ok(revision)
    }

    /// Reads the entry of a revision, unless it is known or on its way.
    fn know(&mut self, revision: i64) -> Result<(), StoreError> {
        if revision > self.group.base || self.group.previous.contains_key(&revision) {
            return Ok(());
        }
        let missing = || StoreError::Damaged(format!("entry {revision} is missing"));
        let previous = previous_of(&log::find_entry(self.conn, revision)?.ok_or_else(missing)?)?;
        self.group.previous.insert(revision, previous);
        Ok(())
    }

    /// Returns what is known of the entry of a revision that this group wrote or read ahead.
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
        self.flush_with(|_| Ok(()))
    }

    /// Writes the rows saved so far and what `work` writes besides, while another thread writes the entries that wait.
    ///
    /// # Errors
    /// The database's failure; [`StoreError::Damaged`] when a row has no canonical form.
    pub fn flush_with(
        &mut self,
        work: impl FnOnce(&mut AnyConnection) -> Result<(), StoreError>,
    ) -> Result<(), StoreError> {
        let rows = std::mem::take(&mut self.rows);
        let write = |conn: &mut AnyConnection| {
            work(conn)?;
            rows.0.iter().try_for_each(|rows| rows.write(conn))
        };
        if self.group.unsealed.len() < FEW {
            self.seal()?;
            return write(self.conn);
        }
        let (unsealed, previous) = (std::mem::take(&mut self.group.unsealed), &mut self.group.previous);
        let (sealed, written) = std::thread::scope(|scope| {
            let sealing = std::thread::Builder::new()
                .name("sealer".to_owned())
                .spawn_scoped(scope, move || seal_all(unsealed, previous))
                .map_err(|error| StoreError::Unreachable(error.to_string()));
            let written = write(self.conn);
            (sealing.and_then(|sealing| sealing.join().unwrap_or(Err(StoreError::Broken))), written)
        });
        written?;
        let (entries, sealed) = sealed?;
        self.group.take(entries, sealed);
        Ok(())
    }
}

/// So few entries are written before a thread has started.
const FEW: usize = 8;

fn previous_of(row: &EntryRow) -> Result<Previous, StoreError> {
    let after = Entry::from_leaf(&row.leaf).map_err(StoreError::damaged)?.after;
    let leaf_hash = Hash::from_slice(&row.leaf_hash).ok_or_else(|| StoreError::damaged("a leaf hash has 32 bytes"))?;
    Ok(Previous { leaf_hash, after })
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
