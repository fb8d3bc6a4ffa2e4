//! Vectorised elementary functions and reductions: the same bits at every SIMD level.
//!
//! Only correctly rounded operations are used (no fused multiply-add), and sums have a fixed lane
//! structure, so that a wider instruction set changes the speed and nothing else. Series are plain
//! Taylor series on reduced arguments.

use crate::real::{Elementary, Real};
use pulp::{Arch, Simd, WithSimd};
use std::marker::PhantomData;

/// A loop to be compiled for every SIMD level. A closure would do, if the compiler could be made to
/// inline it.
pub(crate) trait Kernel<A> {
    /// What it gives.
    type Output;
    /// The loop; to be `#[inline(always)]`.
    fn run(arguments: A) -> Self::Output;
}

struct Dispatch<K, A>(PhantomData<K>, A);

impl<K: Kernel<A>, A> WithSimd for Dispatch<K, A> {
    type Output = K::Output;
    #[inline(always)]
    fn with_simd<S: Simd>(self, _: S) -> K::Output {
        K::run(self.1)
    }
}

/// Runs a kernel with the widest SIMD instructions of the machine.
pub(crate) fn vectorise<K: Kernel<A>, A>(_: K, arguments: A) -> K::Output {
    Arch::new().dispatch(Dispatch::<K, A>(PhantomData, arguments))
}

/// Width of the SIMD instructions that kernels run with, in words.
pub fn simd_level() -> String {
    struct Lanes;
    impl WithSimd for Lanes {
        type Output = usize;
        fn with_simd<S: Simd>(self, _: S) -> usize {
            size_of::<S::f64s>() / size_of::<f64>()
        }
    }
    match Arch::new().dispatch(Lanes) {
        1 => "none".into(),
        lanes => format!("{lanes} doubles, {} singles at once", 2 * lanes),
    }
}

struct Exp;
impl<T: Real> Kernel<&mut [T]> for Exp {
    type Output = ();
    #[inline(always)]
    fn run(values: &mut [T]) {
        for value in values {
            *value = Elementary::exp(*value);
        }
    }
}

/// Replaces every `x` by `e^x`.
pub fn exp_in_place<T: Real>(values: &mut [T]) {
    vectorise(Exp, values);
}

struct Tanh;
impl<T: Real> Kernel<&mut [T]> for Tanh {
    type Output = ();
    #[inline(always)]
    fn run(values: &mut [T]) {
        for value in values {
            *value = Elementary::tanh(*value);
        }
    }
}

/// Replaces every `x` by `tanh x`.
pub fn tanh_in_place<T: Real>(values: &mut [T]) {
    vectorise(Tanh, values);
}

/// Lanes of a sum. Value `i` goes to lane `i mod LANES`, whatever the instruction set.
const LANES: usize = 16;

/// Adds the lanes in a fixed tree.
#[inline(always)]
fn tree(mut lanes: [f64; LANES]) -> f64 {
    let mut width = LANES / 2;
    while width > 0 {
        for i in 0..width {
            lanes[i] += lanes[i + width];
        }
        width /= 2;
    }
    lanes[0]
}

/// Sum over `term(a_i, b_i)`, in double precision.
#[inline(always)]
fn sum_over<A: Real, B: Real>(a: &[A], b: &[B], term: impl Fn(f64, f64) -> f64) -> f64 {
    let mut lanes = [0.0f64; LANES];
    let (a_chunks, b_chunks) = (a.chunks_exact(LANES), b.chunks_exact(LANES));
    let rest = a_chunks.remainder().iter().zip(b_chunks.remainder());
    for (a, b) in a_chunks.zip(b_chunks) {
        for i in 0..LANES {
            lanes[i] += term(a[i].to_f64(), b[i].to_f64());
        }
    }
    for (lane, (a, b)) in lanes.iter_mut().zip(rest) {
        *lane += term(a.to_f64(), b.to_f64());
    }
    tree(lanes)
}

struct Dot;
impl<A: Real, B: Real> Kernel<(&[A], &[B])> for Dot {
    type Output = f64;
    #[inline(always)]
    fn run((a, b): (&[A], &[B])) -> f64 {
        sum_over(a, b, |x, y| x * y)
    }
}

/// Sum of squares, in double precision.
pub fn sum_squares<T: Real>(values: &[T]) -> f64 {
    vectorise(Dot, (values, values))
}

/// Inner product of two slices of equal length, in double precision.
pub fn dot<A: Real, B: Real>(a: &[A], b: &[B]) -> f64 {
    vectorise(Dot, (a, b))
}

