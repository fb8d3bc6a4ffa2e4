//! The rule in isolation in full: output mask, weight normalisation, biases, and the split of the
//! update.

use crate::common::job::run;
use alignscope::condition::Kind;
use alignscope::matrix::Matrix;
use alignscope::rule::decomposition::{Follower, Plan, Wanted};
use alignscope::rule::{Activation, Isolated, Isolation, LagOne, WeightNorm};
use alignscope::signal::{Form, Pair, Signals, Sizes};

const LAYERS: [usize; 4] = [6, 9, 7, 5];
const BATCH: usize = 8;
const ETA: f64 = 1e-2;

fn network(activation: Activation) -> Isolated<f64> {
    Isolated::draw(&LAYERS, BATCH, activation, [0.7, 0.8], 4, 1)
}

fn signals(activity: &str, error: &str) -> Signals<f64> {
    let sizes = Sizes { batch: BATCH, inputs: 6, outputs: 5, iterations: 100 };
    let pair = Pair::independent(Form::parse(activity).unwrap(), Form::parse(error).unwrap());
    Signals::new(&pair, sizes, 9, 0).unwrap()
}

fn largest(matrix: &Matrix<f64>) -> f64 {
    matrix.as_slice().iter().fold(0.0, |m, v| m.max(v.abs()))
}

fn difference(a: &Matrix<f64>, b: &Matrix<f64>) -> Matrix<f64> {
    let values = a.as_slice().iter().zip(b.as_slice()).map(|(a, b)| a - b).collect();
    Matrix::from_vec(a.rows(), a.cols(), values)
}

/// `eta L_l^T delta_{l+1}` of the pass at hand.
fn update(net: &Isolated<f64>, activity: &Matrix<f64>, l: usize) -> Matrix<f64> {
    (ETA * net.pass.source(activity, l).t() * &net.pass.delta[l]).to_matrix()
}

/// What the terms of lag 1 leave of the update of every layer at the last of `steps` iterations,
/// relative to it.
fn remainder(activation: Activation, eta: f64, steps: usize) -> [f64; 2] {
    let (mut net, mut signals) =
        (network(activation).with_biases(0.3, 4, 1), signals("ar1:0.9", "ar1:0.8"));
    let mut terms = LagOne::new(&LAYERS, BATCH);
    let mut rest = [f64::NAN; 2];
    for _ in 0..steps {
        net.carry(signals.activity(), signals.error());
        terms.observe(&net.layers, signals.activity(), &net.pass, eta);
        for l in 1..3 {
            let mut whole = update(&net, signals.activity(), l);
            whole.scale(eta / ETA);
            if let Some(found) = terms.terms(l) {
                let left = difference(&difference(&whole, &found.superalignment), &found.alignment);
                rest[l - 1] = largest(&left) / largest(&whole);
            }
        }
        // The terms split the change of the weights alone, so the biases stay.
        let biases = net.layers.biases.clone();
        net.apply(signals.activity(), eta);
        net.layers.biases = biases;
        signals.advance();
    }
    rest
}

#[test]
fn terms_of_lag_one_add_up() {
    assert!(
        remainder(Activation::Linear, ETA, 1).iter().all(|r| r.is_nan()),
        "no terms before the second update"
    );
    for steps in [2, 5, 20] {
        let rest = remainder(Activation::Linear, ETA, steps);
        assert!(rest.iter().all(|&r| r < 1e-13), "{steps}: {rest:?}");
    }
    // Beyond linear layers the remainder is of second order in the latest change.
    let (coarse, fine) =
        (remainder(Activation::Tanh, 1e-3, 2), remainder(Activation::Tanh, 1e-4, 2));
    for (coarse, fine) in coarse.iter().zip(fine) {
        assert!((80.0..120.0).contains(&(coarse / fine)), "{coarse} {fine}");
    }
}

#[test]
fn sums_of_terms_are_sums_of_terms() {
    let (mut net, mut signals) = (network(Activation::Relu), signals("held", "held:2"));
    let mut terms = LagOne::new(&LAYERS, BATCH);
    let mut sums = [Matrix::zeros(LAYERS[1], LAYERS[2]), Matrix::zeros(LAYERS[1], LAYERS[2])];
    for _ in 0..15 {
        net.carry(signals.activity(), signals.error());
        terms.observe(&net.layers, signals.activity(), &net.pass, ETA);
        if let Some(found) = terms.terms(1) {
            for (sum, term) in sums.iter_mut().zip([&found.alignment, &found.superalignment]) {
                sum.as_mut_slice().iter_mut().zip(term.as_slice()).for_each(|(s, t)| *s += t);
            }
        }
        net.apply(signals.activity(), ETA);
        signals.advance();
    }
    let found = terms.terms(1).unwrap();
    assert_eq!(sums, [found.alignment_sum.clone(), found.superalignment_sum.clone()]);
    assert!(terms.terms(0).is_none() && terms.terms(3).is_none());
}

