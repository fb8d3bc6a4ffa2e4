//! The same at any width: a network of the size of the representation that does what the whole one
//! does.
//!
//! Whatever the widths, `W_l = W_l(0) + Q_l C_{l+1}` ([`super`]) lies in few directions: layer `l`
//! is reached by what the start makes of the inputs, and by the rows of `C_j W_j(0) .. W_{l-1}(0)`,
//! `0 < j <= l`. Let the rows of `O_l` (`r_l x n_l`, `r_l <= n_0 + l n_D`) be an orthonormal basis
//! of these, the rows of `C_l` last, so that `C_l = [0, R_l] O_l` with `R_l R_l^T = S_l`. Then
//! `Pi_l = P_l O_l`, `Q_l = O_l^T q_l`, and
//!
//! ```text
//! P_{l+1} = P_l ([T_l, Z_l] + q_l [0, R_{l+1}])        q_l += eta P_l^T A_t        [T_l, Z_l] = O_l W_l(0) O_{l+1}^T
//! ```
//!
//! exactly: a network of `r_l` units per layer under the same rule. Over `W(0)` and given `B`,
//! `Z_l` has independent normal entries, and `T_l`, what is left of `r_l` Gaussian rows in the
//! `n_{l+1} - n_D` other directions, is lower triangular by choice of the basis, with independent
//! entries: normal below the diagonal, chi with `n_{l+1} - n_D - i` degrees of freedom on it
//! (Bartlett 1933). So nothing of the size of the widths is iterated, and no error is left but that
//! of the average over `W(0)`. In wide layers `T_l` tends to `rho_l I` and `Z_l` is small: that is
//! the recursion of [`super`].

use super::state::Moving;
use super::{DeepNetwork, StepRule, degrees};
use crate::matrix::{Matrix, View, ViewMut};
use crate::measure::spectrum::{NoConvergence, root};
use crate::random::Stream;
use crate::rule::normal_matrix;
use crate::vmath::{dot, sum_squares};

/// A layer in its directions.
#[derive(Clone, Debug)]
pub(super) struct ReducedLayer {
    /// `[T_l, Z_l]`, `r_l x r_{l+1}`.
    pub start: Matrix<f64>,
    /// The biases at the start, in the directions above.
    pub bias: Option<Vec<f64>>,
    /// `R_{l+1}`, `n_D x k`.
    pub carrier: Matrix<f64>,
    /// `||W_l(0)||^2`.
    pub square_at_start: f64,
    /// `<W_l(0), B_l^T>` as far as it is known: 0 on average.
    pub inner_at_start: f64,
    /// Directions of the layer below that are not among the `r_l`.
    pub others: f64,
}

impl ReducedLayer {
    /// The same with the signs of all normal entries changed: of all but the diagonal of `T_l`.
    fn mirrored(&self) -> Self {
        let mut other = self.clone();
        let diagonal = self.start.cols() - self.carrier.cols();
        for i in 0..self.start.rows() {
            let row = other.start.row_mut(i).iter_mut().enumerate();
            row.filter(|(j, _)| *j != i || i >= diagonal).for_each(|(_, value)| *value = -*value);
        }
        other.inner_at_start = -self.inner_at_start;
        other.bias.iter_mut().flatten().for_each(|value| *value = -*value);
        other
    }
}

/// A layer as it learns.
#[derive(Clone, Debug)]
struct Learning {
    fixed: ReducedLayer,
    /// Factor of `W_l(0)` and its velocity.
    kept: [f64; 2],
    /// `q_l`, `r_l x n_D`, and a row for the biases.
    learnt: Moving,
}

impl Learning {
    fn rows(&self) -> usize {
        self.fixed.start.rows()
    }

    /// `W_l^T u`, `r_{l+1} x m`, for `u` with a row per direction below and one for biases.
    fn forward(&self, u: &Matrix<f64>) -> Matrix<f64> {
        let rows = self.rows();
        let mut out = (self.kept[0] * self.fixed.start.t() * u.view().subrows(0..rows)).to_matrix();
        if let Some(bias) = &self.fixed.bias {
            let constant = u.row(rows);
            for (i, bias) in bias.iter().enumerate() {
                out.row_mut(i).iter_mut().zip(constant).for_each(|(sum, one)| *sum += bias * one);
            }
        }
        let met = (self.learnt.value.t() * u).to_matrix();
        let added = (self.fixed.carrier.t() * &met).to_matrix();
        let first = (out.rows() - added.rows()) * out.cols();
        let last = &mut out.as_mut_slice()[first..];
        last.iter_mut().zip(added.as_slice()).for_each(|(sum, value)| *sum += value);
        out
    }

