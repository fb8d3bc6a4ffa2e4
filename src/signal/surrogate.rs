//! Surrogates of recorded signals: some of their statistics kept, others destroyed, to see which of
//! them alignment needs.

use super::sequence::{Recording, Sequence, SequenceError, count};
use crate::array::MOST_BYTES;
use crate::measure::spectrum::symmetric_eigen;
use crate::random::{Role, Stream};
use crate::real::Real;
use crate::text::Choice;
use alignscope_compiled::fourier::{self, Complex};
use faer::linalg::matmul::matmul;
use faer::{Accum, Mat, Par};
use std::f64::consts::TAU;
use std::fmt::{Display, Formatter};

macro_rules! surrogates {
    ($($(#[$doc:meta])* $kind:ident = $name:literal, $title:literal; keeps $keeps:literal; destroys $destroys:literal;)*) => {
        /// How a surrogate is made from an activity `X` (`T x P x n_0`) and an error `D`
        /// (`T x P x n_D`). A series is one unit of one sample over the iterations.
        #[derive(Clone, Copy, Debug, PartialEq, Eq)]
        pub enum Surrogate { $($(#[$doc])* $kind),* }

        impl Surrogate {
            /// All of them.
            pub const ALL: [Self; [$(Self::$kind),*].len()] = [$(Self::$kind),*];

            fn name(self) -> &'static str {
                match self { $(Self::$kind => $name),* }
            }

            /// What is done to the signals, in a few words.
            pub fn title(self) -> &'static str {
                match self { $(Self::$kind => $title),* }
            }

            /// What stays exactly as it is, up to rounding; for [`Surrogate::Gaussian`], on average
            /// over draws.
            pub fn preserves(self) -> &'static str {
                match self { $(Self::$kind => $keeps),* }
            }

            /// What is left to chance.
            pub fn destroys(self) -> &'static str {
                match self { $(Self::$kind => $destroys),* }
            }
        }

        /// What is done to signals before they are replayed.
        impl Choice for Option<Surrogate> {
            const CHOICES: &'static [(&'static str, Self)] =
                &[("none", None), $(($name, Some(Surrogate::$kind))),*];
        }
    };
}

surrogates! {
    /// `time`: iterations in random order, one of its own for either signal. What is constant stays
    /// constant: signals whose series have a mean of their own over the recording still align by
    /// it.
    Time = "time", "iterations shuffled, each signal by itself";
        keeps "every batch of activities and every batch of errors; the mean of every series";
        destroys "autocorrelation of both about these means, and which error comes with which \
                  activity";
    /// `time:joint`: iterations in random order, the same for both. The linear rule gets the same
    /// `tr M` over the whole sequence, since that is a sum over pairs of iterations in whichever
    /// order: alignment is not expected to go away.
    TimeJoint = "time:joint", "iterations shuffled, both signals alike";
        keeps "every batch of activities with its errors, so the sum of X^T D and tr M over all \
               pairs of iterations; the mean of every series";
        destroys "autocorrelation of both about these means, and their cross-correlation at lags \
                  other than 0";
    /// `reversed`: the error from its last iteration to its first. All that it has by itself in
    /// time stays; it meets activities of another time, and what follows from these comes before
    /// them.
    Reversed = "reversed", "error in reverse order of time";
        keeps "the activity; every batch of errors, and the autocorrelation of the error";
        destroys "which error comes with which activity, and which comes first";
    /// `samples`: rows of the error in random order, anew at every iteration.
    Samples = "samples", "error rows shuffled at every iteration";
        keeps "the activity; the errors of every iteration as a set, so their mean and \
               similarities";
        destroys "which error comes with which activity, and the autocorrelation of the error row \
                  by row";
    /// `samples:fixed`: rows of the error in random order, the same at all iterations (Mantel
    /// 1967). Rows that are autocorrelated by themselves still are, and still align.
    SamplesFixed = "samples:fixed", "error rows shuffled once";
        keeps "the activity; all statistics of the error by itself, in time and between samples";
        destroys "which error comes with which activity";
    /// `signs`: the error of every iteration with a random sign.
    Signs = "signs", "random sign of the error by iteration";
        keeps "the activity; size of the error, and its products within an iteration, so its \
               similarities there";
        destroys "autocorrelation and mean of the error, and the sign of its correlation with the \
                  activity";
    /// `signs:sample`: the error of every sample with a random sign, the same at all iterations.
    SignsSample = "signs:sample", "random sign of the error by sample";
        keeps "the activity; size of the error, and the autocorrelation of every row";
        destroys "similarity of the errors of different samples, so classes, their mean, and the \
                  sign of their correlation with the activity";
    /// `signs:each`: the error of every sample with a random sign, anew at every iteration.
    SignsEach = "signs:each", "random sign of the error by sample and iteration";
        keeps "the activity; size of the error, and its products within a sample of an iteration";
        destroys "autocorrelation and mean of the error, similarity of the errors of different \
                  samples, and the sign of their correlation with the activity";
    /// `spectrum`: every series with its own random phases (Theiler et al. 1992).
    Spectrum = "spectrum", "random phases by series";
        keeps "mean and power spectrum of every series, so its autocovariance around the end";
        destroys "correlation between series: between units, samples, activity and error; what is \
                  not Gaussian";
    /// `spectrum:signal`: random phases common to the series of a signal, different for activity
    /// and error.
    SpectrumSignal = "spectrum:signal", "random phases by signal";
        keeps "mean, power spectrum and cross-spectra of the series of a signal: similarities at \
               every lag, averaged over iterations";
        destroys "correlation between activity and error; what is not Gaussian; when something \
                  happens";
    /// `spectrum:joint`: random phases common to all series of both signals (Prichard & Theiler
    /// 1994).
    SpectrumJoint = "spectrum:joint", "random phases, the same for all series";
        keeps "mean, power spectrum and cross-spectra of all series of both signals, averaged \
               over iterations";
        destroys "what is not Gaussian; when something happens";
    /// `gaussian`: independent normal series, with the mean of every iteration and the covariance
    /// of all pairs of iterations that the series have on average.
    Gaussian = "gaussian", "Gaussian series of the same covariance";
        keeps "mean of every iteration and covariance of every two iterations, averaged over \
               series";
        destroys "correlation between series: between units, samples, activity and error; what is \
                  not Gaussian";
}

