DROP TABLE draw_refusals;
DROP TABLE draw_messages;
DROP TABLE manual_releases;
DROP TABLE open_declarations;
ALTER TABLE balances DROP COLUMN excess;
DROP TABLE movements;
DROP TABLE declaration_versions;
