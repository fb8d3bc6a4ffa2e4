//! How a name or a number is read and written, and which valid name is nearest to a misspelt one.
//!
//! Nothing here knows what the names stand for.

mod choice;
mod json;
mod nearest;
mod numbers;
mod setting;

pub use choice::{Choice, canonical, choices, expected};
pub use json::json_text;
pub use nearest::{list, nearest, suggestion};
pub use numbers::{Interval, List, MOST_UNITS, OrName};
pub(crate) use setting::settings;
pub use setting::{
    AnyParameter, Facts, Label, Nature, Parameter, Refused, Setting, Settings, Value, toml_list, toml_number,
    toml_string, toml_whole,
};
