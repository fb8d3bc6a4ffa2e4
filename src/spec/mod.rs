//! What is asked: specs from options or TOML, checked before anything runs.
//!
//! ```text
//! options or TOML -> raw (as typed) -> Analysis (as run)
//! ```

mod analysis;
mod axes;
mod changed;
mod check;
mod claim;
mod compare;
mod extends;
mod figure;
mod file;
mod node;
mod parameters;
mod range;
mod raw;
mod settings;
mod write;

pub(crate) use analysis::RECORDINGS;
pub use analysis::{Analysis, OptionError, Spec};
pub use changed::{ChangeError, Changes, changed, read_changed};
pub use claim::{
    Asked, Claim, ClaimKind, ClaimPart, ClaimSet, Criterion, Expression, Families, FamilySize,
    Function, Place, Predicted, Term, Time, ValueKind,
};
pub(crate) use claim::{KnownAnalysis, document};
pub use compare::Comparison;
#[cfg(feature = "plot")]
pub(crate) use figure::figure_kinds;
pub use figure::{
    Across, Colours, Conditions, FIGURE_KEYS, Figure, FigureFacts, FigureKey, FigureKind,
    Lettering, Names, Panels, Scale, Share, Spread, Subject, XAxis,
};
pub use file::{parse_spec, read_spec};
pub use node::{NAME_RULE, Problem, SpecError, is_name};
pub use parameters::{Listed, Scope, parameters, unknown_parameter};
pub use settings::Settings;
