//! Dropout of hidden activities: gradients given the masks, the way back under every rule, streams,
//! evaluation, and that decomposition and budget close with it.

use crate::common::job;
use alignscope::condition::Kind;
use alignscope::data::digits;
use alignscope::matrix::Matrix;
use alignscope::network::{BatchPart, Loss, Order, Setup, Subset, Trainer};
use alignscope::quantity::Quantity;
use alignscope::random::{Role, Stream};
use alignscope::rule::decomposition::{
    Earlier, Follower, Now, Plan, Samples, Term, Wanted, literal_term,
};
use alignscope::rule::{Activation, ActivityNorm, Feedback, Layers, Pass, PolicyName, WeightNorm};
use alignscope::spec::Analysis;
use alignscope::text::Choice;

const SIZES: [usize; 4] = [7, 6, 5, 4];
const SAMPLES: usize = 9;
const SHARE: f64 = 0.3;

fn normal(stream: &mut Stream, rows: usize, columns: usize, scale: f64) -> Matrix<f64> {
    let mut matrix = Matrix::zeros(rows, columns);
    stream.fill_normal(matrix.as_mut_slice());
    matrix.scale(scale);
    matrix
}

/// Bias `i - weights` or weight `i` of layer `l`.
fn entry(layers: &mut Layers<f64>, l: usize, i: usize) -> &mut f64 {
    let weights = layers.weights[l].as_slice().len();
    match i.checked_sub(weights) {
        None => &mut layers.weights[l].as_mut_slice()[i],
        Some(j) => &mut layers.biases[l][j],
    }
}

