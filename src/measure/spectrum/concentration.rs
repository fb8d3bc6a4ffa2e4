//! How evenly a spectrum is spread, in one number. All take singular values in descending order.

/// Singular values over the largest; `None` if there is none, it is 0, or not finite.
fn relative(values: &[f64]) -> Option<impl Iterator<Item = f64>> {
    let largest = *values.first()?;
    (largest > 0.0 && largest.is_finite()).then(|| values.iter().map(move |s| s / largest))
}

/// Participation ratio of the squared singular values, `(sum s^2)^2 / sum s^4`: from 1 (one
/// direction) to their number (all alike). `None` for a zero matrix.
pub fn participation_ratio(values: &[f64]) -> Option<f64> {
    let [second, fourth] =
        relative(values)?.fold([0.0, 0.0], |[a, b], s| [a + s * s, b + (s * s) * (s * s)]);
    Some(second * second / fourth)
}

/// Stable rank `||A||_F^2 / ||A||_2^2`, between 1 and the rank. `None` for a zero matrix.
pub fn stable_rank(values: &[f64]) -> Option<f64> {
    Some(relative(values)?.map(|s| s * s).sum())
}

/// Effective rank: the exponential of the entropy of the singular values over their sum (Roy &
/// Vetterli 2007). `None` for a zero matrix.
pub fn effective_rank(values: &[f64]) -> Option<f64> {
    let sum: f64 = relative(values)?.sum();
    let shares = relative(values)?.map(|s| s / sum).filter(|&p| p > 0.0);
    Some(shares.map(|p| -p * p.ln()).sum::<f64>().exp())
}

/// Numerical rank of a matrix of `shape`: the number of singular values above `max(m, n) eps s_1`,
/// MATLAB's and NumPy's bound on the error of computing them.
pub fn numerical_rank(values: &[f64], (rows, columns): (usize, usize)) -> usize {
    let bound = rows.max(columns) as f64 * f64::EPSILON;
    relative(values).map_or(0, |relative| relative.filter(|&s| s > bound).count())
}

/// Condition number `s_1 / s_r` of a matrix of `shape`, `r` being its shorter side; `None` below
/// full numerical rank, where it is infinite or made of rounding errors.
pub fn condition_number(values: &[f64], shape: (usize, usize)) -> Option<f64> {
    let full = numerical_rank(values, shape) == values.len();
    relative(values)?.last().filter(|_| full).map(|smallest| 1.0 / smallest)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn even_spectra_count_their_values_and_single_ones_count_one() {
        let (even, single) = ([3.0; 5], [3.0, 0.0, 0.0]);
        for measure in [participation_ratio, stable_rank, effective_rank] {
            assert!((measure(&even).unwrap() - 5.0).abs() < 1e-12);
            assert!((measure(&single).unwrap() - 1.0).abs() < 1e-12);
        }
        let values = [2.0, 1.0];
        assert!((participation_ratio(&values).unwrap() - 25.0 / 17.0).abs() < 1e-14);
        assert_eq!(
            (stable_rank(&values), condition_number(&values, (2, 9))),
            (Some(1.25), Some(2.0))
        );
        // exp(ln 3 - 2/3 ln 2).
        assert!((effective_rank(&values).unwrap() - 3.0 / 2f64.powf(2.0 / 3.0)).abs() < 1e-14);
    }

    #[test]
    fn nothing_has_no_spread_and_scale_does_not_matter() {
        for values in [&[][..], &[0.0, 0.0], &[f64::NAN, 1.0], &[f64::INFINITY, 1.0]] {
            assert_eq!(
                (participation_ratio(values), stable_rank(values), effective_rank(values)),
                (None, None, None)
            );
            assert_eq!(
                (numerical_rank(values, (2, 2)), condition_number(values, (2, 2))),
                (0, None)
            );
        }
        for scale in [1e-300, 1e300] {
            let values = [2.0, 1.0].map(|v| v * scale);
            assert!((participation_ratio(&values).unwrap() - 25.0 / 17.0).abs() < 1e-14);
        }
        assert_eq!(numerical_rank(&[1.0, 1e-15, 0.0], (3, 3)), 2);
        assert_eq!(numerical_rank(&[1.0, 1e-15, 0.0], (30, 3)), 1);
        assert_eq!(condition_number(&[1.0, 1e-17], (2, 2)), None);
    }
}
