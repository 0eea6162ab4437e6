-- Time stamps (RFC 3161) over signed heads, as an authority answered; no facts: who has a head can have it stamped again, later.
CREATE TABLE log_timestamps (
    size BIGINT NOT NULL PRIMARY KEY,
    authority TEXT COLLATE "C" NOT NULL,
    reply BYTEA NOT NULL,
    serial TEXT COLLATE "C" NOT NULL,
    stamped_at BIGINT NOT NULL,
    kept_at BIGINT NOT NULL
);
