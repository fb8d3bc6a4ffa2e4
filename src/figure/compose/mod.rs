//! From results to figures: what the figures of a spec show.

mod common;
mod curves;
mod draws;
mod lags;
mod plane;
mod profile;
mod scale;
mod scatter;
mod sweep;

use super::{Figure, Theme, Width};
use crate::condition::label;
use crate::run::Results;
use crate::spec::{Analysis, Figure as Spec, FigureKind};
use common::{axis_named, axis_of, distinct, text};

/// The figure `spec` of `analysis`.
pub fn compose(results: Results<'_>, analysis: &Analysis, spec: &Spec) -> Figure {
    let analysis = &spec.shown(analysis);
    let (mut panels, note) = match spec.kind {
        FigureKind::Curves => curves::panels(results, analysis, spec),
        FigureKind::Profile => profile::panels(results, analysis, spec),
        FigureKind::Scatter => scatter::panels(results, analysis, spec),
        FigureKind::Plane => plane::panels(results, analysis),
        FigureKind::Lags => lags::panels(results, analysis, spec),
        FigureKind::Sweep => sweep::panels(results, analysis, spec),
        FigureKind::Map => sweep::maps(results, analysis, spec),
        FigureKind::Density => draws::densities(results, analysis, spec),
        FigureKind::Spectrum => draws::spectra(results, analysis, spec),
        FigureKind::Cells => draws::cells(results, analysis, spec),
        FigureKind::Groups => draws::groups(results, analysis, spec),
    };
    if let Some(range) = spec.range {
        panels.iter_mut().for_each(|panel| panel.y.range = Some(range));
    }
    let [stored, planned] = results.count(analysis);
    let note = if stored < planned { format!("{note} Unfinished: {stored} of {planned} jobs.") } else { note };
    let width = if panels.len() == 1 { Width::OneColumn } else { Width::TwoColumns };
    Figure { title: spec.title.clone(), panels, note, width, theme: Theme::Light }
}
