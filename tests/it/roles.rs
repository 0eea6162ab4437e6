//! Roles of organisations' own: made out of the duties of a fixed role, granted like one, refused beyond it.

use crate::lookups::{ENT_05, ENT_10};
use crate::people::{admin, decide, etag, found, grant, id, put, register, rule};
use crate::support::app::{Actor, Database, TestApp};
use crate::support::client::Response;
use crate::support::on_both;
use crate::support::visitor::Visitor;
use serde_json::json;
use std::collections::{BTreeMap, BTreeSet};
use whitelist::domain::actor::{Caller, Role, RoleSet};
use whitelist::domain::duty::{Duty, DutySet};
use whitelist::domain::id::{CustomRoleId, PersonId};
use whitelist::domain::register::{CustomRole, Grant, MACHINES, Register, Registered};
use whitelist::domain::validity::LegalDay;
use whitelist::http::endpoints::{Access, ENDPOINTS, duties_of};

const BUREAU: &str = "bj-commerce";

fn define(by: &Actor, org: &str, base: &str, name: &str, duties: &[&str]) -> Response {
    by.post("/v1/custom-roles", &json!({ "org": org, "base": base, "name_zh": name, "duties": duties }))
}

fn change(by: &Actor, role: &Response, name: &str, duties: &[&str]) -> Response {
    let place = format!("/v1/custom-roles/{}", id(role));
    put(by, &place, Some(&etag(role)), &json!({ "name_zh": name, "duties": duties }))
}

fn retire(by: &Actor, role: &Response) -> Response {
    by.act(&format!("/v1/custom-roles/{}/retire", id(role)), &etag(role))
}

/// Two administrators of the bureau, which is registered.
fn administered(app: &TestApp, names: (&str, &str)) -> (Actor, Actor) {
    found(app, names.0);
    let (first, second) = (admin(app, names.0), admin(app, names.1));
    let (person, _) = register(app, &first, BUREAU, &[names.1]);
    id(&grant(&first, &person, BUREAU, "bureau.admin"));
    let bureau = json!({ "code": BUREAU, "kind": "bureau", "name_zh": "市商务局", "name_en": "The bureau" });
    assert_eq!(first.post("/v1/organisations", &bureau).status, 201);
    (first, second)
}

/// Grants a role to somebody of the bureau, as two administrators do; returns person and grant.
fn granted(app: &TestApp, (first, second): (&Actor, &Actor), account: &str, role: &str) -> (String, Response) {
    let (person, _) = register(app, first, BUREAU, &[account]);
    let proposed = grant(first, &person, BUREAU, role);
    assert_eq!(proposed.json()["state"], json!("proposed"), "{}", proposed.text());
    (person, decide(second, &proposed, "confirm"))
}

fn lacks(response: &Response, duty: Duty) {
    assert_eq!(response.status, 403, "{}", response.text());
    let detail = response.json()["detail"].as_str().unwrap().to_owned();
    let named = [duty.name(whitelist::domain::lang::Lang::Zh), duty.name(whitelist::domain::lang::Lang::En)];
    assert!(named.iter().any(|name| detail.contains(name)), "{detail}");
}

