//! The web edge: the only user of actix. It parses, decides who may call, and renders; it decides nothing else.

pub mod access;
pub mod api;
pub mod back_office;
pub mod blocking;
mod circles;
pub mod docs;
pub mod edge;
pub mod endpoints;
pub mod fields;
pub mod limits;
pub mod making;
pub mod metrics;
pub mod outgoing;
pub mod pause;
pub mod portal;
pub mod problem;
pub mod receiver;
pub mod serve;
pub mod signature;
pub mod standing;
pub mod surface;
pub mod throttle;
pub mod token;
pub mod unknown;

/// The contract, served word for word.
pub const OPENAPI: &str = include_str!("../../openapi.yaml");
