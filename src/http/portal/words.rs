//! Codes of closed lists in words, by the list they belong to; and the colour in which a state is shown.

use crate::app::changes::Difference;
use crate::app::neighbours::Neighbour;
use crate::app::report_jobs::ReportState;
use crate::app::review::letters::LetterKind;
use crate::app::review::worklists::Worklist;
use crate::app::texts;
use crate::domain::actor::Role;
use crate::domain::adjustment::ReasonCode;
use crate::domain::application::event::EventKind;
use crate::domain::application::machine::{Verb, Who};
use crate::domain::application::{Kind, State};
use crate::domain::case_clock::PauseReason;
use crate::domain::certificate::FileStanding;
use crate::domain::code::UnitCode;
use crate::domain::erasure;
use crate::domain::finding::{FindingKind, FindingOutcome};
use crate::domain::lang::Lang;
use crate::domain::mandate::Scope;
use crate::domain::opinion::{OpinionGround, Outcome, Resolution, Stance};
use crate::domain::purpose::Purpose;
use crate::domain::reason::Verdict;
use crate::domain::recognition::{AppealState, CorrectionReason, DeclineGround, ItemState, RefusalGround, StepReason};
use crate::domain::rule_change::{RuleChangeState, RuleTable};
use crate::domain::satisfaction::Satisfaction;
use crate::domain::screening::ScreeningList;
use crate::domain::sign::Level;
use crate::domain::usage_return::ReturnStage;
use crate::domain::webhook::{PauseCause, WebhookState};

/// Makes the closed list of families and how each says its words.
macro_rules! families {
    ($lang:ident $code:ident $($family:literal => $words:expr;)+) => {
        fn said($lang: Lang, family: &str, $code: &str) -> Option<&'static str> {
            match family {
                $($family => $words,)+
                _ => None,
            }
        }
    };
}

families! { lang code
    "state" => State::parse(code).map(|it| it.name(lang));
    "kind" => Kind::parse(code).map(|it| it.name(lang));
    "verb" => Verb::parse(code).map(|it| it.name(lang));
    "who" => Who::parse(code).map(|it| it.name(lang));
    "event" => EventKind::parse(code).map(|it| it.name(lang));
    "purpose" => Purpose::parse(code).map(|it| it.name(lang)).ok();
    "unit" => UnitCode::parse(code).map(|it| it.name(lang)).ok();
    "stance" => Stance::parse(code).map(|it| it.name(lang));
    "opinion_ground" => OpinionGround::parse(code).map(|it| it.name(lang));
    "outcome" => Outcome::parse(code).map(|it| it.name(lang));
    "resolution" => Resolution::parse(code).map(|it| it.name(lang));
    "item_state" => ItemState::parse(code).map(|it| it.name(lang));
    "appeal_state" => AppealState::parse(code).map(|it| it.name(lang));
    "refusal_ground" => RefusalGround::parse(code).map(|it| it.name(lang));
    "decline_ground" => DeclineGround::parse(code).map(|it| it.name(lang));
    "correction_reason" => CorrectionReason::parse(code).map(|it| it.name(lang));
    "step_reason" => StepReason::parse(code).map(|it| it.name(lang));
    "pause_reason" => PauseReason::parse(code).map(|it| it.name(lang));
    "reason" => ReasonCode::parse(code).map(|it| it.name(lang));
    "worklist" => Worklist::parse(code).map(|it| it.name(lang));
    "letter" => LetterKind::parse(code).map(|it| it.name(lang));
    "return_stage" => ReturnStage::parse(code).map(|it| it.name(lang)).ok();
    "file_standing" => FileStanding::parse(code).map(|it| it.name(lang)).ok();
    "finding" => FindingKind::parse(code).map(|it| it.name(lang)).ok();
    "finding_outcome" => FindingOutcome::parse(code).map(|it| it.name(lang)).ok();
    "difference" => Difference::parse(code).map(|it| it.name(lang)).ok();
    "declaration" => declaration(lang, code);
    "movement" => movement(lang, code);
    "listing" => listing(lang, code);
    "verdict" => Verdict::ALL.into_iter().find(|it| it.as_str() == code).map(|it| verdict(lang, it));
    "change" => change(lang, code);
    "adjustment" => adjustment(lang, code);
    "stop" => stop(lang, code);
    "manual_release" => manual_release(lang, code);
    "batch" => batch(lang, code);
    "enterprise" => enterprise(lang, code);
    "scan" => scan(lang, code);
    "scope" => Scope::parse(code).map(|it| it.name(lang));
    "satisfaction" => Satisfaction::parse(code).map(|it| it.name(lang)).ok();
    "mandate" => pair(lang, code, &[("ended", "已结束", "Ended"), ("dismissed", "已结束", "Dismissed"), ("future", "未开始", "Not begun")]);
    "stopped" => stopped(lang, code);
    "screening" => ScreeningList::parse(code).map(|it| it.name(lang)).ok();
    "rule_table" => RuleTable::parse(code).map(|it| it.name(lang)).ok();
    "rule_change" => RuleChangeState::parse(code).map(|it| it.name(lang)).ok();
    "erasure_ground" => erasure::Ground::parse(code).map(|it| it.name(lang)).ok();
    "report_state" => ReportState::parse(code).map(|it| it.name(lang)).ok();
    "export" => pair(lang, code, &EXPORTS);
    "text_purpose" => texts::Purpose::parse(code).map(|it| it.name(lang)).ok();
    "role" => Role::parse(code).map(|it| super::frame::role(lang, it));
    "organisation" => pair(lang, code, &ORGANISATIONS);
    "health" => Level::parse(code).map(|it| it.name(lang)).ok();
    "sign" => pair(lang, code, &SIGNS);
    "neighbour" => Neighbour::parse(code).map(|it| it.name(lang)).ok();
    "broadcast" => pair(lang, code, &[("published", "已发布", "Published"), ("retracted", "已撤回", "Retracted")]);
    "reconciliation" => pair(lang, code, &[("compared", "待确认", "Waits for confirmation"), ("confirmed", "已确认", "Confirmed")]);
    "grant" => grant(lang, code);
    "override" => overriding(lang, code);
    "release_correction" => pair(lang, code, &CORRECTIONS);
    "draw_verb" => draw_verb(lang, code);
    "clock" => clock(lang, code);
    "webhook" => WebhookState::parse(code).map(|it| it.name(lang)).ok();
    "webhook_cause" => PauseCause::parse(code).map(|it| it.name(lang)).ok();
    "language" => match code { "zh" => Some("中文"), "en" => Some("English"), _ => None };
    "truth" => match code { "true" => Some(lang.pick("是", "yes")), "false" => Some(lang.pick("否", "no")), _ => None };
}

