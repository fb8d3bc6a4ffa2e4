//! Layout with plotters: title, panels side by side, legend below them and off the data.

use super::style::*;
use super::{Figure, FigureError, Panel, Series};
use plotters::coord::Shift;
use plotters::prelude::*;
use plotters::style::text_anchor::{HPos, Pos, VPos};
use plotters::style::{FontStyle, FontTransform, register_font};
use std::sync::OnceLock;

type Area<'a> = DrawingArea<SVGBackend<'a>, Shift>;

/// What a legend entry shows before its text.
#[derive(Clone, Copy, PartialEq)]
enum Sample {
    Line(RGBColor, Dash),
    Band,
}

#[derive(Clone, Copy, PartialEq)]
enum Dash {
    Solid,
    Dashed,
    Dotted,
}

/// The figure as SVG with text elements.
pub(super) fn layout(figure: &Figure) -> Result<String, FigureError> {
    static REGISTERED: OnceLock<bool> = OnceLock::new();
    let registered = REGISTERED.get_or_init(|| {
        register_font(FAMILY, FontStyle::Normal, REGULAR).is_ok()
            && register_font(FAMILY, FontStyle::Bold, BOLD).is_ok()
    });
    if !registered {
        return Err(FigureError::Drawing("the embedded font cannot be read".into()));
    }
    let drawn = |panel: &Panel| panel.series.iter().any(|s| s.points.iter().any(|p| p.y.is_some()));
    if !figure.panels.iter().any(drawn) {
        return Err(FigureError::Empty(figure.title.clone()));
    }
    let width = figure.width.units();
    let rows = legend_rows(figure, width as i32)?;
    let note_rows = u32::from(!figure.note.is_empty());
    let height = TITLE_HEIGHT + PANEL_HEIGHT + LEGEND_ROW * (rows.len() as u32 + note_rows) + MARGIN as u32;
    let mut svg = String::new();
    {
        let root = SVGBackend::with_string(&mut svg, (width, height)).into_drawing_area();
        root.fill(&WHITE).map_err(failed)?;
        let bold = TextStyle::from((FAMILY, f64::from(TITLE), FontStyle::Bold).into_font()).color(&INK);
        root.draw_text(&figure.title, &bold, (MARGIN, MARGIN * 3 / 4)).map_err(failed)?;
        let (_, below) = root.split_vertically(TITLE_HEIGHT);
        let (panels, legend) = below.split_vertically(PANEL_HEIGHT);
        let single = figure.panels.len() == 1;
        for (panel, area) in figure.panels.iter().zip(panels.split_evenly((1, figure.panels.len()))) {
            draw_panel(panel, &area, single)?;
        }
        for (row, entries) in rows.iter().enumerate() {
            draw_legend_row(&legend, row, entries)?;
        }
        let place = (MARGIN, legend_line(rows.len()) - TICK as i32 / 2);
        legend.draw_text(&figure.note, &text(TICK).color(&GREY), place).map_err(failed)?;
        root.present().map_err(failed)?;
    }
    Ok(with_physical_size(&svg, width, height))
}

/// Middle of a row of the legend, below its top.
fn legend_line(row: usize) -> i32 {
    MARGIN / 2 + (LEGEND_ROW * row as u32 + LEGEND_ROW / 2) as i32
}

/// Gives the document its size on the page instead of one in units.
fn with_physical_size(svg: &str, width: u32, height: u32) -> String {
    let inches = |units: u32| format!("{:.4}in", f64::from(units) / UNITS_PER_INCH);
    let size = format!("<svg width=\"{width}\" height=\"{height}\"");
    svg.replacen(&size, &format!("<svg width=\"{}\" height=\"{}\"", inches(width), inches(height)), 1)
}

fn failed<E: std::fmt::Display>(error: E) -> FigureError {
    FigureError::Drawing(error.to_string())
}

fn text(size: u32) -> TextStyle<'static> {
    TextStyle::from((FAMILY, f64::from(size)).into_font()).color(&INK)
}

