//! All tests of the library and of the program from outside, in one binary: `cargo test --test it`,
//! and of one file `cargo test --test it rule::`.

#![allow(clippy::expect_used, clippy::panic, clippy::unwrap_used)]

mod common;

mod activity_norm;
#[cfg(feature = "cli")]
mod analyze;
mod answers;
#[cfg(feature = "cli")]
mod claims;
#[cfg(feature = "cli")]
mod cli;
#[cfg(feature = "cli")]
mod data;
#[cfg(feature = "cli")]
mod data_sets;
mod decomposed;
mod decomposition;
#[cfg(feature = "cli")]
mod docs;
#[cfg(feature = "cli")]
mod doubtful;
mod dropout;
#[cfg(feature = "cli")]
mod faults;
#[cfg(all(feature = "cli", feature = "fetch"))]
mod fetch;
#[cfg(feature = "cli")]
mod figures;
mod fuzz_cases;
#[cfg(feature = "cli")]
mod handling;
mod hinges;
#[cfg(feature = "cli")]
mod integrity;
mod invariances;
mod isolated;
#[cfg(feature = "cli")]
mod kinds;
#[cfg(feature = "cli")]
mod matrices;
#[cfg(feature = "cli")]
mod mnist;
mod network;
mod normals;
mod optimizers;
mod policies;
mod quantities;
#[cfg(feature = "cli")]
mod readings;
#[cfg(feature = "cli")]
mod recorded;
#[cfg(feature = "cli")]
mod recorder;
#[cfg(feature = "cli")]
mod recordings;
mod recurrent;
mod replay;
#[cfg(feature = "cli")]
mod report;
mod rule;
mod sample;
#[cfg(feature = "cli")]
mod scale;
mod signals;
#[cfg(feature = "cli")]
mod slurm;
#[cfg(feature = "cli")]
mod steps;
mod theory;
mod time;
mod verdicts;
#[cfg(feature = "cli")]
mod watch;
