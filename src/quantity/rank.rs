//! Quantities of rank: how many directions activities, errors, updates and weights fill, and what
//! chance has of them.

use super::family::family;
use super::instruments::Ranked;
use super::kinds::OBSERVED;
use super::layers;

family! {
    sees |state, _place| Ok(Some(state));
    ActivityParticipationRatio: "activity_participation_ratio", "participation ratio of activities",
        "PR(L)", "", OBSERVED, layers::fed,
        |state, at| Some(state.ranks(Ranked::Activity, at.layer?)?.participation_ratio),
        "Participation ratio (Σs²)² / Σs⁴ of the singular values s of what W_l is fed, samples by \
         units, on the probe batch, as it is: its mean over samples is not taken off.";
    ActivityStableRank: "activity_stable_rank", "stable rank of activities", "srank(L)", "", OBSERVED,
        layers::fed,
        |state, at| Some(state.ranks(Ranked::Activity, at.layer?)?.stable_rank),
        "Stable rank Σs² / max s² of the singular values s of what W_l is fed, samples by units, \
         on the probe batch, as it is: its mean over samples is not taken off.";
    ActivityEffectiveRank: "activity_effective_rank", "effective rank of activities", "erank(L)",
        "", OBSERVED, layers::fed,
        |state, at| Some(state.ranks(Ranked::Activity, at.layer?)?.effective_rank),
        "Effective rank, the exponential of the entropy of s / Σs (Roy & Vetterli 2007), of the \
         singular values s of what W_l is fed, samples by units, on the probe batch, as it is: \
         its mean over samples is not taken off.";
    ErrorParticipationRatio: "error_participation_ratio", "participation ratio of error signals",
        "PR(δ)", "", OBSERVED, layers::learning,
        |state, at| Some(state.ranks(Ranked::Error, at.layer?)?.participation_ratio),
        "Participation ratio (Σs²)² / Σs⁴ of the singular values s of the error signals of the \
         units that W_l leads to, samples by units, on the probe batch.";
    ErrorStableRank: "error_stable_rank", "stable rank of error signals", "srank(δ)", "", OBSERVED,
        layers::learning,
        |state, at| Some(state.ranks(Ranked::Error, at.layer?)?.stable_rank),
        "Stable rank Σs² / max s² of the singular values s of the error signals of the units that \
         W_l leads to, samples by units, on the probe batch.";
    ErrorEffectiveRank: "error_effective_rank", "effective rank of error signals", "erank(δ)", "",
        OBSERVED, layers::learning,
        |state, at| Some(state.ranks(Ranked::Error, at.layer?)?.effective_rank),
        "Effective rank, the exponential of the entropy of s / Σs (Roy & Vetterli 2007), of the \
         singular values s of the error signals of the units that W_l leads to, samples by units, \
         on the probe batch.";
    UpdateParticipationRatio: "update_participation_ratio", "participation ratio of update",
        "PR(ΔW)", "", OBSERVED, layers::learning,
        |state, at| Some(state.ranks(Ranked::Update, at.layer?)?.participation_ratio),
        "Participation ratio (Σs²)² / Σs⁴ of the singular values s of the rule's update of W_l on \
         the probe batch, before learning rate, momentum and decay.";
    UpdateStableRank: "update_stable_rank", "stable rank of update", "srank(ΔW)", "", OBSERVED,
        layers::learning,
        |state, at| Some(state.ranks(Ranked::Update, at.layer?)?.stable_rank),
        "Stable rank Σs² / max s² of the singular values s of the rule's update of W_l on the \
         probe batch, before learning rate, momentum and decay.";
    UpdateEffectiveRank: "update_effective_rank", "effective rank of update", "erank(ΔW)", "",
        OBSERVED, layers::learning,
        |state, at| Some(state.ranks(Ranked::Update, at.layer?)?.effective_rank),
        "Effective rank, the exponential of the entropy of s / Σs (Roy & Vetterli 2007), of the \
         singular values s of the rule's update of W_l on the probe batch, before learning rate, \
         momentum and decay.";
    WeightParticipationRatio: "weight_participation_ratio", "participation ratio of weights",
        "PR(W)", "", OBSERVED, layers::every,
        |state, at| Some(state.ranks(Ranked::Weight, at.layer?)?.participation_ratio),
        "Participation ratio (Σs²)² / Σs⁴ of the singular values s of W_l.";
    WeightStableRank: "weight_stable_rank", "stable rank of weights", "srank(W)", "", OBSERVED,
        layers::every,
        |state, at| Some(state.ranks(Ranked::Weight, at.layer?)?.stable_rank),
        "Stable rank Σs² / max s² of the singular values s of W_l.";
    WeightEffectiveRank: "weight_effective_rank", "effective rank of weights", "erank(W)", "",
        OBSERVED, layers::every,
        |state, at| Some(state.ranks(Ranked::Weight, at.layer?)?.effective_rank),
        "Effective rank, the exponential of the entropy of s / Σs (Roy & Vetterli 2007), of the \
         singular values s of W_l.";
    BpErrorParticipationRatio: "bp_error_participation_ratio",
        "participation ratio of BP's error signals", "PR(δ_BP)", "", OBSERVED, layers::backpropagated,
        |state, at| Some(state.ranks(Ranked::BpError, at.layer?)?.participation_ratio),
        "As error_participation_ratio, of the error signals that BP would carry back through the \
         same weights: what the state of the network has, whatever the rule.";
    BpErrorStableRank: "bp_error_stable_rank", "stable rank of BP's error signals", "srank(δ_BP)",
        "", OBSERVED, layers::backpropagated,
        |state, at| Some(state.ranks(Ranked::BpError, at.layer?)?.stable_rank),
        "As error_stable_rank, of the error signals that BP would carry back through the same \
         weights: what the state of the network has, whatever the rule.";
    BpErrorEffectiveRank: "bp_error_effective_rank", "effective rank of BP's error signals",
        "erank(δ_BP)", "", OBSERVED, layers::backpropagated,
        |state, at| Some(state.ranks(Ranked::BpError, at.layer?)?.effective_rank),
        "As error_effective_rank, of the error signals that BP would carry back through the same \
         weights: what the state of the network has, whatever the rule.";
    ActivityParticipationRatioNull: "activity_participation_ratio_null",
        "null of the participation ratio of activities", "null of PR(L)", "", OBSERVED, layers::fed,
        |state, at| Some(state.chance(Ranked::Activity, at.layer?)?.participation_ratio),
        "What chance has of activity_participation_ratio: mean over 20 draws of independent \
         normal entries in place of what W_l is fed, in the same shapes.";
    ActivityStableRankNull: "activity_stable_rank_null", "null of the stable rank of activities",
        "null of srank(L)", "", OBSERVED, layers::fed,
        |state, at| Some(state.chance(Ranked::Activity, at.layer?)?.stable_rank),
        "What chance has of activity_stable_rank: mean over 20 draws of independent normal \
         entries in place of what W_l is fed, in the same shapes.";
    ActivityEffectiveRankNull: "activity_effective_rank_null",
        "null of the effective rank of activities", "null of erank(L)", "", OBSERVED, layers::fed,
        |state, at| Some(state.chance(Ranked::Activity, at.layer?)?.effective_rank),
        "What chance has of activity_effective_rank: mean over 20 draws of independent normal \
         entries in place of what W_l is fed, in the same shapes.";
    ErrorParticipationRatioNull: "error_participation_ratio_null",
        "null of the participation ratio of error signals", "null of PR(δ)", "", OBSERVED,
        layers::learning,
        |state, at| Some(state.chance(Ranked::Error, at.layer?)?.participation_ratio),
        "What chance has of error_participation_ratio: mean over 20 draws of independent normal \
         entries in place of the error signals, those of the rule or of BP, in the same shapes.";
    ErrorStableRankNull: "error_stable_rank_null", "null of the stable rank of error signals",
        "null of srank(δ)", "", OBSERVED, layers::learning,
        |state, at| Some(state.chance(Ranked::Error, at.layer?)?.stable_rank),
        "What chance has of error_stable_rank: mean over 20 draws of independent normal entries \
         in place of the error signals, those of the rule or of BP, in the same shapes.";
    ErrorEffectiveRankNull: "error_effective_rank_null",
        "null of the effective rank of error signals", "null of erank(δ)", "", OBSERVED,
        layers::learning,
        |state, at| Some(state.chance(Ranked::Error, at.layer?)?.effective_rank),
        "What chance has of error_effective_rank: mean over 20 draws of independent normal \
         entries in place of the error signals, those of the rule or of BP, in the same shapes.";
    UpdateParticipationRatioNull: "update_participation_ratio_null",
        "null of the participation ratio of update", "null of PR(ΔW)", "", OBSERVED, layers::learning,
        |state, at| Some(state.chance(Ranked::Update, at.layer?)?.participation_ratio),
        "What chance has of update_participation_ratio: mean over 20 draws of the update that \
         independent normal activities and error signals make, whose rank the samples limit, in \
         the same shapes.";
    UpdateStableRankNull: "update_stable_rank_null", "null of the stable rank of update",
        "null of srank(ΔW)", "", OBSERVED, layers::learning,
        |state, at| Some(state.chance(Ranked::Update, at.layer?)?.stable_rank),
        "What chance has of update_stable_rank: mean over 20 draws of the update that independent \
         normal activities and error signals make, whose rank the samples limit, in the same \
         shapes.";
    UpdateEffectiveRankNull: "update_effective_rank_null", "null of the effective rank of update",
        "null of erank(ΔW)", "", OBSERVED, layers::learning,
        |state, at| Some(state.chance(Ranked::Update, at.layer?)?.effective_rank),
        "What chance has of update_effective_rank: mean over 20 draws of the update that \
         independent normal activities and error signals make, whose rank the samples limit, in \
         the same shapes.";
    WeightParticipationRatioNull: "weight_participation_ratio_null",
        "null of the participation ratio of weights", "null of PR(W)", "", OBSERVED, layers::every,
        |state, at| Some(state.chance(Ranked::Weight, at.layer?)?.participation_ratio),
        "What chance has of weight_participation_ratio: mean over 20 draws of independent normal \
         entries in place of W_l, in the same shapes.";
    WeightStableRankNull: "weight_stable_rank_null", "null of the stable rank of weights",
        "null of srank(W)", "", OBSERVED, layers::every,
        |state, at| Some(state.chance(Ranked::Weight, at.layer?)?.stable_rank),
        "What chance has of weight_stable_rank: mean over 20 draws of independent normal entries \
         in place of W_l, in the same shapes.";
    WeightEffectiveRankNull: "weight_effective_rank_null", "null of the effective rank of weights",
        "null of erank(W)", "", OBSERVED, layers::every,
        |state, at| Some(state.chance(Ranked::Weight, at.layer?)?.effective_rank),
        "What chance has of weight_effective_rank: mean over 20 draws of independent normal \
         entries in place of W_l, in the same shapes.";
}
