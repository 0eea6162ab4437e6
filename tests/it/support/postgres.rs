//! A PostgreSQL of our own for the tests: started once per test process, a fresh database for every test, with the
//! tables already in it where a test does not make them itself.
//!
//! It is not the one of the machine: its data lie in a new folder, its port is a free one, and it does not sync to the
//! disk. Invariant: it ends with the test process, however that ends, because a watcher outside our process group reads
//! a pipe that only this process holds open.

use std::fs;
use std::io::{BufRead, BufReader, Write};
use std::net::TcpListener;
use std::os::unix::process::CommandExt;
use std::path::{Path, PathBuf};
use std::process::{Child, ChildStdout, Command, Stdio};
use std::sync::OnceLock;
use std::sync::atomic::{AtomicU32, Ordering};
use whitelist::store::DatabaseUrl;
use whitelist::store::conn::migrate;

/// The oldest release that the tests accept.
const OLDEST: u32 = 15;

/// Another process may take a free port before the server does.
const PORT_ATTEMPTS: usize = 8;

pub(super) const USER: &str = "whitelist";

const ADVICE: &str = "these tests need PostgreSQL 15 or newer (its server programs, not only psql): \
    `apt-get install postgresql`, `dnf install postgresql-server` or `brew install postgresql@17`, \
    then its `bin` folder under /usr/lib/postgresql or in PATH";

/// Reads a port per line and answers `up`, or `down` and why. When the pipe ends it stops the server and leaves nothing.
const WATCHER: &str = r#"
trap '' INT TERM HUP PIPE
home=$(mktemp -d "$place/wlpg.XXXXXX" 2>/dev/null || mktemp -d /tmp/wlpg.XXXXXX) || exit 1
leave() {
    "$bin/pg_ctl" stop --silent --mode=immediate --pgdata="$home/data" </dev/null >/dev/null 2>&1
    rm -rf "$home"
}
trap leave EXIT
say() { tr '\n' ' ' <"$home/$2" | sed "s/^/$1 /"; echo; }
"$bin/initdb" --pgdata="$home/data" --username="$user" --auth=trust --encoding=UTF8 --locale=C --no-sync \
    </dev/null >"$home/initdb" 2>&1 || { say broken initdb; exit 1; }
echo ready
while read -r port; do
    : >"$home/log"
    if "$bin/pg_ctl" start --silent --wait --timeout=60 --pgdata="$home/data" --log="$home/log" --options="-p $port -k $home \
        -c listen_addresses=127.0.0.1 -c max_connections=300 -c fsync=off -c full_page_writes=off -c archive_mode=off \
        -c max_wal_senders=0 -c wal_level=minimal -c shared_buffers=64MB" </dev/null >/dev/null 2>&1
    then echo up
    else say down log
    fi
done
"#;

/// Makes a fresh database without tables and returns its URL.
///
/// # Panics
/// Panics, naming the command that installs it, when there is no PostgreSQL to start.
pub fn database() -> String {
    copy_of("template0")
}

/// Makes a fresh database with all tables and returns its URL: migrating takes longer than many a test.
///
/// # Panics
/// As [`database`], and when the migrations fail.
pub fn migrated() -> String {
    static TEMPLATE: OnceLock<String> = OnceLock::new();
    copy_of(TEMPLATE.get_or_init(|| {
        let url = database();
        migrate(&mut DatabaseUrl::parse(&url).unwrap().open().unwrap()).unwrap();
        url.rsplit('/').next().unwrap().to_owned()
    }))
}

fn copy_of(template: &str) -> String {
    static SERVER: OnceLock<Server> = OnceLock::new();
    static COUNT: AtomicU32 = AtomicU32::new(0);

    let server = SERVER.get_or_init(Server::start);
    let name = format!("it_{}", COUNT.fetch_add(1, Ordering::Relaxed));
    let port = server.port;
    let output = bare(server.bin.join("createdb"))
        .args(["--host=127.0.0.1", &format!("--port={port}"), &format!("--username={USER}"), "--no-password"])
        .args(["--maintenance-db=postgres", &format!("--template={template}"), &name])
        .output()
        .unwrap_or_else(|error| panic!("createdb does not start: {error}; {ADVICE}"));
    assert!(output.status.success(), "createdb: {}", String::from_utf8_lossy(&output.stderr));
    format!("postgres://{USER}@127.0.0.1:{port}/{name}")
}

struct Server {
    bin: PathBuf,
    port: u16,
    /// Holds the end of the pipe whose closing tells it to clean up.
    _watcher: Child,
}

