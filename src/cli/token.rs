//! `whitelist token`: a token of the demo issuer, for trying things out. Production has no such key.

use super::demo_issuer::{DemoIssuer, LONGEST_TTL_SECONDS};
use super::{Failure, Place, say};
use crate::clock::Clock;
use crate::config;
use crate::domain::actor::Role;
use clap::Args;

/// Arguments of `token`.
#[derive(Debug, Args)]
#[command(
    after_help = "Examples:\n  whitelist token --role customs.lookup --org 0101\n  whitelist token --role bureau.officer --org bj-commerce --sub officer-1"
)]
pub struct TokenArgs {
    #[command(flatten)]
    place: Place,
    /// Role, such as customs.lookup; may be given several times
    #[arg(long, required = true, value_name = "ROLE")]
    role: Vec<String>,
    /// Organisation: a USCC, a customs office, an agency's or district's code
    #[arg(long, value_name = "ORG")]
    org: String,
    /// Subject [default: ROLE@ORG]
    #[arg(long, value_name = "NAME")]
    sub: Option<String>,
    /// Life, such as 15m or 1h; an hour at most
    #[arg(long, default_value = "1h", value_name = "TIME")]
    ttl: String,
}

/// Mints a token.
///
/// # Errors
/// [`Failure::Usage`] for an unknown role or life, [`Failure::Unreachable`] where there is no demo.
pub fn run(args: TokenArgs) -> Result<(), Failure> {
    let (data, _) = config::place(args.place.data, args.place.database);
    let roles: Vec<Role> = args
        .role
        .iter()
        .map(|name| {
            let known = || Role::ALL.iter().map(|role| role.as_str()).collect::<Vec<_>>().join(", ");
            Role::parse(name).ok_or_else(|| Failure::Usage(format!("`{name}` is no role; the roles are {}", known())))
        })
        .collect::<Result<_, _>>()?;
    let ttl = seconds(&args.ttl).filter(|ttl| (1..=LONGEST_TTL_SECONDS).contains(ttl));
    let ttl = ttl
        .ok_or_else(|| Failure::Usage(format!("`{}` is no life of a token: give 30s, 15m or 1h at most", args.ttl)))?;
    if !data.join("keys").join("demo-issuer.json").exists() {
        return Err(Failure::Unreachable(format!("{} holds no demo; start `whitelist demo` first", data.display())));
    }
    let issuer = DemoIssuer::load_or_create(&data).map_err(|error| Failure::Unreachable(error.to_string()))?;
    let default_sub = format!("{}@{}", args.role.first().map_or("", String::as_str), args.org);
    let sub = args.sub.unwrap_or(default_sub);
    let jti = uuid::Uuid::new_v4().to_string();
    let now = Clock::system().now().micros() / 1_000_000;
    say(&issuer.mint(&roles, &args.org, &sub, ttl, now, &jti));
    Ok(())
}

fn seconds(text: &str) -> Option<i64> {
    let (number, factor) = match text.char_indices().next_back()? {
        (end, 's') => (text.get(..end)?, 1),
        (end, 'm') => (text.get(..end)?, 60),
        (end, 'h') => (text.get(..end)?, 3600),
        _ => (text, 1),
    };
    number.parse::<i64>().ok()?.checked_mul(factor)
}
