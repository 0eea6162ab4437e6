//! What a rule says when it says no.
//!
//! Not for malformed input (that is [`FaultCode`](super::fault::FaultCode)) and not for technical trouble. Each
//! refusal has a stable code for machines and a sentence in both languages for people.

use super::case_rule::CaseRule;
use super::lang::Lang;
use thiserror::Error;

/// A rule of the domain refused a command.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Error)]
#[error("{}", self.text(Lang::En))]
#[non_exhaustive]
pub enum Rule {
    /// A rule of the joint review.
    Case(CaseRule),
    /// The person who decides also proposed.
    FourEyes,
    /// Only the proposer may withdraw.
    NotTheProposer,
    /// A past date without a reason that allows one.
    PastDate,
    /// The enterprise is not registered.
    EnterpriseUnknown,
    /// The listing does not exist.
    ListingUnknown,
    /// The listing belongs to another scheme.
    OtherScheme,
    /// The scheme is not known or not in force.
    SchemeUnknown,
    /// The enterprise already stands so.
    EnterpriseUnchanged,
    /// The listing was removed: nothing more can happen to it.
    ListingRemoved,
    /// The listing is already suspended on that day.
    AlreadySuspended,
    /// The listing is not suspended on that day.
    NotSuspended,
    /// The listing has expired by that day: a renewal makes a new one.
    ListingExpired,
    /// The change leaves everything as it is.
    NothingChanges,
    /// The unit differs from that of the listing.
    UnitFixed,
    /// The new last day is not later than the present one.
    NotLater,
    /// The enterprise already holds this item for an overlapping period.
    AlreadyListed,
    /// The enterprise may not apply until a date.
    Barred,
    /// The stop does not exist or was lifted.
    StopUnknown,
    /// The grant is larger than the service can count.
    QuantityTooLarge,
    /// The reason code needs its legal basis in words.
    BasisRequired,
    /// The last day of the grant lies before what has been used.
    BelowUsed,
    /// The proposal leaves nothing to change.
    NoChanges,
    /// A confirmed stop is lifted by an adjustment, which takes two people.
    LiftByAdjustment,
    /// The time within which the stop could be confirmed has passed.
    ConfirmTooLate,
    /// What came in is not what went out and what is left.
    LedgerDoesNotAddUp,
    /// The unit cannot be converted exactly to that of the listing.
    UnitNotComparable,
    /// The listing has no such period, or it has not ended.
    PeriodUnknown,
    /// The organisation has as many webhooks as it may have.
    TooManyWebhooks,
    /// The day is still to come.
    DayToCome,
    /// The entry has ended already, or would end before it began.
    EntryEnded,
    /// Lines ask for more than is left.
    OverDraw,
    /// The list does not allow lines as they are stated.
    LineRefused,
    /// A declaration has one importer for good.
    ImporterFixed,
    /// One person may not hold both roles.
    RolesExclude,
    /// Nobody grants a role to themselves.
    OwnGrant,
    /// The last administrator stays.
    LastAdministrator,
    /// The person is not active.
    PersonInactive,
    /// The person may still act.
    PersonActive,
    /// No personal data of the subject are left.
    NothingToErase,
    /// The account already belongs to somebody.
    AccountTaken,
    /// The role is not one of the organisation's own people.
    RoleNotYours,
    /// Somebody holds the role.
    RoleHeld,
    /// The role would include more than its holders were granted.
    RoleWidened,
    /// Nobody changes a role that they hold.
    OwnRole,
    /// The role was retired.
    RoleRetired,
    /// The organisation has a role of this name.
    RoleNameTaken,
    /// The code is wrong, used or expired.
    CodeInvalid,
    /// There is an administrator already.
    AlreadyFounded,
    /// The enterprise is registered already.
    AlreadyRegistered,
    /// The organisation is not known.
    OrganisationUnknown,
    /// The same person or organisation on both sides.
    SameParty,
    /// A question of the scheme has no answer.
    QuestionOpen,
    /// An answer keeps the applicant out.
    NotEligible,
    /// A document that the scheme asks for is not there.
    DocumentMissing,
    /// A scanner found a document infected.
    DocumentInfected,
    /// A document is not handed out: found infected, or not yet scanned.
    DocumentWithheld,
    /// The listing no longer stands as the certificate says.
    CertificateOutdated,
    /// As many documents as one application may bring.
    TooManyDocuments,
    /// The application asks twice for one item.
    DoubledItem,
    /// A renewal before its time.
    RenewalTooEarly,
    /// A renewal after its time.
    RenewalTooLate,
    /// The version does not follow the newest one.
    VersionNotNext,
    /// Rules would hold from a day that has passed.
    RulesFromToday,
    /// A day would be both off and worked.
    DaysContradict,
    /// As many applications are open as one enterprise may have.
    TooManyOpen,
    /// An office keeps as many texts as it may.
    TooManyTexts,
    /// Somebody waits for as many reports as may be waited for.
    TooManyReports,
}

