//! Averages over signals without the signals: `A_t = X_t^T E_t` drawn alone.
//!
//! The theory of linear networks sees signals by `A_t` (`n_0 x n_D`) only. Where activity and error
//! are Gaussian of mean 0 and independent of each other, across samples and across units, every
//! entry of `A_t` is a sum over `P` samples, and all entries are uncorrelated, each of the
//! covariance
//!
//! ```text
//! E[A_s A_t] = P cx(s,t) cd(s,t)
//! ```
//!
//! from one update to another: autocorrelations of activity and error multiply. So a Gaussian `A_t`
//! of this covariance has the second moments of the real one, and differs in its fourth by a share
//! of `1/P`. It takes `n_0 n_D` normals per update in the place of `P (n_0 + n_D)` and a product.

use super::{DepthAngles, DepthRun, NoDepthTheory};
use crate::matrix::Matrix;
use crate::random::{Role, Stream};
use crate::rule::normal_matrix;
use crate::signal::Pair;
use crate::theory::moments::{NoMoments, statistics};
use crate::theory::{BadToy, Toy};
use thiserror::Error;

/// Why products are not drawn alone.
#[derive(Debug, Error)]
pub enum NoProducts {
    /// Signals whose covariance does not decide it.
    #[error("{0}")]
    Moments(#[from] NoMoments),
    /// Sizes of zero.
    #[error("{0}")]
    Sizes(#[from] BadToy),
    /// Signals that depend on each other.
    #[error(
        "products of signals are drawn alone only where activity and error have mean 0 and are \
         independent of each other, across samples and across units: draw whole signals"
    )]
    Dependent,
    /// Signals that last.
    #[error(
        "these signals last so long that their products are not Gaussian at these sizes: give \
         batches of at least {0}, or draw whole signals"
    )]
    Lasting(usize),
}

/// Largest share by which fourth moments may differ.
const SHARE: f64 = 0.1;

/// The law of `A_t` over some updates.
#[derive(Clone, Debug)]
pub struct Products {
    /// `L` with `L L^T = P cx o cd`, lower triangular, by update.
    factor: Matrix<f64>,
    /// Variance of an error by update, summed over samples.
    errors: Vec<f64>,
}

impl Products {
    /// For `inputs` and `outputs` units and batches of `batch` samples of `pair` over `iterations`
    /// updates and the one to come.
    ///
    /// # Errors
    /// If the signals are not Gaussian and independent or last too long, or there are too many
    /// updates.
    pub fn new(
        pair: &Pair,
        [inputs, outputs]: [usize; 2],
        batch: usize,
        iterations: usize,
    ) -> Result<Self, NoProducts> {
        let toy = Toy::new(&[inputs, 1, outputs], batch, 1.0)?;
        let of = statistics(&toy, pair, iterations + 1)?;
        let plain = |moment: &crate::theory::wick::Moment| {
            moment.mean == 0.0 && moment.batch_correlation == 0.0 && moment.unit_correlation == 0.0
        };
        if of.cross.is_some() || !plain(&of.activity) || !plain(&of.error) {
            return Err(NoProducts::Dependent);
        }
        let times = times_new(&of.activity.covariance).min(times_new(&of.error.covariance));
        let needed = (inputs + outputs) as f64 / (SHARE * times);
        if (batch as f64) < needed {
            return Err(NoProducts::Lasting(needed.ceil() as usize));
        }
        let samples = batch as f64;
        let mut covariance = of.activity.covariance;
        let pairs = covariance.as_mut_slice().iter_mut().zip(of.error.covariance.as_slice());
        pairs.for_each(|(x, d)| *x *= samples * d);
        let errors = (0..iterations + 1).map(|t| samples * of.error.covariance.row(t)[t]).collect();
        Ok(Self { factor: factor(covariance), errors })
    }

    /// `A_t` of every update.
    fn draw(&self, inputs: usize, outputs: usize, stream: &mut Stream) -> Vec<Matrix<f64>> {
        let normals: Matrix<f64> = normal_matrix(stream, self.factor.rows(), inputs * outputs, 1.0);
        let all = (&self.factor * &normals).to_matrix();
        let of = |t: usize| Matrix::from_vec(inputs, outputs, all.row(t).to_vec());
        (0..all.rows()).map(of).collect()
    }
}

/// At how many times a signal is new: `(sum_t v_t)^2 / sum_{s,t} c(s,t)^2` for its variances `v`.
fn times_new(covariance: &Matrix<f64>) -> f64 {
    let total = covariance.trace();
    if total > 0.0 { total * total / covariance.squared_norm() } else { 1.0 }
}

