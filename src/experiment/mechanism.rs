//! The past of a network in training, and what is made of it: similarities of the signals of two iterations.

use crate::analysis::{Job, Quantity};
use crate::matrix::Matrix;
use crate::measure::similarity::{Batch, Means, OwnPairs, SamplePairs, ShuffledMean, Transformation};
use crate::network::{Probe, Trainer};
use crate::random::{Role, Stream};
use crate::real::Real;
use crate::vmath::{dot, sum_squares};
use std::collections::{BTreeMap, BTreeSet};

/// Signals of the probe's samples at one iteration, by layer `l` of `W_l`.
struct Signals<T> {
    /// What `W_l` is fed.
    activities: Vec<Matrix<T>>,
    /// Error signals at the units that `W_l` leads to.
    deltas: Vec<Matrix<T>>,
    labels: Vec<u8>,
}

/// Everything that is said of a pair of iterations at a layer.
struct Compared {
    means: Means,
    shuffled: Option<ShuffledMean>,
    random: Means,
    transformation: Transformation,
    activity: Option<f64>,
    error: Option<f64>,
}

/// Keeps what is needed of earlier iterations.
pub(super) struct Mechanism<T> {
    seed: u64,
    repeat: u64,
    /// Iterations whose signals will be compared with those of later ones, and the largest lag.
    wanted: BTreeSet<usize>,
    reach: usize,
    kept: BTreeMap<usize, Signals<T>>,
    /// What was compared at the present iteration, by layer and lag.
    compared: BTreeMap<(usize, usize), Option<Compared>>,
}

impl<T: Real> Mechanism<T> {
    /// For what `job` measures; `None` if none of it needs the past.
    pub fn new(job: &Job) -> Option<Self> {
        let similarities: Vec<Quantity> = job.quantities().filter(|quantity| quantity.is_similarity()).collect();
        if similarities.is_empty() {
            return None;
        }
        let due = similarities.iter().flat_map(|&quantity| job.recorded_iterations(quantity));
        let wanted = due.flat_map(|k| job.lags.iter().filter_map(move |lag| k.checked_sub(*lag))).collect();
        Some(Self {
            seed: job.seed,
            repeat: job.repeat,
            wanted,
            reach: job.lags.last().copied().unwrap_or(0),
            kept: BTreeMap::new(),
            compared: BTreeMap::new(),
        })
    }

    /// Before an update: keeps the signals of this iteration where they will be needed.
    pub fn before_update(&mut self, trainer: &Trainer<'_, T>, probe: &mut Probe<T>) {
        self.compared.clear();
        let now = trainer.iteration();
        if self.wanted.contains(&now) {
            self.kept.insert(now, signals(trainer, probe));
        }
        self.kept = self.kept.split_off(&(now + 1).saturating_sub(self.reach));
    }

    /// A similarity of the present signals and those `lag` iterations before, at layer `l`.
    pub fn similarity(
        &mut self,
        trainer: &Trainer<'_, T>,
        probe: &mut Probe<T>,
        quantity: Quantity,
        l: usize,
        lag: usize,
    ) -> Option<f64> {
        if !self.compared.contains_key(&(l, lag)) {
            let compared = self.compare(trainer, probe, l, lag);
            self.compared.insert((l, lag), compared);
        }
        let Compared { means, shuffled, random, transformation, activity, error } =
            self.compared.get(&(l, lag))?.as_ref()?;
        match quantity {
            Quantity::SimilarityActivityWithin => means.activity.within,
            Quantity::SimilarityActivityBetween => means.activity.between,
            Quantity::SimilarityErrorWithin => means.error.within,
            Quantity::SimilarityErrorBetween => means.error.between,
            Quantity::SimilarityProductWithin => means.product.within,
            Quantity::SimilarityProductBetween => means.product.between,
            Quantity::SimilarityProduct => means.product.all,
            Quantity::SimilarityShuffled => shuffled.map(|shuffled| shuffled.mean),
            Quantity::SimilarityZ => shuffled.as_ref()?.z(means.product.all?),
            Quantity::SimilarityRandomWithin => random.activity.within,
            Quantity::SimilarityRandomBetween => random.activity.between,
            Quantity::MeanEigenvalue => transformation.mean_eigenvalue(),
            Quantity::SymmetricShare => transformation.symmetric_share(),
            Quantity::ActivityAutocorrelation => *activity,
            Quantity::ErrorAutocorrelation => *error,
            _ => None,
        }
    }

    fn compare(&self, trainer: &Trainer<'_, T>, probe: &mut Probe<T>, l: usize, lag: usize) -> Option<Compared> {
        let earlier = self.kept.get(&trainer.iteration().checked_sub(lag)?)?;
        let labels = probe.labels(trainer);
        let (activity, delta) = (probe.source(trainer, l - 1).clone(), probe.delta(trainer, l).clone());
        let before = Batch::new(&earlier.activities[l - 1], &earlier.deltas[l], earlier.labels.iter().copied()).ok()?;
        let now = Batch::new(&activity, &delta, labels).ok()?;
        let pairs = SamplePairs::new(&before, &now, OwnPairs::Keep).ok()?;
        let mut stream = Stream::new(self.seed, self.repeat, Role::Null);
        let classes = trainer.data().classes;
        let before = before.with_random_labels(classes, &mut stream);
        let now = now.with_random_labels(classes, &mut stream);
        let random = SamplePairs::new(&before, &now, OwnPairs::Keep).ok()?.means();
        Some(Compared {
            means: pairs.means(),
            shuffled: pairs.shuffled().all,
            random,
            transformation: pairs.transformation(),
            activity: cosine(&earlier.activities[l - 1], &activity),
            error: cosine(&earlier.deltas[l], &delta),
        })
    }
}

/// Cosine of two matrices; `None` if one is zero or their shapes differ, as those of a smaller last batch.
fn cosine<T: Real>(a: &Matrix<T>, b: &Matrix<T>) -> Option<f64> {
    let norms = (sum_squares(a.as_slice()) * sum_squares(b.as_slice())).sqrt();
    (a.rows() == b.rows() && norms > 0.0).then(|| dot(a.as_slice(), b.as_slice()) / norms)
}

fn signals<T: Real>(trainer: &Trainer<'_, T>, probe: &mut Probe<T>) -> Signals<T> {
    let depth = trainer.layers().depth();
    Signals {
        activities: (0..depth).map(|l| probe.source(trainer, l).clone()).collect(),
        deltas: (0..depth).map(|l| probe.delta(trainer, l).clone()).collect(),
        labels: probe.labels(trainer),
    }
}
