//! Training of one network: BP or BP-TRW on batches of a data set.

use super::optimizer::{Descent, Rows, Slot};
use super::part::{BatchPart, Shown};
use super::{Batches, Biases, Loss, Setup, Subset};
use crate::data::{DataSet, LabelCode};
use crate::matrix::Matrix;
use crate::random::{Role, Stream};
use crate::real::Real;
use crate::rule::{
    ActivityNorm, Backward, Feedback, Layers, Made, Normaliser, Pass, Running, add_gradient,
    add_scaled_column_sums, normal_matrix, normalise_backward,
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

/// What a run needs to continue after [`Trainer::iteration`] updates; the rest follows from setup,
/// seed and repeat.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct TrainerState {
    iteration: usize,
    weights: Vec<Vec<f64>>,
    biases: Vec<Vec<f64>>,
    velocity: Vec<Vec<f64>>,
    bias_velocity: Vec<Vec<f64>>,
    /// Means and variances that batch normalisation goes by, layer after layer.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    running: Vec<Vec<f64>>,
    /// Second moments of the gradients, where the optimiser has any.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    second: Vec<Vec<f64>>,
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    bias_second: Vec<Vec<f64>>,
    /// Backward weights, where they learn.
    #[serde(default)]
    backward: Vec<Vec<f64>>,
    /// What the optimiser knows of them, where they descend.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    backward_velocity: Vec<Vec<f64>>,
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    backward_second: Vec<Vec<f64>>,
    error_position: u128,
    /// Words drawn for masks of dropout.
    #[serde(default, skip_serializing_if = "is_zero")]
    dropout_position: u128,
}

fn is_zero(position: &u128) -> bool {
    *position == 0
}

