-- Erasures of personal data: proposed by one administrator, confirmed by another. `rows` are the rows as they stand afterwards.
CREATE TABLE erasures (
    id TEXT COLLATE "C" NOT NULL,
    version INTEGER NOT NULL CHECK (version > 0),
    revision BIGINT NOT NULL UNIQUE,
    subject_kind TEXT COLLATE "C" NOT NULL CHECK (subject_kind IN ('person', 'contact')),
    subject TEXT COLLATE "C" NOT NULL,
    ground TEXT COLLATE "C" NOT NULL CHECK (ground IN ('purpose_fulfilled', 'period_over', 'consent_withdrawn', 'unlawful', 'other')),
    state TEXT COLLATE "C" NOT NULL CHECK (state IN ('proposed', 'confirmed', 'refused')),
    row_count INTEGER NOT NULL CHECK (row_count >= 0),
    rows TEXT COLLATE "C",
    proposed_by TEXT COLLATE "C" NOT NULL,
    decided_by TEXT COLLATE "C",
    recorded_at BIGINT NOT NULL,
    PRIMARY KEY (id, version),
    -- Four eyes, as a second fence behind the rule in the domain.
    CHECK (state <> 'confirmed' OR (decided_by IS NOT NULL AND decided_by <> proposed_by)),
    CHECK ((state = 'proposed') = (decided_by IS NULL)),
    CHECK ((state = 'confirmed') = (rows IS NOT NULL))
);
CREATE INDEX erasures_subject ON erasures (subject_kind, subject, revision);

CREATE TRIGGER erasures_no_change BEFORE UPDATE OR DELETE ON erasures FOR EACH ROW EXECUTE FUNCTION refuse_change();
CREATE TRIGGER erasures_no_truncate BEFORE TRUNCATE ON erasures FOR EACH STATEMENT EXECUTE FUNCTION refuse_change();
ALTER TABLE erasures ENABLE ALWAYS TRIGGER erasures_no_change;
ALTER TABLE erasures ENABLE ALWAYS TRIGGER erasures_no_truncate;

-- Three tables of versions forget, and only this: personal values become the mark, in rows older than a confirmed erasure of
-- their subject. Every other column stays as it was.
CREATE FUNCTION person_versions_erased() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    IF TG_OP = 'UPDATE' THEN
        IF EXISTS (SELECT 1 FROM erasures WHERE subject_kind = 'person' AND subject = OLD.id AND state = 'confirmed' AND revision > OLD.revision)
            AND (NEW.id, NEW.version, NEW.revision, NEW.org, NEW.language, NEW.active, NEW.recorded_at) IS NOT DISTINCT FROM (OLD.id, OLD.version, OLD.revision, OLD.org, OLD.language, OLD.active, OLD.recorded_at)
            AND NEW.name = '已删除 / erased' AND NEW.phone IS NULL AND NEW.mail IS NULL
        THEN
            RETURN NEW;
        END IF;
    END IF;
    RAISE EXCEPTION 'person_versions is append-only';
END
$$;
DROP TRIGGER person_versions_no_change ON person_versions;
CREATE TRIGGER person_versions_no_change BEFORE UPDATE OR DELETE ON person_versions FOR EACH ROW EXECUTE FUNCTION person_versions_erased();
ALTER TABLE person_versions ENABLE ALWAYS TRIGGER person_versions_no_change;
CREATE FUNCTION responsible_person_versions_erased() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    IF TG_OP = 'UPDATE' THEN
        IF EXISTS (SELECT 1 FROM erasures WHERE subject_kind = 'contact' AND subject = OLD.uscc AND state = 'confirmed' AND revision > OLD.revision)
            AND (NEW.uscc, NEW.version, NEW.revision, NEW.recorded_at) IS NOT DISTINCT FROM (OLD.uscc, OLD.version, OLD.revision, OLD.recorded_at)
            AND NEW.name = '已删除 / erased' AND NEW.phone = '已删除 / erased' AND NEW.position IS NULL AND NEW.mail IS NULL
        THEN
            RETURN NEW;
        END IF;
    END IF;
    RAISE EXCEPTION 'responsible_person_versions is append-only';
END
$$;
DROP TRIGGER responsible_person_versions_no_change ON responsible_person_versions;
CREATE TRIGGER responsible_person_versions_no_change BEFORE UPDATE OR DELETE ON responsible_person_versions FOR EACH ROW EXECUTE FUNCTION responsible_person_versions_erased();
ALTER TABLE responsible_person_versions ENABLE ALWAYS TRIGGER responsible_person_versions_no_change;
CREATE FUNCTION application_contents_erased() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    IF TG_OP = 'UPDATE' THEN
        IF EXISTS (SELECT 1 FROM erasures WHERE subject_kind = 'contact' AND subject = OLD.enterprise AND state = 'confirmed' AND revision > OLD.revision)
            AND (NEW.application, NEW.version, NEW.revision, NEW.enterprise, NEW.digest, NEW.item_count, NEW.lodged_by, NEW.recorded_at) IS NOT DISTINCT FROM (OLD.application, OLD.version, OLD.revision, OLD.enterprise, OLD.digest, OLD.item_count, OLD.lodged_by, OLD.recorded_at)
            AND NEW.body::jsonb - 'contact' = OLD.body::jsonb - 'contact' AND NEW.body::jsonb -> 'contact' = jsonb_build_object('email', NULL, 'name', '已删除 / erased', 'phone', NULL)
        THEN
            RETURN NEW;
        END IF;
    END IF;
    RAISE EXCEPTION 'application_contents is append-only';
END
$$;
DROP TRIGGER application_contents_no_change ON application_contents;
CREATE TRIGGER application_contents_no_change BEFORE UPDATE OR DELETE ON application_contents FOR EACH ROW EXECUTE FUNCTION application_contents_erased();
ALTER TABLE application_contents ENABLE ALWAYS TRIGGER application_contents_no_change;
