//! Autocorrelation of recorded sequences over lags: of batches with earlier batches, sample by
//! sample, over pairs of samples, and of class means.
//!
//! In a recording the samples of a row change from batch to batch, unless a batch is revisited, so
//! that a row has an autocorrelation at revisits only. What alignment builds on is the similarity
//! of all samples of a batch with all samples of an earlier one, overall and within classes; see
//! [`crate::measure::similarity`], which this is the average of per unit.

use super::Sequence;
use crate::real::Real;
use crate::vmath::{dot, sum_squares};
use std::borrow::Cow;
use std::fmt::{Display, Formatter};
use std::ops::Range;
use thiserror::Error;

/// What of a batch is compared with what of an earlier one.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Comparison {
    /// `rows`: every sample with the one in the same row.
    Rows,
    /// `pairs`: every sample with all samples.
    Pairs,
    /// `within`: every sample with all samples of its class.
    Within,
    /// `between`: every sample with all samples of other classes.
    Between,
    /// `class-means`: the mean of every class with the mean of the same class, every class that
    /// both batches hold alike.
    ClassMeans,
}

impl Comparison {
    /// All of them.
    pub const ALL: [Self; 5] =
        [Self::Rows, Self::Pairs, Self::Within, Self::Between, Self::ClassMeans];

    /// Names, in words.
    pub const EXPECTED: &'static str = "rows, pairs, within, between or class-means";

    /// Reads a name.
    pub fn parse(text: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|comparison| comparison.name() == text.trim())
    }

    fn name(self) -> &'static str {
        match self {
            Self::Rows => "rows",
            Self::Pairs => "pairs",
            Self::Within => "within",
            Self::Between => "between",
            Self::ClassMeans => "class-means",
        }
    }

    /// Whether the classes of the samples matter.
    pub fn needs_labels(self) -> bool {
        matches!(self, Self::Within | Self::Between | Self::ClassMeans)
    }
}

impl Display for Comparison {
    fn fmt(&self, f: &mut Formatter<'_>) -> std::fmt::Result {
        f.write_str(self.name())
    }
}

/// Why there is no correlation over lags.
#[derive(Clone, Debug, PartialEq, Eq, Error)]
pub enum LaggedError {
    /// Classes that do not belong to the samples.
    #[error("{found} classes for {wanted} samples: every sample of every iteration has one")]
    Labels {
        /// Classes given.
        found: usize,
        /// Samples.
        wanted: usize,
    },
    /// Another number of values.
    #[error("a batch of {found} values, where the sequence has {wanted}")]
    Values {
        /// Values given.
        found: usize,
        /// Values of a batch.
        wanted: usize,
    },
    /// A window that holds no iteration, or some that there are not.
    #[error(
        "a window of iterations {from} to {to}, the end excluded, is empty or beyond the \
         {iterations} there are"
    )]
    Window {
        /// First iteration.
        from: usize,
        /// End.
        to: usize,
        /// Iterations there are.
        iterations: usize,
    },
    /// A lag that no pair of iterations has.
    #[error(
        "a lag of {lag} leads back from no iteration of the window, whose last is {last}: at most \
         {last} is possible"
    )]
    Lag {
        /// The lag.
        lag: usize,
        /// Last iteration of the window.
        last: usize,
    },
}

/// How similar a batch is to an earlier one.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Likeness {
    /// Mean over what is compared, and over units, of the product of two values: an autocovariance
    /// about 0.
    pub product: f64,
    /// The product over the root mean square of all values of either batch: the cosine of the two
    /// batches for [`Comparison::Rows`], and on the same scale, at most 1 in size, for pairs of
    /// samples. For [`Comparison::ClassMeans`], the cosine of the class means. `None` where a batch
    /// is zero.
    pub correlation: Option<f64>,
}

/// Averages over the iterations of a window.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct LagAverage {
    /// The lag `o`.
    pub lag: usize,
    /// Mean of [`Likeness::product`]; `None` if no iteration has it.
    pub product: Option<f64>,
    /// Mean of [`Likeness::correlation`]; `None` if no iteration has it.
    pub correlation: Option<f64>,
    /// Iterations `k` of the window from the lag on.
    pub iterations: usize,
    /// Those among them with nothing to compare.
    pub absent: usize,
    /// Those among them with a product and without a correlation.
    pub without_correlation: usize,
}

