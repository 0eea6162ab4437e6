-- Webhooks: who is told of what at which address, version by version. Keys stand in no table: they follow from the key of the
-- webhook's subject and the number of the key.
CREATE TABLE webhook_versions (
    id TEXT NOT NULL,
    version INTEGER NOT NULL CHECK (version > 0),
    revision INTEGER NOT NULL UNIQUE,
    org TEXT NOT NULL,
    audience TEXT NOT NULL CHECK (audience IN ('bureau', 'customs', 'enterprise')),
    url TEXT NOT NULL,
    events TEXT NOT NULL,
    state TEXT NOT NULL CHECK (state IN ('active', 'paused', 'removed')),
    cause TEXT CHECK (cause IN ('by_hand', 'failing', 'gone')),
    -- Number of the key that signs, and since when; the one before it signs beside for a while.
    key_number INTEGER NOT NULL CHECK (key_number > 0),
    key_since INTEGER NOT NULL,
    recorded_at INTEGER NOT NULL,
    PRIMARY KEY (id, version),
    CHECK ((state = 'paused') = (cause IS NOT NULL))
) STRICT;
CREATE INDEX webhook_versions_org ON webhook_versions (org, id);

CREATE TRIGGER webhook_versions_no_update BEFORE UPDATE ON webhook_versions BEGIN SELECT RAISE(ABORT, 'webhook_versions is append-only'); END;
CREATE TRIGGER webhook_versions_no_delete BEFORE DELETE ON webhook_versions BEGIN SELECT RAISE(ABORT, 'webhook_versions is append-only'); END;
CREATE TRIGGER webhook_versions_no_replace BEFORE INSERT ON webhook_versions WHEN EXISTS (SELECT 1 FROM webhook_versions WHERE revision = NEW.revision OR (id = NEW.id AND version = NEW.version)) BEGIN SELECT RAISE(ABORT, 'webhook_versions is append-only'); END;

-- How far the log was told to each webhook, and how the next message fares. Working state.
CREATE TABLE webhook_positions (
    webhook TEXT NOT NULL PRIMARY KEY,
    -- Everything up to this revision was told, set aside or not wanted.
    served INTEGER NOT NULL CHECK (served >= 0),
    -- Rises when somebody moves the position: who worked from the old one writes nothing.
    turn INTEGER NOT NULL,
    attempts INTEGER NOT NULL,
    failing_since INTEGER,
    due_at INTEGER NOT NULL,
    set_aside INTEGER NOT NULL,
    last_outcome TEXT,
    delivered INTEGER NOT NULL
) STRICT;

-- Messages that were given up, until somebody has them sent again. Working state.
CREATE TABLE webhook_dead_letters (
    webhook TEXT NOT NULL,
    revision INTEGER NOT NULL,
    attempts INTEGER NOT NULL,
    outcome TEXT NOT NULL,
    set_aside_at INTEGER NOT NULL,
    -- 1 while it is to be sent again.
    again INTEGER NOT NULL,
    PRIMARY KEY (webhook, revision)
) STRICT;

-- Work that one node does at a time, and until when it is that node's. Working state.
CREATE TABLE leases (
    name TEXT NOT NULL PRIMARY KEY,
    holder TEXT NOT NULL,
    held_until INTEGER NOT NULL
) STRICT;
INSERT INTO leases (name, holder, held_until) VALUES ('webhooks', '', 0);
