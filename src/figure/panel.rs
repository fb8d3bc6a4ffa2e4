//! A panel on the page: axes, ticks, curves and cells.

use super::area::{Area, dashed, failed, path, whole, write_lines};
use super::axis::{Tick, apart, decades, ends as ends_of, ticks, widths};
use super::path::{Frame, Position, thin};
use super::style::*;
use super::{Axis, Cells, FigureError, Mark, Panel, Point, Series, text};
use plotters::prelude::*;
use plotters::style::text_anchor::HPos;

/// Points that can be drawn.
pub(super) fn points(panel: &Panel) -> impl Iterator<Item = &Point> {
    let on_axes =
        |p: &&Point| (!panel.x.log || p.x > 0.0) && (!panel.y.log || p.y.is_some_and(|y| y > 0.0));
    panel.series.iter().flat_map(|s| &s.points).filter(|p| p.height().is_some()).filter(on_axes)
}

/// Ends of the axes of a panel by itself, in scaled positions.
pub(super) fn ends(panel: &Panel) -> Result<[[f64; 2]; 2], FigureError> {
    let no_range = |axis| FigureError::Range(axis, panel.title.clone());
    let grid = |edges: fn(&Cells) -> &Vec<f64>| {
        panel.cells.iter().flat_map(move |cells| edges(cells).iter().copied())
    };
    let across = points(panel).map(|p| p.x).chain(grid(|cells| &cells.x));
    let count = |mark| panel.series.iter().filter(|series| series.mark == mark).count();
    let margin = match panel.cells {
        Some(_) => 0.0,
        // Discs that are set beside each other reach farther.
        None if count(Mark::Joined) > 3 => 0.06,
        None if count(Mark::Joined) + count(Mark::Points) > 0 => 0.04,
        None => 0.0,
    };
    let x = panel.x.ends(across, margin).ok_or_else(|| no_range("x"))?;
    let heights =
        points(panel).flat_map(|p| p.height().into_iter().chain(p.shade().into_iter().flatten()));
    let lines = panel.references.iter().map(|r| r.y);
    let bands = panel.bands.iter().flat_map(|b| [b.low, b.high]);
    let heights = heights.chain(lines).chain(bands).chain(grid(|cells| &cells.y));
    let margin = if panel.cells.is_some() { 0.0 } else { 0.04 };
    let y = panel.y.ends(heights, margin).ok_or_else(|| no_range("y"))?;
    Ok([x, y])
}

/// A panel with its axes settled.
pub(super) struct Ready<'a> {
    panel: &'a Panel,
    pub inks: &'static Inks,
    pub x: [f64; 2],
    pub y: [f64; 2],
    pub x_ticks: Vec<Tick>,
    y_ticks: Vec<Tick>,
    title: Vec<String>,
    x_label: Vec<String>,
    y_label: Vec<String>,
    /// Of the colour bar of a heat map: shares of its height.
    bar_ticks: Vec<Tick>,
    bar_label: Vec<String>,
}

impl<'a> Ready<'a> {
    /// With the ends of its axes, and room for so much along them.
    pub fn new(
        panel: &'a Panel,
        inks: &'static Inks,
        [x, y]: [[f64; 2]; 2],
        [across, up]: [i32; 2],
        titled: bool,
    ) -> Result<Self, FigureError> {
        let fit_y = |ticks: &[Tick]| Ok::<_, FigureError>(SMALL_LINE * (ticks.len() as i32) < up);
        let line = |_: &str| Ok::<_, FigureError>(SMALL_LINE);
        let wrap = |text: &str, room| text::lines(text, TEXT, FontStyle::Normal, room);
        let mut ready = Self {
            panel,
            inks,
            x,
            y,
            x_ticks: Vec::new(),
            y_ticks: apart(panel.y.ticks(y, fit_y)?, y, up, line)?,
            bar_ticks: panel
                .cells
                .as_ref()
                .map(|cells| bar_ticks(cells, fit_y))
                .transpose()?
                .unwrap_or_default(),
            bar_label: match &panel.cells {
                Some(cells) => wrap(&cells.label, up)?,
                None => Vec::new(),
            },
            title: if titled { wrap(&panel.title, across)? } else { Vec::new() },
            x_label: wrap(&panel.x.label, across)?,
            y_label: wrap(&panel.y.label, up)?,
        };
        ready.fit_across(across)?;
        Ok(ready)
    }

