use super::*;
use crate::matrix::Matrix;
use crate::random::{Role, Stream};
use crate::real::Precision;
use crate::rule::Activation;
use crate::signal::{Form, Pair, Signals, Sizes};
use crate::text::Choice as _;
use crate::text::Span;

const SIZES: [usize; 3] = [3, 7, 2];
const ITERATIONS: usize = 9;
const SAMPLES: usize = 4;

fn normals(stream: &mut Stream, rows: usize, cols: usize) -> Matrix<f64> {
    let mut matrix = Matrix::zeros(rows, cols);
    stream.fill_normal(matrix.as_mut_slice());
    matrix
}

/// A small network, with its inputs and targets.
struct Small {
    network: Network<f64>,
    feedback: Feedback<f64>,
    inputs: Vec<Matrix<f64>>,
    targets: Vec<Matrix<f64>>,
}

impl Small {
    fn new(activation: Activation) -> Self {
        let setup = Setup { activation, gain: 1.3, feedback_gain: 1.1, ..Setup::default() };
        let mut stream = Stream::new(5, 0, Role::Probe);
        let mut frames = |units| {
            (0..ITERATIONS).map(|_| normals(&mut stream, SAMPLES, units)).collect::<Vec<_>>()
        };
        Self {
            network: Network::draw(&setup, SIZES, 0.3, 5, 0),
            feedback: Feedback::draw(&setup, SIZES, 5, 0),
            inputs: frames(SIZES[0]),
            targets: frames(SIZES[2]),
        }
    }

    fn run(&self, network: &Network<f64>) -> Trajectory<f64> {
        let mut trajectory = Trajectory::new(ITERATIONS, SAMPLES, SIZES[1]);
        trajectory.run(network, &self.inputs);
        trajectory
    }

    fn errors_of(&self, states: &[Matrix<f64>], readout: &Matrix<f64>) -> Vec<Matrix<f64>> {
        let error = |(state, target): (&Matrix<f64>, &Matrix<f64>)| {
            let mut error = target.clone();
            error -= &(state * readout).to_matrix();
            error
        };
        states.iter().zip(&self.targets).map(error).collect()
    }

    fn errors(&self, network: &Network<f64>) -> Vec<Matrix<f64>> {
        let trajectory = self.run(network);
        let states: Vec<_> = (0..ITERATIONS).map(|t| trajectory.state(t).clone()).collect();
        self.errors_of(&states, &network.readout)
    }

    fn updates(&self, feedback: &Feedback<f64>, credit: Credit) -> Updates<f64> {
        let (trajectory, errors) = (self.run(&self.network), self.errors(&self.network));
        carry_back(&self.network, feedback, credit, &self.inputs, &trajectory, &errors)
    }

    /// `1/2 sum e^2` over states that another network makes.
    fn loss(&self, states: &[Matrix<f64>], readout: &Matrix<f64>) -> f64 {
        self.errors_of(states, readout).iter().map(|error| 0.5 * error.squared_norm()).sum()
    }

    /// States of `network` where the recurrent input of every unit is what states of `passes`
    /// passes less give, and of none what the unchanged network has: a change of weights takes at
    /// most `passes - 1` ways through `W_rec` after it has had its effect.
    fn states(&self, network: &Network<f64>, passes: usize) -> Vec<Matrix<f64>> {
        let unchanged = self.run(&self.network);
        let mut states: Vec<Matrix<f64>> =
            (0..ITERATIONS).map(|t| unchanged.state(t).clone()).collect();
        for _ in 0..passes {
            let mut now: Vec<Matrix<f64>> = Vec::new();
            for (t, input) in self.inputs.iter().enumerate() {
                let zeros = Matrix::zeros(SAMPLES, SIZES[1]);
                let seen = if t == 0 { &zeros } else { &states[t - 1] };
                let [mut drive, mut activity, mut state] = [(); 3].map(|()| zeros.clone());
                network.advance(input, seen, [&mut drive, &mut activity, &mut state]);
                let mut next = activity.clone();
                next.scale(network.leak);
                let before = now.last().unwrap_or(&zeros);
                next += (1.0 - network.leak) * before.view();
                now.push(next);
            }
            states = now;
        }
        states
    }
}

