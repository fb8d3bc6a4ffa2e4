//! The two floating-point types every numeric part is generic over.

mod elementary;

pub use elementary::Elementary;

use crate::text::Choice;
use crate::view::View;
use std::fmt::{Debug, Display};
use std::ops::{Add, AddAssign, Div, Mul, MulAssign, Neg, Sub, SubAssign};

/// Working precision.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Precision {
    /// 32-bit floats: training and timed work.
    F32,
    /// 64-bit floats: identities, theory, spectra.
    F64,
}

impl Choice for Precision {
    const CHOICES: &'static [(&'static str, Self)] = &[("f32", Self::F32), ("f64", Self::F64)];
}

/// `f32` or `f64`.
pub trait Real:
    faer::traits::ComplexField
    + Elementary
    + Copy
    + Debug
    + Display
    + PartialOrd
    + Default
    + Send
    + Sync
    + Add<Output = Self>
    + Sub<Output = Self>
    + Mul<Output = Self>
    + for<'a> Mul<View<'a, Self>, Output = View<'a, Self>>
    + Div<Output = Self>
    + Neg<Output = Self>
    + AddAssign
    + SubAssign
    + MulAssign
    + 'static
{
    /// Which of the two this is.
    const PRECISION: Precision;
    /// 0
    fn zero() -> Self;
    /// 1
    fn one() -> Self;
    /// Nearest value to `x`.
    fn from_f64(x: f64) -> Self;
    /// Exact widening.
    fn to_f64(self) -> f64;
    /// Neither infinite nor NaN.
    fn is_finite(self) -> bool;
    /// Absolute value.
    fn abs(self) -> Self;
    /// Square root, correctly rounded.
    fn sqrt(self) -> Self;
}

macro_rules! real {
    ($t:ty, $p:expr) => {
        impl Real for $t {
            const PRECISION: Precision = $p;
            #[inline(always)]
            fn zero() -> Self {
                0.0
            }
            #[inline(always)]
            fn one() -> Self {
                1.0
            }
            #[inline(always)]
            fn from_f64(x: f64) -> Self {
                x as $t
            }
            #[inline(always)]
            fn to_f64(self) -> f64 {
                f64::from(self)
            }
            #[inline(always)]
            fn is_finite(self) -> bool {
                <$t>::is_finite(self)
            }
            #[inline(always)]
            fn abs(self) -> Self {
                <$t>::abs(self)
            }
            #[inline(always)]
            fn sqrt(self) -> Self {
                <$t>::sqrt(self)
            }
        }
    };
}
real!(f32, Precision::F32);
real!(f64, Precision::F64);
