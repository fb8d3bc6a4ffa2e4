//! The decomposition of updates by lag: exact identities on random networks.

use crate::common::random_cases;
use alignscope::data::{CodeKind, digits};
use alignscope::matrix::Matrix;
use alignscope::network::{BatchPart, Setup, Trainer};
use alignscope::random::{Role, Stream};
use alignscope::real::Real;
use alignscope::rule::decomposition::{
    Decomposer, Decomposition, DecompositionError, Earlier, Follower, History, Inner, LinearSum,
    Now, Plan, Samples, Sums, Towards, Wanted, linear_term, literal_term, similarity_sum,
    split_by_class, split_linear_by_class, transformation,
};
use alignscope::rule::{Activation, Isolated, Layers, Pass, WeightNorm};
use proptest::prelude::*;
use std::num::NonZeroUsize;

/// A network driven by random errors, as drawn by proptest.
#[derive(Clone, Debug)]
struct Case {
    sizes: Vec<usize>,
    batch: usize,
    activation: Activation,
    biases: bool,
    weight_norm: Option<WeightNorm>,
    /// Updates before the one that is decomposed.
    steps: usize,
    seed: u64,
}

fn case() -> impl Strategy<Value = Case> {
    let activation = prop::sample::select(vec![
        Activation::Linear,
        Activation::Relu,
        Activation::Tanh,
        Activation::TanhRelu,
        Activation::LeakyRelu,
        Activation::Sigmoid,
        Activation::Erf,
    ]);
    let weight_norm = prop::sample::select(vec![
        None,
        Some(WeightNorm::Neuron(vec![1.0, 0.5])),
        Some(WeightNorm::MatrixInitial),
    ]);
    // Batches beyond 128 take several panels, most batches do not fill whole vectors.
    let batch = prop_oneof![4 => 1usize..24, 1 => 120usize..300];
    let sizes = prop::collection::vec(1usize..8, 3..6);
    (sizes, batch, activation, any::<bool>(), weight_norm, 0usize..9, 0u64..1000).prop_map(
        |(sizes, batch, activation, biases, weight_norm, steps, seed)| Case {
            sizes,
            batch,
            activation,
            biases,
            weight_norm,
            steps,
            seed,
        },
    )
}

/// What a run leaves behind: inputs, passes and states of every iteration, the update of the last
/// not yet made.
struct Recorded<T> {
    inputs: Vec<Matrix<T>>,
    passes: Vec<Pass<T>>,
    states: Vec<Layers<T>>,
    backward: Vec<Matrix<T>>,
    eta: T,
}

const ETA: f64 = 0.02;

impl Case {
    fn run<T: Real>(&self) -> Recorded<T> {
        let mut net =
            Isolated::<T>::draw(&self.sizes, self.batch, self.activation, [0.7, 0.8], self.seed, 0);
        if self.biases {
            net = net.with_biases(0.3, self.seed, 0);
        }
        if let Some(kind) = &self.weight_norm {
            net = net.with_weight_norm(kind);
        }
        let mut stream = Stream::new(self.seed, 1, Role::Signal);
        let (outputs, eta) =
            (self.sizes[self.sizes.len() - 1], T::from_f64(ETA / self.batch as f64));
        let backward =
            (1..self.sizes.len() - 1).map(|l| net.feedback.backward(l).unwrap().clone()).collect();
        let mut recorded =
            Recorded { inputs: vec![], passes: vec![], states: vec![], backward, eta };
        for k in 0..=self.steps {
            let (input, error) = (
                normal(&mut stream, self.batch, self.sizes[0]),
                normal(&mut stream, self.batch, outputs),
            );
            net.carry(&input, &error);
            recorded.passes.push(net.pass.clone());
            recorded.states.push(net.layers.clone());
            if k < self.steps {
                net.apply(&input, eta);
            }
            recorded.inputs.push(input);
        }
        recorded
    }

    fn layers(&self) -> std::ops::Range<usize> {
        1..self.sizes.len() - 1
    }
}

