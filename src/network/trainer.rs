//! Training of one network: BP or BP-TRW on batches of a data set.

use super::Loss;
use crate::data::{CodeKind, DataSet, LabelCode, Split};
use crate::matrix::Matrix;
use crate::random::{Role, Stream};
use crate::real::Real;
use crate::rule::{Activation, Feedback, Layers, Pass, UpdateAlignment, normal_matrix};

/// In which order the training images come.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Order {
    /// As stored.
    Fixed,
    /// Shuffled once per repeat, then the same batches every epoch.
    Once,
    /// Shuffled before every epoch.
    EachEpoch,
}

/// How gradients of the samples of a batch are put together.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Reduction {
    /// Summed: the paper's.
    Sum,
    /// Averaged.
    Mean,
}

/// Everything that defines a training run but its data.
#[derive(Clone, Debug)]
pub struct Setup {
    /// Units of the hidden layers.
    pub hidden: Vec<usize>,
    /// Fixed random backward weights (BP-TRW) instead of transposed forward weights (BP).
    pub random_backward: bool,
    /// Activation of the hidden layers.
    pub activation: Activation,
    /// Loss, which settles the output layer's activation.
    pub loss: Loss,
    /// Label code.
    pub code: CodeKind,
    /// Samples per batch; the last batch of an epoch holds what is left.
    pub batch: usize,
    /// Learning rate.
    pub eta: f64,
    /// Sum or mean over the batch.
    pub reduction: Reduction,
    /// Biases drawn and trained, or none.
    pub biases: bool,
    /// Standard deviation of `W`.
    pub w_std: f64,
    /// Standard deviation of `B`.
    pub b_std: f64,
    /// Standard deviation of the biases.
    pub bias_std: f64,
    /// Order of the training images.
    pub order: Order,
}

/// Result of [`Trainer::evaluate`].
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Evaluation {
    /// Correctly classified samples in percent.
    pub accuracy: f64,
    /// Mean loss per sample.
    pub loss: f64,
}

/// One network in training.
pub struct Trainer<'a, T: Real> {
    data: &'a DataSet<T>,
    setup: Setup,
    code: LabelCode,
    layers: Layers<T>,
    feedback: Feedback<T>,
    pass: Pass<T>,
    order: Vec<usize>,
    order_stream: Stream,
    next: usize,
    input: Matrix<T>,
    target: Matrix<T>,
    alignment: UpdateAlignment<T>,
}

impl<'a, T: Real> Trainer<'a, T> {
    /// Draws code, weights, biases and backward weights from the streams of `(seed, repeat)`.
    /// Under BP the backward weights are drawn too, so that the other streams do not depend on the rule.
    pub fn new(data: &'a DataSet<T>, setup: Setup, seed: u64, repeat: u64) -> Self {
        let outputs = setup.code.outputs(data.classes);
        let sizes: Vec<usize> =
            [data.inputs()].into_iter().chain(setup.hidden.iter().copied()).chain([outputs]).collect();
        let depth = sizes.len() - 1;
        let mut stream = Stream::new(seed, repeat, Role::Weights);
        let weights = sizes.windows(2).map(|n| normal_matrix(&mut stream, n[0], n[1], setup.w_std)).collect();
        let mut stream = Stream::new(seed, repeat, Role::Bias);
        let biases = sizes[1..].iter().map(|&n| match setup.biases {
            true => normal_matrix(&mut stream, 1, n, setup.bias_std).as_slice().to_vec(),
            false => Vec::new(),
        });
        let biases = biases.collect();
        let mut activations = vec![setup.activation; depth];
        activations[depth - 1] = setup.loss.output_activation(setup.activation);
        let feedback = if setup.random_backward {
            let mut stream = Stream::new(seed, repeat, Role::Backward);
            let draw = |n: &[usize]| normal_matrix(&mut stream, n[1], n[0], setup.b_std);
            Feedback::BpTrw(sizes[1..].windows(2).map(draw).collect())
        } else {
            Feedback::bp(&sizes)
        };
        let mut order: Vec<usize> = (0..data.train.labels.len()).collect();
        let mut order_stream = Stream::new(seed, repeat, Role::DataOrder);
        if setup.order == Order::Once {
            order_stream.shuffle(&mut order);
        }
        let batch = setup.batch.min(order.len());
        Self {
            code: LabelCode::draw(setup.code, data.classes, &mut Stream::new(seed, repeat, Role::Code)),
            layers: Layers { weights, biases, activations },
            feedback,
            pass: Pass::new(&sizes, batch),
            next: order.len(),
            order,
            order_stream,
            input: Matrix::zeros(batch, data.inputs()),
            target: Matrix::zeros(batch, outputs),
            alignment: UpdateAlignment::new(&sizes),
            data,
            setup,
        }
    }

