//! The rule book of a pilot as dated, versioned data (试点方案).
//!
//! Nothing about Beijing, Guangzhou or any other pilot stands in code: lead agency, areas, waived documents,
//! clocks and caps are read from a file and kept version by version, so that an old answer can be explained by
//! the scheme then in force.

use super::bilingual::Bilingual;
use super::casework::Casework;
use super::code::{CustomsOffice, DistrictCode, DocumentSet, TradeMode};
use super::eligibility::Eligibility;
use super::reservations::{Reservations, Shadow, Tolerance};
use super::revision::Revision;
use super::supervision::Supervision;
use super::validity::LegalDay;
use serde::{Deserialize, Serialize};

/// A department that takes part in the joint mechanism.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Agency {
    /// Code used in tokens (`org`).
    pub code: String,
    /// Name.
    pub name: Bilingual,
}

/// A district and how it stands to the pilot.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct District {
    /// Six-digit code.
    pub code: DistrictCode,
    /// Name.
    pub name: Bilingual,
    /// Whether it is in the core area or only let in after evaluation.
    pub area: Area,
}

/// How a district stands to the pilot area.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Area {
    /// Named by the plan.
    Core,
    /// Let in after evaluation by the joint mechanism.
    Evaluated,
    /// Not let in yet.
    NotEvaluated,
}

/// What a lookup must state so that an item is identified beyond doubt.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum IdentifyBy {
    /// The HS code is enough.
    #[default]
    HsCode,
    /// The CAS number or the listing number as well, where the listing has a CAS number.
    Cas,
}

/// Time limits in working days.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Clocks {
    /// One-time correction notice after lodging.
    pub correction_notice_days: u16,
    /// District review.
    pub district_review_days: u16,
    /// Opinions of the member agencies.
    pub opinion_days: u16,
    /// Joint recognition.
    pub recognition_days: u16,
    /// Extension with leave.
    pub extension_days: u16,
}

/// Ceilings that hold for every listing of the scheme.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Caps {
    /// Listings one enterprise may hold in force at once.
    #[serde(default)]
    pub listings_per_enterprise: Option<u32>,
    /// Whether a line must state its quantity when its listing has a consignment cap.
    #[serde(default)]
    pub quantity_required_with_cap: bool,
}

/// One version of a scheme.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Scheme {
    /// Stable code, such as `beijing-2022`.
    pub code: String,
    /// Version of the rule book, from 1.
    pub version: u32,
    /// Name.
    pub name: Bilingual,
    /// The act it rests on.
    pub legal_basis: String,
    /// Letters that open a listing number.
    pub number_prefix: String,
    /// First day it is in force.
    pub valid_from: LegalDay,
    /// Last day it is in force; none while open.
    #[serde(default)]
    pub valid_to: Option<LegalDay>,
    /// Code of the agency that leads.
    pub lead_agency: String,
    /// All agencies that give opinions.
    pub member_agencies: Vec<Agency>,
    /// Districts in and out of the core area.
    pub districts: Vec<District>,
    /// Documents that a listing waives.
    pub waived_documents: DocumentSet,
    /// Classes of goods that can never be listed.
    pub excluded_classes: Vec<Bilingual>,
    /// First digits of the customs offices where the listing holds.
    pub customs_prefixes: Vec<String>,
    /// Trade modes that may use it; none means any.
    #[serde(default)]
    pub trade_modes: Option<Vec<TradeMode>>,
    /// What identifies an item.
    #[serde(default)]
    pub identify_by: IdentifyBy,
    /// Usual validity of a listing, months.
    pub validity_months: u16,
    /// Months an enterprise may not apply after its qualification was cancelled.
    pub bar_months: u16,
    /// Time limits.
    pub clocks: Clocks,
    /// Ceilings.
    #[serde(default)]
    pub caps: Caps,
    /// Supervision after listing.
    #[serde(default)]
    pub supervision: Supervision,
    /// What becomes of open reservations.
    #[serde(default)]
    pub reservations: Reservations,
    /// How much more than reserved may be released.
    #[serde(default)]
    pub tolerances: Vec<Tolerance>,
    /// Rules that are judged and recorded but do not count.
    #[serde(default)]
    pub shadow: Shadow,
    /// What it asks of applicants.
    #[serde(default)]
    pub eligibility: Eligibility,
    /// Casework.
    #[serde(default)]
    pub casework: Casework,
}

