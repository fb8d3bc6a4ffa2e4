//! Settings: a type of values says how these are read and written, and a declaration says the rest
//! once.
//!
//! ```text
//! Setting      how values of a type are read, written and called          f64, Rule, Vec<Activation>, ...
//! Parameter    one declaration: name, help, bounds                        eta, rule, activation, ...
//! settings!    a struct of such values, with its defaults                 Setup, IsolateCondition, ...
//! Value        a value of any type, with its canonical form
//! ```

use super::json::json_text;
use serde_json::Value as Json;
use std::any::Any;
use std::fmt::{Debug, Display, Formatter};
use std::sync::Arc;
use thiserror::Error;
use toml::de::DeValue;

/// A type of settings: how its values are read and written.
pub trait Setting: Clone + Send + Sync + 'static {
    /// What parameters of the type differ in: the ends of a range, say; `()` where they do not.
    type Bounds: Send + Sync + 'static;

    /// What [`Self::read`] takes, in words.
    fn expected(bounds: &Self::Bounds) -> String;

    /// The value that `text`, without blanks around it, stands for.
    ///
    /// # Errors
    /// What is wrong with the text.
    fn read(text: &str, bounds: &Self::Bounds) -> Result<Self, Refused>;

    /// The text of a TOML value, if it is of a type that such a value may have: a string, unless
    /// told otherwise.
    fn toml_text(value: &DeValue<'_>, _bounds: &Self::Bounds) -> Option<String> {
        toml_string(value)
    }

    /// The value that a TOML value stands for.
    ///
    /// # Errors
    /// As [`Self::read`], and for a value of the wrong type.
    fn read_toml(value: &DeValue<'_>, bounds: &Self::Bounds) -> Result<Self, Refused> {
        let text =
            Self::toml_text(value, bounds).ok_or_else(|| Refused::toml::<Self>(value, bounds))?;
        Self::read(text.trim(), bounds)
    }

    /// Canonical form, of which addresses are made: a number, a string or a list.
    fn json(&self, bounds: &Self::Bounds) -> Json;

    /// What its values are.
    fn nature() -> Nature {
        Nature::Words
    }

    /// The number that stands for the value on axes and in colours.
    fn coordinate(&self) -> Option<f64> {
        None
    }
}

/// What the values of a setting are.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Nature {
    /// Names, lists or forms of their own.
    Words,
    /// `on`, `off` and perhaps another.
    Switch,
    /// Numbers, names perhaps among them.
    Number,
    /// Whole numbers, names perhaps among them.
    Whole,
}

/// Why a text is no value of a setting.
#[derive(Clone, Debug, PartialEq, Eq, Error)]
pub enum Refused {
    /// It has not the form that was expected.
    #[error("cannot be `{text}`: expected {expected}")]
    Form {
        /// As typed.
        text: String,
        /// What was expected.
        expected: String,
    },
    /// There is no such name.
    #[error("unknown name `{text}`: expected {expected}{near}")]
    Name {
        /// As typed.
        text: String,
        /// What was expected.
        expected: String,
        /// The nearest name as a question, or nothing.
        near: String,
    },
    /// What to say after the name of the parameter.
    #[error("{0}")]
    After(String),
    /// The whole message.
    #[error("{0}")]
    Message(String),
}

impl Refused {
    /// Of a text that has not the form of a `T`.
    pub fn form<T: Setting>(text: &str, bounds: &T::Bounds) -> Self {
        Self::Form { text: text.into(), expected: T::expected(bounds) }
    }

    /// Of a TOML value of a type that no `T` has.
    pub fn toml<T: Setting>(value: &DeValue<'_>, bounds: &T::Bounds) -> Self {
        Self::After(format!(
            " cannot be a TOML {}: expected {}",
            value.type_str(),
            T::expected(bounds)
        ))
    }

    /// The message about the parameter `name`.
    pub fn of(self, name: &str) -> String {
        match self {
            Self::Form { .. } => format!("{name} {self}"),
            Self::Name { text, expected, near } => {
                format!("unknown {name} `{text}`: expected {expected}{near}")
            }
            Self::After(rest) => format!("{name}{rest}"),
            Self::Message(message) => message,
        }
    }
}

