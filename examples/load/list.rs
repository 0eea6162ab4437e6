//! Made-up lists of any length, and the questions that are asked about them.
//!
//! A hundred listings to an enterprise; every tenth listing was extended once, so that lists hold versions too. One
//! list is recorded through the writer with its log, as a bureau's would be; longer ones are put into the tables in
//! bulk, with leaves that say nothing, because only loading and asking are measured on them.

use diesel::RunQueryDsl as _;
use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicU32, Ordering};
use std::time::{Duration, Instant};
use whitelist::app::found::{adopt_scheme, read_scheme, system};
use whitelist::app::tariff;
use whitelist::cli::demo_issuer::DemoIssuer;
use whitelist::cli::open::{Opened, Opening, open};
use whitelist::clock::Clock;
use whitelist::domain::actor::Role;
use whitelist::domain::code::{HsCode, UnitCode, Uscc};
use whitelist::domain::listing_number::ListingNumber;
use whitelist::domain::validity::LegalDay;
use whitelist::store::rows::{EnterpriseRow, ListingRow};
use whitelist::store::schema::listing_versions;
use whitelist::store::{AnyConnection, DatabaseUrl, Environment, StoreError, dialect, log};
use whitelist::tlog::merkle::leaf_hash;

use super::Outcome;
use super::client::Requests;
use super::report::{Goal, Report, real};

const SCHEME: &str = include_str!("../../samples/schemes/beijing-2022.toml");

/// Listings of an enterprise.
const OF_ENTERPRISE: u32 = 100;

/// Commodity codes in use, the first of them, and the step between the codes of one enterprise and the next.
const CODES: u32 = 1_000;
const FIRST_CODE: u64 = 2_930_000_000;
const STEP: u32 = 37;

/// Questions asked in turn: the same number whatever the list's length, so that the client's own caches weigh the same.
const QUESTIONS: u32 = 100_000;

/// Coprime to every length: walks a list in an order that no cache foresees.
const STRIDE: u64 = 7_919;

/// Rows that are written together: 2,000 listings with 200 extensions, so that no listing is parted from its extension.
const TOGETHER: usize = 2_200;

/// Granted of each listing, in steps of 0.00001 g, and what is asked for.
const GRANTED: i64 = 100_000_000;
const ASKED: &str = "1.5";
const GRAM: &str = "036";

/// A list in a data folder of its own.
pub struct Sample {
    /// The data folder.
    pub data: PathBuf,
    /// The database.
    pub database: DatabaseUrl,
    listings: u32,
    enterprises: Vec<String>,
    today: LegalDay,
}

/// A listing that may be drawn on.
#[derive(Debug, Clone, Copy)]
pub struct Drawable {
    /// Its number.
    pub number: ListingNumber,
    /// The importer.
    pub enterprise: Uscc,
    /// Classification.
    pub hs_code: HsCode,
    /// Unit of its quantity.
    pub unit: UnitCode,
    /// What was granted, in steps.
    pub granted: i64,
}

/// Returns the database of a data folder.
pub fn database_of(data: &Path) -> DatabaseUrl {
    DatabaseUrl::Sqlite(data.join("whitelist.db"))
}

/// Returns how a data folder is opened here.
pub fn opening_of(data: &Path, database: &DatabaseUrl) -> Opening {
    Opening {
        data: data.to_path_buf(),
        database: database.clone(),
        follow: None,
        environment: Some(Environment::Demo),
        public_url: None,
        migrate: true,
        record: false,
        max_staleness: Duration::from_secs(5),
        answers_kept: whitelist::app::record::KEPT,
        overflow: whitelist::domain::receipt::Overflow::Count,
        signing: whitelist::domain::receipt::AnswerAlgorithm::EdDsa,
        national: false,
        font: None,
        messages_kept: whitelist::app::draw::messages::KEPT,
        clock: Clock::system(),
        group: 256,
    }
}

/// Opens a data folder.
pub fn opened(opening: Opening) -> Outcome<Opened> {
    open(opening).map_err(|failure| format!("{failure:?}").into())
}

impl Sample {
    /// Returns a list that is kept from run to run, recording it at first.
    pub fn kept(data: &Path, listings: u32) -> Outcome<Self> {
        let DatabaseUrl::Sqlite(file) = database_of(data) else { return Err("a list is kept in SQLite".into()) };
        if file.exists() {
            Self::named(data, listings, Clock::system().now().day())
        } else {
            Self::recorded(data, listings, None)
        }
    }

    /// Makes a list that is recorded entry by entry.
    pub fn recorded(data: &Path, listings: u32, report: Option<&mut Report>) -> Outcome<Self> {
        Self::recorded_in(data, &database_of(data), listings, report)
    }

