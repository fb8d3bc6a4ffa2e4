//! Activations `f` and their derivatives `f'`, as passes over whole matrices.

use crate::real::{Elementary, Real};
use crate::text::{Choice, Refused, Setting, expected, toml_list, toml_string};
use crate::vmath::{Kernel, vectorise};
use serde_json::Value as Json;
use statrs::function::erf::erf;
use std::marker::PhantomData;
use toml::de::DeValue;

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
    /// `f(z) = z Phi(z)`, `Phi` the distribution function of the standard normal, in its exact form
    /// (Hendrycks & Gimpel 2016).
    Gelu,
    /// `f(z) = z / (1 + e^-z)` (Hendrycks & Gimpel 2016; also called swish).
    Silu,
    /// `f(z) = z` above 0, `e^z - 1` below, `f'(0) = 1` (Clevert et al. 2016, with alpha 1).
    Elu,
    /// `f(z) = ln(1 + e^z)`.
    Softplus,
}

impl Choice for Activation {
    const CHOICES: &'static [(&'static str, Self)] = &[
        ("relu", Self::Relu),
        ("linear", Self::Linear),
        ("tanh", Self::Tanh),
        ("tanh-relu", Self::TanhRelu),
        ("leaky", Self::LeakyRelu),
        ("sigmoid", Self::Sigmoid),
        ("erf", Self::Erf),
        ("gelu", Self::Gelu),
        ("silu", Self::Silu),
        ("elu", Self::Elu),
        ("softplus", Self::Softplus),
    ];
    const ALIASES: &'static [(&'static str, Self)] =
        &[("leaky-relu", Self::LeakyRelu), ("swish", Self::Silu)];
}

/// One activation, or one per layer, the lowest first.
impl Setting for Vec<Activation> {
    type Bounds = ();

    fn expected((): &()) -> String {
        format!(
            "{}, or several separated by commas, the lowest layer first",
            expected::<Activation>()
        )
    }

    fn read(text: &str, (): &()) -> Result<Self, Refused> {
        text.split(',').map(|name| Activation::read(name.trim(), &())).collect()
    }

    fn toml_text(value: &DeValue<'_>, (): &()) -> Option<String> {
        toml_list(value, toml_string).or_else(|| toml_string(value))
    }

    fn json(&self, (): &()) -> Json {
        self.iter().map(|activation| activation.name()).collect::<Vec<_>>().join(",").into()
    }
}

/// Slope of leaky ReLU below zero: PyTorch's default.
const LEAK: f64 = 0.01;

/// An activation on one value, written so that loops over it vectorise.
pub(crate) trait Pointwise {
    /// `f(z)`.
    fn value<T: Real>(z: T) -> T;
    /// `error * f'(z)`, where `activity` is `f(z)`, from which the derivative of tanh is known.
    fn through<T: Real>(error: T, z: T, activity: T) -> T;
}

macro_rules! pointwise {
    ($name:ident, |$v:ident: $t:ident| $value:expr,
        |$error:ident, $z:ident, $a:ident| $through:expr) => {
        pub(crate) struct $name;
        impl Pointwise for $name {
            #[inline(always)]
            fn value<$t: Real>($v: $t) -> $t {
                $value
            }
            #[inline(always)]
            fn through<$t: Real>($error: $t, $z: $t, $a: $t) -> $t {
                $through
            }
        }
    };
}

pointwise!(Linear, |z: T| z, |error, _z, _a| error);
pointwise!(
    Relu,
    |z: T| if z >= T::zero() { z } else { T::zero() },
    |error, z, _a| if z >= T::zero() { error } else { T::zero() }
);
pointwise!(Tanh, |z: T| Elementary::tanh(z), |error, _z, a| error * (T::one() - a * a));
pointwise!(TanhRelu, |z: T| Elementary::tanh(Relu::value(z)), |error, z, a| {
    let error = error * (T::one() - a * a);
    if z > T::zero() { error } else { T::zero() }
});
pointwise!(
    LeakyRelu,
    |z: T| if z >= T::zero() { z } else { T::from_f64(LEAK) * z },
    |error, z, _a| if z >= T::zero() { error } else { T::from_f64(LEAK) * error }
);
// (1 + tanh(z / 2)) / 2 is the sigmoid, without overflow.
pointwise!(
    Sigmoid,
    |z: T| {
        let half = T::from_f64(0.5);
        half + half * Elementary::tanh(half * z)
    },
    |error, _z, a| error * (a * (T::one() - a))
);
pointwise!(
    Erf,
    |z: T| T::from_f64(erf(z.to_f64() * std::f64::consts::FRAC_1_SQRT_2)),
    |error, z, _a| {
        let peak = std::f64::consts::FRAC_2_SQRT_PI * std::f64::consts::FRAC_1_SQRT_2;
        error * T::from_f64(peak * (-0.5 * z.to_f64() * z.to_f64()).exp())
    }
);

