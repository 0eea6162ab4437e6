-- What this database is: demo or production, and the name of its log. Written once.
CREATE TABLE installation (
    id INTEGER NOT NULL PRIMARY KEY CHECK (id = 1),
    environment TEXT COLLATE "C" NOT NULL CHECK (environment IN ('demo', 'production')),
    origin TEXT COLLATE "C" NOT NULL,
    shard TEXT COLLATE "C" NOT NULL
);

-- The transparency log -------------------------------------------------------------------------------------------

-- The head that every writer takes first: number of entries and the roots of the perfect sub-trees.
CREATE TABLE log_head (
    id INTEGER NOT NULL PRIMARY KEY CHECK (id = 1),
    size BIGINT NOT NULL CHECK (size >= 0),
    frontier BYTEA NOT NULL
);

CREATE TABLE log_entries (
    revision BIGINT NOT NULL PRIMARY KEY CHECK (revision > 0),
    leaf BYTEA NOT NULL,
    leaf_hash BYTEA NOT NULL
);

CREATE TABLE log_tiles (
    level INTEGER NOT NULL,
    tile BIGINT NOT NULL,
    hashes BYTEA NOT NULL,
    PRIMARY KEY (level, tile)
);

CREATE TABLE log_checkpoints (
    size BIGINT NOT NULL PRIMARY KEY,
    note TEXT COLLATE "C" NOT NULL
);

-- Values that the leaves only commit to, sealed under a key per subject; the one place from which they can be erased.
CREATE TABLE private_values (
    revision BIGINT NOT NULL PRIMARY KEY,
    subject TEXT COLLATE "C" NOT NULL,
    sealed BYTEA NOT NULL
);
CREATE INDEX private_values_subject ON private_values (subject);

CREATE TABLE subject_keys (
    subject TEXT COLLATE "C" NOT NULL PRIMARY KEY,
    secret BYTEA NOT NULL
);

-- The list: every row is one version, recorded by the entry of its revision ----------------------------------------
-- Legal days are days since 1970-01-01; instants are microseconds since the epoch; quantities are steps of 0.00001.

CREATE TABLE scheme_versions (
    code TEXT COLLATE "C" NOT NULL,
    version INTEGER NOT NULL CHECK (version > 0),
    revision BIGINT NOT NULL UNIQUE,
    body TEXT COLLATE "C" NOT NULL,
    recorded_at BIGINT NOT NULL,
    PRIMARY KEY (code, version)
);

CREATE TABLE tariff_versions (
    hs_code BIGINT NOT NULL CHECK (hs_code BETWEEN 100000000 AND 9799999999),
    version INTEGER NOT NULL CHECK (version > 0),
    revision BIGINT NOT NULL UNIQUE,
    valid_from INTEGER NOT NULL,
    valid_to INTEGER CHECK (valid_to >= valid_from),
    documents TEXT COLLATE "C" NOT NULL,
    replaces BIGINT,
    recorded_at BIGINT NOT NULL,
    PRIMARY KEY (hs_code, version)
);
CREATE INDEX tariff_versions_replaces ON tariff_versions (replaces);

CREATE TABLE enterprise_versions (
    uscc TEXT COLLATE "C" NOT NULL CHECK (length(uscc) = 18),
    version INTEGER NOT NULL CHECK (version > 0),
    revision BIGINT NOT NULL UNIQUE,
    effective_on INTEGER NOT NULL,
    kind TEXT COLLATE "C" NOT NULL CHECK (kind IN ('registered', 'suspended', 'reinstated', 'barred', 'bar_lifted', 'carried')),
    name_zh TEXT COLLATE "C" NOT NULL,
    name_en TEXT COLLATE "C",
    district TEXT COLLATE "C" NOT NULL,
    customs_registration TEXT COLLATE "C",
    suspended INTEGER NOT NULL CHECK (suspended IN (0, 1)),
    barred_until INTEGER,
    reason_code TEXT COLLATE "C" NOT NULL,
    reason_basis TEXT COLLATE "C",
    adjustment TEXT COLLATE "C",
    recorded_at BIGINT NOT NULL,
    PRIMARY KEY (uscc, version)
);

