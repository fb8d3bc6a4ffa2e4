//! Claims: statements with criteria, as data beside the analyses that they are about.
//!
//! ```text
//! [[claim]] as typed -> variables of `for` filled in -> parts: an expression over terms, and its bounds
//! ```

mod expression;
mod known;
mod model;
mod read;
mod settings;
mod term;
mod tree;

pub use expression::{Expression, Function};
pub(super) use known::Home;
pub(crate) use known::KnownAnalysis;
pub(crate) use model::document;
pub use model::{
    Asked, Claim, ClaimKind, ClaimPart, ClaimSet, Criterion, Families, FamilySize, Place,
    Predicted, Term, Time, ValueKind,
};
pub(super) use read::{check_claims, check_families};
