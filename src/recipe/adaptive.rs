//! Steps whose rate adapts entry by entry: Adam and its kin.
//!
//! With `d = g - lambda_c W`, running means `m = beta1 m + (1 - beta1) d` and `s = beta2 s + (1 -
//! beta2) d^2` of a training that begins at rest, the direction is `u = m' / (sqrt(s') + eps)`,
//! primes for the correction of the start, and the step `eta (u - lambda_d W)`. Where gradients are
//! near zero the quotient amplifies their rounding: what is expected of every entry is carried
//! along with it, to first order in the rounding of every gradient so far. Entries that this leaves
//! undecided are left out.

use super::least_squares::minimise;
use super::shape::{DecayKind, Numbers, Optimiser, RatesBy, Shape};
use super::sums::{OWN_ROUNDING, RelationSums};

/// Some entries of the weights of one layer over all iterations.
#[derive(Clone, Debug, Default)]
pub(crate) struct Entries {
    /// How many.
    pub count: usize,
    /// Gradients towards the target, iteration after iteration.
    pub gradients: Vec<f64>,
    /// Entries of `|L|^T |delta|`, the same way.
    pub terms: Vec<f64>,
    /// Weights before every iteration, and after the last one.
    pub weights: Vec<f64>,
    /// Rounding units of states and of gradients.
    pub units: [f64; 2],
}

impl Entries {
    fn step(&self, at: usize) -> f64 {
        self.weights[at + self.count] - self.weights[at]
    }
}

/// A direction is decided where rounding is expected to change it by less than this; a direction of
/// Adam is of size 1.
const DECIDED: f64 = 0.05;

/// Numbers that the direction is made of.
#[derive(Clone, Copy, Debug)]
struct Rule {
    optimiser: Optimiser,
    beta: [f64; 2],
    /// What a new gradient, and its square, weigh in the running means.
    new: [f64; 2],
    corrected: bool,
    epsilon: f64,
    coupled: f64,
}

impl Rule {
    fn of(shape: &Shape, values: &Constants) -> Self {
        let [beta1, beta2] = values.beta;
        let (beta, new, corrected) = match shape.optimiser {
            Optimiser::Sgd | Optimiser::Sign => ([0.0; 2], [1.0; 2], false),
            Optimiser::Adagrad => ([0.0, 1.0], [1.0; 2], false),
            Optimiser::RmsProp => ([0.0, beta2], [1.0, 1.0 - beta2], false),
            Optimiser::Adam | Optimiser::Amsgrad => {
                ([beta1, beta2], [1.0 - beta1, 1.0 - beta2], true)
            }
        };
        let epsilon = if shape.optimiser == Optimiser::Sign { 0.0 } else { values.epsilon };
        let coupled = if shape.decay == Some(DecayKind::Coupled) { values.decay } else { 0.0 };
        Self { optimiser: shape.optimiser, beta, new, corrected, epsilon, coupled }
    }
}

/// Running means of one entry, with sums of what the rounding of its gradients makes of them.
#[derive(Clone, Copy, Debug, Default)]
struct Means {
    first: f64,
    second: f64,
    /// The largest second so far, for Amsgrad.
    largest: f64,
    /// Expected squares of errors of the first and the second, and of their product.
    errors: [f64; 3],
    /// The same of the largest.
    largest_errors: [f64; 2],
    /// Powers of both betas.
    powers: Option<[f64; 2]>,
}

impl Means {
    /// Takes in the gradient of one more iteration. Gives the direction.
    fn step(&mut self, rule: &Rule, gradient: f64) -> f64 {
        let ([b1, b2], [n1, n2]) = (rule.beta, rule.new);
        self.first = b1 * self.first + n1 * gradient;
        self.second = b2 * self.second + n2 * gradient * gradient;
        let [p1, p2] = self.powers.unwrap_or([1.0; 2]);
        self.powers = Some([p1 * b1, p2 * b2]);
        let [c1, c2] = self.corrections(rule);
        let mut root = self.second;
        if rule.optimiser == Optimiser::Amsgrad {
            self.largest = self.largest.max(self.second);
            root = self.largest;
        }
        let denominator = (c2 * root).sqrt() + rule.epsilon;
        if denominator == 0.0 { 0.0 } else { c1 * self.first / denominator }
    }

