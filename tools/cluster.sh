#!/usr/bin/env bash
# Starts a whole installation from its parts on loopback, as docker-compose.yml describes one: a PostgreSQL primary with a
# synchronous hot standby, two nodes with the sample data (the second follows the standby), and nginx before them.
# Everything is thrown away at the end: it is for trying a failover, for a test, and for `make bench-cluster`.
#
#   tools/cluster.sh BINARY [LISTEN]      BINARY is `whitelist`; nginx listens on LISTEN [default: a free port]
#
# Commands, one a line on standard input: `failover` (the primary crashes, the standby is promoted), `crash` and `promote` one
# by one, `restart 1` and `restart 2` (a node is stopped and started again), `quit`. The end of the input ends it too.
set -euo pipefail

fail() { printf 'cluster: %s\n' "$*" >&2; exit 1; }
[[ $# -ge 1 && -x $1 ]] || fail 'usage: tools/cluster.sh BINARY [LISTEN]'
binary=$(realpath "$1")
for program in nginx python3 curl; do
    command -v "$program" >/dev/null || fail "$program is missing; run tools/install.sh test"
done
bin=$(ls -d /usr/lib/postgresql/*/bin 2>/dev/null | sort -V | tail -n 1)
[[ -n $bin ]] || bin=$(dirname "$(command -v initdb || fail 'PostgreSQL is missing; run tools/install.sh test')")

home=$(mktemp -d /tmp/wlcluster.XXXXXX)
nodes=(0 0 0)
# PostgreSQL refuses to run as root.
as_postgres=()
if [[ $(id -u) -eq 0 ]]; then
    as_postgres=(setpriv --reuid=postgres --regid=postgres --clear-groups --)
    chown postgres "$home"
    chmod 755 "$home"
fi
pg() { "${as_postgres[@]}" env LC_ALL=C "$bin/$1" "${@:2}" </dev/null >>"$home/postgres.log" 2>&1; }

leave() {
    trap - EXIT INT TERM
    for node in 1 2; do [[ ${nodes[node]} == 0 ]] || kill "${nodes[node]}" 2>/dev/null || true; done
    [[ ! -s $home/nginx.pid ]] || kill "$(cat "$home/nginx.pid")" 2>/dev/null || true
    wait
    for server in a b; do [[ ! -d $home/$server ]] || pg pg_ctl stop --silent --mode=immediate --pgdata="$home/$server" || true; done
    rm -rf "$home"
}
trap leave EXIT
trap 'exit 0' INT TERM
trap 'cat "$home"/*.log >&2 2>/dev/null || true' ERR

# Ports that are free now.
read -r port_a port_b port_1 port_2 port_nginx < <(python3 - <<'PORTS'
import socket
sockets = [socket.socket() for _ in range(5)]
for one in sockets: one.bind(("127.0.0.1", 0))
print(*(one.getsockname()[1] for one in sockets))
PORTS
)
listen=${2:-127.0.0.1:$port_nginx}

start_postgres() {
    pg pg_ctl start --silent --wait --timeout=60 --pgdata="$home/$1" --log="$home/$1.log" \
        --options="-p $2 -k $home -c listen_addresses=127.0.0.1 -c shared_buffers=64MB -c max_connections=100"
}
pg initdb --pgdata="$home/a" --username=whitelist --auth=trust --encoding=UTF8 --locale=C
start_postgres a "$port_a"
pg createdb --host=127.0.0.1 --port="$port_a" --username=whitelist --maintenance-db=postgres list
pg pg_basebackup --pgdata="$home/b" --write-recovery-conf --checkpoint=fast \
    --dbname="host=127.0.0.1 port=$port_a user=whitelist application_name=b"
start_postgres b "$port_b"
for statement in "ALTER SYSTEM SET synchronous_standby_names = 'b'" 'SELECT pg_reload_conf()'; do
    pg psql --quiet --no-psqlrc --host=127.0.0.1 --port="$port_a" --username=whitelist --command="$statement" postgres
done

servers="postgres://whitelist@127.0.0.1:$port_a,127.0.0.1:$port_b/list"
start_node() {
    local node=$1 port=port_$1 follow=$servers
    [[ $node == 1 ]] && follow+='?target_session_attrs=read-write' || follow+='?target_session_attrs=prefer-standby'
    : >"$home/node-$node.out"
    WHITELIST_FOLLOW_URL=$follow "$binary" demo --data "$home/node-$node" --listen "127.0.0.1:${!port}" \
        --database "$servers?target_session_attrs=read-write" </dev/null >"$home/node-$node.out" 2>>"$home/node-$node.log" &
    nodes[node]=$!
    # Ready is when the list stands at a confirmed head.
    until curl -sf -o "$home/ready" "http://127.0.0.1:${!port}/health/ready"; do
        kill -0 "${nodes[node]}" 2>/dev/null || { cat "$home/node-$node.log" >&2; fail "node $node does not start"; }
        sleep 0.05
    done
}
start_node 1
# The keys of the log and of answers are the same everywhere.
mkdir -m 700 "$home/node-2"
cp -a "$home/node-1/keys" "$home/node-2"
start_node 2

user=
[[ $(id -u) -eq 0 ]] && user='user root;'
cat >"$home/nginx.conf" <<CONF
$user
worker_processes 1;
daemon off;
pid $home/nginx.pid;
error_log $home/nginx.log warn;
events { worker_connections 4096; }
http {
    access_log off;
    client_body_temp_path $home/body; proxy_temp_path $home/proxy; fastcgi_temp_path $home/fastcgi;
    uwsgi_temp_path $home/uwsgi; scgi_temp_path $home/scgi;
    client_max_body_size 32m;
    large_client_header_buffers 2 12k;
    keepalive_requests 1000000;
    # As in deploy/nginx.conf: no node is ever counted out, and what is safe to repeat is asked of the other one.
    upstream nodes {
        server 127.0.0.1:$port_1 max_fails=0;
        server 127.0.0.1:$port_2 max_fails=0;
        keepalive 64;
        keepalive_requests 1000000;
    }
    proxy_http_version 1.1;
    proxy_set_header Connection "";
    proxy_set_header Host \$host;
    proxy_connect_timeout 1s;
    proxy_read_timeout 15s;
    proxy_next_upstream error timeout http_503;
    proxy_next_upstream_tries 2;
    server {
        listen $listen backlog=1024;
        location / { proxy_pass http://nodes; }
        # What nginx answers by itself, to measure against.
        location = /nginx { return 200 'Hello, World!'; }
    }
}
CONF
nginx -e "$home/nginx.log" -p "$home" -c "$home/nginx.conf" </dev/null >>"$home/nginx.log" 2>&1 &
until curl -sf -o "$home/ready" "http://$listen/health/ready"; do
    kill -0 $! 2>/dev/null || { cat "$home/nginx.log" >&2; fail 'nginx does not start'; }
    sleep 0.05
done

cat <<SAID
primary   postgres://whitelist@127.0.0.1:$port_a/list
standby   postgres://whitelist@127.0.0.1:$port_b/list
node 1    http://127.0.0.1:$port_1 data $home/node-1
node 2    http://127.0.0.1:$port_2 data $home/node-2
a token   $binary token --data $home/node-1 --database '$servers' --role customs.lookup --org 0101
cluster is ready on http://$listen (failover, crash, promote, restart 1, restart 2, quit)
SAID

while read -r verb node; do
    case $verb in
        crash) pg pg_ctl stop --silent --mode=immediate --pgdata="$home/a" ;;
        promote) pg pg_ctl promote --silent --wait --timeout=60 --pgdata="$home/b" ;;
        failover)
            pg pg_ctl stop --silent --mode=immediate --pgdata="$home/a"
            pg pg_ctl promote --silent --wait --timeout=60 --pgdata="$home/b"
            ;;
        restart)
            [[ $node == [12] ]] || { echo 'which one?'; continue; }
            kill "${nodes[node]}"
            wait "${nodes[node]}" || true
            start_node "$node"
            ;;
        quit) echo 'done quit'; break ;;
        *) echo "no such command: $verb"; continue ;;
    esac
    echo "done $verb"
done
