//! A part of a batch: samples with buffers of their own, so that parts can be worked on side by
//! side.

use super::Loss;
use crate::data::LabelCode;
use crate::matrix::Matrix;
use crate::real::Real;
use crate::rule::{Feedback, Layers, Pass};

/// Samples of a part and the buffers of their passes.
#[derive(Clone, Debug)]
pub struct BatchPart<T> {
    /// Images, `P x n_0`.
    pub input: Matrix<T>,
    /// Targets, or errors that come from no task, `P x n_D`.
    pub target: Matrix<T>,
    /// Pre-activations, activities and deltas.
    pub pass: Pass<T>,
}

/// What is shown to a network: images, labels, and how labels become targets.
#[derive(Clone, Copy, Debug)]
pub struct Shown<'a, T> {
    /// One image per row.
    pub images: &'a Matrix<T>,
    /// One class per image.
    pub labels: &'a [u8],
    /// Code in force.
    pub code: &'a LabelCode,
    /// Targets of units of other classes and of the own.
    pub levels: [T; 2],
    /// What is minimised.
    pub loss: Loss,
}

impl<T: Real> BatchPart<T> {
    /// Buffers for up to `samples` samples of a network of `sizes`.
    pub fn new(sizes: &[usize], samples: usize) -> Self {
        let outputs = sizes[sizes.len() - 1];
        Self {
            input: Matrix::zeros(samples, sizes[0]),
            target: Matrix::zeros(samples, outputs),
            pass: Pass::new(sizes, samples),
        }
    }

    /// Takes the samples of these indices. Random errors are left to the caller.
    pub fn take(&mut self, shown: Shown<'_, T>, indices: &[usize]) {
        self.input.set_rows(indices.len());
        self.target.set_rows(indices.len());
        for (row, &sample) in indices.iter().enumerate() {
            self.input.row_mut(row).copy_from_slice(shown.images.row(sample));
            if shown.loss != Loss::Random {
                shown.code.write_target(
                    shown.labels[sample],
                    shown.levels,
                    self.target.row_mut(row),
                );
            }
        }
    }

    /// Forward pass and output error signal.
    pub fn forward(&mut self, layers: &Layers<T>, loss: Loss) {
        layers.forward(&self.input, &mut self.pass);
        let output = layers.activations[layers.depth() - 1];
        loss.write_output_delta(output, &self.target, &mut self.pass);
    }

    /// Forward pass, output error signal, and its way back.
    pub fn propagate(&mut self, layers: &Layers<T>, feedback: &Feedback<T>, loss: Loss) {
        self.forward(layers, loss);
        feedback.carry_back_with(layers, &self.target, &mut self.pass);
    }
}

/// Sizes of the parts of a batch of `samples`: they depend on nothing else, so that neither do sums
/// over parts.
pub fn part_sizes(samples: usize) -> impl Iterator<Item = usize> + Clone {
    /// Samples that fit a fast cache with the activities of a small network.
    const MOST: usize = 256;
    /// Below twice this, handing parts to threads costs more than it gives.
    const LEAST: usize = 32;
    let parts = if samples < 2 * LEAST { 1 } else { samples.div_ceil(MOST).max(2) };
    (0..parts).map(move |i| samples * (i + 1) / parts - samples * i / parts)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn parts_make_up_the_batch() {
        for samples in [1, 24, 63, 64, 100, 257, 1000, 60_000] {
            let sizes: Vec<usize> = part_sizes(samples).collect();
            assert_eq!(sizes.iter().sum::<usize>(), samples);
            assert!(sizes.iter().all(|&n| (1..=256).contains(&n)));
            assert_eq!(sizes.len() > 1, samples >= 64);
        }
    }
}
