//! Every endpoint with every role: the table of `endpoints` against the contract and against a golden file, refusals
//! before a byte of the body is read, and what each endpoint leaves behind.
//!
//! `UPDATE_GOLDEN=1` writes the golden file anew.

mod cases;
mod made;
mod people;
mod reports;
mod review;
mod tables;
mod webhooks;

pub use self::people::issuer;

use self::cases::prepare;
use self::made::{
    SCREENING_CSV, certified, decides, emergency, finding, handed_in, long_listed, screening, signed_certificate, usage,
};
use self::people::{People, notice_to, send, tell_every_role};
use self::tables::{noted, tables};
use crate::draws::{act, declaration, manual, ok, place, small};
use crate::log::read::signed;
use crate::lookups::{ENT_05, ENT_10, ask, number_of, question};
use crate::reconcile;
use crate::support::app::{Actor, Database, TestApp};
use crate::support::client::Response;
use crate::support::contract::Contract;
use crate::support::on_both;
use serde_json::json;
use std::collections::BTreeMap;
use std::fmt::Write as _;
use whitelist::domain::actor::{Role, RoleSet};
use whitelist::http::endpoints::{Access, ENDPOINTS, Effect, Endpoint};
use whitelist::store::DatabaseUrl;
use whitelist::store::keep::TABLES;

const GOLDEN: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/tests/golden/roles.txt");
const HEAD: &str = "# Status of every endpoint for every caller. Written by the test `matrix` with UPDATE_GOLDEN=1.\n";
const CSV: &str = "uscc,item_name_zh,hs_code,quantity,unit,valid_from,valid_to\n91110302XFXTR00172,全新物品,2937210000,5,036,2026-09-01,2027-08-31\n";

/// Somebody who calls: without a token, with one that grants nothing, or in one role.
#[derive(Clone, Copy)]
enum Who {
    Nobody,
    NoRole,
    In(Role),
}

impl Who {
    fn all() -> Vec<Self> {
        [Self::Nobody, Self::NoRole].into_iter().chain(Role::ALL.iter().copied().map(Self::In)).collect()
    }

    fn name(self) -> &'static str {
        match self {
            Self::Nobody => "no token",
            Self::NoRole => "no role",
            Self::In(role) => role.as_str(),
        }
    }

    fn org(self) -> &'static str {
        match self {
            Self::Nobody | Self::NoRole => "nobody",
            Self::In(Role::CustomsLookup | Role::CustomsDraw | Role::CustomsOfficer) => "0101",
            Self::In(Role::EnterpriseApplicant) => ENT_05,
            Self::In(Role::EnterpriseAgent) => ENT_10,
            Self::In(Role::DistrictOfficer) => "110114",
            Self::In(Role::AgencyReviewer) => "bj-drug",
            Self::In(Role::BureauOfficer | Role::BureauApprover | Role::BureauAdmin) => "bj-commerce",
            Self::In(Role::Auditor) => "bj-audit",
            Self::In(Role::Operator) => "operations",
        }
    }

    fn actor(self, app: &TestApp) -> Actor {
        let roles: &[Role] = match &self {
            Self::Nobody | Self::NoRole => &[],
            Self::In(role) => std::slice::from_ref(role),
        };
        Actor { client: app.client(), token: app.token(roles, self.org(), self.name()) }
    }

    fn may(self, access: Access) -> bool {
        match (self, access) {
            (_, Access::Public | Access::Metrics) => true,
            (Self::Nobody | Self::NoRole, Access::Roles(..)) => false,
            (Self::In(role), Access::Roles(roles, _)) => roles.contains(role),
        }
    }
}

/// What exists, so that nothing but the role decides.
struct World {
    listing: String,
    answer: String,
    adjustment: String,
    stop: String,
    manual_release: String,
    message: String,
    people: People,
    entry: String,
    usage: String,
    finding: String,
    /// Revision when everything was prepared for a call.
    prepared: std::cell::Cell<i64>,
    reconciliation: String,
    /// A certificate, and the SHA-256 of its signed file.
    certificate: (String, String),
}

