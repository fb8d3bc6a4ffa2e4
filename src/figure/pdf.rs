//! A figure as a PDF of one page: paths with plain colours and text, which is all that figures are
//! made of.

use super::error::drawing;
use super::letters::{Letters, packed};
use super::{FigureError, Lettering};
use pdf_writer::types::{LineCapStyle, LineJoinStyle};
use pdf_writer::{Content, Filter, Finish, Name, Pdf, Rect, Ref};
use resvg::tiny_skia::{PathSegment, Point, Transform};
use resvg::usvg;

/// Points per CSS pixel of 1/96 inch.
const SCALE: f32 = 0.75;

/// The bytes of the PDF, the same for the same tree.
///
/// # Errors
/// If the tree holds anything but text and paths of plain colours, or the page cannot be
/// compressed.
pub(super) fn page(tree: &usvg::Tree, text: Lettering) -> Result<Vec<u8>, FigureError> {
    let [catalog, pages, page, contents] = [1, 2, 3, 4].map(Ref::new);
    let (width, height) = (tree.size().width() * SCALE, tree.size().height() * SCALE);
    let letters = match text {
        Lettering::Text => Some(Letters::of(tree)?),
        Lettering::Outlines => None,
    };
    let mut drawn = Drawn { content: Content::new(), opacities: Vec::new(), letters };
    // The page of a PDF has its origin below.
    drawn.content.transform([SCALE, 0.0, 0.0, -SCALE, 0.0, height]);
    drawn.group(tree.root())?;

    let mut pdf = Pdf::new();
    pdf.catalog(catalog).pages(pages);
    pdf.pages(pages).kids([page]).count(1);
    let state = |index: usize| Ref::new(5 + index as i32);
    let mut written = pdf.page(page);
    written.media_box(Rect::new(0.0, 0.0, width, height)).parent(pages).contents(contents);
    let mut resources = written.resources();
    let mut states = resources.ext_g_states();
    for index in 0..drawn.opacities.len() {
        states.pair(Name(name(index).as_bytes()), state(index));
    }
    states.finish();
    // Fonts stand after the states.
    let first = 5 + drawn.opacities.len() as i32;
    if let Some(letters) = &drawn.letters {
        let mut fonts = resources.fonts();
        letters.names(first).for_each(|(name, place)| {
            fonts.pair(Name(name.as_bytes()), place);
        });
        fonts.finish();
    }
    resources.finish();
    written.finish();
    for (index, [fill, stroke]) in drawn.opacities.iter().enumerate() {
        pdf.ext_graphics(state(index)).non_stroking_alpha(*fill).stroking_alpha(*stroke);
    }
    if let Some(letters) = &drawn.letters {
        letters.finish(&mut pdf, first)?;
    }
    let packed = packed(&drawn.content.finish())?;
    pdf.stream(contents, &packed).filter(Filter::FlateDecode);
    Ok(pdf.finish())
}

/// Name of a graphics state.
fn name(index: usize) -> String {
    format!("o{index}")
}

/// What is on the page so far.
struct Drawn {
    content: Content,
    /// Of fills and strokes: each pair has a graphics state.
    opacities: Vec<[f32; 2]>,
    /// Where text is text.
    letters: Option<Letters>,
}

impl Drawn {
    fn group(&mut self, group: &usvg::Group) -> Result<(), FigureError> {
        let plain = group.opacity().get() == 1.0
            && group.clip_path().is_none()
            && group.mask().is_none()
            && group.filters().is_empty();
        if !plain {
            return Err(drawing("a group with effects has no place in a PDF"));
        }
        group.children().iter().try_for_each(|node| match node {
            usvg::Node::Group(group) => self.group(group),
            usvg::Node::Text(text) => match &mut self.letters {
                Some(_) => self.text(text),
                None => self.group(text.flattened()),
            },
            usvg::Node::Path(path) => self.path(path),
            usvg::Node::Image(_) => Err(drawing("an image has no place in a PDF")),
        })
    }

    fn text(&mut self, text: &usvg::Text) -> Result<(), FigureError> {
        self.content.save_state();
        self.opacity([1.0, 1.0]);
        if let Some(letters) = &mut self.letters {
            letters.write(&mut self.content, text, colour)?;
        }
        self.content.restore_state();
        Ok(())
    }

