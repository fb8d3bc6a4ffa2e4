//! The rule with ReLU at any depth, given its signals: a mean field of wide layers.
//!
//! Index every sample of every update by `p`, `q`. In wide layers the units of layer `l` are
//! independent of each other given the layers below and above, and all that these see of it are
//! inner products of activities, `Phi_l(p, q) = L_l,p . L_l,q`, and of error signals, `Delta_l(p,
//! q) = delta_l,p . delta_l,q`, from `Phi_0 = X X^T` and `Delta_D = E E^T`. A unit has
//!
//! ```text
//! z_p = h_p + eta sum_{q earlier} Phi_{l-1}(p, q) 1[z_q > 0] e_q        Cov h = s^2 Phi_{l-1},   Cov e = sB^2 Delta_{l+1}
//! ```
//!
//! with `h` and `e` Gaussian and independent of each other, for `W(0)` and `B` are. So
//!
//! ```text
//! <W_l, B_l^T>  = eta^2 sum_{q earlier than p} Phi_{l-1}(p, q) Delta_l(p, q)
//! ||W_l||^2     = n_l n_{l+1} s^2 + eta^2 sum_{p, q} Phi_l(p, q) Delta_{l+1}(p, q)
//! ```
//!
//! What is approximated is the law of `z`:
//! * The errors of all layers are taken along the outputs: `Delta_l(p, q) ~ c_l omega_l(p, q) E_p .
//!   E_q`, `omega` the product of `2 kappa` of the layers from `l` up, `kappa` the probability that
//!   a unit is active for both. So what a unit learns for `p` has `n_D` coordinates, `y_p = eta sum
//!   Phi(p, q) omega(p, q) kappa(p, q) / P(p) E_q`.
//! * `z` is Gaussian, of covariance `H = s^2 Phi + U` and mean `mu`. In `U` updates by the sample
//!   itself, whose gate is the same, and by others, whose gate is not, count differently; of what is
//!   learnt `kappa y_p . y_q` passes the gates.
//! * The mean is of second order, and decides how ReLU networks grow: errors correlate with what
//!   they have taught, so that `m = E[1[z > 0] e] > 0`, and activities are positive, so that all
//!   units drift: `mu_p = eta sum Phi(p, q) m_q`. Units at their threshold count, which are active
//!   for other samples less often than all.
//!
//! To first order in `eta^2` it is exact in wide layers: all kernels are those of the start. What
//! it is off by beyond, `docs/open-theory.md` says. No weights are drawn or iterated, and the cost
//! does not depend on the widths: it grows as the square of samples times updates.

use super::degrees;
use super::gates::{active, kernels};
use crate::matrix::Matrix;
use crate::view::View;

/// Most samples times updates: kernels are of that size squared.
pub const MOST_SAMPLES: usize = 20_000;

/// What a ReLU network in isolation starts from.
#[derive(Clone, Debug, PartialEq)]
pub struct ReluNetwork {
    /// Units of every layer, inputs first, at least three layers.
    pub sizes: Vec<usize>,
    /// Standard deviation of the forward weights at the start.
    pub w_std: f64,
    /// Standard deviation of the backward weights.
    pub b_std: f64,
    /// Learning rate.
    pub eta: f64,
}

/// What is known of the units of a hidden layer for every sample so far.
#[derive(Clone, Debug, Default)]
struct Units {
    /// `y`, `n_D` values per sample, and its part by the sample itself at other times.
    learnt: Vec<f64>,
    own: Vec<f64>,
    /// Variance of `h`, and of `z`.
    start: Vec<f64>,
    variance: Vec<f64>,
    /// `m`.
    drift: Vec<f64>,
    /// Mean of `z` over its standard deviation, and the share of units that are active.
    threshold: Vec<f64>,
    active: Vec<f64>,
}

impl Units {
    fn resize(&mut self, samples: usize, outputs: usize) {
        self.learnt.resize(samples * outputs, 0.0);
        self.own.resize(samples * outputs, 0.0);
        for values in [&mut self.start, &mut self.variance, &mut self.drift, &mut self.threshold] {
            values.resize(samples, 0.0);
        }
        self.active.resize(samples, 0.5);
    }
}

