-- Texts that an office uses again and again. Working state: what was written with them stands in the case.
CREATE TABLE texts (
    id TEXT NOT NULL PRIMARY KEY,
    version INTEGER NOT NULL,
    org TEXT NOT NULL,
    purpose TEXT NOT NULL,
    title TEXT NOT NULL,
    text_zh TEXT NOT NULL,
    text_en TEXT,
    changed_by TEXT NOT NULL,
    changed_at INTEGER NOT NULL
) STRICT;

CREATE INDEX texts_org ON texts (org, id);
