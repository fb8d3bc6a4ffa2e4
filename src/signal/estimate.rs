//! What a recorded or generated signal shows of its statistics: covariances and spectrum, with
//! confidence bands.
//!
//! A signal is `T x S` values, iterations by series; a series is one unit of one sample. The bands
//! are Student's t intervals over the series, which are independent unless [`Signal::correlated`]
//! says how they are correlated. With few series they are a little too narrow.

use crate::measure::summary::{mean, student, variance};
use alignscope_compiled::fourier;
use statrs::distribution::{ContinuousCDF, StudentsT};
use std::ops::{Range, RangeInclusive};
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
#[derive(Clone, Debug, PartialEq, Error)]
pub enum EstimateError {
    /// A lag that no pair of iterations has.
    #[error("a lag of {lag} lies beyond a signal of {iterations} iterations: at most {} is \
        possible", iterations.saturating_sub(1))]
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
    #[error(
        "a window of iterations {from} to {to}, the end excluded, is empty or beyond the \
         {iterations} there are"
    )]
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
    /// Values whose squares cannot be held.
    #[error(
        "the largest value of the signal is {0:e}: sums of squares of such values cannot be held. \
         Multiply the signal by a factor that brings it to between 1e-140 and 1e140: correlations \
         and times stay the same"
    )]
    Magnitude(f64),
}

/// Largest values whose squares, and sums of these, are neither infinite nor rounded to 0.
const MAGNITUDES: RangeInclusive<f64> = 1e-140..=1e140;

/// `T x S` values.
#[derive(Clone, Copy, Debug)]
pub struct Signal<'a> {
    values: &'a [f64],
    iterations: usize,
    series: usize,
    likeness: Likeness,
}

/// Equal correlation between any two samples of the batch, and between any two units.
#[derive(Clone, Copy, Debug)]
struct Likeness {
    /// Samples and units.
    shape: [usize; 2],
    correlations: [f64; 2],
}

impl Likeness {
    /// That of products of two signals, as long as they are normal: correlations multiply
    /// (Isserlis 1918).
    fn times(self, other: Self) -> Self {
        let [a, b] = self.correlations;
        let [c, d] = other.correlations;
        Self { shape: self.shape, correlations: [a * c, b * d] }
    }

    /// The interval at 95 % of the mean of values, one for each series. The correlation matrix has
    /// four eigenvalues: that of the mean itself, which tells how much wider the interval is than
    /// that of independent values, and those of the differences, which are what the values show.
    fn interval(self, values: &[f64]) -> Option<[f64; 2]> {
        let n = values.len() as f64;
        let [(all_p, one_p), (all_u, one_u)] = [0, 1].map(|i| {
            let (size, r) = (self.shape[i] as f64, self.correlations[i]);
            (1.0 + (size - 1.0) * r, 1.0 - r)
        });
        let [p, u] = self.shape.map(|size| size as f64 - 1.0);
        let differences = [(u, all_p * one_u), (p, one_p * all_u), (p * u, one_p * one_u)];
        let seen: f64 = differences.iter().map(|(count, value)| count * value).sum();
        let squares: f64 = differences.iter().map(|(count, value)| count * value * value).sum();
        if seen <= 0.0 {
            return None;
        }
        // The sample variance of such values has the mean `seen / (n - 1)` times theirs, and as
        // many degrees of freedom as Satterthwaite (1946) gives such a sum.
        let of_mean = variance(values) * (n - 1.0) / seen * all_p * all_u / n;
        let law = StudentsT::new(0.0, 1.0, seen * seen / squares).ok()?;
        let half = law.inverse_cdf(0.975) * of_mean.sqrt();
        Some([mean(values) - half, mean(values) + half])
    }
}

impl<'a> Signal<'a> {
    /// Values of `iterations` iterations, the series of an iteration together.
    ///
    /// # Errors
    /// If the number of values is no multiple of the iterations, one is not finite, or the largest
    /// is so large or so small that its square cannot be held.
    pub fn new(values: &'a [f64], iterations: usize) -> Result<Self, EstimateError> {
        if iterations == 0 || !values.len().is_multiple_of(iterations) {
            return Err(EstimateError::Uneven { values: values.len(), iterations });
        }
        let series = values.len() / iterations;
        if let Some(at) = values.iter().position(|v| !v.is_finite()) {
            return Err(EstimateError::NotFinite(at / series.max(1)));
        }
        let largest = values.iter().fold(0.0, |most: f64, v| most.max(v.abs()));
        if largest > 0.0 && !MAGNITUDES.contains(&largest) {
            return Err(EstimateError::Magnitude(largest));
        }
        let likeness = Likeness { shape: [1, series], correlations: [0.0; 2] };
        Ok(Self { values, iterations, series, likeness })
    }

    /// The same signal, of `samples` and `units` between any two of which there is a correlation.
    /// Bands are those of normal values.
    ///
    /// # Errors
    /// If there are not as many series as samples times units.
    pub fn correlated(
        self,
        [samples, units]: [usize; 2],
        [batch, across]: [f64; 2],
    ) -> Result<Self, EstimateError> {
        if samples * units != self.series {
            return Err(EstimateError::Sizes(samples * units, self.series));
        }
        let likeness = Likeness { shape: [samples, units], correlations: [batch, across] };
        Ok(Self { likeness, ..self })
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
        Ok(Self { values, iterations: to - from, ..*self })
    }

