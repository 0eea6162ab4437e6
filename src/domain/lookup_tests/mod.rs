//! Proof of the lookup: a decision table, and properties against a second, plain statement of the rules.
//!
//! `table` runs `tests/decisions/lookup.toml`; `properties` draws lists at random and asks `plain`, too. Here stands what
//! they share: a list as plain data, and an answer in words. It is no place for rules. Invariant: the tests build their
//! lists from what was recorded alone, so nothing that the lookup computes leaks into what it is expected to say.

mod plain;
mod properties;
mod table;

use std::collections::BTreeMap;
use std::sync::Arc;

use serde::Deserialize;

use super::bilingual::Bilingual;
use super::code::{DistrictCode, DocumentSet, HsCode, Uscc};
use super::eligibility::Eligibility;
use super::enterprise::{Enterprise, EnterpriseVersion};
use super::listing::Listing;
use super::lookup::{
    AS_REMEMBERED, CodeMatch, Declaration, Facts, Line, LineAnswer, MatchLevels, QuantityMatch, Rules, UnitMatch,
    judge, judge_one,
};
use super::quantity::Measure;
use super::reason::Verdict;
use super::reservations::{Reservations, Shadow};
use super::revision::Revision;
use super::scheme::{Area, Caps, Clocks, District, IdentifyBy, Scheme, SchemeHistory};
use super::stop::Stop;
use super::supervision::Supervision;
use super::tariff::{TariffHistory, TariffRow};
use super::validity::LegalDay;

/// Everything recorded, in order of recording: what the table states and what the properties draw at random.
#[derive(Debug, Clone, Default)]
struct World {
    schemes: Vec<Vec<(Revision, Scheme)>>,
    tariff: Vec<(HsCode, TariffRow)>,
    enterprises: Vec<(Uscc, Vec<EnterpriseVersion>)>,
    listings: Vec<(Uscc, Listing)>,
    stops: Vec<Stop>,
}

impl World {
    /// Forgets everything recorded after a revision.
    fn truncated(&self, at: Revision) -> Self {
        let mut world = self.clone();
        world.schemes.iter_mut().for_each(|versions| versions.retain(|(revision, _)| *revision <= at));
        world.tariff.retain(|(_, row)| row.revision <= at);
        world.enterprises.iter_mut().for_each(|(_, versions)| versions.retain(|version| version.revision <= at));
        world.enterprises.retain(|(_, versions)| !versions.is_empty());
        for (_, listing) in &mut world.listings {
            listing.versions = listing.versions.iter().filter(|version| version.revision <= at).cloned().collect();
        }
        world.listings.retain(|(_, listing)| !listing.versions.is_empty());
        world.stops.iter_mut().for_each(|stop| stop.versions.retain(|version| version.revision <= at));
        world
    }

    fn imports(&self, hs_code: HsCode, day: LegalDay, at: Revision) -> Option<DocumentSet> {
        let known =
            self.tariff.iter().filter(|(code, row)| *code == hs_code && row.revision <= at && row.valid_from <= day);
        let (_, row) = known.max_by_key(|(_, row)| (row.valid_from, row.revision))?;
        row.valid_to.is_none_or(|last| day <= last).then(|| row.documents.difference(DocumentSet::EXPORT))
    }
}

/// The same list with its ways to find things.
struct List {
    schemes: Vec<SchemeHistory>,
    tariff: BTreeMap<HsCode, TariffHistory>,
    enterprises: BTreeMap<Uscc, Enterprise>,
    stops: Vec<Stop>,
}

impl List {
    fn of(world: &World) -> Self {
        let mut list = Self {
            schemes: Vec::new(),
            tariff: BTreeMap::new(),
            enterprises: BTreeMap::new(),
            stops: world.stops.clone(),
        };
        for versions in &world.schemes {
            let mut history = SchemeHistory::default();
            versions.iter().for_each(|(revision, scheme)| history.push(*revision, scheme.clone()));
            list.schemes.push(history);
        }
        for (hs_code, row) in &world.tariff {
            list.tariff.entry(*hs_code).or_default().push(*row);
        }
        for (uscc, versions) in &world.enterprises {
            list.enterprises.entry(*uscc).or_default().versions.clone_from(versions);
        }
        for (uscc, listing) in &world.listings {
            list.enterprises.entry(*uscc).or_default().put_listings([Arc::new(listing.clone())]);
        }
        list
    }

    fn rules(&self) -> Rules<'_> {
        Rules { schemes: &self.schemes, stops: &self.stops, taken: AS_REMEMBERED }
    }

    fn facts(&self, line: &Line) -> Facts<'_> {
        Facts { tariff: self.tariff.get(&line.hs_code), enterprise: self.enterprises.get(&line.enterprise) }
    }

    fn judge(&self, question: &Question, at: Revision) -> Vec<Told> {
        let lines: Vec<_> = question.lines.iter().map(|line| (*line, self.facts(line))).collect();
        let answers = judge(self.rules(), &question.declaration, &lines, at);
        let numbers = |lines: &mut dyn Iterator<Item = u16>| lines.collect::<Vec<_>>();
        assert_eq!(
            numbers(&mut answers.iter().map(|answer| answer.line)),
            numbers(&mut question.lines.iter().map(|line| line.line))
        );
        answers.iter().map(Told::of).collect()
    }

    fn judge_one(&self, declaration: &Declaration, line: &Line, at: Revision) -> Told {
        Told::of(&judge_one(self.rules(), declaration, line, self.facts(line), at))
    }
}

