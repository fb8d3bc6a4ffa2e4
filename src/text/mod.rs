//! How a name or a number is read and written, and which valid name is nearest to a misspelt one.
//!
//! Nothing here knows what the names stand for.

mod bounds;
mod choice;
mod json;
mod nearest;
mod number;
#[cfg(feature = "plot")]
mod sentence;
mod setting;
mod span;

pub use bounds::{Interval, List, MOST_UNITS, OrName};
pub use choice::{Choice, canonical, choices, expected};
pub use json::json_text;
pub use nearest::{list, nearest, suggestion};
#[cfg(feature = "cli")]
pub(crate) use number::{decimals, signed};
pub(crate) use number::{short, with_interval};
#[cfg(feature = "plot")]
pub(crate) use sentence::capital;
pub(crate) use setting::settings;
pub use setting::{
    AnyParameter, Facts, Label, Nature, Parameter, Refused, Setting, Settings, Value, toml_list,
    toml_number, toml_string, toml_whole,
};
pub(crate) use span::snapped;
pub use span::{Span, Spans};
