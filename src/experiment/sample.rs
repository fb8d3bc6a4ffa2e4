//! Random matrices without a network: the alignment term of two iterations, and angles through a
//! layer.

use crate::condition::{Draw, SampleCondition};
use crate::matrix::Matrix;
use crate::measure::angle::angle;
use crate::measure::spectrum::symmetric_eigenvalues;
use crate::quantity::Quantity;
use crate::random::{Role, Stream};
use crate::real::Real;
use crate::run::{Attempt, Job, JobError, JobResult, Outcome, Record};
use crate::signal::{Signals, Sizes};

pub(super) fn run<T: Real>(
    job: &Job,
    condition: &SampleCondition,
    attempt: &Attempt<'_>,
) -> Result<JobResult, JobError> {
    let mut records = Vec::with_capacity(condition.draws * job.observers.len());
    for draw in 0..condition.draws {
        if attempt.is_to_stop() {
            return Err(JobError::Interrupted);
        }
        // Every draw has streams of its own, those of a repeat with this number.
        let stream = job.repeat.wrapping_mul(condition.draws as u64).wrapping_add(draw as u64);
        let mut record = |quantity, iteration, value: Option<f64>| {
            if job.measures(quantity) {
                records.push(Record { iteration, layer: None, lag: None, quantity, value });
            }
        };
        match condition.draw {
            Draw::OneStep => {
                let step = OneStep::<T>::draw(condition, job.seed, stream)?;
                for quantity in job.quantities() {
                    match quantity {
                        Quantity::Eigenvalue if draw > 0 => {}
                        Quantity::Eigenvalue => {
                            let scale = (condition.batch * condition.layers[0]) as f64;
                            let values = symmetric_eigenvalues(&step.part(1.0).to_f64())
                                .map_err(|error| JobError::Failed(error.to_string()))?;
                            values
                                .iter()
                                .enumerate()
                                .for_each(|(i, v)| record(quantity, i, Some(v / scale)));
                        }
                        _ => record(quantity, draw, step.value(quantity)),
                    }
                }
            }
            Draw::Composition | Draw::AcuteComposition => {
                let values = composition::<T>(condition, job.seed, stream);
                let names = [
                    Quantity::DeltaAngle,
                    Quantity::WeightAngle,
                    Quantity::ComposedAngle,
                    Quantity::MaskedComposedAngle,
                ];
                names.into_iter().zip(values).for_each(|(name, value)| record(name, draw, value));
            }
        }
    }
    Ok(job.finish(Outcome::Completed, records))
}

/// Two iterations of signals and a `B`: what the first leaves in the update of the second.
struct OneStep<T> {
    activity: [Matrix<T>; 2],
    error: [Matrix<T>; 2],
    /// `n_2 x n_1`.
    backward: Matrix<T>,
    /// `M = E0^T X0 X1^T E1`, `n_2 x n_2`.
    transformation: Matrix<T>,
    /// Seed and number of the streams of this draw.
    stream: (u64, u64),
}

impl<T: Real> OneStep<T> {
    fn draw(condition: &SampleCondition, seed: u64, stream: u64) -> Result<Self, JobError> {
        let SampleCondition { layers, batch, .. } = condition;
        let sizes = Sizes { batch: *batch, inputs: layers[0], outputs: layers[2], iterations: 2 };
        let signals = Signals::<T>::new(&condition.signals(), sizes, seed, stream);
        let mut signals = signals.map_err(|error| JobError::Failed(error.to_string()))?;
        let first = (signals.activity().clone(), signals.error().clone());
        signals.advance();
        let (activity, error) =
            ([first.0, signals.activity().clone()], [first.1, signals.error().clone()]);
        let mut backward = Matrix::zeros(layers[2], layers[1]);
        Stream::new(seed, stream, Role::Backward).fill_normal(backward.as_mut_slice());
        let (mean, std) = (T::from_f64(condition.b_mean), T::from_f64(condition.b_std));
        backward.as_mut_slice().iter_mut().for_each(|b| *b = mean + std * *b);
        let [before, now] = [0, 1].map(|i| (activity[i].t() * &error[i]).to_matrix());
        let transformation = (before.t() * &now).to_matrix();
        Ok(Self { activity, error, backward, transformation, stream: (seed, stream) })
    }

    /// `(M + sign M^T) / 2`.
    fn part(&self, sign: f64) -> Matrix<T> {
        let (half, signed) = (T::from_f64(0.5), T::from_f64(0.5 * sign));
        let mut part = self.transformation.transpose();
        for (t, &m) in part.as_mut_slice().iter_mut().zip(self.transformation.as_slice()) {
            *t = half * m + signed * *t;
        }
        part
    }

    /// `(B^T m)^T`, to be compared with `B`.
    fn term(&self, m: &Matrix<T>) -> Matrix<T> {
        (m.t() * &self.backward).to_matrix()
    }

    fn to_backward(&self, term: &Matrix<T>) -> Option<f64> {
        angle(term, &self.backward).ok().flatten()
    }

