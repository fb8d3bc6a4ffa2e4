//! Registry of measured quantities: feeds specs, help, plot labels and the data dictionary. A new one is an entry in the file
//! of its family, and a line here.

use super::family::{Measured, QuantityInfo};
use super::instruments::{Instruments, Place};
use super::{
    accuracy, budget, built, by_class, decomposition, draw, lag_one, learnt, plane, similarity, units, update, weights,
};
use crate::condition::{Condition, Draw, Kind};
use crate::real::Real;
use crate::rule::decomposition::DecompositionError;
use crate::text::{Choice, list, suggestion};
use serde::de::Error as _;
use serde::{Deserialize, Deserializer, Serialize, Serializer};

/// Defines [`Quantity`] from its families.
macro_rules! quantities {
    ($($name:ident in $family:ident;)*) => {
        /// Something measured at a recorded iteration.
        #[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
        #[expect(missing_docs, reason = "the definition of each says what it is")]
        pub enum Quantity { $($name),* }

        impl Quantity {
            /// All quantities, in the order of the registry.
            pub const ALL: &'static [Self] = &[$(Self::$name),*];

            /// What the world needs to know of it.
            pub fn info(self) -> &'static QuantityInfo {
                static INFOS: &[QuantityInfo] = &[$($family::$name::INFO),*];
                &INFOS[self as usize]
            }

            /// Layers for which `condition` yields this quantity; `None` stands for the network as a whole.
            pub fn layers(self, condition: &Condition) -> Vec<Option<usize>> {
                // A draw has no layers.
                if matches!(condition, Condition::Sample(_)) {
                    return vec![None];
                }
                match self {
                    $(Self::$name => $family::$name::layers(condition)),*
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
                    $(Self::$name => $family::$name::value(state, at)),*
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
}

quantities! {
    WeightAlignment in weights;
    UpdateAlignment in update;
    WeightNorm in weights;
    TestAccuracy in accuracy;
    TrainAccuracy in accuracy;
    Loss in accuracy;
    WeightInnerProduct in weights;
    WeightSquaredNorm in weights;
    ConditionalAlignment in weights;
    StepAlignment in weights;
    AlignmentTerm in lag_one;
    AlignmentTermNorm in lag_one;
    SuperalignmentTerm in lag_one;
    SuperalignmentTermNorm in lag_one;
    AlignmentSum in lag_one;
    AlignmentSumNorm in lag_one;
    SuperalignmentSum in lag_one;
    SuperalignmentSumNorm in lag_one;
    MaskedTerm in draw;
    SymmetricTerm in draw;
    SkewTerm in draw;
    SkewRatio in draw;
    Eigenvalue in draw;
    DeltaAngle in draw;
    WeightAngle in draw;
    ComposedAngle in draw;
    MaskedComposedAngle in draw;
    DeltaAlignment in update;
    WeightGrowth in weights;
    RelativeUpdate in update;
    UpdateWeightAngle in update;
    PreActivationLow in units;
    PreActivationMedian in units;
    PreActivationHigh in units;
    PreActivationOff in units;
    DeadUnits in units;
    DeltaNormLow in units;
    DeltaNormMedian in units;
    DeltaNormMode in units;
    AccuracyBeforeChange in accuracy;
    RecoveryTime in accuracy;
    UpdateNullLow in update;
    UpdateNullHigh in update;
    UpdateAlignmentZ in update;
    ActivationGrowth in units;
    BpGradientNorm in update;
    GradientStability in update;
    SourceAlignment in weights;
    SimilarityActivityWithin in similarity;
    SimilarityActivityBetween in similarity;
    SimilarityErrorWithin in similarity;
    SimilarityErrorBetween in similarity;
    SimilarityProductWithin in similarity;
    SimilarityProductBetween in similarity;
    SimilarityProduct in similarity;
    SimilarityShuffled in similarity;
    SimilarityZ in similarity;
    SimilarityRandomWithin in similarity;
    SimilarityRandomBetween in similarity;
    SimilarityErrorWell in learnt;
    SimilarityErrorPoor in learnt;
    SimilarityProductWell in learnt;
    SimilarityProductPoor in learnt;
    SimilarityPoorShare in learnt;
    MeanEigenvalue in similarity;
    SymmetricShare in similarity;
    ActivityAutocorrelation in similarity;
    ErrorAutocorrelation in similarity;
    Explained in plane;
    ExplainedSecond in plane;
    PlaneTrainingLoss in plane;
    PlaneTrainingLossSecond in plane;
    PlaneAccuracy in plane;
    PlaneAccuracySecond in plane;
    PlaneLoss in plane;
    PlaneFirst in plane;
    PlaneSecond in plane;
    TermAngle in decomposition;
    TermNorm in decomposition;
    TermShare in decomposition;
    TermCumulative in decomposition;
    ProjectionTermAngle in decomposition;
    ProjectionTermShare in decomposition;
    TermWithinAngle in by_class;
    TermBetweenAngle in by_class;
    TermWithinShare in by_class;
    TermBetweenShare in by_class;
    TermsAngle in decomposition;
    TermsRatio in decomposition;
    TermsShare in decomposition;
    RevisitsAngle in decomposition;
    RevisitsShare in decomposition;
    ProjectionsAngle in decomposition;
    ProjectionsRatio in decomposition;
    ProjectionsShare in decomposition;
    LastAngle in decomposition;
    LastRatio in decomposition;
    LastShare in decomposition;
    RemainderAngle in decomposition;
    RemainderRatio in decomposition;
    RemainderShare in decomposition;
    NonAligningAngle in decomposition;
    LinearTermsAngle in decomposition;
    LinearTermsDeviation in decomposition;
    LinearAlignment in built;
    ControlAlignment in built;
    BudgetAlignment in budget;
    BudgetGrowth in budget;
    BudgetQuadratic in budget;
    BudgetCurvature in budget;
    BudgetInjected in budget;
    BudgetOwn in budget;
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
