//! What keeps sessions from being used by others: cookies, and the proof that a form came from one of our pages.
//!
//! A change is refused unless the browser says that it comes from this site (`Sec-Fetch-Site`, else `Origin`), before its
//! body is read; and unless it carries a token made for the session. The token differs on every page, so that compressing
//! pages betrays nothing about it.

use super::super::problem::{Problem, ProblemType};
use super::PortalSettings;
use actix_web::cookie::time::Duration as CookieDuration;
use actix_web::cookie::{Cookie, SameSite};
use actix_web::http::header::{HOST, HeaderMap, HeaderValue, ORIGIN, SET_COOKIE};
use actix_web::{HttpRequest, HttpResponse};
use hmac::{Hmac, Mac as _};
use sha2::Sha256;

/// Name of the session's cookie over TLS: browsers then refuse it from other hosts and paths.
const SECURE: &str = "__Host-sid";
/// Its name on plain loopback.
const PLAIN: &str = "sid";

fn name(settings: &PortalSettings) -> &'static str {
    if settings.is_secure() { SECURE } else { PLAIN }
}

/// Returns the secret that the browser holds.
#[must_use]
pub fn secret(settings: &PortalSettings, request: &HttpRequest) -> Option<String> {
    request.cookie(name(settings)).map(|cookie| cookie.value().to_owned()).filter(|secret| secret.len() <= 64)
}

/// Makes the cookie of a session. Lax, because a provider of sign-in sends people back from its own site.
#[must_use]
pub fn cookie(settings: &PortalSettings, secret: String) -> Cookie<'static> {
    let cookie = Cookie::build(name(settings), secret).path("/").http_only(true).same_site(SameSite::Lax);
    cookie.secure(settings.is_secure()).finish()
}

/// Makes the cookie that takes the session's away.
#[must_use]
pub fn gone(settings: &PortalSettings) -> Cookie<'static> {
    let mut cookie = cookie(settings, String::new());
    cookie.make_removal();
    cookie
}

/// Names the cookie of a sign-in under way.
fn under_way_name(settings: &PortalSettings) -> &'static str {
    if settings.is_secure() { "__Host-sign-in" } else { "sign-in" }
}

/// Makes the cookie of a sign-in under way at a provider of others.
#[must_use]
pub fn under_way(settings: &PortalSettings, secret: String) -> Cookie<'static> {
    let cookie = Cookie::build(under_way_name(settings), secret).path("/").http_only(true).same_site(SameSite::Lax);
    cookie.secure(settings.is_secure()).max_age(CookieDuration::minutes(10)).finish()
}

/// Returns the secret of the sign-in under way in the browser.
#[must_use]
pub fn under_way_secret(settings: &PortalSettings, request: &HttpRequest) -> Option<String> {
    let cookie = request.cookie(under_way_name(settings));
    cookie.map(|cookie| cookie.value().to_owned()).filter(|secret| secret.len() <= 64)
}

/// Makes the cookie that takes away that of a sign-in under way.
#[must_use]
pub fn under_way_gone(settings: &PortalSettings) -> Cookie<'static> {
    let mut cookie = under_way(settings, String::new());
    cookie.make_removal();
    cookie
}

/// Sends a cookie along with a response.
pub fn set(response: &mut HttpResponse, cookie: &Cookie<'_>) {
    if let Ok(cookie) = HeaderValue::from_str(&cookie.to_string()) {
        response.headers_mut().append(SET_COOKIE, cookie);
    }
}

/// Makes a cookie that remembers a choice for a year; it is no secret.
#[must_use]
pub fn choice(settings: &PortalSettings, name: &'static str, value: &'static str) -> Cookie<'static> {
    let cookie = Cookie::build(name, value).path("/").http_only(true).same_site(SameSite::Lax);
    cookie.secure(settings.is_secure()).max_age(CookieDuration::days(365)).finish()
}

/// Refuses a change that another site sent (W3C Fetch Metadata; RFC 6454 where a browser has none).
///
/// # Errors
/// `forbidden`.
pub fn same_site(settings: &PortalSettings, headers: &HeaderMap) -> Result<(), Problem> {
    let text = |name: &str| headers.get(name).and_then(|value| value.to_str().ok());
    let own = match (text("sec-fetch-site"), text(ORIGIN.as_str())) {
        (Some(site), _) => matches!(site, "same-origin" | "none"),
        (None, Some(origin)) => match &settings.public_url {
            Some(url) => url::Url::parse(url).is_ok_and(|url| url.origin().ascii_serialization() == origin),
            None => text(HOST.as_str()).is_some_and(|host| origin == format!("http://{host}")),
        },
        (None, None) => false,
    };
    if own {
        return Ok(());
    }
    Err(Problem::new(ProblemType::Forbidden).with_detail(
        "此提交不是从本站页面发出的，已拒绝；请从本站页面重新操作。",
        "This was not sent from a page of this site and is refused; do it from one of our pages.",
    ))
}

fn mac(csrf: &str, salt: &str) -> Option<String> {
    let mut mac = Hmac::<Sha256>::new_from_slice(csrf.as_bytes()).ok()?;
    mac.update(salt.as_bytes());
    Some(hex::encode(mac.finalize().into_bytes()))
}

/// Makes a token for a page of a session.
#[must_use]
pub fn token(csrf: &str) -> String {
    let salt = uuid::Uuid::new_v4().simple().to_string();
    mac(csrf, &salt).map(|mac| format!("{salt}.{mac}")).unwrap_or_default()
}

/// Whether a token was made for the session.
#[must_use]
pub fn fits(csrf: &str, token: &str) -> bool {
    let Some((salt, given)) = token.split_once('.') else { return false };
    let Ok(given) = hex::decode(given) else { return false };
    let Ok(mut mac) = Hmac::<Sha256>::new_from_slice(csrf.as_bytes()) else { return false };
    mac.update(salt.as_bytes());
    mac.verify_slice(&given).is_ok()
}

#[cfg(test)]
mod tests {
    use super::*;
    use actix_web::http::header::{HeaderName, HeaderValue};

    #[test]
    fn a_token_fits_its_session_alone_and_differs_each_time() {
        let (one, other) = (token("a"), token("a"));
        assert_ne!(one, other);
        assert!(fits("a", &one) && fits("a", &other));
        assert!(!fits("b", &one) && !fits("a", "") && !fits("a", "x.y") && !fits("a", &one.replace('.', "0.")));
    }

    #[test]
    fn only_our_own_pages_change_things() {
        let local = PortalSettings::default();
        let public = PortalSettings { public_url: Some("https://list.example".into()), ..PortalSettings::default() };
        let judge = |settings: &PortalSettings, pairs: &[(&'static str, &'static str)]| {
            let mut headers = HeaderMap::new();
            for (name, value) in pairs {
                headers.insert(HeaderName::from_static(name), HeaderValue::from_static(value));
            }
            same_site(settings, &headers).is_ok()
        };
        assert!(judge(&local, &[("sec-fetch-site", "same-origin")]));
        assert!(!judge(&local, &[("sec-fetch-site", "cross-site"), ("origin", "http://h"), ("host", "h")]));
        assert!(!judge(&local, &[("sec-fetch-site", "same-site")]));
        assert!(judge(&local, &[("origin", "http://h:1"), ("host", "h:1")]));
        assert!(!judge(&local, &[("origin", "http://evil"), ("host", "h:1")]));
        assert!(judge(&public, &[("origin", "https://list.example")]));
        assert!(!judge(&public, &[("origin", "http://list.example")]));
        assert!(!judge(&public, &[("origin", "null")]) && !judge(&public, &[]));
    }
}
