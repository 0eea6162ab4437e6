//! The whole story as people live it: applied for, corrected, recommended, spoken on, recognised, decided by another, published,
//! allowed at the border, suspended, denied, and read again by the auditor. Once with scripts and once without.

use super::pages::sign_in;
use crate::log::read::signed;
use crate::support::app::{Database, TestApp};
use crate::support::browser::Browser;
use serde_json::json;

/// An enterprise that holds no listing yet, so that every agency is asked.
const ENTERPRISE: &str = "12110114XFXTR0041R";

/// Who speaks for each agency.
const AGENCIES: [&str; 6] = ["沈清", "罗宇", "贺年", "许安", "丁一", "唐越"];

/// A browser that looks closely at what it passes, where scripts run: in both languages, light and dark, with pictures.
struct Walk {
    browser: Browser,
    looks: bool,
}

impl Walk {
    fn look(&self, name: &str) {
        if !self.looks {
            return;
        }
        let browser = &self.browser;
        let path = browser.path();
        browser.is_accessible().screenshot(&format!("{name}-zh"));
        browser.at_width(390, |browser| browser.screenshot(&format!("{name}-phone")));
        let mark = if path.contains('?') { '&' } else { '?' };
        browser.open(&format!("{path}{mark}lang=en&theme=dark")).axe().screenshot(&format!("{name}-en-dark"));
        browser.open(&format!("{path}{mark}lang=zh&theme=light"));
    }

    fn is(&self, name: &str) -> &Browser {
        sign_in(&self.browser, name);
        &self.browser
    }
}

/// States one item, answers, names a contact and lodges; returns the id of the application.
fn applied(walk: &Walk) -> String {
    let browser = walk.is("谭思");
    browser.open("/applications").follow("新申请");
    walk.look("application-start");
    browser.tick("新增").choose("试点", "北京").press("开始");
    let draft = browser.path().split('?').next().unwrap().to_owned();
    let id = draft.rsplit('/').next().unwrap().to_owned();
    walk.look("application-parts");
    browser.open(&draft).follow("1 物品").follow("添加物品");
    browser.fill("中文名称", "氢化可的松").fill("商品编码", "2937").press("保存");
    // A draft keeps what is wrong with it, and says so.
    browser.open(&format!("{draft}/items")).sees("处待改").follow("氢化可的松");
    walk.look("application-item");
    browser
        .fill("商品编码", "2937210000")
        .choose("用途", "临床前")
        .fill("申请数量", "5")
        .choose("计量单位", "克 036")
        .press("保存");
    walk.look("application-items");
    browser.open(&draft).follow("2 资格问题与理由");
    let questions = browser
        .script("return [...document.querySelectorAll('fieldset legend')].map(x => x.textContent.trim())", json!([]));
    for question in questions.as_array().unwrap() {
        browser.tick_at(question.as_str().unwrap(), "是");
    }
    walk.look("application-answers");
    for question in questions.as_array().unwrap() {
        browser.tick_at(question.as_str().unwrap(), "是");
    }
    browser.fill("申请理由", "细胞模型对照实验，每批 0.5 克，共十批。").press("保存");
    browser.open(&draft).follow("3 联系人").fill("姓名", "联系人（合成）").fill("电话", "010-00000000").press("保存");
    browser.open(&draft).follow("4 证明材料");
    walk.look("application-documents");
    browser.open(&draft).follow("5 检查并提交");
    walk.look("application-check");
    browser.press("提交申请").sees("请先勾选声明");
    browser.tick("我声明").press("提交申请").sees("提交回执");
    walk.look("application-receipt");
    id
}

/// The district has the quantity explained, accepts and recommends.
fn recommended(walk: &Walk, id: &str) {
    let browser = walk.is("季青");
    browser.open("/worklists/intake");
    walk.look("worklist");
    browser.follow(id).follow("要求补正");
    walk.look("act-ask");
    browser
        .choose("哪一处", "第 1 项：数量")
        .choose("原因", "数量")
        .fill("怎样补正", "请说明数量依据")
        .press("发出补正通知");
    walk.is("谭思").open(&format!("/applications/{id}")).sees("请说明数量依据");
    walk.look("application-asked");
    browser.fill("申请数量", "4").press("提交补正");
    walk.is("季青").open(&format!("/cases/{id}")).sees("补正前后对照");
    walk.look("case-corrected");
    browser.follow("受理").press("受理");
    browser.follow("推荐").press("推荐");
}