pointwise!(
    Gelu,
    |z: T| {
        let z = z.to_f64();
        T::from_f64(z * below(z))
    },
    |error, z, _a| {
        let z = z.to_f64();
        let density = (-0.5 * z * z).exp() * PEAK_OF_NORMAL;
        error * T::from_f64(below(z) + z * density)
    }
);
pointwise!(Silu, |z: T| z * Sigmoid::value(z), |error, z, _a| {
    let s = Sigmoid::value(z);
    error * (s * (T::one() + z * (T::one() - s)))
});
pointwise!(Elu, |z: T| if z > T::zero() { z } else { Elementary::exp_m1(z) }, |error, z, a| if z
    > T::zero()
{
    error
} else {
    error * (a + T::one())
});
// max(z, 0) + ln(1 + e^-|z|), without overflow.
pointwise!(
    Softplus,
    |z: T| {
        let rest = libm::log1p(Elementary::exp(-z.abs()).to_f64());
        (if z > T::zero() { z } else { T::zero() }) + T::from_f64(rest)
    },
    |error, z, _a| error * Sigmoid::value(z)
);

/// Density of the standard normal at 0.
const PEAK_OF_NORMAL: f64 =
    0.5 * std::f64::consts::FRAC_2_SQRT_PI * std::f64::consts::FRAC_1_SQRT_2;

/// Share of the standard normal below `z`.
#[inline(always)]
fn below(z: f64) -> f64 {
    0.5 * libm::erfc(-z * std::f64::consts::FRAC_1_SQRT_2)
}

/// Evaluates an expression with a type that stands for the [`Pointwise`] of an activation.
macro_rules! for_activation {
    ($activation:expr, $p:ident => $body:expr) => {{
        use $crate::rule::activation as pointwise;
        match $activation {
            $crate::rule::Activation::Linear => for_activation!(@ $p = Linear, $body),
            $crate::rule::Activation::Relu => for_activation!(@ $p = Relu, $body),
            $crate::rule::Activation::Tanh => for_activation!(@ $p = Tanh, $body),
            $crate::rule::Activation::TanhRelu => for_activation!(@ $p = TanhRelu, $body),
            $crate::rule::Activation::LeakyRelu => for_activation!(@ $p = LeakyRelu, $body),
            $crate::rule::Activation::Sigmoid => for_activation!(@ $p = Sigmoid, $body),
            $crate::rule::Activation::Erf => for_activation!(@ $p = Erf, $body),
            $crate::rule::Activation::Gelu => for_activation!(@ $p = Gelu, $body),
            $crate::rule::Activation::Silu => for_activation!(@ $p = Silu, $body),
            $crate::rule::Activation::Elu => for_activation!(@ $p = Elu, $body),
            $crate::rule::Activation::Softplus => for_activation!(@ $p = Softplus, $body),
        }
    }};
    (@ $p:ident = $name:ident, $body:expr) => {{
        type $p = pointwise::$name;
        $body
    }};
}
pub(crate) use for_activation;

struct Apply<P>(PhantomData<P>);
impl<P: Pointwise, T: Real> Kernel<(&[T], &mut [T])> for Apply<P> {
    type Output = ();
    #[inline(always)]
    fn run((z, activity): (&[T], &mut [T])) {
        for (a, &z) in activity.iter_mut().zip(z) {
            *a = P::value(z);
        }
    }
}

struct MultiplyDerivative<P>(PhantomData<P>);
impl<P: Pointwise, T: Real> Kernel<(&[T], &[T], &mut [T])> for MultiplyDerivative<P> {
    type Output = ();
    #[inline(always)]
    fn run((z, activity, delta): (&[T], &[T], &mut [T])) {
        for ((d, &z), &a) in delta.iter_mut().zip(z).zip(activity) {
            // Loaded first: a choice between two addresses would not vectorise.
            let error = *d;
            *d = P::through(error, z, a);
        }
    }
}

impl Activation {
    /// Writes `f(z)` to `activity`. Both slices have one value per sample and unit.
    pub fn apply<T: Real>(self, z: &[T], activity: &mut [T]) {
        for_activation!(self, P => vectorise(Apply::<P>(PhantomData), (z, activity)));
    }

    /// Multiplies `delta` by `f'(z)`. `activity` is `f(z)`, from which the derivative of tanh is
    /// known.
    pub fn multiply_derivative<T: Real>(self, z: &[T], activity: &[T], delta: &mut [T]) {
        for_activation!(self,
            P => vectorise(MultiplyDerivative::<P>(PhantomData), (z, activity, delta)));
    }
}
