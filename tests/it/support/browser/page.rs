//! What a person does with a page: opens it, reads it, fills its fields, presses its buttons, walks it by keyboard; and
//! what a judge of accessibility says about it.

use std::fmt::Write as _;
use std::time::{Duration, Instant};

use serde_json::{Value, json};
use thirtyfour::{By, Key, TypingData, WebElement};

use super::{Browser, package};

/// How long a page may take to come.
const PATIENCE: Duration = Duration::from_secs(20);

/// Finds things by their words.
const FIND: &str = include_str!("find.js");

/// Runs axe-core over the page; says every violation with its nodes.
const JUDGE: &str = "
const done = arguments[arguments.length - 1];
axe.run({ resultTypes: ['violations'], rules: { 'target-size': { enabled: true } } }).then(
  (result) => done(result.violations.map((one) => ({ id: one.id, help: one.help,
    nodes: one.nodes.map((node) => node.target.join(' ') + '  ' + node.html.slice(0, 200) + '  ' + (node.failureSummary || '')) }))),
  (error) => done([{ id: 'axe', help: String(error), nodes: [] }]));";

impl Browser {
    /// Opens a page of the service by its path.
    pub fn open(&self, path: &str) -> &Self {
        self.run(self.driver().goto(format!("{}{path}", self.base)));
        self
    }

    /// The path, and the query if there is one, of the page that is open.
    pub fn path(&self) -> String {
        let url = self.run(self.driver().current_url());
        url.query().map_or_else(|| url.path().to_owned(), |query| format!("{}?{query}", url.path()))
    }

    /// The address of the page that is open, in full.
    pub fn address(&self) -> String {
        self.run(self.driver().current_url()).to_string()
    }

    /// The title of the page.
    pub fn title(&self) -> String {
        self.run(self.driver().title())
    }

    /// The main heading.
    pub fn h1(&self) -> String {
        self.text_of("h1")
    }

    /// What stands on the page, as it is seen.
    pub fn text(&self) -> String {
        self.text_of("body")
    }

    /// What stands in the first such element, as it is seen.
    pub fn text_of(&self, selector: &str) -> String {
        self.run(async { self.driver().find(By::Css(selector)).await?.text().await })
    }

    /// Demands that these words are seen on the page.
    #[track_caller]
    pub fn sees(&self, words: &str) -> &Self {
        let text = self.text();
        assert!(text.contains(words), "`{words}` is not seen on {}:\n{text}", self.path());
        self
    }

    /// Types into the field with this label, in place of what was there.
    #[track_caller]
    pub fn fill(&self, label: &str, value: &str) -> &Self {
        let field = self.field(label);
        if self.run(field.attr("type")).as_deref() == Some("date") {
            // How a day is typed depends on where the browser lives.
            self.run(
                self.driver()
                    .execute("arguments[0].value = arguments[1]", vec![field.to_json().unwrap(), json!(value)]),
            );
            return self;
        }
        self.run(async {
            field.clear().await?;
            field.send_keys(value).await
        });
        self
    }

    /// Types into the first such element; for pages of others, whose fields have no labels.
    pub fn put(&self, selector: &str, value: &str) -> &Self {
        self.run(async { self.driver().find(By::Css(selector)).await?.send_keys(value).await });
        self
    }

    /// What the field with this label holds.
    #[track_caller]
    pub fn value(&self, label: &str) -> String {
        let field = self.field(label);
        self.run(field.prop("value")).unwrap_or_default()
    }

    /// Chooses the option with these words in the list with this label.
    #[track_caller]
    pub fn choose(&self, label: &str, words: &str) -> &Self {
        let list = self.field(label);
        let options = self.run(list.find_all(By::Css("option")));
        let known: Vec<String> =
            options.iter().map(|option| self.run(option.prop("text")).unwrap_or_default().trim().to_owned()).collect();
        let found =
            known.iter().position(|text| text == words).or_else(|| known.iter().position(|text| text.contains(words)));
        let found = found.unwrap_or_else(|| panic!("`{label}` on {} offers {known:?}, not `{words}`", self.path()));
        self.run(options[found].click());
        self
    }

    /// Clicks on the tick box or the round one with this label.
    #[track_caller]
    pub fn tick(&self, label: &str) -> &Self {
        let field = self.field(label);
        self.run(field.click());
        self
    }

    /// The same, of the part of the page where these other words stand.
    #[track_caller]
    pub fn tick_at(&self, near: &str, label: &str) -> &Self {
        let field = self.find("field", label, near);
        self.run(field.click());
        self
    }

    /// Presses the button with these words and waits for the page that comes.
    #[track_caller]
    pub fn press(&self, words: &str) -> &Self {
        let button = self.find("button", words, "");
        self.leaves(|| self.run(button.click()));
        self
    }

    /// Opens the folded part of the page with these words.
    #[track_caller]
    pub fn unfold(&self, words: &str) -> &Self {
        let part = self.find("button", words, "");
        self.run(part.click());
        self
    }

