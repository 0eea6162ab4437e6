//! How the endpoints about people, enterprises by themselves and announcements are called, and what must exist before.

use super::Who;
use crate::draws::declaration;
use crate::lookups::ENT_05;
use crate::support::app::{Actor, TestApp};
use crate::support::casework;
use crate::support::client::Response;
use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use serde_json::{Value, json};
use whitelist::domain::actor::Role;
use whitelist::store::keep::notices::{self, NoticeRow};

/// A USCC that nobody has registered.
const NEW: &str = "91110000600037341L";

/// What is sent to an endpoint.
pub struct Call {
    pub target: String,
    pub etag: Option<String>,
    pub body: Option<Value>,
    /// Another organisation than the caller of the matrix is of.
    pub org: Option<&'static str>,
}

/// What exists from the start.
pub struct People {
    person: String,
    broadcast: String,
    erasure: String,
    rules: String,
    role: String,
}

fn admin(app: &TestApp, name: &str) -> Actor {
    app.actor(Role::BureauAdmin, "bj-commerce", name)
}

fn applicant(app: &TestApp) -> Actor {
    app.actor(Role::EnterpriseApplicant, ENT_05, Role::EnterpriseApplicant.as_str())
}

fn made(response: &Response) -> (String, String) {
    assert!((200..300).contains(&response.status), "{}", response.text());
    let id = response.json()["id"].as_str().unwrap_or_default().to_owned();
    (id, response.header("etag").unwrap().to_owned())
}

/// The issuer of the tokens of a test.
pub fn issuer(app: &TestApp) -> String {
    let token = app.token(&[], "nobody", "nobody");
    let claims = URL_SAFE_NO_PAD.decode(token.split('.').nth(1).unwrap()).unwrap();
    serde_json::from_slice::<Value>(&claims).unwrap()["iss"].as_str().unwrap().to_owned()
}

fn unique(app: &TestApp) -> String {
    format!("n{}", app.inside().head().unwrap())
}

fn person(app: &TestApp, org: &str, subject: &str) -> (String, String) {
    let accounts = json!([{ "issuer": issuer(app), "subject": subject }]);
    made(&admin(app, "admin-2").post("/v1/people", &json!({ "name": "张三", "org": org, "accounts": accounts })))
}

fn particulars(name: &str) -> Value {
    json!({ "name_zh": name, "district": "110114" })
}

fn named() -> Value {
    json!({ "name": "李四", "phone": "010-12345678" })
}

fn announcement() -> Value {
    json!({ "scheme": "beijing-2022", "title_zh": "放假安排", "title_en": "Holidays", "body_zh": "休息。", "body_en": "Closed." })
}

/// Pauses the service, or ends its pause; returns the entity tag of the last pause.
fn pause_as(app: &TestApp, paused: bool) -> String {
    let admin = admin(app, "admin-2");
    let last = admin.get("/v1/pause");
    let holds = last.status == 200 && last.json()["paused"] == json!(true);
    if holds == paused {
        return last.header("etag").unwrap_or_default().to_owned();
    }
    if paused {
        return made(&admin.post("/v1/pause", &json!({ "reason_zh": "系统维护", "reason_en": "Maintenance" }))).1;
    }
    made(&admin.act("/v1/resume", last.header("etag").unwrap())).1
}

/// A calendar that nobody has yet.
fn holidays(app: &TestApp) -> Value {
    let name = format!("元旦{}", unique(app));
    let year = json!({ "notices": [], "days": [{ "date": "2031-01-01", "name": name, "off": true }] });
    json!({ "table": "calendar", "rules": { "years": { "2031": year } } })
}

/// A change of the rules that waits for a second administrator.
fn rules_proposed(app: &TestApp, by: &str) -> (String, String) {
    made(&admin(app, by).post("/v1/rule-changes", &holidays(app)))
}

/// A role of the enterprise's own that nobody holds.
fn own_role(app: &TestApp) -> (String, String) {
    let body =
        json!({ "org": ENT_05, "base": "enterprise.agent", "name_zh": unique(app), "duties": ["everyday", "list"] });
    made(&admin(app, "admin-2").post("/v1/custom-roles", &body))
}

