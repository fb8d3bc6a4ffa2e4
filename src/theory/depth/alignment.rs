//! Angles of error signals and of updates to those of back-propagation, layer by layer.
//!
//! Back-propagation carries the output error `E` (`P x n_D`) to layer `l` as `E Phi_l^T`, `Phi_l =
//! W_l ... W_{D-1}`, where the rule carries it as `E C_l`. Both are read off by following rows
//! through the layers above. Rows `x` at layer `i` are known by their inner products with what the
//! network makes of its inputs, that is by a part along the inputs, `x_0`, and parts along what `B`
//! opened at layer `j`, `T_j` (rows x `n_D`):
//!
//! ```text
//! x Pi_i(t)^T = alpha_i(t) x_0 + sum_j beta_{i,j}(t) T_j V_{j-1}(t)^T
//! Y_i = x Q_i = x_0 G_i + sum_j T_j N_{i,j}
//! x W_i:  x_0 -> rho_i x_0,   T_j -> rho_i T_j,   T_{i+1} = Y_i S_{i+1},   ||x W_i||^2 = rho_i^2 ||x||^2 + tr(Y_i S_{i+1} Y_i^T)
//! ```
//!
//! At the top `x W_{D-1} = Y_{D-1} + (start of the last layer, of mean zero)`. Started with the
//! rows of `C_l`, that is with `T_l = S_l`, this gives the mean of `Z_l = C_l Phi_l`; started with
//! an orthonormal basis of layer `l`, it gives `Gamma_l = Phi_l^T Phi_l`. Most rows of that basis are
//! along nothing that is followed: `W_l(0)` spreads each of them over all directions of layer `l +
//! 1`, so that it adds `rho_l^2 / n_{l+1} Gamma_{l+1}`, what the layers above have learnt with it.
//! Then, with `E^T E` for error signals and `Theta_l = A^T Pi_l Pi_l^T A` for the updates of the
//! layer below,
//!
//! ```text
//! cos = tr(E^T E Z_l^T) / sqrt(tr(E^T E S_l) tr(E^T E Gamma_l))
//! ```

use super::{DepthTheory, Length, degrees};
use crate::matrix::{Matrix, add_scaled};
use crate::measure::spectrum::{NoConvergence, root};

/// Mean of `Z_l` and `Gamma_l`, `n_D x n_D`, for the layers from 1 to `D`.
struct Carried {
    means: Vec<Matrix<f64>>,
    squares: Vec<Matrix<f64>>,
}

/// Rows on their way through the layers.
struct Rows {
    /// The part along the inputs, rows x `n_0` (and one for what biases put there).
    inputs: Option<Matrix<f64>>,
    /// `T_j` by `j - 1`, rows x `m_j n_D`.
    opened: Vec<Option<Matrix<f64>>>,
    /// Sum of their squared norms.
    square: f64,
}

/// What is left of rows at the top.
struct Top {
    /// `Y_{D-1} C_D`, rows x `n_D`.
    learnt: Matrix<f64>,
    /// Sum of squared norms below the last layer.
    square: f64,
}

impl DepthTheory {
    /// Angles in degrees of the error signals of layers 1 to `D-1` to those of back-propagation,
    /// for output errors with `errors = E^T E` (`n_D x n_D`).
    ///
    /// # Errors
    /// If the decomposition of an `S_l` does not converge.
    pub fn delta_alignment(&self, errors: &Matrix<f64>) -> Result<Vec<f64>, NoConvergence> {
        let carried = self.carried()?;
        Ok((1..self.network.depth()).map(|l| self.angle(&carried, l, errors)).collect())
    }

    /// Angles in degrees of the updates of `W_0 .. W_{D-2}` with `step = X^T E` (`n_0 x n_D`) to
    /// those of back-propagation.
    ///
    /// # Errors
    /// If the decomposition of an `S_l` does not converge.
    pub fn update_alignment(&self, step: &Matrix<f64>) -> Result<Vec<f64>, NoConvergence> {
        let (carried, passed, beta) =
            (self.carried()?, self.passed(&self.weighted_by_layer(step)), self.beta());
        let lengths = self.lengths();
        let mut angles = Vec::new();
        for l in 0..self.network.depth() - 1 {
            let mut seen = self.seen(step, lengths[l]);
            for (j, passed) in passed[..l].iter().enumerate() {
                let spread = (self.backward.gram(j + 1) * passed).to_matrix();
                seen += beta[l][j].powi(2) * passed.t() * &spread;
            }
            angles.push(self.angle(&carried, l + 1, &seen));
        }
        Ok(angles)
    }

    /// `A^T A` with inputs as long as the weights of the start make them at a layer.
    fn seen(&self, step: &Matrix<f64>, length: Length) -> Matrix<f64> {
        let weighted = self.stretched(step, length.input, length.constant.sqrt());
        (weighted.t() * &weighted).to_matrix()
    }

