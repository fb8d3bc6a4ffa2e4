//! What the recursion comes to in closed form: the first order of small rates, and where held
//! signals end.

use super::DeepNetwork;
use crate::matrix::Matrix;

/// Cosines of `W_l` to `B_l^T`, `l` from 1 to `D-1`, to leading order in the learning rate, in wide
/// layers with `B_l ~ N(0, b_std_l^2)`:
///
/// ```text
/// cos_l = eta^2 c_l alpha_{l-1}^2 tr M / (s_l sB_l n_l n_{l+1})        tr M = sum_{s<t} tr(A_s^T A_t)
/// ```
///
/// with `trace` = `tr M`. All layers share it; they differ in how much of it reaches them, `c_l`
/// (from above, through `B`) and `alpha_{l-1}` (from below, through the start of the weights), and
/// in how many weights it has to turn.
pub fn leading_order(network: &DeepNetwork, b_std: &[f64], eta: f64, trace: f64) -> Vec<f64> {
    let n: Vec<f64> = network.sizes.iter().map(|&n| n as f64).collect();
    let depth = network.depth();
    let carried = |l: usize| -> f64 { (l..depth).map(|j| n[j] * b_std[j - 1].powi(2)).product() };
    let passed =
        |l: usize| -> f64 { (0..l).map(|j| n[j + 1] * network.w_std[j].powi(2)).product() };
    let of_layer = |l: usize| {
        let scale = network.w_std[l] * b_std[l - 1] * n[l] * n[l + 1];
        eta * eta * carried(l) * passed(l - 1) * trace / scale
    };
    (1..depth).map(of_layer).collect()
}

/// Cosines of `W_l` to `B_l^T`, `l` from 1 to `D-1`, where held signals end in wide layers:
///
/// ```text
/// cos_l^2 = (tr P_l)^2 / (n_{l+1} tr P_l^2)        P_l = (A^T A)^(2^(l-1)),   A = X^T E
/// ```
///
/// Once the start is outgrown, `Q_0` grows as `A t`, what layer 1 learns as `A^T A t^2`, and each
/// layer above as the product of what all layers below have learnt, which squares it. So the same
/// few directions take over the more the higher the layer: `cos_l` goes to `1 / sqrt(n_{l+1})` as
/// the largest eigenvalue of `P_l` does. For one hidden layer this is the limit of
/// [`crate::theory::one_step`].
pub fn held_limit(sizes: &[usize], step: &Matrix<f64>) -> Vec<f64> {
    let mut power = (step.t() * step).to_matrix();
    let mut all = Vec::new();
    for &units in &sizes[2..] {
        // Its size does not matter, and would overflow.
        let scale = power.norm();
        if scale > 0.0 {
            power.scale(1.0 / scale);
        }
        all.push(power.trace() / (units as f64 * power.squared_norm()).sqrt());
        power = (&power * &power).to_matrix();
    }
    all
}
