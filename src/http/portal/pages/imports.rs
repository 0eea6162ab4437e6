//! Spreadsheets that come in: items of an application, changes of the list, screening lists, customs' own books. All of a
//! file is taken, or nothing and the same workbook goes back with its faults.

use super::super::fields::{Choice, FormView};
use super::super::frame::Frame;
use super::super::gateway::Asked;
use super::super::json::Json;
use super::super::table::CUSTOMS;
use super::super::upload::{Brought, brought};
use super::super::visit::{Answer, Failure, Visit, see_other};
use crate::domain::actor::RoleSet;
use crate::http::endpoints::{ENTERPRISE, OFFICER};
use crate::http::problem::ProblemType;
use actix_web::http::{Method, StatusCode};
use askama::Template;
use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;

const WORKBOOK: &str = "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet";

type Both = (&'static str, &'static str);

/// A kind of file that is taken in.
struct Import {
    slug: &'static str,
    roles: RoleSet,
    endpoint: &'static str,
    /// Where the same file goes back with its faults marked; nothing where it does not.
    faults: &'static str,
    /// Whether it belongs to a scheme.
    scheme: bool,
    /// Whether it is of a period.
    period: bool,
    /// What it may be.
    file: Both,
    title: Both,
    says: Both,
    back: &'static str,
    back_words: Both,
    done: &'static str,
}

const SHEETS: Both = ("xlsx 或 csv，不超过 10 MB", "xlsx or csv, at most 10 MB");

const IMPORTS: [Import; 4] = [
    Import {
        slug: "items",
        roles: ENTERPRISE,
        endpoint: "/v1/applications/{id}/items/import",
        faults: "/v1/applications/{id}/items/import/faults",
        scheme: false,
        period: false,
        file: SHEETS,
        title: ("从表格导入物品", "Items from a spreadsheet"),
        says: (
            "xlsx 或 csv；表头用中文或英文均可，列的次序不限：统一社会信用代码、物品中文名、商品编号、数量、单位、有效期起止，以及可选的英文名、CAS 号、规格、用途、原产地。",
            "xlsx or csv with Chinese or English headers in any order: credit code, name in Chinese, HS code, quantity, unit, first and last day, and if you like name in English, CAS number, specification, purpose, origin.",
        ),
        back: "/applications/{id}/items",
        back_words: ("返回物品", "Back to the items"),
        done: "saved",
    },
    Import {
        slug: "adjustments",
        roles: OFFICER,
        endpoint: "/v1/adjustments/import",
        faults: "/v1/adjustments/import/faults",
        scheme: true,
        period: false,
        file: SHEETS,
        title: ("从表格提出调整", "An adjustment from a spreadsheet"),
        says: (
            "整份表格成为一项调整，由另一人确认后生效。没有名单编号的行新增名单，有编号的行变更该名单；名单中没有的企业随调整登记。",
            "The whole file becomes one adjustment, which another person confirms. Rows without a listing number add one, rows with a number vary it; enterprises not yet known are registered along with it.",
        ),
        back: "/adjustments",
        back_words: ("返回名单调整", "Back to the adjustments"),
        done: "proposed",
    },
    Import {
        slug: "screening",
        roles: OFFICER,
        endpoint: "/v1/screening/import",
        faults: "/v1/screening/import/faults",
        scheme: false,
        period: false,
        file: SHEETS,
        title: ("从表格录入核查名单", "A screening list from a spreadsheet"),
        says: (
            "列：名单、统一社会信用代码、事由、来源、自，以及可选的名称、至。已在名单上的行不重复录入。",
            "Columns: list, credit code, ground, source, from, and if you like name and until. Rows that stand on the list already are left alone.",
        ),
        back: "/registers/screening",
        back_words: ("返回核查名单", "Back to the screening lists"),
        done: "saved",
    },
    Import {
        slug: "reconciliations",
        roles: CUSTOMS,
        endpoint: "/v1/reconciliations",
        faults: "",
        scheme: false,
        period: true,
        file: ("csv，不超过 20 MB", "csv, at most 20 MB"),
        title: ("从表格对账", "Reconcile from a file"),
        says: (
            "海关记录的用量与本系统逐单比对；确认之前什么都不变，确认须由另一人作出。列：报关单号、顺序号、变动类型（核注、核销、返还、更正）、项号、数量、计量单位，以及可选的统一社会信用代码、商品编号、名单编号、申报日期、发生时间。",
            "What customs booked is held against what stands here, declaration by declaration; nothing changes before somebody else confirms it. Columns: declaration, sequence, kind (reserved, confirmed, given_back, corrected), line, quantity, unit, and if you like enterprise, hs_code, listing, declared_on, occurred_at.",
        ),
        back: "/registers/reconciliations",
        back_words: ("返回对账", "Back to the reconciliations"),
        done: "compared",
    },
];

