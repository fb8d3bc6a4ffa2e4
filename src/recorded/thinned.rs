//! Recordings of some updates of a run, not of all: which ones these are, and what each did to the weights.
//!
//! | member | shape | what it is |
//! |---|---|---|
//! | `updates` | states | updates that were made before each state, ever more |
//! | `W0_next`, ... | iterations x `n_l x n_{l+1}` | weights right after each recorded update |
//!
//! State `k` stays that before iteration `k`. Differences of states are steps of several updates then: what the rule made
//! of one update is the difference of `W_l_next` to the state before it.

use super::closing::MOST_ROUNDING;
use super::stack::Layout;
use super::steps::rule_part;
use super::{Closing, LayerClosing, Progress, RecordedRun, RecordedRunError, Stack};
use crate::array::{self, ArrayError, Frames, Spool, Taken};
use crate::matrix::Matrix;
use crate::vmath::{dot, sum_squares};
use serde::Serialize;
use std::path::Path;

/// Name of the member that numbers the states.
const UPDATES: &str = "updates";

/// What follows the name of weights that are those right after an update.
const NEXT: &str = "_next";

/// The largest whole number up to which double precision has all.
const LARGEST: f64 = 9_007_199_254_740_992.0;

/// Which updates were recorded, where others were made between them.
#[derive(Clone, Debug)]
pub struct Thinned {
    /// Updates made before each state.
    updates: Vec<u64>,
    /// `W_l` right after each iteration, by layer.
    next: Vec<Option<Stack>>,
}

/// Steps of recorded updates whose neighbours were not recorded.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct SingleSteps {
    /// Whether the learning rate was given.
    pub given: bool,
    /// The learning rate; the range where every update has one of its own.
    pub eta: [f64; 2],
    /// Steps of all layers against `eta L_l^T delta_{l+1}`.
    pub closing: Closing,
    /// The same by layer: layer `l` of `W_l`.
    pub layers: Vec<LayerClosing>,
}

impl Thinned {
    /// Reads what a recording says of its updates; `None` if these are all of the run. Takes the members it knows out of
    /// those that are not known.
    ///
    /// # Errors
    /// If a member cannot be read, or does not fit the others.
    pub(super) fn read(
        path: &Path,
        run: &mut RecordedRun,
        progress: &Progress,
    ) -> Result<Option<Self>, RecordedRunError> {
        let mut own = Vec::new();
        run.reading.ignored.retain(|name| {
            let is_own = name == UPDATES || weights_of(name).is_some();
            if is_own {
                own.push(name.clone());
            }
            !is_own
        });
        let unfit = |why: String| RecordedRunError::Unfit { path: path.into(), problems: vec![why] };
        if !own.iter().any(|name| name == UPDATES) {
            // Without the numbers of the updates, nothing says that they are not all.
            run.reading.ignored.extend(own);
            return Ok(None);
        }
        let updates = updates(path, run).map_err(unfit)?;
        if updates.windows(2).all(|pair| pair[1] == pair[0] + 1) {
            return Ok(None);
        }
        let mut next = vec![None; run.depth()];
        for name in own.iter().filter(|name| *name != UPDATES) {
            let index = weights_of(name).unwrap_or_default();
            let l = index.saturating_add_signed(run.reading.numbering.weights.into());
            let Some(weights) = run.weights(l) else {
                return Err(unfit(format!("`{name}` are weights after updates, and there is no W{index}")));
            };
            let stack = open_next(path, name, run.iterations(), progress).map_err(unfit)?;
            let turned = run.reading.weights_turned.iter().any(|(of, _)| *of == l);
            let stack = if turned { stack.turned() } else { stack };
            if stack.shape() != weights.shape() {
                let ([a, b], [c, d]) = (stack.shape(), weights.shape());
                return Err(unfit(format!("`{name}` is {a} x {b}, and W{index} is {c} x {d}")));
            }
            next[l] = Some(stack);
        }
        Ok(Some(Self { updates, next }))
    }

    /// Updates made before each state.
    pub fn updates(&self) -> &[u64] {
        &self.updates
    }

    /// Updates from one state to the next, if they are the same throughout but for the last state.
    pub fn spacing(&self) -> Option<u64> {
        let mut gaps = self.updates.windows(2).map(|pair| pair[1] - pair[0]);
        let first = gaps.next()?;
        let last = gaps.next_back().unwrap_or(first);
        (gaps.all(|gap| gap == first) && last <= first).then_some(first)
    }

