//! The settings of e-mail: which server takes letters, and from whom they come.

use super::variable;
use url::Url;

/// How letters leave.
#[derive(Clone)]
pub struct MailSettings {
    /// `smtps://user:password@host:port`, or `smtp://…?tls=required`; may hold a password.
    pub url: String,
    /// Who sends, such as `进口白名单 <whitelist@example.gov.cn>`.
    pub from: String,
    /// Address under which readers reach the service.
    pub public_url: String,
}

impl std::fmt::Debug for MailSettings {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("MailSettings").field("from", &self.from).finish_non_exhaustive()
    }
}

/// Reads the settings of e-mail; none when no server is named.
///
/// # Errors
/// Every fault, one sentence each; no fault repeats the URL.
pub fn read(public_url: Option<&str>) -> Result<Option<MailSettings>, Vec<String>> {
    let (url, from) = (variable("WHITELIST_SMTP_URL"), variable("WHITELIST_SMTP_FROM"));
    judged(url, from, public_url)
}

fn judged(
    url: Option<String>,
    from: Option<String>,
    public_url: Option<&str>,
) -> Result<Option<MailSettings>, Vec<String>> {
    let mut faults = Vec::new();
    let Some(url) = url else {
        if from.is_some() {
            faults.push("WHITELIST_SMTP_FROM: has no effect without WHITELIST_SMTP_URL".to_owned());
        }
        return if faults.is_empty() { Ok(None) } else { Err(faults) };
    };
    if !cfg!(feature = "smtp") {
        faults.push("WHITELIST_SMTP_URL: this program was built without e-mail (feature smtp)".to_owned());
    }
    if !is_private(&url) {
        faults.push(
            "WHITELIST_SMTP_URL: give smtps://HOST or smtp://HOST?tls=required (without TLS only to loopback)"
                .to_owned(),
        );
    }
    if from.as_deref().is_none_or(|from| !from.contains('@')) {
        faults.push("WHITELIST_SMTP_FROM: missing; give the address that letters come from".to_owned());
    }
    match (from, faults.is_empty()) {
        (Some(from), true) => {
            Ok(Some(MailSettings { url, from, public_url: public_url.unwrap_or_default().to_owned() }))
        }
        _ => Err(faults),
    }
}

/// Whether letters travel under TLS, or do not leave the machine.
fn is_private(url: &str) -> bool {
    let Ok(url) = Url::parse(url) else { return false };
    let required = url.query_pairs().any(|(name, value)| name == "tls" && value == "required");
    let local = matches!(url.host_str(), Some("localhost" | "127.0.0.1" | "[::1]"));
    match url.scheme() {
        "smtps" => true,
        "smtp" => required || local,
        _ => false,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn letters_travel_under_tls_or_stay_on_the_machine() {
        for (url, private) in [
            ("smtps://user:secret@mail.example.gov.cn", true),
            ("smtp://mail.example.gov.cn:587?tls=required", true),
            ("smtp://mail.example.gov.cn:587?tls=opportunistic", false),
            ("smtp://mail.example.gov.cn", false),
            ("smtp://127.0.0.1:2525", true),
            ("https://mail.example.gov.cn", false),
            ("nonsense", false),
        ] {
            assert_eq!(is_private(url), private, "{url}");
        }
    }

    #[test]
    fn faults_are_told_together_and_repeat_no_password() {
        let faults = judged(Some("smtp://u:secret@mail.example".into()), None, None).unwrap_err();
        assert_eq!(faults.iter().filter(|fault| fault.starts_with("WHITELIST_SMTP_")).count(), faults.len());
        assert!(faults.len() >= 2 && !faults.concat().contains("secret"), "{faults:?}");
        assert!(judged(None, Some("a@b".into()), None).is_err());
        assert!(judged(None, None, None).unwrap().is_none());
    }
}
