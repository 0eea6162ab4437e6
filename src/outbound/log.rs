//! Reads another service over HTTP: its log, file by file, for whoever verifies it from outside, and its list for whoever keeps
//! a copy of it.
//!
//! It judges nothing that it reads. Invariant: a token goes to the service that was named and stands in no text.

use futures_util::stream::{self, StreamExt as _};
use reqwest::StatusCode;
use reqwest::header::{AUTHORIZATION, HeaderValue};
use std::time::Duration;

/// Files asked for at once.
const AT_ONCE: usize = 8;

/// How often a file is asked for while the service is away or busy.
const TRIES: u32 = 4;

/// A client of one log.
pub struct LogClient {
    client: reqwest::Client,
    base: String,
    token: Option<HeaderValue>,
    /// Whose token the service wants.
    reader: &'static str,
}

impl LogClient {
    /// Makes a client of the service at `base`; nothing is sent.
    ///
    /// # Errors
    /// A sentence that names what is wrong with the address or the token.
    pub fn new(base: &str, token: Option<&str>) -> Result<Self, String> {
        let url =
            url::Url::parse(base).map_err(|_| format!("`{base}` is no address such as https://wl.example.gov.cn"))?;
        if !matches!(url.scheme(), "http" | "https") {
            return Err(format!("`{base}` begins neither with http:// nor with https://"));
        }
        let token = token.map(|token| {
            let mut value = HeaderValue::from_str(&format!("Bearer {token}")).map_err(|_| "that is no token")?;
            value.set_sensitive(true);
            Ok::<_, &str>(value)
        });
        let client = reqwest::Client::builder()
            .connect_timeout(Duration::from_secs(10))
            .timeout(Duration::from_secs(60))
            // A token goes nowhere else.
            .redirect(reqwest::redirect::Policy::none())
            .build()
            .map_err(|error| error.to_string())?;
        let base = base.trim_end_matches('/').to_owned();
        Ok(Self { client, base, token: token.transpose()?, reader: "an auditor" })
    }

    /// Says whose token is to be asked for when the service wants one.
    #[must_use]
    pub fn read_by(self, reader: &'static str) -> Self {
        Self { reader, ..self }
    }

    /// Reads a file under `/v1/log/`; none when there is none.
    ///
    /// # Errors
    /// A sentence that says why it cannot be read.
    pub async fn file(&self, path: &str) -> Result<Option<Vec<u8>>, String> {
        self.get(&format!("/v1/log/{path}")).await
    }

    /// Reads what is served under a path; none when there is nothing.
    ///
    /// # Errors
    /// A sentence that says why it cannot be read.
    pub async fn get(&self, path: &str) -> Result<Option<Vec<u8>>, String> {
        let mut tries = 1;
        loop {
            match self.once(path).await {
                Err((_, true)) if tries < TRIES => {
                    tokio::time::sleep(Duration::from_secs(1) * tries).await;
                    tries = tries.saturating_add(1);
                }
                Err((why, _)) => return Err(format!("{path}: {why}")),
                Ok(found) => return Ok(found),
            }
        }
    }

    /// Reads files in the order in which they are named.
    ///
    /// # Errors
    /// As [`LogClient::file`].
    pub async fn files(&self, paths: &[String]) -> Result<Vec<Option<Vec<u8>>>, String> {
        let found = stream::iter(paths).map(|path| self.file(path)).buffered(AT_ONCE).collect::<Vec<_>>().await;
        found.into_iter().collect()
    }

    /// Asks once; a failure says why, and whether asking again may help.
    async fn once(&self, path: &str) -> Result<Option<Vec<u8>>, (String, bool)> {
        let request = self.client.get(format!("{}{path}", self.base));
        let request = match &self.token {
            Some(token) => request.header(AUTHORIZATION, token.clone()),
            None => request,
        };
        let response = request.send().await.map_err(|_| ("the service cannot be reached".to_owned(), true))?;
        match response.status() {
            StatusCode::OK => {
                let body = response.bytes().await.map_err(|_| ("the answer broke off".to_owned(), true))?;
                Ok(Some(body.to_vec()))
            }
            StatusCode::NOT_FOUND => Ok(None),
            StatusCode::UNAUTHORIZED | StatusCode::FORBIDDEN => {
                Err((format!("the service asks for the token of {}: name --token-file", self.reader), false))
            }
            status => Err((
                format!("the service answered {status}"),
                status.is_server_error() || status == StatusCode::TOO_MANY_REQUESTS,
            )),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_address_is_one_of_http_and_a_token_one_of_a_header() {
        assert!(LogClient::new("http://127.0.0.1:8080/", Some("a.b.c")).is_ok());
        for bad in ["", "127.0.0.1:8080", "ftp://127.0.0.1"] {
            assert!(LogClient::new(bad, None).is_err(), "{bad}");
        }
        assert!(LogClient::new("http://127.0.0.1:8080/", Some("a\nb")).is_err());
    }
}
