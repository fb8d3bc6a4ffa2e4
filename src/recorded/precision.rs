//! What recorded values were once rounded to, whatever they are stored as now.

use crate::array::Stored;

/// A format of floating-point numbers, coarsest first.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum NumberFormat {
    /// bfloat16: 8 significant bits.
    Bfloat16,
    /// Half precision, `f2`: 11 significant bits.
    Half,
    /// Single precision, `f4`: 24 significant bits.
    Single,
    /// Double precision, `f8`: 53 significant bits.
    Double,
}

impl NumberFormat {
    /// Its name: `bf16`, `f16`, `f32` or `f64`.
    pub fn name(self) -> &'static str {
        match self {
            Self::Bfloat16 => "bf16",
            Self::Half => "f16",
            Self::Single => "f32",
            Self::Double => "f64",
        }
    }

    /// Significant bits, the leading one included.
    fn bits(self) -> u32 {
        match self {
            Self::Bfloat16 => 8,
            Self::Half => 11,
            Self::Single => 24,
            Self::Double => 53,
        }
    }

    /// Largest relative error of one rounding.
    pub fn unit(self) -> f64 {
        0.5f64.powi(self.bits() as i32)
    }
}

/// What the values of a member have in common: how many bits they take.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub struct Grid {
    /// Whether no value can take more bits than single precision has, as it is stored.
    stored_single: bool,
    /// Most significant bits that any value takes; 0 without a value that is no whole number.
    bits: u32,
    /// Whether half precision does not reach as far as a value.
    beyond_half: bool,
    /// Whether single precision does not reach as far as a value.
    beyond_single: bool,
    /// Sum of squares of the values.
    squares: f64,
    /// The same of the rounding that half precision makes of them, which is coarser below 2^-14.
    half_rounding: f64,
}

impl Grid {
    /// Of values that are stored like this.
    pub fn of(stored: Stored) -> Self {
        Self {
            stored_single: matches!(stored, Stored::F16 | Stored::Bf16 | Stored::F32),
            ..Self::default()
        }
    }

    /// With more values.
    pub fn add(&mut self, values: &[f64]) {
        let single = NumberFormat::Single.bits();
        for &value in values {
            // Nothing more is to be found out.
            if self.bits > single || self.stored_single && self.bits == single {
                return;
            }
            // Zeros and whole numbers, such as those of pixels, take few bits in any arithmetic.
            if value.fract() != 0.0 && value.is_finite() {
                self.add_fraction(value);
            }
        }
    }

    fn add_fraction(&mut self, value: f64) {
        let mantissa = value.to_bits() & ((1 << 52) - 1) | (1 << 52);
        self.bits = self.bits.max(53 - mantissa.trailing_zeros());
        // Exact in either, whatever the exponent.
        self.beyond_single |= f64::from(value as f32) != value;
        self.beyond_half |=
            value.abs() > LARGEST_HALF || (value * (1.0 / SMALLEST_HALF)).fract() != 0.0;
        if !self.beyond_half {
            self.squares += value * value;
            let rounding = (NumberFormat::Half.unit() * value.abs()).max(0.5 * SMALLEST_HALF);
            self.half_rounding += rounding * rounding;
        }
    }

    /// The format that the values were rounded to. `None` where they do not tell: without a
    /// fraction, or where all of them leave the last bits of the next format empty. Rounding fills
    /// these; values that were made of few bits do not.
    pub fn format(&self) -> Option<NumberFormat> {
        let single = NumberFormat::Single.bits();
        match self.bits {
            _ if self.beyond_single || self.bits > single => Some(NumberFormat::Double),
            24 => Some(NumberFormat::Single),
            11 if !self.beyond_half => Some(NumberFormat::Half),
            8 => Some(NumberFormat::Bfloat16),
            _ => None,
        }
    }

    /// Norm of the rounding of these values over theirs, at most; of half precision more than the
    /// unit of its format where the values are so small that their last bits are lost.
    pub(super) fn unit(&self) -> Option<f64> {
        let format = self.format()?;
        let lost =
            if self.squares > 0.0 { (self.half_rounding / self.squares).sqrt() } else { 0.0 };
        Some(if format == NumberFormat::Half { format.unit().max(lost) } else { format.unit() })
    }
}

/// Largest number of half precision.
const LARGEST_HALF: f64 = 65504.0;
/// Smallest positive number of half precision, 2^-24.
const SMALLEST_HALF: f64 = 1.0 / 16_777_216.0;

