//! Predictions for drawn signals and backward weights: those that the rule in isolation would draw.

use super::backward::carriers;
use super::{
    BackwardTheory, Classes, DeepNetwork, DepthTheory, ReducedNetwork, ReluNetwork, ReluTheory,
    StepRule,
};
use crate::matrix::Matrix;
use crate::measure::spectrum::NoConvergence;
use crate::random::{Role, Stream};
use crate::rule::normal_matrix;
use crate::signal::{Pair, PairError, Signals, Sizes};
use crate::vmath::dot;
use thiserror::Error;

/// Why nothing is predicted.
#[derive(Debug, Error)]
pub enum NoDepthTheory {
    /// Signals that do not fit the network.
    #[error(transparent)]
    Signals(#[from] PairError),
    /// Values that have diverged.
    #[error("the predicted weights diverge: give a smaller learning rate, or fewer updates ({0})")]
    Diverged(#[from] NoConvergence),
}

/// How much of what finite layers do a prediction keeps.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Width {
    /// All of it: `B` is drawn, and so are the inner products of the weights' start
    /// ([`ReducedNetwork`]).
    Finite,
    /// That of `B`, which is drawn; the start of the weights is that of wide layers.
    Drawn,
    /// None: only signals are drawn.
    Infinite,
}

impl Width {
    /// All there are.
    pub const ALL: [Self; 3] = [Self::Finite, Self::Drawn, Self::Infinite];

    /// What it is called in options and summaries.
    pub fn name(self) -> &'static str {
        match self {
            Self::Finite => "finite",
            Self::Drawn => "drawn",
            Self::Infinite => "infinite",
        }
    }

    /// Whether a network is followed in the directions that its signals reach, which is exact at
    /// any width. Where neurons are normalised one by one, wide layers are assumed all the same.
    pub fn is_exact(self, by_neuron: bool) -> bool {
        self == Self::Finite && !by_neuron
    }
}

/// A deep linear network in isolation: what is to be predicted.
#[derive(Clone, Debug)]
pub struct DepthRun {
    /// The network.
    pub network: DeepNetwork,
    /// Standard deviation of `B_l` by layer, `l` from 1.
    pub b_std: Vec<f64>,
    /// What is kept of the effects of finite layers.
    pub width: Width,
    /// Activity and error.
    pub pair: Pair,
    /// Samples per update.
    pub batch: usize,
    /// Learning rate, momentum, decay.
    pub rule: StepRule,
}

/// Angles in degrees of every layer after some updates.
#[derive(Clone, Debug, PartialEq)]
pub struct DepthAngles {
    /// Number of updates.
    pub iteration: usize,
    /// `W_l` to `B_l^T`, `l` from 1 to `D-1`.
    pub weights: Vec<f64>,
    /// `||W_l||^2`, `l` from 0 to `D-1`.
    pub squared_norms: Vec<f64>,
    /// Error signals of layers 1 to `D-1` to those of back-propagation, for the errors of the
    /// update to come; none where they are not predicted.
    pub deltas: Vec<f64>,
    /// Updates of `W_0 .. W_{D-2}` to those of back-propagation, for the update to come; none where
    /// they are not predicted.
    pub updates: Vec<f64>,
}

impl DepthRun {
    /// Assumptions of the prediction, and its source.
    pub fn basis(&self) -> [&'static str; 2] {
        if self.width.is_exact(self.network.norms.is_some()) {
            [
                "linear activation, no output mask, no biases; any width; given the signals, \
                 averaged over draws of W(0)",
                "reduced dynamics in the n_0 + l n_D directions that reach layer l, from drawn starts",
            ]
        } else {
            [
                "linear activation, no output mask, no biases; layers much wider than the output; \
                 given the signals, averaged over W(0)",
                "reduced dynamics: W_l = W_l(0) + Q_l C_{l+1} with Q_l of rank n_D, in n_D x n_D \
                 matrices",
            ]
        }
    }

    /// Angles after every one of `iterations` (ascending) for the signals and backward weights of
    /// `(seed, repeat)`, which are those that the rule in isolation draws.
    ///
    /// # Errors
    /// If the signals do not fit the network, or values diverge.
    pub fn angles(
        &self,
        iterations: &[usize],
        seed: u64,
        repeat: u64,
    ) -> Result<Vec<DepthAngles>, NoDepthTheory> {
        let last = iterations.last().copied().unwrap_or(0);
        let mut follower = self.follow(&self.backward(seed, repeat), last, seed, repeat)?;
        self.run(&mut follower, iterations, seed, repeat)
    }

