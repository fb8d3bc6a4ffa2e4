//! Figures in the page: for screens wide and narrow, light and dark, and for paper.

use super::Report;
use crate::figure::{Figure, FigureError, Theme, Width, compose, render};
use crate::spec::{Analysis, Figure as Spec};
use crate::text::Choice;
use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use maud::{Markup, html};

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
    ) -> Result<Markup, FigureError> {
        let figure = compose(self.stored.index(), analysis, spec);
        let picture = match pictures(&figure) {
            Err(FigureError::Empty(_)) => {
                html! { p.notice { "There is nothing to draw: no value of it is there." } }
            }
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

/// The figure in both themes, and for narrow screens in one column, whose letters are as large
/// there as on paper. The style sheet shows one of them.
fn pictures(figure: &Figure) -> Result<Markup, FigureError> {
    let widths: &[(Width, &str)] = match figure.width {
        Width::OneColumn => &[(Width::OneColumn, "full slim")],
        Width::TwoColumns => &[(Width::TwoColumns, "full"), (Width::OneColumn, "slim")],
    };
    let alternative = alternative(figure);
    let mut all = Vec::new();
    for (width, size) in widths {
        for theme in [Theme::Light, Theme::Dark] {
            let picture = data(&Figure { width: *width, theme, ..figure.clone() })?;
            all.push(
                html! { img class={ (theme.name()) " " (size) } src=(picture) alt=(alternative); },
            );
        }
    }
    Ok(html! { @for picture in &all { (picture) } })
}

/// What the picture shows, in words.
fn alternative(figure: &Figure) -> String {
    let panels = figure
        .panels
        .iter()
        .map(|panel| format!("{}: {} against {}", panel.title, panel.y.label, panel.x.label));
    format!("{}. Panels: {}.", figure.title, panels.collect::<Vec<_>>().join("; "))
}

fn data(figure: &Figure) -> Result<String, FigureError> {
    let svg = render(figure)?.small_svg();
    Ok(format!("data:image/svg+xml;base64,{}", STANDARD.encode(svg)))
}
