//! Activations `f` and their derivatives `f'`, as passes over whole matrices.

use crate::real::Real;
use crate::vmath;
use pulp::Arch;

/// Activation of one layer.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Activation {
    /// `f(z) = z`.
    Linear,
    /// `f(z) = max(z, 0)`, `f'(0) = 1`: the convention of the paper's toy networks.
    Relu,
    /// `f(z) = tanh z`.
    Tanh,
    /// `f(z) = tanh(max(z, 0))`, `f'(0) = 0`: the paper's network on real data.
    TanhRelu,
}

impl Activation {
    /// Writes `f(z)` to `activity`. Both slices have one value per sample and unit.
    pub fn apply<T: Real>(self, z: &[T], activity: &mut [T]) {
        let zero = T::zero();
        match self {
            Self::Linear => activity.copy_from_slice(z),
            Self::Relu => Arch::new().dispatch(
                #[inline(always)]
                || {
                    for (a, &z) in activity.iter_mut().zip(z) {
                        *a = if z >= zero { z } else { zero };
                    }
                },
            ),
            Self::Tanh => {
                activity.copy_from_slice(z);
                vmath::tanh_in_place(activity);
            }
            Self::TanhRelu => {
                Self::Relu.apply(z, activity);
                vmath::tanh_in_place(activity);
            }
        }
    }

    /// Multiplies `delta` by `f'(z)`. `activity` is `f(z)`, from which the derivative of tanh is known.
    pub fn multiply_derivative<T: Real>(self, z: &[T], activity: &[T], delta: &mut [T]) {
        let (zero, one) = (T::zero(), T::one());
        match self {
            Self::Linear => {}
            Self::Relu => Arch::new().dispatch(
                #[inline(always)]
                || {
                    for (d, &z) in delta.iter_mut().zip(z) {
                        // Loaded first: a choice between two addresses would not vectorise.
                        let error = *d;
                        *d = if z >= zero { error } else { zero };
                    }
                },
            ),
            Self::Tanh => Arch::new().dispatch(
                #[inline(always)]
                || {
                    for (d, &a) in delta.iter_mut().zip(activity) {
                        *d *= one - a * a;
                    }
                },
            ),
            Self::TanhRelu => Arch::new().dispatch(
                #[inline(always)]
                || {
                    for ((d, &z), &a) in delta.iter_mut().zip(z).zip(activity) {
                        let error = *d * (one - a * a);
                        *d = if z > zero { error } else { zero };
                    }
                },
            ),
        }
    }
}
