//! `whitelist answer`: checks a signed answer or the proof of a recorded one without the service, and changes the key that
//! signs.

use super::open::{Opening, open};
use super::{Failure, Place, key_or_file, say};
use crate::app::receipts::keys::published;
use crate::app::receipts::signed::Signed;
use crate::app::receipts::verify::{KeySet, ReceiptFault, Verified};
use crate::app::receipts::{Receipt, question};
use crate::app::sealed::{Proved, SealProof, Sealed};
use crate::config;
use crate::domain::lang::Lang;
use crate::domain::receipt::{AnswerAlgorithm, KeyEnd, NationalUse};
use crate::domain::validity::{Instant, LegalDay};
use crate::http::api::lookup_body::{WholeDeclaration, read_body, read_query};
use crate::http::problem::Fault;
use crate::outbound::fetch;
use crate::store::writer::Options;
use crate::store::{DatabaseUrl, Store};
use crate::tlog::Hash;
use crate::tlog::checkpoint::parse_and_verify;
use crate::tlog::sm2::ALGORITHM as SM2;
use clap::Args;
use serde::Deserialize;
use std::path::{Path, PathBuf};

/// Arguments of `answer verify`.
#[derive(Debug, Args)]
#[command(after_help = "\
Exit code 0: the receipt holds; 1: it does not, and why; 3: a file or address cannot be read.
Examples:
  whitelist answer verify receipt.jws --jwks jwks.json
  whitelist answer verify answer.json --jwks https://wl.example.gov.cn/.well-known/jwks.json --question question.json
  whitelist answer verify receipt.jws --jwks jwks.json --checkpoint checkpoint.txt --vkey vkey.txt")]
pub struct VerifyArgs {
    /// The receipt: a JWS, compact or in general JSON serialisation, or the JSON answer that carries it in `receipt`
    #[arg(value_name = "FILE")]
    receipt: PathBuf,
    /// Public keys: a file or an address [default: those of the data folder's database]
    #[arg(long, value_name = "FILE|URL")]
    jwks: Option<String>,
    /// The question as it was sent to POST /v1/lookups: refuses a receipt that answers another
    #[arg(long, value_name = "FILE", conflicts_with = "query")]
    question: Option<PathBuf>,
    /// The question as it was sent to GET /v1/lookup
    #[arg(long, value_name = "QUERY")]
    query: Option<String>,
    /// A checkpoint of the log: refuses a receipt whose revision it does not cover
    #[arg(long, value_name = "FILE", requires = "vkey")]
    checkpoint: Option<PathBuf>,
    /// Verifier key of the log, as text or in a file
    #[arg(long, value_name = "KEY|FILE")]
    vkey: Option<String>,
    /// Refuse when the day on which one may act on the answer is over at this instant
    #[arg(long, value_name = "INSTANT")]
    current_at: Option<String>,
    /// Refuse a receipt that is not signed with SM2 too
    #[arg(long)]
    sm2: bool,
    /// Print what the receipt says as JSON
    #[arg(long)]
    json: bool,
    #[command(flatten)]
    place: Place,
}

/// Arguments of `answer proof`.
#[derive(Debug, Args)]
#[command(after_help = "\
The file is what GET /v1/answers/{id} answered (or GET /v1/access-records/{id}). It holds the record, the way to the root of
its seal, the entry of the log that states this root, and the way from there to a checkpoint. No service is asked.
Exit code 0: all of it holds; 1: it does not, and where; 3: a file cannot be read.
Example: whitelist answer proof record.json --vkey wl.vkey")]
pub struct ProofArgs {
    /// The record with its seal
    #[arg(value_name = "FILE")]
    record: PathBuf,
    /// Verifier key of the log, as text or in a file
    #[arg(long, value_name = "KEY|FILE")]
    vkey: String,
    /// Print what is proved as JSON
    #[arg(long)]
    json: bool,
}

/// What is read of a record with its seal.
#[derive(Deserialize)]
struct Kept {
    record: String,
    seal: Option<Sealed>,
}

