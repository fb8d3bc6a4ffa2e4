//! Recipes of steps: what they are made of, and their names.

use crate::text::short;
use serde::Serialize;

/// The optimiser of a recipe.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Optimiser {
    /// Steps along the gradient, or along its running sum.
    Sgd,
    /// Steps of the sign of every entry of the gradient.
    Sign,
    /// `eta g / (sqrt(sum of g^2) + eps)`.
    Adagrad,
    /// `eta g / (sqrt(mean of g^2) + eps)`.
    #[serde(rename = "rmsprop")]
    RmsProp,
    /// Running means of `g` and `g^2`, corrected for their start; with decoupled decay this is
    /// AdamW.
    Adam,
    /// Adam with the largest running mean of `g^2` so far.
    Amsgrad,
}

impl Optimiser {
    /// Those whose rate adapts entry by entry.
    pub(super) const ADAPTIVE: [Self; 5] =
        [Self::Sign, Self::Adagrad, Self::RmsProp, Self::Adam, Self::Amsgrad];
}

/// What learning rates differ by.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum RatesBy {
    /// One rate, `eta`.
    One,
    /// `eta_l`: groups of parameters.
    Layer,
    /// `eta_k`: a schedule.
    Iteration,
    /// `eta_l s_k`: groups of parameters under one schedule.
    LayerAndIteration,
    /// `eta_{l,k}`: any.
    Each,
}

impl RatesBy {
    pub(super) const ALL: [Self; 5] =
        [Self::One, Self::Layer, Self::Iteration, Self::LayerAndIteration, Self::Each];

    /// Whether they change from step to step.
    pub fn vary_by_iteration(self) -> bool {
        matches!(self, Self::Iteration | Self::LayerAndIteration | Self::Each)
    }

    /// Whether they differ between layers.
    pub fn vary_by_layer(self) -> bool {
        matches!(self, Self::Layer | Self::LayerAndIteration | Self::Each)
    }

    /// Numbers that they are made of.
    pub(super) fn count(self, layers: usize, iterations: usize) -> usize {
        match self {
            Self::One => 1,
            Self::Layer => layers,
            Self::Iteration => iterations,
            Self::LayerAndIteration => layers + iterations - 1,
            Self::Each => layers * iterations,
        }
    }
}

/// Which momentum.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum MomentumKind {
    /// `v = mu v + (1 - dampening) d`, step `eta v`.
    HeavyBall,
    /// `v = mu v + d`, step `eta (d + mu v)`.
    Nesterov,
}

/// What a running sum holds, which matters where rates change.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum MomentumForm {
    /// Gradients, as in PyTorch: the rate of today multiplies all of them.
    Buffer,
    /// Steps, as in Keras: every gradient keeps the rate of its own iteration.
    Velocity,
}

/// Which weight decay.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum DecayKind {
    /// Part of the gradient, `g - decay W`, as the decay of PyTorch's SGD and Adam.
    Coupled,
    /// Beside the gradient, `-eta decay W`, as in AdamW and SGDW.
    Decoupled,
    /// `-decay W` whatever the rate.
    Fixed,
}

/// Where a recording begins.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Beginning {
    /// At the first update of a training: nothing has been summed up before.
    AtRest,
    /// Later: the running sum at the first update is not on record.
    Running,
}

/// What kind of recipe: all but the numbers.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) struct Shape {
    pub optimiser: Optimiser,
    pub rates: RatesBy,
    pub momentum: Option<(MomentumKind, MomentumForm)>,
    pub dampened: bool,
    pub decay: Option<DecayKind>,
    pub beginning: Beginning,
}

impl Shape {
    /// Steps along the gradient.
    pub const PLAIN: Self = Self {
        optimiser: Optimiser::Sgd,
        rates: RatesBy::One,
        momentum: None,
        dampened: false,
        decay: None,
        beginning: Beginning::AtRest,
    };

    /// Numbers that are to be fitted.
    pub fn count(&self, layers: usize, iterations: usize) -> usize {
        let numbers = match self.optimiser {
            Optimiser::Sgd => usize::from(self.momentum.is_some()) + usize::from(self.dampened),
            Optimiser::Sign => 0,
            Optimiser::Adagrad => 1,
            Optimiser::RmsProp => 2,
            Optimiser::Adam | Optimiser::Amsgrad => 3,
        };
        self.rates.count(layers, iterations) + numbers + usize::from(self.decay.is_some())
    }

