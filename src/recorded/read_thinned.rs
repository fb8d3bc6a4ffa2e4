//! Recordings of some updates of a run, not of all: which ones these are, and what each did to the
//! weights.
//!
//! | member | shape | what it is |
//! |---|---|---|
//! | `updates` | states | updates that were made before each state, ever more |
//! | `W0_next`, ... | iterations x `n_l x n_{l+1}` | weights right after each recorded update |
//!
//! State `k` stays that before iteration `k`. Differences of states are steps of several updates
//! then: what the rule made of one update is the difference of `W_l_next` to the state before it.

use super::error::RecordedRunError;
use super::progress::Progress;
use super::run::RecordedRun;
use super::stack::{Layout, Stack};
use super::thinned::Thinned;
use crate::array::{self, ArrayError, Frames, Spool, Taken};
use std::path::Path;

/// Name of the member that numbers the states.
const UPDATES: &str = "updates";

/// What follows the name of weights that are those right after an update.
const NEXT: &str = "_next";

/// The largest whole number up to which double precision has all.
const LARGEST: f64 = 9_007_199_254_740_992.0;

/// Reads what a recording says of its updates; `None` if these are all of the run. Takes the
/// members it knows out of those that are not known.
///
/// # Errors
/// If a member cannot be read, or does not fit the others.
pub(super) fn read_thinned(
    path: &Path,
    run: &mut RecordedRun,
    progress: &Progress,
) -> Result<Option<Thinned>, RecordedRunError> {
    let mut members = Vec::new();
    run.reading.ignored.retain(|name| {
        let is_own = name == UPDATES || weights_of(name).is_some();
        if is_own {
            members.push(name.clone());
        }
        !is_own
    });
    let unfit = |why: String| RecordedRunError::Unfit { path: path.into(), problems: vec![why] };
    if !members.iter().any(|name| name == UPDATES) {
        // Without the numbers of the updates, states would be taken for those of every update.
        return match members.first() {
            None => Ok(None),
            Some(first) => Err(unfit(format!(
                "`{first}` holds weights right after updates, as where others were made between \
                 those on record, and `{UPDATES}` is missing, which says which ones these are: add \
                 it, one number of updates made before each state (of one of every 5, \
                 numpy.arange(states) * 5), or leave the members {} out if every update is on \
                 record",
                members.join(", ")
            ))),
        };
    }
    let updates = updates(path, run).map_err(unfit)?;
    if updates.windows(2).all(|pair| pair[1] == pair[0] + 1) {
        return Ok(None);
    }
    let mut next = vec![None; run.depth()];
    for name in members.iter().filter(|name| *name != UPDATES) {
        let index = weights_of(name).unwrap_or_default();
        let l = index.saturating_add_signed(run.reading.numbering.weights.into());
        let Some(weights) = run.weights(l) else {
            return Err(unfit(format!(
                "`{name}` are weights after updates, and there is no W{index}"
            )));
        };
        let stack = open_next(path, name, run.iterations(), progress).map_err(unfit)?;
        let turned = run.reading.weights_turned.iter().any(|(layer, _)| *layer == l);
        let stack = if turned { stack.turned() } else { stack };
        if stack.shape() != weights.shape() {
            let ([a, b], [c, d]) = (stack.shape(), weights.shape());
            return Err(unfit(format!("`{name}` is {a} x {b}, and W{index} is {c} x {d}")));
        }
        next[l] = Some(stack);
    }
    Ok(Some(Thinned { updates, next }))
}

/// The number of the weights of which a member is the state after every update.
fn weights_of(name: &str) -> Option<usize> {
    let digits = name.strip_suffix(NEXT)?.strip_prefix('W')?;
    digits.parse().ok().filter(|l: &usize| *l < 1000 && digits == l.to_string())
}

/// Numbers of updates before the states that are taken.
fn updates(path: &Path, run: &RecordedRun) -> Result<Vec<u64>, String> {
    let named = |error: ArrayError| format!("`{UPDATES}`: {error}");
    let extent = array::extent(path, Some(UPDATES)).map_err(named)?;
    let states = run.weights.iter().chain(&run.biases).flatten().map(Stack::len).max().unwrap_or(0);
    // A directory that grows may be ahead with this one.
    let fits = extent.frames() == states || (path.is_dir() && extent.frames() >= states);
    if extent.header.shape.len() != 1 || !fits {
        let shape = &extent.header.shape;
        return Err(format!(
            "`{UPDATES}` is {shape:?}: expected one number for each of {states} states"
        ));
    }
    let mut numbers = Vec::new();
    let taken = if path.is_dir() { Taken::First(states) } else { Taken::All };
    let mut look = |values: &[f64]| numbers.extend_from_slice(values);
    Frames::open(path, Some(UPDATES), taken, &mut Spool::new(64 << 20), &mut look)
        .map_err(named)?;
    if let Some(bad) = numbers.iter().find(|v| v.fract() != 0.0 || !(0.0..LARGEST).contains(*v)) {
        return Err(format!("`{UPDATES}` holds {bad}: expected whole numbers from 0"));
    }
    if let Some(pair) = numbers.windows(2).find(|pair| pair[1] <= pair[0]) {
        return Err(format!(
            "`{UPDATES}` holds {} after {}: expected ever larger numbers",
            pair[1], pair[0]
        ));
    }
    Ok(numbers.iter().map(|&v| v as u64).collect())
}

/// Weights after each iteration, as many as there are.
fn open_next(
    path: &Path,
    name: &str,
    iterations: usize,
    progress: &Progress,
) -> Result<Stack, String> {
    let named = |error: ArrayError| format!("`{name}`: {error}");
    let extent = array::extent(path, Some(name)).map_err(named)?;
    let [_, rows, columns] = extent.header.shape[..] else {
        return Err(format!("`{name}` is {:?}: expected 3 dimensions", extent.header.shape));
    };
    let found = extent.frames();
    if found > iterations && !path.is_dir() {
        return Err(format!(
            "`{name}` holds {found} states after updates, and there are {iterations} iterations"
        ));
    }
    let taken = if path.is_dir() { Taken::First(found.min(iterations)) } else { Taken::All };
    let layout = Layout { rows, columns, taken, stored: extent.header.stored };
    Stack::open(path, name, &layout, &mut Spool::new(64 << 20), progress).map_err(named)
}
