use super::state::Moving;
use super::*;
use crate::matrix::Matrix;
use crate::measure::angle::weight_alignment;
use crate::measure::summary::Summary;
use crate::rule::{Activation, Isolated, UpdateAlignment, WeightNorm};
use crate::signal::{Form, Pair, Signals, Sizes};

struct Case {
    sizes: &'static [usize],
    forms: [&'static str; 2],
    cross: &'static str,
    batch: usize,
    iterations: usize,
    eta: f64,
    std: f64,
    norm: Option<f64>,
}

impl Case {
    fn run(&self) -> DepthRun {
        let [activity, error] = self.forms.map(|form| Form::parse(form).unwrap());
        let depth = self.sizes.len() - 1;
        DepthRun {
            network: DeepNetwork {
                sizes: self.sizes.to_vec(),
                w_std: vec![self.std; depth],
                norms: self.norm.map(|norm| vec![norm; depth]),
                bias_std: None,
            },
            b_std: vec![self.std; depth - 1],
            width: Width::Drawn,
            pair: Pair { activity, error, cross: self.cross.parse().unwrap() },
            batch: self.batch,
            rule: StepRule::plain(self.eta),
        }
    }

    /// Angles of weights and of updates by layer that the rule itself comes to.
    fn simulate(&self, repeat: u64) -> [Vec<f64>; 2] {
        let depth = self.sizes.len() - 1;
        let sizes =
            Sizes { batch: self.batch, inputs: self.sizes[0], outputs: self.sizes[depth], iterations: self.iterations };
        let mut signals = Signals::<f64>::new(&self.run().pair, sizes, 1, repeat).unwrap();
        let std = [self.std, self.std];
        let mut net = Isolated::draw(self.sizes, self.batch, Activation::Linear, std, 1, repeat);
        if let Some(norm) = self.norm {
            net = net.with_weight_norm(&WeightNorm::Neuron(vec![norm]));
        }
        for _ in 0..self.iterations {
            net.step(signals.activity(), signals.error(), self.eta);
            signals.advance();
        }
        let angle = |l: usize| weight_alignment(&net.layers.weights[l], net.feedback.backward(l).unwrap());
        let weights = (1..depth).map(|l| angle(l).unwrap().unwrap()).collect();
        net.inject(signals.activity(), signals.error());
        let Isolated { layers, feedback, pass, .. } = &mut net;
        let updates = UpdateAlignment::new(self.sizes).angles(layers, feedback, signals.activity(), pass);
        [weights, updates.into_iter().flatten().collect()]
    }

    /// Mean differences of predictions to the rule by layer, with the standard error of the mean over repeats of what the
    /// rule gave: weights, updates.
    fn differences(&self, repeats: u64) -> [Vec<[f64; 2]>; 2] {
        let run = self.run();
        let pairs: Vec<_> = (0..repeats)
            .map(|repeat| {
                let predicted = run.angles(&[self.iterations], 1, repeat).unwrap().remove(0);
                let simulated = self.simulate(repeat);
                [(predicted.weights, &simulated[0]), (predicted.updates, &simulated[1])]
                    .map(|(a, b)| a.iter().zip(b).map(|(a, b)| [*a, *b]).collect::<Vec<[f64; 2]>>())
            })
            .collect();
        [0, 1].map(|which| {
            (0..pairs[0][which].len())
                .map(|layer| {
                    let [predicted, simulated] =
                        [0, 1].map(|part| Summary::of(pairs.iter().map(|pair| Some(pair[which][layer][part]))));
                    [predicted.mean.unwrap() - simulated.mean.unwrap(), simulated.standard_error().unwrap()]
                })
                .collect()
        })
    }

