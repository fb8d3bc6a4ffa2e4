//! Feedback policies against the law that each obeys exactly, or within the spread that theory
//! gives.

use alignscope::data::{DataSet, digits};
use alignscope::matrix::Matrix;
use alignscope::measure::angle::weight_alignment;
use alignscope::measure::spectrum::singular_values;
use alignscope::network::{Biases, Loss, Order, Reduction, Rule, Setup, Std, Trainer};
use alignscope::random::{Role, Stream};
use alignscope::real::Real;
use alignscope::rule::{Activation, ActivityNorm, Facts, Feedback, Layers, Made, Pass, PolicyName};
use std::sync::Arc;

fn data<T: Real>() -> Arc<DataSet<T>> {
    digits().unwrap()
}

fn rule(text: &str) -> Rule {
    text.parse().unwrap()
}

/// A network of three weight matrices on the digits.
fn setup(text: &str) -> Setup {
    Setup {
        hidden: vec![20, 15],
        batch: 100,
        rule: rule(text),
        order: Order::EachEpoch,
        ..Setup::default()
    }
}

fn trainer<T: Real>(data: &DataSet<T>, setup: Setup) -> Trainer<'_, T> {
    Trainer::new(data, setup, 5, 1)
}

fn run<T: Real>(trainer: &mut Trainer<'_, T>, updates: usize) {
    (0..updates).for_each(|_| trainer.step());
}

fn normal(seed: u64, rows: usize, cols: usize) -> Matrix<f64> {
    let mut matrix = Matrix::zeros(rows, cols);
    Stream::new(seed, (rows * 1000 + cols) as u64, Role::Weights)
        .fill_normal(matrix.as_mut_slice());
    matrix
}

fn linear(weights: Vec<Matrix<f64>>) -> Layers<f64> {
    let depth = weights.len();
    let (biases, activations) = (vec![Vec::new(); depth], vec![Activation::Linear; depth]);
    Layers {
        weights,
        biases,
        biases_learn: false,
        activations,
        activity_norm: ActivityNorm::Off,
        running: Vec::new(),
    }
}

fn times(a: &Matrix<f64>, b: &Matrix<f64>) -> Matrix<f64> {
    let mut out = Matrix::zeros(a.rows(), b.cols());
    for i in 0..a.rows() {
        for (k, &left) in a.row(i).iter().enumerate() {
            out.row_mut(i).iter_mut().zip(b.row(k)).for_each(|(out, &right)| *out += left * right);
        }
    }
    out
}

fn add(to: &mut Matrix<f64>, factor: f64, other: &Matrix<f64>) {
    to.as_mut_slice()
        .iter_mut()
        .zip(other.as_slice())
        .for_each(|(to, &value)| *to += factor * value);
}

fn norm(matrix: &Matrix<f64>) -> f64 {
    matrix.as_slice().iter().map(|v| v * v).sum::<f64>().sqrt()
}

/// Largest difference of two matrices over the largest entry.
fn off(a: &Matrix<f64>, b: &Matrix<f64>) -> f64 {
    let largest = b.as_slice().iter().fold(0.0f64, |m, v| m.max(v.abs()));
    let difference =
        a.as_slice().iter().zip(b.as_slice()).map(|(a, b)| (a - b).abs()).fold(0.0, f64::max);
    difference / largest
}

/// A rule as it is typed.
fn text_of(facts: &Facts) -> String {
    let argument = facts.argument.map(|of| if of.is_whole { of.example } else { 0.5 });
    argument.map_or(facts.name.into(), |argument| format!("{}:{argument}", facts.name))
}

#[test]
fn every_policy_learns_the_digits_and_is_the_same_on_every_number_of_threads_and_after_a_restart() {
    let (single, double) = (data::<f32>(), data::<f64>());
    for name in PolicyName::ALL {
        let facts = name.facts();
        let text = text_of(facts);
        let mut setup = Setup { weight_decay: 1e-3, ..setup(&text) };
        // Targets drive units one way for ever: those of tanh-relu that go down are dead.
        if text == "drtp" {
            setup.activations = vec![Activation::Tanh];
        }
        let mut whole = trainer(&double, setup.clone());
        run(&mut whole, 30);
        let mut begun = trainer(&double, setup.clone());
        run(&mut begun, 13);
        let state = begun.state();
        let mut resumed = trainer(&double, setup.clone());
        assert!(resumed.restore(&state), "{text}");
        let pool = rayon::ThreadPoolBuilder::new().num_threads(2).build().unwrap();
        pool.install(|| {
            resumed.use_threads(2);
            run(&mut resumed, 17);
        });
        for l in 0..3 {
            assert_eq!(whole.layers().weights[l], resumed.layers().weights[l], "{text}, layer {l}");
            assert_eq!(
                whole.feedback().backward(l),
                resumed.feedback().backward(l),
                "{text}, layer {l}"
            );
        }
        let mut longer = trainer(&single, setup);
        run(&mut longer, 600);
        let code = longer.code().clone();
        let accuracy = longer.evaluate(alignscope::network::Subset::Test, &code).accuracy;
        // Ten classes; frozen layers of 15 units do not get far.
        let least = if text == "shallow" { 20.0 } else { 60.0 };
        assert!(accuracy > least, "{text}: {accuracy} %");
    }
}

