-- What this database is: demo or production, and the name of its log. Written once.
CREATE TABLE installation (
    id INTEGER NOT NULL PRIMARY KEY CHECK (id = 1),
    environment TEXT NOT NULL CHECK (environment IN ('demo', 'production')),
    origin TEXT NOT NULL,
    shard TEXT NOT NULL
) STRICT;

-- The transparency log -------------------------------------------------------------------------------------------

-- The head that every writer takes first: number of entries and the roots of the perfect sub-trees.
CREATE TABLE log_head (
    id INTEGER NOT NULL PRIMARY KEY CHECK (id = 1),
    size INTEGER NOT NULL CHECK (size >= 0),
    frontier BLOB NOT NULL
) STRICT;

CREATE TABLE log_entries (
    revision INTEGER NOT NULL PRIMARY KEY CHECK (revision > 0),
    leaf BLOB NOT NULL,
    leaf_hash BLOB NOT NULL
) STRICT;

CREATE TABLE log_tiles (
    level INTEGER NOT NULL,
    tile INTEGER NOT NULL,
    hashes BLOB NOT NULL,
    PRIMARY KEY (level, tile)
) STRICT;

CREATE TABLE log_checkpoints (
    size INTEGER NOT NULL PRIMARY KEY,
    note TEXT NOT NULL
) STRICT;

-- Values that the leaves only commit to, sealed under a key per subject; the one place from which they can be erased.
CREATE TABLE private_values (
    revision INTEGER NOT NULL PRIMARY KEY,
    subject TEXT NOT NULL,
    sealed BLOB NOT NULL
) STRICT;
CREATE INDEX private_values_subject ON private_values (subject);

CREATE TABLE subject_keys (
    subject TEXT NOT NULL PRIMARY KEY,
    secret BLOB NOT NULL
) STRICT;

-- The list: every row is one version, recorded by the entry of its revision ----------------------------------------
-- Legal days are days since 1970-01-01; instants are microseconds since the epoch; quantities are steps of 0.00001.

CREATE TABLE scheme_versions (
    code TEXT NOT NULL,
    version INTEGER NOT NULL CHECK (version > 0),
    revision INTEGER NOT NULL UNIQUE,
    body TEXT NOT NULL,
    recorded_at INTEGER NOT NULL,
    PRIMARY KEY (code, version)
) STRICT;

CREATE TABLE tariff_versions (
    hs_code INTEGER NOT NULL CHECK (hs_code BETWEEN 100000000 AND 9799999999),
    version INTEGER NOT NULL CHECK (version > 0),
    revision INTEGER NOT NULL UNIQUE,
    valid_from INTEGER NOT NULL,
    valid_to INTEGER CHECK (valid_to >= valid_from),
    documents TEXT NOT NULL,
    replaces INTEGER,
    recorded_at INTEGER NOT NULL,
    PRIMARY KEY (hs_code, version)
) STRICT;
CREATE INDEX tariff_versions_replaces ON tariff_versions (replaces);

CREATE TABLE enterprise_versions (
    uscc TEXT NOT NULL CHECK (length(uscc) = 18),
    version INTEGER NOT NULL CHECK (version > 0),
    revision INTEGER NOT NULL UNIQUE,
    effective_on INTEGER NOT NULL,
    kind TEXT NOT NULL CHECK (kind IN ('registered', 'suspended', 'reinstated', 'barred', 'bar_lifted', 'carried')),
    name_zh TEXT NOT NULL,
    name_en TEXT,
    district TEXT NOT NULL,
    customs_registration TEXT,
    suspended INTEGER NOT NULL CHECK (suspended IN (0, 1)),
    barred_until INTEGER,
    reason_code TEXT NOT NULL,
    reason_basis TEXT,
    adjustment TEXT,
    recorded_at INTEGER NOT NULL,
    PRIMARY KEY (uscc, version)
) STRICT;

