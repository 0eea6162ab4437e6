//! Every endpoint with every role: the table of `endpoints` against the contract and against a golden file, refusals
//! before a byte of the body is read, and what each endpoint leaves behind.
//!
//! `UPDATE_GOLDEN=1` writes the golden file anew.

mod review;

use crate::lookups::{ENT_05, ENT_10, ask, number_of, question};
use crate::support::app::{Actor, Database, TestApp};
use crate::support::casework::{self, Standing};
use crate::support::client::Response;
use crate::support::contract::Contract;
use crate::support::on_both;
use diesel::connection::LoadConnection;
use diesel::deserialize::QueryableByName;
use diesel::sql_types::Text;
use diesel::{RunQueryDsl as _, sql_query};
use serde_json::json;
use std::collections::BTreeMap;
use std::fmt::Write as _;
use whitelist::domain::actor::{Role, RoleSet};
use whitelist::http::endpoints::{Access, ENDPOINTS, Effect, Endpoint};
use whitelist::store::keep::TABLES;
use whitelist::store::{AnyConnection, StoreError};

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
            (Self::Nobody | Self::NoRole, Access::Roles(_)) => false,
            (Self::In(role), Access::Roles(roles)) => roles.contains(role),
        }
    }
}

/// What exists, so that nothing but the role decides.
struct World {
    listing: String,
    answer: String,
    adjustment: String,
    stop: String,
    /// Revision when everything was prepared for a call.
    prepared: std::cell::Cell<i64>,
}

/// What a call of casework is made with.
struct Prepared {
    target: String,
    etag: Option<String>,
    body: Option<(String, String)>,
}

/// Makes what an operation of casework needs; none for other operations.
fn prepare(app: &TestApp, endpoint: &Endpoint) -> Option<Prepared> {
    let casework = ["/v1/applications", "/v1/items", "/v1/documents"];
    if !casework.iter().any(|prefix| endpoint.path.starts_with(prefix)) {
        return None;
    }
    let applicant = casework::applicant(app, ENT_05);
    let application = || casework::addition(json!([casework::line(1, "氢化可的松", "2937210000")]));
    let draft = || casework::draft(&applicant, &application());
    let lodged = || casework::lodged(&applicant, &application());
    let item = || Standing::of(&applicant.post("/v1/items", &casework::library_item("氢化可的松")));
    let asked = || casework::asked(app, &lodged(), "2026-08-31");
    let form = || casework::form("other", "证明.pdf", casework::PDF);
    let attach = |to: &Standing| Standing::of(&casework::attach(&applicant, to, form()));
    let json = |body: serde_json::Value| Some(("application/json".to_owned(), body.to_string()));
    let (standing, etag, body) = match endpoint.operation {
        "list_items" | "list_applications" => (None, false, None),
        "add_item" => (None, false, json(casework::library_item("氢化可的松"))),
        "begin_application" => (None, false, json(application())),
        "get_item" => (Some(item()), false, None),
        "replace_item" => (Some(item()), true, json(casework::library_item("醋酸氢化可的松"))),
        "archive_item" => (Some(item()), true, None),
        "restore_item" => {
            let item = item();
            let archived = applicant.act(&format!("{}/archive", item.path), &item.etag);
            let etag = archived.header("etag").unwrap().to_owned();
            (Some(Standing { path: item.path, etag }), true, None)
        }
        "change_application" => (Some(draft()), true, json(json!({ "items": "nonsense" }))),
        "discard_application" | "lodge_application" => (Some(draft()), true, None),
        "copy_application" => (Some(draft()), false, None),
        "withdraw_application" => (Some(lodged()), true, json(json!({}))),
        "correct_application" => (Some(asked()), true, json(json!({ "reason": "数量依据见方案" }))),
        "import_application_items" => (Some(draft()), true, Some(("text/csv".to_owned(), casework::sheet(ENT_05)))),
        "attach_document" => {
            let (media, body) = form();
            (Some(draft()), false, Some((media, String::from_utf8(body).unwrap())))
        }
        "get_document" | "scan_document" => {
            let draft = draft();
            let document = attach(&draft);
            assert_eq!(applicant.act(&format!("{}/lodge", draft.path), &draft.etag).status, 200);
            (Some(document), false, None)
        }
        "remove_document" => (Some(attach(&draft())), true, None),
        _ => (Some(lodged()), false, None),
    };
    let id = standing.as_ref().map_or("", |standing| standing.id());
    let mut target = endpoint.path.replace("{id}", id).replace("{number}", "1");
    if endpoint.operation == "compare_application_contents" {
        target += "?from=1&to=1";
    }
    Some(Prepared { target, etag: standing.map(|standing| standing.etag).filter(|_| etag), body })
}

