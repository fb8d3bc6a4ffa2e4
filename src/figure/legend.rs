//! The legend of a figure: every label once, in rows below the panels.

use super::area::{Area, dashed, failed, path, write_lines};
use super::style::*;
use super::{Figure, FigureError, Hue, Mark, Series, text};
use plotters::prelude::*;
use plotters::style::text_anchor::HPos;

/// What is shown before a label; grey where there is no hue.
#[derive(Clone, Copy, PartialEq)]
pub(super) enum Sample {
    Curve { hue: Option<Hue>, mark: Mark },
    Line(Option<Hue>),
    Band,
}

impl Sample {
    /// The same without a colour of its own.
    fn neutral(self) -> Self {
        match self {
            Self::Curve { mark, .. } => Self::Curve { hue: None, mark },
            Self::Line(_) => Self::Line(None),
            Self::Band => Self::Band,
        }
    }
}

/// How many curves have to have the same beside them for one entry to stand for all.
const COMMON: usize = 3;

/// A label with its place: left end and row.
struct Entry {
    x: i32,
    row: i32,
    sample: Sample,
    lines: Vec<String>,
}

pub(super) struct Legend {
    entries: Vec<Entry>,
    rows: i32,
    inks: &'static Inks,
}

impl Legend {
    /// Sets the labels of `figure` in rows.
    pub(super) fn of(figure: &Figure, width: i32) -> Result<Self, FigureError> {
        let inks = figure.theme.inks();
        let room = width - 2 * MARGIN;
        let mut legend = Self { entries: Vec::new(), rows: 0, inks };
        let (mut x, mut row) = (MARGIN, 0);
        for (label, sample) in labels(figure) {
            let before = SAMPLE + SAMPLE_GAP;
            let lines = text::lines(label, TEXT, FontStyle::Normal, room - before)?;
            let widths: Result<Vec<i32>, _> =
                lines.iter().map(|l| text::width(l, TEXT, FontStyle::Normal)).collect();
            let entry = before + widths?.into_iter().max().unwrap_or(0);
            if x > MARGIN && x + entry > MARGIN + room {
                (x, row) = (MARGIN, legend.rows);
            }
            legend.rows = legend.rows.max(row + lines.len() as i32);
            legend.entries.push(Entry { x, row, sample, lines });
            x += entry + ENTRY_GAP;
        }
        Ok(legend)
    }

    pub(super) fn height(&self) -> i32 {
        self.rows * TEXT_LINE
    }

    pub(super) fn draw(&self, area: &Area<'_>, top: i32) -> Result<(), FigureError> {
        let style = text::style(TEXT, FontStyle::Normal, HPos::Left, &self.inks.ink);
        for entry in &self.entries {
            let top = top + TEXT_LINE * entry.row;
            let middle = top + TEXT_LINE / 2;
            let line = [entry.x, entry.x + SAMPLE].map(|x| (f64::from(x), f64::from(middle)));
            let ink = |hue: Option<Hue>| hue.map_or(self.inks.grey, |hue| self.inks.curve(hue));
            match entry.sample {
                Sample::Curve { hue, mark: Mark::Line } => {
                    path(area, &line, ink(hue).stroke_width(CURVE))?
                }
                Sample::Curve { hue, mark: Mark::Thin } => {
                    path(area, &line, ink(hue).stroke_width(AXIS))?
                }
                Sample::Curve { hue, mark: Mark::Joined } => {
                    path(area, &line, ink(hue).stroke_width(CURVE))?;
                    area.draw(&Circle::new(
                        (entry.x + SAMPLE / 2, middle),
                        DISC,
                        ink(hue).filled(),
                    ))
                    .map_err(failed)?;
                }
                Sample::Curve { hue, mark: Mark::Dashes } => {
                    dashed(area, &line, DASHES, ink(hue).stroke_width(CURVE))?
                }
                Sample::Curve { hue, mark } => {
                    let radius = if mark == Mark::Dots { DOT } else { DISC };
                    area.draw(&Circle::new(
                        (entry.x + SAMPLE / 2, middle),
                        radius,
                        ink(hue).filled(),
                    ))
                    .map_err(failed)?;
                }
                Sample::Line(hue) => dashed(area, &line, DOTS, ink(hue).stroke_width(LINE))?,
                Sample::Band => {
                    let corners =
                        [(entry.x, middle - TEXT / 2), (entry.x + SAMPLE, middle + TEXT / 2)];
                    area.draw(&Rectangle::new(corners, self.inks.pale.filled())).map_err(failed)?;
                }
            }
            write_lines(
                area,
                &entry.lines,
                &style,
                (entry.x + SAMPLE + SAMPLE_GAP, top),
                TEXT_LINE,
            )?;
        }
        Ok(())
    }
}

/// The labels of `figure`, each once: curves in the order of their colours, then lines, then bands;
/// before them those that are to come first.
pub(super) fn labels(figure: &Figure) -> Vec<(&str, Sample)> {
    // Of single repeats the note speaks; a curve without a point, as BP has no angle, is none.
    let is_entry = |series: &&Series| !series.mark.is_single() && !series.points.is_empty();
    let panels = || figure.panels.iter();
    let mut curves: Vec<&Series> =
        panels().flat_map(|panel| &panel.series).filter(is_entry).collect();
    curves.sort_by_key(|series| series.colour);
    let sample = |s: &Series| Sample::Curve { hue: Some(s.colour), mark: s.mark };
    let curves = curves.into_iter().map(|s| (s.label.as_str(), sample(s)));
    let lines = panels()
        .flat_map(|panel| &panel.references)
        .map(|line| (line.label.as_str(), Sample::Line(line.colour)));
    let bands = panels().flat_map(|panel| &panel.bands).map(|b| (b.label.as_str(), Sample::Band));
    let mut labels: Vec<(&str, Sample)> = Vec::new();
    for (label, sample) in curves.chain(lines).chain(bands) {
        if !label.trim().is_empty() && !labels.iter().any(|(known, _)| *known == label) {
            labels.push((label, sample));
        }
    }
    let mut labels = with_common(&labels);
    let order = &figure.look.order;
    labels.sort_by_key(|(label, _)| {
        order.iter().position(|first| first == label).unwrap_or(order.len())
    });
    labels
}

/// The place among `labels` of what is labelled so: by itself, or with others that say the same of
/// other curves.
pub(super) fn place(labels: &[(&str, Sample)], label: &str) -> Option<usize> {
    let exact = labels.iter().position(|(known, _)| *known == label);
    exact.or_else(|| {
        let (_, what) = label.rsplit_once(": ")?;
        labels.iter().position(|(known, _)| *known == what)
    })
}

/// Labels with one neutral entry `what` in place of all of `name: what`, `name` that of a curve,
/// where there are many.
fn with_common<'a>(labels: &[(&'a str, Sample)]) -> Vec<(&'a str, Sample)> {
    let is_curve = |name| {
        labels
            .iter()
            .any(|(label, sample)| *label == name && matches!(sample, Sample::Curve { .. }))
    };
    let beside = |label: &'a str, sample: Sample| {
        let (name, what) = label.rsplit_once(": ")?;
        is_curve(name).then_some((what, sample.neutral()))
    };
    let all: Vec<_> = labels.iter().map(|&(label, sample)| beside(label, sample)).collect();
    let mut kept = Vec::new();
    for (&own, common) in labels.iter().zip(&all) {
        let entry = common
            .filter(|_| all.iter().filter(|other| *other == common).count() >= COMMON)
            .unwrap_or(own);
        if !kept.contains(&entry) {
            kept.push(entry);
        }
    }
    kept
}
