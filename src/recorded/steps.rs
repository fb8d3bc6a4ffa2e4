//! What the recorded steps of the weights are made of: `eta L_l^T delta_{l+1}`, or something else.
//!
//! A step `W_l(k+1) - W_l(k)` is fitted by least squares with the rule's `G = L_l(k)^T delta_{l+1}(k)`, the step before,
//! and `W_l(k)`: momentum `mu` adds `mu` times the step before, weight decay `lambda` subtracts `eta lambda W_l(k)`, both as
//! in PyTorch's SGD.

use super::RecordedRun;
use super::closing::{Closing, LayerClosing, MOST_ROUNDING};
use crate::array::ArrayError;
use crate::matrix::Matrix;
use crate::rule::{Product, product};
use crate::vmath::{dot, sum_squares};
use serde::Serialize;

/// What steps may be made of.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum StepKind {
    /// `eta G` with the learning rate that was given.
    Given,
    /// `eta G` with one learning rate.
    Plain,
    /// `eta_l G`, a learning rate for every layer.
    RateByLayer,
    /// `eta_k G`, a learning rate for every iteration.
    RateByIteration,
    /// `eta G` and weight decay.
    Decay,
    /// `eta G` and momentum.
    Momentum,
    /// `eta G`, momentum and weight decay.
    MomentumAndDecay,
}

impl StepKind {
    /// Fits from the simplest to the least simple.
    const FITTED: [Self; 6] =
        [Self::Plain, Self::RateByLayer, Self::RateByIteration, Self::Decay, Self::Momentum, Self::MomentumAndDecay];

    /// Which of rule, step before and weights take part.
    fn parts(self) -> &'static [usize] {
        match self {
            Self::Given | Self::Plain | Self::RateByLayer | Self::RateByIteration => &[RULE],
            Self::Decay => &[RULE, WEIGHTS],
            Self::Momentum => &[RULE, BEFORE],
            Self::MomentumAndDecay => &[RULE, BEFORE, WEIGHTS],
        }
    }

    /// Whether the first step, which has none before it on record, is left out.
    fn skips_first(self) -> bool {
        self.parts().contains(&BEFORE)
    }
}

const RULE: usize = 0;
const BEFORE: usize = 1;
const WEIGHTS: usize = 2;

/// One way to make the steps.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct StepFit {
    /// What they are made of.
    pub kind: StepKind,
    /// The learning rate; the range over layers or iterations where it varies.
    pub eta: [f64; 2],
    /// Momentum.
    pub momentum: Option<f64>,
    /// Weight decay.
    pub weight_decay: Option<f64>,
    /// Recorded steps against these, all layers and iterations together; `None` where there are none.
    pub closing: Option<Closing>,
    /// The same by layer: layer `l` of `W_l`.
    pub layers: Vec<LayerClosing>,
    /// Coefficients of rule, step before and weights: `[0]` for all, or one by layer, or one by iteration.
    #[serde(skip)]
    coefficients: Vec<[f64; 3]>,
}

impl StepFit {
    /// Whether steps are made of this and nothing else.
    pub fn closes(&self) -> bool {
        self.closing.is_some_and(|closing| closing.closes)
    }

    fn of(&self, place: usize, k: usize) -> [f64; 3] {
        match self.kind {
            StepKind::RateByLayer => self.coefficients[place],
            StepKind::RateByIteration => self.coefficients[k],
            _ => self.coefficients[0],
        }
    }
}

/// What the steps are made of.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct Steps {
    /// The layers `l` whose `W_l` steps, `L_l` and `delta_{l+1}` were recorded.
    pub layers: Vec<usize>,
    /// The learning rate that was given.
    pub given: Option<f64>,
    /// Every way that was tried.
    pub fits: Vec<StepFit>,
    /// Index of the one that closes, or else of the one that is used: with the rate that was given, or plain.
    pub chosen: usize,
}