    /// `W_l phi`, with a row for biases, for `phi` with a row per direction above.
    fn backward(&self, phi: View<'_, f64>) -> Matrix<f64> {
        let (rows, above) = (self.rows(), self.fixed.start.cols());
        let carried = (self.fixed.carrier.view()
            * phi.subrows(above - self.fixed.carrier.cols()..above))
        .to_matrix();
        let mut out = (&self.learnt.value * &carried).to_matrix();
        let columns = out.cols();
        let mut weights =
            ViewMut::from_slice(&mut out.as_mut_slice()[..rows * columns], rows, columns);
        weights += self.kept[0] * &self.fixed.start * phi;
        if let Some(bias) = &self.fixed.bias {
            let bias = Matrix::from_vec(1, bias.len(), bias.clone());
            let added = (bias.view() * phi).to_matrix();
            out.row_mut(rows).iter_mut().zip(added.row(0)).for_each(|(sum, value)| *sum += value);
        }
        out
    }

    /// `q_l R_{l+1}` without the row of the biases.
    fn added(&self) -> Matrix<f64> {
        (self.learnt.value.view().subrows(0..self.rows()) * self.fixed.carrier.view()).to_matrix()
    }

    /// `||W_l||^2`.
    fn squared_norm(&self) -> f64 {
        let (added, a) = (self.added(), self.kept[0]);
        let (columns, k) = (self.fixed.start.cols(), added.cols());
        let with_start = (0..added.rows())
            .map(|i| dot(&self.fixed.start.row(i)[columns - k..], added.row(i)))
            .sum::<f64>();
        a * a * self.fixed.square_at_start + 2.0 * a * with_start + added.squared_norm()
    }
}

/// A network in the directions that it uses.
#[derive(Clone, Debug)]
pub struct ReducedNetwork {
    network: DeepNetwork,
    rule: StepRule,
    layers: Vec<Learning>,
    /// `R_1 .. R_D`.
    carriers: Vec<Matrix<f64>>,
    /// `||B_l||^2`, `l` from 1.
    backward: Vec<f64>,
}

impl ReducedNetwork {
    /// For backward weights `B_1 .. B_{D-1}`, with the start drawn by its law: two of them, the
    /// second with the signs of all normal entries changed, so that what is odd in the start leaves
    /// their mean.
    ///
    /// # Errors
    /// If the decomposition of `S_l` does not converge.
    pub fn drawn(
        network: &DeepNetwork,
        backward: &[Matrix<f64>],
        rule: StepRule,
        stream: &mut Stream,
    ) -> Result<[Self; 2], NoConvergence> {
        let depth = network.depth();
        let carriers = carriers(backward, network.sizes[depth])?;
        let (mut layers, mut mirrored) = (Vec::new(), Vec::new());
        let mut rows = network.sizes[0];
        for l in 0..depth {
            let mut layer = draw(stream, network, l, rows, &carriers[l]);
            if l > 0 && l + 1 == depth {
                // `B_l` is all of `C_l` here, and the start is known along it.
                let carried = &carriers[l - 1];
                let opened = layer.start.view().subrows(rows - carried.cols()..rows);
                layer.inner_at_start = (carried.view() * opened).to_matrix().trace();
            }
            rows = layer.start.cols();
            mirrored.push(layer.mirrored());
            layers.push(layer);
        }
        let squares: Vec<f64> = backward.iter().map(Matrix::squared_norm).collect();
        Ok([layers, mirrored].map(|layers| {
            Self::new(network.clone(), rule, layers, carriers.clone(), squares.clone())
        }))
    }

    pub(super) fn new(
        network: DeepNetwork,
        rule: StepRule,
        layers: Vec<ReducedLayer>,
        carriers: Vec<Matrix<f64>>,
        backward: Vec<f64>,
    ) -> Self {
        let (outputs, momentum) = (network.sizes[network.depth()], rule.momentum != 0.0);
        let learning = |fixed: ReducedLayer| {
            let rows = fixed.start.rows() + usize::from(fixed.bias.is_some());
            Learning { kept: [1.0, 0.0], learnt: Moving::zeros(rows, outputs, momentum), fixed }
        };
        let mut made = Self {
            layers: layers.into_iter().map(learning).collect(),
            network,
            rule,
            carriers,
            backward,
        };
        made.normalise();
        made
    }

    /// What it was made for.
    pub fn network(&self) -> &DeepNetwork {
        &self.network
    }

