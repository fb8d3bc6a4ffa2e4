//! Registry of measured quantities: feeds specs, help, plot labels and the data dictionary. A new
//! one is an entry in the file of its family, and its name here.

use super::family::{Measured, QuantityInfo};
use super::instruments::{Instruments, Place};
use super::{
    accuracy, budget, built, by_class, decomposition, draw, lag_one, learnt, plane, predicted,
    rank, recurrent, similarity, twin, units, update, weights,
};
use crate::condition::{Condition, Draw, Kind};
use crate::real::Real;
use crate::rule::decomposition::DecompositionError;
use crate::text::{Choice, list, suggestion};
use serde::de::Error as _;
use serde::{Deserialize, Deserializer, Serialize, Serializer};

/// Defines [`Quantity`] from its families, in the order of files and tables.
macro_rules! quantities {
    ($($family:ident: $($name:ident),+;)*) => {
        /// Something measured at a recorded iteration.
        #[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
        #[expect(missing_docs, reason = "the definition of each says what it is")]
        pub enum Quantity { $($($name),+),* }

        impl Quantity {
            /// All quantities, in the order of the registry.
            pub const ALL: &'static [Self] = &[$($(Self::$name),+),*];

            /// What the world needs to know of it.
            pub fn info(self) -> &'static QuantityInfo {
                static INFOS: &[QuantityInfo] = &[$($($family::$name::INFO),+),*];
                &INFOS[self as usize]
            }

            /// Layers for which `condition` yields this quantity; `None` stands for the network as
            /// a whole.
            pub fn layers(self, condition: &Condition) -> Vec<Option<usize>> {
                // A draw has no layers.
                if matches!(condition, Condition::Sample(_)) {
                    return vec![None];
                }
                match self {
                    $($(Self::$name => $family::$name::layers(condition)),+),*
                }
            }

            /// Its value at a place; `None` where there is none.
            ///
            /// # Errors
            /// If an update cannot be decomposed: a defect.
            pub fn value<T: Real>(
                self,
                state: &mut dyn Instruments<T>,
                at: &Place<'_>,
            ) -> Result<Option<f64>, DecompositionError> {
                match self {
                    $($(Self::$name => $family::$name::value(state, at)),+),*
                }
            }
        }
    };
}

impl Serialize for Quantity {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.serialize_str(self.name())
    }
}

impl<'de> Deserialize<'de> for Quantity {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let name = std::borrow::Cow::<'de, str>::deserialize(deserializer)?;
        let found = Self::ALL.iter().copied().find(|quantity| quantity.name() == name);
        found.ok_or_else(|| D::Error::custom(format!("unknown quantity `{name}`")))
    }
}

