//! The rule in time: delay, trace, leaky units and stimuli that last, against formulas written out
//! and against theory.

use alignscope::matrix::Matrix;
use alignscope::measure::summary::Summary;
use alignscope::rule::{Activation, Isolated, Timing, UpdateAlignment};
use alignscope::signal::{Form, Pair, Signals, Sizes};
use alignscope::text::Span;
use alignscope::theory::Toy;
use alignscope::theory::moments::{Realised, moments};
use alignscope::vmath::dot;

fn pair(activity: &str, error: &str, cross: &str, hold: usize) -> Pair {
    Pair {
        cross: cross.parse().unwrap(),
        hold: Span::of_iterations(hold as f64),
        ..Pair::independent(Form::parse(activity).unwrap(), Form::parse(error).unwrap())
    }
}

fn timing(delay: usize, trace: Option<f64>, leak: Option<f64>) -> Timing {
    Timing { delay, trace, leak }
}

fn signals(toy: &Toy, pair: &Pair, iterations: usize, repeat: u64) -> Signals<f64> {
    let sizes = Sizes { batch: toy.batch, inputs: toy.inputs, outputs: toy.outputs, iterations };
    Signals::new(pair, sizes, 17, repeat).unwrap()
}

fn network(toy: &Toy, repeat: u64) -> Isolated<f64> {
    let layers = [toy.inputs, toy.hidden, toy.outputs];
    let std = [toy.w_std, toy.b_std];
    Isolated::draw(&layers, toy.batch, Activation::Linear, std, 17, repeat)
        .in_time(toy.timing, toy.batch)
}

/// `<W_1, B^T>`, `||W_1||^2` and their angle in degrees.
fn of_weights(weights: &Matrix<f64>, backward: &Matrix<f64>) -> [f64; 3] {
    let inner = dot(weights.as_slice(), backward.transpose().as_slice());
    let square = weights.squared_norm();
    [inner, square, (inner / (square * backward.squared_norm()).sqrt()).acos().to_degrees()]
}

const TIMINGS: [Timing; 6] = [
    Timing::INSTANT,
    Timing { delay: 3, ..Timing::INSTANT },
    Timing { trace: Some(4.0), ..Timing::INSTANT },
    Timing { leak: Some(2.5), ..Timing::INSTANT },
    Timing { delay: 2, trace: Some(3.0), leak: None },
    Timing { delay: 1, trace: Some(1.5), leak: Some(6.0) },
];

#[test]
fn given_the_signals_the_linear_rule_in_time_is_known_exactly() {
    let toy = Toy::new(&[6, 9, 5], 4, 0.02).unwrap();
    for timing in TIMINGS {
        let toy = Toy { timing, b_std: 0.7, ..toy };
        let mut net = network(&toy, 0);
        let start = [net.layers.weights[0].clone(), net.layers.weights[1].clone()];
        let backward = net.feedback.backward(1).unwrap().clone();
        let mut signals = signals(&toy, &pair("ar1:0.9", "ou:6", "none", 2), 40, 0);
        let mut realised = Realised::of(&toy);
        for k in 0..40 {
            net.step(signals.activity(), signals.error(), toy.eta);
            realised.add(signals.activity(), signals.error());
            signals.advance();
            let expected = realised.weights([&start[0], &start[1]], &backward, toy.eta);
            let scale = expected.norm();
            let found = net.layers.weights[1].as_slice().iter().zip(expected.as_slice());
            let worst = found.map(|(a, b)| (a - b).abs()).fold(0.0, f64::max);
            assert!(worst < 1e-12 * scale, "{timing:?}, {k}: {worst} of {scale}");
        }
    }
}

/// The equations of the rule in time as they stand in its documentation, value by value.
struct Written {
    layers: Vec<Vec<Vec<f64>>>,
    biases: Vec<Vec<f64>>,
    backward: Vec<Vec<Vec<f64>>>,
    timing: Timing,
    activation: Activation,
    /// `Z_l` and `L_l` (the input among them) of every iteration.
    z: Vec<Vec<Vec<f64>>>,
    active: Vec<Vec<Vec<f64>>>,
    traces: Vec<Vec<f64>>,
}

