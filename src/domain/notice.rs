//! What people are told (通知): a closed list of kinds, each with its text in both languages.
//!
//! It is neither the outbox nor a letter of a case. Invariant: both texts of a kind name the same values, and whatever is
//! told can be rendered, a missing value as a dash.

use super::actor::Role;
use super::adjustment::ReasonCode;
use super::code::Uscc;
use super::draw::LapseCode;
use super::id::PersonId;
use super::lang::{Lang, is_chinese};
use super::mandate::Scope;
use super::purpose::Purpose;
use super::screening::ScreeningList;
use super::validity::{Instant, LegalDay};
use serde::{Deserialize, Serialize};
use std::collections::BTreeMap;
use std::fmt;

/// Values that stand in a text, by name.
pub type Params = BTreeMap<String, String>;

/// Who is told.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Addressee {
    /// Everybody of an organisation: an agency, a district, a customs office.
    Org(String),
    /// One person.
    Person(PersonId),
    /// An enterprise and those who act for it.
    Enterprise(Uscc),
    /// Everybody who holds a role.
    Role(Role),
}

impl Addressee {
    /// Returns kind and identifier as one word, such as `org:110108`.
    #[must_use]
    pub fn word(&self) -> String {
        match self {
            Self::Org(code) => format!("org:{code}"),
            Self::Person(id) => format!("person:{id}"),
            Self::Enterprise(uscc) => format!("enterprise:{uscc}"),
            Self::Role(role) => format!("role:{role}"),
        }
    }

    /// Reads such a word.
    #[must_use]
    pub fn parse(word: &str) -> Option<Self> {
        let (kind, id) = word.split_once(':')?;
        match kind {
            "org" => Some(Self::Org(id.to_owned())),
            "person" => PersonId::parse(id).ok().map(Self::Person),
            "enterprise" => Uscc::parse(id).ok().map(Self::Enterprise),
            "role" => Role::parse(id).map(Self::Role),
            _ => None,
        }
    }
}

/// Something that somebody is told.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Notice {
    /// Who is told.
    pub to: Addressee,
    /// What happened.
    pub kind: NoticeKind,
    /// Path of what it is about, such as `/v1/applications/app_…`.
    pub about: String,
    /// Values of its text.
    pub params: Params,
}

impl Notice {
    /// Makes a notice without values.
    pub fn new(to: Addressee, kind: NoticeKind, about: impl Into<String>) -> Self {
        Self { to, kind, about: about.into(), params: Params::new() }
    }

    /// Adds a value of the text.
    #[must_use]
    pub fn with(mut self, name: &str, value: impl fmt::Display) -> Self {
        self.params.insert(name.to_owned(), value.to_string());
        self
    }
}

/// A notice as a person reads it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Rendered {
    /// One line.
    pub title: String,
    /// What happened and what to do.
    pub text: String,
}

/// One line per kind: variant, spelling, then title and text in Chinese and English. `{name}` stands for a value.
macro_rules! kinds {
    ($($variant:ident $name:literal $title_zh:literal $text_zh:literal $title_en:literal $text_en:literal;)+) => {
        /// Kinds of notices, closed.
        #[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
        pub enum NoticeKind {
            $(#[doc = $title_en] #[serde(rename = $name)] $variant,)+
        }

        impl NoticeKind {
            /// Every kind, in the order of this list.
            pub const ALL: &[Self] = &[$(Self::$variant),+];

            /// Returns the spelling on the wire.
            #[must_use]
            pub const fn as_str(self) -> &'static str {
                match self {
                    $(Self::$variant => $name,)+
                }
            }

            /// Finds the kind with this spelling.
            #[must_use]
            pub fn parse(name: &str) -> Option<Self> {
                match name {
                    $($name => Some(Self::$variant),)+
                    _ => None,
                }
            }

            /// Returns title and text with their places for values.
            #[must_use]
            pub const fn template(self, lang: Lang) -> (&'static str, &'static str) {
                match (self, lang) {
                    $((Self::$variant, Lang::Zh) => ($title_zh, $text_zh), (Self::$variant, Lang::En) => ($title_en, $text_en),)+
                }
            }
        }
    };
}

