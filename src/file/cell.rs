//! Text in cells of tables.

use std::borrow::Cow;

/// Text as a cell that a spreadsheet takes for text: one that begins as a formula does gets an
/// apostrophe in front. Numbers stay as they are.
pub(crate) fn cell(text: &str) -> Cow<'_, str> {
    let is_formula =
        text.starts_with(['=', '+', '-', '@', '\t', '\r']) && text.trim().parse::<f64>().is_err();
    if is_formula { format!("'{text}").into() } else { text.into() }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn no_text_is_a_formula_and_numbers_stay() {
        for text in
            ["=1+1", "@SUM(A1)", "+x", "-x", "-1+1", "\t=1", "\r=1", "-", "=HYPERLINK(\"a\")"]
        {
            assert_eq!(cell(text), format!("'{text}"));
        }
        for text in
            ["", "held", "-1", "+2.5e-3", "-0.5", "a=1", "ar1:-0.5", "-inf", " -x", "0", "'=1"]
        {
            assert_eq!(cell(text), text);
        }
    }
}
