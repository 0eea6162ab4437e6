-- The joint review: opinions of the agencies, decisions per item, appeals, and publication batches.
-- Every row of a table of versions is recorded by the entry of its revision; `batches` holds each as it stands.

CREATE TABLE opinion_versions (
    application TEXT COLLATE "C" NOT NULL,
    line INTEGER NOT NULL CHECK (line BETWEEN 1 AND 9999),
    agency TEXT COLLATE "C" NOT NULL,
    version INTEGER NOT NULL CHECK (version > 0),
    revision BIGINT NOT NULL UNIQUE,
    enterprise TEXT COLLATE "C" NOT NULL CHECK (length(enterprise) = 18),
    content INTEGER NOT NULL CHECK (content > 0),
    item_digest TEXT COLLATE "C" NOT NULL,
    stance TEXT COLLATE "C" NOT NULL CHECK (stance IN ('agree', 'agree_with_conditions', 'object', 'ask')),
    grounds TEXT COLLATE "C" NOT NULL,
    conditions TEXT COLLATE "C",
    note TEXT COLLATE "C",
    reviewer TEXT COLLATE "C" NOT NULL,
    recorded_at BIGINT NOT NULL,
    PRIMARY KEY (application, line, agency, version)
);

CREATE TABLE decision_versions (
    application TEXT COLLATE "C" NOT NULL,
    line INTEGER NOT NULL CHECK (line BETWEEN 1 AND 9999),
    version INTEGER NOT NULL CHECK (version > 0),
    revision BIGINT NOT NULL UNIQUE,
    enterprise TEXT COLLATE "C" NOT NULL CHECK (length(enterprise) = 18),
    scheme TEXT COLLATE "C" NOT NULL,
    kind TEXT COLLATE "C" NOT NULL CHECK (kind IN ('add', 'vary', 'renew', 'surrender')),
    state TEXT COLLATE "C" NOT NULL CHECK (state IN ('open', 'proposed_recognition', 'proposed_refusal', 'recognised', 'refused', 'published')),
    hs_code BIGINT,
    cas BIGINT,
    content INTEGER NOT NULL CHECK (content > 0),
    granted TEXT COLLATE "C",
    conditions TEXT COLLATE "C",
    grounds TEXT COLLATE "C" NOT NULL,
    note TEXT COLLATE "C",
    lodged_by TEXT COLLATE "C" NOT NULL,
    proposed_by TEXT COLLATE "C" NOT NULL,
    decided_by TEXT COLLATE "C",
    decided_at BIGINT,
    batch TEXT COLLATE "C",
    listing TEXT COLLATE "C",
    recorded_at BIGINT NOT NULL,
    PRIMARY KEY (application, line, version),
    -- Four eyes and no hand in one's own case, as a second fence behind the rule in the domain.
    CHECK (proposed_by <> lodged_by),
    CHECK (decided_by IS NULL OR (decided_by <> proposed_by AND decided_by <> lodged_by)),
    CHECK (state NOT IN ('recognised', 'refused', 'published') OR decided_by IS NOT NULL),
    CHECK ((state = 'published') = (batch IS NOT NULL)),
    CHECK (state NOT IN ('proposed_refusal', 'refused') OR grounds <> '')
);
CREATE INDEX decision_versions_hs_code ON decision_versions (hs_code, application);
CREATE INDEX decision_versions_cas ON decision_versions (cas, application);
CREATE INDEX decision_versions_state ON decision_versions (state, application);

CREATE TABLE appeal_versions (
    id TEXT COLLATE "C" NOT NULL,
    version INTEGER NOT NULL CHECK (version > 0),
    revision BIGINT NOT NULL UNIQUE,
    application TEXT COLLATE "C" NOT NULL,
    enterprise TEXT COLLATE "C" NOT NULL CHECK (length(enterprise) = 18),
    state TEXT COLLATE "C" NOT NULL CHECK (state IN ('open', 'upheld', 'overturned')),
    lines TEXT COLLATE "C" NOT NULL,
    grounds TEXT COLLATE "C" NOT NULL,
    reason_code TEXT COLLATE "C",
    note TEXT COLLATE "C",
    appealed_by TEXT COLLATE "C" NOT NULL,
    decided_by TEXT COLLATE "C",
    recorded_at BIGINT NOT NULL,
    PRIMARY KEY (id, version),
    CHECK ((state = 'open') = (decided_by IS NULL)),
    CHECK (decided_by IS NULL OR decided_by <> appealed_by)
);
CREATE INDEX appeal_versions_application ON appeal_versions (application, id);

