-- Sessions of the portal. Working state: what was done in one stands in the log under its account.
CREATE TABLE sessions (
    id TEXT NOT NULL PRIMARY KEY,
    issuer TEXT NOT NULL,
    subject TEXT NOT NULL,
    org TEXT NOT NULL,
    claimed TEXT NOT NULL,
    roles TEXT NOT NULL,
    acting_for TEXT,
    csrf TEXT NOT NULL,
    agent TEXT NOT NULL,
    started_at INTEGER NOT NULL,
    seen_at INTEGER NOT NULL,
    proved_at INTEGER NOT NULL
) STRICT;

CREATE INDEX sessions_account ON sessions (issuer, subject, id);
CREATE INDEX sessions_seen ON sessions (seen_at);
