//! Axes: their ends, where their ticks stand, and what these say.

use super::style::SMALL;
use super::{FigureError, text};
use plotters::style::FontStyle;

/// A tick: where, and its label.
pub(super) type Tick = (f64, String);

/// Fewest ticks wanted.
const FEWEST: usize = 4;
/// Smallest extent of an axis in relation to its values: what is left of it must be exact enough to
/// be ticked.
const FINEST: f64 = 1e-9;

/// Ends of an axis: as asked, or those of the values with `margin` (a share of the extent) beyond
/// them as far as `limits` allow.
pub(super) fn ends(
    asked: Option<[f64; 2]>,
    limits: Option<[f64; 2]>,
    values: impl Iterator<Item = f64>,
    margin: f64,
) -> Option<[f64; 2]> {
    let [low, high] = asked.unwrap_or_else(|| {
        let [low, high] = values
            .filter(|v| v.is_finite())
            .fold([f64::INFINITY, f64::NEG_INFINITY], |[low, high], v| [low.min(v), high.max(v)]);
        let size = low.abs().max(high.abs());
        let room = match high - low {
            extent if extent > 2.0 * FINEST * size => margin * extent,
            _ if size > 0.0 => 0.05 * size,
            _ => 0.5,
        };
        let [least, most] = limits.unwrap_or([f64::NEG_INFINITY, f64::INFINITY]);
        [(low - room).max(least), (high + room).min(most)]
    });
    let extent = high - low;
    (extent.is_finite() && extent > FINEST * low.abs().max(high.abs())).then_some([low, high])
}

/// Round values within `ends`, coarse ones but at least four if so many labels find room, which
/// `fit` decides.
///
/// Degrees are counted in parts of the right angle where these are coarse enough.
pub(super) fn ticks<E>(
    ends: [f64; 2],
    degrees: bool,
    fit: impl Fn(&[Tick]) -> Result<bool, E>,
) -> Result<Vec<Tick>, E> {
    let [low, high] = ends;
    let extent = high - low;
    let degrees = degrees && extent <= 360.0;
    let largest = extent.log10().ceil() as i32;
    let parts = [90.0, 45.0, 30.0, 15.0].map(|step| (step, 0));
    // Ends that are the same have no logarithm of their distance, and no round values between them.
    let powers = largest.checked_sub(4).into_iter().flat_map(|finest| (finest..=largest).rev());
    let decimal = powers.flat_map(|e| [5.0, 2.0, 1.0].map(|digit| (digit * 10f64.powi(e), e)));
    let steps = parts
        .into_iter()
        .filter(|_| degrees)
        .chain(decimal.filter(|(step, _)| !degrees || *step < 15.0))
        // Steps below the smallest number of full precision lead nowhere.
        .filter(|(step, _)| step.is_normal());
    let mut best = Vec::new();
    for (step, exponent) in steps {
        let (first, last) =
            ((low / step - 1e-6).ceil() as i64, (high / step + 1e-6).floor() as i64);
        let size = low.abs().max(high.abs());
        let ticks: Vec<Tick> = (first..=last)
            .map(|i| i as f64 * step)
            .map(|value| (value.clamp(low, high), label(value, exponent, size)))
            .collect();
        if !best.is_empty() && !fit(&ticks)? {
            break;
        }
        best = ticks;
        if best.len() >= FEWEST {
            break;
        }
    }
    Ok(best)
}

/// Fewest powers of ten on an axis that has no other ticks.
const FEWEST_DECADES: usize = 3;