impl World {
    fn build(app: &mut TestApp) -> Self {
        let answer = ask(app, &question(ENT_05, "2937500000"))["id"].as_str().unwrap().to_owned();
        app.restart();
        let adjustment = proposed(app).0.rsplit('/').next().unwrap().to_owned();
        let stop = made(app, "/v1/stops", &emergency()).0;
        let entry = made(app, "/v1/screening", &screening()).0;
        let finding = made(app, "/v1/findings", &finding()).0;
        let usage = handed_in(app).0;
        ok(&app.drawing().put(&place(1), &small()));
        app.inside().messages.flush();
        let messages = app.drawing().get(&format!("/v1/draw-messages?declaration={}", declaration(1))).json();
        let message = messages["items"][0]["id"].as_str().unwrap().to_owned();
        let manual_release = manually_released(app).0;
        let certificate = signed_certificate(app);
        tell_every_role(app);
        let people = People::build(app);
        let listing = number_of(app, ENT_05, "2937500000");
        let reconciliation = reconcile::made(app).0.rsplit('/').next().unwrap().to_owned();
        let prepared = std::cell::Cell::new(0);
        Self {
            listing,
            answer,
            adjustment,
            stop,
            manual_release,
            message,
            people,
            entry,
            usage,
            finding,
            reconciliation,
            certificate,
            prepared,
        }
    }

    /// Body of a draw of a declaration that stands as the verb needs, and its serial.
    fn draw(app: &TestApp, operation: &str) -> (u32, serde_json::Value) {
        let serial = u32::try_from(app.inside().head().unwrap().0).unwrap() + 1000;
        let customs = app.drawing();
        if operation != "put_declaration" && operation != "manually_release_declaration" {
            ok(&customs.put(&place(serial), &small()));
        }
        let lines = json!([{ "line": 1, "quantity": "0.001", "unit": "036" }]);
        let body = match operation {
            "put_declaration" => small(),
            "manually_release_declaration" => manual(),
            "correct_declaration" => {
                act(&customs, serial, "release", &json!({ "sequence": 2 }));
                json!({ "sequence": 3, "reason": { "code": "weighing" }, "lines": lines })
            }
            _ => json!({ "sequence": 2 }),
        };
        (serial, body)
    }

