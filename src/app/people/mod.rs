//! The register of people: organisations, persons and their accounts, grants, roles of organisations' own, the first administrator.

pub mod grants;
pub mod hand_over;
mod load;
pub mod organisations;
pub mod persons;
pub mod roles;
pub mod setup;

pub use crate::store::register::{CustomRoleRow, GrantRow, OrganisationRow, PersonRow};
pub use load::{mandate, register, register_since, scopes};
