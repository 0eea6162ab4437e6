//! `whitelist log show`: one entry, or every entry about a thing, as they stand in the log.

use super::source::{Source, SourceArgs};
use super::verify::head_under;
use crate::app::log::search::EntryView;
use crate::cli::{Failure, say};
use crate::store::log::EntryRow;
use crate::tlog::entry::{Entry, Value};
use crate::tlog::merkle::leaf_hash;
use crate::tlog::tiles::{TileKind, TilePath, WIDTH, split_bundle, width_at};
use clap::Args;
use std::io::Write as _;

/// Arguments of `log show`.
#[derive(Debug, Args)]
#[command(
    after_help = "Exit code 0: found; 1: there is no such entry; 2: wrong usage; 3: cannot open or reach.\nOnly what the newest signed head covers is shown. `--leaf` writes the very bytes that are hashed.\nExamples:\n  whitelist log show 73\n  whitelist log show --entity listing:BJ-2026-000016-9 --export log.tar\n  whitelist log show 73 --leaf --export log.tar > leaf"
)]
pub struct ShowArgs {
    /// Place of the entry, from 0
    #[arg(required_unless_present = "entity", conflicts_with = "entity")]
    index: Option<u64>,
    /// Every entry about this thing, such as listing:BJ-2026-000016-9
    #[arg(long, value_name = "KIND:ID")]
    entity: Option<String>,
    #[command(flatten)]
    source: SourceArgs,
    /// Print each entry as a line of JSON, with its place and hash
    #[arg(long, conflicts_with = "leaf")]
    json: bool,
    /// Write the bytes of the entry and nothing else
    #[arg(long, conflicts_with = "entity")]
    leaf: bool,
}

/// Shows entries.
///
/// # Errors
/// [`Failure::Refused`] when there is none.
pub fn run(args: ShowArgs) -> Result<(), Failure> {
    let mut source = Source::open(&args.source)?;
    let (head, _) = head_under(&mut source, args.source.vkey.as_deref())?;
    let outcome = match (args.index, &args.entity) {
        (Some(index), _) => one(&mut source, index, head.size, args.json, args.leaf),
        (None, Some(entity)) => about(&mut source, entity, head.size, args.json),
        (None, None) => Err(Failure::Usage("name an index or --entity".to_owned())),
    };
    source.close();
    outcome
}

/// Reads the entries of a bundle.
fn bundle(source: &mut Source, index: u64, size: u64) -> Result<Vec<Vec<u8>>, Failure> {
    let path = TilePath { kind: TileKind::Entries, index, width: width_at(0, index, size) };
    let bytes = source.read(&path.to_string())?;
    let bytes = bytes.ok_or_else(|| Failure::Refused(format!("{path} is signed and not there")))?;
    let leaves = split_bundle(&bytes).ok_or_else(|| Failure::Refused(format!("{path} is no bundle of entries")))?;
    Ok(leaves.into_iter().map(<[u8]>::to_vec).collect())
}

fn view(index: u64, leaf: Vec<u8>) -> Result<EntryView, Failure> {
    let revision = i64::try_from(index).unwrap_or(i64::MAX).saturating_add(1);
    let leaf_hash = leaf_hash(&leaf).0.to_vec();
    Ok(EntryView::of(&EntryRow { revision, leaf, leaf_hash })?)
}

fn one(source: &mut Source, index: u64, size: u64, json: bool, bytes: bool) -> Result<(), Failure> {
    let missing = || Failure::Refused(format!("the newest signed head covers {size} entries, from 0"));
    if index >= size {
        return Err(missing());
    }
    let (number, place) = (index / u64::from(WIDTH), index % u64::from(WIDTH));
    let mut leaves = bundle(source, number, size)?;
    let place = usize::try_from(place).ok().filter(|place| *place < leaves.len()).ok_or_else(missing)?;
    let leaf = leaves.swap_remove(place);
    if bytes {
        return std::io::stdout().write_all(&leaf).map_err(|error| Failure::Unreachable(error.to_string()));
    }
    show(&view(index, leaf)?, json)
}

fn about(source: &mut Source, entity: &str, size: u64, json: bool) -> Result<(), Failure> {
    let (kind, id) = entity
        .split_once(':')
        .ok_or_else(|| Failure::Usage(format!("`{entity}` is no thing such as listing:BJ-2026-000016-9")))?;
    let mut found = false;
    for number in (0..).take_while(|number| width_at(0, *number, size) > 0) {
        for (index, leaf) in (number * u64::from(WIDTH)..).zip(bundle(source, number, size)?) {
            let fits = |entry: &Entry| entry.entity.kind == kind && entry.entity.id == id;
            if Entry::from_leaf(&leaf).is_ok_and(|entry| fits(&entry)) {
                found = true;
                show(&view(index, leaf)?, json)?;
            }
        }
    }
    if found { Ok(()) } else { Err(Failure::Refused(format!("no entry is about {entity}"))) }
}

fn value(value: Option<&Value>) -> String {
    match value {
        None => "–".to_owned(),
        Some(Value::Plain(plain)) => plain.to_string(),
        Some(Value::Committed(hash)) => format!("committed to as {hash}"),
    }
}

fn show(entry: &EntryView, json: bool) -> Result<(), Failure> {
    if json {
        say(&serde_json::to_string(entry).map_err(|error| Failure::Unreachable(error.to_string()))?);
        return Ok(());
    }
    let EntryView { index, leaf_hash, entry, .. } = entry;
    let of = entry.actor.org.as_ref().map(|org| format!(" of {org}")).unwrap_or_default();
    let why = entry.reason.as_ref().map(|reason| format!(", {}", reason.code)).unwrap_or_default();
    say(&format!("entry {index}  {}  {}{why}", entry.at, entry.event));
    say(&format!("  about {}:{} version {}", entry.entity.kind, entry.entity.id, entry.entity.version));
    say(&format!("  by    {} {}{of}", entry.actor.kind, entry.actor.reference));
    say(&format!("  leaf  {leaf_hash}"));
    for change in &entry.changes {
        say(&format!("  {}: {} -> {}", change.path, value(change.old.as_ref()), value(change.new.as_ref())));
    }
    Ok(())
}
