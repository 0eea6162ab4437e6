//! Reverse proxies before the service: whose word about the address of a visitor is believed.

use std::net::IpAddr;

/// Networks of the proxies.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Proxies(Vec<(IpAddr, u32)>);

impl Proxies {
    /// Reads addresses and networks such as `10.0.0.0/8`, separated by commas.
    ///
    /// # Errors
    /// What is none, as it was given.
    pub fn parse(text: &str) -> Result<Self, String> {
        text.split(',')
            .map(|part| network(part.trim()).ok_or_else(|| part.trim().to_owned()))
            .collect::<Result<_, _>>()
            .map(Self)
    }

    /// Whether an address is that of a proxy.
    #[must_use]
    pub fn knows(&self, address: IpAddr) -> bool {
        self.0.iter().any(|(network, bits)| match (bits_of(*network), bits_of(address)) {
            ((one, long), (other, same)) if long == same => {
                let shift = long.saturating_sub(*bits);
                one.checked_shr(shift).unwrap_or(0) == other.checked_shr(shift).unwrap_or(0)
            }
            _ => false,
        })
    }

    /// Finds where a request comes from: the last address that the proxies name and that is not one of them.
    #[must_use]
    pub fn visitor<'h>(&self, peer: IpAddr, forwarded: impl DoubleEndedIterator<Item = &'h str>) -> IpAddr {
        if !self.knows(peer) {
            return peer;
        }
        let named = forwarded.rev().flat_map(|value| value.rsplit(','));
        let mut addresses = named.map_while(|text| text.trim().parse().ok());
        addresses.find(|address| !self.knows(*address)).unwrap_or(peer)
    }
}

/// The bits of an address, and how many there are; an IPv4 address inside IPv6 is the IPv4 address.
fn bits_of(address: IpAddr) -> (u128, u32) {
    match address.to_canonical() {
        IpAddr::V4(address) => (u128::from(address.to_bits()), 32),
        IpAddr::V6(address) => (address.to_bits(), 128),
    }
}

fn network(text: &str) -> Option<(IpAddr, u32)> {
    let (address, bits) = match text.split_once('/') {
        Some((address, bits)) => (address, Some(bits.parse::<u32>().ok()?)),
        None => (text, None),
    };
    let address: IpAddr = address.parse().ok()?;
    let (_, long) = bits_of(address);
    let bits = bits.unwrap_or(long);
    (bits <= long).then_some((address.to_canonical(), bits))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_a_proxy_is_believed() {
        let proxies = Proxies::parse("10.0.0.0/8, 2001:db8::1").unwrap();
        let of = |peer: &str, forwarded: &[&str]| {
            proxies.visitor(peer.parse().unwrap(), forwarded.iter().copied()).to_string()
        };
        assert_eq!(of("192.0.2.7", &["203.0.113.9"]), "192.0.2.7", "who is no proxy says what they like");
        assert_eq!(of("10.1.2.3", &["203.0.113.9"]), "203.0.113.9");
        assert_eq!(
            of("10.1.2.3", &["198.51.100.1, 203.0.113.9, 10.4.4.4"]),
            "203.0.113.9",
            "what stands before may be invented"
        );
        assert_eq!(of("10.1.2.3", &["198.51.100.1", "203.0.113.9"]), "203.0.113.9");
        assert_eq!(of("::ffff:10.1.2.3", &["203.0.113.9"]), "203.0.113.9");
        assert_eq!(of("2001:db8::1", &["2001:db8::2"]), "2001:db8::2");
        assert_eq!(of("10.1.2.3", &[]), "10.1.2.3");
        assert_eq!(of("10.1.2.3", &["nonsense"]), "10.1.2.3");
        assert_eq!(
            Proxies::default().visitor("10.1.2.3".parse().unwrap(), ["203.0.113.9"].into_iter()).to_string(),
            "10.1.2.3"
        );
    }

    #[test]
    fn what_is_no_network_is_named() {
        for text in ["", "10.0.0.0/33", "10.0.0/8", "host", "10.0.0.1,,10.0.0.2", "::/129"] {
            assert!(Proxies::parse(text).is_err(), "{text}");
        }
        let all = Proxies::parse("0.0.0.0/0").unwrap();
        assert!(all.knows("203.0.113.9".parse().unwrap()) && !all.knows("2001:db8::1".parse().unwrap()));
    }
}
