//! Claims of a spec that another extends: whether its analyses are still those that their criteria were set for.

use crate::spec::analysis::{Analysis, Spec};
use crate::spec::settings::Settings;
use crate::text::{Settings as _, json_text};
use serde_json::Value as Json;

impl Spec {
    /// Takes over the claims of the spec that this one extends: those that it does not state itself. A claim of an analysis
    /// with other settings is kept, and refused: its criterion was set for others.
    pub(in crate::spec) fn take_over(&mut self, base: Self) {
        let mut inherited = base.claims;
        inherited.retain(|claim| self.claims.iter().all(|own| own.name != claim.name));
        for claim in &mut inherited {
            let differs = claim.analyses.iter().find_map(|name| {
                let find = |analyses: &[Analysis]| analyses.iter().find(|analysis| analysis.name == *name).cloned();
                let (here, there) = (find(&self.analyses)?, find(&base.analyses)?);
                here.departure(&there)
            });
            claim.refused = claim.refused.take().or(differs);
        }
        inherited.append(&mut self.claims);
        self.claims = inherited;
        for (document, size) in base.families {
            self.families.entry(document).or_insert(size);
        }
    }
}

impl Analysis {
    /// In what this analysis departs from the one that a criterion was set for, in words; `None` if in nothing that
    /// changes results. Seed and repeats may differ, as those are other draws of the same. So may what is measured besides.
    pub fn departure(&self, from: &Self) -> Option<String> {
        if self.kind != from.kind {
            return Some("it is of another kind than the analysis that the criterion was set for".into());
        }
        let of_setting = || {
            let free = [
                Settings::SEED.name(),
                Settings::REPEATS.name(),
                Settings::PREDICT.name(),
                Settings::QUANTITIES.name(),
            ];
            let (here, there) = (self.settings.values(), from.settings.values());
            let differing = here.iter().zip(&there).find(|(a, b)| a.1 != b.1 && !free.contains(&a.0));
            differing.map(|((name, now), (_, then))| said(name, &now.to_json(), &then.to_json()))
        };
        let lost = from.conditions.iter().find(|condition| !self.conditions.contains(condition));
        let of_condition = || {
            let then = lost?.parameters();
            let nearest = self
                .conditions
                .iter()
                .map(crate::condition::Condition::parameters)
                .min_by_key(|now| then.iter().filter(|(name, value)| now.get(*name) != Some(value)).count())?;
            let (name, value) = then.iter().find(|(name, value)| nearest.get(*name) != Some(value))?;
            Some(said(name, nearest.get(name).unwrap_or(&Json::Null), value))
        };
        of_condition().or_else(of_setting)
    }
}

/// A difference in words.
fn said(name: &str, now: &Json, then: &Json) -> String {
    format!("{name} is {} here, and the criterion was set for {}", json_text(now), json_text(then))
}
