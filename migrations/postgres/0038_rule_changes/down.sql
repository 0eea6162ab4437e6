DROP TABLE rule_change_versions;
