//! The rule plus a task: loss, batches, epochs, label changes, probes.

mod batches;
mod loss;
mod optimizer;
mod part;
mod probe;
mod setup;
mod trainer;

pub use crate::rule::Rule;
pub use batches::{Batches, Subset};
pub use loss::Loss;
pub use optimizer::{MuonScale, NEWTON_SCHULZ, Optimizer, newton_schulz};
pub use part::{BatchPart, Shown, part_sizes};
pub use probe::{NULL_DRAWS, Probe, UpdateNull};
pub use setup::{Biases, Order, ProbeBatch, Reduction, Setup, Std};
pub(crate) use trainer::backward_weights;
pub use trainer::{Evaluation, Trainer, TrainerState};
