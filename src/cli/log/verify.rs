//! `whitelist log verify`: re-hashes everything, rebuilds the list, compares with the tables, refuses a rollback.
//!
//! From a database the tables are compared too; from an export or a service everything that can be known without them.

use super::source::{Source, SourceArgs};
use crate::app::keys::DataFolder;
use crate::app::log::witness::{Quorum, Witness, newest_cosigned};
use crate::app::verify::files::FileCheck;
use crate::app::verify::{ProblemView, Verification, database};
use crate::cli::{Failure, say};
use crate::config::witnesses;
use crate::store::Store;
use crate::store::checkpoints::read_head_file;
use crate::tlog::Hash;
use crate::tlog::checkpoint::{Checkpoint, CheckpointVerifier};
use crate::tlog::tiles::TilePath;
use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use clap::Args;
use indicatif::{ProgressBar, ProgressStyle};
use serde_json::{Value, json};
use std::path::{Path, PathBuf};

/// Files of an export or a service that are read together.
const TOGETHER: usize = 32;

/// Arguments of `log verify`.
#[derive(Debug, Args)]
#[command(
    after_help = "Exit code 0: everything holds; 1: problems, each named; 2: wrong usage; 3: cannot open or reach.\nExamples:\n  whitelist log verify --remember ~/wl-head\n  whitelist log verify --export log.tar --vkey wl.vkey --remember ~/wl-head\n  whitelist log verify --url https://wl.example.gov.cn --token-file token --vkey wl.vkey"
)]
pub struct VerifyArgs {
    #[command(flatten)]
    source: SourceArgs,
    /// File that remembers the last head seen; a log that went back behind it is refused, a good one is remembered
    #[arg(long, value_name = "FILE")]
    remember: Option<PathBuf>,
    /// File that names witnesses and how many of them must have signed a head, as WHITELIST_WITNESSES of the service
    #[arg(long, value_name = "FILE")]
    witnesses: Option<PathBuf>,
    /// Print the result as JSON
    #[arg(long)]
    json: bool,
}

/// Verifies.
///
/// # Errors
/// [`Failure::Refused`] when something does not hold.
pub fn run(args: VerifyArgs) -> Result<(), Failure> {
    let remembered = args.remember.as_deref().map(read_remembered).transpose()?.flatten();
    let quorum = args.witnesses.as_deref().map(read_quorum).transpose()?;
    let mut source = Source::open(&args.source)?;
    let (known, given) = source.vkey(args.source.vkey.as_deref())?;
    let vkey = source.newest_vkey(&known)?;
    let anchor = (vkey != known).then_some(known.as_str());
    let checked = match &source {
        Source::Database { store, folder, .. } => of_database(store, folder, &vkey, remembered, quorum),
        Source::Folder(_) | Source::Archive(..) | Source::Service(..) => {
            of_files(&mut source, (&vkey, anchor), remembered, quorum).map(|result| {
                let head = result.ok.then(|| Hash::parse(&result.root).ok().map(|root| (result.revision, root)));
                (result, head.flatten())
            })
        }
    };
    let own_word = !given && !matches!(source, Source::Database { .. });
    source.close();
    let (result, signed) = checked?;
    // Only what was signed is worth remembering: its checkpoint must be there the next time.
    if let Some((file, (size, root))) = args.remember.zip(signed).filter(|_| result.ok) {
        let line = format!("{size} {root}\n");
        std::fs::write(&file, line).map_err(|error| Failure::Unreachable(format!("{}: {error}", file.display())))?;
    }
    report(&result, &vkey, own_word, args.json)?;
    if result.ok { Ok(()) } else { Err(Failure::Refused(String::new())) }
}

/// What a check found, and the signed head to remember.
type Checked = (Verification, Option<(i64, Hash)>);

fn of_database(
    store: &Store,
    folder: &DataFolder,
    vkey: &str,
    remembered: Option<(i64, Hash)>,
    quorum: Option<Quorum>,
) -> Result<Checked, Failure> {
    let published = read_head_file(&folder.head_file(), vkey);
    let newest = newest(published.as_ref().ok().copied().flatten(), remembered);
    let bar = bar();
    let mut progress = |done: u64, total: u64| {
        bar.set_length(total);
        bar.set_position(done);
    };
    let mut result = database(store, vkey, newest, &mut progress)?;
    bar.finish_and_clear();
    if let Err(error) = &published {
        result.ok = false;
        result.problems.push(ProblemView {
            code: "head-file".to_owned(),
            where_: folder.head_file().display().to_string(),
            detail: error.to_string(),
        });
    }
    if let Some(quorum) = quorum {
        result.judge_witnesses(newest_cosigned(store, &quorum)?);
    }
    Ok((result, published.ok().flatten()))
}

