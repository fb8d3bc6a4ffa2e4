//! The exact moments of the isolated linear rule: given its signals, or averaged over Gaussian
//! ones.

use super::Toy;
use super::wick::{Moment, SignalMoments, Statistics};
use crate::file::memory::{MemoryError, left};
use crate::matrix::Matrix;
use crate::real::Real;
use crate::rule::{Filter, Timing};
use crate::signal::{Cross, Form, Pair, Sizes};
use serde::Serialize;
use thiserror::Error;

/// Mean and spread over weights and signals of what a weight angle is made of.
#[derive(Clone, Copy, Debug, PartialEq, Serialize)]
pub struct Moments {
    /// `E <W_1, B^T>`.
    pub inner_product: f64,
    /// Standard deviation of `<W_1, B^T>` over repeats.
    pub inner_product_sd: f64,
    /// `E ||W_1||^2`.
    pub squared_norm: f64,
    /// Angle in degrees whose cosine is `E <W_1, B^T> / sqrt(E ||W_1||^2 E ||B||^2)`.
    pub angle: f64,
}

impl Moments {
    /// Assumptions and source of the moments given the signals.
    pub const GIVEN: [&'static str; 2] = [
        "linear activation, no output mask, no normalisation; these signals; W and B Gaussian; \
         ratio of moments",
        "unrolled rule: W1 = W1(0) + eta W0(0)' G + eta^2 B' M, averaged over W0(0), W1(0), B",
    ];
    /// Assumptions and source of the moments averaged over signals.
    pub const AVERAGED: [&'static str; 2] = [
        "linear activation, no output mask, no normalisation; signals jointly Gaussian; ratio of \
         moments, which is above the mean angle for few samples, outputs or inputs: by the bound \
         beside it",
        "unrolled rule with all Wick pairings of the signals",
    ];

    fn of(toy: &Toy, m: &SignalMoments) -> Self {
        let [_, n1, n2, _] = toy.real();
        let (eta2, b2, w2) = (toy.eta.powi(2), toy.b_std.powi(2), toy.w_std.powi(2));
        let inner_product = eta2 * b2 * n1 * m.trace;
        let squared_norm = toy.squared_norm(m.gradient, m.norm);
        // B B^T is a Wishart matrix of n1 degrees of freedom: E tr(B B^T M)^2 = n1^2 (tr M)^2 + n1
        // (||M||^2 + tr M M).
        let quadratic = n1 * n1 * m.squared_trace + n1 * (m.norm + m.trace_of_square);
        let transformation = eta2 * eta2 * b2 * b2 * quadratic - inner_product.powi(2);
        let variance =
            n1 * n2 * w2 * b2 + eta2 * w2 * b2 * n1 * m.gradient + transformation.max(0.0);
        let angle = toy.angle_of_moments(inner_product, squared_norm);
        Self { inner_product, inner_product_sd: variance.sqrt(), squared_norm, angle }
    }
}

/// Sums over the realised signals that decide the moments given them; grows by one iteration at a
/// time.
#[derive(Clone, Debug)]
pub struct Realised {
    gradient: Matrix<f64>,
    transformation: Matrix<f64>,
    step: Matrix<f64>,
    past: Option<RealisedPast>,
}

/// What the sums need of the past, where errors meet that.
///
/// The hidden activity is `X_k W_0(k) = X_k W_0(0) + eta X_k G_k B` with `G_k` the sum of the
/// updates of `W_0` before iteration `k`, each `X'_s^T D_s B`. Units and trace are linear: they
/// turn `[X_k, X_k G_k]` into what the error meets.
#[derive(Clone, Debug)]
struct RealisedPast {
    /// What the updates of `W_0` and `W_1` take: filters of `X_k` and of `[X_k, X_k G_k]`.
    below: Filter,
    above: Filter,
    /// `G_k`.
    learnt: Matrix<f64>,
}

impl Realised {
    /// Before the first iteration, for `inputs` and `outputs` units.
    pub fn new(inputs: usize, outputs: usize) -> Self {
        let gradient = || Matrix::zeros(inputs, outputs);
        Self {
            gradient: gradient(),
            transformation: Matrix::zeros(outputs, outputs),
            step: gradient(),
            past: None,
        }
    }

