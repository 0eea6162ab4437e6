DROP TABLE access_seals;
DROP TABLE access_records;
