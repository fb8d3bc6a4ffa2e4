//! Quantities of the alignment budget: what the alignment of a layer has come from so far.

use super::family::family;
use super::kinds::{ISOLATE_TRAIN, TRAIN};
use super::layers;

family! {
    sees |state, place| Ok(place.layer.and_then(|l| state.budget(l)));
    BudgetAlignment: "budget_alignment", "gain in alignment", "⟨W, Bᵀ⟩ − ⟨W(0), Bᵀ⟩", "",
        ISOLATE_TRAIN, layers::balanced,
        |budget, at| Some(budget.alignment),
        "Inner product of W_l and the transposed B_l, less that of the start: budget_growth less \
         the other three parts of the budget.";
    BudgetGrowth: "budget_growth", "growth of the weights below", "½Δ‖W below‖²", "", ISOLATE_TRAIN,
        layers::balanced,
        |budget, at| Some(budget.growth),
        "Half the squared norm of W_(l-1) and of the biases it leads to, less that of the start.";
    BudgetQuadratic: "budget_quadratic", "squared steps of the weights below", "Σ½‖ΔW below‖²", "",
        ISOLATE_TRAIN, layers::balanced,
        |budget, at| Some(budget.quadratic),
        "Half the squared norms of all steps of W_(l-1) and of the biases it leads to, summed over \
         iterations: growth that is not alignment.";
    BudgetCurvature: "budget_curvature", "curvature of the activation", "Σ η⟨f′(z) z − f(z), E⟩",
        "", ISOLATE_TRAIN, layers::balanced,
        |budget, at| Some(budget.curvature),
        "Sum over iterations of what the curvature of the activation takes from the alignment \
         budget; 0 for linear, ReLU and leaky ReLU.";
    BudgetInjected: "budget_injected", "injected by normalisation, decay and momentum", "injected",
        "", ISOLATE_TRAIN, layers::balanced,
        |budget, at| Some(budget.growth - budget.alignment - budget.quadratic - budget.curvature),
        "Sum over iterations of what is left of the alignment budget: what weight normalisation, \
         decay, momentum and biases that do not learn bring in. Zero to rounding for plain steps.";
    BudgetOwn: "budget_own", "taken by normalisation of the weights themselves", "−Σ⟨ΔP, Bᵀ⟩", "",
        ISOLATE_TRAIN, layers::balanced,
        |budget, at| Some(budget.injected_above),
        "Part of budget_injected: sum over iterations of what weight normalisation, decay and \
         momentum of W_l itself take from the alignment that plain steps would have brought. The \
         rest of budget_injected is of the weights below.";
    BudgetOptimizer: "budget_optimizer", "injected by the optimiser", "injected by the optimiser",
        "", TRAIN, layers::balanced,
        |budget, at| Some(budget.injected.by_optimizer),
        "Part of budget_injected, computed from steps and gradients: what steps are, before \
         weights are normalised, beside the gradient times its rate. Momentum, decay, adaptation, \
         and biases that do not learn.";
    BudgetNormalization: "budget_normalization", "injected by weight normalisation",
        "injected by WN", "", TRAIN, layers::balanced,
        |budget, at| Some(budget.injected.by_normalization),
        "Part of budget_injected, computed from the weights before and after they are normalised: \
         what weight normalisation brings in.";
    BudgetActivityNorm: "budget_activity_norm", "injected by normalisation of activities",
        "injected by activity norm", "", TRAIN, layers::balanced,
        |budget, at| Some(budget.injected.by_activity_norm),
        "Part of budget_injected, computed from pre-activations and errors before and after they \
         are normalised: what batch or layer normalisation makes of gradients. With \
         budget_optimizer and budget_normalization it makes up budget_injected.";
}
