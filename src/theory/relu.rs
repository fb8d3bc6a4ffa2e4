//! ReLU to leading order in the learning rate (Gaussian signals, no output mask).

use super::Prediction;
use super::Toy;
use super::moments::{NoMoments, statistics};
use crate::rule::Timing;
use crate::signal::{Cross, Pair};
use std::f64::consts::PI;

/// `kappa(c) = (pi - arccos c) / 2 pi`: probability that a random hidden unit is active for two
/// inputs of cosine `c` (arc-cosine kernel of degree 0, Cho & Saul 2009).
pub fn both_active(cosine: f64) -> f64 {
    (PI - cosine.clamp(-1.0, 1.0).acos()) / (2.0 * PI)
}

/// `E[relu(u) relu(v)]` for standard normals of correlation `r` (arc-cosine kernel of degree 1).
pub fn rectified_product(r: f64) -> f64 {
    let r = r.clamp(-1.0, 1.0);
    ((1.0 - r * r).sqrt() + r * (PI - r.acos())) / (2.0 * PI)
}

/// `E[(x . y) kappa(cos(x, y))]` for `n`-dimensional Gaussian `x`, `y` of unit variance and
/// correlation `r` per unit: the one component along the hidden unit's weights gives a rectified
/// product, the others are free of it.
pub fn masked_similarity(n: usize, r: f64) -> f64 {
    (n as f64 - 1.0) * r * both_active(r) + rectified_product(r)
}

/// `E <W_1, B^T>` to leading order: `eta^2 sB^2 n1 P n2 sum_{s<t} E[(x_s . x_t) kappa] E[d_s d_t]`,
/// the same sample at both times, for errors of different samples are independent.
///
/// # Errors
/// If the signals are not Gaussian of mean 0, independent of each other and across samples and
/// units, or too long.
pub fn inner_product(toy: &Toy, pair: &Pair, iterations: usize) -> Result<Prediction, NoMoments> {
    let plain =
        |form: &crate::signal::Form| form.mean == 0.0 && form.batch == 0.0 && form.units == 0.0;
    if pair.cross != Cross::None || !plain(&pair.activity) || !plain(&pair.error) {
        let needs = "the leading order for ReLU needs activity and error of mean 0, independent of \
                     each other, across samples and across units";
        return Err(NoMoments::Pair(needs.into()));
    }
    if toy.timing != Timing::INSTANT {
        let needs =
            "the leading order for ReLU needs errors that meet the activity of their own iteration";
        return Err(NoMoments::Pair(needs.into()));
    }
    let stats = statistics(toy, pair, iterations)?;
    let (cx, cd) = (&stats.activity.covariance, &stats.error.covariance);
    let mut sum = 0.0;
    for s in 0..iterations {
        for t in s + 1..iterations {
            let scale = (cx.row(s)[s] * cx.row(t)[t]).sqrt();
            if cd.row(s)[t] != 0.0 && scale > 0.0 {
                sum += scale * masked_similarity(toy.inputs, cx.row(s)[t] / scale) * cd.row(s)[t];
            }
        }
    }
    let [_, n1, n2, p] = toy.real();
    Ok(Prediction {
        value: (toy.eta * toy.b_std).powi(2) * n1 * p * n2 * sum,
        assumptions: "ReLU, no output mask, no normalisation; leading order in eta; Gaussian \
            signals of mean 0",
        source: "arc-cosine kernels of degrees 0 and 1 over Gaussian W0(0)",
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::measure::summary::Summary;
    use crate::random::{Role, Stream};

    #[test]
    fn kernels_at_their_ends() {
        assert!((both_active(1.0) - 0.5).abs() < 1e-15 && both_active(-1.0).abs() < 1e-15);
        assert!(
            (rectified_product(1.0) - 0.5).abs() < 1e-15 && rectified_product(-1.0).abs() < 1e-15
        );
        assert!((rectified_product(0.0) - 0.5 / PI).abs() < 1e-15);
    }

    #[test]
    fn masked_similarity_matches_sampled_inputs() {
        let (n, draws) = (5, 200_000);
        for r in [0.0, 0.6, -0.4, 0.95] {
            let mut stream = Stream::new(1, 0, Role::Probe);
            let mut z = [0.0f64; 10];
            let values: Vec<f64> = (0..draws)
                .map(|_| {
                    stream.fill_normal(&mut z);
                    let x = &z[..n];
                    let y: Vec<f64> = x
                        .iter()
                        .zip(&z[n..])
                        .map(|(x, e)| r * x + (1.0 - r * r).sqrt() * e)
                        .collect();
                    let dot =
                        |a: &[f64], b: &[f64]| a.iter().zip(b).map(|(a, b)| a * b).sum::<f64>();
                    dot(x, &y) * both_active(dot(x, &y) / (dot(x, x) * dot(&y, &y)).sqrt())
                })
                .collect();
            let found = Summary::of(values.into_iter().map(Some));
            let (mean, error) = (found.mean.unwrap(), found.standard_error().unwrap());
            assert!(
                (mean - masked_similarity(n, r)).abs() < 4.0 * error,
                "{r}: {mean} {}",
                masked_similarity(n, r)
            );
        }
    }
}
