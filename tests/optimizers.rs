//! Optimisers against PyTorch's, and what they put into decomposition and budget.

use crate::common::job;
use alignscope::array::read_npz;
use alignscope::condition::Kind;
use alignscope::data::{CodeKind, DataSet, Split};
use alignscope::matrix::Matrix;
use alignscope::network::{Loss, MuonScale, Optimizer, Order, Setup, Trainer};
use alignscope::quantity::Quantity;
use alignscope::rule::{Activation, PolicyName, Rule, WeightNorm};
use alignscope::run::JobResult;
use alignscope::spec::Analysis;
use alignscope::text::Choice;
use std::path::Path;

/// A member of the reference, made by `tests/data/optimizer_steps.py`.
fn reference(name: &str) -> Vec<f64> {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/data/optimizer-steps.npz");
    read_npz(&path, Some(name)).unwrap().data
}

const SIZES: [usize; 3] = [6, 9, 4];

fn data() -> DataSet<f64> {
    let images = Matrix::from_vec(15, SIZES[0], reference("images"));
    let labels: Vec<u8> = reference("labels").into_iter().map(|label| label as u8).collect();
    let split = Split { images, labels };
    DataSet { train: split.clone(), test: split, classes: SIZES[2] }
}

fn of_cell(cell: &str) -> Setup {
    let setup = Setup {
        hidden: vec![SIZES[1]],
        rule: Rule::BP,
        activations: vec![Activation::Tanh],
        code: CodeKind::OneHot,
        loss: Loss::HalfSquared,
        batch: 5,
        epochs: 8,
        order: Order::Fixed,
        eta: 0.02,
        beta1: 0.8,
        beta2: 0.95,
        epsilon: 1e-6,
        ..Setup::default()
    };
    let muon =
        Setup { optimizer: Optimizer::Muon, momentum: 0.9, weight_decay: 0.1, ..setup.clone() };
    match cell {
        "momentum" => Setup { eta: 0.05, momentum: 0.9, weight_decay: 0.01, ..setup },
        "nesterov" => {
            Setup { optimizer: Optimizer::Nesterov, momentum: 0.9, weight_decay: 0.01, ..setup }
        }
        "adam" => Setup { optimizer: Optimizer::Adam, weight_decay: 0.01, ..setup },
        "adamw" => Setup { optimizer: Optimizer::AdamW, weight_decay: 0.1, ..setup },
        "muon-original" => muon,
        _ => Setup { muon_scale: MuonScale::MatchRms, ..muon },
    }
}

/// Weights and biases, one after the other.
fn values(trainer: &Trainer<'_, f64>) -> Vec<f64> {
    let layers = trainer.layers();
    let weights = layers.weights.iter().map(Matrix::as_slice);
    weights.chain(layers.biases.iter().map(Vec::as_slice)).flatten().copied().collect()
}

#[test]
fn every_step_is_pytorchs() {
    let data = data();
    let at: Vec<usize> = reference("at").into_iter().map(|k| k as usize).collect();
    assert_eq!(at.last(), Some(&24));
    let cells = ["momentum", "nesterov", "adam", "adamw", "muon-original", "muon-match-rms"];
    let mut ends = Vec::new();
    for cell in cells {
        let mut trainer = Trainer::new(&data, of_cell(cell), 1, 0);
        let layers = trainer.layers_mut();
        for (l, name) in ["W0", "W1"].iter().enumerate() {
            layers.weights[l] = Matrix::from_vec(SIZES[l], SIZES[l + 1], reference(name));
        }
        layers.biases = ["b1", "b2"].map(reference).to_vec();
        let expected = reference(cell);
        let length = expected.len() / at.len();
        for (place, &k) in at.iter().enumerate() {
            while trainer.iteration() < k {
                trainer.step();
            }
            let (found, expected) = (values(&trainer), &expected[place * length..][..length]);
            let largest = expected.iter().fold(0.0f64, |most, x| most.max(x.abs()));
            let off = found.iter().zip(expected).map(|(a, b)| (a - b).abs()).fold(0.0, f64::max);
            assert!(off < 2e-14 * largest * k as f64, "{cell} after {k}: {off} of {largest}");
        }
        ends.push(values(&trainer));
    }
    assert!((1..ends.len()).all(|i| !ends[..i].contains(&ends[i])), "no two do the same");
}

const OPTIMIZERS: [&[(&str, &str)]; 6] = [
    &[("momentum", "0.9"), ("weight-decay", "0.01")],
    &[("optimizer", "nesterov"), ("momentum", "0.9"), ("weight-decay", "0.01")],
    &[("optimizer", "adam"), ("weight-decay", "0.01")],
    &[("optimizer", "adamw"), ("weight-decay", "0.1")],
    &[("optimizer", "muon"), ("momentum", "0.95"), ("weight-decay", "0.1"), ("eta", "0.02")],
    &[("optimizer", "adam"), ("bias", "untrained")],
];