/// Ends of an axis: as asked, or around the values with a small margin.
fn range(asked: Option<[f64; 2]>, values: impl Iterator<Item = f64>, margin: f64) -> Option<[f64; 2]> {
    let [low, high] = asked.unwrap_or_else(|| {
        let [low, high] = values
            .filter(|v| v.is_finite())
            .fold([f64::INFINITY, f64::NEG_INFINITY], |[low, high], v| [low.min(v), high.max(v)]);
        let room = if high > low { margin * (high - low) } else { 0.5 };
        [low - room, high + room]
    });
    (low.is_finite() && high.is_finite() && low < high).then_some([low, high])
}

fn draw_panel(panel: &Panel, area: &Area<'_>, single: bool) -> Result<(), FigureError> {
    let points = || panel.series.iter().flat_map(|s| &s.points).filter(|p| p.y.is_some());
    let no_range = |axis| FigureError::Range(axis, panel.title.clone());
    let [x0, x1] = range(panel.x.range, points().map(|p| p.x), 0.0).ok_or_else(|| no_range("x"))?;
    let ys = points().flat_map(|p| p.y.into_iter().chain(p.band.into_iter().flatten()));
    let ys = ys.chain(panel.references.iter().map(|r| r.y)).chain(panel.bands.iter().flat_map(|b| [b.low, b.high]));
    let [y0, y1] = range(panel.y.range, ys, 0.04).ok_or_else(|| no_range("y"))?;

    let mut builder = ChartBuilder::on(area);
    builder.margin_left(MARGIN / 2).margin_right(MARGIN * 3 / 2).margin_top(MARGIN / 2);
    builder.x_label_area_size(190).y_label_area_size(240);
    if !single {
        builder.caption(&panel.title, text(TEXT));
    }
    let mut chart = builder.build_cartesian_2d(x0..x1, y0..y1).map_err(failed)?;
    chart
        .configure_mesh()
        .disable_x_mesh()
        .light_line_style(TRANSPARENT)
        .bold_line_style(GRID.stroke_width(AXIS))
        .axis_style(INK.stroke_width(AXIS))
        .set_all_tick_mark_size(20)
        .x_labels(6)
        .y_labels(7)
        .x_label_formatter(&|v| short(*v))
        .y_label_formatter(&|v| short(*v))
        .label_style(text(TICK))
        .axis_desc_style(text(TEXT))
        .x_desc(&panel.x.label)
        .y_desc(&panel.y.label)
        .draw()
        .map_err(failed)?;
    for band in &panel.bands {
        let corners = [(x0, band.low.clamp(y0, y1)), (x1, band.high.clamp(y0, y1))];
        chart.draw_series([Rectangle::new(corners, GREY.mix(BAND).filled())]).map_err(failed)?;
    }
    for line in &panel.references {
        let ink = line.colour.map_or(GREY, colour).stroke_width(LINE);
        let dots = DashedLineSeries::new([(x0, line.y), (x1, line.y)], DOTS.0, DOTS.1, ink);
        chart.draw_series(dots).map_err(failed)?;
    }
    for series in &panel.series {
        for run in runs(series) {
            let edge = |end: usize| run.iter().filter_map(move |p| Some((p.x, p.band?[end].clamp(y0, y1))));
            let outline: Vec<_> = edge(0).chain(edge(1).collect::<Vec<_>>().into_iter().rev()).collect();
            if outline.len() > 2 {
                let fill = colour(series.colour).mix(BAND).filled();
                chart.draw_series([Polygon::new(outline, fill)]).map_err(failed)?;
            }
        }
    }
    for series in &panel.series {
        let ink = colour(series.colour).stroke_width(CURVE);
        for run in runs(series) {
            let line = run.iter().filter_map(|p| Some((p.x, p.y?)));
            if series.dashed {
                chart.draw_series(DashedLineSeries::new(line, DASHES.0, DASHES.1, ink)).map_err(failed)?;
            } else {
                chart.draw_series(LineSeries::new(line, ink)).map_err(failed)?;
            }
        }
    }
    Ok(())
}

