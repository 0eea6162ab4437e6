//! One story from application to denial at the border, told by people who press buttons.

use crate::draws::{declaration, ok, place, small};
use crate::support::app::{Actor, Database, TestApp};
use crate::support::client::Response;
use crate::support::on_both;
use crate::support::visitor::{Visitor, selector};
use serde_json::json;
use sha2::{Digest as _, Sha256};
use whitelist::domain::actor::Role;

const ENTERPRISE: &str = "91110114XFXTR005XC";

/// An applicant states one item and lodges the application; returns its id.
fn applied(applicant: &Visitor) -> String {
    let begun = applicant.fill("/applications/new", &[("/kind", "add"), ("/scheme", "beijing-2022")]);
    let id = begun.is(200).says("草稿已建立").id();
    let at = |part: &str| format!("/applications/{id}{part}");
    let faulty = applicant
        .fill(&at("/items/new"), &[("/item/name_zh", "氢化可的松"), ("/item/hs_code", "29372"), ("/quantity", "5")]);
    // A draft keeps what is wrong with it.
    faulty.is(200);
    applicant.get(&at("/items")).says("处待改");
    let mended = applicant.fill(
        &at("/items/0"),
        &[("/item/hs_code", "2937210000"), ("/item/purpose", "preclinical_item"), ("/unit", "036")],
    );
    mended.is(200).says("完整");
    let questions = applicant.get(&at("/answers"));
    let codes = ["registered_in_area", "document_q_asked", "not_excluded", "no_import_approval", "own_research_only"];
    let answers: Vec<String> = codes.iter().map(|code| format!("_answer/{code}")).collect();
    let answers: Vec<(&str, &str)> = answers.iter().map(|name| (name.as_str(), "true")).collect();
    applicant.submit(&questions, &at("/answers"), &answers).is(200);
    applicant.fill(&at("/contact"), &[("/contact/name", "联系人（合成）"), ("/contact/phone", "010-00000000")]).is(200);
    let checked = applicant.get(&at("/check"));
    applicant.submit(&checked, &at("/lodge"), &[]).is(400).says("请先勾选声明");
    let receipt = applicant.submit(&checked, &at("/lodge"), &[("_true", "true")]);
    receipt.is(200).says("提交回执").says("区级经办");
    id
}

