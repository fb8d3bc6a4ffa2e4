//! Similarities against all pairs written out, by hand and on drawn batches.

use super::*;
use crate::matrix::Matrix;
use crate::random::{Role, Stream};
use proptest::prelude::*;
use proptest::test_runner::RngSeed;

/// Activities, errors and classes of a batch.
#[derive(Clone, Debug)]
struct Drawn {
    activity: Matrix<f64>,
    error: Matrix<f64>,
    labels: Vec<usize>,
}

impl Drawn {
    /// Activities that are not negative, errors of both signs, both depending on the class, of
    /// which there are `classes`.
    fn new(
        samples: usize,
        [inputs, outputs]: [usize; 2],
        classes: usize,
        stream: &mut Stream,
    ) -> Self {
        let mut drawn = |n| {
            let mut values = Matrix::<f64>::zeros(samples, n);
            stream.fill_normal(values.as_mut_slice());
            values
        };
        let (mut activity, mut error) = (drawn(inputs), drawn(outputs));
        let labels: Vec<usize> =
            (0..samples).map(|_| 3 * stream.below(classes as u64) as usize).collect();
        for (p, &label) in labels.iter().enumerate() {
            activity.row_mut(p).iter_mut().for_each(|x| *x = x.abs());
            activity.row_mut(p)[label / 3 % inputs] += 3.0;
            error.row_mut(p)[label / 3 % outputs] += 3.0;
        }
        Self { activity, error, labels }
    }

    fn batch(&self) -> Batch<'_, f64> {
        Batch::new(&self.activity, &self.error, self.labels.iter().copied()).unwrap()
    }
}

fn stream(seed: u64) -> Stream {
    Stream::new(seed, 0, Role::Probe)
}

/// All pairs one by one: earlier and later sample, `S_L`, `S_delta`.
fn pairs_of(earlier: &Drawn, later: &Drawn, own: OwnPairs) -> Vec<(usize, usize, f64, f64)> {
    let inner = |a: &[f64], b: &[f64]| a.iter().zip(b).map(|(a, b)| a * b).sum::<f64>();
    let mut pairs = Vec::new();
    for p in 0..earlier.labels.len() {
        for m in (0..later.labels.len()).filter(|&m| own == OwnPairs::Keep || m != p) {
            let activity = inner(earlier.activity.row(p), later.activity.row(m));
            pairs.push((p, m, activity, inner(earlier.error.row(p), later.error.row(m))));
        }
    }
    pairs
}

/// `(sum, sum of absolute values, count)` within, between and over all.
fn brute(pairs: &[(bool, f64)]) -> Split<(f64, f64, u64)> {
    let over = |keep: &dyn Fn(bool) -> bool| {
        let kept = pairs.iter().filter(|(same, _)| keep(*same));
        kept.fold((0.0, 0.0, 0), |(sum, size, n), (_, value)| {
            (sum + value, size + value.abs(), n + 1)
        })
    };
    Split { within: over(&|same| same), between: over(&|same| !same), all: over(&|_| true) }
}

fn assert_means(found: Split<Option<f64>>, exact: Split<(f64, f64, u64)>) {
    // Between is all minus within: what rounds is as large as the sum of all absolute values.
    let size = exact.all.1;
    for (found, (sum, _, n)) in
        [(found.within, exact.within), (found.between, exact.between), (found.all, exact.all)]
    {
        assert_eq!(found.is_some(), n > 0);
        if let Some(found) = found {
            assert!(
                (found * n as f64 - sum).abs() <= 1e-12 * size,
                "{found} {} {size}",
                sum / n as f64
            );
        }
    }
}

