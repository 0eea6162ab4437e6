//! The client of a customs system: sends one request to the service and says what became of it.
//!
//! Whoever plays customs must know what no library hides well: whether a request may have had its effect. Invariant: a
//! request is sent once; what came to no answer is [`Sent::Unknown`], never taken for a refusal.

use reqwest::Method;
use reqwest::header::{AUTHORIZATION, CONTENT_TYPE};
use std::time::{Duration, Instant};

/// An answer.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Answer {
    /// HTTP status.
    pub status: u16,
    /// Its body.
    pub body: Vec<u8>,
    /// How long it took.
    pub waited: Duration,
}

/// What became of a request.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Sent {
    /// It was answered.
    Answered(Answer),
    /// No answer came, and why: it may have had its effect or not.
    Unknown(String),
}

/// A client of one service, with connections that it keeps.
#[derive(Debug, Clone)]
pub struct Counterpart {
    client: reqwest::Client,
    base: String,
}

impl Counterpart {
    /// Makes a client; nothing is sent.
    ///
    /// # Errors
    /// A sentence that names what is wrong with the address.
    pub fn new(base: &str, connections: usize) -> Result<Self, String> {
        let url = url::Url::parse(base).map_err(|_| format!("`{base}` is no address such as http://127.0.0.1:8080"))?;
        if !matches!(url.scheme(), "http" | "https") {
            return Err(format!("`{base}` begins neither with http:// nor with https://"));
        }
        let client = reqwest::Client::builder()
            .pool_max_idle_per_host(connections)
            .connect_timeout(Duration::from_secs(2))
            .redirect(reqwest::redirect::Policy::none())
            // Each request goes out once; whoever asks decides whether to ask again.
            .retry(reqwest::retry::never())
            .no_proxy()
            .build()
            .map_err(|error| error.to_string())?;
        Ok(Self { client, base: base.trim_end_matches('/').to_owned() })
    }

    /// Sends a request and waits for its answer so long.
    pub async fn send(&self, method: &str, path: &str, token: &str, body: Option<&str>, patience: Duration) -> Sent {
        let start = Instant::now();
        let Ok(method) = Method::from_bytes(method.as_bytes()) else {
            return Sent::Unknown(format!("`{method}` is no method"));
        };
        let request = self.client.request(method, format!("{}{path}", self.base)).timeout(patience);
        let request = request.header(AUTHORIZATION, format!("Bearer {token}"));
        let request = match body {
            Some(body) => request.header(CONTENT_TYPE, "application/json").body(body.to_owned()),
            None => request,
        };
        let response = match request.send().await {
            Ok(response) => response,
            Err(error) => return Sent::Unknown(why(&error)),
        };
        let status = response.status().as_u16();
        match response.bytes().await {
            Ok(body) => Sent::Answered(Answer { status, body: body.to_vec(), waited: start.elapsed() }),
            Err(error) => Sent::Unknown(why(&error)),
        }
    }
}

/// Says in a word why no answer came; addresses and tokens stay out of it.
fn why(error: &reqwest::Error) -> String {
    let text = if error.is_timeout() {
        "no answer in time"
    } else if error.is_connect() {
        "no connection"
    } else {
        "the connection broke"
    };
    text.to_owned()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_address_is_one_of_http() {
        assert!(Counterpart::new("http://127.0.0.1:8080/", 1).is_ok());
        for bad in ["", "127.0.0.1:8080", "ftp://127.0.0.1"] {
            assert!(Counterpart::new(bad, 1).is_err(), "{bad}");
        }
    }
}
