//! One sentence for every entry of the log, in Chinese and English: who did what to which thing, what it was before and
//! is now, and why.
//!
//! Pure: names and private values are looked up by whoever shows the entry and handed in, so that a value that was
//! erased is said to be erased wherever it would stand. Invariant: every event type that the store takes has its words
//! (`domain::happening`), and so every entry has a sentence.

use super::members::{CHANGES, MEMBERS, RULES, STATES, Word};
use crate::domain::actor::Role;
use crate::domain::adjustment::ReasonCode;
use crate::domain::application::event::EventKind;
use crate::domain::application::{Kind, State};
use crate::domain::code::UnitCode;
use crate::domain::duty::Duty;
use crate::domain::happening::Happening;
use crate::domain::lang::Lang;
use crate::domain::mandate::Scope;
use crate::domain::purpose::Purpose;
use crate::domain::validity::{Instant, LegalDay};
use crate::tlog::entry::{Change, Entry, Value as Logged};
use serde::Serialize;
use serde_json::Value;
use std::collections::BTreeMap;

/// What is known to whoever shows an entry.
#[derive(Debug, Clone, Default)]
pub struct Known {
    /// Name of the person who acted.
    pub actor: Option<String>,
    /// Name of the organisation acted for, in both languages.
    pub org: Option<(String, String)>,
    /// Private values of the entry by path.
    pub values: BTreeMap<String, Disclosed>,
}

/// A value that the entry only commits to, as far as the reader may see it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Disclosed {
    /// The value.
    Value(Value),
    /// It was erased.
    Erased,
    /// It is not for this reader.
    Withheld,
}

/// One member before and after.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Pair {
    /// JSON pointer of the member.
    pub path: String,
    /// The member in words.
    pub name: String,
    /// Before, as text; none where it was not there or stands in an earlier entry only.
    pub before: Option<String>,
    /// Afterwards, as text; none where it went away.
    pub after: Option<String>,
}

/// Members that a sentence names at most; the pairs name all.
const NAMED: usize = 6;

/// Longest text of one value in a sentence, characters.
const LONG: usize = 60;

/// Writes the sentence of an entry.
#[must_use]
pub fn sentence(entry: &Entry, known: &Known, lang: Lang) -> String {
    let (who, when) = (actor(entry, known, lang), time(&entry.at, lang));
    let (verb, thing) = (verb(&entry.event, lang), thing(&entry.entity.kind, &entry.entity.id, lang));
    let pairs = pairs(entry, known, lang);
    // The thing is named already.
    let named = |pair: &&Pair| pair.before.is_none() && pair.after.as_deref() == Some(entry.entity.id.as_str());
    let pairs: Vec<&Pair> = pairs.iter().filter(|pair| !named(pair)).collect();
    let said: Vec<String> = pairs.iter().take(NAMED).map(|pair| pair_text(pair, lang)).collect();
    let more = pairs.len().saturating_sub(NAMED);
    let reason = entry.reason.as_ref().map(|reason| reason.code.as_str());
    match lang {
        Lang::Zh => {
            let mut text = format!("{who}于 {when}{verb}{thing}");
            if !said.is_empty() {
                text += &format!("：{}", said.join("，"));
            }
            if more > 0 {
                text += &format!("，另有 {more} 项");
            }
            if let Some(reason) = reason {
                text += &format!("；理由：{}", reason_text(reason, lang));
            }
            text + "。"
        }
        Lang::En => {
            let mut text = format!("On {when} {who} {verb} {thing}");
            if !said.is_empty() {
                text += &format!(": {}", said.join(", "));
            }
            if more > 0 {
                text += &format!(", and {more} more");
            }
            if let Some(reason) = reason {
                text += &format!("; reason: {}", reason_text(reason, lang));
            }
            text + "."
        }
    }
}

/// Lists what changed, member by member, before and after.
#[must_use]
pub fn pairs(entry: &Entry, known: &Known, lang: Lang) -> Vec<Pair> {
    let pair = |change: &Change| {
        let text = |value: &Option<Logged>| {
            value.as_ref().map(|value| shown(&entry.entity.kind, &change.path, value, known, lang))
        };
        Pair {
            path: change.path.clone(),
            name: member(&entry.entity.kind, &change.path, lang),
            before: text(&change.old),
            after: text(&change.new),
        }
    };
    entry.changes.iter().map(pair).collect()
}

