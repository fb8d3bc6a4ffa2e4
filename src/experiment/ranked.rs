//! Ranks of a network in training, each computed once.

use crate::matrix::Matrix;
use crate::measure::spectrum::{Chance, Ranks};
use crate::network::{Probe, Trainer};
use crate::quantity::Ranked;
use crate::random::{Role, Stream};
use crate::real::Real;
use std::collections::BTreeMap;

/// Draws that the ranks of chance are averaged over.
const DRAWS: usize = 20;

/// Ranks found of the present state, and of chance, which depend on shapes alone.
#[derive(Default)]
pub(super) struct RanksFound {
    present: BTreeMap<(Ranked, usize), Option<Ranks>>,
    chance: BTreeMap<Chance, Option<Ranks>>,
}

impl RanksFound {
    /// The network has changed.
    pub fn forget(&mut self) {
        self.present.clear();
    }

    /// Ranks of something at `W_l` on the probe batch.
    pub fn of<T: Real>(
        &mut self,
        (what, l): (Ranked, usize),
        probe: &mut Probe<T>,
        trainer: &Trainer<'_, T>,
    ) -> Option<Ranks> {
        *self
            .present
            .entry((what, l))
            .or_insert_with(|| Ranks::of(&matrix(what, l, probe, trainer).to_f64()))
    }

    /// Ranks of chance in the same shape, drawn from a stream of `[seed, repeat]`.
    pub fn of_chance<T: Real>(
        &mut self,
        (what, l): (Ranked, usize),
        probe: &mut Probe<T>,
        trainer: &Trainer<'_, T>,
        [seed, repeat]: [u64; 2],
    ) -> Option<Ranks> {
        let chance = if what == Ranked::Update {
            let (samples, below) = probe.source(trainer, l).shape();
            Chance::Product([samples, below, trainer.sizes()[l + 1]])
        } else {
            let (rows, columns) = matrix(what, l, probe, trainer).shape();
            Chance::Matrix(rows, columns)
        };
        *self.chance.entry(chance).or_insert_with(|| {
            Ranks::of_chance(chance, DRAWS, &mut Stream::new(seed, repeat, Role::Null))
        })
    }
}

fn matrix<'a, T: Real>(
    what: Ranked,
    l: usize,
    probe: &'a mut Probe<T>,
    trainer: &'a Trainer<'_, T>,
) -> &'a Matrix<T> {
    match what {
        Ranked::Activity => probe.source(trainer, l),
        Ranked::Error => probe.delta(trainer, l),
        Ranked::BpError => probe.bp_delta(trainer, l),
        Ranked::Update => probe.update(trainer, l),
        Ranked::Weight => &trainer.layers().weights[l],
    }
}