/// The lower triangular `L` of a positive semidefinite `L L^T`: Cholesky, with nothing in the
/// columns of values that earlier ones decide.
fn factor(covariance: Matrix<f64>) -> Matrix<f64> {
    let n = covariance.rows();
    let mut out: Matrix<f64> = Matrix::zeros(n, n);
    for i in 0..n {
        for j in 0..=i {
            let known = crate::vmath::dot(&out.row(i)[..j], &out.row(j)[..j]);
            let left = covariance.row(i)[j] - known;
            let pivot = if i == j { left } else { out.row(j)[j] };
            out.row_mut(i)[j] = if i == j {
                if left > 1e-10 * covariance.row(i)[i] { left.sqrt() } else { 0.0 }
            } else if pivot > 0.0 {
                left / pivot
            } else {
                0.0
            };
        }
    }
    out
}

impl DepthRun {
    /// As [`Self::angles`], for drawn products of signals in the place of the signals of the
    /// repeat. Error signals are those of their mean inner products.
    ///
    /// # Errors
    /// If values run away.
    pub fn angles_of_products(
        &self,
        products: &Products,
        iterations: &[usize],
        seed: u64,
        repeat: u64,
    ) -> Result<Vec<DepthAngles>, NoDepthTheory> {
        let sizes = &self.network.sizes;
        let (inputs, outputs) = (sizes[0], sizes[self.network.depth()]);
        let mut stream = Stream::new(seed, repeat, Role::Signal);
        let steps = products.draw(inputs, outputs, &mut stream);
        let last = iterations.last().copied().unwrap_or(0);
        let mut follower = self.follow(&self.backward(seed, repeat), last, seed, repeat)?;
        let (mut found, mut done) = (Vec::new(), 0);
        for &iteration in iterations {
            steps[done..iteration].iter().for_each(|step| follower.advance_by(step));
            done = iteration;
            let mut errors = Matrix::identity(outputs);
            errors.scale(products.errors[iteration]);
            found.push(follower.angles_of(iteration, &steps[iteration], &errors)?);
        }
        Ok(found)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::measure::summary::Summary;
    use crate::signal::Form;
    use crate::theory::depth::{DeepNetwork, StepRule, Width};

    #[test]
    fn a_semidefinite_matrix_is_the_square_of_its_factor() {
        let whole = Matrix::from_vec(3, 3, vec![4.0, 4.0, 2.0, 4.0, 4.0, 2.0, 2.0, 2.0, 5.0]);
        let root = factor(whole.clone());
        assert_eq!((&root * root.t()).to_matrix(), whole);
        assert_eq!(root.row(1)[1], 0.0);
    }

    /// Angles are those of whole signals, on average and in their spread.
    #[test]
    fn products_alone_stand_for_whole_signals() {
        for (forms, batch) in [(["ar1:0.9", "ar1:0.8"], 30), (["white", "ar1:0.9"], 30)] {
            let [activity, error] = forms.map(|form| Form::parse(form).unwrap());
            let pair = Pair { activity, error, ..Pair::default() };
            let sizes = vec![8, 40, 40, 6];
            let run = DepthRun {
                network: DeepNetwork { sizes, w_std: vec![0.15; 3], norms: None, bias_std: None },
                b_std: vec![0.15; 2],
                width: Width::Infinite,
                pair: pair.clone(),
                batch,
                rule: StepRule::plain(1e-2),
            };
            let (at, draws) = ([25, 50], 120);
            let products = Products::new(&pair, [8, 6], batch, 50).unwrap();
            let alone: Vec<_> = (0..draws)
                .map(|draw| run.angles_of_products(&products, &at, 1, draw).unwrap())
                .collect();
            let whole: Vec<_> = (0..draws).map(|draw| run.angles(&at, 1, draw).unwrap()).collect();
            for place in 0..2 {
                for l in 0..2 {
                    let of = |all: &[Vec<DepthAngles>]| {
                        Summary::of(all.iter().map(|of| Some(of[place].weights[l])))
                    };
                    let [alone, whole] = [of(&alone), of(&whole)];
                    let error =
                        alone.standard_error().unwrap().hypot(whole.standard_error().unwrap());
                    let off = alone.mean.unwrap() - whole.mean.unwrap();
                    assert!(off.abs() < 0.3 + 3.0 * error, "{forms:?} {l}: {alone:?} {whole:?}");
                    let spread = alone.sd.unwrap() / whole.sd.unwrap();
                    assert!((0.7..1.43).contains(&spread), "{forms:?} {l}: {alone:?} {whole:?}");
                }
            }
        }
    }

    #[test]
    fn dependent_signals_are_not_drawn_as_products() {
        let pair = Pair { cross: "same".parse().unwrap(), ..Pair::default() };
        assert!(matches!(Products::new(&pair, [4, 4], 5, 10), Err(NoProducts::Dependent)));
        let text = Products::new(&pair, [4, 4], 5, 10).unwrap_err().to_string();
        assert!(text.contains("draw whole signals"), "{text}");
        // Held signals are new once.
        let held = Pair::default();
        let refused = Products::new(&held, [8, 6], 20, 10);
        assert!(matches!(refused, Err(NoProducts::Lasting(140))), "{refused:?}");
        assert!(Products::new(&held, [8, 6], 140, 10).is_ok());
    }
}