/// Ticks of an axis whose `ends` are decimal logarithms: powers of ten, every so many that they
/// find room; of an axis with few of them, 2 and 5 times these too; of one shorter than that, round
/// values.
pub(super) fn decades<E>(
    ends: [f64; 2],
    fit: impl Fn(&[Tick]) -> Result<bool, E>,
) -> Result<Vec<Tick>, E> {
    let powers = powers(ends, &fit)?;
    let is_plain = ends.iter().all(|end| (-3.0..5.0).contains(end));
    if powers.len() >= FEWEST_DECADES || !is_plain {
        return Ok(powers);
    }
    let values = (ends[0].floor() as i32..=ends[1].floor() as i32)
        .flat_map(|p| [1.0, 2.0, 5.0].map(|d| (d, p)));
    let values = values.map(|(digit, power)| (digit * 10f64.powi(power), power));
    let within =
        values.filter(|(value, _)| (ends[0] - 1e-9..=ends[1] + 1e-9).contains(&value.log10()));
    let between: Vec<Tick> =
        within.map(|(value, power)| (value.log10(), label(value, power, value))).collect();
    if between.len() >= FEWEST_DECADES && fit(&between)? {
        return Ok(between);
    }
    if powers.len() > 1 {
        return Ok(powers);
    }
    let logarithms = |ticks: &[Tick]| {
        ticks.iter().map(|(at, name)| (at.log10(), name.clone())).collect::<Vec<_>>()
    };
    let round = ticks(ends.map(|end| 10f64.powf(end)), false, |ticks| fit(&logarithms(ticks)))?;
    Ok(logarithms(&round))
}

/// Powers of ten within `ends`, which are decimal logarithms, every so many that they find room.
fn powers<E>(ends: [f64; 2], fit: impl Fn(&[Tick]) -> Result<bool, E>) -> Result<Vec<Tick>, E> {
    let [low, high] = ends.map(|end| end.clamp(-400.0, 400.0));
    let powers = (low - 1e-6).ceil() as i32..=(high + 1e-6).floor() as i32;
    for step in 1..=400 {
        let chosen = powers.clone().filter(|p| p.rem_euclid(step) == 0);
        let ticks: Vec<Tick> = chosen.map(|p| (f64::from(p), format!("10{}", raised(p)))).collect();
        if fit(&ticks)? {
            return Ok(ticks);
        }
    }
    Ok(Vec::new())
}

/// Widths of the labels of ticks.
pub(super) fn widths(ticks: &[Tick]) -> Result<Vec<i32>, FigureError> {
    ticks.iter().map(|(_, label)| text::width(label, SMALL, FontStyle::Normal)).collect()
}

/// Ticks, with those labels left empty that would come too close to the one before on an axis of
/// this length; `size` is how much of it a label takes.
pub(super) fn apart<E>(
    mut ticks: Vec<Tick>,
    [low, high]: [f64; 2],
    length: i32,
    size: impl Fn(&str) -> Result<i32, E>,
) -> Result<Vec<Tick>, E> {
    let mut free = f64::NEG_INFINITY;
    for (at, name) in &mut ticks {
        let middle = (*at - low) / (high - low) * f64::from(length);
        let half = 0.5 * f64::from(size(name)?);
        if middle - half < free {
            name.clear();
        } else {
            free = middle + half;
        }
    }
    Ok(ticks)
}

/// `value` to the last digit that a step of 10^`exponent` changes; powers of ten where the axis is
/// very long or short.
fn label(value: f64, exponent: i32, size: f64) -> String {
    let text = if !(1e-3..1e6).contains(&size) {
        scientific(value, exponent)
    } else {
        format!("{value:.*}", usize::try_from(-exponent).unwrap_or(0))
    };
    let is_zero = text.chars().all(|c| matches!(c, '0' | '.' | '-'));
    if is_zero { "0".into() } else { text.replace('-', "−") }
}

fn scientific(value: f64, exponent: i32) -> String {
    if value.abs() < 0.5 * 10f64.powi(exponent) {
        return "0".into();
    }
    let power = (value.abs() * (1.0 + 1e-9)).log10().floor() as i32;
    let digits = usize::try_from(power - exponent).unwrap_or(0);
    format!("{:.digits$}×10{}", value / 10f64.powi(power), raised(power))
}