CREATE TABLE listing_versions (
    number TEXT NOT NULL,
    version INTEGER NOT NULL CHECK (version > 0),
    revision INTEGER NOT NULL UNIQUE,
    enterprise TEXT NOT NULL CHECK (length(enterprise) = 18),
    scheme TEXT NOT NULL,
    effective_on INTEGER NOT NULL,
    kind TEXT NOT NULL CHECK (kind IN ('added', 'varied', 'extended', 'suspended', 'reinstated', 'removed', 'carried')),
    standing TEXT NOT NULL CHECK (standing IN ('listed', 'suspended', 'removed')),
    hs_code INTEGER NOT NULL CHECK (hs_code BETWEEN 100000000 AND 9799999999),
    ciq_code INTEGER,
    cas INTEGER,
    purpose TEXT CHECK (purpose IN ('preclinical_item', 'process_material', 'excipient')),
    unit INTEGER NOT NULL,
    quantity INTEGER NOT NULL CHECK (quantity > 0),
    consignment_cap INTEGER CHECK (consignment_cap > 0),
    used INTEGER NOT NULL CHECK (used >= 0),
    valid_from INTEGER NOT NULL,
    valid_to INTEGER NOT NULL CHECK (valid_to >= valid_from),
    customs_offices TEXT,
    name_zh TEXT NOT NULL,
    name_en TEXT,
    specification TEXT,
    manufacturer TEXT,
    origin TEXT,
    batch TEXT,
    note TEXT,
    reason_code TEXT NOT NULL,
    reason_basis TEXT,
    adjustment TEXT,
    recorded_at INTEGER NOT NULL,
    PRIMARY KEY (number, version)
) STRICT;
CREATE INDEX listing_versions_enterprise ON listing_versions (enterprise, number);
CREATE INDEX listing_versions_hs_code ON listing_versions (hs_code, number);

-- Quantity per listing, finer unit (g of g/kg, mL of mL/L).
CREATE TABLE balances (
    listing TEXT NOT NULL PRIMARY KEY,
    reserved INTEGER NOT NULL CHECK (reserved >= 0),
    confirmed INTEGER NOT NULL CHECK (confirmed >= 0)
) STRICT;

CREATE TABLE stop_versions (
    id TEXT NOT NULL,
    version INTEGER NOT NULL CHECK (version > 0),
    revision INTEGER NOT NULL UNIQUE,
    effective_on INTEGER NOT NULL,
    stopped INTEGER NOT NULL CHECK (stopped IN (0, 1)),
    class TEXT NOT NULL,
    reason_code TEXT NOT NULL,
    reason_basis TEXT,
    adjustment TEXT,
    recorded_at INTEGER NOT NULL,
    PRIMARY KEY (id, version)
) STRICT;

CREATE TABLE adjustments (
    id TEXT NOT NULL PRIMARY KEY,
    version INTEGER NOT NULL CHECK (version > 0),
    revision INTEGER NOT NULL UNIQUE,
    scheme TEXT NOT NULL,
    state TEXT NOT NULL CHECK (state IN ('proposed', 'confirmed', 'rejected', 'withdrawn', 'lapsed')),
    changes TEXT NOT NULL,
    change_count INTEGER NOT NULL CHECK (change_count > 0),
    note TEXT,
    proposed_by TEXT NOT NULL,
    proposed_at INTEGER NOT NULL,
    decided_by TEXT,
    decided_at INTEGER,
    decision_code TEXT,
    decision_basis TEXT,
    -- Four eyes, as a second fence behind the rule in the domain.
    CHECK (state NOT IN ('confirmed', 'rejected') OR (decided_by IS NOT NULL AND decided_by <> proposed_by)),
    CHECK (state <> 'withdrawn' OR decided_by = proposed_by),
    CHECK ((state = 'proposed') = (decided_at IS NULL))
) STRICT;
CREATE INDEX adjustments_state ON adjustments (state, id);

-- Working state: not history ---------------------------------------------------------------------------------------

-- Who stands behind a pseudonymous person id.
CREATE TABLE people (
    id TEXT NOT NULL PRIMARY KEY,
    issuer TEXT NOT NULL,
    subject TEXT NOT NULL,
    UNIQUE (issuer, subject)
) STRICT;