#[test]
fn interpolation_is_bp_at_one_end_and_bp_trw_at_the_other_to_the_last_bit() {
    let data = data::<f32>();
    for (text, same) in [("interpolated:1", "bp"), ("interpolated:0", "bp-trw")] {
        let [mut a, mut b] = [text, same].map(|text| trainer(&data, setup(text)));
        run(&mut a, 40);
        run(&mut b, 40);
        assert_eq!(a.layers().weights, b.layers().weights, "{text}");
    }
}

#[test]
fn kolen_pollack_brings_the_two_together_at_the_rate_of_the_decay() {
    let data = data::<f64>();
    for reduction in [Reduction::Sum, Reduction::Mean] {
        let setup = Setup { eta: 0.01, weight_decay: 2.0, reduction, ..setup("kp") };
        let mut trainer = trainer(&data, setup);
        let apart = |trainer: &Trainer<'_, f64>, l: usize| {
            let mut apart = trainer.layers().weights[l].clone();
            add(&mut apart, -1.0, &trainer.feedback().backward(l).unwrap().transpose());
            apart
        };
        let start: Vec<Matrix<f64>> = (1..3).map(|l| apart(&trainer, l)).collect();
        run(&mut trainer, 60);
        for (l, mut expected) in (1..3).zip(start) {
            expected.scale(0.98f64.powi(60));
            let found = off(&apart(&trainer, l), &expected);
            assert!(found < 1e-12, "layer {l}: {found:e}");
        }
    }
}

#[test]
fn sign_symmetry_starts_at_the_angles_of_theory() {
    let data = data::<f64>();
    let pi = std::f64::consts::PI;
    // Gaussian W: E|w| / sqrt(E w^2) = sqrt(2 / pi), and the square of it with magnitudes of their
    // own.
    for (text, cosine) in
        [("sign-uniform", (2.0 / pi).sqrt()), ("sign-fixed", 2.0 / pi), ("sign-batch", 2.0 / pi)]
    {
        let setup = Setup { hidden: vec![150, 200], ..setup(text) };
        let trainer = trainer(&data, setup);
        let (w, b) = (&trainer.layers().weights[1], trainer.feedback().backward(1).unwrap());
        let angle = weight_alignment(w, b).unwrap().unwrap();
        // 30,000 entries: a standard error of about 0.2 degrees.
        assert!((angle - cosine.acos().to_degrees()).abs() < 1.0, "{text}: {angle}");
        let signs = w
            .transpose()
            .as_slice()
            .iter()
            .zip(b.as_slice())
            .filter(|(w, b)| **w * **b < 0.0)
            .count();
        assert_eq!(signs, 0, "{text}");
    }
}

#[test]
fn magnitudes_of_signs_stay_or_change_as_they_should() {
    let data = data::<f64>();
    let magnitudes = |text: &str| {
        let mut trainer = trainer(&data, setup(text));
        let of = |trainer: &Trainer<'_, f64>| -> Vec<f64> {
            trainer.feedback().backward(1).unwrap().as_slice().iter().map(|b| b.abs()).collect()
        };
        let before = of(&trainer);
        run(&mut trainer, 3);
        let changed = before.iter().zip(of(&trainer)).filter(|(a, b)| *a != b).count();
        (changed, before.len())
    };
    assert_eq!(magnitudes("usf").0, 0);
    assert_eq!(magnitudes("frsf").0, 0);
    let (changed, all) = magnitudes("brsf");
    assert_eq!(changed, all);
}

