//! Steps along gradients and their running sums: rates, momentum and decay of any kind, composed.
//!
//! With `d_k = g_k - lambda_c W_k` (coupled decay), the direction of a step is
//!
//! ```text
//! x_k = d_k                                       without momentum,
//! x_k = mu x_{k-1} + (1 - dampening) d_k          with a heavy ball,
//! x_k = mu x_{k-1} + (1 + mu) d_k - mu d_{k-1}    with Nesterov's,
//! ```
//!
//! and the step `eta_k x_k - eta_k lambda_d W_k - c W_k` (decoupled and fixed decay). A velocity
//! that holds the rates takes `eta_k d_k` for `d_k`, and its step is `X_k`. As `x_{k-1}` is known
//! from the step before and its rate, no sum over all the past is needed, and a recording may begin
//! anywhere; at rest, `x_0` is made of `d_0` alone.

use super::least_squares::minimise;
use super::relation::{
    BEFORE, Coefficients, Combination, GRADIENT, GRADIENT_BEFORE, Relation, STEP, WEIGHTS, inner,
    plus,
};
use super::shape::{Beginning, DecayKind, MomentumForm, MomentumKind, Numbers, RatesBy, Shape};
use super::sums::{OWN_ROUNDING, RelationSums};

/// Relations of all steps, by layer and iteration, with what weighs them.
pub(super) struct Relations {
    /// By layer, and within it by iteration.
    pub all: Vec<Vec<Relation>>,
    /// Inverses of the rounding that is expected of each.
    weights: Vec<Vec<f64>>,
    /// The layer that moves most.
    pub reference: usize,
    /// What rates of layers are to that of the reference, by least squares.
    ratios: Vec<f64>,
    /// A weight decay that would matter: norms of gradients over those of weights.
    decay_scale: f64,
}

impl Relations {
    pub fn new(all: Vec<Vec<Relation>>) -> Self {
        let sum = |relations: &[Relation], a: usize, b: usize| -> f64 {
            relations.iter().map(|r| inner(r.matrix(a), r.matrix(b))).sum()
        };
        let rate = |relations: &Vec<Relation>| {
            let squares = sum(relations, GRADIENT, GRADIENT);
            if squares > 0.0 { sum(relations, STEP, GRADIENT) / squares } else { 0.0 }
        };
        let rates: Vec<f64> = all.iter().map(rate).collect();
        let moved: Vec<f64> = all.iter().map(|relations| sum(relations, STEP, STEP)).collect();
        let reference = (0..all.len()).max_by(|&a, &b| moved[a].total_cmp(&moved[b])).unwrap_or(0);
        let ratio =
            |rate: &f64| if rates[reference] != 0.0 { rate / rates[reference] } else { 1.0 };
        let weight = |relations: &Vec<Relation>, rate: &f64| {
            let weight_of = |r: &Relation| match r.units[0] * r.states[1]
                + r.units[1] * rate.abs() * r.terms[1]
            {
                rounding if rounding > 0.0 => 1.0 / rounding,
                _ => 0.0,
            };
            relations.iter().map(weight_of).collect()
        };
        let whole =
            |place: usize| all.iter().map(|relations| sum(relations, place, place)).sum::<f64>();
        let (gradients, states) = (whole(GRADIENT), whole(WEIGHTS));
        Self {
            weights: all
                .iter()
                .zip(&rates)
                .map(|(relations, rate)| weight(relations, rate))
                .collect(),
            reference,
            ratios: rates.iter().map(ratio).collect(),
            decay_scale: if states > 0.0 { (gradients / states).sqrt() } else { 1.0 },
            all,
        }
    }

    /// Whether any step is that of an update right after another.
    pub fn any_follows(&self) -> bool {
        self.all.iter().flatten().any(|relation| relation.follows)
    }

    pub fn layers(&self) -> usize {
        self.all.len()
    }