    #[track_caller]
    fn holds(&self, repeats: u64, within: [f64; 2]) {
        for (found, within) in self.differences(repeats).iter().zip(within) {
            for (layer, [mean, error]) in found.iter().enumerate() {
                assert!(mean.abs() < within + 2.0 * error, "layer {layer}: off by {mean:.2} +- {error:.2}: {found:?}");
            }
        }
    }
}

const HELD: Case = Case {
    sizes: &[10, 60, 60, 60, 6],
    forms: ["held", "held"],
    cross: "none",
    batch: 20,
    iterations: 150,
    eta: 2e-3,
    std: 0.1,
    norm: None,
};

#[test]
fn every_layer_of_the_linear_rule_is_predicted_given_b() {
    HELD.holds(12, [0.3, 2.0]);
    Case { forms: ["ar1:0.9", "ar1:0.8"], eta: 4e-3, ..HELD }.holds(12, [0.3, 2.0]);
    Case { sizes: &[8, 60, 60, 60, 60, 60, 8], forms: ["ar1:0.9", "ar1:0.9"], cross: "0.5@lag=2", ..HELD }
        .holds(8, [0.3, 2.0]);
}

#[test]
fn under_weight_normalisation_classes_of_neurons_take_the_error_away() {
    let case = Case { sizes: &[20, 100, 100, 100, 20], batch: 50, iterations: 400, eta: 6e-4, norm: Some(1.0), ..HELD };
    let [weights, _] = case.differences(6);
    assert!(weights.iter().all(|[off, error]| off.abs() < 1.0 + 2.0 * error), "{weights:?}");
    // One class alone is off by more in the last layer, where columns differ most.
    let run = case.run();
    let mut off: f64 = 0.0;
    for repeat in 0..6 {
        let backward = BackwardTheory::drawn(&run.backward(1, repeat), 20, &Classes::one(case.sizes));
        let (_, found) = run.run(backward, &[case.iterations], 1, repeat).unwrap();
        off += (found[0].weights[2] - case.simulate(repeat)[0][2]) / 6.0;
    }
    assert!(weights[2][0].abs() < off.abs(), "{weights:?} {off}");
}

#[test]
fn one_hidden_layer_is_the_theory_of_realised_signals() {
    use crate::theory::{Toy, moments::Realised};
    let case = Case { sizes: &[12, 40, 8], forms: ["ar1:0.9", "ar1:0.5"], ..HELD };
    let run = DepthRun { width: Width::Infinite, ..case.run() };
    let sizes = Sizes { batch: 20, inputs: 12, outputs: 8, iterations: 150 };
    let mut signals = Signals::<f64>::new(&run.pair, sizes, 1, 3).unwrap();
    let mut realised = Realised::new(12, 8);
    for _ in 0..150 {
        realised.add(signals.activity(), signals.error());
        signals.advance();
    }
    let toy = Toy { w_std: 0.1, b_std: 0.1, ..Toy::new(&[12, 40, 8], 20, case.eta).unwrap() };
    let (expected, found) = (realised.moments(&toy), run.angles(&[150], 1, 3).unwrap().remove(0));
    assert!((expected.angle - found.weights[0]).abs() < 1e-9, "{} {}", expected.angle, found.weights[0]);
    assert!((expected.squared_norm / found.squared_norms[1] - 1.0).abs() < 1e-12);
}

#[test]
fn momentum_is_that_of_the_optimiser() {
    // Every step of a constant gradient with momentum is known in closed form, and so is the first layer's share.
    let gradient = Matrix::from_vec(1, 2, vec![1.0, -2.0]);
    let rule = StepRule { eta: 0.1, momentum: 0.5, decay: 0.01 };
    let mut moving = Moving::zeros(1, 4, true);
    let (mut value, mut velocity) = (0.0, 0.0);
    for _ in 0..5 {
        moving.advance(&gradient, 3.0, rule);
        velocity = 0.5 * velocity + 3.0 - 0.01 * value;
        value += 0.1 * velocity;
    }
    assert!((moving.value.row(0)[2] - value).abs() < 1e-12 && (moving.value.row(0)[1] + 2.0 * value).abs() < 1e-12);
}
