//! Least squares of a few parameters that a model is not linear in (Levenberg and Marquardt).

/// Where a sum of squares is least.
#[derive(Clone, Debug)]
pub(super) struct Minimum {
    /// The parameters.
    pub at: Vec<f64>,
    /// The sum of squares there.
    pub square: f64,
    /// Standard errors of the parameters for residuals of variance 1; infinite where a parameter
    /// changes nothing.
    pub errors: Vec<f64>,
}

/// Most steps from one place to a better one.
const MOST_STEPS: usize = 100;

/// Goes downhill from `start`. `scales` are sizes of changes of parameters that matter; derivatives
/// are differences over a millionth of these. `None` where the residuals at the start are not
/// finite.
pub(super) fn minimise(
    residuals: impl Fn(&[f64]) -> Vec<f64>,
    start: Vec<f64>,
    scales: &[f64],
) -> Option<Minimum> {
    let square = |residuals: &[f64]| residuals.iter().map(|r| r * r).sum::<f64>();
    let (mut at, mut here) = (start, Vec::new());
    here.extend(residuals(&at));
    let mut least = square(&here);
    if !least.is_finite() {
        return None;
    }
    let mut normal = Normal::of(&residuals, &at, &here, scales);
    let mut damping = 1e-3;
    for _ in 0..MOST_STEPS {
        let Some(step) = normal.step(damping) else { break };
        let there: Vec<f64> = at.iter().zip(&step).map(|(a, s)| a + s).collect();
        let found = residuals(&there);
        let (now, before) = (square(&found), least);
        if now.is_finite() && now < before {
            (at, here, least) = (there, found, now);
            normal = Normal::of(&residuals, &at, &here, scales);
            let settled = before - now <= 1e-9 * before && damping <= 1e-3;
            damping = (damping * 0.1).max(1e-14);
            if settled {
                break;
            }
        } else {
            damping *= 10.0;
            if damping > 1e8 {
                break;
            }
        }
    }
    let errors = normal.errors();
    Some(Minimum { at, square: least, errors })
}

/// `J^T J` and `J^T r` at a place.
struct Normal {
    matrix: Vec<Vec<f64>>,
    gradient: Vec<f64>,
}

impl Normal {
    fn of(
        residuals: &impl Fn(&[f64]) -> Vec<f64>,
        at: &[f64],
        here: &[f64],
        scales: &[f64],
    ) -> Self {
        let column = |i: usize| -> Vec<f64> {
            let step = 1e-6 * at[i].abs().max(scales[i]);
            let side = |step: f64| -> Vec<f64> {
                let mut there = at.to_vec();
                there[i] += step;
                residuals(&there).iter().zip(here).map(|(a, b)| (a - b) / step).collect()
            };
            let up = side(step);
            // Beyond an end of what is possible, the other side is tried.
            if up.len() == here.len() && up.iter().all(|r| r.is_finite()) {
                up
            } else {
                side(-step)
            }
        };
        let columns: Vec<Vec<f64>> = (0..at.len()).map(column).collect();
        let inner = |a: &[f64], b: &[f64]| a.iter().zip(b).map(|(a, b)| a * b).sum::<f64>();
        Self {
            matrix: columns.iter().map(|a| columns.iter().map(|b| inner(a, b)).collect()).collect(),
            gradient: columns.iter().map(|a| inner(a, here)).collect(),
        }
    }

    /// The step downhill, shorter with more damping; `None` where nothing changes anything.
    fn step(&self, damping: f64) -> Option<Vec<f64>> {
        let mut matrix = self.matrix.clone();
        for (i, row) in matrix.iter_mut().enumerate() {
            row[i] *= 1.0 + damping;
        }
        let step = solve(matrix, self.gradient.iter().map(|g| -g).collect());
        step.iter().any(|s| *s != 0.0).then_some(step)
    }

    fn errors(&self) -> Vec<f64> {
        let unit =
            |i: usize| (0..self.gradient.len()).map(|j| f64::from(u8::from(i == j))).collect();
        let error = |i: usize| match solve(self.matrix.clone(), unit(i))[i] {
            variance if variance > 0.0 => variance.sqrt(),
            _ => f64::INFINITY,
        };
        (0..self.gradient.len()).map(error).collect()
    }
}

/// Solution of a system with a symmetric matrix of no negative eigenvalue, by Gaussian elimination
/// with the diagonal scaled to 1; 0 for what the matrix does not decide.
fn solve(mut matrix: Vec<Vec<f64>>, mut right: Vec<f64>) -> Vec<f64> {
    let n = right.len();
    let scale: Vec<f64> = (0..n).map(|i| matrix[i][i].sqrt()).collect();
    let inverse = |s: f64| if s > 0.0 && s.is_finite() { 1.0 / s } else { 0.0 };
    for i in 0..n {
        right[i] *= inverse(scale[i]);
        (0..n).for_each(|j| matrix[i][j] *= inverse(scale[i]) * inverse(scale[j]));
    }
    for i in 0..n {
        if matrix[i][i] <= 1e-14 {
            (0..n).for_each(|j| (matrix[i][j], matrix[j][i]) = (0.0, 0.0));
            right[i] = 0.0;
            continue;
        }
        for j in i + 1..n {
            let factor = matrix[j][i] / matrix[i][i];
            (i..n).for_each(|m| matrix[j][m] -= factor * matrix[i][m]);
            right[j] -= factor * right[i];
        }
    }
    for i in (0..n).rev() {
        let known: f64 = (i + 1..n).map(|m| matrix[i][m] * right[m]).sum();
        right[i] = if matrix[i][i] > 0.0 { (right[i] - known) / matrix[i][i] } else { 0.0 };
    }
    right.iter().zip(&scale).map(|(x, s)| x * inverse(*s)).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn parameters_of_a_curve_are_found_to_rounding() {
        let curve = |p: &[f64]| -> Vec<f64> {
            (0..20).map(|k| p[0] * p[1].powi(k) - 3.0 * 0.9f64.powi(k)).collect()
        };
        let found = minimise(curve, vec![1.0, 0.5], &[1.0, 1.0]).unwrap();
        assert!(
            (found.at[0] - 3.0).abs() < 1e-12 && (found.at[1] - 0.9).abs() < 1e-12,
            "{found:?}"
        );
    }

    #[test]
    fn what_changes_nothing_is_not_determined() {
        let line = |p: &[f64]| vec![p[0] - 2.0, 2.0 * p[0] - 4.0];
        let found = minimise(line, vec![0.0, 7.0], &[1.0, 1.0]).unwrap();
        assert!((found.at[0] - 2.0).abs() < 1e-12 && found.at[1] == 7.0, "{found:?}");
        assert!(found.errors[0] < 1.0 && found.errors[1].is_infinite());
    }
}
