//! Mean, standard deviation, standard error and Student's interval over repeats.

use statrs::distribution::{ContinuousCDF, StudentsT};

/// Mean; not a number where there are no values.
pub fn mean(values: &[f64]) -> f64 {
    values.iter().sum::<f64>() / values.len() as f64
}

/// Sample variance, with divisor `n - 1`; not a number for fewer than two values.
pub fn variance(values: &[f64]) -> f64 {
    let mean = mean(values);
    values.iter().map(|v| (v - mean).powi(2)).sum::<f64>() / values.len().saturating_sub(1) as f64
}

/// Sample standard deviation, with divisor `n - 1`; not a number for fewer than two values.
pub fn sd(values: &[f64]) -> f64 {
    variance(values).sqrt()
}

/// Student's distribution of the mean of `n` values; `None` for fewer than two.
pub fn student(n: usize) -> Option<StudentsT> {
    StudentsT::new(0.0, 1.0, n.checked_sub(1)? as f64).ok()
}

/// Summary of one value over repeats.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Summary {
    /// Repeats with a value.
    pub n: usize,
    /// Mean; `None` if there is no value.
    pub mean: Option<f64>,
    /// Standard deviation (divisor `n - 1`); `None` for fewer than two values.
    pub sd: Option<f64>,
    /// Student's t interval of the mean at 95 %; `None` for fewer than two values.
    pub ci95: Option<[f64; 2]>,
    /// Repeats without a value.
    pub absent: usize,
}

impl Summary {
    /// Summary of the values of all repeats, absent ones among them.
    pub fn of(values: impl IntoIterator<Item = Option<f64>>) -> Self {
        let (mut present, mut absent) = (Vec::new(), 0);
        for value in values {
            match value {
                Some(value) => present.push(value),
                None => absent += 1,
            }
        }
        let n = present.len();
        let mean = (n > 0).then(|| mean(&present));
        let sd = (n > 1).then(|| sd(&present));
        let ci95 = mean.zip(sd).and_then(|(mean, sd)| {
            let half = student(n)?.inverse_cdf(0.975) * sd / (n as f64).sqrt();
            Some([mean - half, mean + half])
        });
        Self { n, mean, sd, ci95, absent }
    }

    /// Standard error of the mean; `None` for fewer than two values.
    pub fn standard_error(&self) -> Option<f64> {
        self.sd.map(|sd| sd / (self.n as f64).sqrt())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn no_spread_without_two_values() {
        assert_eq!(
            (mean(&[1.0, 2.0, 6.0]), variance(&[1.0, 2.0, 6.0]), sd(&[1.0, 3.0])),
            (3.0, 7.0, 2.0f64.sqrt())
        );
        assert!(mean(&[]).is_nan() && variance(&[]).is_nan() && variance(&[1.0]).is_nan());
        assert!(student(0).is_none() && student(1).is_none() && student(2).is_some());
    }

    #[test]
    fn of_few_and_of_many() {
        let s = Summary::of([Some(1.0), None, Some(3.0), Some(2.0)]);
        assert_eq!((s.n, s.mean, s.sd, s.absent), (3, Some(2.0), Some(1.0), 1));
        assert_eq!(s.standard_error(), Some(1.0 / 3.0f64.sqrt()));
        let [low, high] = s.ci95.unwrap();
        // t(0.975, 2) = 4.302653
        assert!(
            (high - 2.0 - 4.302_653 / 3.0f64.sqrt()).abs() < 1e-5
                && (low + high - 4.0).abs() < 1e-12
        );
        let one = Summary::of([Some(5.0)]);
        assert_eq!((one.n, one.mean, one.sd, one.ci95), (1, Some(5.0), None, None));
        let none = Summary::of([None, None]);
        assert_eq!((none.n, none.mean, none.sd, none.ci95, none.absent), (0, None, None, None, 2));
    }
}