    /// What the running means are multiplied by for their start.
    fn corrections(&self, rule: &Rule) -> [f64; 2] {
        let powers = self.powers.unwrap_or([0.0; 2]);
        powers.map(|power| if rule.corrected { 1.0 / (1.0 - power) } else { 1.0 })
    }

    /// Takes in the gradient of one more iteration, known to `error`; relative rounding of what is
    /// computed is `unit`. Gives the direction and its expected error.
    fn push(&mut self, rule: &Rule, gradient: f64, error: f64, unit: f64) -> [f64; 2] {
        let ([b1, b2], [n1, n2]) = (rule.beta, rule.new);
        let largest = self.largest;
        let direction = self.step(rule, gradient);
        let slope = 2.0 * n2 * gradient;
        let [first, cross, second] = self.errors;
        let square = error * error;
        self.errors = [
            b1 * b1 * first + n1 * n1 * square + (unit * self.first).powi(2),
            b1 * b2 * cross + n1 * slope * square,
            b2 * b2 * second + slope * slope * square + (unit * self.second).powi(2),
        ];
        let (mut root, mut errors) = (self.second, self.errors);
        if rule.optimiser == Optimiser::Amsgrad {
            if self.second >= largest {
                self.largest_errors = [self.errors[1], self.errors[2]];
            } else {
                self.largest_errors[0] *= b1;
            }
            root = self.largest;
            errors = [self.errors[0], self.largest_errors[0], self.largest_errors[1]];
        }
        let [c1, c2] = self.corrections(rule);
        let root = (c2 * root).sqrt();
        let denominator = root + rule.epsilon;
        if denominator == 0.0 {
            return [0.0, if error > 0.0 { f64::INFINITY } else { 0.0 }];
        }
        let by_first = c1 / denominator;
        let by_second = if root > 0.0 { direction / denominator * c2 / (2.0 * root) } else { 0.0 };
        let variance = by_first * by_first * errors[0] - 2.0 * by_first * by_second * errors[1]
            + by_second * by_second * errors[2];
        // First order holds while the root is known; below, nothing is.
        let vague = (c2 * errors[2].sqrt()).sqrt().max(error * (c2 * n2).sqrt());
        let lost = if root > 0.0 && vague >= root { direction.abs() } else { 0.0 };
        [direction, (variance.max(0.0) + (4.0 * unit * direction).powi(2)).sqrt().max(lost)]
    }
}

/// Numbers that are fitted, but for rates.
#[derive(Clone, Copy, Debug, Default)]
pub(crate) struct Constants {
    beta: [f64; 2],
    epsilon: f64,
    decay: f64,
}

/// Epsilon of every framework but for its last digits.
const EPSILON: f64 = 1e-8;

impl Constants {
    /// Which of first beta, second beta, epsilon and decay a shape has.
    fn fitted(shape: &Shape) -> [bool; 4] {
        let adam = matches!(shape.optimiser, Optimiser::Adam | Optimiser::Amsgrad);
        let second = adam || shape.optimiser == Optimiser::RmsProp;
        [adam, second, shape.optimiser != Optimiser::Sign, shape.decay.is_some()]
    }

    fn list(&self, shape: &Shape) -> Vec<f64> {
        let all = [self.beta[0], self.beta[1], self.epsilon, self.decay];
        all.into_iter()
            .zip(Self::fitted(shape))
            .filter(|(_, there)| *there)
            .map(|(value, _)| value)
            .collect()
    }

    fn from_list(shape: &Shape, list: &[f64]) -> Self {
        let mut list = list.iter().copied();
        let mut next = |there: bool| if there { list.next().unwrap_or(0.0) } else { 0.0 };
        let [beta1, beta2, epsilon, decay] = Self::fitted(shape).map(&mut next);
        Self { beta: [beta1, beta2], epsilon, decay }
    }

    /// Whether the running means exist.
    fn is_possible(&self) -> bool {
        self.beta.iter().all(|b| (-0.2..1.0).contains(b)) && self.epsilon >= 0.0
    }
}

/// Directions of all entries of a layer, and what rounding is expected to add to them, if that is
/// asked for.
struct Directions {
    values: Vec<f64>,
    errors: Vec<f64>,
}

