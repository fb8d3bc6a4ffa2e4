//! Registry of measured quantities: feeds specs, help, plot labels and the data dictionary.

mod registry;

use crate::condition::Condition;
use crate::condition::Draw;
use crate::condition::Kind;
use crate::rule::Rule;
use crate::text::Choice;
use crate::text::{list, suggestion};
use registry::INFOS;
pub use registry::Quantity;

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
    /// Definition in a sentence or two.
    pub definition: &'static str,
    /// Kinds of analysis that measure it.
    pub kinds: &'static [Kind],
}

impl Quantity {
    /// Entry of the registry.
    pub fn info(self) -> &'static QuantityInfo {
        &INFOS[self as usize]
    }

    /// Name in files and options.
    pub fn name(self) -> &'static str {
        self.info().name
    }

    /// Quantities an analysis of this kind can measure.
    pub fn of_kind(kind: Kind) -> impl Iterator<Item = Self> {
        Self::ALL.iter().copied().filter(move |quantity| quantity.info().kinds.contains(&kind))
    }

    /// The quantity called `name`, if an analysis of this kind can measure it.
    ///
    /// # Errors
    /// What was expected, with the nearest valid name.
    pub fn parse(name: &str, kind: Kind) -> Result<Self, String> {
        let valid: Vec<&str> = Self::of_kind(kind).map(Self::name).collect();
        if let Some(known) = Self::ALL.iter().copied().find(|quantity| quantity.name() == name) {
            if known.info().kinds.contains(&kind) {
                return Ok(known);
            }
            return Err(format!("`{name}` is not measured by kind \"{}\": expected {}", kind.name(), list(&valid)));
        }
        Err(format!("unknown quantity `{name}`: expected {}{}", list(&valid), suggestion(name, valid.iter().copied())))
    }

    /// Whether a drawing of this kind yields this quantity of kind sample.
    pub fn is_drawn_by(self, draw: Draw) -> bool {
        let composed =
            matches!(self, Self::DeltaAngle | Self::WeightAngle | Self::ComposedAngle | Self::MaskedComposedAngle);
        composed == matches!(draw, Draw::Composition | Draw::AcuteComposition)
    }

    /// Whether it is measured at lags.
    pub fn has_lags(self) -> bool {
        self.is_similarity() || self.is_term()
    }

    /// Whether it belongs to the alignment term of a lag.
    pub fn is_term(self) -> bool {
        (Self::TermAngle..=Self::TermBetweenShare).contains(&self)
    }

    /// Whether it takes a decomposition of the update.
    pub fn is_decomposition(self) -> bool {
        (Self::TermAngle..=Self::ControlAlignment).contains(&self)
    }

    /// Whether it depends on how far back the decomposition reaches: all but terms of single lags do.
    pub fn is_of_window(self) -> bool {
        self.is_decomposition() && (!self.is_term() || self == Self::TermCumulative)
    }

    /// Whether it needs the alignment terms of every lag.
    pub fn is_of_every_lag(self) -> bool {
        match self {
            Self::LastAngle | Self::LastRatio | Self::LastShare | Self::LinearTermsAngle | Self::LinearAlignment => {
                false
            }
            _ => self.is_of_window(),
        }
    }

    /// Whether it is of weights that are built up beside those of the network, of what their updates are made of.
    pub fn is_of_built_weights(self) -> bool {
        matches!(self, Self::LinearAlignment | Self::ControlAlignment)
    }

    /// Whether it is of the linear form of the alignment terms, which reaches to the start.
    pub fn is_linear_form(self) -> bool {
        matches!(self, Self::LinearTermsAngle | Self::LinearTermsDeviation | Self::LinearAlignment)
    }

    /// Whether it tells pairs of samples of the same class and of different ones apart.
    pub fn is_by_class(self) -> bool {
        (Self::TermWithinAngle..=Self::TermBetweenShare).contains(&self)
    }

    /// Whether it reaches back to the start, whatever the window.
    pub fn reaches_to_start(self) -> bool {
        self.is_of_built_weights() || self == Self::LinearTermsDeviation
    }

    /// Whether it is part of the alignment budget.
    pub fn is_budget(self) -> bool {
        (Self::BudgetAlignment..=Self::BudgetOwn).contains(&self)
    }

    /// Whether it compares the signals of two iterations.
    pub fn is_similarity(self) -> bool {
        (Self::SimilarityActivityWithin..=Self::ErrorAutocorrelation).contains(&self)
    }

    /// Whether it tells well and poorly learnt samples apart.
    pub fn is_of_learnt(self) -> bool {
        (Self::SimilarityErrorWell..=Self::SimilarityPoorShare).contains(&self)
    }

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

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_are_those_of_the_files() {
        assert!(Quantity::ALL.iter().enumerate().all(|(i, &quantity)| quantity as usize == i));
        for &quantity in Quantity::ALL {
            let json = serde_json::to_string(&quantity).unwrap();
            assert_eq!(json, format!("\"{}\"", quantity.name()));
        }
    }

    #[test]
    fn misspelt_quantities_are_refused_with_the_nearest() {
        let error = Quantity::parse("weight_alignement", Kind::Train).unwrap_err();
        let start = "unknown quantity `weight_alignement`: expected weight_alignment, update_alignment, weight_norm, ";
        assert!(error.starts_with(start) && error.ends_with("; did you mean `weight_alignment`?"), "{error}");
        let error = Quantity::parse("loss", Kind::Isolate).unwrap_err();
        assert!(error.starts_with("`loss` is not measured by kind \"isolate\""), "{error}");
    }
}
