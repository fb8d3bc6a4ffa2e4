//! Which recipes make the steps of a recording: from the general to the special, so that what is
//! excluded is excluded with everything it contains.

use super::adaptive::{self, Entries};
use super::sgd::{self, Relations, Start};
use super::shape::{
    Beginning, DecayKind, MomentumForm, MomentumKind, Numbers, Optimiser, RatesBy, Shape,
};
use super::span::Span;
use super::sums::RelationSums;
use crate::measure::closing::Closing;

/// A recipe with its numbers, and how well it makes the steps.
#[derive(Clone, Debug)]
pub(crate) struct Candidate {
    pub shape: Shape,
    pub numbers: Numbers,
    /// Rates by layer and iteration; not a number where they are unknown.
    pub eta: Vec<Vec<f64>>,
    /// By layer.
    pub sums: Vec<RelationSums>,
    /// Numbers of an adaptive recipe as they are, determined or not.
    pub adaptive: adaptive::Constants,
    /// Numbers that were fitted.
    pub count: usize,
}

impl Candidate {
    /// On the whole.
    pub fn closing(&self) -> Closing {
        closing(&self.sums)
    }

    /// Where to look for the numbers of a more special recipe.
    fn start(&self, reference: usize) -> Start {
        let Numbers { momentum, dampening, decay, .. } = self.numbers;
        let [mu, dampening, decay] = [momentum, dampening, decay].map(Option::unwrap_or_default);
        let ratio = |rates: &Vec<f64>| {
            let (own, other) = (rates.iter(), self.eta[reference].iter());
            let known = own.zip(other).filter(|(a, b)| a.is_finite() && b.is_finite());
            let [above, below] = known.fold([0.0; 2], |[ab, bb], (a, b)| [ab + a * b, bb + b * b]);
            if below > 0.0 { above / below } else { 1.0 }
        };
        Start { mu, dampening, decay, ratios: self.eta.iter().map(ratio).collect() }
    }

    fn closes(&self) -> bool {
        self.closing().closes
    }

    /// Whether its momentum, if it has some, is from 0 to 1.
    fn is_an_average(&self) -> bool {
        self.numbers.momentum.is_none_or(|mu| (0.0..1.0).contains(&mu))
    }

    /// Whether another differs in what its running sum holds alone, as it does not matter where
    /// rates do not change.
    fn is_like(&self, other: &Self) -> bool {
        let kind = |candidate: &Self| candidate.shape.momentum.map(|(kind, _)| kind);
        let near = |a: Option<f64>, b: Option<f64>| match (a, b) {
            (Some(a), Some(b)) => (a - b).abs() <= 1e-3,
            (a, b) => a == b,
        };
        let numbers = [self, other].map(|candidate| candidate.numbers);
        self.shape.optimiser == Optimiser::Sgd
            && kind(self) == kind(other)
            && self.holds_rates() != other.holds_rates()
            && self.shape.decay == other.shape.decay
            && near(numbers[0].momentum, numbers[1].momentum)
            && near(numbers[0].dampening, numbers[1].dampening)
    }

    /// Whether its running sum holds steps, and so their rates.
    fn holds_rates(&self) -> bool {
        self.shape.momentum.is_some_and(|(_, form)| form == MomentumForm::Velocity)
    }

    fn entries(&self) -> usize {
        self.sums.iter().map(|sums| sums.entries).sum()
    }

    fn spread(&self) -> f64 {
        RelationSums::all(&self.sums).spread(self.count)
    }

    /// Whether there is enough on record for so many numbers.
    fn is_decided(&self) -> bool {
        self.entries() >= self.count + 3
            && (!self.shape.rates.vary_by_iteration() || self.entries() >= 2 * self.count)
    }
}

/// Of all layers: a rate that closes on the whole but not in every layer is no rate of all.
fn closing(sums: &[RelationSums]) -> Closing {
    let all = RelationSums::all(sums).closing();
    Closing { closes: all.closes && sums.iter().all(|sums| sums.closing().closes), ..all }
}

