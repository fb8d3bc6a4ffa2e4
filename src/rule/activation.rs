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
    ];
    const ALIASES: &'static [(&'static str, Self)] = &[("leaky-relu", Self::LeakyRelu)];
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
    ($name:ident, |$v:ident: $t:ident| $value:expr, |$error:ident, $z:ident, $a:ident| $through:expr) => {
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
        for_activation!(self, P => vectorise(MultiplyDerivative::<P>(PhantomData), (z, activity, delta)));
    }
}
