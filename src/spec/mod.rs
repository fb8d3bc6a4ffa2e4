//! What is asked: specs from options or TOML, checked before anything runs.
//!
//! ```text
//! options or TOML -> raw (as typed) -> Analysis (as run)
//! ```

mod analysis;
mod axes;
mod check;
mod extends;
mod figure_options;
mod file;
mod parameters;
mod raw;
mod settings;
mod write;

pub use analysis::{Analysis, Figure, FigureKind, OptionError, Panels, Spec, XAxis};
pub use check::{NAME_RULE, is_name};
pub use figure_options::{FIGURE_OPTIONS, FigureOption};
pub use file::{parse_spec, read_spec};
pub use parameters::{Listed, Scope, parameters, unknown_parameter};
pub use raw::{Problem, SpecError};
pub use settings::Settings;
