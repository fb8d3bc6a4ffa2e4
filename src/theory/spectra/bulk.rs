//! The bulk of singular values that independent entries make, and those that stand out of it.

use super::{MarchenkoPastur, TracyWidom};
use crate::measure::spectrum::numerical_rank;
use std::f64::consts::FRAC_1_SQRT_2;

/// Singular values of a matrix of independent entries of mean 0 and one standard deviation: their
/// Marchenko-Pastur law, and the law of the largest of them.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Bulk {
    /// Longer and shorter side.
    sides: [usize; 2],
    entry_sd: f64,
    law: MarchenkoPastur,
    largest: TracyWidom,
}

impl Bulk {
    /// Law for a matrix of `shape`; `None` if a side is 0 or the standard deviation not positive
    /// and finite.
    pub fn new((rows, columns): (usize, usize), entry_sd: f64) -> Option<Self> {
        let sides = [rows.max(columns), rows.min(columns)];
        let law = MarchenkoPastur::new(sides[1] as f64 / sides[0] as f64)?;
        let largest = TracyWidom::new((rows, columns))?;
        (entry_sd > 0.0 && entry_sd.is_finite()).then_some(Self { sides, entry_sd, law, largest })
    }

    /// Standard deviation of the entries.
    pub fn entry_sd(&self) -> f64 {
        self.entry_sd
    }

    /// Ends of the law.
    pub fn ends(&self) -> [f64; 2] {
        self.law.support().map(|end| self.unit() * end.sqrt())
    }

    /// Density of the singular values, as many as the shorter side is long, at `value`.
    pub fn density(&self, value: f64) -> f64 {
        let x = value / self.unit();
        if x > 0.0 { 2.0 * x * self.law.density(x * x) / self.unit() } else { 0.0 }
    }

    /// Share of the singular values up to `value`.
    pub fn cumulative(&self, value: f64) -> f64 {
        let x = value / self.unit();
        if x > 0.0 { self.law.cumulative(x * x) } else { 0.0 }
    }

    /// Probability that the largest singular value of such a matrix is above `value`.
    pub fn tail(&self, value: f64) -> f64 {
        self.largest.tail((value / self.entry_sd).powi(2))
    }

    /// The singular value that the largest one of such a matrix exceeds with a given probability.
    pub fn threshold(&self, false_alarm: f64) -> f64 {
        self.entry_sd * self.largest.exceeded(false_alarm).max(0.0).sqrt()
    }

    /// The singular value that a share `p` of them does not exceed.
    pub fn quantile(&self, p: f64) -> f64 {
        self.unit() * self.law.quantile(p).sqrt()
    }

    /// Participation ratio of such a matrix, `mn / (m + n)`.
    pub fn participation_ratio(&self) -> f64 {
        let [long, short] = self.sides.map(|n| n as f64);
        long * short / (long + short)
    }

    /// Stable rank of such a matrix: `mn` over the mean of its largest squared singular value.
    pub fn stable_rank(&self) -> f64 {
        let [long, short] = self.sides.map(|n| n as f64);
        long * short / self.largest.mean()
    }

    /// Singular value of the matrix of rank 1 which, added to such a matrix, makes `value` of it,
    /// where that is beyond the bulk (Benaych-Georges & Nadakuditi 2012).
    pub fn strength(&self, value: f64) -> Option<f64> {
        let [long, short] = self.sides.map(|n| n as f64);
        let excess = (value / self.entry_sd).powi(2) - long - short;
        let square = excess * excess - 4.0 * long * short;
        (excess > 0.0 && square >= 0.0)
            .then(|| self.entry_sd * FRAC_1_SQRT_2 * (excess + square.sqrt()).sqrt())
    }

    /// Largest distance of the distribution of `values` to that of the law, from 0 to 1.
    fn departure(&self, values: &[f64]) -> Option<f64> {
        let n = values.len() as f64;
        let distances = values.iter().enumerate().map(|(i, &value)| {
            let above = self.cumulative(value) - (n - i as f64) / n;
            above.abs().max((above + 1.0 / n).abs())
        });
        distances.reduce(f64::max)
    }

    /// Singular value of 1 in the units of the law.
    fn unit(&self) -> f64 {
        self.entry_sd * (self.sides[0] as f64).sqrt()
    }
}

/// A singular value beyond the bulk.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Outlier {
    /// Rank among the singular values, from 0 for the largest.
    pub index: usize,
    /// The singular value.
    pub value: f64,
    /// Probability that the largest singular value of the bulk, with the weakest outlier counted to
    /// it, is as large.
    pub p: f64,
    /// Singular value of the rank-one part behind it: see [`Bulk::strength`].
    pub strength: Option<f64>,
}

