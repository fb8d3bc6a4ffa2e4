//! The specs of the program, which hold the claims of this project.

use super::registered::plan_of;
use crate::spec::{Analysis, Claim, Spec, parse_spec};
use std::collections::BTreeMap;
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
    "depth-theory",
    "learning-theory",
);

/// Those that take too long to be among them or were asked beside the paper, and the one to begin
/// with.
pub const LONG: &[Own] = own!(
    "sensitivity",
    "akrout-long",
    "tuned",
    "normalisers",
    "predictors",
    "relearning",
    "quickstart",
);

/// Specs of the program that were read, by path, each with the plan that has it as it is.
#[derive(Default)]
pub(super) struct OwnSpecs(BTreeMap<&'static str, (Option<Spec>, Option<String>)>);

impl OwnSpecs {
    /// The spec of the program that a claim stands in, and its plan; `None` of claims of others.
    fn of(&mut self, claim: &Claim) -> Option<&(Option<Spec>, Option<String>)> {
        let name = format!("name = \"{}\"", claim.name);
        let (path, text) = FULL.iter().chain(LONG).find(|(_, text)| text.contains(&name))?;
        let read = || (parse_spec(Path::new(path), text).ok(), plan_of(path, text));
        Some(self.0.entry(path).or_insert_with(read))
    }

    /// In what the analyses of a spec depart from those that a claim of this project was set for;
    /// `None` of other claims.
    pub fn departure(&mut self, claim: &Claim, spec: &Spec) -> Option<String> {
        let registered = self.of(claim)?.0.as_ref()?;
        let known = registered.claims.iter().find(|known| known.name == claim.name)?;
        known.departure(&spec.analyses, &registered.analyses)
    }

    /// The plan that fixed a claim and the seeds of its analyses before they were run; `None` if it
    /// was changed since, or is judged on other repeats.
    pub fn plan(&mut self, claim: &Claim, spec: &Spec) -> Option<String> {
        let (registered, plan) = self.of(claim)?;
        let registered = registered.as_ref()?;
        let seed = |analyses: &[Analysis], name: &String| {
            analyses
                .iter()
                .find(|analysis| analysis.name == *name)
                .map(|analysis| analysis.settings.seed)
        };
        let is_same = registered.claims.contains(claim)
            && claim
                .analyses
                .iter()
                .all(|name| seed(&spec.analyses, name) == seed(&registered.analyses, name));
        plan.clone().filter(|_| is_same)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// The spec of a plan whose claims are judged, the claim, and what is said of both.
    fn known() -> (Spec, Claim) {
        let (path, text) = FULL.iter().find(|(path, _)| path.ends_with("one-step.toml")).unwrap();
        let spec = parse_spec(Path::new(path), text).unwrap();
        let claim = spec.claims[0].clone();
        (spec, claim)
    }

    #[test]
    fn a_claim_is_planned_as_it_was_and_on_the_seeds_of_the_plan() {
        let (spec, claim) = known();
        let mut own = OwnSpecs::default();
        assert_eq!(own.plan(&claim, &spec).as_deref(), Some("confirmatory of 2026-11-30"));
        assert_eq!(own.departure(&claim, &spec), None);
        let mut other = claim.clone();
        other.statement = "It is otherwise".into();
        assert_eq!(own.plan(&other, &spec), None);
        let mut seeded = spec.clone();
        seeded.analyses.iter_mut().for_each(|analysis| analysis.settings.seed += 1);
        assert_eq!(own.plan(&claim, &seeded), None);
        assert_eq!(own.departure(&claim, &seeded), None, "a seed is no other setting");
    }

    #[test]
    fn a_claim_of_others_has_no_plan_and_departs_from_nothing() {
        let (spec, mut theirs) = known();
        theirs.name = "theirs/1".into();
        let mut own = OwnSpecs::default();
        assert_eq!((own.plan(&theirs, &spec), own.departure(&theirs, &spec)), (None, None));
    }
}
