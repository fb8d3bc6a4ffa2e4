//! The update rule against what is known exactly: gradients, BP as a special case, the alignment
//! budget.

use alignscope::data::{CodeKind, digits};
use alignscope::matrix::Matrix;
use alignscope::network::{Loss, Order, Rule, Setup, Trainer};
use alignscope::random::{Role, Stream};
use alignscope::rule::{
    Activation, ActivityNorm, Budget, Feedback, Layers, Normaliser, Pass, UpdateAlignment,
    WeightNorm,
};

const ACTIVATIONS: [Activation; 11] = [
    Activation::Linear,
    Activation::Relu,
    Activation::Tanh,
    Activation::TanhRelu,
    Activation::LeakyRelu,
    Activation::Sigmoid,
    Activation::Erf,
    Activation::Gelu,
    Activation::Silu,
    Activation::Elu,
    Activation::Softplus,
];
const SIZES: [usize; 4] = [7, 6, 5, 4];
const SAMPLES: usize = 9;

struct Case {
    layers: Layers<f64>,
    input: Matrix<f64>,
    target: Matrix<f64>,
    pass: Pass<f64>,
    backward: Vec<Matrix<f64>>,
}

fn case(hidden: Activation, output: Activation, seed: u64) -> Case {
    let mut stream = Stream::new(seed, 0, Role::Weights);
    let mut normal = |rows, cols, scale: f64| {
        let mut matrix = Matrix::zeros(rows, cols);
        stream.fill_normal(matrix.as_mut_slice());
        matrix.scale(scale);
        matrix
    };
    let weights = SIZES.windows(2).map(|n| normal(n[0], n[1], 0.6)).collect();
    let biases = SIZES[1..].iter().map(|&n| normal(1, n, 0.3).as_slice().to_vec()).collect();
    let backward = SIZES[1..].windows(2).map(|n| normal(n[1], n[0], 0.6)).collect();
    let (input, mut target) = (normal(SAMPLES, SIZES[0], 1.0), Matrix::zeros(SAMPLES, SIZES[3]));
    for i in 0..SAMPLES {
        target.row_mut(i)[i % SIZES[3]] = 1.0;
    }
    let activations = vec![hidden, hidden, output];
    Case {
        layers: Layers {
            weights,
            biases,
            biases_learn: true,
            activations,
            activity_norm: ActivityNorm::Off,
            running: Vec::new(),
        },
        input,
        target,
        pass: Pass::new(&SIZES, SAMPLES),
        backward,
    }
}

fn loss_at(case: &mut Case, loss: Loss) -> f64 {
    case.layers.forward(&case.input, &mut case.pass);
    loss.value(&case.target, &case.pass)
}

#[test]
fn bp_follows_the_gradient_of_every_loss_through_every_activation() {
    for loss in [
        Loss::HalfSquared,
        Loss::SquaredLinear,
        Loss::SoftmaxCrossEntropy,
        Loss::SigmoidCrossEntropy,
    ] {
        for hidden in ACTIVATIONS {
            let mut case = case(hidden, loss.output_activation(hidden), 11);
            let output = case.layers.activations[2];
            loss_at(&mut case, loss);
            loss.write_output_delta(output, &case.target, &mut case.pass);
            let mut feedback = Feedback::bp(&SIZES);
            feedback.refresh(&case.layers, 0);
            feedback.carry_back(&case.layers, &mut case.pass);
            let mut stepped = case.layers.clone();
            let eta = 1e-3;
            stepped.update(&case.input, &case.pass, eta);
            let h = 1e-6;
            for l in 0..3 {
                for i in 0..stepped.weights[l].as_slice().len() {
                    let step = (stepped.weights[l].as_slice()[i]
                        - case.layers.weights[l].as_slice()[i])
                        / eta;
                    let slope = central(&mut case, loss, h, |layers| {
                        &mut layers.weights[l].as_mut_slice()[i]
                    });
                    assert!(
                        (step + slope).abs() < 1e-6 * (1.0 + slope.abs()),
                        "{loss:?} {hidden:?} W_{l}[{i}]: {step} {slope}"
                    );
                }
                for j in 0..stepped.biases[l].len() {
                    let step = (stepped.biases[l][j] - case.layers.biases[l][j]) / eta;
                    let slope = central(&mut case, loss, h, |layers| &mut layers.biases[l][j]);
                    assert!(
                        (step + slope).abs() < 1e-6 * (1.0 + slope.abs()),
                        "{loss:?} {hidden:?} b_{l}[{j}]"
                    );
                }
            }
        }
    }
}

fn central(case: &mut Case, loss: Loss, h: f64, at: impl Fn(&mut Layers<f64>) -> &mut f64) -> f64 {
    let start = *at(&mut case.layers);
    let mut value = |x| {
        *at(&mut case.layers) = x;
        loss_at(case, loss)
    };
    let slope = (value(start + h) - value(start - h)) / (2.0 * h);
    value(start);
    slope
}

