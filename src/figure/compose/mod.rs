//! From results to figures: what the figures of a spec show.

mod common;
mod draws;
mod finish;
mod scale;

use super::{Figure, Panel};
use crate::condition::label;
use crate::run::Results;
use crate::spec::{Analysis, Figure as Spec, FigureKind, figure_kinds};
use common::{
    EACH, around, axis_named, axis_of, distinct, draws_stored, joined, named, repeats,
    repeats_in_words, said, spread, text,
};

/// Declares the module of every kind, and what calls it.
macro_rules! compositions {
    ($(
        $(#[doc = $meaning:literal])+
        $kind:ident in $module:ident { $($fact:ident: $value:expr),* };
    )*) => {
        $(mod $module;)*

        /// Panels of a figure of an analysis, and what its lines and bands stand for.
        fn panels(results: Results<'_>, analysis: &Analysis, spec: &Spec) -> (Vec<Panel>, String) {
            match spec.kind {
                $(FigureKind::$kind => $module::panels(results, analysis, spec),)*
            }
        }
    };
}

figure_kinds!(compositions);

/// The figure `spec` of `analysis`.
pub fn compose(results: Results<'_>, analysis: &Analysis, spec: &Spec) -> Figure {
    let analysis = &spec.shown(analysis);
    let (panels, note) = panels(results, analysis, spec);
    let [stored, planned] = results.count(analysis);
    let note = if stored < planned {
        format!("{note} Drawn from {stored} of {planned} jobs.")
    } else {
        note
    };
    let title = spec.title.clone();
    let figure = Figure { title, panels, note, around: spread(spec), ..Figure::default() };
    finish::finished(figure, spec)
}
