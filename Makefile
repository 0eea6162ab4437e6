# The commands of the house; `make` alone lists them.

SHELL := bash
.SHELLFLAGS := -euo pipefail -c
.DEFAULT_GOAL := help

# Where rustup puts cargo, for a shell that has not read its profile yet.
export PATH := $(PATH):$(HOME)/.cargo/bin

# Where demo keeps its data, and where it listens.
DATA ?= ./data
LISTEN ?= 127.0.0.1:8080

TARGET := $(or $(CARGO_TARGET_DIR),target)
RELEASE := $(TARGET)/release

.PHONY: help demo test bench bench-cluster chaos chaos-cluster cluster fmt deny clean-data

help: ## List the targets
	@awk -F ':.*## ' '/^[a-z-]+:.*## / { printf "make %-13s %s\n", $$1, $$2 }' $(MAKEFILE_LIST)
	@echo 'DATA=$(DATA) LISTEN=$(LISTEN)'

demo: ## Build and start with sample data on LISTEN, data in DATA
	@tools/install.sh
	@echo 'Building the release; the first build takes several minutes.'
	@cargo build --release --locked --bin whitelist
	@exec $(RELEASE)/whitelist demo --data '$(DATA)' --listen '$(LISTEN)'

# Many tests wait for a process or a deadline, so more of them run at once than there are cores.
TEST_THREADS ?= $(shell echo $$(( $$(nproc) + 2 )))

# Hundreds of databases are made and thrown away: in memory, where there is room for them.
SCRATCH := $(shell df -Pk /dev/shm 2>/dev/null | awk 'NR == 2 && $$4 > 8388608 { found = 1 } END { print found ? "/dev/shm" : "/tmp" }')

# Both databases, the contract and the migrations are checked inside `cargo test`. Examples are linted and not built again: `make
# bench` builds them. There are no tests in documentation (`tests/it/fitness.rs` says so).
test: ## Check everything: format, lints, docs, tests on both databases, a newcomer's first steps
	tools/install.sh test
	cargo fmt --check
	cargo clippy --all-targets --locked -- -D warnings
	RUSTDOCFLAGS=-Dwarnings cargo doc --no-deps --locked
	TMPDIR=$(SCRATCH) cargo test --locked --lib --bins --tests -- --test-threads=$(TEST_THREADS)
	tests/smoke.sh $(TARGET)/debug/whitelist

bench: ## Measure lookups, growth, durable writes and draws against a release build
	cargo build --release --locked --bin whitelist --example load
	$(RELEASE)/examples/load

# The short form of the same runs inside `test`.
chaos: ## Kill the service KILLS times while a simulated customs system draws on the list, on both databases
	WHITELIST_CHAOS_KILLS=$(or $(KILLS),50) cargo test --locked --test it chaos:: -- --nocapture --test-threads=1

# The short form of this runs inside `test` too.
chaos-cluster: ## Cut and freeze links of three nodes for LENGTH seconds, with a failover in the middle
	WHITELIST_CHAOS_SECONDS=$(or $(LENGTH),600) cargo test --locked --test it failover:: -- --nocapture

cluster: ## Start PostgreSQL with a standby, two nodes and nginx from their parts, thrown away at the end
	@tools/install.sh test
	@cargo build --release --locked --bin whitelist
	@exec tools/cluster.sh $(RELEASE)/whitelist

bench-cluster: ## Measure two nodes behind nginx: lookups, propagation, a failover
	cargo build --release --locked --bin whitelist --example load
	$(RELEASE)/examples/load --only cluster

fmt: ## Format the code
	cargo fmt

# Not part of `test`: the advisory database may be out of reach.
deny: ## Check licences, bans, sources and advisories of the dependencies
	@cargo deny --version || { echo 'cargo-deny is not installed: nothing was checked (cargo install --locked cargo-deny)' >&2; exit 1; }
	cargo deny --locked check

# Asks for the database and names what it removes, so that a mistyped DATA loses nothing else.
clean-data: ## Remove the data of demo in DATA
	@if [[ ! -f '$(DATA)/whitelist.db' ]]; then echo 'No data in $(DATA).'; exit; fi; \
	set -x; rm -rf -- '$(DATA)'/{keys,documents,log-head,whitelist.db{,-wal,-shm}}; rmdir -- '$(DATA)'
