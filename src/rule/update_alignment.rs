//! The update of BP-TRW and that of BP on the same state: what update alignment compares.

use super::{Feedback, Layers, Pass};
use crate::matrix::Matrix;
use crate::measure::angle::angle;
use crate::real::Real;

/// Compares, on one batch and one state, the update under a feedback policy with BP's. Keeps its own buffers.
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

    /// Angles in degrees between the two updates of `W_0 .. W_{D-2}` (the last layer's are equal by construction).
    /// `pass` must hold a forward pass of `input` and the output error signal; its lower deltas are overwritten.
    /// `None` where an update is zero.
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
        let pairs = self.ours.iter().zip(&self.bps).take(layers.depth() - 1);
        pairs.map(|(a, b)| angle(a, b).ok().flatten()).collect()
    }
}

/// `G_l = L_l^T delta_{l+1}` for every layer.
pub(crate) fn raw_updates<T: Real>(input: &Matrix<T>, pass: &Pass<T>, updates: &mut [Matrix<T>]) {
    for (l, update) in updates.iter_mut().enumerate() {
        update.assign(pass.source(input, l).t() * &pass.delta[l]);
    }
}
