//! Whole distributions of similarities, counted block by block: never a `P x P` matrix.

use super::{SamplePairs, Side, SideMatrix, SimilarityError, reordered};
use crate::matrix::Matrix;
use crate::real::Real;
use crate::vmath::sum_squares;

/// Most bins of one histogram.
pub const MOST_BINS: usize = 1_000_000;

/// Rows and columns of the blocks in which similarities are formed: two megabytes for a pair of
/// them.
const BLOCK: [usize; 2] = [256, 512];

/// Equal bins from `low` to `high`. A value at an inner edge belongs to the bin above it, one at
/// `high` to the last.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Bins {
    low: f64,
    high: f64,
    count: usize,
}

impl Bins {
    /// So many bins on `[low, high]`; `None` if the range is empty or not finite, or there are no
    /// bins or more than [`MOST_BINS`].
    pub fn new(low: f64, high: f64, count: usize) -> Option<Self> {
        let fits = low < high && (high - low).is_finite() && (1..=MOST_BINS).contains(&count);
        fits.then_some(Self { low, high, count })
    }

    /// Bins of width `step` from `low` to `high`, or to the nearest multiple of the step.
    pub fn stepping(low: f64, high: f64, step: f64) -> Option<Self> {
        let count = ((high - low) / step).round();
        let valid = step > 0.0 && (1.0..=MOST_BINS as f64).contains(&count);
        Self::new(low, low + step * count, if valid { count as usize } else { 0 })
    }

    /// Edges, one more than bins.
    pub fn edges(&self) -> Vec<f64> {
        let share = |i: usize| i as f64 / self.count as f64;
        (0..=self.count).map(|i| self.low + (self.high - self.low) * share(i)).collect()
    }

    /// Width of a bin.
    pub fn width(&self) -> f64 {
        (self.high - self.low) / self.count as f64
    }
}

/// How often values fell into bins.
#[derive(Clone, Debug, PartialEq)]
pub struct Tally {
    bins: Bins,
    /// Values in every bin.
    pub counts: Vec<u64>,
    /// Values below the range.
    pub below: u64,
    /// Values above the range.
    pub above: u64,
    sum: f64,
}

impl Tally {
    pub(super) fn new(bins: Bins) -> Self {
        Self { bins, counts: vec![0; bins.count], below: 0, above: 0, sum: 0.0 }
    }

    pub(super) fn count(&mut self, values: impl Iterator<Item = f64>) {
        let Bins { low, high, count } = self.bins;
        let (per_bin, last) = (count as f64 / (high - low), count - 1);
        let mut sum = 0.0;
        for value in values {
            sum += value;
            if value < low {
                self.below += 1;
            } else if value > high {
                self.above += 1;
            } else {
                self.counts[(((value - low) * per_bin) as usize).min(last)] += 1;
            }
        }
        self.sum += sum;
    }

    fn add(&mut self, other: &Self, times: u64) {
        self.counts.iter_mut().zip(&other.counts).for_each(|(count, more)| *count += times * more);
        self.below += times * other.below;
        self.above += times * other.above;
        self.sum += times as f64 * other.sum;
    }

    /// The bins.
    pub fn bins(&self) -> Bins {
        self.bins
    }

    /// Values inside the range.
    pub fn inside(&self) -> u64 {
        self.counts.iter().sum()
    }

    /// All values, in the range or not.
    pub fn total(&self) -> u64 {
        self.inside() + self.below + self.above
    }

    /// Mean of all values, in the range or not; `None` if there are none.
    pub fn mean(&self) -> Option<f64> {
        (self.total() > 0).then(|| self.sum / self.total() as f64)
    }

    /// Share of all values in every bin; zeros if there are none.
    pub fn shares(&self) -> Vec<f64> {
        self.over(self.total())
    }

    /// Share of the values inside the range in every bin; zeros if there are none.
    pub fn shares_inside(&self) -> Vec<f64> {
        self.over(self.inside())
    }

    fn over(&self, whole: u64) -> Vec<f64> {
        self.counts.iter().map(|&count| count as f64 / whole.max(1) as f64).collect()
    }
}

/// A similarity.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Similarity {
    /// `S_L`.
    Activity,
    /// `S_delta`.
    Error,
    /// `S_L * S_delta`.
    Product,
}

