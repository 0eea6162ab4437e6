-- Applications (申请), their frozen contents, their timeline, evidence documents, and the item library.
-- Every row of a table of versions is recorded by the entry of its revision; `applications` holds each as it stands.

CREATE TABLE applications (
    id TEXT NOT NULL PRIMARY KEY,
    version INTEGER NOT NULL CHECK (version > 0),
    revision INTEGER NOT NULL UNIQUE,
    kind TEXT NOT NULL CHECK (kind IN ('add', 'vary', 'renew', 'surrender')),
    enterprise TEXT NOT NULL CHECK (length(enterprise) = 18),
    scheme TEXT NOT NULL,
    scheme_version INTEGER NOT NULL,
    district TEXT NOT NULL,
    state TEXT NOT NULL CHECK (state IN ('lodged', 'accepted', 'evaluating', 'in_opinion', 'deciding', 'proposed', 'decided', 'asked', 'withdrawn', 'declined', 'lapsed')),
    asked_in TEXT CHECK (asked_in IN ('lodged', 'in_opinion')),
    needs_evaluation INTEGER NOT NULL CHECK (needs_evaluation IN (0, 1)),
    opinions INTEGER NOT NULL CHECK (opinions IN (0, 1)),
    fast_track INTEGER NOT NULL CHECK (fast_track IN (0, 1)),
    content INTEGER NOT NULL CHECK (content > 0),
    digest TEXT NOT NULL,
    item_count INTEGER NOT NULL CHECK (item_count > 0),
    lodged_by TEXT NOT NULL,
    lodged_at INTEGER NOT NULL,
    state_since INTEGER NOT NULL,
    CHECK ((state = 'asked') = (asked_in IS NOT NULL))
) STRICT;
CREATE INDEX applications_enterprise ON applications (enterprise, id);
CREATE INDEX applications_state ON applications (state, district, id);

CREATE TABLE application_contents (
    application TEXT NOT NULL,
    version INTEGER NOT NULL CHECK (version > 0),
    revision INTEGER NOT NULL UNIQUE,
    enterprise TEXT NOT NULL CHECK (length(enterprise) = 18),
    digest TEXT NOT NULL,
    body TEXT NOT NULL,
    item_count INTEGER NOT NULL CHECK (item_count > 0),
    lodged_by TEXT NOT NULL,
    recorded_at INTEGER NOT NULL,
    PRIMARY KEY (application, version)
) STRICT;

CREATE TABLE case_events (
    application TEXT NOT NULL,
    version INTEGER NOT NULL CHECK (version > 0),
    revision INTEGER NOT NULL UNIQUE,
    enterprise TEXT NOT NULL CHECK (length(enterprise) = 18),
    kind TEXT NOT NULL,
    stage TEXT NOT NULL,
    org TEXT,
    person TEXT,
    reason_code TEXT,
    due_on INTEGER,
    working_days INTEGER CHECK (working_days >= 0),
    content INTEGER,
    detail TEXT,
    note TEXT,
    visible_to_applicant INTEGER NOT NULL CHECK (visible_to_applicant IN (0, 1)),
    recorded_at INTEGER NOT NULL,
    PRIMARY KEY (application, version)
) STRICT;

CREATE TABLE documents (
    id TEXT NOT NULL,
    version INTEGER NOT NULL CHECK (version > 0),
    revision INTEGER NOT NULL UNIQUE,
    application TEXT NOT NULL,
    enterprise TEXT NOT NULL CHECK (length(enterprise) = 18),
    kind TEXT NOT NULL,
    sha256 TEXT NOT NULL CHECK (length(sha256) = 64),
    size INTEGER NOT NULL CHECK (size > 0),
    media TEXT NOT NULL CHECK (media IN ('pdf', 'ofd', 'jpeg', 'png', 'xlsx', 'docx')),
    name TEXT NOT NULL,
    scan TEXT NOT NULL CHECK (scan IN ('unscanned', 'clean', 'infected', 'failed')),
    removed INTEGER NOT NULL CHECK (removed IN (0, 1)),
    uploaded_by TEXT NOT NULL,
    recorded_at INTEGER NOT NULL,
    PRIMARY KEY (id, version)
) STRICT;
CREATE INDEX documents_application ON documents (application, id);
CREATE INDEX documents_sha256 ON documents (sha256);

