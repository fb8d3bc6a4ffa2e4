//! Products of matrices, written as in the formula and evaluated where they are assigned.
//!
//! ```
//! use alignscope::matrix::Matrix;
//!
//! let (source, delta) = (Matrix::from_vec(1, 2, vec![1.0, 2.0]), Matrix::from_vec(1, 2, vec![3.0, 4.0]));
//! let (eta, mut weights) = (0.5, Matrix::zeros(2, 2));
//! weights += eta * source.t() * &delta;
//! assert_eq!(weights.as_slice(), [1.5, 2.0, 3.0, 4.0]);
//! weights.assign(source.t() * &delta);
//! assert_eq!((source.t() * &delta).to_matrix(), weights);
//! ```
//!
//! | written | what it does |
//! |---|---|
//! | `a.t()`, `eta * &a`, `eta * a.t()` | a [`View`]: the matrix, its transpose, a multiple; copies nothing |
//! | `a.t() * &b`, `eta * a.t() * &b` | a [`Product`]: computes nothing yet |
//! | `out.assign(product)`, `out += product` | one call of faer's `matmul` into `out`; allocates nothing |
//! | `product.to_matrix()` | the same into a new matrix |
//!
//! No operator allocates. All products run on the calling thread (`Par::Seq`): which sum is added up in which order
//! depends on shapes alone, so that bytes do not depend on the number of threads. Work is shared out above, over jobs,
//! parts of a batch and blocks of rows.

use super::Matrix;
use crate::real::Real;
use faer::linalg::matmul::matmul;
use faer::{Accum, MatMut, MatRef, Par};
use std::ops::{AddAssign, Mul, Range, SubAssign};

/// A matrix as it enters a formula: as it is stored or transposed, whole or in part, times a number.
#[derive(Clone, Copy, Debug)]
pub struct View<'a, T> {
    matrix: MatRef<'a, T>,
    factor: T,
}

impl<'a, T: Real> View<'a, T> {
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

impl<'a, T: Real> From<MatRef<'a, T>> for View<'a, T> {
    fn from(matrix: MatRef<'a, T>) -> Self {
        Self { matrix, factor: T::one() }
    }
}

impl<'a, T: Real> From<&'a Matrix<T>> for View<'a, T> {
    fn from(matrix: &'a Matrix<T>) -> Self {
        matrix.as_faer().into()
    }
}

/// A number times the product of two matrices, not yet computed.
#[derive(Clone, Copy, Debug)]
#[must_use = "a product is computed where it is assigned or added"]
pub struct Product<'a, T> {
    left: MatRef<'a, T>,
    right: MatRef<'a, T>,
    factor: T,
}

impl<T: Real> Product<'_, T> {
    /// The product, in a matrix of its own.
    pub fn to_matrix(self) -> Matrix<T> {
        let mut out = Matrix::zeros(self.left.nrows(), self.right.ncols());
        out.assign(self);
        out
    }

    fn write(self, out: MatMut<'_, T>, write: Accum) {
        matmul(out, write, self.left, self.right, self.factor, Par::Seq);
    }
}

/// A matrix to write to that lies in a slice: a block of rows of a larger one, or room for several.
#[derive(Debug)]
pub struct ViewMut<'a, T>(MatMut<'a, T>);

impl<'a, T: Real> ViewMut<'a, T> {
    /// The `rows x cols` matrix that these values are, row after row.
    pub fn from_slice(values: &'a mut [T], rows: usize, cols: usize) -> Self {
        Self(MatMut::from_row_major_slice_mut(values, rows, cols))
    }

    /// Overwrites the values with those of a product of the same shape.
    pub fn assign(&mut self, product: Product<'_, T>) {
        product.write(self.0.as_mut(), Accum::Replace);
    }
}

impl<T: Real> Matrix<T> {
    /// The transpose, for use in a formula: a view that copies nothing.
    pub fn t(&self) -> View<'_, T> {
        View::from(self).t()
    }

    /// Overwrites the values with those of a product of the same shape.
    pub fn assign(&mut self, product: Product<'_, T>) {
        product.write(self.as_faer_mut(), Accum::Replace);
    }
}

impl<T: Real> AddAssign<Product<'_, T>> for ViewMut<'_, T> {
    fn add_assign(&mut self, product: Product<'_, T>) {
        product.write(self.0.as_mut(), Accum::Add);
    }
}

impl<T: Real> AddAssign<Product<'_, T>> for Matrix<T> {
    fn add_assign(&mut self, product: Product<'_, T>) {
        product.write(self.as_faer_mut(), Accum::Add);
    }
}

impl<T: Real> AddAssign<View<'_, T>> for Matrix<T> {
    fn add_assign(&mut self, view: View<'_, T>) {
        assert_eq!(self.shape(), view.matrix.shape(), "shapes of a sum");
        for i in 0..self.rows() {
            let (row, values) = (self.row_mut(i), view.matrix.row(i));
            row.iter_mut().zip(values.iter()).for_each(|(sum, &value)| *sum += view.factor * value);
        }
    }
}