    /// The iteration that was `lag` updates before iteration `k`.
    fn earlier(&self, k: usize, lag: usize) -> Option<usize> {
        let wanted = self.updates.get(k)?.checked_sub(lag as u64)?;
        self.updates[..k].binary_search(&wanted).ok()
    }
}

impl RecordedRun {
    /// The state that iteration `k` starts from. Whether a member has it is another matter.
    pub fn state_before(&self, k: usize) -> usize {
        k
    }

    /// The state that iteration `k` ends in, as [`Self::state_before`]; `None` where other updates lie between the two.
    pub fn state_after(&self, k: usize) -> Option<usize> {
        let single = |of: &Thinned| of.updates.get(k + 1) == of.updates.get(k).map(|before| before + 1).as_ref();
        self.thinned.as_ref().is_none_or(single).then_some(k + 1)
    }

    /// Whether updates between the recorded ones are not on record.
    pub fn is_thinned(&self) -> bool {
        self.thinned.is_some()
    }

    /// Whether iteration `k` is the update right after that of the iteration before it.
    pub fn follows(&self, k: usize) -> bool {
        k > 0 && self.state_after(k - 1).is_some()
    }

    /// Updates before state `k`.
    pub fn update_of_state(&self, k: usize) -> u64 {
        self.thinned.as_ref().and_then(|thinned| thinned.updates.get(k).copied()).unwrap_or(k as u64)
    }

    /// The iteration that was `lag` updates before iteration `k`, if it was recorded.
    pub(super) fn earlier(&self, k: usize, lag: usize) -> Option<usize> {
        match &self.thinned {
            Some(thinned) => thinned.earlier(k, lag),
            None => k.checked_sub(lag),
        }
    }
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
        return Err(format!("`{UPDATES}` is {shape:?}: expected one number for each of {states} states"));
    }
    let mut numbers = Vec::new();
    let taken = if path.is_dir() { Taken::First(states) } else { Taken::All };
    let mut look = |values: &[f64]| numbers.extend_from_slice(values);
    Frames::open(path, Some(UPDATES), taken, &mut Spool::new(64 << 20), &mut look).map_err(named)?;
    if let Some(bad) = numbers.iter().find(|v| v.fract() != 0.0 || !(0.0..LARGEST).contains(*v)) {
        return Err(format!("`{UPDATES}` holds {bad}: expected whole numbers from 0"));
    }
    if let Some(pair) = numbers.windows(2).find(|pair| pair[1] <= pair[0]) {
        return Err(format!("`{UPDATES}` holds {} after {}: expected ever larger numbers", pair[1], pair[0]));
    }
    Ok(numbers.iter().map(|&v| v as u64).collect())
}

/// Weights after each iteration, as many as there are.
fn open_next(path: &Path, name: &str, iterations: usize, progress: &Progress) -> Result<Stack, String> {
    let named = |error: ArrayError| format!("`{name}`: {error}");
    let extent = array::extent(path, Some(name)).map_err(named)?;
    let [_, rows, columns] = extent.header.shape[..] else {
        return Err(format!("`{name}` is {:?}: expected 3 dimensions", extent.header.shape));
    };
    let found = extent.frames();
    if found > iterations && !path.is_dir() {
        return Err(format!("`{name}` holds {found} states after updates, and there are {iterations} iterations"));
    }
    let taken = if path.is_dir() { Taken::First(found.min(iterations)) } else { Taken::All };
    let layout = Layout { rows, columns, taken, stored: extent.header.stored };
    Stack::open(path, name, &layout, &mut Spool::new(64 << 20), progress).map_err(named)
}

/// Sums over updates of one layer: of squares of differences, of steps, and of what rounding is expected to add.
#[derive(Clone, Copy, Default)]
struct Sums {
    difference: f64,
    step: f64,
    rounding: f64,
}

impl Sums {
    fn plus(self, other: Self) -> Self {
        Self {
            difference: self.difference + other.difference,
            step: self.step + other.step,
            rounding: self.rounding + other.rounding,
        }
    }

    fn closing(self) -> Closing {
        let over = |square: f64| if self.step > 0.0 { (square / self.step).sqrt() } else { 0.0 };
        let (relative_difference, rounding) = (over(self.difference), over(self.rounding));
        // As for the steps of whole recordings: this rounding is made of the sizes at hand.
        let closes = relative_difference <= MOST_ROUNDING / 8.0 * rounding;
        Closing { relative_difference, rounding, closes }
    }
}

