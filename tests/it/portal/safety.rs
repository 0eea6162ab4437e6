//! What keeps the portal safe: nobody acts in another's name, from another site, or with what has ended.

use crate::support::app::{Database, TestApp};
use crate::support::on_both;
use crate::support::visitor::Visitor;
use serde_json::json;
use whitelist::domain::actor::Role;

const FORM: (&str, &str) = ("Content-Type", "application/x-www-form-urlencoded");

#[test]
fn a_change_needs_the_same_site_a_session_and_its_token() {
    let app = TestApp::start(Database::Sqlite);
    let visitor = Visitor::signed_in(&app, "demo.officer");
    let page = visitor.get("/batches");
    let token = page
        .tree()
        .select(&crate::support::visitor::selector("main input[name=_csrf]"))
        .next()
        .unwrap()
        .value()
        .attr("value")
        .unwrap()
        .to_owned();
    let body = |token: &str| {
        url::form_urlencoded::Serializer::new(String::new())
            .extend_pairs([("_csrf", token), ("/scheme", "none")])
            .finish()
    };
    let status = |headers: &[(&str, &str)], token: &str| {
        visitor.send("POST", "/batches", headers, body(token).as_bytes()).status
    };
    let origin = format!("http://{}", app.address);
    let well = status(&[FORM, ("Sec-Fetch-Site", "same-origin")], &token);
    assert!(![403, 401].contains(&well), "{well}");
    assert_eq!(status(&[FORM, ("Sec-Fetch-Site", "cross-site")], &token), 403);
    assert_eq!(status(&[FORM, ("Sec-Fetch-Site", "same-site")], &token), 403);
    assert_eq!(status(&[FORM, ("Origin", "http://elsewhere.example")], &token), 403);
    assert_eq!(status(&[FORM], &token), 403, "neither header");
    assert_ne!(status(&[FORM, ("Origin", &origin)], &token), 403);
    assert_eq!(status(&[FORM, ("Sec-Fetch-Site", "same-origin")], ""), 403);
    assert_eq!(status(&[FORM, ("Sec-Fetch-Site", "same-origin")], &format!("{token}0")), 403);
    let other = Visitor::signed_in(&app, "demo.officer");
    let others = other
        .get("/batches")
        .tree()
        .select(&crate::support::visitor::selector("main input[name=_csrf]"))
        .next()
        .unwrap()
        .value()
        .attr("value")
        .unwrap()
        .to_owned();
    assert_eq!(status(&[FORM, ("Sec-Fetch-Site", "same-origin")], &others), 403, "the token of another session");
}

#[test]
fn the_api_knows_no_cookies_and_pages_say_what_may_run_in_them() {
    let app = TestApp::start(Database::Sqlite);
    let visitor = Visitor::signed_in(&app, "demo.officer");
    assert_eq!(visitor.send("GET", "/v1/listings", &[], b"").status, 401);
    let page = visitor.get("/listings");
    let header = |name: &str| page.response.header(name).unwrap_or_default().to_owned();
    assert!(header("content-security-policy").starts_with("default-src 'none'; script-src 'self'; style-src 'self'"));
    assert_eq!(header("cache-control"), "no-store");
    assert_eq!(header("x-content-type-options"), "nosniff");
    assert_eq!(header("content-language"), "zh-CN");
    let signed_in = Visitor::new(&app).send(
        "POST",
        "/sign-in",
        &[FORM, ("Sec-Fetch-Site", "same-origin")],
        b"_subject=demo.officer",
    );
    let cookie = signed_in.header("set-cookie").unwrap().to_owned();
    assert!(cookie.starts_with("sid=") && cookie.contains("HttpOnly") && cookie.contains("SameSite=Lax"), "{cookie}");
    for elsewhere in ["//evil.example", "https://evil.example", "/\\evil.example"] {
        let body = url::form_urlencoded::Serializer::new(String::new())
            .extend_pairs([("_subject", "demo.officer"), ("_next", elsewhere)])
            .finish();
        let answer =
            Visitor::new(&app).send("POST", "/sign-in", &[FORM, ("Sec-Fetch-Site", "same-origin")], body.as_bytes());
        assert_eq!((answer.status, answer.header("location")), (303, Some("/")), "{elsewhere}");
    }
    assert_eq!(Visitor::new(&app).post("/sign-in", &[("_subject", "demo.nobody")]).status, 403);
}

#[test]
fn nothing_written_is_lost_when_a_session_ends() {
    let app = TestApp::start(Database::Sqlite);
    let applicant = Visitor::signed_in(&app, "demo.gao");
    let id = applicant.fill("/applications/new", &[("/kind", "add"), ("/scheme", "beijing-2022")]).is(200).id();
    let path = format!("/applications/{id}/contact");
    let page = applicant.get(&path);
    app.set_time("2026-08-12T05:00:00.000000Z");
    assert_eq!(applicant.get(&path).path, format!("/sign-in?next=%2Fapplications%2F{id}%2Fcontact"));
    let ended = applicant.submit(&page, &path, &[("/contact/name", "李四")]);
    ended.is(401).says("没有丢失");
    // It waits for its writer, wherever they sign in, and for nobody else.
    let stranger = Visitor::signed_in(&app, "demo.lin");
    assert_eq!(stranger.get("/go-on").path, "/");
    let back = Visitor::new(&app);
    let back_page = back.post("/sign-in", &[("_subject", "demo.gao"), ("_next", "/go-on")]);
    back_page.is(200).says("还在");
    assert!(back_page.html.contains("李四"));
    back.submit(&back_page, &path, &[]).is(200).says("已保存");
    assert_eq!(back.get("/go-on").path, "/", "once sent it is not kept");
    let applicant = back;
    let contact = applicant.get(&path);
    assert!(contact.html.contains("李四"));
    // A browser that never had a session leaves nothing behind.
    let unknown = Visitor::new(&app);
    unknown.post(&path, &[("/contact/name", "王五")]).is(401).says("未能保留");
}