    pub fn iterations(&self) -> usize {
        self.all.first().map_or(0, Vec::len)
    }
}

/// Numbers of a shape as they are fitted.
struct Parameters {
    mu: f64,
    dampening: f64,
    coupled: f64,
    decoupled: f64,
    fixed: f64,
    /// Rates of layers over that of the reference.
    ratios: Vec<f64>,
}

/// A step as `constant + a earlier + eta direction`, where `a` is `eta_k / eta_{k-1}` (buffer) or
/// `eta_{k-1}` (velocity).
struct Pieces {
    constant: Coefficients,
    earlier: Option<Coefficients>,
    direction: Coefficients,
}

/// What is known of the step before.
#[derive(Clone, Copy)]
enum Before {
    /// There is none: the running sum is zero.
    Rest,
    /// Its rate.
    Rate(f64),
    /// There is one, of unknown rate.
    Unknown,
}

/// A rate more than so many times the one before says so little of it that the running sum is taken
/// as not known.
const MOST_RISE: f64 = 30.0;

fn combine(parts: &[(usize, f64)]) -> Coefficients {
    let mut out = [0.0; 5];
    parts.iter().for_each(|&(place, c)| out[place] += c);
    out
}

fn sum(a: Coefficients, factor: f64, b: Coefficients) -> Coefficients {
    plus(&a, factor, &b)
}

impl Parameters {
    fn of(shape: &Shape, values: &[f64], relations: &Relations) -> Self {
        let mut values = values.iter().copied();
        let mut next = |there: bool| if there { values.next().unwrap_or(0.0) } else { 0.0 };
        let (mu, dampening) = (next(shape.momentum.is_some()), next(shape.dampened));
        let decay = next(shape.decay.is_some());
        let decay_of = |kind: DecayKind| if shape.decay == Some(kind) { decay } else { 0.0 };
        let product = shape.rates == RatesBy::LayerAndIteration;
        let ratio = |l: usize| if product && l != relations.reference { next(true) } else { 1.0 };
        Self {
            mu,
            dampening,
            coupled: decay_of(DecayKind::Coupled),
            decoupled: decay_of(DecayKind::Decoupled),
            fixed: decay_of(DecayKind::Fixed),
            ratios: (0..relations.layers()).map(ratio).collect(),
        }
    }

    /// `W_{k-1}`, `d_k` and `d_{k-1}` in terms of the five matrices.
    fn weights_before() -> Coefficients {
        combine(&[(WEIGHTS, 1.0), (BEFORE, -1.0)])
    }

    fn gradient(&self) -> Coefficients {
        combine(&[(GRADIENT, 1.0), (WEIGHTS, -self.coupled)])
    }

    fn gradient_before(&self) -> Coefficients {
        sum(combine(&[(GRADIENT_BEFORE, 1.0)]), -self.coupled, Self::weights_before())
    }

    /// The pieces of step `k`; `None` where nothing is said of it.
    fn pieces(&self, shape: &Shape, k: usize, before: Before) -> Option<Pieces> {
        let state = combine(&[(WEIGHTS, 1.0)]);
        let constant = combine(&[(WEIGHTS, -self.fixed)]);
        let decayed = |direction: Coefficients| sum(direction, -self.decoupled, state);
        let Some((kind, form)) = shape.momentum else {
            return Some(Pieces { constant, earlier: None, direction: decayed(self.gradient()) });
        };
        let nesterov = kind == MomentumKind::Nesterov;
        let scaled = |factor: f64, direction: Coefficients| sum([0.0; 5], factor, direction);
        let new = if nesterov { 1.0 + self.mu } else { 1.0 - self.dampening };
        if k == 0 {
            // The first gradient is not dampened.
            let first = if nesterov { new } else { 1.0 };
            let direction = decayed(scaled(first, self.gradient()));
            return matches!(before, Before::Rest).then_some(Pieces {
                constant,
                earlier: None,
                direction,
            });
        }
        let old = if nesterov { self.mu } else { 0.0 };
        let x = sum(combine(&[(BEFORE, 1.0)]), self.fixed, Self::weights_before());
        let shrunk = sum([0.0; 5], self.mu * self.decoupled, Self::weights_before());
        let earlier = sum(shrunk, -old, self.gradient_before());
        let now = scaled(new, self.gradient());
        Some(match (form, before) {
            (MomentumForm::Buffer, Before::Rest) => {
                let first = if nesterov { self.mu * self.mu } else { self.mu };
                let direction = decayed(sum(now, first, self.gradient_before()));
                Pieces { constant, earlier: None, direction }
            }
            (MomentumForm::Buffer, _) => Pieces {
                constant,
                earlier: Some(scaled(self.mu, x)),
                direction: decayed(sum(now, 1.0, earlier)),
            },
            (MomentumForm::Velocity, _) => Pieces {
                constant: sum(constant, self.mu, x),
                earlier: Some(earlier),
                direction: decayed(now),
            },
        })
    }
}

