-- Filters of the portal's lists that people keep under a name. Working state: addresses of pages, each account its own.
CREATE TABLE saved_filters (
    issuer TEXT COLLATE "C" NOT NULL,
    subject TEXT COLLATE "C" NOT NULL,
    page TEXT COLLATE "C" NOT NULL,
    name TEXT COLLATE "C" NOT NULL,
    query TEXT COLLATE "C" NOT NULL,
    saved_at BIGINT NOT NULL,
    PRIMARY KEY (issuer, subject, page, name)
);