    fn path(&mut self, path: &usvg::Path) -> Result<(), FigureError> {
        let (fill, stroke) = (path.fill(), path.stroke());
        if !path.is_visible() || fill.is_none() && stroke.is_none() {
            return Ok(());
        }
        self.content.save_state();
        let Transform { sx, ky, kx, sy, tx, ty } = path.abs_transform();
        self.content.transform([sx, ky, kx, sy, tx, ty]);
        let opacity = [
            fill.map_or(1.0, |fill| fill.opacity().get()),
            stroke.map_or(1.0, |s| s.opacity().get()),
        ];
        self.opacity(opacity);
        if let Some(fill) = fill {
            let [r, g, b] = colour(fill.paint())?;
            self.content.set_fill_rgb(r, g, b);
        }
        if let Some(stroke) = stroke {
            self.pen(stroke)?;
        }
        self.outline(path);
        let even_odd = fill.is_some_and(|fill| fill.rule() == usvg::FillRule::EvenOdd);
        match (fill.is_some(), stroke.is_some(), even_odd) {
            (true, true, true) => self.content.fill_even_odd_and_stroke(),
            (true, true, false) => self.content.fill_nonzero_and_stroke(),
            (true, false, true) => self.content.fill_even_odd(),
            (true, false, false) => self.content.fill_nonzero(),
            (false, ..) => self.content.stroke(),
        };
        self.content.restore_state();
        Ok(())
    }

    fn opacity(&mut self, opacity: [f32; 2]) {
        let known = self.opacities.iter().position(|known| *known == opacity);
        let index = known.unwrap_or_else(|| {
            self.opacities.push(opacity);
            self.opacities.len() - 1
        });
        self.content.set_parameters(Name(name(index).as_bytes()));
    }

    fn pen(&mut self, stroke: &usvg::Stroke) -> Result<(), FigureError> {
        if stroke.dasharray().is_some() {
            return Err(drawing("dashes are drawn one by one"));
        }
        let [r, g, b] = colour(stroke.paint())?;
        self.content.set_stroke_rgb(r, g, b).set_line_width(stroke.width().get());
        self.content.set_line_cap(match stroke.linecap() {
            usvg::LineCap::Butt => LineCapStyle::ButtCap,
            usvg::LineCap::Round => LineCapStyle::RoundCap,
            usvg::LineCap::Square => LineCapStyle::ProjectingSquareCap,
        });
        self.content.set_line_join(match stroke.linejoin() {
            usvg::LineJoin::Miter | usvg::LineJoin::MiterClip => LineJoinStyle::MiterJoin,
            usvg::LineJoin::Round => LineJoinStyle::RoundJoin,
            usvg::LineJoin::Bevel => LineJoinStyle::BevelJoin,
        });
        Ok(())
    }

    fn outline(&mut self, path: &usvg::Path) {
        let mut last = Point::zero();
        for segment in path.data().segments() {
            match segment {
                PathSegment::MoveTo(p) => self.content.move_to(p.x, p.y),
                PathSegment::LineTo(p) => self.content.line_to(p.x, p.y),
                PathSegment::QuadTo(c, p) => {
                    let near = |end: Point| {
                        (end.x + (c.x - end.x) * 2.0 / 3.0, end.y + (c.y - end.y) * 2.0 / 3.0)
                    };
                    let ((x1, y1), (x2, y2)) = (near(last), near(p));
                    self.content.cubic_to(x1, y1, x2, y2, p.x, p.y)
                }
                PathSegment::CubicTo(a, b, p) => {
                    self.content.cubic_to(a.x, a.y, b.x, b.y, p.x, p.y)
                }
                PathSegment::Close => self.content.close_path(),
            };
            if let PathSegment::MoveTo(p)
            | PathSegment::LineTo(p)
            | PathSegment::QuadTo(_, p)
            | PathSegment::CubicTo(_, _, p) = segment
            {
                last = p;
            }
        }
    }
}

fn colour(paint: &usvg::Paint) -> Result<[f32; 3], FigureError> {
    match paint {
        usvg::Paint::Color(c) => {
            Ok([c.red, c.green, c.blue].map(|channel| f32::from(channel) / 255.0))
        }
        _ => Err(drawing("gradients and patterns have no place in a PDF")),
    }
}
