//! How an error reaches the weights of a recurrent network.

use crate::text::Choice;

/// What carries the error back: at the read-out, and from one iteration to the one before.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Credit {
    /// Backpropagation through time.
    Bptt,
    /// The same with a fixed random matrix in the place of the transposed read-out.
    BpttRandom,
    /// The part of BPTT that takes no path through the recurrent weights.
    RfloSymmetric,
    /// That part with a fixed random matrix in the place of the transposed read-out:
    /// random-feedback local online learning (Murray 2019).
    Rflo,
    /// Fixed random matrices in the place of both the transposed read-out and the transposed
    /// recurrent weights.
    BpTrw,
}

impl Choice for Credit {
    const CHOICES: &'static [(&'static str, Self)] = &[
        ("rflo", Self::Rflo),
        ("rflo-symmetric", Self::RfloSymmetric),
        ("bptt", Self::Bptt),
        ("bptt-random", Self::BpttRandom),
        ("bp-trw", Self::BpTrw),
    ];
    const ALIASES: &'static [(&'static str, Self)] = &[("fa", Self::BpTrw)];
}

/// What an error takes back through a matrix of weights.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Path {
    /// The transposed weights.
    Transpose,
    /// A fixed random matrix of that shape.
    Random,
    /// Nothing: the path is cut.
    Cut,
}

impl Credit {
    /// From the outputs to the units.
    pub fn through_readout(self) -> Path {
        match self {
            Self::Bptt | Self::RfloSymmetric => Path::Transpose,
            Self::BpttRandom | Self::Rflo | Self::BpTrw => Path::Random,
        }
    }

    /// From the units of one iteration to those of the iteration before, beside the leak.
    pub fn through_recurrence(self) -> Path {
        match self {
            Self::Bptt | Self::BpttRandom => Path::Transpose,
            Self::BpTrw => Path::Random,
            Self::Rflo | Self::RfloSymmetric => Path::Cut,
        }
    }

    /// Whether every synapse can update itself at once, from a trace of its own and the errors of
    /// the present.
    pub fn is_local(self) -> bool {
        self.through_recurrence() == Path::Cut
    }
}
