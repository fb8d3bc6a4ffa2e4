//! Subspaces and the principal angles between them.

use super::decompose::{times, values_of};
use super::{SpectrumError, Svd};
use crate::matrix::Matrix;
use faer::linalg::matmul::matmul;
use faer::{Accum, Mat, MatRef, Par};

/// A subspace by an orthonormal basis, one vector per column.
#[derive(Clone, Debug)]
pub struct Subspace {
    basis: Mat<f64>,
}

impl Subspace {
    /// What the columns of a matrix span, as far as its numerical rank goes.
    ///
    /// # Errors
    /// As [`Svd::new`].
    pub fn of_columns(matrix: &Matrix<f64>) -> Result<Self, SpectrumError> {
        Ok(Svd::new(matrix)?.column_space())
    }

    /// What the rows of a matrix span, as far as its numerical rank goes.
    ///
    /// # Errors
    /// As [`Svd::new`].
    pub fn of_rows(matrix: &Matrix<f64>) -> Result<Self, SpectrumError> {
        Ok(Svd::new(matrix)?.row_space())
    }

    /// Dimensions of the space around it.
    pub fn space(&self) -> usize {
        self.basis.nrows()
    }

    /// Its own dimensions.
    pub fn dimensions(&self) -> usize {
        self.basis.ncols()
    }

    /// Principal angles to another subspace in degrees, ascending, as many as the smaller one has
    /// dimensions: from the cosines, singular values of `Q_A^T Q_B`, and the sines, those of `Q_B -
    /// Q_A Q_A^T Q_B`, so that small angles and those near 90 degrees are both accurate to rounding
    /// (Bjorck & Golub 1973; Knyazev & Argentati 2002).
    ///
    /// # Errors
    /// If the spaces around them differ, or a decomposition does not converge.
    pub fn principal_angles(&self, other: &Self) -> Result<Vec<f64>, SpectrumError> {
        let [large, small] = self.ordered(other)?;
        let inner = times(large.transpose(), small);
        let cosines = values_of(inner.as_ref())?;
        let mut rest = small.to_owned();
        matmul(rest.as_mut(), Accum::Add, large, inner.as_ref(), -1.0, Par::Seq);
        // The smallest sine belongs to the largest cosine.
        let sines = values_of(rest.as_ref())?;
        Ok(sines.iter().rev().zip(&cosines).map(|(s, c)| s.atan2(*c).to_degrees()).collect())
    }

    /// Mean squared cosine of the principal angles, the share of the smaller subspace that lies in
    /// the larger one; `None` if one of them has no dimensions.
    ///
    /// # Errors
    /// If the spaces around them differ.
    pub fn overlap(&self, other: &Self) -> Result<Option<f64>, SpectrumError> {
        let [large, small] = self.ordered(other)?;
        let squares = times(large.transpose(), small).squared_norm_l2();
        Ok((small.ncols() > 0).then(|| squares / small.ncols() as f64))
    }

    /// The bases, of the larger subspace first.
    fn ordered<'a>(&'a self, other: &'a Self) -> Result<[MatRef<'a, f64>; 2], SpectrumError> {
        if self.space() != other.space() {
            return Err(SpectrumError::Spaces(self.space(), other.space()));
        }
        let [a, b] = [self.basis.as_ref(), other.basis.as_ref()];
        Ok(if a.ncols() >= b.ncols() { [a, b] } else { [b, a] })
    }
}

impl Svd {
    /// What the columns span, as far as the numerical rank goes.
    pub fn column_space(&self) -> Subspace {
        self.left_subspace(self.rank())
    }

    /// What the rows span, as far as the numerical rank goes.
    pub fn row_space(&self) -> Subspace {
        self.right_subspace(self.rank())
    }

    /// What the `leading` first left singular vectors span; no more than the numerical rank.
    pub fn left_subspace(&self, leading: usize) -> Subspace {
        Subspace { basis: self.left.subcols(0, leading.min(self.rank())).to_owned() }
    }

    /// What the `leading` first right singular vectors span; no more than the numerical rank.
    pub fn right_subspace(&self, leading: usize) -> Subspace {
        Subspace { basis: self.right.subcols(0, leading.min(self.rank())).to_owned() }
    }
}
