//! What differs between two revisions of the list, listing by listing, as seen on one day.
//!
//! Known-at and valid-at stay apart: the two revisions say what was known, the day says for when. Invariant: a listing
//! without a version recorded between the two revisions is not among the changes.

use super::App;
use super::error::AppError;
use super::report::{notes, scope, views};
use super::view::{ListingView, Page};
use crate::domain::actor::Caller;
use crate::domain::fault::FaultCode;
use crate::domain::lang::Lang;
use crate::domain::revision::Revision;
use crate::domain::validity::LegalDay;
use crate::domain::words::words;
use crate::store::listings;
use serde::Serialize;
use serde_json::Value;
use std::collections::BTreeSet;

words! {
    /// What became of a listing between two revisions.
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

/// Members that say where a listing stands, not what it is.
const PLACES: [&str; 3] = ["/version", "/revision", "/remaining"];

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

/// One member that differs.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct MemberChange {
    /// JSON pointer into the listing.
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
    /// Lists the listings that differ between two revisions, in order of number.
    ///
    /// # Errors
    /// A fault when the revisions stand the wrong way round; [`AppError::NotYetCurrent`] for one still to come.
    pub fn listing_changes(
        &self,
        caller: &Caller,
        between: Between,
        after: &str,
        limit: usize,
    ) -> Result<Page<ListingChange>, AppError> {
        let Between { from, to, valid_on } = between;
        let own = scope(caller)?.map(|uscc| uscc.to_string());
        if from > to {
            return Err(AppError::Faults(vec![("/from".to_owned(), FaultCode::NumberOutOfRange)]));
        }
        if to > self.index.load().revision() {
            return Err(AppError::NotYetCurrent);
        }
        let day = valid_on.unwrap_or_else(|| self.clock.now().day());
        let most = i64::try_from(limit).unwrap_or(i64::MAX).saturating_add(1);
        self.store.read(|conn| {
            let mut numbers = listings::numbers_between(conn, own.as_deref(), (from.0, to.0), after, most)?;
            let more = numbers.len() > limit;
            numbers.truncate(limit);
            let before = views(conn, &numbers, Some(from), day, notes(caller))?;
            let mut later = views(conn, &numbers, Some(to), day, notes(caller))?;
            let mut items = Vec::with_capacity(numbers.len());
            for number in &numbers {
                let was = before.iter().find(|view| view.number == *number).cloned();
                let is = later.iter().position(|view| view.number == *number).map(|place| later.swap_remove(place));
                items.push(change(number, was, is)?);
            }
            let next = numbers.pop().filter(|_| more);
            Ok(Page { items, next })
        })
    }

    /// Writes the changes as a table, one row for each member, in order of number.
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
            for change in &page.items {
                let head =
                    || vec![change.number.clone(), change.enterprise.clone(), change.change.name(lang).to_owned()];
                if change.members.is_empty() {
                    rows.push([head(), vec![String::new(); 3]].concat());
                }
                for member in &change.members {
                    let cells = vec![member.member.clone(), cell(&member.from), cell(&member.to)];
                    rows.push([head(), cells].concat());
                }
            }
            match page.next {
                Some(next) => after = next,
                None => return Ok(rows),
            }
        }
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
fn differing(was: Option<&ListingView>, is: Option<&ListingView>) -> Result<Vec<MemberChange>, AppError> {
    let members = |view: Option<&ListingView>| {
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