#[test]
fn chosen_sparse_and_orthogonal_matrices_are_what_they_say() {
    let data = data::<f64>();
    let with = |text: &str| {
        trainer(&data, Setup { hidden: vec![60, 40], normalize_b: true, ..setup(text) })
    };
    let drawn = with("bp-trw");
    let drawn_norm = |l: usize| norm(drawn.feedback().backward(l).unwrap());
    for cosine in [-1.0, -0.3, 0.0, 0.5, 1.0] {
        let chosen = with(&format!("correlated:{cosine}"));
        for l in 1..3 {
            let b = chosen.feedback().backward(l).unwrap();
            let angle = weight_alignment(&chosen.layers().weights[l], b).unwrap().unwrap();
            assert!((angle - f64::acos(cosine).to_degrees()).abs() < 1e-6, "{cosine}: {angle}");
            assert!((norm(b) / drawn_norm(l) - 1.0).abs() < 1e-12);
        }
    }
    let sparse = with("sparse:0.2");
    let b = sparse.feedback().backward(1).unwrap();
    let kept = b.as_slice().iter().filter(|b| **b != 0.0).count();
    // 2,400 entries: five standard deviations of the binomial are 98.
    assert!((kept as f64 - 480.0).abs() < 98.0, "{kept}");
    for (kept, drawn) in b.as_slice().iter().zip(drawn.feedback().backward(1).unwrap().as_slice()) {
        assert!(*kept == 0.0 || (kept / drawn - 5f64.sqrt()).abs() < 1e-12);
    }
    let orthogonal = with("orthogonal");
    for l in 1..3 {
        let b = orthogonal.feedback().backward(l).unwrap();
        // 40 x 60 has orthonormal rows, 50 x 40 orthonormal columns.
        let gram =
            if b.rows() < b.cols() { times(b, &b.transpose()) } else { times(&b.transpose(), b) };
        let mut expected = Matrix::zeros(gram.rows(), gram.cols());
        (0..gram.rows())
            .for_each(|i| expected.row_mut(i)[i] = drawn_norm(l).powi(2) / gram.rows() as f64);
        assert!(off(&gram, &expected) < 1e-12);
    }
}

#[test]
fn direct_feedback_of_a_deep_linear_network_obeys_its_identity() {
    const SIZES: [usize; 5] = [5, 8, 7, 6, 3];
    let mut layers = linear(SIZES.windows(2).map(|n| Matrix::zeros(n[0], n[1])).collect());
    let drawn: Vec<Matrix<f64>> = (1..4).map(|l| normal(3, SIZES[4], SIZES[l])).collect();
    let feedback = Feedback::begin(rule("dfa"), drawn.clone(), &layers, [1, 0]);
    let (eta, mut pass) = (0.05, Pass::new(&SIZES, 1));
    let (mut inputs, mut errors) = (Vec::new(), Vec::new());
    for t in 0..12 {
        let (input, error) = (normal(100 + t, 1, SIZES[0]), normal(200 + t, 1, SIZES[4]));
        layers.forward(&input, &mut pass);
        pass.output_delta_mut().as_mut_slice().copy_from_slice(error.as_slice());
        feedback.carry_back(&layers, &mut pass);
        layers.update(&input, &pass, eta);
        inputs.push(input);
        errors.push(error);
    }
    // A_2 of the identity, transposed as everything here is: W_1 = B_1^T A B_2.
    let mut a = Matrix::zeros(SIZES[4], SIZES[4]);
    for t in 0..12 {
        for earlier in 0..t {
            let overlap: f64 = inputs[t]
                .as_slice()
                .iter()
                .zip(inputs[earlier].as_slice())
                .map(|(a, b)| a * b)
                .sum();
            add(&mut a, eta * eta * overlap, &times(&errors[earlier].transpose(), &errors[t]));
        }
    }
    let expected = times(&times(&drawn[0].transpose(), &a), &drawn[1]);
    assert!(off(&layers.weights[1], &expected) < 1e-12);
    assert!(feedback.backward(1).unwrap().rows() == 3 && feedback.rule().compared(4) == (3..4));
}

#[test]
fn a_linear_network_from_zero_obeys_lillicraps_identity() {
    const SIZES: [usize; 3] = [6, 9, 4];
    let mut layers = linear(SIZES.windows(2).map(|n| Matrix::zeros(n[0], n[1])).collect());
    let b = normal(5, SIZES[2], SIZES[1]);
    let feedback = Feedback::fixed(vec![b.clone()]);
    let (eta, mut pass) = (0.03, Pass::new(&SIZES, 7));
    let mut c = Matrix::zeros(SIZES[0], SIZES[2]);
    let mut steps = Matrix::zeros(SIZES[2], SIZES[2]);
    for t in 0..10 {
        let (input, error) = (normal(300 + t, 7, SIZES[0]), normal(400 + t, 7, SIZES[2]));
        layers.forward(&input, &mut pass);
        pass.output_delta_mut().as_mut_slice().copy_from_slice(error.as_slice());
        feedback.carry_back(&layers, &mut pass);
        layers.update(&input, &pass, eta);
        let mut step = times(&input.transpose(), &error);
        step.scale(eta);
        add(&mut c, 1.0, &step);
        add(&mut steps, 1.0, &times(&step.transpose(), &step));
    }
    assert!(off(&layers.weights[0], &times(&c, &b)) < 1e-12);
    // W_1 = B^T K, so that the pseudo-inverse of B^T gives K, the symmetric part of which is known.
    let inverse =
        alignscope::measure::spectrum::Svd::new(&b.transpose()).unwrap().pseudo_inverse().unwrap();
    let k = times(&inverse, &layers.weights[1]);
    let mut twice = k.clone();
    add(&mut twice, 1.0, &k.transpose());
    let mut expected = times(&c.transpose(), &c);
    add(&mut expected, -1.0, &steps);
    assert!(off(&twice, &expected) < 1e-11);
}

