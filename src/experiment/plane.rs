//! One repeat of a plane: two networks learn from the same start, and the loss is looked at over
//! the plane of the two leading principal components of their trajectories.

use crate::condition::PlaneCondition;
use crate::data::{DataSet, Library};
use crate::measure::trajectory::{Components, Trajectory, TrajectoryError};
use crate::network::{Loss, Setup, Subset, Trainer};
use crate::quantity::Quantity;
use crate::real::Real;
use crate::rule::Layers;
use crate::run::{Attempt, Job, JobError, JobResult, Outcome, Record};

pub(super) fn run<T: Real>(
    job: &Job,
    condition: &PlaneCondition,
    attempt: &Attempt<'_>,
    library: &Library,
) -> Result<JobResult, JobError> {
    let load = condition.train.load::<T>(library);
    let data = load.map_err(|error| JobError::Failed(error.to_string()))?;
    let setups = [condition.train.setup.clone(), condition.second()];
    let mut learnt = Vec::with_capacity(2);
    for setup in setups {
        match learn(job, condition, attempt, &data, setup)? {
            Ok(network) => learnt.push(network),
            Err((iteration, layer)) => {
                return Ok(job.finish(Outcome::Diverged { iteration, layer }, Vec::new()));
            }
        }
    }
    let trajectories: Vec<&Trajectory> = learnt.iter().map(|network| &network.trajectory).collect();
    let components = Components::of(&trajectories, 2).map_err(failed)?;
    let mut records = Vec::new();
    let last = job.condition.last_iteration();
    let mut record = |iteration, layer, quantity, value| {
        if job.measures(quantity) {
            records.push(Record { iteration, layer, lag: None, quantity, value });
        }
    };
    let explained =
        |component: usize| 100.0 * components.shares.get(component).copied().unwrap_or(0.0);
    record(last, None, Quantity::Explained, Some(explained(0)));
    record(last, None, Quantity::ExplainedSecond, Some(explained(1)));
    let quantities = [
        [Quantity::PlaneTrainingLoss, Quantity::PlaneAccuracy, Quantity::PlaneFirst],
        [Quantity::PlaneTrainingLossSecond, Quantity::PlaneAccuracySecond, Quantity::PlaneSecond],
    ];
    for (at, (network, [loss, accuracy, position])) in learnt.iter_mut().zip(quantities).enumerate()
    {
        record(last, None, loss, root_loss(&mut network.trainer));
        let code = network.trainer.code().clone();
        record(last, None, accuracy, Some(network.trainer.evaluate(Subset::Test, &code).accuracy));
        for (snapshot, scores) in components.scores[at].iter().enumerate() {
            for (component, &score) in scores.iter().enumerate() {
                record(snapshot * condition.every, Some(component), position, Some(score));
            }
        }
    }
    if job.measures(Quantity::PlaneLoss)
        && let Some(network) = learnt.first_mut()
    {
        let side = condition.mesh;
        let coordinate = |i: usize| condition.reach * (2.0 * i as f64 / (side - 1) as f64 - 1.0);
        for point in 0..side * side {
            if attempt.is_to_stop() {
                return Err(JobError::Interrupted);
            }
            network.trainer.use_threads(attempt.threads());
            let at = [coordinate(point % side), coordinate(point / side)];
            let dimensions = components.directions.len().min(2);
            let parameters = components.parameters(&at[..dimensions]).map_err(failed)?;
            set(network.trainer.layers_mut(), &parameters);
            record(point, None, Quantity::PlaneLoss, root_loss(&mut network.trainer));
        }
    }
    Ok(job.finish(Outcome::Completed, records))
}

fn failed(error: TrajectoryError) -> JobError {
    JobError::Failed(error.to_string())
}

/// A network at its end, and the way there.
struct Learnt<'a, T: Real> {
    trainer: Trainer<'a, T>,
    trajectory: Trajectory,
}

/// Trains a network, with snapshots before updates. The inner error is where it diverged.
fn learn<'a, T: Real>(
    job: &Job,
    condition: &PlaneCondition,
    attempt: &Attempt<'_>,
    data: &'a DataSet<T>,
    setup: Setup,
) -> Result<Result<Learnt<'a, T>, (usize, usize)>, JobError> {
    let mut trainer = Trainer::new(data, setup, job.seed, job.repeat);
    let updates = job.condition.last_iteration();
    let layers = trainer.layers();
    let parameters = layers.weights.iter().map(|w| w.as_slice().len()).sum::<usize>()
        + layers.biases.iter().map(Vec::len).sum::<usize>();
    let mut trajectory =
        Trajectory::new(parameters, updates.div_ceil(condition.every)).map_err(failed)?;
    for update in 0..updates {
        if attempt.is_to_stop() {
            return Err(JobError::Interrupted);
        }
        if update % condition.every == 0 {
            trajectory.push(parts(trainer.layers())).map_err(failed)?;
        }
        trainer.use_threads(attempt.threads());
        trainer.step();
        attempt.advance(1);
        if let Some(layer) = trainer.layers().first_non_finite() {
            return Ok(Err((update + 1, layer)));
        }
    }
    Ok(Ok(Learnt { trainer, trajectory }))
}

/// `W_0`, `b_1`, `W_1`, ...
fn parts<T: Real>(layers: &Layers<T>) -> impl Iterator<Item = &[T]> {
    layers.weights.iter().zip(&layers.biases).flat_map(|(w, b)| [w.as_slice(), &b[..]])
}

/// Gives a network these parameters, in the order of [`parts`].
fn set<T: Real>(layers: &mut Layers<T>, parameters: &[f64]) {
    let mut values = parameters.iter().map(|&value| T::from_f64(value));
    for (weights, biases) in layers.weights.iter_mut().zip(&mut layers.biases) {
        weights
            .as_mut_slice()
            .iter_mut()
            .chain(biases)
            .zip(&mut values)
            .for_each(|(slot, value)| *slot = value);
    }
}

/// Half the Frobenius norm of target minus output over all training images; none where the loss is
/// not half its square.
fn root_loss<T: Real>(trainer: &mut Trainer<'_, T>) -> Option<f64> {
    if !matches!(trainer.setup().loss, Loss::HalfSquared | Loss::SquaredLinear) {
        return None;
    }
    let code = trainer.code().clone();
    let loss = trainer.evaluate(Subset::Train, &code).loss * trainer.samples(Subset::Train) as f64;
    Some(0.5 * (2.0 * loss).sqrt())
}
