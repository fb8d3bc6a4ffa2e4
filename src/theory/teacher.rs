//! A teacher and a student that learns from it online: the differential equations of a few
//! overlaps, exact for infinitely many inputs (Saad & Solla 1995; with a second layer that learns,
//! Goldt et al. 2019; under feedback alignment, Refinetti et al. 2021).
//!
//! Student `y = sum_k v_k g(w_k . x / sqrt N)`, teacher `y* = sum_m v*_m g(w*_m . x / sqrt N)`,
//! Gaussian inputs `x` of `N` entries, each seen once, and `e = y - y*`. The update is
//!
//! ```text
//! w_k -= eta / sqrt N  F_k e g'(lambda_k) x        v_k -= eta / N  g(lambda_k) e        F = v under BP, F = b under BP-TRW
//! ```
//!
//! (with one hidden layer BP-TRW and DFA are the same rule). With `Q = w w^T / N`, `R = w w*^T /
//! N`, `T = w* w*^T / N`, the local fields `lambda`, `rho` are Gaussian with these covariances, and
//! in time `t` = updates over `N`
//!
//! ```text
//! dR_km/dt = -eta F_k <e g'(lambda_k) rho_m>        dv_k/dt = -eta <e g(lambda_k)>
//! dQ_kl/dt = -eta F_k <e g'(lambda_k) lambda_l> - eta F_l <e g'(lambda_l) lambda_k> + eta^2 F_k F_l <e^2 g'(lambda_k) g'(lambda_l)>
//! ```
//!
//! For `g = erf(x / sqrt 2)` all averages are closed forms, for ReLU those of the first order in
//! `eta`; the last is a sum over a fixed lattice of local fields.

use crate::matrix::{Matrix, add_scaled};
use crate::measure::angle::Direction;
use crate::random::{Role, Stream};
use crate::rule::normal_matrix;
use crate::vmath::dot;
use statrs::distribution::{ContinuousCDF, Normal};
use statrs::function::erf::erf;
use std::f64::consts::{FRAC_2_PI, PI, SQRT_2};

/// Points of the lattice of local fields.
const POINTS: usize = 16384;

/// Activation of the hidden units.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Transfer {
    /// `erf(x / sqrt 2)`.
    Erf,
    /// `max(x, 0)`.
    Relu,
}

impl Transfer {
    fn value(self, x: f64) -> f64 {
        match self {
            Self::Erf => erf(x / SQRT_2),
            Self::Relu => x.max(0.0),
        }
    }

    fn slope(self, x: f64) -> f64 {
        match self {
            Self::Erf => FRAC_2_PI.sqrt() * (-0.5 * x * x).exp(),
            Self::Relu => f64::from(x > 0.0),
        }
    }

    /// `<g(u) g(v)>`, by the variances and the covariance.
    fn product(self, [uu, vv, uv]: [f64; 3]) -> f64 {
        match self {
            Self::Erf => {
                FRAC_2_PI * (uv / ((1.0 + uu) * (1.0 + vv)).sqrt()).clamp(-1.0, 1.0).asin()
            }
            Self::Relu => {
                let apart = (uu * vv - uv * uv).max(0.0).sqrt();
                (apart + uv * (PI - apart.atan2(uv))) / (2.0 * PI)
            }
        }
    }

    /// `<g'(u) v g(w)>`, by `[uu, ww, uv, uw, vw]`.
    fn gradient(self, [uu, ww, uv, uw, vw]: [f64; 5]) -> f64 {
        match self {
            Self::Erf => {
                let both = (1.0 + uu) * (1.0 + ww) - uw * uw;
                FRAC_2_PI * (vw * (1.0 + uu) - uv * uw)
                    / ((1.0 + uu) * both.max(f64::MIN_POSITIVE).sqrt())
            }
            Self::Relu => {
                let apart = (uu * ww - uw * uw).max(0.0).sqrt();
                let along = if uu > 0.0 { uv * apart / uu } else { 0.0 };
                (along + vw * (PI - apart.atan2(uw))) / (2.0 * PI)
            }
        }
    }
}

/// What carries the error to the hidden units.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum TeacherRule {
    /// Back-propagation.
    Bp,
    /// Fixed random `B`: BP-TRW, which with one hidden layer is DFA.
    Fixed,
}

/// How a student learns.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Schooling {
    /// Activation of student and teacher.
    pub transfer: Transfer,
    /// What carries the error.
    pub rule: TeacherRule,
    /// Learning rate.
    pub eta: f64,
    /// Whether the second layer of the student learns.
    pub second_layer: bool,
}