/// The mean field of a network, update by update.
#[derive(Clone, Debug)]
pub struct ReluTheory {
    network: ReluNetwork,
    /// Rows of all samples so far: inputs and errors.
    inputs: Vec<f64>,
    errors: Vec<f64>,
    /// Of layers 1 to `D-1`.
    units: Vec<Units>,
    /// `c_1 .. c_D`, by `l - 1`.
    carried: Vec<f64>,
    /// `<W_l, B_l^T>` and `||W_l||^2 - ||W_l(0)||^2`, by `l` from 0.
    inner: Vec<f64>,
    grown: Vec<f64>,
}

/// The samples of an update among all so far.
#[derive(Clone, Copy, Debug)]
struct Span {
    /// Samples before the update, and per update.
    before: usize,
    batch: usize,
}

impl Span {
    fn all(self) -> usize {
        self.before + self.batch
    }
}

impl ReluTheory {
    /// Assumptions of the prediction.
    pub const ASSUMPTIONS: &'static str = "ReLU, no output mask, no biases, no normalisation; \
         wide layers; given the signals, averaged over W(0) and B";
    /// Source of the prediction.
    pub const SOURCE: &'static str = "mean field of wide layers: arc-cosine kernels of Gaussian \
         pre-activations with the drift that learning gives them";

    /// The network at its start.
    pub fn new(network: ReluNetwork) -> Self {
        let depth = network.sizes.len() - 1;
        let mut carried = vec![1.0; depth];
        for l in (1..depth).rev() {
            let units = network.sizes[l] as f64;
            carried[l - 1] = carried[l] * 0.5 * units * network.b_std.powi(2);
        }
        Self {
            units: vec![Units::default(); depth - 1],
            carried,
            inner: vec![0.0; depth],
            grown: vec![0.0; depth],
            inputs: Vec::new(),
            errors: Vec::new(),
            network,
        }
    }

    /// What it was made for.
    pub fn network(&self) -> &ReluNetwork {
        &self.network
    }

    fn depth(&self) -> usize {
        self.network.sizes.len() - 1
    }

    fn outputs(&self) -> usize {
        self.network.sizes[self.depth()]
    }

    /// One update with these signals, `P x n_0` and `P x n_D`.
    pub fn advance(&mut self, activity: &Matrix<f64>, error: &Matrix<f64>) {
        let span = Span { before: self.errors.len() / self.outputs(), batch: activity.rows() };
        self.inputs.extend_from_slice(activity.as_slice());
        self.errors.extend_from_slice(error.as_slice());
        let outputs = self.outputs();
        self.units.iter_mut().for_each(|units| units.resize(span.all(), outputs));
        let similar = |now: &Matrix<f64>, all: &[f64]| {
            (now.view() * View::from_slice(all, span.all(), now.cols()).t()).to_matrix()
        };
        let (inputs, errors) = (similar(activity, &self.inputs), similar(error, &self.errors));
        let hidden = self.depth() - 1;
        // Gates of a layer need what it has learnt, which needs gates, its own and those above: the
        // first round takes them from the start of the weights.
        let (mut gates, mut above) = (vec![None; hidden], vec![None; hidden + 1]);
        let mut kernels = Vec::new();
        for _ in 0..2 {
            kernels = vec![inputs.clone()];
            for l in 1..=hidden {
                let (next, gate) =
                    self.layer(l, span, &kernels[l - 1], above[l].as_ref(), gates[l - 1].as_ref());
                kernels.push(next);
                gates[l - 1] = Some(gate);
            }
            let mut product: Option<Matrix<f64>> = None;
            for l in (1..=hidden).rev() {
                let Some(gate) = &gates[l - 1] else { continue };
                let mut here = gate.clone();
                here.scale(2.0);
                if let Some(product) = &product {
                    multiply(&mut here, product);
                }
                above[l - 1] = Some(here.clone());
                product = Some(here);
            }
        }
        self.count(span, &kernels, &gates, errors);
    }

