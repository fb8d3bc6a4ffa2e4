//! A recorded run as it was read, and what its members make of each other.

use super::backward::{Backward, Told};
use super::layout::Numbering;
use super::progress::Progress;
use super::stack::Stack;
use super::thinned::Thinned;
use crate::array::ArrayError;
use crate::matrix::Matrix;

/// A recorded run. Index `l` of the lists is that of the layer, counted from 0; what was not
/// recorded is `None`.
#[derive(Clone, Debug, Default)]
pub struct RecordedRun {
    /// `W_l`, states of `n_l x n_{l+1}`.
    pub weights: Vec<Option<Stack>>,
    /// `B_l`, `n_{l+1} x n_l`, or `n_D x n_l` of direct feedback; index 0 is always `None`.
    pub backward: Vec<Option<Backward>>,
    /// `b_l`, states of `1 x n_l`; index 0 is always `None`.
    pub biases: Vec<Option<Stack>>,
    /// `L_l`, iterations of samples x `n_l`.
    pub activities: Vec<Option<Stack>>,
    /// `delta_l`, iterations of samples x `n_l`; index 0 is always `None`.
    pub deltas: Vec<Option<Stack>>,
    /// Class of every sample, numbered from 0, by iteration; one list where it is the same for all.
    pub labels: Option<Vec<Vec<usize>>>,
    /// Which updates were recorded, where others were made between them.
    pub thinned: Option<Thinned>,
    /// How names, shapes and signals let the members be read.
    pub reading: Reading,
    /// What tells how far the analysis has come.
    pub(super) progress: Progress,
}

/// How the members of a recording were read.
#[derive(Clone, Debug, Default)]
pub struct Reading {
    /// What was added to the numbers in names.
    pub numbering: Numbering,
    /// Members that were renumbered, one of every kind: `W1 as W0`.
    pub renumbered: Vec<String>,
    /// Whether nothing distinguishes the numbering from others.
    pub numbering_open: bool,
    /// Layers whose weights were recorded as `n_{l+1} x n_l`, and what tells.
    pub weights_turned: Vec<(usize, Told)>,
    /// Layers of square weights of which nothing shows which way they were recorded.
    pub weights_open: Vec<usize>,
    /// Layers whose backward weights were recorded as their transposes, which their shapes gave
    /// away.
    pub transposed: Vec<usize>,
    /// Members that are malformed or fit no others, and so not used, with the reason.
    pub left_out: Vec<String>,
    /// Members that are not known, and so not used.
    pub ignored: Vec<String>,
    /// What was made of the members that is not what they say, in sentences.
    pub remarks: Vec<String>,
}

impl RecordedRun {
    /// One of so many layers of which nothing is known.
    pub(super) fn of_layers(layers: usize) -> Self {
        let depth = layers.saturating_sub(1);
        Self {
            weights: vec![None; depth],
            backward: vec![None; depth],
            biases: vec![None; layers],
            activities: vec![None; layers],
            deltas: vec![None; layers],
            ..Self::default()
        }
    }

    /// Begins a stage of the analysis that reads these members, each once.
    pub(super) fn begin(&self, stage: &str, members: &[&[Option<Stack>]]) {
        let bytes =
            members.iter().flat_map(|members| members.iter().flatten()).map(Stack::bytes).sum();
        self.progress.begin(stage, bytes);
    }

    /// Number of weight matrices.
    pub fn depth(&self) -> usize {
        self.weights.len()
    }

    /// `W_l`, where it was recorded.
    pub fn weights(&self, l: usize) -> Option<&Stack> {
        self.weights.get(l)?.as_ref()
    }

    /// `B_l`, where it was recorded.
    pub fn backward(&self, l: usize) -> Option<&Backward> {
        self.backward.get(l)?.as_ref()
    }

    /// `b_l`, where it was recorded.
    pub fn biases(&self, l: usize) -> Option<&Stack> {
        self.biases.get(l)?.as_ref()
    }

