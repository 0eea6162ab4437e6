//! `whitelist doctor`: says in words what is wrong with an installation, each with its remedy. It changes nothing.
//!
//! It looks from outside, with the settings of the environment, whether the service runs or not; what only the running
//! service knows it asks the service for.

mod files;
mod neighbours;
mod state;

use super::{Failure, Place, say};
use crate::app::certificate_files::font::FontPlace;
use crate::config::{self, Settings, variable};
use crate::domain::lang::Lang;
use crate::domain::sign::{Level, Sign, worst};
use clap::{Args, ValueEnum};
use serde_json::json;

/// Arguments of `doctor`.
#[derive(Debug, Args)]
#[command(
    after_help = "Exit code 0: nothing that must be mended; 1: something must, each is named; 2: wrong usage.\nIt looks at settings, rights of files, space, font, database, published head, keys, issuers, clock, scanner, mail, backups and the running service.\nExample: whitelist doctor --lang en"
)]
pub struct DoctorArgs {
    #[command(flatten)]
    place: Place,
    /// Language [default: that of LC_ALL or LANG, else Chinese]
    #[arg(long, value_enum)]
    lang: Option<Tongue>,
    /// Print the findings as JSON
    #[arg(long)]
    json: bool,
}

/// A language as it is named on the command line.
#[derive(Debug, Clone, Copy, ValueEnum)]
enum Tongue {
    /// Chinese.
    Zh,
    /// English.
    En,
}

/// Looks at everything.
///
/// # Errors
/// [`Failure::Refused`] when something must be mended.
pub fn run(args: DoctorArgs) -> Result<(), Failure> {
    let lang = match args.lang {
        Some(Tongue::Zh) => Lang::Zh,
        Some(Tongue::En) => Lang::En,
        None => spoken(),
    };
    let (data, url) = config::place(args.place.data.clone(), args.place.database.clone());
    let (settings, mut signs) = settings(args.place);
    signs.extend(files::look(&data));
    signs.push(files::font(FontPlace(variable("WHITELIST_PDF_FONT"))));
    signs.extend(state::look(&data, &url));
    signs.extend(neighbours::look(settings.as_ref()));
    let level = worst(&signs);
    report(&signs, level, lang, args.json)?;
    if level == Level::Alarm { Err(Failure::Refused(String::new())) } else { Ok(()) }
}

fn settings(place: Place) -> (Option<Settings>, Vec<Sign>) {
    match config::production(None, place.data, place.database) {
        Ok(settings) => {
            let good = Sign::good("settings", "设置齐全", "The settings are whole");
            (Some(settings), vec![good])
        }
        Err(faults) => {
            let sign = |fault: String| {
                let remedy = (
                    "按 whitelist serve --help 更正环境变量。",
                    "Correct the environment; see whitelist serve --help.",
                );
                Sign::bad("settings", Level::Alarm, fault.clone(), fault, remedy)
            };
            (None, faults.into_iter().map(sign).collect())
        }
    }
}

/// The language of whoever runs the command: Chinese unless the system speaks something else.
fn spoken() -> Lang {
    let locale = variable("LC_ALL").or_else(|| variable("LANG")).unwrap_or_default();
    if locale.is_empty() || locale.starts_with("zh") || locale.starts_with("C") || locale.starts_with("POSIX") {
        Lang::Zh
    } else {
        Lang::En
    }
}

fn report(signs: &[Sign], level: Level, lang: Lang, as_json: bool) -> Result<(), Failure> {
    if as_json {
        let text = serde_json::to_string(&json!({ "level": level, "signs": signs }));
        say(&text.map_err(|error| Failure::Unreachable(error.to_string()))?);
        return Ok(());
    }
    for sign in signs {
        say(&format!("[{}] {}: {}", sign.level.name(lang), sign.code, sign.says.text(lang)));
        if let Some(remedy) = &sign.remedy {
            say(&format!("    {} {}", lang.pick("处理：", "→"), remedy.text(lang)));
        }
    }
    say(&format!("{}{}", lang.pick("结论：", "all in all: "), level.name(lang)));
    Ok(())
}
