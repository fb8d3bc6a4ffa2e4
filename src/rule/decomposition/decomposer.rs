//! Terms of one layer at one iteration, all lags in blocks.

use super::history::History;
use super::kernels::{self, LANES, PANEL, UnitOfBlock};
use super::{
    DecompositionError, Now, Samples, check_bias, check_masks, check_samples, check_shape,
    mask_values,
};
use crate::matrix::{Matrix, View, ViewMut};
use crate::real::Real;
use crate::rule::Activation;
use std::num::NonZeroUsize;
use std::ops::Range;

/// What is wanted of a decomposition beside the update and its last term.
#[derive(Clone, Copy, Debug)]
pub struct Wanted<'a, T> {
    /// Lags whose terms are wanted each by itself, in any order. Those the history does not reach
    /// are left out.
    pub lags: &'a [usize],
    /// Sums over all lags, and the remainder.
    pub sums: bool,
    /// The sum of the alignment terms over the lags that are multiples of this, where batches are
    /// seen again. Implies `sums`.
    pub period: Option<NonZeroUsize>,
    /// The remainder from its own definition too, beside the subtraction. Implies `sums`.
    pub direct_remainder: bool,
    /// `B_l` (`n_{l+1} x n_l`), if the inner product of every lag's term with `B_l^T` is wanted.
    /// Implies `sums`.
    pub backward: Option<&'a Matrix<T>>,
}

impl<T> Wanted<'_, T> {
    /// Update and last term alone.
    pub const LAST: Self =
        Self { lags: &[], sums: false, period: None, direct_remainder: false, backward: None };
    /// Sums over all lags, last term and remainder.
    pub const SUMS: Self = Self { sums: true, ..Self::LAST };

    fn every_lag(&self) -> bool {
        self.sums || self.period.is_some() || self.direct_remainder || self.backward.is_some()
    }
}

/// The update of `W_l` at one iteration, decomposed. Matrices are `n_l x n_{l+1}`.
#[derive(Clone, Debug)]
pub struct Decomposition<T> {
    /// Lag of the last term: how far the history reaches back.
    pub reach: usize,
    /// The update `eta G_l(k)`.
    pub update: Matrix<T>,
    /// `eta f(zeta^h)^T delta_{l+1}(k)`, `h` being [`Self::reach`].
    pub last: Matrix<T>,
    /// Terms of the lags asked for, in the order of lags.
    pub terms: Vec<Term<T>>,
    /// Where all lags were asked for.
    pub sums: Option<Sums<T>>,
    /// Where the inner products were asked for.
    pub inner: Option<Inner>,
}

/// Terms of one lag.
#[derive(Clone, Debug)]
pub struct Term<T> {
    /// The lag `o`, from 1.
    pub lag: usize,
    /// `T^o`.
    pub alignment: Matrix<T>,
    /// `N^o`, where the history holds projections.
    pub projection: Option<Matrix<T>>,
    /// `T^o` with the control's step in place of the network's, where the history holds those.
    pub control: Option<Matrix<T>>,
}

/// Sums over all lags.
#[derive(Clone, Debug)]
pub struct Sums<T> {
    /// `sum_o T^o`.
    pub alignment: Matrix<T>,
    /// `sum_o N^o`, where the history holds projections.
    pub projection: Option<Matrix<T>>,
    /// The control's sum, where the history holds its steps.
    pub control: Option<Matrix<T>>,
    /// Sum of `T^o` over the multiples of the period asked for.
    pub revisits: Option<Matrix<T>>,
    /// `R` by subtraction: the update less all of the above but the control and the revisits, and
    /// less the last term.
    pub remainder: Matrix<T>,
    /// `R` from its own definition.
    pub direct_remainder: Option<Matrix<T>>,
}

/// Inner products of terms with `B_l^T`. Entry `o - 1` is that of lag `o`.
#[derive(Clone, Debug, PartialEq)]
pub struct Inner {
    /// `<T^o, B_l^T>`.
    pub alignment: Vec<f64>,
    /// `<N^o, B_l^T>`; empty where the history holds no projections.
    pub projection: Vec<f64>,
    /// `<eta G_l(k), B_l^T>`, of which the terms have their shares.
    pub update: f64,
}

impl Inner {
    /// Sums of `<T^o, B_l^T>` over lags `1 .. o`.
    pub fn cumulative(&self) -> Vec<f64> {
        let add = |sum: &mut f64, value: &f64| {
            *sum += value;
            Some(*sum)
        };
        self.alignment.iter().scan(0.0, add).collect()
    }

