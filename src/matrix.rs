//! A dense row-major matrix: rows are samples (or inputs), columns are units.
//!
//! Storage is contiguous without padding, so that elementwise passes run over one slice and a
//! prefix of rows is itself a matrix. Decompositions go through [`Matrix::as_faer`]; products are
//! written as in the formula:
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
//! | `a.view()`, `a.t()`, `eta * a.t()` | a [`View`]: the matrix, its transpose, a multiple; copies nothing |
//! | `a.t() * &b`, `eta * a.t() * &b` | a [`Product`]: computes nothing yet |
//! | `out.assign(product)`, `out += product` | one call of faer's `matmul` into `out`; allocates nothing |
//! | `product.to_matrix()` | the same into a new matrix |
//! | `out += &a`, `out -= &a`, `out += eta * a.t()` | a sum, entry by entry |
//!
//! No operator allocates. All products run on the calling thread (`Par::Seq`): which sum is added
//! up in which order depends on shapes alone, so that bytes do not depend on the number of threads.
//! Work is shared out above, over jobs, parts of a batch and blocks of rows.

mod arithmetic;

pub use crate::view::{Product, View, ViewMut};

use crate::real::Real;
use crate::vmath::{dot, scaled_norm, sum_squares};
use faer::{MatMut, MatRef};

/// Dense row-major matrix of `rows x cols` values.
#[derive(Clone, Debug, PartialEq)]
pub struct Matrix<T> {
    rows: usize,
    cols: usize,
    data: Vec<T>,
}

impl<T: Real> Matrix<T> {
    /// A `rows x cols` matrix of zeros.
    pub fn zeros(rows: usize, cols: usize) -> Self {
        Self { rows, cols, data: vec![T::zero(); rows * cols] }
    }

    /// The identity matrix of `n` rows.
    pub fn identity(n: usize) -> Self {
        let mut out = Self::zeros(n, n);
        (0..n).for_each(|i| out.row_mut(i)[i] = T::one());
        out
    }

    /// Takes `data` in row-major order.
    ///
    /// # Panics
    /// If `data.len() != rows * cols`: a bug of the caller, never of user input.
    pub fn from_vec(rows: usize, cols: usize, data: Vec<T>) -> Self {
        assert_eq!(
            data.len(),
            rows * cols,
            "a {rows} x {cols} matrix needs {} values",
            rows * cols
        );
        Self { rows, cols, data }
    }

    /// Number of rows (samples, or units of the lower layer).
    pub fn rows(&self) -> usize {
        self.rows
    }

    /// Number of columns (units of the upper layer).
    pub fn cols(&self) -> usize {
        self.cols
    }

    /// Rows and columns.
    pub fn shape(&self) -> (usize, usize) {
        (self.rows, self.cols)
    }

    /// Keeps `rows` rows (new ones are zero); allocates only beyond the largest number so far.
    pub fn set_rows(&mut self, rows: usize) {
        self.rows = rows;
        self.data.resize(rows * self.cols, T::zero());
    }

    /// All values, row after row.
    pub fn as_slice(&self) -> &[T] {
        &self.data
    }

    /// All values, row after row.
    pub fn as_mut_slice(&mut self) -> &mut [T] {
        &mut self.data
    }

    /// Makes every row a copy of `row`, which has `cols` values, at least one.
    pub fn fill_rows(&mut self, row: &[T]) {
        self.data.chunks_exact_mut(row.len()).for_each(|values| values.copy_from_slice(row));
    }

    /// Adds `row` to every row; nothing where it is empty, as the biases of a layer without any.
    pub fn add_to_rows(&mut self, row: &[T]) {
        if row.is_empty() {
            return;
        }
        for values in self.data.chunks_exact_mut(row.len()) {
            values.iter_mut().zip(row).for_each(|(value, &added)| *value += added);
        }
    }

    /// Row `i`, `cols` values.
    pub fn row(&self, i: usize) -> &[T] {
        &self.data[i * self.cols..(i + 1) * self.cols]
    }

    /// Row `i`, `cols` values.
    pub fn row_mut(&mut self, i: usize) -> &mut [T] {
        &mut self.data[i * self.cols..(i + 1) * self.cols]
    }

    /// A view for faer.
    pub fn as_faer(&self) -> MatRef<'_, T> {
        MatRef::from_row_major_slice(&self.data, self.rows, self.cols)
    }

    /// A mutable view for faer.
    pub fn as_faer_mut(&mut self) -> MatMut<'_, T> {
        MatMut::from_row_major_slice_mut(&mut self.data, self.rows, self.cols)
    }

    /// Frobenius inner product with a matrix of the same shape, in double precision.
    pub fn inner<U: Real>(&self, other: &Matrix<U>) -> f64 {
        debug_assert_eq!(self.shape(), other.shape(), "shapes of an inner product");
        dot(&self.data, &other.data)
    }

    /// Square of the Frobenius norm, in double precision.
    pub fn squared_norm(&self) -> f64 {
        sum_squares(&self.data)
    }

    /// Frobenius norm, in double precision, of values of any scale: where their squares would leave
    /// the range of normal numbers they are scaled first.
    pub fn norm(&self) -> f64 {
        match scaled_norm(&self.data) {
            Some((scale, norm)) => norm / scale,
            // Zero, infinite or not a number.
            None => self.data.iter().map(|value| value.to_f64().abs()).sum(),
        }
    }

    /// Sum of the diagonal, in double precision. Over the number of rows it is the mean eigenvalue,
    /// of the matrix and of its symmetric part.
    pub fn trace(&self) -> f64 {
        (0..self.rows.min(self.cols)).map(|i| self.row(i)[i].to_f64()).sum()
    }

    /// The transpose, copied.
    pub fn transpose(&self) -> Self {
        let mut out = Self::zeros(self.cols, self.rows);
        out.copy_transposed(self);
        out
    }

    /// Overwrites `self` with the transpose of `source` (`cols x rows`).
    pub fn copy_transposed(&mut self, source: &Self) {
        assert_eq!((self.rows, self.cols), (source.cols, source.rows), "shapes of a transpose");
        for (i, row) in self.data.chunks_exact_mut(self.cols.max(1)).enumerate() {
            for (value, from) in row.iter_mut().zip(source.data[i..].iter().step_by(source.cols)) {
                *value = *from;
            }
        }
    }

    /// Multiplies every value by `factor`.
    pub fn scale(&mut self, factor: T) {
        for value in &mut self.data {
            *value *= factor;
        }
    }

    /// The same matrix in double precision.
    pub fn to_f64(&self) -> Matrix<f64> {
        Matrix {
            rows: self.rows,
            cols: self.cols,
            data: self.data.iter().map(|v| v.to_f64()).collect(),
        }
    }
}

/// `out += factor * values`.
pub(crate) fn add_scaled<T: Real>(out: &mut [T], values: &[T], factor: T) {
    for (out, &value) in out.iter_mut().zip(values) {
        *out += factor * value;
    }
}