/// `(s, |s x|)` for the values `x` and a power of two `s`, which is 1 unless the sum of squares
/// would leave the range of normal numbers. `None` for values that have no direction: all zero, or
/// not finite.
pub(crate) fn scaled_norm<T: Real>(values: &[T]) -> Option<(f64, f64)> {
    let sum = sum_squares(values);
    if (1e-280..1e300).contains(&sum) {
        return Some((1.0, sum.sqrt()));
    }
    let largest = values.iter().fold(0.0f64, |m, v| m.max(v.to_f64().abs()));
    if largest == 0.0 || !all_finite(values) {
        return None;
    }
    // A power of two scales without rounding.
    let scale = (-(largest.log2().floor()).clamp(-1022.0, 1022.0)).exp2();
    let sum: f64 = values.iter().map(|v| (v.to_f64() * scale).powi(2)).sum();
    Some((scale, sum.sqrt()))
}

struct DifferenceAndSum;
impl<A: Real, B: Real> Kernel<(&[A], f64, &[B], f64)> for DifferenceAndSum {
    type Output = (f64, f64);
    #[inline(always)]
    fn run((a, u, b, v): (&[A], f64, &[B], f64)) -> (f64, f64) {
        // One after the other: sums and differences in one loop are mixed into narrower vectors.
        let difference = sum_over(a, b, |x, y| (x * u - y * v) * (x * u - y * v));
        (difference, sum_over(a, b, |x, y| (x * u + y * v) * (x * u + y * v)))
    }
}

/// `(|u a - v b|^2, |u a + v b|^2)` for factors `u`, `v`: what an angle is made of.
pub fn squared_difference_and_sum<A: Real, B: Real>(
    a: &[A],
    u: f64,
    b: &[B],
    v: f64,
) -> (f64, f64) {
    vectorise(DifferenceAndSum, (a, u, b, v))
}

/// Squared norms of columns, in double precision.
struct SquaredColumnNorms;
impl<T: Real> Kernel<(&[T], &mut [f64])> for SquaredColumnNorms {
    type Output = ();
    #[inline(always)]
    fn run((values, sums): (&[T], &mut [f64])) {
        for row in values.chunks_exact(sums.len()) {
            for (sum, value) in sums.iter_mut().zip(row) {
                *sum += value.to_f64() * value.to_f64();
            }
        }
    }
}

/// Squared Euclidean norm of every one of `columns` columns, in double precision, of values row
/// after row.
pub fn squared_column_norms<T: Real>(values: &[T], columns: usize) -> Vec<f64> {
    let mut sums = vec![0.0; columns];
    if !sums.is_empty() {
        vectorise(SquaredColumnNorms, (values, &mut sums[..]));
    }
    sums
}

struct ScaleColumns;
impl<T: Real> Kernel<(&mut [T], &[T])> for ScaleColumns {
    type Output = ();
    #[inline(always)]
    fn run((values, factors): (&mut [T], &[T])) {
        for row in values.chunks_exact_mut(factors.len()) {
            for (value, &factor) in row.iter_mut().zip(factors) {
                *value *= factor;
            }
        }
    }
}

/// Multiplies every column by its factor, of values row after row.
pub fn scale_columns<T: Real>(values: &mut [T], factors: &[T]) {
    if !factors.is_empty() {
        vectorise(ScaleColumns, (values, factors));
    }
}

struct AllFinite;
impl<T: Real> Kernel<&[T]> for AllFinite {
    type Output = bool;
    #[inline(always)]
    fn run(values: &[T]) -> bool {
        // To the end, whatever is found: a loop with a way out would not vectorise.
        values.iter().fold(true, |all, x| all & x.is_finite())
    }
}

