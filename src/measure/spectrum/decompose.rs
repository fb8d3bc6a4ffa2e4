//! The decompositions, by faer.

use super::{NoConvergence, SpectrumError};
use crate::matrix::Matrix;
use alignscope_compiled::decomposition;
use faer::linalg::matmul::matmul;
use faer::{Accum, Mat, MatRef, Par, c64};

/// Singular values in descending order, as many as the shorter side is long.
///
/// # Errors
/// If a value is not finite, the iteration does not converge, or a singular value is beyond the
/// largest number.
pub fn singular_values(matrix: &Matrix<f64>) -> Result<Vec<f64>, SpectrumError> {
    let scaled = Scaled::new(matrix)?;
    scaled.restore(values_of(scaled.matrix.as_ref())?)
}

/// Singular values of `W B` (`n1 x n1`) in descending order, for `W` of `n1 x n2` and `B` of `n2 x
/// n1`: the `min(n1, n2)` that need not be 0. Where `n2 < n1` they are those of `R_W R_B^T`, from
/// `W = Q_W R_W` and `B^T = Q_B R_B`.
///
/// # Errors
/// As [`singular_values`], or if `B` does not have the shape of `W^T`.
pub fn product_singular_values(
    forward: &Matrix<f64>,
    backward: &Matrix<f64>,
) -> Result<Vec<f64>, SpectrumError> {
    check_shapes(forward, backward)?;
    let (w, b) = (Scaled::new(forward)?, Scaled::new(&backward.transpose())?);
    let (power, tall) = (w.power + b.power, forward.cols() < forward.rows());
    let [w, b] = [w, b]
        .map(|scaled| if tall { decomposition::triangle(scaled.matrix) } else { scaled.matrix });
    restore(values_of(times(w.as_ref(), b.transpose()).as_ref())?, power)
}

/// Eigenvalues of a symmetric matrix in ascending order; only its lower triangle is read.
///
/// # Errors
/// As [`singular_values`], or if the matrix is not square.
pub fn symmetric_eigenvalues(matrix: &Matrix<f64>) -> Result<Vec<f64>, SpectrumError> {
    let n = square(matrix)?;
    let scaled = Scaled::new(matrix)?;
    let values = decomposition::symmetric_eigenvalues(scaled.matrix.as_ref());
    let mut values = scaled.restore(values.map_err(|_| NoConvergence(n, n))?)?;
    values.sort_by(f64::total_cmp);
    Ok(values)
}

/// Eigenvalues of a symmetric matrix in descending order, with eigenvectors of norm 1 as columns in
/// the same order; only its lower triangle is read.
///
/// # Errors
/// If the iteration does not converge.
pub(crate) fn symmetric_eigen(
    matrix: MatRef<'_, f64>,
) -> Result<(Vec<f64>, Mat<f64>), NoConvergence> {
    let n = matrix.nrows();
    let (values, vectors) =
        decomposition::symmetric_eigen(matrix).map_err(|_| NoConvergence(n, n))?;
    let mut order: Vec<usize> = (0..n).collect();
    order.sort_by(|&a, &b| values[b].total_cmp(&values[a]));
    let vectors = Mat::from_fn(n, n, |i, j| vectors[(i, order[j])]);
    Ok((order.iter().map(|&j| values[j]).collect(), vectors))
}

/// A matrix `R` with `R R^T = S`, for a positive semidefinite `S`: a column per eigenvalue that is
/// not zero to rounding.
///
/// # Errors
/// If the iteration does not converge.
pub(crate) fn root(matrix: &Matrix<f64>) -> Result<Matrix<f64>, NoConvergence> {
    let (values, vectors) = symmetric_eigen(matrix.as_faer())?;
    let n = matrix.rows();
    let least = n as f64 * f64::EPSILON * values.first().copied().unwrap_or(0.0);
    let rank = values.iter().take_while(|value| **value > least).count();
    let mut out = Matrix::zeros(n, rank);
    for (j, value) in values[..rank].iter().enumerate() {
        (0..n).for_each(|i| out.row_mut(i)[j] = value.sqrt() * vectors[(i, j)]);
    }
    Ok(out)
}

/// Eigenvalues of a square matrix, the largest modulus first; of a conjugate pair, the one above
/// the real axis first. Rows and columns are not balanced beforehand.
///
/// # Errors
/// As [`singular_values`], or if the matrix is not square.
pub fn eigenvalues(matrix: &Matrix<f64>) -> Result<Vec<c64>, SpectrumError> {
    square(matrix)?;
    let scaled = Scaled::new(matrix)?;
    restore_complex(general(scaled.matrix.as_ref())?, scaled.power)
}

/// Eigenvalues of `W B` (`n1 x n1`) or `B W` (`n2 x n2`), whichever is smaller, the largest modulus
/// first, for `W` of `n1 x n2` and `B` of `n2 x n1`. The larger product has these and `|n1 - n2|`
/// zeros. Their sum is the inner product of `W` and `B^T`.
///
/// # Errors
/// As [`singular_values`], or if `B` does not have the shape of `W^T`.
pub fn product_eigenvalues(
    forward: &Matrix<f64>,
    backward: &Matrix<f64>,
) -> Result<Vec<c64>, SpectrumError> {
    check_shapes(forward, backward)?;
    let (w, b) = (Scaled::new(forward)?, Scaled::new(backward)?);
    let (left, right) = if forward.rows() <= forward.cols() { (&w, &b) } else { (&b, &w) };
    let product = times(left.matrix.as_ref(), right.matrix.as_ref());
    restore_complex(general(product.as_ref())?, w.power + b.power)
}

