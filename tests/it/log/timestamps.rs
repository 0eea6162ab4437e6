//! Time stamps over signed heads: an authority of openssl stamps them, `log verify` ties each to its head, openssl says who stamped, and an authority
//! that is wrong or away is in nobody's way.

use super::outside::{Exhibit, in_database, whitelist};
use super::read::signed;
use super::sql::Sql;
use super::witness::vary;
use crate::support::app::TestApp;
use crate::support::on_both;
use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use serde_json::{Value, json};
use std::io::{BufRead as _, BufReader, Read as _, Write as _};
use std::net::TcpListener;
use std::path::{Path, PathBuf};
use std::process::Command;
use std::sync::atomic::Ordering;
use tempfile::TempDir;
use url::Url;
use whitelist::outbound::timestamp::{Authority, Round};

const SETTINGS: &str = "[tsa]\nserial = serial\nsigner_digest = sha256\ndefault_policy = 1.2.3.4.1\ndigests = sha256\naccuracy = secs:1\ness_cert_id_alg = sha256\n";

fn openssl(home: &Path, args: &[&str]) -> (bool, String) {
    let output = Command::new("openssl").args(args).current_dir(home).output().unwrap();
    (output.status.success(), String::from_utf8_lossy(&[output.stdout, output.stderr].concat()).into_owned())
}

/// Makes the key, the certificate and the settings of an authority.
fn authority() -> TempDir {
    let home = tempfile::tempdir().unwrap();
    std::fs::write(home.path().join("tsa.cnf"), SETTINGS).unwrap();
    std::fs::write(home.path().join("serial"), "01\n").unwrap();
    let made = openssl(
        home.path(),
        &[
            "req",
            "-x509",
            "-newkey",
            "ec",
            "-pkeyopt",
            "ec_paramgen_curve:P-256",
            "-nodes",
            "-keyout",
            "tsa.key",
            "-out",
            "tsa.pem",
            "-days",
            "2",
            "-subj",
            "/CN=authority",
            "-addext",
            "extendedKeyUsage=critical,timeStamping",
        ],
    );
    assert!(made.0, "{}", made.1);
    home
}

/// Stamps what is asked.
fn stamp(home: &Path, query: &[u8]) -> Vec<u8> {
    std::fs::write(home.join("query"), query).unwrap();
    let stamped = openssl(
        home,
        &[
            "ts",
            "-reply",
            "-config",
            "tsa.cnf",
            "-section",
            "tsa",
            "-queryfile",
            "query",
            "-inkey",
            "tsa.key",
            "-signer",
            "tsa.pem",
            "-out",
            "reply",
        ],
    );
    assert!(stamped.0, "{}", stamped.1);
    std::fs::read(home.join("reply")).unwrap()
}

