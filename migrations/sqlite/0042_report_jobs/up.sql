-- Reports and exports made in the background: who asked for which, how far it is, and the file in pieces. Working state: what was
-- made is forgotten after some days, and whatever it says can be asked for again.
CREATE TABLE report_jobs (
    id TEXT NOT NULL PRIMARY KEY,
    version INTEGER NOT NULL CHECK (version > 0),
    issuer TEXT NOT NULL,
    subject TEXT NOT NULL,
    org TEXT NOT NULL,
    acting_for TEXT NOT NULL,
    roles TEXT NOT NULL,
    operation TEXT NOT NULL,
    target TEXT NOT NULL,
    lang TEXT NOT NULL,
    request_id TEXT NOT NULL,
    state TEXT NOT NULL CHECK (state IN ('waiting', 'running', 'done', 'failed')),
    attempts INTEGER NOT NULL,
    asked_at INTEGER NOT NULL,
    started_at INTEGER,
    ended_at INTEGER,
    kept_until INTEGER,
    bytes INTEGER NOT NULL,
    parts INTEGER NOT NULL,
    media TEXT NOT NULL,
    file TEXT,
    error TEXT
) STRICT;
CREATE INDEX report_jobs_account ON report_jobs (issuer, subject, id);
CREATE INDEX report_jobs_open ON report_jobs (state, id);
CREATE TABLE report_job_parts (
    job TEXT NOT NULL,
    number INTEGER NOT NULL,
    bytes BLOB NOT NULL,
    PRIMARY KEY (job, number)
) STRICT;
INSERT INTO leases (name, holder, held_until) VALUES ('reports', '', 0);
