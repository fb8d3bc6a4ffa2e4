//! What a network does on a batch that it does not learn from: the rule's update and BP's beside
//! each other, and the state of its units.

use super::batches::Subset;
use super::part::BatchPart;
use super::trainer::{Trainer, backward_weights};
use super::{Loss, ProbeBatch, Reduction};
use crate::matrix::Matrix;
use crate::measure::angle::{Direction, angle};
use crate::measure::quantile::Sorted;
use crate::measure::summary::{mean, sd};
use crate::random::{Role, Stream};
use crate::real::Real;
use crate::rule::{Feedback, Pass, Rule, raw_updates};
use std::ops::Range;

/// Other draws of `B` that make up the null distribution of update alignment.
pub const NULL_DRAWS: usize = 200;

/// Where update alignment lies among those of other draws of `B`.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct UpdateNull {
    /// 2.5th percentile of the angle, degrees.
    pub low: f64,
    /// 97.5th percentile.
    pub high: f64,
    /// Cosine at hand minus the mean cosine, in standard deviations; `None` where there is none.
    pub z: Option<f64>,
}

/// Error signals and updates (`L_l^T delta_{l+1}`, summed over the batch) under one policy.
#[derive(Clone, Debug)]
struct PolicySignals<T> {
    deltas: Vec<Matrix<T>>,
    updates: Vec<Matrix<T>>,
}

/// A batch to look at, with buffers of its own. Everything is computed when first asked for, on the
/// state the trainer is in then; [`Probe::forget`] is due whenever that changes.
///
/// Index `l` belongs to `W_l` and to the units that it leads to.
#[derive(Clone, Debug)]
pub struct Probe<T> {
    batch: ProbeBatch,
    fixed: Vec<usize>,
    part: BatchPart<T>,
    /// Errors that come from no task.
    errors: Option<Matrix<T>>,
    bp: Feedback<T>,
    ours: PolicySignals<T>,
    bps: PolicySignals<T>,
    done: Done,
}

/// What is known of the present state.
#[derive(Clone, Copy, Debug, Default)]
struct Done {
    forward: bool,
    ours: bool,
    bps: bool,
}

impl<T: Real> Probe<T> {
    /// A probe of as many samples as the batches of `trainer` have, drawn, where they are fixed,
    /// from a stream of `(seed, repeat)`.
    pub fn new(trainer: &Trainer<'_, T>, batch: ProbeBatch, seed: u64, repeat: u64) -> Self {
        let mut stream = Stream::new(seed, repeat, Role::Probe);
        let images = trainer.samples(Subset::Train);
        let samples = trainer.setup().batch.min(images);
        let mut fixed: Vec<usize> = (0..images).collect();
        stream.shuffle(&mut fixed);
        fixed.truncate(samples);
        let sizes = trainer.sizes();
        let errors = (trainer.setup().loss == Loss::Random).then(|| {
            let mut errors = Matrix::zeros(samples, sizes[sizes.len() - 1]);
            stream.fill_normal(errors.as_mut_slice());
            errors
        });
        let part = BatchPart::new(sizes, samples);
        let side = || PolicySignals {
            deltas: sizes[1..].iter().map(|&n| Matrix::zeros(samples, n)).collect(),
            updates: sizes.windows(2).map(|n| Matrix::zeros(n[0], n[1])).collect(),
        };
        Self {
            batch,
            fixed,
            part,
            errors,
            bp: Feedback::bp(sizes),
            ours: side(),
            bps: side(),
            done: Done::default(),
        }
    }

    /// Everything seen so far belongs to a state that is no more.
    pub fn forget(&mut self) {
        self.done = Done::default();
    }

    /// Forward pass and output error signal.
    fn forward(&mut self, trainer: &Trainer<'_, T>) {
        if std::mem::replace(&mut self.done.forward, true) {
            return;
        }
        let indices = match self.batch {
            ProbeBatch::Fixed => &self.fixed[..],
            ProbeBatch::Next => trainer.next_batch(),
        };
        self.part.take(trainer.shown(Subset::Train, trainer.code()), indices);
        if let Some(errors) = &self.errors {
            let values = self.part.target.as_slice().len();
            self.part.target.as_mut_slice().copy_from_slice(&errors.as_slice()[..values]);
        }
        self.part.forward(trainer.layers(), trainer.setup().loss);
        self.bp.refresh(trainer.layers(), 0);
    }