    /// Ticks along a horizontal axis of this length.
    pub fn fit_across(&mut self, length: i32) -> Result<(), FigureError> {
        let width = |name: &str| {
            Ok::<_, FigureError>(text::width(name, SMALL, FontStyle::Normal)? + 2 * GAP)
        };
        let fit = |ticks: &[Tick]| {
            let places: Vec<f64> = ticks.iter().map(|(at, _)| *at).collect();
            let closest =
                places.windows(2).map(|pair| pair[1] - pair[0]).fold(f64::INFINITY, f64::min);
            let room = closest / (self.x[1] - self.x[0]) * f64::from(length);
            Ok::<_, FigureError>(
                f64::from(widths(ticks)?.into_iter().max().unwrap_or(0) + 2 * GAP) <= room,
            )
        };
        let all = self.panel.x.ticks(self.x, fit)?;
        self.x_ticks = apart(all, self.x, length, width)?;
        Ok(())
    }

    /// Room for label and ticks of the vertical axis.
    pub fn beside(&self) -> Result<i32, FigureError> {
        let labels = widths(&self.y_ticks)?.into_iter().max().unwrap_or(0);
        Ok(TEXT_LINE * self.y_label.len() as i32 + labels + GAP)
    }

    /// Room for the colour bar, where there is one.
    pub fn bar(&self) -> Result<i32, FigureError> {
        let width = |_: &Cells| Ok(self.bar_label_left()? + self.bar_label_width());
        self.panel.cells.as_ref().map_or(Ok(0), width)
    }

    /// Room for the title.
    pub fn above(&self) -> i32 {
        TEXT_LINE * self.title.len() as i32 + GAP
    }

    /// Room for label and ticks of the horizontal axis.
    pub fn below(&self) -> i32 {
        TICK + GAP / 2 + SMALL_LINE + TEXT_LINE * self.x_label.len() as i32 + GAP / 2
    }

    /// How far right of the axes the label of the colour bar starts.
    fn bar_label_left(&self) -> Result<i32, FigureError> {
        let widest = widths(&self.bar_ticks)?.into_iter().max().unwrap_or(0);
        Ok(2 * GAP + BAR + TICK + GAP + widest)
    }

    fn bar_label_width(&self) -> i32 {
        TEXT_LINE * self.bar_label.len() as i32
    }

    /// Draws it; `left` is the room to the left of the axes.
    pub fn draw(&self, area: &Area<'_>, frame: Frame, left: i32) -> Result<(), FigureError> {
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
        self.draw_axes(area, frame, left)
    }

    /// Where a value stands on the page; far off for values far beyond the axes.
    fn place(&self, frame: Frame, x: f64, y: f64) -> Position {
        self.at(frame, self.panel.x.position(x), self.panel.y.position(y))
    }

    /// Where a position of the scaled axes stands.
    fn at(&self, frame: Frame, x: f64, y: f64) -> Position {
        let share =
            |value: f64, [low, high]: [f64; 2]| ((value - low) / (high - low)).clamp(-1e9, 1e9);
        let across = frame.left + share(x, self.x) * (frame.right - frame.left);
        (across, frame.bottom - share(y, self.y) * (frame.bottom - frame.top))
    }

