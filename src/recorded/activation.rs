//! Which activation a recorded layer has: the one that makes its activity of its pre-activation.

use super::run::RecordedRun;
use crate::array::ArrayError;
use crate::measure::closing::{Closing, MOST_ROUNDING, Tally};
use crate::rule::Activation;
use crate::text::Choice;
use serde::Serialize;

/// The activation of one layer.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct LayerActivation {
    /// The layer, whose activity is `L_l`.
    pub layer: usize,
    /// Its activation: as given, or else the one that reproduces `L_l`; `None` if none does, or
    /// nothing can tell.
    #[serde(serialize_with = "name")]
    pub activation: Option<Activation>,
    /// Whether it was given.
    pub given: bool,
    /// Recorded `L_l` against `f(L_{l-1} W_{l-1} + b_l)`; `None` where a member that this takes is
    /// missing.
    pub closing: Option<Closing>,
    /// The nearest activation, where the one above does not close.
    pub nearest: Option<&'static str>,
    /// Others that reproduce `L_l` as well: the recorded pre-activations do not distinguish them.
    pub alike: Vec<&'static str>,
    /// The one that reproduces `L_l`, where another was given.
    #[serde(skip)]
    fitting: Option<Activation>,
}

fn name<S: serde::Serializer>(
    activation: &Option<Activation>,
    serializer: S,
) -> Result<S::Ok, S::Error> {
    activation.map(Choice::name).serialize(serializer)
}

impl LayerActivation {
    /// The activation of layer `l`, 0 < `l`.
    pub(super) fn of(
        run: &RecordedRun,
        l: usize,
        given: Option<Activation>,
    ) -> Result<Self, ArrayError> {
        let mut found = Self {
            layer: l,
            activation: given,
            given: given.is_some(),
            closing: None,
            nearest: None,
            alike: Vec::new(),
            fitting: None,
        };
        let Some(fits) = fits(run, l, given)? else { return Ok(found) };
        let best =
            fits.iter().min_by(|a, b| a.1.relative_difference.total_cmp(&b.1.relative_difference));
        let Some(&(best, closing)) = best else { return Ok(found) };
        match given {
            Some(given) => {
                found.closing = fits.iter().find(|(kind, _)| *kind == given).map(|fit| fit.1)
            }
            None => {
                found.activation = closing.closes.then_some(best);
                found.closing = Some(closing);
            }
        }
        let closes = found.closing.is_some_and(|closing| closing.closes);
        found.fitting = closing.closes.then_some(best);
        found.nearest = (!closes).then(|| best.name());
        let others = fits
            .iter()
            .filter(|(kind, fit)| closes && fit.closes && Some(*kind) != found.activation);
        found.alike = others.map(|(kind, _)| kind.name()).collect();
        Ok(found)
    }
}

impl LayerActivation {
    /// Whether it was given and does not reproduce `L_l`.
    pub fn is_refuted(&self) -> bool {
        self.given && self.closing.is_some_and(|closing| !closing.closes)
    }

    /// The one whose slope the errors went through: not one that was given and does not fit.
    pub(super) fn of_errors(&self) -> Option<Activation> {
        if self.is_refuted() { self.fitting } else { self.activation }
    }
}

/// Iterations after which only activations that may still close are looked at, if one does.
const PROBED: usize = 4;

/// An activation whose difference is this many times more than rounding makes after these few
/// iterations closes on no record: sums over others would have to be a million times as large.
const HOPELESS: f64 = 1e3;

/// The activation that was given and those that may reproduce `L_l`, with how well they do, all
/// iterations together; all there are if none does.
fn fits(
    run: &RecordedRun,
    l: usize,
    given: Option<Activation>,
) -> Result<Option<Vec<(Activation, Closing)>>, ArrayError> {
    let all: Vec<Activation> = Activation::CHOICES.iter().map(|&(_, kind)| kind).collect();
    let closes = |fits: &[(Activation, Closing)]| fits.iter().any(|(_, closing)| closing.closes);
    let Some(probed) = fits_of(run, l, &all, PROBED)? else { return Ok(None) };
    if closes(&probed) {
        let hopeful = |(kind, fit): &&(Activation, Closing)| {
            given == Some(*kind)
                || fit.relative_difference <= HOPELESS * MOST_ROUNDING * fit.rounding
        };
        let some: Vec<Activation> = probed.iter().filter(hopeful).map(|(kind, _)| *kind).collect();
        if let Some(fits) = fits_of(run, l, &some, usize::MAX)?.filter(|fits| closes(fits)) {
            return Ok(Some(fits));
        }
    }
    fits_of(run, l, &all, usize::MAX)
}

/// How well activations reproduce `L_l` over the first `most` iterations.
fn fits_of(
    run: &RecordedRun,
    l: usize,
    kinds: &[Activation],
    most: usize,
) -> Result<Option<Vec<(Activation, Closing)>>, ArrayError> {
    let (Some(activity), Some(source)) = (run.activity(l), run.activity(l - 1)) else {
        return Ok(None);
    };
    let mut tallies = vec![Tally::default(); kinds.len()];
    for k in 0..activity.len().min(most) {
        let Some(z) = run.pre_activation(l, k)? else { return Ok(None) };
        let recorded = activity.matrix(k)?;
        // Samples of zeros fill up short batches: nothing was made of them.
        let source = source.matrix(k)?;
        let filler = |p: usize| {
            [source.row(p), recorded.row(p)].iter().all(|row| row.iter().all(|v| *v == 0.0))
        };
        let mut made = vec![0.0; z.cols()];
        for p in (0..z.rows()).filter(|&p| !filler(p)) {
            for (kind, tally) in kinds.iter().zip(&mut tallies) {
                kind.apply(z.row(p), &mut made);
                tally.add(recorded.row(p), &made);
            }
        }
    }
    let rounding = run.rounding_of_activity(l);
    let closing = |(&kind, tally): (&Activation, &Tally)| {
        Some((kind, Closing::new(tally.relative()?, rounding)))
    };
    Ok(kinds.iter().zip(&tallies).map(closing).collect())
}