/// Sum of the samples of a class.
#[derive(Clone, Debug)]
struct ClassSum {
    label: usize,
    samples: f64,
    sum: Vec<f64>,
}

/// What is kept of a batch.
#[derive(Clone, Debug)]
enum Kept<'a, T: Clone> {
    Values(Cow<'a, [T]>),
    /// By class, in ascending order; a single class where classes do not matter.
    Sums(Vec<ClassSum>),
}

/// A sequence reduced to what a comparison needs: one sum per class and iteration, or, for rows,
/// everything.
#[derive(Clone, Debug)]
pub struct Lagged<'a, T: Clone> {
    comparison: Comparison,
    samples: usize,
    units: usize,
    kept: Vec<Kept<'a, T>>,
    /// Mean square of the values of every batch.
    power: Vec<f64>,
}

impl<'a, T: Real> Lagged<'a, T> {
    /// Nothing yet, of batches of so many samples and units.
    pub fn new(comparison: Comparison, samples: usize, units: usize) -> Self {
        Self { comparison, samples, units, kept: Vec::new(), power: Vec::new() }
    }

    /// All iterations of a recorded sequence; `labels` are the classes of the samples, iterations x
    /// samples, and may be empty where they do not matter.
    ///
    /// # Errors
    /// If there is another number of classes than samples.
    pub fn of(
        sequence: &'a Sequence<T>,
        comparison: Comparison,
        labels: &[usize],
    ) -> Result<Self, LaggedError> {
        let [iterations, samples, units] = sequence.shape();
        if comparison.needs_labels() && labels.len() != iterations * samples {
            return Err(LaggedError::Labels { found: labels.len(), wanted: iterations * samples });
        }
        let mut lagged = Self::new(comparison, samples, units);
        for t in 0..iterations {
            let labels = labels.get(t * samples..(t + 1) * samples).unwrap_or(&[]);
            lagged.add(Cow::Borrowed(sequence.frame(t)), labels)?;
        }
        Ok(lagged)
    }

    /// Adds the batch of the next iteration, samples x units, with the classes of its samples (any
    /// or none where they do not matter).
    ///
    /// # Errors
    /// If the sizes differ from those of the other batches.
    pub fn push(&mut self, batch: &[T], labels: &[usize]) -> Result<(), LaggedError> {
        self.add(Cow::Owned(batch.to_vec()), labels)
    }

    fn add(&mut self, batch: Cow<'a, [T]>, labels: &[usize]) -> Result<(), LaggedError> {
        let wanted = self.samples * self.units;
        if batch.len() != wanted {
            return Err(LaggedError::Values { found: batch.len(), wanted });
        }
        if self.comparison.needs_labels() && labels.len() != self.samples {
            return Err(LaggedError::Labels { found: labels.len(), wanted: self.samples });
        }
        self.power.push(sum_squares(&batch) / wanted.max(1) as f64);
        self.kept.push(match self.comparison {
            Comparison::Rows => Kept::Values(batch),
            Comparison::Pairs => Kept::Sums(self.sums(&batch, |_| 0)),
            _ => Kept::Sums(self.sums(&batch, |p| labels[p])),
        });
        Ok(())
    }

    fn sums(&self, batch: &[T], label: impl Fn(usize) -> usize) -> Vec<ClassSum> {
        let mut sums: Vec<ClassSum> = Vec::new();
        for (p, values) in batch.chunks_exact(self.units.max(1)).enumerate() {
            let label = label(p);
            let at = sums.partition_point(|sum| sum.label < label);
            if sums.get(at).is_none_or(|sum| sum.label != label) {
                sums.insert(at, ClassSum { label, samples: 0.0, sum: vec![0.0; self.units] });
            }
            sums[at].samples += 1.0;
            sums[at].sum.iter_mut().zip(values).for_each(|(sum, x)| *sum += x.to_f64());
        }
        sums
    }

    /// Number of iterations.
    pub fn iterations(&self) -> usize {
        self.kept.len()
    }

