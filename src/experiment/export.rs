//! Weights and signals of a run, as `.npz`.

use crate::array::{Array, ArrayError, write_npz};
use crate::matrix::Matrix;
use crate::network::{Part, Trainer};
use crate::real::Real;
use crate::rule::Layers;
use crate::rule::Route;
use std::path::Path;

/// Most memory recorded signals may take.
const MOST_BYTES: u128 = 1 << 30;

/// Weights, biases, activities and error signals of every update of a run, up to a number.
///
/// Batches that hold fewer samples than others are filled up with zeros, which change no sum over samples.
pub(super) struct Recorder {
    limit: usize,
    taken: usize,
    batch: usize,
    /// Shape of one iteration and values so far, by name of the member.
    members: Vec<(String, Vec<usize>, Vec<f64>)>,
}

impl Recorder {
    /// For `limit` updates of a network of `sizes` in batches of up to `batch`, which starts with these weights.
    pub fn new<T: Real>(sizes: &[usize], batch: usize, limit: usize, start: &Layers<T>) -> Result<Self, String> {
        let depth = sizes.len() - 1;
        let mut members = Vec::new();
        members.extend((0..depth).map(|l| (format!("activity{l}"), vec![batch, sizes[l]])));
        members.extend((0..depth).map(|l| (format!("delta{}", l + 1), vec![batch, sizes[l + 1]])));
        members.extend((0..depth).map(|l| (format!("W{l}"), vec![sizes[l], sizes[l + 1]])));
        let biases = (0..depth).filter(|l| !start.biases[*l].is_empty());
        members.extend(biases.map(|l| (format!("b{}", l + 1), vec![sizes[l + 1]])));
        let per_update: u128 =
            members.iter().map(|(_, shape)| shape.iter().map(|&n| n as u128).product::<u128>()).sum();
        let bytes = 8 * per_update * (limit as u128 + 1);
        if bytes > MOST_BYTES {
            let most = (MOST_BYTES / (8 * per_update).max(1)).saturating_sub(1);
            return Err(format!(
                "the signals of {limit} updates would take {} MB, more than the {} MB allowed: record the first {most}, \
                 with --export signals:{most}",
                bytes >> 20,
                MOST_BYTES >> 20
            ));
        }
        let room = |(name, shape): (String, Vec<usize>)| {
            let values = Vec::with_capacity(shape.iter().product::<usize>() * (limit + 1));
            (name, shape, values)
        };
        let mut recorder = Self { limit, taken: 0, batch, members: members.into_iter().map(room).collect() };
        recorder.take_state(start);
        Ok(recorder)
    }

    fn values(&mut self, name: &str) -> Option<&mut Vec<f64>> {
        self.members.iter_mut().find(|(known, _, _)| known == name).map(|(_, _, values)| values)
    }

    fn take_state<T: Real>(&mut self, layers: &Layers<T>) {
        for l in 0..layers.depth() {
            for (name, state) in
                [(format!("W{l}"), layers.weights[l].as_slice()), (format!("b{}", l + 1), &layers.biases[l][..])]
            {
                if let Some(values) = self.values(&name) {
                    values.extend(state.iter().map(|v| v.to_f64()));
                }
            }
        }
    }

    /// Takes the latest update, whose samples are in `parts`, and the state after it.
    pub fn take<T: Real>(&mut self, parts: &[Part<T>], after: &Layers<T>) {
        if self.taken == self.limit {
            return;
        }
        self.taken += 1;
        let rows = self.batch * self.taken;
        for l in 0..after.depth() {
            let units = after.weights[l].rows();
            if let Some(values) = self.values(&format!("activity{l}")) {
                append(values, units * rows, parts.iter().map(|p| p.pass.source(&p.input, l)));
            }
            let units = after.weights[l].cols();
            if let Some(values) = self.values(&format!("delta{}", l + 1)) {
                append(values, units * rows, parts.iter().map(|p| &p.pass.delta[l]));
            }
        }
        self.take_state(after);
    }

    fn into_arrays(self) -> Vec<(String, Array)> {
        let array = |(name, shape, values): (String, Vec<usize>, Vec<f64>)| {
            let states = values.len() / shape.iter().product::<usize>().max(1);
            let shape = [states].into_iter().chain(shape).collect();
            (name, Array { shape, data: values })
        };
        self.members.into_iter().map(array).collect()
    }
}

/// Appends rows, and zeros up to `length` values.
fn append<'a, T: Real>(values: &mut Vec<f64>, length: usize, rows: impl Iterator<Item = &'a Matrix<T>>) {
    for matrix in rows {
        values.extend(matrix.as_slice().iter().map(|v| v.to_f64()));
    }
    values.resize(length, 0.0);
}

fn matrix<T: Real>(matrix: &Matrix<T>) -> Array {
    Array { shape: vec![matrix.rows(), matrix.cols()], data: matrix.as_slice().iter().map(|v| v.to_f64()).collect() }
}

/// Writes `B1`, ... (`F1`, ... of direct feedback) where there are backward weights, and
///
/// * without a recorder the weights `W0`, ... and biases `b1`, ... at the end, and `W0_start`, ..., `b1_start`, ...;
/// * with one the states `W0`, ... and `b1`, ... before every update and after the last one recorded, and the signals
///   `activity0`, ... (what `W_l` is fed) and `delta1`, ... (updates x samples x units): a recording as `analyze` reads it.
///
/// All are `f8`, which holds single precision exactly.
pub(super) fn export_weights<T: Real>(
    path: &Path,
    start: &Layers<T>,
    trainer: &Trainer<'_, T>,
    recorder: Option<Recorder>,
) -> Result<(), ArrayError> {
    let mut members: Vec<(String, Array)> = match recorder {
        Some(recorder) => recorder.into_arrays(),
        None => [("", trainer.layers()), ("_start", start)].into_iter().flat_map(|(s, l)| state(l, s)).collect(),
    };
    // Direct feedback is no matrix from one layer to the next, and must not be taken for one.
    let letter = if trainer.setup().rule.facts().route == Route::Direct { "F" } else { "B" };
    let backward =
        (1..start.depth()).filter_map(|l| Some((format!("{letter}{l}"), matrix(trainer.feedback().backward(l)?))));
    members.extend(backward);
    let members: Vec<(&str, &Array)> = members.iter().map(|(name, array)| (name.as_str(), array)).collect();
    write_npz(path, &members)
}

/// Weights and biases of one state.
fn state<T: Real>(layers: &Layers<T>, suffix: &str) -> Vec<(String, Array)> {
    let weights = layers.weights.iter().enumerate().map(|(l, w)| (format!("W{l}{suffix}"), matrix(w)));
    let biases = layers.biases.iter().enumerate().filter(|(_, bias)| !bias.is_empty()).map(|(l, bias)| {
        let data = bias.iter().map(|v| v.to_f64()).collect();
        (format!("b{}{suffix}", l + 1), Array { shape: vec![bias.len()], data })
    });
    weights.chain(biases).collect()
}