impl<T: Real> Recorded<T> {
    fn samples(&self, k: usize, l: usize) -> Samples<'_, T> {
        Samples::of(&self.inputs[k], &self.passes[k], l).unwrap()
    }

    fn earlier(&self, k: usize, l: usize) -> Earlier<'_, T> {
        Earlier::of(&self.inputs[k], &self.passes[k], l).unwrap()
    }

    fn now<'a>(&'a self, samples: &'a [Samples<'a, T>], l: usize) -> Now<'a, T> {
        let layers = self.states.last().unwrap();
        Now {
            samples,
            bias: &layers.biases[l - 1],
            activation: layers.activations[l - 1],
            eta: self.eta,
        }
    }

    fn last(&self) -> usize {
        self.inputs.len() - 1
    }

    /// Follows the run and decomposes the last update.
    fn decompose(&self, plan: &Plan<T>, l: usize, wanted: &Wanted<'_, T>) -> Decomposition<T> {
        let mut follower = Follower::new(&self.states[0], plan).unwrap();
        for k in 0..self.last() {
            follower
                .advance(&[(&self.inputs[k], &self.passes[k])], self.eta, &self.states[k + 1])
                .unwrap();
        }
        let k = self.last();
        follower.decompose(l, &[(&self.inputs[k], &self.passes[k])], self.eta, wanted).unwrap()
    }

    fn split(&self, l: usize, wanted: &Wanted<'_, T>) -> Decomposition<T> {
        self.decompose(&Plan { window: self.last(), projection: true, control: None }, l, wanted)
    }

    /// Sum of the norms of everything that the last update of `W_l` is made of: terms that cancel
    /// leave the rounding of each behind, even in an update of zero.
    fn scale(&self, l: usize) -> f64 {
        let lags: Vec<usize> = (1..=self.last()).collect();
        let found = self.split(l, &Wanted { lags: &lags, ..Wanted::LAST });
        let of_terms = found
            .terms
            .iter()
            .map(|t| norm(&t.alignment) + t.projection.as_ref().map_or(0.0, norm));
        norm(&found.update) + norm(&found.last) + of_terms.sum::<f64>()
    }
}

impl Recorded<f64> {
    /// Rounding that may lie between two ways of computing `L_l^T delta_{l+1}` of the last update,
    /// the activities among them: a sum rounds once for each of its terms, by their sizes, also
    /// where they cancel.
    fn rounding(&self, l: usize) -> f64 {
        let (k, layers) = (self.last(), &self.states[self.last()]);
        let Samples { source, delta, .. } = self.samples(k, l);
        let mut reach = (&sizes(source) * &sizes(&layers.weights[l - 1])).to_matrix();
        let biases: Vec<f64> = layers.biases[l - 1].iter().map(|bias| bias.abs()).collect();
        reach.add_to_rows(&biases);
        reach += &sizes(&self.passes[k].activity[l - 1]);
        let terms = source.rows() + source.cols() + 3;
        terms as f64 * f64::EPSILON * norm(&(reach.t() * &sizes(delta)).to_matrix())
    }
}

fn normal<T: Real>(stream: &mut Stream, rows: usize, cols: usize) -> Matrix<T> {
    let mut matrix = Matrix::zeros(rows, cols);
    stream.fill_normal(matrix.as_mut_slice());
    matrix
}

fn norm<T: Real>(a: &Matrix<T>) -> f64 {
    a.as_slice().iter().map(|v| v.to_f64().powi(2)).sum::<f64>().sqrt()
}

/// Absolute values.
fn sizes(matrix: &Matrix<f64>) -> Matrix<f64> {
    let mut sizes = matrix.clone();
    sizes.as_mut_slice().iter_mut().for_each(|value| *value = value.abs());
    sizes
}

fn distance<T: Real>(a: &Matrix<T>, b: &Matrix<T>) -> f64 {
    assert_eq!((a.rows(), a.cols()), (b.rows(), b.cols()));
    a.as_slice()
        .iter()
        .zip(b.as_slice())
        .map(|(a, b)| (a.to_f64() - b.to_f64()).powi(2))
        .sum::<f64>()
        .sqrt()
}

fn total<'a, T: Real>(
    first: &Matrix<T>,
    others: impl IntoIterator<Item = &'a Matrix<T>>,
) -> Matrix<T> {
    let mut sum = first.clone();
    for other in others {
        sum.as_mut_slice().iter_mut().zip(other.as_slice()).for_each(|(sum, &value)| *sum += value);
    }
    sum
}

fn inner(a: &Matrix<f64>, backward: &Matrix<f64>) -> f64 {
    a.as_slice().iter().zip(backward.transpose().as_slice()).map(|(a, b)| a * b).sum()
}

