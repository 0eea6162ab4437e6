-- Sign-ins that began and have not come back. Working state: each is taken once, and worth nothing after ten minutes.
CREATE TABLE sign_ins (
    id TEXT NOT NULL PRIMARY KEY,
    issuer TEXT NOT NULL,
    state TEXT NOT NULL,
    nonce TEXT NOT NULL,
    verifier TEXT NOT NULL,
    next TEXT NOT NULL,
    session TEXT,
    begun_at INTEGER NOT NULL
) STRICT;

CREATE INDEX sign_ins_begun ON sign_ins (begun_at);
