//! Acts on a case.

use super::super::table::{ENTERPRISE, OFFICER, WORKERS};
use super::{APPROVER, Act, Kind, NONE, NOTE, Needed, STEP};
use crate::domain::actor::{Role, RoleSet};

const WHY: Needed = Needed {
    name: "/note",
    label: ("理由", "Why"),
    hint: ("会写入案件记录", "It goes on the record of the case"),
    kind: Kind::Area,
};
const STEP_REASON: Needed =
    Needed { name: "/reason", label: ("原因", "Reason"), hint: NONE, kind: Kind::Word("step_reason") };
const DISTRICT: RoleSet = RoleSet::of(&[Role::DistrictOfficer]);
const ASKERS: RoleSet = RoleSet::of(&[Role::DistrictOfficer, Role::AgencyReviewer, Role::BureauOfficer]);
const INTAKE: RoleSet = RoleSet::of(&[Role::DistrictOfficer, Role::BureauOfficer]);

/// Every act on a case.
pub const ACTS: &[Act] = &[
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
];
