//! Signed requests: HTTP Message Signatures (RFC 9421) with Ed25519 over what a request asks and as whom.
//!
//! Pure: keys, instant and request come from outside. What is not covered by the signature could be changed on the way, so
//! a request must cover whatever the service acts on. Invariant: of several signatures one counts, by a key that is known,
//! and nothing of a request is believed because of a signature that does not cover it.

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use ed25519_dalek::{Signature, VerifyingKey};
use sfv::{BareItem, Dictionary, FieldType as _, InnerList, List, ListEntry, Parser};
use sha2::{Digest as _, Sha256};

/// How far the time of a signature may lie from ours, seconds.
pub const TOLERANCE: i64 = 300;

/// Signatures of one request that are looked at.
const MOST: usize = 4;

/// Parts of a request that are named in a signature, as they came.
#[derive(Clone, Copy)]
pub struct Parts<'a> {
    /// The method.
    pub method: &'a str,
    /// The path, as it stood in the request.
    pub path: &'a str,
    /// The query without its question mark; empty where there is none.
    pub query: &'a str,
    /// Reads a header by its name in small letters: its values joined by `, `, none where it is absent.
    pub header: &'a dyn Fn(&str) -> Option<String>,
}

/// Why a signed request is not taken.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum Refused {
    /// There is no signature.
    #[error("there is no signature")]
    Absent,
    /// The signature headers are none, or name what is not supported.
    #[error("`Signature-Input` or `Signature` cannot be read")]
    Unreadable,
    /// No key of that name is registered for the organisation.
    #[error("`keyid` names no key that is registered for the organisation")]
    UnknownKey,
    /// It leaves something out that the service acts on.
    #[error("the signature does not cover `{0}`")]
    NotCovered(String),
    /// It is too old, from the future, or over.
    #[error("`created` is more than five minutes away from now, or `expires` is past")]
    Time,
    /// It does not hold.
    #[error("the signature does not hold")]
    Broken,
}

/// Reads a public key: 32 bytes in base64.
#[must_use]
pub fn read_public(text: &str) -> Option<VerifyingKey> {
    let bytes = STANDARD.decode(text).ok()?;
    let key = VerifyingKey::from_bytes(&bytes.try_into().ok()?).ok()?;
    (!key.is_weak()).then_some(key)
}

/// Checks the signature of a request at an instant, in Unix seconds: made by one of the keys, and covering every component
/// that is needed. Returns the name of the key.
///
/// # Errors
/// [`Refused`].
pub fn verify<'k>(
    parts: Parts<'_>,
    needed: &[&str],
    keys: &'k [(String, VerifyingKey)],
    now: i64,
) -> Result<&'k str, Refused> {
    let (Some(inputs), Some(signatures)) = ((parts.header)("signature-input"), (parts.header)("signature")) else {
        return Err(Refused::Absent);
    };
    let dictionary = |text: &str| Parser::new(text).parse::<Dictionary>().map_err(|_| Refused::Unreadable);
    let (inputs, signatures) = (dictionary(&inputs)?, dictionary(&signatures)?);
    for (label, entry) in inputs.iter().take(MOST) {
        let ListEntry::InnerList(input) = entry else { return Err(Refused::Unreadable) };
        let named = text_parameter(input, "keyid");
        let Some((name, key)) = keys.iter().find(|(name, _)| named.as_deref() == Some(name)) else { continue };
        let Some(ListEntry::Item(signature)) = signatures.get(label) else { return Err(Refused::Unreadable) };
        let bytes = signature.bare_item.as_byte_sequence().ok_or(Refused::Unreadable)?;
        let signature = Signature::from_slice(bytes).map_err(|_| Refused::Unreadable)?;
        judge(input, now)?;
        let (base, covered) = base(parts, input)?;
        if let Some(missing) = needed.iter().find(|needed| !covered.iter().any(|name| name == *needed)) {
            return Err(Refused::NotCovered((*missing).to_owned()));
        }
        return key.verify_strict(base.as_bytes(), &signature).map(|()| name.as_str()).map_err(|_| Refused::Broken);
    }
    Err(Refused::UnknownKey)
}

fn text_parameter(input: &InnerList, name: &str) -> Option<String> {
    input.params.get(name)?.as_string().map(|text| text.as_str().to_owned())
}

