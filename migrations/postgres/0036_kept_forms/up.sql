-- Forms that arrived after their session had ended. Working state: the last of each account, for its owner alone, worth nothing after two hours.
CREATE TABLE kept_forms (
    issuer TEXT COLLATE "C" NOT NULL,
    subject TEXT COLLATE "C" NOT NULL,
    path TEXT COLLATE "C" NOT NULL,
    body TEXT COLLATE "C" NOT NULL,
    kept_at BIGINT NOT NULL,
    PRIMARY KEY (issuer, subject)
);

CREATE INDEX kept_forms_kept ON kept_forms (kept_at);