/// What operators look at.
const SIGNS: [(&str, &str, &str); 14] = [
    ("head", "名单", "The list"),
    ("changes", "变更受理", "Changes"),
    ("log", "审计日志", "The log"),
    ("rebuild", "重建演练", "Drill of rebuilding"),
    ("answers", "答复复核", "Answers judged again"),
    ("records", "留存", "Records"),
    ("calendar", "工作日历", "Working days"),
    ("waiting", "久候业务", "What waits"),
    ("letters", "邮件", "Letters"),
    ("backup", "备份", "Backup"),
    ("scanner", "病毒扫描", "Virus scanner"),
    ("nodes", "节点", "Nodes"),
    ("webhooks", "推送", "Webhooks"),
    ("neighbours", "外部服务", "Services of others"),
];

/// Says a code of a family; one that is not known is shown as it is.
#[must_use]
pub fn word(lang: Lang, family: &str, code: &str) -> String {
    said(lang, family, code).unwrap_or(code).to_owned()
}

/// Says a code of a family as it begins a line or stands by itself: with a capital letter where the language has them.
#[must_use]
pub fn label(lang: Lang, family: &str, code: &str) -> String {
    let Some(said) = said(lang, family, code) else { return code.to_owned() };
    let mut letters = said.chars();
    letters.next().map_or_else(String::new, |first| first.to_uppercase().chain(letters).collect())
}

/// Says a verdict as a customs officer reads it.
#[must_use]
pub fn verdict(lang: Lang, verdict: Verdict) -> &'static str {
    match verdict {
        Verdict::Allowed => lang.pick("放行", "Allowed"),
        Verdict::Denied => lang.pick("不放行", "Denied"),
        Verdict::NotApplicable => lang.pick("不适用", "Not applicable"),
        Verdict::ManualCheck => lang.pick("人工核查", "Check by hand"),
    }
}

