DROP TABLE opinion_drafts;
DROP TABLE claims;
DROP TABLE batches;
DROP TABLE appeal_versions;
DROP TABLE decision_versions;
DROP TABLE opinion_versions;
DROP FUNCTION refuse_reviewer;
