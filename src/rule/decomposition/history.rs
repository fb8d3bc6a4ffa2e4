//! The weights of one layer over iterations, and parts of the steps between them.

use super::{DecompositionError, check_shape};
use crate::matrix::{Matrix, View};
use crate::real::Real;
use faer::MatMut;

/// What a history holds beside the weights: parts of the steps from one state to the next.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Parts {
    /// The part `dP` that is not the rule's own `eta L^T delta`: what weight normalisation, weight
    /// decay or momentum add. Terms then come in two families, `T^o` and `N^o`.
    pub projection: bool,
    /// Steps that another `B'` would have made of the same signals: the control.
    pub control: bool,
}

/// What a step was made of; what the history has no [`Parts`] for is not examined.
#[derive(Clone, Copy, Debug)]
pub struct Step<'a, T> {
    /// The rule's own `eta L_{l-1}^T delta_l`, `n_{l-1} x n_l`.
    pub rule: Option<&'a Matrix<T>>,
    /// The control's step, of the same shape.
    pub control: Option<&'a Matrix<T>>,
}

impl<T> Step<'_, T> {
    /// Nothing is known of it.
    pub const UNKNOWN: Self = Self { rule: None, control: None };
}

/// The latest states of the weights `W_{l-1}` (`n_{l-1} x n_l`), in the run's precision, one after
/// the other in one allocation that never moves.
///
/// A window of `w` lags holds `w + 1` states; older ones are forgotten. States are counted from 0,
/// as iterations are.
#[derive(Clone, Debug)]
pub struct History<T> {
    inputs: usize,
    units: usize,
    window: usize,
    /// States so far, forgotten ones included.
    count: usize,
    /// `W^T` of state `j` at place `j mod (window + 1)`.
    states: Vec<T>,
    /// Part of the step from state `j` to the next, transposed, at the place of `j`.
    projections: Option<Vec<T>>,
    controls: Option<Vec<T>>,
}

impl<T: Real> History<T> {
    /// Room for `window + 1` states of `inputs x units` weights. Memory is reserved here and
    /// nowhere else.
    ///
    /// # Errors
    /// If there is not that much memory; [`Self::bytes`] says how much it is.
    pub fn new(
        inputs: usize,
        units: usize,
        window: usize,
        parts: Parts,
    ) -> Result<Self, DecompositionError> {
        let bytes = Self::bytes(inputs, units, window, parts);
        let reserve = || {
            let mut room = Vec::new();
            let values = window
                .checked_add(1)
                .and_then(|n| n.checked_mul(inputs))
                .and_then(|n| n.checked_mul(units));
            let reserved = values.map(|values| room.try_reserve_exact(values));
            reserved.and_then(Result::ok).map(|()| room).ok_or(DecompositionError::Memory { bytes })
        };
        Ok(Self {
            inputs,
            units,
            window,
            count: 0,
            states: reserve()?,
            projections: parts.projection.then(reserve).transpose()?,
            controls: parts.control.then(reserve).transpose()?,
        })
    }

    /// Bytes that [`Self::new`] reserves; the largest number there is where they are more.
    pub fn bytes(inputs: usize, units: usize, window: usize, parts: Parts) -> u64 {
        let kinds = 1 + u64::from(parts.projection) + u64::from(parts.control);
        [window as u64 + 1, inputs as u64, units as u64, size_of::<T>() as u64]
            .into_iter()
            .fold(kinds, u64::saturating_mul)
    }

    /// A history of weights recorded at every iteration, all of them held.
    ///
    /// # Errors
    /// If shapes differ or memory is short.
    pub fn from_weights(weights: &[Matrix<T>]) -> Result<Self, DecompositionError> {
        let first = weights.first().ok_or(DecompositionError::Empty)?;
        let mut history =
            Self::new(first.rows(), first.cols(), weights.len() - 1, Parts::default())?;
        weights.iter().try_for_each(|weights| history.push(weights, Step::UNKNOWN))?;
        Ok(history)
    }

    /// A history rebuilt from the weights at the start and what changed them: every step is `eta
    /// L_{l-1}^T delta_l` of a recorded activity (`P x n_{l-1}`) and error signal (`P x n_l`), and
    /// nothing else. All states are held.
    ///
    /// # Errors
    /// If shapes do not fit or memory is short.
    pub fn rebuilt(
        start: &Matrix<T>,
        steps: &[(&Matrix<T>, &Matrix<T>)],
        eta: T,
    ) -> Result<Self, DecompositionError> {
        let mut weights = start.clone();
        let mut history = Self::new(start.rows(), start.cols(), steps.len(), Parts::default())?;
        history.push(&weights, Step::UNKNOWN)?;
        for (activity, delta) in steps {
            check_shape(
                "a recorded activity",
                (activity.rows(), activity.cols()),
                (delta.rows(), start.rows()),
            )?;
            check_shape(
                "a recorded delta",
                (delta.rows(), delta.cols()),
                (activity.rows(), start.cols()),
            )?;
            weights += eta * activity.t() * *delta;
            history.push(&weights, Step::UNKNOWN)?;
        }
        Ok(history)
    }