fn everything<'a>(lags: &'a [usize], backward: Option<&'a Matrix<f64>>) -> Wanted<'a, f64> {
    Wanted { lags, sums: true, period: NonZeroUsize::new(3), direct_remainder: true, backward }
}

const LAGS: [usize; 10] = [1, 2, 3, 4, 5, 6, 7, 8, 9, 10];

proptest! {
    #![proptest_config(random_cases(200))]

    #[test]
    fn the_update_is_the_one_the_network_makes_and_the_decomposition_closes(case in case()) {
        let run = case.run::<f64>();
        let k = run.last();
        for l in case.layers() {
            let found = run.split(l, &everything(&LAGS, None));
            let delta = run.samples(k, l).delta;
            let activity = &run.passes[k].activity[l - 1];
            let update = (run.eta * activity.t() * delta).to_matrix();
            prop_assert!(distance(&found.update, &update) <= run.eta * run.rounding(l));
            prop_assert_eq!(found.reach, k);
            prop_assert_eq!(found.terms.len(), k.min(10));
            let Sums { alignment, projection, remainder, direct_remainder, .. } =
                found.sums.as_ref().unwrap();
            let (projection, direct) =
                (projection.as_ref().unwrap(), direct_remainder.as_ref().unwrap());
            prop_assert!(
                distance(remainder, direct) <= 1e-10 * run.scale(l),
                "{} {}",
                norm(remainder),
                norm(direct)
            );
            if case.activation == Activation::Linear {
                prop_assert!(
                    norm(remainder) <= 1e-12 * run.scale(l) && norm(direct) <= 1e-12 * run.scale(l)
                );
            }
            let whole = total(&found.last, [alignment, projection, direct]);
            prop_assert!(distance(&whole, &update) <= 1e-10 * run.scale(l));
            let terms = total(
                &Matrix::zeros(update.rows(), update.cols()),
                found.terms.iter().map(|t| &t.alignment),
            );
            prop_assert!(distance(&terms, alignment) <= 1e-12 * run.scale(l));
            let of_projection = found.terms.iter().filter_map(|t| t.projection.as_ref());
            let terms = total(&Matrix::zeros(update.rows(), update.cols()), of_projection);
            prop_assert!(distance(&terms, projection) <= 1e-12 * run.scale(l));
            if case.weight_norm.is_none() {
                prop_assert!(norm(projection) <= 1e-12 * run.scale(l));
            } else if k > 0 && case.activation == Activation::Linear {
                prop_assert!(norm(projection) > 1e-9 * norm(alignment));
            }
        }
    }

    #[test]
    fn literal_and_weight_form_of_every_term_agree(case in case()) {
        let run = case.run::<f64>();
        let k = run.last();
        for l in case.layers() {
            let found = run.split(l, &everything(&LAGS, None));
            for term in &found.terms {
                let earlier = [run.earlier(k - term.lag, l)];
                let samples = [run.samples(k, l)];
                let weights = &run.states[k - term.lag].weights[l - 1];
                let literal =
                    literal_term(weights, &earlier, &run.now(&samples, l), &run.backward[l - 1])
                        .unwrap();
                let far = distance(&literal, &term.alignment);
                prop_assert!(
                    far <= 1e-10 * norm(&literal) + 1e-14 * run.scale(l),
                    "{far} {}",
                    norm(&literal)
                );
            }
        }
    }

    #[test]
    fn windows_are_the_beginning_of_the_whole(case in case(), window in 0usize..10) {
        let run = case.run::<f64>();
        let k = run.last();
        for l in case.layers() {
            let wanted = everything(&LAGS, None);
            let plan = |window| Plan { window, projection: false, control: None };
            let whole = run.decompose(&plan(k), l, &wanted);
            let part = run.decompose(&plan(window), l, &wanted);
            prop_assert_eq!(part.reach, window.min(k));
            prop_assert_eq!(part.terms.len(), window.min(k));
            for (part, whole) in part.terms.iter().zip(&whole.terms) {
                prop_assert_eq!(part.lag, whole.lag);
                prop_assert!(distance(&part.alignment, &whole.alignment) <= 1e-13 * run.scale(l));
            }
            if window >= k {
                prop_assert!(distance(&part.last, &whole.last) <= 1e-13 * run.scale(l));
                let (part, whole_sums) = (part.sums.unwrap(), whole.sums.as_ref().unwrap());
                prop_assert!(
                    distance(&part.alignment, &whole_sums.alignment) <= 1e-13 * run.scale(l)
                );
                prop_assert!(
                    distance(&part.remainder, &whole_sums.remainder) <= 1e-13 * run.scale(l)
                );
            } else {
                // The last term is that of the oldest state held.
                let (samples, layers) = (run.samples(k, l), &run.states[k - window]);
                let mut zeta = (samples.source * &layers.weights[l - 1]).to_matrix();
                zeta.add_to_rows(&run.states[k].biases[l - 1]);
                let mut activity = zeta.clone();
                case.activation.apply(zeta.as_slice(), activity.as_mut_slice());
                let last = (run.eta * activity.t() * samples.delta).to_matrix();
                prop_assert!(distance(&part.last, &last) <= 1e-13 * run.scale(l));
            }
        }
    }

    #[test]
    fn what_is_asked_for_alone_is_what_is_found_among_all(case in case(), lags in prop::collection::vec(0usize..12, 0..5)) {
        let run = case.run::<f64>();
        for l in case.layers() {
            let backward = &run.backward[l - 1];
            let all = run.split(l, &everything(&LAGS, Some(backward)));
            let some = run.split(l, &Wanted { lags: &lags, ..Wanted::LAST });
            prop_assert!(some.sums.is_none() && some.inner.is_none());
            let mut expected: Vec<usize> =
                lags.iter().copied().filter(|lag| (1..=run.last()).contains(lag)).collect();
            expected.sort_unstable();
            expected.dedup();
            prop_assert_eq!(some.terms.iter().map(|term| term.lag).collect::<Vec<_>>(), expected);
            for term in &some.terms {
                let among_all = &all.terms[term.lag - 1];
                prop_assert!(
                    distance(&term.alignment, &among_all.alignment) <= 1e-13 * run.scale(l)
                );
                let (alone, among) =
                    (term.projection.as_ref().unwrap(), among_all.projection.as_ref().unwrap());
                prop_assert!(distance(alone, among) <= 1e-13 * run.scale(l));
            }
            prop_assert!(distance(&some.last, &all.last) <= 1e-13 * run.scale(l));
            let size = 1e-12 * run.scale(l) * norm(backward);
            let found = all.inner.as_ref().unwrap();
            prop_assert_eq!(
                (found.alignment.len(), found.projection.len()),
                (run.last(), run.last())
            );
            for (term, (aligned, projected)) in
                all.terms.iter().zip(found.alignment.iter().zip(&found.projection))
            {
                prop_assert!((aligned - inner(&term.alignment, backward)).abs() <= size);
                prop_assert!(
                    (projected - inner(term.projection.as_ref().unwrap(), backward)).abs() <= size
                );
            }
            let sums = all.sums.as_ref().unwrap();
            let whole = found.cumulative().last().copied().unwrap_or(0.0);
            prop_assert!((whole - inner(&sums.alignment, backward)).abs() <= size);
            prop_assert!((found.update - inner(&all.update, backward)).abs() <= size);
            let again =
                all.terms.iter().filter(|term| term.lag % 3 == 0).map(|term| &term.alignment);
            let again = total(&Matrix::zeros(all.update.rows(), all.update.cols()), again);
            prop_assert!(distance(&again, sums.revisits.as_ref().unwrap()) <= 1e-12 * run.scale(l));
        }
    }

    #[test]
    fn linear_terms_need_no_loop_over_lags(case in case()) {
        let run = case.run::<f64>();
        let k = run.last();
        for l in case.layers() {
            let backward = &run.backward[l - 1];
            let now = [run.samples(k, l)];
            let mut without_loop = LinearSum::new(case.sizes[l - 1], case.sizes[l + 1]);
            let mut looped = Matrix::zeros(case.sizes[l], case.sizes[l + 1]);
            let mut size = 0.0;
            for j in 0..k {
                let then = [run.samples(j, l)];
                without_loop.add(&then, run.eta).unwrap();
                let term = linear_term(&then, &now, backward, run.eta).unwrap();
                size += norm(&term);
                looped = total(&looped, [&term]);
                let matrix = transformation(&then, &now).unwrap();
                let trace = matrix.trace();
                let pairs = similarity_sum(&then, &now).unwrap();
                // Pairs that cancel leave their rounding behind, in either way of adding them up.
                let bound = [&then[0], &now[0]]
                    .map(|s| norm(s.source) * norm(s.delta))
                    .iter()
                    .product::<f64>();
                prop_assert!((trace - pairs).abs() <= 1e-13 * bound, "{trace} {pairs}");
            }
            let found = without_loop.terms(&now, backward, run.eta).unwrap();
            prop_assert!(distance(&found, &looped) <= 1e-12 * size);
            if case.activation == Activation::Linear {
                let exact = run.split(l, &Wanted::SUMS);
                let sums = exact.sums.as_ref().unwrap();
                prop_assert!(
                    distance(&found, &sums.alignment) <= 1e-10 * size + 1e-14 * run.scale(l)
                );
            }
        }
    }

    #[test]
    fn pairs_of_classes_make_up_the_term(case in case(), classes in prop::collection::vec(0u8..4, 600), lag in 1usize..9) {
        let run = case.run::<f64>();
        let k = run.last();
        let lag = lag.min(k);
        let (then, now) = (&classes[..case.batch], &classes[300..300 + case.batch]);
        for l in case.layers() {
            let (earlier, samples) = ([run.earlier(k - lag, l)], [run.samples(k, l)]);
            let (weights, backward) = (&run.states[k - lag].weights[l - 1], &run.backward[l - 1]);
            let now_at = run.now(&samples, l);
            let literal = literal_term(weights, &earlier, &now_at, backward).unwrap();
            let split =
                split_by_class(weights, (&earlier, then), (&now_at, now), backward).unwrap();
            let size = 1e-12 * (norm(&split.within) + norm(&split.between));
            prop_assert!(distance(&total(&split.within, [&split.between]), &literal) <= size);
            let before = [run.samples(k - lag, l)];
            let linear = linear_term(&before, &samples, backward, run.eta).unwrap();
            let linear_split =
                split_linear_by_class((&before, then), (&samples, now), backward, run.eta).unwrap();
            let size = 1e-12 * (norm(&linear_split.within) + norm(&linear_split.between));
            prop_assert!(
                distance(&total(&linear_split.within, [&linear_split.between]), &linear) <= size
            );
            if case.activation == Activation::Linear {
                prop_assert!(distance(&linear_split.within, &split.within) <= 10.0 * size);
            }
            // Samples of one class only are within it; of two that do not meet, between.
            let (zeros, ones) = (vec![0; case.batch], vec![1; case.batch]);
            let split =
                split_by_class(weights, (&earlier, &zeros), (&now_at, &zeros), backward).unwrap();
            prop_assert_eq!(norm(&split.between), 0.0);
            let split =
                split_by_class(weights, (&earlier, &zeros), (&now_at, &ones), backward).unwrap();
            prop_assert_eq!(norm(&split.within), 0.0);
        }
    }

    #[test]
    fn the_control_is_the_literal_term_of_other_backward_weights(case in case()) {
        let run = case.run::<f64>();
        let k = run.last();
        let mut stream = Stream::new(case.seed, 2, Role::Backward);
        let others: Vec<_> =
            run.backward.iter().map(|b| normal(&mut stream, b.rows(), b.cols())).collect();
        for l in case.layers() {
            for projection in [false, true] {
                let plan = |control| Plan { window: k, projection, control: Some(control) };
                let found = run.decompose(&plan(others.clone()), l, &everything(&LAGS, None));
                let samples = [run.samples(k, l)];
                let mut sum = Matrix::zeros(case.sizes[l], case.sizes[l + 1]);
                for term in &found.terms {
                    let weights = &run.states[k - term.lag].weights[l - 1];
                    let earlier = [run.earlier(k - term.lag, l)];
                    let literal =
                        literal_term(weights, &earlier, &run.now(&samples, l), &others[l - 1])
                            .unwrap();
                    prop_assert!(
                        distance(&literal, term.control.as_ref().unwrap())
                            <= 1e-12 * norm(&literal) + 1e-14 * run.scale(l)
                    );
                    sum = total(&sum, [&literal]);
                }
                let sums = found.sums.as_ref().unwrap();
                prop_assert!(
                    distance(&sum, sums.control.as_ref().unwrap()) <= 1e-12 * run.scale(l)
                );
                // The network's own terms do not see it, and its own backward weights make its own
                // terms.
                let alone =
                    run.decompose(&Plan { window: k, projection, control: None }, l, &Wanted::SUMS);
                prop_assert!(
                    distance(&alone.sums.unwrap().alignment, &sums.alignment)
                        <= 1e-13 * run.scale(l)
                );
                let own = run.decompose(&plan(run.backward.clone()), l, &Wanted::SUMS);
                if projection || case.weight_norm.is_none() {
                    let own = own.sums.unwrap();
                    prop_assert!(
                        distance(&own.alignment, own.control.as_ref().unwrap())
                            <= 1e-12 * run.scale(l)
                    );
                }
            }
        }
    }

    #[test]
    fn recorded_arrays_and_batches_in_parts_give_the_same(case in case(), cut in 0.0f64..1.0) {
        let run = case.run::<f64>();
        let k = run.last();
        for l in case.layers() {
            let sizes = [case.sizes[l - 1], case.sizes[l], case.sizes[l + 1]];
            let live = run.decompose(
                &Plan { window: k, projection: false, control: None },
                l,
                &Wanted::SUMS,
            );
            let states: Vec<_> =
                run.states.iter().map(|state| state.weights[l - 1].clone()).collect();
            let history = History::from_weights(&states).unwrap();
            let samples = run.samples(k, l);
            let rows = (case.batch as f64 * cut) as usize;
            let parts = [0..rows, rows..case.batch].map(|range| {
                [samples.source, samples.delta].map(|matrix| {
                    let values = range.clone().flat_map(|row| matrix.row(row)).copied().collect();
                    Matrix::from_vec(range.len(), matrix.cols(), values)
                })
            });
            let parts = parts.each_ref().map(|[source, delta]| Samples { source, delta, mask: None });
            let found =
                Decomposer::new(sizes).run(&history, &run.now(&parts, l), &Wanted::SUMS).unwrap();
            prop_assert!(distance(&found.last, &live.last) <= 1e-13 * run.scale(l));
            let (found, live_sums) = (found.sums.unwrap(), live.sums.as_ref().unwrap());
            prop_assert!(distance(&found.alignment, &live_sums.alignment) <= 1e-13 * run.scale(l));
            if case.weight_norm.is_none() {
                let sources: Vec<_> = (0..k)
                    .map(|j| (run.samples(j, l).source, &run.passes[j].delta[l - 1]))
                    .collect();
                let rebuilt = History::rebuilt(&states[0], &sources, run.eta).unwrap();
                prop_assert_eq!(rebuilt.iteration(), Some(k));
                for lag in 0..=k {
                    let (rebuilt, kept) =
                        (rebuilt.state(lag).unwrap(), history.state(lag).unwrap());
                    prop_assert!(distance(&rebuilt, &kept) <= 1e-13 * norm(&kept));
                    prop_assert_eq!(&kept, &states[k - lag]);
                }
            }
        }
    }

    #[test]
    fn single_precision_closes_to_its_rounding(case in case()) {
        let run = case.run::<f32>();
        for l in case.layers() {
            let wanted = Wanted { direct_remainder: true, ..Wanted::SUMS };
            let found = run.split(l, &wanted);
            let sums = found.sums.as_ref().unwrap();
            let size = run.scale(l);
            let far = distance(&sums.remainder, sums.direct_remainder.as_ref().unwrap());
            prop_assert!(far <= 1e-5 * size, "{far} {size}");
            if case.activation == Activation::Linear {
                prop_assert!(norm(&sums.remainder) <= 1e-5 * size);
            }
        }
    }
}

