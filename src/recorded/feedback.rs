//! Which matrix carried the error back: the one whose product with `delta_{l+1}`, or `delta_D`,
//! makes `delta_l`.

use super::activation::LayerActivation;
use super::backward::{StatesOf, Way};
use super::evidence::{Agreement, signs};
use super::layout::BackwardReading;
use super::run::RecordedRun;
use super::slopes::{End, Said, Slopes, thirds};
use crate::array::ArrayError;
use crate::matrix::Matrix;
use crate::measure::closing::{Closing, MOST_ROUNDING, Tally};
use crate::rule::Activation;
use crate::vmath::sum_squares;
use serde::{Serialize, Serializer};

/// What makes `delta_l`.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Carrier {
    /// The matrix, and where the error comes from.
    pub way: Way,
    /// Whether the product is multiplied by `f'(Z_l)`.
    pub derivative: bool,
}

impl Carrier {
    /// Name in files.
    pub fn name(self) -> &'static str {
        match (self.way, self.derivative) {
            (Way::Backward { direct: false, turned: false }, true) => "backward",
            (Way::Backward { direct: false, turned: false }, false) => {
                "backward_without_derivative"
            }
            (Way::Backward { direct: false, turned: true }, true) => "backward_transposed",
            (Way::Backward { direct: false, turned: true }, false) => {
                "backward_transposed_without_derivative"
            }
            (Way::Backward { direct: true, turned: false }, true) => "direct",
            (Way::Backward { direct: true, turned: false }, false) => "direct_without_derivative",
            (Way::Backward { direct: true, turned: true }, true) => "direct_transposed",
            (Way::Backward { direct: true, turned: true }, false) => {
                "direct_transposed_without_derivative"
            }
            (Way::Forward, true) => "forward_transposed",
            (Way::Forward, false) => "forward_transposed_without_derivative",
        }
    }

    /// How backward weights are read, if it is these.
    pub(super) fn backward(self) -> Option<BackwardReading> {
        self.way.backward()
    }
}

impl Serialize for Carrier {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.serialize_str(self.name())
    }
}

/// What one matrix makes of the error signal above.
#[derive(Clone, Copy, Debug, PartialEq, Serialize)]
pub struct CarrierClosing {
    /// The matrix `M`, and whether there is a derivative.
    pub carrier: Carrier,
    /// Recorded `delta_l` against `(delta M) o f'(Z_l)`, or `delta M`.
    #[serde(flatten)]
    pub closing: Closing,
}

/// The error signal of one layer.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct LayerFeedback {
    /// The layer of `delta_l`.
    pub layer: usize,
    /// What makes `delta_l` of the error signal above; `None` if nothing does.
    pub carried_by: Option<Carrier>,
    /// Whether only signs tell, as the activation is not known.
    pub by_signs: bool,
    /// Every matrix that was recorded and may have carried it.
    pub closings: Vec<CarrierClosing>,
    #[serde(skip)]
    pub(super) courses: Vec<Course>,
}