    /// The same in any database.
    pub fn recorded_in(
        data: &Path,
        database: &DatabaseUrl,
        listings: u32,
        report: Option<&mut Report>,
    ) -> Outcome<Self> {
        let (sample, opened) = Self::founded(data, database, listings)?;
        let start = Instant::now();
        sample.record(&opened)?;
        let rate = real(listings.into()) / start.elapsed().as_secs_f64();
        if let Some(report) = report {
            report.once("listings recorded with their log entries, 2,000 to a command", "/s", rate, Goal::None);
        }
        opened.close();
        Ok(sample)
    }

    /// Returns the number of entries that its listings come to.
    pub fn entries(&self) -> u32 {
        u32::try_from(self.rows().count()).unwrap_or(u32::MAX)
    }

    /// Records every listing, entry by entry.
    pub fn record(&self, opened: &Opened) -> Outcome<()> {
        for rows in self.rows().collect::<Vec<_>>().chunks(TOGETHER) {
            let rows = rows.to_vec();
            opened.app.store.write(system("bench", opened.app.clock.now()), move |tx| {
                let mut last: Option<ListingRow> = None;
                for mut row in rows {
                    row.revision = tx.next_revision().0;
                    let (before, event) =
                        if row.version == 1 { (None, "listing.added") } else { (last.as_ref(), "listing.extended") };
                    tx.save(row.clone(), before, event)?;
                    last = Some(row);
                }
                Ok::<_, StoreError>(())
            })?;
        }
        Ok(())
    }

    /// Makes a list in bulk.
    pub fn bulk(data: &Path, listings: u32) -> Outcome<Self> {
        Self::bulk_in(data, &database_of(data), listings)
    }

    /// The same in any database.
    pub fn bulk_in(data: &Path, database: &DatabaseUrl, listings: u32) -> Outcome<Self> {
        let (sample, opened) = Self::founded(data, database, listings)?;
        opened.close();
        let mut conn = database.open()?;
        if !database.is_server() {
            dialect::run(&mut conn, "PRAGMA synchronous = OFF")?;
        }
        dialect::begin_write(&mut conn)?;
        let (size, frontier) = log::take_head(&mut conn)?;
        let mut edge = log::edge(&mut conn, size, &frontier)?;
        let mut revision = size;
        let mut entries = Vec::with_capacity(TOGETHER);
        let mut rows = Vec::with_capacity(TOGETHER);
        for mut row in sample.rows() {
            revision += 1;
            row.revision = revision;
            rows.push(row);
            let leaf = format!("bench {revision}").into_bytes();
            let hash = leaf_hash(&leaf).0.to_vec();
            entries.push(log::EntryRow { revision, leaf, leaf_hash: hash });
            if entries.len() == TOGETHER {
                insert(&mut conn, &rows)?;
                rows.clear();
                log::append(&mut conn, &mut edge, &entries)?;
                entries.clear();
            }
        }
        insert(&mut conn, &rows)?;
        log::append(&mut conn, &mut edge, &entries)?;
        dialect::run(&mut conn, "COMMIT")?;
        dialect::run(&mut conn, if database.is_server() { "ANALYZE" } else { "PRAGMA wal_checkpoint(TRUNCATE)" })?;
        Ok(sample)
    }

    fn named(data: &Path, listings: u32, today: LegalDay) -> Outcome<Self> {
        let enterprises = (0..listings.div_ceil(OF_ENTERPRISE))
            .map(uscc)
            .collect::<Option<Vec<_>>>()
            .ok_or("no check character fits")?;
        Ok(Self { data: data.to_path_buf(), database: database_of(data), listings, enterprises, today })
    }

    /// Makes scheme, tariff and enterprises in a database, for what needs no listings.
    pub fn founded_on(data: &Path, listings: u32, database: &DatabaseUrl) -> Outcome<Opened> {
        Self::founded(data, database, listings).map(|(_, opened)| opened)
    }

    /// Makes a data folder with scheme, tariff and enterprises, still open.
    pub fn founded(data: &Path, database: &DatabaseUrl, listings: u32) -> Outcome<(Self, Opened)> {
        let opened = opened(opening_of(data, database))?;
        let at = opened.app.clock.now();
        let mut sample = Self::named(data, listings, at.day())?;
        sample.database = database.clone();
        let scheme = read_scheme(SCHEME)?;
        let codes: String = (0..CODES).map(|code| format!("{},Q,2022-01-01,,,\n", hs_code(code))).collect();
        let table = format!("hs_code,documents,valid_from,valid_to,replaces,name_zh\n{codes}");
        let lines = tariff::read(table.as_bytes()).map_err(|faults| format!("{faults:?}"))?;
        let (names, from) = (sample.enterprises.clone(), scheme.valid_from.value());
        opened.app.store.write(system("bench", at), move |tx| {
            adopt_scheme(tx, &scheme)?;
            tariff::record(tx, &lines)?;
            for uscc in names {
                let revision = tx.next_revision().0;
                tx.save(enterprise(uscc, from, revision, at.micros()), None, "enterprise.registered")?;
            }
            Ok::<_, StoreError>(())
        })?;
        Ok((sample, opened))
    }

