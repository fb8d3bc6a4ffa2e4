//! The activity and error of a run: two forms and how they are correlated with each other.

use super::error::{FormError, RecordedError};
use super::form::Form;
use super::realisation::Realisation;
use super::words;
use crate::matrix::Matrix;
use crate::random::{Role, Stream};
use crate::real::Real;
use crate::text::{Nature, Refused, Setting, Span, Spans, settings, toml_number, toml_string};
use serde_json::Value as Json;
use std::collections::VecDeque;
use std::fmt::{Display, Formatter};
use std::str::FromStr;
use thiserror::Error;
use toml::de::DeValue;

/// Cross-correlation of error and activity, unit by unit.
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum Cross {
    /// None.
    None,
    /// `same`: the activity is the error.
    Same,
    /// `0.5@lag=2`: the error is `r` times the activity `lag` iterations before (after, if
    /// negative) plus `sqrt(1 - r^2)` times a process of its own form, both before means and
    /// scales.
    Lagged {
        /// Correlation coefficient, above -1 and below 1.
        coefficient: f64,
        /// How far the error follows the activity, in iterations.
        lag: i32,
    },
}

impl Cross {
    /// Correlation of the two: 0 for none, 1 for `same`.
    pub fn coefficient(self) -> f64 {
        match self {
            Self::None => 0.0,
            Self::Same => 1.0,
            Self::Lagged { coefficient, .. } => coefficient,
        }
    }
}

impl Display for Cross {
    fn fmt(&self, f: &mut Formatter<'_>) -> std::fmt::Result {
        match self {
            Self::None => f.write_str("none"),
            Self::Same => f.write_str("same"),
            Self::Lagged { coefficient, lag: 0 } => write!(f, "{coefficient}"),
            Self::Lagged { coefficient, lag } => write!(f, "{coefficient}@lag={lag}"),
        }
    }
}

impl FromStr for Cross {
    type Err = Refused;

    fn from_str(text: &str) -> Result<Self, Refused> {
        let lagged = |text: &str| {
            let (coefficient, lag) = match text.split_once('@') {
                Some((coefficient, lag)) => {
                    (coefficient, lag.trim().strip_prefix("lag=")?.parse().ok()?)
                }
                None => (text, 0),
            };
            let coefficient: f64 = coefficient.trim().parse().ok()?;
            let valid = coefficient.abs() < 1.0 && (-1_000_000..=1_000_000).contains(&lag);
            valid.then_some(if coefficient == 0.0 {
                Self::None
            } else {
                Self::Lagged { coefficient, lag }
            })
        };
        match text.trim() {
            "none" => Ok(Self::None),
            "same" => Ok(Self::Same),
            text => lagged(text).ok_or_else(|| Refused::form::<Self>(text, &())),
        }
    }
}

impl Setting for Cross {
    type Bounds = ();

    fn expected((): &()) -> String {
        "none, same, a coefficient between -1 and 1 such as 0.5, or one with a lag such as \
         0.5@lag=2"
            .into()
    }

    fn read(text: &str, (): &()) -> Result<Self, Refused> {
        text.parse()
    }

    fn toml_text(value: &DeValue<'_>, (): &()) -> Option<String> {
        toml_number(value).or_else(|| toml_string(value))
    }

    fn json(&self, (): &()) -> Json {
        self.to_string().into()
    }

    fn nature() -> Nature {
        Nature::Number
    }

    fn coordinate(&self) -> Option<f64> {
        Some(self.coefficient())
    }
}

