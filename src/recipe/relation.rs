//! What a step of one layer is related to, compressed: the weights before it, the step before, the
//! gradients of both.
//!
//! Every recipe without an adaptive rate says that one combination of the five matrices `W_k, W_k -
//! W_{k-1}, g_{k-1}, g_k, W_{k+1} - W_k` vanishes. The norm of a combination is that of the
//! triangle `R` of their QR decomposition times its coefficients: 15 numbers keep what a pass over
//! the recording has seen, and to the rounding of every matrix by itself, which inner products
//! would not.

use crate::vmath::{dot, sum_squares};

/// Places of the five matrices: weights before the step.
pub(super) const WEIGHTS: usize = 0;
/// The step before.
pub(super) const BEFORE: usize = 1;
/// The gradient of the step before, `L_l(k-1)^T delta_{l+1}(k-1)`, towards the target.
pub(super) const GRADIENT_BEFORE: usize = 2;
/// The gradient, `L_l(k)^T delta_{l+1}(k)`, towards the target.
pub(super) const GRADIENT: usize = 3;
/// The step itself.
pub(super) const STEP: usize = 4;

/// Coefficients of the five matrices.
pub(super) type Coefficients = [f64; 5];

/// A combination of the five matrices, seen along their orthonormal directions: inner products are
/// those of the matrices.
pub(super) type Combination = [f64; 5];

pub(super) fn inner(a: &Combination, b: &Combination) -> f64 {
    a.iter().zip(b).map(|(a, b)| a * b).sum()
}

pub(super) fn plus(a: &Combination, factor: f64, b: &Combination) -> Combination {
    std::array::from_fn(|i| a[i] + factor * b[i])
}

/// Relation of one step of one layer.
#[derive(Clone, Copy, Debug, Default)]
pub(crate) struct Relation {
    /// `R`, column by column.
    pub columns: [[f64; 5]; 5],
    /// Entries of each of the matrices.
    pub entries: usize,
    /// Whether the step before is the update right before this one, so that it and its gradient say
    /// something of this.
    pub follows: bool,
    /// Norms of the weights before and after the step.
    pub states: [f64; 2],
    /// Norms of `|L|^T |delta|` of the step before and of this step: what a sum over samples rounds
    /// by.
    pub terms: [f64; 2],
    /// Rounding units of states and of gradients.
    pub units: [f64; 2],
}

impl Relation {
    /// Of the five matrices; norms and units are left to be filled in.
    pub fn of(matrices: [&[f64]; 5]) -> Self {
        let mut columns = [[0.0; 5]; 5];
        let entries = matrices[STEP].len();
        for start in (0..entries).step_by(CHUNK) {
            let end = (start + CHUNK).min(entries);
            // What was seen so far, five rows of it, on top of the next rows.
            let column =
                |j: usize| columns[j].iter().chain(&matrices[j][start..end]).copied().collect();
            columns = triangle(std::array::from_fn(column));
        }
        Self { columns, entries, ..Self::default() }
    }

    /// A combination of the matrices.
    pub fn see(&self, coefficients: &Coefficients) -> Combination {
        let columns = self.columns.iter().zip(coefficients);
        columns
            .fold([0.0; 5], |sum, (column, &c)| if c == 0.0 { sum } else { plus(&sum, c, column) })
    }

    /// What of the step is no combination of some of the matrices, squared, and the coefficients of
    /// the combination.
    pub fn beyond(&self, places: &[usize]) -> (f64, Coefficients) {
        let mut directions: Vec<(Combination, Combination)> = Vec::new();
        let mut left = self.columns[STEP];
        let mut out = [0.0; 5];
        for &place in places {
            // The direction of a matrix off those before it, and the combination that makes it.
            let (mut seen, mut made) = (self.columns[place], [0.0; 5]);
            made[place] = 1.0;
            for (direction, combination) in &directions {
                let along = inner(direction, &seen);
                seen = plus(&seen, -along, direction);
                made = plus(&made, -along, combination);
            }
            let norm = inner(&seen, &seen).sqrt();
            if norm > 1e-13 * self.norm(place) {
                directions.push((seen.map(|v| v / norm), made.map(|v| v / norm)));
            }
        }
        for (direction, combination) in &directions {
            let along = inner(direction, &left);
            left = plus(&left, -along, direction);
            out = plus(&out, along, combination);
        }
        (inner(&left, &left), out)
    }

    /// One of the matrices.
    pub fn matrix(&self, place: usize) -> &Combination {
        &self.columns[place]
    }

    /// Norm of one of the matrices.
    pub fn norm(&self, place: usize) -> f64 {
        inner(&self.columns[place], &self.columns[place]).sqrt()
    }
}

/// Rows that are decomposed at a time, so that they stay close at hand.
const CHUNK: usize = 1024;

/// `R` of five columns, by the modified Gram-Schmidt process, which is as stable as Householder's
/// for it.
fn triangle(mut matrices: [Vec<f64>; 5]) -> [[f64; 5]; 5] {
    let mut columns = [[0.0; 5]; 5];
    for (j, seen) in columns.iter_mut().enumerate() {
        let (known, rest) = matrices.split_at_mut(j);
        let Some(column) = rest.first_mut() else { break };
        for (i, direction) in known.iter().enumerate() {
            let along = dot(direction, column);
            seen[i] = along;
            column.iter_mut().zip(direction).for_each(|(a, q)| *a -= along * q);
        }
        let norm = sum_squares(column).sqrt();
        seen[j] = norm;
        let inverse = if norm > 0.0 { 1.0 / norm } else { 0.0 };
        column.iter_mut().for_each(|a| *a *= inverse);
    }
    columns
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::random::{Role, Stream};

    #[test]
    fn combinations_have_the_norms_of_the_matrices() {
        let mut stream = Stream::new(1, 0, Role::Signal);
        let mut matrices: [Vec<f64>; 5] = std::array::from_fn(|_| vec![0.0; 12]);
        matrices.iter_mut().for_each(|m| stream.fill_normal(m));
        // A step that is all but made of the others: what is left is seen to the rounding of the
        // step.
        let made = [1e-3, 0.9, -0.045, 0.095];
        matrices[STEP] =
            (0..12).map(|i| made.iter().zip(&matrices).map(|(c, m)| c * m[i]).sum()).collect();
        matrices[STEP][7] += 1e-12;
        let relation = Relation::of(matrices.each_ref().map(Vec::as_slice));
        let left = relation.see(&[-made[0], -made[1], -made[2], -made[3], 1.0]);
        assert!((inner(&left, &left).sqrt() - 1e-12).abs() < 1e-14, "{left:?}");
        let [a, b] = [[0.5, -1.0, 2.0, 0.1, 0.0], [0.0, 1.0, 0.0, 0.0, 3.0]];
        let sum = |c: &Coefficients, i: usize| {
            c.iter().zip(&matrices).map(|(c, m)| c * m[i]).sum::<f64>()
        };
        let expected: f64 = (0..12).map(|i| sum(&a, i) * sum(&b, i)).sum();
        assert!(
            (inner(&relation.see(&a), &relation.see(&b)) - expected).abs()
                < 1e-12 * expected.abs().max(1.0)
        );
    }
}
