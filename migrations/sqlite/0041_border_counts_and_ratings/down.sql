DROP TABLE case_ratings;
DROP INDEX declaration_versions_recorded_at;
DROP TABLE border_counts;
