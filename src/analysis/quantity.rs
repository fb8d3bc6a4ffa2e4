//! Registry of measured quantities: feeds specs, help, plot labels and the data dictionary.

use super::choice::{Choice, Draw};
use super::condition::Condition;
use super::nearest::{list, suggestion};
use super::parameter::Kind;
use crate::network::Rule;
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
    /// `<W_l, B_l^T>`.
    WeightInnerProduct,
    /// `||W_l||^2`.
    WeightSquaredNorm,
    /// Predicted weight alignment given the signals of the repeat.
    ConditionalAlignment,
    /// Angle of the latest update of `W_l` to `B_l^T`.
    StepAlignment,
    /// Angle of the alignment term of lag 1 to `B_l^T`.
    AlignmentTerm,
    /// Norm of the alignment term.
    AlignmentTermNorm,
    /// Angle of the superalignment term to `B_l^T`.
    SuperalignmentTerm,
    /// Norm of the superalignment term.
    SuperalignmentTermNorm,
    /// Angle of the summed alignment terms to `B_l^T`.
    AlignmentSum,
    /// Norm of the summed alignment terms.
    AlignmentSumNorm,
    /// Angle of the summed superalignment terms to `B_l^T`.
    SuperalignmentSum,
    /// Norm of the summed superalignment terms.
    SuperalignmentSumNorm,
    /// Angle of the alignment term under random masks.
    #[serde(rename = "masked_alignment_term")]
    MaskedTerm,
    /// Angle of `B^T M_sym` to `B^T`.
    SymmetricTerm,
    /// Angle of `B^T M_skew` to `B^T`.
    SkewTerm,
    /// Norm of the skew over that of the symmetric part.
    SkewRatio,
    /// Eigenvalue of `M_sym / (P n_0)`.
    Eigenvalue,
    /// Angle between the drawn deltas.
    DeltaAngle,
    /// Angle between the drawn weights.
    WeightAngle,
    /// Angle of the products.
    ComposedAngle,
    /// Angle of the products under random masks.
    MaskedComposedAngle,
    /// Angle between the error signal of a layer under the rule and under BP.
    DeltaAlignment,
    /// `||W_l||` over its value at the start.
    WeightGrowth,
    /// Norm of the update of `W_l`, without the learning rate, over that of `W_l`.
    RelativeUpdate,
    /// Angle between the update of `W_l` and `W_l`.
    UpdateWeightAngle,
    /// First percentile of the pre-activations.
    #[serde(rename = "pre_activation_p01")]
    PreActivationLow,
    /// Median of the pre-activations.
    #[serde(rename = "pre_activation_p50")]
    PreActivationMedian,
    /// 99th percentile of the pre-activations.
    #[serde(rename = "pre_activation_p99")]
    PreActivationHigh,
    /// Share of the pre-activations below -1.
    PreActivationOff,
    /// Units whose derivative is 0 on every sample.
    DeadUnits,
    /// 0.1 percentile of the norms of error signals.
    #[serde(rename = "delta_norm_p001")]
    DeltaNormLow,
    /// Median of the norms of error signals.
    #[serde(rename = "delta_norm_p50")]
    DeltaNormMedian,
    /// Mode of the norms of error signals.
    DeltaNormMode,
    /// Test accuracy under the code that is about to change.
    AccuracyBeforeChange,
    /// Epochs until 90 % of the accuracy before a change is back.
    RecoveryTime,
    /// 2.5th percentile of update angles under redrawn `B`.
    #[serde(rename = "update_null_p025")]
    UpdateNullLow,
    /// 97.5th percentile of update angles under redrawn `B`.
    #[serde(rename = "update_null_p975")]
    UpdateNullHigh,
    /// Standard score of the update alignment under redrawn `B`.
    UpdateAlignmentZ,
    /// Norm of a layer's activities over its value at the start.
    ActivationGrowth,
    /// Norm of BP's update of `W_l`, per sample.
    BpGradientNorm,
    /// Angle between BP's updates of two halves of the probe batch.
    GradientStability,
    /// Weight alignment of the network whose signals are replayed.
    SourceAlignment,
    /// Mean similarity of activities over pairs of one class.
    SimilarityActivityWithin,
    /// Mean similarity of activities over pairs of different classes.
    SimilarityActivityBetween,
    /// Mean similarity of error signals over pairs of one class.
    SimilarityErrorWithin,
    /// Mean similarity of error signals over pairs of different classes.
    SimilarityErrorBetween,
    /// Mean product of both similarities over pairs of one class.
    SimilarityProductWithin,
    /// Mean product of both similarities over pairs of different classes.
    SimilarityProductBetween,
    /// Mean product of both similarities over all pairs.
    SimilarityProduct,
    /// The same if errors are similar at random pairs.
    SimilarityShuffled,
    /// Standard score of the mean product under such permutations.
    SimilarityZ,
    /// Activity similarity of one class, classes drawn at random.
    SimilarityRandomWithin,
    /// Activity similarity of different classes, classes drawn at random.
    SimilarityRandomBetween,
    /// Mean eigenvalue of the symmetric part of `M`.
    MeanEigenvalue,
    /// Norm of the symmetric part of `M` over that of `M`.
    SymmetricShare,
    /// Cosine of the activities of two iterations.
    ActivityAutocorrelation,
    /// Cosine of the error signals of two iterations.
    ErrorAutocorrelation,
    /// Share of variance along the first component.
    Explained,
    /// Share of variance along the second component.
    ExplainedSecond,
    /// Training loss of the first network at the end.
    PlaneTrainingLoss,
    /// Training loss of the second network at the end.
    PlaneTrainingLossSecond,
    /// Test accuracy of the first network at the end.
    PlaneAccuracy,
    /// Test accuracy of the second network at the end.
    PlaneAccuracySecond,
    /// Loss at a point of the plane.
    PlaneLoss,
    /// Coordinates of the first network's snapshots.
    #[serde(rename = "plane_position")]
    PlaneFirst,
    /// Coordinates of the second network's snapshots.
    #[serde(rename = "plane_position_second")]
    PlaneSecond,
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
    /// Definition in a sentence or two.
    pub definition: &'static str,
    /// Kinds of analysis that measure it.
    pub kinds: &'static [Kind],
}

