-- The joint review: opinions of the agencies, decisions per item, appeals, and publication batches.
-- Every row of a table of versions is recorded by the entry of its revision; `batches` holds each as it stands.

CREATE TABLE opinion_versions (
    application TEXT NOT NULL,
    line INTEGER NOT NULL CHECK (line BETWEEN 1 AND 9999),
    agency TEXT NOT NULL,
    version INTEGER NOT NULL CHECK (version > 0),
    revision INTEGER NOT NULL UNIQUE,
    enterprise TEXT NOT NULL CHECK (length(enterprise) = 18),
    content INTEGER NOT NULL CHECK (content > 0),
    item_digest TEXT NOT NULL,
    stance TEXT NOT NULL CHECK (stance IN ('agree', 'agree_with_conditions', 'object', 'ask')),
    grounds TEXT NOT NULL,
    conditions TEXT,
    note TEXT,
    reviewer TEXT NOT NULL,
    recorded_at INTEGER NOT NULL,
    PRIMARY KEY (application, line, agency, version)
) STRICT;

CREATE TABLE decision_versions (
    application TEXT NOT NULL,
    line INTEGER NOT NULL CHECK (line BETWEEN 1 AND 9999),
    version INTEGER NOT NULL CHECK (version > 0),
    revision INTEGER NOT NULL UNIQUE,
    enterprise TEXT NOT NULL CHECK (length(enterprise) = 18),
    scheme TEXT NOT NULL,
    kind TEXT NOT NULL CHECK (kind IN ('add', 'vary', 'renew', 'surrender')),
    state TEXT NOT NULL CHECK (state IN ('open', 'proposed_recognition', 'proposed_refusal', 'recognised', 'refused', 'published')),
    hs_code INTEGER,
    cas INTEGER,
    content INTEGER NOT NULL CHECK (content > 0),
    granted TEXT,
    conditions TEXT,
    grounds TEXT NOT NULL,
    note TEXT,
    lodged_by TEXT NOT NULL,
    proposed_by TEXT NOT NULL,
    decided_by TEXT,
    decided_at INTEGER,
    batch TEXT,
    listing TEXT,
    recorded_at INTEGER NOT NULL,
    PRIMARY KEY (application, line, version),
    -- Four eyes and no hand in one's own case, as a second fence behind the rule in the domain.
    CHECK (proposed_by <> lodged_by),
    CHECK (decided_by IS NULL OR (decided_by <> proposed_by AND decided_by <> lodged_by)),
    CHECK (state NOT IN ('recognised', 'refused', 'published') OR decided_by IS NOT NULL),
    CHECK ((state = 'published') = (batch IS NOT NULL)),
    CHECK (state NOT IN ('proposed_refusal', 'refused') OR grounds <> '')
) STRICT;
CREATE INDEX decision_versions_hs_code ON decision_versions (hs_code, application);
CREATE INDEX decision_versions_cas ON decision_versions (cas, application);
CREATE INDEX decision_versions_state ON decision_versions (state, application);

CREATE TABLE appeal_versions (
    id TEXT NOT NULL,
    version INTEGER NOT NULL CHECK (version > 0),
    revision INTEGER NOT NULL UNIQUE,
    application TEXT NOT NULL,
    enterprise TEXT NOT NULL CHECK (length(enterprise) = 18),
    state TEXT NOT NULL CHECK (state IN ('open', 'upheld', 'overturned')),
    lines TEXT NOT NULL,
    grounds TEXT NOT NULL,
    reason_code TEXT,
    note TEXT,
    appealed_by TEXT NOT NULL,
    decided_by TEXT,
    recorded_at INTEGER NOT NULL,
    PRIMARY KEY (id, version),
    CHECK ((state = 'open') = (decided_by IS NULL)),
    CHECK (decided_by IS NULL OR decided_by <> appealed_by)
) STRICT;
CREATE INDEX appeal_versions_application ON appeal_versions (application, id);

CREATE TABLE batches (
    id TEXT NOT NULL PRIMARY KEY,
    version INTEGER NOT NULL CHECK (version > 0),
    revision INTEGER NOT NULL UNIQUE,
    scheme TEXT NOT NULL,
    state TEXT NOT NULL CHECK (state IN ('collecting', 'published', 'discarded')),
    items TEXT NOT NULL,
    item_count INTEGER NOT NULL CHECK (item_count > 0),
    notice_number TEXT UNIQUE,
    effective_on INTEGER,
    digest TEXT,
    body TEXT,
    collected_by TEXT NOT NULL,
    collected_at INTEGER NOT NULL,
    closed_by TEXT,
    closed_at INTEGER,
    -- Four eyes, as a second fence behind the rule in the domain.
    CHECK (state <> 'published' OR (closed_by IS NOT NULL AND closed_by <> collected_by)),
    CHECK ((state = 'published') = (notice_number IS NOT NULL)),
    CHECK ((state = 'published') = (digest IS NOT NULL)),
    CHECK ((state = 'collecting') = (closed_at IS NULL))
) STRICT;
CREATE INDEX batches_state ON batches (state, id);