/// What is known of a parameter whatever the type of its values.
#[derive(Clone, Copy, Debug)]
pub struct Facts {
    /// Name of the option and of the TOML key.
    pub name: &'static str,
    /// Placeholder of its value in help.
    pub placeholder: &'static str,
    /// Help, without what is expected.
    pub help: &'static str,
    /// How an axis of it is called.
    pub axis: &'static str,
    /// Whether it is younger than results that are kept: with its default, their addresses hold as
    /// if it was not there.
    pub young: bool,
    /// Whether its default goes without saying: no address and no record has it, as if it was not
    /// there.
    pub tacit: bool,
}

/// How figures call a value, given it and its canonical text.
pub type Label<T> = fn(&T, &str) -> String;

/// A parameter with values of type `T`.
pub struct Parameter<T: Setting> {
    /// What is known of it whatever `T`.
    pub facts: Facts,
    /// Which values of `T` it takes.
    pub bounds: T::Bounds,
    /// How figures call a value; nothing of one that is not worth a word.
    pub label: Option<Label<T>>,
}

impl<T: Setting> Parameter<T> {
    /// Name of the option and of the TOML key.
    pub const fn name(&self) -> &'static str {
        self.facts.name
    }

    /// The value that command-line text stands for.
    ///
    /// # Errors
    /// What is wrong, what was expected and the nearest valid name.
    pub fn parse(&self, text: &str) -> Result<T, String> {
        T::read(text.trim(), &self.bounds).map_err(|refused| refused.of(self.facts.name))
    }

    /// The value that a TOML value stands for.
    ///
    /// # Errors
    /// As [`Self::parse`], and for a value of the wrong type.
    pub fn parse_toml(&self, value: &DeValue<'_>) -> Result<T, String> {
        T::read_toml(value, &self.bounds).map_err(|refused| refused.of(self.facts.name))
    }

    /// The value of any type that `value` is.
    pub fn value(&self, value: &T) -> Value {
        Value {
            json: value.json(&self.bounds),
            coordinate: value.coordinate(),
            typed: Arc::new(value.clone()),
        }
    }
}

/// A parameter with values of whatever type.
pub trait AnyParameter: Send + Sync {
    /// What is known of it.
    fn facts(&self) -> &Facts;

    /// What is expected, in words.
    fn expected(&self) -> String;

    /// What its values are.
    fn nature(&self) -> Nature;

    /// As [`Parameter::parse`].
    ///
    /// # Errors
    /// As there.
    fn read(&self, text: &str) -> Result<Value, String>;

    /// As [`Parameter::parse_toml`].
    ///
    /// # Errors
    /// As there.
    fn read_toml(&self, value: &DeValue<'_>) -> Result<Value, String>;

    /// How figures call a value: in words that speak for themselves, or with the name; nothing of
    /// one that is not worth a word.
    fn label(&self, value: &Value) -> String;
}

impl<T: Setting> AnyParameter for Parameter<T> {
    fn facts(&self) -> &Facts {
        &self.facts
    }

    fn expected(&self) -> String {
        T::expected(&self.bounds)
    }

    fn nature(&self) -> Nature {
        T::nature()
    }

    fn read(&self, text: &str) -> Result<Value, String> {
        self.parse(text).map(|value| self.value(&value))
    }

    fn read_toml(&self, value: &DeValue<'_>) -> Result<Value, String> {
        self.parse_toml(value).map(|value| self.value(&value))
    }

    fn label(&self, value: &Value) -> String {
        let text = value.to_text();
        if let (Some(label), Some(typed)) = (self.label, value.get::<T>()) {
            return label(typed, &text);
        }
        let speaks =
            text.starts_with(char::is_alphabetic) && !matches!(text.as_str(), "on" | "off");
        if speaks { text } else { format!("{} {text}", self.facts.name.replace('-', " ")) }
    }
}

/// A value of any setting, with its canonical form.
#[derive(Clone, Debug)]
pub struct Value {
    json: Json,
    coordinate: Option<f64>,
    typed: Arc<dyn Any + Send + Sync>,
}

impl Value {
    /// JSON form, as in manifests, summaries and addresses.
    pub fn to_json(&self) -> Json {
        self.json.clone()
    }

