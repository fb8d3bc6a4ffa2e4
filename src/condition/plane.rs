//! Kind plane: the plane in which two networks move while they learn from the same start.

use super::conflict::Conflict;
use super::isolate::MOST_ITERATIONS;
use super::train::TrainCondition;
use crate::measure::trajectory::MOST_ROWS;
use crate::network::Setup;
use crate::rule::{ActivityNorm, Rule, WeightNorm};
use crate::text::{Choice, Interval, settings};

/// Networks that learn side by side.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum PlanePair {
    /// The network as given, and BP without weight normalisation.
    Bp,
    /// The network as given, and the same with WN(1) and columns of `B` of norm 1.
    Wn,
}

impl Choice for PlanePair {
    const CHOICES: &'static [(&'static str, Self)] = &[("bp", Self::Bp), ("wn", Self::Wn)];
}

settings! {
    /// One point of a sweep over planes.
    pub struct PlaneCondition {
        /// The first network.
        train: TrainCondition = TrainCondition::default() => part();
        pair: PlanePair = PlanePair::Bp => PAIR(
            "pair", "NAME",
            "Networks that learn from the same start on the same batches: bp (the network as \
             given, and BP without weight normalisation), wn (the network as given, and the same \
             with WN(1) and columns of B of norm 1)", (),
            label = |pair, _| match pair {
                PlanePair::Bp => "and BP".into(),
                PlanePair::Wn => "and WN".into(),
            }
        );
        every: usize = 3 => SNAPSHOT_EVERY(
            "snapshot-every", "N", "Updates between snapshots of all weights and biases",
            1..=MOST_ITERATIONS
        );
        mesh: usize = 40 => MESH("mesh", "N", "Points along a side of the plane", 2..=1000);
        reach: f64 = 20.0 => REACH(
            "reach", "X", "The plane reaches so far from its middle along both components",
            Interval::Positive
        );
    }
}

impl PlaneCondition {
    /// What the second network is.
    pub fn second(&self) -> Setup {
        let first = self.train.setup.clone();
        match self.pair {
            PlanePair::Bp => Setup { rule: Rule::BP, weight_norm: None, ..first },
            PlanePair::Wn => Setup {
                weight_norm: Some(WeightNorm::Neuron(vec![1.0])),
                normalize_b: true,
                ..first
            },
        }
    }

    pub(super) fn conflicts(&self) -> Vec<Conflict> {
        let mut found = self.train.conflicts();
        let snapshots = self.train.updates().div_ceil(self.every).saturating_mul(2);
        if snapshots > MOST_ROWS {
            let message = format!(
                "{snapshots} snapshots of both networks are more than {MOST_ROWS}: take them less \
                 often"
            );
            found.push(Conflict::of([Self::SNAPSHOT_EVERY.name(), Setup::EPOCHS.name()], message));
        }
        if self.train.setup.activity_norm == ActivityNorm::Batch {
            let message = "points of a plane have no statistics of batches: set activity-norm to \
                           layer, or leave it out";
            found.push(Conflict::of([Setup::ACTIVITY_NORM.name()], message.into()));
        }
        found
    }
}
