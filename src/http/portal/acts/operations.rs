//! Acts of running the service: the pause switch.

use super::super::super::endpoints::OPERATIONS;
use super::{Act, STEP, line};

/// Every act of running the service.
pub const ACTS: &[Act] = &[
    Act {
        slug: "pause-service",
        roles: OPERATIONS,
        read: "",
        target: "/v1/pause",
        on: &["running"],
        needed: &[
            line("/reason_zh", "原因（中文）", "Reason in Chinese")
                .hint("显示在每个页面上，如“系统维护，预计 20:00 恢复”", "Stands on every page, with when it is over"),
            line("/reason_en", "原因（英文）", "Reason in English"),
        ],
        title: ("暂停受理变更", "Pause changes"),
        says: (
            "此后一切变更和海关核注核销均被拒绝，直到恢复；查询、口岸核验和紧急停用照常。",
            "Every change and every draw of customs is refused until you resume; reads, look-ups and emergency stops go on.",
        ),
        button: ("暂停", "Pause"),
        back: "/operations",
        grave: true,
        ..STEP
    },
    Act {
        slug: "resume-service",
        roles: OPERATIONS,
        read: "/v1/pause",
        target: "/v1/resume",
        on: &["paused"],
        needed: &[],
        title: ("恢复受理变更", "Resume changes"),
        says: ("变更和核注核销重新受理。", "Changes and draws are taken again."),
        button: ("恢复", "Resume"),
        back: "/operations",
        ..STEP
    },
];
