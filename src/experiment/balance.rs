//! The alignment budget over a run: what the alignment of every layer has come from so far.

use crate::matrix::Matrix;
use crate::quantity::{BudgetSoFar, Quantity};
use crate::real::Real;
use crate::rule::{Budget, Feedback, Injection, Layers, Pass, Sides};
use crate::run::Job;
use crate::vmath::sum_squares;

/// Sums of the parts of the budget of every `W_l`, `l >= 1`, in double precision.
pub(super) struct Balance<T> {
    /// The network before the update under way.
    before: Layers<T>,
    accounts: Vec<Account<T>>,
    /// Whether what is injected is separated by source.
    tells_apart: bool,
}

struct Account<T> {
    /// `B_l`.
    backward: Matrix<T>,
    /// `<W_l, B_l^T>` and half the squared norm below, at the start.
    start: [f64; 2],
    quadratic: f64,
    curvature: f64,
    injected_above: f64,
    injected: Injection,
}

impl<T: Real> Balance<T> {
    /// For what `job` measures, from the present state of a network on; `None` if nothing of it is
    /// part of the budget, or there is no `B`.
    pub fn new(job: &Job, layers: &Layers<T>, feedback: &Feedback<T>) -> Option<Self> {
        let open = |l: usize| {
            let backward = feedback.backward(l)?.clone();
            Some(Account {
                start: state(layers, l, &backward),
                backward,
                quadratic: 0.0,
                curvature: 0.0,
                injected_above: 0.0,
                injected: Injection::default(),
            })
        };
        let accounts: Vec<_> = (1..layers.depth()).filter_map(open).collect();
        (job.quantities().any(Quantity::is_budget) && !accounts.is_empty()).then(|| Self {
            before: layers.clone(),
            accounts,
            tells_apart: tells_apart(job),
        })
    }

    /// Books an update that led to `after`, over `unnormalised` weights where these were
    /// normalised: `passes` made it, `eta` is what the sum over the batch was multiplied by.
    pub fn after_update(
        &mut self,
        passes: &[(&Matrix<T>, &Pass<T>)],
        eta: T,
        unnormalised: Option<&[Matrix<T>]>,
        after: &Layers<T>,
    ) {
        let alone: Vec<&Pass<T>> = passes.iter().map(|(_, pass)| *pass).collect();
        for (below, account) in self.accounts.iter_mut().enumerate() {
            if self.tells_apart {
                let sides = Sides { before: &self.before, unnormalised, after };
                let found = Injection::of_layer(below, sides, passes, &account.backward, eta);
                let found = found.unwrap_or_default();
                account.injected.by_optimizer += found.by_optimizer;
                account.injected.by_normalization += found.by_normalization;
                account.injected.by_activity_norm += found.by_activity_norm;
            }
            let neurons =
                Budget::of_neurons(below, &self.before, after, &alone, &account.backward, eta);
            let Budget { quadratic, curvature, injected_above, .. } =
                Budget::of_layer(&neurons.unwrap_or_default());
            account.quadratic += quadratic;
            account.curvature += curvature;
            account.injected_above += injected_above;
        }
        self.before.clone_from(after);
    }

    /// The budget of `W_l` so far.
    pub fn of_layer(&self, l: usize) -> Option<BudgetSoFar> {
        let account = self.accounts.get(l.checked_sub(1)?)?;
        let [alignment, growth] = state(&self.before, l, &account.backward);
        Some(BudgetSoFar {
            alignment: alignment - account.start[0],
            growth: growth - account.start[1],
            quadratic: account.quadratic,
            curvature: account.curvature,
            injected_above: account.injected_above,
            injected: account.injected,
        })
    }
}

/// Whether something that `job` measures separates optimiser and normalisation.
pub(super) fn tells_apart(job: &Job) -> bool {
    [Quantity::BudgetOptimizer, Quantity::BudgetNormalization, Quantity::BudgetActivityNorm]
        .into_iter()
        .any(|quantity| job.measures(quantity))
}

/// `<W_l, B_l^T>` and `1/2 ||W_{l-1}||^2 + 1/2 ||b_l||^2`.
fn state<T: Real>(layers: &Layers<T>, l: usize, backward: &Matrix<T>) -> [f64; 2] {
    let (weights, towards) = (&layers.weights[l], backward.transpose());
    // Of direct feedback, only the B of the last hidden layer has the shape that is compared with.
    let comparable = (weights.rows(), weights.cols()) == (towards.rows(), towards.cols());
    let alignment = if comparable { weights.inner(&towards) } else { 0.0 };
    let growth = layers.weights[l - 1].squared_norm() + sum_squares(&layers.biases[l - 1]);
    [alignment, 0.5 * growth]
}