/// A whole number in superscripts.
fn raised(power: i32) -> String {
    let superscript = |c: char| match c {
        '-' => '⁻',
        _ => c.to_digit(10).and_then(|d| "⁰¹²³⁴⁵⁶⁷⁸⁹".chars().nth(d as usize)).unwrap_or(c),
    };
    power.to_string().chars().map(superscript).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn labels(ends: [f64; 2], degrees: bool) -> String {
        let all: Result<_, ()> = ticks(ends, degrees, |_| Ok(true));
        all.unwrap().into_iter().map(|(_, label)| label).collect::<Vec<_>>().join(" ")
    }

    #[test]
    fn ticks_are_round_and_short() {
        assert_eq!(labels([0.0, 1500.0], false), "0 500 1000 1500");
        assert_eq!(labels([0.0, 20.0], false), "0 5 10 15 20");
        assert_eq!(labels([0.09, 0.98], false), "0.2 0.4 0.6 0.8");
        assert_eq!(labels([-1.0, 1.0], false), "−1.0 −0.5 0 0.5 1.0");
        assert_eq!(labels([0.0, 4e6], false), "0 1×10⁶ 2×10⁶ 3×10⁶ 4×10⁶");
        assert_eq!(labels([1e-7, 6e-7], false), "1×10⁻⁷ 2×10⁻⁷ 3×10⁻⁷ 4×10⁻⁷ 5×10⁻⁷ 6×10⁻⁷");
        assert_eq!(labels([1e6, 1e6 + 4.0], false).split(' ').count(), 5);
    }

    #[test]
    fn decades_are_thinned_to_what_fits() {
        let labels = |ends, most: usize| {
            let all: Result<_, ()> = decades(ends, |ticks| Ok(ticks.len() <= most));
            all.unwrap().into_iter().map(|(_, label)| label).collect::<Vec<_>>().join(" ")
        };
        assert_eq!(labels([-1.0, 3.2], 9), "10⁻¹ 10⁰ 10¹ 10² 10³");
        assert_eq!(labels([-1.0, 3.2], 3), "10⁰ 10²");
    }

    #[test]
    fn degrees_are_counted_in_parts_of_the_right_angle() {
        assert_eq!(labels([0.0, 95.0], true), "0 30 60 90");
        assert_eq!(labels([34.0, 94.0], true), "45 60 75 90");
        assert_eq!(labels([0.0, 180.0], true), "0 45 90 135 180");
        assert_eq!(labels([88.0, 92.0], true), "88 89 90 91 92");
    }

    #[test]
    fn ends_of_values_keep_to_limits_and_ends_asked_for_do_not() {
        let limits = Some([0.0, 100.0]);
        assert_eq!(ends(None, limits, [40.0, 99.0].into_iter(), 0.1), Some([34.1, 100.0]));
        assert_eq!(ends(None, limits, [0.0, 0.0].into_iter(), 0.1), Some([0.0, 0.5]));
        assert_eq!(ends(Some([-5.0, 105.0]), limits, std::iter::empty(), 0.1), Some([-5.0, 105.0]));
    }

    #[test]
    fn ends_must_leave_an_extent() {
        assert_eq!(ends(None, None, [1.0, 3.0, f64::NAN].into_iter(), 0.5), Some([0.0, 4.0]));
        assert_eq!(ends(None, None, [0.0].into_iter(), 0.1), Some([-0.5, 0.5]));
        assert_eq!(ends(None, None, std::iter::empty(), 0.1), None);
        assert_eq!(ends(None, None, [-1e308, 1.7e308].into_iter(), 0.1), None);
        for asked in
            [[1.0, 1.0], [2.0, 1.0], [f64::NAN, 1.0], [0.0, f64::INFINITY], [1e17, 1e17 + 16.0]]
        {
            assert_eq!(ends(Some(asked), None, std::iter::empty(), 0.1), None, "{asked:?}");
        }
    }
}
