-- Changes of the rules: proposed whole by one administrator, confirmed by another. `body` is the proposed rule book, year or rows.
CREATE TABLE rule_change_versions (
    id TEXT NOT NULL,
    version INTEGER NOT NULL CHECK (version > 0),
    revision INTEGER NOT NULL UNIQUE,
    rule_table TEXT NOT NULL CHECK (rule_table IN ('scheme', 'calendar', 'tariff')),
    about TEXT NOT NULL,
    valid_from INTEGER NOT NULL,
    body TEXT NOT NULL,
    note TEXT,
    state TEXT NOT NULL CHECK (state IN ('proposed', 'confirmed', 'rejected', 'withdrawn')),
    reason TEXT,
    proposed_by TEXT NOT NULL,
    decided_by TEXT,
    recorded_at INTEGER NOT NULL,
    PRIMARY KEY (id, version),
    -- Four eyes, as a second fence behind the rule in the domain.
    CHECK (state NOT IN ('confirmed', 'rejected') OR (decided_by IS NOT NULL AND decided_by <> proposed_by)),
    CHECK ((state = 'proposed') = (decided_by IS NULL)),
    CHECK ((state = 'rejected') = (reason IS NOT NULL))
) STRICT;

CREATE TRIGGER rule_change_versions_no_update BEFORE UPDATE ON rule_change_versions BEGIN SELECT RAISE(ABORT, 'rule_change_versions is append-only'); END;
CREATE TRIGGER rule_change_versions_no_delete BEFORE DELETE ON rule_change_versions BEGIN SELECT RAISE(ABORT, 'rule_change_versions is append-only'); END;
CREATE TRIGGER rule_change_versions_no_replace BEFORE INSERT ON rule_change_versions WHEN EXISTS (SELECT 1 FROM rule_change_versions WHERE revision = NEW.revision OR (id = NEW.id AND version = NEW.version)) BEGIN SELECT RAISE(ABORT, 'rule_change_versions is append-only'); END;