    /// The same for the sizes of `toy`, whose rule may be one in time.
    pub fn of(toy: &Toy) -> Self {
        let Toy { inputs, outputs, batch, ref timing, .. } = *toy;
        let past = (*timing != Timing::INSTANT).then(|| RealisedPast {
            below: Filter::new(timing, [batch, inputs], false),
            above: Filter::new(timing, [batch, inputs + outputs], true),
            learnt: Matrix::zeros(inputs, outputs),
        });
        Self { past, ..Self::new(inputs, outputs) }
    }

    /// Adds one iteration: `M += G^T A`, `G += A` with `A = X^T D`; under a rule in time with `X`
    /// and `X G` as the error meets them.
    pub fn add<T: Real>(&mut self, activity: &Matrix<T>, error: &Matrix<T>) {
        let (x, d) = (activity.to_f64(), error.to_f64());
        if let Some(RealisedPast { below, above, learnt }) = &mut self.past {
            let both = beside(&x, &(&x * &*learnt).to_matrix());
            let [own, through_weights] = columns(above.next(&both), x.cols());
            self.gradient += own.t() * &d;
            self.transformation += through_weights.t() * &d;
            *learnt += below.next(&x).t() * &d;
            return;
        }
        self.step.assign(x.t() * &d);
        self.transformation += self.gradient.t() * &self.step;
        self.gradient += &self.step;
    }

    /// `tr M`, the sum over pairs of iterations and samples of (similarity of inputs) x (similarity
    /// of errors).
    pub fn trace(&self) -> f64 {
        self.transformation.trace()
    }

    /// `||G||^2`: twice `tr M`, and the squares of each iteration by itself.
    pub fn gradient_squared_norm(&self) -> f64 {
        self.gradient.squared_norm()
    }

    /// `W_1` after these iterations, from `W_0(0)` (`n0 x n1`), `W_1(0)` (`n1 x n2`) and `B` (`n2 x
    /// n1`): the unrolled rule `W_1(0) + eta W_0(0)^T G + eta^2 B^T M`, exact for the linear
    /// activation.
    pub fn weights(
        &self,
        [w0, w1]: [&Matrix<f64>; 2],
        backward: &Matrix<f64>,
        eta: f64,
    ) -> Matrix<f64> {
        let mut out = w1.clone();
        out += eta * w0.t() * &self.gradient;
        out += eta * eta * backward.t() * &self.transformation;
        out
    }

    /// The angle in degrees of [`Moments::angle`] given these signals, for weights `W_0(0)`,
    /// `W_1(0)` and `B` of standard deviations of their own. The number of hidden units cancels.
    /// `None` where the weights are zero throughout.
    pub fn angle(&self, eta: f64, [w0, w1, b]: [f64; 3]) -> Option<f64> {
        let n2 = self.transformation.rows() as f64;
        let [gradient, norm] = [&self.gradient, &self.transformation].map(Matrix::squared_norm);
        let square =
            n2 * w1.powi(2) + (eta * w0).powi(2) * gradient + (eta * eta * b).powi(2) * norm;
        let cosine = eta * eta * b * self.trace() / (n2 * square).sqrt();
        cosine.is_finite().then(|| cosine.clamp(-1.0, 1.0).acos().to_degrees())
    }

    /// Moments over `W_0(0)`, `W_1(0)` and `B` alone, given these signals (linear activation).
    pub fn moments(&self, toy: &Toy) -> Moments {
        let trace = self.trace();
        let moments = SignalMoments {
            gradient: self.gradient.squared_norm(),
            trace,
            norm: self.transformation.squared_norm(),
            squared_trace: trace * trace,
            trace_of_square: self.transformation.inner(&self.transformation.transpose()),
        };
        Moments::of(toy, &moments)
    }
}

/// The columns of both, side by side.
fn beside(left: &Matrix<f64>, right: &Matrix<f64>) -> Matrix<f64> {
    let rows = (0..left.rows()).flat_map(|i| left.row(i).iter().chain(right.row(i))).copied();
    Matrix::from_vec(left.rows(), left.cols() + right.cols(), rows.collect())
}

