//! The outbox of notices: put in with the change that they tell of, read in a list, sent by e-mail where configured.
//!
//! A letter is taken before it is sent and settled after, so that two nodes never send the same one; one whose sender
//! went away in between is sent again under the same message id. Invariant: a notice makes its letters once.

use super::App;
use super::error::AppError;
use super::report::own;
use super::view::Page;
use crate::domain::actor::{Caller, Role};
use crate::domain::id::{NoticeId, PersonId, time_ordered};
use crate::domain::lang::Lang;
use crate::domain::notice::{Addressee, Notice, NoticeKind, Params, Rendered};
use crate::domain::validity::Instant;
use crate::store::keep::notices::{self, LetterRow, NoticeRow, SENT, SET_ASIDE, WAITING};
use crate::store::keep::people;
use crate::store::private::random;
use crate::store::{AnyConnection, StoreError, Tx, register};
use serde::Serialize;

/// Microseconds of a minute.
const MINUTE: i64 = 60_000_000;

/// A letter whose sender does not settle it is taken again after this: longer than any server takes.
const TAKEN_FOR: i64 = 10 * MINUTE;

/// The longest wait between two attempts.
const LONGEST_WAIT: i64 = 6 * 60 * MINUTE;

/// Attempts before a letter is given up: some three days.
const ATTEMPTS: i32 = 20;

/// A notice older than this makes no letters any more, so that turning e-mail on does not send the past.
const STALE: i64 = 3 * 24 * 60 * MINUTE;

/// Notices whose letters are made at once.
const STRIDE: i64 = 200;

/// A notice as its reader sees it.
#[derive(Debug, Clone, Serialize)]
pub struct NoticeView {
    /// Id.
    pub id: String,
    kind: NoticeKind,
    title: String,
    text: String,
    about: String,
    addressee: String,
    told_at: Instant,
    read_at: Option<Instant>,
}

/// A letter ready to send.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Letter {
    /// Id, the same at every attempt.
    pub id: String,
    /// Where it goes.
    pub address: String,
    /// Its words, in the reader's language.
    pub content: Rendered,
    /// Path of what it is about.
    pub about: String,
    /// Language of the reader.
    pub lang: Lang,
    attempts: i32,
}

/// What a mail server made of a letter.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Fate {
    /// It took it.
    Sent,
    /// It may take it later.
    Later,
    /// It refuses the address for good, with this status.
    BadAddress(u16),
}

/// Unread notices that are counted; more are many.
const MOST_COUNTED: i64 = 100;

/// Tells somebody something, in the transaction of what happened.
///
/// # Errors
/// The store's failure.
pub fn tell(tx: &mut Tx<'_>, notice: &Notice) -> Result<(), StoreError> {
    let at = tx.context().at;
    put(tx.conn(), at, None, notice).map(drop)
}

/// Tells somebody something unless it was told before under the same words; says whether it was told now.
///
/// # Errors
/// The store's failure.
pub fn tell_once(conn: &mut AnyConnection, at: Instant, once: &str, notice: &Notice) -> Result<bool, StoreError> {
    put(conn, at, Some(once.to_owned()), notice)
}

fn put(conn: &mut AnyConnection, at: Instant, once: Option<String>, notice: &Notice) -> Result<bool, StoreError> {
    let row = NoticeRow {
        id: NoticeId::new(time_ordered(at, random()?)).to_string(),
        addressee: notice.to.word(),
        kind: notice.kind.as_str().to_owned(),
        about: notice.about.clone(),
        params: serde_json::to_string(&notice.params).map_err(StoreError::damaged)?,
        once,
        told_at: at.micros(),
        spread: 0,
    };
    notices::insert(conn, &row)
}

impl App {
    /// Lists what a caller was told, newest first.
    ///
    /// # Errors
    /// The store's failure.
    pub fn inbox(
        &self,
        caller: &Caller,
        only_unread: bool,
        before: &str,
        limit: usize,
        lang: Lang,
    ) -> Result<Page<NoticeView>, AppError> {
        let most = i64::try_from(limit).unwrap_or(i64::MAX).saturating_add(1);
        let mut rows = self.store.read(|conn| {
            let person = register::person_of(conn, &caller.issuer, &caller.subject)?;
            let reader = person.map(|person| person.to_string()).unwrap_or_default();
            notices::list(conn, &addressees(caller, person), &reader, only_unread, before, most)
        })?;
        let more = rows.len() > limit;
        rows.truncate(limit);
        let next = rows.last().filter(|_| more).map(|(row, _)| row.id.clone());
        let mut items = Vec::with_capacity(rows.len());
        for (row, read_at) in rows {
            items.push(self.notice_view(row, read_at, lang)?);
        }
        Ok(Page { items, next })
    }