    /// Adds the next state: `weights` after a step that was made of `step` (of no matter for the
    /// first state).
    ///
    /// # Errors
    /// If a shape is wrong, or a part is missing that the history is to hold. Nothing is added
    /// then.
    pub fn push(
        &mut self,
        weights: &Matrix<T>,
        step: Step<'_, T>,
    ) -> Result<(), DecompositionError> {
        let shape = (self.inputs, self.units);
        check_shape("W_{l-1}", (weights.rows(), weights.cols()), shape)?;
        if self.count > 0 {
            let missing = |part| DecompositionError::StepMissing { part };
            let rule = step.rule.filter(|_| self.projections.is_some());
            let control = step.control.filter(|_| self.controls.is_some());
            if self.projections.is_some() {
                let rule = rule.ok_or(missing("the rule's own part"))?;
                check_shape("the rule's step", (rule.rows(), rule.cols()), shape)?;
            }
            if self.controls.is_some() {
                let control = control.ok_or(missing("the control's step"))?;
                check_shape("the control's step", (control.rows(), control.cols()), shape)?;
            }
            let from = self.place(self.count - 1);
            if let (Some(room), Some(rule)) = (&mut self.projections, rule) {
                let before = &self.states[from..from + self.inputs * self.units];
                let part = place_transposed(room, from, weights);
                subtract_transposed(part, before, rule);
            }
            if let (Some(room), Some(control)) = (&mut self.controls, control) {
                place_transposed(room, from, control);
            }
        }
        let at = self.place(self.count);
        place_transposed(&mut self.states, at, weights);
        self.count += 1;
        Ok(())
    }

    /// Units below and in the layer: `[n_{l-1}, n_l]`.
    pub fn shape(&self) -> [usize; 2] {
        [self.inputs, self.units]
    }

    /// What is held beside the weights.
    pub fn parts(&self) -> Parts {
        Parts { projection: self.projections.is_some(), control: self.controls.is_some() }
    }

    /// Iteration of the latest state, from 0; `None` before the first.
    pub fn iteration(&self) -> Option<usize> {
        self.count.checked_sub(1)
    }

    /// The longest lag that is held: that of the oldest state to the latest.
    pub fn reach(&self) -> usize {
        self.window.min(self.count.saturating_sub(1))
    }

    /// The weights `lag` iterations before the latest, `n_{l-1} x n_l`; `None` where they are not
    /// held.
    pub fn state(&self, lag: usize) -> Option<Matrix<T>> {
        if self.count == 0 || lag > self.reach() {
            return None;
        }
        Some(matrix_of(&self.states[self.range(self.count - 1 - lag, 1)], self.units, self.inputs))
    }

    /// The part `dP` of the step that left the state of this lag, `n_{l-1} x n_l`; `None` where
    /// none is held.
    pub fn projection(&self, lag: usize) -> Option<Matrix<T>> {
        let room = self.projections.as_ref()?;
        if lag == 0 || lag > self.reach() {
            return None;
        }
        Some(matrix_of(&room[self.range(self.count - 1 - lag, 1)], self.units, self.inputs))
    }

    /// Place of state `j` among all values.
    fn place(&self, j: usize) -> usize {
        j % (self.window + 1) * self.inputs * self.units
    }

    fn range(&self, first: usize, states: usize) -> std::ops::Range<usize> {
        let from = self.place(first);
        from..from + states * self.inputs * self.units
    }

    /// How many states, up to `most`, lie one after the other and end with the state of `lag`.
    pub(super) fn contiguous(&self, lag: usize, most: usize) -> usize {
        most.min((self.count - 1 - lag) % (self.window + 1) + 1)
    }

