-- Keys that sign answers: the public halves with their history. The private halves lie in the data folder.
CREATE TABLE answer_key_versions (
    kid TEXT COLLATE "C" NOT NULL CHECK (length(kid) = 43),
    version INTEGER NOT NULL CHECK (version > 0),
    revision BIGINT NOT NULL UNIQUE,
    algorithm TEXT COLLATE "C" NOT NULL CHECK (algorithm IN ('EdDSA', 'ES256')),
    jwk TEXT COLLATE "C" NOT NULL,
    introduced_at BIGINT NOT NULL,
    -- What it signs from this instant on is not to be trusted.
    retires_at BIGINT CHECK (retires_at >= introduced_at),
    reason TEXT COLLATE "C" CHECK (reason IN ('scheduled', 'algorithm', 'compromised')),
    recorded_at BIGINT NOT NULL,
    PRIMARY KEY (kid, version),
    CHECK ((retires_at IS NULL) = (reason IS NULL))
);

CREATE TRIGGER answer_key_versions_no_change BEFORE UPDATE OR DELETE ON answer_key_versions FOR EACH ROW EXECUTE FUNCTION refuse_change();
CREATE TRIGGER answer_key_versions_no_truncate BEFORE TRUNCATE ON answer_key_versions FOR EACH STATEMENT EXECUTE FUNCTION refuse_change();
ALTER TABLE answer_key_versions ENABLE ALWAYS TRIGGER answer_key_versions_no_change;
ALTER TABLE answer_key_versions ENABLE ALWAYS TRIGGER answer_key_versions_no_truncate;

-- Stretches of recorded answers, sealed: count and RFC 6962 root over their records. Records go after their time, seals stay.
CREATE TABLE answer_seals (
    version INTEGER NOT NULL PRIMARY KEY CHECK (version > 0),
    revision BIGINT NOT NULL UNIQUE,
    first_id TEXT COLLATE "C" NOT NULL,
    last_id TEXT COLLATE "C" NOT NULL CHECK (last_id >= first_id),
    answers BIGINT NOT NULL CHECK (answers > 0),
    -- Answers that the sealing node gave since its last seal and could not record.
    unrecorded BIGINT NOT NULL CHECK (unrecorded >= 0),
    root TEXT COLLATE "C" NOT NULL CHECK (length(root) = 64),
    recorded_at BIGINT NOT NULL
);

-- Which seal covers a stretch; none while it waits.
ALTER TABLE answer_batches ADD COLUMN seal INTEGER;
CREATE INDEX answer_batches_seal ON answer_batches (seal, first_id);

CREATE TRIGGER answer_seals_no_change BEFORE UPDATE OR DELETE ON answer_seals FOR EACH ROW EXECUTE FUNCTION refuse_change();
CREATE TRIGGER answer_seals_no_truncate BEFORE TRUNCATE ON answer_seals FOR EACH STATEMENT EXECUTE FUNCTION refuse_change();
ALTER TABLE answer_seals ENABLE ALWAYS TRIGGER answer_seals_no_change;
ALTER TABLE answer_seals ENABLE ALWAYS TRIGGER answer_seals_no_truncate;
