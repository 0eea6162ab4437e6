#!/usr/bin/env bash
# Does what a newcomer does: starts the demo, tries every command that it prints, stops it with Ctrl-C, starts it again
# on the same data, and verifies the log.
#
#   tests/smoke.sh [BINARY]     default target/debug/whitelist, which `cargo test` builds
set -euo pipefail
cd "$(dirname "$0")/.."

binary=$(realpath "${1:-target/debug/whitelist}")
# The printed commands name the program without a folder.
PATH="$(dirname "$binary"):$PATH"
work=$(mktemp -d)
data=$work/data
port=$(python3 -c 'import socket; s = socket.socket(); s.bind(("127.0.0.1", 0)); print(s.getsockname()[1])')
server=''
drain=''

stop_all() {
    if [[ -n $server ]]; then kill -KILL "$server" 2>/dev/null || true; fi
    if [[ -n $drain ]]; then kill "$drain" 2>/dev/null || true; fi
    rm -rf "$work"
}
trap stop_all EXIT

step() { printf 'smoke: %s\n' "$*"; }
fail() {
    printf 'smoke: %s\n' "$*" >&2
    for log in "$work"/*.log; do
        if [[ -s $log ]]; then sed "s|^|${log##*/}: |" "$log" >&2; fi
    done
    exit 1
}

# Starts the demo and reads what it prints, until it is ready and has printed two commands and the address of /docs.
start() {
    local line ready=false
    commands=()
    docs=''
    rm -f "$work/out"
    mkfifo "$work/out"
    # With job control on, the background process does not ignore SIGINT.
    set -m
    "$binary" demo --data "$data" --listen "127.0.0.1:$port" >"$work/out" 2>>"$work/stderr.log" &
    server=$!
    set +m
    exec 3<"$work/out"
    until $ready && ((${#commands[@]} >= 2)) && [[ -n $docs ]]; do
        IFS= read -r -t 120 line <&3 || fail "the demo ended or fell silent before it was ready"
        printf '%s\n' "$line" >>"$work/stdout.log"
        line=${line#"${line%%[![:space:]]*}"}
        if [[ $line == curl* ]]; then commands+=("$line"); fi
        if [[ $line =~ [Rr]eady ]]; then ready=true; fi
        if [[ $line =~ http://[^[:space:]]+/docs ]]; then docs=${BASH_REMATCH[0]}; fi
    done
    # A full pipe would stop the server.
    cat <&3 >>"$work/stdout.log" &
    drain=$!
    exec 3<&-
}

# Runs the printed commands and checks their answers.
ask() {
    local command answer verdict remedy verdicts=''
    for command in "${commands[@]}"; do
        answer=$(bash -euo pipefail -c "$command" 2>>"$work/stderr.log") || fail "failed: $command"
        verdict=$(grep -Eo '"verdict": ?"[a-z_]+"' <<<"$answer" | cut -d '"' -f 4) || fail "no verdict in: $answer"
        remedy=$(grep -Eo '"remedy": ?"[^"]+"' <<<"$answer" || true)
        if [[ $verdict == denied && -z $remedy ]]; then fail "denied without a remedy: $answer"; fi
        verdicts+="$verdict "
    done
    [[ $verdicts == *allowed* && $verdicts == *denied* ]] || fail "one allowed and one denied expected, got: $verdicts"
    curl -fsS -o "$work/docs.html" "$docs" || fail "cannot read $docs"
    grep -qi '<html' "$work/docs.html" || fail "$docs is not a page"
}

# Stops the demo as Ctrl-C does; it must end by itself and without fault.
interrupt() {
    local status=0
    kill -INT "$server"
    timeout 60 tail --pid="$server" -f /dev/null || fail "still running a minute after SIGINT"
    wait "$server" || status=$?
    server=''
    wait "$drain" || true
    drain=''
    ((status == 0)) || fail "exit status $status after SIGINT"
}

step "first start"
start
ask
interrupt

step "second start on the same data"
start
ask
interrupt

step "log verify"
"$binary" log verify --data "$data" >"$work/verify.log" 2>&1 || fail "the log does not verify"
step "passed"
