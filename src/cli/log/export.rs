//! `whitelist log export`: the whole log in one archive, for whoever verifies it without the database.

use super::source::{Source, SourceArgs};
use crate::app::log::export::Export;
use crate::cli::{Failure, Place, say};
use clap::Args;
use std::io::Write as _;
use std::path::PathBuf;

/// Arguments of `log export`.
#[derive(Debug, Args)]
#[command(
    after_help = "Exit code 0: written; 1: nothing was signed yet; 2: wrong usage; 3: cannot open or write.\nThe service may run meanwhile. The archive is that of GET /v1/log/export.tar.\nExample: whitelist log export log.tar"
)]
pub struct ExportArgs {
    /// The archive to write; an existing file is replaced when the new one is whole
    file: PathBuf,
    #[command(flatten)]
    place: Place,
}

/// Writes the archive.
///
/// # Errors
/// [`Failure::Refused`] when nothing was signed, [`Failure::Unreachable`] when it cannot be written.
pub fn run(args: ExportArgs) -> Result<(), Failure> {
    let source = SourceArgs { place: args.place, url: None, export: None, token_file: None, vkey: None };
    let source = Source::open(&source)?;
    let Source::Database { store, vkey, .. } = &source else { return Ok(()) };
    let failed = |error: std::io::Error| Failure::Unreachable(format!("{}: {error}", args.file.display()));
    let mut export =
        Export::begin(store, vkey)?.ok_or_else(|| Failure::Refused("nothing was signed yet".to_owned()))?;
    let folder =
        args.file.parent().filter(|folder| !folder.as_os_str().is_empty()).unwrap_or(std::path::Path::new("."));
    let name = args.file.file_name().unwrap_or_default().to_string_lossy();
    let part = folder.join(format!(".{name}.{}", uuid::Uuid::new_v4().simple()));
    let mut file = std::fs::File::create_new(&part).map_err(failed)?;
    let written = loop {
        match export.piece() {
            Ok(None) => break file.sync_all().map_err(failed),
            Ok(Some(piece)) => {
                if let Err(error) = file.write_all(&piece) {
                    break Err(failed(error));
                }
            }
            Err(error) => break Err(error.into()),
        }
    };
    if let Err(failure) = written {
        // Half an archive is of no use.
        let _ = std::fs::remove_file(&part);
        return Err(failure);
    }
    std::fs::rename(&part, &args.file).map_err(failed)?;
    say(&format!("{}: {} entries", args.file.display(), export.size()));
    source.close();
    Ok(())
}
