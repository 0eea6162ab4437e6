-- An emergency stop is made by one person, holds at once, and lapses unless another confirms it in time; these columns
-- are null for a stop that came from an adjustment.
ALTER TABLE stop_versions ADD COLUMN scheme TEXT COLLATE "C";
ALTER TABLE stop_versions ADD COLUMN stage TEXT COLLATE "C" CHECK (stage IN ('emergency', 'confirmed', 'lifted', 'lapsed'));
ALTER TABLE stop_versions ADD COLUMN expires_at BIGINT;
ALTER TABLE stop_versions ADD COLUMN review_on INTEGER;
ALTER TABLE stop_versions ADD COLUMN made_by TEXT COLLATE "C";
ALTER TABLE stop_versions ADD COLUMN confirmed_by TEXT COLLATE "C" CHECK (confirmed_by <> made_by);

-- Lists against which enterprises are screened, as dated rows.
CREATE TABLE screening_versions (
    id TEXT COLLATE "C" NOT NULL,
    version INTEGER NOT NULL CHECK (version > 0),
    revision BIGINT NOT NULL UNIQUE,
    list TEXT COLLATE "C" NOT NULL CHECK (list IN ('bar_elsewhere', 'serious_dishonesty', 'customs')),
    uscc TEXT COLLATE "C" NOT NULL CHECK (length(uscc) = 18),
    name TEXT COLLATE "C",
    ground TEXT COLLATE "C" NOT NULL,
    source TEXT COLLATE "C" NOT NULL,
    valid_from INTEGER NOT NULL,
    valid_to INTEGER CHECK (valid_to >= valid_from),
    recorded_at BIGINT NOT NULL,
    PRIMARY KEY (id, version)
);
CREATE INDEX screening_versions_uscc ON screening_versions (uscc, id);

-- Usage returns (使用台账) per listing and period, and what was done until they were handed in. Quantities in steps of the finer unit.
CREATE TABLE usage_return_versions (
    id TEXT COLLATE "C" NOT NULL,
    version INTEGER NOT NULL CHECK (version > 0),
    revision BIGINT NOT NULL UNIQUE,
    listing TEXT COLLATE "C" NOT NULL,
    enterprise TEXT COLLATE "C" NOT NULL CHECK (length(enterprise) = 18),
    scheme TEXT COLLATE "C" NOT NULL,
    period_from INTEGER NOT NULL,
    period_to INTEGER NOT NULL CHECK (period_to >= period_from),
    due_on INTEGER NOT NULL CHECK (due_on > period_to),
    stage TEXT COLLATE "C" NOT NULL CHECK (stage IN ('reminded', 'warned', 'suspension_proposed', 'suspended', 'handed_in')),
    unit INTEGER,
    opening BIGINT CHECK (opening >= 0),
    received BIGINT CHECK (received >= 0),
    used BIGINT CHECK (used >= 0),
    destroyed BIGINT CHECK (destroyed >= 0),
    stock BIGINT CHECK (stock >= 0),
    note TEXT COLLATE "C",
    adjustment TEXT COLLATE "C",
    recorded_at BIGINT NOT NULL,
    PRIMARY KEY (id, version),
    -- A return adds up, whoever writes it.
    CHECK (stage <> 'handed_in' OR opening + received = used + destroyed + stock),
    CHECK (stage <> 'handed_in' OR (unit IS NOT NULL AND stock IS NOT NULL))
);
CREATE INDEX usage_return_versions_listing ON usage_return_versions (listing, period_from);
CREATE INDEX usage_return_versions_enterprise ON usage_return_versions (enterprise, id);

-- Findings of inspections at an enterprise; documents by their SHA-256.
CREATE TABLE finding_versions (
    id TEXT COLLATE "C" NOT NULL,
    version INTEGER NOT NULL CHECK (version > 0),
    revision BIGINT NOT NULL UNIQUE,
    enterprise TEXT COLLATE "C" NOT NULL CHECK (length(enterprise) = 18),
    listing TEXT COLLATE "C",
    found_on INTEGER NOT NULL,
    kind TEXT COLLATE "C" NOT NULL CHECK (kind IN ('storage', 'ledger', 'off_purpose_use', 'quantity', 'disposal', 'other')),
    text TEXT COLLATE "C" NOT NULL,
    documents TEXT COLLATE "C" NOT NULL,
    outcome TEXT COLLATE "C" CHECK (outcome IN ('no_breach', 'rectified', 'warned', 'listing_suspended', 'enterprise_suspended', 'qualification_cancelled')),
    outcome_text TEXT COLLATE "C",
    closed_on INTEGER CHECK (closed_on >= found_on),
    recorded_at BIGINT NOT NULL,
    PRIMARY KEY (id, version),
    CHECK ((outcome IS NULL) = (closed_on IS NULL))
);
CREATE INDEX finding_versions_enterprise ON finding_versions (enterprise, id);

-- Working state: which reminders of an expiry have gone out.
CREATE TABLE reminders (
    subject TEXT COLLATE "C" NOT NULL,
    kind TEXT COLLATE "C" NOT NULL,
    due_on INTEGER NOT NULL,
    sent_at BIGINT NOT NULL,
    PRIMARY KEY (subject, kind, due_on)
);

-- Append-only, as in 0001.
CREATE TRIGGER screening_versions_no_change BEFORE UPDATE OR DELETE ON screening_versions FOR EACH ROW EXECUTE FUNCTION refuse_change();
CREATE TRIGGER screening_versions_no_truncate BEFORE TRUNCATE ON screening_versions FOR EACH STATEMENT EXECUTE FUNCTION refuse_change();
ALTER TABLE screening_versions ENABLE ALWAYS TRIGGER screening_versions_no_change;
ALTER TABLE screening_versions ENABLE ALWAYS TRIGGER screening_versions_no_truncate;

CREATE TRIGGER usage_return_versions_no_change BEFORE UPDATE OR DELETE ON usage_return_versions FOR EACH ROW EXECUTE FUNCTION refuse_change();
CREATE TRIGGER usage_return_versions_no_truncate BEFORE TRUNCATE ON usage_return_versions FOR EACH STATEMENT EXECUTE FUNCTION refuse_change();
ALTER TABLE usage_return_versions ENABLE ALWAYS TRIGGER usage_return_versions_no_change;
ALTER TABLE usage_return_versions ENABLE ALWAYS TRIGGER usage_return_versions_no_truncate;

CREATE TRIGGER finding_versions_no_change BEFORE UPDATE OR DELETE ON finding_versions FOR EACH ROW EXECUTE FUNCTION refuse_change();
CREATE TRIGGER finding_versions_no_truncate BEFORE TRUNCATE ON finding_versions FOR EACH STATEMENT EXECUTE FUNCTION refuse_change();
ALTER TABLE finding_versions ENABLE ALWAYS TRIGGER finding_versions_no_change;
ALTER TABLE finding_versions ENABLE ALWAYS TRIGGER finding_versions_no_truncate;
