//! What the service asks of others: the only user of reqwest, of the place of documents and of the virus scanner. It
//! knows no database and no web server.

pub mod documents;
pub mod keys;
