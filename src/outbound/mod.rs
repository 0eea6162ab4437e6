//! What the service asks of others: the only user of reqwest. It knows no database and no web server.

pub mod keys;
