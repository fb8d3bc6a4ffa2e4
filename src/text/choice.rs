//! Types whose values have names, and what to say of a name that is none of them.

use super::nearest::{list, suggestion};
use super::setting::{Nature, Refused, Setting, toml_string};
use serde_json::Value as Json;
use toml::de::DeValue;

/// A type whose values have names.
pub trait Choice: Copy + PartialEq + Send + Sync + 'static {
    /// Every value under its canonical name.
    const CHOICES: &'static [(&'static str, Self)];
    /// Other names that are understood.
    const ALIASES: &'static [(&'static str, Self)] = &[];

    /// Canonical name.
    fn name(self) -> &'static str {
        Self::CHOICES.iter().find(|(_, value)| *value == self).map_or("", |(name, _)| name)
    }

    /// The value called `name`, an alias or the canonical name.
    fn named(name: &str) -> Option<Self> {
        Self::CHOICES
            .iter()
            .chain(Self::ALIASES)
            .find(|(known, _)| *known == name)
            .map(|&(_, value)| value)
    }
}

/// Canonical name of `text` among the values of `C`. `what` names the parameter in the error.
pub fn canonical<C: Choice>(what: &str, text: &str) -> Result<&'static str, String> {
    C::read(text, &()).map(C::name).map_err(|refused| refused.of(what))
}

/// The values of `C` whose names stand in `text`, separated by commas, each once. `what` names the
/// parameter in the error.
///
/// # Errors
/// For a name that is none of them: what was expected, with the nearest.
pub fn choices<C: Choice>(what: &str, text: &str) -> Result<Vec<C>, String> {
    let mut chosen: Vec<C> = Vec::new();
    for name in text.split(',').map(str::trim) {
        let name = canonical::<C>(what, name)?;
        chosen.extend(C::named(name).filter(|choice| !chosen.contains(choice)));
    }
    Ok(chosen)
}

/// `a, b or c`.
pub fn expected<C: Choice>() -> String {
    list(&C::CHOICES.iter().map(|&(name, _)| name).collect::<Vec<_>>())
}

impl Choice for bool {
    const CHOICES: &'static [(&'static str, Self)] = &[("on", true), ("off", false)];
}

impl<C: Choice> Setting for C {
    type Bounds = ();

    fn expected((): &()) -> String {
        expected::<C>()
    }

    fn read(text: &str, (): &()) -> Result<Self, Refused> {
        C::named(text).ok_or_else(|| {
            let near = suggestion(text, C::CHOICES.iter().chain(C::ALIASES).map(|&(name, _)| name));
            Refused::Name { text: text.into(), expected: expected::<C>(), near }
        })
    }

    /// A switch may be a truth value, too.
    fn toml_text(value: &DeValue<'_>, (): &()) -> Option<String> {
        let switch = || {
            value
                .as_bool()
                .filter(|_| C::nature() == Nature::Switch)
                .map(|on| on.name().to_string())
        };
        toml_string(value).or_else(switch)
    }

    fn json(&self, (): &()) -> Json {
        self.name().into()
    }

    fn nature() -> Nature {
        let is_switch = ["on", "off"].iter().all(|name| C::named(name).is_some());
        if is_switch { Nature::Switch } else { Nature::Words }
    }
}
