//! The rules: pure, synchronous, without clock, randomness or I/O.
//!
//! Codes and values are parsed once at the door (`code`, `quantity`, `validity`, `listing_number`); the rules trust
//! them. `lookup` is the main job; `timeline` and `adjustment` say how the list may change.

pub mod access;
pub mod actor;
pub mod adjustment;
pub mod application;
pub mod batch;
pub mod bilingual;
pub mod calendar;
pub mod case_clock;
pub mod case_rule;
pub mod casework;
pub mod certificate;
pub mod code;
pub mod document;
pub mod draw;
pub mod eligibility;
pub mod enterprise;
pub mod erasure;
pub mod error;
pub mod fault;
pub mod fields;
pub mod finding;
pub mod happening;
pub mod id;
pub mod item_name;
pub mod lang;
pub mod library;
pub mod listing;
pub mod listing_number;
pub mod lookup;
#[cfg(test)]
mod lookup_tests;
pub mod mandate;
pub mod match_levels;
pub mod mirror;
pub mod notice;
pub mod opinion;
pub mod pause;
pub mod purpose;
pub mod quantity;
pub mod reason;
pub mod reason_basis;
pub mod receipt;
pub mod recognition;
pub mod reconciliation;
pub mod register;
pub mod reservations;
pub mod revision;
pub mod rule_change;
pub mod satisfaction;
pub mod scheme;
pub mod screening;
pub mod sign;
pub mod signed;
pub mod states;
pub mod stop;
pub mod supervision;
pub mod taken;
pub mod tariff;
pub mod terms_json;
pub mod timeline;
pub mod usage_return;
pub mod validity;
pub mod webhook;
pub mod words;
