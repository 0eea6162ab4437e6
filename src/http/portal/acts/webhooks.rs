//! Acts on webhooks.

use super::super::super::endpoints::WEBHOOKS;
use super::{Act, Needed, STEP, area, line};

const WEBHOOK: &str = "/v1/webhooks/{id}";

/// What is alike in the acts on a webhook.
const ON_WEBHOOK: Act = Act {
    roles: WEBHOOKS,
    read: WEBHOOK,
    target: WEBHOOK,
    on: &["webhooks"],
    needed: &[],
    when: |it| !it.is("state", "removed"),
    back: "/registers/webhooks",
    done: "saved",
    ..STEP
};

const FIELDS: &[Needed] = &[
    line("/url", "地址", "Address").hint("https 公网地址，443 端口", "Public https address, port 443"),
    area("/events:list", "事件", "Events").hint(
        "如 listing.*、listing.suspended、stop.*，以逗号或换行分隔",
        "Such as listing.*, listing.suspended, stop.*; parted by commas or lines",
    ),
];

/// Every act on webhooks.
pub const ACTS: &[Act] = &[
    Act {
        slug: "make-webhook",
        read: "",
        target: "/v1/webhooks",
        on: &["webhooks+"],
        when: |_| true,
        needed: FIELDS,
        title: ("新建推送", "Make a webhook"),
        says: (
            "自此发生的事件推送到该地址；消息只说明何事发生于何物，不含内容。",
            "What happens from now on is told there; a message says what happened to what, never what stands there.",
        ),
        button: ("新建", "Make"),
        ..ON_WEBHOOK
    },
    Act {
        slug: "change-webhook",
        replaces: true,
        needed: FIELDS,
        title: ("变更推送", "Change the webhook"),
        says: ("等待中的消息推送到新地址。", "Messages that wait go to the new address."),
        button: ("保存", "Save"),
        ..ON_WEBHOOK
    },
    Act {
        slug: "pause-webhook",
        target: "/v1/webhooks/{id}/pause",
        when: |it| it.is("state", "active"),
        title: ("暂停推送", "Pause the webhook"),
        says: ("消息等待，恢复后按顺序补发。", "Messages wait and follow in order when it is resumed."),
        button: ("暂停", "Pause"),
        ..ON_WEBHOOK
    },
    Act {
        slug: "resume-webhook",
        target: "/v1/webhooks/{id}/resume",
        when: |it| it.is("state", "paused"),
        title: ("恢复推送", "Resume the webhook"),
        says: ("从暂停处继续，不遗漏。", "It goes on where it stopped; nothing is left out."),
        button: ("恢复", "Resume"),
        ..ON_WEBHOOK
    },
    Act {
        slug: "rotate-webhook-key",
        target: "/v1/webhooks/{id}/rotate",
        title: ("更换密钥", "Change the key"),
        says: (
            "新密钥即时签名；原密钥同时签名七天，请在此期间更换接收端的公钥。",
            "The new key signs at once, the one before signs beside for seven days; give your receiver the new public key meanwhile.",
        ),
        button: ("更换", "Change"),
        ..ON_WEBHOOK
    },
    Act {
        slug: "replay-webhook",
        target: "/v1/webhooks/{id}/replay",
        needed: &[line("/from:int", "自修订号", "From revision")],
        title: ("重新推送", "Send again"),
        says: (
            "自该修订号起按顺序重新推送，消息编号不变，接收端应按编号去重。",
            "Everything from that revision on is sent again in order under the ids it had; your receiver drops what it knows.",
        ),
        button: ("重新推送", "Send again"),
        ..ON_WEBHOOK
    },
    Act {
        slug: "replay-dead-letter",
        target: "/v1/webhooks/{id}/replay",
        needed: &[line("/revision:int", "消息的修订号", "Revision of the message")],
        on: &["dead-letters"],
        when: |it| !it.has("to_be_sent"),
        carried: &["revision"],
        back: "/registers/webhooks/{id}/dead-letters",
        title: ("重发一条", "Send one again"),
        says: ("只重发一条未送达的消息。", "Only one of the messages that were given up."),
        button: ("重发", "Send"),
        ..ON_WEBHOOK
    },
    Act {
        slug: "remove-webhook",
        target: "/v1/webhooks/{id}/remove",
        title: ("移除推送", "Remove the webhook"),
        says: ("不再推送，不能恢复。", "Nothing is sent any more, for good."),
        button: ("移除", "Remove"),
        grave: true,
        ..ON_WEBHOOK
    },
];
