//! Norms of terms, and where they point.

use super::{Decomposition, Sums, Term};
use crate::matrix::Matrix;
use crate::measure::angle::{Direction, ShapeMismatch};
use crate::real::Real;

/// The direction `B_l^T` that terms are compared with: made once, read many times.
#[derive(Clone, Debug)]
pub struct Towards {
    direction: Direction,
    transposed: Matrix<f64>,
}

impl Towards {
    /// Towards `B_l^T`, `B_l` being `n_{l+1} x n_l`.
    pub fn transpose_of<T: Real>(backward: &Matrix<T>) -> Self {
        let transposed = backward.to_f64().transpose();
        Self { direction: Direction::towards(&transposed), transposed }
    }

    /// Reads one term, `n_l x n_{l+1}`.
    ///
    /// # Errors
    /// If it does not have the shape of `B_l^T`.
    pub fn read<T: Real>(&self, term: &Matrix<T>) -> Result<Reading, ShapeMismatch> {
        let (found, needed) = (term.shape(), self.transposed.shape());
        if found != needed {
            return Err(ShapeMismatch(found, needed));
        }
        Ok(Reading {
            angle: self.direction.angle_to(term.as_slice()),
            norm: term.norm(),
            inner: term.inner(&self.transposed),
        })
    }
}

/// One term, in numbers.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Reading {
    /// Angle to `B_l^T` in degrees; `None` for a term of zeros.
    pub angle: Option<f64>,
    /// Frobenius norm.
    pub norm: f64,
    /// Inner product with `B_l^T`.
    pub inner: f64,
}

/// Terms of one lag, in numbers.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct TermReading {
    /// The lag `o`.
    pub lag: usize,
    /// `T^o`.
    pub alignment: Reading,
    /// `N^o`.
    pub projection: Option<Reading>,
}

/// A [`Decomposition`], in numbers.
#[derive(Clone, Debug, PartialEq)]
pub struct Readings {
    /// The update.
    pub update: Reading,
    /// The last term.
    pub last: Reading,
    /// Terms of the lags asked for.
    pub terms: Vec<TermReading>,
    /// `sum_o T^o`.
    pub alignment: Option<Reading>,
    /// `sum_o N^o`.
    pub projection: Option<Reading>,
    /// Sum over the multiples of a period.
    pub revisits: Option<Reading>,
    /// The remainder by subtraction.
    pub remainder: Option<Reading>,
    /// The remainder from its own definition.
    pub direct_remainder: Option<Reading>,
    /// Last term and remainder together: all that does not come from past steps to first order.
    pub non_aligning: Option<Reading>,
}

impl<T: Real> Decomposition<T> {
    /// Norms, angles and inner products of everything there is, towards `B_l^T`, but for what the
    /// control did, which has a direction of its own.
    ///
    /// # Errors
    /// If the direction is that of another layer.
    pub fn read(&self, towards: &Towards) -> Result<Readings, ShapeMismatch> {
        let maybe = |term: Option<&Matrix<T>>| term.map(|term| towards.read(term)).transpose();
        let read_term = |term: &Term<T>| {
            Ok(TermReading {
                lag: term.lag,
                alignment: towards.read(&term.alignment)?,
                projection: maybe(term.projection.as_ref())?,
            })
        };
        let sums = self.sums.as_ref();
        let non_aligning = sums.map(|sums| {
            let mut sum = self.last.clone();
            sum += &sums.remainder;
            sum
        });
        let picked = |pick: fn(&Sums<T>) -> Option<&Matrix<T>>| sums.and_then(pick);
        Ok(Readings {
            update: towards.read(&self.update)?,
            last: towards.read(&self.last)?,
            terms: self.terms.iter().map(read_term).collect::<Result<_, ShapeMismatch>>()?,
            alignment: maybe(picked(|sums| Some(&sums.alignment)))?,
            projection: maybe(picked(|sums| sums.projection.as_ref()))?,
            revisits: maybe(picked(|sums| sums.revisits.as_ref()))?,
            remainder: maybe(picked(|sums| Some(&sums.remainder)))?,
            direct_remainder: maybe(picked(|sums| sums.direct_remainder.as_ref()))?,
            non_aligning: maybe(non_aligning.as_ref())?,
        })
    }
}