/// Minus the derivative of `loss` by every entry of the weights that `part` picks, by central
/// differences.
fn downhill(
    network: &Network<f64>,
    part: impl Fn(&mut Network<f64>) -> &mut Matrix<f64>,
    loss: impl Fn(&Network<f64>) -> f64,
) -> Matrix<f64> {
    const STEP: f64 = 1e-5;
    let mut gradient = part(&mut network.clone()).clone();
    for i in 0..gradient.as_slice().len() {
        let at = |step: f64| {
            let mut moved = network.clone();
            part(&mut moved).as_mut_slice()[i] += step;
            loss(&moved)
        };
        gradient.as_mut_slice()[i] = (at(-STEP) - at(STEP)) / (2.0 * STEP);
    }
    gradient
}

fn assert_close(a: &Matrix<f64>, b: &Matrix<f64>, tolerance: f64, what: &str) {
    let mut difference = a.clone();
    difference -= b;
    let off = difference.norm() / b.norm();
    assert!(off < tolerance, "{what}: {off}");
}

/// Central differences of a step of 1e-5 are off by its square, and rounding over it.
const DIFFERENCE: f64 = 1e-7;

#[test]
fn bptt_is_the_gradient_of_the_loss() {
    for activation in [Activation::Linear, Activation::Tanh, Activation::Relu] {
        let small = Small::new(activation);
        let updates = small.updates(&small.feedback, Credit::Bptt);
        let loss = |network: &Network<f64>| {
            small.errors(network).iter().map(|error| 0.5 * error.squared_norm()).sum::<f64>()
        };
        let what = format!("{activation:?}");
        let net = &small.network;
        assert_close(&updates.input, &downhill(net, |n| &mut n.input, loss), DIFFERENCE, &what);
        let recurrent = downhill(net, |n| &mut n.recurrent, loss);
        assert_close(&updates.recurrent, &recurrent, DIFFERENCE, &what);
        let readout = downhill(net, |n| &mut n.readout, loss);
        assert_close(&updates.readout, &readout, DIFFERENCE, &what);
        // It can fail: what the other rules do is not the gradient.
        let others = Credit::CHOICES.iter().filter(|(_, credit)| *credit != Credit::Bptt);
        for &(_, credit) in others {
            let other = small.updates(&small.feedback, credit);
            let mut difference = other.recurrent.clone();
            difference -= &recurrent;
            assert!(difference.norm() > 0.05 * recurrent.norm(), "{credit:?}");
            assert_eq!(other.readout, updates.readout);
        }
    }
}

#[test]
fn bptt_is_a_sum_over_passages_whose_first_term_is_rflo() {
    for activation in [Activation::Linear, Activation::Tanh, Activation::Relu] {
        let small = Small::new(activation);
        let (trajectory, errors) = (small.run(&small.network), small.errors(&small.network));
        let terms = by_passages(&small.network, &small.inputs, &trajectory, &errors, ITERATIONS);
        let local = small.updates(&small.feedback, Credit::RfloSymmetric);
        assert_close(&terms[0][0], &local.input, 1e-14, "W_in");
        assert_close(&terms[0][1], &local.recurrent, 1e-14, "W_rec");
        let [mut input, mut recurrent] =
            [Matrix::zeros(SIZES[0], SIZES[1]), Matrix::zeros(SIZES[1], SIZES[1])];
        // Terms up to a number of passages are the gradient of the loss of a network in which a
        // change of weights takes no more of them.
        for (passages, [of_input, of_recurrent]) in terms.iter().enumerate() {
            input += of_input;
            recurrent += of_recurrent;
            if passages < 4 {
                let loss = |network: &Network<f64>| {
                    small.loss(&small.states(network, passages + 1), &network.readout)
                };
                let what = format!("{activation:?}, {passages} passages");
                let found = downhill(&small.network, |n| &mut n.recurrent, loss);
                assert_close(&recurrent, &found, DIFFERENCE, &what);
                let found = downhill(&small.network, |n| &mut n.input, loss);
                assert_close(&input, &found, DIFFERENCE, &what);
            }
        }
        let whole = small.updates(&small.feedback, Credit::Bptt);
        assert_close(&input, &whole.input, 1e-13, "W_in");
        assert_close(&recurrent, &whole.recurrent, 1e-13, "W_rec");
        // No error passes more often than there are iterations before it.
        assert_eq!(terms[ITERATIONS][1].norm(), 0.0);
    }
}

