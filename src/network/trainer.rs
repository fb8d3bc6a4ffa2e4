//! Training of one network: BP or BP-TRW on batches of a data set.

use super::part::{Part, Shown, part_sizes};
use super::{Batches, Biases, Loss, Reduction, Setup, Subset};
use crate::data::{DataSet, LabelCode};
use crate::matrix::{Matrix, add_scaled};
use crate::random::{Role, Stream};
use crate::real::Real;
use crate::rule::{
    Backward, Feedback, Layers, Made, Normaliser, Pass, add_gradient, add_scaled_column_sums,
    normal_matrix, normalise_backward,
};
use rayon::iter::{
    IndexedParallelIterator, IntoParallelIterator, IntoParallelRefMutIterator, ParallelIterator,
};
use serde::{Deserialize, Serialize};
use std::ops::Range;

/// Result of [`Trainer::evaluate`].
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Evaluation {
    /// Correctly classified samples in percent.
    pub accuracy: f64,
    /// Mean loss per sample.
    pub loss: f64,
}

/// What a run needs to go on after [`Trainer::iteration`] updates; the rest follows from setup,
/// seed and repeat.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct State {
    iteration: usize,
    weights: Vec<Vec<f64>>,
    biases: Vec<Vec<f64>>,
    velocity: Vec<Vec<f64>>,
    bias_velocity: Vec<Vec<f64>>,
    /// Backward weights, where they learn.
    #[serde(default)]
    backward: Vec<Vec<f64>>,
    error_position: u128,
}

/// One network in training.
pub struct Trainer<'a, T: Real> {
    batches: Batches<'a, T>,
    sizes: Vec<usize>,
    layers: Layers<T>,
    feedback: Feedback<T>,
    normaliser: Option<Normaliser>,
    /// Velocities of weights and biases; empty without momentum.
    velocity: Vec<Matrix<T>>,
    bias_velocity: Vec<Vec<T>>,
    parts: Vec<Part<T>>,
    errors: Stream,
    /// Where the errors of the update to come start in their stream.
    error_position: u128,
    /// Whether the parts hold the batch of the update to come and its passes.
    ready: bool,
    /// Whether the forward weights have changed since the backward weights followed them.
    stale: bool,
    threads: usize,
}

impl<'a, T: Real> Trainer<'a, T> {
    /// Draws code, weights, biases and backward weights from the streams of `(seed, repeat)`.
    /// No other stream depends on the rule.
    pub fn new(data: &'a DataSet<T>, setup: Setup, seed: u64, repeat: u64) -> Self {
        let sizes = setup.sizes(data.inputs(), data.classes);
        let depth = sizes.len() - 1;
        let mut layers = layers(&setup, &sizes, seed, repeat);
        let normaliser = setup.weight_norm.as_ref().map(|kind| Normaliser::new(kind, &layers));
        if let Some(normaliser) = &normaliser {
            normaliser.apply(&mut layers);
        }
        let batches = Batches::new(data, setup, seed, repeat);
        let (setup, batch) = (batches.setup(), batches.size());
        let momentum = setup.momentum != 0.0;
        let drawn = backward_weights(setup, &sizes, &mut Stream::new(seed, repeat, Role::Backward));
        Self {
            feedback: Feedback::begin(setup.rule, drawn, &layers, [seed, repeat]),
            velocity: (0..depth)
                .filter(|_| momentum)
                .map(|l| Matrix::zeros(sizes[l], sizes[l + 1]))
                .collect(),
            bias_velocity: layers
                .biases
                .iter()
                .filter(|_| momentum)
                .map(|b| vec![T::zero(); b.len()])
                .collect(),
            layers,
            normaliser,
            parts: part_sizes(batch).map(|samples| Part::new(&sizes, samples)).collect(),
            errors: Stream::new(seed, repeat, Role::RandomError),
            error_position: 0,
            ready: false,
            stale: false,
            threads: 1,
            sizes,
            batches,
        }
    }

    /// Works on this many threads of the current rayon pool from now on. Bits do not depend on it:
    /// threads share out parts of the batch, and blocks of rows of the weights, and no sum is cut
    /// that is not cut on one thread.
    pub fn use_threads(&mut self, threads: usize) {
        self.threads = threads;
    }

