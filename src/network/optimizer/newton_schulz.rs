//! Newton-Schulz orthogonalisation, as Muon has it.

use crate::matrix::Matrix;
use crate::real::Real;

/// Coefficients of the quintic, number of its iterations, least norm that is divided by (Jordan et
/// al. 2024, "Muon: an optimizer for hidden layers in neural networks"; the defaults of
/// `torch.optim.Muon`).
pub const NEWTON_SCHULZ: ([f64; 3], usize, f64) = ([3.4445, -4.7750, 2.0315], 5, 1e-7);

/// Brings the singular values of a matrix near 1, and leaves its singular vectors:
///
/// ```text
/// X = U / max(||U||_F, 1e-7),   five times   X <- a X + (b S + c S S) X,   S = X X^T
/// ```
///
/// Each iteration maps a singular value `s` to `a s + b s^3 + c s^5`, whose coefficients make small
/// ones grow fastest: they end between about 0.7 and 1.2 unless they start below about 0.01 of the
/// norm. In the working precision throughout (PyTorch: bfloat16).
pub fn newton_schulz<T: Real>(matrix: &Matrix<T>) -> Matrix<T> {
    let (coefficients, iterations, least) = NEWTON_SCHULZ;
    let [a, b, c] = coefficients.map(T::from_f64);
    // The short side is that of S. PyTorch, whose weights are transposed, iterates on the same.
    let tall = matrix.rows() > matrix.cols();
    let mut x = if tall { matrix.transpose() } else { matrix.clone() };
    x.scale(T::from_f64(1.0 / x.norm().max(least)));
    for _ in 0..iterations {
        let gram = (&x * x.t()).to_matrix();
        let mut quintic = gram.clone();
        quintic.scale(b);
        quintic += c * gram.view() * &gram;
        let mut next = x.clone();
        next.scale(a);
        next += &quintic * &x;
        x = next;
    }
    if tall { x.transpose() } else { x }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::measure::spectrum::Svd;
    use crate::random::{Role, Stream};

    /// On singular values it is the scalar recursion, and it leaves the singular vectors.
    #[test]
    fn singular_values_follow_the_quintic() {
        let mut stream = Stream::new(3, 0, Role::Weights);
        for (rows, columns) in [(7, 4), (4, 7), (5, 5)] {
            let mut matrix = Matrix::<f64>::zeros(rows, columns);
            stream.fill_normal(matrix.as_mut_slice());
            let mut left = matrix.clone();
            let mut expected = Matrix::zeros(rows, columns);
            let svd = Svd::new(&matrix).unwrap();
            let ([a, b, c], iterations, _) = NEWTON_SCHULZ;
            for (index, value) in svd.values().iter().enumerate() {
                let before = left.clone();
                svd.take_off(index, &mut left);
                let mut part = before;
                part -= &left;
                let mut s = value / matrix.norm();
                for _ in 0..iterations {
                    s = a * s + b * s.powi(3) + c * s.powi(5);
                }
                part.scale(s / value);
                expected += &part;
            }
            let mut found = newton_schulz(&matrix);
            found -= &expected;
            assert!(found.norm() < 1e-12, "{rows} {columns}: {}", found.norm());
        }
    }

    #[test]
    fn nothing_stays_nothing() {
        let zero = newton_schulz(&Matrix::<f64>::zeros(2, 3));
        assert_eq!(zero.as_slice(), [0.0; 6]);
    }
}
