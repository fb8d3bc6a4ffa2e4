//! Numbers in sentences and tables.

/// From here on numbers are shown by their power of ten.
const LARGE: f64 = 1e6;

/// A number to three decimals, or two digits where it is smaller, without needless zeros; by its
/// power of ten where it is large.
pub(crate) fn short(value: f64) -> String {
    if value != 0.0 && value.abs() < 0.01 {
        return format!("{value:.1e}");
    }
    if value.abs() >= LARGE {
        return format!("{value:.3e}");
    }
    let text = format!("{value:.3}");
    text.trim_end_matches('0').trim_end_matches('.').to_string()
}

/// A number to `digits` decimals; by its power of ten where these would show nothing of it, or where
/// it is large.
#[cfg(feature = "cli")]
pub(crate) fn decimals(value: f64, digits: usize) -> String {
    let least = 0.5 * 0.1_f64.powi(digits as i32);
    if value == 0.0 || !value.is_finite() || (least..LARGE).contains(&value.abs()) {
        format!("{value:.digits$}")
    } else {
        format!("{value:.1e}")
    }
}

/// The same with its sign.
#[cfg(feature = "cli")]
pub(crate) fn signed(value: f64, digits: usize) -> String {
    let sign = if value.is_sign_negative() { "" } else { "+" };
    format!("{sign}{}", decimals(value, digits))
}

/// A mean and its interval to two decimals: to four where two do not tell its ends apart, and by
/// their powers of ten where all are small or one is large.
pub(crate) fn with_interval(mean: f64, [low, high]: [f64; 2]) -> String {
    let largest = mean.abs().max(low.abs()).max(high.abs());
    if !(0.01..LARGE).contains(&largest) {
        return format!("{} [{}, {}]", short(mean), short(low), short(high));
    }
    let digits = if low != high && format!("{low:.2}") == format!("{high:.2}") { 4 } else { 2 };
    format!("{mean:.digits$} [{low:.digits$}, {high:.digits$}]")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn no_number_is_shown_as_nothing_or_as_a_row_of_digits() {
        let cases = [(0.0, "0"), (0.25, "0.25"), (-0.009, "-9.0e-3"), (1e150, "1.000e150")];
        for (value, text) in cases {
            assert_eq!(short(value), text);
        }
        let cases = [(0.0, "0.00"), (-0.004, "-4.0e-3"), (0.006, "0.01"), (2.5e9, "2.5e9")];
        for (value, text) in cases {
            assert_eq!(decimals(value, 2), text);
        }
    }

    #[test]
    fn the_ends_of_an_interval_are_told_apart() {
        let cases = [
            ((0.003, [-1.2, 1.3]), "0.00 [-1.20, 1.30]"),
            ((0.931, [0.9308, 0.9312]), "0.9310 [0.9308, 0.9312]"),
            ((1.0, [1.0, 1.0]), "1.00 [1.00, 1.00]"),
            ((2e-8, [1e-8, 3e-8]), "2.0e-8 [1.0e-8, 3.0e-8]"),
            ((4e150, [3e150, 5e150]), "4.000e150 [3.000e150, 5.000e150]"),
        ];
        for ((mean, ends), text) in cases {
            assert_eq!(with_interval(mean, ends), text);
        }
    }
}
