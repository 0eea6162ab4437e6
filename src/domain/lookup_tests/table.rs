//! Runs the decision table `tests/decisions/lookup.toml`: a small list as data, and what it answers. The table is read by
//! people of the field; what a case expects is written from the contract, never copied from an answer. Invariant:
//! every verdict, reason and match level that an answer can carry is named by at least one case.

use std::collections::BTreeSet;

use serde::Deserialize;
use serde::de::DeserializeOwned;

use super::super::code::{Cas, CiqCode, CustomsOffice, DistrictCode, DocumentSet, HsCode, TradeMode, UnitCode, Uscc};
use super::super::eligibility::Eligibility;
use super::super::enterprise::EnterpriseVersion;
use super::super::id::StopId;
use super::super::listing::{Listing, ListingVersion, Standing, Terms};
use super::super::listing_number::ListingNumber;
use super::super::lookup::{Declaration, Line};
use super::super::purpose::Purpose;
use super::super::quantity::{Measure, Quantity};
use super::super::reason::{Reason, Verdict};
use super::super::revision::Revision;
use super::super::scheme::{Caps, IdentifyBy, Scheme};
use super::super::stop::{ItemClass, Stop, StopStage, StopVersion};
use super::super::taken::Taken;
use super::super::tariff::TariffRow;
use super::super::validity::{Instant, LegalDay, Validity};
use super::{List, Question, Told, World, districts, scheme};

