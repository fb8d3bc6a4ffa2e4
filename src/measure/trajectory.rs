//! Principal components of weight trajectories: the plane that networks move in while they learn.
//!
//! A trajectory is a row of all parameters per snapshot. With fewer snapshots than parameters, the
//! components come from the Gram matrix of the centred rows: its eigenvectors are the scores, and
//! the directions in the space of parameters are the rows weighted by them.

use super::spectrum::{NoConvergence, symmetric_eigen};
use crate::real::Real;
use crate::vmath::{all_finite, dot, sum_squares};
use faer::linalg::matmul::triangular::{BlockStructure, matmul};
use faer::{Accum, Mat, Par};
use thiserror::Error;

/// Most memory that the snapshots of one trajectory may take, in bytes.
pub const MOST_BYTES: u64 = 4 << 30;

/// Most snapshots that components are found of: a few matrices of this size squared are held at a
/// time.
pub const MOST_ROWS: usize = 8000;

/// Parameters that are centred and multiplied at a time.
const BLOCK: usize = 1024;

/// Why a trajectory cannot be recorded, or has no components.
#[derive(Clone, Debug, PartialEq, Eq, Error)]
pub enum TrajectoryError {
    /// Too large.
    #[error(
        "{snapshots} snapshots of {parameters} parameters take {bytes} bytes, more than \
         {MOST_BYTES}: take snapshots less often"
    )]
    TooLarge {
        /// Snapshots.
        snapshots: usize,
        /// Parameters of one.
        parameters: usize,
        /// Memory.
        bytes: u128,
    },
    /// More snapshots than were announced.
    #[error("the trajectory was to have at most {0} snapshots")]
    Full(usize),
    /// Another number of parameters.
    #[error("{found} parameters, where the trajectory has {wanted}")]
    Parameters {
        /// Those given.
        found: usize,
        /// Those of the trajectory.
        wanted: usize,
    },
    /// A value that is not finite.
    #[error("snapshot {0} holds a parameter that is not finite in single precision")]
    NotFinite(usize),
    /// Too many snapshots.
    #[error(
        "components are found of at most {MOST_ROWS} snapshots, not {0}: take snapshots less often"
    )]
    TooLong(usize),
    /// Nothing that varies.
    #[error("{0} snapshots do not vary, so that there are no components")]
    Constant(usize),
    /// More coordinates than components.
    #[error("{found} coordinates, where there are {have} components")]
    Coordinates {
        /// Coordinates given.
        found: usize,
        /// Components found.
        have: usize,
    },
    /// No decomposition.
    #[error(transparent)]
    NoConvergence(#[from] NoConvergence),
}

/// Snapshots of all parameters of a network, in single precision.
#[derive(Clone, Debug)]
pub struct Trajectory {
    parameters: usize,
    most: usize,
    rows: Vec<Box<[f32]>>,
}

impl Trajectory {
    /// An empty trajectory of up to `most` snapshots of so many parameters.
    ///
    /// # Errors
    /// If they would take more than [`MOST_BYTES`].
    pub fn new(parameters: usize, most: usize) -> Result<Self, TrajectoryError> {
        let bytes = parameters as u128 * most as u128 * size_of::<f32>() as u128;
        if bytes > u128::from(MOST_BYTES) {
            return Err(TrajectoryError::TooLarge { snapshots: most, parameters, bytes });
        }
        Ok(Self { parameters, most, rows: Vec::new() })
    }

    /// Adds a snapshot, given in parts that are strung together: `W_0`, `b_1`, `W_1`, ... (the
    /// paper's order, every `W` row-major).
    ///
    /// # Errors
    /// If the trajectory is full, the parts have another number of parameters in all, or one is not
    /// finite.
    pub fn push<'a, T: Real>(
        &mut self,
        parts: impl IntoIterator<Item = &'a [T]>,
    ) -> Result<(), TrajectoryError> {
        if self.rows.len() == self.most {
            return Err(TrajectoryError::Full(self.most));
        }
        let mut row = Vec::with_capacity(self.parameters);
        for part in parts {
            row.extend(part.iter().map(|x| x.to_f64() as f32));
        }
        if row.len() != self.parameters {
            return Err(TrajectoryError::Parameters { found: row.len(), wanted: self.parameters });
        }
        if !all_finite(&row) {
            return Err(TrajectoryError::NotFinite(self.rows.len()));
        }
        self.rows.push(row.into_boxed_slice());
        Ok(())
    }

    /// Number of snapshots.
    pub fn len(&self) -> usize {
        self.rows.len()
    }

    /// Whether there is no snapshot.
    pub fn is_empty(&self) -> bool {
        self.rows.is_empty()
    }

    /// Parameters of snapshot `row`, from 0.
    pub fn snapshot(&self, row: usize) -> Option<&[f32]> {
        self.rows.get(row).map(|row| &row[..])
    }
}

