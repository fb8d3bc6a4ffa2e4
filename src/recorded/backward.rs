//! Recorded backward weights: which way they are stored, and of which states they are.

use super::evidence::{Agreement, moves, turned_by_steps};
use super::feedback::{Carrier, Course, LayerFeedback, Way};
use super::layout::BackwardReading;
use super::{RecordedRun, Stack};
use crate::array::ArrayError;
use crate::matrix::Matrix;
use serde::Serialize;
use std::ops::RangeInclusive;

/// What tells which way a matrix is stored.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Told {
    /// Its shape.
    Shape,
    /// Which way it turns activities into activities.
    Activities,
    /// Which way its steps are those of the rule.
    Steps,
    /// Which way it carries error signals back.
    Errors,
    /// That the matrices of all other layers are stored this way.
    OtherLayers,
    /// Nothing: both ways are possible.
    Nothing,
}

/// Of which states backward weights are.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum StatesOf {
    /// There is one for every state.
    Each,
    /// One for all, as the error signals of all iterations say.
    All,
    /// One for all, as nothing says otherwise.
    Presumed,
    /// One that carried no error, to compare weights with.
    Unused,
    /// One, which is not that of other states than these, as the error signals say.
    Only(RangeInclusive<usize>),
    /// One, which is that of no recorded state.
    None,
}

/// Backward weights of one layer.
#[derive(Clone, Debug)]
pub struct Backward {
    states: Stack,
    direct: bool,
    told: Told,
    of: StatesOf,
    /// Which way `states` are read, and others that their shape allows, the likeliest first.
    readings: Vec<BackwardReading>,
    /// Whether errors tell which of them it is.
    settled: bool,
}

impl Backward {
    /// Backward weights whose shape allows these readings, the likeliest first.
    pub(super) fn new(stored: Stack, readings: Vec<BackwardReading>) -> Option<Self> {
        let first = *readings.first()?;
        let open = readings.iter().any(|reading| reading.turned != first.turned);
        let told = if open { Told::Nothing } else { Told::Shape };
        let of = if stored.len() > 1 { StatesOf::Each } else { StatesOf::Presumed };
        let states = if first.turned { stored.turned() } else { stored };
        Some(Self { states, direct: first.direct, told, of, readings, settled: false })
    }

    /// The matrices, one or one by state: `n_{l+1} x n_l`, or `n_D x n_l` of direct feedback.
    pub fn states(&self) -> &Stack {
        &self.states
    }

    /// Whether errors come from the output, and not from the layer above.
    pub fn is_direct(&self) -> bool {
        self.direct
    }

    /// Whether it is stored as its transpose.
    pub fn is_turned(&self) -> bool {
        self.readings.first().is_some_and(|reading| reading.turned)
    }

    /// What tells which way it is stored.
    pub fn told(&self) -> Told {
        self.told
    }

    /// Whether nothing tells if it leads from the layer above, as is taken for granted, or from the output.
    pub fn may_be_direct(&self) -> bool {
        !self.direct && !self.settled && self.readings.iter().any(|reading| reading.direct)
    }

    /// Of which states it is.
    pub fn of(&self) -> &StatesOf {
        &self.of
    }

    /// Whether it stays the same, as far as is known.
    pub fn is_fixed(&self) -> bool {
        matches!(self.of, StatesOf::All | StatesOf::Presumed | StatesOf::Unused)
    }

    /// That of state `k`; `None` where it was not recorded.
    ///
    /// # Errors
    /// If it can no longer be read.
    pub fn at(&self, k: usize) -> Result<Option<Matrix<f64>>, ArrayError> {
        let place = match &self.of {
            StatesOf::Each => (k < self.states.len()).then_some(k),
            StatesOf::Only(states) => states.contains(&k).then_some(0),
            StatesOf::None => None,
            StatesOf::All | StatesOf::Presumed | StatesOf::Unused => Some(0),
        };
        place.map(|place| self.states.matrix(place)).transpose()
    }

