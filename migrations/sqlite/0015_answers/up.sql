-- Keys that sign answers: the public halves with their history. The private halves lie in the data folder.
CREATE TABLE answer_key_versions (
    kid TEXT NOT NULL CHECK (length(kid) = 43),
    version INTEGER NOT NULL CHECK (version > 0),
    revision INTEGER NOT NULL UNIQUE,
    algorithm TEXT NOT NULL CHECK (algorithm IN ('EdDSA', 'ES256')),
    jwk TEXT NOT NULL,
    introduced_at INTEGER NOT NULL,
    -- What it signs from this instant on is not to be trusted.
    retires_at INTEGER CHECK (retires_at >= introduced_at),
    reason TEXT CHECK (reason IN ('scheduled', 'algorithm', 'compromised')),
    recorded_at INTEGER NOT NULL,
    PRIMARY KEY (kid, version),
    CHECK ((retires_at IS NULL) = (reason IS NULL))
) STRICT;

CREATE TRIGGER answer_key_versions_no_update BEFORE UPDATE ON answer_key_versions BEGIN SELECT RAISE(ABORT, 'answer_key_versions is append-only'); END;
CREATE TRIGGER answer_key_versions_no_delete BEFORE DELETE ON answer_key_versions BEGIN SELECT RAISE(ABORT, 'answer_key_versions is append-only'); END;
CREATE TRIGGER answer_key_versions_no_replace BEFORE INSERT ON answer_key_versions WHEN EXISTS (SELECT 1 FROM answer_key_versions WHERE revision = NEW.revision OR (kid = NEW.kid AND version = NEW.version)) BEGIN SELECT RAISE(ABORT, 'answer_key_versions is append-only'); END;

-- Stretches of recorded answers, sealed: count and RFC 6962 root over their records. Records go after their time, seals stay.
CREATE TABLE answer_seals (
    version INTEGER NOT NULL PRIMARY KEY CHECK (version > 0),
    revision INTEGER NOT NULL UNIQUE,
    first_id TEXT NOT NULL,
    last_id TEXT NOT NULL CHECK (last_id >= first_id),
    answers INTEGER NOT NULL CHECK (answers > 0),
    -- Answers that the sealing node gave since its last seal and could not record.
    unrecorded INTEGER NOT NULL CHECK (unrecorded >= 0),
    root TEXT NOT NULL CHECK (length(root) = 64),
    recorded_at INTEGER NOT NULL
) STRICT;

-- Which seal covers a stretch; none while it waits.
ALTER TABLE answer_batches ADD COLUMN seal INTEGER;
CREATE INDEX answer_batches_seal ON answer_batches (seal, first_id);

CREATE TRIGGER answer_seals_no_update BEFORE UPDATE ON answer_seals BEGIN SELECT RAISE(ABORT, 'answer_seals is append-only'); END;
CREATE TRIGGER answer_seals_no_delete BEFORE DELETE ON answer_seals BEGIN SELECT RAISE(ABORT, 'answer_seals is append-only'); END;
CREATE TRIGGER answer_seals_no_replace BEFORE INSERT ON answer_seals WHEN EXISTS (SELECT 1 FROM answer_seals WHERE revision = NEW.revision OR version = NEW.version) BEGIN SELECT RAISE(ABORT, 'answer_seals is append-only'); END;
