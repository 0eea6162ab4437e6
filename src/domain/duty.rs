//! Duties (职责): what operations are for, in parts that an administrator puts into a role of the organisation's own.
//!
//! Which operation belongs to which duty stands in the endpoint table, one beside each; which roles may call it stands there
//! too, and a duty never widens that. Invariant: a set holds only duties of the closed list, so what is not in it is refused.

use super::lang::Lang;
use super::words::words;

words! {
    /// What an operation is for.
    Duty {
        /// What everybody signed in does: notices, announcements, schemes, calendar, names of organisations.
        Everyday "everyday" "日常使用" "everyday use";
        /// Look-ups at the border.
        Lookup "lookup" "口岸核验" "look-ups at the border";
        /// The list and what it holds of enterprises.
        List "list" "查阅名单" "reading the list";
        /// Files of what can be read.
        Export "export" "导出文件" "files to take out";
        /// The list and its changes for copies kept elsewhere.
        Feed "feed" "变更流" "the feed of changes";
        /// Declarations, messages, reconciliations, manual releases.
        Border "border" "查阅口岸用量" "reading declarations";
        /// Quantity at the border.
        Draw "draw" "核注核销" "draws";
        /// Goods let through by hand.
        ManualRelease "manual_release" "人工放行" "manual release";
        /// What the border did, looked at again.
        BorderReview "border_review" "口岸复核" "review of the border";
        /// Applications of one's own.
        Apply "apply" "填写申请" "writing applications";
        /// Applications handed in, withdrawn, corrected, appealed.
        Lodge "lodge" "提交申请" "lodging applications";
        /// Cases as they stand.
        Cases "cases" "查阅案件" "reading cases";
        /// Cases in hand: notes, colleagues, texts, questions to the applicant.
        Handle "handle" "办件" "handling cases";
        /// Intake, evaluation, clocks.
        Intake "intake" "受理与推荐" "intake and recommendation";
        /// Opinions of member agencies.
        Opine "opine" "出具会审意见" "giving opinions";
        /// What opinions come to, and what is proposed.
        ProposeDecision "propose_decision" "拟定决定" "proposing decisions";
        /// Decisions on cases and appeals.
        Decide "decide" "复核决定" "second review of decisions";
        /// Batches.
        Publish "publish" "整理与公布批次" "collecting and publishing batches";
        /// Adjustments, stops, findings, screening, rules: what supervisors look at.
        Oversight "oversight" "查阅监管信息" "reading supervision";
        /// Adjustments proposed.
        Adjust "adjust" "提出名单调整" "proposing adjustments";
        /// Adjustments confirmed by a second person.
        ConfirmAdjustments "confirm_adjustments" "复核名单调整" "second review of adjustments";
        /// Emergency stops.
        Stop "stop" "紧急停用" "emergency stops";
        /// Screening lists and findings.
        Inspect "inspect" "检查与核查名单" "inspections and screening";
        /// Usage returns.
        Usage "usage" "报告使用情况" "usage returns";
        /// Figures and answers about satisfaction.
        Reports "reports" "统计分析" "reports";
        /// Announcements made.
        Announce "announce" "发布公告" "announcements";
        /// Registrations, contacts and mandates of enterprises.
        Contacts "contacts" "查阅企业登记与委托" "reading registrations and mandates";
        /// An enterprise states itself and appoints agents.
        Enterprise "enterprise" "企业信息与代理委托" "the enterprise and its agents";
        /// People and their roles.
        SeePeople "see_people" "查阅人员与角色" "reading people and roles";
        /// People, roles, organisations changed.
        People "people" "管理人员与角色" "administering people and roles";
        /// Rules changed.
        Rules "rules" "变更规则" "changing the rules";
        /// Personal data erased.
        Erasures "erasures" "个人信息删除" "erasing personal data";
        /// Webhooks.
        Webhooks "webhooks" "消息推送" "webhooks";
        /// The log and who looked.
        Audit "audit" "审计日志" "the audit log";
        /// Packs of evidence.
        Evidence "evidence" "证据包" "packs of evidence";
        /// The installation: its state, its pause.
        Operate "operate" "运行与暂停" "operation and pause";
    }
}

