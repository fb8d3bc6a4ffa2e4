//! The rule in isolation on signals of a given form: what is needed for a first look, in a few
//! lines.

use super::{Activation, Isolated, Timing, WeightNorm};
use crate::matrix::Matrix;
use crate::measure::angle::weight_alignment;
use crate::signal::{Cross, Form, FormError, Pair, PairError, Signals, Sizes};
use crate::text::Span;
use thiserror::Error;

/// Builds an [`IsolatedRun`]: layers, signals, learning rate. What is not said is as `alignscope
/// isolate` has it by default, and the same settings and seed give the numbers of that command in
/// double precision.
#[derive(Clone, Debug, PartialEq)]
pub struct Isolation {
    layers: Vec<usize>,
    batch: usize,
    iterations: usize,
    eta: f64,
    activation: Activation,
    signals: Pair,
    std: [f64; 2],
    weight_norm: Option<WeightNorm>,
    timing: Timing,
    seed: u64,
    repeat: u64,
}

/// Why a run in isolation cannot begin.
#[derive(Debug, Error)]
pub enum IsolationError {
    /// Layers of which there are too few, or that have no units.
    #[error(
        "layers are {0:?}: expected at least inputs, hidden units and outputs, none of them zero"
    )]
    Layers(Vec<usize>),
    /// Nothing to be done.
    #[error("{what} is {value}: expected {expected}")]
    Setting {
        /// What was set.
        what: &'static str,
        /// To which value.
        value: f64,
        /// What it may be.
        expected: &'static str,
    },
    /// The signals do not fit the layers, or each other.
    #[error(transparent)]
    Signals(#[from] PairError),
}

impl Isolation {
    /// Samples per iteration, unless told otherwise.
    pub const BATCH: usize = 100;
    /// Updates, unless told otherwise.
    pub const ITERATIONS: usize = 1500;
    /// Learning rate, unless told otherwise.
    pub const ETA: f64 = 4e-4;
    /// Activation, unless told otherwise.
    pub const ACTIVATION: Activation = Activation::Relu;
    /// Standard deviation of `W` at the start and of `B`, unless told otherwise.
    pub const STD: f64 = 1.0;

    /// Layers of so many units, inputs first; signals `held`, batches of 100, 1,500 iterations at a
    /// rate of 4e-4, ReLU.
    pub fn of(layers: &[usize]) -> Self {
        Self {
            layers: layers.to_vec(),
            batch: Self::BATCH,
            iterations: Self::ITERATIONS,
            eta: Self::ETA,
            activation: Self::ACTIVATION,
            signals: Pair::default(),
            std: [Self::STD; 2],
            weight_norm: None,
            timing: Timing::INSTANT,
            seed: 1,
            repeat: 0,
        }
    }

    /// Form of the activity `X` (`P x n_0` per iteration), such as `ar1:0.9`.
    ///
    /// # Errors
    /// If it is not the text of a form.
    pub fn activity(mut self, form: &str) -> Result<Self, FormError> {
        self.signals.activity = Form::parse(form)?;
        Ok(self)
    }

    /// Form of the error signal `E` (`P x n_D` per iteration).
    ///
    /// # Errors
    /// If it is not the text of a form.
    pub fn error(mut self, form: &str) -> Result<Self, FormError> {
        self.signals.error = Form::parse(form)?;
        Ok(self)
    }

    /// Cross-correlation of error and activity.
    #[must_use]
    pub fn cross(mut self, cross: Cross) -> Self {
        self.signals.cross = cross;
        self
    }

    /// Activity and error together, with their correlation and how long a stimulus lasts.
    #[must_use]
    pub fn signals(self, signals: Pair) -> Self {
        Self { signals, ..self }
    }

    /// Samples `P` per iteration.
    #[must_use]
    pub fn batch(self, batch: usize) -> Self {
        Self { batch, ..self }
    }

    /// Updates of the whole run.
    #[must_use]
    pub fn iterations(self, iterations: usize) -> Self {
        Self { iterations, ..self }
    }

    /// Learning rate.
    #[must_use]
    pub fn eta(self, eta: f64) -> Self {
        Self { eta, ..self }
    }

    /// Activation of every layer.
    #[must_use]
    pub fn activation(self, activation: Activation) -> Self {
        Self { activation, ..self }
    }

    /// Standard deviations of `W` at the start, and of `B`.
    #[must_use]
    pub fn std(self, w: f64, b: f64) -> Self {
        Self { std: [w, b], ..self }
    }

    /// Weight normalisation, at the start and after every update.
    #[must_use]
    pub fn weight_norm(self, norm: WeightNorm) -> Self {
        Self { weight_norm: Some(norm), ..self }
    }

    /// When errors meet activities.
    #[must_use]
    pub fn timing(self, timing: Timing) -> Self {
        Self { timing, ..self }
    }

    /// How long every stimulus lasts, in iterations.
    #[must_use]
    pub fn hold(mut self, iterations: usize) -> Self {
        self.signals.hold = Span::of_iterations(iterations as f64);
        self
    }

