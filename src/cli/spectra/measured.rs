//! What is measured of the spectra of W and B.

use crate::matrix::Matrix;
use crate::measure::null::{SubspaceNull, WeightNull};
use crate::measure::orientation::Orientation;
use crate::theory::spectra::{Split, split_matrix};
use faer::c64;

/// Singular values of one matrix.
pub(in crate::cli) struct SingularValues {
    pub(in crate::cli) name: &'static str,
    pub(in crate::cli) shape: (usize, usize),
    pub(in crate::cli) norm: f64,
    pub(in crate::cli) values: Vec<f64>,
    /// Bulk and outliers; `None` where most values are 0.
    pub(in crate::cli) split: Option<Split>,
}

impl SingularValues {
    /// Divides the singular values (descending) of a matrix into bulk and outliers.
    pub fn new(
        name: &'static str,
        matrix: &Matrix<f64>,
        values: Vec<f64>,
        entry_sd: Option<f64>,
        false_alarm: f64,
    ) -> Self {
        let shape = (matrix.rows(), matrix.cols());
        let split = split_matrix(matrix, &values, entry_sd, false_alarm);
        Self { name, shape, norm: matrix.norm(), values, split }
    }
}

/// Principal angles between what `W` and `B^T` span.
pub(in crate::cli) struct Shared {
    /// `columns` or `rows`.
    pub(in crate::cli) space: &'static str,
    /// Number of leading singular vectors; all of them if `None`.
    pub(in crate::cli) leading: Option<usize>,
    /// In degrees, ascending.
    pub(in crate::cli) angles: Vec<f64>,
    pub(in crate::cli) overlap: Option<f64>,
    pub(in crate::cli) null: Option<SubspaceNull>,
}

/// What is measured of both, in one reading of their orientation.
pub(in crate::cli) struct Both {
    pub(in crate::cli) reading: Orientation,
    pub(in crate::cli) backward: SingularValues,
    pub(in crate::cli) alignment: Option<f64>,
    pub(in crate::cli) null: Option<WeightNull>,
    pub(in crate::cli) inverse_alignment: Option<f64>,
    /// Of `W B`, those that need not be 0.
    pub(in crate::cli) product: Vec<f64>,
    pub(in crate::cli) eigenvalues: Vec<c64>,
    /// Of the disc they fill if `W` and `B` are independent.
    pub(in crate::cli) radius: Option<f64>,
    pub(in crate::cli) shared: Vec<Shared>,
}

pub(in crate::cli) struct Measured {
    pub(in crate::cli) forward: SingularValues,
    pub(in crate::cli) both: Option<Both>,
    /// The less likely reading, where two stand.
    pub(in crate::cli) other: Option<Both>,
    /// What was made of the orientation, in words.
    pub(in crate::cli) sentence: String,
    pub(in crate::cli) false_alarm: f64,
}
