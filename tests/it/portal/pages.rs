//! Every page for every role in both languages, read as a browser reads it.

use crate::support::app::{Database, TestApp};
use crate::support::visitor::{PageSeen, Visitor, selector};
use scraper::ElementRef;
use std::collections::{BTreeMap, BTreeSet};
use whitelist::http::portal::table::PAGES;

const PEOPLE: [&str; 10] =
    ["gao", "agent", "district", "drug", "officer", "approver", "admin", "customs", "auditor", "operator"];

fn attribute<'a>(element: &ElementRef<'a>, name: &str) -> Option<&'a str> {
    element.value().attr(name)
}

/// What is wrong with a page that anybody could see without knowing what it is about.
fn faults(page: &PageSeen) -> Vec<String> {
    let tree = page.tree();
    let all = |css: &str| tree.select(&selector(css)).collect::<Vec<_>>();
    let mut faults = Vec::new();
    let mut demand = |well: bool, what: &str| {
        if !well {
            faults.push(format!("{} ({}): {what}", page.path, page.status));
        }
    };
    demand(all("h1").len() == 1, "not one h1");
    demand(!page.first("title").is_empty() && all("html[lang]").len() == 1, "no title or language");
    demand(all("main").len() == 1 && all("a.skip[href='#main']").len() == 1, "no way to the content");
    demand(all("style, script:not([src]), [style]").is_empty(), "style or script inside the page");
    let handlers = all("*").into_iter().any(|element| element.value().attrs().any(|(name, _)| name.starts_with("on")));
    demand(!handlers, "a handler inside the page");
    let mut ids = BTreeSet::new();
    for element in all("[id]") {
        demand(
            ids.insert(attribute(&element, "id").unwrap()),
            &format!("id `{}` twice", attribute(&element, "id").unwrap()),
        );
    }
    for field in all("input:not([type=hidden]), select, textarea") {
        let labelled = attribute(&field, "aria-label").is_some()
            || attribute(&field, "id").is_some_and(|id| !all(&format!("label[for='{id}']")).is_empty())
            || field.ancestors().filter_map(ElementRef::wrap).any(|above| above.value().name() == "label");
        demand(labelled, &format!("a field without a label: {}", field.html()));
        for name in ["aria-describedby", "aria-labelledby"] {
            for id in attribute(&field, name).unwrap_or_default().split_whitespace() {
                demand(!all(&format!("[id='{id}']")).is_empty(), &format!("`{id}` is named and not there"));
            }
        }
    }
    for form in all("form[method=post]") {
        let target = attribute(&form, "action").unwrap_or_default();
        let token = form.select(&selector("input[name=_csrf]")).next().is_some();
        demand(token || target == "/sign-in", &format!("the form to `{target}` has no token"));
    }
    for table in all("table") {
        demand(table.select(&selector("th:not([scope])")).next().is_none(), "a head cell without a scope");
    }
    // What the service says itself is in the language of the page; data stand as they were entered.
    if tree.select(&selector("html[lang=en]")).next().is_some() {
        let marked = selector("[lang]");
        let parts = all("h2, th[scope=col], legend, dt, button, summary, .menu a");
        for part in parts.into_iter().filter(|part| part.select(&marked).next().is_none()) {
            let said = crate::support::visitor::words(part);
            let chinese =
                said.chars().any(|letter| matches!(letter, '\u{3000}'..='\u{303f}' | '\u{4e00}'..='\u{9fff}'));
            demand(!chinese || said == "中文", &format!("`{said}` on an English page"));
        }
    }
    for link in all("a[href]") {
        demand(!crate::support::visitor::words(link).is_empty(), &format!("a link without words: {}", link.html()));
    }
    faults
}

/// Addresses of this site that a page links to.
fn links(page: &PageSeen) -> BTreeSet<String> {
    let tree = page.tree();
    let anchors = selector("a[href]");
    let hrefs = tree.select(&anchors).filter_map(|link| link.value().attr("href").map(str::to_owned));
    hrefs.filter(|href| href.starts_with('/') && !href.contains("lang=") && !href.contains("theme=")).collect()
}

