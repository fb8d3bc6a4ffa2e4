//! The past of a network in training, and what is made of it: similarities of the signals of two
//! iterations.

use crate::matrix::Matrix;
use crate::measure::similarity::{
    Axes, Batch, OwnPairs, PairGroup, PairRelation, SamplePairs, Similarity, poorly_learnt,
};
use crate::network::{Probe, Trainer};
use crate::quantity::{Compared, Learnt, Quantity};
use crate::random::{Role, Stream};
use crate::real::Real;
use crate::run::Job;
use std::collections::{BTreeMap, BTreeSet};

/// Signals of the probe's samples at one iteration, by layer `l` of `W_l`.
struct ProbeSignals<T> {
    /// What `W_l` is fed.
    activities: Vec<Matrix<T>>,
    /// Error signals at the units that `W_l` leads to.
    deltas: Vec<Matrix<T>>,
    labels: Vec<u8>,
}

/// Keeps what is needed of earlier iterations.
pub(super) struct Mechanism<T> {
    seed: u64,
    repeat: u64,
    /// Iterations whose signals will be compared with those of later ones, and the largest lag.
    wanted: BTreeSet<usize>,
    reach: usize,
    kept: BTreeMap<usize, ProbeSignals<T>>,
    /// What was compared at the present iteration, by layer and lag.
    compared: BTreeMap<(usize, usize), Option<Compared>>,
    learnt: BTreeMap<(usize, usize), Option<Learnt>>,
}

/// Share of the samples of an iteration that count as well learnt: the paper's.
const WELL: f64 = 0.6;

impl<T: Real> Mechanism<T> {
    /// For what `job` measures; `None` if none of it needs the past.
    pub fn new(job: &Job) -> Option<Self> {
        let similarities: Vec<Quantity> =
            job.quantities().filter(|quantity| quantity.is_similarity()).collect();
        if similarities.is_empty() {
            return None;
        }
        let due = similarities.iter().flat_map(|&quantity| job.recorded_iterations(quantity));
        let wanted =
            due.flat_map(|k| job.lags.iter().filter_map(move |lag| k.checked_sub(*lag))).collect();
        Some(Self {
            seed: job.seed,
            repeat: job.repeat,
            wanted,
            reach: job.lags.last().copied().unwrap_or(0),
            kept: BTreeMap::new(),
            compared: BTreeMap::new(),
            learnt: BTreeMap::new(),
        })
    }

    /// Before an update: keeps the signals of this iteration where they will be needed.
    pub fn before_update(&mut self, trainer: &Trainer<'_, T>, probe: &mut Probe<T>) {
        self.compared.clear();
        self.learnt.clear();
        let now = trainer.iteration();
        if self.wanted.contains(&now) {
            self.kept.insert(now, signals(trainer, probe));
        }
        self.kept = self.kept.split_off(&(now + 1).saturating_sub(self.reach));
    }

    /// The present signals at layer `l` and those `lag` iterations before.
    pub fn compared(
        &mut self,
        trainer: &Trainer<'_, T>,
        probe: &mut Probe<T>,
        l: usize,
        lag: usize,
    ) -> Option<&Compared> {
        if !self.compared.contains_key(&(l, lag)) {
            let compared = self.compare(trainer, probe, l, lag);
            self.compared.insert((l, lag), compared);
        }
        self.compared.get(&(l, lag))?.as_ref()
    }

    /// Likewise, of well and poorly learnt samples.
    pub fn learnt(
        &mut self,
        trainer: &Trainer<'_, T>,
        probe: &mut Probe<T>,
        l: usize,
        lag: usize,
    ) -> Option<&Learnt> {
        if !self.learnt.contains_key(&(l, lag)) {
            let learnt = self.tell_apart(trainer, probe, l, lag);
            self.learnt.insert((l, lag), learnt);
        }
        self.learnt.get(&(l, lag))?.as_ref()
    }

