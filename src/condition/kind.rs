//! Kinds of analysis.

use crate::text::Choice;

/// Kind of analysis.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Kind {
    /// The rule on exogenous signals.
    Isolate,
    /// A network on data.
    Train,
    /// Random matrices, and no network.
    Sample,
    /// Signals of a network on data, replayed through the rule in isolation.
    Replay,
    /// The plane in which two networks move while they learn from the same start.
    Plane,
    /// Recurrent networks, in isolation or on sequences.
    Recurrent,
    /// Networks that other programs trained and recorded.
    Recorded,
}

impl Kind {
    /// Every kind.
    pub const ALL: [Self; 7] = [
        Self::Isolate,
        Self::Train,
        Self::Sample,
        Self::Replay,
        Self::Plane,
        Self::Recurrent,
        Self::Recorded,
    ];

    /// Whether a network is trained on data.
    pub fn trains(self) -> bool {
        matches!(self, Self::Train | Self::Replay | Self::Plane)
    }
}

impl Choice for Kind {
    const CHOICES: &'static [(&'static str, Self)] = &[
        ("isolate", Self::Isolate),
        ("train", Self::Train),
        ("sample", Self::Sample),
        ("replay", Self::Replay),
        ("plane", Self::Plane),
        ("recurrent", Self::Recurrent),
        ("recorded", Self::Recorded),
    ];
}
