//! Values of parameters, and combinations of them that cannot run.

use crate::text::Value;
use std::collections::BTreeMap;

/// Values by parameter name.
pub type Values = BTreeMap<&'static str, Value>;

/// A combination of parameters that cannot run.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Conflict {
    /// The parameters concerned, the one to blame first.
    pub parameters: Vec<&'static str>,
    /// What is wrong and what to do.
    pub message: String,
}

impl Conflict {
    /// Of these parameters, the one to blame first.
    pub fn of<const N: usize>(parameters: [&'static str; N], message: String) -> Self {
        Self { parameters: parameters.into(), message }
    }
}
