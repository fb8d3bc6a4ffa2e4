//! What a recorded or generated signal shows of its statistics: covariances and spectrum, with
//! confidence bands.
//!
//! A signal is `T x S` values, iterations by series; a series is one unit of one sample. The bands
//! are Student's t intervals over the series, which have to be independent: with correlation across
//! the batch or units they are too narrow, and so they are with few series.

use crate::measure::summary::Summary;
use alignscope_compiled::fourier;
use std::ops::Range;
use thiserror::Error;

/// An estimate with its 95 % band.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Estimate {
    /// Mean over series.
    pub value: f64,
    /// Ends of the band; `None` for fewer than two series.
    pub band: Option<[f64; 2]>,
}

/// Why there is no estimate.
#[derive(Clone, Debug, PartialEq, Eq, Error)]
pub enum EstimateError {
    /// A lag that no pair of iterations has.
    #[error("a lag of {lag} lies beyond a signal of {iterations} iterations: at most {} is possible", iterations.saturating_sub(1))]
    Lag {
        /// The lag.
        lag: usize,
        /// Length of the signal.
        iterations: usize,
    },
    /// Signals that cannot be compared.
    #[error("signals of {0} and {1} values differ in size")]
    Sizes(usize, usize),
    /// Iterations that do not have as many values each.
    #[error("{values} values are no whole number for each of {iterations} iterations")]
    Uneven {
        /// Values there are.
        values: usize,
        /// Iterations they should be of.
        iterations: usize,
    },
    /// Too short for a spectrum.
    #[error("a spectrum needs at least {needed} iterations, not {found}")]
    Short {
        /// Fewest iterations.
        needed: usize,
        /// Those there are.
        found: usize,
    },
    /// A window that holds no iteration, or some that there are not.
    #[error("a window of iterations {from} to {to}, the end excluded, is empty or beyond the {iterations} there are")]
    Window {
        /// First iteration.
        from: usize,
        /// End.
        to: usize,
        /// Length of the signal.
        iterations: usize,
    },
    /// A value that is not finite.
    #[error("the signal holds a value that is not finite at iteration {0}")]
    NotFinite(usize),
}

/// `T x S` values.
#[derive(Clone, Copy, Debug)]
pub struct Signal<'a> {
    values: &'a [f64],
    iterations: usize,
    series: usize,
}

impl<'a> Signal<'a> {
    /// Values of `iterations` iterations, the series of an iteration together.
    ///
    /// # Errors
    /// If the number of values is no multiple of the iterations, or one is not finite.
    pub fn new(values: &'a [f64], iterations: usize) -> Result<Self, EstimateError> {
        if iterations == 0 || !values.len().is_multiple_of(iterations) {
            return Err(EstimateError::Uneven { values: values.len(), iterations });
        }
        let series = values.len() / iterations;
        match values.iter().position(|v| !v.is_finite()) {
            Some(at) => Err(EstimateError::NotFinite(at / series.max(1))),
            None => Ok(Self { values, iterations, series }),
        }
    }

    /// The iterations of a window alone: what is estimated of it holds for that time.
    ///
    /// # Errors
    /// If the window is empty or too long.
    pub fn window(&self, window: Range<usize>) -> Result<Self, EstimateError> {
        let Range { start: from, end: to } = window;
        if from >= to || to > self.iterations {
            return Err(EstimateError::Window { from, to, iterations: self.iterations });
        }
        let values = &self.values[from * self.series..to * self.series];
        Ok(Self { values, iterations: to - from, series: self.series })
    }

    /// Number of series.
    pub fn series(&self) -> usize {
        self.series
    }

    /// Mean of all values.
    pub fn mean(&self) -> Estimate {
        self.over_series(|s| self.column(s).sum::<f64>() / self.iterations as f64)
    }

    fn column(&self, s: usize) -> impl Iterator<Item = f64> {
        self.values[s..].iter().step_by(self.series.max(1)).copied()
    }

    fn over_series(&self, value: impl Fn(usize) -> f64) -> Estimate {
        let summary = Summary::of((0..self.series).map(|s| Some(value(s))));
        Estimate { value: summary.mean.unwrap_or(f64::NAN), band: summary.ci95 }
    }

    /// Covariance of `self` at `t` with `other` at `t + lag`, about known means, averaged over `t`
    /// with the divisor of the number of pairs: unbiased at every lag.
    ///
    /// # Errors
    /// If the sizes differ, or the lag is not shorter than the signals.
    pub fn covariance_with(&self, other: &Self, means: [f64; 2], lag: i64) -> Result<Estimate, EstimateError> {
        if (self.iterations, self.series) != (other.iterations, other.series) {
            return Err(EstimateError::Sizes(self.values.len(), other.values.len()));
        }
        let size = lag.unsigned_abs() as usize;
        if size >= self.iterations {
            return Err(EstimateError::Lag { lag: size, iterations: self.iterations });
        }
        let (skip_self, skip_other) = if lag >= 0 { (0, size) } else { (size, 0) };
        let pairs = (self.iterations - size) as f64;
        Ok(self.over_series(|s| {
            let both = self.column(s).skip(skip_self).zip(other.column(s).skip(skip_other));
            both.map(|(a, b)| (a - means[0]) * (b - means[1])).sum::<f64>() / pairs
        }))
    }

