//! The recipe that makes the steps, and what a recording of them does not determine.

use super::adaptive::{self, Entries};
use super::relation::{GRADIENT, Relation, STEP};
use super::search::{self, Candidate, Search, SearchResult};
use super::sgd::Relations;
use super::shape::{
    Beginning, DecayKind, MomentumForm, MomentumKind, Numbers, Optimiser, RatesBy, Shape,
};
use super::sums::RelationSums;
use crate::measure::closing::{Closing, LayerClosing};
use serde::Serialize;

/// One recipe, with how well it makes the steps.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct StepFit {
    /// Its kind without blanks: `given` (plain, at the rate that was given), `plain`, or what it
    /// has beside one rate, such as `rate_by_iteration_and_nesterov_and_decay`.
    pub kind: String,
    /// The recipe in words, with its numbers.
    pub recipe: String,
    /// The learning rate; the range over layers and iterations where it varies.
    pub eta: [f64; 2],
    /// Momentum.
    pub momentum: Option<f64>,
    /// Weight decay.
    pub weight_decay: Option<f64>,
    /// Recorded steps against these, all layers and iterations together; `None` where there are
    /// none.
    pub closing: Option<Closing>,
    /// The same by layer: layer `l` of `W_l`.
    pub layers: Vec<LayerClosing>,
    /// What gradients are multiplied by, by layer and iteration.
    #[serde(skip)]
    rates: Vec<Vec<f64>>,
    #[serde(skip)]
    shape: Shape,
}

impl StepFit {
    /// `plain` has the rate of gradients where the recipe, as an adaptive one, has none.
    fn new(candidate: &Candidate, plain: &Candidate, layers: &[usize], given: bool) -> Self {
        let of_gradients =
            if candidate.shape.optimiser == Optimiser::Sgd { candidate } else { plain };
        let shape = candidate.shape;
        let eta = range(&candidate.eta);
        let closing = |sums: &RelationSums| sums.closing();
        Self {
            kind: if given { "given".into() } else { shape.kind() },
            recipe: words(&shape, &candidate.numbers, eta),
            eta,
            momentum: candidate.numbers.momentum,
            weight_decay: candidate.numbers.decay,
            closing: Some(candidate.closing()),
            layers: layers
                .iter()
                .zip(&candidate.sums)
                .map(|(&layer, sums)| LayerClosing { layer, closing: closing(sums) })
                .collect(),
            rates: of_gradients.eta.clone(),
            shape,
        }
    }

    /// The rate that was given, without steps on record to check it with.
    fn unmeasured(eta: f64) -> Self {
        Self {
            kind: "given".into(),
            recipe: words(&Shape::PLAIN, &Numbers::default(), [eta; 2]),
            eta: [eta; 2],
            momentum: None,
            weight_decay: None,
            closing: None,
            layers: Vec::new(),
            rates: Vec::new(),
            shape: Shape::PLAIN,
        }
    }

    /// Whether steps are made of this and nothing else.
    pub fn closes(&self) -> bool {
        self.closing.is_some_and(|closing| closing.closes)
    }

    /// Whether it is the rate that was given.
    pub fn is_given(&self) -> bool {
        self.kind == "given"
    }

    fn is_plain(&self) -> bool {
        let Shape { optimiser, momentum, decay, .. } = self.shape;
        optimiser == Optimiser::Sgd && momentum.is_none() && decay.is_none()
    }
}

/// Least and largest rate, as far as these are known.
fn range(rates: &[Vec<f64>]) -> [f64; 2] {
    let known = || rates.iter().flatten().copied().filter(|eta| !eta.is_nan());
    [known().fold(f64::INFINITY, f64::min), known().fold(f64::NEG_INFINITY, f64::max)]
}

/// A recipe with its numbers.
fn in_words(candidate: &Candidate) -> String {
    words(&candidate.shape, &candidate.numbers, range(&candidate.eta))
}

/// `sgd, nesterov momentum 0.9, weight decay 0.01, one rate 0.05`.
fn words(shape: &Shape, numbers: &Numbers, [low, high]: [f64; 2]) -> String {
    use crate::text::short;
    let rates = if shape.rates == RatesBy::One {
        short(low)
    } else {
        format!("{} to {}", short(low), short(high))
    };
    format!("{}, {} {rates}", shape.words(Some(numbers)), shape.rates_words())
}

