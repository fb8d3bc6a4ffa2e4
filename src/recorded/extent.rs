//! How much of every member there is. Members of a directory grow while a run is recorded, and
//! whoever writes them may be stopped at any moment: then some hold more than others, part of a
//! matrix, or more than their headers say yet.

use super::layout::MemberKind;
use super::stack::Layout;
use crate::array::{Extent, Taken};
use std::collections::BTreeMap;

/// Every member that is known.
pub(super) type Extents = BTreeMap<(MemberKind, usize), MemberExtent>;

/// One member.
#[derive(Clone, Debug)]
pub(super) struct MemberExtent {
    pub name: String,
    /// Shape of what is taken.
    pub shape: Vec<usize>,
    found: Extent,
    /// Whether the first dimension counts matrices.
    stacked: bool,
    /// Whether it may end anywhere.
    grows: bool,
}

impl MemberExtent {
    /// Of a member as it was found and of the shape it is read as, whose first dimension counts
    /// matrices if it is `stacked`, in a directory or not.
    ///
    /// # Errors
    /// With what is wrong, if something is missing that cannot be missing for being written still.
    pub fn new(
        name: String,
        found: Extent,
        mut shape: Vec<usize>,
        stacked: bool,
        in_directory: bool,
    ) -> Result<Self, String> {
        let grows = in_directory && stacked && found.can_grow();
        if grows {
            shape[0] = found.frames();
        } else if let Some(why) = found.mismatch() {
            return Err(format!("`{name}` is damaged: {why}"));
        }
        Ok(Self { name, shape, found, stacked, grows })
    }

    /// How it is cut into matrices.
    pub fn layout(&self) -> Layout {
        let frame = if self.stacked { &self.shape[1..] } else { &self.shape[..] };
        let (rows, columns) = match *frame {
            [rows, columns] => (rows, columns),
            _ => (1, frame.iter().product()),
        };
        let taken = match (self.stacked, self.grows) {
            (false, _) => Taken::One,
            (true, false) => Taken::All,
            (true, true) => Taken::First(self.shape[0]),
        };
        Layout { rows, columns, taken, stored: self.found.header.stored }
    }

    /// Number of values of what is taken.
    pub fn values(&self) -> usize {
        self.shape.iter().fold(1, |values: usize, &n| values.saturating_mul(n))
    }

    /// Bytes of what is taken.
    pub fn bytes(&self) -> u64 {
        (self.values() as u64).saturating_mul(self.found.header.stored.width() as u64)
    }

    /// What there is, where that is not `used` matrices and what the header says.
    fn difference(&self, used: usize) -> Option<String> {
        let (there, claimed) = (self.found.length(), self.found.claimed());
        let digits = usize::from(there.fract() != 0.0);
        let holds = format!("{} holds {there:.digits$}", self.name);
        match there < claimed as f64 {
            true => Some(format!("{holds} (its header says {claimed})")),
            false if !self.found.is_whole() => Some(format!("{holds} (and space for more)")),
            false => (claimed != used).then_some(holds),
        }
    }
}

/// How many matrices may be missing of a member whose program was stopped, at least: programs write
/// when enough has come together.
const HELD_BACK: usize = 8;

/// Numbers of iterations and states.
#[derive(Clone, Copy)]
struct Counts {
    iterations: Option<usize>,
    states: Option<usize>,
}

impl Counts {
    fn of(self, part: MemberKind) -> Option<usize> {
        if part.is_of_state() { self.states } else { self.iterations }
    }
}

/// Takes of every member that grows what all have: iterations that are whole in every one, with the
/// states before them and after the last. Says so, if there is more. Members that are too different
/// to have been stopped are left as they are.
pub(super) fn settle(extents: &mut Extents) -> Option<String> {
    let lengths = |state: bool| -> Vec<usize> {
        let of_kind = extents
            .iter()
            .filter(|((part, _), extent)| extent.grows && part.is_of_state() == state);
        of_kind.map(|(_, extent)| extent.shape[0]).collect()
    };
    let (states, signals) = (lengths(true), lengths(false));
    let all = || states.iter().chain(&signals).copied();
    let (least, most) = (all().min()?, all().max()?);
    if least == 0 || most - least > HELD_BACK.max(most / 2) {
        return None;
    }
    let counts = Counts {
        iterations: (!signals.is_empty()).then_some(least),
        states: states
            .iter()
            .min()
            .map(|&states| if signals.is_empty() { states } else { states.min(least + 1) }),
    };
    let growing = || extents.iter().filter(|(_, extent)| extent.grows);
    let differences: Vec<String> =
        growing().filter_map(|((part, _), extent)| extent.difference(counts.of(*part)?)).collect();
    for ((part, _), extent) in extents.iter_mut().filter(|(_, extent)| extent.grows) {
        extent.shape[0] = counts.of(*part).unwrap_or(extent.shape[0]);
    }
    let words = |n: Option<usize>, what: &str| n.map(|n| format!("{n} {what}"));
    let read: Vec<String> =
        [words(counts.iterations, "iterations"), words(counts.states, "states")]
            .into_iter()
            .flatten()
            .collect();
    (!differences.is_empty()).then(|| {
        format!(
            "the end of the recording is incomplete, as where its program was stopped or is still \
            running: {}; what is complete in all members is read, {}",
            differences.join(", "),
            read.join(" and ")
        )
    })
}
