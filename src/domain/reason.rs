//! The reasons of an answer: a closed list, each with its verdict, its text and its remedy in both languages.

use super::lang::Lang;

/// The answer to one line.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Verdict {
    /// Covered: the documents named are waived.
    Allowed,
    /// Nothing on this HS code that the list could waive.
    NotApplicable,
    /// Cannot be told by the service: a person must look.
    ManualCheck,
    /// Not covered.
    Denied,
}

impl Verdict {
    /// Every verdict.
    pub const ALL: [Self; 4] = [Self::Allowed, Self::NotApplicable, Self::ManualCheck, Self::Denied];

    /// Returns the word on the wire.
    #[must_use]
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Allowed => "allowed",
            Self::NotApplicable => "not_applicable",
            Self::ManualCheck => "manual_check",
            Self::Denied => "denied",
        }
    }
}

macro_rules! reasons {
    ($( $name:ident $code:literal $verdict:ident { $zh:literal $zh_remedy:expr, $en:literal $en_remedy:expr } )+) => {
        /// Why a line is answered as it is, in list order.
        #[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
        pub enum Reason { $( #[doc = $en] $name, )+ }

        impl Reason {
            /// Every reason in list order.
            pub const ALL: &[Self] = &[$( Self::$name, )+];

            /// Returns the code on the wire.
            #[must_use]
            pub const fn as_str(self) -> &'static str {
                match self { $( Self::$name => $code, )+ }
            }

            /// Returns the verdict that this reason asks for.
            #[must_use]
            pub const fn verdict(self) -> Verdict {
                match self { $( Self::$name => Verdict::$verdict, )+ }
            }

            /// Returns what it means.
            #[must_use]
            pub const fn text(self, lang: Lang) -> &'static str {
                match (self, lang) { $( (Self::$name, Lang::Zh) => $zh, (Self::$name, Lang::En) => $en, )+ }
            }

            /// Returns what can be done about it; none where nothing needs doing.
            #[must_use]
            pub const fn remedy(self, lang: Lang) -> Option<&'static str> {
                match (self, lang) { $( (Self::$name, Lang::Zh) => $zh_remedy, (Self::$name, Lang::En) => $en_remedy, )+ }
            }
        }
    };
}

reasons! {
    Listed "listed" Allowed {
        "企业与物品在名单内，本次进口免予提交所列单证。" None,
        "The enterprise holds this item on the list; the documents named are waived." None }
    DocumentNotRequired "document_not_required" NotApplicable {
        "该商品编号当日没有名单可免的单证，无须适用名单。" Some("按其余监管条件办理通关。"),
        "This HS code carries no document that the list waives on that day." Some("Clear the goods under their remaining conditions.") }
    NoListing "no_listing" Denied {
        "该企业没有覆盖此物品的名单条目。" Some("核对统一社会信用代码、商品编号、CIQ 代码与名单编号；如确未列入，请企业向所在区申请。"),
        "The enterprise holds no listing for this item." Some("Check the USCC, HS code, CIQ code and listing number; if it is not listed, the enterprise applies to its district.") }
    NotYetEffective "not_yet_effective" Denied {
        "名单条目尚未生效。" Some("请在有效期起始日或之后申报。"),
        "The listing is not yet in force." Some("Declare on or after its first day.") }
    Expired "expired" Denied {
        "名单条目已过有效期。" Some("请企业办理续期；新条目生效后再申报。"),
        "The listing has expired." Some("The enterprise renews it and declares once the new listing is in force.") }
    Suspended "suspended" Denied {
        "名单条目当日处于暂停状态。" Some("请企业联系牵头部门，恢复后再申报。"),
        "The listing is suspended on that day." Some("The enterprise contacts the lead agency and declares after reinstatement.") }
    Removed "removed" Denied {
        "名单条目已移出名单。" Some("不得再依此条目进口；如有异议请企业向牵头部门提出。"),
        "The listing was removed from the list." Some("It cannot be used any more; the enterprise may raise objections with the lead agency.") }
    EnterpriseSuspended "enterprise_suspended" Denied {
        "该企业的名单资格当日处于暂停状态。" Some("请企业联系牵头部门，恢复后再申报。"),
        "The enterprise is suspended from the list on that day." Some("The enterprise contacts the lead agency and declares after reinstatement.") }
    ItemClassStopped "item_class_stopped" Denied {
        "该物品所属类别、该条目或该企业当日停止适用名单。" Some("等待停止措施解除，或凭进口药品通关单通关。"),
        "This class of items, this listing or this enterprise is stopped on that day." Some("Wait until the stop is lifted, or clear with the import document itself.") }
    CustomsOfficeNotPermitted "customs_office_not_permitted" Denied {
        "该条目不适用于此关区。" Some("请在条目许可的关区申报，或请企业申请变更关区。"),
        "The listing does not hold at this customs office." Some("Declare at an office the listing names, or have the enterprise apply for a variation.") }
    TradeModeNotPermitted "trade_mode_not_permitted" Denied {
        "该监管方式不能适用名单。" Some("核对监管方式代码；仅试点方案所列监管方式可用。"),
        "This trade mode may not use the list." Some("Check the trade mode; only those the scheme names may use it.") }
    HsCodeMismatch "hs_code_mismatch" Denied {
        "所报商品编号与该名单条目当日的商品编号不一致。" Some("核对归类；若税则已调整，请按条目现行编号申报或请企业变更条目。"),
        "The HS code differs from that of the listing on that day." Some("Check the classification; after a tariff change declare the listing's present code or have the listing varied.") }
    CasMismatch "cas_mismatch" Denied {
        "所报 CAS 号与名单条目不一致。" Some("核对物质；名单只覆盖所列物质。"),
        "The CAS number differs from that of the listing." Some("Check the substance; the list covers only the one named.") }
    QuantityExceedsRemaining "quantity_exceeds_remaining" Denied {
        "本报关单在该条目上的数量合计超过剩余数量。" Some("减少数量至剩余数量以内，或请企业申请增加数量。"),
        "The declaration's total on this listing exceeds what remains." Some("Reduce the quantity to what remains, or have the enterprise apply for more.") }
    QuantityExceedsConsignmentCap "quantity_exceeds_consignment_cap" Denied {
        "本报关单在该条目上的数量合计超过每批限量。" Some("分批进口，每批不超过限量。"),
        "The declaration's total on this listing exceeds the cap of one consignment." Some("Import in several consignments within the cap.") }
    SchemeNotInForce "scheme_not_in_force" Denied {
        "试点方案当日未施行。" Some("核对申报日期；方案施行期间方可适用名单。"),
        "The scheme is not in force on that day." Some("Check the date; the list holds only while its scheme is in force.") }
    AmbiguousListing "ambiguous_listing" ManualCheck {
        "有多个在有效期内的条目与该行相符，无法确定适用哪一个。" Some("请补报 CAS 号、CIQ 代码或名单编号后再次核验。"),
        "Several listings in force fit the line and it cannot be told which applies." Some("State the CAS number, CIQ code or listing number and ask again.") }
    HsCodeUnknown "hs_code_unknown" ManualCheck {
        "税则表当日没有该商品编号。" Some("核对商品编号与申报日期；若编号无误，请通知主管部门更新税则表。"),
        "The tariff table does not hold this HS code on that day." Some("Check the code and the date; if both are right, have the bureau update the tariff table.") }
    UnitNotComparable "unit_not_comparable" ManualCheck {
        "所报计量单位与条目单位不能精确换算，无法比较数量。" Some("请按条目的计量单位申报数量后再次核验，或人工核对数量。"),
        "The unit cannot be converted exactly to that of the listing." Some("State the quantity in the listing's unit and ask again, or compare by hand.") }
    QuantityNotGiven "quantity_not_given" ManualCheck {
        "条目有每批限量而该行未报数量。" Some("请补报数量与计量单位后再次核验。"),
        "The listing has a consignment cap and the line states no quantity." Some("State quantity and unit and ask again.") }
    CasNotGiven "cas_not_given" ManualCheck {
        "试点方案要求以 CAS 号确定物品，而该行未报 CAS 号或名单编号。" Some("请补报 CAS 号或名单编号后再次核验。"),
        "The scheme identifies items by CAS number and the line states neither it nor the listing." Some("State the CAS number or the listing number and ask again.") }
}