/// Where the thing that an entry is about can be read; none where it has no page of its own.
#[must_use]
pub fn link(entry: &Entry) -> Option<String> {
    let id = &entry.entity.id;
    let path = match entry.entity.kind.as_str() {
        "listing" => "listings",
        "enterprise" => "enterprises",
        "adjustment" => "adjustments",
        "application" => "applications",
        "declaration" => "declarations",
        "stop" => "stops",
        "screening" => "screening",
        "usage_return" => "usage-returns",
        "finding" => "findings",
        "manual_release" => "manual-releases",
        "reconciliation" => "reconciliations",
        "batch" => "batches",
        "document" => "documents",
        "item" => "items",
        "scheme" => "schemes",
        "tariff" => "tariff",
        "organisation" => "organisations",
        "person" => "people",
        "broadcast" => "broadcasts",
        "rule_change" => "rule-changes",
        "custom_role" => "custom-roles",
        _ => return None,
    };
    Some(format!("/v1/{path}/{id}"))
}

fn actor(entry: &Entry, known: &Known, lang: Lang) -> String {
    if entry.actor.kind == "system" {
        return lang.pick("本系统".to_owned(), "the service itself".to_owned());
    }
    let org = match (&known.org, &entry.actor.org) {
        (Some((zh, en)), _) => lang.pick(zh, en).clone(),
        (None, Some(code)) => code.clone(),
        (None, None) => String::new(),
    };
    let person = known.actor.clone().unwrap_or_else(|| entry.actor.reference.clone());
    match (lang, org.is_empty()) {
        (_, true) => person,
        (Lang::Zh, false) => format!("{org}的{person}"),
        (Lang::En, false) => format!("{person} of {org}"),
    }
}

/// The instant of an entry as a clock in Beijing shows it, to the second.
fn time(at: &str, lang: Lang) -> String {
    let Ok(instant) = Instant::parse(at) else { return at.to_owned() };
    let seconds = instant.micros().div_euclid(1_000_000).saturating_add(8 * 3_600).rem_euclid(86_400);
    let (hour, minute, second) = (seconds / 3_600, seconds / 60 % 60, seconds % 60);
    let day = instant.day().said(lang);
    match lang {
        Lang::Zh => format!("{day} {hour:02}:{minute:02}:{second:02}（北京时间）"),
        Lang::En => format!("{day} at {hour:02}:{minute:02}:{second:02} Beijing time"),
    }
}

/// The verb of an event; one of an application's timeline is named by its kind.
#[must_use]
pub fn verb(event: &str, lang: Lang) -> String {
    if let Ok(known) = Happening::parse(event) {
        return known.name(lang).to_owned();
    }
    let kind = event.strip_prefix("application.").or_else(|| event.strip_prefix("case."));
    match kind.and_then(EventKind::parse) {
        Some(kind) => lang
            .pick(format!("记录“{}”于", kind.name(lang)), format!("recorded \u{201c}{}\u{201d} for", kind.name(lang))),
        None => lang.pick(format!("记录了 {event}："), format!("recorded {event} for")),
    }
}

/// A thing with its kind in words.
fn thing(kind: &str, id: &str, lang: Lang) -> String {
    let name = THINGS.iter().find(|(known, _, _)| *known == kind).map(|(_, zh, en)| lang.pick(*zh, *en));
    let name = name.map_or_else(|| kind.replace('_', " "), str::to_owned);
    match kind {
        // There is one of each.
        "log" | "log_shard" | "answers" | "accesses" => name,
        _ => format!("{name} {id}"),
    }
}

/// Kinds of things in words.
const THINGS: &[(&str, &str, &str)] = &[
    ("log", "日志", "the log"),
    ("log_shard", "日志分片", "shard of the log"),
    ("answers", "一段已记录的答复", "a stretch of recorded answers"),
    ("accesses", "一段查阅记录", "a stretch of records of access"),
    ("answer_key", "答复签名密钥", "the answer key"),
    ("national_key", "国密签名密钥", "the SM2 key"),
    ("document_key", "文件签名密钥", "the document key"),
    ("certificate_file", "签名凭证文件", "signed certificate"),
    ("listing", "名单", "listing"),
    ("enterprise", "企业", "enterprise"),
    ("scheme", "试点方案", "scheme"),
    ("tariff", "税则监管证件", "tariff row"),
    ("calendar_year", "工作日历", "calendar year"),
    ("stop", "暂停措施", "stop"),
    ("adjustment", "动态调整", "adjustment"),
    ("screening", "核查名单条目", "screening entry"),
    ("usage_return", "使用台账", "usage return"),
    ("finding", "检查记录", "finding"),
    ("declaration", "报关单", "declaration"),
    ("manual_release", "人工放行", "manual release"),
    ("reconciliation", "对账", "reconciliation"),
    ("item", "物品", "item"),
    ("document", "材料", "document"),
    ("opinion", "意见", "opinion"),
    ("decision", "决定", "decision"),
    ("appeal", "申诉", "appeal"),
    ("batch", "批次", "batch"),
    ("application", "申请", "application"),
    ("application_content", "申请内容", "content of application"),
    ("case_event", "办件记录", "case event of"),
    ("responsible_person", "责任人", "responsible person of"),
    ("mandate", "代理授权", "mandate"),
    ("broadcast", "公告", "announcement"),
    ("pause", "暂停受理变更", "the pause of the service"),
    ("organisation", "单位", "organisation"),
    ("person", "人员", "person"),
    ("account", "账户", "account"),
    ("grant", "授权", "grant"),
    ("custom_role", "自定义角色", "own role"),
    ("erasure", "删除决定", "erasure"),
    ("rule_change", "规则变更", "change of the rules"),
];

