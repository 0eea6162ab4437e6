-- Roles of an organisation's own: each rests on a fixed role and includes some of its duties. A grant names the one it was given as.
CREATE TABLE custom_role_versions (
    id TEXT NOT NULL,
    version INTEGER NOT NULL CHECK (version > 0),
    revision INTEGER NOT NULL UNIQUE,
    org TEXT NOT NULL,
    base TEXT NOT NULL,
    name_zh TEXT NOT NULL,
    name_en TEXT,
    duties TEXT NOT NULL,
    state TEXT NOT NULL CHECK (state IN ('active', 'retired')),
    recorded_at INTEGER NOT NULL,
    PRIMARY KEY (id, version)
) STRICT;

CREATE TRIGGER custom_role_versions_no_update BEFORE UPDATE ON custom_role_versions BEGIN SELECT RAISE(ABORT, 'custom_role_versions is append-only'); END;
CREATE TRIGGER custom_role_versions_no_delete BEFORE DELETE ON custom_role_versions BEGIN SELECT RAISE(ABORT, 'custom_role_versions is append-only'); END;
CREATE TRIGGER custom_role_versions_no_replace BEFORE INSERT ON custom_role_versions WHEN EXISTS (SELECT 1 FROM custom_role_versions WHERE revision = NEW.revision OR (id = NEW.id AND version = NEW.version)) BEGIN SELECT RAISE(ABORT, 'custom_role_versions is append-only'); END;

ALTER TABLE grant_versions ADD COLUMN custom_role TEXT;
CREATE INDEX grant_versions_custom_role ON grant_versions (custom_role, id);
