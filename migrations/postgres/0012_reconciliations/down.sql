DROP TABLE reconciliation_pages;
DROP TABLE reconciliations;
