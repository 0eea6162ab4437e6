-- Applications (申请), their frozen contents, their timeline, evidence documents, and the item library.
-- Every row of a table of versions is recorded by the entry of its revision; `applications` holds each as it stands.

CREATE TABLE applications (
    id TEXT COLLATE "C" NOT NULL PRIMARY KEY,
    version INTEGER NOT NULL CHECK (version > 0),
    revision BIGINT NOT NULL UNIQUE,
    kind TEXT COLLATE "C" NOT NULL CHECK (kind IN ('add', 'vary', 'renew', 'surrender')),
    enterprise TEXT COLLATE "C" NOT NULL CHECK (length(enterprise) = 18),
    scheme TEXT COLLATE "C" NOT NULL,
    scheme_version INTEGER NOT NULL,
    district TEXT COLLATE "C" NOT NULL,
    state TEXT COLLATE "C" NOT NULL CHECK (state IN ('lodged', 'accepted', 'evaluating', 'in_opinion', 'deciding', 'proposed', 'decided', 'asked', 'withdrawn', 'declined', 'lapsed')),
    asked_in TEXT COLLATE "C" CHECK (asked_in IN ('lodged', 'in_opinion')),
    needs_evaluation INTEGER NOT NULL CHECK (needs_evaluation IN (0, 1)),
    opinions INTEGER NOT NULL CHECK (opinions IN (0, 1)),
    fast_track INTEGER NOT NULL CHECK (fast_track IN (0, 1)),
    content INTEGER NOT NULL CHECK (content > 0),
    digest TEXT COLLATE "C" NOT NULL,
    item_count INTEGER NOT NULL CHECK (item_count > 0),
    lodged_by TEXT COLLATE "C" NOT NULL,
    lodged_at BIGINT NOT NULL,
    state_since BIGINT NOT NULL,
    CHECK ((state = 'asked') = (asked_in IS NOT NULL))
);
CREATE INDEX applications_enterprise ON applications (enterprise, id);
CREATE INDEX applications_state ON applications (state, district, id);

CREATE TABLE application_contents (
    application TEXT COLLATE "C" NOT NULL,
    version INTEGER NOT NULL CHECK (version > 0),
    revision BIGINT NOT NULL UNIQUE,
    enterprise TEXT COLLATE "C" NOT NULL CHECK (length(enterprise) = 18),
    digest TEXT COLLATE "C" NOT NULL,
    body TEXT COLLATE "C" NOT NULL,
    item_count INTEGER NOT NULL CHECK (item_count > 0),
    lodged_by TEXT COLLATE "C" NOT NULL,
    recorded_at BIGINT NOT NULL,
    PRIMARY KEY (application, version)
);

CREATE TABLE case_events (
    application TEXT COLLATE "C" NOT NULL,
    version INTEGER NOT NULL CHECK (version > 0),
    revision BIGINT NOT NULL UNIQUE,
    enterprise TEXT COLLATE "C" NOT NULL CHECK (length(enterprise) = 18),
    kind TEXT COLLATE "C" NOT NULL,
    stage TEXT COLLATE "C" NOT NULL,
    org TEXT COLLATE "C",
    person TEXT COLLATE "C",
    reason_code TEXT COLLATE "C",
    due_on INTEGER,
    working_days INTEGER CHECK (working_days >= 0),
    content INTEGER,
    detail TEXT COLLATE "C",
    note TEXT COLLATE "C",
    visible_to_applicant INTEGER NOT NULL CHECK (visible_to_applicant IN (0, 1)),
    recorded_at BIGINT NOT NULL,
    PRIMARY KEY (application, version)
);

CREATE TABLE documents (
    id TEXT COLLATE "C" NOT NULL,
    version INTEGER NOT NULL CHECK (version > 0),
    revision BIGINT NOT NULL UNIQUE,
    application TEXT COLLATE "C" NOT NULL,
    enterprise TEXT COLLATE "C" NOT NULL CHECK (length(enterprise) = 18),
    kind TEXT COLLATE "C" NOT NULL,
    sha256 TEXT COLLATE "C" NOT NULL CHECK (length(sha256) = 64),
    size BIGINT NOT NULL CHECK (size > 0),
    media TEXT COLLATE "C" NOT NULL CHECK (media IN ('pdf', 'ofd', 'jpeg', 'png', 'xlsx', 'docx')),
    name TEXT COLLATE "C" NOT NULL,
    scan TEXT COLLATE "C" NOT NULL CHECK (scan IN ('unscanned', 'clean', 'infected', 'failed')),
    removed INTEGER NOT NULL CHECK (removed IN (0, 1)),
    uploaded_by TEXT COLLATE "C" NOT NULL,
    recorded_at BIGINT NOT NULL,
    PRIMARY KEY (id, version)
);
CREATE INDEX documents_application ON documents (application, id);
CREATE INDEX documents_sha256 ON documents (sha256);

