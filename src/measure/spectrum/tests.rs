//! Known matrices, identities that hold for all, and what has no spectrum.

use super::*;
use crate::matrix::Matrix;
use crate::random::{Role, Stream};
use faer::c64;

fn normal(rows: usize, cols: usize, repeat: u64) -> Matrix<f64> {
    let mut matrix = Matrix::zeros(rows, cols);
    Stream::new(5, repeat, Role::Probe).fill_normal(matrix.as_mut_slice());
    matrix
}

fn times(a: &Matrix<f64>, b: &Matrix<f64>) -> Matrix<f64> {
    let product = a.as_faer() * b.as_faer();
    Matrix::from_vec(
        a.rows(),
        b.cols(),
        product.row_iter().flat_map(|row| row.iter().copied().collect::<Vec<_>>()).collect(),
    )
}

fn largest_difference(a: &[f64], b: &[f64]) -> f64 {
    assert_eq!(a.len(), b.len());
    a.iter().zip(b).map(|(a, b)| (a - b).abs()).fold(0.0, f64::max)
}

/// Largest distance of a value to its partner, every one being used once.
fn largest_distance(a: &[c64], b: &[c64]) -> f64 {
    assert_eq!(a.len(), b.len());
    let mut open = b.to_vec();
    let nearest = |a: &c64, open: &mut Vec<c64>| {
        let near = (0..open.len())
            .min_by(|&i, &j| (open[i] - a).norm().total_cmp(&(open[j] - a).norm()))
            .unwrap();
        (open.swap_remove(near) - a).norm()
    };
    a.iter().map(|a| nearest(a, &mut open)).fold(0.0, f64::max)
}

#[test]
fn of_known_matrices() {
    let m = Matrix::from_vec(3, 3, vec![2.0, -1.0, 0.0, -1.0, 2.0, -1.0, 0.0, -1.0, 2.0]);
    let root = std::f64::consts::SQRT_2;
    assert!(
        largest_difference(&symmetric_eigenvalues(&m).unwrap(), &[2.0 - root, 2.0, 2.0 + root])
            < 1e-14
    );
    assert!(
        largest_difference(&singular_values(&m).unwrap(), &[2.0 + root, 2.0, 2.0 - root]) < 1e-14
    );
    let turn = Matrix::from_vec(2, 2, vec![3.0, -4.0, 4.0, 3.0]);
    let values = eigenvalues(&turn).unwrap();
    assert!(
        (values[0] - c64::new(3.0, 4.0)).norm() < 1e-14
            && (values[1] - c64::new(3.0, -4.0)).norm() < 1e-14
    );
    assert!(largest_difference(&singular_values(&turn).unwrap(), &[5.0, 5.0]) < 1e-14);
    // A circulant matrix: the discrete Fourier transform of its first column.
    let (n, column) = (12, |k: usize| 1.0 / (1.0 + k as f64));
    let circulant =
        Matrix::from_vec(n, n, (0..n * n).map(|i| column((i / n + n - i % n) % n)).collect());
    let wave =
        |j: usize, k: usize| c64::cis(-2.0 * std::f64::consts::PI * (j * k) as f64 / n as f64);
    let exact: Vec<c64> = (0..n).map(|j| (0..n).map(|k| wave(j, k) * column(k)).sum()).collect();
    assert!(largest_distance(&eigenvalues(&circulant).unwrap(), &exact) < 1e-13);
    // Nilpotent: all eigenvalues 0, singular values 1 and 0.
    let shift = Matrix::from_vec(3, 3, vec![0.0, 1.0, 0.0, 0.0, 0.0, 1.0, 0.0, 0.0, 0.0]);
    assert!(eigenvalues(&shift).unwrap().iter().all(|v| v.norm() == 0.0));
    assert_eq!(singular_values(&shift).unwrap(), [1.0, 1.0, 0.0]);
}