/// Learning rates of a recipe.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct StepRates {
    /// What they differ by.
    pub by: RatesBy,
    /// The rate, where there is one.
    pub eta: Option<f64>,
    /// One for every layer of [`Steps::layers`], where rates differ by layer alone.
    pub layers: Option<Vec<f64>>,
    /// One for every iteration, where they differ by iteration alone; not a number where nothing
    /// tells.
    pub iterations: Option<Vec<f64>>,
    /// By layer and iteration, where they differ by both.
    pub steps: Option<Vec<Vec<f64>>>,
}

impl StepRates {
    fn new(by: RatesBy, rates: &[Vec<f64>]) -> Self {
        let first = rates.first().cloned().unwrap_or_default();
        let of_layers = || rates.iter().filter_map(|layer| layer.first().copied()).collect();
        Self {
            by,
            eta: first.first().copied().filter(|_| by == RatesBy::One),
            layers: (by == RatesBy::Layer).then(of_layers),
            iterations: (by == RatesBy::Iteration).then(|| first.clone()),
            steps: (by.vary_by_layer() && by.vary_by_iteration()).then(|| rates.to_vec()),
        }
    }
}

/// Momentum of a recipe.
#[derive(Clone, Copy, Debug, PartialEq, Serialize)]
pub struct StepMomentum {
    /// Which.
    pub kind: MomentumKind,
    /// `mu`.
    pub value: f64,
    /// What the running sum holds; `None` where rates do not change, so that it cannot be known.
    pub form: Option<MomentumForm>,
    /// Dampening; `None` where the recording begins later than the training, and it cannot be told
    /// from the rate.
    pub dampening: Option<f64>,
    /// Where the recording begins.
    pub begins: Beginning,
}

/// Weight decay of a recipe.
#[derive(Clone, Copy, Debug, PartialEq, Serialize)]
pub struct StepDecay {
    /// Which; `None` where there is no difference.
    pub kind: Option<DecayKind>,
    /// `lambda`.
    pub value: f64,
}

/// The recipe of one layer, where layers have different ones.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct LayerRecipe {
    /// The layer `l` of `W_l`.
    pub layer: usize,
    /// In words, with its numbers.
    pub recipe: String,
    /// Its rates.
    pub rates: StepRates,
    /// Its momentum; `None` also where it has none.
    pub momentum: Option<StepMomentum>,
    /// Its weight decay; `None` also where it has none.
    pub decay: Option<StepDecay>,
    /// Its betas, where it has any.
    pub betas: Option<[Option<f64>; 2]>,
    /// What it adds to the root of running means of squares, if the recording determines it.
    pub epsilon: Option<f64>,
}

/// `W0, W1 by sgd, weight decay 0.1, one rate 0.05; W2 by sgd, one rate 0.05`.
fn by_layer_in_words(all: &[LayerRecipe]) -> String {
    let mut groups: Vec<(String, &str)> = Vec::new();
    for layer in all {
        match groups.iter_mut().find(|(_, recipe)| *recipe == layer.recipe) {
            Some((names, _)) => names.push_str(&format!(", W{}", layer.layer)),
            None => groups.push((format!("W{}", layer.layer), &layer.recipe)),
        }
    }
    let groups: Vec<String> =
        groups.into_iter().map(|(names, recipe)| format!("{names} by {recipe}")).collect();
    groups.join("; ")
}