on_both! {
    fn an_application_becomes_an_answer_at_the_border(app) {
        let applicant = Visitor::signed_in(app, "demo.gao");
        let district = Visitor::signed_in(app, "demo.district-2");
        let id = applied(&applicant);
        let case = format!("/cases/{id}");

        // The district asks for a correction, and gets it.
        district.get("/worklists/intake").says(&id);
        let taken = district.get(&case);
        taken.is(200).says("氢化可的松");
        district.submit(&taken, &format!("{case}/hand/claim"), &[]).is(200);
        let asked = district.act("ask", &id, &[
            ("/findings/0/pointer", "/items/0/quantity"),
            ("/findings/0/reason", "quantity_unexplained"),
            ("/findings/0/note", "请说明数量依据"),
        ]);
        asked.is(200).says("待补正");
        let correction = applicant.get(&format!("/applications/{id}"));
        correction.says("需要补正的地方").says("请说明数量依据");
        let action = format!("/applications/{id}/correction");
        // Nothing is handed in before the button that says so, and a refusal keeps what was written.
        let refused = applicant.submit(&correction, &action, &[("/items/0/quantity", "many"), ("/reason", "按批次测算")]);
        refused.is(400).says("需要更正").says("按批次测算");
        district.get(&case).says("待补正");
        let corrected = applicant.submit(&refused, &action, &[("/items/0/quantity", "4")]);
        corrected.is(200).says("补正已提交");
        district.get(&case).says("补正前后对照").says("5").says("4");
        district.act("accept", &id, &[]).is(200);
        district.act("recommend", &id, &[]).is(200).says("会审");

        // An agency speaks, the bureau proposes, another person decides.
        // It holds a listing in force, so the lead agency's word is enough; the others are not asked.
        let lead = Visitor::signed_in(app, "demo.drug");
        lead.get("/worklists/opinions").says(&id);
        Visitor::signed_in(app, "demo.science").get("/worklists/opinions").says("没有待办");
        lead.fill(&format!("{case}/opinions"), &[("/items/0/stance", "agree")]).is(200).says("意见已出具");
        let officer = Visitor::signed_in(app, "demo.officer");
        let approver = Visitor::signed_in(app, "demo.approver");
        officer.act("consolidate", &id, &[]).is(200);
        officer.fill(&format!("{case}/decisions"), &[("/items/0/outcome", "refuse")]).is(400).says("需要更正");
        officer.fill(&format!("{case}/decisions"), &[("/items/0/outcome", "recognise"), ("/items/0/grant/quantity", "3")]).is(200);
        officer.get(&format!("/do/decide/{id}")).is(403);
        approver.get("/worklists/approvals").says(&id);
        // Many are decided at once: nothing where nothing is ticked, and a fault beside the case where one has moved on.
        let waiting = approver.get("/decisions");
        waiting.is(200).says(&id);
        approver.submit(&waiting, "/decisions", &[]).is(400);
        let seen = waiting.tree().select(&selector("input[name=_case]")).map(|it| it.value().attr("value").unwrap().to_owned())
            .find(|seen| seen.starts_with(&id)).unwrap();
        let (case_id, revision) = seen.split_once('.').unwrap();
        let earlier = format!("{case_id}.{}", revision.parse::<i64>().unwrap() - 1);
        approver.submit(&waiting, "/decisions", &[("_case", &earlier)]).is(422).says(&id);
        approver.submit(&approver.get("/decisions"), "/decisions", &[("_case", &seen)]).is(200).says("已办理");
        approver.get(&case).says("3 克");
        // The applicant is asked once how satisfied it is; the bureau reads it.
        officer.get("/satisfaction").is(200).says("没有评价");
        let asked = applicant.get(&case);
        asked.is(200).says("您对办理是否满意");
        let form = applicant.get(&asked.link("评价"));
        let action = format!("/do/rate/{id}");
        applicant.submit(&form, &action, &[]).is(400).says("需要更正");
        let rated = applicant.submit(&form, &action, &[("/answer", "satisfied"), ("/remark", "办理很快")]);
        rated.is(200).says("感谢您的评价").says("办理很快");
        assert!(!rated.said().contains("您对办理是否满意"));
        officer.get(&case).says("办理很快");
        let page = officer.get("/satisfaction");
        page.is(200).says("4.00").says("2026年8月");
        let table = officer.send("GET", &page.link("导出 CSV"), &[], b"");
        assert!(table.status == 200 && table.text().contains("\"2026-08\",\"1\",\"4.00\""), "{}", table.text());
        officer.get(&page.link("逐件评价与意见")).is(200).says("办理很快").says(&id);
        assert!(!district.get(&case).said().contains("办理很快"));
        // The reports count it, and lead to it.
        let reports = officer.get("/reports");
        reports.is(200).says("按期办结率").says("第 29 章");
        officer.get(&reports.link("第 29 章")).is(200).says(&id).says("认定");
        officer.get(&reports.link("办结")).is(200).says(&id).says("按期");
        let rows = officer.get(&reports.link("办结")).link("导出 CSV");
        let table = String::from_utf8(officer.send("GET", &rows, &[], b"").body).unwrap();
        assert!(table.contains(&id) && table.contains("统一社会信用代码"), "{table}");
        officer.get("/").says("近十二周");
        let letter = applicant.get(&case).link("认定通知书");
        applicant.get(&letter).is(200);

        // Published, it is on the list and allowed at the border.
        let batch = officer.fill("/batches", &[("/scheme", "beijing-2022")]).is(200).id();
        let items = format!("/batches/{batch}/items");
        officer.fill(&items, &[("_item", "")]).is(400).says("请至少勾选一项");
        officer.fill(&items, &[("_item", &format!("{id}/1"))]).is(200).says("已保存").says("将列入 1 项");
        approver.get(&items).is(403);
        approver.act("publish-batch", &batch, &[("/notice_number", "2026-31"), ("/effective_on", "2026-08-12")]).is(200).says("已公布");
        Visitor::new(app).get("/notices/2026-31").is(200).says("SHA-256");
        Visitor::new(app).get("/check?number=2026-31").is(200).says("由本系统公布");
        let listing = applicant.get(&case).is(200).tree().select(&crate::support::visitor::selector("main a.ref")).next()
            .and_then(|link| link.value().attr("href").map(str::to_owned)).unwrap();
        let listing = listing.rsplit('/').next().unwrap().to_owned();
        app.settle();
        let customs = Visitor::signed_in(app, "demo.customs");
        let question = [("/lines/0/enterprise", ENTERPRISE), ("/lines/0/hs_code", "2937210000"), ("/lines/0/quantity", "1"), ("/lines/0/unit", "036")];
        // It holds two listings under that code: the officer is told what helps, and does it.
        customs.fill("/look-up", &question).is(200).says("人工核查").says("名单编号");
        let named: Vec<(&str, &str)> = question.into_iter().chain([("/lines/0/listing", listing.as_str())]).collect();
        let allowed = customs.fill("/look-up", &named);
        assert_eq!(allowed.is(200).first(".verdict .said"), "放行", "{}", allowed.said());

        // A certificate goes to a partner, who checks it without signing in.
        let certificate = applicant.fill(&format!("/listings/{listing}/certificate"), &[]);
        let code = certificate.is(200).says("核对码").path.rsplit('=').next().unwrap().to_owned();
        assert_eq!(certificate.tree().select(&crate::support::visitor::selector("svg.qr path")).count(), 1);
        let partner = Visitor::new(app);
        partner.get(&format!("/check?number={listing}&code={}", code.to_lowercase())).is(200).says("由本系统出具").says("有效");
        partner.get(&format!("/check?number={listing}&code=0000-0000-0000")).is(200).says("没有这份凭证");

        // The same as a signed file, which the partner checks by its hash alone.
        let link = certificate.link("下载签名 PDF（中文）");
        let file = applicant.send("GET", &link, &[], b"");
        assert_eq!((file.status, file.header("content-type")), (200, Some("application/pdf")));
        let hash = hex::encode(Sha256::digest(&file.body));
        partner.get(&format!("/check?sha256={}", hash.to_uppercase())).is(200).says("由本系统签发").says("与文件一致");
        partner.get(&format!("/check?sha256={}", "0".repeat(64))).is(200).says("没有签发过这个文件");
        for seen in [&applicant, &officer] {
            seen.get(&format!("/listings/{listing}")).is(200).says("签名凭证文件").says(&hash);
        }

        // Stopped at once by one person, denied at the border, confirmed by another.
        let reason = [("/reason/code", "risk_found"), ("/reason/basis", "风险通报")];
        officer.act("stop-listing", &listing, &reason).is(200).says("已紧急停用");
        app.settle();
        let denied = customs.fill("/look-up", &named);
        assert_eq!(denied.is(200).first(".verdict .said"), "不放行");
        denied.says("怎么办");
        partner.get(&format!("/check?number={listing}&code={code}")).says("出具时").says("口岸不放行");
        partner.get(&format!("/check?sha256={hash}")).says("口岸不放行");
        let stop = officer.get("/stops?stage=emergency").link(&format!("名单 {listing}"));
        let stop = stop.rsplit('/').next().unwrap().to_owned();
        approver.act("confirm-stop", &stop, &[]).is(200).says("已确认");

        // The auditor reads all of it in words.
        let auditor = Visitor::signed_in(app, "demo.auditor");
        auditor.get("/log").is(200).says(&listing);
        // Looking is on record too, whoever does it through whichever door.
        app.inside().accesses.flush();
        // One page holds all of a kind: the clock stands still, so the order within a kind says nothing.
        let looked = |kind: &str| app.auditor().get(&format!("/v1/access-records?kind={kind}&limit=200")).text().to_owned();
        let (entries, cases) = (looked("log_entries"), looked("applications"));
        assert!(entries.contains("/v1/log/entries"), "{entries}");
        assert!(cases.contains(&format!("/v1/applications/{id}")), "{cases}");
        auditor.get(&case).is(200).says("办理过程");
        auditor.get("/log/state").is(200).says("签名的日志头");
    }
}