    /// Follows the link with these words.
    #[track_caller]
    pub fn follow(&self, words: &str) -> &Self {
        let link = self.find("link", words, "");
        self.leaves(|| self.run(link.click()));
        self
    }

    /// Types keys where the focus is.
    pub fn keys(&self, keys: impl Into<TypingData>) -> &Self {
        self.run(self.driver().action_chain().send_keys(keys).perform());
        self
    }

    /// Types keys that send what is filled in, and waits for the page that comes.
    #[track_caller]
    pub fn sends(&self, keys: impl Into<TypingData>) -> &Self {
        self.leaves(|| {
            self.keys(keys);
        });
        self
    }

    /// Does what leads to another page, and waits until that is there: the driver alone waits only for a page that has
    /// already begun to come.
    #[track_caller]
    fn leaves(&self, act: impl FnOnce()) {
        self.script("window.left = true", json!([]));
        act();
        let deadline = Instant::now() + PATIENCE;
        loop {
            let asked = self.driver().execute("return !window.left && document.readyState === 'complete'", Vec::new());
            // Between two pages there is nothing that could answer.
            let there = self.shared.runtime.block_on(asked).is_ok_and(|answer| answer.json() == &json!(true));
            if there {
                return;
            }
            assert!(Instant::now() < deadline, "no page came after {}: {}", self.path(), self.text());
        }
    }

    /// Moves the focus forward, key by key, until it stands on what has these words; no pointer is used.
    #[track_caller]
    pub fn tab_to(&self, words: &str) -> &Self {
        let mut walked = Vec::new();
        for _ in 0..150 {
            self.keys(Key::Tab + "");
            let here = self.focused();
            if here.contains(words) {
                return self;
            }
            walked.push(here);
        }
        panic!("the keyboard does not reach `{words}` on {}: {walked:#?}", self.path());
    }

    /// The words of what has the focus: its label, its name or its text.
    pub fn focused(&self) -> String {
        let script = "const e = document.activeElement; if (!e || e === document.body) return '';
            const l = e.labels && e.labels.length ? [...e.labels].map(x => x.textContent).join(' ') : '';
            return (l || e.getAttribute('aria-label') || e.textContent || e.value || e.id || e.tagName).replace(/\\s+/g, ' ').trim();";
        self.script(script, json!([])).as_str().unwrap_or_default().to_owned()
    }

    /// Demands that axe-core finds nothing, that nothing is wider than a page of 320 pixels, and that the browser did
    /// not complain of a script or a policy.
    #[track_caller]
    pub fn is_accessible(&self) -> &Self {
        self.axe();
        self.reflows();
        let complaints = self.complaints();
        assert!(complaints.is_empty(), "{} made the browser complain: {complaints:#?}", self.path());
        self
    }

    /// Demands that axe-core finds no violation, and prints each with its nodes.
    #[track_caller]
    pub fn axe(&self) -> &Self {
        let axe = std::fs::read_to_string(package("axe-core").join("axe.min.js")).unwrap();
        let judge = format!("{axe}\n{JUDGE}");
        let found =
            self.judging(|browser| browser.run(browser.driver().execute_async(judge, Vec::new())).json().clone());
        let mut told = String::new();
        for violation in found.as_array().unwrap() {
            let _ = writeln!(told, "{}: {}", violation["id"], violation["help"]);
            for node in violation["nodes"].as_array().unwrap() {
                let _ = writeln!(told, "    {}", node.as_str().unwrap_or_default().replace('\n', " "));
            }
        }
        assert!(told.is_empty(), "axe-core on {}:\n{told}", self.path());
        self
    }

    /// Demands that the page needs no sideways scrolling at 320 CSS pixels (WCAG 2.2, 1.4.10).
    #[track_caller]
    pub fn reflows(&self) -> &Self {
        let wider = "const d = document.documentElement; if (d.scrollWidth <= d.clientWidth) return [];
            return [...document.querySelectorAll('body *')].filter(e => e.getBoundingClientRect().right > d.clientWidth + 1)
                .slice(0, 8).map(e => e.tagName + '.' + e.className + ' ' + Math.round(e.getBoundingClientRect().right));";
        let found = self.at_width(320, |browser| browser.script(wider, json!([])));
        assert_eq!(found, Value::Array(Vec::new()), "{} is wider than 320 pixels", self.path());
        self
    }

    fn field(&self, label: &str) -> WebElement {
        self.find("field", label, "")
    }

    #[track_caller]
    fn find(&self, kind: &str, words: &str, near: &str) -> WebElement {
        let arguments = vec![json!(kind), json!(words), if near.is_empty() { Value::Null } else { json!(near) }];
        let found = self.run(self.driver().execute(FIND, arguments));
        if found.json().is_null() {
            panic!("no {kind} `{words}` (near `{near}`) on {}:\n{}", self.path(), self.text());
        }
        self.run(async { found.element() })
    }
}
