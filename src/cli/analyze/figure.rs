//! The figure of `alignscope analyze`.

use super::Analysis;
use crate::figure::{Axis, Band, Figure, Hue, Mark, Panel, Point, Series, Width};
use crate::recorded::{LayerTerms, TermPart};

/// Angles over states, and norms of the parts of the updates; `None` where there is neither.
pub(super) fn figure(analysis: &Analysis) -> Option<Figure> {
    let mut panels = vec![angles(analysis)];
    let first = analysis.findings.angles.len();
    panels.extend(analysis.findings.terms.iter().map(|layer| norms(layer, first)));
    panels.retain(|panel| panel.series.iter().any(|series| !series.points.is_empty()));
    let note =
        "Band: 95 % of the angles of independent matrices, of the smallest layer. T: what past \
                steps of the layer below contribute; last term: what its oldest weights do."
            .into();
    let width = if panels.len() > 1 { Width::TwoColumns } else { Width::OneColumn };
    let title = analysis
        .path
        .file_name()
        .map(|name| name.to_string_lossy().into_owned())
        .unwrap_or_default();
    (!panels.is_empty()).then_some(Figure { title, panels, note, width, ..Figure::default() })
}

fn point(x: u64, y: Option<f64>) -> Point {
    Point::at(x as f64, y)
}

fn angles(analysis: &Analysis) -> Panel {
    let degrees = Axis::new("angle of W to B' (degrees)");
    let mut panel = Panel::new("Weight alignment", Axis::new("updates"), degrees);
    let found = &analysis.findings.angles;
    for (colour, layer) in found.iter().enumerate().filter(|(_, layer)| layer.degrees.len() > 1) {
        let points = layer
            .degrees
            .iter()
            .enumerate()
            .map(|(k, degrees)| point(analysis.run.update_of_state(k), *degrees))
            .collect();
        panel.series.push(Series {
            label: format!(
                "layer {}{}",
                layer.layer,
                layer.reading.map(|r| format!(", {r}")).unwrap_or_default()
            ),
            colour: Hue::Palette(colour),
            mark: Mark::Line,
            points,
        });
    }
    let bands = found.iter().filter_map(|layer| layer.null_interval95);
    if let Some([low, high]) = bands.reduce(|a, b| if a[0] < b[0] { a } else { b }) {
        panel.bands.push(Band { label: "independent".into(), low, high });
    }
    panel
}

/// Norms of the parts of an update, in colours from `first` on: those before it stand for layers.
fn norms(layer: &LayerTerms, first: usize) -> Panel {
    let norm = Axis { log: true, ..Axis::new("norm") };
    let mut panel = Panel::new(format!("Update of W{}", layer.layer), Axis::new("iteration"), norm);
    let parts = [
        (TermPart::Update, "update"),
        (TermPart::AlignmentSum, "sum of T"),
        (TermPart::ProjectionSum, "sum of N"),
        (TermPart::Last, "last term"),
        (TermPart::Remainder, "remainder"),
    ];
    for (colour, (part, label)) in parts.into_iter().enumerate() {
        let at = |i: &crate::recorded::IterationTerms| {
            i.parts.iter().find(|p| p.part == part).map(|p| point(i.iteration as u64, Some(p.norm)))
        };
        let points: Vec<Point> = layer.iterations.iter().filter_map(at).collect();
        if !points.is_empty() {
            panel.series.push(Series {
                label: label.into(),
                colour: Hue::Palette(first + colour),
                mark: Mark::Line,
                points,
            });
        }
    }
    panel
}