    fn call(&self, app: &TestApp, endpoint: &Endpoint, who: Who) -> Response {
        if let Some(call) = self.people.call(app, endpoint.operation, endpoint.path, who.may(endpoint.access)) {
            return send(app, endpoint.method, who, call);
        }
        let (decides, may) = (decides(endpoint), who.may(endpoint.access));
        let draws = endpoint.path.starts_with("/v1/declarations/") && endpoint.method != "GET";
        let (serial, drawn) = if draws && may { Self::draw(app, endpoint.operation) } else { (1, json!({})) };
        // A decision needs a thing that is still open, and the view of it.
        let (opened, etag) = if decides && may {
            opened(app, endpoint)
        } else {
            let notice = notice_to(who);
            let known = [
                ("/v1/answers", &self.answer),
                ("/v1/stops", &self.stop),
                ("/v1/inbox", &notice),
                ("/v1/draw-messages", &self.message),
                ("/v1/manual-releases", &self.manual_release),
                ("/v1/screening", &self.entry),
                ("/v1/usage-returns", &self.usage),
                ("/v1/findings", &self.finding),
                ("/v1/reconciliations", &self.reconciliation),
            ];
            let known = known.iter().find(|(path, _)| endpoint.path.starts_with(path));
            (known.map_or_else(|| self.adjustment.clone(), |(_, id)| (*id).clone()), "\"1\"".to_owned())
        };
        let id = opened.rsplit('/').next().unwrap();
        let mut target = endpoint.path.to_owned();
        let declared = declaration(serial);
        let number = if target.starts_with("/v1/declarations") { declared.as_str() } else { self.listing.as_str() };
        for (name, value) in [
            ("{number}", number),
            ("{id}", id),
            ("{uscc}", ENT_05),
            ("{sha256}", &self.certificate.1),
            ("{code}", "beijing-2022"),
            ("{hs_code}", "2941500000"),
            ("{slug}", "not-found"),
            ("{kind}", "refusal"),
            ("{name}", "waiting"),
            ("{by}", "received"),
            ("{level}", "0"),
            ("{tile}", "000.p/1"),
            ("{index}", "0"),
            ("{old}", "1"),
            ("{new}", &signed(app).0.to_string()),
        ] {
            target = target.replace(name, value);
        }
        assert!(!target.contains('{'), "{target}: nothing stands for the parameter");
        let asked = json!({ "declaration": { "customs_office": "0101" }, "lines": [{ "line": 1, "enterprise": ENT_05, "hs_code": "2937500000" }] });
        let rejection = json!({ "reason": { "code": "other", "basis": "依据不足" } });
        let (media, body) = match endpoint.operation {
            "get_lookup" => {
                target = format!("{target}?{}", question(ENT_05, "2937500000"));
                ("", String::new())
            }
            "list_listing_changes" | "export_listing_changes_csv" | "export_listing_changes_xlsx" => {
                target += "?from=1&to=2";
                ("", String::new())
            }
            "check_certificate" => {
                target.clone_from(&self.certificate.0);
                ("", String::new())
            }
            "get_certificate_pdf" => {
                target = format!("{}/pdf", if may { certified(app) } else { self.certificate.0.clone() });
                ("", String::new())
            }
            "list_answers" => {
                target += "?declaration=010120261012345678";
                ("", String::new())
            }
            operation if operation.contains("reconciliation") => {
                let (query, media, body) = reconcile::asked(operation);
                target += query;
                (media, body)
            }
            "list_draw_messages" => {
                target += &format!("?declaration={}", declaration(1));
                ("", String::new())
            }
            "review_manual_release" => {
                ("application/json", json!({ "outcome": "accepted", "basis": "情况属实" }).to_string())
            }
            _ if draws => ("application/json", drawn.to_string()),
            "create_lookup" | "dry_run_lookup" => ("application/json", asked.to_string()),
            "propose_adjustment" => ("application/json", proposal(app).to_string()),
            "import_adjustment" | "mark_adjustment_faults" => ("text/csv", CSV.to_owned()),
            "create_screening" => ("application/json", screening().to_string()),
            "end_screening" => ("application/json", json!({ "valid_to": "2026-09-01" }).to_string()),
            "import_screening" | "mark_screening_faults" => ("text/csv", SCREENING_CSV.to_owned()),
            "create_finding" => ("application/json", finding().to_string()),
            "close_finding" => ("application/json", json!({ "outcome": "rectified" }).to_string()),
            "create_usage_return" if who.may(endpoint.access) => {
                ("application/json", usage(&long_listed(app)).to_string())
            }
            "create_usage_return" => ("application/json", usage(&self.listing).to_string()),
            "correct_usage_return" => {
                let mut body = usage(&self.listing);
                body.as_object_mut().unwrap().retain(|name, _| name != "listing" && name != "period_from");
                ("application/json", body.to_string())
            }
            "create_stop" => ("application/json", emergency().to_string()),
            "reject_adjustment" | "lift_stop" => ("application/json", rejection.to_string()),
            _ => ("", String::new()),
        };
        let prepared = if who.may(endpoint.access) {
            let actor = who.actor(app);
            let review = || review::prepare(app, endpoint, who);
            webhooks::prepare(endpoint, &actor)
                .or_else(review)
                .or_else(|| reports::prepare(app, endpoint, who))
                .or_else(|| prepare(app, endpoint, &actor))
        } else {
            None
        };
        let (mut media, mut body) = (media, body);
        let sent;
        let (mut decides, mut etag) = (decides, etag);
        if let Some(prepared) = prepared {
            target = prepared.target;
            if let Some(given) = prepared.body {
                body = given.1;
                sent = given.0;
                media = sent.as_str();
            }
            if let Some(given) = prepared.etag {
                (decides, etag) = (true, given);
            }
        }
        let mut headers = Vec::new();
        if !media.is_empty() {
            headers.push(("Content-Type", media));
        }
        if decides {
            headers.push(("If-Match", etag.as_str()));
        }
        self.prepared.set(app.inside().head().unwrap().0);
        if matches!(who, Who::In(Role::EnterpriseAgent)) {
            headers.push(("Whitelist-Acting-For", ENT_05));
        }
        let actor = who.actor(app);
        match who {
            Who::Nobody => actor.client.send(endpoint.method, &target, &headers, body.as_bytes()),
            Who::NoRole | Who::In(_) => actor.send(endpoint.method, &target, &headers, body.as_bytes()),
        }
    }
}

/// Releases against the answer; its id and entity tag.
fn manually_released(app: &TestApp) -> (String, String) {
    let serial = u32::try_from(app.inside().head().unwrap().0).unwrap() + 1000;
    let officer = Who::In(Role::CustomsOfficer).actor(app);
    ok(&officer.post(&format!("{}/manual-release", place(serial)), &manual()));
    let board = app.officer().get("/v1/manual-releases?state=unreviewed&limit=200").json();
    let items = board["items"].as_array().unwrap();
    let item = items.iter().find(|item| item["declaration"] == declaration(serial)).unwrap();
    (item["id"].as_str().unwrap().to_owned(), format!("\"{}\"", item["revision"]))
}