/// Says a place of an application's content in words: `/items/0/quantity` as “第 1 项：数量”; what is no pointer is the id of
/// a document.
#[must_use]
pub fn place(pointer: &str, lang: Lang) -> String {
    let Some(path) = pointer.strip_prefix('/') else {
        return lang.pick(format!("材料 {pointer}"), format!("document {pointer}"));
    };
    let (head, rest) = path.split_once('/').unwrap_or((path, ""));
    let (head, rest) = match (head, rest.split_once('/').unwrap_or((rest, ""))) {
        ("items", (number, rest)) if !number.is_empty() => {
            let number =
                number.parse::<usize>().map_or_else(|_| number.to_owned(), |it| it.saturating_add(1).to_string());
            (lang.pick(format!("第 {number} 项"), format!("Item {number}")), rest)
        }
        ("answers", _) => (lang.pick("资格问题", "Question of eligibility").to_owned(), rest),
        ("contact", _) => (lang.pick("联系人", "Contact").to_owned(), rest),
        (head, _) => (member("application", head, lang), rest),
    };
    // What the item itself says is told by its last step.
    let last = rest.rsplit('/').find(|step| step.parse::<usize>().is_err()).unwrap_or_default();
    if last.is_empty() { head } else { format!("{head}{}{}", lang.pick("：", ": "), member("item", last, lang)) }
}

/// Says a step of the way to a place of a rule book in words; a code, a date or a number of a list stands as it is.
#[must_use]
pub fn rule_place(step: &str, lang: Lang) -> String {
    let known = RULES.iter().chain(MEMBERS).find(|(known, ..)| *known == step);
    known.map_or_else(|| step.to_owned(), |(_, zh, en)| lang.pick(*zh, *en).to_owned())
}

/// Members in words; one that has none is named as the log names it.
fn member(kind: &str, path: &str, lang: Lang) -> String {
    let code = path.trim_start_matches('/');
    let of =
        |wanted: &str| MEMBERS.iter().find(|(known, _, _)| *known == wanted).map(|(_, zh, en)| lang.pick(*zh, *en));
    // What a member means may depend on whose it is.
    let known = of(&format!("{kind}/{code}")).or_else(|| of(code));
    known.map_or_else(|| code.replace('_', " "), str::to_owned)
}

fn shown(kind: &str, path: &str, value: &Logged, known: &Known, lang: Lang) -> String {
    match value {
        Logged::Plain(value) => said(kind, path, value, lang).unwrap_or_else(|| text(value)),
        Logged::Committed(_) => match known.values.get(path) {
            Some(Disclosed::Value(value)) => text(value),
            Some(Disclosed::Erased) => lang.pick("（已删除）", "(erased)").to_owned(),
            Some(Disclosed::Withheld) | None => lang.pick("（不公开）", "(not disclosed)").to_owned(),
        },
    }
}

