//! Density histograms.

/// A density over equal bins.
#[derive(Clone, Debug, PartialEq)]
pub struct Histogram {
    low: f64,
    width: f64,
    /// Density of every bin: shares of all values over the bin's width.
    pub densities: Vec<f64>,
}

impl Histogram {
    /// Density of the finite ones among `values` in `bins` bins on `[low, high]`; `None` if there
    /// are none or the range is empty. Values outside the range count in the total but in no bin.
    pub fn new(values: &[f64], low: f64, high: f64, bins: usize) -> Option<Self> {
        let total = values.iter().filter(|v| v.is_finite()).count();
        if total == 0 || bins == 0 || high <= low || !(high - low).is_finite() {
            return None;
        }
        let width = (high - low) / bins as f64;
        let mut densities = vec![0.0; bins];
        for &value in values.iter().filter(|v| (low..=high).contains(*v)) {
            let bin = (((value - low) / width) as usize).min(bins - 1);
            densities[bin] += 1.0 / (total as f64 * width);
        }
        Some(Self { low, width, densities })
    }

    /// Corners of the outline, from the axis to the axis.
    pub fn outline(&self) -> Vec<(f64, f64)> {
        let edge = |i: usize| self.low + self.width * i as f64;
        let tops =
            self.densities.iter().enumerate().flat_map(|(i, &d)| [(edge(i), d), (edge(i + 1), d)]);
        [(self.low, 0.0)]
            .into_iter()
            .chain(tops)
            .chain([(edge(self.densities.len()), 0.0)])
            .collect()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_area_is_the_share_inside() {
        let values: Vec<f64> = (0..100).map(|i| f64::from(i) / 10.0).chain([f64::NAN]).collect();
        let histogram = Histogram::new(&values, 0.0, 5.0, 10).unwrap();
        let area: f64 = histogram.densities.iter().map(|d| d * 0.5).sum();
        assert!((area - 0.51).abs() < 1e-12, "{area}");
        assert_eq!(histogram.outline().len(), 22);
        assert_eq!(histogram.outline()[0], (0.0, 0.0));
        assert!(
            Histogram::new(&[], 0.0, 1.0, 3).is_none()
                && Histogram::new(&[1.0], 1.0, 1.0, 3).is_none()
        );
        assert_eq!(Histogram::new(&[1.0], 0.0, 1.0, 2).unwrap().densities, [0.0, 2.0]);
    }
}
