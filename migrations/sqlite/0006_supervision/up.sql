-- An emergency stop is made by one person, holds at once, and lapses unless another confirms it in time; these columns
-- are null for a stop that came from an adjustment.
ALTER TABLE stop_versions ADD COLUMN scheme TEXT;
ALTER TABLE stop_versions ADD COLUMN stage TEXT CHECK (stage IN ('emergency', 'confirmed', 'lifted', 'lapsed'));
ALTER TABLE stop_versions ADD COLUMN expires_at INTEGER;
ALTER TABLE stop_versions ADD COLUMN review_on INTEGER;
ALTER TABLE stop_versions ADD COLUMN made_by TEXT;
ALTER TABLE stop_versions ADD COLUMN confirmed_by TEXT CHECK (confirmed_by <> made_by);

-- Lists against which enterprises are screened, as dated rows.
CREATE TABLE screening_versions (
    id TEXT NOT NULL,
    version INTEGER NOT NULL CHECK (version > 0),
    revision INTEGER NOT NULL UNIQUE,
    list TEXT NOT NULL CHECK (list IN ('bar_elsewhere', 'serious_dishonesty', 'customs')),
    uscc TEXT NOT NULL CHECK (length(uscc) = 18),
    name TEXT,
    ground TEXT NOT NULL,
    source TEXT NOT NULL,
    valid_from INTEGER NOT NULL,
    valid_to INTEGER CHECK (valid_to >= valid_from),
    recorded_at INTEGER NOT NULL,
    PRIMARY KEY (id, version)
) STRICT;
CREATE INDEX screening_versions_uscc ON screening_versions (uscc, id);

-- Usage returns (使用台账) per listing and period, and what was done until they were handed in. Quantities in steps of the finer unit.
CREATE TABLE usage_return_versions (
    id TEXT NOT NULL,
    version INTEGER NOT NULL CHECK (version > 0),
    revision INTEGER NOT NULL UNIQUE,
    listing TEXT NOT NULL,
    enterprise TEXT NOT NULL CHECK (length(enterprise) = 18),
    scheme TEXT NOT NULL,
    period_from INTEGER NOT NULL,
    period_to INTEGER NOT NULL CHECK (period_to >= period_from),
    due_on INTEGER NOT NULL CHECK (due_on > period_to),
    stage TEXT NOT NULL CHECK (stage IN ('reminded', 'warned', 'suspension_proposed', 'suspended', 'handed_in')),
    unit INTEGER,
    opening INTEGER CHECK (opening >= 0),
    received INTEGER CHECK (received >= 0),
    used INTEGER CHECK (used >= 0),
    destroyed INTEGER CHECK (destroyed >= 0),
    stock INTEGER CHECK (stock >= 0),
    note TEXT,
    adjustment TEXT,
    recorded_at INTEGER NOT NULL,
    PRIMARY KEY (id, version),
    -- A return adds up, whoever writes it.
    CHECK (stage <> 'handed_in' OR opening + received = used + destroyed + stock),
    CHECK (stage <> 'handed_in' OR (unit IS NOT NULL AND stock IS NOT NULL))
) STRICT;
CREATE INDEX usage_return_versions_listing ON usage_return_versions (listing, period_from);
CREATE INDEX usage_return_versions_enterprise ON usage_return_versions (enterprise, id);

-- Findings of inspections at an enterprise; documents by their SHA-256.
CREATE TABLE finding_versions (
    id TEXT NOT NULL,
    version INTEGER NOT NULL CHECK (version > 0),
    revision INTEGER NOT NULL UNIQUE,
    enterprise TEXT NOT NULL CHECK (length(enterprise) = 18),
    listing TEXT,
    found_on INTEGER NOT NULL,
    kind TEXT NOT NULL CHECK (kind IN ('storage', 'ledger', 'off_purpose_use', 'quantity', 'disposal', 'other')),
    text TEXT NOT NULL,
    documents TEXT NOT NULL,
    outcome TEXT CHECK (outcome IN ('no_breach', 'rectified', 'warned', 'listing_suspended', 'enterprise_suspended', 'qualification_cancelled')),
    outcome_text TEXT,
    closed_on INTEGER CHECK (closed_on >= found_on),
    recorded_at INTEGER NOT NULL,
    PRIMARY KEY (id, version),
    CHECK ((outcome IS NULL) = (closed_on IS NULL))
) STRICT;
CREATE INDEX finding_versions_enterprise ON finding_versions (enterprise, id);

-- Working state: which reminders of an expiry have gone out.
CREATE TABLE reminders (
    subject TEXT NOT NULL,
    kind TEXT NOT NULL,
    due_on INTEGER NOT NULL,
    sent_at INTEGER NOT NULL,
    PRIMARY KEY (subject, kind, due_on)
) STRICT;

-- Append-only, as in 0001.
CREATE TRIGGER screening_versions_no_update BEFORE UPDATE ON screening_versions BEGIN SELECT RAISE(ABORT, 'screening_versions is append-only'); END;
CREATE TRIGGER screening_versions_no_delete BEFORE DELETE ON screening_versions BEGIN SELECT RAISE(ABORT, 'screening_versions is append-only'); END;
CREATE TRIGGER screening_versions_no_replace BEFORE INSERT ON screening_versions WHEN EXISTS (SELECT 1 FROM screening_versions WHERE id = NEW.id AND version = NEW.version) BEGIN SELECT RAISE(ABORT, 'screening_versions is append-only'); END;

CREATE TRIGGER usage_return_versions_no_update BEFORE UPDATE ON usage_return_versions BEGIN SELECT RAISE(ABORT, 'usage_return_versions is append-only'); END;
CREATE TRIGGER usage_return_versions_no_delete BEFORE DELETE ON usage_return_versions BEGIN SELECT RAISE(ABORT, 'usage_return_versions is append-only'); END;
CREATE TRIGGER usage_return_versions_no_replace BEFORE INSERT ON usage_return_versions WHEN EXISTS (SELECT 1 FROM usage_return_versions WHERE id = NEW.id AND version = NEW.version) BEGIN SELECT RAISE(ABORT, 'usage_return_versions is append-only'); END;

CREATE TRIGGER finding_versions_no_update BEFORE UPDATE ON finding_versions BEGIN SELECT RAISE(ABORT, 'finding_versions is append-only'); END;
CREATE TRIGGER finding_versions_no_delete BEFORE DELETE ON finding_versions BEGIN SELECT RAISE(ABORT, 'finding_versions is append-only'); END;
CREATE TRIGGER finding_versions_no_replace BEFORE INSERT ON finding_versions WHEN EXISTS (SELECT 1 FROM finding_versions WHERE id = NEW.id AND version = NEW.version) BEGIN SELECT RAISE(ABORT, 'finding_versions is append-only'); END;
