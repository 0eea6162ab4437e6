//! The virus scanner: the INSTREAM command of clamd (clamd(8)), over TCP or a Unix socket.
//!
//! Silence is no verdict: whatever is not a plain OK or a plain FOUND is a failure, and the document waits.

use crate::config::Scanner;
use crate::domain::document::ScanState;
use std::time::Duration;
use tokio::io::{AsyncRead, AsyncReadExt as _, AsyncWrite, AsyncWriteExt as _};
use tokio::net::{TcpStream, UnixStream};

/// Bytes of one chunk; clamd's own limit is far above it.
const CHUNK: usize = 64 * 1024;

/// Longest answer that is read.
const ANSWER: u64 = 4096;

/// Time a scan may take.
const PATIENCE: Duration = Duration::from_secs(30);

/// Time within which it must say that it is there.
const PING: Duration = Duration::from_secs(2);

/// Scans a document; none where the scanner does not answer.
pub async fn scan(scanner: &Scanner, bytes: &[u8]) -> Option<ScanState> {
    let asked = async {
        match scanner {
            Scanner::Tcp(address) => ask(TcpStream::connect(address).await?, bytes).await,
            Scanner::Unix(path) => ask(UnixStream::connect(path).await?, bytes).await,
        }
    };
    match tokio::time::timeout(PATIENCE, asked).await {
        Ok(Ok(answer)) => Some(verdict(&answer)),
        Ok(Err(error)) => {
            tracing::warn!(%error, "the virus scanner could not be asked");
            None
        }
        Err(_) => {
            tracing::warn!("the virus scanner did not answer in time");
            None
        }
    }
}

/// Whether the scanner answers (the command PING).
pub async fn answers(scanner: &Scanner) -> bool {
    let asked = async {
        match scanner {
            Scanner::Tcp(address) => ping(TcpStream::connect(address).await?).await,
            Scanner::Unix(path) => ping(UnixStream::connect(path).await?).await,
        }
    };
    matches!(tokio::time::timeout(PING, asked).await, Ok(Ok(true)))
}

async fn ping(mut socket: impl AsyncRead + AsyncWrite + Unpin) -> std::io::Result<bool> {
    socket.write_all(b"zPING\0").await?;
    let mut answer = Vec::new();
    socket.take(ANSWER).read_to_end(&mut answer).await?;
    Ok(answer.starts_with(b"PONG"))
}

async fn ask(mut socket: impl AsyncRead + AsyncWrite + Unpin, bytes: &[u8]) -> std::io::Result<Vec<u8>> {
    socket.write_all(b"zINSTREAM\0").await?;
    for chunk in bytes.chunks(CHUNK) {
        socket.write_all(&u32::try_from(chunk.len()).unwrap_or(0).to_be_bytes()).await?;
        socket.write_all(chunk).await?;
    }
    socket.write_all(&[0; 4]).await?;
    socket.flush().await?;
    let mut answer = Vec::new();
    socket.take(ANSWER).read_to_end(&mut answer).await?;
    Ok(answer)
}

fn verdict(answer: &[u8]) -> ScanState {
    let text = String::from_utf8_lossy(answer);
    let text = text.trim_end_matches(['\0', '\n']);
    if text == "stream: OK" {
        ScanState::Clean
    } else if text.starts_with("stream: ") && text.ends_with(" FOUND") {
        ScanState::Infected
    } else {
        tracing::warn!(answer = text, "the virus scanner answered something else");
        ScanState::Failed
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::io::{Read as _, Write as _};
    use std::net::TcpListener;

    /// A scanner that speaks clamd's protocol and finds the word `EICAR`.
    fn clamd(listener: TcpListener) -> std::thread::JoinHandle<()> {
        std::thread::spawn(move || {
            let (mut socket, _) = listener.accept().unwrap();
            let mut command = [0; 10];
            socket.read_exact(&mut command).unwrap();
            assert_eq!(&command, b"zINSTREAM\0");
            let mut content = Vec::new();
            loop {
                let mut length = [0; 4];
                socket.read_exact(&mut length).unwrap();
                let length = usize::try_from(u32::from_be_bytes(length)).unwrap();
                if length == 0 {
                    break;
                }
                let mut chunk = vec![0; length];
                socket.read_exact(&mut chunk).unwrap();
                content.extend(chunk);
            }
            let found = content.windows(5).any(|window| window == b"EICAR");
            let answer = if found { "stream: Eicar-Test-Signature FOUND\0" } else { "stream: OK\0" };
            socket.write_all(answer.as_bytes()).unwrap();
        })
    }

    fn scanned(bytes: &[u8]) -> ScanState {
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let scanner = Scanner::Tcp(listener.local_addr().unwrap().to_string());
        let server = clamd(listener);
        let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
        let state = runtime.block_on(scan(&scanner, bytes)).unwrap();
        server.join().unwrap();
        state
    }

    #[test]
    fn a_scanner_is_asked_over_its_own_protocol() {
        assert_eq!(scanned(b"harmless"), ScanState::Clean);
        assert_eq!(scanned(&[vec![b'x'; 200_000], b"EICAR".to_vec()].concat()), ScanState::Infected);
        assert_eq!(scanned(b""), ScanState::Clean);
    }

    #[test]
    fn silence_and_other_answers_are_no_verdict() {
        for answer in ["", "INSTREAM size limit exceeded. ERROR", "stream: OKAY", "OK", "stream: OK FOUND?"] {
            assert_eq!(verdict(answer.as_bytes()), ScanState::Failed, "{answer}");
        }
        let closed = TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap();
        let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
        assert_eq!(runtime.block_on(scan(&Scanner::Tcp(closed.to_string()), b"x")), None);
    }
}