fn small() -> Case {
    Case {
        sizes: vec![6, 5, 4, 3],
        batch: 7,
        activation: Activation::Tanh,
        biases: true,
        weight_norm: None,
        steps: 4,
        seed: 3,
    }
}

/// Every term of the latest update of a layer is the literal one, from the layers before every
/// update and the batches of these.
fn assert_terms_are_literal(
    found: &Decomposition<f64>,
    trainer: &Trainer<'_, f64>,
    earlier: &[(Layers<f64>, Vec<BatchPart<f64>>)],
    l: usize,
) {
    let k = earlier.len() - 1;
    let (layers, parts) = &earlier[k];
    let samples: Vec<_> =
        parts.iter().filter_map(|part| Samples::of(&part.input, &part.pass, l)).collect();
    let (bias, activation) = (&layers.biases[l - 1], Activation::TanhRelu);
    let now = Now { samples: &samples, bias, activation, eta: trainer.setup().eta };
    let backward = trainer.feedback().backward(l).unwrap();
    for term in &found.terms {
        let (then, parts) = &earlier[k - term.lag];
        let parts: Vec<_> =
            parts.iter().filter_map(|part| Earlier::of(&part.input, &part.pass, l)).collect();
        let literal = literal_term(&then.weights[l - 1], &parts, &now, backward).unwrap();
        assert!(distance(&literal, &term.alignment) <= 1e-10 * norm(&literal));
    }
}