/// Whether no value is infinite or NaN.
pub fn all_finite<T: Real>(values: &[T]) -> bool {
    vectorise(AllFinite, values)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn grid(low: f64, high: f64, n: usize) -> impl Iterator<Item = f64> {
        (0..=n).map(move |i| low + (high - low) * i as f64 / n as f64)
    }

    /// Largest error in units of the last place of the exact value.
    fn ulps<T: Real>(pairs: impl Iterator<Item = (T, f64)>, epsilon: f64) -> f64 {
        pairs
            .map(|(got, exact)| {
                let unit = exact.abs().max(1e-30) * epsilon;
                (got.to_f64() - exact).abs() / unit
            })
            .fold(0.0, f64::max)
    }

    #[test]
    fn exp_and_tanh_are_accurate_to_a_few_units_of_the_last_place() {
        let xs = || grid(-20.0, 20.0, 200_000).chain(grid(-1e-3, 1e-3, 2001));
        let single = |f: fn(f32) -> f32, exact: fn(f64) -> f64| {
            ulps(xs().map(|x| (f(x as f32), exact(f64::from(x as f32)))), f64::from(f32::EPSILON))
        };
        let double = |f: fn(f64) -> f64, exact: fn(f64) -> f64| {
            ulps(xs().map(|x| (f(x), exact(x))), f64::EPSILON)
        };
        let errors = [
            single(Elementary::exp, f64::exp),
            double(Elementary::exp, f64::exp),
            single(Elementary::exp_m1, f64::exp_m1),
            double(Elementary::exp_m1, f64::exp_m1),
            single(Elementary::tanh, f64::tanh),
            double(Elementary::tanh, f64::tanh),
        ];
        assert!(errors.iter().all(|&e| e < 4.0), "{errors:?}");
    }

    #[test]
    fn extremes_saturate_and_nan_propagates() {
        fn check<T: Real>() {
            let far = T::from_f64(1e30);
            let mut values = [
                far,
                -far,
                T::zero(),
                -T::zero(),
                T::from_f64(f64::NAN),
                T::from_f64(f64::INFINITY),
            ];
            tanh_in_place(&mut values);
            assert_eq!(
                values[..3].iter().map(|v| v.to_f64()).collect::<Vec<_>>(),
                [1.0, -1.0, 0.0]
            );
            assert!(values[3].to_f64().is_sign_negative() && values[4].to_f64().is_nan());
            assert_eq!(values[5].to_f64(), 1.0);
            let mut values = [far, -far, T::zero(), T::from_f64(f64::NAN)];
            exp_in_place(&mut values);
            assert!(
                values[0].to_f64().is_infinite()
                    && values[1].to_f64() == 0.0
                    && values[2].to_f64() == 1.0
            );
            assert!(values[3].to_f64().is_nan());
        }
        check::<f32>();
        check::<f64>();
    }

    #[test]
    fn normal_pairs_follow_their_definition() {
        let mut word = 12_345u32;
        let mut worst = [0.0f64; 2];
        let edges =
            [0, 1, 2, 1 << 29, 1 << 30, 1 << 31, 0xb504_f333, 0xb504_f334, u32::MAX - 1, u32::MAX];
        let mut check = |first: u32, second: u32| {
            let u = (f64::from(first) + 0.5) / 4_294_967_296.0;
            let ln = if u > 0.7 {
                (-(f64::from(!first) + 0.5) / 4_294_967_296.0).ln_1p()
            } else {
                u.ln()
            };
            let radius = (-2.0 * ln).sqrt();
            let angle = f64::from(second) / 4_294_967_296.0 * std::f64::consts::TAU;
            let exact = [radius * angle.cos(), radius * angle.sin()];
            let (single, double) =
                (f32::normal_pair(first, second), f64::normal_pair(first, second));
            for (got, exact) in [f64::from(single.0), f64::from(single.1)].iter().zip(exact) {
                worst[0] = worst[0].max((got - exact).abs() / radius / f64::from(f32::EPSILON));
            }
            for (got, exact) in [double.0, double.1].iter().zip(exact) {
                worst[1] = worst[1].max((got - exact).abs() / radius / f64::EPSILON);
            }
        };
        for first in edges {
            edges.iter().for_each(|&second| check(first, second));
        }
        for _ in 0..200_000 {
            let first = word.wrapping_mul(747_796_405).wrapping_add(2_891_336_453);
            word = first.wrapping_mul(1_664_525).wrapping_add(1_013_904_223);
            check(first, word);
        }
        assert!(worst[0] < 4.0 && worst[1] < 8.0, "{worst:?}");
        let largest = f64::normal_pair(0, 0).0;
        assert!((largest - (66.0 * std::f64::consts::LN_2).sqrt()).abs() < 1e-12, "{largest}");
    }

    #[test]
    fn dispatch_does_not_change_a_bit() {
        let values: Vec<f32> = grid(-30.0, 30.0, 9999).map(|x| x as f32).collect();
        let mut dispatched = values.clone();
        tanh_in_place(&mut dispatched);
        assert!(
            values
                .iter()
                .zip(&dispatched)
                .all(|(v, d)| Elementary::tanh(*v).to_bits() == d.to_bits())
        );
        let plain = Dot::run((&values[..], &values[..]));
        assert_eq!(plain.to_bits(), sum_squares(&values).to_bits());
        assert_eq!(dot(&values, &values).to_bits(), plain.to_bits());
    }

    #[test]
    fn finiteness_sees_every_place() {
        for bad in [f32::NAN, f32::INFINITY, f32::NEG_INFINITY] {
            for at in [0, 15, 63, 64, 99, 128, 136] {
                let mut values = vec![1.0f32; 137];
                assert!(all_finite(&values));
                values[at] = bad;
                assert!(!all_finite(&values), "{bad} at {at}");
            }
        }
    }
}
