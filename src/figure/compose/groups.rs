//! Distributions of a composed angle relative to the two angles it comes from, in groups of these.

use super::draws::{composed, outline};
use super::{distinct, repeats_in_words};
use crate::figure::{Axis, Hue, Panel};
use crate::measure::pairs::{GROUPS, groups as groups_of};
use crate::quantity::Quantity;
use crate::run::Results;
use crate::spec::{Analysis, Figure as Spec};

/// How far the composed angle exceeds the smaller and the larger of the two angles, and what masks
/// change, by group.
pub(super) fn panels(results: Results<'_>, analysis: &Analysis, _: &Spec) -> (Vec<Panel>, String) {
    let rows = |quantity| {
        analysis
            .conditions
            .iter()
            .flat_map(|c| composed(results, analysis, c, quantity))
            .collect::<Vec<_>>()
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
    let above =
        |i: usize, limit: fn(f64, f64) -> f64| plain[i][2] - limit(plain[i][0], plain[i][1]);
    let change = |i: usize| plain[i][2] - masked.get(i).map_or(f64::NAN, |row| row[2]);
    let panels = vec![
        panel("What masks change", "composed minus masked (degrees)", &change, [-10.0, 10.0]),
        panel(
            "Beside the smaller angle",
            "composed minus smaller (degrees)",
            &|i| above(i, f64::min),
            [-5.0, 25.0],
        ),
        panel(
            "Beside the larger angle",
            "composed minus larger (degrees)",
            &|i| above(i, f64::max),
            [-5.0, 15.0],
        ),
    ];
    let names = distinct(analysis.conditions.iter().map(|c| c.last_iteration().to_string()));
    (
        panels,
        format!(
            "{} draws per repeat, {} repeats; groups overlap.",
            names.join(", "),
            repeats_in_words(results, analysis)
        ),
    )
}