fn rows(matrix: &Matrix<f64>) -> Vec<Vec<f64>> {
    (0..matrix.rows()).map(|i| matrix.row(i).to_vec()).collect()
}

impl Written {
    fn of(net: &Isolated<f64>, timing: Timing, activation: Activation) -> Self {
        let layers: Vec<_> = net.layers.weights.iter().map(rows).collect();
        let backward = (1..layers.len()).map(|l| rows(net.feedback.backward(l).unwrap())).collect();
        let traces = layers.iter().map(|weights| vec![0.0; weights.len()]).collect();
        let (z, active) = (Vec::new(), Vec::new());
        Self {
            layers,
            biases: net.layers.biases.clone(),
            backward,
            timing,
            activation,
            z,
            active,
            traces,
        }
    }

    /// One iteration with one sample.
    fn step(&mut self, input: &[f64], error: &[f64], eta: f64) {
        let kept = |time: Option<f64>| time.map_or(0.0, |time| (-1.0 / time).exp());
        let (leak, trace) = (kept(self.timing.leak), kept(self.timing.trace));
        let (mut all_z, mut all_active) = (Vec::new(), vec![input.to_vec()]);
        for (l, weights) in self.layers.iter().enumerate() {
            let units = weights[0].len();
            let z: Vec<f64> = (0..units)
                .map(|j| {
                    let drive = self.biases[l][j]
                        + (0..weights.len()).map(|i| all_active[l][i] * weights[i][j]).sum::<f64>();
                    let before = self.z.last().map_or(0.0, |z| z[l][j]);
                    leak * before + (1.0 - leak) * drive
                })
                .collect();
            let mut active = vec![0.0; units];
            self.activation.apply(&z, &mut active);
            all_z.push(z);
            all_active.push(active);
        }
        self.z.push(all_z);
        self.active.push(all_active);
        let Some(met) = (self.z.len() - 1).checked_sub(self.timing.delay) else { return };
        for (l, traces) in self.traces.iter_mut().enumerate() {
            for (i, value) in traces.iter_mut().enumerate() {
                *value = trace * *value + (1.0 - trace) * self.active[met][l][i];
            }
        }
        let depth = self.layers.len();
        let mut delta = error.to_vec();
        for l in (0..depth).rev() {
            let below: Vec<f64> = if l == 0 {
                Vec::new()
            } else {
                let mut arrived: Vec<f64> = (0..self.layers[l].len())
                    .map(|i| (0..delta.len()).map(|j| delta[j] * self.backward[l - 1][j][i]).sum())
                    .collect();
                self.activation.multiply_derivative(
                    &self.z[met][l - 1],
                    &self.active[met][l],
                    &mut arrived,
                );
                arrived
            };
            for (i, row) in self.layers[l].iter_mut().enumerate() {
                row.iter_mut().zip(&delta).for_each(|(w, d)| *w += eta * self.traces[l][i] * d);
            }
            self.biases[l].iter_mut().zip(&delta).for_each(|(b, d)| *b += eta * d);
            delta = below;
        }
    }
}

#[test]
fn the_rule_in_time_is_its_equations() {
    for activation in [Activation::Relu, Activation::Tanh] {
        for timing in TIMINGS {
            let net = Isolated::<f64>::draw(&[4, 6, 5, 3], 1, activation, [0.6, 0.8], 3, 0);
            let mut net = net.with_biases(0.3, 3, 0).in_time(timing, 1);
            let mut written = Written::of(&net, timing, activation);
            let sizes = Sizes { batch: 1, inputs: 4, outputs: 3, iterations: 15 };
            let mut signals =
                Signals::<f64>::new(&pair("ar1:0.8", "ar1:0.5", "none", 1), sizes, 3, 0).unwrap();
            for _ in 0..15 {
                written.step(signals.activity().row(0), signals.error().row(0), 0.05);
                net.step(signals.activity(), signals.error(), 0.05);
                signals.advance();
            }
            for (l, weights) in net.layers.weights.iter().enumerate() {
                let expected = written.layers[l].concat();
                let worst = weights
                    .as_slice()
                    .iter()
                    .zip(&expected)
                    .map(|(a, b)| (a - b).abs())
                    .fold(0.0, f64::max);
                assert!(worst < 1e-12, "{activation:?} {timing:?}, layer {l}: {worst}");
            }
            assert_ne!(written.biases[0], vec![0.0; 6]);
            let biases = net.layers.biases.concat();
            let worst = biases
                .iter()
                .zip(written.biases.concat())
                .map(|(a, b)| (a - b).abs())
                .fold(0.0, f64::max);
            assert!(worst < 1e-12, "{activation:?} {timing:?}: biases {worst}");
        }
    }
}

