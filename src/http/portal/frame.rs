//! What stands around the content of every page: who is there, where they can go, in which language, as of when.

use super::assets::{Paths, paths};
use super::guard;
use super::json::Json;
use super::menu::{self, Group};
use super::show;
use super::visit::{Failure, Visit};
use crate::app::names::Behind;
use crate::app::sessions::Session;
use crate::app::{App, AppError};
use crate::domain::actor::{Caller, Role};
use crate::domain::duty::Duty;
use crate::domain::id::CustomRoleId;
use crate::domain::lang::Lang;
use crate::domain::register::Standing;
use crate::http::blocking::hop;
use crate::http::endpoints::duties_of;
use serde_json::Value;
use std::borrow::Borrow;
use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

/// What stands around a page.
pub struct Frame {
    /// Language of the page.
    pub lang: Lang,
    /// How it looks.
    pub theme: &'static str,
    /// Its title.
    pub title: String,
    /// Whether something on it was refused.
    pub faulty: bool,
    /// Style, script and mark.
    pub assets: Paths,
    /// Where people can go, in groups.
    pub menu: Vec<Group>,
    /// Who is there; none before sign-in.
    pub person: Option<Person>,
    /// Whether the data are those of the demo.
    pub demo: bool,
    /// Why changes are paused, if they are.
    pub paused: Option<String>,
    /// When the page was made, in Beijing time.
    pub at: String,
    /// Revision of the list.
    pub revision: i64,
    /// This page in the other language.
    pub other_language: String,
    /// Name of the other language, in itself.
    pub other_name: &'static str,
    /// This page as the other theme shows it.
    pub other_theme: String,
    /// What was just done, if anything.
    pub done: Option<&'static str>,
    /// Seconds until the session ends unless it is used.
    pub ends_in: i64,
    /// Id of the exchange, to name when asking for help.
    pub id: String,
    /// Notices not read yet, such as `3` or `99+`; none is empty.
    pub unread: String,
    /// What opens the form of signing out.
    pub csrf: String,
    /// Who knows the names of those whom answers name by code.
    app: Arc<App>,
    /// The roles that count, and for which duties.
    standing: Standing,
    /// Names of enterprises and organisations on the page, by their codes.
    names: BTreeMap<String, String>,
    /// Names of people on the page, by their ids.
    people: BTreeMap<String, String>,
    /// Who reads it, and whose accounts are those of the demo.
    reader: Option<Caller>,
    demo_issuer: Option<Arc<str>>,
}

/// Who is signed in.
pub struct Person {
    /// Account, as the provider of sign-in names it.
    pub name: String,
    /// Organisation.
    pub org: String,
    /// Enterprise acted for.
    pub acting_for: Option<String>,
    /// Roles in words.
    pub roles: String,
}

impl Person {
    /// The letter that stands for the name where there is little room.
    #[must_use]
    pub fn initial(&self) -> String {
        initial(&self.name)
    }
}

/// The first letter of a name, as a sign for it.
#[must_use]
pub fn initial(name: &str) -> String {
    name.chars().take(1).flat_map(char::to_uppercase).collect()
}

/// Words of what was just done, as an address may name it.
const DONE: [(&str, &str, &str); 23] = [
    ("saved", "已保存。", "Saved."),
    ("begun", "草稿已建立。", "The draft has been started."),
    ("lodged", "申请已提交。", "The application has been lodged."),
    ("withdrawn", "已撤回。", "Withdrawn."),
    ("discarded", "草稿已删除。", "The draft has been deleted."),
    ("attached", "材料已上传。", "The document has been added."),
    ("removed", "材料已移除。", "The document has been removed."),
    ("done", "已办理。", "Done."),
    ("opined", "意见已出具。", "The opinion has been given."),
    ("proposed", "已提交，等待另一人确认。", "Proposed; another person has to confirm it."),
    ("confirmed", "已确认，即时生效于核验。", "Confirmed; look-ups answer accordingly from now on."),
    ("rejected", "已退回。", "Rejected."),
    ("published", "批次已公布。", "The batch has been published."),
    ("stopped", "已紧急停用，口岸核验即时生效。", "Stopped; look-ups at the border are denied from now on."),
    ("lifted", "已解除。", "Lifted."),
    ("released", "人工放行已登记，待市局审核。", "The manual release is on record and waits for the bureau's review."),
    ("ended", "会话已结束。", "The session has been ended."),
    ("reported", "报告已提交。", "The return has been handed in."),
    ("read", "已标为已读。", "Marked as read."),
    ("rated", "感谢您的评价。", "Thank you for your answer."),
    ("asked", "正在后台生成，完成后通知您。", "It is being made; you will be told when it is ready."),
    ("corrected", "补正已提交。", "The correction has been handed in."),
    (
        "compared",
        "已逐单比对；由另一人确认后才更正。",
        "Compared; nothing is put right before somebody else confirms it.",
    ),
];