const ALL: &[Kind] = &[Kind::Isolate, Kind::Train, Kind::Sample];
const BOTH: &[Kind] = &[Kind::Isolate, Kind::Train, Kind::Replay];
const ISOLATE: &[Kind] = &[Kind::Isolate];
const ISOLATE_REPLAY: &[Kind] = &[Kind::Isolate, Kind::Replay];
const ISOLATE_SAMPLE: &[Kind] = &[Kind::Isolate, Kind::Sample];
const TRAIN: &[Kind] = &[Kind::Train];
const SAMPLE: &[Kind] = &[Kind::Sample];
const REPLAY: &[Kind] = &[Kind::Replay];
const PLANE: &[Kind] = &[Kind::Plane];

/// The registry, in the order of [`Quantity`].
static INFOS: [QuantityInfo; Quantity::ALL.len()] = [
    QuantityInfo {
        name: "weight_alignment",
        label: "weight alignment",
        symbol: "∠(W, Bᵀ)",
        unit: "degrees",
        definition: "Angle between the forward weights W_l and the transposed backward weights B_l of the same \
                     layer, as flattened matrices; layer 0 and networks trained by BP have no B and no value.",
        kinds: BOTH,
    },
    QuantityInfo {
        name: "update_alignment",
        label: "update alignment",
        symbol: "∠(ΔW, ΔW_BP)",
        unit: "degrees",
        definition: "Angle between the update of W_l by the rule and the update BP would make in the same state on \
                     the same samples; the last layer's are equal by construction and not reported. Of kind sample: \
                     between the updates X'EB and X'EMB of the first layer, the second with the aligned part MB in \
                     place of W'.",
        kinds: ALL,
    },
    QuantityInfo {
        name: "weight_norm",
        label: "weight norm",
        symbol: "‖W‖",
        unit: "",
        definition: "Frobenius norm of the forward weights W_l.",
        kinds: BOTH,
    },
    QuantityInfo {
        name: "test_accuracy",
        label: "test accuracy",
        symbol: "test accuracy",
        unit: "percent",
        definition: "Share of held-out images whose decoded class is their label.",
        kinds: TRAIN,
    },
    QuantityInfo {
        name: "train_accuracy",
        label: "training accuracy",
        symbol: "training accuracy",
        unit: "percent",
        definition: "Share of training images whose decoded class is their label.",
        kinds: TRAIN,
    },
    QuantityInfo {
        name: "loss",
        label: "loss",
        symbol: "loss",
        unit: "",
        definition: "Loss per sample, averaged over the training images.",
        kinds: TRAIN,
    },
    QuantityInfo {
        name: "weight_inner_product",
        label: "weight inner product",
        symbol: "⟨W, Bᵀ⟩",
        unit: "",
        definition: "Sum of the products of the entries of W_l and of the transposed B_l: the cosine of the weight \
                     alignment times both norms.",
        kinds: BOTH,
    },
    QuantityInfo {
        name: "weight_squared_norm",
        label: "squared weight norm",
        symbol: "‖W‖²",
        unit: "",
        definition: "Sum of the squared entries of W_l.",
        kinds: BOTH,
    },
    QuantityInfo {
        name: "conditional_alignment",
        label: "weight alignment given the signals",
        symbol: "∠(W, Bᵀ) given X, E",
        unit: "degrees",
        definition: "Weight alignment that exact theory predicts from the realised signals of the repeat alone, \
                     averaged over W and B (linear rule, one hidden layer); exists only for that rule.",
        kinds: ISOLATE_REPLAY,
    },
    QuantityInfo {
        name: "step_alignment",
        label: "angle of the latest update",
        symbol: "∠(ΔW, Bᵀ)",
        unit: "degrees",
        definition: "Angle between the latest update of W_l by the rule and the transposed B_l.",
        kinds: ISOLATE,
    },
    QuantityInfo {
        name: "alignment_term",
        label: "alignment term",
        symbol: "∠(T, Bᵀ)",
        unit: "degrees",
        definition: "Angle to the transposed B_l of the alignment term of lag 1: the part of the latest update of \
                     W_l that stems from the update of W_(l-1) before it, to first order. Of kind sample: of B'M, M \
                     = E0'X0 X1'E1, for signals of two iterations.",
        kinds: ISOLATE_SAMPLE,
    },
    QuantityInfo {
        name: "alignment_term_norm",
        label: "norm of the alignment term",
        symbol: "‖T‖",
        unit: "",
        definition: "Frobenius norm of the alignment term of lag 1 of the latest update of W_l.",
        kinds: ISOLATE,
    },
    QuantityInfo {
        name: "superalignment_term",
        label: "superalignment term",
        symbol: "∠(S, Bᵀ)",
        unit: "degrees",
        definition: "Angle to the transposed B_l of what the latest update of W_l would have been without the update \
                     of W_(l-1) before it.",
        kinds: ISOLATE,
    },
    QuantityInfo {
        name: "superalignment_term_norm",
        label: "norm of the superalignment term",
        symbol: "‖S‖",
        unit: "",
        definition: "Frobenius norm of the superalignment term of the latest update of W_l.",
        kinds: ISOLATE,
    },
    QuantityInfo {
        name: "alignment_sum",
        label: "sum of alignment terms",
        symbol: "∠(ΣT, Bᵀ)",
        unit: "degrees",
        definition: "Angle to the transposed B_l of the sum of the alignment terms of lag 1 of all updates so far.",
        kinds: ISOLATE,
    },
    QuantityInfo {
        name: "alignment_sum_norm",
        label: "norm of the summed alignment terms",
        symbol: "‖ΣT‖",
        unit: "",
        definition: "Frobenius norm of the sum of the alignment terms so far.",
        kinds: ISOLATE,
    },
    QuantityInfo {
        name: "superalignment_sum",
        label: "sum of superalignment terms",
        symbol: "∠(ΣS, Bᵀ)",
        unit: "degrees",
        definition: "Angle to the transposed B_l of the sum of the superalignment terms of all updates so far.",
        kinds: ISOLATE,
    },
    QuantityInfo {
        name: "superalignment_sum_norm",
        label: "norm of the summed superalignment terms",
        symbol: "‖ΣS‖",
        unit: "",
        definition: "Frobenius norm of the sum of the superalignment terms so far.",
        kinds: ISOLATE,
    },
    QuantityInfo {
        name: "masked_alignment_term",
        label: "alignment term with ReLU masks",
        symbol: "∠(T masked, Bᵀ)",
        unit: "degrees",
        definition: "Angle to the transposed B of the alignment term of two iterations in which random masks stand \
                     for the derivatives of ReLU: one of the hidden units, the same for both iterations, and one of \
                     the outputs each.",
        kinds: SAMPLE,
    },
    QuantityInfo {
        name: "symmetric_term",
        label: "term of the symmetric part",
        symbol: "∠(BᵀM_sym, Bᵀ)",
        unit: "degrees",
        definition: "Angle to the transposed B of B' times the symmetric part of M.",
        kinds: SAMPLE,
    },
    QuantityInfo {
        name: "skew_term",
        label: "term of the skew part",
        symbol: "∠(BᵀM_skew, Bᵀ)",
        unit: "degrees",
        definition: "Angle to the transposed B of B' times the skew-symmetric part of M: a right angle for every \
                     draw.",
        kinds: SAMPLE,
    },
    QuantityInfo {
        name: "skew_ratio",
        label: "skew over symmetric part",
        symbol: "‖BᵀM_skew‖ / ‖BᵀM_sym‖",
        unit: "",
        definition: "Norm of B' times the skew-symmetric part of M over that of the symmetric part.",
        kinds: SAMPLE,
    },
    QuantityInfo {
        name: "eigenvalue",
        label: "eigenvalue of the symmetric part",
        symbol: "λ(M_sym) / (P n₀)",
        unit: "",
        definition: "Eigenvalue of the symmetric part of M over P n0, of the first draw of a repeat, in ascending \
                     order; the iteration column holds its rank from 0.",
        kinds: SAMPLE,
    },
    QuantityInfo {
        name: "delta_angle",
        label: "angle of the deltas",
        symbol: "∠(δ, δ_BP)",
        unit: "degrees",
        definition: "Drawn angle between two batches of error signals.",
        kinds: SAMPLE,
    },
    QuantityInfo {
        name: "weight_angle",
        label: "angle of the weights",
        symbol: "∠(B, Wᵀ)",
        unit: "degrees",
        definition: "Drawn angle between two weight matrices.",
        kinds: SAMPLE,
    },
    QuantityInfo {
        name: "composed_angle",
        label: "composed angle",
        symbol: "∠(δB, δ_BP Wᵀ)",
        unit: "degrees",
        definition: "Angle between the products of the two pairs: of the error signals one layer down.",
        kinds: SAMPLE,
    },
    QuantityInfo {
        name: "masked_composed_angle",
        label: "composed angle with ReLU masks",
        symbol: "∠ masked",
        unit: "degrees",
        definition: "The composed angle with random masks on the error signals and on the products, the same for \
                     both.",
        kinds: SAMPLE,
    },
    QuantityInfo {
        name: "delta_alignment",
        label: "delta alignment",
        symbol: "∠(δ, δ_BP)",
        unit: "degrees",
        definition: "Angle between the error signals of the units that W_l leads to, carried back by the rule and by BP from the same output, on the probe batch; the output layer's are equal by construction and not reported.",
        kinds: TRAIN,
    },
    QuantityInfo {
        name: "weight_growth",
        label: "weight growth",
        symbol: "‖W‖ / ‖W(0)‖",
        unit: "",
        definition: "Frobenius norm of W_l over what it was at the start.",
        kinds: TRAIN,
    },
    QuantityInfo {
        name: "relative_update",
        label: "relative update",
        symbol: "‖ΔW‖ / (η ‖W‖)",
        unit: "",
        definition: "Frobenius norm of the rule's update of W_l on the probe batch, before the learning rate, momentum and decay, over that of W_l.",
        kinds: TRAIN,
    },
    QuantityInfo {
        name: "update_weight_angle",
        label: "angle of update and weights",
        symbol: "∠(ΔW, W)",
        unit: "degrees",
        definition: "Angle between the rule's update of W_l on the probe batch and W_l itself: below 90 degrees it lengthens the weights.",
        kinds: TRAIN,
    },
    QuantityInfo {
        name: "pre_activation_p01",
        label: "pre-activation, 1st percentile",
        symbol: "z, 1st percentile",
        unit: "",
        definition: "First percentile of the pre-activations of all units that W_l leads to, on the probe batch.",
        kinds: TRAIN,
    },
    QuantityInfo {
        name: "pre_activation_p50",
        label: "pre-activation, median",
        symbol: "z, median",
        unit: "",
        definition: "Median of the pre-activations of all units that W_l leads to, on the probe batch.",
        kinds: TRAIN,
    },
    QuantityInfo {
        name: "pre_activation_p99",
        label: "pre-activation, 99th percentile",
        symbol: "z, 99th percentile",
        unit: "",
        definition: "99th percentile of the pre-activations of all units that W_l leads to, on the probe batch.",
        kinds: TRAIN,
    },
    QuantityInfo {
        name: "pre_activation_off",
        label: "pre-activations below -1",
        symbol: "z < −1",
        unit: "percent",
        definition: "Share of the pre-activations below -1, of all units that W_l leads to, on the probe batch.",
        kinds: TRAIN,
    },
    QuantityInfo {
        name: "dead_units",
        label: "dead units",
        symbol: "dead units",
        unit: "units",
        definition: "Units that W_l leads to whose activation has derivative 0 on every sample of the probe batch, so that no error changes their input weights.",
        kinds: TRAIN,
    },
    QuantityInfo {
        name: "delta_norm_p001",
        label: "error norm, 0.1 percentile",
        symbol: "‖δ‖, 0.1 percentile",
        unit: "",
        definition: "0.1 percentile, over all training images, of the Euclidean norm of an image's error signal at the units that W_l leads to.",
        kinds: TRAIN,
    },
    QuantityInfo {
        name: "delta_norm_p50",
        label: "error norm, median",
        symbol: "‖δ‖, median",
        unit: "",
        definition: "Median, over all training images, of the Euclidean norm of an image's error signal at the units that W_l leads to.",
        kinds: TRAIN,
    },
    QuantityInfo {
        name: "delta_norm_mode",
        label: "error norm, mode",
        symbol: "‖δ‖, mode",
        unit: "",
        definition: "Middle of the fullest of 60 equal bins between 0 and the 98th percentile of the norm of an image's error signal at the units that W_l leads to, over all training images.",
        kinds: TRAIN,
    },
    QuantityInfo {
        name: "accuracy_before_change",
        label: "test accuracy under the old code",
        symbol: "test accuracy, old code",
        unit: "percent",
        definition: "Test accuracy just before a label change, read out by the code in force until then; exists at label changes only, where test_accuracy is that under the new code.",
        kinds: TRAIN,
    },
    QuantityInfo {
        name: "recovery_time",
        label: "recovery time",
        symbol: "recovery time",
        unit: "epochs",
        definition: "Epochs from the latest label change before this state until the test accuracy, looked at after every epoch, first reached nine tenths of what it was before; absent if it did not. Recorded at the following change and at the end.",
        kinds: TRAIN,
    },
    QuantityInfo {
        name: "update_null_p025",
        label: "null of update alignment, 2.5th percentile",
        symbol: "null, 2.5th percentile",
        unit: "degrees",
        definition: "2.5th percentile of the angle between BP's update of W_l and that of BP-TRW with 200 other draws of every B, on the probe batch and this state.",
        kinds: TRAIN,
    },
    QuantityInfo {
        name: "update_null_p975",
        label: "null of update alignment, 97.5th percentile",
        symbol: "null, 97.5th percentile",
        unit: "degrees",
        definition: "97.5th percentile of the angle between BP's update of W_l and that of BP-TRW with 200 other draws of every B, on the probe batch and this state.",
        kinds: TRAIN,
    },
    QuantityInfo {
        name: "update_alignment_z",
        label: "standard score of update alignment",
        symbol: "z of ∠(ΔW, ΔW_BP)",
        unit: "",
        definition: "Cosine of the update alignment minus its mean under 200 other draws of every B, over their standard deviation: positive where the updates align more than chance has it.",
        kinds: TRAIN,
    },
    QuantityInfo {
        name: "activation_growth",
        label: "activation growth",
        symbol: "‖L‖ / ‖L(0)‖",
        unit: "",
        definition: "Frobenius norm of the activities of the units that W_l leads to, on the probe batch, over what it was at the start. Above 50, angles are those of a network that runs away.",
        kinds: TRAIN,
    },
    QuantityInfo {
        name: "bp_gradient_norm",
        label: "norm of BP's gradient",
        symbol: "‖ΔW_BP‖ / P",
        unit: "",
        definition: "Frobenius norm of BP's update of W_l on the probe batch, averaged over its samples. Below 1e-7, update alignment compares with rounding errors.",
        kinds: TRAIN,
    },
    QuantityInfo {
        name: "gradient_stability",
        label: "angle of BP's gradients on two half batches",
        symbol: "∠ of half batches",
        unit: "degrees",
        definition: "Angle between BP's updates of W_l on the two halves of the probe batch. Near 90 degrees, the gradient has no direction of its own that an update could align with.",
        kinds: TRAIN,
    },
    QuantityInfo {
        name: "source_alignment",
        label: "weight alignment in the network",
        symbol: "∠(W, Bᵀ) in the network",
        unit: "degrees",
        definition: "Weight alignment, after the same update, of the network whose signals are replayed.",
        kinds: REPLAY,
    },
    QuantityInfo {
        name: "similarity_activity_within",
        label: "activity similarity, same class",
        symbol: "S_L, same class",
        unit: "",
        definition: "Mean over pairs of samples of one class, one at iteration k - o and one at k, of the inner product of their activities in layer l - 1 (what feeds the layer whose units W_l starts from).",
        kinds: TRAIN,
    },
    QuantityInfo {
        name: "similarity_activity_between",
        label: "activity similarity, different classes",
        symbol: "S_L, different classes",
        unit: "",
        definition: "As similarity_activity_within, over pairs of different classes.",
        kinds: TRAIN,
    },
    QuantityInfo {
        name: "similarity_error_within",
        label: "error similarity, same class",
        symbol: "S_δ, same class",
        unit: "",
        definition: "Mean over pairs of samples of one class, one at iteration k - o and one at k, of the inner product of their error signals at the units that W_l leads to.",
        kinds: TRAIN,
    },
    QuantityInfo {
        name: "similarity_error_between",
        label: "error similarity, different classes",
        symbol: "S_δ, different classes",
        unit: "",
        definition: "As similarity_error_within, over pairs of different classes.",
        kinds: TRAIN,
    },
    QuantityInfo {
        name: "similarity_product_within",
        label: "product of similarities, same class",
        symbol: "S_L S_δ, same class",
        unit: "",
        definition: "Mean over pairs of samples of one class of the product of the two similarities: what tr M is the sum of.",
        kinds: TRAIN,
    },
    QuantityInfo {
        name: "similarity_product_between",
        label: "product of similarities, different classes",
        symbol: "S_L S_δ, different classes",
        unit: "",
        definition: "As similarity_product_within, over pairs of different classes.",
        kinds: TRAIN,
    },
    QuantityInfo {
        name: "similarity_product",
        label: "product of similarities",
        symbol: "S_L S_δ",
        unit: "",
        definition: "Mean over all pairs of samples of the product of the two similarities: tr M over the number of pairs.",
        kinds: TRAIN,
    },
    QuantityInfo {
        name: "similarity_shuffled",
        label: "product of similarities, shuffled",
        symbol: "S_L S_δ, shuffled",
        unit: "",
        definition: "Exact expectation of similarity_product when the error similarities are permuted at random over all pairs.",
        kinds: TRAIN,
    },
    QuantityInfo {
        name: "similarity_z",
        label: "standard score of the products",
        symbol: "z of S_L S_δ",
        unit: "",
        definition: "similarity_product minus its expectation under random permutations of the error similarities over pairs, over its exact standard deviation.",
        kinds: TRAIN,
    },
    QuantityInfo {
        name: "similarity_random_within",
        label: "activity similarity, same random class",
        symbol: "S_L, same random class",
        unit: "",
        definition: "similarity_activity_within with the classes of all samples drawn at random: the control in which classes say nothing.",
        kinds: TRAIN,
    },
    QuantityInfo {
        name: "similarity_random_between",
        label: "activity similarity, different random classes",
        symbol: "S_L, different random classes",
        unit: "",
        definition: "similarity_activity_between with the classes of all samples drawn at random.",
        kinds: TRAIN,
    },
    QuantityInfo {
        name: "mean_eigenvalue",
        label: "mean eigenvalue of the symmetric part",
        symbol: "tr M / n",
        unit: "",
        definition: "Mean eigenvalue of the symmetric part of M = D(k-o)' L(k-o) L(k)' D(k), its trace over its size: positive where the linear alignment term of lag o points at the transposed B_l.",
        kinds: TRAIN,
    },
    QuantityInfo {
        name: "symmetric_share",
        label: "symmetric share",
        symbol: "‖M_sym‖ / ‖M‖",
        unit: "",
        definition: "Norm of the symmetric part of M over that of M.",
        kinds: TRAIN,
    },
    QuantityInfo {
        name: "activity_autocorrelation",
        label: "autocorrelation of activities",
        symbol: "autocorrelation of L",
        unit: "",
        definition: "Cosine between the activities of layer l - 1 at iterations k and k - o, sample by sample and unit by unit, about zero.",
        kinds: TRAIN,
    },
    QuantityInfo {
        name: "error_autocorrelation",
        label: "autocorrelation of error signals",
        symbol: "autocorrelation of δ",
        unit: "",
        definition: "Cosine between the error signals at the units that W_l leads to at iterations k and k - o, sample by sample and unit by unit, about zero.",
        kinds: TRAIN,
    },
    QuantityInfo {
        name: "explained",
        label: "variance explained by the first component",
        symbol: "variance, component 1",
        unit: "percent",
        definition: "Share of the variance of the snapshots of both networks, about their common mean, along the first principal component.",
        kinds: PLANE,
    },
    QuantityInfo {
        name: "explained_second",
        label: "variance explained by the second component",
        symbol: "variance, component 2",
        unit: "percent",
        definition: "The same along the second principal component.",
        kinds: PLANE,
    },
    QuantityInfo {
        name: "plane_training_loss",
        label: "training loss",
        symbol: "training loss",
        unit: "",
        definition: "Loss of the first network at the end over all training images, as half the Frobenius norm of target minus output: the paper's measure, a square root.",
        kinds: PLANE,
    },
    QuantityInfo {
        name: "plane_training_loss_second",
        label: "training loss of the second network",
        symbol: "training loss, second",
        unit: "",
        definition: "The same of the second network.",
        kinds: PLANE,
    },
    QuantityInfo {
        name: "plane_accuracy",
        label: "test accuracy",
        symbol: "test accuracy",
        unit: "percent",
        definition: "Test accuracy of the first network at the end.",
        kinds: PLANE,
    },
    QuantityInfo {
        name: "plane_accuracy_second",
        label: "test accuracy of the second network",
        symbol: "test accuracy, second",
        unit: "percent",
        definition: "Test accuracy of the second network at the end.",
        kinds: PLANE,
    },
    QuantityInfo {
        name: "plane_loss",
        label: "loss over the plane",
        symbol: "loss",
        unit: "",
        definition: "Loss over all training images, as half the Frobenius norm of target minus output, of the network with the parameters of a point of the plane of the two leading components; the iteration column holds the point's number, row by row from the lower left.",
        kinds: PLANE,
    },
    QuantityInfo {
        name: "plane_position",
        label: "position of the first network",
        symbol: "position",
        unit: "",
        definition: "Coordinates of the first network's snapshots along the components; the layer column holds the component, 0 or 1.",
        kinds: PLANE,
    },
    QuantityInfo {
        name: "plane_position_second",
        label: "position of the second network",
        symbol: "position, second",
        unit: "",
        definition: "Coordinates of the second network's snapshots along the components; the layer column holds the component, 0 or 1.",
        kinds: PLANE,
    },
];

