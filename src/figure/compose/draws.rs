//! Values drawn, as kinds of figures of draws take them.

use super::Results;
use crate::condition::Condition;
use crate::figure::{Hue, Mark, Point, Series};
use crate::measure::histogram::Histogram;
use crate::quantity::Quantity;
use crate::spec::Analysis;
use std::collections::BTreeMap;

/// Every drawn value of a quantity, over all repeats.
pub(super) fn drawn(results: Results<'_>, analysis: &Analysis, condition: &Condition, quantity: Quantity) -> Vec<f64> {
    let records = results.of(analysis, condition).flat_map(|result| &result.records);
    records.filter(|r| r.quantity == quantity).filter_map(|r| r.value).collect()
}

/// Least and largest of the values.
pub(super) fn range(values: impl Iterator<Item = f64>) -> [f64; 2] {
    values.fold([f64::INFINITY, f64::NEG_INFINITY], |[low, high], v| [low.min(v), high.max(v)])
}

/// The outline of a histogram of the values between two ends.
pub(super) fn outline(
    label: String,
    colour: Hue,
    values: &[f64],
    [low, high]: [f64; 2],
    bins: usize,
) -> Option<Series> {
    let corners = Histogram::new(values, low, high, bins)?.outline();
    let points = corners.into_iter().map(|(x, y)| Point { x, y: Some(y), band: None }).collect();
    Some(Series { label, colour, mark: Mark::Line, points })
}

/// Rows `[delta angle, weight angle, composed angle]` of all draws.
pub(super) fn composed(
    results: Results<'_>,
    analysis: &Analysis,
    condition: &Condition,
    composed: Quantity,
) -> Vec<[f64; 3]> {
    let wanted = [Quantity::DeltaAngle, Quantity::WeightAngle, composed];
    let mut rows = Vec::new();
    for result in results.of(analysis, condition) {
        let mut of_repeat: BTreeMap<usize, [f64; 3]> = BTreeMap::new();
        for record in &result.records {
            if let Some(column) = wanted.iter().position(|q| *q == record.quantity) {
                of_repeat.entry(record.iteration).or_insert([f64::NAN; 3])[column] = record.value.unwrap_or(f64::NAN);
            }
        }
        rows.extend(of_repeat.into_values().filter(|row| row.iter().all(|v| v.is_finite())));
    }
    rows
}
