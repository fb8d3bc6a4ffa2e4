//! The alignment budget: where the alignment of a layer comes from in one step, exactly.

use super::{Activation, Layers, Pass};
use crate::matrix::Matrix;
use crate::real::Real;

/// Change of one neuron's, or of one layer's, `Q_l = 1/2 ||W_l||^2 + 1/2 ||b_{l+1}||^2 - <W_{l+1},
/// B_{l+1}^T>` over a step, and what it is made of.
///
/// A plain step of BP-TRW with biases that learn, or without biases, changes it by exactly the
/// quadratic and the curvature part, on any data (after Robertson & Koyejo 2024): alignment above
/// grows only as the norms below grow, but for the curvature of `f`.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub struct Budget {
    /// Change of `Q`.
    pub change: f64,
    /// `1/2 ||dW_l||^2 + 1/2 ||db_{l+1}||^2` of the step as it was.
    pub quadratic: f64,
    /// `eta sum over the batch of (f'(Z) Z - f(Z)) E`, `Z` of layer `l + 1`, `E = delta_{l+2}
    /// B_{l+1}` the error that arrives at it. Zero for linear, ReLU and leaky ReLU layers.
    pub curvature: f64,
    /// `-<dP_{l+1}, B_{l+1}^T>`: what normalisation, decay and momentum of `W_{l+1}` itself take
    /// from the alignment that its plain step would have brought, `eta sum over the batch of f(Z)
    /// E`. Part of what is [left over](Self::left_over); the rest is of the weights below.
    pub injected_above: f64,
    /// `Q` before and after, whose rounding is that of the change.
    pub q: [f64; 2],
}

impl Budget {
    /// What neither part explains. Zero to rounding for a plain step; under weight normalisation,
    /// weight decay, momentum or another optimiser what these [inject](Injection), `<W_l, dP_l> +
    /// <b_{l+1}, dp_{l+1}> - <dP_{l+1}, B_{l+1}^T>` with `dP`, `dp` their parts of the steps.
    /// Biases that are held fixed count among them.
    pub fn left_over(&self) -> f64 {
        self.change - self.quadratic - self.curvature
    }

    fn plus(self, other: &Self) -> Self {
        Self {
            change: self.change + other.change,
            quadratic: self.quadratic + other.quadratic,
            curvature: self.curvature + other.curvature,
            injected_above: self.injected_above + other.injected_above,
            q: [self.q[0] + other.q[0], self.q[1] + other.q[1]],
        }
    }

    /// The budget of a layer from those of its neurons.
    pub fn of_layer(neurons: &[Self]) -> Self {
        neurons.iter().fold(Self::default(), Self::plus)
    }

    /// The budget of every neuron of layer `l + 1` over one step, in double precision: `before` and
    /// `after` are the network on both sides of it, `passes` the batch that made it, deltas carried
    /// back, in one part or several, `backward` is `B_{l+1}` (`n_{l+2} x n_{l+1}`), `eta` what the
    /// sum over the batch was multiplied by. `None` for layers without one above, and where shapes
    /// differ.
    pub fn of_neurons<T: Real>(
        l: usize,
        before: &Layers<T>,
        after: &Layers<T>,
        passes: &[&Pass<T>],
        backward: &Matrix<T>,
        eta: T,
    ) -> Option<Vec<Self>> {
        if l + 1 >= before.depth() || before.sizes() != after.sizes() {
            return None;
        }
        let above = (before.weights[l + 1].cols(), before.weights[l + 1].rows());
        if (backward.rows(), backward.cols()) != above {
            return None;
        }
        let mut budgets = changes(l, before, after, backward);
        for pass in passes {
            let (z, delta) = (pass.z.get(l)?, pass.delta.get(l + 1)?);
            if z.cols() != budgets.len() || delta.cols() != above.0 || delta.rows() != z.rows() {
                return None;
            }
            let signals = BatchAbove { z, mask: pass.mask(l), delta };
            add_batch(&mut budgets, before.activations[l], signals, backward, eta);
        }
        Some(budgets)
    }
}

