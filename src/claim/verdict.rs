//! The verdict rule: holds if the whole interval lies inside the criterion, fails if outside, else undecided.

use crate::measure::summary::{mean, student, variance};
use crate::text::short;
use serde::Serialize;
use statrs::distribution::{ContinuousCDF, StudentsT};

/// What a statistic has to satisfy: `low <= value <= high`, fixed before the run.
#[derive(Clone, Copy, Debug, PartialEq, Serialize)]
pub struct Criterion {
    /// Lower bound, `-inf` for none.
    pub low: f64,
    /// Upper bound, `inf` for none.
    pub high: f64,
}

impl Criterion {
    /// `low <= value <= high`.
    pub const fn within(low: f64, high: f64) -> Self {
        Self { low, high }
    }

    /// `value <= high`.
    pub const fn at_most(high: f64) -> Self {
        Self { low: f64::NEG_INFINITY, high }
    }

    /// `value >= low`.
    pub const fn at_least(low: f64) -> Self {
        Self { low, high: f64::INFINITY }
    }

    /// In words, e.g. `52.5 to 56`.
    pub fn describe(&self) -> String {
        let [low, high] = [self.low, self.high].map(short);
        match (self.low.is_finite(), self.high.is_finite()) {
            (true, true) => format!("{low} to {high}"),
            (true, false) => format!("at least {low}"),
            (false, true) => format!("at most {high}"),
            (false, false) => "any".into(),
        }
    }
}

/// What is concluded.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "lowercase")]
pub enum Verdict {
    /// The whole interval lies inside the criterion.
    Holds,
    /// The whole interval lies outside.
    Fails,
    /// The interval reaches across a bound, or there are too few values.
    Undecided,
}

impl Verdict {
    /// As printed.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Holds => "holds",
            Self::Fails => "FAILS",
            Self::Undecided => "undecided",
        }
    }
}

/// A mean over repeats with its standard error.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Estimate {
    /// Mean over repeats.
    pub mean: f64,
    /// Standard error of the mean.
    pub standard_error: f64,
    /// Number of repeats.
    pub n: usize,
}

impl Estimate {
    /// Mean and standard error; `None` for fewer than two values.
    pub fn of(values: &[f64]) -> Option<Self> {
        let n = values.len();
        if n < 2 {
            return None;
        }
        let estimate = Self { mean: mean(values), standard_error: (variance(values) / n as f64).sqrt(), n };
        (estimate.mean.is_finite() && estimate.standard_error.is_finite()).then_some(estimate)
    }

    fn t(&self) -> Option<StudentsT> {
        student(self.n)
    }

    /// Student's t interval of the mean at `level`, e.g. 0.95.
    pub fn interval(&self, level: f64) -> (f64, f64) {
        let quantile = self.t().map_or(f64::INFINITY, |t| t.inverse_cdf(0.5 + level / 2.0));
        let half = if self.standard_error == 0.0 { 0.0 } else { quantile * self.standard_error };
        (self.mean - half, self.mean + half)
    }

    /// Whether the mean is inside the criterion, and the smallest `alpha` at which the whole `1 - alpha` interval
    /// is on that same side of every bound it could cross.
    fn side(&self, criterion: &Criterion) -> (bool, f64) {
        let inside = (criterion.low..=criterion.high).contains(&self.mean);
        let gaps = [self.mean - criterion.low, criterion.high - self.mean];
        let gap = if inside { gaps[0].min(gaps[1]) } else { -gaps[0].min(gaps[1]) };
        if self.standard_error == 0.0 {
            return (inside, if gap > 0.0 || inside { 0.0 } else { 1.0 });
        }
        let tail = |t: StudentsT| 2.0 * t.sf(gap / self.standard_error);
        (inside, if gap.is_infinite() { 0.0 } else { self.t().map_or(1.0, tail) })
    }
}