/// Says a value of a closed list in words, a day and an instant as people do; none for what speaks for itself.
fn said(kind: &str, path: &str, value: &Value, lang: Lang) -> Option<String> {
    let member = path.trim_start_matches('/');
    if member.ends_with("_at") || member.ends_with("_since") {
        return value.as_i64().map(|micros| time(&Instant::from_micros(micros).to_string(), lang));
    }
    if let Some(so) = value.as_bool() {
        return Some(lang.pick(if so { "是" } else { "否" }, if so { "yes" } else { "no" }).to_owned());
    }
    let code = value.as_str()?;
    if let Ok(day) = LegalDay::parse(code) {
        return Some(day.said(lang));
    }
    let of = |words: &[Word]| words.iter().find(|(known, ..)| *known == code).map(|(_, zh, en)| lang.pick(*zh, *en));
    let words = match (kind, member) {
        ("application", "state") => State::parse(code)?.name(lang),
        ("application", "kind") => Kind::parse(code)?.name(lang),
        ("case_event", "kind") => EventKind::parse(code)?.name(lang),
        ("listing" | "enterprise", "kind") => of(CHANGES)?,
        (_, "purpose") => Purpose::parse(code).ok()?.name(lang),
        (_, "role") | ("custom_role", "base") => Role::parse(code)?.name(lang),
        ("mandate", "scopes") => return listed(code, lang, |word| Scope::parse(word).map(|it| it.name(lang))),
        ("custom_role", "duties") => return listed(code, lang, |word| Duty::parse(word).ok().map(|it| it.name(lang))),
        (_, "unit") => UnitCode::parse(code).ok()?.name(lang),
        (_, "reason_code" | "decision_code") => ReasonCode::parse(code)?.name(lang),
        (_, "state" | "stage" | "standing") => of(STATES)?,
        _ => return None,
    };
    Some(words.to_owned())
}

/// Says codes parted by commas in words; none where one is not known.
fn listed(codes: &str, lang: Lang, name: impl Fn(&str) -> Option<&'static str>) -> Option<String> {
    let words: Option<Vec<&str>> = codes.split(',').map(name).collect();
    words.map(|words| words.join(lang.pick("、", ", ")))
}

fn text(value: &Value) -> String {
    let text = match value {
        Value::String(text) => text.clone(),
        Value::Null | Value::Bool(_) | Value::Number(_) | Value::Array(_) | Value::Object(_) => value.to_string(),
    };
    if text.chars().count() <= LONG { text } else { text.chars().take(LONG).chain(std::iter::once('…')).collect() }
}

fn pair_text(pair: &Pair, lang: Lang) -> String {
    let name = &pair.name;
    match (&pair.before, &pair.after, lang) {
        (Some(before), Some(after), Lang::Zh) => format!("{name}由 {before} 改为 {after}"),
        (Some(before), Some(after), Lang::En) => format!("{name} from {before} to {after}"),
        (None, Some(after), Lang::Zh) => format!("{name}为 {after}"),
        (None, Some(after), Lang::En) => format!("{name} {after}"),
        (Some(before), None, Lang::Zh) => format!("{name}原为 {before}，现无"),
        (Some(before), None, Lang::En) => format!("{name} no longer {before}"),
        (None, None, Lang::Zh) => format!("{name}已清除"),
        (None, None, Lang::En) => format!("{name} cleared"),
    }
}

