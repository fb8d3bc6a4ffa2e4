//! Results of a plan, looked up by what was measured where: the one way in for summaries, flags,
//! claims and figures.

use super::job::{JobResult, Record};
use super::plan::Plan;
use crate::condition::Condition;
use crate::quantity::Quantity;
use crate::spec::Analysis;
use std::collections::BTreeMap;

/// By iteration, one entry per repeat, in the order of repeats; `None` where the value does not
/// exist.
pub type Values = BTreeMap<usize, Vec<Option<f64>>>;

/// Quantity, layer and lag.
pub(super) type Place = (Quantity, Option<usize>, Option<usize>);

/// Results of a plan; `None` where a job has none.
#[derive(Clone, Copy, Debug)]
pub struct Results<'a> {
    plan: &'a Plan,
    /// By index into [`Plan::jobs`].
    stored: &'a [Option<JobResult>],
}

impl<'a> Results<'a> {
    /// What is `stored` of the jobs of a plan, by index into [`Plan::jobs`].
    pub fn new(plan: &'a Plan, stored: &'a [Option<JobResult>]) -> Self {
        Self { plan, stored }
    }

    /// What was planned.
    pub fn plan(self) -> &'a Plan {
        self.plan
    }

    /// The result of a job, by index into [`Plan::jobs`].
    pub(super) fn of(self, job: usize) -> Option<&'a JobResult> {
        self.stored.get(job)?.as_ref()
    }

    /// Results of a condition, by repeat.
    pub fn repeats(self, analysis: &Analysis, condition: &Condition) -> Vec<Option<&'a JobResult>> {
        self.plan.jobs_of(analysis, condition).map(|job| self.of(job)).collect()
    }

    /// Jobs of the conditions of an analysis that have a result, of how many.
    pub fn count(self, analysis: &Analysis) -> [usize; 2] {
        let repeats =
            analysis.conditions.iter().flat_map(|condition| self.repeats(analysis, condition));
        repeats
            .fold([0, 0], |[stored, all], result| [stored + usize::from(result.is_some()), all + 1])
    }

    /// Repeats that a condition has a result of.
    pub fn stored_repeats(self, analysis: &Analysis, condition: &Condition) -> usize {
        self.repeats(analysis, condition).into_iter().flatten().count()
    }

    /// Repeats that a condition has a result of, from the first on.
    pub fn whole_repeats(self, analysis: &Analysis, condition: &Condition) -> usize {
        self.repeats(analysis, condition).iter().take_while(|result| result.is_some()).count()
    }

    /// Values of one quantity at a layer and a lag. Iterations at which no repeat recorded it are
    /// not there.
    pub fn values(
        self,
        analysis: &Analysis,
        condition: &Condition,
        quantity: Quantity,
        [layer, lag]: [Option<usize>; 2],
    ) -> Values {
        let wanted = |record: &Record| {
            record.quantity == quantity && record.layer == layer && record.lag == lag
        };
        self.select(analysis, condition, wanted).remove(&(quantity, layer, lag)).unwrap_or_default()
    }

    /// Values of all records that are wanted, by place.
    pub(super) fn select(
        self,
        analysis: &Analysis,
        condition: &Condition,
        wanted: impl Fn(&Record) -> bool,
    ) -> BTreeMap<Place, Values> {
        let repeats = self.repeats(analysis, condition);
        let mut found: BTreeMap<Place, Values> = BTreeMap::new();
        for (repeat, result) in repeats.iter().enumerate() {
            for record in
                result.iter().flat_map(|result| &result.records).filter(|record| wanted(record))
            {
                let values = found.entry((record.quantity, record.layer, record.lag)).or_default();
                values.entry(record.iteration).or_insert_with(|| vec![None; repeats.len()])
                    [repeat] = record.value;
            }
        }
        found
    }

    /// Rows of several quantities that were measured together, one list per repeat, a row per
    /// iteration: of kind sample, per draw. Rows without one of them are left out.
    pub fn rows<const N: usize>(
        self,
        analysis: &Analysis,
        condition: &Condition,
        quantities: [Quantity; N],
    ) -> Vec<Vec<[f64; N]>> {
        let of_repeat = |result: &JobResult| {
            let mut rows: BTreeMap<usize, [Option<f64>; N]> = BTreeMap::new();
            for record in &result.records {
                if let Some(column) =
                    quantities.iter().position(|quantity| *quantity == record.quantity)
                {
                    rows.entry(record.iteration).or_insert([None; N])[column] = record.value;
                }
            }
            let whole = rows.into_values().filter(|row| row.iter().all(Option::is_some));
            whole.map(|row| row.map(Option::unwrap_or_default)).collect()
        };
        let repeats = self.repeats(analysis, condition).into_iter();
        repeats.map(|result| result.map(of_repeat).unwrap_or_default()).collect()
    }
}