/// The leading components of one or more trajectories, about their common mean and without scaling.
#[derive(Clone, Debug, PartialEq)]
pub struct Components {
    /// Common mean of all snapshots.
    pub mean: Vec<f64>,
    /// Directions of norm 1 in the space of parameters, the one of most variance first. Their sign
    /// is such that the score of largest magnitude is positive.
    pub directions: Vec<Vec<f64>>,
    /// Share of the variance along every direction.
    pub shares: Vec<f64>,
    /// Variance in all directions: mean squared distance to the mean, with divisor `rows - 1`.
    pub variance: f64,
    /// Scores: by trajectory, snapshot and component.
    pub scores: Vec<Vec<Vec<f64>>>,
}

impl Components {
    /// The `count` leading components of the snapshots of all trajectories put together, fewer
    /// where the snapshots span fewer directions. For `R` snapshots of `N` parameters this costs
    /// `R^2 N + O(R^3)` and memory for a few `R x R` matrices.
    ///
    /// # Errors
    /// If the trajectories differ in their parameters, do not vary, or are too long together.
    pub fn of(trajectories: &[&Trajectory], count: usize) -> Result<Self, TrajectoryError> {
        let rows: Vec<&[f32]> =
            trajectories.iter().flat_map(|t| t.rows.iter().map(|row| &row[..])).collect();
        let wanted = trajectories.first().map_or(0, |t| t.parameters);
        if let Some(other) = trajectories.iter().find(|t| t.parameters != wanted) {
            return Err(TrajectoryError::Parameters { found: other.parameters, wanted });
        }
        if rows.len() > MOST_ROWS {
            return Err(TrajectoryError::TooLong(rows.len()));
        }
        let mean = mean(&rows, wanted);
        let (values, vectors) = symmetric_eigen(gram(&rows, &mean).as_ref())?;
        let total: f64 = values.iter().sum();
        // Beyond this an eigenvalue is rounding.
        let least = rows.len() as f64 * f64::EPSILON * values.first().copied().unwrap_or(0.0);
        let kept: Vec<usize> =
            (0..values.len().min(count)).filter(|&j| values[j] > least).collect();
        if values.first().is_none_or(|&largest| largest <= 0.0) {
            return Err(TrajectoryError::Constant(rows.len()));
        }
        let weights: Vec<Vec<f64>> = kept
            .iter()
            .map(|&j| oriented((0..rows.len()).map(|i| vectors[(i, j)]).collect()))
            .collect();
        let directions = weights.iter().map(|weights| direction(&rows, &mean, weights)).collect();
        let score =
            |i: usize| kept.iter().zip(&weights).map(|(&j, w)| values[j].sqrt() * w[i]).collect();
        let mut all = (0..rows.len()).map(score);
        let scores = trajectories.iter().map(|t| all.by_ref().take(t.len()).collect()).collect();
        let shares = kept.iter().map(|&j| values[j] / total).collect();
        Ok(Self { mean, directions, shares, variance: total / (rows.len() as f64 - 1.0), scores })
    }

    /// Parameters of the point with these coordinates along the leading components, 0 along all
    /// others.
    ///
    /// # Errors
    /// If there are more coordinates than components.
    pub fn parameters(&self, coordinates: &[f64]) -> Result<Vec<f64>, TrajectoryError> {
        if coordinates.len() > self.directions.len() {
            return Err(TrajectoryError::Coordinates {
                found: coordinates.len(),
                have: self.directions.len(),
            });
        }
        let mut point = self.mean.clone();
        for (&coordinate, direction) in coordinates.iter().zip(&self.directions) {
            point.iter_mut().zip(direction).for_each(|(x, d)| *x += coordinate * d);
        }
        Ok(point)
    }

    /// Coordinates of a point along the components.
    ///
    /// # Errors
    /// If it has another number of parameters.
    pub fn coordinates<T: Real>(&self, parameters: &[T]) -> Result<Vec<f64>, TrajectoryError> {
        if parameters.len() != self.mean.len() {
            return Err(TrajectoryError::Parameters {
                found: parameters.len(),
                wanted: self.mean.len(),
            });
        }
        let centred: Vec<f64> =
            parameters.iter().zip(&self.mean).map(|(x, mean)| x.to_f64() - mean).collect();
        Ok(self.directions.iter().map(|direction| dot(&centred, direction)).collect())
    }
}