#[cfg(test)]
mod tests {
    use super::*;
    use crate::random::{Role, Stream};

    fn normals(n: usize) -> Vec<f64> {
        let mut values = vec![0.0; n];
        Stream::new(3, 0, Role::Signal).fill_normal(&mut values);
        values
    }

    /// The nearest of so many significant bits, none of them below `least`.
    fn rounded(values: &[f64], bits: i32, least: f64) -> Vec<f64> {
        let step = |v: f64| (2f64.powi(v.abs().log2().floor() as i32 + 1 - bits)).max(least);
        values
            .iter()
            .map(|&v| if v == 0.0 { 0.0 } else { (v / step(v)).round_ties_even() * step(v) })
            .collect()
    }

    fn format(values: &[f64]) -> Option<NumberFormat> {
        grid(values).format()
    }

    fn grid(values: &[f64]) -> Grid {
        let mut grid = Grid::default();
        grid.add(values);
        grid
    }

    #[test]
    fn formats_are_recognised_however_they_are_stored() {
        let values = normals(100);
        assert_eq!(format(&values), Some(NumberFormat::Double));
        let single: Vec<f64> = values.iter().map(|v| f64::from(*v as f32)).collect();
        assert_eq!(format(&single), Some(NumberFormat::Single));
        assert_eq!(format(&rounded(&values, 11, SMALLEST_HALF)), Some(NumberFormat::Half));
        assert_eq!(format(&rounded(&values, 8, 0.0)), Some(NumberFormat::Bfloat16));
        // The first state of a run in double precision, drawn in single, and the next ones.
        assert_eq!(format(&[single, values.clone()].concat()), Some(NumberFormat::Double));
        // As of rectified units: most values are zero.
        let rectified: Vec<f64> = rounded(&values, 11, 0.0).iter().map(|v| v.max(0.0)).collect();
        assert_eq!(format(&rectified), Some(NumberFormat::Half));
        // Numbers that single precision does not reach.
        assert_eq!(format(&[1.5e-60, 0.75]), Some(NumberFormat::Double));
    }

    #[test]
    fn values_made_of_few_bits_say_nothing_of_the_arithmetic() {
        let values = normals(100);
        let sixteenths: Vec<f64> = values.iter().map(|v| (16.0 * v).round() / 16.0).collect();
        let halves: Vec<f64> = values.iter().map(|v| v.signum() * 0.5).collect();
        let whole: Vec<f64> = (0..256).map(f64::from).collect();
        let sound: Vec<f64> = values.iter().map(|v| (v * 9000.0).round() / 32768.0).collect();
        for values in [sixteenths, halves, whole, sound, vec![0.0; 9], Vec::new()] {
            assert_eq!(format(&values), None, "{:?}", &values[..values.len().min(4)]);
        }
    }

    #[test]
    fn half_precision_rounds_small_numbers_by_more_than_its_unit() {
        let values = normals(400);
        assert_eq!(
            grid(&rounded(&values, 11, SMALLEST_HALF)).unit(),
            Some(NumberFormat::Half.unit())
        );
        let small: Vec<f64> = values.iter().map(|v| v * 4e-5).collect();
        let stored = rounded(&small, 11, SMALLEST_HALF);
        let unit = grid(&[&stored[..], &[0.000_976_085_662_841_796_9]].concat())
            .unit()
            .unwrap_or_default();
        let norm = |values: &[f64]| values.iter().map(|v| v * v).sum::<f64>().sqrt();
        let lost: Vec<f64> = small.iter().zip(&stored).map(|(a, b)| a - b).collect();
        assert!(norm(&lost) / norm(&small) <= unit && unit > NumberFormat::Half.unit(), "{unit}");
    }

    #[test]
    fn values_that_half_precision_does_not_reach_were_not_rounded_to_it() {
        // As many bits as it has, of which the last lie far below 2^-24.
        let small: Vec<f64> =
            rounded(&normals(100), 11, 0.0).iter().map(|v| v * 2f64.powi(-40)).collect();
        assert_eq!(format(&small), None);
        let bfloat: Vec<f64> =
            rounded(&normals(100), 8, 0.0).iter().map(|v| v * 2f64.powi(-40)).collect();
        assert_eq!(format(&bfloat), Some(NumberFormat::Bfloat16));
        assert_eq!(grid(&bfloat).unit(), Some(NumberFormat::Bfloat16.unit()));
    }
}
