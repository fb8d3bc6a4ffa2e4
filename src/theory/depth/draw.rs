//! Predictions for drawn signals and backward weights: those that the rule in isolation would draw.

use super::backward::carriers;
use super::{BackwardTheory, Classes, DeepNetwork, DepthTheory, ReducedNetwork, StepRule};
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
    /// Values that have run away.
    #[error("the predicted weights run away: give a smaller learning rate, or fewer updates ({0})")]
    Diverged(#[from] NoConvergence),
}

/// How much of what finite layers do a prediction keeps.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Width {
    /// All of it: `B` is drawn, and so are the inner products of the weights' start ([`ReducedNetwork`]).
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
    /// Error signals of layers 1 to `D-1` to those of back-propagation, for the errors of the update to come.
    pub deltas: Vec<f64>,
    /// Updates of `W_0 .. W_{D-2}` to those of back-propagation, for the update to come.
    pub updates: Vec<f64>,
}

impl DepthRun {
    /// Assumptions of the prediction.
    pub const ASSUMPTIONS: &'static str = "linear activation, no output mask, no biases; layers much wider than the output; \
         given the signals, averaged over W(0)";
    /// Source of the prediction.
    pub const SOURCE: &'static str =
        "reduced dynamics: W_l = W_l(0) + Q_l C_{l+1} with Q_l of rank n_D, in n_D x n_D matrices";

    /// Angles after every one of `iterations` (ascending) for the signals and backward weights of `(seed, repeat)`, which
    /// are those that the rule in isolation draws.
    ///
    /// # Errors
    /// If the signals do not fit the network, or values run away.
    pub fn angles(&self, iterations: &[usize], seed: u64, repeat: u64) -> Result<Vec<DepthAngles>, NoDepthTheory> {
        let sizes = &self.network.sizes;
        let outputs = sizes[self.network.depth()];
        if self.width == Width::Infinite {
            return self
                .run(BackwardTheory::wide(sizes, &self.b_std), iterations, seed, repeat)
                .map(|(_, found)| found);
        }
        let backward = self.backward(seed, repeat);
        if self.width == Width::Finite && self.network.norms.is_none() {
            let mut stream = Stream::new(seed, repeat, Role::Theory);
            let pairs = (0..MIRRORED_PAIRS)
                .map(|_| ReducedNetwork::drawn(&self.network, &backward, self.rule, &mut stream))
                .collect::<Result<Vec<_>, _>>()?;
            return self.follow(Starts(pairs.concat()), iterations, seed, repeat).map(|(_, found)| found);
        }
        let one = BackwardTheory::drawn(&backward, outputs, &Classes::one(sizes));
        let (end, found) = self.run(one, iterations, seed, repeat)?;
        if self.network.norms.is_none() {
            return Ok(found);
        }
        let classes = Classes::by_norm(&backward, &end);
        self.run(BackwardTheory::drawn(&backward, outputs, &classes), iterations, seed, repeat).map(|(_, found)| found)
    }

    pub(super) fn backward(&self, seed: u64, repeat: u64) -> Vec<Matrix<f64>> {
        let mut stream = Stream::new(seed, repeat, Role::Backward);
        let shapes = self.network.sizes[1..].windows(2).zip(&self.b_std);
        shapes.map(|(n, &std)| normal_matrix(&mut stream, n[1], n[0], std)).collect()
    }

    pub(super) fn run(
        &self,
        backward: BackwardTheory,
        iterations: &[usize],
        seed: u64,
        repeat: u64,
    ) -> Result<(DepthTheory, Vec<DepthAngles>), NoDepthTheory> {
        self.follow(DepthTheory::new(self.network.clone(), backward, self.rule), iterations, seed, repeat)
    }

    /// Angles after every one of `iterations` as `theory` predicts them, and its last state.
    fn follow<T: Predicts>(
        &self,
        mut theory: T,
        iterations: &[usize],
        seed: u64,
        repeat: u64,
    ) -> Result<(T, Vec<DepthAngles>), NoDepthTheory> {
        let sizes = &self.network.sizes;
        let last = iterations.last().copied().unwrap_or(0);
        let (inputs, outputs) = (sizes[0], sizes[self.network.depth()]);
        let run = Sizes { batch: self.batch, inputs, outputs, iterations: last.max(1) };
        let mut signals = Signals::<f64>::new(&self.pair, run, seed, repeat)?;
        let (mut found, mut done) = (Vec::new(), 0);
        for &iteration in iterations {
            for _ in done..iteration {
                theory.advance(&(signals.activity().t() * signals.error()).to_matrix());
                signals.advance();
            }
            done = iteration;
            let step = (signals.activity().t() * signals.error()).to_matrix();
            let errors = (signals.error().t() * signals.error()).to_matrix();
            found.push(theory.angles(iteration, &step, &errors)?);
        }
        Ok((theory, found))
    }
}

/// A theory that follows the steps of a network.
trait Predicts {
    /// One update.
    fn advance(&mut self, step: &Matrix<f64>);

    /// What it predicts of the present state.
    fn angles(&self, iteration: usize, step: &Matrix<f64>, errors: &Matrix<f64>) -> Result<DepthAngles, NoConvergence>;
}

impl Predicts for DepthTheory {
    fn advance(&mut self, step: &Matrix<f64>) {
        Self::advance(self, step);
    }

    fn angles(&self, iteration: usize, step: &Matrix<f64>, errors: &Matrix<f64>) -> Result<DepthAngles, NoConvergence> {
        Self::angles(self, iteration, step, errors)
    }
}

/// Pairs of starts that angles are averaged over for every draw of signals and `B`.
const MIRRORED_PAIRS: usize = 2;

/// The same network from several starts.
struct Starts(Vec<ReducedNetwork>);

impl Predicts for Starts {
    fn advance(&mut self, step: &Matrix<f64>) {
        self.0.iter_mut().for_each(|network| network.advance(step));
    }

    fn angles(&self, iteration: usize, step: &Matrix<f64>, errors: &Matrix<f64>) -> Result<DepthAngles, NoConvergence> {
        let found: Vec<DepthAngles> = self.0.iter().map(|network| network.angles(iteration, step, errors)).collect();
        let mean = |values: fn(&DepthAngles) -> &[f64]| mean_of(found.iter().map(values));
        Ok(DepthAngles {
            iteration,
            weights: mean(|of| &of.weights),
            squared_norms: mean(|of| &of.squared_norms),
            deltas: mean(|of| &of.deltas),
            updates: mean(|of| &of.updates),
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
    /// Everything that is predicted after `iteration` updates, with `step = X^T E` and `errors = E^T E` of the next.
    ///
    /// # Errors
    /// If a decomposition does not converge: values have run away.
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

/// Most classes of neurons that a layer is divided into: more make no difference that shows.
pub const MOST_CLASSES: usize = 6;

impl Classes {
    /// Quantiles of the norm that the learnt part of every neuron's input weights has in `end`, the theory of the same
    /// network with one class per layer after the last update: neurons that weight normalisation slows down differently.
    pub fn by_norm(backward: &[Matrix<f64>], end: &DepthTheory) -> Self {
        let depth = end.network().depth();
        let carriers = carriers(backward, end.outputs());
        let classes = (1..=depth).map(|l| {
            let square = end.square(l - 1);
            let columns = carriers[l - 1].transpose();
            let spread = (&columns * &square).to_matrix();
            let norms: Vec<f64> = (0..columns.rows()).map(|q| dot(columns.row(q), spread.row(q))).collect();
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
