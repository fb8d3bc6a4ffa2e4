//! What a feedback policy is: its facts, and what it may do to the backward weights.

use crate::matrix::Matrix;
use crate::random::Stream;
use crate::real::Real;
use crate::rule::{Layers, Pass};
use std::fmt::Debug;

/// The way of the error.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Route {
    /// From layer to layer: `E_l = delta_{l+1} B_l`, `B_l` of shape `n_{l+1} x n_l`.
    Layered,
    /// From the output to every layer: `E_l = delta_D B_l`, `B_l` of shape `n_D x n_l`.
    Direct,
    /// Not of the error, but of the target to every layer: `E_l = T B_l`, `B_l` of that shape.
    Target,
    /// None: only the last layer learns.
    Nowhere,
}

impl Route {
    /// Whether every layer has its `B_l` from the output.
    pub fn is_from_output(self) -> bool {
        matches!(self, Self::Direct | Self::Target)
    }

    /// Rows and columns of `B_1 .. B_{D-1}` for layers of `sizes`, the input first.
    pub fn shapes(self, sizes: &[usize]) -> Vec<[usize; 2]> {
        let outputs = sizes.last().copied().unwrap_or(0);
        let shape =
            |pair: &[usize]| [if self.is_from_output() { outputs } else { pair[1] }, pair[0]];
        if self == Self::Nowhere { Vec::new() } else { sizes[1..].windows(2).map(shape).collect() }
    }
}

/// What becomes of the backward weights.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Backward {
    /// They are the transposed forward weights, or there are none: nothing to compare the forward
    /// weights with.
    None,
    /// They stay as they were at the start.
    Fixed,
    /// They follow from the forward weights of the moment.
    Following,
    /// They learn, and are part of the state of a run.
    Learning,
}

/// The number after the name of a policy and a colon.
#[derive(Clone, Copy, Debug)]
pub struct Argument {
    /// What it is.
    pub what: &'static str,
    /// Its ends.
    pub ends: [f64; 2],
    /// Whether it is a whole number.
    pub is_whole: bool,
    /// One to try.
    pub example: f64,
}

impl Argument {
    /// Any number between two ends.
    pub const fn between(what: &'static str, ends: [f64; 2]) -> Self {
        Self { what, ends, is_whole: false, example: ends[1] }
    }
}

/// What is known of a policy before anything runs.
#[derive(Clone, Copy, Debug)]
pub struct Facts {
    /// Name in options and files.
    pub name: &'static str,
    /// Other names that are understood.
    pub aliases: &'static [&'static str],
    /// Name in figures.
    pub label: &'static str,
    /// The number after the name and a colon, if the policy has one.
    pub argument: Option<Argument>,
    /// The way of the error.
    pub route: Route,
    /// What becomes of the backward weights.
    pub backward: Backward,
}

/// An update that was just made.
pub struct Made<'a, T> {
    /// Passes of the parts of the batch, before the update.
    pub passes: &'a [&'a Pass<T>],
    /// The network after it.
    pub layers: &'a Layers<T>,
    /// The learning rate, over the number of samples where gradients are averaged.
    pub rate: T,
}

/// A feedback policy. Without any method of its own it is BP-TRW: the matrices drawn stay.
///
/// `backward` holds `B_1 .. B_{D-1}`, independent normal values in the shapes of the policy's
/// [`Route`] at the start.
pub trait Policy<T: Real>: Debug + Send + Sync {
    /// Makes of the matrices drawn those of the start. Gives what [`Self::follow`] needs of them.
    fn begin(
        &self,
        _backward: &mut [Matrix<T>],
        _layers: &Layers<T>,
        _noise: &mut Stream,
    ) -> Vec<Matrix<T>> {
        Vec::new()
    }

    /// Follows the forward weights. Due whenever they have changed, before errors are carried back.
    fn follow(
        &self,
        _backward: &mut [Matrix<T>],
        _drawn: &[Matrix<T>],
        _layers: &Layers<T>,
        _noise: &mut Stream,
    ) {
    }

    /// Learns, after an update of the forward weights, in a way of its own. `drawn` is what
    /// [`Self::begin`] gave.
    fn learn(
        &self,
        _backward: &mut [Matrix<T>],
        _drawn: &[Matrix<T>],
        _made: &Made<'_, T>,
        _noise: &mut Stream,
    ) {
    }

    /// Whether backward weights learn as forward weights do: by the optimiser of the run, with
    /// decay and all, from what [`Self::add_gradient`] says.
    fn descends(&self) -> bool {
        false
    }

    /// Adds `factor` times what a backward matrix is to learn from an update, summed over the
    /// batch, to `out`, the values of a matrix of its shape. `index` is `l - 1` of `B_l`.
    fn add_gradient(&self, _index: usize, _out: &mut [T], _factor: T, _made: &Made<'_, T>) {}
}

/// Root mean square of the entries.
pub(super) fn rms<T: Real>(matrix: &Matrix<T>) -> f64 {
    (matrix.squared_norm() / matrix.as_slice().len().max(1) as f64).sqrt()
}
