-- Erasures of personal data: proposed by one administrator, confirmed by another. `rows` are the rows as they stand afterwards.
CREATE TABLE erasures (
    id TEXT NOT NULL,
    version INTEGER NOT NULL CHECK (version > 0),
    revision INTEGER NOT NULL UNIQUE,
    subject_kind TEXT NOT NULL CHECK (subject_kind IN ('person', 'contact')),
    subject TEXT NOT NULL,
    ground TEXT NOT NULL CHECK (ground IN ('purpose_fulfilled', 'period_over', 'consent_withdrawn', 'unlawful', 'other')),
    state TEXT NOT NULL CHECK (state IN ('proposed', 'confirmed', 'refused')),
    row_count INTEGER NOT NULL CHECK (row_count >= 0),
    rows TEXT,
    proposed_by TEXT NOT NULL,
    decided_by TEXT,
    recorded_at INTEGER NOT NULL,
    PRIMARY KEY (id, version),
    -- Four eyes, as a second fence behind the rule in the domain.
    CHECK (state <> 'confirmed' OR (decided_by IS NOT NULL AND decided_by <> proposed_by)),
    CHECK ((state = 'proposed') = (decided_by IS NULL)),
    CHECK ((state = 'confirmed') = (rows IS NOT NULL))
) STRICT;
CREATE INDEX erasures_subject ON erasures (subject_kind, subject, revision);

CREATE TRIGGER erasures_no_update BEFORE UPDATE ON erasures BEGIN SELECT RAISE(ABORT, 'erasures is append-only'); END;
CREATE TRIGGER erasures_no_delete BEFORE DELETE ON erasures BEGIN SELECT RAISE(ABORT, 'erasures is append-only'); END;
CREATE TRIGGER erasures_no_replace BEFORE INSERT ON erasures WHEN EXISTS (SELECT 1 FROM erasures WHERE revision = NEW.revision OR (id = NEW.id AND version = NEW.version)) BEGIN SELECT RAISE(ABORT, 'erasures is append-only'); END;

-- Three tables of versions forget, and only this: personal values become the mark, in rows older than a confirmed erasure of
-- their subject. Every other column stays as it was.
DROP TRIGGER person_versions_no_update;
CREATE TRIGGER person_versions_no_update BEFORE UPDATE ON person_versions WHEN NOT (EXISTS (SELECT 1 FROM erasures WHERE subject_kind = 'person' AND subject = OLD.id AND state = 'confirmed' AND revision > OLD.revision) AND NEW.id IS OLD.id AND NEW.version IS OLD.version AND NEW.revision IS OLD.revision AND NEW.org IS OLD.org AND NEW.language IS OLD.language AND NEW.active IS OLD.active AND NEW.recorded_at IS OLD.recorded_at AND NEW.name = '已删除 / erased' AND NEW.phone IS NULL AND NEW.mail IS NULL) BEGIN SELECT RAISE(ABORT, 'person_versions is append-only'); END;
DROP TRIGGER responsible_person_versions_no_update;
CREATE TRIGGER responsible_person_versions_no_update BEFORE UPDATE ON responsible_person_versions WHEN NOT (EXISTS (SELECT 1 FROM erasures WHERE subject_kind = 'contact' AND subject = OLD.uscc AND state = 'confirmed' AND revision > OLD.revision) AND NEW.uscc IS OLD.uscc AND NEW.version IS OLD.version AND NEW.revision IS OLD.revision AND NEW.recorded_at IS OLD.recorded_at AND NEW.name = '已删除 / erased' AND NEW.phone = '已删除 / erased' AND NEW.position IS NULL AND NEW.mail IS NULL) BEGIN SELECT RAISE(ABORT, 'responsible_person_versions is append-only'); END;
DROP TRIGGER application_contents_no_update;
CREATE TRIGGER application_contents_no_update BEFORE UPDATE ON application_contents WHEN NOT (EXISTS (SELECT 1 FROM erasures WHERE subject_kind = 'contact' AND subject = OLD.enterprise AND state = 'confirmed' AND revision > OLD.revision) AND NEW.application IS OLD.application AND NEW.version IS OLD.version AND NEW.revision IS OLD.revision AND NEW.enterprise IS OLD.enterprise AND NEW.digest IS OLD.digest AND NEW.item_count IS OLD.item_count AND NEW.lodged_by IS OLD.lodged_by AND NEW.recorded_at IS OLD.recorded_at AND json_remove(NEW.body, '$.contact') = json_remove(OLD.body, '$.contact') AND json_extract(NEW.body, '$.contact') = json_object('email', NULL, 'name', '已删除 / erased', 'phone', NULL)) BEGIN SELECT RAISE(ABORT, 'application_contents is append-only'); END;