-- Answers given to customs, many to a row, written off the lookup path. The body is binary, its first byte the form.
CREATE TABLE answer_batches (
    first_id TEXT NOT NULL PRIMARY KEY,
    last_id TEXT NOT NULL,
    last_at INTEGER NOT NULL,
    answers INTEGER NOT NULL,
    body BLOB NOT NULL
) STRICT;
CREATE INDEX answer_batches_last_id ON answer_batches (last_id);

-- Which answers were about a declaration.
CREATE TABLE answer_declarations (
    declaration TEXT NOT NULL,
    answer TEXT NOT NULL,
    PRIMARY KEY (declaration, answer)
) STRICT;

-- Responses kept for repeated requests (Idempotency-Key).
CREATE TABLE idempotent_responses (
    scope BLOB NOT NULL PRIMARY KEY,
    request_digest BLOB NOT NULL,
    status INTEGER NOT NULL,
    etag TEXT,
    location TEXT,
    body TEXT NOT NULL,
    kept_at INTEGER NOT NULL
) STRICT;
CREATE INDEX idempotent_responses_kept_at ON idempotent_responses (kept_at);

-- Append-only, as defence in depth (the proof is the log itself) ----------------------------------------------------
-- REPLACE INTO slips past UPDATE and DELETE triggers on SQLite: an insert of a known key is refused too.

CREATE TRIGGER installation_no_update BEFORE UPDATE ON installation BEGIN SELECT RAISE(ABORT, 'installation is append-only'); END;
CREATE TRIGGER installation_no_delete BEFORE DELETE ON installation BEGIN SELECT RAISE(ABORT, 'installation is append-only'); END;
CREATE TRIGGER installation_no_replace BEFORE INSERT ON installation WHEN EXISTS (SELECT 1 FROM installation WHERE id = NEW.id) BEGIN SELECT RAISE(ABORT, 'installation is append-only'); END;

CREATE TRIGGER log_entries_no_update BEFORE UPDATE ON log_entries BEGIN SELECT RAISE(ABORT, 'log_entries is append-only'); END;
CREATE TRIGGER log_entries_no_delete BEFORE DELETE ON log_entries BEGIN SELECT RAISE(ABORT, 'log_entries is append-only'); END;
CREATE TRIGGER log_entries_no_replace BEFORE INSERT ON log_entries WHEN EXISTS (SELECT 1 FROM log_entries WHERE revision = NEW.revision) BEGIN SELECT RAISE(ABORT, 'log_entries is append-only'); END;

CREATE TRIGGER log_checkpoints_no_update BEFORE UPDATE ON log_checkpoints BEGIN SELECT RAISE(ABORT, 'log_checkpoints is append-only'); END;
CREATE TRIGGER log_checkpoints_no_delete BEFORE DELETE ON log_checkpoints BEGIN SELECT RAISE(ABORT, 'log_checkpoints is append-only'); END;
CREATE TRIGGER log_checkpoints_no_replace BEFORE INSERT ON log_checkpoints WHEN EXISTS (SELECT 1 FROM log_checkpoints WHERE size = NEW.size) BEGIN SELECT RAISE(ABORT, 'log_checkpoints is append-only'); END;

CREATE TRIGGER scheme_versions_no_update BEFORE UPDATE ON scheme_versions BEGIN SELECT RAISE(ABORT, 'scheme_versions is append-only'); END;
CREATE TRIGGER scheme_versions_no_delete BEFORE DELETE ON scheme_versions BEGIN SELECT RAISE(ABORT, 'scheme_versions is append-only'); END;
CREATE TRIGGER scheme_versions_no_replace BEFORE INSERT ON scheme_versions WHEN EXISTS (SELECT 1 FROM scheme_versions WHERE code = NEW.code AND version = NEW.version) BEGIN SELECT RAISE(ABORT, 'scheme_versions is append-only'); END;

CREATE TRIGGER tariff_versions_no_update BEFORE UPDATE ON tariff_versions BEGIN SELECT RAISE(ABORT, 'tariff_versions is append-only'); END;
CREATE TRIGGER tariff_versions_no_delete BEFORE DELETE ON tariff_versions BEGIN SELECT RAISE(ABORT, 'tariff_versions is append-only'); END;
CREATE TRIGGER tariff_versions_no_replace BEFORE INSERT ON tariff_versions WHEN EXISTS (SELECT 1 FROM tariff_versions WHERE hs_code = NEW.hs_code AND version = NEW.version) BEGIN SELECT RAISE(ABORT, 'tariff_versions is append-only'); END;

