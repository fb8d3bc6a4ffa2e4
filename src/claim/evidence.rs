//! What claims look up in results: values over repeats at an iteration, and curves.

use crate::analysis::{JobResult, Plan, Quantity};
use std::collections::BTreeMap;

/// Results of a plan, by analysis, condition and quantity.
#[derive(Clone, Copy)]
pub struct Evidence<'a> {
    plan: &'a Plan,
    results: &'a [Option<JobResult>],
}

/// One quantity of one layer over iterations and repeats.
#[derive(Clone, Debug, Default)]
pub struct Series {
    /// By iteration, one value per repeat that has one, in the order of repeats.
    pub by_iteration: BTreeMap<usize, Vec<f64>>,
}

impl Series {
    /// Values at the last iteration.
    pub fn last(&self) -> Vec<f64> {
        self.by_iteration.last_key_value().map(|(_, values)| values.clone()).unwrap_or_default()
    }

    /// Values at `iteration`; none if it was not recorded.
    pub fn at(&self, iteration: usize) -> Vec<f64> {
        self.by_iteration.get(&iteration).cloned().unwrap_or_default()
    }

    /// Values at the iteration whose mean is farthest from `centre`.
    pub fn farthest_from(&self, centre: f64) -> Vec<f64> {
        let distance = |values: &[f64]| (mean(values) - centre).abs();
        let farthest = self.by_iteration.values().max_by(|a, b| distance(a).total_cmp(&distance(b)));
        farthest.cloned().unwrap_or_default()
    }

    /// Change over `step` iterations, per repeat, where its mean is largest, from iteration `from` on.
    pub fn largest_change(&self, from: usize, step: usize) -> Vec<f64> {
        let changes = self.by_iteration.range(from..).filter(|(k, _)| (*k - from).is_multiple_of(step)).filter_map(
            |(k, before)| {
                let after = self.by_iteration.get(&(k + step)).filter(|after| after.len() == before.len())?;
                Some(after.iter().zip(before).map(|(a, b)| a - b).collect::<Vec<_>>())
            },
        );
        changes.max_by(|a, b| mean(a).total_cmp(&mean(b))).unwrap_or_default()
    }
}

/// Jackknife pseudo-values of the standard deviation: their mean estimates it and their spread its error.
pub(super) fn spread(values: &[f64]) -> Vec<f64> {
    let n = values.len() as f64;
    if values.len() < 3 {
        return Vec::new();
    }
    let sd = |values: &mut dyn Iterator<Item = f64>| {
        let values: Vec<f64> = values.collect();
        let centre = mean(&values);
        (values.iter().map(|v| (v - centre).powi(2)).sum::<f64>() / (values.len() - 1) as f64).sqrt()
    };
    let whole = sd(&mut values.iter().copied());
    let without = |i: usize| sd(&mut values.iter().enumerate().filter(|(j, _)| *j != i).map(|(_, v)| *v));
    (0..values.len()).map(|i| n * whole - (n - 1.0) * without(i)).collect()
}

fn mean(values: &[f64]) -> f64 {
    values.iter().sum::<f64>() / values.len() as f64
}

impl<'a> Evidence<'a> {
    /// Evidence of `results`, which belong to the jobs of `plan`.
    pub fn new(plan: &'a Plan, results: &'a [Option<JobResult>]) -> Self {
        Self { plan, results }
    }

    /// One quantity under the first condition of `analysis` that has the parameter values `selected`, given as
    /// `(name, text)`. Empty if there is none.
    pub fn series(
        &self,
        analysis: &str,
        selected: &[(&str, &str)],
        quantity: Quantity,
        layer: Option<usize>,
    ) -> Series {
        let mut series = Series::default();
        let Some(analysis) = self.plan.analyses().find(|candidate| candidate.name == analysis) else { return series };
        let matches = |values: &crate::analysis::Values| {
            selected.iter().all(|(name, text)| values.get(name).is_some_and(|value| value.to_text() == *text))
        };
        let Some(condition) = analysis.conditions.iter().find(|c| matches(&c.values())) else { return series };
        for result in self.plan.jobs_of(analysis, condition).filter_map(|job| self.results.get(job)?.as_ref()) {
            let records = result.records.iter().filter(|r| r.quantity == quantity && r.layer == layer);
            for (iteration, value) in records.filter_map(|r| Some((r.iteration, r.value?))) {
                series.by_iteration.entry(iteration).or_default().push(value);
            }
        }
        series
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn series(rows: &[(usize, &[f64])]) -> Series {
        Series { by_iteration: rows.iter().map(|(k, v)| (*k, v.to_vec())).collect() }
    }

    #[test]
    fn statistics_of_a_curve() {
        let s = series(&[(0, &[90.0, 91.0]), (10, &[80.0, 82.0]), (20, &[81.0, 82.0]), (30, &[70.0, 75.0])]);
        assert_eq!(s.last(), [70.0, 75.0]);
        assert_eq!(s.at(10), [80.0, 82.0]);
        assert!(s.at(11).is_empty());
        assert_eq!(s.farthest_from(90.0), [70.0, 75.0]);
        assert_eq!(s.largest_change(0, 10), [1.0, 0.0]);
        assert_eq!(s.largest_change(20, 10), [-11.0, -7.0]);
    }

    #[test]
    fn spread_estimates_the_standard_deviation() {
        let values: Vec<f64> = (0..200).map(|i| (f64::from(i) * 0.7).sin()).collect();
        let pseudo = spread(&values);
        assert!((mean(&pseudo) - 0.7089).abs() < 2e-3, "{}", mean(&pseudo));
        assert!(spread(&[1.0, 2.0]).is_empty());
    }
}