CREATE TABLE batches (
    id TEXT COLLATE "C" NOT NULL PRIMARY KEY,
    version INTEGER NOT NULL CHECK (version > 0),
    revision BIGINT NOT NULL UNIQUE,
    scheme TEXT COLLATE "C" NOT NULL,
    state TEXT COLLATE "C" NOT NULL CHECK (state IN ('collecting', 'published', 'discarded')),
    items TEXT COLLATE "C" NOT NULL,
    item_count INTEGER NOT NULL CHECK (item_count > 0),
    notice_number TEXT COLLATE "C" UNIQUE,
    effective_on INTEGER,
    digest TEXT COLLATE "C",
    body TEXT COLLATE "C",
    collected_by TEXT COLLATE "C" NOT NULL,
    collected_at BIGINT NOT NULL,
    closed_by TEXT COLLATE "C",
    closed_at BIGINT,
    -- Four eyes, as a second fence behind the rule in the domain.
    CHECK (state <> 'published' OR (closed_by IS NOT NULL AND closed_by <> collected_by)),
    CHECK ((state = 'published') = (notice_number IS NOT NULL)),
    CHECK ((state = 'published') = (digest IS NOT NULL)),
    CHECK ((state = 'collecting') = (closed_at IS NULL))
);
CREATE INDEX batches_state ON batches (state, id);

-- Working state: who works on a case for an organisation, and opinions that are being written.
CREATE TABLE claims (
    application TEXT COLLATE "C" NOT NULL,
    org TEXT COLLATE "C" NOT NULL,
    person TEXT COLLATE "C" NOT NULL,
    claimed_at BIGINT NOT NULL,
    PRIMARY KEY (application, org)
);
CREATE INDEX claims_person ON claims (person, application);

CREATE TABLE opinion_drafts (
    application TEXT COLLATE "C" NOT NULL,
    agency TEXT COLLATE "C" NOT NULL,
    body TEXT COLLATE "C" NOT NULL,
    saved_by TEXT COLLATE "C" NOT NULL,
    saved_at BIGINT NOT NULL,
    PRIMARY KEY (application, agency)
);

-- Append-only, as defence in depth ----------------------------------------------------------------------------------

CREATE TRIGGER opinion_versions_no_change BEFORE UPDATE OR DELETE ON opinion_versions FOR EACH ROW EXECUTE FUNCTION refuse_change();
CREATE TRIGGER opinion_versions_no_truncate BEFORE TRUNCATE ON opinion_versions FOR EACH STATEMENT EXECUTE FUNCTION refuse_change();
ALTER TABLE opinion_versions ENABLE ALWAYS TRIGGER opinion_versions_no_change;
ALTER TABLE opinion_versions ENABLE ALWAYS TRIGGER opinion_versions_no_truncate;

CREATE TRIGGER decision_versions_no_change BEFORE UPDATE OR DELETE ON decision_versions FOR EACH ROW EXECUTE FUNCTION refuse_change();
CREATE TRIGGER decision_versions_no_truncate BEFORE TRUNCATE ON decision_versions FOR EACH STATEMENT EXECUTE FUNCTION refuse_change();
ALTER TABLE decision_versions ENABLE ALWAYS TRIGGER decision_versions_no_change;
ALTER TABLE decision_versions ENABLE ALWAYS TRIGGER decision_versions_no_truncate;

CREATE TRIGGER appeal_versions_no_change BEFORE UPDATE OR DELETE ON appeal_versions FOR EACH ROW EXECUTE FUNCTION refuse_change();
CREATE TRIGGER appeal_versions_no_truncate BEFORE TRUNCATE ON appeal_versions FOR EACH STATEMENT EXECUTE FUNCTION refuse_change();
ALTER TABLE appeal_versions ENABLE ALWAYS TRIGGER appeal_versions_no_change;
ALTER TABLE appeal_versions ENABLE ALWAYS TRIGGER appeal_versions_no_truncate;

-- Whoever gave an agency's opinion on a case neither proposes nor decides on it.
CREATE FUNCTION refuse_reviewer() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    IF EXISTS (SELECT 1 FROM opinion_versions WHERE application = NEW.application AND reviewer IN (NEW.proposed_by, NEW.decided_by)) THEN
        RAISE EXCEPTION 'a reviewer of the case does not decide on it';
    END IF;
    RETURN NEW;
END $$;
CREATE TRIGGER decision_versions_no_reviewer BEFORE INSERT ON decision_versions FOR EACH ROW EXECUTE FUNCTION refuse_reviewer();
ALTER TABLE decision_versions ENABLE ALWAYS TRIGGER decision_versions_no_reviewer;

-- What was published is frozen.
CREATE TRIGGER batches_frozen BEFORE UPDATE ON batches FOR EACH ROW WHEN (OLD.state <> 'collecting') EXECUTE FUNCTION refuse_change();
CREATE TRIGGER batches_no_delete BEFORE DELETE ON batches FOR EACH ROW EXECUTE FUNCTION refuse_change();
CREATE TRIGGER batches_no_truncate BEFORE TRUNCATE ON batches FOR EACH STATEMENT EXECUTE FUNCTION refuse_change();
ALTER TABLE batches ENABLE ALWAYS TRIGGER batches_frozen;
ALTER TABLE batches ENABLE ALWAYS TRIGGER batches_no_truncate;
ALTER TABLE batches ENABLE ALWAYS TRIGGER batches_no_delete;