#[test]
fn looking_ahead_changes_nothing() {
    let toy =
        Toy { timing: timing(2, Some(3.0), Some(1.5)), ..Toy::new(&[6, 9, 5], 4, 0.02).unwrap() };
    let [mut plain, mut watched] = [network(&toy, 0), network(&toy, 0)];
    let mut signals = signals(&toy, &pair("ar1:0.9", "ar1:0.9", "none", 1), 12, 0);
    let mut updates = UpdateAlignment::new(&[6, 9, 5]);
    for k in 0..12 {
        let (activity, error) = (signals.activity(), signals.error());
        let angles = watched.update_alignment(&mut updates, activity, error);
        // Nothing is learnt, and so there is no angle, before the first error that has an activity
        // to meet.
        assert_eq!(angles[0].is_some(), k >= 2, "{k}");
        plain.step(activity, error, toy.eta);
        watched.step(activity, error, toy.eta);
        assert_eq!(plain.layers.weights[1], watched.layers.weights[1]);
        signals.advance();
    }
}

#[test]
fn angles_given_the_signals_are_predicted_over_delay_duration_and_trace() {
    let toy = Toy::new(&[20, 200, 20], 20, 4e-3).unwrap();
    let (iterations, repeats) = (120, 10);
    let mut all = Vec::new();
    for delay in [0, 3, 8] {
        for hold in [1, 4, 10] {
            for trace in [None, Some(2.0), Some(6.0)] {
                let toy = Toy { timing: timing(delay, trace, None), ..toy };
                let differences = (0..repeats).map(|repeat| {
                    let (mut net, mut realised) = (network(&toy, repeat), Realised::of(&toy));
                    let mut signals = signals(
                        &toy,
                        &pair("ar1:0.9", "ar1:0.9", "none", hold),
                        iterations,
                        repeat,
                    );
                    for _ in 0..iterations {
                        net.step(signals.activity(), signals.error(), toy.eta);
                        realised.add(signals.activity(), signals.error());
                        signals.advance();
                    }
                    let [.., angle] =
                        of_weights(&net.layers.weights[1], net.feedback.backward(1).unwrap());
                    Some(angle - realised.moments(&toy).angle)
                });
                let found = Summary::of(differences);
                let (mean, error) = (found.mean.unwrap(), found.standard_error().unwrap());
                assert!(
                    mean.abs() < 0.3 + 3.0 * error,
                    "delay {delay}, hold {hold}, {trace:?}: {mean} +- {error}"
                );
                all.push(Some(mean));
            }
        }
    }
    let over_grid = Summary::of(all);
    assert!(over_grid.mean.unwrap().abs() < 0.3, "{over_grid:?}");
}