#[test]
fn an_address_that_is_no_page_is_answered_with_one_that_leads_on() {
    let app = TestApp::start(Database::Sqlite);
    let visitor = Visitor::new(&app);
    let html = [("Accept", "text/html,application/xhtml+xml"), ("Accept-Language", "en")];
    let page = visitor.send("GET", "/nothing-here", &html, b"");
    assert_eq!((page.status, page.header("content-type")), (404, Some("text/html; charset=utf-8")));
    assert!(page.text().contains("<h1") && page.text().contains("Nothing is found here"), "{}", page.text());
    // A program is told in its own way, and everybody where the endpoints are.
    for (path, headers) in [("/nothing-here", &[][..]), ("/v1/nothing-here", &html[..])] {
        let problem = visitor.send("GET", path, headers, b"");
        assert_eq!((problem.status, problem.header("content-type")), (404, Some("application/problem+json")), "{path}");
    }
}

#[test]
fn sessions_are_listed_ended_and_run_out() {
    let app = TestApp::start(Database::Sqlite);
    let (here, there) = (Visitor::signed_in(&app, "demo.officer"), Visitor::signed_in(&app, "demo.officer"));
    let stolen = Visitor::new(&app);
    stolen.hold("sid", &there.cookie("sid").unwrap());
    stolen.get("/listings").is(200);
    let account = here.get("/account");
    let tree = account.tree();
    let end = tree
        .select(&crate::support::visitor::selector("form[action*='/end']"))
        .next()
        .unwrap()
        .value()
        .attr("action")
        .unwrap()
        .to_owned();
    here.submit(&account, &end, &[]).is(200).says("会话已结束");
    assert!(stolen.get("/listings").path.starts_with("/sign-in"));
    here.get("/listings").is(200);
    // Used every twenty minutes it goes on, but not beyond ten hours.
    for step in 1..=29 {
        let minutes = 4 * 60 + step * 20;
        app.set_time(&format!("2026-08-12T{:02}:{:02}:00.000000Z", minutes / 60, minutes % 60));
        here.get("/help").is(200);
        assert!(here.get("/listings").path.starts_with("/listings"), "step {step}");
    }
    app.set_time("2026-08-12T14:00:00.000000Z");
    assert!(here.get("/listings").path.starts_with("/sign-in"));
    let out = Visitor::signed_in(&app, "demo.officer");
    let page = out.get("/listings");
    out.submit(&page, "/sign-out", &[]).is(200);
    assert!(out.cookie("sid").is_none());
}

on_both! {
    fn a_session_ends_when_the_roles_of_its_person_change(app) {
        let officer = Visitor::signed_in(app, "demo.officer");
        officer.get("/listings").is(200);
        // From the first administrator on, an officer's role counts only as granted.
        let now = app.clock.now();
        let code = whitelist::app::people::setup::make_code(&app.inside().store, now).unwrap().unwrap();
        let administrator = app.actor(Role::BureauAdmin, "bj-commerce", "admin-1");
        let body = json!({ "code": code, "name": "何川", "language": "zh" });
        let set_up = administrator.post("/v1/setup/first-administrator", &body);
        assert_eq!(set_up.status, 201, "{}", set_up.text());
        app.settle();
        assert!(officer.get("/listings").path.starts_with("/sign-in"));
        Visitor::new(app).post("/sign-in", &[("_subject", "demo.officer")]).is(403);
    }
}

#[test]
fn hostile_words_are_shown_and_never_run() {
    let app = TestApp::start(Database::Sqlite);
    let applicant = Visitor::signed_in(&app, "demo.gao");
    let id = applicant.fill("/applications/new", &[("/kind", "add"), ("/scheme", "beijing-2022")]).is(200).id();
    let hostile = "<script>alert(1)</script>\"'><img src=x onerror=alert(1)>";
    applicant.fill(&format!("/applications/{id}/items/new"), &[("/item/name_zh", hostile)]).is(200);
    for page in [
        format!("/applications/{id}/items"),
        format!("/applications/{id}/items/0"),
        format!("/applications/{id}/check"),
    ] {
        let page = applicant.get(&page);
        assert!(!page.html.contains("<script>alert") && !page.html.contains("<img src=x"), "{}", page.path);
        assert!(page.html.contains("alert(1)"), "{}: it is shown", page.path);
    }
    let search = applicant.get("/listings?q=%3Cscript%3E%22onload%3D1");
    assert!(!search.html.contains("<script>\""));
    for path in
        ["/applications/../../etc/passwd", "/listings/%2e%2e%2f", "/do/none/x", "/assets/../Cargo.toml", "/nowhere"]
    {
        let status = applicant.get(path).status;
        assert!((400..500).contains(&status), "{path}: {status}");
    }
}

#[test]
fn codes_of_certificates_are_not_to_be_tried_out() {
    let app = TestApp::start(Database::Sqlite);
    let stranger = Visitor::new(&app);
    let listing = crate::lookups::number_of(&app, crate::lookups::ENT_05, "2937500000");
    let guess = |at: usize| stranger.get(&format!("/check?number={listing}&code=0000-0000-{at:04}")).status;
    let answers: Vec<u16> = (0..2_000).map(guess).take_while(|status| *status != 429).collect();
    assert!(answers.len() < 2_000 && answers.iter().all(|status| *status == 200), "{} guesses", answers.len());
}