/// Members of answers that name enterprises and organisations by their codes.
const NAMED: [&str; 7] = ["enterprise", "org", "uscc", "agent_org", "asked_for", "agency", "value"];

/// Collects the codes of enterprises and organisations in an answer, and the ids of people.
fn collect_codes(answer: &Value, codes: &mut BTreeSet<String>, people: &mut BTreeSet<String>) {
    match answer {
        Value::Object(members) => {
            for (name, value) in members {
                match value.as_str() {
                    Some(id) if id.starts_with("per_") => people.insert(id.to_owned()),
                    Some(code) if NAMED.contains(&name.as_str()) => codes.insert(code.to_owned()),
                    Some(_) => false,
                    None => {
                        collect_codes(value, codes, people);
                        false
                    }
                };
            }
        }
        Value::Array(items) => items.iter().for_each(|item| collect_codes(item, codes, people)),
        Value::Null | Value::Bool(_) | Value::Number(_) | Value::String(_) => {}
    }
}

/// Says a role.
#[must_use]
pub fn role(lang: Lang, role: Role) -> &'static str {
    role.name(lang)
}

/// Says the roles of who is signed in; those of the organisation's own by their names.
fn roles_in_words(visit: &Visit, session: &Session) -> String {
    let (lang, snapshot) = (visit.lang, visit.edge.app.index.load());
    let fixed = session.standing.fixed().iter().map(|it| role(lang, it).to_owned());
    let own =
        session.standing.own().filter_map(|id| snapshot.register().custom.get(&id).map(|it| it.name(lang).to_owned()));
    fixed.chain(own).collect::<Vec<_>>().join(lang.pick("、", ", "))
}

impl Frame {
    /// Makes the frame of a page.
    #[must_use]
    pub fn new(visit: &Visit, title: impl Into<String>) -> Self {
        let lang = visit.lang;
        let now = visit.edge.app.clock.now();
        let person = visit.session.as_ref().map(|session| Person {
            name: super::pages::account::name_of(visit, &session.caller),
            org: session.caller.org.to_string(),
            acting_for: session.caller.acting_for.map(|uscc| uscc.to_string()),
            roles: roles_in_words(visit, session),
        });
        let menu = if person.is_some() { menu::of(visit) } else { Vec::new() };
        let done = DONE.iter().find(|(word, ..)| *word == visit.query.get("done"));
        let dark = visit.theme == super::preferences::Theme::Dark;
        Self {
            lang,
            theme: visit.theme.as_str(),
            title: title.into(),
            faulty: visit.status().is_client_error(),
            assets: paths(),
            menu,
            person,
            demo: visit.edge.app.is_demo(),
            paused: visit.edge.app.index.load().pause().map(|pause| pause.reason.text(lang).to_owned()),
            at: show::instant(lang, now),
            revision: visit.edge.app.index.load().revision().0,
            other_language: visit.address_with("lang", lang.pick("en", "zh")),
            other_name: lang.pick("EN", "中文"),
            other_theme: visit.address_with("theme", if dark { "light" } else { "dark" }),
            done: done.map(|(_, zh, en)| lang.pick(*zh, *en)),
            ends_in: visit
                .session
                .as_ref()
                .map_or(0, |session| (session.ends_at(now).micros() - now.micros()) / 1_000_000),
            id: visit.id.to_string(),
            unread: match visit.unread {
                0 => String::new(),
                few @ 1..=99 => few.to_string(),
                _ => "99+".to_owned(),
            },
            csrf: visit.session.as_ref().map(|session| guard::token(&session.csrf)).unwrap_or_default(),
            app: Arc::clone(&visit.edge.app),
            standing: visit.session.as_ref().map(|session| session.standing.clone()).unwrap_or_default(),
            names: BTreeMap::new(),
            people: BTreeMap::new(),
            reader: visit.session.as_ref().map(|session| session.caller.clone()),
            demo_issuer: visit.edge.portal.demo_issuer.clone(),
        }
    }