impl Quantity {
    /// All quantities, in the order of the registry.
    pub const ALL: [Self; 72] = [
        Self::WeightAlignment,
        Self::UpdateAlignment,
        Self::WeightNorm,
        Self::TestAccuracy,
        Self::TrainAccuracy,
        Self::Loss,
        Self::WeightInnerProduct,
        Self::WeightSquaredNorm,
        Self::ConditionalAlignment,
        Self::StepAlignment,
        Self::AlignmentTerm,
        Self::AlignmentTermNorm,
        Self::SuperalignmentTerm,
        Self::SuperalignmentTermNorm,
        Self::AlignmentSum,
        Self::AlignmentSumNorm,
        Self::SuperalignmentSum,
        Self::SuperalignmentSumNorm,
        Self::MaskedTerm,
        Self::SymmetricTerm,
        Self::SkewTerm,
        Self::SkewRatio,
        Self::Eigenvalue,
        Self::DeltaAngle,
        Self::WeightAngle,
        Self::ComposedAngle,
        Self::MaskedComposedAngle,
        Self::DeltaAlignment,
        Self::WeightGrowth,
        Self::RelativeUpdate,
        Self::UpdateWeightAngle,
        Self::PreActivationLow,
        Self::PreActivationMedian,
        Self::PreActivationHigh,
        Self::PreActivationOff,
        Self::DeadUnits,
        Self::DeltaNormLow,
        Self::DeltaNormMedian,
        Self::DeltaNormMode,
        Self::AccuracyBeforeChange,
        Self::RecoveryTime,
        Self::UpdateNullLow,
        Self::UpdateNullHigh,
        Self::UpdateAlignmentZ,
        Self::ActivationGrowth,
        Self::BpGradientNorm,
        Self::GradientStability,
        Self::SourceAlignment,
        Self::SimilarityActivityWithin,
        Self::SimilarityActivityBetween,
        Self::SimilarityErrorWithin,
        Self::SimilarityErrorBetween,
        Self::SimilarityProductWithin,
        Self::SimilarityProductBetween,
        Self::SimilarityProduct,
        Self::SimilarityShuffled,
        Self::SimilarityZ,
        Self::SimilarityRandomWithin,
        Self::SimilarityRandomBetween,
        Self::MeanEigenvalue,
        Self::SymmetricShare,
        Self::ActivityAutocorrelation,
        Self::ErrorAutocorrelation,
        Self::Explained,
        Self::ExplainedSecond,
        Self::PlaneTrainingLoss,
        Self::PlaneTrainingLossSecond,
        Self::PlaneAccuracy,
        Self::PlaneAccuracySecond,
        Self::PlaneLoss,
        Self::PlaneFirst,
        Self::PlaneSecond,
    ];

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

