//! Distributions over draws of random matrices.

use super::scale::hues;
use super::{axis_of, distinct, label};
use crate::condition::Condition;
use crate::figure::{Axis, Cells, Colours, Hue, Mark, Panel, Point, Series};
use crate::measure::histogram::Histogram;
use crate::measure::pairs::{GROUPS, groups as groups_of};
use crate::measure::summary::{mean, variance};
use crate::quantity::Quantity;
use crate::run::Results;
use crate::signal::Form;
use crate::spec::{Analysis, Figure as Spec};
use crate::theory::spectra::ProductWishart;

const BINS: usize = 100;

/// Every drawn value of a quantity, over all repeats.
fn drawn(results: Results<'_>, analysis: &Analysis, condition: &Condition, quantity: Quantity) -> Vec<f64> {
    let repeats = results.repeats(analysis, condition).into_iter().flatten();
    let records = repeats.flat_map(|result| &result.records);
    records.filter(|r| r.quantity == quantity).filter_map(|r| r.value).collect()
}

fn range(values: impl Iterator<Item = f64>) -> [f64; 2] {
    values.fold([f64::INFINITY, f64::NEG_INFINITY], |[low, high], v| [low.min(v), high.max(v)])
}

fn outline(label: String, colour: Hue, values: &[f64], [low, high]: [f64; 2], bins: usize) -> Option<Series> {
    let corners = Histogram::new(values, low, high, bins)?.outline();
    let points = corners.into_iter().map(|(x, y)| Point { x, y: Some(y), band: None }).collect();
    Some(Series { label, colour, mark: Mark::Line, points })
}

/// A panel per quantity with a density per condition.
pub(super) fn densities(results: Results<'_>, analysis: &Analysis, spec: &Spec) -> (Vec<Panel>, String) {
    let hue = hues(&analysis.conditions, &spec.by);
    let panel = |&quantity: &Quantity| {
        let mut panel = Panel::new(quantity.info().label, axis_of(quantity), Axis::new("density"));
        for (place, condition) in analysis.conditions.iter().enumerate() {
            let values = drawn(results, analysis, condition, quantity);
            let [low, high] = range(values.iter().copied());
            // A quantity that is the same for all draws has no density.
            if high - low > 1e-6 * high.abs() {
                panel.series.extend(outline(label(condition, &spec.by), hue(place), &values, [low, high], BINS / 2));
            }
        }
        panel
    };
    let draws = analysis.conditions.first().map_or(0, Condition::last_iteration) * analysis.settings.repeats;
    (spec.quantities.iter().map(panel).collect(), format!("Densities of {draws} draws."))
}

/// A panel per condition: eigenvalues of one draw per repeat, with the law of large matrices where it is known.
pub(super) fn spectra(results: Results<'_>, analysis: &Analysis, spec: &Spec) -> (Vec<Panel>, String) {
    let mut panels = Vec::new();
    for condition in &analysis.conditions {
        let values = drawn(results, analysis, condition, Quantity::Eigenvalue);
        let [low, high] = range(values.iter().copied());
        let mut panel = Panel::new(label(condition, &spec.by), Axis::new("eigenvalue"), Axis::new("density"));
        // Zeros of a matrix of low rank are counted in words, as their density has no height.
        let zero = 1e-9 * high.abs().max(low.abs());
        let rest: Vec<f64> = values.iter().copied().filter(|v| v.abs() > zero).collect();
        let share = rest.len() as f64 / values.len().max(1) as f64;
        if share < 0.995 {
            panel.title = format!("{} ({:.0} % are 0)", panel.title, 100.0 * (1.0 - share));
        }
        let [low, high] = range(rest.iter().copied());
        if let Some(mut series) = outline("drawn".into(), Hue::Palette(0), &rest, [low.min(0.0), high], 40) {
            series.points.iter_mut().for_each(|p| p.y = p.y.map(|y| y * share));
            let law = law(condition).map(|law| curve(&law, high.max(law.upper_end())));
            // The law of a matrix of full rank diverges at 0: what is drawn sets the height.
            let top = series.points.iter().filter_map(|p| p.y).fold(0.0, f64::max);
            panel.y.range = Some([0.0, 1.15 * top]);
            panel.series.push(series);
            panel.series.extend(law);
        }
        panels.push(panel);
    }
    let note = format!("Eigenvalues over P n₀, of {} draws together.", analysis.settings.repeats);
    (panels, note)
}

fn law(condition: &Condition) -> Option<ProductWishart> {
    let Condition::Sample(c) = condition else { return None };
    let repeated = c.activity == Form::HELD && c.error == Form::HELD;
    let &[inputs, _, outputs] = &c.layers[..] else { return None };
    repeated.then(|| ProductWishart::new(inputs, outputs, c.batch))?
}