    /// Seed of all random numbers, and which of its repeats.
    #[must_use]
    pub fn seed(self, seed: u64, repeat: u64) -> Self {
        Self { seed, repeat, ..self }
    }

    /// Draws weights and signals.
    ///
    /// # Errors
    /// If sizes, rate or standard deviations make no run, or the signals do not fit them.
    pub fn begin(&self) -> Result<IsolatedRun, IsolationError> {
        let [inputs, _, .., outputs] = self.layers[..] else {
            return Err(IsolationError::Layers(self.layers.clone()));
        };
        if self.layers.contains(&0) {
            return Err(IsolationError::Layers(self.layers.clone()));
        }
        let (count, positive) = ("a whole number above 0", "a finite number above 0");
        let [w, b] = self.std;
        let settings = [
            ("batch", self.batch as f64, count),
            ("iterations", self.iterations as f64, count),
            ("eta", self.eta, positive),
            ("the standard deviation of W", w, positive),
            ("the standard deviation of B", b, positive),
            ("the time constant of the trace", self.timing.trace.unwrap_or(1.0), positive),
            ("the time constant of the units", self.timing.leak.unwrap_or(1.0), positive),
        ];
        if let Some((what, value, expected)) =
            settings.into_iter().find(|(_, v, _)| !(v.is_finite() && *v > 0.0))
        {
            return Err(IsolationError::Setting { what, value, expected });
        }
        let (seed, repeat) = (self.seed, self.repeat);
        let sizes = Sizes { batch: self.batch, inputs, outputs, iterations: self.iterations };
        let signals = Signals::new(&self.signals, sizes, seed, repeat)?;
        let mut network =
            Isolated::draw(&self.layers, self.batch, self.activation, self.std, seed, repeat);
        network = network.in_time(self.timing, self.batch);
        if let Some(norm) = &self.weight_norm {
            network = network.with_weight_norm(norm);
        }
        Ok(IsolatedRun {
            network,
            signals,
            eta: self.eta,
            iterations: self.iterations,
            iteration: 0,
        })
    }
}

/// A run of the rule in isolation.
pub struct IsolatedRun {
    network: Isolated<f64>,
    signals: Signals<f64>,
    eta: f64,
    iterations: usize,
    iteration: usize,
}

impl IsolatedRun {
    /// Updates that were made.
    pub fn iteration(&self) -> usize {
        self.iteration
    }

    /// One update; whether there was one left to make.
    pub fn step(&mut self) -> bool {
        if self.iteration == self.iterations {
            return false;
        }
        self.network.step(self.signals.activity(), self.signals.error(), self.eta);
        self.signals.advance();
        self.iteration += 1;
        true
    }

    /// All updates that are left.
    pub fn finish(&mut self) {
        while self.step() {}
    }

    /// `W_l`, `n_l x n_{l+1}`, `l` from 0.
    pub fn weights(&self, l: usize) -> Option<&Matrix<f64>> {
        self.network.layers.weights.get(l)
    }

    /// `B_l`, `n_{l+1} x n_l`, `l` from 1.
    pub fn backward(&self, l: usize) -> Option<&Matrix<f64>> {
        self.network.feedback.backward(l)
    }

    /// Angle in degrees of `W_l` to `B_l^T`; `None` where the layer has no `B`, or a matrix is
    /// zero.
    pub fn weight_alignment(&self, l: usize) -> Option<f64> {
        weight_alignment(self.weights(l)?, self.backward(l)?).ok().flatten()
    }

    /// The network, with its layers, feedback and the buffers of the last pass.
    pub fn network(&self) -> &Isolated<f64> {
        &self.network
    }

    /// Activity and error of the iteration to come.
    pub fn signals(&self) -> &Signals<f64> {
        &self.signals
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_makes_no_run_is_refused() {
        let toy = || Isolation::of(&[4, 6, 3]).batch(5).iterations(7);
        for (isolation, said) in [
            (Isolation::of(&[4, 3]), "layers are [4, 3]: expected at least inputs"),
            (Isolation::of(&[4, 0, 3]), "none of them zero"),
            (toy().batch(0), "batch is 0: expected a whole number above 0"),
            (toy().eta(f64::NAN), "eta is NaN: expected a finite number above 0"),
            (toy().std(1.0, -1.0), "the standard deviation of B is -1"),
            (toy().cross(Cross::Same), "as many inputs as outputs, not 4 and 3"),
        ] {
            let message = isolation.begin().err().unwrap().to_string();
            assert!(message.contains(said), "{message}");
        }
    }

    #[test]
    fn a_run_ends_after_its_iterations() {
        let mut run = Isolation::of(&[4, 6, 3]).batch(5).iterations(7).begin().unwrap();
        let start = run.weight_alignment(1).unwrap();
        assert!(run.step());
        run.finish();
        assert_eq!((run.iteration(), run.step()), (7, false));
        assert_ne!(run.weight_alignment(1).unwrap(), start);
        assert_eq!([run.weight_alignment(0), run.weight_alignment(2)], [None, None]);
    }
}
