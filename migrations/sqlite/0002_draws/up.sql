-- Quantity at the border -------------------------------------------------------------------------------------------
-- A declaration is an aggregate of versions: one row and one entry of the log for every command that was applied.

CREATE TABLE declaration_versions (
    number TEXT NOT NULL CHECK (length(number) = 18),
    version INTEGER NOT NULL CHECK (version > 0),
    revision INTEGER NOT NULL UNIQUE,
    sequence INTEGER NOT NULL CHECK (sequence > 0),
    verb TEXT NOT NULL CHECK (verb IN ('put', 'released', 'cancelled', 'corrected', 'manual', 'lapsed')),
    state TEXT NOT NULL CHECK (state IN ('reserved', 'released', 'cancelled', 'lapsed')),
    enterprise TEXT NOT NULL CHECK (length(enterprise) = 18),
    org TEXT NOT NULL,
    customs_office TEXT NOT NULL CHECK (length(customs_office) = 4),
    declared_on INTEGER NOT NULL,
    trade_mode INTEGER,
    occurred_at INTEGER,
    lines TEXT NOT NULL,
    positions TEXT NOT NULL,
    answer TEXT NOT NULL,
    request_digest BLOB NOT NULL,
    judged_at INTEGER NOT NULL CHECK (judged_at >= 0),
    reason_code TEXT,
    reason_basis TEXT,
    officer TEXT,
    shadow TEXT,
    recorded_at INTEGER NOT NULL,
    PRIMARY KEY (number, version)
) STRICT;

-- What moved where on a listing, double entry; it follows from the versions of declarations, and a check of the log
-- works it out again.
CREATE TABLE movements (
    revision INTEGER NOT NULL CHECK (revision > 0),
    place INTEGER NOT NULL CHECK (place >= 0),
    listing TEXT NOT NULL,
    enterprise TEXT NOT NULL CHECK (length(enterprise) = 18),
    declaration TEXT NOT NULL CHECK (length(declaration) = 18),
    customs_office TEXT NOT NULL CHECK (length(customs_office) = 4),
    kind TEXT NOT NULL CHECK (kind IN ('reserved', 'confirmed', 'given_back', 'corrected')),
    debit TEXT NOT NULL CHECK (debit IN ('free', 'reserved', 'confirmed', 'excess', 'beyond')),
    credit TEXT NOT NULL CHECK (credit IN ('free', 'reserved', 'confirmed', 'excess', 'beyond')),
    quantity INTEGER NOT NULL CHECK (quantity > 0),
    reserved_after INTEGER NOT NULL CHECK (reserved_after >= 0),
    confirmed_after INTEGER NOT NULL CHECK (confirmed_after >= 0),
    excess_after INTEGER NOT NULL CHECK (excess_after >= 0),
    granted INTEGER NOT NULL CHECK (granted >= 0),
    occurred_at INTEGER NOT NULL,
    recorded_at INTEGER NOT NULL,
    PRIMARY KEY (revision, place),
    CHECK (debit <> credit),
    -- Nothing leaves the free quantity that is not there: the fence behind the rule in the domain.
    CHECK (debit <> 'free' OR reserved_after + confirmed_after <= granted)
) STRICT;
CREATE INDEX movements_listing ON movements (listing, revision, place);
CREATE INDEX movements_declaration ON movements (declaration);

ALTER TABLE balances ADD COLUMN excess INTEGER NOT NULL DEFAULT 0 CHECK (excess >= 0);

-- Declarations that hold a reservation, for the age board and the sweep; follows from declaration_versions.
CREATE TABLE open_declarations (
    number TEXT NOT NULL PRIMARY KEY,
    reserved_on INTEGER NOT NULL,
    enterprise TEXT NOT NULL,
    customs_office TEXT NOT NULL
) STRICT;
CREATE INDEX open_declarations_reserved_on ON open_declarations (reserved_on, number);

-- Releases by an officer against the answer, as their review stands.
CREATE TABLE manual_releases (
    id TEXT NOT NULL PRIMARY KEY,
    version INTEGER NOT NULL CHECK (version > 0),
    revision INTEGER NOT NULL UNIQUE,
    state TEXT NOT NULL CHECK (state IN ('unreviewed', 'accepted', 'objected')),
    declaration TEXT NOT NULL CHECK (length(declaration) = 18),
    declaration_version INTEGER NOT NULL CHECK (declaration_version > 0),
    enterprise TEXT NOT NULL CHECK (length(enterprise) = 18),
    customs_office TEXT NOT NULL CHECK (length(customs_office) = 4),
    officer TEXT NOT NULL,
    reason_code TEXT NOT NULL,
    reason_basis TEXT,
    overridden TEXT NOT NULL,
    released_at INTEGER NOT NULL,
    reviewed_by TEXT,
    reviewed_at INTEGER,
    review_basis TEXT,
    CHECK ((state = 'unreviewed') = (reviewed_at IS NULL)),
    CHECK (reviewed_by IS NULL OR reviewed_by <> officer)
) STRICT;
CREATE INDEX manual_releases_state ON manual_releases (state, id);

-- Working state: not history ---------------------------------------------------------------------------------------

-- Requests of the draw interface and what they were answered, refused ones too.
CREATE TABLE draw_messages (
    id TEXT NOT NULL PRIMARY KEY,
    declaration TEXT NOT NULL,
    verb TEXT NOT NULL,
    sequence INTEGER,
    org TEXT NOT NULL,
    person TEXT NOT NULL,
    received_at INTEGER NOT NULL,
    status INTEGER NOT NULL,
    revision INTEGER,
    request BLOB NOT NULL,
    answer BLOB NOT NULL
) STRICT;
CREATE INDEX draw_messages_declaration ON draw_messages (declaration, id);

-- Messages that came and were refused, so that a later release does not wait for them.
CREATE TABLE draw_refusals (
    declaration TEXT NOT NULL,
    sequence INTEGER NOT NULL,
    PRIMARY KEY (declaration, sequence)
) STRICT;

-- Append-only, as defence in depth (the proof is the log itself) ----------------------------------------------------
CREATE TRIGGER declaration_versions_no_update BEFORE UPDATE ON declaration_versions BEGIN SELECT RAISE(ABORT, 'declaration_versions is append-only'); END;
CREATE TRIGGER declaration_versions_no_delete BEFORE DELETE ON declaration_versions BEGIN SELECT RAISE(ABORT, 'declaration_versions is append-only'); END;
CREATE TRIGGER declaration_versions_no_replace BEFORE INSERT ON declaration_versions WHEN EXISTS (SELECT 1 FROM declaration_versions WHERE number = NEW.number AND version = NEW.version) BEGIN SELECT RAISE(ABORT, 'declaration_versions is append-only'); END;
CREATE TRIGGER movements_no_update BEFORE UPDATE ON movements BEGIN SELECT RAISE(ABORT, 'movements is append-only'); END;
CREATE TRIGGER movements_no_delete BEFORE DELETE ON movements BEGIN SELECT RAISE(ABORT, 'movements is append-only'); END;
CREATE TRIGGER movements_no_replace BEFORE INSERT ON movements WHEN EXISTS (SELECT 1 FROM movements WHERE revision = NEW.revision AND place = NEW.place) BEGIN SELECT RAISE(ABORT, 'movements is append-only'); END;
