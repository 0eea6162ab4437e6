-- People and what they are told: organisations, people, grants, mandates, the calendar, notices.
-- Legal days are days since 1970-01-01; instants are microseconds since the epoch.

CREATE TABLE organisation_versions (
    code TEXT NOT NULL,
    version INTEGER NOT NULL CHECK (version > 0),
    revision INTEGER NOT NULL UNIQUE,
    kind TEXT NOT NULL CHECK (kind IN ('bureau', 'agency', 'district', 'customs', 'audit', 'operations')),
    name_zh TEXT NOT NULL,
    name_en TEXT,
    mail TEXT,
    active INTEGER NOT NULL CHECK (active IN (0, 1)),
    recorded_at INTEGER NOT NULL,
    PRIMARY KEY (code, version)
) STRICT;

CREATE TABLE person_versions (
    id TEXT NOT NULL,
    version INTEGER NOT NULL CHECK (version > 0),
    revision INTEGER NOT NULL UNIQUE,
    org TEXT NOT NULL,
    name TEXT NOT NULL,
    phone TEXT,
    mail TEXT,
    language TEXT NOT NULL CHECK (language IN ('zh', 'en')),
    active INTEGER NOT NULL CHECK (active IN (0, 1)),
    recorded_at INTEGER NOT NULL,
    PRIMARY KEY (id, version)
) STRICT;
CREATE INDEX person_versions_org ON person_versions (org, id);

CREATE TABLE account_versions (
    account TEXT NOT NULL,
    version INTEGER NOT NULL CHECK (version > 0),
    revision INTEGER NOT NULL UNIQUE,
    person TEXT NOT NULL,
    recorded_at INTEGER NOT NULL,
    PRIMARY KEY (account, version),
    CHECK (person <> account)
) STRICT;
CREATE INDEX account_versions_person ON account_versions (person, account);

CREATE TABLE grant_versions (
    id TEXT NOT NULL,
    version INTEGER NOT NULL CHECK (version > 0),
    revision INTEGER NOT NULL UNIQUE,
    person TEXT NOT NULL,
    org TEXT NOT NULL,
    role TEXT NOT NULL,
    valid_from INTEGER NOT NULL,
    valid_to INTEGER CHECK (valid_to >= valid_from),
    state TEXT NOT NULL CHECK (state IN ('proposed', 'in_force', 'refused', 'ended')),
    exempt TEXT CHECK (exempt IN ('first_administrator', 'second_administrator', 'own_people')),
    proposed_by TEXT NOT NULL,
    decided_by TEXT,
    ended_by TEXT,
    recorded_at INTEGER NOT NULL,
    PRIMARY KEY (id, version),
    -- Four eyes, as a second fence behind the rule in the domain.
    CHECK (state <> 'in_force' OR exempt IS NOT NULL OR (decided_by IS NOT NULL AND decided_by <> proposed_by)),
    CHECK ((state = 'ended') = (ended_by IS NOT NULL))
) STRICT;
CREATE INDEX grant_versions_person ON grant_versions (person, id);

CREATE TABLE responsible_person_versions (
    uscc TEXT NOT NULL CHECK (length(uscc) = 18),
    version INTEGER NOT NULL CHECK (version > 0),
    revision INTEGER NOT NULL UNIQUE,
    name TEXT NOT NULL,
    position TEXT,
    phone TEXT NOT NULL,
    mail TEXT,
    recorded_at INTEGER NOT NULL,
    PRIMARY KEY (uscc, version)
) STRICT;

CREATE TABLE mandate_versions (
    id TEXT NOT NULL,
    version INTEGER NOT NULL CHECK (version > 0),
    revision INTEGER NOT NULL UNIQUE,
    enterprise TEXT NOT NULL CHECK (length(enterprise) = 18),
    agent_org TEXT NOT NULL,
    agent_person TEXT,
    scopes TEXT NOT NULL,
    valid_from INTEGER NOT NULL,
    valid_to INTEGER CHECK (valid_to >= valid_from),
    state TEXT NOT NULL CHECK (state IN ('appointed', 'dismissed')),
    appointed_by TEXT NOT NULL,
    dismissed_by TEXT,
    recorded_at INTEGER NOT NULL,
    PRIMARY KEY (id, version),
    CHECK ((state = 'dismissed') = (dismissed_by IS NOT NULL))
) STRICT;
CREATE INDEX mandate_versions_enterprise ON mandate_versions (enterprise, id);
CREATE INDEX mandate_versions_agent ON mandate_versions (agent_org, id);