on_both! {
    fn a_role_of_ones_own_is_made_granted_used_and_refused_beyond_it(app) {
        found(app, "admin-0");
        let first = admin(app, "admin-0");
        let desk = |by: &Actor, duties: &[&str]| define(by, BUREAU, "bureau.officer", "受理窗口", duties);
        assert_eq!(rule(&desk(&first, &["list"])), "organisation_unknown");
        let (other, _) = register(app, &first, BUREAU, &["admin-1"]);
        id(&grant(&first, &other, BUREAU, "bureau.admin"));
        let second = admin(app, "admin-1");
        let bureau = json!({ "code": BUREAU, "kind": "bureau", "name_zh": "市商务局" });
        assert_eq!(first.post("/v1/organisations", &bureau).status, 201);

        // It rests on a fixed role of that kind of organisation, and includes some of its duties.
        for base in ["customs.lookup", "customs.draw", "district.officer", "enterprise.applicant", "auditor"] {
            assert_eq!(rule(&define(&first, BUREAU, base, "窗口", &["everyday"])), "role_not_yours", "{base}");
        }
        assert_eq!(rule(&desk(&first, &["list", "audit"])), "role_not_yours");
        let faulty = first.post("/v1/custom-roles", &json!({ "org": BUREAU, "base": "chief", "duties": ["list", "all"] }));
        let faults = faulty.json()["faults"].as_array().unwrap().clone();
        let pointers: Vec<&str> = faults.iter().map(|fault| fault["pointer"].as_str().unwrap()).collect();
        assert_eq!((faulty.status, pointers), (400, vec!["/base", "/name_zh", "/duties/1"]));
        let role = desk(&first, &["cases", "intake", "list"]);
        assert_eq!(role.status, 201, "{}", role.text());
        assert_eq!(role.json()["duties"], json!(["everyday", "list", "cases", "intake"]), "nobody is without the everyday one");
        assert_eq!(rule(&desk(&first, &["list"])), "role_name_taken");

        // Granted like a fixed role, by two.
        let named = id(&role);
        let (person, given) = granted(app, (&first, &second), "officer-1", &named);
        let given_view = given.json();
        assert_eq!((&given_view["role"], &given_view["custom_role"]), (&json!("bureau.officer"), &json!(named)));
        let officer = app.officer();
        assert_eq!((officer.get("/v1/listings").status, officer.get("/v1/applications").status), (200, 200));
        assert_eq!(officer.get("/v1/inbox").status, 200);
        lacks(&officer.get("/v1/adjustments"), Duty::Oversight);
        lacks(&officer.send("GET", "/v1/adjustments", &[("Accept-Language", "en")], b""), Duty::Oversight);
        let proposal = json!({ "scheme": "beijing-2022", "changes": [] });
        lacks(&officer.post("/v1/adjustments", &proposal), Duty::Adjust);
        lacks(&officer.get("/v1/listings.csv"), Duty::Export);
        // What another role of the fixed ones may is refused as to anybody without it.
        assert_eq!(officer.get("/v1/log/entries").json()["detail"], app.approver().get("/v1/log/entries").json()["detail"]);
        // An export in the background is none either.
        lacks(&officer.post("/v1/report-jobs", &json!({ "target": "/v1/listings.csv" })), Duty::Export);

        // Who holds it is shown; while somebody does it is not retired and never grows.
        let shown = second.get(&format!("/v1/custom-roles/{named}"));
        assert_eq!(shown.json()["held"], json!(1));
        assert_eq!(shown.json()["holders"][0]["person"], json!(person));
        assert_eq!(rule(&retire(&first, &role)), "role_held");
        assert_eq!(rule(&change(&first, &role, "受理窗口", &["cases", "intake", "list", "adjust"])), "role_widened");
        assert_eq!(rule(&change(&first, &role, "受理窗口", &["cases", "intake", "list"])), "nothing_changes");
        let renamed = change(&first, &role, "受理处", &["cases", "intake", "list"]);
        assert_eq!(renamed.json()["name"]["zh"], json!("受理处"), "{}", renamed.text());
        assert_eq!(change(&second, &role, "受理处", &["list"]).status, 412, "as it was seen before");
        let less = change(&second, &renamed, "受理处", &["list"]);
        assert_eq!(less.json()["duties"], json!(["everyday", "list"]), "{}", less.text());
        lacks(&officer.get("/v1/applications"), Duty::Cases);
        assert_eq!(officer.get("/v1/listings").status, 200);

        // A grant that waits holds it too: nobody confirms more than was proposed.
        assert_eq!(decide(&first, &given, "end").status, 200);
        let (waits, _) = register(app, &first, BUREAU, &["officer-2"]);
        let proposed = grant(&first, &waits, BUREAU, &named);
        assert_eq!(rule(&change(&first, &less, "受理处", &["list", "adjust"])), "role_widened");
        assert_eq!(rule(&retire(&first, &less)), "role_held");
        assert_eq!(decide(&second, &proposed, "refuse").status, 200);
        let more = change(&first, &less, "受理处", &["list", "adjust"]);
        assert_eq!(more.json()["duties"], json!(["everyday", "list", "adjust"]), "held by nobody: {}", more.text());
        let retired = retire(&first, &more);
        assert_eq!(retired.json()["state"], json!("retired"), "{}", retired.text());
        assert_eq!((retire(&first, &retired).status, change(&first, &retired, "新", &["list"]).status), (409, 409));
        assert_eq!(rule(&grant(&first, &waits, BUREAU, &named)), "role_retired");
        assert_eq!(rule(&grant(&first, &waits, "bj-drug", &named)), "role_not_yours", "another organisation");
        assert_eq!(grant(&first, &waits, BUREAU, "rol_1").status, 400);

        // Each step is an entry of the log, in words, and its name is nowhere in it.
        let auditor = Actor { token: app.token(&[Role::Auditor], "bj-audit", "auditor-1"), ..app.auditor() };
        let (watcher, _) = register(app, &first, "bj-audit", &["auditor-1"]);
        let watches = grant(&first, &watcher, "bj-audit", "auditor");
        assert_eq!(decide(&second, &watches, "confirm").status, 200);
        let entries = auditor.get(&format!("/v1/log/entries?entity=custom_role:{named}")).json();
        let types: Vec<&str> = entries["items"].as_array().unwrap().iter().map(|it| it["type"].as_str().unwrap()).collect();
        assert_eq!(types.iter().filter(|kind| **kind == "custom_role.changed").count(), 3, "{entries}");
        assert!(types.contains(&"custom_role.defined") && types.contains(&"custom_role.retired"));
        let said = entries.to_string();
        assert!(!said.contains("受理窗口") && !said.contains("受理处"), "a name: {entries}");
        assert!(said.contains("职责由 日常使用、查阅名单 改为 日常使用、查阅名单、提出名单调整"), "{entries}");
        assert!(said.contains("自定义角色"), "{entries}");
    }
}