-- Working state: who works on a case for an organisation, and opinions that are being written.
CREATE TABLE claims (
    application TEXT NOT NULL,
    org TEXT NOT NULL,
    person TEXT NOT NULL,
    claimed_at INTEGER NOT NULL,
    PRIMARY KEY (application, org)
) STRICT;
CREATE INDEX claims_person ON claims (person, application);

CREATE TABLE opinion_drafts (
    application TEXT NOT NULL,
    agency TEXT NOT NULL,
    body TEXT NOT NULL,
    saved_by TEXT NOT NULL,
    saved_at INTEGER NOT NULL,
    PRIMARY KEY (application, agency)
) STRICT;

-- Append-only, as defence in depth ----------------------------------------------------------------------------------
-- REPLACE INTO slips past UPDATE and DELETE triggers on SQLite: an insert of a known key is refused too.

CREATE TRIGGER opinion_versions_no_update BEFORE UPDATE ON opinion_versions BEGIN SELECT RAISE(ABORT, 'opinion_versions is append-only'); END;
CREATE TRIGGER opinion_versions_no_delete BEFORE DELETE ON opinion_versions BEGIN SELECT RAISE(ABORT, 'opinion_versions is append-only'); END;
CREATE TRIGGER opinion_versions_no_replace BEFORE INSERT ON opinion_versions WHEN EXISTS (SELECT 1 FROM opinion_versions WHERE application = NEW.application AND line = NEW.line AND agency = NEW.agency AND version = NEW.version) BEGIN SELECT RAISE(ABORT, 'opinion_versions is append-only'); END;

CREATE TRIGGER decision_versions_no_update BEFORE UPDATE ON decision_versions BEGIN SELECT RAISE(ABORT, 'decision_versions is append-only'); END;
CREATE TRIGGER decision_versions_no_delete BEFORE DELETE ON decision_versions BEGIN SELECT RAISE(ABORT, 'decision_versions is append-only'); END;
CREATE TRIGGER decision_versions_no_replace BEFORE INSERT ON decision_versions WHEN EXISTS (SELECT 1 FROM decision_versions WHERE application = NEW.application AND line = NEW.line AND version = NEW.version) BEGIN SELECT RAISE(ABORT, 'decision_versions is append-only'); END;

CREATE TRIGGER appeal_versions_no_update BEFORE UPDATE ON appeal_versions BEGIN SELECT RAISE(ABORT, 'appeal_versions is append-only'); END;
CREATE TRIGGER appeal_versions_no_delete BEFORE DELETE ON appeal_versions BEGIN SELECT RAISE(ABORT, 'appeal_versions is append-only'); END;
CREATE TRIGGER appeal_versions_no_replace BEFORE INSERT ON appeal_versions WHEN EXISTS (SELECT 1 FROM appeal_versions WHERE id = NEW.id AND version = NEW.version) BEGIN SELECT RAISE(ABORT, 'appeal_versions is append-only'); END;

-- Whoever gave an agency's opinion on a case neither proposes nor decides on it.
CREATE TRIGGER decision_versions_no_reviewer BEFORE INSERT ON decision_versions
WHEN EXISTS (SELECT 1 FROM opinion_versions WHERE application = NEW.application AND reviewer IN (NEW.proposed_by, NEW.decided_by))
BEGIN SELECT RAISE(ABORT, 'a reviewer of the case does not decide on it'); END;

-- What was published is frozen.
CREATE TRIGGER batches_frozen BEFORE UPDATE ON batches WHEN OLD.state <> 'collecting' BEGIN SELECT RAISE(ABORT, 'a closed batch is frozen'); END;
CREATE TRIGGER batches_no_delete BEFORE DELETE ON batches BEGIN SELECT RAISE(ABORT, 'batches are kept'); END;
CREATE TRIGGER batches_no_replace BEFORE INSERT ON batches WHEN EXISTS (SELECT 1 FROM batches WHERE id = NEW.id) BEGIN SELECT RAISE(ABORT, 'batches are kept'); END;
