//! The pages of the portal, as the people of the demo see them: accessible in both languages, light and dark, on a desk and
//! a phone, with a refusal on them, by keyboard, and without script.

use crate::draws::{ok, place, small};
use crate::lookups::{ENT_03, ENT_05, ask, question};
use crate::review::NEWCOMER;
use crate::review::ratings::decided;
use crate::support::app::{Database, TestApp};
use crate::support::browser::Browser;
use crate::support::casework::applicant;
use serde_json::json;
use whitelist::domain::actor::Role;

/// Who opens which pages, and under which name the picture of a page is kept.
const TOUR: [(&str, &[(&str, &str)]); 7] = [
    (
        "林晓",
        &[
            ("/", "enterprise-home"),
            ("/applications", "applications"),
            ("/dry-run", "dry-run"),
            ("/usage-returns/new", "usage-return"),
            ("/people", "people-own"),
            ("/inbox", "inbox"),
            ("/account", "account"),
        ],
    ),
    ("宋宁", &[("/", "district-home")]),
    (
        "苏禾",
        &[
            ("/", "bureau-home"),
            ("/listings", "listings"),
            ("/listings/BJ-2026-000016-9", "listing"),
            ("/listings/BJ-2026-000016-9/certificate", "certificate"),
            ("/listing-changes", "listing-changes"),
            ("/cases", "cases"),
            ("/adjustments", "adjustments"),
            ("/stops", "stops"),
            ("/supervision", "supervision"),
            ("/reports", "reports"),
            ("/border?interval=hour", "border"),
            ("/satisfaction", "satisfaction"),
            ("/registers/ratings", "register-ratings"),
            ("/reports/use?key=nothing", "report-rows"),
            ("/imports/adjustments", "import"),
            ("/registers/screening", "register-screening"),
            ("/registers/bars", "register-bars"),
            ("/registers/findings", "register-findings"),
            ("/registers/texts", "register-texts"),
            ("/do/add-screening/new", "act-screening"),
            ("/enterprises", "enterprises"),
            ("/schemes/beijing-2022", "scheme"),
        ],
    ),
    (
        "韩磊",
        &[
            ("/look-up", "look-up"),
            ("/look-ups", "look-ups"),
            ("/manual-release", "manual-release"),
            ("/imports/reconciliations", "import-books"),
        ],
    ),
    (
        "何川",
        &[
            ("/people", "people"),
            ("/roles", "roles"),
            ("/roles/new?org=bj-commerce&base=bureau.officer", "role-form"),
            ("/operations", "operations"),
            ("/registers/webhooks", "register-webhooks"),
            ("/rule-changes/new/scheme?scheme=beijing-2022", "rules-scheme"),
            ("/rule-changes/new/calendar?year=2026", "rules-calendar"),
            ("/rule-changes/new/tariff", "rules-tariff"),
        ],
    ),
    ("白桦", &[("/manual-releases", "manual-releases")]),
    ("", &[("/help", "help"), ("/accessibility", "accessibility"), ("/check", "check")]),
];

/// Signs in as a person of the demo, whoever was there before.
pub fn sign_in(browser: &Browser, name: &str) {
    browser.forget();
    browser.open("/sign-in?lang=zh").press(name);
    assert!(browser.text_of(".tools").contains(name), "{name} is not signed in: {}", browser.text());
}

/// Opens a page wide, narrow, in the other language and dark: axe finds nothing.
fn look_at(browser: &Browser, path: &str, picture: &str) {
    browser.open(path);
    assert!(!browser.h1().is_empty(), "{path}");
    browser.is_accessible().screenshot(&format!("{picture}-zh"));
    browser.at_width(390, |browser| browser.screenshot(&format!("{picture}-phone")));
    let mark = if path.contains('?') { '&' } else { '?' };
    browser.open(&format!("{path}{mark}lang=en&theme=dark")).axe().screenshot(&format!("{picture}-en-dark"));
    browser.open(&format!("{path}{mark}lang=zh&theme=light"));
}

/// Makes what the pages of the tour are about, where the demo has none.
fn prepare(app: &TestApp) -> [(&'static str, String, &'static str); 6] {
    for (enterprise, hs_code) in [(ENT_05, "2937500000"), (ENT_03, "3002410090")] {
        ask(app, &question(enterprise, hs_code));
    }
    ok(&app.drawing().put(&place(1), &small()));
    app.inside().recorder.flush();
    app.inside().messages.flush();
    let case = decided(app);
    let applicant = applicant(app, NEWCOMER);
    let answer = json!({ "answer": "fairly_satisfied", "remark": "等待较久" });
    assert_eq!(applicant.post(&format!("{}/rating", case.0.path), &answer).status, 201);
    let admin = app.actor(Role::BureauAdmin, "bj-commerce", "admin-1");
    let days = json!([{ "date": "2031-01-01", "name": "元旦", "off": true }]);
    let change = json!({ "table": "calendar", "rules": { "years": { "2031": { "days": days } } }, "note": "依通知" });
    let change = admin.post("/v1/rule-changes", &change).header("location").unwrap().replace("/v1", "");
    let hook = admin.post("/v1/webhooks", &json!({ "url": "https://whitelist.example.cn/in", "events": ["stop.*"] }));
    assert_eq!(hook.status, 201, "{}", hook.text());
    let hook = hook.json()["id"].as_str().unwrap().to_owned();
    let letters = format!("/registers/webhooks/{hook}/dead-letters");
    let refused = format!("/do/replay-dead-letter/{hook}?revision=17");
    [
        ("苏禾", format!("/cases/{}", case.0.id()), "case-rated"),
        ("苏禾", change.clone(), "rule-change"),
        ("何川", change, "rule-change-admin"),
        ("何川", letters, "dead-letters"),
        ("何川", refused, "act-dead-letter"),
        ("白桦", "/border".to_owned(), "border-days"),
    ]
}