/// Values of PyTorch's functions of the same names, and ends that neither overflow nor vanish.
#[test]
fn younger_activations_are_pytorchs() {
    let cases = [
        (Activation::Gelu, [-0.15865525393145707, 0.0, 0.8413447460685429], [0.0, 800.0]),
        (Activation::Silu, [-0.2689414213699951, 0.0, 0.7310585786300049], [0.0, 800.0]),
        (Activation::Elu, [-0.6321205588285577, 0.0, 1.0], [-1.0, 800.0]),
        (
            Activation::Softplus,
            [0.31326168751822286, std::f64::consts::LN_2, 1.3132616875182228],
            [0.0, 800.0],
        ),
    ];
    for (activation, expected, ends) in cases {
        let z = [-1.0, 0.0, 1.0, -800.0, 800.0];
        let mut found = [f64::NAN; 5];
        activation.apply(&z, &mut found);
        for (found, expected) in found.iter().zip([&expected[..], &ends].concat()) {
            assert!((found - expected).abs() < 1e-14, "{activation:?}: {found} {expected}");
        }
        let mut slope = [1.0; 5];
        activation.multiply_derivative(&z, &found, &mut slope);
        assert!(slope[3].abs() < 1e-14 && (slope[4] - 1.0).abs() < 1e-14, "{activation:?}");
    }
}

#[test]
fn derivative_at_zero_is_as_documented() {
    for (activation, expected) in [
        (Activation::Relu, 1.0),
        (Activation::TanhRelu, 0.0),
        (Activation::Tanh, 1.0),
        (Activation::Linear, 1.0),
        (Activation::Elu, 1.0),
        (Activation::Gelu, 0.5),
        (Activation::Silu, 0.5),
        (Activation::Softplus, 0.5),
    ] {
        for zero in [0.0, -0.0] {
            let (z, mut a, mut d) = ([zero], [f64::NAN], [1.0]);
            activation.apply(&z, &mut a);
            activation.multiply_derivative(&z, &a, &mut d);
            assert_eq!(d[0], expected, "{activation:?} at {zero}");
        }
    }
}

fn setup(rule: Rule) -> Setup {
    Setup {
        hidden: vec![20, 15],
        rule,
        activations: vec![Activation::TanhRelu],
        code: CodeKind::NHot { ones: 3, units: 30 },
        batch: 50,
        order: Order::EachEpoch,
        ..Setup::default()
    }
}

#[test]
fn bp_trw_with_transposed_weights_is_bp_to_the_last_bit_and_with_random_ones_is_not() {
    fn check<T: alignscope::real::Real>() {
        let data = digits::<T>().unwrap();
        let mut bp = Trainer::new(&data, setup(Rule::BP), 5, 0);
        let mut refreshed = Trainer::new(&data, setup(Rule::BP_TRW), 5, 0);
        let mut random = Trainer::new(&data, setup(Rule::BP_TRW), 5, 0);
        for _ in 0..70 {
            let transposed =
                refreshed.layers().weights[1..].iter().map(Matrix::transpose).collect();
            *refreshed.feedback_mut() = Feedback::fixed(transposed);
            bp.step();
            refreshed.step();
            random.step();
        }
        assert_eq!(bp.layers().weights, refreshed.layers().weights);
        assert_eq!(bp.layers().biases, refreshed.layers().biases);
        assert!((0..2).all(|l| bp.layers().weights[l] != random.layers().weights[l]));
    }
    check::<f32>();
    check::<f64>();
}

#[test]
fn the_last_layer_gets_the_same_first_update_under_both_rules() {
    let data = digits::<f64>().unwrap();
    let mut bp = Trainer::new(&data, setup(Rule::BP), 5, 0);
    let mut trw = Trainer::new(&data, setup(Rule::BP_TRW), 5, 0);
    bp.step();
    trw.step();
    assert_eq!(bp.layers().weights[2], trw.layers().weights[2]);
    assert_ne!(bp.layers().weights[1], trw.layers().weights[1]);
}

#[test]
fn update_alignment_is_zero_against_itself_and_about_a_right_angle_at_the_start() {
    let mut case = case(Activation::Relu, Activation::Linear, 3);
    case.layers.forward(&case.input, &mut case.pass);
    Loss::HalfSquared.write_output_delta(Activation::Linear, &case.target, &mut case.pass);
    let transposed = case.layers.weights[1..].iter().map(Matrix::transpose).collect();
    let same = Feedback::fixed(transposed);
    let mut compare = UpdateAlignment::new(&SIZES);
    let angles = compare.angles(&case.layers, &same, &case.input, &mut case.pass);
    assert_eq!(angles, [Some(0.0), Some(0.0)]);
    let random = Feedback::fixed(case.backward.clone());
    let angles = compare.angles(&case.layers, &random, &case.input, &mut case.pass);
    assert!(angles.iter().all(|a| (20.0..160.0).contains(&a.unwrap())), "{angles:?}");
    // A zero error has no direction.
    case.pass.output_delta_mut().as_mut_slice().fill(0.0);
    assert_eq!(compare.angles(&case.layers, &random, &case.input, &mut case.pass), [None, None]);
}

fn budgets(case: &Case, before: &Layers<f64>, l: usize, eta: f64) -> Vec<Budget> {
    Budget::of_neurons(l, before, &case.layers, &[&case.pass], &case.backward[l], eta).unwrap()
}