#[test]
fn vectors_belong_to_their_values() {
    // Only the lower triangle counts.
    let m = Matrix::from_vec(3, 3, vec![2.0, 9.0, 9.0, -1.0, 2.0, 9.0, 0.0, -1.0, 2.0]);
    let (values, vectors) = symmetric_eigen(m.as_faer()).unwrap();
    let root = std::f64::consts::SQRT_2;
    for (j, (value, exact)) in values.iter().zip([2.0 + root, 2.0, 2.0 - root]).enumerate() {
        assert!((value - exact).abs() < 1e-14, "{values:?}");
        let v = [0, 1, 2].map(|i| vectors[(i, j)]);
        let image = [2.0 * v[0] - v[1], -v[0] + 2.0 * v[1] - v[2], -v[1] + 2.0 * v[2]];
        assert!(image.iter().zip(v).all(|(a, b)| (a - exact * b).abs() < 1e-14));
    }
    assert!(symmetric_eigen(Matrix::zeros(0, 0).as_faer()).unwrap().0.is_empty());
}

#[test]
fn identities_hold_at_all_sizes() {
    for size in (1..=40).chain([64, 129, 150]) {
        let a = normal(size, size, size as u64);
        let values = eigenvalues(&a).unwrap();
        let trace: f64 = (0..size).map(|i| a.row(i)[i]).sum();
        let sum: c64 = values.iter().sum();
        let scale = size as f64;
        assert!(
            (sum.re - trace).abs() < 1e-12 * scale && sum.im.abs() < 1e-12 * scale,
            "{size}: {sum} {trace}"
        );
        assert!(values.windows(2).all(|v| v[0].norm() >= v[1].norm()));
        // Moduli of the eigenvalues and singular values both multiply to the determinant.
        let singular = singular_values(&a).unwrap();
        let logarithms = |values: &mut dyn Iterator<Item = f64>| values.map(f64::ln).sum::<f64>();
        let [one, other] = [
            logarithms(&mut values.iter().map(|v| v.norm())),
            logarithms(&mut singular.iter().copied()),
        ];
        assert!((one - other).abs() < 1e-9, "{size}: {one} {other}");
        let squares: f64 = singular.iter().map(|s| s * s).sum();
        let norm: f64 = a.as_slice().iter().map(|v| v * v).sum();
        assert!((squares / norm - 1.0).abs() < 1e-13, "{size}");
    }
}

#[test]
fn singular_values_are_roots_of_the_eigenvalues_of_the_gram_matrix() {
    for (rows, cols) in [(1, 7), (7, 1), (20, 30), (30, 20), (200, 140)] {
        let a = normal(rows, cols, 1);
        let gram = if rows > cols { times(&a.transpose(), &a) } else { times(&a, &a.transpose()) };
        let mut squares: Vec<f64> = singular_values(&a).unwrap().iter().map(|s| s * s).collect();
        squares.reverse();
        assert!(
            largest_difference(&squares, &symmetric_eigenvalues(&gram).unwrap())
                < 1e-12 * (rows * cols) as f64
        );
        let svd = Svd::new(&a).unwrap();
        assert!(largest_difference(svd.values(), &singular_values(&a).unwrap()) < 1e-12);
        assert_eq!((svd.shape(), svd.rank()), ((rows, cols), rows.min(cols)));
    }
}

#[test]
fn both_products_have_the_same_eigenvalues_but_for_zeros() {
    for (rows, cols) in [(12, 5), (5, 12), (9, 9), (60, 25)] {
        let (w, b) = (normal(rows, cols, 2), normal(cols, rows, 3));
        let found = product_eigenvalues(&w, &b).unwrap();
        let (one, other) =
            (eigenvalues(&times(&w, &b)).unwrap(), eigenvalues(&times(&b, &w)).unwrap());
        let few = rows.min(cols);
        assert!(
            largest_distance(&found, &one[..few]) < 1e-10
                && largest_distance(&found, &other[..few]) < 1e-10
        );
        assert!(one[few..].iter().chain(&other[few..]).all(|zero| zero.norm() < 1e-10));
        let sum: f64 = found.iter().map(|v| v.re).sum();
        let inner: f64 =
            w.as_slice().iter().zip(b.transpose().as_slice()).map(|(w, b)| w * b).sum();
        assert!((sum - inner).abs() < 1e-10, "the sum is the inner product of W and B'");
        let direct = singular_values(&times(&w, &b)).unwrap();
        assert!(
            largest_difference(&product_singular_values(&w, &b).unwrap(), &direct[..few]) < 1e-11
        );
        assert!(direct[few..].iter().all(|s| *s < 1e-11));
    }
    // Below full rank.
    let w = times(&normal(20, 2, 4), &normal(2, 6, 5));
    let found = product_singular_values(&w, &normal(6, 20, 6)).unwrap();
    assert!(found.len() == 6 && numerical_rank(&found, (20, 20)) == 2, "{found:?}");
}

