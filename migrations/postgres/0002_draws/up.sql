-- Quantity at the border -------------------------------------------------------------------------------------------
-- A declaration is an aggregate of versions: one row and one entry of the log for every command that was applied.

CREATE TABLE declaration_versions (
    number TEXT COLLATE "C" NOT NULL CHECK (length(number) = 18),
    version INTEGER NOT NULL CHECK (version > 0),
    revision BIGINT NOT NULL UNIQUE,
    sequence BIGINT NOT NULL CHECK (sequence > 0),
    verb TEXT COLLATE "C" NOT NULL CHECK (verb IN ('put', 'released', 'cancelled', 'corrected', 'manual', 'lapsed')),
    state TEXT COLLATE "C" NOT NULL CHECK (state IN ('reserved', 'released', 'cancelled', 'lapsed')),
    enterprise TEXT COLLATE "C" NOT NULL CHECK (length(enterprise) = 18),
    org TEXT COLLATE "C" NOT NULL,
    customs_office TEXT COLLATE "C" NOT NULL CHECK (length(customs_office) = 4),
    declared_on INTEGER NOT NULL,
    trade_mode INTEGER,
    occurred_at BIGINT,
    lines TEXT COLLATE "C" NOT NULL,
    positions TEXT COLLATE "C" NOT NULL,
    answer TEXT COLLATE "C" NOT NULL,
    request_digest BYTEA NOT NULL,
    judged_at BIGINT NOT NULL CHECK (judged_at >= 0),
    reason_code TEXT COLLATE "C",
    reason_basis TEXT COLLATE "C",
    officer TEXT COLLATE "C",
    shadow TEXT COLLATE "C",
    recorded_at BIGINT NOT NULL,
    PRIMARY KEY (number, version)
);

-- What moved where on a listing, double entry; it follows from the versions of declarations, and a check of the log
-- works it out again.
CREATE TABLE movements (
    revision BIGINT NOT NULL CHECK (revision > 0),
    place INTEGER NOT NULL CHECK (place >= 0),
    listing TEXT COLLATE "C" NOT NULL,
    enterprise TEXT COLLATE "C" NOT NULL CHECK (length(enterprise) = 18),
    declaration TEXT COLLATE "C" NOT NULL CHECK (length(declaration) = 18),
    customs_office TEXT COLLATE "C" NOT NULL CHECK (length(customs_office) = 4),
    kind TEXT COLLATE "C" NOT NULL CHECK (kind IN ('reserved', 'confirmed', 'given_back', 'corrected')),
    debit TEXT COLLATE "C" NOT NULL CHECK (debit IN ('free', 'reserved', 'confirmed', 'excess', 'beyond')),
    credit TEXT COLLATE "C" NOT NULL CHECK (credit IN ('free', 'reserved', 'confirmed', 'excess', 'beyond')),
    quantity BIGINT NOT NULL CHECK (quantity > 0),
    reserved_after BIGINT NOT NULL CHECK (reserved_after >= 0),
    confirmed_after BIGINT NOT NULL CHECK (confirmed_after >= 0),
    excess_after BIGINT NOT NULL CHECK (excess_after >= 0),
    granted BIGINT NOT NULL CHECK (granted >= 0),
    occurred_at BIGINT NOT NULL,
    recorded_at BIGINT NOT NULL,
    PRIMARY KEY (revision, place),
    CHECK (debit <> credit),
    -- Nothing leaves the free quantity that is not there: the fence behind the rule in the domain.
    CHECK (debit <> 'free' OR reserved_after + confirmed_after <= granted)
);
CREATE INDEX movements_listing ON movements (listing, revision, place);
CREATE INDEX movements_declaration ON movements (declaration);

ALTER TABLE balances ADD COLUMN excess BIGINT NOT NULL DEFAULT 0 CHECK (excess >= 0);