fn pair(lang: Lang, code: &str, words: &[(&str, &'static str, &'static str)]) -> Option<&'static str> {
    words.iter().find(|(known, ..)| *known == code).map(|(_, zh, en)| lang.pick(*zh, *en))
}

fn listing(lang: Lang, code: &str) -> Option<&'static str> {
    let words = [
        ("future", "未生效", "Not yet in force"),
        ("in_force", "有效", "In force"),
        ("suspended", "暂停", "Suspended"),
        ("expired", "已到期", "Expired"),
        ("removed", "已移出", "Removed"),
    ];
    pair(lang, code, &words)
}

fn stopped(lang: Lang, code: &str) -> Option<&'static str> {
    let words = [
        ("listing", "名单", "Listing"),
        ("enterprise", "企业", "Enterprise"),
        ("cas", "CAS 号", "CAS number"),
        ("hs_prefix", "商品编码开头", "HS code beginning"),
        ("purpose", "用途", "Purpose"),
    ];
    pair(lang, code, &words)
}

const OVERRIDES: [(&str, &str, &str); 5] = [
    ("service_unavailable", "系统无法核验", "The service could not be reached"),
    ("list_in_error", "名单有误，正在更正", "The list is wrong and being put right"),
    ("urgent_goods", "货物不能等待", "The goods would spoil"),
    ("superior_order", "上级决定", "Ordered from above"),
    ("other", "其他（见依据）", "Other, as the basis says"),
];

fn overriding(lang: Lang, code: &str) -> Option<&'static str> {
    pair(lang, code, &OVERRIDES)
}

/// Why what was released is put right.
const CORRECTIONS: [(&str, &str, &str); 5] = [
    ("weighing", "重新计量", "Weighed or counted anew"),
    ("clerical_error", "笔误", "Slip of the pen"),
    ("partial_loss", "途中灭失或损毁", "Lost or destroyed on the way"),
    ("returned", "退运", "Sent back abroad"),
    ("other", "其他（写明依据）", "Other, as the basis says"),
];

/// What exports are called, by their operations.
const EXPORTS: [(&str, &str, &str); 16] = [
    ("export_listings_xlsx", "白名单（Excel）", "White list (Excel)"),
    ("export_listings_csv", "白名单（CSV）", "White list (CSV)"),
    ("export_listing_changes_csv", "名单变化（CSV）", "List changes (CSV)"),
    ("export_listing_changes_xlsx", "名单变化（Excel）", "List changes (Excel)"),
    ("export_manual_releases", "人工放行（CSV）", "Manual releases (CSV)"),
    ("export_figures_csv", "统计（CSV）", "Figures (CSV)"),
    ("export_figures_xlsx", "统计（Excel）", "Figures (Excel)"),
    ("export_figure_rows_csv", "统计明细（CSV）", "What a figure counts (CSV)"),
    ("export_figure_rows_xlsx", "统计明细（Excel）", "What a figure counts (Excel)"),
    ("export_reconciliation_csv", "对账明细（CSV）", "Details of a reconciliation (CSV)"),
    ("export_reconciliation_xlsx", "对账明细（Excel）", "Details of a reconciliation (Excel)"),
    ("export_border_report_csv", "口岸看板（CSV）", "Border dashboard (CSV)"),
    ("export_border_report_xlsx", "口岸看板（Excel）", "Border dashboard (Excel)"),
    ("export_satisfaction_csv", "满意度（CSV）", "Satisfaction (CSV)"),
    ("export_satisfaction_xlsx", "满意度（Excel）", "Satisfaction (Excel)"),
    ("export_log", "全部日志", "The whole log"),
];

const ORGANISATIONS: [(&str, &str, &str); 6] = [
    ("bureau", "商务主管部门", "Bureau"),
    ("agency", "会审单位", "Agency"),
    ("district", "区级部门", "District"),
    ("customs", "海关", "Customs"),
    ("audit", "审计", "Audit"),
    ("operations", "运维", "Operations"),
];

fn grant(lang: Lang, code: &str) -> Option<&'static str> {
    let words = [
        ("proposed", "待确认", "Waits for confirmation"),
        ("in_force", "有效", "In force"),
        ("refused", "未同意", "Refused"),
        ("ended", "已收回", "Ended"),
    ];
    pair(lang, code, &words)
}

