DROP TABLE log_shards;
