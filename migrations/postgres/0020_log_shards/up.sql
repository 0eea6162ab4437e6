-- Shards of the log after the first, which is named in `installation`: under which name and key it goes on, from which head, and why.
CREATE TABLE log_shards (
    version INTEGER NOT NULL PRIMARY KEY CHECK (version > 0),
    revision BIGINT NOT NULL UNIQUE,
    shard TEXT COLLATE "C" NOT NULL,
    origin TEXT COLLATE "C" NOT NULL,
    vkey TEXT COLLATE "C" NOT NULL,
    cause TEXT COLLATE "C" NOT NULL CHECK (cause IN ('restored', 'key_rotated')),
    -- The last head that the shard before it published.
    old_shard TEXT COLLATE "C" NOT NULL,
    old_origin TEXT COLLATE "C" NOT NULL,
    old_vkey TEXT COLLATE "C" NOT NULL,
    old_size BIGINT NOT NULL CHECK (old_size > 0),
    old_root TEXT COLLATE "C" NOT NULL CHECK (length(old_root) = 64),
    old_note TEXT COLLATE "C" NOT NULL,
    reason TEXT COLLATE "C" NOT NULL,
    recorded_at BIGINT NOT NULL
);

CREATE TRIGGER log_shards_no_change BEFORE UPDATE OR DELETE ON log_shards FOR EACH ROW EXECUTE FUNCTION refuse_change();
CREATE TRIGGER log_shards_no_truncate BEFORE TRUNCATE ON log_shards FOR EACH STATEMENT EXECUTE FUNCTION refuse_change();
ALTER TABLE log_shards ENABLE ALWAYS TRIGGER log_shards_no_change;
ALTER TABLE log_shards ENABLE ALWAYS TRIGGER log_shards_no_truncate;