/// On the same errors again and again, channels come to span their principal directions, and the
/// rank stays.
#[test]
fn low_rank_channels_come_to_carry_the_principal_errors() {
    let (below, units, above, rank) = (9, 12, 10, 3);
    let sizes = [below, units, above];
    let layers = linear(sizes.windows(2).map(|n| normal(1, n[0], n[1])).collect());
    let drawn = normal(2, above, units);
    let mut feedback = Feedback::begin(rule("low-rank:3"), vec![drawn.clone()], &layers, [1, 0]);
    let start = feedback.backward(1).unwrap().clone();
    assert!((norm(&start) / norm(&drawn) - 1.0).abs() < 1e-12, "the norm drawn");
    // Errors whose directions have sizes that differ.
    let mut errors = normal(3, 40, above);
    for i in 0..40 {
        errors.row_mut(i).iter_mut().enumerate().for_each(|(j, e)| *e *= 0.6f64.powi(j as i32));
    }
    let mut pass = Pass::new(&sizes, 40);
    pass.output_delta_mut().as_mut_slice().copy_from_slice(errors.as_slice());
    let made = Made { passes: &[&pass], layers: &layers, rate: 0.1 };
    for iteration in 1..=20_000 {
        feedback.learn(&made, iteration, &mut |_, _, _| {});
    }
    let b = feedback.backward(1).unwrap();
    let values = singular_values(b).unwrap();
    assert!(values[rank] < 1e-12 * values[0] && values[rank - 1] > 0.9 * values[0], "{values:?}");
    // What B keeps of the errors is what no projection of that rank exceeds.
    let principal: f64 =
        singular_values(&errors).unwrap()[..rank].iter().map(|s| s * s).sum::<f64>();
    // B has orthonormal channels times rows of one norm.
    let kept = |b: &Matrix<f64>| {
        let mut projector = times(b, &b.transpose());
        projector.scale(rank as f64 / norm(b).powi(2));
        norm(&times(&errors, &projector)).powi(2)
    };
    assert!((kept(b) / principal - 1.0).abs() < 1e-6, "{} {principal}", kept(b));
    assert!(kept(&start) < 0.9 * principal, "it had to learn them");
}

/// Without errors on their way, the first layer of a linear network is the overlap of inputs and
/// targets, whatever the others do.
#[test]
fn random_target_projection_accumulates_targets() {
    let data = data::<f64>();
    let linear = Setup {
        activations: vec![Activation::Linear],
        loss: Loss::SquaredLinear,
        biases: Biases::Off,
        batch: 1437,
        eta: 1e-5,
        ..setup("drtp")
    };
    let mut net = trainer(&data, linear);
    let start = net.layers().weights[0].clone();
    net.look_ahead();
    let mut overlap = Matrix::zeros(start.rows(), net.setup().code.outputs(10));
    for part in net.ahead() {
        add(&mut overlap, 1e-5, &times(&part.input.transpose(), &part.target));
    }
    let b = net.feedback().backward(1).unwrap().clone();
    for k in 1..=5 {
        net.step();
        let mut expected = start.clone();
        add(&mut expected, k as f64, &times(&overlap, &b));
        assert!(off(&net.layers().weights[0], &expected) < 1e-12, "after {k}");
    }
    assert_eq!(net.feedback().rule().compared(3), 2..3);
}

