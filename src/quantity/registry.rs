//! Registry of measured quantities: feeds specs, help, plot labels and the data dictionary.

use crate::condition::{Draw, Kind};
use crate::text::{Choice, list, suggestion};
use serde::{Deserialize, Serialize};

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

/// Defines [`Quantity`] and its registry from one list.
macro_rules! quantities {
    ($($variant:ident: $name:literal, $label:literal, $symbol:literal, $unit:literal, $kinds:expr, $definition:literal;)*) => {
        /// Something measured at a recorded iteration.
        #[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
        pub enum Quantity {
            $(
                #[doc = $definition]
                #[serde(rename = $name)]
                $variant,
            )*
        }

        impl Quantity {
            /// All quantities, in the order of the registry.
            pub const ALL: &'static [Self] = &[$(Self::$variant),*];
        }

        static INFOS: &[QuantityInfo] = &[$(
            QuantityInfo {
                name: $name,
                label: $label,
                symbol: $symbol,
                unit: $unit,
                definition: $definition,
                kinds: $kinds,
            },
        )*];
    };
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
}

const ALL: &[Kind] = &[Kind::Isolate, Kind::Train, Kind::Sample];
const BOTH: &[Kind] = &[Kind::Isolate, Kind::Train, Kind::Replay];
const ISOLATE: &[Kind] = &[Kind::Isolate];
const ISOLATE_TRAIN: &[Kind] = &[Kind::Isolate, Kind::Train];
const ISOLATE_REPLAY: &[Kind] = &[Kind::Isolate, Kind::Replay];
const ISOLATE_SAMPLE: &[Kind] = &[Kind::Isolate, Kind::Sample];
const TRAIN: &[Kind] = &[Kind::Train];
const SAMPLE: &[Kind] = &[Kind::Sample];
const REPLAY: &[Kind] = &[Kind::Replay];
const PLANE: &[Kind] = &[Kind::Plane];

