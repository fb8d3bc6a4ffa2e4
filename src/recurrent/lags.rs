//! What the alignment of the read-out owes to earlier updates of the weights below it, by lag.
//!
//! The read-out learns `sum eta h_s^T e_s`, and `<h_s^T e_s, B^T> = <h_s, e_s B>`. The state at `s`
//! depends on the updates `r < s` of `W_in` and `W_rec`; to first order the part that stems from
//! update `r` is `q_s`,
//!
//! ```text
//! q_s = (1 - alpha) q_{s-1} + alpha f'(u_s) o (x_s dW_in(r) + h_{s-1} dW_rec(r) + q_{s-1} W_rec(0))
//! ```
//!
//! from `q_r = 0` on, and its share of the inner product is `eta <q_s, e_s B>`, at the lag `s - r`:
//! an iteration takes `dt`, so that this is a time. What is left of `h_s` is what the weights of
//! the start would have done. For linear units nothing else is left, and the parts add up exactly.

use super::{Feedback, Isolated, Network};
use crate::matrix::Matrix;
use crate::real::Real;
use std::collections::VecDeque;

/// An earlier update, and what the present state owes to it.
#[derive(Clone, Debug)]
struct Past<T> {
    /// `eta dW_in` and `eta dW_rec`.
    input: Matrix<T>,
    recurrent: Matrix<T>,
    /// `q_s`, `P x N`.
    owed: Matrix<T>,
}

/// The inner product that the read-out has gained with `B^T`, by the lag of the updates it stems
/// from.
#[derive(Clone, Debug)]
pub struct ReadoutLags<T> {
    start: Network<T>,
    /// `h_s` of the weights of the start, and room for the next.
    unchanged: [Matrix<T>; 2],
    room: [Matrix<T>; 2],
    past: VecDeque<Past<T>>,
    most: usize,
    by_lag: Vec<f64>,
    of_start: f64,
    total: f64,
}

impl<T: Real> ReadoutLags<T> {
    /// Before the first iteration of `network`, for batches of `samples` and lags from 1 to `most`.
    pub fn new(network: &Network<T>, samples: usize, most: usize) -> Self {
        let zeros = || Matrix::zeros(samples, network.recurrent.rows());
        Self {
            start: network.clone(),
            unchanged: [zeros(), zeros()],
            room: [zeros(), zeros()],
            past: VecDeque::new(),
            most,
            by_lag: vec![0.0; most],
            of_start: 0.0,
            total: 0.0,
        }
    }

    /// Takes the iteration that `net` has carried and not yet applied.
    pub fn observe(&mut self, net: &Isolated<T>, input: &Matrix<T>, error: &Matrix<T>, eta: f64) {
        let Feedback { readout: backward, .. } = &net.feedback;
        let wanted = (error * backward).to_matrix();
        let ([before, state], [drive, activity]) = (&mut self.unchanged, &mut self.room);
        std::mem::swap(before, state);
        self.start.advance(input, before, [drive, activity, state]);
        self.of_start += eta * state.inner(&wanted);
        self.total += eta * net.state().inner(&wanted);
        let kept = T::from_f64(1.0 - self.start.leak);
        for (past, sum) in self.past.iter_mut().zip(&mut self.by_lag) {
            let Past { input: of_input, recurrent, owed } = past;
            let mut change = (input * &*of_input).to_matrix();
            change += net.before() * &*recurrent;
            change += &*owed * &self.start.recurrent;
            owed.scale(kept);
            let pairs = change.as_slice().iter().zip(net.slopes().as_slice());
            owed.as_mut_slice()
                .iter_mut()
                .zip(pairs)
                .for_each(|(owed, (&change, &slope))| *owed += change * slope);
            *sum += eta * owed.inner(&wanted);
        }
        if self.most > 0 {
            self.past.truncate(self.most - 1);
            self.past.push_front(self.update(net, eta));
        }
    }

    fn update(&self, net: &Isolated<T>, eta: f64) -> Past<T> {
        let scaled = |update: &Matrix<T>| {
            let mut update = update.clone();
            update.scale(T::from_f64(eta));
            update
        };
        let (samples, units) = self.unchanged[0].shape();
        Past {
            input: scaled(&net.updates().input),
            recurrent: scaled(&net.updates().recurrent),
            owed: Matrix::zeros(samples, units),
        }
    }

    /// What updates of this lag gave, from 1 on; `None` of a lag that was not followed.
    pub fn at(&self, lag: usize) -> Option<f64> {
        self.by_lag.get(lag.checked_sub(1)?).copied()
    }

    /// What updates of all lags that are followed gave.
    pub fn followed(&self) -> f64 {
        self.by_lag.iter().sum()
    }

    /// What the states that the weights of the start would have had gave.
    pub fn of_start(&self) -> f64 {
        self.of_start
    }

    /// `<W_out, B^T>`, less what it was at the start.
    pub fn total(&self) -> f64 {
        self.total
    }
}
