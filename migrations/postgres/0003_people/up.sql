-- People and what they are told: organisations, people, grants, mandates, the calendar, notices.
-- Legal days are days since 1970-01-01; instants are microseconds since the epoch.

CREATE TABLE organisation_versions (
    code TEXT COLLATE "C" NOT NULL,
    version INTEGER NOT NULL CHECK (version > 0),
    revision BIGINT NOT NULL UNIQUE,
    kind TEXT COLLATE "C" NOT NULL CHECK (kind IN ('bureau', 'agency', 'district', 'customs', 'audit', 'operations')),
    name_zh TEXT COLLATE "C" NOT NULL,
    name_en TEXT COLLATE "C",
    mail TEXT COLLATE "C",
    active INTEGER NOT NULL CHECK (active IN (0, 1)),
    recorded_at BIGINT NOT NULL,
    PRIMARY KEY (code, version)
);

CREATE TABLE person_versions (
    id TEXT COLLATE "C" NOT NULL,
    version INTEGER NOT NULL CHECK (version > 0),
    revision BIGINT NOT NULL UNIQUE,
    org TEXT COLLATE "C" NOT NULL,
    name TEXT COLLATE "C" NOT NULL,
    phone TEXT COLLATE "C",
    mail TEXT COLLATE "C",
    language TEXT COLLATE "C" NOT NULL CHECK (language IN ('zh', 'en')),
    active INTEGER NOT NULL CHECK (active IN (0, 1)),
    recorded_at BIGINT NOT NULL,
    PRIMARY KEY (id, version)
);
CREATE INDEX person_versions_org ON person_versions (org, id);

CREATE TABLE account_versions (
    account TEXT COLLATE "C" NOT NULL,
    version INTEGER NOT NULL CHECK (version > 0),
    revision BIGINT NOT NULL UNIQUE,
    person TEXT COLLATE "C" NOT NULL,
    recorded_at BIGINT NOT NULL,
    PRIMARY KEY (account, version),
    CHECK (person <> account)
);
CREATE INDEX account_versions_person ON account_versions (person, account);

CREATE TABLE grant_versions (
    id TEXT COLLATE "C" NOT NULL,
    version INTEGER NOT NULL CHECK (version > 0),
    revision BIGINT NOT NULL UNIQUE,
    person TEXT COLLATE "C" NOT NULL,
    org TEXT COLLATE "C" NOT NULL,
    role TEXT COLLATE "C" NOT NULL,
    valid_from INTEGER NOT NULL,
    valid_to INTEGER CHECK (valid_to >= valid_from),
    state TEXT COLLATE "C" NOT NULL CHECK (state IN ('proposed', 'in_force', 'refused', 'ended')),
    exempt TEXT COLLATE "C" CHECK (exempt IN ('first_administrator', 'second_administrator', 'own_people')),
    proposed_by TEXT COLLATE "C" NOT NULL,
    decided_by TEXT COLLATE "C",
    ended_by TEXT COLLATE "C",
    recorded_at BIGINT NOT NULL,
    PRIMARY KEY (id, version),
    -- Four eyes, as a second fence behind the rule in the domain.
    CHECK (state <> 'in_force' OR exempt IS NOT NULL OR (decided_by IS NOT NULL AND decided_by <> proposed_by)),
    CHECK ((state = 'ended') = (ended_by IS NOT NULL))
);
CREATE INDEX grant_versions_person ON grant_versions (person, id);

CREATE TABLE responsible_person_versions (
    uscc TEXT COLLATE "C" NOT NULL CHECK (length(uscc) = 18),
    version INTEGER NOT NULL CHECK (version > 0),
    revision BIGINT NOT NULL UNIQUE,
    name TEXT COLLATE "C" NOT NULL,
    position TEXT COLLATE "C",
    phone TEXT COLLATE "C" NOT NULL,
    mail TEXT COLLATE "C",
    recorded_at BIGINT NOT NULL,
    PRIMARY KEY (uscc, version)
);

