//! The import white list for biopharma R&D goods: who may import which research-use item without the import
//! document that blocks it, answered at the border, with a log under every change that outsiders can verify.
//!
//! The map of the house:
//! - [`domain`]: the rules, pure. Start with `domain::lookup`.
//! - [`index`]: the list in memory, which lookups read.
//! - [`tlog`]: the transparency log's maths.
//! - [`store`]: the only room that knows SQL; facts change with their log entry or not at all.
//! - [`sheet`]: spreadsheets in and out.
//! - [`document`]: what an uploaded document is.
//! - [`pdf`]: signed PDF files of one kind.
//! - [`app`]: the use cases.
//! - [`outbound`]: what is asked of others: keys of token issuers, the place of documents, the virus scanner.
//! - [`http`]: the web edge.
//! - [`cli`]: the commands of the binary.

pub mod app;
pub mod cli;
pub mod clock;
pub mod config;
pub mod document;
pub mod domain;
pub mod http;
pub mod index;
pub mod outbound;
pub mod pdf;
pub mod sheet;
pub mod store;
pub mod telemetry;
pub mod tlog;
