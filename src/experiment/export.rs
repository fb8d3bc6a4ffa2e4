//! Weights and signals of a run, as `.npz`.

use crate::array::{Array, ArrayError, write_npz};
use crate::matrix::Matrix;
use crate::network::{Part, Trainer};
use crate::real::Real;
use crate::rule::Layers;
use std::path::Path;

/// Most memory recorded signals may take.
const MOST_BYTES: u128 = 2 << 30;

/// Activities and error signals of every update of a run, up to a number.
///
/// Batches that hold fewer samples than others are filled up with zeros, which change no sum over samples.
pub(super) struct Recorder {
    limit: usize,
    taken: usize,
    batch: usize,
    /// Units of the layers below the last, and of those above the first, and their values so far.
    activities: Vec<(usize, Vec<f64>)>,
    deltas: Vec<(usize, Vec<f64>)>,
}

impl Recorder {
    /// For `limit` updates of a network of `sizes`.
    pub fn new(sizes: &[usize], batch: usize, limit: usize) -> Result<Self, String> {
        let units: u128 = sizes[..sizes.len() - 1].iter().chain(&sizes[1..]).map(|&n| n as u128).sum();
        let bytes = 8 * units * batch as u128 * limit as u128;
        if bytes > MOST_BYTES {
            let most = MOST_BYTES / (8 * units * batch as u128).max(1);
            return Err(format!(
                "the signals of {limit} updates would take {} MB, more than the {} MB allowed: record the first {most}, \
                 with --export signals:{most}",
                bytes >> 20,
                MOST_BYTES >> 20
            ));
        }
        let room = |sizes: &[usize]| sizes.iter().map(|&n| (n, Vec::with_capacity(n * batch * limit))).collect();
        Ok(Self { limit, taken: 0, batch, activities: room(&sizes[..sizes.len() - 1]), deltas: room(&sizes[1..]) })
    }

    /// Takes the latest update, whose samples are in `parts`.
    pub fn take<T: Real>(&mut self, parts: &[Part<T>]) {
        if self.taken == self.limit {
            return;
        }
        self.taken += 1;
        for (l, (units, values)) in self.activities.iter_mut().enumerate() {
            append(values, *units * self.batch * self.taken, parts.iter().map(|p| p.pass.source(&p.input, l)));
        }
        for (l, (units, values)) in self.deltas.iter_mut().enumerate() {
            append(values, *units * self.batch * self.taken, parts.iter().map(|p| &p.pass.delta[l]));
        }
    }

    fn arrays(&self) -> Vec<(String, Array)> {
        let array =
            |units: usize, data: &[f64]| Array { shape: vec![self.taken, self.batch, units], data: data.to_vec() };
        let activities = self.activities.iter().enumerate();
        let activities = activities.map(|(l, (units, values))| (format!("activity{l}"), array(*units, values)));
        let deltas = self.deltas.iter().enumerate();
        activities
            .chain(deltas.map(|(l, (units, values))| (format!("delta{}", l + 1), array(*units, values))))
            .collect()
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

/// Writes members `W0`, ... and `b1`, ... (weights and biases at the end), `W0_start`, ... and `b1_start`, ..., `B1`, ...
/// where there are backward weights, and, where signals were recorded, `activity0`, ... (what `W_l` sees) and `delta1`,
/// ... (updates x samples x units). All are `f8`, which holds single precision exactly.
pub(super) fn export_weights<T: Real>(
    path: &Path,
    start: &Layers<T>,
    trainer: &Trainer<'_, T>,
    recorder: Option<&Recorder>,
) -> Result<(), ArrayError> {
    let mut members: Vec<(String, Array)> = Vec::new();
    for (suffix, layers) in [("", trainer.layers()), ("_start", start)] {
        for (l, weights) in layers.weights.iter().enumerate() {
            members.push((format!("W{l}{suffix}"), matrix(weights)));
        }
        for (l, bias) in layers.biases.iter().enumerate().filter(|(_, bias)| !bias.is_empty()) {
            let data = bias.iter().map(|v| v.to_f64()).collect();
            members.push((format!("b{}{suffix}", l + 1), Array { shape: vec![bias.len()], data }));
        }
    }
    let backward = (1..start.depth()).filter_map(|l| Some((format!("B{l}"), matrix(trainer.feedback().backward(l)?))));
    members.extend(backward);
    members.extend(recorder.map(Recorder::arrays).unwrap_or_default());
    let members: Vec<(&str, &Array)> = members.iter().map(|(name, array)| (name.as_str(), array)).collect();
    write_npz(path, &members)
}