fn digits(options: &[(&str, &str)]) -> JobResult {
    let base = [
        ("epochs", "3"),
        ("hidden", "24,20"),
        ("record-every", "45"),
        ("precision", "f64"),
        ("eta", "0.002"),
    ];
    let mut all: Vec<(&str, &str)> = base.to_vec();
    for &(name, text) in options {
        all.retain(|(other, _)| *other != name);
        all.push((name, text));
    }
    job::run(Kind::Train, &all).1
}

/// Growth less alignment, squared steps and curvature is what optimiser and normalisation inject,
/// which is computed from their parts of the steps.
#[test]
fn budgets_close_with_what_optimiser_and_normalisation_inject() {
    for optimizer in OPTIMIZERS {
        for norm in ["off", "1"] {
            let options =
                [("quantities", "budget,budget_optimizer,budget_normalization"), ("wn", norm)];
            let result = digits(&[&options[..], optimizer].concat());
            for l in [1, 2] {
                let of = |quantity| job::value(&result, quantity, 180, l, None).unwrap();
                let parts = [
                    Quantity::BudgetGrowth,
                    Quantity::BudgetAlignment,
                    Quantity::BudgetQuadratic,
                    Quantity::BudgetCurvature,
                    Quantity::BudgetOptimizer,
                    Quantity::BudgetNormalization,
                ]
                .map(of);
                let [growth, alignment, quadratic, curvature, by_optimizer, by_norm] = parts;
                let scale = parts.iter().map(|x| x.abs()).sum::<f64>();
                let left = growth - alignment - quadratic - curvature - by_optimizer - by_norm;
                assert!(left.abs() < 1e-12 * scale, "{optimizer:?} {norm} {l}: {left} {parts:?}");
                assert!(by_optimizer.abs() > 1e-3 * scale, "{optimizer:?} {norm} {l}: {parts:?}");
                assert_eq!(by_norm != 0.0, norm == "1", "{optimizer:?} {l}: {parts:?}");
            }
        }
    }
}

#[test]
fn decompositions_close_with_every_optimiser() {
    for optimizer in OPTIMIZERS {
        for norm in ["off", "1"] {
            let options = [("quantities", "decomposition"), ("wn", norm)];
            let result = digits(&[&options[..], optimizer].concat());
            for (k, l) in [(45, 1), (180, 1), (180, 2)] {
                let parts = [
                    Quantity::TermsShare,
                    Quantity::ProjectionsShare,
                    Quantity::LastShare,
                    Quantity::RemainderShare,
                ]
                .map(|quantity| job::value(&result, quantity, k, l, None).unwrap());
                let scale = 1.0 + parts.iter().map(|share| share.abs()).sum::<f64>();
                let left = parts.iter().sum::<f64>() - 1.0;
                assert!(left.abs() < 1e-12 * scale, "{optimizer:?} {norm} {k} {l}: {parts:?}");
                assert!(parts[1].abs() > 1e-6, "{optimizer:?} {norm} {k} {l}: {parts:?}");
            }
        }
    }
}

/// With every rule, on any number of threads, and across a restart.
#[test]
fn every_rule_goes_with_every_optimiser_to_the_same_bits() {
    let digits = alignscope::data::digits::<f64>().unwrap();
    let optimizers = [Optimizer::Nesterov, Optimizer::Adam, Optimizer::AdamW, Optimizer::Muon];
    let pool = rayon::ThreadPoolBuilder::new().num_threads(2).build().unwrap();
    for (name, optimizer) in
        PolicyName::ALL.iter().flat_map(|name| optimizers.map(|optimizer| (name, optimizer)))
    {
        let facts = name.facts();
        let argument = facts.argument.map(|of| if of.is_whole { of.example } else { 0.5 });
        let rule = argument.map_or(facts.name.into(), |of| format!("{}:{of}", facts.name));
        let has_momentum = !matches!(optimizer, Optimizer::Adam | Optimizer::AdamW);
        let setup = Setup {
            hidden: vec![12, 11],
            batch: 100,
            rule: rule.parse().unwrap(),
            optimizer,
            eta: 1e-3,
            momentum: if has_momentum { 0.9 } else { 0.0 },
            weight_decay: 1e-2,
            ..Setup::default()
        };
        let mut whole = Trainer::new(&digits, setup.clone(), 5, 1);
        (0..9).for_each(|_| whole.step());
        let state = serde_json::to_vec(&whole.state()).unwrap();
        (0..8).for_each(|_| whole.step());
        let mut resumed = Trainer::new(&digits, setup.clone(), 5, 1);
        assert!(resumed.restore(&serde_json::from_slice(&state).unwrap()));
        pool.install(|| {
            resumed.use_threads(2);
            (0..8).for_each(|_| resumed.step());
        });
        let label = optimizer.name();
        assert_eq!(whole.layers().weights, resumed.layers().weights, "{rule} {label}");
        assert_eq!(whole.layers().biases, resumed.layers().biases, "{rule} {label}");
        for l in 1..3 {
            let [a, b] = [&whole, &resumed].map(|net| net.feedback().backward(l));
            assert_eq!(a, b, "{rule} {label} {l}");
        }
        // A checkpoint of another optimiser has other moments.
        let plain = Setup { optimizer: Optimizer::Sgd, momentum: 0.0, ..setup };
        let mut other = Trainer::new(&digits, plain, 5, 1);
        assert!(!other.restore(&serde_json::from_slice(&state).unwrap()), "{rule} {label}");
    }
}

