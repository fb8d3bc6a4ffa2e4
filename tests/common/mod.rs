//! What tests have in common.

pub mod job;
pub mod pages;
#[cfg(feature = "cli")]
mod program;
#[cfg(feature = "cli")]
pub mod specs;
#[cfg(feature = "cli")]
mod tree;

use proptest::prelude::ProptestConfig;
use proptest::test_runner::RngSeed;

/// How many random cases a property is tried on: the same in every run, so that a change is judged
/// by what it changes. `PROPTEST_RNG_SEED` and `PROPTEST_CASES` look further.
pub fn random_cases(cases: u32) -> ProptestConfig {
    ProptestConfig {
        cases,
        failure_persistence: None,
        rng_seed: RngSeed::Fixed(1),
        ..ProptestConfig::default()
    }
}

#[cfg(feature = "cli")]
pub use program::{alignscope, assert_same, bytes, done, json, line, refused};
#[cfg(feature = "cli")]
pub use tree::tree;