    /// `L_l`, where it was recorded.
    pub fn activity(&self, l: usize) -> Option<&Stack> {
        self.activities.get(l)?.as_ref()
    }

    /// `delta_l`, where it was recorded.
    pub fn delta(&self, l: usize) -> Option<&Stack> {
        self.deltas.get(l)?.as_ref()
    }

    /// Classes of the samples of iteration `k`.
    pub fn labels(&self, k: usize) -> Option<&[usize]> {
        let labels = self.labels.as_ref()?;
        labels.get(if labels.len() == 1 { 0 } else { k }).map(Vec::as_slice)
    }

    /// Iterations whose signals were recorded.
    pub fn iterations(&self) -> usize {
        self.activities.iter().chain(&self.deltas).flatten().map(Stack::len).next().unwrap_or(0)
    }

    /// Weights `W_l` before update `k`; `None` where only others were recorded.
    pub(super) fn weights_before(
        &self,
        l: usize,
        k: usize,
    ) -> Result<Option<Matrix<f64>>, ArrayError> {
        let Some(stack) = self.weights(l) else { return Ok(None) };
        // Of a single state nobody knows whether it is that of the start or of the end.
        let known = k < stack.len() && (stack.len() > 1 || self.iterations() <= 1);
        known.then(|| stack.matrix(k)).transpose()
    }

    /// Biases `b_l` before update `k`, `n_l` values; a single state is that of all, and none is no
    /// values.
    pub(super) fn biases_before(&self, l: usize, k: usize) -> Result<Vec<f64>, ArrayError> {
        let Some(stack) = self.biases(l) else { return Ok(Vec::new()) };
        let state = if stack.len() == 1 { 0 } else { k.min(stack.len() - 1) };
        Ok(stack.matrix(state)?.as_slice().to_vec())
    }

    /// Pre-activation `Z_l = L_{l-1} W_{l-1} + b_l` of iteration `k`, samples x `n_l`.
    pub(super) fn pre_activation(
        &self,
        l: usize,
        k: usize,
    ) -> Result<Option<Matrix<f64>>, ArrayError> {
        let Some(below) = l.checked_sub(1) else { return Ok(None) };
        let Some(source) = self.activity(below).filter(|stack| k < stack.len()) else {
            return Ok(None);
        };
        let Some(weights) = self.weights_before(below, k)? else { return Ok(None) };
        let source = source.matrix(k)?;
        let mut z = (&source * &weights).to_matrix();
        z.add_to_rows(&self.biases_before(l, k)?);
        Ok(Some(z))
    }

    /// Units of layer `l`; `None` where they are unknown.
    pub fn units(&self, l: usize) -> Option<usize> {
        let above = self.weights(l).map(|w| w.shape()[0]);
        let below = || Some(self.weights(l.checked_sub(1)?)?.shape()[1]);
        let signal = || self.activity(l).or(self.delta(l)).or(self.biases(l)).map(|s| s.shape()[1]);
        above.or_else(below).or_else(signal)
    }

    /// Samples of an iteration; `None` without signals.
    pub fn samples(&self) -> Option<usize> {
        self.activities.iter().chain(&self.deltas).flatten().map(|stack| stack.shape()[0]).next()
    }

    /// `L_l(k)^T delta_{l+1}(k)`, `n_l x n_{l+1}`: what the rule makes of iteration `k`.
    pub(super) fn rule_part(&self, l: usize, k: usize) -> Result<Option<Matrix<f64>>, ArrayError> {
        let (Some(activity), Some(delta)) = (self.activity(l), self.delta(l + 1)) else {
            return Ok(None);
        };
        Ok(Some((activity.matrix(k)?.t() * &delta.matrix(k)?).to_matrix()))
    }

    /// `B_l`, where it has the shape of `W_l^T` and leads from the layer above, so that the two may
    /// be compared.
    pub fn comparable_backward(&self, l: usize) -> Option<&Backward> {
        self.backward(l).filter(|backward| !backward.is_direct() || l + 1 == self.depth())
    }