-- Declarations that hold a reservation, for the age board and the sweep; follows from declaration_versions.
CREATE TABLE open_declarations (
    number TEXT COLLATE "C" NOT NULL PRIMARY KEY,
    reserved_on INTEGER NOT NULL,
    enterprise TEXT COLLATE "C" NOT NULL,
    customs_office TEXT COLLATE "C" NOT NULL
);
CREATE INDEX open_declarations_reserved_on ON open_declarations (reserved_on, number);

-- Releases by an officer against the answer, as their review stands.
CREATE TABLE manual_releases (
    id TEXT COLLATE "C" NOT NULL PRIMARY KEY,
    version INTEGER NOT NULL CHECK (version > 0),
    revision BIGINT NOT NULL UNIQUE,
    state TEXT COLLATE "C" NOT NULL CHECK (state IN ('unreviewed', 'accepted', 'objected')),
    declaration TEXT COLLATE "C" NOT NULL CHECK (length(declaration) = 18),
    declaration_version INTEGER NOT NULL CHECK (declaration_version > 0),
    enterprise TEXT COLLATE "C" NOT NULL CHECK (length(enterprise) = 18),
    customs_office TEXT COLLATE "C" NOT NULL CHECK (length(customs_office) = 4),
    officer TEXT COLLATE "C" NOT NULL,
    reason_code TEXT COLLATE "C" NOT NULL,
    reason_basis TEXT COLLATE "C",
    overridden TEXT COLLATE "C" NOT NULL,
    released_at BIGINT NOT NULL,
    reviewed_by TEXT COLLATE "C",
    reviewed_at BIGINT,
    review_basis TEXT COLLATE "C",
    CHECK ((state = 'unreviewed') = (reviewed_at IS NULL)),
    CHECK (reviewed_by IS NULL OR reviewed_by <> officer)
);
CREATE INDEX manual_releases_state ON manual_releases (state, id);

-- Working state: not history ---------------------------------------------------------------------------------------

-- Requests of the draw interface and what they were answered, refused ones too.
CREATE TABLE draw_messages (
    id TEXT COLLATE "C" NOT NULL PRIMARY KEY,
    declaration TEXT COLLATE "C" NOT NULL,
    verb TEXT COLLATE "C" NOT NULL,
    sequence BIGINT,
    org TEXT COLLATE "C" NOT NULL,
    person TEXT COLLATE "C" NOT NULL,
    received_at BIGINT NOT NULL,
    status INTEGER NOT NULL,
    revision BIGINT,
    request BYTEA NOT NULL,
    answer BYTEA NOT NULL
);
CREATE INDEX draw_messages_declaration ON draw_messages (declaration, id);

-- Messages that came and were refused, so that a later release does not wait for them.
CREATE TABLE draw_refusals (
    declaration TEXT COLLATE "C" NOT NULL,
    sequence BIGINT NOT NULL,
    PRIMARY KEY (declaration, sequence)
);

-- Append-only, as defence in depth (the proof is the log itself) ----------------------------------------------------
CREATE TRIGGER declaration_versions_no_change BEFORE UPDATE OR DELETE ON declaration_versions FOR EACH ROW EXECUTE FUNCTION refuse_change();
CREATE TRIGGER declaration_versions_no_truncate BEFORE TRUNCATE ON declaration_versions FOR EACH STATEMENT EXECUTE FUNCTION refuse_change();
ALTER TABLE declaration_versions ENABLE ALWAYS TRIGGER declaration_versions_no_change;
ALTER TABLE declaration_versions ENABLE ALWAYS TRIGGER declaration_versions_no_truncate;
CREATE TRIGGER movements_no_change BEFORE UPDATE OR DELETE ON movements FOR EACH ROW EXECUTE FUNCTION refuse_change();
CREATE TRIGGER movements_no_truncate BEFORE TRUNCATE ON movements FOR EACH STATEMENT EXECUTE FUNCTION refuse_change();
ALTER TABLE movements ENABLE ALWAYS TRIGGER movements_no_change;
ALTER TABLE movements ENABLE ALWAYS TRIGGER movements_no_truncate;