/// How well a shape with these numbers makes the steps.
pub(super) struct Evaluation {
    /// Rates by layer and iteration; not a number where they are unknown.
    pub eta: Vec<Vec<f64>>,
    /// Five for every relation, over the rounding that is expected of it.
    residuals: Vec<f64>,
    /// Sums by layer.
    pub sums: Vec<RelationSums>,
}

/// A relation seen with given numbers.
struct View {
    place: usize,
    weight: f64,
    /// The step less what does not depend on rates.
    target: Combination,
    earlier: Option<Combination>,
    direction: Combination,
}

impl View {
    fn of(relations: &Relations, place: usize, k: usize, pieces: &Pieces, ratio: f64) -> Self {
        let relation = &relations.all[place][k];
        Self {
            place,
            weight: relations.weights[place][k],
            target: plus(relation.matrix(STEP), -1.0, &relation.see(&pieces.constant)),
            earlier: pieces.earlier.map(|c| relation.see(&c)),
            direction: relation.see(&pieces.direction).map(|v| ratio * v),
        }
    }

    /// With the coefficient of what is earlier known.
    fn with_earlier(mut self, a: f64) -> Self {
        if let Some(earlier) = self.earlier.take() {
            self.target = plus(&self.target, -a, &earlier);
        }
        self
    }
}

/// The rate of some relations, by least squares; 0 where any will do.
fn rate(views: &[View]) -> f64 {
    let weighted_sum =
        |pick: fn(&View) -> f64| views.iter().map(|v| v.weight * v.weight * pick(v)).sum::<f64>();
    let squares = weighted_sum(|v| inner(&v.direction, &v.direction));
    if squares > 0.0 { weighted_sum(|v| inner(&v.direction, &v.target)) / squares } else { 0.0 }
}

/// Coefficient of what is earlier, and rate; `None` where these are not decided.
fn both(views: &[View]) -> Option<[f64; 2]> {
    let zero = [0.0; 5];
    let weighted_sum = |a: fn(&View) -> &Combination, b: fn(&View) -> &Combination| {
        let product = |v: &View| {
            let (a, b) = (a(v), b(v));
            v.weight * v.weight * inner(a, b)
        };
        views.iter().map(product).sum::<f64>()
    };
    if views.iter().all(|v| v.earlier.is_none_or(|e| e == zero)) {
        return None;
    }
    let [e, d, t]: [fn(&View) -> &Combination; 3] =
        [|v| v.earlier.as_ref().unwrap_or(&[0.0; 5]), |v| &v.direction, |v| &v.target];
    let (ee, ed, dd, et, dt) = (
        weighted_sum(e, e),
        weighted_sum(e, d),
        weighted_sum(d, d),
        weighted_sum(e, t),
        weighted_sum(d, t),
    );
    let determinant = ee * dd - ed * ed;
    (determinant > 1e-12 * ee * dd)
        .then(|| [(et * dd - dt * ed) / determinant, (ee * dt - ed * et) / determinant])
}

