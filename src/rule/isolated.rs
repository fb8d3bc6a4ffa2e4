//! The rule in isolation: exogenous activities and errors, no loss, no target, no data.

use super::timing::Past;
use super::update_alignment::UpdateAlignment;
use super::{
    Activation, ActivityNorm, Feedback, Layers, Normaliser, Pass, Timing, WeightNorm, add_gradient,
    add_scaled_column_sums,
};
use crate::matrix::Matrix;
use crate::random::{Role, Stream};
use crate::real::Real;

/// A network driven by an injected output error. The network's own output has no effect on its
/// updates, unless the output mask is on.
#[derive(Clone, Debug)]
pub struct Isolated<T> {
    /// Forward weights and biases.
    pub layers: Layers<T>,
    /// Fixed backward weights.
    pub feedback: Feedback<T>,
    /// Buffers of the current iteration; under a rule in time, with the activities that its error
    /// meets.
    pub pass: Pass<T>,
    past: Option<Past<T>>,
    output_mask: bool,
    normaliser: Option<Normaliser>,
}

impl<T: Real> Isolated<T> {
    /// Draws `W_l ~ N(0, w_std^2)` and `B_l ~ N(0, b_std^2)` for layers of `sizes` (input first),
    /// from the streams of `(seed, repeat)`, for batches of up to `batch` samples.
    pub fn draw(
        sizes: &[usize],
        batch: usize,
        activation: Activation,
        std: [f64; 2],
        seed: u64,
        repeat: u64,
    ) -> Self {
        let [w_std, b_std] = std;
        let mut stream = Stream::new(seed, repeat, Role::Weights);
        let weights: Vec<_> =
            sizes.windows(2).map(|n| normal_matrix(&mut stream, n[0], n[1], w_std)).collect();
        let mut stream = Stream::new(seed, repeat, Role::Backward);
        let backward =
            sizes[1..].windows(2).map(|n| normal_matrix(&mut stream, n[1], n[0], b_std)).collect();
        let depth = weights.len();
        let (biases, activations) = (vec![Vec::new(); depth], vec![activation; depth]);
        let layers = Layers {
            weights,
            biases,
            biases_learn: true,
            activations,
            activity_norm: ActivityNorm::Off,
            running: Vec::new(),
        };
        let (feedback, pass) = (Feedback::fixed(backward), Pass::new(sizes, batch));
        Self { layers, feedback, pass, past: None, output_mask: false, normaliser: None }
    }

    /// The same network with biases `N(0, std^2)`, updated like the weights.
    pub fn with_biases(mut self, std: f64, seed: u64, repeat: u64) -> Self {
        let mut stream = Stream::new(seed, repeat, Role::Bias);
        for (bias, weights) in self.layers.biases.iter_mut().zip(&self.layers.weights) {
            *bias = normal_matrix(&mut stream, 1, weights.cols(), std).as_slice().to_vec();
        }
        self
    }

    /// The same network with the injected error multiplied by `f'(Z_D)`, the derivative at its own
    /// output.
    pub fn with_output_mask(self) -> Self {
        Self { output_mask: true, ..self }
    }

    /// The same network with every column of every `B_l` rescaled to norm `scale`.
    pub fn with_normalised_backward(mut self, scale: f64) -> Self {
        self.feedback.normalise(scale);
        self
    }

    /// The same network with biases that stay as they are.
    pub fn with_fixed_biases(mut self) -> Self {
        self.layers.biases_learn = false;
        self
    }

    /// The same network under weight normalisation, now and after every update. `B` is left alone.
    pub fn with_weight_norm(mut self, kind: &WeightNorm) -> Self {
        let normaliser = Normaliser::new(kind, &self.layers);
        normaliser.apply(&mut self.layers);
        self.normaliser = Some(normaliser);
        self
    }

    /// The same network under a rule in time, from its first iteration on, for batches of `batch`
    /// samples.
    pub fn in_time(mut self, timing: Timing, batch: usize) -> Self {
        self.past =
            (timing != Timing::INSTANT).then(|| Past::new(timing, &self.layers.sizes(), batch));
        self
    }

