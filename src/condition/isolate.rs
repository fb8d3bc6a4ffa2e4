//! Kind isolate: the rule on exogenous signals.

use super::conflict::{Conflict, Values};
use super::train::TrainCondition;
use crate::network::{Biases, Setup};
use crate::real::Precision;
use crate::rule::{Activation, Isolation, Timing, WeightNorm};
use crate::signal::{Pair, Schedule, Sizes};
use crate::text::{Choice, Interval, List, Settings, Span, Spans, settings};
use crate::theory::depth::MOST_SAMPLES;

/// Most iterations of a run.
pub(super) const MOST_ITERATIONS: usize = 1_000_000_000;

settings! {
    /// When and for how long an activity meets errors, as typed: see [`Timing`].
    pub struct Times {
        delay: Span = Span::of_iterations(0.0) => DELAY(
            "delay", "TIME", "The error meets the activity of this long before", Spans::Whole(0),
            axis = "delay of the error",
            label = |span, text|
                if span.number() == 0.0 { "no delay".into() } else { format!("delay {text}") },
            tacit = true
        );
        trace: Option<Span> = None => TRACE(
            "trace", "TIME", "Time constant of the trace of an activity, an average over the past, \
                that the error meets",
            Spans::Positive, axis = "time constant of the trace",
            label = |span, text|
                if span.is_none() { "no trace".into() } else { format!("trace {text}") },
            tacit = true
        );
        leak: Option<Span> = None => LEAK(
            "leak", "TIME", "Time constant of the units, whose pre-activations are averages over \
                the past", Spans::Positive,
            axis = "time constant of the units",
            label = |span, text|
                if span.is_none() { "no leak".into() } else { format!("leak {text}") },
            tacit = true
        );
    }
}

impl Times {
    /// The same where an iteration takes so many milliseconds.
    fn at(&self, step: Option<f64>) -> Self {
        let at = |span: Option<Span>| span.map(|span| span.at(step));
        Self { delay: self.delay.at(step), trace: at(self.trace), leak: at(self.leak) }
    }

    /// In iterations, of `dt` each.
    ///
    /// # Errors
    /// What makes none: a time where it is not known how long an iteration takes, or a delay of no
    /// whole number.
    pub fn timing(&self, dt: Option<Span>) -> Result<Timing, (&'static str, String)> {
        let times = self.at(dt.and_then(Span::milliseconds));
        let fault =
            |name: &'static str, span: Span| (name, format!("{name} {span}{}", span.fault(dt)));
        let constant = |name, span: Option<Span>| {
            span.map(|span| span.iterations().ok_or_else(|| fault(name, span))).transpose()
        };
        Ok(Timing {
            delay: times.delay.whole().ok_or_else(|| fault(Self::DELAY.name(), times.delay))?,
            trace: constant(Self::TRACE.name(), times.trace)?,
            leak: constant(Self::LEAK.name(), times.leak)?,
        })
    }
}

settings! {
    /// One point of a sweep over the rule in isolation.
    pub struct IsolateCondition {
        /// At least three layers.
        layers: Vec<usize> = vec![20, 100, 20] => LAYERS(
            "layers", "SIZES", "Units of every layer, inputs first",
            List::Sizes { least: 3, example: "20,100,20 (inputs, hidden, outputs)" },
            label = |_, text| text.replace(',', "-")
        );
        /// What [`Self::signals`] are known as.
        schedule: Schedule = Schedule::Free => SCHEDULE(
            "schedule", "NAME",
            "Shorthand for activity, error and cross: held (both drawn once), shared (X := E, \
            redrawn each iteration), white (both redrawn, independent), or free (as these options \
            say)", ()
        );
        /// Activity and error.
        signals: Pair = Pair::default() => part();
        /// When errors meet activities.
        times: Times = Times::default() => part();
        output_mask: bool = false => OUTPUT_MASK(
            "output-mask", "on|off", "Whether the injected error is multiplied by f'(Z) of the \
                output layer", ()
        );
        activation: Activation = Isolation::ACTIVATION => ACTIVATION(like Setup::ACTIVATION, ());
        batch: usize = Isolation::BATCH => BATCH(like Setup::BATCH);
        eta: f64 = Isolation::ETA => ETA(like Setup::ETA);
        iterations: usize = Isolation::ITERATIONS => ITERATIONS("iterations", "N", "Updates",
            1..=MOST_ITERATIONS);
        bias: Biases = Biases::Off => BIAS(like Setup::BIAS);
        w_std: f64 = Isolation::STD => W_STD(like Setup::W_STD, Interval::Scale);
        b_std: f64 = Isolation::STD => B_STD(like Setup::B_STD, Interval::Scale);
        bias_std: f64 = 1.0 => BIAS_STD(like Setup::BIAS_STD, Interval::Scale);
        normalize_b: bool = false => NORMALIZE_B(like Setup::NORMALIZE_B);
        b_scale: f64 = 1.0 => B_SCALE(like Setup::B_SCALE);
        weight_norm: Option<WeightNorm> = None => WN(like Setup::WN);
        precision: Precision = Precision::F64 => PRECISION(like TrainCondition::PRECISION);
    }
}