    /// Deltas and updates of the rule.
    fn ours(&mut self, trainer: &Trainer<'_, T>) {
        self.forward(trainer);
        if !std::mem::replace(&mut self.done.ours, true) {
            // The trainer's transposes may be those of the update before.
            let feedback =
                if trainer.setup().rule == Rule::BP { &self.bp } else { trainer.feedback() };
            let BatchPart { target, pass, .. } = &mut self.part;
            feedback.carry_back_with(trainer.layers(), target, pass);
            self.ours.take(&self.part.input, &self.part.pass);
        }
    }

    /// Deltas and updates of BP.
    fn bps(&mut self, trainer: &Trainer<'_, T>) {
        self.forward(trainer);
        if !std::mem::replace(&mut self.done.bps, true) {
            self.bp.carry_back(trainer.layers(), &mut self.part.pass);
            self.bps.take(&self.part.input, &self.part.pass);
        }
    }

    /// What `W_l` is fed, `P x n_l`.
    pub fn source(&mut self, trainer: &Trainer<'_, T>, l: usize) -> &Matrix<T> {
        self.forward(trainer);
        self.part.pass.source(&self.part.input, l)
    }

    /// Error signals under the rule at the units that `W_l` leads to, `P x n_{l+1}`.
    pub fn delta(&mut self, trainer: &Trainer<'_, T>, l: usize) -> &Matrix<T> {
        self.ours(trainer);
        &self.ours.deltas[l]
    }

    /// Error signals that BP would carry back there.
    pub fn bp_delta(&mut self, trainer: &Trainer<'_, T>, l: usize) -> &Matrix<T> {
        self.bps(trainer);
        &self.bps.deltas[l]
    }

    /// The rule's update of `W_l`, summed over the samples.
    pub fn update(&mut self, trainer: &Trainer<'_, T>, l: usize) -> &Matrix<T> {
        self.ours(trainer);
        &self.ours.updates[l]
    }

    /// Classes of the samples, as they are learnt.
    pub fn labels(&self, trainer: &Trainer<'_, T>) -> Vec<u8> {
        let code = trainer.code();
        let labels = trainer.shown(Subset::Train, code).labels;
        self.indices(trainer).iter().map(|&sample| labels[sample]).collect()
    }