on_both! {
    fn a_listing_is_suspended_by_two_people_and_a_stale_page_says_so(app) {
        let officer = Visitor::signed_in(app, "demo.officer");
        let approver = Visitor::signed_in(app, "demo.approver");
        let number = officer.get("/listings?status=in_force").tree().select(&crate::support::visitor::selector("main a.ref")).next()
            .map(crate::support::visitor::words).unwrap();
        officer.act("suspend-listing", &number, &[("/changes/0/reason/code", "other")]).is(422).says("需要更正");
        officer.act("suspend-listing", &number, &[("/changes/0/reason/code", "breach"), ("/changes/0/reason/basis", "检查记录")]).is(200).says("已提交");
        let id = officer.get("/adjustments?state=proposed").tree().select(&crate::support::visitor::selector("main tbody a")).next()
            .map(crate::support::visitor::words).unwrap();
        approver.get(&format!("/adjustments/{id}")).says("确认后的影响").says(&number);
        let page = approver.get(&format!("/do/confirm-adjustment/{id}"));
        officer.act("withdraw-adjustment", &id, &[]).is(200);
        let late = approver.submit(&page, &format!("/do/confirm-adjustment/{id}"), &[]);
        late.is(412).says("需要更正");
        officer.get(&format!("/listings/{number}")).says("有效");
    }
}

