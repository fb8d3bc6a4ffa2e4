//! The update of one layer decomposed by lag: which past changes of the layer below it owes its direction to.
//!
//! With the pre-activation that today's activity would have caused under the weights of `o` iterations ago,
//! `zeta^o = L_{l-1}(k) W_{l-1}(k-o) + b_l(k)`, every layer `l >= 1` and any activation `f`,
//!
//! ```text
//! eta G_l(k) = eta L_l(k)^T delta_{l+1}(k) = last + sum_{o=1..h} T^o + sum_{o=1..h} N^o + R
//! T^o  = eta [f'(zeta^o) o (zeta^{o-1} - zeta^o - L_{l-1}(k) dP_{l-1}(k-o))]^T delta_{l+1}(k)      alignment term of lag o
//! N^o  = eta [f'(zeta^o) o (L_{l-1}(k) dP_{l-1}(k-o))]^T delta_{l+1}(k)                            what a projection adds
//! last = eta f(zeta^h)^T delta_{l+1}(k)                                                            last term
//! R    = eta [sum_o f(zeta^{o-1}) - f(zeta^o) - f'(zeta^o) o (zeta^{o-1} - zeta^o)]^T delta_{l+1}(k)       remainder
//! ```
//!
//! (RahmanSetayesh et al. 2024). `dP(j)` is what the step of `W_{l-1}` from state `j` to the next holds beside the rule's
//! own `eta L_{l-1}(j)^T delta_l(j)`: under weight normalisation, weight decay and momentum. Without them there are no
//! `N^o`. `T^o` carries `B_l^T` from the left, for `delta_l(k-o) = f'(Z_l(k-o)) o (delta_{l+1}(k-o) B_l)`.
//!
//! `h` is `k` where all weights since the start are at hand, and the window of the [`History`] otherwise: `last` is then
//! the term at the oldest state held, and is not free of what older updates put into it.
//!
//! | what | by |
//! |---|---|
//! | weights of the layer below over iterations, from a run or from records | [`History`] |
//! | terms, sums, remainder of one layer at one iteration | [`Decomposer`] |
//! | norms, and angles to `B_l^T` | [`Decomposition::read`] |
//! | all of it along a network in training | [`Follower`] |
//! | linear form, literal form, similarities | [`linear_term`], [`LinearSum`], [`literal_term`], [`transformation`] |
//! | pairs of samples of the same class and of different ones | [`split_by_class`], [`split_linear_by_class`] |
//!
//! `eta` is what the sum over the batch is multiplied by: the learning rate, over the number of samples where gradients
//! are averaged.
//!
//! Along a network in training, here under weight normalisation:
//!
//! ```
//! use alignscope::network::{Setup, Trainer};
//! use alignscope::rule::WeightNorm;
//! use alignscope::rule::decomposition::{Follower, Plan, Towards, Wanted};
//!
//! let data = alignscope::data::digits::<f32>()?;
//! let setup = Setup { weight_norm: Some(WeightNorm::Neuron(vec![1.0])), ..Setup::default() };
//! let eta = setup.eta as f32;
//! let mut trainer = Trainer::new(&data, setup, 1, 0);
//! let towards = trainer.feedback().backward(1).map(Towards::transpose_of).ok_or("no B_1")?;
//! let mut follower = Follower::new(trainer.layers(), &Plan { window: 60, projection: true, control: None })?;
//! for k in 0..100 {
//!     trainer.step();
//!     let passes: Vec<_> = trainer.latest().iter().map(|part| (&part.input, &part.pass)).collect();
//!     if k % 10 == 0 {
//!         let found = follower.decompose(1, &passes, eta, &Wanted { lags: &[1, 60], ..Wanted::SUMS })?;
//!         println!("{k}: {:?}", found.read(&towards)?);
//!     }
//!     follower.advance(&passes, eta, trainer.layers())?;
//! }
//! # Ok::<(), Box<dyn std::error::Error>>(())
//! ```
//!
//! From recorded arrays: weights `W_{l-1}` at iterations `0 .. k`, and activity, error and bias at `k`:
//!
//! ```
//! use alignscope::matrix::Matrix;
//! use alignscope::rule::Activation;
//! use alignscope::rule::decomposition::{Decomposer, History, Now, Samples, Wanted};
//!
//! let weights: Vec<Matrix<f64>> = (0..5).map(|k| Matrix::from_vec(2, 1, vec![0.1 * f64::from(k), 1.0])).collect();
//! let (source, delta) = (Matrix::from_vec(1, 2, vec![1.0, -0.5]), Matrix::from_vec(1, 1, vec![0.2]));
//! let history = History::from_weights(&weights)?;
//! let samples = [Samples { source: &source, delta: &delta }];
//! let now = Now { samples: &samples, bias: &[0.3], activation: Activation::Tanh, eta: 0.01 };
//! let found = Decomposer::new([2, 1, 1]).run(&history, &now, &Wanted { lags: &[1, 2], ..Wanted::SUMS })?;
//! assert_eq!(found.terms.len(), 2);
//! # Ok::<(), Box<dyn std::error::Error>>(())
//! ```

mod classes;
mod decomposer;
mod follower;
mod history;
mod kernels;
mod literal;
mod reading;

