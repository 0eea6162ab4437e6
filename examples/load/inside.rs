//! What is measured inside the process: checks of tokens, decisions, the log.

use aws_lc_rs::rand::SystemRandom;
use aws_lc_rs::rsa::KeySize;
use aws_lc_rs::signature::{
    ECDSA_P256_SHA256_FIXED_SIGNING, EcdsaKeyPair, Ed25519KeyPair, KeyPair as _, RSA_PKCS1_SHA256, RSA_PSS_SHA256,
    RsaEncoding, RsaKeyPair,
};
use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use clap::Parser as _;
use serde_json::{Value, json};
use std::hint::black_box;
use std::io::Write as _;
use std::path::Path;
use std::sync::Arc;
use std::time::Instant;
use whitelist::app::answer_json;
use whitelist::app::keys::DataFolder;
use whitelist::app::log::export::Export;
use whitelist::app::log::inclusion;
use whitelist::app::lookup::{Asker, Rendered};
use whitelist::app::verify;
use whitelist::cli::log::source::{Source, SourceArgs};
use whitelist::cli::log::verify::of_files;
use whitelist::clock::Clock;
use whitelist::domain::actor::{Role, RoleSet};
use whitelist::domain::lang::Lang;
use whitelist::http::api::lookup_body;
use whitelist::http::token::{TokenCache, TokenVerifier};
use whitelist::outbound::keys::{Alg, IssuerSettings, KeySource, KeyStore, LoopbackHttp};
use whitelist::store::writer::Options;
use whitelist::store::{DatabaseUrl, Store, installation, log as stored_log};
use whitelist::tlog::checkpoint::CheckpointVerifier;
use whitelist::tlog::entry::Entry;
use whitelist::tlog::merkle::leaf_hash;
use whitelist::tlog::verify::LogCheck;

use super::list::{Sample, database_of, opened, opening_of};
use super::report::{Goal, Report, length, real, tell};
use super::{Outcome, Plan};

const ISSUER: &str = "https://issuer.example";

/// Life of the tokens, seconds.
const LIFE: i64 = 600;

/// Rounds of what takes milliseconds.
const SHORT_ROUNDS: usize = 9;

fn b64(bytes: impl AsRef<[u8]>) -> String {
    URL_SAFE_NO_PAD.encode(bytes)
}

/// Writes a token; `sign` makes the signature of its algorithm.
fn token(alg: Alg, now: i64, nth: usize, sign: impl Fn(&[u8]) -> Outcome<Vec<u8>>) -> Outcome<String> {
    let header = json!({ "alg": alg.as_str(), "typ": "at+jwt", "kid": alg.as_str() });
    let claims = json!({
        "iss": ISSUER, "aud": "whitelist", "iat": now, "exp": now + LIFE, "sub": format!("customs-{nth}"), "client_id": "customs", "org": "0101",
        "roles": ["customs.lookup"], "jti": format!("bench-{nth}"),
    });
    let message = format!("{}.{}", b64(header.to_string()), b64(claims.to_string()));
    let signature = sign(message.as_bytes())?;
    Ok(format!("{message}.{}", b64(signature)))
}

fn rsa(key: &RsaKeyPair, encoding: &'static dyn RsaEncoding, message: &[u8]) -> Outcome<Vec<u8>> {
    let mut signature = vec![0; key.public_modulus_len()];
    key.sign(encoding, &SystemRandom::new(), message, &mut signature)?;
    Ok(signature)
}