/// The decomposition in a window of one lag is this split, with and without a projection to be told
/// from the rule's step.
#[test]
fn terms_of_lag_one_are_those_of_the_decomposition() {
    for norm in [None, Some(WeightNorm::Neuron(vec![1.5]))] {
        let mut net = network(Activation::Tanh).with_biases(0.3, 4, 1);
        if let Some(kind) = &norm {
            net = net.with_weight_norm(kind);
        }
        let mut signals = signals("ar1:0.9", "ar1:0.8");
        let mut terms = LagOne::new(&LAYERS, BATCH);
        let plan = Plan { window: 1, projection: norm.is_some(), control: None };
        let mut follower = Follower::new(&net.layers, &plan).unwrap();
        for _ in 0..6 {
            net.carry(signals.activity(), signals.error());
            terms.observe(&net.layers, signals.activity(), &net.pass, ETA);
            let (input, pass) = (signals.activity().clone(), net.pass.clone());
            for l in 1..3 {
                let wanted = Wanted { lags: &[1], ..Wanted::LAST };
                let found = follower.decompose(l, &[(&input, &pass)], ETA, &wanted).unwrap();
                let (Some(lag_one), Some(term)) = (terms.terms(l), found.terms.first()) else {
                    assert!(terms.terms(l).is_none() && found.terms.is_empty());
                    continue;
                };
                let (alignment, last) = (&lag_one.alignment, &lag_one.superalignment);
                assert!(
                    largest(&difference(&term.alignment, alignment)) < 1e-12 * largest(alignment)
                );
                assert!(largest(&difference(&found.last, last)) < 1e-14 * largest(last));
            }
            net.apply(signals.activity(), ETA);
            follower.advance(&[(&input, &pass)], ETA, &net.layers).unwrap();
            signals.advance();
        }
    }
}

#[test]
fn output_mask_multiplies_the_error_by_the_derivative_at_the_output() {
    let (plain, masked, signals) =
        (network(Activation::Relu), network(Activation::Relu), signals("held", "held"));
    let (mut plain, mut masked) = (plain, masked.with_output_mask());
    plain.inject(signals.activity(), signals.error());
    masked.inject(signals.activity(), signals.error());
    assert_eq!(plain.pass.delta[2], *signals.error());
    let z = &masked.pass.z[2];
    let mut kept = 0;
    for (i, &delta) in masked.pass.delta[2].as_slice().iter().enumerate() {
        let open = z.as_slice()[i] >= 0.0;
        kept += usize::from(open);
        assert_eq!(delta, if open { signals.error().as_slice()[i] } else { 0.0 });
    }
    assert!(kept > 0 && kept < z.as_slice().len());
}

#[test]
fn normalised_networks_keep_their_norms_and_leave_the_backward_weights_alone() {
    let untouched = network(Activation::Relu);
    let (mut net, mut signals) = (
        network(Activation::Relu).with_weight_norm(&WeightNorm::Neuron(vec![1.5])),
        signals("held", "ar1:0.9"),
    );
    for _ in 0..10 {
        for weights in &net.layers.weights {
            for j in 0..weights.cols() {
                let norm =
                    (0..weights.rows()).map(|i| weights.row(i)[j].powi(2)).sum::<f64>().sqrt();
                assert!((norm - 1.5).abs() < 1e-14);
            }
        }
        net.step(signals.activity(), signals.error(), ETA);
        signals.advance();
    }
    for l in 1..3 {
        assert_eq!(net.feedback.backward(l), untouched.feedback.backward(l));
    }
}

#[test]
fn two_halves_make_a_step() {
    let (mut whole, mut halves) = (network(Activation::Tanh), network(Activation::Tanh));
    let signals = signals("white", "white");
    whole.step(signals.activity(), signals.error(), ETA);
    halves.carry(signals.activity(), signals.error());
    halves.apply(signals.activity(), ETA);
    assert_eq!(whole.layers.weights, halves.layers.weights);
}

/// What the library's builder gives is what the program gives with the same options, default ones
/// included.
#[test]
fn the_builder_gives_the_numbers_of_the_program() {
    let options: [&[(&str, &str)]; 2] = [
        &[("layers", "6,9,7,5"), ("batch", "8"), ("iterations", "40"), ("eta", "0.01")],
        &[
            ("layers", "6,9,5"),
            ("iterations", "20"),
            ("activation", "linear"),
            ("activity", "ar1:0.9"),
            ("error", "ar1:0.8"),
            ("w-std", "0.5"),
            ("wn", "1"),
        ],
    ];
    let deep = Isolation::of(&LAYERS).batch(BATCH).iterations(40).eta(0.01);
    let toy = Isolation::of(&[6, 9, 5]).iterations(20).activation(Activation::Linear).std(0.5, 1.0);
    let toy = toy
        .weight_norm(WeightNorm::Neuron(vec![1.0]))
        .activity("ar1:0.9")
        .unwrap()
        .error("ar1:0.8")
        .unwrap();
    for (options, isolation) in options.into_iter().zip([deep, toy]) {
        let (_, result) = run(Kind::Isolate, options);
        let mut built = isolation.begin().unwrap();
        built.finish();
        let last = result.records.iter().filter(|record| record.iteration == built.iteration());
        let angles: Vec<_> = last.map(|record| (record.layer.unwrap(), record.value)).collect();
        assert!(!angles.is_empty());
        for (l, angle) in angles {
            assert_eq!(built.weight_alignment(l), angle, "layer {l}");
        }
    }
}
