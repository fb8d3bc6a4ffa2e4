//! Linear recurrent networks under RFLO in isolation: the angle of the read-out to `B^T`, given the
//! signals.
//!
//! With traces `x~_t = (1 - a) x~_{t-1} + a x_t` of the inputs and `h~_t` of `h_{t-1}`, the weights
//! are
//!
//! ```text
//! W_in(t) = W_in(0) + eta C_t B,   C_t = sum_{s<t} x~_s^T e_s
//! W_rec(t) = W_rec(0) + eta R_t B,   R_t = sum_{s<t} h~_s^T e_s
//! W_out(t) = W_out(0) + eta sum_{s<t} h_s^T e_s
//! ```
//!
//! so that `h_t = (1 - a) h_{t-1} + a (x_t W_in(0) + h_{t-1} W_rec(0) + eta Q_t B)` with `Q_t = x_t
//! C_t + h_{t-1} R_t`. Of many units `H(t, s) = h_t h_s^T / N` (`P x P`) is the same for all draws
//! of the weights, and so is `h_{t-1} R_t = N sum_s H~(t-1, s) e_s`. `h_{t-1} W_rec(0)` is then a
//! Gaussian process of covariance `g^2 H(t-1, s-1)` that is independent of `B`: no transpose of
//! `W_rec(0)` occurs anywhere in the rule. (This is the dynamical mean-field theory of Sompolinsky,
//! Crisanti & Sommers 1988, for linear units, whose response function is that of the leak alone;
//! learning adds `Q`.) Hence
//!
//! ```text
//! K(t, s) = v_in x_t x_s^T + g^2 H(t-1, s-1) + eta^2 v_B Q_t Q_s^T        drives
//! D(t, s) = (1 - a) D(t, s-1) + a K(t, s)                                 drives with states
//! H(t, s) = (1 - a) H(t-1, s) + a D(t, s)                                 states
//! A_t = (1 - a) A_{t-1} + a eta Q_t                                       what of h_t lies along B
//! <W_out, B^T> = eta N v_B sum_s <e_s, A_s>
//! ||W_out||^2 = N n_out v_out + eta^2 N sum_{s,t} tr(e_s^T H(s, t) e_t)
//! ```
//!
//! with `v_in = G_in^2 / n_in`, `v_out = G_out^2 / N` and `v_B = G_B^2 / N` for the variances of
//! the weights at the start. `W_rec(0)` so has no part in the inner product but through what the
//! recurrent weights learn, and lengthens `W_out` at right angles to `B^T`.

use super::Prediction;
use crate::matrix::Matrix;

/// Sizes, rates and scales of a linear recurrent network in isolation.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct LinearRecurrent {
    /// Units `N`.
    pub units: usize,
    /// Inputs `n_in`.
    pub inputs: usize,
    /// Outputs `n_out`.
    pub outputs: usize,
    /// Samples `P` per iteration.
    pub batch: usize,
    /// Learning rate.
    pub eta: f64,
    /// `a = dt / tau`.
    pub leak: f64,
    /// `g`: `W_rec` has variance `g^2 / N` at the start.
    pub gain: f64,
    /// `W_in` has variance `G_in^2 / n_in` at the start.
    pub input_gain: f64,
    /// `W_out` has variance `G_out^2 / N` at the start.
    pub readout_gain: f64,
    /// `B` has variance `G_B^2 / N`.
    pub feedback_gain: f64,
}

/// What an iteration leaves for those that follow.
#[derive(Clone, Debug)]
struct Moment {
    /// `x_s`, `e_s`, `Q_s`.
    input: Matrix<f64>,
    error: Matrix<f64>,
    learnt: Matrix<f64>,
}

