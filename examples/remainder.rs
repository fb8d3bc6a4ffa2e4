//! Last term and remainder of the update of every hidden layer, all lags, along the training of a
//! network of 225-50-50-50-50-50 units on batches of 1000: how long the decomposition takes beside
//! its bare products.
//!
//! usage: remainder [ITERATIONS] [DATA]: 1800 iterations, every tenth of them decomposed; DATA is a
//! directory with the MNIST files, without it images are random. Single precision, one thread.
//! Times are those of the clock on the wall: on a busy machine they are of other programs too.

use alignscope::data::{DataSet, Library, Split};
use alignscope::matrix::Matrix;
use alignscope::network::{Order, Setup, Trainer};
use alignscope::random::{Role, Stream};
use alignscope::rule::decomposition::{Follower, Plan, Readings, Towards, Wanted};
use std::path::PathBuf;
use std::sync::Arc;
use std::time::{Duration, Instant};

const SAMPLES: usize = 1000;
const HIDDEN: usize = 50;
const EVERY: usize = 10;

fn main() -> Result<(), Box<dyn std::error::Error>> {
    let mut args = std::env::args().skip(1);
    let iterations = args.next().map_or(Ok(1800), |text| text.parse())?;
    let data = match args.next() {
        Some(directory) => {
            Library::new(Some(PathBuf::from(directory))).load::<f32>(&"mnist".parse()?, Some(15))?
        }
        None => Arc::new(random()),
    };
    let setup = Setup {
        hidden: vec![HIDDEN; 4],
        batch: SAMPLES,
        eta: 5e-4,
        order: Order::Once,
        ..Setup::default()
    };
    let mut trainer = Trainer::new(&data, setup, 1, 0);
    let eta = 5e-4f32;
    let plan = Plan { window: iterations, projection: false, control: None };
    let mut follower = Follower::new(trainer.layers(), &plan)?;
    let towards: Vec<_> =
        (1..5).filter_map(|l| trainer.feedback().backward(l)).map(Towards::transpose_of).collect();
    println!("histories take {} MB", Follower::bytes(trainer.sizes(), &plan) >> 20);
    println!("    k  l   |R|/|update|   last, remainder, sum of terms to B^T in degrees");
    let (mut decomposing, mut operations) = (Duration::ZERO, 0.0);
    let started = Instant::now();
    for k in 0..=iterations {
        trainer.step();
        let passes: Vec<_> =
            trainer.latest().iter().map(|part| (&part.input, &part.pass)).collect();
        if k % EVERY == 0 {
            for (l, towards) in (1..).zip(&towards) {
                let clock = Instant::now();
                let found = follower.decompose(l, &passes, eta, &Wanted::SUMS)?;
                decomposing += clock.elapsed();
                let inputs = trainer.sizes()[l - 1];
                operations += (2 * SAMPLES * inputs * HIDDEN * (found.reach + 1)) as f64;
                let readings = found.read(towards)?;
                if k % 300 == 0 {
                    print(k, l, &readings);
                }
            }
        }
        follower.advance(&passes, eta, trainer.layers())?;
    }
    let (whole, seconds) = (started.elapsed().as_secs_f64(), decomposing.as_secs_f64());
    println!(
        "{whole:.1} s in all, {seconds:.1} s of them for the decomposition, {:.2} TFLOP",
        operations * 1e-12
    );
    let bare = bare_rate();
    println!(
        "{:.0} GFLOP/s with elementwise passes; bare products do {bare:.0} and would take {:.1} s",
        operations / seconds * 1e-9,
        operations / bare * 1e-9
    );
    Ok(())
}

/// A line of what was found of the update of a layer, where all of it was.
fn print(iteration: usize, layer: usize, readings: &Readings) {
    let (Some(remainder), Some(sum)) = (readings.remainder, readings.alignment) else { return };
    let degrees = |angle: Option<f64>| angle.map_or("-".into(), |angle| format!("{angle:.1}"));
    let [last, rest, sum] = [readings.last, remainder, sum].map(|reading| degrees(reading.angle));
    println!(
        "{iteration:5}  {layer}   {:12.4}   {last}, {rest}, {sum}",
        remainder.norm / readings.update.norm
    );
}

/// GFLOP/s of the products alone, blocks of lags by panels of samples, in the mixture of the four
/// layers.
fn bare_rate() -> f64 {
    let (mut operations, mut seconds) = (0.0, 0.0);
    for (inputs, layers) in [(225, 1.0), (HIDDEN, 3.0)] {
        let (lags, panel) = (19, 128);
        let (mut stream, rows) = (Stream::new(0, 0, Role::Weights), lags * HIDDEN);
        let (mut weights, mut source) =
            (Matrix::<f32>::zeros(rows, inputs), Matrix::zeros(inputs, panel));
        stream.fill_normal(weights.as_mut_slice());
        stream.fill_normal(source.as_mut_slice());
        let mut out = Matrix::zeros(rows, panel);
        let mut times: Vec<f64> = (0..101)
            .map(|_| {
                let clock = Instant::now();
                (0..20).for_each(|_| out.assign(&weights * &source));
                clock.elapsed().as_secs_f64() / 20.0
            })
            .collect();
        times.sort_by(f64::total_cmp);
        operations += layers * (2 * rows * inputs * panel) as f64;
        seconds += layers * times[50];
    }
    operations / seconds * 1e-9
}

fn random() -> DataSet<f32> {
    let mut stream = Stream::new(0, 0, Role::Probe);
    let mut images = Matrix::zeros(60 * SAMPLES, 225);
    stream.fill_uniform(images.as_mut_slice());
    let labels = (0..60 * SAMPLES).map(|_| stream.below(10) as u8).collect();
    let test = Split { images: Matrix::zeros(1, 225), labels: vec![0] };
    DataSet { train: Split { images, labels }, test, classes: 10 }
}