    /// `W^T` of `states` contiguous states, the latest of them that of `lag`: `(states n_l) x
    /// n_{l-1}`, oldest first.
    pub(super) fn states(&self, lag: usize, states: usize) -> View<'_, T> {
        self.view(&self.states, lag, states)
    }

    /// The same of the parts of the steps that left these states.
    pub(super) fn projections(&self, lag: usize, states: usize) -> Option<View<'_, T>> {
        self.projections.as_ref().map(|room| self.view(room, lag, states))
    }

    /// The same of the control's steps.
    pub(super) fn controls(&self, lag: usize, states: usize) -> Option<View<'_, T>> {
        self.controls.as_ref().map(|room| self.view(room, lag, states))
    }

    fn view<'a>(&self, room: &'a [T], lag: usize, states: usize) -> View<'a, T> {
        let values = &room[self.range(self.count - lag - states, states)];
        View::from_slice(values, states * self.units, self.inputs)
    }
}

/// Writes the transpose of `matrix` to `room` from `at` on; the room grows within what is reserved.
fn place_transposed<'a, T: Real>(
    room: &'a mut Vec<T>,
    at: usize,
    matrix: &Matrix<T>,
) -> &'a mut [T] {
    let values = matrix.rows() * matrix.cols();
    if room.len() < at + values {
        room.resize(at + values, T::zero());
    }
    let out = &mut room[at..at + values];
    MatMut::from_row_major_slice_mut(out, matrix.cols(), matrix.rows())
        .copy_from(matrix.as_faer().transpose());
    out
}

/// `out -= before + rule^T`, where `out` and `before` are transposed already.
fn subtract_transposed<T: Real>(out: &mut [T], before: &[T], rule: &Matrix<T>) {
    let inputs = rule.rows();
    if inputs == 0 {
        return;
    }
    for (unit, (out, before)) in
        out.chunks_exact_mut(inputs).zip(before.chunks_exact(inputs)).enumerate()
    {
        for (i, (out, &before)) in out.iter_mut().zip(before).enumerate() {
            *out = (*out - before) - rule.row(i)[unit];
        }
    }
}

/// The `cols x rows` matrix whose transpose these values are.
fn matrix_of<T: Real>(transposed: &[T], rows: usize, cols: usize) -> Matrix<T> {
    Matrix::from_vec(rows, cols, transposed.to_vec()).transpose()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn weights(k: usize) -> Matrix<f64> {
        Matrix::from_vec(2, 3, (0..6).map(|i| (10 * k + i) as f64).collect())
    }

    #[test]
    fn a_window_forgets_the_oldest_and_its_memory_is_known() {
        let parts = Parts { projection: true, control: false };
        let mut history = History::new(2, 3, 2, parts).unwrap();
        assert_eq!(History::<f64>::bytes(2, 3, 2, parts), 2 * 3 * 6 * 8);
        assert_eq!(History::<f32>::bytes(225, 50, 1800, Parts::default()), 1801 * 225 * 50 * 4);
        assert_eq!((history.iteration(), history.reach(), history.state(0)), (None, 0, None));
        let rule = Matrix::from_vec(2, 3, (0..6).map(f64::from).collect());
        let room = history.states.capacity();
        for k in 0..6 {
            history.push(&weights(k), Step { rule: Some(&rule), control: None }).unwrap();
            assert_eq!((history.iteration(), history.reach()), (Some(k), k.min(2)));
            for lag in 0..=k.min(2) {
                assert_eq!(history.state(lag), Some(weights(k - lag)));
                let projection = history.projection(lag).map(|p| p.as_slice().to_vec());
                assert_eq!(
                    projection,
                    (lag > 0).then(|| (0..6).map(|i| f64::from(10 - i)).collect())
                );
            }
            assert_eq!(history.state(3), None);
        }
        assert_eq!((history.states.capacity(), history.states.len()), (room, 3 * 6));
    }

    #[test]
    fn what_does_not_fit_is_refused_and_changes_nothing() {
        let mut history =
            History::new(2, 3, 4, Parts { projection: true, control: false }).unwrap();
        history.push(&weights(0), Step::UNKNOWN).unwrap();
        let missing = history.push(&weights(1), Step::UNKNOWN).unwrap_err();
        assert!(missing.to_string().contains("the rule's own part"), "{missing}");
        let wrong = history.push(&weights(1).transpose(), Step::UNKNOWN).unwrap_err();
        assert!(wrong.to_string().contains("3 x 2"), "{wrong}");
        assert_eq!(history.iteration(), Some(0));
        let endless = History::<f64>::new(1 << 20, 1 << 20, 1 << 30, Parts::default()).unwrap_err();
        assert!(
            matches!(endless, DecompositionError::Memory { bytes: u64::MAX })
                || endless.to_string().contains("bytes")
        );
        assert_eq!(History::<f64>::from_weights(&[]).unwrap_err(), DecompositionError::Empty);
    }
}
