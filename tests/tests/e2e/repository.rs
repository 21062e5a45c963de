//! Checks of the repository itself: its documents, its sources and its public API.

mod coming_from;
mod layers;
mod links;
mod promises;
mod public_api;
mod readme;
mod recipes;
mod source_rules;