    /// Returns the rows of all listings in order of number; their revision is still to be set.
    fn rows(&self) -> impl Iterator<Item = ListingRow> {
        let numbers = (1..).filter_map(|serial| ListingNumber::new("BJ", 2026, serial));
        (0..self.listings).zip(numbers).flat_map(|(nth, number)| {
            let first = self.row(nth, number);
            let extended = nth.is_multiple_of(10).then(|| ListingRow {
                version: 2,
                kind: "extended".to_owned(),
                effective_on: self.today.add_days(-10).value(),
                valid_to: first.valid_to + 30,
                ..first.clone()
            });
            [Some(first), extended].into_iter().flatten()
        })
    }

    fn row(&self, nth: u32, number: ListingNumber) -> ListingRow {
        let (enterprise, hs_code) = self.pair(nth);
        let from = self.today.add_days(-30);
        ListingRow {
            number: number.to_string(),
            version: 1,
            revision: 0,
            enterprise: enterprise.to_owned(),
            scheme: "beijing-2022".to_owned(),
            effective_on: from.value(),
            kind: "added".to_owned(),
            standing: "listed".to_owned(),
            hs_code: i64::try_from(hs_code).unwrap_or_default(),
            ciq_code: None,
            cas: None,
            purpose: Some("process_material".to_owned()),
            unit: 36,
            quantity: GRANTED,
            consignment_cap: None,
            used: 0,
            valid_from: from.value(),
            valid_to: from.add_years(1).value(),
            customs_offices: None,
            name_zh: format!("研发用物品{nth}号"),
            name_en: Some(format!("Research item no. {nth}")),
            specification: Some("1 g/瓶；>=98%".to_owned()),
            manufacturer: None,
            origin: Some("DEU".to_owned()),
            batch: None,
            note: None,
            conditions: None,
            reason_code: "take_over".to_owned(),
            reason_basis: None,
            adjustment: None,
            recorded_at: from.start_micros(),
        }
    }

    /// Returns enterprise and commodity code of the nth listing; the codes of an enterprise are all different.
    fn pair(&self, nth: u32) -> (&str, u64) {
        let (enterprise, place) = (nth / OF_ENTERPRISE, nth % OF_ENTERPRISE);
        let name = usize::try_from(enterprise).ok().and_then(|nth| self.enterprises.get(nth));
        (name.map_or("", String::as_str), hs_code(enterprise * STEP + place))
    }

    /// Returns pairs to ask about, spread over the list; every tenth is not listed.
    fn asked(&self) -> impl Iterator<Item = (&str, u64)> {
        (0..QUESTIONS).map(|nth| {
            let listing = u32::try_from(u64::from(nth) * STRIDE % u64::from(self.listings)).unwrap_or_default();
            let (enterprise, listed) = self.pair(listing);
            // A code of the table that lies beyond the hundred of the enterprise.
            let other = hs_code(listing / OF_ENTERPRISE * STEP + listing % OF_ENTERPRISE + OF_ENTERPRISE);
            (enterprise, if nth % 10 == 9 { other } else { listed })
        })
    }

    /// Returns the query strings to ask with.
    pub fn queries(&self) -> impl Iterator<Item = String> {
        let day = self.today;
        self.asked().map(move |(enterprise, hs_code)| {
            format!("enterprise={enterprise}&hs_code={hs_code}&customs_office=0101&declared_on={day}&quantity={ASKED}&unit={GRAM}")
        })
    }

    /// Returns requests of `GET /v1/lookup`.
    pub fn gets(&self) -> Outcome<Requests> {
        self.gets_with("", "")
    }

    /// The same with more in the query, and more headers.
    pub fn gets_with(&self, query: &str, headers: &str) -> Outcome<Requests> {
        let request = |asked: String| format!("GET /v1/lookup?{asked}{query} HTTP/1.1\r\n").into_bytes();
        let tail = format!("{}{headers}\r\n", self.headers()?).into_bytes();
        Ok(Requests { heads: self.queries().map(request).collect(), tail })
    }

