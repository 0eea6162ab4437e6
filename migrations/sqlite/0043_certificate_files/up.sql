-- Keys that sign certificates as files (PDF): their X.509 certificates with their history. The private halves lie in the data folder.
CREATE TABLE document_key_versions (
    kid TEXT NOT NULL CHECK (length(kid) = 43),
    version INTEGER NOT NULL CHECK (version > 0),
    revision INTEGER NOT NULL UNIQUE,
    -- DER in base64.
    certificate TEXT NOT NULL,
    introduced_at INTEGER NOT NULL,
    -- What it signs from this instant on is not to be trusted.
    retires_at INTEGER CHECK (retires_at >= introduced_at),
    reason TEXT CHECK (reason IN ('scheduled', 'algorithm', 'compromised')),
    recorded_at INTEGER NOT NULL,
    PRIMARY KEY (kid, version),
    CHECK ((retires_at IS NULL) = (reason IS NULL))
) STRICT;

CREATE TRIGGER document_key_versions_no_update BEFORE UPDATE ON document_key_versions BEGIN SELECT RAISE(ABORT, 'document_key_versions is append-only'); END;
CREATE TRIGGER document_key_versions_no_delete BEFORE DELETE ON document_key_versions BEGIN SELECT RAISE(ABORT, 'document_key_versions is append-only'); END;
CREATE TRIGGER document_key_versions_no_replace BEFORE INSERT ON document_key_versions WHEN EXISTS (SELECT 1 FROM document_key_versions WHERE revision = NEW.revision OR (kid = NEW.kid AND version = NEW.version)) BEGIN SELECT RAISE(ABORT, 'document_key_versions is append-only'); END;

-- Signed files of certificates: which were issued, of which listing as of which revision of the list. The bytes lie where documents lie, by
-- their hash.
CREATE TABLE certificate_files (
    sha256 TEXT NOT NULL CHECK (length(sha256) = 64),
    version INTEGER NOT NULL CHECK (version = 1),
    revision INTEGER NOT NULL UNIQUE,
    listing TEXT NOT NULL,
    enterprise TEXT NOT NULL,
    list_revision INTEGER NOT NULL CHECK (list_revision > 0),
    -- When the certificate was issued that it shows: the day that it is about.
    issued_at INTEGER NOT NULL,
    lang TEXT NOT NULL CHECK (lang IN ('zh', 'en')),
    size INTEGER NOT NULL CHECK (size > 0),
    kid TEXT NOT NULL,
    asked_by TEXT NOT NULL,
    asked_for TEXT NOT NULL,
    recorded_at INTEGER NOT NULL,
    PRIMARY KEY (sha256, version)
) STRICT;
CREATE INDEX certificate_files_listing ON certificate_files (listing, revision);

CREATE TRIGGER certificate_files_no_update BEFORE UPDATE ON certificate_files BEGIN SELECT RAISE(ABORT, 'certificate_files is append-only'); END;
CREATE TRIGGER certificate_files_no_delete BEFORE DELETE ON certificate_files BEGIN SELECT RAISE(ABORT, 'certificate_files is append-only'); END;
CREATE TRIGGER certificate_files_no_replace BEFORE INSERT ON certificate_files WHEN EXISTS (SELECT 1 FROM certificate_files WHERE revision = NEW.revision OR (sha256 = NEW.sha256 AND version = NEW.version)) BEGIN SELECT RAISE(ABORT, 'certificate_files is append-only'); END;

-- The file of a certificate that is handed out again, by language.
ALTER TABLE certificates ADD COLUMN file_zh TEXT;
ALTER TABLE certificates ADD COLUMN file_en TEXT;
