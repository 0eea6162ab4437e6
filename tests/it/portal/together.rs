//! People who work on the same things: two on one draft, a draft that saves itself, what one has not read or has looked up.

use crate::support::app::{Database, TestApp};
use crate::support::visitor::{PageSeen, Visitor, selector};
use uuid::Uuid;

const FORM: (&str, &str) = ("Content-Type", "application/x-www-form-urlencoded");

/// Sends the form of a page as the page does by itself.
fn saves_itself(
    visitor: &Visitor,
    page: &PageSeen,
    path: &str,
    fields: &[(&str, &str)],
) -> crate::support::client::Response {
    let tree = page.tree();
    let hidden = selector("main form input[type=hidden]");
    let hidden = tree.select(&hidden);
    let pairs = hidden.map(|it| (it.value().attr("name").unwrap(), it.value().attr("value").unwrap_or_default()));
    // Each time is a request of its own.
    let key = Uuid::new_v4().simple().to_string();
    let pairs = pairs.filter(|(name, _)| *name != "_key").chain([("_key", key.as_str())]);
    let body = url::form_urlencoded::Serializer::new(String::new()).extend_pairs(pairs).extend_pairs(fields).finish();
    visitor.send("POST", path, &[FORM, ("Sec-Fetch-Site", "same-origin"), ("X-Autosave", "yes")], body.as_bytes())
}

#[test]
fn two_people_on_one_draft_see_both_values_and_choose() {
    let app = TestApp::start(Database::Sqlite);
    let (here, there) = (Visitor::signed_in(&app, "demo.gao"), Visitor::signed_in(&app, "demo.gao"));
    let id = here.fill("/applications/new", &[("/kind", "add"), ("/scheme", "beijing-2022")]).is(200).id();
    let path = format!("/applications/{id}/contact");
    here.fill(&path, &[("/contact/name", "李四"), ("/contact/phone", "010-1")]).is(200);
    let (mine, theirs) = (here.get(&path), there.get(&path));
    there.submit(&theirs, &path, &[("/contact/name", "王五"), ("/contact/phone", "010-1")]).is(200);
    let both = here.submit(&mine, &path, &[("/contact/name", "赵六"), ("/contact/phone", "010-2")]);
    both.is(412).says("同事已保存：王五").says("同事已保存：010-1");
    assert!(both.html.contains("赵六") && both.html.contains("010-2"), "what was written stays");
    here.submit(&both, &path, &[("_take", "/contact/name")]).is(200).says("已保存");
    let now = here.get(&path);
    assert!(now.html.contains("王五") && now.html.contains("010-2") && !now.html.contains("赵六"));

    // The same on the page of an item, and in an answer.
    let items = format!("/applications/{id}/items");
    here.fill(&format!("{items}/new"), &[("/item/name_zh", "氢化可的松"), ("/unit", "036")]).is(200);
    let (mine, theirs) = (here.get(&format!("{items}/0")), there.get(&format!("{items}/0")));
    there.submit(&theirs, &format!("{items}/0"), &[("/unit", "035")]).is(200);
    let both = here.submit(&mine, &format!("{items}/0"), &[("/quantity", "5")]);
    both.is(412).says("同事已保存：千克");
    let answers = format!("/applications/{id}/answers");
    let (mine, theirs) = (here.get(&answers), there.get(&answers));
    there.submit(&theirs, &answers, &[("_answer/not_excluded", "true")]).is(200);
    here.submit(&mine, &answers, &[("_answer/not_excluded", "false")]).is(412).says("同事已保存：是");
}

#[test]
fn an_item_saves_itself_in_its_own_place() {
    let app = TestApp::start(Database::Sqlite);
    let applicant = Visitor::signed_in(&app, "demo.gao");
    let id = applicant.fill("/applications/new", &[("/kind", "add"), ("/scheme", "beijing-2022")]).is(200).id();
    let items = format!("/applications/{id}/items");
    let page = applicant.get(&format!("{items}/new"));
    assert!(page.html.contains("data-autosave"));
    let saved = saves_itself(&applicant, &page, &format!("{items}/new"), &[("/item/name_zh", "氢化可")]);
    let there = saved.header("content-location").unwrap().to_owned();
    assert_eq!((saved.status, there.as_str()), (204, format!("{items}/0").as_str()));
    let page = applicant.get(&there);
    let again = saves_itself(&applicant, &page, &there, &[("/item/name_zh", "氢化可的松")]);
    assert_eq!((again.status, again.header("content-location")), (204, Some(there.as_str())));
    let list = applicant.get(&items);
    list.says("氢化可的松");
    assert_eq!(list.tree().select(&selector("a[href$='/items/1']")).count(), 0, "it is one item");
    // A page that is out of date does not write over what is there.
    let stale = saves_itself(&applicant, &page, &there, &[("/item/name_zh", "别的")]);
    assert_eq!(stale.status, 412);
}