    /// Counts what a caller was told and has not read, up to a hundred.
    ///
    /// # Errors
    /// The store's failure.
    pub fn unread(&self, caller: &Caller) -> Result<usize, AppError> {
        let unread = self.store.read(|conn| {
            let person = register::person_of(conn, &caller.issuer, &caller.subject)?;
            let reader = person.map(|person| person.to_string()).unwrap_or_default();
            notices::unread(conn, &addressees(caller, person), &reader, MOST_COUNTED)
        })?;
        Ok(unread)
    }

    /// Notes that a caller has read a notice.
    ///
    /// # Errors
    /// [`AppError::NotFound`] for what the caller was not told; the store's failure.
    pub fn read_notice(&self, caller: &Caller, id: NoticeId, lang: Lang) -> Result<NoticeView, AppError> {
        let (at, caller) = (self.clock.now(), caller.clone());
        let read = self.store.keep(at, move |conn| {
            let person = match register::person_of(conn, &caller.issuer, &caller.subject)? {
                Some(person) => person,
                None => people::find_or_make(conn, &caller.issuer, &caller.subject, at)?,
            };
            let found = notices::find(conn, &id.to_string(), &addressees(&caller, Some(person)))?;
            let read_at = found.map(|row| {
                let read_at = notices::read(conn, &row.id, &person.to_string(), at.micros())?;
                Ok::<_, StoreError>((row, read_at))
            });
            read_at.transpose()
        })?;
        let (row, read_at) = read.ok_or(AppError::NotFound)?;
        self.notice_view(row, Some(read_at), lang)
    }

    /// Makes the letters of notices that have none yet; returns how many.
    ///
    /// # Errors
    /// The store's failure.
    pub fn make_letters(&self, at: Instant) -> Result<usize, AppError> {
        let made = self.store.keep(at, move |conn| {
            let mut made = 0_usize;
            for notice in notices::unspread(conn, STRIDE)? {
                let letters = if at.micros().saturating_sub(notice.told_at) > STALE {
                    Vec::new()
                } else {
                    letters(conn, &notice, at)?
                };
                made = made.saturating_add(letters.len());
                notices::spread(conn, &notice.id, &letters)?;
            }
            Ok(made)
        })?;
        Ok(made)
    }

    /// Takes the next letter that is due, so that nobody else sends it meanwhile.
    ///
    /// # Errors
    /// The store's failure.
    pub fn take_letter(&self, at: Instant) -> Result<Option<Letter>, AppError> {
        let now = at.micros();
        let taken = self.store.keep(at, move |conn| notices::take(conn, now, now.saturating_add(TAKEN_FOR)))?;
        let Some((letter, notice)) = taken else { return Ok(None) };
        let lang = lang(&letter.language);
        let content = self.rendered(&notice, lang)?;
        let LetterRow { id, address, attempts, .. } = letter;
        Ok(Some(Letter { id, address, content, about: notice.about, lang, attempts }))
    }

    /// Renders a notice for who reads it, with the names that those whom it names by code have now.
    fn rendered(&self, row: &NoticeRow, lang: Lang) -> Result<Rendered, AppError> {
        let mut params: Params = serde_json::from_str(&row.params).map_err(StoreError::damaged)?;
        let by_code =
            |(name, _): &(&String, &mut String)| matches!(name.as_str(), "enterprise" | "org" | "agency" | "scope");
        let codes: Vec<String> = params.iter_mut().filter(by_code).map(|(_, code)| code.clone()).collect();
        if !codes.is_empty() {
            let names = self.names_of(&codes, lang)?;
            for (_, value) in params.iter_mut().filter(by_code) {
                if let Some(name) = names.get(value).cloned().or_else(|| self.name_of_org(value, lang)) {
                    *value = name;
                }
            }
        }
        if let Some(person) = params.get_mut("person") {
            let known = self.store.read(|conn| register::person(conn, person))?;
            if let Some(row) = known {
                *person = row.name;
            }
        }
        Ok(kind(row)?.render(lang, &params))
    }

    fn notice_view(&self, row: NoticeRow, read_at: Option<i64>, lang: Lang) -> Result<NoticeView, AppError> {
        let Rendered { title, text } = self.rendered(&row, lang)?;
        Ok(NoticeView {
            kind: kind(&row)?,
            title,
            text,
            told_at: Instant::from_micros(row.told_at),
            read_at: read_at.map(Instant::from_micros),
            id: row.id,
            about: row.about,
            addressee: row.addressee,
        })
    }

    /// Says what a mail server made of a letter.
    ///
    /// # Errors
    /// The store's failure.
    pub fn settle_letter(&self, letter: Letter, fate: Fate, at: Instant) -> Result<(), AppError> {
        let now = at.micros();
        self.store.keep(at, move |conn| match fate {
            Fate::Sent => notices::settle(conn, &letter.id, SENT, now),
            Fate::BadAddress(status) => {
                notices::settle(conn, &letter.id, SET_ASIDE, now)?;
                notices::refuse_address(conn, &letter.address, now, i32::from(status))
            }
            Fate::Later if letter.attempts >= ATTEMPTS => notices::settle(conn, &letter.id, SET_ASIDE, now),
            Fate::Later => notices::settle(conn, &letter.id, WAITING, now.saturating_add(wait(letter.attempts))),
        })?;
        Ok(())
    }