    /// A name without blanks, such as `rate_by_layer_and_momentum_and_decay`, or `plain`.
    pub fn kind(&self) -> String {
        let rates = match self.rates {
            RatesBy::One => None,
            RatesBy::Layer => Some("rate_by_layer"),
            RatesBy::Iteration => Some("rate_by_iteration"),
            RatesBy::LayerAndIteration => Some("rate_by_layer_and_by_iteration"),
            RatesBy::Each => Some("rate_by_step"),
        };
        let name = match (self.optimiser, self.momentum, self.decay) {
            (Optimiser::Sgd, None, _) => None,
            (Optimiser::Sgd, Some((MomentumKind::HeavyBall, _)), _) => Some("momentum"),
            (Optimiser::Sgd, Some((MomentumKind::Nesterov, _)), _) => Some("nesterov"),
            (Optimiser::Sign, ..) => Some("sign"),
            (Optimiser::Adagrad, ..) => Some("adagrad"),
            (Optimiser::RmsProp, ..) => Some("rmsprop"),
            (Optimiser::Adam, _, Some(DecayKind::Decoupled)) => Some("adamw"),
            (Optimiser::Adam, ..) => Some("adam"),
            (Optimiser::Amsgrad, ..) => Some("amsgrad"),
        };
        let decay = self.decay.map(|_| "decay");
        let parts: Vec<&str> = rates.into_iter().chain(name).chain(decay).collect();
        if parts.is_empty() { "plain".into() } else { parts.join("_and_") }
    }

    /// What it is in words, with its numbers where there are some.
    pub fn words(&self, numbers: Option<&Numbers>) -> String {
        let number = |pick: fn(&Numbers) -> Option<f64>| {
            numbers.and_then(pick).map(|value| format!(" {}", short(value))).unwrap_or_default()
        };
        let mut out = match (self.optimiser, self.momentum) {
            (Optimiser::Sgd, None) => "sgd".to_string(),
            (Optimiser::Sgd, Some((kind, form))) => {
                let kind = match kind {
                    MomentumKind::HeavyBall => "momentum",
                    MomentumKind::Nesterov => "nesterov momentum",
                };
                let form = if form == MomentumForm::Velocity {
                    " (every gradient keeps the rate of its iteration, as in Keras, or where \
                     gradients are clipped)"
                } else {
                    ""
                };
                format!("sgd, {kind}{}{form}", number(|n| n.momentum))
            }
            (Optimiser::Sign, _) => "signs of gradients".into(),
            (Optimiser::Adagrad, _) => "adagrad".into(),
            (Optimiser::RmsProp, _) => format!("rmsprop, alpha{}", number(|n| n.beta2)),
            (Optimiser::Adam | Optimiser::Amsgrad, _) => {
                let name = match (self.optimiser, self.decay) {
                    (Optimiser::Amsgrad, Some(DecayKind::Decoupled)) => "adamw (amsgrad)",
                    (Optimiser::Amsgrad, _) => "adam (amsgrad)",
                    (_, Some(DecayKind::Decoupled)) => "adamw",
                    _ => "adam",
                };
                let betas = numbers
                    .map(|n| [n.beta1, n.beta2].map(|b| b.map_or("not determined".into(), short)));
                format!(
                    "{name}{}",
                    betas.map(|[a, b]| format!(", betas {a} and {b}")).unwrap_or_default()
                )
            }
        };
        if self.dampened {
            out.push_str(&format!(", dampening{}", number(|n| n.dampening)));
        }
        if let Some(kind) = self.decay {
            let kind = match kind {
                // Without momentum the two are the same.
                DecayKind::Coupled | DecayKind::Decoupled if self.is_proportional() => "",
                DecayKind::Coupled => " (coupled, in the gradient)",
                DecayKind::Decoupled => " (decoupled, beside the gradient)",
                DecayKind::Fixed => " (whatever the rate)",
            };
            out.push_str(&format!(", weight decay{}{kind}", number(|n| n.decay)));
        }
        out
    }

    /// Steps of the latest gradient alone.
    fn is_proportional(&self) -> bool {
        self.optimiser == Optimiser::Sgd && self.momentum.is_none()
    }

    /// How rates vary, in words.
    pub fn rates_words(&self) -> &'static str {
        match self.rates {
            RatesBy::One => "one rate",
            RatesBy::Layer => "rates by layer",
            RatesBy::Iteration => "rates by iteration",
            RatesBy::LayerAndIteration => "rates by layer and by iteration",
            RatesBy::Each => "a rate for every layer and iteration",
        }
    }
}

/// Numbers of a recipe; `None` for those that it does not have, or that the recording does not
/// determine.
#[derive(Clone, Copy, Debug, Default, PartialEq, Serialize)]
pub struct Numbers {
    /// Momentum `mu`.
    pub momentum: Option<f64>,
    /// Dampening of the gradient in the running sum.
    pub dampening: Option<f64>,
    /// Weight decay.
    pub decay: Option<f64>,
    /// Decay of the running mean of gradients.
    pub beta1: Option<f64>,
    /// Decay of the running mean of squared gradients.
    pub beta2: Option<f64>,
    /// What is added to the root of the running mean of squares.
    pub epsilon: Option<f64>,
}