    /// The ways that the shape allows, of which error signals may tell one.
    pub(super) fn ways(&self) -> impl Iterator<Item = Way> + '_ {
        self.readings.iter().map(|reading| Way::Backward { direct: reading.direct, turned: reading.turned })
    }

    /// Reads it the other way round.
    fn read_as(&mut self, reading: BackwardReading) {
        if reading.turned != self.is_turned() {
            self.states = self.states.clone().turned();
        }
        self.direct = reading.direct;
        self.readings.retain(|of| *of != reading);
        self.readings.insert(0, reading);
    }
}

impl RecordedRun {
    /// `B_l`, where it has the shape of `W_l^T` and leads from the layer above, so that the two may be compared.
    pub fn comparable_backward(&self, l: usize) -> Option<&Backward> {
        self.backward(l).filter(|backward| !backward.direct || l + 1 == self.depth())
    }

    /// `B_l` of state `k`, where it may be compared with `W_l` and is known which way it is stored.
    ///
    /// # Errors
    /// If it can no longer be read.
    pub(super) fn backward_before(&self, l: usize, k: usize) -> Result<Option<Matrix<f64>>, ArrayError> {
        match self.comparable_backward(l).filter(|backward| backward.told != Told::Nothing) {
            Some(backward) => backward.at(k),
            None => Ok(None),
        }
    }

    /// `B_l`, where it stays the same and may be compared with `W_l`, and it is known which way it is stored.
    ///
    /// # Errors
    /// If it can no longer be read.
    pub(super) fn fixed_backward(&self, l: usize) -> Result<Option<Matrix<f64>>, ArrayError> {
        let fixed = self.backward(l).is_some_and(Backward::is_fixed);
        if fixed { self.backward_before(l, 0) } else { Ok(None) }
    }

    /// Settles which way backward weights are read, by what the error signals say, or else by how they move.
    ///
    /// # Errors
    /// If a member can no longer be read.
    pub(super) fn settle_readings(&mut self, feedback: &[LayerFeedback]) -> Result<(), ArrayError> {
        for of in feedback {
            if let Some(Some(backward)) = self.backward.get_mut(of.layer) {
                backward.settle_reading(of);
            }
        }
        for (weights, backward) in self.weights.iter().zip(&mut self.backward) {
            if let (Some(weights), Some(backward)) = (weights, backward) {
                backward.settle_by_moves(weights)?;
            }
        }
        self.settle_by_other_layers();
        Ok(())
    }

    /// Settles of which states backward weights are, by what the error signals say.
    pub(super) fn settle_states(&mut self, feedback: &[LayerFeedback]) {
        let last = self.weights.iter().flatten().map(Stack::len).max().unwrap_or(1) - 1;
        for of in feedback {
            if let Some(Some(backward)) = self.backward.get_mut(of.layer) {
                backward.settle_states(of, last);
            }
        }
    }

    /// What nothing else tells is the likelier as the other layers are. Direct feedback is direct in all layers.
    fn settle_by_other_layers(&mut self) {
        let told: Vec<&Backward> = self.backward.iter().flatten().filter(|b| b.told != Told::Nothing).collect();
        let direct = told.iter().any(|backward| backward.direct);
        let turned = !told.is_empty() && told.iter().all(|backward| backward.is_turned());
        let depth = self.depth();
        for (l, backward) in self.backward.iter_mut().enumerate() {
            let Some(backward) = backward else { continue };
            if direct && l + 1 == depth {
                backward.direct = true;
                backward.readings.iter_mut().for_each(|of| of.direct = true);
            }
            if backward.told == Told::Nothing {
                let like = backward.readings.iter().copied().find(|of| (of.direct, of.turned) == (direct, turned));
                let like = like.or(backward.readings.iter().copied().find(|of| of.turned == turned));
                if let Some(like) = like {
                    backward.read_as(like);
                }
            }
        }
    }
}