    /// The kernel of layer `l` for the samples of an update (rows) and all so far, and the
    /// probability that a unit is active for both, given the kernel of the layer below, the
    /// product of `2 kappa` of the layers above and a first guess of this layer's `kappa`.
    fn layer(
        &mut self,
        l: usize,
        span: Span,
        below: &Matrix<f64>,
        above: Option<&Matrix<f64>>,
        guess: Option<&Matrix<f64>>,
    ) -> (Matrix<f64>, Matrix<f64>) {
        let Span { before, batch } = span;
        let (scale, units_here) = (self.network.w_std.powi(2), self.network.sizes[l] as f64);
        for p in 0..batch {
            self.units[l - 1].start[before + p] = scale * below.row(p)[before + p];
        }
        let first;
        let gate = match guess {
            Some(gate) => gate,
            None => {
                first = self.first_gates(l, span, below);
                &first
            }
        };
        let moving = self.learn(l, span, below, above, gate);
        let units = &mut self.units[l - 1];
        let mut gate = Matrix::zeros(batch, span.all());
        let mut kernel = Matrix::zeros(batch, span.all());
        for p in 0..batch {
            let row = before + p;
            let own = [units.threshold[row], units.variance[row]];
            for q in 0..span.all() {
                let size = (own[1] * units.variance[q]).sqrt();
                let shared = scale * below.row(p)[q] + moving.ungated.row(p)[q];
                let threshold = 0.5 * (own[0] + units.threshold[q]);
                let [kappa, r] = kernels(threshold, if size > 0.0 { shared / size } else { 0.0 });
                gate.row_mut(p)[q] = kappa;
                let excess = kappa * (moving.all.row(p)[q] - moving.ungated.row(p)[q]);
                kernel.row_mut(p)[q] = units_here * (size * r + excess);
            }
        }
        (kernel, gate)
    }

    /// `kappa` by the start of the weights and the drift so far.
    fn first_gates(&mut self, l: usize, span: Span, below: &Matrix<f64>) -> Matrix<f64> {
        let Span { before, batch } = span;
        let (scale, units) = (self.network.w_std.powi(2), &mut self.units[l - 1]);
        for p in 0..batch.min(before) {
            units.threshold[before + p] = units.threshold[before - batch + p];
            units.active[before + p] = units.active[before - batch + p];
        }
        let mut gate = Matrix::zeros(batch, span.all());
        for p in 0..batch {
            let row = before + p;
            for q in 0..span.all() {
                let size = (units.start[row] * units.start[q]).sqrt();
                let cosine = if size > 0.0 { scale * below.row(p)[q] / size } else { 0.0 };
                let threshold = 0.5 * (units.threshold[row] + units.threshold[q]);
                gate.row_mut(p)[q] = kernels(threshold, cosine)[0];
            }
        }
        gate
    }
}

/// Covariances of what units have learnt for the samples of an update (rows) and all so far.
struct Moving {
    /// As if all updates met open gates as often as their own.
    all: Matrix<f64>,
    /// Before the gates of the two samples.
    ungated: Matrix<f64>,
}

impl ReluTheory {
    /// What units of layer `l` have learnt for the samples of an update, its covariances, and what
    /// follows for their variance, drift and activity.
    fn learn(
        &mut self,
        l: usize,
        span: Span,
        below: &Matrix<f64>,
        above: Option<&Matrix<f64>>,
        gate: &Matrix<f64>,
    ) -> Moving {
        let Span { before, batch } = span;
        let mut open = below.clone();
        if let Some(above) = above {
            multiply(&mut open, above);
        }
        let single = self.coordinates(l, span, &open, gate);
        let mu = self.drifted(l, span, below);
        let moving = self.covariances(l, span, gate);
        let (scale, outputs) = (self.network.w_std.powi(2), self.outputs());
        let gain = self.gain(l);
        let at_start: Vec<f64> = below.as_slice().to_vec();
        let units = &mut self.units[l - 1];
        let (mut together, mut alone) = (0.0, 0.0);
        for p in 0..batch {
            let value = |q: usize| scale * at_start[p * span.all() + q] + moving.ungated.row(p)[q];
            units.variance[before + p] = value(before + p).max(0.0);
            alone += value(before + p);
            together += (before..span.all()).map(value).sum::<f64>() - value(before + p);
        }
        // The correlation of different samples, by which units at the threshold of one are active
        // for the others.
        let others = (batch * (batch - 1)).max(1) as f64;
        let correlation = (together / others / (alone / batch as f64)).clamp(0.0, 0.98);
        let turned = ((1.0 - correlation) / (1.0 + correlation)).sqrt();
        for p in 0..batch {
            let row = before + p;
            let spread = units.variance[row].sqrt();
            let a = if spread > 0.0 { mu[p] / spread } else { 0.0 };
            let errors = &self.errors[row * outputs..(row + 1) * outputs];
            let shared = gain * crate::vmath::dot(&single[p * outputs..(p + 1) * outputs], errors);
            let share = active(a * turned) / active(a).max(1e-12);
            let density = (-0.5 * a * a).exp() / (2.0 * std::f64::consts::PI).sqrt();
            units.threshold[row] = a;
            units.drift[row] = if spread > 0.0 { share * shared * density / spread } else { 0.0 };
            units.active[row] = active(a);
        }
        moving
    }