impl People {
    /// Makes what readers need. The applicant of the matrix is registered, because others of its enterprise will be.
    pub fn build(app: &TestApp) -> Self {
        // So is the one who writes its applications: the same person with another account.
        let accounts = [Role::EnterpriseApplicant.as_str().to_owned(), casework::applicant_name(ENT_05)]
            .map(|subject| json!({ "issuer": issuer(app), "subject": subject }));
        let body = json!({ "name": "张三", "org": ENT_05, "accounts": accounts });
        let (person, _) = made(&admin(app, "admin-2").post("/v1/people", &body));
        let grant = json!({ "org": ENT_05, "role": "enterprise.applicant" });
        made(&admin(app, "admin-2").post(&format!("/v1/people/{person}/grants"), &grant));
        let target = format!("/v1/enterprises/{ENT_05}/responsible-person");
        let put = applicant(app).send(
            "PUT",
            &target,
            &[("Content-Type", "application/json")],
            named().to_string().as_bytes(),
        );
        made(&put);
        made(
            &admin(app, "admin-2")
                .post("/v1/organisations", &json!({ "code": "110114", "kind": "district", "name_zh": "昌平区" })),
        );
        let (broadcast, _) = made(&app.officer().post("/v1/broadcasts", &announcement()));
        // So that there is a last pause to be shown.
        pause_as(app, true);
        pause_as(app, false);
        let rules = rules_proposed(app, "admin-2").0;
        let role = own_role(app).0;
        let mut made_ready = Self { person, broadcast, erasure: String::new(), rules, role };
        made_ready.erasure = made_ready.proposed(app).0;
        made_ready
    }

    /// An erasure that waits for a second administrator.
    fn proposed(&self, app: &TestApp) -> (String, String) {
        let body = json!({ "subject": { "kind": "person", "id": self.left(app).0 }, "ground": "other" });
        made(&admin(app, "admin-2").post("/v1/privacy/erasures", &body))
    }

    /// Somebody who may not act any more.
    fn left(&self, app: &TestApp) -> (String, String) {
        let (id, etag) = person(app, ENT_05, &unique(app));
        made(&admin(app, "admin-2").act(&format!("/v1/people/{id}/deactivate"), &etag))
    }

