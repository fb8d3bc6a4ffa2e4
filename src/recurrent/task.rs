//! Tasks over sequences.

use crate::data::{DataError, DataSet, Split, digits};
use crate::matrix::Matrix;
use crate::random::Stream;
use crate::real::Real;
use crate::text::Choice;
use std::f64::consts::TAU;
use std::ops::Range;
use std::sync::Arc;

/// What a recurrent network is driven by.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Task {
    /// Inputs and errors that come from nowhere, and no task at all.
    Isolation,
    /// Signs shown at the beginning are to be given back at the end, when a cue comes.
    Recall,
    /// At the end the sign of the sum of everything that came in, channel by channel.
    Integration,
    /// Sines whose number of periods a constant input chooses.
    Sine,
    /// The rows of an image, one after the other, and then its class.
    Digits,
}

impl Choice for Task {
    const CHOICES: &'static [(&'static str, Self)] = &[
        ("isolation", Self::Isolation),
        ("recall", Self::Recall),
        ("integration", Self::Integration),
        ("sine", Self::Sine),
        ("digits", Self::Digits),
    ];
}

/// Rows of an embedded digit, which are as long as there are rows.
pub(super) const ROWS: usize = 8;
/// Classes of the digits.
pub(super) const CLASSES: usize = 10;
/// Mean of a channel of evidence, in standard deviations of its noise: either sign.
const DRIFT: f64 = 0.25;

impl Task {
    /// Inputs that it has for so many outputs, unless some are asked for.
    pub(super) fn inputs(self, outputs: usize) -> usize {
        match self {
            Self::Isolation => 20,
            // A cue besides.
            Self::Recall => outputs + 1,
            Self::Integration => outputs,
            Self::Sine => 3,
            Self::Digits => ROWS,
        }
    }

    /// Whether it takes any number of inputs.
    pub(super) fn has_free_inputs(self) -> bool {
        matches!(self, Self::Isolation | Self::Sine)
    }

    /// Outputs that it has unless others are asked for.
    pub(super) fn outputs(self) -> usize {
        match self {
            Self::Digits => CLASSES,
            _ => 5,
        }
    }

    /// Whether a sign or class can be right or wrong.
    pub fn has_accuracy(self) -> bool {
        matches!(self, Self::Recall | Self::Integration | Self::Digits)
    }
}

/// Sequences of one batch: everything by iteration, samples in rows.
#[derive(Clone, Debug, PartialEq)]
pub struct Sequences<T> {
    /// `P x n_in`.
    pub inputs: Vec<Matrix<T>>,
    /// `P x n_out`; of no meaning where there is no error.
    pub targets: Vec<Matrix<T>>,
    /// Iterations at which output and target are compared.
    pub compared: Range<usize>,
}

/// Draws sequences of a task.
#[derive(Clone, Debug)]
pub(super) struct SequenceSource<T> {
    task: Task,
    inputs: usize,
    outputs: usize,
    /// Iterations of a sequence, and those at its end at which there are errors.
    length: usize,
    response: usize,
    digits: Option<Arc<DataSet<T>>>,
}

impl<T: Real> SequenceSource<T> {
    /// Of sequences of `length` iterations, errors at the last `response`.
    ///
    /// # Errors
    /// If the embedded digits cannot be read: a defect.
    pub fn new(
        task: Task,
        [inputs, outputs]: [usize; 2],
        [length, response]: [usize; 2],
    ) -> Result<Self, DataError> {
        let digits = (task == Task::Digits).then(digits::<T>).transpose()?;
        Ok(Self { task, inputs, outputs, length, response, digits })
    }

    /// Draws so many sequences; of images those to learn from.
    pub fn draw(&self, stream: &mut Stream, samples: usize) -> Sequences<T> {
        match (&self.digits, self.task) {
            (Some(digits), _) => {
                let count = digits.train.labels.len() as u64;
                let chosen: Vec<usize> =
                    (0..samples).map(|_| stream.below(count) as usize).collect();
                self.rows(&digits.train, &chosen)
            }
            (None, Task::Integration) => self.integration(stream, samples),
            (None, Task::Sine) => self.sine(stream, samples),
            (None, _) => self.recall(stream, samples),
        }
    }

