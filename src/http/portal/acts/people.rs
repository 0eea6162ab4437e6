//! Acts on people, their accounts and roles, organisations, and what is erased of a person.

use super::super::super::endpoints::{ADMINISTRATOR, GOVERN_PEOPLE};
use super::{Act, Kind, Needed, STEP, day, line, word};

const PERSON: &str = "/v1/people/{id}";
const PERSON_PAGE: &str = "/people/{id}";
const ERASURE: &str = "/v1/privacy/erasures/{id}";

/// What is alike in the acts on a person.
const ON_PERSON: Act =
    Act { roles: GOVERN_PEOPLE, read: PERSON, target: PERSON, on: &["person"], needed: &[], back: PERSON_PAGE, ..STEP };

/// What is alike in the acts on a grant: it is listed on the page of its person.
const ON_GRANT: Act = Act { roles: ADMINISTRATOR, read: "", on: &["grant"], needed: &[], back: "/people", ..STEP };

/// What is alike in the acts on an erasure.
const ON_ERASURE: Act = Act {
    roles: ADMINISTRATOR,
    read: ERASURE,
    on: &["erasures"],
    needed: &[],
    when: |it| it.is("state", "proposed"),
    back: "/registers/erasures",
    ..STEP
};

/// What is alike in the acts on an organisation.
const ON_ORGANISATION: Act = Act {
    roles: ADMINISTRATOR,
    read: "/v1/organisations/{id}",
    target: "/v1/organisations/{id}",
    replaces: true,
    on: &["organisations"],
    needed: &[KIND, NAME_ZH, NAME_EN, MAIL],
    back: "/registers/organisations",
    done: "saved",
    ..STEP
};

/// What the form does not show is said with it.
const ACTIVE: &[(&str, &str)] = &[("/active:bool", "true")];

const KIND: Needed = word("/kind", "种类", "Kind", "organisation");
const NAME_ZH: Needed = line("/name_zh", "中文名称", "Name in Chinese");
const NAME_EN: Needed = line("/name_en", "英文名称", "Name in English").optional();
const MAIL: Needed = line("/mail", "电子邮箱", "E-mail").optional();