CREATE TABLE listing_versions (
    number TEXT COLLATE "C" NOT NULL,
    version INTEGER NOT NULL CHECK (version > 0),
    revision BIGINT NOT NULL UNIQUE,
    enterprise TEXT COLLATE "C" NOT NULL CHECK (length(enterprise) = 18),
    scheme TEXT COLLATE "C" NOT NULL,
    effective_on INTEGER NOT NULL,
    kind TEXT COLLATE "C" NOT NULL CHECK (kind IN ('added', 'varied', 'extended', 'suspended', 'reinstated', 'removed', 'carried')),
    standing TEXT COLLATE "C" NOT NULL CHECK (standing IN ('listed', 'suspended', 'removed')),
    hs_code BIGINT NOT NULL CHECK (hs_code BETWEEN 100000000 AND 9799999999),
    ciq_code INTEGER,
    cas BIGINT,
    purpose TEXT COLLATE "C" CHECK (purpose IN ('preclinical_item', 'process_material', 'excipient')),
    unit INTEGER NOT NULL,
    quantity BIGINT NOT NULL CHECK (quantity > 0),
    consignment_cap BIGINT CHECK (consignment_cap > 0),
    used BIGINT NOT NULL CHECK (used >= 0),
    valid_from INTEGER NOT NULL,
    valid_to INTEGER NOT NULL CHECK (valid_to >= valid_from),
    customs_offices TEXT COLLATE "C",
    name_zh TEXT COLLATE "C" NOT NULL,
    name_en TEXT COLLATE "C",
    specification TEXT COLLATE "C",
    manufacturer TEXT COLLATE "C",
    origin TEXT COLLATE "C",
    batch TEXT COLLATE "C",
    note TEXT COLLATE "C",
    reason_code TEXT COLLATE "C" NOT NULL,
    reason_basis TEXT COLLATE "C",
    adjustment TEXT COLLATE "C",
    recorded_at BIGINT NOT NULL,
    PRIMARY KEY (number, version)
);
CREATE INDEX listing_versions_enterprise ON listing_versions (enterprise, number);
CREATE INDEX listing_versions_hs_code ON listing_versions (hs_code, number);

-- Quantity per listing, finer unit (g of g/kg, mL of mL/L).
CREATE TABLE balances (
    listing TEXT COLLATE "C" NOT NULL PRIMARY KEY,
    reserved BIGINT NOT NULL CHECK (reserved >= 0),
    confirmed BIGINT NOT NULL CHECK (confirmed >= 0)
);

CREATE TABLE stop_versions (
    id TEXT COLLATE "C" NOT NULL,
    version INTEGER NOT NULL CHECK (version > 0),
    revision BIGINT NOT NULL UNIQUE,
    effective_on INTEGER NOT NULL,
    stopped INTEGER NOT NULL CHECK (stopped IN (0, 1)),
    class TEXT COLLATE "C" NOT NULL,
    reason_code TEXT COLLATE "C" NOT NULL,
    reason_basis TEXT COLLATE "C",
    adjustment TEXT COLLATE "C",
    recorded_at BIGINT NOT NULL,
    PRIMARY KEY (id, version)
);

CREATE TABLE adjustments (
    id TEXT COLLATE "C" NOT NULL PRIMARY KEY,
    version INTEGER NOT NULL CHECK (version > 0),
    revision BIGINT NOT NULL UNIQUE,
    scheme TEXT COLLATE "C" NOT NULL,
    state TEXT COLLATE "C" NOT NULL CHECK (state IN ('proposed', 'confirmed', 'rejected', 'withdrawn', 'lapsed')),
    changes TEXT COLLATE "C" NOT NULL,
    change_count INTEGER NOT NULL CHECK (change_count > 0),
    note TEXT COLLATE "C",
    proposed_by TEXT COLLATE "C" NOT NULL,
    proposed_at BIGINT NOT NULL,
    decided_by TEXT COLLATE "C",
    decided_at BIGINT,
    decision_code TEXT COLLATE "C",
    decision_basis TEXT COLLATE "C",
    -- Four eyes, as a second fence behind the rule in the domain.
    CHECK (state NOT IN ('confirmed', 'rejected') OR (decided_by IS NOT NULL AND decided_by <> proposed_by)),
    CHECK (state <> 'withdrawn' OR decided_by = proposed_by),
    CHECK ((state = 'proposed') = (decided_at IS NULL))
);
CREATE INDEX adjustments_state ON adjustments (state, id);