/// Singular values divided into a bulk and outliers.
#[derive(Clone, Debug, PartialEq)]
pub struct Split {
    /// Law of the bulk, of a matrix that is shorter by the number of outliers on both sides.
    pub bulk: Bulk,
    /// The outliers, strongest first.
    pub outliers: Vec<Outlier>,
    /// Largest distance of the distribution of the values of the bulk to its law, from 0 to 1.
    pub departure: f64,
    /// Values beyond the law that are no outliers, as random signs of the entries make such values
    /// too: see [`split_matrix`](super::split_matrix).
    pub unconfirmed: usize,
}

impl Split {
    /// Departure that independent Gaussian entries exceed in less than one matrix of a thousand:
    /// singular values repel each other, so that it falls as `(1.2 + 0.55 ln n) / n` for `n` values
    /// (simulated, for 4 to 500). Where it is exceeded, the entries are not independent and alike,
    /// and the rate of false alarms does not hold.
    pub fn usual_departure(&self) -> f64 {
        let n = self.bulk.sides[1] as f64;
        (1.2 + 0.55 * n.ln()) / n
    }
}

/// Divides the singular values (descending) of a matrix of `shape` into a bulk and outliers, with a
/// probability of at most `false_alarm` of finding any in a matrix of independent Gaussian entries.
/// `None` if there are no values, the shape is not theirs, or most of them are 0: then there is no
/// bulk.
///
/// With the entries' standard deviation given, values are tested one after the other against the
/// largest of a matrix of the remaining size, until one fails (Kritchman & Nadler 2009). Otherwise
/// a bulk is fitted to the median, which as many as half of the values being outliers does not move
/// far; values beyond its edge are candidates; and of these, from the weakest on, each is tested
/// against the mean square of itself and all below it. That is stricter than what it promises, the
/// more so the smaller the matrix: at 1 %, 0.05 % of 10 x 10, 0.3 % of 20 x 20 and 0.7 % of 100 x
/// 100 matrices raise a false alarm.
pub fn split(
    values: &[f64],
    shape: (usize, usize),
    entry_sd: Option<f64>,
    false_alarm: f64,
) -> Option<Split> {
    divide(values, shape, entry_sd, candidates(values, shape, entry_sd, false_alarm)?)
}

/// Number of outliers by the law, and the bulk that the last one was tested against.
pub(super) fn candidates(
    values: &[f64],
    shape: (usize, usize),
    entry_sd: Option<f64>,
    false_alarm: f64,
) -> Option<(usize, Bulk)> {
    if values.len() != shape.0.min(shape.1) || !values.iter().all(|v| v.is_finite()) {
        return None;
    }
    match entry_sd {
        Some(sd) => beyond_given(values, shape, sd, false_alarm),
        None => beyond_fitted(values, shape, false_alarm),
    }
}

/// Divides values behind the first `found`, judged by a bulk.
pub(super) fn divide(
    values: &[f64],
    shape: (usize, usize),
    entry_sd: Option<f64>,
    (found, judge): (usize, Bulk),
) -> Option<Split> {
    let rest = (shape.0 - found, shape.1 - found);
    let bulk = match entry_sd {
        Some(sd) => Bulk::new(rest, sd)?,
        None => mean_square(&values[found..], rest)?,
    };
    let outlier = |(index, &value): (usize, &f64)| Outlier {
        index,
        value,
        p: judge.tail(value),
        strength: bulk.strength(value),
    };
    Some(Split {
        bulk,
        outliers: values[..found].iter().enumerate().map(outlier).collect(),
        departure: bulk.departure(&values[found..])?,
        unconfirmed: 0,
    })
}

/// Number of outliers, and the bulk that the last one was tested against.
fn beyond_given(
    values: &[f64],
    shape: (usize, usize),
    sd: f64,
    false_alarm: f64,
) -> Option<(usize, Bulk)> {
    let mut judge = Bulk::new(shape, sd)?;
    // One value at least is left to the bulk.
    for (found, &value) in values.iter().enumerate().take(values.len() - 1) {
        let next = Bulk::new((shape.0 - found, shape.1 - found), sd)?;
        if next.tail(value) > false_alarm {
            return Some((found, judge));
        }
        judge = next;
    }
    Some((values.len() - 1, judge))
}

