//! Layout of a figure with plotters: title, rows of panels, legend below them and off the data, note.

use super::area::{Area, dashed, failed, path, whole, write_lines};
use super::axis::{Tick, decades, ends, ticks};
use super::legend::Legend;
use super::path::{Frame, Place, thin};
use super::style::*;
use super::{Axis, Cells, Figure, FigureError, Mark, Panel, Point, Series, text};
use plotters::prelude::*;
use plotters::style::text_anchor::HPos;

/// The figure as SVG with text elements.
pub(super) fn layout(figure: &Figure) -> Result<String, FigureError> {
    text::register()?;
    if !figure.panels.iter().any(|panel| points(panel).next().is_some() || panel.cells.is_some()) {
        return Err(FigureError::Empty(figure.title.clone()));
    }
    let inks = figure.theme.inks();
    let page = Page::plan(figure)?;
    let legend = Legend::of(figure, page.width)?;
    let note = text::lines(&figure.note, SMALL, FontStyle::Normal, page.width - 2 * MARGIN)?;
    let legend_top = page.panels_end() + ROW_GAP;
    let note_top = legend_top + legend.height() + if note.is_empty() { 0 } else { GAP / 2 };
    let height = note_top + SMALL_LINE * note.len() as i32 + MARGIN;

    let mut svg = String::new();
    {
        let size = (page.width.unsigned_abs(), height.unsigned_abs());
        let area = SVGBackend::with_string(&mut svg, size).into_drawing_area();
        area.fill(&inks.paper).map_err(failed)?;
        let bold = text::style(TITLE, FontStyle::Bold, HPos::Left, &inks.ink);
        write_lines(&area, &page.title, &bold, (MARGIN, MARGIN), TITLE_LINE)?;
        for (index, ready) in page.panels.iter().enumerate() {
            ready.draw(&area, &page, page.frame(index))?;
        }
        legend.draw(&area, legend_top)?;
        let small = text::style(SMALL, FontStyle::Normal, HPos::Left, &inks.grey);
        write_lines(&area, &note, &small, (MARGIN, note_top), SMALL_LINE)?;
        area.present().map_err(failed)?;
    }
    Ok(finished(&svg, page.width, height))
}

/// What plotters cannot write: the size on the page, round corners of lines, and opacity of the fill alone, without
/// which every shade would be rendered through a layer of its own.
fn finished(svg: &str, width: i32, height: i32) -> String {
    let inches = |units: i32| format!("{:.6}in", f64::from(units) / UNITS_PER_INCH);
    let size = format!("<svg width=\"{width}\" height=\"{height}\"");
    svg.replacen(&size, &format!("<svg width=\"{}\" height=\"{}\"", inches(width), inches(height)), 1)
        .replace("<polyline fill=\"none\"", "<polyline fill=\"none\" stroke-linejoin=\"round\"")
        .replace("<polygon opacity=", "<polygon fill-opacity=")
        // Cells that touch leave no seam between them.
        .replace("<rect ", "<rect shape-rendering=\"crispEdges\" ")
}

/// Points that can be drawn.
fn points(panel: &Panel) -> impl Iterator<Item = &Point> {
    let on_axes = |p: &&Point| (!panel.x.log || p.x > 0.0) && (!panel.y.log || p.y.is_some_and(|y| y > 0.0));
    panel.series.iter().flat_map(|s| &s.points).filter(|p| p.height().is_some()).filter(on_axes)
}

/// A panel with its axes settled.
struct Ready<'a> {
    panel: &'a Panel,
    inks: &'static Inks,
    x: [f64; 2],
    y: [f64; 2],
    x_ticks: Vec<Tick>,
    y_ticks: Vec<Tick>,
    title: Vec<String>,
    x_label: Vec<String>,
    y_label: Vec<String>,
    /// Of the colour bar of a heat map, in units of its values.
    bar_ticks: Vec<Tick>,
    bar_label: Vec<String>,
}

