//! Shorthands for the signals of the paper's first experiment.

use super::form::Form;
use super::pair::{Cross, Pair};
use crate::text::Choice;

/// How activity `X` and error `E` follow each other in time. All entries are N(0, 1).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Schedule {
    /// Both drawn once and kept: full autocorrelation.
    Held,
    /// `E` redrawn each iteration and `X := E`: full cross-correlation, no autocorrelation.
    Shared,
    /// Both redrawn each iteration, independent of each other: neither.
    White,
    /// As the forms say.
    Free,
}

impl Choice for Schedule {
    const CHOICES: &'static [(&'static str, Self)] = &[
        ("held", Self::Held),
        ("shared", Self::Shared),
        ("white", Self::White),
        ("free", Self::Free),
    ];
}

impl Schedule {
    /// The signals it stands for; `None` for [`Schedule::Free`].
    pub fn pair(self) -> Option<Pair> {
        match self {
            Self::Held => Some(Pair::independent(Form::HELD, Form::HELD)),
            Self::Shared => {
                Some(Pair { cross: Cross::Same, ..Pair::independent(Form::WHITE, Form::WHITE) })
            }
            Self::White => Some(Pair::independent(Form::WHITE, Form::WHITE)),
            Self::Free => None,
        }
    }

    /// The shorthand for `pair`, or [`Schedule::Free`]. How long an iteration takes is no part of
    /// it.
    pub fn of(pair: &Pair) -> Self {
        let pair = &Pair { dt: None, ..pair.clone() };
        let named = [Self::Held, Self::Shared, Self::White];
        named
            .into_iter()
            .find(|schedule| schedule.pair().as_ref() == Some(pair))
            .unwrap_or(Self::Free)
    }
}