/// Recipes of single layers as one of all: what any of them has, it has.
fn joined(found: &[Candidate]) -> Candidate {
    let shapes = || found.iter().map(|layer| layer.shape);
    // Steps of adaptive recipes have no rate of their gradients.
    let optimiser =
        shapes().map(|shape| shape.optimiser).find(|optimiser| *optimiser != Optimiser::Sgd);
    let constant = shapes().all(|shape| shape.rates == RatesBy::One);
    let shape = Shape {
        optimiser: optimiser.unwrap_or(Optimiser::Sgd),
        rates: if constant { RatesBy::Layer } else { RatesBy::Each },
        momentum: shapes().find_map(|shape| shape.momentum),
        dampened: shapes().any(|shape| shape.dampened),
        decay: shapes().find_map(|shape| shape.decay),
        beginning: shapes().map(|shape| shape.beginning).max().unwrap_or(Beginning::AtRest),
    };
    Candidate {
        shape,
        numbers: Numbers::default(),
        eta: found.iter().flat_map(|layer| layer.eta.clone()).collect(),
        sums: found.iter().flat_map(|layer| layer.sums.clone()).collect(),
        adaptive: adaptive::Constants::default(),
        count: found.iter().map(|layer| layer.count).sum(),
    }
}

/// A recipe that was fitted and does not make the steps.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct ExcludedRecipe {
    /// In words: where it says `a rate for every layer and iteration`, no other rates make the
    /// steps either.
    pub recipe: String,
    /// What the best numbers leave.
    pub relative_difference: f64,
    /// What rounding alone is expected to leave.
    pub rounding: f64,
}

/// What a pass over the steps of some layers has seen.
pub(crate) struct StepRelations {
    /// The layers `l` of `W_l`.
    pub layers: Vec<usize>,
    /// By layer, and within it by iteration.
    pub relations: Vec<Vec<Relation>>,
    /// Entries of each layer.
    pub entries: Vec<Entries>,
    /// How many of the first iterations these are of.
    pub held: usize,
    /// The iterations, those that start and end in a recorded state.
    pub iterations: Vec<usize>,
    /// Whether updates between these were left out.
    pub thinned: bool,
}

/// What the steps are made of.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct Steps {
    /// The layers `l` whose `W_l` steps, `L_l` and `delta_{l+1}` were recorded, and whose `W_l`
    /// moves.
    pub layers: Vec<usize>,
    /// Layers whose `W_l` does not move, though its gradient is not zero.
    pub frozen: Vec<usize>,
    /// The recorded iterations that start and end in a recorded state: rates by iteration are
    /// theirs.
    pub iterations: Vec<usize>,
    /// Whether updates between recorded ones were left out, so that recipes with running means were
    /// not looked into.
    pub thinned: bool,
    /// The recipe that makes the steps to rounding, in words; `None` if none does.
    pub recipe: Option<String>,
    /// Its optimiser.
    pub optimiser: Option<Optimiser>,
    /// Its rates.
    pub rates: Option<StepRates>,
    /// Its momentum; `None` also where it has none.
    pub momentum: Option<StepMomentum>,
    /// Its weight decay; `None` also where it has none.
    pub decay: Option<StepDecay>,
    /// Its betas, where it has any; `None` within for what the recording does not determine.
    pub betas: Option<[Option<f64>; 2]>,
    /// What it adds to the root of running means of squares, if the recording determines it.
    pub epsilon: Option<f64>,
    /// Recipes of other kinds that make the steps as well.
    pub alike: Vec<String>,
    /// What this recording does not determine.
    pub undetermined: Vec<String>,
    /// Whether no step is larger than rounding, so that any recipe would do.
    pub within_rounding: bool,
    /// Recipes that were fitted and do not make the steps.
    pub excluded: Vec<ExcludedRecipe>,
    /// Where no recipe makes the steps: the kind of recipe of which combinations do that have
    /// coefficients of their own in every layer and iteration.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub combination: Option<String>,
    /// Recipes by layer, where no single one makes the steps of all: momentum, decay or betas are
    /// those of groups of parameters.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub by_layer: Vec<LayerRecipe>,
    /// The learning rate that was given.
    pub given: Option<f64>,
    /// The recipe at the rate that was given, if one was; then the recipe that makes the steps, or
    /// else the plain one.
    pub fits: Vec<StepFit>,
    /// Index of the one that is used: the given one, or else the last.
    pub chosen: usize,
}