/// Student and teacher, weight by weight.
#[derive(Clone, Debug)]
pub struct Network {
    /// `w`, `K x N`.
    pub first: Matrix<f64>,
    /// `v`.
    pub second: Vec<f64>,
    /// `b`.
    pub backward: Vec<f64>,
    /// `w*`, `M x N`.
    pub teacher_first: Matrix<f64>,
    /// `v*`.
    pub teacher_second: Vec<f64>,
}

impl Network {
    /// Of `[N, K, M]` inputs, hidden units of the student and of the teacher; the student's weights
    /// have standard deviation `w_std`, those of the teacher and of `b` 1; the teacher's second
    /// layer is 1.
    pub fn draw(
        [inputs, student, teacher]: [usize; 3],
        w_std: f64,
        seed: u64,
        repeat: u64,
    ) -> Self {
        let mut stream = Stream::new(seed, repeat, Role::Weights);
        let first = normal_matrix(&mut stream, student, inputs, w_std);
        let second = normal_matrix::<f64>(&mut stream, 1, student, w_std).as_slice().to_vec();
        let teacher_first = normal_matrix(&mut stream, teacher, inputs, 1.0);
        let mut stream = Stream::new(seed, repeat, Role::Backward);
        let backward = normal_matrix::<f64>(&mut stream, 1, student, 1.0).as_slice().to_vec();
        Self { first, second, backward, teacher_first, teacher_second: vec![1.0; teacher] }
    }

    /// One online update with input `x`.
    pub fn step(&mut self, how: &Schooling, x: &[f64]) {
        let scale = 1.0 / (x.len() as f64).sqrt();
        let fields = |w: &Matrix<f64>| -> Vec<f64> {
            (0..w.rows()).map(|k| scale * dot(w.row(k), x)).collect()
        };
        let (own, theirs) = (fields(&self.first), fields(&self.teacher_first));
        let output = |v: &[f64], fields: &[f64]| -> f64 {
            v.iter().zip(fields).map(|(v, field)| v * how.transfer.value(*field)).sum()
        };
        let e = output(&self.second, &own) - output(&self.teacher_second, &theirs);
        for (k, field) in own.iter().enumerate() {
            let carried = match how.rule {
                TeacherRule::Bp => self.second[k],
                TeacherRule::Fixed => self.backward[k],
            };
            let factor = -how.eta * scale * carried * e * how.transfer.slope(*field);
            add_scaled(self.first.row_mut(k), x, factor);
        }
        if how.second_layer {
            for (v, field) in self.second.iter_mut().zip(&own) {
                *v -= how.eta / x.len() as f64 * how.transfer.value(*field) * e;
            }
        }
    }

    /// Its overlaps.
    pub fn overlaps(&self) -> Overlaps {
        let share = 1.0 / self.first.cols() as f64;
        let [student, teacher] = [self.first.rows(), self.teacher_first.rows()];
        let row = |i: usize| {
            if i < student { self.first.row(i) } else { self.teacher_first.row(i - student) }
        };
        let mut covariance = Matrix::zeros(student + teacher, student + teacher);
        for i in 0..student + teacher {
            for j in 0..student + teacher {
                covariance.row_mut(i)[j] = share * dot(row(i), row(j));
            }
        }
        Overlaps {
            covariance,
            second: self.second.clone(),
            backward: self.backward.clone(),
            teacher: self.teacher_second.clone(),
        }
    }
}

/// All that the equations know: `[[Q, R], [R^T, T]]`, `v`, `b` and `v*`.
#[derive(Clone, Debug, PartialEq)]
pub struct Overlaps {
    /// Covariance of the local fields, the student's first.
    pub covariance: Matrix<f64>,
    /// `v`.
    pub second: Vec<f64>,
    /// `b`.
    pub backward: Vec<f64>,
    /// `v*`.
    pub teacher: Vec<f64>,
}

impl Overlaps {
    fn is_finite(&self) -> bool {
        self.covariance.as_slice().iter().chain(&self.second).all(|value| value.is_finite())
    }

    fn student(&self) -> usize {
        self.second.len()
    }

    fn at(&self, i: usize, j: usize) -> f64 {
        self.covariance.row(i)[j]
    }

    /// What each unit contributes to the error: `v`, and `-v*`.
    fn weights(&self) -> Vec<f64> {
        self.second.iter().copied().chain(self.teacher.iter().map(|v| -v)).collect()
    }

