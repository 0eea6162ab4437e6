//! Names of those whom answers and notices name by their code: agencies and districts of the schemes, enterprises of the
//! list, registered organisations, and people for whoever may see them.

use super::App;
use super::error::AppError;
use super::people::persons::sees;
use crate::domain::actor::Caller;
use crate::domain::id::PersonId;
use crate::domain::lang::Lang;
use crate::domain::revision::Revision;
use crate::store::keep::people;
use crate::store::{StoreError, enterprises, register};
use std::collections::BTreeMap;

/// Who stands behind the id of a person, as far as a reader may know it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Behind {
    /// A registered person, by name.
    Name(String),
    /// Nobody registered them; the account they signed in with: issuer and subject.
    Account(String, String),
}

impl App {
    /// Names an agency or a district by its code; none for another code.
    #[must_use]
    pub fn name_of_org(&self, code: &str, lang: Lang) -> Option<String> {
        let snapshot = self.index.load();
        for history in snapshot.schemes() {
            let Some(scheme) = history.known(Revision::NEWEST).last() else { continue };
            let agency = scheme.member_agencies.iter().find(|agency| agency.code == code).map(|agency| &agency.name);
            let district = || {
                let district = scheme.districts.iter().find(|district| district.code.to_string() == code);
                district.map(|district| &district.name)
            };
            if let Some(name) = agency.or_else(district) {
                return Some(name.text(lang).to_owned());
            }
        }
        None
    }

    /// Names enterprises and registered organisations by their codes, as they are called now.
    ///
    /// # Errors
    /// The store's failure.
    pub fn names_of(&self, codes: &[String], lang: Lang) -> Result<BTreeMap<String, String>, AppError> {
        let today = self.clock.now().day().value();
        let in_lang = |zh: String, en: Option<String>| en.filter(|_| lang == Lang::En).unwrap_or(zh);
        let names = self.store.read(|conn| {
            let rows = enterprises::versions_of(conn, codes)?;
            let begun = rows.into_iter().filter(|row| row.effective_on <= today);
            let mut names: BTreeMap<String, String> =
                begun.map(|row| (row.uscc, in_lang(row.name_zh, row.name_en))).collect();
            for code in codes {
                if !names.contains_key(code)
                    && let Some(row) = register::organisation(conn, code)?
                {
                    names.insert(code.clone(), in_lang(row.name_zh, row.name_en));
                }
            }
            Ok::<_, StoreError>(names)
        })?;
        Ok(names)
    }

    /// Says who stands behind the ids of people whom a caller may see: colleagues, and everybody for whoever oversees them. Accounts that nobody registered are told in the demo only, where all of them are invented.
    ///
    /// # Errors
    /// The store's failure.
    pub fn people_behind(&self, caller: &Caller, ids: &[String]) -> Result<BTreeMap<String, Behind>, AppError> {
        let is_demo = self.is_demo();
        let found = self.store.read(|conn| {
            let mut found = BTreeMap::new();
            for id in ids {
                let Ok(account) = PersonId::parse(id) else { continue };
                let person = register::person_behind(conn, account)?;
                let behind = match register::person(conn, &person.to_string())? {
                    Some(row) => (sees(caller, &row.org) || *row.org == *caller.org).then_some(Behind::Name(row.name)),
                    None if is_demo => people::account(conn, account)?.map(|(issuer, of)| Behind::Account(issuer, of)),
                    None => None,
                };
                found.extend(behind.map(|behind| (id.clone(), behind)));
            }
            Ok::<_, StoreError>(found)
        })?;
        Ok(found)
    }

    /// Names a scheme by its code; none where there is no such scheme.
    #[must_use]
    pub fn name_of_scheme(&self, code: &str, lang: Lang) -> Option<String> {
        let snapshot = self.index.load();
        let history = snapshot.schemes().iter().find(|history| history.code() == code)?;
        history.known(Revision::NEWEST).last().map(|scheme| scheme.name.text(lang).to_owned())
    }
}