/// Backward weights that descend do so as the forward weights do, whatever makes the steps.
#[test]
fn kolen_pollack_meets_at_the_rate_of_the_decay_under_decoupled_decay() {
    let digits = alignscope::data::digits::<f64>().unwrap();
    for optimizer in [Optimizer::AdamW, Optimizer::Muon] {
        let setup = Setup {
            hidden: vec![20, 15],
            batch: 100,
            rule: "kp".parse().unwrap(),
            optimizer,
            eta: 0.01,
            momentum: if optimizer == Optimizer::Muon { 0.9 } else { 0.0 },
            weight_decay: 1.0,
            ..Setup::default()
        };
        let mut net = Trainer::new(&digits, setup, 5, 1);
        let apart = |net: &Trainer<'_, f64>, l: usize| {
            let mut difference = net.layers().weights[l].clone();
            difference -= &net.feedback().backward(l).unwrap().transpose();
            difference
        };
        let start: Vec<_> = (1..3).map(|l| apart(&net, l)).collect();
        (0..60).for_each(|_| net.step());
        for (l, start) in (1..3).zip(start) {
            let (mut left, mut expected) = (apart(&net, l), start);
            expected.scale(0.99f64.powi(60));
            left -= &expected;
            let off = left.norm() / expected.norm();
            assert!(off < 1e-11, "{} {l}: {off}", optimizer.name());
        }
    }
}

#[test]
fn under_muon_steps_have_full_rank_and_normalisation_holds_after_it() {
    let digits = alignscope::data::digits::<f64>().unwrap();
    let setup = Setup {
        hidden: vec![20, 15],
        batch: 10,
        optimizer: Optimizer::Muon,
        momentum: 0.95,
        eta: 0.02,
        weight_norm: Some(WeightNorm::Neuron(vec![1.0])),
        ..Setup::default()
    };
    let mut net = Trainer::new(&digits, setup, 5, 1);
    net.keep_unnormalised();
    (0..20).for_each(|_| net.step());
    let before = net.layers().weights[1].clone();
    net.step();
    let mut step = net.unnormalised().unwrap()[1].clone();
    step -= &before;
    let ranks = alignscope::measure::spectrum::Ranks::of(&step).unwrap();
    assert!(ranks.participation_ratio > 11.0, "15 columns of 10 samples: {ranks:?}");
    let column = |j: usize| (0..20).map(|i| net.layers().weights[1].row(i)[j].powi(2)).sum::<f64>();
    assert!((0..15).all(|j| (column(j) - 1.0).abs() < 1e-12));
}

#[test]
fn what_makes_no_sense_is_refused_with_a_remedy() {
    let refused = |kind, options: &[(&str, &str)]| {
        let errors = Analysis::from_options(kind, options.iter().copied()).unwrap_err();
        errors.iter().map(ToString::to_string).collect::<Vec<_>>().join("\n")
    };
    let cases: [(&[(&str, &str)], &str); 4] = [
        (&[("optimizer", "nesterov")], "set momentum, to 0.9 say"),
        (&[("optimizer", "adam"), ("momentum", "0.9")], "leave momentum out, and set beta1"),
        (&[("optimizer", "adamax")], "did you mean `adam`?"),
        (&[("beta2", "1")], "a number from 0, below 1"),
    ];
    for (options, remedy) in cases {
        let error = refused(Kind::Train, options);
        assert!(error.contains(remedy), "{error}");
    }
    let error = refused(Kind::Replay, &[("optimizer", "adam")]);
    assert!(error.contains("has no `adam`: leave optimizer out"), "{error}");
    let linear = [("activation", "linear"), ("loss", "squared-linear"), ("bias", "off")];
    let theory = [("quantities", "predicted_loss"), ("optimizer", "adam")];
    let analysis = Analysis::from_options(Kind::Train, [&linear[..], &theory].concat()).unwrap();
    assert!(Quantity::PredictedLoss.layers(&analysis.conditions[0]).is_empty());
}

/// Defaults stand in no address and in no record.
#[test]
fn defaults_go_without_saying() {
    let condition = |options: &[(&str, &str)]| {
        Analysis::from_options(Kind::Train, options.iter().copied()).unwrap().conditions[0].clone()
    };
    let plain = condition(&[]);
    let told = condition(&[("optimizer", "sgd"), ("beta1", "0.9"), ("muon-scale", "original")]);
    assert_eq!(plain.parameters(), told.parameters());
    assert!(!plain.parameters().contains_key("optimizer"));
    assert!(condition(&[("optimizer", "adam")]).parameters().contains_key("optimizer"));
}
