//! The import white list for biopharma R&D goods: who may import which research-use item without the import
//! document that blocks it, answered at the border, with a log under every change that outsiders can verify.
//!
//! The map of the house:
//! - [`domain`]: the rules, pure. Start with `domain::lookup`.
//! - [`store`]: the only room that knows SQL; facts change with their log entry or not at all.
//! - [`tlog`]: the transparency log's maths.

#![forbid(unsafe_code)]

pub mod domain;
pub mod store;
pub mod tlog;