-- Working state: not history ---------------------------------------------------------------------------------------

-- Who stands behind a pseudonymous person id.
CREATE TABLE people (
    id TEXT COLLATE "C" NOT NULL PRIMARY KEY,
    issuer TEXT COLLATE "C" NOT NULL,
    subject TEXT COLLATE "C" NOT NULL,
    UNIQUE (issuer, subject)
);

-- Answers given to customs, many to a row, written off the lookup path. The body is binary, its first byte the form.
CREATE TABLE answer_batches (
    first_id TEXT COLLATE "C" NOT NULL PRIMARY KEY,
    last_id TEXT COLLATE "C" NOT NULL,
    last_at BIGINT NOT NULL,
    answers INTEGER NOT NULL,
    body BYTEA NOT NULL
);
CREATE INDEX answer_batches_last_id ON answer_batches (last_id);

-- Which answers were about a declaration.
CREATE TABLE answer_declarations (
    declaration TEXT COLLATE "C" NOT NULL,
    answer TEXT COLLATE "C" NOT NULL,
    PRIMARY KEY (declaration, answer)
);

-- Responses kept for repeated requests (Idempotency-Key).
CREATE TABLE idempotent_responses (
    scope BYTEA NOT NULL PRIMARY KEY,
    request_digest BYTEA NOT NULL,
    status INTEGER NOT NULL,
    etag TEXT COLLATE "C",
    location TEXT COLLATE "C",
    body TEXT COLLATE "C" NOT NULL,
    kept_at BIGINT NOT NULL
);
CREATE INDEX idempotent_responses_kept_at ON idempotent_responses (kept_at);

-- Append-only, as defence in depth (the proof is the log itself) ----------------------------------------------------
CREATE FUNCTION refuse_change() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    RAISE EXCEPTION '% is append-only', TG_TABLE_NAME;
END $$;

CREATE TRIGGER installation_no_change BEFORE UPDATE OR DELETE ON installation FOR EACH ROW EXECUTE FUNCTION refuse_change();
CREATE TRIGGER installation_no_truncate BEFORE TRUNCATE ON installation FOR EACH STATEMENT EXECUTE FUNCTION refuse_change();
ALTER TABLE installation ENABLE ALWAYS TRIGGER installation_no_change;
ALTER TABLE installation ENABLE ALWAYS TRIGGER installation_no_truncate;

CREATE TRIGGER log_entries_no_change BEFORE UPDATE OR DELETE ON log_entries FOR EACH ROW EXECUTE FUNCTION refuse_change();
CREATE TRIGGER log_entries_no_truncate BEFORE TRUNCATE ON log_entries FOR EACH STATEMENT EXECUTE FUNCTION refuse_change();
ALTER TABLE log_entries ENABLE ALWAYS TRIGGER log_entries_no_change;
ALTER TABLE log_entries ENABLE ALWAYS TRIGGER log_entries_no_truncate;

CREATE TRIGGER log_checkpoints_no_change BEFORE UPDATE OR DELETE ON log_checkpoints FOR EACH ROW EXECUTE FUNCTION refuse_change();
CREATE TRIGGER log_checkpoints_no_truncate BEFORE TRUNCATE ON log_checkpoints FOR EACH STATEMENT EXECUTE FUNCTION refuse_change();
ALTER TABLE log_checkpoints ENABLE ALWAYS TRIGGER log_checkpoints_no_change;
ALTER TABLE log_checkpoints ENABLE ALWAYS TRIGGER log_checkpoints_no_truncate;

CREATE TRIGGER scheme_versions_no_change BEFORE UPDATE OR DELETE ON scheme_versions FOR EACH ROW EXECUTE FUNCTION refuse_change();
CREATE TRIGGER scheme_versions_no_truncate BEFORE TRUNCATE ON scheme_versions FOR EACH STATEMENT EXECUTE FUNCTION refuse_change();
ALTER TABLE scheme_versions ENABLE ALWAYS TRIGGER scheme_versions_no_change;
ALTER TABLE scheme_versions ENABLE ALWAYS TRIGGER scheme_versions_no_truncate;

