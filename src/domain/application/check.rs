//! What stands against an application, and what its readers should look at: one pure judgement for the dry check, for
//! lodging, and for those who review.
//!
//! Invariant: whatever blocks is a [`Rule`] and is refused again when it is lodged; a hint never refuses.

use super::content::{Ask, Content, Line};
use super::{Kind, words};
use crate::domain::case_rule::CaseRule;
use crate::domain::code::{Cas, DocumentSet, HsCode};
use crate::domain::enterprise::EnterpriseState;
use crate::domain::error::Rule;
use crate::domain::item_name::normalise_name;
use crate::domain::listing::Standing;
use crate::domain::listing_number::ListingNumber;
use crate::domain::scheme::Scheme;
use crate::domain::screening::{Registration, ScreeningList};
use crate::domain::terms_json::Item;
use crate::domain::timeline::{self, Dated, ListingChange, ListingState, state_on};
use crate::domain::validity::{LegalDay, Validity};

words! {
    /// What a reader should look at; none of it refuses.
    Hint {
        /// A listing in force carries the same CAS number.
        SameCas "same_cas" "名单中已有相同 CAS 号的条目，请确认是否为同一物品。" "a listing carries the same CAS number; make sure that it is another item";
        /// A listing in force carries the same name.
        SameName "same_name" "名单中已有名称相同的条目，请确认是否为同一物品。" "a listing carries the same name; make sure that it is another item";
        /// Two items of the application carry the same CAS number.
        DoubledCas "doubled_cas" "本申请中另有一项 CAS 号相同，请确认是否重复。" "another item of this application carries the same CAS number; make sure that it is not the same";
        /// Two items of the application carry the same name.
        DoubledName "doubled_name" "本申请中另有一项名称相同，请确认是否重复。" "another item of this application carries the same name; make sure that it is not the same";
        /// An open application of the enterprise asks for the same item.
        OpenApplication "open_application" "本企业另有在办申请包含相同物品。" "another open application of this enterprise asks for the same item";
        /// The HS code carries no document that the scheme waives.
        NoWaivedDocument "no_waived_document" "该商品编号当日无须名单可免除的监管证件，可能无须申请。" "the HS code needs none of the documents that the list waives; there may be nothing to apply for";
        /// The HS code is not in the tariff table of the day.
        HsCodeUnknown "hs_code_unknown" "税则表当日没有该商品编号，请核对归类。" "the tariff table of the day has no such HS code; check the classification";
        /// A customs office lies outside the scheme.
        OfficeNotPermitted "office_not_permitted" "该关区不在试点方案范围内，条目在该关区无效。" "the customs office lies outside the scheme; a listing does not hold there";
        /// The enterprise holds as many listings as the scheme allows.
        ListingsCap "listings_cap" "企业在列条目将超过试点方案的上限。" "the enterprise would hold more listings than the scheme allows";
        /// The enterprise stands on a screening list.
        Screened "screened" "企业出现在失信或限制名单中，审查时将予核实。" "the enterprise stands on a list of dishonesty or of restrictions; the review will look into it";
        /// The register of business entities does not know the enterprise under its code and name.
        RegistrationDoubtful "registration_doubtful" "统一社会信用代码或企业名称与经营主体登记不符，请核对。" "code or name of the enterprise does not agree with the register of business entities; check both";
        /// The enterprise's listings are held back.
        EnterpriseSuspended "enterprise_suspended" "企业的全部条目已暂停。" "all listings of the enterprise are held back";
    }
}

/// What was found.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Found {
    /// It cannot be lodged so.
    Blocks(Rule),
    /// Somebody should look at it.
    Hint(Hint),
}

/// Something found, and where.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Finding {
    /// JSON pointer into the content; empty for the application as a whole.
    pub pointer: String,
    /// What.
    pub found: Found,
    /// Listing, application or code that it is about.
    pub about: Option<String>,
}