impl LayerFeedback {
    /// The error signal of layer `l`; `None` where an error signal is missing, or no matrix was
    /// recorded, or all errors are zero.
    pub(super) fn of(
        run: &RecordedRun,
        l: usize,
        activation: &LayerActivation,
    ) -> Result<Option<Self>, ArrayError> {
        let (Some(delta), Some(above)) = (run.delta(l), run.delta(l + 1)) else { return Ok(None) };
        let output = run.delta(run.depth());
        let mut courses: Vec<Course> = Vec::new();
        let mut activities = Slopes::default();
        for k in 0..delta.len() {
            let recorded = delta.matrix(k)?;
            let error = above.matrix(k)?;
            let slope =
                activation.activation.map(|f| Slope::at(run, l, k, f)).transpose()?.flatten();
            let activity =
                run.activity(l).filter(|_| slope.is_none()).map(|of| of.matrix(k)).transpose()?;
            if let (Some(activity), Some(z)) = (&activity, run.pre_activation(l, k)?) {
                activities.add(z.as_slice(), activity.as_slice(), &vec![1.0; z.as_slice().len()]);
            }
            for (way, matrix) in ways(run, l, k)? {
                let direct = matches!(way, Way::Backward { direct: true, .. });
                let from = match output.filter(|_| direct) {
                    None if direct => continue,
                    None => None,
                    Some(output) => Some(output.matrix(k)?),
                };
                let place = courses.iter().position(|of| of.way == way).unwrap_or_else(|| {
                    courses.push(Course::new(way));
                    courses.len() - 1
                });
                let through = Through { slope: slope.as_ref(), activity: activity.as_ref() };
                courses[place].add(&recorded, from.as_ref().unwrap_or(&error), &matrix, &through);
            }
        }
        let rounding = run.rounding_of_delta(l);
        // Where an activity is not one function of the pre-activation (normalisation), its slope is
        // none either.
        let elementwise = activities.is_function() != Some(false);
        courses
            .iter_mut()
            .for_each(|course| (course.rounding, course.elementwise) = (rounding, elementwise));
        let closings: Vec<CarrierClosing> = courses.iter().flat_map(Course::closings).collect();
        let relative = |of: &CarrierClosing| of.closing.relative_difference;
        let closed = closings.iter().filter(|of| of.closing.closes);
        let carried_by =
            closed.min_by(|a, b| relative(a).total_cmp(&relative(b))).map(|of| of.carrier);
        let mut found = Self { layer: l, carried_by, by_signs: false, closings, courses };
        if carried_by.is_none() && activation.activation.is_none() {
            found.carried_by = found.by_signs();
            found.by_signs = found.carried_by.is_some();
        }
        Ok((!found.closings.is_empty()).then_some(found))
    }

    /// What the signs of the errors leave.
    fn by_signs(&self) -> Option<Carrier> {
        let rules_out_others = |course: &&Course| {
            let mut others = self.courses.iter().filter(|other| other.way != course.way);
            course.signs().share().is_some_and(|share| share >= LIKE)
                && others.all(|other| course.signs().rules_out(&other.signs()))
                && (course.way != Way::Forward || course.is_exact())
        };
        self.courses
            .iter()
            .find(rules_out_others)
            .map(|course| Carrier { way: course.way, derivative: true })
    }
}

/// Where a layer is on its activation in one iteration.
struct Slope {
    activation: Activation,
    z: Matrix<f64>,
    activity: Vec<f64>,
    /// Which pre-activations are so far from zero that rounding does not decide on which side of a
    /// kink they lie.
    clear: Vec<bool>,
}

impl Slope {
    fn at(
        run: &RecordedRun,
        l: usize,
        k: usize,
        activation: Activation,
    ) -> Result<Option<Self>, ArrayError> {
        let Some(z) = run.pre_activation(l, k)? else { return Ok(None) };
        let mut activity = vec![0.0; z.as_slice().len()];
        activation.apply(z.as_slice(), &mut activity);
        let clear = clear_of_zero(&z, run.rounding_of_activity(l));
        Ok(Some(Self { activation, z, activity, clear }))
    }

    fn multiply(&self, made: &mut [f64]) {
        self.activation.multiply_derivative(self.z.as_slice(), &self.activity, made);
    }
}

fn clear_of_zero(z: &Matrix<f64>, rounding: f64) -> Vec<bool> {
    let mean_square = sum_squares(z.as_slice()) / z.as_slice().len().max(1) as f64;
    let margin = MOST_ROUNDING * rounding * mean_square.sqrt();
    z.as_slice().iter().map(|z| z.abs() > margin).collect()
}

/// What may have carried the error back in iteration `k`.
fn ways(run: &RecordedRun, l: usize, k: usize) -> Result<Vec<(Way, Matrix<f64>)>, ArrayError> {
    let mut all = Vec::new();
    if let Some(backward) = run.backward(l)
        && let Some(matrix) = backward.at(k)?
    {
        let turned_now = backward.is_turned();
        for way in backward.ways() {
            let turn = matches!(way, Way::Backward { turned, .. } if turned != turned_now);
            all.push((way, if turn { matrix.transpose() } else { matrix.clone() }));
        }
    }
    all.extend(run.weights_before(l, k)?.map(|weights| (Way::Forward, weights.transpose())));
    Ok(all)
}

