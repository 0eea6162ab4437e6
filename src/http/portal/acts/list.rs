//! Acts on listings, adjustments, batches, stops, releases against the answer, and mandates.

use super::super::super::endpoints::{APPLICANT, APPROVER, BUREAU, OFFICER};
use super::{Act, Needed, STEP, area, day, line, word};

pub(super) const EFFECTIVE: Needed = day("/changes/0/effective_on", "生效日", "Effective on")
    .hint("从这一天起按新状态核验", "Look-ups follow the new state from this day");
pub(super) const REASON: Needed = word("/changes/0/reason/code", "原因", "Reason", "reason");
pub(super) const BASIS: Needed = line("/changes/0/reason/basis", "依据", "Basis")
    .hint("条文、文号或事实；“其他”必填", "Article, document or fact; needed with \"other\"")
    .optional();
const LISTING: &str = "/v1/listings/{id}";
pub(super) const ADJUST: &str = "/v1/adjustments";

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

/// Every other act.
pub const ACTS: &[Act] = &[
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
        needed: &[day("/changes/0/valid_to", "新的有效期至", "New last day"), REASON, BASIS],
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
            word("/reason/code", "原因", "Reason", "reason"),
            line("/reason/basis", "依据", "Basis")
                .hint("条文、文号或事实；“其他”必填", "Article, document or fact; needed with \"other\"")
                .optional(),
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
            word("/reason/code", "原因", "Reason", "reason"),
            line("/reason/basis", "依据", "Basis")
                .hint("条文、文号或事实；“其他”必填", "Article, document or fact; needed with \"other\"")
                .optional(),
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
            line("/notice_number", "公告文号", "Number of the notice").hint("如 2026-12", "Such as 2026-12"),
            day("/effective_on", "生效日", "Effective on"),
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
            word("/reason/code", "原因", "Reason", "reason"),
            line("/reason/basis", "依据", "Basis")
                .hint("条文、文号或事实；“其他”必填", "Article, document or fact; needed with \"other\"")
                .optional(),
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
        needed: &[area("/basis", "依据", "Basis")],
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
        needed: &[area("/basis", "依据", "Basis")],
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
        back: "/agents",
        grave: true,
        ..STEP
    },
];
