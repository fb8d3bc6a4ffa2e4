//! Registry of measured quantities: feeds specs, help, plot labels and the data dictionary.

use super::choice::{Choice, Rule};
use super::condition::Condition;
use super::nearest::{list, suggestion};
use super::parameter::Kind;
use serde::{Deserialize, Serialize};

/// Something measured at a recorded iteration.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Quantity {
    /// Angle of `W_l` to `B_l^T`.
    WeightAlignment,
    /// Angle of the rule's update of `W_l` to that of BP.
    UpdateAlignment,
    /// Frobenius norm of `W_l`.
    WeightNorm,
    /// Accuracy on held-out images.
    TestAccuracy,
    /// Accuracy on the training images.
    TrainAccuracy,
    /// Loss on the training images.
    Loss,
}

/// What the world needs to know of a quantity.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct QuantityInfo {
    /// Name in files and options.
    pub name: &'static str,
    /// Short label of axes and tables.
    pub label: &'static str,
    /// Symbol.
    pub symbol: &'static str,
    /// Unit; empty for pure numbers.
    pub unit: &'static str,
    /// Definition in one sentence.
    pub definition: &'static str,
    /// One value per layer, or one in all.
    pub per_layer: bool,
    /// Kinds of analysis that measure it.
    pub kinds: &'static [Kind],
}

const BOTH: &[Kind] = &[Kind::Isolate, Kind::Train];
const TRAIN: &[Kind] = &[Kind::Train];

impl Quantity {
    /// All quantities, in the order of the registry.
    pub const ALL: [Self; 6] = [
        Self::WeightAlignment,
        Self::UpdateAlignment,
        Self::WeightNorm,
        Self::TestAccuracy,
        Self::TrainAccuracy,
        Self::Loss,
    ];

    /// Entry of the registry.
    pub fn info(self) -> &'static QuantityInfo {
        match self {
            Self::WeightAlignment => &QuantityInfo {
                name: "weight_alignment",
                label: "weight alignment",
                symbol: "∠(W, Bᵀ)",
                unit: "degrees",
                definition: "Angle between the forward weights W_l and the transposed backward weights B_l of the same layer, \
                             as flattened matrices; layer 0 and networks trained by BP have no B and no value.",
                per_layer: true,
                kinds: BOTH,
            },
            Self::UpdateAlignment => &QuantityInfo {
                name: "update_alignment",
                label: "update alignment",
                symbol: "∠(ΔW, ΔW_BP)",
                unit: "degrees",
                definition: "Angle between the update of W_l by the rule and the update BP would make in the same state on \
                             the same samples; the last layer's are equal by construction and not reported.",
                per_layer: true,
                kinds: BOTH,
            },
            Self::WeightNorm => &QuantityInfo {
                name: "weight_norm",
                label: "weight norm",
                symbol: "‖W‖",
                unit: "",
                definition: "Frobenius norm of the forward weights W_l.",
                per_layer: true,
                kinds: BOTH,
            },
            Self::TestAccuracy => &QuantityInfo {
                name: "test_accuracy",
                label: "test accuracy",
                symbol: "test accuracy",
                unit: "percent",
                definition: "Share of held-out images whose decoded class is their label.",
                per_layer: false,
                kinds: TRAIN,
            },
            Self::TrainAccuracy => &QuantityInfo {
                name: "train_accuracy",
                label: "training accuracy",
                symbol: "training accuracy",
                unit: "percent",
                definition: "Share of training images whose decoded class is their label.",
                per_layer: false,
                kinds: TRAIN,
            },
            Self::Loss => &QuantityInfo {
                name: "loss",
                label: "loss",
                symbol: "loss",
                unit: "",
                definition: "Loss per sample, averaged over the training images.",
                per_layer: false,
                kinds: TRAIN,
            },
        }
    }

    /// Name in files and options.
    pub fn name(self) -> &'static str {
        self.info().name
    }

    /// Quantities an analysis of this kind can measure.
    pub fn of_kind(kind: Kind) -> impl Iterator<Item = Self> {
        Self::ALL.into_iter().filter(move |quantity| quantity.info().kinds.contains(&kind))
    }

    /// The quantity called `name`, if an analysis of this kind can measure it.
    ///
    /// # Errors
    /// What was expected, with the nearest valid name.
    pub fn parse(name: &str, kind: Kind) -> Result<Self, String> {
        let valid: Vec<&str> = Self::of_kind(kind).map(Self::name).collect();
        if let Some(known) = Self::ALL.into_iter().find(|quantity| quantity.name() == name) {
            if known.info().kinds.contains(&kind) {
                return Ok(known);
            }
            return Err(format!("`{name}` is not measured by kind \"{}\": expected {}", kind.name(), list(&valid)));
        }
        Err(format!("unknown quantity `{name}`: expected {}{}", list(&valid), suggestion(name, valid.iter().copied())))
    }

    /// Layers for which `condition` yields this quantity; `None` stands for the network as a whole.
    pub fn layers(self, condition: &Condition) -> Vec<Option<usize>> {
        let depth = condition.depth();
        let layers = match self {
            Self::WeightAlignment => match condition {
                Condition::Train(train) if train.rule == Rule::Bp => 0..0,
                _ => 1..depth,
            },
            Self::UpdateAlignment => 0..depth.saturating_sub(1),
            Self::WeightNorm => 0..depth,
            Self::TestAccuracy | Self::TrainAccuracy | Self::Loss => return vec![None],
        };
        layers.map(Some).collect()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_are_those_of_the_files() {
        for quantity in Quantity::ALL {
            let json = serde_json::to_string(&quantity).unwrap();
            assert_eq!(json, format!("\"{}\"", quantity.name()));
        }
    }

    #[test]
    fn misspelt_quantities_are_refused_with_the_nearest() {
        let error = Quantity::parse("weight_alignement", Kind::Isolate).unwrap_err();
        assert_eq!(
            error,
            "unknown quantity `weight_alignement`: expected weight_alignment, update_alignment or weight_norm; \
             did you mean `weight_alignment`?"
        );
        let error = Quantity::parse("loss", Kind::Isolate).unwrap_err();
        assert!(error.starts_with("`loss` is not measured by kind \"isolate\""), "{error}");
    }
}
