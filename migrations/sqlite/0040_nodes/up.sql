-- Which nodes serve this list, as each says of itself every few seconds: for operators. Working state.
CREATE TABLE nodes (
    name TEXT NOT NULL PRIMARY KEY,
    version TEXT NOT NULL,
    started_at INTEGER NOT NULL,
    revision INTEGER NOT NULL CHECK (revision >= 0),
    seen_at INTEGER NOT NULL
) STRICT;