    fn tell_apart(
        &self,
        trainer: &Trainer<'_, T>,
        probe: &mut Probe<T>,
        l: usize,
        lag: usize,
    ) -> Option<Learnt> {
        let earlier = self.kept.get(&trainer.iteration().checked_sub(lag)?)?;
        let output = probe.delta(trainer, trainer.layers().depth() - 1);
        let poor =
            [poorly_learnt(earlier.deltas.last()?, WELL).ok()?, poorly_learnt(output, WELL).ok()?];
        let now = CurrentSignals::of(trainer, probe, l);
        let pairs = SamplePairs::new(&earlier.batch(l)?, &now.batch()?, OwnPairs::Keep).ok()?;
        let all = pairs.distributions(&Axes::coarse(), Some([&poor[0], &poor[1]])).ok()?;
        let errors = [PairGroup::Well, PairGroup::Poor]
            .map(|group| all.tally(Similarity::Error, PairRelation::Within, group).mean());
        let sums = [PairGroup::Well, PairGroup::Poor].map(|group| {
            [PairRelation::Within, PairRelation::Between]
                .map(|relation| all.tally(Similarity::Product, relation, group))
                .iter()
                .fold((0.0, 0), |(sum, pairs), tally| {
                    (
                        sum + tally.mean().unwrap_or(0.0) * tally.total() as f64,
                        pairs + tally.total(),
                    )
                })
        });
        let total = sums[0].0 + sums[1].0;
        Some(Learnt {
            errors,
            products: sums.map(|(sum, pairs)| (pairs > 0).then(|| sum / pairs as f64)),
            poor_share: (total != 0.0).then(|| sums[1].0 / total),
        })
    }

    fn compare(
        &self,
        trainer: &Trainer<'_, T>,
        probe: &mut Probe<T>,
        l: usize,
        lag: usize,
    ) -> Option<Compared> {
        let earlier = self.kept.get(&trainer.iteration().checked_sub(lag)?)?;
        let present = CurrentSignals::of(trainer, probe, l);
        let (before, now) = (earlier.batch(l)?, present.batch()?);
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
            activity: cosine(&earlier.activities[l - 1], &present.activity),
            error: cosine(&earlier.deltas[l], &present.delta),
        })
    }
}

impl<T: Real> ProbeSignals<T> {
    /// The samples as `W_l` sees them.
    fn batch(&self, l: usize) -> Option<Batch<'_, T>> {
        Batch::new(&self.activities[l - 1], &self.deltas[l], self.labels.iter().copied()).ok()
    }
}

/// Signals of the probe's samples at the present iteration, as `W_l` sees them.
struct CurrentSignals<T> {
    activity: Matrix<T>,
    delta: Matrix<T>,
    labels: Vec<u8>,
}

impl<T: Real> CurrentSignals<T> {
    fn of(trainer: &Trainer<'_, T>, probe: &mut Probe<T>, l: usize) -> Self {
        let labels = probe.labels(trainer);
        Self {
            activity: probe.source(trainer, l - 1).clone(),
            delta: probe.delta(trainer, l).clone(),
            labels,
        }
    }

    fn batch(&self) -> Option<Batch<'_, T>> {
        Batch::new(&self.activity, &self.delta, self.labels.iter().copied()).ok()
    }
}

/// Cosine of two matrices; `None` if one is zero or their shapes differ, as those of a smaller last
/// batch.
pub(super) fn cosine<T: Real>(a: &Matrix<T>, b: &Matrix<T>) -> Option<f64> {
    let norms = (a.squared_norm() * b.squared_norm()).sqrt();
    (a.rows() == b.rows() && norms > 0.0).then(|| a.inner(b) / norms)
}

fn signals<T: Real>(trainer: &Trainer<'_, T>, probe: &mut Probe<T>) -> ProbeSignals<T> {
    let depth = trainer.layers().depth();
    ProbeSignals {
        activities: (0..depth).map(|l| probe.source(trainer, l).clone()).collect(),
        deltas: (0..depth).map(|l| probe.delta(trainer, l).clone()).collect(),
        labels: probe.labels(trainer),
    }
}
