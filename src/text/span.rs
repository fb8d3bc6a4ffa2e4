//! Spans of time: so many iterations, or milliseconds or seconds.

use super::setting::{Nature, Refused, Setting, toml_number, toml_string};
use serde_json::Value as Json;
use std::fmt::{Display, Formatter};
use toml::de::DeValue;

/// What a span of time is counted in.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Unit {
    Iterations,
    Milliseconds,
    Seconds,
}

impl Unit {
    /// What stands after the number.
    const fn mark(self) -> &'static str {
        match self {
            Self::Iterations => "",
            Self::Milliseconds => "ms",
            Self::Seconds => "s",
        }
    }
}

/// A span of time as typed, `20` (iterations), `20ms` or `0.02s`, and how long an iteration takes,
/// once that is known. Two are equal if they are typed alike.
#[derive(Clone, Copy, Debug)]
pub struct Span {
    number: f64,
    unit: Unit,
    /// Milliseconds per iteration.
    step: Option<f64>,
}

impl PartialEq for Span {
    fn eq(&self, other: &Self) -> bool {
        (self.number, self.unit) == (other.number, other.unit)
    }
}

impl Span {
    /// Most iterations of a span that counts whole ones.
    pub const MOST: usize = 1_000_000_000;

    /// So many iterations.
    pub const fn of_iterations(number: f64) -> Self {
        Self { number, unit: Unit::Iterations, step: None }
    }

    /// Reads a finite number with a unit or without one; `None` for anything else.
    pub fn parse(text: &str) -> Option<Self> {
        let text = text.trim();
        let units = [Unit::Milliseconds, Unit::Seconds, Unit::Iterations];
        let cut =
            |unit: Unit| text.strip_suffix(unit.mark()).map(|number| (number.trim_end(), unit));
        let (number, unit) = units.into_iter().find_map(cut)?;
        let number: f64 = number.parse().ok().filter(|number: &f64| number.is_finite())?;
        // Minus zero is zero.
        Some(Self { number: number + 0.0, unit, step: None })
    }

    /// The number as typed.
    pub fn number(self) -> f64 {
        self.number
    }

    /// Whether it has a unit of time, so that its iterations depend on how long one takes.
    pub fn is_in_time(self) -> bool {
        self.unit != Unit::Iterations
    }

    /// The same where an iteration takes so many milliseconds.
    #[must_use]
    pub fn at(self, step: Option<f64>) -> Self {
        Self { step, ..self }
    }

    /// In milliseconds; `None` of iterations of unknown length.
    pub fn milliseconds(self) -> Option<f64> {
        match self.unit {
            Unit::Iterations => Some(self.number * self.step?),
            Unit::Milliseconds => Some(self.number),
            Unit::Seconds => Some(1e3 * self.number),
        }
    }

    /// In iterations; `None` of a time where it is not known how long an iteration takes.
    pub fn iterations(self) -> Option<f64> {
        match self.unit {
            Unit::Iterations => Some(self.number),
            _ => Some(snapped(self.milliseconds()? / self.step?)),
        }
    }

    /// As [`Self::iterations`], if that is a whole number.
    pub fn whole(self) -> Option<usize> {
        let number = self.iterations()?;
        (number.fract() == 0.0 && (0.0..=Self::MOST as f64).contains(&number))
            .then_some(number as usize)
    }

    /// What is wrong with one that is no whole number of iterations of `step`, after its name.
    pub fn fault(self, step: Option<Self>) -> String {
        match step {
            _ if !self.is_in_time() => " is no whole number of iterations".into(),
            Some(step) => {
                format!(" is no whole number of iterations of {step}: make it a multiple")
            }
            None => " is a time: say how long an iteration takes with dt, such as 1ms".into(),
        }
    }

    /// The number that stands for it on an axis, and in what: milliseconds where they are known.
    pub fn on_axis(self) -> (f64, &'static str) {
        self.milliseconds().map_or((self.number, "iterations"), |number| (number, "ms"))
    }
}

/// A quotient without the rounding that keeps it from a whole number.
pub(crate) fn snapped(number: f64) -> f64 {
    let whole = number.round();
    if (number - whole).abs() <= 1e-9 * whole.abs() { whole } else { number }
}

impl Display for Span {
    fn fmt(&self, f: &mut Formatter<'_>) -> std::fmt::Result {
        write!(f, "{}{}", self.number, self.unit.mark())
    }
}

/// Which spans a parameter takes.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Spans {
    /// Whole numbers of iterations from this one, or times that make such.
    Whole(usize),
    /// Those above 0.
    Positive,
    /// Those above 0 with a unit of time.
    InTime,
}

impl Setting for Span {
    type Bounds = Spans;

