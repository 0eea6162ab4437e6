//! Fetches one small public text, such as a key set, for a command.

use std::time::Duration;

/// Largest text taken.
const LARGEST: usize = 1024 * 1024;

/// Fetches a text over http or https.
///
/// # Errors
/// A sentence that says what went wrong.
pub async fn text(address: &str) -> Result<String, String> {
    let client = reqwest::Client::builder()
        .connect_timeout(Duration::from_secs(5))
        .timeout(Duration::from_secs(20))
        .build()
        .map_err(|error| error.to_string())?;
    let response = client.get(address).send().await.map_err(|error| format!("{address}: {error}"))?;
    if !response.status().is_success() {
        return Err(format!("{address}: answered with status {}", response.status().as_u16()));
    }
    let bytes = response.bytes().await.map_err(|error| format!("{address}: {error}"))?;
    if bytes.len() > LARGEST {
        return Err(format!("{address}: larger than 1 MiB"));
    }
    String::from_utf8(bytes.to_vec()).map_err(|_| format!("{address}: not UTF-8"))
}
