//! Which witnesses are asked to sign the heads of the log, and how many make a head trusted: a small file, for the service
//! and for whoever verifies.

use serde::Deserialize;
use std::path::Path;
use url::Url;

/// The witnesses of a log.
#[derive(Debug, Clone)]
pub struct WitnessSettings {
    /// How many must have signed.
    pub quorum: usize,
    /// Verifier key of each, and where it takes requests.
    pub witnesses: Vec<(String, Url)>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct WitnessFile {
    quorum: usize,
    witness: Vec<WitnessEntry>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct WitnessEntry {
    vkey: String,
    url: String,
}

/// Reads the file.
///
/// # Errors
/// Every fault of it, one sentence each.
pub fn read(file: &Path) -> Result<WitnessSettings, Vec<String>> {
    let named = |fault: String| format!("{}: {fault}", file.display());
    let text = std::fs::read_to_string(file).map_err(|error| vec![named(error.to_string())])?;
    parse(&text).map_err(|faults| faults.into_iter().map(named).collect())
}

fn parse(text: &str) -> Result<WitnessSettings, Vec<String>> {
    let parsed: WitnessFile = toml::from_str(text).map_err(|error| vec![error.to_string()])?;
    let mut faults = Vec::new();
    if !(1..=parsed.witness.len()).contains(&parsed.quorum) {
        faults.push(format!("quorum = {}: give 1 to {}, the number of witnesses", parsed.quorum, parsed.witness.len()));
    }
    let mut witnesses = Vec::new();
    for WitnessEntry { vkey, url } in parsed.witness {
        match Url::parse(&url) {
            Ok(url) if matches!(url.scheme(), "http" | "https") => witnesses.push((vkey, url)),
            Ok(_) | Err(_) => faults.push(format!("url = `{url}`: begins neither with https:// nor with http://")),
        }
    }
    if faults.is_empty() { Ok(WitnessSettings { quorum: parsed.quorum, witnesses }) } else { Err(faults) }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_quorum_is_of_the_witnesses_named() {
        let file = |quorum: usize, url: &str| {
            format!("quorum = {quorum}\n[[witness]]\nvkey = \"w1+00000000+AA==\"\nurl = \"{url}\"\n")
        };
        let settings = parse(&file(1, "https://witness.example/")).unwrap();
        assert_eq!((settings.quorum, settings.witnesses.len()), (1, 1));
        for (quorum, url, faults) in
            [(0, "https://w.example", 1), (2, "https://w.example", 1), (2, "ftp://w.example", 2)]
        {
            assert_eq!(parse(&file(quorum, url)).unwrap_err().len(), faults, "{quorum} {url}");
        }
        for bad in ["", "quorum = 1", "quorum = 1\nwitness = []\nx = 1"] {
            assert!(parse(bad).is_err(), "{bad}");
        }
    }
}
