//! Exogenous activity and error sequences with controlled statistics, each with its exact autocovariance.

pub mod estimate;
mod form;
mod linear;
mod pair;
mod process;
mod recorded;
mod schedule;

pub use form::{EXPECTED as FORM_EXPECTED, Form, FormError, Process};
pub use pair::{Cross, Pair, PairError, Signals, Sizes};
pub use recorded::RecordedError;
pub use schedule::Schedule;
