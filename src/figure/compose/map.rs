//! Values at the last iteration over two parameters.

use super::scale::Scale;
use super::sweep::at_end;
use super::{axis_named, axis_of, distinct, label, repeats_in_words, text};
use crate::condition::Condition;
use crate::experiment::predict;
use crate::figure::{Axis, Cell, Cells, Colours, Panel};
use crate::quantity::Quantity;
use crate::run::Results;
use crate::signal::Form;
use crate::spec::{Analysis, Figure as Spec, Scale as Steps, XAxis};

/// For every quantity a map of what was measured and, where theory says it, of what was predicted
/// and of the difference.
pub(super) fn panels(
    results: Results<'_>,
    analysis: &Analysis,
    spec: &Spec,
) -> (Vec<Panel>, String) {
    let (XAxis::Parameter(x), Some(y)) = (spec.x, spec.y) else {
        return (Vec::new(), String::new());
    };
    let grid = Grid::new(&analysis.conditions, [x, y]);
    let mut panels = Vec::new();
    for &quantity in spec.quantities.iter().filter(|&&q| q != Quantity::ConditionalAlignment) {
        let mut measured = vec![Cell::default(); grid.len()];
        let mut predicted = measured.clone();
        for condition in &analysis.conditions {
            let place = grid.place(condition);
            let layer = spec.layers_of(condition, quantity).first().copied().flatten();
            measured[place] = at_end(results, analysis, condition, quantity, layer)
                .map_or(Cell::default(), Cell::from);
            let last = condition.last_iteration();
            predicted[place] =
                predict(condition, quantity, layer, last, analysis.settings.predict).into();
        }
        let less = |(m, p): (&Cell, &Cell)| match (m.value, p.value) {
            (Some(measured), Some(predicted)) => Cell {
                value: Some(measured - predicted),
                band: m.band.map(|band| band.map(|end| end - predicted)),
                n: m.n,
            },
            _ => Cell::default(),
        };
        let differences: Vec<Cell> = measured.iter().zip(&predicted).map(less).collect();
        let is_predicted = predicted.iter().any(|cell| cell.value.is_some());
        let colours = Scheme::of(quantity, spec, measured.iter().chain(&predicted));
        let titled = |what: &str| match spec.quantities.len() {
            1 => what.to_string(),
            _ => format!("{}, {what}", quantity.info().label),
        };
        let label = axis_of(quantity).label;
        panels.push(grid.panel(titled("measured"), &label, measured, colours));
        if is_predicted {
            panels.push(grid.panel(titled("predicted"), &label, predicted, colours));
            let largest = differences
                .iter()
                .filter_map(|cell| cell.value)
                .fold(1e-9f64, |m, d| m.max(d.abs()));
            let scheme =
                Scheme { range: [-largest, largest], log: false, colours: Colours::Diverging };
            let label = axis_named("difference", quantity.info().unit).label;
            panels.push(grid.panel(
                titled("measured minus predicted"),
                &label,
                differences,
                scheme,
            ));
        }
    }
    let repeats = repeats_in_words(results, analysis);
    (
        panels,
        format!(
            "Means over {repeats} repeats at the last iteration; every row and column is one value."
        ),
    )
}

/// Which colours stand for which values.
#[derive(Clone, Copy)]
struct Scheme {
    range: [f64; 2],
    log: bool,
    colours: Colours,
}

impl Scheme {
    /// Of a quantity with these values: as the figure asks, or from end to end of the values. The
    /// right angle, which is no alignment, has the darkest colour; small angles stand out.
    fn of<'a>(quantity: Quantity, spec: &Spec, cells: impl Iterator<Item = &'a Cell>) -> Self {
        let log = spec.scale == Steps::Log;
        let drawn =
            cells.filter_map(|cell| cell.value).filter(|v| v.is_finite() && (!log || *v > 0.0));
        let is_angle = quantity.info().unit == "degrees";
        let start =
            if is_angle && !log { [90.0, 90.0] } else { [f64::INFINITY, f64::NEG_INFINITY] };
        let [low, high] = drawn.fold(start, |[low, high], v| [low.min(v), high.max(v)]);
        // Values that are all the same have one colour.
        let values = if low < high {
            [low, high]
        } else {
            [low - 0.5 * low.abs().max(1e-9), low + 0.5 * low.abs().max(1e-9)]
        };
        let usual = if is_angle { Colours::Reversed } else { Colours::Sequential };
        Self { range: spec.range.unwrap_or(values), log, colours: spec.colours.unwrap_or(usual) }
    }
}

