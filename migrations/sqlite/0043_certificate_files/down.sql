ALTER TABLE certificates DROP COLUMN file_en;
ALTER TABLE certificates DROP COLUMN file_zh;
DROP TABLE certificate_files;
DROP TABLE document_key_versions;