    /// `Cov e` of layer `l` per product of errors: `sB^2 c_{l+1}`.
    fn gain(&self, l: usize) -> f64 {
        self.network.b_std.powi(2) * self.carried[l]
    }

    /// Fills in `y` and its own part for the samples of an update; gives the same sum with single
    /// gates, by which errors correlate with what they have taught.
    fn coordinates(
        &mut self,
        l: usize,
        span: Span,
        open: &Matrix<f64>,
        gate: &Matrix<f64>,
    ) -> Vec<f64> {
        let Span { before, batch } = span;
        let (outputs, eta, units) = (self.outputs(), self.network.eta, &mut self.units[l - 1]);
        let mut gated = Matrix::zeros(batch, before);
        let mut single = Matrix::zeros(batch, before);
        for p in 0..batch {
            let now = units.active[before + p].max(1e-12);
            let (open, gate) = (open.row(p), gate.row(p));
            for q in 0..before {
                gated.row_mut(p)[q] = eta * open[q] * gate[q] / now;
                single.row_mut(p)[q] = eta * open[q] * units.active[q];
            }
        }
        let earlier = View::from_slice(&self.errors[..before * outputs], before, outputs);
        let of = |weights: &Matrix<f64>| (weights.view() * earlier).to_matrix();
        let (learnt, single) = (of(&gated), of(&single));
        units.learnt[before * outputs..].copy_from_slice(learnt.as_slice());
        for p in 0..batch {
            let (row, now) = (before + p, units.active[before + p]);
            let mut sum = vec![0.0; outputs];
            for q in (p..before).step_by(batch) {
                // How far the gate is the same as at the other time.
                let both = now * units.active[q];
                let range = now.min(units.active[q]) - both;
                let same = if range > 0.0 { (gate.row(p)[q] - both) / range } else { 0.0 };
                let weight = same.clamp(0.0, 1.0) * gated.row(p)[q];
                let errors = &self.errors[q * outputs..(q + 1) * outputs];
                sum.iter_mut().zip(errors).for_each(|(sum, e)| *sum += weight * e);
            }
            units.own[row * outputs..(row + 1) * outputs].copy_from_slice(&sum);
        }
        single.as_slice().to_vec()
    }

    /// `mu` of the samples of an update.
    fn drifted(&self, l: usize, span: Span, below: &Matrix<f64>) -> Vec<f64> {
        let drift = &self.units[l - 1].drift[..span.before];
        let of = |p: usize| crate::vmath::dot(&below.row(p)[..span.before], drift);
        (0..span.batch).map(|p| self.network.eta * of(p)).collect()
    }

    /// Covariances of what is learnt: by updates of the two samples themselves, which meet their
    /// own gates, by those of others, and by one of each.
    fn covariances(&self, l: usize, span: Span, gate: &Matrix<f64>) -> Moving {
        let Span { before, batch } = span;
        let (outputs, gain, units) = (self.outputs(), self.gain(l), &self.units[l - 1]);
        let product = |values: &[f64]| {
            let all = View::from_slice(values, span.all(), outputs);
            (all.subrows(before..span.all()) * all.t()).to_matrix()
        };
        let others: Vec<f64> =
            units.learnt.iter().zip(&units.own).map(|(all, own)| all - own).collect();
        let [mut all, own, others] = [&units.learnt, &units.own, &others].map(|of| product(of));
        all.scale(gain);
        let mut ungated = Matrix::zeros(batch, span.all());
        for p in 0..batch {
            let share = units.active[before + p];
            for q in 0..span.all() {
                let [own, others] = [gain * own.row(p)[q], gain * others.row(p)[q]];
                let crossed = all.row(p)[q] - own - others;
                ungated.row_mut(p)[q] = others + gate.row(p)[q] * own + share * crossed;
            }
        }
        Moving { all, ungated }
    }