/// Answers one request, whatever is asked.
fn answer_once(answer: impl FnOnce(&[u8]) -> (&'static str, Vec<u8>) + Send + 'static) -> Url {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let address = listener.local_addr().unwrap();
    std::thread::spawn(move || {
        let (mut stream, _) = listener.accept().unwrap();
        let mut request = BufReader::new(stream.try_clone().unwrap());
        let mut length = 0;
        loop {
            let mut line = String::new();
            request.read_line(&mut line).unwrap();
            if let Some(given) = line.to_lowercase().strip_prefix("content-length:") {
                length = given.trim().parse().unwrap();
            }
            if line == "\r\n" {
                break;
            }
        }
        let mut query = vec![0; length];
        request.read_exact(&mut query).unwrap();
        let (status, body) = answer(&query);
        let head = format!("HTTP/1.1 {status}\r\nContent-Length: {}\r\nConnection: close\r\n\r\n", body.len());
        // Whoever reads no further than it must hangs up.
        let _ = stream.write_all(head.as_bytes()).and_then(|()| stream.write_all(&body));
    });
    Url::parse(&format!("http://user:secret@{address}/tsa")).unwrap()
}

fn ask(app: &TestApp, url: &Url) -> Round {
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
    runtime.block_on(Authority::new(url).unwrap().ask(app.inside())).unwrap()
}

fn stamps_with(home: &Path) -> Url {
    let home: PathBuf = home.to_path_buf();
    answer_once(move |query| ("200 OK", stamp(&home, query)))
}

on_both! {
    fn an_authority_stamps_heads_with_the_time(app) {
        let home = authority();
        let elsewhere = stamp(home.path(), &whitelist::tlog::timestamp::query(whitelist::tlog::Hash([1; 32]), &[0x41; 8]).unwrap());
        let (first, _) = signed(app);
        // What is no stamp of this head is counted and not kept.
        let free = TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap();
        let whole = elsewhere.clone();
        let wrong = [
            Url::parse(&format!("http://{free}/")).unwrap(),
            answer_once(|_| ("503 Service Unavailable", Vec::new())),
            answer_once(|_| ("200 OK", b"hello".to_vec())),
            answer_once(|_| ("200 OK", vec![0x30; 100_000])),
            answer_once(move |_| ("200 OK", whole)),
        ];
        for url in &wrong {
            assert_eq!(ask(app, url), Round::Failed, "{url}");
        }
        assert_eq!(app.inside().timestamped.failures.load(Ordering::Relaxed), 5);
        assert_eq!(app.auditor().get("/v1/log/timestamps").json(), json!({ "items": [], "next": null }));
        vary(app, "照常");
        assert!(signed(app).0 > first, "changes go on");

        let (size, note) = signed(app);
        assert_eq!(ask(app, &stamps_with(home.path())), Round::Stamped);
        let nobody = Url::parse(&format!("http://{free}/")).unwrap();
        assert_eq!(ask(app, &nobody), Round::Nothing, "this head has its stamp");
        vary(app, "不久之后");
        assert_eq!(ask(app, &nobody), Round::Nothing, "the last stamp is young");
        app.set_time("2026-08-12T05:00:00.000000Z");
        let (later, _) = signed(app);
        assert_eq!(ask(app, &stamps_with(home.path())), Round::Stamped);

        let page = app.auditor().get("/v1/log/timestamps?limit=1").json();
        let item = &page["items"][0];
        assert_eq!((&item["size"], &item["note"], &page["next"]), (&json!(size), &json!(note), &json!(size.to_string())));
        assert!(!item["authority"].as_str().unwrap().contains("secret"), "{item}");
        let rest = app.auditor().get(&format!("/v1/log/timestamps?after={size}")).json();
        assert_eq!((&rest["items"][0]["size"], &rest["next"]), (&json!(later), &Value::Null));
        let metrics = app.client().send("GET", "/metrics", &[], b"");
        for line in [format!("whitelist_log_timestamped_entries {later}"), "whitelist_log_timestamp_failures_total 5".to_owned()] {
            assert!(metrics.text().contains(&line), "{line}: {}", metrics.text());
        }

        // As docs/verify.md has it: the head and the answer out of the archive, and openssl with the authority's certificate.
        let exhibit = Exhibit::of(app);
        let line: Value = serde_json::from_str(exhibit.text("timestamps/000000.jsonl").lines().next().unwrap()).unwrap();
        assert_eq!(&line, item);
        std::fs::write(home.path().join("head"), line["note"].as_str().unwrap()).unwrap();
        std::fs::write(home.path().join("head.tsr"), STANDARD.decode(line["reply"].as_str().unwrap()).unwrap()).unwrap();
        let verify = ["ts", "-verify", "-data", "head", "-in", "head.tsr", "-CAfile", "tsa.pem"];
        let (holds, said) = openssl(home.path(), &verify);
        assert!(holds && said.contains("Verification: OK"), "{said}");
        std::fs::write(home.path().join("head"), note.replace('\n', " ")).unwrap();
        assert!(!openssl(home.path(), &verify).0, "over another head");

        let (code, found) = exhibit.verify(&[]);
        assert_eq!((code, &found["timestamped"]["entries"]), (Some(0), &json!(later)), "{found}");
        let beside = in_database(app, &["log", "verify", "--json"]);
        let beside: Value = serde_json::from_slice(&beside.stdout).unwrap();
        assert_eq!(beside["timestamped"], found["timestamped"]);
        let token = exhibit.home.path().join("token");
        std::fs::write(&token, app.auditor().token).unwrap();
        let served = whitelist(&["log", "verify", "--url", &format!("http://{}", app.address), "--token-file", token.to_str().unwrap()]);
        let served = String::from_utf8(served.stdout).unwrap();
        assert!(served.contains(&format!("stamped  {later} entries")), "{served}");

        // A stamp moved to another head, one of something else, and one under a head that was never signed are told apart.
        let tampered = |change: &dyn Fn(&mut Value)| {
            exhibit.edit("timestamps/000000.jsonl", |bytes| {
                let mut other = line.clone();
                change(&mut other);
                *bytes = format!("{other}\n").into_bytes();
            });
            let (code, found) = exhibit.verify(&[]);
            assert_eq!(code, Some(1), "{found}");
            found["problems"][0]["code"].as_str().unwrap().to_owned()
        };
        assert_eq!(tampered(&|stamp| stamp["size"] = json!(size - 1)), "timestamp-head");
        assert_eq!(tampered(&|stamp| stamp["reply"] = json!(STANDARD.encode(&elsewhere))), "timestamp-imprint");
        assert_eq!(tampered(&|stamp| stamp["note"] = json!(note.replace("main", "mail"))), "timestamp-imprint");
        assert_eq!(tampered(&|stamp| stamp["reply"] = json!("AAAA")), "timestamp-malformed");

        app.will_be_tampered_with();
        app.halt();
        let mut sql = Sql::open(&app.database);
        sql.run(&format!("UPDATE log_timestamps SET size = size - 1 WHERE size = {later}")).unwrap();
        sql.run(&format!("UPDATE log_timestamps SET size = {later} WHERE size = {size}")).unwrap();
        drop(sql);
        let found = crate::support::app::verify(&app.folder, &app.database);
        let codes: Vec<&str> = found.problems.iter().map(|problem| problem.code.as_str()).collect();
        assert_eq!(codes, ["timestamp-head", "timestamp-imprint"]);
    }
}
