//! What angles, spectra and the rule in isolation do not depend on, for random matrices of random
//! sizes.

use crate::common::random_cases;
use alignscope::matrix::Matrix;
use alignscope::measure::angle::{angle, weight_alignment};
use alignscope::measure::spectrum::{product_eigenvalues, singular_values};
use alignscope::random::{Role, Stream};
use alignscope::rule::{Activation, Feedback, Isolated};
use proptest::prelude::*;

type Values = Matrix<f64>;

fn normal(seed: u64, rows: usize, cols: usize) -> Values {
    let mut matrix = Matrix::zeros(rows, cols);
    Stream::new(seed, 0, Role::Probe).fill_normal(matrix.as_mut_slice());
    matrix
}

fn scaled(matrix: &Values, factor: f64) -> Values {
    let mut out = matrix.clone();
    out.scale(factor);
    out
}

/// Rows in another order.
fn rows(matrix: &Values, order: &[usize]) -> Values {
    let data = order.iter().flat_map(|&i| matrix.row(i)).copied().collect();
    Matrix::from_vec(matrix.rows(), matrix.cols(), data)
}

fn columns(matrix: &Values, order: &[usize]) -> Values {
    rows(&matrix.transpose(), order).transpose()
}

fn order(seed: u64, n: usize) -> Vec<usize> {
    let mut order: Vec<usize> = (0..n).collect();
    Stream::new(seed, 1, Role::Probe).shuffle(&mut order);
    order
}

fn degrees(a: &Values, b: &Values) -> f64 {
    angle(a, b).unwrap().unwrap()
}

/// Largest difference of singular values, relative to the largest one.
fn off(a: &[f64], b: &[f64]) -> f64 {
    assert_eq!(a.len(), b.len());
    a.iter().zip(b).map(|(a, b)| (a - b).abs()).fold(0.0, f64::max) / a[0]
}