    /// Number of series.
    pub fn series(&self) -> usize {
        self.series
    }

    /// Mean of all values.
    pub fn mean(&self) -> Estimate {
        let average = |s: usize| self.column(s).sum::<f64>() / self.iterations as f64;
        self.estimate(self.likeness, &(0..self.series).map(average).collect::<Vec<_>>())
    }

    fn column(&self, s: usize) -> impl Iterator<Item = f64> {
        self.values[s..].iter().step_by(self.series.max(1)).copied()
    }

    /// The mean of values, one for each series.
    fn estimate(&self, likeness: Likeness, values: &[f64]) -> Estimate {
        let band = student(values.len()).and_then(|_| likeness.interval(values));
        Estimate { value: mean(values), band }
    }

    /// Covariance of `self` at `t` with `other` at `t + lag`, about known means, averaged over `t`
    /// with the divisor of the number of pairs: unbiased at every lag.
    ///
    /// # Errors
    /// If the sizes differ, or the lag is not shorter than the signals.
    pub fn covariance_with(
        &self,
        other: &Self,
        means: [f64; 2],
        lag: i64,
    ) -> Result<Estimate, EstimateError> {
        if (self.iterations, self.series) != (other.iterations, other.series) {
            return Err(EstimateError::Sizes(self.values.len(), other.values.len()));
        }
        let size = lag.unsigned_abs() as usize;
        if size >= self.iterations {
            return Err(EstimateError::Lag { lag: size, iterations: self.iterations });
        }
        let values = self.products(other, means, lag);
        Ok(self.estimate(self.likeness.times(other.likeness), &values))
    }

    /// The same for every series by itself, of signals of one size and a lag that they have.
    fn products(&self, other: &Self, means: [f64; 2], lag: i64) -> Vec<f64> {
        let size = lag.unsigned_abs() as usize;
        let (skip_self, skip_other) = if lag >= 0 { (0, size) } else { (size, 0) };
        let pairs = (self.iterations - size) as f64;
        let product = |s: usize| {
            let both = self.column(s).skip(skip_self).zip(other.column(s).skip(skip_other));
            both.map(|(a, b)| (a - means[0]) * (b - means[1])).sum::<f64>() / pairs
        };
        (0..self.series).map(product).collect()
    }

    /// Autocovariance about a known mean at lags `0 ..= lags`.
    ///
    /// # Errors
    /// As [`Self::covariance_with`].
    pub fn autocovariance(&self, mean: f64, lags: usize) -> Result<Vec<Estimate>, EstimateError> {
        (0..=lags).map(|lag| self.covariance_with(self, [mean, mean], lag as i64)).collect()
    }

    /// Autocorrelation about a known mean at lags `0 ..= lags`: the autocovariance over the
    /// variance, with the band of a ratio (to first order in what both are off).
    ///
    /// # Errors
    /// As [`Self::covariance_with`].
    pub fn autocorrelation(&self, mean: f64, lags: usize) -> Result<Vec<Estimate>, EstimateError> {
        if lags >= self.iterations {
            return Err(EstimateError::Lag { lag: lags, iterations: self.iterations });
        }
        let powers = self.products(self, [mean, mean], 0);
        let at = |lag: usize| self.ratio(&self.products(self, [mean, mean], lag as i64), &powers);
        Ok((0..=lags).map(at).collect())
    }

    /// Integral time: iterations that one independent value is worth, the variance of means over
    /// the whole signal times its length over the variance. For a long signal it is the sum of the
    /// autocorrelation over lags of both signs.
    pub fn integral_time(&self, mean: f64) -> Estimate {
        let n = self.iterations as f64;
        let square = |s: usize| n * (self.column(s).map(|x| x - mean).sum::<f64>() / n).powi(2);
        let squares: Vec<f64> = (0..self.series).map(square).collect();
        self.ratio(&squares, &self.products(self, [mean, mean], 0))
    }

    /// The mean of one product over that of another, by series, with the band of a ratio.
    fn ratio(&self, values: &[f64], powers: &[f64]) -> Estimate {
        let power = mean(powers);
        let ratio = mean(values) / power;
        let linear = values.iter().zip(powers).map(|(v, p)| ratio + (v - ratio * p) / power);
        let linear: Vec<f64> = linear.collect();
        let band = self.estimate(self.likeness.times(self.likeness), &linear).band;
        Estimate { value: ratio, band }
    }