impl Steps {
    /// Fits the steps that were seen. `None` where no layer has any, or nothing moves, and no
    /// learning rate was given. `follow` takes a recipe that was fitted to some entries through all
    /// entries of the layers it is given.
    ///
    /// # Errors
    /// Those of `follow`.
    pub(crate) fn of<E>(
        mut seen: StepRelations,
        given: Option<f64>,
        follow: impl Fn(&[usize], &Candidate) -> Result<Vec<RelationSums>, E>,
    ) -> Result<Option<Self>, E> {
        let frozen = frozen(&seen);
        if !seen.relations.iter().flatten().any(|r| r.norm(STEP) > 0.0) {
            return Ok(given.map(|eta| Self::unmeasured(seen.layers, eta)));
        }
        let keep: Vec<bool> = seen.layers.iter().map(|l| !frozen.contains(l)).collect();
        retain(&mut seen.layers, &keep);
        retain(&mut seen.relations, &keep);
        retain(&mut seen.entries, &keep);
        let whole = LayerGroup {
            layers: seen.layers,
            relations: Relations::new(seen.relations),
            entries: seen.entries,
        };
        let held = (!seen.thinned).then_some(seen.held);
        let found = whole.look(held, &follow)?;
        let several = found.best.is_none() && whole.layers.len() > 1;
        let layers = if several { whole.look_by_layer(held, &follow)? } else { None };
        let mut steps = Self::report(&whole, frozen, given, found);
        if let Some(layers) = layers {
            steps.name_by_layer(&whole, &layers);
        }
        Ok(Some(Self { iterations: seen.iterations, thinned: seen.thinned, ..steps }))
    }

    fn unmeasured(layers: Vec<usize>, eta: f64) -> Self {
        Self {
            given: Some(eta),
            fits: vec![StepFit::unmeasured(eta)],
            ..Self::none(layers, Vec::new())
        }
    }

    fn none(layers: Vec<usize>, frozen: Vec<usize>) -> Self {
        Self {
            layers,
            frozen,
            iterations: Vec::new(),
            thinned: false,
            recipe: None,
            optimiser: None,
            rates: None,
            momentum: None,
            decay: None,
            betas: None,
            epsilon: None,
            alike: Vec::new(),
            undetermined: Vec::new(),
            within_rounding: false,
            excluded: Vec::new(),
            combination: None,
            by_layer: Vec::new(),
            given: None,
            fits: Vec::new(),
            chosen: 0,
        }
    }

    fn report(
        whole: &LayerGroup,
        frozen: Vec<usize>,
        given: Option<f64>,
        found: SearchResult,
    ) -> Self {
        let (relations, layers) = (&whole.relations, whole.layers.clone());
        let (plain, best) = (search::plain(relations, None), found.best);
        let mut fits: Vec<StepFit> = Vec::new();
        if given.is_some() {
            fits.push(StepFit::new(&search::plain(relations, given), &plain, &layers, true));
        }
        fits.push(StepFit::new(best.as_ref().unwrap_or(&plain), &plain, &layers, false));
        let excluded = |(recipe, closing): (String, Closing)| {
            let Closing { relative_difference, rounding, .. } = closing;
            ExcludedRecipe { recipe, relative_difference, rounding }
        };
        let mut steps = Self {
            alike: found.alike.iter().map(in_words).collect(),
            combination: found.combination,
            within_rounding: !RelationSums::all(&plain.sums).moves(),
            excluded: found.excluded.into_iter().map(excluded).collect(),
            given,
            fits,
            ..Self::none(layers, frozen)
        };
        if let Some(best) = &best {
            steps.name(best, relations.any_follows());
        }
        steps
    }

    /// Takes over the numbers of the recipe that makes the steps.
    fn name(&mut self, best: &Candidate, follows: bool) {
        let (shape, numbers) = (&best.shape, &best.numbers);
        let running = shape.beginning == Beginning::Running;
        let plain = shape.optimiser == Optimiser::Sgd && shape.momentum.is_none();
        self.recipe = Some(words(shape, numbers, range(&best.eta)));
        self.optimiser = Some(shape.optimiser);
        self.rates = Some(StepRates::new(shape.rates, &best.eta));
        self.momentum =
            shape.momentum.zip(numbers.momentum).map(|((kind, form), value)| StepMomentum {
                kind,
                value,
                form: shape.rates.vary_by_iteration().then_some(form),
                dampening: if running { None } else { Some(numbers.dampening.unwrap_or(0.0)) },
                begins: shape.beginning,
            });
        let kind = shape.decay.filter(|kind| !plain || *kind == DecayKind::Fixed);
        self.decay = numbers.decay.map(|value| StepDecay { kind, value });
        let adam = matches!(shape.optimiser, Optimiser::Adam | Optimiser::Amsgrad);
        self.betas = adam.then_some([numbers.beta1, numbers.beta2]);
        self.epsilon = numbers.epsilon;
        self.undetermined = undetermined(
            shape,
            numbers,
            [follows, best.eta.first().is_some_and(|rates| rates.len() > 1)],
        );
    }