/// Measures the check of a token, cold for every algorithm, and warm.
pub fn tokens(plan: Plan, report: &mut Report) -> Outcome<()> {
    tell("tokens …");
    let now = Clock::system().now().micros() / 1_000_000;
    let (ed, ec, big) = (
        Ed25519KeyPair::generate()?,
        EcdsaKeyPair::generate(&ECDSA_P256_SHA256_FIXED_SIGNING)?,
        RsaKeyPair::generate(KeySize::Rsa2048)?,
    );
    // SEC 1: a leading byte, then both coordinates.
    let (x, y) =
        ec.public_key().as_ref().get(1..).and_then(|point| point.split_at_checked(32)).ok_or("no point of P-256")?;
    // RFC 8017, A.1.1: SEQUENCE, INTEGER n of 257 bytes, INTEGER e = 65537.
    let modulus = big.public_key().as_ref().get(8..265).ok_or("no modulus of 2048 bits")?;
    let jwk = |alg: Alg, members: Value| {
        let mut jwk = members;
        if let Value::Object(jwk) = &mut jwk {
            jwk.insert("kid".to_owned(), alg.as_str().into());
            jwk.insert("alg".to_owned(), alg.as_str().into());
        }
        jwk
    };
    let keys = vec![
        jwk(Alg::EdDsa, json!({ "kty": "OKP", "crv": "Ed25519", "x": b64(ed.public_key()) })),
        jwk(Alg::Es256, json!({ "kty": "EC", "crv": "P-256", "x": b64(x), "y": b64(y) })),
        jwk(Alg::Ps256, json!({ "kty": "RSA", "n": b64(modulus), "e": "AQAB" })),
        jwk(Alg::Rs256, json!({ "kty": "RSA", "n": b64(modulus), "e": "AQAB" })),
    ];
    let issuer = IssuerSettings {
        issuer: ISSUER.to_owned(),
        audience: "whitelist".to_owned(),
        keys: KeySource::Static(keys),
        algorithms: Alg::ALL.to_vec(),
        allowed_roles: RoleSet::of(&[Role::CustomsLookup]),
        max_life_seconds: LIFE,
        strict_rfc9068: true,
        sign_in: None,
    };
    let verifier = TokenVerifier::new(Arc::new(KeyStore::new(vec![issuer], LoopbackHttp::Refused)?));
    let sign = |alg: Alg, message: &[u8]| match alg {
        Alg::EdDsa => Ok(ed.sign(message).as_ref().to_vec()),
        Alg::Es256 => Ok(ec.sign(&SystemRandom::new(), message)?.as_ref().to_vec()),
        Alg::Ps256 => rsa(&big, &RSA_PSS_SHA256, message),
        Alg::Rs256 => rsa(&big, &RSA_PKCS1_SHA256, message),
    };
    for alg in Alg::ALL {
        let tokens =
            (0..64).map(|nth| token(*alg, now, nth, |message| sign(*alg, message))).collect::<Outcome<Vec<_>>>()?;
        let costs = costs(SHORT_ROUNDS, 8, &tokens, |token| verifier.check(token, now).map(drop))?;
        let goal = match alg {
            Alg::EdDsa => Goal::AtMost(75.0),
            Alg::Es256 | Alg::Ps256 | Alg::Rs256 => Goal::None,
        };
        report.rounds(&format!("token of {}, checked anew", alg.as_str()), "µs", &scaled(&costs, 1e6), goal);
    }
    let tokens = (0..64)
        .map(|nth| token(Alg::EdDsa, now, nth, |message| sign(Alg::EdDsa, message)))
        .collect::<Outcome<Vec<_>>>()?;
    let mut cache = TokenCache::new();
    let warm = costs(plan.rounds, 1_000, &tokens, |token| cache.check(&verifier, token, now).map(drop))?;
    report.rounds("token known to the worker", "ns", &scaled(&warm, 1e9), Goal::AtMost(8_000.0));
    Ok(())
}

/// Times `work` on every item, `repeats` times a round, and returns seconds per item of each round.
fn costs<T, E>(rounds: usize, repeats: u32, items: &[T], mut work: impl FnMut(&T) -> Result<(), E>) -> Outcome<Vec<f64>>
where
    E: Into<Box<dyn std::error::Error + Send + Sync>>,
{
    let mut costs = Vec::with_capacity(rounds);
    for _ in 0..rounds {
        let start = Instant::now();
        for _ in 0..repeats {
            for item in items {
                work(black_box(item)).map_err(Into::into)?;
            }
        }
        costs.push(start.elapsed().as_secs_f64() / length(items) / f64::from(repeats));
    }
    Ok(costs)
}

fn scaled(costs: &[f64], factor: f64) -> Vec<f64> {
    costs.iter().map(|cost| cost * factor).collect()
}

