//! Eigenvalues of symmetric matrices.

use crate::matrix::Matrix;
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
}
