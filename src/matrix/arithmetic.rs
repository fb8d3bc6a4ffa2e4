//! Arithmetic of matrices.

use super::{Matrix, Product, View};
use crate::real::Real;
use faer::Accum;
use std::ops::{AddAssign, Mul, SubAssign};

impl<'a, T: Real> From<&'a Matrix<T>> for View<'a, T> {
    fn from(matrix: &'a Matrix<T>) -> Self {
        matrix.as_faer().into()
    }
}

impl<T: Real> Product<'_, T> {
    /// The product, in a matrix of its own.
    pub fn to_matrix(self) -> Matrix<T> {
        let (rows, cols) = self.shape();
        let mut out = Matrix::zeros(rows, cols);
        out.assign(self);
        out
    }
}

impl<T: Real> Matrix<T> {
    /// The matrix for use in a formula: a view that copies nothing.
    pub fn view(&self) -> View<'_, T> {
        self.into()
    }

    /// The transpose for use in a formula: a view that copies nothing.
    pub fn t(&self) -> View<'_, T> {
        self.view().t()
    }

    /// Overwrites the values with those of a product of the same shape.
    pub fn assign(&mut self, product: Product<'_, T>) {
        product.write(self.as_faer_mut(), Accum::Replace);
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
        self.as_mut_slice()
            .iter_mut()
            .zip(other.as_slice())
            .for_each(|(sum, &value)| *sum += value);
    }
}

impl<T: Real> SubAssign<&Self> for Matrix<T> {
    fn sub_assign(&mut self, other: &Self) {
        assert_eq!(self.shape(), other.shape(), "shapes of a difference");
        self.as_mut_slice()
            .iter_mut()
            .zip(other.as_slice())
            .for_each(|(rest, &value)| *rest -= value);
    }
}

/// The products of matrices with each other and with views.
macro_rules! products {
    ($($left:ty, $right:ty;)*) => {$(
        impl<'a, T: Real> Mul<$right> for $left {
            type Output = Product<'a, T>;
            fn mul(self, right: $right) -> Product<'a, T> {
                View::from(self) * View::from(right)
            }
        }
    )*};
}
products! {
    &'a Matrix<T>, &'a Matrix<T>;
    &'a Matrix<T>, View<'a, T>;
    View<'a, T>, &'a Matrix<T>;
}

/// The multiples of matrices.
macro_rules! multiples {
    ($($number:ty)*) => {$(
        impl<'a> Mul<&'a Matrix<$number>> for $number {
            type Output = View<'a, $number>;
            fn mul(self, matrix: &'a Matrix<$number>) -> View<'a, $number> {
                self * matrix.view()
            }
        }
    )*};
}
multiples! { f32 f64 }

#[cfg(test)]
mod tests {
    use super::*;
    use crate::matrix::ViewMut;

    fn counting(rows: usize, cols: usize) -> Matrix<f64> {
        Matrix::from_vec(rows, cols, (1..=rows * cols).map(|i| i as f64).collect())
    }

    /// `factor * left * right`, entry by entry.
    fn by_entries(factor: f64, left: &Matrix<f64>, right: &Matrix<f64>) -> Matrix<f64> {
        let mut out = Matrix::zeros(left.rows(), right.cols());
        for i in 0..left.rows() {
            for j in 0..right.cols() {
                let column = (0..right.rows()).map(|k| right.row(k)[j]);
                out.row_mut(i)[j] =
                    factor * left.row(i).iter().zip(column).map(|(a, b)| a * b).sum::<f64>();
            }
        }
        out
    }

    #[test]
    fn every_pair_of_operands_is_their_product() {
        let (a, b) = (counting(2, 3), counting(3, 4));
        let (at, bt) = (a.transpose(), b.transpose());
        let expected = by_entries(1.0, &a, &b);
        for product in
            [&a * &b, &a * bt.t(), at.t() * &b, at.t() * bt.t(), View::from(&a) * View::from(&b)]
        {
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