impl Steps {
    /// Fits the steps of a run. `None` where no layer has steps, activity and error signal on record, or nothing moves,
    /// and no learning rate was given.
    pub(super) fn of(run: &RecordedRun, given: Option<f64>) -> Result<Option<Self>, ArrayError> {
        let layers: Vec<usize> = (0..run.depth()).filter(|&l| has_steps(run, l)).collect();
        let grams = Grams::of(run, &layers)?;
        let mut fits: Vec<StepFit> =
            given.map(|eta| unmeasured(StepKind::Given, vec![[eta, 0.0, 0.0]])).into_iter().collect();
        fits.extend(StepKind::FITTED.into_iter().filter_map(|kind| grams.as_ref()?.fit(kind)));
        measure(run, &layers, &mut fits)?;
        let chosen = if given.is_some() { 0 } else { fits.iter().position(StepFit::closes).unwrap_or(0) };
        Ok((!fits.is_empty()).then_some(Self { layers, given, fits, chosen }))
    }

    /// The way that is used.
    pub fn chosen(&self) -> &StepFit {
        &self.fits[self.chosen]
    }

    /// The way that closes, if one does.
    pub fn closed(&self) -> Option<&StepFit> {
        Some(self.chosen()).filter(|fit| fit.closes()).or_else(|| self.fits.iter().find(|fit| fit.closes()))
    }

    /// Whether steps are the rule's own and nothing else.
    pub fn is_rule_alone(&self) -> bool {
        self.chosen().closes() && self.chosen().kind.parts() == [RULE]
    }

    /// How many of the recorded iterations have a learning rate: all, or, where every step has one of its own, those that end
    /// in a recorded state.
    pub fn known(&self, iterations: usize) -> usize {
        let chosen = self.chosen();
        if chosen.kind == StepKind::RateByIteration { iterations.min(chosen.coefficients.len()) } else { iterations }
    }

    /// Learning rate of `W_l` in iteration `k`, one of those [known](Self::known).
    pub fn eta(&self, l: usize, k: usize) -> f64 {
        let place = self.layers.iter().position(|known| *known == l).unwrap_or(0);
        self.chosen().of(place, k)[RULE]
    }
}

fn has_steps(run: &RecordedRun, l: usize) -> bool {
    run.weights(l).is_some_and(|w| w.len() > 1) && run.activity(l).is_some() && run.delta(l + 1).is_some()
}

/// One step of `W_l` and what it may be made of.
struct Step {
    step: Vec<f64>,
    /// Rule, step before, weights.
    parts: [Vec<f64>; 3],
}

/// `L_l(k)^T delta_{l+1}(k)`, `n_l x n_{l+1}`.
pub(super) fn rule_part(run: &RecordedRun, l: usize, k: usize) -> Result<Option<Matrix<f64>>, ArrayError> {
    let (Some(activity), Some(delta)) = (run.activity(l), run.delta(l + 1)) else { return Ok(None) };
    Ok(Some(correlation(&activity.matrix(k)?, &delta.matrix(k)?)))
}

fn correlation(activity: &Matrix<f64>, delta: &Matrix<f64>) -> Matrix<f64> {
    let mut out = Matrix::zeros(activity.cols(), delta.cols());
    product(&mut out, Product::Replace, activity.as_faer().transpose(), delta.as_faer(), 1.0);
    out
}

fn absolute(mut matrix: Matrix<f64>) -> Matrix<f64> {
    matrix.as_mut_slice().iter_mut().for_each(|v| *v = v.abs());
    matrix
}

impl Step {
    /// The step of `W_l` from state `k`; `None` where the next state is not there.
    fn at(run: &RecordedRun, l: usize, k: usize) -> Result<Option<Self>, ArrayError> {
        let (Some(weights), Some(activity), Some(delta)) = (run.weights(l), run.activity(l), run.delta(l + 1)) else {
            return Ok(None);
        };
        if k + 1 >= weights.len() || k >= activity.len() {
            return Ok(None);
        }
        let difference = |after: &Matrix<f64>, before: &Matrix<f64>| -> Vec<f64> {
            after.as_slice().iter().zip(before.as_slice()).map(|(b, a)| b - a).collect()
        };
        let state = weights.matrix(k)?;
        let before = match k.checked_sub(1) {
            None => vec![0.0; state.as_slice().len()],
            Some(k) => difference(&state, &weights.matrix(k)?),
        };
        let rule = correlation(&activity.matrix(k)?, &delta.matrix(k)?);
        let step = difference(&weights.matrix(k + 1)?, &state);
        Ok(Some(Self { step, parts: [rule.as_slice().to_vec(), before, state.as_slice().to_vec()] }))
    }

