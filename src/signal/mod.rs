//! Exogenous activity and error sequences.

mod schedule;

pub use schedule::{Schedule, Signals};