#[test]
fn people_see_how_much_is_unread_and_what_they_looked_up() {
    let app = TestApp::start(Database::Sqlite);
    let customs = Visitor::signed_in(&app, "demo.customs");
    customs.get("/look-ups").is(200).says("近 90 天您没有核验过");
    let question = [
        ("/lines/0/enterprise", "91110108XFXTR0105W"),
        ("/lines/0/hs_code", "3004909099"),
        ("/lines/0/quantity", "1"),
        ("/lines/0/unit", "142"),
    ];
    customs.fill("/look-up", &question).is(200);
    app.inside().recorder.flush();
    customs.get("/look-ups").is(200).says("放行");
    // What is told to one's office is counted until it is read.
    let unread = |visitor: &Visitor| visitor.get("/help").first(".tools .count");
    let (officer, approver) = (Visitor::signed_in(&app, "demo.officer"), Visitor::signed_in(&app, "demo.approver"));
    let before = unread(&approver);
    let reason = [("/reason/code", "risk_found"), ("/reason/basis", "风险通报")];
    officer.act("stop-listing", "BJ-2026-000016-9", &reason).is(200);
    assert_ne!(unread(&approver), before);
}

#[test]
fn a_filter_is_kept_under_a_name_for_its_owner() {
    let app = TestApp::start(Database::Sqlite);
    let officer = Visitor::signed_in(&app, "demo.officer");
    let narrowed = officer.get("/cases?state=lodged&after=x&done=saved");
    let kept = officer.submit(&narrowed, "/filters", &[("_name", "刚提交的 & 新的")]);
    kept.is(200).says("已保存").says("刚提交的 & 新的");
    assert!(kept.path.starts_with("/cases?state=lodged"), "{}", kept.path);
    let link = officer.get("/cases").is(200).link("刚提交的 & 新的");
    assert_eq!(link, "/cases?state=lodged");
    assert!(!Visitor::signed_in(&app, "demo.approver").get("/cases").said().contains("刚提交的"));
    let list = officer.get("/cases");
    officer.submit(&list, "/filters", &[("_forget", "yes")]).is(200);
    assert!(!officer.get("/cases").said().contains("刚提交的"));
    officer.post("/filters", &[("_page", "//evil.example"), ("_name", "x")]).is(403);
}

#[test]
fn two_administrators_change_the_rules() {
    let app = TestApp::start(Database::Sqlite);
    let (first, second) = (Visitor::signed_in(&app, "demo.admin"), Visitor::signed_in(&app, "demo.admin-2"));
    let page = first.get("/schemes/beijing-2022");
    let form = first.get(&page.link("提出新版本"));
    let action = "/rule-changes/new/scheme?scheme=beijing-2022";
    // What does not read, and what is faulty, stands beside its field; what was written stays.
    let fields = [("/rules/valid_from", "2026-09-01"), ("/rules/clocks/opinion_days:int", "九"), ("/note", "会议纪要")];
    let faulty = first.submit(&form, action, &fields);
    faulty.is(400).says("需要更正");
    assert!(faulty.html.contains("九") && faulty.html.contains("2026-09-01"));
    first.submit(&faulty, action, &[("_rest", "{")]).is(400).says("不是有效的 JSON");
    let mended = [("/rules/clocks/opinion_days:int", "9"), ("/rules/customs_prefixes:list", "01, 02")];
    let made = first.submit(&faulty, action, &mended);
    made.is(200).says("等待另一人确认").says("期限（工作日） › 会审").says("适用关区").says("会议纪要");
    let id = made.id();
    first.act("confirm-rules", &id, &[]).is(422).says("必须是两个人");
    second.get("/registers/rule-changes").is(200).says("试点方案").says("待确认");
    second.act("confirm-rules", &id, &[]).is(200).says("已确认");
    app.settle();
    first.get("/schemes/beijing-2022?valid_on=2026-09-01").is(200).says("会审9");

    // A year and rows are lines of text; a faulty line is named by its number.
    let year = "/rule-changes/new/calendar";
    let days = "2031-01-01 休 元旦\n2031-02-30 班";
    let faulty = first.fill(year, &[("_year", "2031"), ("_days", days)]);
    faulty.is(400).says("第 2 行");
    first.submit(&faulty, year, &[("_days", "2031-01-01 休 元旦")]).is(200).says("2031");
    let rows = "/rule-changes/new/tariff";
    first.fill(rows, &[("_rows", "2941500010, Q, 2027-01-01, , 29415")]).is(400).says("第 1 行");
    let made = first.fill(rows, &[("_rows", "2941500010, Q, 2027-01-01, , 2941500000")]);
    made.is(200).says("2941500010");
    second.act("reject-rules", &made.id(), &[("/reason", "请附税委会公告")]).is(200).says("请附税委会公告");
    Visitor::signed_in(&app, "demo.officer").get(year).is(403);
    // Who may not see people reads role and organisation, and no pseudonym.
    let place = format!("/rule-changes/{}", made.id());
    let read = Visitor::signed_in(&app, "demo.officer").get(&place);
    read.is(200).says("市局管理员");
    assert!(!read.html.contains("per_") && !read.said().contains("提出人市局管理员何川"), "{}", read.said());
    first.get(&place).is(200).says("何川").says("市局管理员");
}