/// Arguments of `answer rotate-key`.
#[derive(Debug, Args)]
#[command(after_help = "\
A running service takes the new key within a minute; the old one is trusted for ten minutes more, or no longer at all
when it may be in other hands. Old receipts stay verifiable: the key set names every key with its time.")]
pub struct RotateArgs {
    #[command(flatten)]
    place: Place,
    /// Why: scheduled, or compromised
    #[arg(long, default_value = "scheduled", value_parser = ["scheduled", "compromised"])]
    reason: String,
    /// EdDSA or ES256 [default: WHITELIST_ANSWER_ALGORITHM, else EdDSA]; SM2SM3 for the key that signs beside
    #[arg(long, value_name = "ALGORITHM")]
    algorithm: Option<String>,
}

/// Verifies a receipt.
///
/// # Errors
/// [`Failure::Refused`] when it does not hold.
pub fn verify(args: VerifyArgs) -> Result<(), Failure> {
    let set = KeySet::parse(&keys(&args)?).map_err(refused)?;
    let signed = Signed::read(&read(&args.receipt)?).ok_or_else(|| refused(ReceiptFault::Malformed))?;
    let verified = set.verify_all(&signed).map_err(refused)?;
    if args.sm2 && verified.sm2_kid.is_none() {
        return Err(refused(ReceiptFault::NotNational));
    }
    let receipt = &verified.receipt;
    if let Some((sha256, sm3)) = asked(&args, receipt.declared_on)? {
        receipt.answers(sha256).and_then(|()| receipt.answers_by_sm3(sm3)).map_err(refused)?;
    }
    let mut covered = None;
    if let Some((file, vkey)) = args.checkpoint.as_ref().zip(args.vkey.as_ref()) {
        let vkey = key_or_file(vkey)?;
        let checkpoint = parse_and_verify(&read(file)?, &vkey).map_err(|error| Failure::Refused(error.to_string()))?;
        receipt.is_under(&checkpoint).map_err(refused)?;
        covered = Some(checkpoint.size);
    }
    if let Some(at) = &args.current_at {
        let at = Instant::parse(at).map_err(|_| Failure::Usage("--current-at: not an instant".to_owned()))?;
        receipt.is_current(at).map_err(refused)?;
    }
    report(&verified, covered, args.json)
}

/// Checks the way from a record to a checkpoint of the log.
///
/// # Errors
/// [`Failure::Refused`] when it does not hold.
pub fn prove(args: ProofArgs) -> Result<(), Failure> {
    let none = |error| Failure::Refused(format!("{}: no record with its seal: {error}", args.record.display()));
    let kept: Kept = serde_json::from_str(&read(&args.record)?).map_err(none)?;
    let seal =
        kept.seal.ok_or_else(|| Failure::Refused("the record is not sealed yet; ask again in an hour".into()))?;
    let proved = seal
        .verify(kept.record.as_bytes(), &key_or_file(&args.vkey)?)
        .map_err(|error| Failure::Refused(error.to_string()))?;
    if args.json {
        say(&serde_json::to_string(&proved).map_err(|error| Failure::Unreachable(error.to_string()))?);
        return Ok(());
    }
    let Proved { event, sealed_at, origin, size } = proved;
    let SealProof { number, revision, index, size: records, .. } = seal.proof;
    say(&format!("OK       the record is number {index} of the {records} under seal {number}"));
    say(&format!("seal     {event} at {sealed_at}, revision {revision}"));
    say(&format!("log      {origin}, under the checkpoint of {size} entries"));
    say(&format!("record   {}", kept.record));
    Ok(())
}

fn refused(fault: ReceiptFault) -> Failure {
    Failure::Refused(fault.to_string())
}

fn read(file: &Path) -> Result<String, Failure> {
    std::fs::read_to_string(file).map_err(|error| Failure::Unreachable(format!("{}: {error}", file.display())))
}

fn keys(args: &VerifyArgs) -> Result<String, Failure> {
    match &args.jwks {
        Some(address) if address.starts_with("http://") || address.starts_with("https://") => {
            let runtime = tokio::runtime::Builder::new_current_thread()
                .enable_all()
                .build()
                .map_err(|error| Failure::Unreachable(error.to_string()))?;
            runtime.block_on(fetch::text(address)).map_err(Failure::Unreachable)
        }
        Some(file) => read(Path::new(file)),
        None => {
            let (data, url) = config::place(args.place.data.clone(), args.place.database.clone());
            let url = DatabaseUrl::parse(&url).map_err(Failure::Usage)?;
            if matches!(&url, DatabaseUrl::Sqlite(path) if !path.exists()) {
                let data = data.display();
                return Err(Failure::Unreachable(format!("there is no database in {data}; name the keys with --jwks")));
            }
            let store = Store::open(&url, Options::default())?;
            let keys = store.read(published);
            store.close();
            Ok(keys?.to_string())
        }
    }
}

