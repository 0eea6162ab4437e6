-- Reconciliations with customs: what was compared and what was confirmed is a fact; what was found is working state.

CREATE TABLE reconciliations (
    id TEXT NOT NULL PRIMARY KEY,
    version INTEGER NOT NULL CHECK (version > 0),
    revision INTEGER NOT NULL UNIQUE,
    org TEXT NOT NULL,
    state TEXT NOT NULL CHECK (state IN ('compared', 'confirmed')),
    period_from INTEGER NOT NULL,
    period_to INTEGER NOT NULL CHECK (period_to >= period_from),
    row_count INTEGER NOT NULL CHECK (row_count >= 0),
    -- SHA-256 of what customs sent, and of what was found.
    sent_digest TEXT NOT NULL,
    findings_digest TEXT NOT NULL,
    -- Revision of the log at which this side was read.
    compared_revision INTEGER NOT NULL CHECK (compared_revision > 0),
    matched INTEGER NOT NULL CHECK (matched >= 0),
    missing_here INTEGER NOT NULL CHECK (missing_here >= 0),
    missing_there INTEGER NOT NULL CHECK (missing_there >= 0),
    different INTEGER NOT NULL CHECK (different >= 0),
    compared_by TEXT NOT NULL,
    compared_at INTEGER NOT NULL,
    confirmed_by TEXT,
    confirmed_at INTEGER,
    booked INTEGER,
    refused INTEGER,
    CHECK ((state = 'confirmed') = (confirmed_at IS NOT NULL)),
    CHECK ((confirmed_at IS NULL) = (confirmed_by IS NULL)),
    CHECK ((confirmed_at IS NULL) = (booked IS NULL)),
    CHECK ((booked IS NULL) = (refused IS NULL))
) STRICT;

-- What was found, many declarations to a row, in order of number.
CREATE TABLE reconciliation_pages (
    reconciliation TEXT NOT NULL,
    kind TEXT NOT NULL CHECK (kind IN ('matched', 'missing_here', 'missing_there', 'different')),
    first_number TEXT NOT NULL,
    last_number TEXT NOT NULL,
    findings TEXT NOT NULL,
    PRIMARY KEY (reconciliation, kind, first_number)
) STRICT;