/// Words of each member of `match`, in its order.
const LEVELS: [(&str, &[&str]); 6] = [
    // `unknown` needs a listing that is not there, and then `match` is null.
    ("listing", &["exact", "not_given"]),
    ("hs_code", &["exact", "different"]),
    // `different` narrows the listing away, named or not: no candidate, no `match`.
    ("ciq_code", &["exact", "not_given", "not_listed"]),
    ("cas", &["exact", "not_given", "not_listed", "different"]),
    ("unit", &["equal", "converted", "not_comparable", "not_given"]),
    ("quantity", &["within", "exceeds", "not_given", "not_comparable"]),
];

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Table {
    scheme: Vec<SchemeRow>,
    tariff: Vec<TariffTableRow>,
    enterprise: Vec<EnterpriseRow>,
    listing: Vec<toml::Table>,
    stop: Vec<StopRow>,
    case: Vec<Case>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct SchemeRow {
    revision: Revision,
    code: String,
    valid_from: LegalDay,
    valid_to: Option<LegalDay>,
    waived_documents: DocumentSet,
    customs_prefixes: Vec<String>,
    districts: Vec<DistrictCode>,
    trade_modes: Option<Vec<TradeMode>>,
    #[serde(default)]
    identify_by: IdentifyBy,
    #[serde(default)]
    quantity_required_with_cap: bool,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct TariffTableRow {
    revision: Revision,
    hs_code: HsCode,
    documents: String,
    valid_from: LegalDay,
    valid_to: Option<LegalDay>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct EnterpriseRow {
    name: String,
    uscc: Uscc,
    district: DistrictCode,
    versions: Vec<EnterpriseVersionRow>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct EnterpriseVersionRow {
    revision: Revision,
    effective_on: LegalDay,
    #[serde(default)]
    suspended: bool,
}

/// One version of a listing; a row of the table states the first one and below it what later ones change.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct ListingVersionRow {
    revision: Revision,
    effective_on: Option<LegalDay>,
    standing: Option<Standing>,
    hs_code: HsCode,
    ciq_code: Option<CiqCode>,
    cas: Option<Cas>,
    unit: UnitCode,
    quantity: String,
    cap: Option<String>,
    valid_from: LegalDay,
    valid_to: LegalDay,
    offices: Option<Box<[CustomsOffice]>>,
    purpose: Option<Purpose>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct StopRow {
    class: ItemClass,
    versions: Vec<StopVersionRow>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct StopVersionRow {
    revision: Revision,
    effective_on: LegalDay,
    stage: StopStage,
}

/// A question and its answers, line by line; office 0101, 12 August 2026 and the newest revision unless stated.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Case {
    name: String,
    office: Option<CustomsOffice>,
    on: Option<LegalDay>,
    asked_at: Option<Instant>,
    trade_mode: Option<TradeMode>,
    revision: Option<Revision>,
    lines: Vec<CaseLine>,
    answers: Vec<Told>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct CaseLine {
    enterprise: String,
    hs: HsCode,
    ciq: Option<CiqCode>,
    cas: Option<Cas>,
    listing: Option<ListingNumber>,
    quantity: Option<String>,
}

impl Table {
    fn read() -> Self {
        toml::from_str(include_str!("../../../tests/decisions/lookup.toml")).unwrap()
    }

    fn world(&self) -> World {
        let mut world = World::default();
        for row in &self.scheme {
            let known = world.schemes.iter().position(|versions| versions[0].1.code == row.code);
            let place = known.unwrap_or_else(|| {
                world.schemes.push(Vec::new());
                world.schemes.len() - 1
            });
            let version = u32::try_from(world.schemes[place].len()).unwrap() + 1;
            let scheme = Scheme {
                districts: districts(row.districts.iter().copied()),
                waived_documents: row.waived_documents,
                customs_prefixes: row.customs_prefixes.clone(),
                trade_modes: row.trade_modes.clone(),
                identify_by: row.identify_by,
                eligibility: Eligibility::default(),
                caps: Caps {
                    listings_per_enterprise: None,
                    quantity_required_with_cap: row.quantity_required_with_cap,
                },
                ..scheme(&row.code, version, row.valid_from, row.valid_to)
            };
            world.schemes[place].push((row.revision, scheme));
        }
        for row in &self.tariff {
            let documents = DocumentSet::parse(&row.documents).unwrap();
            let dated =
                TariffRow { revision: row.revision, valid_from: row.valid_from, valid_to: row.valid_to, documents };
            world.tariff.push((row.hs_code, dated));
        }
        for row in &self.enterprise {
            let version = |version: &EnterpriseVersionRow| EnterpriseVersion {
                revision: version.revision,
                effective_on: version.effective_on,
                district: row.district,
                suspended: version.suspended,
            };
            world.enterprises.push((row.uscc, row.versions.iter().map(version).collect()));
        }
        world.listings = self.listing.iter().map(|row| self.listing(row.clone(), &world.schemes)).collect();
        for (id, row) in (0..).zip(&self.stop) {
            let version = |row: &StopVersionRow| StopVersion {
                revision: row.revision,
                effective_on: row.effective_on,
                stage: row.stage,
            };
            let versions = row.versions.iter().map(version).collect();
            world.stops.push(Stop { id: StopId::new(id), class: row.class.clone(), versions });
        }
        world
    }

    fn listing(&self, mut row: toml::Table, schemes: &[Vec<(Revision, Scheme)>]) -> (Uscc, Listing) {
        fn read<T: DeserializeOwned>(value: Option<toml::Value>) -> T {
            value.unwrap().try_into().unwrap()
        }
        let number: ListingNumber = read(row.remove("number"));
        let enterprise: String = read(row.remove("enterprise"));
        let code: String = read(row.remove("scheme"));
        let used: String = row.remove("used").map_or_else(|| "0".to_owned(), |used| read(Some(used)));
        let later: Vec<toml::Table> = row.remove("then").map_or_else(Vec::new, |later| read(Some(later)));
        let mut versions = vec![row];
        for changes in later {
            let mut version = versions.last().unwrap().clone();
            version.extend(changes);
            versions.push(version);
        }
        let versions: Box<[ListingVersion]> = versions
            .into_iter()
            .map(|version| {
                ListingVersion::from(
                    version.try_into::<ListingVersionRow>().unwrap_or_else(|fault| panic!("{number}: {fault}")),
                )
            })
            .collect();
        let scheme = schemes.iter().position(|versions| versions[0].1.code == code).unwrap();
        let used = in_steps(&used, versions[0].terms.unit);
        (
            self.uscc(&enterprise),
            Listing { number, scheme: u16::try_from(scheme).unwrap(), used, versions, taken: Taken::default() },
        )
    }

    fn uscc(&self, name: &str) -> Uscc {
        let row = self.enterprise.iter().find(|row| row.name == name);
        row.map_or_else(|| Uscc::parse(name).unwrap_or_else(|_| panic!("no enterprise `{name}`")), |row| row.uscc)
    }

    fn question(&self, case: &Case) -> Question {
        let measure = |text: &str| {
            let (quantity, unit) = text.split_once(' ').unwrap();
            Measure { quantity: Quantity::parse_positive(quantity).unwrap(), unit: UnitCode::parse(unit).unwrap() }
        };
        let lines = (1..).zip(&case.lines).map(|(number, line)| Line {
            line: number,
            enterprise: self.uscc(&line.enterprise),
            hs_code: line.hs,
            ciq_code: line.ciq,
            listing: line.listing,
            cas: line.cas,
            measure: line.quantity.as_deref().map(measure),
        });
        let asked_on = case.asked_at.map(|instant| LegalDay::of_instant(instant.micros()));
        let declared_on = case.on.or(asked_on).unwrap_or_else(|| LegalDay::parse("2026-08-12").unwrap());
        let customs_office = case.office.unwrap_or_else(|| CustomsOffice::parse("0101").unwrap());
        let declaration = Declaration { number: None, customs_office, declared_on, trade_mode: case.trade_mode };
        Question { declaration, lines: lines.collect() }
    }
}

impl From<ListingVersionRow> for ListingVersion {
    fn from(row: ListingVersionRow) -> Self {
        Self {
            revision: row.revision,
            effective_on: row.effective_on.unwrap_or(row.valid_from),
            standing: row.standing.unwrap_or(Standing::Listed),
            terms: Terms {
                hs_code: row.hs_code,
                ciq_code: row.ciq_code,
                cas: row.cas,
                unit: row.unit,
                granted: in_steps(&row.quantity, row.unit),
                consignment_cap: row.cap.map(|cap| in_steps(&cap, row.unit)),
                period: Validity::new(row.valid_from, row.valid_to).unwrap(),
                customs_offices: row.offices,
                purpose: row.purpose,
                conditions: None,
            },
        }
    }
}

#[test]
fn every_case_of_the_table_is_answered_as_it_says() {
    let table = Table::read();
    let list = List::of(&table.world());
    let mut report = String::new();
    for case in &table.case {
        let question = table.question(case);
        let at = case.revision.unwrap_or(Revision::NEWEST);
        let answers = list.judge(&question, at);
        assert_eq!(answers.len(), case.answers.len(), "{}: as many answers as lines", case.name);
        let mut differences = String::new();
        for (line, (answer, expected)) in question.lines.iter().zip(answers.iter().zip(&case.answers)) {
            let found = answer.differences(expected);
            if !found.is_empty() {
                differences.push_str(&format!("\n  line {}{found}", line.line));
            }
        }
        if let ([line], [answer]) = (question.lines.as_slice(), answers.as_slice()) {
            let alone = list.judge_one(&question.declaration, line, at).differences(answer);
            if !alone.is_empty() {
                differences.push_str(&format!("\n  judged alone, compared with judged as a declaration{alone}"));
            }
        }
        if !differences.is_empty() {
            report.push_str(&format!("\n{}{differences}", case.name));
        }
    }
    assert!(report.is_empty(), "{report}");
}

#[test]
fn the_table_names_every_verdict_reason_and_match_level() {
    let table = Table::read();
    let answers = || table.case.iter().flat_map(|case| &case.answers);
    let names: BTreeSet<&str> = table.case.iter().map(|case| case.name.as_str()).collect();
    assert_eq!(names.len(), table.case.len(), "every case has a name of its own");
    for verdict in Verdict::ALL {
        assert!(answers().any(|answer| answer.verdict == verdict.as_str()), "no case for {}", verdict.as_str());
    }
    for reason in Reason::ALL {
        assert!(
            answers().any(|answer| answer.reasons.iter().any(|code| code == reason.as_str())),
            "no case for {}",
            reason.as_str()
        );
    }
    let matches: Vec<Vec<&str>> =
        answers().filter(|answer| !answer.levels.is_empty()).map(|answer| answer.levels.split(' ').collect()).collect();
    for (place, (member, words)) in LEVELS.iter().enumerate() {
        let named: BTreeSet<&str> = matches.iter().map(|levels| levels[place]).collect();
        assert_eq!(named, words.iter().copied().collect(), "levels of {member}");
    }
}

fn in_steps(text: &str, unit: UnitCode) -> i64 {
    Measure { quantity: Quantity::parse(text).unwrap(), unit }.grant_steps().unwrap()
}