/// Which pairs, by class.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum PairRelation {
    /// Samples of one class.
    Within,
    /// Samples of different classes.
    Between,
    /// Those between classes whose earlier sample has the lower class: a half of them if both
    /// batches hold the same samples (the paper's E6a).
    Ascending,
}

/// Which pairs, by how well their samples are learnt.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum PairGroup {
    /// All.
    All,
    /// Both samples well learnt.
    Well,
    /// At least one sample poorly learnt: with [`PairGroup::Well`], every pair once.
    Poor,
    /// As [`PairGroup::Poor`], pairs of two poorly learnt samples twice: (poor at `k`) x (all at
    /// `k-o`) and (all at `k`) x (poor at `k-o`) put together (the paper's E6b).
    PoorTwice,
}

/// Bins of one similarity.
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum Axis {
    /// So many, from the lowest to the highest value over all pairs.
    Auto(usize),
    /// Given.
    Given {
        /// For pairs within classes.
        within: Bins,
        /// For pairs between classes.
        between: Bins,
    },
}

/// Bins of every similarity.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Axes {
    /// Of `S_L`.
    pub activity: Axis,
    /// Of `S_delta`.
    pub error: Axis,
    /// Of their product.
    pub product: Axis,
}

impl Axes {
    /// One bin each: for sums and means alone, which do not depend on bins.
    pub fn coarse() -> Self {
        let whole = Bins { low: f64::MIN / 4.0, high: f64::MAX / 4.0, count: 1 };
        let axis = Axis::Given { within: whole, between: whole };
        Self { activity: axis, error: axis, product: axis }
    }
}

impl Default for Axes {
    /// 200 bins each.
    fn default() -> Self {
        Self { activity: Axis::Auto(200), error: Axis::Auto(200), product: Axis::Auto(200) }
    }
}

/// Relations that pairs are sorted by while they are counted: one class, lower class first,
/// higher class first.
const RELATIONS: usize = 3;

/// Distributions of all similarities over all kinds of pairs.
#[derive(Clone, Debug, PartialEq)]
pub struct Distributions {
    /// By similarity, relation, and number of poorly learnt samples of the pair.
    tallies: [[[Tally; 3]; RELATIONS]; 3],
}

impl Distributions {
    /// The distribution of a similarity over pairs of a relation and a group.
    pub fn tally(&self, similarity: Similarity, relation: PairRelation, group: PairGroup) -> Tally {
        let relations = match relation {
            PairRelation::Within => 0..1,
            PairRelation::Between => 1..3,
            PairRelation::Ascending => 1..2,
        };
        let times = match group {
            PairGroup::All => [1, 1, 1],
            PairGroup::Well => [1, 0, 0],
            PairGroup::Poor => [0, 1, 1],
            PairGroup::PoorTwice => [0, 1, 2],
        };
        let tallies = &self.tallies[similarity as usize];
        let mut out = Tally::new(tallies[relations.start][0].bins);
        for groups in &tallies[relations] {
            groups.iter().zip(times).for_each(|(tally, times)| out.add(tally, times));
        }
        out
    }
}

/// Which samples are poorly learnt: all but the share `well` with the smallest norm of the output
/// error (`P x n_D`); ties go by the order of the samples. The paper takes 0.6.
///
/// # Errors
/// If the share does not lie between 0 and 1.
pub fn poorly_learnt<T: Real>(
    output_error: &Matrix<T>,
    well: f64,
) -> Result<Vec<bool>, SimilarityError> {
    if !(0.0..=1.0).contains(&well) {
        return Err(SimilarityError::Share(well));
    }
    let norms: Vec<f64> =
        (0..output_error.rows()).map(|p| sum_squares(output_error.row(p))).collect();
    let mut order: Vec<usize> = (0..norms.len()).collect();
    order.sort_by(|&p, &q| norms[p].total_cmp(&norms[q]));
    let mut poor = vec![false; norms.len()];
    let keep = (well * norms.len() as f64).round() as usize;
    order[keep..].iter().for_each(|&p| poor[p] = true);
    Ok(poor)
}