fn mean(rows: &[&[f32]], parameters: usize) -> Vec<f64> {
    let mut mean = vec![0.0; parameters];
    for row in rows {
        mean.iter_mut().zip(*row).for_each(|(mean, &x)| *mean += f64::from(x));
    }
    mean.iter_mut().for_each(|mean| *mean /= rows.len().max(1) as f64);
    mean
}

/// Lower triangle of the Gram matrix of centred rows.
fn gram(rows: &[&[f32]], mean: &[f64]) -> Mat<f64> {
    let mut gram = Mat::zeros(rows.len(), rows.len());
    for start in (0..mean.len()).step_by(BLOCK) {
        let width = BLOCK.min(mean.len() - start);
        let centred =
            Mat::from_fn(rows.len(), width, |i, j| f64::from(rows[i][start + j]) - mean[start + j]);
        let (lower, whole) = (BlockStructure::TriangularLower, BlockStructure::Rectangular);
        matmul(
            &mut gram,
            lower,
            Accum::Add,
            &centred,
            whole,
            centred.transpose(),
            whole,
            1.0,
            Par::Seq,
        );
    }
    gram
}

/// The vector or its negative, such that its entry of largest magnitude, the first if there are
/// several, is positive.
fn oriented(mut vector: Vec<f64>) -> Vec<f64> {
    let largest =
        vector.iter().fold(0.0f64, |largest, &x| if x.abs() > largest.abs() { x } else { largest });
    if largest < 0.0 {
        vector.iter_mut().for_each(|x| *x = -*x);
    }
    vector
}

