//! Normalisation of activities: gradients by finite differences, the way back under every rule,
//! running statistics, and what it puts into the budget.

use crate::common::job;
use alignscope::condition::Kind;
use alignscope::data::digits;
use alignscope::matrix::Matrix;
use alignscope::network::{Loss, Order, Setup, Subset, Trainer};
use alignscope::quantity::Quantity;
use alignscope::random::{Role, Stream};
use alignscope::rule::{Activation, ActivityNorm, Feedback, Layers, Pass, PolicyName, Rule};
use alignscope::spec::Analysis;
use alignscope::text::Choice;

const SIZES: [usize; 4] = [7, 6, 5, 4];
const SAMPLES: usize = 9;
const NORMS: [ActivityNorm; 2] = [ActivityNorm::Batch, ActivityNorm::Layer];

fn normal(stream: &mut Stream, rows: usize, columns: usize, scale: f64) -> Matrix<f64> {
    let mut matrix = Matrix::zeros(rows, columns);
    stream.fill_normal(matrix.as_mut_slice());
    matrix.scale(scale);
    matrix
}

#[test]
fn bp_follows_the_gradient_through_both_and_through_every_activation() {
    for (norm, &(_, activation)) in
        NORMS.iter().flat_map(|norm| Activation::CHOICES.iter().map(move |of| (*norm, of)))
    {
        let mut stream = Stream::new(11, 0, Role::Weights);
        let mut layers = Layers {
            weights: SIZES.windows(2).map(|n| normal(&mut stream, n[0], n[1], 0.6)).collect(),
            biases: SIZES[1..]
                .iter()
                .map(|&n| normal(&mut stream, 1, n, 0.3).as_slice().to_vec())
                .collect(),
            biases_learn: true,
            activations: vec![activation, activation, Activation::Linear],
            activity_norm: norm,
            running: Vec::new(),
        };
        let input = normal(&mut stream, SAMPLES, SIZES[0], 1.0);
        let target = normal(&mut stream, SAMPLES, SIZES[3], 1.0);
        let mut pass = Pass::new(&SIZES, SAMPLES);
        let loss = Loss::SquaredLinear;
        layers.forward(&input, &mut pass);
        loss.write_output_delta(Activation::Linear, &target, &mut pass);
        let mut feedback = Feedback::bp(&SIZES);
        feedback.refresh(&layers, 0);
        feedback.carry_back(&layers, &mut pass);
        let mut stepped = layers.clone();
        stepped.update(&input, &pass, 1.0);
        let mut value = |layers: &Layers<f64>| {
            layers.forward(&input, &mut pass);
            loss.value(&target, &pass)
        };
        let h = 1e-6;
        for l in 0..3 {
            let weights = layers.weights[l].as_slice().len();
            for i in 0..weights + layers.biases[l].len() {
                fn entry(layers: &mut Layers<f64>, l: usize, i: usize) -> &mut f64 {
                    let weights = layers.weights[l].as_slice().len();
                    match i.checked_sub(weights) {
                        None => &mut layers.weights[l].as_mut_slice()[i],
                        Some(j) => &mut layers.biases[l][j],
                    }
                }
                let start = *entry(&mut layers, l, i);
                let analytic = *entry(&mut stepped, l, i) - start;
                let mut at = |x: f64| {
                    *entry(&mut layers, l, i) = x;
                    value(&layers)
                };
                let slope = -(at(start + h) - at(start - h)) / (2.0 * h);
                at(start);
                assert!(
                    (slope - analytic).abs() < 1e-6 * (1.0 + slope.abs()),
                    "{norm:?} {activation:?} W_{l} [{i}]: {slope} {analytic}"
                );
            }
        }
    }
}

fn setup(norm: ActivityNorm) -> Setup {
    Setup {
        hidden: vec![20, 15],
        batch: 100,
        order: Order::EachEpoch,
        activity_norm: norm,
        eta: 1e-3,
        ..Setup::default()
    }
}

