//! Plans of confirmatory runs: which claims, families and repeats were fixed before any of their
//! results was seen.

use serde::Deserialize;
use std::collections::BTreeMap;

/// The plan of all claims; supplements follow it.
const PLANS: &[&str] = &[
    include_str!("../../plans/confirmatory.toml"),
    include_str!("../../plans/theory.toml"),
    include_str!("../../plans/normalisers.toml"),
    include_str!("../../plans/tuned.toml"),
];

/// What was fixed, and when.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
struct RegisteredPlan {
    /// Its name.
    name: String,
    /// The day it was written down.
    set: toml::value::Datetime,
    /// BLAKE3 of each spec, by path: of its claims with their bounds and families, its conditions,
    /// most repeats and seed.
    specs: BTreeMap<String, String>,
}

/// Name and date of the plan that has a spec, which lies at `path` and reads `text`; `None` if none
/// has it in these words.
pub(super) fn plan_of(path: &str, text: &str) -> Option<String> {
    let hash = blake3::hash(text.as_bytes()).to_hex();
    let plans = PLANS.iter().filter_map(|text| toml::from_str::<RegisteredPlan>(text).ok());
    let mut having =
        plans.filter(|plan| plan.specs.get(path).is_some_and(|planned| *planned == *hash));
    having.next().map(|plan| format!("{} of {}", plan.name, plan.set))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::claim::{FULL, LONG};

    #[test]
    fn plans_can_be_read_and_name_specs_that_there_are() {
        for text in PLANS {
            let plan: RegisteredPlan = toml::from_str(text).unwrap();
            for path in plan.specs.keys() {
                assert!(
                    FULL.iter().chain(LONG).any(|(own, _)| own == path),
                    "{path} of {}",
                    plan.name
                );
            }
        }
    }

    #[test]
    fn a_spec_is_planned_only_as_it_was_written() {
        let plan: RegisteredPlan = toml::from_str(PLANS[0]).unwrap();
        let (path, text) = FULL.iter().find(|(path, text)| plan_of(path, text).is_some()).unwrap();
        let said = plan_of(path, text).unwrap();
        assert!(said.contains(&plan.set.to_string()), "{said}");
        assert_eq!(plan_of(path, &text.replacen("at-least", "at-most", 1)), None);
        assert_eq!(plan_of("analyses/another.toml", text), None);
    }
}
