-- Who looked at personal data or inside the log: working state, sealed by the hour.
CREATE TABLE access_records (
    id TEXT COLLATE "C" NOT NULL PRIMARY KEY,
    accessed_at BIGINT NOT NULL,
    person TEXT COLLATE "C" NOT NULL,
    org TEXT COLLATE "C" NOT NULL,
    kind TEXT COLLATE "C" NOT NULL,
    about TEXT COLLATE "C" NOT NULL,
    request_id TEXT COLLATE "C" NOT NULL,
    -- Which seal covers it; none while it waits.
    seal INTEGER
);
CREATE INDEX access_records_seal ON access_records (seal, id);
CREATE INDEX access_records_person ON access_records (person, id);

-- Stretches of these records, sealed: count and RFC 6962 root. Records go after their time, seals stay.
CREATE TABLE access_seals (
    version INTEGER NOT NULL PRIMARY KEY CHECK (version > 0),
    revision BIGINT NOT NULL UNIQUE,
    first_id TEXT COLLATE "C" NOT NULL,
    last_id TEXT COLLATE "C" NOT NULL CHECK (last_id >= first_id),
    records BIGINT NOT NULL CHECK (records > 0),
    -- Accesses that the sealing node could not record since its start.
    unrecorded BIGINT NOT NULL CHECK (unrecorded >= 0),
    root TEXT COLLATE "C" NOT NULL CHECK (length(root) = 64),
    recorded_at BIGINT NOT NULL
);

CREATE TRIGGER access_seals_no_change BEFORE UPDATE OR DELETE ON access_seals FOR EACH ROW EXECUTE FUNCTION refuse_change();
CREATE TRIGGER access_seals_no_truncate BEFORE TRUNCATE ON access_seals FOR EACH STATEMENT EXECUTE FUNCTION refuse_change();
ALTER TABLE access_seals ENABLE ALWAYS TRIGGER access_seals_no_change;
ALTER TABLE access_seals ENABLE ALWAYS TRIGGER access_seals_no_truncate;
