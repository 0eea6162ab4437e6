//! What each reason of a change is called and which act it rests on, in both languages.
//!
//! The acts are those of the Beijing pilot and the general law of permits; a scheme that rests on another act says so in
//! its own `legal_basis`, and whoever proposes may name the article in `basis`.

use super::adjustment::ReasonCode;
use super::lang::Lang;

impl ReasonCode {
    /// Returns its name for people.
    #[must_use]
    pub fn name(self, lang: Lang) -> &'static str {
        lang.pick(self.texts().0, self.texts().1)
    }

    /// Returns the act it usually rests on.
    #[must_use]
    pub fn legal_basis(self, lang: Lang) -> &'static str {
        lang.pick(self.texts().2, self.texts().3)
    }

    fn texts(self) -> (&'static str, &'static str, &'static str, &'static str) {
        const PLAN_ZH: &str = "《北京市生物医药研发用物品进口试点方案》（京药监发〔2022〕166号）";
        const PLAN_EN: &str =
            "Beijing pilot plan for the import of biopharma R&D goods (Jing Yao Jian Fa [2022] No. 166)";
        const PERMIT_CHANGE_ZH: &str = "《行政许可法》第八条、第四十九条（变更）";
        const PERMIT_CHANGE_EN: &str = "Administrative Licensing Law, articles 8 and 49 (change)";
        const PERMIT_CONTROL_ZH: &str = "《行政许可法》第六十一条（监督检查）；试点方案事中事后监管条款";
        const PERMIT_CONTROL_EN: &str =
            "Administrative Licensing Law, article 61 (supervision); the pilot plan on supervision after listing";
        const PERMIT_REVOKE_ZH: &str = "《行政许可法》第六十九条、第七十条（撤销、注销）；试点方案取消资格条款";
        const PERMIT_REVOKE_EN: &str =
            "Administrative Licensing Law, articles 69 and 70 (revocation); the pilot plan on cancellation";
        match self {
            Self::JointRecognition => ("联合认定", "recognised by the joint mechanism", PLAN_ZH, PLAN_EN),
            Self::TakeOver => (
                "承接原名单",
                "taken over from the list as kept before",
                "承接本系统启用前已公布的名单，依其原公布文件",
                "The list published before this service began; rests on its notices",
            ),
            Self::ClericalError => (
                "更正笔误",
                "mends a slip of the pen",
                "更正已公布内容的书写错误，依其原公布文件",
                "Mends how a published decision was written down; rests on its notice",
            ),
            Self::Renewal => (
                "续期",
                "follows an earlier listing",
                "《行政许可法》第五十条（延续）；试点方案",
                "Administrative Licensing Law, article 50 (renewal); the pilot plan",
            ),
            Self::QuantityChanged => ("用量或用途变化", "need or use changed", PERMIT_CHANGE_ZH, PERMIT_CHANGE_EN),
            Self::HsRevision => (
                "税则调整",
                "the tariff changed",
                "国务院关税税则委员会年度税则公告；《协调制度》修订",
                "Yearly tariff announcement of the State Council's tariff commission; revision of the Harmonized System",
            ),
            Self::RiskFound => ("发现风险", "a risk came to light", PERMIT_CONTROL_ZH, PERMIT_CONTROL_EN),
            Self::OffPurposeUse => {
                ("改变研发用途", "used for another purpose than R&D", PERMIT_CONTROL_ZH, PERMIT_CONTROL_EN)
            }
            Self::Breach => ("违反义务", "a duty was broken", PERMIT_CONTROL_ZH, PERMIT_CONTROL_EN),
            Self::QualificationCancelled => ("取消资格", "qualification cancelled", PERMIT_REVOKE_ZH, PERMIT_REVOKE_EN),
            Self::Rectified => (
                "已整改",
                "what was wrong has been put right",
                "原措施的依据已消除；依作出原措施的文件",
                "The ground of the earlier measure is gone; rests on the document of that measure",
            ),
            Self::EnterpriseRequest => ("企业申请", "the enterprise asked for it", PERMIT_CHANGE_ZH, PERMIT_CHANGE_EN),
            Self::UsageReturnOverdue => (
                "使用台账逾期未报",
                "usage return not handed in",
                "试点方案使用台账条款；《行政许可法》第六十一条",
                "The pilot plan on usage ledgers; Administrative Licensing Law, article 61",
            ),
            Self::LawChanged => (
                "法律法规变化",
                "the law changed",
                "《行政许可法》第八条（法律依据修改或者废止）",
                "Administrative Licensing Law, article 8 (the legal basis was amended or repealed)",
            ),
            Self::Other => {
                ("其他", "anything else", "须在 basis 中写明依据", "Its basis is stated in words in `basis`")
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::collections::BTreeSet;

    #[test]
    fn every_reason_is_named_and_grounded_in_both_languages() {
        let mut names = BTreeSet::new();
        for code in ReasonCode::ALL {
            assert!(names.insert(code.name(Lang::Zh)) && names.insert(code.name(Lang::En)), "{}", code.as_str());
            assert!(code.name(Lang::En).is_ascii() && code.legal_basis(Lang::En).is_ascii());
            assert!(!code.name(Lang::Zh).is_ascii() && !code.legal_basis(Lang::Zh).is_ascii());
        }
    }
}
