//! How many requests one client may send: a token bucket per client, for everybody but customs systems.
//!
//! Lookups at the border are never throttled here, so the lookup path takes no lock. Invariant: memory is bounded
//! whatever clients come.

use super::problem::{Problem, ProblemType};
use crate::domain::actor::{Caller, Role, RoleSet};
use actix_web::http::header::{HeaderName, HeaderValue};
use rustc_hash::{FxBuildHasher, FxHashMap};
use std::hash::BuildHasher as _;
use std::net::IpAddr;
use std::sync::Mutex;
use std::time::Duration;

/// Roles of customs systems: not limited unless an operator puts a proxy before them.
const CUSTOMS: RoleSet = RoleSet::of(&[Role::CustomsLookup, Role::CustomsDraw, Role::CustomsOfficer]);

/// Clients remembered at most; beyond that the full buckets are forgotten, which costs nobody anything.
const CLIENTS: usize = 65_536;

/// Tokens are counted in thousandths, so that a slow rate loses nothing to rounding.
const TOKEN: u64 = 1_000;

/// Windows of a second that the burst is worth.
const WINDOW: u64 = 4;

/// What a client may still send, as the answer says it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Left {
    /// Requests at once.
    pub requests: u64,
    /// Of how many.
    pub of: u64,
    /// Seconds until there are as many again.
    pub whole_in: u64,
}

impl Left {
    /// Writes the headers of draft-ietf-httpapi-ratelimit-headers: the policy, and what is left of it.
    pub fn headers(self) -> impl Iterator<Item = (HeaderName, HeaderValue)> {
        let policy = format!("\"client\";q={};w={WINDOW}", self.of);
        let left = format!("\"client\";r={};t={}", self.requests, self.whole_in);
        let texts = [("ratelimit-policy", policy), ("ratelimit", left)];
        texts
            .into_iter()
            .filter_map(|(name, text)| Some((HeaderName::from_static(name), HeaderValue::from_str(&text).ok()?)))
    }
}

/// What one client has left.
#[derive(Debug, Clone, Copy)]
struct Bucket {
    left: u64,
    at: Duration,
}

/// The buckets of all clients.
#[derive(Debug)]
pub struct Throttle {
    per_second: u64,
    burst: u64,
    buckets: Mutex<FxHashMap<u64, Bucket>>,
}

impl Throttle {
    /// Allows so many requests a second, and four times as many at once.
    #[must_use]
    pub fn new(per_second: u32) -> Self {
        let per_second = u64::from(per_second.max(1));
        Self { per_second, burst: per_second * WINDOW * TOKEN, buckets: Mutex::default() }
    }

    /// Takes one token of a caller at an uptime; returns what is left, nothing for who is not limited.
    ///
    /// # Errors
    /// `rate-limited` with the seconds until there is one.
    pub fn admit(&self, caller: &Caller, uptime: Duration) -> Result<Option<Left>, Problem> {
        if caller.holds_any(CUSTOMS) {
            return Ok(None);
        }
        self.take(FxBuildHasher.hash_one((&caller.issuer, &caller.subject)), uptime).map(Some)
    }

    /// Takes one token of an address that asks without signing in.
    ///
    /// # Errors
    /// As [`Throttle::admit`].
    pub fn admit_from(&self, visitor: Option<IpAddr>, uptime: Duration) -> Result<Left, Problem> {
        self.take(FxBuildHasher.hash_one(visitor), uptime)
    }

    fn left(&self, tokens: u64) -> Left {
        let missing = self.burst.saturating_sub(tokens);
        Left {
            requests: tokens / TOKEN,
            of: self.burst / TOKEN,
            whole_in: missing.div_ceil(self.per_second.saturating_mul(TOKEN)),
        }
    }

    fn take(&self, client: u64, uptime: Duration) -> Result<Left, Problem> {
        // A lock that broke is no reason to shut everybody out.
        let Ok(mut buckets) = self.buckets.lock() else { return Ok(self.left(self.burst)) };
        if buckets.len() >= CLIENTS {
            buckets.retain(|_, bucket| self.refilled(*bucket, uptime) < self.burst);
            // More clients at once than anybody has: start anew rather than grow or search the map each time.
            if buckets.len() >= CLIENTS {
                buckets.clear();
            }
        }
        let bucket = buckets.entry(client).or_insert(Bucket { left: self.burst, at: uptime });
        let left = self.refilled(*bucket, uptime);
        *bucket = Bucket { left: left.saturating_sub(TOKEN), at: uptime };
        if left >= TOKEN {
            return Ok(self.left(bucket.left));
        }
        bucket.left = left;
        let told = self.left(0);
        let wait = (TOKEN - left).div_ceil(self.per_second * TOKEN);
        let seconds = u32::try_from(wait.max(1)).unwrap_or(u32::MAX);
        let mut problem = Problem::new(ProblemType::RateLimited).with_retry_after(seconds);
        problem.headers.extend(told.headers());
        Err(problem)
    }

    fn refilled(&self, bucket: Bucket, uptime: Duration) -> u64 {
        let millis = u64::try_from(uptime.saturating_sub(bucket.at).as_millis()).unwrap_or(u64::MAX);
        bucket.left.saturating_add(millis.saturating_mul(self.per_second)).min(self.burst)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn caller(subject: &str, role: Role) -> Caller {
        Caller {
            issuer: "issuer".into(),
            subject: subject.into(),
            org: "org".into(),
            roles: RoleSet::of(&[role]),
            acting_for: None,
        }
    }

    #[test]
    fn a_burst_passes_then_the_rate_holds_and_nobody_else_is_touched() {
        let throttle = Throttle::new(5);
        let (officer, other) = (caller("one", Role::BureauOfficer), caller("two", Role::BureauOfficer));
        let start = Duration::from_secs(10);
        let passed = (0..100).filter(|_| throttle.admit(&officer, start).is_ok()).count();
        assert_eq!(passed, 20);
        assert_eq!(throttle.admit(&officer, start).unwrap_err().retry_after, Some(1));
        assert!(throttle.admit(&other, start).is_ok());
        let later = start + Duration::from_secs(1);
        assert_eq!((0..100).filter(|_| throttle.admit(&officer, later).is_ok()).count(), 5);
    }

    #[test]
    fn what_is_left_is_told() {
        let throttle = Throttle::new(5);
        let officer = caller("one", Role::BureauOfficer);
        let told = |left: Left| {
            left.headers().map(|(name, value)| format!("{name}: {}", value.to_str().unwrap())).collect::<Vec<_>>()
        };
        let first = throttle.admit(&officer, Duration::ZERO).unwrap().unwrap();
        assert_eq!(told(first), ["ratelimit-policy: \"client\";q=20;w=4", "ratelimit: \"client\";r=19;t=1"]);
        while throttle.admit(&officer, Duration::ZERO).is_ok() {}
        let refused = throttle.admit(&officer, Duration::ZERO).unwrap_err();
        assert_eq!(refused.headers, Left { requests: 0, of: 20, whole_in: 4 }.headers().collect::<Vec<_>>());
        let address = Some(IpAddr::from([192, 0, 2, 1]));
        assert_eq!(
            throttle.admit_from(address, Duration::ZERO).unwrap().requests,
            19,
            "an address is a client of its own"
        );
    }

    #[test]
    fn customs_systems_are_never_held_up() {
        let throttle = Throttle::new(1);
        let customs = caller("customs", Role::CustomsLookup);
        assert!((0..10_000).all(|_| throttle.admit(&customs, Duration::ZERO).is_ok()));
    }
}
