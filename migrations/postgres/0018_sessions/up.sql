-- Sessions of the portal. Working state: what was done in one stands in the log under its account.
CREATE TABLE sessions (
    id TEXT COLLATE "C" NOT NULL PRIMARY KEY,
    issuer TEXT COLLATE "C" NOT NULL,
    subject TEXT COLLATE "C" NOT NULL,
    org TEXT COLLATE "C" NOT NULL,
    claimed TEXT COLLATE "C" NOT NULL,
    roles TEXT COLLATE "C" NOT NULL,
    acting_for TEXT COLLATE "C",
    csrf TEXT COLLATE "C" NOT NULL,
    agent TEXT COLLATE "C" NOT NULL,
    started_at BIGINT NOT NULL,
    seen_at BIGINT NOT NULL,
    proved_at BIGINT NOT NULL
);

CREATE INDEX sessions_account ON sessions (issuer, subject, id);
CREATE INDEX sessions_seen ON sessions (seen_at);
