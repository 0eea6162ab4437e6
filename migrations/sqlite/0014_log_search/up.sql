-- What the log's readers need besides the log; none of it is a fact.

-- What each entry is about, read from the leaves behind the writers, for those who search.
CREATE TABLE log_search (
    revision INTEGER NOT NULL PRIMARY KEY,
    event TEXT NOT NULL,
    entity_kind TEXT NOT NULL,
    entity_id TEXT NOT NULL,
    actor TEXT NOT NULL,
    -- Empty for the system.
    org TEXT NOT NULL,
    recorded_at INTEGER NOT NULL
) STRICT;
CREATE INDEX log_search_event ON log_search (event, revision);
CREATE INDEX log_search_entity ON log_search (entity_kind, entity_id, revision);
CREATE INDEX log_search_actor ON log_search (actor, revision);
CREATE INDEX log_search_org ON log_search (org, revision);
CREATE INDEX log_search_recorded_at ON log_search (recorded_at);

-- Signatures of witnesses under signed heads: lines of a signed note.
CREATE TABLE log_cosignatures (
    size INTEGER NOT NULL,
    witness TEXT NOT NULL,
    line TEXT NOT NULL,
    signed_at INTEGER NOT NULL,
    PRIMARY KEY (size, witness)
) STRICT;