impl Surrogate {
    /// Reads a name.
    pub fn parse(text: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|surrogate| surrogate.name() == text.trim())
    }

    /// Draws a surrogate of a recording from the stream of `(seed, repeat)`; the same bits for the
    /// same recording.
    ///
    /// # Errors
    /// If it would take more than [`MOST_BYTES`].
    pub fn draw<T: Real>(
        self,
        recording: &Recording<T>,
        seed: u64,
        repeat: u64,
    ) -> Result<Recording<T>, SequenceError> {
        self.check_memory(recording)?;
        let mut stream = Stream::new(seed, repeat, Role::Surrogate);
        let mut out = recording.clone();
        let (source, [activity, error]) = (recording, out.both_mut());
        match self {
            Self::Time => {
                take_iterations(
                    activity,
                    source.activity(),
                    &order(source.iterations(), &mut stream),
                );
                take_iterations(error, source.error(), &order(source.iterations(), &mut stream));
            }
            Self::TimeJoint => {
                let order = order(source.iterations(), &mut stream);
                take_iterations(activity, source.activity(), &order);
                take_iterations(error, source.error(), &order);
            }
            Self::Reversed => {
                let order: Vec<usize> = (0..source.iterations()).rev().collect();
                take_iterations(error, source.error(), &order);
            }
            Self::Samples => take_samples(error, source.error(), &mut stream, false),
            Self::SamplesFixed => take_samples(error, source.error(), &mut stream, true),
            Self::Signs | Self::SignsSample | Self::SignsEach => self.flip(error, &mut stream),
            Self::Spectrum => {
                let mut draw = |phases: &mut [Complex<f64>]| draw_phases(phases, &mut stream);
                turn(activity, &mut draw);
                turn(error, &mut draw);
            }
            Self::SpectrumSignal | Self::SpectrumJoint => {
                let mut phases = vec![Complex::ONE; source.iterations() / 2 + 1];
                draw_phases(&mut phases, &mut stream);
                turn(activity, &mut |out| out.copy_from_slice(&phases));
                if self == Self::SpectrumSignal {
                    draw_phases(&mut phases, &mut stream);
                }
                turn(error, &mut |out| out.copy_from_slice(&phases));
            }
            Self::Gaussian => {
                draw_gaussian(activity, &mut stream);
                draw_gaussian(error, &mut stream);
            }
        }
        Ok(out)
    }

    fn check_memory<T: Real>(self, recording: &Recording<T>) -> Result<(), SequenceError> {
        let [iterations, samples, inputs] = recording.activity().shape();
        let shape = [iterations, samples, inputs + recording.error().shape()[2]];
        // Covariance, eigenvectors, root and the room for them; rows of noise and of values.
        let square = 8 * iterations as u128 + 4 * SERIES as u128;
        let room = if self == Self::Gaussian { 8 * iterations as u128 * square } else { 0 };
        let bytes = count(shape) * size_of::<T>() as u128 + room;
        if bytes > u128::from(MOST_BYTES) {
            return Err(SequenceError::TooLarge { what: "a surrogate", shape, bytes });
        }
        Ok(())
    }

    fn flip<T: Real>(self, error: &mut Sequence<T>, stream: &mut Stream) {
        let [iterations, samples, units] = error.shape();
        let mut signs: Vec<T> = (0..samples).map(|_| sign(stream)).collect();
        for t in 0..iterations {
            match self {
                Self::Signs => {
                    let common = sign(stream);
                    signs.iter_mut().for_each(|s| *s = common);
                }
                Self::SignsEach => signs.iter_mut().for_each(|s| *s = sign(stream)),
                _ => {}
            }
            for (row, &sign) in error.frame_mut(t).chunks_exact_mut(units).zip(&signs) {
                row.iter_mut().for_each(|x| *x *= sign);
            }
        }
    }
}

