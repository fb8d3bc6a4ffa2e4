//! The recorded updates decomposed by lag, layer by layer.

use super::plan::{Cost, decomposed};
use super::questions::QuestionError;
use super::run::RecordedRun;
use crate::matrix::Matrix;
use crate::recipe::Steps;
use crate::rule::Activation;
use crate::rule::decomposition::{
    Decomposer, Decomposition, DecompositionError, History, Now, Parts, Reading, Readings, Samples,
    Step, Towards, Wanted,
};
use crate::vmath::{dot, sum_squares};
use serde::Serialize;
use std::collections::BTreeMap;

/// A part of an update.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum TermPart {
    /// The update `eta L_l^T delta_{l+1}`, with `L_l` made of `W_{l-1}`.
    Update,
    /// `T^o` of one lag.
    Alignment,
    /// `N^o` of one lag: what the rest of the step of `W_{l-1}` adds.
    Projection,
    /// Sum of `T^o` over all lags held.
    AlignmentSum,
    /// Sum of `N^o` over all lags held.
    ProjectionSum,
    /// The term of the oldest state held.
    Last,
    /// What is left: the curvature of the activation.
    Remainder,
}

/// One part of one update, or of all of them.
#[derive(Clone, Copy, Debug, PartialEq, Serialize)]
pub struct PartReading {
    /// Which part.
    pub part: TermPart,
    /// Its lag, where it has one.
    pub lag: Option<usize>,
    /// Frobenius norm; the root of the mean square over iterations.
    pub norm: f64,
    /// Angle to `B_l^T` in degrees; the mean over iterations. `None` without `B_l`, or for a part
    /// of zeros.
    pub degrees: Option<f64>,
    /// Share of the update: inner product with it over its squared norm. Shares of sums, last term
    /// and remainder add up to 1.
    pub share_of_update: Option<f64>,
    /// Share of the update's inner product with `B_l^T`.
    pub share_of_alignment: Option<f64>,
}

/// Parts of the update of one iteration.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct IterationTerms {
    /// The iteration `k`, from 0.
    pub iteration: usize,
    /// Lag of the last term.
    pub reach: usize,
    /// The parts.
    pub parts: Vec<PartReading>,
    /// Norm of the difference between the update and the recorded step `W_l(k+1) - W_l(k)`, over
    /// the step's; `None` where the next state was not recorded or is the same.
    pub step_difference: Option<f64>,
    /// Norm of the difference between the remainder by subtraction and from its own definition,
    /// over the update's.
    pub remainder_difference: Option<f64>,
}

/// Decomposed updates of one layer.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct LayerTerms {
    /// The layer `l` of `W_l`.
    pub layer: usize,
    /// Whether steps of `W_{l-1}` were split into the rule's own part and the rest.
    pub split: bool,
    /// All iterations that were decomposed, together.
    pub overall: Vec<PartReading>,
    /// Largest of the differences of updates to steps, over iterations.
    pub step_difference: Option<f64>,
    /// Largest of the differences of remainders, over iterations.
    pub remainder_difference: Option<f64>,
    /// One by one.
    pub iterations: Vec<IterationTerms>,
}

/// What decompositions of the updates of `W_l` take; `None` where a member that they need is
/// missing.
pub(super) fn cost(run: &RecordedRun, l: usize, steps: &Steps) -> Option<Cost> {
    let below = run.weights(l - 1).filter(|w| w.len() > 1)?;
    let (source, above) = (run.activity(l - 1)?, run.delta(l + 1)?);
    let [inputs, units] = below.shape();
    // A step that is the rule's own has nothing to be split off but rounding.
    let split = !steps.is_rule_alone() && run.delta(l).is_some();
    Some(Cost {
        layer: l,
        units: [inputs, units, above.shape()[1]],
        samples: source.shape()[0],
        parts: Parts { projection: split, control: false },
        // An update whose rate is not known is not decomposed.
        iterations: steps.known(run.iterations()).min(below.len()),
    })
}

/// How the updates of one layer are decomposed.
pub(super) struct Wish<'a> {
    pub cost: Cost,
    pub activation: Activation,
    pub lags: &'a [usize],
    pub window: usize,
    pub every: usize,
}

/// Decomposes the updates of one layer.
///
/// # Errors
/// If the states do not fit into memory, or can no longer be read.
pub(super) fn decompose(
    run: &RecordedRun,
    steps: &Steps,
    wish: &Wish<'_>,
) -> Result<LayerTerms, QuestionError> {
    layer(run, steps, wish)?.run(wish)
}