/// Stretches of a series without gaps.
fn runs(series: &Series) -> impl Iterator<Item = &[super::Point]> {
    series.points.split(|p| p.y.is_none()).filter(|run| !run.is_empty())
}

/// A tick label without needless digits.
fn short(value: f64) -> String {
    let rounded = format!("{value:.6}");
    let trimmed = rounded.trim_end_matches('0').trim_end_matches('.');
    if trimmed == "-0" { "0".into() } else { trimmed.replace('-', "−") }
}

/// Entries of the legend, each label once, in rows that fit the width, each entry with its left end.
fn legend_rows(figure: &Figure, width: i32) -> Result<Vec<Vec<(i32, String, Sample)>>, FigureError> {
    let (mut entries, mut last): (Vec<(String, Sample)>, Vec<_>) = Default::default();
    for panel in &figure.panels {
        let curves = panel.series.iter().map(|s| {
            let dash = if s.dashed { Dash::Dashed } else { Dash::Solid };
            (&s.label, Sample::Line(colour(s.colour), dash))
        });
        let lines =
            panel.references.iter().map(|r| (&r.label, Sample::Line(r.colour.map_or(GREY, colour), Dash::Dotted)));
        let bands = panel.bands.iter().map(|b| (&b.label, Sample::Band));
        for (label, sample) in curves {
            add_entry(&mut entries, label, sample);
        }
        for (label, sample) in lines.chain(bands) {
            add_entry(&mut last, label, sample);
        }
    }
    entries.append(&mut last);
    let mut rows = vec![Vec::new()];
    let mut x = MARGIN;
    for (label, sample) in entries {
        let (text_width, _) = text(TEXT).font.box_size(&label).map_err(failed)?;
        let entry = SAMPLE + SAMPLE_GAP + text_width as i32;
        if x > MARGIN && x + entry > width - MARGIN {
            rows.push(Vec::new());
            x = MARGIN;
        }
        if let Some(row) = rows.last_mut() {
            row.push((x, label, sample));
        }
        x += entry + ENTRY_GAP;
    }
    Ok(rows)
}

fn add_entry(entries: &mut Vec<(String, Sample)>, label: &str, sample: Sample) {
    if !entries.iter().any(|(known, _)| known == label) {
        entries.push((label.to_string(), sample));
    }
}

fn draw_legend_row(area: &Area<'_>, row: usize, entries: &[(i32, String, Sample)]) -> Result<(), FigureError> {
    let y = legend_line(row);
    let style = text(TEXT).pos(Pos::new(HPos::Left, VPos::Center)).transform(FontTransform::None);
    for (x, label, sample) in entries {
        let ends = [(*x, y), (x + SAMPLE, y)];
        match sample {
            Sample::Band => {
                let corners = [(*x, y - MARGIN / 2), (x + SAMPLE, y + MARGIN / 2)];
                area.draw(&Rectangle::new(corners, GREY.mix(BAND).filled())).map_err(failed)?;
            }
            Sample::Line(ink, Dash::Solid) => {
                area.draw(&PathElement::new(ends, ink.stroke_width(CURVE))).map_err(failed)?;
            }
            Sample::Line(ink, dash) => {
                let ((size, gap), stroke) = if *dash == Dash::Dashed { (DASHES, CURVE) } else { (DOTS, LINE) };
                for start in (ends[0].0..ends[1].0).step_by((size + gap) as usize) {
                    let end = (start + size).min(ends[1].0);
                    area.draw(&PathElement::new([(start, y), (end, y)], ink.stroke_width(stroke))).map_err(failed)?;
                }
            }
        }
        area.draw_text(label, &style, (x + SAMPLE + SAMPLE_GAP, y)).map_err(failed)?;
    }
    Ok(())
}
