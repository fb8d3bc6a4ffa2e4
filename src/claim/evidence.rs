//! What claims look up in results: values over repeats at an iteration, and curves.

use crate::condition::Condition;
use crate::experiment::{Predictor, limit};
use crate::measure::summary::{mean, sd};
use crate::quantity::Quantity;
use crate::run::{JobResult, Plan, Results, Values};
use crate::spec::Analysis;
use std::ops::RangeInclusive;

/// Results of a plan, by analysis, condition and quantity.
#[derive(Clone, Copy)]
pub struct Evidence<'a> {
    results: Results<'a>,
}

/// One quantity of one layer over iterations and repeats.
#[derive(Clone, Debug, Default)]
pub struct Series {
    /// By iteration, one entry per repeat, in the order of repeats; `None` where the value does not exist.
    pub by_iteration: Values,
}

impl Series {
    /// Values at the last iteration.
    pub fn last(&self) -> Vec<f64> {
        self.by_iteration.last_key_value().map(|(_, values)| present(values)).unwrap_or_default()
    }

    /// Values at `iteration`; none if it was not recorded.
    pub fn at(&self, iteration: usize) -> Vec<f64> {
        self.by_iteration.get(&iteration).map(|values| present(values)).unwrap_or_default()
    }

    /// Values at `iteration`, by repeat.
    pub fn repeats_at(&self, iteration: usize) -> Repeats {
        self.repeats_over(iteration..=iteration)
    }

    /// Values at the iteration whose mean is farthest from `centre`.
    pub fn farthest_from(&self, centre: f64) -> Vec<f64> {
        let all = self.by_iteration.values().map(|values| present(values)).filter(|values| !values.is_empty());
        all.max_by(|a, b| (mean(a) - centre).abs().total_cmp(&(mean(b) - centre).abs())).unwrap_or_default()
    }

    /// Values at the iteration, from `from` on, whose mean is smallest.
    pub fn smallest_from(&self, from: usize) -> Vec<f64> {
        let all = self.by_iteration.range(from..).map(|(_, values)| present(values));
        all.filter(|values| !values.is_empty()).min_by(|a, b| mean(a).total_cmp(&mean(b))).unwrap_or_default()
    }

    /// Change over `step` iterations, per repeat, where its mean is largest, from iteration `from` on.
    pub fn largest_change(&self, from: usize, step: usize) -> Vec<f64> {
        let starts = self.by_iteration.keys().copied().filter(|k| *k >= from && (k - from).is_multiple_of(step));
        let changes = starts.map(|k| self.change(k, k + step)).filter(|change| !change.is_empty());
        changes.max_by(|a, b| mean(a).total_cmp(&mean(b))).unwrap_or_default()
    }

    /// Value at `to` minus value at `from`, per repeat; none if one of them was not recorded.
    pub fn change(&self, from: usize, to: usize) -> Vec<f64> {
        match (self.by_iteration.get(&from), self.by_iteration.get(&to)) {
            (Some(before), Some(after)) => differences(after, before),
            _ => Vec::new(),
        }
    }

    /// This series minus another of the same repeats, where both have a value.
    pub fn minus(&self, other: &Self) -> Self {
        self.with(other, |a, b| a - b)
    }

    fn with(&self, other: &Self, combine: impl Fn(f64, f64) -> f64) -> Self {
        let pairs = self.by_iteration.iter().filter_map(|(k, values)| Some((*k, values, other.by_iteration.get(k)?)));
        let of =
            |a: &[Option<f64>], b: &[Option<f64>]| a.iter().zip(b).map(|(a, b)| Some(combine((*a)?, (*b)?))).collect();
        Self { by_iteration: pairs.map(|(k, a, b)| (k, of(a, b))).collect() }
    }

    /// This series over another of the same repeats, where both have a value.
    pub fn over(&self, other: &Self) -> Self {
        self.with(other, |a, b| a / b)
    }

    /// The part at the iterations of a range.
    pub fn within(&self, range: RangeInclusive<usize>) -> Self {
        Self { by_iteration: self.by_iteration.range(range).map(|(k, values)| (*k, values.clone())).collect() }
    }