    /// Whether a drawing of this kind yields this quantity of kind sample.
    pub fn is_drawn_by(self, draw: Draw) -> bool {
        let composed =
            matches!(self, Self::DeltaAngle | Self::WeightAngle | Self::ComposedAngle | Self::MaskedComposedAngle);
        composed == matches!(draw, Draw::Composition | Draw::AcuteComposition)
    }

    /// Whether it is measured at lags.
    pub fn has_lags(self) -> bool {
        self.is_similarity()
    }

    /// Whether it compares the signals of two iterations.
    pub fn is_similarity(self) -> bool {
        (Self::SimilarityActivityWithin..=Self::ErrorAutocorrelation).contains(&self)
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
            Self::UpdateAlignment if rule == Some(Rule::Shallow) => 0..0,
            Self::UpdateAlignment => 0..depth.saturating_sub(1),
            Self::DeltaAlignment | Self::UpdateNullLow | Self::UpdateNullHigh | Self::UpdateAlignmentZ => {
                if rule == Some(Rule::BpTrw) { 0..depth.saturating_sub(1) } else { 0..0 }
            }
            Self::RelativeUpdate | Self::UpdateWeightAngle if rule == Some(Rule::Shallow) => depth - 1..depth,
            Self::DeltaNormLow | Self::DeltaNormMedian | Self::DeltaNormMode if rule == Some(Rule::Shallow) => {
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
            Self::PlaneFirst | Self::PlaneSecond => 0..2,
            _ if matches!(condition, Condition::Plane(_)) => return vec![None],
            similarity if similarity.is_similarity() => 1..depth,
            // All others compare with B.
            _ => match rule {
                Some(Rule::Bp | Rule::Shallow) => 0..0,
                _ => 1..depth,
            },
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
        for quantity in Quantity::ALL {
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