fn draw_verb(lang: Lang, code: &str) -> Option<&'static str> {
    let words = [
        ("put", "核注", "Reserved"),
        ("reserve", "核注", "Reserved"),
        ("release", "核销", "Released"),
        ("cancel", "撤销", "Cancelled"),
        ("correct", "更正", "Corrected"),
        ("lapse", "系统返还", "Given back by the service"),
        ("reconcile", "对账更正", "Put right by reconciliation"),
        ("manual_release", "人工放行", "Released by hand"),
        ("manual-release", "人工放行", "Released by hand"),
    ];
    pair(lang, code, &words)
}

fn clock(lang: Lang, code: &str) -> Option<&'static str> {
    let words = [
        ("correction_notice_days", "一次性告知补正", "Asking for corrections"),
        ("district_review_days", "区级审查", "Review by the district"),
        ("opinion_days", "会审", "Joint review"),
        ("recognition_days", "认定", "Recognition"),
        ("extension_days", "延长", "Extension"),
    ];
    pair(lang, code, &words)
}

fn scan(lang: Lang, code: &str) -> Option<&'static str> {
    let words = [
        ("waiting", "待查毒", "Waits for the virus check"),
        ("clean", "未发现病毒", "Clean"),
        ("infected", "发现病毒", "Infected"),
        ("unscanned", "未查毒", "Not checked"),
        ("failed", "查毒未成", "Could not be checked"),
        ("not_scanned", "未查毒", "Not checked"),
    ];
    pair(lang, code, &words)
}

fn declaration(lang: Lang, code: &str) -> Option<&'static str> {
    let words = [
        ("reserved", "已核注", "Reserved"),
        ("released", "已核销", "Released"),
        ("cancelled", "已撤销", "Cancelled"),
        ("lapsed", "已返还", "Lapsed"),
    ];
    pair(lang, code, &words)
}

fn movement(lang: Lang, code: &str) -> Option<&'static str> {
    let words = [
        ("granted", "批准", "Granted"),
        ("reserved", "核注", "Reserved"),
        ("confirmed", "核销", "Released"),
        ("given_back", "返还", "Given back"),
        ("corrected", "更正", "Corrected"),
    ];
    pair(lang, code, &words)
}

fn change(lang: Lang, code: &str) -> Option<&'static str> {
    let words = [
        ("register_enterprise", "登记企业", "Register enterprise"),
        ("add", "列入名单", "Add"),
        ("vary", "变更", "Vary"),
        ("extend", "延期", "Extend"),
        ("suspend", "暂停", "Suspend"),
        ("reinstate", "恢复", "Reinstate"),
        ("remove", "移出", "Remove"),
        ("suspend_enterprise", "暂停企业", "Suspend enterprise"),
        ("reinstate_enterprise", "恢复企业", "Reinstate enterprise"),
        ("bar_enterprise", "限制申请", "Bar enterprise"),
        ("lift_bar", "解除限制", "Lift bar"),
        ("stop_item_class", "停用一类物品", "Stop item class"),
        ("lift_stop", "解除停用", "Lift stop"),
    ];
    pair(lang, code, &words)
}

fn adjustment(lang: Lang, code: &str) -> Option<&'static str> {
    let words = [
        ("proposed", "待确认", "Waits for confirmation"),
        ("confirmed", "已确认", "Confirmed"),
        ("rejected", "已退回", "Rejected"),
        ("withdrawn", "已撤回", "Withdrawn"),
        ("lapsed", "已失效", "Lapsed"),
    ];
    pair(lang, code, &words)
}

fn stop(lang: Lang, code: &str) -> Option<&'static str> {
    let words = [
        ("emergency", "紧急停用（待第二人确认）", "Emergency, waits for a second person"),
        ("confirmed", "已确认", "Confirmed"),
        ("lifted", "已解除", "Lifted"),
        ("lapsed", "已失效", "Lapsed"),
    ];
    pair(lang, code, &words)
}

fn manual_release(lang: Lang, code: &str) -> Option<&'static str> {
    let words = [
        ("unreviewed", "待审核", "Waits for review"),
        ("accepted", "已认可", "Accepted"),
        ("objected", "有异议", "Objected to"),
    ];
    pair(lang, code, &words)
}

