-- Forms that arrived after their session had ended. Working state: the last of each account, for its owner alone, worth nothing after two hours.
CREATE TABLE kept_forms (
    issuer TEXT NOT NULL,
    subject TEXT NOT NULL,
    path TEXT NOT NULL,
    body TEXT NOT NULL,
    kept_at INTEGER NOT NULL,
    PRIMARY KEY (issuer, subject)
) STRICT;

CREATE INDEX kept_forms_kept ON kept_forms (kept_at);