#[test]
fn every_page_is_accessible_to_everybody() {
    let app = TestApp::start(Database::Sqlite);
    let made = prepare(&app);
    let browser = Browser::at(&app);
    browser.open("/sign-in").is_accessible().screenshot("sign-in");
    for (name, pages) in TOUR {
        browser.forget();
        if !name.is_empty() {
            sign_in(&browser, name);
        }
        for (path, picture) in pages {
            look_at(&browser, path, picture);
        }
    }
    for (name, path, picture) in made {
        sign_in(&browser, name);
        look_at(&browser, &path, picture);
    }
    sign_in(&browser, "苏禾");
    browser.open("/listings").press("后台生成").sees("完成后通知您");
    assert_eq!(app.make_reports(), 1);
    browser.open("/listings").press("后台生成").sees("仍在生成");
    look_at(&browser, "/registers/report-jobs", "report-jobs");
}

/// Enter, as a driver types it.
const ENTER: &str = "\u{e007}";
/// The arrow down.
const DOWN: &str = "\u{e015}";

/// An applicant begins an application and states an item, an officer stops a listing: no pointer is used.
#[test]
fn an_application_and_a_stop_are_made_by_keyboard_alone() {
    let app = TestApp::start(Database::Sqlite);
    let browser = Browser::at(&app);
    sign_in(&browser, "谭思");
    browser.open("/applications").tab_to("新申请").sends(ENTER);
    browser.tab_to("开始").sends(" ");
    browser.tab_to("1 物品").sends(ENTER);
    browser.tab_to("添加物品").sends(ENTER);
    browser.tab_to("中文名称").keys("氢化可的松");
    browser.tab_to("商品编码").keys("2937210000");
    browser.tab_to("用途").keys(DOWN);
    browser.tab_to("申请数量").keys("5");
    browser.tab_to("保存").sends(" ").sees("氢化可的松").sees("已保存");
    sign_in(&browser, "苏禾");
    browser.open("/listings/BJ-2026-000016-9").tab_to("移出").tab_to("紧急停用").sends(ENTER);
    browser.tab_to("原因").keys(DOWN);
    browser.tab_to("依据").keys("风险通报");
    browser.tab_to("立即停用").sends(" ").sees("已紧急停用");
}

/// What an officer types: importer, code, quantity and unit.
fn asks(browser: &Browser, quantity: &str) {
    browser
        .fill("进口企业统一社会信用代码", "91110108XFXTR0105W")
        .fill("商品编码", "3004909099")
        .fill("数量", quantity)
        .fill("计量单位代码", "142")
        .press("核验");
}

#[test]
fn an_officer_looks_up_with_and_without_script_and_by_keyboard() {
    let app = TestApp::start(Database::Sqlite);
    let browser = Browser::at(&app);
    for script in [true, false] {
        browser.scripts(script);
        sign_in(&browser, "韩磊");
        browser.open("/look-up");
        asks(&browser, "1");
        assert_eq!(browser.text_of(".verdict .said"), "放行", "{}", browser.text());
        browser.is_accessible().screenshot("look-up-allowed");
        browser.at_width(390, |browser| browser.screenshot("look-up-allowed-phone"));
        asks(&browser, "999999");
        assert_eq!(browser.text_of(".verdict .said"), "不放行", "{}", browser.text());
        browser.axe().screenshot("look-up-denied");
        // What is refused stands beside its field and in the summary, in the same words; what was typed is kept.
        browser.fill("商品编码", "30049").press("核验");
        assert_eq!(browser.value("商品编码"), "30049");
        assert!(browser.title().starts_with("错误："), "{}", browser.title());
        let said = browser.text_of("#summary li");
        assert!(browser.text_of(".field.bad").contains(&said), "{said}");
        browser.is_accessible().screenshot("look-up-refused");
        if script {
            assert_eq!(browser.script("return document.activeElement.id", serde_json::json!([])), "summary");
        }
    }
    browser.scripts(true);

    browser.open("/look-up?lang=en");
    browser.tab_to("Importer").keys("91110108XFXTR0105W");
    browser.tab_to("HS code").keys("3004909099");
    browser.tab_to("Quantity").keys("1");
    browser.tab_to("Unit code").keys("142");
    browser.tab_to("Look up").sends(" ");
    assert_eq!(browser.text_of(".verdict .said"), "Allowed", "{}", browser.text());
    browser.open("/look-ups?lang=zh").sees("放行");
}

#[test]
fn a_session_that_ends_while_somebody_types_loses_nothing() {
    let app = TestApp::start(Database::Sqlite);
    let browser = Browser::at(&app);
    sign_in(&browser, "韩磊");
    browser.open("/look-up");
    app.set_time("2026-08-12T05:00:00.000000Z");
    asks(&browser, "1");
    assert_eq!(browser.h1(), "登录");
    browser.sees("没有丢失").is_accessible().press("韩磊").press("继续");
    assert_eq!(browser.text_of(".verdict .said"), "放行", "{}", browser.text());
}
