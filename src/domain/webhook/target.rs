//! Where messages may be sent: addresses outside only, so that a webhook is no way into the network of the service.
//!
//! It resolves nothing: a name is judged here, the addresses behind it by [`is_global`] at the moment of connecting. Invariant:
//! what is no public name, or no public address, is refused unless the operator names it.

use crate::domain::fault::FaultCode;
use std::net::{IpAddr, Ipv4Addr, Ipv6Addr};
use url::{Host, Url};

/// Longest address.
const LONGEST: usize = 2_000;

/// Last labels that name nothing outside (RFC 2606, RFC 6761, RFC 6762 with its appendix G, RFC 7686, RFC 8375, RFC 9476).
const RESERVED: [&str; 15] = [
    "localhost",
    "local",
    "internal",
    "invalid",
    "test",
    "example",
    "onion",
    "alt",
    "arpa",
    "lan",
    "localdomain",
    "intranet",
    "private",
    "corp",
    "home",
];

/// Hosts with ports that the operator lets messages go to although they lie inside, such as `10.1.2.3:8443`.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Allowed(Vec<String>);

impl Allowed {
    /// Reads a list of `HOST:PORT`, separated by commas.
    ///
    /// # Errors
    /// The first that is none.
    pub fn parse(text: &str) -> Result<Self, String> {
        let fits = |place: &&str| {
            place.rsplit_once(':').is_some_and(|(host, port)| !host.is_empty() && port.parse::<u16>().is_ok())
        };
        let places: Vec<&str> = text.split(',').map(str::trim).filter(|place| !place.is_empty()).collect();
        match places.iter().find(|place| !fits(place)) {
            Some(place) => Err(format!("`{place}` is not HOST:PORT")),
            None => Ok(Self(places.into_iter().map(str::to_ascii_lowercase).collect())),
        }
    }

    /// Whether an address goes to a place that is named.
    #[must_use]
    pub fn names(&self, url: &Url) -> bool {
        let place = url.host_str().zip(url.port_or_known_default()).map(|(host, port)| format!("{host}:{port}"));
        place.is_some_and(|place| self.0.contains(&place))
    }
}

/// Reads the address of a webhook.
///
/// # Errors
/// `webhook_address` when it is none that messages may be sent to.
pub fn parse(text: &str, allowed: &Allowed) -> Result<Url, FaultCode> {
    let refused = FaultCode::WebhookAddress;
    let url = Url::parse(text).ok().filter(|_| text.len() <= LONGEST).ok_or(refused)?;
    let plain = url.username().is_empty() && url.password().is_none() && url.fragment().is_none();
    if !plain || !matches!(url.scheme(), "https" | "http") {
        return Err(refused);
    }
    if allowed.names(&url) {
        return Ok(url);
    }
    let outside = match url.host() {
        Some(Host::Domain(name)) => is_public_name(name),
        // A bare address has no certificate that would say whose it is.
        Some(Host::Ipv4(_) | Host::Ipv6(_)) | None => false,
    };
    let fits = outside && url.scheme() == "https" && url.port_or_known_default() == Some(443);
    if fits { Ok(url) } else { Err(refused) }
}

fn is_public_name(name: &str) -> bool {
    let mut labels = name.trim_end_matches('.').rsplit('.');
    let last = labels.next().unwrap_or_default();
    let labelled = labels.next().is_some_and(|label| !label.is_empty());
    labelled && !RESERVED.contains(&last) && last.bytes().any(|byte| byte.is_ascii_alphabetic())
}

/// Whether an address is reachable from the whole Internet (the IANA registries of special-purpose addresses).
#[must_use]
pub fn is_global(address: IpAddr) -> bool {
    match address {
        IpAddr::V4(address) => is_global_v4(address),
        IpAddr::V6(address) => is_global_v6(address),
    }
}

fn is_global_v4(address: Ipv4Addr) -> bool {
    let special = match address.octets() {
        [0 | 10 | 127, ..]
        | [100, 64..=127, ..]
        | [169, 254, ..]
        | [172, 16..=31, ..]
        | [192, 0, 0 | 2, _]
        | [192, 31, 196, _]
        | [192, 52, 193, _]
        | [192, 88, 99, _]
        | [192, 168, ..]
        | [192, 175, 48, _]
        | [198, 18 | 19, ..]
        | [198, 51, 100, _]
        | [203, 0, 113, _]
        | [224..=255, ..] => true,
        [_, _, _, _] => false,
    };
    !special
}