    fn value(&self, quantity: Quantity) -> Option<f64> {
        match quantity {
            Quantity::AlignmentTerm => self.to_backward(&self.term(&self.transformation)),
            Quantity::SymmetricTerm => self.to_backward(&self.term(&self.part(1.0))),
            Quantity::SkewTerm => self.to_backward(&self.term(&self.part(-1.0))),
            Quantity::SkewRatio => {
                let norm = |sign| self.term(&self.part(sign)).norm();
                Some(norm(-1.0) / norm(1.0))
            }
            Quantity::UpdateAlignment => {
                let gradient = (self.activity[0].t() * &self.error[0]).to_matrix();
                let ours = (&gradient * &self.backward).to_matrix();
                let aligned = (&self.transformation * &self.backward).to_matrix();
                angle(&ours, &(&gradient * &aligned).to_matrix()).ok().flatten()
            }
            Quantity::MaskedTerm => self.masked(),
            _ => None,
        }
    }

    /// The alignment term with masks in place of the derivatives of ReLU: `m2` on each error, and
    /// one `m1` of the hidden units on both passes.
    fn masked(&self) -> Option<f64> {
        let mut stream = Stream::new(self.stream.0, self.stream.1, Role::Probe);
        let mut mask = |rows: usize, columns: usize| mask::<T>(&mut stream, rows, columns);
        let (samples, outputs) = (self.error[0].rows(), self.error[0].cols());
        let [m2, m2_now] = [mask(samples, outputs), mask(samples, outputs)];
        let m1 = mask(samples, self.backward.cols());
        let delta = (&masked(&self.error[0], &m2) * &self.backward).to_matrix();
        let update = (self.activity[0].t() * &masked(&delta, &m1)).to_matrix();
        let shift = masked(&(&self.activity[1] * &update).to_matrix(), &m1);
        self.to_backward(&(masked(&self.error[1], &m2_now).t() * &shift).to_matrix())
    }
}

/// Independent zeros and ones of probability 1/2: the signs of normals.
fn mask<T: Real>(stream: &mut Stream, rows: usize, columns: usize) -> Matrix<T> {
    let mut mask = Matrix::zeros(rows, columns);
    stream.fill_normal(mask.as_mut_slice());
    for m in mask.as_mut_slice() {
        *m = if *m >= T::zero() { T::one() } else { T::zero() };
    }
    mask
}

fn masked<T: Real>(matrix: &Matrix<T>, mask: &Matrix<T>) -> Matrix<T> {
    let mut out = matrix.clone();
    out.as_mut_slice().iter_mut().zip(mask.as_slice()).for_each(|(x, &m)| *x *= m);
    out
}

/// `delta` and `B` beside matrices at drawn angles to them: both angles, and those of the products
/// without and with masks on the error signals and the products.
fn composition<T: Real>(condition: &SampleCondition, seed: u64, stream: u64) -> [Option<f64>; 4] {
    let SampleCondition { layers, batch, draw, .. } = condition;
    let acute = *draw == Draw::AcuteComposition;
    let mut normals = Stream::new(seed, stream, Role::Signal);
    let (delta, other_delta) = pair_at_uniform_angle::<T>(&mut normals, *batch, layers[2], acute);
    let mut normals = Stream::new(seed, stream, Role::Backward);
    let (weights, other_weights) =
        pair_at_uniform_angle::<T>(&mut normals, layers[2], layers[1], acute);
    let mut masks = Stream::new(seed, stream, Role::Probe);
    let (above, below) = (mask(&mut masks, *batch, layers[2]), mask(&mut masks, *batch, layers[1]));
    let between = |a: &Matrix<T>, b: &Matrix<T>| angle(a, b).ok().flatten();
    let through = |delta: &Matrix<T>, weights: &Matrix<T>| (delta * weights).to_matrix();
    let with_masks =
        |delta: &Matrix<T>, weights| masked(&through(&masked(delta, &above), weights), &below);
    [
        between(&delta, &other_delta),
        between(&weights, &other_weights),
        between(&through(&delta, &weights), &through(&other_delta, &other_weights)),
        between(&with_masks(&delta, &weights), &with_masks(&other_delta, &other_weights)),
    ]
}

/// A Gaussian matrix of norm 1, and `r1` times another one at right angles to it plus `r2` times
/// itself, `r1` and `r2` standard normal (`|r2|` if acute): the angle between the two is uniform.
fn pair_at_uniform_angle<T: Real>(
    stream: &mut Stream,
    rows: usize,
    columns: usize,
    acute: bool,
) -> (Matrix<T>, Matrix<T>) {
    let (mut first, mut other) =
        (Matrix::<f64>::zeros(rows, columns), Matrix::zeros(rows, columns));
    let mut factors = [0.0f64; 2];
    stream.fill_normal(first.as_mut_slice());
    stream.fill_normal(other.as_mut_slice());
    stream.fill_normal(&mut factors);
    let [across, along] = [factors[0], if acute { factors[1].abs() } else { factors[1] }];
    let unit = |m: &mut Matrix<f64>| m.scale(1.0 / m.norm());
    unit(&mut first);
    other += -first.inner(&other) * &first;
    unit(&mut other);
    other.scale(across);
    other += along * &first;
    let narrow = |m: &Matrix<f64>| {
        Matrix::from_vec(rows, columns, m.as_slice().iter().map(|&v| T::from_f64(v)).collect())
    };
    (narrow(&first), narrow(&other))
}