/// With one hidden layer it is Kolen-Pollack to the last bit; with more, in the last layer's law.
#[test]
fn direct_kolen_pollack_is_kolen_pollack_where_the_error_is_of_the_layer_above() {
    let data = data::<f64>();
    let of = |text: &str, hidden: &[usize]| Setup {
        hidden: hidden.to_vec(),
        weight_decay: 2.0,
        ..setup(text)
    };
    let [mut direct, mut layered] = ["dkp", "kp"].map(|text| trainer(&data, of(text, &[20])));
    run(&mut direct, 40);
    run(&mut layered, 40);
    assert_eq!(direct.layers().weights, layered.layers().weights);
    assert_eq!(direct.feedback().backward(1), layered.feedback().backward(1));
    let mut deep = trainer(&data, of("dkp", &[20, 15]));
    let apart = |net: &Trainer<'_, f64>| {
        let mut apart = net.layers().weights[2].clone();
        add(&mut apart, -1.0, &net.feedback().backward(2).unwrap().transpose());
        apart
    };
    let mut expected = apart(&deep);
    let lower = deep.feedback().backward(1).unwrap().clone();
    run(&mut deep, 60);
    expected.scale(0.98f64.powi(60));
    assert!(off(&apart(&deep), &expected) < 1e-12);
    let after = deep.feedback().backward(1).unwrap();
    assert!(after.shape() == (50, 20) && off(after, &lower) > 0.1, "those below learn as well");
}

#[test]
fn the_mirror_tends_to_the_transposed_weights_within_its_noise() {
    let (n, m, rate) = (40, 30, 0.02);
    let layers = linear(vec![Matrix::zeros(1, n), normal(6, n, m)]);
    let mut feedback =
        Feedback::begin(rule(&format!("mirror:{rate}")), vec![normal(7, m, n)], &layers, [3, 0]);
    let made = Made { passes: &[], layers: &layers, rate: 0.1 };
    for iteration in 1..=600 {
        feedback.learn(&made, iteration, &mut |_, _, _| {});
    }
    let (w, b) = (&layers.weights[1], feedback.backward(1).unwrap());
    // Centring takes one of 32 samples from the mean. An entry of y^T x / 32 has the variance
    // (|w|^2 + w_ij^2) / 32 or so, the running mean rate / (2 - rate) of that.
    let mut rest = b.transpose();
    add(&mut rest, -31.0 / 32.0, w);
    let expected = norm(w) * ((n as f64 + 1.0) / 32.0 * rate / (2.0 - rate)).sqrt();
    assert!((norm(&rest) / expected - 1.0).abs() < 0.1, "{} {expected}", norm(&rest));
}

#[test]
fn permuted_units_and_scaled_feedback_do_what_theory_says() {
    let data = data::<f64>();
    let linear = Setup {
        activations: vec![Activation::Linear],
        loss: Loss::SquaredLinear,
        biases: Biases::Off,
        w_std: Std::Value(0.1),
        ..setup("bp-trw")
    };
    // Scaling every B by c scales the deltas j layers below the output by c^j.
    let [mut plain, mut scaled] =
        [1.0, 3.0].map(|b_scale| trainer(&data, Setup { b_scale, ..linear.clone() }));
    plain.look_ahead();
    scaled.look_ahead();
    for (a, b) in plain.ahead().iter().zip(scaled.ahead()) {
        for (l, factor) in [(1, 3.0), (0, 9.0)] {
            let mut expected = a.pass.delta[l].clone();
            expected.scale(factor);
            assert!(off(&b.pass.delta[l], &expected) < 1e-12);
        }
    }
    // Units of a hidden layer in another order, with their weights, biases and backward weights:
    // the same angles.
    let [mut plain, mut permuted] = [(), ()].map(|()| trainer(&data, setup("bp-trw")));
    let order: Vec<usize> = (0..15).map(|i| (7 * i + 3) % 15).collect();
    let columns = |m: &Matrix<f64>| {
        let mut out = m.clone();
        (0..m.rows()).for_each(|i| (0..15).for_each(|j| out.row_mut(i)[j] = m.row(i)[order[j]]));
        out
    };
    let rows = |m: &Matrix<f64>| columns(&m.transpose()).transpose();
    let layers = permuted.layers_mut();
    layers.weights[1] = columns(&layers.weights[1]);
    layers.weights[2] = rows(&layers.weights[2]);
    layers.biases[1] = order.iter().map(|&j| layers.biases[1][j]).collect();
    let [b1, b2] = [1, 2].map(|l| plain.feedback().backward(l).unwrap().clone());
    *permuted.feedback_mut() = Feedback::fixed(vec![rows(&b1), columns(&b2)]);
    run(&mut plain, 30);
    run(&mut permuted, 30);
    for l in 1..3 {
        let angle = |trainer: &Trainer<'_, f64>| {
            weight_alignment(&trainer.layers().weights[l], trainer.feedback().backward(l).unwrap())
                .unwrap()
                .unwrap()
        };
        assert!((angle(&plain) - angle(&permuted)).abs() < 1e-9);
    }
}