    /// Learns the names of those whom an answer names by their codes: enterprises, organisations, people.
    ///
    /// # Errors
    /// The store's failure.
    pub async fn naming(mut self, answer: &Value) -> Result<Self, Failure> {
        let (mut codes, mut people) = (BTreeSet::new(), BTreeSet::new());
        collect_codes(answer, &mut codes, &mut people);
        let (codes, people) = (Vec::from_iter(codes), Vec::from_iter(people));
        let (app, lang, reader) = (Arc::clone(&self.app), self.lang, self.reader.clone());
        let found = hop(move || {
            let behind = match reader.filter(|_| !people.is_empty()) {
                Some(reader) => app.people_behind(&reader, &people)?,
                None => BTreeMap::new(),
            };
            Ok::<_, AppError>((app.names_of(&codes, lang)?, behind))
        });
        let (names, behind) = found.await?;
        self.names.extend(names);
        for (id, behind) in behind {
            let name = match behind {
                Behind::Name(name) => Some(name),
                Behind::Account(issuer, subject) if self.demo_issuer.as_deref() == Some(issuer.as_str()) => {
                    super::pages::account::persona_name(&subject, lang).map(str::to_owned)
                }
                Behind::Account(..) => None,
            };
            self.people.extend(name.map(|name| (id, name)));
        }
        Ok(self)
    }

    /// Names a person by their id as far as the reader may know them; others are shown by it.
    #[must_use]
    pub fn person_named(&self, id: impl AsRef<str>) -> String {
        let id = id.as_ref();
        if id.starts_with("per_") {
            self.people.get(id).cloned().unwrap_or_else(|| id.to_owned())
        } else {
            self.t("本系统", "the service itself").to_owned()
        }
    }

    /// Names an agency, a district or an enterprise that an answer names by its code; another code is shown as it is.
    #[must_use]
    pub fn org(&self, code: impl AsRef<str>) -> String {
        let code = code.as_ref();
        let known = self.names.get(code).cloned();
        known.or_else(|| self.app.name_of_org(code, self.lang)).unwrap_or_else(|| code.to_owned())
    }

    /// Whether who is there has a duty, so that what belongs to it is offered.
    #[must_use]
    pub fn does(&self, duty: &str) -> bool {
        Duty::parse(duty).is_ok_and(|duty| self.standing.under(duty).iter().any(|role| duties_of(role).contains(duty)))
    }

    /// Names the role of a grant: the fixed one, or the organisation's own by its name.
    ///
    /// # Errors
    /// When the grant names no role.
    pub fn granted(&self, grant: &Json<'_>) -> Result<String, askama::Error> {
        let fixed = self.word("role", grant.text("role")?);
        let id = grant.maybe("custom_role").and_then(|id| CustomRoleId::parse(&id.word()).ok());
        let snapshot = self.app.index.load();
        let own = id.and_then(|id| snapshot.register().custom.get(&id));
        Ok(own.map_or(fixed.clone(), |own| {
            let name = own.name(self.lang);
            self.lang.pick(format!("{name}（{fixed}）"), format!("{name} ({fixed})"))
        }))
    }

    /// Names a scheme by its code.
    #[must_use]
    pub fn scheme(&self, code: impl AsRef<str>) -> String {
        let code = code.as_ref();
        self.app.name_of_scheme(code, self.lang).unwrap_or_else(|| code.to_owned())
    }