/// The first `count` columns, and the others.
fn columns(matrix: &Matrix<f64>, count: usize) -> [Matrix<f64>; 2] {
    let part = |range: std::ops::Range<usize>| {
        let values =
            (0..matrix.rows()).flat_map(|i| matrix.row(i)[range.clone()].iter()).copied().collect();
        Matrix::from_vec(matrix.rows(), range.len(), values)
    };
    [part(0..count), part(count..matrix.cols())]
}

/// Why signals have no averaged moments.
#[derive(Clone, Debug, Error)]
pub enum NoMoments {
    /// Higher moments do not follow from the covariance.
    #[error(
        "`{0}` is not Gaussian, so that its covariance does not decide the moments: use `theory \
         conditional`"
    )]
    NotGaussian(String),
    /// Too long.
    #[error(
        "{0} iterations (with the lag) need matrices of that size squared: the moments are for at \
         most {MOST} iterations"
    )]
    TooLong(usize),
    /// More memory than there is.
    #[error("{0}; or ask for fewer iterations")]
    Memory(#[from] MemoryError),
    /// Correlations that do not fit.
    #[error("{0}")]
    Pair(String),
}

/// Most iterations: some two dozen matrices of this size squared are held at a time.
pub const MOST: usize = 5000;

/// Matrices of iterations squared that are held at a time, at most.
const SQUARES: u128 = 24;

/// Bytes that the moments of so many iterations, the lag included, take.
pub fn bytes(iterations: usize) -> u128 {
    SQUARES * 8 * (iterations as u128).pow(2)
}

/// Exact moments averaged over weights and Gaussian signals after `iterations` updates.
///
/// # Errors
/// If the signals are not Gaussian, do not fit the sizes, or the run is too long.
pub fn moments(toy: &Toy, pair: &Pair, iterations: usize) -> Result<Moments, NoMoments> {
    Ok(Moments::of(toy, &statistics(toy, pair, iterations)?.moments()))
}

/// Whether the moments of `pair` after `iterations` updates can be computed here, before any of it
/// is.
///
/// # Errors
/// If the run is too long, for the theory or for the memory there is.
pub fn fits(pair: &Pair, iterations: usize) -> Result<(), NoMoments> {
    let lag = match pair.cross {
        Cross::Lagged { lag, .. } => lag.unsigned_abs() as usize,
        Cross::None | Cross::Same => 0,
    };
    let spanned = iterations.saturating_add(lag);
    if spanned > MOST {
        return Err(NoMoments::TooLong(spanned));
    }
    let (limit, what) = (left(), format!("the computation of moments of {spanned} iterations"));
    Ok(limit.check(&what, bytes(spanned) + limit.of_threads(1))?)
}

/// Covariances of signals that stay for `duration` iterations as they are at the first of these.
fn lasting(covariance: Matrix<f64>, duration: usize) -> Matrix<f64> {
    if duration == 1 {
        return covariance;
    }
    let mut out = covariance.clone();
    for s in 0..out.rows() {
        let begun = covariance.row(s - s % duration);
        out.row_mut(s)
            .iter_mut()
            .enumerate()
            .for_each(|(t, value)| *value = begun[t - t % duration]);
    }
    out
}

/// An activity whose copy, some iterations apart, is a part of the error.
struct Copied {
    /// Covariance of the activity over the run and the lag.
    long: Matrix<f64>,
    coefficient: f64,
    /// Scale of the error over that of the activity.
    scale: f64,
    lag: i32,
}

impl Copied {
    /// Iterations that the activity and the copy run ahead: the activity by a positive lag, the
    /// copy by a negative one.
    fn ahead(&self) -> [usize; 2] {
        let ahead = self.lag.unsigned_abs() as usize;
        if self.lag >= 0 { [ahead, 0] } else { [0, ahead] }
    }

    fn at(&self, s: usize, t: usize) -> f64 {
        self.long.row(s)[t]
    }

