//! The shuffled control: what is left of the products if errors are similar at random pairs.

use super::{Kernel, SamplePairs, SideMatrix, Split};

/// Mean of `S_L * S_delta` over some pairs when the entries of `S_delta` are permuted at random
/// over all pairs.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct ShuffledMean {
    /// Expectation over permutations: `mean(S_L)` over these pairs times `mean(S_delta)` over all.
    pub mean: f64,
    /// Standard deviation over permutations.
    pub sd: f64,
}

impl ShuffledMean {
    /// Standard score of the mean over the pairs as they are; `None` where every permutation gives
    /// the same.
    pub fn z(&self, observed: f64) -> Option<f64> {
        (self.sd > 0.0).then(|| (observed - self.mean) / self.sd)
    }
}

/// The control over pairs within and between classes and over all pairs; `None` where there are no
/// pairs.
pub type Shuffled = Split<Option<ShuffledMean>>;

impl SamplePairs {
    /// Exact mean and standard deviation over all permutations of `S_delta` (Hoeffding 1951, for
    /// the linear rank statistic `sum a_i b_pi(i)`: variance `sum (a - mean a)^2 sum (b - mean b)^2
    /// / (N - 1)`). Costs `O(P (n^2 + m^2))`.
    pub fn shuffled(&self) -> Shuffled {
        let (pairs, [activity, error]) = (self.pairs(), [SideMatrix::Activity, SideMatrix::Error]);
        let similarity = self
            .sums(Kernel::Similarity(activity))
            .zip(self.sums(Kernel::Product(activity, activity)));
        let total = pairs.all as f64;
        let error_sum = self.sums(Kernel::Similarity(error)).all;
        let error_spread = spread(self.sums(Kernel::Product(error, error)).all, error_sum, total);
        similarity.zip(pairs).map(|((sum, squares), pairs)| {
            let count = pairs as f64;
            let variance =
                spread(squares, sum, total) * error_spread / (total - 1.0) / (count * count);
            // A single pair has a single permutation.
            let sd = if total > 1.0 { variance.sqrt() } else { 0.0 };
            (pairs > 0).then(|| ShuffledMean { mean: sum / count * (error_sum / total), sd })
        })
    }
}

/// Sum of squared deviations from the mean of `count` values with this sum of squares and sum;
/// values outside a subset count as zeros. 0 where the difference is no more than rounding.
fn spread(squares: f64, sum: f64, count: f64) -> f64 {
    let spread = squares - sum * sum / count;
    if spread > 1e-13 * squares { spread } else { 0.0 }
}
