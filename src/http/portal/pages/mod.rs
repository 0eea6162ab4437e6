//! The pages, a file per room of the portal. A handler asks endpoints, and shows or sends on what they say.

pub mod account;
pub mod applications;
pub mod audit;
pub mod border;
pub mod bureau;
pub mod cases;
pub mod decisions;
pub mod errors;
pub mod filters;
pub mod help;
pub mod home;
pub mod imports;
pub mod listings;
pub mod lookup;
pub mod notices;
pub mod operations;
pub mod oversight;
pub mod people;
pub mod public;
pub mod report_jobs;
pub mod reports;
pub mod roles;
pub mod rules;
pub mod satisfaction;
pub mod stages;
pub mod traffic;