impl Display for Surrogate {
    fn fmt(&self, f: &mut Formatter<'_>) -> std::fmt::Result {
        f.write_str(self.name())
    }
}

/// Series that are worked on at a time.
const SERIES: usize = 64;

fn order(n: usize, stream: &mut Stream) -> Vec<usize> {
    let mut order: Vec<usize> = (0..n).collect();
    stream.shuffle(&mut order);
    order
}

fn sign<T: Real>(stream: &mut Stream) -> T {
    if stream.below(2) == 0 { T::one() } else { -T::one() }
}

fn take_iterations<T: Real>(out: &mut Sequence<T>, source: &Sequence<T>, order: &[usize]) {
    for (t, &from) in order.iter().enumerate() {
        out.frame_mut(t).copy_from_slice(source.frame(from));
    }
}

fn take_samples<T: Real>(
    out: &mut Sequence<T>,
    source: &Sequence<T>,
    stream: &mut Stream,
    fixed: bool,
) {
    let [iterations, samples, units] = source.shape();
    let mut rows = order(samples, stream);
    for t in 0..iterations {
        if !fixed && t > 0 {
            stream.shuffle(&mut rows);
        }
        for (row, &from) in out.frame_mut(t).chunks_exact_mut(units).zip(&rows) {
            row.copy_from_slice(&source.frame(t)[from * units..(from + 1) * units]);
        }
    }
}

/// Random phases for the frequencies 1 to the last but the highest; at the highest, which has none
/// where the number of iterations is even, the sign of the real part decides.
fn draw_phases(phases: &mut [Complex<f64>], stream: &mut Stream) {
    let mut turns = vec![0.0; phases.len()];
    stream.fill_uniform(&mut turns);
    for (phase, turn) in phases.iter_mut().zip(turns) {
        let (sin, cos) = (TAU * turn).sin_cos();
        *phase = Complex::new(cos, sin);
    }
}

/// Multiplies the spectrum of every series by phases, which `draw` writes for every series.
fn turn<T: Real>(sequence: &mut Sequence<T>, draw: &mut impl FnMut(&mut [Complex<f64>])) {
    let iterations = sequence.iterations();
    let (forward, backward) = (fourier::forward(iterations), fourier::inverse(iterations));
    let mut spectrum = forward.make_output_vec();
    let mut phases = vec![Complex::ONE; spectrum.len()];
    by_series(sequence, |series| {
        draw(&mut phases);
        // Lengths are those the plan gave, and the ends are made real.
        if forward.process(series, &mut spectrum).is_err() {
            return;
        }
        let last = spectrum.len() - 1;
        for (k, (value, &phase)) in spectrum.iter_mut().zip(&phases).enumerate().skip(1) {
            let real = iterations.is_multiple_of(2) && k == last;
            *value *= if real { Complex::new(phase.re.signum(), 0.0) } else { phase };
            *value /= iterations as f64;
        }
        spectrum[0] /= iterations as f64;
        let _ = backward.process(&mut spectrum, series);
    });
}

