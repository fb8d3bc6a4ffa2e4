//! Values drawn, as kinds of figures of draws take them.

use crate::condition::Condition;
use crate::figure::{Hue, Mark, Point, Series};
use crate::measure::histogram::Histogram;
use crate::quantity::Quantity;
use crate::run::Results;
use crate::spec::Analysis;

/// Every drawn value of a quantity, over all repeats.
pub(super) fn drawn(
    results: Results<'_>,
    analysis: &Analysis,
    condition: &Condition,
    quantity: Quantity,
) -> Vec<f64> {
    let repeats = results.repeats(analysis, condition).into_iter().flatten();
    let records = repeats.flat_map(|result| &result.records);
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
    let points = corners.into_iter().map(|(x, y)| Point::at(x, Some(y))).collect();
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
    results.rows(analysis, condition, wanted).concat()
}
