-- What happened at the border by hour and customs office: lines answered, why they were denied, messages refused. Counted
-- together with what is recorded. Working state.
CREATE TABLE border_counts (
    -- Hours since 1970-01-01T00:00Z; hours of Beijing begin with them.
    hour BIGINT NOT NULL,
    customs_office TEXT COLLATE "C" NOT NULL CHECK (length(customs_office) = 4),
    kind TEXT COLLATE "C" NOT NULL CHECK (kind IN ('event', 'reason')),
    word TEXT COLLATE "C" NOT NULL,
    count BIGINT NOT NULL CHECK (count > 0),
    PRIMARY KEY (hour, customs_office, kind, word)
);

-- Draws of a time are counted from here alone.
CREATE INDEX declaration_versions_recorded_at ON declaration_versions (recorded_at, customs_office, verb);

-- How content applicants are with the handling of a case: one answer for each, never changed. Working state.
CREATE TABLE case_ratings (
    application TEXT COLLATE "C" NOT NULL PRIMARY KEY,
    enterprise TEXT COLLATE "C" NOT NULL CHECK (length(enterprise) = 18),
    district TEXT COLLATE "C" NOT NULL,
    score INTEGER NOT NULL CHECK (score BETWEEN 1 AND 5),
    remark TEXT COLLATE "C",
    rated_at BIGINT NOT NULL
);
CREATE INDEX case_ratings_rated_at ON case_ratings (rated_at, application);