impl Server {
    fn start() -> Self {
        let bin = programs().unwrap_or_else(|| panic!("PostgreSQL was not found: {ADVICE}"));
        let mut watcher = unprivileged("sh")
            .args(["-c", WATCHER])
            .env("bin", &bin)
            .env("user", USER)
            .env("place", std::env::temp_dir())
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .stderr(Stdio::null())
            // Ctrl-C goes to the whole process group; the watcher has to outlive it.
            .process_group(0)
            .spawn()
            .unwrap_or_else(|error| {
                panic!("the watcher of PostgreSQL does not start: {error}; as root it needs `setpriv` (util-linux)")
            });
        let mut reports = BufReader::new(watcher.stdout.take().expect("stdout is piped"));

        let report = next(&mut reports);
        assert!(report == "ready", "no PostgreSQL data folder was made: {report}");
        let mut refusals = Vec::new();
        for _ in 0..PORT_ATTEMPTS {
            let port = free_port();
            writeln!(watcher.stdin.as_mut().expect("stdin is piped"), "{port}").expect("the watcher reads");
            match next(&mut reports) {
                report if report == "up" => return Self { bin, port, _watcher: watcher },
                report => refusals.push(report),
            }
        }
        panic!("PostgreSQL does not start: {refusals:#?}")
    }
}

pub(super) fn next(reports: &mut BufReader<ChildStdout>) -> String {
    let mut line = String::new();
    reports.read_line(&mut line).expect("the watcher speaks UTF-8");
    line.trim().to_owned()
}

pub(super) fn free_port() -> u16 {
    let socket = TcpListener::bind(("127.0.0.1", 0)).expect("a free port");
    socket.local_addr().expect("a bound address").port()
}

/// Finds the folder of the newest server programs.
pub(super) fn programs() -> Option<PathBuf> {
    let versions =
        fs::read_dir("/usr/lib/postgresql").into_iter().flatten().flatten().map(|entry| entry.path().join("bin"));
    let path = std::env::var_os("PATH").unwrap_or_default();
    versions
        .chain(std::env::split_paths(&path))
        .filter(|bin| ["initdb", "pg_ctl", "postgres", "createdb"].iter().all(|program| bin.join(program).is_file()))
        .filter_map(|bin| Some((release(&bin)?, bin)))
        .filter(|(release, _)| *release >= OLDEST)
        .max_by_key(|(release, _)| *release)
        .map(|(_, bin)| bin)
}

/// Reads the release from a line such as `initdb (PostgreSQL) 17.6`.
fn release(bin: &Path) -> Option<u32> {
    let output = bare(bin.join("initdb")).arg("--version").output().ok()?;
    let text = String::from_utf8(output.stdout).ok()?;
    text.split_once("(PostgreSQL) ")?.1.split(|letter: char| !letter.is_ascii_digit()).next()?.parse().ok()
}

/// A command that does not see settings such as `PGPORT`.
fn bare(program: impl AsRef<std::ffi::OsStr>) -> Command {
    let mut command = Command::new(program);
    command.env_clear().env("PATH", std::env::var_os("PATH").unwrap_or_default()).env("LC_ALL", "C").current_dir("/");
    command
}

/// A command that does not run as root, because PostgreSQL refuses to.
pub(super) fn unprivileged(program: &str) -> Command {
    if id(&["-u"]).as_deref() != Some("0") {
        return bare(program);
    }
    let user = ["postgres", "nobody"].into_iter().find(|user| id(&["-u", user]).is_some());
    let user = user.expect("root needs a user `postgres` or `nobody` to run PostgreSQL as");
    let group = id(&["-g", user]).expect("a user has a group");
    let mut command = bare("setpriv");
    command.args([&format!("--reuid={user}"), &format!("--regid={group}"), "--clear-groups", "--", program]);
    command
}

fn id(arguments: &[&str]) -> Option<String> {
    let output = bare("id").args(arguments).output().ok().filter(|output| output.status.success())?;
    Some(String::from_utf8(output.stdout).ok()?.trim().to_owned())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn query(url: &str, sql: &str) -> String {
        let bin = programs().unwrap();
        let output = bare(bin.join("psql")).args(["-X", "-A", "-t", "-c", sql, url]).output().unwrap();
        assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
        String::from_utf8(output.stdout).unwrap().trim().to_owned()
    }

    #[test]
    fn every_test_gets_a_database_of_its_own() {
        let urls: Vec<String> = std::thread::scope(|scope| {
            let threads: Vec<_> = (0..4).map(|_| scope.spawn(database)).collect();
            threads.into_iter().map(|thread| thread.join().unwrap()).collect()
        });
        for url in &urls {
            query(url, "CREATE TABLE only_here (id INTEGER)");
            assert_eq!(query(url, "SHOW server_encoding"), "UTF8");
            assert_eq!(query(url, "SELECT datcollate FROM pg_database WHERE datname = current_database()"), "C");
        }
        assert_eq!(query(&urls[0], "SHOW max_connections"), "300");
    }
}
