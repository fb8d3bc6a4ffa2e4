//! How the values of an array are stored, and how they become double precision.

use half::{bf16, f16};

/// The type of stored values; widths in bytes.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Stored {
    /// Half precision (`f2`).
    F16,
    /// bfloat16, which NumPy stores as two bytes without a meaning (`V2`).
    Bf16,
    /// Single precision (`f4`).
    F32,
    /// Double precision (`f8`), and whatever is written as text.
    F64,
    /// Signed integers of 1, 2, 4 or 8 bytes.
    Int(u8),
    /// Unsigned integers of 1, 2, 4 or 8 bytes.
    Uint(u8),
    /// Truth values, read as 0 and 1.
    Bool,
}

impl Stored {
    /// Bytes of a value.
    pub fn width(self) -> usize {
        match self {
            Self::F16 | Self::Bf16 => 2,
            Self::F32 => 4,
            Self::F64 => 8,
            Self::Int(width) | Self::Uint(width) => width.into(),
            Self::Bool => 1,
        }
    }

    /// Unit roundoff: the largest relative error of a number stored in this type. `None` for whole
    /// numbers, which are exact.
    pub fn unit_roundoff(self) -> Option<f64> {
        match self {
            Self::F16 => Some(2f64.powi(-11)),
            Self::Bf16 => Some(2f64.powi(-8)),
            Self::F32 => Some(2f64.powi(-24)),
            Self::F64 => Some(2f64.powi(-53)),
            Self::Int(_) | Self::Uint(_) | Self::Bool => None,
        }
    }

    /// The type NumPy describes by a kind and a width in bytes; `None` if it is not read.
    pub(super) fn of(kind: char, width: u64) -> Option<Self> {
        match (kind, width) {
            ('f', 2) => Some(Self::F16),
            ('V', 2) => Some(Self::Bf16),
            ('f', 4) => Some(Self::F32),
            ('f', 8) => Some(Self::F64),
            ('i', 1 | 2 | 4 | 8) => Some(Self::Int(width as u8)),
            ('u', 1 | 2 | 4 | 8) => Some(Self::Uint(width as u8)),
            ('b', 1) => Some(Self::Bool),
            _ => None,
        }
    }

    /// Appends what `bytes` hold to `out`, in double precision. A rest shorter than a value is left
    /// out.
    pub(super) fn widen(self, bytes: &[u8], big_endian: bool, out: &mut Vec<f64>) {
        macro_rules! widened {
            ($t:ty, $to_f64:expr) => {{
                let values = bytes.as_chunks::<{ size_of::<$t>() }>().0.iter();
                // Chosen once and not for every value, so that the loops vectorise.
                if big_endian {
                    out.extend(values.map(|bytes| $to_f64(<$t>::from_be_bytes(*bytes))));
                } else {
                    out.extend(values.map(|bytes| $to_f64(<$t>::from_le_bytes(*bytes))));
                }
            }};
        }
        match self {
            Self::F16 => widened!(f16, f16::to_f64),
            Self::Bf16 => widened!(bf16, bf16::to_f64),
            Self::F32 => widened!(f32, f64::from),
            Self::F64 => widened!(f64, f64::from),
            Self::Int(1) => widened!(i8, f64::from),
            Self::Int(2) => widened!(i16, f64::from),
            Self::Int(4) => widened!(i32, f64::from),
            Self::Int(_) => widened!(i64, |v| v as f64),
            Self::Uint(1) | Self::Bool => widened!(u8, f64::from),
            Self::Uint(2) => widened!(u16, f64::from),
            Self::Uint(4) => widened!(u32, f64::from),
            Self::Uint(_) => widened!(u64, |v| v as f64),
        }
    }
}

/// What the header of an array says.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Header {
    /// Length of every dimension.
    pub shape: Vec<usize>,
    /// Type of its values.
    pub stored: Stored,
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn values_of_all_types_are_widened_either_way_round() {
        let read = |stored: Stored, bytes: &[u8], big| {
            let mut out = Vec::new();
            stored.widen(bytes, big, &mut out);
            out
        };
        // 1.5, -2 and the smallest subnormal.
        assert_eq!(
            read(Stored::F16, &[0, 0x3e, 0, 0xc0, 1, 0], false),
            [1.5, -2.0, 2f64.powi(-24)]
        );
        assert_eq!(read(Stored::F16, &[0x3e, 0, 0xc0, 0], true), [1.5, -2.0]);
        assert_eq!(read(Stored::Bf16, &[0xc0, 0x3f, 0, 0xc0], false), [1.5, -2.0]);
        assert_eq!(read(Stored::Int(2), &[0xff, 0xfe], true), [-2.0]);
        assert_eq!(read(Stored::Uint(2), &[0xff, 0xfe], false), [65279.0]);
        assert_eq!(read(Stored::Bool, &[0, 1], false), [0.0, 1.0]);
        for stored in
            [Stored::F16, Stored::Bf16, Stored::F32, Stored::F64, Stored::Int(8), Stored::Uint(4)]
        {
            assert_eq!(read(stored, &vec![0; 3 * stored.width() + 1], true), [0.0; 3]);
        }
    }

    #[test]
    fn the_unit_roundoff_is_half_the_distance_of_one_to_the_next_number() {
        assert_eq!(Stored::F16.unit_roundoff(), Some(f16::EPSILON.to_f64() / 2.0));
        assert_eq!(Stored::Bf16.unit_roundoff(), Some(bf16::EPSILON.to_f64() / 2.0));
        assert_eq!(Stored::F32.unit_roundoff(), Some(f64::from(f32::EPSILON) / 2.0));
        assert_eq!(Stored::F64.unit_roundoff(), Some(f64::EPSILON / 2.0));
        assert_eq!(Stored::Int(8).unit_roundoff(), None);
    }
}
