//! Whether a matrix carried the errors through an activation that is not known.
//!
//! `delta_l / (delta_{l+1} B_l)` is `f'(z)`, whatever `f` is: a function of the activity alone. Of
//! another matrix than the one that carried the errors, the quotients of neighbouring activities
//! scatter.

use std::ops::Range;

/// Quotients taken of one iteration, at most.
const MOST: usize = 256;
/// Places between activities that are not neighbours any more.
const APART: usize = 8;
/// Quotients that it takes to tell a function from scatter.
const LEAST: usize = 8 * APART;
/// Quotients of neighbours differ less than those apart do, by this factor at least, if they are
/// those of a function: then a function that is nearly straight between them makes an eighth of it,
/// scatter about 1.
const SMOOTH: f64 = 0.2;
/// Differences of quotients, relative to their size, that are rounding.
const ROUNDING: f64 = 1e-4;
/// Standard score by which quotients of one end are farther off than those of the other, if a
/// matrix is that of one end: chance does so once in 4,000 times.
const FARTHER: f64 = 3.5;

/// Pairs of an activity and the quotient there, by iteration.
#[derive(Clone, Debug, Default, PartialEq)]
pub(super) struct Slopes(Vec<Vec<[f64; 2]>>);

/// What the quotients say of a matrix.
#[derive(Clone, Debug, PartialEq)]
pub(super) enum Said {
    /// It carried all errors.
    Carried,
    /// It changed: it is nearest to what carried the first errors, or the last, or, `None`, those
    /// between.
    Changed(Option<End>),
    /// Nothing.
    Nothing,
}

/// An end of a run.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum End {
    First,
    Last,
}

/// The first and the last third of so many iterations, with what lies between them. Of one
/// iteration both ends are that one.
pub(super) fn thirds(iterations: usize) -> [Range<usize>; 3] {
    let third = iterations.div_ceil(3);
    let last = iterations - third;
    [0..third, third.min(last)..last, last..iterations]
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
        match self.is_function() {
            None => Said::Nothing,
            Some(true) => Said::Carried,
            Some(false) => self.nearest(),
        }
    }

    /// Whether all quotients are one function of the activity; `None` of too few.
    pub fn is_function(&self) -> Option<bool> {
        is_function(&self.0)
    }

    /// Which of the errors a matrix is nearest to, that did not carry all.
    fn nearest(&self) -> Said {
        let [start, between, end] = thirds(self.0.len());
        let off = |reference: &Range<usize>| {
            let off: Vec<Vec<f64>> = (0..self.0.len()).map(|k| self.off(k, reference)).collect();
            [&start, &between, &end].map(|third| off[third.clone()].concat())
        };
        // By the function that quotients of each end make.
        let [first, last] = [off(&start), off(&end)];
        let scores = [score(&first[2], &first[0]), score(&last[0], &last[2])];
        let ([score, _], [_, middle, own], end) = match scores[0] >= scores[1] {
            true => (scores, [&first[2], &first[1], &first[0]], End::First),
            false => ([scores[1], scores[0]], [&last[0], &last[1], &last[2]], End::Last),
        };
        // What was recorded at the start carried the first errors as they are; at the end, it is
        // one update later.
        let is_exact = end == End::Last || is_function(&self.0[start]) == Some(true);
        let is_nearest = is_exact && (middle.is_empty() || mean(own) <= mean(middle));
        if score < FARTHER {
            Said::Nothing
        } else {
            Said::Changed(Some(end).filter(|_| is_nearest))
        }
    }

    /// How far the quotients of an iteration are from the function that those of others make,
    /// relative to it.
    fn off(&self, k: usize, reference: &Range<usize>) -> Vec<f64> {
        let others = reference
            .clone()
            .filter(|other| *other != k)
            .flat_map(|other| self.0[other].iter().copied());
        let known = sorted(others);
        let off = self.0[k]
            .iter()
            .filter_map(|pair| Some((pair[1] / between(&known, pair[0])? - 1.0).abs()));
        off.filter(|off| off.is_finite()).collect()
    }
}

/// Whether quotients of these iterations are one function of the activity; `None` of too few.
fn is_function(iterations: &[Vec<[f64; 2]>]) -> Option<bool> {
    let all = sorted(iterations.iter().flatten().copied());
    if all.len() < LEAST {
        return None;
    }
    let (near, far) = (differences(&all, 1), differences(&all, APART));
    Some(far <= ROUNDING * median(all.iter().map(|pair| pair[1].abs())) || near <= SMOOTH * far)
}

/// Mean over the middle half, which outliers do not move.
fn mean(values: &[f64]) -> f64 {
    let mut all = values.to_vec();
    all.sort_unstable_by(f64::total_cmp);
    let middle = &all[all.len() / 4..all.len() - all.len() / 4];
    middle.iter().sum::<f64>() / middle.len().max(1) as f64
}

