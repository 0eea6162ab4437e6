DROP TABLE leases;
DROP TABLE webhook_dead_letters;
DROP TABLE webhook_positions;
DROP TABLE webhook_versions;
