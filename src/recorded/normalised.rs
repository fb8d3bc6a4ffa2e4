//! Whether a matrix carried the errors back through a normalisation.
//!
//! Batch normalisation and layer normalisation take the mean of the pre-activations `z` off, by
//! unit over samples or by sample over units, divide by their standard deviation `s`, and multiply
//! every unit by a gain `g`. Back through it (Ioffe and Szegedy 2015; Ba, Kiros and Hinton 2016),
//!
//! ```text
//! s delta_l = P (g u),    u = (delta_{l+1} B_l) o f',
//! ```
//!
//! where `P` takes off what lies along `1` and along `z`. Gains, shifts and `epsilon` are not on
//! record; what is left of `delta_l` once the best gains were fitted is zero to rounding for the
//! matrix that carried it, and nothing near zero for another.

use crate::matrix::Matrix;
use crate::measure::closing::Tally;
use crate::rule::Activation;
use crate::text::Choice;
use crate::vmath::{dot, sum_squares};

/// What is added to variances before their root is taken, in PyTorch, Flax and Keras.
const EPSILONS: [f64; 3] = [1e-5, 1e-6, 1e-3];
/// Fewest samples in which a unit must be active to say anything: of fewer a gain makes whatever
/// there is.
const FEWEST: usize = 4;
/// Most units whose gains are solved for.
const MOST_UNITS: usize = 256;

/// Ways that an error may have gone back through a normalisation: over samples, or over units with
/// each epsilon, each with any activation.
pub(super) fn kinds() -> usize {
    Activation::CHOICES.len() * (1 + EPSILONS.len())
}

/// One iteration of a layer: `z`, and `f'` by activation.
pub(super) struct Normalised {
    z: Matrix<f64>,
    slopes: Vec<Vec<f64>>,
}

impl Normalised {
    /// Of pre-activations before the normalisation, and the activity after it.
    pub fn new(z: Matrix<f64>, activity: &[f64]) -> Self {
        // What the activation was fed is not on record. Derivatives follow from the activity, or
        // its sign, all but that of erf, which closes on nothing then.
        // What is rectified to zero was below it.
        let fed: Vec<f64> = activity.iter().map(|&a| if a == 0.0 { -1.0 } else { a }).collect();
        let slope = |kind: &Activation| {
            let mut slope = vec![1.0; activity.len()];
            kind.multiply_derivative(&fed, activity, &mut slope);
            slope
        };
        Self { z, slopes: Activation::CHOICES.iter().map(|(_, kind)| slope(kind)).collect() }
    }

    /// What is left of the recorded errors, given `made = delta_{l+1} B_l`, in every kind; nothing
    /// where there is too little to tell.
    pub fn left(&self, recorded: &Matrix<f64>, made: &Matrix<f64>) -> Vec<Tally> {
        let mut all = Vec::with_capacity(kinds());
        for slope in &self.slopes {
            let through = made.as_slice().iter().zip(slope).map(|(made, slope)| made * slope);
            let through = Matrix::from_vec(made.rows(), made.cols(), through.collect());
            all.push(self.over_samples(recorded, &through));
            all.extend(self.over_units(recorded, &through));
        }
        all
    }

    /// Batch normalisation: every unit has a gain and a deviation of its own.
    fn over_samples(&self, recorded: &Matrix<f64>, through: &Matrix<f64>) -> Tally {
        let [z, recorded, through] = [&self.z, recorded, through].map(Matrix::transpose);
        let mut tally = Tally::default();
        for unit in 0..z.rows() {
            let active = through.row(unit).iter().filter(|v| **v != 0.0).count();
            if active < FEWEST || z.cols() < FEWEST + 2 {
                continue;
            }
            let off = Directions::of(z.row(unit));
            let (recorded, mut made) =
                (off.taken(recorded.row(unit)), off.taken(through.row(unit)));
            let squares = sum_squares(&made);
            let gain = if squares > 0.0 { dot(&made, &recorded) / squares } else { 0.0 };
            made.iter_mut().for_each(|v| *v *= gain);
            tally.add(&recorded, &made);
        }
        tally
    }