    /// The same with its sign turned.
    pub fn negated(&self) -> Self {
        let negate = |values: &[Option<f64>]| values.iter().map(|value| value.map(|value| -value)).collect();
        Self { by_iteration: self.by_iteration.iter().map(|(k, values)| (*k, negate(values))).collect() }
    }

    /// Means over the iterations of a range, per repeat.
    pub fn repeats_over(&self, range: RangeInclusive<usize>) -> Repeats {
        let within: Vec<&Vec<Option<f64>>> = self.by_iteration.range(range).map(|(_, values)| values).collect();
        let repeats = within.iter().map(|values| values.len()).max().unwrap_or(0);
        let of = |repeat: usize| {
            let values: Vec<f64> = within.iter().filter_map(|values| *values.get(repeat)?).collect();
            (!values.is_empty()).then(|| mean(&values))
        };
        Repeats((0..repeats).map(of).collect())
    }

    /// The iteration at which the mean is smallest.
    pub fn lowest(&self) -> usize {
        let all = self.by_iteration.iter().map(|(k, values)| (*k, present(values)));
        let means = all.filter(|(_, values)| !values.is_empty()).map(|(k, values)| (k, mean(&values)));
        means.min_by(|a, b| a.1.total_cmp(&b.1)).map_or(0, |(k, _)| k)
    }

    /// The last iteration.
    pub fn end(&self) -> usize {
        self.by_iteration.last_key_value().map_or(0, |(k, _)| *k)
    }
}

/// One value per repeat, in the order of repeats; `None` where it does not exist.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Repeats(pub Vec<Option<f64>>);

impl Repeats {
    /// Values that exist.
    pub fn present(&self) -> Vec<f64> {
        present(&self.0)
    }

    /// Differences of the same repeats.
    pub fn minus(&self, other: &Self) -> Self {
        self.with(other, |a, b| a - b)
    }

    /// Sums of the same repeats.
    pub fn plus(&self, other: &Self) -> Self {
        self.with(other, |a, b| a + b)
    }

    /// 1 where a value is above `bound`, 0 where not.
    pub fn share_above(&self, bound: f64) -> Self {
        self.map(|value| f64::from(value > bound))
    }

    /// Ratios of the same repeats.
    pub fn over(&self, other: &Self) -> Self {
        self.with(other, |a, b| a / b)
    }

    /// Multiples.
    pub fn times(&self, factor: f64) -> Self {
        self.map(|value| factor * value)
    }

    /// Products of the same repeats.
    pub fn product(&self, other: &Self) -> Self {
        self.with(other, |a, b| a * b)
    }

    /// A function of every value.
    pub fn map(&self, function: impl Fn(f64) -> f64) -> Self {
        Self(self.0.iter().map(|value| value.map(&function)).collect())
    }

    /// 1 where a value is above all of `others`, 0 where not.
    pub fn above_all_of(&self, others: &Self) -> Self {
        let highest = others.present().into_iter().fold(f64::NEG_INFINITY, f64::max);
        self.map(|value| f64::from(value > highest))
    }

    /// Means of several, by repeat; `None` where one of them does not exist.
    pub fn mean(several: Vec<Self>) -> Self {
        let Some((first, rest)) = several.split_first() else { return Self::default() };
        rest.iter().fold(first.clone(), |sum, other| sum.with(other, |a, b| a + b)).times(1.0 / several.len() as f64)
    }

    /// A statistic of lists of values, one per repeat; `None` of lists shorter than `least`.
    pub fn of(lists: impl Iterator<Item = Vec<f64>>, least: usize, statistic: impl Fn(&[f64]) -> f64) -> Self {
        Self(lists.map(|values| (values.len() >= least).then(|| statistic(&values))).collect())
    }

    fn with(&self, other: &Self, combine: impl Fn(f64, f64) -> f64) -> Self {
        Self(self.0.iter().zip(&other.0).map(|(a, b)| Some(combine((*a)?, (*b)?))).collect())
    }
}

fn present(values: &[Option<f64>]) -> Vec<f64> {
    values.iter().copied().flatten().collect()
}