/// Under momentum, weight decay and weight normalisation, from the parts of a trainer's batches, in
/// a window.
#[test]
fn a_network_in_training_is_followed() {
    let data = digits::<f64>().unwrap();
    let plain = Setup {
        hidden: vec![20, 15],
        code: CodeKind::NHot { ones: 3, units: 30 },
        batch: 100,
        eta: 1e-3,
        ..Setup::default()
    };
    let forced = Setup {
        momentum: 0.9,
        weight_decay: 0.01,
        weight_norm: Some(WeightNorm::NeuronInitial),
        ..plain.clone()
    };
    for setup in [plain, forced] {
        let (eta, projection) = (setup.eta, setup.momentum != 0.0);
        let mut trainer = Trainer::new(&data, setup, 5, 0);
        let plan = Plan { window: 15, projection, control: None };
        let mut follower = Follower::new(trainer.layers(), &plan).unwrap();
        assert_eq!(
            Follower::bytes(trainer.sizes(), &plan),
            (16 * (64 * 20 + 20 * 15) * 8) << u32::from(projection)
        );
        let mut earlier: Vec<(Layers<f64>, Vec<BatchPart<f64>>)> = Vec::new();
        for k in 0..40 {
            let before = trainer.layers().clone();
            trainer.step();
            let parts = trainer.latest();
            // The last batch of the epoch, of 37 samples, has one.
            assert_eq!(parts.len(), if k % 15 == 14 { 1 } else { 2 });
            earlier.push((before, parts.to_vec()));
            let passes: Vec<_> = parts.iter().map(|part| (&part.input, &part.pass)).collect();
            for l in [1, 2] {
                let found =
                    follower.decompose(l, &passes, eta, &everything(&[1, 7], None)).unwrap();
                assert_eq!(
                    (found.reach, found.terms.len()),
                    (k.min(15), usize::from(k > 0) + usize::from(k > 6))
                );
                let sums = found.sums.as_ref().unwrap();
                let direct = sums.direct_remainder.as_ref().unwrap();
                assert!(distance(&sums.remainder, direct) <= 1e-10 * norm(&found.update));
                if projection && k > 5 {
                    assert!(norm(sums.projection.as_ref().unwrap()) > 0.1 * norm(&sums.alignment));
                }
                assert_terms_are_literal(&found, &trainer, &earlier, l);
            }
            follower.advance(&passes, eta, trainer.layers()).unwrap();
        }
    }
}