impl Directions {
    fn of(entries: &Entries, rule: &Rule, iterations: usize, errors_too: bool) -> Self {
        let count = entries.count;
        let mut means = vec![Means::default(); count];
        let (mut values, mut errors) = (Vec::new(), Vec::new());
        let [state, signal] = entries.units;
        for k in 0..iterations {
            for (i, means) in means.iter_mut().enumerate() {
                let at = k * count + i;
                let decayed = rule.coupled * entries.weights[at];
                let gradient = entries.gradients[at] - decayed;
                if errors_too {
                    let error = signal * entries.terms[at] + state * decayed.abs();
                    let [value, error] = means.push(rule, gradient, error, state);
                    values.push(value);
                    errors.push(error);
                } else {
                    values.push(means.step(rule, gradient));
                }
            }
        }
        Self { values, errors }
    }
}

/// Rates of all layers and iterations.
type Table = Vec<Vec<f64>>;

/// A shape on its way to a fit: entries of all layers, with weights that stay as they are while
/// numbers change.
struct Fit<'a> {
    layers: &'a [Entries],
    shape: &'a Shape,
    iterations: usize,
    /// Inverses of expected rounding; 0 where rounding leaves the direction undecided.
    weights: Vec<Vec<f64>>,
}

impl<'a> Fit<'a> {
    fn new(layers: &'a [Entries], shape: &'a Shape, iterations: usize) -> Self {
        Self {
            layers,
            shape,
            iterations,
            weights: layers.iter().map(|e| vec![1.0; e.count * iterations]).collect(),
        }
    }

    fn directions(&self, values: &Constants, errors: bool) -> Vec<Directions> {
        let rule = Rule::of(self.shape, values);
        let mut all: Vec<Directions> = self
            .layers
            .iter()
            .map(|entries| Directions::of(entries, &rule, self.iterations, errors))
            .collect();
        if self.shape.decay == Some(DecayKind::Decoupled) {
            for (directions, entries) in all.iter_mut().zip(self.layers) {
                let weights = entries.weights.iter();
                directions.values.iter_mut().zip(weights).for_each(|(u, w)| *u -= values.decay * w);
            }
        }
        all
    }

    /// Inner products of directions with themselves and with steps, by layer and iteration.
    fn products(&self, directions: &[Directions]) -> Vec<Vec<[f64; 2]>> {
        let of_layer = |place: usize| -> Vec<[f64; 2]> {
            let (entries, values, weights) =
                (&self.layers[place], &directions[place].values, &self.weights[place]);
            let products = |k: usize| {
                (k * entries.count..(k + 1) * entries.count).fold([0.0; 2], |[uu, us], at| {
                    let u = weights[at] * values[at];
                    [uu + u * u, us + u * weights[at] * entries.step(at)]
                })
            };
            (0..self.iterations).map(products).collect()
        };
        (0..self.layers.len()).map(of_layer).collect()
    }

    /// The best rates.
    fn rates(&self, directions: &[Directions]) -> Table {
        let products = self.products(directions);
        let (layers, iterations) = (self.layers.len(), self.iterations);
        let over = |list: &mut dyn Iterator<Item = [f64; 2]>| {
            let [uu, us] = list.fold([0.0; 2], |[a, b], [c, d]| [a + c, b + d]);
            if uu > 0.0 { us / uu } else { 0.0 }
        };
        match self.shape.rates {
            RatesBy::One => {
                let rate = over(&mut products.iter().flatten().copied());
                vec![vec![rate; iterations]; layers]
            }
            RatesBy::Layer => products
                .iter()
                .map(|layer| vec![over(&mut layer.iter().copied()); iterations])
                .collect(),
            RatesBy::Iteration => {
                let rate = |k: usize| over(&mut products.iter().map(|layer| layer[k]));
                vec![(0..iterations).map(rate).collect(); layers]
            }
            RatesBy::Each => products
                .iter()
                .map(|layer| layer.iter().map(|p| over(&mut [*p].into_iter())).collect())
                .collect(),
            RatesBy::LayerAndIteration => alternate(&products),
        }
    }

    fn residuals(&self, values: &Constants) -> Vec<f64> {
        let directions = self.directions(values, false);
        let rates = self.rates(&directions);
        let mut out = Vec::new();
        for (place, entries) in self.layers.iter().enumerate() {
            for at in 0..entries.count * self.iterations {
                let rate = rates[place][at / entries.count];
                out.push(
                    (entries.step(at) - rate * directions[place].values[at])
                        * self.weights[place][at],
                );
            }
        }
        out
    }

