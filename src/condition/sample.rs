//! Kind sample: random matrices, and no network.

use super::conflict::Conflict;
use super::isolate::{IsolateCondition, signal_sizes};
use super::train::TrainCondition;
use crate::network::Setup;
use crate::real::Precision;
use crate::signal::{Form, Pair};
use crate::text::{Choice, Interval, Span, settings};

/// What an analysis of kind sample draws.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Draw {
    /// Activities and errors of two iterations, and the alignment term they make.
    OneStep,
    /// Two pairs of matrices at angles uniform on 0 to 180 degrees, and the angle of their
    /// products.
    Composition,
    /// The same on 0 to 90 degrees.
    AcuteComposition,
}

impl Choice for Draw {
    const CHOICES: &'static [(&'static str, Self)] = &[
        ("one-step", Self::OneStep),
        ("composition", Self::Composition),
        ("acute-composition", Self::AcuteComposition),
    ];
}

/// Most draws of a repeat.
const MOST_DRAWS: usize = 1_000_000;

settings! {
    /// One point of a sweep over random matrices.
    pub struct SampleCondition {
        /// Inputs, hidden units, outputs.
        layers: Vec<usize> = vec![100, 100, 10] => LAYERS(like IsolateCondition::LAYERS);
        activity: Form = Form::HELD => ACTIVITY(like Pair::ACTIVITY);
        error: Form = Form::HELD => ERROR(like Pair::ERROR);
        dt: Option<Span> = None => DT(like Pair::DT);
        draw: Draw = Draw::OneStep => DRAW(
            "draw", "NAME",
            "What is drawn: one-step (the alignment term of two iterations, Figs 1 and 2 of the \
             paper), composition (angles through a layer, uniform on 0 to 180 degrees, Fig 5), \
             acute-composition (on 0 to 90)", ()
        );
        draws: usize = 1000 => DRAWS("draws", "N", "Draws per repeat", 1..=MOST_DRAWS);
        batch: usize = 100 => BATCH(like Setup::BATCH);
        b_std: f64 = 1.0 => B_STD(like IsolateCondition::B_STD);
        b_mean: f64 = 0.0 => B_MEAN(
            "b-mean", "MEAN", "Mean of the backward weights", Interval::Any,
            label = |mean, text|
                if *mean == 0.0 { String::new() } else { format!("B of mean {text}") }
        );
        precision: Precision = Precision::F64 => PRECISION(like TrainCondition::PRECISION);
    }
}

impl SampleCondition {
    /// Activity and error of two iterations, independent of each other.
    pub fn signals(&self) -> Pair {
        Pair { dt: self.dt, ..Pair::independent(self.activity.clone(), self.error.clone()) }
    }

    /// Names the contents of recorded signals.
    pub(super) fn settle(&mut self) -> Result<(), Conflict> {
        let pair = self.signals().resolve().map_err(|error| Conflict::of([], error.to_string()))?;
        (self.activity, self.error) = (pair.activity, pair.error);
        Ok(())
    }

    pub(super) fn conflicts(&self) -> Vec<Conflict> {
        if self.layers.len() != 3 {
            let sizes = Self::LAYERS.value(&self.layers);
            let message =
                format!("layers {sizes}: kind sample has three (inputs, hidden, outputs)");
            return vec![Conflict::of([Self::LAYERS.name()], message)];
        }
        let checked = self.signals().check(signal_sizes(&self.layers, self.batch, 2));
        let refused = checked.map_err(|error| {
            Conflict::of([Self::ACTIVITY.name(), Self::ERROR.name()], error.to_string())
        });
        refused.err().into_iter().collect()
    }
}