    /// Adds an update to inner products and norms.
    fn count(
        &mut self,
        span: Span,
        kernels: &[Matrix<f64>],
        gates: &[Option<Matrix<f64>>],
        errors: Matrix<f64>,
    ) {
        let (mut delta, eta2) = (errors, self.network.eta.powi(2));
        for l in (0..self.depth()).rev() {
            // `delta` is that of layer `l + 1` over `c_{l+1}`.
            let (mut earlier, mut now) = (0.0, 0.0);
            for p in 0..span.batch {
                let products = kernels[l].row(p).iter().zip(delta.row(p));
                for (q, product) in products.map(|(a, b)| a * b).enumerate() {
                    if q < span.before { earlier += product } else { now += product }
                }
            }
            let scale = eta2 * self.carried[l];
            self.grown[l] += scale * (2.0 * earlier + now);
            if l + 1 < self.depth() {
                self.inner[l + 1] += scale * earlier;
            }
            let Some(gate) = l.checked_sub(1).and_then(|below| gates[below].as_ref()) else {
                break;
            };
            multiply(&mut delta, gate);
            let (drift, gain) = (&self.units[l - 1].drift, self.gain(l));
            for p in 0..span.batch {
                let now = drift[span.before + p];
                let values = delta.row_mut(p).iter_mut().zip(drift);
                values.for_each(|(value, m)| *value = 2.0 * (*value + now * m / gain));
            }
        }
    }

    /// `<W_l, B_l^T>`, its mean over `W(0)` and `B`, 0 < `l` < `D`.
    pub fn inner_product(&self, l: usize) -> f64 {
        self.inner[l]
    }

    /// `||W_l||^2`, its mean over `W(0)` and `B`.
    pub fn squared_norm(&self, l: usize) -> f64 {
        let [below, above] = [self.network.sizes[l], self.network.sizes[l + 1]];
        (below * above) as f64 * self.network.w_std.powi(2) + self.grown[l]
    }

    /// Angle in degrees of `W_l` to `B_l^T`, 0 < `l` < `D`.
    pub fn weight_alignment(&self, l: usize) -> f64 {
        let [below, above] = [self.network.sizes[l], self.network.sizes[l + 1]];
        let backward = (below * above) as f64 * self.network.b_std.powi(2);
        degrees(self.inner[l] / (self.squared_norm(l) * backward).sqrt())
    }
}

