//! `whitelist pause` and `whitelist resume`: the pause switch through the database, for maintenance without a token.
//!
//! Running nodes follow it as they follow every change.

use super::open::{Opening, open};
use super::{Failure, Place, say};
use crate::app::found::system;
use crate::app::pause::{begin, end};
use crate::domain::bilingual::Bilingual;
use clap::Args;

/// Arguments of `pause`.
#[derive(Debug, Args)]
#[command(
    after_help = "Changes and draws are refused by 503 `paused` until `whitelist resume`; lookups, reads and emergency stops go on.\nExample: whitelist pause --reason '系统维护，预计 20:00 恢复' --reason-en 'Maintenance until about 20:00'"
)]
pub struct PauseArgs {
    #[command(flatten)]
    place: Place,
    /// Why, in Chinese; it stands on every page
    #[arg(long, value_name = "TEXT")]
    reason: String,
    /// Why, in English [default: the Chinese text]
    #[arg(long, value_name = "TEXT")]
    reason_en: Option<String>,
}

/// Arguments of `resume`.
#[derive(Debug, Args)]
pub struct ResumeArgs {
    #[command(flatten)]
    place: Place,
}

/// Longest reason in characters, as over HTTP.
const LONGEST: usize = 200;

/// Pauses.
///
/// # Errors
/// [`Failure::Refused`] when a pause holds.
pub fn pause(args: PauseArgs) -> Result<(), Failure> {
    let zh = args.reason.trim().to_owned();
    let en = args.reason_en.map_or_else(|| zh.clone(), |text| text.trim().to_owned());
    if [&zh, &en]
        .iter()
        .any(|text| text.is_empty() || text.chars().count() > LONGEST || text.contains(char::is_control))
    {
        return Err(Failure::Usage(format!("a reason is one line of 1 to {LONGEST} characters")));
    }
    let opened = open(Opening::of(&args.place)?)?;
    let context = system("operator", opened.app.clock.now());
    let paused = opened.app.store.write(context, move |tx| begin(tx, Bilingual { zh, en }));
    opened.close();
    say(&format!("changes are paused (revision {})", paused?.revision));
    Ok(())
}

/// Resumes.
///
/// # Errors
/// [`Failure::Refused`] when no pause holds.
pub fn resume(args: ResumeArgs) -> Result<(), Failure> {
    let opened = open(Opening::of(&args.place)?)?;
    let context = system("operator", opened.app.clock.now());
    let resumed = opened.app.store.write(context, |tx| end(tx, None));
    opened.close();
    say(&format!("changes are taken again (revision {})", resumed?.revision));
    Ok(())
}
