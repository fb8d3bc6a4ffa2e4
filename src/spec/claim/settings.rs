//! Claims whose criteria were set for other settings than those that a spec has now.

use super::known::KnownAnalysis;
use super::model::Claim;
use crate::condition::Condition;
use crate::spec::analysis::{Analysis, Spec};
use crate::spec::settings::Settings;
use crate::text::{Settings as _, json_text};
use serde_json::Value as Json;
use std::collections::BTreeSet;

impl Spec {
    /// Takes over the claims of the spec that this one extends: those that it does not state
    /// itself. A claim of an analysis with other settings is kept, and refused: its criterion was
    /// set for others.
    pub(in crate::spec) fn take_over(&mut self, base: Self) {
        let mut inherited = base.claims;
        inherited.retain(|claim| self.claims.iter().all(|own| own.name != claim.name));
        for claim in &mut inherited {
            let differs = claim.departure(&self.analyses, &base.analyses);
            claim.refused = claim.refused.take().or(differs);
        }
        inherited.append(&mut self.claims);
        self.claims = inherited;
        for (document, size) in base.families {
            self.families.entry(document).or_insert(size);
        }
    }
}

impl Claim {
    /// Name of the analysis and index of every condition whose results it is about.
    pub(crate) fn conditions(&self, analyses: &[KnownAnalysis<'_>]) -> BTreeSet<(String, usize)> {
        let of_analysis = |known: &KnownAnalysis<'_>| {
            let name = &known.analysis.name;
            let terms = self.parts.iter().flat_map(|part| &part.terms);
            let measured = terms.filter(|term| term.analysis == *name && term.predicted.is_none());
            let found = measured
                .flat_map(|term| &term.places)
                .filter_map(|place| known.first(&place.condition));
            found.map(|index| (name.clone(), index)).collect::<Vec<_>>()
        };
        analyses
            .iter()
            .filter(|known| self.analyses.contains(&known.analysis.name))
            .flat_map(of_analysis)
            .collect()
    }

    /// In what the analyses `here` depart from those that the criterion was set for, in words;
    /// `None` if in nothing that the claim depends on. Seed and repeats may differ, as those are
    /// other draws of the same; so may conditions that it is not about.
    pub fn departure(&self, here: &[Analysis], there: &[Analysis]) -> Option<String> {
        self.analyses.iter().find_map(|name| {
            let find = |all: &'_ [Analysis]| all.iter().position(|analysis| analysis.name == *name);
            let then = &there[find(there)?];
            let Some(now) = find(here).map(|place| &here[place]) else {
                return Some(format!("the analysis {name} is not here"));
            };
            if now.kind != then.kind {
                return Some(format!(
                    "{name} is of another kind than the analysis that the criterion was set for"
                ));
            }
            let known = KnownAnalysis::of(then);
            let terms = self
                .parts
                .iter()
                .flat_map(|part| &part.terms)
                .filter(|term| term.analysis == *name);
            let mut needed: Vec<usize> = Vec::new();
            for place in terms.flat_map(|term| &term.places) {
                needed
                    .extend(known.first(&place.condition).filter(|index| !needed.contains(index)));
            }
            let conditions = needed.into_iter().map(|index| &then.conditions[index]);
            let lost = conditions
                .filter(|condition| !now.conditions.contains(condition))
                .find_map(|lost| differing(now, lost));
            lost.or_else(|| setting(now, then))
        })
    }
}

/// In what the nearest condition that there is differs from one that is not.
fn differing(now: &Analysis, lost: &Condition) -> Option<String> {
    let then = lost.parameters();
    let differing = |here: &Condition| {
        let here = here.parameters();
        let names = then.iter().filter(|(name, value)| here.get(*name) != Some(value));
        names
            .map(|(name, value)| said(name, here.get(name).unwrap_or(&Json::Null), value))
            .collect::<Vec<_>>()
    };
    now.conditions.iter().map(differing).min_by_key(Vec::len)?.into_iter().next()
}

/// The first setting of an analysis that differs.
fn setting(now: &Analysis, then: &Analysis) -> Option<String> {
    let free = [
        Settings::SEED.name(),
        Settings::REPEATS.name(),
        Settings::PREDICT.name(),
        Settings::QUANTITIES.name(),
    ];
    let (now, then) = (now.settings.values(), then.settings.values());
    let differing = now.iter().zip(&then).find(|(a, b)| a.1 != b.1 && !free.contains(&a.0));
    differing.map(|((name, now), (_, then))| said(name, &now.to_json(), &then.to_json()))
}

/// A difference in words.
fn said(name: &str, now: &Json, then: &Json) -> String {
    format!("{name} is {} here, and the criterion was set for {}", json_text(now), json_text(then))
}
