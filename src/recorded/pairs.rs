//! Similarities of the recorded samples of successive batches.

use super::questions::QuestionError;
use super::run::RecordedRun;
use crate::array::ArrayError;
use crate::matrix::Matrix;
use crate::measure::similarity::{
    Batch, Means, OwnPairs, SamplePairs, Shuffled, SimilarityError, Split, Transformation,
};
use serde::Serialize;

/// Similarities of batches `lag` iterations apart, means over iterations. `L_{l-1}` is the activity
/// below layer `l` and `delta_{l+1}` the error signal above it: those whose products make the
/// alignment term of `W_l`. Without labels there is nothing within or between classes.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct LayerPairs {
    /// The layer `l` of `W_l`.
    pub layer: usize,
    /// Iterations between the batches.
    pub lag: usize,
    /// Pairs of batches that were compared.
    pub batches: usize,
    /// Mean inner product of activities `L_{l-1}`.
    pub activity: Split<Option<f64>>,
    /// Mean inner product of error signals `delta_{l+1}`.
    pub error: Split<Option<f64>>,
    /// Mean product of the two.
    pub product: Split<Option<f64>>,
    /// The same with errors permuted over all pairs: the product of the means.
    pub shuffled: Split<Option<f64>>,
    /// Standard score of the product against permutations, all batches together.
    pub z: Split<Option<f64>>,
    /// Mean of `tr M`.
    pub trace: f64,
    /// Mean of the mean eigenvalue of `M`, `tr M / n_{l+1}`.
    pub mean_eigenvalue: f64,
    /// Mean cosine of `M` to the identity; `None` where all are zero.
    pub cosine_to_identity: Option<f64>,
}

/// Compares batches `lag` apart at every so many iterations; `None` where a signal is missing or
/// none are so far apart.
///
/// # Errors
/// If a value is not finite, or can no longer be read.
pub(super) fn compare(
    run: &RecordedRun,
    l: usize,
    lag: usize,
    every: usize,
) -> Result<Option<LayerPairs>, QuestionError> {
    let mut sums = PairSums::default();
    let apart = (0..run.iterations()).rev().filter_map(|k| Some((run.earlier(k, lag)?, k)));
    for (earlier, later) in apart.step_by(every) {
        let (Some(earlier), Some(later)) =
            (RecordedSamples::of(run, l, earlier)?, RecordedSamples::of(run, l, later)?)
        else {
            continue;
        };
        let pairs = SamplePairs::new(&earlier.batch()?, &later.batch()?, OwnPairs::Keep)?;
        sums.add(&pairs.means(), &pairs.shuffled(), &pairs.transformation());
    }
    Ok((sums.batches > 0).then(|| sums.finish(l, lag, run.labels.is_some())))
}

/// Samples of one iteration, without those of zeros that fill up a short batch.
struct RecordedSamples {
    activity: Matrix<f64>,
    error: Matrix<f64>,
    labels: Vec<usize>,
}

impl RecordedSamples {
    fn of(run: &RecordedRun, l: usize, k: usize) -> Result<Option<Self>, ArrayError> {
        let (Some(activity), Some(error)) = (run.activity(l - 1), run.delta(l + 1)) else {
            return Ok(None);
        };
        let (activity, error) = (activity.matrix(k)?, error.matrix(k)?);
        let zero = |row: &[f64]| row.iter().all(|v| *v == 0.0);
        let rows: Vec<usize> = (0..activity.rows())
            .filter(|&p| !(zero(activity.row(p)) && zero(error.row(p))))
            .collect();
        let select = |matrix: &Matrix<f64>| {
            let values = rows.iter().flat_map(|&p| matrix.row(p)).copied().collect();
            Matrix::from_vec(rows.len(), matrix.cols(), values)
        };
        let labels = rows.iter().map(|&p| run.labels(k).map_or(0, |labels| labels[p])).collect();
        Ok((!rows.is_empty()).then(|| Self {
            activity: select(&activity),
            error: select(&error),
            labels,
        }))
    }

    fn batch(&self) -> Result<Batch<'_, f64>, SimilarityError> {
        Batch::new(&self.activity, &self.error, self.labels.iter().copied())
    }
}

/// A sum of values that may be absent, and their number.
#[derive(Clone, Copy, Default)]
struct Sum(f64, f64);

impl Sum {
    fn add(&mut self, value: Option<f64>) {
        if let Some(value) = value {
            *self = Self(self.0 + value, self.1 + 1.0);
        }
    }

    fn mean(self) -> Option<f64> {
        (self.1 > 0.0).then_some(self.0 / self.1)
    }
}

/// Adds to sums within and between classes and over all pairs.
fn add(sums: &mut Split<Sum>, values: Split<Option<f64>>) {
    sums.within.add(values.within);
    sums.between.add(values.between);
    sums.all.add(values.all);
}

#[derive(Default)]
struct PairSums {
    batches: usize,
    activity: Split<Sum>,
    error: Split<Sum>,
    product: Split<Sum>,
    shuffled: Split<Sum>,
    variance: Split<Sum>,
    trace: f64,
    mean_eigenvalue: f64,
    cosine: Sum,
}

impl PairSums {
    fn add(&mut self, means: &Means, shuffled: &Shuffled, transformation: &Transformation) {
        self.batches += 1;
        add(&mut self.activity, means.activity);
        add(&mut self.error, means.error);
        add(&mut self.product, means.product);
        add(&mut self.shuffled, shuffled.map(|null| null.map(|null| null.mean)));
        add(&mut self.variance, shuffled.map(|null| null.map(|null| null.sd * null.sd)));
        self.trace += transformation.trace;
        self.mean_eigenvalue += transformation.mean_eigenvalue().unwrap_or(0.0);
        self.cosine.add(transformation.cosine());
    }

    fn finish(self, layer: usize, lag: usize, labels: bool) -> LayerPairs {
        let told = |split: Split<Option<f64>>| {
            if labels { split } else { Split { all: split.all, ..Split::default() } }
        };
        let mean = |sums: Split<Sum>| told(sums.map(Sum::mean));
        let z = |((product, shuffled), variance): ((Sum, Sum), Sum)| {
            (variance.0 > 0.0).then(|| (product.0 - shuffled.0) / variance.0.sqrt())
        };
        let z = told(self.product.zip(self.shuffled).zip(self.variance).map(z));
        let n = self.batches as f64;
        LayerPairs {
            layer,
            lag,
            batches: self.batches,
            activity: mean(self.activity),
            error: mean(self.error),
            product: mean(self.product),
            shuffled: mean(self.shuffled),
            z,
            trace: self.trace / n,
            mean_eigenvalue: self.mean_eigenvalue / n,
            cosine_to_identity: self.cosine.mean(),
        }
    }
}
