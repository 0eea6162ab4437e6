//! Two versions of everything in the register of people.

use super::ENTERPRISE;
use whitelist::store::pauses::PauseRow;
use whitelist::store::register::{
    AccountRow, BroadcastRow, CustomRoleRow, GrantRow, MandateRow, OrganisationRow, PersonRow, ResponsiblePersonRow,
};
use whitelist::store::webhooks::WebhookRow;
use whitelist::store::{StoreError, Tx};

/// Somebody whose data are erased.
pub const LEFT: &str = "per_0000000000000000000000000000001f";

pub fn people(tx: &mut Tx<'_>) -> Result<(), StoreError> {
    let at = tx.context().at.micros();
    let person = |place: u8| format!("per_{place:032x}");
    let bureau = OrganisationRow {
        code: "bj-filled".to_owned(),
        version: 1,
        revision: tx.next_revision().0,
        kind: "agency".to_owned(),
        name_zh: "示例单位".to_owned(),
        name_en: Some("Sample agency".to_owned()),
        mail: Some("a@example.cn".to_owned()),
        active: 1,
        recorded_at: at,
    };
    tx.save(bureau.clone(), None, "organisation.registered")?;
    let closed = OrganisationRow { version: 2, revision: tx.next_revision().0, active: 0, ..bureau.clone() };
    tx.save(closed, Some(&bureau), "organisation.changed")?;
    let somebody = PersonRow {
        id: person(11),
        version: 1,
        revision: tx.next_revision().0,
        org: "bj-filled".to_owned(),
        name: "张三".to_owned(),
        phone: Some("010-00000000".to_owned()),
        mail: Some("zhang@example.cn".to_owned()),
        language: "zh".to_owned(),
        active: 1,
        recorded_at: at,
    };
    tx.save(somebody.clone(), None, "person.registered")?;
    let left = PersonRow { version: 2, revision: tx.next_revision().0, active: 0, ..somebody.clone() };
    tx.save(left, Some(&somebody), "person.deactivated")?;
    let gone = PersonRow {
        id: LEFT.to_owned(),
        revision: tx.next_revision().0,
        name: "离开者".to_owned(),
        ..somebody.clone()
    };
    tx.save(gone.clone(), None, "person.registered")?;
    let left = PersonRow { version: 2, revision: tx.next_revision().0, active: 0, ..gone.clone() };
    tx.save(left, Some(&gone), "person.deactivated")?;
    let account = AccountRow {
        account: person(12),
        version: 1,
        revision: tx.next_revision().0,
        person: person(11),
        recorded_at: at,
    };
    tx.save(account.clone(), None, "account.joined")?;
    let moved = AccountRow { version: 2, revision: tx.next_revision().0, person: person(13), ..account.clone() };
    tx.save(moved, Some(&account), "account.joined")?;
    let grant = GrantRow {
        id: format!("gra_{:032x}", 1),
        version: 1,
        revision: tx.next_revision().0,
        person: person(11),
        org: "bj-filled".to_owned(),
        role: "auditor".to_owned(),
        valid_from: 20_000,
        valid_to: Some(21_000),
        state: "proposed".to_owned(),
        exempt: None,
        proposed_by: person(14),
        decided_by: None,
        ended_by: None,
        recorded_at: at,
        custom_role: Some(format!("rol_{:032x}", 1)),
    };
    tx.save(grant.clone(), None, "grant.proposed")?;
    let ended = GrantRow {
        version: 2,
        revision: tx.next_revision().0,
        state: "ended".to_owned(),
        exempt: Some("own_people".to_owned()),
        decided_by: Some(person(15)),
        ended_by: Some(person(16)),
        ..grant.clone()
    };
    tx.save(ended, Some(&grant), "grant.ended")?;
    let own = CustomRoleRow {
        id: format!("rol_{:032x}", 1),
        version: 1,
        revision: tx.next_revision().0,
        org: "bj-filled".to_owned(),
        base: "agency.reviewer".to_owned(),
        name_zh: "会审助理".to_owned(),
        name_en: Some("Assistant".to_owned()),
        duties: "everyday,cases".to_owned(),
        state: "active".to_owned(),
        recorded_at: at,
    };
    tx.save(own.clone(), None, "custom_role.defined")?;
    let retired =
        CustomRoleRow { version: 2, revision: tx.next_revision().0, state: "retired".to_owned(), ..own.clone() };
    tx.save(retired, Some(&own), "custom_role.retired")?;
    let named = ResponsiblePersonRow {
        uscc: ENTERPRISE.to_owned(),
        version: 1,
        revision: tx.next_revision().0,
        name: "李四".to_owned(),
        position: Some("进口主管".to_owned()),
        phone: "010-00000001".to_owned(),
        mail: Some("li@example.cn".to_owned()),
        recorded_at: at,
    };
    tx.save(named.clone(), None, "responsible_person.named")?;
    let renamed =
        ResponsiblePersonRow { version: 2, revision: tx.next_revision().0, name: "王五".to_owned(), ..named.clone() };
    tx.save(renamed, Some(&named), "responsible_person.named")?;
    let mandate = MandateRow {
        id: format!("man_{:032x}", 1),
        version: 1,
        revision: tx.next_revision().0,
        enterprise: ENTERPRISE.to_owned(),
        agent_org: "91110000600037341L".to_owned(),
        agent_person: Some(person(17)),
        scopes: "applications".to_owned(),
        valid_from: 20_000,
        valid_to: Some(21_000),
        state: "appointed".to_owned(),
        appointed_by: person(18),
        dismissed_by: None,
        recorded_at: at,
    };
    tx.save(mandate.clone(), None, "mandate.given")?;
    let dismissed = MandateRow {
        version: 2,
        revision: tx.next_revision().0,
        state: "dismissed".to_owned(),
        dismissed_by: Some(person(19)),
        ..mandate.clone()
    };
    tx.save(dismissed, Some(&mandate), "mandate.ended")?;
    let news = BroadcastRow {
        id: format!("brd_{:032x}", 1),
        version: 1,
        revision: tx.next_revision().0,
        state: "published".to_owned(),
        scheme: "beijing-2022".to_owned(),
        title_zh: "通知".to_owned(),
        title_en: "News".to_owned(),
        body_zh: "请按期报送台账。".to_owned(),
        body_en: "Hand in usage returns in time.".to_owned(),
        published_by: person(20),
        published_at: at,
        told: 1,
        recorded_at: at,
    };
    tx.save(news.clone(), None, "broadcast.published")?;
    let retracted =
        BroadcastRow { version: 2, revision: tx.next_revision().0, state: "retracted".to_owned(), ..news.clone() };
    tx.save(retracted, Some(&news), "broadcast.retracted")?;
    let pause = PauseRow {
        id: format!("pau_{:032x}", 1),
        version: 1,
        revision: tx.next_revision().0,
        state: "paused".to_owned(),
        reason_zh: "系统维护。".to_owned(),
        reason_en: "Maintenance.".to_owned(),
        paused_at: at,
        recorded_at: at,
    };
    tx.save(pause.clone(), None, "service.paused")?;
    let resumed = PauseRow { version: 2, revision: tx.next_revision().0, state: "resumed".to_owned(), ..pause.clone() };
    tx.save(resumed, Some(&pause), "service.resumed")?;
    let webhook = WebhookRow {
        id: format!("whk_{:032x}", 1),
        version: 1,
        revision: tx.next_revision().0,
        org: "bj-commerce".to_owned(),
        audience: "bureau".to_owned(),
        url: "https://hooks.example.cn/in".to_owned(),
        events: "[\"listing.*\"]".to_owned(),
        state: "active".to_owned(),
        cause: None,
        key_number: 1,
        key_since: at,
        recorded_at: at,
    };
    tx.save(webhook.clone(), None, "webhook.made")?;
    let paused = WebhookRow {
        version: 2,
        revision: tx.next_revision().0,
        state: "paused".to_owned(),
        cause: Some("by_hand".to_owned()),
        ..webhook.clone()
    };
    tx.save(paused, Some(&webhook), "webhook.paused").map(drop)
}
