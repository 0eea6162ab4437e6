//! The integration suite: everything through HTTP or the binary, on both databases.
//!
//! One binary, because linking it once is cheaper than linking twenty. Each file is a family of behaviour; `support`
//! is the harness, in which every exchange is held against `openapi.yaml`.

#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::indexing_slicing,
    clippy::as_conversions,
    clippy::print_stdout
)]

mod adjustments;
mod applications;
mod bad_input;
mod browser;
mod certificate_files;
mod chaos;
mod cluster;
mod deployment;
mod draws;
mod evidence;
mod failover;
mod feed;
mod fitness;
mod guide;
mod health;
mod identity;
mod import;
mod kill;
mod listings;
mod log;
mod lookups;
mod matrix;
mod nodes;
mod notices;
mod operations;
mod people;
mod portal;
mod privacy;
mod receipts;
mod reconcile;
mod replay;
mod report_jobs;
mod review;
mod roles;
mod scenarios;
mod schemes;
mod seals;
mod shadow;
mod signatures;
mod sm2;
mod states;
mod stops;
mod supervision;
mod support;
mod time_travel;
mod traffic;
mod webhooks;
