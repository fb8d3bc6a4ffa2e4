//! The rule plus a task: loss, batches, epochs.

mod loss;
mod trainer;

pub use loss::Loss;
pub use trainer::{Evaluation, Order, Reduction, Setup, Trainer};
