//! One page for every act that changes the state of a thing: what it does, what it needs, and a button that names it.
//!
//! The table below says which endpoint an act is and what people fill in for it; the endpoint decides. A page that was
//! opened before somebody else acted says what happened meanwhile.

use super::fields::{Choice, Field, FormView};
use super::form::Form;
use super::frame::Frame;
use super::gateway::Asked;
use super::json::Json;
use super::table::{APPLICANT, BUREAU, ENTERPRISE, OFFICER, WORKERS};
use super::visit::{Answer, Failure, Visit, see_other};
use super::words::choices;
use crate::domain::actor::{Role, RoleSet};
use crate::http::problem::ProblemType;
use actix_web::http::Method;
use askama::Template;
use serde_json::{Value, json};

/// A text in both languages.
type Both = (&'static str, &'static str);

/// What is filled in for an act.
struct Needed {
    name: &'static str,
    label: Both,
    hint: Both,
    kind: Kind,
}

/// How it is filled in.
enum Kind {
    /// Several lines that must be there.
    Area,
    /// Several lines that may be there.
    Note,
    /// A line that may be there.
    Line,
    /// A legal day.
    Day,
    /// A word of a family.
    Word(&'static str),
}

/// An act.
struct Act {
    slug: &'static str,
    roles: RoleSet,
    /// Where the thing is read, for its entity tag.
    read: &'static str,
    /// The endpoint.
    target: &'static str,
    /// Members that the act itself fixes; `{id}` and `{scheme}` are the thing's.
    fixed: &'static [(&'static str, &'static str)],
    needed: &'static [Needed],
    title: Both,
    says: Both,
    button: Both,
    /// Where it leads back to.
    back: &'static str,
    /// Where it leads afterwards, if not back.
    after: &'static str,
    done: &'static str,
    grave: bool,
}

const NONE: Both = ("", "");
const NOTE: Needed = Needed { name: "/note", label: ("说明", "Note"), hint: NONE, kind: Kind::Note };
const WHY: Needed = Needed {
    name: "/note",
    label: ("理由", "Why"),
    hint: ("会写入案件记录", "It goes on the record of the case"),
    kind: Kind::Area,
};
const STEP_REASON: Needed =
    Needed { name: "/reason", label: ("原因", "Reason"), hint: NONE, kind: Kind::Word("step_reason") };
const EFFECTIVE: Needed = Needed {
    name: "/changes/0/effective_on",
    label: ("生效日", "Effective on"),
    hint: ("不填为确认当日", "Empty: the day of confirmation"),
    kind: Kind::Day,
};
const REASON: Needed =
    Needed { name: "/changes/0/reason/code", label: ("原因", "Reason"), hint: NONE, kind: Kind::Word("reason") };
const BASIS: Needed = Needed {
    name: "/changes/0/reason/basis",
    label: ("依据", "Basis"),
    hint: ("条文、文号或事实；“其他”必填", "Article, document or fact; needed with \"other\""),
    kind: Kind::Line,
};
const LISTING: &str = "/v1/listings/{id}";
const ADJUST: &str = "/v1/adjustments";
const CASE: &str = "/v1/applications/{id}";
const CASE_PAGE: &str = "/cases/{id}";
const DISTRICT: RoleSet = RoleSet::of(&[Role::DistrictOfficer]);
const APPROVER: RoleSet = RoleSet::of(&[Role::BureauApprover]);
const ASKERS: RoleSet = RoleSet::of(&[Role::DistrictOfficer, Role::AgencyReviewer, Role::BureauOfficer]);
const INTAKE: RoleSet = RoleSet::of(&[Role::DistrictOfficer, Role::BureauOfficer]);

/// What is alike in the acts on a case.
const STEP: Act = Act {
    slug: "",
    roles: WORKERS,
    read: CASE,
    target: "",
    fixed: &[],
    needed: &[NOTE],
    title: NONE,
    says: NONE,
    button: NONE,
    back: CASE_PAGE,
    after: "",
    done: "done",
    grave: false,
};

/// What is alike in the acts on a listing: each is proposed here and confirmed by another person.
const PROPOSED: Act = Act {
    roles: OFFICER,
    read: LISTING,
    target: ADJUST,
    needed: &[REASON, BASIS, EFFECTIVE],
    back: "/listings/{id}",
    done: "proposed",
    ..STEP
};

/// Every act.
const ACTS: &[Act] = &[
    Act {
        slug: "discard",
        roles: ENTERPRISE,
        target: "/v1/applications/{id}/discard",
        needed: &[],
        title: ("删除草稿", "Delete the draft"),
        says: (
            "草稿及其填写的内容将被删除，不能恢复；已上传的材料不再可用。",
            "The draft and what was filled in are deleted for good.",
        ),
        button: ("删除", "Delete"),
        back: "/applications/{id}",
        after: "/applications",
        done: "discarded",
        grave: true,
        ..STEP
    },
    Act {
        slug: "withdraw",
        roles: ENTERPRISE,
        target: "/v1/applications/{id}/withdraw",
        needed: &[Needed { name: "/reason", label: ("原因", "Reason"), hint: NONE, kind: Kind::Note }],
        title: ("撤回申请", "Withdraw the application"),
        says: (
            "案件停止办理；在试点规定的天数内可以恢复。",
            "The case stops; within the days of the scheme it can be taken up again.",
        ),
        button: ("撤回", "Withdraw"),
        done: "withdrawn",
        grave: true,
        ..STEP
    },
    Act {
        slug: "retract",
        roles: ENTERPRISE,
        target: "/v1/applications/{id}/retract",
        needed: &[],
        title: ("恢复已撤回的申请", "Take the withdrawal back"),
        says: ("案件回到撤回前的阶段继续办理。", "The case goes on where it stood."),
        button: ("恢复", "Take it back"),
        ..STEP
    },
    Act {
        slug: "appeal",
        roles: ENTERPRISE,
        target: "/v1/applications/{id}/appeals",
        needed: &[
            Needed {
                name: "/lines:ints",
                label: ("对哪几项申诉", "Against which items"),
                hint: ("行号，以逗号分隔", "Line numbers parted by commas"),
                kind: Kind::Line,
            },
            Needed { name: "/grounds", label: ("申诉理由", "Grounds"), hint: NONE, kind: Kind::Area },
        ],
        title: ("申诉", "Appeal"),
        says: (
            "对不予认定的物品提出申诉，由未参与原决定的人员审议。",
            "Somebody who had no part in the refusal judges it.",
        ),
        button: ("提出申诉", "Appeal"),
        ..STEP
    },
    Act {
        slug: "accept",
        roles: DISTRICT,
        target: "/v1/applications/{id}/accept",
        needed: &[],
        title: ("受理", "Accept"),
        says: (
            "材料齐全、符合形式；受理后开始计算审查期限。",
            "Everything is there and in form; the time of review runs from now.",
        ),
        button: ("受理", "Accept"),
        ..STEP
    },
    Act {
        slug: "ask",
        roles: ASKERS,
        target: "/v1/applications/{id}/ask",
        needed: &[
            Needed {
                name: "/findings/0/pointer",
                label: ("哪一处", "Where"),
                hint: (
                    "内容中的位置，如 /items/0/quantity，或材料编号",
                    "Place in the content, such as /items/0/quantity, or the id of a document",
                ),
                kind: Kind::Line,
            },
            Needed {
                name: "/findings/0/reason",
                label: ("原因", "Reason"),
                hint: NONE,
                kind: Kind::Word("correction_reason"),
            },
            Needed { name: "/findings/0/note", label: ("怎样补正", "What to do"), hint: NONE, kind: Kind::Note },
            Needed {
                name: "/findings/1/pointer",
                label: ("第二处", "A second place"),
                hint: ("没有则留空", "Leave empty if there is none"),
                kind: Kind::Line,
            },
            Needed {
                name: "/findings/1/reason",
                label: ("第二处的原因", "Its reason"),
                hint: NONE,
                kind: Kind::Word("correction_reason"),
            },
            Needed {
                name: "/findings/1/note",
                label: ("第二处怎样补正", "What to do there"),
                hint: NONE,
                kind: Kind::Note,
            },
            NOTE,
        ],
        title: ("要求补正", "Ask for corrections"),
        says: (
            "应一次告知全部需要补正的内容（《行政许可法》第三十二条）；期间暂停计时。",
            "Everything is to be asked at once (Administrative Licensing Law, article 32); the clock stands meanwhile.",
        ),
        button: ("发出补正通知", "Send the notice"),
        ..STEP
    },
    Act {
        slug: "decline",
        roles: DISTRICT,
        target: "/v1/applications/{id}/decline",
        needed: &[
            Needed { name: "/ground", label: ("依据", "Ground"), hint: NONE, kind: Kind::Word("decline_ground") },
            NOTE,
        ],
        title: ("不予受理", "Decline"),
        says: ("案件终止，企业收到载明理由的通知。", "The case ends, and the enterprise is told why."),
        button: ("不予受理", "Decline"),
        grave: true,
        ..STEP
    },
    Act {
        slug: "let-in",
        roles: OFFICER,
        target: "/v1/applications/{id}/evaluate",
        fixed: &[("/let_in:bool", "true")],
        title: ("准予参加", "Let in"),
        says: (
            "核心区域以外的企业经评估准予参加，案件进入会审。",
            "An applicant from outside the core area is let in; the case goes to the agencies.",
        ),
        button: ("准予参加", "Let in"),
        ..STEP
    },
    Act {
        slug: "keep-out",
        roles: OFFICER,
        target: "/v1/applications/{id}/evaluate",
        fixed: &[("/let_in:bool", "false")],
        needed: &[
            Needed { name: "/ground", label: ("依据", "Ground"), hint: NONE, kind: Kind::Word("decline_ground") },
            NOTE,
        ],
        title: ("不予参加", "Keep out"),
        says: ("案件终止，企业收到载明理由的通知。", "The case ends, and the enterprise is told why."),
        button: ("不予参加", "Keep out"),
        grave: true,
        ..STEP
    },
    Act {
        slug: "recommend",
        roles: DISTRICT,
        target: "/v1/applications/{id}/recommend",
        fixed: &[("/recommended:bool", "true")],
        title: ("推荐", "Recommend"),
        says: ("案件进入会审，各会审单位收到通知。", "The case goes to the agencies, which are told."),
        button: ("推荐", "Recommend"),
        ..STEP
    },
    Act {
        slug: "recommend-against",
        roles: DISTRICT,
        target: "/v1/applications/{id}/recommend",
        fixed: &[("/recommended:bool", "false")],
        needed: &[
            Needed {
                name: "/grounds:list",
                label: ("理由代码", "Grounds"),
                hint: ("不予认定理由的代码，以逗号分隔", "Codes of grounds parted by commas"),
                kind: Kind::Line,
            },
            NOTE,
        ],
        title: ("不予推荐", "Recommend against"),
        says: ("案件带着不推荐的理由进入会审。", "The case goes to the agencies with these grounds."),
        button: ("不予推荐", "Recommend against"),
        grave: true,
        ..STEP
    },
    Act {
        slug: "consolidate",
        roles: OFFICER,
        target: "/v1/applications/{id}/consolidate",
        title: ("汇总意见", "Consolidate"),
        says: (
            "结束会审，意见汇总后进入拟定决定；未答复的单位按试点规则处理。",
            "The round of opinions closes; agencies that kept silent are treated as the scheme says.",
        ),
        button: ("汇总", "Consolidate"),
        ..STEP
    },
    Act {
        slug: "resolve",
        roles: OFFICER,
        target: "/v1/applications/{id}/resolve",
        needed: &[
            Needed { name: "/items/0/line:int", label: ("行号", "Line"), hint: NONE, kind: Kind::Line },
            Needed {
                name: "/items/0/resolution",
                label: ("处理方式", "How"),
                hint: NONE,
                kind: Kind::Word("resolution"),
            },
            Needed { name: "/items/0/note", label: ("说明", "Note"), hint: NONE, kind: Kind::Area },
        ],
        title: ("处理分歧", "Resolve opinions"),
        says: (
            "记录分歧或缺席的意见是怎样处理的。",
            "Puts on record how conflicting or missing opinions were resolved.",
        ),
        button: ("记录", "Put on record"),
        ..STEP
    },
    Act {
        slug: "return",
        roles: OFFICER,
        target: "/v1/applications/{id}/return",
        needed: &[STEP_REASON, WHY],
        title: ("退回会审", "Return to the agencies"),
        says: ("各会审单位须重新出具意见。", "The agencies have to give their opinions again."),
        button: ("退回", "Return"),
        ..STEP
    },
    Act {
        slug: "decide",
        roles: APPROVER,
        target: "/v1/applications/{id}/decide",
        title: ("按拟定作出决定", "Decide as proposed"),
        says: (
            "逐项决定即为正式决定，随后可编入批次公布；不能由拟定人本人作出。",
            "The decisions become final item by item and can be published; whoever proposed them cannot decide.",
        ),
        button: ("作出决定", "Decide"),
        ..STEP
    },
    Act {
        slug: "send-back",
        roles: APPROVER,
        target: "/v1/applications/{id}/send-back",
        needed: &[STEP_REASON, WHY],
        title: ("退回拟定", "Send the proposal back"),
        says: ("经办人须重新拟定。", "The officer has to propose again."),
        button: ("退回", "Send back"),
        ..STEP
    },
    Act {
        slug: "pause",
        roles: INTAKE,
        target: "/v1/applications/{id}/pause",
        needed: &[
            Needed { name: "/reason", label: ("原因", "Reason"), hint: NONE, kind: Kind::Word("pause_reason") },
            NOTE,
        ],
        title: ("暂停计时", "Stop the clock"),
        says: ("专家评审、听证等时间不计入期限。", "Expert review, hearings and the like do not count."),
        button: ("暂停计时", "Stop the clock"),
        ..STEP
    },
    Act {
        slug: "resume",
        roles: INTAKE,
        target: "/v1/applications/{id}/resume",
        title: ("恢复计时", "Start the clock again"),
        says: ("期限继续计算。", "The time runs on."),
        button: ("恢复计时", "Start it"),
        ..STEP
    },
    Act {
        slug: "extend",
        roles: INTAKE,
        target: "/v1/applications/{id}/extend",
        needed: &[WHY],
        title: ("延长期限", "Give more time"),
        says: ("按试点规定的天数延长一次，企业收到通知。", "Once, by the days of the scheme; the enterprise is told."),
        button: ("延长", "Extend"),
        ..STEP
    },
    Act {
        slug: "note",
        roles: WORKERS,
        target: "/v1/applications/{id}/notes",
        needed: &[Needed {
            name: "/note",
            label: ("备注", "Note"),
            hint: ("默认只有经办单位可见", "Seen by the offices only"),
            kind: Kind::Area,
        }],
        fixed: &[("/visible_to_applicant:bool", "false")],
        title: ("添加备注", "Write a note"),
        says: ("写入案件时间线。", "It goes on the timeline of the case."),
        button: ("添加", "Write"),
        ..STEP
    },
    Act {
        slug: "suspend-listing",
        fixed: &[("/scheme", "{scheme}"), ("/changes/0/kind", "suspend"), ("/changes/0/listing", "{id}")],
        title: ("暂停名单", "Suspend the listing"),
        says: (
            "确认后核验一律不放行，直到恢复；已有核注按试点规则处理。须由另一人确认。",
            "Once another person confirms it, look-ups are denied until it is reinstated; open reservations are treated as the scheme says.",
        ),
        button: ("提交暂停", "Propose it"),
        grave: true,
        ..PROPOSED
    },
    Act {
        slug: "reinstate-listing",
        fixed: &[("/scheme", "{scheme}"), ("/changes/0/kind", "reinstate"), ("/changes/0/listing", "{id}")],
        title: ("恢复名单", "Reinstate the listing"),
        says: ("确认后核验重新放行。须由另一人确认。", "Once another person confirms it, look-ups are allowed again."),
        button: ("提交恢复", "Propose it"),
        ..PROPOSED
    },
    Act {
        slug: "remove-listing",
        fixed: &[("/scheme", "{scheme}"), ("/changes/0/kind", "remove"), ("/changes/0/listing", "{id}")],
        title: ("移出名单", "Remove the listing"),
        says: (
            "确认后不再放行，不能恢复，只能重新列入；已有核注按试点规则处理。须由另一人确认。",
            "Once another person confirms it, it is off the list for good and can only be listed anew.",
        ),
        button: ("提交移出", "Propose it"),
        grave: true,
        ..PROPOSED
    },
    Act {
        slug: "extend-listing",
        fixed: &[("/scheme", "{scheme}"), ("/changes/0/kind", "extend"), ("/changes/0/listing", "{id}")],
        needed: &[
            Needed {
                name: "/changes/0/valid_to",
                label: ("新的有效期至", "New last day"),
                hint: NONE,
                kind: Kind::Day,
            },
            REASON,
            BASIS,
        ],
        title: ("延期", "Extend the listing"),
        says: (
            "只延长有效期，数量不变。须由另一人确认。",
            "Only the period grows, not the quantity. Another person confirms it.",
        ),
        button: ("提交延期", "Propose it"),
        ..PROPOSED
    },
    Act {
        slug: "stop-listing",
        roles: BUREAU,
        read: LISTING,
        target: "/v1/stops",
        fixed: &[("/scheme", "{scheme}"), ("/class/kind", "listing"), ("/class/value", "{id}")],
        needed: &[
            Needed { name: "/reason/code", label: ("原因", "Reason"), hint: NONE, kind: Kind::Word("reason") },
            Needed { name: "/reason/basis", label: ("依据", "Basis"), hint: NONE, kind: Kind::Line },
        ],
        title: ("紧急停用", "Emergency stop"),
        says: (
            "立即生效：口岸核验马上不放行。须由另一人在规定时限内确认，否则自动失效。",
            "At once: look-ups are denied from this moment. Another person has to confirm it in time, or it lapses.",
        ),
        button: ("立即停用", "Stop it now"),
        back: "/listings/{id}",
        done: "stopped",
        grave: true,
        ..STEP
    },
    Act {
        slug: "confirm-adjustment",
        roles: APPROVER,
        read: "/v1/adjustments/{id}",
        target: "/v1/adjustments/{id}/confirm",
        needed: &[],
        title: ("确认调整", "Confirm the adjustment"),
        says: (
            "确认后写入名单与日志，即时生效于核验；不能确认自己提交的调整。",
            "It goes on the list and the log, and look-ups follow at once; nobody confirms what they proposed.",
        ),
        button: ("确认", "Confirm"),
        back: "/adjustments/{id}",
        done: "confirmed",
        ..STEP
    },
    Act {
        slug: "reject-adjustment",
        roles: APPROVER,
        read: "/v1/adjustments/{id}",
        target: "/v1/adjustments/{id}/reject",
        needed: &[
            Needed { name: "/reason/code", label: ("原因", "Reason"), hint: NONE, kind: Kind::Word("reason") },
            Needed { name: "/reason/basis", label: ("依据", "Basis"), hint: NONE, kind: Kind::Line },
        ],
        title: ("退回调整", "Reject the adjustment"),
        says: ("名单不变，提交人收到通知。", "The list stays as it is, and the proposer is told."),
        button: ("退回", "Reject"),
        back: "/adjustments/{id}",
        done: "rejected",
        grave: true,
        ..STEP
    },
    Act {
        slug: "withdraw-adjustment",
        roles: OFFICER,
        read: "/v1/adjustments/{id}",
        target: "/v1/adjustments/{id}/withdraw",
        needed: &[],
        title: ("撤回调整", "Withdraw the adjustment"),
        says: ("名单不变。", "The list stays as it is."),
        button: ("撤回", "Withdraw"),
        back: "/adjustments/{id}",
        done: "withdrawn",
        ..STEP
    },
    Act {
        slug: "publish-batch",
        roles: APPROVER,
        read: "/v1/batches/{id}",
        target: "/v1/batches/{id}/publish",
        needed: &[
            Needed {
                name: "/notice_number",
                label: ("公告文号", "Number of the notice"),
                hint: ("如 2026-12", "Such as 2026-12"),
                kind: Kind::Line,
            },
            Needed { name: "/effective_on", label: ("生效日", "Effective on"), hint: NONE, kind: Kind::Day },
        ],
        title: ("公布批次", "Publish the batch"),
        says: (
            "批次中的物品列入名单，公告可供公众查阅；不能由整理人本人公布。",
            "Its items go on the list and the notice is public; whoever collected it cannot publish it.",
        ),
        button: ("公布", "Publish"),
        back: "/batches/{id}",
        done: "published",
        ..STEP
    },
    Act {
        slug: "discard-batch",
        roles: BUREAU,
        read: "/v1/batches/{id}",
        target: "/v1/batches/{id}/discard",
        needed: &[],
        title: ("废弃批次", "Discard the batch"),
        says: ("其中的物品可重新编入其他批次。", "Its items can be collected again."),
        button: ("废弃", "Discard"),
        back: "/batches/{id}",
        after: "/batches",
        done: "discarded",
        grave: true,
        ..STEP
    },
    Act {
        slug: "confirm-stop",
        roles: APPROVER,
        read: "/v1/stops/{id}",
        target: "/v1/stops/{id}/confirm",
        needed: &[],
        title: ("确认紧急停用", "Confirm the stop"),
        says: (
            "停用继续有效，直到解除；不能确认自己作出的停用。",
            "It holds until it is lifted; nobody confirms a stop of their own.",
        ),
        button: ("确认", "Confirm"),
        back: "/stops/{id}",
        done: "confirmed",
        ..STEP
    },
    Act {
        slug: "lift-stop",
        roles: APPROVER,
        read: "/v1/stops/{id}",
        target: "/v1/stops/{id}/lift",
        needed: &[
            Needed { name: "/reason/code", label: ("原因", "Reason"), hint: NONE, kind: Kind::Word("reason") },
            Needed { name: "/reason/basis", label: ("依据", "Basis"), hint: NONE, kind: Kind::Line },
        ],
        title: ("解除停用", "Lift the stop"),
        says: ("核验按名单恢复。", "Look-ups answer by the list again."),
        button: ("解除", "Lift"),
        back: "/stops/{id}",
        done: "lifted",
        ..STEP
    },
    Act {
        slug: "accept-release",
        roles: BUREAU,
        read: "/v1/manual-releases/{id}",
        target: "/v1/manual-releases/{id}/review",
        fixed: &[("/outcome", "accepted")],
        needed: &[Needed { name: "/basis", label: ("依据", "Basis"), hint: NONE, kind: Kind::Area }],
        title: ("认可人工放行", "Accept the manual release"),
        says: ("记录市局的审核结论。", "Puts the bureau's judgement on record."),
        button: ("认可", "Accept"),
        back: "/manual-releases",
        ..STEP
    },
    Act {
        slug: "object-release",
        roles: BUREAU,
        read: "/v1/manual-releases/{id}",
        target: "/v1/manual-releases/{id}/review",
        fixed: &[("/outcome", "objected")],
        needed: &[Needed { name: "/basis", label: ("依据", "Basis"), hint: NONE, kind: Kind::Area }],
        title: ("对人工放行提出异议", "Object to the manual release"),
        says: (
            "记录市局的审核结论，海关与审计可见。",
            "Puts the bureau's judgement on record, for customs and auditors to see.",
        ),
        button: ("提出异议", "Object"),
        back: "/manual-releases",
        grave: true,
        ..STEP
    },
    Act {
        slug: "dismiss-agent",
        roles: APPLICANT,
        read: "",
        target: "/v1/mandates/{id}/dismiss",
        needed: &[],
        title: ("结束委托", "Dismiss the agent"),
        says: ("代理单位即时不能再代表贵单位办理。", "The agent cannot act for you from now on."),
        button: ("结束委托", "Dismiss"),
        back: "/people",
        grave: true,
        ..STEP
    },
];

#[derive(Template)]
#[template(path = "portal/act.html")]
struct ActPage<'a> {
    f: Frame,
    form: FormView<'a>,
    title: &'static str,
    says: &'static str,
    button: &'static str,
    grave: bool,
    about: &'a str,
    action: String,
    back: String,
    fields: Vec<Field>,
    meanwhile: Json<'a>,
}

