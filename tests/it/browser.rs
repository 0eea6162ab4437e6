//! What people see: pages in a real browser, judged for accessibility, at the width of a desk and of a phone.

mod pages;
mod sign_in;
mod story;

use crate::support::app::{Database, TestApp};
use crate::support::browser::Browser;
use serde_json::json;

/// The contract repeats the same forms for every endpoint; judging each of them would take half a minute and say the
/// same a hundred times, so that a few of each are left.
const SHORTENED: &str = "
for (const kind of ['article', 'section', 'nav li']) document.querySelectorAll(kind).forEach((part, at) => { if (at > 12) part.remove(); });
return document.querySelectorAll('body *').length;";

#[test]
fn pages_about_the_contract_are_accessible_and_reflow() {
    let app = TestApp::start(Database::Sqlite);
    let browser = Browser::at(&app);
    for (path, heading) in [("/problems", "问题类型"), ("/problems/not-found", "没有找到")] {
        browser.open(path);
        assert!(browser.h1().contains(heading), "{}", browser.h1());
        browser.is_accessible();
        browser.dark(true);
        browser.open(path).axe();
        browser.dark(false);
    }
    browser.open("/docs").reflows();
    assert!(browser.script(SHORTENED, json!([])).as_u64().unwrap() > 300);
    browser.axe();
    assert_eq!(browser.complaints(), [""; 0]);
}
