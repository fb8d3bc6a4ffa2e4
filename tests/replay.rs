//! Recorded signals replayed through the linear rule, against the prediction given these signals.

use alignscope::measure::angle::Direction;
use alignscope::measure::summary::Summary;
use alignscope::rule::{Activation, Isolated};
use alignscope::signal::{Form, Pair, Recording, Sizes, Surrogate};
use alignscope::theory::Toy;
use alignscope::theory::moments::{Moments, Realised};
use alignscope::vmath::{dot, sum_squares};
use rayon::iter::{IntoParallelIterator, ParallelIterator};

/// What the theory says of a recording, whose sizes are those of the network but for the hidden
/// units.
fn predict(recording: &Recording<f64>, toy: &Toy) -> Moments {
    let mut realised = Realised::new(toy.inputs, toy.outputs);
    for t in 0..recording.iterations() {
        realised.add(&recording.activity().matrix(t), &recording.error().matrix(t));
    }
    realised.moments(toy)
}

fn toy_of(recording: &Recording<f64>, hidden: usize, eta: f64) -> Toy {
    let [[_, batch, inputs], [.., outputs]] =
        [recording.activity(), recording.error()].map(|s| s.shape());
    Toy { w_std: 0.7, b_std: 0.8, ..Toy::new(&[inputs, hidden, outputs], batch, eta).unwrap() }
}

/// `[angle, inner product, squared norm]` after a replay with weights of their own.
fn replay(recording: &Recording<f64>, toy: &Toy, repeat: u64) -> [f64; 3] {
    let layers = [toy.inputs, toy.hidden, toy.outputs];
    let std = [toy.w_std, toy.b_std];
    let mut net = Isolated::<f64>::draw(&layers, toy.batch, Activation::Linear, std, 31, repeat);
    for t in 0..recording.iterations() {
        net.step(&recording.activity().matrix(t), &recording.error().matrix(t), toy.eta);
    }
    let (weights, backward) = (net.layers.weights[1].as_slice(), net.feedback.backward(1).unwrap());
    let angle = Direction::towards_transpose_of(backward).angle_to(weights).unwrap();
    [angle, dot(weights, backward.transpose().as_slice()), sum_squares(weights)]
}

/// Mean, standard deviation and standard error of the mean.
fn statistics(values: impl Iterator<Item = f64>) -> [f64; 3] {
    let found = Summary::of(values.map(Some));
    [found.mean, found.sd, found.standard_error()].map(Option::unwrap)
}

fn record(activity: &str, error: &str, cross: &str, sizes: Sizes) -> Recording<f64> {
    let pair = Pair {
        activity: Form::parse(activity).unwrap(),
        error: Form::parse(error).unwrap(),
        cross: cross.parse().unwrap(),
        ..Pair::default()
    };
    Recording::generate(&pair, sizes, 5, 0).unwrap()
}

/// `(activity, error, cross, [batch, inputs, outputs, iterations], hidden, eta)`.
type Case = (&'static str, &'static str, &'static str, [usize; 4], usize, f64);

const CASES: [Case; 7] = [
    ("ar1:0.9", "ar1:0.8", "none", [10, 8, 6, 30], 40, 0.02),
    ("held", "held", "none", [20, 12, 10, 40], 60, 0.004),
    ("ar1:0.5", "ar1:0.5", "0.6", [12, 12, 12, 40], 60, 0.006),
    ("white", "white", "none", [10, 8, 6, 30], 40, 0.02),
    ("uniform", "ar1:0.9,mean=0.3", "none", [20, 30, 10, 60], 60, 0.004),
    ("classes:5,within=0.6", "classes:5,within=0.6", "none", [50, 30, 10, 60], 60, 0.001),
    ("classes:5,within=0.6,mean=1", "classes:5,within=0.9", "none", [50, 30, 10, 60], 60, 0.001),
];

#[test]
fn replays_agree_with_the_prediction_given_the_signals() {
    let repeats = 3000;
    for (x, d, cross, [batch, inputs, outputs, iterations], hidden, eta) in CASES {
        let recording = record(x, d, cross, Sizes { batch, inputs, outputs, iterations });
        let toy = toy_of(&recording, hidden, eta);
        let exact = predict(&recording, &toy);
        let runs: Vec<[f64; 3]> =
            (0..repeats).into_par_iter().map(|r| replay(&recording, &toy, r)).collect();
        let [angle, inner, norm] = [0, 1, 2].map(|i| statistics(runs.iter().map(|run| run[i])));
        println!(
            "{x} {d} {cross}: angle {:.2} +- {:.2} ({:.2}), inner product {:.1} +- {:.1} ({:.1}), \
             sd {:.1} ({:.1}), norm {:.0} +- {:.0} ({:.0})",
            angle[0],
            angle[2],
            exact.angle,
            inner[0],
            inner[2],
            exact.inner_product,
            inner[1],
            exact.inner_product_sd,
            norm[0],
            norm[2],
            exact.squared_norm
        );
        assert!((inner[0] - exact.inner_product).abs() < 3.5 * inner[2], "{x} {d}");
        assert!((norm[0] - exact.squared_norm).abs() < 3.5 * norm[2], "{x} {d}");
        assert!((inner[1] / exact.inner_product_sd - 1.0).abs() < 0.1, "{x} {d}");
        assert!((angle[0] - exact.angle).abs() < 0.2 + 3.0 * angle[2], "{x} {d}");
    }
}

#[test]
fn surrogates_align_as_predicted() {
    let sizes = Sizes { batch: 20, inputs: 12, outputs: 10, iterations: 400 };
    let recording = record("ar1:0.8", "ar1:0.8", "none", sizes);
    let toy = toy_of(&recording, 60, 0.002);
    let original = predict(&recording, &toy);
    assert!(original.angle < 75.0, "{original:?}");
    for kind in Surrogate::ALL {
        let drawn = kind.draw(&recording, 3, 0).unwrap();
        let exact = predict(&drawn, &toy);
        let runs: Vec<f64> = (0..200).into_par_iter().map(|r| replay(&drawn, &toy, r)[0]).collect();
        let [angle, _, error] = statistics(runs.into_iter());
        assert!((angle - exact.angle).abs() < 0.2 + 4.0 * error, "{kind}");
        // Nothing is drawn for this one, and a single order says little of what is left on average.
        if kind == Surrogate::Reversed {
            continue;
        }
        let draws = (0..30)
            .into_par_iter()
            .map(|r| predict(&kind.draw(&recording, 4, r).unwrap(), &toy).inner_product);
        let [left, ..] =
            statistics(draws.collect::<Vec<f64>>().into_iter().map(|x| x / original.inner_product));
        println!(
            "{kind}: {angle:.2} +- {error:.2} ({:.2}, was {:.2}), trace left {left:.3}",
            exact.angle, original.angle
        );
        // The rest have the same pairs of iterations in another order, or rows as autocorrelated as
        // before.
        let destroys = matches!(
            kind,
            Surrogate::Time | Surrogate::Samples | Surrogate::Signs | Surrogate::SignsEach
        );
        assert!(
            if destroys { left.abs() < 0.2 } else { (left - 1.0).abs() < 0.2 },
            "{kind}: {left}"
        );
    }
}