on_both! {
    fn fixed_roles_stand_and_an_own_role_is_its_organisations_alone(app) {
        let (first, second) = administered(app, ("admin-1", "admin-2"));
        let listed = first.get("/v1/roles").json();
        assert_eq!(listed["roles"].as_array().unwrap().len(), Role::ALL.len());
        let operations: usize =
            listed["duties"].as_array().unwrap().iter().map(|duty| duty["operations"].as_array().unwrap().len()).sum();
        let governed = ENDPOINTS.iter().filter(|endpoint| matches!(endpoint.access, Access::Roles(..))).count();
        assert_eq!(operations, governed, "each operation belongs to one duty");
        let body = json!({ "name_zh": "市局经办", "duties": ["everyday"] });
        assert_eq!(put(&first, "/v1/custom-roles/bureau.officer", Some("\"1\""), &body).status, 404);
        assert_eq!(first.act("/v1/custom-roles/bureau.officer/retire", "\"1\"").status, 404);
        assert_eq!(first.post("/v1/roles", &body).status, 405);

        let role = define(&first, BUREAU, "bureau.approver", "复核助理", &["list", "cases"]);
        let place = format!("/v1/custom-roles/{}", id(&role));
        let stranger = app.actor(Role::EnterpriseApplicant, ENT_05, "applicant-1");
        assert_eq!(stranger.get(&place).status, 404);
        assert_eq!(stranger.get(&format!("/v1/custom-roles?org={BUREAU}")).json()["items"], json!([]));
        assert_eq!(put(&stranger, &place, Some(&etag(&role)), &body).status, 404);
        assert_eq!(retire(&stranger, &role).status, 404);
        assert_eq!(define(&stranger, ENT_10, "enterprise.agent", "别家", &["list"]).status, 403);
        assert_eq!(rule(&define(&stranger, ENT_05, "bureau.officer", "越权", &["list"])), "role_not_yours");
        let (own, _) = register(app, &stranger, ENT_05, &["clerk-1"]);
        assert_eq!(rule(&grant(&stranger, &own, ENT_05, &id(&role))), "role_not_yours");
        let theirs = define(&stranger, ENT_05, "enterprise.applicant", "报关员", &["list"]);
        assert_eq!(theirs.status, 201, "{}", theirs.text());
        let other = app.actor(Role::EnterpriseApplicant, ENT_10, "applicant-2");
        assert_eq!(other.get(&format!("/v1/custom-roles/{}", id(&theirs))).status, 404);
        // The bureau's administrators see every one; officers see none.
        assert_eq!(second.get("/v1/custom-roles").json()["items"].as_array().unwrap().len(), 2);
        let (_, given) = granted(app, (&first, &second), "officer-1", "bureau.officer");
        assert_eq!((given.status, app.officer().get("/v1/custom-roles").status), (200, 403));
    }
}

