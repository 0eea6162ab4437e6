-- Keys of the national algorithms (SM2 with SM3), which sign beside the others: the public halves with their history. The private halves lie
-- in the data folder.
CREATE TABLE national_key_versions (
    kid TEXT COLLATE "C" NOT NULL CHECK (length(kid) = 43),
    version INTEGER NOT NULL CHECK (version > 0),
    revision BIGINT NOT NULL UNIQUE,
    purpose TEXT COLLATE "C" NOT NULL CHECK (purpose IN ('answers', 'heads')),
    jwk TEXT COLLATE "C" NOT NULL,
    introduced_at BIGINT NOT NULL,
    -- What it signs from this instant on is not to be trusted.
    retires_at BIGINT CHECK (retires_at >= introduced_at),
    reason TEXT COLLATE "C" CHECK (reason IN ('scheduled', 'algorithm', 'compromised')),
    recorded_at BIGINT NOT NULL,
    PRIMARY KEY (kid, version),
    CHECK ((retires_at IS NULL) = (reason IS NULL))
);

CREATE TRIGGER national_key_versions_no_change BEFORE UPDATE OR DELETE ON national_key_versions FOR EACH ROW EXECUTE FUNCTION refuse_change();
CREATE TRIGGER national_key_versions_no_truncate BEFORE TRUNCATE ON national_key_versions FOR EACH STATEMENT EXECUTE FUNCTION refuse_change();
ALTER TABLE national_key_versions ENABLE ALWAYS TRIGGER national_key_versions_no_change;
ALTER TABLE national_key_versions ENABLE ALWAYS TRIGGER national_key_versions_no_truncate;