/// Verifies the files of a source: by its newest key, which must follow from `anchor` where one of an older shard is known.
///
/// # Errors
/// [`Failure::Unreachable`] when one cannot be read, [`Failure::Usage`] for a faulty key.
pub fn of_files(
    source: &mut Source,
    (vkey, anchor): (&str, Option<&str>),
    remembered: Option<(i64, Hash)>,
    quorum: Option<Quorum>,
) -> Result<Verification, Failure> {
    let parse = |vkey: &str| CheckpointVerifier::parse(vkey).map_err(|error| Failure::Usage(error.to_string()));
    let (verifier, anchor) = (parse(vkey)?, anchor.map(parse).transpose()?);
    let remembered = remembered.and_then(|(size, root)| Some((u64::try_from(size).ok()?, root)));
    let newest = source.read("checkpoint")?.map(|bytes| String::from_utf8_lossy(&bytes).into_owned());
    let mut check = FileCheck::new(verifier, remembered, newest.as_deref(), quorum);
    if let Some(anchor) = anchor {
        check = check.following(anchor);
    }
    let bar = bar();
    let mut demanded: Vec<TilePath> = check.demanded().collect();
    bar.set_length(u64::try_from(demanded.len()).unwrap_or(u64::MAX));
    demanded.reverse();
    while !demanded.is_empty() {
        let some: Vec<TilePath> =
            demanded.split_off(demanded.len().saturating_sub(TOGETHER)).into_iter().rev().collect();
        let paths: Vec<String> = some.iter().map(ToString::to_string).collect();
        for (path, bytes) in some.into_iter().zip(source.read_all(&paths)?) {
            check.file(path, bytes.as_deref());
            bar.inc(1);
        }
    }
    beside(source, &mut check, "timestamps", stamp)?;
    beside(source, &mut check, "checkpoints", head)?;
    bar.finish_and_clear();
    Ok(check.finish())
}

/// Reads the newest signed head under a key: that of the newest shard, or an older one that it must follow from, for which
/// the whole log is verified.
///
/// # Errors
/// [`Failure::Refused`] when there is no head, its signature does not hold, or it does not follow from the key.
pub fn head_under(source: &mut Source, known: Option<&str>) -> Result<(Checkpoint, String), Failure> {
    let (known, _) = source.vkey(known)?;
    let newest = source.newest_vkey(&known)?;
    if newest != known {
        let result = of_files(source, (&newest, Some(&known)), None, None)?;
        if let Some(problem) = result.problems.first() {
            let ProblemView { code, detail, .. } = problem;
            return Err(Failure::Refused(format!("the newest head does not follow from the key: {code}: {detail}")));
        }
    }
    source.head(&newest)
}

/// Hands over what stands beside the tree in order of size: each item of the pages of a service, or each line of the files of an archive.
fn beside(
    source: &mut Source,
    check: &mut FileCheck,
    name: &str,
    take: fn(&mut FileCheck, &str, &Value),
) -> Result<(), Failure> {
    if matches!(source, Source::Service(..)) {
        let mut after = String::new();
        loop {
            let path = format!("{name}?limit=200{after}");
            let page = source.read(&path)?.and_then(|bytes| serde_json::from_slice::<Value>(&bytes).ok());
            let Some(page) = page else {
                check.note("file-malformed", name, "not a page");
                return Ok(());
            };
            for item in page.get("items").and_then(Value::as_array).into_iter().flatten() {
                take(check, name, item);
            }
            match page.get("next").and_then(Value::as_str) {
                Some(next) if next.bytes().all(|byte| byte.is_ascii_digit()) => after = format!("&after={next}"),
                Some(_) | None => return Ok(()),
            }
        }
    }
    for number in 0_u64.. {
        let path = format!("{name}/{number:06}.jsonl");
        let Some(bytes) = source.read(&path)? else { break };
        for line in bytes.split(|byte| *byte == b'\n').filter(|line| !line.is_empty()) {
            take(check, &path, &serde_json::from_slice(line).unwrap_or_default());
        }
    }
    Ok(())
}