struct Evaluator<'a> {
    relations: &'a Relations,
    shape: &'a Shape,
    parameters: Parameters,
    out: Evaluation,
}

/// Evaluates a shape; with `given`, at that rate instead of the best.
pub(super) fn evaluate(
    relations: &Relations,
    shape: &Shape,
    values: &[f64],
    given: Option<f64>,
) -> Evaluation {
    let (layers, iterations) = (relations.layers(), relations.iterations());
    let out = Evaluation {
        eta: vec![vec![f64::NAN; iterations]; layers],
        residuals: vec![0.0; 5 * layers * iterations],
        sums: vec![RelationSums::default(); layers],
    };
    let parameters = Parameters::of(shape, values, relations);
    let mut evaluator = Evaluator { relations, shape, parameters, out };
    let all: Vec<usize> = (0..layers).collect();
    match shape.rates {
        RatesBy::One => evaluator.constant(&all, given),
        RatesBy::Layer => all.iter().for_each(|l| evaluator.constant(&[*l], None)),
        RatesBy::Iteration | RatesBy::LayerAndIteration => evaluator.schedule(&all),
        RatesBy::Each => all.iter().for_each(|l| evaluator.schedule(&[*l])),
    }
    evaluator.out
}

impl Evaluator<'_> {
    fn ratio(&self, place: usize) -> f64 {
        if self.shape.rates == RatesBy::LayerAndIteration {
            self.parameters.ratios[place]
        } else {
            1.0
        }
    }

    /// Whether step `k` is made of gradients alone, as nothing was summed up before the first.
    fn starts_at_rest(&self, k: usize) -> bool {
        self.shape.beginning == Beginning::AtRest
            && (k == 0 || k == 1 && self.follows(k) && !self.holds_rates())
    }

    /// Whether the step before is that of the update right before.
    fn follows(&self, k: usize) -> bool {
        self.relations.all.first().is_some_and(|layer| layer[k].follows)
    }

    /// Whether the running sum holds the rates of its gradients.
    fn holds_rates(&self) -> bool {
        self.shape.momentum.is_some_and(|(_, form)| form == MomentumForm::Velocity)
    }

    /// Whether the running sum before step `k` cannot be known, as updates before it were left out.
    fn is_cut_off(&self, k: usize) -> bool {
        self.shape.momentum.is_some() && k > 0 && !self.follows(k)
    }

    /// What is known before step `k`, but for rates.
    fn before(&self, k: usize, rate: f64) -> Before {
        match k {
            _ if self.starts_at_rest(k) => Before::Rest,
            0 => Before::Unknown,
            _ => Before::Rate(rate),
        }
    }

    /// One rate for these layers.
    fn constant(&mut self, places: &[usize], given: Option<f64>) {
        let iterations = self.relations.iterations();
        let mut views = Vec::new();
        for k in 0..iterations {
            if self.is_cut_off(k) {
                continue;
            }
            let before = self.before(k, 1.0);
            let Some(pieces) = self.parameters.pieces(self.shape, k, before) else { continue };
            let view =
                |place: &usize| View::of(self.relations, *place, k, &pieces, 1.0).with_earlier(1.0);
            views.extend(places.iter().map(|place| (k, view(place))));
        }
        let (at, views): (Vec<usize>, Vec<View>) = views.into_iter().unzip();
        let eta = given.unwrap_or_else(|| rate(&views));
        places.iter().for_each(|place| self.out.eta[*place].fill(eta));
        for (k, view) in at.into_iter().zip(&views) {
            self.add(view, k, eta, 1.0);
        }
    }

    /// A rate for every iteration of these layers.
    fn schedule(&mut self, places: &[usize]) {
        let mut rate_before: Option<f64> = None;
        for k in 0..self.relations.iterations() {
            if self.is_cut_off(k) {
                rate_before = None;
                continue;
            }
            let before = match (self.before(k, 1.0), rate_before) {
                (Before::Rate(_), Some(known)) => Before::Rate(known),
                (Before::Rate(_), None) => Before::Unknown,
                (other, _) => other,
            };
            rate_before = self.scheduled(places, k, before);
        }
    }

    /// Step `k` of these layers; its rate, where it is known after it.
    fn scheduled(&mut self, places: &[usize], k: usize, before: Before) -> Option<f64> {
        let pieces = self.parameters.pieces(self.shape, k, before)?;
        let velocity = self.holds_rates();
        let view = |place: &usize| View::of(self.relations, *place, k, &pieces, self.ratio(*place));
        let mut views: Vec<View> = places.iter().map(view).collect();
        if velocity {
            for view in &mut views {
                let ratio = self.ratio(view.place);
                view.earlier = view.earlier.map(|e| e.map(|v| ratio * v));
            }
        }
        let needs = pieces.earlier.is_some_and(|c| c.iter().any(|c| *c != 0.0));
        let known = match before {
            Before::Rate(rate) if velocity || rate != 0.0 => Some(rate),
            _ => None,
        };
        let (earlier, eta) = match (needs, known) {
            (false, _) => (0.0, rate(&views)),
            (true, Some(rate_before)) if velocity => {
                let views: Vec<View> =
                    views.iter().map(|v| v.copy().with_earlier(rate_before)).collect();
                (rate_before, rate(&views))
            }
            (true, Some(rate_before)) => {
                // The coefficient of what is earlier is itself in proportion to the rate.
                let joined: Vec<View> = views.iter().map(|v| v.joined(1.0 / rate_before)).collect();
                let eta = rate(&joined);
                if eta.abs() > MOST_RISE * rate_before.abs() {
                    return None;
                }
                (eta / rate_before, eta)
            }
            (true, None) => {
                let [earlier, eta] = both(&views)?;
                let rate_before = if velocity { earlier } else { eta / earlier };
                places.iter().for_each(|place| {
                    self.out.eta[*place][k - 1] = rate_before * self.ratio(*place)
                });
                (earlier, eta)
            }
        };
        for view in views {
            let (place, ratio) = (view.place, self.ratio(view.place));
            self.out.eta[place][k] = eta * ratio;
            self.add(&view.with_earlier(earlier), k, eta, if velocity { 1.0 } else { earlier });
        }
        Some(eta)
    }

    /// Adds what is left of a relation at a rate; `carried` is the coefficient of the step before
    /// over `mu`.
    fn add(&mut self, view: &View, k: usize, eta: f64, carried: f64) {
        let relation = &self.relations.all[view.place][k];
        let left = plus(&view.target, -eta, &view.direction);
        let at = 5 * (view.place * self.relations.iterations() + k);
        (0..5).for_each(|i| self.out.residuals[at + i] = left[i] * view.weight);
        let rounding = self.rounding(relation, k, eta * self.ratio(view.place), carried);
        self.out.sums[view.place].add(
            inner(&left, &left),
            relation.norm(STEP).powi(2),
            rounding,
            relation.entries,
        );
    }

    /// Norm, squared, of what rounding is expected to add: to the states at both ends, to sums over
    /// samples, to the step as it is computed.
    fn rounding(&self, relation: &Relation, k: usize, eta: f64, carried: f64) -> f64 {
        let [state, signal] = relation.units;
        let mu = self.parameters.mu;
        let from_rest = self.starts_at_rest(k);
        let before = if from_rest { 0.0 } else { mu * carried * relation.states[0] };
        let shrunk = if self.parameters.decoupled == 0.0 { 0.0 } else { relation.states[0] };
        let computed = 2.0 * relation.norm(STEP);
        let states: f64 = [relation.states[1], before, shrunk, computed]
            .map(|n| (state * n).powi(2))
            .iter()
            .sum();
        let momentum = self.shape.momentum.map(|(kind, _)| kind);
        let [old, new] = match momentum {
            None => [0.0, 1.0],
            Some(MomentumKind::HeavyBall) => {
                [if from_rest { mu } else { 0.0 }, 1.0 - self.parameters.dampening]
            }
            Some(MomentumKind::Nesterov) => [mu, 1.0 + mu],
        };
        let signals = [old * relation.terms[0], new * relation.terms[1]];
        let of_step = OWN_ROUNDING * relation.norm(STEP);
        states + of_step * of_step + signals.map(|n| (signal * eta * n).powi(2)).iter().sum::<f64>()
    }
}