/// What comes of the way back has no mean over what was normalised together, whatever carries the
/// error, and the whole is the same on any number of threads and across a restart.
#[test]
fn every_rule_takes_its_errors_back_through_the_normalisation() {
    let data = digits::<f64>().unwrap();
    let pool = rayon::ThreadPoolBuilder::new().num_threads(2).build().unwrap();
    for (norm, name) in NORMS.iter().flat_map(|n| PolicyName::ALL.iter().map(move |p| (*n, p))) {
        let facts = name.facts();
        let argument = facts.argument.map(|of| if of.is_whole { of.example } else { 0.5 });
        let text = argument.map_or(facts.name.into(), |of| format!("{}:{of}", facts.name));
        let setup = Setup { rule: text.parse().unwrap(), ..setup(norm) };
        let mut whole = Trainer::new(&data, setup.clone(), 5, 1);
        (0..7).for_each(|_| whole.step());
        let state = serde_json::to_vec(&whole.state()).unwrap();
        (0..9).for_each(|_| whole.step());
        for part in whole.latest() {
            for delta in &part.pass.delta[..2] {
                let turned =
                    if norm == ActivityNorm::Batch { delta.transpose() } else { delta.clone() };
                for group in 0..turned.rows() {
                    let size = turned.row(group).iter().map(|d| d.abs()).sum::<f64>();
                    let sum = turned.row(group).iter().sum::<f64>();
                    assert!(sum.abs() <= 1e-12 * size, "{norm:?} {text}: {sum} of {size}");
                }
            }
        }
        let mut resumed = Trainer::new(&data, setup, 5, 1);
        assert!(resumed.restore(&serde_json::from_slice(&state).unwrap()));
        pool.install(|| {
            resumed.use_threads(2);
            (0..9).for_each(|_| resumed.step());
        });
        assert_eq!(whole.layers().weights, resumed.layers().weights, "{norm:?} {text}");
        assert_eq!(whole.layers().biases, resumed.layers().biases, "{norm:?} {text}");
        assert_eq!(whole.layers().running, resumed.layers().running, "{norm:?} {text}");
    }
}

#[test]
fn bp_is_bp_trw_with_transposed_weights_and_random_b_is_not() {
    let data = digits::<f64>().unwrap();
    for norm in NORMS {
        let mut bp = Trainer::new(&data, Setup { rule: Rule::BP, ..setup(norm) }, 5, 1);
        let mut same = Trainer::new(&data, setup(norm), 5, 1);
        let mut random = Trainer::new(&data, setup(norm), 5, 1);
        for _ in 0..12 {
            let transposed = (1..3).map(|l| same.layers().weights[l].transpose()).collect();
            *same.feedback_mut() = Feedback::fixed(transposed);
            [&mut bp, &mut same, &mut random].into_iter().for_each(Trainer::step);
        }
        assert_eq!(bp.layers().weights, same.layers().weights, "{norm:?}");
        assert_ne!(bp.layers().weights[0], random.layers().weights[0], "{norm:?}");
    }
}

/// Batches that hold all images have the statistics of all images, to which the running ones tend.
#[test]
fn running_statistics_tend_to_those_of_the_images() {
    let data = digits::<f64>().unwrap();
    let still = Setup { batch: 1437, eta: 1e-300, ..setup(ActivityNorm::Batch) };
    let mut net = Trainer::new(&data, still, 5, 1);
    let start = net.layers().running[0].clone();
    assert_eq!((start.mean[0], start.variance[0]), (0.0, 1.0));
    (0..250).for_each(|_| net.step());
    let raw = (&data.train.images * &net.layers().weights[0]).to_matrix();
    let n = raw.rows() as f64;
    for j in 0..20 {
        let column: Vec<f64> = (0..raw.rows()).map(|p| raw.row(p)[j]).collect();
        let mean = column.iter().sum::<f64>() / n;
        let variance = column.iter().map(|x| (x - mean).powi(2)).sum::<f64>() / (n - 1.0);
        let found = &net.layers().running[0];
        assert!((found.mean[j] - mean).abs() < 1e-9, "{j}: {} {mean}", found.mean[j]);
        assert!((found.variance[j] - variance).abs() < 1e-9, "{j}: {variance}");
    }
    // By them an image is read alone as it is among all.
    let code = net.code().clone();
    let by_running = net.evaluate(Subset::Train, &code).loss;
    let mut pass = Pass::new(net.sizes(), 1437);
    net.layers().forward(&data.train.images, &mut pass);
    let mut target = Matrix::zeros(1437, code.units());
    let shown = net.shown(Subset::Train, &code);
    for p in 0..1437 {
        code.write_target(shown.labels[p], [0.0, 1.0], target.row_mut(p));
    }
    let by_batch = net.setup().loss.value(&target, &pass) / 1437.0;
    assert!((by_running / by_batch - 1.0).abs() < 2e-3, "{by_running} {by_batch}");
}

