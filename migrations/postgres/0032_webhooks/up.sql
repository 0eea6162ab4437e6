-- Webhooks: who is told of what at which address, version by version. Keys stand in no table: they follow from the key of the
-- webhook's subject and the number of the key.
CREATE TABLE webhook_versions (
    id TEXT COLLATE "C" NOT NULL,
    version INTEGER NOT NULL CHECK (version > 0),
    revision BIGINT NOT NULL UNIQUE,
    org TEXT COLLATE "C" NOT NULL,
    audience TEXT COLLATE "C" NOT NULL CHECK (audience IN ('bureau', 'customs', 'enterprise')),
    url TEXT COLLATE "C" NOT NULL,
    events TEXT COLLATE "C" NOT NULL,
    state TEXT COLLATE "C" NOT NULL CHECK (state IN ('active', 'paused', 'removed')),
    cause TEXT COLLATE "C" CHECK (cause IN ('by_hand', 'failing', 'gone')),
    -- Number of the key that signs, and since when; the one before it signs beside for a while.
    key_number INTEGER NOT NULL CHECK (key_number > 0),
    key_since BIGINT NOT NULL,
    recorded_at BIGINT NOT NULL,
    PRIMARY KEY (id, version),
    CHECK ((state = 'paused') = (cause IS NOT NULL))
);
CREATE INDEX webhook_versions_org ON webhook_versions (org, id);

CREATE TRIGGER webhook_versions_no_change BEFORE UPDATE OR DELETE ON webhook_versions FOR EACH ROW EXECUTE FUNCTION refuse_change();
CREATE TRIGGER webhook_versions_no_truncate BEFORE TRUNCATE ON webhook_versions FOR EACH STATEMENT EXECUTE FUNCTION refuse_change();
ALTER TABLE webhook_versions ENABLE ALWAYS TRIGGER webhook_versions_no_change;
ALTER TABLE webhook_versions ENABLE ALWAYS TRIGGER webhook_versions_no_truncate;

-- How far the log was told to each webhook, and how the next message fares. Working state.
CREATE TABLE webhook_positions (
    webhook TEXT COLLATE "C" NOT NULL PRIMARY KEY,
    -- Everything up to this revision was told, set aside or not wanted.
    served BIGINT NOT NULL CHECK (served >= 0),
    -- Rises when somebody moves the position: who worked from the old one writes nothing.
    turn INTEGER NOT NULL,
    attempts INTEGER NOT NULL,
    failing_since BIGINT,
    due_at BIGINT NOT NULL,
    set_aside INTEGER NOT NULL,
    last_outcome TEXT COLLATE "C",
    delivered BIGINT NOT NULL
);

-- Messages that were given up, until somebody has them sent again. Working state.
CREATE TABLE webhook_dead_letters (
    webhook TEXT COLLATE "C" NOT NULL,
    revision BIGINT NOT NULL,
    attempts INTEGER NOT NULL,
    outcome TEXT COLLATE "C" NOT NULL,
    set_aside_at BIGINT NOT NULL,
    -- 1 while it is to be sent again.
    again INTEGER NOT NULL,
    PRIMARY KEY (webhook, revision)
);

-- Work that one node does at a time, and until when it is that node's. Working state.
CREATE TABLE leases (
    name TEXT COLLATE "C" NOT NULL PRIMARY KEY,
    holder TEXT COLLATE "C" NOT NULL,
    held_until BIGINT NOT NULL
);
INSERT INTO leases (name, holder, held_until) VALUES ('webhooks', '', 0);
