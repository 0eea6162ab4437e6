//! Pages of the portal over 10,000 listings and 2,000 cases: what each takes, and what clicking does to lookups.
//!
//! Pages are asked one after another over one connection, so that a time is that of the server. Sessions are made in the
//! database beforehand, as a sign-in would. Every page is looked at before it is measured; one that its people cannot open
//! without an id of something is measured with one.

use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::{Duration, Instant};
use whitelist::app::review::figures::counted::Period;
use whitelist::app::{App, stand_last};
use whitelist::domain::actor::{Caller, Role, RoleSet};
use whitelist::domain::lang::Lang;
use whitelist::http::portal::table::{Access, PAGES};
use whitelist::store::applications::{self, Narrowing};

use super::client::{click, drive, drive_paced, times};
use super::list::{Sample, database_of, opened, opening_of, uscc};
use super::machine::CpuClock;
use super::report::{Goal, Report, tell};
use super::servers::Server;
use super::worklists::{ENTERPRISE, STAGES, case, p95};
use super::{Outcome, Plan};

/// Listings of the list.
const LISTINGS: u32 = 10_000;
/// Cases.
const CASES: usize = 2_000;
/// Enterprises that they come from.
const APPLICANTS: usize = 100;
/// Items of each.
const ITEMS: i32 = 5;
/// Readings of each page.
const READINGS: usize = 40;
/// Goal at p95, milliseconds.
const GOAL: f64 = 20.0;
/// People who click.
const OFFICERS: usize = 50;
/// How long each of them looks at a page.
const LOOKS: Duration = Duration::from_secs(1);

/// Whose pages are opened: role and organisation.
const PEOPLE: [(Role, &str); 9] = [
    (Role::BureauOfficer, "bj-commerce"),
    (Role::BureauApprover, "bj-commerce"),
    (Role::BureauAdmin, "bj-commerce"),
    (Role::Auditor, "bj-audit"),
    (Role::AgencyReviewer, "bj-drug"),
    (Role::DistrictOfficer, "110108"),
    (Role::EnterpriseApplicant, ENTERPRISE),
    (Role::CustomsOfficer, "0101"),
    (Role::Operator, "bj-operations"),
];

/// Pages of an officer's day.
const DAY: [&str; 8] = [
    "/",
    "/worklists/decisions",
    "/cases",
    "/listings",
    "/listings?q=%E7%94%A8",
    "/adjustments",
    "/batches",
    "/reports",
];

/// A list with cases in a data folder, and sessions of people.
struct Office {
    list: Sample,
    data: PathBuf,
    cookies: Vec<(Role, String)>,
    case: String,
}

impl Office {
    fn open(folder: &Path) -> Outcome<Self> {
        let data = folder.join("office");
        tell(&format!("{LISTINGS} listings and {CASES} cases …"));
        let list = Sample::recorded(&data, LISTINGS, None)?;
        let opened = opened(opening_of(&data, &database_of(&data)))?;
        for place in 0..CASES {
            let stage = STAGES.get(place % STAGES.len()).copied().ok_or("no stage")?;
            let nth = u32::try_from(place % APPLICANTS)?;
            let of_list = if nth == 0 { ENTERPRISE.to_owned() } else { uscc(nth).ok_or("no check character fits")? };
            case(&opened.app, &of_list, place, stage, ITEMS)?;
        }
        let cookies = PEOPLE.iter().map(|(role, org)| Ok((*role, session(&opened.app, *role, org)?)));
        let cookies = cookies.collect::<Outcome<Vec<_>>>()?;
        let first = opened.app.store.read(|conn| applications::list(conn, &Narrowing::default(), "", 1))?;
        let case = first.first().map(|row| row.id.clone()).ok_or("no case")?;
        opened.close();
        Ok(Self { list, data, cookies, case })
    }

    /// Says who may open a page, by a cookie; none where everybody may.
    fn cookie(&self, access: Access) -> Option<&str> {
        let of = |roles: RoleSet| self.cookies.iter().find(|(role, _)| roles.contains(*role));
        match access {
            Access::Public => None,
            Access::SignedIn => of(RoleSet::ALL).map(|(_, cookie)| cookie.as_str()),
            Access::Roles(roles) => of(roles).map(|(_, cookie)| cookie.as_str()),
        }
    }

    /// The address of a page with what stands for its parameters; none where there is nothing.
    fn address(&self, path: &str) -> Option<String> {
        if !path.contains('{') {
            return Some(path.to_owned());
        }
        let filled = match path {
            "/cases/{id}" => path.replace("{id}", &self.case),
            "/worklists/{name}" => return Some("/worklists/decisions".to_owned()),
            "/listings/{number}" => path.replace("{number}", "BJ-2026-000001-1"),
            "/reports/{by}" => path.replace("{by}", "received"),
            "/schemes/{code}" => path.replace("{code}", "beijing-2022"),
            _ => return None,
        };
        Some(filled)
    }
}

