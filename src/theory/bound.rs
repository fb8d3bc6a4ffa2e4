//! How far an approximation is off at these very sizes: found by drawing, as no closed form says
//! it.
//!
//! A ratio of moments is not the mean of ratios, and a theory of many units says little of three.
//! What is drawn has streams of its own, so that it is independent of every run it is compared
//! with, and is the same every time.

use super::Toy;
use super::depth::{DeepNetwork, DepthRun, NoDepthTheory, StepRule, Width};
use super::held::Trajectory;
use crate::matrix::Matrix;
use crate::measure::angle::{Direction, angle, weight_alignment};
use crate::measure::summary::Summary;
use crate::random::{Role, Stream};
use crate::rule::{Activation, Isolated, WeightNorm, normal_matrix};
use crate::signal::{Pair, PairError, Schedule, Signals, Sizes};
use crate::vmath::dot;
use rayon::iter::{IntoParallelIterator, ParallelIterator};

/// Seed of everything drawn here.
const SEED: u64 = 0x626f_756e_6473;
/// Draws of what costs little.
pub const DRAWS: u64 = 40;
/// Multiplications that networks which are run take together, at most.
const BUDGET: f64 = 1e10;
/// Fewest networks that say anything.
const FEWEST: u64 = 4;
/// Most degrees that a theory may be off for certain: beyond, it does not hold.
const HOLDS: f64 = 5.0;

/// A mean over draws, and its standard error.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Drawn {
    /// Number of draws that have a value.
    pub n: usize,
    /// Their mean.
    pub mean: f64,
    /// Its standard error.
    pub error: f64,
}

impl Drawn {
    fn of(values: impl Iterator<Item = Option<f64>>) -> Option<Self> {
        let found = Summary::of(values);
        Some(Self { n: found.n, mean: found.mean?, error: found.standard_error()? })
    }

    /// How far `value` may be from the mean: the difference to what was drawn, and twice its
    /// standard error.
    pub fn bound(&self, value: f64) -> f64 {
        (value - self.mean).abs() + 2.0 * self.error
    }

    /// How far `value` is off for certain.
    pub fn off(&self, value: f64) -> f64 {
        ((value - self.mean).abs() - 2.0 * self.error).max(0.0)
    }

    /// Why a theory that says `value` degrees does not hold, if it is off by more than
    /// five degrees for certain.
    pub fn contradiction(&self, value: f64) -> Option<String> {
        let Self { n, mean, error } = self;
        (self.off(value) > HOLDS).then(|| {
            format!(
                "the theory does not hold here: it says {value:.1} degrees, and {n} drawn networks \
                 stand at {mean:.1} +- {error:.1}: give more units, fewer samples per unit or a \
                 smaller rate, or run `isolate`"
            )
        })
    }
}

/// The weight alignment of the linear rule after every one of `iterations` (ascending), given drawn
/// signals and `B` and by the law of the start: nothing is approximated but by the number of draws.
///
/// # Errors
/// If the signals do not fit the sizes, or values diverge.
pub fn linear(
    toy: &Toy,
    pair: &Pair,
    iterations: &[usize],
) -> Result<Vec<Option<Drawn>>, NoDepthTheory> {
    if !is_small(toy) {
        return Ok(vec![None; iterations.len()]);
    }
    let sizes = vec![toy.inputs, toy.hidden, toy.outputs];
    let run = DepthRun {
        network: DeepNetwork { sizes, w_std: vec![toy.w_std; 2], norms: None, bias_std: None },
        b_std: vec![toy.b_std],
        width: Width::Finite,
        pair: pair.clone(),
        batch: toy.batch,
        rule: StepRule::plain(toy.eta),
    };
    let draw = |repeat| run.angles(iterations, SEED, repeat);
    let found: Vec<_> = (0..DRAWS).into_par_iter().map(draw).collect::<Result<_, _>>()?;
    let at = |place: usize| {
        Drawn::of(
            found.iter().map(|angles| Some(angles[place].weights[0]).filter(|x| x.is_finite())),
        )
    };
    Ok((0..iterations.len()).map(at).collect())
}

