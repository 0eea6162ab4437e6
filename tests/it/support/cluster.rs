//! PostgreSQL as it is run everywhere: a primary and a hot standby that streams from it, in processes of our own.
//!
//! For tests of replication itself; all others share the one server of `postgres`. Invariant: it ends with the test process,
//! however that ends, because a watcher outside our process group reads a pipe that only this process holds open.

use super::postgres::{USER, free_port, next, programs, unprivileged};
use diesel::connection::SimpleConnection as _;
use diesel::{QueryableByName, RunQueryDsl as _};
use std::io::{BufReader, Write as _};
use std::net::SocketAddr;
use std::os::unix::process::CommandExt as _;
use std::process::{Child, ChildStdout, Stdio};
use whitelist::store::conn::migrate;
use whitelist::store::{AnyConnection, DatabaseUrl};

/// Name of the database.
const NAME: &str = "list";

/// Carries out a verb per line and answers `done`, or what was said. When the pipe ends it stops all and leaves nothing.
const WATCHER: &str = r#"
trap '' INT TERM HUP PIPE
home=$(mktemp -d /tmp/wlpgc.XXXXXX) || exit 1
leave() {
    for node in "$home"/node-*; do
        "$bin/pg_ctl" stop --silent --mode=immediate --pgdata="$node" </dev/null >/dev/null 2>&1
    done
    rm -rf "$home"
}
trap leave EXIT
start() {
    "$bin/pg_ctl" start --silent --wait --timeout=60 --pgdata="$home/node-$1" --log="$home/$1.log" --options="-p $2 -k $home \
        -c listen_addresses=127.0.0.1 -c max_connections=100 -c fsync=off -c full_page_writes=off -c shared_buffers=32MB"
}
act() {
    case $1 in
        primary) "$bin/initdb" --pgdata="$home/node-$2" --username="$user" --auth=trust --encoding=UTF8 --locale=C --no-sync &&
            start "$2" "$3" &&
            "$bin/createdb" --host=127.0.0.1 --port="$3" --username="$user" --maintenance-db=postgres "$4" ;;
        standby) "$bin/pg_basebackup" --pgdata="$home/node-$2" --write-recovery-conf --checkpoint=fast --no-sync \
            --dbname="host=127.0.0.1 port=$4 user=$user application_name=$2" && start "$2" "$3" ;;
        crash) "$bin/pg_ctl" stop --silent --mode=immediate --pgdata="$home/node-$2" ;;
        promote) "$bin/pg_ctl" promote --silent --wait --timeout=60 --pgdata="$home/node-$2" ;;
    esac
}
while read -r verb node port other; do
    if act "$verb" "$node" "$port" "$other" </dev/null >"$home/said" 2>&1; then echo done
    else tr '\n' ' ' <"$home/said"; tail -n 3 "$home/$node.log" 2>/dev/null | tr '\n' ' '; echo
    fi
done
"#;

/// A primary `a` and a standby `b`, with the tables of the list.
pub struct Cluster {
    ports: [u16; 2],
    watcher: Child,
    reports: BufReader<ChildStdout>,
}

impl Cluster {
    /// Starts both; the standby is asynchronous.
    pub fn start() -> Self {
        let bin = programs().expect("PostgreSQL's server programs are installed (tools/install.sh test)");
        let mut watcher = unprivileged("sh")
            .args(["-c", WATCHER])
            .env("bin", &bin)
            .env("user", USER)
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .stderr(Stdio::null())
            .process_group(0)
            .spawn()
            .unwrap();
        let reports = BufReader::new(watcher.stdout.take().unwrap());
        let mut cluster = Self { ports: [free_port(), free_port()], watcher, reports };
        let [a, b] = cluster.ports;
        cluster.act(&format!("primary a {a} {NAME}"));
        migrate(&mut DatabaseUrl::Postgres(cluster.url(&["a"])).open().unwrap()).unwrap();
        cluster.act(&format!("standby b {b} {a}"));
        cluster
    }

    /// From now on the standby confirms every commit.
    pub fn make_synchronous(&self) {
        let primary = self.url(&["a"]);
        statement(&primary, "ALTER SYSTEM SET synchronous_standby_names = 'b'");
        statement(&primary, "SELECT pg_reload_conf()");
        while value(&primary, "SELECT count(*) AS value FROM pg_stat_replication WHERE sync_state = 'sync'") == 0 {
            std::thread::yield_now();
        }
    }

    /// Stops a server as a crash does: nothing is finished, nothing is said.
    pub fn crash(&mut self, node: &str) {
        self.act(&format!("crash {node}"));
    }

    /// Makes the standby the primary.
    pub fn promote(&mut self, node: &str) {
        self.act(&format!("promote {node}"));
    }

    /// Where a server listens.
    pub fn address(&self, node: &str) -> SocketAddr {
        SocketAddr::from(([127, 0, 0, 1], self.ports[usize::from(node == "b")]))
    }

    /// The URL of the database on servers in this order.
    pub fn url(&self, nodes: &[&str]) -> String {
        through(&nodes.iter().map(|node| self.address(node)).collect::<Vec<_>>())
    }

    fn act(&mut self, line: &str) {
        writeln!(self.watcher.stdin.as_mut().unwrap(), "{line}").unwrap();
        assert_eq!(next(&mut self.reports), "done", "{line}");
    }
}

/// The URL of the database behind these addresses.
pub fn through(addresses: &[SocketAddr]) -> String {
    let hosts: Vec<String> = addresses.iter().map(SocketAddr::to_string).collect();
    format!("postgres://{USER}@{}/{NAME}", hosts.join(","))
}

/// Runs a statement on a server.
pub fn statement(url: &str, sql: &str) {
    let Ok(AnyConnection::Postgres(mut conn)) = DatabaseUrl::Postgres(url.to_owned()).open() else {
        panic!("{url} cannot be reached")
    };
    conn.batch_execute(sql).unwrap();
}

/// Reads one number from a server.
pub fn value(url: &str, sql: &str) -> i64 {
    #[derive(QueryableByName)]
    struct Number {
        #[diesel(sql_type = diesel::sql_types::BigInt)]
        value: i64,
    }
    let Ok(AnyConnection::Postgres(mut conn)) = DatabaseUrl::Postgres(url.to_owned()).open() else {
        panic!("{url} cannot be reached")
    };
    diesel::sql_query(sql).get_result::<Number>(&mut conn).unwrap().value
}
