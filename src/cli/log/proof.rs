//! `whitelist log proof`: that an entry is in the log, as a file that is verified offline (C2SP `tlog-proof`).

use super::source::{Source, SourceArgs};
use super::verify::head_under;
use crate::cli::{Failure, say};
use crate::tlog::proof::{ProofError, inclusion_proof};
use crate::tlog::text;
use crate::tlog::tiles::{TileKind, TilePath, width_at};
use clap::Args;

/// Arguments of `log proof`.
#[derive(Debug, Args)]
#[command(
    after_help = "Exit code 0: proved; 1: no signed head covers the entry; 2: wrong usage; 3: cannot open or reach.\nExamples:\n  whitelist log proof 73 > 73.tlog-proof\n  whitelist log proof 73 --export log.tar --vkey wl.vkey"
)]
pub struct ProofArgs {
    /// Place of the entry, from 0
    index: u64,
    #[command(flatten)]
    source: SourceArgs,
}

enum Failed {
    Proof(ProofError),
    Read(Failure),
}

impl From<ProofError> for Failed {
    fn from(error: ProofError) -> Self {
        Self::Proof(error)
    }
}

/// Proves.
///
/// # Errors
/// [`Failure::Refused`] when no signed head covers the entry, or a tile is missing.
pub fn run(args: ProofArgs) -> Result<(), Failure> {
    let mut source = Source::open(&args.source)?;
    let (head, note) = head_under(&mut source, args.source.vkey.as_deref())?;
    let proof = inclusion_proof(args.index, head.size, |level, index| {
        let path = TilePath { kind: TileKind::Hashes(level), index, width: width_at(level, index, head.size) };
        Ok::<_, Failed>(source.read(&path.to_string()).map_err(Failed::Read)?.unwrap_or_default())
    });
    source.close();
    let proof = proof.map_err(|failed| match failed {
        Failed::Proof(error) => Failure::Refused(error.to_string()),
        Failed::Read(failure) => failure,
    })?;
    say(text::inclusion(args.index, &proof, &note).trim_end());
    Ok(())
}
