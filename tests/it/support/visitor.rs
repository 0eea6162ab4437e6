//! Somebody who uses the portal without a script: reads pages, fills in their forms, follows where they lead.

use super::app::TestApp;
use super::client::{Client, Response};
use scraper::{ElementRef, Html, Selector};
use std::cell::RefCell;
use std::collections::BTreeMap;

/// A visitor with a browser's cookies.
pub struct Visitor {
    client: Client,
    cookies: RefCell<BTreeMap<String, String>>,
}

/// A page as it came.
#[derive(Debug, Clone)]
pub struct PageSeen {
    pub status: u16,
    pub path: String,
    pub html: String,
    pub response: Response,
}

/// Reads a selector of CSS.
pub fn selector(css: &str) -> Selector {
    Selector::parse(css).unwrap_or_else(|error| panic!("{css}: {error}"))
}

/// Returns the text of an element, blanks folded.
pub fn words(element: ElementRef<'_>) -> String {
    element.text().collect::<String>().split_whitespace().collect::<Vec<_>>().join(" ")
}

impl PageSeen {
    /// The page as elements.
    pub fn tree(&self) -> Html {
        Html::parse_document(&self.html)
    }

    /// The words of the first element that fits.
    pub fn first(&self, css: &str) -> String {
        self.tree().select(&selector(css)).next().map(words).unwrap_or_default()
    }

    /// The words of the content.
    pub fn said(&self) -> String {
        self.first("main")
    }

    /// Demands that the page is well and says something.
    #[track_caller]
    pub fn says(&self, text: &str) -> &Self {
        assert!(self.said().contains(text), "{} {} does not say `{text}`:\n{}", self.status, self.path, self.said());
        self
    }

    /// Demands a status.
    #[track_caller]
    pub fn is(&self, status: u16) -> &Self {
        assert_eq!(self.status, status, "{}:\n{}", self.path, self.said());
        self
    }

    /// The last step of the path, such as an id.
    pub fn id(&self) -> String {
        self.path.split(['?', '#']).next().unwrap().rsplit('/').next().unwrap().to_owned()
    }

    /// The address of the first link with these words.
    #[track_caller]
    pub fn link(&self, text: &str) -> String {
        let tree = self.tree();
        let found = tree.select(&selector("main a[href]")).find(|link| words(*link) == text);
        let found = found.unwrap_or_else(|| panic!("{} has no link `{text}`:\n{}", self.path, self.said()));
        found.value().attr("href").unwrap().to_owned()
    }
}

fn encoded(pairs: &[(String, String)]) -> String {
    url::form_urlencoded::Serializer::new(String::new()).extend_pairs(pairs).finish()
}

impl Visitor {
    /// Somebody who has not signed in.
    pub fn new(app: &TestApp) -> Self {
        Self { client: Client::new(app.address), cookies: RefCell::default() }
    }

    /// Somebody of the demo, signed in.
    #[track_caller]
    pub fn signed_in(app: &TestApp, subject: &str) -> Self {
        let visitor = Self::new(app);
        visitor.post("/sign-in", &[("_subject", subject), ("_next", "/")]).is(200);
        visitor
    }

    /// Reads English from now on.
    pub fn in_english(self) -> Self {
        self.get("/help?lang=en");
        self
    }

    /// The cookies as the browser holds them.
    pub fn cookie(&self, name: &str) -> Option<String> {
        self.cookies.borrow().get(name).cloned()
    }

    /// Puts a cookie into the browser.
    pub fn hold(&self, name: &str, value: &str) {
        self.cookies.borrow_mut().insert(name.to_owned(), value.to_owned());
    }

