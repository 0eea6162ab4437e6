DROP TABLE backups;
DROP TABLE pause_versions;