impl World {
    fn build(app: &mut TestApp) -> Self {
        let answer = ask(app, &question(ENT_05, "2937500000"))["id"].as_str().unwrap().to_owned();
        app.restart();
        let adjustment = proposed(app).0.rsplit('/').next().unwrap().to_owned();
        let stop = made(app, "/v1/stops", &emergency()).0;
        let prepared = std::cell::Cell::new(0);
        Self { listing: number_of(app, ENT_05, "2937500000"), answer, adjustment, stop, prepared }
    }

    fn call(&self, app: &TestApp, endpoint: &Endpoint, who: Who) -> Response {
        let decides = decides(endpoint);
        // A decision needs a thing that is still open, and the view of it.
        let (place, etag) = if decides && who.may(endpoint.access) {
            opened(app, endpoint)
        } else {
            let known = [("/v1/answers", &self.answer), ("/v1/stops", &self.stop)];
            let known = known.iter().find(|(path, _)| endpoint.path.starts_with(path));
            (known.map_or_else(|| self.adjustment.clone(), |(_, id)| (*id).clone()), "\"1\"".to_owned())
        };
        let id = place.rsplit('/').next().unwrap();
        let mut target = endpoint.path.to_owned();
        for (name, value) in [
            ("{number}", self.listing.as_str()),
            ("{id}", id),
            ("{uscc}", ENT_05),
            ("{code}", "beijing-2022"),
            ("{hs_code}", "2941500000"),
            ("{slug}", "not-found"),
            ("{kind}", "refusal"),
            ("{name}", "waiting"),
        ] {
            target = target.replace(name, value);
        }
        assert!(!target.contains('{'), "{target}: nothing stands for the parameter");
        let declaration = json!({ "declaration": { "customs_office": "0101" }, "lines": [{ "line": 1, "enterprise": ENT_05, "hs_code": "2937500000" }] });
        let rejection = json!({ "reason": { "code": "other", "basis": "依据不足" } });
        let (media, body) = match endpoint.operation {
            "get_lookup" => {
                target = format!("{target}?{}", question(ENT_05, "2937500000"));
                ("", String::new())
            }
            "list_answers" => {
                target += "?declaration=010120261012345678";
                ("", String::new())
            }
            "create_lookup" | "dry_run_lookup" => ("application/json", declaration.to_string()),
            "propose_adjustment" => ("application/json", proposal(app).to_string()),
            "import_adjustment" => ("text/csv", CSV.to_owned()),
            "create_stop" => ("application/json", emergency().to_string()),
            "reject_adjustment" | "lift_stop" => ("application/json", rejection.to_string()),
            _ => ("", String::new()),
        };
        let prepared = if who.may(endpoint.access) {
            review::prepare(app, endpoint, who).or_else(|| prepare(app, endpoint))
        } else {
            None
        };
        let (mut media, mut body) = (media, body);
        let mut sent = String::new();
        let (mut decides, mut etag) = (decides, etag);
        if let Some(prepared) = prepared {
            target = prepared.target;
            if let Some(given) = prepared.body {
                (sent, body) = given;
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

fn proposal(app: &TestApp) -> serde_json::Value {
    let listing = number_of(app, ENT_10, "2937500000");
    json!({ "scheme": "beijing-2022", "changes": [{ "kind": "vary", "listing": listing, "effective_on": "2026-08-12", "set": { "note": app.inside().head().unwrap().to_string() }, "reason": { "code": "quantity_changed" } }] })
}

/// A stop of what no question of the matrix is about.
fn emergency() -> serde_json::Value {
    json!({ "scheme": "beijing-2022", "class": { "kind": "cas", "value": "363-24-6" }, "reason": { "code": "risk_found" } })
}

/// Whether an endpoint decides on something that is open.
fn decides(endpoint: &Endpoint) -> bool {
    matches!(
        endpoint.operation,
        "confirm_adjustment" | "reject_adjustment" | "withdraw_adjustment" | "confirm_stop" | "lift_stop"
    )
}

/// Makes what an endpoint decides on; returns its place and its entity tag.
fn opened(app: &TestApp, endpoint: &Endpoint) -> (String, String) {
    match endpoint.operation {
        "confirm_stop" | "lift_stop" => made(app, "/v1/stops", &emergency()),
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

fn table(app: &mut TestApp) -> String {
    let world = World::build(app);
    let mut table = HEAD.to_owned();
    for (place, who) in Who::all().into_iter().enumerate() {
        writeln!(table, "{}{}", "|   ".repeat(place), who.name()).unwrap();
    }
    for endpoint in ENDPOINTS {
        let statuses: Vec<String> =
            Who::all().into_iter().map(|who| world.call(app, endpoint, who).status.to_string()).collect();
        writeln!(table, "{} {} {}", statuses.join(" "), endpoint.method, endpoint.path).unwrap();
    }
    table
}

#[test]
fn every_endpoint_answers_every_role_as_the_golden_file_says() {
    let mut app = TestApp::start(Database::Sqlite);
    let found = table(&mut app);
    if std::env::var_os("UPDATE_GOLDEN").is_some_and(|wanted| wanted == "1") {
        std::fs::write(GOLDEN, &found).unwrap();
    }
    let golden = std::fs::read_to_string(GOLDEN).unwrap_or_default();
    let differing: Vec<(&str, &str)> =
        golden.lines().zip(found.lines()).filter(|(known, found)| known != found).collect();
    assert!(golden == found, "differing lines (golden, found): {differing:#?}; UPDATE_GOLDEN=1 writes the file anew");
}

on_both! {
    fn the_role_alone_decides_who_gets_in(app) {
        let world = World::build(app);
        for endpoint in ENDPOINTS {
            for who in Who::all() {
                let status = world.call(app, endpoint, who).status;
                let expected = match (who, who.may(endpoint.access)) {
                    (_, true) => 200..300,
                    (Who::Nobody, false) => 401..402,
                    (Who::NoRole | Who::In(_), false) => 403..404,
                };
                assert!(expected.contains(&status), "{} {} as {}: {status}", endpoint.method, endpoint.path, who.name());
            }
        }
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
                Access::Roles(roles) => Some(words(roles)),
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
    for endpoint in ENDPOINTS.iter().filter(|endpoint| endpoint.method == "POST") {
        let target = endpoint.path.replace("{id}", "not-an-id").replace("{number}", "1") + "?surprise=1";
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

/// A row, or the name of something, as text.
#[derive(QueryableByName)]
struct Line {
    #[diesel(sql_type = Text)]
    line: String,
}

fn lines<C>(conn: &mut C, sql: &str) -> Vec<String>
where
    C: LoadConnection,
    for<'q> diesel::query_builder::SqlQuery: diesel::query_dsl::LoadQuery<'q, C, Line>,
{
    sql_query(sql).load::<Line>(conn).unwrap().into_iter().map(|row| row.line).collect()
}

/// Every table with its rows, without those written in the background: recorded answers and signed heads.
fn tables(app: &TestApp) -> BTreeMap<String, Vec<String>> {
    let read = |conn: &mut AnyConnection| {
        Ok::<_, StoreError>(match conn {
            AnyConnection::Sqlite(conn) => {
                let names = lines(
                    conn,
                    "SELECT name AS line FROM sqlite_schema WHERE type = 'table' AND name NOT LIKE 'answer%' AND name <> 'log_checkpoints'",
                );
                let rows = names.into_iter().map(|name| {
                    let columns = lines(
                        conn,
                        &format!("SELECT 'quote(\"' || name || '\")' AS line FROM pragma_table_info('{name}')"),
                    )
                    .join(" || '|' || ");
                    let rows = lines(conn, &format!("SELECT {columns} AS line FROM \"{name}\" ORDER BY 1"));
                    (name, rows)
                });
                rows.collect::<BTreeMap<_, _>>()
            }
            AnyConnection::Postgres(conn) => {
                let names = lines(
                    conn,
                    "SELECT tablename::text AS line FROM pg_tables WHERE schemaname = 'public' AND tablename NOT LIKE 'answer%' AND tablename <> 'log_checkpoints'",
                );
                let rows = names.into_iter().map(|name| {
                    let rows = lines(conn, &format!("SELECT t::text AS line FROM \"{name}\" t ORDER BY 1"));
                    (name, rows)
                });
                rows.collect()
            }
        })
    };
    app.inside().store.read(read).unwrap()
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
                Effect::Read if risen > 0 => assert_eq!(head + risen, world.prepared.get(), "{}", endpoint.operation),
                Effect::Read | Effect::Keep => {
                    let mut changed: Vec<&String> = before.keys().filter(|name| before[*name] != after[*name]).collect();
                    changed.retain(|name| endpoint.effect == Effect::Read || !TABLES.contains(&name.as_str()));
                    assert_eq!((risen, changed.as_slice()), (0, [].as_slice()), "{}", endpoint.operation);
                }
                Effect::Fact => assert!(head + risen > world.prepared.get(), "{}", endpoint.operation),
            }
        }
    }
}