proptest! {
    #![proptest_config(ProptestConfig {
        cases: 60,
        failure_persistence: None,
        rng_seed: RngSeed::Fixed(1),
        ..ProptestConfig::default()
    })]

    #[test]
    fn means_are_those_of_all_pairs(
        seed in 0u64..1000, samples in (1usize..40, 1usize..40), sizes in [1usize..9, 1usize..6], classes in 1usize..5,
        own in prop_oneof![Just(OwnPairs::Keep), Just(OwnPairs::Drop)],
    ) {
        let mut stream = stream(seed);
        let later_samples = if own == OwnPairs::Drop { samples.0 } else { samples.1 };
        let earlier = Drawn::new(samples.0, sizes, classes, &mut stream);
        let later = Drawn::new(later_samples, sizes, classes, &mut stream);
        let found = SamplePairs::new(&earlier.batch(), &later.batch(), own).unwrap();
        let means = found.means();
        let pairs = pairs_of(&earlier, &later, own);
        let sums = |value: &dyn Fn(f64, f64) -> f64| {
            let same = |p: usize, m: usize| earlier.labels[p] == later.labels[m];
            brute(&pairs.iter().map(|&(p, m, l, d)| (same(p, m), value(l, d))).collect::<Vec<_>>())
        };
        assert_means(means.activity, sums(&|l, _| l));
        assert_means(means.error, sums(&|_, d| d));
        assert_means(means.product, sums(&|l, d| l * d));
        let counts = sums(&|l, _| l).map(|(.., n)| n);
        prop_assert_eq!(means.pairs, counts);
        if own == OwnPairs::Keep {
            let (sum, size, _) = sums(&|l, d| l * d).all;
            prop_assert!((found.transformation().trace - sum).abs() <= 1e-12 * size);
        }
    }
}

#[test]
fn a_transformation_matrix_by_hand() {
    // L D^T products of 1 x 1 activities: M = d d'^T times the inputs.
    let (one, two) = (Matrix::from_vec(1, 1, vec![2.0]), Matrix::from_vec(1, 1, vec![3.0]));
    let (d, e) = (Matrix::from_vec(1, 2, vec![1.0, 2.0]), Matrix::from_vec(1, 2, vec![3.0, -1.0]));
    let batch = |l, d| Batch::<f64>::new(l, d, [0usize]).unwrap();
    let pairs = SamplePairs::new(&batch(&one, &d), &batch(&two, &e), OwnPairs::Drop).unwrap();
    // M = 6 (3 -1; 6 -2), M_sym = 6 (3 2.5; 2.5 -2).
    let found = pairs.transformation();
    assert!((found.trace - 6.0).abs() < 1e-13 && (found.norm - 6.0 * 50f64.sqrt()).abs() < 1e-12);
    assert!((found.symmetric_norm - 6.0 * 25.5f64.sqrt()).abs() < 1e-12);
    assert_eq!(found.mean_eigenvalue(), Some(3.0));
    assert!((found.symmetric_share().unwrap() - (0.51f64).sqrt()).abs() < 1e-14);
    assert!((found.cosine().unwrap() - 0.1).abs() < 1e-14);
    // Its only pair is of a sample with itself.
    let means = pairs.means();
    assert_eq!((means.pairs.all, means.product), (0, Split::default()));
    assert_eq!(pairs.shuffled(), Split::default());
    let zero = Matrix::zeros(1, 2);
    let none = SamplePairs::new(&batch(&one, &zero), &batch(&two, &e), OwnPairs::Keep)
        .unwrap()
        .transformation();
    assert_eq!(
        (none.symmetric_share(), none.cosine(), none.mean_eigenvalue()),
        (None, None, Some(0.0))
    );
}

/// Means and standard deviations of the product means over random permutations of the entries of
/// `S_delta`.
fn permuted(
    pairs: &[(usize, usize, f64, f64)],
    same: impl Fn(usize, usize) -> bool,
    draws: usize,
) -> [[f64; 2]; 3] {
    let mut errors: Vec<f64> = pairs.iter().map(|pair| pair.3).collect();
    let mut stream = stream(99);
    let mut sums = [[0.0; 2]; 3];
    for _ in 0..draws {
        stream.shuffle(&mut errors);
        let products: Vec<_> =
            pairs.iter().zip(&errors).map(|(&(p, m, l, _), d)| (same(p, m), l * d)).collect();
        let found = brute(&products).map(|(sum, _, n)| sum / n as f64);
        for (sums, mean) in sums.iter_mut().zip([found.within, found.between, found.all]) {
            *sums = [sums[0] + mean, sums[1] + mean * mean];
        }
    }
    let n = draws as f64;
    sums.map(|[sum, squares]| [sum / n, ((squares - sum * sum / n) / (n - 1.0)).sqrt()])
}

