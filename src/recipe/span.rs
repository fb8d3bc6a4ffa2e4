//! Kinds of recipes without their numbers: which matrices a step may be a combination of.
//!
//! Whatever the rates, with momentum and decay of any size and form, a step is a combination of
//! these, with coefficients of its own in every layer and iteration. Where not even that makes the
//! steps, no recipe of the kind does.

use super::relation::{BEFORE, Coefficients, GRADIENT, GRADIENT_BEFORE, Relation, STEP, WEIGHTS};
use super::sgd::Start;
use super::shape::{DecayKind, MomentumKind, Shape};
use super::sums::{OWN_ROUNDING, RelationSums};

/// A kind of recipes.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Span {
    pub momentum: Option<MomentumKind>,
    pub decay: bool,
}

impl Span {
    /// All of them, the most special first.
    pub fn all() -> impl Iterator<Item = Self> {
        let momenta = [None, Some(MomentumKind::HeavyBall), Some(MomentumKind::Nesterov)];
        [false, true]
            .into_iter()
            .flat_map(move |decay| momenta.map(|momentum| Self { momentum, decay }))
    }

    /// The kind that a recipe belongs to.
    pub fn of(shape: &Shape) -> Self {
        Self { momentum: shape.momentum.map(|(kind, _)| kind), decay: shape.decay.is_some() }
    }

    /// Whether every recipe of the other kind is one of this kind.
    pub fn contains(self, other: Self) -> bool {
        (self.decay || !other.decay)
            && (other.momentum.is_none() || self.momentum == other.momentum)
    }

    /// In words.
    pub fn words(self) -> String {
        let momentum = match self.momentum {
            None => "",
            Some(MomentumKind::HeavyBall) => " with momentum",
            Some(MomentumKind::Nesterov) => " with nesterov momentum",
        };
        let decay = match (self.decay, self.momentum) {
            (false, _) => "",
            (true, None) => " with weight decay",
            (true, Some(_)) => " and weight decay",
        };
        format!("sgd{momentum}{decay}, whatever the rates")
    }

    fn places(self) -> Vec<usize> {
        let momentum: &[usize] = match self.momentum {
            None => &[],
            Some(MomentumKind::HeavyBall) => &[BEFORE],
            Some(MomentumKind::Nesterov) => &[BEFORE, GRADIENT_BEFORE],
        };
        let decay: &[usize] = if self.decay { &[WEIGHTS] } else { &[] };
        [&[GRADIENT], momentum, decay].concat()
    }

    /// Relations that are of this kind: momentum says nothing of a step whose step before is not on
    /// record.
    fn relations(self, layer: &[Relation]) -> impl Iterator<Item = &Relation> {
        layer.iter().filter(move |relation| self.momentum.is_none() || relation.follows)
    }

    /// What the best combinations leave, by layer.
    pub fn sums(self, relations: &[Vec<Relation>]) -> Vec<RelationSums> {
        let places = self.places();
        let of_layer = |layer: &Vec<Relation>| {
            let mut sums = RelationSums::default();
            for relation in self.relations(layer) {
                let (left, coefficients) = relation.beyond(&places);
                sums.add(
                    left,
                    relation.norm(STEP).powi(2),
                    rounding(relation, &coefficients),
                    relation.entries,
                );
            }
            sums
        };
        relations.iter().map(of_layer).collect()
    }

    /// Numbers fitted in all.
    pub fn count(self, relations: &[Vec<Relation>]) -> usize {
        relations.iter().map(|layer| self.relations(layer).count() * self.places().len()).sum()
    }

    /// Where to look for the numbers of a recipe of this kind: what most combinations say of them.
    pub fn start(self, shape: &Shape, relations: &[Vec<Relation>]) -> Start {
        let places = self.places();
        let all: Vec<Coefficients> = relations
            .iter()
            .flat_map(|layer| self.relations(layer))
            .map(|r| r.beyond(&places).1)
            .collect();
        let median_of =
            |pick: &dyn Fn(&Coefficients) -> f64| median(all.iter().map(pick).collect());
        let mu = match self.momentum {
            None => 0.0,
            Some(MomentumKind::HeavyBall) => median_of(&|c| c[BEFORE]),
            // The gradient before weighs -mu eta, the latest one (1 + mu) eta.
            Some(MomentumKind::Nesterov) => {
                median_of(&|c| -c[GRADIENT_BEFORE] / (c[GRADIENT] + c[GRADIENT_BEFORE]))
            }
        };
        let mu = if mu.is_finite() { mu.clamp(0.0, 0.999) } else { 0.9 };
        let new = if self.momentum == Some(MomentumKind::Nesterov) { 1.0 + mu } else { 1.0 };
        let decay = match shape.decay {
            None => 0.0,
            Some(DecayKind::Coupled) => median_of(&|c| -c[WEIGHTS] / c[GRADIENT] * new),
            Some(DecayKind::Decoupled) => {
                median_of(&|c| -c[WEIGHTS] / c[GRADIENT] * new / (1.0 - mu))
            }
            Some(DecayKind::Fixed) => median_of(&|c| -c[WEIGHTS] / (1.0 - mu)),
        };
        Start {
            mu,
            dampening: 0.3,
            decay: if decay.is_finite() { decay } else { 0.0 },
            ratios: Vec::new(),
        }
    }
}

/// What rounding is expected to make of a step less a combination, squared.
fn rounding(relation: &Relation, c: &Coefficients) -> f64 {
    let [state, signal] = relation.units;
    let [before, after] = relation.states;
    let decayed = if c[WEIGHTS] == 0.0 { 0.0 } else { before };
    let states = [after, c[BEFORE] * before, decayed, 2.0 * relation.norm(STEP)]
        .map(|n| (state * n).powi(2));
    let [old, new] = relation.terms;
    let signals = [c[GRADIENT] * new, c[GRADIENT_BEFORE] * old].map(|n| (signal * n).powi(2));
    let of_step = (OWN_ROUNDING * relation.norm(STEP)).powi(2);
    states.iter().chain(&signals).sum::<f64>() + of_step
}

fn median(mut values: Vec<f64>) -> f64 {
    values.retain(|v| v.is_finite());
    values.sort_by(f64::total_cmp);
    values.get(values.len() / 2).copied().unwrap_or(f64::NAN)
}
