//! Statistical tests of the random numbers, with rand_distr as the oracle, and of the distributions
//! of rand and rand_distr that draw from them. Seeds are fixed: a failure is a change.

use alignscope::random::{Role, Stream};
use rand::distr::{Bernoulli, Distribution};
use rand::rngs::ChaCha8Rng;
use rand::seq::{IndexedRandom, SliceRandom};
use rand::{Rng, RngExt, SeedableRng};
use rand_distr::{Gamma, Poisson, StandardNormal, StudentT};
use statrs::distribution::{ContinuousCDF, DiscreteCDF, Normal};
use statrs::function::erf::erfc;

fn normals(seed: u64, repeat: u64, role: Role, n: usize) -> Vec<f32> {
    let mut out = vec![0.0; n];
    Stream::new(seed, repeat, role).fill_normal(&mut out);
    out
}

/// Largest distance between the distribution of values and an exact one, times the root of their
/// number. Steps are taken together, so that it holds for whole numbers too.
fn kolmogorov(mut values: Vec<f64>, cdf: impl Fn(f64) -> f64) -> f64 {
    values.sort_by(f64::total_cmp);
    let (n, mut below, mut apart) = (values.len() as f64, 0.0, 0.0f64);
    for same in values.chunk_by(|a, b| a == b) {
        let exact = cdf(same[0]);
        // Of a continuous distribution the value below a step counts as well.
        let before = if same.len() == 1 { (exact - below / n).abs() } else { 0.0 };
        below += same.len() as f64;
        apart = apart.max(before).max((exact - below / n).abs());
    }
    apart * n.sqrt()
}

/// Mean of products with its z-score, the products being independent with mean 0 and standard
/// deviation `sd`.
fn z_of_products<'a>(
    a: impl Iterator<Item = &'a f32>,
    b: impl Iterator<Item = &'a f32>,
    power: i32,
    sd: f64,
) -> f64 {
    let centre = if power == 2 { 1.0 } else { 0.0 };
    let (mut sum, mut n) = (0.0, 0u64);
    for (x, y) in a.zip(b) {
        sum += (f64::from(*x).powi(power) - centre) * (f64::from(*y).powi(power) - centre);
        n += 1;
    }
    sum / (n as f64).sqrt() / sd
}

#[test]
fn moments_are_those_of_a_standard_normal() {
    let n = 1 << 23;
    let (single, mut double) = (normals(1, 0, Role::Signal, n), vec![0.0f64; n]);
    Stream::new(2, 0, Role::Signal).fill_normal(&mut double);
    // E x^p and the standard deviation of x^p: sqrt(E x^2p - (E x^p)^2).
    let table = [
        (1, 0.0, 1.0f64),
        (2, 1.0, 2.0),
        (3, 0.0, 15.0),
        (4, 3.0, 96.0),
        (5, 0.0, 945.0),
        (6, 15.0, 10170.0),
    ];
    for (p, mean, variance) in table {
        for values in [single.iter().map(|&x| f64::from(x)).collect::<Vec<_>>(), double.clone()] {
            let z = (values.iter().map(|x| x.powi(p)).sum::<f64>() / n as f64 - mean)
                / (variance / n as f64).sqrt();
            assert!(z.abs() < 4.0, "moment {p}: {z} standard errors");
        }
    }
}

#[test]
fn distribution_matches_the_exact_one_and_the_oracle() {
    let n = 1 << 21;
    let mut ours = normals(3, 0, Role::Weights, n);
    ours.sort_by(f32::total_cmp);
    let normal = Normal::standard();
    let exact = kolmogorov(ours.iter().map(|&x| f64::from(x)).collect(), |x| normal.cdf(x));
    // Kolmogorov's distribution exceeds 1.95 with probability 0.001.
    assert!(exact < 1.95, "{exact}");

    let mut rng = ChaCha8Rng::seed_from_u64(3);
    let mut oracle: Vec<f32> = (0..n).map(|_| rng.sample(StandardNormal)).collect();
    oracle.sort_by(f32::total_cmp);
    let (mut j, mut apart) = (0, 0.0f64);
    for (i, x) in ours.iter().enumerate() {
        while j < n && oracle[j] <= *x {
            j += 1;
        }
        apart = apart.max((i as f64 - j as f64).abs() / n as f64);
    }
    assert!(apart * (n as f64 / 2.0).sqrt() < 1.95, "{apart}");
}