    /// Layer normalisation: every unit has a gain, every sample a deviation.
    fn over_units(&self, recorded: &Matrix<f64>, through: &Matrix<f64>) -> Vec<Tally> {
        let [samples, units] = [self.z.rows(), self.z.cols()];
        let told = (FEWEST..=MOST_UNITS).contains(&units) && samples * (units - 2) >= 2 * units;
        if !told {
            return vec![Tally::default(); EPSILONS.len()];
        }
        let off: Vec<Directions> = (0..samples).map(|p| Directions::of(self.z.row(p))).collect();
        let system = gains(&off, through);
        let targets_with = |epsilon: &f64| {
            let mut targets = Matrix::zeros(samples, units);
            for (p, off) in off.iter().enumerate() {
                let deviation = (off.variance + epsilon).sqrt();
                let target = off.taken(recorded.row(p));
                targets.row_mut(p).iter_mut().zip(target).for_each(|(t, v)| *t = deviation * v);
            }
            fitted(&off, through, &targets, &system)
        };
        EPSILONS.iter().map(targets_with).collect()
    }
}

/// What lies along ones and along `z`, to be taken off.
struct Directions {
    along: Vec<f64>,
    variance: f64,
}

impl Directions {
    fn of(z: &[f64]) -> Self {
        let along = centred(z);
        let squares = sum_squares(&along);
        let norm = if squares > 0.0 { squares.sqrt() } else { 1.0 };
        Self {
            along: along.iter().map(|v| v / norm).collect(),
            variance: squares / z.len().max(1) as f64,
        }
    }

    fn taken(&self, values: &[f64]) -> Vec<f64> {
        let mut left = centred(values);
        let along = dot(&self.along, &left);
        left.iter_mut().zip(&self.along).for_each(|(v, a)| *v -= along * a);
        left
    }
}

fn centred(values: &[f64]) -> Vec<f64> {
    let mean = values.iter().sum::<f64>() / values.len().max(1) as f64;
    values.iter().map(|v| v - mean).collect()
}

/// Normal equations of the gains: `sum_p diag(u_p) P_p diag(u_p)`, decomposed.
fn gains(off: &[Directions], through: &Matrix<f64>) -> Option<faer::linalg::solvers::Llt<f64>> {
    let units = through.cols();
    let mut normal = Matrix::<f64>::zeros(units, units);
    for (p, off) in off.iter().enumerate() {
        let u = through.row(p);
        let share = 1.0 / units as f64;
        for i in (0..units).filter(|&i| u[i] != 0.0) {
            let row = normal.row_mut(i);
            for (j, entry) in row.iter_mut().enumerate() {
                *entry -= u[i] * u[j] * (share + off.along[i] * off.along[j]);
            }
            row[i] += u[i] * u[i];
        }
    }
    // A unit that is never active has no gain, and any will do.
    let least = 1e-14 * normal.trace().max(f64::MIN_POSITIVE);
    (0..units).for_each(|i| normal.row_mut(i)[i] += least);
    normal.as_faer().llt(faer::Side::Lower).ok()
}

