//! Letters of a case (告知书): correction notice, recognition, refusal, and not taken in, in both languages; and the page of a
//! public notice.
//!
//! Every value of a case is escaped by the template. Invariant: a letter says what the case's facts say and is there only
//! once they do; what is only proposed the bureau reads as a draft that says so.

use super::publication::granted;
use super::{Case, batches::Notice};
use crate::app::sentence::place;
use crate::app::{App, AppError};
use crate::domain::actor::{Caller, Role, RoleSet};
use crate::domain::application::event::EventKind;
use crate::domain::application::{Kind, words};
use crate::domain::code::UnitCode;
use crate::domain::id::ApplicationId;
use crate::domain::lang::Lang;
use crate::domain::recognition::{CorrectionReason, DeclineGround, ItemState, RefusalGround};
use crate::domain::scheme::Scheme;
use crate::domain::validity::{Instant, LegalDay};
use crate::store::application_rows::CaseEventRow;
use crate::store::decisions::DecisionRow;
use crate::store::{StoreError, applications, decisions, enterprises};
use askama::Template;
use serde_json::Value;

words! {
    /// A kind of letter.
    LetterKind {
        /// What is to be corrected.
        Correction "correction" "补正告知书" "Correction notice";
        /// What was recognised.
        Recognition "recognition" "认定通知书" "Recognition letter";
        /// What was refused.
        Refusal "refusal" "不予认定决定书" "Refusal letter";
        /// Why it was not taken in.
        Declined "declined" "不予受理决定书" "Letter of non-acceptance";
    }
}

/// Who reads what is only proposed.
const BUREAU: RoleSet = RoleSet::of(&[Role::BureauOfficer, Role::BureauApprover]);

/// What the template shows.
#[derive(Template)]
#[template(path = "letter.html")]
struct Letter<'a> {
    lang: &'static str,
    title: &'a str,
    issuer: &'a str,
    reference_label: &'static str,
    reference: &'a str,
    addressee: String,
    opening: Vec<String>,
    headings: Vec<&'static str>,
    rows: Vec<Vec<String>>,
    closing: Vec<String>,
    dated: String,
}

/// What a letter says.
struct Said {
    on: LegalDay,
    /// Whether some of it is only proposed.
    draft: bool,
    opening: Vec<String>,
    headings: Vec<&'static str>,
    rows: Vec<Vec<String>>,
    closing: Vec<String>,
}

impl App {
    /// Renders a letter of a case as HTML; for the bureau, of what is proposed, as a draft.
    ///
    /// # Errors
    /// [`AppError::NotFound`] for a case of others and for a letter that its facts do not bear yet.
    pub fn letter(&self, caller: &Caller, id: ApplicationId, kind: LetterKind, lang: Lang) -> Result<String, AppError> {
        let draft = caller.holds_any(BUREAU).then(|| self.clock.now().day());
        self.store.read(|conn| {
            let case = Case::open(conn, caller, id)?;
            let events = applications::events(conn, &case.row.id)?;
            let decided = decisions::newest(conn, &case.row.id)?;
            let said = match kind {
                LetterKind::Correction => correction(&events, lang),
                LetterKind::Declined => declined(&events, lang),
                LetterKind::Recognition => recognition(decided.values(), draft, lang)?,
                LetterKind::Refusal => refusal(decided.values(), draft, &case, lang)?,
            };
            let said = said.ok_or(AppError::NotFound)?;
            let named = enterprises::versions(conn, &case.row.enterprise)?.pop();
            let name = named.map(|row| match lang {
                Lang::Zh => row.name_zh,
                Lang::En => row.name_en.unwrap_or(row.name_zh),
            });
            let addressee = lang.pick(
                format!("{}（{}）：", name.clone().unwrap_or_default(), case.row.enterprise),
                format!("To {} ({}):", name.unwrap_or_default(), case.row.enterprise),
            );
            let title = if said.draft {
                lang.pick(
                    format!("{}（拟稿，未经审批）", kind.name(lang)),
                    format!("{} (draft, not decided)", kind.name(lang)),
                )
            } else {
                kind.name(lang).to_owned()
            };
            let letter = Letter {
                lang: lang.pick("zh-CN", "en"),
                title: &title,
                issuer: issuer(&case.scheme, lang),
                reference_label: lang.pick("申请编号", "Application"),
                reference: &case.row.id,
                addressee,
                opening: said.opening,
                headings: said.headings,
                rows: said.rows,
                closing: said.closing,
                dated: said.on.to_string(),
            };
            letter.render().map_err(AppError::unwritable)
        })
    }
}

fn issuer(scheme: &Scheme, lang: Lang) -> &str {
    let lead = scheme.member_agencies.iter().find(|agency| agency.code == scheme.lead_agency);
    lead.map_or(scheme.name.text(lang), |agency| agency.name.text(lang))
}

fn last(events: &[CaseEventRow], kinds: &[EventKind]) -> Option<CaseEventRow> {
    events.iter().rev().find(|event| kinds.iter().any(|kind| event.kind == kind.as_str())).cloned()
}

