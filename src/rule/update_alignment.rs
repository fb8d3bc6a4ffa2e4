//! The update of BP-TRW and that of BP on the same state: what update alignment compares.

use super::{Feedback, Layers, Pass};
use crate::matrix::Matrix;
use crate::measure::angle::angle;
use crate::real::Real;

/// Compares, on one batch and one state, the update under a feedback policy with BP's. Keeps its
/// own buffers.
#[derive(Clone, Debug)]
pub struct UpdateAlignment<T> {
    bp: Feedback<T>,
    ours: Vec<Matrix<T>>,
    bps: Vec<Matrix<T>>,
}

impl<T: Real> UpdateAlignment<T> {
    /// Buffers for layers of `sizes`, the input first.
    pub fn new(sizes: &[usize]) -> Self {
        let updates = || sizes.windows(2).map(|n| Matrix::zeros(n[0], n[1])).collect::<Vec<_>>();
        Self { bp: Feedback::bp(sizes), ours: updates(), bps: updates() }
    }

    /// Angles in degrees between the two updates of `W_0 .. W_{D-2}` (the last layer's are equal by
    /// construction). `pass` must hold a forward pass of `input` and the output error signal; its
    /// lower deltas are overwritten. `None` where an update is zero.
    pub fn angles(
        &mut self,
        layers: &Layers<T>,
        feedback: &Feedback<T>,
        input: &Matrix<T>,
        pass: &mut Pass<T>,
    ) -> Vec<Option<f64>> {
        feedback.carry_back(layers, pass);
        raw_updates(input, pass, &mut self.ours);
        self.bp.refresh(layers, 0);
        self.bp.carry_back(layers, pass);
        raw_updates(input, pass, &mut self.bps);
        self.between(layers.depth())
    }

    /// The same of a rule whose updates take `source(pass, l)` of layer `l`; `None` where it takes
    /// nothing yet.
    pub(super) fn angles_of(
        &mut self,
        layers: &Layers<T>,
        feedback: &Feedback<T>,
        source: impl Fn(&Pass<T>, usize) -> Option<Matrix<T>>,
        pass: &mut Pass<T>,
    ) -> Vec<Option<f64>> {
        let Some(sources) =
            (0..layers.depth()).map(|l| source(pass, l)).collect::<Option<Vec<_>>>()
        else {
            return vec![None; layers.depth() - 1];
        };
        let write = |updates: &mut [Matrix<T>], pass: &Pass<T>| {
            let parts = updates.iter_mut().zip(&sources).zip(&pass.delta);
            parts.for_each(|((update, source), delta)| update.assign(source.t() * delta));
        };
        feedback.carry_back(layers, pass);
        write(&mut self.ours, pass);
        self.bp.refresh(layers, 0);
        self.bp.carry_back(layers, pass);
        write(&mut self.bps, pass);
        self.between(layers.depth())
    }

    fn between(&self, depth: usize) -> Vec<Option<f64>> {
        let pairs = self.ours.iter().zip(&self.bps).take(depth - 1);
        pairs.map(|(a, b)| angle(a, b).ok().flatten()).collect()
    }
}

/// `G_l = L_l^T delta_{l+1}` for every layer.
pub(crate) fn raw_updates<T: Real>(input: &Matrix<T>, pass: &Pass<T>, updates: &mut [Matrix<T>]) {
    for (l, update) in updates.iter_mut().enumerate() {
        update.assign(pass.source(input, l).t() * &pass.delta[l]);
    }
}
