//! `whitelist scheme adopt`: records a version of a scheme from its file.

use super::open::{Opening, open};
use super::{Failure, Place, say};
use crate::app::found::{adopt_scheme, follows, read_scheme, system};
use clap::Args;
use std::path::PathBuf;

/// Arguments of `scheme adopt`.
#[derive(Debug, Args)]
pub struct AdoptArgs {
    #[command(flatten)]
    place: Place,
    /// The scheme, TOML
    file: PathBuf,
}

/// Adopts.
///
/// # Errors
/// [`Failure::Refused`] for a faulty file or a version that follows no other.
pub fn run(args: AdoptArgs) -> Result<(), Failure> {
    let text = std::fs::read_to_string(&args.file)
        .map_err(|error| Failure::Unreachable(format!("{}: {error}", args.file.display())))?;
    let scheme = read_scheme(&text).map_err(|fault| Failure::Refused(fault.to_string()))?;
    let opened = open(Opening::of(&args.place)?)?;
    let at = opened.app.clock.now();
    let name = format!("{} version {}", scheme.code, scheme.version);
    let outcome = follows(&opened.app.store, &scheme).map_err(Failure::from).and_then(|follows| {
        follows.map_err(|fault| Failure::Refused(fault.to_string()))?;
        let adopted = opened.app.store.write(system("operator", at), move |tx| adopt_scheme(tx, &scheme))?;
        Ok(adopted)
    });
    opened.close();
    let adopted = outcome?;
    let what = if adopted.value { "adopted" } else { "is known already" };
    say(&format!("{name} {what} (revision {})", adopted.revision));
    Ok(())
}
