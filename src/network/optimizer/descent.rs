//! Steps of the optimisers, and what they keep of matrices and vectors.

use super::names::{MuonScale, Optimizer};
use super::newton_schulz::newton_schulz;
use crate::matrix::{Matrix, add_scaled};
use crate::network::Setup;
use crate::real::Real;

/// What an optimiser knows of one matrix or vector, and room for its gradient. Empty where nothing
/// is kept.
#[derive(Clone, Debug, Default)]
pub(in crate::network) struct Slot<T> {
    /// Velocity, or Adam's first moment.
    pub first: Vec<T>,
    /// Adam's second moment.
    pub second: Vec<T>,
    /// The gradient, and what is made of it.
    pub gradient: Vec<T>,
}

/// What is kept of a block of rows of a [`Slot`].
pub(in crate::network) struct Rows<'a, T> {
    /// See [`Slot::first`].
    pub first: &'a mut [T],
    /// See [`Slot::second`].
    pub second: &'a mut [T],
    /// See [`Slot::gradient`].
    pub gradient: &'a mut [T],
}

impl<T> Slot<T> {
    /// All rows.
    pub fn rows(&mut self) -> Rows<'_, T> {
        Rows { first: &mut self.first, second: &mut self.second, gradient: &mut self.gradient }
    }
}

impl<'a, T> Rows<'a, T> {
    /// The first `values`, and the rest.
    pub fn split(self, values: usize) -> (Self, Self) {
        fn cut<T>(all: &mut [T], at: usize) -> (&mut [T], &mut [T]) {
            let at = at.min(all.len());
            all.split_at_mut(at)
        }
        let first = cut(self.first, values);
        let second = cut(self.second, values);
        let gradient = cut(self.gradient, values);
        (
            Self { first: first.0, second: second.0, gradient: gradient.0 },
            Self { first: first.1, second: second.1, gradient: gradient.1 },
        )
    }
}

/// The optimiser of a run.
#[derive(Clone, Copy, Debug)]
pub(in crate::network) struct Descent {
    optimizer: Optimizer,
    eta: f64,
    momentum: f64,
    decay: f64,
    betas: [f64; 2],
    epsilon: f64,
    scale: MuonScale,
}

impl Descent {
    pub fn of(setup: &Setup) -> Self {
        Self {
            optimizer: setup.optimizer,
            eta: setup.eta,
            momentum: setup.momentum,
            decay: setup.weight_decay,
            betas: [setup.beta1, setup.beta2],
            epsilon: setup.epsilon,
            scale: setup.muon_scale,
        }
    }

    /// Whether a step is the gradient and decay, and nothing is kept.
    pub fn is_plain(&self) -> bool {
        self.optimizer == Optimizer::Sgd && self.momentum == 0.0
    }

    /// Whether matrices are orthogonalised as a whole.
    pub fn orthogonalises(&self) -> bool {
        self.optimizer == Optimizer::Muon
    }

    /// Room for a matrix, or a vector, of so many values.
    pub fn slot<T: Real>(&self, values: usize, is_matrix: bool) -> Slot<T> {
        let room = |is_kept: bool| vec![T::zero(); if is_kept { values } else { 0 }];
        let moments = match self.optimizer {
            Optimizer::Adam | Optimizer::AdamW => true,
            Optimizer::Muon => !is_matrix,
            Optimizer::Sgd | Optimizer::Nesterov => false,
        };
        Slot {
            first: room(!self.is_plain()),
            second: room(moments),
            gradient: room(self.optimizer != Optimizer::Sgd),
        }
    }

