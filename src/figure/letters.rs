//! Text as text in SVG and PDF, with the fonts it is set in.

use super::FigureError;
use super::error::drawing;
use super::style::{BOLD, FAMILY, REGULAR};
use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use flate2::Compression;
use flate2::write::ZlibEncoder;
use pdf_writer::types::{CidFontType, FontFlags, SystemInfo, UnicodeCmap};
use pdf_writer::{Content, Filter, Finish, Name, Pdf, Rect, Ref, Str};
use resvg::tiny_skia::Transform;
use resvg::usvg;
use std::collections::BTreeMap;
use std::io::Write;
use ttf_parser::{Face, GlyphId};

/// The fonts of figures: the weight as CSS has it, the name in a PDF, and the file.
const FONTS: [(u16, &str, &[u8]); 2] =
    [(400, "NotoSans-Regular", REGULAR), (700, "NotoSans-Bold", BOLD)];

/// An SVG document with text, and in it the fonts that it is set in.
pub(super) fn with_fonts(svg: &str) -> String {
    let is_used = |weight: u16| {
        weight == 400 || svg.contains("font-weight=\"700\"") || svg.contains("font-weight=\"bold\"")
    };
    let faces: String = FONTS
        .iter()
        .filter(|(weight, ..)| is_used(*weight))
        .map(|(weight, _, data)| {
            format!(
                "@font-face{{font-family:\"{FAMILY}\";font-weight:{weight};src:url(data:font/ttf;base64,\
                 {})}}",
                STANDARD.encode(data)
            )
        })
        .collect();
    let style = format!("<style>{faces}</style>");
    match svg.find("<svg").and_then(|start| Some(start + svg[start..].find('>')? + 1)) {
        Some(end) => format!("{}\n    {style}{}", &svg[..end], &svg[end..]),
        None => svg.into(),
    }
}

/// What the text of a PDF is set in: a font of each weight, and the glyphs that were used of it.
pub(super) struct Letters {
    fonts: Vec<Font>,
}

struct Font {
    id: usvg::fontdb::ID,
    weight: usize,
    face: Face<'static>,
    /// What a glyph stands for.
    used: BTreeMap<u16, String>,
}

impl Letters {
    /// With the fonts of a tree.
    pub fn of(tree: &usvg::Tree) -> Result<Self, FigureError> {
        let mut fonts = Vec::new();
        for info in tree.fontdb().faces() {
            let weight = usize::from(info.weight.0 >= 600);
            let face = Face::parse(FONTS[weight].2, 0).map_err(drawing)?;
            fonts.push(Font { id: info.id, weight, face, used: BTreeMap::new() });
        }
        Ok(Self { fonts })
    }

    /// Writes a text, a line by itself, in its colours.
    pub fn write(
        &mut self,
        content: &mut Content,
        text: &usvg::Text,
        colour: impl Fn(&usvg::Paint) -> Result<[f32; 3], FigureError>,
    ) -> Result<(), FigureError> {
        for span in text.layouted().iter().filter(|span| span.visible) {
            let (Some(fill), Some(first)) = (&span.fill, span.positioned_glyphs.first()) else {
                continue;
            };
            let font = self.fonts.iter_mut().find(|font| font.id == first.font);
            let font =
                font.ok_or_else(|| drawing("a letter of a font that figures do not have"))?;
            let per_em = f32::from(font.face.units_per_em());
            let at = |glyph: &usvg::layout::PositionedGlyph| {
                text.abs_transform().pre_concat(glyph.outline_transform()).pre_scale(per_em, per_em)
            };
            let (start, size) = (at(first), first.font_size());
            let Transform { sx, ky, kx, sy, tx, ty } = start.pre_scale(1.0 / size, 1.0 / size);
            let [r, g, b] = colour(fill.paint())?;
            content
                .begin_text()
                .set_fill_rgb(r, g, b)
                .set_font(Name(key(font.weight).as_bytes()), size);
            content.set_text_matrix([sx, ky, kx, sy, tx, ty]);
            let back = start.invert().ok_or_else(|| drawing("letters without extent"))?;
            let mut line = content.show_positioned();
            let mut items = line.items();
            // Where the next glyph would stand, in thousandths of an em.
            let mut next = 0.0;
            for glyph in &span.positioned_glyphs {
                let mut place = resvg::tiny_skia::Point::from_xy(at(glyph).tx, at(glyph).ty);
                back.map_point(&mut place);
                let gap = next - 1000.0 * place.x;
                if gap.abs() > 0.5 {
                    items.adjust(gap);
                }
                let id = u16::try_from(glyph.id.0).map_err(drawing)?;
                next = 1000.0 * place.x + font.advance(id);
                font.used.entry(id).or_insert_with(|| glyph.text.clone());
                items.show(Str(&id.to_be_bytes()));
            }
            items.finish();
            line.finish();
            content.end_text();
        }
        Ok(())
    }