    /// Takes over the recipes that make the steps of each layer.
    fn name_by_layer(&mut self, whole: &LayerGroup, found: &[Candidate]) {
        let follows = whole.relations.any_follows();
        let layer = |(&layer, candidate): (&usize, &Candidate)| {
            let mut one = Self::none(vec![layer], Vec::new());
            one.name(candidate, follows);
            LayerRecipe {
                layer,
                recipe: one.recipe.unwrap_or_default(),
                rates: StepRates::new(candidate.shape.rates, &candidate.eta),
                momentum: one.momentum,
                decay: one.decay,
                betas: one.betas,
                epsilon: one.epsilon,
            }
        };
        self.by_layer = whole.layers.iter().zip(found).map(layer).collect();
        let recipe = by_layer_in_words(&self.by_layer);
        let joined = joined(found);
        let plain = search::plain(&whole.relations, None);
        let fit = StepFit::new(&joined, &plain, &whole.layers, false);
        self.fits.pop();
        self.fits.push(StepFit { kind: "by_layer".into(), recipe: recipe.clone(), ..fit });
        self.recipe = Some(recipe);
        let optimiser = found.first().map(|candidate| candidate.shape.optimiser);
        self.optimiser = optimiser
            .filter(|known| found.iter().all(|candidate| candidate.shape.optimiser == *known));
        self.rates = Some(StepRates::new(joined.shape.rates, &joined.eta));
        self.combination = None;
    }

    /// The recipe that is used.
    pub fn chosen(&self) -> &StepFit {
        &self.fits[self.chosen]
    }

    /// The recipe that makes the steps, if one does.
    pub fn closed(&self) -> Option<&StepFit> {
        Some(self.chosen())
            .filter(|fit| fit.closes())
            .or_else(|| self.fits.iter().find(|fit| fit.closes()))
    }

    /// Whether steps are the rule's own and nothing else.
    pub fn is_rule_alone(&self) -> bool {
        self.chosen().closes() && self.chosen().is_plain()
    }

    /// How many of the recorded iterations have a learning rate: all, or, where every step has one
    /// of its own, those that end in a recorded state.
    pub fn known(&self, iterations: usize) -> usize {
        let chosen = self.chosen();
        let steps = self.iterations.iter().enumerate().take_while(|(i, k)| i == *k).count();
        let varies =
            chosen.shape.optimiser == Optimiser::Sgd && chosen.shape.rates.vary_by_iteration();
        if varies { iterations.min(steps) } else { iterations }
    }

    /// Learning rate of `W_l` in iteration `k`, one of those [known](Self::known): what its
    /// gradient is multiplied by. Of steps that no recipe makes, and of adaptive ones, whose every
    /// entry has a rate of its own, it is the rate that leaves least.
    pub fn eta(&self, l: usize, k: usize) -> f64 {
        if self.frozen.contains(&l) {
            return 0.0;
        }
        let place = self.layers.iter().position(|known| *known == l).unwrap_or(0);
        let chosen = self.chosen();
        let at = self.iterations.binary_search(&k).ok();
        let rates = chosen
            .rates
            .get(place)
            .and_then(|rates| at.and_then(|at| rates.get(at)).or(rates.last()));
        rates.copied().filter(|eta| !eta.is_nan()).unwrap_or(chosen.eta[0])
    }
}

/// Layers that are fitted together.
struct LayerGroup {
    layers: Vec<usize>,
    relations: Relations,
    entries: Vec<Entries>,
}

