//! Everything that defines a recurrent network and what drives it.

use super::task::{CLASSES, ROWS};
use super::{Credit, Task};
use crate::network;
use crate::rule::Activation;
use crate::signal::{Pair, Sizes};
use crate::text::{Choice, Interval, OrName, Span, Spans, settings};
use thiserror::Error;

/// Most units of a network, and most inputs and outputs.
const MOST_UNITS: usize = 10_000;

settings! {
    /// Everything that defines a recurrent network and what drives it, but how long it learns.
    pub struct Setup {
        task: Task = Task::Isolation => TASK(
            "task", "NAME",
            "What drives the network: isolation (activity and error from nowhere), recall (signs \
             shown at the beginning, asked for at the end), integration (the sign of the sum of \
             noisy evidence), sine (sines of a number of periods that an input chooses), digits \
             (rows of an image as a sequence)", ()
        );
        credit: Credit = Credit::Rflo => CREDIT(
            "credit", "NAME",
            "How errors reach the weights: rflo (B, and no path through W_rec), rflo-symmetric \
             (W_out^T, and no such path), bptt, bptt-random (BPTT with B for W_out^T), bp-trw \
             (BPTT with B for W_out^T and B_rec for W_rec^T)", ()
        );
        units: usize = 100 => UNITS("units", "N", "Recurrent units", 1..=MOST_UNITS);
        inputs: Option<usize> = None => INPUTS(
            "inputs", "N", "Inputs, where the task leaves that open: 20 in isolation, 3 numbers of \
                periods of sines",
            OrName { name: "own", range: 1..=MOST_UNITS },
            label = |_, text| format!("{text} inputs")
        );
        outputs: Option<usize> = None => OUTPUTS(
            "outputs", "N", "Outputs: 10 classes of digits, 5 elsewhere",
            OrName { name: "own", range: 1..=MOST_UNITS },
            label = |_, text| format!("{text} outputs")
        );
        tau: Span = Span::of_iterations(5.0) => TAU(
            "tau", "TIME", "Time constant of the units, at least an iteration", Spans::Positive,
            axis = "time constant of the units", label = |_, text| format!("units of {text}")
        );
        length: Span = Span::of_iterations(24.0) => LENGTH(
            "length", "TIME", "How long a sequence is; in isolation over how many of the latest \
                iterations updates are compared with those of BPTT",
            Spans::Whole(1), axis = "length of a sequence"
        );
        response: Span = Span::of_iterations(6.0) => RESPONSE(
            "response", "TIME", "How long at the end of a sequence output and target are compared, \
                and how long signs to recall are shown; sines are compared throughout",
            Spans::Whole(1), axis = "length of the response"
        );
        /// Activity and error in isolation.
        signals: Pair = Pair::default() => part();
        activation: Activation = Activation::Tanh => ACTIVATION(like network::Setup::ACTIVATION,
            ());
        batch: usize = 20 => BATCH(like network::Setup::BATCH);
        eta: f64 = 2e-3 => ETA(like network::Setup::ETA);
        gain: f64 = 1.0 => GAIN(
            "gain", "G", "W_rec has standard deviation G / sqrt(units) at the start",
            Interval::NonNegative, label = |_, text| format!("gain {text}")
        );
        input_gain: f64 = 1.0 => INPUT_GAIN(
            "input-gain", "G", "W_in has standard deviation G / sqrt(inputs) at the start",
            Interval::Positive, label = |_, text| format!("input gain {text}")
        );
        readout_gain: f64 = 1.0 => READOUT_GAIN(
            "readout-gain", "G", "W_out has standard deviation G / sqrt(units) at the start",
            Interval::Positive, label = |_, text| format!("read-out gain {text}")
        );
        feedback_gain: f64 = 1.0 => FEEDBACK_GAIN(
            "feedback-gain", "G", "B has standard deviation G / sqrt(units), and B_rec that times \
                the gain", Interval::Positive, label = |_, text| format!("feedback gain {text}")
        );
    }
}

