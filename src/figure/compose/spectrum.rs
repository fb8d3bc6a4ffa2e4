//! Histograms of eigenvalues of random matrices, with the law of large matrices where it is known.

use super::draws::{drawn, outline, range};
use super::{label, repeats_in_words};
use crate::condition::Condition;
use crate::figure::{Axis, Hue, Mark, Panel, Point, Series};
use crate::quantity::Quantity;
use crate::run::Results;
use crate::signal::Form;
use crate::spec::{Analysis, Figure as Spec};
use crate::theory::spectra::ProductWishart;

/// A panel per condition: eigenvalues of one draw per repeat, with the law of large matrices where
/// it is known.
pub(super) fn panels(
    results: Results<'_>,
    analysis: &Analysis,
    spec: &Spec,
) -> (Vec<Panel>, String) {
    let mut panels = Vec::new();
    for condition in &analysis.conditions {
        let values = drawn(results, analysis, condition, Quantity::Eigenvalue);
        let [low, high] = range(values.iter().copied());
        let mut panel =
            Panel::new(label(condition, &spec.by), Axis::new("eigenvalue"), Axis::new("density"));
        // Zeros of a matrix of low rank are counted in words, as their density has no height.
        let zero = 1e-9 * high.abs().max(low.abs());
        let rest: Vec<f64> = values.iter().copied().filter(|v| v.abs() > zero).collect();
        let share = rest.len() as f64 / values.len().max(1) as f64;
        if share < 0.995 {
            panel.title = format!("{} ({:.0} % are 0)", panel.title, 100.0 * (1.0 - share));
        }
        let [low, high] = range(rest.iter().copied());
        if let Some(mut series) =
            outline("drawn".into(), Hue::Palette(0), &rest, [low.min(0.0), high], 40)
        {
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
    let note = format!(
        "Eigenvalues over P n₀, of {} draws together.",
        repeats_in_words(results, analysis)
    );
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
    let points = (1..=400).map(|i| Point::at(at(i), Some(law.density(at(i))))).collect();
    Series {
        label: "law of large matrices".into(),
        colour: Hue::Palette(1),
        mark: Mark::Dashes,
        points,
    }
}
