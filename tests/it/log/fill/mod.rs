//! Rows in the tables that no story of the list reaches, saved as the service saves them.

mod people;

use crate::lookups::{ask, question};
use crate::support::app::TestApp;
use serde_json::json;
use whitelist::app::keys::DataFolder;
use whitelist::domain::actor::Role;
use whitelist::domain::application::event::EventKind;
use whitelist::domain::receipt::{KeyEnd, NationalUse};
use whitelist::domain::validity::Instant;
use whitelist::store::appeals::AppealRow;
use whitelist::store::application_rows::{ApplicationRow, ContentRow};
use whitelist::store::applications::{NewEvent, freeze, record};
use whitelist::store::batches::BatchRow;
use whitelist::store::decisions::DecisionRow;
use whitelist::store::documents::DocumentRow;
use whitelist::store::findings::FindingRow;
use whitelist::store::items::ItemRow;
use whitelist::store::opinions::OpinionRow;
use whitelist::store::reconciliations::ReconciliationRow;
use whitelist::store::rows::StopRow;
use whitelist::store::screening::ScreeningRow;
use whitelist::store::usage_returns::ReturnRow;
use whitelist::store::{Author, Context, StoreError, Tx};

/// Leaves two versions of everything that belongs to casework and to supervision.
pub fn fill(app: &TestApp) {
    let by = Author::Caller { issuer: "test".to_owned(), subject: "filler".to_owned(), org: ENTERPRISE.to_owned() };
    let context = Context { at: app.clock.now(), by, request_id: Some("fill".to_owned()) };
    app.inside()
        .store
        .write::<_, StoreError>(context, |tx| {
            casework(tx)?;
            review(tx)?;
            supervision(tx)?;
            reconciliation(tx)?;
            people::people(tx)
        })
        .unwrap();
    let folder = DataFolder(app.folder.clone());
    for _ in 0..2 {
        app.inside().change_national_key(&folder, NationalUse::Heads, KeyEnd::Scheduled).unwrap();
    }
    signed_files(app, &folder);
    erase(app);
    rules(app);
    ask(app, &question(ENTERPRISE, "3004909099"));
    app.inside().recorder.flush();
    assert!(app.inside().seal_now(app.clock.now()).unwrap());
    assert_eq!(app.auditor().get("/v1/access-records").status, 200);
    app.inside().accesses.flush();
    let in_an_hour = Instant::from_micros(app.clock.now().micros() + 3_600_000_000);
    app.inside().seal_accesses(in_an_hour).unwrap();
}

/// Signs a certificate in two languages, and changes the key between.
fn signed_files(app: &TestApp, folder: &DataFolder) {
    app.settle();
    let listing = app.officer().get("/v1/listings?limit=1").json()["items"][0]["number"].as_str().unwrap().to_owned();
    let issued = app.officer().send("POST", &format!("/v1/listings/{listing}/certificates"), &[], b"");
    for lang in ["zh", "en"] {
        let file = app.officer().get(&format!("{}/pdf?lang={lang}", issued.header("location").unwrap()));
        assert_eq!(file.status, 200, "{}", file.text());
        app.inside().change_document_key(folder, KeyEnd::Scheduled).unwrap();
    }
}

/// Erases somebody who has left, as two administrators do.
fn erase(app: &TestApp) {
    let admin = |name: &str| app.actor(Role::BureauAdmin, "bj-commerce", name);
    let body = json!({ "subject": { "kind": "person", "id": people::LEFT }, "ground": "period_over" });
    let proposed = admin("admin-1").post("/v1/privacy/erasures", &body);
    assert_eq!(proposed.status, 201, "{}", proposed.text());
    let (path, etag) = (proposed.header("location").unwrap(), proposed.header("etag").unwrap());
    let confirmed = admin("admin-2").act(&format!("{path}/confirm"), etag);
    assert_eq!(confirmed.status, 200, "{}", confirmed.text());
}

/// Changes the calendar, as two administrators do.
fn rules(app: &TestApp) {
    let admin = |name: &str| app.actor(Role::BureauAdmin, "bj-commerce", name);
    let days = json!([{ "date": "2031-01-01", "name": "元旦", "off": true }]);
    let body = json!({ "table": "calendar", "rules": { "years": { "2031": { "days": days } } }, "note": "依通知" });
    let proposed = admin("admin-1").post("/v1/rule-changes", &body);
    assert_eq!(proposed.status, 201, "{}", proposed.text());
    let (path, etag) = (proposed.header("location").unwrap(), proposed.header("etag").unwrap());
    let confirmed = admin("admin-2").act(&format!("{path}/confirm"), etag);
    assert_eq!(confirmed.status, 200, "{}", confirmed.text());
}