    fn expected(bounds: &Spans) -> String {
        match bounds {
            Spans::Whole(least) => {
                format!(
                    "a whole number of iterations from {least}, or a time such as 20ms or 0.02s, \
                     with dt"
                )
            }
            Spans::Positive => {
                "iterations above 0, or a time such as 20ms or 0.02s, with dt".into()
            }
            Spans::InTime => "a time above 0 such as 1ms or 0.001s".into(),
        }
    }

    fn read(text: &str, bounds: &Spans) -> Result<Self, Refused> {
        let within = |span: &Self| match bounds {
            Spans::Whole(0) if span.number == 0.0 => true,
            Spans::Whole(_) if span.is_in_time() => span.number > 0.0,
            Spans::Whole(least) => span.whole().is_some_and(|number| number >= *least),
            Spans::Positive => span.number > 0.0,
            Spans::InTime => span.number > 0.0 && span.is_in_time(),
        };
        Self::parse(text).filter(within).ok_or_else(|| Refused::form::<Self>(text, bounds))
    }

    fn toml_text(value: &DeValue<'_>, _: &Spans) -> Option<String> {
        toml_number(value).or_else(|| toml_string(value))
    }

    /// A number where it counts iterations.
    fn json(&self, _: &Spans) -> Json {
        match self.unit {
            Unit::Iterations if self.number.fract() == 0.0 && self.number.abs() < 1e15 => {
                (self.number as i64).into()
            }
            Unit::Iterations => self.number.into(),
            _ => self.to_string().into(),
        }
    }

    fn nature() -> Nature {
        Nature::Number
    }

    fn coordinate(&self) -> Option<f64> {
        Some(self.on_axis().0)
    }
}

/// `off` for none.
impl Setting for Option<Span> {
    type Bounds = Spans;

    fn expected(bounds: &Spans) -> String {
        format!("off, or {}", Span::expected(bounds))
    }

    fn read(text: &str, bounds: &Spans) -> Result<Self, Refused> {
        if text == "off" {
            return Ok(None);
        }
        Span::read(text, bounds).map(Some).map_err(|_| Refused::form::<Self>(text, bounds))
    }

    fn toml_text(value: &DeValue<'_>, bounds: &Spans) -> Option<String> {
        Span::toml_text(value, bounds)
    }

    fn json(&self, bounds: &Spans) -> Json {
        self.map_or_else(|| "off".into(), |span| span.json(bounds))
    }

    fn nature() -> Nature {
        Nature::Number
    }

    fn coordinate(&self) -> Option<f64> {
        self.and_then(|span| span.coordinate())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn spans_are_read_and_written_alike() {
        for text in ["20", "0.5", "20ms", "0.02s", "0"] {
            assert_eq!(Span::parse(text).unwrap().to_string(), text);
        }
        assert_eq!(Span::parse(" 20 ms "), Span::parse("20.0ms"));
        assert_ne!(Span::parse("20ms"), Span::parse("0.02s"));
        for text in ["", "ms", "s", "20m", "20 min", "infs", "nan", "20msms", "1e999"] {
            assert!(Span::parse(text).is_none(), "{text}");
        }
    }

    #[test]
    fn iterations_follow_from_how_long_one_takes() {
        let at = |text: &str, step| Span::parse(text).unwrap().at(Some(step));
        for (text, step, iterations) in [
            ("20ms", 1.0, 20.0),
            ("0.02s", 0.1, 200.0),
            ("0.3s", 0.1, 3000.0),
            ("1ms", 4.0, 0.25),
            ("7", 3.0, 7.0),
        ] {
            assert_eq!(at(text, step).iterations(), Some(iterations), "{text} at {step} ms");
        }
        assert_eq!(at("20ms", 3.0).whole(), None);
        assert_eq!(at("21ms", 3.0).whole(), Some(7));
        assert_eq!(at("7", 3.0).on_axis(), (21.0, "ms"));
        assert_eq!(Span::parse("7").unwrap().on_axis(), (7.0, "iterations"));
        assert_eq!(Span::parse("20ms").unwrap().iterations(), None);
    }

    #[test]
    fn bounds_hold() {
        let read = |text, bounds| Span::read(text, &bounds).is_ok();
        assert!(
            read("0", Spans::Whole(0))
                && read("0ms", Spans::Whole(0))
                && !read("0", Spans::Whole(1))
        );
        assert!(
            !read("1.5", Spans::Whole(0))
                && read("1.5ms", Spans::Whole(0))
                && !read("-1ms", Spans::Whole(0))
        );
        assert!(
            !read("0ms", Spans::Whole(1))
                && !read("0", Spans::Positive)
                && read("0.5", Spans::Positive)
        );
        assert!(
            !read("5", Spans::InTime) && read("5s", Spans::InTime) && !read("0s", Spans::InTime)
        );
        assert_eq!(Option::<Span>::read("off", &Spans::InTime).unwrap(), None);
        assert!(
            Option::<Span>::read("on", &Spans::InTime)
                .unwrap_err()
                .of("dt")
                .contains("off, or a time")
        );
    }
}