    fn indices<'b>(&'b self, trainer: &'b Trainer<'_, T>) -> &'b [usize] {
        match self.batch {
            ProbeBatch::Fixed => &self.fixed,
            ProbeBatch::Next => trainer.next_batch(),
        }
    }

    /// Angle in degrees between the updates of `W_l` by the rule and by BP; `None` where one is
    /// zero.
    pub fn update_alignment(&mut self, trainer: &Trainer<'_, T>, l: usize) -> Option<f64> {
        self.ours(trainer);
        self.bps(trainer);
        angle(&self.ours.updates[l], &self.bps.updates[l]).ok()?
    }

    /// Angle in degrees between the error signals under the rule and under BP; `None` where one is
    /// zero.
    pub fn delta_alignment(&mut self, trainer: &Trainer<'_, T>, l: usize) -> Option<f64> {
        self.ours(trainer);
        self.bps(trainer);
        angle(&self.ours.deltas[l], &self.bps.deltas[l]).ok()?
    }

    /// Norm of the rule's update of `W_l`, without learning rate, momentum and decay, over that of
    /// `W_l`.
    pub fn relative_update(&mut self, trainer: &Trainer<'_, T>, l: usize) -> Option<f64> {
        self.ours(trainer);
        let samples = self.part.input.rows() as f64;
        let factor = if trainer.setup().reduction == Reduction::Mean { 1.0 / samples } else { 1.0 };
        let weights = trainer.layers().weights[l].norm();
        (weights > 0.0).then(|| factor * self.ours.updates[l].norm() / weights)
    }

    /// Angle in degrees between the rule's update of `W_l` and `W_l`; `None` where one is zero.
    pub fn update_weight_angle(&mut self, trainer: &Trainer<'_, T>, l: usize) -> Option<f64> {
        self.ours(trainer);
        angle(&self.ours.updates[l], &trainer.layers().weights[l]).ok()?
    }

    /// Pre-activations, in ascending order; `None` if none is finite.
    pub fn pre_activations(&mut self, trainer: &Trainer<'_, T>, l: usize) -> Option<Sorted> {
        self.forward(trainer);
        Sorted::new(self.part.pass.z[l].as_slice().iter().map(|z| z.to_f64()).collect())
    }

    /// Units whose derivative is 0 on every sample.
    pub fn dead_units(&mut self, trainer: &Trainer<'_, T>, l: usize) -> usize {
        self.forward(trainer);
        let (z, activity) = (&self.part.pass.z[l], &self.part.pass.activity[l]);
        let mut slope = vec![T::one(); z.as_slice().len()];
        trainer.layers().activations[l].multiply_derivative(
            z.as_slice(),
            activity.as_slice(),
            &mut slope,
        );
        let mut dead = vec![true; z.cols()];
        for row in slope.chunks_exact(z.cols()) {
            dead.iter_mut().zip(row).for_each(|(dead, &slope)| *dead &= slope == T::zero());
        }
        dead.into_iter().filter(|&dead| dead).count()
    }

    /// Norm of the activities.
    pub fn activity_norm(&mut self, trainer: &Trainer<'_, T>, l: usize) -> f64 {
        self.forward(trainer);
        self.part.pass.activity[l].norm()
    }

    /// Norm of BP's update of `W_l`, averaged over samples.
    pub fn bp_gradient_norm(&mut self, trainer: &Trainer<'_, T>, l: usize) -> f64 {
        self.bps(trainer);
        self.bps.updates[l].norm() / self.part.input.rows() as f64
    }

    /// Angle in degrees between BP's updates of `W_l` on the two halves of the batch; `None` where
    /// one is zero or there is a single sample.
    pub fn gradient_stability(&mut self, trainer: &Trainer<'_, T>, l: usize) -> Option<f64> {
        self.bps(trainer);
        let (source, delta) = (self.part.pass.source(&self.part.input, l), &self.bps.deltas[l]);
        let half = source.rows() / 2;
        let update = |rows: Range<usize>| {
            (source.view().subrows(rows.clone()).t() * delta.view().subrows(rows)).to_matrix()
        };
        angle(&update(0..half), &update(half..2 * half)).ok()?
    }

    /// By layer `0 .. D-2`, where update alignment lies among that of [`NULL_DRAWS`] other draws of
    /// every `B`, drawn and normalised as those of the run.
    ///
    /// The null of a weight angle, which has as many dimensions as the matrix has entries, is far
    /// too narrow here: updates have few effective dimensions.
    pub fn update_null(
        &mut self,
        trainer: &Trainer<'_, T>,
        stream: &mut Stream,
    ) -> Vec<Option<UpdateNull>> {
        self.ours(trainer);
        self.bps(trainer);
        let lower = trainer.sizes().len() - 2;
        let towards: Vec<Direction> =
            self.bps.updates[..lower].iter().map(Direction::towards).collect();
        let ours: Vec<Option<f64>> = towards
            .iter()
            .zip(&self.ours.updates)
            .map(|(bp, ours)| bp.angle_to(ours.as_slice()))
            .collect();
        let mut side = self.ours.clone();
        let mut angles = vec![Vec::with_capacity(NULL_DRAWS); lower];
        for _ in 0..NULL_DRAWS {
            let other = Feedback::fixed(backward_weights(trainer.setup(), trainer.sizes(), stream));
            other.carry_back(trainer.layers(), &mut self.part.pass);
            side.take(&self.part.input, &self.part.pass);
            for ((angles, bp), update) in angles.iter_mut().zip(&towards).zip(&side.updates) {
                angles.extend(bp.angle_to(update.as_slice()));
            }
        }
        angles.into_iter().zip(ours).map(|(angles, ours)| null_of(angles, ours?)).collect()
    }
}

fn null_of(angles: Vec<f64>, ours: f64) -> Option<UpdateNull> {
    let cosines: Vec<f64> = angles.iter().map(|a| a.to_radians().cos()).collect();
    let (mean, sd) = (mean(&cosines), sd(&cosines));
    let z = (sd > 0.0).then(|| (ours.to_radians().cos() - mean) / sd);
    let sorted = Sorted::new(angles)?;
    Some(UpdateNull { low: sorted.quantile(0.025), high: sorted.quantile(0.975), z })
}

impl<T: Real> PolicySignals<T> {
    /// Takes the deltas of `pass` and the updates they make.
    fn take(&mut self, input: &Matrix<T>, pass: &Pass<T>) {
        for (mine, delta) in self.deltas.iter_mut().zip(&pass.delta) {
            mine.set_rows(delta.rows());
            mine.as_mut_slice().copy_from_slice(delta.as_slice());
        }
        raw_updates(input, pass, &mut self.updates);
    }
}
