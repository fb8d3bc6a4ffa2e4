//! Eigenvalues of symmetric matrices.

use crate::matrix::Matrix;
use faer::dyn_stack::{MemBuffer, MemStack};
use faer::linalg::evd::{ComputeEigenvectors, self_adjoint_evd, self_adjoint_evd_scratch};
use faer::{Mat, MatRef, Par};
use thiserror::Error;

/// A decomposition that did not converge, which values that are not finite cause.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Error)]
#[error("the eigenvalues of a {0} x {0} matrix did not converge: are all its values finite?")]
pub struct NoConvergence(pub usize);

/// Eigenvalues of a symmetric matrix in ascending order; only its lower triangle is read.
///
/// # Errors
/// If the iteration does not converge.
pub fn symmetric_eigenvalues(matrix: &Matrix<f64>) -> Result<Vec<f64>, NoConvergence> {
    let found = matrix.as_faer().self_adjoint_eigenvalues(faer::Side::Lower);
    let mut values = found.map_err(|_| NoConvergence(matrix.rows()))?;
    values.sort_by(f64::total_cmp);
    Ok(values)
}

/// Eigenvalues of a symmetric matrix in descending order, with eigenvectors of norm 1 as columns in the same order;
/// only its lower triangle is read. Sequential, so that bytes do not depend on the number of threads.
///
/// # Errors
/// If the iteration does not converge.
pub(crate) fn symmetric_eigen(matrix: MatRef<'_, f64>) -> Result<(Vec<f64>, Mat<f64>), NoConvergence> {
    let n = matrix.nrows();
    let (mut values, mut vectors) = (faer::diag::Diag::zeros(n), Mat::zeros(n, n));
    let need = self_adjoint_evd_scratch::<f64>(n, ComputeEigenvectors::Yes, Par::Seq, Default::default());
    let mut room = MemBuffer::new(need);
    let stack = MemStack::new(&mut room);
    self_adjoint_evd(matrix, values.as_mut(), Some(vectors.as_mut()), Par::Seq, stack, Default::default())
        .map_err(|_| NoConvergence(n))?;
    let values: Vec<f64> = values.column_vector().iter().copied().collect();
    let mut order: Vec<usize> = (0..n).collect();
    order.sort_by(|&a, &b| values[b].total_cmp(&values[a]));
    let vectors = Mat::from_fn(n, n, |i, j| vectors[(i, order[j])]);
    Ok((order.iter().map(|&j| values[j]).collect(), vectors))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn of_a_known_matrix() {
        let m = Matrix::from_vec(3, 3, vec![2.0, -1.0, 0.0, -1.0, 2.0, -1.0, 0.0, -1.0, 2.0]);
        let values = symmetric_eigenvalues(&m).unwrap();
        let root = std::f64::consts::SQRT_2;
        assert!(values.iter().zip([2.0 - root, 2.0, 2.0 + root]).all(|(a, b)| (a - b).abs() < 1e-14), "{values:?}");
    }

    #[test]
    fn vectors_belong_to_their_values() {
        // Only the lower triangle counts.
        let m = Matrix::from_vec(3, 3, vec![2.0, 9.0, 9.0, -1.0, 2.0, 9.0, 0.0, -1.0, 2.0]);
        let (values, vectors) = symmetric_eigen(m.as_faer()).unwrap();
        let root = std::f64::consts::SQRT_2;
        for (j, (value, exact)) in values.iter().zip([2.0 + root, 2.0, 2.0 - root]).enumerate() {
            assert!((value - exact).abs() < 1e-14, "{values:?}");
            let v = [0, 1, 2].map(|i| vectors[(i, j)]);
            let image = [2.0 * v[0] - v[1], -v[0] + 2.0 * v[1] - v[2], -v[1] + 2.0 * v[2]];
            assert!(image.iter().zip(v).all(|(a, b)| (a - exact * b).abs() < 1e-14));
        }
        assert!(symmetric_eigen(Matrix::zeros(0, 0).as_faer()).unwrap().0.is_empty());
    }
}
