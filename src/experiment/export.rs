//! Weights and signals of a run, as `.npz`.

use crate::array::{Array, ArrayError, write_npz};
use crate::matrix::Matrix;
use crate::network::{BatchPart, Trainer};
use crate::real::Real;
use crate::rule::{Backward, Feedback, Layers, Route};
use std::path::Path;

/// Most memory recorded signals may take.
const MOST_BYTES: u128 = 1 << 30;

/// Label of the samples that fill up a short batch: that of no class.
const NO_CLASS: f64 = -1.0;

/// Weights, biases, backward weights that change, activities, error signals and labels of every
/// update of a run, up to a number.
///
/// Batches that hold fewer samples than others are filled up with zeros, which change no sum over
/// samples, and labelled [`NO_CLASS`].
pub(super) struct Recorder {
    limit: usize,
    taken: usize,
    batch: usize,
    /// Labels of the update that is due.
    due: Vec<u8>,
    /// Shape of one iteration and values so far, by name of the member.
    members: Vec<(String, Vec<usize>, Vec<f64>)>,
}

impl Recorder {
    /// For `limit` updates of a network of `sizes` in batches of up to `batch`, which starts with
    /// these weights.
    pub fn new<T: Real>(
        sizes: &[usize],
        batch: usize,
        limit: usize,
        start: &Layers<T>,
        feedback: &Feedback<T>,
    ) -> Result<Self, String> {
        let depth = sizes.len() - 1;
        let mut members = Vec::new();
        members.extend((0..depth).map(|l| (format!("activity{l}"), vec![batch, sizes[l]])));
        members.extend((0..depth).map(|l| (format!("delta{}", l + 1), vec![batch, sizes[l + 1]])));
        members.extend((0..depth).map(|l| (format!("W{l}"), vec![sizes[l], sizes[l + 1]])));
        let biases = (0..depth).filter(|l| !start.biases[*l].is_empty());
        members.extend(biases.map(|l| (format!("b{}", l + 1), vec![sizes[l + 1]])));
        members.extend(
            moving(feedback, depth)
                .map(|(l, b)| (backward_name(feedback, l), vec![b.rows(), b.cols()])),
        );
        members.push(("labels".into(), vec![batch]));
        let per_update: u128 = members
            .iter()
            .map(|(_, shape)| shape.iter().map(|&n| n as u128).product::<u128>())
            .sum();
        let bytes = 8 * per_update * (limit as u128 + 1);
        if bytes > MOST_BYTES {
            let most = (MOST_BYTES / (8 * per_update).max(1)).saturating_sub(1);
            return Err(format!(
                "the signals of {limit} updates would take {} MB, more than the {} MB allowed: \
                 record the first {most}, with --export signals:{most}",
                bytes >> 20,
                MOST_BYTES >> 20
            ));
        }
        let room = |(name, shape): (String, Vec<usize>)| {
            let values = Vec::with_capacity(shape.iter().product::<usize>() * (limit + 1));
            (name, shape, values)
        };
        let members = members.into_iter().map(room).collect();
        let mut recorder = Self { limit, taken: 0, batch, due: Vec::new(), members };
        recorder.take_state(start, feedback);
        Ok(recorder)
    }

    fn values(&mut self, name: &str) -> Option<&mut Vec<f64>> {
        self.members.iter_mut().find(|(known, _, _)| known == name).map(|(_, _, values)| values)
    }

    fn take_state<T: Real>(&mut self, layers: &Layers<T>, feedback: &Feedback<T>) {
        for l in 0..layers.depth() {
            for (name, state) in [
                (format!("W{l}"), layers.weights[l].as_slice()),
                (format!("b{}", l + 1), &layers.biases[l][..]),
            ] {
                if let Some(values) = self.values(&name) {
                    values.extend(state.iter().map(|v| v.to_f64()));
                }
            }
        }
        for (l, b) in moving(feedback, layers.depth()) {
            if let Some(values) = self.values(&backward_name(feedback, l)) {
                values.extend(b.as_slice().iter().map(|v| v.to_f64()));
            }
        }
    }

