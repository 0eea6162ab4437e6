//! Tables as both databases hold them, in portable types only; a file per family.
//!
//! The migrations are the law; a test compares them with what the database says after migrating.

mod answers;
mod list;
mod log;
mod operations;
mod reconciliation;
mod register;
mod reports;
mod review;
mod signed_files;
mod webhooks;

pub use answers::*;
pub use list::*;
pub use log::*;
pub use operations::*;
pub use reconciliation::*;
pub use register::*;
pub use reports::*;
pub use review::*;
pub use signed_files::*;
pub use webhooks::*;