#[test]
fn bp_follows_the_gradient_given_the_masks() {
    let norms = ActivityNorm::CHOICES.iter().map(|(_, norm)| *norm);
    for (norm, &(_, activation)) in
        norms.flat_map(|norm| Activation::CHOICES.iter().map(move |of| (norm, of)))
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
        pass.draw_dropped(SAMPLES, SHARE, &mut Stream::new(3, 0, Role::Dropout));
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
            for i in 0..layers.weights[l].as_slice().len() + layers.biases[l].len() {
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

fn setup() -> Setup {
    Setup {
        hidden: vec![20, 15],
        batch: 100,
        order: Order::EachEpoch,
        dropout: SHARE,
        eta: 1e-3,
        ..Setup::default()
    }
}

/// Nothing comes back to where nothing was passed on, whatever carries the error, and the whole is
/// the same on any number of threads and across a restart.
#[test]
fn every_rule_takes_its_errors_back_through_the_masks() {
    let data = digits::<f64>().unwrap();
    let pool = rayon::ThreadPoolBuilder::new().num_threads(2).build().unwrap();
    for name in PolicyName::ALL {
        let facts = name.facts();
        let argument = facts.argument.map(|of| if of.is_whole { of.example } else { 0.5 });
        let text = argument.map_or(facts.name.into(), |of| format!("{}:{of}", facts.name));
        let setup = Setup { rule: text.parse().unwrap(), ..setup() };
        let mut whole = Trainer::new(&data, setup.clone(), 5, 1);
        (0..7).for_each(|_| whole.step());
        let state = serde_json::to_vec(&whole.state()).unwrap();
        for k in 0..9 {
            // Evaluations between leave the masks of the update to come as they are.
            whole.look_ahead();
            if k == 4 {
                let code = whole.code().clone();
                whole.evaluate(Subset::Test, &code);
            }
            whole.step();
        }
        for part in whole.latest() {
            for (l, delta) in part.pass.delta[..2].iter().enumerate() {
                let mask = part.pass.mask(l).unwrap();
                let fed = part.pass.fed(l);
                let activity = &part.pass.activity[l];
                for (i, &m) in mask.as_slice().iter().enumerate() {
                    assert!(m != 0.0 || delta.as_slice()[i] == 0.0, "{text}");
                    assert_eq!(fed.as_slice()[i], m * activity.as_slice()[i], "{text}");
                }
            }
            assert!(part.pass.mask(2).is_none(), "outputs are never dropped");
        }
        let mut resumed = Trainer::new(&data, setup, 5, 1);
        assert!(resumed.restore(&serde_json::from_slice(&state).unwrap()));
        pool.install(|| {
            resumed.use_threads(2);
            (0..9).for_each(|_| resumed.step());
        });
        assert_eq!(whole.layers().weights, resumed.layers().weights, "{text}");
        assert_eq!(whole.layers().biases, resumed.layers().biases, "{text}");
    }
}

#[test]
fn masks_drop_their_share_and_keep_the_mean_alike_in_both_precisions() {
    let (mut single, mut double) =
        (Pass::<f32>::new(&[2, 300, 1], 0), Pass::<f64>::new(&[2, 300, 1], 0));
    let samples = 1000;
    single.draw_dropped(samples, SHARE, &mut Stream::new(3, 0, Role::Dropout));
    double.draw_dropped(samples, SHARE, &mut Stream::new(3, 0, Role::Dropout));
    let [single, double] = [single.mask(0).unwrap().to_f64(), double.mask(0).unwrap().clone()];
    let n = (samples * 300) as f64;
    let dropped = double.as_slice().iter().filter(|m| **m == 0.0).count() as f64;
    // Four standard errors.
    assert!((dropped / n - SHARE).abs() < 4.0 * (SHARE * (1.0 - SHARE) / n).sqrt(), "{dropped}");
    let kept = 1.0 / (1.0 - SHARE);
    for (s, d) in single.as_slice().iter().zip(double.as_slice()) {
        assert!(*d == 0.0 || *d == kept);
        assert_eq!(*s, f64::from(*d as f32));
    }
    // Of every unit by itself, and of every sample.
    for j in [0, 150, 299] {
        let of_unit = (0..samples).filter(|&p| double.row(p)[j] == 0.0).count() as f64;
        let sd = (samples as f64 * SHARE * (1.0 - SHARE)).sqrt();
        assert!((of_unit - samples as f64 * SHARE).abs() < 4.5 * sd, "{of_unit}");
    }
}

/// Masks have a stream of their own, and those that drop nothing change nothing.
#[test]
fn no_other_stream_depends_on_it() {
    let data = digits::<f32>().unwrap();
    let with = |dropout: f64| {
        let mut net = Trainer::new(&data, Setup { dropout, ..setup() }, 5, 1);
        (0..20).for_each(|_| net.step());
        let code = net.code().clone();
        (net.layers().weights.clone(), net.evaluate(Subset::Test, &code))
    };
    // In single precision 1 / (1 - 1e-12) is 1.
    assert!(with(0.0) == with(1e-12));
    assert!(with(0.0).0 != with(SHARE).0);
}

#[test]
fn evaluation_drops_nothing() {
    let data = digits::<f64>().unwrap();
    let mut net = Trainer::new(&data, setup(), 5, 1);
    (0..20).for_each(|_| net.step());
    let mut plain = Trainer::new(&data, Setup { dropout: 0.0, ..setup() }, 5, 1);
    *plain.layers_mut() = net.layers().clone();
    let code = net.code().clone();
    assert_eq!(net.evaluate(Subset::Test, &code), plain.evaluate(Subset::Test, &code));
    assert_eq!(net.activities(Subset::Test, 50), plain.activities(Subset::Test, 50));
    // While what an update is made of does.
    net.look_ahead();
    assert!(net.ahead().iter().all(|part| part.pass.mask(0).is_some()));
}

fn distance(a: &Matrix<f64>, b: &Matrix<f64>) -> f64 {
    let squares = a.as_slice().iter().zip(b.as_slice()).map(|(a, b)| (a - b).powi(2));
    squares.sum::<f64>().sqrt()
}

/// Every term of the update to come is the literal one, from the layers before every update and the
/// batches of these.
fn assert_terms_are_literal(
    terms: &[Term<f64>],
    trainer: &Trainer<'_, f64>,
    past: &[(Layers<f64>, Vec<BatchPart<f64>>)],
    l: usize,
) {
    let layers = trainer.layers();
    let samples: Vec<_> = trainer
        .ahead()
        .iter()
        .map(|part| Samples::of(&part.input, &part.pass, l).unwrap())
        .collect();
    let (bias, activation) = (&layers.biases[l - 1], layers.activations[l - 1]);
    let now = Now { samples: &samples, bias, activation, eta: trainer.setup().eta };
    let backward = trainer.feedback().backward(l).unwrap();
    for term in terms {
        let (before, parts) = &past[past.len() - term.lag];
        let earlier: Vec<_> =
            parts.iter().map(|part| Earlier::of(&part.input, &part.pass, l).unwrap()).collect();
        let literal = literal_term(&before.weights[l - 1], &earlier, &now, backward).unwrap();
        let far = distance(&literal, &term.alignment);
        assert!(far < 1e-11 * literal.norm(), "lag {}: {far} {}", term.lag, literal.norm());
        assert!(literal.norm() > 0.0);
    }
}

/// Update = last term + alignment terms + projections + remainder, each from its definition, and
/// each term is the literal one.
#[test]
fn decompositions_close() {
    let data = digits::<f64>().unwrap();
    for weight_norm in [None, Some(WeightNorm::Neuron(vec![1.0]))] {
        let setup = Setup { weight_norm, ..setup() };
        let eta = setup.eta;
        let mut trainer = Trainer::new(&data, setup, 1, 0);
        let plan = Plan { window: 40, projection: true, control: None };
        let mut follower = Follower::new(trainer.layers(), &plan).unwrap();
        let mut past = Vec::new();
        for _ in 0..30 {
            let before = trainer.layers().clone();
            trainer.step();
            let parts = trainer.latest().to_vec();
            let passes: Vec<_> = parts.iter().map(|part| (&part.input, &part.pass)).collect();
            follower.advance(&passes, eta, trainer.layers()).unwrap();
            past.push((before, parts));
        }
        trainer.look_ahead();
        let passes: Vec<_> = trainer.ahead().iter().map(|part| (&part.input, &part.pass)).collect();
        for l in [1, 2] {
            let wanted = Wanted { lags: &[1, 2, 7, 30], direct_remainder: true, ..Wanted::SUMS };
            let found = follower.decompose(l, &passes, eta, &wanted).unwrap();
            let mut update = Matrix::zeros(found.update.rows(), found.update.cols());
            for (input, pass) in &passes {
                update += eta * pass.source(input, l).t() * &pass.delta[l];
            }
            assert!(distance(&found.update, &update) < 1e-13 * update.norm());
            let sums = found.sums.as_ref().unwrap();
            let mut whole = found.last.clone();
            for part in [
                &sums.alignment,
                sums.projection.as_ref().unwrap(),
                sums.direct_remainder.as_ref().unwrap(),
            ] {
                whole += part;
            }
            let scale = update.norm() + sums.alignment.norm();
            assert!(
                distance(&whole, &update) < 1e-12 * scale,
                "{}",
                distance(&whole, &update) / scale
            );
            assert_terms_are_literal(&found.terms, &trainer, &past, l);
        }
    }
}

#[test]
fn shares_by_lag_and_class_add_up() {
    let quantities =
        "decomposition,term_share,term_cumulative,term_within_share,term_between_share";
    let all: Vec<String> = (1..=45).map(|lag| lag.to_string()).collect();
    let (_, result) = job::run(
        Kind::Train,
        &[
            ("epochs", "2"),
            ("hidden", "24,20"),
            ("record-every", "45"),
            ("precision", "f64"),
            ("dropout", "0.3"),
            ("quantities", quantities),
            ("lags", all.join(",").as_str()),
        ],
    );
    for l in [1, 2] {
        let of = |quantity, lag| job::value(&result, quantity, 45, l, lag).unwrap();
        let mut sum = 0.0;
        for lag in 1..=45 {
            let share = of(Quantity::TermShare, Some(lag));
            sum += share;
            let cumulative = of(Quantity::TermCumulative, Some(lag));
            assert!((cumulative - sum).abs() < 1e-11 * (1.0 + sum.abs()), "{lag}");
            let pairs = of(Quantity::TermWithinShare, Some(lag))
                + of(Quantity::TermBetweenShare, Some(lag));
            assert!(
                (pairs - share).abs() < 1e-11 * (1.0 + share.abs()),
                "lag {lag}: {pairs} {share}"
            );
        }
        assert!((sum - of(Quantity::TermsShare, None)).abs() < 1e-11 * (1.0 + sum.abs()));
    }
}

#[test]
fn budgets_close() {
    let cases: [&[(&str, &str)]; 4] = [
        &[],
        &[("wn", "1")],
        &[("activity-norm", "batch")],
        &[("optimizer", "muon"), ("momentum", "0.9"), ("activity-norm", "layer")],
    ];
    for case in cases {
        let quantities = "budget,budget_optimizer,budget_normalization,budget_activity_norm";
        let options = [
            ("epochs", "3"),
            ("hidden", "24,20"),
            ("record-every", "180"),
            ("precision", "f64"),
            ("eta", "0.002"),
            ("dropout", "0.3"),
            ("quantities", quantities),
        ];
        let (_, result) = job::run(Kind::Train, &[&options[..], case].concat());
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
            assert!(left.abs() < 1e-12 * scale, "{case:?}: {parts:?}");
            assert!(parts[1].abs() > 1e-3 * scale, "{case:?}: {parts:?}");
        }
    }
}

#[test]
fn what_makes_no_sense_is_refused_with_a_remedy() {
    for (kind, dropout, remedy) in
        [(Kind::Replay, "0.5", "leave dropout out"), (Kind::Train, "1", "below 1")]
    {
        let errors = Analysis::from_options(kind, [("dropout", dropout)]).unwrap_err();
        let error = errors.iter().map(ToString::to_string).collect::<Vec<_>>().join("\n");
        assert!(error.contains(remedy), "{error}");
    }
}
