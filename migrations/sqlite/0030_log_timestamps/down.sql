DROP TABLE log_timestamps;
