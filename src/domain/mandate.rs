//! Mandates (代理委托): an enterprise appoints an agent for what and how long, and dismisses it.
//!
//! It does not know who the agent's people are. Invariant: an agent may do only what a mandate in force on the day
//! names, and may see the enterprise's listings under any of them.

use super::id::PersonId;
use super::lang::Lang;
use super::validity::LegalDay;
use serde::{Deserialize, Serialize};

/// What an agent may do for an enterprise besides seeing its listings.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Scope {
    /// Items, applications and their letters.
    Applications,
    /// Usage returns (使用台账).
    UsageReturns,
}

impl Scope {
    /// Every scope.
    pub const ALL: &[Self] = &[Self::Applications, Self::UsageReturns];

    /// Returns the word on the wire.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Applications => "applications",
            Self::UsageReturns => "usage_returns",
        }
    }

    /// Says what it is for people.
    #[must_use]
    pub fn name(self, lang: Lang) -> &'static str {
        match self {
            Self::Applications => lang.pick("申请", "applications"),
            Self::UsageReturns => lang.pick("使用情况报告", "usage returns"),
        }
    }

    /// Reads the word.
    #[must_use]
    pub fn parse(word: &str) -> Option<Self> {
        Self::ALL.iter().copied().find(|scope| scope.as_str() == word)
    }

    /// Names the scope that a request needs; none where any mandate will do. What is not known to be less belongs to
    /// applications.
    #[must_use]
    pub fn needed(method: &str, path: &str) -> Option<Self> {
        let under = |prefix: &str| path.starts_with(prefix);
        let reads = method == "GET";
        if under("/v1/usage-returns") {
            return Some(Self::UsageReturns);
        }
        let for_all = under("/v1/lookups/dry-run") || under("/v1/inbox") || under("/v1/report-jobs");
        let case = under("/v1/applications") || under("/v1/items") || under("/v1/documents");
        (case || (!reads && !for_all)).then_some(Self::Applications)
    }
}

/// A mandate as it stands.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Mandate {
    /// Organisation of the agent.
    pub agent_org: Box<str>,
    /// The one person of it who may act; none means everybody.
    pub agent_person: Option<PersonId>,
    /// What for.
    pub scopes: Vec<Scope>,
    /// First day.
    pub valid_from: LegalDay,
    /// Last day; none while open.
    pub valid_to: Option<LegalDay>,
}

impl Mandate {
    /// Whether it lets somebody of an organisation do something on a day.
    #[must_use]
    pub fn lets(&self, org: &str, person: Option<PersonId>, needed: Option<Scope>, day: LegalDay) -> bool {
        *self.agent_org == *org
            && self.agent_person.is_none_or(|only| Some(only) == person)
            && needed.is_none_or(|scope| self.scopes.contains(&scope))
            && self.valid_from <= day
            && self.valid_to.is_none_or(|last| day <= last)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn day(text: &str) -> LegalDay {
        LegalDay::parse(text).unwrap()
    }

    #[test]
    fn a_mandate_lets_its_agent_do_what_it_names_while_it_lasts() {
        let mandate = Mandate {
            agent_org: "A".into(),
            agent_person: None,
            scopes: vec![Scope::Applications],
            valid_from: day("2026-08-01"),
            valid_to: Some(day("2026-08-31")),
        };
        let lets = |org: &str, needed, on: &str| mandate.lets(org, None, needed, day(on));
        assert!(lets("A", Some(Scope::Applications), "2026-08-01"));
        assert!(lets("A", None, "2026-08-31"));
        assert!(!lets("A", Some(Scope::UsageReturns), "2026-08-12"));
        assert!(!lets("B", None, "2026-08-12"));
        assert!(!lets("A", None, "2026-07-31") && !lets("A", None, "2026-09-01"));
        let one = Mandate { agent_person: Some(PersonId::new(1)), ..mandate };
        assert!(one.lets("A", Some(PersonId::new(1)), None, day("2026-08-12")));
        assert!(!one.lets("A", Some(PersonId::new(2)), None, day("2026-08-12")));
        assert!(!one.lets("A", None, None, day("2026-08-12")));
    }

    #[test]
    fn what_a_request_needs_follows_from_its_path() {
        for (method, path, needed) in [
            ("GET", "/v1/listings", None),
            ("POST", "/v1/lookups/dry-run", None),
            ("POST", "/v1/inbox/ntc_1/read", None),
            ("GET", "/v1/applications/app_1", Some(Scope::Applications)),
            ("POST", "/v1/applications", Some(Scope::Applications)),
            ("GET", "/v1/items", Some(Scope::Applications)),
            ("GET", "/v1/usage-returns", Some(Scope::UsageReturns)),
            ("POST", "/v1/usage-returns", Some(Scope::UsageReturns)),
            ("POST", "/v1/whatever-comes", Some(Scope::Applications)),
        ] {
            assert_eq!(Scope::needed(method, path), needed, "{method} {path}");
        }
    }
}