    /// Batches per epoch.
    pub fn batches_per_epoch(&self) -> usize {
        self.order.len().div_ceil(self.setup.batch)
    }

    /// Forward weights and biases.
    pub fn layers(&self) -> &Layers<T> {
        &self.layers
    }

    /// Forward weights and biases, to start from other values than those drawn.
    pub fn layers_mut(&mut self) -> &mut Layers<T> {
        &mut self.layers
    }

    /// Feedback policy.
    pub fn feedback(&self) -> &Feedback<T> {
        &self.feedback
    }

    /// Feedback policy, to set other backward weights than those drawn.
    pub fn feedback_mut(&mut self) -> &mut Feedback<T> {
        &mut self.feedback
    }

    /// One update on the next batch.
    pub fn step(&mut self) {
        if self.next >= self.order.len() {
            self.next = 0;
            if self.setup.order == Order::EachEpoch {
                self.order_stream.shuffle(&mut self.order);
            }
        }
        let end = (self.next + self.setup.batch).min(self.order.len());
        gather(&self.data.train, &self.order[self.next..end], &self.code, &mut self.input, &mut self.target);
        self.next = end;
        self.output_delta();
        self.feedback.carry_back(&self.layers, &mut self.pass);
        let rate = match self.setup.reduction {
            Reduction::Sum => self.setup.eta,
            Reduction::Mean => self.setup.eta / self.input.rows() as f64,
        };
        self.layers.update(&self.input, &self.pass, T::from_f64(rate));
    }

    /// Update alignment of layers `0 .. D-2` in degrees, on the probe batch: the first images of the training set
    /// as stored, as many as a batch holds.
    pub fn update_alignment(&mut self) -> Vec<Option<f64>> {
        let probe: Vec<usize> = (0..self.setup.batch.min(self.order.len())).collect();
        gather(&self.data.train, &probe, &self.code, &mut self.input, &mut self.target);
        self.output_delta();
        self.alignment.angles(&self.layers, &mut self.feedback, &self.input, &mut self.pass)
    }

    /// How well the network does on one part of the data.
    pub fn evaluate(&mut self, split: &Split<T>) -> Evaluation {
        let all: Vec<usize> = (0..split.labels.len()).collect();
        let (mut correct, mut loss) = (0usize, 0.0);
        for chunk in all.chunks(self.setup.batch) {
            gather(split, chunk, &self.code, &mut self.input, &mut self.target);
            self.layers.forward(&self.input, &mut self.pass);
            loss += self.setup.loss.value(&self.target, &self.pass);
            let output = self.pass.output();
            correct +=
                chunk.iter().enumerate().filter(|&(i, &s)| self.code.decode(output.row(i)) == split.labels[s]).count();
        }
        let samples = all.len().max(1) as f64;
        Evaluation { accuracy: 100.0 * correct as f64 / samples, loss: loss / samples }
    }

    /// Forward pass of the gathered batch and its output error signal.
    fn output_delta(&mut self) {
        self.layers.forward(&self.input, &mut self.pass);
        let output = self.layers.activations[self.layers.depth() - 1];
        self.setup.loss.write_output_delta(output, &self.target, &mut self.pass);
    }
}

/// Copies images and targets of the samples `indices` into the rows of `input` and `target`.
fn gather<T: Real>(
    split: &Split<T>,
    indices: &[usize],
    code: &LabelCode,
    input: &mut Matrix<T>,
    target: &mut Matrix<T>,
) {
    input.set_rows(indices.len());
    target.set_rows(indices.len());
    for (row, &sample) in indices.iter().enumerate() {
        input.row_mut(row).copy_from_slice(split.images.row(sample));
        code.write_target(split.labels[sample], target.row_mut(row));
    }
}