kinds! {
    // Applications, to the enterprise and to who acts next.
    ApplicationLodged "application_lodged"
        "申请已提交：{application}" "企业 {enterprise} 已提交申请 {application}，请在 {due_on} 前受理或一次性告知补正。"
        "Application lodged: {application}" "Enterprise {enterprise} has lodged application {application}; accept it or ask once for corrections by {due_on}.";
    ApplicationAccepted "application_accepted"
        "申请已受理：{application}" "申请 {application} 已受理，进入下一环节。可随时查看办理进度。"
        "Application accepted: {application}" "Application {application} has been accepted and goes to its next stage. Its progress can be seen at any time.";
    CorrectionAsked "correction_asked"
        "请补正：{application}" "申请 {application} 需要补正，请在 {due_on} 前按补正通知逐项更正后提交；逾期未补正的，申请失效。"
        "Please correct: {application}" "Application {application} needs corrections; correct what the notice names and send it by {due_on}, or it lapses.";
    ApplicationCorrected "application_corrected"
        "申请已补正：{application}" "申请 {application} 已补正，请继续办理；变更之处可对照查看。"
        "Application corrected: {application}" "Application {application} has been corrected; please go on with it. What changed is shown side by side.";
    ApplicationDeclined "application_declined"
        "申请不予受理：{application}" "申请 {application} 不予受理，理由见决定；可改正后重新申请。"
        "Application not accepted: {application}" "Application {application} has not been accepted; the ground stands in the decision. It may be lodged anew once mended.";
    ApplicationWithdrawn "application_withdrawn"
        "申请已撤回：{application}" "企业已撤回申请 {application}，无须再办理。"
        "Application withdrawn: {application}" "The enterprise has withdrawn application {application}; nothing more is to be done.";
    WithdrawalRetracted "withdrawal_retracted"
        "申请恢复办理：{application}" "企业已撤销撤回，申请 {application} 恢复到原环节，请继续办理；当前环节的期限为 {due_on}。"
        "Withdrawal taken back: {application}" "The enterprise has taken its withdrawal of application {application} back; it stands where it stood, please go on with it by {due_on}.";
    ApplicationLapsed "application_lapsed"
        "申请已失效：{application}" "申请 {application} 逾期未补正，已失效；可复制后重新提交。"
        "Application lapsed: {application}" "Application {application} was not corrected in time and has lapsed; copy it to lodge it anew.";
    EvaluationDue "evaluation_due"
        "待评估：{application}" "申请 {application} 的企业不在核心区域，请在 {due_on} 前评估是否纳入。"
        "Evaluation due: {application}" "The enterprise of application {application} lies outside the core area; evaluate by {due_on} whether it is let in.";
    Recommended "recommended"
        "区级已推荐：{application}" "区级部门已推荐申请 {application}，进入联合审查。"
        "Recommended by the district: {application}" "The district has recommended application {application}; it goes to joint review.";
    NotRecommended "not_recommended"
        "区级未推荐：{application}" "区级部门未推荐申请 {application} 并已说明理由，请决定不予认定或退回联合审查。"
        "Not recommended by the district: {application}" "The district has not recommended application {application} and says why; refuse it or return it to joint review.";
    OpinionDue "opinion_due"
        "请提出意见：{application}" "申请 {application} 等待贵单位逐项提出意见，请在 {due_on} 前完成。"
        "Opinion due: {application}" "Application {application} waits for your opinion on each item; give it by {due_on}.";
    OpinionOverdue "opinion_overdue"
        "意见逾期：{application}" "单位 {agency} 对申请 {application} 的意见已逾期。沉默不视为同意，请跟进并记录处理方式。"
        "Opinion overdue: {application}" "The opinion of {agency} on application {application} is overdue. Silence never counts as agreement: follow it up and record how it was resolved.";
    OpinionsConsolidated "opinions_consolidated"
        "意见已汇总：{application}" "申请 {application} 的各单位意见已汇总，请提出认定建议；相互冲突的意见须先记录处理结果。"
        "Opinions consolidated: {application}" "The opinions on application {application} are consolidated; propose the decision. Conflicting opinions must be resolved on record first.";
    ReturnedToReview "returned_to_review"
        "退回联合审查：{application}" "申请 {application} 已退回联合审查，理由见办理记录。"
        "Returned to review: {application}" "Application {application} has been returned to joint review; the reason stands in its record.";
    DecisionProposed "decision_proposed"
        "待审批：{application}" "申请 {application} 的认定建议待另一位人员审批。"
        "Decision to be approved: {application}" "The decision proposed on application {application} waits for a second person.";
    DecisionSentBack "decision_sent_back"
        "认定建议被退回：{application}" "申请 {application} 的认定建议被退回，理由见办理记录。"
        "Proposed decision sent back: {application}" "The decision proposed on application {application} was sent back; the reason stands in its record.";
    ApplicationDecided "application_decided"
        "申请已认定：{application}" "申请 {application} 已作出决定，认定 {recognised} 项、不予认定 {refused} 项；认定书可在申请中查看，公布后生效。"
        "Application decided: {application}" "Application {application} has been decided. Items recognised: {recognised}, refused: {refused}. The letter stands in the application; listings start with their publication.";
    ApplicationRefused "application_refused"
        "申请不予认定：{application}" "申请 {application} 不予认定，理由见决定书；可在 {appeal_until} 前提出申诉。"
        "Application refused: {application}" "Application {application} has been refused; the grounds stand in the letter. An appeal may be lodged until {appeal_until}.";
    ApplicationReopened "application_reopened"
        "申请重新办理：{application}" "申请 {application} 已重新开启，理由见办理记录。"
        "Application reopened: {application}" "Application {application} has been reopened; the reason stands in its record.";
    AppealLodged "appeal_lodged"
        "收到申诉：{application}" "企业对申请 {application} 的决定提出申诉，请处理并记录结果。"
        "Appeal lodged: {application}" "The enterprise appeals against the decision on application {application}; deal with it and record the outcome.";
    AppealDecided "appeal_decided"
        "申诉结果：{application}" "对申请 {application} 的申诉已有结果：{outcome}。"
        "Outcome of the appeal: {application}" "The appeal about application {application} has been decided: {outcome}.";
    CaseDueSoon "case_due_soon"
        "即将到期：{application}" "申请 {application} 的当前环节将于 {due_on} 到期。"
        "Due soon: {application}" "The present stage of application {application} is due on {due_on}.";
    CaseOverdue "case_overdue"
        "已逾期：{application}" "申请 {application} 的当前环节已于 {due_on} 到期，请尽快办理。"
        "Overdue: {application}" "The present stage of application {application} was due on {due_on}; please act on it.";
    CaseAssigned "case_assigned"
        "案件转到您名下：{application}" "申请 {application} 已转由您办理。"
        "Case assigned to you: {application}" "Application {application} is now yours to work on.";
    HandOver "hand_over"
        "工作交接" "原经办人在办的 {cases} 件申请和 {notices} 条未读通知已交接给您，请在工作台查看。"
        "Work handed over" "{cases} cases and {notices} unread notices of a colleague have been handed over to you; see your work list.";
    NoteAdded "note_added"
        "申请有新说明：{application}" "申请 {application} 有一条新的说明可查看。"
        "New note: {application}" "There is a new note on application {application}.";
    NoteForYou "note_for_you"
        "请阅备注：{application}" "申请 {application} 的备注请您阅处。"
        "Note for you: {application}" "A note on application {application} asks for your attention.";
    NoteUrgent "note_urgent"
        "加急：{application}" "申请 {application} 有一条加急备注，请立即阅处。"
        "Urgent: {application}" "There is an urgent note on application {application}; see to it at once.";

    // The list, to the enterprise.
    BatchPublished "batch_published"
        "名单已公布：{number}" "通知 {number} 已公布，所列条目自 {effective_on} 起生效。"
        "List published: {number}" "Notice {number} has been published; its listings hold from {effective_on}.";
    ListingAdded "listing_added"
        "已列入名单：{listing}" "物品“{item}”已列入名单，编号 {listing}，自 {effective_on} 起生效。申报时请填写该编号。"
        "Listed: {listing}" "Item {item} has been listed under {listing} from {effective_on}. Give this number on declarations.";
    ListingVaried "listing_varied"
        "名单条目已变更：{listing}" "条目 {listing} 自 {effective_on} 起变更，请查看新的数量、期限和关区。"
        "Listing varied: {listing}" "Listing {listing} changes from {effective_on}; see its new quantity, period and offices.";
    ListingSuspended "listing_suspended"
        "名单条目已暂停：{listing}" "条目 {listing} 自 {effective_on} 起暂停，事由：{reason}；暂停期间不能凭以通关。如有异议请联系主管部门。"
        "Listing suspended: {listing}" "Listing {listing} is suspended from {effective_on}, reason {reason}; goods cannot clear under it meanwhile. Contact the bureau if you disagree.";
    ListingReinstated "listing_reinstated"
        "名单条目已恢复：{listing}" "条目 {listing} 自 {effective_on} 起恢复。"
        "Listing reinstated: {listing}" "Listing {listing} holds again from {effective_on}.";
    ListingRemoved "listing_removed"
        "名单条目已移出：{listing}" "条目 {listing} 自 {effective_on} 起移出名单，事由：{reason}。"
        "Listing removed: {listing}" "Listing {listing} is off the list from {effective_on}, reason {reason}.";
    ListingExpiring "listing_expiring"
        "名单条目即将到期：{listing}" "条目 {listing} 将于 {valid_to} 到期，还有 {days} 天；如需继续进口请及时申请续期。"
        "Listing expires soon: {listing}" "Listing {listing} expires on {valid_to}, in {days} days; apply for renewal if you go on importing.";
    EnterpriseSuspended "enterprise_suspended"
        "企业已暂停：{enterprise}" "企业 {enterprise} 的全部条目自 {effective_on} 起暂停，事由：{reason}。如有异议请联系主管部门。"
        "Enterprise suspended: {enterprise}" "All listings of {enterprise} are held back from {effective_on}, reason {reason}. Contact the bureau if you disagree.";
    EnterpriseReinstated "enterprise_reinstated"
        "企业已恢复：{enterprise}" "企业 {enterprise} 的条目自 {effective_on} 起恢复。"
        "Enterprise reinstated: {enterprise}" "The listings of {enterprise} hold again from {effective_on}.";
    EnterpriseBarred "enterprise_barred"
        "限制申请：{enterprise}" "企业 {enterprise} 在 {until} 前不得提出新的申请，事由：{reason}。"
        "Barred from applying: {enterprise}" "Enterprise {enterprise} may not apply until {until}, reason {reason}.";
    BarLifted "bar_lifted"
        "限制申请已解除：{enterprise}" "企业 {enterprise} 自 {effective_on} 起可以重新申请。"
        "Bar lifted: {enterprise}" "Enterprise {enterprise} may apply again from {effective_on}.";
    AdjustmentProposed "adjustment_proposed"
        "动态调整待确认：{adjustment}" "动态调整 {adjustment}（{changes} 项变更）待另一位人员确认，请先查看预览。"
        "Adjustment to be confirmed: {adjustment}" "Adjustment {adjustment} with {changes} changes waits for a second person; see its preview first.";
    AdjustmentDecided "adjustment_decided"
        "动态调整已处理：{adjustment}" "动态调整 {adjustment} 的处理结果：{outcome}。"
        "Adjustment decided: {adjustment}" "Adjustment {adjustment} was decided: {outcome}.";

    // Stops and supervision.
    EmergencyStop "emergency_stop"
        "紧急停止：{scope}" "紧急停止 {stop} 已即时生效，范围：{scope}，事由：{reason}；涉及贵企业条目：{listing}，停止期间不能凭以通关。如有异议请联系主管部门。"
        "Emergency stop: {scope}" "Emergency stop {stop} holds at once for {scope}, reason {reason}. Of yours: {listing}; goods cannot clear under them meanwhile. Contact the bureau if you disagree.";
    ItemClassStopped "item_class_stopped"
        "停止措施：{scope}" "停止措施 {stop} 自 {effective_on} 起生效，范围：{scope}，事由：{reason}；涉及贵企业条目：{listing}，停止期间不能凭以通关。如有异议请联系主管部门。"
        "Stopped: {scope}" "Stop {stop} holds from {effective_on} for {scope}, reason {reason}. Of yours: {listing}; goods cannot clear under them meanwhile. Contact the bureau if you disagree.";
    StopToConfirm "stop_to_confirm"
        "紧急停止待确认：{stop}" "紧急停止 {stop} 须由另一位人员在 {until} 前确认，否则自动解除。"
        "Emergency stop to be confirmed: {stop}" "A second person must confirm emergency stop {stop} until {until}, or it lifts by itself.";
    StopConfirmed "stop_confirmed"
        "紧急停止已确认：{scope}" "紧急停止 {stop}（范围：{scope}）已由第二人确认，持续有效直至解除；涉及贵企业条目：{listing}。"
        "Emergency stop confirmed: {scope}" "Emergency stop {stop} for {scope} has been confirmed by a second person and holds until it is lifted. Of yours: {listing}.";
    StopLapsed "stop_lapsed"
        "紧急停止因未确认而解除：{stop}" "紧急停止 {stop} 未在时限内确认，已自动解除。请立即核查。"
        "Emergency stop lifted unconfirmed: {stop}" "Emergency stop {stop} was not confirmed in time and has lifted. Look into it at once.";
    StopToReview "stop_to_review"
        "停止措施待复核：{stop}" "停止措施 {stop} 的复核日期 {due_on} 已到，请决定继续或者解除。"
        "Stop to be reviewed: {stop}" "The day of review of stop {stop}, {due_on}, has come; decide whether it goes on or is lifted.";
    StopLifted "stop_lifted"
        "停止措施已解除：{scope}" "停止措施 {stop}（范围：{scope}）自 {effective_on} 起解除；涉及贵企业条目：{listing}。"
        "Stop lifted: {scope}" "Stop {stop} for {scope} is lifted from {effective_on}. Of yours: {listing}.";
    UsageReturnDue "usage_return_due"
        "请提交使用台账：{listing}" "条目 {listing} 在 {period} 的使用台账请于 {due_on} 前提交。"
        "Usage return due: {listing}" "The usage return of listing {listing} for {period} is due by {due_on}.";
    UsageReturnOverdue "usage_return_overdue"
        "使用台账逾期：{listing}" "条目 {listing} 在 {period} 的使用台账已于 {due_on} 到期，请立即提交。"
        "Usage return overdue: {listing}" "The usage return of listing {listing} for {period} was due on {due_on}; send it now.";
    UsageReturnWarning "usage_return_warning"
        "使用台账警告：{listing}" "条目 {listing} 在 {period} 的使用台账仍未提交；{suspend_on} 前未提交的，将暂停或提请暂停该条目。"
        "Warning, usage return missing: {listing}" "The usage return of listing {listing} for {period} is still missing; without it by {suspend_on} the listing is suspended or proposed for suspension.";
    UsageReturnReceived "usage_return_received"
        "收到逾期台账：{listing}" "企业 {enterprise} 已补报条目 {listing} 在 {period} 的使用台账，请查看。"
        "Late usage return received: {listing}" "Enterprise {enterprise} has handed in the late usage return of listing {listing} for {period}; please look at it.";
    SuspensionProposed "suspension_proposed"
        "提请暂停：{listing}" "条目 {listing} 在 {period} 的使用台账未提交，已提请暂停该条目；确认前提交的，提请撤回。"
        "Suspension proposed: {listing}" "The usage return of listing {listing} for {period} did not come, and its suspension is proposed. It is taken back if the return comes before it is confirmed.";
    ReconciliationDiffers "reconciliation_differs"
        "对账有差异：{reconciliation}" "对账 {reconciliation} 有 {differences} 票报关单不一致：{declarations}。请核实并确认更正。"
        "Reconciliation differs: {reconciliation}" "Reconciliation {reconciliation} found {differences} declarations that differ: {declarations}. Check them and confirm the corrections.";
    FindingRecorded "finding_recorded"
        "检查发现：{enterprise}" "企业 {enterprise} 有新的检查发现 {finding}，请查看并按要求整改。"
        "Inspection finding: {enterprise}" "There is a new inspection finding {finding} about {enterprise}; see what is to be mended.";
    ScreeningHit "screening_hit"
        "筛查命中：{enterprise}" "企业 {enterprise} 出现在名录“{list}”中，请核查。"
        "Screening hit: {enterprise}" "Enterprise {enterprise} stands on the list {list}; look into it.";

    // At the border.
    ReservationExpiring "reservation_expiring"
        "核注即将失效：{declaration}" "报关单 {declaration} 的核注数量将于 {until} 返还，请尽快放行或撤销。"
        "Reservation expires soon: {declaration}" "The quantity reserved by declaration {declaration} is given back on {until}; release or cancel it.";
    ReservationUnfinished "reservation_unfinished"
        "核注尚未办结：{declaration}" "报关单 {declaration} 自 {since} 起核注，至今未核销也未撤销，请尽快办理。"
        "Reservation not finished: {declaration}" "Declaration {declaration} has held its quantity since {since}; release or cancel it.";
    ReservationLapsed "reservation_lapsed"
        "核注已失效：{declaration}" "报关单 {declaration} 的核注数量已返还，事由：{reason}。"
        "Reservation lapsed: {declaration}" "The quantity reserved by declaration {declaration} has been given back, reason {reason}.";
    ManualReleaseToReview "manual_release_to_review"
        "人工放行待复核：{declaration}" "报关单 {declaration} 经人工放行，与核验结果不一致，请复核。"
        "Manual release to review: {declaration}" "Declaration {declaration} was released by hand against the answer; review it.";

    // People and the service itself.
    GrantToConfirm "grant_to_confirm"
        "授权待确认" "向 {person} 授予角色 {role} 的提请待另一位管理员确认。"
        "Grant to be confirmed" "The grant of role {role} to {person} waits for a second administrator.";
    GrantChanged "grant_changed"
        "您的授权有变动" "您在 {org} 的角色 {role} 现为：{state}。"
        "Your grants changed" "Your role {role} at {org} is now: {state}.";
    AgentAppointed "agent_appointed"
        "获委托代理：{enterprise}" "企业 {enterprise} 自 {valid_from} 起委托贵单位代理：{scopes}。"
        "Appointed as agent: {enterprise}" "Enterprise {enterprise} appoints you as its agent from {valid_from} for: {scopes}.";
    AgentDismissed "agent_dismissed"
        "代理委托已终止：{enterprise}" "企业 {enterprise} 已终止对贵单位的代理委托。"
        "Dismissed as agent: {enterprise}" "Enterprise {enterprise} has ended your mandate.";
    CalendarMissing "calendar_missing"
        "请导入 {year} 年工作日历" "{year} 年节假日安排尚未导入，届时各期限的到期日将无法计算。请运行 whitelist calendar import。"
        "Import the calendar of {year}" "The holiday arrangement of {year} is not loaded, so due dates in it cannot be told. Run whitelist calendar import.";
    Broadcast "broadcast"
        "公告：{title_zh}" "主管部门发布或更新了公告“{title_zh}”，请查看全文。"
        "Announcement: {title_en}" "The bureau has published or revised the announcement {title_en}; please read it.";
    WebhookPaused "webhook_paused"
        "推送已暂停：{webhook}" "推送 {webhook} 已由系统暂停，事由：{cause_zh}；未送达的消息已保留。请修复接收端后恢复推送，并按需重发未送达的消息。"
        "Webhook paused: {webhook}" "The service has paused webhook {webhook}: {cause_en}; what was not delivered is kept. Mend the receiver, resume the webhook, and have messages sent again as needed.";
    ReportMade "report_made"
        "报表已生成：{file}" "您要求在后台生成的报表 {file} 已可下载，保存至 {kept_until}。"
        "Report ready: {file}" "The report {file} that you asked for can be downloaded; it is kept until {kept_until}.";
    ReportFailed "report_failed"
        "报表未能生成" "您要求在后台生成的报表未能生成，原因见“报表下载”。可以调整条件后重新要求。"
        "A report could not be made" "The report that you asked for could not be made; the reason stands under Reports to download. Change what you ask for, or ask again.";
    BroadcastRetracted "broadcast_retracted"
        "公告已撤回：{title_zh}" "公告“{title_zh}”已撤回，请以撤回为准。"
        "Announcement retracted: {title_en}" "The announcement {title_en} has been retracted and no longer holds.";
}