impl SamplePairs {
    /// Distributions over pairs. `poor` says which samples of the earlier and of the later batch
    /// are poorly learnt ([`poorly_learnt`]); none are if it is not given. Costs `O(P^2 (n + m))`,
    /// twice that with automatic bins, and memory of a few blocks.
    ///
    /// # Errors
    /// If the number of flags is not that of the samples.
    pub fn distributions(
        &self,
        axes: &Axes,
        poor: Option<[&[bool]; 2]>,
    ) -> Result<Distributions, SimilarityError> {
        let wanted = [&self.earlier, &self.later].map(|side| side.order.len());
        for (flags, wanted) in poor.iter().flatten().zip(wanted) {
            if flags.len() != wanted {
                return Err(SimilarityError::Flags { found: flags.len(), wanted });
            }
        }
        let [earlier_poor, later_poor] = poor.unwrap_or([&[]; 2]);
        let [earlier, later] =
            [Grouped::new(&self.earlier, earlier_poor), Grouped::new(&self.later, later_poor)];
        let counter = Counter { dropped: self.dropped_rows(&earlier, &later), earlier, later };
        let axes = counter.bins(axes);
        let mut tallies = axes.map(|[within, between]| {
            [within, between, between]
                .map(|bins| [Tally::new(bins), Tally::new(bins), Tally::new(bins)])
        });
        counter.visit(|relation, poor, activity, error| {
            let [of_activity, of_error, of_product] = &mut tallies;
            of_activity[relation][poor].count(activity.iter().copied());
            of_error[relation][poor].count(error.iter().copied());
            of_product[relation][poor].count(activity.iter().zip(error).map(|(a, e)| a * e));
        });
        Ok(Distributions { tallies })
    }

    /// Pairs that are left out, by rows of the grouped sides.
    fn dropped_rows(&self, earlier: &Grouped, later: &Grouped) -> Option<Vec<usize>> {
        let dropped = self.dropped.as_ref()?;
        let mut places = vec![0; dropped.len()];
        later.order.iter().enumerate().for_each(|(row, &from)| places[from] = row);
        Some(earlier.order.iter().map(|&from| places[dropped[from]]).collect())
    }
}

/// A side with well and poorly learnt samples of a class apart.
struct Grouped {
    activity: Matrix<f64>,
    error: Matrix<f64>,
    /// Class of every row and whether it is poorly learnt.
    kinds: Vec<(usize, bool)>,
    /// Row of the side that every row comes from.
    order: Vec<usize>,
}

impl Grouped {
    fn new(side: &Side, poor: &[bool]) -> Self {
        let kind =
            |row: usize| (side.classes[row], poor.get(side.order[row]).copied().unwrap_or(false));
        let mut order: Vec<usize> = (0..side.order.len()).collect();
        order.sort_by_key(|&row| kind(row));
        let kinds = order.iter().map(|&row| kind(row)).collect();
        let grouped = |part| reordered(side.part(part), &order);
        Self {
            activity: grouped(SideMatrix::Activity),
            error: grouped(SideMatrix::Error),
            kinds,
            order,
        }
    }

    /// Stretches of rows of one kind among the `length` from `start` on.
    fn runs(&self, start: usize, length: usize) -> Vec<(usize, usize)> {
        let mut runs = Vec::new();
        let (mut from, end) = (start, start + length);
        while from < end {
            let length =
                self.kinds[from..end].iter().take_while(|&&kind| kind == self.kinds[from]).count();
            runs.push((from, length));
            from += length;
        }
        runs
    }
}

/// Goes through all pairs.
struct Counter {
    earlier: Grouped,
    later: Grouped,
    /// Later row that every earlier row makes no pair with.
    dropped: Option<Vec<usize>>,
}

impl Counter {
    /// Calls `see(relation, poorly learnt samples, S_L, S_delta)` with stretches of values, every
    /// pair once.
    fn visit(&self, mut see: impl FnMut(usize, usize, &[f64], &[f64])) {
        let (rows, cols) = (self.earlier.order.len(), self.later.order.len());
        for col in (0..cols).step_by(BLOCK[1]) {
            let width = BLOCK[1].min(cols - col);
            let runs = self.later.runs(col, width);
            for row in (0..rows).step_by(BLOCK[0]) {
                let height = BLOCK[0].min(rows - row);
                let block = |a: &Matrix<f64>, b: &Matrix<f64>| {
                    similarities(a, [row, height], b, [col, width])
                };
                let activity = block(&self.earlier.activity, &self.later.activity);
                let error = block(&self.earlier.error, &self.later.error);
                for i in 0..height {
                    let (class, poor) = self.earlier.kinds[row + i];
                    let dropped =
                        self.dropped.as_ref().map_or(usize::MAX, |dropped| dropped[row + i]);
                    for &(start, length) in &runs {
                        let (other, also_poor) = self.later.kinds[start];
                        let relation = usize::from(other != class) + usize::from(other < class);
                        for (from, to) in without(start, start + length, dropped) {
                            let (a, e) = (
                                &activity.row(i)[from - col..to - col],
                                &error.row(i)[from - col..to - col],
                            );
                            see(relation, usize::from(poor) + usize::from(also_poor), a, e);
                        }
                    }
                }
            }
        }
    }

