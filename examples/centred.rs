//! Why shuffled signals still align in a linear replay: with the means of every batch taken away
//! they do not.
//!
//! What drives a layer of a network while it learns is replayed through the linear rule on fresh
//! weights, as in the causal test (`analyses/causal.toml`, `causal-linear`): as recorded, shuffled
//! over samples, and in time; once as it is, and once with the mean over the samples of every batch
//! taken from every unit. Prints the weight alignment at the end in degrees.
//!
//! usage: centred DATA [REPEATS]: DATA is a directory with the MNIST files.

use alignscope::data::{DataSet, Library};
use alignscope::measure::angle::Direction;
use alignscope::measure::summary::Summary;
use alignscope::network::{Biases, Setup, Trainer};
use alignscope::rule::{Activation, Isolated};
use alignscope::signal::{Recording, Sequence, Surrogate};
use std::path::PathBuf;

type Failure = Box<dyn std::error::Error>;

const UPDATES: usize = 300;

fn main() -> Result<(), Failure> {
    let mut args = std::env::args().skip(1);
    let data = PathBuf::from(args.next().ok_or("usage: centred DATA [REPEATS]")?);
    let repeats: u64 = args.next().map_or(Ok(10), |text| text.parse())?;
    let data = Library::new(Some(data)).load::<f32>(&"mnist".parse()?, Some(15))?;
    let setup = Setup {
        hidden: vec![50; 4],
        batch: 1000,
        eta: 5e-4,
        biases: Biases::Off,
        ..Setup::default()
    };
    println!("layer  signals  as they are            centred in every batch");
    for layer in 1..=4 {
        let mut found =
            ["recorded", "samples", "time"].map(|kind| (kind, [Vec::new(), Vec::new()]));
        for repeat in 0..repeats {
            let recorded = record(&data, &setup, layer, repeat)?;
            for (kind, angles) in &mut found {
                let signals = match Surrogate::parse(kind) {
                    Some(surrogate) => surrogate.draw(&recorded, 1, repeat)?,
                    None => recorded.clone(),
                };
                let centred =
                    Recording::new(centred(signals.activity())?, centred(signals.error())?)?;
                for (angles, signals) in angles.iter_mut().zip([&signals, &centred]) {
                    angles.push(replay(signals, layer, &setup, repeat));
                }
            }
        }
        for (kind, angles) in found {
            let [plain, centred] = angles.map(|angles| {
                let Summary { mean, ci95, .. } = Summary::of(angles);
                let [low, high] = ci95.unwrap_or([f64::NAN; 2]);
                format!("{:.2} [{low:.2}, {high:.2}]", mean.unwrap_or(f64::NAN))
            });
            println!("{layer}      {kind:8} {plain:22} {centred}");
        }
    }
    Ok(())
}

/// What drives `W_layer`: the activities that `W_(layer - 1)` is fed, and the error signals of the
/// units that `W_layer` leads to.
fn record(
    data: &DataSet<f32>,
    setup: &Setup,
    layer: usize,
    repeat: u64,
) -> Result<Recording<f32>, Failure> {
    let mut trainer = Trainer::new(data, setup.clone(), 1, repeat);
    let (mut activity, mut error) = (Vec::new(), Vec::new());
    for _ in 0..UPDATES {
        trainer.step();
        for part in trainer.latest() {
            activity.extend_from_slice(part.pass.source(&part.input, layer - 1).as_slice());
            error.extend_from_slice(part.pass.delta[layer].as_slice());
        }
    }
    let sequence = |values: Vec<f32>, units| Sequence::new([UPDATES, setup.batch, units], values);
    let sizes = trainer.sizes();
    Ok(Recording::new(sequence(activity, sizes[layer - 1])?, sequence(error, sizes[layer + 1])?)?)
}

/// With the mean over the samples of every iteration taken from every unit.
fn centred(signals: &Sequence<f32>) -> Result<Sequence<f32>, Failure> {
    let [iterations, samples, units] = signals.shape();
    let mut values = signals.values().to_vec();
    for frame in values.chunks_exact_mut(samples * units) {
        for unit in 0..units {
            let column = || (unit..samples * units).step_by(units);
            let mean = column().map(|at| f64::from(frame[at])).sum::<f64>() / samples as f64;
            column().for_each(|at| frame[at] -= mean as f32);
        }
    }
    Ok(Sequence::new([iterations, samples, units], values)?)
}

/// Weight alignment after the linear rule has been applied to `signals`, from fresh weights.
fn replay(signals: &Recording<f32>, layer: usize, setup: &Setup, repeat: u64) -> Option<f64> {
    let [_, batch, inputs] = signals.activity().shape();
    let sizes = [inputs, setup.hidden[layer - 1], signals.error().shape()[2]];
    let std = [setup.w_std.of(sizes[0], sizes[1]), setup.b_std.of(sizes[1], sizes[2])];
    let mut net = Isolated::<f32>::draw(&sizes, batch, Activation::Linear, std, 2, repeat);
    for k in 0..signals.iterations() {
        net.step(&signals.activity().matrix(k), &signals.error().matrix(k), setup.eta as f32);
    }
    Direction::towards_transpose_of(net.feedback.backward(1)?)
        .angle_to(net.layers.weights[1].as_slice())
}