    /// Angle at layer `l` of what carries errors with inner products `errors` down to it.
    fn angle(&self, carried: &Carried, l: usize, errors: &Matrix<f64>) -> f64 {
        let [mean, square] = [&carried.means[l - 1], &carried.squares[l - 1]];
        let norms = errors.inner(self.backward.whole(l)) * errors.inner(square);
        degrees(errors.inner(mean) / norms.sqrt())
    }

    fn carried(&self) -> Result<Carried, NoConvergence> {
        let depth = self.network.depth();
        let (mut means, mut squares) = (Vec::new(), Vec::new());
        for l in 1..depth {
            means.push(fold(
                &self.follow(l, self.start(l, l, self.backward.gram(l).clone())).learnt,
                self.outputs(),
            ));
        }
        means.push(Matrix::identity(self.outputs()));
        squares.push(Matrix::identity(self.outputs()));
        for l in (1..depth).rev() {
            squares.push(self.square_of_backprop(l, &squares[squares.len() - 1])?);
        }
        squares.reverse();
        Ok(Carried { means, squares })
    }

    /// Rows at layer `l` that lie along what `B` opened at layer `j`, with this `T_j`.
    fn start(&self, l: usize, j: usize, opened: Matrix<f64>) -> Rows {
        let square = opened.rows() as f64;
        let mut all = vec![None; l];
        all[j - 1] = Some(opened);
        Rows { inputs: None, opened: all, square }
    }

    /// `Gamma_l`, given that of the layer above: an orthonormal basis of layer `l` is made of the
    /// inputs' directions, of those that `B` opened up to this layer, and of others. The start of
    /// the weights spreads these over all directions above, those that are learnt among them.
    fn square_of_backprop(
        &self,
        l: usize,
        above: &Matrix<f64>,
    ) -> Result<Matrix<f64>, NoConvergence> {
        let (depth, outputs) = (self.network.depth(), self.outputs());
        let rows = self.network.step_rows();
        let mut starts = vec![Rows {
            inputs: Some(Matrix::identity(rows)),
            opened: vec![None; l],
            square: rows as f64,
        }];
        for j in 1..=l {
            starts.push(self.start(l, j, root(self.backward.gram(j))?.transpose()));
        }
        let mut known = 0;
        let (mut sum, mut square) = (Matrix::zeros(outputs, outputs), 0.0);
        for start in starts {
            known += start.square as usize;
            let top = self.follow(l, start);
            sum += &(top.learnt.t() * &top.learnt).to_matrix();
            square += top.square;
        }
        let others = self.network.sizes[l] as f64 - known as f64;
        if others > 0.0 {
            let spread = self.stretch(l).powi(2) / self.network.sizes[l + 1] as f64;
            sum += others * spread * above.view();
        } else {
            // Layers of fewer units than directions: what is counted too often is taken off at its
            // length alone, so that nothing becomes negative.
            square += others * (l..depth - 1).map(|i| self.stretch(i).powi(2)).product::<f64>();
        }
        let last = self.stretch(depth - 1).powi(2) / outputs as f64;
        sum += last * square.max(0.0) * &Matrix::identity(outputs);
        Ok(sum)
    }

    /// Follows rows from layer `l` to the top.
    fn follow(&self, l: usize, mut rows: Rows) -> Top {
        let depth = self.network.depth();
        let lengths = self.lengths();
        for i in l.. {
            let learnt = self.met(i, &rows);
            if i + 1 == depth {
                return Top {
                    learnt: (&learnt * self.backward.top()).to_matrix(),
                    square: rows.square,
                };
            }
            let stretch = self.stretch(i);
            let opened = (&learnt * self.backward.gram(i + 1)).to_matrix();
            rows.square = stretch * stretch * rows.square + opened.inner(&learnt);
            rows.opened.iter_mut().flatten().for_each(|part| part.scale(stretch));
            rows.opened.push(Some(opened));
            if let Some(inputs) = &mut rows.inputs {
                inputs.scale(stretch);
                if self.network.bias_std.is_some() {
                    // Of the constant of the layer above, only a part comes from that of this
                    // layer.
                    let [below, above] = [lengths[i].constant, lengths[i + 1].constant];
                    let share = if above > 0.0 { stretch * (below / above).sqrt() } else { 0.0 };
                    let last = inputs.cols() - 1;
                    (0..inputs.rows()).for_each(|row| inputs.row_mut(row)[last] *= share);
                }
            }
        }
        Top { learnt: Matrix::zeros(0, self.outputs()), square: rows.square }
    }