CREATE TABLE item_versions (
    id TEXT COLLATE "C" NOT NULL,
    version INTEGER NOT NULL CHECK (version > 0),
    revision BIGINT NOT NULL UNIQUE,
    enterprise TEXT COLLATE "C" NOT NULL CHECK (length(enterprise) = 18),
    archived INTEGER NOT NULL CHECK (archived IN (0, 1)),
    body TEXT COLLATE "C" NOT NULL,
    recorded_at BIGINT NOT NULL,
    PRIMARY KEY (id, version)
);
CREATE INDEX item_versions_enterprise ON item_versions (enterprise, id);

-- Working state: applications that are still being written, with whatever their writer left in them.
CREATE TABLE drafts (
    id TEXT COLLATE "C" NOT NULL PRIMARY KEY,
    version INTEGER NOT NULL CHECK (version > 0),
    enterprise TEXT COLLATE "C" NOT NULL CHECK (length(enterprise) = 18),
    kind TEXT COLLATE "C" NOT NULL CHECK (kind IN ('add', 'vary', 'renew', 'surrender')),
    scheme TEXT COLLATE "C" NOT NULL,
    body TEXT COLLATE "C" NOT NULL,
    created_by TEXT COLLATE "C" NOT NULL,
    created_at BIGINT NOT NULL,
    updated_at BIGINT NOT NULL
);
CREATE INDEX drafts_enterprise ON drafts (enterprise, id);

-- Append-only, as defence in depth ----------------------------------------------------------------------------------

CREATE TRIGGER application_contents_no_change BEFORE UPDATE OR DELETE ON application_contents FOR EACH ROW EXECUTE FUNCTION refuse_change();
CREATE TRIGGER application_contents_no_truncate BEFORE TRUNCATE ON application_contents FOR EACH STATEMENT EXECUTE FUNCTION refuse_change();
ALTER TABLE application_contents ENABLE ALWAYS TRIGGER application_contents_no_change;
ALTER TABLE application_contents ENABLE ALWAYS TRIGGER application_contents_no_truncate;

CREATE TRIGGER case_events_no_change BEFORE UPDATE OR DELETE ON case_events FOR EACH ROW EXECUTE FUNCTION refuse_change();
CREATE TRIGGER case_events_no_truncate BEFORE TRUNCATE ON case_events FOR EACH STATEMENT EXECUTE FUNCTION refuse_change();
ALTER TABLE case_events ENABLE ALWAYS TRIGGER case_events_no_change;
ALTER TABLE case_events ENABLE ALWAYS TRIGGER case_events_no_truncate;

CREATE TRIGGER documents_no_change BEFORE UPDATE OR DELETE ON documents FOR EACH ROW EXECUTE FUNCTION refuse_change();
CREATE TRIGGER documents_no_truncate BEFORE TRUNCATE ON documents FOR EACH STATEMENT EXECUTE FUNCTION refuse_change();
ALTER TABLE documents ENABLE ALWAYS TRIGGER documents_no_change;
ALTER TABLE documents ENABLE ALWAYS TRIGGER documents_no_truncate;

CREATE TRIGGER item_versions_no_change BEFORE UPDATE OR DELETE ON item_versions FOR EACH ROW EXECUTE FUNCTION refuse_change();
CREATE TRIGGER item_versions_no_truncate BEFORE TRUNCATE ON item_versions FOR EACH STATEMENT EXECUTE FUNCTION refuse_change();
ALTER TABLE item_versions ENABLE ALWAYS TRIGGER item_versions_no_change;
ALTER TABLE item_versions ENABLE ALWAYS TRIGGER item_versions_no_truncate;
