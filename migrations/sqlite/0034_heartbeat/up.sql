-- What only a writable primary can raise: a node that reads back what it raised knows how fresh its reading is. Working state.
CREATE TABLE heartbeat (
    id INTEGER NOT NULL PRIMARY KEY CHECK (id = 1),
    beat INTEGER NOT NULL CHECK (beat >= 0)
) STRICT;
INSERT INTO heartbeat (id, beat) VALUES (1, 0);