/// Judges the parameters of a signature: its time, and its algorithm where it names one.
fn judge(input: &InnerList, now: i64) -> Result<(), Refused> {
    let seconds = |name: &str| match input.params.get(name) {
        None => Ok(None),
        Some(value) => value.as_integer().map(|whole| Some(i64::from(whole))).ok_or(Refused::Unreadable),
    };
    let created = seconds("created")?.ok_or(Refused::Time)?;
    if now.abs_diff(created) > TOLERANCE.unsigned_abs() || seconds("expires")?.is_some_and(|expires| expires < now) {
        return Err(Refused::Time);
    }
    match input.params.get("alg") {
        None => Ok(()),
        Some(_) if text_parameter(input, "alg").as_deref() == Some("ed25519") => Ok(()),
        Some(_) => Err(Refused::Unreadable),
    }
}

/// Builds what is signed (RFC 9421 section 2.5), and names what it covers.
fn base(parts: Parts<'_>, input: &InnerList) -> Result<(String, Vec<String>), Refused> {
    let (mut lines, mut covered) = (Vec::new(), Vec::new());
    for item in &input.items {
        let BareItem::String(name) = &item.bare_item else { return Err(Refused::Unreadable) };
        let name = name.as_str().to_owned();
        // Components of parts of a field, of trailers or of another message are not supported.
        if !item.params.is_empty() || covered.contains(&name) || name.bytes().any(|byte| byte.is_ascii_uppercase()) {
            return Err(Refused::Unreadable);
        }
        let value = match name.as_str() {
            "@method" => parts.method.to_owned(),
            "@path" if parts.path.is_empty() => "/".to_owned(),
            "@path" => parts.path.to_owned(),
            "@query" => format!("?{}", parts.query),
            "@authority" => (parts.header)("host").ok_or(Refused::Unreadable)?.to_ascii_lowercase(),
            derived if derived.starts_with('@') => return Err(Refused::Unreadable),
            field => (parts.header)(field).ok_or_else(|| Refused::NotCovered(field.to_owned()))?,
        };
        lines.push(format!("\"{name}\": {value}"));
        covered.push(name);
    }
    let list: List = vec![ListEntry::InnerList(input.clone())];
    let parameters: Option<String> = list.serialize();
    lines.push(format!("\"@signature-params\": {}", parameters.ok_or(Refused::Unreadable)?));
    Ok((lines.join("\n"), covered))
}

/// Reads the SHA-256 of a body out of a `Content-Digest` (RFC 9530).
#[must_use]
pub fn read_digest(text: &str) -> Option<[u8; 32]> {
    let digests: Dictionary = Parser::new(text).parse().ok()?;
    let ListEntry::Item(item) = digests.get("sha-256")? else { return None };
    item.bare_item.as_byte_sequence()?.try_into().ok()
}

/// Writes the `Content-Digest` of a body.
#[must_use]
pub fn digest(body: &[u8]) -> String {
    format!("sha-256=:{}:", STANDARD.encode(Sha256::digest(body)))
}

#[cfg(test)]
mod tests {
    use super::*;
    use ed25519_dalek::{Signer as _, SigningKey};

    /// RFC 9421 appendix B.1.4 (test-key-ed25519) and B.2.6.
    const RFC_KEY: &str = "JrQLj5P/89iXES9+vFgrIy29clF9CC/oPPsw3c5D0bs=";
    const RFC_SIGNATURE: &str =
        "wqcAqbmYJ2ji2glfAMaRy4gruYYnx2nEFN2HN6jrnDnQCK1u02Gb04v9EDgwUPiu4A0w6vuQv5lIp5WPpBKRCw==";

    fn rfc_header(name: &str) -> Option<String> {
        let input = r#"sig-b26=("date" "@method" "@path" "@authority" "content-type" "content-length");created=1618884473;keyid="test-key-ed25519""#;
        let value = match name {
            "host" => "example.com",
            "date" => "Tue, 20 Apr 2021 02:07:55 GMT",
            "content-type" => "application/json",
            "content-length" => "18",
            "signature-input" => input,
            "signature" => return Some(format!("sig-b26=:{RFC_SIGNATURE}:")),
            _ => return None,
        };
        Some(value.to_owned())
    }