#[test]
fn the_shuffled_control_is_that_of_random_permutations() {
    let mut stream = stream(5);
    for own in [OwnPairs::Keep, OwnPairs::Drop] {
        let (earlier, later) =
            (Drawn::new(20, [4, 3], 3, &mut stream), Drawn::new(20, [4, 3], 3, &mut stream));
        let pairs = SamplePairs::new(&earlier.batch(), &later.batch(), own).unwrap();
        let (exact, draws) = (pairs.shuffled(), 20_000);
        let same = |p: usize, m: usize| earlier.labels[p] == later.labels[m];
        let drawn = permuted(&pairs_of(&earlier, &later, own), same, draws);
        for (exact, [mean, sd]) in [exact.within, exact.between, exact.all].into_iter().zip(drawn) {
            let ShuffledMean { mean: expected, sd: spread } = exact.unwrap();
            let n = draws as f64;
            assert!(
                (mean - expected).abs() < 4.0 * spread / n.sqrt(),
                "{own:?}: {mean} {expected} +- {spread}"
            );
            // Nearly normal: relative standard error sqrt(1 / 2n).
            assert!((sd / spread - 1.0).abs() < 4.5 / (2.0 * n).sqrt(), "{own:?}: {sd} {spread}");
            assert!((exact.unwrap().z(expected + 2.0 * spread).unwrap() - 2.0).abs() < 1e-9);
        }
        // Similar inputs have similar errors here, by construction.
        let z = exact.all.unwrap().z(pairs.means().product.all.unwrap()).unwrap();
        assert!(z > 3.0, "{z}");
    }
}

#[test]
fn what_no_permutation_changes_has_no_score() {
    let flat = Drawn {
        activity: Matrix::from_vec(4, 1, vec![0.1; 4]),
        ..Drawn::new(4, [1, 2], 2, &mut stream(3))
    };
    let shuffled =
        SamplePairs::new(&flat.batch(), &flat.batch(), OwnPairs::Keep).unwrap().shuffled();
    let all = shuffled.all.unwrap();
    assert_eq!((all.sd, all.z(1.0)), (0.0, None));
    assert!(shuffled.within.unwrap().sd > 0.0);
}

#[test]
fn random_classes_say_nothing() {
    let mut stream = stream(11);
    let (earlier, later) =
        (Drawn::new(60, [6, 5], 4, &mut stream), Drawn::new(60, [6, 5], 4, &mut stream));
    let gap = |earlier: &Batch<'_, f64>, later: &Batch<'_, f64>| {
        let error = SamplePairs::new(earlier, later, OwnPairs::Keep).unwrap().means().error;
        error.within.unwrap() - error.between.unwrap()
    };
    let real = gap(&earlier.batch(), &later.batch());
    let random: Vec<f64> = (0..400)
        .map(|_| {
            let relabelled = |drawn: &Drawn, stream: &mut Stream| {
                drawn.batch().with_random_labels(4, stream).labels
            };
            let labels = [relabelled(&earlier, &mut stream), relabelled(&later, &mut stream)];
            assert!(labels.iter().flatten().all(|&label| label < 4));
            let [a, b] = labels;
            gap(&Batch { labels: a, ..earlier.batch() }, &Batch { labels: b, ..later.batch() })
        })
        .collect();
    let mean = random.iter().sum::<f64>() / 400.0;
    let sd = (random.iter().map(|g| (g - mean).powi(2)).sum::<f64>() / 399.0).sqrt();
    assert!(mean.abs() < 4.0 * sd / 20.0, "{mean} {sd}");
    assert!(real > 6.0 * sd, "{real} {sd}");
}

