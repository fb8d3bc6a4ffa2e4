//! Layout of a figure with plotters: title, rows of panels, legend below them and off the data,
//! note.

use super::area::{failed, write_lines};
use super::axis::widths;
use super::legend::Legend;
use super::panel::{Ready, ends, points};
use super::path::Frame;
use super::style::*;
use super::{Figure, FigureError, Share, text};
use plotters::prelude::*;
use plotters::style::text_anchor::HPos;

/// The figure as SVG with text elements.
pub(super) fn layout(figure: &Figure) -> Result<String, FigureError> {
    text::register()?;
    let figure = &drawable(figure)?;
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
            let frame = page.frame(index);
            ready.draw(&area, frame, page.left)?;
            if figure.look.letters {
                let place = (frame.left as i32 - page.left, frame.top as i32 - page.above);
                write_lines(&area, &[letter(index)], &bold, place, TEXT_LINE)?;
            }
        }
        legend.draw(&area, legend_top)?;
        let small = text::style(SMALL, FontStyle::Normal, HPos::Left, &inks.grey);
        write_lines(&area, &note, &small, (MARGIN, note_top), SMALL_LINE)?;
        area.present().map_err(failed)?;
    }
    Ok(finished(&svg, [page.width, height], figure.look.units_per_inch()))
}

/// The figure without the panels in which there is nothing to draw, as in runs that are not
/// finished.
///
/// # Errors
/// If there is none but these.
pub(super) fn drawable(figure: &Figure) -> Result<Figure, FigureError> {
    let mut figure = figure.clone();
    figure.panels.retain(|panel| points(panel).next().is_some() || panel.cells.is_some());
    if figure.panels.is_empty() { Err(FigureError::Empty(figure.title)) } else { Ok(figure) }
}

/// A panel by itself, on no ground.
pub(super) struct Alone {
    /// As SVG with text elements, as large as one column.
    pub svg: String,
    /// Its size in units of the page.
    pub size: [i32; 2],
    /// Ends of its axes in scaled positions.
    pub ends: [[f64; 2]; 2],
}

/// Every panel of a figure that can be drawn by itself, in one column, without title, legend and
/// note.
pub(super) fn alone(figure: &Figure) -> Result<Vec<Alone>, FigureError> {
    text::register()?;
    let mut column = Figure { title: String::new(), width: Width::OneColumn, ..figure.clone() };
    // The panel of a figure of one has its title above.
    if let [only] = &mut column.panels[..] {
        only.title.clear();
    }
    let page = Page::plan(&column)?;
    (0..page.panels.len()).map(|index| page.alone(index, column.look.letters)).collect()
}

/// a, b, ... z, aa, ab, ...
fn letter(index: usize) -> String {
    let last = char::from(b'a' + (index % 26) as u8);
    match index / 26 {
        0 => last.into(),
        before => letter(before - 1) + &last.to_string(),
    }
}

/// The drawing with its size on the page.
fn finished(svg: &str, [width, height]: [i32; 2], units_per_inch: f64) -> String {
    let inches = |units: i32| format!("{:.6}in", f64::from(units) / units_per_inch);
    let size = format!("<svg width=\"{width}\" height=\"{height}\"");
    refined(svg).replacen(
        &size,
        &format!("<svg width=\"{}\" height=\"{}\"", inches(width), inches(height)),
        1,
    )
}

/// What plotters cannot write: round corners of lines, and opacity of the fill alone, without which
/// every shade would be rendered through a layer of its own.
fn refined(svg: &str) -> String {
    svg.replace("<polyline fill=\"none\"", "<polyline fill=\"none\" stroke-linejoin=\"round\"")
        .replace("<polygon opacity=", "<polygon fill-opacity=")
        // Cells that touch leave no seam between them.
        .replace("<rect ", "<rect shape-rendering=\"crispEdges\" ")
}

/// Measures common to all panels, so that they line up.
struct Page<'a> {
    width: i32,
    columns: i32,
    title: Vec<String>,
    panels: Vec<Ready<'a>>,
    /// Height of the axes.
    plot: i32,
    /// Space around the axes for labels.
    left: i32,
    right: i32,
    above: i32,
    below: i32,
}