    /// Batches per epoch.
    pub fn batches_per_epoch(&self) -> usize {
        self.batches.per_epoch()
    }

    /// Updates so far.
    pub fn iteration(&self) -> usize {
        self.batches.iteration()
    }

    /// Forward weights and biases.
    pub fn layers(&self) -> &Layers<T> {
        &self.layers
    }

    /// Forward weights and biases, to start from other values than those drawn.
    pub fn layers_mut(&mut self) -> &mut Layers<T> {
        (self.ready, self.stale) = (false, true);
        &mut self.layers
    }

    /// Feedback policy.
    pub fn feedback(&self) -> &Feedback<T> {
        &self.feedback
    }

    /// Feedback policy, to set other backward weights than those drawn.
    pub fn feedback_mut(&mut self) -> &mut Feedback<T> {
        self.ready = false;
        &mut self.feedback
    }

    /// Units of every layer, inputs first.
    pub fn sizes(&self) -> &[usize] {
        &self.sizes
    }

    /// The data set.
    pub fn data(&self) -> &'a DataSet<T> {
        self.batches.data()
    }

    /// What the run is.
    pub fn setup(&self) -> &Setup {
        self.batches.setup()
    }

    /// Code in force for the update to come.
    pub fn code(&self) -> &LabelCode {
        self.batches.code()
    }

    /// Code in force before the latest change, if the code changes just now.
    pub fn code_before_change(&self) -> Option<&LabelCode> {
        self.batches.code_before_change()
    }

    /// Images and labels as they are shown under `code`.
    pub fn shown<'b>(&'b self, subset: Subset, code: &'b LabelCode) -> Shown<'b, T> {
        self.batches.shown(subset, code)
    }

    /// Number of samples of a subset.
    pub fn samples(&self, subset: Subset) -> usize {
        self.batches.samples(subset)
    }

    /// Indices of the training images of the update to come.
    pub fn next_batch(&self) -> &[usize] {
        self.batches.next()
    }

    /// What the sum over the batch of the update to come is multiplied by: the learning rate, over
    /// the number of samples where gradients are averaged.
    pub fn rate(&self) -> f64 {
        self.setup().eta * self.batches.share()
    }

    /// Samples of the update to come, in order, with the passes that it will be made of; none
    /// before [`Self::look_ahead`].
    pub fn ahead(&self) -> &[Part<T>] {
        if self.ready { &self.parts[..part_sizes(self.next_batch().len()).count()] } else { &[] }
    }

    /// Propagates the batch of the update to come, which [`Self::step`] then only has to add.
    pub fn look_ahead(&mut self) {
        if self.ready {
            return;
        }
        let samples = self.next_batch().len();
        let mut parts = std::mem::take(&mut self.parts);
        let used = part_sizes(samples).count();
        if self.setup().loss == Loss::Random {
            self.errors.seek(self.error_position);
            for (part, samples) in parts.iter_mut().zip(part_sizes(samples)) {
                part.target.set_rows(samples);
                self.errors.fill_normal(part.target.as_mut_slice());
            }
        }
        self.refresh_feedback();
        let shown = self.shown(Subset::Train, self.code());
        let (layers, feedback, loss) = (&self.layers, &self.feedback, self.setup().loss);
        on_parts(self.threads, &mut parts[..used], self.next_batch(), |part, indices| {
            part.take(shown, indices);
            part.propagate(layers, feedback, loss);
        });
        self.parts = parts;
        self.ready = true;
    }

    /// One update on the next batch.
    pub fn step(&mut self) {
        let (samples, rate) = (self.next_batch().len(), self.rate());
        self.look_ahead();
        self.ready = false;
        self.error_position = self.errors.position();
        let parts = std::mem::take(&mut self.parts);
        self.update(&parts[..part_sizes(samples).count()], samples);
        self.parts = parts;
        self.stale = true;
        if let Some(normaliser) = &self.normaliser {
            normaliser.apply(&mut self.layers);
        }
        self.batches.advance();
        self.teach_feedback(samples, rate);
    }

    /// Backward weights that go with the forward weights of the moment.
    fn refresh_feedback(&mut self) {
        if std::mem::take(&mut self.stale) {
            self.feedback.refresh(&self.layers, self.iteration());
        }
    }

    /// After an update of `samples` at `rate`: what becomes of backward weights that move.
    fn teach_feedback(&mut self, samples: usize, rate: f64) {
        match self.setup().rule.facts().backward {
            Backward::None | Backward::Fixed => {}
            Backward::Following => self.refresh_feedback(),
            Backward::Learning => {
                let Setup { eta, weight_decay, .. } = *self.setup();
                let passes: Vec<&Pass<T>> = self.parts[..part_sizes(samples).count()]
                    .iter()
                    .map(|part| &part.pass)
                    .collect();
                let [rate, kept] = [rate, 1.0 - eta * weight_decay].map(T::from_f64);
                let made = Made { passes: &passes, layers: &self.layers, rate, kept };
                self.feedback.learn(&made, self.iteration());
            }
        }
    }

    /// Samples of the latest batch with their passes, in order.
    pub fn latest(&self) -> &[Part<T>] {
        let samples = self.batches.latest_samples();
        &self.parts[..part_sizes(samples).count()]
    }

    /// `V = m V + G - decay W`, `W += eta V`; without momentum in one go.
    fn update(&mut self, parts: &[Part<T>], samples: usize) {
        let Setup { eta, momentum, weight_decay, reduction, .. } = *self.setup();
        let mean = if reduction == Reduction::Mean { 1.0 / samples as f64 } else { 1.0 };
        let lowest = self.setup().rule.lowest_learning(self.layers.depth());
        let step = |out: &mut [T], velocity: &mut [T], add: &dyn Fn(&mut [T], T)| {
            if momentum == 0.0 {
                if weight_decay != 0.0 {
                    scale(out, T::from_f64(1.0 - eta * weight_decay));
                }
                return add(out, T::from_f64(eta * mean));
            }
            scale(velocity, T::from_f64(momentum));
            add_scaled(velocity, out, T::from_f64(-weight_decay));
            add(velocity, T::from_f64(mean));
            add_scaled(out, velocity, T::from_f64(eta));
        };
        let block = |(l, rows, out, velocity): Block<'_, T>| {
            step(out, velocity, &|out, rate| {
                for part in parts {
                    add_gradient(
                        out,
                        rows.clone(),
                        part.pass.source(&part.input, l),
                        &part.pass.delta[l],
                        rate,
                    );
                }
            });
        };
        let blocks = blocks(&mut self.layers.weights, &mut self.velocity, lowest);
        if self.threads > 1 {
            blocks.into_par_iter().with_max_len(1).for_each(block);
        } else {
            blocks.into_iter().for_each(block);
        }
        if self.setup().biases != Biases::On {
            return;
        }
        for (l, bias) in self.layers.biases.iter_mut().enumerate().skip(lowest) {
            let velocity =
                self.bias_velocity.get_mut(l).map_or(&mut [][..], |velocity| &mut velocity[..]);
            step(bias, velocity, &|out, rate| {
                for part in parts {
                    add_scaled_column_sums(out, &part.pass.delta[l], rate);
                }
            });
        }
    }

    /// How well the network does on a subset under a code: `code` is that in force, or another to
    /// compare with.
    pub fn evaluate(&mut self, subset: Subset, code: &LabelCode) -> Evaluation {
        let all: Vec<usize> = (0..self.samples(subset)).collect();
        let mut parts = std::mem::take(&mut self.parts);
        self.ready = false;
        let shown = self.shown(subset, code);
        let (layers, loss) = (&self.layers, self.setup().loss);
        let (mut correct, mut total) = (0usize, 0.0);
        for chunk in all.chunks(self.batches.size()) {
            let used = part_sizes(chunk.len()).count();
            let found = on_parts(self.threads, &mut parts[..used], chunk, |part, indices| {
                part.take(shown, indices);
                layers.forward(&part.input, &mut part.pass);
                let output = part.pass.output();
                let right = indices
                    .iter()
                    .enumerate()
                    .filter(|&(i, &s)| code.decode(output.row(i)) == shown.labels[s]);
                (right.count(), loss.value(&part.target, &part.pass))
            });
            for (right, loss) in found {
                correct += right;
                total += loss;
            }
        }
        self.parts = parts;
        let samples = all.len().max(1) as f64;
        Evaluation { accuracy: 100.0 * correct as f64 / samples, loss: total / samples }
    }

    /// Calls `look` with every part of the training images in turn, deltas carried back, under the
    /// code in force. Nothing is learnt. Random errors are those drawn last.
    pub fn over_training_images(&mut self, mut look: impl FnMut(&Part<T>)) {
        let all: Vec<usize> = (0..self.samples(Subset::Train)).collect();
        let mut parts = std::mem::take(&mut self.parts);
        self.ready = false;
        self.refresh_feedback();
        let shown = self.shown(Subset::Train, self.code());
        let (layers, feedback, loss) = (&self.layers, &self.feedback, self.setup().loss);
        for chunk in all.chunks(self.batches.size()) {
            let used = part_sizes(chunk.len()).count();
            on_parts(self.threads, &mut parts[..used], chunk, |part, indices| {
                part.take(shown, indices);
                part.propagate(layers, feedback, loss);
            });
            parts[..used].iter().for_each(&mut look);
        }
        self.parts = parts;
    }

    /// What it takes to go on from here.
    pub fn state(&self) -> State {
        let widened = |values: &[T]| values.iter().map(|v| v.to_f64()).collect::<Vec<_>>();
        let matrices = |m: &[Matrix<T>]| m.iter().map(|m| widened(m.as_slice())).collect();
        let vectors = |v: &[Vec<T>]| v.iter().map(|v| widened(v)).collect();
        State {
            iteration: self.iteration(),
            weights: matrices(&self.layers.weights),
            biases: vectors(&self.layers.biases),
            velocity: matrices(&self.velocity),
            bias_velocity: vectors(&self.bias_velocity),
            backward: matrices(self.feedback.learnt()),
            error_position: self.error_position,
        }
    }

    /// Goes on from `state`, which a run of the same setup, seed and repeat left. False, with
    /// nothing changed, if its shapes are others.
    pub fn restore(&mut self, state: &State) -> bool {
        let fits = |mine: &[Matrix<T>], theirs: &[Vec<f64>]| {
            mine.len() == theirs.len()
                && mine.iter().zip(theirs).all(|(m, t)| m.as_slice().len() == t.len())
        };
        let fit = |mine: &[Vec<T>], theirs: &[Vec<f64>]| {
            mine.len() == theirs.len() && mine.iter().zip(theirs).all(|(m, t)| m.len() == t.len())
        };
        if !(fits(&self.layers.weights, &state.weights)
            && fits(&self.velocity, &state.velocity)
            && fits(self.feedback.learnt(), &state.backward)
            && fit(&self.layers.biases, &state.biases)
            && fit(&self.bias_velocity, &state.bias_velocity))
        {
            return false;
        }
        let copy = |to: &mut [T], from: &[f64]| {
            to.iter_mut().zip(from).for_each(|(t, &f)| *t = T::from_f64(f))
        };
        let weights = self.layers.weights.iter_mut().zip(&state.weights);
        let velocity = self.velocity.iter_mut().zip(&state.velocity);
        let backward = self.feedback.learnt_mut().iter_mut().zip(&state.backward);
        weights.chain(velocity).chain(backward).for_each(|(m, v)| copy(m.as_mut_slice(), v));
        let vectors = self.layers.biases.iter_mut().zip(&state.biases);
        vectors
            .chain(self.bias_velocity.iter_mut().zip(&state.bias_velocity))
            .for_each(|(m, v)| copy(m, v));
        self.error_position = state.error_position;
        (self.ready, self.stale) = (false, true);
        self.batches.skip_to(state.iteration);
        self.refresh_feedback();
        true
    }
}