    /// Shares of `<eta G_l(k), B_l^T>` that the alignment terms have, by lag; `None` where that is
    /// 0 or not finite.
    pub fn shares(&self) -> Option<Vec<f64>> {
        let exists = self.update != 0.0 && self.update.is_finite();
        exists.then(|| self.alignment.iter().map(|inner| inner / self.update).collect())
    }
}

/// Decomposes updates of one layer. The loop over lags allocates nothing; buffers are kept from one
/// iteration to the next, some `P (n_{l-1} + 8 n_l + n_{l+1})` values for a batch of `P` samples.
#[derive(Clone, Debug)]
pub struct Decomposer<T> {
    sizes: [usize; 3],
    /// `L_{l-1}(k)^T`, `n_{l-1} x P`; `P` is padded with samples of zeros to whole vectors, here
    /// and in what follows.
    source: Matrix<T>,
    /// `delta_{l+1}(k)`, `P x n_{l+1}`.
    delta: Matrix<T>,
    /// Mask of the activities of layer `l`, `n_l x P`, where some are dropped.
    mask: Option<Matrix<T>>,
    /// `(delta_{l+1}(k) B_l)^T`, `n_l x P`, times the mask.
    error: Matrix<T>,
    /// `zeta` of the state reached without its bias, `n_l x P`, and that state's lag.
    carry: Matrix<T>,
    carried: Option<usize>,
    /// `f` of that state, where something needs it, `n_l x P`.
    activity: Matrix<T>,
    /// Sums over lags, `n_l x P`: of all families, over multiples of the period, and of `r^o`.
    sums: [Matrix<T>; 5],
    /// Rooms of a block: `zeta`, and what projections and the control make of it.
    blocks: [Vec<T>; 3],
}

const ALIGNMENT: usize = 0;
const PROJECTION: usize = 1;
const CONTROL: usize = 2;
const REVISITS: usize = 3;
const DIRECT: usize = 4;

/// Bytes of a block, so that it stays in a fast cache with the rows that are worked on.
const BLOCK_BYTES: usize = 512 << 10;

impl<T: Real> Decomposer<T> {
    /// For the weights `W_l` between layers of `n_l` and `n_{l+1}` units: `sizes` are `[n_{l-1},
    /// n_l, n_{l+1}]`.
    pub fn new(sizes: [usize; 3]) -> Self {
        let none = || Matrix::zeros(0, 0);
        Self {
            sizes,
            source: none(),
            delta: none(),
            mask: None,
            error: none(),
            carry: none(),
            carried: None,
            activity: none(),
            sums: [none(), none(), none(), none(), none()],
            blocks: [Vec::new(), Vec::new(), Vec::new()],
        }
    }

    /// Decomposes the update of the iteration of the history's latest state.
    ///
    /// # Errors
    /// If shapes do not fit each other, or the history is empty.
    pub fn run(
        &mut self,
        history: &History<T>,
        now: &Now<'_, T>,
        wanted: &Wanted<'_, T>,
    ) -> Result<Decomposition<T>, DecompositionError> {
        let [inputs, units, outputs] = self.sizes;
        history.iteration().ok_or(DecompositionError::Empty)?;
        check_shape("W_{l-1}", history.shape().into(), (inputs, units))?;
        check_samples(now.samples, inputs, outputs)?;
        check_masks(now.samples, units)?;
        check_bias(now.bias.len(), units)?;
        if let Some(backward) = wanted.backward {
            check_shape("B_l", (backward.rows(), backward.cols()), (outputs, units))?;
        }
        self.load(now.samples, wanted, history);
        let reach = history.reach();
        let bias = if now.bias.is_empty() { &vec![T::zero(); units] } else { now.bias };
        let problem = Problem { history, bias, activation: now.activation, eta: now.eta, wanted };

        self.jump(&problem, 0);
        self.activate(&problem);
        let update = self.times_delta(&self.activity, now.eta);
        let mut found = Decomposition {
            reach,
            last: update.clone(),
            update,
            terms: self.empty_terms(&problem),
            sums: None,
            inner: wanted.backward.map(|backward| self.empty_inner(&problem, backward)),
        };
        if wanted.every_lag() {
            self.walk(&problem, 1..reach + 1, &mut found);
        } else {
            let lags: Vec<usize> = found.terms.iter().map(|term| term.lag).collect();
            for run in lags.chunk_by(|a, b| a + 1 == *b) {
                self.jump(&problem, run[0] - 1);
                self.walk(&problem, run[0]..run[0] + run.len(), &mut found);
            }
        }
        if reach > 0 {
            self.jump(&problem, reach);
            self.activate(&problem);
            found.last = self.times_delta(&self.activity, now.eta);
        }
        if wanted.every_lag() {
            found.sums = Some(self.sums(&problem, &found));
        }
        if let Some(inner) = &mut found.inner {
            let eta = now.eta.to_f64();
            inner.alignment.iter_mut().chain(&mut inner.projection).for_each(|value| *value *= eta);
        }
        Ok(found)
    }