    /// Iteration `k` beside the one `lag` before. `None` if there is no such pair of iterations, or
    /// nothing to compare: no class that both hold, no pair of different classes.
    pub fn at(&self, k: usize, lag: usize) -> Option<Likeness> {
        let before = k.checked_sub(lag)?;
        let power = [*self.power.get(before)?, *self.power.get(k)?];
        match (&self.kept[before], &self.kept[k]) {
            (Kept::Values(a), Kept::Values(b)) => {
                Some(likeness(dot(a, b) / a.len().max(1) as f64, power))
            }
            (Kept::Sums(a), Kept::Sums(b)) => self.of_sums(a, b, power),
            _ => None,
        }
    }

    fn of_sums(&self, a: &[ClassSum], b: &[ClassSum], power: [f64; 2]) -> Option<Likeness> {
        let units = self.units as f64;
        if self.comparison == Comparison::ClassMeans {
            let square = |class: &ClassSum| sum_squares(&class.sum) / class.samples.powi(2);
            let (mut product, mut squares, mut classes) = (0.0, [0.0; 2], 0.0);
            for (a, b) in shared(a, b) {
                product += dot(&a.sum, &b.sum) / (a.samples * b.samples);
                squares = [squares[0] + square(a), squares[1] + square(b)];
                classes += 1.0;
            }
            let values = classes * units;
            return (values > 0.0).then(|| likeness(product / values, squares.map(|s| s / values)));
        }
        let within = shared(a, b).map(|(a, b)| (dot(&a.sum, &b.sum), a.samples * b.samples));
        let (within, pairs) = within.fold((0.0, 0.0), |(sum, pairs), (s, n)| (sum + s, pairs + n));
        let (sum, pairs) = match self.comparison {
            Comparison::Between => {
                let [(a, n), (b, m)] = [a, b].map(|side| total(side, self.units));
                (dot(&a, &b) - within, n * m - pairs)
            }
            _ => (within, pairs),
        };
        (pairs * units > 0.0).then(|| likeness(sum / (pairs * units), power))
    }

    /// Averages over the iterations `k` of a window, at every lag: only `k` has to lie in the
    /// window, and iterations below the lag are left out.
    ///
    /// # Errors
    /// If the window is empty or too long, or a lag leads back from none of its iterations.
    pub fn over(
        &self,
        window: Range<usize>,
        lags: &[usize],
    ) -> Result<Vec<LagAverage>, LaggedError> {
        let iterations = self.iterations();
        if window.is_empty() || window.end > iterations {
            return Err(LaggedError::Window { from: window.start, to: window.end, iterations });
        }
        let last = window.end - 1;
        if let Some(&lag) = lags.iter().find(|&&lag| lag > last) {
            return Err(LaggedError::Lag { lag, last });
        }
        Ok(lags.iter().map(|&lag| self.average(window.clone(), lag)).collect())
    }

    fn average(&self, window: Range<usize>, lag: usize) -> LagAverage {
        let iterations = window.start.max(lag)..window.end;
        let found: Vec<Likeness> = iterations.clone().filter_map(|k| self.at(k, lag)).collect();
        let correlations: Vec<f64> =
            found.iter().filter_map(|likeness| likeness.correlation).collect();
        let mean = |sum: f64, n: usize| (n > 0).then(|| sum / n as f64);
        LagAverage {
            lag,
            product: mean(found.iter().map(|likeness| likeness.product).sum(), found.len()),
            correlation: mean(correlations.iter().sum(), correlations.len()),
            iterations: iterations.len(),
            absent: iterations.len() - found.len(),
            without_correlation: found.len() - correlations.len(),
        }
    }
}

fn likeness(product: f64, power: [f64; 2]) -> Likeness {
    let scale = power[0].sqrt() * power[1].sqrt();
    Likeness { product, correlation: (scale > 0.0).then(|| product / scale) }
}

/// Classes that both hold.
fn shared<'a>(
    a: &'a [ClassSum],
    b: &'a [ClassSum],
) -> impl Iterator<Item = (&'a ClassSum, &'a ClassSum)> {
    a.iter()
        .filter_map(|a| b.binary_search_by_key(&a.label, |b| b.label).ok().map(|at| (a, &b[at])))
}