    /// Bins of every similarity within and between classes; automatic ones take a pass of their
    /// own.
    fn bins(&self, axes: &Axes) -> [[Bins; 2]; 3] {
        let axes = [axes.activity, axes.error, axes.product];
        let mut ranges = [[f64::INFINITY, f64::NEG_INFINITY]; 3];
        if axes.iter().any(|axis| matches!(axis, Axis::Auto(_))) {
            self.visit(|_, _, activity, error| {
                for (&a, &e) in activity.iter().zip(error) {
                    for (range, value) in ranges.iter_mut().zip([a, e, a * e]) {
                        *range = [range[0].min(value), range[1].max(value)];
                    }
                }
            });
        }
        let bins = |(axis, [low, high]): (Axis, [f64; 2])| match axis {
            Axis::Given { within, between } => [within, between],
            Axis::Auto(count) => [around(low, high, count); 2],
        };
        let [activity, error, product] = axes;
        [(activity, ranges[0]), (error, ranges[1]), (product, ranges[2])].map(bins)
    }
}

/// Bins that hold everything from `low` to `high`, also where that is a single value or nothing.
fn around(low: f64, high: f64, count: usize) -> Bins {
    let count = count.clamp(1, MOST_BINS);
    let centre = if low <= high { 0.5 * low + 0.5 * high } else { 0.0 };
    let half = 1e-9 * centre.abs() + f64::MIN_POSITIVE.sqrt();
    let whole =
        Bins::new(low, high, count).or_else(|| Bins::new(centre - half, centre + half, count));
    whole.unwrap_or(Bins { low: 0.0, high: 1.0, count })
}

/// The range from `start` to `end`, without `gap`.
fn without(start: usize, end: usize, gap: usize) -> impl Iterator<Item = (usize, usize)> {
    let pieces = if (start..end).contains(&gap) {
        [(start, gap), (gap + 1, end)]
    } else {
        [(start, end), (end, end)]
    };
    pieces.into_iter().filter(|(from, to)| from < to)
}

/// Inner products of some rows of `a` with some rows of `b`, each given by its start and number.
fn similarities(
    a: &Matrix<f64>,
    [row, height]: [usize; 2],
    b: &Matrix<f64>,
    [col, width]: [usize; 2],
) -> Matrix<f64> {
    let (a, b) = (a.view().subrows(row..row + height), b.view().subrows(col..col + width));
    (a * b.t()).to_matrix()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn steps_go_up_and_have_a_width() {
        let edges = |low, high, step| Bins::stepping(low, high, step).map(|bins| bins.edges());
        assert_eq!(edges(0.0, 1.1, 0.5), Some(vec![0.0, 0.5, 1.0]));
        assert_eq!(edges(0.0, 1.0, 0.0), None);
        assert_eq!(edges(1.0, 0.0, -0.5), None);
        assert_eq!(edges(0.0, 1.0, 4.0), None);
    }

    #[test]
    fn bins_hold_what_there_is_even_if_it_is_one_value_or_none() {
        assert_eq!(around(1.0, 3.0, 4).edges(), [1.0, 1.5, 2.0, 2.5, 3.0]);
        for value in [5.0, -2.0, 0.0] {
            let edges = around(value, value, 2).edges();
            assert!(edges[0] < value && value < edges[2], "{edges:?}");
            assert!((edges[1] - value).abs() < 1e-15, "{edges:?}");
            assert!(edges[2] - edges[0] < 1.1e-8 && edges[2] - edges[0] > 1e-160, "{edges:?}");
        }
        // Nothing was seen: its lowest value is above its highest.
        let edges = around(f64::INFINITY, f64::NEG_INFINITY, 2).edges();
        assert!(edges[0] < 0.0 && edges[1] == 0.0 && edges[2] < 1e-100, "{edges:?}");
        assert_eq!(around(0.0, 1.0, 0).edges(), [0.0, 1.0]);
        // The widest range there is has no width that is a number.
        assert_eq!(around(f64::MIN, f64::MAX, 2).edges().len(), 3);
    }
}
