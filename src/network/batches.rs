//! What a network is shown in training, batch after batch: the order of the images, their labels,
//! and the codes in force.

use super::part::Shown;
use super::{Order, Reduction, Setup};
use crate::data::{ChangeKind, CodeKind, DataSet, LabelCode, wrong_labels};
use crate::random::{Role, Stream};
use crate::real::Real;

/// One of the two parts of a data set.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Subset {
    /// Images to learn from, with the labels that are learnt, wrong ones included.
    Train,
    /// Held-out images.
    Test,
}

/// The batches of a run. They depend on data, setup, seed and repeat alone, never on the network.
pub struct Batches<'a, T> {
    data: &'a DataSet<T>,
    setup: Setup,
    /// Labels of the training images, wrong ones included.
    labels: Vec<u8>,
    /// Codes in the order they come into force, with the iteration from which each is.
    codes: Vec<(usize, LabelCode)>,
    order: Vec<usize>,
    order_stream: Stream,
    iteration: usize,
}

impl<'a, T: Real> Batches<'a, T> {
    /// Draws code, wrong labels and order from the streams of `(seed, repeat)`.
    pub fn new(data: &'a DataSet<T>, setup: Setup, seed: u64, repeat: u64) -> Self {
        let images = data.train.labels.len();
        let mut order: Vec<usize> = (0..images).collect();
        let mut order_stream = Stream::new(seed, repeat, Role::DataOrder);
        if setup.order != Order::Fixed {
            order_stream.shuffle(&mut order);
        }
        let mut wrong = Stream::new(seed, repeat, Role::WrongLabels);
        Self {
            codes: codes(&setup, data.classes, setup.batches_per_epoch(images), seed, repeat),
            labels: wrong_labels(&data.train.labels, data.classes, setup.wrong_labels, &mut wrong),
            order,
            order_stream,
            iteration: 0,
            data,
            setup,
        }
    }

    /// The data set.
    pub fn data(&self) -> &'a DataSet<T> {
        self.data
    }

    /// What the run is.
    pub fn setup(&self) -> &Setup {
        &self.setup
    }

    /// Batches per epoch.
    pub fn per_epoch(&self) -> usize {
        self.setup.batches_per_epoch(self.order.len())
    }

    /// Updates so far.
    pub fn iteration(&self) -> usize {
        self.iteration
    }

    /// Samples of a full batch.
    pub fn size(&self) -> usize {
        self.setup.batch.min(self.order.len()).max(1)
    }

    /// Code in force for the update to come.
    pub fn code(&self) -> &LabelCode {
        self.code_at(self.iteration)
    }

    /// Code in force before the latest change, if the code changes just now.
    pub fn code_before_change(&self) -> Option<&LabelCode> {
        let changes = self.codes.iter().skip(1).any(|(from, _)| *from == self.iteration);
        changes.then(|| self.code_at(self.iteration - 1))
    }

    fn code_at(&self, iteration: usize) -> &LabelCode {
        let later = self.codes.partition_point(|(from, _)| *from <= iteration);
        &self.codes[later.saturating_sub(1)].1
    }

    /// Images and labels as they are shown under `code`.
    pub fn shown<'b>(&'b self, subset: Subset, code: &'b LabelCode) -> Shown<'b, T> {
        let (images, labels) = match subset {
            Subset::Train => (&self.data.train.images, &self.labels[..]),
            Subset::Test => (&self.data.test.images, &self.data.test.labels[..]),
        };
        let levels =
            self.setup.loss.target_levels(self.setup.smoothing, code.units()).map(T::from_f64);
        Shown { images, labels, code, levels, loss: self.setup.loss }
    }

    /// Number of samples of a subset.
    pub fn samples(&self, subset: Subset) -> usize {
        match subset {
            Subset::Train => self.labels.len(),
            Subset::Test => self.data.test.labels.len(),
        }
    }

    /// Indices of the training images of the update to come.
    pub fn next(&self) -> &[usize] {
        let (batch, within) = (self.size(), self.iteration % self.per_epoch());
        &self.order[within * batch..((within + 1) * batch).min(self.order.len())]
    }

    /// Samples of the latest batch.
    pub fn latest_samples(&self) -> usize {
        let within = (self.iteration.max(1) - 1) % self.per_epoch();
        self.size().min(self.order.len() - within * self.size())
    }

    /// What the sum over the batch of the update to come is multiplied by beside the learning rate:
    /// 1, or 1 over the number of samples where gradients are averaged.
    pub fn share(&self) -> f64 {
        self.share_of(self.next().len())
    }

    /// The same of an update of so many samples.
    pub(super) fn share_of(&self, samples: usize) -> f64 {
        match self.setup.reduction {
            Reduction::Sum => 1.0,
            Reduction::Mean => 1.0 / samples as f64,
        }
    }

    /// Goes on to the next batch.
    pub fn advance(&mut self) {
        self.iteration += 1;
        if self.setup.order == Order::EachEpoch && self.iteration.is_multiple_of(self.per_epoch()) {
            self.order_stream.shuffle(&mut self.order);
        }
    }

    /// Goes on from the start to the batch of update `iteration`.
    pub(super) fn skip_to(&mut self, iteration: usize) {
        self.iteration = iteration;
        if self.setup.order == Order::EachEpoch {
            // The first shuffle is that of the start; one follows every epoch.
            for _ in 0..iteration / self.per_epoch() {
                self.order_stream.shuffle(&mut self.order);
            }
        }
    }
}

/// Codes and the iterations from which they are in force, all drawn from one stream.
fn codes(
    setup: &Setup,
    classes: usize,
    per_epoch: usize,
    seed: u64,
    repeat: u64,
) -> Vec<(usize, LabelCode)> {
    let mut stream = Stream::new(seed, repeat, Role::Code);
    let mut codes = vec![(0, LabelCode::draw(setup.code, classes, &mut stream))];
    for epoch in setup.label_change.epochs(setup.epochs) {
        let code = match (setup.change_kind, setup.code) {
            (ChangeKind::Fresh, CodeKind::NHot { .. }) => {
                LabelCode::draw(setup.code, classes, &mut stream)
            }
            // A unit per class can only be handed to another one.
            (ChangeKind::Permute, _) | (_, CodeKind::OneHot) => {
                codes[codes.len() - 1].1.permuted(&mut stream)
            }
        };
        codes.push((epoch * per_epoch, code));
    }
    codes
}
