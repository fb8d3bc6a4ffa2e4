//! One step with repeated signals (Fig 1 of the paper), which is also the limit of held signals.

use super::{Prediction, Toy};

/// Angle in degrees of `B^T A^T A` to `B^T`, `A = X^T D`, for Gaussian `X`, `D` of variance 1:
/// `cos^2 = n0 P / ((n2+1)(P+n0+1) + n0 P + 2)`. This ratio of moments does not depend on the
/// hidden units; the mean angle does where they are few, and differs where outputs or samples are:
/// [`super::bound::held_limit`].
pub fn angle(toy: &Toy) -> Prediction {
    let [n0, _, n2, p] = toy.real();
    let cosine2 = n0 * p / ((n2 + 1.0) * (p + n0 + 1.0) + n0 * p + 2.0);
    Prediction {
        value: cosine2.sqrt().acos().to_degrees(),
        assumptions: "linear activation; X, D Gaussian and repeated; ratio of moments",
        source: "mean and mean square of the eigenvalues of the product-Wishart matrix D^T X X^T D",
    }
}

/// The same for large sizes: `cos^2 = 1 / (1 + n2/P + n2/n0)`.
pub fn asymptotic_angle(toy: &Toy) -> Prediction {
    let [n0, _, n2, p] = toy.real();
    Prediction {
        value: (1.0 / (1.0 + n2 / p + n2 / n0)).sqrt().acos().to_degrees(),
        assumptions: "linear activation; X, D Gaussian and repeated; all sizes large",
        source: "leading order of the finite-size form",
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn agrees_with_the_checked_angles_of_fig_1() {
        // (n_i, n_h, n_o, n_b), large-size angle, sampled mean and its tolerance (mean over 10,000
        // draws).
        let table = [
            ([100, 100, 10], 100, 24.1, 24.7),
            ([100, 100, 100], 100, 54.7, 54.9),
            ([100, 100, 100], 500, 47.6, 47.8),
            ([900, 100, 100], 100, 46.5, 46.7),
            ([100, 10, 100], 100, 54.7, 54.9),
            ([10, 100, 100], 100, 73.2, 73.3),
        ];
        for (layers, batch, large, sampled) in table {
            let toy = Toy::new(&layers, batch, 1.0).unwrap();
            assert!(
                (asymptotic_angle(&toy).value - large).abs() < 0.06,
                "{layers:?} {}",
                asymptotic_angle(&toy).value
            );
            assert!((angle(&toy).value - sampled).abs() < 0.6, "{layers:?} {}", angle(&toy).value);
        }
        let e1 = Toy::new(&[20, 100, 20], 100, 4e-4).unwrap();
        assert!((angle(&e1).value - 48.4).abs() < 0.05);
    }

    #[test]
    fn sizes_are_checked() {
        assert!(Toy::new(&[20, 20], 100, 1.0).unwrap_err().to_string().contains("three layers"));
        assert!(
            Toy::new(&[20, 0, 20], 100, 1.0).is_err() && Toy::new(&[20, 1, 20], 0, 1.0).is_err()
        );
    }
}
