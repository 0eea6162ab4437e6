//! The pages that explain the contract to people: the API page made from `openapi.yaml`, and a page per problem type.
//!
//! It serves nothing and reads nothing at run time; handlers send what it returns. Invariant: every page is static
//! text that works under a policy without scripts, inline styles and outside resources.

pub mod problems;
pub mod render;

/// The style sheet of all pages, served at `/docs/docs.css`.
pub const STYLE: &str = include_str!("docs.css");
