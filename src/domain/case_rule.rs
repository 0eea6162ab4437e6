//! The rules that say no in the joint review, each with its remedy in both languages.
//!
//! They are refusals like every other ([`Rule::Case`](super::error::Rule::Case)); a list of their own keeps them readable.

/// One line per rule: variant, code on the wire, Chinese sentence, English sentence.
macro_rules! case_rules {
    ($($variant:ident $code:literal $zh:literal $en:literal;)+) => {
        /// A rule of the joint review.
        #[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
        pub enum CaseRule {
            $(#[doc = $en] $variant,)+
        }

        impl CaseRule {
            /// Every rule.
            pub const ALL: &[Self] = &[$(Self::$variant),+];

            pub(super) const fn entry(self) -> (&'static str, &'static str, &'static str) {
                match self {
                    $(Self::$variant => ($code, $zh, $en),)+
                }
            }
        }
    };
}

case_rules! {
    OwnApplication "own_application" "申请人的联系人或提交人不得审理本案；请由其他人员办理。" "whoever lodged the case for the applicant does not decide on it; have somebody else do it";
    ReviewerDecides "reviewer_decides" "出具过本案意见的会审人员不得拟定或作出决定；请由其他人员办理。" "whoever gave an agency's opinion on the case neither proposes nor decides; have somebody else do it";
    AppealOwnDecision "appeal_own_decision" "作出原决定的人员不得处理该申诉；请由其他审批员办理。" "whoever proposed or took the decision does not judge the appeal; have another approver do it";
    GrantsMore "grants_more" "批准内容超出申请范围或与申请不符；请在申请范围内批准。" "the grant goes beyond what was asked for, or does not fit it; grant within the application";
    NoticeLate "correction_notice_late" "已过一次性告知期限，视为受理（行政许可法第三十二条）；请受理或不予受理。" "the days for the one correction notice have passed, the case counts as accepted; accept or decline it";
    AskedBefore "asked_before" "补正通知只能发出一次；请受理或不予受理。" "corrections are asked for once; accept or decline it";
    SilenceOpen "silence_open" "尚有会审单位在期限内未出具意见；请等待或催办，逾期后提级处理。" "an agency has not given its opinion and its time has not passed; wait for it or remind it";
    QuorumMissing "quorum_missing" "出具意见的会审单位未达法定数；请催办。" "fewer agencies than the quorum have given an opinion; remind the others";
    Unresolved "unresolved_opinions" "该条目意见有分歧、异议、疑问或缺失，须先记录处理结果，方可认定。" "opinions on the item conflict, object, ask or are missing; put on record how that was resolved before recognising it";
    ItemsMissing "items_missing" "须对每个待审议条目逐一拟定；请补全。" "every open item needs a proposal; add those that are missing";
    ItemNotOpen "item_not_open" "该条目不在待审议状态；请仅拟定待审议的条目。" "the item is not open; propose for open items only";
    ItemUnknown "item_unknown" "申请中没有该条目号；请核对。" "the application has no such item; check its number";
    ReopenClosed "reopen_closed" "已超过重新审议期限；请由企业另行申请或变更。" "the days for taking a decision up again have passed; have the enterprise apply anew or ask for a variation";
    NothingToReopen "nothing_to_reopen" "没有可重新审议的条目：已公布的条目请通过动态调整处理。" "there is no item to take up again; what is published is changed by an adjustment";
    AppealClosed "appeal_closed" "已超过申诉期限；如有新情况请另行申请。" "the days for an appeal have passed; apply anew if there are new facts";
    NothingToAppeal "nothing_to_appeal" "仅不予认定的条目可以申诉；请核对条目号。" "only refused items can be appealed against; check the item numbers";
    AppealOpen "appeal_open" "已有申诉在处理中；请等待其结果。" "an appeal is open already; wait for its outcome";
    NoAppeal "no_appeal" "没有待处理的申诉。" "there is no open appeal to judge";
    Claimed "claimed_by_other" "案件已由本单位另一人认领；请先由其移交，或改派。" "a colleague of the same organisation has claimed the case; have it released or reassigned first";
    NotClaimed "not_claimed" "案件未由您认领；无须释放。" "you have not claimed the case, so there is nothing to release";
    AssigneeUnknown "assignee_unknown" "没有该人员；请核对人员编号。" "there is no such person; check the id";
    MentionUnknown "mention_unknown" "只能提请已登记的人员或参与本案的单位阅处；请核对人员编号和单位代码。" "only registered people and the offices of the case can be asked to see a note; check ids and codes";
    NotDecided "not_decided" "案件尚未决定；请在决定作出后评价。" "the case is not decided; say how content you are once it is";
    RatedBefore "rated_before" "本案已评价；每件案件只评价一次，不能更改。" "the case was answered for already; each is answered for once, for good";
    CaseMoved "case_moved" "案件在您查看之后已有变动；请重新查看后再决定。" "the case has moved on since you saw it; look at it again";
    NotProposed "not_proposed" "案件没有待审批的拟定决定；请核对案件编号。" "no decision is proposed on the case; check its id";
    ClockRunning "clock_running" "期限并未中止；无须恢复。" "the clock is not stopped, so there is nothing to resume";
    ClockStopped "clock_stopped" "期限已中止；请先恢复。" "the clock is stopped already; resume it first";
    ExtendedBefore "extended_before" "期限只能延长一次。" "the time can be extended once";
    BatchEmpty "batch_empty" "批次中没有条目；请先汇集已认定的条目。" "the batch holds no item; collect recognised items first";
    ItemNotRecognised "item_not_recognised" "该条目不是待公布的认定条目；请移出批次。" "the item is not recognised and waiting for a batch; take it out";
    ItemInBatch "item_in_batch" "该条目已在另一汇集中的批次内；请先从该批次移出。" "the item is collected in another batch; discard that batch first";
    NoticeTaken "notice_taken" "该通知文号已使用；请核对文号。" "the notice number is used already; check it";
    TermOver "term_over" "批准的期间在生效日期前已届满；请重新审议该条目。" "the granted period ends before the day of effect; take the item up again";
    RetractClosed "retract_closed" "撤销撤回的期限已过；可复制原申请后重新提交。" "the days for taking a withdrawal back have passed; copy the application and lodge it anew";
    ExcludedItem "excluded_item" "该物品属于试点方案排除的品类，不能列入名单；请按法定程序办理进口。" "the item belongs to a class that the scheme excludes and cannot be listed; import it by the procedure that the law provides";
    ListingGone "listing_gone" "所涉名单条目已不存在或已移出；请移出批次。" "the listing it is about is gone; take the item out";
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_rule_speaks_both_languages_and_has_its_own_code() {
        let codes: std::collections::BTreeSet<&str> = CaseRule::ALL.iter().map(|rule| rule.entry().0).collect();
        assert_eq!(codes.len(), CaseRule::ALL.len());
        for (code, zh, en) in CaseRule::ALL.iter().map(|rule| rule.entry()) {
            assert!(en.is_ascii() && !zh.is_ascii() && zh.ends_with('。'), "{code}");
        }
    }
}
