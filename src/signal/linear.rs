//! Linear Gaussian processes that are stationary from their first value on.

/// An autoregression of unit noise, with what its start and its autocovariance need.
#[derive(Clone, Debug, PartialEq)]
pub(super) struct AutoRegression {
    /// Best predictors of orders `0 .. p`: `order[m][j-1]` weighs the value `j` iterations back.
    pub orders: Vec<Vec<f64>>,
    /// Variance of what they leave open; 1 for the last.
    pub variances: Vec<f64>,
}

impl AutoRegression {
    /// Steps the Durbin-Levinson recursion down from the coefficients of order p (Brockwell & Davis 1991, section 5.2).
    ///
    /// # Errors
    /// If the process is not stationary: the lag and value of a reflection coefficient of size 1 or more.
    pub fn new(coefficients: &[f64]) -> Result<Self, (usize, f64)> {
        let (mut orders, mut variances) = (vec![coefficients.to_vec()], vec![1.0]);
        for m in (1..=coefficients.len()).rev() {
            let current = &orders[orders.len() - 1];
            let k = current[m - 1];
            if k.is_nan() || k.abs() >= 1.0 {
                return Err((m, k));
            }
            let shorter = (0..m - 1).map(|j| (current[j] + k * current[m - 2 - j]) / (1.0 - k * k)).collect();
            variances.push(variances[variances.len() - 1] / (1.0 - k * k));
            orders.push(shorter);
        }
        orders.reverse();
        variances.reverse();
        Ok(Self { orders, variances })
    }

    /// Weights of the values 1, 2, ... iterations back and the standard deviation of the noise at iteration `t`.
    pub fn step(&self, t: usize) -> (&[f64], f64) {
        let order = t.min(self.orders.len() - 1);
        (&self.orders[order], self.variances[order].sqrt())
    }

    /// Autocovariance at lags `0 .. lags - 1`.
    pub fn autocovariance(&self, lags: usize) -> Vec<f64> {
        let mut out: Vec<f64> = Vec::with_capacity(lags);
        let p = self.orders.len() - 1;
        for h in 0..lags {
            let value = match h {
                0 => self.variances[0],
                _ if h <= p => {
                    let shorter = &self.orders[h - 1];
                    let predicted: f64 = shorter.iter().enumerate().map(|(j, w)| w * out[h - 1 - j]).sum();
                    predicted + self.orders[h][h - 1] * self.variances[h - 1]
                }
                _ => self.orders[p].iter().enumerate().map(|(j, w)| w * out[h - 1 - j]).sum(),
            };
            out.push(value);
        }
        out
    }
}

/// The innovations algorithm for unit variance and autocorrelations that end after q lags: the weights of the last q
/// noises at every iteration, exact from the first value on (Brockwell & Davis 1991, section 5.2).
#[derive(Clone, Debug)]
pub(super) struct Innovations {
    correlations: Vec<f64>,
    /// Rows `theta_t` of the last q iterations, the latest last; `row[j-1]` weighs the noise `j` back.
    rows: Vec<(Vec<f64>, f64)>,
}

impl Innovations {
    pub fn new(correlations: &[f64]) -> Self {
        Self { correlations: correlations.to_vec(), rows: Vec::new() }
    }

    /// Number of lags with a correlation.
    pub fn lags(&self) -> usize {
        self.correlations.len()
    }

    /// Whether the spectrum is nowhere negative.
    ///
    /// # Errors
    /// The frequency, in cycles per iteration, where it is.
    pub fn check(correlations: &[f64]) -> Result<(), f64> {
        let points = 4096.max(16 * correlations.len());
        let spectrum = |frequency: f64| {
            let wave = |(h, r): (usize, &f64)| r * (std::f64::consts::TAU * frequency * (h + 1) as f64).cos();
            1.0 + 2.0 * correlations.iter().enumerate().map(wave).sum::<f64>()
        };
        let grid = (0..=points).map(|i| 0.5 * i as f64 / points as f64);
        match grid.map(|f| (f, spectrum(f))).min_by(|a, b| a.1.total_cmp(&b.1)) {
            Some((frequency, lowest)) if lowest < -1e-9 => Err(frequency),
            _ => Ok(()),
        }
    }

    /// Weights of the noises 1, 2, ... iterations back, and the standard deviation of the new one.
    pub fn advance(&mut self) -> (Vec<f64>, f64) {
        let q = self.correlations.len();
        let known = self.rows.len();
        let mut row = vec![0.0; known];
        // From the oldest noise to the latest.
        for back in (1..=known).rev() {
            let (older, variance) = &self.rows[known - back];
            let shared: f64 = (back + 1..=known)
                .filter_map(|j| Some(older.get(j - back - 1)? * row[j - 1] * self.rows[known - j].1))
                .sum();
            row[back - 1] = if *variance > 0.0 { (self.correlations[back - 1] - shared) / variance } else { 0.0 };
        }
        let explained: f64 = row.iter().enumerate().map(|(j, w)| w * w * self.rows[known - 1 - j].1).sum();
        let variance = (1.0 - explained).max(0.0);
        if known == q {
            self.rows.remove(0);
        }
        self.rows.push((row.clone(), variance));
        (row, variance.sqrt())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn innovations_have_the_asked_covariance() {
        let correlations = [0.7, 0.4, 0.1];
        let mut innovations = Innovations::new(&correlations);
        // Rows of the lower triangular factor: x_t = sum_j L[t][j] n_j.
        let (mut rows, mut sds): (Vec<Vec<f64>>, Vec<f64>) = (Vec::new(), Vec::new());
        for t in 0..40 {
            let (weights, sd) = innovations.advance();
            sds.push(sd);
            let mut row = vec![0.0; 40];
            row[t] = sd;
            for (j, w) in weights.iter().enumerate() {
                row[t - 1 - j] = w * sds[t - 1 - j];
            }
            rows.push(row);
        }
        for s in 0..40 {
            for t in s..40 {
                let covariance: f64 = rows[s].iter().zip(&rows[t]).map(|(a, b)| a * b).sum();
                let asked = if s == t { 1.0 } else { correlations.get(t - s - 1).copied().unwrap_or(0.0) };
                assert!((covariance - asked).abs() < 1e-12, "{s} {t}: {covariance} {asked}");
            }
        }
    }

    #[test]
    fn autoregression_recovers_its_own_coefficients() {
        let ar = AutoRegression::new(&[0.4, -0.3, 0.2]).unwrap();
        let c = ar.autocovariance(10);
        for h in 1..10usize {
            let at = |lag: isize| c[lag.unsigned_abs()];
            let h = h as isize;
            let predicted = 0.4 * at(h - 1) - 0.3 * at(h - 2) + 0.2 * at(h - 3);
            assert!((at(h) - predicted).abs() < 1e-12);
        }
        let noise = c[0] - 0.4 * c[1] + 0.3 * c[2] - 0.2 * c[3];
        assert!((noise - 1.0).abs() < 1e-12);
        assert_eq!(AutoRegression::new(&[0.0, 1.0]), Err((2, 1.0)));
    }
}