/// `(activity, error, cross, hold, timing)`.
type Case = (&'static str, &'static str, &'static str, usize, Timing);

const CASES: [Case; 7] = [
    ("ar1:0.9", "ar1:0.8", "none", 1, Timing { delay: 3, ..Timing::INSTANT }),
    ("ar1:0.9", "ar1:0.8", "none", 1, Timing { trace: Some(4.0), ..Timing::INSTANT }),
    ("ar1:0.7", "ou:8", "none", 1, Timing { leak: Some(3.0), ..Timing::INSTANT }),
    ("white", "white", "0.8", 6, Timing { delay: 2, ..Timing::INSTANT }),
    ("ar1:0.8", "ar1:0.8", "0.6@lag=2", 3, Timing { delay: 1, trace: Some(2.0), leak: Some(1.5) }),
    (
        "ar1:0.8,mean=0.5",
        "ar1:0.8,mean=-0.3",
        "none",
        1,
        Timing { delay: 2, trace: Some(2.0), leak: None },
    ),
    (
        "white:mean=0.4,batch=0.2",
        "white:batch=0.2",
        "same",
        5,
        Timing { delay: 1, trace: Some(3.0), leak: None },
    ),
];

#[test]
fn moments_in_time_are_those_of_the_rule() {
    let (iterations, repeats) = (20, 1500);
    let toy = Toy { b_std: 0.8, w_std: 0.5, ..Toy::new(&[4, 6, 4], 3, 0.03).unwrap() };
    for (activity, error, cross, hold, timing) in CASES {
        let error = if cross == "same" { activity } else { error };
        let (toy, pair) = (Toy { timing, ..toy }, pair(activity, error, cross, hold));
        let predicted = moments(&toy, &pair, iterations).unwrap();
        // Of the rule that is run, and of what theory says given the signals, which has less noise.
        let mut found = [const { Vec::new() }; 4];
        for repeat in 0..repeats {
            let (mut net, mut realised) = (network(&toy, repeat), Realised::of(&toy));
            let mut signals = signals(&toy, &pair, iterations, repeat);
            for _ in 0..iterations {
                net.step(signals.activity(), signals.error(), toy.eta);
                realised.add(signals.activity(), signals.error());
                signals.advance();
            }
            let [inner, square, _] =
                of_weights(&net.layers.weights[1], net.feedback.backward(1).unwrap());
            let given = realised.moments(&toy);
            let values = [inner, square, given.inner_product, given.squared_norm];
            found.iter_mut().zip(values).for_each(|(all, value)| all.push(Some(value)));
        }
        let expected = [predicted.inner_product, predicted.squared_norm];
        for (i, values) in found.into_iter().enumerate() {
            let summary = Summary::of(values);
            let (mean, error) = (summary.mean.unwrap(), summary.standard_error().unwrap());
            let off = (mean - expected[i % 2]) / error;
            assert!(
                off.abs() < 3.0,
                "{activity} {cross} {hold} {timing:?}, {i}: {mean} for {} ({off})",
                expected[i % 2]
            );
        }
    }
}

#[test]
fn the_first_layer_learns_as_the_overlap_and_alignment_as_its_square() {
    // Stimuli of 20 iterations, activity and error correlated by 0.8, the error 10 iterations late:
    // they overlap for a half.
    let toy = Toy { b_std: 1.0, ..Toy::new(&[10, 30, 10], 40, 1e-3).unwrap() };
    let (iterations, repeats, delays) = (300, 40, [0, 10]);
    let signal = pair("white", "white", "0.8", 20);
    let learnt = delays.map(|delay| {
        let toy = Toy { timing: timing(delay, None, None), ..toy };
        let values = (0..repeats).map(|repeat| {
            let (mut net, mut signals) =
                (network(&toy, repeat), signals(&toy, &signal, iterations, repeat));
            let start = net.layers.weights[0].clone();
            for _ in 0..iterations {
                net.step(signals.activity(), signals.error(), toy.eta);
                signals.advance();
            }
            let mut change = net.layers.weights[0].clone();
            change -= &start;
            Some(change.inner(net.feedback.backward(1).unwrap()))
        });
        let found = Summary::of(values);
        [found.mean.unwrap(), found.standard_error().unwrap()]
    });
    // Of every block of 20 iterations a half, but for the first, where nothing is active before the
    // start.
    let mean = |overlapping: f64| toy.eta * 40.0 * 0.8 * overlapping * 10.0 * 30.0;
    for ([found, error], expected) in learnt.into_iter().zip([mean(300.0), mean(150.0)]) {
        assert!((found - expected).abs() < 3.0 * error, "{found} +- {error} for {expected}");
    }
    let added = delays.map(|delay| {
        let toy = Toy { timing: timing(delay, None, None), ..toy };
        let of = |cross| {
            moments(&toy, &pair("white", "white", cross, 20), iterations).unwrap().inner_product
        };
        of("0.8") - of("none")
    });
    let share = added[1] / added[0];
    assert!((share - 0.25).abs() < 0.03, "{share}");
}