    /// Returns requests of `POST /v1/lookups` with so many lines each.
    pub fn posts(&self, lines: usize) -> Outcome<Requests> {
        let headers = self.headers()?;
        let asked: Vec<(&str, u64)> = self.asked().collect();
        let request = |asked: &[(&str, u64)]| {
            let lines: Vec<String> = (1..)
                .zip(asked)
                .map(|(line, (enterprise, hs_code)): (u32, _)| {
                    format!(r#"{{"line":{line},"enterprise":"{enterprise}","hs_code":"{hs_code}","quantity":"{ASKED}","unit":"{GRAM}"}}"#)
                })
                .collect();
            let body = format!(
                r#"{{"declaration":{{"customs_office":"0101","declared_on":"{}"}},"lines":[{}]}}"#,
                self.today,
                lines.join(",")
            );
            let length = body.len();
            format!("POST /v1/lookups HTTP/1.1\r\n{headers}Content-Type: application/json\r\nContent-Length: {length}\r\n\r\n{body}").into_bytes()
        };
        Ok(Requests { heads: asked.chunks(lines).map(request).collect(), tail: Vec::new() })
    }

    /// Returns every listing, as a draw names it.
    pub fn drawable(&self) -> Vec<Drawable> {
        let listing = |row: ListingRow| {
            Some(Drawable {
                number: ListingNumber::parse(&row.number).ok()?,
                enterprise: Uscc::parse(&row.enterprise).ok()?,
                hs_code: HsCode::parse(&format!("{:010}", row.hs_code)).ok()?,
                unit: UnitCode::GRAM,
                granted: row.quantity,
            })
        };
        self.rows().filter(|row| row.version == 1).filter_map(listing).collect()
    }

    /// Returns requests of `PUT /v1/declarations/{number}`, each of another declaration, more than a turn can send, on the first
    /// half of the list: races have taken the last listings whole.
    pub fn puts(&self, serial: &AtomicU32, turn: Duration) -> Outcome<Requests> {
        let headers = self.headers()?;
        let count = turn.as_secs_f64().ceil() * 20_000.0;
        let mut heads = Vec::new();
        for nth in (0_u32..).take_while(|nth| f64::from(*nth) < count) {
            let (enterprise, hs_code) = self.pair(nth % (self.listings / 2));
            let number = serial.fetch_add(1, Ordering::Relaxed);
            let body = format!(
                r#"{{"sequence":1,"enterprise":"{enterprise}","customs_office":"0101","lines":[{{"line":1,"hs_code":"{hs_code}","quantity":"0.00001","unit":"{GRAM}"}}]}}"#
            );
            let length = body.len();
            heads.push(
                format!("PUT /v1/declarations/010120261{number:09} HTTP/1.1\r\n{headers}Content-Type: application/json\r\nContent-Length: {length}\r\n\r\n{body}")
                    .into_bytes(),
            );
        }
        Ok(Requests { heads, tail: Vec::new() })
    }

    /// Headers as a customs system sends them, with a token of the demo issuer.
    fn headers(&self) -> Outcome<String> {
        let now = Clock::system().now().micros() / 1_000_000;
        let token = DemoIssuer::load_or_create(&self.data)?.mint(
            &[Role::CustomsLookup, Role::CustomsDraw],
            "0101",
            "customs-1",
            3600,
            now,
            "bench",
        );
        Ok(format!("Host: whitelist\r\nAuthorization: Bearer {token}\r\n"))
    }
}

fn insert(conn: &mut AnyConnection, rows: &[ListingRow]) -> Outcome<()> {
    match conn {
        AnyConnection::Sqlite(conn) => {
            for row in rows {
                diesel::insert_into(listing_versions::table).values(row).execute(conn)?;
            }
        }
        AnyConnection::Postgres(conn) => {
            // A statement takes at most 65,535 values.
            for rows in rows.chunks(1_000) {
                diesel::insert_into(listing_versions::table).values(rows).execute(conn)?;
            }
        }
    }
    Ok(())
}

fn hs_code(place: u32) -> u64 {
    FIRST_CODE + u64::from(place % CODES)
}

/// Makes a USCC whose check character holds.
pub fn uscc(nth: u32) -> Option<String> {
    let codes = "0123456789ABCDEFGHJKLMNPQRTUWXY".chars().map(|check| format!("91110108{nth:09}{check}"));
    codes.into_iter().find(|code| Uscc::parse(code).is_ok())
}

/// Makes the row of an enterprise.
pub fn enterprise(uscc: String, effective_on: i32, revision: i64, recorded_at: i64) -> EnterpriseRow {
    EnterpriseRow {
        name_zh: format!("企业{uscc}"),
        name_en: None,
        uscc,
        version: 1,
        revision,
        effective_on,
        kind: "registered".to_owned(),
        district: "110108".to_owned(),
        customs_registration: None,
        suspended: 0,
        barred_until: None,
        reason_code: "take_over".to_owned(),
        reason_basis: None,
        adjustment: None,
        recorded_at,
    }
}