fn layers<T: Real>(setup: &Setup, sizes: &[usize], seed: u64, repeat: u64) -> Layers<T> {
    let mut stream = Stream::new(seed, repeat, Role::Weights);
    let weights = sizes
        .windows(2)
        .map(|n| normal_matrix(&mut stream, n[0], n[1], setup.w_std.of(n[0], n[1])))
        .collect();
    let mut stream = Stream::new(seed, repeat, Role::Bias);
    let biases = sizes.windows(2).map(|n| match setup.biases {
        Biases::Off => Vec::new(),
        _ => normal_matrix(&mut stream, 1, n[1], setup.bias_std.of(n[0], n[1])).as_slice().to_vec(),
    });
    Layers {
        weights,
        biases: biases.collect(),
        biases_learn: setup.biases == Biases::On,
        activations: setup.activations(sizes.len() - 1),
    }
}

/// Backward weights drawn from `stream`, in the shapes of the rule; room for them, where the rule
/// has none of its own.
pub(crate) fn backward_weights<T: Real>(
    setup: &Setup,
    sizes: &[usize],
    stream: &mut Stream,
) -> Vec<Matrix<T>> {
    // Normalising would undo a factor in the standard deviation.
    let factor = if setup.normalize_b { 1.0 } else { setup.b_scale };
    let has_backward = setup.rule.facts().backward != Backward::None;
    let draw = |[rows, columns]: [usize; 2]| {
        if !has_backward {
            return Matrix::zeros(rows, columns);
        }
        let mut b = normal_matrix(stream, rows, columns, setup.b_std.of(columns, rows) * factor);
        if setup.normalize_b {
            normalise_backward(&mut b, setup.b_scale);
        }
        b
    };
    setup.rule.facts().route.shapes(sizes).into_iter().map(draw).collect()
}