const ENTERPRISE: &str = "91110302XFXTR00172";
const APPLICATION: &str = "app_00000000000000000000000000000001";

fn casework(tx: &mut Tx<'_>) -> Result<(), StoreError> {
    let person = tx.person()?.to_string();
    let at = tx.context().at.micros();
    let content = ContentRow {
        application: APPLICATION.to_owned(),
        version: 0,
        revision: 0,
        enterprise: ENTERPRISE.to_owned(),
        digest: "0".repeat(64),
        body: "{}".to_owned(),
        item_count: 1,
        lodged_by: person.clone(),
        recorded_at: 0,
    };
    let first = freeze(tx, content.clone(), None)?;
    freeze(tx, ContentRow { body: r#"{"items":[]}"#.to_owned(), ..content }, Some(&first))?;
    let application = ApplicationRow {
        id: APPLICATION.to_owned(),
        version: 0,
        revision: 0,
        kind: "add".to_owned(),
        enterprise: ENTERPRISE.to_owned(),
        scheme: "beijing-2022".to_owned(),
        scheme_version: 1,
        district: "110302".to_owned(),
        state: "lodged".to_owned(),
        asked_in: None,
        needs_evaluation: 0,
        opinions: 1,
        fast_track: 0,
        content: 1,
        digest: "0".repeat(64),
        item_count: 1,
        lodged_by: person.clone(),
        lodged_at: at,
        state_since: at,
    };
    let lodged = record(tx, None, application.clone(), EventKind::Lodged, NewEvent::default())?;
    let mut other = application;
    other.id = APPLICATION.replace('1', "2");
    record(tx, None, other, EventKind::Lodged, NewEvent::default())?;
    let asked = ApplicationRow { state: "asked".to_owned(), asked_in: Some("lodged".to_owned()), ..lodged.clone() };
    let event = NewEvent {
        reason_code: Some("unclear".to_owned()),
        due_on: Some(tx.context().at.day()),
        working_days: Some(5),
        content: Some(1),
        detail: Some(serde_json::json!({ "pointer": "/items/0" })),
        note: Some("请补正".to_owned()),
        hidden: false,
    };
    record(tx, Some(&lodged), asked, EventKind::Asked, event)?;
    let item = ItemRow {
        id: "itm_00000000000000000000000000000001".to_owned(),
        version: 1,
        revision: tx.next_revision().0,
        enterprise: ENTERPRISE.to_owned(),
        archived: 0,
        body: "{}".to_owned(),
        recorded_at: at,
    };
    tx.save(item.clone(), None, "item.added")?;
    let archived = ItemRow { version: 2, revision: tx.next_revision().0, archived: 1, ..item.clone() };
    tx.save(archived, Some(&item), "item.archived")?;
    let document = DocumentRow {
        id: "doc_00000000000000000000000000000001".to_owned(),
        version: 1,
        revision: tx.next_revision().0,
        application: APPLICATION.to_owned(),
        enterprise: ENTERPRISE.to_owned(),
        kind: "rd_plan".to_owned(),
        sha256: "0".repeat(64),
        size: 1,
        media: "pdf".to_owned(),
        name: "研发方案.pdf".to_owned(),
        scan: "unscanned".to_owned(),
        removed: 0,
        uploaded_by: person,
        recorded_at: at,
    };
    tx.save(document.clone(), None, "document.uploaded")?;
    let scanned =
        DocumentRow { version: 2, revision: tx.next_revision().0, scan: "clean".to_owned(), ..document.clone() };
    tx.save(scanned, Some(&document), "document.scanned")?;
    Ok(())
}

fn supervision(tx: &mut Tx<'_>) -> Result<(), StoreError> {
    let person = tx.person()?.to_string();
    let at = tx.context().at.micros();
    let day = tx.context().at.day().value();
    let stop = StopRow {
        id: "stp_00000000000000000000000000000001".to_owned(),
        version: 1,
        revision: tx.next_revision().0,
        effective_on: day,
        stopped: 1,
        class: r#"{"kind":"cas","value":"363-24-6"}"#.to_owned(),
        reason_code: "other".to_owned(),
        reason_basis: Some("检验发现污染".to_owned()),
        adjustment: Some("adj_00000000000000000000000000000001".to_owned()),
        recorded_at: at,
        scheme: Some("beijing-2022".to_owned()),
        stage: Some("emergency".to_owned()),
        expires_at: Some(at + 1),
        review_on: Some(day),
        made_by: Some(person),
        confirmed_by: Some("per_00000000000000000000000000000002".to_owned()),
    };
    tx.save(stop.clone(), None, "stop.made")?;
    let lapsed = StopRow {
        version: 2,
        revision: tx.next_revision().0,
        stopped: 0,
        stage: Some("lapsed".to_owned()),
        ..stop.clone()
    };
    tx.save(lapsed, Some(&stop), "stop.lapsed")?;
    let entry = ScreeningRow {
        id: "scr_00000000000000000000000000000001".to_owned(),
        version: 1,
        revision: tx.next_revision().0,
        list: "customs".to_owned(),
        uscc: ENTERPRISE.to_owned(),
        name: Some("样例企业".to_owned()),
        ground: "走私".to_owned(),
        source: "海关公告".to_owned(),
        valid_from: day,
        valid_to: Some(day + 1),
        recorded_at: at,
    };
    tx.save(entry.clone(), None, "screening.entered")?;
    let ended = ScreeningRow { version: 2, revision: tx.next_revision().0, valid_to: Some(day), ..entry.clone() };
    tx.save(ended, Some(&entry), "screening.ended")?;
    let usage = ReturnRow {
        id: "ret_00000000000000000000000000000001".to_owned(),
        version: 1,
        revision: tx.next_revision().0,
        listing: "BJ-2026-000001-N".to_owned(),
        enterprise: ENTERPRISE.to_owned(),
        scheme: "beijing-2022".to_owned(),
        period_from: day,
        period_to: day + 180,
        due_on: day + 210,
        stage: "handed_in".to_owned(),
        unit: Some(36),
        opening: Some(5),
        received: Some(7),
        used: Some(4),
        destroyed: Some(2),
        stock: Some(6),
        note: Some("含两批".to_owned()),
        adjustment: Some("adj_00000000000000000000000000000001".to_owned()),
        recorded_at: at,
    };
    tx.save(usage.clone(), None, "usage_return.handed_in")?;
    let corrected =
        ReturnRow { version: 2, revision: tx.next_revision().0, used: Some(5), destroyed: Some(1), ..usage.clone() };
    tx.save(corrected, Some(&usage), "usage_return.corrected")?;
    let finding = FindingRow {
        id: "fin_00000000000000000000000000000001".to_owned(),
        version: 1,
        revision: tx.next_revision().0,
        enterprise: ENTERPRISE.to_owned(),
        listing: Some("BJ-2026-000001-N".to_owned()),
        found_on: day,
        kind: "storage".to_owned(),
        text: "未专库存放".to_owned(),
        documents: "[]".to_owned(),
        outcome: None,
        outcome_text: None,
        closed_on: None,
        recorded_at: at,
    };
    tx.save(finding.clone(), None, "finding.recorded")?;
    let closed = FindingRow {
        version: 2,
        revision: tx.next_revision().0,
        outcome: Some("rectified".to_owned()),
        outcome_text: Some("已整改".to_owned()),
        closed_on: Some(day),
        ..finding.clone()
    };
    tx.save(closed, Some(&finding), "finding.closed")?;
    Ok(())
}

/// Two versions of what the joint review leaves behind.
fn review(tx: &mut Tx<'_>) -> Result<(), StoreError> {
    let at = tx.context().at.micros();
    let person = |place: u8| format!("per_{place:032x}");
    let opinion = OpinionRow {
        application: APPLICATION.to_owned(),
        line: 1,
        agency: "bj-drug".to_owned(),
        version: 1,
        revision: tx.next_revision().0,
        enterprise: ENTERPRISE.to_owned(),
        content: 1,
        item_digest: "0".repeat(64),
        stance: "agree_with_conditions".to_owned(),
        grounds: String::new(),
        conditions: Some("专库存放".to_owned()),
        note: Some("同意".to_owned()),
        reviewer: person(1),
        recorded_at: at,
    };
    tx.save(opinion.clone(), None, "opinion.given")?;
    let changed = OpinionRow {
        version: 2,
        revision: tx.next_revision().0,
        stance: "object".to_owned(),
        grounds: "safety_risk".to_owned(),
        conditions: None,
        ..opinion.clone()
    };
    tx.save(changed, Some(&opinion), "opinion.given")?;
    let decision = DecisionRow {
        application: APPLICATION.to_owned(),
        line: 1,
        version: 1,
        revision: tx.next_revision().0,
        enterprise: ENTERPRISE.to_owned(),
        scheme: "beijing-2022".to_owned(),
        kind: "add".to_owned(),
        state: "proposed_refusal".to_owned(),
        hs_code: Some(2_941_500_000),
        cas: Some(1_146_098),
        content: 1,
        granted: Some("{}".to_owned()),
        conditions: Some("专库存放".to_owned()),
        grounds: "safety_risk".to_owned(),
        note: Some("风险未排除".to_owned()),
        lodged_by: person(2),
        proposed_by: person(3),
        decided_by: None,
        decided_at: None,
        batch: None,
        listing: None,
        recorded_at: at,
    };
    tx.save(decision.clone(), None, "decision.proposed")?;
    let decided = DecisionRow {
        version: 2,
        revision: tx.next_revision().0,
        state: "published".to_owned(),
        decided_by: Some(person(4)),
        decided_at: Some(at),
        batch: Some("bat_00000000000000000000000000000001".to_owned()),
        listing: Some("BJ-2026-000123-3".to_owned()),
        ..decision.clone()
    };
    tx.save(decided, Some(&decision), "decision.published")?;
    let appeal = AppealRow {
        id: "apl_00000000000000000000000000000001".to_owned(),
        version: 1,
        revision: tx.next_revision().0,
        application: APPLICATION.to_owned(),
        enterprise: ENTERPRISE.to_owned(),
        state: "open".to_owned(),
        lines: "1".to_owned(),
        grounds: "不服".to_owned(),
        reason_code: None,
        note: None,
        appealed_by: person(2),
        decided_by: None,
        recorded_at: at,
    };
    tx.save(appeal.clone(), None, "appeal.lodged")?;
    let upheld = AppealRow {
        version: 2,
        revision: tx.next_revision().0,
        state: "upheld".to_owned(),
        reason_code: Some("decision_right".to_owned()),
        note: Some("维持".to_owned()),
        decided_by: Some(person(5)),
        ..appeal.clone()
    };
    tx.save(upheld, Some(&appeal), "appeal.upheld")?;
    for (place, notice) in [("1", Some("京药监发〔2026〕1号")), ("2", None)] {
        let batch = BatchRow {
            id: format!("bat_{place:0>32}"),
            version: 1,
            revision: tx.next_revision().0,
            scheme: "beijing-2022".to_owned(),
            state: "collecting".to_owned(),
            items: "[]".to_owned(),
            item_count: 1,
            notice_number: None,
            effective_on: None,
            digest: None,
            body: None,
            collected_by: person(3),
            collected_at: at,
            closed_by: None,
            closed_at: None,
        };
        tx.save(batch.clone(), None, "batch.collected")?;
        let Some(notice) = notice else { continue };
        let published = BatchRow {
            version: 2,
            revision: tx.next_revision().0,
            state: "published".to_owned(),
            notice_number: Some(notice.to_owned()),
            effective_on: Some(20_000),
            digest: Some("0".repeat(64)),
            body: Some("{}".to_owned()),
            closed_by: Some(person(4)),
            closed_at: Some(at),
            ..batch.clone()
        };
        tx.save(published, Some(&batch), "batch.published")?;
    }
    Ok(())
}

fn reconciliation(tx: &mut Tx<'_>) -> Result<(), StoreError> {
    let person = tx.person()?.to_string();
    let at = tx.context().at.micros();
    let day = tx.context().at.day().value();
    let compared = ReconciliationRow {
        id: "rec_00000000000000000000000000000001".to_owned(),
        version: 1,
        revision: tx.next_revision().0,
        org: "0101".to_owned(),
        state: "compared".to_owned(),
        period_from: day - 30,
        period_to: day,
        row_count: 9,
        sent_digest: "0".repeat(64),
        findings_digest: "1".repeat(64),
        compared_revision: 1,
        matched: 5,
        missing_here: 4,
        missing_there: 3,
        different: 2,
        compared_by: person.clone(),
        compared_at: at,
        confirmed_by: None,
        confirmed_at: None,
        booked: None,
        refused: None,
    };
    tx.save(compared.clone(), None, "reconciliation.compared")?;
    // Written before it is changed: one row stands for both.
    tx.flush()?;
    let confirmed = ReconciliationRow {
        version: 2,
        revision: tx.next_revision().0,
        state: "confirmed".to_owned(),
        confirmed_by: Some(person),
        confirmed_at: Some(at),
        booked: Some(6),
        refused: Some(3),
        ..compared.clone()
    };
    tx.save(confirmed, Some(&compared), "reconciliation.confirmed")?;
    Ok(())
}
