//! Samples of two iterations, ready to be compared, and sums and means over their pairs.

use crate::matrix::{Matrix, View};
use crate::random::Stream;
use crate::real::Real;
use crate::vmath::{all_finite, dot};
use serde::Serialize;
use thiserror::Error;

/// Why samples cannot be compared.
#[derive(Clone, Debug, PartialEq, Error)]
pub enum SimilarityError {
    /// Parts of a batch of different lengths.
    #[error(
        "a batch has one activity, one error and one class per sample, not {activity}, {error} and \
         {labels}"
    )]
    Samples {
        /// Rows of the activity.
        activity: usize,
        /// Rows of the error.
        error: usize,
        /// Number of classes given.
        labels: usize,
    },
    /// Layers that differ between the two iterations.
    #[error("{what} of {0} and of {1} units cannot be compared: both batches must come from one \
        layer", .units.0, .units.1)]
    Units {
        /// Activity or error.
        what: &'static str,
        /// Units in the earlier and in the later batch.
        units: (usize, usize),
    },
    /// Own pairs of batches that do not match.
    #[error(
        "pairs of a sample with itself can be left out only if both batches hold the same samples: \
         they have {0} and {1}"
    )]
    OwnPairs(usize, usize),
    /// A value that is not finite.
    #[error("the {what} of sample {sample} is not finite")]
    NotFinite {
        /// Activity or error.
        what: &'static str,
        /// Row.
        sample: usize,
    },
    /// Flags that do not belong to the batch.
    #[error("{found} samples are marked as well or poorly learnt, in a batch of {wanted}")]
    Flags {
        /// Flags given.
        found: usize,
        /// Samples.
        wanted: usize,
    },
    /// Not a share.
    #[error("a share of well-learnt samples lies between 0 and 1, unlike {0}")]
    Share(f64),
}

/// A batch at one iteration.
#[derive(Clone, Debug)]
pub struct Batch<'a, T> {
    pub(super) activity: &'a Matrix<T>,
    pub(super) error: &'a Matrix<T>,
    pub(super) labels: Vec<usize>,
}

impl<'a, T: Real> Batch<'a, T> {
    /// Activities (`P x n`), error signals (`P x m`) and classes of `P` samples.
    ///
    /// # Errors
    /// If the numbers of samples differ, or a value is not finite.
    pub fn new<L: Into<usize>>(
        activity: &'a Matrix<T>,
        error: &'a Matrix<T>,
        labels: impl IntoIterator<Item = L>,
    ) -> Result<Self, SimilarityError> {
        let labels: Vec<usize> = labels.into_iter().map(Into::into).collect();
        if activity.rows() != error.rows() || labels.len() != activity.rows() {
            let (activity, error) = (activity.rows(), error.rows());
            return Err(SimilarityError::Samples { activity, error, labels: labels.len() });
        }
        for (what, matrix) in [("activity", activity), ("error", error)] {
            if !all_finite(matrix.as_slice()) {
                let bad = (0..matrix.rows()).find(|&p| !all_finite(matrix.row(p)));
                return Err(SimilarityError::NotFinite { what, sample: bad.unwrap_or(0) });
            }
        }
        Ok(Self { activity, error, labels })
    }

    /// The same samples with classes drawn at random, every one of `classes` (at least one) equally
    /// likely: the control in which classes say nothing about similarity.
    pub fn with_random_labels(&self, classes: usize, stream: &mut Stream) -> Self {
        let classes = classes.max(1) as u64;
        let labels = self.labels.iter().map(|_| stream.below(classes) as usize).collect();
        Self { labels, ..*self }
    }
}

/// What is done with the pairs of a sample with itself.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum OwnPairs {
    /// They count like any other, or there are none because the batches hold different samples.
    Keep,
    /// Row `p` of one batch and row `p` of the other are the same sample, and are no pair.
    Drop,
}

/// Something over pairs of samples of one class, of different classes, and over all pairs.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize)]
pub struct Split<V> {
    /// Over pairs of one class.
    pub within: V,
    /// Over pairs of different classes.
    pub between: V,
    /// Over all pairs.
    pub all: V,
}

impl<V: Copy> Split<V> {
    /// Every part transformed.
    pub fn map<U>(self, f: impl Fn(V) -> U) -> Split<U> {
        Split { within: f(self.within), between: f(self.between), all: f(self.all) }
    }