    /// Weighs entries by what rounding is expected to make of them with these numbers.
    fn weigh(&mut self, values: &Constants) {
        let directions = self.directions(values, true);
        let rates = self.rates(&directions);
        for (place, entries) in self.layers.iter().enumerate() {
            let rounding = |at: usize| {
                entry_rounding(
                    entries,
                    at,
                    &directions[place],
                    rates[place][at / entries.count],
                    self.shape,
                )
            };
            let weights = (0..entries.count * self.iterations).map(rounding);
            let inverse =
                |rounding: Option<f64>| rounding.filter(|r| *r > 0.0).map_or(0.0, |r| 1.0 / r);
            let weights: Vec<f64> = weights.map(inverse).collect();
            self.weights[place] = weights;
        }
    }

    fn sums(&self, values: &Constants, rates: &Table) -> Vec<RelationSums> {
        let directions = self.directions(values, true);
        let of_layer = |place: usize| {
            let (entries, mut sums) = (&self.layers[place], RelationSums::default());
            for (k, &rate) in rates[place].iter().enumerate() {
                let (mut difference, mut step, mut expected, mut decided) = (0.0, 0.0, 0.0, 0);
                for at in k * entries.count..(k + 1) * entries.count {
                    if let Some(rounding) =
                        entry_rounding(entries, at, &directions[place], rate, self.shape)
                    {
                        difference +=
                            (entries.step(at) - rate * directions[place].values[at]).powi(2);
                        step += entries.step(at).powi(2);
                        expected += rounding * rounding;
                        decided += 1;
                    }
                }
                sums.add(difference, step, expected, decided);
            }
            sums
        };
        (0..self.layers.len()).map(of_layer).collect()
    }
}

/// What rounding is expected to make of the step of an entry; `None` where it leaves the direction
/// undecided.
fn entry_rounding(
    entries: &Entries,
    at: usize,
    directions: &Directions,
    rate: f64,
    shape: &Shape,
) -> Option<f64> {
    let error = directions.errors[at];
    if error > DECIDED {
        return None;
    }
    let unit = entries.units[0];
    let shrunk = if shape.decay == Some(DecayKind::Decoupled) { entries.weights[at] } else { 0.0 };
    let states = [entries.weights[at + entries.count], shrunk, entries.step(at)].map(|w| unit * w);
    let of_step = OWN_ROUNDING * entries.step(at);
    Some(
        (states.iter().map(|e| e * e).sum::<f64>() + (rate * error).powi(2) + of_step * of_step)
            .sqrt(),
    )
}

/// Rates that are products of one by layer and one by iteration, by alternating least squares.
fn alternate(products: &[Vec<[f64; 2]>]) -> Table {
    let (layers, iterations) = (products.len(), products.first().map_or(0, Vec::len));
    let (mut of_layer, mut of_iteration) = (vec![1.0; layers], vec![0.0; iterations]);
    let over = |uu: f64, us: f64| if uu > 0.0 { us / uu } else { 0.0 };
    for _ in 0..200 {
        for (k, rate) in of_iteration.iter_mut().enumerate() {
            let sum = |pick: fn(f64, [f64; 2]) -> f64| -> f64 {
                of_layer.iter().zip(products).map(|(r, layer)| pick(*r, layer[k])).sum()
            };
            *rate = over(sum(|r, [uu, _]| r * r * uu), sum(|r, [_, us]| r * us));
        }
        let before = of_layer.clone();
        for (ratio, layer) in of_layer.iter_mut().zip(products) {
            let sum = |pick: fn(f64, [f64; 2]) -> f64| -> f64 {
                of_iteration.iter().zip(layer).map(|(r, p)| pick(*r, *p)).sum()
            };
            *ratio = over(sum(|r, [uu, _]| r * r * uu), sum(|r, [_, us]| r * us));
        }
        let largest = of_layer.iter().fold(0.0f64, |m, r| m.max(r.abs()));
        if largest == 0.0 {
            break;
        }
        of_layer.iter_mut().for_each(|r| *r /= largest);
        if of_layer.iter().zip(&before).all(|(a, b)| (a - b).abs() <= 1e-15) {
            break;
        }
    }
    // The largest layer's rates are those of iterations, so these are to be of its scale.
    for (k, rate) in of_iteration.iter_mut().enumerate() {
        let sum = |pick: fn(f64, [f64; 2]) -> f64| -> f64 {
            of_layer.iter().zip(products).map(|(r, layer)| pick(*r, layer[k])).sum()
        };
        *rate = over(sum(|r, [uu, _]| r * r * uu), sum(|r, [_, us]| r * us));
    }
    of_layer.iter().map(|l| of_iteration.iter().map(|k| l * k).collect()).collect()
}

