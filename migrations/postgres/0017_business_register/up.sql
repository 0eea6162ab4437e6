-- The register of business entities is one more of the dated lists.
ALTER TABLE screening_versions DROP CONSTRAINT screening_versions_list_check;
ALTER TABLE screening_versions ADD CONSTRAINT screening_versions_list_check CHECK (list IN ('bar_elsewhere', 'serious_dishonesty', 'customs', 'business_register'));
