//! What a process must say of itself, and what draws it.

use crate::matrix::Matrix;
use crate::random::Stream;
use crate::real::Real;
use crate::signal::arguments::Arguments;
use crate::signal::error::{FormError, RecordedError};

/// A process with its numbers. All of its moments are those before
/// [`Form::std`](crate::signal::Form::std), around its mean.
pub(in crate::signal) trait Model {
    /// Reads the arguments, and refuses numbers that no signal can have.
    ///
    /// # Errors
    /// What is wrong with them.
    fn read(arguments: &Arguments<'_>) -> Result<Self, FormError>
    where
        Self: Sized;

    /// The arguments as text, which [`Model::read`] reads back; without the modifiers.
    fn arguments(&self) -> String {
        String::new()
    }

    /// The mean, unless `mean=` says another.
    fn mean(&self) -> f64 {
        0.0
    }

    /// The standard deviation, unless `std=` says another; in the first iteration, where it
    /// changes.
    fn std(&self) -> f64 {
        1.0
    }

    /// Exact autocovariance at lags `0 .. lags - 1`, of a process that is stationary from its first
    /// value on and has a spectrum; `None` for others.
    fn autocovariance(&self, _lags: usize) -> Option<Vec<f64>> {
        None
    }

    /// Exact covariance between all pairs of iterations, times `scale`; `None` if it is not known.
    /// A process that is not stationary says it here.
    fn covariance(&self, iterations: usize, scale: f64) -> Option<Matrix<f64>> {
        let by_lag = self.autocovariance(iterations)?;
        Some(symmetric(iterations, |s, t| scale * by_lag[t - s]))
    }

    /// The number that distinguishes members of a family on an axis.
    fn coefficient(&self) -> Option<f64> {
        None
    }

    /// The time that distinguishes members of a family, in iterations, and what it is called.
    fn time(&self) -> Option<(&'static str, f64)> {
        None
    }

    /// Number of classes, if its values depend on the classes of the samples.
    fn classes(&self) -> Option<usize> {
        None
    }

    /// Whether the values come from a file.
    fn is_recorded(&self) -> bool {
        false
    }

    /// Frames (samples x units) in memory while it is drawn: the current one, fresh noise, and
    /// those of the past that are kept.
    fn frames(&self) -> usize {
        1
    }

    /// Checks that there are so many iterations, samples and units of it.
    ///
    /// # Errors
    /// If the file it comes from cannot be read, or holds another shape.
    fn check_shape(&self, _shape: [usize; 3]) -> Result<(), RecordedError> {
        Ok(())
    }

    /// Names the contents of its file by their hash.
    ///
    /// # Errors
    /// If the file cannot be read, or has another hash than the one named already.
    fn resolve(&mut self) -> Result<(), RecordedError> {
        Ok(())
    }

    /// What draws it, for a run of `shape`: iterations, samples, units.
    ///
    /// # Errors
    /// As [`Model::check_shape`].
    fn sampler<T: Real>(&self, shape: [usize; 3], noise: &mut Noise<T>) -> NewSampler<T>
    where
        Self: Sized;
}

/// Draws a process: turns a frame, samples x units, from the values of the iteration before (zeros
/// at the start) into those of iteration `t`, with the noise and the classes of the samples there.
pub(in crate::signal) type Sampler<T> =
    Box<dyn FnMut(&mut Matrix<T>, usize, &mut Noise<T>, &[usize]) + Send>;

/// A new sampler, or why a file cannot be used.
pub(in crate::signal) type NewSampler<T> = Result<Sampler<T>, RecordedError>;

/// What a process is driven by.
pub(in crate::signal) struct Noise<T> {
    /// Random numbers.
    pub stream: Stream,
    /// Factors of an equally correlated mixture, over the batch and over units.
    mixes: [Option<(T, T)>; 2],
    /// Samples and units.
    shape: [usize; 2],
}

impl<T: Real> Noise<T> {
    /// Of a frame of `samples` and `units`, correlated by `batch` across the one and by `across`
    /// across the other.
    pub fn new(stream: Stream, [samples, units]: [usize; 2], [batch, across]: [f64; 2]) -> Self {
        let mix = |r: f64, n: usize| (r != 0.0).then(|| equal_mixture(r, n));
        Self { stream, mixes: [mix(batch, samples), mix(across, units)], shape: [samples, units] }
    }

    /// A frame of zeros.
    pub fn zeros(&self) -> Matrix<T> {
        Matrix::zeros(self.shape[0], self.shape[1])
    }

    /// Overwrites a frame by standard normals with the correlation across the batch and units.
    pub fn fill(&mut self, frame: &mut Matrix<T>) {
        self.stream.fill_normal(frame.as_mut_slice());
        mix(frame, &self.mixes);
    }

    /// A new frame of such normals.
    pub fn frame(&mut self) -> Matrix<T> {
        let mut frame = self.zeros();
        self.fill(&mut frame);
        frame
    }
}

/// `(a, b)` such that `a x_i + b sum_j x_j` has variance 1 and correlation `r` for independent `x`
/// of variance 1: the symmetric square root of the correlation matrix.
fn equal_mixture<T: Real>(r: f64, n: usize) -> (T, T) {
    let single = (1.0 - r).max(0.0).sqrt();
    let common = (1.0 + (n as f64 - 1.0) * r).max(0.0).sqrt();
    (T::from_f64(single), T::from_f64((common - single) / n as f64))
}

fn mix<T: Real>(frame: &mut Matrix<T>, [over_batch, over_units]: &[Option<(T, T)>; 2]) {
    if let Some((single, common)) = *over_batch {
        let mut sums = vec![T::zero(); frame.cols()];
        for row in frame.as_slice().chunks_exact(frame.cols()) {
            sums.iter_mut().zip(row).for_each(|(s, &x)| *s += x);
        }
        for p in 0..frame.rows() {
            let row = frame.row_mut(p).iter_mut();
            row.zip(&sums).for_each(|(x, &s)| *x = single * *x + common * s);
        }
    }
    if let Some((single, common)) = *over_units {
        for p in 0..frame.rows() {
            let row = frame.row_mut(p);
            let sum = row.iter().fold(T::zero(), |sum, &x| sum + x);
            row.iter_mut().for_each(|x| *x = single * *x + common * sum);
        }
    }
}

/// A symmetric matrix from its upper triangle, `s <= t`.
pub(super) fn symmetric(size: usize, value: impl Fn(usize, usize) -> f64) -> Matrix<f64> {
    let mut matrix = Matrix::zeros(size, size);
    for s in 0..size {
        for t in s..size {
            let c = value(s, t);
            matrix.row_mut(s)[t] = c;
            matrix.row_mut(t)[s] = c;
        }
    }
    matrix
}

pub(super) fn by_lag(lags: usize, value: impl Fn(usize) -> f64) -> Option<Vec<f64>> {
    Some((0..lags).map(value).collect())
}

pub(super) fn power(base: f64, exponent: usize) -> f64 {
    base.powi(i32::try_from(exponent).unwrap_or(i32::MAX))
}

/// Numbers with commas between them.
pub(super) fn list(numbers: &[f64]) -> String {
    numbers.iter().map(ToString::to_string).collect::<Vec<_>>().join(",")
}
