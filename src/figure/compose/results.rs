//! What figures take from results.

use crate::condition::Condition;
use crate::figure::Axis;
use crate::quantity::Quantity;
use crate::run::{JobResult, Plan};
use crate::spec::Analysis;
use std::collections::BTreeMap;

/// Results of a plan; `None` where a job has none.
#[derive(Clone, Copy)]
pub struct Results<'a> {
    /// What was planned.
    pub plan: &'a Plan,
    /// By index into [`Plan::jobs`].
    pub results: &'a [Option<JobResult>],
}

impl<'a> Results<'a> {
    /// Jobs of an analysis with a result, of how many.
    pub(super) fn count(self, analysis: &Analysis) -> [usize; 2] {
        let jobs = analysis.conditions.iter().flat_map(|condition| self.plan.jobs_of(analysis, condition));
        jobs.fold([0, 0], |[stored, planned], job| {
            [stored + usize::from(self.results.get(job).is_some_and(Option::is_some)), planned + 1]
        })
    }

    /// Results of the repeats of a condition.
    pub(super) fn of(self, analysis: &'a Analysis, condition: &'a Condition) -> impl Iterator<Item = &'a JobResult> {
        self.plan.jobs_of(analysis, condition).filter_map(move |job| self.results.get(job)?.as_ref())
    }

    /// Values of one quantity at a layer and lag by iteration, one entry per repeat.
    pub(super) fn values(
        self,
        analysis: &'a Analysis,
        condition: &'a Condition,
        quantity: Quantity,
        [layer, lag]: [Option<usize>; 2],
    ) -> BTreeMap<usize, Vec<Option<f64>>> {
        let mut values: BTreeMap<usize, Vec<Option<f64>>> = BTreeMap::new();
        for result in self.of(analysis, condition) {
            for record in result.records.iter().filter(|r| r.quantity == quantity && r.layer == layer && r.lag == lag) {
                values.entry(record.iteration).or_default().push(record.value);
            }
        }
        values
    }
}

/// Text of a parameter of a condition; empty where it has none.
pub(super) fn text(condition: &Condition, name: &str) -> String {
    condition.values().get(name).map(|value| value.to_text()).unwrap_or_default()
}

pub(super) fn distinct(values: impl Iterator<Item = String>) -> Vec<String> {
    values.fold(Vec::new(), |mut seen, value| {
        if !seen.contains(&value) {
            seen.push(value);
        }
        seen
    })
}

/// The axis of a quantity, or of several of one unit under a common `name`.
pub(super) fn axis_named(name: &str, unit: &str) -> Axis {
    let limits = match unit {
        "percent" => Some([0.0, 100.0]),
        "degrees" => Some([0.0, 180.0]),
        _ => None,
    };
    Axis { limits, ..Axis::new(if unit.is_empty() { name.into() } else { format!("{name} ({unit})") }) }
}

pub(super) fn axis_of(quantity: Quantity) -> Axis {
    axis_named(quantity.info().label, quantity.info().unit)
}
