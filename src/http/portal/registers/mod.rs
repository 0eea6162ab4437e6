//! Registers: lists of things that need no page of their own, each a row of the table in `rows`.
//!
//! A row says which endpoint lists the things, which members are shown and how, what may be filtered by; what can be done
//! with a thing, and what can be made anew, are acts that name the register.

mod rows;

use super::acts::{NEW, Offer, offered};
use super::duties::duty_of;
use super::frame::Frame;
use super::json::Json;
use super::visit::{Answer, Failure, Visit, see_other};
use crate::domain::actor::RoleSet;
use crate::http::problem::ProblemType;
use askama::Template;
pub use rows::REGISTERS;
use rows::{DEAD_LETTERS, FINDINGS};

type Both = (&'static str, &'static str);

/// How a member is shown.
enum Show {
    /// As it is.
    Text,
    /// As a code.
    Code,
    /// A list of codes.
    Codes,
    /// In words of a family; a state stands as a tag.
    Word(&'static str),
    /// In words of a family, as a link to the page of the thing.
    Opens(&'static str, &'static str),
    /// A number, parted by threes.
    Number,
    /// A number of bytes.
    Size,
    /// An enterprise by its name, as a link to its page.
    Firm,
    /// An organisation by its name.
    Org,
    /// A person by name, as far as the reader may know it.
    Who,
    /// As a legal day.
    Day,
    /// As a moment in Beijing time.
    Moment,
    /// As a link to the page of what it names.
    Link(&'static str),
    /// As a link to a page of the thing, as this is named behind it.
    Under(&'static str),
}

/// A column: its name, the member in Chinese and in English, how it is shown.
struct Column(Both, Both, Show);

/// A register.
pub struct Register {
    /// Name in addresses.
    pub slug: &'static str,
    /// Who may open it.
    pub roles: RoleSet,
    endpoint: &'static str,
    title: Both,
    says: Both,
    empty: Both,
    /// The member that names a thing.
    id: &'static str,
    filters: &'static [(&'static str, Both)],
    /// The register below which it stands, with its name.
    under: Option<(&'static str, Both)>,
    /// Kinds of things that are listed apart: the code of each and its words; the first is shown where none is named.
    kinds: &'static [(&'static str, Both)],
    /// The filter without which nothing is listed, and what to say then.
    asks: Option<(&'static str, Both)>,
    columns: &'static [Column],
    /// Where a spreadsheet of such things is brought, and by whom.
    brings: Option<(&'static str, RoleSet)>,
    /// A file of each thing: what it is, and where.
    file: Option<(Both, &'static str)>,
    /// Whether a thing has its file already.
    has_file: fn(Json<'_>) -> bool,
    /// Whether a thing is still under way, so that the list is worth reading again.
    moves: fn(Json<'_>) -> bool,
}

impl Register {
    /// The endpoint that lists its things.
    #[must_use]
    pub const fn endpoint(&self) -> &'static str {
        self.endpoint
    }
}

const fn column(zh: &'static str, en: &'static str, member: &'static str, show: Show) -> Column {
    Column((zh, en), (member, member), show)
}

const PLAIN: Register = Register {
    slug: "",
    roles: RoleSet::EMPTY,
    endpoint: "",
    title: ("", ""),
    says: ("", ""),
    empty: ("没有记录。", "There is nothing here."),
    id: "id",
    filters: &[],
    under: None,
    kinds: &[],
    asks: None,
    columns: &[],
    brings: None,
    file: None,
    has_file: |_| true,
    moves: |_| false,
};

/// A cell of a register.
struct Cell {
    text: String,
    code: bool,
    link: Option<String>,
    /// Whether it stands as it was entered, in whatever language.
    entered: bool,
    /// What is said small below it, such as the code of who is named.
    aside: String,
    /// The tone of a state.
    tone: Option<&'static str>,
    /// How it is set: a number, a day.
    class: &'static str,
}

/// How cells of a column are set.
fn set(show: &Show) -> &'static str {
    match show {
        Show::Number | Show::Size | Show::Under(_) => "num",
        Show::Day | Show::Moment => "day",
        Show::Text
        | Show::Code
        | Show::Codes
        | Show::Word(_)
        | Show::Opens(..)
        | Show::Firm
        | Show::Org
        | Show::Who
        | Show::Link(_) => "",
    }
}

/// A thing of a register.
struct Thing {
    cells: Vec<Cell>,
    offers: Vec<Offer>,
    file: Option<String>,
}

/// A filter: its name, words, value.
type Filter<'a> = (&'static str, &'static str, &'a str);

#[derive(Template)]
#[template(path = "portal/register.html")]
struct RegisterPage<'a> {
    f: Frame,
    title: &'static str,
    /// The register below which it stands: address and name.
    under: Option<(&'static str, &'static str)>,
    /// Kinds that are listed apart: code, words, whether it is the one that is shown.
    kinds: Vec<(&'static str, &'static str, bool)>,
    says: &'static str,
    empty: &'static str,
    makes: Vec<Offer>,
    filters: Vec<Filter<'a>>,
    columns: Vec<(&'static str, &'static str)>,
    file: Option<&'static str>,
    acts: bool,
    /// The page itself, where something on it is still under way.
    again: Option<String>,
    things: Vec<Thing>,
    more: Option<String>,
}

/// Writes a cell; `at` is the register and the id of the thing, as addresses name them.
fn cell(visit: &Visit, f: &Frame, (slug, id): (&str, &str), thing: Json<'_>, column: &Column) -> Result<Cell, Failure> {
    let Column(_, member, show) = column;
    // A text that was entered in Chinese only says more than none.
    let path = [visit.t(member.0, member.1), member.0].into_iter().find(|path| thing.maybe(path).is_some());
    let raw = match (path, show) {
        (None, _) => String::new(),
        (Some(path), Show::Codes) => {
            thing.each(path)?.into_iter().map(|item| item.word().into_owned()).collect::<Vec<_>>().join(", ")
        }
        (Some(path), _) => thing.text(path)?.into_owned(),
    };
    let said = !raw.is_empty();
    let text = match show {
        Show::Text | Show::Code | Show::Codes | Show::Link(_) => raw.clone(),
        Show::Word(family) | Show::Opens(family, _) => f.word(family, &raw),
        Show::Day => f.day(&raw),
        Show::Moment => f.moment(&raw),
        Show::Number | Show::Under(_) => f.number(&raw),
        Show::Size => super::show::size(&raw),
        Show::Firm | Show::Org => f.org(&raw),
        Show::Who if !said => String::new(),
        Show::Who => f.person_named(&raw),
    };
    let link = match show {
        Show::Link(page) if said => Some(format!("{page}{raw}")),
        Show::Firm if said => Some(format!("/enterprises/{raw}")),
        Show::Opens(_, page) => Some(format!("{page}{id}")),
        Show::Under(page) if said && raw != "0" => Some(format!("/registers/{slug}/{id}/{page}")),
        Show::Link(_)
        | Show::Under(_)
        | Show::Text
        | Show::Code
        | Show::Codes
        | Show::Word(_)
        | Show::Number
        | Show::Size
        | Show::Firm
        | Show::Org
        | Show::Who
        | Show::Day
        | Show::Moment => None,
    };
    let state = matches!(show, Show::Word(_)) && matches!(member.0, "state" | "status") && said;
    Ok(Cell {
        code: matches!(show, Show::Code | Show::Codes | Show::Link(_)),
        link,
        entered: matches!(show, Show::Text),
        aside: if matches!(show, Show::Firm) && text != raw { raw.clone() } else { String::new() },
        tone: state.then(|| f.tone(&raw)),
        class: set(show),
        text,
    })
}

/// Shows a register.
///
/// # Errors
/// `not-found` for no register; what the endpoint refuses.
pub async fn show(visit: &Visit) -> Answer {
    let register =
        REGISTERS.iter().find(|register| register.slug == visit.part("slug")).ok_or(ProblemType::NotFound)?;
    list(visit, register, None).await
}

/// Shows the messages of a webhook that were given up.
///
/// # Errors
/// What the endpoint refuses.
pub async fn dead_letters(visit: &Visit) -> Answer {
    list(visit, &DEAD_LETTERS, Some(visit.part("id"))).await
}

/// Shows what a reconciliation found.
///
/// # Errors
/// What the endpoint refuses.
pub async fn reconciled(visit: &Visit) -> Answer {
    list(visit, &FINDINGS, Some(visit.part("id"))).await
}

/// Shows a register, or what it lists of one thing (`of`), on which its acts are.
async fn list(visit: &Visit, register: &Register, of: Option<&str>) -> Answer {
    if !visit.roles().intersects(register.roles) {
        return Err(ProblemType::Forbidden.into());
    }
    // Announcements are for everybody, whoever they act for.
    if register.roles != RoleSet::ALL && visit.must_choose_enterprise_for(register.roles) {
        return Ok(see_other("/account"));
    }
    let names: Vec<&str> = register.filters.iter().map(|(name, _)| *name).chain(["after"]).collect();
    let asked = register.kinds.iter().find(|(code, _)| *code == visit.query.get("kind"));
    let kind = asked.or(register.kinds.first()).map(|(code, _)| *code);
    let waits = register.asks.is_some_and(|(name, _)| visit.query.get(name).is_empty());
    let list = if waits {
        serde_json::json!({ "items": [] })
    } else {
        let endpoint = register.endpoint.replace("{id}", of.unwrap_or_default());
        let mut target = visit.endpoint(&endpoint, &names);
        if let Some(kind) = kind {
            target.push(if target.contains('?') { '&' } else { '?' });
            target.push_str("kind=");
            target.push_str(kind);
        }
        visit.get(target).await?.view
    };
    let title = visit.t(register.title.0, register.title.1);
    let f = Frame::new(visit, title).naming(&list).await?;
    let (mut things, mut moves) = (Vec::new(), false);
    for thing in Json(&list).each("items")? {
        let id = thing.text(register.id)?;
        let at = (register.slug, id.as_ref());
        moves |= (register.moves)(thing);
        things.push(Thing {
            cells: register
                .columns
                .iter()
                .map(|column| cell(visit, &f, at, thing, column))
                .collect::<Result<_, _>>()?,
            offers: offered(visit, register.slug, of.unwrap_or(&id), thing),
            file: register
                .file
                .filter(|_| (register.has_file)(thing))
                .map(|_| format!("/registers/{}/{id}/file", register.slug)),
        });
    }
    let filters =
        register.filters.iter().map(|(name, words)| (*name, visit.t(words.0, words.1), visit.query.get(name)));
    let mut makes = offered(visit, &format!("{}+", register.slug), NEW, Json::NOTHING);
    if let Some((href, _)) = register.brings.filter(|(_, roles)| {
        let duty = duty_of("POST", &format!("{}/import", register.endpoint));
        duty.is_some_and(|duty| visit.may(*roles, duty))
    }) {
        makes.push(Offer {
            href: href.to_owned(), words: visit.t("从表格录入", "From a spreadsheet"), grave: false
        });
    }
    visit.render(&RegisterPage {
        f,
        title,
        under: register.under.map(|(href, words)| (href, visit.t(words.0, words.1))),
        kinds: register.kinds.iter().map(|(code, it)| (*code, visit.t(it.0, it.1), kind == Some(*code))).collect(),
        says: visit.t(register.says.0, register.says.1),
        empty: match register.asks {
            Some((_, words)) if waits => visit.t(words.0, words.1),
            Some(_) | None => visit.t(register.empty.0, register.empty.1),
        },
        makes,
        filters: filters.collect(),
        columns: register.columns.iter().map(|Column(name, _, show)| (visit.t(name.0, name.1), set(show))).collect(),
        file: register.file.as_ref().map(|(words, _)| visit.t(words.0, words.1)),
        acts: things.iter().any(|thing| !thing.offers.is_empty()),
        again: moves.then(|| visit.address_without(&["done"])),
        things,
        more: visit.next_page(&list),
    })
}

/// Hands out the file of a thing.
///
/// # Errors
/// `not-found` where there is none; what the endpoint refuses.
pub async fn file(visit: &Visit) -> Answer {
    let register = REGISTERS.iter().find(|register| register.slug == visit.part("slug"));
    let (_, endpoint) = register.and_then(|register| register.file).ok_or(ProblemType::NotFound)?;
    visit.hand_on(endpoint.replace("{id}", visit.part("id"))).await
}