    /// Both side by side.
    pub fn zip<U: Copy>(self, other: Split<U>) -> Split<(V, U)> {
        Split {
            within: (self.within, other.within),
            between: (self.between, other.between),
            all: (self.all, other.all),
        }
    }
}

/// Mean similarities over pairs; `None` over no pairs.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Means {
    /// Number of pairs.
    pub pairs: Split<u64>,
    /// Mean of `S_L`.
    pub activity: Split<Option<f64>>,
    /// Mean of `S_delta`.
    pub error: Split<Option<f64>>,
    /// Mean of `S_L * S_delta`.
    pub product: Split<Option<f64>>,
}

/// The samples of one iteration in double precision, in the order of their classes.
#[derive(Clone, Debug)]
pub(super) struct Side {
    pub activity: Matrix<f64>,
    pub error: Matrix<f64>,
    /// Class of every row, counted from 0 without gaps.
    pub classes: Vec<usize>,
    /// Rows of class `c`: from `starts[c]` to `starts[c + 1]`.
    pub starts: Vec<usize>,
    /// Row of the batch that every row comes from.
    pub order: Vec<usize>,
}

/// Which of the two matrices of a side.
#[derive(Clone, Copy, Debug)]
pub(super) enum SideMatrix {
    Activity,
    Error,
}

impl Side {
    fn new<T: Real>(batch: &Batch<'_, T>, known: &[usize]) -> Self {
        let class = |p: usize| known.partition_point(|&label| label < batch.labels[p]);
        let mut order: Vec<usize> = (0..batch.labels.len()).collect();
        order.sort_by_key(|&p| class(p));
        let classes: Vec<usize> = order.iter().map(|&p| class(p)).collect();
        let starts =
            (0..=known.len()).map(|c| classes.partition_point(|&class| class < c)).collect();
        let (activity, error) = (reordered(batch.activity, &order), reordered(batch.error, &order));
        Self { activity, error, classes, starts, order }
    }

    pub fn part(&self, part: SideMatrix) -> &Matrix<f64> {
        match part {
            SideMatrix::Activity => &self.activity,
            SideMatrix::Error => &self.error,
        }
    }

    pub fn of_class(&self, part: SideMatrix, class: usize) -> View<'_, f64> {
        self.part(part).view().subrows(self.starts[class]..self.starts[class + 1])
    }

    /// Sum over the samples of a class of the feature whose inner products make up `kernel`.
    pub fn feature(&self, kernel: Kernel, class: usize) -> Matrix<f64> {
        let rows = |part| self.of_class(part, class);
        match kernel {
            Kernel::Similarity(part) => {
                let samples = self.starts[class + 1] - self.starts[class];
                (View::from_slice(&vec![1.0; samples], 1, samples) * rows(part)).to_matrix()
            }
            Kernel::Product(first, second) => (rows(first).t() * rows(second)).to_matrix(),
        }
    }

    /// Place of every row of the batch.
    fn places(&self) -> Vec<usize> {
        let mut places = vec![0; self.order.len()];
        self.order.iter().enumerate().for_each(|(row, &p)| places[p] = row);
        places
    }
}

/// A number that belongs to a pair of samples.
#[derive(Clone, Copy, Debug)]
pub(super) enum Kernel {
    Similarity(SideMatrix),
    /// Product of two similarities.
    Product(SideMatrix, SideMatrix),
}

/// Samples of an earlier and a later iteration, ready to be compared.
#[derive(Clone, Debug)]
pub struct SamplePairs {
    pub(super) earlier: Side,
    pub(super) later: Side,
    /// Row of the later side that holds the sample of every row of the earlier one, where such
    /// pairs are left out.
    pub(super) dropped: Option<Vec<usize>>,
}