CREATE TABLE item_versions (
    id TEXT NOT NULL,
    version INTEGER NOT NULL CHECK (version > 0),
    revision INTEGER NOT NULL UNIQUE,
    enterprise TEXT NOT NULL CHECK (length(enterprise) = 18),
    archived INTEGER NOT NULL CHECK (archived IN (0, 1)),
    body TEXT NOT NULL,
    recorded_at INTEGER NOT NULL,
    PRIMARY KEY (id, version)
) STRICT;
CREATE INDEX item_versions_enterprise ON item_versions (enterprise, id);

-- Working state: applications that are still being written, with whatever their writer left in them.
CREATE TABLE drafts (
    id TEXT NOT NULL PRIMARY KEY,
    version INTEGER NOT NULL CHECK (version > 0),
    enterprise TEXT NOT NULL CHECK (length(enterprise) = 18),
    kind TEXT NOT NULL CHECK (kind IN ('add', 'vary', 'renew', 'surrender')),
    scheme TEXT NOT NULL,
    body TEXT NOT NULL,
    created_by TEXT NOT NULL,
    created_at INTEGER NOT NULL,
    updated_at INTEGER NOT NULL
) STRICT;
CREATE INDEX drafts_enterprise ON drafts (enterprise, id);

-- Append-only, as defence in depth ----------------------------------------------------------------------------------
-- REPLACE INTO slips past UPDATE and DELETE triggers on SQLite: an insert of a known key is refused too.

CREATE TRIGGER application_contents_no_update BEFORE UPDATE ON application_contents BEGIN SELECT RAISE(ABORT, 'application_contents is append-only'); END;
CREATE TRIGGER application_contents_no_delete BEFORE DELETE ON application_contents BEGIN SELECT RAISE(ABORT, 'application_contents is append-only'); END;
CREATE TRIGGER application_contents_no_replace BEFORE INSERT ON application_contents WHEN EXISTS (SELECT 1 FROM application_contents WHERE application = NEW.application AND version = NEW.version) BEGIN SELECT RAISE(ABORT, 'application_contents is append-only'); END;

CREATE TRIGGER case_events_no_update BEFORE UPDATE ON case_events BEGIN SELECT RAISE(ABORT, 'case_events is append-only'); END;
CREATE TRIGGER case_events_no_delete BEFORE DELETE ON case_events BEGIN SELECT RAISE(ABORT, 'case_events is append-only'); END;
CREATE TRIGGER case_events_no_replace BEFORE INSERT ON case_events WHEN EXISTS (SELECT 1 FROM case_events WHERE application = NEW.application AND version = NEW.version) BEGIN SELECT RAISE(ABORT, 'case_events is append-only'); END;

CREATE TRIGGER documents_no_update BEFORE UPDATE ON documents BEGIN SELECT RAISE(ABORT, 'documents is append-only'); END;
CREATE TRIGGER documents_no_delete BEFORE DELETE ON documents BEGIN SELECT RAISE(ABORT, 'documents is append-only'); END;
CREATE TRIGGER documents_no_replace BEFORE INSERT ON documents WHEN EXISTS (SELECT 1 FROM documents WHERE id = NEW.id AND version = NEW.version) BEGIN SELECT RAISE(ABORT, 'documents is append-only'); END;

CREATE TRIGGER item_versions_no_update BEFORE UPDATE ON item_versions BEGIN SELECT RAISE(ABORT, 'item_versions is append-only'); END;
CREATE TRIGGER item_versions_no_delete BEFORE DELETE ON item_versions BEGIN SELECT RAISE(ABORT, 'item_versions is append-only'); END;
CREATE TRIGGER item_versions_no_replace BEFORE INSERT ON item_versions WHEN EXISTS (SELECT 1 FROM item_versions WHERE id = NEW.id AND version = NEW.version) BEGIN SELECT RAISE(ABORT, 'item_versions is append-only'); END;
