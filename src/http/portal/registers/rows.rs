//! The table of registers: which endpoint lists the things of each, which members are shown and how, what may be filtered by.

use super::super::super::endpoints::{
    AUDITOR, BOARD, ENTERPRISE, HAND_IN_BOOKS, INSPECTED, LEAD, OFFICER, READERS, SCREENERS, SEE_ERASURES, SUPERVISORS,
    WEBHOOKS, WORKERS,
};
use super::{Column, PLAIN, Register, Show, column};
use crate::domain::actor::RoleSet;
use crate::domain::register::OFFICERS as STAFF;

const ENTERPRISE_COLUMN: Column = column("企业", "Enterprise", "enterprise", Show::Firm);

/// Every register.
pub const REGISTERS: &[Register] = &[
    Register {
        slug: "report-jobs",
        roles: READERS,
        endpoint: "/v1/report-jobs",
        title: ("报表下载", "Reports to download"),
        says: (
            "您要求在后台生成的报表；到期自动删除，可随时重新要求。",
            "Reports that you had made in the background; they go when their time is over, and can be asked for again.",
        ),
        empty: (
            "还没有。在统计分析、白名单等页面点“后台生成”。",
            "There is none yet. Ask for one with Make in the background beside an export, such as on Reports or the white list.",
        ),
        columns: &[
            column("报表", "Report", "report", Show::Word("export")),
            column("状态", "State", "state", Show::Word("report_state")),
            column("前面还有", "Before it", "ahead", Show::Number),
            column("已生成", "Made", "bytes", Show::Size),
            column("未能生成的原因", "Why not", "error", Show::Text),
            column("要求时间", "Asked for", "asked_at", Show::Moment),
            column("保存至", "Kept until", "kept_until", Show::Moment),
            column("要求的内容", "As asked", "target", Show::Code),
        ],
        file: Some((("文件", "File"), "/v1/report-jobs/{id}/file")),
        has_file: |it| it.is("state", "done"),
        moves: |it| it.is("state", "waiting") || it.is("state", "running"),
        ..PLAIN
    },
    Register {
        slug: "findings",
        roles: INSPECTED,
        endpoint: "/v1/findings",
        title: ("检查发现", "Findings"),
        says: ("检查中发现的情况及其处理结果。", "What inspections found, and what came of it."),
        filters: &[("enterprise", ("企业信用代码", "USCC"))],
        columns: &[
            column("日期", "Found on", "found_on", Show::Day),
            ENTERPRISE_COLUMN,
            column("名单", "Listing", "listing", Show::Link("/listings/")),
            column("类别", "Kind", "kind", Show::Word("finding")),
            column("情况", "What was found", "text", Show::Text),
            column("处理结果", "Outcome", "outcome", Show::Word("finding_outcome")),
            column("办结", "Closed on", "closed_on", Show::Day),
        ],
        ..PLAIN
    },
    Register {
        slug: "bars",
        roles: SCREENERS,
        endpoint: "/v1/bars",
        title: ("限制申请的企业", "Barred enterprises"),
        says: (
            "限制期内不能提出申请。要限制一家企业，请打开企业页面。",
            "They cannot apply until that day. To bar an enterprise, open its page.",
        ),
        empty: ("没有被限制的企业。", "Nobody is barred."),
        id: "enterprise",
        columns: &[
            ENTERPRISE_COLUMN,
            column("自", "From", "bar/from", Show::Day),
            column("至", "Until", "bar/until", Show::Day),
            column("依据", "Ground", "bar/ground/code", Show::Word("reason")),
            column("说明", "Basis", "bar/ground/basis", Show::Text),
            column("调整", "Adjustment", "bar/adjustment", Show::Link("/adjustments/")),
        ],
        ..PLAIN
    },
    Register {
        slug: "screening",
        roles: SCREENERS,
        endpoint: "/v1/screening",
        title: ("核查名单", "Screening lists"),
        says: (
            "申请时据此核查企业；记录结束后仍然保留。",
            "Applicants are screened against them; entries that ended stay on record.",
        ),
        filters: &[("enterprise", ("企业信用代码", "USCC"))],
        columns: &[
            column("名单", "List", "list", Show::Word("screening")),
            ENTERPRISE_COLUMN,
            column("名称", "Name", "name", Show::Text),
            column("事由", "Ground", "ground", Show::Text),
            column("来源", "Source", "source", Show::Text),
            column("自", "From", "valid_from", Show::Day),
            column("至", "Until", "valid_to", Show::Day),
        ],
        brings: Some(("/imports/screening", OFFICER)),
        ..PLAIN
    },
    Register {
        slug: "broadcasts",
        roles: RoleSet::ALL,
        endpoint: "/v1/broadcasts",
        title: ("公告", "Announcements"),
        says: ("市局面向试点各方发布的公告。", "What the bureau told everybody of a scheme."),
        empty: ("还没有公告。", "Nothing has been announced yet."),
        columns: &[
            column("发布时间", "Published", "published_at", Show::Moment),
            Column(("标题", "Title"), ("title/zh", "title/en"), Show::Text),
            Column(("正文", "Text"), ("body/zh", "body/en"), Show::Text),
            column("状态", "State", "state", Show::Word("broadcast")),
        ],
        ..PLAIN
    },
    Register {
        slug: "texts",
        roles: WORKERS,
        endpoint: "/v1/texts",
        title: ("常用文本", "Texts to use again"),
        says: ("本单位办理案件时反复使用的文字。", "What your office writes again and again."),
        empty: ("还没有常用文本。", "No text is kept yet."),
        columns: &[
            column("用于", "For", "purpose", Show::Word("text_purpose")),
            column("名称", "Title", "title", Show::Text),
            Column(("文字", "Text"), ("text_zh", "text_en"), Show::Text),
            column("更新时间", "Changed", "changed_at", Show::Moment),
        ],
        ..PLAIN
    },
    Register {
        slug: "items",
        roles: ENTERPRISE,
        endpoint: "/v1/items",
        title: ("物品目录", "Catalogue of items"),
        says: ("贵单位反复申请的物品；申请时可以取用。", "What your enterprise applies for again and again."),
        empty: (
            "目录还是空的。登记一次，以后申请不必重填。",
            "The catalogue is empty. Add an item once, and later applications take it from here.",
        ),
        filters: &[("q", ("名称、别名或编码", "Name, other name or code"))],
        columns: &[
            column("名称", "Name", "item/name_zh", Show::Text),
            column("英文名称", "In English", "item/name_en", Show::Text),
            column("商品编号", "HS code", "item/hs_code", Show::Code),
            column("CAS 号", "CAS", "item/cas", Show::Code),
            column("规格型号", "Specification", "item/specification", Show::Text),
            column("单位", "Unit", "unit", Show::Word("unit")),
        ],
        ..PLAIN
    },
    Register {
        slug: "reconciliations",
        roles: BOARD,
        endpoint: "/v1/reconciliations",
        title: ("对账", "Reconciliations"),
        says: (
            "海关记录的用量与本系统逐单比对的结果；确认之前什么都不变，由提交以外的人确认。",
            "What customs booked, held against what stands here; nothing changes before somebody else confirms.",
        ),
        empty: (
            "还没有对账。海关系统通过接口提交，关员也可以从表格提交。",
            "There is none yet. Systems of customs hand them in through the API, officers from a file.",
        ),
        columns: &[
            column("时间", "Compared", "compared_at", Show::Moment),
            column("自", "From", "from", Show::Day),
            column("至", "To", "to", Show::Day),
            column("一致", "Matched", "counts/matched", Show::Under("rows?kind=matched")),
            column("本系统缺", "Missing here", "counts/missing_here", Show::Under("rows?kind=missing_here")),
            column("海关缺", "Missing there", "counts/missing_there", Show::Under("rows?kind=missing_there")),
            column("不同", "Different", "counts/different", Show::Under("rows?kind=different")),
            column("状态", "State", "state", Show::Word("reconciliation")),
        ],
        brings: Some(("/imports/reconciliations", HAND_IN_BOOKS)),
        file: Some((("差异明细", "Details"), "/v1/reconciliations/{id}/rows.xlsx")),
        ..PLAIN
    },
    Register {
        slug: "messages",
        roles: BOARD,
        endpoint: "/v1/draw-messages",
        title: ("核注核销报文", "Messages of customs"),
        says: (
            "海关系统发来的报文及本系统的答复，按保留期限保存。",
            "What systems of customs sent and were answered, kept for the time of retention.",
        ),
        filters: &[("declaration", ("报关单号", "Declaration"))],
        asks: Some((
            "declaration",
            ("输入报关单号，查看关于它的报文。", "Enter a declaration to see the messages about it."),
        )),
        columns: &[
            column("时间", "Received", "received_at", Show::Moment),
            column("报关单", "Declaration", "declaration", Show::Link("/declarations/")),
            column("动作", "Verb", "verb", Show::Word("draw_verb")),
            column("序号", "Sequence", "sequence", Show::Number),
            column("单位", "Organisation", "org", Show::Org),
            column("答复", "Answer", "status", Show::Code),
            column("修订号", "Revision", "revision", Show::Number),
        ],
        file: Some((("原文", "As sent"), "/v1/draw-messages/{id}")),
        ..PLAIN
    },
    Register {
        slug: "organisations",
        roles: STAFF,
        endpoint: "/v1/organisations",
        title: ("单位", "Organisations"),
        says: ("参与试点的机构；企业见企业列表。", "The offices of the schemes; enterprises have a list of their own."),
        empty: ("还没有登记单位。", "No organisation is registered yet."),
        id: "code",
        columns: &[
            column("代码", "Code", "code", Show::Code),
            Column(("名称", "Name"), ("name_zh", "name_en"), Show::Text),
            column("种类", "Kind", "kind", Show::Word("organisation")),
            column("电子邮箱", "E-mail", "mail", Show::Text),
            column("使用中", "Active", "active", Show::Word("truth")),
        ],
        ..PLAIN
    },
    Register {
        slug: "erasures",
        roles: SEE_ERASURES,
        endpoint: "/v1/privacy/erasures",
        title: ("个人信息删除", "Erasures"),
        says: (
            "由一名管理员提出，另一名确认；在人员或企业页面提出。",
            "One administrator proposes it on the page of the person or enterprise, another confirms.",
        ),
        empty: ("没有删除记录。", "Nothing was erased."),
        columns: &[
            column("时间", "Recorded", "recorded_at", Show::Moment),
            column("人员", "Person", "subject/id", Show::Link("/people/")),
            column("企业", "Enterprise", "subject/enterprise", Show::Firm),
            column("依据", "Ground", "ground_text", Show::Text),
            column("状态", "State", "state_text", Show::Text),
            column("记录数", "Rows", "rows", Show::Number),
        ],
        ..PLAIN
    },
    Register {
        slug: "rule-changes",
        roles: SUPERVISORS,
        endpoint: "/v1/rule-changes",
        title: ("规则变更", "Changes of the rules"),
        says: (
            "试点方案、工作日历和税则的变更：一名管理员提出，另一名对照差异确认。在“试点规则”页面提出。",
            "Changes of rule books, calendar and tariff: one administrator proposes, another confirms having seen what differs. They begin on the page of the schemes.",
        ),
        empty: ("还没有规则变更。", "No rules were changed yet."),
        columns: &[
            column("规则", "Rules", "table", Show::Opens("rule_table", "/rule-changes/")),
            column("对象", "About", "about", Show::Text),
            column("施行日", "From", "valid_from", Show::Day),
            column("状态", "State", "state", Show::Word("rule_change")),
            column("记录时间", "Recorded", "recorded_at", Show::Moment),
        ],
        ..PLAIN
    },
    Register {
        slug: "ratings",
        roles: LEAD,
        endpoint: "/v1/ratings",
        title: ("评价与意见", "Answers and remarks"),
        says: (
            "申请企业对办理情况的评价，仅市局可见。",
            "What applicants said about the handling of their cases; only the bureau reads it.",
        ),
        empty: ("还没有评价。", "Nobody has answered yet."),
        id: "application",
        filters: &[("from", ("自（年-月-日）", "From (YYYY-MM-DD)")), ("to", ("至（年-月-日）", "To (YYYY-MM-DD)"))],
        columns: &[
            column("时间", "When", "rated_at", Show::Moment),
            column("案件", "Case", "application", Show::Link("/cases/")),
            ENTERPRISE_COLUMN,
            column("评价", "Answer", "answer", Show::Word("satisfaction")),
            column("意见", "Remark", "remark", Show::Text),
        ],
        ..PLAIN
    },
    Register {
        slug: "webhooks",
        roles: WEBHOOKS,
        endpoint: "/v1/webhooks",
        title: ("消息推送", "Webhooks"),
        says: (
            "事件发生时向本单位系统推送签名消息；接收端凭公钥验证，见 docs/webhooks。",
            "What happens is told to your own system by signed messages; it checks them with the public key.",
        ),
        empty: ("还没有推送。", "There is no webhook yet."),
        columns: &[
            column("单位", "Organisation", "org", Show::Org),
            column("地址", "Address", "url", Show::Code),
            column("事件", "Events", "events", Show::Codes),
            column("状态", "State", "state", Show::Word("webhook")),
            column("原因", "Cause", "cause", Show::Word("webhook_cause")),
            column("公钥", "Public key", "keys/0/key", Show::Code),
            column("已送至", "Told up to", "delivery/served", Show::Number),
            column("最近结果", "Last outcome", "delivery/last_outcome", Show::Code),
            column("下次尝试", "Next attempt", "delivery/next_attempt_at", Show::Moment),
            column("未送达", "Given up", "delivery/dead_letters", Show::Under("dead-letters")),
        ],
        ..PLAIN
    },
    Register {
        slug: "accesses",
        roles: AUDITOR,
        endpoint: "/v1/access-records",
        title: ("查阅记录", "Records of access"),
        says: (
            "谁在何时查阅了个人信息或日志内容；查阅本页也会留痕。",
            "Who looked at personal data or inside the log, and when; opening this page is on record too.",
        ),
        filters: &[("person", ("人员编号", "Person")), ("org", ("单位", "Organisation"))],
        columns: &[
            column("时间", "When", "accessed_at", Show::Moment),
            // Whoever looked may not be registered, and then has no page.
            column("人员", "Person", "person", Show::Who),
            column("单位", "Organisation", "org", Show::Org),
            column("内容", "What", "kind_text", Show::Text),
            column("地址", "Where", "about", Show::Code),
            column("封存批次", "Seal", "seal", Show::Text),
        ],
        ..PLAIN
    },
];

