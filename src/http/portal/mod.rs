//! The portal: pages for enterprises, offices, customs officers and auditors, rendered here and served from the same binary.
//!
//! A page asks the endpoints of the contract ([`gateway`]), shows what they answer ([`json`], askama templates) and sends
//! back what people fill in ([`form`]). It decides nothing. Invariant: nothing is reachable that does not stand in
//! [`table`], every change needs a session and its token, and no page carries script or style of its own.

pub mod acts;
pub mod assets;
pub mod chart;
pub mod duties;
pub mod failure;
pub mod fields;
pub mod form;
pub mod frame;
pub mod gateway;
pub mod guard;
pub mod json;
pub mod menu;
pub mod pages;
pub mod preferences;
pub mod qr;
pub mod registers;
pub mod show;
pub mod sign_in;
pub mod table;
pub mod upload;
pub mod visit;
pub mod words;

pub use table::configure;

use std::sync::Arc;

/// How people sign in.
#[derive(Debug, Clone, Default)]
pub struct PortalSettings {
    /// Name of the demo's issuer: people of the demo are chosen from a list, without a credential. Loopback only.
    pub demo_issuer: Option<Arc<str>>,
    /// Where people reach the portal, such as `https://whitelist.example.cn`; none on loopback.
    pub public_url: Option<String>,
}

impl PortalSettings {
    /// Whether cookies travel over TLS only.
    #[must_use]
    pub fn is_secure(&self) -> bool {
        self.public_url.as_deref().is_some_and(|url| url.starts_with("https://"))
    }
}