    /// `<(y - y*)^2> / 2`.
    pub fn generalisation_error(&self, transfer: Transfer) -> f64 {
        let weights = self.weights();
        let product =
            |i: usize, j: usize| transfer.product([self.at(i, i), self.at(j, j), self.at(i, j)]);
        let pairs = (0..weights.len()).flat_map(|i| (0..weights.len()).map(move |j| (i, j)));
        0.5 * pairs.map(|(i, j)| weights[i] * weights[j] * product(i, j)).sum::<f64>()
    }

    /// Angle in degrees of `v` to `b`: weight alignment of the second layer. `None` where one of
    /// them is zero.
    pub fn weight_alignment(&self) -> Option<f64> {
        let backward = Matrix::from_vec(1, self.backward.len(), self.backward.clone());
        Direction::towards(&backward).angle_to(&self.second)
    }

    /// Rates of change of the covariances and of `v`.
    fn rates(&self, how: &Schooling, lattice: &Lattice) -> (Matrix<f64>, Vec<f64>) {
        let (student, all) = (self.student(), self.covariance.rows());
        let (weights, transfer) = (self.weights(), how.transfer);
        let carried = match how.rule {
            TeacherRule::Bp => &self.second,
            TeacherRule::Fixed => &self.backward,
        };
        // <e g'(lambda_k) f_j> for every field.
        let gradient = |k: usize, j: usize| -> f64 {
            let term = |i: usize| {
                transfer.gradient([
                    self.at(k, k),
                    self.at(i, i),
                    self.at(k, j),
                    self.at(k, i),
                    self.at(j, i),
                ])
            };
            (0..all).map(|i| weights[i] * term(i)).sum()
        };
        let squares = self.squares(how, lattice);
        let mut rates = Matrix::zeros(all, all);
        for k in 0..student {
            for j in 0..all {
                let first = -how.eta * carried[k] * gradient(k, j);
                if j >= student {
                    rates.row_mut(k)[j] += first;
                    rates.row_mut(j)[k] += first;
                } else {
                    rates.row_mut(k)[j] += first;
                    rates.row_mut(j)[k] += first;
                    rates.row_mut(k)[j] +=
                        how.eta * how.eta * carried[k] * carried[j] * squares.row(k)[j];
                }
            }
        }
        let product =
            |i: usize, j: usize| transfer.product([self.at(i, i), self.at(j, j), self.at(i, j)]);
        let second = (0..student).map(|k| {
            let sum: f64 = (0..all).map(|i| weights[i] * product(k, i)).sum();
            if how.second_layer { -how.eta * sum } else { 0.0 }
        });
        (rates, second.collect())
    }

    /// `<e^2 g'(lambda_k) g'(lambda_l)>`.
    fn squares(&self, how: &Schooling, lattice: &Lattice) -> Matrix<f64> {
        let (student, weights) = (self.student(), self.weights());
        if how.transfer == Transfer::Relu {
            return lattice.squares(&self.covariance, &weights, student);
        }
        let mut out = Matrix::zeros(student, student);
        for k in 0..student {
            for l in 0..student {
                let pairs =
                    (0..weights.len()).flat_map(|a| (0..weights.len()).map(move |b| (a, b)));
                out.row_mut(k)[l] =
                    pairs.map(|(a, b)| weights[a] * weights[b] * self.four([k, l, a, b])).sum();
            }
        }
        out
    }

    /// `<g'(1) g'(2) g(3) g(4)>` of `erf` (Saad & Solla 1995, eq. A3).
    fn four(&self, fields: [usize; 4]) -> f64 {
        let c = |i: usize, j: usize| self.at(fields[i - 1], fields[j - 1]);
        let [one, two] = [1.0 + c(1, 1), 1.0 + c(2, 2)];
        let both = one * two - c(1, 2).powi(2);
        let along = |i: usize, j: usize| {
            -c(2, i) * c(2, j) * one - c(1, i) * c(1, j) * two
                + c(1, 2) * (c(1, i) * c(2, j) + c(1, j) * c(2, i))
        };
        let cross = both * c(3, 4) + along(3, 4);
        let norms = [3, 4].map(|i| both * (1.0 + c(i, i)) + along(i, i));
        let sine = cross / (norms[0] * norms[1]).sqrt();
        4.0 / (PI * PI) / both.sqrt() * sine.clamp(-1.0, 1.0).asin()
    }
}

