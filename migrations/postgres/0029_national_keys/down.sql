DROP TABLE national_key_versions;