impl Rule {
    /// Returns the code that stands in `rule` of a `rule-refused` problem.
    #[must_use]
    pub fn as_str(self) -> &'static str {
        self.entry().0
    }

    /// Returns one sentence for people.
    #[must_use]
    pub fn text(self, lang: Lang) -> &'static str {
        let (_, zh, en) = self.entry();
        match lang {
            Lang::Zh => zh,
            Lang::En => en,
        }
    }

    fn entry(self) -> (&'static str, &'static str, &'static str) {
        match self {
            Self::Case(rule) => rule.entry(),
            Self::FourEyes => (
                "four_eyes",
                "提出人与确认人必须是两个人；请由另一位审批员确认。",
                "the proposer and the approver must be two different people; have another approver confirm",
            ),
            Self::NotTheProposer => (
                "not_the_proposer",
                "只有提出人可以撤回；其他人请予退回。",
                "only the proposer may withdraw it; anyone else rejects it",
            ),
            Self::PastDate => (
                "past_date",
                "生效日期早于今天；仅承接(take_over)或更正笔误(clerical_error)可用过去日期。",
                "the effective date lies in the past; only the reasons take_over and clerical_error allow that",
            ),
            Self::EnterpriseUnknown => (
                "enterprise_unknown",
                "该统一社会信用代码尚未登记；请先登记企业(register_enterprise)。",
                "no enterprise is registered under this USCC; register it first (register_enterprise)",
            ),
            Self::ListingUnknown => {
                ("listing_unknown", "名单编号不存在；请核对编号。", "no listing has this number; check the number")
            }
            Self::OtherScheme => (
                "other_scheme",
                "该条目属于另一试点方案；请在其方案下提出调整。",
                "the listing belongs to another scheme; propose the change under that scheme",
            ),
            Self::SchemeUnknown => (
                "scheme_unknown",
                "试点方案不存在或当日未施行。",
                "the scheme does not exist or is not in force on that day",
            ),
            Self::EnterpriseUnchanged => (
                "enterprise_unchanged",
                "企业当日已处于该状态；无须调整。",
                "the enterprise already stands so on that day; nothing to change",
            ),
            Self::ListingRemoved => (
                "listing_removed",
                "条目已移出名单，不能再变更；如需恢复请新增条目。",
                "the listing was removed and cannot change any more; add a new one instead",
            ),
            Self::AlreadySuspended => {
                ("already_suspended", "条目当日已暂停。", "the listing is already suspended on that day")
            }
            Self::NotSuspended => (
                "not_suspended",
                "条目当日并未暂停，无从恢复。",
                "the listing is not suspended on that day, so there is nothing to reinstate",
            ),
            Self::ListingExpired => (
                "listing_expired",
                "条目当日已到期；到期后请办理续期（新条目）。",
                "the listing has expired by that day; a renewal makes a new listing",
            ),
            Self::NothingChanges => {
                ("nothing_changes", "该变更没有改变任何内容。", "the change leaves everything as it is")
            }
            Self::UnitFixed => (
                "unit_fixed",
                "计量单位不能变更；请按原单位填写或新增条目。",
                "the unit of a listing cannot change; give the quantity in its unit or add a new listing",
            ),
            Self::NotLater => (
                "not_later",
                "新的截止日期须晚于现截止日期；缩短请用变更(vary)。",
                "the new last day must be later than the present one; to shorten, use vary",
            ),
            Self::AlreadyListed => (
                "already_listed",
                "该企业已有同一物品、有效期重叠的条目。",
                "the enterprise already holds this item for an overlapping period",
            ),
            Self::Barred => ("barred", "该企业在限制申请期内。", "the enterprise is barred until a date"),
            Self::StopUnknown => {
                ("stop_unknown", "该停止措施不存在或已解除。", "the stop does not exist or was lifted")
            }
            Self::QuantityTooLarge => (
                "quantity_too_large",
                "批准数量超出系统可计范围（10¹⁸ 个最小计量步）。",
                "the quantity is larger than the service can count (10^18 smallest steps)",
            ),
            Self::BasisRequired => {
                ("basis_required", "该事由须写明依据(basis)。", "this reason needs its basis in words")
            }
            Self::BelowUsed => {
                ("below_used", "批准数量低于已使用数量。", "the quantity is below what has been used already")
            }
            Self::QuestionOpen => (
                "question_open",
                "有资格问题尚未回答；请逐一回答后再提交。",
                "an eligibility question has no answer; answer all of them, then lodge",
            ),
            Self::NotEligible => (
                "not_eligible",
                "依所答不符合试点方案的条件；该问题下写明了应如何办理。",
                "by this answer the conditions of the scheme are not met; the question says what to do instead",
            ),
            Self::DocumentMissing => (
                "document_missing",
                "缺少试点方案要求的材料；请上传后再提交。",
                "a document that the scheme asks for is missing; upload it, then lodge",
            ),
            Self::DocumentInfected => (
                "document_infected",
                "材料被检出恶意代码；请删除并上传干净的文件。",
                "a document was found infected; remove it and upload a clean one",
            ),
            Self::DocumentWithheld => (
                "document_withheld",
                "该材料未通过病毒扫描或尚未扫描成功，暂不提供下载；可请求重新扫描，或由企业重新上传。",
                "the document was found infected or could not be scanned and is not handed out; ask for another scan or for another upload",
            ),
            Self::CertificateOutdated => (
                "certificate_outdated",
                "名单自出具该凭证后已有变化，不再签发其文件；请重新出具凭证。",
                "the listing has changed since the certificate was issued; issue another, then ask for its file",
            ),
            Self::TooManyDocuments => (
                "too_many_documents",
                "一件申请的材料数量已达上限；请合并文件或删除不需要的材料。",
                "the application has as many documents as it may; merge files or remove what is not needed",
            ),
            Self::DoubledItem => (
                "doubled_item",
                "同一申请中有两项为同一物品；请保留一项。",
                "the application asks twice for one item; keep one of them",
            ),
            Self::RenewalTooEarly => (
                "renewal_too_early",
                "尚未到可办理续期的日期；请在试点方案规定的期限内提交。",
                "it is too early to renew; lodge within the days before expiry that the scheme states",
            ),
            Self::RenewalTooLate => (
                "renewal_too_late",
                "条目已到期，不能续期；请提交新增申请。",
                "the listing has expired and cannot be renewed; apply for a new one",
            ),
            Self::TooManyOpen => (
                "too_many_open",
                "企业在办申请和草稿已达上限；请先办结、撤回或删除一些。",
                "the enterprise has as many drafts and open applications as it may; finish, withdraw or discard some",
            ),
            Self::VersionNotNext => (
                "version_not_next",
                "版本号未接续最新版本，其间可能已有新版本；请按最新版本重新提出。",
                "the version does not follow the newest one, which may have been adopted meanwhile; propose it anew on top of that",
            ),
            Self::RulesFromToday => (
                "rules_from_today",
                "规则只能自今天或以后的日期起施行；请改施行日。",
                "rules hold from today or from a later day on; change the first day",
            ),
            Self::DaysContradict => (
                "days_contradict",
                "有一天既为休息日又为工作日；请与各年度放假通知核对。",
                "a day would be both off and worked; compare it with the notices of all years",
            ),
            Self::TooManyTexts => (
                "too_many_texts",
                "本单位的常用语已达上限；请先删除一些。",
                "the office keeps as many texts as it may; remove some",
            ),
            Self::TooManyReports => (
                "too_many_reports",
                "等待生成的报表已达上限；请等待其中一些完成，或先删除。",
                "as many reports are waited for as may be; wait until some are made, or remove some",
            ),
            Self::NoChanges => ("no_changes", "调整中没有任何变更。", "the adjustment holds no change"),
            Self::LiftByAdjustment => (
                "lift_by_adjustment",
                "停止措施已确认；请以调整(lift_stop)提出解除，由两人办理。",
                "the stop is confirmed; propose an adjustment (lift_stop), which takes two people",
            ),
            Self::ConfirmTooLate => (
                "confirm_too_late",
                "确认期限已过，停止措施即将失效；如仍需停止，请重新作出。",
                "the time to confirm it has passed and the stop lapses; make a new one if it is still needed",
            ),
            Self::LedgerDoesNotAddUp => (
                "ledger_does_not_add_up",
                "台账不平：期初库存＋接收 应等于 使用＋销毁＋期末库存；请核对各项数量。",
                "the ledger does not add up: opening and received must equal used, destroyed and stock; check the quantities",
            ),
            Self::UnitNotComparable => (
                "unit_not_comparable",
                "计量单位不能精确换算为条目的单位；请按条目的单位填写。",
                "the unit cannot be converted exactly to that of the listing; state the quantities in its unit",
            ),
            Self::PeriodUnknown => (
                "period_unknown",
                "该条目没有自此日起、已经结束的报送期；请核对报送期。",
                "the listing has no period that began on this day and has ended; check the period",
            ),
            Self::TooManyWebhooks => (
                "too_many_webhooks",
                "本单位的推送已达上限（20 个）；请先移除不再使用的推送。",
                "the organisation has 20 webhooks, as many as it may have; remove one that is no longer used",
            ),
            Self::DayToCome => (
                "day_to_come",
                "日期晚于今天；请填写已经发生的日期。",
                "the day is still to come; state the day on which it happened",
            ),
            Self::EntryEnded => (
                "entry_ended",
                "该记录已终止，或终止日早于起始日；请核对日期。",
                "the entry has ended, or would end before it began; check the date",
            ),
            Self::OverDraw => (
                "over_draw",
                "申报数量超过剩余数量；请按各行所列的剩余数量减少，或请企业申请增加数量。",
                "the quantity exceeds what is left; reduce it to what each line names, or have the enterprise apply for more",
            ),
            Self::LineRefused => (
                "line_refused",
                "名单不允许所列各行；每行的理由与办法见 lines。",
                "the list does not allow the lines named; `lines` gives the reasons of each and what can be done",
            ),
            Self::ImporterFixed => (
                "importer_fixed",
                "报关单的进口企业不能变更；请撤销本报关单，以新的报关单号重新申报。",
                "the importer of a declaration cannot change; cancel this declaration and declare under a new number",
            ),
            Self::RolesExclude => (
                "roles_exclude",
                "系统管理、运行维护和审计须由不同的人担任；请授予另一人，或先终止原授权。",
                "administration, operation and audit belong to different people; grant it to somebody else or end the other grant first",
            ),
            Self::OwnGrant => (
                "own_grant",
                "不能给自己授权；请由另一位管理员提出。",
                "nobody grants a role to themselves; have another administrator propose it",
            ),
            Self::LastAdministrator => (
                "last_administrator",
                "这是最后一位管理员；请先授予另一位管理员。",
                "this is the last administrator; grant the role to another person first",
            ),
            Self::PersonInactive => (
                "person_inactive",
                "该人员已停用；请先恢复，或另选一人。",
                "this person is not active; reactivate them first or choose somebody else",
            ),
            Self::PersonActive => (
                "person_active",
                "该人员仍在任；请先停用，再删除其个人信息。",
                "this person may still act; deactivate them before their personal data are erased",
            ),
            Self::NothingToErase => (
                "nothing_to_erase",
                "没有可删除的个人信息：没有登记，或者已经删除。请核对所指的人员或企业。",
                "there are no personal data to erase: none were registered, or they are erased already; check whom you named",
            ),
            Self::AccountTaken => (
                "account_taken",
                "该账号已属于一名登记人员；如为同一人，请并入其名下。",
                "this account already belongs to a registered person; if it is the same person, join it to them",
            ),
            Self::RoleNotYours => (
                "role_not_yours",
                "该角色不能由您授予；企业只能授予本企业人员企业角色，其余由主管部门管理员授予。",
                "you cannot grant this role; an enterprise grants enterprise roles to its own people, administrators grant the others",
            ),
            Self::RoleHeld => (
                "role_held",
                "仍有人员持有该角色（含待确认的授权），不能停用；请先收回其授权。",
                "somebody still holds this role, or was proposed for it, so it is not retired; end those grants first",
            ),
            Self::RoleWidened => (
                "role_widened",
                "该角色有人持有，职责只能减少：增加职责等于未经另一名管理员确认的授权。请另设角色并授予。",
                "somebody holds this role, so duties can only be taken away: more would be a grant that no second administrator confirmed; make another role and grant it",
            ),
            Self::OwnRole => (
                "own_role",
                "您本人持有该角色；请由另一位管理员修改。",
                "you hold this role yourself; have another administrator change it",
            ),
            Self::RoleRetired => (
                "role_retired",
                "该角色已停用；请选择其他角色，或另设角色。",
                "this role was retired; choose another or make a new one",
            ),
            Self::RoleNameTaken => (
                "role_name_taken",
                "本单位已有同名角色；请换一个名称。",
                "the organisation has a role of this name; choose another",
            ),
            Self::CodeInvalid => (
                "code_invalid",
                "一次性代码不正确、已使用或已过期；请运行 whitelist migrate 重新获取。",
                "the one-time code is wrong, used or expired; run whitelist migrate for a new one",
            ),
            Self::AlreadyFounded => (
                "already_founded",
                "已有管理员；其他人员请由管理员登记和授权。",
                "there is an administrator already; have them register and grant others",
            ),
            Self::AlreadyRegistered => (
                "already_registered",
                "该统一社会信用代码已登记；请变更其登记信息。",
                "this USCC is registered already; change its particulars instead",
            ),
            Self::OrganisationUnknown => (
                "organisation_unknown",
                "没有此机构；请先登记机构，或核对代码。",
                "there is no such organisation; register it first or check its code",
            ),
            Self::SameParty => {
                ("same_party", "双方不能相同；请另选一方。", "both sides are the same; choose somebody else")
            }
        }
    }
}

impl From<CaseRule> for Rule {
    fn from(rule: CaseRule) -> Self {
        Self::Case(rule)
    }
}
