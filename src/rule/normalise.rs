//! Weight normalisation WN(gamma).

use crate::matrix::Matrix;
use crate::real::Real;

/// Rescales every column of `weights` (`n_l x n_{l+1}`: the input weights of one neuron) to Euclidean norm `gamma`, as
/// the paper does after every update. A column of zeros has no direction and stays.
pub fn normalise_columns<T: Real>(weights: &mut Matrix<T>, gamma: f64) {
    let columns = weights.cols();
    if columns == 0 {
        return;
    }
    let mut squares = vec![0.0f64; columns];
    for row in weights.as_slice().chunks_exact(columns) {
        for (sum, w) in squares.iter_mut().zip(row) {
            *sum += w.to_f64() * w.to_f64();
        }
    }
    let factor = |sum: &f64| if *sum > 0.0 { T::from_f64(gamma / sum.sqrt()) } else { T::one() };
    let factors: Vec<T> = squares.iter().map(factor).collect();
    for row in weights.as_mut_slice().chunks_exact_mut(columns) {
        for (w, &factor) in row.iter_mut().zip(&factors) {
            *w *= factor;
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_column_has_the_norm_and_its_direction() {
        let mut w = Matrix::from_vec(2, 3, vec![3.0f64, 0.0, -1.0, 4.0, 0.0, 1.0]);
        normalise_columns(&mut w, 0.5);
        let half = 0.5 / 2.0f64.sqrt();
        let expected = [0.3, 0.0, -half, 0.4, 0.0, half];
        assert!(w.as_slice().iter().zip(expected).all(|(a, b)| (a - b).abs() < 1e-15), "{w:?}");
    }
}
