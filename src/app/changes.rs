//! What differs between two revisions of the list, listing by listing and enterprise by enterprise, as seen on one day.
//!
//! Known-at and valid-at stay apart: the two revisions say what was known, the day says for when. Invariant: what has no
//! version recorded between the two revisions is not among the changes.

use super::App;
use super::error::AppError;
use super::report::{enterprise, notes, scope, views};
use super::view::{EnterpriseView, ListingView};
use crate::domain::actor::Caller;
use crate::domain::code::Uscc;
use crate::domain::fault::FaultCode;
use crate::domain::lang::Lang;
use crate::domain::revision::Revision;
use crate::domain::validity::LegalDay;
use crate::domain::words::words;
use crate::store::{AnyConnection, enterprises, listings};
use serde::Serialize;
use serde_json::Value;
use std::collections::BTreeSet;

words! {
    /// What became of a listing, or of an enterprise, between two revisions.
    Difference {
        /// It was not there before.
        Added "added" "新增" "added";
        /// Its terms or its status are others.
        Changed "changed" "变更" "changed";
        /// It was removed.
        Removed "removed" "移出" "removed";
        /// Something was recorded that makes no difference on the day asked for.
        Scheduled "scheduled" "已记录，当日尚无影响" "recorded, without effect on the day";
    }
}

/// Members that say where a thing stands, not what it is. Listings of an enterprise are told by themselves.
const PLACES: [&str; 4] = ["/version", "/revision", "/remaining", "/listings"];

/// One listing that differs.
#[derive(Debug, Serialize)]
pub struct ListingChange {
    /// Its number.
    pub number: String,
    /// USCC of its enterprise.
    pub enterprise: String,
    /// What became of it.
    pub change: Difference,
    /// Its members that differ.
    pub members: Vec<MemberChange>,
    /// As it was known before; none when it was not.
    pub from: Option<ListingView>,
    /// As it was known afterwards.
    pub to: Option<ListingView>,
}

/// One enterprise that differs: what holds all its listings back, and what it is called.
#[derive(Debug, Serialize)]
pub struct EnterpriseChange {
    /// Its USCC.
    pub uscc: String,
    /// What became of it.
    pub change: Difference,
    /// Its members that differ.
    pub members: Vec<MemberChange>,
    /// As it was known before; none when it was not.
    pub from: Option<EnterpriseView>,
    /// As it was known afterwards.
    pub to: Option<EnterpriseView>,
}

/// A page of what differs: listings in order of number, and behind the last of them enterprises in order of USCC.
#[derive(Debug, Default, Serialize)]
pub struct Changes {
    /// Listings.
    pub items: Vec<ListingChange>,
    /// Enterprises.
    pub enterprises: Vec<EnterpriseChange>,
    /// Where the next page begins: behind this listing, or behind this enterprise.
    pub next: Option<String>,
}

/// One member that differs.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct MemberChange {
    /// JSON pointer into the listing or the enterprise.
    pub member: String,
    /// Before.
    pub from: Value,
    /// Afterwards.
    pub to: Value,
}

/// What is compared.
#[derive(Debug, Clone, Copy)]
pub struct Between {
    /// The earlier revision.
    pub from: Revision,
    /// The later revision.
    pub to: Revision,
    /// The day; today when absent.
    pub valid_on: Option<LegalDay>,
}

impl App {
    /// Lists the listings, and behind them the enterprises, that differ between two revisions.
    ///
    /// # Errors
    /// A fault when the revisions stand the wrong way round; [`AppError::NotYetCurrent`] for one still to come.
    pub fn listing_changes(
        &self,
        caller: &Caller,
        between: Between,
        after: &str,
        limit: usize,
    ) -> Result<Changes, AppError> {
        let Between { from, to, valid_on } = between;
        let own = scope(caller)?.map(|uscc| uscc.to_string());
        if from > to {
            return Err(AppError::Faults(vec![("/from".to_owned(), FaultCode::NumberOutOfRange)]));
        }
        if to > self.index.load().revision() {
            return Err(AppError::NotYetCurrent);
        }
        let day = valid_on.unwrap_or_else(|| self.clock.now().day());
        let asked = Asked { own: own.as_deref(), from, to, day };
        self.store.read(|conn| {
            let mut page = Changes::default();
            let behind = if Uscc::parse(after).is_ok() {
                after
            } else {
                page.items = asked.listings(conn, caller, after, limit.saturating_add(1))?;
                if page.items.len() > limit {
                    page.items.truncate(limit);
                    page.next = page.items.last().map(|change| change.number.clone());
                    return Ok(page);
                }
                ""
            };
            let room = limit.saturating_sub(page.items.len());
            page.enterprises = asked.enterprises(conn, behind, room.saturating_add(1))?;
            if page.enterprises.len() > room {
                page.enterprises.truncate(room);
                let listing = page.items.last().map(|change| change.number.clone());
                page.next = page.enterprises.last().map(|change| change.uscc.clone()).or(listing);
            }
            Ok(page)
        })
    }