    /// Says what to send; for a caller who may not call nothing is made ready.
    pub fn call(&self, app: &TestApp, operation: &str, path: &str, may: bool) -> Option<Call> {
        let call = |target: &str, etag: Option<String>, body: Option<Value>| {
            Some(Call { target: target.to_owned(), etag, body, org: None })
        };
        let of = |target: String, etag: String, body: Option<Value>| {
            Some(Call { target, etag: Some(etag), body, org: None })
        };
        let etag_of = |target: &str| app.auditor().get(target).header("etag").unwrap().to_owned();
        let fresh = |org: &str| {
            if may { person(app, org, &unique(app)) } else { (self.person.clone(), "\"1\"".to_owned()) }
        };
        match operation {
            "register_enterprise" => {
                let mut body = particulars("北京新登记企业（合成）");
                body["uscc"] = json!(NEW);
                body["responsible_person"] = named();
                Some(Call { target: path.to_owned(), etag: None, body: Some(body), org: Some(NEW) })
            }
            "change_enterprise" => {
                let target = format!("/v1/enterprises/{ENT_05}");
                let etag = etag_of(&target);
                of(target, etag, Some(particulars(&format!("北京样例戊（{}）", unique(app)))))
            }
            "get_responsible_person" => call(&format!("/v1/enterprises/{ENT_05}/responsible-person"), None, None),
            "name_responsible_person" => {
                let target = format!("/v1/enterprises/{ENT_05}/responsible-person");
                let etag = etag_of(&target);
                of(target, etag, Some(named()))
            }
            "get_evidence" => call(&format!("/v1/evidence/declaration/{}", declaration(1)), None, None),
            "get_access_record" => {
                assert_eq!(app.auditor().get("/v1/log/entries?limit=1").status, 200);
                app.inside().accesses.flush();
                let records = app.auditor().get("/v1/access-records?limit=1").json();
                call(&format!("/v1/access-records/{}", records["items"][0]["id"].as_str().unwrap()), None, None)
            }
            "list_mandates" => call(&format!("/v1/enterprises/{ENT_05}/mandates"), None, None),
            "appoint_agent" => {
                let body = json!({ "agent_org": NEW, "scopes": ["applications"] });
                call(&format!("/v1/enterprises/{ENT_05}/mandates"), None, Some(body))
            }
            "dismiss_agent" => {
                let (id, etag) = if may {
                    let body = json!({ "agent_org": NEW, "scopes": ["applications"] });
                    made(&applicant(app).post(&format!("/v1/enterprises/{ENT_05}/mandates"), &body))
                } else {
                    (format!("man_{:032x}", 1), "\"1\"".to_owned())
                };
                of(format!("/v1/mandates/{id}/dismiss"), etag, None)
            }
            "get_pause" => call(path, None, None),
            "pause_service" | "resume_service" => {
                let body = (operation == "pause_service")
                    .then(|| json!({ "reason_zh": "系统维护", "reason_en": "Maintenance" }));
                let etag =
                    if may { Some(pause_as(app, operation != "pause_service")) } else { Some("\"1\"".to_owned()) };
                Some(Call {
                    target: path.to_owned(),
                    etag: etag.filter(|_| operation == "resume_service"),
                    body,
                    org: None,
                })
            }
            "publish_broadcast" => call(path, None, Some(announcement())),
            "get_broadcast" => call(&format!("/v1/broadcasts/{}", self.broadcast), None, None),
            "revise_broadcast" | "retract_broadcast" => {
                let (id, etag) = if may {
                    made(&app.officer().post("/v1/broadcasts", &announcement()))
                } else {
                    (self.broadcast.clone(), "\"1\"".to_owned())
                };
                of(path.replace("{id}", &id), etag, (operation == "revise_broadcast").then(announcement))
            }
            "register_organisation" => {
                call(path, None, Some(json!({ "code": unique(app), "kind": "agency", "name_zh": "某局" })))
            }
            "get_organisation" => call("/v1/organisations/110114", None, None),
            "change_organisation" => {
                let target = "/v1/organisations/110114";
                let etag = etag_of(target);
                of(target.to_owned(), etag, Some(json!({ "kind": "district", "name_zh": unique(app) })))
            }
            "register_person" => {
                let accounts = json!([{ "issuer": issuer(app), "subject": unique(app) }]);
                call(path, None, Some(json!({ "name": "王五", "org": ENT_05, "accounts": accounts })))
            }
            "get_person" | "list_grants" => call(&path.replace("{id}", &self.person), None, None),
            "change_person" => {
                let (id, etag) = fresh(ENT_05);
                of(path.replace("{id}", &id), etag, Some(json!({ "name": "赵六", "org": ENT_05 })))
            }
            "join_account" => {
                let (id, etag) = fresh(ENT_05);
                of(path.replace("{id}", &id), etag, Some(json!({ "issuer": issuer(app), "subject": unique(app) })))
            }
            "hand_over" => {
                let (id, etag) = fresh(ENT_05);
                of(path.replace("{id}", &id), etag, Some(json!({ "to": self.person })))
            }
            "deactivate_person" => {
                let (id, etag) = fresh(ENT_05);
                of(path.replace("{id}", &id), etag, None)
            }
            "reactivate_person" => {
                let (id, mut etag) = fresh(ENT_05);
                if may {
                    (_, etag) = made(&admin(app, "admin-2").act(&format!("/v1/people/{id}/deactivate"), &etag));
                }
                of(path.replace("{id}", &id), etag, None)
            }
            "grant_role" => {
                let (id, _) = fresh(ENT_05);
                call(&path.replace("{id}", &id), None, Some(json!({ "org": ENT_05, "role": "enterprise.agent" })))
            }
            "confirm_grant" | "refuse_grant" | "end_grant" => {
                let (org, role) = if operation == "end_grant" {
                    (ENT_05, "enterprise.agent")
                } else {
                    ("110114", "district.officer")
                };
                let (grant, etag) = if may {
                    let (id, _) = fresh(org);
                    let body = json!({ "org": org, "role": role });
                    made(&admin(app, "admin-2").post(&format!("/v1/people/{id}/grants"), &body))
                } else {
                    (format!("gra_{:032x}", 1), "\"1\"".to_owned())
                };
                of(path.replace("{id}", &grant), etag, None)
            }
            "list_roles" | "list_custom_roles" => call(path, None, None),
            "define_custom_role" => {
                let (name, duties) = (unique(app), ["everyday", "list"]);
                call(
                    path,
                    None,
                    Some(json!({ "org": ENT_05, "base": "enterprise.agent", "name_zh": name, "duties": duties })),
                )
            }
            "get_custom_role" => call(&path.replace("{id}", &self.role), None, None),
            "change_custom_role" | "retire_custom_role" => {
                let (id, etag) = if may { own_role(app) } else { (self.role.clone(), "\"1\"".to_owned()) };
                let body = json!({ "name_zh": unique(app), "duties": ["everyday"] });
                of(path.replace("{id}", &id), etag, (operation == "change_custom_role").then_some(body))
            }
            "list_erasures" | "list_access_records" | "list_rule_changes" => call(path, None, None),
            "propose_rule_change" => call(path, None, Some(holidays(app))),
            "get_rule_change" => call(&path.replace("{id}", &self.rules), None, None),
            "confirm_rule_change" | "reject_rule_change" | "withdraw_rule_change" => {
                // Only who proposed it takes it back.
                let by = if operation == "withdraw_rule_change" { Role::BureauAdmin.as_str() } else { "admin-2" };
                let opened = || (self.rules.clone(), "\"1\"".to_owned());
                let (id, etag) = if may { rules_proposed(app, by) } else { opened() };
                let body = (operation == "reject_rule_change").then(|| json!({ "reason": "请先会签" }));
                of(path.replace("{id}", &id), etag, body)
            }
            "propose_erasure" => {
                let person = if may { self.left(app).0 } else { self.person.clone() };
                let body = json!({ "subject": { "kind": "person", "id": person }, "ground": "purpose_fulfilled" });
                call(path, None, Some(body))
            }
            "get_erasure" => call(&path.replace("{id}", &self.erasure), None, None),
            "confirm_erasure" | "refuse_erasure" => {
                let (id, etag) = if may { self.proposed(app) } else { (self.erasure.clone(), "\"1\"".to_owned()) };
                of(path.replace("{id}", &id), etag, None)
            }
            "set_up_first_administrator" => {
                let store = &app.inside().store;
                let code = whitelist::app::people::setup::make_code(store, app.clock.now()).unwrap();
                call(path, None, Some(json!({ "code": code.unwrap_or_default(), "name": "首位管理员" })))
            }
            _ => None,
        }
    }
}