/// Measures common to all panels, so that they line up.
struct Page<'a> {
    width: i32,
    columns: i32,
    title: Vec<String>,
    panels: Vec<Ready<'a>>,
    /// Space around the axes for labels.
    left: i32,
    right: i32,
    above: i32,
    below: i32,
}

impl<'a> Page<'a> {
    fn plan(figure: &'a Figure) -> Result<Self, FigureError> {
        let width = figure.width.units();
        let columns = figure.width.columns(figure.panels.len()) as i32;
        let title = text::lines(&figure.title, TITLE, FontStyle::Bold, width - 2 * MARGIN)?;
        // The panel of a figure of one needs no title beside the figure's.
        let titled = title.is_empty() || figure.panels.len() > 1;
        let mut page = Self { width, columns, title, panels: Vec::new(), left: 0, right: MARGIN, above: 0, below: 0 };
        let cell = (width - 2 * MARGIN) / columns;
        for panel in &figure.panels {
            let ready = Ready::new(panel, figure.theme.inks(), cell, titled)?;
            let labels = widths(&ready.y_ticks)?;
            let beside = TEXT_LINE * ready.y_label.len() as i32 + labels.into_iter().max().unwrap_or(0) + GAP;
            page.left = page.left.max(beside + TICK + GAP / 2);
            let bar = if panel.cells.is_some() { ready.bar_label_left()? + ready.bar_label_width() } else { 0 };
            page.right =
                page.right.max(widths(&ready.x_ticks)?.last().map_or(0, |width| width / 2 + GAP)).max(bar + GAP);
            page.above = page.above.max(TEXT_LINE * ready.title.len() as i32 + GAP);
            let labels = SMALL_LINE + TEXT_LINE * ready.x_label.len() as i32;
            page.below = page.below.max(TICK + GAP / 2 + labels + GAP / 2);
            page.panels.push(ready);
        }
        Ok(page)
    }

    fn row_height(&self) -> i32 {
        self.above + PLOT_HEIGHT + self.below
    }

    fn panels_top(&self) -> i32 {
        MARGIN + TITLE_LINE * self.title.len() as i32 + GAP
    }

    fn panels_end(&self) -> i32 {
        let rows = self.panels.len().div_ceil(self.columns.unsigned_abs() as usize) as i32;
        self.panels_top() + rows * self.row_height() + (rows - 1) * ROW_GAP
    }

    /// The axes of a panel.
    fn frame(&self, index: usize) -> Frame {
        let (column, row) = (index as i32 % self.columns, index as i32 / self.columns);
        let cell = (self.width - MARGIN) / self.columns;
        let left = MARGIN + column * cell + self.left;
        let right = MARGIN + (column + 1) * cell - self.right;
        let top = self.panels_top() + row * (self.row_height() + ROW_GAP) + self.above;
        let [left, right, top, bottom] = [left, right.max(left + 1), top, top + PLOT_HEIGHT].map(f64::from);
        Frame { left, right, top, bottom }
    }
}

fn widths(ticks: &[Tick]) -> Result<Vec<i32>, FigureError> {
    ticks.iter().map(|(_, label)| text::width(label, SMALL, FontStyle::Normal)).collect()
}

/// Ticks without the names that would come too close to the one before on an axis of this length.
fn apart(mut ticks: Vec<Tick>, [low, high]: [f64; 2], length: i32) -> Result<Vec<Tick>, FigureError> {
    let mut free = f64::NEG_INFINITY;
    for (at, name) in &mut ticks {
        let middle = (*at - low) / (high - low) * f64::from(length);
        let half = 0.5 * f64::from(text::width(name, SMALL, FontStyle::Normal)? + GAP);
        if middle - half < free {
            name.clear();
        } else {
            free = middle + half;
        }
    }
    Ok(ticks)
}

