//! The transformation matrix `M` of two iterations.

use super::{Kernel, SamplePairs, Side, SideMatrix};
use crate::matrix::Matrix;

/// `M = D(k-o)^T L(k-o) L(k)^T D(k)`, `m x m`: the linear alignment term is `eta^2 B^T M`. Pairs of
/// a sample with itself are part of it in any case.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Transformation {
    /// Units `m` of the error.
    pub units: usize,
    /// `tr M`, the sum of `S_L * S_delta` over all pairs.
    pub trace: f64,
    /// `||M||`.
    pub norm: f64,
    /// `||M_sym||`, `M_sym = (M + M^T) / 2`.
    pub symmetric_norm: f64,
}

impl Transformation {
    /// Mean eigenvalue of `M_sym`, `tr M / m`; `None` without units.
    pub fn mean_eigenvalue(&self) -> Option<f64> {
        (self.units > 0).then(|| self.trace / self.units as f64)
    }

    /// `||M_sym|| / ||M||`, 1 for a symmetric matrix and 0 for an antisymmetric one; `None` if `M`
    /// is zero.
    pub fn symmetric_share(&self) -> Option<f64> {
        (self.norm > 0.0).then(|| self.symmetric_norm / self.norm)
    }

    /// `tr M / (sqrt(m) ||M||)`, the cosine of `M` to the identity: the cosine of `B^T M` to `B^T`
    /// for a `B` of independent entries and many columns. `None` if `M` is zero.
    pub fn cosine(&self) -> Option<f64> {
        (self.norm > 0.0).then(|| self.trace / ((self.units as f64).sqrt() * self.norm))
    }
}

impl SamplePairs {
    /// The transformation matrix of the two iterations. Costs `O(P n m + n m^2)`.
    pub fn transformation(&self) -> Transformation {
        let [earlier, later] = [&self.earlier, &self.later].map(Side::gradient);
        let matrix = (earlier.t() * &later).to_matrix();
        let mut symmetric = matrix.transpose();
        symmetric += &matrix;
        Transformation {
            units: matrix.rows(),
            trace: matrix.trace(),
            norm: matrix.norm(),
            symmetric_norm: 0.5 * symmetric.norm(),
        }
    }
}

impl Side {
    /// `L^T D`, `n x m`.
    fn gradient(&self) -> Matrix<f64> {
        let mut sum = Matrix::zeros(self.activity.cols(), self.error.cols());
        for class in 0..self.starts.len() - 1 {
            sum += &self.feature(Kernel::Product(SideMatrix::Activity, SideMatrix::Error), class);
        }
        sum
    }
}