CREATE TABLE mandate_versions (
    id TEXT COLLATE "C" NOT NULL,
    version INTEGER NOT NULL CHECK (version > 0),
    revision BIGINT NOT NULL UNIQUE,
    enterprise TEXT COLLATE "C" NOT NULL CHECK (length(enterprise) = 18),
    agent_org TEXT COLLATE "C" NOT NULL,
    agent_person TEXT COLLATE "C",
    scopes TEXT COLLATE "C" NOT NULL,
    valid_from INTEGER NOT NULL,
    valid_to INTEGER CHECK (valid_to >= valid_from),
    state TEXT COLLATE "C" NOT NULL CHECK (state IN ('appointed', 'dismissed')),
    appointed_by TEXT COLLATE "C" NOT NULL,
    dismissed_by TEXT COLLATE "C",
    recorded_at BIGINT NOT NULL,
    PRIMARY KEY (id, version),
    CHECK ((state = 'dismissed') = (dismissed_by IS NOT NULL))
);
CREATE INDEX mandate_versions_enterprise ON mandate_versions (enterprise, id);
CREATE INDEX mandate_versions_agent ON mandate_versions (agent_org, id);

CREATE TABLE calendar_years (
    year INTEGER NOT NULL CHECK (year BETWEEN 1900 AND 2199),
    version INTEGER NOT NULL CHECK (version > 0),
    revision BIGINT NOT NULL UNIQUE,
    days TEXT COLLATE "C" NOT NULL,
    notices TEXT COLLATE "C" NOT NULL,
    recorded_at BIGINT NOT NULL,
    PRIMARY KEY (year, version)
);

CREATE TABLE broadcast_versions (
    id TEXT COLLATE "C" NOT NULL,
    version INTEGER NOT NULL CHECK (version > 0),
    revision BIGINT NOT NULL UNIQUE,
    state TEXT COLLATE "C" NOT NULL CHECK (state IN ('published', 'retracted')),
    scheme TEXT COLLATE "C" NOT NULL,
    title_zh TEXT COLLATE "C" NOT NULL,
    title_en TEXT COLLATE "C" NOT NULL,
    body_zh TEXT COLLATE "C" NOT NULL,
    body_en TEXT COLLATE "C" NOT NULL,
    published_by TEXT COLLATE "C" NOT NULL,
    published_at BIGINT NOT NULL,
    told INTEGER NOT NULL CHECK (told >= 0),
    recorded_at BIGINT NOT NULL,
    PRIMARY KEY (id, version)
);

-- Working state: not history ---------------------------------------------------------------------------------------

-- What people and organisations are told: their list, and what goes out by e-mail. `spread` says whether the letters of a
-- notice are made, `once` keeps the same thing from being told twice.
CREATE TABLE notices (
    id TEXT COLLATE "C" NOT NULL PRIMARY KEY,
    addressee TEXT COLLATE "C" NOT NULL,
    kind TEXT COLLATE "C" NOT NULL,
    about TEXT COLLATE "C" NOT NULL,
    params TEXT COLLATE "C" NOT NULL,
    once TEXT COLLATE "C" UNIQUE,
    told_at BIGINT NOT NULL,
    spread INTEGER NOT NULL CHECK (spread IN (0, 1))
);
CREATE INDEX notices_addressee ON notices (addressee, id);
CREATE INDEX notices_spread ON notices (spread, id);

CREATE TABLE notice_reads (
    notice TEXT COLLATE "C" NOT NULL,
    person TEXT COLLATE "C" NOT NULL,
    read_at BIGINT NOT NULL,
    PRIMARY KEY (notice, person)
);

CREATE TABLE notice_letters (
    id TEXT COLLATE "C" NOT NULL PRIMARY KEY,
    notice TEXT COLLATE "C" NOT NULL,
    address TEXT COLLATE "C" NOT NULL,
    language TEXT COLLATE "C" NOT NULL CHECK (language IN ('zh', 'en')),
    state TEXT COLLATE "C" NOT NULL CHECK (state IN ('waiting', 'sent', 'set_aside')),
    attempts INTEGER NOT NULL CHECK (attempts >= 0),
    due_at BIGINT NOT NULL,
    UNIQUE (notice, address)
);
CREATE INDEX notice_letters_due ON notice_letters (state, due_at);

-- Addresses that a mail server refused for good: nothing more is sent there until somebody states the address anew.
CREATE TABLE refused_addresses (
    address TEXT COLLATE "C" NOT NULL PRIMARY KEY,
    refused_at BIGINT NOT NULL,
    status INTEGER NOT NULL
);

-- One-time codes for the first administrator; of each its SHA-256 only.
CREATE TABLE setup_codes (
    digest BYTEA NOT NULL PRIMARY KEY,
    expires_at BIGINT NOT NULL,
    used_at BIGINT
);

-- Append-only, as in the first migration ---------------------------------------------------------------------------