    /// Sends a request as a browser does, without following it.
    pub fn send(&self, method: &str, path: &str, headers: &[(&str, &str)], body: &[u8]) -> Response {
        let cookies: Vec<String> =
            self.cookies.borrow().iter().map(|(name, value)| format!("{name}={value}")).collect();
        let cookies = cookies.join("; ");
        let mut all: Vec<(&str, &str)> = headers.to_vec();
        if !cookies.is_empty() {
            all.push(("Cookie", &cookies));
        }
        let response = self.client.send(method, path, &all, body);
        for (_, cookie) in response.headers.iter().filter(|(name, _)| name.eq_ignore_ascii_case("set-cookie")) {
            let (name, value) = cookie.split(';').next().unwrap().split_once('=').unwrap();
            if value.is_empty() {
                self.cookies.borrow_mut().remove(name);
            } else {
                self.cookies.borrow_mut().insert(name.to_owned(), value.to_owned());
            }
        }
        response
    }

    fn follow(&self, mut path: String, mut response: Response) -> PageSeen {
        while response.status == 303 {
            path = response.header("location").unwrap().to_owned();
            response = self.send("GET", &path, &[], b"");
        }
        let html = String::from_utf8_lossy(&response.body).into_owned();
        PageSeen { status: response.status, path, html, response }
    }

    /// Opens a page.
    pub fn get(&self, path: &str) -> PageSeen {
        self.follow(path.to_owned(), self.send("GET", path, &[], b""))
    }

    /// Sends a form that no page was opened for.
    pub fn post(&self, path: &str, fields: &[(&str, &str)]) -> PageSeen {
        let pairs: Vec<(String, String)> =
            fields.iter().map(|(name, value)| ((*name).to_owned(), (*value).to_owned())).collect();
        let headers = [("Content-Type", "application/x-www-form-urlencoded"), ("Sec-Fetch-Site", "same-origin")];
        self.follow(path.to_owned(), self.send("POST", path, &headers, encoded(&pairs).as_bytes()))
    }

    /// Fills in the form of a page that posts to `action`, and sends it: what the page filled in stays as it is.
    #[track_caller]
    pub fn submit(&self, page: &PageSeen, action: &str, fields: &[(&str, &str)]) -> PageSeen {
        let tree = page.tree();
        let found =
            tree.select(&selector("form[method=post]")).find(|form| form.value().attr("action") == Some(action));
        let form = found.unwrap_or_else(|| panic!("{} has no form to `{action}`:\n{}", page.path, page.said()));
        let mut pairs: Vec<(String, String)> = Vec::new();
        for field in form.select(&selector("input, textarea, select")) {
            let Some(name) = field.value().attr("name") else { continue };
            let value = match (field.value().name(), field.value().attr("type")) {
                ("textarea", _) => field.text().collect(),
                ("select", _) => field
                    .select(&selector("option[selected]"))
                    .next()
                    .and_then(|option| option.value().attr("value"))
                    .unwrap_or_default()
                    .to_owned(),
                (_, Some("radio" | "checkbox")) if field.value().attr("checked").is_none() => continue,
                (_, Some("file")) => continue,
                _ => field.value().attr("value").unwrap_or_default().to_owned(),
            };
            pairs.push((name.to_owned(), value));
        }
        for (name, value) in fields {
            // A button carries its own name; every other field must be there to be filled in.
            let css = format!(r#"[name="{name}"]"#);
            assert!(form.select(&selector(&css)).next().is_some(), "{} has no field `{name}`", page.path);
            pairs.retain(|(known, _)| known != name);
            pairs.push(((*name).to_owned(), (*value).to_owned()));
        }
        let headers = [("Content-Type", "application/x-www-form-urlencoded"), ("Sec-Fetch-Site", "same-origin")];
        self.follow(action.to_owned(), self.send("POST", action, &headers, encoded(&pairs).as_bytes()))
    }

    /// Opens a page and sends its form.
    #[track_caller]
    pub fn fill(&self, path: &str, fields: &[(&str, &str)]) -> PageSeen {
        let page = self.get(path);
        self.submit(&page, path.split('?').next().unwrap(), fields)
    }

    /// Carries out an act on a thing.
    #[track_caller]
    pub fn act(&self, act: &str, id: &str, fields: &[(&str, &str)]) -> PageSeen {
        self.fill(&format!("/do/{act}/{id}"), fields)
    }
}
