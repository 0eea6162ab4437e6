//! The commands of the binary, one file each. Exit codes: 0 done, 1 refused or not found, 2 wrong usage, 3 cannot
//! reach or open.

pub mod answer;
pub mod backup;
pub mod calendar;
pub mod certificate;
pub mod demo;
pub mod demo_issuer;
pub mod doctor;
pub mod evidence;
pub mod health;
pub mod import;
pub mod log;
pub mod lookup;
pub mod migrate;
pub mod mirror;
pub mod open;
pub mod pause;
pub mod rebuild;
mod replay;
pub mod scheme;
pub mod serve;
pub mod simulate;
pub mod tariff;
pub mod token;
pub mod webhook;

use clap::{Args, Parser, Subcommand};
use std::io::Write as _;
use std::path::PathBuf;
use std::process::ExitCode;

/// Import white list for biopharma R&D goods.
#[derive(Debug, Parser)]
#[command(name = "whitelist", version, about, propagate_version = true, arg_required_else_help = true)]
struct Cli {
    #[command(subcommand)]
    command: Command,
}

#[derive(Debug, Subcommand)]
enum Command {
    /// Load sample data (once) and serve them: demo mode, loopback only
    Demo(demo::DemoArgs),
    /// Serve in production; everything from the environment
    #[command(after_help = crate::config::VARIABLES)]
    Serve(serve::ServeArgs),
    /// Mint a token of the demo issuer; the token alone stands on the last line
    Token(token::TokenArgs),
    /// Propose a list from a spreadsheet, or name every fault of it
    Import(import::ImportArgs),
    /// Ask the list as customs would
    Lookup(lookup::LookupArgs),
    /// The transparency log: verify it, show and prove entries, take all of it along
    #[command(subcommand)]
    Log(log::LogCommand),
    /// Signed answers: check one without the service, change the key that signs
    #[command(subcommand)]
    Answer(AnswerCommand),
    /// Certificates as signed files: change the key that signs
    #[command(subcommand)]
    Certificate(certificate::CertificateCommand),
    /// Keep a file that is a copy of the list of a running service
    Mirror(mirror::MirrorArgs),
    /// Evidence packs: check one offline
    #[command(subcommand)]
    Evidence(evidence::EvidenceCommand),
    /// Bring the database up to date; makes a new one for production
    Migrate(migrate::MigrateArgs),
    /// The tariff table of document codes per HS code
    #[command(subcommand)]
    Tariff(TariffCommand),
    /// The working-day calendar
    #[command(subcommand)]
    Calendar(CalendarCommand),
    /// Schemes: the rule books of pilots
    #[command(subcommand)]
    Scheme(SchemeCommand),
    /// Build the list again from the log alone, beside the database, and compare both
    Rebuild(rebuild::RebuildArgs),
    /// Webhooks: a receiver for integrators
    #[command(subcommand)]
    Webhook(webhook::WebhookCommand),
    /// Copy everything that the service would need again, while it serves
    Backup(backup::BackupArgs),
    /// Check a backup, or put it back
    Restore(backup::restore::RestoreArgs),
    /// Say in words what is wrong with an installation
    Doctor(doctor::DoctorArgs),
    /// Ask a node whether it is ready
    Health(health::HealthArgs),
    /// Refuse every change and draw until `resume`; lookups and reads go on
    Pause(pause::PauseArgs),
    /// Take changes again
    Resume(pause::ResumeArgs),
    /// Draws at the border
    #[command(subcommand)]
    Draws(DrawsCommand),
    /// Play the other side of the wire against a running service
    #[command(subcommand)]
    Simulate(SimulateCommand),
    /// Print the API contract
    Openapi,
    /// Read a spreadsheet from standard input under limits; started by the service for itself
    #[command(hide = true)]
    ReadSheet,
}

#[derive(Debug, Subcommand)]
enum AnswerCommand {
    /// Check a signed answer with the public keys alone
    Verify(answer::VerifyArgs),
    /// Check offline that a recorded answer, or a record of access, is under a checkpoint of the log
    Proof(answer::ProofArgs),
    /// Introduce a new key and retire the one that signs now
    RotateKey(answer::RotateArgs),
}

#[derive(Debug, Subcommand)]
enum TariffCommand {
    /// Record rows; propose new codes for listings whose code a row replaces
    Import(tariff::TariffArgs),
}

#[derive(Debug, Subcommand)]
enum CalendarCommand {
    /// Record the holidays and make-up days of years
    Import(calendar::CalendarArgs),
}

#[derive(Debug, Subcommand)]
enum DrawsCommand {
    /// Send kept requests again to a copy of the database, and say which answers differ
    Replay(replay::ReplayArgs),
}

#[derive(Debug, Subcommand)]
enum SimulateCommand {
    /// A customs system: looks up, reserves, releases, cancels, corrects, and compares its books with the service's
    Customs(simulate::CustomsArgs),
}

#[derive(Debug, Subcommand)]
enum SchemeCommand {
    /// Record a version of a scheme from its file
    Adopt(scheme::AdoptArgs),
}

/// Where the data are; flags beat the environment.
#[derive(Debug, Clone, Args)]
pub struct Place {
    /// Data folder: database, keys, head of the log [default: WHITELIST_DATA, else ./data]
    #[arg(long, value_name = "DIR")]
    data: Option<PathBuf>,
    /// sqlite://PATH or postgres://… [default: WHITELIST_DATABASE_URL, else DIR/whitelist.db]
    #[arg(long, value_name = "URL")]
    database: Option<String>,
}