fn find(visit: &Visit) -> Result<&'static Act, Failure> {
    let act = ACTS.iter().find(|act| act.slug == visit.part("act"));
    let act = act.ok_or(ProblemType::NotFound)?;
    if visit.roles().intersects(act.roles) { Ok(act) } else { Err(ProblemType::Forbidden.into()) }
}

fn named(template: &str, id: &str) -> String {
    template.replace("{id}", id)
}

async fn page(visit: &Visit, act: &'static Act) -> Answer {
    let id = visit.part("id");
    let seen = if act.read.is_empty() { None } else { visit.get(named(act.read, id)).await?.etag };
    let today = json!({ "effective_on": visit.edge.app.clock.now().day().to_string() });
    let form = visit.form_view(Json(&today), seen.as_deref());
    let field = |needed: &Needed| {
        let (label, hint) = (visit.t(needed.label.0, needed.label.1), visit.t(needed.hint.0, needed.hint.1));
        match needed.kind {
            Kind::Area => form.area(needed.name, label, hint),
            Kind::Note => form.area(needed.name, label, hint).optional(),
            Kind::Line => form.input(needed.name, label, hint),
            Kind::Day => form.date(needed.name, label, hint),
            Kind::Word(family) => {
                let words: Vec<Choice> = choices(visit.lang, family);
                form.select(needed.name, label, hint, words)
            }
        }
    };
    let fields = act.needed.iter().map(field).collect();
    let refusal = visit.refusal();
    let title = visit.t(act.title.0, act.title.1);
    visit.render(&ActPage {
        f: Frame::new(visit, title),
        title,
        says: visit.t(act.says.0, act.says.1),
        button: visit.t(act.button.0, act.button.1),
        grave: act.grave,
        about: id,
        action: format!("/do/{}/{id}", act.slug),
        back: named(act.back, id),
        fields,
        meanwhile: Json(&refusal),
        form,
    })
}