fn on(event: &CaseEventRow) -> LegalDay {
    Instant::from_micros(event.recorded_at).day()
}

fn correction(events: &[CaseEventRow], lang: Lang) -> Option<Said> {
    let asked = last(events, &[EventKind::Asked])?;
    let detail: Value = asked.detail.as_deref().and_then(|text| serde_json::from_str(text).ok()).unwrap_or_default();
    let findings = detail.get("findings").and_then(Value::as_array).cloned().unwrap_or_default();
    let text =
        |finding: &Value, member: &str| finding.get(member).and_then(Value::as_str).unwrap_or_default().to_owned();
    let rows = findings.iter().map(|finding| {
        let reason = CorrectionReason::parse(&text(finding, "reason")).map_or("", |reason| reason.name(lang));
        vec![place(&text(finding, "pointer"), lang), reason.to_owned(), text(finding, "note")]
    });
    let due = asked.due_on.and_then(LegalDay::from_value);
    let days = asked.working_days.unwrap_or_default();
    let closing = match due {
        Some(due) => lang.pick(
            format!("请在 {due} 前（{days} 个工作日）补正并提交；逾期未补正的，申请失效。"),
            format!("Please correct and send it by {due} ({days} working days); otherwise the application lapses."),
        ),
        None => lang.pick(
            format!("请在 {days} 个工作日内补正并提交；截止日期待工作日历公布后确定。"),
            format!("Please correct and send it within {days} working days; the last day is open until the calendar is published."),
        ),
    };
    Some(Said {
        on: on(&asked),
        draft: false,
        opening: vec![lang.pick(
            "经审查，您提交的申请需要补正下列内容：".to_owned(),
            "Your application needs the following corrections:".to_owned(),
        )],
        headings: lang.pick(vec!["位置", "事由", "说明"], vec!["Place", "Reason", "Note"]),
        rows: rows.collect(),
        closing: asked.note.clone().into_iter().chain([closing]).collect(),
    })
}

fn declined(events: &[CaseEventRow], lang: Lang) -> Option<Said> {
    let declined = last(events, &[EventKind::Declined, EventKind::KeptOut])?;
    let ground = declined.reason_code.as_deref().and_then(DeclineGround::parse).map_or("", |ground| ground.name(lang));
    Some(Said {
        on: on(&declined),
        draft: false,
        opening: vec![lang.pick(
            format!("经审查，您提交的申请不予受理。理由：{ground}。"),
            format!("Your application is not accepted. Ground: {ground}."),
        )],
        headings: Vec::new(),
        rows: Vec::new(),
        closing: declined.note.clone().into_iter().collect(),
    })
}

/// Returns the day of a letter about some decisions, and whether one is only proposed: then it is that of the draft.
fn day_of<'r>(
    rows: impl Iterator<Item = &'r DecisionRow> + Clone,
    draft: Option<LegalDay>,
) -> Option<(LegalDay, bool)> {
    let proposed = rows.clone().any(|row| row.decided_at.is_none());
    let decided = rows.filter_map(|row| row.decided_at).max().map(|at| Instant::from_micros(at).day());
    let on = if proposed { draft } else { decided };
    on.map(|on| (on, proposed))
}

/// Whether a decision stands in a state, or is to be shown as a draft in the state that is proposed.
fn stands(row: &DecisionRow, states: &[ItemState], proposed: ItemState, draft: Option<LegalDay>) -> bool {
    states.iter().any(|state| row.state == state.as_str()) || draft.is_some() && row.state == proposed.as_str()
}

fn recognition<'r>(
    rows: impl Iterator<Item = &'r DecisionRow> + Clone,
    draft: Option<LegalDay>,
    lang: Lang,
) -> Result<Option<Said>, StoreError> {
    let recognised = [ItemState::Recognised, ItemState::Published];
    let rows = rows.filter(|row| stands(row, &recognised, ItemState::ProposedRecognition, draft));
    let Some((on, draft)) = day_of(rows.clone(), draft) else { return Ok(None) };
    let mut shown = Vec::new();
    for row in rows {
        let ask = granted(row)?;
        let (what, much) = match ask.terms() {
            Some(terms) => {
                let words = &terms.item.words;
                let name = match lang {
                    Lang::Zh => words.name_zh.clone(),
                    Lang::En => words.name_en.clone().unwrap_or_else(|| words.name_zh.clone()),
                };
                (
                    format!("{name} {}", terms.item.hs_code),
                    format!("{} {}", terms.quantity, terms.unit.of(lang, &terms.quantity.to_string())),
                )
            }
            None => (ask.listing().map(|listing| listing.to_string()).unwrap_or_default(), String::new()),
        };
        shown.push(vec![
            row.line.to_string(),
            Kind::parse(&row.kind).map_or("", |kind| kind.name(lang)).to_owned(),
            what,
            much,
            row.conditions.clone().unwrap_or_default(),
            row.listing.clone().unwrap_or_default(),
        ]);
    }
    Ok(Some(Said {
        on,
        draft,
        opening: vec![lang.pick(
            "经联合机制审议，下列物品予以认定：".to_owned(),
            "The joint mechanism recognises the following items:".to_owned(),
        )],
        headings: lang.pick(
            vec!["序号", "类别", "物品", "数量", "条件", "名单编号"],
            vec!["Item", "Kind", "Goods", "Quantity", "Conditions", "Listing"],
        ),
        rows: shown,
        closing: vec![lang.pick(
            "名单条目自公布通知所载生效日期起适用；仅限本企业研发自用。".to_owned(),
            "Listings apply from the day of effect in the published notice, for the enterprise's own research and development only."
                .to_owned(),
        )],
    }))
}