CREATE TABLE calendar_years (
    year INTEGER NOT NULL CHECK (year BETWEEN 1900 AND 2199),
    version INTEGER NOT NULL CHECK (version > 0),
    revision INTEGER NOT NULL UNIQUE,
    days TEXT NOT NULL,
    notices TEXT NOT NULL,
    recorded_at INTEGER NOT NULL,
    PRIMARY KEY (year, version)
) STRICT;

CREATE TABLE broadcast_versions (
    id TEXT NOT NULL,
    version INTEGER NOT NULL CHECK (version > 0),
    revision INTEGER NOT NULL UNIQUE,
    state TEXT NOT NULL CHECK (state IN ('published', 'retracted')),
    scheme TEXT NOT NULL,
    title_zh TEXT NOT NULL,
    title_en TEXT NOT NULL,
    body_zh TEXT NOT NULL,
    body_en TEXT NOT NULL,
    published_by TEXT NOT NULL,
    published_at INTEGER NOT NULL,
    told INTEGER NOT NULL CHECK (told >= 0),
    recorded_at INTEGER NOT NULL,
    PRIMARY KEY (id, version)
) STRICT;

-- Working state: not history ---------------------------------------------------------------------------------------

-- What people and organisations are told: their list, and what goes out by e-mail. `spread` says whether the letters of a
-- notice are made, `once` keeps the same thing from being told twice.
CREATE TABLE notices (
    id TEXT NOT NULL PRIMARY KEY,
    addressee TEXT NOT NULL,
    kind TEXT NOT NULL,
    about TEXT NOT NULL,
    params TEXT NOT NULL,
    once TEXT UNIQUE,
    told_at INTEGER NOT NULL,
    spread INTEGER NOT NULL CHECK (spread IN (0, 1))
) STRICT;
CREATE INDEX notices_addressee ON notices (addressee, id);
CREATE INDEX notices_spread ON notices (spread, id);

CREATE TABLE notice_reads (
    notice TEXT NOT NULL,
    person TEXT NOT NULL,
    read_at INTEGER NOT NULL,
    PRIMARY KEY (notice, person)
) STRICT;

CREATE TABLE notice_letters (
    id TEXT NOT NULL PRIMARY KEY,
    notice TEXT NOT NULL,
    address TEXT NOT NULL,
    language TEXT NOT NULL CHECK (language IN ('zh', 'en')),
    state TEXT NOT NULL CHECK (state IN ('waiting', 'sent', 'set_aside')),
    attempts INTEGER NOT NULL CHECK (attempts >= 0),
    due_at INTEGER NOT NULL,
    UNIQUE (notice, address)
) STRICT;
CREATE INDEX notice_letters_due ON notice_letters (state, due_at);

-- Addresses that a mail server refused for good: nothing more is sent there until somebody states the address anew.
CREATE TABLE refused_addresses (
    address TEXT NOT NULL PRIMARY KEY,
    refused_at INTEGER NOT NULL,
    status INTEGER NOT NULL
) STRICT;

-- One-time codes for the first administrator; of each its SHA-256 only.
CREATE TABLE setup_codes (
    digest BLOB NOT NULL PRIMARY KEY,
    expires_at INTEGER NOT NULL,
    used_at INTEGER
) STRICT;

-- Append-only, as in the first migration ---------------------------------------------------------------------------

CREATE TRIGGER organisation_versions_no_update BEFORE UPDATE ON organisation_versions BEGIN SELECT RAISE(ABORT, 'organisation_versions is append-only'); END;
CREATE TRIGGER organisation_versions_no_delete BEFORE DELETE ON organisation_versions BEGIN SELECT RAISE(ABORT, 'organisation_versions is append-only'); END;
CREATE TRIGGER organisation_versions_no_replace BEFORE INSERT ON organisation_versions WHEN EXISTS (SELECT 1 FROM organisation_versions WHERE code = NEW.code AND version = NEW.version) BEGIN SELECT RAISE(ABORT, 'organisation_versions is append-only'); END;

