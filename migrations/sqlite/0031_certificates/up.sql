-- Certificates of listings that were issued, each with the code by which anybody can check it. Working state: what a
-- certificate says is the list at its revision, which the log proves.
CREATE TABLE certificates (
    code TEXT NOT NULL PRIMARY KEY,
    listing TEXT NOT NULL,
    -- Revision of the list when it was issued.
    revision INTEGER NOT NULL CHECK (revision > 0),
    issued_to TEXT NOT NULL,
    issued_at INTEGER NOT NULL
) STRICT;
