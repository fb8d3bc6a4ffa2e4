//! Exogenous activity and error sequences with controlled statistics, each with its exact autocovariance.

pub mod estimate;
mod form;
pub mod lagged;
mod linear;
mod pair;
mod process;
mod recorded;
mod schedule;
mod sequence;
mod surrogate;

pub use form::{EXPECTED as FORM_EXPECTED, Form, FormError, Process};
pub use pair::{Cross, Pair, PairError, Signals, Sizes};
pub use recorded::RecordedError;
pub use schedule::Schedule;
pub use sequence::{Recording, Sequence, SequenceError};
pub use surrogate::Surrogate;
