//! The backward weights of a network under a policy.

use super::policy::{Backward, Made, Policy, Route};
use super::registry::Rule;
use crate::matrix::Matrix;
use crate::random::{Role, Stream};
use crate::real::Real;
use crate::rule::normalise::set_column_norms;
use crate::rule::{Layers, Pass};
use std::sync::Arc;

/// What an optimiser does with a backward matrix that learns.
pub type Step<'a, T> = dyn FnMut(usize, &mut Matrix<T>, &dyn Fn(&mut [T], T)) + 'a;

/// Backward weights under a policy.
#[derive(Clone, Debug)]
pub struct Feedback<T> {
    rule: Rule,
    backward: Vec<Matrix<T>>,
    drawn: Vec<Matrix<T>>,
    policy: Arc<dyn Policy<T>>,
    /// Seed and repeat of what the policy draws on the way.
    noise: [u64; 2],
}

impl<T: Real> Feedback<T> {
    /// Back-propagation for layers of `sizes`, the input first; to be [refreshed](Self::refresh).
    pub fn bp(sizes: &[usize]) -> Self {
        let zeros = |[rows, columns]: [usize; 2]| Matrix::zeros(rows, columns);
        Self::held(Rule::BP, Route::Layered.shapes(sizes).into_iter().map(zeros).collect())
    }

    /// BP-TRW with these `B_1 .. B_{D-1}`, `B_l` of shape `n_{l+1} x n_l`.
    pub fn fixed(backward: Vec<Matrix<T>>) -> Self {
        Self::held(Rule::BP_TRW, backward)
    }

    /// Any policy, from the matrices `drawn` for it in the shapes of its route and the weights at
    /// the start. What it draws on the way comes of a stream of `(seed, repeat)`.
    pub fn begin(
        rule: Rule,
        drawn: Vec<Matrix<T>>,
        layers: &Layers<T>,
        [seed, repeat]: [u64; 2],
    ) -> Self {
        let mut feedback = Self { noise: [seed, repeat], ..Self::held(rule, drawn) };
        let mut noise = Stream::new(seed, repeat, Role::BackwardStart);
        feedback.drawn = feedback.policy.begin(&mut feedback.backward, layers, &mut noise);
        feedback.refresh(layers, 0);
        feedback
    }

    fn held(rule: Rule, backward: Vec<Matrix<T>>) -> Self {
        Self { rule, backward, drawn: Vec::new(), policy: rule.policy(), noise: [0; 2] }
    }

    /// Which policy this is.
    pub fn rule(&self) -> Rule {
        self.rule
    }

    /// `B_l`, where this policy has one that is not the transposed `W_l`.
    pub fn backward(&self, l: usize) -> Option<&Matrix<T>> {
        let exists = self.rule.facts().backward != Backward::None;
        l.checked_sub(1).filter(|_| exists).and_then(|i| self.backward.get(i))
    }

    /// Rescales every column of every `B_l` to norm `scale`: of the weights in force, not of those
    /// drawn for the policy. Rules that follow the forward weights undo it at their next
    /// [refresh](Self::refresh).
    pub fn normalise(&mut self, scale: f64) {
        self.backward.iter_mut().for_each(|b| normalise_backward(b, scale));
    }

    /// What the policy draws for the update to come after `iteration` updates: the same whenever it
    /// is asked for.
    fn noise(&self, role: Role, iteration: usize) -> Stream {
        let mut stream = Stream::new(self.noise[0], self.noise[1], role);
        // Far more words than one update draws.
        stream.seek((iteration as u128) << 40);
        stream
    }

    /// Follows the forward weights there are after `iteration` updates. Due after every update,
    /// before errors are carried back.
    pub fn refresh(&mut self, layers: &Layers<T>, iteration: usize) {
        let mut noise = self.noise(Role::BackwardFollow, iteration);
        self.policy.follow(&mut self.backward, &self.drawn, layers, &mut noise);
    }

    /// Whether backward weights learn by the optimiser of the run.
    pub fn descends(&self) -> bool {
        self.policy.descends()
    }

    /// Lets the policy learn from the update that led to state `iteration`. `step` is what the
    /// optimiser does with a matrix that descends: of its place among those, itself, and what adds
    /// a multiple of its gradient to values of its shape.
    pub fn learn(&mut self, made: &Made<'_, T>, iteration: usize, step: &mut Step<'_, T>) {
        let mut noise = self.noise(Role::BackwardLearn, iteration);
        self.policy.learn(&mut self.backward, &self.drawn, made, &mut noise);
        if self.policy.descends() {
            let policy = &self.policy;
            for (index, b) in self.backward.iter_mut().enumerate() {
                step(index, b, &|out, factor| policy.add_gradient(index, out, factor, made));
            }
        }
    }

    /// The matrices, where they are part of the state of a run; empty otherwise.
    pub fn learnt(&self) -> &[Matrix<T>] {
        if self.rule.facts().backward == Backward::Learning { &self.backward } else { &[] }
    }

    /// The same, to be restored.
    pub fn learnt_mut(&mut self) -> &mut [Matrix<T>] {
        if self.rule.facts().backward == Backward::Learning { &mut self.backward } else { &mut [] }
    }

    /// Carries the output error signal of `pass` down to layer 1: fills every `delta` below the
    /// last. Must have been [refreshed](Self::refresh). Every policy runs the very same products,
    /// so that BP-TRW with `B_l = W_l^T` is BP to the last bit.
    ///
    /// A rule that carries the target back carries nothing here: see [`Self::carry_back_with`].
    pub fn carry_back(&self, layers: &Layers<T>, pass: &mut Pass<T>) {
        self.carry(layers, None, pass);
    }

    /// As [`Self::carry_back`], where the targets of the samples are known, `P x n_D`.
    pub fn carry_back_with(&self, layers: &Layers<T>, target: &Matrix<T>, pass: &mut Pass<T>) {
        self.carry(layers, Some(target), pass);
    }

    fn carry(&self, layers: &Layers<T>, target: Option<&Matrix<T>>, pass: &mut Pass<T>) {
        let depth = layers.depth();
        let route = self.rule.facts().route;
        let target = target.filter(|_| route == Route::Target);
        if route == Route::Nowhere || (route == Route::Target && target.is_none()) {
            pass.standardised
                .iter_mut()
                .for_each(|layer| layer.arriving.as_mut_slice().fill(T::zero()));
            return pass.delta[..depth - 1]
                .iter_mut()
                .for_each(|delta| delta.as_mut_slice().fill(T::zero()));
        }
        for l in (1..depth).rev() {
            let (below, above) = pass.delta.split_at_mut(l);
            let delta = &mut below[l - 1];
            let above = if route == Route::Direct { &above[depth - 1 - l] } else { &above[0] };
            delta.assign(target.unwrap_or(above) * &self.backward[l - 1]);
            let (z, activity) = (&pass.z[l - 1], &pass.activity[l - 1]);
            layers.activations[l - 1].multiply_derivative(
                z.as_slice(),
                activity.as_slice(),
                delta.as_mut_slice(),
            );
            if let Some(dropped) = pass.dropped.get(l - 1) {
                dropped.back(delta);
            }
            if let Some(standardised) = pass.standardised.get_mut(l - 1) {
                standardised.back(delta);
            }
        }
    }
}

/// Rescales every column of `B_l` (the backward weights that arrive at one unit) to norm `scale`.
pub(crate) fn normalise_backward<T: Real>(b: &mut Matrix<T>, scale: f64) {
    set_column_norms(b, &vec![1.0; b.cols()]);
    b.scale(T::from_f64(scale));
}