#[test]
fn an_enterprise_appoints_an_agent_who_brings_a_spreadsheet() {
    let app = TestApp::start(Database::Sqlite);
    let applicant = Visitor::signed_in(&app, "demo.lin");
    applicant.fill("/agents", &[("/agent_org", "")]).is(400).says("需要更正");
    let appointed = applicant.fill("/agents", &[("/agent_org", "91110108XFXTR0105W")]);
    appointed.is(200).says("91110108XFXTR0105W");
    app.settle();
    let agent = Visitor::signed_in(&app, "demo.agent");
    assert_eq!(agent.get("/applications").path, "/account");
    let account = agent.get("/account");
    agent.submit(&account, "/account/acting-for", &[("_enterprise", "91110302XFXTR00172")]).is(200);
    let id = agent.fill("/applications/new", &[("/kind", "add"), ("/scheme", "beijing-2022")]).is(200).id();
    let path = format!("/applications/{id}/import");
    let page = agent.get(&path);
    let hidden = |name: &str| {
        let css = format!("main input[name={name}]");
        page.tree().select(&selector(&css)).next().unwrap().value().attr("value").unwrap().to_owned()
    };
    let send = |token: &str, sheet: &str| {
        let seen = agent
            .get(&path)
            .tree()
            .select(&selector("main input[name=_seen]"))
            .next()
            .unwrap()
            .value()
            .attr("value")
            .unwrap()
            .to_owned();
        let part = |name: &str, value: &str| {
            format!("--b\r\nContent-Disposition: form-data; name=\"{name}\"\r\n\r\n{value}\r\n")
        };
        let file = format!(
            "--b\r\nContent-Disposition: form-data; name=\"file\"; filename=\"items.csv\"\r\n\r\n{sheet}\r\n--b--\r\n"
        );
        let body = [part("_csrf", token), part("_seen", &seen), file].concat();
        let headers = [("Content-Type", "multipart/form-data; boundary=b"), ("Sec-Fetch-Site", "same-origin")];
        agent.send("POST", &path, &headers, body.as_bytes())
    };
    let uscc = "91110302XFXTR00172";
    let good = format!(
        "uscc,item_name_zh,hs_code,quantity,unit,valid_from,valid_to\n{uscc},氢化可的松,2937210000,5,036,2026-09-01,2027-08-31\n"
    );
    assert_eq!(send("", &good).status, 403, "no token");
    let faulty = send(&hidden("_csrf"), &good.replace("2937210000", "29"));
    assert_eq!(faulty.status, 422);
    assert!(faulty.text().contains("hs_code") || faulty.text().contains("商品编码"), "the fault names its column");
    let back = marked(faulty.text());
    assert!(back.contains(&"错误说明".to_owned()) && back.iter().any(|cell| cell.starts_with("hs_code：")), "{back:?}");
    assert_eq!(send(&hidden("_csrf"), &good).status, 303);
    agent.get(&format!("/applications/{id}/items")).says("氢化可的松");
    // What a page does not show stays: the period came with the spreadsheet.
    agent.fill(&format!("/applications/{id}/items/0"), &[("/quantity", "6")]).is(200).says("6 克");
    let token = app.token(&[Role::EnterpriseApplicant], uscc, "reader");
    let reader = Actor { client: app.client(), token };
    let item = reader.get(&format!("/v1/applications/{id}")).json()["content"]["items"][0].clone();
    assert_eq!((&item["quantity"], &item["valid_to"]), (&json!("6"), &json!("2027-08-31")), "{item}");
}

/// The cells of the workbook that a page hands back.
fn marked(html: &str) -> Vec<String> {
    use base64::Engine as _;
    let file = html.split(";base64,").nth(1).unwrap().split('"').next().unwrap();
    let file = base64::engine::general_purpose::STANDARD.decode(file).unwrap();
    let grid = whitelist::sheet::read_here(&file, &whitelist::sheet::Limits::STANDARD).unwrap();
    grid.sheets.iter().flat_map(|sheet| &sheet.rows).flat_map(|row| &row.cells).map(|(_, cell)| cell.shown()).collect()
}

