//! Sign-in at a provider of others: there and back, again before a final act, and away from both.

use crate::support::app::{Database, TestApp, Tuning};
use crate::support::browser::Browser;
use crate::support::provider::Provider;
use serde_json::json;
use std::time::{SystemTime, UNIX_EPOCH};
use whitelist::domain::validity::Instant;
use whitelist::outbound::keys::Alg;

/// The provider lives in the present, so the service has to as well.
fn present(app: &TestApp) {
    let now = SystemTime::now().duration_since(UNIX_EPOCH).unwrap().as_micros();
    app.clock.set(Instant::from_micros(i64::try_from(now).unwrap()));
}

/// Types a name on the provider's own page.
fn recognised(app: &TestApp, browser: &Browser, name: &str) {
    present(app);
    browser.put("input[name=login]", name).put("input[name=password]", "any");
    browser.press("Sign-in");
    // A native client, which the tests' is because of its port, has its people agree.
    browser.press("Continue");
}

#[test]
fn people_sign_in_at_their_own_provider() {
    for algorithm in [Alg::Es256, Alg::Rs256] {
        let people = json!({
            "officer-1": { "org": "bj-commerce", "roles": ["bureau.officer", "no.such.role"] },
            "guest-1": { "org": "bj-commerce", "roles": [] },
            "stray-1": { "roles": ["bureau.officer"] },
        });
        let provider = Provider::start(algorithm, &people);
        let app =
            TestApp::start_tuned(Database::Sqlite, Tuning { issuers: vec![provider.settings()], ..Tuning::default() });
        present(&app);
        let browser = Browser::at(&app);

        // Where they wanted to go is where they come to.
        browser.open("/listings?state=listed");
        assert_eq!(browser.h1(), "登录");
        browser.is_accessible().follow("统一身份认证");
        recognised(&app, &browser, "officer-1");
        assert_eq!(browser.path(), "/listings?state=listed");
        browser.open("/account").sees("officer-1").sees(&provider.issuer);

        // The answer opened one session and opens no other.
        browser.open("/sign-in/return?code=x&state=y").sees("登录没有完成");

        if algorithm == Alg::Es256 {
            signs_out(&browser, &provider);
            refuses_strangers(&app, &browser);
        }
    }
}

fn signs_out(browser: &Browser, provider: &Provider) {
    browser.open("/account").press("退出");
    assert_eq!(browser.h1(), "您已退出");
    browser.is_accessible().follow("退出 统一身份认证");
    assert!(browser.address().starts_with(&provider.issuer), "{}", browser.address());
    browser.press("Yes");
    assert_eq!(browser.path(), "/signed-out");
    browser.open("/");
    assert_eq!(browser.h1(), "登录");
}

/// Whom the provider knows and this service does not: without a role, and without an organisation.
fn refuses_strangers(app: &TestApp, browser: &Browser) {
    for name in ["guest-1", "stray-1"] {
        browser.forget();
        browser.open("/sign-in").follow("统一身份认证");
        recognised(app, browser, name);
        assert!(browser.path().starts_with("/sign-in/return"), "{}", browser.path());
        browser.open("/");
        assert_eq!(browser.h1(), "登录", "{name} is not signed in");
    }
}