    /// Names of the fonts that were used, and where they are written from the reference `first` on.
    pub fn names(&self, first: i32) -> impl Iterator<Item = (String, Ref)> {
        let used = self.fonts.iter().filter(|font| !font.used.is_empty());
        used.enumerate()
            .map(move |(place, font)| (key(font.weight), Ref::new(first + PARTS * place as i32)))
    }

    /// Writes the fonts that were used.
    pub fn finish(&self, pdf: &mut Pdf, first: i32) -> Result<(), FigureError> {
        let used = self.fonts.iter().filter(|font| !font.used.is_empty());
        (0..).zip(used).try_for_each(|(place, font)| font.write(pdf, first + PARTS * place))
    }
}

/// Objects of a font in a PDF.
const PARTS: i32 = 5;

/// Name of a font among the resources of the page.
fn key(weight: usize) -> String {
    format!("f{weight}")
}

impl Font {
    /// In thousandths of an em.
    fn advance(&self, glyph: u16) -> f32 {
        let units = self.face.glyph_hor_advance(GlyphId(glyph)).unwrap_or(0);
        1000.0 * f32::from(units) / f32::from(self.face.units_per_em())
    }

    fn write(&self, pdf: &mut Pdf, first: i32) -> Result<(), FigureError> {
        let [font, cid, descriptor, unicode, file] =
            [0, 1, 2, 3, 4].map(|part| Ref::new(first + part));
        let (_, name, data) = FONTS[self.weight];
        let name = Name(name.as_bytes());
        let info =
            SystemInfo { registry: Str(b"Adobe"), ordering: Str(b"Identity"), supplement: 0 };
        pdf.type0_font(font)
            .base_font(name)
            .encoding_predefined(Name(b"Identity-H"))
            .descendant_font(cid)
            .to_unicode(unicode);
        let mut written = pdf.cid_font(cid);
        written
            .subtype(CidFontType::Type2)
            .base_font(name)
            .system_info(info)
            .font_descriptor(descriptor);
        written.default_width(0.0).cid_to_gid_map_predefined(Name(b"Identity"));
        let mut widths = written.widths();
        self.used.keys().for_each(|&glyph| {
            widths.consecutive(glyph, [self.advance(glyph)]);
        });
        widths.finish();
        written.finish();
        let scaled = |units: i16| 1000.0 * f32::from(units) / f32::from(self.face.units_per_em());
        let bounds = self.face.global_bounding_box();
        let [left, low, right, high] =
            [bounds.x_min, bounds.y_min, bounds.x_max, bounds.y_max].map(scaled);
        pdf.font_descriptor(descriptor)
            .name(name)
            .flags(FontFlags::NON_SYMBOLIC)
            .bbox(Rect::new(left, low, right, high))
            .italic_angle(0.0)
            .ascent(scaled(self.face.ascender()))
            .descent(scaled(self.face.descender()))
            .cap_height(scaled(self.face.capital_height().unwrap_or(0)))
            .stem_v(if self.weight == 0 { 80.0 } else { 140.0 })
            .font_file2(file);
        let mut map = UnicodeCmap::new(Name(b"Custom"), info);
        self.used.iter().for_each(|(glyph, text)| map.pair_with_multiple(*glyph, text.chars()));
        pdf.cmap(unicode, &map.finish());
        let packed = packed(data)?;
        pdf.stream(file, &packed)
            .filter(Filter::FlateDecode)
            .pair(Name(b"Length1"), data.len() as i32);
        Ok(())
    }
}

/// Bytes as a PDF packs them.
pub(super) fn packed(bytes: &[u8]) -> Result<Vec<u8>, FigureError> {
    let mut packed = ZlibEncoder::new(Vec::new(), Compression::best());
    packed.write_all(bytes).and_then(|()| packed.finish()).map_err(drawing)
}
