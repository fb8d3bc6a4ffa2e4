//! How many updates are decomposed and how far back, where nobody says so: as far as memory and
//! time allow.
//!
//! A decomposition multiplies the samples of one iteration with every state in its window. Of a
//! long recording of wide layers neither all states fit into memory, nor can all be multiplied for
//! every iteration.

use super::questions::{QuestionError, TermsPlan};
use crate::file::memory::{in_words, limit};
use crate::rule::decomposition::{History, Parts};

/// Bytes that the states of one layer may take.
pub(super) const HISTORY_BYTES: u64 = 384 << 20;

/// Multiply-adds of all decompositions: some ten seconds.
pub(super) const OPERATIONS: f64 = 1e11;

/// Multiply-adds of all similarities.
const SIMILARITY_OPERATIONS: f64 = 2e10;

/// Iterations that are decomposed, roughly, and how few these may become.
const ITERATIONS: usize = 50;
const FEWEST: usize = 10;

/// What decompositions of one layer take.
#[derive(Clone, Copy, Debug)]
pub(super) struct Cost {
    /// The layer `l` of `W_l`.
    pub layer: usize,
    /// `[n_{l-1}, n_l, n_{l+1}]`.
    pub units: [usize; 3],
    /// Samples of an iteration.
    pub samples: usize,
    /// What is held of every state.
    pub parts: Parts,
    /// Iterations that may be decomposed.
    pub iterations: usize,
}

impl Cost {
    /// Bytes of the states of a window.
    fn bytes(&self, window: usize) -> u64 {
        History::<f64>::bytes(self.units[0], self.units[1], window, self.parts)
    }

    /// The longest window that so many bytes hold.
    fn window(&self, bytes: u64) -> usize {
        usize::try_from(bytes / self.bytes(0).max(1)).unwrap_or(usize::MAX).saturating_sub(1)
    }

    /// Multiply-adds of decompositions at every so many iterations.
    fn operations(&self, window: usize, every: usize) -> f64 {
        let [below, units, above] = self.units.map(|n| n as f64);
        let families = 1.0 + f64::from(u8::from(self.parts.projection));
        let (by_lag, fixed) =
            (families * below * units, (4.0 + families) * units * above + 2.0 * below * units);
        let mut lags = 0.0;
        let mut count = 0.0;
        for k in decomposed(self.iterations, every) {
            lags += k.min(window) as f64;
            count += 1.0;
        }
        self.samples as f64 * (lags * by_lag + count * fixed)
    }
}

/// Iterations that are decomposed: every so many, and the last.
pub(super) fn decomposed(iterations: usize, every: usize) -> impl Iterator<Item = usize> {
    let last = iterations.checked_sub(1);
    (0..iterations)
        .step_by(every.max(1))
        .chain(last.filter(|last| !last.is_multiple_of(every.max(1))))
}

/// What is decomposed.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Schedule {
    /// Iterations from one decomposition to the next.
    pub every: usize,
    /// The window of every layer, in the order in which they were given.
    pub windows: Vec<usize>,
    /// What was left out for want of memory or time, in a sentence.
    pub remark: Option<String>,
}

impl Schedule {
    /// The schedule of a plan for layers of these costs, in a recording of so many iterations.
    ///
    /// # Errors
    /// If what was asked for takes more memory than there is.
    pub fn new(costs: &[Cost], iterations: usize, plan: &TermsPlan) -> Result<Self, QuestionError> {
        let longest_lag = plan.lags.iter().copied().max().unwrap_or(0).max(1);
        let whole = iterations.saturating_sub(1);
        let window = |cost: &Cost| match plan.window {
            Some(window) => window.min(whole),
            None => cost.window(HISTORY_BYTES).max(longest_lag).min(whole),
        };
        let mut windows: Vec<usize> = costs.iter().map(window).collect();
        for (cost, &window) in costs.iter().zip(&windows) {
            check_memory(cost, window)?;
        }
        let operations = |windows: &[usize], every: usize| -> f64 {
            costs.iter().zip(windows).map(|(cost, &window)| cost.operations(window, every)).sum()
        };
        let every_of = |count: usize| iterations.div_ceil(count).max(1);
        let every = plan.every.unwrap_or_else(|| {
            let fits = |count: &usize| operations(&windows, every_of(*count)) <= OPERATIONS;
            every_of((FEWEST..=ITERATIONS).rev().find(fits).unwrap_or(FEWEST))
        });
        if plan.window.is_none() {
            let capped = |cap: usize| -> Vec<usize> {
                windows.iter().map(|&window| window.min(cap)).collect()
            };
            let fits = |cap: usize| operations(&capped(cap), every) <= OPERATIONS;
            let most = windows.iter().copied().max().unwrap_or(0);
            windows = capped(longest(longest_lag.min(most), most, fits));
        }
        let mut schedule = Self { every, windows, remark: None };
        let full = operations(&vec![whole; costs.len()], every_of(ITERATIONS));
        schedule.remark = schedule.remark(costs, iterations, plan, full);
        Ok(schedule)
    }

    /// What a plan would have given more of, had memory and time allowed it.
    fn remark(
        &self,
        costs: &[Cost],
        iterations: usize,
        plan: &TermsPlan,
        full: f64,
    ) -> Option<String> {
        let whole = iterations.saturating_sub(1);
        let short = plan.window.is_none() && self.windows.iter().any(|&window| window < whole);
        let sparse = !costs.is_empty()
            && plan.every.is_none()
            && self.every > iterations.div_ceil(ITERATIONS).max(1);
        if !short && !sparse {
            return None;
        }
        let layers: Vec<String> = costs
            .iter()
            .zip(&self.windows)
            .map(|(cost, window)| format!("W{} by lags up to {window} of {whole}", cost.layer))
            .collect();
        let count = decomposed(iterations, self.every).count();
        let bytes = costs.iter().map(|cost| cost.bytes(whole)).max().unwrap_or(0);
        Some(format!(
            "{count} of {iterations} updates are decomposed, {}: all lags at {ITERATIONS} of them \
            would take {} of memory and {full:.0e} multiply-adds, and at most {} and \
            {OPERATIONS:.0e} are used unless --window and --every ask for more",
            layers.join(", "),
            in_words(bytes.into()),
            in_words(HISTORY_BYTES.into()),
        ))
    }
}

