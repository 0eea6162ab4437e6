//! A throw-away PostgreSQL that waits for the disk, as a real one does.
//!
//! Invariant: it ends with the bench, however that ends, because a watcher reads a pipe that only the bench holds open,
//! and leaves nothing behind.

use std::io::{BufRead as _, BufReader};
use std::net::TcpListener;
use std::os::unix::process::CommandExt as _;
use std::path::PathBuf;
use std::process::{Child, Command, Stdio};
use whitelist::store::DatabaseUrl;

use super::Outcome;

const USER: &str = "whitelist";

/// Makes the server and says `up`; when the pipe ends it stops the server and removes its folder.
const WATCHER: &str = r#"
trap '' INT TERM HUP PIPE
home=$(mktemp -d /tmp/wlbench.XXXXXX) || exit 1
leave() {
    "$bin/pg_ctl" stop --silent --mode=immediate --pgdata="$home/data" </dev/null >/dev/null 2>&1
    rm -rf "$home"
}
trap leave EXIT
"$bin/initdb" --pgdata="$home/data" --username="$user" --auth=trust --encoding=UTF8 --locale=C </dev/null >/dev/null 2>&1 || exit 1
"$bin/pg_ctl" start --silent --wait --timeout=60 --pgdata="$home/data" --log="$home/log" --options="-p $port -k $home \
    -c listen_addresses=127.0.0.1 -c fsync=on -c synchronous_commit=on -c shared_buffers=128MB" </dev/null >/dev/null 2>&1 || exit 1
echo up
read -r _ || :
"#;

/// A running server.
pub struct Postgres {
    bin: PathBuf,
    port: u16,
    watcher: Child,
}

impl Postgres {
    /// Starts the newest server that is installed; none where there is none.
    ///
    /// # Errors
    /// When it is installed but does not start.
    pub fn start() -> Outcome<Option<Self>> {
        let Some(bin) = programs() else { return Ok(None) };
        let port = TcpListener::bind(("127.0.0.1", 0))?.local_addr()?.port();
        let mut watcher = unprivileged()
            .args(["-c", WATCHER])
            .env("bin", &bin)
            .env("user", USER)
            .env("port", port.to_string())
            .current_dir("/")
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .stderr(Stdio::null())
            // Ctrl-C goes to the whole process group; the watcher has to outlive it.
            .process_group(0)
            .spawn()?;
        let mut line = String::new();
        BufReader::new(watcher.stdout.take().ok_or("no standard output")?).read_line(&mut line)?;
        let server = Self { bin, port, watcher };
        if line.trim() == "up" { Ok(Some(server)) } else { Err("PostgreSQL is installed but does not start".into()) }
    }

    /// Makes a database.
    ///
    /// # Errors
    /// When the server refuses.
    pub fn database(&self, name: &str) -> Outcome<DatabaseUrl> {
        let port = self.port;
        let arguments =
            ["--host=127.0.0.1", &format!("--port={port}"), &format!("--username={USER}"), "--no-password", name]
                .map(str::to_owned);
        let made = Command::new(self.bin.join("createdb")).args(arguments).status()?;
        if !made.success() {
            return Err("createdb failed".into());
        }
        Ok(DatabaseUrl::parse(&format!("postgres://{USER}@127.0.0.1:{port}/{name}"))?)
    }
}

impl Drop for Postgres {
    fn drop(&mut self) {
        drop(self.watcher.stdin.take());
        let _ = self.watcher.wait();
    }
}

/// Finds the folder of the newest server programs, in Debian's place or in PATH.
fn programs() -> Option<PathBuf> {
    let versions = std::fs::read_dir("/usr/lib/postgresql").into_iter().flatten().flatten().map(|entry| entry.path());
    let mut versions: Vec<PathBuf> = versions.collect();
    versions.sort_by_key(|path| path.file_name().and_then(|name| name.to_str()?.parse::<u32>().ok()));
    let path = std::env::var_os("PATH").unwrap_or_default();
    let folders = versions.into_iter().rev().map(|version| version.join("bin")).chain(std::env::split_paths(&path));
    folders
        .into_iter()
        .find(|bin| ["initdb", "pg_ctl", "postgres", "createdb"].iter().all(|program| bin.join(program).is_file()))
}

/// A shell that does not run as root, because PostgreSQL refuses to.
fn unprivileged() -> Command {
    let root = Command::new("id").arg("-u").output().is_ok_and(|output| output.stdout == b"0\n");
    if !root {
        return Command::new("sh");
    }
    let mut command = Command::new("setpriv");
    command.args(["--reuid=postgres", "--regid=postgres", "--clear-groups", "--", "sh"]);
    command
}
