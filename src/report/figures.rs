//! Figures in the page: for screens wide and narrow, light and dark, and for paper.

use super::Report;
use crate::analysis::{Analysis, Figure as Spec};
use crate::figure::{Figure, FigureError, Results, Theme, Width, compose, render};
use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use maud::{Markup, html};

/// Screens below this width get the figure of one column, whose letters are as large as on paper there.
const NARROW: &str = "screen and (max-width: 44rem)";
const DARK: &str = "(prefers-color-scheme: dark)";

impl Report<'_> {
    /// A figure with its caption.
    ///
    /// # Errors
    /// If it cannot be drawn, other than for want of data, which is said in its place.
    pub(super) fn figure(&self, analysis: &Analysis, spec: &Spec, number: usize) -> Result<Markup, FigureError> {
        let figure = compose(Results { plan: &self.stored.plan, results: &self.stored.results }, analysis, spec);
        let picture = match picture(&figure) {
            Err(FigureError::Empty(_)) => html! { p.notice { "There is nothing to draw: no value of it is there." } },
            other => other?,
        };
        let class = if figure.width == Width::TwoColumns { "wide" } else { "narrow" };
        Ok(html! {
            figure id={ "figure-" (spec.name) } class=(class) {
                (picture)
                figcaption {
                    strong { "Figure " (number) ". " } (figure.title) ". " (figure.note) " Name: " code { (spec.name) } "."
                }
            }
        })
    }
}

fn picture(figure: &Figure) -> Result<Markup, FigureError> {
    let of = |width: Width, theme: Theme| data(&Figure { width, theme, ..figure.clone() });
    let alternative = alternative(figure);
    let narrow = if figure.width == Width::OneColumn {
        None
    } else {
        Some([of(Width::OneColumn, Theme::Dark)?, of(Width::OneColumn, Theme::Light)?])
    };
    let (dark, light) = (of(figure.width, Theme::Dark)?, of(figure.width, Theme::Light)?);
    Ok(html! {
        picture {
            @if let Some([dark, light]) = narrow {
                source media={ (NARROW) " and " (DARK) } srcset=(dark);
                source media=(NARROW) srcset=(light);
            }
            source media={ "screen and " (DARK) } srcset=(dark);
            img src=(light) alt=(alternative);
        }
    })
}

/// What the picture shows, in words.
fn alternative(figure: &Figure) -> String {
    let panels =
        figure.panels.iter().map(|panel| format!("{}: {} against {}", panel.title, panel.y.label, panel.x.label));
    format!("{}. Panels: {}.", figure.title, panels.collect::<Vec<_>>().join("; "))
}

fn data(figure: &Figure) -> Result<String, FigureError> {
    let svg = render(figure)?.small_svg();
    Ok(format!("data:image/svg+xml;base64,{}", STANDARD.encode(svg)))
}