impl View {
    fn copy(&self) -> Self {
        Self { ..*self }
    }

    /// With what is earlier as part of the direction.
    fn joined(&self, factor: f64) -> Self {
        let direction = self.earlier.map_or(self.direction, |e| plus(&self.direction, factor, &e));
        Self { earlier: None, direction, ..*self }
    }
}

/// A shape fitted.
pub(super) struct Fitted {
    pub evaluation: Evaluation,
    pub numbers: Numbers,
    /// Numbers fitted, rates included.
    pub count: usize,
}

/// Where numbers are looked for.
#[derive(Clone, Debug, Default)]
pub(super) struct Start {
    pub mu: f64,
    pub dampening: f64,
    pub decay: f64,
    /// Rates of layers over that of the reference; empty for those of gradients alone.
    pub ratios: Vec<f64>,
}

impl Start {
    fn list(&self, shape: &Shape, relations: &Relations) -> Vec<f64> {
        let ratios = if self.ratios.is_empty() { &relations.ratios } else { &self.ratios };
        let product = shape.rates == RatesBy::LayerAndIteration;
        let others = (0..relations.layers())
            .filter(|&l| product && l != relations.reference)
            .map(|l| ratios[l]);
        let shared = [
            (shape.momentum.is_some(), self.mu),
            (shape.dampened, self.dampening),
            (shape.decay.is_some(), self.decay),
        ];
        shared
            .into_iter()
            .filter(|(there, _)| *there)
            .map(|(_, value)| value)
            .chain(others)
            .collect()
    }
}