fn batch(lang: Lang, code: &str) -> Option<&'static str> {
    let words = [
        ("collecting", "整理中", "Being collected"),
        ("published", "已公布", "Published"),
        ("discarded", "已废弃", "Discarded"),
    ];
    pair(lang, code, &words)
}

fn enterprise(lang: Lang, code: &str) -> Option<&'static str> {
    let words = [
        ("registered", "正常", "Registered"),
        ("active", "正常", "Registered"),
        ("suspended", "暂停", "Suspended"),
        ("barred", "限制申请", "Barred"),
    ];
    pair(lang, code, &words)
}

/// Names the colour of a state: what is well, what waits, what is wrong, what is over.
#[must_use]
pub fn tone(state: &str) -> &'static str {
    match state {
        "in_force" | "allowed" | "confirmed" | "published" | "recognised" | "released" | "agree" | "agreed"
        | "accepted" | "done" | "clean" | "active" | "registered" | "stands" => "good",
        "suspended"
        | "asked"
        | "manual_check"
        | "emergency"
        | "agree_with_conditions"
        | "conditional"
        | "unreviewed"
        | "reserved"
        | "ask"
        | "questioned"
        | "waiting"
        | "superseded"
        | "held_back"
        | "proposed_recognition" => "warn",
        "denied" | "removed" | "revoked" | "refused" | "declined" | "object" | "objected" | "conflicting"
        | "barred" | "infected" | "rejected" | "proposed_refusal" | "overdue" => "bad",
        "proposed" | "evaluating" | "collecting" => "second",
        "lodged" | "deciding" | "decided" | "in_opinion" | "future" => "open",
        _ => "over",
    }
}

/// Lists the codes of a family with their words, for a field that offers them; none for a family that is not offered.
#[must_use]
pub fn choices(lang: Lang, family: &str) -> Vec<(String, String)> {
    let offer = |codes: Vec<&'static str>| -> Vec<(String, String)> {
        codes.into_iter().map(|code| (code.to_owned(), label(lang, family, code))).collect()
    };
    match family {
        "reason" => offer(ReasonCode::ALL.iter().map(|it| it.as_str()).collect()),
        "decline_ground" => offer(DeclineGround::ALL.iter().map(|it| it.as_str()).collect()),
        "correction_reason" => offer(CorrectionReason::ALL.iter().map(|it| it.as_str()).collect()),
        "step_reason" => offer(StepReason::ALL.iter().map(|it| it.as_str()).collect()),
        "pause_reason" => offer(PauseReason::ALL.iter().map(|it| it.as_str()).collect()),
        "refusal_ground" => offer(RefusalGround::ALL.iter().map(|it| it.as_str()).collect()),
        "opinion_ground" => offer(OpinionGround::ALL.iter().map(|it| it.as_str()).collect()),
        "resolution" => offer(Resolution::ALL.iter().map(|it| it.as_str()).collect()),
        "stance" => offer(Stance::ALL.iter().map(|it| it.as_str()).collect()),
        "release_correction" => offer(CORRECTIONS.iter().map(|(code, ..)| *code).collect()),
        "override" => offer(OVERRIDES.iter().map(|(code, ..)| *code).collect()),
        "state" => offer(State::ALL.iter().map(|it| it.as_str()).collect()),
        "finding_outcome" => offer(FindingOutcome::ALL.iter().map(|it| it.as_str()).collect()),
        "satisfaction" => offer(Satisfaction::ALL.iter().map(|it| it.as_str()).collect()),
        "screening" => offer(ScreeningList::ALL.iter().map(|it| it.as_str()).collect()),
        "erasure_ground" => offer(erasure::Ground::ALL.iter().map(|it| it.as_str()).collect()),
        "text_purpose" => offer(texts::Purpose::ALL.iter().map(|it| it.as_str()).collect()),
        "role" => offer(Role::ALL.iter().map(|it| it.as_str()).collect()),
        "organisation" => offer(ORGANISATIONS.iter().map(|(code, ..)| *code).collect()),
        "language" => offer(vec!["zh", "en"]),
        "purpose" => offer(Purpose::ALL.iter().map(|it| it.as_str()).collect()),
        "unit" => UnitCode::all().map(|it| (it.to_string(), format!("{} ({it})", it.name(lang)))).collect(),
        "finding" => offer(FindingKind::ALL.iter().map(|it| it.as_str()).collect()),
        _ => Vec::new(),
    }
}