/// Norms, angles and inner products of the parts of the updates of these iterations, ascending, of
/// a layer that has a `B_l`.
///
/// # Errors
/// As [`decompose`].
pub(super) fn readings(
    run: &RecordedRun,
    steps: &Steps,
    wish: &Wish<'_>,
    iterations: &[usize],
) -> Result<BTreeMap<usize, Readings>, QuestionError> {
    let mut layer = layer(run, steps, wish)?;
    let (mut found, mut next) = (BTreeMap::new(), 0);
    for &k in iterations.iter().filter(|&&k| k < wish.cost.iterations) {
        layer.reach(k, &mut next, wish.window)?;
        let decomposition = layer.at(k, wish.lags)?;
        if let Some(towards) = &layer.towards {
            found.insert(k, decomposition.read(towards).map_err(DecompositionError::from)?);
        }
    }
    Ok(found)
}

/// A layer at its start.
fn layer<'a>(
    run: &'a RecordedRun,
    steps: &'a Steps,
    wish: &Wish<'_>,
) -> Result<Layer<'a>, QuestionError> {
    let Cost { layer: l, units, parts, .. } = wish.cost;
    Ok(Layer {
        run,
        steps,
        l,
        activation: wish.activation,
        towards: run.fixed_backward(l)?.as_ref().map(Towards::transpose_of),
        backward_moves: run.backward(l).is_some_and(|backward| !backward.is_fixed()),
        history: History::new(units[0], units[1], wish.window, parts)?,
        decomposer: Decomposer::new(units),
        split: parts.projection,
    })
}

/// One layer on its way through the run.
struct Layer<'a> {
    run: &'a RecordedRun,
    steps: &'a Steps,
    l: usize,
    activation: Activation,
    /// The direction of `B_l^T`, of the state of the moment where it changes.
    towards: Option<Towards>,
    backward_moves: bool,
    history: History<f64>,
    decomposer: Decomposer<f64>,
    split: bool,
}

impl Layer<'_> {
    fn run(mut self, wish: &Wish<'_>) -> Result<LayerTerms, QuestionError> {
        let (mut iterations, mut overall) = (Vec::new(), Overall::default());
        let mut next = 0;
        for k in decomposed(wish.cost.iterations, wish.every) {
            self.reach(k, &mut next, wish.window)?;
            let found = self.at(k, wish.lags)?;
            let parts = self.parts(&found)?;
            overall.add(&parts);
            iterations.push(self.iteration(k, &found, &parts)?);
        }
        let most = |pick: fn(&IterationTerms) -> Option<f64>| {
            iterations.iter().filter_map(pick).reduce(f64::max)
        };
        Ok(LayerTerms {
            layer: self.l,
            split: self.split,
            overall: overall.readings(),
            step_difference: most(|i| i.step_difference),
            remainder_difference: most(|i| i.remainder_difference),
            iterations,
        })
    }

    /// Takes in the states up to iteration `k`, of which `next` was the first to come, and the `B_l`
    /// of the moment. States that no window reaches are not read.
    fn reach(&mut self, k: usize, next: &mut usize, window: usize) -> Result<(), QuestionError> {
        for state in (*next).max(k.saturating_sub(window))..=k {
            self.advance(state)?;
        }
        *next = k + 1;
        if self.backward_moves {
            let state = self.run.state_before(k);
            self.towards =
                self.run.backward_before(self.l, state)?.as_ref().map(Towards::transpose_of);
        }
        Ok(())
    }

    /// Takes in the state of `W_{l-1}` before update `k`.
    fn advance(&mut self, k: usize) -> Result<(), QuestionError> {
        let below = self.l - 1;
        let mut rule = if k > 0 && self.split { self.run.rule_part(below, k - 1)? } else { None };
        if let Some(rule) = &mut rule {
            rule.scale(self.steps.eta(below, k - 1));
        }
        let weights = self.run.weights(below).ok_or(DecompositionError::Empty)?;
        Ok(self.history.push(&weights.matrix(k)?, Step { rule: rule.as_ref(), control: None })?)
    }

    fn at(&mut self, k: usize, lags: &[usize]) -> Result<Decomposition<f64>, QuestionError> {
        let (Some(source), Some(delta)) =
            (self.run.activity(self.l - 1), self.run.delta(self.l + 1))
        else {
            return Err(DecompositionError::NoSamples.into());
        };
        let (source, delta) = (source.matrix(k)?, delta.matrix(k)?);
        let samples = [Samples { source: &source, delta: &delta, mask: None }];
        let bias = self.run.biases_before(self.l, k)?;
        let now = Now {
            samples: &samples,
            bias: &bias,
            activation: self.activation,
            eta: self.steps.eta(self.l, k),
        };
        Ok(self.decomposer.run(
            &self.history,
            &now,
            &Wanted { lags, direct_remainder: true, ..Wanted::SUMS },
        )?)
    }

    fn parts(&self, found: &Decomposition<f64>) -> Result<Vec<Part>, DecompositionError> {
        let mut parts = vec![(TermPart::Update, None, &found.update)];
        for term in &found.terms {
            parts.push((TermPart::Alignment, Some(term.lag), &term.alignment));
            parts.extend(term.projection.iter().map(|n| (TermPart::Projection, Some(term.lag), n)));
        }
        if let Some(sums) = &found.sums {
            parts.push((TermPart::AlignmentSum, None, &sums.alignment));
            parts.extend(sums.projection.iter().map(|n| (TermPart::ProjectionSum, None, n)));
            parts.push((TermPart::Last, None, &found.last));
            parts.push((TermPart::Remainder, None, &sums.remainder));
        }
        let towards = |term: &Matrix<f64>| {
            self.towards.as_ref().map(|towards| towards.read(term)).transpose()
        };
        let (update, squares) = (found.update.as_slice(), sum_squares(found.update.as_slice()));
        let whole = towards(&found.update)?.map_or(0.0, |reading| reading.inner);
        let read = |(part, lag, term): (TermPart, Option<usize>, &Matrix<f64>)| {
            let reading = towards(term)?;
            Ok(Part {
                part,
                lag,
                squares: sum_squares(term.as_slice()),
                degrees: reading.and_then(|Reading { angle, .. }| angle),
                update: [dot(term.as_slice(), update), squares],
                alignment: reading.map(|Reading { inner, .. }| [inner, whole]),
            })
        };
        parts.into_iter().map(read).collect()
    }

    fn iteration(
        &self,
        k: usize,
        found: &Decomposition<f64>,
        parts: &[Part],
    ) -> Result<IterationTerms, QuestionError> {
        let update = found.update.as_slice();
        let relative = |matrix: &[f64], to: &[f64], whole: f64| {
            let difference: f64 = matrix.iter().zip(to).map(|(a, b)| (a - b).powi(2)).sum();
            (whole > 0.0).then(|| (difference / whole).sqrt())
        };
        let weights = self.run.weights(self.l).filter(|w| k + 1 < w.len());
        let step = weights.map(|weights| weights.step(k)).transpose()?;
        let sums = found.sums.as_ref();
        let remainders = sums.and_then(|sums| {
            Some((sums.remainder.as_slice(), sums.direct_remainder.as_ref()?.as_slice()))
        });
        Ok(IterationTerms {
            iteration: k,
            reach: found.reach,
            parts: parts.iter().map(|part| Overall::of(part).reading()).collect(),
            step_difference: step
                .and_then(|step| relative(update, step.as_slice(), sum_squares(step.as_slice()))),
            remainder_difference: remainders.and_then(|(a, b)| relative(a, b, sum_squares(update))),
        })
    }
}