    /// Norm of the step less the parts with these coefficients, squared.
    fn difference(&self, [rule, before, weights]: [f64; 3]) -> f64 {
        let [g, b, w] = &self.parts;
        let made = g.iter().zip(b).zip(w).map(|((g, b), w)| rule * g + before * b + weights * w);
        self.step.iter().zip(made).map(|(step, made)| (step - made).powi(2)).sum()
    }
}

/// Norm of what rounding, of relative errors up to `unit`, is expected to add to the step of `W_l` from state `k` with
/// learning rate `eta`; `None` where a member is missing. The sum over samples rounds by its terms, the state by its own
/// size.
fn rounding(run: &RecordedRun, l: usize, k: usize, eta: f64, unit: f64) -> Result<Option<f64>, ArrayError> {
    let (Some(weights), Some(activity), Some(delta)) = (run.weights(l), run.activity(l), run.delta(l + 1)) else {
        return Ok(None);
    };
    let (activity, delta) = (absolute(activity.matrix(k)?), absolute(delta.matrix(k)?));
    let terms = sum_squares(correlation(&activity, &delta).as_slice()).sqrt();
    let state = sum_squares(weights.matrix(k + 1)?.as_slice()).sqrt();
    Ok(Some(unit * (state + eta.abs() * terms)))
}

/// Inner products of the parts with each other, and with the step.
#[derive(Clone, Copy, Debug, Default)]
struct Gram {
    parts: [[f64; 3]; 3],
    step: [f64; 3],
}

impl Gram {
    fn of(step: &Step) -> Self {
        let parts = step.parts.each_ref();
        Self { parts: parts.map(|a| parts.map(|b| dot(a, b))), step: parts.map(|a| dot(a, &step.step)) }
    }

    fn plus(mut self, other: &Self) -> Self {
        for i in 0..3 {
            self.step[i] += other.step[i];
            (0..3).for_each(|j| self.parts[i][j] += other.parts[i][j]);
        }
        self
    }

    /// Coefficients of some parts by least squares, 0 for the others; `None` where these do not decide them.
    fn solve(&self, parts: &[usize]) -> Option<[f64; 3]> {
        // Cholesky's decomposition of at most three rows, with the diagonal scaled to 1.
        let scale: Vec<f64> = parts.iter().map(|&i| self.parts[i][i].sqrt()).collect();
        if scale.iter().any(|s| *s == 0.0 || !s.is_finite()) {
            return None;
        }
        let n = parts.len();
        let mut lower = [[0.0; 3]; 3];
        let mut solution = [0.0; 3];
        for i in 0..n {
            for j in 0..=i {
                let known: f64 = (0..j).map(|m| lower[i][m] * lower[j][m]).sum();
                let value = self.parts[parts[i]][parts[j]] / (scale[i] * scale[j]) - known;
                lower[i][j] = if i == j { Some(value).filter(|v| *v > 1e-12)?.sqrt() } else { value / lower[j][j] };
            }
            let known: f64 = (0..i).map(|m| lower[i][m] * solution[m]).sum();
            solution[i] = (self.step[parts[i]] / scale[i] - known) / lower[i][i];
        }
        for i in (0..n).rev() {
            let known: f64 = (i + 1..n).map(|m| lower[m][i] * solution[m]).sum();
            solution[i] = (solution[i] - known) / lower[i][i];
        }
        let mut out = [0.0; 3];
        parts.iter().enumerate().for_each(|(i, &part)| out[part] = solution[i] / scale[i]);
        Some(out)
    }
}

/// Gram matrices by layer and iteration.
struct Grams {
    /// By layer, and within it by iteration.
    all: Vec<Vec<Gram>>,
}

impl Grams {
    /// `None` without a step that moves anything.
    fn of(run: &RecordedRun, layers: &[usize]) -> Result<Option<Self>, ArrayError> {
        let of_layer = |&l: &usize| -> Result<Vec<Gram>, ArrayError> {
            let steps = (0..run.iterations()).map_while(|k| Step::at(run, l, k).transpose());
            steps.map(|step| Ok(Gram::of(&step?))).collect()
        };
        let all: Vec<Vec<Gram>> = layers.iter().map(of_layer).collect::<Result<_, _>>()?;
        let moves = all.iter().flatten().any(|gram| gram.step[RULE] != 0.0);
        Ok(moves.then_some(Self { all }))
    }