CREATE TRIGGER person_versions_no_update BEFORE UPDATE ON person_versions BEGIN SELECT RAISE(ABORT, 'person_versions is append-only'); END;
CREATE TRIGGER person_versions_no_delete BEFORE DELETE ON person_versions BEGIN SELECT RAISE(ABORT, 'person_versions is append-only'); END;
CREATE TRIGGER person_versions_no_replace BEFORE INSERT ON person_versions WHEN EXISTS (SELECT 1 FROM person_versions WHERE id = NEW.id AND version = NEW.version) BEGIN SELECT RAISE(ABORT, 'person_versions is append-only'); END;

CREATE TRIGGER account_versions_no_update BEFORE UPDATE ON account_versions BEGIN SELECT RAISE(ABORT, 'account_versions is append-only'); END;
CREATE TRIGGER account_versions_no_delete BEFORE DELETE ON account_versions BEGIN SELECT RAISE(ABORT, 'account_versions is append-only'); END;
CREATE TRIGGER account_versions_no_replace BEFORE INSERT ON account_versions WHEN EXISTS (SELECT 1 FROM account_versions WHERE account = NEW.account AND version = NEW.version) BEGIN SELECT RAISE(ABORT, 'account_versions is append-only'); END;

CREATE TRIGGER grant_versions_no_update BEFORE UPDATE ON grant_versions BEGIN SELECT RAISE(ABORT, 'grant_versions is append-only'); END;
CREATE TRIGGER grant_versions_no_delete BEFORE DELETE ON grant_versions BEGIN SELECT RAISE(ABORT, 'grant_versions is append-only'); END;
CREATE TRIGGER grant_versions_no_replace BEFORE INSERT ON grant_versions WHEN EXISTS (SELECT 1 FROM grant_versions WHERE id = NEW.id AND version = NEW.version) BEGIN SELECT RAISE(ABORT, 'grant_versions is append-only'); END;

CREATE TRIGGER responsible_person_versions_no_update BEFORE UPDATE ON responsible_person_versions BEGIN SELECT RAISE(ABORT, 'responsible_person_versions is append-only'); END;
CREATE TRIGGER responsible_person_versions_no_delete BEFORE DELETE ON responsible_person_versions BEGIN SELECT RAISE(ABORT, 'responsible_person_versions is append-only'); END;
CREATE TRIGGER responsible_person_versions_no_replace BEFORE INSERT ON responsible_person_versions WHEN EXISTS (SELECT 1 FROM responsible_person_versions WHERE uscc = NEW.uscc AND version = NEW.version) BEGIN SELECT RAISE(ABORT, 'responsible_person_versions is append-only'); END;

CREATE TRIGGER mandate_versions_no_update BEFORE UPDATE ON mandate_versions BEGIN SELECT RAISE(ABORT, 'mandate_versions is append-only'); END;
CREATE TRIGGER mandate_versions_no_delete BEFORE DELETE ON mandate_versions BEGIN SELECT RAISE(ABORT, 'mandate_versions is append-only'); END;
CREATE TRIGGER mandate_versions_no_replace BEFORE INSERT ON mandate_versions WHEN EXISTS (SELECT 1 FROM mandate_versions WHERE id = NEW.id AND version = NEW.version) BEGIN SELECT RAISE(ABORT, 'mandate_versions is append-only'); END;

CREATE TRIGGER calendar_years_no_update BEFORE UPDATE ON calendar_years BEGIN SELECT RAISE(ABORT, 'calendar_years is append-only'); END;
CREATE TRIGGER calendar_years_no_delete BEFORE DELETE ON calendar_years BEGIN SELECT RAISE(ABORT, 'calendar_years is append-only'); END;
CREATE TRIGGER calendar_years_no_replace BEFORE INSERT ON calendar_years WHEN EXISTS (SELECT 1 FROM calendar_years WHERE year = NEW.year AND version = NEW.version) BEGIN SELECT RAISE(ABORT, 'calendar_years is append-only'); END;

CREATE TRIGGER broadcast_versions_no_update BEFORE UPDATE ON broadcast_versions BEGIN SELECT RAISE(ABORT, 'broadcast_versions is append-only'); END;
CREATE TRIGGER broadcast_versions_no_delete BEFORE DELETE ON broadcast_versions BEGIN SELECT RAISE(ABORT, 'broadcast_versions is append-only'); END;
CREATE TRIGGER broadcast_versions_no_replace BEFORE INSERT ON broadcast_versions WHEN EXISTS (SELECT 1 FROM broadcast_versions WHERE id = NEW.id AND version = NEW.version) BEGIN SELECT RAISE(ABORT, 'broadcast_versions is append-only'); END;