    /// One update with `step = X^T E` (`n_0 x n_D`), summed over the batch, with a row for biases
    /// if there are any.
    pub fn advance(&mut self, step: &Matrix<f64>) {
        let arrived = self.arrived(step);
        let StepRule { eta, momentum, decay } = self.rule;
        for (layer, arrived) in self.layers.iter_mut().zip(&arrived) {
            layer.learnt.advance(arrived, 1.0, self.rule);
            let [a, velocity] = &mut layer.kept;
            *velocity = momentum * *velocity - decay * *a;
            *a += eta * *velocity;
        }
        self.normalise();
    }

    /// `P_l^T A` for `l` from 0 to `D-1`.
    fn arrived(&self, step: &Matrix<f64>) -> Vec<Matrix<f64>> {
        let mut all = vec![step.clone()];
        for layer in &self.layers[..self.layers.len() - 1] {
            let next = layer.forward(&all[all.len() - 1]);
            all.push(if layer.fixed.bias.is_some() {
                with_row(&next, step.row(step.rows() - 1))
            } else {
                next
            });
        }
        all
    }

    /// `Phi_l = W_l .. W_{D-1}` for `l` from 0 to `D-1`, in the directions of layer `l`; with
    /// biases the last row is what those of the layers above come to.
    pub fn functions(&self) -> Vec<Matrix<f64>> {
        let mut all: Vec<Matrix<f64>> = vec![Matrix::identity(self.outputs())];
        for layer in self.layers.iter().rev() {
            let above = &all[all.len() - 1];
            let directions = layer.fixed.start.cols();
            let mut here = layer.backward(above.view().subrows(0..directions));
            if above.rows() > directions {
                let last = here.rows() - 1;
                here.row_mut(last)
                    .iter_mut()
                    .zip(above.row(directions))
                    .for_each(|(sum, value)| *sum += value);
            }
            all.push(here);
        }
        all.reverse();
        all.pop();
        all
    }

    fn outputs(&self) -> usize {
        self.network.sizes[self.network.depth()]
    }

    /// Squared Frobenius norm of `W_l`.
    pub fn squared_norm(&self, l: usize) -> f64 {
        self.layers[l].squared_norm()
    }

    /// `<W_l, B_l^T>`, 0 < `l` < `D`.
    pub fn inner_product(&self, l: usize) -> f64 {
        let (layer, carrier) = (&self.layers[l], &self.carriers[l - 1]);
        let rows = layer.rows();
        let opened = layer.learnt.value.view().subrows(rows - carrier.cols()..rows);
        layer.kept[0] * layer.fixed.inner_at_start + (carrier.view() * opened).to_matrix().trace()
    }

    /// Angle in degrees of `W_l` to `B_l^T`, 0 < `l` < `D`.
    pub fn weight_alignment(&self, l: usize) -> f64 {
        degrees(self.inner_product(l) / (self.squared_norm(l) * self.backward[l - 1]).sqrt())
    }

    /// Angles in degrees of the error signals of layers 1 to `D-1` to those of back-propagation,
    /// for output errors with `errors = E^T E` (`n_D x n_D`).
    pub fn delta_alignment(&self, errors: &Matrix<f64>) -> Vec<f64> {
        let (functions, squares) = (self.functions(), self.squares());
        (1..self.layers.len()).map(|l| self.angle(&functions, &squares, l, errors)).collect()
    }

    /// Angles in degrees of the updates of `W_0 .. W_{D-2}` with `step = X^T E` to those of
    /// back-propagation.
    pub fn update_alignment(&self, step: &Matrix<f64>) -> Vec<f64> {
        let (functions, squares, arrived) = (self.functions(), self.squares(), self.arrived(step));
        let angle = |l: usize| {
            let reached = arrived[l].view().subrows(0..self.layers[l].rows());
            self.angle(&functions, &squares, l + 1, &(reached.t() * reached).to_matrix())
        };
        (0..self.layers.len() - 1).map(angle).collect()
    }

    /// Angle at layer `l` between `C_l` and `Phi_l^T` as they carry errors with inner products
    /// `errors`.
    fn angle(
        &self,
        functions: &[Matrix<f64>],
        squares: &[Matrix<f64>],
        l: usize,
        errors: &Matrix<f64>,
    ) -> f64 {
        let carrier = &self.carriers[l - 1];
        let gram = (carrier * carrier.t()).to_matrix();
        let rows = self.layers[l].rows();
        let opened = functions[l].view().subrows(rows - carrier.cols()..rows);
        let both = (carrier.view() * opened).to_matrix();
        degrees(errors.inner(&both) / (errors.inner(&gram) * errors.inner(&squares[l])).sqrt())
    }

