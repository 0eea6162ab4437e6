//! The harness: a service of its own per test, actors that speak HTTP, and a check of every exchange.

pub mod app;
pub mod browser;
pub mod casework;
pub mod client;
pub mod cluster;
pub mod contract;
pub mod postgres;
pub mod provider;
pub mod proxy;
pub mod receiver;
pub mod story;
pub mod visitor;

/// Declares a test that runs on SQLite and on PostgreSQL, each with a service and a database of its own.
macro_rules! on_both {
    ($(#[$meta:meta])* fn $name:ident($app:ident) $body:block) => {
        mod $name {
            use super::*;

            fn behaviour($app: &mut crate::support::app::TestApp) $body

            #[test]
            fn on_sqlite() {
                behaviour(&mut crate::support::app::TestApp::start(crate::support::app::Database::Sqlite));
            }

            #[test]
            fn on_postgres() {
                behaviour(&mut crate::support::app::TestApp::start(crate::support::app::Database::Postgres));
            }
        }
    };
}
pub(crate) use on_both;
