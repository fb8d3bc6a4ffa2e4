//! What tests have in common.

pub mod job;
pub mod pages;
#[cfg(feature = "cli")]
mod program;
#[cfg(feature = "cli")]
pub mod specs;
#[cfg(feature = "cli")]
mod tree;

#[cfg(feature = "cli")]
pub use program::{alignscope, assert_same, bytes, done, json, refused};
#[cfg(feature = "cli")]
pub use tree::tree;
