//! What stands after the name of a process: numbers first, then `key=value`.

use super::error::FormError;
use super::process::{Facts, MODIFIERS};

/// The arguments of a form as typed.
pub(super) struct Arguments<'a> {
    /// The whole form.
    pub text: &'a str,
    /// What is known of the process.
    pub facts: &'static Facts,
    /// Numbers without a key.
    pub numbers: Vec<f64>,
    named: Vec<(&'a str, f64)>,
}

impl<'a> Arguments<'a> {
    /// Cuts `rest`, which stands after the name in `text`, into numbers; leaves it alone where the
    /// process takes it [as it is](Facts::verbatim). `keys` are those of all processes.
    ///
    /// # Errors
    /// If a number is none, or a key is unknown, given twice, or not for this process.
    pub fn read(text: &'a str, facts: &'static Facts, rest: &'a str, keys: &[&str]) -> Result<Self, FormError> {
        let mut arguments = Self { text, facts, numbers: Vec::new(), named: Vec::new() };
        if !facts.verbatim && !rest.is_empty() {
            rest.split(',').try_for_each(|part| arguments.add(part, keys))?;
        }
        Ok(arguments)
    }

    fn add(&mut self, part: &'a str, keys: &[&str]) -> Result<(), FormError> {
        let number = |text: &str| text.trim().parse().ok().filter(|n: &f64| n.is_finite());
        let Some((key, value)) = part.split_once('=') else {
            let wrong = || self.expected(format!("a finite number in place of `{part}`"));
            let number = number(part).ok_or_else(wrong)?;
            self.numbers.push(number);
            return Ok(());
        };
        let key = key.trim();
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
