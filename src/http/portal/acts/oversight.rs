//! Acts of oversight: on enterprises, findings, lists that enterprises are screened against, reconciliations,
//! announcements; and on the texts and items that people keep to use again.

use super::super::super::endpoints::{APPLICANT, CONFIRMERS, ENTERPRISE, INSPECTORS, OFFICER, READERS, WORKERS};
use super::list::{ADJUST, BASIS, EFFECTIVE, REASON};
use super::{Act, Kind, Needed, STEP, area, day, line, needed, word};

const SCHEME: Needed = needed("/scheme", "试点", "Scheme", Kind::Scheme);

/// What is alike in the acts on an enterprise: proposed here, confirmed by another person.
const ON_ENTERPRISE: Act = Act {
    roles: OFFICER,
    read: "/v1/enterprises/{id}",
    target: ADJUST,
    on: &["enterprise"],
    needed: &[SCHEME, REASON, BASIS, EFFECTIVE],
    back: "/enterprises/{id}",
    done: "proposed",
    ..STEP
};

const FINDING: &str = "/v1/findings/{id}";
const SCREENING: &str = "/v1/screening/{id}";
const TEXT: &str = "/v1/texts/{id}";
const BROADCAST: &str = "/v1/broadcasts/{id}";
const ITEM: &str = "/v1/items/{id}";

const TEXT_FIELDS: &[Needed] = &[
    word("/purpose", "用于", "For", "text_purpose"),
    line("/title", "名称", "Title"),
    area("/text_zh", "中文", "In Chinese"),
    area("/text_en", "英文", "In English").optional(),
];
const BROADCAST_FIELDS: &[Needed] = &[
    SCHEME,
    line("/title_zh", "标题（中文）", "Title in Chinese"),
    line("/title_en", "标题（英文）", "Title in English"),
    area("/body_zh", "正文（中文）", "Text in Chinese"),
    area("/body_en", "正文（英文）", "Text in English"),
];
const ITEM_FIELDS: &[Needed] = &[
    line("/item/name_zh", "中文名称", "Name in Chinese"),
    line("/item/name_en", "英文名称", "Name in English").optional(),
    line("/item/hs_code", "商品编号", "HS code").hint("10 位", "Ten digits"),
    line("/item/cas", "CAS 号", "CAS number").optional(),
    line("/item/ciq_code", "CIQ 代码", "CIQ code").optional(),
    line("/item/specification", "规格型号", "Specification").optional(),
    word("/item/purpose", "用途", "Purpose", "purpose").optional(),
    line("/item/manufacturer", "生产商", "Manufacturer").optional(),
    line("/item/origin", "原产国", "Origin").optional(),
    word("/unit", "单位", "Unit", "unit").optional(),
    line("/synonyms:list", "别名", "Other names").hint("以逗号分隔", "Parted by commas").optional(),
    area("/note", "备注", "Note").optional(),
];

