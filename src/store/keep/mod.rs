//! Working state, which is not history: people behind pseudonyms, recorded answers, kept responses, raw messages, notices, texts of offices, sessions.
//!
//! Only the tables named here may be changed without a log entry; a test reads this list.

pub mod accesses;
pub mod answers;
pub mod backups;
pub mod border_counts;
pub mod certificates;
pub mod claims;
pub mod cosignatures;
pub mod drafts;
pub mod forget;
pub mod heartbeat;
pub mod kept_forms;
pub mod log_search;
pub mod messages;
pub mod nodes;
pub mod notices;
pub mod opinion_drafts;
pub mod people;
pub mod ratings;
pub mod reconciliation_pages;
pub mod reminders;
pub mod report_jobs;
pub mod responses;
pub mod saved_filters;
pub mod sessions;
pub mod setup;
pub mod sign_ins;
pub mod texts;
pub mod timestamps;
pub mod webhooks;

/// The tables that [`Store::keep`](super::Store::keep) may change.
pub const TABLES: &[&str] = &[
    "people",
    "access_records",
    "backups",
    "reminders",
    "answer_batches",
    "answer_declarations",
    "border_counts",
    "idempotent_responses",
    "drafts",
    "draw_messages",
    "draw_refusals",
    "notices",
    "notice_reads",
    "notice_letters",
    "refused_addresses",
    "setup_codes",
    "case_ratings",
    "certificates",
    "claims",
    "opinion_drafts",
    "reconciliation_pages",
    "texts",
    "sessions",
    "sign_ins",
    "heartbeat",
    "kept_forms",
    "saved_filters",
    "log_search",
    "log_cosignatures",
    "log_timestamps",
    "webhook_positions",
    "webhook_dead_letters",
    "leases",
    "nodes",
    "report_jobs",
    "report_job_parts",
];
