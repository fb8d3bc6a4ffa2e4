//! Outliers against matrices of the same entries with random signs.

use super::bulk::{Split, candidates, divide};
use crate::matrix::Matrix;
use crate::measure::spectrum::{Svd, singular_values};
use crate::measure::summary::{mean, student, variance};
use crate::random::{Role, Stream};
use rand::Rng;
use statrs::distribution::ContinuousCDF;

/// Matrices with random signs that a singular value is compared with.
const DRAWS: u64 = 9;

/// Outliers that are compared: where so many stand, weaker ones are left to the law.
const COMPARED: usize = 4;

/// As [`split`](super::split), for a matrix whose entries need not be alike. The law of independent
/// entries of one standard deviation calls single large entries, rows or columns outliers, as heavy
/// tails or norms of their own make them. So what it finds is compared, from the strongest on, with
/// matrices of the same entries whose signs are random, which have the same tails and norms and no
/// direction in common (Hong, Sheng & Dobriban 2020); one that is kept is taken off before the
/// next. The first that these reach, to the same probability of a false alarm, ends it.
///
/// With the standard deviation given there is nothing to compare: the law is what was asked for.
///
/// `values` are the singular values of `matrix` in descending order.
pub fn split_matrix(
    matrix: &Matrix<f64>,
    values: &[f64],
    entry_sd: Option<f64>,
    false_alarm: f64,
) -> Option<Split> {
    let shape = (matrix.rows(), matrix.cols());
    let (found, judge) = candidates(values, shape, entry_sd, false_alarm)?;
    let kept =
        if found == 0 || entry_sd.is_some() { found } else { kept(matrix, found, false_alarm)? };
    let split = divide(values, shape, entry_sd, (kept, judge))?;
    Some(Split { unconfirmed: found - kept, ..split })
}

/// How many of the `found` strongest directions are stronger than what random signs make of the
/// entries; `None` if the decomposition does not converge.
fn kept(matrix: &Matrix<f64>, found: usize, false_alarm: f64) -> Option<usize> {
    let svd = Svd::new(matrix).ok()?;
    let mut rest = matrix.clone();
    let mut stream = Stream::new(0, 0, Role::Null);
    for index in 0..found.min(COMPARED) {
        let value = svd.values()[index];
        if value <= reached(&rest, &mut stream, false_alarm)? {
            return Some(index);
        }
        svd.take_off(index, &mut rest);
    }
    Some(found)
}

/// What the largest singular value of the matrix with random signs exceeds with a probability of
/// `false_alarm`: the end of the prediction interval for one more draw.
fn reached(matrix: &Matrix<f64>, stream: &mut Stream, false_alarm: f64) -> Option<f64> {
    let mut signed = matrix.clone();
    let draws: Option<Vec<f64>> = (0..DRAWS)
        .map(|_| {
            for entries in signed.as_mut_slice().chunks_mut(32) {
                let signs = stream.next_u32();
                for (i, entry) in entries.iter_mut().enumerate() {
                    if signs >> i & 1 == 1 {
                        *entry = -*entry;
                    }
                }
            }
            singular_values(&signed).ok()?.first().copied()
        })
        .collect();
    let draws = draws?;
    let quantile = student(draws.len())?.inverse_cdf(1.0 - false_alarm);
    let spread = (variance(&draws) * (1.0 + 1.0 / draws.len() as f64)).sqrt();
    Some(mean(&draws) + quantile * spread)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::theory::spectra::split;
    use rand_distr::{Distribution, StudentT};

    /// Shares of matrices in which outliers are found, by the law alone and beside random signs.
    fn alarms(draws: u64, matrix: impl Fn(&mut Stream) -> Matrix<f64>) -> [f64; 2] {
        let mut found = [0.0; 2];
        for draw in 0..draws {
            let matrix = matrix(&mut Stream::new(5, draw, Role::Probe));
            let values = singular_values(&matrix).unwrap();
            let shape = (matrix.rows(), matrix.cols());
            found[0] += f64::from(!split(&values, shape, None, 0.01).unwrap().outliers.is_empty());
            let checked = split_matrix(&matrix, &values, None, 0.01).unwrap();
            found[1] += f64::from(!checked.outliers.is_empty());
        }
        found.map(|found| found / draws as f64)
    }

    #[test]
    fn heavy_tails_and_unequal_norms_make_no_outliers() {
        let heavy = alarms(200, |stream| {
            let law = StudentT::new(3.0).unwrap();
            let entries = (0..40 * 30).map(|_| law.sample(stream)).collect();
            Matrix::from_vec(40, 30, entries)
        });
        let unequal = alarms(200, |stream| {
            let mut matrix = Matrix::zeros(40, 30);
            stream.fill_normal(matrix.as_mut_slice());
            for i in 0..40 {
                let row = matrix.row_mut(i).iter_mut().enumerate();
                row.for_each(|(j, x)| *x *= 1.0 + (j % 5) as f64);
            }
            matrix
        });
        // 1 % of 200, within 3.5 binomial standard errors; the law alone is far off.
        for [law, signs] in [heavy, unequal] {
            assert!(law > 0.3 && signs < 0.035, "{law} {signs}");
        }
    }

    #[test]
    fn directions_are_still_found() {
        for count in [1, 3] {
            let mut exact = 0;
            for draw in 0..30 {
                let mut stream = Stream::new(6, draw, Role::Probe);
                let mut matrix = Matrix::zeros(60, 50);
                stream.fill_normal(matrix.as_mut_slice());
                for k in 0..count {
                    let [mut left, mut right] = [vec![0.0; 60], vec![0.0; 50]];
                    stream.fill_normal(&mut left);
                    stream.fill_normal(&mut right);
                    for (i, l) in left.iter().enumerate() {
                        let row = matrix.row_mut(i).iter_mut().zip(&right);
                        row.for_each(|(x, r)| *x += (0.4 + 0.1 * f64::from(k)) * l * r);
                    }
                }
                let values = singular_values(&matrix).unwrap();
                let found = split_matrix(&matrix, &values, None, 0.01).unwrap();
                exact += usize::from(found.outliers.len() == count as usize);
            }
            assert!(exact >= 28, "{count}: {exact} of 30");
        }
    }
}