impl IsolateCondition {
    /// When errors meet activities, in iterations.
    pub fn timing(&self) -> Timing {
        // What has none does not get through the checks.
        self.times.timing(self.signals.dt).unwrap_or_default()
    }

    /// Whether errors meet the activities of their own iteration, and both may change with every
    /// one.
    pub fn is_instant(&self) -> bool {
        self.timing() == Timing::INSTANT && self.signals.hold == Pair::default().hold
    }

    /// Whether theory is about it: one hidden layer, no output mask, `B` as drawn, no biases; under
    /// weight normalisation or not.
    pub fn is_plain(&self) -> bool {
        self.layers.len() == 3 && !self.output_mask && !self.normalize_b && self.bias == Biases::Off
    }

    /// The same without weight normalisation.
    pub fn is_toy(&self) -> bool {
        self.is_plain() && self.weight_norm.is_none()
    }

    /// Whether theory says more of it than that white errors give no alignment.
    pub fn is_predicted(&self) -> bool {
        let by_schedule = [Schedule::Held, Schedule::Shared].contains(&self.schedule);
        let is_relu = self.activation == Activation::Relu && self.is_instant();
        self.is_linear_toy() || (self.is_toy() && is_relu && by_schedule)
    }

    /// Whether the theory of linear networks of any depth holds, given signals and `B`.
    pub fn is_deep_linear(&self) -> bool {
        self.activation == Activation::Linear && self.is_bare()
    }

    /// Whether the mean field of ReLU networks of any depth is about it, given the signals.
    pub fn is_deep_relu(&self) -> bool {
        self.activation == Activation::Relu
            && self.is_bare()
            && self.weight_norm.is_none()
            && !self.normalize_b
            && self.batch.saturating_mul(self.iterations) <= MOST_SAMPLES
    }

    /// Whether theory follows its repeats at any depth.
    pub fn is_followed(&self) -> bool {
        self.is_deep_linear() || self.is_deep_relu()
    }

    /// Whether the rule is instant, without output mask and biases.
    fn is_bare(&self) -> bool {
        let instant = self.timing() == Timing::INSTANT;
        !self.output_mask && self.bias == Biases::Off && instant
    }

    /// Whether the exact theory of the linear rule holds.
    pub fn is_linear_toy(&self) -> bool {
        self.is_toy() && self.activation == Activation::Linear
    }

    /// Puts the signals that a schedule stands for in the place of those by default: they must
    /// agree with those given. Signals that a schedule stands for are known by it however they were
    /// given.
    pub(super) fn settle(&mut self, given: &Values) -> Result<(), Conflict> {
        if let Some(pair) = self.schedule.pair() {
            let shorthand = [Pair::ACTIVITY.name(), Pair::ERROR.name(), Pair::CROSS.name()];
            for (name, value) in
                pair.values().into_iter().filter(|(name, _)| shorthand.contains(name))
            {
                if let Some(other) = given.get(name).filter(|other| **other != value) {
                    let schedule = self.schedule.name();
                    let message = format!(
                        "{name} `{other}` is not what schedule `{schedule}` stands for \
                         (`{value}`): leave one of the two out"
                    );
                    return Err(Conflict {
                        parameters: vec![name, Self::SCHEDULE.name()],
                        message,
                    });
                }
            }
            self.signals = Pair { hold: self.signals.hold, dt: self.signals.dt, ..pair };
        }
        self.signals =
            self.signals.resolve().map_err(|error| Conflict::of([], error.to_string()))?;
        self.schedule = Schedule::of(&self.signals);
        self.times = self.times.at(self.signals.step());
        Ok(())
    }

    pub(super) fn conflicts(&self) -> Vec<Conflict> {
        match self.times.timing(self.signals.dt) {
            Err((name, message)) => return vec![Conflict::of([name, Pair::DT.name()], message)],
            Ok(Timing { delay, .. }) if delay >= self.iterations => {
                let (delay, last) = (self.times.delay, self.iterations);
                let message = format!(
                    "delay {delay}: no error of {last} iterations comes after it: make it shorter"
                );
                return vec![Conflict::of([Times::DELAY.name(), Self::ITERATIONS.name()], message)];
            }
            Ok(_) => {}
        }
        let Err(error) =
            self.signals.check(signal_sizes(&self.layers, self.batch, self.iterations))
        else {
            return Vec::new();
        };
        let [layers, schedule, batch] =
            [Self::LAYERS.name(), Self::SCHEDULE.name(), Self::BATCH.name()];
        let [activity, error_signal, cross] =
            [Pair::ACTIVITY.name(), Pair::ERROR.name(), Pair::CROSS.name()];
        vec![match self.schedule {
            Schedule::Free => {
                Conflict::of([cross, activity, error_signal, batch, layers], error.to_string())
            }
            named => Conflict::of(
                [schedule, cross, layers],
                format!("schedule `{}`: {error}", named.name()),
            ),
        }]
    }
}

/// Sizes of the signals of a network of `layers`.
pub(super) fn signal_sizes(layers: &[usize], batch: usize, iterations: usize) -> Sizes {
    let (inputs, outputs) = (layers[0], layers[layers.len() - 1]);
    Sizes { batch, inputs, outputs, iterations }
}