pub use classes::{ClassSplit, split_by_class, split_linear_by_class};
pub use decomposer::{Decomposer, Decomposition, Inner, Sums, Term, Wanted};
pub use follower::{Follower, Passes, Plan};
pub use history::{History, Parts, Step};
pub use literal::{LinearSum, linear_term, literal_term, similarity_sum, transformation};
pub use reading::{Reading, Readings, TermReading, Towards};

use super::{Activation, Pass};
use crate::matrix::Matrix;
use crate::measure::angle::ShapeMismatch;
use crate::real::Real;
use thiserror::Error;

/// Why an update cannot be decomposed.
#[derive(Clone, Debug, PartialEq, Eq, Error)]
pub enum DecompositionError {
    /// A matrix does not fit the others.
    #[error("{what} is {} x {}, where {} x {} is needed", found.0, found.1, needed.0, needed.1)]
    Shape {
        /// Which matrix.
        what: &'static str,
        /// Its rows and columns.
        found: (usize, usize),
        /// What they are to be.
        needed: (usize, usize),
    },
    /// No weights at all.
    #[error("a history without weights: at least those of the present iteration are needed")]
    Empty,
    /// An iteration without samples.
    #[error("an iteration without samples has no update")]
    NoSamples,
    /// A part of a step is to be held, and was not given.
    #[error("the history holds parts of steps, and a step came without {part}")]
    StepMissing {
        /// Which part.
        part: &'static str,
    },
    /// More memory than there is.
    #[error("a history of {bytes} bytes does not fit into memory: use a shorter window")]
    Memory {
        /// Bytes it would take.
        bytes: u64,
    },
    /// A layer that has none below, or does not exist.
    #[error("the update of W_{layer} is not decomposed: that takes a layer below and one above, l = 1 .. {last}")]
    Layer {
        /// The layer.
        layer: usize,
        /// The last that is decomposed.
        last: usize,
    },
}

impl From<ShapeMismatch> for DecompositionError {
    /// Of a term and a direction that belongs to another layer.
    fn from(ShapeMismatch(found, needed): ShapeMismatch) -> Self {
        Self::Shape { what: "a term", found, needed }
    }
}

/// Samples of one iteration as the weights `W_l` see them. A batch may come in several parts.
#[derive(Clone, Copy, Debug)]
pub struct Samples<'a, T> {
    /// Activity `L_{l-1}` that arrives at layer `l`, `P x n_{l-1}`.
    pub source: &'a Matrix<T>,
    /// Error signal `delta_{l+1}`, `P x n_{l+1}`.
    pub delta: &'a Matrix<T>,
}

impl<'a, T: Real> Samples<'a, T> {
    /// Those of a forward and backward pass of `input`; `None` for layer 0 and layers that do not exist.
    pub fn of(input: &'a Matrix<T>, pass: &'a Pass<T>, l: usize) -> Option<Self> {
        let delta = pass.delta.get(l)?;
        Some(Self { source: pass.source(input, l.checked_sub(1)?), delta })
    }
}

/// Samples of an earlier iteration, with what the literal forms ask of it beside [`Samples`].
#[derive(Clone, Copy, Debug)]
pub struct Earlier<'a, T> {
    /// Activity and error signal.
    pub samples: Samples<'a, T>,
    /// Pre-activation `Z_l` of that iteration, `P x n_l`.
    pub z: &'a Matrix<T>,
}

impl<'a, T: Real> Earlier<'a, T> {
    /// Those of a forward and backward pass of `input`; `None` for layer 0 and layers that do not exist.
    pub fn of(input: &'a Matrix<T>, pass: &'a Pass<T>, l: usize) -> Option<Self> {
        let samples = Samples::of(input, pass, l)?;
        Some(Self { samples, z: &pass.z[l - 1] })
    }
}

/// The iteration whose update is decomposed, as `W_l` sees it: all before the update.
#[derive(Clone, Copy, Debug)]
pub struct Now<'a, T> {
    /// The batch, in one part or several.
    pub samples: &'a [Samples<'a, T>],
    /// Biases `b_l(k)`, `n_l` values; none if the layer has none.
    pub bias: &'a [T],
    /// Activation `f` of layer `l`.
    pub activation: Activation,
    /// What the sum over the batch is multiplied by.
    pub eta: T,
}

fn check_shape(what: &'static str, found: (usize, usize), needed: (usize, usize)) -> Result<(), DecompositionError> {
    if found == needed { Ok(()) } else { Err(DecompositionError::Shape { what, found, needed }) }
}

/// Checks samples of layers of `inputs` units two below and `outputs` above the error signal's.
fn check_samples<T: Real>(samples: &[Samples<'_, T>], inputs: usize, outputs: usize) -> Result<(), DecompositionError> {
    samples.iter().try_for_each(|Samples { source, delta }| {
        check_shape("L_{l-1}", (source.rows(), source.cols()), (delta.rows(), inputs))?;
        check_shape("delta_{l+1}", (delta.rows(), delta.cols()), (source.rows(), outputs))
    })
}

fn check_bias(values: usize, units: usize) -> Result<(), DecompositionError> {
    if values == 0 { Ok(()) } else { check_shape("b_l", (1, values), (1, units)) }
}
