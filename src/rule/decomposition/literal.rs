//! The literal form of the alignment term, its linear form, and the similarities that its trace is
//! made of.

use super::{
    DecompositionError, Earlier, Now, Samples, check_bias, check_masks, check_samples, check_shape,
    mask_values,
};
use crate::matrix::Matrix;
use crate::real::Real;
use crate::rule::Activation;
use crate::vmath::dot;

/// The transformation matrix `M^o = delta_{l+1}(k-o)^T L_{l-1}(k-o) L_{l-1}(k)^T delta_{l+1}(k)`,
/// `n_{l+1} x n_{l+1}`: in a linear network past updates contribute `eta^2 B_l^T M^o`. The two
/// batches may differ in their number of samples.
///
/// # Errors
/// If shapes do not fit, or one of the batches is empty of parts.
pub fn transformation<T: Real>(
    then: &[Samples<'_, T>],
    now: &[Samples<'_, T>],
) -> Result<Matrix<T>, DecompositionError> {
    let [inputs, outputs] = sizes(now)?;
    check_samples(now, inputs, outputs)?;
    check_samples(then, inputs, outputs)?;
    let correlation = |samples: &[Samples<'_, T>]| {
        let mut out = Matrix::zeros(inputs, outputs);
        add_correlations(&mut out, samples, T::one());
        out
    };
    Ok((correlation(then).t() * &correlation(now)).to_matrix())
}

/// `sum_{p,m} S_L[p,m] S_delta[p,m]` over all pairs of a sample `p` then and a sample `m` now, with
/// the similarities `S_L[p,m] = <L_{l-1}(k-o)[p], L_{l-1}(k)[m]>` and `S_delta` of `delta_{l+1}`
/// likewise: exactly `tr M^o`. Takes time proportional to the number of pairs; the
/// [trace](Matrix::trace) of [`transformation`] does not.
///
/// # Errors
/// If shapes do not fit.
pub fn similarity_sum<T: Real>(
    then: &[Samples<'_, T>],
    now: &[Samples<'_, T>],
) -> Result<f64, DecompositionError> {
    let [inputs, outputs] = sizes(now)?;
    check_samples(now, inputs, outputs)?;
    check_samples(then, inputs, outputs)?;
    let mut sum = 0.0;
    for (then, now) in then.iter().flat_map(|then| now.iter().map(move |now| (then, now))) {
        for p in 0..then.source.rows() {
            for m in 0..now.source.rows() {
                sum += dot(then.source.row(p), now.source.row(m))
                    * dot(then.delta.row(p), now.delta.row(m));
            }
        }
    }
    Ok(sum)
}

/// The linear form of the alignment term of one lag, `eta^2 B_l^T M^o`, with the masks `f'` left
/// out: `n_l x n_{l+1}`. `backward` is `B_l`, `n_{l+1} x n_l`.
///
/// # Errors
/// If shapes do not fit.
pub fn linear_term<T: Real>(
    then: &[Samples<'_, T>],
    now: &[Samples<'_, T>],
    backward: &Matrix<T>,
    eta: T,
) -> Result<Matrix<T>, DecompositionError> {
    let transformation = transformation(then, now)?;
    check_shape(
        "B_l",
        (backward.rows(), backward.cols()),
        (transformation.rows(), backward.cols()),
    )?;
    Ok((eta * eta * backward.t() * &transformation).to_matrix())
}

/// The sum of the linear terms over all lags without a loop over them, from
/// `C_l(k) = sum_{j<k} eta(j) delta_{l+1}(j)^T L_{l-1}(j)`:
/// `sum_o T_lin^o = eta(k) B_l^T C_l(k) L_{l-1}(k)^T delta_{l+1}(k)`.
#[derive(Clone, Debug)]
pub struct LinearSum<T> {
    /// `C_l^T`, `n_{l-1} x n_{l+1}`.
    past: Matrix<T>,
}

impl<T: Real> LinearSum<T> {
    /// Before the first update, for layers of `inputs = n_{l-1}` and `outputs = n_{l+1}` units.
    pub fn new(inputs: usize, outputs: usize) -> Self {
        Self { past: Matrix::zeros(inputs, outputs) }
    }

    /// Adds an iteration to the past.
    ///
    /// # Errors
    /// If shapes do not fit.
    pub fn add(&mut self, samples: &[Samples<'_, T>], eta: T) -> Result<(), DecompositionError> {
        check_samples(samples, self.past.rows(), self.past.cols())?;
        add_correlations(&mut self.past, samples, eta);
        Ok(())
    }

    /// The sum over all lags at the iteration of these samples, `n_l x n_{l+1}`; `backward` is
    /// `B_l`, `n_{l+1} x n_l`.
    ///
    /// # Errors
    /// If shapes do not fit.
    pub fn terms(
        &self,
        now: &[Samples<'_, T>],
        backward: &Matrix<T>,
        eta: T,
    ) -> Result<Matrix<T>, DecompositionError> {
        let (inputs, outputs) = (self.past.rows(), self.past.cols());
        check_samples(now, inputs, outputs)?;
        check_shape("B_l", (backward.rows(), backward.cols()), (outputs, backward.cols()))?;
        let mut present = Matrix::zeros(inputs, outputs);
        add_correlations(&mut present, now, T::one());
        let transformation = (self.past.t() * &present).to_matrix();
        Ok((eta * backward.t() * &transformation).to_matrix())
    }
}

/// The alignment term of one lag in the paper's literal form, `n_l x n_{l+1}`: `eta^2 {
/// f'(zeta^o)^T o [((B_l^T delta_{l+1}(k-o)^T) o f'(Z_l(k-o))^T) L_{l-1}(k-o) L_{l-1}(k)^T] }
/// delta_{l+1}(k)`.
///
/// `weights` are `W_{l-1}(k-o)` (`n_{l-1} x n_l`), `then` is the batch of iteration `k-o`. The same
/// as the weight form of the [`Decomposer`](super::Decomposer) where the step of that iteration was
/// the rule's, or a projection is split off. With another `B'` it is the term of the control. Both
/// steps have the learning rate of `now`.
///
/// # Errors
/// If shapes do not fit.
pub fn literal_term<T: Real>(
    weights: &Matrix<T>,
    then: &[Earlier<'_, T>],
    now: &Now<'_, T>,
    backward: &Matrix<T>,
) -> Result<Matrix<T>, DecompositionError> {
    let [inputs, units, outputs] = check_all(weights, then, now, backward)?;
    let mut step = Matrix::zeros(inputs, units);
    for part in then {
        step += now.eta * part.samples.source.t() * &carried_back(part, now.activation, backward);
    }
    let mut out = Matrix::zeros(units, outputs);
    for samples in now.samples {
        let mut shift = masked(weights, samples.source, now, &step);
        mask_values(&mut shift, samples.mask);
        out += now.eta * shift.t() * samples.delta;
    }
    Ok(out)
}

/// Checks everything that a literal form is made of and gives `[n_{l-1}, n_l, n_{l+1}]`.
pub(super) fn check_all<T: Real>(
    weights: &Matrix<T>,
    then: &[Earlier<'_, T>],
    now: &Now<'_, T>,
    backward: &Matrix<T>,
) -> Result<[usize; 3], DecompositionError> {
    let [inputs, units, outputs] = [weights.rows(), weights.cols(), backward.rows()];
    check_shape("B_l", (backward.rows(), backward.cols()), (outputs, units))?;
    check_bias(now.bias.len(), units)?;
    check_samples(now.samples, inputs, outputs)?;
    check_masks(now.samples, units)?;
    for part in then {
        check_samples(&[part.samples], inputs, outputs)?;
        check_masks(&[part.samples], units)?;
        check_shape("Z_l", (part.z.rows(), part.z.cols()), (part.samples.source.rows(), units))?;
    }
    Ok([inputs, units, outputs])
}

/// `delta_l = (delta_{l+1} B_l) o f'(Z_l)` of a batch, `P x n_l`.
pub(super) fn carried_back<T: Real>(
    part: &Earlier<'_, T>,
    activation: Activation,
    backward: &Matrix<T>,
) -> Matrix<T> {
    let mut delta = (part.samples.delta * backward).to_matrix();
    let mut activity = Matrix::zeros(part.z.rows(), part.z.cols());
    activation.apply(part.z.as_slice(), activity.as_mut_slice());
    activation.multiply_derivative(part.z.as_slice(), activity.as_slice(), delta.as_mut_slice());
    mask_values(&mut delta, part.samples.mask);
    delta
}

/// `f'(L W + b) o (L dW)` for a step `dW` of weights `W`, `P x n_l`.
pub(super) fn masked<T: Real>(
    weights: &Matrix<T>,
    source: &Matrix<T>,
    now: &Now<'_, T>,
    step: &Matrix<T>,
) -> Matrix<T> {
    let mut zeta = (source * weights).to_matrix();
    zeta.add_to_rows(now.bias);
    let mut activity = Matrix::zeros(zeta.rows(), zeta.cols());
    now.activation.apply(zeta.as_slice(), activity.as_mut_slice());
    let mut shift = (source * step).to_matrix();
    now.activation.multiply_derivative(zeta.as_slice(), activity.as_slice(), shift.as_mut_slice());
    shift
}

/// `out += factor L_{l-1}^T delta_{l+1}`.
fn add_correlations<T: Real>(out: &mut Matrix<T>, samples: &[Samples<'_, T>], factor: T) {
    for Samples { source, delta, .. } in samples {
        *out += factor * source.t() * *delta;
    }
}

/// `[n_{l-1}, n_{l+1}]` of a batch.
fn sizes<T: Real>(samples: &[Samples<'_, T>]) -> Result<[usize; 2], DecompositionError> {
    let first = samples.first().ok_or(DecompositionError::NoSamples)?;
    Ok([first.source.cols(), first.delta.cols()])
}
