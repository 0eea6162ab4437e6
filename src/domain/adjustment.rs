//! Dynamic adjustment (动态调整): a reviewed set of changes of the list, proposed by one officer, confirmed by another.

use super::code::UnitCode;
use super::code::{Cas, CiqCode, CustomsOffice, HsCode, Uscc};
use super::enterprise::Particulars;
use super::error::Rule;
use super::id::{PersonId, StopId};
use super::listing_number::ListingNumber;
use super::purpose::Purpose;
use super::quantity::Quantity;
use super::states::{self, Step};
use super::stop::ItemClass;
use super::validity::{LegalDay, Validity};
use super::words::words;
use serde::{Deserialize, Serialize};

/// Where an adjustment stands.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum AdjustmentState {
    /// Waiting for a second person.
    Proposed,
    /// In the list.
    Confirmed,
    /// Sent back by an approver.
    Rejected,
    /// Taken back by its proposer.
    Withdrawn,
    /// Left too long.
    Lapsed,
}

impl AdjustmentState {
    /// Every state.
    pub const ALL: [Self; 5] = [Self::Proposed, Self::Confirmed, Self::Rejected, Self::Withdrawn, Self::Lapsed];

    /// Returns the word on the wire.
    #[must_use]
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Proposed => "proposed",
            Self::Confirmed => "confirmed",
            Self::Rejected => "rejected",
            Self::Withdrawn => "withdrawn",
            Self::Lapsed => "lapsed",
        }
    }

    /// Parses the word on the wire.
    #[must_use]
    pub fn parse(text: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|state| state.as_str() == text)
    }

    /// Returns the state after a verb, if there is such a step.
    #[must_use]
    pub fn after(self, verb: AdjustmentVerb) -> Option<Self> {
        states::after(STEPS, Some(self), &verb)
    }
}

words! {
    /// What can be done with an adjustment.
    AdjustmentVerb {
        /// Proposes it.
        Propose "propose" "提出" "propose";
        /// Puts it into the list.
        Confirm "confirm" "确认" "confirm";
        /// Sends it back.
        Reject "reject" "退回" "reject";
        /// Takes it back.
        Withdraw "withdraw" "撤回" "withdraw";
        /// Nobody decided in time.
        Lapse "lapse" "失效" "lapse";
    }
}

/// What may become of an adjustment.
pub const STEPS: &[Step<AdjustmentState, AdjustmentVerb>] = &[
    Step { from: None, verb: AdjustmentVerb::Propose, by: "bureau.officer", to: AdjustmentState::Proposed },
    Step {
        from: Some(AdjustmentState::Proposed),
        verb: AdjustmentVerb::Confirm,
        by: "bureau.approver",
        to: AdjustmentState::Confirmed,
    },
    Step {
        from: Some(AdjustmentState::Proposed),
        verb: AdjustmentVerb::Reject,
        by: "bureau.approver",
        to: AdjustmentState::Rejected,
    },
    Step {
        from: Some(AdjustmentState::Proposed),
        verb: AdjustmentVerb::Withdraw,
        by: "its proposer",
        to: AdjustmentState::Withdrawn,
    },
    Step {
        from: Some(AdjustmentState::Proposed),
        verb: AdjustmentVerb::Lapse,
        by: "system",
        to: AdjustmentState::Lapsed,
    },
];

/// Why the list changes: a closed list of codes.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum ReasonCode {
    /// Recognised by the joint mechanism.
    JointRecognition,
    /// Taken over from the list as kept before this service.
    TakeOver,
    /// Mends a slip of the pen.
    ClericalError,
    /// Follows an earlier listing.
    Renewal,
    /// Need or use changed.
    QuantityChanged,
    /// The tariff changed.
    HsRevision,
    /// A risk came to light.
    RiskFound,
    /// Used for another purpose than R&D.
    OffPurposeUse,
    /// A duty was broken.
    Breach,
    /// Qualification cancelled.
    QualificationCancelled,
    /// What was wrong has been put right.
    Rectified,
    /// The enterprise asked for it.
    EnterpriseRequest,
    /// Usage return not handed in.
    UsageReturnOverdue,
    /// The law changed.
    LawChanged,
    /// Anything else: needs its basis in words.
    Other,
}