on_both! {
    fn nobody_gives_themselves_more_and_somebody_who_administers_is_left(app) {
        // An enterprise: whoever administers its people under an own role gives themselves nothing that it leaves out.
        let bureau = admin(app, "admin-9");
        let clerk = app.actor(Role::EnterpriseApplicant, ENT_05, "clerk-1");
        let (person, _) = register(app, &clerk, ENT_05, &["clerk-1"]);
        let desk = define(&clerk, ENT_05, "enterprise.applicant", "人事", &["see_people", "people", "list"]);
        let given = grant(&clerk, &person, ENT_05, &id(&desk));
        assert_eq!(given.json()["exempt"], json!("own_people"), "{}", given.text());
        lacks(&clerk.get("/v1/applications"), Duty::Cases);
        assert_eq!(rule(&grant(&clerk, &person, ENT_05, "enterprise.applicant")), "own_grant");
        assert_eq!(rule(&change(&clerk, &desk, "人事", &["see_people", "people", "list", "cases"])), "own_role");
        // The bureau's administrator may widen what an enterprise's people hold, and not take the last administrator away.
        assert_eq!(rule(&change(&bureau, &desk, "人事", &["see_people", "list"])), "last_administrator");
        assert_eq!(clerk.get("/v1/people").status, 200, "the refusal left everything as it was");
        let wider = change(&bureau, &desk, "人事", &["see_people", "people", "list", "cases"]);
        assert_eq!((wider.status, clerk.get("/v1/applications").status), (200, 200), "{}", wider.text());
        let (second, _) = register(app, &clerk, ENT_05, &["clerk-2"]);
        id(&grant(&clerk, &second, ENT_05, "enterprise.applicant"));
        assert_eq!(change(&bureau, &wider, "人事", &["see_people", "list"]).status, 200, "another one is there");
        lacks(&clerk.post("/v1/people", &json!({})), Duty::People);

        // The bureau: an administrator who administers no people is none to be left with.
        let (first, second) = administered(app, ("admin-1", "admin-2"));
        let rules = define(&first, BUREAU, "bureau.admin", "规则管理", &["rules", "oversight"]);
        let (_, given) = granted(app, (&first, &second), "admin-3", &id(&rules));
        assert_eq!(given.json()["state"], json!("in_force"), "an own role is confirmed, however few administrators there are");
        lacks(&admin(app, "admin-3").get("/v1/people"), Duty::SeePeople);
        assert_eq!(admin(app, "admin-3").get("/v1/rule-changes").status, 200);
        let people = first.get("/v1/people").json();
        let of = |account: &str| {
            let items = people["items"].as_array().unwrap();
            let found = items.iter().find(|it| it["accounts"][0]["subject"] == account).unwrap();
            (found["id"].as_str().unwrap().to_owned(), format!("\"{}\"", found["revision"]))
        };
        let leave = |by: &Actor, (person, seen): (String, String)| by.act(&format!("/v1/people/{person}/deactivate"), &seen);
        assert_eq!(leave(&first, of("admin-2")).status, 200);
        assert_eq!(rule(&leave(&first, of("admin-1"))), "last_administrator");
    }
}

