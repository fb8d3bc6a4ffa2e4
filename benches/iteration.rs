//! Time of one iteration of the isolated rule, of one epoch on the digits, and of their parts.

use alignscope::data::digits;
use alignscope::matrix::Matrix;
use alignscope::measure::angle::Direction;
use alignscope::network::{Order, Rule, Setup, Trainer};
use alignscope::random::{Role, Stream};
use alignscope::real::Real;
use alignscope::rule::{Activation, Isolated};
use alignscope::signal::{Form, Pair, Signals, Sizes};
use criterion::{Criterion, criterion_group, criterion_main};

const SIZES: [usize; 3] = [20, 100, 20];
const BATCH: usize = 100;
const ETA: f64 = 4e-4;

fn isolated<T: Real>(c: &mut Criterion, name: &str) {
    let mut group = c.benchmark_group(format!("isolated rule 20-100-20, batch 100, {name}"));
    let sizes = Sizes { batch: BATCH, inputs: SIZES[0], outputs: SIZES[2], iterations: usize::MAX };
    let Ok(mut signals) =
        Signals::<T>::new(&Pair::independent(Form::WHITE, Form::WHITE), sizes, 1, 0)
    else {
        return;
    };
    let mut net = Isolated::<T>::draw(&SIZES, BATCH, Activation::Relu, [1.0, 1.0], 1, 0);
    let direction = net.feedback.backward(1).map(Direction::towards_transpose_of);
    group.bench_function("step (products and activations)", |b| {
        b.iter(|| net.step(signals.activity(), signals.error(), T::from_f64(ETA * 1e-3)));
    });
    group.bench_function("fresh signals (4,000 normals)", |b| b.iter(|| signals.advance()));
    group.bench_function("weight alignment", |b| {
        b.iter(|| direction.as_ref().and_then(|d| d.angle_to(net.layers.weights[1].as_slice())));
    });
    group.bench_function("iteration (all of it)", |b| {
        b.iter(|| {
            net.step(signals.activity(), signals.error(), T::from_f64(ETA * 1e-3));
            signals.advance();
            direction.as_ref().and_then(|d| d.angle_to(net.layers.weights[1].as_slice()))
        });
    });
    group.finish();
}

fn epoch(c: &mut Criterion) {
    let Ok(data) = digits::<f32>() else { return };
    let setup = |rule| Setup { rule, order: Order::Once, ..Setup::default() };
    let mut group = c.benchmark_group("one epoch of the digits, 64-50-50-50, batch 24, f32");
    for (name, rule) in [("bp", Rule::BP), ("bp-trw", Rule::BP_TRW)] {
        let mut trainer = Trainer::new(&data, setup(rule), 1, 0);
        group.bench_function(name, |b| {
            b.iter(|| (0..trainer.batches_per_epoch()).for_each(|_| trainer.step()))
        });
    }
    group.finish();
}

fn normals(c: &mut Criterion) {
    let mut group = c.benchmark_group("4,000 normals");
    let mut stream = Stream::new(1, 0, Role::Signal);
    let (mut single, mut double) = (Matrix::<f32>::zeros(40, 100), Matrix::<f64>::zeros(40, 100));
    group.bench_function("f32", |b| b.iter(|| stream.fill_normal(single.as_mut_slice())));
    group.bench_function("f64", |b| b.iter(|| stream.fill_normal(double.as_mut_slice())));
    group.bench_function("rand_distr's ziggurat on ChaCha8, f32", |b| {
        use rand::{RngExt, SeedableRng};
        let mut rng = rand::rngs::ChaCha8Rng::seed_from_u64(1);
        b.iter(|| {
            single
                .as_mut_slice()
                .iter_mut()
                .for_each(|x| *x = rng.sample(rand_distr::StandardNormal))
        });
    });
    group.finish();
}

fn uniform_values(c: &mut Criterion) {
    use rand::{RngExt, SeedableRng};
    let mut group = c.benchmark_group("4,000 uniform values");
    let mut values = [0.0f64; 4000];
    let mut stream = Stream::new(1, 0, Role::Signal);
    group.bench_function("f64", |b| b.iter(|| stream.fill_uniform(&mut values)));
    group.bench_function("one by one through the traits of rand, f64", |b| {
        b.iter(|| values.iter_mut().for_each(|x| *x = stream.random()));
    });
    let mut rng = rand::rngs::ChaCha8Rng::seed_from_u64(1);
    group.bench_function("rand's ChaCha8, f64", |b| {
        b.iter(|| values.iter_mut().for_each(|x| *x = rng.random()));
    });
    group.finish();
}

fn benches(c: &mut Criterion) {
    isolated::<f32>(c, "f32");
    isolated::<f64>(c, "f64");
    epoch(c);
    normals(c);
    uniform_values(c);
}

criterion_group!(iteration, benches);
criterion_main!(iteration);