/// Points of standard normals that average well: an additive recurrence with the generalised golden
/// ratio (Roberts 2018).
#[derive(Clone, Debug)]
struct Lattice(Matrix<f64>);

impl Lattice {
    fn new(dimension: usize, points: usize) -> Self {
        let mut golden: f64 = 2.0;
        (0..64).for_each(|_| golden = (1.0 + golden).powf(1.0 / (dimension as f64 + 1.0)));
        let normal = Normal::standard();
        let mut out = Matrix::zeros(points, dimension);
        for i in 0..points {
            for (j, value) in out.row_mut(i).iter_mut().enumerate() {
                let place = (0.5 + (i + 1) as f64 * golden.powi(-(j as i32 + 1))).fract();
                *value = normal.inverse_cdf(place.clamp(1e-12, 1.0 - 1e-12));
            }
        }
        Self(out)
    }

    /// `<e^2 1[f_k > 0] 1[f_l > 0]>` for ReLU; every point with its mirror image.
    fn squares(&self, covariance: &Matrix<f64>, weights: &[f64], student: usize) -> Matrix<f64> {
        let fields = (&self.0 * lower(covariance).t()).to_matrix();
        let mut out = Matrix::zeros(student, student);
        let share = 0.5 / fields.rows() as f64;
        for i in 0..fields.rows() {
            for sign in [1.0, -1.0] {
                let row = fields.row(i);
                let e: f64 = weights.iter().zip(row).map(|(w, f)| w * (sign * f).max(0.0)).sum();
                for k in (0..student).filter(|&k| sign * row[k] > 0.0) {
                    let into = out.row_mut(k);
                    (0..student)
                        .filter(|&l| sign * row[l] > 0.0)
                        .for_each(|l| into[l] += share * e * e);
                }
            }
        }
        out
    }
}

/// Lower triangular `L` with `L L^T = C` for a positive semidefinite `C`; directions without
/// variance are left out.
fn lower(covariance: &Matrix<f64>) -> Matrix<f64> {
    let n = covariance.rows();
    let mut out = Matrix::zeros(n, n);
    for j in 0..n {
        let left = covariance.row(j)[j] - dot(&out.row(j)[..j], &out.row(j)[..j]);
        if left <= 1e-12 * covariance.row(j)[j] {
            continue;
        }
        let pivot = left.sqrt();
        out.row_mut(j)[j] = pivot;
        for i in j + 1..n {
            let value = (covariance.row(i)[j] - dot(&out.row(i)[..j], &out.row(j)[..j])) / pivot;
            out.row_mut(i)[j] = value;
        }
    }
    out
}

/// The equations, integrated.
#[derive(Clone, Debug)]
pub struct TeacherTheory {
    how: Schooling,
    state: Overlaps,
    lattice: Lattice,
    time: f64,
}

impl TeacherTheory {
    /// Longest step of the integration, in units of time times the learning rate.
    const STEP: f64 = 0.05;
    /// Assumptions of the prediction.
    pub const ASSUMPTIONS: &'static str = "one hidden layer, Gaussian inputs seen once, scalar \
         output; infinitely many inputs, from the overlaps of the drawn start";
    /// Source of the prediction.
    pub const SOURCE: &'static str = "differential equations of overlaps (Saad & Solla 1995; Goldt \
        et al. 2019; Refinetti et al. 2021)";

    /// From these overlaps on.
    pub fn new(how: Schooling, state: Overlaps) -> Self {
        Self::on_lattice(how, state, POINTS)
    }

    fn on_lattice(how: Schooling, state: Overlaps, points: usize) -> Self {
        let points = if how.transfer == Transfer::Relu { points } else { 0 };
        Self { lattice: Lattice::new(state.covariance.rows(), points), how, state, time: 0.0 }
    }

    /// The present overlaps.
    pub fn overlaps(&self) -> &Overlaps {
        &self.state
    }

    /// Steps of the integration that lead over so much time.
    pub fn steps(how: &Schooling, time: f64) -> f64 {
        (time * how.eta.max(1e-3) / Self::STEP).ceil().max(0.0)
    }

    /// Integrates up to `time`, updates over inputs: Runge-Kutta of fourth order. Overlaps that have
    /// left the range of numbers stay where they are.
    pub fn advance_to(&mut self, time: f64) {
        let steps = Self::steps(&self.how, time - self.time);
        let length = (time - self.time) / steps.max(1.0);
        for _ in 0..steps as usize {
            if !self.state.is_finite() {
                break;
            }
            self.step(length);
        }
        self.time = time;
    }

