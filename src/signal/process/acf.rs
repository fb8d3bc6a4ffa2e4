//! Variance 1 and given autocorrelations: at lags 1, 2, ... and none beyond, or as measured.

use super::linear::History;
use super::measured::{Autocovariance, Measured};
use super::{
    Arguments, Facts, FileName, FormError, Model, NewSampler, Noise, Real, RecordedError, by_lag,
    list,
};

pub(super) const FACTS: Facts = Facts {
    name: "acf",
    form: "acf:R1,R2,...",
    expected: "acf: and at least one number, or a file of autocovariances at lags 0, 1, 2, ...",
    file: FileName::UnlessNumber,
    examples: &["acf:0.6,0.2", "acf:measured.csv"],
    meaning: "variance 1 with these autocorrelations at lags 1, 2, ... and none beyond; or with \
        those that were measured at lags 0, 1, 2, ..., in one column of a file, continued beyond \
        them as by the autoregression of as many lags",
    ..Facts::COMMON
};

/// `acf:0.6,0.2`, or `acf:measured.csv`.
#[derive(Clone, Debug, PartialEq)]
pub enum Acf {
    /// Given, and none beyond.
    Given(FiniteAcf),
    /// From a file.
    Measured(Measured<Autocovariance>),
}

/// Autocorrelations at lags 1, 2, ..., and none beyond.
#[derive(Clone, Debug, PartialEq)]
pub struct FiniteAcf {
    correlations: Vec<f64>,
}

impl Acf {
    fn model(&self) -> &dyn Model {
        match self {
            Self::Given(process) => process,
            Self::Measured(process) => process,
        }
    }
}

impl Model for Acf {
    fn read(arguments: &Arguments<'_>) -> Result<Self, FormError> {
        match arguments.place {
            Some(_) => Measured::read(arguments).map(Self::Measured),
            None => FiniteAcf::read(arguments).map(Self::Given),
        }
    }

    fn arguments(&self) -> String {
        self.model().arguments()
    }

    fn autocovariance(&self, lags: usize) -> Option<Vec<f64>> {
        self.model().autocovariance(lags)
    }

    fn coefficient(&self) -> Option<f64> {
        self.model().coefficient()
    }

    fn frames(&self) -> usize {
        self.model().frames()
    }

    fn check_shape(&self, shape: [usize; 3]) -> Result<(), RecordedError> {
        self.model().check_shape(shape)
    }

    fn resolve(&mut self) -> Result<(), RecordedError> {
        match self {
            Self::Given(process) => process.resolve(),
            Self::Measured(process) => process.resolve(),
        }
    }

    fn sampler<T: Real>(&self, shape: [usize; 3], noise: &mut Noise<T>) -> NewSampler<T> {
        match self {
            Self::Given(process) => process.sampler(shape, noise),
            Self::Measured(process) => process.sampler(shape, noise),
        }
    }
}

impl Model for FiniteAcf {
    fn read(arguments: &Arguments<'_>) -> Result<Self, FormError> {
        if arguments.numbers.is_empty() {
            return Err(arguments.malformed());
        }
        let why = |f: f64| format!("its spectrum is negative at {f:.4} cycles per iteration");
        let checked = Innovations::check(&arguments.numbers);
        checked.map_err(|frequency| arguments.indefinite(why(frequency)))?;
        Ok(Self { correlations: arguments.numbers.clone() })
    }

    fn arguments(&self) -> String {
        list(&self.correlations)
    }

    fn autocovariance(&self, lags: usize) -> Option<Vec<f64>> {
        let correlation = |h: usize| self.correlations.get(h - 1).copied().unwrap_or(0.0);
        by_lag(lags, |h| if h == 0 { 1.0 } else { correlation(h) })
    }

    fn coefficient(&self) -> Option<f64> {
        self.correlations.last().copied()
    }

    fn frames(&self) -> usize {
        2 + self.correlations.len()
    }

