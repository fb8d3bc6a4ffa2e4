//! The Moore-Penrose pseudo-inverse: what `B` comes to be for `W` where the network learns a linear
//! function (Lillicrap et al. 2016).

use super::{SpectrumError, Svd};
use crate::matrix::{Matrix, View};
use crate::measure::angle::angle;

/// Moore-Penrose pseudo-inverse, `n x m` for a matrix of `m x n`: `V S^+ U^T` with the singular
/// values beyond the numerical rank left out.
///
/// # Errors
/// As [`Svd::new`], or if its values are beyond the largest number.
pub fn pseudo_inverse(matrix: &Matrix<f64>) -> Result<Matrix<f64>, SpectrumError> {
    Svd::new(matrix)?.pseudo_inverse()
}

/// Angle in degrees of `W` (`n_l x n_{l+1}`) to the pseudo-inverse of `B` (`n_{l+1} x n_l`), which
/// has the shape of `W`; `None` if either is zero.
///
/// # Errors
/// As [`Svd::new`] for `B`, or if `B` does not have the shape of `W^T`.
pub fn pseudo_inverse_alignment(
    forward: &Matrix<f64>,
    backward: &Matrix<f64>,
) -> Result<Option<f64>, SpectrumError> {
    let (w, b) = ((forward.rows(), forward.cols()), (backward.rows(), backward.cols()));
    let direction = Svd::new(backward)?.pseudo_inverse_direction();
    angle(forward, &direction).map_err(|_| SpectrumError::Shapes(w, b))
}

impl Svd {
    /// See [`pseudo_inverse`].
    ///
    /// # Errors
    /// If its values are beyond the largest number.
    pub fn pseudo_inverse(&self) -> Result<Matrix<f64>, SpectrumError> {
        let inverse = self.inverse(1.0);
        if inverse.as_slice().iter().all(|v| v.is_finite()) {
            Ok(inverse)
        } else {
            Err(SpectrumError::Overflow)
        }
    }

    /// The pseudo-inverse times the largest singular value: its direction, whatever the scale.
    pub fn pseudo_inverse_direction(&self) -> Matrix<f64> {
        self.inverse(self.values().first().copied().unwrap_or(1.0))
    }

    /// `U V^T`: of the matrices with orthonormal rows or columns the nearest to this one.
    pub fn nearest_orthonormal(&self) -> Matrix<f64> {
        (View::from(self.left.as_ref()) * View::from(self.right.transpose())).to_matrix()
    }

    /// `scale V S^+ U^T`.
    fn inverse(&self, scale: f64) -> Matrix<f64> {
        let rank = self.rank();
        let mut scaled = self.right.subcols(0, rank).to_owned();
        for (j, value) in self.values()[..rank].iter().enumerate() {
            scaled.col_mut(j).iter_mut().for_each(|v| *v *= scale / value);
        }
        (View::from(scaled.as_ref()) * View::from(self.left.subcols(0, rank).transpose()))
            .to_matrix()
    }
}
