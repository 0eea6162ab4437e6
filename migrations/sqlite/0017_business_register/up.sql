-- The register of business entities is one more of the dated lists; SQLite changes no CHECK in place.
CREATE TABLE screening_versions_next (
    id TEXT NOT NULL,
    version INTEGER NOT NULL CHECK (version > 0),
    revision INTEGER NOT NULL UNIQUE,
    list TEXT NOT NULL CHECK (list IN ('bar_elsewhere', 'serious_dishonesty', 'customs', 'business_register')),
    uscc TEXT NOT NULL CHECK (length(uscc) = 18),
    name TEXT,
    ground TEXT NOT NULL,
    source TEXT NOT NULL,
    valid_from INTEGER NOT NULL,
    valid_to INTEGER CHECK (valid_to >= valid_from),
    recorded_at INTEGER NOT NULL,
    PRIMARY KEY (id, version)
) STRICT;
INSERT INTO screening_versions_next SELECT * FROM screening_versions;
DROP TABLE screening_versions;
ALTER TABLE screening_versions_next RENAME TO screening_versions;
CREATE INDEX screening_versions_uscc ON screening_versions (uscc, id);
-- A dropped table takes its triggers along.
CREATE TRIGGER screening_versions_no_update BEFORE UPDATE ON screening_versions BEGIN SELECT RAISE(ABORT, 'screening_versions is append-only'); END;
CREATE TRIGGER screening_versions_no_delete BEFORE DELETE ON screening_versions BEGIN SELECT RAISE(ABORT, 'screening_versions is append-only'); END;
CREATE TRIGGER screening_versions_no_replace BEFORE INSERT ON screening_versions WHEN EXISTS (SELECT 1 FROM screening_versions WHERE id = NEW.id AND version = NEW.version) BEGIN SELECT RAISE(ABORT, 'screening_versions is append-only'); END;