impl Backward {
    fn settle_reading(&mut self, feedback: &LayerFeedback) {
        // Errors that something else carried say nothing of it.
        let other = feedback.carried_by.is_some_and(|carrier| carrier.backward().is_none());
        if self.readings.len() < 2 || other {
            return;
        }
        let told = feedback.carried_by.and_then(Carrier::backward);
        let told = told.or_else(|| left(&feedback.courses)).or_else(|| nearest(&feedback.courses));
        if let Some(reading) = told.filter(|reading| self.readings.contains(reading)) {
            self.read_as(reading);
            self.settled = true;
            if self.told == Told::Nothing {
                self.told = Told::Errors;
            }
        }
    }

    fn settle_by_moves(&mut self, weights: &Stack) -> Result<(), ArrayError> {
        if self.told != Told::Nothing || self.states.len() < 2 {
            return Ok(());
        }
        if let Some(turned) = turned_by_steps(&moves(weights, &self.states)?) {
            let other = turned != self.is_turned();
            if let Some(reading) = self.readings.iter().copied().find(|of| of.turned == other) {
                self.read_as(reading);
                self.told = Told::Steps;
            }
        }
        Ok(())
    }

    fn settle_states(&mut self, feedback: &LayerFeedback, last: usize) {
        if self.of == StatesOf::Each {
            return;
        }
        if feedback.carried_by.is_some_and(|carrier| carrier.backward().is_none()) {
            self.of = StatesOf::Unused;
            return;
        }
        let mut readings = self.readings.clone();
        // Either reading may be the right one where nothing tells.
        if self.told != Told::Nothing {
            readings.truncate(1);
        }
        let way = |of: &BackwardReading| Way::Backward { direct: of.direct, turned: of.turned };
        let course = |of: &BackwardReading| feedback.courses.iter().find(|course| course.way == way(of));
        let found: Vec<StatesOf> = readings.iter().filter_map(course).map(|course| course.states(last)).collect();
        let all = |states: &StatesOf| matches!(states, StatesOf::All | StatesOf::Presumed);
        self.of = match &found[..] {
            [] => StatesOf::Presumed,
            [states] => states.clone(),
            _ if found.iter().any(all) => StatesOf::Presumed,
            _ => StatesOf::None,
        };
    }
}

/// The one reading that makes nearly the recorded errors without any derivative, as those of small pre-activations have
/// slopes near 1, where no other does.
fn nearest(courses: &[Course]) -> Option<BackwardReading> {
    let difference = |course: &Course| Some((course.way.backward()?, course.difference()?));
    let mut all: Vec<(BackwardReading, f64)> = courses.iter().filter_map(difference).collect();
    all.sort_unstable_by(|a, b| a.1.total_cmp(&b.1));
    match all[..] {
        [(reading, best), (_, next), ..] if best <= 0.25 && 4.0 * best <= next => Some(reading),
        _ => None,
    }
}

/// The one reading of backward weights that signs of the errors leave: in all iterations together, or in the first or the
/// last, as one that changes may be that of an end.
fn left(courses: &[Course]) -> Option<BackwardReading> {
    let backward: Vec<&Course> = courses.iter().filter(|course| course.way.backward().is_some()).collect();
    let of = |window: &dyn Fn(&Course) -> Agreement, least: f64| {
        let rules_out_others = |course: &&&Course| {
            let others = backward.iter().filter(|other| other.way != course.way);
            window(course).share().is_some_and(|share| share >= least)
                && others.map(|other| window(other)).all(|other| window(course).rules_out(&other))
        };
        backward.iter().find(rules_out_others).and_then(|course| course.way.backward())
    };
    // A part may agree by chance.
    of(&Course::signs, 0.9)
        .or_else(|| of(&|course| course.signs_at_ends()[0], 0.95))
        .or_else(|| of(&|course| course.signs_at_ends()[1], 0.95))
}