proptest! {
    #![proptest_config(random_cases(200))]

    #[test]
    fn angles_are_those_of_directions_in_any_layout(
        seed in 0u64..1_000_000, m in 1usize..9, n in 1usize..9, decades in -120.0..120.0f64,
    ) {
        let (a, b) = (normal(seed, m, n), normal(seed + 1_000_000, m, n));
        let plain = degrees(&a, &b);
        let close = |other: f64| (other - plain).abs() < 1e-9;
        prop_assert!(close(degrees(&b, &a)));
        prop_assert!(close(degrees(&a.transpose(), &b.transpose())));
        prop_assert!(close(weight_alignment(&a, &b.transpose()).unwrap().unwrap()));
        let factor = 10f64.powf(decades);
        prop_assert!(
            close(degrees(&scaled(&a, factor), &b)) && close(degrees(&a, &scaled(&b, factor)))
        );
        // Signed: the opposite direction is the supplement, not the same.
        prop_assert!(close(180.0 - degrees(&scaled(&a, -factor), &b)));
        let (of_rows, of_columns) = (order(seed, m), order(seed + 1, n));
        let both = |matrix: &Values| columns(&rows(matrix, &of_rows), &of_columns);
        prop_assert!(close(degrees(&both(&a), &both(&b))));
    }

    #[test]
    fn singular_values_do_not_depend_on_order_sign_or_side(
        seed in 0u64..1_000_000, m in 1usize..9, n in 1usize..9, decades in -100.0..100.0f64,
    ) {
        let a = normal(seed, m, n);
        let values = singular_values(&a).unwrap();
        prop_assert!(off(&values, &singular_values(&a.transpose()).unwrap()) < 1e-13);
        let permuted = columns(&rows(&a, &order(seed, m)), &order(seed + 1, n));
        prop_assert!(off(&values, &singular_values(&permuted).unwrap()) < 1e-13);
        let mut flipped = a.clone();
        flipped.row_mut(m / 2).iter_mut().for_each(|value| *value = -*value);
        prop_assert!(off(&values, &singular_values(&flipped).unwrap()) < 1e-13);
        let factor = 10f64.powf(decades);
        let stretched: Vec<f64> = values.iter().map(|value| value * factor).collect();
        prop_assert!(off(&stretched, &singular_values(&scaled(&a, -factor)).unwrap()) < 1e-13);
        // The sum of their squares is the square of the Frobenius norm.
        let squares = a.as_slice().iter().map(|value| value * value).sum::<f64>();
        prop_assert!(
            (values.iter().map(|value| value * value).sum::<f64>() / squares - 1.0).abs() < 1e-13
        );
    }

    #[test]
    fn traces_of_the_product_do_not_depend_on_the_order_or_scale_of_hidden_units(
        seed in 0u64..1_000_000, m in 1usize..7, n in 1usize..7, octaves in -9i32..9,
    ) {
        // Power sums of the eigenvalues stand for these: unlike eigenvalues they are well
        // conditioned.
        let powers = |w: &Values, b: &Values| {
            let values = product_eigenvalues(w, b).unwrap();
            [1, 2].map(|power| values.iter().map(|value| value.powi(power).re).sum::<f64>())
        };
        let (w, b) = (normal(seed, m, n), normal(seed + 1_000_000, n, m));
        let size = w.as_slice().iter().chain(b.as_slice()).map(|value| value * value).sum::<f64>();
        let plain = powers(&w, &b);
        let hidden = order(seed, n);
        let factor = f64::from(octaves).exp2();
        for other in [
            powers(&columns(&w, &hidden), &rows(&b, &hidden)),
            powers(&scaled(&w, factor), &scaled(&b, 1.0 / factor)),
            powers(&b.transpose(), &w.transpose()),
        ] {
            for ((one, other), power) in plain.iter().zip(&other).zip([1, 2]) {
                prop_assert!((one - other).abs() <= 1e-12 * size.powi(power), "{one} {other}");
            }
        }
    }

    #[test]
    fn hidden_units_of_the_rule_in_isolation_have_no_order(
        seed in 0u64..1_000_000, sizes in [1usize..7, 2usize..9, 2usize..9, 1usize..7], linear in any::<bool>(),
    ) {
        let activation = if linear { Activation::Linear } else { Activation::Tanh };
        let mut plain = Isolated::<f64>::draw(&sizes, 5, activation, [0.5, 0.7], seed, 0);
        let mut permuted = plain.clone();
        let [first, second] = [order(seed, sizes[1]), order(seed + 1, sizes[2])];
        let weights = &mut permuted.layers.weights;
        weights[0] = columns(&weights[0], &first);
        weights[1] = columns(&rows(&weights[1], &first), &second);
        weights[2] = rows(&weights[2], &second);
        let [b1, b2] = [1, 2].map(|l| plain.feedback.backward(l).unwrap().clone());
        permuted.feedback =
            Feedback::fixed(vec![columns(&rows(&b1, &second), &first), columns(&b2, &second)]);
        for k in 0..5 {
            let (activity, error) =
                (normal(seed + k, 5, sizes[0]), normal(seed + 100 + k, 5, sizes[3]));
            plain.step(&activity, &error, 0.01);
            permuted.step(&activity, &error, 0.01);
        }
        for l in 1..3 {
            let [one, other] = [&plain, &permuted].map(|network| {
                weight_alignment(&network.layers.weights[l], network.feedback.backward(l).unwrap())
                    .unwrap()
                    .unwrap()
            });
            prop_assert!((one - other).abs() < 1e-9, "layer {l}: {one} {other}");
        }
    }

    #[test]
    fn scaled_backward_weights_scale_what_the_first_layer_learns(
        seed in 0u64..1_000_000, sizes in [1usize..7, 1usize..9, 1usize..7], octaves in -6i32..6,
    ) {
        let factor = f64::from(octaves).exp2();
        // From zero weights, so that a power of two scales without rounding.
        let [mut plain, mut other] = [1.0, factor].map(|factor| {
            let mut network =
                Isolated::<f64>::draw(&sizes, 5, Activation::Linear, [1.0, 1.0], seed, 0);
            network.layers.weights[0] = Matrix::zeros(sizes[0], sizes[1]);
            network.feedback =
                Feedback::fixed(vec![scaled(network.feedback.backward(1).unwrap(), factor)]);
            network
        });
        for k in 0..5 {
            let (activity, error) =
                (normal(seed + k, 5, sizes[0]), normal(seed + 100 + k, 5, sizes[2]));
            plain.step(&activity, &error, 0.01);
            other.step(&activity, &error, 0.01);
        }
        prop_assert_eq!(&scaled(&plain.layers.weights[0], factor), &other.layers.weights[0]);
    }
}