impl ReasonCode {
    /// Every code.
    pub const ALL: [Self; 15] = [
        Self::JointRecognition,
        Self::TakeOver,
        Self::ClericalError,
        Self::Renewal,
        Self::QuantityChanged,
        Self::HsRevision,
        Self::RiskFound,
        Self::OffPurposeUse,
        Self::Breach,
        Self::QualificationCancelled,
        Self::Rectified,
        Self::EnterpriseRequest,
        Self::UsageReturnOverdue,
        Self::LawChanged,
        Self::Other,
    ];

    /// Returns the code on the wire.
    #[must_use]
    pub fn as_str(self) -> &'static str {
        match self {
            Self::JointRecognition => "joint_recognition",
            Self::TakeOver => "take_over",
            Self::ClericalError => "clerical_error",
            Self::Renewal => "renewal",
            Self::QuantityChanged => "quantity_changed",
            Self::HsRevision => "hs_revision",
            Self::RiskFound => "risk_found",
            Self::OffPurposeUse => "off_purpose_use",
            Self::Breach => "breach",
            Self::QualificationCancelled => "qualification_cancelled",
            Self::Rectified => "rectified",
            Self::EnterpriseRequest => "enterprise_request",
            Self::UsageReturnOverdue => "usage_return_overdue",
            Self::LawChanged => "law_changed",
            Self::Other => "other",
        }
    }

    /// Parses the code on the wire.
    #[must_use]
    pub fn parse(text: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|code| code.as_str() == text)
    }

    /// Whether a change with this reason may take effect on a past day.
    #[must_use]
    pub fn allows_past(self) -> bool {
        matches!(self, Self::TakeOver | Self::ClericalError)
    }
}

/// A reason with the act it rests on.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct ChangeReason {
    /// Closed code.
    pub code: ReasonCode,
    /// Legal basis in words.
    pub basis: Option<String>,
}

impl ChangeReason {
    /// Checks the reason by itself and against the first day of the change.
    ///
    /// # Errors
    /// [`Rule::BasisRequired`] for `other` without a basis, [`Rule::PastDate`] for a past day without leave.
    pub fn check(&self, effective_on: LegalDay, today: LegalDay) -> Result<(), Rule> {
        if self.code == ReasonCode::Other && self.basis.is_none() {
            return Err(Rule::BasisRequired);
        }
        if effective_on < today && !self.code.allows_past() {
            return Err(Rule::PastDate);
        }
        Ok(())
    }
}

/// What people read about an item; never compared by a lookup.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct ItemText {
    /// Chinese name.
    pub name_zh: String,
    /// English name.
    pub name_en: Option<String>,
    /// Specification and model (规格型号).
    pub specification: Option<String>,
    /// Manufacturer.
    pub manufacturer: Option<String>,
    /// Country of origin as written.
    pub origin: Option<String>,
}

/// A new listing.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Add {
    /// Who may import.
    pub enterprise: Uscc,
    /// What.
    pub item: ItemText,
    /// Substance.
    pub cas: Option<Cas>,
    /// Classification.
    pub hs_code: HsCode,
    /// Inspection code.
    pub ciq_code: Option<CiqCode>,
    /// Use.
    pub purpose: Option<Purpose>,
    /// How much, in `unit`.
    pub quantity: Quantity,
    /// Unit.
    pub unit: UnitCode,
    /// First and last day.
    pub period: Validity,
    /// Offices of its own.
    pub customs_offices: Option<Vec<CustomsOffice>>,
    /// Largest quantity of one declaration, in `unit`.
    pub consignment_cap: Option<Quantity>,
    /// Used before this service kept count, in `unit`.
    pub used: Option<Quantity>,
    /// Batch in which it was published.
    pub batch: Option<String>,
    /// Note for the bureau.
    pub note: Option<String>,
    /// Conditions of the recognition, which customs reads with the listing.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub conditions: Option<String>,
}