    /// One iteration with input `activity` (`P x n_0`) and output error signal `error` (`P x n_D`).
    pub fn step(&mut self, activity: &Matrix<T>, error: &Matrix<T>, eta: T) {
        self.carry(activity, error);
        self.apply(activity, eta);
    }

    /// First half of an iteration: forward pass, injected error, and its way back. Leaves the
    /// weights alone.
    pub fn carry(&mut self, activity: &Matrix<T>, error: &Matrix<T>) {
        self.inject(activity, error);
        self.feedback.carry_back(&self.layers, &mut self.pass);
    }

    /// Second half of an iteration: the update that [`Self::carry`] prepared, and weight
    /// normalisation.
    pub fn apply(&mut self, activity: &Matrix<T>, eta: T) {
        match &mut self.past {
            None => self.layers.update(activity, &self.pass, eta),
            Some(past) => {
                if past.has_begun() {
                    update_in_time(&mut self.layers, past, &self.pass, eta);
                }
                past.advance();
            }
        }
        if let Some(normaliser) = &self.normaliser {
            normaliser.apply(&mut self.layers);
        }
    }

    /// What the update of `W_l` that [`Self::carry`] prepared takes of layer `l`, `P x n_l`, for
    /// input `activity`: `L_l`, or the trace of it that the error meets. `None` where the error
    /// comes before there was an activity.
    pub fn source<'a>(&'a self, activity: &'a Matrix<T>, l: usize) -> Option<&'a Matrix<T>> {
        match &self.past {
            None => Some(self.pass.source(activity, l)),
            Some(past) => past.source(&self.pass, l).filter(|_| past.has_begun()),
        }
    }

    /// Angles in degrees between the updates of `W_0 .. W_{D-2}` by this rule and by BP, for the
    /// iteration to come, as [`UpdateAlignment::angles`].
    pub fn update_alignment(
        &mut self,
        updates: &mut UpdateAlignment<T>,
        activity: &Matrix<T>,
        error: &Matrix<T>,
    ) -> Vec<Option<f64>> {
        self.inject(activity, error);
        let Self { layers, feedback, pass, past, .. } = self;
        match past {
            None => updates.angles(layers, feedback, activity, pass),
            Some(past) => {
                let source = |pass: &Pass<T>, l: usize| past.source(pass, l).cloned();
                updates.angles_of(layers, feedback, source, pass)
            }
        }
    }

    /// Forward pass, and the error at the output: all that comes before the error is carried back.
    pub fn inject(&mut self, activity: &Matrix<T>, error: &Matrix<T>) {
        let last = self.layers.depth() - 1;
        if let Some(past) = &mut self.past {
            past.forward(&self.layers, activity, &mut self.pass);
        } else if self.output_mask {
            self.layers.forward(activity, &mut self.pass);
        } else {
            self.layers.forward_hidden(activity, &mut self.pass);
        }
        let Pass { z, activity, delta, .. } = &mut self.pass;
        let delta = delta[last].as_mut_slice();
        delta.copy_from_slice(error.as_slice());
        if self.output_mask {
            self.layers.activations[last].multiply_derivative(
                z[last].as_slice(),
                activity[last].as_slice(),
                delta,
            );
        }
    }
}

/// `W_l += eta L'_l^T delta_{l+1}` for every layer, and `b_{l+1} += eta sum delta_{l+1}` where
/// biases learn.
fn update_in_time<T: Real>(layers: &mut Layers<T>, past: &Past<T>, pass: &Pass<T>, eta: T) {
    for l in 0..layers.depth() {
        let Some(source) = past.source(pass, l) else { continue };
        let rows = 0..layers.weights[l].rows();
        add_gradient(layers.weights[l].as_mut_slice(), rows, source, &pass.delta[l], eta);
        if layers.biases_learn {
            add_scaled_column_sums(&mut layers.biases[l], &pass.delta[l], eta);
        }
    }
}

/// A `rows x cols` matrix of independent `N(0, std^2)` values.
pub(crate) fn normal_matrix<T: Real>(
    stream: &mut Stream,
    rows: usize,
    cols: usize,
    std: f64,
) -> Matrix<T> {
    let mut matrix = Matrix::zeros(rows, cols);
    stream.fill_normal(matrix.as_mut_slice());
    if std != 1.0 {
        matrix.scale(T::from_f64(std));
    }
    matrix
}