#[test]
fn readings_are_those_of_the_matrices() {
    let run = small().run::<f64>();
    let backward = &run.backward[0];
    let plan = Plan { window: 4, projection: true, control: Some(run.backward.clone()) };
    let found = run.decompose(&plan, 1, &everything(&[2], None));
    let towards = Towards::transpose_of(backward);
    let readings = found.read(&towards).unwrap();
    let term = readings.terms[0];
    assert_eq!((term.lag, readings.terms.len()), (2, 1));
    let matrix = &found.terms[0].alignment;
    assert!((term.alignment.norm - norm(matrix)).abs() < 1e-14);
    assert!((term.alignment.inner - inner(matrix, backward)).abs() < 1e-14);
    let cosine = term.alignment.inner / (term.alignment.norm * norm(backward));
    assert!((term.alignment.angle.unwrap().to_radians().cos() - cosine).abs() < 1e-12);
    let control =
        |matrix: &Option<Matrix<f64>>| towards.read(matrix.as_ref().unwrap()).unwrap().inner;
    assert!((control(&found.terms[0].control) - term.alignment.inner).abs() < 1e-14);
    let sums = found.sums.as_ref().unwrap();
    let non_aligning = total(&found.last, [&sums.remainder]);
    assert!((readings.non_aligning.unwrap().norm - norm(&non_aligning)).abs() < 1e-14);
    assert!((control(&sums.control) - readings.alignment.unwrap().inner).abs() < 1e-14);
    // A layer's terms have no angle to another's weights.
    assert!(found.read(&Towards::transpose_of(&run.backward[1])).is_err());
    // At the start there is nothing to decompose: no terms, and a remainder of zeros, which has no
    // angle.
    let start = Case { steps: 0, ..small() }.run::<f64>();
    let found = start.split(1, &everything(&LAGS, Some(&start.backward[0])));
    assert_eq!(found.update, found.last);
    let readings = found.read(&towards).unwrap();
    assert!(readings.terms.is_empty());
    assert_eq!(
        (readings.remainder.unwrap().angle, readings.alignment.unwrap().angle),
        (None, None)
    );
    let inner = found.inner.unwrap();
    assert_eq!((inner.cumulative(), inner.shares()), (vec![], Some(vec![])));
    // Later every term has its share.
    let run = small().run::<f64>();
    let inner = run.split(1, &everything(&LAGS, Some(&run.backward[0]))).inner.unwrap();
    let expected: Vec<f64> = inner.alignment.iter().map(|term| term / inner.update).collect();
    assert!(expected.len() > 1);
    assert_eq!(inner.shares(), Some(expected));
    // Of an update that moves the weights along none of `B`, or is no number, nothing has a share.
    for update in [0.0, f64::NAN, f64::INFINITY] {
        assert_eq!(Inner { update, ..inner.clone() }.shares(), None);
    }
}