CREATE TRIGGER organisation_versions_no_change BEFORE UPDATE OR DELETE ON organisation_versions FOR EACH ROW EXECUTE FUNCTION refuse_change();
CREATE TRIGGER organisation_versions_no_truncate BEFORE TRUNCATE ON organisation_versions FOR EACH STATEMENT EXECUTE FUNCTION refuse_change();
ALTER TABLE organisation_versions ENABLE ALWAYS TRIGGER organisation_versions_no_change;
ALTER TABLE organisation_versions ENABLE ALWAYS TRIGGER organisation_versions_no_truncate;

CREATE TRIGGER person_versions_no_change BEFORE UPDATE OR DELETE ON person_versions FOR EACH ROW EXECUTE FUNCTION refuse_change();
CREATE TRIGGER person_versions_no_truncate BEFORE TRUNCATE ON person_versions FOR EACH STATEMENT EXECUTE FUNCTION refuse_change();
ALTER TABLE person_versions ENABLE ALWAYS TRIGGER person_versions_no_change;
ALTER TABLE person_versions ENABLE ALWAYS TRIGGER person_versions_no_truncate;

CREATE TRIGGER account_versions_no_change BEFORE UPDATE OR DELETE ON account_versions FOR EACH ROW EXECUTE FUNCTION refuse_change();
CREATE TRIGGER account_versions_no_truncate BEFORE TRUNCATE ON account_versions FOR EACH STATEMENT EXECUTE FUNCTION refuse_change();
ALTER TABLE account_versions ENABLE ALWAYS TRIGGER account_versions_no_change;
ALTER TABLE account_versions ENABLE ALWAYS TRIGGER account_versions_no_truncate;

CREATE TRIGGER grant_versions_no_change BEFORE UPDATE OR DELETE ON grant_versions FOR EACH ROW EXECUTE FUNCTION refuse_change();
CREATE TRIGGER grant_versions_no_truncate BEFORE TRUNCATE ON grant_versions FOR EACH STATEMENT EXECUTE FUNCTION refuse_change();
ALTER TABLE grant_versions ENABLE ALWAYS TRIGGER grant_versions_no_change;
ALTER TABLE grant_versions ENABLE ALWAYS TRIGGER grant_versions_no_truncate;

CREATE TRIGGER responsible_person_versions_no_change BEFORE UPDATE OR DELETE ON responsible_person_versions FOR EACH ROW EXECUTE FUNCTION refuse_change();
CREATE TRIGGER responsible_person_versions_no_truncate BEFORE TRUNCATE ON responsible_person_versions FOR EACH STATEMENT EXECUTE FUNCTION refuse_change();
ALTER TABLE responsible_person_versions ENABLE ALWAYS TRIGGER responsible_person_versions_no_change;
ALTER TABLE responsible_person_versions ENABLE ALWAYS TRIGGER responsible_person_versions_no_truncate;

CREATE TRIGGER mandate_versions_no_change BEFORE UPDATE OR DELETE ON mandate_versions FOR EACH ROW EXECUTE FUNCTION refuse_change();
CREATE TRIGGER mandate_versions_no_truncate BEFORE TRUNCATE ON mandate_versions FOR EACH STATEMENT EXECUTE FUNCTION refuse_change();
ALTER TABLE mandate_versions ENABLE ALWAYS TRIGGER mandate_versions_no_change;
ALTER TABLE mandate_versions ENABLE ALWAYS TRIGGER mandate_versions_no_truncate;

CREATE TRIGGER calendar_years_no_change BEFORE UPDATE OR DELETE ON calendar_years FOR EACH ROW EXECUTE FUNCTION refuse_change();
CREATE TRIGGER calendar_years_no_truncate BEFORE TRUNCATE ON calendar_years FOR EACH STATEMENT EXECUTE FUNCTION refuse_change();
ALTER TABLE calendar_years ENABLE ALWAYS TRIGGER calendar_years_no_change;
ALTER TABLE calendar_years ENABLE ALWAYS TRIGGER calendar_years_no_truncate;

CREATE TRIGGER broadcast_versions_no_change BEFORE UPDATE OR DELETE ON broadcast_versions FOR EACH ROW EXECUTE FUNCTION refuse_change();
CREATE TRIGGER broadcast_versions_no_truncate BEFORE TRUNCATE ON broadcast_versions FOR EACH STATEMENT EXECUTE FUNCTION refuse_change();
ALTER TABLE broadcast_versions ENABLE ALWAYS TRIGGER broadcast_versions_no_change;
ALTER TABLE broadcast_versions ENABLE ALWAYS TRIGGER broadcast_versions_no_truncate;