/// What the best gains leave of the targets.
fn fitted(
    off: &[Directions],
    through: &Matrix<f64>,
    targets: &Matrix<f64>,
    system: &Option<faer::linalg::solvers::Llt<f64>>,
) -> Tally {
    use faer::linalg::solvers::Solve;
    let Some(system) = system else { return Tally::default() };
    let units = through.cols();
    let mut right = Matrix::<f64>::zeros(units, 1);
    for p in 0..through.rows() {
        let products = through.row(p).iter().zip(targets.row(p)).map(|(u, t)| u * t);
        right.as_mut_slice().iter_mut().zip(products).for_each(|(sum, v)| *sum += v);
    }
    let gains = system.solve(right.as_faer());
    let mut tally = Tally::default();
    for (p, off) in off.iter().enumerate() {
        let made: Vec<f64> =
            through.row(p).iter().enumerate().map(|(i, u)| u * gains[(i, 0)]).collect();
        tally.add(targets.row(p), &off.taken(&made));
    }
    tally
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::random::{Role, Stream};
    use crate::rule::normal_matrix;

    const SAMPLES: usize = 16;
    const UNITS: usize = 7;

    /// `z`, activity, what was made of the error above, and `delta_l` by the formula of the paper,
    /// through a normalisation by row: of `z` as it is, over units.
    fn errors(stream: &mut Stream, over_samples: bool) -> [Matrix<f64>; 4] {
        let (z, made) = (
            normal_matrix(stream, SAMPLES, UNITS, 1.0),
            normal_matrix(stream, SAMPLES, UNITS, 1.0),
        );
        let [gain, shift] = [0.3, 0.1].map(|s| {
            normal_matrix::<f64>(stream, 1, UNITS, 1.0)
                .as_slice()
                .iter()
                .map(|v| 1.0 + s * v)
                .collect::<Vec<f64>>()
        });
        let turn = |m: &Matrix<f64>| if over_samples { m.transpose() } else { m.clone() };
        let (rows, mut activity, mut delta) = (turn(&z), turn(&z), turn(&made));
        for p in 0..rows.rows() {
            let n = rows.cols() as f64;
            let row = centred(rows.row(p));
            let s = (sum_squares(&row) / n + 1e-5).sqrt();
            let unit = |i: usize| if over_samples { p } else { i };
            let v: Vec<f64> = row.iter().map(|v| v / s).collect();
            for (i, v) in v.iter().enumerate() {
                let h = gain[unit(i)] * v + shift[unit(i)];
                activity.row_mut(p)[i] = h.max(0.0);
                let slope = if h > 0.0 { gain[unit(i)] } else { 0.0 };
                delta.row_mut(p)[i] *= slope;
            }
            let w = delta.row(p).to_vec();
            let (mean, along) = (w.iter().sum::<f64>() / n, dot(&w, &v) / n);
            (0..v.len()).for_each(|i| delta.row_mut(p)[i] = (w[i] - mean - v[i] * along) / s);
        }
        [z, turn(&activity), made, turn(&delta)]
    }

    fn least(
        z: &Matrix<f64>,
        activity: &Matrix<f64>,
        delta: &Matrix<f64>,
        made: &Matrix<f64>,
    ) -> f64 {
        let left = Normalised::new(z.clone(), activity.as_slice()).left(delta, made);
        assert_eq!(left.len(), kinds());
        left.iter().filter_map(Tally::relative).fold(f64::INFINITY, f64::min)
    }

    #[test]
    fn the_matrix_that_carried_an_error_through_a_normalisation_closes_and_no_other_does() {
        let mut stream = Stream::new(5, 0, Role::Probe);
        for over_samples in [true, false] {
            let [z, activity, made, delta] = errors(&mut stream, over_samples);
            let right = least(&z, &activity, &delta, &made);
            assert!(right < 1e-6, "{right}");
            let wrong =
                least(&z, &activity, &delta, &normal_matrix(&mut stream, SAMPLES, UNITS, 1.0));
            assert!(wrong > 0.2, "{wrong}");
            // A matrix that is off by little is off by as much.
            let mut near = made.clone();
            near += 0.01 * normal_matrix(&mut stream, SAMPLES, UNITS, 1.0).view();
            let near = least(&z, &activity, &delta, &near);
            assert!((1e-3..3e-2).contains(&near), "{near}");
        }
    }

    #[test]
    fn too_little_tells_nothing() {
        let mut stream = Stream::new(6, 0, Role::Probe);
        let [z, made, delta] = [(); 3].map(|()| normal_matrix(&mut stream, 3, 3, 1.0));
        assert_eq!(least(&z, &made, &delta, &made), f64::INFINITY);
    }
}