/// The values of two parameters, and an axis for each with a step of 1 for every value.
struct Grid {
    names: [&'static str; 2],
    values: [Vec<String>; 2],
    axes: [Axis; 2],
    /// The values as numbers where all of them have one of their own, for the CSV.
    written: [Vec<String>; 2],
}

impl Grid {
    fn new(conditions: &[Condition], names: [&'static str; 2]) -> Self {
        let values = names.map(|name| distinct(conditions.iter().map(|c| text(c, name))));
        let along = |which: usize| steps(conditions, names[which], &values[which]);
        let written = [0, 1].map(|which| numbers(conditions, names[which], &values[which]));
        Self { names, axes: [along(0), along(1)], written, values }
    }

    fn len(&self) -> usize {
        self.values[0].len() * self.values[1].len()
    }

    /// Which cell is that of a condition: row after row.
    fn place(&self, condition: &Condition) -> usize {
        let [column, row] = [0, 1].map(|which| {
            let shown = text(condition, self.names[which]);
            self.values[which].iter().position(|value| *value == shown).unwrap_or(0)
        });
        row * self.values[0].len() + column
    }

    /// A map with cells of equal size.
    fn panel(&self, title: String, label: &str, values: Vec<Cell>, scheme: Scheme) -> Panel {
        let edges =
            |which: usize| (0..=self.values[which].len()).map(|i| i as f64).collect::<Vec<_>>();
        let Scheme { range, log, colours } = scheme;
        let cells = Cells {
            label: label.into(),
            x: edges(0),
            y: edges(1),
            names: Some(self.written.clone()),
            values,
            range,
            log,
            colours,
            written: self.values.iter().all(|values| values.len() <= 10),
        };
        let [x, y] = self.axes.clone();
        Panel { cells: Some(cells), ..Panel::new(title, x, y) }
    }
}

/// The number that stands for a value of a parameter.
fn coordinate(conditions: &[Condition], name: &str, value: &str) -> Option<f64> {
    conditions
        .iter()
        .find_map(|c| c.values().remove(name).filter(|known| known.to_text() == value))?
        .coordinate()
}

/// Numbers in place of values, if each has one of its own.
fn numbers(conditions: &[Condition], name: &str, values: &[String]) -> Vec<String> {
    let all: Option<Vec<f64>> =
        values.iter().map(|value| coordinate(conditions, name, value)).collect();
    let texts: Vec<String> = all.into_iter().flatten().map(|number| number.to_string()).collect();
    let apart = distinct(texts.iter().cloned()).len() == values.len();
    if apart { texts } else { values.to_vec() }
}

/// An axis with a step of 1 for every value of a parameter.
fn steps(conditions: &[Condition], name: &str, values: &[String]) -> Axis {
    let has = |condition: &&Condition, value: &str| text(condition, name) == value;
    let named = |(i, value): (usize, &String)| {
        let condition = conditions.iter().find(|condition| has(condition, value));
        // Numbers without the zero before the point, so that neighbours find room.
        let short = |number: String| number.replacen("0.", ".", 1);
        let number = condition
            .and_then(|c| c.values().get(name)?.get::<Form>()?.coefficient())
            .map(|c| c.to_string());
        let number = number.or_else(|| value.parse::<f64>().ok().map(|_| value.clone())).map(short);
        let words =
            || condition.map_or_else(|| value.clone(), |condition| label(condition, &[name]));
        (i as f64 + 0.5, number.unwrap_or_else(words))
    };
    Axis {
        names: values.iter().enumerate().map(named).collect(),
        ..Axis::new(Scale::new(conditions, name).label())
    }
}
