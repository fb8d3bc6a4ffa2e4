//! The specs of the program, which hold the claims of this project.

use crate::spec::{Claim, Spec, parse_spec};
use std::path::Path;

/// A spec of the program: where it lies in the repository, and its text.
pub type Own = (&'static str, &'static str);

macro_rules! own {
    ($($name:literal),* $(,)?) => {
        &[$((concat!("analyses/", $name, ".toml"), include_str!(concat!("../../analyses/", $name, ".toml")))),*]
    };
}

/// The analyses that feed the quick claims.
pub const QUICK: &[Own] = own!("verify-quick");

/// The analyses that feed all claims but those of [`LONG`].
pub const FULL: &[Own] = own!(
    "verify-quick",
    "one-step",
    "schedules",
    "autocorrelation",
    "composition",
    "terms",
    "autocorrelation-map",
    "cross-correlation",
    "weight-normalisation",
    "label-change",
    "wrong-labels",
    "depth",
    "causal",
    "similarity",
    "planes",
    "decomposition",
    "width",
    "batch",
    "label-frequency",
    "rules",
    "akrout",
    "open",
);

/// Those that take too long to be among them, and the one to begin with.
pub const LONG: &[Own] = own!("sensitivity", "akrout-long", "quickstart");

/// In what the analyses of a spec depart from those that a claim of this project was set for; `None` of other claims.
pub(super) fn departure(claim: &Claim, spec: &Spec) -> Option<String> {
    let name = format!("name = \"{}\"", claim.name);
    let (path, text) = FULL.iter().chain(LONG).find(|(_, text)| text.contains(&name))?;
    let own = parse_spec(Path::new(path), text).ok()?;
    let known = own.claims.iter().find(|known| known.name == claim.name)?;
    known.departure(&spec.analyses, &own.analyses)
}