/// The same under held signals, from drawn networks.
pub fn held(toy: &Toy, iterations: &[usize]) -> Vec<Option<Drawn>> {
    if !is_small(toy) {
        return vec![None; iterations.len()];
    }
    let sizes = [toy.inputs, toy.hidden, toy.outputs];
    let all: Vec<Trajectory> = (0..4 * DRAWS)
        .into_par_iter()
        .filter_map(|repeat| {
            let std = [toy.w_std, toy.b_std];
            let net = Isolated::<f64>::draw(&sizes, 1, Activation::Linear, std, SEED, repeat);
            let signals = signals(toy, &Schedule::Held.pair()?, 1, repeat).ok()?;
            let [w0, w1] = [&net.layers.weights[0], &net.layers.weights[1]];
            let given = [signals.activity(), signals.error()];
            net.feedback.backward(1).map(|b| Trajectory::new(w0, w1, b, given, toy.eta))
        })
        .collect();
    iterations
        .iter()
        .map(|&k| Drawn::of(all.iter().map(|trajectory| trajectory.angle(k))))
        .collect()
}

/// Numbers that a network which is drawn may hold: larger ones take long, and much memory.
const LARGEST: f64 = 1e7;

/// Whether networks of these sizes can be drawn and followed beside a prediction.
fn is_small(toy: &Toy) -> bool {
    let [n0, n1, n2, p] = toy.real();
    n1 * (n0 + n2) + (n0 + n2) * (n0 + n2) + p * (n0 + n1 + n2) <= LARGEST
}

/// Networks that are drawn, up to `most`, if each takes `cost` multiplications; none where these are
/// too few to say anything.
fn affordable(cost: f64, most: u64) -> Option<u64> {
    Some(((BUDGET / cost) as u64).min(most)).filter(|&draws| draws >= FEWEST)
}

/// Where held signals end: the angle of `B^T A^T A` to `B^T`; none where it would take long.
pub fn held_limit(toy: &Toy) -> Option<Drawn> {
    let [n0, n1, n2, p] = toy.real();
    let draws = affordable(n0 * n2 * (p + n2) + n1 * n2 * n2, 10 * DRAWS)?;
    if !is_small(toy) {
        return None;
    }
    let draw = |repeat: u64| {
        let mut stream = Stream::new(SEED, repeat, Role::Theory);
        let x: Matrix<f64> = normal_matrix(&mut stream, toy.batch, toy.inputs, 1.0);
        let e = normal_matrix(&mut stream, toy.batch, toy.outputs, 1.0);
        let backward = normal_matrix(&mut stream, toy.hidden, toy.outputs, 1.0);
        let a = (x.t() * &e).to_matrix();
        let aligned = (&backward * &(a.t() * &a).to_matrix()).to_matrix();
        angle(&aligned, &backward).ok().flatten()
    };
    let found: Vec<Option<f64>> = (0..draws).into_par_iter().map(draw).collect();
    Drawn::of(found.into_iter())
}

/// Where networks that are run stand after `iterations` updates.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Simulated {
    /// Weight alignment in degrees.
    pub angle: Option<Drawn>,
    /// `<W_1, B^T>` since the start.
    pub change: Option<Drawn>,
}