fn head(check: &mut FileCheck, path: &str, head: &Value) {
    match (head.get("size").and_then(Value::as_u64), head.get("note").and_then(Value::as_str)) {
        (Some(size), Some(note)) => check.head(size, note),
        _ => check.note("file-malformed", path, "not a signed head"),
    }
}

fn stamp(check: &mut FileCheck, path: &str, stamp: &Value) {
    let text = |name: &str| stamp.get(name).and_then(Value::as_str);
    let reply = text("reply").and_then(|reply| STANDARD.decode(reply).ok());
    match (stamp.get("size").and_then(Value::as_u64), text("note"), reply) {
        (Some(size), Some(note), Some(reply)) => check.stamp(size, note, &reply),
        _ => check.note("file-malformed", path, "not a time stamp"),
    }
}

/// Shows how far it is, on a terminal only.
fn bar() -> ProgressBar {
    let style = ProgressStyle::with_template("log verify {bar:40} {percent:>3} % {pos}/{len}, {eta} left");
    style.map_or_else(|_| ProgressBar::hidden(), |style| ProgressBar::new(0).with_style(style))
}

/// Of two heads remembered the later one is the stricter.
fn newest(published: Option<(i64, Hash)>, remembered: Option<(i64, Hash)>) -> Option<(u64, Hash)> {
    let later = [published, remembered].into_iter().flatten().max_by_key(|(size, _)| *size);
    later.and_then(|(size, root)| Some((u64::try_from(size).ok()?, root)))
}

fn read_quorum(file: &Path) -> Result<Quorum, Failure> {
    let settings = witnesses::read(file).map_err(|faults| Failure::Usage(faults.join("\n")))?;
    let parsed = settings.witnesses.iter().map(|(vkey, _)| Witness::parse(vkey));
    let witnesses = parsed.collect::<Result<Vec<_>, _>>().map_err(|error| Failure::Usage(error.to_string()))?;
    Ok(Quorum { least: settings.quorum, witnesses })
}

fn read_remembered(file: &Path) -> Result<Option<(i64, Hash)>, Failure> {
    let broken = || Failure::Unreachable(format!("{}: not a remembered head: `SIZE ROOT` expected", file.display()));
    match std::fs::read_to_string(file) {
        Ok(text) => {
            let (size, root) = text.trim().split_once(' ').ok_or_else(broken)?;
            let root = Hash::parse(root).map_err(|_| broken())?;
            Ok(Some((size.parse().map_err(|_| broken())?, root)))
        }
        Err(error) if error.kind() == std::io::ErrorKind::NotFound => Ok(None),
        Err(error) => Err(Failure::Unreachable(format!("{}: {error}", file.display()))),
    }
}

fn report(result: &Verification, vkey: &str, own_word: bool, json: bool) -> Result<(), Failure> {
    if json {
        let mut text = serde_json::to_value(result).map_err(|error| Failure::Unreachable(error.to_string()))?;
        if let Value::Object(members) = &mut text {
            members.insert("vkey".to_owned(), json!(vkey));
            members.insert("vkey_from_the_log_itself".to_owned(), json!(own_word));
        }
        say(&text.to_string());
        return Ok(());
    }
    say(&format!("log      {}", result.origin));
    say(&format!("key      {vkey}"));
    say(&format!("revision {}", result.revision));
    say(&format!("root     {}", result.root));
    say(&format!("checked  {} entries, {} listings", result.entries, result.listings));
    if let Some(size) = result.cosigned {
        say(&format!("cosigned {size} entries, by enough witnesses"));
    }
    if let Some(size) = result.sm2 {
        say(&format!("sm2      {size} entries, by a key that the log names"));
    }
    if let Some(stamped) = &result.timestamped {
        say(&format!(
            "stamped  {} entries, there at {} at the latest; openssl ts -verify checks who says so",
            stamped.entries, stamped.at
        ));
    }
    for shard in &result.shards {
        let lost = match shard.lost {
            0 => String::new(),
            lost => format!("; {lost} published entries before it are lost"),
        };
        say(&format!("shard    {} from revision {}, {}{lost}", shard.origin, shard.from, shard.cause));
    }
    for problem in &result.problems {
        say(&format!("PROBLEM  {} at {}: {}", problem.code, problem.where_, problem.detail));
    }
    if own_word {
        say("NOTE     the key is the log's own word: compare it with one from elsewhere, and name that with --vkey");
    }
    say(if result.ok { "OK: the log is whole and the list is what the log says" } else { "NOT OK" });
    Ok(())
}