#[test]
fn batches_that_do_not_fit_are_refused() {
    let mut stream = stream(1);
    let (a, b) = (Drawn::new(5, [3, 2], 2, &mut stream), Drawn::new(4, [3, 2], 2, &mut stream));
    let refuse = |a: &Drawn, b: &Drawn, own| {
        SamplePairs::new(&a.batch(), &b.batch(), own).unwrap_err().to_string()
    };
    assert!(refuse(&a, &b, OwnPairs::Drop).contains("they have 5 and 4"));
    let narrow = Drawn::new(5, [3, 1], 2, &mut stream);
    assert!(refuse(&a, &narrow, OwnPairs::Keep).contains("errors of 2 and of 1 units"));
    let error = Batch::new(&a.activity, &b.error, a.labels.iter().copied()).unwrap_err();
    assert_eq!(error, SimilarityError::Samples { activity: 5, error: 4, labels: 5 });
    let mut bad = a.clone();
    bad.error.row_mut(3)[1] = f64::NAN;
    let error = Batch::new(&bad.activity, &bad.error, bad.labels.iter().copied()).unwrap_err();
    assert!(error.to_string().contains("error of sample 3 is not finite"));
    assert!(poorly_learnt(&a.error, 1.2).is_err() && poorly_learnt(&a.error, f64::NAN).is_err());
    let pairs = SamplePairs::new(&a.batch(), &a.batch(), OwnPairs::Drop).unwrap();
    let error = pairs.distributions(&Axes::default(), Some([&[true; 5], &[true; 4]])).unwrap_err();
    assert_eq!(error, SimilarityError::Flags { found: 4, wanted: 5 });
    let empty = Drawn::new(0, [3, 2], 2, &mut stream);
    let means = SamplePairs::new(&empty.batch(), &a.batch(), OwnPairs::Keep).unwrap().means();
    assert_eq!((means.pairs.all, means.error), (0, Split::default()));
}

#[test]
fn single_precision_batches_are_widened_first() {
    let activity = Matrix::from_vec(2, 1, vec![1.0f32, 0.1]);
    let batch = Batch::new(&activity, &activity, [0u8, 1]).unwrap();
    let means = SamplePairs::new(&batch, &batch, OwnPairs::Keep).unwrap().means();
    let tenth = f64::from(0.1f32);
    assert!((means.activity.within.unwrap() - (1.0 + tenth * tenth) / 2.0).abs() < 1e-16);
}

#[test]
fn the_largest_errors_are_poorly_learnt() {
    let error = Matrix::from_vec(5, 1, vec![0.3, -2.0, 0.1, 0.3, 1.0]);
    assert_eq!(poorly_learnt(&error, 0.6).unwrap(), [false, true, false, false, true]);
    assert_eq!(poorly_learnt(&error, 0.4).unwrap(), [false, true, false, true, true]);
    assert_eq!(poorly_learnt(&error, 0.0).unwrap(), [true; 5]);
    assert_eq!(poorly_learnt(&error, 1.0).unwrap(), [false; 5]);
}

/// How often values fall into the bins, by comparison with the edges, with those below and above.
fn histogram(bins: Bins, values: &[f64]) -> (Vec<u64>, u64, u64) {
    let edges = bins.edges();
    let last = edges.len() - 2;
    let count = |test: &dyn Fn(f64) -> bool| values.iter().filter(|&&v| test(v)).count() as u64;
    let inside = |i: usize| {
        count(&|v| v >= edges[i] && (v < edges[i + 1] || (i == last && v <= edges[i + 1])))
    };
    ((0..=last).map(inside).collect(), count(&|v| v < edges[0]), count(&|v| v > edges[last + 1]))
}

fn are_related(relation: PairRelation, earlier: usize, later: usize) -> bool {
    match relation {
        PairRelation::Within => earlier == later,
        PairRelation::Between => earlier != later,
        PairRelation::Ascending => earlier < later,
    }
}

/// How often a group counts a pair of which so many are poorly learnt.
fn times_in(group: PairGroup, bad: usize) -> usize {
    match group {
        PairGroup::All => 1,
        PairGroup::Well => usize::from(bad == 0),
        PairGroup::Poor => bad.min(1),
        PairGroup::PoorTwice => bad,
    }
}

/// What was counted is what these values are; where the edges are the lowest and the highest of
/// them, rounding may put these on either side.
fn assert_tally(tally: &Tally, values: &[f64], ends_are_edges: bool) {
    let (counts, below, above) = histogram(tally.bins(), values);
    let sum = values.iter().sum::<f64>();
    assert!((tally.mean().unwrap() * values.len() as f64 - sum).abs() < 1e-9 * values.len() as f64);
    assert_eq!(tally.total(), values.len() as u64);
    if ends_are_edges {
        let misplaced: u64 = tally.counts.iter().zip(&counts).map(|(a, b)| a.abs_diff(*b)).sum();
        assert!(misplaced <= 4 && tally.below + tally.above == 0, "{misplaced}");
    } else {
        assert_eq!((&tally.counts, tally.below, tally.above), (&counts, below, above));
    }
}