fn differences(a: &[Option<f64>], b: &[Option<f64>]) -> Vec<f64> {
    a.iter().zip(b).filter_map(|(a, b)| Some((*a)? - (*b)?)).collect()
}

/// Jackknife pseudo-values of the standard deviation: their mean estimates it and their spread its error.
pub(super) fn spread(values: &[f64]) -> Vec<f64> {
    let n = values.len() as f64;
    if values.len() < 3 {
        return Vec::new();
    }
    let whole = sd(values);
    let without = |i: usize| sd(&[&values[..i], &values[i + 1..]].concat());
    (0..values.len()).map(|i| n * whole - (n - 1.0) * without(i)).collect()
}

impl<'a> Evidence<'a> {
    /// Evidence of `results`, which belong to the jobs of `plan`.
    pub fn new(plan: &'a Plan, results: &'a [Option<JobResult>]) -> Self {
        Self { results: Results::new(plan, results) }
    }

    fn analysis(&self, name: &str) -> Option<&'a Analysis> {
        self.results.plan().analyses().find(|analysis| analysis.name == name)
    }

    /// Whether the analysis was run.
    pub fn has(&self, analysis: &str) -> bool {
        self.analysis(analysis).is_some()
    }

    /// An analysis and its first condition that has the parameter values `selected`, given as `(name, text)`.
    fn condition(&self, analysis: &str, selected: &[(&str, &str)]) -> Option<(&'a Analysis, &'a Condition)> {
        let matches = |values: &crate::condition::Values| {
            selected.iter().all(|(name, text)| values.get(name).is_some_and(|value| value.to_text() == *text))
        };
        let analysis = self.analysis(analysis)?;
        Some((analysis, analysis.conditions.iter().find(|c| matches(&c.values()))?))
    }

    /// Weight alignment of layer 1 minus what theory predicts for the condition, by repeat; empty where there is no theory.
    pub fn beside_theory(&self, analysis: &str, selected: &[(&str, &str)], iteration: usize) -> Vec<f64> {
        let (quantity, layer) = (Quantity::WeightAlignment, Some(1));
        let predicted = self
            .condition(analysis, selected)
            .and_then(|(_, condition)| Predictor::default().predict(condition, quantity, layer, iteration, false));
        let measured = self.series(analysis, selected, quantity, layer).at(iteration);
        predicted.map(|predicted| measured.iter().map(|value| value - predicted).collect()).unwrap_or_default()
    }

    /// Mean weight alignment of layer 1 over the second half minus where theory says it ends, by repeat.
    pub fn beside_limit(&self, analysis: &str, selected: &[(&str, &str)]) -> Vec<f64> {
        let end = self.condition(analysis, selected).and_then(|(_, condition)| match condition {
            Condition::Isolate(isolated) => limit(isolated).map(|(_, found)| found.value),
            _ => None,
        });
        let series = self.series(analysis, selected, Quantity::WeightAlignment, Some(1));
        let late = series.repeats_over(series.end() / 2 + 1..=series.end()).present();
        end.map(|end| late.iter().map(|value| value - end).collect()).unwrap_or_default()
    }

    /// One quantity over iterations and repeats. Empty if nothing was measured.
    pub fn series(
        &self,
        analysis: &str,
        selected: &[(&str, &str)],
        quantity: Quantity,
        layer: Option<usize>,
    ) -> Series {
        self.series_at_lag(analysis, selected, quantity, layer, None)
    }

    /// The same of a quantity that is measured at lags.
    pub fn series_at_lag(
        &self,
        analysis: &str,
        selected: &[(&str, &str)],
        quantity: Quantity,
        layer: Option<usize>,
        lag: Option<usize>,
    ) -> Series {
        let Some((analysis, condition)) = self.condition(analysis, selected) else { return Series::default() };
        Series { by_iteration: self.results.values(analysis, condition, quantity, [layer, lag]) }
    }

    /// Draws of several quantities, one list of rows per repeat, a row per draw; draws without one of them are left
    /// out.
    pub fn draws<const N: usize>(
        &self,
        analysis: &str,
        selected: &[(&str, &str)],
        quantities: [Quantity; N],
    ) -> Vec<Vec<[f64; N]>> {
        let Some((analysis, condition)) = self.condition(analysis, selected) else { return Vec::new() };
        self.results.rows(analysis, condition, quantities)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::condition::Kind;
    use crate::run::{Outcome, Record};

    fn series(rows: &[(usize, &[f64])]) -> Series {
        Series { by_iteration: rows.iter().map(|(k, v)| (*k, v.iter().map(|v| Some(*v)).collect())).collect() }
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
        assert_eq!((s.smallest_from(10), s.end()), (vec![70.0, 75.0], 30));
        assert_eq!((s.within(5..=20).end(), s.within(5..=20).farthest_from(90.0)), (20, vec![80.0, 82.0]));
        assert_eq!(s.within(0..=0).over(&s).last(), [1.0, 1.0]);
    }

    #[test]
    fn absent_values_keep_their_repeat() {
        let whole = series(&[(0, &[9.0, 8.0, 7.0])]);
        let mut holed = series(&[(0, &[1.0, 2.0, 3.0])]);
        holed.by_iteration.get_mut(&0).unwrap()[1] = None;
        assert_eq!(whole.minus(&holed).last(), [8.0, 4.0]);
        assert_eq!(holed.last(), [1.0, 3.0]);
        assert_eq!(whole.repeats_at(0).over(&holed.repeats_at(0)), Repeats(vec![Some(9.0), None, Some(7.0 / 3.0)]));
    }

    #[test]
    fn a_repeat_without_a_result_keeps_its_place() {
        let options = [("layers", "3,4,3"), ("batch", "2"), ("iterations", "4"), ("repeats", "3")];
        let mut analysis = Analysis::from_options(Kind::Isolate, options).unwrap();
        analysis.name = "a".into();
        let plan = Plan::single(analysis).unwrap();
        let record = |iteration, value| Record {
            iteration,
            layer: Some(1),
            lag: None,
            quantity: Quantity::WeightAlignment,
            value: Some(value),
        };
        // The first repeat diverged after iteration 2, the second was not run.
        let records = [Some(vec![record(2, 1.0)]), None, Some(vec![record(2, 3.0), record(4, 4.0)])];
        let results: Vec<Option<JobResult>> = plan
            .jobs
            .iter()
            .zip(records)
            .map(|(job, records)| Some(job.finish(Outcome::Completed, records?)))
            .collect();
        let series = Evidence::new(&plan, &results).series("a", &[], Quantity::WeightAlignment, Some(1));
        assert_eq!(series.repeats_at(2), Repeats(vec![Some(1.0), None, Some(3.0)]));
        assert_eq!(series.repeats_at(4), Repeats(vec![None, None, Some(4.0)]));
        assert_eq!(series.change(2, 4), [1.0]);
    }

    #[test]
    fn repeats_are_paired() {
        let s = series(&[(0, &[90.0, 91.0]), (10, &[80.0, 82.0]), (20, &[81.0, 84.0])]);
        let late = s.repeats_over(5..=20);
        assert_eq!(late, Repeats(vec![Some(80.5), Some(83.0)]));
        let holed = Repeats(vec![Some(1.0), None]);
        assert_eq!(late.minus(&holed), Repeats(vec![Some(79.5), None]));
        assert_eq!(late.above_all_of(&holed).present(), [1.0, 1.0]);
        assert_eq!(late.over(&late.times(2.0)).present(), [0.5, 0.5]);
        assert_eq!(Repeats::mean(vec![late.clone(), holed]).present(), [40.75]);
        assert_eq!(s.repeats_over(30..=40), Repeats(Vec::new()));
    }

    #[test]
    fn spread_estimates_the_standard_deviation() {
        let values: Vec<f64> = (0..200).map(|i| (f64::from(i) * 0.7).sin()).collect();
        let pseudo = spread(&values);
        assert!((mean(&pseudo) - 0.7089).abs() < 2e-3, "{}", mean(&pseudo));
        assert!(spread(&[1.0, 2.0]).is_empty());
    }
}
