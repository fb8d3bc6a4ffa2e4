//! The figure of `alignscope spectra`.

use super::{Both, Measured, SingularValues};
use crate::figure::{Axis, Figure, Hue, Mark, Panel, Point, Reference, Series, Width};
use crate::measure::histogram::Histogram;
use crate::theory::spectra::Split;
use faer::c64;

const LAW: &str = "Marchenko-Pastur law of the bulk";

pub(super) fn figure(measured: &Measured) -> Figure {
    let both = measured.both.as_ref();
    let (density, mut note) = density(&measured.forward);
    let mut panels = vec![density, ranked(measured)];
    note.push_str("Threshold: what the largest singular value of independent entries exceeds");
    note.push_str(&format!(" in {} % of matrices.", 100.0 * measured.false_alarm));
    if let Some(both) = both {
        panels.push(plane(both));
        panels.push(shared(both));
        note.push_str(" Disc: eigenvalues of W B for independent W and B.");
    }
    // A matrix of zeros has no density.
    panels.retain(|panel| !panel.series.is_empty());
    let (rows, columns) = measured.forward.shape;
    let title = format!(
        "Spectrum of W ({rows} x {columns}){}",
        if both.is_some() { " and of W B" } else { "" }
    );
    Figure { title, panels, note, width: Width::TwoColumns, ..Figure::default() }
}

fn point(x: f64, y: f64) -> Point {
    Point::at(x, Some(y))
}

fn series(label: &str, colour: usize, mark: Mark, points: Vec<Point>) -> Series {
    Series { label: label.into(), colour: Hue::Palette(colour), mark, points }
}

/// Density of the singular values of `W` with the law of the bulk. What lies far beyond is
/// described in words.
fn density(forward: &SingularValues) -> (Panel, String) {
    let mut panel =
        Panel::new("Singular values of W", Axis::new("singular value"), Axis::new("density"));
    let (values, count) = (&forward.values[..], forward.values.len() as f64);
    let largest = values.first().copied().unwrap_or(0.0);
    let split = forward.split.as_ref();
    // The bulk takes at least half of the axis.
    let end = split.map_or(largest, |split| largest.min(2.0 * split.bulk.ends()[1])) * 1.04;
    // As many bins as there are values for, over the bulk; as wide ones beyond it.
    let stretch = split.map_or(1.0, |split| (end / split.bulk.ends()[1]).max(1.0));
    let bins = ((values.len() / 6).clamp(6, 30) as f64 * stretch).round() as usize;
    if let Some(histogram) = Histogram::new(values, 0.0, end, bins) {
        let corners = histogram.outline().into_iter().map(|(x, y)| point(x, y)).collect();
        panel.series.push(series("W", 0, Mark::Line, corners));
        let top = histogram.densities.iter().fold(0.0, |m: f64, d| m.max(*d));
        panel.y.range = Some([0.0, 1.15 * top]);
    }
    panel.x.range = (end > 0.0).then_some([0.0, end]);
    if let Some(Split { bulk, outliers, .. }) = split {
        let share = 1.0 - outliers.len() as f64 / count;
        let [low, high] = bulk.ends();
        let at = |i: i32| {
            low + (high - low) * (0.5 - 0.5 * (f64::from(i) * std::f64::consts::PI / 300.0).cos())
        };
        let curve = (0..=300).map(|i| point(at(i), share * bulk.density(at(i)))).collect();
        panel.series.push(series(LAW, 1, Mark::Dashes, curve));
    }
    let beyond = values.iter().filter(|v| **v > end).count();
    let note = format!("{beyond} singular values of W, up to {largest:.3}, lie beyond the axis. ");
    (panel, if beyond > 0 { note } else { String::new() })
}

/// All singular values in order over the end of their bulk, with those of its law and the threshold
/// of outliers.
fn ranked(measured: &Measured) -> Panel {
    let mut panel =
        Panel::new("In order", Axis::new("index"), Axis::new("singular value / end of the bulk"));
    let backward = measured.both.as_ref().map(|both| &both.backward);
    for (colour, matrix) in [Some(&measured.forward), backward].into_iter().flatten().enumerate() {
        let colour = 3 * colour;
        let largest = matrix.values.first().copied().filter(|s| *s > 0.0).unwrap_or(1.0);
        let unit = matrix.split.as_ref().map_or(largest, |split| split.bulk.ends()[1]);
        panel.y.log |= largest > 5.0 * unit;
        let all =
            matrix.values.iter().enumerate().map(|(i, &value)| point(i as f64 + 1.0, value / unit));
        panel.series.push(series(matrix.name, colour, Mark::Points, all.collect()));
        if let Some(Split { bulk, outliers, .. }) = &matrix.split {
            let (found, rest) = (outliers.len(), matrix.values.len() - outliers.len());
            let expected = |i: usize| bulk.quantile(1.0 - (i as f64 + 0.5) / rest as f64) / unit;
            let curve = (0..rest).map(|i| point((found + i) as f64 + 1.0, expected(i))).collect();
            panel.series.push(series(LAW, 1, Mark::Dashes, curve));
            panel.references.push(Reference {
                label: format!("threshold of {}", matrix.name),
                y: bulk.threshold(measured.false_alarm) / unit,
                colour: Some(Hue::Palette(colour)),
            });
        }
    }
    panel
}

/// Eigenvalues of `W B` in the complex plane, with the disc of independent matrices.
fn plane(both: &Both) -> Panel {
    let radius = both.radius.unwrap_or(0.0);
    let ends = |part: fn(&c64) -> f64| {
        let [low, high] = both
            .eigenvalues
            .iter()
            .map(part)
            .fold([-radius, radius], |[l, h], v| [l.min(v), h.max(v)]);
        let room = 0.06 * (high - low);
        (high > low).then_some([low - room, high + room])
    };
    let axis = |label: &str, range| Axis { range, ..Axis::new(label) };
    let (x, y) = (axis("real part", ends(|v| v.re)), axis("imaginary part", ends(|v| v.im)));
    let mut panel = Panel::new("Eigenvalues of W B", x, y);
    let arc = |sign: f64| {
        let at = |i: i32| (std::f64::consts::PI * (1.0 - f64::from(i) / 200.0)).sin_cos();
        (0..=200).map(|i| point(radius * at(i).1, sign * radius * at(i).0)).collect()
    };
    for sign in [1.0, -1.0] {
        panel.series.push(series("disc of independent W and B", 6, Mark::Dashes, arc(sign)));
    }
    let mut points: Vec<Point> = both.eigenvalues.iter().map(|v| point(v.re, v.im)).collect();
    points.sort_by(|a, b| a.x.total_cmp(&b.x));
    panel.series.push(series("eigenvalues of W B", 2, Mark::Points, points));
    panel
}

/// Principal angles of the leading singular subspaces, and of all that both span.
fn shared(both: &Both) -> Panel {
    let degrees = Axis { range: Some([0.0, 92.0]), ..Axis::new("principal angle (degrees)") };
    let mut panel = Panel::new("Principal angles of W to B'", Axis::new("index"), degrees);
    for (colour, shared) in both.shared.iter().enumerate() {
        let points = shared
            .angles
            .iter()
            .enumerate()
            .map(|(i, &angle)| point(i as f64 + 1.0, angle))
            .collect();
        let label = match shared.leading {
            Some(leading) => format!(
                "{leading} leading {}",
                if shared.space == "rows" { "right" } else { "left" }
            ),
            None => format!("all {}", shared.space),
        };
        panel.series.push(series(&label, [4, 5, 11, 12][colour % 4], Mark::Points, points));
    }
    panel
}
