//! A build without the feature `oidc`: there is no provider, and nobody signs in.

use super::super::keys::{IssuerSettings, LoopbackHttp};
use super::{Begun, SignInFault, Vouched};
use std::time::Duration;
use url::Url;

/// A provider at which people sign in; there is none.
#[derive(Debug)]
pub enum Provider {}

#[allow(missing_docs, clippy::missing_errors_doc, clippy::unused_async, reason = "nobody can call them")]
impl Provider {
    pub fn of(_: &IssuerSettings, _: LoopbackHttp) -> Result<Option<Self>, SignInFault> {
        Ok(None)
    }

    pub fn issuer(&self) -> &str {
        match *self {}
    }

    pub fn name(&self) -> &str {
        match *self {}
    }

    pub async fn begin(&self, _: &str, _: Duration, _: &str) -> Result<Begun, SignInFault> {
        match *self {}
    }

    pub async fn finish(
        &self,
        _: &str,
        _: String,
        _: (String, String),
        _: (i64, Duration),
    ) -> Result<Vouched, SignInFault> {
        match *self {}
    }

    pub async fn end(&self, _: &str) -> Result<Option<Url>, SignInFault> {
        match *self {}
    }
}
