//! The iterations of a job, whatever it experiments on: recording on the way, checkpoints,
//! divergence.

use crate::measure::angle::Direction;
use crate::quantity::{Instruments, Place, Quantity};
use crate::real::Real;
use crate::rule::decomposition::DecompositionError;
use crate::rule::{Backward, Feedback};
use crate::run::{Attempt, Job, JobError, JobResult, Outcome, Record};
use serde::de::DeserializeOwned;
use serde::{Deserialize, Serialize};
use std::time::{Duration, Instant};

/// A run that proceeds from iteration to iteration, and what quantities see of it.
pub(super) trait Experiment<T: Real>: Instruments<T> {
    /// What it takes to go on from an iteration.
    type State: Serialize + DeserializeOwned;
    /// One iteration, on up to so many threads.
    fn step(&mut self, threads: usize) -> Result<(), DecompositionError>;
    /// What it takes to continue from here; `None` where the run has to start anew.
    fn save(&self) -> Option<Self::State>;
    /// Goes on from `state`; false, with nothing changed, if that is of another run.
    fn restore(&mut self, state: Self::State) -> bool;
}

/// A job under way, on disk.
#[derive(Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct Checkpoint<S> {
    address: String,
    iteration: usize,
    records: Vec<Record>,
    state: S,
}

/// Least time between two checkpoints. What is computed does not depend on it.
const CHECKPOINT_EVERY: Duration = Duration::from_secs(20);

/// Runs `experiment` over the iterations of `job`, recording on the way, until the end, a stop, or
/// divergence. Goes on from a checkpoint where there is one, and leaves one now and then and when
/// stopped.
pub(super) fn drive<T: Real>(
    job: &Job,
    experiment: &mut impl Experiment<T>,
    attempt: &Attempt<'_>,
) -> Result<JobResult, JobError> {
    let depth = experiment.layers().depth();
    let mut towards = directions(experiment.feedback(), depth);
    let address = job.address();
    let (mut iteration, mut records) = resume(experiment, attempt, &address).unwrap_or_default();
    let fresh = records.is_empty();
    attempt.advance(iteration);
    let mut saved = Instant::now();
    for (due, quantities) in job.agenda() {
        // What was recorded at a checkpoint's iteration is in it.
        if due < iteration || due == iteration && !fresh {
            continue;
        }
        while iteration < due {
            let stop = attempt.is_to_stop();
            if stop || saved.elapsed() > CHECKPOINT_EVERY {
                let kept = keep(experiment, attempt, &address, iteration, &records);
                saved = Instant::now();
                if stop {
                    return Err(JobError::Interrupted);
                }
                kept?;
            }
            experiment.step(attempt.threads()).map_err(defect)?;
            iteration += 1;
            attempt.advance(1);
            if let Some(layer) = experiment.layers().first_non_finite() {
                return Ok(job.finish(Outcome::Diverged { iteration, layer }, records));
            }
        }
        if matches!(
            experiment.feedback().rule().facts().backward,
            Backward::Following | Backward::Learning
        ) {
            towards = directions(experiment.feedback(), depth);
        }
        for quantity in quantities {
            measure(job, experiment, &towards, iteration, quantity, &mut records)
                .map_err(defect)?;
        }
    }
    Ok(job.finish(Outcome::Completed, records))
}

/// Iteration and records of a checkpoint that fits, the experiment set to its state.
fn resume<T: Real, E: Experiment<T>>(
    experiment: &mut E,
    attempt: &Attempt<'_>,
    address: &str,
) -> Option<(usize, Vec<Record>)> {
    let bytes = attempt.checkpoint()?;
    let found: Option<Checkpoint<E::State>> = serde_json::from_slice(&bytes).ok();
    let resumed = found.filter(|checkpoint| checkpoint.address == address).and_then(|checkpoint| {
        experiment.restore(checkpoint.state).then_some((checkpoint.iteration, checkpoint.records))
    });
    if resumed.is_none() {
        attempt
            .warn(format!("the checkpoint of job {address} cannot be used; the job starts again"));
    }
    resumed
}

/// Leaves a checkpoint, where the experiment can go on from one.
fn keep<T: Real>(
    experiment: &impl Experiment<T>,
    attempt: &Attempt<'_>,
    address: &str,
    iteration: usize,
    records: &[Record],
) -> Result<(), JobError> {
    let Some(state) = experiment.save() else { return Ok(()) };
    let checkpoint =
        Checkpoint { address: address.into(), iteration, records: records.to_vec(), state };
    let bytes =
        serde_json::to_vec(&checkpoint).map_err(|error| JobError::Failed(error.to_string()))?;
    attempt.keep(&bytes).map_err(|error| JobError::Failed(error.to_string()))
}

/// Appends the values of one quantity at one iteration.
fn measure<T: Real>(
    job: &Job,
    experiment: &mut impl Experiment<T>,
    directions: &[Option<Direction>],
    iteration: usize,
    quantity: Quantity,
    records: &mut Vec<Record>,
) -> Result<(), DecompositionError> {
    for layer in quantity.layers(&job.condition) {
        for lag in job.lags_of(quantity, iteration) {
            let towards = layer.and_then(|l| directions.get(l)?.as_ref());
            let value = quantity.value(experiment, &Place { layer, lag, towards })?;
            records.push(Record { iteration, layer, lag, quantity, value });
        }
    }
    Ok(())
}

/// What a run hands over always fits; if not, the job fails and says so.
fn defect(error: DecompositionError) -> JobError {
    JobError::Failed(format!("an update cannot be decomposed: {error}"))
}

/// For every layer the direction of `B_l^T`, where the policy has a `B_l`.
pub(super) fn directions<T: Real>(feedback: &Feedback<T>, depth: usize) -> Vec<Option<Direction>> {
    (0..depth).map(|l| feedback.backward(l).map(Direction::towards_transpose_of)).collect()
}
