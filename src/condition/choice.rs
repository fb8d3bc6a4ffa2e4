//! Names of the values of those parameters that are one of a few.

use crate::data::ChangeKind;
use crate::network::{Biases, Loss, Order, ProbeBatch, Reduction};
use crate::real::Precision;
use crate::rule::Activation;
use crate::signal::Schedule;
use crate::text::Choice;

impl Choice for Schedule {
    const CHOICES: &'static [(&'static str, Self)] =
        &[("held", Self::Held), ("shared", Self::Shared), ("white", Self::White), ("free", Self::Free)];
}

impl Choice for Activation {
    const CHOICES: &'static [(&'static str, Self)] = &[
        ("relu", Self::Relu),
        ("linear", Self::Linear),
        ("tanh", Self::Tanh),
        ("tanh-relu", Self::TanhRelu),
        ("leaky", Self::LeakyRelu),
        ("sigmoid", Self::Sigmoid),
        ("erf", Self::Erf),
    ];
    const ALIASES: &'static [(&'static str, Self)] = &[("leaky-relu", Self::LeakyRelu)];
}

impl Choice for Precision {
    const CHOICES: &'static [(&'static str, Self)] = &[("f32", Self::F32), ("f64", Self::F64)];
}

impl Choice for Loss {
    const CHOICES: &'static [(&'static str, Self)] = &[
        ("half-squared", Self::HalfSquared),
        ("squared-linear", Self::SquaredLinear),
        ("softmax", Self::SoftmaxCrossEntropy),
        ("sigmoid", Self::SigmoidCrossEntropy),
        ("random", Self::Random),
    ];
}

impl Choice for Order {
    const CHOICES: &'static [(&'static str, Self)] =
        &[("fixed", Self::Fixed), ("once", Self::Once), ("each-epoch", Self::EachEpoch)];
}

impl Choice for Reduction {
    const CHOICES: &'static [(&'static str, Self)] = &[("sum", Self::Sum), ("mean", Self::Mean)];
}

impl Choice for Biases {
    const CHOICES: &'static [(&'static str, Self)] =
        &[("on", Self::On), ("off", Self::Off), ("untrained", Self::Untrained)];
}

impl Choice for ChangeKind {
    const CHOICES: &'static [(&'static str, Self)] = &[("fresh", Self::Fresh), ("permute", Self::Permute)];
}

impl Choice for ProbeBatch {
    const CHOICES: &'static [(&'static str, Self)] = &[("fixed", Self::Fixed), ("next", Self::Next)];
}

/// Weights that a replay starts from.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum ReplayWeights {
    /// Drawn anew, `B` as well.
    Fresh,
    /// Those of the network.
    Own,
}

impl Choice for ReplayWeights {
    const CHOICES: &'static [(&'static str, Self)] = &[("fresh", Self::Fresh), ("own", Self::Own)];
}

/// Activation of a replaying hidden layer.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum ReplayActivation {
    /// That of the network.
    Own,
    /// `f(z) = z`, of which exact theory predicts the alignment.
    Linear,
    /// `f(z) = max(z, 0)`.
    Relu,
}

impl Choice for ReplayActivation {
    const CHOICES: &'static [(&'static str, Self)] =
        &[("own", Self::Own), ("linear", Self::Linear), ("relu", Self::Relu)];
}

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

/// What an analysis of kind sample draws.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Draw {
    /// Activities and errors of two iterations, and the alignment term they make.
    OneStep,
    /// Two pairs of matrices at angles uniform on 0 to 180 degrees, and the angle of their products.
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