settings! {
    /// Activity and error.
    pub struct Pair {
        /// `P x n_0` per iteration.
        activity: Form = Form::HELD => ACTIVITY(
            "activity", "FORM", "Activity X: how its values follow each other in time", (),
            axis = "autocorrelation of the activity",
            label = |_, text| format!("activity {}", words::form(text))
        );
        /// `P x n_D` per iteration.
        error: Form = Form::HELD => ERROR(
            "error", "FORM", "Error signal E: how its values follow each other in time", (),
            axis = "autocorrelation of the error",
            label = |_, text| format!("error {}", words::form(text))
        );
        cross: Cross = Cross::None => CROSS(
            "cross", "CROSS", "Cross-correlation of error and activity, unit by unit", (),
            axis = "correlation of activity and error", label = |_, text| words::cross(text)
        );
        /// Both signals are seen at every so many iterations, and stay as they are in between.
        hold: Span = Span::of_iterations(1.0) => HOLD(
            "hold", "TIME", "How long a stimulus lasts: activity and error are drawn from their \
                processes when it begins, and stay", Spans::Whole(1), axis = "stimulus duration",
            label = |span, text|
                if span.number() == 1.0 && !span.is_in_time() {
                    "not held".into()
                } else {
                    format!("held for {text}")
                },
            tacit = true
        );
        /// How long an iteration takes.
        dt: Option<Span> = None => DT(
            "dt", "TIME", "How long an iteration takes, so that times can be given in ms or s",
            Spans::InTime,
            axis = "duration of an iteration", tacit = true
        );
    }
}

/// Sizes of a run of signals.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Sizes {
    /// Samples per iteration `P`.
    pub batch: usize,
    /// Units of the activity `n_0`.
    pub inputs: usize,
    /// Units of the error `n_D`.
    pub outputs: usize,
    /// Iterations `T`.
    pub iterations: usize,
}

/// Why two forms do not make signals.
#[derive(Debug, Error)]
pub enum PairError {
    /// A form does not fit the sizes.
    #[error(transparent)]
    Form(#[from] FormError),
    /// Cross-correlation needs pairs of units.
    #[error(
        "cross `{cross}` pairs unit with unit and needs as many inputs as outputs, not {inputs} \
         and {outputs}: make them equal, or choose none"
    )]
    Units {
        /// As typed.
        cross: Cross,
        /// Units of the activity.
        inputs: usize,
        /// Units of the error.
        outputs: usize,
    },
    /// A lag that no pair of iterations has.
    #[error("cross `{cross}`: a lag of {lag} lies beyond a run of {iterations} iterations")]
    Lag {
        /// As typed.
        cross: Cross,
        /// The lag.
        lag: u32,
        /// Length of the run.
        iterations: usize,
    },
    /// Two forms that would have to be one.
    #[error(
        "cross `same` makes the activity the error: give both the same form, not `{0}` and `{1}`"
    )]
    Different(String, String),
    /// A form that cannot be mixed with another.
    #[error("cross `{0}` mixes Gaussian signals: `{1}` is not one")]
    NotGaussian(Cross, String),
    /// Correlations across batch or units that differ.
    #[error("cross `{0}` needs batch= and units= to be the same for activity and error")]
    Correlations(Cross),
    /// Label sequences that cannot be shared.
    #[error(
        "activity of {0} classes and error of {1}: samples have one class, make the numbers equal"
    )]
    Classes(usize, usize),
    /// A stimulus of no whole number of iterations.
    #[error("hold {hold}{}", .hold.fault(*.dt))]
    Hold {
        /// As typed.
        hold: Span,
        /// How long an iteration takes.
        dt: Option<Span>,
    },
    /// A recorded signal that cannot be used.
    #[error(transparent)]
    Recorded(#[from] RecordedError),
}

impl Pair {
    /// Two forms that have nothing to do with each other.
    pub fn independent(activity: Form, error: Form) -> Self {
        Self { activity, error, ..Self::default() }
    }

    /// Whether all moments of both together follow from means and covariances.
    pub fn is_gaussian(&self) -> bool {
        self.activity.is_gaussian() && self.error.is_gaussian()
    }

    /// Checks the forms against each other and the sizes of a run, and reads recorded signals.
    ///
    /// # Errors
    /// What does not fit.
    pub fn check(&self, sizes: Sizes) -> Result<(), PairError> {
        self.check_forms(sizes)?;
        for (form, units) in [(&self.activity, sizes.inputs), (&self.error, sizes.outputs)] {
            form.process.model().check_shape([sizes.iterations, sizes.batch, units])?;
        }
        Ok(())
    }

    /// The same pair with times in iterations, and the contents of recorded signals named by their
    /// hash.
    ///
    /// # Errors
    /// If a file cannot be read, or its contents are not those the form names; or if times make no
    /// process.
    pub fn resolve(&self) -> Result<Self, RecordedError> {
        let step = self.step();
        let [activity, error] = [&self.activity, &self.error].map(|form| form.at(step)?.resolve());
        Ok(Self { activity: activity?, error: error?, hold: self.hold.at(step), ..self.clone() })
    }