/// New terms for a listing; what is absent stays.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(default)]
pub struct Vary {
    /// Quantity in the listing's unit.
    pub quantity: Option<Quantity>,
    /// Must equal the listing's unit when given.
    pub unit: Option<UnitCode>,
    /// Classification.
    pub hs_code: Option<HsCode>,
    /// Inspection code.
    pub ciq_code: Option<CiqCode>,
    /// Substance.
    pub cas: Option<Cas>,
    /// Offices of its own.
    pub customs_offices: Option<Vec<CustomsOffice>>,
    /// Largest quantity of one declaration.
    pub consignment_cap: Option<Quantity>,
    /// First day.
    pub valid_from: Option<LegalDay>,
    /// Last day.
    pub valid_to: Option<LegalDay>,
    /// Use.
    pub purpose: Option<Purpose>,
    /// Chinese name.
    pub name_zh: Option<String>,
    /// English name.
    pub name_en: Option<String>,
    /// Specification.
    pub specification: Option<String>,
    /// Manufacturer.
    pub manufacturer: Option<String>,
    /// Origin.
    pub origin: Option<String>,
    /// Note.
    pub note: Option<String>,
    /// Conditions of the recognition.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub conditions: Option<String>,
    /// Members that the listing has no more.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub clear: Vec<Clearable>,
}

words! {
    /// A term that a variation may take away.
    Clearable {
        /// Substance.
        Cas "cas" "CAS 号" "CAS number";
        /// Inspection code.
        CiqCode "ciq_code" "CIQ 代码" "CIQ code";
        /// Offices of its own: the scheme's hold again.
        CustomsOffices "customs_offices" "许可关区" "customs offices";
        /// Largest quantity of one declaration.
        ConsignmentCap "consignment_cap" "每批限量" "consignment cap";
        /// Use.
        Purpose "purpose" "用途" "purpose";
        /// Note.
        Note "note" "备注" "note";
        /// Conditions of the recognition.
        Conditions "conditions" "附加条件" "conditions";
    }
}

/// One change of the list.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "kind", rename_all = "snake_case")]
pub enum ChangeKind {
    /// Registers an enterprise, or records new particulars of a registered one.
    RegisterEnterprise {
        uscc: Uscc,
        #[serde(flatten)]
        particulars: Particulars,
        effective_on: Option<LegalDay>,
    },
    /// Adds a listing.
    Add(Box<Add>),
    /// Varies a listing.
    Vary { listing: ListingNumber, effective_on: LegalDay, set: Box<Vary> },
    /// Gives a listing a later last day.
    Extend { listing: ListingNumber, valid_to: LegalDay, effective_on: Option<LegalDay> },
    /// Holds a listing back.
    Suspend { listing: ListingNumber, effective_on: LegalDay },
    /// Ends a suspension.
    Reinstate { listing: ListingNumber, effective_on: LegalDay },
    /// Takes a listing off the list.
    Remove { listing: ListingNumber, effective_on: LegalDay },
    /// Holds every listing of an enterprise back.
    SuspendEnterprise { enterprise: Uscc, effective_on: LegalDay },
    /// Ends the suspension of an enterprise.
    ReinstateEnterprise { enterprise: Uscc, effective_on: LegalDay },
    /// Keeps an enterprise from applying until a day.
    BarEnterprise { enterprise: Uscc, until: LegalDay, effective_on: LegalDay },
    /// Ends a bar.
    LiftBar { enterprise: Uscc, effective_on: LegalDay },
    /// Stops a class of items.
    StopItemClass { class: ItemClass, effective_on: LegalDay },
    /// Lifts such a stop.
    LiftStop { stop: StopId, effective_on: LegalDay },
}

