//! Seconds that one epoch of a network takes, and, if asked, those that its bare matrix products
//! take: for `benches/peers.py`.
//!
//! usage: epoch THREADS BATCH DIMS(225,500,500,50) SAMPLES [bare]; REPS in the environment says how
//! many are timed, the median is printed. Random data, tanh, softmax, BP-TRW, single precision,
//! order shuffled before every epoch.

use alignscope::data::{CodeKind, DataSet, Split};
use alignscope::matrix::Matrix;
use alignscope::network::{Biases, Loss, Order, Reduction, Rule, Setup, Std, Trainer};
use alignscope::random::{Role, Stream};
use alignscope::rule::Activation;
use std::time::Instant;

fn main() {
    let args: Vec<String> = std::env::args().skip(1).collect();
    let number = |at: usize, default: usize| {
        args.get(at).and_then(|text| text.parse().ok()).unwrap_or(default)
    };
    let (threads, batch, samples) = (number(0, 1), number(1, 1000), number(3, 60_000));
    let dims = args.get(2).map_or("225,500,500,50", String::as_str);
    let dims: Vec<usize> = dims.split(',').filter_map(|n| n.parse().ok()).collect();
    let reps = std::env::var("REPS").ok().and_then(|text| text.parse().ok()).unwrap_or(3);
    let (inputs, classes) = (dims[0], dims[dims.len() - 1]);
    let mut stream = Stream::new(0, 0, Role::Probe);
    let mut images = Matrix::zeros(samples, inputs);
    stream.fill_normal(images.as_mut_slice());
    let labels = (0..samples).map(|_| stream.below(classes as u64) as u8).collect();
    let test = Split { images: Matrix::zeros(1, inputs), labels: vec![0] };
    let data = DataSet { train: Split { images, labels }, test, classes };
    let setup = Setup {
        hidden: dims[1..dims.len() - 1].to_vec(),
        rule: Rule::BP_TRW,
        activations: vec![Activation::Tanh],
        loss: Loss::SoftmaxCrossEntropy,
        code: CodeKind::OneHot,
        batch,
        eta: 0.01,
        reduction: Reduction::Mean,
        biases: Biases::Off,
        w_std: Std::FanIn,
        b_std: Std::FanIn,
        order: Order::EachEpoch,
        ..Setup::default()
    };
    let mut trainer = Trainer::<f32>::new(&data, setup, 1, 0);
    trainer.use_threads(threads);
    let steps = trainer.batches_per_epoch();
    let pool = rayon::ThreadPoolBuilder::new().num_threads(threads).build();
    let epoch = median(reps, || match &pool {
        Ok(pool) => pool.install(|| (0..steps).for_each(|_| trainer.step())),
        Err(error) => eprintln!("{error}"),
    });
    if args.get(4).is_none_or(|asked| asked != "bare") {
        return println!("{{\"epoch\": {epoch:.6}}}");
    }
    let mut bare = Products::new(&dims, batch);
    let products = median(reps, || (0..steps).for_each(|_| bare.step()));
    println!("{{\"epoch\": {epoch:.6}, \"products\": {products:.6}}}");
}

fn median(reps: usize, mut work: impl FnMut()) -> f64 {
    work();
    let time = |()| {
        let start = Instant::now();
        work();
        start.elapsed().as_secs_f64()
    };
    let mut seconds: Vec<f64> = std::iter::repeat_n((), reps.max(1)).map(time).collect();
    seconds.sort_by(f64::total_cmp);
    seconds[seconds.len() / 2]
}

/// The matrix products of one update, on whole batches, and nothing else.
struct Products {
    activity: Vec<Matrix<f32>>,
    weights: Vec<Matrix<f32>>,
    backward: Vec<Matrix<f32>>,
}

impl Products {
    fn new(dims: &[usize], batch: usize) -> Self {
        let mut stream = Stream::new(0, 0, Role::Weights);
        let mut normal = |rows, cols, scale| {
            let mut matrix = Matrix::zeros(rows, cols);
            stream.fill_normal(matrix.as_mut_slice());
            matrix.scale(scale);
            matrix
        };
        // Values keep their size from layer to layer: products of subnormal numbers are many times
        // slower.
        let keeping = |inputs: usize| (inputs as f32).sqrt().recip();
        Self {
            activity: dims.iter().map(|&n| normal(batch, n, 1.0)).collect(),
            weights: dims.windows(2).map(|n| normal(n[0], n[1], keeping(n[0]))).collect(),
            backward: dims.windows(2).map(|n| normal(n[1], n[0], keeping(n[1]))).collect(),
        }
    }

    fn step(&mut self) {
        let Self { activity, weights, backward } = self;
        let depth = weights.len();
        for l in 0..depth {
            let (below, above) = activity.split_at_mut(l + 1);
            above[0].assign(&below[l] * &weights[l]);
        }
        for l in (1..depth).rev() {
            let (below, above) = activity.split_at_mut(l + 1);
            below[l].assign(&above[0] * &backward[l]);
        }
        for l in 0..depth {
            weights[l] += 1e-9 * activity[l].t() * &activity[l + 1];
        }
    }
}
