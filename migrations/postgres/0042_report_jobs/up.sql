-- Reports and exports made in the background: who asked for which, how far it is, and the file in pieces. Working state: what was
-- made is forgotten after some days, and whatever it says can be asked for again.
CREATE TABLE report_jobs (
    id TEXT COLLATE "C" NOT NULL PRIMARY KEY,
    version INTEGER NOT NULL CHECK (version > 0),
    issuer TEXT COLLATE "C" NOT NULL,
    subject TEXT COLLATE "C" NOT NULL,
    org TEXT COLLATE "C" NOT NULL,
    acting_for TEXT COLLATE "C" NOT NULL,
    roles TEXT COLLATE "C" NOT NULL,
    operation TEXT COLLATE "C" NOT NULL,
    target TEXT COLLATE "C" NOT NULL,
    lang TEXT COLLATE "C" NOT NULL,
    request_id TEXT COLLATE "C" NOT NULL,
    state TEXT COLLATE "C" NOT NULL CHECK (state IN ('waiting', 'running', 'done', 'failed')),
    attempts INTEGER NOT NULL,
    asked_at BIGINT NOT NULL,
    started_at BIGINT,
    ended_at BIGINT,
    kept_until BIGINT,
    bytes BIGINT NOT NULL,
    parts INTEGER NOT NULL,
    media TEXT COLLATE "C" NOT NULL,
    file TEXT COLLATE "C",
    error TEXT COLLATE "C"
);
CREATE INDEX report_jobs_account ON report_jobs (issuer, subject, id);
CREATE INDEX report_jobs_open ON report_jobs (state, id);
CREATE TABLE report_job_parts (
    job TEXT COLLATE "C" NOT NULL,
    number INTEGER NOT NULL,
    bytes BYTEA NOT NULL,
    PRIMARY KEY (job, number)
);
INSERT INTO leases (name, holder, held_until) VALUES ('reports', '', 0);