/// What a search has found.
#[derive(Clone, Debug, Default)]
pub(super) struct SearchResult {
    /// The simplest recipe that makes the steps.
    pub best: Option<Candidate>,
    /// Others that make them as well.
    pub alike: Vec<Candidate>,
    /// Recipes that were fitted and do not make the steps, in words.
    pub excluded: Vec<(String, Closing)>,
    /// Where no recipe makes the steps: the kind of which combinations do that have coefficients of
    /// their own in every layer and iteration.
    pub combination: Option<String>,
}

/// Iterations that suffice to exclude a kind of recipe.
const ENOUGH: usize = 512;

/// A recipe that leaves less than this share of what a simpler one leaves is more than that with
/// other numbers.
const MUCH_LESS: f64 = 0.5;

/// A recipe that leaves less than this share of the rounding that is expected is not looked beyond.
const ROUNDING: f64 = 0.8;

/// What the search goes through.
pub(super) struct Search<'a> {
    /// All steps.
    relations: &'a Relations,
    /// The first ones, as many as are [enough](ENOUGH).
    first: Relations,
    /// Kinds that are not excluded.
    open: Vec<Span>,
    found: Vec<Candidate>,
    excluded: Vec<(String, Closing)>,
    combination: Option<String>,
}

impl<'a> Search<'a> {
    pub fn new(relations: &'a Relations) -> Self {
        let first = relations.all.iter().map(|layer| layer[..layer.len().min(ENOUGH)].to_vec());
        let first = Relations::new(first.collect());
        let (open, found, excluded) = (Vec::new(), Vec::new(), Vec::new());
        Self { relations, first, open, found, excluded, combination: None }
    }

    /// Recipes of gradients and their running sums.
    pub fn sgd(&mut self) {
        let plain = plain(self.relations, None);
        if plain.closes() && plain.is_decided() && plain.spread() < ROUNDING {
            self.found.push(plain);
            return;
        }
        self.kinds();
        for beginning in [Beginning::AtRest, Beginning::Running] {
            for shape in families(beginning) {
                let told = shape.momentum.is_none() || self.relations.any_follows();
                if told && self.open.contains(&Span::of(&shape)) {
                    self.family(shape);
                }
            }
            if !self.found.is_empty() {
                break;
            }
        }
    }

    /// Which kinds of recipes are not excluded, whatever their numbers.
    fn kinds(&mut self) {
        for span in Span::all() {
            let (all, count) = (&self.relations.all, span.count(&self.relations.all));
            let sums = span.sums(all);
            let closing = closing(&sums);
            let entries: usize = sums.iter().map(|sums| sums.entries).sum();
            if closing.closes || entries <= count {
                if closing.closes && entries >= 2 * count && self.combination.is_none() {
                    self.combination = Some(span.words());
                }
                self.open.push(span);
            } else {
                self.excluded.push((span.words(), closing));
            }
        }
    }

    /// Whether a recipe is known that cannot be bettered, and of which this kind is but more.
    fn is_needless(&self, span: Span) -> bool {
        self.found.iter().any(|candidate| {
            let known = Span::of(&candidate.shape);
            known != span && span.contains(known) && candidate.spread() < ROUNDING
        })
    }

    /// A recipe with all kinds of rates.
    fn family(&mut self, shape: Shape) {
        let (layers, iterations) = (self.relations.layers(), self.relations.iterations());
        let varying = shape.momentum.is_some_and(|(_, form)| form == MomentumForm::Velocity)
            || shape.decay == Some(DecayKind::Fixed);
        let needless = self.is_needless(Span::of(&shape));
        let kinds: Vec<RatesBy> = rates(layers, iterations)
            .filter(|r| {
                (!varying || r.vary_by_iteration()) && (!needless || !r.vary_by_iteration())
            })
            .collect();
        let Some(&general) = kinds.last() else { return };
        let shape_with = |rates: RatesBy| Shape { rates, ..shape };
        let guess = Span::of(&shape).start(&shape, &self.relations.all);
        let starts =
            [guess.clone(), Start { mu: 0.9, ..guess.clone() }, Start { mu: 0.5, ..guess }];
        let starts = if shape.momentum.is_some() { &starts[..] } else { &starts[..1] };
        let Some(widest) = fitted(&self.first, &shape_with(general), starts) else { return };
        if widest.is_decided() && !widest.closes() {
            self.exclude(&widest);
            return;
        }
        let near = widest.start(self.relations.reference);
        let starts = if widest.closes() { &[near][..] } else { starts };
        for kind in kinds {
            let Some(candidate) = fitted(self.relations, &shape_with(kind), starts) else {
                continue;
            };
            if !candidate.is_decided() {
                continue;
            }
            if candidate.closes() {
                let done = candidate.spread() < ROUNDING;
                self.found.push(candidate);
                if done {
                    break;
                }
            } else {
                self.exclude(&candidate);
            }
        }
    }