/// Every act of oversight.
pub const ACTS: &[Act] = &[
    Act {
        slug: "remove-report",
        roles: READERS,
        read: "/v1/report-jobs/{id}",
        target: "/v1/report-jobs/{id}/remove",
        on: &["report-jobs"],
        needed: &[],
        title: ("删除报表", "Remove the report"),
        says: (
            "连同文件一起删除；尚未生成的不再生成。",
            "It goes with its file; what is not made yet is made no more.",
        ),
        button: ("删除", "Remove"),
        back: "/registers/report-jobs",
        ..STEP
    },
    Act {
        slug: "suspend-enterprise",
        fixed: &[("/changes/0/kind", "suspend_enterprise"), ("/changes/0/enterprise", "{id}")],
        when: |enterprise| !enterprise.is("status", "suspended"),
        title: ("暂停企业", "Suspend the enterprise"),
        says: (
            "确认后该企业的全部名单核验一律不放行，直到恢复。须由另一人确认。",
            "Once another person confirms it, look-ups of all its listings are denied until it is reinstated.",
        ),
        button: ("提交暂停", "Propose it"),
        grave: true,
        ..ON_ENTERPRISE
    },
    Act {
        slug: "reinstate-enterprise",
        fixed: &[("/changes/0/kind", "reinstate_enterprise"), ("/changes/0/enterprise", "{id}")],
        when: |enterprise| enterprise.is("status", "suspended"),
        title: ("恢复企业", "Reinstate the enterprise"),
        says: (
            "确认后该企业的有效名单重新放行。须由另一人确认。",
            "Once another person confirms it, its listings are allowed again.",
        ),
        button: ("提交恢复", "Propose it"),
        ..ON_ENTERPRISE
    },
    Act {
        slug: "bar-enterprise",
        fixed: &[("/changes/0/kind", "bar_enterprise"), ("/changes/0/enterprise", "{id}")],
        needed: &[SCHEME, day("/changes/0/until", "限制至", "Barred until"), REASON, BASIS, EFFECTIVE],
        when: |enterprise| !enterprise.has("barred_until"),
        title: ("限制申请", "Bar from applying"),
        says: (
            "期间不能提出申请，也不能列入新的名单；已有名单不受影响。须由另一人确认。",
            "It cannot apply or be listed anew until that day; what is listed stays. Another person confirms it.",
        ),
        button: ("提交限制", "Propose it"),
        grave: true,
        ..ON_ENTERPRISE
    },
    Act {
        slug: "lift-bar",
        on: &["enterprise", "bars"],
        fixed: &[("/changes/0/kind", "lift_bar"), ("/changes/0/enterprise", "{id}")],
        when: |thing| thing.has("barred_until") || thing.has("bar"),
        title: ("解除限制", "Lift the bar"),
        says: ("确认后可以重新申请。须由另一人确认。", "Once another person confirms it, it may apply again."),
        button: ("提交解除", "Propose it"),
        ..ON_ENTERPRISE
    },
    Act {
        slug: "change-enterprise",
        roles: APPLICANT,
        target: "/v1/enterprises/{id}",
        replaces: true,
        needed: &[
            line("/name_zh", "中文名称", "Name in Chinese"),
            line("/name_en", "英文名称", "Name in English").optional(),
            line("/district", "区域代码", "District")
                .hint("6 位行政区划代码", "Six digits of the administrative division"),
            line("/customs_registration", "海关备案编码", "Customs registration").optional(),
            day("/effective_on", "自何日起", "From which day").optional(),
        ],
        title: ("变更企业信息", "Change the particulars"),
        says: (
            "更名、迁址从生效日起记载；以前的名称仍可查到。",
            "A new name or seat counts from its day; earlier names stay findable.",
        ),
        button: ("保存", "Save"),
        done: "saved",
        ..ON_ENTERPRISE
    },
    Act {
        slug: "name-responsible-person",
        roles: APPLICANT,
        read: "/v1/enterprises/{id}/responsible-person",
        target: "/v1/enterprises/{id}/responsible-person",
        replaces: true,
        needed: &[
            line("/name", "姓名", "Name"),
            line("/position", "职务", "Position").optional(),
            line("/phone", "电话", "Phone").hint("可含区号，如 +86 10 …", "With its country code, such as +86 10 …"),
            line("/mail", "电子邮箱", "E-mail").optional(),
        ],
        title: ("指定责任人", "Name the responsible person"),
        says: ("对研发用物品的进口、使用和销毁负责的人。", "Who answers for import, use and destruction of the goods."),
        button: ("保存", "Save"),
        done: "saved",
        ..ON_ENTERPRISE
    },
    Act {
        slug: "register-enterprise",
        roles: APPLICANT,
        read: "",
        target: "/v1/enterprises",
        on: &["no-enterprise"],
        needed: &[
            line("/uscc", "统一社会信用代码", "USCC").hint("18 位", "Eighteen characters"),
            line("/name_zh", "中文名称", "Name in Chinese"),
            line("/name_en", "英文名称", "Name in English").optional(),
            line("/district", "区域代码", "District")
                .hint("6 位行政区划代码", "Six digits of the administrative division"),
            line("/customs_registration", "海关备案编码", "Customs registration").optional(),
            line("/responsible_person/name", "责任人姓名", "Responsible person"),
            line("/responsible_person/position", "责任人职务", "Position").optional(),
            line("/responsible_person/phone", "责任人电话", "Phone"),
            line("/responsible_person/mail", "责任人电子邮箱", "E-mail").optional(),
        ],
        title: ("登记企业", "Register the enterprise"),
        says: ("登记后即可提出申请。", "Once registered, it can apply."),
        button: ("登记", "Register"),
        back: "/",
        done: "saved",
        ..ON_ENTERPRISE
    },
    Act {
        slug: "record-finding",
        roles: INSPECTORS,
        target: "/v1/findings",
        read: "",
        on: &["findings+"],
        needed: &[
            line("/enterprise", "企业信用代码", "USCC of the enterprise"),
            line("/listing", "名单编号", "Listing").optional(),
            day("/found_on", "检查日期", "Found on"),
            word("/kind", "类别", "Kind", "finding"),
            area("/text", "发现的情况", "What was found"),
        ],
        title: ("登记检查发现", "Record a finding"),
        says: ("企业会收到通知，可以查看。", "The enterprise is told and can read it."),
        button: ("登记", "Record"),
        back: "/registers/findings",
        done: "saved",
        ..STEP
    },
    Act {
        slug: "close-finding",
        roles: OFFICER,
        read: FINDING,
        target: "/v1/findings/{id}/close",
        on: &["findings"],
        when: |finding| !finding.has("closed_on"),
        needed: &[word("/outcome", "处理结果", "Outcome", "finding_outcome"), area("/text", "说明", "Note").optional()],
        title: ("办结", "Close"),
        says: (
            "记录处理结果；暂停名单或企业须另行提交调整。",
            "Puts the outcome on record; a suspension is proposed by itself.",
        ),
        button: ("办结", "Close"),
        back: "/registers/findings",
        ..STEP
    },
    Act {
        slug: "add-screening",
        roles: OFFICER,
        read: "",
        target: "/v1/screening",
        on: &["screening+"],
        needed: &[
            word("/list", "名单种类", "List", "screening"),
            line("/enterprise", "企业信用代码", "USCC of the enterprise"),
            line("/name", "企业名称", "Name").optional(),
            line("/ground", "事由", "Ground"),
            line("/source", "来源", "Source").hint("公告或文号", "Announcement or document"),
            day("/valid_from", "起始日期", "From"),
            day("/valid_to", "截止日期", "Until").optional(),
        ],
        title: ("加入核查名单", "Add an entry"),
        says: ("申请时据此核查企业。", "Applicants are screened against it."),
        button: ("加入", "Add"),
        back: "/registers/screening",
        done: "saved",
        ..STEP
    },
    Act {
        slug: "end-screening",
        roles: OFFICER,
        read: SCREENING,
        target: "/v1/screening/{id}/end",
        on: &["screening"],
        when: |entry| !entry.has("valid_to"),
        needed: &[day("/valid_to", "截止日期", "Last day")],
        title: ("结束", "End it"),
        says: ("记录保留，此日之后不再据此核查。", "It stays on record, and counts no more after that day."),
        button: ("结束", "End"),
        back: "/registers/screening",
        ..STEP
    },
    Act {
        slug: "confirm-reconciliation",
        roles: CONFIRMERS,
        read: "/v1/reconciliations/{id}",
        target: "/v1/reconciliations/{id}/confirm",
        on: &["reconciliations"],
        when: |it| it.is("state", "compared"),
        needed: &[],
        title: ("确认更正", "Confirm the corrections"),
        says: (
            "按对账结果更正本系统记录的用量；请先下载差异明细核对。",
            "Books every proposed correction; download and check the differences first.",
        ),
        button: ("全部确认", "Confirm all"),
        back: "/registers/reconciliations",
        grave: true,
        ..STEP
    },
    Act {
        slug: "publish-broadcast",
        roles: OFFICER,
        read: "",
        target: "/v1/broadcasts",
        on: &["broadcasts+"],
        needed: BROADCAST_FIELDS,
        title: ("发布公告", "Publish an announcement"),
        says: ("试点的全部企业和单位都会收到通知。", "Everybody of the scheme is told."),
        button: ("发布", "Publish"),
        back: "/registers/broadcasts",
        done: "saved",
        ..STEP
    },
    Act {
        slug: "revise-broadcast",
        known: &[
            ("scheme", "scheme"),
            ("title_zh", "title/zh"),
            ("title_en", "title/en"),
            ("body_zh", "body/zh"),
            ("body_en", "body/en"),
        ],
        roles: OFFICER,
        read: BROADCAST,
        target: "/v1/broadcasts/{id}/revise",
        on: &["broadcasts"],
        when: |it| it.is("state", "published"),
        needed: BROADCAST_FIELDS,
        title: ("修订公告", "Revise"),
        says: (
            "新的文本取代原文，并再次通知。",
            "The new text takes the place of the old one, and people are told again.",
        ),
        button: ("发布修订", "Publish it"),
        back: "/registers/broadcasts",
        done: "saved",
        ..STEP
    },
    Act {
        slug: "retract-broadcast",
        roles: OFFICER,
        read: BROADCAST,
        target: "/v1/broadcasts/{id}/retract",
        on: &["broadcasts"],
        when: |it| it.is("state", "published"),
        needed: &[],
        title: ("撤回公告", "Retract"),
        says: ("公告标为已撤回。", "It is marked as retracted."),
        button: ("撤回", "Retract"),
        back: "/registers/broadcasts",
        grave: true,
        ..STEP
    },
    Act {
        slug: "add-text",
        roles: WORKERS,
        read: "",
        target: "/v1/texts",
        on: &["texts+"],
        needed: TEXT_FIELDS,
        title: ("添加常用文本", "Keep a text"),
        says: ("本单位的人员办理案件时可以取用。", "Everybody of your office can use it."),
        button: ("添加", "Keep"),
        back: "/registers/texts",
        done: "saved",
        ..STEP
    },
    Act {
        slug: "change-text",
        roles: WORKERS,
        read: TEXT,
        target: TEXT,
        replaces: true,
        on: &["texts"],
        needed: TEXT_FIELDS,
        title: ("修改", "Change"),
        says: ("本单位的人员今后取用新的文本。", "Your office uses the new text from now on."),
        button: ("保存", "Save"),
        back: "/registers/texts",
        done: "saved",
        ..STEP
    },
    Act {
        slug: "remove-text",
        roles: WORKERS,
        read: TEXT,
        target: "/v1/texts/{id}/remove",
        on: &["texts"],
        needed: &[],
        title: ("删除", "Remove"),
        says: ("不再可取用；已写入案件的文字不变。", "It cannot be used any more; what stands in cases stays."),
        button: ("删除", "Remove"),
        back: "/registers/texts",
        grave: true,
        ..STEP
    },
    Act {
        slug: "add-item",
        roles: ENTERPRISE,
        read: "",
        target: "/v1/items",
        on: &["items+"],
        needed: ITEM_FIELDS,
        title: ("登记物品", "Add an item"),
        says: ("申请时可以直接取用，不必重填。", "Applications can take it from here."),
        button: ("登记", "Add"),
        back: "/registers/items",
        done: "saved",
        ..STEP
    },
    Act {
        slug: "change-item",
        roles: ENTERPRISE,
        read: ITEM,
        target: ITEM,
        replaces: true,
        on: &["items"],
        when: |item| !item.has("archived"),
        needed: ITEM_FIELDS,
        title: ("修改", "Change"),
        says: (
            "以后的申请取用新的内容；已提交的申请不变。",
            "Later applications take the new content; what is lodged stays.",
        ),
        button: ("保存", "Save"),
        back: "/registers/items",
        done: "saved",
        ..STEP
    },
    Act {
        slug: "archive-item",
        roles: ENTERPRISE,
        read: ITEM,
        target: "/v1/items/{id}/archive",
        on: &["items"],
        when: |item| !item.has("archived"),
        needed: &[],
        title: ("停用", "Archive"),
        says: ("不再列出，可以恢复。", "It is not listed any more, and can be brought back."),
        button: ("停用", "Archive"),
        back: "/registers/items",
        ..STEP
    },
    Act {
        slug: "restore-item",
        roles: ENTERPRISE,
        read: ITEM,
        target: "/v1/items/{id}/restore",
        on: &["items"],
        when: |item| item.has("archived"),
        needed: &[],
        title: ("恢复", "Bring back"),
        says: ("重新列出。", "It is listed again."),
        button: ("恢复", "Bring back"),
        back: "/registers/items",
        ..STEP
    },
    Act {
        slug: "correct-return",
        known: &[
            ("unit", "opening/unit"),
            ("opening", "opening/quantity"),
            ("received", "received/quantity"),
            ("used", "used/quantity"),
            ("destroyed", "destroyed/quantity"),
            ("stock", "stock/quantity"),
            ("note", "note"),
        ],
        roles: ENTERPRISE,
        read: "/v1/usage-returns/{id}",
        target: "/v1/usage-returns/{id}/correct",
        on: &["usage"],
        when: |it| it.is("stage", "handed_in"),
        needed: &[
            word("/unit", "单位", "Unit", "unit"),
            line("/opening", "期初", "Opening stock"),
            line("/received", "购入", "Received"),
            line("/used", "使用", "Used"),
            line("/destroyed", "销毁", "Destroyed"),
            line("/stock", "期末", "Closing stock"),
            area("/note", "说明", "Note").optional(),
        ],
        title: ("更正报告", "Correct the return"),
        says: ("原报告保留在记录中。", "The former one stays on record."),
        button: ("更正", "Correct"),
        back: "/usage-returns",
        done: "saved",
        ..STEP
    },
];