/// Lets `change` overwrite every series, a few gathered at a time.
fn by_series<T: Real>(sequence: &mut Sequence<T>, mut change: impl FnMut(&mut [f64])) {
    let (iterations, all) = (sequence.iterations(), sequence.size());
    let values = sequence.values_mut();
    let mut room = vec![0.0; iterations * SERIES.min(all)];
    for start in (0..all).step_by(SERIES) {
        let width = SERIES.min(all - start);
        for t in 0..iterations {
            for (s, x) in values[t * all + start..][..width].iter().enumerate() {
                room[s * iterations + t] = x.to_f64();
            }
        }
        room.chunks_exact_mut(iterations).take(width).for_each(&mut change);
        for t in 0..iterations {
            for (s, x) in values[t * all + start..][..width].iter_mut().enumerate() {
                *x = T::from_f64(room[s * iterations + t]);
            }
        }
    }
}

/// Replaces the series by independent normal ones of the same mean at every iteration and
/// covariance between iterations, both taken over series.
fn draw_gaussian<T: Real>(sequence: &mut Sequence<T>, stream: &mut Stream) {
    let (iterations, all) = (sequence.iterations(), sequence.size());
    let mean: Vec<f64> = (0..iterations)
        .map(|t| sequence.frame(t).iter().map(|x| x.to_f64()).sum::<f64>() / all as f64)
        .collect();
    let factor = covariance_factor(sequence, &mean);
    let mut noise = vec![0.0; factor.ncols() * SERIES.min(all)];
    by_blocks(all, |start, width| {
        let noise = &mut noise[..factor.ncols() * width];
        stream.fill_normal(noise);
        let noise = faer::MatRef::from_column_major_slice(noise, factor.ncols(), width);
        let mut drawn = Mat::zeros(iterations, width);
        matmul(&mut drawn, Accum::Replace, &factor, noise, 1.0, Par::Seq);
        for (t, mean) in mean.iter().enumerate() {
            for (s, x) in sequence.frame_mut(t)[start..start + width].iter_mut().enumerate() {
                *x = T::from_f64(mean + drawn[(t, s)]);
            }
        }
    });
}

/// A factor `F` of the covariance `F F^T` of iterations over series.
fn covariance_factor<T: Real>(sequence: &Sequence<T>, mean: &[f64]) -> Mat<f64> {
    let (iterations, all) = (sequence.iterations(), sequence.size());
    let scale = 1.0 / (all as f64).sqrt();
    let deviations = |start: usize, width: usize| {
        Mat::from_fn(iterations, width, |t, s| {
            scale * (sequence.frame(t)[start + s].to_f64() - mean[t])
        })
    };
    if all < iterations {
        return deviations(0, all);
    }
    let mut covariance = Mat::zeros(iterations, iterations);
    by_blocks(all, |start, width| {
        let part = deviations(start, width);
        matmul(&mut covariance, Accum::Add, &part, part.transpose(), 1.0, Par::Seq);
    });
    // Without convergence, which values that are not finite cause, the deviations are a factor too.
    symmetric_eigen(covariance.as_ref())
        .map_or_else(|_| deviations(0, all), |(values, vectors)| root(&values, &vectors))
}

/// The symmetric square root, which, unlike the eigenvectors, is unique and moves little with the
/// matrix.
fn root(values: &[f64], vectors: &Mat<f64>) -> Mat<f64> {
    let n = values.len();
    // An eigenvalue below 0 is rounding.
    let half = Mat::from_fn(n, n, |i, j| vectors[(i, j)] * values[j].max(0.0).sqrt().sqrt());
    let mut root = Mat::zeros(n, n);
    matmul(&mut root, Accum::Replace, &half, half.transpose(), 1.0, Par::Seq);
    root
}

/// Calls `work(start, width)` for stretches of series.
fn by_blocks(all: usize, mut work: impl FnMut(usize, usize)) {
    (0..all).step_by(SERIES).for_each(|start| work(start, SERIES.min(all - start)));
}

#[cfg(test)]
mod tests;