#[test]
fn tails_have_the_exact_weight_beyond_five_sigma() {
    let (mut stream, mut block) = (Stream::new(4, 0, Role::Signal), vec![0.0f32; 1 << 16]);
    let marks = [3.0f32, 4.0, 4.5, 5.0, 5.5];
    let (mut counts, mut largest) = ([[0u64; 2]; 5], 0.0f32);
    let blocks = 1u64 << 12;
    for _ in 0..blocks {
        stream.fill_normal(&mut block);
        for &x in block.iter().filter(|x| x.abs() > 3.0) {
            largest = largest.max(x.abs());
            for (count, mark) in counts.iter_mut().zip(marks) {
                count[usize::from(x > 0.0)] += u64::from(x.abs() > mark);
            }
        }
    }
    let n = (blocks * (1 << 16)) as f64;
    for (count, mark) in counts.iter().zip(marks) {
        let expected = n * 0.5 * erfc(f64::from(mark) / std::f64::consts::SQRT_2);
        for side in count {
            let z = (*side as f64 - expected) / expected.sqrt();
            assert!(z.abs() < 4.0, "beyond {mark}: {side}, expected {expected:.1}");
        }
    }
    assert!((5.5..6.77).contains(&largest), "{largest}");
}

#[test]
fn streams_and_values_are_independent() {
    let n = 1 << 20;
    let reference = normals(5, 0, Role::Signal, n);
    let others = [
        normals(6, 0, Role::Signal, n),
        normals(5, 1, Role::Signal, n),
        normals(5, 0, Role::Activity, n),
        normals(5, 0, Role::Weights, n),
    ];
    let mut pairs: Vec<(&[f32], &[f32])> =
        others.iter().map(|other| (&reference[..], &other[..])).collect();
    // Lags include the two members of a pair: 256 apart in the blocks of 512 they are made in.
    for lag in [1, 2, 3, 7, 16, 255, 256, 257, 512, 1024] {
        pairs.push((&reference[..n - lag], &reference[lag..]));
    }
    for (i, (a, b)) in pairs.iter().enumerate() {
        for (power, sd) in [(1, 1.0), (2, 2.0)] {
            let z = z_of_products(a.iter(), b.iter(), power, sd);
            assert!(z.abs() < 4.0, "pair {i}, power {power}: {z}");
        }
    }
}

#[test]
fn whole_numbers_and_orders_are_uniform() {
    let mut stream = Stream::new(7, 0, Role::Code);
    for bound in [2u64, 3, 10, 1000] {
        let draws = 200_000;
        let mut counts = vec![0u64; bound as usize];
        (0..draws).for_each(|_| counts[stream.below(bound) as usize] += 1);
        let expected = draws as f64 / bound as f64;
        let chi2: f64 = counts.iter().map(|&c| (c as f64 - expected).powi(2) / expected).sum();
        let freedom = (bound - 1) as f64;
        // Wilson and Hilferty: a cube root of chi-square is nearly normal.
        let z = ((chi2 / freedom).cbrt() - (1.0 - 2.0 / (9.0 * freedom)))
            / (2.0 / (9.0 * freedom)).sqrt();
        assert!(z < 4.0, "{bound}: {z}");
    }
    let mut orders = std::collections::HashMap::new();
    for _ in 0..240_000 {
        let mut items = [0, 1, 2, 3];
        stream.shuffle(&mut items);
        *orders.entry(items).or_insert(0u64) += 1;
    }
    assert_eq!(orders.len(), 24);
    let chi2: f64 = orders.values().map(|&c| (c as f64 - 10_000.0).powi(2) / 10_000.0).sum();
    // 23 degrees of freedom: 49.7 at 0.001.
    assert!(chi2 < 49.7, "{chi2}");
}

#[test]
fn streams_are_generators_of_rand() {
    // The key is seed, repeat and tag.
    let mut key = [0u8; 32];
    (key[0], key[8]) = (8, 3);
    key[16..22].copy_from_slice(b"signal");
    let (mut ours, mut theirs) = (Stream::new(8, 3, Role::Signal), ChaCha8Rng::from_seed(key));
    for round in 0..300usize {
        assert_eq!(ours.next_u32(), theirs.next_u32());
        assert_eq!(ours.next_u64(), theirs.next_u64());
        let [mut a, mut b] = [[0u8; 301]; 2];
        ours.fill_bytes(&mut a[..round]);
        theirs.fill_bytes(&mut b[..round]);
        assert_eq!(a, b, "{round} bytes");
        let gamma = Gamma::new(0.3 + round as f64, 2.0).unwrap();
        assert_eq!(ours.sample(gamma), theirs.sample(gamma));
        assert_eq!(ours.position(), theirs.get_word_pos(), "round {round}");
    }
}

/// Draws of a distribution, its distance from the exact one, and its mean and variance in standard
/// errors.
fn check<D: Distribution<f64>>(
    name: &str,
    distribution: &D,
    cdf: impl Fn(f64) -> f64,
    moments: [f64; 3],
) {
    let n = 1 << 18;
    let [mean, variance, kurtosis] = moments;
    let values: Vec<f64> =
        Stream::new(11, 0, Role::Signal).sample_iter(distribution).take(n).collect();
    let average = |of: &dyn Fn(f64) -> f64| values.iter().map(|&x| of(x)).sum::<f64>() / n as f64;
    let z_mean = (average(&|x| x) - mean) / (variance / n as f64).sqrt();
    let error = variance * ((kurtosis - 1.0) / n as f64).sqrt();
    let z_variance = (average(&|x| (x - mean).powi(2)) - variance) / error;
    assert!(z_mean.abs() < 4.0 && z_variance.abs() < 4.0, "{name}: {z_mean} {z_variance}");
    let apart = kolmogorov(values, cdf);
    assert!(apart < 1.95, "{name}: {apart}");
}