fn curve(law: &ProductWishart, end: f64) -> Series {
    // Closer points towards 0, where the density may diverge.
    let at = |i: i32| end * (f64::from(i) / 400.0).powi(2);
    let points = (1..=400).map(|i| Point { x: at(i), y: Some(law.density(at(i))), band: None }).collect();
    Series { label: "law of large matrices".into(), colour: Hue::Palette(1), mark: Mark::Dashes, points }
}

/// Rows `[delta angle, weight angle, composed angle]` of all draws.
fn composed(results: Results<'_>, analysis: &Analysis, condition: &Condition, composed: Quantity) -> Vec<[f64; 3]> {
    let wanted = [Quantity::DeltaAngle, Quantity::WeightAngle, composed];
    results.rows(analysis, condition, wanted).concat()
}

/// For every composed angle its mean and its variance over cells of 5 x 5 degrees.
pub(super) fn cells(results: Results<'_>, analysis: &Analysis, spec: &Spec) -> (Vec<Panel>, String) {
    const CELLS: usize = 36;
    let mut panels = Vec::new();
    let mut variances = Vec::new();
    for &quantity in &spec.quantities {
        let mut values = vec![Vec::new(); CELLS * CELLS];
        for condition in &analysis.conditions {
            for [delta, weights, composed] in composed(results, analysis, condition, quantity) {
                let cell = |angle: f64| ((angle / 5.0) as usize).min(CELLS - 1);
                values[cell(weights) * CELLS + cell(delta)].push(composed);
            }
        }
        let means = values.iter().map(|v| (!v.is_empty()).then(|| mean(v))).collect();
        let spread: Vec<Option<f64>> = values.iter().map(|v| (v.len() > 9).then(|| variance(v))).collect();
        let name = quantity.info().label;
        panels.push(grid(format!("{name}: mean"), "mean (degrees)", means, [0.0, 180.0], Colours::Diverging));
        let top = spread.iter().flatten().fold(0.0f64, |m, v| m.max(*v));
        variances.push(grid(
            format!("{name}: variance"),
            "variance (degrees²)",
            spread,
            [0.0, top],
            Colours::Sequential,
        ));
    }
    panels.extend(variances);
    let draws = analysis.conditions.first().map_or(0, Condition::last_iteration) * analysis.settings.repeats;
    (panels, format!("{draws} draws in cells of 5 x 5 degrees."))
}

fn grid(title: String, label: &str, values: Vec<Option<f64>>, range: [f64; 2], colours: Colours) -> Panel {
    let edges: Vec<f64> = (0..=36).map(|i| 5.0 * f64::from(i)).collect();
    let cells = Cells { label: label.into(), x: edges.clone(), y: edges, values, range, colours, written: false };
    let (x, y) = (Axis::new("angle of the deltas (degrees)"), Axis::new("angle of the weights (degrees)"));
    Panel { cells: Some(cells), ..Panel::new(title, x, y) }
}

/// How far the composed angle exceeds the smaller and the larger of the two angles, and what masks change, by group.
pub(super) fn groups(results: Results<'_>, analysis: &Analysis, _: &Spec) -> (Vec<Panel>, String) {
    let rows = |quantity| {
        analysis.conditions.iter().flat_map(|c| composed(results, analysis, c, quantity)).collect::<Vec<_>>()
    };
    let (plain, masked) = (rows(Quantity::ComposedAngle), rows(Quantity::MaskedComposedAngle));
    let panel = |title: &str, label: &str, value: &dyn Fn(usize) -> f64, ends: [f64; 2]| {
        let mut panel = Panel::new(title, Axis::new(label), Axis::new("density"));
        for (g, name) in GROUPS.iter().enumerate() {
            let chosen = (0..plain.len()).filter(|&i| groups_of(plain[i][0], plain[i][1])[g]);
            let values: Vec<f64> = chosen.map(value).collect();
            panel.series.extend(outline(name.to_string(), Hue::Palette(g), &values, ends, 60));
        }
        panel
    };
    let above = |i: usize, limit: fn(f64, f64) -> f64| plain[i][2] - limit(plain[i][0], plain[i][1]);
    let change = |i: usize| plain[i][2] - masked.get(i).map_or(f64::NAN, |row| row[2]);
    let panels = vec![
        panel("What masks change", "composed minus masked (degrees)", &change, [-10.0, 10.0]),
        panel("Beside the smaller angle", "composed minus smaller (degrees)", &|i| above(i, f64::min), [-5.0, 25.0]),
        panel("Beside the larger angle", "composed minus larger (degrees)", &|i| above(i, f64::max), [-5.0, 15.0]),
    ];
    let names = distinct(analysis.conditions.iter().map(|c| c.last_iteration().to_string()));
    (panels, format!("{} draws per repeat, {} repeats; groups overlap.", names.join(", "), analysis.settings.repeats))
}
