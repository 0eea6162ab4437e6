-- Conditions of a recognition, which customs reads with the listing.
ALTER TABLE listing_versions ADD COLUMN conditions TEXT;
