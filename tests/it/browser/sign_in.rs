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
            keeps_what_was_written(&app, &browser);
            proves_again(&app, &browser);
            signs_out(&browser, &provider);
            refuses_strangers(&app, &browser);
        }
    }
}

/// Lets time pass since the person was last there.
fn later(app: &TestApp, minutes: i64) {
    app.clock.set(Instant::from_micros(app.clock.now().micros() + minutes * 60_000_000));
}

/// What was written when the session ended waits behind the sign-in, wherever that is.
fn keeps_what_was_written(app: &TestApp, browser: &Browser) {
    browser.open("/do/add-text/new").choose("用于", "补正").fill("名称", "数量依据").fill("中文", "请说明数量依据。");
    later(app, 31);
    browser.press("添加");
    assert_eq!(browser.h1(), "登录");
    browser.sees("没有丢失");
    browser.forget();
    browser.follow("统一身份认证");
    recognised(app, browser, "officer-1");
    assert_eq!(browser.h1(), "您填写的内容还在");
    browser.is_accessible().press("继续提交").sees("已保存").sees("数量依据");
}

/// Before a final act whoever proved long ago who they are does so again, and goes on where they were.
fn proves_again(app: &TestApp, browser: &Browser) {
    let act = "/do/stop-listing/BJ-2026-000016-9";
    browser.open(act);
    assert_eq!(browser.h1(), "紧急停用");
    later(app, 16);
    browser.open(act);
    assert_eq!(browser.h1(), "请再次确认身份");
    browser.is_accessible().follow("确认身份并继续");
    recognised(app, browser, "officer-1");
    assert_eq!(browser.path(), act);
    browser.choose("原因", "风险").fill("依据", "风险通报").press("立即停用").sees("已紧急停用");
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
