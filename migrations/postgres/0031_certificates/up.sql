-- Certificates of listings that were issued, each with the code by which anybody can check it. Working state: what a
-- certificate says is the list at its revision, which the log proves.
CREATE TABLE certificates (
    code TEXT COLLATE "C" NOT NULL PRIMARY KEY,
    listing TEXT COLLATE "C" NOT NULL,
    -- Revision of the list when it was issued.
    revision BIGINT NOT NULL CHECK (revision > 0),
    issued_to TEXT COLLATE "C" NOT NULL,
    issued_at BIGINT NOT NULL
);
