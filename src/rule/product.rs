//! The one matrix product of the rule: sequential, so that bytes do not depend on the number of threads.

use crate::matrix::Matrix;
use crate::real::Real;
use faer::linalg::matmul::matmul;
use faer::{Accum, MatMut, MatRef, Par};

/// What a product does with the values already there.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Product {
    /// Overwrites them.
    Replace,
    /// Adds to them.
    Add,
}

/// `out = factor * left * right`, or `out += ...`. Summation order depends on the shapes alone.
pub fn product<T: Real>(out: &mut Matrix<T>, write: Product, left: MatRef<'_, T>, right: MatRef<'_, T>, factor: T) {
    product_into(out.as_faer_mut(), write, left, right, factor);
}

/// The same, into a part of a matrix.
pub(crate) fn product_into<T: Real>(
    out: MatMut<'_, T>,
    write: Product,
    left: MatRef<'_, T>,
    right: MatRef<'_, T>,
    factor: T,
) {
    let write = match write {
        Product::Replace => Accum::Replace,
        Product::Add => Accum::Add,
    };
    matmul(out, write, left, right, factor, Par::Seq);
}