/// Thin singular value decomposition `A = U S V^T`.
#[derive(Clone, Debug)]
pub struct Svd {
    /// `m x r`, with `r = min(m, n)`.
    pub(super) left: Mat<f64>,
    /// `n x r`.
    pub(super) right: Mat<f64>,
    values: Vec<f64>,
}

impl Svd {
    /// Decomposes a matrix.
    ///
    /// # Errors
    /// As [`singular_values`].
    pub fn new(matrix: &Matrix<f64>) -> Result<Self, SpectrumError> {
        let scaled = Scaled::new(matrix)?;
        let (m, n) = (matrix.rows(), matrix.cols());
        let found =
            decomposition::thin_svd(scaled.matrix.as_ref()).map_err(|_| NoConvergence(m, n))?;
        let values = scaled.restore(found.values)?;
        Ok(Self { left: found.left, right: found.right, values })
    }

    /// Singular values in descending order.
    pub fn values(&self) -> &[f64] {
        &self.values
    }

    /// Takes the part of rank 1 with a singular value off a matrix.
    pub(crate) fn take_off(&self, index: usize, matrix: &mut Matrix<f64>) {
        for i in 0..matrix.rows() {
            let factor = self.values[index] * self.left[(i, index)];
            let row = matrix.row_mut(i).iter_mut().enumerate();
            row.for_each(|(j, x)| *x -= factor * self.right[(j, index)]);
        }
    }

    /// Rows and columns of the matrix.
    pub fn shape(&self) -> (usize, usize) {
        (self.left.nrows(), self.right.nrows())
    }

    /// Numerical rank: see [`super::numerical_rank`].
    pub fn rank(&self) -> usize {
        super::numerical_rank(&self.values, self.shape())
    }
}

/// A matrix over a power of two that brings its largest magnitude to between 1 and 2.
struct Scaled {
    matrix: Mat<f64>,
    power: i32,
}

impl Scaled {
    fn new(matrix: &Matrix<f64>) -> Result<Self, SpectrumError> {
        let values = matrix.as_slice();
        if let Some(at) = values.iter().position(|v| !v.is_finite()) {
            let (row, column) = (at / matrix.cols(), at % matrix.cols());
            return Err(SpectrumError::NotFinite { value: values[at], row, column });
        }
        let largest = values.iter().fold(0.0f64, |m, v| m.max(v.abs()));
        let power =
            if largest > 0.0 { (largest.log2().floor() as i32).clamp(-1022, 1023) } else { 0 };
        let factor = f64::from(-power).exp2();
        let source = matrix.as_faer();
        let scaled = Mat::from_fn(matrix.rows(), matrix.cols(), |i, j| source[(i, j)] * factor);
        Ok(Self { matrix: scaled, power })
    }

    fn restore(&self, values: Vec<f64>) -> Result<Vec<f64>, SpectrumError> {
        restore(values, self.power)
    }
}

/// Times 2^`power`, which need not be a number itself.
fn raise(value: f64, power: i32) -> f64 {
    let half = power / 2;
    value * f64::from(half).exp2() * f64::from(power - half).exp2()
}

fn restore(values: Vec<f64>, power: i32) -> Result<Vec<f64>, SpectrumError> {
    let values: Vec<f64> = values.into_iter().map(|v| raise(v, power)).collect();
    if values.iter().all(|v| v.is_finite()) { Ok(values) } else { Err(SpectrumError::Overflow) }
}

fn restore_complex(values: Vec<c64>, power: i32) -> Result<Vec<c64>, SpectrumError> {
    let values: Vec<c64> =
        values.into_iter().map(|v| c64::new(raise(v.re, power), raise(v.im, power))).collect();
    if values.iter().all(|v| v.re.is_finite() && v.im.is_finite()) {
        Ok(values)
    } else {
        Err(SpectrumError::Overflow)
    }
}

fn square(matrix: &Matrix<f64>) -> Result<usize, SpectrumError> {
    let (m, n) = (matrix.rows(), matrix.cols());
    if m == n { Ok(n) } else { Err(SpectrumError::NotSquare(m, n)) }
}

fn check_shapes(forward: &Matrix<f64>, backward: &Matrix<f64>) -> Result<(), SpectrumError> {
    let (w, b) = ((forward.rows(), forward.cols()), (backward.rows(), backward.cols()));
    if w == (b.1, b.0) { Ok(()) } else { Err(SpectrumError::Shapes(w, b)) }
}

pub(super) fn times(left: MatRef<'_, f64>, right: MatRef<'_, f64>) -> Mat<f64> {
    let mut out = Mat::zeros(left.nrows(), right.ncols());
    matmul(out.as_mut(), Accum::Replace, left, right, 1.0, Par::Seq);
    out
}

/// Singular values in descending order.
pub(super) fn values_of(matrix: MatRef<'_, f64>) -> Result<Vec<f64>, SpectrumError> {
    let (m, n) = matrix.shape();
    let mut values = decomposition::singular_values(matrix).map_err(|_| NoConvergence(m, n))?;
    values.sort_by(|a, b| b.total_cmp(a));
    Ok(values)
}

fn general(matrix: MatRef<'_, f64>) -> Result<Vec<c64>, SpectrumError> {
    let n = matrix.nrows();
    let mut values = decomposition::eigenvalues(matrix).map_err(|_| NoConvergence(n, n))?;
    let order = |a: &c64, b: &c64| {
        b.norm().total_cmp(&a.norm()).then(b.re.total_cmp(&a.re)).then(b.im.total_cmp(&a.im))
    };
    values.sort_by(order);
    Ok(values)
}