    fn sampler<T: Real>(&self, _shape: [usize; 3], _noise: &mut Noise<T>) -> NewSampler<T> {
        // Noises of the past, each times its standard deviation.
        let mut past = History::new(self.correlations.len());
        let mut innovations = Innovations::new(&self.correlations);
        Ok(Box::new(move |frame, _, noise, _| {
            let (weights, sd) = innovations.advance();
            noise.fill(frame);
            frame.scale(T::from_f64(sd));
            let latest = frame.clone();
            past.add_weighted(frame, &weights);
            past.push(latest);
        }))
    }
}

/// The innovations algorithm for unit variance and autocorrelations that end after q lags: the
/// weights of the last q noises at every iteration, exact from the first value on (Brockwell &
/// Davis 1991, section 5.2).
#[derive(Clone, Debug)]
struct Innovations {
    correlations: Vec<f64>,
    /// Rows `theta_t` of the last q iterations, the latest last; `row[j-1]` weighs the noise `j`
    /// back.
    rows: Vec<(Vec<f64>, f64)>,
}

impl Innovations {
    fn new(correlations: &[f64]) -> Self {
        Self { correlations: correlations.to_vec(), rows: Vec::new() }
    }

    /// Whether the spectrum is nowhere negative.
    ///
    /// # Errors
    /// The frequency, in cycles per iteration, where it is.
    fn check(correlations: &[f64]) -> Result<(), f64> {
        let points = 4096.max(16 * correlations.len());
        let spectrum = |frequency: f64| {
            let wave = |(h, r): (usize, &f64)| {
                r * (std::f64::consts::TAU * frequency * (h + 1) as f64).cos()
            };
            1.0 + 2.0 * correlations.iter().enumerate().map(wave).sum::<f64>()
        };
        let grid = (0..=points).map(|i| 0.5 * i as f64 / points as f64);
        match grid.map(|f| (f, spectrum(f))).min_by(|a, b| a.1.total_cmp(&b.1)) {
            Some((frequency, lowest)) if lowest < -1e-9 => Err(frequency),
            _ => Ok(()),
        }
    }

    /// Weights of the noises 1, 2, ... iterations back, and the standard deviation of the new one.
    fn advance(&mut self) -> (Vec<f64>, f64) {
        let q = self.correlations.len();
        let known = self.rows.len();
        let mut row = vec![0.0; known];
        // From the oldest noise to the latest.
        for back in (1..=known).rev() {
            let (older, variance) = &self.rows[known - back];
            let shared: f64 = (back + 1..=known)
                .filter_map(|j| {
                    Some(older.get(j - back - 1)? * row[j - 1] * self.rows[known - j].1)
                })
                .sum();
            row[back - 1] = if *variance > 0.0 {
                (self.correlations[back - 1] - shared) / variance
            } else {
                0.0
            };
        }
        let explained: f64 =
            row.iter().enumerate().map(|(j, w)| w * w * self.rows[known - 1 - j].1).sum();
        let variance = (1.0 - explained).max(0.0);
        if known == q {
            self.rows.remove(0);
        }
        self.rows.push((row.clone(), variance));
        (row, variance.sqrt())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn innovations_have_the_asked_covariance() {
        let correlations = [0.7, 0.4, 0.1];
        let mut innovations = Innovations::new(&correlations);
        // Rows of the lower triangular factor: x_t = sum_j L[t][j] n_j.
        let (mut rows, mut sds): (Vec<Vec<f64>>, Vec<f64>) = (Vec::new(), Vec::new());
        for t in 0..40 {
            let (weights, sd) = innovations.advance();
            sds.push(sd);
            let mut row = vec![0.0; 40];
            row[t] = sd;
            for (j, w) in weights.iter().enumerate() {
                row[t - 1 - j] = w * sds[t - 1 - j];
            }
            rows.push(row);
        }
        for s in 0..40 {
            for t in s..40 {
                let covariance: f64 = rows[s].iter().zip(&rows[t]).map(|(a, b)| a * b).sum();
                let asked =
                    if s == t { 1.0 } else { correlations.get(t - s - 1).copied().unwrap_or(0.0) };
                assert!((covariance - asked).abs() < 1e-12, "{s} {t}: {covariance} {asked}");
            }
        }
    }
}