/// Brings a file with the fields of its form.
fn brought(visitor: &Visitor, path: &str, fields: &[(&str, &str)], sheet: &str) -> Response {
    let page = visitor.get(path);
    page.is(200);
    let hidden = |name: &str| {
        let css = format!("main input[name={name}]");
        page.tree().select(&selector(&css)).next().unwrap().value().attr("value").unwrap().to_owned()
    };
    let part =
        |name: &str, value: &str| format!("--b\r\nContent-Disposition: form-data; name=\"{name}\"\r\n\r\n{value}\r\n");
    let mut body = [part("_csrf", &hidden("_csrf")), part("_key", &hidden("_key"))].concat();
    for (name, value) in fields {
        body.push_str(&part(name, value));
    }
    body.push_str(&format!(
        "--b\r\nContent-Disposition: form-data; name=\"file\"; filename=\"list.csv\"\r\n\r\n{sheet}\r\n--b--\r\n"
    ));
    let headers = [("Content-Type", "multipart/form-data; boundary=b"), ("Sec-Fetch-Site", "same-origin")];
    visitor.send("POST", path, &headers, body.as_bytes())
}

/// An officer hands in customs' books from a file, sees what differs, and leaves the confirmation to somebody else.
#[test]
fn customs_books_are_handed_in_from_a_file_and_confirmed_by_somebody_else() {
    let app = TestApp::start(Database::Sqlite);
    ok(&app.drawing().put(&place(1), &small()));
    let customs = Visitor::signed_in(&app, "demo.customs");
    let bring = |from: &str, sheet: &str| {
        brought(&customs, "/imports/reconciliations", &[("/from", from), ("/to", "2026-08-31")], sheet)
    };
    let sheet = format!("报关单号,顺序号,变动类型,项号,数量,计量单位\n{},1,核注,1,0.5,036\n", declaration(2));
    assert_eq!(bring("", &sheet).status, 400, "a period is needed");
    let faulty = bring("2026-08-01", &sheet.replace("0.5", "半"));
    assert_eq!(faulty.status, 422);
    assert!(faulty.text().contains("数量") && !faulty.text().contains("base64"), "{}", faulty.text());
    let compared = bring("2026-08-01", &sheet);
    assert_eq!(compared.status, 303, "{}", compared.text());
    let rows = compared.header("location").unwrap().to_owned();
    assert!(rows.contains("kind=missing_here"), "{rows}");
    customs.get(&rows).is(200).says("由另一人确认后才更正").says("本系统缺").says(&declaration(2)).says("已核注");
    let there = rows.replace("missing_here", "missing_there");
    customs.get(&there).is(200).says(&declaration(1));
    let id = rows.split('/').nth(3).unwrap();
    customs.get("/registers/reconciliations").is(200).says("待确认").says("确认更正");
    customs.act("confirm-reconciliation", id, &[]).is(422).says("另一");
    let approver = Visitor::signed_in(&app, "demo.approver");
    approver.act("confirm-reconciliation", id, &[]).is(200).says("已确认");
    approver.get("/imports/reconciliations").is(403);
}

#[test]
fn an_officer_brings_spreadsheets_of_changes_and_of_a_screening_list() {
    let app = TestApp::start(Database::Sqlite);
    let officer = Visitor::signed_in(&app, "demo.officer");
    let bring = |path: &str, sheet: &str| brought(&officer, path, &[("/scheme", "beijing-2022")], sheet);
    let good = format!(
        "uscc,item_name_zh,hs_code,quantity,unit,valid_from,valid_to\n{ENTERPRISE},氢化可的松,2937210000,5,036,2026-09-01,2027-08-31\n"
    );
    let faulty = bring("/imports/adjustments", &good.replace(",5,", ",许多,"));
    assert_eq!(faulty.status, 422);
    assert!(marked(faulty.text()).iter().any(|cell| cell.starts_with("quantity：")));
    let proposed = bring("/imports/adjustments", &good);
    assert_eq!(proposed.status, 303, "{}", proposed.text());
    officer.get(proposed.header("location").unwrap()).is(200).says("等待另一人确认").says("确认后的影响");
    let entries =
        format!("list,uscc,ground,source,valid_from\nserious_dishonesty,{ENTERPRISE},虚假陈述,公告2026-9,2026-03-01\n");
    let refused = bring("/imports/screening", &entries.replace("2026-03-01", "昨天"));
    assert_eq!(refused.status, 422);
    assert!(marked(refused.text()).iter().any(|cell| cell.starts_with("valid_from：")));
    let entered = bring("/imports/screening", &entries);
    assert_eq!(entered.header("location"), Some("/registers/screening?done=saved"), "{}", entered.text());
    officer.get("/registers/screening").is(200).says("虚假陈述");
    Visitor::signed_in(&app, "demo.auditor").get("/imports/adjustments").is(403);
}
