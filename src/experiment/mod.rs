//! What a job does: the rule in isolation on signals, a network on data, or random matrices, measured as it goes.

mod isolate;
mod prediction;
mod sample;
mod train;

pub use prediction::{Predictor, linear_limit, linear_toy};

use crate::analysis::{Condition, Job, JobError, JobResult, Outcome, Quantity, Record};
use crate::measure::angle::Direction;
use crate::real::{Precision, Real};
use crate::rule::{Feedback, Layers};
use crate::vmath::{dot, sum_squares};

/// Runs one job. `stop` is asked between iterations.
///
/// # Errors
/// [`JobError::Interrupted`] once `stop` says so; [`JobError::Failed`] if the data cannot be had.
pub fn run_job(job: &Job, stop: &dyn Fn() -> bool) -> Result<JobResult, JobError> {
    match &job.condition {
        Condition::Isolate(condition) => match condition.precision {
            Precision::F32 => isolate::run::<f32>(job, condition, stop),
            Precision::F64 => isolate::run::<f64>(job, condition, stop),
        },
        Condition::Train(condition) => match condition.precision {
            Precision::F32 => train::run::<f32>(job, condition, stop),
            Precision::F64 => train::run::<f64>(job, condition, stop),
        },
        Condition::Sample(condition) => match condition.precision {
            Precision::F32 => sample::run::<f32>(job, condition, stop),
            Precision::F64 => sample::run::<f64>(job, condition, stop),
        },
    }
}

/// The state of a run at one iteration, as quantities see it.
trait Experiment<T: Real> {
    /// Forward weights.
    fn layers(&self) -> &Layers<T>;
    /// What carries the error back.
    fn feedback(&self) -> &Feedback<T>;
    /// Update alignment of layers `0 .. D-2`.
    fn update_alignment(&mut self) -> Vec<Option<f64>>;
    /// Value of a quantity that not every experiment has, of a layer or of the network as a whole.
    fn own(&mut self, quantity: Quantity, layer: Option<usize>) -> Option<f64>;
    /// One iteration.
    fn step(&mut self);
}

/// Runs `experiment` over the iterations of `job`, recording on the way, until the end, a stop, or divergence.
fn drive<T: Real>(
    job: &Job,
    mut experiment: impl Experiment<T>,
    stop: &dyn Fn() -> bool,
) -> Result<JobResult, JobError> {
    let directions = directions(experiment.feedback(), experiment.layers().depth());
    let recorded = job.recorded_iterations();
    let mut records = Vec::with_capacity(recorded.len() * job.quantities.len());
    let mut iteration = 0;
    for due in recorded {
        while iteration < due {
            if stop() {
                return Err(JobError::Interrupted);
            }
            experiment.step();
            iteration += 1;
            if let Some(layer) = experiment.layers().first_non_finite() {
                return Ok(job.finish(Outcome::Diverged { iteration, layer }, records));
            }
        }
        for &quantity in &job.quantities {
            measure(job, &mut experiment, &directions, iteration, quantity, &mut records);
        }
    }
    Ok(job.finish(Outcome::Completed, records))
}

/// Appends the values of one quantity at one iteration.
fn measure<T: Real>(
    job: &Job,
    experiment: &mut impl Experiment<T>,
    directions: &[Option<Direction>],
    iteration: usize,
    quantity: Quantity,
    records: &mut Vec<Record>,
) {
    let updates = if quantity == Quantity::UpdateAlignment { experiment.update_alignment() } else { Vec::new() };
    for layer in quantity.layers(&job.condition) {
        let weights = |l: usize| experiment.layers().weights[l].as_slice();
        let value = match (quantity, layer) {
            (Quantity::WeightAlignment, Some(l)) => directions[l].as_ref().and_then(|d| d.angle_to(weights(l))),
            (Quantity::WeightNorm, Some(l)) => Some(sum_squares(weights(l)).sqrt()),
            (Quantity::WeightSquaredNorm, Some(l)) => Some(sum_squares(weights(l))),
            (Quantity::WeightInnerProduct, Some(l)) => {
                experiment.feedback().backward(l).map(|b| dot(weights(l), b.transpose().as_slice()))
            }
            (Quantity::UpdateAlignment, Some(l)) => updates.get(l).copied().flatten(),
            (_, _) => experiment.own(quantity, layer),
        };
        records.push(Record { iteration, layer, quantity, value });
    }
}

/// For every layer the direction of `B_l^T`, where the policy has a `B_l`.
fn directions<T: Real>(feedback: &Feedback<T>, depth: usize) -> Vec<Option<Direction>> {
    (0..depth).map(|l| feedback.backward(l).map(Direction::towards_transpose_of)).collect()
}