    /// Milliseconds per iteration, if that is known.
    pub fn step(&self) -> Option<f64> {
        self.dt.and_then(Span::milliseconds)
    }

    /// Iterations for which a stimulus lasts.
    ///
    /// # Errors
    /// [`PairError::Hold`] if these are no whole number.
    pub fn duration(&self) -> Result<usize, PairError> {
        let hold = self.hold.at(self.step());
        hold.whole()
            .filter(|&iterations| iterations > 0)
            .ok_or(PairError::Hold { hold, dt: self.dt })
    }

    fn check_forms(&self, sizes: Sizes) -> Result<(), PairError> {
        let cross = self.cross;
        self.activity.check_clock()?;
        self.error.check_clock()?;
        self.duration()?;
        self.activity.check_sizes(sizes.batch, sizes.inputs)?;
        self.error.check_sizes(sizes.batch, sizes.outputs)?;
        if let (Some(a), Some(e)) = (self.activity.classes(), self.error.classes())
            && a != e
        {
            return Err(PairError::Classes(a, e));
        }
        if cross != Cross::None && sizes.inputs != sizes.outputs {
            return Err(PairError::Units { cross, inputs: sizes.inputs, outputs: sizes.outputs });
        }
        match cross {
            Cross::None => {}
            Cross::Same if self.activity != self.error => {
                return Err(PairError::Different(
                    self.activity.to_string(),
                    self.error.to_string(),
                ));
            }
            Cross::Same => {}
            Cross::Lagged { lag, .. } => {
                if let Some(form) =
                    [&self.activity, &self.error].into_iter().find(|form| !form.is_gaussian())
                {
                    return Err(PairError::NotGaussian(cross, form.to_string()));
                }
                if [self.activity.batch, self.activity.units]
                    != [self.error.batch, self.error.units]
                {
                    return Err(PairError::Correlations(cross));
                }
                if lag.unsigned_abs() as usize >= sizes.iterations {
                    return Err(PairError::Lag {
                        cross,
                        lag: lag.unsigned_abs(),
                        iterations: sizes.iterations,
                    });
                }
            }
        }
        Ok(())
    }
}

/// The signals of one repeat, one iteration at a time.
pub struct Signals<T> {
    pair: Pair,
    /// Iterations for which a stimulus lasts, and for which the present one has.
    duration: usize,
    age: usize,
    activity_process: Realisation<T>,
    error_process: Realisation<T>,
    label_stream: Stream,
    labels: Vec<usize>,
    labels_of_stimulus: Vec<usize>,
    /// Activities from the earliest that is still needed to the latest drawn; empty without a
    /// lagged correlation.
    window: VecDeque<Matrix<T>>,
    /// What the rule sees, where that is not the process itself.
    activity: Option<Matrix<T>>,
    error: Option<Matrix<T>>,
}

impl<T: Real> Signals<T> {
    /// Draws the signals of iteration 0. Activity and error have random streams of their own; the
    /// classes of samples, where a form has classes, are common to both.
    ///
    /// # Errors
    /// As [`Pair::check`].
    pub fn new(pair: &Pair, sizes: Sizes, seed: u64, repeat: u64) -> Result<Self, PairError> {
        pair.check_forms(sizes)?;
        let duration = pair.duration()?;
        let Sizes { batch, inputs, outputs, iterations } = sizes;
        let mut label_stream = Stream::new(seed, repeat, Role::Label);
        let mut labels = vec![0; batch];
        draw_labels(pair, &mut label_stream, &mut labels);
        let stream = |role| Stream::new(seed, repeat, role);
        let activity_shape = [iterations, batch, inputs];
        let mut signals = Self {
            activity_process: Realisation::new(
                &pair.activity,
                activity_shape,
                stream(Role::Activity),
                &labels,
            )?,
            error_process: Realisation::new(
                &pair.error,
                [iterations, batch, outputs],
                stream(Role::Signal),
                &labels,
            )?,
            pair: pair.clone(),
            duration,
            age: 0,
            label_stream,
            labels_of_stimulus: labels.clone(),
            labels,
            window: VecDeque::new(),
            activity: None,
            error: None,
        };
        if let Cross::Lagged { lag, .. } = pair.cross {
            signals.window.push_back(signals.activity_process.frame().clone());
            for _ in 0..lag.unsigned_abs() {
                signals.extend_window();
            }
        }
        signals.compose();
        Ok(signals)
    }