    /// Text form, as on the command line and in tables.
    pub fn to_text(&self) -> String {
        json_text(&self.json)
    }

    /// The number that stands for it on axes and in colours.
    pub fn coordinate(&self) -> Option<f64> {
        self.coordinate
    }

    /// The value itself, if it is a `T`.
    pub fn get<T: Setting>(&self) -> Option<&T> {
        self.typed.downcast_ref()
    }

    /// The same value under another canonical form.
    pub fn written(self, json: Json) -> Self {
        Self { json, ..self }
    }
}

impl PartialEq for Value {
    fn eq(&self, other: &Self) -> bool {
        self.json == other.json
    }
}

impl Display for Value {
    fn fmt(&self, f: &mut Formatter<'_>) -> std::fmt::Result {
        f.write_str(&self.to_text())
    }
}

/// A struct made by `settings!`.
pub trait Settings {
    /// Its parameters, in the order of the declaration.
    fn parameters() -> Vec<Arc<dyn AnyParameter>>
    where
        Self: Sized;

    /// Its values by name, in the order of the declaration.
    fn values(&self) -> Vec<(&'static str, Value)>;

    /// Gives the parameter `name` a value. Whether there is such a parameter with values of this
    /// type.
    fn set(&mut self, name: &str, value: &Value) -> bool;
}

/// Declares a struct of settings: every parameter once, with type, default, name, placeholder, help
/// and bounds, and what makes of them options, TOML keys, addresses and labels.
///
/// ```text
/// settings! {
///     /// What the struct is.
///     pub struct Setup {
///         // A parameter. `axis` and `label` only where figures call it or its values otherwise; `young = true` of a
///         // new one, so that addresses of stored results hold, `tacit = true` if records shall not show its default.
///         eta: f64 = 0.01 => ETA("eta", "RATE", "Learning rate", Interval::Positive, axis = "learning rate");
///         // One that another struct has declared, with a default of its own; and bounds, where its type differs.
///         batch: usize = 100 => BATCH(like Other::BATCH);
///         w_std: f64 = 1.0 => W_STD(like Other::W_STD, Interval::Positive);
///         // The settings of another struct.
///         signals: Pair = Pair::default() => part();
///         // No parameter.
///         facts: DataFacts = DataFacts::default();
///     }
/// }
/// ```
///
/// `Setup::ETA` is the [`Parameter`], its name and bounds; `Setup::default()` holds the defaults.
macro_rules! settings {
    (
        $(#[$meta:meta])*
        pub struct $name:ident {
            $($(#[$attr:meta])* $field:ident : $type:ty = $default:expr $(=> $const:ident $spec:tt)?;)*
        }
    ) => {
        $(#[$meta])*
        #[derive(Clone, Debug, PartialEq)]
        pub struct $name {
            $($(#[doc = $crate::text::settings!(@help $spec)])? $(#[$attr])* pub $field: $type,)*
        }

        impl Default for $name {
            fn default() -> Self {
                Self { $($field: $default,)* }
            }
        }

        impl $name {
            $($($crate::text::settings!(@const $const $spec $type);)?)*
        }

        impl $crate::text::Settings for $name {
            #[allow(clippy::vec_init_then_push, reason = "parts have several each")]
            fn parameters() -> Vec<std::sync::Arc<dyn $crate::text::AnyParameter>> {
                let mut all: Vec<std::sync::Arc<dyn $crate::text::AnyParameter>> = Vec::new();
                $($($crate::text::settings!(@parameter all $const $type);)?)*
                all
            }

            #[allow(clippy::vec_init_then_push, reason = "parts have several each")]
            fn values(&self) -> Vec<(&'static str, $crate::text::Value)> {
                let mut all = Vec::new();
                $($($crate::text::settings!(@value all $const self.$field);)?)*
                all
            }

            fn set(&mut self, name: &str, value: &$crate::text::Value) -> bool {
                $($($crate::text::settings!(@set name value $const self.$field);)?)*
                false
            }
        }
    };

    (@help ()) => { "" };
    (@help (like $like:path $(, $bounds:expr)?)) => { concat!("As [`", stringify!($like), "`].") };
    (@help ($name:literal, $placeholder:literal, $help:literal, $($rest:tt)*)) => { concat!($help, ".") };

    (@const part () $type:ty) => {};
    (@const $const:ident (like $like:path) $type:ty) => {
        #[doc = concat!("As [`", stringify!($like), "`].")]
        pub const $const: $crate::text::Parameter<$type> = $like;
    };
    (@const $const:ident (like $like:path, $bounds:expr) $type:ty) => {
        #[doc = concat!("As [`", stringify!($like), "`], with values of another type.")]
        pub const $const: $crate::text::Parameter<$type> =
            $crate::text::Parameter { facts: $like.facts, bounds: $bounds, label: None };
    };
    (@const $const:ident (
        $name:literal, $placeholder:literal, $help:literal, $bounds:expr
        $(, axis = $axis:literal)? $(, label = $label:expr)? $(, young = $young:literal)? $(,
            tacit = $tacit:literal)?
    ) $type:ty) => {
        #[doc = concat!("Parameter `", $name, "`.")]
        pub const $const: $crate::text::Parameter<$type> = $crate::text::Parameter {
            facts: $crate::text::Facts {
                name: $name,
                placeholder: $placeholder,
                help: $help,
                axis: $crate::text::settings!(@first $($axis,)? $name,),
                young: $crate::text::settings!(@first $($young,)? false,),
                tacit: $crate::text::settings!(@first $($tacit,)? false,),
            },
            bounds: $bounds,
            label: $crate::text::settings!(@option $($label)?),
        };
    };

    (@first $first:literal, $($rest:literal,)?) => { $first };
    (@option) => { None };
    (@option $label:expr) => { Some($label) };

    (@parameter $all:ident part $type:ty) => { $all.extend(<$type as $crate::text::Settings>::parameters()) };
    (@parameter $all:ident $const:ident $type:ty) => { $all.push(std::sync::Arc::new(Self::$const)) };

    (@value $all:ident part $this:ident . $field:ident) => {
        $all.extend($crate::text::Settings::values(&$this.$field))
    };
    (@value $all:ident $const:ident $this:ident . $field:ident) => {
        $all.push((Self::$const.name(), Self::$const.value(&$this.$field)))
    };

    (@set $name:ident $value:ident part $this:ident . $field:ident) => {
        if $crate::text::Settings::set(&mut $this.$field, $name, $value) {
            return true;
        }
    };
    (@set $name:ident $value:ident $const:ident $this:ident . $field:ident) => {
        if $name == Self::$const.name() {
            return $value.get().map(|value| $this.$field = Clone::clone(value)).is_some();
        }
    };
}

pub(crate) use settings;

/// A TOML string.
pub fn toml_string(value: &DeValue<'_>) -> Option<String> {
    value.as_str().map(str::to_string)
}

/// A whole number of TOML, in decimal.
pub fn toml_whole(value: &DeValue<'_>) -> Option<String> {
    let DeValue::Integer(integer) = value else { return None };
    i128::from_str_radix(integer.as_str(), integer.radix()).ok().map(|n| n.to_string())
}

/// A number of TOML, in decimal.
pub fn toml_number(value: &DeValue<'_>) -> Option<String> {
    match value {
        DeValue::Float(float) => Some(float.as_str().to_string()),
        other => toml_whole(other),
    }
}

/// A TOML array, each of whose items is of a type that `item` takes, separated by commas.
pub fn toml_list(
    value: &DeValue<'_>,
    item: impl Fn(&DeValue<'_>) -> Option<String>,
) -> Option<String> {
    let texts = value.as_array()?.iter().map(|value| item(value.get_ref()));
    texts.collect::<Option<Vec<_>>>().map(|texts| texts.join(","))
}