    /// `Phi_l^T Phi_l` by `l`: of the directions of the layer, and of the others, which only see
    /// the start.
    fn squares(&self) -> Vec<Matrix<f64>> {
        let functions = self.functions();
        let mut all = vec![Matrix::identity(self.outputs())];
        for (l, (layer, function)) in self.layers.iter().zip(&functions).enumerate().rev() {
            let reached = function.view().subrows(0..layer.rows());
            let mut square = (reached.t() * reached).to_matrix();
            let std = layer.kept[0] * self.network.w_std[l];
            square += (layer.fixed.others * std * std) * all[all.len() - 1].view();
            all.push(square);
        }
        all.reverse();
        all
    }

    /// Norms back to what they are to be, with one factor per layer.
    fn normalise(&mut self) {
        let Some(norms) = &self.network.norms else { return };
        for ((layer, gamma), &units) in
            self.layers.iter_mut().zip(norms).zip(&self.network.sizes[1..])
        {
            let factor = gamma * (units as f64 / layer.squared_norm()).sqrt();
            layer.kept[0] *= factor;
            let weights = layer.rows() * layer.learnt.value.cols();
            layer.learnt.value.as_mut_slice()[..weights].iter_mut().for_each(|q| *q *= factor);
        }
    }
}

/// `R_l` with `C_l = R_l O_l` and orthonormal rows `O_l`, `l` from 1 to `D`: `C_l` itself where the
/// layer has fewer units than the output.
fn carriers(backward: &[Matrix<f64>], outputs: usize) -> Result<Vec<Matrix<f64>>, NoConvergence> {
    let narrow =
        |c: Matrix<f64>| if c.cols() <= outputs { Ok(c) } else { root(&(&c * c.t()).to_matrix()) };
    super::backward::carriers(backward, outputs).into_iter().map(narrow).collect()
}

/// The start of layer `l`, reached by `rows` directions, with `carrier` = `R_{l+1}`.
fn draw(
    stream: &mut Stream,
    network: &DeepNetwork,
    l: usize,
    rows: usize,
    carrier: &Matrix<f64>,
) -> ReducedLayer {
    let [below, units] = [network.sizes[l], network.sizes[l + 1]];
    let std = network.w_std[l];
    let biases = network.bias_std.as_ref().map(|all| all[l]);
    let all = rows + usize::from(biases.is_some());
    let carried = carrier.cols();
    let mut start =
        beside(&bartlett(stream, all, units - carried), &normal_matrix(stream, all, carried, 1.0));
    let bias = biases.map(|bias| start.row(rows).iter().map(|value| bias * value).collect());
    start.set_rows(rows);
    start.scale(std);
    let others = (below - rows) as f64;
    let square_at_start = start.squared_norm() + others * units as f64 * std * std;
    ReducedLayer {
        start,
        bias,
        carrier: carrier.clone(),
        square_at_start,
        inner_at_start: 0.0,
        others,
    }
}

/// `T` with `T T^T` distributed as `Z Z^T`, `Z` of `rows x freedom` standard normal entries: lower
/// triangular, of `min(rows, freedom)` columns.
fn bartlett(stream: &mut Stream, rows: usize, freedom: usize) -> Matrix<f64> {
    let columns = rows.min(freedom);
    let mut out = Matrix::zeros(rows, columns);
    let mut normals = vec![0.0; freedom];
    for i in 0..rows {
        let below = i.min(columns);
        stream.fill_normal(&mut out.row_mut(i)[..below]);
        if i < columns {
            let left = &mut normals[..freedom - i];
            stream.fill_normal(left);
            out.row_mut(i)[i] = sum_squares(left).sqrt();
        }
    }
    out
}

fn beside(left: &Matrix<f64>, right: &Matrix<f64>) -> Matrix<f64> {
    let mut out = Matrix::zeros(left.rows(), left.cols() + right.cols());
    for i in 0..left.rows() {
        let (first, last) = out.row_mut(i).split_at_mut(left.cols());
        first.copy_from_slice(left.row(i));
        last.copy_from_slice(right.row(i));
    }
    out
}

fn with_row(matrix: &Matrix<f64>, row: &[f64]) -> Matrix<f64> {
    let mut data = matrix.as_slice().to_vec();
    data.extend_from_slice(row);
    Matrix::from_vec(matrix.rows() + 1, matrix.cols(), data)
}