impl<'a> Page<'a> {
    fn plan(figure: &'a Figure) -> Result<Self, FigureError> {
        let width = figure.look.units(figure.width);
        let columns = figure.width.columns(figure.panels.len()) as i32;
        let title = text::lines(&figure.title, TITLE, FontStyle::Bold, width - 2 * MARGIN)?;
        // The panel of a figure of one needs no title beside the figure's.
        let titled = title.is_empty() || figure.panels.len() > 1;
        let plot = figure.look.plot_height();
        let mut page = Self {
            width,
            columns,
            title,
            panels: Vec::new(),
            plot,
            left: 0,
            right: MARGIN,
            above: 0,
            below: 0,
        };
        let cell = (width - 2 * MARGIN) / columns;
        let ranges: Vec<[[f64; 2]; 2]> =
            figure.panels.iter().map(ends).collect::<Result<_, _>>()?;
        for index in 0..figure.panels.len() {
            let (panel, [x, y]) = (&figure.panels[index], shared(figure, &ranges, index));
            page.panels.push(Ready::new(
                panel,
                figure.theme.inks(),
                [x, y],
                [cell * 2 / 3, plot],
                titled,
            )?);
        }
        page.settle()?;
        // How long the axes are is known only now, and so how many names find room along them.
        let room = page.frame(0);
        for ready in &mut page.panels {
            ready.fit_across((room.right - room.left) as i32)?;
        }
        page.settle()?;
        Ok(page)
    }

    /// Makes room around the axes for the labels of all panels.
    fn settle(&mut self) -> Result<(), FigureError> {
        for ready in &self.panels {
            let beside = ready.beside()?;
            self.left = self.left.max(beside + TICK + GAP / 2);
            let last = widths(&ready.x_ticks)?.last().map_or(0, |width| width / 2 + GAP);
            self.right = self.right.max(last).max(ready.bar()? + GAP);
            self.above = self.above.max(ready.above());
            self.below = self.below.max(ready.below());
        }
        Ok(())
    }

    /// A panel of a page of one column, by itself.
    fn alone(&self, index: usize, lettered: bool) -> Result<Alone, FigureError> {
        let (ready, frame) = (&self.panels[index], self.frame(index));
        let top = frame.top as i32 - self.above;
        let height = self.row_height() + GAP;
        let frame = Frame {
            top: frame.top - f64::from(top),
            bottom: frame.bottom - f64::from(top),
            ..frame
        };
        let mut svg = String::new();
        {
            let size = (self.width.unsigned_abs(), height.unsigned_abs());
            let area = SVGBackend::with_string(&mut svg, size).into_drawing_area();
            ready.draw(&area, frame, self.left)?;
            if lettered {
                let bold = text::style(TITLE, FontStyle::Bold, HPos::Left, &ready.inks.ink);
                let place = (frame.left as i32 - self.left, frame.top as i32 - self.above);
                write_lines(&area, &[letter(index)], &bold, place, TEXT_LINE)?;
            }
            area.present().map_err(failed)?;
        }
        Ok(Alone { svg: refined(&svg), size: [self.width, height], ends: [ready.x, ready.y] })
    }

    fn row_height(&self) -> i32 {
        self.above + self.plot + self.below
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
        let [left, right, top, bottom] =
            [left, right.max(left + 1), top, top + self.plot].map(f64::from);
        Frame { left, right, top, bottom }
    }
}

/// Ends of the axes of a panel: its own, or, of axes that are shared, those that hold all panels
/// with such an axis.
fn shared(figure: &Figure, own: &[[[f64; 2]; 2]], index: usize) -> [[f64; 2]; 2] {
    let is_shared = match figure.look.share {
        Share::None => [false, false],
        Share::X => [true, false],
        Share::Y => [false, true],
        Share::Both => [true, true],
    };
    [0, 1].map(|which| {
        let axis = |at: usize| {
            let panel = &figure.panels[at];
            if which == 0 { &panel.x } else { &panel.y }
        };
        let alike =
            |at: &usize| axis(*at).label == axis(index).label && axis(*at).log == axis(index).log;
        let all = (0..own.len())
            .filter(|at| *at == index || is_shared[which] && alike(at))
            .map(|at| own[at][which]);
        all.fold([f64::INFINITY, f64::NEG_INFINITY], |[low, high], [l, h]| {
            [low.min(l), high.max(h)]
        })
    })
}