    fn step(&mut self, length: f64) {
        let moved = |(covariance, second): &(Matrix<f64>, Vec<f64>), by: f64, from: &Overlaps| {
            let mut out = from.clone();
            add_scaled(out.covariance.as_mut_slice(), covariance.as_slice(), by);
            add_scaled(&mut out.second, second, by);
            out
        };
        let start = self.state.clone();
        let first = start.rates(&self.how, &self.lattice);
        let second = moved(&first, length / 2.0, &start).rates(&self.how, &self.lattice);
        let third = moved(&second, length / 2.0, &start).rates(&self.how, &self.lattice);
        let fourth = moved(&third, length, &start).rates(&self.how, &self.lattice);
        for (rates, share) in [(first, 1.0), (second, 2.0), (third, 2.0), (fourth, 1.0)] {
            self.state = moved(&rates, share * length / 6.0, &self.state);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::measure::summary::Summary;
    use rayon::iter::{IntoParallelIterator, ParallelIterator};

    fn sampled(value: impl Fn(&[f64]) -> f64, covariance: &Matrix<f64>) -> [f64; 2] {
        let root = lower(covariance);
        let mut stream = Stream::new(3, 0, Role::Probe);
        let mut z = vec![0.0; covariance.rows()];
        let values: Vec<f64> = (0..40_000)
            .map(|_| {
                stream.fill_normal(&mut z);
                let fields: Vec<f64> = (0..z.len()).map(|i| dot(root.row(i), &z)).collect();
                value(&fields)
            })
            .collect();
        let found = Summary::of(values.into_iter().map(Some));
        [found.mean.unwrap(), found.standard_error().unwrap()]
    }

    #[test]
    fn averages_over_local_fields_are_those_of_samples() {
        let covariance = Matrix::from_vec(
            4,
            4,
            vec![1.2, 0.4, 0.3, -0.2, 0.4, 0.8, 0.1, 0.3, 0.3, 0.1, 1.0, 0.2, -0.2, 0.3, 0.2, 1.5],
        );
        let at = |i: usize, j: usize| covariance.row(i)[j];
        for transfer in [Transfer::Erf, Transfer::Relu] {
            let g = |x: f64| transfer.value(x);
            let [mean, error] = sampled(|f| g(f[0]) * g(f[1]), &covariance);
            assert!(
                (transfer.product([at(0, 0), at(1, 1), at(0, 1)]) - mean).abs() < 4.0 * error,
                "{transfer:?}"
            );
            let [mean, error] = sampled(|f| transfer.slope(f[0]) * f[1] * g(f[3]), &covariance);
            let found = transfer.gradient([at(0, 0), at(3, 3), at(0, 1), at(0, 3), at(1, 3)]);
            assert!((found - mean).abs() < 4.0 * error, "{transfer:?} {found} {mean}");
            let overlaps = Overlaps {
                covariance: covariance.clone(),
                second: vec![0.7, -0.4],
                backward: vec![1.0, 1.0],
                teacher: vec![1.0, 0.5],
            };
            let how = Schooling { transfer, rule: TeacherRule::Bp, eta: 0.1, second_layer: true };
            let squares = overlaps.squares(&how, &Lattice::new(4, POINTS));
            let e =
                |f: &[f64]| overlaps.weights().iter().zip(f).map(|(w, f)| w * g(*f)).sum::<f64>();
            for (k, l) in [(0, 0), (0, 1), (1, 1)] {
                let slopes = |f: &[f64]| transfer.slope(f[k]) * transfer.slope(f[l]);
                let [mean, error] = sampled(|f| e(f).powi(2) * slopes(f), &covariance);
                let within = 4.0 * error + 0.005 * mean;
                assert!(
                    (squares.row(k)[l] - mean).abs() < within,
                    "{transfer:?} {k} {l}: {mean} {squares:?}"
                );
            }
            let [mean, error] = sampled(|f| 0.5 * e(f).powi(2), &covariance);
            assert!((overlaps.generalisation_error(transfer) - mean).abs() < 4.0 * error);
        }
    }

    #[test]
    fn the_second_layer_is_as_far_from_b_as_vectors_are() {
        let aligned = |second: &[f64], backward: &[f64]| {
            let covariance = Matrix::identity(second.len() + 1);
            let (second, backward) = (second.to_vec(), backward.to_vec());
            Overlaps { covariance, second, backward, teacher: vec![1.0] }.weight_alignment()
        };
        for (second, backward, degrees) in [
            ([2.0, 0.0], [3.0, 3.0], 45.0),
            ([0.1, 0.2], [-4.0, 2.0], 90.0),
            ([1.0, 3.0f64.sqrt()], [-1.0, 0.0], 120.0),
        ] {
            let found = aligned(&second, &backward).unwrap();
            assert!((found - degrees).abs() < 1e-9, "{second:?} {backward:?}: {found}");
        }
        assert_eq!(aligned(&[0.0, 0.0], &[1.0, 2.0]), None);
        assert_eq!(aligned(&[1.0, 2.0], &[0.0, 0.0]), None);
    }

    /// Saad & Solla (1995): the symmetric plateau of a committee of `K` units, for small rates,
    /// with `Q = C = 1 / (2K - 1)`, `R = 1 / sqrt(K (2K - 1))` and the error `K / pi (pi / 6 - K
    /// asin(1 / 2K))`.
    #[test]
    fn the_symmetric_plateau_is_where_it_was_published() {
        let how = Schooling {
            transfer: Transfer::Erf,
            rule: TeacherRule::Bp,
            eta: 1e-6,
            second_layer: false,
        };
        for k in [2usize, 3, 5] {
            let units = k as f64;
            let [q, r] = [1.0 / (2.0 * units - 1.0), 1.0 / (units * (2.0 * units - 1.0)).sqrt()];
            let mut covariance = Matrix::zeros(2 * k, 2 * k);
            for i in 0..2 * k {
                for j in 0..2 * k {
                    covariance.row_mut(i)[j] = match (i < k, j < k) {
                        (true, true) => q,
                        (false, false) => f64::from(i == j),
                        _ => r,
                    };
                }
            }
            let ones = vec![1.0; k];
            let overlaps = Overlaps {
                covariance,
                second: ones.clone(),
                backward: ones.clone(),
                teacher: ones,
            };
            let published = units / PI * (PI / 6.0 - units * (0.5 / units).asin());
            let found = overlaps.generalisation_error(Transfer::Erf);
            assert!((found - published).abs() < 1e-12, "{k}: {found} {published}");
            let (rates, _) = overlaps.rates(&how, &Lattice::new(2 * k, 0));
            let fastest = rates.as_slice().iter().fold(0.0f64, |most, rate| most.max(rate.abs()));
            assert!(fastest < 1e-4 * how.eta, "{k}: {fastest}");
        }
    }

    /// Mean distance of simulated errors from the theory of the same start, at some times.
    fn distance(how: Schooling, inputs: usize, repeats: u64) -> f64 {
        let times = [1.0, 3.0, 5.0];
        let distance = |repeat: u64| -> f64 {
            let mut network = Network::draw([inputs, 2, 2], 0.5, 7, repeat);
            // A coarse lattice: what it is off is small beside the second order in the rate.
            let mut theory = TeacherTheory::on_lattice(how, network.overlaps(), 1000);
            let mut stream = Stream::new(7, repeat, Role::Signal);
            let (mut x, mut done, mut sum) = (vec![0.0; inputs], 0, 0.0);
            for time in times {
                theory.advance_to(time);
                while done < (time * inputs as f64) as usize {
                    stream.fill_normal(&mut x);
                    network.step(&how, &x);
                    done += 1;
                }
                let [said, found] = [theory.overlaps(), &network.overlaps()];
                let off = said
                    .covariance
                    .as_slice()
                    .iter()
                    .zip(found.covariance.as_slice())
                    .map(|(a, b)| (a - b).powi(2));
                sum += off.sum::<f64>().sqrt();
            }
            sum
        };
        let all: Vec<f64> = (0..repeats).into_par_iter().map(distance).collect();
        all.iter().sum::<f64>() / repeats as f64
    }

    #[test]
    fn networks_come_to_the_equations_as_inputs_become_many() {
        for (transfer, eta) in [(Transfer::Erf, 0.5), (Transfer::Relu, 0.1)] {
            for rule in [TeacherRule::Bp, TeacherRule::Fixed] {
                let how = Schooling { transfer, rule, eta, second_layer: true };
                let [few, many] = [60, 540].map(|inputs| distance(how, inputs, 24));
                // Nine times the inputs: a third of the distance, within the error of 24 repeats.
                let ratio = few / many;
                assert!((2.0..4.5).contains(&ratio), "{transfer:?} {rule:?}: {few} {many}");
                assert!(many < 0.6, "{transfer:?} {rule:?}: {many}");
            }
        }
    }
}