on_both! {
    fn sessions_end_with_what_they_were_begun_for_and_pages_offer_what_is_left(app) {
        let (_, second) = administered(app, ("demo.admin", "admin-2"));
        let first = admin(app, "demo.admin");
        let whole = ["list", "cases", "handle", "intake", "oversight", "adjust", "export"];
        let role = define(&first, BUREAU, "bureau.officer", "受理窗口", &whole);
        granted(app, (&first, &second), "demo.officer", &id(&role));
        app.settle();
        let officer = Visitor::signed_in(app, "demo.officer");
        let home = officer.get("/");
        home.is(200);
        officer.get("/account").is(200).says("受理窗口");
        for (place, there) in [("/listings", true), ("/cases", true), ("/adjustments", true), ("/reports", false), ("/stops", true)] {
            assert_eq!(home.html.contains(&format!("href=\"{place}\"")), there, "{place}");
        }
        officer.get("/listings").is(200).says("导出");
        officer.get("/stops/new").is(200);
        officer.get("/reports").is(403).says("统计分析");
        officer.get("/do/lift-stop/stp_00000000000000000000000000000001").is(403);

        // The administrator sees what it comes to before it is saved.
        let administrator = Visitor::signed_in(app, "demo.admin");
        let place = format!("/roles/{}", id(&role));
        administrator.get("/roles").is(200).says("受理窗口").says("固定角色");
        administrator.get(&place).is(200).says("张三");
        let form = administrator.get(&format!("{place}/change"));
        form.is(200).says("会话立即结束");
        // As a form that ticks two boxes comes to.
        let less = [("/name_zh", "受理窗口"), ("/duties:list", "list,cases")];
        let asked = administrator.submit(&form, &format!("{place}/change"), &less);
        asked.is(200).says("保存之前").says("提出名单调整").says("张三");
        officer.get("/listings").is(200);
        let saved = administrator.submit(&asked, &format!("{place}/change"), &[]);
        saved.is(200).says("已保存");
        app.settle();
        assert!(officer.get("/listings").path.starts_with("/sign-in"), "the session has ended");
        let officer = Visitor::signed_in(app, "demo.officer");
        let home = officer.get("/");
        home.is(200);
        assert!(!home.html.contains("href=\"/adjustments\""));
        assert!(!officer.get("/listings").is(200).html.contains("/listings.csv"));

        // Made, granted and retired in pages; English is complete.
        let administrator = administrator.in_english();
        let second_page = administrator.get(&format!("/roles/new?org={BUREAU}&base=bureau.approver"));
        second_page.is(200).says("Duties it includes");
        let none = administrator.submit(&second_page, "/roles/new", &[("/name_zh", "受理窗口"), ("/duties:list", "list")]);
        none.is(422).says("choose another");
        let made = administrator.submit(&none, "/roles/new", &[("/name_zh", "看名单"), ("/name_en", "Reader"), ("/duties:list", "list")]);
        made.is(200).says("Reader").says("Nobody holds it");
        let made_id = made.path.split('/').nth(2).unwrap().split('?').next().unwrap().to_owned();
        let page = administrator.get(&format!("/do/grant-role/{}", register(app, &first, BUREAU, &["officer-7"]).0));
        page.is(200).says("Reader (bureau approver");
        administrator.act("retire-role", &made_id, &[]).is(200).says("retired");
    }
}

