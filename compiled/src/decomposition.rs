//! Decompositions of matrices of double precision, by faer, on one thread.

use faer::diag::Diag;
use faer::dyn_stack::{MemBuffer, MemStack};
use faer::linalg::evd::{
    ComputeEigenvectors, evd_real, evd_scratch, self_adjoint_evd, self_adjoint_evd_scratch,
};
use faer::linalg::qr::no_pivoting::factor::{
    qr_in_place, qr_in_place_scratch, recommended_block_size,
};
use faer::linalg::svd::{ComputeSvdVectors, svd, svd_scratch};
use faer::{Mat, MatRef, Par, Spec, c64};

/// The iteration did not converge.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct NoConvergence;

fn values(diagonal: &Diag<f64>) -> Vec<f64> {
    diagonal.column_vector().iter().copied().collect()
}

/// Eigenvalues of a symmetric matrix, in no order that can be relied on; only its lower triangle is
/// read.
///
/// # Errors
/// If the iteration does not converge.
pub fn symmetric_eigenvalues(matrix: MatRef<'_, f64>) -> Result<Vec<f64>, NoConvergence> {
    let n = matrix.nrows();
    let mut found = Diag::zeros(n);
    let (none, params) = (ComputeEigenvectors::No, Spec::default());
    let mut memory = MemBuffer::new(self_adjoint_evd_scratch::<f64>(n, none, Par::Seq, params));
    self_adjoint_evd(matrix, found.as_mut(), None, Par::Seq, MemStack::new(&mut memory), params)
        .map_err(|_| NoConvergence)?;
    Ok(values(&found))
}

/// Eigenvalues of a symmetric matrix, as [`symmetric_eigenvalues`], and eigenvectors of norm 1 as
/// columns in the same order.
///
/// # Errors
/// If the iteration does not converge.
pub fn symmetric_eigen(matrix: MatRef<'_, f64>) -> Result<(Vec<f64>, Mat<f64>), NoConvergence> {
    let n = matrix.nrows();
    if n == 0 {
        // faer counts n - 1 reflections here, which overflows where such things are checked.
        return Ok((Vec::new(), Mat::zeros(0, 0)));
    }
    let (mut found, mut vectors) = (Diag::zeros(n), Mat::zeros(n, n));
    let (all, params) = (ComputeEigenvectors::Yes, Spec::default());
    let mut memory = MemBuffer::new(self_adjoint_evd_scratch::<f64>(n, all, Par::Seq, params));
    let stack = MemStack::new(&mut memory);
    self_adjoint_evd(matrix, found.as_mut(), Some(vectors.as_mut()), Par::Seq, stack, params)
        .map_err(|_| NoConvergence)?;
    Ok((values(&found), vectors))
}

/// Eigenvalues of a square matrix, in no order that can be relied on. Rows and columns are not
/// balanced beforehand.
///
/// # Errors
/// If the iteration does not converge.
pub fn eigenvalues(matrix: MatRef<'_, f64>) -> Result<Vec<c64>, NoConvergence> {
    let n = matrix.nrows();
    if n == 0 {
        return Ok(Vec::new());
    }
    let (mut real, mut imaginary) = (Diag::zeros(n), Diag::zeros(n));
    let (none, params) = (ComputeEigenvectors::No, Spec::default());
    let mut memory = MemBuffer::new(evd_scratch::<f64>(n, none, none, Par::Seq, params));
    let stack = MemStack::new(&mut memory);
    evd_real(matrix, real.as_mut(), imaginary.as_mut(), None, None, Par::Seq, stack, params)
        .map_err(|_| NoConvergence)?;
    let parts = values(&real).into_iter().zip(values(&imaginary));
    Ok(parts.map(|(re, im)| c64::new(re, im)).collect())
}

/// Singular values of a matrix, in no order that can be relied on.
///
/// # Errors
/// If the iteration does not converge.
pub fn singular_values(matrix: MatRef<'_, f64>) -> Result<Vec<f64>, NoConvergence> {
    let (m, n) = matrix.shape();
    let mut found = Diag::zeros(m.min(n));
    if m.min(n) > 0 {
        let (none, params) = (ComputeSvdVectors::No, Spec::default());
        let mut memory = MemBuffer::new(svd_scratch::<f64>(m, n, none, none, Par::Seq, params));
        svd(matrix, found.as_mut(), None, None, Par::Seq, MemStack::new(&mut memory), params)
            .map_err(|_| NoConvergence)?;
    }
    Ok(values(&found))
}

/// `A = U S V^T` with `U` of `m x r`, `V` of `n x r` and `r = min(m, n)` singular values in
/// descending order.
#[derive(Clone, Debug)]
pub struct ThinSvd {
    /// `U`.
    pub left: Mat<f64>,
    /// The diagonal of `S`.
    pub values: Vec<f64>,
    /// `V`.
    pub right: Mat<f64>,
}

/// The thin singular value decomposition of a matrix.
///
/// # Errors
/// If the iteration does not converge.
pub fn thin_svd(matrix: MatRef<'_, f64>) -> Result<ThinSvd, NoConvergence> {
    let (m, n) = matrix.shape();
    let r = m.min(n);
    let (mut left, mut right) = (Mat::zeros(m, r), Mat::zeros(n, r));
    let mut found = Diag::zeros(r);
    if r > 0 {
        let (thin, params) = (ComputeSvdVectors::Thin, Spec::default());
        let mut memory = MemBuffer::new(svd_scratch::<f64>(m, n, thin, thin, Par::Seq, params));
        let (u, v, stack) = (left.as_mut(), right.as_mut(), MemStack::new(&mut memory));
        svd(matrix, found.as_mut(), Some(u), Some(v), Par::Seq, stack, params)
            .map_err(|_| NoConvergence)?;
    }
    Ok(ThinSvd { left, values: values(&found), right })
}

/// The triangular factor `R` of `A = Q R`, `n x n` for `A` of `m x n`, `m >= n`.
pub fn triangle(mut matrix: Mat<f64>) -> Mat<f64> {
    let (m, n) = matrix.shape();
    if n > 0 {
        let block = recommended_block_size::<f64>(m, n);
        let (mut coefficients, params) = (Mat::zeros(block, n), Spec::default());
        let mut memory = MemBuffer::new(qr_in_place_scratch::<f64>(m, n, block, Par::Seq, params));
        let stack = MemStack::new(&mut memory);
        qr_in_place(matrix.as_mut(), coefficients.as_mut(), Par::Seq, stack, params);
    }
    Mat::from_fn(n, n, |i, j| if i <= j { matrix[(i, j)] } else { 0.0 })
}