/// A set of reasons that is read in list order.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Hash)]
pub struct Reasons(u32);

impl Reasons {
    /// A set of one.
    #[must_use]
    pub const fn only(reason: Reason) -> Self {
        Self(bit(reason))
    }

    /// Adds a reason.
    pub const fn insert(&mut self, reason: Reason) {
        self.0 |= bit(reason);
    }

    /// Whether the set holds a reason.
    #[must_use]
    pub const fn contains(self, reason: Reason) -> bool {
        self.0 & bit(reason) != 0
    }

    /// Returns the set as a number, for recorded answers.
    #[must_use]
    pub const fn bits(self) -> u32 {
        self.0
    }

    /// Reads the set from a number.
    #[must_use]
    pub const fn from_bits(bits: u32) -> Self {
        Self(bits)
    }

    /// Whether there is none.
    #[must_use]
    pub const fn is_empty(self) -> bool {
        self.0 == 0
    }

    /// Returns the reasons in list order.
    pub fn iter(self) -> impl Iterator<Item = Reason> {
        Reason::ALL.iter().copied().filter(move |reason| self.contains(*reason))
    }

    /// Returns the worst verdict any of them asks for; allowed when there is none.
    #[must_use]
    pub fn verdict(self) -> Verdict {
        self.iter().map(Reason::verdict).max().unwrap_or(Verdict::Allowed)
    }
}

const fn bit(reason: Reason) -> u32 {
    // A closed list of fewer than 32: the discriminant is the place in it.
    #[allow(
        clippy::as_conversions,
        reason = "the only way to a discriminant in a const fn; the list has fewer than 32 members"
    )]
    let place = reason as u32;
    1 << place
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_reason_speaks_both_languages_and_names_a_remedy_unless_allowed() {
        assert!(Reason::ALL.len() < 32);
        for reason in Reason::ALL {
            assert_ne!(reason.text(Lang::Zh), reason.text(Lang::En));
            for lang in [Lang::Zh, Lang::En] {
                assert_eq!(reason.remedy(lang).is_none(), reason.verdict() == Verdict::Allowed, "{}", reason.as_str());
            }
        }
    }

    #[test]
    fn the_worst_verdict_wins() {
        let mut reasons = Reasons::default();
        reasons.insert(Reason::UnitNotComparable);
        assert_eq!(reasons.verdict(), Verdict::ManualCheck);
        reasons.insert(Reason::Expired);
        assert_eq!(reasons.verdict(), Verdict::Denied);
        assert_eq!(reasons.iter().collect::<Vec<_>>(), [Reason::Expired, Reason::UnitNotComparable]);
    }
}