/// Shows an act before it is carried out.
///
/// # Errors
/// `not-found` for no act; what the endpoints refuse.
pub async fn show(visit: &Visit) -> Answer {
    page(visit, find(visit)?).await
}

/// Carries an act out.
///
/// # Errors
/// As [`show`].
pub async fn carry_out(visit: &Visit) -> Answer {
    let act = find(visit)?;
    let id = visit.part("id");
    let mut pairs: Vec<(String, String)> =
        visit.form.fields("/").map(|(name, value)| (name.to_owned(), value.to_owned())).collect();
    if !act.fixed.is_empty() {
        let thing = visit.ask(Asked::get(named(act.read, id))).await.map(|reply| reply.view).unwrap_or_default();
        let scheme = thing.get("scheme").and_then(Value::as_str).unwrap_or_default();
        let fixed = act.fixed.iter();
        pairs.extend(fixed.map(|(name, value)| ((*name).to_owned(), named(value, id).replace("{scheme}", scheme))));
    }
    let body = Form::of(pairs).body();
    if visit.send(Method::POST, named(act.target, id), body).await?.is_none() {
        return page(visit, act).await;
    }
    let after = if act.after.is_empty() { act.back } else { act.after };
    Ok(see_other(&format!("{}?done={}", named(after, id), act.done)))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::http::endpoints::ENDPOINTS;

    #[test]
    fn every_act_is_an_endpoint_that_its_people_may_call() {
        let fits = |pattern: &str, path: &str| {
            let (mut known, mut given) = (pattern.split('/'), path.split('/'));
            known
                .by_ref()
                .zip(given.by_ref())
                .all(|(known, given)| known == given || (known.starts_with('{') && given == "{id}"))
                && pattern.split('/').count() == path.split('/').count()
        };
        for act in ACTS {
            let endpoint =
                ENDPOINTS.iter().find(|endpoint| endpoint.method == "POST" && fits(endpoint.path, act.target));
            let endpoint = endpoint.unwrap_or_else(|| panic!("{}: no endpoint {}", act.slug, act.target));
            let crate::http::endpoints::Access::Roles(roles) = endpoint.access else { panic!("{}", act.slug) };
            assert!(act.roles.without(roles).is_empty(), "{}: offered to who may not", act.slug);
            for both in [act.title, act.says, act.button] {
                assert!(!both.0.is_empty() && !both.1.is_empty(), "{}", act.slug);
            }
            let twins = ACTS.iter().filter(|other| other.slug == act.slug).count();
            assert_eq!(twins, 1, "{}", act.slug);
        }
    }
}