/// A listing of the enterprise.
#[derive(Debug, Clone)]
pub struct Holding {
    /// Number.
    pub number: ListingNumber,
    /// Scheme.
    pub scheme: String,
    /// Used before this service kept count.
    pub used: i64,
    /// Its states by day.
    pub timeline: Vec<Dated>,
}

/// An item that another open application of the enterprise asks for.
#[derive(Debug, Clone)]
pub struct Pending {
    /// Id of the application.
    pub application: String,
    /// The item.
    pub item: Item,
}

/// A document handed in.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct HandedIn {
    /// Kind of document, as the scheme names it.
    pub kind: String,
    /// Whether a scanner found it infected.
    pub infected: bool,
}

/// Everything that an application is judged by.
pub struct Circumstances<'a> {
    /// Kind of application.
    pub kind: Kind,
    /// The day.
    pub today: LegalDay,
    /// The scheme in force.
    pub scheme: &'a Scheme,
    /// The enterprise on the day; none when it is not registered.
    pub applicant: Option<&'a EnterpriseState>,
    /// How it stands in the register of business entities.
    pub registration: Registration,
    /// Screening lists on which it stands.
    pub screened: &'a [ScreeningList],
    /// Its listings.
    pub holdings: &'a [Holding],
    /// What its other open applications ask for.
    pub pending: &'a [Pending],
    /// Documents handed in.
    pub documents: &'a [HandedIn],
    /// Documents of each HS code on the day; a code that is not in the table is not in the list.
    pub tariff: &'a [(HsCode, DocumentSet)],
}

/// Judges a content that is well formed.
#[must_use]
pub fn check(content: &Content, given: &Circumstances<'_>) -> Vec<Finding> {
    let mut findings = Vec::new();
    applicant(content.lines.len(), given, &mut findings);
    answers(content, given, &mut findings);
    documents(given, &mut findings);
    for (place, line) in content.lines.iter().enumerate() {
        let mut here = Here { pointer: format!("/items/{place}"), findings: &mut findings };
        line_findings(&mut here, line, content, given);
    }
    findings
}

/// Collects what is found at one place.
struct Here<'f> {
    pointer: String,
    findings: &'f mut Vec<Finding>,
}

impl Here<'_> {
    fn add(&mut self, step: &str, found: Found, about: Option<String>) {
        self.findings.push(Finding { pointer: format!("{}{step}", self.pointer), found, about });
    }

    fn block(&mut self, step: &str, rule: Rule, about: Option<String>) {
        self.add(step, Found::Blocks(rule), about);
    }

    fn hint(&mut self, step: &str, hint: Hint, about: Option<String>) {
        self.add(step, Found::Hint(hint), about);
    }
}

fn applicant(asked: usize, given: &Circumstances<'_>, findings: &mut Vec<Finding>) {
    let mut here = Here { pointer: String::new(), findings };
    let Some(state) = given.applicant else {
        here.block("", Rule::EnterpriseUnknown, None);
        return;
    };
    // A bar keeps an enterprise from applying (《试点方案》: two years); giving up a listing is not applying for one.
    if let Some(until) = state.barred_until.filter(|until| given.today <= *until && given.kind != Kind::Surrender) {
        here.block("", Rule::Barred, Some(until.to_string()));
    }
    if given.registration.doubtful() {
        here.hint("", Hint::RegistrationDoubtful, Some(given.registration.as_str().to_owned()));
    }
    if state.suspended {
        here.hint("", Hint::EnterpriseSuspended, None);
    }
    for list in given.screened.iter().filter(|_| given.kind != Kind::Surrender) {
        here.hint("", Hint::Screened, Some(list.as_str().to_owned()));
    }
    let in_force = given.holdings.iter().filter(|holding| holding.in_force(given.today).is_some()).count();
    let cap = given.scheme.caps.listings_per_enterprise.and_then(|cap| usize::try_from(cap).ok());
    let would_hold = in_force.saturating_add(asked);
    if given.kind == Kind::Add && cap.is_some_and(|cap| would_hold > cap) {
        here.hint("", Hint::ListingsCap, Some(in_force.to_string()));
    }
}

