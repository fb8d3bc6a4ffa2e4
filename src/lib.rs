//! alignscope: why do forward weights align with fixed random backward weights, and what does it buy?

#![forbid(unsafe_code)]

pub mod analysis;
pub mod array;
pub mod claim;
pub mod cli;
pub mod data;
pub mod experiment;
pub mod figure;
pub mod matrix;
pub mod measure;
pub mod network;
pub mod random;
pub mod real;
pub mod recorded;
pub mod report;
pub mod rule;
pub mod signal;
pub mod theory;
pub mod vmath;