    fn fit(&self, kind: StepKind) -> Option<StepFit> {
        let sum = |grams: &mut dyn Iterator<Item = &Gram>| grams.fold(Gram::default(), |sum, gram| sum.plus(gram));
        let coefficients: Vec<[f64; 3]> = match kind {
            StepKind::RateByLayer if self.all.len() > 1 => {
                self.all.iter().map(|grams| sum(&mut grams.iter()).solve(kind.parts())).collect::<Option<_>>()?
            }
            StepKind::RateByLayer => return None,
            StepKind::RateByIteration => {
                let iterations = self.all.first()?.len();
                if iterations < 2 {
                    return None;
                }
                // Where the rule asks for nothing, any rate fits.
                let of = |k: usize| sum(&mut self.all.iter().map(|grams| &grams[k])).solve(kind.parts());
                (0..iterations).map(|k| of(k).unwrap_or_default()).collect()
            }
            _ => {
                let first = usize::from(kind.skips_first());
                vec![sum(&mut self.all.iter().flat_map(|grams| grams.iter().skip(first))).solve(kind.parts())?]
            }
        };
        Some(unmeasured(kind, coefficients))
    }
}

/// A fit whose closing is not yet known.
fn unmeasured(kind: StepKind, coefficients: Vec<[f64; 3]>) -> StepFit {
    let range = |[low, high]: [f64; 2], c: &[f64; 3]| [low.min(c[RULE]), high.max(c[RULE])];
    let eta = coefficients.iter().fold([f64::INFINITY, f64::NEG_INFINITY], range);
    let [rule, before, weights] = coefficients[0];
    let has = |part: usize, value: f64| kind.parts().contains(&part).then_some(value);
    StepFit {
        kind,
        eta,
        momentum: has(BEFORE, before),
        weight_decay: has(WEIGHTS, if rule == 0.0 { 0.0 } else { -weights / rule }),
        closing: None,
        layers: Vec::new(),
        coefficients,
    }
}

/// Sums of squares over iterations: of differences, of steps, and of what rounding is expected to add.
#[derive(Clone, Copy, Default)]
struct Sums {
    difference: f64,
    step: f64,
    rounding: f64,
}

impl Sums {
    fn add(&mut self, other: Self) {
        self.difference += other.difference;
        self.step += other.step;
        self.rounding += other.rounding;
    }

    fn closing(&self) -> Closing {
        let over = |square: f64| if self.step > 0.0 { (square / self.step).sqrt() } else { 0.0 };
        // Unlike the other closings, this one has its rounding from the sizes at hand: less may be put down to it.
        let rounding = over(self.rounding);
        let relative_difference = over(self.difference);
        Closing { relative_difference, rounding, closes: relative_difference <= STEP_ROUNDING * rounding }
    }
}

/// As the bound of other closings, for steps.
const STEP_ROUNDING: f64 = MOST_ROUNDING / 8.0;

/// Measures how well every fit makes the steps.
fn measure(run: &RecordedRun, layers: &[usize], fits: &mut [StepFit]) -> Result<(), ArrayError> {
    let unit = run.unit();
    let mut sums = vec![vec![Sums::default(); layers.len()]; fits.len()];
    for (place, &l) in layers.iter().enumerate() {
        for k in 0..run.iterations() {
            let Some(step) = Step::at(run, l, k)? else { break };
            let rate = fits.first().map_or(0.0, |fit| fit.of(place, k)[RULE]);
            let Some(rounding) = rounding(run, l, k, rate, unit)? else { break };
            for (fit, sums) in fits.iter().zip(&mut sums) {
                if k > 0 || !fit.kind.skips_first() {
                    let difference = step.difference(fit.of(place, k));
                    let (size, rounding) = (sum_squares(&step.step), rounding.powi(2));
                    sums[place].add(Sums { difference, step: size, rounding });
                }
            }
        }
    }
    for (fit, sums) in fits.iter_mut().zip(sums) {
        fit.layers =
            layers.iter().zip(&sums).map(|(&layer, sums)| LayerClosing { layer, closing: sums.closing() }).collect();
        let mut all = Sums::default();
        sums.into_iter().for_each(|sums| all.add(sums));
        // A rate that closes on the whole, but not in every layer, is no rate of all.
        let every = fit.layers.iter().all(|of| of.closing.closes);
        fit.closing = (all.step > 0.0).then(|| all.closing()).map(|all| Closing { closes: all.closes && every, ..all });
    }
    Ok(())
}
