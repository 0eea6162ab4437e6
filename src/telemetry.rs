//! Structured logs, one JSON object a line on standard error. Bodies, tokens, query strings and names never go in.

use tracing_subscriber::EnvFilter;

/// Starts logging; `filter` is such as `info` or `whitelist=debug`.
pub fn start(filter: Option<&str>) {
    let filter = filter.and_then(|filter| EnvFilter::try_new(filter).ok()).unwrap_or_else(|| EnvFilter::new("info"));
    let logs =
        tracing_subscriber::fmt().json().with_env_filter(filter).with_writer(std::io::stderr).with_current_span(false);
    // A second start, as in tests, keeps the first.
    let _ = logs.try_init();
}
