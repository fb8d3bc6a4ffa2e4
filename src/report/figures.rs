//! Figures in the page: pictures of their panels, for paper and where no script runs, and the
//! numbers that a script draws them from.

use super::Report;
use crate::figure::{FigureError, Screen, Tints, Width, compose, screen};
use crate::spec::{Analysis, Figure as Spec};
use maud::{Markup, PreEscaped, html};
use serde_json::Value as Json;

impl Report<'_> {
    /// A figure with its caption.
    ///
    /// # Errors
    /// If it cannot be drawn, other than for want of data, which is said in its place.
    pub(super) fn figure(
        &self,
        analysis: &Analysis,
        spec: &Spec,
        number: usize,
        tints: &mut Tints,
    ) -> Result<Markup, FigureError> {
        let figure = compose(self.stored.index(), analysis, spec);
        let drawn = match screen(&figure, tints) {
            Err(FigureError::Empty(_)) => {
                html! { p.notice { "There is nothing to draw: no value of it is there." } }
            }
            other => picture(&other?),
        };
        let class = if figure.width == Width::TwoColumns { "wide" } else { "narrow" };
        Ok(html! {
            figure id={ "figure-" (spec.name) } class=(class) {
                (drawn)
                figcaption {
                    strong { "Figure " (number) ". " } (figure.title) ". " (figure.note) " Name: " code { (spec.name) } "."
                }
            }
        })
    }
}

/// The panels with their legend, and the numbers behind them. Colours are those of the page.
fn picture(screen: &Screen) -> Markup {
    html! {
        div.static {
            div.panels { @for panel in &screen.panels { div.drawn { (PreEscaped(panel)) } } }
            @if !screen.legend.is_empty() {
                ul.legend {
                    @for (label, sample) in &screen.legend { li { (PreEscaped(sample)) (label) } }
                }
            }
        }
        script type="application/json" { (PreEscaped(quiet(&screen.data))) }
    }
}

/// JSON that ends no element and begins none, whatever its texts say.
pub(super) fn quiet(data: &Json) -> String {
    let text = data.to_string();
    text.replace('&', "\\u0026").replace('<', "\\u003c").replace('>', "\\u003e")
}
