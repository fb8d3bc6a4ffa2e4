//! Time of the decompositions, and of what is made of them.

use alignscope::matrix::Matrix;
use alignscope::measure::spectrum::{
    Subspace, Svd, eigenvalues, product_eigenvalues, product_singular_values, pseudo_inverse,
    singular_values, symmetric_eigenvalues,
};
use alignscope::random::{Role, Stream};
use alignscope::theory::spectra::split;
use criterion::{Criterion, criterion_group, criterion_main};

fn normal(rows: usize, columns: usize, repeat: u64) -> Matrix<f64> {
    let mut matrix = Matrix::zeros(rows, columns);
    Stream::new(1, repeat, Role::Probe).fill_normal(matrix.as_mut_slice());
    matrix
}

fn of_square(c: &mut Criterion, n: usize) {
    let mut group = c.benchmark_group(format!("{n} x {n}"));
    let a = normal(n, n, 0);
    group.sample_size(if n < 500 { 100 } else { 10 });
    group.bench_function("singular values", |b| b.iter(|| singular_values(&a)));
    group.bench_function("singular vectors too", |b| b.iter(|| Svd::new(&a)));
    group.bench_function("eigenvalues", |b| b.iter(|| eigenvalues(&a)));
    group.bench_function("eigenvalues, symmetric", |b| b.iter(|| symmetric_eigenvalues(&a)));
    group.bench_function("pseudo-inverse", |b| b.iter(|| pseudo_inverse(&a)));
    if let Ok(values) = singular_values(&a) {
        group.bench_function("bulk and outliers of singular values", |b| {
            b.iter(|| split(&values, (n, n), None, 0.01))
        });
    }
    group.finish();
}

fn of_pairs(c: &mut Criterion) {
    let mut group = c.benchmark_group("W of 500 x 50, B of 50 x 500");
    let (w, b) = (normal(500, 50, 1), normal(50, 500, 2));
    group.bench_function("eigenvalues of W B", |bencher| {
        bencher.iter(|| product_eigenvalues(&w, &b))
    });
    group.bench_function("singular values of W B", |bencher| {
        bencher.iter(|| product_singular_values(&w, &b))
    });
    if let (Ok(one), Ok(other)) = (Subspace::of_columns(&w), Subspace::of_rows(&b)) {
        group.bench_function("principal angles", |bencher| {
            bencher.iter(|| one.principal_angles(&other))
        });
    }
    group.finish();
}

fn benches(c: &mut Criterion) {
    for n in [50, 200, 1000] {
        of_square(c, n);
    }
    of_pairs(c);
}

criterion_group!(spectra, benches);
criterion_main!(spectra);
