-- Filters of the portal's lists that people keep under a name. Working state: addresses of pages, each account its own.
CREATE TABLE saved_filters (
    issuer TEXT NOT NULL,
    subject TEXT NOT NULL,
    page TEXT NOT NULL,
    name TEXT NOT NULL,
    query TEXT NOT NULL,
    saved_at INTEGER NOT NULL,
    PRIMARY KEY (issuer, subject, page, name)
) STRICT;
