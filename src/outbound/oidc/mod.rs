//! Sign-in of people at an identity provider: the authorization code flow of OpenID Connect with PKCE.
//!
//! It keeps no session and reads no cookie, and tokens never leave it: what it returns is who somebody is and when they
//! proved it. The provider is found when somebody signs in, so that the service starts without it, and nothing of it is
//! remembered: sign-ins are rare, keys are rotated. Invariant: only addresses of the configured issuer's own discovery
//! document are asked, over https, or http on loopback where that is allowed.

#[cfg(not(feature = "oidc"))]
mod absent;
#[cfg(feature = "oidc")]
mod flow;

#[cfg(not(feature = "oidc"))]
pub use absent::Provider;
#[cfg(feature = "oidc")]
pub use flow::Provider;

use url::Url;

/// Why nobody could be signed in: for the log; people are told to try again, or to ask their administrator.
#[derive(Debug, thiserror::Error)]
pub enum SignInFault {
    /// The provider cannot be reached, or says what is no answer.
    #[error("the provider does not answer: {0}")]
    Provider(String),
    /// The provider gives no token for the code, or none that names a person.
    #[error("the provider refused the code: {0}")]
    Code(String),
    /// The token does not hold: signature, issuer, audience, nonce or times.
    #[error("the id token does not hold: {0}")]
    Token(String),
    /// An address is none, or may not be used.
    #[error("{0}")]
    Address(String),
}

/// What a sign-in began with; it is kept until the person comes back.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Begun {
    /// Where the person goes.
    pub url: Url,
    /// What must come back with the code.
    pub state: String,
    /// What the token must carry.
    pub nonce: String,
    /// What the code is exchanged with.
    pub verifier: String,
}

/// Whom the provider vouches for.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Vouched {
    /// The person, as the issuer names them.
    pub subject: String,
    /// Their organisation, if the token names one.
    pub org: Option<String>,
    /// Roles that the token claims.
    pub roles: Vec<String>,
    /// When they last proved who they are, in Unix seconds.
    pub proved_at: i64,
}