/// Why a command ends with another code than 0.
#[derive(Debug)]
pub enum Failure {
    /// Refused or not found: 1.
    Refused(String),
    /// Wrong usage: 2.
    Usage(String),
    /// Cannot reach or open: 3.
    Unreachable(String),
}

impl From<crate::store::StoreError> for Failure {
    fn from(error: crate::store::StoreError) -> Self {
        // Damaged data were reached and opened; what stands in them is wrong.
        let damaged = matches!(error, crate::store::StoreError::Damaged(_));
        if damaged { Self::Refused(error.to_string()) } else { Self::Unreachable(error.to_string()) }
    }
}

impl From<crate::app::AppError> for Failure {
    fn from(error: crate::app::AppError) -> Self {
        use crate::app::AppError;
        use crate::domain::lang::Lang;
        match error {
            AppError::Store(error) => error.into(),
            AppError::Refused(refusals) | AppError::Explained(refusals, ..) => {
                let lines = refusals.iter().map(|refusal| {
                    let place =
                        if refusal.pointer.is_empty() { String::new() } else { format!("{}: ", refusal.pointer) };
                    format!("{place}{}", refusal.rule.text(Lang::En))
                });
                Self::Refused(lines.collect::<Vec<_>>().join("\n"))
            }
            other @ (AppError::NotFound
            | AppError::Forbidden
            | AppError::Faults(_)
            | AppError::Sheet(_)
            | AppError::StaleVersion(_)
            | AppError::Overtaken(..)
            | AppError::StaleDraft(_)
            | AppError::Conflict(_)
            | AppError::StaleNode
            | AppError::Draw(_)
            | AppError::Unrecorded
            | AppError::NoFont(_)
            | AppError::NotYetCurrent) => Self::Refused(other.to_string()),
        }
    }
}

/// Runs the command of the process's arguments.
#[must_use]
pub fn run() -> ExitCode {
    let cli = match Cli::try_parse() {
        Ok(cli) => cli,
        Err(error) => {
            // Help and version are answers, not faults.
            let code = if error.use_stderr() { 2 } else { 0 };
            let _ = error.print();
            return ExitCode::from(code);
        }
    };
    let outcome = match cli.command {
        Command::Demo(args) => demo::run(args),
        Command::Serve(args) => serve::run(args),
        Command::Token(args) => token::run(args),
        Command::Import(args) => import::run(args),
        Command::Lookup(args) => lookup::run(args),
        Command::Log(command) => log::run(command),
        Command::Answer(AnswerCommand::Verify(args)) => answer::verify(args),
        Command::Answer(AnswerCommand::Proof(args)) => answer::prove(args),
        Command::Answer(AnswerCommand::RotateKey(args)) => answer::rotate_key(args),
        Command::Certificate(command) => certificate::run(&command),
        Command::Migrate(args) => migrate::run(args),
        Command::Tariff(TariffCommand::Import(args)) => tariff::run(args),
        Command::Calendar(CalendarCommand::Import(args)) => calendar::run(args),
        Command::Scheme(SchemeCommand::Adopt(args)) => scheme::run(args),
        Command::Mirror(args) => mirror::run(args),
        Command::Evidence(command) => evidence::run(command),
        Command::Webhook(command) => webhook::run(command),
        Command::Rebuild(args) => rebuild::run(args),
        Command::Backup(args) => backup::run(args),
        Command::Restore(args) => backup::restore::run(args),
        Command::Doctor(args) => doctor::run(args),
        Command::Health(args) => health::run(args),
        Command::Pause(args) => pause::pause(args),
        Command::Resume(args) => pause::resume(args),
        Command::Draws(DrawsCommand::Replay(args)) => replay::run(args),
        Command::Simulate(SimulateCommand::Customs(args)) => simulate::run(args),
        Command::Openapi => {
            say(crate::http::OPENAPI.trim_end());
            Ok(())
        }
        Command::ReadSheet => return ExitCode::from(u8::try_from(crate::sheet::child_main()).unwrap_or(3)),
    };
    let (code, text) = match outcome {
        Ok(()) => return ExitCode::SUCCESS,
        Err(Failure::Refused(text)) => (1, text),
        Err(Failure::Usage(text)) => (2, text),
        Err(Failure::Unreachable(text)) => (3, text),
    };
    if !text.is_empty() {
        tell(&format!("whitelist: {text}"));
    }
    ExitCode::from(code)
}

/// Reads a verifier key that was named as text or by the file that holds it.
///
/// # Errors
/// [`Failure::Unreachable`] when the file cannot be read.
pub fn key_or_file(key: &str) -> Result<String, Failure> {
    let path = std::path::Path::new(key);
    if !path.is_file() {
        return Ok(key.trim().to_owned());
    }
    let text = std::fs::read_to_string(path);
    text.map(|text| text.trim().to_owned()).map_err(|error| Failure::Unreachable(format!("{key}: {error}")))
}

/// Prints a line for whoever reads the result.
pub fn say(line: &str) {
    // A closed pipe ends the reading, not the work.
    let _ = writeln!(std::io::stdout(), "{line}");
}

/// Prints a line for whoever watches: progress, faults.
pub fn tell(line: &str) {
    let _ = writeln!(std::io::stderr(), "{line}");
}