#[test]
fn principal_angles_are_those_constructed_in_any_basis() {
    let radians = [
        0.0,
        1e-9,
        1e-6,
        0.3,
        1.2,
        std::f64::consts::FRAC_PI_2 - 1e-9,
        std::f64::consts::FRAC_PI_2,
    ];
    let (space, k) = (40, radians.len());
    // Orthonormal columns.
    let frame = Svd::new(&normal(space, 2 * k, 7)).unwrap().left;
    let pair = |columns: usize, lift: &dyn Fn(usize, usize) -> f64| {
        Matrix::from_vec(
            space,
            columns,
            (0..space * columns).map(|i| lift(i / columns, i % columns)).collect(),
        )
    };
    let a = pair(k, &|i, j| frame[(i, j)]);
    let b =
        pair(k, &|i, j| frame[(i, j)] * radians[j].cos() + frame[(i, k + j)] * radians[j].sin());
    let check = |a: &Matrix<f64>, b: &Matrix<f64>, tolerance: f64| {
        let (a, b) = (Subspace::of_columns(a).unwrap(), Subspace::of_columns(b).unwrap());
        for found in [a.principal_angles(&b).unwrap(), b.principal_angles(&a).unwrap()] {
            let found: Vec<f64> = found.iter().map(|d| d.to_radians()).collect();
            assert!(largest_difference(&found, &radians) < tolerance, "{found:?}");
        }
        let squares: f64 = radians.iter().map(|r| r.cos().powi(2)).sum();
        assert!((a.overlap(&b).unwrap().unwrap() - squares / k as f64).abs() < 1e-13);
    };
    check(&a, &b, 5e-15);
    // Another basis of each: well conditioned, so that the subspaces themselves stay exact.
    let mix = |repeat| {
        let mut mix = normal(k, k, repeat);
        (0..k).for_each(|i| mix.row_mut(i)[i] += 6.0);
        mix
    };
    check(&times(&a, &mix(8)), &times(&b, &mix(9)), 1e-13);
    // The rows of the transpose, and fewer angles with a subspace of it.
    let rows = Subspace::of_rows(&a.transpose()).unwrap();
    assert_eq!((rows.space(), rows.dimensions()), (space, k));
    assert!(
        rows.principal_angles(&Subspace::of_columns(&a).unwrap())
            .unwrap()
            .iter()
            .all(|angle| *angle < 1e-12)
    );
    let inside = Svd::new(&a).unwrap().left_subspace(2);
    let angles = inside.principal_angles(&rows).unwrap();
    assert!(angles.len() == 2 && angles.iter().all(|angle| *angle < 1e-12), "{angles:?}");
    let error = inside.principal_angles(&Subspace::of_rows(&a).unwrap()).unwrap_err();
    assert_eq!(error, SpectrumError::Spaces(40, 7));
}

#[test]
fn the_pseudo_inverse_meets_penroses_conditions() {
    let deficient = times(&normal(12, 3, 10), &normal(3, 8, 11));
    for a in [normal(9, 4, 12), normal(4, 9, 13), normal(6, 6, 14), deficient] {
        let p = pseudo_inverse(&a).unwrap();
        let (ap, pa) = (times(&a, &p), times(&p, &a));
        let same = |x: &Matrix<f64>, y: &Matrix<f64>| {
            largest_difference(x.as_slice(), y.as_slice()) < 1e-11
        };
        assert!(same(&times(&ap, &a), &a) && same(&times(&pa, &p), &p));
        assert!(same(&ap, &ap.transpose()) && same(&pa, &pa.transpose()));
        assert!(pseudo_inverse_alignment(&p, &a).unwrap().unwrap() < 1e-10);
        let other = normal(a.cols(), a.rows(), 15);
        let direct = crate::measure::angle::angle(&other, &p).unwrap();
        assert!(
            (pseudo_inverse_alignment(&other, &a).unwrap().unwrap() - direct.unwrap()).abs() < 1e-9
        );
    }
    let zero = Matrix::zeros(3, 2);
    assert_eq!(pseudo_inverse(&zero).unwrap(), Matrix::zeros(2, 3));
    assert_eq!(pseudo_inverse_alignment(&normal(2, 3, 16), &zero), Ok(None));
    assert_eq!(
        pseudo_inverse_alignment(&normal(2, 3, 16), &normal(2, 3, 17)),
        Err(SpectrumError::Shapes((2, 3), (2, 3)))
    );
}