fn propagate(case: &mut Case, feedback: &Feedback<f64>) -> Layers<f64> {
    let output = case.layers.activations[2];
    case.layers.forward(&case.input, &mut case.pass);
    Loss::HalfSquared.write_output_delta(output, &case.target, &mut case.pass);
    feedback.carry_back(&case.layers, &mut case.pass);
    case.layers.clone()
}

#[test]
fn the_alignment_budget_closes_for_every_neuron() {
    for hidden in ACTIVATIONS {
        for seed in 0..5 {
            let mut case = case(hidden, hidden, seed);
            let feedback = Feedback::fixed(case.backward.clone());
            for _ in 0..4 {
                let before = propagate(&mut case, &feedback);
                case.layers.update(&case.input, &case.pass, 0.05);
                for l in 0..2 {
                    let found = budgets(&case, &before, l, 0.05);
                    assert_eq!(found.len(), SIZES[l + 1]);
                    for budget in found.iter().chain([&Budget::of_layer(&found)]) {
                        let scale = 1.0 + budget.q[0].abs() + budget.q[1].abs() + budget.quadratic;
                        assert!(
                            budget.left_over().abs() < 1e-12 * scale,
                            "{hidden:?} layer {l}: {budget:?}"
                        );
                        assert!(
                            budget.injected_above.abs() < 1e-12 * scale,
                            "{hidden:?} layer {l}: {budget:?}"
                        );
                        if matches!(
                            hidden,
                            Activation::Linear | Activation::Relu | Activation::LeakyRelu
                        ) {
                            assert!(budget.curvature.abs() < 1e-12 * scale);
                        }
                    }
                }
            }
        }
    }
}

/// Of the definition, for one neuron, written out anew.
#[test]
fn the_budget_is_about_the_change_of_norms_and_alignment() {
    let mut case = case(Activation::Tanh, Activation::Linear, 8);
    let feedback = Feedback::fixed(case.backward.clone());
    let before = propagate(&mut case, &feedback);
    case.layers.update(&case.input, &case.pass, 0.05);
    let (l, j) = (1, 2);
    let q = |layers: &Layers<f64>| {
        let column: f64 = (0..SIZES[l]).map(|i| layers.weights[l].row(i)[j].powi(2)).sum();
        let above = layers.weights[l + 1].row(j);
        let aligned: f64 = (0..SIZES[l + 2]).map(|m| above[m] * case.backward[l].row(m)[j]).sum();
        0.5 * column + 0.5 * layers.biases[l][j].powi(2) - aligned
    };
    let found = budgets(&case, &before, l, 0.05)[j];
    assert!(
        (found.q[0] - q(&before)).abs() < 1e-14 && (found.q[1] - q(&case.layers)).abs() < 1e-14
    );
    let curvature: f64 = (0..SAMPLES)
        .map(|p| {
            let delta = case.pass.delta[l + 1].row(p);
            let arriving: f64 =
                (0..SIZES[l + 2]).map(|m| delta[m] * case.backward[l].row(m)[j]).sum();
            let z = case.pass.z[l].row(p)[j];
            (z / z.cosh().powi(2) - z.tanh()) * arriving
        })
        .sum();
    assert!((found.curvature - 0.05 * curvature).abs() < 1e-14);
    assert!(found.curvature.abs() > 1e-4 && found.quadratic > 1e-6, "{found:?}");
    // There is no layer above the last, and B of another layer does not fit.
    let of =
        |l, backward| Budget::of_neurons(l, &before, &case.layers, &[&case.pass], backward, 0.05);
    assert!(of(2, &case.backward[1]).is_none() && of(1, &case.backward[0]).is_none());
}

#[test]
fn weight_normalisation_leaves_over_what_its_projections_inject() {
    let mut case = case(Activation::Erf, Activation::Linear, 9);
    let normaliser = Normaliser::new(&WeightNorm::Neuron(vec![1.0]), &case.layers);
    normaliser.apply(&mut case.layers);
    let feedback = Feedback::fixed(case.backward.clone());
    let before = propagate(&mut case, &feedback);
    case.layers.update(&case.input, &case.pass, 0.05);
    let stepped = case.layers.clone();
    normaliser.apply(&mut case.layers);
    for l in 0..2 {
        for (j, budget) in budgets(&case, &before, l, 0.05).iter().enumerate() {
            let dp = |l: usize, i: usize, j: usize| {
                case.layers.weights[l].row(i)[j] - stepped.weights[l].row(i)[j]
            };
            let below: f64 = (0..SIZES[l]).map(|i| before.weights[l].row(i)[j] * dp(l, i, j)).sum();
            let above: f64 =
                (0..SIZES[l + 2]).map(|m| dp(l + 1, j, m) * case.backward[l].row(m)[j]).sum();
            assert!(
                (budget.left_over() - (below - above)).abs() < 1e-12
                    && (below - above).abs() > 1e-9,
                "{budget:?}"
            );
            assert!(
                (budget.injected_above + above).abs() < 1e-12 && above.abs() > 1e-9,
                "{budget:?}"
            );
        }
    }
}