fn is_global_v6(address: Ipv6Addr) -> bool {
    // Only what is given out as global unicast (2000::/3), and of that nothing that leads elsewhere or is for documents.
    match address.segments() {
        [0x2001, 0..=0x01ff, ..] | [0x2001, 0x0db8, ..] | [0x2002, ..] | [0x3fff, 0..=0x0fff, ..] => false,
        [first, ..] => first & 0xe000 == 0x2000,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_public_names_over_tls_are_taken() {
        let none = Allowed::default();
        for good in ["https://hooks.customs.gov.cn/in", "https://a.b.example.com:443/x?y=z", "https://例子.中国/"] {
            assert!(parse(good, &none).is_ok(), "{good}");
        }
        for bad in [
            "",
            "hooks.customs.gov.cn",
            "http://hooks.customs.gov.cn/",
            "ftp://hooks.customs.gov.cn/",
            "file:///etc/passwd",
            "gopher://hooks.customs.gov.cn/",
            "https://hooks.customs.gov.cn:8443/",
            "https://user@hooks.customs.gov.cn/",
            "https://user:word@hooks.customs.gov.cn/",
            "https://hooks.customs.gov.cn/#x",
            "https://127.0.0.1/",
            "https://127.1/",
            "https://2130706433/",
            "https://0x7f000001/",
            "https://0x7f.0.0.1/",
            "https://0177.0.0.1/",
            "https://127.0.0.1./",
            "https://①②⑦.0.0.1/",
            "https://8.8.8.8/",
            "https://[::1]/",
            "https://[::ffff:127.0.0.1]/",
            "https://[64:ff9b::7f00:1]/",
            "https://[2606:4700::1111]/",
            "https://0/",
            "https://localhost/",
            "https://LOCALHOST/",
            "https://localhost./",
            "https://db.localhost/",
            "https://intranet/",
            "https://metadata.google.internal/",
            "https://printer.local/",
            "https://x.onion/",
            "https://1.0.0.127.in-addr.arpa/",
            "https://a.test/",
            "https://a.example/",
            "https://.com/",
            "https:///x",
            "https://",
        ] {
            assert_eq!(parse(bad, &none), Err(FaultCode::WebhookAddress), "{bad}");
        }
        assert_eq!(parse(&format!("https://a.cn/{}", "x".repeat(2_000)), &none), Err(FaultCode::WebhookAddress));
    }

    #[test]
    fn what_the_operator_names_is_taken_with_its_port_only() {
        let allowed = Allowed::parse("127.0.0.1:9000, Hooks.Intranet:80").unwrap();
        for (text, fits) in [
            ("http://127.0.0.1:9000/x", true),
            ("http://hooks.intranet/x", true),
            ("http://127.0.0.1:9001/x", false),
            ("https://hooks.intranet/x", false),
            ("http://user@127.0.0.1:9000/", false),
        ] {
            assert_eq!(parse(text, &allowed).is_ok(), fits, "{text}");
        }
        assert!(Allowed::parse("").unwrap() == Allowed::default());
        for bad in ["127.0.0.1", ":80", "a:b", "a:70000"] {
            assert!(Allowed::parse(bad).is_err(), "{bad}");
        }
    }

    #[test]
    fn addresses_inside_are_told_from_those_outside() {
        for outside in [
            "1.1.1.1",
            "8.8.8.8",
            "100.63.255.255",
            "100.128.0.1",
            "172.15.0.1",
            "172.32.0.1",
            "192.0.1.1",
            "223.255.255.255",
            "2606:4700::1111",
            "2400:3200::1",
            "2001:200::1",
        ] {
            assert!(is_global(outside.parse().unwrap()), "{outside}");
        }
        for inside in [
            "0.0.0.0",
            "0.1.2.3",
            "10.0.0.1",
            "100.64.0.1",
            "100.127.255.255",
            "127.0.0.1",
            "127.255.0.1",
            "169.254.169.254",
            "172.16.0.1",
            "172.31.255.255",
            "192.0.0.1",
            "192.0.2.1",
            "192.88.99.1",
            "192.168.1.1",
            "198.18.0.1",
            "198.19.0.1",
            "198.51.100.1",
            "203.0.113.1",
            "224.0.0.1",
            "240.0.0.1",
            "255.255.255.255",
            "::",
            "::1",
            "::ffff:8.8.8.8",
            "::127.0.0.1",
            "64:ff9b::808:808",
            "64:ff9b:1::1",
            "100::1",
            "2001::1",
            "2001:db8::1",
            "2002:7f00:1::",
            "3fff::1",
            "fc00::1",
            "fd12::1",
            "fe80::1",
            "fec0::1",
            "ff02::1",
        ] {
            assert!(!is_global(inside.parse().unwrap()), "{inside}");
        }
    }
}