    /// Autocovariance about a known mean at lags `0 ..= lags`.
    ///
    /// # Errors
    /// As [`Self::covariance_with`].
    pub fn autocovariance(&self, mean: f64, lags: usize) -> Result<Vec<Estimate>, EstimateError> {
        (0..=lags).map(|lag| self.covariance_with(self, [mean, mean], lag as i64)).collect()
    }

    /// Spectral density about a known mean at `k / segment` cycles per iteration, `k` from 0 to
    /// half the segment: Welch's method with Hann windows that overlap by half. White noise of
    /// variance 1 has density 1 everywhere; the mean over all frequencies of both signs is the
    /// variance.
    ///
    /// # Errors
    /// If the signal is shorter than a segment, or the segment shorter than 4.
    pub fn spectrum(&self, mean: f64, segment: usize) -> Result<Vec<(f64, Estimate)>, EstimateError> {
        if segment < 4 || segment > self.iterations {
            return Err(EstimateError::Short { needed: segment.max(4), found: self.iterations });
        }
        let window = hann(segment);
        let power: f64 = window.iter().map(|w| w * w).sum();
        let transform = fourier::forward(segment);
        let (mut room, mut out) = (transform.make_input_vec(), transform.make_output_vec());
        let starts: Vec<usize> = (0..=self.iterations - segment).step_by(segment / 2).collect();
        let mut densities = vec![vec![0.0; self.series]; out.len()];
        for s in 0..self.series {
            let column: Vec<f64> = self.column(s).collect();
            for &start in &starts {
                for ((r, x), w) in room.iter_mut().zip(&column[start..]).zip(&window) {
                    *r = (x - mean) * w;
                }
                // Lengths are those the plan gave.
                if transform.process(&mut room, &mut out).is_ok() {
                    for (density, value) in densities.iter_mut().zip(&out) {
                        density[s] += value.norm_sqr() / (power * starts.len() as f64);
                    }
                }
            }
        }
        let estimate = |(k, values): (usize, Vec<f64>)| {
            let summary = Summary::of(values.into_iter().map(Some));
            let value = summary.mean.unwrap_or(f64::NAN);
            (k as f64 / segment as f64, Estimate { value, band: summary.ci95 })
        };
        Ok(densities.into_iter().enumerate().map(estimate).collect())
    }
}

/// What [`Signal::spectrum`] gives on average for a stationary signal of this autocovariance (lags
/// from 0, at least as many as the segment): the density seen through the window.
pub fn expected_spectrum(autocovariance: &[f64], segment: usize) -> Vec<(f64, f64)> {
    let window = hann(segment);
    let weight = |h: usize| window.iter().zip(&window[h..]).map(|(a, b)| a * b).sum::<f64>();
    let power = weight(0);
    let seen: Vec<f64> =
        (0..segment.min(autocovariance.len())).map(|h| autocovariance[h] * weight(h) / power).collect();
    let at = |k: usize| {
        let frequency = k as f64 / segment as f64;
        let wave = |h: usize| (std::f64::consts::TAU * frequency * h as f64).cos();
        (frequency, seen[0] + 2.0 * (1..seen.len()).map(|h| seen[h] * wave(h)).sum::<f64>())
    };
    (0..=segment / 2).map(at).collect()
}

/// A segment for [`Signal::spectrum`]: a power of two, an eighth of the signal or a little less,
/// between 8 and 256.
pub fn segment(iterations: usize) -> usize {
    let wanted = (iterations / 8).clamp(8, 256);
    1 << wanted.ilog2()
}