/// Changes of `Q`, the quadratic parts, and changes of the alignment in [`Budget::injected_above`].
fn changes<T: Real>(
    l: usize,
    before: &Layers<T>,
    after: &Layers<T>,
    backward: &Matrix<T>,
) -> Vec<Budget> {
    let mut budgets = vec![Budget::default(); before.weights[l].cols()];
    let (rows_before, rows_after) = (before.weights[l].as_slice(), after.weights[l].as_slice());
    let units = budgets.len().max(1);
    let biases = [before.biases[l].as_slice(), after.biases[l].as_slice()];
    let rows = rows_before
        .chunks_exact(units)
        .zip(rows_after.chunks_exact(units))
        .chain([(biases[0], biases[1])]);
    for (before, after) in rows {
        for (budget, (before, after)) in budgets.iter_mut().zip(before.iter().zip(after)) {
            let (before, after) = (before.to_f64(), after.to_f64());
            budget.q[0] += 0.5 * before * before;
            budget.q[1] += 0.5 * after * after;
            budget.quadratic += 0.5 * (after - before) * (after - before);
        }
    }
    for (m, row) in backward.as_slice().chunks_exact(units).enumerate() {
        for (j, (budget, b)) in budgets.iter_mut().zip(row).enumerate() {
            let aligned =
                [before, after].map(|layers| layers.weights[l + 1].row(j)[m].to_f64() * b.to_f64());
            budget.q[0] -= aligned[0];
            budget.q[1] -= aligned[1];
            budget.injected_above -= aligned[1] - aligned[0];
        }
    }
    budgets.iter_mut().for_each(|budget| budget.change = budget.q[1] - budget.q[0]);
    budgets
}

/// What a layer and the one above it hold of a batch: pre-activations `Z_{l+1}`, the mask of dropout
/// there, and `delta_{l+2}`.
#[derive(Clone, Copy)]
struct BatchAbove<'a, T> {
    z: &'a Matrix<T>,
    mask: Option<&'a Matrix<T>>,
    delta: &'a Matrix<T>,
}

/// Adds what the batch decides: curvature, and in [`Budget::injected_above`] what a plain step
/// brings.
fn add_batch<T: Real>(
    budgets: &mut [Budget],
    activation: Activation,
    BatchAbove { z, mask, delta }: BatchAbove<'_, T>,
    backward: &Matrix<T>,
    eta: T,
) {
    let mut arriving = (delta * backward).to_matrix();
    if let Some(mask) = mask {
        // What is dropped, and by how much the rest is scaled, is part of the activation.
        let factors = mask.as_slice();
        arriving.as_mut_slice().iter_mut().zip(factors).for_each(|(e, &factor)| *e *= factor);
    }
    let (mut activity, mut slope) =
        (Matrix::zeros(z.rows(), z.cols()), Matrix::zeros(z.rows(), z.cols()));
    activation.apply(z.as_slice(), activity.as_mut_slice());
    slope.as_mut_slice().fill(T::one());
    activation.multiply_derivative(z.as_slice(), activity.as_slice(), slope.as_mut_slice());
    for p in 0..z.rows() {
        let values = z.row(p).iter().zip(activity.row(p)).zip(slope.row(p)).zip(arriving.row(p));
        for (budget, (((z, a), s), e)) in budgets.iter_mut().zip(values) {
            let eta_e = eta.to_f64() * e.to_f64();
            budget.curvature += eta_e * (s.to_f64() * z.to_f64() - a.to_f64());
            budget.injected_above += eta_e * a.to_f64();
        }
    }
}

/// What optimiser and normalisation put into the budget of a layer over one step, from their parts
/// of it: together what is [left over](Budget::left_over) of the budget, which is known by
/// subtraction alone.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub struct Injection {
    /// `<W_l, dO_l> + <b_{l+1}, do_{l+1}> - <dO_{l+1}, B_{l+1}^T>` with `dO`, `do` what a step is,
    /// before weights are normalised, beside the gradient times its rate: momentum, decay and
    /// adaptation, and of biases that are held fixed all that they do not learn.
    pub by_optimizer: f64,
    /// The same of what weight normalisation makes of the weights then.
    pub by_normalization: f64,
    /// `eta sum over the batch of <R, delta> - <H, A>`, of pre-activations `R` and the errors
    /// `delta` there, before they are normalised, and `H` and `A` after: what normalisation of
    /// activities does to gradients. Nearly `-eta <H, A>`, as normalised values do not depend on
    /// the size of weights.
    pub by_activity_norm: f64,
}

