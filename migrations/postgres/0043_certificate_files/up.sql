-- Keys that sign certificates as files (PDF): their X.509 certificates with their history. The private halves lie in the data folder.
CREATE TABLE document_key_versions (
    kid TEXT COLLATE "C" NOT NULL CHECK (length(kid) = 43),
    version INTEGER NOT NULL CHECK (version > 0),
    revision BIGINT NOT NULL UNIQUE,
    -- DER in base64.
    certificate TEXT COLLATE "C" NOT NULL,
    introduced_at BIGINT NOT NULL,
    -- What it signs from this instant on is not to be trusted.
    retires_at BIGINT CHECK (retires_at >= introduced_at),
    reason TEXT COLLATE "C" CHECK (reason IN ('scheduled', 'algorithm', 'compromised')),
    recorded_at BIGINT NOT NULL,
    PRIMARY KEY (kid, version),
    CHECK ((retires_at IS NULL) = (reason IS NULL))
);

CREATE TRIGGER document_key_versions_no_change BEFORE UPDATE OR DELETE ON document_key_versions FOR EACH ROW EXECUTE FUNCTION refuse_change();
CREATE TRIGGER document_key_versions_no_truncate BEFORE TRUNCATE ON document_key_versions FOR EACH STATEMENT EXECUTE FUNCTION refuse_change();
ALTER TABLE document_key_versions ENABLE ALWAYS TRIGGER document_key_versions_no_change;
ALTER TABLE document_key_versions ENABLE ALWAYS TRIGGER document_key_versions_no_truncate;

-- Signed files of certificates: which were issued, of which listing as of which revision of the list. The bytes lie where documents lie, by
-- their hash.
CREATE TABLE certificate_files (
    sha256 TEXT COLLATE "C" NOT NULL CHECK (length(sha256) = 64),
    version INTEGER NOT NULL CHECK (version = 1),
    revision BIGINT NOT NULL UNIQUE,
    listing TEXT COLLATE "C" NOT NULL,
    enterprise TEXT COLLATE "C" NOT NULL,
    list_revision BIGINT NOT NULL CHECK (list_revision > 0),
    -- When the certificate was issued that it shows: the day that it is about.
    issued_at BIGINT NOT NULL,
    lang TEXT COLLATE "C" NOT NULL CHECK (lang IN ('zh', 'en')),
    size BIGINT NOT NULL CHECK (size > 0),
    kid TEXT COLLATE "C" NOT NULL,
    asked_by TEXT COLLATE "C" NOT NULL,
    asked_for TEXT COLLATE "C" NOT NULL,
    recorded_at BIGINT NOT NULL,
    PRIMARY KEY (sha256, version)
);
CREATE INDEX certificate_files_listing ON certificate_files (listing, revision);

CREATE TRIGGER certificate_files_no_change BEFORE UPDATE OR DELETE ON certificate_files FOR EACH ROW EXECUTE FUNCTION refuse_change();
CREATE TRIGGER certificate_files_no_truncate BEFORE TRUNCATE ON certificate_files FOR EACH STATEMENT EXECUTE FUNCTION refuse_change();
ALTER TABLE certificate_files ENABLE ALWAYS TRIGGER certificate_files_no_change;
ALTER TABLE certificate_files ENABLE ALWAYS TRIGGER certificate_files_no_truncate;

-- The file of a certificate that is handed out again, by language.
ALTER TABLE certificates ADD COLUMN file_zh TEXT COLLATE "C";
ALTER TABLE certificates ADD COLUMN file_en TEXT COLLATE "C";