impl<T: Real> AddAssign<&Self> for Matrix<T> {
    fn add_assign(&mut self, other: &Self) {
        assert_eq!(self.shape(), other.shape(), "shapes of a sum");
        self.as_mut_slice().iter_mut().zip(other.as_slice()).for_each(|(sum, &value)| *sum += value);
    }
}

impl<T: Real> SubAssign<&Self> for Matrix<T> {
    fn sub_assign(&mut self, other: &Self) {
        assert_eq!(self.shape(), other.shape(), "shapes of a difference");
        self.as_mut_slice().iter_mut().zip(other.as_slice()).for_each(|(rest, &value)| *rest -= value);
    }
}

/// The products of matrices and views with each other.
macro_rules! products {
    ($($left:ty, $right:ty;)*) => {$(
        impl<'a, T: Real> Mul<$right> for $left {
            type Output = Product<'a, T>;
            fn mul(self, right: $right) -> Product<'a, T> {
                let (left, right) = (View::from(self), View::from(right));
                Product { left: left.matrix, right: right.matrix, factor: left.factor * right.factor }
            }
        }
    )*};
}
products! {
    &'a Matrix<T>, &'a Matrix<T>;
    &'a Matrix<T>, View<'a, T>;
    View<'a, T>, &'a Matrix<T>;
    View<'a, T>, View<'a, T>;
}

/// The multiples of matrices and views. Their factor stands on the left, so that a formula needs no parentheses.
macro_rules! multiples {
    ($($number:ty)*) => {$(
        impl<'a> Mul<View<'a, $number>> for $number {
            type Output = View<'a, $number>;
            fn mul(self, view: View<'a, $number>) -> View<'a, $number> {
                View { factor: self * view.factor, ..view }
            }
        }

        impl<'a> Mul<&'a Matrix<$number>> for $number {
            type Output = View<'a, $number>;
            fn mul(self, matrix: &'a Matrix<$number>) -> View<'a, $number> {
                self * View::from(matrix)
            }
        }
    )*};
}
multiples! { f32 f64 }

#[cfg(test)]
mod tests {
    use super::*;

    fn counting(rows: usize, cols: usize) -> Matrix<f64> {
        Matrix::from_vec(rows, cols, (1..=rows * cols).map(|i| i as f64).collect())
    }

    /// `factor * left * right`, entry by entry.
    fn by_entries(factor: f64, left: &Matrix<f64>, right: &Matrix<f64>) -> Matrix<f64> {
        let mut out = Matrix::zeros(left.rows(), right.cols());
        for i in 0..left.rows() {
            for j in 0..right.cols() {
                let column = (0..right.rows()).map(|k| right.row(k)[j]);
                out.row_mut(i)[j] = factor * left.row(i).iter().zip(column).map(|(a, b)| a * b).sum::<f64>();
            }
        }
        out
    }

    #[test]
    fn every_pair_of_operands_is_their_product() {
        let (a, b) = (counting(2, 3), counting(3, 4));
        let (at, bt) = (a.transpose(), b.transpose());
        let expected = by_entries(1.0, &a, &b);
        for product in [&a * &b, &a * bt.t(), at.t() * &b, at.t() * bt.t(), View::from(&a) * View::from(&b)] {
            assert_eq!(product.to_matrix(), expected);
        }
        let halves = 0.5 * at.t() * (4.0 * &b);
        assert_eq!(halves.to_matrix(), by_entries(2.0, &a, &b));
    }

    #[test]
    fn a_product_overwrites_or_adds_and_parts_are_those_of_the_whole() {
        let (a, b) = (counting(4, 3), counting(3, 2));
        let whole = by_entries(2.0, &a, &b);
        let mut out = counting(4, 2);
        out.assign(2.0 * &a * &b);
        assert_eq!(out, whole);
        out += 2.0 * &a * &b;
        assert_eq!(out, by_entries(4.0, &a, &b));
        let mut rows = vec![1.0; 4];
        let mut part = ViewMut::from_slice(&mut rows, 2, 2);
        part.assign(2.0 * View::from(&a).subrows(1..3) * &b);
        part += 2.0 * a.t().subcols(1..3).t() * View::from_slice(b.as_slice(), 3, 2);
        let twice: Vec<f64> = whole.as_slice()[2..6].iter().map(|value| 2.0 * value).collect();
        assert_eq!(rows, twice);
    }

    #[test]
    fn sums_are_entry_by_entry() {
        let (a, mut out) = (counting(2, 2), Matrix::zeros(2, 2));
        out += &a;
        out += 3.0 * a.t();
        assert_eq!(out.as_slice(), [4.0, 11.0, 9.0, 16.0]);
        out -= &a;
        out += -3.0 * a.t();
        assert_eq!(out, Matrix::zeros(2, 2));
    }

    #[test]
    #[should_panic(expected = "shapes of a sum")]
    fn a_transpose_is_not_added_to_another_shape() {
        let mut out = counting(2, 3);
        out += 1.0 * counting(2, 3).t();
    }
}