/// The network on both sides of a step.
#[derive(Clone, Copy, Debug)]
pub struct Sides<'a, T> {
    /// Before it.
    pub before: &'a Layers<T>,
    /// The weights that the optimiser made, where they were normalised after.
    pub unnormalised: Option<&'a [Matrix<T>]>,
    /// After it.
    pub after: &'a Layers<T>,
}

impl Injection {
    /// Into the budget of layer `l + 1`, in double precision: `passes` are inputs and passes of the
    /// batch that made the step, `backward` is `B_{l+1}`, `eta` what the sum over the batch was
    /// multiplied by. `None` as for [`Budget::of_neurons`].
    pub fn of_layer<T: Real>(
        l: usize,
        sides: Sides<'_, T>,
        passes: &[(&Matrix<T>, &Pass<T>)],
        backward: &Matrix<T>,
        eta: T,
    ) -> Option<Self> {
        let Sides { before, after, .. } = sides;
        if l + 1 >= before.depth() || before.sizes() != after.sizes() {
            return None;
        }
        let upper = &before.weights[l + 1];
        if (backward.rows(), backward.cols()) != (upper.cols(), upper.rows()) {
            return None;
        }
        let [below, above] = [l, l + 1].map(|l| parts(l, sides, passes, eta));
        let (weights, towards) = (before.weights[l].to_f64(), backward.to_f64().transpose());
        let [optimizer, normalization] =
            [0, 1].map(|part: usize| weights.inner(&below[part]) - above[part].inner(&towards));
        let of_biases = |(j, (old, new)): (usize, (&T, &T))| {
            // The gradient of a bias is that of a weight from a unit of activity 1.
            let delta = |(_, pass): &(&Matrix<T>, &Pass<T>)| {
                let delta = pass.bias_error(l);
                (0..delta.rows()).map(|p| delta.row(p)[j].to_f64()).sum::<f64>()
            };
            let plain = eta.to_f64() * passes.iter().map(delta).sum::<f64>();
            let (old, new) = (old.to_f64(), new.to_f64());
            old * (new - old - plain)
        };
        let of_activities = |(_, pass): &(&Matrix<T>, &Pass<T>)| {
            pass.standardised.get(l).map_or(0.0, |layer| layer.injected(&pass.delta[l]))
        };
        let biases = before.biases[l].iter().zip(&after.biases[l]).enumerate();
        Some(Self {
            by_optimizer: optimizer + biases.map(of_biases).sum::<f64>(),
            by_normalization: normalization,
            by_activity_norm: eta.to_f64() * passes.iter().map(of_activities).sum::<f64>(),
        })
    }
}

/// The parts of the step of `W_l` beside the gradient times `eta`: the optimiser's, and what
/// normalisation made of its weights.
fn parts<T: Real>(
    l: usize,
    Sides { before, unnormalised, after }: Sides<'_, T>,
    passes: &[(&Matrix<T>, &Pass<T>)],
    eta: T,
) -> [Matrix<f64>; 2] {
    let [before, after] = [before, after].map(|layers| layers.weights[l].to_f64());
    let made = unnormalised.and_then(|all| all.get(l)).map_or(after.clone(), Matrix::to_f64);
    let (mut by_optimizer, mut by_normalization) = (made.clone(), after);
    by_optimizer -= &before;
    by_normalization -= &made;
    let mut plain = Matrix::zeros(before.rows(), before.cols());
    for (input, pass) in passes {
        let (source, delta) = (pass.source(input, l).to_f64(), pass.delta[l].to_f64());
        plain += eta.to_f64() * source.t() * &delta;
    }
    by_optimizer -= &plain;
    [by_optimizer, by_normalization]
}
