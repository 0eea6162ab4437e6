#!/usr/bin/env bash
# Installs what building needs on Debian, and only what is missing. Rust itself it checks for and never installs.
#
#   tools/install.sh          what `make demo` needs: a C compiler, make, and curl for what it prints to try
#   tools/install.sh test     also what `make test` needs: PostgreSQL server binaries, nginx, python3, rustfmt, clippy, and programs
#                             of others that verify the log and signed answers: openssl, Go with golang.org/x/mod, and from PyPI, into
#                             target/verifiers/venv only, what tests/verifiers/*.txt pins by hash; Chromium with its driver, a Chinese
#                             font, poppler-utils, node and npm, and from npm, into target/browser only, what tests/browser pins by hash; promtool,
#                             which judges alarms and figures (package prometheus, whose service is not started)
set -euo pipefail
cd "$(dirname "$0")/.."

say() { printf 'install: %s\n' "$*"; }
fail() { printf 'install: %s\n' "$*" >&2; exit 1; }
has() { command -v "$1" >/dev/null 2>&1; }

case "${1:-demo}" in
    demo) with_tests=false ;;
    test) with_tests=true ;;
    *) printf 'usage: tools/install.sh [demo|test]\n' >&2; exit 2 ;;
esac

# The server's own programs are outside PATH on Debian.
has_postgres() { has initdb || compgen -G '/usr/lib/postgresql/*/bin/initdb' >/dev/null; }

missing=()
{ has cc && has make; } || missing+=(build-essential)
has curl || missing+=(curl)
postgres_missing=false
prometheus_missing=false
if $with_tests; then
    has python3 || missing+=(python3)
    has python3 && python3 -c 'import ensurepip, venv' 2>/dev/null || missing+=(python3-venv)
    has openssl || missing+=(openssl)
    has go || missing+=(golang-go)
    [[ -d /usr/share/gocode/src/golang.org/x/mod/sumdb ]] || missing+=(golang-golang-x-mod-dev)
    has_postgres || postgres_missing=true
    has chromium || missing+=(chromium)
    has chromedriver || missing+=(chromium-driver)
    has fc-list || missing+=(fontconfig)
    # Without a font for it Chinese shows as boxes, and certificates cannot be signed: one that the service looks for.
    compgen -G '/usr/share/fonts/*/*/NotoSansCJK-Regular.ttc' >/dev/null || missing+=(fonts-noto-cjk)
    # Programs of others that read signed certificates and judge their signatures: pdfsig, pdftotext, pdfinfo.
    { has pdfsig && has pdftotext; } || missing+=(poppler-utils)
    # The balancer of the cluster test and of `make cluster`, and curl, which waits for its nodes.
    has nginx || [[ -x /usr/sbin/nginx ]] || missing+=(nginx-light)
    has node || missing+=(nodejs)
    has npm || missing+=(npm)
    has promtool || prometheus_missing=true
fi

as_root() {
    if [[ $(id -u) -eq 0 ]]; then "$@"; else sudo "$@"; fi
}

apt_install() {
    say "installing: $*"
    as_root env DEBIAN_FRONTEND=noninteractive apt-get install -y -q --no-install-recommends "$@"
}

if ((${#missing[@]})) || $postgres_missing || $prometheus_missing; then
    wanted=("${missing[@]}")
    if $prometheus_missing; then wanted+=(prometheus); fi
    if $postgres_missing; then wanted+=(postgresql); fi
    has apt-get || fail "missing: ${wanted[*]}. There is no apt-get here; install them with your system's own tool and run this again."
    [[ $(id -u) -eq 0 ]] || has sudo \
        || fail "missing: ${wanted[*]}. Neither root nor sudo; run as root: apt-get install ${wanted[*]}"
    as_root apt-get update -q
    if ((${#missing[@]})); then apt_install "${missing[@]}"; fi
    if $prometheus_missing; then
        # Only promtool is wanted: the service that comes with it is masked before it would start.
        if has systemctl; then as_root systemctl mask prometheus.service >/dev/null 2>&1 || true; fi
        apt_install prometheus
    fi
    if $postgres_missing; then
        # The tests start servers of their own: without this setting the package would make and start a cluster.
        apt_install postgresql-common
        as_root sed -i -E 's/^#?[[:space:]]*create_main_cluster[[:space:]]*=.*/create_main_cluster = false/' \
            /etc/postgresql-common/createcluster.conf
        apt_install postgresql
    fi
else
    say "system packages: nothing is missing"
fi

# Where rustup puts the tools, for a shell that has not read its profile yet.
PATH="$PATH:${CARGO_HOME:-${HOME:-}/.cargo}/bin"
needed=$(sed -n 's/^rust-version = "\(.*\)"$/\1/p' Cargo.toml)
how="see https://rustup.rs, or run: rustup update stable"
{ has cargo && has rustc; } || fail "cargo and rustc >= $needed are needed: $how"
found=$(rustc --version | cut -d ' ' -f 2)
oldest=$(printf '%s\n' "$needed" "${found%%-*}" | sort -V | head -n 1)
[[ $oldest == "$needed" ]] || fail "rustc $found is too old, $needed is needed: $how"
say "rustc $found"

if $with_tests; then
    for component in rustfmt clippy; do
        if ! cargo "${component/rustfmt/fmt}" --version >/dev/null 2>&1; then
            has rustup || fail "cargo ${component/rustfmt/fmt} is missing: install the $component of your Rust"
            say "installing: $component"
            rustup component add "$component"
        fi
    done
fi

# Programs of others that verify the log; they stay inside the target folder.
if $with_tests; then
    venv=${CARGO_TARGET_DIR:-target}/verifiers/venv
    pins=(tests/verifiers/requirements.txt tests/verifiers/witness.txt)
    if cat "${pins[@]}" | cmp -s - "$venv/installed.txt"; then
        say "verifiers of the log: nothing is missing"
    else
        say "installing into $venv: $(sed -n 's/^\([a-z0-9._-]*==[^ ]*\).*/\1/p' "${pins[@]}" | tr '\n' ' ')"
        rm -rf "$venv"
        python3 -m venv "$venv"
        pip=("$venv/bin/pip" install --quiet --disable-pip-version-check --require-hashes)
        "${pip[@]}" -r "${pins[0]}"
        "${pip[@]}" --no-deps --ignore-requires-python -r "${pins[1]}"
        cat "${pins[@]}" >"$venv/installed.txt"
    fi
fi

# The judge of accessibility and the identity provider of the browser tests; they stay inside the target folder too.
if $with_tests; then
    browser=${CARGO_TARGET_DIR:-target}/browser
    pins=(tests/browser/package.json tests/browser/package-lock.json)
    if cat "${pins[@]}" | cmp -s - "$browser/installed.txt"; then
        say "packages of the browser tests: nothing is missing"
    else
        say "installing into $browser: $(sed -n 's/^ *"\([a-z-]*\)": "\([0-9.]*\)",\{0,1\}$/\1@\2/p' "${pins[0]}" | tr '\n' ' ')"
        rm -rf "$browser"
        mkdir -p "$browser"
        cp "${pins[@]}" "$browser"
        npm ci --prefix "$browser" --ignore-scripts --no-audit --no-fund --silent
        cat "${pins[@]}" >"$browser/installed.txt"
    fi
fi
