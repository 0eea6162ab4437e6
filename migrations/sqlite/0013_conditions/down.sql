ALTER TABLE listing_versions DROP COLUMN conditions;