    /// Writes the changes as a table, one row for each member; those of enterprises name no listing.
    ///
    /// # Errors
    /// As [`App::listing_changes`].
    pub fn listing_changes_table(
        &self,
        caller: &Caller,
        between: Between,
        lang: Lang,
    ) -> Result<Vec<Vec<String>>, AppError> {
        let (mut rows, mut after) = (Vec::new(), String::new());
        loop {
            let page = self.listing_changes(caller, between, &after, 200)?;
            let listings =
                page.items.iter().map(|of| (of.number.as_str(), of.enterprise.as_str(), of.change, &of.members));
            let enterprises = page.enterprises.iter().map(|of| ("", of.uscc.as_str(), of.change, &of.members));
            for (number, enterprise, change, members) in listings.chain(enterprises) {
                let head = [number, enterprise, change.name(lang)].map(str::to_owned);
                if members.is_empty() {
                    rows.push([head.as_slice(), &[const { String::new() }; 3]].concat());
                }
                for member in members {
                    let cells = [member.member.clone(), cell(&member.from), cell(&member.to)];
                    rows.push([head.as_slice(), &cells].concat());
                }
            }
            match page.next {
                Some(next) => after = next,
                None => return Ok(rows),
            }
        }
    }
}

/// What is compared, and for whom.
struct Asked<'a> {
    own: Option<&'a str>,
    from: Revision,
    to: Revision,
    day: LegalDay,
}

impl Asked<'_> {
    fn listings(
        &self,
        conn: &mut AnyConnection,
        caller: &Caller,
        after: &str,
        most: usize,
    ) -> Result<Vec<ListingChange>, AppError> {
        let (between, most) = ((self.from.0, self.to.0), i64::try_from(most).unwrap_or(i64::MAX));
        let numbers = listings::numbers_between(conn, self.own, between, after, most)?;
        let before = views(conn, &numbers, Some(self.from), self.day, notes(caller))?;
        let mut later = views(conn, &numbers, Some(self.to), self.day, notes(caller))?;
        let mut items = Vec::with_capacity(numbers.len());
        for number in &numbers {
            let was = before.iter().find(|view| view.number == *number).cloned();
            let is = later.iter().position(|view| view.number == *number).map(|place| later.swap_remove(place));
            items.push(change(number, was, is)?);
        }
        Ok(items)
    }

    fn enterprises(
        &self,
        conn: &mut AnyConnection,
        after: &str,
        most: usize,
    ) -> Result<Vec<EnterpriseChange>, AppError> {
        let (between, most) = ((self.from.0, self.to.0), i64::try_from(most).unwrap_or(i64::MAX));
        let mut items = Vec::new();
        for uscc in enterprises::between(conn, self.own, between, after, most)? {
            let from = enterprise(conn, &uscc, (self.from, self.day))?;
            let to = enterprise(conn, &uscc, (self.to, self.day))?;
            let members = differing(from.as_ref(), to.as_ref())?;
            let change = match &from {
                None => Difference::Added,
                Some(_) if members.is_empty() => Difference::Scheduled,
                Some(_) => Difference::Changed,
            };
            items.push(EnterpriseChange { uscc, change, members, from, to });
        }
        Ok(items)
    }
}

fn cell(value: &Value) -> String {
    match value {
        Value::Null => String::new(),
        Value::String(text) => text.clone(),
        Value::Bool(_) | Value::Number(_) | Value::Array(_) | Value::Object(_) => value.to_string(),
    }
}

fn change(number: &str, was: Option<ListingView>, is: Option<ListingView>) -> Result<ListingChange, AppError> {
    let members = differing(was.as_ref(), is.as_ref())?;
    let removed = |view: &ListingView| view.terms.status() == crate::domain::listing::Status::Removed;
    let change = match (&was, &is) {
        (None, _) => Difference::Added,
        (Some(_), None) => Difference::Scheduled,
        (Some(was), Some(is)) if removed(is) && !removed(was) => Difference::Removed,
        (Some(_), Some(_)) if members.is_empty() => Difference::Scheduled,
        (Some(_), Some(_)) => Difference::Changed,
    };
    let enterprise = is.as_ref().or(was.as_ref()).map(|view| view.enterprise.clone()).unwrap_or_default();
    Ok(ListingChange { number: number.to_owned(), enterprise, change, members, from: was, to: is })
}

/// Compares two views member by member, those of the item too.
fn differing<V: Serialize>(was: Option<&V>, is: Option<&V>) -> Result<Vec<MemberChange>, AppError> {
    let members = |view: Option<&V>| {
        let value = view.map(serde_json::to_value).transpose().map_err(AppError::unwritable)?.unwrap_or_default();
        let mut flat = Vec::new();
        for (name, value) in value.as_object().into_iter().flatten() {
            match (name.as_str(), value) {
                ("item" | "enterprise_name", Value::Object(inner)) => {
                    flat.extend(inner.iter().map(|(inner, value)| (format!("/{name}/{inner}"), value.clone())));
                }
                _ => flat.push((format!("/{name}"), value.clone())),
            }
        }
        Ok::<_, AppError>(flat)
    };
    let (was, is) = (members(was)?, members(is)?);
    let of = |members: &[(String, Value)], name: &str| {
        members.iter().find(|(known, _)| known == name).map(|(_, value)| value.clone()).unwrap_or_default()
    };
    let mut seen = BTreeSet::new();
    let names = is.iter().chain(&was).map(|(name, _)| name.as_str()).filter(|name| seen.insert(*name));
    let differing = names.filter(|name| !PLACES.contains(name)).filter_map(|name| {
        let (from, to) = (of(&was, name), of(&is, name));
        (from != to).then(|| MemberChange { member: name.to_owned(), from, to })
    });
    Ok(differing.collect())
}