impl SamplePairs {
    /// Compares the samples of iteration `k - o` with those of iteration `k`. Numbers of samples
    /// may differ.
    ///
    /// # Errors
    /// If the batches have different units, or [`OwnPairs::Drop`] is asked for and the numbers of
    /// samples differ.
    pub fn new<T: Real>(
        earlier: &Batch<'_, T>,
        later: &Batch<'_, T>,
        own_pairs: OwnPairs,
    ) -> Result<Self, SimilarityError> {
        for (what, a, b) in [
            ("activities", earlier.activity, later.activity),
            ("errors", earlier.error, later.error),
        ] {
            if a.cols() != b.cols() {
                return Err(SimilarityError::Units { what, units: (a.cols(), b.cols()) });
            }
        }
        let samples = [earlier.labels.len(), later.labels.len()];
        if own_pairs == OwnPairs::Drop && samples[0] != samples[1] {
            return Err(SimilarityError::OwnPairs(samples[0], samples[1]));
        }
        let mut known: Vec<usize> = earlier.labels.iter().chain(&later.labels).copied().collect();
        known.sort_unstable();
        known.dedup();
        let (earlier, later) = (Side::new(earlier, &known), Side::new(later, &known));
        let dropped = (own_pairs == OwnPairs::Drop).then(|| {
            let places = later.places();
            earlier.order.iter().map(|&p| places[p]).collect()
        });
        Ok(Self { earlier, later, dropped })
    }

    /// Mean similarities. Costs `O(P n m)`.
    pub fn means(&self) -> Means {
        let pairs = self.pairs();
        let mean = |kernel| self.sums(kernel).zip(pairs).map(mean_of);
        Means {
            pairs,
            activity: mean(Kernel::Similarity(SideMatrix::Activity)),
            error: mean(Kernel::Similarity(SideMatrix::Error)),
            product: mean(Kernel::Product(SideMatrix::Activity, SideMatrix::Error)),
        }
    }

    /// Number of pairs.
    pub fn pairs(&self) -> Split<u64> {
        let size = |side: &Side, class: usize| (side.starts[class + 1] - side.starts[class]) as u64;
        let within: u64 =
            (0..self.classes()).map(|c| size(&self.earlier, c) * size(&self.later, c)).sum();
        let all = self.earlier.order.len() as u64 * self.later.order.len() as u64;
        let count =
            |(within, all), (same, ..): (bool, usize, usize)| (within + u64::from(same), all + 1);
        let (dropped_within, dropped) = self.dropped_pairs().fold((0, 0), count);
        let (within, all) = (within - dropped_within, all - dropped);
        Split { within, between: all - within, all }
    }

    /// Sums of a number over pairs.
    pub(super) fn sums(&self, kernel: Kernel) -> Split<f64> {
        let mut totals: Option<[Matrix<f64>; 2]> = None;
        let mut within = 0.0;
        for class in 0..self.classes() {
            let features = [&self.earlier, &self.later].map(|side| side.feature(kernel, class));
            within += features[0].inner(&features[1]);
            match &mut totals {
                None => totals = Some(features),
                Some(totals) => {
                    totals.iter_mut().zip(&features).for_each(|(total, feature)| *total += feature)
                }
            }
        }
        let mut all = totals.map_or(0.0, |[a, b]| a.inner(&b));
        for (same, earlier, later) in self.dropped_pairs() {
            let similarity =
                |part| dot(self.earlier.part(part).row(earlier), self.later.part(part).row(later));
            let value = match kernel {
                Kernel::Similarity(part) => similarity(part),
                Kernel::Product(first, second) => similarity(first) * similarity(second),
            };
            all -= value;
            within -= if same { value } else { 0.0 };
        }
        Split { within, between: all - within, all }
    }

    /// Pairs that are left out: whether of one class, and the row on either side.
    fn dropped_pairs(&self) -> impl Iterator<Item = (bool, usize, usize)> {
        let pairs = self.dropped.iter().flatten().enumerate();
        pairs.map(|(earlier, &later)| {
            (self.earlier.classes[earlier] == self.later.classes[later], earlier, later)
        })
    }

    fn classes(&self) -> usize {
        self.earlier.starts.len() - 1
    }
}

pub(super) fn mean_of((sum, pairs): (f64, u64)) -> Option<f64> {
    (pairs > 0).then(|| sum / pairs as f64)
}

/// Rows in another order, in double precision.
pub(super) fn reordered<T: Real>(matrix: &Matrix<T>, order: &[usize]) -> Matrix<f64> {
    let mut out = Matrix::zeros(order.len(), matrix.cols());
    for (row, &p) in order.iter().enumerate() {
        out.row_mut(row).iter_mut().zip(matrix.row(p)).for_each(|(out, x)| *out = x.to_f64());
    }
    out
}
