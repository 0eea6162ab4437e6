//! Acts on a case.

use super::super::super::endpoints::{APPROVER, ASKERS, CASES, DISTRICT, ENTERPRISE, INTAKE, OFFICER, WORKERS};
use super::{Act, Kind, NOTE, Needed, STEP, area, needed, word};

const WHY: Needed = area("/note", "理由", "Why").hint("会写入案件记录", "It goes on the record of the case");
const STEP_REASON: Needed = word("/reason", "原因", "Reason", "step_reason");

/// Where the places of a notice stand: pointer, reason, note.
const FINDINGS: [(&str, &str, &str); 5] = [
    ("/findings/0/pointer", "/findings/0/reason", "/findings/0/note"),
    ("/findings/1/pointer", "/findings/1/reason", "/findings/1/note"),
    ("/findings/2/pointer", "/findings/2/reason", "/findings/2/note"),
    ("/findings/3/pointer", "/findings/3/reason", "/findings/3/note"),
    ("/findings/4/pointer", "/findings/4/reason", "/findings/4/note"),
];

const fn place(name: &'static str, zh: &'static str, en: &'static str) -> Needed {
    needed(name, zh, en, Kind::Place)
}

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
        needed: &[area("/reason", "原因", "Reason").optional()],
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
            needed("/lines:ints", "对哪几项申诉", "Against which items", Kind::ItemLines),
            area("/grounds", "申诉理由", "Grounds"),
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
        slug: "rate",
        roles: ENTERPRISE,
        target: "/v1/applications/{id}/rating",
        needed: &[
            word("/answer", "您对本案的办理是否满意？", "How satisfied are you with the handling?", "satisfaction"),
            area("/remark", "意见或建议", "Remark")
                .hint("可不填；请勿填写个人信息", "Need not be filled in; leave out personal data")
                .optional(),
        ],
        title: ("评价办理情况", "Say how satisfied you are"),
        says: (
            "每件案件评价一次，提交后不能更改；评价不影响案件的结果，意见仅市局可见。",
            "Once for each case, for good. It changes nothing about the case; only the bureau reads the remark.",
        ),
        button: ("提交评价", "Send"),
        done: "rated",
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
            place(FINDINGS[0].0, "哪一处", "Where"),
            word(FINDINGS[0].1, "原因", "Reason", "correction_reason"),
            area(FINDINGS[0].2, "怎样补正", "What to do").optional(),
            NOTE,
        ],
        more: &[
            (
                ("再指一处（第二处）", "Another place: the second"),
                &[
                    place(FINDINGS[1].0, "第二处", "The second place").optional(),
                    word(FINDINGS[1].1, "第二处的原因", "Its reason", "correction_reason").optional(),
                    area(FINDINGS[1].2, "第二处怎样补正", "What to do there").optional(),
                ],
            ),
            (
                ("再指一处（第三处）", "Another place: the third"),
                &[
                    place(FINDINGS[2].0, "第三处", "The third place").optional(),
                    word(FINDINGS[2].1, "第三处的原因", "Its reason", "correction_reason").optional(),
                    area(FINDINGS[2].2, "第三处怎样补正", "What to do there").optional(),
                ],
            ),
            (
                ("再指一处（第四处）", "Another place: the fourth"),
                &[
                    place(FINDINGS[3].0, "第四处", "The fourth place").optional(),
                    word(FINDINGS[3].1, "第四处的原因", "Its reason", "correction_reason").optional(),
                    area(FINDINGS[3].2, "第四处怎样补正", "What to do there").optional(),
                ],
            ),
            (
                ("再指一处（第五处）", "Another place: the fifth"),
                &[
                    place(FINDINGS[4].0, "第五处", "The fifth place").optional(),
                    word(FINDINGS[4].1, "第五处的原因", "Its reason", "correction_reason").optional(),
                    area(FINDINGS[4].2, "第五处怎样补正", "What to do there").optional(),
                ],
            ),
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
        needed: &[word("/ground", "依据", "Ground", "decline_ground"), NOTE],
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
        needed: &[word("/ground", "依据", "Ground", "decline_ground"), NOTE],
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
        needed: &[needed("/grounds:list", "理由", "Grounds", Kind::Words("refusal_ground")), NOTE],
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
            needed("/items/0/line:int", "哪一项", "Which item", Kind::ItemLine),
            word("/items/0/resolution", "处理方式", "How", "resolution"),
            area("/items/0/note", "说明", "Note"),
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
        needed: &[word("/reason", "原因", "Reason", "pause_reason"), NOTE],
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
        needed: &[
            area("/note", "备注", "Note").hint("默认只有经办单位可见", "Seen by the offices only"),
            needed("/mentions:list", "提醒同事", "Mention colleagues", Kind::Colleagues)
                .hint("他们会收到通知", "They are told")
                .optional(),
            needed("/urgent:bool", "紧急", "Urgent", Kind::Check).optional(),
        ],
        fixed: &[("/visible_to_applicant:bool", "false")],
        title: ("添加备注", "Write a note"),
        says: ("写入案件时间线。", "It goes on the timeline of the case."),
        button: ("添加", "Write"),
        ..STEP
    },
    Act {
        slug: "reopen",
        roles: OFFICER,
        target: "/v1/applications/{id}/reopen",
        needed: &[needed("/lines:ints", "重开哪几项", "Which items", Kind::ItemLines).optional(), STEP_REASON, WHY],
        title: ("重新审议", "Reopen"),
        says: (
            "已作出的决定重新审议；不选则全部项。已公布的名单不受影响，直到新决定作出。",
            "What was decided is considered anew; all items where none is named. What is published stays until then.",
        ),
        button: ("重新审议", "Reopen"),
        grave: true,
        ..STEP
    },
    Act {
        slug: "overturn",
        roles: APPROVER,
        target: "/v1/applications/{id}/appeals/judge",
        fixed: &[("/overturn:bool", "true")],
        needed: &[STEP_REASON, WHY],
        title: ("支持申诉", "Overturn the refusal"),
        says: ("原决定撤销，案件重新拟定。", "The refusal falls, and the case is proposed anew."),
        button: ("支持申诉", "Overturn it"),
        ..STEP
    },
    Act {
        slug: "reject-appeal",
        roles: APPROVER,
        target: "/v1/applications/{id}/appeals/judge",
        fixed: &[("/overturn:bool", "false")],
        needed: &[STEP_REASON, WHY],
        title: ("驳回申诉", "Let the refusal stand"),
        says: ("维持原决定，企业收到载明理由的通知。", "The refusal stands, and the enterprise is told why."),
        button: ("驳回申诉", "Let it stand"),
        grave: true,
        ..STEP
    },
    Act {
        slug: "copy",
        on: &["case"],
        roles: ENTERPRISE,
        target: "/v1/applications/{id}/copy",
        needed: &[],
        title: ("复制为新申请", "Copy into a new application"),
        says: (
            "以这份申请的内容建立一份新草稿；材料须重新上传。",
            "A new draft begins with this content; evidence has to be added anew.",
        ),
        button: ("复制", "Copy"),
        after: "/applications",
        done: "begun",
        ..STEP
    },
    Act {
        slug: "remove-document",
        roles: ENTERPRISE,
        read: "",
        target: "/v1/documents/{id}/remove",
        on: &["document"],
        when: |document| !document.has("removed"),
        needed: &[],
        title: ("移除材料", "Remove the document"),
        says: ("不再随申请提交；已提交的版本仍然保留。", "It goes along no more; what was lodged with it stays."),
        button: ("移除", "Remove"),
        back: "/applications",
        done: "removed",
        grave: true,
        ..STEP
    },
    Act {
        slug: "scan-document",
        roles: CASES,
        read: "",
        target: "/v1/documents/{id}/scan",
        on: &["document"],
        when: |document| document.is("scan", "failed"),
        needed: &[],
        title: ("查毒", "Check for viruses"),
        says: ("立即查一次。", "Checks it once more, now."),
        button: ("查毒", "Check"),
        back: "/",
        ..STEP
    },
    Act {
        slug: "reassign",
        on: &["case"],
        roles: WORKERS,
        target: "/v1/applications/{id}/reassign",
        needed: &[
            needed("/person", "交给谁", "To whom", Kind::Colleague)
                .hint("人员编号，见案件记录", "Id of the person, as the record of the case names it"),
            NOTE,
        ],
        title: ("转交他人", "Hand to a colleague"),
        says: (
            "案件转到同一单位的另一人名下，并记入案件记录。",
            "A colleague of the office has it in hand from now on; it goes on record.",
        ),
        button: ("转交", "Hand over"),
        ..STEP
    },
];