#[test]
fn both_learn_the_digits_with_feedback_alignment() {
    let data = digits::<f32>().unwrap();
    for norm in NORMS {
        let mut net = Trainer::new(&data, Setup { eta: 0.003, ..setup(norm) }, 5, 1);
        (0..450).for_each(|_| net.step());
        let code = net.code().clone();
        let accuracy = net.evaluate(Subset::Test, &code).accuracy;
        assert!(accuracy > 85.0, "{norm:?}: {accuracy} %");
    }
}

/// Growth less alignment, squared steps and curvature is what optimiser, weight normalisation and
/// normalisation of activities inject.
#[test]
fn budgets_close_with_what_is_injected() {
    let optimizers: [&[(&str, &str)]; 3] =
        [&[], &[("optimizer", "adam")], &[("optimizer", "muon"), ("momentum", "0.9")]];
    for (norm, optimizer) in NORMS.iter().flat_map(|n| optimizers.iter().map(move |o| (*n, *o))) {
        for wn in ["off", "1"] {
            let quantities =
                "budget,budget_optimizer,budget_normalization,budget_activity_norm,terms_share";
            let options = [
                ("epochs", "3"),
                ("hidden", "24,20"),
                ("record-every", "180"),
                ("precision", "f64"),
                ("eta", "0.002"),
                ("activity-norm", norm.name()),
                ("wn", wn),
                ("quantities", quantities),
            ];
            let (_, result) = job::run(Kind::Train, &[&options[..], optimizer].concat());
            // Decompositions are of units that work each by itself.
            assert!(result.records.iter().all(|r| r.quantity != Quantity::TermsShare));
            for l in [1, 2] {
                let of = |quantity| job::value(&result, quantity, 180, l, None).unwrap();
                let parts = [
                    Quantity::BudgetGrowth,
                    Quantity::BudgetAlignment,
                    Quantity::BudgetQuadratic,
                    Quantity::BudgetCurvature,
                    Quantity::BudgetOptimizer,
                    Quantity::BudgetNormalization,
                    Quantity::BudgetActivityNorm,
                ]
                .map(of);
                let scale = parts.iter().map(|x| x.abs()).sum::<f64>();
                let left = parts[0] - parts[1..].iter().sum::<f64>();
                assert!(left.abs() < 1e-12 * scale, "{norm:?} {optimizer:?} {wn}: {parts:?}");
                assert!(parts[6].abs() > 1e-3 * scale, "{norm:?} {optimizer:?} {wn}: {parts:?}");
            }
        }
    }
}

#[test]
fn what_makes_no_sense_is_refused_with_a_remedy() {
    let refused = |kind, options: &[(&str, &str)]| {
        let errors = Analysis::from_options(kind, options.iter().copied()).unwrap_err();
        errors.iter().map(ToString::to_string).collect::<Vec<_>>().join("\n")
    };
    let batch = ("activity-norm", "batch");
    for (kind, options, remedy) in [
        (Kind::Train, vec![batch, ("batch", "1")], "do not have: raise batch"),
        (Kind::Train, vec![batch, ("batch", "359")], "does not have: set drop-last"),
        (Kind::Replay, vec![batch], "leave activity-norm out"),
        (Kind::Plane, vec![batch], "set activity-norm to layer, or leave it out"),
    ] {
        let error = refused(kind, &options);
        assert!(error.contains(remedy), "{error}");
    }
    let error = refused(Kind::Train, &[("rule", "drtp"), ("loss", "random")]);
    assert!(error.contains("set loss to half-squared, or rule to dfa"), "{error}");
    let whole = [batch, ("batch", "359"), ("drop-last", "on")];
    Analysis::from_options(Kind::Train, whole).unwrap();
}
