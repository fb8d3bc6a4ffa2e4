//! Ranges: values at equal distances or ratios, alone or in the place of a number in a longer text.

use super::settings::MOST_CONDITIONS;
use crate::text::{AnyParameter, Nature, Value};

/// Whether there are numbers among the values of a parameter.
pub(super) fn is_number(parameter: &dyn AnyParameter) -> bool {
    matches!(parameter.nature(), Nature::Number | Nature::Whole)
}

/// What a range looks like.
pub(super) const RANGE: &str =
    "lin:A..B:N or log:A..B:N: N values from A to B, such as log:1e-4..1e-2:5";

/// The values of a text with a range in it, if there is one: alone, or in the place of a number, as
/// in `ou:log:5ms..320ms:7`.
pub(super) fn range_in(
    parameter: &dyn AnyParameter,
    text: &str,
) -> Option<Result<Vec<Value>, String>> {
    Spacing::find(text).map(|(spacing, around, ends)| range(parameter, spacing, around, ends))
}

/// Whether a text is meant as a range, or holds one.
pub(super) fn has_range(text: &str) -> bool {
    Spacing::find(text).is_some()
}

/// How the values of a range follow each other.
#[derive(Clone, Copy, PartialEq)]
enum Spacing {
    /// At equal distances.
    Linear,
    /// At equal ratios.
    Logarithmic,
}

impl Spacing {
    /// The spacing of a text that is meant as a range or holds one, what stands around it, and the
    /// rest of it.
    fn find(text: &str) -> Option<(Self, [&str; 2], &str)> {
        let form = |spacing: Self, start: &str| {
            if let Some(rest) = text.strip_prefix(start) {
                return Some((spacing, ["", ""], rest));
            }
            let at = text
                .match_indices(start)
                .map(|(at, _)| at)
                .find(|&at| text[..at].ends_with([':', ',']))?;
            let rest = &text[at + start.len()..];
            let (range, after) = rest.split_at(rest.find(',').unwrap_or(rest.len()));
            range.contains("..").then_some((spacing, [&text[..at], after], range))
        };
        form(Self::Linear, "lin:").or_else(|| form(Self::Logarithmic, "log:"))
    }

    fn name(self) -> &'static str {
        match self {
            Self::Linear => "lin",
            Self::Logarithmic => "log",
        }
    }

    /// Value `i` of `n` from `a` to `b`, these included.
    fn value(self, [a, b]: [f64; 2], i: usize, n: usize) -> f64 {
        let (rest, i, last) = ((n - 1 - i) as f64, i as f64, (n - 1) as f64);
        match self {
            Self::Linear => (a * rest + b * i) / last,
            Self::Logarithmic => ((a.ln() * rest + b.ln() * i) / last).exp(),
        }
    }
}

/// The values of a range: ends as typed, what is between rounded to six digits, or to whole numbers
/// where the parameter is one.
fn range(
    parameter: &dyn AnyParameter,
    spacing: Spacing,
    [before, after]: [&str; 2],
    rest: &str,
) -> Result<Vec<Value>, String> {
    let (name, start) = (parameter.facts().name, spacing.name());
    if before.is_empty() && !is_number(parameter) {
        return Err(format!("{name} has no ranges, as it is no number: list its values"));
    }
    let malformed = || format!("{name} cannot be swept over `{start}:{rest}`: expected {RANGE}");
    let (ends, count) = rest.rsplit_once(':').ok_or_else(malformed)?;
    let [first, last] =
        ends.split_once("..").map(|(a, b)| [a, b].map(str::trim)).ok_or_else(malformed)?;
    let unit = unit_of(last);
    if !["", unit].contains(&unit_of(first)) {
        return Err(format!(
            "the range `{start}:{rest}` has ends of two units: give both the same"
        ));
    }
    let [first, last] = [first, last].map(|end| end.strip_suffix(unit).unwrap_or(end).trim_end());
    let number =
        |text: &str| text.parse().ok().filter(|n: &f64| n.is_finite()).ok_or_else(malformed);
    let (ends, n) =
        ([number(first)?, number(last)?], count.trim().parse::<usize>().map_err(|_| malformed())?);
    if !(2..=MOST_CONDITIONS).contains(&n) {
        return Err(format!("a range has from 2 to {MOST_CONDITIONS} values, not {n}"));
    }
    if spacing == Spacing::Logarithmic && ends.iter().any(|&end| end <= 0.0) {
        return Err(format!(
            "the range `{start}:{rest}` of ratios needs ends above 0: take lin:, or other ends"
        ));
    }
    let number = |i: usize| match (i, spacing.value(ends, i, n)) {
        (0, _) => first.to_string(),
        (i, _) if i == n - 1 => last.to_string(),
        (_, value) if parameter.nature() == Nature::Whole => format!("{value:.0}"),
        (_, value) => format!("{value:.5e}"),
    };
    let text = |i: usize| format!("{before}{}{unit}{after}", number(i));
    let values: Vec<Value> = (0..n).map(|i| parameter.read(&text(i))).collect::<Result<_, _>>()?;
    match values.windows(2).find(|pair| pair[0] == pair[1]) {
        Some(pair) => {
            let value = &pair[0];
            Err(format!(
                "the range `{start}:{rest}` has {value} twice, as values are rounded: ask for fewer"
            ))
        }
        None => Ok(values),
    }
}

/// The letters at the end of a number.
fn unit_of(end: &str) -> &str {
    end.trim_start_matches(|c: char| !c.is_alphabetic() || matches!(c, 'e' | 'E')).trim_start()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::condition::{Kind, parameters};

    fn texts(name: &str, text: &str) -> Result<Vec<String>, String> {
        let parameter =
            parameters(Kind::Isolate).iter().find(|known| known.facts().name == name).unwrap();
        Ok(range_in(&**parameter, text).unwrap()?.iter().map(Value::to_text).collect())
    }

    #[test]
    fn a_range_stands_in_the_place_of_a_number() {
        assert_eq!(
            texts("activity", "ou:log:5ms..320ms:4").unwrap(),
            ["ou:5ms", "ou:20ms", "ou:80ms", "ou:320ms"]
        );
        assert_eq!(texts("error", "osc:12,lin:10..30:3,std=2").unwrap()[1], "osc:12,20,std=2");
        assert_eq!(
            texts("error", "ar1:lin:0..0.9:4").unwrap(),
            ["ar1:0", "ar1:0.3", "ar1:0.6", "ar1:0.9"]
        );
        assert_eq!(texts("hold", "lin:1..5:3").unwrap(), ["1", "3", "5"]);
        // The first end may leave the unit to the last.
        assert_eq!(texts("dt", "log:1..100ms:3").unwrap(), ["1ms", "10ms", "100ms"]);
        assert!(!has_range("ou:20ms") && !has_range("file:a,lin:b.npy"));
    }

    #[test]
    fn refusals_of_ranges_say_what_is_wrong() {
        for (name, text, said) in [
            ("activity", "ou:log:5ms..320s:4", "has ends of two units"),
            ("activity", "ou:log:0..9:4", "needs ends above 0"),
            ("activity", "log:1..9:4", "has no ranges, as it is no number"),
            ("activity", "ou:log:1..9", "expected lin:A..B:N"),
            ("activity", "ou:log:1..9:1", "a range has from 2"),
            ("hold", "lin:1..2:3", "hold cannot be `1.50000e0`"),
        ] {
            let error = texts(name, text).unwrap_err();
            assert!(error.contains(said), "{text}: {error}");
        }
    }
}
