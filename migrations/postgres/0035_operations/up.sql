-- Pauses of the service: while one holds, changes are refused and lookups go on. Version 1 begins it, version 2 ends it.
CREATE TABLE pause_versions (
    id TEXT COLLATE "C" NOT NULL,
    version INTEGER NOT NULL CHECK (version IN (1, 2)),
    revision BIGINT NOT NULL UNIQUE,
    state TEXT COLLATE "C" NOT NULL CHECK (state IN ('paused', 'resumed')),
    reason_zh TEXT COLLATE "C" NOT NULL,
    reason_en TEXT COLLATE "C" NOT NULL,
    paused_at BIGINT NOT NULL,
    recorded_at BIGINT NOT NULL,
    PRIMARY KEY (id, version),
    CHECK ((state = 'paused') = (version = 1))
);

CREATE TRIGGER pause_versions_no_change BEFORE UPDATE OR DELETE ON pause_versions FOR EACH ROW EXECUTE FUNCTION refuse_change();
CREATE TRIGGER pause_versions_no_truncate BEFORE TRUNCATE ON pause_versions FOR EACH STATEMENT EXECUTE FUNCTION refuse_change();
ALTER TABLE pause_versions ENABLE ALWAYS TRIGGER pause_versions_no_change;
ALTER TABLE pause_versions ENABLE ALWAYS TRIGGER pause_versions_no_truncate;

-- Working state: which backups were made, and how long the log was in each.
CREATE TABLE backups (
    made_at BIGINT NOT NULL PRIMARY KEY,
    log_size BIGINT NOT NULL CHECK (log_size >= 0),
    maker TEXT COLLATE "C" NOT NULL CHECK (maker IN ('service', 'other'))
);