/// Share of signs that a matrix has right which carried the error, whatever the activation: those
/// that fall somewhere, such as GELU, have a few wrong.
const LIKE: f64 = 0.95;
/// Share of signs that speaks for a matrix, though something else, such as a normalisation, lies
/// between.
const ALIKE: f64 = 0.65;
/// Relative difference that, where it is the same in all iterations, is put down to coarser
/// arithmetic.
const FLAT: f64 = 0.02;
/// Relative difference up to which backward weights are not said to be others: the angle is right
/// to its second digit.
const SAME: f64 = 1e-4;

/// What one matrix makes of the error signals, by iteration.
#[derive(Clone, Debug, PartialEq)]
pub(super) struct Course {
    pub way: Way,
    rounding: f64,
    /// With the derivative, if it is known, and without: all iterations together.
    tallies: [Tally; 2],
    /// By iteration; `None` where errors are zero.
    differences: [Vec<Option<f64>>; 2],
    signs: Vec<Agreement>,
    slopes: Slopes,
    /// Whether the layer has an activation, and nothing else between pre-activation and activity.
    elementwise: bool,
}

/// What the error goes through on its way.
struct Through<'a> {
    /// Where it is on the activation, if that is known.
    slope: Option<&'a Slope>,
    /// The activity, if it is not.
    activity: Option<&'a Matrix<f64>>,
}

impl Course {
    fn new(way: Way) -> Self {
        let tallies = [Tally::default(); 2];
        let differences = [Vec::new(), Vec::new()];
        let (signs, slopes) = (Vec::new(), Slopes::default());
        Self { way, rounding: 0.0, tallies, differences, signs, slopes, elementwise: true }
    }

    fn add(
        &mut self,
        recorded: &Matrix<f64>,
        error: &Matrix<f64>,
        matrix: &Matrix<f64>,
        through: &Through<'_>,
    ) {
        let mut made = (error * matrix).to_matrix();
        self.signs.push(signs(recorded, error, matrix, false));
        let mut without = Tally::default();
        without.add(recorded.as_slice(), made.as_slice());
        self.take(1, without);
        if let Some(activity) = through.activity {
            self.slopes.add(activity.as_slice(), recorded.as_slice(), made.as_slice());
        }
        if let Some(slope) = through.slope {
            slope.multiply(made.as_mut_slice());
            let pairs = recorded.as_slice().iter().zip(made.as_slice()).zip(&slope.clear);
            let (recorded, made): (Vec<f64>, Vec<f64>) =
                pairs.filter(|(_, clear)| **clear).map(|(d, _)| d).unzip();
            let mut with = Tally::default();
            with.add(&recorded, &made);
            self.take(0, with);
        }
    }

    fn take(&mut self, place: usize, tally: Tally) {
        self.tallies[place].plus(tally);
        self.differences[place].push(tally.relative());
    }