/// Numbers of one part of one iteration.
#[derive(Clone, Copy, Debug)]
struct Part {
    part: TermPart,
    lag: Option<usize>,
    squares: f64,
    degrees: Option<f64>,
    /// Inner product with the update, and the update's squared norm.
    update: [f64; 2],
    /// Inner product with `B_l^T`, and the update's.
    alignment: Option<[f64; 2]>,
}

/// Sums over iterations, by part.
#[derive(Clone, Debug, Default)]
struct Overall(Vec<Totals>);

#[derive(Clone, Copy, Debug)]
struct Totals {
    of: Part,
    count: f64,
    degrees: f64,
    angles: f64,
}

impl Overall {
    fn of(part: &Part) -> Totals {
        let (degrees, angles) = part.degrees.map_or((0.0, 0.0), |degrees| (degrees, 1.0));
        Totals { of: *part, count: 1.0, degrees, angles }
    }

    fn add(&mut self, parts: &[Part]) {
        for part in parts {
            match self
                .0
                .iter_mut()
                .find(|known| (known.of.part, known.of.lag) == (part.part, part.lag))
            {
                Some(known) => known.add(&Self::of(part)),
                None => self.0.push(Self::of(part)),
            }
        }
    }

    fn readings(&self) -> Vec<PartReading> {
        let mut readings: Vec<PartReading> = self.0.iter().map(Totals::reading).collect();
        // The update, terms by lag, then what is over all lags: long lags appear late.
        readings.sort_by_key(|r| (r.part != TermPart::Update, r.lag.is_none(), r.lag, r.part));
        readings
    }
}

impl Totals {
    fn add(&mut self, other: &Self) {
        let plus = |a: [f64; 2], b: [f64; 2]| [a[0] + b[0], a[1] + b[1]];
        self.of.squares += other.of.squares;
        self.of.update = plus(self.of.update, other.of.update);
        self.of.alignment = self.of.alignment.zip(other.of.alignment).map(|(a, b)| plus(a, b));
        self.count += other.count;
        self.degrees += other.degrees;
        self.angles += other.angles;
    }

    fn reading(&self) -> PartReading {
        let share = |[part, whole]: [f64; 2]| (whole != 0.0).then_some(part / whole);
        PartReading {
            part: self.of.part,
            lag: self.of.lag,
            norm: (self.of.squares / self.count).sqrt(),
            degrees: (self.angles > 0.0).then_some(self.degrees / self.angles),
            share_of_update: share(self.of.update),
            share_of_alignment: self.of.alignment.and_then(share),
        }
    }
}
