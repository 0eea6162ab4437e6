DROP TABLE report_job_parts;
DROP TABLE report_jobs;
DELETE FROM leases WHERE name = 'reports';