#[test]
fn rflo_is_the_local_gradient_of_errors_sent_through_b() {
    for activation in [Activation::Linear, Activation::Tanh, Activation::Relu] {
        let small = Small::new(activation);
        let errors = small.errors(&small.network);
        let credits: Vec<Matrix<f64>> =
            errors.iter().map(|error| (error * &small.feedback.readout).to_matrix()).collect();
        // Minus the sum of <e_t B, h_t>, errors held fixed.
        let objective = |passes: usize| {
            let (small, credits) = (&small, &credits);
            move |network: &Network<f64>| {
                let states = small.states(network, passes);
                -states.iter().zip(credits).map(|(state, credit)| state.inner(credit)).sum::<f64>()
            }
        };
        let what = format!("{activation:?}");
        for (credit, passes) in [(Credit::Rflo, 1), (Credit::BpttRandom, ITERATIONS + 1)] {
            let updates = small.updates(&small.feedback, credit);
            let found = downhill(&small.network, |n| &mut n.recurrent, objective(passes));
            assert_close(&updates.recurrent, &found, DIFFERENCE, &what);
            let found = downhill(&small.network, |n| &mut n.input, objective(passes));
            assert_close(&updates.input, &found, DIFFERENCE, &what);
        }
    }
}

#[test]
fn through_the_transposed_weights_every_credit_is_that_of_bptt_or_its_local_part() {
    for activation in [Activation::Linear, Activation::Tanh, Activation::Relu] {
        let small = Small::new(activation);
        let transposed = Feedback::transposed(&small.network);
        for (credit, same) in [
            (Credit::BpttRandom, Credit::Bptt),
            (Credit::BpTrw, Credit::Bptt),
            (Credit::Rflo, Credit::RfloSymmetric),
        ] {
            let (one, other) =
                (small.updates(&transposed, credit), small.updates(&transposed, same));
            assert_close(&one.input, &other.input, 1e-14, "W_in");
            assert_close(&one.recurrent, &other.recurrent, 1e-14, "W_rec");
            assert_eq!(one.readout, other.readout);
        }
    }
}

/// A network in isolation on the signals of a pair, and these.
fn isolated(
    setup: &Setup,
    sizes: [usize; 3],
    iterations: usize,
    window: usize,
) -> (Isolated<f64>, Signals<f64>) {
    let [inputs, _, outputs] = sizes;
    let run = Sizes { batch: setup.batch, inputs, outputs, iterations };
    let signals = Signals::new(&setup.signals, run, 3, 0).unwrap();
    let leak = 1.0 / setup.tau.iterations().unwrap();
    let network = Network::draw(setup, sizes, leak, 3, 0);
    let feedback = Feedback::draw(setup, sizes, 3, 0);
    (Isolated::new(network, feedback, setup.credit, setup.batch, window), signals)
}

fn ou(activation: Activation) -> Setup {
    let form = |text: &str| Form::parse(text).unwrap();
    Setup {
        activation,
        tau: Span::of_iterations(4.0),
        batch: SAMPLES,
        signals: Pair::independent(form("ou:6"), form("ou:5,mean=0.2")),
        ..Setup::default()
    }
}

#[test]
fn traces_add_up_to_what_is_carried_back() {
    for activation in [Activation::Linear, Activation::Tanh, Activation::Relu] {
        for credit in [Credit::Rflo, Credit::RfloSymmetric] {
            let setup = Setup { credit, ..ou(activation) };
            let (mut net, mut signals) = isolated(&setup, SIZES, 30, 30);
            let mut sum = Updates::zeros(SIZES);
            for _ in 0..30 {
                net.carry(signals.activity(), signals.error());
                signals.advance();
                let Updates { input, recurrent, readout, source } = net.updates();
                sum.input += input;
                sum.recurrent += recurrent;
                sum.readout += readout;
                sum.source += source;
            }
            let [local, bptt] = net.compared();
            let what = format!("{activation:?}");
            assert_close(&sum.input, &local.input, 1e-13, &what);
            assert_close(&sum.recurrent, &local.recurrent, 1e-13, &what);
            assert_close(&sum.readout, &local.readout, 1e-13, &what);
            assert_close(&sum.source, &local.source, 1e-13, &what);
            assert_eq!(local.readout, bptt.readout);
        }
    }
}