/// Follows the signals of a repeat.
#[derive(Clone, Debug)]
pub struct ReadoutFollower {
    network: LinearRecurrent,
    past: Vec<Moment>,
    /// `H(t-1, s)` for `s` from 0 to `t-1`.
    overlaps: Vec<Matrix<f64>>,
    /// `x~_{t-1}`.
    traced: Matrix<f64>,
    /// `C_t`.
    gathered: Matrix<f64>,
    /// `A_{t-1}`.
    along: Matrix<f64>,
    inner: f64,
    squared: f64,
}

impl LinearRecurrent {
    /// Assumptions and source of the predicted angle.
    pub const GIVEN: [&'static str; 2] = [
        "linear units, RFLO, an update at every iteration; these signals; W and B Gaussian; many \
         units; ratio of moments",
        "dynamical mean-field theory of the unrolled rule",
    ];

    /// Before the first iteration.
    pub fn follow(self) -> ReadoutFollower {
        let Self { inputs, outputs, batch, .. } = self;
        ReadoutFollower {
            network: self,
            past: Vec::new(),
            overlaps: Vec::new(),
            traced: Matrix::zeros(batch, inputs),
            gathered: Matrix::zeros(inputs, outputs),
            along: Matrix::zeros(batch, outputs),
            inner: 0.0,
            squared: 0.0,
        }
    }

    /// `N v` for the variances `v` of `W_out` and `B`.
    fn readout_norms(&self) -> [f64; 2] {
        [self.readout_gain, self.feedback_gain].map(|gain| gain * gain * self.outputs as f64)
    }

    /// Bytes that following so many iterations takes, at most.
    pub fn bytes(&self, iterations: usize) -> u128 {
        let [batch, inputs, outputs] = [self.batch, self.inputs, self.outputs].map(|n| n as u128);
        8 * iterations as u128 * batch * (inputs + 2 * outputs + 3 * batch)
    }
}

impl ReadoutFollower {
    /// Takes one iteration, with input `P x n_in` and error `P x n_out`.
    pub fn advance(&mut self, input: &Matrix<f64>, error: &Matrix<f64>) {
        let LinearRecurrent { leak, eta, units, .. } = self.network;
        let kept = 1.0 - leak;
        let learnt = self.learnt(input);
        self.past.push(Moment { input: input.clone(), error: error.clone(), learnt });
        self.advance_overlaps();
        let Some(now) = self.past.last() else { return };
        self.along.scale(kept);
        self.along += leak * eta * now.learnt.view();
        let of_feedback = self.network.feedback_gain.powi(2) / units as f64;
        self.inner += eta * units as f64 * of_feedback * error.inner(&self.along);
        let last = self.past.len() - 1;
        for (s, (moment, overlap)) in self.past.iter().zip(&self.overlaps).enumerate() {
            // H(t, s) e_s, with e_t; twice for s < t.
            let met = (overlap * &moment.error).to_matrix().inner(error);
            let times = if s == last { 1.0 } else { 2.0 };
            self.squared += times * eta * eta * units as f64 * met;
        }
        // What the iterations to come will find.
        self.traced.scale(kept);
        self.traced += leak * input.view();
        self.gathered += self.traced.t() * error;
    }

    /// `Q_t = x_t C_t + N sum_{s<t} H~(t-1, s) e_s`, `H~(t-1, s) = (1 - a) H~(t-1, s-1) + a
    /// H(t-1, s-1)`.
    fn learnt(&self, input: &Matrix<f64>) -> Matrix<f64> {
        let LinearRecurrent { leak, units, batch, .. } = self.network;
        let mut learnt = (input * &self.gathered).to_matrix();
        let mut traced = Matrix::zeros(batch, batch);
        // The state before the first iteration is 0.
        for (moment, overlap) in self.past.iter().skip(1).zip(&self.overlaps) {
            traced.scale(1.0 - leak);
            traced += leak * overlap.view();
            learnt += units as f64 * traced.view() * moment.error.view();
        }
        learnt
    }

