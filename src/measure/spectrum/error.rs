//! Why a matrix has no spectrum.

use thiserror::Error;

/// A decomposition of a matrix of so many rows and columns that did not converge.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Error)]
#[error("the decomposition of a {0} x {1} matrix did not converge: are all its values finite?")]
pub struct NoConvergence(pub usize, pub usize);

/// Why a matrix has no such spectrum.
#[derive(Clone, Debug, PartialEq, Error)]
pub enum SpectrumError {
    /// A value that is not finite.
    #[error(
        "the matrix holds {value} at row {row}, column {column} (from 0): values must be finite"
    )]
    NotFinite {
        /// The value.
        value: f64,
        /// Its row, from 0.
        row: usize,
        /// Its column, from 0.
        column: usize,
    },
    /// Eigenvalues of a matrix that is not square.
    #[error("a {0} x {1} matrix has no eigenvalues: it must be square")]
    NotSquare(usize, usize),
    /// Two matrices of which both products are needed.
    #[error("W of {} x {} and B of {} x {} have no square product: B must be as W'", .0.0, .0.1,
        .1.0, .1.1)]
    Shapes((usize, usize), (usize, usize)),
    /// Subspaces of different spaces.
    #[error("subspaces of {0} and of {1} dimensions make no angles: the spaces must be the same")]
    Spaces(usize, usize),
    /// The iteration did not end.
    #[error(transparent)]
    NoConvergence(#[from] NoConvergence),
    /// A result beyond the largest number.
    #[error("the result is beyond the largest number: scale the matrix")]
    Overflow,
}