    /// The heat map, and the values in its cells.
    fn draw_cells(&self, area: &Area<'_>, frame: Frame, cells: &Cells) -> Result<(), FigureError> {
        let columns = cells.x.len().saturating_sub(1).max(1);
        let digits = cells.digits();
        let written = |value: f64| format!("{value:.digits$}").replace('-', "−");
        let values =
            || cells.values.iter().filter_map(|cell| cell.value).filter(|value| value.is_finite());
        let widths = values().map(|value| text::width(&written(value), SMALL, FontStyle::Normal));
        let widest = widths.collect::<Result<Vec<i32>, _>>()?.into_iter().max().unwrap_or(0);
        let fits = f64::from(widest + GAP) < (frame.right - frame.left) / columns as f64;
        for (index, value) in cells.values.iter().enumerate() {
            let Some(value) = value.value.filter(|v| v.is_finite() && (!cells.log || *v > 0.0))
            else {
                continue;
            };
            let (column, row) = (index % columns, index / columns);
            let corner = |dx: usize, dy: usize| {
                frame.nearest(self.place(frame, cells.x[column + dx], cells.y[row + dy]))
            };
            let ((left, top), (right, bottom)) = (whole(corner(0, 1)), whole(corner(1, 0)));
            // What lies beyond the axes is cut off.
            if left >= right || top >= bottom {
                continue;
            }
            let ink = shade(cells.colours, cells.share(value));
            // A little of the next cells, which are drawn over it, lest viewers show seams.
            let corners = [(left, top - OVERLAP), (right + OVERLAP, bottom)]
                .map(|(x, y)| (f64::from(x), f64::from(y)));
            area.draw(&Rectangle::new(
                corners.map(|corner| whole(frame.nearest(corner))),
                ink.filled(),
            ))
            .map_err(failed)?;
            if cells.written && fits {
                let letters = &LETTERS[usize::from(is_dark(ink))];
                let style = text::style(SMALL, FontStyle::Normal, HPos::Center, letters);
                let middle = ((left + right) / 2, (top + bottom) / 2);
                area.draw_text(&written(value), &style, middle).map_err(failed)?;
            }
        }
        Ok(())
    }

    /// The colour bar of a heat map, with its label.
    fn draw_bar(&self, area: &Area<'_>, frame: Frame, cells: &Cells) -> Result<(), FigureError> {
        let left = whole((frame.right, 0.0)).0 + 2 * GAP;
        let height = |share: f64| whole((0.0, frame.bottom - share * (frame.bottom - frame.top))).1;
        for step in 0..BAR_STEPS {
            let part = |i: usize| i as f64 / BAR_STEPS as f64;
            let overlap = if step + 1 < BAR_STEPS { OVERLAP } else { 0 };
            let corners =
                [(left, height(part(step + 1)) - overlap), (left + BAR, height(part(step)))];
            let ink = shade(cells.colours, part(step) + 0.5 / BAR_STEPS as f64);
            area.draw(&Rectangle::new(corners, ink.filled())).map_err(failed)?;
        }
        let style = text::style(SMALL, FontStyle::Normal, HPos::Left, &self.inks.ink);
        for (share, label) in &self.bar_ticks {
            let (x, y) = (f64::from(left + BAR), height(*share));
            path(
                area,
                &[(x, f64::from(y)), (x + f64::from(TICK), f64::from(y))],
                self.inks.ink.stroke_width(AXIS),
            )?;
            area.draw_text(label, &style, (left + BAR + TICK + GAP / 2, y)).map_err(failed)?;
        }
        let left = whole((frame.right, 0.0)).0 + self.bar_label_left()?;
        self.write_upwards(area, &self.bar_label, left, frame)
    }

