//! Curves in the terminal, for a quick look.

use crate::figure::{Mark, Panel, compose};
use crate::run::{JobResult, Plan, Results};
use crate::spec::FigureKind;
use crate::text::decimals;
use textplots::{Chart, LabelBuilder, LabelFormat, Plot, Shape};

/// Dots of a chart; a character holds two across and four down. With its labels it fits 80 columns.
const SIZE: [u32; 2] = [120, 48];

/// Prints the panels of every figure of curves.
pub(super) fn print(plan: &Plan, results: &[Option<JobResult>]) {
    let results = Results::new(plan, results);
    for (analysis, spec) in plan.analyses().flat_map(|a| a.figures.iter().map(move |f| (a, f))) {
        if spec.kind != FigureKind::Curves {
            continue;
        }
        let figure = compose(results, analysis, spec);
        say!("\n{}", figure.title);
        for panel in &figure.panels {
            super::print::print(format_args!("{}", chart(panel)));
        }
    }
}

/// A panel: its curves, and their names in the order in which they end, from the top.
fn chart(panel: &Panel) -> String {
    let finite = |y: Option<f64>| y.filter(|y| y.is_finite());
    let curves: Vec<(&str, Vec<(f32, f32)>)> = panel
        .series
        .iter()
        .filter(|series| series.mark != Mark::Points)
        .map(|series| {
            let points =
                series.points.iter().filter_map(|p| Some((p.x as f32, finite(p.y)? as f32)));
            (series.label.as_str(), points.collect())
        })
        .filter(|(_, points): &(_, Vec<_>)| points.len() > 1)
        .collect();
    let ends = |coordinate: fn(&(f32, f32)) -> f32| {
        let all = curves.iter().flat_map(|(_, points)| points).map(coordinate);
        all.fold((f32::INFINITY, f32::NEG_INFINITY), |(low, high), v| (low.min(v), high.max(v)))
    };
    let ((left, right), (low, high)) = (ends(|p| p.0), ends(|p| p.1));
    if left >= right {
        return String::new();
    }
    // A flat curve needs room above and below.
    let room = if high > low { 0.0 } else { 1.0 };
    let shapes: Vec<Shape<'_>> = curves.iter().map(|(_, points)| Shape::Lines(points)).collect();
    let mut chart = Chart::new_with_y_range(SIZE[0], SIZE[1], left, right, low - room, high + room);
    let mut drawn = &mut chart;
    for shape in &shapes {
        drawn = drawn.lineplot(shape);
    }
    let drawn = drawn.x_label_format(LabelFormat::Value).y_label_format(LabelFormat::Value);
    drawn.borders();
    drawn.figures();
    let mut text = format!("{} against {}\n{drawn}", panel.y.label, panel.x.label);
    let mut named: Vec<(&str, f32)> =
        curves.iter().filter_map(|(name, points)| Some((*name, points.last()?.1))).collect();
    named.sort_by(|a, b| b.1.total_cmp(&a.1));
    for (name, end) in named {
        text += &format!("  ends at {}  {name}\n", decimals(end.into(), 2));
    }
    text
}