    /// The prediction for these `B_1 .. B_{D-1}` at the start, to be followed through the signals
    /// of `(seed, repeat)`. What is drawn besides is a role of its own.
    ///
    /// # Errors
    /// If the signals do not fit the network, or values diverge.
    pub fn follow(
        &self,
        backward: &[Matrix<f64>],
        last: usize,
        seed: u64,
        repeat: u64,
    ) -> Result<DepthFollower, NoDepthTheory> {
        let sizes = &self.network.sizes;
        let outputs = sizes[self.network.depth()];
        let wide = |backward| Box::new(DepthTheory::new(self.network.clone(), backward, self.rule));
        let normalised = self.network.norms.is_some();
        if self.width == Width::Infinite {
            return Ok(DepthFollower::Wide(wide(BackwardTheory::wide(sizes, &self.b_std))));
        }
        if self.width.is_exact(normalised) {
            let mut stream = Stream::new(seed, repeat, Role::Theory);
            let pairs = (0..MIRRORED_PAIRS)
                .map(|_| ReducedNetwork::drawn(&self.network, backward, self.rule, &mut stream))
                .collect::<Result<Vec<_>, _>>()?;
            return Ok(DepthFollower::Starts(pairs.concat()));
        }
        let one = wide(BackwardTheory::drawn(backward, outputs, &Classes::one(sizes)));
        let mut follower = DepthFollower::Wide(one);
        if normalised {
            // Neurons whose norms would come to differ are separated by a first run to the end.
            self.run(&mut follower, &[last], seed, repeat)?;
            if let DepthFollower::Wide(end) = &follower {
                let classes = Classes::by_norm(backward, end);
                follower =
                    DepthFollower::Wide(wide(BackwardTheory::drawn(backward, outputs, &classes)));
            }
        }
        Ok(follower)
    }

    /// As [`Self::angles`], with ReLU in the hidden layers: of wide layers, and of weights alone.
    ///
    /// # Errors
    /// If the signals do not fit the network, or values run away.
    pub fn relu_angles(
        &self,
        iterations: &[usize],
        seed: u64,
        repeat: u64,
    ) -> Result<Vec<DepthAngles>, NoDepthTheory> {
        let network = ReluNetwork {
            sizes: self.network.sizes.clone(),
            w_std: self.network.w_std[0],
            b_std: self.b_std[0],
            eta: self.rule.eta,
        };
        let mut follower = DepthFollower::Relu(Box::new(ReluTheory::new(network)));
        self.run(&mut follower, iterations, seed, repeat)
    }

    pub(super) fn backward(&self, seed: u64, repeat: u64) -> Vec<Matrix<f64>> {
        let mut stream = Stream::new(seed, repeat, Role::Backward);
        let shapes = self.network.sizes[1..].windows(2).zip(&self.b_std);
        shapes.map(|(n, &std)| normal_matrix(&mut stream, n[1], n[0], std)).collect()
    }

    /// Angles after every one of `iterations` as `follower` predicts them.
    pub(super) fn run(
        &self,
        follower: &mut DepthFollower,
        iterations: &[usize],
        seed: u64,
        repeat: u64,
    ) -> Result<Vec<DepthAngles>, NoDepthTheory> {
        let sizes = &self.network.sizes;
        let last = iterations.last().copied().unwrap_or(0);
        let (inputs, outputs) = (sizes[0], sizes[self.network.depth()]);
        let run = Sizes { batch: self.batch, inputs, outputs, iterations: last.max(1) };
        let mut signals = Signals::<f64>::new(&self.pair, run, seed, repeat)?;
        let (mut found, mut done) = (Vec::new(), 0);
        for &iteration in iterations {
            for _ in done..iteration {
                follower.advance(signals.activity(), signals.error());
                signals.advance();
            }
            done = iteration;
            found.push(follower.angles(iteration, signals.activity(), signals.error())?);
        }
        Ok(found)
    }
}

/// Pairs of starts that angles are averaged over for every draw of signals and `B`.
const MIRRORED_PAIRS: usize = 2;

/// A prediction that is followed update by update.
#[derive(Clone, Debug)]
pub enum DepthFollower {
    /// Of wide layers.
    Wide(Box<DepthTheory>),
    /// At any width, from several starts that angles are averaged over.
    Starts(Vec<ReducedNetwork>),
    /// Of wide layers with ReLU: of weights alone.
    Relu(Box<ReluTheory>),
}

impl DepthFollower {
    /// One update with these signals, `P x n_0` and `P x n_D`.
    pub fn advance(&mut self, activity: &Matrix<f64>, error: &Matrix<f64>) {
        match self {
            Self::Relu(theory) => theory.advance(activity, error),
            _ => self.advance_by(&(activity.t() * error).to_matrix()),
        }
    }

    /// One update of a linear network with `step = X^T E`: all that its theory sees of signals.
    pub(super) fn advance_by(&mut self, step: &Matrix<f64>) {
        match self {
            Self::Wide(theory) => theory.advance(step),
            Self::Starts(all) => all.iter_mut().for_each(|network| network.advance(step)),
            Self::Relu(_) => {}
        }
    }

    /// What is predicted after `iteration` updates; of updates and error signals, for the signals
    /// of the next.
    ///
    /// # Errors
    /// If values have diverged.
    pub fn angles(
        &self,
        iteration: usize,
        activity: &Matrix<f64>,
        error: &Matrix<f64>,
    ) -> Result<DepthAngles, NoConvergence> {
        let (step, errors) = ((activity.t() * error).to_matrix(), (error.t() * error).to_matrix());
        self.angles_of(iteration, &step, &errors)
    }

