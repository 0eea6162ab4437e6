//! Which duty what a page offers belongs to, read from the endpoints behind it.
//!
//! It only decides what is offered: whoever follows a link all the same is refused by the endpoint. So a page cannot forget a
//! duty, and there is no second table of them.

use super::super::endpoints::{Access, ENDPOINTS};
use super::registers::REGISTERS;
use super::visit::Visit;
use crate::domain::actor::RoleSet;
use crate::domain::duty::Duty;

/// Places of the menu whose endpoint is not named as they are.
const OTHERWISE: [(&str, &str, &str); 13] = [
    ("/look-up", "GET", "/v1/lookup"),
    ("/look-ups", "GET", "/v1/answers"),
    ("/manual-release", "POST", "/v1/declarations/{number}/manual-release"),
    ("/cases", "GET", "/v1/applications"),
    ("/my-enterprise", "GET", "/v1/enterprises/{uscc}"),
    ("/listing-changes", "GET", "/v1/listings/diff"),
    ("/dry-run", "POST", "/v1/lookups/dry-run"),
    ("/border", "GET", "/v1/reports/border"),
    ("/reports", "GET", "/v1/reports/figures"),
    ("/satisfaction", "GET", "/v1/reports/satisfaction"),
    ("/log", "GET", "/v1/log/entries"),
    ("/agents", "GET", "/v1/enterprises/{uscc}/mandates"),
    ("/roles", "GET", "/v1/roles"),
];

/// Whether a path, with its parameters or with what stands for them, is that of an endpoint.
fn fits(known: &str, path: &str) -> bool {
    let (mut known, mut given) = (known.split('/'), path.split('/'));
    loop {
        match (known.next(), given.next()) {
            (None, None) => return true,
            (Some(known), Some(given)) if known == given || (known.starts_with('{') && !given.is_empty()) => {}
            (Some(_) | None, _) => return false,
        }
    }
}

/// Finds the duty of an endpoint; none where there is no such endpoint, or it is everybody's.
#[must_use]
pub fn duty_of(method: &str, path: &str) -> Option<Duty> {
    let path = path.split('?').next().unwrap_or_default();
    let named = ENDPOINTS.iter().filter(|endpoint| endpoint.method == method && fits(endpoint.path, path));
    // One that is named as it is goes before one with a parameter in its place.
    let endpoint = named.min_by_key(|endpoint| endpoint.path.matches('{').count())?;
    match endpoint.access {
        Access::Roles(_, duty) => Some(duty),
        Access::Public | Access::Metrics => None,
    }
}

/// Finds the duty without which a place of the menu shows nothing; none where it shows something to everybody.
#[must_use]
pub fn behind(href: &str) -> Option<Duty> {
    if let Some(slug) = href.strip_prefix("/registers/") {
        let register = REGISTERS.iter().find(|register| register.slug == slug)?;
        return duty_of("GET", register.endpoint());
    }
    let otherwise = OTHERWISE.iter().find(|(place, ..)| *place == href);
    otherwise.map_or_else(|| duty_of("GET", &format!("/v1{href}")), |(_, method, path)| duty_of(method, path))
}

impl Visit {
    /// Returns the roles that count for a duty.
    #[must_use]
    pub fn under(&self, duty: Duty) -> RoleSet {
        self.session.as_ref().map_or(RoleSet::EMPTY, |session| session.standing.under(duty))
    }

    /// Whether a page offers something of a duty to who holds one of these roles.
    #[must_use]
    pub fn may(&self, roles: RoleSet, duty: Duty) -> bool {
        self.under(duty).intersects(roles)
    }
}

#[cfg(test)]
mod tests {
    use super::super::menu::places;
    use super::*;

    #[test]
    fn every_place_of_the_menu_has_its_duty() {
        for href in places().filter(|href| *href != "/") {
            assert!(behind(href).is_some(), "{href}");
        }
        assert_eq!(behind("/"), None);
        assert_eq!(duty_of("GET", "/v1/listings/diff"), Some(Duty::List));
        assert_eq!(duty_of("POST", "/v1/applications/{id}/decide"), Some(Duty::Decide));
        assert_eq!(duty_of("GET", "/v1/notices/{number}"), None);
    }
}