impl SingleSteps {
    /// What recorded updates made of the weights; `None` where the run is whole, or no layer has what this takes.
    pub(super) fn of(run: &RecordedRun, given: Option<f64>) -> Result<Option<Self>, ArrayError> {
        let Some(thinned) = &run.thinned else { return Ok(None) };
        let layers: Vec<(usize, &Stack)> =
            thinned.next.iter().enumerate().filter_map(|(l, next)| Some((l, next.as_ref()?))).collect();
        let updates = layers.iter().map(|(_, next)| next.len()).min().unwrap_or(0);
        // Inner products of steps with the rule's, and of these with themselves, by update.
        let mut products = vec![[0.0; 2]; updates];
        for (l, next) in &layers {
            for (k, sums) in products.iter_mut().enumerate() {
                let Some((step, rule)) = step(run, *l, next, k)? else { return Ok(None) };
                sums[0] += dot(&step, rule.as_slice());
                sums[1] += sum_squares(rule.as_slice());
            }
        }
        let [along, squares] = products.iter().fold([0.0; 2], |a, b| [a[0] + b[0], a[1] + b[1]]);
        if squares == 0.0 {
            return Ok(None);
        }
        let one = vec![given.unwrap_or(along / squares); updates];
        let found = Self::measured(run, &layers, given.is_some(), &one)?;
        if given.is_some() || found.as_ref().is_some_and(|of| of.closing.closes) {
            return Ok(found);
        }
        let each: Vec<f64> =
            products.iter().map(|[along, squares]| if *squares > 0.0 { along / squares } else { 0.0 }).collect();
        let by_update = Self::measured(run, &layers, false, &each)?;
        Ok(by_update.filter(|of| of.closing.closes).or(found))
    }

    /// The steps against the rule's with these rates by update.
    fn measured(
        run: &RecordedRun,
        layers: &[(usize, &Stack)],
        given: bool,
        rates: &[f64],
    ) -> Result<Option<Self>, ArrayError> {
        let mut by_layer = Vec::new();
        for &(layer, next) in layers {
            let mut sums = Sums::default();
            for (k, &eta) in rates.iter().enumerate() {
                let Some((step, rule)) = step(run, layer, next, k)? else { return Ok(None) };
                let made = step.iter().zip(rule.as_slice());
                sums.difference += made.map(|(step, rule)| (step - eta * rule).powi(2)).sum::<f64>();
                sums.step += sum_squares(&step);
                sums.rounding += rounding(run, layer, next, k, eta)?.powi(2);
            }
            by_layer.push((layer, sums));
        }
        let all = by_layer.iter().fold(Sums::default(), |all, (_, sums)| all.plus(*sums)).closing();
        let layers: Vec<LayerClosing> =
            by_layer.iter().map(|&(layer, sums)| LayerClosing { layer, closing: sums.closing() }).collect();
        let closes = all.closes && layers.iter().all(|of| of.closing.closes);
        let eta = rates.iter().fold([f64::INFINITY, f64::NEG_INFINITY], |[a, b], &eta| [a.min(eta), b.max(eta)]);
        Ok(Some(Self { given, eta, closing: Closing { closes, ..all }, layers }))
    }
}

/// What an update added to `W_l`, and the sum over samples that the rule makes it of.
type StepAndRule = (Vec<f64>, Matrix<f64>);

/// What update `k` added to `W_l`, and the sum over samples of the rule; `None` where a member is missing.
fn step(run: &RecordedRun, l: usize, next: &Stack, k: usize) -> Result<Option<StepAndRule>, ArrayError> {
    let (Some(before), Some(rule)) = (run.weights_before(l, k)?, rule_part(run, l, k)?) else { return Ok(None) };
    let after = next.matrix(k)?;
    let step = after.as_slice().iter().zip(before.as_slice()).map(|(after, before)| after - before);
    Ok(Some((step.collect(), rule)))
}

/// Norm of what rounding is expected to add to a step: the sum over samples rounds by its terms, the state by its own size.
fn rounding(run: &RecordedRun, l: usize, next: &Stack, k: usize, eta: f64) -> Result<f64, ArrayError> {
    let (Some(activity), Some(delta)) = (run.activity(l), run.delta(l + 1)) else { return Ok(0.0) };
    let [mut activity, mut delta] = [activity.matrix(k)?, delta.matrix(k)?];
    for matrix in [&mut activity, &mut delta] {
        matrix.as_mut_slice().iter_mut().for_each(|v| *v = v.abs());
    }
    let [terms, state] = [(activity.t() * &delta).to_matrix().norm(), next.matrix(k)?.norm()];
    let [of_states, of_terms] = run.units_of_step(l);
    Ok(of_states * state + of_terms * eta.abs() * terms)
}
