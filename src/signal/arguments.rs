//! What stands after the name of a process: numbers first, then `key=value`.

use super::error::FormError;
use super::process::{Facts, FileName, MODIFIERS, Measure};
use crate::text::{Span, snapped};

/// The arguments of a form as typed.
pub(super) struct Arguments<'a> {
    /// The whole form.
    pub text: &'a str,
    /// What is known of the process.
    pub facts: &'static Facts,
    /// The name of a file, where the process takes one.
    pub place: Option<&'a str>,
    /// Numbers without a key, times in iterations; not a number where that is not known.
    pub numbers: Vec<f64>,
    /// The same in canonical form, with their units.
    typed: Vec<String>,
    /// Whether one of them has a unit.
    has_units: bool,
    /// Milliseconds per iteration, if that is known.
    step: Option<f64>,
    named: Vec<(&'a str, f64)>,
}

impl<'a> Arguments<'a> {
    /// Cuts `rest`, which stands after the name in `text`, into numbers, or into the name of a
    /// [file](Facts::file) and what follows it. `keys` are those of all processes; an iteration
    /// takes `step` milliseconds.
    ///
    /// # Errors
    /// If a number is none, or a key is unknown, given twice, or not for this process.
    pub fn read(
        text: &'a str,
        facts: &'static Facts,
        rest: &'a str,
        keys: &[&str],
        step: Option<f64>,
    ) -> Result<Self, FormError> {
        let (numbers, typed, named) = (Vec::new(), Vec::new(), Vec::new());
        let mut arguments =
            Self { text, facts, place: None, numbers, typed, has_units: false, step, named };
        let first = rest.split(',').next().unwrap_or(rest);
        let is_file = match facts.file {
            FileName::Never => false,
            FileName::Always => true,
            FileName::UnlessNumber => {
                !rest.is_empty() && !first.contains('=') && first.trim().parse::<f64>().is_err()
            }
        };
        let mut numbered = rest;
        if is_file {
            let (place, modifiers) = cut_modifiers(rest, facts.modifiers);
            // As where nothing follows it, and the text ends.
            (arguments.place, numbered) = (Some(place.trim_end()), modifiers);
        }
        if !numbered.is_empty() {
            numbered.split(',').try_for_each(|part| arguments.add(part, keys))?;
        }
        Ok(arguments)
    }

    fn add(&mut self, part: &'a str, keys: &[&str]) -> Result<(), FormError> {
        let number = |text: &str| text.trim().parse().ok().filter(|n: &f64| n.is_finite());
        let Some((key, value)) = part.split_once('=') else {
            return self.add_number(part);
        };
        let key = if key.trim() == "sd" { "std" } else { key.trim() };
        let known: Vec<&str> = MODIFIERS.iter().chain(keys).copied().collect();
        if !known.contains(&key) {
            return Err(self.expected(format!("one of {} in place of `{key}`", known.join(", "))));
        }
        let wrong = || self.expected(format!("a finite number for `{key}=`"));
        let value = number(value).ok_or_else(wrong)?;
        if self.get(key).is_some() {
            return Err(self.expected(format!("`{key}=` once")));
        }
        if !self.facts.keys.contains(&key) && !self.facts.modifiers.contains(&key) {
            return Err(self.expected(format!("no `{key}=` with this form")));
        }
        self.named.push((key, value));
        Ok(())
    }

    fn add_number(&mut self, part: &str) -> Result<(), FormError> {
        let measure = self.facts.measures.get(self.numbers.len()).copied().unwrap_or(Measure::Pure);
        let pure = || {
            part.trim()
                .parse()
                .ok()
                .filter(|n: &f64| n.is_finite())
                .map(|n| (n, n.to_string(), false))
        };
        let of_span = |span: Span| {
            let count = span.at(self.step).iterations().unwrap_or(f64::NAN);
            (count, span.to_string(), true)
        };
        let of_rate = |per_second: f64| {
            let count = self.step.map_or(f64::NAN, |step| snapped(per_second * step / 1e3));
            (count, format!("{per_second}Hz"), true)
        };
        let with_unit = || match measure {
            Measure::Pure => None,
            Measure::Time => Span::parse(part).filter(|span| span.is_in_time()).map(of_span),
            Measure::Rate => {
                let number = part.trim().strip_suffix("Hz")?.trim_end().parse().ok();
                number.filter(|n: &f64| n.is_finite()).map(of_rate)
            }
        };
        let wrong = || {
            let units = match measure {
                Measure::Pure => "",
                Measure::Time => ", in iterations, ms or s",
                Measure::Rate => ", per iteration or in Hz",
            };
            self.expected(format!("a finite number{units} in place of `{part}`"))
        };
        let (number, typed, has_unit) = pure().or_else(with_unit).ok_or_else(wrong)?;
        // What no time can be is refused before it is known how many iterations it is.
        if has_unit && typed.starts_with('-') {
            return Err(self.malformed());
        }
        self.numbers.push(number);
        self.typed.push(typed);
        self.has_units |= has_unit;
        Ok(())
    }

    /// Whether it is not known how many iterations its times are.
    pub fn is_unclocked(&self) -> bool {
        self.has_units && self.step.is_none()
    }

    /// Its numbers with their units, if one has a unit.
    pub fn typed(&self) -> Option<String> {
        self.has_units.then(|| self.typed.join(","))
    }

    /// The number given for a key.
    pub fn get(&self, key: &str) -> Option<f64> {
        self.named.iter().find(|(known, _)| *known == key).map(|(_, value)| *value)
    }

    /// The refusal of arguments that are not those of the process.
    pub fn malformed(&self) -> FormError {
        self.expected(self.facts.expected.into())
    }

    /// The refusal of arguments where something else is expected.
    pub fn expected(&self, expected: String) -> FormError {
        FormError::Malformed { text: self.text.into(), expected }
    }

    /// The refusal of correlations that no signal has.
    pub fn indefinite(&self, why: String) -> FormError {
        FormError::NotPositiveDefinite { text: self.text.into(), why }
    }

    /// The refusal of an autoregression that runs away.
    pub fn unstable(&self, lag: usize, reflection: f64) -> FormError {
        FormError::NotStationary { text: self.text.into(), lag, reflection }
    }
}

/// The name of a file, and the modifiers after it, which begin at the first comma that nothing but
/// modifiers follows.
fn cut_modifiers<'a>(text: &'a str, modifiers: &[&str]) -> (&'a str, &'a str) {
    let is_modifier = |part: &str| {
        let key = part.split_once('=').map(|(key, _)| key.trim());
        key.is_some_and(|key| key == "sd" || modifiers.contains(&key)) && !modifiers.is_empty()
    };
    let mut name = text;
    while let Some((before, _)) = name.rsplit_once(',').filter(|(_, part)| is_modifier(part)) {
        name = before;
    }
    (name, text[name.len()..].trim_start_matches(','))
}