fn answers(content: &Content, given: &Circumstances<'_>, findings: &mut Vec<Finding>) {
    for question in given.scheme.eligibility.questions_for(given.kind) {
        let reply = content.answers.iter().enumerate().find(|(_, reply)| reply.question == question.code);
        let about = Some(question.code.clone());
        let (pointer, found) = match reply {
            None => ("/answers".to_owned(), Found::Blocks(Rule::QuestionOpen)),
            Some((place, reply)) if reply.answer != question.expected => {
                (format!("/answers/{place}"), Found::Blocks(Rule::NotEligible))
            }
            Some(_) => continue,
        };
        findings.push(Finding { pointer, found, about });
    }
}

fn documents(given: &Circumstances<'_>, findings: &mut Vec<Finding>) {
    let mut here = Here { pointer: "/documents".to_owned(), findings };
    let asked =
        given.scheme.eligibility.documents.iter().filter(|document| document.required_for.contains(&given.kind));
    for document in asked {
        if !given.documents.iter().any(|given| given.kind == document.code && !given.infected) {
            here.block("", Rule::DocumentMissing, Some(document.code.clone()));
        }
    }
    for document in given.documents.iter().filter(|document| document.infected) {
        here.block("", Rule::DocumentInfected, Some(document.kind.clone()));
    }
}

fn line_findings(here: &mut Here<'_>, line: &Line, content: &Content, given: &Circumstances<'_>) {
    let terms = line.ask.terms();
    if let Some(terms) = terms {
        let hs_code = terms.item.hs_code;
        match given.tariff.iter().find(|(known, _)| *known == hs_code) {
            None => here.hint("/item/hs_code", Hint::HsCodeUnknown, Some(hs_code.to_string())),
            Some((_, documents)) if documents.intersection(given.scheme.waived_documents) == DocumentSet::EMPTY => {
                here.hint("/item/hs_code", Hint::NoWaivedDocument, Some(hs_code.to_string()));
            }
            Some(_) => {}
        }
        // Whatever the applicant answers, an item that is excluded by its number is not asked for.
        if given.scheme.casework.excludes(terms.item.cas, hs_code) {
            let about = terms.item.cas.map_or_else(|| hs_code.to_string(), |cas| cas.to_string());
            here.block("/item", CaseRule::ExcludedItem.into(), Some(about));
        }
        for (place, office) in terms.customs_offices.iter().flatten().enumerate() {
            if !given.scheme.permits_office(*office) {
                here.hint(&format!("/customs_offices/{place}"), Hint::OfficeNotPermitted, Some(office.to_string()));
            }
        }
    }
    let named = line.ask.listing();
    if let Some(number) = named {
        listing(here, number, &line.ask, given);
    }
    if let Some(terms) = terms {
        let period = terms.period(given.today, given.scheme.validity_months);
        for holding in given.holdings.iter().filter(|holding| Some(holding.number) != named) {
            held(here, holding, &terms.item, period, given);
        }
        for other in given.pending.iter().filter(|other| same(&other.item, &terms.item) == Some(Likeness::Same)) {
            here.hint("/item", Hint::OpenApplication, Some(other.application.clone()));
        }
        let others = content.lines.iter().filter(|other| other.line < line.line);
        for other in others {
            let Some(item) = other.ask.terms().map(|terms| &terms.item) else { continue };
            match same(item, &terms.item) {
                Some(Likeness::Same) => here.block("/item", Rule::DoubledItem, Some(other.line.to_string())),
                Some(Likeness::Cas) => here.hint("/item", Hint::DoubledCas, Some(other.line.to_string())),
                Some(Likeness::Name) => here.hint("/item", Hint::DoubledName, Some(other.line.to_string())),
                None => {}
            }
        }
    }
}

