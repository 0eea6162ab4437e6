//! What happened to a case: the closed list of kinds on its timeline.
//!
//! A timeline is append-only and derived from nothing; clocks are derived from it. Invariant: every verb that moves a
//! case has its kind of event.

use super::machine::Verb;
use super::words;

words! {
    /// What happened.
    EventKind {
        /// Handed in.
        Lodged "lodged" "企业提交申请" "lodged by the enterprise";
        /// Taken in.
        Accepted "accepted" "受理" "accepted";
        /// Correction asked.
        Asked "asked" "要求补正" "correction asked";
        /// Not taken in.
        Declined "declined" "不予受理" "declined";
        /// Corrected.
        Corrected "corrected" "企业补正" "corrected by the enterprise";
        /// The correction did not come in time.
        Lapsed "lapsed" "逾期未补正，申请失效" "lapsed for want of correction";
        /// Let in after evaluation.
        LetIn "let_in" "经评估准予参加" "let in after evaluation";
        /// Kept out after evaluation.
        KeptOut "kept_out" "经评估不予参加" "kept out after evaluation";
        /// Recommended.
        Recommended "recommended" "区级推荐" "recommended by the district";
        /// Recommended against.
        RecommendedAgainst "recommended_against" "区级不予推荐" "recommended against by the district";
        /// An opinion was given or changed.
        OpinionGiven "opinion_given" "出具意见" "opinion given";
        /// The round of opinions was closed.
        Consolidated "consolidated" "意见汇总" "opinions consolidated";
        /// A conflict or a silence was resolved on record.
        Resolved "resolved" "分歧处理" "conflict or silence resolved";
        /// Sent back to the agencies.
        Returned "returned" "退回会审" "returned to the agencies";
        /// A decision was proposed.
        Proposed "proposed" "拟定决定" "decision proposed";
        /// Decided.
        Decided "decided" "作出决定" "decided";
        /// The proposal was sent back.
        SentBack "sent_back" "退回拟定" "proposal sent back";
        /// Taken up again.
        Reopened "reopened" "重新审议" "reopened";
        /// Appealed against.
        Appealed "appealed" "企业申诉" "appealed by the enterprise";
        /// The refusal stands.
        Upheld "upheld" "维持原决定" "refusal upheld";
        /// The refusal was taken up again.
        Overturned "overturned" "撤销原决定" "refusal overturned";
        /// Taken back.
        Withdrawn "withdrawn" "企业撤回" "withdrawn by the enterprise";
        /// The withdrawal was taken back.
        Retracted "retracted" "企业撤销撤回" "withdrawal taken back by the enterprise";
        /// The clock was stopped for a coded reason.
        Paused "paused" "期限中止" "clock stopped";
        /// The clock runs again.
        Resumed "resumed" "期限恢复计算" "clock resumed";
        /// More time was given.
        Extended "extended" "延长期限" "time extended";
        /// A deadline passed in silence.
        Escalated "escalated" "逾期未复，提级处理" "silence escalated";
        /// A note.
        Noted "noted" "备注" "note";
        /// Handed to another officer.
        HandedOver "handed_over" "移交经办人" "handed over";
        /// A published batch put its items on the list.
        Published "published" "公布" "published";
        /// A calendar year was not loaded: a due date is unknown.
        CalendarUnknown "calendar_unknown" "工作日历未载入，期限待定" "working-day calendar unknown, due date open";
    }
}

impl EventKind {
    /// Returns the event of a verb; none where nothing of a case happens.
    #[must_use]
    pub const fn of(verb: Verb) -> Option<Self> {
        Some(match verb {
            Verb::Discard => return None,
            Verb::Lodge => Self::Lodged,
            Verb::Accept => Self::Accepted,
            Verb::Ask => Self::Asked,
            Verb::Decline => Self::Declined,
            Verb::Correct => Self::Corrected,
            Verb::Lapse => Self::Lapsed,
            Verb::LetIn => Self::LetIn,
            Verb::KeepOut => Self::KeptOut,
            Verb::Recommend => Self::Recommended,
            Verb::RecommendAgainst => Self::RecommendedAgainst,
            Verb::Opine => Self::OpinionGiven,
            Verb::Consolidate => Self::Consolidated,
            Verb::Resolve => Self::Resolved,
            Verb::Return => Self::Returned,
            Verb::Propose => Self::Proposed,
            Verb::Decide => Self::Decided,
            Verb::SendBack => Self::SentBack,
            Verb::Reopen => Self::Reopened,
            Verb::Appeal => Self::Appealed,
            Verb::Uphold => Self::Upheld,
            Verb::Overturn => Self::Overturned,
            Verb::Withdraw => Self::Withdrawn,
            Verb::Retract => Self::Retracted,
        })
    }
}
