//! The portal through HTTP: every page for every role in both languages, a whole story in forms, and what keeps it safe.

mod pages;
mod safety;
mod story;
mod together;