/// Runs `work` on every part with its share of `indices`, and gives the results in the order of
/// parts.
fn on_parts<T: Real, R: Send>(
    threads: usize,
    parts: &mut [Part<T>],
    indices: &[usize],
    work: impl Fn(&mut Part<T>, &[usize]) -> R + Sync,
) -> Vec<R> {
    let mut rest = indices;
    let shares: Vec<&[usize]> = part_sizes(indices.len())
        .map(|samples| {
            let (share, others) = rest.split_at(samples);
            rest = others;
            share
        })
        .collect();
    if threads > 1 {
        let tasks = parts.par_iter_mut().zip(shares).with_max_len(1);
        return tasks.map(|(part, share)| work(part, share)).collect();
    }
    parts.iter_mut().zip(shares).map(|(part, share)| work(part, share)).collect()
}

/// Rows of a layer's weights and of their velocities (empty without momentum), as a task of their
/// own.
type Block<'a, T> = (usize, Range<usize>, &'a mut [T], &'a mut [T]);

/// Weights above this number are updated in two blocks, so that two threads have even shares.
const BLOCK: usize = 50_000;

/// Blocks of rows of the weights from layer `lowest` up, the largest layers in two.
fn blocks<'a, T: Real>(
    weights: &'a mut [Matrix<T>],
    velocity: &'a mut [Matrix<T>],
    lowest: usize,
) -> Vec<Block<'a, T>> {
    let mut blocks = Vec::with_capacity(2 * weights.len());
    let mut velocities = velocity.iter_mut();
    for (l, weights) in weights.iter_mut().enumerate() {
        let velocity = velocities.next().map_or(&mut [][..], |matrix| matrix.as_mut_slice());
        if l < lowest {
            continue;
        }
        let (rows, columns) = (weights.rows(), weights.cols());
        let half = if rows * columns > BLOCK { rows / 2 } else { rows };
        let (first, second) = weights.as_mut_slice().split_at_mut(half * columns);
        let (first_velocity, second_velocity) =
            velocity.split_at_mut(first.len().min(velocity.len()));
        blocks.push((l, 0..half, first, first_velocity));
        if half < rows {
            blocks.push((l, half..rows, second, second_velocity));
        }
    }
    blocks
}

fn scale<T: Real>(values: &mut [T], factor: T) {
    for value in values {
        *value *= factor;
    }
}