#[test]
fn distributions_are_those_of_all_pairs() {
    let mut stream = stream(8);
    // More samples than a block has rows, and more than it has columns.
    let (earlier, later) =
        (Drawn::new(530, [3, 2], 3, &mut stream), Drawn::new(530, [3, 2], 3, &mut stream));
    let poor = [&earlier, &later].map(|drawn| poorly_learnt(&drawn.error, 0.6).unwrap());
    let given = |low, high, n| Axis::Given {
        within: Bins::new(low, high, n).unwrap(),
        between: Bins::new(low - 0.5, high, n + 3).unwrap(),
    };
    let axes = Axes {
        activity: given(1.0, 17.0, 12),
        error: given(-4.0, 12.0, 20),
        product: Axis::Auto(31),
    };
    for own in [OwnPairs::Keep, OwnPairs::Drop] {
        let pairs = SamplePairs::new(&earlier.batch(), &later.batch(), own).unwrap();
        let found = pairs.distributions(&axes, Some([&poor[0], &poor[1]])).unwrap();
        let all = pairs_of(&earlier, &later, own);
        for relation in [PairRelation::Within, PairRelation::Between, PairRelation::Ascending] {
            for group in [PairGroup::All, PairGroup::Well, PairGroup::Poor, PairGroup::PoorTwice] {
                let times = |p: usize, m: usize| {
                    let related = are_related(relation, earlier.labels[p], later.labels[m]);
                    let bad = usize::from(poor[0][p]) + usize::from(poor[1][m]);
                    if related { times_in(group, bad) } else { 0 }
                };
                for (similarity, value) in [
                    (Similarity::Activity, (|l, _| l) as fn(f64, f64) -> f64),
                    (Similarity::Error, |_, d| d),
                    (Similarity::Product, |l, d| l * d),
                ] {
                    let weighted = all.iter().flat_map(|&(p, m, activity, error)| {
                        std::iter::repeat_n(value(activity, error), times(p, m))
                    });
                    let values: Vec<f64> = weighted.collect();
                    let tally = found.tally(similarity, relation, group);
                    assert_tally(&tally, &values, similarity == Similarity::Product);
                    assert!(
                        similarity == Similarity::Product
                            || tally.below > 0
                            || tally.above > 0
                            || group != PairGroup::All,
                        "the range cuts something off"
                    );
                }
            }
        }
    }
}

#[test]
fn shares_count_what_lies_outside_or_not() {
    let mut tally = Tally::new(Bins::new(0.0, 1.0, 2).unwrap());
    tally.count([0.0, 0.5, 1.0, 1.5, -0.1].into_iter());
    assert_eq!((&tally.counts[..], tally.below, tally.above), (&[1, 2][..], 1, 1));
    assert_eq!(tally.shares(), [0.2, 0.4]);
    assert_eq!(tally.shares_inside(), [1.0 / 3.0, 2.0 / 3.0]);
    assert!((tally.mean().unwrap() - 0.58).abs() < 1e-15);
    assert_eq!(Tally::new(tally.bins()).mean(), None);
}

#[test]
fn bins_have_edges() {
    let bins = Bins::stepping(-0.02, 0.02, 0.0002).unwrap();
    assert_eq!(bins.edges().len(), 201);
    assert!((bins.width() - 0.0002).abs() < 1e-18);
    for (low, high, step) in
        [(0.0, 1.0, 0.0), (1.0, 0.0, 0.1), (0.0, 1.0, -0.1), (0.0, 1.0, 1e-9), (0.0, f64::NAN, 0.1)]
    {
        assert_eq!(Bins::stepping(low, high, step), None, "{low} {high} {step}");
    }
    assert_eq!(Bins::new(0.0, f64::INFINITY, 3), None);
    let flat = Drawn { activity: Matrix::zeros(3, 1), ..Drawn::new(3, [1, 2], 2, &mut stream(3)) };
    let pairs = SamplePairs::new(&flat.batch(), &flat.batch(), OwnPairs::Keep).unwrap();
    let found = pairs.distributions(&Axes::default(), None).unwrap();
    let tally = found.tally(Similarity::Activity, PairRelation::Within, PairGroup::All);
    assert_eq!(tally.inside(), pairs.pairs().within);
    assert_eq!(found.tally(Similarity::Error, PairRelation::Within, PairGroup::Poor).total(), 0);
}
