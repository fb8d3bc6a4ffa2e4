//! How a name or a number is read and written, and which valid name is nearest to a misspelt one.
//!
//! Nothing here knows what the names stand for.

mod choice;
mod json;
mod nearest;
mod number;

pub use choice::{Choice, canonical, choices, expected};
pub use json::json_text;
pub use nearest::{list, nearest, suggestion};
pub(crate) use number::short;
