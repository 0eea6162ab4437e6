-- Sign-ins that began and have not come back. Working state: each is taken once, and worth nothing after ten minutes.
CREATE TABLE sign_ins (
    id TEXT COLLATE "C" NOT NULL PRIMARY KEY,
    issuer TEXT COLLATE "C" NOT NULL,
    state TEXT COLLATE "C" NOT NULL,
    nonce TEXT COLLATE "C" NOT NULL,
    verifier TEXT COLLATE "C" NOT NULL,
    next TEXT COLLATE "C" NOT NULL,
    session TEXT COLLATE "C",
    begun_at BIGINT NOT NULL
);

CREATE INDEX sign_ins_begun ON sign_ins (begun_at);