impl ChangeKind {
    /// Returns the word of the kind on the wire.
    #[must_use]
    pub fn word(&self) -> &'static str {
        match self {
            Self::RegisterEnterprise { .. } => "register_enterprise",
            Self::Add(_) => "add",
            Self::Vary { .. } => "vary",
            Self::Extend { .. } => "extend",
            Self::Suspend { .. } => "suspend",
            Self::Reinstate { .. } => "reinstate",
            Self::Remove { .. } => "remove",
            Self::SuspendEnterprise { .. } => "suspend_enterprise",
            Self::ReinstateEnterprise { .. } => "reinstate_enterprise",
            Self::BarEnterprise { .. } => "bar_enterprise",
            Self::LiftBar { .. } => "lift_bar",
            Self::StopItemClass { .. } => "stop_item_class",
            Self::LiftStop { .. } => "lift_stop",
        }
    }

    /// Returns the first legal day of the new state; `today` where none is stated.
    #[must_use]
    pub fn effective_on(&self, today: LegalDay) -> LegalDay {
        match self {
            Self::RegisterEnterprise { effective_on, .. } | Self::Extend { effective_on, .. } => {
                effective_on.unwrap_or(today)
            }
            Self::Add(add) => add.period.from(),
            Self::Vary { effective_on, .. }
            | Self::Suspend { effective_on, .. }
            | Self::Reinstate { effective_on, .. }
            | Self::Remove { effective_on, .. }
            | Self::SuspendEnterprise { effective_on, .. }
            | Self::ReinstateEnterprise { effective_on, .. }
            | Self::BarEnterprise { effective_on, .. }
            | Self::LiftBar { effective_on, .. }
            | Self::StopItemClass { effective_on, .. }
            | Self::LiftStop { effective_on, .. } => *effective_on,
        }
    }

    /// Returns what the change is about: a listing number, a USCC, a stop, or the class.
    #[must_use]
    pub fn subject(&self) -> String {
        match self {
            Self::RegisterEnterprise { uscc, .. } => uscc.to_string(),
            Self::Add(add) => add.enterprise.to_string(),
            Self::Vary { listing, .. }
            | Self::Extend { listing, .. }
            | Self::Suspend { listing, .. }
            | Self::Reinstate { listing, .. }
            | Self::Remove { listing, .. } => listing.to_string(),
            Self::SuspendEnterprise { enterprise, .. }
            | Self::ReinstateEnterprise { enterprise, .. }
            | Self::BarEnterprise { enterprise, .. }
            | Self::LiftBar { enterprise, .. } => enterprise.to_string(),
            Self::StopItemClass { class, .. } => class.subject(),
            Self::LiftStop { stop, .. } => stop.to_string(),
        }
    }

    /// Returns the listing that the change is about, if it is about one.
    #[must_use]
    pub fn listing(&self) -> Option<ListingNumber> {
        match self {
            Self::Vary { listing, .. }
            | Self::Extend { listing, .. }
            | Self::Suspend { listing, .. }
            | Self::Reinstate { listing, .. }
            | Self::Remove { listing, .. } => Some(*listing),
            Self::RegisterEnterprise { .. }
            | Self::Add(_)
            | Self::SuspendEnterprise { .. }
            | Self::ReinstateEnterprise { .. }
            | Self::BarEnterprise { .. }
            | Self::LiftBar { .. }
            | Self::StopItemClass { .. }
            | Self::LiftStop { .. } => None,
        }
    }
}

/// A change with its reason.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Change {
    /// What changes.
    #[serde(flatten)]
    pub kind: ChangeKind,
    /// Why.
    pub reason: ChangeReason,
}

/// Refuses a decision by the person who proposed.
///
/// # Errors
/// [`Rule::FourEyes`] when both are the same person.
pub fn four_eyes(proposed_by: PersonId, decides: PersonId) -> Result<(), Rule> {
    if proposed_by == decides { Err(Rule::FourEyes) } else { Ok(()) }
}