/// The largest number of a range that fits, if larger ones do so less; the least one if none does.
fn longest(least: usize, most: usize, fits: impl Fn(usize) -> bool) -> usize {
    let (mut low, mut high) = (least, most);
    while low < high {
        let middle = high - (high - low) / 2;
        if fits(middle) {
            low = middle;
        } else {
            high = middle - 1;
        }
    }
    low
}

fn check_memory(cost: &Cost, window: usize) -> Result<(), QuestionError> {
    let (bytes, limit) = (cost.bytes(window), limit());
    if bytes <= limit.bytes {
        return Ok(());
    }
    let most = cost.window(limit.bytes);
    Err(QuestionError::Memory {
        layer: cost.layer,
        window,
        need: in_words(bytes.into()),
        limit: limit.to_string(),
        remedy: match most {
            0 => "record fewer units".into(),
            _ => format!("use --window {most} or less, and no longer lag"),
        },
    })
}

/// Iterations from one comparison of batches to the next, for layers whose signals have these
/// units.
pub(super) fn comparisons(
    iterations: usize,
    samples: usize,
    units: &[[usize; 2]],
    plan: &TermsPlan,
) -> usize {
    let least = iterations.div_ceil(ITERATIONS).max(1);
    let one = |[n, m]: &[usize; 2]| {
        let (n, m) = (*n as f64, *m as f64);
        samples as f64 * (2.0 * (n * n + m * m) + 4.0 * n * m) + n * m * m
    };
    let all = units.iter().map(one).sum::<f64>() * plan.lags.len() as f64;
    let most = (SIMILARITY_OPERATIONS / all.max(1.0)).max(1.0) as usize;
    plan.every.unwrap_or_else(|| least.max(iterations.div_ceil(most)))
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn plan(lags: &[usize], window: Option<usize>, every: Option<usize>) -> TermsPlan {
        TermsPlan { lags: lags.to_vec(), window, every }
    }

    fn cost(units: [usize; 3], samples: usize, iterations: usize, projection: bool) -> Cost {
        Cost { layer: 1, units, samples, parts: Parts { projection, control: false }, iterations }
    }

    #[test]
    fn of_a_small_recording_everything_is_decomposed() {
        let small = cost([12, 10, 8], 16, 25, false);
        let schedule = Schedule::new(&[small], 25, &plan(&[1], None, None)).unwrap();
        assert_eq!(schedule, Schedule { every: 1, windows: vec![24], remark: None });
        assert_eq!(decomposed(25, 10).collect::<Vec<_>>(), [0, 10, 20, 24]);
        assert_eq!(decomposed(21, 10).collect::<Vec<_>>(), [0, 10, 20]);
        assert_eq!(decomposed(0, 1).count(), 0);
    }

    #[test]
    fn of_a_long_one_as_much_as_the_budget_allows_and_that_is_said() {
        let epoch = cost([784, 500, 10], 128, 469, false);
        let schedule = Schedule::new(&[epoch], 469, &plan(&[1], None, None)).unwrap();
        assert!(schedule.windows[0] < 468 && schedule.every > 10, "{schedule:?}");
        let remark = schedule.remark.unwrap();
        for words in
            ["of 469 updates", "W1 by lags up to", "of 468", "384 MiB", "--window and --every"]
        {
            assert!(remark.contains(words), "{remark}");
        }
        let asked = Schedule::new(&[epoch], 469, &plan(&[1], Some(468), Some(100))).unwrap();
        assert_eq!(asked, Schedule { every: 100, windows: vec![468], remark: None });
    }

    #[test]
    fn what_no_memory_holds_is_refused_with_what_it_holds() {
        let wide = cost([60_000, 60_000, 10], 128, 469, true);
        let error =
            Schedule::new(&[wide], 469, &plan(&[1], Some(468), None)).unwrap_err().to_string();
        assert!(error.contains("W1") && error.contains("468"), "{error}");
    }

    proptest! {
        #[test]
        fn the_budget_is_kept(
            below in 1usize..3000, units in 1usize..3000, above in 1usize..200, samples in 1usize..300,
            iterations in 1usize..2000, projection: bool, lag in 1usize..5,
        ) {
            let costs = [cost([below, units, above], samples, iterations, projection)];
            let schedule = Schedule::new(&costs, iterations, &plan(&[lag], None, None)).unwrap();
            let window = schedule.windows[0];
            prop_assert!(costs[0].bytes(window) <= HISTORY_BYTES.max(costs[0].bytes(lag)));
            let operations = costs[0].operations(window, schedule.every);
            let least = costs[0].operations(lag.min(iterations - 1), iterations.div_ceil(FEWEST).max(1));
            prop_assert!(operations <= OPERATIONS.max(least));
            // No more is left out than must be.
            if window < iterations - 1 {
                let more = costs[0].operations(window + 1, schedule.every);
                prop_assert!(costs[0].bytes(window + 1) > HISTORY_BYTES || more > OPERATIONS);
            }
            prop_assert_eq!(
                schedule.remark.is_some(),
                window < iterations - 1 || schedule.every > iterations.div_ceil(ITERATIONS).max(1)
            );
        }
    }
}
