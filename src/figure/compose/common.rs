//! What the panels of figures have in common: texts of parameters, and axes of quantities.

use crate::condition::Condition;
use crate::figure::Axis;
use crate::measure::summary::Summary;
use crate::quantity::Quantity;
use crate::run::Results;
use crate::spec::{Analysis, Figure as Spec, FigureKind, Spread};

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

/// What is drawn around the means of a figure: as it asks, or as its kind has it.
pub(super) fn spread(spec: &Spec) -> Spread {
    spec.spread.unwrap_or(match spec.kind {
        FigureKind::Curves | FigureKind::Lags => Spread::Sd,
        _ => Spread::Ci,
    })
}

/// The ends of what is drawn around a mean.
pub(super) fn around(summary: &Summary, spread: Spread) -> Option<[f64; 2]> {
    match spread {
        Spread::Sd => summary.mean.zip(summary.sd).map(|(mean, sd)| [mean - sd, mean + sd]),
        Spread::Ci => summary.ci95,
        Spread::None => None,
    }
}

/// What is drawn around means, as the note of a figure says it; `what` are shades or whiskers.
pub(super) fn said(what: &str, spread: Spread) -> String {
    match spread {
        Spread::Sd => format!("; {what}: one standard deviation to each side"),
        Spread::Ci => format!("; {what}: 95 % interval of the mean"),
        Spread::None => String::new(),
    }
}

/// The axis of a quantity, or of several of one unit under a common `name`.
pub(super) fn axis_named(name: &str, unit: &str) -> Axis {
    let limits = match unit {
        "percent" => Some([0.0, 100.0]),
        "degrees" => Some([0.0, 180.0]),
        _ => None,
    };
    Axis {
        limits,
        ..Axis::new(if unit.is_empty() { name.into() } else { format!("{name} ({unit})") })
    }
}

/// Fewest and most repeats that conditions of an analysis have results of.
pub(super) fn repeats(results: Results<'_>, analysis: &Analysis) -> [usize; 2] {
    let stored = analysis.conditions.iter().map(|c| results.stored_repeats(analysis, c));
    stored.fold([usize::MAX, 0], |[low, high], n| [low.min(n), high.max(n)])
}

/// The same in words, for notes: of a run under way, means are over what there is.
pub(super) fn repeats_in_words(results: Results<'_>, analysis: &Analysis) -> String {
    match repeats(results, analysis) {
        [low, high] if low < high => format!("{low} to {high}"),
        [_, high] => high.to_string(),
    }
}

/// Draws of a figure that counts them: all iterations of all repeats that there are.
pub(super) fn draws_stored(results: Results<'_>, analysis: &Analysis) -> usize {
    let first = analysis.conditions.first();
    first.map_or(0, |c| c.last_iteration() * results.stored_repeats(analysis, c))
}

pub(super) fn axis_of(quantity: Quantity) -> Axis {
    axis_named(quantity.info().label, quantity.info().unit)
}

/// A name and what is said of it, or the one alone where the other is empty.
pub(super) fn joined(name: &str, between: &str, said: &str) -> String {
    let between = if name.is_empty() || said.is_empty() { "" } else { between };
    format!("{name}{between}{said}")
}

/// A name, or this where there is none.
pub(super) fn named(name: &str, otherwise: &str) -> String {
    if name.is_empty() { otherwise.into() } else { name.into() }
}

/// What a curve or discs of single repeats are called in the CSV; legends leave them out.
pub(super) const EACH: &str = "single repeats";
