-- Who looked at personal data or inside the log: working state, sealed by the hour.
CREATE TABLE access_records (
    id TEXT NOT NULL PRIMARY KEY,
    accessed_at INTEGER NOT NULL,
    person TEXT NOT NULL,
    org TEXT NOT NULL,
    kind TEXT NOT NULL,
    about TEXT NOT NULL,
    request_id TEXT NOT NULL,
    -- Which seal covers it; none while it waits.
    seal INTEGER
) STRICT;
CREATE INDEX access_records_seal ON access_records (seal, id);
CREATE INDEX access_records_person ON access_records (person, id);

-- Stretches of these records, sealed: count and RFC 6962 root. Records go after their time, seals stay.
CREATE TABLE access_seals (
    version INTEGER NOT NULL PRIMARY KEY CHECK (version > 0),
    revision INTEGER NOT NULL UNIQUE,
    first_id TEXT NOT NULL,
    last_id TEXT NOT NULL CHECK (last_id >= first_id),
    records INTEGER NOT NULL CHECK (records > 0),
    -- Accesses that the sealing node could not record since its start.
    unrecorded INTEGER NOT NULL CHECK (unrecorded >= 0),
    root TEXT NOT NULL CHECK (length(root) = 64),
    recorded_at INTEGER NOT NULL
) STRICT;

CREATE TRIGGER access_seals_no_update BEFORE UPDATE ON access_seals BEGIN SELECT RAISE(ABORT, 'access_seals is append-only'); END;
CREATE TRIGGER access_seals_no_delete BEFORE DELETE ON access_seals BEGIN SELECT RAISE(ABORT, 'access_seals is append-only'); END;
CREATE TRIGGER access_seals_no_replace BEFORE INSERT ON access_seals WHEN EXISTS (SELECT 1 FROM access_seals WHERE revision = NEW.revision OR version = NEW.version) BEGIN SELECT RAISE(ABORT, 'access_seals is append-only'); END;
