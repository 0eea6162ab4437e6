//! What the service asks of others and sends to them: the only user of reqwest, of lettre, of openidconnect, of the
//! place of documents and of the virus scanner. It knows no database and no web server.

pub mod customs;
pub mod documents;
pub mod fetch;
pub mod keys;
pub mod log;
#[cfg(feature = "smtp")]
pub mod mail;
pub mod oidc;
pub mod rounds;
pub mod timestamp;
pub mod traces;
pub mod witness;
