//! The optimisers by name.

use crate::text::Choice;

/// What makes a step of a gradient.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Optimizer {
    /// The gradient itself, or with momentum.
    Sgd,
    /// Momentum that looks ahead.
    Nesterov,
    /// Adaptive moments, decay as part of the gradient.
    Adam,
    /// Adaptive moments, decay apart.
    AdamW,
    /// Orthogonalised momentum.
    Muon,
}

impl Choice for Optimizer {
    const CHOICES: &'static [(&'static str, Self)] = &[
        ("sgd", Self::Sgd),
        ("nesterov", Self::Nesterov),
        ("adam", Self::Adam),
        ("adamw", Self::AdamW),
        ("muon", Self::Muon),
    ];
}

impl Optimizer {
    /// Name in figures.
    pub fn label(self) -> &'static str {
        match self {
            Self::Sgd => "SGD",
            Self::Nesterov => "Nesterov",
            Self::Adam => "Adam",
            Self::AdamW => "AdamW",
            Self::Muon => "Muon",
        }
    }

    /// Whether decay multiplies the weights, apart from the gradient.
    pub fn decays_apart(self) -> bool {
        matches!(self, Self::AdamW | Self::Muon)
    }
}

/// Factor on Muon's orthogonalised steps of weights of `n_in x n_out`.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum MuonScale {
    /// `sqrt(max(1, n_out / n_in))` (Jordan et al. 2024; PyTorch's `original`).
    Original,
    /// `0.2 sqrt(max(n_in, n_out))`: steps of the root mean square that AdamW's have, so that its
    /// learning rates do (Liu et al. 2025; PyTorch's `match_rms_adamw`).
    MatchRms,
}

impl Choice for MuonScale {
    const CHOICES: &'static [(&'static str, Self)] =
        &[("original", Self::Original), ("match-rms", Self::MatchRms)];
}

impl MuonScale {
    /// The factor.
    pub fn of(self, (inputs, outputs): (usize, usize)) -> f64 {
        let (inputs, outputs) = (inputs as f64, outputs as f64);
        match self {
            Self::Original => (outputs / inputs).max(1.0).sqrt(),
            Self::MatchRms => 0.2 * inputs.max(outputs).sqrt(),
        }
    }
}
