//! Acts on a change of the rules; it is proposed on a page of its own.

use super::super::super::endpoints::ADMINISTRATOR;
use super::{Act, STEP, area};

/// What is alike in them.
const ON_RULES: Act = Act {
    roles: ADMINISTRATOR,
    read: "/v1/rule-changes/{id}",
    on: &["rules"],
    needed: &[],
    when: |it| it.is("state", "proposed"),
    back: "/rule-changes/{id}",
    ..STEP
};

/// Every act on a change of the rules.
pub const ACTS: &[Act] = &[
    Act {
        slug: "confirm-rules",
        target: "/v1/rule-changes/{id}/confirm",
        title: ("确认规则变更", "Confirm the change"),
        says: (
            "规则自施行日起适用于核验和办件；不能确认自己提出的变更。",
            "The rules hold for look-ups and cases from their first day; nobody confirms what they proposed.",
        ),
        button: ("确认", "Confirm"),
        done: "confirmed",
        grave: true,
        ..ON_RULES
    },
    Act {
        slug: "reject-rules",
        target: "/v1/rule-changes/{id}/reject",
        needed: &[area("/reason", "理由", "Why").hint("提出人会看到", "Who proposed it reads this")],
        title: ("退回规则变更", "Send the change back"),
        says: ("什么都不变；提出人可以改正后重新提出。", "Nothing changes; it can be proposed anew."),
        button: ("退回", "Send back"),
        done: "rejected",
        ..ON_RULES
    },
    Act {
        slug: "withdraw-rules",
        target: "/v1/rule-changes/{id}/withdraw",
        title: ("撤回规则变更", "Take the change back"),
        says: ("只有提出人可以撤回；什么都不变。", "Only who proposed it can; nothing changes."),
        button: ("撤回", "Take back"),
        done: "withdrawn",
        ..ON_RULES
    },
];