impl Scheme {
    /// Whether the version is in force on a day.
    #[must_use]
    pub fn in_force(&self, day: LegalDay) -> bool {
        self.valid_from <= day && self.valid_to.is_none_or(|last| day <= last)
    }

    /// Whether goods may clear at an office under this scheme.
    #[must_use]
    pub fn permits_office(&self, office: CustomsOffice) -> bool {
        self.customs_prefixes.iter().any(|prefix| office.starts_with(prefix))
    }

    /// Whether a declaration of this trade mode may use the scheme.
    #[must_use]
    pub fn permits_trade_mode(&self, mode: Option<TradeMode>) -> bool {
        match (&self.trade_modes, mode) {
            (None, _) => true,
            (Some(permitted), mode) => mode.is_some_and(|mode| permitted.contains(&mode)),
        }
    }

    /// Returns the scheme as it would be if its rules in shadow counted; none when there are none.
    #[must_use]
    pub fn with_shadow(&self) -> Option<Self> {
        (self.shadow != Shadow::default()).then(|| self.trying(&self.shadow))
    }

    /// Returns the scheme as it would be if such rules counted.
    #[must_use]
    pub fn trying(&self, shadow: &Shadow) -> Self {
        let mut counting = self.clone();
        counting.identify_by = shadow.identify_by.unwrap_or(self.identify_by);
        counting.caps.quantity_required_with_cap =
            shadow.quantity_required_with_cap.unwrap_or(self.caps.quantity_required_with_cap);
        if shadow.trade_modes.is_some() {
            counting.trade_modes.clone_from(&shadow.trade_modes);
        }
        if let Some(prefixes) = &shadow.customs_prefixes {
            counting.customs_prefixes.clone_from(prefixes);
        }
        counting
    }

    /// Returns the district with a code.
    #[must_use]
    pub fn district(&self, code: DistrictCode) -> Option<&District> {
        self.districts.iter().find(|district| district.code == code)
    }
}

/// All recorded versions of one scheme, oldest first.
#[derive(Debug, Clone, Default)]
pub struct SchemeHistory {
    versions: Vec<(Revision, Scheme)>,
}

impl SchemeHistory {
    /// Adds the next recorded version.
    pub fn push(&mut self, revision: Revision, scheme: Scheme) {
        self.versions.push((revision, scheme));
    }

    /// Returns the code.
    #[must_use]
    pub fn code(&self) -> &str {
        self.versions.first().map_or("", |(_, scheme)| scheme.code.as_str())
    }

    /// Returns the newest version known at a revision that had begun on a day, and whether it is in force then; else the
    /// newest one known, with `false`. A version that ends does not bring back the one before it.
    #[must_use]
    pub fn on(&self, day: LegalDay, at: Revision) -> Option<(&Scheme, bool)> {
        let known = || self.versions.iter().rev().filter(|(revision, _)| *revision <= at).map(|(_, scheme)| scheme);
        known()
            .find(|scheme| scheme.valid_from <= day)
            .map(|scheme| (scheme, scheme.in_force(day)))
            .or_else(|| known().next().map(|scheme| (scheme, false)))
    }

    /// Returns the history as it would be if rules in shadow counted, and whether any version has some.
    #[must_use]
    pub fn with_shadow(&self) -> (Self, bool) {
        let mut any = false;
        let versions = self.versions.iter().map(|(revision, scheme)| {
            let counting = scheme.with_shadow();
            any |= counting.is_some();
            (*revision, counting.unwrap_or_else(|| scheme.clone()))
        });
        let versions = versions.collect();
        (Self { versions }, any)
    }

    /// Returns the history as it would be if such rules had counted in every version.
    #[must_use]
    pub fn trying(&self, shadow: &Shadow) -> Self {
        let versions = self.versions.iter().map(|(revision, scheme)| (*revision, scheme.trying(shadow)));
        Self { versions: versions.collect() }
    }

    /// Returns every version known at a revision, oldest first.
    pub fn known(&self, at: Revision) -> impl Iterator<Item = &Scheme> {
        self.versions.iter().filter(move |(revision, _)| *revision <= at).map(|(_, scheme)| scheme)
    }
}