    /// The same given `X^T E` and `E^T E` of the next update.
    ///
    /// # Errors
    /// If values have run away.
    pub(super) fn angles_of(
        &self,
        iteration: usize,
        step: &Matrix<f64>,
        errors: &Matrix<f64>,
    ) -> Result<DepthAngles, NoConvergence> {
        let all = match self {
            Self::Wide(theory) => return theory.angles(iteration, step, errors),
            Self::Starts(all) => all,
            Self::Relu(theory) => return Ok(theory.angles(iteration)),
        };
        let found: Vec<DepthAngles> =
            all.iter().map(|network| network.angles(iteration, step, errors)).collect();
        let mean = |values: fn(&DepthAngles) -> &[f64]| mean_of(found.iter().map(values));
        Ok(DepthAngles {
            iteration,
            weights: mean(|found| &found.weights),
            squared_norms: mean(|found| &found.squared_norms),
            deltas: mean(|found| &found.deltas),
            updates: mean(|found| &found.updates),
        })
    }
}

/// The mean of lists of the same length, place by place.
fn mean_of<'a>(lists: impl ExactSizeIterator<Item = &'a [f64]>) -> Vec<f64> {
    let share = 1.0 / lists.len() as f64;
    let mut sums: Vec<f64> = Vec::new();
    for list in lists {
        sums.resize(list.len(), 0.0);
        sums.iter_mut().zip(list).for_each(|(sum, value)| *sum += share * value);
    }
    sums
}

impl DepthTheory {
    /// Everything that is predicted after `iteration` updates, with `step = X^T E` and `errors =
    /// E^T E` of the next.
    ///
    /// # Errors
    /// If a decomposition does not converge: values have diverged.
    pub fn angles(
        &self,
        iteration: usize,
        step: &Matrix<f64>,
        errors: &Matrix<f64>,
    ) -> Result<DepthAngles, NoConvergence> {
        let depth = self.network.depth();
        Ok(DepthAngles {
            iteration,
            weights: (1..depth).map(|l| self.weight_alignment(l)).collect(),
            squared_norms: (0..depth).map(|l| self.squared_norm(l)).collect(),
            deltas: self.delta_alignment(errors)?,
            updates: self.update_alignment(step)?,
        })
    }
}

impl ReluTheory {
    /// Everything that is predicted after `iteration` updates.
    pub fn angles(&self, iteration: usize) -> DepthAngles {
        let depth = self.network().sizes.len() - 1;
        DepthAngles {
            iteration,
            weights: (1..depth).map(|l| self.weight_alignment(l)).collect(),
            squared_norms: (0..depth).map(|l| self.squared_norm(l)).collect(),
            deltas: Vec::new(),
            updates: Vec::new(),
        }
    }
}

impl ReducedNetwork {
    /// Everything that is predicted after `iteration` updates, with `step = X^T E` and `errors =
    /// E^T E` of the next.
    pub fn angles(
        &self,
        iteration: usize,
        step: &Matrix<f64>,
        errors: &Matrix<f64>,
    ) -> DepthAngles {
        let depth = self.network().depth();
        DepthAngles {
            iteration,
            weights: (1..depth).map(|l| self.weight_alignment(l)).collect(),
            squared_norms: (0..depth).map(|l| self.squared_norm(l)).collect(),
            deltas: self.delta_alignment(errors),
            updates: self.update_alignment(step),
        }
    }
}

/// Most classes of neurons that a layer is divided into: more make no difference that shows.
pub const MOST_CLASSES: usize = 6;

impl Classes {
    /// Quantiles of the norm that the learnt part of every neuron's input weights has in `end`, the
    /// theory of the same network with one class per layer after the last update: neurons that
    /// weight normalisation slows down differently.
    pub fn by_norm(backward: &[Matrix<f64>], end: &DepthTheory) -> Self {
        let depth = end.network().depth();
        let carriers = carriers(backward, end.outputs());
        let classes = (1..=depth).map(|l| {
            let square = end.square(l - 1);
            let columns = carriers[l - 1].transpose();
            let spread = (&columns * &square).to_matrix();
            let norms: Vec<f64> =
                (0..columns.rows()).map(|q| dot(columns.row(q), spread.row(q))).collect();
            quantiles(&norms, MOST_CLASSES)
        });
        Self(classes.collect())
    }
}

/// Which of up to `most` equal parts of the ascending values every value belongs to.
fn quantiles(values: &[f64], most: usize) -> Vec<usize> {
    let mut order: Vec<usize> = (0..values.len()).collect();
    order.sort_by(|&a, &b| values[a].total_cmp(&values[b]));
    let parts = most.min(values.len());
    let mut class = vec![0; values.len()];
    order.iter().enumerate().for_each(|(rank, &unit)| class[unit] = rank * parts / values.len());
    class
}
