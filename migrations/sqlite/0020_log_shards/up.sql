-- Shards of the log after the first, which is named in `installation`: under which name and key it goes on, from which head, and why.
CREATE TABLE log_shards (
    version INTEGER NOT NULL PRIMARY KEY CHECK (version > 0),
    revision INTEGER NOT NULL UNIQUE,
    shard TEXT NOT NULL,
    origin TEXT NOT NULL,
    vkey TEXT NOT NULL,
    cause TEXT NOT NULL CHECK (cause IN ('restored', 'key_rotated')),
    -- The last head that the shard before it published.
    old_shard TEXT NOT NULL,
    old_origin TEXT NOT NULL,
    old_vkey TEXT NOT NULL,
    old_size INTEGER NOT NULL CHECK (old_size > 0),
    old_root TEXT NOT NULL CHECK (length(old_root) = 64),
    old_note TEXT NOT NULL,
    reason TEXT NOT NULL,
    recorded_at INTEGER NOT NULL
) STRICT;

CREATE TRIGGER log_shards_no_update BEFORE UPDATE ON log_shards BEGIN SELECT RAISE(ABORT, 'log_shards is append-only'); END;
CREATE TRIGGER log_shards_no_delete BEFORE DELETE ON log_shards BEGIN SELECT RAISE(ABORT, 'log_shards is append-only'); END;
CREATE TRIGGER log_shards_no_replace BEFORE INSERT ON log_shards WHEN EXISTS (SELECT 1 FROM log_shards WHERE version = NEW.version OR revision = NEW.revision OR shard = NEW.shard OR origin = NEW.origin) BEGIN SELECT RAISE(ABORT, 'log_shards is append-only'); END;
