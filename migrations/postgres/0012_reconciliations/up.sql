-- Reconciliations with customs: what was compared and what was confirmed is a fact; what was found is working state.

CREATE TABLE reconciliations (
    id TEXT COLLATE "C" NOT NULL PRIMARY KEY,
    version INTEGER NOT NULL CHECK (version > 0),
    revision BIGINT NOT NULL UNIQUE,
    org TEXT COLLATE "C" NOT NULL,
    state TEXT COLLATE "C" NOT NULL CHECK (state IN ('compared', 'confirmed')),
    period_from INTEGER NOT NULL,
    period_to INTEGER NOT NULL CHECK (period_to >= period_from),
    row_count INTEGER NOT NULL CHECK (row_count >= 0),
    -- SHA-256 of what customs sent, and of what was found.
    sent_digest TEXT COLLATE "C" NOT NULL,
    findings_digest TEXT COLLATE "C" NOT NULL,
    -- Revision of the log at which this side was read.
    compared_revision BIGINT NOT NULL CHECK (compared_revision > 0),
    matched INTEGER NOT NULL CHECK (matched >= 0),
    missing_here INTEGER NOT NULL CHECK (missing_here >= 0),
    missing_there INTEGER NOT NULL CHECK (missing_there >= 0),
    different INTEGER NOT NULL CHECK (different >= 0),
    compared_by TEXT COLLATE "C" NOT NULL,
    compared_at BIGINT NOT NULL,
    confirmed_by TEXT COLLATE "C",
    confirmed_at BIGINT,
    booked INTEGER,
    refused INTEGER,
    CHECK ((state = 'confirmed') = (confirmed_at IS NOT NULL)),
    CHECK ((confirmed_at IS NULL) = (confirmed_by IS NULL)),
    CHECK ((confirmed_at IS NULL) = (booked IS NULL)),
    CHECK ((booked IS NULL) = (refused IS NULL))
);

-- What was found, many declarations to a row, in order of number.
CREATE TABLE reconciliation_pages (
    reconciliation TEXT COLLATE "C" NOT NULL,
    kind TEXT COLLATE "C" NOT NULL CHECK (kind IN ('matched', 'missing_here', 'missing_there', 'different')),
    first_number TEXT COLLATE "C" NOT NULL,
    last_number TEXT COLLATE "C" NOT NULL,
    findings TEXT COLLATE "C" NOT NULL,
    PRIMARY KEY (reconciliation, kind, first_number)
);