    fn closings(&self) -> impl Iterator<Item = CarrierClosing> + '_ {
        [true, false].into_iter().zip(self.tallies).filter_map(|(derivative, tally)| {
            let closing = Closing::new(tally.relative()?, self.rounding);
            Some(CarrierClosing { carrier: Carrier { way: self.way, derivative }, closing })
        })
    }

    /// Whether more than signs speaks for this matrix: those of the weights are also the signs of
    /// matrices that take them over from the weights. Its quotients are a function of the activity,
    /// or no sign of many is wrong.
    fn is_exact(&self) -> bool {
        self.slopes.is_function().unwrap_or_else(|| self.signs().is_without_contradiction())
    }

    /// Signs in all iterations.
    pub fn signs(&self) -> Agreement {
        sum(&self.signs)
    }

    /// Relative difference of the recorded errors to those made, without any derivative.
    pub fn difference(&self) -> Option<f64> {
        self.tallies[1].relative()
    }

    /// Signs in the first and in the last third of the iterations.
    pub fn signs_at_ends(&self) -> [Agreement; 2] {
        let [start, _, end] = thirds(self.signs.len());
        [start, end].map(|of| sum(&self.signs[of]))
    }

    /// Of which states a single matrix is, of the states from 0 to `last`.
    pub fn states(&self, last: usize) -> StatesOf {
        match self.states_by_errors(last) {
            // One error says nothing of a matrix that may change after it.
            StatesOf::All if self.signs.iter().filter(|of| of.share().is_some()).count() < 2 => {
                StatesOf::Presumed
            }
            states => states,
        }
    }

    fn states_by_errors(&self, last: usize) -> StatesOf {
        let whole = |place: usize| self.tallies[place].relative().unwrap_or(f64::INFINITY);
        if self.differences[0].is_empty() && whole(1) > MOST_ROUNDING * self.rounding {
            return self.states_by_signs(last);
        }
        let place = usize::from(whole(1) < whole(0));
        let differences = &self.differences[place];
        let same = |d: &Option<f64>| d.is_some_and(|d| d <= MOST_ROUNDING * self.rounding);
        let other =
            |d: &Option<f64>| d.is_some_and(|d| d > (MOST_ROUNDING * self.rounding).max(SAME));
        if !differences.iter().any(other) {
            return StatesOf::All;
        }
        match (differences.iter().position(same), differences.iter().rposition(same)) {
            // What carried two errors has not changed between them, nor, by all appearance, after
            // the second.
            (Some(first), Some(end)) if first < end && end + 1 == differences.len() => {
                StatesOf::Only(first..=last)
            }
            (Some(first), Some(end)) => StatesOf::Only(first..=end),
            _ => ends(differences, last),
        }
    }

    /// The same, where the activation is not known.
    fn states_by_signs(&self, last: usize) -> StatesOf {
        if !self.elementwise {
            let share = self.signs().share().unwrap_or(0.0);
            return if share >= ALIKE { StatesOf::Presumed } else { StatesOf::None };
        }
        match self.slopes.say() {
            Said::Carried => return StatesOf::All,
            Said::Changed(Some(End::First)) => return StatesOf::Only(0..=0),
            Said::Changed(Some(End::Last)) => return StatesOf::Only(last..=last),
            Said::Changed(None) => return StatesOf::None,
            Said::Nothing => {}
        }
        let [early, late] = self.signs_at_ends();
        let [_, between, _] = thirds(self.signs.len());
        let middle = sum(&self.signs[between]);
        if early.is_worse_than(&late) {
            return if middle.against() < late.against() {
                StatesOf::None
            } else {
                StatesOf::Only(last..=last)
            };
        }
        if late.is_worse_than(&early) {
            return if middle.against() < early.against() {
                StatesOf::None
            } else {
                StatesOf::Only(0..=0)
            };
        }
        match self.signs().share() {
            Some(share) if share >= ALIKE => StatesOf::Presumed,
            _ => StatesOf::None,
        }
    }
}

fn sum(all: &[Agreement]) -> Agreement {
    all.iter().fold(Agreement::default(), |sum, of| sum.with(*of))
}

/// The last state, where differences fall towards the end: what was recorded once, after the last
/// update, made no error on record, but nearly the last of them; or the first, where they rise.
/// Where they are small and do not change, something else is in them. Otherwise none.
fn ends(differences: &[Option<f64>], last: usize) -> StatesOf {
    let known: Vec<f64> = differences.iter().flatten().copied().collect();
    let lowest = known.iter().copied().fold(f64::INFINITY, f64::min);
    let highest = known.iter().copied().fold(0.0, f64::max);
    match (known.first(), known.last()) {
        (Some(first), Some(end))
            if known.len() > 1 && *end <= 0.5 * first && *end <= 1.5 * lowest =>
        {
            StatesOf::Only(last..=last)
        }
        (Some(first), Some(end))
            if known.len() > 1 && *first <= 0.5 * end && *first <= 1.5 * lowest =>
        {
            StatesOf::Only(0..=0)
        }
        _ if highest <= FLAT && highest <= 4.0 * lowest => StatesOf::Presumed,
        _ => StatesOf::None,
    }
}
