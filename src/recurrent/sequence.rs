//! A sequence forwards, and the credit of its errors backwards.

use super::{Credit, Feedback, Network, Path};
use crate::matrix::{Matrix, View};
use crate::real::Real;

/// What the units did over a sequence of `T` iterations of `P` samples. Allocated once.
#[derive(Clone, Debug)]
pub struct Trajectory<T> {
    /// State before the first iteration, `P x N`.
    start: Matrix<T>,
    /// `u_t`.
    drive: Vec<Matrix<T>>,
    /// `f(u_t)`.
    activity: Vec<Matrix<T>>,
    /// `h_t`.
    state: Vec<Matrix<T>>,
}

impl<T: Real> Trajectory<T> {
    /// Room for `iterations` of `samples` and `units`, from a state of zeros.
    pub fn new(iterations: usize, samples: usize, units: usize) -> Self {
        let zeros = || vec![Matrix::zeros(samples, units); iterations];
        Self {
            start: Matrix::zeros(samples, units),
            drive: zeros(),
            activity: zeros(),
            state: zeros(),
        }
    }

    /// Number of iterations.
    pub fn iterations(&self) -> usize {
        self.state.len()
    }

    /// Gives the sequence the state it starts from, `P x N`.
    pub fn set_start(&mut self, start: &Matrix<T>) {
        self.start.clone_from(start);
    }

    /// `h_{t-1}`.
    ///
    /// # Panics
    /// If there is no iteration `t`.
    pub fn before(&self, t: usize) -> &Matrix<T> {
        if t == 0 { &self.start } else { &self.state[t - 1] }
    }

    /// `h_t`.
    ///
    /// # Panics
    /// If there is no iteration `t`.
    pub fn state(&self, t: usize) -> &Matrix<T> {
        &self.state[t]
    }

    /// Runs `network` on `inputs` (`P x n_in`, one per iteration, at least as many as there is room
    /// for).
    pub fn run(&mut self, network: &Network<T>, inputs: &[Matrix<T>]) {
        for (t, input) in inputs.iter().enumerate().take(self.iterations()) {
            let (past, now) = self.state.split_at_mut(t);
            let before = past.last().unwrap_or(&self.start);
            let room = [&mut self.drive[t], &mut self.activity[t], &mut now[0]];
            network.advance(input, before, room);
        }
    }

    /// Keeps what the units did at one iteration, the latest, and forgets the earliest: for a
    /// sequence that is the latest part of a longer one.
    pub(super) fn push(
        &mut self,
        before: &Matrix<T>,
        [drive, activity, state]: [&Matrix<T>; 3],
        most: usize,
    ) {
        if self.iterations() == 0 {
            self.start.clone_from(before);
        }
        self.drive.push(drive.clone());
        self.activity.push(activity.clone());
        self.state.push(state.clone());
        if self.iterations() > most {
            self.drive.remove(0);
            self.activity.remove(0);
            self.start = self.state.remove(0);
        }
    }

    /// Multiplies `values` by `factor f'(u_t)`.
    fn through_slope(&self, network: &Network<T>, t: usize, factor: f64, values: &mut Matrix<T>) {
        let (drive, activity) = (self.drive[t].as_slice(), self.activity[t].as_slice());
        network.activation.multiply_derivative(drive, activity, values.as_mut_slice());
        values.scale(T::from_f64(factor));
    }
}

/// What a sequence of errors changes, before the learning rate; towards the target.
#[derive(Clone, Debug, PartialEq)]
pub struct Updates<T> {
    /// Of `W_in`, `n_in x N`.
    pub input: Matrix<T>,
    /// Of `W_rec`, `N x N`.
    pub recurrent: Matrix<T>,
    /// Of `W_out`, `N x n_out`.
    pub readout: Matrix<T>,
    /// `G = sum_t alpha h_{t-1}^T E_t` (`N x n_out`) with `E_t = e_t + (1 - alpha) E_{t+1}`: of
    /// linear units the update of `W_rec` by RFLO is `G B`.
    pub source: Matrix<T>,
}

impl<T: Real> Updates<T> {
    /// None, for weights of these sizes.
    pub fn zeros([inputs, units, outputs]: [usize; 3]) -> Self {
        Self {
            input: Matrix::zeros(inputs, units),
            recurrent: Matrix::zeros(units, units),
            readout: Matrix::zeros(units, outputs),
            source: Matrix::zeros(units, outputs),
        }
    }