impl<'a> Ready<'a> {
    fn new(panel: &'a Panel, inks: &'static Inks, cell: i32, titled: bool) -> Result<Self, FigureError> {
        let no_range = |axis| FigureError::Range(axis, panel.title.clone());
        let grid =
            |edges: fn(&Cells) -> &Vec<f64>| panel.cells.iter().flat_map(move |cells| edges(cells).iter().copied());
        let across = points(panel).map(|p| p.x).chain(grid(|cells| &cells.x));
        let discs = panel.series.iter().any(|s| s.mark == Mark::Points);
        let margin = if discs && panel.cells.is_none() { 0.04 } else { 0.0 };
        let x = panel.x.ends(across, margin).ok_or_else(|| no_range("x"))?;
        let heights = points(panel).flat_map(|p| p.height().into_iter().chain(p.shade().into_iter().flatten()));
        let lines = panel.references.iter().map(|r| r.y);
        let bands = panel.bands.iter().flat_map(|b| [b.low, b.high]);
        let heights = heights.chain(lines).chain(bands).chain(grid(|cells| &cells.y));
        let margin = if panel.cells.is_some() { 0.0 } else { 0.04 };
        let y = panel.y.ends(heights, margin).ok_or_else(|| no_range("y"))?;

        let fit_x = |ticks: &[Tick]| {
            let spaces = ticks.len().saturating_sub(1).max(1) as i32;
            Ok::<_, FigureError>(widths(ticks)?.into_iter().max().unwrap_or(0) + GAP < cell * 2 / 3 / spaces)
        };
        let fit_y = |ticks: &[Tick]| Ok::<_, FigureError>(SMALL_LINE * (ticks.len() as i32) < PLOT_HEIGHT);
        let wrap = |text: &str, room| text::lines(text, TEXT, FontStyle::Normal, room);
        Ok(Self {
            panel,
            inks,
            x,
            y,
            x_ticks: match panel.x.names.is_empty() {
                true => panel.x.ticks(x, fit_x)?,
                false => apart(panel.x.ticks(x, fit_x)?, x, cell * 2 / 3)?,
            },
            y_ticks: panel.y.ticks(y, fit_y)?,
            bar_ticks: match &panel.cells {
                Some(cells) => ticks(cells.range, is_in_degrees(&cells.label), |t| Ok::<_, FigureError>(t.len() < 8))?,
                None => Vec::new(),
            },
            bar_label: match &panel.cells {
                Some(cells) => wrap(&cells.label, PLOT_HEIGHT)?,
                None => Vec::new(),
            },
            title: if titled { wrap(&panel.title, cell * 2 / 3)? } else { Vec::new() },
            x_label: wrap(&panel.x.label, cell * 2 / 3)?,
            y_label: wrap(&panel.y.label, PLOT_HEIGHT)?,
        })
    }

    /// How far right of the axes the label of the colour bar starts.
    fn bar_label_left(&self) -> Result<i32, FigureError> {
        let widest = widths(&self.bar_ticks)?.into_iter().max().unwrap_or(0);
        Ok(2 * GAP + BAR + TICK + GAP + widest)
    }

    fn bar_label_width(&self) -> i32 {
        TEXT_LINE * self.bar_label.len() as i32
    }

    fn draw(&self, area: &Area<'_>, page: &Page<'_>, frame: Frame) -> Result<(), FigureError> {
        self.draw_bands(area, frame)?;
        match &self.panel.cells {
            Some(cells) => {
                self.draw_cells(area, frame, cells)?;
                self.draw_bar(area, frame, cells)?;
            }
            None => self.draw_grid(area, frame)?,
        }
        for series in &self.panel.series {
            self.draw_shades(area, frame, series)?;
        }
        for line in self.panel.references.iter().filter(|line| line.y.is_finite()) {
            let y = self.place(frame, 0.0, line.y).1;
            let ink = line.colour.map_or(self.inks.grey, |index| self.inks.curve(index));
            for part in frame.cut_line(&[(frame.left, y), (frame.right, y)]) {
                dashed(area, &part, DOTS, ink.stroke_width(LINE))?;
            }
        }
        for series in &self.panel.series {
            self.draw_curve(area, frame, series)?;
        }
        self.draw_axes(area, page, frame)
    }

