//! How many requests one client may send: a token bucket per client, for everybody but customs systems.
//!
//! Lookups at the border are never throttled here, so the lookup path takes no lock. Invariant: memory is bounded
//! whatever clients come.

use super::problem::{Problem, ProblemType};
use crate::domain::actor::{Caller, Role, RoleSet};
use rustc_hash::{FxBuildHasher, FxHashMap};
use std::hash::BuildHasher as _;
use std::net::SocketAddr;
use std::sync::Mutex;
use std::time::Duration;

/// Roles of customs systems: not limited unless an operator puts a proxy before them.
const CUSTOMS: RoleSet = RoleSet::of(&[Role::CustomsLookup, Role::CustomsDraw, Role::CustomsOfficer]);

/// Clients remembered at most; beyond that the full buckets are forgotten, which costs nobody anything.
const CLIENTS: usize = 65_536;

/// Tokens are counted in thousandths, so that a slow rate loses nothing to rounding.
const TOKEN: u64 = 1_000;

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
        Self { per_second, burst: per_second * 4 * TOKEN, buckets: Mutex::default() }
    }

    /// Takes one token of a caller at an uptime.
    ///
    /// # Errors
    /// `rate-limited` with the seconds until there is one.
    pub fn admit(&self, caller: &Caller, uptime: Duration) -> Result<(), Problem> {
        if caller.holds_any(CUSTOMS) {
            return Ok(());
        }
        self.take(FxBuildHasher.hash_one((&caller.issuer, &caller.subject)), uptime)
    }

    /// Takes one token of an address that asks without signing in.
    ///
    /// # Errors
    /// As [`Throttle::admit`].
    pub fn admit_from(&self, peer: Option<SocketAddr>, uptime: Duration) -> Result<(), Problem> {
        self.take(FxBuildHasher.hash_one(peer.map(|peer| peer.ip())), uptime)
    }

    fn take(&self, client: u64, uptime: Duration) -> Result<(), Problem> {
        // A lock that broke is no reason to shut everybody out.
        let Ok(mut buckets) = self.buckets.lock() else { return Ok(()) };
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
            return Ok(());
        }
        bucket.left = left;
        let wait = (TOKEN - left).div_ceil(self.per_second * TOKEN);
        let seconds = u32::try_from(wait.max(1)).unwrap_or(u32::MAX);
        Err(Problem::new(ProblemType::RateLimited).with_retry_after(seconds))
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
    fn customs_systems_are_never_held_up() {
        let throttle = Throttle::new(1);
        let customs = caller("customs", Role::CustomsLookup);
        assert!((0..10_000).all(|_| throttle.admit(&customs, Duration::ZERO).is_ok()));
    }
}