    /// Activity `X` of the current iteration, `P x n_0`.
    pub fn activity(&self) -> &Matrix<T> {
        if self.pair.cross == Cross::Same {
            return self.error();
        }
        self.activity.as_ref().unwrap_or_else(|| self.activity_process.frame())
    }

    /// Error signal `E` of the current iteration, `P x n_D`.
    pub fn error(&self) -> &Matrix<T> {
        self.error.as_ref().unwrap_or_else(|| self.error_process.frame())
    }

    /// Classes of the samples of the current iteration; all 0 where no form has classes.
    pub fn labels(&self) -> &[usize] {
        if self.duration > 1 { &self.labels_of_stimulus } else { &self.labels }
    }

    /// Moves to the next iteration.
    pub fn advance(&mut self) {
        draw_labels(&self.pair, &mut self.label_stream, &mut self.labels);
        match self.pair.cross {
            Cross::Same => {}
            Cross::Lagged { .. } => {
                self.extend_window();
                self.window.pop_front();
            }
            Cross::None => self.activity_process.advance(&self.labels),
        }
        self.error_process.advance(&self.labels);
        // A stimulus that lasts is as its first iteration: its processes go on unseen.
        self.age = (self.age + 1) % self.duration;
        if self.age == 0 {
            self.labels_of_stimulus.clone_from(&self.labels);
            self.compose();
        }
    }

    fn extend_window(&mut self) {
        self.activity_process.advance(&self.labels);
        self.window.push_back(self.activity_process.frame().clone());
    }

    /// Mixes, scales and shifts the values of the processes.
    fn compose(&mut self) {
        let Pair { activity, error, cross, .. } = &self.pair;
        let ends = self.window.front().zip(self.window.back());
        let (now, other) = match (cross, ends) {
            (Cross::Lagged { lag, .. }, Some((first, last))) if *lag >= 0 => (last, Some(first)),
            (Cross::Lagged { .. }, Some((first, last))) => (first, Some(last)),
            _ => (self.activity_process.frame(), None),
        };
        let stays = self.duration > 1;
        if stays || other.is_some() || !is_plain(activity) {
            let room = self.activity.take().unwrap_or_else(|| now.clone());
            self.activity = Some(affine(room, now, activity));
        }
        if let (Cross::Lagged { coefficient, .. }, Some(other)) = (cross, other) {
            let shared = T::from_f64(*coefficient);
            let single = T::from_f64((1.0 - coefficient * coefficient).sqrt());
            let mut mixed = self.error_process.frame().clone();
            for (e, &x) in mixed.as_mut_slice().iter_mut().zip(other.as_slice()) {
                *e = shared * x + single * *e;
            }
            self.error = Some(affine(mixed.clone(), &mixed, error));
        } else if stays || !is_plain(error) {
            let values = self.error_process.frame();
            let room = self.error.take().unwrap_or_else(|| values.clone());
            self.error = Some(affine(room, values, error));
        }
    }
}

/// Whether the process is what the rule sees.
fn is_plain(form: &Form) -> bool {
    form.mean == 0.0 && form.scale == 1.0
}

/// `room = mean + scale * values`.
fn affine<T: Real>(mut room: Matrix<T>, values: &Matrix<T>, form: &Form) -> Matrix<T> {
    let (mean, scale) = (T::from_f64(form.mean), T::from_f64(form.scale));
    for (out, &x) in room.as_mut_slice().iter_mut().zip(values.as_slice()) {
        *out = mean + scale * x;
    }
    room
}

fn draw_labels(pair: &Pair, stream: &mut Stream, labels: &mut [usize]) {
    if let Some(classes) = pair.activity.classes().or(pair.error.classes()) {
        labels.iter_mut().for_each(|label| *label = stream.below(classes as u64) as usize);
    }
}