    /// Where a value stands on the page; far off for values far beyond the axes.
    fn place(&self, frame: Frame, x: f64, y: f64) -> Place {
        self.at(frame, self.panel.x.position(x), self.panel.y.position(y))
    }

    /// Where a position of the scaled axes stands.
    fn at(&self, frame: Frame, x: f64, y: f64) -> Place {
        let share = |value: f64, [low, high]: [f64; 2]| ((value - low) / (high - low)).clamp(-1e9, 1e9);
        let across = frame.left + share(x, self.x) * (frame.right - frame.left);
        (across, frame.bottom - share(y, self.y) * (frame.bottom - frame.top))
    }

    /// The heat map, and the values in its cells.
    fn draw_cells(&self, area: &Area<'_>, frame: Frame, cells: &Cells) -> Result<(), FigureError> {
        let [low, high] = cells.range;
        let share = |value: f64| (value - low) / (high - low);
        let columns = cells.x.len().saturating_sub(1).max(1);
        for (index, value) in cells.values.iter().enumerate() {
            let Some(value) = value.filter(|v| v.is_finite()) else { continue };
            let (column, row) = (index % columns, index / columns);
            let corner = |dx: usize, dy: usize| whole(self.place(frame, cells.x[column + dx], cells.y[row + dy]));
            let ink = shade(cells.colours, share(value));
            area.draw(&Rectangle::new([corner(0, 1), corner(1, 0)], ink.filled())).map_err(failed)?;
            if cells.written {
                let ((left, top), (right, bottom)) = (corner(0, 1), corner(1, 0));
                let letters = &LETTERS[usize::from(is_dark(ink))];
                let style = text::style(SMALL, FontStyle::Normal, HPos::Center, letters);
                let middle = ((left + right) / 2, (top + bottom) / 2);
                area.draw_text(&format!("{value:.0}"), &style, middle).map_err(failed)?;
            }
        }
        Ok(())
    }

    /// The colour bar of a heat map, with its label.
    fn draw_bar(&self, area: &Area<'_>, frame: Frame, cells: &Cells) -> Result<(), FigureError> {
        let [low, high] = cells.range;
        let left = whole((frame.right, 0.0)).0 + 2 * GAP;
        let height = |share: f64| whole((0.0, frame.bottom - share * (frame.bottom - frame.top))).1;
        for step in 0..BAR_STEPS {
            let part = |i: usize| i as f64 / BAR_STEPS as f64;
            let corners = [(left, height(part(step + 1))), (left + BAR, height(part(step)))];
            let ink = shade(cells.colours, part(step) + 0.5 / BAR_STEPS as f64);
            area.draw(&Rectangle::new(corners, ink.filled())).map_err(failed)?;
        }
        let style = text::style(SMALL, FontStyle::Normal, HPos::Left, &self.inks.ink);
        for (value, label) in &self.bar_ticks {
            let (x, y) = (f64::from(left + BAR), height((value - low) / (high - low)));
            path(area, &[(x, f64::from(y)), (x + f64::from(TICK), f64::from(y))], self.inks.ink.stroke_width(AXIS))?;
            area.draw_text(label, &style, (left + BAR + TICK + GAP / 2, y)).map_err(failed)?;
        }
        let left = whole((frame.right, 0.0)).0 + self.bar_label_left()?;
        self.write_upwards(area, &self.bar_label, left, frame)
    }

    /// Writes lines upwards, one after the other to the right from `left` on, along the middle of the axes.
    fn write_upwards(&self, area: &Area<'_>, lines: &[String], left: i32, frame: Frame) -> Result<(), FigureError> {
        let style = text::style(TEXT, FontStyle::Normal, HPos::Center, &self.inks.ink);
        let upwards = style.transform(FontTransform::Rotate270);
        let middle = whole((0.0, (frame.top + frame.bottom) / 2.0)).1;
        for (row, line) in (0..).zip(lines) {
            area.draw_text(line, &upwards, (left + TEXT_LINE * row + TEXT_LINE / 2, middle)).map_err(failed)?;
        }
        Ok(())
    }