    /// Takes note of the labels of the update to come: after it the samples may be in another
    /// order.
    pub fn expect(&mut self, labels: Vec<u8>) {
        self.due = labels;
    }

    /// Takes the latest update, whose samples are in `parts`, and the state after it: weights, and
    /// the backward weights that go with them.
    pub fn take<T: Real>(
        &mut self,
        parts: &[BatchPart<T>],
        after: &Layers<T>,
        feedback: &Feedback<T>,
    ) {
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
        let labels = std::mem::take(&mut self.due);
        if let Some(values) = self.values("labels") {
            values.extend(labels.into_iter().map(f64::from));
            values.resize(rows, NO_CLASS);
        }
        self.take_state(after, feedback);
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

/// `B_l` that change in the course of a run, by layer.
fn moving<T: Real>(
    feedback: &Feedback<T>,
    depth: usize,
) -> impl Iterator<Item = (usize, &Matrix<T>)> {
    let moves =
        matches!(feedback.rule().facts().backward, Backward::Following | Backward::Learning);
    (1..depth).filter(move |_| moves).filter_map(|l| Some((l, feedback.backward(l)?)))
}

/// `B1`, and `F1` of direct feedback, `T1` of targets: these are no matrices from one layer to the
/// next, and their shape does not always say so.
fn backward_name<T: Real>(feedback: &Feedback<T>, l: usize) -> String {
    let letter = match feedback.rule().facts().route {
        Route::Direct => "F",
        Route::Target => "T",
        Route::Layered | Route::Nowhere => "B",
    };
    format!("{letter}{l}")
}

/// Appends rows, and zeros up to `length` values.
fn append<'a, T: Real>(
    values: &mut Vec<f64>,
    length: usize,
    rows: impl Iterator<Item = &'a Matrix<T>>,
) {
    for matrix in rows {
        values.extend(matrix.as_slice().iter().map(|v| v.to_f64()));
    }
    values.resize(length, 0.0);
}

fn matrix<T: Real>(matrix: &Matrix<T>) -> Array {
    Array {
        shape: vec![matrix.rows(), matrix.cols()],
        data: matrix.as_slice().iter().map(|v| v.to_f64()).collect(),
    }
}

/// Writes `B1`, ... (`F1`, ... of direct feedback) where there are backward weights, and
///
/// * without a recorder the weights `W0`, ... and biases `b1`, ... at the end, and `W0_start`, ...,
///   `b1_start`, ...;
/// * with one the states `W0`, ... and `b1`, ... before every update and after the last one
///   recorded (`B1`, ... as well, where these change), and `activity0`, ... (what `W_l` is fed),
///   `delta1`, ... (updates x samples x units) and `labels` (updates x samples): a recording as
///   `analyze` reads it.
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
        None => [("", trainer.layers()), ("_start", start)]
            .into_iter()
            .flat_map(|(s, l)| state(l, s))
            .collect(),
    };
    let feedback = trainer.feedback();
    let backward = (1..start.depth())
        .filter_map(|l| Some((backward_name(feedback, l), matrix(feedback.backward(l)?))));
    let last: Vec<(String, Array)> =
        backward.filter(|(name, _)| members.iter().all(|(known, _)| known != name)).collect();
    members.extend(last);
    let members: Vec<(&str, &Array)> =
        members.iter().map(|(name, array)| (name.as_str(), array)).collect();
    write_npz(path, &members)
}

/// Weights and biases of one state.
fn state<T: Real>(layers: &Layers<T>, suffix: &str) -> Vec<(String, Array)> {
    let weights =
        layers.weights.iter().enumerate().map(|(l, w)| (format!("W{l}{suffix}"), matrix(w)));
    let biases =
        layers.biases.iter().enumerate().filter(|(_, bias)| !bias.is_empty()).map(|(l, bias)| {
            let data = bias.iter().map(|v| v.to_f64()).collect();
            (format!("b{}{suffix}", l + 1), Array { shape: vec![bias.len()], data })
        });
    weights.chain(biases).collect()
}