    /// Writes lines upwards, one after the other to the right from `left` on, along the middle of
    /// the axes.
    fn write_upwards(
        &self,
        area: &Area<'_>,
        lines: &[String],
        left: i32,
        frame: Frame,
    ) -> Result<(), FigureError> {
        let style = text::style(TEXT, FontStyle::Normal, HPos::Center, &self.inks.ink);
        let upwards = style.transform(FontTransform::Rotate270);
        let middle = whole((0.0, (frame.top + frame.bottom) / 2.0)).1;
        for (row, line) in (0..).zip(lines) {
            area.draw_text(line, &upwards, (left + TEXT_LINE * row + TEXT_LINE / 2, middle))
                .map_err(failed)?;
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
            let (top, bottom) =
                (self.place(frame, 0.0, band.high).1, self.place(frame, 0.0, band.low).1);
            let corners = [
                (frame.left, top),
                (frame.right, top),
                (frame.right, bottom),
                (frame.left, bottom),
            ];
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

    /// How far to the right the discs of a curve are set on the page, so that whiskers of others
    /// are not hidden by its own.
    fn offset(&self, frame: Frame, series: &Series) -> f64 {
        let joined: Vec<&Series> =
            self.panel.series.iter().filter(|curve| curve.mark == Mark::Joined).collect();
        let Some(place) = joined.iter().position(|curve| std::ptr::eq(*curve, series)) else {
            return 0.0;
        };
        if !self.whiskers_meet(frame, &joined) {
            return 0.0;
        }
        let mut places: Vec<f64> = joined
            .iter()
            .flat_map(|curve| &curve.points)
            .filter(|p| self.height(p).is_some())
            .map(|p| self.place(frame, p.x, 1.0).0)
            .collect();
        places.sort_by(f64::total_cmp);
        let gaps = places.windows(2).map(|pair| pair[1] - pair[0]).filter(|gap| *gap > 0.5);
        let room = gaps.fold(f64::INFINITY, f64::min);
        let step = (0.6 * room / joined.len() as f64).min(BESIDE);
        (place as f64 - 0.5 * (joined.len() - 1) as f64) * step
    }

    /// Whether two whiskers that can be seen stand on top of each other.
    fn whiskers_meet(&self, frame: Frame, joined: &[&Series]) -> bool {
        let whisker = |p: &Point| {
            let (_, [low, high]) = (self.height(p)?, self.band(p)?);
            let [bottom, top] = [low, high].map(|y| self.place(frame, p.x, y).1);
            (bottom - top > 2.0 * f64::from(DISC)).then_some((p.x, top, bottom))
        };
        let all: Vec<Vec<(f64, f64, f64)>> =
            joined.iter().map(|curve| curve.points.iter().filter_map(whisker).collect()).collect();
        let meets = |a: &(f64, f64, f64), b: &(f64, f64, f64)| a.0 == b.0 && a.1 < b.2 && b.1 < a.2;
        (0..all.len())
            .any(|i| all[i].iter().any(|a| all[i + 1..].iter().flatten().any(|b| meets(a, b))))
    }

    /// The ends of the band around a point, within what values can be and what the axis can show.
    fn band(&self, point: &Point) -> Option<[f64; 2]> {
        let least = if self.panel.y.log { f64::MIN_POSITIVE } else { f64::NEG_INFINITY };
        let [low, high] = self.panel.y.limits.unwrap_or([f64::NEG_INFINITY, f64::INFINITY]);
        point.shade().map(|ends| ends.map(|end| end.clamp(low, high).max(least)))
    }

    fn draw_shades(
        &self,
        area: &Area<'_>,
        frame: Frame,
        series: &Series,
    ) -> Result<(), FigureError> {
        let (ink, offset) = (self.inks.curve(series.colour), self.offset(frame, series));
        for run in series.points.split(|p| self.height(p).is_none() || p.shade().is_none()) {
            let edge = |end: usize| -> Vec<Position> {
                let at = |p: &Point| Some(self.place(frame, p.x, self.band(p)?[end]));
                run.iter().filter_map(at).map(|(x, y)| (x + offset, y)).collect()
            };
            let (low, high) = (edge(0), edge(1));
            // A shade without width is shown as a whisker.
            if matches!(series.mark, Mark::Points | Mark::Joined) || low.len() == 1 {
                for (low, high) in low.into_iter().zip(high) {
                    for part in frame.cut_line(&[low, high]) {
                        path(area, &part, ink.stroke_width(AXIS))?;
                    }
                }
            } else {
                let mut outline = thin(&low);
                outline.extend(thin(&high).into_iter().rev());
                fill(area, frame.cut_polygon(outline), ink.mix(SHADE))?;
            }
        }
        Ok(())
    }

    fn draw_curve(
        &self,
        area: &Area<'_>,
        frame: Frame,
        series: &Series,
    ) -> Result<(), FigureError> {
        let (colour, offset) = (self.inks.curve(series.colour), self.offset(frame, series));
        let disc = |place: Position, radius: u32| {
            area.draw(&Circle::new(whole(place), radius, colour.filled())).map_err(failed)
        };
        for run in series.points.split(|p| self.height(p).is_none()).filter(|run| !run.is_empty()) {
            let at = |p: &Point| Some(self.place(frame, p.x, p.height()?));
            let line: Vec<Position> =
                run.iter().filter_map(at).map(|(x, y)| (x + offset, y)).collect();
            if matches!(series.mark, Mark::Points | Mark::Joined | Mark::Dots) {
                let radius = if series.mark == Mark::Dots { DOT } else { DISC };
                for place in line.iter().flat_map(|place| frame.cut_line(&[*place])).flatten() {
                    disc(place, radius)?;
                }
            }
            if matches!(series.mark, Mark::Points | Mark::Dots) {
                continue;
            }
            let ink = colour.stroke_width(if series.mark == Mark::Thin { AXIS } else { CURVE });
            for part in frame.cut_line(&thin(&line)) {
                match part[..] {
                    [point] => disc(point, CURVE)?,
                    _ if series.mark == Mark::Dashes => dashed(area, &part, DASHES, ink)?,
                    _ => path(area, &part, ink)?,
                }
            }
        }
        Ok(())
    }

    fn draw_axes(&self, area: &Area<'_>, frame: Frame, room: i32) -> Result<(), FigureError> {
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
            area.draw_text(label, &right, (x0 - TICK - GAP / 2, whole((0.0, y)).1))
                .map_err(failed)?;
        }
        let middle = whole(((left + frame.right) / 2.0, 0.0)).0;
        let title_top = whole((0.0, frame.top)).1 - GAP - TEXT_LINE * self.title.len() as i32;
        write_lines(area, &self.title, &centred(TEXT), (middle, title_top), TEXT_LINE)?;
        let label_top = y0 + TICK + GAP / 2 + SMALL_LINE + GAP / 2;
        write_lines(area, &self.x_label, &centred(TEXT), (middle, label_top), TEXT_LINE)?;
        self.write_upwards(area, &self.y_label, x0 - room, frame)
    }
}

impl Axis {
    /// Ends in scaled positions: of the range asked for, or of the values.
    fn ends(&self, values: impl Iterator<Item = f64>, margin: f64) -> Option<[f64; 2]> {
        let usable = values.filter(|v| !self.log || *v > 0.0).map(|v| self.position(v));
        let [asked, limits] = [self.range, self.limits]
            .map(|ends| ends.map(|ends| ends.map(|end| self.position(end))));
        ends_of(asked, limits, usable, margin)
    }

