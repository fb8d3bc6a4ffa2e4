//! Elementary functions on one value.
//!
//! Only correctly rounded operations are used (no fused multiply-add); series are plain Taylor
//! series on reduced arguments.

/// Elementary functions on one value, written so that loops over them vectorise.
pub trait Elementary: Copy {
    /// `e^x`.
    fn exp(self) -> Self;
    /// `e^x - 1`, accurate also where `x` is small.
    fn exp_m1(self) -> Self;
    /// `tanh x`.
    fn tanh(self) -> Self;
    /// `sqrt(-2 ln u) (cos 2 pi v, sin 2 pi v)` with `u = (first + 1/2) / 2^32`, `v = second /
    /// 2^32`: two independent standard normals from two uniform words.
    fn normal_pair(first: u32, second: u32) -> (Self, Self);
}

/// `e^x = first * second * (1 + small)`, `first * second = 2^whole`.
struct Reduced<T> {
    small: T,
    first: T,
    second: T,
    whole: T,
}

macro_rules! reduce {
    ($t:ident, $x:expr, $mantissa:literal, $bias:literal, $terms:literal, $ln2_hi:literal,
        $ln2_lo:literal) => {{
        // Beyond these e^x is 0 or infinite in any case, and each factor stays a normal number.
        const LOWEST: $t = -(($bias + $mantissa + 2) as $t) * core::$t::consts::LN_2;
        const HIGHEST: $t = ($bias + 2) as $t * core::$t::consts::LN_2;
        // Adding and subtracting 1.5 * 2^mantissa rounds to a whole number.
        const ROUND: $t = 1.5 * (1u64 << $mantissa) as $t;
        let x = if $x < LOWEST { LOWEST } else { $x };
        let x = if x > HIGHEST { HIGHEST } else { x };
        let whole = (x * core::$t::consts::LOG2_E + ROUND) - ROUND;
        let r = (x - whole * $ln2_hi) - whole * $ln2_lo;
        // e^r - 1 = r (1 + r/2 (1 + r/3 (...))), innermost first.
        let mut series: $t = 1.0;
        let mut n = $terms;
        while n > 1 {
            series = 1.0 + series * (r * (1.0 / n as $t));
            n -= 1;
        }
        let half = (whole * 0.5 + ROUND) - ROUND;
        Reduced {
            small: r * series,
            first: power_of_two::<$t>(half),
            second: power_of_two::<$t>(whole - half),
            whole,
        }
    }};
}

macro_rules! elementary {
    ($t:ident, $bits:ident, $int:ident, mantissa $mantissa:literal, bias $bias:literal,
     exp $exp:literal, atanh $atanh:literal, circular $circular:literal,
     ln2 ($ln2_hi:literal, $ln2_lo:literal)) => {
        impl Elementary for $t {
            #[inline(always)]
            fn exp_m1(self) -> Self {
                let Reduced { small, first, second, whole } =
                    reduce!($t, self, $mantissa, $bias, $exp, $ln2_hi, $ln2_lo);
                let large = (first * small) * second + (first * second - 1.0);
                if whole == 0.0 { small } else { large }
            }

            #[inline(always)]
            fn exp(self) -> Self {
                let Reduced { small, first, second, .. } =
                    reduce!($t, self, $mantissa, $bias, $exp, $ln2_hi, $ln2_lo);
                (first * (1.0 + small)) * second
            }

            #[inline(always)]
            fn tanh(self) -> Self {
                let t = Elementary::exp_m1(-2.0 * self.abs());
                (-t / (t + 2.0)).copysign(self)
            }

            #[inline(always)]
            fn normal_pair(first: u32, second: u32) -> (Self, Self) {
                const INVERSE: $t = 1.0 / 4_294_967_296.0;
                // u = 2^e m with m in [sqrt(1/2), sqrt 2). Near 1, m - 1 is taken from the
                // complement of the word, so that small radii keep their relative accuracy.
                let u = (first as $t + 0.5) * INVERSE;
                let shifted = u.to_bits().wrapping_sub(core::$t::consts::FRAC_1_SQRT_2.to_bits());
                let exponent = ((shifted as $int) >> $mantissa) as $t;
                let m = $t::from_bits(
                    (shifted & ((1 << $mantissa) - 1))
                        .wrapping_add(core::$t::consts::FRAC_1_SQRT_2.to_bits()),
                );
                let complement = -((!first) as $t + 0.5) * INVERSE;
                let near_one = first >= 0xb504_f334;
                let f = if near_one { complement } else { m - 1.0 };
                let exponent = if near_one { 0.0 } else { exponent };
                // ln(1 + f) = 2 atanh(s), s = f / (2 + f).
                let s = f / (2.0 + f);
                let s2 = s * s;
                let mut series: $t = 1.0 / (2 * $atanh + 1) as $t;
                let mut n = $atanh;
                while n > 0 {
                    n -= 1;
                    series = 1.0 / (2 * n + 1) as $t + series * s2;
                }
                let ln = exponent * core::$t::consts::LN_2 + 2.0 * s * series;
                let radius = (-2.0 * ln).sqrt();

                // The two top bits, rounded, give the quadrant, the rest an angle in [-pi/4, pi/4).
                let turned = second.wrapping_add(1 << 29);
                let quadrant = turned >> 30;
                let rest = (turned & ((1 << 30) - 1)) as i32 - (1 << 29);
                let angle = rest as $t * (core::$t::consts::TAU * INVERSE);
                let a2 = angle * angle;
                let (mut sin, mut cos): ($t, $t) = (1.0, 1.0);
                let mut n = $circular;
                while n > 0 {
                    cos = 1.0 - cos * (a2 * (1.0 / ((2 * n) * (2 * n - 1)) as $t));
                    sin = 1.0 - sin * (a2 * (1.0 / ((2 * n) * (2 * n + 1)) as $t));
                    n -= 1;
                }
                let sin = sin * angle;
                let (x, y) = if quadrant & 1 == 0 { (cos, sin) } else { (sin, cos) };
                let x = if (quadrant + 1) & 2 == 0 { x } else { -x };
                let y = if quadrant & 2 == 0 { y } else { -y };
                (radius * x, radius * y)
            }
        }

        impl PowerOfTwo for $t {
            #[inline(always)]
            fn power_of_two(k: Self) -> Self {
                // The mantissa bits of k + 1.5 * 2^mantissa + bias hold k + bias.
                const ROUND: $t = 1.5 * (1u64 << $mantissa) as $t;
                $t::from_bits((k + (ROUND + $bias as $t)).to_bits() << $mantissa)
            }
        }
    };
}

/// `2^k` for a whole `k` within the range of normal exponents.
trait PowerOfTwo {
    fn power_of_two(k: Self) -> Self;
}

#[inline(always)]
fn power_of_two<T: PowerOfTwo>(k: T) -> T {
    T::power_of_two(k)
}

elementary!(f32, u32, i32, mantissa 23, bias 127, exp 8, atanh 5, circular 5,
    ln2 (0.693_359_4, -2.121_944_4e-4));
elementary!(f64, u64, i64, mantissa 52, bias 1023, exp 14, atanh 11, circular 9,
    ln2 (0.693_147_180_369_123_8, 1.908_214_929_270_587_7e-10));
