//! `whitelist lookup`: asks the list as customs would, from the command line; nothing is recorded.

use super::open::{Opening, open};
use super::{Failure, Place, say};
use crate::app::answer_json::answer;
use crate::app::lookup::{Answered, Asker, Rendered};
use crate::domain::code::{Cas, CiqCode, CustomsOffice, HsCode, TradeMode, UnitCode, Uscc};
use crate::domain::fault::FaultCode;
use crate::domain::lang::Lang;
use crate::domain::listing_number::ListingNumber;
use crate::domain::lookup::{Declaration, Line, LineAnswer};
use crate::domain::quantity::{Measure, Quantity};
use crate::domain::reason::Verdict;
use crate::domain::revision::Revision;
use crate::domain::validity::LegalDay;
use clap::Args;

/// Arguments of `lookup`.
#[derive(Debug, Args)]
#[command(
    after_help = "Exit code 0: allowed or not applicable; 1: denied or manual check.\nExample: whitelist lookup --enterprise 91110302XFXTR0033P --hs-code 2941500000 --customs-office 0101 --cas 101666-68-6 --quantity 0.8 --unit 036"
)]
pub struct LookupArgs {
    #[command(flatten)]
    place: Place,
    /// USCC of the importer
    #[arg(long)]
    enterprise: String,
    /// Ten digits
    #[arg(long)]
    hs_code: String,
    /// Four digits
    #[arg(long)]
    customs_office: String,
    /// Legal day, YYYY-MM-DD [default: today]
    #[arg(long)]
    declared_on: Option<String>,
    /// Listing number
    #[arg(long)]
    listing: Option<String>,
    /// CAS number
    #[arg(long)]
    cas: Option<String>,
    /// Three digits
    #[arg(long)]
    ciq_code: Option<String>,
    /// Decimal; needs --unit
    #[arg(long, requires = "unit")]
    quantity: Option<String>,
    /// Three digits; needs --quantity
    #[arg(long, requires = "quantity")]
    unit: Option<String>,
    /// Four digits
    #[arg(long)]
    trade_mode: Option<String>,
    /// Answer from the list as it stood at this revision
    #[arg(long, value_name = "N")]
    as_of_revision: Option<i64>,
    /// Print the answer as JSON, as the API gives it
    #[arg(long)]
    json: bool,
    /// Print in English
    #[arg(long)]
    english: bool,
}

/// Asks.
///
/// # Errors
/// [`Failure::Usage`] for a faulty code, [`Failure::Refused`] when denied or to be checked by hand.
pub fn run(args: LookupArgs) -> Result<(), Failure> {
    let lang = if args.english { Lang::En } else { Lang::Zh };
    let opened = open(Opening::of(&args.place)?)?;
    let outcome = ask(&args, &opened.app, lang);
    opened.close();
    match outcome? {
        Verdict::Allowed | Verdict::NotApplicable => Ok(()),
        Verdict::Denied | Verdict::ManualCheck => Err(Failure::Refused(String::new())),
    }
}

fn ask(args: &LookupArgs, app: &crate::app::App, lang: Lang) -> Result<Verdict, Failure> {
    fn parsed<T>(flag: &str, text: &str, lang: Lang, parse: fn(&str) -> Result<T, FaultCode>) -> Result<T, Failure> {
        parse(text).map_err(|fault| Failure::Usage(format!("--{flag}: {}", fault.text(lang))))
    }
    fn optional<T>(
        flag: &str,
        text: Option<&String>,
        lang: Lang,
        parse: fn(&str) -> Result<T, FaultCode>,
    ) -> Result<Option<T>, Failure> {
        text.map(|text| parsed(flag, text, lang, parse)).transpose()
    }
    let quantity = optional("quantity", args.quantity.as_ref(), lang, Quantity::parse_positive)?;
    let unit = optional("unit", args.unit.as_ref(), lang, UnitCode::parse)?;
    let declaration = Declaration {
        number: None,
        customs_office: parsed("customs-office", &args.customs_office, lang, CustomsOffice::parse)?,
        declared_on: optional("declared-on", args.declared_on.as_ref(), lang, LegalDay::parse)?
            .unwrap_or_else(|| app.clock.now().day()),
        trade_mode: optional("trade-mode", args.trade_mode.as_ref(), lang, TradeMode::parse)?,
    };
    let line = Line {
        line: 1,
        enterprise: parsed("enterprise", &args.enterprise, lang, Uscc::parse)?,
        hs_code: parsed("hs-code", &args.hs_code, lang, HsCode::parse)?,
        ciq_code: optional("ciq-code", args.ciq_code.as_ref(), lang, CiqCode::parse)?,
        listing: optional("listing", args.listing.as_ref(), lang, ListingNumber::parse)?,
        cas: optional("cas", args.cas.as_ref(), lang, Cas::parse)?,
        measure: quantity.zip(unit).map(|(quantity, unit)| Measure { quantity, unit }),
    };
    let as_of = args.as_of_revision.map(Revision);
    let asker = Asker { org: "command line".into(), account: None, lang, since: app.clock.uptime() };
    let verdict = app.ask_one(&asker, &declaration, &line, as_of, |given| {
        let value = given.lines.first().map(|answered| tell(args, given, answered, lang));
        // A command records nothing.
        Rendered { value, digest: [0; 32] }
    })?;
    verdict.ok_or_else(|| Failure::Unreachable("no answer".to_owned()))
}

/// Prints an answer and returns its verdict.
fn tell(args: &LookupArgs, given: &Answered<'_>, answered: &LineAnswer<'_>, lang: Lang) -> Verdict {
    if args.json {
        let json = answer(given.id, given.revision, given.answered_at, answered, lang);
        say(&String::from_utf8_lossy(&json));
    } else {
        let waived: Vec<String> = answered.waived.iter().map(|code| code.to_string()).collect();
        let required: Vec<String> = answered.required.iter().map(|code| code.to_string()).collect();
        let title = lang.pick("结论", "verdict");
        say(&format!("{title}: {}", answered.verdict.as_str()));
        say(&format!("{}: {}", lang.pick("免予提交", "waived"), list(&waived)));
        say(&format!("{}: {}", lang.pick("仍须提交", "still required"), list(&required)));
        for reason in answered.reasons.iter() {
            say(&format!("- {}: {}", reason.as_str(), reason.text(lang)));
            if let Some(remedy) = reason.remedy(lang) {
                say(&format!("  {}", remedy));
            }
        }
        if let Some(candidate) = answered.candidate {
            let (number, version) = (candidate.listing.number, candidate.version_number);
            let remaining = candidate.remaining();
            let unit = remaining.unit.name(lang);
            say(&format!(
                "{}: {number} v{version}, {} {} {unit}",
                lang.pick("条目", "listing"),
                lang.pick("剩余", "remaining"),
                remaining.quantity
            ));
        }
        say(&format!("{}: {}", lang.pick("名单版本", "revision"), given.revision));
    }
    answered.verdict
}

fn list(codes: &[String]) -> String {
    if codes.is_empty() { "-".to_owned() } else { codes.join(" ") }
}