fn rank(change: &Matrix<f64>, net: &Isolated<f64>) -> ChangeOfRank {
    let Feedback { readout, .. } = &net.feedback;
    rank_of_change(change, net.source(), readout, Precision::F64).unwrap().unwrap()
}

#[test]
fn a_change_of_linear_units_has_the_rank_of_the_outputs_to_rounding() {
    for (outputs, iterations, eta) in [(2, 40, 1e-2), (3, 400, 1e-4), (1, 200, 1e-3)] {
        let sizes = [4, 20, outputs];
        let setup = Setup { gain: 0.8, ..ou(Activation::Linear) };
        let (mut net, mut signals) = isolated(&setup, sizes, iterations, 0);
        let start = net.network.recurrent.clone();
        for _ in 0..iterations {
            net.step(signals.activity(), signals.error(), eta);
            signals.advance();
        }
        let mut change = net.network.recurrent.clone();
        change -= &start;
        let found = rank(&change, &net);
        assert_eq!(found.rank, outputs);
        assert!(found.beyond < 1e-10 && found.bound < 1e-10, "{found:?}");
        // The law itself, written out: dW_rec = (sum eta G) B.
        let law = (net.source() * &net.feedback.readout).to_matrix();
        assert_close(&change, &law, 1e-10, "G B");
    }
}

#[test]
fn bptt_changes_linear_units_at_more_than_the_rank_of_the_outputs() {
    let small = Small::new(Activation::Linear);
    let rank = |credit| {
        let updates = small.updates(&small.feedback, credit);
        let (source, b) = (&updates.source, &small.feedback.readout);
        rank_of_change(&updates.recurrent, source, b, Precision::F64).unwrap().unwrap().rank
    };
    let [units, outputs] = [SIZES[1], SIZES[2]];
    assert_eq!([Credit::Rflo, Credit::RfloSymmetric].map(rank), [outputs; 2]);
    assert_eq!([Credit::Bptt, Credit::BpTrw].map(rank), [units; 2]);
}

#[test]
fn a_change_of_other_units_is_as_near_to_that_rank_as_the_law_says() {
    for activation in [Activation::Tanh, Activation::Relu] {
        let sizes = [4, 20, 2];
        let (mut net, mut signals) = isolated(&ou(activation), sizes, 300, 0);
        let start = net.network.recurrent.clone();
        for _ in 0..300 {
            net.step(signals.activity(), signals.error(), 2e-3);
            signals.advance();
        }
        let mut change = net.network.recurrent.clone();
        change -= &start;
        let found = rank(&change, &net);
        assert_eq!(found.rank, 20, "{activation:?}");
        assert!(found.beyond > 1e-3 && found.beyond <= found.bound * (1.0 + 1e-12), "{found:?}");
        assert!(found.bound < 1.0 && found.participation >= 1.0, "{found:?}");
    }
}

#[test]
fn parts_by_lag_of_linear_units_add_up_to_the_whole() {
    let (iterations, eta) = (60, 4e-3);
    for followed in [iterations, 5] {
        let (mut net, mut signals) = isolated(&ou(Activation::Linear), SIZES, iterations, 0);
        let mut lags = ReadoutLags::new(&net.network, SAMPLES, followed);
        let start = net.network.readout.clone();
        for _ in 0..iterations {
            net.carry(signals.activity(), signals.error());
            lags.observe(&net, signals.activity(), signals.error(), eta);
            net.apply(eta);
            signals.advance();
        }
        let mut gained = net.network.readout.clone();
        gained -= &start;
        let gained = gained.inner(&net.feedback.readout.transpose());
        assert!((lags.total() - gained).abs() < 1e-12 * gained.abs().max(1.0));
        let rest = lags.total() - lags.of_start() - lags.followed();
        if followed == iterations {
            assert!(rest.abs() < 1e-12 * gained.abs(), "{rest} of {gained}");
        } else {
            assert!(rest.abs() > 1e-3 * gained.abs(), "{rest} of {gained}");
        }
        assert!(lags.at(0).is_none() && lags.at(followed + 1).is_none());
        assert!((1..=followed).map(|lag| lags.at(lag).unwrap()).sum::<f64>() == lags.followed());
    }
}
