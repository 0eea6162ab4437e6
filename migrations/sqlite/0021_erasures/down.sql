DROP TRIGGER person_versions_no_update;
CREATE TRIGGER person_versions_no_update BEFORE UPDATE ON person_versions BEGIN SELECT RAISE(ABORT, 'person_versions is append-only'); END;
DROP TRIGGER responsible_person_versions_no_update;
CREATE TRIGGER responsible_person_versions_no_update BEFORE UPDATE ON responsible_person_versions BEGIN SELECT RAISE(ABORT, 'responsible_person_versions is append-only'); END;
DROP TRIGGER application_contents_no_update;
CREATE TRIGGER application_contents_no_update BEFORE UPDATE ON application_contents BEGIN SELECT RAISE(ABORT, 'application_contents is append-only'); END;
DROP TABLE erasures;