    /// Counts letters that wait and letters that were set aside.
    ///
    /// # Errors
    /// The store's failure.
    pub fn letters(&self) -> Result<(i64, i64), AppError> {
        Ok(self
            .store
            .read(|conn| Ok::<_, StoreError>((notices::count(conn, WAITING)?, notices::count(conn, SET_ASIDE)?)))?)
    }
}

/// Doubles the wait with every attempt, from a minute.
fn wait(attempts: i32) -> i64 {
    let doublings = u32::try_from(attempts.saturating_sub(1)).unwrap_or(0).min(20);
    MINUTE.saturating_mul(1_i64.checked_shl(doublings).unwrap_or(i64::MAX)).min(LONGEST_WAIT)
}

/// Under which words a caller is told something.
fn addressees(caller: &Caller, person: Option<PersonId>) -> Vec<String> {
    let mut to = vec![Addressee::Org(caller.org.to_string())];
    to.extend(person.map(Addressee::Person));
    to.extend(own(caller).map(Addressee::Enterprise));
    // An agent's own organisation is told what concerns the agent, whoever it acts for.
    to.extend(caller.roles.iter().map(Addressee::Role));
    to.iter().map(Addressee::word).collect()
}

fn letters(conn: &mut AnyConnection, notice: &NoticeRow, at: Instant) -> Result<Vec<LetterRow>, StoreError> {
    let addressee = Addressee::parse(&notice.addressee).ok_or_else(|| StoreError::damaged("an addressee"))?;
    let mut letters: Vec<LetterRow> = Vec::new();
    for (address, language) in addresses(conn, &addressee, at)? {
        let known = letters.iter().any(|letter| letter.address == address);
        if known || notices::is_refused(conn, &address)? {
            continue;
        }
        letters.push(LetterRow {
            id: format!("{}.{}", notice.id, letters.len().saturating_add(1)),
            notice: notice.id.clone(),
            address,
            language,
            state: WAITING.to_owned(),
            attempts: 0,
            due_at: at.micros(),
        });
    }
    Ok(letters)
}

/// Finds the addresses of an addressee, with the language of who reads there.
fn addresses(conn: &mut AnyConnection, to: &Addressee, at: Instant) -> Result<Vec<(String, String)>, StoreError> {
    let zh = || "zh".to_owned();
    let mut people = Vec::new();
    let mut found: Vec<(String, String)> = Vec::new();
    match to {
        Addressee::Person(person) => people.push(person.to_string()),
        Addressee::Role(role) => people.extend(holders(conn, *role, at)?),
        Addressee::Org(code) => {
            let office = register::organisation(conn, code)?.filter(|row| row.active != 0).and_then(|row| row.mail);
            match office {
                Some(mail) => found.push((mail, zh())),
                None => people.extend(register::person_ids(conn, Some(code), "", i64::MAX)?),
            }
        }
        Addressee::Enterprise(uscc) => {
            let named = register::responsible_person(conn, &uscc.to_string())?.and_then(|row| row.mail);
            found.extend(named.map(|mail| (mail, zh())));
            people.extend(register::person_ids(conn, Some(&uscc.to_string()), "", i64::MAX)?);
        }
    }
    let of_org = match to {
        Addressee::Org(code) => Some(code.clone()),
        Addressee::Enterprise(uscc) => Some(uscc.to_string()),
        Addressee::Person(_) | Addressee::Role(_) => None,
    };
    for id in people {
        let person = register::person(conn, &id)?.filter(|row| row.active != 0);
        let person = person.filter(|row| of_org.as_ref().is_none_or(|org| *org == row.org));
        found.extend(person.and_then(|row| row.mail.map(|mail| (mail, row.language))));
    }
    Ok(found)
}

fn holders(conn: &mut AnyConnection, role: Role, at: Instant) -> Result<Vec<String>, StoreError> {
    let register = super::people::register(conn)?;
    Ok(register.holders(role, at.day()).map(|person| person.to_string()).collect())
}

fn kind(row: &NoticeRow) -> Result<NoticeKind, StoreError> {
    NoticeKind::parse(&row.kind).ok_or_else(|| StoreError::damaged("a kind of notice"))
}

fn lang(word: &str) -> Lang {
    if word == "en" { Lang::En } else { Lang::Zh }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn waits_double_up_to_six_hours() {
        let minutes: Vec<i64> = (1..=10).map(|attempt| wait(attempt) / MINUTE).collect();
        assert_eq!(minutes, [1, 2, 4, 8, 16, 32, 64, 128, 256, 360]);
        assert_eq!(wait(i32::MAX), LONGEST_WAIT);
        let total: i64 = (1..ATTEMPTS).map(wait).sum();
        assert!((2..=4).contains(&(total / (24 * 60 * MINUTE))), "{total}");
    }
}