fn reason_text(code: &str, lang: Lang) -> String {
    ReasonCode::parse(code).map_or_else(|| code.to_owned(), |known| known.name(lang).to_owned())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::tlog::Hash;
    use crate::tlog::entry::{Actor, Entity, FORMAT, Reason};
    use serde_json::json;

    fn change(path: &str, old: Option<Logged>, new: Option<Logged>) -> Change {
        Change { path: path.to_owned(), old, new }
    }

    fn plain(value: Value) -> Option<Logged> {
        Some(Logged::Plain(value))
    }

    fn entry(event: &str) -> Entry {
        Entry {
            actor: Actor { kind: "person".into(), org: Some("bj-commerce".into()), reference: "per_01".into() },
            after: None,
            at: "2026-08-12T04:00:00.000000Z".into(),
            before: None,
            changes: vec![
                change("/quantity", plain(json!("100")), plain(json!("50"))),
                change("/note", None, Some(Logged::Committed(Hash([1; 32])))),
            ],
            entity: Entity { id: "BJ-2026-000016-9".into(), kind: "listing".into(), version: 2 },
            id: "evt_01".into(),
            prev: None,
            reason: Some(Reason { basis: None, code: "quantity_changed".into() }),
            request_id: None,
            event: event.into(),
            v: FORMAT,
        }
    }

    fn known(note: Disclosed) -> Known {
        Known {
            actor: Some("王审批".into()),
            org: Some(("北京市商务局".into(), "Beijing Commerce".into())),
            values: BTreeMap::from([("/note".to_owned(), note)]),
        }
    }

    #[test]
    fn lists_of_codes_are_said_in_words() {
        let of = |kind, path, code: &str, lang| said(kind, path, &json!(code), lang);
        let some = |words: &str| Some(words.to_owned());
        assert_eq!(of("mandate", "/scopes", "applications,usage_returns", Lang::Zh), some("申请、使用情况报告"));
        assert_eq!(of("mandate", "/scopes", "applications", Lang::En), some("applications"));
        assert_eq!(of("mandate", "/scopes", "applications,other", Lang::En), None, "shown as it is");
        assert_eq!(of("mandate", "/state", "appointed", Lang::Zh), some("已委托"));
        assert_eq!(of("custom_role", "/base", "bureau.officer", Lang::En), some("bureau officer"));
        assert!(of("custom_role", "/duties", "list,export", Lang::En).is_some_and(|words| !words.contains("export,")));
    }

    #[test]
    fn a_person_reads_who_did_what_and_why() {
        let entry = entry("listing.varied");
        let zh = sentence(&entry, &known(Disclosed::Value(json!("复核"))), Lang::Zh);
        assert!(
            zh.starts_with("北京市商务局的王审批于 2026年8月12日 12:00:00（北京时间）变更了名单 BJ-2026-000016-9：数量由 100 改为 50，备注为 复核；理由："),
            "{zh}"
        );
        let en = sentence(&entry, &known(Disclosed::Erased), Lang::En);
        assert!(
            en.starts_with("On 12 Aug 2026 at 12:00:00 Beijing time 王审批 of Beijing Commerce varied listing BJ-2026-000016-9: quantity from 100 to 50, note (erased); reason: "),
            "{en}"
        );
        assert!(sentence(&entry, &known(Disclosed::Withheld), Lang::Zh).contains("备注为 （不公开）"));
        // Nobody looked anything up: the pseudonyms stand.
        assert!(sentence(&entry, &Known::default(), Lang::En).contains("per_01 of bj-commerce"));
        assert_eq!(link(&entry).as_deref(), Some("/v1/listings/BJ-2026-000016-9"));
    }

    #[test]
    fn a_member_means_what_it_means_for_its_thing() {
        assert_eq!(member("log", "/origin", Lang::Zh), "日志名称");
        assert_eq!(member("listing", "/origin", Lang::Zh), "原产国");
        assert_eq!(member("listing", "/never_named", Lang::En), "never named");
    }

    #[test]
    fn codes_days_and_truths_are_said_in_words() {
        for (kind, path, value, zh, en) in [
            ("listing", "/kind", json!("suspended"), "暂停", "suspended"),
            ("listing", "/standing", json!("listed"), "在名单", "listed"),
            ("adjustment", "/reason_code", json!("risk_found"), "发现风险", "a risk came to light"),
            ("grant", "/role", json!("bureau.officer"), "市局经办", "bureau officer"),
            ("batch", "/effective_on", json!("2026-08-12"), "2026年8月12日", "12 Aug 2026"),
            ("document", "/active", json!(true), "是", "yes"),
        ] {
            let said = |lang| said(kind, path, &value, lang);
            assert_eq!((said(Lang::Zh).as_deref(), said(Lang::En).as_deref()), (Some(zh), Some(en)), "{path}");
        }
        assert_eq!(said("listing", "/hs_code", &json!("2937210000"), Lang::Zh), None);
    }

    #[test]
    fn members_and_states_stand_once_in_both_languages() {
        for table in [MEMBERS, RULES, STATES, CHANGES] {
            for (place, (code, zh, en)) in table.iter().enumerate() {
                assert!(table.iter().skip(place + 1).all(|(other, ..)| other != code), "{code} twice");
                assert!(!zh.is_empty() && !en.is_empty() && en.is_ascii(), "{code}");
            }
        }
        assert_eq!(rule_place("clocks", Lang::En), "time limits");
        assert_eq!(rule_place("110114", Lang::Zh), "110114");
    }

    #[test]
    fn before_and_after_stand_in_pairs() {
        let pairs = pairs(&entry("listing.varied"), &known(Disclosed::Erased), Lang::En);
        assert_eq!((pairs[0].before.as_deref(), pairs[0].after.as_deref()), (Some("100"), Some("50")));
        assert_eq!((pairs[1].before.as_deref(), pairs[1].after.as_deref()), (None, Some("(erased)")));
    }

    #[test]
    fn every_event_has_its_words_in_both_languages() {
        let of_cases =
            EventKind::ALL.iter().flat_map(|kind| ["application", "case"].map(|of| format!("{of}.{}", kind.as_str())));
        let events: Vec<String> =
            Happening::ALL.iter().map(|event| event.as_str().to_owned()).chain(of_cases).collect();
        for event in events {
            let entry = entry(&event);
            for lang in [Lang::Zh, Lang::En] {
                let said = sentence(&entry, &Known::default(), lang);
                assert!(!said.contains(&event), "{said}");
                assert_eq!(
                    lang == Lang::En,
                    verb(&event, lang).chars().all(|letter| letter.is_ascii() || "\u{201c}\u{201d}".contains(letter)),
                    "{said}"
                );
            }
        }
    }
}