/// Networks that are run: as many as a few seconds allow, or none where these are too few to say
/// anything.
pub fn simulated(
    toy: &Toy,
    activation: Activation,
    pair: &Pair,
    norms: Option<Vec<f64>>,
    iterations: usize,
) -> Option<Simulated> {
    let [n0, n1, n2, p] = toy.real();
    let draws = affordable(3.0 * iterations as f64 * p * n1 * (n0 + n2), DRAWS)?;
    let layers = [toy.inputs, toy.hidden, toy.outputs];
    let norm = norms.map(WeightNorm::Neuron);
    let draw = |repeat: u64| -> Option<[Option<f64>; 2]> {
        let mut signals = signals(toy, pair, iterations, repeat).ok()?;
        let std = [toy.w_std, toy.b_std];
        let net = Isolated::<f64>::draw(&layers, toy.batch, activation, std, SEED, repeat);
        let mut net = net.in_time(toy.timing, toy.batch);
        if let Some(norm) = &norm {
            net = net.with_weight_norm(norm);
        }
        let target = net.feedback.backward(1)?.transpose();
        let inner = |net: &Isolated<f64>| dot(net.layers.weights[1].as_slice(), target.as_slice());
        let start = inner(&net);
        for _ in 0..iterations {
            net.step(signals.activity(), signals.error(), toy.eta);
            signals.advance();
        }
        let direction = Direction::towards(&target);
        let change = inner(&net) - start;
        let found = [direction.angle_to(net.layers.weights[1].as_slice()), Some(change)];
        Some(found.map(|value| value.filter(|x| x.is_finite())))
    };
    let found: Vec<_> = (0..draws).into_par_iter().map(draw).collect();
    let drawn =
        |which: usize| Drawn::of(found.iter().map(|draw| draw.and_then(|pair| pair[which])));
    Some(Simulated { angle: drawn(0), change: drawn(1) })
}

/// A network in isolation that is run: of any depth, instant, with nothing beside the rule.
#[derive(Clone, Debug)]
pub struct Network<'a> {
    /// Units of every layer, inputs first.
    sizes: &'a [usize],
    /// Samples per update.
    batch: usize,
    /// Learning rate.
    eta: f64,
    /// Standard deviations of forward and backward weights.
    std: [f64; 2],
    /// Activation of every hidden layer.
    activation: Activation,
    /// Activity and error.
    pair: &'a Pair,
}

impl<'a> Network<'a> {
    /// That of a run, with this activation in the hidden layers.
    pub fn of(run: &'a DepthRun, activation: Activation) -> Self {
        Self {
            sizes: &run.network.sizes,
            batch: run.batch,
            eta: run.rule.eta,
            std: [run.network.w_std[0], run.b_std[0]],
            activation,
            pair: &run.pair,
        }
    }
}

impl Network<'_> {
    /// Where networks like this stand after every one of `iterations` (ascending): the weight
    /// alignment of layers 1 to `D-1`. As many as a few seconds allow; none where these are too few
    /// to say anything.
    ///
    /// # Errors
    /// If the signals do not fit the sizes.
    pub fn simulated(
        &self,
        iterations: &[usize],
    ) -> Result<Option<Vec<Vec<Option<Drawn>>>>, PairError> {
        let last = iterations.last().copied().unwrap_or(0);
        let weights: f64 = self.sizes.windows(2).map(|n| (n[0] * n[1]) as f64).sum();
        let cost = 3.0 * last as f64 * self.batch as f64 * weights;
        let Some(draws) = affordable(cost, DRAWS) else { return Ok(None) };
        let run = |repeat| self.run(iterations, repeat);
        let found: Vec<Vec<Vec<Option<f64>>>> =
            (0..draws).into_par_iter().map(run).collect::<Result<_, _>>()?;
        let at = |place: usize, l: usize| Drawn::of(found.iter().map(|of| of[place][l]));
        let layers = self.sizes.len() - 2;
        let of_place = |place| (0..layers).map(|l| at(place, l)).collect();
        Ok(Some((0..iterations.len()).map(of_place).collect()))
    }

    /// Angles by iteration and layer of one network.
    fn run(&self, iterations: &[usize], repeat: u64) -> Result<Vec<Vec<Option<f64>>>, PairError> {
        let Self { sizes, batch, eta, std, activation, pair } = *self;
        let last = iterations.last().copied().unwrap_or(0);
        let [inputs, outputs] = [sizes[0], sizes[sizes.len() - 1]];
        let run = Sizes { batch, inputs, outputs, iterations: last.max(1) };
        let mut signals = Signals::<f64>::new(pair, run, SEED, repeat)?;
        let mut net = Isolated::<f64>::draw(sizes, batch, activation, std, SEED, repeat);
        let (mut found, mut done) = (Vec::new(), 0);
        for &iteration in iterations {
            for _ in done..iteration {
                net.step(signals.activity(), signals.error(), eta);
                signals.advance();
            }
            done = iteration;
            let angle = |l: usize| {
                let backward = net.feedback.backward(l)?;
                let found = weight_alignment(&net.layers.weights[l], backward).ok().flatten();
                found.filter(|angle| angle.is_finite())
            };
            found.push((1..sizes.len() - 1).map(angle).collect());
        }
        Ok(found)
    }
}