CREATE TRIGGER tariff_versions_no_change BEFORE UPDATE OR DELETE ON tariff_versions FOR EACH ROW EXECUTE FUNCTION refuse_change();
CREATE TRIGGER tariff_versions_no_truncate BEFORE TRUNCATE ON tariff_versions FOR EACH STATEMENT EXECUTE FUNCTION refuse_change();
ALTER TABLE tariff_versions ENABLE ALWAYS TRIGGER tariff_versions_no_change;
ALTER TABLE tariff_versions ENABLE ALWAYS TRIGGER tariff_versions_no_truncate;

CREATE TRIGGER enterprise_versions_no_change BEFORE UPDATE OR DELETE ON enterprise_versions FOR EACH ROW EXECUTE FUNCTION refuse_change();
CREATE TRIGGER enterprise_versions_no_truncate BEFORE TRUNCATE ON enterprise_versions FOR EACH STATEMENT EXECUTE FUNCTION refuse_change();
ALTER TABLE enterprise_versions ENABLE ALWAYS TRIGGER enterprise_versions_no_change;
ALTER TABLE enterprise_versions ENABLE ALWAYS TRIGGER enterprise_versions_no_truncate;

CREATE TRIGGER listing_versions_no_change BEFORE UPDATE OR DELETE ON listing_versions FOR EACH ROW EXECUTE FUNCTION refuse_change();
CREATE TRIGGER listing_versions_no_truncate BEFORE TRUNCATE ON listing_versions FOR EACH STATEMENT EXECUTE FUNCTION refuse_change();
ALTER TABLE listing_versions ENABLE ALWAYS TRIGGER listing_versions_no_change;
ALTER TABLE listing_versions ENABLE ALWAYS TRIGGER listing_versions_no_truncate;

CREATE TRIGGER stop_versions_no_change BEFORE UPDATE OR DELETE ON stop_versions FOR EACH ROW EXECUTE FUNCTION refuse_change();
CREATE TRIGGER stop_versions_no_truncate BEFORE TRUNCATE ON stop_versions FOR EACH STATEMENT EXECUTE FUNCTION refuse_change();
ALTER TABLE stop_versions ENABLE ALWAYS TRIGGER stop_versions_no_change;
ALTER TABLE stop_versions ENABLE ALWAYS TRIGGER stop_versions_no_truncate;

-- Values may be erased, never changed.
CREATE TRIGGER private_values_no_update BEFORE UPDATE ON private_values FOR EACH ROW EXECUTE FUNCTION refuse_change();
ALTER TABLE private_values ENABLE ALWAYS TRIGGER private_values_no_update;

-- A tile grows at its end until it is full.
CREATE TRIGGER log_tiles_grow BEFORE UPDATE ON log_tiles FOR EACH ROW
WHEN (NEW.level <> OLD.level OR NEW.tile <> OLD.tile OR substring(NEW.hashes from 1 for octet_length(OLD.hashes)) <> OLD.hashes)
EXECUTE FUNCTION refuse_change();
CREATE TRIGGER log_tiles_no_delete BEFORE DELETE ON log_tiles FOR EACH ROW EXECUTE FUNCTION refuse_change();
CREATE TRIGGER log_tiles_no_truncate BEFORE TRUNCATE ON log_tiles FOR EACH STATEMENT EXECUTE FUNCTION refuse_change();
ALTER TABLE log_tiles ENABLE ALWAYS TRIGGER log_tiles_grow;
ALTER TABLE log_tiles ENABLE ALWAYS TRIGGER log_tiles_no_delete;
ALTER TABLE log_tiles ENABLE ALWAYS TRIGGER log_tiles_no_truncate;

-- The head never goes back.
CREATE TRIGGER log_head_no_retreat BEFORE UPDATE ON log_head FOR EACH ROW WHEN (NEW.size < OLD.size) EXECUTE FUNCTION refuse_change();
CREATE TRIGGER log_head_no_delete BEFORE DELETE ON log_head FOR EACH ROW EXECUTE FUNCTION refuse_change();
ALTER TABLE log_head ENABLE ALWAYS TRIGGER log_head_no_retreat;
ALTER TABLE log_head ENABLE ALWAYS TRIGGER log_head_no_delete;
CREATE TRIGGER log_head_no_truncate BEFORE TRUNCATE ON log_head FOR EACH STATEMENT EXECUTE FUNCTION refuse_change();
ALTER TABLE log_head ENABLE ALWAYS TRIGGER log_head_no_truncate;
