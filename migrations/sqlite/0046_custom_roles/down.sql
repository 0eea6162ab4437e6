DROP INDEX grant_versions_custom_role;
ALTER TABLE grant_versions DROP COLUMN custom_role;
DROP TABLE custom_role_versions;
