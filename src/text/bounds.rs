//! Settings that are numbers, or lists of whole numbers.

use super::setting::{Nature, Refused, Setting, toml_list, toml_number, toml_string, toml_whole};
use serde_json::Value as Json;
use std::ops::RangeInclusive;
use toml::de::DeValue;

/// Which finite numbers a parameter takes.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Interval {
    /// All of them.
    Any,
    /// Those above 0.
    Positive,
    /// Those above 0, in TOML as strings too: where other kinds of analysis have names beside them.
    Scale,
    /// Those from 0.
    NonNegative,
    /// Those from 0 to 1.
    ToOne,
    /// Those from 0, below 1.
    BelowOne,
}

impl Setting for f64 {
    type Bounds = Interval;

    fn expected(bounds: &Interval) -> String {
        let words = match bounds {
            Interval::Any => "a finite number",
            Interval::Positive | Interval::Scale => "a finite number above 0",
            Interval::NonNegative => "a finite number from 0",
            Interval::ToOne => "a number from 0 to 1",
            Interval::BelowOne => "a number from 0, below 1",
        };
        words.into()
    }

    fn read(text: &str, bounds: &Interval) -> Result<Self, Refused> {
        let within = |number: Self| match bounds {
            Interval::Any => true,
            Interval::Positive | Interval::Scale => number > 0.0,
            Interval::NonNegative => number >= 0.0,
            Interval::ToOne => (0.0..=1.0).contains(&number),
            Interval::BelowOne => (0.0..1.0).contains(&number),
        };
        let number =
            text.parse().ok().filter(|number: &Self| number.is_finite() && within(*number));
        // Minus zero is zero.
        number.map(|number| number + 0.0).ok_or_else(|| Refused::form::<Self>(text, bounds))
    }

    fn toml_text(value: &DeValue<'_>, bounds: &Interval) -> Option<String> {
        toml_number(value).or_else(|| toml_string(value).filter(|_| *bounds == Interval::Scale))
    }

    fn json(&self, _: &Interval) -> Json {
        (*self).into()
    }

    fn nature() -> Nature {
        Nature::Number
    }

    fn coordinate(&self) -> Option<f64> {
        Some(*self)
    }
}

/// Implements [`Setting`] for a type of whole numbers.
macro_rules! whole {
    ($($type:ty),*) => {$(
        impl Setting for $type {
            type Bounds = RangeInclusive<$type>;

            fn expected(bounds: &Self::Bounds) -> String {
                match (bounds.start(), bounds.end()) {
                    (least, &<$type>::MAX) => format!("a whole number from {least}"),
                    (least, most) => format!("a whole number from {least} to {most}"),
                }
            }

            fn read(text: &str, bounds: &Self::Bounds) -> Result<Self, Refused> {
                let number = text.parse().ok().or_else(|| powered(text)?.try_into().ok());
                let number = number.filter(|number| bounds.contains(number));
                number.ok_or_else(|| Refused::form::<Self>(text, bounds))
            }

            /// TOML's whole numbers end at half of what the type holds: a string where there is no
            /// other end.
            fn toml_text(value: &DeValue<'_>, bounds: &Self::Bounds) -> Option<String> {
                let endless = *bounds.end() == <$type>::MAX;
                toml_whole(value).or_else(|| toml_string(value).filter(|_| endless))
            }

            fn json(&self, _: &Self::Bounds) -> Json {
                (*self).into()
            }

            fn nature() -> Nature {
                Nature::Whole
            }

            fn coordinate(&self) -> Option<f64> {
                Some(*self as f64)
            }
        }
    )*};
}

whole!(usize, u64);

/// A whole number in powers of ten: `1e4`, `1.5e3`.
fn powered(text: &str) -> Option<u64> {
    // Beyond this not every whole number has a value of its own.
    const MOST: f64 = 9_007_199_254_740_992.0;
    let number: f64 = text.parse().ok().filter(|_| text.contains(['e', 'E']))?;
    (number.fract() == 0.0 && (0.0..=MOST).contains(&number)).then_some(number as u64)
}

/// A range, and the name of what is meant by no number.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct OrName {
    /// The name.
    pub name: &'static str,
    /// The range.
    pub range: RangeInclusive<usize>,
}

impl Setting for Option<usize> {
    type Bounds = OrName;

    fn expected(bounds: &OrName) -> String {
        format!("{}, or {}", bounds.name, usize::expected(&bounds.range))
    }

    fn read(text: &str, bounds: &OrName) -> Result<Self, Refused> {
        if text == bounds.name {
            return Ok(None);
        }
        usize::read(text, &bounds.range).map(Some).map_err(|_| Refused::form::<Self>(text, bounds))
    }

    fn toml_text(value: &DeValue<'_>, _: &OrName) -> Option<String> {
        toml_whole(value).or_else(|| toml_string(value))
    }

    fn json(&self, bounds: &OrName) -> Json {
        self.map_or_else(|| bounds.name.into(), Json::from)
    }