#[test]
fn every_page_is_well_for_every_role_in_both_languages() {
    let app = TestApp::start(Database::Sqlite);
    let mut found: Vec<String> = Vec::new();
    let mut opened: BTreeMap<String, BTreeSet<u16>> = BTreeMap::new();
    // The way to a provider of sign-in and back is none in the demo, which has no provider.
    let pages = PAGES.iter().filter(|page| page.method == "GET" && !page.path.starts_with("/sign-in/"));
    let plain: Vec<&str> = pages.filter(|page| !page.path.contains('{')).map(|page| page.path).collect();
    for person in PEOPLE {
        for english in [false, true] {
            let visitor = Visitor::signed_in(&app, &format!("demo.{person}"));
            let visitor = if english { visitor.in_english() } else { visitor };
            let mut to_open: Vec<String> = plain.iter().map(|path| (*path).to_owned()).collect();
            let mut seen: BTreeSet<String> = to_open.iter().cloned().collect();
            while let Some(path) = to_open.pop() {
                let page = visitor.get(&path);
                opened.entry(path.split('?').next().unwrap().to_owned()).or_default().insert(page.status);
                let is_html = page.response.header("content-type").is_some_and(|media| media.starts_with("text/html"));
                if !is_html || path.starts_with("/v1/") || path.starts_with("/docs") {
                    if page.status >= 400 {
                        found.push(format!("{person} {path}: {}", page.status));
                    }
                    continue;
                }
                let lang =
                    page.tree().select(&selector("html")).next().unwrap().value().attr("lang").unwrap().to_owned();
                if lang != if english { "en" } else { "zh-CN" } {
                    found.push(format!("{person} {path}: language {lang}"));
                }
                if ![200, 403].contains(&page.status) {
                    found.push(format!("{person} {path}: {} {}", page.status, page.said()));
                }
                if page.status == 403 && !plain.contains(&path.as_str()) {
                    found.push(format!("{person} is led to {path}, which is not for them"));
                }
                found.extend(faults(&page).into_iter().map(|fault| format!("{person}: {fault}")));
                // One thing of a kind is enough: lists lead to many alike.
                let kinds: BTreeSet<String> = seen.iter().map(|path| kind(path)).collect();
                for link in links(&page) {
                    if !kinds.contains(&kind(&link)) && seen.iter().all(|known| kind(known) != kind(&link)) {
                        seen.insert(link.clone());
                        to_open.push(link);
                    }
                }
            }
        }
    }
    assert!(found.is_empty(), "{} faults:\n{}", found.len(), found.join("\n"));
    // Nobody may do what no page of theirs offers, and no page is for nobody.
    for path in plain {
        assert!(opened[path].contains(&200), "{path} opens for nobody");
    }
}

/// What alike addresses have in common: ids are left out, and so are queries.
fn kind(path: &str) -> String {
    let path = path.split(['?', '#']).next().unwrap();
    let steps = path.split('/').map(|step| {
        let named = step.chars().any(|letter| letter.is_ascii_digit()) && !step.contains('.');
        if named { "{}" } else { step }
    });
    steps.collect::<Vec<_>>().join("/")
}

#[test]
fn assets_stay_and_pages_are_small() {
    let app = TestApp::start(Database::Sqlite);
    let visitor = Visitor::signed_in(&app, "demo.officer");
    let page = visitor.get("/listings");
    let tree = page.tree();
    let css = tree.select(&selector("link[rel=stylesheet]")).next().unwrap().value().attr("href").unwrap();
    let script = tree.select(&selector("script")).next().unwrap().value().attr("src").unwrap();
    for asset in [css, script] {
        let response = visitor.send("GET", asset, &[], b"");
        assert_eq!(response.status, 200);
        assert_eq!(response.header("cache-control"), Some("public, max-age=31536000, immutable"));
    }
    let compressed: usize = ["/listings", css, script]
        .iter()
        .map(|path| visitor.send("GET", path, &[("Accept-Encoding", "gzip")], b"").body.len())
        .sum();
    assert!(compressed <= 30 * 1024, "{compressed} bytes for the first load");
}

/// Endpoints that change something and are no person's to call through pages: what only systems of customs may.
const NOT_IN_PAGES: [(&str, &str); 3] = [
    ("put_declaration", "systems of customs"),
    ("release_declaration", "systems of customs"),
    ("cancel_declaration", "systems of customs"),
];

fn sources(folder: &std::path::Path, into: &mut String) {
    for entry in std::fs::read_dir(folder).unwrap() {
        let path = entry.unwrap().path();
        if path.is_dir() {
            sources(&path, into);
        } else {
            into.push_str(&std::fs::read_to_string(path).unwrap());
        }
    }
}

/// A path with the names of its parameters taken out.
fn shape(path: &str) -> String {
    let parts = path.split('/').map(|part| if part.starts_with('{') { "{}" } else { part });
    parts.collect::<Vec<_>>().join("/")
}

#[test]
fn whatever_the_api_can_do_a_page_can_do() {
    let mut text = String::new();
    sources(&std::path::Path::new(env!("CARGO_MANIFEST_DIR")).join("src/http/portal"), &mut text);
    let named: BTreeSet<String> = text
        .split('"')
        .filter(|part| part.starts_with("/v1/"))
        .map(|part| shape(part.split('?').next().unwrap()))
        .collect();
    let missing: Vec<&str> = whitelist::http::endpoints::ENDPOINTS
        .iter()
        .filter(|endpoint| {
            endpoint.method != "GET"
                && endpoint.effect != whitelist::http::endpoints::Effect::Read
                && endpoint.path.starts_with("/v1/")
        })
        .filter(|endpoint| !named.contains(&shape(endpoint.path)))
        .map(|endpoint| endpoint.operation)
        .filter(|operation| !NOT_IN_PAGES.iter().any(|(known, _)| known == operation))
        .collect();
    assert_eq!(missing, [""; 0], "no page calls them");
}