impl Quantity {
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
            return Err(format!(
                "`{name}` is not measured by kind \"{}\": expected {}",
                kind.name(),
                list(&valid)
            ));
        }
        Err(format!(
            "unknown quantity `{name}`: expected {}{}",
            list(&valid),
            suggestion(name, valid.iter().copied())
        ))
    }

    /// Whether a drawing of this kind yields this quantity of kind sample.
    pub fn is_drawn_by(self, draw: Draw) -> bool {
        let composed = matches!(
            self,
            Self::DeltaAngle | Self::WeightAngle | Self::ComposedAngle | Self::MaskedComposedAngle
        );
        composed == matches!(draw, Draw::Composition | Draw::AcuteComposition)
    }

    /// What theory predicts of this quantity repeat by repeat, where it does.
    pub fn predicted_by(self) -> Option<Self> {
        match self {
            Self::WeightAlignment => Some(Self::PredictedWeightAlignment),
            Self::UpdateAlignment => Some(Self::PredictedUpdateAlignment),
            Self::DeltaAlignment => Some(Self::PredictedDeltaAlignment),
            Self::Loss => Some(Self::PredictedLoss),
            Self::TestAccuracy => Some(Self::PredictedTestAccuracy),
            _ => None,
        }
    }

    /// Whether it is predicted by a theory that follows every repeat.
    pub fn is_followed(self) -> bool {
        Self::ALL.iter().any(|quantity| quantity.predicted_by() == Some(self))
    }

    /// Whether it is about the rule whose errors meet the activity of their own iteration.
    pub fn is_of_instant_rule(self) -> bool {
        let of_terms = (Self::AlignmentTerm..=Self::SuperalignmentSumNorm).contains(&self);
        of_terms || self.is_decomposition() || self.is_budget() || self.is_followed()
    }

    /// Whether it is measured at lags.
    pub fn has_lags(self) -> bool {
        self.is_similarity() || self.is_term() || self == Self::ReadoutTermShare
    }

    /// Whether it belongs to the alignment term of a lag.
    pub fn is_term(self) -> bool {
        (Self::TermAngle..=Self::TermBetweenShare).contains(&self)
    }

    /// Whether it takes a decomposition of the update.
    pub fn is_decomposition(self) -> bool {
        (Self::TermAngle..=Self::ControlAlignment).contains(&self)
    }

    /// Whether it depends on how far back the decomposition reaches: all but terms of single lags
    /// do.
    pub fn is_of_window(self) -> bool {
        self.is_decomposition() && (!self.is_term() || self == Self::TermCumulative)
    }

    /// Whether it needs the alignment terms of every lag.
    pub fn is_of_every_lag(self) -> bool {
        match self {
            Self::LastAngle
            | Self::LastRatio
            | Self::LastShare
            | Self::LinearTermsAngle
            | Self::LinearAlignment => false,
            _ => self.is_of_window(),
        }
    }

    /// Whether it is of weights that are built up beside those of the network, of what their
    /// updates are made of.
    pub fn is_of_built_weights(self) -> bool {
        matches!(self, Self::LinearAlignment | Self::ControlAlignment)
    }

    /// Whether it is of the linear form of the alignment terms, which reaches to the start.
    pub fn is_linear_form(self) -> bool {
        matches!(self, Self::LinearTermsAngle | Self::LinearTermsDeviation | Self::LinearAlignment)
    }

    /// Whether it separates pairs of samples of the same class from those of different ones.
    pub fn is_by_class(self) -> bool {
        (Self::TermWithinAngle..=Self::TermBetweenShare).contains(&self)
    }

    /// Whether it reaches back to the start, whatever the window.
    pub fn reaches_to_start(self) -> bool {
        self.is_of_built_weights() || self == Self::LinearTermsDeviation
    }

    /// Whether it is part of the alignment budget.
    pub fn is_budget(self) -> bool {
        (Self::BudgetAlignment..=Self::BudgetActivityNorm).contains(&self)
    }

    /// Whether it takes a twin of the network that is trained by BP.
    pub fn is_beside_twin(self) -> bool {
        matches!(self, Self::CkaToBp | Self::RsaToBp)
    }

    /// Whether it is of how many directions something fills.
    pub fn is_rank(self) -> bool {
        (Self::ActivityParticipationRatio..=Self::WeightEffectiveRankNull).contains(&self)
    }

    /// Whether it compares the signals of two iterations.
    pub fn is_similarity(self) -> bool {
        (Self::SimilarityActivityWithin..=Self::ErrorAutocorrelation).contains(&self)
    }

    /// Whether it says what the alignment of a recurrent network's read-out stems from.
    pub fn is_of_readout_lags(self) -> bool {
        (Self::ReadoutTermShare..=Self::ReadoutStartShare).contains(&self)
    }

    /// Whether it is of the rank of a change of recurrent weights.
    pub fn is_of_change(self) -> bool {
        (Self::ChangeRank..=Self::ChangeBound).contains(&self)
    }

    /// Whether it separates well and poorly learnt samples.
    pub fn is_of_learnt(self) -> bool {
        (Self::SimilarityErrorWell..=Self::SimilarityPoorShare).contains(&self)
    }
}