/// A shape fitted to entries.
pub(super) struct Fitted {
    /// Rates by layer and iteration.
    pub eta: Table,
    pub numbers: Numbers,
    /// Sums by layer.
    pub sums: Vec<RelationSums>,
    pub values: Constants,
}

/// Betas that are tried first.
const BETAS: [[f64; 4]; 2] = [[0.9, 0.5, 0.8, 0.0], [0.999, 0.9, 0.98, 0.5]];
/// Epsilons that are tried first.
const EPSILONS: [f64; 2] = [EPSILON, 1e-3];

/// Decays that are tried first, as shares of one that would change directions much.
const DECAYS: [f64; 4] = [0.0, 0.02, 0.1, 0.5];

/// Fits a shape to the entries of all layers, from the best place of a grid where none is given.
pub(super) fn fit(
    layers: &[Entries],
    shape: &Shape,
    iterations: usize,
    start: Option<Constants>,
) -> Option<Fitted> {
    let grid = Fit::new(layers, shape, iterations);
    let starts = start.map_or_else(|| grid.starts(), |start| vec![start]);
    let mut best: Option<Fitted> = None;
    for start in starts {
        let Some(found) = descend(Fit::new(layers, shape, iterations), start) else { continue };
        let left = |fitted: &Fitted| RelationSums::all(&fitted.sums).spread(0);
        if best.as_ref().is_none_or(|best| left(&found) < left(best)) {
            best = Some(found);
        }
        if best.as_ref().is_some_and(|best| RelationSums::all(&best.sums).closing().closes) {
            break;
        }
    }
    best
}

/// Goes downhill from one place.
fn descend(mut fit: Fit, start: Constants) -> Option<Fitted> {
    let (shape, mut values) = (fit.shape, start);
    let decay = 0.1 * fit.decay_scale();
    let scales: Vec<f64> =
        Constants { beta: [0.1, 0.1], epsilon: fit.gradient_scale(), decay }.list(shape);
    let mut errors = Vec::new();
    // Weights follow the numbers that they are expected with.
    for _ in 0..3 {
        fit.weigh(&values);
        let residuals = |list: &[f64]| {
            let values = Constants::from_list(shape, list);
            if values.is_possible() { fit.residuals(&values) } else { vec![f64::INFINITY] }
        };
        let found = minimise(residuals, values.list(shape), &scales)?;
        values = Constants::from_list(shape, &found.at);
        errors = found.errors;
        // Far from rounding, other weights lead nowhere else.
        if found.square > HOPELESS * HOPELESS * fit.decided() as f64 {
            break;
        }
    }
    let directions = fit.directions(&values, false);
    let eta = fit.rates(&directions);
    let sums = fit.sums(&values, &eta);
    Some(Fitted { numbers: numbers(shape, &values, &errors), eta, sums, values })
}

/// Places of the grid that are gone downhill from, the best first.
const STARTS: usize = 6;

/// What is left over rounding where looking on from the same place is of no use.
const HOPELESS: f64 = 1e4;

