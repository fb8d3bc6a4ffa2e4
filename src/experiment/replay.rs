//! One repeat of a replay: what drives a layer of a network in training drives a network of three
//! layers instead.
//!
//! The activities of layer `l - 1` and the error signals of layer `l + 1` are recorded while a
//! network learns, changed or not, and given to the rule in isolation as its activity and error.
//! What aligns there aligns by the statistics of these signals: there is neither task nor loss, and
//! nothing the replaying network does comes back to it.

use super::{Experiment, directions, drive};
use crate::condition::{ReplayCondition, ReplayWeights};
use crate::data::Library;
use crate::matrix::Matrix;
use crate::measure::angle::Direction;
use crate::network::{BatchPart, Biases, Trainer};
use crate::quantity::{Instruments, Quantity};
use crate::real::Real;
use crate::rule::decomposition::DecompositionError;
use crate::rule::{ActivityNorm, Feedback, Isolated, Layers};
use crate::run::{Attempt, Job, JobError, JobResult};
use crate::signal::{Recording, Sequence, SequenceError};
use crate::theory::Toy;
use crate::theory::moments::Realised;

struct Run<T: Real> {
    net: Isolated<T>,
    signals: Recording<T>,
    /// Matrices of the iteration at hand.
    activity: Matrix<T>,
    error: Matrix<T>,
    iteration: usize,
    eta: T,
    /// Weight alignment of the network that was recorded, after every update; `None` where it has
    /// none.
    source: Vec<Option<f64>>,
    realised: Option<(Realised, Toy)>,
}

impl<T: Real> Experiment<T> for Run<T> {
    /// Replays start anew.
    type State = ();

    fn save(&self) -> Option<()> {
        None
    }

    fn restore(&mut self, (): ()) -> bool {
        false
    }

    fn step(&mut self, _threads: usize) -> Result<(), DecompositionError> {
        self.net.step(&self.activity, &self.error, self.eta);
        if let Some((realised, _)) = &mut self.realised {
            realised.add(&self.activity, &self.error);
        }
        self.iteration += 1;
        self.show(self.iteration);
        Ok(())
    }
}

impl<T: Real> Instruments<T> for Run<T> {
    fn layers(&self) -> &Layers<T> {
        &self.net.layers
    }

    fn feedback(&self) -> &Feedback<T> {
        &self.net.feedback
    }

    fn given_signals(&self, l: usize) -> Option<f64> {
        self.realised.as_ref().filter(|_| l == 1).map(|(realised, toy)| realised.moments(toy).angle)
    }

    fn source_alignment(&self, l: usize) -> Option<f64> {
        self.source.get(self.iteration).copied().flatten().filter(|_| l == 1)
    }
}

impl<T: Real> Run<T> {
    /// Takes the signals of an iteration; those of the last one stay.
    fn show(&mut self, iteration: usize) {
        if iteration < self.signals.iterations() {
            self.activity.as_mut_slice().copy_from_slice(self.signals.activity().frame(iteration));
            self.error.as_mut_slice().copy_from_slice(self.signals.error().frame(iteration));
        }
    }
}

/// What was recorded of a network.
struct Recorded<T: Real> {
    signals: Recording<T>,
    source: Vec<Option<f64>>,
    /// Weights and biases of the two matrices around the layer when recording began, and the `B`
    /// between them.
    start: Layers<T>,
    backward: Option<Matrix<T>>,
}

pub(super) fn run<T: Real>(
    job: &Job,
    condition: &ReplayCondition,
    attempt: &Attempt<'_>,
    library: &Library,
) -> Result<JobResult, JobError> {
    let Recorded { signals, source, start, backward } =
        record::<T>(job, condition, attempt, library)?;
    let signals = match condition.surrogate {
        None => signals,
        Some(surrogate) => surrogate.draw(&signals, job.seed, job.repeat).map_err(failed)?,
    };
    let sizes = start.sizes();
    let setup = &condition.train.setup;
    let [iterations, batch, _] = signals.activity().shape();
    let net = network(condition, job, start, backward, batch);
    // With its mean over the batch, the network takes smaller steps, of which the replay knows
    // nothing.
    let mean = setup.reduction == crate::network::Reduction::Mean;
    let eta = if mean { setup.eta / batch as f64 } else { setup.eta };
    let predicted = condition.is_predicted() && job.measures(Quantity::ConditionalAlignment);
    let toy = predicted.then(|| Toy::new(&sizes, batch, eta).ok()).flatten().map(|toy| Toy {
        w_std: setup.w_std.of(sizes[0], sizes[1]),
        b_std: setup.b_std.of(sizes[1], sizes[2]) * setup.b_scale,
        ..toy
    });
    let mut run = Run {
        activity: Matrix::zeros(batch, sizes[0]),
        error: Matrix::zeros(batch, sizes[2]),
        iteration: 0,
        eta: T::from_f64(eta),
        source,
        realised: toy.map(|toy| (Realised::new(toy.inputs, toy.outputs), toy)),
        signals,
        net,
    };
    debug_assert_eq!(iterations, job.condition.last_iteration());
    run.show(0);
    drive(job, &mut run, attempt)
}

