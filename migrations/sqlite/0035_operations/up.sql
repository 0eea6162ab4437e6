-- Pauses of the service: while one holds, changes are refused and lookups go on. Version 1 begins it, version 2 ends it.
CREATE TABLE pause_versions (
    id TEXT NOT NULL,
    version INTEGER NOT NULL CHECK (version IN (1, 2)),
    revision INTEGER NOT NULL UNIQUE,
    state TEXT NOT NULL CHECK (state IN ('paused', 'resumed')),
    reason_zh TEXT NOT NULL,
    reason_en TEXT NOT NULL,
    paused_at INTEGER NOT NULL,
    recorded_at INTEGER NOT NULL,
    PRIMARY KEY (id, version),
    CHECK ((state = 'paused') = (version = 1))
) STRICT;

CREATE TRIGGER pause_versions_no_update BEFORE UPDATE ON pause_versions BEGIN SELECT RAISE(ABORT, 'pause_versions is append-only'); END;
CREATE TRIGGER pause_versions_no_delete BEFORE DELETE ON pause_versions BEGIN SELECT RAISE(ABORT, 'pause_versions is append-only'); END;
CREATE TRIGGER pause_versions_no_replace BEFORE INSERT ON pause_versions WHEN EXISTS (SELECT 1 FROM pause_versions WHERE revision = NEW.revision OR (id = NEW.id AND version = NEW.version)) BEGIN SELECT RAISE(ABORT, 'pause_versions is append-only'); END;

-- Working state: which backups were made, and how long the log was in each.
CREATE TABLE backups (
    made_at INTEGER NOT NULL PRIMARY KEY,
    log_size INTEGER NOT NULL CHECK (log_size >= 0),
    maker TEXT NOT NULL CHECK (maker IN ('service', 'other'))
) STRICT;
