//! Text in the embedded font: its style, its width, its lines.

use super::FigureError;
use super::style::{BOLD, FAMILY, REGULAR};
use plotters::style::text_anchor::{HPos, Pos, VPos};
use plotters::style::{FontStyle, IntoFont, RGBColor, TextStyle, register_font};
use std::sync::OnceLock;

/// plotters divides the size asked for by this before it writes it into the SVG.
const SIZE_PER_EM: f64 = 1.24;
/// plotters measures text as if the size asked for were the height of a line, which is this in Noto
/// Sans.
const LINE_PER_EM: f64 = 1.362;

/// Makes the embedded font known to plotters.
///
/// # Errors
/// If it cannot be read.
pub(super) fn register() -> Result<(), FigureError> {
    static REGISTERED: OnceLock<bool> = OnceLock::new();
    let registered = *REGISTERED.get_or_init(|| {
        register_font(FAMILY, FontStyle::Normal, REGULAR).is_ok()
            && register_font(FAMILY, FontStyle::Bold, BOLD).is_ok()
    });
    registered
        .then_some(())
        .ok_or_else(|| FigureError::Drawing("the embedded font cannot be read".into()))
}

/// Text of `size`, placed by its vertical middle and by its end `side`.
pub(super) fn style(
    size: i32,
    weight: FontStyle,
    side: HPos,
    ink: &'static RGBColor,
) -> TextStyle<'static> {
    let font = (FAMILY, f64::from(size) * SIZE_PER_EM, weight).into_font();
    TextStyle::from(font).color(ink).pos(Pos::new(side, VPos::Center))
}

/// Width of `text` when drawn, rounded up.
pub(super) fn width(text: &str, size: i32, weight: FontStyle) -> Result<i32, FigureError> {
    let font = (FAMILY, f64::from(size) * LINE_PER_EM, weight).into_font();
    let (width, _) = font.box_size(text).map_err(|e| FigureError::Drawing(e.to_string()))?;
    Ok(width as i32 + 1)
}

/// Breaks `text` into lines no wider than `room`, between words where that is possible.
pub(super) fn lines(
    text: &str,
    size: i32,
    weight: FontStyle,
    room: i32,
) -> Result<Vec<String>, FigureError> {
    let mut lines: Vec<String> = Vec::new();
    for word in text.split_whitespace() {
        let word: String = word.chars().filter(|c| !c.is_control()).collect();
        let longer = lines.last().map(|line| format!("{line} {word}"));
        match (longer, lines.last_mut()) {
            (Some(longer), Some(line)) if width(&longer, size, weight)? <= room => *line = longer,
            _ => lines.extend(pieces(&word, size, weight, room)?),
        }
    }
    Ok(lines)
}

/// A word, cut where it is wider than `room`.
fn pieces(word: &str, size: i32, weight: FontStyle, room: i32) -> Result<Vec<String>, FigureError> {
    let mut pieces = vec![String::new()];
    for letter in word.chars() {
        let Some(piece) = pieces.last_mut() else { break };
        piece.push(letter);
        if piece.chars().nth(1).is_some() && width(piece, size, weight)? > room {
            piece.pop();
            pieces.push(letter.into());
        }
    }
    Ok(pieces)
}