/// Number of outliers, and the bulk that the last one was tested against.
fn beyond_fitted(values: &[f64], shape: (usize, usize), false_alarm: f64) -> Option<(usize, Bulk)> {
    let half = values.len() / 2;
    if numerical_rank(values, shape) <= half {
        return None;
    }
    let mut candidates = 0;
    while candidates < half {
        let bulk = median(&values[candidates..], (shape.0 - candidates, shape.1 - candidates))?;
        if values[candidates] <= bulk.ends()[1] {
            break;
        }
        candidates += 1;
    }
    for found in (1..=candidates).rev() {
        let judge = mean_square(&values[found - 1..], (shape.0 - found + 1, shape.1 - found + 1))?;
        if judge.tail(values[found - 1]) <= false_alarm {
            return Some((found, judge));
        }
    }
    Some((0, mean_square(values, shape)?))
}

/// The bulk with the median of `values`.
fn median(values: &[f64], shape: (usize, usize)) -> Option<Bulk> {
    let unit = Bulk::new(shape, 1.0)?;
    let n = values.len();
    let middle = 0.5 * (values.get(n / 2)? + values.get((n - 1) / 2)?);
    Bulk::new(shape, middle / (unit.unit() * unit.law.quantile(0.5).sqrt()))
}

/// The bulk with the mean square of `values`.
fn mean_square(values: &[f64], shape: (usize, usize)) -> Option<Bulk> {
    let largest = *values.first()?;
    let squares: f64 = values.iter().map(|s| (s / largest).powi(2)).sum();
    Bulk::new(shape, largest * (squares / (shape.0 as f64 * shape.1 as f64)).sqrt())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::matrix::Matrix;
    use crate::measure::spectrum::{participation_ratio, singular_values, stable_rank};
    use crate::random::{Role, Stream};

    fn normal(rows: usize, columns: usize, repeat: u64) -> Matrix<f64> {
        let mut matrix = Matrix::zeros(rows, columns);
        Stream::new(11, repeat, Role::Probe).fill_normal(matrix.as_mut_slice());
        matrix
    }

    /// Sum of `strengths[i]` times the outer product of unit vectors `i` and `i`, where the entries
    /// of the noise are as good as any others.
    fn spiked(shape: (usize, usize), strengths: &[f64], sd: f64, repeat: u64) -> Vec<f64> {
        let mut matrix = normal(shape.0, shape.1, repeat);
        matrix.scale(sd);
        strengths.iter().enumerate().for_each(|(i, strength)| matrix.row_mut(i)[i] += strength);
        singular_values(&matrix).unwrap()
    }

    #[test]
    fn noise_follows_the_law_and_seldom_raises_an_alarm() {
        for (shape, draws) in [((8, 30), 1500), ((20, 20), 1500), ((60, 25), 600)] {
            let (mut given, mut fitted, mut departures) = (0, 0, Vec::new());
            for draw in 0..draws {
                let values = spiked(shape, &[], 0.3, draw);
                let split_at = |sd| split(&values, shape, sd, 0.05).unwrap();
                given += usize::from(!split_at(Some(0.3)).outliers.is_empty());
                let found = split_at(None);
                fitted += usize::from(!found.outliers.is_empty());
                // A mean square of mn entries has a relative standard error of sqrt(2 / mn); half
                // of it for the root.
                let error = (0.5 / (shape.0 * shape.1) as f64).sqrt();
                let outliers = found.outliers.len() as f64;
                assert!(
                    (found.bulk.entry_sd() / 0.3 - 1.0).abs() < 5.0 * error + 0.1 * outliers,
                    "{shape:?}"
                );
                departures.push(found.departure / found.usual_departure());
            }
            let n = draws as f64;
            // Three standard errors of a share of 5 %.
            let error = 3.0 * (0.05 * 0.95 / n).sqrt();
            assert!((given as f64 / n - 0.05).abs() < error, "{shape:?}: {given} of {draws}");
            assert!(fitted as f64 / n < 0.05, "{shape:?}: {fitted} of {draws}");
            departures.sort_by(f64::total_cmp);
            let [middle, most] = [0.5, 0.995].map(|p| departures[(p * n) as usize]);
            assert!((0.4..0.7).contains(&middle) && most < 1.0, "{shape:?}: {middle} {most}");
        }
    }

    #[test]
    fn planted_directions_are_found_with_their_strength_and_no_others() {
        for (shape, count) in [((50, 50), 1), ((50, 50), 20), ((100, 20), 8)] {
            // From three times the strength at which a direction leaves the bulk.
            let strengths: Vec<f64> = (0..count)
                .map(|i| (3.0 + 0.3 * i as f64) * 0.2 * ((shape.0 * shape.1) as f64).powf(0.25))
                .collect();
            let mut exact = 0;
            for draw in 0..40 {
                let values = spiked(shape, &strengths, 0.2, 1000 + draw);
                for found in [None, Some(0.2)].map(|sd| split(&values, shape, sd, 0.01).unwrap()) {
                    exact += usize::from(found.outliers.len() == count);
                    let (sd, departure) =
                        (found.bulk.entry_sd(), found.departure / found.usual_departure());
                    assert!(
                        (sd / 0.2 - 1.0).abs() < 0.1 && departure < 1.5,
                        "{shape:?} {count}: {sd} {departure}"
                    );
                    let [low, high] = found.bulk.ends();
                    assert!(
                        values[count + 1..].iter().all(|v| (0.5 * low..1.1 * high).contains(v))
                    );
                    assert!(
                        found.outliers.iter().all(|o| o.value == values[o.index] && o.p <= 0.01)
                    );
                    let strongest = found.outliers[0].strength.unwrap() / strengths[count - 1];
                    assert!((strongest - 1.0).abs() < 0.25, "{shape:?} {count}: {strongest}");
                }
            }
            assert!(exact >= 76, "{shape:?} {count}: {exact} of 80");
        }
    }

    #[test]
    fn the_law_of_singular_values_is_that_of_their_squares() {
        let bulk = Bulk::new((30, 90), 0.5).unwrap();
        assert_eq!(Bulk::new((90, 30), 0.5), Some(bulk));
        let [low, high] = bulk.ends();
        assert!((high - 0.5 * (90f64.sqrt() + 30f64.sqrt())).abs() < 1e-12 && low > 0.0);
        assert_eq!(
            (bulk.cumulative(low), bulk.cumulative(high), bulk.cumulative(-1.0)),
            (0.0, 1.0, 0.0)
        );
        let (x, step) = (0.5 * (low + high), 1e-5);
        let slope = (bulk.cumulative(x + step) - bulk.cumulative(x - step)) / (2.0 * step);
        assert!((slope - bulk.density(x)).abs() < 1e-8);
        assert!((bulk.cumulative(bulk.quantile(0.3)) - 0.3).abs() < 1e-12);
        let draws = 40;
        let spectra: Vec<Vec<f64>> =
            (0..draws).map(|i| singular_values(&normal(30, 90, i)).unwrap()).collect();
        let mean = |statistic: fn(&[f64]) -> Option<f64>| {
            spectra.iter().filter_map(|s| statistic(s)).sum::<f64>() / draws as f64
        };
        assert!((mean(participation_ratio) / bulk.participation_ratio() - 1.0).abs() < 0.01);
        // The largest squared singular value varies by 6 % between matrices.
        assert!(
            (mean(stable_rank) / bulk.stable_rank() - 1.0).abs() < 0.03,
            "{}",
            mean(stable_rank)
        );
        assert!(
            (bulk.tail(bulk.threshold(0.01)) - 0.01).abs() < 1e-9 && bulk.threshold(0.01) > high
        );
        // A direction leaves the bulk at sd (mn)^(1/4).
        assert!(bulk.strength(0.99 * high).is_none());
        assert!(
            (bulk.strength(high * (1.0 + 1e-12)).unwrap() - 0.5 * 2700f64.powf(0.25)).abs() < 1e-4
        );
        for bad in [0.0, -1.0, f64::NAN, f64::INFINITY] {
            assert_eq!(Bulk::new((3, 3), bad), None);
        }
    }

    #[test]
    fn without_a_bulk_there_are_no_outliers() {
        assert_eq!(split(&[], (0, 5), None, 0.01), None);
        assert_eq!(split(&[0.0; 4], (4, 5), None, 0.01), None);
        assert_eq!(split(&[7.0, 0.0, 0.0, 0.0], (4, 5), None, 0.01), None);
        assert_eq!(split(&[1.0, 0.5], (4, 5), None, 0.01), None);
        assert_eq!(split(&[f64::NAN, 0.5], (2, 5), None, 0.01), None);
        for sd in [None, Some(1.0)] {
            let single = split(&[3.0], (1, 9), sd, 0.01).unwrap();
            assert!(
                single.outliers.is_empty()
                    && single.departure <= 1.0
                    && single.usual_departure() > 1.0
            );
        }
        let given = split(&[100.0, 0.0, 0.0], (3, 3), Some(1.0), 0.01).unwrap();
        assert_eq!(given.outliers.len(), 1);
    }
}