/// One network in training.
pub struct Trainer<'a, T: Real> {
    batches: Batches<'a, T>,
    sizes: Vec<usize>,
    layers: Layers<T>,
    feedback: Feedback<T>,
    normaliser: Option<Normaliser>,
    descent: Descent,
    /// What the optimiser knows of weights, biases, and backward weights that descend.
    slots: Vec<Slot<T>>,
    bias_slots: Vec<Slot<T>>,
    backward_slots: Vec<Slot<T>>,
    /// Weights of the latest update before they were normalised, where they are kept.
    unnormalised: Option<Vec<Matrix<T>>>,
    parts: Vec<BatchPart<T>>,
    errors: Stream,
    /// Where the errors of the update to come start in their stream.
    error_position: u128,
    dropout: Stream,
    /// Where the masks of the update to come start in their stream.
    dropout_position: u128,
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
        let descent = Descent::of(&setup);
        let mut layers = layers(&setup, &sizes, seed, repeat);
        let normaliser = setup.weight_norm.as_ref().map(|kind| Normaliser::new(kind, &layers));
        if let Some(normaliser) = &normaliser {
            normaliser.apply(&mut layers);
        }
        let batches = Batches::new(data, setup, seed, repeat);
        let (setup, batch) = (batches.setup(), batches.size());
        let drawn = backward_weights(setup, &sizes, &mut Stream::new(seed, repeat, Role::Backward));
        let feedback = Feedback::begin(setup.rule, drawn, &layers, [seed, repeat]);
        let slot = |matrix: &Matrix<T>| descent.slot(matrix.as_slice().len(), true);
        let descending = if feedback.descends() { feedback.learnt() } else { &[] };
        Self {
            backward_slots: descending.iter().map(slot).collect(),
            slots: layers.weights.iter().map(slot).collect(),
            bias_slots: layers.biases.iter().map(|b| descent.slot(b.len(), false)).collect(),
            descent,
            unnormalised: None,
            feedback,
            layers,
            normaliser,
            parts: setup.parts(batch).map(|samples| BatchPart::new(&sizes, samples)).collect(),
            errors: Stream::new(seed, repeat, Role::RandomError),
            error_position: 0,
            dropout: Stream::new(seed, repeat, Role::Dropout),
            dropout_position: 0,
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
    pub fn ahead(&self) -> &[BatchPart<T>] {
        if self.ready {
            &self.parts[..self.setup().parts(self.next_batch().len()).count()]
        } else {
            &[]
        }
    }

    /// Propagates the batch of the update to come, which [`Self::step`] then only has to add.
    pub fn look_ahead(&mut self) {
        if self.ready {
            return;
        }
        let samples = self.next_batch().len();
        let mut parts = std::mem::take(&mut self.parts);
        let used = self.setup().parts(samples).count();
        if self.setup().loss == Loss::Random {
            self.errors.seek(self.error_position);
            for (part, samples) in parts.iter_mut().zip(self.setup().parts(samples)) {
                part.target.set_rows(samples);
                self.errors.fill_normal(part.target.as_mut_slice());
            }
        }
        let dropout = self.setup().dropout;
        if dropout > 0.0 {
            self.dropout.seek(self.dropout_position);
            for (part, samples) in parts.iter_mut().zip(self.setup().parts(samples)) {
                part.pass.draw_dropped(samples, dropout, &mut self.dropout);
            }
        }
        self.refresh_feedback();
        let shown = self.shown(Subset::Train, self.code());
        let (layers, feedback, loss) = (&self.layers, &self.feedback, self.setup().loss);
        let sizes = self.setup().parts(samples);
        on_parts((self.threads, sizes), &mut parts[..used], self.next_batch(), |part, indices| {
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
        self.dropout_position = self.dropout.position();
        let parts = std::mem::take(&mut self.parts);
        self.update(&parts[..self.setup().parts(samples).count()], samples);
        if let Some(part) = parts.first() {
            self.layers.follow_statistics(&part.pass);
        }
        self.parts = parts;
        self.stale = true;
        if let Some(kept) = &mut self.unnormalised {
            kept.clone_from(&self.layers.weights);
        }
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
                let passes: Vec<&Pass<T>> = self.parts[..self.setup().parts(samples).count()]
                    .iter()
                    .map(|part| &part.pass)
                    .collect();
                let made = Made { passes: &passes, layers: &self.layers, rate: T::from_f64(rate) };
                let (t, mean) = (self.batches.iteration(), self.batches.share_of(samples));
                let (descent, slots) = (self.descent, &mut self.backward_slots);
                self.feedback.learn(&made, t, &mut |index, b, add| {
                    let Some(slot) = slots.get_mut(index) else { return };
                    descent.step((t, true), b.as_mut_slice(), slot.rows(), mean, add);
                    if descent.orthogonalises() {
                        descent.orthogonalise(b, (b.cols(), b.rows()), &slot.gradient);
                    }
                });
            }
        }
    }

    /// Samples of the latest batch with their passes, in order.
    pub fn latest(&self) -> &[BatchPart<T>] {
        let samples = self.batches.latest_samples();
        &self.parts[..self.setup().parts(samples).count()]
    }

    /// Weights of the latest update before weight normalisation; `None` unless they are
    /// [kept](Self::keep_unnormalised).
    pub fn unnormalised(&self) -> Option<&[Matrix<T>]> {
        self.unnormalised.as_deref()
    }

    /// From now on keeps the weights of every update as they are before weight normalisation.
    pub fn keep_unnormalised(&mut self) {
        self.unnormalised = Some(self.layers.weights.clone());
    }

    /// What the optimiser makes of the gradients of `parts`.
    fn update(&mut self, parts: &[BatchPart<T>], samples: usize) {
        let mean = self.batches.share_of(samples);
        let (descent, t) = (self.descent, self.iteration() + 1);
        let lowest = self.setup().rule.lowest_learning(self.layers.depth());
        let block = |Block { l, rows, out, kept }: Block<'_, T>| {
            descent.step((t, true), out, kept, mean, &|out, rate| {
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
        let blocks = blocks(&mut self.layers.weights, &mut self.slots, lowest);
        if self.threads > 1 {
            blocks.into_par_iter().with_max_len(1).for_each(block);
        } else {
            blocks.into_iter().for_each(block);
        }
        if descent.orthogonalises() {
            self.orthogonalise(lowest);
        }
        if self.setup().biases != Biases::On {
            return;
        }
        let biases = self.layers.biases.iter_mut().zip(&mut self.bias_slots);
        for (l, (bias, slot)) in biases.enumerate().skip(lowest) {
            descent.step((t, false), bias, slot.rows(), mean, &|out, rate| {
                for part in parts {
                    add_scaled_column_sums(out, part.pass.bias_error(l), rate);
                }
            });
        }
    }

    /// The steps of whole matrices, whose gradients are ready.
    fn orthogonalise(&mut self, lowest: usize) {
        let descent = self.descent;
        let work = |(weights, slot): (&mut Matrix<T>, &mut Slot<T>)| {
            let shape = weights.shape();
            descent.orthogonalise(weights, shape, &slot.gradient);
        };
        let (weights, slots) = (&mut self.layers.weights[lowest..], &mut self.slots[lowest..]);
        if self.threads > 1 {
            weights.par_iter_mut().zip(slots).with_max_len(1).for_each(work);
        } else {
            weights.iter_mut().zip(slots).for_each(work);
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
            let used = self.setup().parts(chunk.len()).count();
            let sizes = self.setup().parts(chunk.len());
            let found =
                on_parts((self.threads, sizes), &mut parts[..used], chunk, |part, indices| {
                    part.take(shown, indices);
                    part.pass.keep_all();
                    layers.forward_by_running(&part.input, &mut part.pass);
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

    /// Activities of all layers above the input on the first images of a subset, up to so many:
    /// `W_l` leads to the units of the `l`-th.
    pub fn activities(&self, subset: Subset, most: usize) -> Vec<Matrix<T>> {
        let indices: Vec<usize> = (0..self.samples(subset).min(most)).collect();
        let mut part = BatchPart::new(&self.sizes, indices.len());
        part.take(self.shown(subset, self.code()), &indices);
        self.layers.forward_by_running(&part.input, &mut part.pass);
        part.pass.activity
    }

    /// Calls `look` with every part of the training images in turn, deltas carried back, under the
    /// code in force. Nothing is learnt. Random errors are those drawn last.
    pub fn over_training_images(&mut self, mut look: impl FnMut(&BatchPart<T>)) {
        let all: Vec<usize> = (0..self.samples(Subset::Train)).collect();
        let mut parts = std::mem::take(&mut self.parts);
        self.ready = false;
        self.refresh_feedback();
        let shown = self.shown(Subset::Train, self.code());
        let (layers, feedback, loss) = (&self.layers, &self.feedback, self.setup().loss);
        for chunk in all.chunks(self.batches.size()) {
            let used = self.setup().parts(chunk.len()).count();
            let sizes = self.setup().parts(chunk.len());
            on_parts((self.threads, sizes), &mut parts[..used], chunk, |part, indices| {
                part.take(shown, indices);
                part.pass.keep_all();
                part.propagate(layers, feedback, loss);
            });
            parts[..used].iter().for_each(&mut look);
        }
        self.parts = parts;
    }

    /// What it takes to continue from here.
    pub fn state(&self) -> TrainerState {
        let widened = |values: &[T]| values.iter().map(|v| v.to_f64()).collect::<Vec<_>>();
        let matrices = |m: &[Matrix<T>]| m.iter().map(|m| widened(m.as_slice())).collect();
        // What is kept of nothing is not written.
        let kept = |slots: &[Slot<T>], field: fn(&Slot<T>) -> &Vec<T>| -> Vec<Vec<f64>> {
            let is_any = slots.iter().any(|slot| !field(slot).is_empty());
            slots.iter().filter(|_| is_any).map(|slot| widened(field(slot))).collect()
        };
        TrainerState {
            iteration: self.iteration(),
            weights: matrices(&self.layers.weights),
            biases: self.layers.biases.iter().map(|b| widened(b)).collect(),
            running: self
                .layers
                .running
                .iter()
                .flat_map(|statistics| [widened(&statistics.mean), widened(&statistics.variance)])
                .collect(),
            velocity: kept(&self.slots, |slot| &slot.first),
            bias_velocity: self.bias_velocity().map(|v| widened(v)).collect(),
            second: kept(&self.slots, |slot| &slot.second),
            bias_second: kept(&self.bias_slots, |slot| &slot.second),
            backward: matrices(self.feedback.learnt()),
            backward_velocity: kept(&self.backward_slots, |slot| &slot.first),
            backward_second: kept(&self.backward_slots, |slot| &slot.second),
            error_position: self.error_position,
            dropout_position: self.dropout_position,
        }
    }

    /// Of networks without biases, too, where weights have velocities.
    fn bias_velocity(&self) -> impl Iterator<Item = &Vec<T>> {
        let is_any = !self.descent.is_plain();
        self.bias_slots.iter().filter(move |_| is_any).map(|slot| &slot.first)
    }

    /// Continues from `state`, which a run of the same setup, seed and repeat left. False, with
    /// nothing changed, if its shapes are others.
    pub fn restore(&mut self, state: &TrainerState) -> bool {
        if self.lengths() != state.lengths() {
            return false;
        }
        let copy = |to: &mut [T], from: &[f64]| {
            to.iter_mut().zip(from).for_each(|(t, &f)| *t = T::from_f64(f))
        };
        let weights = self.layers.weights.iter_mut().zip(&state.weights);
        let backward = self.feedback.learnt_mut().iter_mut().zip(&state.backward);
        weights.chain(backward).for_each(|(m, v)| copy(m.as_mut_slice(), v));
        self.layers.biases.iter_mut().zip(&state.biases).for_each(|(to, from)| copy(to, from));
        for (slots, first, second) in [
            (&mut self.slots, &state.velocity, &state.second),
            (&mut self.bias_slots, &state.bias_velocity, &state.bias_second),
            (&mut self.backward_slots, &state.backward_velocity, &state.backward_second),
        ] {
            slots.iter_mut().zip(first).for_each(|(to, from)| copy(&mut to.first, from));
            slots.iter_mut().zip(second).for_each(|(to, from)| copy(&mut to.second, from));
        }
        let running = self.layers.running.iter_mut();
        running
            .flat_map(|statistics| [&mut statistics.mean, &mut statistics.variance])
            .zip(&state.running)
            .for_each(|(to, from)| copy(to, from));
        self.error_position = state.error_position;
        self.dropout_position = state.dropout_position;
        (self.ready, self.stale) = (false, true);
        self.batches.skip_to(state.iteration);
        self.refresh_feedback();
        true
    }

    /// Lengths of all that a state holds.
    fn lengths(&self) -> Vec<Vec<usize>> {
        self.state().lengths()
    }
}

impl TrainerState {
    /// Number of values of every list.
    fn lengths(&self) -> Vec<Vec<usize>> {
        let lists = [
            &self.weights,
            &self.biases,
            &self.running,
            &self.velocity,
            &self.bias_velocity,
            &self.second,
            &self.bias_second,
            &self.backward,
            &self.backward_velocity,
            &self.backward_second,
        ];
        lists.iter().map(|list| list.iter().map(Vec::len).collect()).collect()
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
    let hidden = if setup.activity_norm == ActivityNorm::Batch { sizes.len() - 2 } else { 0 };
    Layers {
        weights,
        biases: biases.collect(),
        biases_learn: setup.biases == Biases::On,
        activations: setup.activations(sizes.len() - 1),
        activity_norm: setup.activity_norm,
        running: sizes[1..=hidden].iter().map(|&units| Running::start(units)).collect(),
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
    (threads, sizes): (usize, impl Iterator<Item = usize>),
    parts: &mut [BatchPart<T>],
    indices: &[usize],
    work: impl Fn(&mut BatchPart<T>, &[usize]) -> R + Sync,
) -> Vec<R> {
    let mut rest = indices;
    let shares: Vec<&[usize]> = sizes
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

/// Rows of a layer's weights and of what the optimiser knows of them, as a task of their own.
struct Block<'a, T> {
    l: usize,
    rows: Range<usize>,
    out: &'a mut [T],
    kept: Rows<'a, T>,
}

/// Weights above this number are updated in two blocks, so that two threads have even shares.
const BLOCK: usize = 50_000;

/// Blocks of rows of the weights from layer `lowest` up, the largest layers in two.
fn blocks<'a, T: Real>(
    weights: &'a mut [Matrix<T>],
    slots: &'a mut [Slot<T>],
    lowest: usize,
) -> Vec<Block<'a, T>> {
    let mut blocks = Vec::with_capacity(2 * weights.len());
    for (l, (weights, slot)) in weights.iter_mut().zip(slots).enumerate().skip(lowest) {
        let (rows, columns) = (weights.rows(), weights.cols());
        let half = if rows * columns > BLOCK { rows / 2 } else { rows };
        let (first, second) = weights.as_mut_slice().split_at_mut(half * columns);
        let (first_kept, second_kept) = slot.rows().split(first.len());
        blocks.push(Block { l, rows: 0..half, out: first, kept: first_kept });
        if half < rows {
            blocks.push(Block { l, rows: half..rows, out: second, kept: second_kept });
        }
    }
    blocks
}
