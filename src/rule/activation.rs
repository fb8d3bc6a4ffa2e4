//! Activations `f` and their derivatives `f'`, as passes over whole matrices.

use crate::real::Real;
use crate::vmath;
use pulp::Arch;
use statrs::function::erf::erf;

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
    /// `f(z) = max(z, 0.01 z)`, `f'(0) = 1`.
    LeakyRelu,
    /// `f(z) = 1 / (1 + e^-z)`.
    Sigmoid,
    /// `f(z) = erf(z / sqrt 2)`: the choice of the teacher-student literature (Saad & Solla 1995).
    Erf,
}

/// Slope of leaky ReLU below zero: PyTorch's default.
const LEAK: f64 = 0.01;

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
            Self::LeakyRelu => {
                let leak = T::from_f64(LEAK);
                Arch::new().dispatch(
                    #[inline(always)]
                    || {
                        for (a, &z) in activity.iter_mut().zip(z) {
                            *a = if z >= zero { z } else { leak * z };
                        }
                    },
                );
            }
            Self::Sigmoid => {
                // (1 + tanh(z / 2)) / 2 is the sigmoid, without overflow.
                let half = T::from_f64(0.5);
                for (a, &z) in activity.iter_mut().zip(z) {
                    *a = half * z;
                }
                vmath::tanh_in_place(activity);
                for a in activity {
                    *a = half + half * *a;
                }
            }
            Self::Erf => {
                for (a, &z) in activity.iter_mut().zip(z) {
                    *a = T::from_f64(erf(z.to_f64() * std::f64::consts::FRAC_1_SQRT_2));
                }
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
            Self::LeakyRelu => {
                let leak = T::from_f64(LEAK);
                Arch::new().dispatch(
                    #[inline(always)]
                    || {
                        for (d, &z) in delta.iter_mut().zip(z) {
                            let error = *d;
                            *d = if z >= zero { error } else { leak * error };
                        }
                    },
                );
            }
            Self::Sigmoid => {
                for (d, &a) in delta.iter_mut().zip(activity) {
                    *d *= a * (one - a);
                }
            }
            Self::Erf => {
                let peak = std::f64::consts::FRAC_2_SQRT_PI * std::f64::consts::FRAC_1_SQRT_2;
                for (d, &z) in delta.iter_mut().zip(z) {
                    *d *= T::from_f64(peak * (-0.5 * z.to_f64() * z.to_f64()).exp());
                }
            }
        }
    }
}