    /// Takes the batch over into the layout of the products, and clears the sums.
    fn load(&mut self, samples: &[Samples<'_, T>], wanted: &Wanted<'_, T>, history: &History<T>) {
        let [inputs, units, outputs] = self.sizes;
        let padded =
            samples.iter().map(|part| part.source.rows()).sum::<usize>().next_multiple_of(LANES);
        clear(&mut self.source, inputs, padded);
        clear(&mut self.delta, padded, outputs);
        self.mask = samples.iter().any(|part| part.mask.is_some()).then(|| {
            let mut whole = Matrix::zeros(units, padded);
            whole.as_mut_slice().fill(T::one());
            whole
        });
        let mut first = 0;
        for Samples { source, delta, mask } in samples {
            let rows = source.rows();
            let transposed = source.as_faer().transpose();
            self.source.as_faer_mut().subcols_mut(first, rows).copy_from(transposed);
            self.delta.as_faer_mut().subrows_mut(first, rows).copy_from(delta.as_faer());
            if let (Some(whole), Some(mask)) = (&mut self.mask, mask) {
                let transposed = mask.as_faer().transpose();
                whole.as_faer_mut().subcols_mut(first, rows).copy_from(transposed);
            }
            first += rows;
        }
        clear(&mut self.carry, units, padded);
        self.carried = None;
        clear(&mut self.activity, units, padded);
        if let Some(backward) = wanted.backward {
            clear(&mut self.error, units, padded);
            self.error.assign(backward.t() * self.delta.t());
            mask_values(&mut self.error, self.mask.as_ref());
        }
        let parts = history.parts();
        let used = [
            true,
            parts.projection,
            parts.control,
            wanted.period.is_some(),
            wanted.direct_remainder,
        ];
        for (sum, used) in self.sums.iter_mut().zip(used) {
            clear(sum, if used { units } else { 0 }, padded);
        }
        // The state after the latest of a block lies above it.
        let slots = block_slots::<T>(units);
        let room = |states: usize| states * units * PANEL.min(padded);
        self.blocks[ALIGNMENT].resize(room(slots + 1), T::zero());
        self.blocks[PROJECTION].resize(if parts.projection { room(slots) } else { 0 }, T::zero());
        self.blocks[CONTROL].resize(if parts.control { room(slots) } else { 0 }, T::zero());
    }

    /// Makes the state of `lag` the one reached.
    fn jump(&mut self, problem: &Problem<'_, '_, T>, lag: usize) {
        if self.carried == Some(lag) {
            return;
        }
        self.carry.assign(problem.history.states(lag, 1) * &self.source);
        self.carried = Some(lag);
    }

    /// `f` of the state reached.
    fn activate(&mut self, problem: &Problem<'_, '_, T>) {
        let Self { carry, activity, .. } = self;
        kernels::activities(
            problem.activation,
            carry.as_slice(),
            problem.bias,
            activity.as_mut_slice(),
        );
    }

    /// `eta (rows o m) delta_{l+1}`, `rows` being `n_l x P`.
    fn times_delta(&self, rows: &Matrix<T>, eta: T) -> Matrix<T> {
        if self.mask.is_some() {
            let mut masked = rows.clone();
            mask_values(&mut masked, self.mask.as_ref());
            return (eta * masked.view() * &self.delta).to_matrix();
        }
        (eta * rows.view() * &self.delta).to_matrix()
    }

    fn empty_terms(&self, problem: &Problem<'_, '_, T>) -> Vec<Term<T>> {
        let (parts, reach) = (problem.history.parts(), problem.history.reach());
        let mut lags: Vec<usize> =
            problem.wanted.lags.iter().copied().filter(|lag| (1..=reach).contains(lag)).collect();
        lags.sort_unstable();
        lags.dedup();
        let zeros = || Matrix::zeros(self.sizes[1], self.sizes[2]);
        let term = |lag| Term {
            lag,
            alignment: zeros(),
            projection: parts.projection.then(zeros),
            control: parts.control.then(zeros),
        };
        lags.into_iter().map(term).collect()
    }

    fn empty_inner(&self, problem: &Problem<'_, '_, T>, backward: &Matrix<T>) -> Inner {
        let (parts, reach) = (problem.history.parts(), problem.history.reach());
        let update = self.times_delta(&self.activity, problem.eta);
        Inner {
            alignment: vec![0.0; reach],
            projection: vec![0.0; if parts.projection { reach } else { 0 }],
            update: update.inner(&backward.transpose()),
        }
    }

    /// Works through consecutive lags, in blocks of states that lie one after the other. The state
    /// of the lag before the first must be the one reached.
    fn walk(
        &mut self,
        problem: &Problem<'_, '_, T>,
        lags: Range<usize>,
        found: &mut Decomposition<T>,
    ) {
        let padded = self.delta.rows();
        let most = block_slots::<T>(self.sizes[1]);
        let mut first = lags.start;
        while first < lags.end {
            let slots = problem.history.contiguous(first, most.min(lags.end - first));
            for start in (0..padded).step_by(PANEL) {
                let panel = start..(start + PANEL).min(padded);
                self.block(problem, first, slots, panel, found);
            }
            first += slots;
            self.carried = Some(first - 1);
        }
    }

    /// Lags `first .. first + slots` for the samples of a panel. Slot `s` of the block is the state
    /// of lag `first + slots - 1 - s`.
    fn block(
        &mut self,
        problem: &Problem<'_, '_, T>,
        first: usize,
        slots: usize,
        panel: Range<usize>,
        found: &mut Decomposition<T>,
    ) {
        let (units, width) = (self.sizes[1], panel.len());
        let states = [
            Some(problem.history.states(first, slots)),
            problem.history.projections(first, slots),
            problem.history.controls(first, slots),
        ];
        let source = self.source.view().subcols(panel.clone());
        for (room, family) in self.blocks.iter_mut().zip(states) {
            if let Some(family) = family {
                let room = &mut room[..slots * units * width];
                ViewMut::from_slice(room, slots * units, width).assign(family * source);
            }
        }
        self.weigh_block(problem, first, slots, &panel, found);
        if problem.wanted.period.is_some() {
            self.add_revisits(problem, first, slots, &panel);
        }
        self.add_terms(first, slots, &panel, &mut found.terms, problem.eta);
    }

    /// Adds what the samples of a panel contribute to the terms asked for.
    fn add_terms(
        &self,
        first: usize,
        slots: usize,
        panel: &Range<usize>,
        terms: &mut [Term<T>],
        eta: T,
    ) {
        let (units, width) = (self.sizes[1], panel.len());
        let delta = self.delta.view().subrows(panel.clone());
        let wanted = terms.partition_point(|term| term.lag < first);
        for term in terms[wanted..].iter_mut().take_while(|term| term.lag < first + slots) {
            let slot = first + slots - 1 - term.lag;
            // Factors of the alignment term are left in the slot above.
            let factors = [(ALIGNMENT, slot + 1), (PROJECTION, slot), (CONTROL, slot)];
            let outs = [Some(&mut term.alignment), term.projection.as_mut(), term.control.as_mut()];
            for ((family, slot), out) in factors.into_iter().zip(outs) {
                let Some(out) = out else { continue };
                let rows = &self.blocks[family][slot * units * width..(slot + 1) * units * width];
                match &self.mask {
                    None => *out += eta * View::from_slice(rows, units, width) * delta,
                    Some(mask) => {
                        let mut masked = Matrix::from_vec(units, width, rows.to_vec());
                        for unit in 0..units {
                            let factors = &mask.row(unit)[panel.clone()];
                            let row = masked.row_mut(unit).iter_mut().zip(factors);
                            row.for_each(|(value, &factor)| *value *= factor);
                        }
                        *out += eta * masked.view() * delta;
                    }
                }
            }
        }
    }

    /// The elementwise part: factors of the terms in place, and their sums.
    fn weigh_block(
        &mut self,
        problem: &Problem<'_, '_, T>,
        first: usize,
        slots: usize,
        panel: &Range<usize>,
        found: &mut Decomposition<T>,
    ) {
        let (units, width, padded) = (self.sizes[1], panel.len(), self.delta.rows());
        let [zeta, projection, control] = &mut self.blocks;
        let [sum, projection_sum, control_sum, _, direct] = &mut self.sums;
        let parts = problem.history.parts();
        for unit in 0..units {
            let row = unit * padded + panel.start..unit * padded + panel.end;
            let if_held = |held: bool| if held { row.clone() } else { 0..0 };
            let inner = found.inner.as_mut().map(|inner| {
                let lags = first - 1..first - 1 + slots;
                kernels::Inner {
                    error: &self.error.as_slice()[row.clone()],
                    alignment: &mut inner.alignment[lags.clone()],
                    projection: if parts.projection {
                        &mut inner.projection[lags]
                    } else {
                        &mut []
                    },
                }
            });
            let before = &mut self.activity.as_mut_slice()[row.clone()];
            let direct = problem
                .wanted
                .direct_remainder
                .then(|| [before, &mut direct.as_mut_slice()[row.clone()]]);
            let work = UnitOfBlock {
                unit,
                units,
                slots,
                bias: problem.bias[unit],
                block: &mut zeta[..(slots + 1) * units * width],
                projection: parts.projection.then_some(&mut projection[..]),
                control: parts.control.then_some(&mut control[..]),
                carry: &mut self.carry.as_mut_slice()[row.clone()],
                sum: &mut sum.as_mut_slice()[row.clone()],
                projection_sum: &mut projection_sum.as_mut_slice()[if_held(parts.projection)],
                control_sum: &mut control_sum.as_mut_slice()[if_held(parts.control)],
                direct,
                inner,
            };
            kernels::terms(problem.activation, work);
        }
    }

    /// Adds what the lags of the block that are multiples of the period contribute to their sum.
    fn add_revisits(
        &mut self,
        problem: &Problem<'_, '_, T>,
        first: usize,
        slots: usize,
        panel: &Range<usize>,
    ) {
        let (units, width, padded) = (self.sizes[1], panel.len(), self.delta.rows());
        let again = |lag: usize| {
            problem.wanted.period.is_some_and(|period| lag.is_multiple_of(period.get()))
        };
        for lag in (first..first + slots).filter(|lag| again(*lag)) {
            // Factors of the alignment term are left in the slot above.
            let slot = first + slots - lag;
            let rows = self.blocks[ALIGNMENT][slot * units * width..(slot + 1) * units * width]
                .chunks_exact(width);
            let sums = self.sums[REVISITS].as_mut_slice().chunks_exact_mut(padded);
            for (sum, row) in sums.zip(rows) {
                sum[panel.clone()].iter_mut().zip(row).for_each(|(sum, &value)| *sum += value);
            }
        }
    }

    fn sums(&self, problem: &Problem<'_, '_, T>, found: &Decomposition<T>) -> Sums<T> {
        let parts = problem.history.parts();
        let sum = |family: usize| self.times_delta(&self.sums[family], problem.eta);
        let alignment = sum(ALIGNMENT);
        let projection = parts.projection.then(|| sum(PROJECTION));
        let mut remainder = found.update.clone();
        for term in [Some(&found.last), Some(&alignment), projection.as_ref()].into_iter().flatten()
        {
            remainder -= term;
        }
        Sums {
            alignment,
            projection,
            control: parts.control.then(|| sum(CONTROL)),
            revisits: problem.wanted.period.map(|_| sum(REVISITS)),
            remainder,
            direct_remainder: problem.wanted.direct_remainder.then(|| sum(DIRECT)),
        }
    }
}

/// What is to be decomposed: the same while the lags are worked through.
struct Problem<'a, 'b, T> {
    history: &'a History<T>,
    bias: &'a [T],
    activation: Activation,
    eta: T,
    wanted: &'a Wanted<'b, T>,
}

/// States of a block of a layer of `units`.
fn block_slots<T>(units: usize) -> usize {
    (BLOCK_BYTES / (units * PANEL * size_of::<T>()).max(1)).clamp(2, 33) - 1
}

/// Zeros of this shape, in the room there is.
fn clear<T: Real>(matrix: &mut Matrix<T>, rows: usize, cols: usize) {
    if (matrix.rows(), matrix.cols()) == (rows, cols) {
        matrix.as_mut_slice().fill(T::zero());
    } else {
        *matrix = Matrix::zeros(rows, cols);
    }
}