/// By how many standard deviations the ranks of `larger` among all are above those of `smaller`
/// (Mann-Whitney).
fn score(larger: &[f64], smaller: &[f64]) -> f64 {
    let tagged =
        |values: &[f64], large: bool| values.iter().map(|v| (*v, large)).collect::<Vec<_>>();
    let mut all = [tagged(larger, true), tagged(smaller, false)].concat();
    all.sort_unstable_by(|a, b| a.0.total_cmp(&b.0));
    let (n, m) = (larger.len() as f64, smaller.len() as f64);
    let ranks: f64 = all
        .iter()
        .enumerate()
        .filter(|(_, value)| value.1)
        .map(|(rank, _)| rank as f64 + 1.0)
        .sum();
    let above = ranks - n * (n + 1.0) / 2.0 - n * m / 2.0;
    if n * m == 0.0 { 0.0 } else { above / (n * m * (n + m + 1.0) / 12.0).sqrt() }
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
    median(sorted.windows(apart + 1).map(|window| (window[apart][1] - window[0][1]).abs()))
}

/// The quotient at an activity: the median of its neighbours'; `None` beyond the ends.
fn between(sorted: &[[f64; 2]], activity: f64) -> Option<f64> {
    let at = sorted.partition_point(|pair| pair[0] < activity);
    let near = sorted.get(at.checked_sub(2)?..at + 3)?;
    Some(median(near.iter().map(|pair| pair[1])))
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
    fn ends_of_the_shortest_runs_are_within_them() {
        let ranges = [
            (0, [0..0, 0..0, 0..0]),
            (1, [0..1, 0..0, 0..1]),
            (2, [0..1, 1..1, 1..2]),
            (3, [0..1, 1..2, 2..3]),
            (4, [0..2, 2..2, 2..4]),
        ];
        for (iterations, expected) in ranges {
            assert_eq!(thirds(iterations), expected, "{iterations}");
        }
        // Quotients that are no function, of one iteration and of two.
        assert_eq!(slopes(400, 1, |_| 0.3).say(), Said::Nothing);
        assert_eq!(slopes(400, 2, |_| 0.3).say(), Said::Nothing);
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
        assert_eq!(slopes(40, 10, |k| 0.05 * (9 - k) as f64).say(), Said::Changed(Some(End::Last)));
        // That of the start carried the first errors to rounding; what only comes near them is of
        // no state for certain.
        let after = |k: usize| if k < 4 { 0.0 } else { 0.05 * k as f64 };
        assert_eq!(slopes(40, 10, after).say(), Said::Changed(Some(End::First)));
        assert_eq!(slopes(40, 10, |k| 0.05 * k as f64).say(), Said::Changed(None));
    }

    #[test]
    fn quotients_are_those_of_errors_that_both_are_there() {
        let mut slopes = Slopes::default();
        slopes.add(&[1.0, 2.0, 3.0, 4.0], &[0.0, 1.0, 2.0, 3.0], &[1.0, 0.0, 4.0, 2.0]);
        assert_eq!(slopes.0, [[[3.0, 0.5], [4.0, 1.5]]]);
        // It takes 64 of them.
        let constant = |n: u32| vec![(0..n).map(|i| [f64::from(i), 1.0]).collect::<Vec<_>>()];
        assert_eq!(is_function(&constant(63)), None);
        assert_eq!(is_function(&constant(64)), Some(true));
    }

    #[test]
    fn a_quotient_is_read_off_the_two_below_and_the_two_above() {
        let known: Vec<[f64; 2]> = (0..7).map(|i| [f64::from(i), f64::from(10 * i)]).collect();
        assert_eq!(between(&known, 3.0), Some(30.0));
        assert_eq!(between(&known, 2.5), Some(30.0));
        assert_eq!((between(&known, 0.5), between(&known, 6.5)), (None, None));
    }

    #[test]
    fn ranks_are_scored_as_mann_and_whitney_do() {
        // Of 3 and 2 values U is 6 where all are larger: 3 above its mean, of variance 3 (2 + 3 + 1).
        let (large, small) = ([4.0, 6.0, 5.0], [2.0, 1.0]);
        assert_eq!(score(&large, &small), 3.0 / 3f64.sqrt());
        assert_eq!(score(&small, &large), -3.0 / 3f64.sqrt());
        // 1 of 2 is larger than 2, and the mean of U is 1: no deviation.
        assert_eq!(score(&[1.0, 3.0], &[2.0]), 0.0);
        assert_eq!((score(&large, &[]), score(&[], &small)), (0.0, 0.0));
        assert_eq!(mean(&[9.0, 1.0, 3.0, 4.0, 5.0, 7.0, 8.0, 100.0]), 6.0);
    }
}