quantities! {
    weights: WeightAlignment;
    update: UpdateAlignment;
    weights: WeightNorm;
    accuracy: TestAccuracy, TrainAccuracy, Loss;
    weights: WeightInnerProduct, WeightSquaredNorm, ConditionalAlignment, StepAlignment;
    lag_one:
        AlignmentTerm, AlignmentTermNorm, SuperalignmentTerm, SuperalignmentTermNorm, AlignmentSum,
        AlignmentSumNorm, SuperalignmentSum, SuperalignmentSumNorm;
    draw:
        MaskedTerm, SymmetricTerm, SkewTerm, SkewRatio, Eigenvalue, DeltaAngle, WeightAngle,
        ComposedAngle, MaskedComposedAngle;
    update: DeltaAlignment;
    weights: WeightGrowth;
    update: RelativeUpdate, UpdateWeightAngle;
    units:
        PreActivationLow, PreActivationMedian, PreActivationHigh, PreActivationOff, DeadUnits,
        DeltaNormLow, DeltaNormMedian, DeltaNormMode;
    accuracy: AccuracyBeforeChange, RecoveryTime;
    update: UpdateNullLow, UpdateNullHigh, UpdateAlignmentZ;
    units: ActivationGrowth;
    update: BpGradientNorm, GradientStability;
    weights: SourceAlignment;
    similarity:
        SimilarityActivityWithin, SimilarityActivityBetween, SimilarityErrorWithin,
        SimilarityErrorBetween, SimilarityProductWithin, SimilarityProductBetween,
        SimilarityProduct, SimilarityShuffled, SimilarityZ, SimilarityRandomWithin,
        SimilarityRandomBetween;
    learnt:
        SimilarityErrorWell, SimilarityErrorPoor, SimilarityProductWell, SimilarityProductPoor,
        SimilarityPoorShare;
    similarity: MeanEigenvalue, SymmetricShare, ActivityAutocorrelation, ErrorAutocorrelation;
    plane:
        Explained, ExplainedSecond, PlaneTrainingLoss, PlaneTrainingLossSecond, PlaneAccuracy,
        PlaneAccuracySecond, PlaneLoss, PlaneFirst, PlaneSecond;
    decomposition:
        TermAngle, TermNorm, TermShare, TermCumulative, ProjectionTermAngle, ProjectionTermShare;
    by_class: TermWithinAngle, TermBetweenAngle, TermWithinShare, TermBetweenShare;
    decomposition:
        TermsAngle, TermsRatio, TermsShare, RevisitsAngle, RevisitsShare, ProjectionsAngle,
        ProjectionsRatio, ProjectionsShare, LastAngle, LastRatio, LastShare, RemainderAngle,
        RemainderRatio, RemainderShare, NonAligningAngle, LinearTermsAngle, LinearTermsDeviation;
    built: LinearAlignment, ControlAlignment;
    budget:
        BudgetAlignment, BudgetGrowth, BudgetQuadratic, BudgetCurvature, BudgetInjected, BudgetOwn,
        BudgetOptimizer, BudgetNormalization, BudgetActivityNorm;
    predicted:
        PredictedWeightAlignment, PredictedUpdateAlignment, PredictedDeltaAlignment, PredictedLoss,
        PredictedTestAccuracy;
    rank:
        ActivityParticipationRatio, ActivityStableRank, ActivityEffectiveRank,
        ErrorParticipationRatio, ErrorStableRank, ErrorEffectiveRank,
        UpdateParticipationRatio, UpdateStableRank, UpdateEffectiveRank,
        WeightParticipationRatio, WeightStableRank, WeightEffectiveRank,
        BpErrorParticipationRatio, BpErrorStableRank, BpErrorEffectiveRank,
        ActivityParticipationRatioNull, ActivityStableRankNull,
        ActivityEffectiveRankNull, ErrorParticipationRatioNull, ErrorStableRankNull,
        ErrorEffectiveRankNull, UpdateParticipationRatioNull, UpdateStableRankNull,
        UpdateEffectiveRankNull, WeightParticipationRatioNull, WeightStableRankNull,
        WeightEffectiveRankNull;
    twin: CkaToBp, RsaToBp;
    recurrent:
        RecurrentAlignment, RecurrentUpdateAlignment, InputUpdateAlignment, ChangeRank,
        ChangeParticipation, ChangeBeyond, ChangeBound, SequenceError, SequenceAccuracy,
        ReadoutTermShare, ReadoutTermsShare, ReadoutStartShare;
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
        let start = "unknown quantity `weight_alignement`: expected weight_alignment, \
            update_alignment, weight_norm, ";
        assert!(
            error.starts_with(start) && error.ends_with("; did you mean `weight_alignment`?"),
            "{error}"
        );
        let error = Quantity::parse("loss", Kind::Isolate).unwrap_err();
        assert!(error.starts_with("`loss` is not measured by kind \"isolate\""), "{error}");
    }
}
