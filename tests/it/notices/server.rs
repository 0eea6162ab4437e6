//! A mail server of the tests (RFC 5321) on loopback: it takes letters, or answers an address with a status it was told.

use std::io::{BufRead as _, BufReader, Write as _};
use std::net::{SocketAddr, TcpListener, TcpStream};
use std::sync::{Arc, Mutex};

/// Addresses with the status that answers them, each once.
type Answers = Arc<Mutex<Vec<(String, u16)>>>;

/// A letter as it came: recipient and content.
type Letters = Arc<Mutex<Vec<(String, String)>>>;

/// A running mail server; it goes with the process of the tests.
pub struct MailServer {
    pub address: SocketAddr,
    letters: Letters,
}

impl MailServer {
    /// Starts one that answers some addresses with a status, in this order, before it takes what is sent there.
    pub fn start(answers: &[(&str, u16)]) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let address = listener.local_addr().unwrap();
        let letters = Letters::default();
        let answers: Answers =
            Arc::new(Mutex::new(answers.iter().map(|(address, status)| ((*address).to_owned(), *status)).collect()));
        let taken = Arc::clone(&letters);
        std::thread::spawn(move || {
            for stream in listener.incoming() {
                let (answers, taken) = (Arc::clone(&answers), Arc::clone(&taken));
                std::thread::spawn(move || serve(stream.unwrap(), &answers, &taken));
            }
        });
        Self { address, letters }
    }

    /// What was taken so far.
    pub fn letters(&self) -> Vec<(String, String)> {
        self.letters.lock().unwrap().clone()
    }
}

fn serve(mut stream: TcpStream, answers: &Answers, taken: &Letters) {
    let mut lines = BufReader::new(stream.try_clone().unwrap()).lines();
    let mut say = move |text: &str| stream.write_all(format!("{text}\r\n").as_bytes()).unwrap();
    say("220 mail.test");
    let mut recipient = String::new();
    while let Some(Ok(line)) = lines.next() {
        let verb = line.split([' ', ':']).next().unwrap_or_default().to_uppercase();
        match verb.as_str() {
            "EHLO" => say("250-mail.test\r\n250 SMTPUTF8"),
            "RCPT" => {
                recipient = line.split(['<', '>']).nth(1).unwrap().to_owned();
                let mut answers = answers.lock().unwrap();
                match answers.iter().position(|(address, _)| *address == recipient) {
                    Some(place) => say(&format!("{} no", answers.remove(place).1)),
                    None => say("250 ok"),
                }
            }
            "DATA" => {
                say("354 go on");
                let content: Vec<String> = lines.by_ref().map(Result::unwrap).take_while(|line| line != ".").collect();
                taken.lock().unwrap().push((recipient.clone(), content.join("\n")));
                say("250 taken");
            }
            "QUIT" => {
                say("221 bye");
                return;
            }
            _ => say("250 ok"),
        }
    }
}
