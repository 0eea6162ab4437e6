-- Texts that an office uses again and again. Working state: what was written with them stands in the case.
CREATE TABLE texts (
    id TEXT COLLATE "C" NOT NULL PRIMARY KEY,
    version INTEGER NOT NULL,
    org TEXT COLLATE "C" NOT NULL,
    purpose TEXT COLLATE "C" NOT NULL,
    title TEXT COLLATE "C" NOT NULL,
    text_zh TEXT COLLATE "C" NOT NULL,
    text_en TEXT COLLATE "C",
    changed_by TEXT COLLATE "C" NOT NULL,
    changed_at BIGINT NOT NULL
);

CREATE INDEX texts_org ON texts (org, id);
