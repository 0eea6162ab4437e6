//! The only room that knows SQL.
//!
//! Facts change through [`Store::write`] alone: a row of the list is saved together with its log entry or not at
//! all. Working state (people, recorded answers, kept responses) changes through [`Store::keep`]. Reads run on
//! connections of their own and see committed rows only.

pub mod adjustments;
pub mod answer_keys;
pub mod appeals;
pub mod application_rows;
pub mod applications;
pub mod backup;
pub mod batches;
pub mod border;
pub mod bulk;
pub mod case_turns;
pub mod certificate_files;
pub mod checkpoints;
pub mod conn;
pub mod decisions;
pub mod declarations;
pub mod desk;
pub mod dialect;
pub mod document_keys;
pub mod documents;
pub mod enterprises;
pub mod erasures;
pub mod error;
pub mod fact;
pub mod findings;
pub mod heads;
pub mod installation;
pub mod items;
pub mod keep;
pub mod listings;
pub mod log;
pub mod manual_releases;
pub mod movements;
pub mod national_keys;
pub mod opinions;
pub mod pauses;
pub mod private;
mod queue;
pub mod quiet;
pub mod reconciliations;
pub mod register;
pub mod rows;
pub mod rule_changes;
pub mod rulebook;
pub mod schema;
pub mod scratch;
pub mod screening;
pub mod seals;
pub mod shards;
pub mod signing_keys;
pub mod tx;
pub mod usage_returns;
pub mod webhooks;
pub mod writer;

pub use conn::{AnyConnection, DatabaseUrl, Pool};
pub use error::StoreError;
pub use fact::Fact;
pub use installation::{Environment, Installation};
pub use queue::Crowded;
pub use tx::{Author, Context, Tx};
pub use writer::{Recorded, Store};
