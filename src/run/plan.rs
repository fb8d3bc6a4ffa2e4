//! Specs expanded into jobs, each of them once.

use super::job::{Job, RESULTS_VERSION, address};
use crate::condition::Condition;
use crate::data::Source;
use crate::spec::{Analysis, Spec};
use serde_json::{Value as Json, json};
use std::collections::{BTreeMap, HashMap, HashSet};
use std::path::PathBuf;
use thiserror::Error;

/// What is to be run.
#[derive(Clone, Debug)]
pub struct Plan {
    /// The documents, in the order given.
    pub specs: Vec<Spec>,
    /// Distinct jobs, in the order of analyses, conditions and repeats.
    pub jobs: Vec<Job>,
    /// Addresses of `jobs`.
    pub addresses: Vec<String>,
    /// For every analysis, condition and repeat, in this order: which job.
    places: Vec<usize>,
}

/// One analysis, condition and repeat of a plan.
#[derive(Clone, Copy, Debug)]
pub struct Planned<'a> {
    /// The analysis.
    pub analysis: &'a Analysis,
    /// The condition.
    pub condition: &'a Condition,
    /// Its index into those of the analysis.
    pub condition_index: usize,
    /// The repeat, from 0.
    pub repeat: usize,
    /// Index into [`Plan::jobs`].
    pub job: usize,
}

/// Specs that cannot be run together.
#[derive(Clone, Debug, PartialEq, Eq, Error)]
pub enum PlanError {
    /// Results are distinguished by the name of the analysis.
    #[error(
        "two analyses are named `{0}`, in these specs taken together: rename one, or run the specs \
         into different directories"
    )]
    SameName(String),
    /// There is nothing to run.
    #[error("there is nothing to run: give at least one spec with an analysis")]
    Empty,
}

impl Plan {
    /// Expands specs into jobs.
    ///
    /// # Errors
    /// If two analyses share a name, or there is none.
    pub fn new(specs: Vec<Spec>) -> Result<Self, PlanError> {
        let (mut jobs, mut addresses, mut places) = (Vec::new(), Vec::new(), Vec::new());
        let (mut index, mut names) = (HashMap::new(), HashSet::new());
        for analysis in specs.iter().flat_map(|spec| &spec.analyses) {
            if !names.insert(&analysis.name) {
                return Err(PlanError::SameName(analysis.name.clone()));
            }
            for condition in &analysis.conditions {
                for repeat in 0..analysis.settings.repeats {
                    let job = analysis.job(condition, repeat);
                    let place = *index.entry(job.address()).or_insert_with_key(|address| {
                        addresses.push(address.clone());
                        jobs.push(job);
                        jobs.len() - 1
                    });
                    places.push(place);
                }
            }
        }
        if jobs.is_empty() {
            Err(PlanError::Empty)
        } else {
            Ok(Self { specs, jobs, addresses, places })
        }
    }

    /// Which job has which address.
    pub(super) fn by_address(&self) -> HashMap<&str, usize> {
        self.addresses.iter().enumerate().map(|(job, address)| (address.as_str(), job)).collect()
    }

    /// Plan of a single analysis.
    ///
    /// # Errors
    /// If the analysis has no condition.
    pub fn single(analysis: Analysis) -> Result<Self, PlanError> {
        Self::new(vec![Spec::single(analysis)])
    }

    /// All analyses, in the order given.
    pub fn analyses(&self) -> impl Iterator<Item = &Analysis> {
        self.specs.iter().flat_map(|spec| &spec.analyses)
    }

    /// Every analysis, condition and repeat, in this order.
    pub fn planned(&self) -> impl Iterator<Item = Planned<'_>> {
        let each = self.analyses().flat_map(|analysis| {
            let conditions = analysis.conditions.iter().enumerate();
            conditions.flat_map(move |condition| {
                (0..analysis.settings.repeats).map(move |repeat| (analysis, condition, repeat))
            })
        });
        let each = each.zip(&self.places);
        each.map(|((analysis, (condition_index, condition), repeat), &job)| Planned {
            analysis,
            condition,
            condition_index,
            repeat,
            job,
        })
    }

    /// Jobs of one condition of the analysis of this name, by repeat.
    pub fn jobs_of(
        &self,
        analysis: &Analysis,
        condition: &Condition,
    ) -> impl Iterator<Item = usize> {
        let mut first = 0;
        let mut places: &[usize] = &[];
        for known in self.analyses() {
            if known.name == analysis.name {
                let place = known.conditions.iter().position(|other| other == condition);
                let start = place.map(|place| first + place * known.settings.repeats);
                places = start
                    .and_then(|start| self.places.get(start..start + known.settings.repeats))
                    .unwrap_or_default();
            }
            first += known.conditions.len() * known.settings.repeats;
        }
        places.iter().copied()
    }

    /// The data sets that jobs need, each once, in the order of the jobs; by index into
    /// [`Self::jobs`].
    pub fn data_sets(&self, jobs: impl Iterator<Item = usize>) -> Vec<&Source> {
        let mut sources: Vec<&Source> = Vec::new();
        for source in jobs.filter_map(|job| Some(&self.jobs[job].condition.train()?.data)) {
            if !sources.contains(&source) {
                sources.push(source);
            }
        }
        sources
    }

    /// Address of the results: of all but titles and figures.
    pub fn address(&self) -> String {
        let analyses: Json = self.analyses().map(Analysis::results_json).collect();
        address(&BTreeMap::from([
            ("analyses".to_string(), analyses),
            ("results-version".into(), json!(RESULTS_VERSION)),
        ]))
    }

    /// Where output goes unless another directory is asked for: `runs/<name>-<address>`.
    pub fn default_directory(&self) -> PathBuf {
        let names: Vec<&str> = self.specs.iter().map(|spec| spec.name.as_str()).take(3).collect();
        PathBuf::from("runs").join(format!("{}-{}", names.join("+"), &self.address()[..8]))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::condition::Kind;

    fn analysis(name: &str, options: &[(&str, &str)]) -> Analysis {
        let mut analysis = Analysis::from_options(Kind::Isolate, options.iter().copied()).unwrap();
        analysis.name = name.into();
        analysis
    }

    #[test]
    fn specs_that_share_a_job_run_it_once() {
        let a = Spec::single(analysis("a", &[("repeats", "3")]));
        let b = Spec::single(analysis("b", &[("repeats", "5")]));
        let plan = Plan::new(vec![a, b]).unwrap();
        assert_eq!(plan.jobs.len(), 5);
        assert_eq!(plan.planned().map(|p| p.job).collect::<Vec<_>>(), [0, 1, 2, 0, 1, 2, 3, 4]);
        let second = plan.analyses().nth(1).unwrap();
        assert_eq!(plan.jobs_of(second, &second.conditions[0]).count(), 5);
    }

    #[test]
    fn titles_and_figures_do_not_make_another_run() {
        let mut titled = analysis("a", &[]);
        titled.title = "T".into();
        let plans = [analysis("a", &[]), titled, analysis("a", &[("seed", "2")])]
            .map(|a| Plan::single(a).unwrap());
        assert_eq!(plans[0].address(), plans[1].address());
        assert_ne!(plans[0].address(), plans[2].address());
        assert!(plans[0].default_directory().starts_with("runs"));
    }

    #[test]
    fn names_must_differ() {
        let specs =
            vec![Spec::single(analysis("a", &[])), Spec::single(analysis("a", &[("seed", "2")]))];
        assert_eq!(Plan::new(specs).unwrap_err(), PlanError::SameName("a".into()));
        assert_eq!(Plan::new(Vec::new()).unwrap_err(), PlanError::Empty);
    }
}
