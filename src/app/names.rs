//! Names of those whom answers name by their code: agencies and districts of the schemes, enterprises of the list.

use super::App;
use super::error::AppError;
use crate::domain::lang::Lang;
use crate::domain::revision::Revision;
use crate::store::enterprises;
use std::collections::BTreeMap;

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

    /// Names enterprises by their codes, as they are called now.
    ///
    /// # Errors
    /// The store's failure.
    pub fn names_of_enterprises(&self, codes: &[String], lang: Lang) -> Result<BTreeMap<String, String>, AppError> {
        let today = self.clock.now().day().value();
        let rows = self.store.read(|conn| enterprises::versions_of(conn, codes))?;
        let begun = rows.into_iter().filter(|row| row.effective_on <= today);
        Ok(begun.map(|row| (row.uscc, row.name_en.filter(|_| lang == Lang::En).unwrap_or(row.name_zh))).collect())
    }

    /// Names a scheme by its code; none where there is no such scheme.
    #[must_use]
    pub fn name_of_scheme(&self, code: &str, lang: Lang) -> Option<String> {
        let snapshot = self.index.load();
        let history = snapshot.schemes().iter().find(|history| history.code() == code)?;
        history.known(Revision::NEWEST).last().map(|scheme| scheme.name.text(lang).to_owned())
    }
}