impl LayerGroup {
    /// Looks for a recipe of all layers; `held` iterations have entries on record, if every update
    /// has: running means take every gradient there was.
    fn look<E>(
        &self,
        held: Option<usize>,
        follow: impl Fn(&[usize], &Candidate) -> Result<Vec<RelationSums>, E>,
    ) -> Result<SearchResult, E> {
        let mut search = Search::new(&self.relations);
        search.sgd();
        if let Some(held) = held {
            search.adaptive(&self.entries, held);
        }
        let found = search.finish();
        confirm(found, &self.relations, &self.entries, |best| follow(&self.layers, best))
    }

    /// Looks for a recipe of every layer by itself, as those of groups of parameters. `None` where
    /// a layer has none, or all would do.
    fn look_by_layer<E>(
        &self,
        held: Option<usize>,
        follow: impl Fn(&[usize], &Candidate) -> Result<Vec<RelationSums>, E>,
    ) -> Result<Option<Vec<Candidate>>, E> {
        let mut found = Vec::new();
        for (place, &layer) in self.layers.iter().enumerate() {
            let one = Self {
                layers: vec![layer],
                relations: Relations::new(vec![self.relations.all[place].clone()]),
                entries: self.entries.get(place).cloned().into_iter().collect(),
            };
            match one.look(held, &follow)?.best {
                Some(best) => found.push(best),
                None => return Ok(None),
            }
        }
        Ok(Some(found))
    }
}

fn retain<T>(list: &mut Vec<T>, keep: &[bool]) {
    let mut keep = keep.iter();
    list.retain(|_| keep.next().copied().unwrap_or(true));
}

/// Layers that do not move where others do, though they are asked to.
fn frozen(seen: &StepRelations) -> Vec<usize> {
    let still = |relations: &Vec<Relation>| {
        relations.iter().all(|r| r.norm(STEP) == 0.0)
            && relations.iter().any(|r| r.norm(GRADIENT) > 0.0)
    };
    seen.layers
        .iter()
        .zip(&seen.relations)
        .filter(|(_, relations)| still(relations))
        .map(|(l, _)| *l)
        .collect()
}

/// Looks whether a recipe that was fitted to some entries makes the steps of all of them.
fn confirm<E>(
    mut found: SearchResult,
    relations: &Relations,
    entries: &[Entries],
    follow: impl FnOnce(&Candidate) -> Result<Vec<RelationSums>, E>,
) -> Result<SearchResult, E> {
    let Some(best) = found.best.take() else { return Ok(found) };
    let sizes =
        relations.all.iter().map(|layer| layer.first().map_or(0, |relation| relation.entries));
    let whole = sizes.zip(entries).all(|(size, entries)| size == entries.count);
    if best.shape.optimiser == Optimiser::Sgd || whole {
        found.best = Some(best);
        return Ok(found);
    }
    let confirmed = Candidate { sums: follow(&best)?, ..best };
    if confirmed.closing().closes {
        found.best = Some(confirmed);
    } else {
        found.alike.clear();
        found.excluded.push((search::named(&confirmed.shape), confirmed.closing()));
    }
    Ok(found)
}

/// What a recording does not determine of a recipe, by whether any step follows another, and there
/// are several.
fn undetermined(shape: &Shape, numbers: &Numbers, [follows, several]: [bool; 2]) -> Vec<String> {
    let mut out = Vec::new();
    if !follows {
        out.push("momentum".to_string());
    }
    if !several {
        out.push("rates by iteration".to_string());
    }
    if shape.momentum.is_some() && shape.beginning == Beginning::Running {
        out.push("dampening, which the rate holds".into());
    }
    let adam = matches!(shape.optimiser, Optimiser::Adam | Optimiser::Amsgrad);
    let numbers = [
        (adam && numbers.beta1.is_none(), "the first beta"),
        (
            (adam || shape.optimiser == Optimiser::RmsProp) && numbers.beta2.is_none(),
            "the decay of running squares",
        ),
        (shape.optimiser > Optimiser::Sign && numbers.epsilon.is_none(), "epsilon"),
    ];
    out.extend(numbers.iter().filter(|(open, _)| *open).map(|(_, name)| name.to_string()));
    out
}