fn session(app: &Arc<App>, role: Role, org: &str) -> Outcome<String> {
    let caller = Caller {
        issuer: "urn:bench".into(),
        subject: format!("{role}").into(),
        org: org.into(),
        roles: RoleSet::of(&[role]),
        acting_for: None,
    };
    Ok(app.begin_session(&caller, "bench")?)
}

fn request(path: &str, cookie: Option<&str>) -> Vec<u8> {
    let cookie = cookie.map(|cookie| format!("Cookie: sid={cookie}\r\n")).unwrap_or_default();
    format!("GET {path} HTTP/1.1\r\nHost: whitelist\r\nAccept-Language: zh-CN\r\n{cookie}\r\n").into_bytes()
}

/// Measures every page.
pub fn measure(folder: &Path, report: &mut Report) -> Outcome<()> {
    let office = Office::open(folder)?;
    figures(&office, report)?;
    let server = Server::list(&office.data, false)?;
    let mut worst = 0.0_f64;
    let pages = PAGES.iter().filter(|page| page.method == "GET" && !page.path.starts_with("/sign-in/"));
    for page in pages {
        let Some(address) = office.address(page.path) else { continue };
        let request = request(&address, office.cookie(page.access));
        // A page that leads elsewhere has nothing to measure.
        let Ok(mut took) = times(server.address, &request, READINGS) else {
            tell(&format!("{address} leads elsewhere and is not measured"));
            continue;
        };
        let p95 = p95(&mut took);
        worst = worst.max(p95);
        report.once(&format!("page {address}, p95"), "ms", p95, Goal::AtMost(GOAL));
    }
    report.once("the slowest page, p95", "ms", worst, Goal::AtMost(GOAL));
    Ok(())
}

/// Measures the figures of the reports when they are worked out anew, which no page shows once they are known.
fn figures(office: &Office, report: &mut Report) -> Outcome<()> {
    let opened = opened(opening_of(&office.data, &database_of(&office.data)))?;
    let start = Instant::now();
    opened.app.figures(Period::default(), Lang::Zh)?;
    report.once("every figure of the reports, worked out anew", "ms", start.elapsed().as_secs_f64() * 1e3, Goal::None);
    opened.close();
    Ok(())
}

/// Measures lookups at half of their peak, alone and while officers click.
pub fn beside_lookups(folder: &Path, plan: Plan, report: &mut Report) -> Outcome<()> {
    let office = Office::open(folder)?;
    let server = Server::list(&office.data, false)?;
    let gets = office.list.gets()?;
    let clock = CpuClock::new();
    drive(server.address, server.process(), clock, &gets, Duration::from_millis(500))?;
    let peak = drive(server.address, server.process(), clock, &gets, plan.turn)?.rate;
    report.once("lookups at their peak", "/s", peak, Goal::None);
    let officer = office.cookie(Access::Roles(RoleSet::of(&[Role::BureauOfficer])));
    let clicks: Vec<Vec<u8>> = DAY.iter().map(|path| request(path, officer)).collect();
    let time = plan.turn.saturating_mul(2);
    let (mut alone, mut beside, mut pages, mut ratios) = (Vec::new(), Vec::new(), Vec::new(), Vec::new());
    // A pause of the machine is as long as what is looked for, so that more rounds are needed than elsewhere.
    for _ in 0..plan.rounds.saturating_mul(2) {
        let quiet = drive_paced(server.address, &gets, time, peak / 2.0)?;
        let (busy, clicked) = std::thread::scope(|scope| -> Outcome<_> {
            // As with draws: who clicks stands last here, so that a lookup does not wait for the generator of their clicks.
            let clicking = scope.spawn(|| {
                stand_last();
                click(server.address, &clicks, OFFICERS, LOOKS, time)
            });
            // An answer other than 200 ends the measurement: none was refused where it goes on.
            let busy = drive_paced(server.address, &gets, time, peak / 2.0)?;
            Ok((busy, clicking.join().map_err(|_| "a client thread panicked")??))
        })?;
        alone.push(quiet.p99);
        beside.push(busy.p99);
        ratios.push(busy.p99 / quiet.p99);
        pages.push(clicked);
    }
    report.rounds("lookups at half of their peak, alone: p99", "ms", &alone, Goal::None);
    report.rounds(&format!("the same while {OFFICERS} officers click: p99"), "ms", &beside, Goal::None);
    report.rounds("p99 while officers click / alone", "", &ratios, Goal::AtMost(2.0));
    report.rounds("pages meanwhile: p95", "ms", &pages, Goal::None);
    Ok(())
}