    fn nature() -> Nature {
        Nature::Whole
    }

    fn coordinate(&self) -> Option<f64> {
        self.map(|number| number as f64)
    }
}

/// What a list of whole numbers is of.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum List {
    /// Sizes of layers, none zero.
    Sizes {
        /// How many layers there are at least.
        least: usize,
        /// An example.
        example: &'static str,
    },
    /// Iterations, ascending; none perhaps.
    Iterations,
    /// Lags from 1, ascending; ranges may stand for those in between.
    Lags,
}

/// Most units of a layer.
pub const MOST_UNITS: usize = 100_000;
/// Most lags of a list, and of a range.
const MOST_LAGS: usize = 100_000;

impl Setting for Vec<usize> {
    type Bounds = List;

    fn expected(bounds: &List) -> String {
        match bounds {
            List::Sizes { least, example } => {
                format!("at least {least}, none zero, such as {example}")
            }
            List::Iterations => "iterations separated by commas, such as 100,500".into(),
            List::Lags => {
                format!(
                    "whole numbers from 1 and ranges of them, such as 1-64,120, at most \
                     {MOST_LAGS} lags"
                )
            }
        }
    }

    fn read(text: &str, bounds: &List) -> Result<Self, Refused> {
        let refused = || Refused::form::<Self>(text, bounds);
        match bounds {
            List::Sizes { least, .. } => {
                let sizes = sizes(text).ok_or_else(refused)?;
                let wrong = wrong_sizes(&sizes, *least, bounds);
                wrong.map_or(Ok(sizes), |wrong| Err(Refused::After(format!(" `{text}`{wrong}"))))
            }
            List::Iterations if text.is_empty() => Ok(Self::new()),
            List::Iterations => whole_numbers(text).map(ascending).ok_or_else(refused),
            List::Lags => {
                let lags =
                    ranges(text).filter(|lags| lags.len() <= MOST_LAGS && !lags.contains(&0));
                lags.ok_or_else(refused)
            }
        }
    }

    fn toml_text(value: &DeValue<'_>, bounds: &List) -> Option<String> {
        let lags = *bounds == List::Lags;
        let or_range = |value: &DeValue<'_>| toml_whole(value).or_else(|| toml_string(value));
        toml_list(value, |item| if lags { or_range(item) } else { toml_whole(item) })
            .or_else(|| toml_whole(value).filter(|_| lags))
            .or_else(|| toml_string(value))
    }

    fn json(&self, _: &List) -> Json {
        self.as_slice().into()
    }

    /// How many they are.
    fn coordinate(&self) -> Option<f64> {
        Some(self.len() as f64)
    }
}

/// What is wrong with sizes of layers, at least `least` of them.
fn wrong_sizes(sizes: &[usize], least: usize, bounds: &List) -> Option<String> {
    if sizes.len() < least {
        let plural = if sizes.len() == 1 { "size" } else { "sizes" };
        return Some(format!(
            " has {} {plural}: expected {}",
            sizes.len(),
            Vec::<usize>::expected(bounds)
        ));
    }
    if let Some(place) = sizes.iter().position(|&size| size == 0) {
        return Some(format!(
            " has a zero in place {}: a layer needs at least one unit",
            place + 1
        ));
    }
    let size = sizes.iter().find(|&&size| size > MOST_UNITS)?;
    Some(format!(": {size} units are more than the {MOST_UNITS} a layer may have"))
}

/// Whole numbers and ranges of them, `1-64,120`; ascending, each once.
fn ranges(text: &str) -> Option<Vec<usize>> {
    let mut all = Vec::new();
    for part in text.split(',').map(str::trim) {
        match part.split_once('-') {
            None => all.push(part.parse().ok()?),
            Some((first, last)) => {
                let (first, last): (usize, usize) =
                    (first.trim().parse().ok()?, last.trim().parse().ok()?);
                if first > last || last - first > MOST_LAGS {
                    return None;
                }
                all.extend(first..=last);
            }
        }
    }
    Some(ascending(all))
}

fn ascending(mut numbers: Vec<usize>) -> Vec<usize> {
    numbers.sort_unstable();
    numbers.dedup();
    numbers
}

/// Sizes of layers, where `50x4` stands for four of 50.
fn sizes(text: &str) -> Option<Vec<usize>> {
    let mut all = Vec::new();
    for part in text.split(',').map(str::trim) {
        let (size, times) = match part.split_once('x') {
            Some((size, times)) => (
                size.trim(),
                times.trim().parse().ok().filter(|times| (1..=MOST_TIMES).contains(times))?,
            ),
            None => (part, 1),
        };
        let size: usize = size.parse().ok()?;
        all.extend(std::iter::repeat_n(size, times));
    }
    Some(all)
}

/// Most layers that one size stands for.
const MOST_TIMES: usize = 1000;

fn whole_numbers(text: &str) -> Option<Vec<usize>> {
    text.split(',').map(|part| part.trim().parse().ok()).collect()
}