impl Fit<'_> {
    /// The best places of a grid.
    fn starts(&self) -> Vec<Constants> {
        let [first, second, epsilon, decay] = Constants::fitted(self.shape);
        let some = |list: &[f64], there: bool| if there { list.to_vec() } else { vec![0.0] };
        let scale = self.decay_scale();
        let mut places: Vec<(f64, Constants)> = Vec::new();
        for &beta1 in &some(&BETAS[0], first) {
            for &beta2 in &some(&BETAS[1], second) {
                for &epsilon in &some(&EPSILONS, epsilon) {
                    for &share in &some(&DECAYS, decay) {
                        let values =
                            Constants { beta: [beta1, beta2], epsilon, decay: share * scale };
                        places.push((self.residuals(&values).iter().map(|r| r * r).sum(), values));
                    }
                }
            }
        }
        places.sort_by(|a, b| a.0.total_cmp(&b.0));
        places.into_iter().take(STARTS).map(|(_, values)| values).collect()
    }

    /// Entries and iterations whose directions rounding does not leave undecided.
    fn decided(&self) -> usize {
        self.weights.iter().flatten().filter(|w| **w > 0.0).count()
    }

    /// Size of gradients.
    fn gradient_scale(&self) -> f64 {
        let all = || self.layers.iter().flat_map(|e| &e.gradients);
        (all().map(|g| g * g).sum::<f64>() / all().count().max(1) as f64).sqrt()
    }

    /// A decay that would change directions much: of gradients where it is part of these, of
    /// directions of size 1 where it stands beside them.
    fn decay_scale(&self) -> f64 {
        let squares = |pick: fn(&Entries) -> &Vec<f64>| -> f64 {
            self.layers.iter().flat_map(pick).map(|v| v * v).sum()
        };
        let weights = squares(|e| &e.weights);
        let other = match self.shape.decay {
            Some(DecayKind::Coupled) => squares(|e| &e.gradients),
            _ => self.layers.iter().map(|e| e.weights.len() as f64).sum(),
        };
        if weights > 0.0 { (other / weights).sqrt() } else { 1.0 }
    }
}

/// A number is determined where its standard error is below this share of it; betas, of 1.
const DETERMINED: f64 = 0.1;

fn numbers(shape: &Shape, values: &Constants, errors: &[f64]) -> Numbers {
    let mut errors = errors.iter().copied();
    let [beta1, beta2, epsilon, decay] = Constants::fitted(shape)
        .map(|there| if there { errors.next().unwrap_or(f64::INFINITY) } else { f64::INFINITY });
    let within = |value: f64, error: f64, scale: f64| (error < DETERMINED * scale).then_some(value);
    Numbers {
        beta1: within(values.beta[0], beta1, 1.0),
        beta2: within(values.beta[1], beta2, 1.0),
        epsilon: within(values.epsilon, epsilon, values.epsilon),
        decay: within(values.decay, decay, values.decay.abs().max(f64::MIN_POSITIVE))
            .or(shape.decay.map(|_| values.decay)),
        ..Numbers::default()
    }
}

/// The numbers of a fit on other entries: those of one layer and all iterations, one iteration
/// after the other.
pub(crate) struct Follower {
    rule: Rule,
    decoupled: f64,
    means: Vec<Means>,
    units: [f64; 2],
    pub sums: RelationSums,
}

impl Follower {
    pub fn new(shape: &Shape, values: &Constants, units: [f64; 2], entries: usize) -> Self {
        let decoupled = if shape.decay == Some(DecayKind::Decoupled) { values.decay } else { 0.0 };
        Self {
            rule: Rule::of(shape, values),
            decoupled,
            means: vec![Means::default(); entries],
            units,
            sums: RelationSums::default(),
        }
    }

    /// Takes in one step: its gradient, what this rounds by, and the weights before and after.
    pub fn push(&mut self, rate: f64, gradient: &[f64], terms: &[f64], states: [&[f64]; 2]) {
        let [unit, signal] = self.units;
        let (mut difference, mut square, mut expected, mut decided) = (0.0, 0.0, 0.0, 0);
        for (i, means) in self.means.iter_mut().enumerate() {
            let (before, after) = (states[0][i], states[1][i]);
            let decayed = self.rule.coupled * before;
            let error = signal * terms[i] + unit * decayed.abs();
            let [direction, error] = means.push(&self.rule, gradient[i] - decayed, error, unit);
            if error > DECIDED {
                continue;
            }
            let step = after - before;
            let shrunk = if self.decoupled == 0.0 { 0.0 } else { before };
            let states: f64 = [after, shrunk, step].iter().map(|w| (unit * w).powi(2)).sum();
            difference += (step - rate * (direction - self.decoupled * before)).powi(2);
            square += step * step;
            expected += states + (rate * error).powi(2) + (OWN_ROUNDING * step).powi(2);
            decided += 1;
        }
        self.sums.add(difference, square, expected, decided);
    }
}