/// Entry by entry.
fn multiply(values: &mut Matrix<f64>, factors: &Matrix<f64>) {
    values.as_mut_slice().iter_mut().zip(factors.as_slice()).for_each(|(v, f)| *v *= f);
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::measure::angle::weight_alignment;
    use crate::measure::summary::Summary;
    use crate::rule::{Activation, Isolated};
    use crate::signal::{Form, Pair, Signals, Sizes};

    struct Case {
        sizes: &'static [usize],
        forms: [&'static str; 2],
        cross: &'static str,
        eta: f64,
        iterations: usize,
        repeats: u64,
    }

    const BATCH: usize = 15;

    impl Case {
        fn signals(&self, repeat: u64) -> Signals<f64> {
            let [activity, error] = self.forms.map(|form| Form::parse(form).unwrap());
            let cross = self.cross.parse().unwrap();
            let pair = Pair { activity, error, cross, ..Pair::default() };
            let [inputs, outputs] = [self.sizes[0], self.sizes[self.sizes.len() - 1]];
            let sizes = Sizes { batch: BATCH, inputs, outputs, iterations: self.iterations };
            Signals::new(&pair, sizes, 3, repeat).unwrap()
        }

        /// Standard deviation at which ReLU layers keep the size of what passes them.
        fn std(&self) -> f64 {
            (2.0 / self.sizes[1] as f64).sqrt()
        }

        fn predict(&self, repeat: u64) -> ReluTheory {
            let network = ReluNetwork {
                sizes: self.sizes.to_vec(),
                w_std: self.std(),
                b_std: self.std(),
                eta: self.eta,
            };
            let (mut theory, mut signals) = (ReluTheory::new(network), self.signals(repeat));
            for _ in 0..self.iterations {
                theory.advance(signals.activity(), signals.error());
                signals.advance();
            }
            theory
        }

        /// Angle and change of `<W_l, B_l^T>` by layer from 1.
        fn run(&self, repeat: u64) -> Vec<[f64; 2]> {
            let (mut signals, std) = (self.signals(repeat), [self.std(); 2]);
            let mut net =
                Isolated::<f64>::draw(self.sizes, BATCH, Activation::Relu, std, 3, repeat);
            let layers = 1..self.sizes.len() - 1;
            let inner = |net: &Isolated<f64>, l: usize| {
                net.layers.weights[l].inner(&net.feedback.backward(l).unwrap().transpose())
            };
            let start: Vec<f64> = layers.clone().map(|l| inner(&net, l)).collect();
            for _ in 0..self.iterations {
                net.step(signals.activity(), signals.error(), self.eta);
                signals.advance();
            }
            let of_layer = |l: usize| {
                let backward = net.feedback.backward(l).unwrap();
                let angle = weight_alignment(&net.layers.weights[l], backward).unwrap().unwrap();
                [angle, inner(&net, l) - start[l - 1]]
            };
            layers.map(of_layer).collect()
        }

        /// By layer: mean measured minus mean predicted angle with its standard error, and mean
        /// change of the inner product, measured with its standard error and predicted.
        fn compare(&self) -> Vec<([f64; 2], [f64; 3])> {
            let measured: Vec<_> = (0..self.repeats).map(|repeat| self.run(repeat)).collect();
            let predicted: Vec<_> = (0..self.repeats).map(|repeat| self.predict(repeat)).collect();
            let summary = |values: &dyn Fn(usize) -> f64| {
                Summary::of((0..measured.len()).map(|repeat| Some(values(repeat))))
            };
            (1..self.sizes.len() - 1)
                .map(|l| {
                    let angle =
                        summary(&|r| measured[r][l - 1][0] - predicted[r].weight_alignment(l));
                    let inner = summary(&|r| measured[r][l - 1][1]);
                    let said = summary(&|r| predicted[r].inner_product(l)).mean.unwrap();
                    (
                        [angle.mean.unwrap(), angle.standard_error().unwrap()],
                        [inner.mean.unwrap(), inner.standard_error().unwrap(), said],
                    )
                })
                .collect()
        }
    }

    const HELD: Case = Case {
        sizes: &[10, 80, 80, 10],
        forms: ["held", "held"],
        cross: "none",
        eta: 2e-3,
        iterations: 25,
        repeats: 8,
    };

    /// At small rates nothing is approximated but the width.
    #[test]
    fn small_rates_are_exact_in_wide_layers() {
        for (forms, cross) in
            [(["held", "held"], "none"), (["ar1:0.8", "ar1:0.9"], "none"), (["white"; 2], "same")]
        {
            let case = Case { forms, cross, eta: 1e-5, iterations: 8, repeats: 40, ..HELD };
            for (l, (_, [measured, error, said])) in (1..).zip(case.compare()) {
                assert!(
                    (measured - said).abs() < 3.0 * error + 0.03 * said.abs(),
                    "{forms:?}, layer {l}: {measured} +- {error}, predicted {said}"
                );
            }
        }
    }

    #[test]
    fn networks_are_followed_where_they_have_grown() {
        for (forms, cross, eta) in [
            (["held", "held"], "none", 2.5e-3),
            (["ar1:0.9", "ar1:0.9"], "none", 5e-3),
            (["white"; 2], "same", 3.5e-3),
        ] {
            for sizes in [&[10, 80, 10][..], &[10, 80, 80, 80, 10]] {
                let case = Case { sizes, forms, cross, eta, ..HELD };
                let found = case.compare();
                for (l, ([off, error], _)) in (1..).zip(found) {
                    assert!(
                        off.abs() < 3.0 + 2.0 * error,
                        "{forms:?} {sizes:?}, layer {l}: off by {off} +- {error}"
                    );
                }
            }
        }
    }
}