/// Fits a shape: its rates by linear least squares, whatever else it has by steps downhill from the
/// first of these places that leads to rounding, or else to the least.
pub(super) fn fit(relations: &Relations, shape: &Shape, starts: &[Start]) -> Option<Fitted> {
    let decay = if shape.decay == Some(DecayKind::Fixed) { 1e-2 } else { relations.decay_scale };
    let scales =
        Start { mu: 0.1, dampening: 0.1, decay, ratios: Vec::new() }.list(shape, relations);
    let residuals = |values: &[f64]| evaluate(relations, shape, values, None).residuals;
    let mut best: Option<(f64, Vec<f64>)> = None;
    for start in starts {
        let Some(found) = minimise(residuals, start.list(shape, relations), &scales) else {
            continue;
        };
        let closes =
            RelationSums::all(&evaluate(relations, shape, &found.at, None).sums).closing().closes;
        if best.as_ref().is_none_or(|(square, _)| found.square < *square) {
            best = Some((found.square, found.at));
        }
        if closes {
            break;
        }
    }
    let (_, at) = best?;
    let evaluation = evaluate(relations, shape, &at, None);
    let parameters = Parameters::of(shape, &at, relations);
    let numbers = Numbers {
        momentum: shape.momentum.map(|_| parameters.mu),
        dampening: shape.dampened.then_some(parameters.dampening),
        decay: shape.decay.map(|_| parameters.coupled + parameters.decoupled + parameters.fixed),
        ..Numbers::default()
    };
    Some(Fitted {
        evaluation,
        numbers,
        count: shape.count(relations.layers(), relations.iterations()),
    })
}