impl NoticeKind {
    /// Renders the kind with its values.
    #[must_use]
    pub fn render(self, lang: Lang, params: &Params) -> Rendered {
        let (title, text) = self.template(lang);
        let said: Params = params.iter().map(|(name, value)| (name.clone(), said(lang, name, value))).collect();
        Rendered { title: filled(title, &said), text: filled(text, &said) }
    }
}

/// What became of a proposal or of an appeal.
const OUTCOMES: [Word; 5] = [
    ("confirmed", "已确认", "confirmed"),
    ("rejected", "已退回", "rejected"),
    ("lapsed", "逾期失效", "lapsed"),
    ("upheld", "维持原决定", "the refusal stands"),
    ("overturned", "撤销原决定", "the refusal is overturned"),
];

/// How a grant stands.
const GRANTS: [Word; 4] = [
    ("proposed", "待确认", "waiting for confirmation"),
    ("in_force", "有效", "in force"),
    ("refused", "未获同意", "refused"),
    ("ended", "已收回", "ended"),
];

/// A code in both languages.
type Word = (&'static str, &'static str, &'static str);

/// Says a value for people: codes of closed lists in words, days and instants as people say them.
fn said(lang: Lang, name: &str, value: &str) -> String {
    let of = |words: &[Word]| words.iter().find(|(code, ..)| *code == value).map(|(_, zh, en)| lang.pick(*zh, *en));
    let words = match name {
        "scopes" => {
            let scope = |code| Scope::parse(code).map_or(code, |scope| scope.name(lang));
            return value.split(',').map(scope).collect::<Vec<_>>().join(lang.pick("、", ", "));
        }
        "role" => Role::parse(value).map(|role| role.name(lang)),
        "state" => of(&GRANTS),
        "outcome" => of(&OUTCOMES),
        "list" => ScreeningList::parse(value).ok().map(|list| list.name(lang)),
        "scope" => Purpose::parse(value).ok().map(|purpose| purpose.name(lang)),
        "reason" => {
            let lapsed = || LapseCode::parse(value).map(|code| code.name(lang));
            ReasonCode::parse(value).map(|code| code.name(lang)).or_else(lapsed)
        }
        _ => None,
    };
    words.map_or_else(|| when(lang, value), str::to_owned)
}

/// Says a day, an instant or a period as people do; anything else stands as it is.
fn when(lang: Lang, value: &str) -> String {
    if let Ok(day) = LegalDay::parse(value) {
        return day.said(lang);
    }
    if let Ok(instant) = Instant::parse(value) {
        return format!("{}{}", instant.said(lang), lang.pick("（北京时间）", " Beijing time"));
    }
    match value.split_once(" – ") {
        Some((from, to)) => format!("{} – {}", when(lang, from), when(lang, to)),
        None => value.to_owned(),
    }
}

/// Puts values into the places of a template; a value that is missing reads as a dash. The spaces that set a value apart from
/// Chinese words go where the value is Chinese itself.
fn filled(template: &str, params: &Params) -> String {
    let mut text = String::with_capacity(template.len());
    let mut rest = template;
    while let Some((before, after)) = rest.split_once('{') {
        text.push_str(before);
        let Some((name, behind)) = after.split_once('}') else { break };
        let value = params.get(name).filter(|value| !value.is_empty()).map_or("—", String::as_str);
        let apart = text.strip_suffix(' ').filter(|text| flow(text, value)).map(str::len);
        text.truncate(apart.unwrap_or(text.len()));
        text.push_str(value);
        rest = behind.strip_prefix(' ').filter(|behind| flow(value, behind)).unwrap_or(behind);
    }
    text.push_str(rest);
    text
}

/// Says whether one text ends and the next begins with a Chinese character, which needs no space between.
fn flow(before: &str, after: &str) -> bool {
    before.ends_with(is_chinese) && after.starts_with(is_chinese)
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::collections::BTreeSet;

    fn places(template: &str) -> BTreeSet<&str> {
        template.split('{').skip(1).map(|rest| rest.split_once('}').expect("a place ends").0).collect()
    }

    #[test]
    fn both_languages_say_the_same_of_every_kind() {
        let mut seen = BTreeSet::new();
        for kind in NoticeKind::ALL {
            let ((title_zh, text_zh), (title_en, text_en)) = (kind.template(Lang::Zh), kind.template(Lang::En));
            let zh: BTreeSet<&str> = places(title_zh).union(&places(text_zh)).copied().collect();
            let en: BTreeSet<&str> = places(title_en).union(&places(text_en)).copied().collect();
            let same = |name: &str| name.trim_end_matches("_zh").trim_end_matches("_en").to_owned();
            let plain = |names: &BTreeSet<&str>| names.iter().map(|name| same(name)).collect::<BTreeSet<_>>();
            assert_eq!(plain(&zh), plain(&en), "{}", kind.as_str());
            assert!(!title_zh.is_ascii() && text_zh.ends_with('。'), "{}", kind.as_str());
            assert!(title_en.is_ascii() && text_en.is_ascii() && text_en.ends_with('.'), "{}", kind.as_str());
            assert_eq!(NoticeKind::parse(kind.as_str()), Some(*kind));
            assert!(seen.insert(kind.as_str()));
        }
        assert_eq!(NoticeKind::parse("no_such_kind"), None);
    }

    #[test]
    fn values_stand_in_their_places_and_a_missing_one_is_a_dash() {
        let notice = Notice::new(Addressee::Org("110108".into()), NoticeKind::ListingExpiring, "/v1/listings/x")
            .with("listing", "BJ-2026-000016-9")
            .with("days", 30);
        let shown = notice.kind.render(Lang::En, &notice.params);
        assert_eq!(shown.title, "Listing expires soon: BJ-2026-000016-9");
        assert_eq!(
            shown.text,
            "Listing BJ-2026-000016-9 expires on —, in 30 days; apply for renewal if you go on importing."
        );
        let mandate = NoticeKind::AgentAppointed;
        let params = Params::from([("scopes".to_owned(), "applications,usage_returns,new".to_owned())]);
        assert!(mandate.render(Lang::Zh, &params).text.contains("申请、使用情况报告、new"));
        assert!(mandate.render(Lang::En, &params).text.contains("applications, usage returns, new"));
        for (name, value, zh, en) in [
            ("role", "bureau.officer", "市局经办", "bureau officer"),
            ("state", "in_force", "有效", "in force"),
            ("outcome", "upheld", "维持原决定", "the refusal stands"),
            ("reason", "risk_found", ReasonCode::RiskFound.name(Lang::Zh), ReasonCode::RiskFound.name(Lang::En)),
            ("reason", "not_finished", "逾期未办结", "it was not finished in time"),
            (
                "reason",
                "发现风险 / a risk came to light",
                "发现风险 / a risk came to light",
                "发现风险 / a risk came to light",
            ),
            ("due_on", "2026-09-02", "2026年9月2日", "2 Sep 2026"),
            ("until", "2026-09-01T16:00:00.000000Z", "2026年9月2日 00:00（北京时间）", "2 Sep 2026 00:00 Beijing time"),
            ("period", "2026-01-01 – 2026-06-30", "2026年1月1日 – 2026年6月30日", "1 Jan 2026 – 30 Jun 2026"),
            ("listing", "BJ-2026-000016-9", "BJ-2026-000016-9", "BJ-2026-000016-9"),
        ] {
            assert_eq!((said(Lang::Zh, name, value).as_str(), said(Lang::En, name, value).as_str()), (zh, en));
        }
        assert_eq!(Addressee::parse(&notice.to.word()), Some(notice.to));
        assert_eq!(Addressee::parse("org"), None);
        assert_eq!(filled("{a}{b", &Params::from([("a".to_owned(), "{c}".to_owned())])), "{c}{b");
        for (value, text) in [
            ("北京某某生物科技公司", "企业北京某某生物科技公司的年报"),
            ("（某）A1", "企业（某）A1 的年报"),
            ("91110302XFXTR0033P", "企业 91110302XFXTR0033P 的年报"),
            ("", "企业 — 的年报"),
        ] {
            assert_eq!(filled("企业 {a} 的年报", &Params::from([("a".to_owned(), value.to_owned())])), text);
        }
        assert_eq!(filled("of {a} today", &Params::from([("a".to_owned(), "某公司".to_owned())])), "of 某公司 today");
    }
}