/// Every fixed role of people with every duty: what is open to a role of one's own that includes this duty alone.
#[test]
fn an_own_role_opens_nothing_that_its_fixed_role_does_not() {
    let day = LegalDay::parse("2026-08-12").unwrap();
    let own = CustomRoleId::new(1);
    for base in RoleSet::ALL.without(MACHINES).iter() {
        let caller = Caller {
            issuer: "i".into(),
            subject: "s".into(),
            org: "o".into(),
            roles: RoleSet::ALL.without(MACHINES),
            acting_for: None,
        };
        let with = |custom: Option<(CustomRoleId, DutySet)>| {
            let grant = Grant {
                org: "o".into(),
                role: base,
                custom: custom.map(|(id, _)| id),
                valid_from: day,
                valid_to: None,
            };
            let register = Register {
                founded: true,
                own_people: BTreeSet::from(["o".into()]),
                accounts: BTreeMap::from([("i".into(), BTreeMap::from([("s".into(), PersonId::new(1))]))]),
                people: BTreeMap::from([(PersonId::new(1), Registered { active: true, grants: vec![grant] })]),
                custom: custom
                    .into_iter()
                    .map(|(id, duties)| (id, CustomRole { name: ("x".into(), None), duties }))
                    .collect(),
                ..Register::default()
            };
            let standing = register.standing(&caller, day);
            let open = ENDPOINTS.iter().filter(|endpoint| match endpoint.access {
                Access::Roles(roles, duty) => standing.under(duty).intersects(roles),
                Access::Public | Access::Metrics => false,
            });
            open.map(|endpoint| endpoint.operation).collect::<BTreeSet<_>>()
        };
        let fixed = with(None);
        let mut together = BTreeSet::new();
        for duty in Duty::ALL {
            let open = with(Some((own, std::iter::once(*duty).collect())));
            assert!(open.is_subset(&fixed), "{base} with {}", duty.as_str());
            assert_eq!(open.is_empty(), !duties_of(base).contains(*duty), "{base} with {}", duty.as_str());
            assert!(together.is_disjoint(&open), "{base}: an operation of two duties");
            together.extend(open);
        }
        assert_eq!(together, fixed, "{base}: every operation belongs to a duty");
        assert_eq!(with(Some((own, duties_of(base)))), fixed, "{base}");
    }
}

/// Every endpoint of the table, asked by somebody whose own role includes three duties.
#[test]
fn every_endpoint_refuses_what_an_own_role_leaves_out() {
    let app = TestApp::start(Database::Sqlite);
    let (first, second) = administered(&app, ("admin-1", "admin-2"));
    let role = define(&first, BUREAU, "bureau.officer", "受理窗口", &["list", "cases"]);
    granted(&app, (&first, &second), "officer-1", &id(&role));
    let officer = app.officer();
    let held = DutySet::from_iter([Duty::Everyday, Duty::List, Duty::Cases]);
    let (mut refused, mut open) = (0, 0);
    let before = app.inside().head().unwrap();
    for endpoint in ENDPOINTS {
        let Access::Roles(roles, duty) = endpoint.access else { continue };
        let target: String = endpoint
            .path
            .split('/')
            .map(|step| if step.starts_with('{') { "x" } else { step })
            .collect::<Vec<_>>()
            .join("/");
        let answer = officer.send(endpoint.method, &target, &[("If-Match", "\"1\"")], b"");
        let may = roles.contains(Role::BureauOfficer) && held.contains(duty);
        if may {
            open += 1;
            assert_ne!(answer.status, 403, "{}", endpoint.operation);
        } else {
            refused += 1;
            assert_eq!(answer.status, 403, "{}", endpoint.operation);
        }
    }
    assert!(open > 20 && refused > 100, "{open} open, {refused} refused");
    assert_eq!(app.inside().head().unwrap(), before);
}