    /// Names the entry of the menu behind which this page lies; nothing where there is none.
    #[must_use]
    pub fn place_in_menu(&self) -> &'static str {
        let entries = self.menu.iter().flat_map(|group| &group.entries);
        entries.rev().find(|entry| entry.here).map_or("", |entry| entry.words)
    }

    /// Counts items.
    #[must_use]
    pub fn items(&self, count: impl Borrow<i64>) -> String {
        let count = count.borrow();
        let english = if *count == 1 { "item" } else { "items" };
        self.lang.pick(format!("{count} 项"), format!("{count} {english}"))
    }

    /// Picks a text.
    #[must_use]
    pub fn t(&self, zh: &'static str, en: &'static str) -> &'static str {
        self.lang.pick(zh, en)
    }

    /// Says a legal day.
    #[must_use]
    pub fn day(&self, text: impl AsRef<str>) -> String {
        show::day(self.lang, text.as_ref())
    }

    /// Says an instant in Beijing time.
    #[must_use]
    pub fn moment(&self, text: impl AsRef<str>) -> String {
        show::moment(self.lang, text.as_ref())
    }

    /// Parts a number by threes.
    #[must_use]
    pub fn number(&self, text: impl AsRef<str>) -> String {
        show::number(text.as_ref())
    }

    /// Shows a number of seconds to the hundredth.
    #[must_use]
    pub fn seconds(&self, text: impl AsRef<str>) -> String {
        show::seconds(text.as_ref())
    }

    /// Says a quantity with its unit.
    #[must_use]
    pub fn quantity(&self, quantity: impl AsRef<str>, unit: impl AsRef<str>) -> String {
        show::quantity(self.lang, quantity.as_ref(), unit.as_ref())
    }

    /// Says a code of a closed list in words, as it begins a line or stands by itself; one that is not known is shown as it
    /// is.
    #[must_use]
    pub fn word(&self, family: &str, code: impl AsRef<str>) -> String {
        super::words::label(self.lang, family, code.as_ref())
    }

    /// Says what a stop stops: an enterprise by its name, a purpose in words, codes and numbers as they are.
    #[must_use]
    pub fn stopped(&self, value: impl AsRef<str>) -> String {
        self.org(super::words::word(self.lang, "purpose", value.as_ref()))
    }

    /// Says a member of an enterprise's particulars; nothing for what is a list or its code.
    #[must_use]
    pub fn of_enterprise(&self, member: impl AsRef<str>, value: impl AsRef<str>) -> String {
        let value = value.as_ref();
        match member.as_ref() {
            "/uscc" | "/names" => String::new(),
            "/status" => self.word("enterprise", value),
            "/district" => self.org(value),
            _ => self.day(value),
        }
    }

    /// Says a place of an application's content in words.
    #[must_use]
    pub fn place(&self, pointer: impl AsRef<str>) -> String {
        crate::app::sentence::place(pointer.as_ref(), self.lang)
    }

    /// Names the colour of a state; the state itself always stands in words.
    #[must_use]
    pub fn tone(&self, state: impl AsRef<str>) -> &'static str {
        super::words::tone(state.as_ref())
    }
}

#[cfg(test)]
mod tests {
    use crate::domain::lang::is_chinese;
    use std::path::PathBuf;

    /// Cuts the string literal that begins here; returns it and what follows.
    fn literal(text: &str) -> Option<(&str, &str)> {
        let text = text.strip_prefix('"')?;
        let end = text.match_indices('"').map(|(at, _)| at).find(|at| !text[..*at].ends_with('\\'))?;
        Some((&text[..end], &text[end + 1..]))
    }

    #[test]
    fn templates_ask_for_duties_that_there_are() {
        let folder = PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("templates/portal");
        let mut asked = 0;
        for file in std::fs::read_dir(folder).unwrap() {
            let whole = std::fs::read_to_string(file.unwrap().path()).unwrap();
            for duty in whole.split("f.does(\"").skip(1).filter_map(|rest| rest.split('"').next()) {
                assert!(crate::domain::duty::Duty::parse(duty).is_ok(), "{duty}");
                asked += 1;
            }
        }
        assert!(asked > 5, "{asked}");
    }

    #[test]
    fn every_text_of_the_templates_stands_in_both_languages() {
        let folder = PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("templates/portal");
        let mut texts = 0;
        for file in std::fs::read_dir(folder).unwrap() {
            let path = file.unwrap().path();
            let name = path.file_name().unwrap().to_string_lossy().into_owned();
            let whole = std::fs::read_to_string(&path).unwrap();
            let mut rest = whole.as_str();
            let mut outside = String::new();
            while let Some(at) =
                ["f.t(", "lang.pick("].iter().filter_map(|call| Some((rest.find(call)?, call.len()))).min()
            {
                outside.push_str(&rest[..at.0]);
                let (zh, after) = literal(&rest[at.0 + at.1..]).unwrap_or_else(|| panic!("{name}: {}", &rest[at.0..]));
                let after = after.strip_prefix(", ").unwrap_or_else(|| panic!("{name}: after `{zh}`"));
                let (en, after) = literal(after).unwrap_or_else(|| panic!("{name}: no English for `{zh}`"));
                assert!(!en.chars().any(is_chinese), "{name}: `{en}` is not English");
                assert!(!(zh.is_empty() && en.is_empty()), "{name}: an empty text");
                texts += 1;
                rest = after;
            }
            outside.push_str(rest);
            // Data between them is in the language it was entered in.
            let stray: String = outside.chars().filter(|letter| is_chinese(*letter)).collect();
            assert!(stray.is_empty(), "{name}: `{stray}` stands in one language");
        }
        assert!(texts > 300, "{texts} texts were read");
    }
}