/// The id of what a role was told.
pub fn notice_to(who: Who) -> String {
    let place = Role::ALL.iter().position(|role| matches!(who, Who::In(in_role) if in_role == *role));
    format!("ntc_{:032x}", place.map_or(0, |place| place + 1))
}

/// Leaves a notice for every role.
pub fn tell_every_role(app: &TestApp) {
    for role in Role::ALL {
        let row = NoticeRow {
            id: notice_to(Who::In(*role)),
            addressee: format!("role:{role}"),
            kind: "calendar_missing".to_owned(),
            about: "/v1/calendar".to_owned(),
            params: "{}".to_owned(),
            once: None,
            told_at: 0,
            spread: 1,
        };
        assert!(app.inside().store.keep(app.clock.now(), move |conn| notices::insert(conn, &row)).unwrap());
    }
}

/// Sends a call that was made ready.
pub fn send(app: &TestApp, method: &str, who: Who, call: Call) -> Response {
    let body = call.body.map(|body| body.to_string()).unwrap_or_default();
    let mut headers = Vec::new();
    if !body.is_empty() {
        headers.push(("Content-Type", "application/json"));
    }
    headers.extend(call.etag.as_deref().map(|etag| ("If-Match", etag)));
    if matches!(who, Who::In(Role::EnterpriseAgent)) {
        headers.push(("Whitelist-Acting-For", ENT_05));
    }
    let mut actor = who.actor(app);
    if let (Some(org), Who::In(role)) = (call.org, who) {
        actor.token = app.token(&[role], org, who.name());
    }
    match who {
        Who::Nobody => actor.client.send(method, &call.target, &headers, body.as_bytes()),
        Who::NoRole | Who::In(_) => actor.send(method, &call.target, &headers, body.as_bytes()),
    }
}