    /// The ordinate of a point, if it stands on these axes.
    fn height(&self, point: &Point) -> Option<f64> {
        let on = |axis: &Axis, value: f64| !axis.log || value > 0.0;
        point.height().filter(|&y| on(&self.panel.x, point.x) && on(&self.panel.y, y))
    }

    fn draw_bands(&self, area: &Area<'_>, frame: Frame) -> Result<(), FigureError> {
        for band in self.panel.bands.iter().filter(|b| b.low.is_finite() && b.high.is_finite()) {
            let (top, bottom) = (self.place(frame, 0.0, band.high).1, self.place(frame, 0.0, band.low).1);
            let corners = [(frame.left, top), (frame.right, top), (frame.right, bottom), (frame.left, bottom)];
            fill(area, frame.cut_polygon(corners.to_vec()), self.inks.pale.to_rgba())?;
        }
        Ok(())
    }

    fn draw_grid(&self, area: &Area<'_>, frame: Frame) -> Result<(), FigureError> {
        for (value, _) in &self.y_ticks {
            let y = self.at(frame, 0.0, *value).1;
            path(area, &[(frame.left, y), (frame.right, y)], self.inks.grid.stroke_width(AXIS))?;
        }
        Ok(())
    }

    fn draw_shades(&self, area: &Area<'_>, frame: Frame, series: &Series) -> Result<(), FigureError> {
        let ink = self.inks.curve(series.colour);
        for run in series.points.split(|p| self.height(p).is_none() || p.shade().is_none()) {
            // Below the lowest value of a logarithmic axis, where a band that reaches zero ends.
            let least = if self.panel.y.log { f64::MIN_POSITIVE } else { f64::NEG_INFINITY };
            let edge = |end: usize| -> Vec<Place> {
                run.iter().filter_map(|p| Some(self.place(frame, p.x, p.shade()?[end].max(least)))).collect()
            };
            let (low, high) = (edge(0), edge(1));
            if series.mark == Mark::Points {
                for (low, high) in low.into_iter().zip(high) {
                    for part in frame.cut_line(&[low, high]) {
                        path(area, &part, ink.stroke_width(AXIS))?;
                    }
                }
            } else if let ([low], [high]) = (&low[..], &high[..]) {
                // A shade without width is shown as a whisker.
                for part in frame.cut_line(&[*low, *high]) {
                    path(area, &part, ink.stroke_width(AXIS))?;
                }
            } else {
                let mut outline = thin(&low);
                outline.extend(thin(&high).into_iter().rev());
                fill(area, frame.cut_polygon(outline), ink.mix(SHADE))?;
            }
        }
        Ok(())
    }

    fn draw_curve(&self, area: &Area<'_>, frame: Frame, series: &Series) -> Result<(), FigureError> {
        let colour = self.inks.curve(series.colour);
        let ink = colour.stroke_width(CURVE);
        for run in series.points.split(|p| self.height(p).is_none()).filter(|run| !run.is_empty()) {
            let line: Vec<Place> = run.iter().filter_map(|p| Some(self.place(frame, p.x, p.height()?))).collect();
            if series.mark == Mark::Points {
                for place in line.into_iter().flat_map(|place| frame.cut_line(&[place])).flatten() {
                    area.draw(&Circle::new(whole(place), DISC, colour.filled())).map_err(failed)?;
                }
                continue;
            }
            for part in frame.cut_line(&thin(&line)) {
                match part[..] {
                    [point] => {
                        let dot = Circle::new(whole(point), CURVE, colour.filled());
                        area.draw(&dot).map_err(failed)?;
                    }
                    _ if series.mark == Mark::Dashes => dashed(area, &part, DASHES, ink)?,
                    _ => path(area, &part, ink)?,
                }
            }
        }
        Ok(())
    }