fn signals(
    toy: &Toy,
    pair: &Pair,
    iterations: usize,
    repeat: u64,
) -> Result<Signals<f64>, PairError> {
    let sizes = Sizes { batch: toy.batch, inputs: toy.inputs, outputs: toy.outputs, iterations };
    Signals::new(pair, sizes, SEED, repeat)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::signal::Form;
    use crate::theory::moments::moments;
    use crate::theory::{held, one_step};

    #[test]
    fn small_sizes_have_the_bounds_that_they_need() {
        // Measured over thousands of networks: 48.5 degrees, where the ratio of moments says 63.6.
        let toy = Toy::new(&[8, 20, 2], 1, 0.02).unwrap();
        let pair = Schedule::Held.pair().unwrap();
        let said = moments(&toy, &pair, 200).unwrap().angle;
        let [drawn] = linear(&toy, &pair, &[200]).unwrap()[..] else { panic!("one") };
        let drawn = drawn.unwrap();
        let [same] = super::held(&toy, &[200])[..] else { panic!("one") };
        let same = same.unwrap();
        assert!(
            (drawn.mean - same.mean).abs() < 3.0 * drawn.error.hypot(same.error),
            "{drawn:?} {same:?}"
        );
        assert!((said - held::angle_after(&toy, 200).value).abs() < 1e-6);
        assert!(drawn.bound(said) > 3.0 && drawn.off(said) > 0.0, "{said} {drawn:?}");
    }

    #[test]
    fn large_sizes_have_narrow_ones() {
        let toy = Toy::new(&[20, 60, 20], 40, 1e-3).unwrap();
        let forms = ["ar1:0.9", "ar1:0.8"].map(|form| Form::parse(form).unwrap());
        let [activity, error] = forms;
        let pair = Pair { activity, error, ..Pair::default() };
        let said = moments(&toy, &pair, 60).unwrap().angle;
        let drawn = linear(&toy, &pair, &[60]).unwrap()[0].unwrap();
        assert!(drawn.bound(said) < 1.5, "{said} {drawn:?}");
        let run = simulated(&toy, Activation::Linear, &pair, None, 60).unwrap().angle.unwrap();
        assert!(
            (run.mean - drawn.mean).abs() < 3.0 * run.error.hypot(drawn.error),
            "{run:?} {drawn:?}"
        );
    }

    #[test]
    fn one_output_aligns_altogether() {
        let toy = Toy::new(&[10, 30, 1], 20, 1.0).unwrap();
        let drawn = held_limit(&toy).unwrap();
        assert!(drawn.mean < 1e-5 && drawn.off(one_step::angle(&toy).value) > 5.0, "{drawn:?}");
        // Large ones are as the closed form says.
        let toy = Toy::new(&[100, 100, 10], 100, 1.0).unwrap();
        let drawn = held_limit(&toy).unwrap();
        assert!((drawn.mean - one_step::angle(&toy).value).abs() < 0.6, "{drawn:?}");
    }

    #[test]
    fn what_would_take_long_is_not_run() {
        let toy = Toy::new(&[1000, 1000, 1000], 1000, 1e-3).unwrap();
        assert_eq!(
            simulated(&toy, Activation::Relu, &Schedule::Held.pair().unwrap(), None, 1000),
            None
        );
    }

    #[test]
    fn as_many_are_drawn_as_the_budget_allows() {
        // 10^10 multiplications, four networks or more.
        assert_eq!(affordable(2.5e9, 40), Some(4));
        assert_eq!(affordable(2.6e9, 40), None);
        assert_eq!(affordable(1e9, 40), Some(10));
        assert_eq!([1.0, 0.0].map(|cost| affordable(cost, 40)), [Some(40); 2]);
    }

    /// White signals, which differ from one update to the next, of networks without weight
    /// normalisation.
    fn run(sizes: &[usize], batch: usize, eta: f64) -> DepthRun {
        let depth = sizes.len() - 1;
        let white = || Form::parse("white").unwrap();
        let cross = "same".parse().unwrap();
        DepthRun {
            network: DeepNetwork {
                sizes: sizes.to_vec(),
                w_std: vec![0.2; depth],
                norms: None,
                bias_std: None,
            },
            b_std: vec![0.3; depth - 1],
            width: Width::Finite,
            pair: Pair { activity: white(), error: white(), cross, ..Pair::default() },
            batch,
            rule: StepRule::plain(eta),
        }
    }

    #[test]
    fn networks_of_any_depth_stand_where_those_of_one_hidden_layer_do() {
        let run = run(&[8, 20, 8], 10, 5e-3);
        let toy = Toy { w_std: 0.2, b_std: 0.3, ..Toy::new(&[8, 20, 8], 10, 5e-3).unwrap() };
        for activation in [Activation::Linear, Activation::Relu] {
            let found = Network::of(&run, activation).simulated(&[3, 9, 20]).unwrap().unwrap();
            for (at, iteration) in found.iter().zip([3, 9, 20]) {
                let one = simulated(&toy, activation, &run.pair, None, iteration).unwrap();
                let [expected, found] = [one.angle, at[0]].map(Option::unwrap);
                assert_eq!((found.n, at.len()), (DRAWS as usize, 1));
                let off = [found.mean - expected.mean, found.error - expected.error];
                assert!(off.iter().all(|off| off.abs() < 1e-9), "{found:?} {expected:?}");
            }
        }
    }

    #[test]
    fn deep_networks_that_are_drawn_stand_where_the_theory_says() {
        let run = run(&[6, 24, 20, 16, 6], 12, 6e-3);
        let iterations = [0, 10, 30];
        let said: Vec<_> =
            (0..DRAWS).map(|draw| run.angles(&iterations, 1, draw).unwrap()).collect();
        let found = Network::of(&run, Activation::Linear).simulated(&iterations).unwrap().unwrap();
        for (place, of_place) in found.iter().enumerate() {
            assert_eq!(of_place.len(), 3);
            for (l, drawn) in of_place.iter().enumerate() {
                let said = said.iter().map(|angles| Some(angles[place].weights[l]));
                let (said, drawn) = (Drawn::of(said).unwrap(), drawn.unwrap());
                let within = 3.0 * said.error.hypot(drawn.error);
                assert!((said.mean - drawn.mean).abs() < within, "{said:?} {drawn:?}");
            }
        }
        // Where every network takes a little more than a fourth of what all may take.
        let dear = DepthRun { batch: 3000, ..run };
        let weights = (6 * 24 + 24 * 20 + 20 * 16 + 16 * 6) as f64;
        let iteration = (2.5e9 / (3.0 * 3000.0 * weights)) as usize + 1;
        let network = Network::of(&dear, Activation::Linear);
        assert_eq!(network.simulated(&[1, iteration]).unwrap(), None);
    }
}
