//! Erasures of personal data (个人信息保护法 art. 47): whose, on which ground, and how far they are.

use super::words::words;

/// What stands in place of a personal value that was erased, wherever it was shown.
pub const ERASED: &str = "已删除 / erased";

words! {
    /// Whose personal data are erased.
    Subject {
        /// A registered person: name, telephone, e-mail, accounts.
        Person "person" "人员" "person";
        /// Whoever an enterprise named: responsible persons, and contacts of its applications.
        Contact "contact" "企业联系人" "contact of an enterprise";
    }
}

words! {
    /// Why personal data are erased (个人信息保护法 art. 47 para. 1).
    Ground {
        /// No. 1: the purpose is fulfilled, or cannot be, or the data are not needed for it any more.
        PurposeFulfilled "purpose_fulfilled" "处理目的已实现或不再必要" "the purpose is fulfilled or no longer needs them";
        /// No. 2: the service has ended, or the time of keeping is over.
        PeriodOver "period_over" "保存期限已届满" "the time of keeping is over";
        /// No. 3: consent was withdrawn.
        ConsentWithdrawn "consent_withdrawn" "个人撤回同意" "consent was withdrawn";
        /// No. 4: they were processed against law or agreement.
        Unlawful "unlawful" "违法或违约处理" "they were processed unlawfully";
        /// No. 5: other cases of law.
        Other "other" "法律、行政法规规定的其他情形" "another case of law";
    }
}

words! {
    /// How far an erasure is.
    ErasureState {
        /// Proposed by one administrator.
        Proposed "proposed" "待确认" "proposed";
        /// Confirmed by another: the values are gone.
        Confirmed "confirmed" "已删除" "erased";
        /// Refused by another: nothing was erased.
        Refused "refused" "未同意" "refused";
    }
}
