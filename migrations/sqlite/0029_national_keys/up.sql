-- Keys of the national algorithms (SM2 with SM3), which sign beside the others: the public halves with their history. The private halves lie
-- in the data folder.
CREATE TABLE national_key_versions (
    kid TEXT NOT NULL CHECK (length(kid) = 43),
    version INTEGER NOT NULL CHECK (version > 0),
    revision INTEGER NOT NULL UNIQUE,
    purpose TEXT NOT NULL CHECK (purpose IN ('answers', 'heads')),
    jwk TEXT NOT NULL,
    introduced_at INTEGER NOT NULL,
    -- What it signs from this instant on is not to be trusted.
    retires_at INTEGER CHECK (retires_at >= introduced_at),
    reason TEXT CHECK (reason IN ('scheduled', 'algorithm', 'compromised')),
    recorded_at INTEGER NOT NULL,
    PRIMARY KEY (kid, version),
    CHECK ((retires_at IS NULL) = (reason IS NULL))
) STRICT;

CREATE TRIGGER national_key_versions_no_update BEFORE UPDATE ON national_key_versions BEGIN SELECT RAISE(ABORT, 'national_key_versions is append-only'); END;
CREATE TRIGGER national_key_versions_no_delete BEFORE DELETE ON national_key_versions BEGIN SELECT RAISE(ABORT, 'national_key_versions is append-only'); END;
CREATE TRIGGER national_key_versions_no_replace BEFORE INSERT ON national_key_versions WHEN EXISTS (SELECT 1 FROM national_key_versions WHERE revision = NEW.revision OR (kid = NEW.kid AND version = NEW.version)) BEGIN SELECT RAISE(ABORT, 'national_key_versions is append-only'); END;
