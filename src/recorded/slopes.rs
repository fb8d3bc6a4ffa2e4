//! Whether a matrix carried the errors through an activation that is not known.
//!
//! `delta_l / (delta_{l+1} B_l)` is `f'(z)`, whatever `f` is: a function of the activity alone. Of another matrix than the one
//! that carried the errors, the quotients of neighbouring activities scatter.

/// Quotients taken of one iteration, at most.
const MOST: usize = 256;
/// Places between activities that are not neighbours any more.
const APART: usize = 8;
/// Quotients that it takes to tell a function from scatter.
const LEAST: usize = 8 * APART;
/// Quotients of neighbours differ less than those apart do, by this factor at least, if they are those of a function: then
/// it is the distance by which they differ, of scatter about 1.
const SMOOTH: f64 = 0.4;
/// Differences of quotients, relative to their size, that are rounding.
const ROUNDING: f64 = 1e-4;
/// How much farther off than at the one end the quotients are at the other, if a matrix is that of the one.
const FARTHER: f64 = 2.0;

/// Pairs of an activity and the quotient there, by iteration.
#[derive(Clone, Debug, Default, PartialEq)]
pub(super) struct Slopes(Vec<Vec<[f64; 2]>>);

/// What the quotients say of a matrix.
#[derive(Clone, Debug, PartialEq)]
pub(super) enum Said {
    /// It carried all errors.
    Carried,
    /// It did not carry those far from one end: how far off it is, by iteration.
    Changed(Vec<Option<f64>>),
    /// Nothing.
    Nothing,
}

impl Slopes {
    /// Adds an iteration: its activities, error signals, and what the matrix makes of those above.
    pub fn add(&mut self, activity: &[f64], delta: &[f64], made: &[f64]) {
        let stride = activity.len().div_ceil(MOST).max(1);
        let all = activity.iter().zip(delta.iter().zip(made)).step_by(stride);
        let pairs = all.filter(|(_, (delta, made))| **delta != 0.0 && **made != 0.0);
        self.0.push(pairs.map(|(activity, (delta, made))| [*activity, delta / made]).collect());
    }

    pub fn say(&self) -> Said {
        let all = sorted(self.0.iter().flatten().copied());
        if all.len() < LEAST {
            return Said::Nothing;
        }
        let (near, far) = (differences(&all, 1), differences(&all, APART));
        if far <= ROUNDING * median(all.iter().map(|of| of[1].abs())) || near <= SMOOTH * far {
            return Said::Carried;
        }
        let third = self.0.len().div_ceil(3);
        let (first, last) = (self.off(0..third), self.off(self.0.len() - third..self.0.len()));
        let mean = |of: &[Option<f64>]| {
            let known: Vec<f64> = of.iter().flatten().copied().collect();
            known.iter().sum::<f64>() / known.len().max(1) as f64
        };
        let ends = |of: &[Option<f64>]| [mean(&of[..third]), mean(&of[of.len() - third..])];
        let ([at_first, later], [earlier, at_last]) = (ends(&first), ends(&last));
        // Which of the two is the function of its own end.
        if earlier >= FARTHER * at_last && at_last < at_first {
            return Said::Changed(last);
        }
        if later >= FARTHER * at_first && at_first < at_last {
            return Said::Changed(first);
        }
        Said::Nothing
    }

    /// How far the quotients of every iteration are from the function that those of some make: the median of the relative
    /// differences.
    fn off(&self, reference: std::ops::Range<usize>) -> Vec<Option<f64>> {
        let iterations = |k: usize| {
            // An iteration is no reference for itself.
            let others = reference.clone().filter(|of| *of != k).flat_map(|of| self.0[of].iter().copied());
            let known = sorted(others);
            let off: Vec<f64> =
                self.0[k].iter().filter_map(|of| Some((of[1] / between(&known, of[0])? - 1.0).abs())).collect();
            (!off.is_empty()).then(|| median(off.into_iter()))
        };
        (0..self.0.len()).map(iterations).collect()
    }
}

fn sorted(pairs: impl Iterator<Item = [f64; 2]>) -> Vec<[f64; 2]> {
    let mut all: Vec<[f64; 2]> = pairs.collect();
    all.sort_unstable_by(|a, b| a[0].total_cmp(&b[0]));
    all
}

fn median(values: impl Iterator<Item = f64>) -> f64 {
    let mut all: Vec<f64> = values.collect();
    all.sort_unstable_by(f64::total_cmp);
    all.get(all.len() / 2).copied().unwrap_or(0.0)
}

/// Median difference of quotients so many places apart.
fn differences(sorted: &[[f64; 2]], apart: usize) -> f64 {
    median(sorted.windows(apart + 1).map(|of| (of[apart][1] - of[0][1]).abs()))
}

/// The quotient at an activity: the median of its neighbours'; `None` beyond the ends.
fn between(sorted: &[[f64; 2]], activity: f64) -> Option<f64> {
    let at = sorted.partition_point(|of| of[0] < activity);
    let near = sorted.get(at.checked_sub(2)?..at + 3)?;
    Some(median(near.iter().map(|of| of[1])))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::random::{Role, Stream};

    /// Errors through softplus of so many samples and iterations, off by `error(k)`.
    fn slopes(samples: usize, iterations: usize, error: impl Fn(usize) -> f64) -> Slopes {
        let mut stream = Stream::new(3, 0, Role::Probe);
        let mut drawn = |n: usize| {
            let mut values = vec![0.0; n];
            stream.fill_normal(&mut values);
            values
        };
        let mut slopes = Slopes::default();
        for k in 0..iterations {
            let (z, made, noise) = (drawn(samples), drawn(samples), drawn(samples));
            let activity: Vec<f64> = z.iter().map(|z: &f64| z.exp().ln_1p()).collect();
            let right = made.iter().zip(&z).map(|(m, z)| m / (1.0 + (-z).exp()));
            let delta: Vec<f64> = right.zip(noise).map(|(d, n)| d + error(k) * n).collect();
            slopes.add(&activity, &delta, &made);
        }
        slopes
    }

    #[test]
    fn quotients_are_a_function_or_not() {
        assert_eq!(slopes(40, 10, |_| 0.0).say(), Said::Carried);
        assert_eq!(slopes(1000, 100, |_| 0.0).say(), Said::Carried);
        assert_eq!(slopes(40, 10, |_| 0.3).say(), Said::Nothing);
        assert_eq!(slopes(2, 10, |_| 0.0).say(), Said::Nothing, "too few");
    }

    #[test]
    fn a_matrix_of_one_end_is_found_out() {
        let Said::Changed(falls) = slopes(40, 10, |k| 0.05 * (9 - k) as f64).say() else { panic!("falls") };
        assert!(falls[0].unwrap() > 3.0 * falls[9].unwrap(), "{falls:?}");
        let Said::Changed(rises) = slopes(40, 10, |k| 0.05 * k as f64).say() else { panic!("rises") };
        assert!(rises[9].unwrap() > 3.0 * rises[0].unwrap(), "{rises:?}");
    }
}