    /// Ticks at scaled positions.
    fn ticks(
        &self,
        ends: [f64; 2],
        fit: impl Fn(&[Tick]) -> Result<bool, FigureError>,
    ) -> Result<Vec<Tick>, FigureError> {
        if !self.names.is_empty() {
            let named =
                self.names.iter().map(|(value, name)| (self.position(*value), name.clone()));
            return Ok(named.filter(|(at, _)| (ends[0]..=ends[1]).contains(at)).collect());
        }
        if self.log { decades(ends, fit) } else { ticks(ends, self.degrees, fit) }
    }
}

/// Ticks of the colour bar, at shares of its height.
fn bar_ticks(
    cells: &Cells,
    fit: impl Fn(&[Tick]) -> Result<bool, FigureError>,
) -> Result<Vec<Tick>, FigureError> {
    let few = |ticks: &[Tick]| Ok::<_, FigureError>(ticks.len() < 8 && fit(ticks)?);
    let axis = Axis { log: cells.log, ..Axis::new(cells.label.as_str()) };
    let [low, high] = cells.range.map(|end| axis.position(end));
    let all = axis.ticks([low, high], few)?;
    Ok(all.into_iter().map(|(at, label)| ((at - low) / (high - low), label)).collect())
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

fn fill(area: &Area<'_>, outline: Vec<Position>, ink: RGBAColor) -> Result<(), FigureError> {
    if outline.len() < 3 {
        return Ok(());
    }
    let outline: Vec<_> = outline.into_iter().map(whole).collect();
    area.draw(&Polygon::new(outline, ink.filled())).map_err(failed)
}
