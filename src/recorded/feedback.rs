//! Which matrix carried the error back: the one whose product with `delta_{l+1}`, or `delta_D`,
//! makes `delta_l`.

use super::activation::LayerActivation;
use super::backward::{StatesOf, Way};
use super::evidence::{Agreement, directions, looks, signs};
use super::layout::BackwardReading;
use super::normalised::{self, Normalised};
use super::run::RecordedRun;
use super::slopes::{End, Said, Slopes, thirds};
use super::stack::Stack;
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
    /// How well it does through a normalisation whose gains were fitted, if it went through one.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub normalised: Option<Closing>,
    /// How well it does if both error signals were recorded before the derivative of their layer,
    /// as `dL/dh` and not `dL/dz`, where that makes the recorded ones.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub before_derivative: Option<Closing>,
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
        activations: &[LayerActivation],
    ) -> Result<Option<Self>, ArrayError> {
        let of_layer = |l: usize| {
            activations.iter().find(|layer| layer.layer == l).and_then(LayerActivation::of_errors)
        };
        let (activation, activation_above) = (of_layer(l), of_layer(l + 1));
        let (Some(delta), Some(above)) = (run.delta(l), run.delta(l + 1)) else { return Ok(None) };
        let courses = courses(run, l, [delta, above], [activation, activation_above])?;
        let closings: Vec<CarrierClosing> = courses.iter().flat_map(Course::closings).collect();
        let relative = |candidate: &CarrierClosing| candidate.closing.relative_difference;
        let closed = closings.iter().filter(|candidate| candidate.closing.closes);
        let carried_by = closed
            .min_by(|a, b| relative(a).total_cmp(&relative(b)))
            .map(|candidate| candidate.carrier);
        let mut found = Self {
            layer: l,
            carried_by,
            by_signs: false,
            normalised: None,
            before_derivative: None,
            closings,
            courses,
        };
        if carried_by.is_none() {
            found.look_before();
        }
        if found.carried_by.is_none() && activation.is_none() {
            found.look_further();
        }
        Ok((!found.closings.is_empty()).then_some(found))
    }

    /// What carried the errors, if these were recorded before their derivatives.
    fn look_before(&mut self) {
        let closing = |course: &Course| {
            let closing = Closing::new(course.tallies[2].relative()?, course.rounding);
            closing.closes.then_some((course.way, closing))
        };
        let best = self
            .courses
            .iter()
            .filter_map(closing)
            .min_by(|a, b| a.1.relative_difference.total_cmp(&b.1.relative_difference));
        if let Some((way, closing)) = best {
            self.carried_by = Some(Carrier { way, derivative: false });
            self.before_derivative = Some(closing);
        }
    }

    /// What carried the errors through what is not known: a normalisation, or an activation, by
    /// their values or else by their signs.
    fn look_further(&mut self) {
        let through = |course: &Course| Some((course.way, course.through_normalisation()?));
        let mut normalised = self.courses.iter().filter_map(through);
        if let (Some((way, closing)), None) = (normalised.next(), normalised.next()) {
            self.carried_by = Some(Carrier { way, derivative: true });
            self.normalised = Some(closing);
            return;
        }
        let mut functions = self
            .courses
            .iter()
            .filter(|course| course.slopes.is_function() == Some(true))
            .map(|course| course.way);
        self.carried_by = match (functions.next(), functions.next()) {
            (Some(way), None) => Some(Carrier { way, derivative: true }),
            _ => self.by_signs(),
        };
        self.by_signs = self.carried_by.is_some();
    }

    /// What the signs of the errors leave.
    fn by_signs(&self) -> Option<Carrier> {
        let rules_out_others = |course: &&Course| {
            let mut others = self.courses.iter().filter(|other| other.way != course.way);
            course.keeps_signs()
                && course.signs().share().is_some_and(|share| share >= LIKE)
                && others.all(|other| course.signs().outweighs(&other.signs()))
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

    /// Errors times the derivative.
    fn times(&self, errors: &Matrix<f64>) -> Matrix<f64> {
        let mut out = errors.clone();
        self.multiply(out.as_mut_slice());
        out
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
/// Values that say something by themselves, at least, for a matrix to be the nearest to errors.
pub(super) const FEWEST_VALUES: f64 = 8.0;
/// The same where these are made to so many digits.
const FEWEST_EXACT: f64 = 6.0;
/// Relative difference up to which a matrix makes errors to many digits.
const EXACT: f64 = 1e-3;
/// Relative difference up to which errors went through a normalisation of some kind, though the
/// matrix changed.
const NEAR: f64 = 0.1;

/// What one matrix makes of the error signals, by iteration.
#[derive(Clone, Debug, PartialEq)]
pub(super) struct Course {
    pub way: Way,
    rounding: f64,
    /// With the derivative, if it is known; without; and without, of errors from above that were
    /// recorded before theirs: all iterations together.
    tallies: [Tally; 3],
    /// By iteration; `None` where errors are zero.
    differences: [Vec<Option<f64>>; 3],
    signs: Vec<Agreement>,
    /// How many signs say something that others do not, at most.
    independent: f64,
    slopes: Slopes,
    /// What is left of the errors by iteration, in every kind of normalisation.
    normalised: Vec<Vec<Tally>>,
    /// Whether the layer has an activation, and nothing else between pre-activation and activity.
    elementwise: Option<bool>,
}

/// What every matrix makes of the error signals above, `above`, beside those of layer `l`, `delta`,
/// given the activations of both layers where they are known.
fn courses(
    run: &RecordedRun,
    l: usize,
    [delta, above]: [&Stack; 2],
    [activation, activation_above]: [Option<Activation>; 2],
) -> Result<Vec<Course>, ArrayError> {
    let output = run.delta(run.depth());
    let mut courses: Vec<Course> = Vec::new();
    // Where an activity is not one function of the pre-activation (normalisation), its slope is
    // none either.
    let elementwise = if activation.is_none() { is_elementwise(run, l)? } else { Some(true) };
    for k in 0..delta.len() {
        let recorded = delta.matrix(k)?;
        let error = above.matrix(k)?;
        let layer = Through::at(run, l, k, activation, elementwise)?;
        // Errors that were recorded before the derivative go through it on their way down.
        let slope = activation_above.map(|f| Slope::at(run, l + 1, k, f)).transpose()?.flatten();
        let after = slope.map(|slope| slope.times(&error));
        for (way, matrix) in ways(run, l, k)? {
            let direct = matches!(way, Way::Backward { direct: true, .. });
            let from = match output.filter(|_| direct) {
                None if direct => continue,
                None => None,
                Some(output) => Some(output.matrix(k)?),
            };
            let place = courses.iter().position(|course| course.way == way).unwrap_or_else(|| {
                courses.push(Course::new(way));
                courses.len() - 1
            });
            courses[place].add(&recorded, from.as_ref().unwrap_or(&error), &matrix, &layer);
            if let Some(after) = after.as_ref().filter(|_| !direct) {
                courses[place].add_before(&recorded, after, &matrix);
            }
        }
    }
    let rounding = run.rounding_of_delta(l);
    for course in &mut courses {
        let direct = matches!(course.way, Way::Backward { direct: true, .. });
        let source = output.filter(|_| direct).unwrap_or(above);
        (course.rounding, course.elementwise) = (rounding, elementwise);
        course.independent = directions(source)? * delta.shape()[1] as f64;
    }
    Ok(courses)
}

/// What the error goes through on its way.
struct Through {
    /// Where it is on the activation, if that is known.
    slope: Option<Slope>,
    /// What its slope is a function of, if it is not: pre-activations, or else activities.
    argument: Option<Matrix<f64>>,
    /// The normalisation that may lie before the activation.
    normalised: Option<Normalised>,
}

impl Through {
    fn at(
        run: &RecordedRun,
        l: usize,
        k: usize,
        activation: Option<Activation>,
        elementwise: Option<bool>,
    ) -> Result<Self, ArrayError> {
        let slope = activation.map(|f| Slope::at(run, l, k, f)).transpose()?.flatten();
        let mut found = Self { slope, argument: None, normalised: None };
        if found.slope.is_some() {
            return Ok(found);
        }
        let activity = run.activity(l).map(|activity| activity.matrix(k)).transpose()?;
        let z = run.pre_activation(l, k)?;
        if let (Some(z), Some(activity), Some(false)) = (&z, &activity, elementwise) {
            found.normalised = Some(Normalised::new(z.clone(), activity.as_slice()));
        }
        // Where something lies between, or biases are not on record, activities tell better.
        found.argument = if elementwise == Some(true) { z.or(activity) } else { activity.or(z) };
        Ok(found)
    }
}

/// Whether the activity of layer `l` is one function of its pre-activation; `None` where too little
/// is on record.
fn is_elementwise(run: &RecordedRun, l: usize) -> Result<Option<bool>, ArrayError> {
    let Some(activity) = run.activity(l) else { return Ok(None) };
    let mut values = Slopes::default();
    for k in looks(activity.len()) {
        let Some(z) = run.pre_activation(l, k)? else { return Ok(None) };
        let activity = activity.matrix(k)?;
        values.add(z.as_slice(), activity.as_slice(), &vec![1.0; z.as_slice().len()]);
    }
    Ok(values.is_function())
}

impl Course {
    fn new(way: Way) -> Self {
        let tallies = [Tally::default(); 3];
        let differences = [const { Vec::new() }; 3];
        Self {
            way,
            rounding: 0.0,
            tallies,
            differences,
            signs: Vec::new(),
            independent: 0.0,
            slopes: Slopes::default(),
            normalised: Vec::new(),
            elementwise: None,
        }
    }

    /// One of so many iterations of 100 errors that an unknown activation halves, so many of which
    /// the matrix makes with the wrong sign.
    #[cfg(test)]
    pub fn with_wrong(way: Way, wrong: &[usize]) -> Self {
        let halved = |wrong: usize| [vec![-0.5; wrong], vec![0.5; 100 - wrong]].concat();
        let errors: Vec<_> = wrong.iter().map(|&wrong| (halved(wrong), vec![1.0; 100])).collect();
        Self::of_errors(way, &errors)
    }

    /// One of errors of one sample each, beside what the matrix makes of those above.
    #[cfg(test)]
    fn of_errors(way: Way, errors: &[(Vec<f64>, Vec<f64>)]) -> Self {
        let through = Through { slope: None, argument: None, normalised: None };
        let mut course = Self { independent: f64::INFINITY, ..Self::new(way) };
        let row = |values: &[f64]| Matrix::from_vec(1, values.len(), values.to_vec());
        for (recorded, made) in errors {
            course.add(&row(recorded), &Matrix::identity(1), &row(made), &through);
        }
        course
    }

    fn add(
        &mut self,
        recorded: &Matrix<f64>,
        error: &Matrix<f64>,
        matrix: &Matrix<f64>,
        through: &Through,
    ) {
        let mut made = (error * matrix).to_matrix();
        self.signs.push(signs(recorded, error, matrix, false));
        let mut without = Tally::default();
        without.add(recorded.as_slice(), made.as_slice());
        self.take(1, without);
        if let Some(argument) = &through.argument {
            self.slopes.add(argument.as_slice(), recorded.as_slice(), made.as_slice());
        }
        if let Some(normalised) = &through.normalised {
            self.normalised.push(normalised.left(recorded, &made));
        }
        if let Some(slope) = &through.slope {
            slope.multiply(made.as_mut_slice());
            let pairs = recorded.as_slice().iter().zip(made.as_slice()).zip(&slope.clear);
            let (recorded, made): (Vec<f64>, Vec<f64>) =
                pairs.filter(|(_, clear)| **clear).map(|(d, _)| d).unzip();
            let mut with = Tally::default();
            with.add(&recorded, &made);
            self.take(0, with);
        }
    }

    /// Errors of an iteration, those from above after the derivative that they were recorded
    /// before.
    fn add_before(&mut self, recorded: &Matrix<f64>, error: &Matrix<f64>, matrix: &Matrix<f64>) {
        let mut tally = Tally::default();
        tally.add(recorded.as_slice(), (error * matrix).to_matrix().as_slice());
        self.take(2, tally);
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
        self.independently(sum(&self.signs))
    }

    /// Whether nothing is known to lie between that does not keep the signs of errors, as a
    /// normalisation.
    pub fn keeps_signs(&self) -> bool {
        self.elementwise != Some(false)
    }

    /// Signs of which no more are counted than say something by themselves.
    fn independently(&self, signs: Agreement) -> Agreement {
        signs.limited_to(self.independent)
    }

    /// What is left of the errors by iteration in the kind of normalisation that leaves nothing
    /// most often, or else the least; `None` where there is none, or every kind leaves much.
    fn normalised(&self) -> Option<(Vec<Option<f64>>, Tally)> {
        let of_kind = |kind: usize| -> (Vec<Option<f64>>, Tally) {
            let tallies = self.normalised.iter().map(|kinds| kinds[kind]);
            let mut all = Tally::default();
            tallies.clone().for_each(|tally| all.plus(tally));
            (tallies.map(|tally| tally.relative()).collect(), all)
        };
        let same = |differences: &[Option<f64>]| {
            differences.iter().flatten().filter(|d| self.is_same(**d)).count()
        };
        let whole = |all: &Tally| all.relative().unwrap_or(f64::INFINITY);
        let kinds = if self.normalised.is_empty() { 0 } else { normalised::kinds() };
        let (differences, all) = (0..kinds)
            .map(of_kind)
            .max_by(|a, b| same(&a.0).cmp(&same(&b.0)).then(whole(&b.1).total_cmp(&whole(&a.1))))?;
        let least = differences.iter().flatten().copied().fold(f64::INFINITY, f64::min);
        (least <= NEAR).then_some((differences, all))
    }

    /// How the errors close through a normalisation, if they do in every iteration.
    fn through_normalisation(&self) -> Option<Closing> {
        let (differences, all) = self.normalised()?;
        let rounding = self.rounding.max(SAME / MOST_ROUNDING);
        let closes = differences.iter().flatten().all(|d| self.is_same(*d));
        closes.then_some(Closing::new(all.relative()?, rounding))
    }

    /// Whether a difference by which errors close through a normalisation is none.
    fn is_same(&self, difference: f64) -> bool {
        difference <= (MOST_ROUNDING * self.rounding).max(SAME)
    }

    /// Relative difference of the recorded errors to those made, without any derivative.
    pub fn difference(&self) -> Option<f64> {
        self.tallies[1].relative()
    }

    /// The same in iteration `k`, with the derivative if that is known; `None` of too few values
    /// that say something by themselves.
    pub fn difference_at(&self, k: usize) -> Option<f64> {
        let number = self.signs.get(k)?.number().min(self.independent);
        let all = self.differences.iter().find(|list| list.len() == self.signs.len())?;
        // Of few values none but the right matrix makes all to so many digits.
        let told = |d: &f64| number >= FEWEST_VALUES || number >= FEWEST_EXACT && *d <= EXACT;
        all.get(k).copied().flatten().filter(told)
    }

    /// Iterations on record.
    pub fn iterations(&self) -> usize {
        self.signs.len()
    }

    /// Signs in the first and in the last third of the iterations.
    pub fn signs_at_ends(&self) -> [Agreement; 2] {
        let [start, _, end] = thirds(self.signs.len());
        [start, end].map(|third| self.independently(sum(&self.signs[third])))
    }

    /// Of which states a single matrix is, of the states from 0 to `last`.
    pub fn states(&self, last: usize) -> StatesOf {
        match self.states_by_errors(last) {
            // One error says nothing of a matrix that may change after it.
            StatesOf::All
                if self.signs.iter().filter(|signs| signs.share().is_some()).count() < 2 =>
            {
                StatesOf::Presumed
            }
            states => states,
        }
    }

    fn states_by_errors(&self, last: usize) -> StatesOf {
        let whole = |place: usize| self.tallies[place].relative().unwrap_or(f64::INFINITY);
        let rounding = MOST_ROUNDING * self.rounding;
        if whole(2) <= rounding {
            return StatesOf::All;
        }
        if !self.differences[0].is_empty() || whole(1) <= rounding {
            let place = usize::from(whole(1) < whole(0));
            return states_of(&self.differences[place], [rounding, rounding.max(SAME)], last);
        }
        match self.normalised() {
            Some((differences, _)) => states_of(&differences, [rounding.max(SAME); 2], last),
            None => self.states_by_signs(last),
        }
    }

    /// The same, where the activation is not known.
    fn states_by_signs(&self, last: usize) -> StatesOf {
        let said = self.slopes.say();
        if !self.keeps_signs() && said != Said::Carried {
            return self.states_through_others();
        }
        match said {
            Said::Carried => return StatesOf::All,
            Said::Changed(Some(End::First)) => return StatesOf::Only(vec![0]),
            Said::Changed(Some(End::Last)) => return StatesOf::Only(vec![last]),
            Said::Changed(None) => return StatesOf::None,
            Said::Nothing => {}
        }
        // What is no function of the pre-activation was not carried by one matrix throughout.
        if self.elementwise == Some(true) && self.slopes.is_function() == Some(false) {
            return StatesOf::None;
        }
        let [start, between, end] = thirds(self.signs.len());
        let [early, middle, late] = [start, between, end].map(|third| sum(&self.signs[third]));
        if early.is_worse_than(&late) {
            return if middle.against() < late.against() {
                StatesOf::None
            } else {
                StatesOf::Only(vec![last])
            };
        }
        if late.is_worse_than(&early) {
            return if middle.against() < early.against() {
                StatesOf::None
            } else {
                StatesOf::Only(vec![0])
            };
        }
        match self.signs().share() {
            Some(share) if share >= ALIKE => StatesOf::Presumed,
            _ => StatesOf::None,
        }
    }

    /// The same, where something else than an activation lies between. Then few signs agree even
    /// with the matrix that carried the errors, and how many of them do changes as the weights
    /// learn: they tell that a matrix changed, but not that it did not.
    fn states_through_others(&self) -> StatesOf {
        let [early, late] = self.signs_at_ends();
        let changed = early.is_worse_than(&late) || late.is_worse_than(&early);
        match self.signs().share() {
            Some(share) if share >= ALIKE && !changed => StatesOf::Undecided,
            _ => StatesOf::None,
        }
    }
}

/// The states that a matrix is that of, by what is left of the errors after each: `same` of which
/// is rounding, and more than `other` is not. What was recorded once and is not that of all states
/// is taken to be that of no state whose error it did not make, or that lies between two it did
/// make; the one after the last error on record is none of them.
fn states_of(differences: &[Option<f64>], [same, other]: [f64; 2], last: usize) -> StatesOf {
    let known = |k: &usize| differences[*k].filter(|d| *d <= same || *d > other);
    let is_same = |k: usize| differences[k].is_some_and(|d| d <= same);
    if !differences.iter().flatten().any(|d| *d > other) {
        return StatesOf::All;
    }
    let made = |k: &usize| match known(k) {
        Some(_) => is_same(*k),
        None => {
            let before = (0..*k).rev().find(|at| known(at).is_some());
            let after = (*k..differences.len()).find(|at| known(at).is_some());
            before.zip(after).is_some_and(|(a, b)| is_same(a) && is_same(b))
        }
    };
    let states: Vec<usize> = (0..differences.len()).filter(made).collect();
    if states.is_empty() { ends(differences, last) } else { StatesOf::Only(states) }
}

fn sum(all: &[Agreement]) -> Agreement {
    all.iter().fold(Agreement::default(), |sum, signs| sum.with(*signs))
}

/// The last state, where differences fall towards the end: what was recorded once, after the last
/// update, made no error on record, but nearly the last of them; or the first, where they rise.
/// Where they are small and do not change, something else is in them. Otherwise none.
fn ends(differences: &[Option<f64>], last: usize) -> StatesOf {
    let known: Vec<f64> = differences.iter().flatten().copied().collect();
    let lowest = known.iter().copied().fold(f64::INFINITY, f64::min);
    let highest = known.iter().copied().fold(0.0, f64::max);
    match (known.first(), known.last()) {
        (Some(first), Some(end)) if *end <= 0.5 * first && *end <= 1.5 * lowest => {
            StatesOf::Only(vec![last])
        }
        (Some(first), Some(end)) if *first <= 0.5 * end && *first <= 1.5 * lowest => {
            StatesOf::Only(vec![0])
        }
        _ if highest <= FLAT && highest <= 4.0 * lowest => StatesOf::Presumed,
        _ => StatesOf::None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const WAY: Way = Way::Backward { direct: false, turned: false };

    #[test]
    fn states_are_those_whose_errors_a_matrix_makes() {
        let of = |differences: &[Option<f64>]| states_of(differences, [0.1, 0.2], 9);
        let only = |states: &[usize]| StatesOf::Only(states.to_vec());
        assert_eq!(of(&[Some(0.0), Some(0.1), Some(0.5)]), only(&[0, 1]));
        // What is neither rounding nor clearly more than it decides nothing: a matrix that made the
        // errors on both sides of it made these too.
        assert_eq!(of(&[Some(0.0), Some(0.15), Some(0.1), Some(0.5)]), only(&[0, 1, 2]));
        assert_eq!(of(&[Some(0.0), None, Some(0.0), Some(0.5)]), only(&[0, 1, 2]));
        assert_eq!(of(&[Some(0.0), Some(0.15), Some(0.5)]), only(&[0]));
        assert_eq!(of(&[Some(0.5), Some(0.15), Some(0.0), None]), only(&[2]));
        // Where no error is clearly that of another matrix, it is that of all.
        assert_eq!(of(&[Some(0.0), Some(0.2), None]), StatesOf::All);
        assert_eq!(of(&[None]), StatesOf::All);
        // Where it made none, the ends tell.
        assert_eq!(of(&[Some(0.9), None, Some(0.3)]), only(&[9]));
        assert_eq!(of(&[Some(0.9), None, Some(0.9)]), StatesOf::None);
    }

    #[test]
    fn a_matrix_that_made_no_error_is_that_of_the_end_they_fall_towards() {
        let of = |differences: &[f64]| {
            let differences: Vec<Option<f64>> = differences.iter().copied().map(Some).collect();
            ends(&differences, 9)
        };
        let (first, last) = (StatesOf::Only(vec![0]), StatesOf::Only(vec![9]));
        assert_eq!(of(&[0.8, 0.5, 0.4]), last);
        assert_eq!(of(&[0.4, 0.5, 0.8]), first);
        // To less than half, and to near the lowest.
        assert_eq!(of(&[0.4, 0.3]), StatesOf::None);
        assert_eq!(of(&[0.3, 0.4]), StatesOf::None);
        assert_eq!(of(&[0.8, 0.1, 0.3]), StatesOf::None);
        assert_eq!(of(&[0.3, 0.1, 0.8]), StatesOf::None);
        assert_eq!(of(&[0.8, 0.1, 0.15]), last);
        assert_eq!(of(&[0.15, 0.1, 0.8]), first);
        // Small throughout is coarser arithmetic; one that is far above the others is not.
        assert_eq!(of(&[0.02, 0.005, 0.015]), StatesOf::Presumed);
        assert_eq!(of(&[0.01, 0.001, 0.01]), StatesOf::None);
        assert_eq!(of(&[0.03, 0.02, 0.03]), StatesOf::None);
        assert_eq!(of(&[0.02]), StatesOf::Presumed);
        assert_eq!(of(&[0.8]), StatesOf::None);
    }

    #[test]
    fn signs_tell_of_which_end_a_matrix_is() {
        let states = |wrong: [usize; 9]| Course::with_wrong(WAY, &wrong).states(9);
        let (first, last) = (StatesOf::Only(vec![0]), StatesOf::Only(vec![9]));
        assert_eq!(states([30, 30, 30, 10, 10, 10, 2, 2, 2]), last);
        assert_eq!(states([2, 2, 2, 10, 10, 10, 30, 30, 30]), first);
        // Of neither, where errors between are made better; as well is as good as at the end.
        assert_eq!(states([30, 30, 30, 1, 1, 1, 5, 5, 5]), StatesOf::None);
        assert_eq!(states([5, 5, 5, 1, 1, 1, 30, 30, 30]), StatesOf::None);
        assert_eq!(states([30, 30, 30, 5, 5, 5, 5, 5, 5]), last);
        assert_eq!(states([5, 5, 5, 5, 5, 5, 30, 30, 30]), first);
        // Of all, as far as is known, if they do not change and most are right.
        assert_eq!(states([5; 9]), StatesOf::Presumed);
        assert_eq!(states([40; 9]), StatesOf::None);
        let elementwise = Course { elementwise: Some(true), ..Course::with_wrong(WAY, &[5; 9]) };
        assert_eq!(elementwise.states(9), StatesOf::Presumed);
    }

    #[test]
    fn through_what_keeps_no_signs_these_tell_that_a_matrix_changed_and_not_that_it_did_not() {
        let states = |wrong: [usize; 9]| {
            let course = Course::with_wrong(WAY, &wrong);
            Course { elementwise: Some(false), ..course }.states(9)
        };
        assert_eq!(states([20; 9]), StatesOf::Undecided);
        assert_eq!(states([30, 30, 30, 10, 10, 10, 2, 2, 2]), StatesOf::None);
        assert_eq!(states([2, 2, 2, 10, 10, 10, 30, 30, 30]), StatesOf::None);
        assert_eq!(states([40; 9]), StatesOf::None);
    }

    fn course(errors: &[(&[f64], &[f64])]) -> Course {
        let owned = errors.iter().map(|(recorded, made)| (recorded.to_vec(), made.to_vec()));
        Course::of_errors(WAY, &owned.collect::<Vec<_>>())
    }

    #[test]
    fn one_error_that_closes_says_nothing_of_later_states() {
        let (errors, zeros) = (&[1.0, -2.0][..], &[0.0, 0.0][..]);
        assert_eq!(course(&[(errors, errors), (errors, errors)]).states(2), StatesOf::All);
        assert_eq!(course(&[(errors, errors)]).states(1), StatesOf::Presumed);
        assert_eq!(course(&[(errors, errors), (zeros, zeros)]).states(2), StatesOf::Presumed);
    }

    #[test]
    fn few_values_make_a_difference_only_if_they_are_made_to_many_digits() {
        let errors = [1.0; 8];
        let [far, near] = [0.75, 0.9995].map(|factor| errors.map(|v| factor * v));
        let at = |made: &[f64]| course(&[(&errors[..made.len()], made)]).difference_at(0);
        // Halves and quarters are exact.
        assert_eq!(at(&far), Some(0.25));
        assert_eq!(at(&far[..7]), None);
        assert!(at(&near[..7]).is_some() && at(&near[..6]).is_some());
        assert_eq!(at(&near[..5]), None);
        // Of values that follow from each other fewer count.
        let dependent = Course { independent: 7.0, ..course(&[(&errors, &far)]) };
        assert_eq!(dependent.difference_at(0), None);
        assert_eq!(dependent.difference_at(1), None, "no such iteration");
    }

    #[test]
    fn the_difference_of_all_iterations_is_that_of_their_norms() {
        // Of 3 and 4 in two iterations the second is missed: 4 of 5.
        let found = course(&[(&[3.0], &[3.0]), (&[4.0], &[0.0])]);
        assert_eq!(found.difference(), Some(0.8));
        assert_eq!(course(&[(&[0.0], &[1.0])]).difference(), None);
    }

    #[test]
    fn on_which_side_of_a_kink_a_value_is_rounding_decides_near_zero() {
        // The root mean square is 1.4151: rounding by 0.001 may move a value by 0.0453.
        let z = Matrix::from_vec(1, 4, vec![2.0, -2.0, 0.1, 0.01]);
        assert_eq!(clear_of_zero(&z, 0.001), [true, true, true, false]);
    }
}