    fn draw_axes(&self, area: &Area<'_>, page: &Page<'_>, frame: Frame) -> Result<(), FigureError> {
        let ink = self.inks.ink.stroke_width(AXIS);
        let (left, bottom) = (frame.left, frame.bottom);
        path(area, &[(left, frame.top), (left, bottom), (frame.right, bottom)], ink)?;
        let tick = f64::from(TICK);
        let (x0, y0) = whole((left, bottom));
        let centred = |size| text::style(size, FontStyle::Normal, HPos::Center, &self.inks.ink);
        for (value, label) in &self.x_ticks {
            let (x, _) = self.at(frame, *value, 0.0);
            path(area, &[(x, bottom), (x, bottom + tick)], ink)?;
            let middle = y0 + TICK + GAP / 2 + SMALL_LINE / 2;
            area.draw_text(label, &centred(SMALL), (whole((x, 0.0)).0, middle)).map_err(failed)?;
        }
        let right = text::style(SMALL, FontStyle::Normal, HPos::Right, &self.inks.ink);
        for (value, label) in &self.y_ticks {
            let (_, y) = self.at(frame, 0.0, *value);
            path(area, &[(left - tick, y), (left, y)], ink)?;
            area.draw_text(label, &right, (x0 - TICK - GAP / 2, whole((0.0, y)).1)).map_err(failed)?;
        }
        let middle = whole(((left + frame.right) / 2.0, 0.0)).0;
        let title_top = whole((0.0, frame.top)).1 - GAP - TEXT_LINE * self.title.len() as i32;
        write_lines(area, &self.title, &centred(TEXT), (middle, title_top), TEXT_LINE)?;
        let label_top = y0 + TICK + GAP / 2 + SMALL_LINE + GAP / 2;
        write_lines(area, &self.x_label, &centred(TEXT), (middle, label_top), TEXT_LINE)?;
        self.write_upwards(area, &self.y_label, x0 - page.left, frame)
    }
}

impl Axis {
    /// Ends in scaled positions: of the range asked for, or of the values.
    fn ends(&self, values: impl Iterator<Item = f64>, margin: f64) -> Option<[f64; 2]> {
        let usable = values.filter(|v| !self.log || *v > 0.0).map(|v| self.position(v));
        let [asked, limits] = [self.range, self.limits].map(|ends| ends.map(|ends| ends.map(|end| self.position(end))));
        ends(asked, limits, usable, margin)
    }

    /// Ticks at scaled positions.
    fn ticks(
        &self,
        ends: [f64; 2],
        fit: impl Fn(&[Tick]) -> Result<bool, FigureError>,
    ) -> Result<Vec<Tick>, FigureError> {
        if !self.names.is_empty() {
            return Ok(self.names.iter().map(|(value, name)| (self.position(*value), name.clone())).collect());
        }
        if self.log { decades(ends, fit) } else { ticks(ends, is_in_degrees(&self.label), fit) }
    }
}

/// Whether what has this label is ticked at parts of the right angle.
fn is_in_degrees(label: &str) -> bool {
    label.ends_with("(degrees)") || label.ends_with("(°)")
}

impl Point {
    /// The ordinate, if the point can be drawn.
    pub(super) fn height(&self) -> Option<f64> {
        self.y.filter(|y| y.is_finite() && self.x.is_finite())
    }

    /// The ends of the band, if it can be drawn.
    pub(super) fn shade(&self) -> Option<[f64; 2]> {
        self.band.filter(|ends| ends.iter().all(|end| end.is_finite()))
    }
}

fn fill(area: &Area<'_>, outline: Vec<Place>, ink: RGBAColor) -> Result<(), FigureError> {
    if outline.len() < 3 {
        return Ok(());
    }
    let outline: Vec<_> = outline.into_iter().map(whole).collect();
    area.draw(&Polygon::new(outline, ink.filled())).map_err(failed)
}