    fn exclude(&mut self, candidate: &Candidate) {
        self.excluded.push((named(&candidate.shape), candidate.closing()));
    }

    /// Recipes whose rates adapt, from entries of some iterations. Without effect where a recipe
    /// was found.
    pub fn adaptive(&mut self, layers: &[Entries], iterations: usize) {
        if !self.found.is_empty() {
            return;
        }
        let (none, coupled, decoupled) =
            (None, Some(DecayKind::Coupled), Some(DecayKind::Decoupled));
        for optimiser in Optimiser::ADAPTIVE {
            let decays = match optimiser {
                Optimiser::Sign => vec![none, decoupled],
                Optimiser::Adagrad | Optimiser::RmsProp => vec![none, coupled],
                _ => vec![none, coupled, decoupled],
            };
            for decay in decays {
                // A second kind shows whether the two can be distinguished.
                let same = self
                    .found
                    .first()
                    .is_some_and(|candidate| candidate.shape.optimiser == optimiser);
                if !same && (self.found.is_empty() || self.found[0].shape.decay == decay) {
                    self.adaptive_family(
                        layers,
                        iterations,
                        Shape { optimiser, decay, ..Shape::PLAIN },
                    );
                }
            }
        }
    }

    fn adaptive_family(&mut self, layers: &[Entries], iterations: usize, shape: Shape) {
        let fitted = |rates: RatesBy, start: Option<adaptive::Constants>| -> Option<Candidate> {
            let shape = Shape { rates, ..shape };
            let fit = adaptive::fit(layers, &shape, iterations, start)?;
            let count = shape.count(layers.len(), iterations);
            let (numbers, eta, sums, adaptive) = (fit.numbers, fit.eta, fit.sums, fit.values);
            Some(Candidate { shape, numbers, eta, sums, adaptive, count })
        };
        let kinds: Vec<RatesBy> = rates(layers.len(), iterations).collect();
        let Some(widest) = kinds.last().and_then(|rates| fitted(*rates, None)) else { return };
        if widest.is_decided() && !widest.closes() {
            self.exclude(&widest);
            return;
        }
        let near = widest.closes().then_some(widest.adaptive);
        for kind in kinds {
            match fitted(kind, near) {
                Some(candidate) if candidate.closes() && candidate.is_decided() => {
                    self.found.push(candidate);
                    break;
                }
                Some(candidate) if candidate.is_decided() => self.exclude(&candidate),
                _ => {}
            }
        }
    }

