//! Findings of inspections (检查发现) at an enterprise, and how they end.

use super::words::words;

words! {
    /// What a finding is about.
    FindingKind {
        /// Storage and safe-keeping.
        Storage "storage" "储存保管" "storage";
        /// The usage ledger.
        Ledger "ledger" "使用台账" "usage ledger";
        /// Used for another purpose than R&D.
        OffPurposeUse "off_purpose_use" "改变用途" "off-purpose use";
        /// Quantity that cannot be accounted for.
        Quantity "quantity" "数量不符" "quantity";
        /// Destruction and disposal.
        Disposal "disposal" "销毁处置" "disposal";
        /// Anything else.
        Other "other" "其他" "other";
    }
}

words! {
    /// How a finding was closed.
    FindingOutcome {
        /// Nothing was broken.
        NoBreach "no_breach" "未见违规" "no breach";
        /// Put right.
        Rectified "rectified" "已整改" "rectified";
        /// A warning was given.
        Warned "warned" "已警告" "warned";
        /// A listing was suspended.
        ListingSuspended "listing_suspended" "暂停条目" "listing suspended";
        /// The enterprise was suspended.
        EnterpriseSuspended "enterprise_suspended" "暂停企业" "enterprise suspended";
        /// The qualification was cancelled.
        QualificationCancelled "qualification_cancelled" "取消资格" "qualification cancelled";
    }
}
