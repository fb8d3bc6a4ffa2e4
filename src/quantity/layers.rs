//! Which layers of a condition have a quantity.

use super::registry::Quantity;
use crate::condition::Condition;
use crate::rule::Rule;

impl Quantity {
    /// Layers for which `condition` yields this quantity; `None` stands for the network as a whole.
    pub fn layers(self, condition: &Condition) -> Vec<Option<usize>> {
        if matches!(condition, Condition::Sample(_)) {
            return vec![None];
        }
        let depth = condition.depth();
        let rule = match condition {
            Condition::Train(train) => Some(train.setup.rule),
            // The replay has a B, whatever the network has.
            Condition::Replay(replay) if self == Self::SourceAlignment => Some(replay.train.setup.rule),
            _ => None,
        };
        let layers = match self {
            Self::TestAccuracy | Self::TrainAccuracy | Self::Loss => return vec![None],
            Self::AccuracyBeforeChange | Self::RecoveryTime => match condition.label_changes().is_empty() {
                true => return Vec::new(),
                false => return vec![None],
            },
            Self::UpdateAlignment if rule == Some(Rule::SHALLOW) => 0..0,
            Self::UpdateAlignment => 0..depth.saturating_sub(1),
            Self::DeltaAlignment if rule.is_some_and(|rule| !rule.compared(depth).is_empty()) => {
                0..depth.saturating_sub(1)
            }
            Self::DeltaAlignment => 0..0,
            // Drawn anew as those of BP-TRW are.
            Self::UpdateNullLow | Self::UpdateNullHigh | Self::UpdateAlignmentZ => {
                if rule == Some(Rule::BP_TRW) {
                    0..depth.saturating_sub(1)
                } else {
                    0..0
                }
            }
            Self::RelativeUpdate | Self::UpdateWeightAngle if rule == Some(Rule::SHALLOW) => depth - 1..depth,
            Self::DeltaNormLow | Self::DeltaNormMedian | Self::DeltaNormMode if rule == Some(Rule::SHALLOW) => {
                depth - 1..depth
            }
            Self::WeightNorm
            | Self::WeightSquaredNorm
            | Self::WeightGrowth
            | Self::RelativeUpdate
            | Self::UpdateWeightAngle
            | Self::PreActivationLow
            | Self::PreActivationMedian
            | Self::PreActivationHigh
            | Self::PreActivationOff
            | Self::DeadUnits
            | Self::DeltaNormLow
            | Self::DeltaNormMedian
            | Self::DeltaNormMode
            | Self::ActivationGrowth
            | Self::BpGradientNorm
            | Self::GradientStability => 0..depth,
            Self::ConditionalAlignment => match condition {
                Condition::Isolate(isolate) if isolate.is_linear_toy() => 1..2,
                Condition::Replay(replay) if replay.is_predicted() => 1..2,
                _ => 0..0,
            },
            Self::ProjectionTermAngle
            | Self::ProjectionTermShare
            | Self::ProjectionsAngle
            | Self::ProjectionsRatio
            | Self::ProjectionsShare
                if !condition.has_projections() =>
            {
                0..0
            }
            Self::RevisitsAngle | Self::RevisitsShare if condition.is_of_one_epoch() => 0..0,
            Self::PlaneFirst | Self::PlaneSecond => 0..2,
            _ if matches!(condition, Condition::Plane(_)) => return vec![None],
            similarity if similarity.is_similarity() => 1..depth,
            // All others compare with B.
            of_fixed if of_fixed.is_decomposition() || of_fixed.is_budget() => {
                if rule.is_none_or(Rule::has_fixed_backward) { 1..depth } else { 0..0 }
            }
            _ => rule.map_or(1..depth, |rule| rule.compared(depth)),
        };
        layers.map(Some).collect()
    }
}