/// Measures a decision, and a lookup without HTTP.
pub fn decisions(list: &Sample, plan: Plan, report: &mut Report) -> Outcome<()> {
    tell("decisions …");
    let opened = opened(opening_of(&list.data, &database_of(&list.data)))?;
    let app = Arc::clone(&opened.app);
    let today = app.clock.now().day();
    let read = |query: &str| lookup_body::read_query(query, today).map_err(|faults| format!("{faults:?}"));
    let queries: Vec<String> = list.queries().collect();
    let questions = queries.iter().map(|query| read(query)).collect::<Result<Vec<_>, _>>()?;
    let snapshot = app.index.snapshot();
    let revision = snapshot.revision();
    let judged = costs(plan.rounds, 1, &questions, |question| {
        black_box(snapshot.judge_one(&question.declaration, &question.line, revision));
        Ok::<_, String>(())
    })?;
    report.rounds("decision in the process, per line", "ns", &scaled(&judged, 1e9), Goal::AtMost(10_000.0));
    let asker = Asker { org: Arc::from("0101"), account: None, lang: Lang::Zh, since: app.clock.uptime() };
    let whole = costs(plan.rounds, 1, &queries, |query| {
        let question = read(query)?;
        let asker = Asker { since: app.clock.uptime(), ..asker.clone() };
        let asked = app.ask_one(&asker, &question.declaration, &question.line, question.as_of, |given| {
            let written = given.lines.first().map_or_else(Vec::new, |line| {
                answer_json::answer(given.id, given.revision, given.answered_at, line, Lang::Zh)
            });
            let digest = answer_json::digest_of_one(&written);
            Rendered { value: drop(black_box(written)), digest }
        });
        asked.map_err(|error| error.to_string())
    })?;
    report.rounds("question read, judged and answered as JSON, without HTTP", "ns", &scaled(&whole, 1e9), Goal::None);
    drop((snapshot, app));
    opened.close();
    Ok(())
}

/// Measures the log: appending in memory, checking it, checking the whole database.
pub fn log(list: &Sample, plan: Plan, report: &mut Report) -> Outcome<()> {
    tell("the log …");
    let url = database_of(&list.data);
    let mut conn = url.open()?;
    let installation = installation::find(&mut conn)?.ok_or("a database without an installation")?;
    let vkey = DataFolder(list.data.clone()).checkpoint_key_for(&installation.origin)?.vkey();
    let (size, frontier) = stored_log::read_head(&mut conn)?;
    let entries = stored_log::list_entries(&mut conn, 0, i64::MAX)?;
    let tiles = stored_log::list_tiles(&mut conn, None, i64::MAX)?;
    let checkpoints = stored_log::list_checkpoints(&mut conn)?;
    let millions = length(&entries) / 1e6;

    let facts = entries.iter().take(50_000).map(|row| Entry::from_leaf(&row.leaf)).collect::<Result<Vec<_>, _>>()?;
    let (mut hashed, mut written) = (Vec::new(), Vec::new());
    for _ in 0..plan.rounds {
        let (mut edge, start) = (stored_log::Edge::default(), Instant::now());
        for row in &entries {
            append(&mut edge, &row.leaf);
        }
        hashed.push(length(&entries) / start.elapsed().as_secs_f64());
        let (mut edge, start) = (stored_log::Edge::default(), Instant::now());
        for fact in &facts {
            append(&mut edge, &fact.to_leaf()?);
        }
        written.push(length(&facts) / start.elapsed().as_secs_f64());
    }
    report.rounds("log in memory: leaves appended", "/s", &hashed, Goal::AtLeast(100_000.0));
    report.rounds("log in memory: entries written as leaves and appended", "/s", &written, Goal::None);
    drop(facts);

    let mut checked = Vec::new();
    for _ in 0..plan.rounds {
        let start = Instant::now();
        let mut check = LogCheck::new(CheckpointVerifier::parse(&vkey)?, None);
        for (index, row) in (0..).zip(&entries) {
            check.entry(index, &row.leaf, Some(&row.leaf_hash));
        }
        for (level, tile, hashes) in &tiles {
            check.tile(u8::try_from(*level)?, u64::try_from(*tile)?, hashes);
        }
        for (size, note) in &checkpoints {
            check.checkpoint(u64::try_from(*size)?, note);
        }
        let problems = check.finish(u64::try_from(size)?, Some(&frontier));
        if !problems.is_empty() {
            return Err(format!("the log of the bench does not verify: {problems:?}").into());
        }
        checked.push(start.elapsed().as_secs_f64() / millions);
    }
    let count = real(u64::try_from(entries.len())?);
    report.rounds(
        &format!("log of {count} entries: checked in memory, per million"),
        "s",
        &checked,
        Goal::AtMost(20.0),
    );
    drop((entries, tiles, conn));

    let store = Store::open(&url, Options::default())?;
    let start = Instant::now();
    let verification = verify::database(&store, &vkey, None, &mut |_, _| {})?;
    let seconds = start.elapsed().as_secs_f64();
    store.close();
    if !verification.ok {
        return Err(format!("the database of the bench does not verify: {:?}", verification.problems).into());
    }
    report.once(
        "`log verify` of that database, every row and private value, per million",
        "s",
        seconds / millions,
        Goal::None,
    );
    from_outside(&list.data, &url, &vkey, plan, report)
}