    /// Sequences to test on: so many drawn ones, or all images held out.
    pub fn test(&self, stream: &mut Stream, samples: usize) -> Sequences<T> {
        match &self.digits {
            Some(digits) => {
                let all: Vec<usize> = (0..digits.test.labels.len()).collect();
                self.rows(&digits.test, &all)
            }
            None => self.draw(stream, samples),
        }
    }

    fn blank(&self, samples: usize) -> Sequences<T> {
        let zeros = |units: usize| vec![Matrix::zeros(samples, units); self.length];
        Sequences {
            inputs: zeros(self.inputs),
            targets: zeros(self.outputs),
            compared: self.length - self.response..self.length,
        }
    }

    fn recall(&self, stream: &mut Stream, samples: usize) -> Sequences<T> {
        let mut drawn = self.blank(samples);
        let signs = signs(stream, samples, self.outputs);
        for t in 0..self.response {
            for sample in 0..samples {
                let row = drawn.inputs[t].row_mut(sample);
                row[..self.outputs].copy_from_slice(signs.row(sample));
            }
        }
        for t in drawn.compared.clone() {
            drawn.targets[t].clone_from(&signs);
            for sample in 0..samples {
                drawn.inputs[t].row_mut(sample)[self.outputs] = T::one();
            }
        }
        drawn
    }

    fn integration(&self, stream: &mut Stream, samples: usize) -> Sequences<T> {
        let mut drawn = self.blank(samples);
        let drift = signs::<T>(stream, samples, self.outputs);
        let mut sums = Matrix::<T>::zeros(samples, self.outputs);
        for input in &mut drawn.inputs[..self.length - self.response] {
            stream.fill_normal(input.as_mut_slice());
            *input += T::from_f64(DRIFT) * drift.view();
            sums += &*input;
        }
        for sum in sums.as_mut_slice() {
            *sum = if *sum < T::zero() { -T::one() } else { T::one() };
        }
        for t in drawn.compared.clone() {
            drawn.targets[t].clone_from(&sums);
        }
        drawn
    }

    fn sine(&self, stream: &mut Stream, samples: usize) -> Sequences<T> {
        let mut drawn = self.blank(samples);
        let chosen: Vec<usize> =
            (0..samples).map(|_| stream.below(self.inputs as u64) as usize).collect();
        for t in 0..self.length {
            for (sample, &periods) in chosen.iter().enumerate() {
                drawn.inputs[t].row_mut(sample)[periods] = T::one();
                let time = (periods + 1) as f64 * t as f64 / self.length as f64;
                for (k, y) in drawn.targets[t].row_mut(sample).iter_mut().enumerate() {
                    let phase = k as f64 / self.outputs as f64;
                    *y = T::from_f64((TAU * (time + phase)).sin());
                }
            }
        }
        drawn
    }

    fn rows(&self, images: &Split<T>, chosen: &[usize]) -> Sequences<T> {
        let mut drawn = self.blank(chosen.len());
        let held = self.length / ROWS;
        for (sample, &image) in chosen.iter().enumerate() {
            for t in 0..self.length {
                let row = t / held;
                let pixels = &images.images.row(image)[row * ROWS..(row + 1) * ROWS];
                drawn.inputs[t].row_mut(sample).copy_from_slice(pixels);
            }
            for t in drawn.compared.clone() {
                drawn.targets[t].row_mut(sample)[usize::from(images.labels[image])] = T::one();
            }
        }
        drawn
    }
}

/// Signs, either equally likely.
fn signs<T: Real>(stream: &mut Stream, rows: usize, cols: usize) -> Matrix<T> {
    let sign = |_| if stream.below(2) == 0 { T::one() } else { -T::one() };
    Matrix::from_vec(rows, cols, (0..rows * cols).map(sign).collect())
}