#[test]
fn what_does_not_fit_is_refused() {
    let run = small().run::<f64>();
    let samples = [run.samples(4, 1)];
    let (mut decomposer, mut other) = (Decomposer::new([6, 5, 4]), Decomposer::new([6, 5, 3]));
    let history = History::from_weights(&[run.states[4].weights[0].clone()]).unwrap();
    let now = run.now(&samples, 1);
    assert!(decomposer.run(&history, &now, &Wanted::SUMS).is_ok());
    let text = other.run(&history, &now, &Wanted::SUMS).unwrap_err().to_string();
    assert_eq!(text, "delta_{l+1} is 7 x 4, where 7 x 3 is needed");
    let short = Now { bias: &now.bias[1..], ..now };
    assert!(matches!(
        decomposer.run(&history, &short, &Wanted::SUMS),
        Err(DecompositionError::Shape { what: "b_l", .. })
    ));
    let backward = Wanted { backward: Some(&run.backward[1]), ..Wanted::LAST };
    assert!(matches!(
        decomposer.run(&history, &now, &backward),
        Err(DecompositionError::Shape { what: "B_l", .. })
    ));
    let empty = History::new(6, 5, 3, Default::default()).unwrap();
    assert_eq!(decomposer.run(&empty, &now, &Wanted::SUMS).unwrap_err(), DecompositionError::Empty);
    let mut follower =
        Follower::new(&run.states[0], &Plan { window: 2, projection: false, control: None })
            .unwrap();
    for l in [0, 3] {
        let refused = follower.decompose(l, &[], run.eta, &Wanted::SUMS).unwrap_err();
        assert_eq!(refused, DecompositionError::Layer { layer: l, last: 2 });
    }
    assert!(follower.advance(&[(&run.inputs[0], &run.passes[0])], run.eta, &run.states[1]).is_ok());
    let fewer = Layers { weights: run.states[1].weights[..2].to_vec(), ..run.states[1].clone() };
    assert!(follower.advance(&[], run.eta, &fewer).is_err());
    assert!(
        follower
            .advance(&[(&run.passes[0].z[0], &run.passes[0])], run.eta, &run.states[1])
            .is_err()
    );
    // An iteration without samples is one whose update is 0.
    let none = Now { samples: &[], ..now };
    let found = decomposer.run(&history, &none, &everything(&LAGS, None)).unwrap();
    assert_eq!((norm(&found.update), norm(&found.sums.unwrap().remainder)), (0.0, 0.0));
    let wrong = Plan { window: 2, projection: false, control: Some(vec![run.backward[1].clone()]) };
    assert!(Follower::new(&run.states[0], &wrong).is_err());
    let classes =
        split_linear_by_class((&samples, &[0; 7]), (&samples, &[0; 6]), &run.backward[0], 1.0);
    assert!(classes.unwrap_err().to_string().contains("classes at k"));
    assert_eq!(transformation::<f64>(&[], &[]).unwrap_err(), DecompositionError::NoSamples);
}