/// Measures the log as others read it: the archive, its verification, proofs.
fn from_outside(data: &Path, url: &DatabaseUrl, vkey: &str, plan: Plan, report: &mut Report) -> Outcome<()> {
    let store = Store::open(url, Options::default())?;
    let archive = data.join("bench-log.tar");
    let start = Instant::now();
    let mut export = Export::begin(&store, vkey)?.ok_or("nothing is signed")?;
    let millions = real(export.size()) / 1e6;
    let mut file = std::fs::File::create(&archive)?;
    while let Some(piece) = export.piece()? {
        file.write_all(&piece)?;
    }
    drop(file);
    report.once(
        "the log written as an archive, per million entries",
        "s",
        start.elapsed().as_secs_f64() / millions,
        Goal::None,
    );

    let mut verified = Vec::new();
    for _ in 0..plan.rounds {
        let start = Instant::now();
        let mut source = Source::open(&source_of(&archive)?).map_err(|failure| format!("{failure:?}"))?;
        let result = of_files(&mut source, (vkey, None), None, None).map_err(|failure| format!("{failure:?}"))?;
        if !result.ok {
            return Err(format!("the archive of the bench does not verify: {:?}", result.problems).into());
        }
        verified.push(start.elapsed().as_secs_f64() / millions);
    }
    report.rounds("`log verify` of an archive, per million entries", "s", &verified, Goal::AtMost(20.0));
    std::fs::remove_file(&archive)?;

    let size = export.size();
    let mut waits = Vec::new();
    let mut index = 0;
    for _ in 0..5_000 {
        index = (index + 7_919 * 104_729) % size;
        let start = Instant::now();
        black_box(store.read(|conn| inclusion(conn, index))?.ok_or("no proof")?);
        waits.push(start.elapsed().as_secs_f64() * 1e3);
    }
    waits.sort_by(f64::total_cmp);
    let p99 = waits.get(waits.len() * 99 / 100).copied().unwrap_or(f64::NAN);
    report.once("proof that an entry is in that log: p99", "ms", p99, Goal::AtMost(20.0));
    store.close();
    Ok(())
}

/// Names an archive as a command of the log does.
pub fn source_of(archive: &Path) -> Outcome<SourceArgs> {
    let args = ["log", "--export"].map(str::to_owned).into_iter().chain([archive.display().to_string()]);
    Ok(Sourced::try_parse_from(args)?.source)
}

/// What `log verify` is told of where the log is.
#[derive(clap::Parser)]
struct Sourced {
    #[command(flatten)]
    source: SourceArgs,
}

fn append(edge: &mut stored_log::Edge, leaf: &[u8]) {
    let hash = leaf_hash(leaf);
    edge.frontier.append(hash);
    edge.tiles.append(hash);
}