    /// `H(t, s)` for all `s` up to `t`, in the place of `H(t-1, s)`.
    fn advance_overlaps(&mut self) {
        let LinearRecurrent { leak, gain, eta, inputs, units, batch, .. } = self.network;
        let kept = 1.0 - leak;
        let of_inputs = self.network.input_gain.powi(2) / inputs as f64;
        let of_learnt = (eta * self.network.feedback_gain).powi(2) / units as f64;
        let Some(now) = self.past.last() else { return };
        // D(t, s), and H(t, s).
        let mut with_states = Matrix::zeros(batch, batch);
        let mut after: Vec<Matrix<f64>> = Vec::with_capacity(self.past.len());
        for (s, moment) in self.past.iter().enumerate() {
            let mut drives = (of_inputs * now.input.view() * moment.input.t()).to_matrix();
            drives += of_learnt * now.learnt.view() * moment.learnt.t();
            if s > 0 {
                drives += gain * gain * self.overlaps[s - 1].view();
            }
            with_states.scale(kept);
            with_states += leak * drives.view();
            // H(t-1, s); of s = t the transpose of H(t, t-1), which has just been found.
            let mut overlap = match self.overlaps.get(s) {
                Some(before) => before.clone(),
                None => after.last().map_or_else(|| Matrix::zeros(batch, batch), Matrix::transpose),
            };
            overlap.scale(kept);
            overlap += leak * with_states.view();
            after.push(overlap);
        }
        self.overlaps = after;
    }

    /// `E <W_out, B^T>` and `E ||W_out||^2` after the iterations so far.
    pub fn moments(&self) -> [f64; 2] {
        [self.inner, self.network.readout_norms()[0] + self.squared]
    }