CREATE TRIGGER enterprise_versions_no_update BEFORE UPDATE ON enterprise_versions BEGIN SELECT RAISE(ABORT, 'enterprise_versions is append-only'); END;
CREATE TRIGGER enterprise_versions_no_delete BEFORE DELETE ON enterprise_versions BEGIN SELECT RAISE(ABORT, 'enterprise_versions is append-only'); END;
CREATE TRIGGER enterprise_versions_no_replace BEFORE INSERT ON enterprise_versions WHEN EXISTS (SELECT 1 FROM enterprise_versions WHERE uscc = NEW.uscc AND version = NEW.version) BEGIN SELECT RAISE(ABORT, 'enterprise_versions is append-only'); END;

CREATE TRIGGER listing_versions_no_update BEFORE UPDATE ON listing_versions BEGIN SELECT RAISE(ABORT, 'listing_versions is append-only'); END;
CREATE TRIGGER listing_versions_no_delete BEFORE DELETE ON listing_versions BEGIN SELECT RAISE(ABORT, 'listing_versions is append-only'); END;
CREATE TRIGGER listing_versions_no_replace BEFORE INSERT ON listing_versions WHEN EXISTS (SELECT 1 FROM listing_versions WHERE number = NEW.number AND version = NEW.version) BEGIN SELECT RAISE(ABORT, 'listing_versions is append-only'); END;

CREATE TRIGGER stop_versions_no_update BEFORE UPDATE ON stop_versions BEGIN SELECT RAISE(ABORT, 'stop_versions is append-only'); END;
CREATE TRIGGER stop_versions_no_delete BEFORE DELETE ON stop_versions BEGIN SELECT RAISE(ABORT, 'stop_versions is append-only'); END;
CREATE TRIGGER stop_versions_no_replace BEFORE INSERT ON stop_versions WHEN EXISTS (SELECT 1 FROM stop_versions WHERE id = NEW.id AND version = NEW.version) BEGIN SELECT RAISE(ABORT, 'stop_versions is append-only'); END;

-- Values may be erased, never changed.
CREATE TRIGGER private_values_no_update BEFORE UPDATE ON private_values BEGIN SELECT RAISE(ABORT, 'private_values may be erased, never changed'); END;
CREATE TRIGGER private_values_no_replace BEFORE INSERT ON private_values WHEN EXISTS (SELECT 1 FROM private_values WHERE revision = NEW.revision) BEGIN SELECT RAISE(ABORT, 'private_values may be erased, never changed'); END;

-- A tile grows at its end until it is full.
CREATE TRIGGER log_tiles_grow BEFORE UPDATE ON log_tiles
WHEN NEW.level <> OLD.level OR NEW.tile <> OLD.tile OR substr(NEW.hashes, 1, length(OLD.hashes)) <> OLD.hashes
BEGIN SELECT RAISE(ABORT, 'log_tiles only grow'); END;
CREATE TRIGGER log_tiles_no_delete BEFORE DELETE ON log_tiles BEGIN SELECT RAISE(ABORT, 'log_tiles only grow'); END;
CREATE TRIGGER log_tiles_no_replace BEFORE INSERT ON log_tiles WHEN EXISTS (SELECT 1 FROM log_tiles WHERE level = NEW.level AND tile = NEW.tile) BEGIN SELECT RAISE(ABORT, 'log_tiles only grow'); END;

-- The head never goes back.
CREATE TRIGGER log_head_no_retreat BEFORE UPDATE ON log_head WHEN NEW.size < OLD.size BEGIN SELECT RAISE(ABORT, 'log_head never goes back'); END;
CREATE TRIGGER log_head_no_delete BEFORE DELETE ON log_head BEGIN SELECT RAISE(ABORT, 'log_head never goes back'); END;
CREATE TRIGGER log_head_no_replace BEFORE INSERT ON log_head WHEN EXISTS (SELECT 1 FROM log_head WHERE id = NEW.id) BEGIN SELECT RAISE(ABORT, 'log_head never goes back'); END;
