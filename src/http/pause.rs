//! What a pause of the service refuses: every change, but those that protect people and that end the pause.

use super::endpoints::{Effect, Endpoint};
use super::problem::{Problem, ProblemType};
use crate::domain::bilingual::Bilingual;
use crate::domain::pause::Pause;

/// Seconds after which a change is worth trying again.
const RETRY_AFTER: u32 = 60;

/// Changes that stay open: lookups (their record is the service's own), emergency stops with their confirmation, and the
/// switch itself.
const OPEN: [&str; 6] =
    ["get_lookup", "create_lookup", "create_stop", "confirm_stop", "pause_service", "resume_service"];

/// Whether an endpoint may be called while a pause holds.
#[must_use]
pub fn is_open(endpoint: &Endpoint) -> bool {
    endpoint.effect == Effect::Read || OPEN.contains(&endpoint.operation)
}

/// Says that changes are paused, and why.
#[must_use]
pub fn refused(pause: &Pause) -> Problem {
    let Bilingual { zh, en } = &pause.reason;
    Problem::new(ProblemType::Paused)
        .with_detail(format!("已暂停受理变更：{zh}"), format!("Changes are paused: {en}"))
        .with_retry_after(RETRY_AFTER)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::http::endpoints::ENDPOINTS;

    #[test]
    fn what_stays_open_is_an_endpoint() {
        for operation in OPEN {
            assert!(ENDPOINTS.iter().any(|endpoint| endpoint.operation == operation), "{operation}");
        }
        let closed =
            |operation: &str| !is_open(ENDPOINTS.iter().find(|endpoint| endpoint.operation == operation).unwrap());
        assert!(closed("put_declaration") && closed("lift_stop") && closed("begin_application"));
        assert!(!closed("list_listings") && !closed("create_stop"));
    }
}
