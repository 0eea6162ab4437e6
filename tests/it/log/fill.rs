//! Rows in the tables that no story of the list reaches, saved as the service saves them.

use crate::support::app::TestApp;
use whitelist::domain::application::event::EventKind;
use whitelist::store::application_rows::{ApplicationRow, ContentRow};
use whitelist::store::applications::{NewEvent, freeze, record};
use whitelist::store::documents::DocumentRow;
use whitelist::store::findings::FindingRow;
use whitelist::store::items::ItemRow;
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
            supervision(tx)
        })
        .unwrap();
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
