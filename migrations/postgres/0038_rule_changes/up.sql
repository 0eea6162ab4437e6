-- Changes of the rules: proposed whole by one administrator, confirmed by another. `body` is the proposed rule book, year or rows.
CREATE TABLE rule_change_versions (
    id TEXT COLLATE "C" NOT NULL,
    version INTEGER NOT NULL CHECK (version > 0),
    revision BIGINT NOT NULL UNIQUE,
    rule_table TEXT COLLATE "C" NOT NULL CHECK (rule_table IN ('scheme', 'calendar', 'tariff')),
    about TEXT COLLATE "C" NOT NULL,
    valid_from INTEGER NOT NULL,
    body TEXT COLLATE "C" NOT NULL,
    note TEXT COLLATE "C",
    state TEXT COLLATE "C" NOT NULL CHECK (state IN ('proposed', 'confirmed', 'rejected', 'withdrawn')),
    reason TEXT COLLATE "C",
    proposed_by TEXT COLLATE "C" NOT NULL,
    decided_by TEXT COLLATE "C",
    recorded_at BIGINT NOT NULL,
    PRIMARY KEY (id, version),
    -- Four eyes, as a second fence behind the rule in the domain.
    CHECK (state NOT IN ('confirmed', 'rejected') OR (decided_by IS NOT NULL AND decided_by <> proposed_by)),
    CHECK ((state = 'proposed') = (decided_by IS NULL)),
    CHECK ((state = 'rejected') = (reason IS NOT NULL))
);

CREATE TRIGGER rule_change_versions_no_change BEFORE UPDATE OR DELETE ON rule_change_versions FOR EACH ROW EXECUTE FUNCTION refuse_change();
CREATE TRIGGER rule_change_versions_no_truncate BEFORE TRUNCATE ON rule_change_versions FOR EACH STATEMENT EXECUTE FUNCTION refuse_change();
ALTER TABLE rule_change_versions ENABLE ALWAYS TRIGGER rule_change_versions_no_change;
ALTER TABLE rule_change_versions ENABLE ALWAYS TRIGGER rule_change_versions_no_truncate;
