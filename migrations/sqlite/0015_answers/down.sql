DROP INDEX answer_batches_seal;
ALTER TABLE answer_batches DROP COLUMN seal;
DROP TABLE answer_seals;
DROP TABLE answer_key_versions;
