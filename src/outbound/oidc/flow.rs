//! The flow itself, through the crate `openidconnect` and our own HTTP client.

use super::super::keys::{IssuerSettings, LoopbackHttp, is_loopback_http};
use super::{Begun, SignInFault, Vouched};
use crate::config::issuers::{Alg, SignIn};
use openidconnect::core::{
    CoreAuthDisplay, CoreAuthPrompt, CoreAuthenticationFlow, CoreErrorResponseType, CoreGenderClaim, CoreJsonWebKey,
    CoreJweContentEncryptionAlgorithm, CoreJwsSigningAlgorithm, CoreRevocableToken, CoreRevocationErrorResponse,
    CoreTokenIntrospectionResponse, CoreTokenType,
};
use openidconnect::{
    AdditionalClaims, AuthorizationCode, Client, ClientId, ClientSecret, CsrfToken, EmptyExtraTokenFields,
    EndpointMaybeSet, EndpointNotSet, EndpointSet, HttpRequest, HttpResponse, IdTokenFields, IssuerUrl, LanguageTag,
    LogoutRequest, Nonce, PkceCodeChallenge, PkceCodeVerifier, PostLogoutRedirectUrl, ProviderMetadataWithLogout,
    RedirectUrl, StandardErrorResponse, StandardTokenResponse, TokenResponse as _,
};
use serde::{Deserialize, Serialize};
use std::sync::Arc;
use std::time::{Duration, UNIX_EPOCH};
use url::Url;

/// How long an answer of the provider may take.
const PATIENCE: Duration = Duration::from_secs(5);
/// The largest answer that is read, in bytes.
const MOST_BYTES: usize = 256 * 1024;
/// How far clocks may differ, in seconds.
const LEEWAY: i64 = 30;

/// Claims of the id token beyond those of the standard; read as in access tokens of the same issuer.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
struct Claims {
    #[serde(default)]
    org: Option<String>,
    #[serde(default)]
    roles: Vec<String>,
}

impl AdditionalClaims for Claims {}

type Tokens = StandardTokenResponse<
    IdTokenFields<
        Claims,
        EmptyExtraTokenFields,
        CoreGenderClaim,
        CoreJweContentEncryptionAlgorithm,
        CoreJwsSigningAlgorithm,
    >,
    CoreTokenType,
>;

type Party = Client<
    Claims,
    CoreAuthDisplay,
    CoreGenderClaim,
    CoreJweContentEncryptionAlgorithm,
    CoreJsonWebKey,
    CoreAuthPrompt,
    StandardErrorResponse<CoreErrorResponseType>,
    Tokens,
    CoreTokenIntrospectionResponse,
    CoreRevocableToken,
    CoreRevocationErrorResponse,
    EndpointSet,
    EndpointNotSet,
    EndpointNotSet,
    EndpointNotSet,
    EndpointMaybeSet,
    EndpointMaybeSet,
>;

/// A provider at which people sign in.
pub struct Provider {
    issuer: Arc<str>,
    sign_in: SignIn,
    algorithms: Vec<CoreJwsSigningAlgorithm>,
    http: reqwest::Client,
    loopback: LoopbackHttp,
}

impl Provider {
    /// Returns the name of the issuer.
    #[must_use]
    pub fn issuer(&self) -> &str {
        &self.issuer
    }

    /// Returns what the provider is called on the page of sign-in.
    #[must_use]
    pub fn name(&self) -> &str {
        &self.sign_in.name
    }

    /// Makes the provider of an issuer, if people may sign in there.
    ///
    /// # Errors
    /// When the https client cannot start.
    pub fn of(settings: &IssuerSettings, loopback: LoopbackHttp) -> Result<Option<Self>, SignInFault> {
        let Some(sign_in) = settings.sign_in.clone() else { return Ok(None) };
        let http = reqwest::Client::builder()
            .redirect(reqwest::redirect::Policy::none())
            .no_proxy()
            .timeout(PATIENCE)
            .pool_max_idle_per_host(0)
            .build()
            .map_err(|error| SignInFault::Provider(error.to_string()))?;
        let algorithms = settings.algorithms.iter().map(|alg| of_library(*alg)).collect();
        Ok(Some(Self { issuer: settings.issuer.as_str().into(), sign_in, algorithms, http, loopback }))
    }

    /// Begins a sign-in that ends at `redirect`. Who proved themselves longer than `max_age` ago has to do it again.
    ///
    /// # Errors
    /// [`SignInFault`].
    pub async fn begin(&self, redirect: &str, max_age: Duration, language: &str) -> Result<Begun, SignInFault> {
        let party = self.party(self.discover().await?, redirect)?;
        let (challenge, verifier) = PkceCodeChallenge::new_random_sha256();
        let asked = party
            .authorize_url(CoreAuthenticationFlow::AuthorizationCode, CsrfToken::new_random, Nonce::new_random)
            .set_pkce_challenge(challenge)
            .set_max_age(max_age)
            .add_ui_locale(LanguageTag::new(language.to_owned()));
        let (url, state, nonce) = asked.url();
        Ok(Begun {
            url: self.allowed(url)?,
            state: state.into_secret(),
            nonce: nonce.secret().clone(),
            verifier: verifier.into_secret(),
        })
    }