/// The weighted sum of centred rows, scaled to norm 1.
fn direction(rows: &[&[f32]], mean: &[f64], weights: &[f64]) -> Vec<f64> {
    let mut sum = vec![0.0; mean.len()];
    for (row, &weight) in rows.iter().zip(weights) {
        sum.iter_mut()
            .zip(*row)
            .zip(mean)
            .for_each(|((sum, &x), mean)| *sum += weight * (f64::from(x) - mean));
    }
    let inverse = 1.0 / sum_squares(&sum).sqrt();
    sum.iter_mut().for_each(|x| *x *= inverse);
    sum
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::matrix::Matrix;
    use crate::random::{Role, Stream};

    /// Snapshots that move along a few directions, with a little noise.
    fn walk(snapshots: usize, parameters: usize, seed: u64) -> Trajectory {
        let mut stream = Stream::new(seed, 0, Role::Probe);
        let mut draw = |rows, cols| {
            let mut values = Matrix::<f64>::zeros(rows, cols);
            stream.fill_normal(values.as_mut_slice());
            values
        };
        let (axes, noise) = (draw(3, parameters), draw(snapshots, parameters));
        let mut trajectory = Trajectory::new(parameters, snapshots).unwrap();
        for t in 0..snapshots {
            let time = t as f64 / snapshots as f64;
            let along = [3.0 * time, (5.0 * time).sin(), 0.2];
            let value = |j: usize| {
                (0..3).map(|a| along[a] * axes.row(a)[j]).sum::<f64>() + 0.1 * noise.row(t)[j] + 5.0
            };
            let row: Vec<f64> = (0..parameters).map(value).collect();
            trajectory.push([&row[..3], &row[3..]]).unwrap();
        }
        trajectory
    }

    /// Centred rows of all trajectories.
    fn centred(trajectories: &[&Trajectory]) -> Mat<f64> {
        let rows: Vec<&[f32]> =
            trajectories.iter().flat_map(|t| t.rows.iter().map(|row| &row[..])).collect();
        let mean = mean(&rows, rows[0].len());
        Mat::from_fn(rows.len(), mean.len(), |i, j| f64::from(rows[i][j]) - mean[j])
    }

    #[test]
    fn components_are_those_of_a_singular_value_decomposition() {
        // Fewer and more snapshots than parameters, and more parameters than a block.
        for (lengths, parameters) in [([20, 30], 200), ([60, 50], 40), ([6, 7], 2500)] {
            let (a, b) = (walk(lengths[0], parameters, 1), walk(lengths[1], parameters, 2));
            let found = Components::of(&[&a, &b], 4).unwrap();
            let svd = centred(&[&a, &b]).svd().unwrap();
            let singular: Vec<f64> = svd.S().column_vector().iter().copied().collect();
            let total: f64 = singular.iter().map(|s| s * s).sum();
            assert!(
                (found.variance * (lengths[0] + lengths[1] - 1) as f64 / total - 1.0).abs() < 1e-12
            );
            assert_eq!((found.scores[0].len(), found.scores[1].len()), (lengths[0], lengths[1]));
            for j in 0..4 {
                assert!((found.shares[j] - singular[j] * singular[j] / total).abs() < 1e-12);
                let sign =
                    (0..parameters).map(|i| found.directions[j][i] * svd.V()[(i, j)]).sum::<f64>();
                assert!((sign.abs() - 1.0).abs() < 1e-11, "component {j}: {sign}");
                let scores: Vec<f64> =
                    found.scores.iter().flatten().map(|scores| scores[j]).collect();
                for (i, score) in scores.iter().enumerate() {
                    let exact = sign.signum() * singular[j] * svd.U()[(i, j)];
                    assert!((score - exact).abs() < 1e-10 * singular[0], "{score} {exact}");
                }
                let largest =
                    scores.iter().copied().max_by(|a, b| a.abs().total_cmp(&b.abs())).unwrap();
                assert!(largest > 0.0);
            }
        }
    }

    #[test]
    fn points_of_the_plane_are_parameters() {
        let (a, b) = (walk(12, 50, 3), walk(9, 50, 4));
        let all = Components::of(&[&a, &b], 100).unwrap();
        // 21 centred snapshots span 20 directions: a point with all its coordinates is the snapshot
        // itself.
        assert_eq!((all.directions.len(), all.scores[1][8].len()), (20, 20));
        assert!((all.shares.iter().sum::<f64>() - 1.0).abs() < 1e-12);
        let point = all.parameters(&all.scores[1][8]).unwrap();
        let snapshot = b.snapshot(8).unwrap();
        assert!(point.iter().zip(snapshot).all(|(a, &b)| (a - f64::from(b)).abs() < 1e-11));
        let coordinates = all.coordinates(snapshot).unwrap();
        assert!(coordinates.iter().zip(&all.scores[1][8]).all(|(a, b)| (a - b).abs() < 1e-10));
        let plane = Components::of(&[&a, &b], 2).unwrap();
        let back = plane.coordinates(&plane.parameters(&[1.5, -2.0]).unwrap()).unwrap();
        assert!((back[0] - 1.5).abs() < 1e-12 && (back[1] + 2.0).abs() < 1e-12);
        assert_eq!(plane.parameters(&[]).unwrap(), plane.mean);
    }

    #[test]
    fn what_has_no_components_says_so() {
        let refused = |result: Result<Components, TrajectoryError>| result.unwrap_err().to_string();
        let mut still = Trajectory::new(3, 4).unwrap();
        assert!(refused(Components::of(&[], 2)).contains("0 snapshots do not vary"));
        assert!(refused(Components::of(&[&still], 2)).contains("0 snapshots do not vary"));
        for _ in 0..3 {
            still.push([&[1.0f64, 2.0, 3.0][..]]).unwrap();
        }
        assert!(refused(Components::of(&[&still], 2)).contains("3 snapshots do not vary"));
        assert!(
            refused(Components::of(&[&still, &walk(3, 4, 1)], 2)).contains("4 parameters, where")
        );
        assert_eq!(
            still.push([&[1.0f64][..]]),
            Err(TrajectoryError::Parameters { found: 1, wanted: 3 })
        );
        assert_eq!(still.push([&[1.0f64, 1e300, 0.0][..]]), Err(TrajectoryError::NotFinite(3)));
        still.push([&[1.0f32, 2.0, 4.0][..]]).unwrap();
        assert_eq!(still.push([&[1.0f32, 2.0, 4.0][..]]), Err(TrajectoryError::Full(4)));
        let line = Components::of(&[&still], 2).unwrap();
        assert!(line.shares.len() == 1 && (line.shares[0] - 1.0).abs() < 1e-12);
        assert!(
            line.parameters(&[1.0, 1.0])
                .unwrap_err()
                .to_string()
                .contains("2 coordinates, where there are 1")
        );
        assert!(line.coordinates(&[1.0]).is_err());
        assert!(
            Trajectory::new(1 << 20, 1 << 20)
                .unwrap_err()
                .to_string()
                .contains("take snapshots less often")
        );
    }
}
