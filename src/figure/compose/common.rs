//! What the panels of figures have in common: texts of parameters, and axes of quantities.

use crate::condition::Condition;
use crate::figure::Axis;
use crate::quantity::Quantity;

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