// Name, label of axes and tables, symbol, unit, kinds that measure it, definition.
quantities! {
    WeightAlignment: "weight_alignment", "weight alignment", "∠(W, Bᵀ)", "degrees", BOTH,
        "Angle between the forward weights W_l and the transposed backward weights B_l of the same layer, as \
         flattened matrices; layer 0 and networks trained by BP have no B and no value.";
    UpdateAlignment: "update_alignment", "update alignment", "∠(ΔW, ΔW_BP)", "degrees", ALL,
        "Angle between the update of W_l by the rule and the update BP would make in the same state on the same \
         samples; the last layer's are equal by construction and not reported. Of kind sample: between the updates \
         X'EB and X'EMB of the first layer, the second with the aligned part MB in place of W'.";
    WeightNorm: "weight_norm", "weight norm", "‖W‖", "", BOTH,
        "Frobenius norm of the forward weights W_l.";
    TestAccuracy: "test_accuracy", "test accuracy", "test accuracy", "percent", TRAIN,
        "Share of held-out images whose decoded class is their label.";
    TrainAccuracy: "train_accuracy", "training accuracy", "training accuracy", "percent", TRAIN,
        "Share of training images whose decoded class is their label.";
    Loss: "loss", "loss", "loss", "", TRAIN,
        "Loss per sample, averaged over the training images.";
    WeightInnerProduct: "weight_inner_product", "weight inner product", "⟨W, Bᵀ⟩", "", BOTH,
        "Sum of the products of the entries of W_l and of the transposed B_l: the cosine of the weight alignment \
         times both norms.";
    WeightSquaredNorm: "weight_squared_norm", "squared weight norm", "‖W‖²", "", BOTH,
        "Sum of the squared entries of W_l.";
    ConditionalAlignment: "conditional_alignment", "weight alignment given the signals", "∠(W, Bᵀ) given X, E", "degrees", ISOLATE_REPLAY,
        "Weight alignment that exact theory predicts from the realised signals of the repeat alone, averaged over W \
         and B (linear rule, one hidden layer); exists only for that rule.";
    StepAlignment: "step_alignment", "angle of an update", "∠(ΔW, Bᵀ)", "degrees", ISOLATE_TRAIN,
        "Angle between an update of W_l by the rule and the transposed B_l: in isolation the latest update, in training the \
         update to come, without momentum and decay.";
    AlignmentTerm: "alignment_term", "alignment term", "∠(T, Bᵀ)", "degrees", ISOLATE_SAMPLE,
        "Angle to the transposed B_l of the alignment term of lag 1: the part of the latest update of W_l that stems \
         from the update of W_(l-1) before it, to first order. Of kind sample: of B'M, M = E0'X0 X1'E1, for signals \
         of two iterations.";
    AlignmentTermNorm: "alignment_term_norm", "norm of the alignment term", "‖T‖", "", ISOLATE,
        "Frobenius norm of the alignment term of lag 1 of the latest update of W_l.";
    SuperalignmentTerm: "superalignment_term", "superalignment term", "∠(S, Bᵀ)", "degrees", ISOLATE,
        "Angle to the transposed B_l of what the latest update of W_l would have been without the update of W_(l-1) \
         before it.";
    SuperalignmentTermNorm: "superalignment_term_norm", "norm of the superalignment term", "‖S‖", "", ISOLATE,
        "Frobenius norm of the superalignment term of the latest update of W_l.";
    AlignmentSum: "alignment_sum", "sum of alignment terms", "∠(ΣT, Bᵀ)", "degrees", ISOLATE,
        "Angle to the transposed B_l of the sum of the alignment terms of lag 1 of all updates so far.";
    AlignmentSumNorm: "alignment_sum_norm", "norm of the summed alignment terms", "‖ΣT‖", "", ISOLATE,
        "Frobenius norm of the sum of the alignment terms so far.";
    SuperalignmentSum: "superalignment_sum", "sum of superalignment terms", "∠(ΣS, Bᵀ)", "degrees", ISOLATE,
        "Angle to the transposed B_l of the sum of the superalignment terms of all updates so far.";
    SuperalignmentSumNorm: "superalignment_sum_norm", "norm of the summed superalignment terms", "‖ΣS‖", "", ISOLATE,
        "Frobenius norm of the sum of the superalignment terms so far.";
    MaskedTerm: "masked_alignment_term", "alignment term with ReLU masks", "∠(T masked, Bᵀ)", "degrees", SAMPLE,
        "Angle to the transposed B of the alignment term of two iterations in which random masks stand for the \
         derivatives of ReLU: one of the hidden units, the same for both iterations, and one of the outputs each.";
    SymmetricTerm: "symmetric_term", "term of the symmetric part", "∠(BᵀM_sym, Bᵀ)", "degrees", SAMPLE,
        "Angle to the transposed B of B' times the symmetric part of M.";
    SkewTerm: "skew_term", "term of the skew part", "∠(BᵀM_skew, Bᵀ)", "degrees", SAMPLE,
        "Angle to the transposed B of B' times the skew-symmetric part of M: a right angle for every draw.";
    SkewRatio: "skew_ratio", "skew over symmetric part", "‖BᵀM_skew‖ / ‖BᵀM_sym‖", "", SAMPLE,
        "Norm of B' times the skew-symmetric part of M over that of the symmetric part.";
    Eigenvalue: "eigenvalue", "eigenvalue of the symmetric part", "λ(M_sym) / (P n₀)", "", SAMPLE,
        "Eigenvalue of the symmetric part of M over P n0, of the first draw of a repeat, in ascending order; the \
         iteration column holds its rank from 0.";
    DeltaAngle: "delta_angle", "angle of the deltas", "∠(δ, δ_BP)", "degrees", SAMPLE,
        "Drawn angle between two batches of error signals.";
    WeightAngle: "weight_angle", "angle of the weights", "∠(B, Wᵀ)", "degrees", SAMPLE,
        "Drawn angle between two weight matrices.";
    ComposedAngle: "composed_angle", "composed angle", "∠(δB, δ_BP Wᵀ)", "degrees", SAMPLE,
        "Angle between the products of the two pairs: of the error signals one layer down.";
    MaskedComposedAngle: "masked_composed_angle", "composed angle with ReLU masks", "∠ masked", "degrees", SAMPLE,
        "The composed angle with random masks on the error signals and on the products, the same for both.";
    DeltaAlignment: "delta_alignment", "delta alignment", "∠(δ, δ_BP)", "degrees", TRAIN,
        "Angle between the error signals of the units that W_l leads to, carried back by the rule and by BP from the \
         same output, on the probe batch; the output layer's are equal by construction and not reported.";
    WeightGrowth: "weight_growth", "weight growth", "‖W‖ / ‖W(0)‖", "", TRAIN,
        "Frobenius norm of W_l over what it was at the start.";
    RelativeUpdate: "relative_update", "relative update", "‖ΔW‖ / (η ‖W‖)", "", TRAIN,
        "Frobenius norm of the rule's update of W_l on the probe batch, before the learning rate, momentum and decay, \
         over that of W_l.";
    UpdateWeightAngle: "update_weight_angle", "angle of update and weights", "∠(ΔW, W)", "degrees", TRAIN,
        "Angle between the rule's update of W_l on the probe batch and W_l itself: below 90 degrees it lengthens the \
         weights.";
    PreActivationLow: "pre_activation_p01", "pre-activation, 1st percentile", "z, 1st percentile", "", TRAIN,
        "First percentile of the pre-activations of all units that W_l leads to, on the probe batch.";
    PreActivationMedian: "pre_activation_p50", "pre-activation, median", "z, median", "", TRAIN,
        "Median of the pre-activations of all units that W_l leads to, on the probe batch.";
    PreActivationHigh: "pre_activation_p99", "pre-activation, 99th percentile", "z, 99th percentile", "", TRAIN,
        "99th percentile of the pre-activations of all units that W_l leads to, on the probe batch.";
    PreActivationOff: "pre_activation_off", "pre-activations below -1", "z < −1", "percent", TRAIN,
        "Share of the pre-activations below -1, of all units that W_l leads to, on the probe batch.";
    DeadUnits: "dead_units", "dead units", "dead units", "units", TRAIN,
        "Units that W_l leads to whose activation has derivative 0 on every sample of the probe batch, so that no \
         error changes their input weights.";
    DeltaNormLow: "delta_norm_p001", "error norm, 0.1 percentile", "‖δ‖, 0.1 percentile", "", TRAIN,
        "0.1 percentile, over all training images, of the Euclidean norm of an image's error signal at the units that \
         W_l leads to.";
    DeltaNormMedian: "delta_norm_p50", "error norm, median", "‖δ‖, median", "", TRAIN,
        "Median, over all training images, of the Euclidean norm of an image's error signal at the units that W_l \
         leads to.";
    DeltaNormMode: "delta_norm_mode", "error norm, mode", "‖δ‖, mode", "", TRAIN,
        "Middle of the fullest of 60 equal bins between 0 and the 98th percentile of the norm of an image's error \
         signal at the units that W_l leads to, over all training images.";
    AccuracyBeforeChange: "accuracy_before_change", "test accuracy under the old code", "test accuracy, old code", "percent", TRAIN,
        "Test accuracy just before a label change, read out by the code in force until then; exists at label changes \
         only, where test_accuracy is that under the new code.";
    RecoveryTime: "recovery_time", "recovery time", "recovery time", "epochs", TRAIN,
        "Epochs from the latest label change before this state until the test accuracy, looked at after every epoch, \
         first reached nine tenths of what it was before; absent if it did not. Recorded at the following change and \
         at the end.";
    UpdateNullLow: "update_null_p025", "null of update alignment, 2.5th percentile", "null, 2.5th percentile", "degrees", TRAIN,
        "2.5th percentile of the angle between BP's update of W_l and that of BP-TRW with 200 other draws of every B, \
         on the probe batch and this state.";
    UpdateNullHigh: "update_null_p975", "null of update alignment, 97.5th percentile", "null, 97.5th percentile", "degrees", TRAIN,
        "97.5th percentile of the angle between BP's update of W_l and that of BP-TRW with 200 other draws of every \
         B, on the probe batch and this state.";
    UpdateAlignmentZ: "update_alignment_z", "standard score of update alignment", "z of ∠(ΔW, ΔW_BP)", "", TRAIN,
        "Cosine of the update alignment minus its mean under 200 other draws of every B, over their standard \
         deviation: positive where the updates align more than chance has it.";
    ActivationGrowth: "activation_growth", "activation growth", "‖L‖ / ‖L(0)‖", "", TRAIN,
        "Frobenius norm of the activities of the units that W_l leads to, on the probe batch, over what it was at the \
         start. Above 50, angles are those of a network that runs away.";
    BpGradientNorm: "bp_gradient_norm", "norm of BP's gradient", "‖ΔW_BP‖ / P", "", TRAIN,
        "Frobenius norm of BP's update of W_l on the probe batch, averaged over its samples. Below 1e-7, update \
         alignment compares with rounding errors.";
    GradientStability: "gradient_stability", "angle of BP's gradients on two half batches", "∠ of half batches", "degrees", TRAIN,
        "Angle between BP's updates of W_l on the two halves of the probe batch. Near 90 degrees, the gradient has no \
         direction of its own that an update could align with.";
    SourceAlignment: "source_alignment", "weight alignment in the network", "∠(W, Bᵀ) in the network", "degrees", REPLAY,
        "Weight alignment, after the same update, of the network whose signals are replayed.";
    SimilarityActivityWithin: "similarity_activity_within", "activity similarity, same class", "S_L, same class", "", TRAIN,
        "Mean over pairs of samples of one class, one at iteration k - o and one at k, of the inner product of their \
         activities in layer l - 1 (what feeds the layer whose units W_l starts from).";
    SimilarityActivityBetween: "similarity_activity_between", "activity similarity, different classes", "S_L, different classes", "", TRAIN,
        "As similarity_activity_within, over pairs of different classes.";
    SimilarityErrorWithin: "similarity_error_within", "error similarity, same class", "S_δ, same class", "", TRAIN,
        "Mean over pairs of samples of one class, one at iteration k - o and one at k, of the inner product of their \
         error signals at the units that W_l leads to.";
    SimilarityErrorBetween: "similarity_error_between", "error similarity, different classes", "S_δ, different classes", "", TRAIN,
        "As similarity_error_within, over pairs of different classes.";
    SimilarityProductWithin: "similarity_product_within", "product of similarities, same class", "S_L S_δ, same class", "", TRAIN,
        "Mean over pairs of samples of one class of the product of the two similarities: what tr M is the sum of.";
    SimilarityProductBetween: "similarity_product_between", "product of similarities, different classes", "S_L S_δ, different classes", "", TRAIN,
        "As similarity_product_within, over pairs of different classes.";
    SimilarityProduct: "similarity_product", "product of similarities", "S_L S_δ", "", TRAIN,
        "Mean over all pairs of samples of the product of the two similarities: tr M over the number of pairs.";
    SimilarityShuffled: "similarity_shuffled", "product of similarities, shuffled", "S_L S_δ, shuffled", "", TRAIN,
        "Exact expectation of similarity_product when the error similarities are permuted at random over all pairs.";
    SimilarityZ: "similarity_z", "standard score of the products", "z of S_L S_δ", "", TRAIN,
        "similarity_product minus its expectation under random permutations of the error similarities over pairs, \
         over its exact standard deviation.";
    SimilarityRandomWithin: "similarity_random_within", "activity similarity, same random class", "S_L, same random class", "", TRAIN,
        "similarity_activity_within with the classes of all samples drawn at random: the control in which classes say \
         nothing.";
    SimilarityRandomBetween: "similarity_random_between", "activity similarity, different random classes", "S_L, different random classes", "", TRAIN,
        "similarity_activity_between with the classes of all samples drawn at random.";
    SimilarityErrorWell: "similarity_error_well", "error similarity, well learnt, same class", "S_δ, well learnt", "", TRAIN,
        "similarity_error_within over pairs of two well learnt samples: those whose output error signal is among the \
         smallest 60 % of their iteration.";
    SimilarityErrorPoor: "similarity_error_poor", "error similarity, poorly learnt, same class", "S_δ, poorly learnt", "", TRAIN,
        "similarity_error_within over pairs with at least one poorly learnt sample.";
    SimilarityProductWell: "similarity_product_well", "product of similarities, well learnt", "S_L S_δ, well learnt", "", TRAIN,
        "similarity_product over pairs of two well learnt samples.";
    SimilarityProductPoor: "similarity_product_poor", "product of similarities, poorly learnt", "S_L S_δ, poorly learnt", "", TRAIN,
        "similarity_product over pairs with at least one poorly learnt sample.";
    SimilarityPoorShare: "similarity_poor_share", "share of poorly learnt samples in tr M", "share of poorly learnt", "", TRAIN,
        "Share that pairs with at least one poorly learnt sample have in tr M; 64 % of all pairs are such.";
    MeanEigenvalue: "mean_eigenvalue", "mean eigenvalue of the symmetric part", "tr M / n", "", TRAIN,
        "Mean eigenvalue of the symmetric part of M = D(k-o)' L(k-o) L(k)' D(k), its trace over its size: positive \
         where the linear alignment term of lag o points at the transposed B_l.";
    SymmetricShare: "symmetric_share", "symmetric share", "‖M_sym‖ / ‖M‖", "", TRAIN,
        "Norm of the symmetric part of M over that of M.";
    ActivityAutocorrelation: "activity_autocorrelation", "autocorrelation of activities", "autocorrelation of L", "", TRAIN,
        "Cosine between the activities of layer l - 1 at iterations k and k - o, sample by sample and unit by unit, \
         about zero.";
    ErrorAutocorrelation: "error_autocorrelation", "autocorrelation of error signals", "autocorrelation of δ", "", TRAIN,
        "Cosine between the error signals at the units that W_l leads to at iterations k and k - o, sample by sample \
         and unit by unit, about zero.";
    Explained: "explained", "variance explained by the first component", "variance, component 1", "percent", PLANE,
        "Share of the variance of the snapshots of both networks, about their common mean, along the first principal \
         component.";
    ExplainedSecond: "explained_second", "variance explained by the second component", "variance, component 2", "percent", PLANE,
        "The same along the second principal component.";
    PlaneTrainingLoss: "plane_training_loss", "training loss", "training loss", "", PLANE,
        "Loss of the first network at the end over all training images, as half the Frobenius norm of target minus \
         output: the paper's measure, a square root.";
    PlaneTrainingLossSecond: "plane_training_loss_second", "training loss of the second network", "training loss, second", "", PLANE,
        "The same of the second network.";
    PlaneAccuracy: "plane_accuracy", "test accuracy", "test accuracy", "percent", PLANE,
        "Test accuracy of the first network at the end.";
    PlaneAccuracySecond: "plane_accuracy_second", "test accuracy of the second network", "test accuracy, second", "percent", PLANE,
        "Test accuracy of the second network at the end.";
    PlaneLoss: "plane_loss", "loss over the plane", "loss", "", PLANE,
        "Loss over all training images, as half the Frobenius norm of target minus output, of the network with the \
         parameters of a point of the plane of the two leading components; the iteration column holds the point's \
         number, row by row from the lower left.";
    PlaneFirst: "plane_position", "position of the first network", "position", "", PLANE,
        "Coordinates of the first network's snapshots along the components; the layer column holds the component, 0 \
         or 1.";
    PlaneSecond: "plane_position_second", "position of the second network", "position, second", "", PLANE,
        "Coordinates of the second network's snapshots along the components; the layer column holds the component, 0 \
         or 1.";
    TermAngle: "term_angle", "alignment term of a lag", "∠(Tᵒ, Bᵀ)", "degrees", ISOLATE_TRAIN,
        "Angle to the transposed B_l of the alignment term of lag o of the update to come of W_l: the part that stems, to \
         first order, from the update of W_(l-1) of o iterations before.";
    TermNorm: "term_norm", "norm of the alignment term of a lag", "‖Tᵒ‖", "", ISOLATE_TRAIN,
        "Frobenius norm of the alignment term of lag o of the update to come.";
    TermShare: "term_share", "share of the alignment term of a lag", "⟨Tᵒ, Bᵀ⟩ / ⟨ΔW, Bᵀ⟩", "", ISOLATE_TRAIN,
        "Share that the alignment term of lag o has in the inner product of the update to come with the transposed B_l.";
    TermCumulative: "term_cumulative", "share of the alignment terms up to a lag", "Σ ⟨T, Bᵀ⟩ / ⟨ΔW, Bᵀ⟩", "", ISOLATE_TRAIN,
        "Share that the alignment terms of lags 1 to o have in the inner product of the update to come with the transposed B_l.";
    ProjectionTermAngle: "projection_term_angle", "projection term of a lag", "∠(Nᵒ, Bᵀ)", "degrees", ISOLATE_TRAIN,
        "Angle to the transposed B_l of the projection term of lag o: the part of the update to come that stems from what \
         weight normalisation, decay or momentum added to the update of W_(l-1) of o iterations before.";
    ProjectionTermShare: "projection_term_share", "share of the projection term of a lag", "⟨Nᵒ, Bᵀ⟩ / ⟨ΔW, Bᵀ⟩", "", ISOLATE_TRAIN,
        "Share that the projection term of lag o has in the inner product of the update to come with the transposed B_l.";
    TermWithinAngle: "term_within_angle", "alignment term, same class", "∠(Tᵒ same class, Bᵀ)", "degrees", TRAIN,
        "Angle to the transposed B_l of the alignment term of lag o over the pairs of a sample then and a sample now of one \
         class.";
    TermBetweenAngle: "term_between_angle", "alignment term, different classes", "∠(Tᵒ different classes, Bᵀ)", "degrees", TRAIN,
        "Angle to the transposed B_l of the alignment term of lag o over the pairs of samples of different classes.";
    TermWithinShare: "term_within_share", "share of pairs of one class", "⟨Tᵒ same class, Bᵀ⟩ / ⟨ΔW, Bᵀ⟩", "", TRAIN,
        "Share that pairs of samples of one class, through the alignment term of lag o, have in the inner product of the \
         update to come with the transposed B_l.";
    TermBetweenShare: "term_between_share", "share of pairs of different classes", "⟨Tᵒ different classes, Bᵀ⟩ / ⟨ΔW, Bᵀ⟩", "", TRAIN,
        "Share that pairs of samples of different classes have, likewise.";
    TermsAngle: "terms_angle", "sum of alignment terms over lags", "∠(ΣTᵒ, Bᵀ)", "degrees", ISOLATE_TRAIN,
        "Angle to the transposed B_l of the sum of the alignment terms of all lags of the update to come of W_l.";
    TermsRatio: "terms_ratio", "size of the alignment terms", "‖ΣTᵒ‖ / ‖ΔW‖", "", ISOLATE_TRAIN,
        "Frobenius norm of the sum of the alignment terms of all lags over that of the update to come.";
    TermsShare: "terms_share", "share of the alignment terms", "Σ⟨Tᵒ, Bᵀ⟩ / ⟨ΔW, Bᵀ⟩", "", ISOLATE_TRAIN,
        "Share that the alignment terms of all lags have in the inner product of the update to come with the transposed B_l.";
    RevisitsAngle: "revisits_angle", "alignment terms of the same batch", "∠(ΣTᵒ same batch, Bᵀ)", "degrees", TRAIN,
        "Angle to the transposed B_l of the sum of the alignment terms over lags that are whole epochs: with a fixed order, \
         of the same batch.";
    RevisitsShare: "revisits_share", "share of the same batch", "Σ⟨Tᵒ same batch, Bᵀ⟩ / ⟨ΔW, Bᵀ⟩", "", TRAIN,
        "Share that the alignment terms of lags that are whole epochs have in the inner product of the update to come with \
         the transposed B_l.";
    ProjectionsAngle: "projections_angle", "sum of projection terms over lags", "∠(ΣNᵒ, Bᵀ)", "degrees", ISOLATE_TRAIN,
        "Angle to the transposed B_l of the sum of the projection terms of all lags; none without weight normalisation, decay \
         and momentum.";
    ProjectionsRatio: "projections_ratio", "size of the projection terms", "‖ΣNᵒ‖ / ‖ΔW‖", "", ISOLATE_TRAIN,
        "Frobenius norm of the sum of the projection terms of all lags over that of the update to come.";
    ProjectionsShare: "projections_share", "share of the projection terms", "Σ⟨Nᵒ, Bᵀ⟩ / ⟨ΔW, Bᵀ⟩", "", ISOLATE_TRAIN,
        "Share that the projection terms of all lags have in the inner product of the update to come with the transposed B_l.";
    LastAngle: "last_angle", "last term", "∠(last, Bᵀ)", "degrees", ISOLATE_TRAIN,
        "Angle to the transposed B_l of the last term: the update to come as it would be with the W_(l-1) of the start, or of \
         the oldest iteration in the window.";
    LastRatio: "last_ratio", "size of the last term", "‖last‖ / ‖ΔW‖", "", ISOLATE_TRAIN,
        "Frobenius norm of the last term over that of the update to come.";
    LastShare: "last_share", "share of the last term", "⟨last, Bᵀ⟩ / ⟨ΔW, Bᵀ⟩", "", ISOLATE_TRAIN,
        "Share that the last term has in the inner product of the update to come with the transposed B_l.";
    RemainderAngle: "remainder_angle", "remainder", "∠(R, Bᵀ)", "degrees", ISOLATE_TRAIN,
        "Angle to the transposed B_l of the remainder: what the update to come holds beside alignment terms, projection terms \
         and last term.";
    RemainderRatio: "remainder_ratio", "size of the remainder", "‖R‖ / ‖ΔW‖", "", ISOLATE_TRAIN,
        "Frobenius norm of the remainder over that of the update to come.";
    RemainderShare: "remainder_share", "share of the remainder", "⟨R, Bᵀ⟩ / ⟨ΔW, Bᵀ⟩", "", ISOLATE_TRAIN,
        "Share that the remainder has in the inner product of the update to come with the transposed B_l.";
    NonAligningAngle: "non_aligning_angle", "last term and remainder", "∠(last + R, Bᵀ)", "degrees", ISOLATE_TRAIN,
        "Angle to the transposed B_l of last term and remainder together.";
    LinearTermsAngle: "linear_terms_angle", "linear form of the alignment terms", "∠(Bᵀ ΣM, Bᵀ)", "degrees", ISOLATE_TRAIN,
        "Angle to the transposed B_l of the sum of the alignment terms of all lags since the start with the derivatives of the \
         activation left out.";
    LinearTermsDeviation: "linear_terms_deviation", "deviation of the linear form", "‖η² Bᵀ ΣM − ΣTᵒ‖ / ‖ΣTᵒ‖", "", ISOLATE_TRAIN,
        "Frobenius norm of the difference between the linear form and the sum of the alignment terms, over that of the sum.";
    LinearAlignment: "linear_alignment", "alignment of weights built from linear terms", "∠(W linear, Bᵀ)", "degrees", ISOLATE_TRAIN,
        "Angle to the transposed B_l of weights that start at W_l and are changed, update by update, by the last term and the \
         linear form of the alignment terms, on the signals of the network.";
    ControlAlignment: "control_alignment", "alignment of weights built with another B", "∠(W control, B′ᵀ)", "degrees", ISOLATE_TRAIN,
        "Angle to the transpose of an independent B'_l of weights that start at W_l and are changed, update by update, by the \
         last term and by alignment terms with B'_l in place of B_l, on the signals of the network.";
    BudgetAlignment: "budget_alignment", "gain in alignment", "⟨W, Bᵀ⟩ − ⟨W(0), Bᵀ⟩", "", ISOLATE_TRAIN,
        "Inner product of W_l and the transposed B_l, less that of the start: budget_growth less the other three parts of the \
         budget.";
    BudgetGrowth: "budget_growth", "growth of the weights below", "½Δ‖W below‖²", "", ISOLATE_TRAIN,
        "Half the squared norm of W_(l-1) and of the biases it leads to, less that of the start.";
    BudgetQuadratic: "budget_quadratic", "squared steps of the weights below", "Σ½‖ΔW below‖²", "", ISOLATE_TRAIN,
        "Half the squared norms of all steps of W_(l-1) and of the biases it leads to, summed over iterations: growth that is \
         not alignment.";
    BudgetCurvature: "budget_curvature", "curvature of the activation", "Σ η⟨f′(z) z − f(z), E⟩", "", ISOLATE_TRAIN,
        "Sum over iterations of what the curvature of the activation takes from the alignment budget; 0 for linear, ReLU and \
         leaky ReLU.";
    BudgetInjected: "budget_injected", "injected by normalisation, decay and momentum", "injected", "", ISOLATE_TRAIN,
        "Sum over iterations of what is left of the alignment budget: what weight normalisation, decay, momentum and biases \
         that do not learn bring in. Zero to rounding for plain steps.";
    BudgetOwn: "budget_own", "taken by normalisation of the weights themselves", "−Σ⟨ΔP, Bᵀ⟩", "", ISOLATE_TRAIN,
        "Part of budget_injected: sum over iterations of what weight normalisation, decay and momentum of W_l itself take from \
         the alignment that plain steps would have brought. The rest of budget_injected is of the weights below.";
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