fn refusal<'r>(
    rows: impl Iterator<Item = &'r DecisionRow> + Clone,
    draft: Option<LegalDay>,
    case: &Case,
    lang: Lang,
) -> Result<Option<Said>, StoreError> {
    let rows = rows.filter(|row| stands(row, &[ItemState::Refused], ItemState::ProposedRefusal, draft));
    let Some((on, draft)) = day_of(rows.clone(), draft) else { return Ok(None) };
    let mut shown = Vec::new();
    for row in rows {
        let grounds = super::act::listed(&row.grounds, RefusalGround::parse)?;
        let grounds: Vec<&str> = grounds.into_iter().map(|ground| ground.name(lang)).collect();
        shown.push(vec![
            row.line.to_string(),
            grounds.join(lang.pick("；", "; ")),
            row.note.clone().unwrap_or_default(),
        ]);
    }
    let days = case.scheme.casework.appeal_days;
    let until = on.add_days(i32::from(days));
    Ok(Some(Said {
        on,
        draft,
        opening: vec![lang.pick(
            "经联合机制审议，下列物品不予认定：".to_owned(),
            "The joint mechanism does not recognise the following items:".to_owned(),
        )],
        headings: lang.pick(vec!["序号", "理由", "说明"], vec!["Item", "Grounds", "Note"]),
        rows: shown,
        closing: vec![lang.pick(
            format!("如不服本决定，可在 {days} 日内（至 {until}）通过本系统提出申诉。"),
            format!("An appeal can be made in this system within {days} days, until {until}."),
        )],
    }))
}

/// Renders the page of a public notice.
///
/// # Errors
/// [`AppError::Store`] when the notice cannot be read.
pub fn notice_page(notice: &Notice, lang: Lang) -> Result<String, AppError> {
    let body: Value = serde_json::from_str(&notice.body).map_err(AppError::unwritable)?;
    let text = |value: &Value, member: &str| match value.get(member) {
        Some(Value::String(text)) => text.clone(),
        Some(Value::Null | Value::Bool(_) | Value::Number(_) | Value::Array(_) | Value::Object(_)) | None => {
            String::new()
        }
    };
    let place = lang.pick("zh", "en");
    let name = body.get("scheme_name").and_then(|name| name.get(place)).and_then(Value::as_str).unwrap_or_default();
    let items = body.get("items").and_then(Value::as_array).cloned().unwrap_or_default();
    let rows = items.iter().map(|item| {
        let goods = item.get("item").cloned().unwrap_or_default();
        let kind = Kind::parse(&text(item, "kind")).map_or("", |kind| kind.name(lang));
        let quantity = text(item, "quantity");
        let unit = UnitCode::parse(&text(item, "unit")).map(|unit| unit.of(lang, &quantity)).unwrap_or_default();
        vec![
            text(item, "listing"),
            kind.to_owned(),
            format!("{} {}", text(item, "enterprise_name_zh"), text(item, "enterprise")),
            text(&goods, "name_zh"),
            text(&goods, "hs_code"),
            format!("{quantity} {unit}"),
            format!("{} – {}", text(item, "valid_from"), text(item, "valid_to")),
        ]
    });
    let number = text(&body, "number");
    let page = Letter {
        lang: lang.pick("zh-CN", "en"),
        title: lang.pick("研发用物品进口“白名单”公布通知", "Notice of the import white list for R&D goods"),
        issuer: name,
        reference_label: lang.pick("通知文号", "Notice"),
        reference: &number,
        addressee: text(&body, "legal_basis"),
        opening: vec![lang.pick(
            format!("自 {} 起生效。", text(&body, "effective_on")),
            format!("In effect from {}.", text(&body, "effective_on")),
        )],
        headings: lang.pick(
            vec!["名单编号", "类别", "企业", "物品", "商品编号", "数量", "有效期"],
            vec!["Listing", "Kind", "Enterprise", "Goods", "HS code", "Quantity", "Period"],
        ),
        rows: rows.collect(),
        closing: vec![format!("SHA-256 {}", notice.digest)],
        dated: text(&body, "published_on"),
    };
    page.render().map_err(AppError::unwritable)
}