fn failed(error: SequenceError) -> JobError {
    JobError::Failed(error.to_string())
}

/// Trains the network and records what drives the layer.
fn record<T: Real>(
    job: &Job,
    condition: &ReplayCondition,
    attempt: &Attempt<'_>,
    library: &Library,
) -> Result<Recorded<T>, JobError> {
    let load = condition.train.load::<T>(library);
    let data = load.map_err(|error| JobError::Failed(error.to_string()))?;
    let setup = condition.train.setup.clone();
    let (layer, updates, batch) = (condition.layer, condition.updates, setup.batch);
    let mut trainer = Trainer::<T>::new(&data, setup, job.seed, job.repeat);
    let step = |trainer: &mut Trainer<'_, T>| {
        if attempt.is_to_stop() {
            return Err(JobError::Interrupted);
        }
        trainer.use_threads(attempt.threads());
        trainer.step();
        Ok(())
    };
    for _ in 0..condition.from {
        step(&mut trainer)?;
    }
    let start = pair(trainer.layers(), layer);
    let direction: Option<Direction> =
        directions(trainer.feedback(), trainer.layers().depth()).swap_remove(layer);
    let angle = |trainer: &Trainer<'_, T>| {
        direction.as_ref()?.angle_to(trainer.layers().weights[layer].as_slice())
    };
    let mut source = vec![angle(&trainer)];
    let (inputs, outputs) = (start.weights[0].rows(), start.weights[1].cols());
    let (mut activities, mut errors) = (
        Vec::with_capacity(updates * batch * inputs),
        Vec::with_capacity(updates * batch * outputs),
    );
    for update in 1..=updates {
        step(&mut trainer)?;
        source.push(angle(&trainer));
        for BatchPart { input, pass, .. } in trainer.latest() {
            activities.extend_from_slice(pass.source(input, layer - 1).as_slice());
            errors.extend_from_slice(pass.delta[layer].as_slice());
        }
        // Zeros fill up a smaller last batch: they change no sum over samples.
        activities.resize(update * batch * inputs, T::zero());
        errors.resize(update * batch * outputs, T::zero());
    }
    let sequence = |units, values| Sequence::new([updates, batch, units], values).map_err(failed);
    let signals = Recording::new(sequence(inputs, activities)?, sequence(outputs, errors)?)
        .map_err(failed)?;
    Ok(Recorded { signals, source, start, backward: trainer.feedback().backward(layer).cloned() })
}

/// The two matrices around a layer, with the biases and activations above each.
fn pair<T: Real>(layers: &Layers<T>, layer: usize) -> Layers<T> {
    Layers {
        weights: layers.weights[layer - 1..=layer].to_vec(),
        biases: layers.biases[layer - 1..=layer].to_vec(),
        biases_learn: layers.biases_learn,
        activations: layers.activations[layer - 1..=layer].to_vec(),
        activity_norm: ActivityNorm::Off,
        running: Vec::new(),
    }
}

/// The replaying network, at its start.
fn network<T: Real>(
    condition: &ReplayCondition,
    job: &Job,
    start: Layers<T>,
    backward: Option<Matrix<T>>,
    batch: usize,
) -> Isolated<T> {
    let setup = &condition.train.setup;
    let sizes = start.sizes();
    let activation = condition.hidden_activation();
    let factor = if setup.normalize_b { 1.0 } else { setup.b_scale };
    let std = [setup.w_std.of(sizes[0], sizes[1]), setup.b_std.of(sizes[1], sizes[2]) * factor];
    // Streams of another seed: fresh weights are those of no network that was recorded.
    let seed = job.seed ^ 0x5265_706c_6179;
    let mut net = Isolated::draw(&sizes, batch, activation, std, seed, job.repeat);
    match (condition.weights, backward) {
        (ReplayWeights::Own, Some(backward)) => {
            net.layers = Layers { activations: vec![activation; 2], ..start };
            net.feedback = Feedback::fixed(vec![backward]);
        }
        _ => {
            net.layers.weights[1] =
                redrawn(&net.layers.weights[1], setup.w_std.of(sizes[1], sizes[2]) / std[0]);
            if setup.normalize_b {
                net = net.with_normalised_backward(setup.b_scale);
            }
            if setup.biases != Biases::Off {
                net = net.with_biases(setup.bias_std.of(sizes[0], sizes[1]), seed, job.repeat);
            }
        }
    }
    if setup.biases == Biases::Untrained {
        net = net.with_fixed_biases();
    }
    match &setup.weight_norm {
        Some(norm) => net.with_weight_norm(&norm.from_layer(condition.layer - 1)),
        None => net,
    }
}

/// Weights whose standard deviation depends on the layer.
fn redrawn<T: Real>(weights: &Matrix<T>, factor: f64) -> Matrix<T> {
    let mut scaled = weights.clone();
    if factor != 1.0 {
        scaled.scale(T::from_f64(factor));
    }
    scaled
}
