//! The menu: where a person can go, by role and duty, in groups.

use super::duties::behind;
use super::table::{Access, CUSTOMS, OPERATOR, PAGES, Page};
use super::visit::Visit;
use crate::domain::actor::{Role, RoleSet};
use crate::http::endpoints::{
    APPLICANT, AUDITOR, BOARD, DECLARATIONS, ENTERPRISE, INSIDERS, INSPECTED, LEAD, READERS, SCREENERS, SEE_ERASURES,
    SEE_PEOPLE, STOPS, SUPERVISORS, WEBHOOKS, WORKERS,
};

/// Entries of the menu that belong together.
pub struct Group {
    /// What they have in common.
    pub name: &'static str,
    /// The entries.
    pub entries: Vec<Entry>,
}

/// An entry of the menu.
pub struct Entry {
    /// Where it leads.
    pub href: &'static str,
    /// Its words.
    pub words: &'static str,
    /// Whether this page lies behind it.
    pub here: bool,
}

type Line = (&'static str, &'static str, &'static str, RoleSet);

const CASEWORK: [Line; 15] = [
    ("/", "工作台", "Home", RoleSet::ALL),
    ("/look-up", "口岸核验", "Border look-up", CUSTOMS),
    ("/manual-release", "人工放行", "Manual release", CUSTOMS),
    ("/applications", "我的申请", "Applications", ENTERPRISE),
    ("/worklists/intake", "待受理", "Intake", RoleSet::of(&[Role::DistrictOfficer])),
    ("/worklists/opinions", "待出具意见", "Opinions due", RoleSet::of(&[Role::AgencyReviewer])),
    ("/worklists/decisions", "待拟定决定", "Decisions due", RoleSet::of(&[Role::BureauOfficer])),
    ("/worklists/approvals", "待复核", "Second review", RoleSet::of(&[Role::BureauApprover])),
    ("/cases", "全部案件", "All cases", INSIDERS),
    ("/batches", "批次与公布", "Batches", SUPERVISORS),
    ("/adjustments", "名单调整", "Adjustments", SUPERVISORS),
    ("/usage-returns", "使用情况报告", "Usage returns", INSPECTED),
    ("/registers/items", "物品目录", "Catalogue of items", ENTERPRISE),
    ("/my-enterprise", "企业信息", "Our enterprise", APPLICANT),
    ("/registers/texts", "常用文本", "Texts to use again", WORKERS),
];

const LIST: [Line; 7] = [
    ("/listings", "白名单", "White list", READERS),
    ("/listing-changes", "名单变化", "List changes", READERS),
    ("/enterprises", "企业", "Enterprises", INSIDERS),
    ("/declarations", "报关单用量", "Declarations", DECLARATIONS),
    ("/dry-run", "报关前试核", "Dry run", ENTERPRISE),
    ("/look-ups", "核验记录", "My look-ups", CUSTOMS),
    ("/registers/report-jobs", "报表下载", "Reports to download", READERS),
];

const OVERSIGHT: [Line; 23] = [
    ("/stops", "紧急停用", "Emergency stops", STOPS),
    ("/supervision", "监管看板", "Supervision", SUPERVISORS),
    ("/border", "口岸看板", "Border dashboard", BOARD),
    ("/manual-releases", "人工放行审核", "Manual releases", BOARD),
    ("/registers/findings", "检查发现", "Findings", INSPECTED),
    ("/registers/bars", "限制申请", "Barred enterprises", SCREENERS),
    ("/registers/screening", "核查名单", "Screening lists", SCREENERS),
    ("/registers/reconciliations", "对账", "Reconciliations", BOARD),
    ("/registers/messages", "核注核销报文", "Messages of customs", BOARD),
    ("/reports", "统计分析", "Reports", SUPERVISORS),
    ("/satisfaction", "满意度", "Satisfaction", LEAD),
    ("/log", "审计日志", "Audit log", AUDITOR),
    ("/registers/accesses", "查阅记录", "Records of access", AUDITOR),
    ("/registers/broadcasts", "公告", "Announcements", RoleSet::ALL),
    ("/schemes", "试点规则", "Schemes", RoleSet::ALL),
    ("/registers/rule-changes", "规则变更", "Changes of the rules", SUPERVISORS),
    ("/people", "人员与角色", "People and roles", SEE_PEOPLE),
    ("/roles", "角色与职责", "Roles and duties", SEE_PEOPLE),
    ("/registers/organisations", "单位", "Organisations", SEE_ERASURES),
    ("/registers/erasures", "个人信息删除", "Erasures", SEE_ERASURES),
    ("/agents", "代理委托", "Agents", APPLICANT),
    ("/registers/webhooks", "消息推送", "Webhooks", WEBHOOKS),
    ("/operations", "运行状态", "Operations", OPERATOR),
];

/// The menu of whoever looks at a page.
pub(super) fn of(visit: &Visit) -> Vec<Group> {
    let groups = [
        group(visit, visit.t("办理", "Casework"), &CASEWORK),
        group(visit, visit.t("名单", "The list"), &LIST),
        group(visit, visit.t("监管", "Oversight"), &OVERSIGHT),
    ];
    groups.into_iter().filter(|group| !group.entries.is_empty()).collect()
}

/// Where the menu leads.
#[cfg(test)]
pub(super) fn places() -> impl Iterator<Item = &'static str> {
    CASEWORK.iter().chain(&LIST).chain(&OVERSIGHT).map(|(href, ..)| *href)
}

fn group(visit: &Visit, name: &'static str, lines: &[Line]) -> Group {
    let path = visit.request.path();
    let known = |href: &str| {
        let family = |page: &&Page| {
            page.method == "GET"
                && (page.path == href || {
                    let (start, rest) = page.path.split_once('{').unwrap_or((page.path, ""));
                    !rest.is_empty()
                        && !rest.contains('/')
                        && href.strip_prefix(start).is_some_and(|name| !name.contains('/'))
                })
        };
        PAGES.iter().find(family).is_some_and(|page| match page.access {
            Access::Roles(roles) => visit.roles().intersects(roles),
            Access::Public | Access::SignedIn => true,
        })
    };
    let lets =
        |href: &str, roles: RoleSet| behind(href).map_or(visit.roles(), |duty| visit.under(duty)).intersects(roles);
    let entries = lines.iter().filter(|(href, .., roles)| lets(href, *roles) && known(href));
    let here = |href: &str| path == href || (href != "/" && path.starts_with(&format!("{href}/")));
    let entries = entries.map(|(href, zh, en, _)| Entry { href, words: visit.t(zh, en), here: here(href) });
    Group { name, entries: entries.collect() }
}