/// Verdicts of a family of statistics at joint level `alpha`, corrected after Holm (1979): the statistics are
/// decided in the order of their p-values, the i-th smallest of m against `alpha / (m - i)`, i from 0, until one is
/// not decided.
pub fn decide(family: &[(Option<Estimate>, Criterion)], alpha: f64) -> Vec<Verdict> {
    let mut sides: Vec<(usize, bool, f64)> = family
        .iter()
        .enumerate()
        .filter_map(|(i, (estimate, criterion))| estimate.map(|e| e.side(criterion)).map(|(inside, p)| (i, inside, p)))
        .collect();
    sides.sort_by(|a, b| a.2.total_cmp(&b.2));
    let mut verdicts = vec![Verdict::Undecided; family.len()];
    for (rank, &(i, inside, p)) in sides.iter().enumerate() {
        if p > alpha / (family.len() - rank) as f64 {
            break;
        }
        verdicts[i] = if inside { Verdict::Holds } else { Verdict::Fails };
    }
    verdicts
}

#[cfg(test)]
mod tests {
    use super::*;

    fn estimate(mean: f64, standard_error: f64, n: usize) -> Option<Estimate> {
        Some(Estimate { mean, standard_error, n })
    }

    #[test]
    fn a_single_statistic_is_decided_by_its_95_percent_interval() {
        let e = estimate(10.0, 1.0, 10).unwrap();
        let (lo, hi) = e.interval(0.95);
        assert!((hi - 10.0 - 2.262157).abs() < 1e-5 && (10.0 - lo - 2.262157).abs() < 1e-5);
        let one = |criterion| decide(&[(Some(e), criterion)], 0.05)[0];
        assert_eq!(one(Criterion::within(7.73, 12.27)), Verdict::Holds);
        assert_eq!(one(Criterion::at_least(7.75)), Verdict::Undecided);
        assert_eq!(one(Criterion::at_least(12.25)), Verdict::Undecided);
        assert_eq!(one(Criterion::at_least(12.27)), Verdict::Fails);
        assert_eq!(one(Criterion::at_most(7.73)), Verdict::Fails);
    }

    #[test]
    fn bounds_are_written_short() {
        assert_eq!(Criterion::within(23.094842552, 1e-4).describe(), "23.095 to 1.0e-4");
        assert_eq!(Criterion::at_most(0.0).describe(), "at most 0");
        assert_eq!(Criterion::at_least(-2.5).describe(), "at least -2.5");
        assert_eq!(Criterion::within(89.9991, 90.0).describe(), "89.999 to 90");
    }

    #[test]
    fn holm_asks_more_of_a_family() {
        // p = 0.03 alone decides; beside another p = 0.03 it needs 0.025.
        let t = StudentsT::new(0.0, 1.0, 9.0).unwrap();
        let gap = t.inverse_cdf(1.0 - 0.015);
        let part = (estimate(gap, 1.0, 10), Criterion::at_least(0.0));
        assert_eq!(decide(&[part], 0.05), [Verdict::Holds]);
        assert_eq!(decide(&[part, part], 0.05), [Verdict::Undecided; 2]);
        // A clear one first leaves the whole level to the second.
        let clear = (estimate(100.0, 1.0, 10), Criterion::at_least(0.0));
        assert_eq!(decide(&[part, clear], 0.05), [Verdict::Holds; 2]);
    }

    #[test]
    fn no_estimate_is_undecided_and_no_spread_is_decided() {
        let missing = (Estimate::of(&[1.0]), Criterion::at_least(0.0));
        let fixed = (Estimate::of(&[1.0, 1.0, 1.0]), Criterion::at_least(0.0));
        let wrong = (Estimate::of(&[1.0, 1.0, 1.0]), Criterion::at_least(2.0));
        assert_eq!(decide(&[missing, fixed, wrong], 0.05), [Verdict::Undecided, Verdict::Holds, Verdict::Fails]);
        assert_eq!(Estimate::of(&[1.0, f64::NAN]), None);
    }
}