    /// Spectral density about a known mean at `k / segment` cycles per iteration, `k` from 0 to
    /// half the segment: Welch's method with Hann windows that overlap by half. White noise of
    /// variance 1 has density 1 everywhere; the mean over all frequencies of both signs is the
    /// variance.
    ///
    /// # Errors
    /// If the signal is shorter than a segment, or the segment shorter than 4.
    pub fn spectrum(
        &self,
        mean: f64,
        segment: usize,
    ) -> Result<Vec<(f64, Estimate)>, EstimateError> {
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
        let both = self.likeness.times(self.likeness);
        let estimate = |(k, values): (usize, Vec<f64>)| {
            (k as f64 / segment as f64, self.estimate(both, &values))
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
    let seen: Vec<f64> = (0..segment.min(autocovariance.len()))
        .map(|h| autocovariance[h] * weight(h) / power)
        .collect();
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
    (0..length)
        .map(|i| (std::f64::consts::PI * (i as f64 + 0.5) / length as f64).sin().powi(2))
        .collect()
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
    fn values_whose_squares_cannot_be_held_are_refused() {
        for (largest, is_held) in
            [(0.0, true), (1e-139, true), (1e139, true), (1e160, false), (1e-170, false)]
        {
            let values = [largest, 0.0, -0.5 * largest, 0.25 * largest];
            let refused = Signal::new(&values, 2).err();
            assert_eq!(refused, (!is_held).then_some(EstimateError::Magnitude(largest)));
            if is_held {
                let found = Signal::new(&values, 2).unwrap().autocovariance(0.0, 0).unwrap();
                assert!(found[0].value.is_finite() && (found[0].value > 0.0) == (largest > 0.0));
            }
        }
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
        assert!(
            (signal.autocovariance(0.0, 1).unwrap()[1].value - (8.0 - 3.0) / 2.0).abs() < 1e-15
        );
        for window in [1..1, Range { start: 2, end: 1 }, 1..3, 1..usize::MAX] {
            assert!(
                signal.window(window).unwrap_err().to_string().contains("beyond the 2 there are")
            );
        }
    }

    #[test]
    fn what_cannot_be_estimated_is_refused() {
        let values = [1.0, 2.0, f64::NAN, 4.0];
        assert_eq!(Signal::new(&values, 2).unwrap_err(), EstimateError::NotFinite(1));
        assert_eq!(
            Signal::new(&values[..3], 2).unwrap_err(),
            EstimateError::Uneven { values: 3, iterations: 2 }
        );
        let signal = Signal::new(&values[..2], 2).unwrap();
        assert!(
            signal
                .autocovariance(0.0, 2)
                .unwrap_err()
                .to_string()
                .contains("at most 1 is possible")
        );
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
    fn bands_allow_for_samples_and_units_that_are_correlated() {
        for (text, correlations) in [
            ("white:batch=0.9", [0.9, 0.0]),
            ("ar1:0.8,units=0.8", [0.0, 0.8]),
            ("ar1:0.5,batch=0.5,units=0.5", [0.5, 0.5]),
        ] {
            let exact = Form::parse(text).unwrap().covariance(64).unwrap();
            let mut covered = [0.0; 4];
            for repeat in 0..400 {
                let values = generate(text, 64, repeat);
                let signal =
                    Signal::new(&values, 64).unwrap().correlated([8, 5], correlations).unwrap();
                let spectrum = signal.spectrum(0.0, 16).unwrap()[3].1;
                let expected = expected_spectrum(exact.row(0), 16)[3].1;
                let found = [
                    (signal.mean(), 0.0),
                    (signal.autocovariance(0.0, 3).unwrap()[3], exact.row(0)[3]),
                    (signal.autocorrelation(0.0, 2).unwrap()[2], exact.row(0)[2] / exact.row(0)[0]),
                    (spectrum, expected),
                ];
                for (covered, (estimate, exact)) in covered.iter_mut().zip(found) {
                    let [low, high] = estimate.band.unwrap();
                    *covered += f64::from((low..=high).contains(&exact));
                }
            }
            for share in covered.map(|covered| covered / 400.0) {
                // 95 % within 4 binomial standard errors (4.4 points), and a few for the skew of
                // what is made of few effective series. Taken as independent, 40 to 83 % are
                // covered.
                assert!((0.87..=0.995).contains(&share), "{text}: {covered:?}");
            }
        }
        let values = generate("white", 64, 0);
        let signal = Signal::new(&values, 64).unwrap();
        assert_eq!(
            signal.autocorrelation(0.0, 0).unwrap()[0],
            Estimate { value: 1.0, band: Some([1.0; 2]) }
        );
        assert!(signal.correlated([8, 6], [0.0; 2]).is_err());
    }

    #[test]
    fn integral_times_are_sums_of_autocorrelations() {
        let values = generate("ar1:0.8", 4000, 5);
        let signal = Signal::new(&values, 4000).unwrap();
        // (1 + r) / (1 - r), but for the ends of the signal; a fifth is what 40 squares spread by.
        let [low, high] = signal.integral_time(0.0).band.unwrap();
        assert!((low..=high).contains(&9.0) && high - low < 12.0, "{low} {high}");
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
        for ((_, estimate), (_, expected)) in
            spectrum.iter().zip(expected_spectrum(&autocovariance, segment))
        {
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
            assert!(
                chosen.is_power_of_two() && (8..=256).contains(&chosen) && chosen <= iterations
            );
        }
    }
}
