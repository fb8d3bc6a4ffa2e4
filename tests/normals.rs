//! Statistical tests of the random numbers, with rand_distr as the oracle. Seeds are fixed: a failure is a change.

use alignscope::random::{Role, Stream};
use rand::rngs::ChaCha8Rng;
use rand::{RngExt, SeedableRng};
use rand_distr::StandardNormal;
use statrs::distribution::{ContinuousCDF, Normal};
use statrs::function::erf::erfc;

fn normals(seed: u64, repeat: u64, role: Role, n: usize) -> Vec<f32> {
    let mut out = vec![0.0; n];
    Stream::new(seed, repeat, role).fill_normal(&mut out);
    out
}

/// Mean of products with its z-score, the products being independent with mean 0 and standard deviation `sd`.
fn z_of_products<'a>(a: impl Iterator<Item = &'a f32>, b: impl Iterator<Item = &'a f32>, power: i32, sd: f64) -> f64 {
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
    let table = [(1, 0.0, 1.0f64), (2, 1.0, 2.0), (3, 0.0, 15.0), (4, 3.0, 96.0), (5, 0.0, 945.0), (6, 15.0, 10170.0)];
    for (p, mean, variance) in table {
        for values in [single.iter().map(|&x| f64::from(x)).collect::<Vec<_>>(), double.clone()] {
            let z = (values.iter().map(|x| x.powi(p)).sum::<f64>() / n as f64 - mean) / (variance / n as f64).sqrt();
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
    let exact = ours
        .iter()
        .enumerate()
        .map(|(i, &x)| {
            let cdf = normal.cdf(f64::from(x));
            (cdf - i as f64 / n as f64).abs().max((cdf - (i + 1) as f64 / n as f64).abs())
        })
        .fold(0.0, f64::max);
    // Kolmogorov's distribution exceeds 1.95 with probability 0.001.
    assert!(exact * (n as f64).sqrt() < 1.95, "{exact}");

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
    let mut pairs: Vec<(&[f32], &[f32])> = others.iter().map(|other| (&reference[..], &other[..])).collect();
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
        let z = ((chi2 / freedom).cbrt() - (1.0 - 2.0 / (9.0 * freedom))) / (2.0 / (9.0 * freedom)).sqrt();
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