/// Every agency agrees; the bureau proposes less than asked for, and another person decides.
fn decided(walk: &Walk, id: &str) {
    let case = format!("/cases/{id}");
    for (place, name) in AGENCIES.into_iter().enumerate() {
        let browser = walk.is(name);
        if place == 0 {
            browser.open("/worklists/opinions").follow(id).follow("出具意见");
            walk.look("opinions");
        } else {
            browser.open(&format!("{case}/opinions"));
        }
        browser.tick("同意").press("出具意见").sees("意见已出具");
    }
    let browser = walk.is("苏禾");
    browser.open(&case).follow("汇总意见").press("汇总");
    browser.open(&case).follow("拟定决定");
    walk.look("decisions");
    browser.tick("认定").fill("认定数量", "2").fill("附加条件", "专库存放").press("提交拟定");
    walk.is("江帆").open(&case);
    walk.look("case-second-review");
    browser.follow("作出决定");
    walk.look("act-decide");
    browser.press("作出决定").sees("2 克");
}

/// Published by another person than who collected it; returns the number of the listing.
fn published(walk: &Walk, id: &str) -> String {
    let browser = walk.is("苏禾");
    browser.open("/batches").choose("试点", "北京").press("整理");
    let batch = browser.path().split('?').next().unwrap().to_owned();
    browser.follow("调整物品");
    walk.look("batch-items");
    walk.is("江帆").open(&batch);
    walk.look("batch");
    browser
        .open(&batch)
        .follow("公布")
        .fill("公告文号", "2026-31")
        .fill("生效日", "2026-08-12")
        .press("公布")
        .sees("已公布");
    browser.forget();
    browser.open("/notices/2026-31").sees("SHA-256");
    walk.look("notice");
    walk.is("谭思").open(&format!("/cases/{id}"));
    let listing = browser.text_of("main a.ref");
    browser.open(&format!("/listings/{listing}"));
    walk.look("listing-own");
    listing
}

/// What customs is told about one gram.
fn told(walk: &Walk, listing: &str) -> String {
    let browser = walk.is("韩磊");
    browser.open("/look-up").fill("进口企业统一社会信用代码", ENTERPRISE).fill("商品编码", "2937210000");
    browser.fill("数量", "1").fill("计量单位代码", "036");
    browser.unfold("名单编号、CAS 号").fill("名单编号", listing).press("核验");
    browser.text_of(".verdict .said")
}

fn story(script: bool) {
    let app = TestApp::start(Database::Sqlite);
    let walk = Walk { browser: Browser::at(&app), looks: script };
    walk.browser.scripts(script);
    let id = applied(&walk);
    recommended(&walk, &id);
    decided(&walk, &id);
    let listing = published(&walk, &id);
    app.settle();
    assert_eq!(told(&walk, &listing), "放行");

    // Suspended by two people it is denied.
    let browser = walk.is("苏禾");
    if script {
        browser.open(&format!("/do/stop-listing/{listing}"));
        walk.look("act-stop");
    }
    browser.open(&format!("/listings/{listing}")).follow("暂停");
    walk.look("act-suspend");
    browser.choose("原因", "风险").fill("依据", "检查记录").press("提交暂停").sees("等待另一人确认");
    let browser = walk.is("江帆");
    browser.open("/adjustments?state=proposed");
    let adjustment = browser.text_of("main tbody a");
    browser.follow(&adjustment);
    walk.look("adjustment");
    browser.open(&format!("/do/confirm-adjustment/{adjustment}")).press("确认").sees("已确认");
    app.settle();
    assert_eq!(told(&walk, &listing), "不放行");
    walk.browser.sees("怎么办");

    walk.is("白桦").open("/log").sees(&listing);
    walk.look("log");
    browser.open("/log/state").sees("签名的日志头");
    walk.look("log-state");
    if script {
        verified(&app, browser, &listing);
    }
}

/// The auditor takes the evidence of the listing from its page, and the program checks it by the key of the log.
fn verified(app: &TestApp, browser: &Browser, listing: &str) {
    signed(app);
    browser.open(&format!("/listings/{listing}"));
    let taken = browser.script(
        "const link = [...document.querySelectorAll('main a')].find(a => a.textContent.trim() === arguments[0]);\
         return fetch(link.href).then(r => r.arrayBuffer()).then(b => [...new Uint8Array(b)].map(x => x.toString(16).padStart(2, '0')).join(''))",
        json!(["证据包"]),
    );
    let file = app.folder.join("taken.zip");
    std::fs::write(&file, hex::decode(taken.as_str().unwrap()).unwrap()).unwrap();
    let key = app.client().get("/v1/log/vkey").text().to_owned();
    let output = std::process::Command::new(env!("CARGO_BIN_EXE_whitelist"))
        .args(["evidence", "verify", file.to_str().unwrap(), "--vkey", key.trim()])
        .output()
        .unwrap();
    let said = String::from_utf8_lossy(&output.stdout);
    assert!(output.status.success() && said.contains("OK: the pack holds") && said.contains(listing), "{said}");
}

#[test]
fn the_whole_story_with_scripts() {
    story(true);
}

#[test]
fn the_whole_story_without_scripts() {
    story(false);
}