/// Digests the question that was named, if one was, by SHA-256 and by SM3.
fn asked(args: &VerifyArgs, declared_on: LegalDay) -> Result<Option<(Hash, Hash)>, Failure> {
    let faulty = |faults: Vec<Fault>| {
        let faults: Vec<String> =
            faults.iter().map(|fault| format!("{} {}", fault.pointer, fault.code.as_str())).collect();
        Failure::Usage(format!("the question is faulty: {}", faults.join(", ")))
    };
    // Who named no day asked for the one that the receipt states.
    if let Some(file) = &args.question {
        let whole = read_body(read(file)?.as_bytes(), declared_on).map_err(faulty)?;
        let WholeDeclaration { declaration, lines } = whole;
        return Ok(Some((question::digest(&declaration, &lines), question::sm3(&declaration, &lines))));
    }
    if let Some(query) = &args.query {
        let one = read_query(query, declared_on).map_err(faulty)?;
        let (declaration, lines) = (one.declaration, [one.line]);
        return Ok(Some((question::digest(&declaration, &lines), question::sm3(&declaration, &lines))));
    }
    Ok(None)
}

fn report(verified: &Verified, covered: Option<u64>, json: bool) -> Result<(), Failure> {
    if json {
        say(&serde_json::to_string(verified).map_err(|error| Failure::Unreachable(error.to_string()))?);
        return Ok(());
    }
    let Verified { receipt, kid, algorithm, sm2_kid, .. } = verified;
    let Receipt { jti, answered_at, asked_by, log, question, lines, .. } = receipt;
    say(&format!("OK       signed with {algorithm} by key {kid}"));
    if let Some(kid) = sm2_kid {
        say(&format!("         and with {SM2} by key {kid}"));
    }
    say(&format!("answer   {jti}, given {answered_at} to {asked_by}"));
    say(&format!("question {question}"));
    say(&format!("log      {}, revision {}", log.origin, log.revision));
    if let Some(size) = covered {
        say(&format!("         covered by the checkpoint of {size} entries"));
    }
    for line in lines {
        let listing = line.listing.zip(line.listing_version);
        let listing = listing.map_or_else(String::new, |(number, version)| format!(", listing {number} v{version}"));
        say(&format!("line {:<4} {}: {}{listing}", line.line, line.verdict, line.reasons.join(" ")));
    }
    Ok(())
}

/// Changes the key that signs answers.
///
/// # Errors
/// [`Failure::Unreachable`] when the data folder cannot be opened.
pub fn rotate_key(args: RotateArgs) -> Result<(), Failure> {
    if args.algorithm.as_deref() == Some(SM2) {
        return rotate_national(&args.place, &args.reason, NationalUse::Answers);
    }
    let algorithm = args.algorithm.or_else(|| config::variable("WHITELIST_ANSWER_ALGORITHM"));
    let algorithm = algorithm.as_deref().map_or(Ok(AnswerAlgorithm::EdDsa), AnswerAlgorithm::parse);
    let algorithm = algorithm.map_err(|_| Failure::Usage("the algorithm is EdDSA, ES256 or SM2SM3".to_owned()))?;
    let why = KeyEnd::parse(&args.reason).map_err(|_| Failure::Usage("--reason: not a reason".to_owned()))?;
    let opened = open(Opening::of(&args.place)?)?;
    let changed = opened.app.change_answer_key(&opened.folder, algorithm, why);
    opened.close();
    say(&format!("answers are signed with key {} from now on", changed?));
    Ok(())
}

/// Changes an SM2 key.
///
/// # Errors
/// [`Failure::Unreachable`] when the data folder cannot be opened.
pub fn rotate_national(place: &Place, reason: &str, purpose: NationalUse) -> Result<(), Failure> {
    let why = KeyEnd::parse(reason).map_err(|_| Failure::Usage("--reason: not a reason".to_owned()))?;
    let opened = open(Opening::of(place)?)?;
    let changed = opened.app.change_national_key(&opened.folder, purpose, why);
    opened.close();
    say(&format!("{} are signed with SM2 by key {} from now on", purpose.name(Lang::En), changed?));
    Ok(())
}