    /// Ends a sign-in: exchanges the code and judges the id token, which is then dropped with the others.
    ///
    /// # Errors
    /// [`SignInFault`]; also for whoever proved themselves longer than `max_age` before `now` (Unix seconds).
    pub async fn finish(
        &self,
        redirect: &str,
        code: String,
        begun: (String, String),
        (now, max_age): (i64, Duration),
    ) -> Result<Vouched, SignInFault> {
        let (nonce, verifier) = begun;
        let party = self.party(self.discover().await?, redirect)?;
        let http = |request: HttpRequest| self.send(request);
        let exchange = party
            .exchange_code(AuthorizationCode::new(code))
            .map_err(|error| SignInFault::Provider(error.to_string()))?
            .set_pkce_verifier(PkceCodeVerifier::new(verifier));
        let tokens = exchange.request_async(&http).await.map_err(|error| SignInFault::Code(error.to_string()))?;
        let token = tokens.id_token().ok_or_else(|| SignInFault::Code("no id token".to_owned()))?;
        let oldest = now.saturating_sub(i64::try_from(max_age.as_secs()).unwrap_or(i64::MAX)).saturating_sub(LEEWAY);
        let today = UNIX_EPOCH + Duration::from_secs(u64::try_from(now).unwrap_or(0));
        let verifier = party
            .id_token_verifier()
            .set_allowed_algs(self.algorithms.clone())
            .set_time_fn(move || today.into())
            .set_issue_time_verifier_fn(move |issued| match issued.timestamp() {
                issued if issued > now.saturating_add(LEEWAY) => Err("issued in the future".to_owned()),
                _ => Ok(()),
            })
            .set_auth_time_verifier_fn(move |proved| match proved.map(|proved| proved.timestamp()) {
                None => Err("no auth_time".to_owned()),
                Some(proved) if proved < oldest => Err("proved too long ago".to_owned()),
                Some(proved) if proved > now.saturating_add(LEEWAY) => Err("proved in the future".to_owned()),
                Some(_) => Ok(()),
            });
        let claims =
            token.claims(&verifier, &Nonce::new(nonce)).map_err(|error| SignInFault::Token(error.to_string()))?;
        let own = claims.additional_claims();
        Ok(Vouched {
            subject: claims.subject().to_string(),
            org: own.org.clone(),
            roles: own.roles.clone(),
            proved_at: claims.auth_time().map_or(now, |proved| proved.timestamp()),
        })
    }

    /// Returns where the session at the provider ends too, if it says so (OpenID Connect RP-Initiated Logout 1.0).
    ///
    /// # Errors
    /// [`SignInFault`].
    pub async fn end(&self, after: &str) -> Result<Option<Url>, SignInFault> {
        let found = self.discover().await?;
        let Some(end) = found.additional_metadata().end_session_endpoint.clone() else { return Ok(None) };
        let after =
            PostLogoutRedirectUrl::new(after.to_owned()).map_err(|error| SignInFault::Address(error.to_string()))?;
        let request = LogoutRequest::from(end)
            .set_client_id(ClientId::new(self.sign_in.client_id.clone()))
            .set_post_logout_redirect_uri(after);
        self.allowed(request.http_get_url()).map(Some)
    }

    fn party(&self, found: ProviderMetadataWithLogout, redirect: &str) -> Result<Party, SignInFault> {
        let redirect =
            RedirectUrl::new(redirect.to_owned()).map_err(|error| SignInFault::Address(error.to_string()))?;
        let id = ClientId::new(self.sign_in.client_id.clone());
        let secret = self.sign_in.client_secret.clone().map(ClientSecret::new);
        Ok(Party::from_provider_metadata(found, id, secret).set_redirect_uri(redirect))
    }

    async fn discover(&self) -> Result<ProviderMetadataWithLogout, SignInFault> {
        let issuer =
            IssuerUrl::new(self.issuer.to_string()).map_err(|error| SignInFault::Address(error.to_string()))?;
        let http = |request: HttpRequest| self.send(request);
        ProviderMetadataWithLogout::discover_async(issuer, &http)
            .await
            .map_err(|error| SignInFault::Provider(error.to_string()))
    }

    /// Sends what the library asks; never to an address that nobody else could not read.
    async fn send(&self, request: HttpRequest) -> Result<HttpResponse, SignInFault> {
        let request = reqwest::Request::try_from(request).map_err(|error| SignInFault::Address(error.to_string()))?;
        self.allowed(request.url().clone())?;
        let unreachable = |error: reqwest::Error| SignInFault::Provider(error.without_url().to_string());
        let mut response = self.http.execute(request).await.map_err(unreachable)?;
        let (status, headers) = (response.status(), response.headers().clone());
        let mut body = Vec::new();
        while let Some(chunk) = response.chunk().await.map_err(unreachable)? {
            if body.len().saturating_add(chunk.len()) > MOST_BYTES {
                return Err(SignInFault::Provider("the answer is too large".to_owned()));
            }
            body.extend_from_slice(&chunk);
        }
        let mut answer = HttpResponse::new(body);
        *answer.status_mut() = status;
        *answer.headers_mut() = headers;
        Ok(answer)
    }

    fn allowed(&self, url: Url) -> Result<Url, SignInFault> {
        let local = self.loopback == LoopbackHttp::Allowed && is_loopback_http(&url);
        if url.scheme() == "https" || local {
            return Ok(url);
        }
        Err(SignInFault::Address(format!(
            "{} is neither https nor, in a demo, on loopback",
            url.origin().ascii_serialization()
        )))
    }
}

/// Returns the library's name of an algorithm.
const fn of_library(alg: Alg) -> CoreJwsSigningAlgorithm {
    match alg {
        Alg::EdDsa => CoreJwsSigningAlgorithm::EdDsa,
        Alg::Es256 => CoreJwsSigningAlgorithm::EcdsaP256Sha256,
        Alg::Ps256 => CoreJwsSigningAlgorithm::RsaSsaPssSha256,
        Alg::Rs256 => CoreJwsSigningAlgorithm::RsaSsaPkcs1V15Sha256,
    }
}
