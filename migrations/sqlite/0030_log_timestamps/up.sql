-- Time stamps (RFC 3161) over signed heads, as an authority answered; no facts: who has a head can have it stamped again, later.
CREATE TABLE log_timestamps (
    size INTEGER NOT NULL PRIMARY KEY,
    authority TEXT NOT NULL,
    reply BLOB NOT NULL,
    serial TEXT NOT NULL,
    stamped_at INTEGER NOT NULL,
    kept_at INTEGER NOT NULL
) STRICT;