    /// Update `t` (from 1) of `out`, some rows of a matrix or a vector, but for what
    /// [`Self::orthogonalise`] does of a matrix: `add` adds `factor` times the sum of gradients
    /// over the batch to a slice of its shape, `mean` is what that sum is averaged by.
    pub fn step<T: Real>(
        &self,
        (t, is_matrix): (usize, bool),
        out: &mut [T],
        kept: Rows<'_, T>,
        mean: f64,
        add: &dyn Fn(&mut [T], T),
    ) {
        let Rows { first, second, gradient } = kept;
        if self.optimizer == Optimizer::Sgd {
            return self.momentum_step(out, first, mean, add);
        }
        gradient.fill(T::zero());
        add(gradient, T::from_f64(mean));
        match self.optimizer {
            Optimizer::Sgd => {}
            Optimizer::Nesterov => self.nesterov(out, first, gradient),
            Optimizer::Muon if is_matrix => self.blend(first, gradient),
            Optimizer::Adam => {
                add_scaled(gradient, out, T::from_f64(-self.decay));
                self.adam(t, out, first, second, gradient);
            }
            Optimizer::AdamW | Optimizer::Muon => {
                scale(out, T::from_f64(1.0 - self.eta * self.decay));
                self.adam(t, out, first, second, gradient);
            }
        }
    }

    /// `V = m V + G - decay W`, `W += eta V`; without momentum in one go.
    fn momentum_step<T: Real>(
        &self,
        out: &mut [T],
        velocity: &mut [T],
        mean: f64,
        add: &dyn Fn(&mut [T], T),
    ) {
        if self.momentum == 0.0 {
            if self.decay != 0.0 {
                scale(out, T::from_f64(1.0 - self.eta * self.decay));
            }
            return add(out, T::from_f64(self.eta * mean));
        }
        scale(velocity, T::from_f64(self.momentum));
        add_scaled(velocity, out, T::from_f64(-self.decay));
        add(velocity, T::from_f64(mean));
        add_scaled(out, velocity, T::from_f64(self.eta));
    }

    fn nesterov<T: Real>(&self, out: &mut [T], velocity: &mut [T], gradient: &mut [T]) {
        let [momentum, eta] = [self.momentum, self.eta].map(T::from_f64);
        add_scaled(gradient, out, T::from_f64(-self.decay));
        for ((w, v), &g) in out.iter_mut().zip(velocity).zip(gradient.iter()) {
            *v = momentum * *v + g;
            *w += eta * (g + momentum * *v);
        }
    }

    fn adam<T: Real>(
        &self,
        t: usize,
        out: &mut [T],
        first: &mut [T],
        second: &mut [T],
        gradient: &[T],
    ) {
        // Beyond this power every rate below 1 has left nothing to correct.
        let power = i32::try_from(t).unwrap_or(i32::MAX);
        let [b1, b2] = self.betas.map(T::from_f64);
        let [left1, left2] = self.betas.map(|b| T::from_f64(1.0 - b));
        let [bias1, bias2] = self.betas.map(|b| 1.0 - b.powi(power));
        let (rate, root) = (T::from_f64(self.eta / bias1), T::from_f64(bias2.sqrt()));
        let epsilon = T::from_f64(self.epsilon);
        let moments = first.iter_mut().zip(second);
        for ((w, (m, s)), &g) in out.iter_mut().zip(moments).zip(gradient) {
            *m = b1 * *m + left1 * g;
            *s = b2 * *s + left2 * (g * g);
            *w += rate * (*m / (s.sqrt() / root + epsilon));
        }
    }

    /// Muon's momentum; `gradient` becomes what is to be orthogonalised.
    fn blend<T: Real>(&self, velocity: &mut [T], gradient: &mut [T]) {
        let momentum = T::from_f64(self.momentum);
        for (v, g) in velocity.iter_mut().zip(gradient) {
            *v += (T::one() - momentum) * (*g - *v);
            *g += momentum * (*v - *g);
        }
    }

    /// The rest of Muon's step of a matrix, whose `gradient` is ready to be orthogonalised. `shape`
    /// is that of the weights that it stands for: of a backward matrix, that of its transpose.
    pub fn orthogonalise<T: Real>(
        &self,
        out: &mut Matrix<T>,
        shape: (usize, usize),
        gradient: &[T],
    ) {
        let direction = Matrix::from_vec(out.rows(), out.cols(), gradient.to_vec());
        let rate = T::from_f64(self.eta * self.scale.of(shape));
        out.scale(T::from_f64(1.0 - self.eta * self.decay));
        add_scaled(out.as_mut_slice(), newton_schulz(&direction).as_slice(), rate);
    }
}

fn scale<T: Real>(values: &mut [T], factor: T) {
    for value in values {
        *value *= factor;
    }
}