    #[test]
    fn the_example_of_the_standard_holds_and_nothing_that_was_changed() {
        let keys = [("test-key-ed25519".to_owned(), read_public(RFC_KEY).unwrap())];
        let parts = Parts { method: "POST", path: "/foo", query: "param=Value&Pet=dog", header: &rfc_header };
        let now = 1_618_884_473;
        assert_eq!(verify(parts, &["@method", "@path"], &keys, now), Ok("test-key-ed25519"));
        assert_eq!(verify(parts, &["@query"], &keys, now), Err(Refused::NotCovered("@query".into())));
        for off in [-301, 301] {
            assert_eq!(verify(parts, &[], &keys, now + off), Err(Refused::Time));
        }
        assert_eq!(verify(Parts { path: "/fo", ..parts }, &[], &keys, now), Err(Refused::Broken));
        assert_eq!(verify(Parts { method: "PUT", ..parts }, &[], &keys, now), Err(Refused::Broken));
        assert_eq!(verify(parts, &[], &[], now), Err(Refused::UnknownKey));
        let other = [("test-key-ed25519".to_owned(), SigningKey::from_bytes(&[7; 32]).verifying_key())];
        assert_eq!(verify(parts, &[], &other, now), Err(Refused::Broken));
    }

    #[test]
    fn what_cannot_be_read_is_refused() {
        let key = SigningKey::from_bytes(&[7; 32]);
        let keys = [("k".to_owned(), key.verifying_key())];
        let try_input = |input: &str| {
            // Signed over whatever stands there, so that only the reading can refuse it.
            let list = input.split_once('=').map_or("", |(_, list)| list);
            let signature = key.sign(format!("\"@method\": GET\n\"@signature-params\": {list}").as_bytes());
            let signature = format!("s=:{}:", STANDARD.encode(signature.to_bytes()));
            let header = |name: &str| match name {
                "signature-input" => Some(input.to_owned()),
                "signature" => Some(signature.clone()),
                _ => None,
            };
            verify(Parts { method: "GET", path: "/", query: "", header: &header }, &[], &keys, 100).map(str::to_owned)
        };
        assert_eq!(try_input(r#"s=("@method");created=100;keyid="k""#), Ok("k".to_owned()));
        assert_eq!(try_input(r#"s=("@method");created=100;keyid="k";alg="ed25519";nonce="n""#), Ok("k".to_owned()));
        for (input, why) in [
            (r#"s=("@method");keyid="k""#, Refused::Time),
            (r#"s=("@method");created=100;expires=99;keyid="k""#, Refused::Time),
            (r#"s=("@method");created=100;keyid="k";alg="hmac-sha256""#, Refused::Unreadable),
            (r#"s=("@method" "@method");created=100;keyid="k""#, Refused::Unreadable),
            (r#"s=("@method";req);created=100;keyid="k""#, Refused::Unreadable),
            (r#"s=("@status");created=100;keyid="k""#, Refused::Unreadable),
            (r#"s=("x-absent");created=100;keyid="k""#, Refused::NotCovered("x-absent".into())),
            (r#"s="@method";created=100;keyid="k""#, Refused::Unreadable),
            (r#"t=("@method");created=100;keyid="k""#, Refused::Unreadable),
            ("s=(", Refused::Unreadable),
        ] {
            assert_eq!(try_input(input), Err(why), "{input}");
        }
        let none = |_: &str| None;
        let bare = Parts { method: "GET", path: "/", query: "", header: &none };
        assert_eq!(verify(bare, &[], &keys, 100), Err(Refused::Absent));
    }

    #[test]
    fn a_digest_is_that_of_the_body() {
        let text = digest(b"{\"hello\": \"world\"}");
        // RFC 9530 appendix D.
        assert_eq!(text, "sha-256=:X48E9qOokqqrvdts8nOJRJN3OWDUoyWxBf7kbu9DBPE=:");
        assert_eq!(read_digest(&text).unwrap().as_slice(), Sha256::digest(b"{\"hello\": \"world\"}").as_slice());
        for bad in ["", "sha-512=:AA==:", "sha-256=:AA==:", "sha-256=x", "sha-256"] {
            assert_eq!(read_digest(bad), None, "{bad}");
        }
    }
}