    /// The angle in degrees of `W_out` to `B^T` after the iterations so far; `None` where values
    /// have run away.
    pub fn angle(&self) -> Option<Prediction> {
        let [inner, squared] = self.moments();
        let cosine = inner / (squared * self.network.readout_norms()[1]).sqrt();
        let [assumptions, source] = LinearRecurrent::GIVEN;
        cosine.is_finite().then(|| Prediction {
            value: cosine.clamp(-1.0, 1.0).acos().to_degrees(),
            assumptions,
            source,
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::measure::angle::weight_alignment;
    use crate::recurrent::{Credit, Feedback, Isolated, Network, Setup};
    use crate::rule::Activation;
    use crate::signal::{Form, Pair, Recording, Signals, Sizes, Surrogate};

    /// Measured minus predicted angle, mean over repeats, with the mean predicted one. Every repeat
    /// is run twice, with `B` and with `-B`: what of the angle is odd in `B` is chance, and
    /// cancels.
    fn compare(network: LinearRecurrent, pair: &Pair, repeats: u64) -> [f64; 2] {
        const ITERATIONS: usize = 40;
        let LinearRecurrent { units, inputs, outputs, batch, eta, leak, .. } = network;
        let setup = Setup {
            activation: Activation::Linear,
            gain: network.gain,
            input_gain: network.input_gain,
            readout_gain: network.readout_gain,
            feedback_gain: network.feedback_gain,
            ..Setup::default()
        };
        let sizes = [inputs, units, outputs];
        let [mut off, mut mean] = [0.0; 2];
        for repeat in 0..2 * repeats {
            let (draw, mirrored) = (repeat / 2, repeat % 2 == 1);
            let run = Sizes { batch, inputs, outputs, iterations: ITERATIONS };
            let mut signals = Signals::<f64>::new(pair, run, 8, draw).unwrap();
            let mut feedback = Feedback::draw(&setup, sizes, 8, draw);
            if mirrored {
                feedback.readout.scale(-1.0);
            }
            let weights = Network::draw(&setup, sizes, leak, 8, draw);
            let mut net = Isolated::new(weights, feedback, Credit::Rflo, batch, 0);
            let mut follower = network.follow();
            for _ in 0..ITERATIONS {
                net.step(signals.activity(), signals.error(), eta);
                follower.advance(signals.activity(), signals.error());
                signals.advance();
            }
            let found = weight_alignment(&net.network.readout, &net.feedback.readout);
            let predicted = follower.angle().unwrap().value;
            off += (found.unwrap().unwrap() - predicted) / (2 * repeats) as f64;
            mean += predicted / (2 * repeats) as f64;
        }
        [off, mean]
    }

    #[test]
    fn the_predicted_angle_is_that_of_the_simulation_within_half_a_degree() {
        let base = LinearRecurrent {
            units: 200,
            inputs: 20,
            outputs: 4,
            batch: 5,
            eta: 1e-3,
            leak: 0.2,
            gain: 0.5,
            input_gain: 1.0,
            readout_gain: 0.1,
            feedback_gain: 1.0,
        };
        for (network, activity, error, aligned) in [
            (base, "ou:20", "ou:20", true),
            (LinearRecurrent { gain: 0.0, ..base }, "ou:20", "ou:20", true),
            (LinearRecurrent { batch: 10, eta: 7e-4, ..base }, "held", "ou:10", true),
            (LinearRecurrent { leak: 0.5, eta: 5e-4, ..base }, "ou:8", "osc:40,30", true),
            (LinearRecurrent { feedback_gain: 2.0, eta: 6e-4, ..base }, "ou:20", "ou:20", true),
            // Errors without memory: the angle is a right one.
            (base, "ou:20", "white", false),
        ] {
            let [x, e] = [activity, error].map(|text| Form::parse(text).unwrap());
            let [off, predicted] = compare(network, &Pair::independent(x, e), 12);
            println!("{activity}, {error}: {off:+.3} from {predicted:.2}");
            assert!(off.abs() < 0.5, "{activity}, {error}: {off} from {predicted}");
            assert_eq!(predicted < 86.0, aligned, "{activity}, {error}: {predicted}");
        }
    }

    /// What docs/recurrent.md says of signals in random order: most of the inner product goes, and
    /// with signs that have no memory all of it.
    #[test]
    fn random_order_takes_most_of_the_inner_product_and_random_signs_all_of_it() {
        let network = LinearRecurrent {
            units: 100,
            inputs: 20,
            outputs: 4,
            batch: 5,
            eta: 1e-3,
            leak: 0.2,
            gain: 0.5,
            input_gain: 1.0,
            readout_gain: 1.0,
            feedback_gain: 1.0,
        };
        let form = Form::parse("ou:5").unwrap();
        let pair = Pair::independent(form.clone(), form);
        let run = Sizes { batch: 5, inputs: 20, outputs: 4, iterations: 150 };
        let inner = |surrogate: Option<Surrogate>| {
            let inner_product = |repeat| {
                let recording = Recording::<f64>::generate(&pair, run, 8, repeat).unwrap();
                let recording = match surrogate {
                    None => recording,
                    Some(surrogate) => surrogate.draw(&recording, 8, repeat).unwrap(),
                };
                let mut follower = network.follow();
                for t in 0..run.iterations {
                    follower.advance(&recording.activity().matrix(t), &recording.error().matrix(t));
                }
                follower.moments()[0]
            };
            (0..6).map(inner_product).sum::<f64>() / 6.0
        };
        let [plain, reversed, shuffled, signs] =
            [None, Some(Surrogate::Reversed), Some(Surrogate::Time), Some(Surrogate::Signs)]
                .map(inner);
        println!("{plain:.3}, reversed {reversed:.3}, shuffled {shuffled:.3}, signs {signs:.3}");
        assert!((reversed / plain - 1.0).abs() < 0.4, "{reversed} {plain}");
        assert!((0.15..0.45).contains(&(shuffled / plain)), "{shuffled} {plain}");
        assert!(signs.abs() < 0.1 * plain, "{signs} {plain}");
    }
}
