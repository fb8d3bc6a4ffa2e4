//! The iteration whose update is decomposed: its samples, and whether they fit.

use crate::matrix::Matrix;
use crate::measure::angle::ShapeMismatch;
use crate::real::Real;
use crate::rule::{Activation, Pass};
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
    #[error(
        "the update of W_{layer} is not decomposed: that takes a layer below and one above, l = 1 \
         .. {last}"
    )]
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
    /// Mask of the activities of layer `l`, `P x n_l`, where some are dropped.
    pub mask: Option<&'a Matrix<T>>,
}

impl<'a, T: Real> Samples<'a, T> {
    /// Those of a forward and backward pass of `input`; `None` for layer 0 and layers that do not
    /// exist.
    pub fn of(input: &'a Matrix<T>, pass: &'a Pass<T>, l: usize) -> Option<Self> {
        let (delta, below) = (pass.delta.get(l)?, l.checked_sub(1)?);
        Some(Self { source: pass.source(input, below), delta, mask: pass.mask(below) })
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
    /// Those of a forward and backward pass of `input`; `None` for layer 0 and layers that do not
    /// exist.
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

pub(super) fn check_shape(
    what: &'static str,
    found: (usize, usize),
    needed: (usize, usize),
) -> Result<(), DecompositionError> {
    if found == needed { Ok(()) } else { Err(DecompositionError::Shape { what, found, needed }) }
}

/// Checks samples of layers of `inputs` units two below and `outputs` above the error signal's.
pub(super) fn check_samples<T: Real>(
    samples: &[Samples<'_, T>],
    inputs: usize,
    outputs: usize,
) -> Result<(), DecompositionError> {
    samples.iter().try_for_each(|Samples { source, delta, .. }| {
        check_shape("L_{l-1}", (source.rows(), source.cols()), (delta.rows(), inputs))?;
        check_shape("delta_{l+1}", (delta.rows(), delta.cols()), (source.rows(), outputs))
    })
}

/// Checks the masks of samples of a layer of `units`, where they have any.
pub(super) fn check_masks<T: Real>(
    samples: &[Samples<'_, T>],
    units: usize,
) -> Result<(), DecompositionError> {
    let mut masks = samples.iter().filter_map(|part| Some((part.mask?, part.source.rows())));
    masks.try_for_each(|(mask, rows)| check_shape("mask of L_l", mask.shape(), (rows, units)))
}

/// Multiplies values at the units of layer `l` by the mask, where there is one of their shape.
pub(super) fn mask_values<T: Real>(values: &mut Matrix<T>, mask: Option<&Matrix<T>>) {
    let factors = mask.map_or(&[][..], Matrix::as_slice);
    values.as_mut_slice().iter_mut().zip(factors).for_each(|(value, &factor)| *value *= factor);
}

pub(super) fn check_bias(values: usize, units: usize) -> Result<(), DecompositionError> {
    if values == 0 { Ok(()) } else { check_shape("b_l", (1, values), (1, units)) }
}
