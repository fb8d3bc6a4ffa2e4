//! Recorded backward weights: which way they are stored, and of which states they are.

use super::layout::BackwardReading;
use super::stack::Stack;
use crate::array::ArrayError;
use crate::matrix::Matrix;
use serde::Serialize;

/// A matrix and the layer whose error signal it carries to layer `l`.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Way {
    /// `B_l`, or `B_l^T`, from layer `l + 1` or, direct, from the output.
    Backward {
        /// From the output.
        direct: bool,
        /// As the transpose of what was recorded.
        turned: bool,
    },
    /// `W_l^T` of the same iteration: backpropagation.
    Forward,
}

impl Way {
    pub(super) fn backward(self) -> Option<BackwardReading> {
        match self {
            Self::Backward { direct, turned } => Some(BackwardReading { direct, turned }),
            Self::Forward => None,
        }
    }
}

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
    Only(Vec<usize>),
    /// One, of which nothing shows whether it is that of all states, as the errors went through
    /// something that is not known and keeps no signs.
    Undecided,
    /// One, which is that of no recorded state.
    None,
}

/// Backward weights of one layer.
#[derive(Clone, Debug)]
pub struct Backward {
    pub(super) states: Stack,
    pub(super) direct: bool,
    pub(super) told: Told,
    pub(super) states_of: StatesOf,
    /// Which way `states` are read, and others that their shape allows, the likeliest first.
    pub(super) readings: Vec<BackwardReading>,
    /// Whether errors tell which of them it is.
    pub(super) settled: bool,
}

impl Backward {
    /// Backward weights whose shape allows these readings, the likeliest first.
    pub(super) fn new(stored: Stack, readings: Vec<BackwardReading>) -> Option<Self> {
        let first = *readings.first()?;
        let open = readings.iter().any(|reading| reading.turned != first.turned);
        let told = if open { Told::Nothing } else { Told::Shape };
        let states_of = if stored.len() > 1 { StatesOf::Each } else { StatesOf::Presumed };
        let states = if first.turned { stored.turned() } else { stored };
        Some(Self { states, direct: first.direct, told, states_of, readings, settled: false })
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

    /// Whether nothing shows if it leads from the layer above, as is assumed, or from the
    /// output.
    pub fn may_be_direct(&self) -> bool {
        !self.direct && !self.settled && self.readings.iter().any(|reading| reading.direct)
    }

    /// Of which states it is.
    pub fn of(&self) -> &StatesOf {
        &self.states_of
    }

    /// Whether it stays the same, as far as is known.
    pub fn is_fixed(&self) -> bool {
        matches!(self.states_of, StatesOf::All | StatesOf::Presumed | StatesOf::Unused)
    }

    /// That of state `k`; `None` where it was not recorded.
    ///
    /// # Errors
    /// If it can no longer be read.
    pub fn at(&self, k: usize) -> Result<Option<Matrix<f64>>, ArrayError> {
        let place = match &self.states_of {
            StatesOf::Each => (k < self.states.len()).then_some(k),
            StatesOf::Only(states) => states.contains(&k).then_some(0),
            StatesOf::None | StatesOf::Undecided => None,
            StatesOf::All | StatesOf::Presumed | StatesOf::Unused => Some(0),
        };
        place.map(|place| self.states.matrix(place)).transpose()
    }

    /// The ways that the shape allows, of which error signals may tell one.
    pub(super) fn ways(&self) -> impl Iterator<Item = Way> + '_ {
        self.readings
            .iter()
            .map(|reading| Way::Backward { direct: reading.direct, turned: reading.turned })
    }

    /// Reads it the other way round.
    pub(super) fn read_as(&mut self, reading: BackwardReading) {
        if reading.turned != self.is_turned() {
            self.states = self.states.clone().turned();
        }
        self.direct = reading.direct;
        self.readings.retain(|other| *other != reading);
        self.readings.insert(0, reading);
    }
}