    /// `B_l` of state `k`, where it may be compared with `W_l` and is known which way it is stored.
    ///
    /// # Errors
    /// If it can no longer be read.
    pub(super) fn backward_before(
        &self,
        l: usize,
        k: usize,
    ) -> Result<Option<Matrix<f64>>, ArrayError> {
        match self.comparable_backward(l).filter(|backward| backward.told() != Told::Nothing) {
            Some(backward) => backward.at(k),
            None => Ok(None),
        }
    }

    /// `B_l`, where it stays the same and may be compared with `W_l`, and it is known which way it
    /// is stored.
    ///
    /// # Errors
    /// If it can no longer be read.
    pub(super) fn fixed_backward(&self, l: usize) -> Result<Option<Matrix<f64>>, ArrayError> {
        let fixed = self.backward(l).is_some_and(Backward::is_fixed);
        if fixed { self.backward_before(l, 0) } else { Ok(None) }
    }

    /// The state that iteration `k` starts from. Whether a member has it is another matter.
    pub fn state_before(&self, k: usize) -> usize {
        k
    }

    /// The state that iteration `k` ends in, as [`Self::state_before`]; `None` where other updates
    /// lie between the two.
    pub fn state_after(&self, k: usize) -> Option<usize> {
        let single = |thinned: &Thinned| {
            thinned.updates().get(k + 1)
                == thinned.updates().get(k).map(|before| before + 1).as_ref()
        };
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
        self.thinned
            .as_ref()
            .and_then(|thinned| thinned.updates().get(k).copied())
            .unwrap_or(k as u64)
    }

    /// The iteration that was `lag` updates before iteration `k`, if it was recorded.
    pub(super) fn earlier(&self, k: usize, lag: usize) -> Option<usize> {
        match &self.thinned {
            Some(thinned) => thinned.earlier(k, lag),
            None => k.checked_sub(lag),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn one(value: f64) -> Matrix<f64> {
        Matrix::from_vec(1, 1, vec![value])
    }

    #[test]
    fn a_state_follows_an_iteration_only_if_it_is_one_update_later() {
        let whole = RecordedRun::of_layers(2);
        assert_eq!([0, 1, 7].map(|k| whole.state_after(k)), [Some(1), Some(2), Some(8)]);
        assert!(whole.follows(1) && !whole.follows(0) && !whole.is_thinned());
        assert_eq!(whole.update_of_state(7), 7);
        let thinned = Thinned { updates: vec![0, 1, 5, 6, 10], next: vec![None] };
        let run = RecordedRun { thinned: Some(thinned), ..RecordedRun::of_layers(2) };
        let after = [0, 1, 2, 3, 4].map(|k| run.state_after(k));
        assert_eq!(after, [Some(1), None, Some(3), None, None]);
        assert_eq!([0, 1, 2, 3, 4].map(|k| run.follows(k)), [false, true, false, true, false]);
        assert_eq!((run.update_of_state(2), run.is_thinned()), (5, true));
        // Five updates before that of iteration 3 there was one on record, and six before.
        assert_eq!([5, 6, 4].map(|lag| run.earlier(3, lag)), [Some(1), Some(0), None]);
    }

    #[test]
    fn of_a_single_state_only_a_single_iteration_is_known_to_start_from_it() {
        let mut run = RecordedRun::of_layers(2);
        let before = |run: &RecordedRun, k| run.weights_before(0, k).unwrap();
        run.weights[0] = Some(Stack::of(&[one(3.0)]));
        assert_eq!(before(&run, 0), Some(one(3.0)), "no signals");
        run.deltas[1] = Some(Stack::of(&[one(1.0)]));
        assert_eq!(before(&run, 0), Some(one(3.0)));
        run.deltas[1] = Some(Stack::of(&[one(1.0), one(1.0)]));
        assert_eq!(before(&run, 0), None);
        run.weights[0] = Some(Stack::of(&[one(3.0), one(4.0)]));
        assert_eq!([0, 1, 2].map(|k| before(&run, k)), [Some(one(3.0)), Some(one(4.0)), None]);
    }
}
