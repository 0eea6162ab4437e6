//! Threads in the background give way to those that answer lookups.

use rustix::process::setpriority_process;

/// How far a thread in the background stands behind: about a tenth of the share of one that answers, while both want the
/// same core; all of it while nobody else does.
const BEHIND: i32 = 10;

/// Lets the calling thread give way. On Linux a priority belongs to a thread; where it cannot be lowered nothing changes.
pub fn give_way() {
    if let Err(error) = setpriority_process(None, BEHIND) {
        tracing::debug!(%error, "a background thread keeps its priority");
    }
}
