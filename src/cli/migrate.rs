//! `whitelist migrate`: brings the schema up to date; founds a new production database.

use super::open::{Opening, open};
use super::{Failure, Place, say};
use crate::app::people::setup::make_code;
use crate::config::variable;
use crate::store::conn::{migrate, migrations_pending};
use crate::store::{Environment, StoreError, installation};
use clap::Args;

/// Arguments of `migrate`.
#[derive(Debug, Args)]
pub struct MigrateArgs {
    #[command(flatten)]
    place: Place,
}

/// Migrates.
///
/// # Errors
/// [`Failure::Usage`] when a new database has no name for its log.
pub fn run(args: MigrateArgs) -> Result<(), Failure> {
    let opening = Opening::of(&args.place)?;
    let mut conn = opening.database.open()?;
    let pending = migrations_pending(&mut conn)?;
    if pending {
        migrate(&mut conn)?;
    }
    let known = match installation::find(&mut conn) {
        Ok(known) => known,
        Err(StoreError::Statement(_)) => None,
        Err(error) => return Err(error.into()),
    };
    drop(conn);
    let environment = known.as_ref().map_or(Environment::Production, |known| known.environment);
    let public_url = variable("WHITELIST_PUBLIC_URL");
    if known.is_none() && public_url.is_none() {
        return Err(Failure::Usage(
            "set WHITELIST_PUBLIC_URL first: it names the log of a new database for ever".to_owned(),
        ));
    }
    let opened = open(Opening { environment: Some(environment), public_url, migrate: true, ..opening })?;
    say(if pending { "the database was brought up to date" } else { "the database is up to date" });
    say(&format!("log: {}", opened.app.installation.origin));
    let code = make_code(&opened.app.store, opened.app.clock.now());
    opened.close();
    if let Some(code) = code? {
        say(&format!(
            "no administrator is registered yet; this code makes the holder of a bureau.admin token the first one, once and within 15 minutes (POST /v1/setup/first-administrator):\n{code}"
        ));
    }
    Ok(())
}