#[test]
fn distributions_of_rand_distr_are_exact_on_streams() {
    use statrs::distribution as exact;
    for shape in [0.4, 2.5, 40.0] {
        let law = exact::Gamma::new(shape, 1.0 / 0.7).unwrap();
        let moments = [0.7 * shape, 0.49 * shape, 3.0 + 6.0 / shape];
        check("gamma", &Gamma::new(shape, 0.7).unwrap(), |x| law.cdf(x), moments);
    }
    for freedom in [5.0, 12.0] {
        let law = exact::StudentsT::new(0.0, 1.0, freedom).unwrap();
        let moments = [0.0, freedom / (freedom - 2.0), 3.0 + 6.0 / (freedom - 4.0)];
        check("Student", &StudentT::new(freedom).unwrap(), |x| law.cdf(x), moments);
    }
    for rate in [0.6, 3.7, 60.0] {
        let law = exact::Poisson::new(rate).unwrap();
        let moments = [rate, rate, 3.0 + 1.0 / rate];
        check("Poisson", &Poisson::new(rate).unwrap(), |x| law.cdf(x as u64), moments);
    }
    let p = 0.3;
    let coin = Bernoulli::new(p).unwrap().map(|heads: bool| f64::from(u8::from(heads)));
    let moments = [p, p * (1.0 - p), (1.0 - 3.0 * p * (1.0 - p)) / (p * (1.0 - p))];
    check("Bernoulli", &coin, |x| if x < 1.0 { 1.0 - p } else { 1.0 }, moments);
}

#[test]
fn sequences_of_rand_are_uniform_on_streams() {
    let mut stream = Stream::new(13, 0, Role::Probe);
    let (mut orders, mut chosen) = (std::collections::HashMap::new(), [0u64; 24]);
    let all: Vec<usize> = (0..24).collect();
    for _ in 0..240_000 {
        let mut items = [0, 1, 2, 3];
        SliceRandom::shuffle(&mut items[..], &mut stream);
        *orders.entry(items).or_insert(0u64) += 1;
        chosen[*all.choose(&mut stream).unwrap()] += 1;
    }
    for counts in [orders.into_values().collect(), chosen.to_vec()] {
        assert_eq!(counts.len(), 24);
        let chi2: f64 = counts.iter().map(|&c| (c as f64 - 10_000.0).powi(2) / 10_000.0).sum();
        // 23 degrees of freedom: 49.7 at 0.001.
        assert!(chi2 < 49.7, "{chi2}");
    }
}

#[test]
fn draws_of_distributions_are_pinned() {
    /// Powers and logarithms are those of the system, whose last bits differ.
    fn check<D: Distribution<f64>>(distribution: D, pinned: [f64; 3]) {
        let drawn = Stream::new(1, 2, Role::Signal).sample_iter(distribution);
        for (drawn, pinned) in drawn.zip(pinned) {
            assert!((drawn / pinned - 1.0).abs() < 1e-12, "{drawn} {pinned}");
        }
    }
    check(
        Gamma::new(2.5, 0.7).unwrap(),
        [2.7758904383647196, 4.813841943672004, 1.1625013574151795],
    );
    check(
        Gamma::new(0.4, 1.0).unwrap(),
        [0.7416091915932287, 0.0012900013444390463, 0.026962732242504797],
    );
    check(
        StudentT::new(5.0).unwrap(),
        [0.9646510895829798, -3.5594407892577995, -0.8614965944231152],
    );
    let poisson = [3.7, 60.0].map(|rate| {
        let counts = Stream::new(1, 2, Role::Signal).sample_iter(Poisson::new(rate).unwrap());
        counts.take(5).map(|count: f64| count as u64).collect::<Vec<_>>()
    });
    assert_eq!(poisson, [[4, 3, 1, 2, 2], [67, 62, 76, 70, 62]]);
    let coin = Stream::new(1, 2, Role::Signal).sample_iter(Bernoulli::new(0.3).unwrap());
    let heads: String = coin.take(16).map(|heads| if heads { 'h' } else { 't' }).collect();
    assert_eq!(heads, "ttthtthtthhhhtth");
    let mut items: Vec<u32> = (0..8).collect();
    SliceRandom::shuffle(&mut items[..], &mut Stream::new(1, 2, Role::Signal));
    assert_eq!(items, [7, 0, 3, 5, 2, 1, 6, 4]);
}
