//! Exogenous activity and error sequences with controlled statistics, each with its exact
//! autocovariance.

mod arguments;
mod error;
pub mod estimate;
mod form;
pub mod lagged;
mod pair;
mod process;
mod realisation;
mod schedule;
mod sequence;
mod surrogate;
mod words;

pub use error::{FormError, RecordedError};
pub use form::{EXPECTED as FORM_EXPECTED, Form};
pub use pair::{Cross, Pair, PairError, Signals, Sizes};
pub use process::{Facts, FileName, Process};
pub use schedule::Schedule;
pub use sequence::{Recording, Sequence, SequenceError};
pub use surrogate::Surrogate;
