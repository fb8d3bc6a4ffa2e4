//! Time of the decomposition of one update over all lags, and of the products that it cannot do
//! without.
//!
//! Throughput is in floating-point operations of the bare products, `2 P n_{l-1} n_l` per lag:
//! elements are those.

use alignscope::matrix::Matrix;
use alignscope::random::{Role, Stream};
use alignscope::rule::Activation;
use alignscope::rule::decomposition::{Decomposer, History, Now, Parts, Samples, Step, Wanted};
use criterion::{Criterion, Throughput, criterion_group, criterion_main};

const SAMPLES: usize = 1000;
const UNITS: usize = 50;
const LAGS: usize = 300;

struct Layer {
    plain: History<f32>,
    split: History<f32>,
    source: Matrix<f32>,
    delta: Matrix<f32>,
    backward: Matrix<f32>,
}

fn layer(inputs: usize) -> Option<Layer> {
    let mut stream = Stream::new(1, 0, Role::Probe);
    let mut normal = |rows, cols, std| {
        let mut matrix = Matrix::<f32>::zeros(rows, cols);
        stream.fill_normal(matrix.as_mut_slice());
        matrix.scale(std);
        matrix
    };
    let mut weights = normal(inputs, UNITS, 0.1);
    let mut plain = History::new(inputs, UNITS, LAGS, Parts::default()).ok()?;
    let mut split =
        History::new(inputs, UNITS, LAGS, Parts { projection: true, control: false }).ok()?;
    for _ in 0..=LAGS {
        let rule = normal(inputs, UNITS, 1e-3);
        weights.as_mut_slice().iter_mut().zip(rule.as_slice()).for_each(|(w, &step)| *w += step);
        plain.push(&weights, Step::UNKNOWN).ok()?;
        split.push(&weights, Step { rule: Some(&rule), control: None }).ok()?;
    }
    let (source, delta) = (normal(SAMPLES, inputs, 1.0), normal(SAMPLES, UNITS, 0.1));
    Some(Layer { plain, split, source, delta, backward: normal(UNITS, UNITS, 0.1) })
}

fn decomposition(c: &mut Criterion, inputs: usize) {
    let Some(layer) = layer(inputs) else { return };
    let mut group = c.benchmark_group(format!(
        "{LAGS} lags of {inputs}-{UNITS}-{UNITS}, batch {SAMPLES}, tanh-relu, f32"
    ));
    group
        .sample_size(20)
        .throughput(Throughput::Elements((2 * SAMPLES * inputs * UNITS * LAGS) as u64));
    group.bench_function("bare products", |b| {
        // As long as the blocks of the decomposition, on the same weights over and over.
        let (rows, panel) = (LAGS / 15 * UNITS, 125);
        let weights =
            Matrix::from_vec(rows, inputs, layer.source.as_slice()[..rows * inputs].to_vec());
        let source =
            Matrix::from_vec(inputs, panel, layer.source.as_slice()[..inputs * panel].to_vec());
        let mut out = Matrix::zeros(rows, panel);
        b.iter(|| {
            for _ in 0..15 * SAMPLES / panel {
                out.assign(&weights * &source);
            }
        });
    });
    let samples = [Samples { source: &layer.source, delta: &layer.delta, mask: None }];
    let now =
        Now { samples: &samples, bias: &[0.1; UNITS], activation: Activation::TanhRelu, eta: 5e-4 };
    let mut decomposer = Decomposer::new([inputs, UNITS, UNITS]);
    let every: Vec<usize> = (1..=LAGS).collect();
    let wanted = [
        ("sums, last term, remainder", Wanted::SUMS),
        (
            "the same and inner products of every lag",
            Wanted { backward: Some(&layer.backward), ..Wanted::SUMS },
        ),
        ("the same and the remainder anew", Wanted { direct_remainder: true, ..Wanted::SUMS }),
        ("the same and every term by itself", Wanted { lags: &every, ..Wanted::SUMS }),
    ];
    for (name, wanted) in wanted {
        group.bench_function(name, |b| b.iter(|| decomposer.run(&layer.plain, &now, &wanted)));
    }
    group.bench_function("sums in two families", |b| {
        b.iter(|| decomposer.run(&layer.split, &now, &Wanted::SUMS))
    });
    group.finish();
}

fn benches(c: &mut Criterion) {
    decomposition(c, 225);
    decomposition(c, UNITS);
}

// Criterion's plots need fonts of the system.
criterion_group! { name = lags; config = Criterion::default().without_plots(); targets = benches }
criterion_main!(lags);