    /// `Y_i`: what the learnt part of `W_i` makes of rows, rows x `m_{i+1} n_D`.
    fn met(&self, i: usize, rows: &Rows) -> Matrix<f64> {
        let mut parts = rows.opened.iter().flatten();
        let count = rows.inputs.as_ref().or_else(|| parts.next()).map_or(0, Matrix::rows);
        let mut out = Matrix::zeros(count, self.backward.width(i + 1));
        if let Some(inputs) = &rows.inputs {
            out += inputs * &self.gradient(i);
        }
        for (opened, response) in rows.opened.iter().zip(&self.responses[i]) {
            if let Some(opened) = opened {
                out += opened * &response.value;
            }
        }
        out
    }
}

/// The sum of the blocks of `rows` rows: of classes of neurons.
fn fold(matrix: &Matrix<f64>, rows: usize) -> Matrix<f64> {
    let mut out = Matrix::zeros(rows, matrix.cols());
    for block in matrix.as_slice().chunks_exact(rows * matrix.cols()) {
        add_scaled(out.as_mut_slice(), block, 1.0);
    }
    out
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::theory::depth::{BackwardTheory, DeepNetwork, StepRule};

    /// With inputs of zero only biases are passed on. After one update with sums of errors `e`
    ///
    /// ```text
    /// Phi_1 = W_1 W_2 + eta W_1 (W_1^T b_1 + b_2) e + eta b_1 (e C_2) W_2 + O(1 / n)
    /// ```
    ///
    /// and the mean of `Phi_1^T Phi_1` over all that is drawn is known: `W_1 W_1^T b_1` has the mean
    /// square `s_1^4 n_2 (n_1 + n_2 + 1) |b_1|^2`.
    #[test]
    fn backprop_through_biases_is_as_long_as_its_closed_form() {
        let (sizes, w_std, eta) = (vec![1, 30_000, 20_000, 2], vec![0.01, 0.007, 0.008], 0.1);
        let [n1, n2] = [sizes[1] as f64, sizes[2] as f64];
        let b_std = [0.01, 0.006];
        let [s1, s2]: [f64; 2] = [w_std[1], w_std[2]].map(|std: f64| std.powi(2));
        let step = Matrix::from_vec(2, 2, vec![0.0, 0.0, 0.3, -0.5]);
        let sums = step.row(1);
        let size: f64 = sums.iter().map(|e| e * e).sum();
        for bias_std in [vec![0.06, 0.05, 0.3], vec![0.0; 3]] {
            let [b1, b2] = [bias_std[0], bias_std[1]].map(|std: f64| std.powi(2));
            let (sizes, w_std) = (sizes.clone(), w_std.clone());
            let backward = BackwardTheory::wide(&sizes, &b_std);
            let network = DeepNetwork { sizes, w_std, norms: None, bias_std: Some(bias_std) };
            let mut theory = DepthTheory::new(network, backward, StepRule::plain(eta));
            theory.advance(&step);
            let found = &theory.carried().unwrap().squares[0];
            let carried = n2 * b_std[1].powi(2) * size;
            let every = n1 * s2 * (n2 * s1 + eta * eta * b1 * carried);
            let along = eta * eta * n1 * n2 * s1 * ((n1 + n2) * s1 * b1 + b2);
            for i in 0..2 {
                for j in 0..2 {
                    let expected = every * f64::from(i == j) + along * sums[i] * sums[j];
                    let off = (found.row(i)[j] - expected).abs();
                    // Four directions of so many are followed, and terms of 1 / n left out.
                    assert!(
                        off < 4.0 / n2 * (every + along * size),
                        "{i} {j}: {expected} {found:?}"
                    );
                }
            }
        }
    }

    /// Before anything is learnt, `Phi_l` is a product of independent matrices at any width: of
    /// layers with more units than are followed, and with fewer.
    #[test]
    fn backprop_through_the_start_is_as_long_as_products_of_normal_matrices() {
        for sizes in [vec![10, 60, 50, 40, 6], vec![40, 20, 30, 5]] {
            let depth = sizes.len() - 1;
            let backward = BackwardTheory::wide(&sizes, &vec![0.1; depth - 1]);
            let w_std: Vec<f64> = (0..depth).map(|l| 0.1 + 0.05 * l as f64).collect();
            let network = DeepNetwork { sizes: sizes.clone(), w_std, norms: None, bias_std: None };
            let w_std = network.w_std.clone();
            let theory = DepthTheory::new(network, backward, StepRule::plain(0.1));
            let squares = theory.carried().unwrap().squares;
            for l in 1..depth {
                let expected: f64 =
                    (l..depth).map(|i| sizes[i] as f64 * w_std[i].powi(2)).product();
                let mut off = Matrix::identity(sizes[depth]);
                off.scale(expected);
                off -= &squares[l - 1];
                assert!(off.norm() < 1e-12 * expected, "{sizes:?} {l}: {expected} {squares:?}");
            }
        }
    }
}