    /// Makes the covariance of errors of their own that of the sum with the copy.
    fn add_to(&self, errors: &mut Matrix<f64>) {
        let Self { coefficient, scale, .. } = *self;
        let [_, of_error] = self.ahead();
        for s in 0..errors.rows() {
            for t in 0..errors.cols() {
                let shared = scale * scale * self.at(s + of_error, t + of_error);
                let value = &mut errors.row_mut(s)[t];
                *value =
                    (1.0 - coefficient * coefficient) * *value + coefficient * coefficient * shared;
            }
        }
    }

    /// Covariance of the activity over the run.
    fn activity(&self, iterations: usize) -> Matrix<f64> {
        let [of_activity, _] = self.ahead();
        square(iterations, |s, t| self.at(s + of_activity, t + of_activity))
    }

    /// Covariance of activity and error.
    fn crossed(&self, iterations: usize) -> Matrix<f64> {
        let [of_activity, of_error] = self.ahead();
        square(iterations, |s, t| {
            self.coefficient * self.scale * self.at(s + of_activity, t + of_error)
        })
    }
}

/// The matrix of a value for every two iterations.
fn square(iterations: usize, value: impl Fn(usize, usize) -> f64) -> Matrix<f64> {
    let values =
        (0..iterations * iterations).map(|i| value(i / iterations, i % iterations)).collect();
    Matrix::from_vec(iterations, iterations, values)
}

/// Joint statistics of the first `iterations` iterations of `pair`.
///
/// # Errors
/// As [`moments`].
pub fn statistics(toy: &Toy, pair: &Pair, iterations: usize) -> Result<Statistics, NoMoments> {
    if let Some(form) = [&pair.activity, &pair.error].into_iter().find(|form| !form.is_gaussian()) {
        return Err(NoMoments::NotGaussian(form.to_string()));
    }
    let Toy { inputs, outputs, batch, .. } = *toy;
    let lag = match pair.cross {
        Cross::Lagged { lag, .. } => lag,
        _ => 0,
    };
    fits(pair, iterations)?;
    if toy.timing != Timing::INSTANT {
        let (limit, what) =
            (left(), format!("the computation of moments of {iterations} iterations in time"));
        limit.check(&what, 2 * bytes(iterations) + limit.of_threads(1))?;
    }
    let run = iterations.max(lag.unsigned_abs() as usize + 1);
    pair.check(Sizes { batch, inputs, outputs, iterations: run })
        .map_err(|e| NoMoments::Pair(e.to_string()))?;
    let duration = pair.duration().map_err(|error| NoMoments::Pair(error.to_string()))?;
    let covariance = |form: &Form, length| {
        form.covariance(length).ok_or_else(|| NoMoments::NotGaussian(form.to_string()))
    };
    let moment = |form: &Form, covariance: Matrix<f64>, units: usize| Moment {
        covariance,
        mean: form.mean,
        units,
        batch_correlation: form.batch,
        unit_correlation: form.units,
    };
    let Pair { activity, error, cross, .. } = pair;
    let mut errors = covariance(error, iterations)?;
    let (activities, crossed) = match *cross {
        Cross::None => (covariance(activity, iterations)?, None),
        Cross::Same => (errors.clone(), Some(errors.clone())),
        Cross::Lagged { coefficient, lag } => {
            let ahead = lag.unsigned_abs() as usize;
            let copied = Copied {
                long: covariance(activity, iterations + ahead)?,
                coefficient,
                scale: error.scale / activity.scale,
                lag,
            };
            copied.add_to(&mut errors);
            (copied.activity(iterations), Some(copied.crossed(iterations)))
        }
    };
    let lasting = |covariance: Matrix<f64>| lasting(covariance, duration);
    let plain = Statistics {
        activity: moment(activity, lasting(activities), inputs),
        error: moment(error, lasting(errors), outputs),
        cross: crossed.map(lasting),
        batch,
        memory: None,
    };
    if toy.timing == Timing::INSTANT {
        return Ok(plain);
    }
    let [first, second] = [false, true].map(|leaky| toy.timing.response(iterations, leaky));
    Ok(plain.in_time(&first, &second))
}
