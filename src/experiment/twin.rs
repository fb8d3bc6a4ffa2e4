//! A twin of a network in training that BP trains: from the same weights, on the same batches.

use crate::condition::TrainCondition;
use crate::data::DataSet;
use crate::matrix::Matrix;
use crate::network::{Rule, Setup, Subset, Trainer, TrainerState};
use crate::quantity::Quantity;
use crate::real::Real;
use crate::run::Job;

/// Test images that representations are compared on, at most.
const IMAGES: usize = 500;

/// The twin, and the activities of both of the present state.
pub(super) struct Twin<'a, T: Real> {
    trainer: Trainer<'a, T>,
    activities: Option<[Vec<Matrix<f64>>; 2]>,
}

impl<'a, T: Real> Twin<'a, T> {
    /// For what `job` measures; `None` if none of it takes a twin, or the network is one itself.
    pub fn new(job: &Job, condition: &TrainCondition, data: &'a DataSet<T>) -> Option<Self> {
        let measured = job.quantities().any(Quantity::is_beside_twin);
        let setup = Setup { rule: Rule::BP, ..condition.setup.clone() };
        (measured && condition.setup.rule != Rule::BP).then(|| Self {
            trainer: Trainer::new(data, setup, job.seed, job.repeat),
            activities: None,
        })
    }

    /// One update, on so many threads.
    pub fn step(&mut self, threads: usize) {
        self.trainer.use_threads(threads);
        self.trainer.step();
        self.activities = None;
    }

    /// What it takes to continue from here.
    pub fn state(&self) -> TrainerState {
        self.trainer.state()
    }

    /// Goes on from a state; false if it does not fit.
    pub fn restore(&mut self, state: &TrainerState) -> bool {
        self.activities = None;
        self.trainer.restore(state)
    }

    /// Activities of the units that `W_l` leads to, those of `network` and of the twin.
    pub fn beside(&mut self, network: &Trainer<'_, T>, l: usize) -> Option<[Matrix<f64>; 2]> {
        let activities = |trainer: &Trainer<'_, T>| -> Vec<Matrix<f64>> {
            trainer.activities(Subset::Test, IMAGES).iter().map(Matrix::to_f64).collect()
        };
        let both =
            self.activities.get_or_insert_with(|| [activities(network), activities(&self.trainer)]);
        Some([both[0].get(l)?.clone(), both[1].get(l)?.clone()])
    }
}
