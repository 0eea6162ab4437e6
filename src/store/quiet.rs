//! Threads in the background give way to those that answer lookups.

use rustix::process::setpriority_process;
use thread_priority::{
    NormalThreadSchedulePolicy, ThreadPriority, ThreadSchedulePolicy, set_thread_priority_and_policy, thread_native_id,
};

/// How far a thread in the background stands behind: about a tenth of the share of one that answers, while both want the
/// same core; all of it while nobody else does.
const BEHIND: i32 = 10;

/// Lets the calling thread give way. On Linux a priority belongs to a thread; where it cannot be lowered nothing changes.
pub fn give_way() {
    if let Err(error) = setpriority_process(None, BEHIND) {
        tracing::debug!(%error, "a background thread keeps its priority");
    }
}

/// Lets the calling thread, and whatever it starts, have a core only while nobody else wants it (`SCHED_IDLE`).
///
/// A thread that merely [gives way](give_way) is still left alone for a while once it runs, a thousandth of a second or more, and
/// the core that it runs on does not count as free for others. Under a flood it still gets a little, enough for pages to come late
/// (decision 0078 says how late); the writer keeps its turn and only gives way.
pub fn stand_last() {
    let last = ThreadSchedulePolicy::Normal(NormalThreadSchedulePolicy::Idle);
    if let Err(error) = set_thread_priority_and_policy(thread_native_id(), ThreadPriority::Min, last) {
        tracing::debug!(?error, "a thread does not stand last");
        give_way();
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::fs;

    /// `SCHED_IDLE` in sched(7).
    const IDLE: &str = "5";

    /// Returns the policy of the calling thread; the 41st field, where the first after the name is the third.
    fn policy() -> Option<String> {
        let stat = fs::read_to_string("/proc/thread-self/stat").ok()?;
        stat.rsplit_once(')')?.1.split_whitespace().nth(38).map(str::to_owned)
    }

    #[test]
    fn who_stands_last_starts_others_that_do_even_where_they_give_way_too() {
        let started = || {
            give_way();
            policy()
        };
        let first = move || {
            stand_last();
            (policy(), std::thread::spawn(started).join().ok().flatten())
        };
        let policies = std::thread::spawn(first).join().ok();
        assert_eq!(policies, Some((Some(IDLE.to_owned()), Some(IDLE.to_owned()))));
        assert!(policy().is_some_and(|own| own != IDLE), "nobody else is concerned");
    }
}