fn proposal(app: &TestApp) -> serde_json::Value {
    let listing = number_of(app, ENT_10, "2937500000");
    json!({ "scheme": "beijing-2022", "changes": [{ "kind": "vary", "listing": listing, "effective_on": "2026-08-12", "set": { "note": app.inside().head().unwrap().to_string() }, "reason": { "code": "quantity_changed" } }] })
}

/// Makes what an endpoint decides on; returns its place and its entity tag.
fn opened(app: &TestApp, endpoint: &Endpoint) -> (String, String) {
    match endpoint.operation {
        "confirm_stop" | "lift_stop" => made(app, "/v1/stops", &emergency()),
        "review_manual_release" => manually_released(app),
        "end_screening" => made(app, "/v1/screening", &screening()),
        "close_finding" => made(app, "/v1/findings", &finding()),
        "correct_usage_return" => handed_in(app),
        "confirm_reconciliation" => reconcile::made(app),
        _ => proposed(app),
    }
}

/// Proposes as the officer of the matrix, who alone may withdraw it.
fn proposed(app: &TestApp) -> (String, String) {
    made(app, "/v1/adjustments", &proposal(app))
}

/// Makes something as the officer of the matrix.
fn made(app: &TestApp, path: &str, body: &serde_json::Value) -> (String, String) {
    let response = Who::In(Role::BureauOfficer).actor(app).post(path, body);
    assert_eq!(response.status, 201, "{}", response.text());
    (response.header("location").unwrap().to_owned(), response.header("etag").unwrap().to_owned())
}

/// Calls every endpoint as everybody: the role alone decides who gets in.
fn table(app: &mut TestApp) -> String {
    let world = World::build(app);
    let mut table = HEAD.to_owned();
    for (place, who) in Who::all().into_iter().enumerate() {
        writeln!(table, "{}{}", "|   ".repeat(place), who.name()).unwrap();
    }
    for endpoint in ENDPOINTS {
        let status = |who: Who| {
            let status = world.call(app, endpoint, who).status;
            let expected = match (who, who.may(endpoint.access)) {
                (_, true) => 200..300,
                (Who::Nobody, false) => 401..402,
                (Who::NoRole | Who::In(_), false) => 403..404,
            };
            assert!(expected.contains(&status), "{} {} as {}: {status}", endpoint.method, endpoint.path, who.name());
            status.to_string()
        };
        let statuses: Vec<String> = Who::all().into_iter().map(status).collect();
        writeln!(table, "{} {} {}", statuses.join(" "), endpoint.method, endpoint.path).unwrap();
    }
    table
}

on_both! {
    fn every_endpoint_answers_every_role_as_the_golden_file_says(app) {
        let found = table(app);
        if matches!(app.database, DatabaseUrl::Sqlite(_)) && std::env::var_os("UPDATE_GOLDEN").is_some_and(|wanted| wanted == "1") {
            std::fs::write(GOLDEN, &found).unwrap();
        }
        let golden = std::fs::read_to_string(GOLDEN).unwrap_or_default();
        let differing: Vec<(&str, &str)> =
            golden.lines().zip(found.lines()).filter(|(known, found)| known != found).collect();
        assert!(golden == found, "differing lines (golden, found): {differing:#?}; UPDATE_GOLDEN=1 writes the file anew");
    }
}

/// Operation and roles by path and method.
type Table = BTreeMap<(String, String), (String, Option<Vec<String>>)>;