#[derive(Template)]
#[template(path = "portal/import.html")]
struct ImportPage<'a> {
    f: Frame,
    form: FormView<'a>,
    title: &'static str,
    says: &'static str,
    action: &'a str,
    back: String,
    back_words: &'static str,
    schemes: Vec<Choice>,
    period: bool,
    file: &'static str,
    /// Whether a refused file goes back with its faults.
    marks: bool,
    refused: Json<'a>,
    /// The workbook with its faults, as an address that holds it.
    marked: Option<String>,
}

fn find(visit: &Visit) -> Result<&'static Import, Failure> {
    // Items are brought under the address of their application.
    let slug = Some(visit.part("what")).filter(|slug| !slug.is_empty()).unwrap_or("items");
    let import = IMPORTS.iter().find(|import| import.slug == slug).ok_or(ProblemType::NotFound)?;
    if visit.roles().intersects(import.roles) { Ok(import) } else { Err(ProblemType::Forbidden.into()) }
}

async fn page(visit: &Visit, import: &Import, period: [&str; 2], marked: Option<Vec<u8>>) -> Answer {
    let id = visit.part("id");
    let seen = if id.is_empty() { None } else { visit.get(format!("/v1/applications/{id}")).await?.etag };
    let schemes = if import.scheme { super::super::acts::schemes(visit).await? } else { Vec::new() };
    let [from, to] = period;
    let known = serde_json::json!({ "scheme": schemes.first().map(|(code, _)| code.as_str()), "from": from, "to": to });
    let refused = visit.refusal();
    let title = visit.t(import.title.0, import.title.1);
    visit.render(&ImportPage {
        f: Frame::new(visit, title),
        form: FormView { sent: None, faults: Vec::new(), ..visit.form_view(Json(&known), seen.as_deref()) },
        title,
        says: visit.t(import.says.0, import.says.1),
        action: visit.request.path(),
        back: import.back.replace("{id}", id),
        back_words: visit.t(import.back_words.0, import.back_words.1),
        schemes,
        period: import.period,
        file: visit.t(import.file.0, import.file.1),
        marks: !import.faults.is_empty(),
        refused: Json(&refused),
        marked: marked.map(|file| format!("data:{WORKBOOK};base64,{}", STANDARD.encode(file))),
    })
}

/// Shows how to bring a spreadsheet.
///
/// # Errors
/// `not-found` for no such kind; what the endpoint refuses.
pub async fn show(visit: &Visit) -> Answer {
    page(visit, find(visit)?, [""; 2], None).await
}

/// Takes a spreadsheet: all of it, or nothing, every fault, and the workbook with its faults.
///
/// # Errors
/// `forbidden` without the token; what the endpoint refuses.
pub async fn bring(visit: &Visit) -> Answer {
    let import = find(visit)?;
    let Brought { name, bytes, scheme, from, to, key, .. } = brought(visit).await?;
    let id = visit.part("id");
    let mut query = url::form_urlencoded::Serializer::new(String::new());
    let said = [("scheme", &scheme, import.scheme), ("from", &from, import.period), ("to", &to, import.period)];
    for (member, value, _) in said.into_iter().filter(|(_, value, asked)| *asked && !value.is_empty()) {
        query.append_pair(member, value);
    }
    let query = query.finish();
    let query = if query.is_empty() { query } else { format!("?{query}") };
    let media = if name.to_ascii_lowercase().ends_with(".csv") { "text/csv" } else { WORKBOOK };
    let asked = |target: &str| Asked {
        method: Method::POST,
        target: format!("{}{query}", target.replace("{id}", id)),
        body: bytes.clone().into(),
        media: Some(media.to_owned()),
        ..Asked::default()
    };
    let sent = Asked { seen: visit.seen(), key: Some(key).filter(|key| !key.is_empty()), ..asked(import.endpoint) };
    match visit.ask(sent).await {
        Ok(reply) => {
            let made = |member: &str| Json(&reply.view).maybe(member).map(|made| made.word());
            let made = if import.period {
                // What differs is shown first, of the first kind that there is.
                let kinds = ["different", "missing_here", "missing_there"];
                let there = |kind: &&str| Json(&reply.view).whole(&format!("counts/{kind}")).is_ok_and(|it| it > 0);
                let kind = kinds.into_iter().find(there).unwrap_or("matched");
                made("id").map(|id| format!("{}/{id}/rows?kind={kind}", import.back))
            } else {
                made("adjustment").map(|id| format!("/adjustments/{id}"))
            };
            let there = made.unwrap_or_else(|| import.back.replace("{id}", id));
            let mark = if there.contains('?') { '&' } else { '?' };
            Ok(see_other(&format!("{there}{mark}done={}", import.done)))
        }
        Err(refused) => {
            let faulty = refused.status == StatusCode::UNPROCESSABLE_ENTITY && !import.faults.is_empty();
            visit.refuse(refused)?;
            // A file that cannot be read at all has no cells to mark.
            let marked = if faulty { visit.file(asked(import.faults)).await.ok() } else { None };
            page(visit, import, [&from, &to], marked.filter(|file| !file.is_empty())).await
        }
    }
}