/// What a reconciliation found; a register below the one of reconciliations.
pub(super) const FINDINGS: Register = Register {
    slug: "reconciliation-rows",
    roles: BOARD,
    endpoint: "/v1/reconciliations/{id}/rows",
    title: ("对账结果", "What the reconciliation found"),
    says: (
        "不一致的报关单及其两边的状态；一致的只计数。可以更正的，确认后按海关的记录更正。",
        "Declarations that differ, and how they stand on either side; what matches is only counted. What can be put right follows customs once it is confirmed.",
    ),
    empty: ("没有这样的报关单。", "There is no such declaration."),
    id: "declaration",
    under: Some(("/registers/reconciliations", ("对账", "Reconciliations"))),
    kinds: &[
        ("different", ("不一致", "Differs")),
        ("missing_here", ("本系统缺", "Missing here")),
        ("missing_there", ("海关缺", "Missing there")),
        ("matched", ("一致", "Matches")),
    ],
    columns: &[
        column("报关单", "Declaration", "declaration", Show::Link("/declarations/")),
        column("本系统", "Here", "here/state", Show::Word("declaration")),
        column("海关", "At customs", "there/state", Show::Word("declaration")),
        column("不能更正时怎么办", "Where nothing can be booked", "advice/text", Show::Text),
        column("已更正", "Booked", "outcome/booked", Show::Word("truth")),
    ],
    ..PLAIN
};

/// Messages of a webhook that were given up; a register below the one of webhooks.
pub(super) const DEAD_LETTERS: Register = Register {
    slug: "dead-letters",
    roles: WEBHOOKS,
    endpoint: "/v1/webhooks/{id}/dead-letters",
    title: ("未送达的消息", "Messages given up"),
    says: (
        "多次尝试后放弃的消息。接收端恢复后可逐条重发，消息编号不变。",
        "What was given up after several attempts. Once the receiver is well again each can be sent again, under the id it had.",
    ),
    empty: ("没有未送达的消息。", "No message was given up."),
    id: "revision",
    under: Some(("/registers/webhooks", ("消息推送", "Webhooks"))),
    columns: &[
        column("修订号", "Revision", "revision", Show::Number),
        column("事件", "Event", "event", Show::Code),
        column("对象", "About", "about", Show::Code),
        column("消息编号", "Message", "message", Show::Code),
        column("尝试次数", "Attempts", "attempts", Show::Number),
        column("最近结果", "Last outcome", "outcome", Show::Code),
        column("放弃时间", "Given up", "set_aside_at", Show::Moment),
        column("等待重发", "Waits to be sent again", "to_be_sent", Show::Word("truth")),
    ],
    ..PLAIN
};
