-- Roles of an organisation's own: each rests on a fixed role and includes some of its duties. A grant names the one it was given as.
CREATE TABLE custom_role_versions (
    id TEXT COLLATE "C" NOT NULL,
    version INTEGER NOT NULL CHECK (version > 0),
    revision BIGINT NOT NULL UNIQUE,
    org TEXT COLLATE "C" NOT NULL,
    base TEXT COLLATE "C" NOT NULL,
    name_zh TEXT COLLATE "C" NOT NULL,
    name_en TEXT COLLATE "C",
    duties TEXT COLLATE "C" NOT NULL,
    state TEXT COLLATE "C" NOT NULL CHECK (state IN ('active', 'retired')),
    recorded_at BIGINT NOT NULL,
    PRIMARY KEY (id, version)
);

CREATE TRIGGER custom_role_versions_no_change BEFORE UPDATE OR DELETE ON custom_role_versions FOR EACH ROW EXECUTE FUNCTION refuse_change();
CREATE TRIGGER custom_role_versions_no_truncate BEFORE TRUNCATE ON custom_role_versions FOR EACH STATEMENT EXECUTE FUNCTION refuse_change();
ALTER TABLE custom_role_versions ENABLE ALWAYS TRIGGER custom_role_versions_no_change;
ALTER TABLE custom_role_versions ENABLE ALWAYS TRIGGER custom_role_versions_no_truncate;

ALTER TABLE grant_versions ADD COLUMN custom_role TEXT COLLATE "C";
CREATE INDEX grant_versions_custom_role ON grant_versions (custom_role, id);
