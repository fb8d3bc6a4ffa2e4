//! Views of matrices, and their products: written as in the formula, computed where they are
//! assigned.
//!
//! They know nothing of this crate, so that the [numbers](crate::real::Real) every part is generic
//! over can promise to be multiplied with them. For use see [`crate::matrix`].

use faer::linalg::matmul::matmul;
use faer::traits::ComplexField;
use faer::{Accum, MatMut, MatRef, Par};
use std::ops::{AddAssign, Mul, Range};

/// A matrix as it enters a formula: as it is stored or transposed, whole or in part, times a
/// number.
#[derive(Clone, Copy, Debug)]
pub struct View<'a, T> {
    pub(crate) matrix: MatRef<'a, T>,
    pub(crate) factor: T,
}

impl<'a, T: ComplexField> View<'a, T> {
    /// The `rows x cols` matrix that these values are, row after row.
    pub fn from_slice(values: &'a [T], rows: usize, cols: usize) -> Self {
        MatRef::from_row_major_slice(values, rows, cols).into()
    }

    /// The transpose.
    pub fn t(self) -> Self {
        Self { matrix: self.matrix.transpose(), ..self }
    }

    /// Some of the rows.
    pub fn subrows(self, rows: Range<usize>) -> Self {
        Self { matrix: self.matrix.subrows(rows.start, rows.len()), ..self }
    }

    /// Some of the columns.
    pub fn subcols(self, cols: Range<usize>) -> Self {
        Self { matrix: self.matrix.subcols(cols.start, cols.len()), ..self }
    }
}

impl<'a, T: ComplexField> From<MatRef<'a, T>> for View<'a, T> {
    fn from(matrix: MatRef<'a, T>) -> Self {
        Self { matrix, factor: T::one_impl() }
    }
}

/// A multiple stands to the left of the matrix, as in a formula.
macro_rules! multiples {
    ($($number:ty)*) => {$(
        impl<'a> Mul<View<'a, $number>> for $number {
            type Output = View<'a, $number>;
            fn mul(self, view: View<'a, $number>) -> View<'a, $number> {
                View { factor: self * view.factor, ..view }
            }
        }
    )*};
}
multiples! { f32 f64 }

/// A number times the product of two matrices, not yet computed.
#[derive(Clone, Copy, Debug)]
#[must_use = "a product is computed where it is assigned or added"]
pub struct Product<'a, T> {
    left: MatRef<'a, T>,
    right: MatRef<'a, T>,
    factor: T,
}

impl<T: ComplexField> Product<'_, T> {
    /// Rows and columns.
    pub fn shape(&self) -> (usize, usize) {
        (self.left.nrows(), self.right.ncols())
    }

    /// Computes it, into `out` or in addition to what is there.
    pub(crate) fn write(self, out: MatMut<'_, T>, write: Accum) {
        matmul(out, write, self.left, self.right, self.factor, Par::Seq);
    }
}

impl<'a, T: Mul<Output = T>> Mul for View<'a, T> {
    type Output = Product<'a, T>;
    fn mul(self, right: Self) -> Product<'a, T> {
        Product { left: self.matrix, right: right.matrix, factor: self.factor * right.factor }
    }
}

/// A matrix to write to that lies in a slice: a block of rows of a larger one, or room for several.
#[derive(Debug)]
pub struct ViewMut<'a, T>(MatMut<'a, T>);

impl<'a, T: ComplexField> ViewMut<'a, T> {
    /// The `rows x cols` matrix that these values are, row after row.
    pub fn from_slice(values: &'a mut [T], rows: usize, cols: usize) -> Self {
        Self(MatMut::from_row_major_slice_mut(values, rows, cols))
    }

    /// Overwrites the values with those of a product of the same shape.
    pub fn assign(&mut self, product: Product<'_, T>) {
        product.write(self.0.as_mut(), Accum::Replace);
    }
}

impl<T: ComplexField> AddAssign<Product<'_, T>> for ViewMut<'_, T> {
    fn add_assign(&mut self, product: Product<'_, T>) {
        product.write(self.0.as_mut(), Accum::Add);
    }
}
