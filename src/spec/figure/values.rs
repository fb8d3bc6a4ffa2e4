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
    /// What was typed as an option, as it would stand in a spec. What has not the form is left as
    /// text, which is refused there.
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
    let numbers: Result<Vec<Toml>, _> =
        text.split(',').map(|item| item.trim().parse().map(&number)).collect();
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

/// Scale of an axis, or of colours.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Scale {
    /// Logarithmic where values are positive and so far apart that they could not be distinguished
    /// otherwise.
    Auto,
    /// Equal steps for equal differences.
    Linear,
    /// Equal steps for equal ratios.
    Log,
}

impl Choice for Scale {
    const CHOICES: &'static [(&'static str, Self)] =
        &[("auto", Self::Auto), ("linear", Self::Linear), ("log", Self::Log)];
}

/// Which axes have the same ends in all panels that show the same there.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Share {
    /// None.
    #[default]
    None,
    /// Horizontal ones.
    X,
    /// Vertical ones.
    Y,
    /// Both.
    Both,
}

impl Choice for Share {
    const CHOICES: &'static [(&'static str, Self)] =
        &[("none", Self::None), ("x", Self::X), ("y", Self::Y), ("both", Self::Both)];
}

/// Colours of a heat map, distinguishable with every form of colour blindness.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Colours {
    /// Dark to light.
    Sequential,
    /// Light to dark, so that what is small stands out: an angle, say, whose right angle is
    /// nothing.
    Reversed,
    /// White to black, for print.
    Grey,
    /// Blue to white to red: for values on both sides of a middle.
    Diverging,
}

impl Choice for Colours {
    const CHOICES: &'static [(&'static str, Self)] = &[
        ("sequential", Self::Sequential),
        ("reversed", Self::Reversed),
        ("grey", Self::Grey),
        ("diverging", Self::Diverging),
    ];
}

/// What shades and whiskers around a mean are.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Spread {
    /// One standard deviation over repeats to each side.
    Sd,
    /// The 95 % interval of the mean.
    Ci,
    /// Nothing.
    #[default]
    None,
}

impl Choice for Spread {
    const CHOICES: &'static [(&'static str, Self)] =
        &[("sd", Self::Sd), ("ci", Self::Ci), ("none", Self::None)];
}

/// What letters are in files that can be scaled.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Lettering {
    /// Text, which can be searched, copied and edited, with its fonts embedded.
    #[default]
    Text,
    /// Outlines, which look the same in every program.
    Outlines,
}

impl Choice for Lettering {
    const CHOICES: &'static [(&'static str, Self)] =
        &[("text", Self::Text), ("outlines", Self::Outlines)];
}

/// Writes values by their names.
macro_rules! by_name {
    ($($type:ty),*) => {$(
        impl Serialize for $type {
            fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
                serializer.serialize_str(self.name())
            }
        }
    )*};
}

by_name!(Scale, Share, Colours, Spread, Lettering);

impl Form for Lettering {
    fn is_written(&self) -> bool {
        *self != Self::Text
    }
}

impl Form for Scale {
    fn is_written(&self) -> bool {
        *self != Self::Auto
    }
}

impl Form for Share {
    fn is_written(&self) -> bool {
        *self != Self::None
    }
}

impl Form for Option<Colours> {}

impl Form for Option<Spread> {}

/// Other words for entries of the legend and titles of panels, or for parts of them.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Names(pub Vec<(String, String)>);

impl Serialize for Names {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let mut map = serializer.serialize_map(Some(self.0.len()))?;
        self.0.iter().try_for_each(|(old, new)| map.serialize_entry(old, new))?;
        map.end()
    }
}

impl Form for Names {
    fn is_written(&self) -> bool {
        !self.0.is_empty()
    }
}

/// Texts with commas of their own, so that a semicolon stands between them on the command line.
impl Form for Vec<String> {
    fn typed(text: &str) -> Toml {
        Toml::Array(text.split(';').map(|item| Toml::String(item.trim().into())).collect())
    }

    fn is_written(&self) -> bool {
        !self.is_empty()
    }
}

impl Form for Option<String> {}

impl Form for Option<f64> {
    fn typed(text: &str) -> Toml {
        text.trim().parse().map_or_else(|_| Toml::String(text.into()), Toml::Float)
    }
}

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

/// Which conditions are shown: those that have one of these values, as text, of every parameter
/// listed.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Conditions(pub Vec<(&'static str, Vec<String>)>);

impl Conditions {
    /// Whether a condition is shown.
    pub fn include(&self, condition: &Condition) -> bool {
        let values = condition.values();
        self.0.iter().all(|(name, texts)| {
            values.get(name).is_some_and(|value| texts.contains(&value.to_text()))
        })
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