/// Why there is no such network.
#[derive(Clone, Debug, PartialEq, Error)]
pub enum SetupError {
    /// Inputs or outputs that the task does not have.
    #[error("{what} {given}: task {task} has {own}: leave {what} out")]
    Units {
        /// Which.
        what: &'static str,
        /// How many were asked for.
        given: usize,
        /// The task.
        task: &'static str,
        /// How many it has.
        own: usize,
    },
    /// A time that is no number of iterations.
    #[error("{what} {span}{}", .span.fault(*.dt))]
    Time {
        /// Which.
        what: &'static str,
        /// As typed.
        span: Span,
        /// How long an iteration takes.
        dt: Option<Span>,
    },
    /// Units faster than their iterations.
    #[error(
        "tau {0}: units need a time constant of at least an iteration: make it longer, or dt \
         shorter"
    )]
    Fast(Span),
    /// A sequence that is too short for its parts.
    #[error("length {length} is too short for a response of {response}: {why}")]
    Short {
        /// As typed.
        length: Span,
        /// As typed.
        response: Span,
        /// What there has to be.
        why: &'static str,
    },
    /// Rows of images that do not last alike.
    #[error(
        "length {0}: the {ROWS} rows of a digit last equally long: give a multiple of {ROWS} \
        iterations"
    )]
    Rows(Span),
    /// Isolation has no task.
    #[error("task isolation has nothing to learn: choose a task")]
    NoTask,
    /// The embedded digits cannot be read.
    #[error("the embedded digits: {0}")]
    Digits(String),
}

/// The times of a setup in iterations.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Times {
    /// `alpha = dt / tau`.
    pub leak: f64,
    /// Of a sequence.
    pub length: usize,
    /// Those at the end of it at which there are errors.
    pub response: usize,
}

impl Setup {
    /// Inputs, units and outputs.
    ///
    /// # Errors
    /// If the task has others.
    pub fn sizes(&self) -> Result<[usize; 3], SetupError> {
        let fixed = |what, given: Option<usize>, own: usize| match given {
            Some(given) if given != own => {
                Err(SetupError::Units { what, given, task: self.task.name(), own })
            }
            _ => Ok(own),
        };
        let outputs = match self.task {
            Task::Digits => fixed(Self::OUTPUTS.name(), self.outputs, CLASSES)?,
            task => self.outputs.unwrap_or(task.outputs()),
        };
        let needed = self.task.inputs(outputs);
        let inputs = if self.task.has_free_inputs() {
            self.inputs.unwrap_or(needed)
        } else {
            fixed(Self::INPUTS.name(), self.inputs, needed)?
        };
        Ok([inputs, self.units, outputs])
    }

    /// Times in iterations.
    ///
    /// # Errors
    /// If one makes none, or the sequence is too short for its parts.
    pub fn times(&self) -> Result<Times, SetupError> {
        let (step, dt) = (self.signals.step(), self.signals.dt);
        let fault = |what, span: Span| SetupError::Time { what, span, dt };
        let [tau, length, response] =
            [self.tau, self.length, self.response].map(|span| span.at(step));
        let constant = tau.iterations().ok_or_else(|| fault(Self::TAU.name(), tau))?;
        if constant < 1.0 {
            return Err(SetupError::Fast(self.tau));
        }
        let whole = |what, span: Span| {
            span.whole().filter(|&count| count > 0).ok_or_else(|| fault(what, span))
        };
        let iterations = whole(Self::LENGTH.name(), length)?;
        let mut compared = whole(Self::RESPONSE.name(), response)?;
        let short = |why| SetupError::Short { length, response, why };
        match self.task {
            Task::Isolation => {}
            Task::Sine => compared = iterations,
            Task::Recall if iterations < compared.saturating_mul(2) => {
                return Err(short("signs are shown, and given back, for as long each"));
            }
            Task::Integration if iterations <= compared => {
                return Err(short("evidence comes before it"));
            }
            Task::Digits if !iterations.is_multiple_of(ROWS) => {
                return Err(SetupError::Rows(length));
            }
            _ if iterations < compared => return Err(short("it is a part of the sequence")),
            _ => {}
        }
        Ok(Times { leak: 1.0 / constant, length: iterations, response: compared })
    }

    /// Sizes of the signals in isolation over so many iterations.
    ///
    /// # Errors
    /// As [`Self::sizes`].
    pub fn signal_sizes(&self, iterations: usize) -> Result<Sizes, SetupError> {
        let [inputs, _, outputs] = self.sizes()?;
        Ok(Sizes { batch: self.batch, inputs, outputs, iterations })
    }
}