    /// `W += eta dW`.
    pub fn apply(&self, network: &mut Network<T>, eta: f64) {
        let eta = T::from_f64(eta);
        network.input += eta * self.input.view();
        network.recurrent += eta * self.recurrent.view();
        network.readout += eta * self.readout.view();
    }
}

/// What carries an error back through weights: themselves transposed, a fixed matrix, or nothing.
fn way<'a, T: Real>(
    path: Path,
    weights: &'a Matrix<T>,
    fixed: &'a Matrix<T>,
) -> Option<View<'a, T>> {
    match path {
        Path::Transpose => Some(weights.t()),
        Path::Random => Some(fixed.view()),
        Path::Cut => None,
    }
}

/// The updates that `errors` (`P x n_out`, one per iteration) make of a sequence: see
/// [`super`] for the formulas.
pub fn carry_back<T: Real>(
    network: &Network<T>,
    feedback: &Feedback<T>,
    credit: Credit,
    inputs: &[Matrix<T>],
    trajectory: &Trajectory<T>,
    errors: &[Matrix<T>],
) -> Updates<T> {
    let mut updates = Updates::zeros(network.sizes());
    let out = way(credit.through_readout(), &network.readout, &feedback.readout);
    let back = way(credit.through_recurrence(), &network.recurrent, &feedback.recurrent);
    let (samples, [_, units, outputs]) = (trajectory.start.rows(), network.sizes());
    let (leak, kept) = (T::from_f64(network.leak), T::from_f64(1.0 - network.leak));
    let mut lambda = Matrix::zeros(samples, units);
    let mut delta = lambda.clone();
    let mut traced = Matrix::zeros(samples, outputs);
    for t in (0..trajectory.iterations()).rev() {
        let (before, error) = (trajectory.before(t), &errors[t]);
        if let Some(out) = out {
            lambda += error.view() * out;
        }
        delta.clone_from(&lambda);
        trajectory.through_slope(network, t, network.leak, &mut delta);
        traced.scale(kept);
        traced += error;
        updates.recurrent += before.t() * &delta;
        updates.input += inputs[t].t() * &delta;
        updates.readout += trajectory.state[t].t() * error;
        updates.source += leak * before.t() * &traced;
        lambda.scale(kept);
        if let Some(back) = back {
            lambda += delta.view() * back;
        }
    }
    updates
}

/// The updates of BPTT by the number of times that the error passes back through `W_rec`, from none
/// to `most`, each of `[W_in, W_rec]`: their sum over all numbers is that of BPTT, and the first is
/// that of `rflo-symmetric`.
///
/// With `lambda_t = sum_k lambda_t^k`, `lambda_t^k = e_t W_out^T [k = 0] + (1 - alpha)
/// lambda_{t+1}^k + alpha (f'(u_{t+1}) o lambda_{t+1}^{k-1}) W_rec^T`.
pub fn by_passages<T: Real>(
    network: &Network<T>,
    inputs: &[Matrix<T>],
    trajectory: &Trajectory<T>,
    errors: &[Matrix<T>],
    most: usize,
) -> Vec<[Matrix<T>; 2]> {
    let (samples, [inputs_count, units, _]) = (trajectory.start.rows(), network.sizes());
    let kept = T::from_f64(1.0 - network.leak);
    let zeros = || [Matrix::zeros(inputs_count, units), Matrix::zeros(units, units)];
    let mut updates: Vec<[Matrix<T>; 2]> = (0..=most).map(|_| zeros()).collect();
    let mut lambda = vec![Matrix::<T>::zeros(samples, units); most + 1];
    for t in (0..trajectory.iterations()).rev() {
        lambda[0] += errors[t].view() * network.readout.t();
        let mut passed: Option<Matrix<T>> = None;
        for (lambda, [input, recurrent]) in lambda.iter_mut().zip(&mut updates) {
            let mut delta = lambda.clone();
            trajectory.through_slope(network, t, network.leak, &mut delta);
            *recurrent += trajectory.before(t).t() * &delta;
            *input += inputs[t].t() * &delta;
            lambda.scale(kept);
            if let Some(passed) = passed {
                *lambda += passed.view() * network.recurrent.t();
            }
            passed = Some(delta);
        }
    }
    updates
}
