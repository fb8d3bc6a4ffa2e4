//! Quantiles and the mode of many values.

/// Values in ascending order.
#[derive(Clone, Debug, PartialEq)]
pub struct Sorted(Vec<f64>);

impl Sorted {
    /// The finite ones among `values`; `None` if there are none.
    pub fn new(mut values: Vec<f64>) -> Option<Self> {
        values.retain(|v| v.is_finite());
        values.sort_unstable_by(f64::total_cmp);
        (!values.is_empty()).then_some(Self(values))
    }

    /// The value that a share `p` of all lies below: linear between neighbours (type 7 of Hyndman &
    /// Fan 1996, R's and NumPy's default).
    pub fn quantile(&self, p: f64) -> f64 {
        let position = p.clamp(0.0, 1.0) * (self.0.len() - 1) as f64;
        let below = position.floor() as usize;
        let above = (below + 1).min(self.0.len() - 1);
        self.0[below] + (position - below as f64) * (self.0[above] - self.0[below])
    }

    /// Share of the values below `bound`.
    pub fn share_below(&self, bound: f64) -> f64 {
        self.0.partition_point(|&v| v < bound) as f64 / self.0.len() as f64
    }

    /// Middle of the fullest of `bins` equal bins from 0 to the quantile at `p`, the lowest on
    /// ties: the mode of values that are not negative, whatever their tail. 0 if that quantile is
    /// not above 0.
    pub fn mode(&self, bins: usize, p: f64) -> f64 {
        let top = self.quantile(p);
        if top <= 0.0 || bins == 0 {
            return 0.0;
        }
        let width = top / bins as f64;
        let mut counts = vec![0usize; bins];
        for &value in self.0.iter().filter(|v| (0.0..=top).contains(*v)) {
            counts[((value / width) as usize).min(bins - 1)] += 1;
        }
        let fullest = (0..bins).rev().max_by_key(|&bin| counts[bin]).unwrap_or(0);
        (fullest as f64 + 0.5) * width
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn quantiles_are_those_of_r() {
        let sorted = Sorted::new(vec![3.0, 1.0, f64::NAN, 4.0, 1.0, 5.0, 9.0, 2.0, 6.0]).unwrap();
        // quantile(c(3, 1, 4, 1, 5, 9, 2, 6), c(0, .1, .25, .5, .9, 1))
        for (p, expected) in
            [(0.0, 1.0), (0.1, 1.0), (0.25, 1.75), (0.5, 3.5), (0.9, 6.9), (1.0, 9.0)]
        {
            assert!((sorted.quantile(p) - expected).abs() < 1e-12, "{p}");
        }
        assert_eq!(sorted.share_below(2.0), 0.25);
        assert_eq!(Sorted::new(vec![f64::NAN]), None);
    }

    #[test]
    fn the_mode_is_where_most_values_are() {
        let values = (0..100).map(f64::from).chain([30.2; 5]).collect();
        let mode = Sorted::new(values).unwrap().mode(50, 1.0);
        assert!((mode - 30.69).abs() < 0.01, "{mode}");
        assert_eq!(Sorted::new(vec![0.0; 9]).unwrap().mode(60, 0.98), 0.0);
        assert_eq!(Sorted::new(vec![1.0, 2.0]).unwrap().mode(0, 0.98), 0.0);
        assert_eq!(Sorted::new(vec![-2.0, -1.0]).unwrap().mode(60, 0.98), 0.0);
    }
}