/// Every act on people.
pub const ACTS: &[Act] = &[
    Act {
        slug: "register-person",
        read: "",
        target: "/v1/people",
        on: &["people+"],
        needed: &[
            line("/name", "姓名", "Name"),
            line("/org", "单位代码", "Organisation").hint("信用代码或机构代码", "USCC, or the code of an office"),
            line("/phone", "电话", "Phone").optional(),
            line("/mail", "电子邮箱", "E-mail").optional(),
            word("/language", "语言", "Language", "language").optional(),
            line("/accounts/0/issuer", "账户签发方", "Issuer of the account")
                .hint("登录系统的地址", "Address of the identity provider"),
            line("/accounts/0/subject", "账户", "Account")
                .hint("登录系统中的标识", "As the identity provider names it"),
        ],
        title: ("登记人员", "Register a person"),
        says: ("登记后再授予角色；没有角色的人不能办理。", "Roles are granted afterwards; nobody acts without one."),
        button: ("登记", "Register"),
        back: "/people",
        done: "saved",
        ..ON_PERSON
    },
    Act {
        slug: "set-up",
        roles: ADMINISTRATOR,
        read: "",
        target: "/v1/setup/first-administrator",
        on: &["nobody+"],
        needed: &[
            line("/code", "一次性代码", "One-time code").hint(
                "由 whitelist migrate 在安装时给出",
                "Printed by whitelist migrate when the service is installed",
            ),
            line("/name", "您的姓名", "Your name"),
        ],
        title: ("设立首位管理员", "Become the first administrator"),
        says: (
            "从此人员和角色由登记决定，登录凭证中的角色不再生效；请用您自己的账户办理。",
            "From then on people and roles are those registered here, no longer those of the sign-in; do it with your own account.",
        ),
        button: ("设立", "Set up"),
        back: "/people",
        done: "saved",
        grave: true,
        ..ON_PERSON
    },
    Act {
        slug: "change-person",
        replaces: true,
        needed: &[
            line("/name", "姓名", "Name"),
            line("/org", "单位代码", "Organisation"),
            line("/phone", "电话", "Phone").optional(),
            line("/mail", "电子邮箱", "E-mail").optional(),
            word("/language", "语言", "Language", "language").optional(),
        ],
        title: ("变更信息", "Change the particulars"),
        says: ("角色不变。", "Roles stay as they are."),
        button: ("保存", "Save"),
        done: "saved",
        ..ON_PERSON
    },
    Act {
        slug: "join-account",
        target: "/v1/people/{id}/accounts",
        needed: &[line("/issuer", "账户签发方", "Issuer of the account"), line("/subject", "账户", "Account")],
        title: ("关联账户", "Join an account"),
        says: (
            "两个账户视为同一人：不能用另一账户复核自己的事项。",
            "Both accounts are one person from now on: nobody confirms their own work through another account.",
        ),
        button: ("关联", "Join"),
        grave: true,
        ..ON_PERSON
    },
    Act {
        slug: "grant-role",
        read: "",
        target: "/v1/people/{id}/grants",
        needed: &[
            Needed { kind: Kind::Role, ..line("/role", "角色", "Role") },
            line("/org", "代表单位", "For which organisation")
                .hint("信用代码或机构代码", "USCC, or the code of an office"),
            day("/valid_from", "起始日期", "From").optional(),
            day("/valid_to", "截止日期", "Until").optional(),
        ],
        title: ("授予角色", "Grant a role"),
        says: (
            "机构的角色须由另一名管理员确认后生效；企业给自己人员的授权即时生效。",
            "Roles of offices take effect when another administrator confirms them; an enterprise's own at once.",
        ),
        button: ("授予", "Grant"),
        done: "saved",
        ..ON_PERSON
    },
    Act {
        slug: "deactivate-person",
        target: "/v1/people/{id}/deactivate",
        when: |person| person.has("active"),
        title: ("停用", "Deactivate"),
        says: (
            "其会话立即结束，不能再办理；名下案件请先移交。",
            "Sessions end at once and nothing can be done any more; hand cases over first.",
        ),
        button: ("停用", "Deactivate"),
        grave: true,
        ..ON_PERSON
    },
    Act {
        slug: "reactivate-person",
        target: "/v1/people/{id}/reactivate",
        when: |person| !person.has("active"),
        title: ("重新启用", "Reactivate"),
        says: ("按现有角色恢复办理。", "Acts again with the roles that are in force."),
        button: ("启用", "Reactivate"),
        ..ON_PERSON
    },
    Act {
        slug: "hand-over",
        target: "/v1/people/{id}/hand-over",
        needed: &[line("/to", "移交给", "To whom").hint("人员编号", "Id of the person")],
        title: ("移交案件", "Hand over cases"),
        says: ("名下的全部案件转给同一单位的另一人。", "All cases in hand go to a colleague of the organisation."),
        button: ("移交", "Hand over"),
        ..ON_PERSON
    },
    Act {
        slug: "erase-person",
        roles: ADMINISTRATOR,
        read: "",
        target: "/v1/privacy/erasures",
        fixed: &[("/subject/kind", "person"), ("/subject/id", "{id}")],
        needed: &[word("/ground", "依据", "Ground", "erasure_ground")],
        title: ("删除个人信息", "Erase personal data"),
        says: (
            "另一名管理员确认后，姓名、电话、邮箱和账户连同密钥一并销毁，不能恢复；日志的证明仍然有效。",
            "Once another administrator confirms it, name, phone, mail and accounts are destroyed with their key, for good; proofs of the log stay valid.",
        ),
        button: ("提出删除", "Propose it"),
        done: "proposed",
        grave: true,
        ..ON_PERSON
    },
    Act {
        slug: "confirm-grant",
        target: "/v1/grants/{id}/confirm",
        when: |grant| grant.is("state", "proposed"),
        title: ("确认授权", "Confirm the role"),
        says: ("角色即时生效；不能确认自己提出的授权。", "It counts from now on; nobody confirms what they proposed."),
        button: ("确认", "Confirm"),
        done: "saved",
        grave: true,
        ..ON_GRANT
    },
    Act {
        slug: "refuse-grant",
        target: "/v1/grants/{id}/refuse",
        when: |grant| grant.is("state", "proposed"),
        title: ("不同意授权", "Refuse the role"),
        says: ("角色不授予。", "It is not granted."),
        button: ("不同意", "Refuse"),
        done: "saved",
        ..ON_GRANT
    },
    Act {
        slug: "end-grant",
        roles: GOVERN_PEOPLE,
        target: "/v1/grants/{id}/end",
        when: |grant| grant.is("state", "in_force"),
        title: ("收回角色", "End the role"),
        says: ("即时生效，相关会话立即结束。", "It counts at once, and sessions end."),
        button: ("收回", "End it"),
        done: "saved",
        grave: true,
        ..ON_GRANT
    },
    Act {
        slug: "retire-role",
        roles: GOVERN_PEOPLE,
        read: "/v1/custom-roles/{id}",
        target: "/v1/custom-roles/{id}/retire",
        on: &["role"],
        when: |role| role.is("state", "active") && role.whole("held").is_ok_and(|held| held == 0),
        title: ("停用角色", "Retire the role"),
        says: (
            "不能再授予；仍有人持有（含待确认的授权）时不能停用，请先收回。",
            "It is granted to nobody any more. While somebody holds it, or was proposed for it, it stays: end those grants first.",
        ),
        button: ("停用", "Retire"),
        back: "/roles/{id}",
        done: "saved",
        grave: true,
        ..ON_PERSON
    },
    Act {
        slug: "add-organisation",
        roles: ADMINISTRATOR,
        read: "",
        target: "/v1/organisations",
        on: &["organisations+"],
        needed: &[
            line("/code", "代码", "Code").hint("小写字母、数字和连字符", "Small letters, digits and hyphens"),
            KIND,
            NAME_ZH,
            NAME_EN,
            MAIL,
        ],
        title: ("登记单位", "Register an organisation"),
        says: ("登记后可以给其人员授予角色。", "Its people can be granted roles afterwards."),
        button: ("登记", "Register"),
        back: "/registers/organisations",
        done: "saved",
        ..ON_PERSON
    },
    Act {
        slug: "change-organisation",
        fixed: ACTIVE,
        when: |it| it.has("active"),
        title: ("修改", "Change"),
        says: ("名称和邮箱从现在起更新。", "Name and mail count from now on."),
        button: ("保存", "Save"),
        ..ON_ORGANISATION
    },
    Act {
        slug: "close-organisation",
        fixed: &[("/active:bool", "false")],
        when: |it| it.has("active"),
        title: ("停用", "Close"),
        says: (
            "标为停用，记录保留；其人员的角色请逐一收回。",
            "It is marked as closed and stays on record; end the roles of its people one by one.",
        ),
        button: ("停用", "Close"),
        grave: true,
        ..ON_ORGANISATION
    },
    Act {
        slug: "reopen-organisation",
        fixed: ACTIVE,
        when: |it| !it.has("active"),
        title: ("重新启用", "Reopen"),
        says: ("标为使用中。", "It is marked as active again."),
        button: ("启用", "Reopen"),
        ..ON_ORGANISATION
    },
    Act {
        slug: "erase-contact",
        roles: ADMINISTRATOR,
        read: "",
        target: "/v1/privacy/erasures",
        fixed: &[("/subject/kind", "contact"), ("/subject/enterprise", "{id}")],
        on: &["enterprise"],
        needed: &[word("/ground", "依据", "Ground", "erasure_ground")],
        title: ("删除企业联系人信息", "Erase the contacts"),
        says: (
            "另一名管理员确认后，责任人和申请联系人的个人信息连同密钥一并销毁，不能恢复。",
            "Once another administrator confirms it, responsible persons and contacts are destroyed with their key, for good.",
        ),
        button: ("提出删除", "Propose it"),
        back: "/enterprises/{id}",
        done: "proposed",
        grave: true,
        ..ON_PERSON
    },
    Act {
        slug: "confirm-erasure",
        target: "/v1/privacy/erasures/{id}/confirm",
        title: ("确认删除", "Confirm the erasure"),
        says: ("个人信息和密钥即时销毁，不能恢复。", "Data and key are destroyed at once, for good."),
        button: ("确认删除", "Erase"),
        grave: true,
        ..ON_ERASURE
    },
    Act {
        slug: "refuse-erasure",
        target: "/v1/privacy/erasures/{id}/refuse",
        title: ("不同意删除", "Refuse the erasure"),
        says: ("不删除，记录保留。", "Nothing is erased, and that stays on record."),
        button: ("不同意", "Refuse"),
        ..ON_ERASURE
    },
];