#[test]
fn the_table_is_what_the_contract_says() {
    let told: Table = Contract::get()
        .operations()
        .into_iter()
        .map(|operation| {
            let mut roles = operation.roles;
            roles.iter_mut().for_each(|roles| roles.sort());
            ((operation.path, operation.method), (operation.operation_id, roles))
        })
        .collect();
    let kept: Table = ENDPOINTS
        .iter()
        .map(|endpoint| {
            let words = |roles: RoleSet| {
                let mut words: Vec<String> = roles.iter().map(|role| role.as_str().to_owned()).collect();
                words.sort();
                words
            };
            let roles = match endpoint.access {
                Access::Public | Access::Metrics => None,
                Access::Roles(roles, _) => Some(words(roles)),
            };
            ((endpoint.path.to_owned(), endpoint.method.to_owned()), (endpoint.operation.to_owned(), roles))
        })
        .collect();
    let ours: Vec<_> = kept.iter().filter(|row| told.get(row.0) != Some(row.1)).collect();
    let theirs: Vec<_> = told.iter().filter(|row| kept.get(row.0) != Some(row.1)).collect();
    assert!(ours.is_empty() && theirs.is_empty(), "endpoints: {ours:#?}\nopenapi.yaml: {theirs:#?}");
}

/// Headers and body.
type Sent<'a> = (&'a [(&'a str, &'a str)], &'a [u8]);

#[test]
fn who_may_not_call_is_told_so_before_the_body_is_read() {
    let app = TestApp::start(Database::Sqlite);
    let (nobody, operator) = (app.client(), Who::In(Role::Operator).actor(&app));
    let before = app.inside().head().unwrap();
    for endpoint in
        ENDPOINTS.iter().filter(|endpoint| endpoint.method == "POST" && !Who::In(Role::Operator).may(endpoint.access))
    {
        let target = endpoint.path.replace("{id}", "not-an-id").replace("{number}", "1").replace("{uscc}", ENT_05)
            + "?surprise=1";
        let bodies: [Sent<'_>; 6] = [
            (&[("Content-Type", "application/json")], b"{\"lines\":[{"),
            (&[("Content-Type", "application/json")], b"\xff\xfe\x00"),
            (&[("Content-Type", "text/html")], b"<p>"),
            (&[], b""),
            // What is announced does not come: an answer shows that nobody waited for it.
            (&[("Content-Type", "application/json"), ("Content-Length", "99999999999"), ("Connection", "close")], b"{"),
            (
                &[("Content-Type", "application/json"), ("Transfer-Encoding", "chunked"), ("Connection", "close")],
                b"5\r\n{\"a\":\r\n",
            ),
        ];
        for (headers, body) in bodies {
            let found: Vec<(u16, serde_json::Value)> = [
                nobody.send("POST", &target, headers, body),
                nobody.send("POST", &target, &[headers, &[("Authorization", "Bearer nonsense")]].concat(), body),
                operator.send("POST", &target, headers, body),
            ]
            .into_iter()
            .map(|response| (response.status, response.json()["faults"].clone()))
            .collect();
            let expected: Vec<(u16, serde_json::Value)> =
                [401, 401, 403].into_iter().map(|status| (status, serde_json::Value::Null)).collect();
            assert_eq!(found, expected, "{target} {headers:?}");
        }
    }
    assert_eq!(app.inside().head().unwrap(), before);
}

on_both! {
    fn readers_leave_everything_as_it_is_and_facts_raise_the_revision(app) {
        let world = World::build(app);
        assert!(tables(app)["log_entries"].len() > 50, "the samples are in it");
        for endpoint in ENDPOINTS {
            let who = Who::all().into_iter().rev().find(|who| who.may(endpoint.access)).unwrap();
            let (head, before) = (app.inside().head().unwrap().0, tables(app));
            let response = world.call(app, endpoint, who);
            assert!((200..300).contains(&response.status), "{} {} as {}: {}", endpoint.method, endpoint.path, who.name(), response.status);
            let (after, risen) = (tables(app), app.inside().head().unwrap().0 - head);
            let told = response.header("whitelist-revision").unwrap().parse::<i64>().unwrap();
            assert_eq!(told, head + risen, "{}", endpoint.operation);
            match endpoint.effect {
                // What was prepared for the call may have changed more.
                Effect::Read | Effect::Keep if risen > 0 => assert_eq!(head + risen, world.prepared.get(), "{}", endpoint.operation),
                Effect::Read | Effect::Keep => {
                    let mut changed: Vec<&String> = before.keys().filter(|name| before[*name] != after[*name]).collect();
                    changed.retain(|name| endpoint.effect == Effect::Read || !TABLES.contains(&name.as_str()));
                    changed.retain(|name| !noted(endpoint.operation, name));
                    assert_eq!((risen, changed.as_slice()), (0, [].as_slice()), "{}", endpoint.operation);
                }
                Effect::Fact => assert!(head + risen > world.prepared.get(), "{}", endpoint.operation),
            }
        }
    }
}
