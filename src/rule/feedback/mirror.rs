//! Weight mirror: beside learning, every layer fires noise and the backward weights take on its
//! correlation with what the layer above makes of it (Akrout et al. 2019).
//!
//! ```text
//! x ~ N(0, 1), 32 samples;   y = f_{l+1}(x W_l + b_{l+1}) less its mean over the samples
//! B_l <- (1 - eta_B) B_l + eta_B y^T x / 32
//! ```
//!
//! after every update. Their decay and learning rate of `B` are one number here, the argument, so
//! that `B_l` tends to the mean of `y^T x / 32`: 31/32 of `W_l^T` for a linear layer, as one degree
//! of freedom goes with the mean of `y`, and about half of that for ReLU.

use super::{Argument, Backward, Facts, Made, Policy, Route};
use crate::matrix::Matrix;
use crate::random::Stream;
use crate::real::Real;
use std::sync::Arc;

/// Samples of noise after every update.
const SAMPLES: usize = 32;

pub(super) const FACTS: Facts = Facts {
    name: "mirror",
    aliases: &["wm"],
    label: "weight mirror",
    argument: Some(Argument::between("the rate at which backward weights learn", [0.0, 1.0])),
    route: Route::Layered,
    backward: Backward::Learning,
};

#[derive(Debug)]
struct Mirror {
    rate: f64,
}

pub(super) fn policy<T: Real>(rate: f64) -> Arc<dyn Policy<T>> {
    Arc::new(Mirror { rate })
}

impl<T: Real> Policy<T> for Mirror {
    fn learn(
        &self,
        backward: &mut [Matrix<T>],
        _drawn: &[Matrix<T>],
        made: &Made<'_, T>,
        noise: &mut Stream,
    ) {
        for (index, b) in backward.iter_mut().enumerate() {
            let l = index + 1;
            let mut x = Matrix::zeros(SAMPLES, b.cols());
            noise.fill_normal(x.as_mut_slice());
            let (mut z, mut y) =
                (Matrix::zeros(SAMPLES, b.rows()), Matrix::zeros(SAMPLES, b.rows()));
            if !made.layers.biases[l].is_empty() {
                z.fill_rows(&made.layers.biases[l]);
            }
            z += &x * &made.layers.weights[l];
            made.layers.activations[l].apply(z.as_slice(), y.as_mut_slice());
            centre_columns(&mut y);
            b.scale(T::from_f64(1.0 - self.rate));
            *b += T::from_f64(self.rate / SAMPLES as f64) * y.t() * &x;
        }
    }
}

/// Takes from every column its mean.
fn centre_columns<T: Real>(matrix: &mut Matrix<T>) {
    let mut means = vec![T::zero(); matrix.cols()];
    for i in 0..matrix.rows() {
        means.iter_mut().zip(matrix.row(i)).for_each(|(mean, &value)| *mean += value);
    }
    let share = T::from_f64(1.0 / matrix.rows() as f64);
    for i in 0..matrix.rows() {
        matrix.row_mut(i).iter_mut().zip(&means).for_each(|(value, &sum)| *value -= share * sum);
    }
}