    /// The simplest of what was found, but for one that leaves much less. Of recipes that make the
    /// same steps, one whose momentum is that of an average comes first, and a running sum of
    /// gradients before one of steps.
    pub fn finish(mut self) -> SearchResult {
        let rank = |candidate: &Candidate| {
            (!candidate.is_an_average(), candidate.count + usize::from(candidate.holds_rates()))
        };
        self.found.sort_by(|a, b| {
            rank(a)
                .cmp(&rank(b))
                .then(a.holds_rates().cmp(&b.holds_rates()))
                .then(a.spread().total_cmp(&b.spread()))
        });
        let mut best: Option<&Candidate> = None;
        for candidate in &self.found {
            let better = best.is_none_or(|best| {
                let [simple, other] =
                    [best, candidate].map(|fit| RelationSums::all(&fit.sums).left(fit.count));
                best.spread() >= ROUNDING
                    && other < MUCH_LESS * simple
                    && candidate.entries() >= 4 * candidate.count
            });
            if better {
                best = Some(candidate);
            }
        }
        let best = best.cloned();
        let alike = |candidate: &&Candidate| {
            best.as_ref().is_some_and(|best| {
                let other = candidate.shape.optimiser != best.shape.optimiser
                    || candidate.count == best.count && !best.is_like(candidate);
                // A sum of steps makes up for numbers that one of gradients has, and the other way
                // round.
                let form =
                    candidate.holds_rates() != best.holds_rates() && !best.is_like(candidate);
                (other || form && candidate.count <= best.count + 1)
                    && candidate.shape != best.shape
            })
        };
        let alike = self.found.iter().filter(alike).cloned().collect();
        let combination = self.combination.filter(|_| best.is_none());
        SearchResult { best, alike, excluded: self.excluded, combination }
    }
}

/// A recipe without its numbers, in words.
pub(super) fn named(shape: &Shape) -> String {
    format!("{}, {}", shape.words(None), shape.rates_words())
}

/// Recipes of gradients and their running sums, at one rate, the simplest first.
fn families(beginning: Beginning) -> Vec<Shape> {
    let momentum_of = |kind, form| Some((kind, form));
    let (ball, nesterov) = (MomentumKind::HeavyBall, MomentumKind::Nesterov);
    let (buffer, velocity) = (MomentumForm::Buffer, MomentumForm::Velocity);
    let momenta = [
        (None, false),
        (momentum_of(ball, buffer), false),
        (momentum_of(nesterov, buffer), false),
        (momentum_of(ball, buffer), true),
        (momentum_of(ball, velocity), false),
        (momentum_of(nesterov, velocity), false),
    ];
    let decays =
        [None, Some(DecayKind::Coupled), Some(DecayKind::Decoupled), Some(DecayKind::Fixed)];
    let all = decays.into_iter().flat_map(|decay| {
        momenta.map(|(momentum, dampened)| Shape {
            momentum,
            dampened,
            decay,
            beginning,
            ..Shape::PLAIN
        })
    });
    let told = |shape: &Shape| match shape.momentum {
        // Without momentum, decay beside the gradient is decay in it, and nothing is summed up
        // before.
        None => shape.decay != Some(DecayKind::Decoupled) && beginning == Beginning::AtRest,
        // Dampening shows in the first step alone.
        Some(_) => beginning == Beginning::AtRest || !shape.dampened,
    };
    all.filter(told).collect()
}

/// Kinds of rates that so many layers and iterations tell apart, the most general last.
fn rates(layers: usize, iterations: usize) -> impl Iterator<Item = RatesBy> {
    let told = move |rates: &RatesBy| {
        (layers > 1 || !rates.vary_by_layer()) && (iterations > 1 || !rates.vary_by_iteration())
    };
    RatesBy::ALL.into_iter().filter(told)
}

/// A recipe of gradients and their running sums, fitted.
fn fitted(relations: &Relations, shape: &Shape, starts: &[Start]) -> Option<Candidate> {
    let sgd::Fitted { evaluation, numbers, count } = sgd::fit(relations, shape, starts)?;
    let adaptive = adaptive::Constants::default();
    Some(Candidate {
        shape: *shape,
        numbers,
        eta: evaluation.eta,
        sums: evaluation.sums,
        adaptive,
        count,
    })
}

/// Steps along the gradient, at the rate given or at the best one.
pub(super) fn plain(relations: &Relations, given: Option<f64>) -> Candidate {
    let shape = Shape::PLAIN;
    let evaluation = sgd::evaluate(relations, &shape, &[], given);
    let count = usize::from(given.is_none());
    let (numbers, adaptive) = (Numbers::default(), adaptive::Constants::default());
    Candidate { shape, numbers, eta: evaluation.eta, sums: evaluation.sums, adaptive, count }
}
