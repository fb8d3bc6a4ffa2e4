//! Types of the values of figure keys.

use super::kinds::FigureKind;
use crate::condition::Condition;
use crate::quantity::Quantity;
use crate::text::Choice;
use serde::ser::SerializeMap;
use serde::{Serialize, Serializer};
use toml::Value as Toml;

/// How values of figure keys are typed as options, and written.
pub(super) trait Form: Serialize {
    /// What was typed as an option, as it would stand in a spec. What has not the form is left as text, which is refused
    /// there.
    fn typed(text: &str) -> Toml {
        Toml::String(text.into())
    }

    /// Whether it is worth writing; where not, it is what a figure has that does not say.
    fn is_written(&self) -> bool {
        true
    }
}

/// The texts between commas.
fn items(text: &str) -> Toml {
    Toml::Array(text.split(',').map(|item| Toml::String(item.trim().into())).collect())
}

/// The numbers between commas.
fn numbers<N: std::str::FromStr>(text: &str, number: impl Fn(N) -> Toml) -> Toml {
    let numbers: Result<Vec<Toml>, _> = text.split(',').map(|item| item.trim().parse().map(&number)).collect();
    numbers.map_or_else(|_| Toml::String(text.into()), Toml::Array)
}

/// Horizontal axis of a figure.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum XAxis {
    /// Updates.
    Iteration,
    /// Passes over the training images.
    Epoch,
    /// A parameter of the condition.
    Parameter(&'static str),
    /// Whatever the kind of figure has there.
    OfKind,
}

impl Serialize for XAxis {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.serialize_str(match self {
            Self::Iteration | Self::OfKind => "iteration",
            Self::Epoch => "epoch",
            Self::Parameter(name) => name,
        })
    }
}

impl Form for XAxis {
    fn is_written(&self) -> bool {
        *self != Self::OfKind
    }
}

/// Scale of the vertical axis.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "lowercase")]
pub enum Scale {
    /// Equal steps for equal differences.
    Linear,
    /// Equal steps for equal ratios.
    Log,
}

impl Form for Scale {}

/// What the panels of a figure differ in, beside the quantity.
#[derive(Clone, Debug, PartialEq, Serialize)]
#[serde(rename_all = "lowercase")]
pub enum Panels {
    /// Nothing else; a single quantity by two parameters has a panel per value of the second.
    Quantity,
    /// The layer.
    Layer,
    /// Values of these parameters.
    #[serde(untagged)]
    By(Vec<&'static str>),
}

impl Panels {
    /// The parameters, if they are what panels differ in.
    pub fn parameters(&self) -> &[&'static str] {
        match self {
            Self::By(names) => names,
            Self::Quantity | Self::Layer => &[],
        }
    }
}

impl Form for Panels {
    fn typed(text: &str) -> Toml {
        if ["quantity", "layer"].contains(&text) { Toml::String(text.into()) } else { items(text) }
    }
}

/// Which conditions are shown: those that have one of these values, as text, of every parameter listed.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Conditions(pub Vec<(&'static str, Vec<String>)>);

impl Conditions {
    /// Whether a condition is shown.
    pub fn include(&self, condition: &Condition) -> bool {
        let values = condition.values();
        self.0.iter().all(|(name, texts)| values.get(name).is_some_and(|value| texts.contains(&value.to_text())))
    }
}

impl Serialize for Conditions {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let mut map = serializer.serialize_map(Some(self.0.len()))?;
        self.0.iter().try_for_each(|(name, values)| map.serialize_entry(name, values))?;
        map.end()
    }
}

impl Form for Conditions {
    fn is_written(&self) -> bool {
        !self.0.is_empty()
    }
}

impl Serialize for FigureKind {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.serialize_str(self.name())
    }
}

impl Form for FigureKind {}

impl Form for String {}

/// Names of parameters. None of them is not the same as nothing said.
impl Form for Vec<&'static str> {
    fn typed(text: &str) -> Toml {
        items(text)
    }
}

impl Form for Option<&'static str> {}

impl Form for Vec<Quantity> {
    fn typed(text: &str) -> Toml {
        items(text)
    }
}

impl Form for usize {
    fn typed(text: &str) -> Toml {
        text.parse().map_or_else(|_| Toml::String(text.into()), Toml::Integer)
    }
}

/// Whole numbers of which none stands for all that there are.
impl Form for Vec<usize> {
    fn typed(text: &str) -> Toml {
        numbers(text, Toml::Integer)
    }

    fn is_written(&self) -> bool {
        !self.is_empty()
    }
}

impl Form for bool {
    fn typed(text: &str) -> Toml {
        text.parse().map_or_else(|_| Toml::String(text.into()), Toml::Boolean)
    }

    fn is_written(&self) -> bool {
        *self
    }
}

impl Form for Option<[f64; 2]> {
    fn typed(text: &str) -> Toml {
        numbers(text, Toml::Float)
    }
}