#[test]
fn what_has_no_spectrum_is_told_and_nothing_is_not_a_number() {
    let mut holed = normal(3, 4, 18);
    holed.row_mut(1)[2] = f64::NAN;
    let error = singular_values(&holed).unwrap_err();
    assert!(error.to_string().contains("NaN at row 1, column 2"), "{error}");
    assert!(
        Svd::new(&holed).is_err()
            && pseudo_inverse(&holed).is_err()
            && Subspace::of_rows(&holed).is_err()
    );
    assert!(product_eigenvalues(&holed, &normal(4, 3, 19)).is_err());
    assert_eq!(eigenvalues(&normal(3, 4, 18)), Err(SpectrumError::NotSquare(3, 4)));
    assert_eq!(symmetric_eigenvalues(&normal(4, 3, 18)), Err(SpectrumError::NotSquare(4, 3)));
    let shapes = product_singular_values(&normal(3, 4, 18), &normal(3, 4, 18)).unwrap_err();
    assert!(shapes.to_string().contains("W of 3 x 4 and B of 3 x 4"), "{shapes}");
    for (rows, cols) in [(0, 0), (0, 3), (3, 0)] {
        let empty = Matrix::zeros(rows, cols);
        assert_eq!(singular_values(&empty), Ok(vec![]));
        assert_eq!(Svd::new(&empty).unwrap().column_space().dimensions(), 0);
        assert_eq!(pseudo_inverse(&empty).unwrap(), Matrix::zeros(cols, rows));
        assert_eq!(product_eigenvalues(&empty, &empty.transpose()), Ok(vec![]));
        assert_eq!(product_singular_values(&empty, &empty.transpose()), Ok(vec![]));
    }
    let zero = Matrix::zeros(3, 5);
    assert_eq!(singular_values(&zero).unwrap(), [0.0; 3]);
    let nothing = Subspace::of_columns(&zero).unwrap();
    assert_eq!((nothing.dimensions(), nothing.overlap(&nothing)), (0, Ok(None)));
    assert_eq!(
        nothing.principal_angles(&Subspace::of_rows(&normal(2, 3, 20)).unwrap()),
        Ok(vec![])
    );
}

#[test]
fn huge_and_tiny_matrices_keep_their_spectra() {
    let base = [2.0, 1.0, 0.0, 1.0, 2.0, 0.0];
    let plain = singular_values(&Matrix::from_vec(2, 3, base.to_vec())).unwrap();
    for exponent in [-1020, -600, 600, 1020] {
        let factor = f64::from(exponent).exp2();
        let m = Matrix::from_vec(2, 3, base.map(|v| v * factor).to_vec());
        let values: Vec<f64> = singular_values(&m).unwrap().iter().map(|s| s / factor).collect();
        assert!(largest_difference(&values, &plain) < 1e-14, "{exponent}");
        assert!(pseudo_inverse_alignment(&m.transpose(), &m).unwrap().is_some());
    }
    let huge = Matrix::from_vec(2, 2, vec![1.7e308; 4]);
    assert_eq!(singular_values(&huge), Err(SpectrumError::Overflow));
    assert_eq!(product_eigenvalues(&huge, &huge), Err(SpectrumError::Overflow));
    assert_eq!(pseudo_inverse(&Matrix::from_vec(1, 1, vec![1e-320])), Err(SpectrumError::Overflow));
    let tiny = singular_values(&Matrix::from_vec(1, 2, vec![3e-320, 4e-320])).unwrap();
    assert!((tiny[0] - 5e-320).abs() < 1e-323);
}
