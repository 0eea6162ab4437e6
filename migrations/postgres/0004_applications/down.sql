DROP TABLE drafts;
DROP TABLE item_versions;
DROP TABLE documents;
DROP TABLE case_events;
DROP TABLE application_contents;
DROP TABLE applications;