/// Judges what is asked of a named listing: whose it is, where it stands, and whether the day is right.
fn listing(here: &mut Here<'_>, number: ListingNumber, ask: &Ask, given: &Circumstances<'_>) {
    let about = Some(number.to_string());
    // Another enterprise's listing is no listing: nobody learns that it exists.
    let Some(holding) = given.holdings.iter().find(|holding| holding.number == number) else {
        here.block("/listing", Rule::ListingUnknown, about);
        return;
    };
    if holding.scheme != given.scheme.code {
        here.block("/listing", Rule::OtherScheme, about);
        return;
    }
    let Some(state) = state_on(&holding.timeline, given.today) else { return };
    if state.standing == Standing::Removed {
        here.block("/listing", Rule::ListingRemoved, about);
        return;
    }
    let last = state.terms.period.to();
    match ask {
        Ask::Add(_) => {}
        Ask::Vary { set, .. } => {
            if let Err(rule) = timeline::apply(&holding.timeline, holding.used, ListingChange::Vary(set), given.today) {
                here.block("/set", rule, about);
            }
        }
        Ask::Renew { .. } => {
            let window = &given.scheme.eligibility;
            if given.today < last.add_days(-i32::from(window.renewal_opens_days)) {
                here.block("/listing", Rule::RenewalTooEarly, about);
            } else if given.today > last.add_days(i32::from(window.renewal_closes_days)) {
                here.block("/listing", Rule::RenewalTooLate, about);
            }
        }
        Ask::Surrender { .. } => {
            if given.today > last {
                here.block("/listing", Rule::ListingExpired, about);
            }
        }
    }
}

/// Compares an item with a listing that the enterprise holds.
fn held(here: &mut Here<'_>, holding: &Holding, item: &Item, period: Validity, given: &Circumstances<'_>) {
    let Some(state) = state_on(&holding.timeline, given.today) else { return };
    if state.standing == Standing::Removed || !state.terms.period.overlaps(period) {
        return;
    }
    let about = Some(holding.number.to_string());
    let terms = &state.terms;
    let known = Known { cas: terms.cas, hs_code: terms.hs_code, name: &state.item.name_zh };
    match likeness(&known, &Known { cas: item.cas, hs_code: item.hs_code, name: &item.words.name_zh }) {
        Some(Likeness::Same) => here.block("/item", Rule::AlreadyListed, about),
        Some(Likeness::Cas) => here.hint("/item", Hint::SameCas, about),
        Some(Likeness::Name) => here.hint("/item", Hint::SameName, about),
        None => {}
    }
}

impl Holding {
    /// Returns the state on a day if the listing is in force on it.
    #[must_use]
    pub fn in_force(&self, day: LegalDay) -> Option<&ListingState> {
        state_on(&self.timeline, day)
            .filter(|state| state.standing == Standing::Listed && state.terms.period.contains(day))
    }
}

/// How alike two items are.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Likeness {
    /// The list holds them for one item: HS code, and CAS number or name.
    Same,
    /// One CAS number, two HS codes.
    Cas,
    /// One name.
    Name,
}

struct Known<'a> {
    cas: Option<Cas>,
    hs_code: HsCode,
    name: &'a str,
}

fn same(one: &Item, other: &Item) -> Option<Likeness> {
    let known = |item: &Item| (item.cas, item.hs_code);
    let ((cas, hs_code), (other_cas, other_hs)) = (known(one), known(other));
    likeness(
        &Known { cas, hs_code, name: &one.words.name_zh },
        &Known { cas: other_cas, hs_code: other_hs, name: &other.words.name_zh },
    )
}

fn likeness(one: &Known<'_>, other: &Known<'_>) -> Option<Likeness> {
    let same_cas = one.cas.is_some() && one.cas == other.cas;
    let same_name = normalise_name(one.name) == normalise_name(other.name);
    let told_apart = one.cas.is_some() && other.cas.is_some() && !same_cas;
    if one.hs_code == other.hs_code && (same_cas || same_name && !told_apart) {
        Some(Likeness::Same)
    } else if same_cas {
        Some(Likeness::Cas)
    } else if same_name {
        Some(Likeness::Name)
    } else {
        None
    }
}
