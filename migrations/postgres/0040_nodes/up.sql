-- Which nodes serve this list, as each says of itself every few seconds: for operators. Working state.
CREATE TABLE nodes (
    name TEXT COLLATE "C" NOT NULL PRIMARY KEY,
    version TEXT NOT NULL,
    started_at BIGINT NOT NULL,
    revision BIGINT NOT NULL CHECK (revision >= 0),
    seen_at BIGINT NOT NULL
);