impl Duty {
    /// Says what the duty lets somebody do, in one line.
    #[must_use]
    pub const fn about(self, lang: Lang) -> &'static str {
        let (zh, en) = match self {
            Self::Everyday => (
                "收件箱、公告、试点规则、日历、税则、单位名称；每个角色都有",
                "inbox, announcements, schemes, calendar, tariff, names of organisations; every role has it",
            ),
            Self::Lookup => ("核验货物并查看答复", "look up goods, read the answers"),
            Self::List => (
                "名单、版本、余量、企业，试核，开具凭证",
                "listings, versions, balances, enterprises; dry runs and certificates",
            ),
            Self::Export => (
                "名单、用量、人工放行、对账和统计的全部表格，含其内容",
                "every spreadsheet of the list, declarations, manual releases, reconciliations and figures, with what stands in it",
            ),
            Self::Feed => ("名单及其变更的机器可读数据", "the list and its changes as data"),
            Self::Border => (
                "报关单、报文、对账、人工放行、口岸看板",
                "declarations, messages, reconciliations, manual releases, the border dashboard",
            ),
            Self::Draw => ("核注、核销、撤销、更正，提交对账", "reserve, release, cancel, correct, reconcile"),
            Self::ManualRelease => ("人工放行报关单", "let a declaration through by hand"),
            Self::BorderReview => ("审核人工放行，确认对账", "review manual releases, confirm reconciliations"),
            Self::Apply => {
                ("物品目录，申请的草稿和材料", "the catalogue of items, drafts of applications and their documents")
            }
            Self::Lodge => ("提交、撤回、补正、申诉、评价", "lodge, withdraw, correct, appeal, say how content one is"),
            Self::Cases => ("案件、材料、意见、决定、函件", "cases, documents, opinions, decisions, letters"),
            Self::Handle => (
                "领取、移交、备注、要求补正、常用文本",
                "take and hand over cases, notes, asking for corrections, texts to use again",
            ),
            Self::Intake => (
                "受理、不予受理、推荐、评估，暂停和延长期限",
                "accept, decline, recommend, evaluate; pause and extend the clock",
            ),
            Self::Opine => ("起草和出具会审意见", "draft and give opinions"),
            Self::ProposeDecision => {
                ("汇总意见、退回、拟定决定", "consolidate opinions, return cases, propose decisions")
            }
            Self::Decide => ("批准或退回拟定的决定，处理申诉", "decide or send back, judge appeals"),
            Self::Publish => ("整理、公布、放弃批次", "collect, publish and discard batches"),
            Self::Oversight => (
                "名单调整、批次、紧急停用、检查、核查名单、使用报告、规则变更",
                "adjustments, batches, stops, findings, screening, usage returns, changes of the rules",
            ),
            Self::Adjust => ("提出、导入、撤回名单调整", "propose, import and withdraw adjustments"),
            Self::ConfirmAdjustments => ("确认或退回他人提出的调整", "confirm or reject what others proposed"),
            Self::Stop => ("紧急停用、确认、解除", "stop, confirm, lift"),
            Self::Inspect => ("登记检查发现和核查名单", "record findings and screening entries"),
            Self::Usage => ("提交和更正使用情况报告", "hand in and correct usage returns"),
            Self::Reports => ("统计、用时、满意度", "figures, times, satisfaction"),
            Self::Announce => ("发布、修订、撤回公告", "publish, revise and retract announcements"),
            Self::Contacts => {
                ("企业登记、进口负责人、代理委托", "registrations, responsible persons, mandates of agents")
            }
            Self::Enterprise => (
                "登记和变更企业，指定负责人，委托代理",
                "register and change the enterprise, name contacts, appoint agents",
            ),
            Self::SeePeople => ("人员、授权、自定义角色", "people, grants, own roles"),
            Self::People => (
                "登记人员，授予和收回角色，设立自定义角色，登记单位",
                "register people, grant and end roles, make own roles, register organisations",
            ),
            Self::Rules => ("提出和确认规则变更", "propose and confirm changes of the rules"),
            Self::Erasures => ("查阅、提出和确认删除", "read, propose and confirm erasures"),
            Self::Webhooks => ("设立和管理推送", "make and keep webhooks"),
            Self::Audit => ("日志条目、存档、查阅记录", "entries of the log, its archive, records of access"),
            Self::Evidence => ("下载证据包", "download packs of evidence"),
            Self::Operate => ("运行状态，暂停和恢复服务", "the state of the service, its pause"),
        };
        match lang {
            Lang::Zh => zh,
            Lang::En => en,
        }
    }

    fn bit(self) -> u64 {
        Self::ALL.iter().position(|known| *known == self).map_or(0, |place| 1 << place)
    }
}

/// A set of duties.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Default)]
pub struct DutySet(u64);

impl DutySet {
    /// Returns the duties that no role is without.
    #[must_use]
    pub fn least() -> Self {
        Self::from_iter([Duty::Everyday])
    }

    /// Tells whether the set holds the duty.
    #[must_use]
    pub fn contains(self, duty: Duty) -> bool {
        self.0 & duty.bit() != 0
    }

    /// Returns the duties that either set holds.
    #[must_use]
    pub fn union(self, other: Self) -> Self {
        Self(self.0 | other.0)
    }

    /// Returns the duties of this set that the other does not hold.
    #[must_use]
    pub fn without(self, other: Self) -> Self {
        Self(self.0 & !other.0)
    }

    /// Tells whether the set holds no duty.
    #[must_use]
    pub fn is_empty(self) -> bool {
        self.0 == 0
    }

    /// Yields the duties in order.
    pub fn iter(self) -> impl Iterator<Item = Duty> {
        Duty::ALL.iter().copied().filter(move |duty| self.contains(*duty))
    }

    /// Writes the words, parted by commas, in order.
    #[must_use]
    pub fn words(self) -> String {
        self.iter().map(Duty::as_str).collect::<Vec<_>>().join(",")
    }

    /// Reads words parted by commas. One that is not known is no duty, so nothing comes of it.
    #[must_use]
    pub fn read(words: &str) -> Self {
        words.split(',').filter_map(|word| Duty::parse(word).ok()).collect()
    }
}

impl FromIterator<Duty> for DutySet {
    fn from_iter<I: IntoIterator<Item = Duty>>(duties: I) -> Self {
        Self(duties.into_iter().fold(0, |bits, duty| bits | duty.bit()))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_duty_has_a_place_of_its_own_and_says_what_it_is() {
        assert!(Duty::ALL.len() <= 64);
        for duty in Duty::ALL {
            let alone: DutySet = std::iter::once(*duty).collect();
            assert_eq!(alone.iter().collect::<Vec<_>>(), [*duty]);
            assert_eq!(DutySet::read(&alone.words()), alone);
            assert!(!duty.about(Lang::Zh).is_empty() && !duty.about(Lang::En).is_empty());
        }
        let all: DutySet = Duty::ALL.iter().copied().collect();
        assert_eq!(all.iter().count(), Duty::ALL.len());
        assert!(all.without(all).is_empty());
    }

    #[test]
    fn a_word_that_is_no_duty_gives_nothing() {
        assert_eq!(DutySet::read("list,everything,,LIST"), std::iter::once(Duty::List).collect());
        assert!(DutySet::read("").is_empty());
    }
}