/// Sum and number of all samples.
fn total(sums: &[ClassSum], units: usize) -> (Vec<f64>, f64) {
    let mut total = vec![0.0; units];
    sums.iter().for_each(|class| total.iter_mut().zip(&class.sum).for_each(|(t, x)| *t += x));
    (total, sums.iter().map(|class| class.samples).sum())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::random::{Role, Stream};
    use crate::signal::estimate::Signal;

    const SHAPE: [usize; 3] = [6, 9, 4];

    fn drawn() -> (Sequence<f64>, Vec<usize>) {
        let mut stream = Stream::new(3, 0, Role::Probe);
        let mut values = vec![0.0; SHAPE.iter().product()];
        stream.fill_normal(&mut values);
        values.iter_mut().for_each(|x| *x += 0.4);
        let labels =
            (0..SHAPE[0] * SHAPE[1]).map(|_| 1_000_000_000 * stream.below(4) as usize).collect();
        (Sequence::new(SHAPE, values).unwrap(), labels)
    }

    /// Mean over the pairs of rows that are kept of the mean product over units.
    fn brute(
        sequence: &Sequence<f64>,
        k: usize,
        lag: usize,
        keep: impl Fn(usize, usize) -> bool,
    ) -> Option<f64> {
        let (a, b) = (sequence.matrix(k - lag), sequence.matrix(k));
        let pairs = (0..SHAPE[1]).flat_map(|p| (0..SHAPE[1]).map(move |m| (p, m)));
        let values: Vec<f64> = pairs
            .filter(|&(p, m)| keep(p, m))
            .map(|(p, m)| dot(a.row(p), b.row(m)) / 4.0)
            .collect();
        (!values.is_empty()).then(|| values.iter().sum::<f64>() / values.len() as f64)
    }

    #[test]
    fn products_are_those_of_all_pairs() {
        let (sequence, labels) = drawn();
        let label = |t: usize, p: usize| labels[t * SHAPE[1] + p];
        for comparison in
            [Comparison::Rows, Comparison::Pairs, Comparison::Within, Comparison::Between]
        {
            let lagged = Lagged::of(&sequence, comparison, &labels).unwrap();
            let mut streamed = Lagged::new(comparison, SHAPE[1], SHAPE[2]);
            for t in 0..SHAPE[0] {
                streamed
                    .push(sequence.frame(t), &labels[t * SHAPE[1]..(t + 1) * SHAPE[1]])
                    .unwrap();
            }
            for (k, lag) in [(0, 0), (3, 1), (5, 5), (4, 0)] {
                let expected = brute(&sequence, k, lag, |p, m| match comparison {
                    Comparison::Rows => p == m,
                    Comparison::Within => label(k - lag, p) == label(k, m),
                    Comparison::Between => label(k - lag, p) != label(k, m),
                    _ => true,
                });
                let found = lagged.at(k, lag).unwrap();
                assert!(
                    (found.product - expected.unwrap()).abs() < 1e-14,
                    "{comparison} {k} {lag}"
                );
                assert_eq!(streamed.at(k, lag), Some(found));
                let norm = |t: usize| (sum_squares(sequence.frame(t)) / 36.0).sqrt();
                let correlation = found.correlation.unwrap();
                assert!((correlation - found.product / (norm(k) * norm(k - lag))).abs() < 1e-14);
            }
            assert!(lagged.at(2, 3).is_none() && lagged.at(6, 0).is_none());
        }
        let rows = Lagged::of(&sequence, Comparison::Rows, &[]).unwrap();
        assert!((rows.at(4, 0).unwrap().correlation.unwrap() - 1.0).abs() < 1e-15);
    }

    #[test]
    fn class_means_are_compared_class_by_class() {
        // Classes 0 and 2, then 0 and 1: only 0 is in both, with means 2 and (1, 3), and (4, 0).
        let sequence = Sequence::new(
            [2, 3, 2],
            vec![1.0, 2.0, 1.0, 4.0, 9.0, 9.0, 4.0, 0.0, 7.0, 7.0, 5.0, 5.0],
        )
        .unwrap();
        let labels = [0, 0, 2, 0, 1, 1];
        let lagged = Lagged::of(&sequence, Comparison::ClassMeans, &labels).unwrap();
        let found = lagged.at(1, 1).unwrap();
        assert!((found.product - 2.0).abs() < 1e-15);
        assert!((found.correlation.unwrap() - 1.0 / 10f64.sqrt()).abs() < 1e-15);
        assert!((lagged.at(1, 0).unwrap().correlation.unwrap() - 1.0).abs() < 1e-15);
        let apart = Lagged::of(&sequence, Comparison::ClassMeans, &[0, 0, 0, 1, 1, 1]).unwrap();
        assert_eq!(apart.at(1, 1), None);
        let average = apart.over(1..2, &[0, 1]).unwrap();
        assert_eq!((average[1].product, average[1].iterations, average[1].absent), (None, 1, 1));
    }

    #[test]
    fn a_window_averages_what_lies_in_it() {
        let (sequence, labels) = drawn();
        let lagged = Lagged::of(&sequence, Comparison::Within, &labels).unwrap();
        let found = lagged.over(1..5, &[2, 0]).unwrap();
        let mean = |ks: &[usize], lag| {
            let sum: f64 = ks.iter().map(|&k| lagged.at(k, lag).unwrap().product).sum();
            sum / ks.len() as f64
        };
        assert_eq!((found[0].lag, found[0].iterations, found[1].iterations), (2, 3, 4));
        assert!((found[0].product.unwrap() - mean(&[2, 3, 4], 2)).abs() < 1e-15);
        assert!((found[1].product.unwrap() - mean(&[1, 2, 3, 4], 0)).abs() < 1e-15);
        let single = lagged.over(3..4, &[1]).unwrap()[0];
        assert_eq!(single.correlation, lagged.at(3, 1).unwrap().correlation);
    }

    #[test]
    fn rows_over_all_iterations_are_the_autocovariance_of_a_signal() {
        let (sequence, _) = drawn();
        let lagged =
            Lagged::of(&sequence, Comparison::Rows, &[]).unwrap().over(0..6, &[0, 1, 4]).unwrap();
        let signal = Signal::new(sequence.values(), 6).unwrap();
        for average in lagged {
            let exact = signal.covariance_with(&signal, [0.0; 2], average.lag as i64).unwrap();
            assert!((average.product.unwrap() - exact.value).abs() < 1e-14);
        }
    }

    #[test]
    fn revisits_show_in_rows() {
        let (sequence, _) = drawn();
        let frames: Vec<f64> = (0..8).flat_map(|t| sequence.frame(t % 2).to_vec()).collect();
        let revisited = Sequence::new([8, 9, 4], frames).unwrap();
        let rows =
            Lagged::of(&revisited, Comparison::Rows, &[]).unwrap().over(2..8, &[1, 2]).unwrap();
        assert!(
            (rows[1].correlation.unwrap() - 1.0).abs() < 1e-14
                && rows[0].correlation.unwrap() < 0.9
        );
    }

    #[test]
    fn zero_batches_have_no_correlation() {
        let sequence = Sequence::new([2, 1, 2], vec![0.0, 0.0, 1.0, 1.0]).unwrap();
        let lagged = Lagged::of(&sequence, Comparison::Rows, &[]).unwrap();
        assert_eq!(lagged.at(1, 1), Some(Likeness { product: 0.0, correlation: None }));
        let average = lagged.over(0..2, &[1]).unwrap()[0];
        assert_eq!(
            (average.correlation, average.without_correlation, average.absent),
            (None, 1, 0)
        );
    }

    #[test]
    fn what_cannot_be_compared_is_refused() {
        let (sequence, labels) = drawn();
        let error = Lagged::of(&sequence, Comparison::Within, &labels[1..]).unwrap_err();
        assert_eq!(error, LaggedError::Labels { found: 53, wanted: 54 });
        let mut lagged = Lagged::of(&sequence, Comparison::Pairs, &[]).unwrap();
        assert_eq!(
            lagged.push(&[1.0; 35], &[]),
            Err(LaggedError::Values { found: 35, wanted: 36 })
        );
        assert!(lagged.over(2..2, &[0]).unwrap_err().to_string().contains("iterations 2 to 2"));
        assert!(lagged.over(2..7, &[0]).unwrap_err().to_string().contains("the 6 there are"));
        assert!(lagged.over(1..4, &[4]).unwrap_err().to_string().contains("at most 3 is possible"));
        for comparison in Comparison::ALL {
            assert_eq!(Comparison::parse(&comparison.to_string()), Some(comparison));
            assert!(Comparison::EXPECTED.contains(&comparison.to_string()));
        }
        assert_eq!(Comparison::parse("row"), None);
    }
}