/// Hann's window.
fn hann(length: usize) -> Vec<f64> {
    (0..length).map(|i| (std::f64::consts::PI * (i as f64 + 0.5) / length as f64).sin().powi(2)).collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::signal::{Form, Pair, Signals, Sizes};

    /// `T x S` values of a form with 40 independent series.
    fn generate(text: &str, iterations: usize, repeat: u64) -> Vec<f64> {
        let pair = Pair::independent(Form::parse(text).unwrap(), Form::WHITE);
        let sizes = Sizes { batch: 8, inputs: 5, outputs: 5, iterations };
        let mut signals = Signals::<f64>::new(&pair, sizes, 21, repeat).unwrap();
        let mut values = Vec::new();
        for _ in 0..iterations {
            values.extend_from_slice(signals.activity().as_slice());
            signals.advance();
        }
        values
    }

    #[test]
    fn covariances_by_hand() {
        // Two series: 1, 2, 4 and 0, 3, -1.
        let values = [1.0, 0.0, 2.0, 3.0, 4.0, -1.0];
        let signal = Signal::new(&values, 3).unwrap();
        let found = signal.autocovariance(0.0, 2).unwrap();
        let value = |i: usize| found[i].value;
        assert!((value(0) - (21.0 / 3.0 + 10.0 / 3.0) / 2.0).abs() < 1e-15);
        assert!((value(1) - (10.0 / 2.0 - 3.0 / 2.0) / 2.0).abs() < 1e-15);
        assert!((value(2) - (4.0 + 0.0) / 2.0).abs() < 1e-15);
        let cross = signal.covariance_with(&signal, [1.0, 0.0], -1).unwrap().value;
        // Pairs (x_t - 1, x_{t-1}): (1, 1), (3, 2) and (2, 0), (-2, 3).
        assert!((cross - ((1.0 + 6.0) / 2.0 + (0.0 - 6.0) / 2.0) / 2.0).abs() < 1e-15, "{cross}");
        assert!((signal.mean().value - 1.5).abs() < 1e-15);
    }

    #[test]
    fn a_window_is_a_signal() {
        let values = [1.0, 0.0, 2.0, 3.0, 4.0, -1.0];
        let signal = Signal::new(&values, 3).unwrap().window(1..3).unwrap();
        assert!((signal.mean().value - 2.0).abs() < 1e-15);
        assert!((signal.autocovariance(0.0, 1).unwrap()[1].value - (8.0 - 3.0) / 2.0).abs() < 1e-15);
        for window in [1..1, Range { start: 2, end: 1 }, 1..3, 1..usize::MAX] {
            assert!(signal.window(window).unwrap_err().to_string().contains("beyond the 2 there are"));
        }
    }

    #[test]
    fn what_cannot_be_estimated_is_refused() {
        let values = [1.0, 2.0, f64::NAN, 4.0];
        assert_eq!(Signal::new(&values, 2).unwrap_err(), EstimateError::NotFinite(1));
        assert_eq!(Signal::new(&values[..3], 2).unwrap_err(), EstimateError::Uneven { values: 3, iterations: 2 });
        let signal = Signal::new(&values[..2], 2).unwrap();
        assert!(signal.autocovariance(0.0, 2).unwrap_err().to_string().contains("at most 1 is possible"));
        assert!(signal.spectrum(0.0, 8).unwrap_err().to_string().contains("at least 8 iterations"));
        let other = [1.0, 2.0, 3.0, 4.0];
        assert!(signal.covariance_with(&Signal::new(&other, 2).unwrap(), [0.0; 2], 0).is_err());
    }

    #[test]
    fn bands_cover_the_truth_as_often_as_they_say() {
        for text in ["white", "ar1:0.8", "ma:1,0.5"] {
            let exact = Form::parse(text).unwrap().covariance(64).unwrap();
            let (mut covered, mut all) = ([0.0; 2], [0.0; 2]);
            for repeat in 0..300 {
                let values = generate(text, 64, repeat);
                let signal = Signal::new(&values, 64).unwrap();
                let lag = signal.autocovariance(0.0, 3).unwrap()[3];
                let [low, high] = lag.band.unwrap();
                covered[0] += f64::from((low..=high).contains(&exact.row(0)[3]));
                all[0] += 1.0;
                let spectrum = signal.spectrum(0.0, 16).unwrap();
                let expected = expected_spectrum(exact.row(0), 16);
                let [low, high] = spectrum[3].1.band.unwrap();
                covered[1] += f64::from((low..=high).contains(&expected[3].1));
                all[1] += 1.0;
            }
            for (covered, all) in covered.iter().zip(all) {
                // 95 % of 300, within 4 binomial standard errors (5 points); densities of 40 series
                // are a little skewed.
                assert!((covered / all - 0.95).abs() < 0.05, "{text}: {covered}");
            }
        }
    }

    #[test]
    fn the_spectrum_of_an_autoregression_is_the_closed_form() {
        let (r, segment) = (0.6f64, 64);
        let autocovariance: Vec<f64> = (0..segment).map(|h| r.powi(h as i32)).collect();
        for (frequency, expected) in expected_spectrum(&autocovariance, segment) {
            let wave = std::f64::consts::TAU * frequency;
            let exact = (1.0 - r * r) / (1.0 - 2.0 * r * wave.cos() + r * r);
            // The window smooths over a few parts in 64.
            assert!((expected / exact - 1.0).abs() < 0.06, "{frequency}: {expected} {exact}");
        }
        let values = generate("ar1:0.6", 2000, 0);
        let spectrum = Signal::new(&values, 2000).unwrap().spectrum(0.0, segment).unwrap();
        for ((_, estimate), (_, expected)) in spectrum.iter().zip(expected_spectrum(&autocovariance, segment)) {
            // 40 series of 61 half independent segments: a standard error of about 3 %.
            assert!((estimate.value / expected - 1.0).abs() < 0.15, "{estimate:?} {expected}");
        }
        let variance = spectrum.iter().map(|(_, e)| e.value).sum::<f64>() * 2.0;
        let ends = spectrum[0].1.value + spectrum[segment / 2].1.value;
        assert!(((variance - ends) / segment as f64 - 1.0).abs() < 0.05);
    }

    #[test]
    fn segments_are_powers_of_two_that_fit() {
        for iterations in [8, 9, 100, 500, 100_000] {
            let chosen = segment(iterations);
            assert!(chosen.is_power_of_two() && (8..=256).contains(&chosen) && chosen <= iterations);
        }
    }
}