#[derive(Debug, Clone)]
struct Question {
    declaration: Declaration,
    lines: Vec<Line>,
}

/// An answer in the words of the wire; what has no value is empty.
#[derive(Debug, Clone, Default, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields)]
struct Told {
    verdict: String,
    reasons: Vec<String>,
    #[serde(default)]
    waived: String,
    #[serde(default)]
    required: String,
    #[serde(default)]
    scheme: String,
    /// Levels in the order listing, HS code, CIQ code, CAS, unit, quantity.
    #[serde(default, rename = "match")]
    levels: String,
    #[serde(default)]
    listing: String,
    #[serde(default)]
    left: String,
}

impl Told {
    fn of(answer: &LineAnswer<'_>) -> Self {
        let amount = |measure: Measure| format!("{} {}", measure.quantity, measure.unit);
        let mut told = Self {
            verdict: answer.verdict.as_str().to_owned(),
            reasons: answer.reasons.iter().map(|reason| reason.as_str().to_owned()).collect(),
            waived: answer.waived.to_string(),
            required: answer.required.to_string(),
            scheme: answer.scheme.map(|scheme| format!("{} {}", scheme.code, scheme.version)).unwrap_or_default(),
            ..Self::default()
        };
        if let Some(candidate) = &answer.candidate {
            told.levels = levels(&candidate.levels).join(" ");
            told.listing = format!("{} version {}", candidate.listing.number, candidate.version_number);
            told.left = format!("{} of {}", amount(candidate.remaining()), amount(candidate.approved()));
        }
        told
    }

    fn allowed(&self) -> bool {
        self.verdict == Verdict::Allowed.as_str()
    }

    fn differences(&self, expected: &Self) -> String {
        let members = |told: &Self| {
            [
                ("verdict", told.verdict.clone()),
                ("reasons", told.reasons.join(" ")),
                ("waived", told.waived.clone()),
                ("required", told.required.clone()),
                ("scheme", told.scheme.clone()),
                ("match", told.levels.clone()),
                ("listing", told.listing.clone()),
                ("left", told.left.clone()),
            ]
        };
        let pairs = members(self).into_iter().zip(members(expected)).filter(|(is, should)| is != should);
        pairs
            .map(|((member, is), (_, should))| format!("\n    {member}: expected `{should}`, answered `{is}`"))
            .collect()
    }
}

fn levels(levels: &MatchLevels) -> [&'static str; 6] {
    let code = |level| match level {
        CodeMatch::Exact => "exact",
        CodeMatch::NotGiven => "not_given",
        CodeMatch::NotListed => "not_listed",
        CodeMatch::Different => "different",
    };
    [
        if levels.listing_named { "exact" } else { "not_given" },
        if levels.hs_code_exact { "exact" } else { "different" },
        code(levels.ciq_code),
        code(levels.cas),
        match levels.unit {
            UnitMatch::Equal => "equal",
            UnitMatch::Converted => "converted",
            UnitMatch::NotComparable => "not_comparable",
            UnitMatch::NotGiven => "not_given",
        },
        match levels.quantity {
            QuantityMatch::Within => "within",
            QuantityMatch::Exceeds => "exceeds",
            QuantityMatch::NotGiven => "not_given",
            QuantityMatch::NotComparable => "not_comparable",
        },
    ]
}

/// A version of a scheme of which only what a lookup asks is interesting.
fn scheme(code: &str, version: u32, from: LegalDay, to: Option<LegalDay>) -> Scheme {
    let name = Bilingual { zh: code.to_owned(), en: code.to_owned() };
    Scheme {
        code: code.to_owned(),
        version,
        name,
        legal_basis: String::new(),
        number_prefix: String::new(),
        valid_from: from,
        valid_to: to,
        lead_agency: String::new(),
        member_agencies: Vec::new(),
        districts: Vec::new(),
        waived_documents: DocumentSet::EMPTY,
        excluded_classes: Vec::new(),
        customs_prefixes: Vec::new(),
        trade_modes: None,
        identify_by: IdentifyBy::HsCode,
        validity_months: 12,
        bar_months: 24,
        clocks: Clocks {
            correction_notice_days: 5,
            district_review_days: 20,
            opinion_days: 20,
            recognition_days: 45,
            extension_days: 15,
        },
        caps: Caps::default(),
        supervision: Supervision::default(),
        reservations: Reservations::default(),
        tolerances: Vec::new(),
        shadow: Shadow::default(),
        eligibility: Eligibility::default(),
        casework: crate::domain::casework::Casework::default(),
    }
}

fn districts(codes: impl IntoIterator<Item = DistrictCode>) -> Vec<District> {
    let name = |code: DistrictCode| Bilingual { zh: code.to_string(), en: code.to_string() };
    codes.into_iter().map(|code| District { code, name: name(code), area: Area::Core }).collect()
}
